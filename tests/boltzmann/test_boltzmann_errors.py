"""Error bars of couplings and fields: 95 % intervals hold what the method converges to in 95 % of
repeated data sets.
"""

import itertools

import numpy as np
import pytest

from replicon.boltzmann import BoltzmannMachine, enumerated, inverse
from replicon.boltzmann import estimator as boltzmann

N = 5
UPPER = np.triu_indices(N, 1)
SETS = 100
ROWS = 1000


def law():
    """Couplings, fields, states and their probabilities."""
    rng = np.random.default_rng(1)
    J = np.triu(rng.normal(0, 0.35, (N, N)), 1)
    J = J + J.T
    h = rng.normal(0, 0.4, N)
    s = np.array(list(itertools.product((1.0, -1.0), repeat=N)))
    p = np.exp(((s @ J) * s).sum(axis=1) / 2 + s @ h)
    return J, h, s, p / p.sum()


def rows(seed, count=ROWS):
    _, _, s, p = law()
    return s[np.random.default_rng(seed).choice(len(s), count, p=p)].astype(np.int8)


def packed(couplings, fields):
    return np.concatenate([couplings[UPPER], fields])


def limit(method, pseudocount):
    """What the method gives for many rows."""
    J, h, s, p = law()
    if method not in inverse.CLOSED:
        return packed(J, h)
    share = ROWS / (ROWS + pseudocount)
    m = share * (p @ s)
    second = share * ((s.T * p) @ s)
    np.fill_diagonal(second, 1.0)
    return packed(*inverse.CLOSED[method](m, second - np.outer(m, m)))


def check_coverage(method, pseudocount=0.0, **settings):
    truth = limit(method, pseudocount)
    found, errors = [], []
    for seed in range(SETS):
        machine = BoltzmannMachine(method, pseudocount=pseudocount, **settings).fit(rows(seed))
        found.append(packed(machine.couplings_, machine.fields_))
        errors.append(packed(machine.coupling_errors_, machine.field_errors_))
    found, errors = np.array(found), np.array(errors)
    if method == "independent":
        assert not errors[:, :-N].any()  # no coupling is fitted
        truth, found, errors = truth[-N:], found[:, -N:], errors[:, -N:]
    held = (np.abs(found - truth) < 1.96 * errors).mean(axis=1)
    uncertain = held.std(ddof=1) / np.sqrt(SETS)
    assert uncertain < 0.02  # errors too small by a fifth would cover 88 %
    assert abs(held.mean() - 0.95) < 4.5 * uncertain
    halved = (np.abs(found - truth) < 1.96 * errors / 2).mean()
    assert halved < 0.8
    # As large as the scatter, for each parameter: known to 7 % from a hundred data sets.
    assert np.abs(errors.mean(axis=0) / found.std(axis=0, ddof=1) - 1).max() < 4.5 * 0.07


@pytest.mark.parametrize("pseudocount", [0.0, 100.0])
@pytest.mark.parametrize("method", ["independent", "pair", "naive-mean-field", "tap", "bethe"])
def test_coverage_of_closed_methods(method, pseudocount):
    check_coverage(method, pseudocount)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pseudo-likelihood", "exact"])
def test_coverage_of_likelihoods(method):
    check_coverage(method)


@pytest.mark.slow
def test_coverage_of_monte_carlo():
    check_coverage("monte-carlo", updates=30, chains=200)


@pytest.mark.parametrize("method", ["exact", "pseudo-likelihood", "monte-carlo"])
def test_errors_are_those_of_the_fisher_information(method):
    """Where the model is right the sandwich is the inverse of the Fisher information, and
    pseudo-likelihood loses little: 20,000 rows know variances to a few per cent.
    """
    J, h, _, _ = law()
    X = rows(0, 20_000)
    settings = {"updates": 60} if method == "monte-carlo" else {}
    machine = BoltzmannMachine(method, **settings).fit(X)
    bound = np.sqrt(np.diagonal(np.linalg.inv(enumerated.exact_covariance(J, h))) / len(X))
    bound = np.r_[bound[N:], bound[:N]]
    ratio = packed(machine.coupling_errors_, machine.field_errors_) / bound
    assert np.abs(ratio - 1).max() < 0.15
    assert machine.coupling_errors_ is machine.coupling_errors_  # computed once
    np.testing.assert_allclose(machine.coupling_errors_, machine.coupling_errors_.T, rtol=1e-10)


def test_errors_by_sampled_curvature(monkeypatch):
    X = rows(1, 5000)
    exact = BoltzmannMachine("exact").fit(X)
    sampled = BoltzmannMachine("exact").fit(X)
    errors = exact.coupling_errors_
    monkeypatch.setattr(boltzmann, "LARGEST", 4)
    # Ten thousand rows of the machine know fifteen parameters' curvature to a few per cent.
    np.testing.assert_allclose(sampled.coupling_errors_, errors, rtol=0.1)


@pytest.mark.parametrize("method", ["tap", "pseudo-likelihood", "exact"])
def test_errors_count_weights_as_repetitions(method):
    X = rows(2, 400)
    weights = np.random.default_rng(0).integers(0, 4, 400)
    weighted = BoltzmannMachine(method).fit(X, sample_weight=weights)
    repeated = BoltzmannMachine(method).fit(np.repeat(X, weights, axis=0))
    np.testing.assert_allclose(weighted.coupling_errors_, repeated.coupling_errors_, rtol=1e-8)
    np.testing.assert_allclose(weighted.field_errors_, repeated.field_errors_, rtol=1e-8)


@pytest.mark.parametrize("method", ["pseudo-likelihood", "exact"])
def test_a_penalty_holds_couplings_still(method):
    X = rows(3)
    free = BoltzmannMachine(method).fit(X).coupling_errors_[UPPER]
    held = BoltzmannMachine(method, regularization=5.0).fit(X).coupling_errors_[UPPER]
    assert (held < free / 5).all()


@pytest.mark.slow
def test_errors_of_the_lasso_are_a_bootstrap():
    X = rows(4)
    free = BoltzmannMachine().fit(X)
    weak = BoltzmannMachine(regularization=0.003, penalty="l1").fit(X)
    # So weak a penalty nearly leaves the errors, which a hundred resamplings know to 7 %.
    ratio = packed(weak.coupling_errors_, weak.field_errors_) / packed(
        free.coupling_errors_, free.field_errors_
    )
    assert np.abs(ratio - 1).max() < 4.5 * 0.07


def test_errors_belong_to_the_latest_fit():
    machine = BoltzmannMachine("tap")
    assert not hasattr(machine, "coupling_errors_")
    few = machine.fit(rows(5, 500)).coupling_errors_[UPPER]
    many = machine.fit(rows(5, 50_000)).coupling_errors_[UPPER]
    assert few.mean() / many.mean() == pytest.approx(10, rel=0.1)
