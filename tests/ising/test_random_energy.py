"""The random energy model: exact results, the law of its weights, and finite samples beside the law
of extremes.
"""

import math

import numpy as np
import pytest
from scipy import integrate
from scipy.special import log_ndtr
from tests.statistical import assert_mean, twin

import replicon
from replicon.ising import random_energy as theory
from replicon.ising import random_energy_finite as finite

MODEL = "random-energy-model"
CRITICAL = 1 / (2 * math.sqrt(math.log(2)))


def test_branches_meet_at_the_critical_temperature_and_end_there():
    T = [0.0, 0.3, 0.6, 0.601, 1.0, 3.0]
    out = {name: replicon.solve(MODEL, T=T, branch=name) for name in ("condensed", "paramagnet")}
    both = replicon.solve(MODEL, T=T)
    cold = np.array(T) < CRITICAL
    np.testing.assert_array_equal(out["condensed"]["converged"], cold)
    np.testing.assert_array_equal(out["paramagnet"]["converged"], ~cold)
    for name in ("energy", "entropy", "free_energy", "participation"):
        joined = np.where(cold, out["condensed"][name], out["paramagnet"][name])
        np.testing.assert_array_equal(both[name], joined)
    assert both["branch"].values.tolist() == ["condensed"] * 3 + ["paramagnet"] * 3
    f = both["free_energy"].values
    np.testing.assert_allclose(f, both["energy"] - np.array(T) * both["entropy"], atol=1e-14)
    with pytest.raises(replicon.ConvergenceError, match=r"entropy would be -0\.8694"):
        replicon.solve(MODEL, temperature=0.4, branch="paramagnet")
    with pytest.raises(replicon.ConvergenceError, match=r"T/T_c would be 1\.332, above 1"):
        replicon.solve(MODEL, temperature=0.8, branch="condensed")


def test_the_condensed_branch_is_the_stationary_point_of_one_step():
    """The free energy of groups of m replicas has slope zero at m = T/T_c, where it is greatest."""
    T = 0.37
    m = T / CRITICAL
    value = theory.one_step(m + np.array([-1e-4, 0.0, 1e-4]), T)
    assert value[1] == pytest.approx(-math.sqrt(math.log(2)), abs=1e-12)
    assert abs(value[2] - value[0]) < 1e-10
    assert value[1] > max(value[0], value[2])
    assert theory.one_step(1.0, T) < value[1]  # the annealed one lies below, and is wrong


def test_the_entropy_is_the_legendre_transform_of_the_free_entropy():
    e = np.array([-0.8, -0.5, -0.2])
    s = theory.microcanonical_entropy(e)
    out = replicon.solve(MODEL, temperature=list(-1 / (2 * e)))
    np.testing.assert_allclose(out["energy"], e, atol=1e-12)
    np.testing.assert_allclose(out["entropy"], s, atol=1e-12)
    assert np.isnan(theory.microcanonical_entropy(np.array([-0.84, 0.84]))).all()
    shown = out["microcanonical_entropy"][0].dropna("level_energy")
    np.testing.assert_allclose(shown["level_energy"][[0, -1]], [theory.GROUND, -theory.GROUND])
    np.testing.assert_allclose(shown[[0, -1]], 0, atol=1e-15)  # the curve that is drawn ends at 0


