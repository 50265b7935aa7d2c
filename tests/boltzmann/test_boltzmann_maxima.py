"""Whether a likelihood has a maximum, against linear programming; and whether chains
have found it.
"""

import itertools
import warnings

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.exceptions import ConvergenceWarning

import replicon
from replicon.boltzmann import BoltzmannMachine, enumerated, fitting, inverse, monte_carlo


def states(n):
    return np.array(list(itertools.product((1.0, -1.0), repeat=n)))


def draws(J, h, count, seed):
    s = states(len(h))
    log = ((s @ J) * s).sum(axis=1) / 2 + s @ h
    p = np.exp(log - log.max())
    return s[np.random.default_rng(seed).choice(len(s), count, p=p / p.sum())].astype(np.int8)


def symmetric(n, scale, seed):
    J = np.triu(np.random.default_rng(seed).normal(0, scale, (n, n)), 1)
    return J + J.T


def separable(X, spin):
    """Albert & Anderson: some function of the other columns is never wrong, and not always zero."""
    x = np.unique(np.c_[np.delete(X, spin, axis=1), np.ones(len(X))] * X[:, [spin]], axis=0)
    return (
        -linprog(-x.sum(axis=0), A_ub=-x, b_ub=np.zeros(len(x)), bounds=[(-1, 1)] * x.shape[1]).fun
        > 1e-7
    )


def on_boundary(X):
    """The mean of the features is no mixture that gives every state a positive weight."""
    features = enumerated.features(states(X.shape[1]))
    count = len(features)
    equal = np.c_[np.vstack([features.T, np.ones(count)]), np.zeros(features.shape[1] + 1)]
    right = np.r_[enumerated.features(X).mean(axis=0), 1]
    found = linprog(
        np.r_[np.zeros(count), -1],
        A_eq=equal,
        b_eq=right,
        A_ub=np.c_[-np.eye(count), np.ones(count)],
        b_ub=np.zeros(count),
        bounds=[(0, None)] * count + [(None, None)],
    )
    return found.x[-1] < 1e-9


def test_refusals_are_those_of_linear_programming():
    """Forty small data sets of few shapes and several couplings: refused if and only if the program
    finds no maximum.
    """
    seen = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(3, 5))
        X = draws(
            symmetric(n, rng.choice([0.2, 0.6, 1.0]), seed),
            rng.normal(0, 0.3, n),
            int(rng.choice([24, 60])),
            seed,
        )
        if (np.abs(X.mean(axis=0)) == 1).any():
            continue
        for method, none in (
            ("pseudo-likelihood", any(separable(X, i) for i in range(n))),
            ("exact", on_boundary(X)),
        ):
            seen.add((method, bool(none)))
            if none:
                with pytest.raises(replicon.InputError, match=r"no maximum|joint states"):
                    BoltzmannMachine(method).fit(X)
            else:
                assert BoltzmannMachine(method).fit(X).converged_, (seed, method)
    assert len(seen) == 4


EVEN = np.tile(states(4), (20, 1)).astype(int)
FACE = EVEN[np.abs(EVEN[:, :3].sum(axis=1)) != 3][:, :3]
HARD = {
    "never together": EVEN[~((EVEN[:, 0] == 1) & (EVEN[:, 2] == 1))],
    "opposite": np.c_[EVEN, -EVEN[:, 0]],
    "equal": np.c_[EVEN, EVEN[:, 0]],
    "constant": np.c_[EVEN, np.ones(len(EVEN), int)],
    "never all three alike": FACE,
    "the majority's": np.c_[EVEN, np.sign(EVEN[:, :3].sum(axis=1)).astype(int)],
}


@pytest.mark.parametrize("data", list(HARD))
@pytest.mark.parametrize("method", ["pseudo-likelihood", "exact", "monte-carlo"])
def test_likelihoods_without_a_maximum(data, method):
    X = HARD[data]
    with pytest.raises(replicon.InputError, match="pseudocount"):
        BoltzmannMachine(method).fit(X)
    held = BoltzmannMachine(
        method, regularization=0.01, field_regularization=0.01, updates=200
    ).fit(X)
    prior = BoltzmannMachine(method, pseudocount=1.0, updates=200).fit(X)
    for machine in (held, prior):
        assert machine.converged_
        assert np.abs(machine.couplings_).max() < 5
    if method != "exact":
        return
    # The stationarity of both, by enumeration.
    for machine, strength in ((held, 0.01), (prior, 0.0)):
        found = replicon.ising.enumerate_states(machine.couplings_, machine.fields_)
        gap = machine.correlation_ - found.correlation - 4 * strength * machine.couplings_
        assert np.abs(gap).max() < 1e-8
        assert (
            np.abs(
                machine.magnetization_ - found.magnetization - 2 * strength * machine.fields_
            ).max()
            < 1e-8
        )


@pytest.mark.parametrize("method", ["independent", "pair", "naive-mean-field", "tap", "bethe"])
def test_closed_methods_at_infinite_parameters(method):
    """Constant columns are refused by all; a pseudocount of B rows halves every moment, and nothing
    is infinite.
    """
    with pytest.raises(replicon.InputError, match="Column 4 is"):
        BoltzmannMachine(method).fit(HARD["constant"])
    if method in ("pair", "bethe"):
        with pytest.raises(replicon.InputError, match="never"):
            BoltzmannMachine(method).fit(HARD["never together"])
    X = HARD["constant"]
    machine = BoltzmannMachine(method, pseudocount=len(X)).fit(X)
    assert machine.magnetization_ == pytest.approx(X.mean(axis=0) / 2)
    off = ~np.eye(5, dtype=bool)
    assert machine.correlation_[off] == pytest.approx((X.T @ X / len(X) / 2)[off])
    assert np.isfinite(machine.couplings_).all() and np.isfinite(machine.fields_).all()


