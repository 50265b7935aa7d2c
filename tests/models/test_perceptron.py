"""Perceptrons: limits and identities of the theory, enumeration against a sum written out, theory against enumeration."""

import itertools
import math

import numpy as np
import pytest
from tests.statistical import assert_mean

import replicon
from replicon.models.perceptron import simulation


@pytest.mark.parametrize("symmetric", [False, True])
def test_enumeration_against_the_sum_written_out(symmetric):
    rng = np.random.default_rng(0)
    patterns, margin = rng.normal(size=(7, 9)), 0.4
    counts, sums = simulation.enumerate_errors(patterns, margin, symmetric)
    wanted, mean = np.zeros(8), np.zeros((8, 9))
    for w in itertools.product((-1, 1), repeat=9):
        stability = [sum(a * b for a, b in zip(x, w, strict=True)) / 3 for x in patterns]
        errors = sum(abs(s) > margin for s in stability) if symmetric else sum(s < margin for s in stability)
        wanted[errors] += 1
        mean[errors] += w
    np.testing.assert_array_equal(counts, wanted)
    np.testing.assert_allclose(sums, mean)


def test_no_pattern_leaves_all_weights():
    out = replicon.solve("perceptron", load=0.0)
    assert float(out["entropy"]) == pytest.approx(math.log(2), abs=1e-12)
    assert float(out["overlap"]) == pytest.approx(0.0, abs=1e-12)
    assert replicon.simulate("perceptron", load=0.0, size=8, samples=2)["entropy"].values == pytest.approx(math.log(2))


def test_entropy_of_the_symmetric_perceptron_is_annealed():
    from scipy.special import ndtr

    out = replicon.solve("perceptron", constraint="symmetric", margin=1.0, load=[0.5, 1.5])
    expected = math.log(2) + np.array([0.5, 1.5]) * math.log(2 * ndtr(1.0) - 1)
    np.testing.assert_allclose(out["entropy"], expected, atol=1e-10)


def test_beyond_the_capacity_the_branch_is_returned_and_flagged():
    out = replicon.solve("perceptron", load=[0.8, 0.9])
    assert out["converged"].all()
    assert out["stable"].values.tolist() == [1, 0]
    assert out["entropy"].values[1] < 0
    with pytest.raises(replicon.ConvergenceError, match="has reached one, far beyond the capacity"):
        replicon.solve("perceptron", load=1.9)
    with pytest.raises(replicon.ConvergenceError, match="give margin > 0"):
        replicon.solve("perceptron", constraint="symmetric", margin=0)


def test_spherical_entropy_is_gardners_volume():
    """(1/2) ln(1-q) + q/(2(1-q)) + load E ln H at its stationary q, by a scan that shares no code."""
    from scipy.special import log_ndtr

    z = np.linspace(-10, 10, 4001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()

    def phi(q, load=0.7, margin=0.3):
        return np.log(1 - q) / 2 + q / (2 * (1 - q)) + load * weight @ log_ndtr(-(margin + np.sqrt(q) * z) / np.sqrt(1 - q))

    out = replicon.solve("perceptron", weights="spherical", load=0.7, margin=0.3)
    q = float(out["overlap"])
    assert phi(q) == pytest.approx(float(out["entropy"]), abs=1e-10)
    assert (phi(q + 1e-4) - phi(q - 1e-4)) / 2e-4 == pytest.approx(0.0, abs=1e-6)


def test_zero_temperature_is_the_limit_of_low_temperature():
    cold, zero = replicon.solve("perceptron", load=0.5, temperature=0.05), replicon.solve("perceptron", load=0.5)
    for name in ("entropy", "overlap", "energy"):
        assert float(cold[name]) == pytest.approx(float(zero[name]), abs=1e-6)


def test_settings_that_cannot_be_enumerated_are_refused():
    with pytest.raises(replicon.InputError, match="give size <= 25"):
        replicon.simulate("perceptron", size=26)
    with pytest.raises(replicon.InputError, match="give size <= 25"):
        replicon.simulate("perceptron-teacher", size=26)
    with pytest.raises(replicon.InputError, match="cannot be enumerated"):
        replicon.simulate("perceptron", weights="spherical", size=10)
    with pytest.raises(replicon.ConvergenceError, match="was not found"):
        replicon.find_transition("perceptron", "capacity", weights="spherical", margin=-1)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_enumeration_extrapolates_to_the_theory(temperature):
    """Corrections 1/N: sizes 8 and 16 extrapolate."""
    theory = replicon.solve("perceptron", load=0.5, temperature=temperature)
    small, large = (
        replicon.simulate("perceptron", load=0.5, temperature=temperature, size=n, samples=400, seed=2) for n, k in ((10, 0.5), (20, 0.5))
    )
    for name, effect in (("entropy", 0.02), ("energy", 0.06)):
        assert_mean(2 * large[name].values - small[name].values, float(theory[name]), effect=effect)


def test_students_know_each_other_as_they_know_the_teacher():
    """Nishimori: the mean overlap of two students is that of a student with the teacher; enumerated at N = 14."""
    rng = np.random.default_rng(0)
    gap = []
    for _ in range(300):
        teacher = rng.choice([-1.0, 1.0], 14)
        patterns = rng.normal(size=(12, 14))
        patterns *= np.sign(patterns @ teacher)[:, None]
        counts, sums = simulation.enumerate_errors(patterns, 0.0, False)
        mean = sums[0] / counts[0]
        gap.append(mean @ teacher / 14 - mean @ mean / 14)
    assert_mean(gap, 0.0, effect=0.1)


def test_learning_a_rule_extrapolates_to_the_theory():
    theory = replicon.solve("perceptron-teacher", load=0.5)
    small, large = (replicon.simulate("perceptron-teacher", load=0.5, size=n, samples=600, seed=3) for n in (8, 16))
    for name, effect in (("overlap", 0.1), ("entropy", 0.06)):
        assert_mean(2 * large[name].values - small[name].values, float(theory[name]), effect=effect)


def test_the_imperfect_state_is_metastable_and_then_ends():
    out = replicon.solve("perceptron-teacher", load=[1.0, 1.3, 1.6])
    assert out["converged"].values.tolist() == [True, True, False]
    assert out["entropy"].values[0] > 0 > out["entropy"].values[1]
    with pytest.raises(replicon.ConvergenceError, match=r"ends at transition 'spinodal', load 1\.493"):
        replicon.solve("perceptron-teacher", load=1.6)
    assert float(replicon.solve("perceptron-teacher", branch="perfect", load=1.6)["overlap"]) == 1.0
