"""Pairs of solutions at a distance: the tail of two fields, the saddle beside other theories,
enumeration beside all pairs one by one, and finite networks beside infinite ones.
"""

import itertools
import math

import jax
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr

import replicon
from replicon.perceptron.enumeration import around_by_distance, pairs_by_distance, satisfied
from replicon.perceptron.pair_passing import PairPassing, log_orthant
from replicon.perceptron.pair_tail import log_pair
from statistical import z_score


def test_tail_of_two_fields_keeps_relative_accuracy():
    a = np.array([0.02, 0.7, 3.0, 20.0])
    rho = (1 - a**2) / (1 + a**2)
    with jax.enable_x64(True):
        ours = jax.jit(jax.vmap(jax.vmap(log_pair, (None, 0)), (0, None)))
        tail = np.asarray(ours(np.array([0.0, 2.0, -8.0, -20.0]), a))
        two = np.array([0.3, -1.0, -8.0, 0.0])
        alike = np.asarray(ours(two, a))
    assert np.allclose(np.exp(tail[0]), 0.5 - np.arccos(rho) / (2 * math.pi), rtol=1e-11)
    for row, h in ((2, -8.0), (3, -20.0)):
        for column, slope in enumerate(a):
            begin = -(h**2) / 2 + log_ndtr(slope * h)

            def scaled(y, h=h, slope=slope, begin=begin):
                return math.exp(-((y - h) ** 2) / 2 + log_ndtr(-slope * (y - h)) - begin)

            end = 40 / (abs(h) * (1 + slope**2))
            value = quad(scaled, 0, end, epsrel=1e-12, limit=200)[0]
            exact = begin + math.log(2 * value / math.sqrt(2 * math.pi))
            assert abs(tail[row, column] - exact) < 1e-10
    for k in range(3):
        assert np.allclose(log_orthant(two, two, rho[k]), alike[:, k], rtol=1e-8)


def test_coupling_field_is_the_slope_and_the_near_end_is_one_solution():
    step = 1e-4
    distance = [0.3 - step, 0.3, 0.3 + step, 0.7 - step, 0.7, 0.7 + step, 1e-6]
    found = replicon.solve("perceptron-pairs", load=0.4, margin=0.25, distance=distance)
    assert found.converged.all()
    entropy = found.pair_entropy.values
    for middle in (1, 4):
        slope = (entropy[middle + 1] - entropy[middle - 1]) / (4 * step)
        assert abs(slope - found.coupling_field.values[middle]) < 1e-6
    assert abs(entropy[6] - found.typical_entropy.values[6]) < 1e-3
    other = replicon.solve(
        "perceptron-pairs", load=0.4, margin=0.25, distance=0.3, reference="random"
    )
    assert abs(float(other.typical_entropy) - found.typical_entropy.values[1]) < 1e-12
    mean = replicon.solve(
        "perceptron-pairs", branch="annealed", load=0.4, margin=0.25, distance=distance
    )
    assert (mean.pair_entropy.values > entropy).all()


def test_what_cannot_be_is_told_with_its_value():
    with pytest.raises(replicon.InputError, match=r"distance = 1\.2"):
        replicon.solve("perceptron-pairs", distance=1.2)
    far = replicon.solve("perceptron-pairs", load=0.5, distance=[0.97])
    assert not far.converged.any()
    assert "0.97" in str(far.reason.values[0])
    beyond = replicon.solve("perceptron-pairs", load=0.85, distance=[0.2])
    assert not beyond.stable.any()
    with pytest.raises(replicon.InputError, match="size = 26"):
        replicon.simulate("perceptron-pairs", size=26)


def test_stability_and_limits_of_the_saddle():
    d = (1 - np.array([0, 0.4, 0.8, 0.95, 0.99])) / 2
    for load, end in ((0.3, 0.94728), (0.7, 0.61433)):
        found = replicon.solve("perceptron-pairs", load=load, distance=[*d, end])
        assert found.stable.all()
        assert found.antisymmetric_stability.max() < 0.64
        assert found.symmetric_stability.max() < 0.93
    # with few patterns for so distant pairs replica symmetry breaks
    assert not replicon.solve("perceptron-pairs", load=0.1, distance=[0.99]).stable.any()