def test_the_pseudocount_of_pseudo_likelihood_is_uniform_to_third_moments():
    for n in (2, 3, 5, 8):
        rows, weights = fitting.weighted(np.ones((1, n), np.int8), 3.0)
        rows, weights = rows[1:].astype(float), weights[1:]
        assert weights.sum() == pytest.approx(3.0)
        for order in (1, 2, 3):
            for chosen in itertools.combinations(range(n), order):
                assert abs(weights @ np.prod(rows[:, chosen], axis=1)) < 1e-12


def test_equations_without_a_solution_are_not_converged():
    """TAP's quadratic has no real root for strongly magnetised, strongly correlated spins."""
    m, c = np.array([0.8, 0.8]), 0.3
    C = np.array([[1 - m[0] ** 2, c], [c, 1 - m[1] ** 2]])
    assert 1 - 8 * m[0] * m[1] * np.linalg.inv(C)[0, 1] > 0
    C[0, 1] = C[1, 0] = -0.3
    assert 1 - 8 * m[0] * m[1] * np.linalg.inv(C)[0, 1] < 0
    assert "no solution for 1 pairs" in inverse.unsolved("tap", m, C)


def check_against_exact(X, most=2.0, **settings):
    """Monte Carlo within the data's own errors of the maximum: the chi-square of the difference,
    per parameter, is below `most`.
    """
    exact = BoltzmannMachine("exact").fit(X)
    sampled = BoltzmannMachine("monte-carlo", **settings).fit(X)
    upper = np.triu_indices(X.shape[1], 1)
    goal = np.concatenate([exact.magnetization_, exact.correlation_[upper]])
    _, fisher = enumerated._exact_newton(exact.couplings_, exact.fields_, goal)
    apart = np.concatenate(
        [sampled.fields_ - exact.fields_, (sampled.couplings_ - exact.couplings_)[upper]]
    )
    assert sampled.converged_
    assert len(X) * apart @ fisher @ apart / len(apart) < most
    return sampled, exact


def test_two_spins_of_strong_coupling():
    """J = 3, 100,000 rows: the data's own maximum is atanh<s s> (fields aside), and chains find it
    within the data's error.
    """
    X = draws(np.array([[0, 3.0], [3.0, 0]]), np.zeros(2), 100_000, 2)
    sampled, exact = check_against_exact(X)
    agree = np.mean(X[:, 0] == X[:, 1])
    assert exact.couplings_[0, 1] == pytest.approx(np.log(agree / (1 - agree)) / 2, abs=1e-3)
    error = 1 / np.sqrt(len(X) * (1 - np.tanh(3) ** 2))
    assert abs(sampled.couplings_[0, 1] - exact.couplings_[0, 1]) < error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("J", "h"),
    [
        (0.4 * (np.ones((8, 8)) - np.eye(8)), np.full(8, 0.05)),  # two modes, of unequal weight
        (symmetric(6, 1.0, 5), np.full(6, 0.3)),
        (symmetric(8, 0.3, 6), np.linspace(-1.5, 1.5, 8)),
        (symmetric(10, 0.8, 7), np.zeros(10)),
    ],
)
def test_monte_carlo_where_chains_are_slow(J, h):
    # Couplings 5 % too large in the chains would give 0.7 and more.
    check_against_exact(draws(J, h, 10_000, 8), most=0.5)


def test_agreement_rejects_what_an_always_true_one_would_pass():
    """Coverage 99 % for gaps of the stated errors; shifted by five errors of the data in any one
    moment, it fails.
    """
    rng = np.random.default_rng(0)
    A = rng.normal(size=(10, 10))
    covariance = A @ A.T / 10 + 0.1 * np.eye(10)
    root = np.linalg.cholesky(covariance)
    own, chains = covariance / 1000, covariance / 4000
    gaps = rng.normal(size=(2000, 10)) @ root.T * np.sqrt(1 / 1000 + 1 / 4000)
    held = np.mean([monte_carlo.agreement(gap, own, chains).holds for gap in gaps])
    assert 0.97 < held < 0.995  # two tests of 99 %, dependent
    spread = np.sqrt(np.diagonal(own))
    for k in range(10):
        shifted = np.eye(10)[k] * 8 * spread[k]
        assert not np.any(
            [monte_carlo.agreement(gap + shifted, own, chains).holds for gap in gaps[:50]]
        )
        assert not monte_carlo.agreement(shifted, np.diagonal(own), np.diagonal(chains)).holds


def test_far_from_the_maximum_it_says_so(monkeypatch):
    """One step is not enough where no Newton step follows: converged_ is False, and the warning
    says by how much.
    """
    monkeypatch.setattr(monte_carlo, "_ROUNDS", 1)
    monkeypatch.setattr(
        monte_carlo, "_best", lambda problem, starts, *rest: problem.pack(*starts[1])
    )
    X = draws(np.array([[0, 2.0], [2.0, 0]]), np.zeros(2), 20_000, 3)
    with pytest.warns(ConvergenceWarning, match="standard errors"):
        machine = BoltzmannMachine("monte-carlo", updates=2).fit(X)
    assert not machine.converged_


def test_strange_scales_do_not_pass_as_converged():
    """Weak penalties put the maximum far away: it is found, not announced early."""
    X = HARD["never together"]
    for strength in (1e-2, 1e-4, 1e-6):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            machine = BoltzmannMachine("exact", regularization=strength).fit(X)
        found = replicon.ising.enumerate_states(machine.couplings_, machine.fields_)
        gap = machine.correlation_ - found.correlation - 4 * strength * machine.couplings_
        np.fill_diagonal(gap, 0.0)
        assert np.abs(gap).max() < 1e-9
