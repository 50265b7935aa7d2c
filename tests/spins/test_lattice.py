"""Four kernels of the square lattice against Kaufman's exact finite-size results; wrong twins of
each are rejected.
"""

import math

import numba
import numpy as np
import pytest
from tests.statistical import assert_mean, assert_rejected

import replicon
from replicon import _seed
from replicon.spins import lattice
from replicon.study.ask import summarize

METHODS = ("metropolis", "heat-bath", "wolff", "swendsen-wang")
SWEEPS = {"metropolis": 3000, "heat-bath": 1500, "wolff": 300, "swendsen-wang": 300}


@pytest.mark.parametrize("size", [8, 16, 32])
@pytest.mark.parametrize("method", METHODS)
def test_kaufman(method, size):
    temperature = 2.35
    exact = replicon.solve("square-lattice", temperature=temperature, size=size)
    out = replicon.simulate(
        "square-lattice",
        temperature=temperature,
        method=method,
        size=size,
        samples=64,
        seed=5,
        sweeps=SWEEPS[method] * max(1, 16 // size),
    )
    # A temperature off by 1 % changes the energy by C dT: that much must be seen.
    assert_mean(
        out["energy"].values,
        float(exact["energy"]),
        effect=0.02 * temperature * float(exact["specific_heat"]),
    )
    assert_mean(
        out["specific_heat"].values,
        float(exact["specific_heat"]),
        effect=0.5 * float(exact["specific_heat"]),
    )


@pytest.mark.parametrize("method", METHODS)
def test_below_the_critical_temperature_yangs_magnetization(method):
    out = replicon.simulate(
        "square-lattice",
        temperature=1.9,
        method=method,
        size=32,
        samples=64,
        seed=2,
        sweeps=SWEEPS[method] // 3,
    )
    assert_mean(
        out["magnetization"].values,
        float(replicon.solve("square-lattice", temperature=1.9)["magnetization"]),
        effect=0.01,
    )


@pytest.mark.parametrize("sweeps", [40, 400])
def test_the_specific_heat_does_not_depend_on_the_length_of_chains(sweeps):
    """Heat bath with tau of about 15: within chains of 40 sweeps a third of the fluctuations would
    be missing.
    """
    exact = float(replicon.solve("square-lattice", temperature=2.6, size=16)["specific_heat"])
    out = replicon.simulate(
        "square-lattice",
        temperature=2.6,
        method="heat-bath",
        size=16,
        samples=200,
        seed=1,
        sweeps=sweeps,
    )
    mean, error = summarize("square-lattice", out)["specific_heat"]
    assert error < exact / 16
    assert abs(mean - exact) < 4.5 * error


def test_chains_too_short_near_the_critical_temperature_say_so():
    settings = {"temperature": 2.3, "method": "heat-bath", "size": 64, "seed": 0}
    with pytest.warns(
        RuntimeWarning, match="100 sweeps are short beside their autocorrelation time"
    ):
        out = replicon.compare("square-lattice", sweeps=100, samples=30, **settings)
    assert "give sweeps >=" in out.attrs["remarks"][0]


@pytest.mark.slow
def test_defaults_near_the_critical_temperature_agree_with_kaufman():
    out = replicon.compare("square-lattice", temperature=2.3, method="heat-bath", size=64)
    for name in ("energy", "specific_heat"):
        assert abs(float(out["z"].sel(observable=name))) < 4
    assert "autocorrelation time" in out.attrs["remarks"][0]


@pytest.mark.slow
def test_binder_ratio_at_the_critical_temperature():
    critical = float(replicon.find_transition("square-lattice", "critical")["value"])
    out = replicon.simulate(
        "square-lattice",
        temperature=critical,
        method="wolff",
        size=32,
        samples=64,
        seed=8,
        sweeps=400,
    )
    mean, error = summarize("square-lattice", out)["binder"]
    # 0.61069 in the limit (Kamieniarz & Blote 1993); at L = 32 corrections are below 5e-4.
    assert error < 0.002
    assert abs(mean - 0.61069) < 4.5 * error + 5e-4


# Wrong twins
# ------------------------------------------------------------------------------------------

_SIZE, _BETA = 8, 1 / 2.35
_EXACT = 8 * 8 * float(replicon.solve("square-lattice", temperature=1 / _BETA, size=8)["energy"])


def _packed(probability):
    """Mean bond energies of 64 lattices under the packed kernel with a given acceptance
    probability.
    """
    stream = np.random.SeedSequence(3)
    state = _seed.words(stream, 4 * lattice.LANES).reshape(4, lattice.LANES)
    black, white = _seed.generator(stream).integers(0, 2**64, (2, _SIZE, _SIZE // 2), np.uint64)
    digits = lattice.probability_digits(probability)
    up, unlike, total = np.empty(64, np.int64), np.empty(64, np.int64), np.zeros(64)
    lattice.metropolis_sweeps(black, white, state, digits, 300)
    for _ in range(1500):
        lattice.metropolis_sweeps(black, white, state, digits, 2)
        lattice.measure_packed(black, white, up, unlike)
        total -= 2 * _SIZE**2 - 2 * unlike
    return total / 1500


@numba.njit
def _energy_of_chain(method, beta, sweeps, rng):
    """Mean bond energy over so many sweeps of a lattice from the ground state."""
    spins = np.ones((_SIZE, _SIZE), np.int8)
    grown = np.zeros(2, np.int64)
    lattice.advance(spins, method, beta, grown, True, 100, rng)
    total = 0.0
    for _ in range(sweeps):
        lattice.advance(spins, method, beta, grown, False, 1, rng)
        total -= lattice.measure(spins)[1]
    return total / sweeps


def _chains(method, beta, sweeps=1500):
    return [_energy_of_chain(method, beta, sweeps, np.random.default_rng(k)) for k in range(40)]


def test_packed_metropolis_with_half_the_acceptance_is_rejected():
    assert_mean(_packed(math.exp(-4 * _BETA)), _EXACT, effect=2.0)
    assert_rejected(_packed(math.exp(-4 * _BETA) / 2), _EXACT)


@pytest.mark.parametrize("method", [0, 1, 2])
def test_single_lattice_kernels_at_a_wrong_coupling_are_rejected(method):
    assert_mean(_chains(method, _BETA), _EXACT, effect=6.0)
    assert_rejected(_chains(method, 1.1 * _BETA), _EXACT)


@numba.njit
def _heat_bath_without_a_neighbour(spins, beta, sweeps, rng):
    L = spins.shape[0]
    total = 0.0
    for t in range(2 * sweeps):
        for i in range(L):
            for j in range(L):
                h = spins[i - 1, j] + spins[i, j - 1] + spins[(i + 1) % L, j]
                spins[i, j] = 1 if rng.random() * (1 + math.exp(-2 * beta * h)) < 1 else -1
        if t >= sweeps:
            total -= lattice.measure(spins)[1]
    return total / sweeps


def test_a_missed_neighbour_is_rejected():
    samples = [
        _heat_bath_without_a_neighbour(
            np.ones((_SIZE, _SIZE), np.int8), _BETA, 300, np.random.default_rng(k)
        )
        for k in range(40)
    ]
    assert_rejected(samples, _EXACT)


def test_the_64_packed_lattices_are_independent():
    """Energies of different bits at one time are uncorrelated: the variance of their mean is 1/64
    of theirs.
    """
    stream = np.random.SeedSequence(11)
    state = _seed.words(stream, 4 * lattice.LANES).reshape(4, lattice.LANES)
    black, white = _seed.generator(stream).integers(0, 2**64, (2, _SIZE, _SIZE // 2), np.uint64)
    digits = lattice.probability_digits(math.exp(-4 * _BETA))
    up, unlike, rows = np.empty(64, np.int64), np.empty(64, np.int64), []
    for _ in range(400):
        lattice.metropolis_sweeps(black, white, state, digits, 40)
        lattice.measure_packed(black, white, up, unlike)
        rows.append(unlike.copy())
    rows = np.array(rows[20:], float)
    ratio = 64 * rows.mean(axis=1).var() / rows.var(axis=0).mean()
    assert abs(ratio - 1) < 4.5 * np.sqrt(2 / len(rows))


def test_packed_measurement_counts_what_it_says():
    rng = np.random.default_rng(0)
    L = 6
    black, white = rng.integers(0, 2**64, (2, L, L // 2), np.uint64)
    up, unlike = np.empty(64, np.int64), np.empty(64, np.int64)
    lattice.measure_packed(black, white, up, unlike)
    for bit in (0, 17, 63):
        spins = np.empty((L, L), np.int8)
        for row in range(L):
            for c in range(L // 2):
                for colour, words in enumerate((black, white)):
                    spins[row, 2 * c + (row + colour) % 2] = (
                        2 * int(words[row, c] >> np.uint64(bit) & np.uint64(1)) - 1
                    )
        total, bonds = lattice.measure(spins)
        assert (up[bit], unlike[bit]) == ((total + L * L) // 2, (2 * L * L - bonds) // 2)