@pytest.mark.parametrize("m", [0.25, 0.5])
def test_participation_is_that_of_a_poisson_dirichlet_law(m):
    """Weights Gamma_k^(-1/m), Gamma_k sums of unit exponentials: mean and spread of sum w^2."""
    rng = np.random.default_rng(3)
    points = np.cumsum(rng.exponential(size=(4000, 1000)), axis=1)
    weights = points ** (-1 / m)
    Y = ((weights / weights.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
    out = replicon.solve(MODEL, temperature=m * CRITICAL)
    assert_mean(Y, float(out["participation"]), effect=0.05)
    assert Y.std() == pytest.approx(float(out["participation_spread"]), abs=0.015)


def lowest(size: int) -> float:
    """Mean of the lowest of 2^N energies of variance N/2, per spin, by quadrature."""
    count = 2.0**size

    def density(x):  # of the least of standard normal numbers
        logarithm = (count - 1) * log_ndtr(-x) - x**2 / 2 + size * math.log(2)
        return x * math.exp(logarithm) / math.sqrt(2 * math.pi)

    value = integrate.quad(density, -9, 0, epsabs=1e-12, limit=200)[0]
    return value / math.sqrt(2 * size)


def asymptotic(size: int) -> float:
    """The same to order ln N/N and 1/N, from the law of extremes (Gumbel)."""
    root = math.sqrt(math.log(2))
    shift = math.log(math.pi * size) / 2 + math.log(2 * root) - np.euler_gamma
    return -root + shift / (2 * root * size)


def test_the_ground_state_follows_the_law_of_extremes():
    known = {12: -0.7451, 16: -0.7616, 20: -0.7724}
    for size, value in known.items():
        assert asymptotic(size) == pytest.approx(value, abs=6e-5)
        assert asymptotic(size) == pytest.approx(lowest(size), abs=0.12 / size)
    out = replicon.simulate(MODEL, size=12, samples=600, temperature=0, sweeps=1, seed=2)
    assert_mean(out["ground_state_energy"].values, lowest(12), effect=0.025)
    np.testing.assert_array_equal(out["energy"], out["ground_state_energy"])
    assert (out["participation"].values == 1).all()
    assert (out["entropy"].values == 0).all()


# Temperature in units of T_c, N, samples; then (value, error) of a second program.
_KNOWN = [
    pytest.param(
        2.0, 12, 600, {"free_entropy": (0.86592, 1.5e-4), "participation": (0.0108, 3e-4)}
    ),
    pytest.param(0.5, 12, 600, {"participation": (0.564, 0.004), "energy": (-0.726, 0.003)}),
    pytest.param(
        2.0,
        16,
        300,
        {"free_entropy": (0.86639, 9e-5), "participation": (0.0029, 1e-4)},
        marks=pytest.mark.slow,
    ),
    pytest.param(
        0.5,
        16,
        300,
        {"participation": (0.548, 0.007), "energy": (-0.747, 0.003)},
        marks=pytest.mark.slow,
    ),
    pytest.param(
        2.0,
        20,
        60,
        {"free_entropy": (0.86638, 1e-4), "participation": (0.0008, 1e-4)},
        marks=pytest.mark.slow,
    ),
    pytest.param(
        0.5,
        20,
        60,
        {"participation": (0.568, 0.021), "energy": (-0.764, 0.005)},
        marks=pytest.mark.slow,
    ),
]


@pytest.mark.parametrize(("reduced", "size", "samples", "known"), _KNOWN)
def test_finite_samples_are_those_of_another_program(reduced, size, samples, known):
    """Energies, partition function and participation of all 2^N levels, means over samples."""
    T = reduced * CRITICAL
    out = replicon.simulate(MODEL, size=size, samples=samples, temperature=T, sweeps=1, seed=5)
    for name, (value, error) in known.items():
        found = out[name].values
        both = math.hypot(error, found.std() / math.sqrt(samples))
        assert abs(found.mean() - value) < 4.5 * both, name
    identity = out["entropy"] - out["energy"] / T - out["free_entropy"]
    assert float(abs(identity).max()) < 1e-12


def test_overlaps_by_transform_are_those_of_all_pairs():
    size = 6
    rng = np.random.default_rng(1)
    weights, _ = finite.gibbs(finite.draw(size, rng), size, 0.7)
    pairs = np.arange(1 << size)[:, None] ^ np.arange(1 << size)
    distance = np.vectorize(lambda x: int(x).bit_count())(pairs)
    expected = np.bincount(distance.ravel(), np.outer(weights, weights).ravel(), size + 1)
    law = finite.distance_law(weights, size)
    np.testing.assert_allclose(law, expected, atol=1e-14)
    assert law[0] == pytest.approx(weights @ weights, rel=1e-12)
    histogram = finite.density(law) / finite.BINS
    assert histogram.sum() == pytest.approx(1, abs=1e-12)
    modulus = abs(1 - 2 * np.arange(size + 1) / size)
    centres = (np.arange(finite.BINS) + 0.5) / finite.BINS
    assert histogram @ centres == pytest.approx(law @ modulus, abs=1 / (2 * size))


def _distance_from_gibbs() -> float:
    """Largest z-value of the time that 32 walkers spend in each of 8 configurations."""
    network = replicon.start(MODEL, size=3, seed=4, temperature=0.8).network
    network.step(20)
    spent = np.zeros((finite.WALKERS, 8))
    for _ in range(2000):
        network.step(2)
        spent[np.arange(finite.WALKERS), network.states] += 1 / 2000
    law, _ = finite.gibbs(network.energies, 3, 0.8)
    error = spent.std(axis=0, ddof=1) / math.sqrt(finite.WALKERS)
    return abs((spent.mean(axis=0) - law) / error).max()


def test_walkers_reach_the_gibbs_law():
    assert _distance_from_gibbs() < 4.5


@pytest.mark.parametrize(
    ("old", "new"),
    [("/ total if", "/ size if"), ("math.exp(-beta * cost)", "math.exp(-0.9 * beta * cost)")],
)
def test_wrong_walkers_are_seen(old, new, monkeypatch):
    """They wait as long everywhere, or are a tenth too hot."""
    wrong = twin(finite._plan, old, new)
    monkeypatch.setattr(finite, "_plan_all", twin(finite._plan_all, "def", "def", _plan=wrong))
    monkeypatch.setattr(finite, "_advance", twin(finite._advance, "def", "def", _plan=wrong))
    assert _distance_from_gibbs() > 8


def test_a_walker_leaves_a_trap_after_the_time_that_its_rates_say():
    """From the ground state, at rate sum_i e^(-cost_i/T): waiting times are exponential."""
    waited = []
    for seed in range(40):
        network = replicon.start(MODEL, size=8, seed=seed, temperature=0.4).network
        ground = np.argmin(network.energies)
        network.states[:] = ground
        network._quench()
        cost = network.energies[ground ^ (1 << np.arange(8))] - network.energies[ground]
        waited.append(network.due * np.exp(-cost / 0.4).sum())
    assert_mean(np.ravel(waited), 1, effect=0.25)
    assert_mean(np.ravel(waited) > 1, math.exp(-1), effect=0.12)


def test_cold_walkers_fall_as_the_logarithm_of_time():
    """Traps of depth E hold for e^(E/T): energy falls by about (T/N) ln 10 a decade while they age,
    and most are where they were at t/2; hot ones forget.
    """
    at = {"size": 14, "samples": 40, "seed": 3}
    times = [10, 1000, 100_000]
    cold = replicon.simulate(MODEL, temperature=0.2, sweeps=times, **at)
    hot = replicon.simulate(MODEL, temperature=1.5, sweeps=10, **at)
    path = cold["path_energy"].mean("sample").values
    slopes = np.diff(path) / math.log(100)
    assert (slopes < -0.4 * 0.2 / 14).all()
    assert (slopes > -2.5 * 0.2 / 14).all()
    assert (cold["trapped"].mean("sample") > 0.6).all()
    assert float(hot["trapped"].mean()) < 0.1
    np.testing.assert_array_equal(cold["energy"][0], cold["energy"][2])  # the same instances


def test_a_new_temperature_is_a_new_quench():
    process = replicon.start(MODEL, size=8, seed=1, temperature=0.3).step(100)
    assert process.view()["paths"].shape == (15, 8)
    cold = process.measure()
    process.set("temperature", 2.0)
    assert process.view()["paths"].shape == (1, 8)
    hot = process.measure()
    assert hot["path_energy"] == cold["path_energy"]
    assert hot["energy"] > cold["energy"]
    assert hot["ground_state_energy"] == cold["ground_state_energy"]
    process.step(10)
    assert process.measure()["trapped"] < 0.5


def test_too_many_levels_are_refused():
    with pytest.raises(replicon.InputError, match="give size <= 24"):
        replicon.simulate(MODEL, size=25)
