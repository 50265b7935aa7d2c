"""Finite teachers and students: exact samples, exact posteriors, and every method against them."""

import itertools

import numpy as np
import pytest
from scipy import stats

import replicon
from replicon.rbm import enumeration, instance, passing, posterior, signs, weight_chain


@pytest.mark.parametrize("units", [1, 2])
def test_samples_follow_the_exact_law(units):
    """Chi-square over all 2^6 visible states against the sum over hidden units; a colder machine's
    samples are told apart.
    """
    rng, beta = np.random.default_rng(1), 1.5
    teacher = np.array([[1, 1], [1, -1], [1, 1], [-1, -1], [1, 1], [1, 1.0]])[:, :units]
    states = np.array(list(itertools.product((1.0, -1.0), repeat=6)))
    law = np.cosh(beta / np.sqrt(6) * states @ teacher).prod(axis=1)
    law /= law.sum()
    count = 20_000
    seen = {}
    for name, used in (("right", beta), ("wrong", 1.15 * beta)):
        samples = instance.draw_samples(teacher, count, used, rng)
        index = ((1 - samples) / 2) @ 2 ** np.arange(6)[::-1]
        seen[name] = stats.chisquare(
            np.bincount(index.astype(int), minlength=64), law * count
        ).pvalue
    assert seen["right"] > 1e-5
    assert seen["wrong"] < 1e-9
    z = np.log(np.mean(np.cosh(beta / np.sqrt(6) * states @ teacher).prod(axis=1)))
    overlap = float((teacher[:, 0] * teacher[:, -1]).mean())
    assert float(instance.log_normalisation(overlap, 6, units, beta)) == pytest.approx(z, abs=1e-12)


@pytest.mark.parametrize("units", [1, 2])
def test_gibbs_of_weights_follows_the_enumerated_posterior(units):
    """Means over independent chains of the product of two weights, invariant under all signs, and
    of the receptive overlap.
    """
    rng = np.random.default_rng(2)
    teacher = instance.draw_teacher(5, units, 0.4, rng)
    data = instance.draw_samples(teacher, 15, 1.0, rng)
    states, logs = enumeration.log_posterior(data, 1.0, 0.4, units)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    first = weight if units == 1 else weight.sum(axis=1)
    expected = float(first @ (states[:, 0] * states[:, 1]))
    ends, receptive = [], []
    for _ in range(1000):
        w = rng.choice([-1.0, 1.0], (5, units))
        weight_chain.gibbs(data, 1.0, 0.4, w, 100, rng)
        ends.append(w[0, 0] * w[1, 0])
        receptive.append(w.prod(axis=1).mean())
    assert abs(np.mean(ends) - expected) < 4.5 * np.std(ends) / np.sqrt(1000)
    if units == 2:
        exact = float((weight * (states @ states.T)).sum()) / 5
        assert abs(np.mean(receptive) - exact) < 4.5 * np.std(receptive) / np.sqrt(1000)


@pytest.mark.parametrize(
    ("load", "instances"), [(0.2, 4), (1.0, 12), pytest.param(5.0, 8, marks=pytest.mark.slow)]
)
def test_message_passing_follows_theory(load, instances):
    """N = 1000, beta = 1, q = 0.3 (tests of loads 0.6 and 3, next to transitions, are slow)."""
    out = replicon.compare("rbm", load=load, size=1000, samples=instances, seed=3)
    for name in ("teacher_overlap", "cross_overlap", "overlap", "cross_replica_overlap"):
        difference = out.sel(observable=name)
        assert abs(float(difference["mean"] - difference["theory"])) < 0.02, name


def test_products_with_signs_are_those_of_the_dense_matrix():
    """Sites, samples and columns that fill no byte and no table; no samples."""
    rng = np.random.default_rng(6)
    for samples, size, units in ((37, 203, 1), (64, 16, 2), (9, 5, 3), (0, 12, 2)):
        data = rng.choice([-1.0, 1.0], (samples, size))
        sites, rows = (rng.standard_normal((4, n, units)) for n in (size, samples))
        products = signs.Signs(data)
        np.testing.assert_allclose(products.times(sites), data @ sites, atol=1e-12)
        np.testing.assert_allclose(products.transposed_times(rows), data.T @ rows, atol=1e-12)


def test_edges_messages_agree_with_amp_and_with_gibbs():
    rng = np.random.default_rng(5)
    teacher = instance.draw_teacher(400, 1, 0.0, rng)
    data = instance.draw_samples(teacher, 1200, 1.0, rng)
    amp = passing.approximate_message_passing(data, 1.0, 0.0, 1, rng).mean
    edges = passing.relaxed_belief_propagation(data, 1.0, 0.0, 1, rng)
    chain, _ = weight_chain.gibbs(data, 1.0, 0.0, teacher.copy(), 1200, rng)
    amp, messages = posterior.matched(amp, teacher), posterior.matched(edges.mean, teacher)
    assert edges.converged
    assert np.sqrt(np.mean((amp - messages) ** 2)) < 0.02
    assert np.sqrt(np.mean((amp - chain) ** 2)) < 0.1  # the chain's own noise is about 0.06


def test_principal_components_reach_the_overlap_of_random_matrices():
    """One unit, beta = 1: the samples' covariance has a spike s = 1 above the bulk, and at load
    1/g = 3 its eigenvector has cos^2 = (1 - g)/(1 + g) = 1/2 with the teacher; T = q = cos^2 but
    for about 6/N, and errors of the mean of 20 instances of 0.016. Without shrinking T = 0.71.
    """
    out = replicon.simulate("rbm", method="pca", hidden=1, load=3.0, size=400, samples=20, seed=1)
    for name in ("teacher_overlap", "overlap"):
        assert out[name].values.mean() == pytest.approx(0.5, abs=6 / 400 + 4.5 * 0.016), name


def test_bethe_entropy_against_enumeration():
    """One unit, N = 12: mean entropies over 30 instances differ by a finite-size term only."""
    given = {
        "hidden": 1,
        "load": 0.5,
        "inverse_temperature": 0.8,
        "size": 12,
        "samples": 30,
        "seed": 4,
    }
    exact, bethe = (
        replicon.simulate("rbm", method=m, **given)["entropy"].values
        for m in ("enumeration", "amp")
    )
    assert abs(np.mean(exact - bethe)) < 0.02


def test_refusals():
    with pytest.raises(replicon.InputError, match="give size <= 12"):
        replicon.simulate("rbm", method="enumeration", size=13)
    with pytest.raises(replicon.InputError, match="or method=amp"):
        replicon.simulate("rbm", method="belief-propagation", size=10_000)


@pytest.mark.slow
@pytest.mark.parametrize(("load", "size"), [(0.6, 4000), (3.0, 2000)])
def test_message_passing_next_to_the_transitions(load, size):
    """At N = 1000 some instances there have no informative fixed point: converged_fraction 0.76 at
    load 0.6, 0.8 at load 3.
    """
    out = replicon.compare("rbm", load=load, size=size, samples=4, seed=3)
    for name in ("teacher_overlap", "overlap"):
        difference = out.sel(observable=name)
        assert abs(float(difference["mean"] - difference["theory"])) < 0.02, name