@pytest.mark.slow
def test_gap_opens_below_the_capacity_at_any_margin():
    """At its load and distance the entropy of pairs has its minimum, zero, while solutions exist.
    At margin -0.5 one step of Newton's moves the minimum by more than twice.
    """
    margins = [-1.0, -0.5, 0.0, 1.5]
    found = replicon.find_transition("perceptron-pairs", "gap-opening", margin=margins)
    assert found.converged.all()
    known = [3.5584700, 1.5946546, 0.7987741, 0.1684290]
    np.testing.assert_allclose(found.value, known, rtol=1e-6)
    for margin, load, distance in zip(margins, found.value.values, found.minimum.values):
        assert distance < 0.05
        at = replicon.solve("perceptron-pairs", margin=margin, load=load, distance=distance)
        assert abs(float(at.pair_entropy)) < 1e-9
        assert abs(float(at.coupling_field)) < 1e-6
        assert float(at.typical_entropy) > 0


@pytest.mark.slow  # the graphs of another model
def test_two_replicas_of_a_cluster_are_a_pair():
    for p in (0.4, 0.8):
        two = replicon.solve("perceptron-clusters", load=0.5, overlap=p, replicas=2)
        pair = replicon.solve("perceptron-pairs", load=0.5, distance=(1 - p) / 2)
        assert abs(2 * float(two.free_entropy) - float(pair.pair_entropy)) < 1e-9
        assert abs(float(two.outer_overlap) - float(pair.overlap)) < 1e-8


def test_enumeration_beside_all_pairs_one_by_one():
    size = 9
    patterns = np.random.default_rng(1).standard_normal((4, size))
    alive = satisfied(patterns, -0.2)
    w = np.array(list(itertools.product([-1, 1], repeat=size)))
    assert (alive == (w @ patterns.T >= -0.2 * math.sqrt(size)).all(axis=1)).all()
    assert alive.sum() == 13
    solutions = w[alive]
    distance = (size - solutions @ solutions.T) // 2
    apart = (size - solutions @ w[37]) // 2
    pairs = pairs_by_distance(alive)
    single = around_by_distance(alive, 37)
    for d in range(size + 1):
        assert pairs.counts[d] == (distance == d).sum()
        assert (pairs.sums[d] == (distance == d).sum(axis=1) @ solutions).all()
        assert single.counts[d] == (apart == d).sum()
        assert (single.sums[d] == solutions[apart == d].sum(axis=0)).all()


def test_messages_make_the_members_of_a_pair_alike():
    rng = np.random.default_rng(2)
    passing = PairPassing(rng.standard_normal((300, 1000)), 0.0, 0.4, rng)
    passing.step(3)
    assert np.abs(passing.means[:, 0] - passing.means[:, 1]).max() > 1e-3
    passing.step(500)
    assert passing.settled
    assert np.abs(passing.means[:, 0] - passing.means[:, 1]).max() < 1e-6


@pytest.mark.parametrize(
    ("reference", "distance"), [("solution-pair", [0.25, 0.5, 0.65]), ("random", [0.25, 0.5, 0.75])]
)
def test_message_passing_beside_theory(reference, distance):
    """Entropies are told relative to all solutions of the instance, which takes its fluctuation
    away. A random configuration and the instance's mean solution have an overlap of order
    1/sqrt(N), which moves entropies by up to .04 and by an odd function of p = 1 - 2 distance; from
    the opposite configuration, at distance 1 - d, it moves them back.
    """
    asked = {"load": 0.5, "distance": distance, "reference": reference}
    found = replicon.simulate(
        "perceptron-pairs", size=1000, samples=2, seed=5, method="message-passing", **asked
    )
    theory = replicon.solve("perceptron-pairs", **asked)
    assert (found.solvable == 1).all()
    for name, error in (("relative_entropy", 0.01), ("overlap", 0.04)):
        away = found[name].values - theory[name].values[:, None]
        if reference == "random":
            away = (away + away[::-1]) / 2
        assert np.abs(away).max() < error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reference", "load", "distance"),
    [("solution-pair", 0.5, [0.2, 0.25, 0.5, 0.6]), ("random", 0.3, [0.4, 0.5])],
)
def test_enumeration_beside_theory(reference, load, distance):
    """200 instances of 20 weights, but for the few that have no pairs at a large distance."""
    asked = {"load": load, "distance": distance, "reference": reference}
    found = replicon.simulate("perceptron-pairs", size=20, samples=200, seed=9, **asked)
    theory = replicon.solve("perceptron-pairs", **asked)
    for samples, expected in zip(
        found.relative_entropy.values, theory.relative_entropy.values, strict=True
    ):
        known = samples[np.isfinite(samples)]
        assert len(known) >= 195
        assert abs(z_score(known, float(expected))) < 4
        assert known.std() / np.sqrt(len(known)) < 0.003
