"""Curie-Weiss and the square lattice: closed formulas, exact identities, hysteresis, theory against
simulation.
"""

import math

import numpy as np
import pytest
from scipy import integrate
from tests.statistical import assert_mean

import replicon
from replicon.study.ask import summarize

CRITICAL = 2 / math.log(1 + math.sqrt(2))


def test_curie_weiss_closed_formulas():
    m = np.linspace(0.05, 0.99, 20)
    temperature = m / np.arctanh(m)
    out = replicon.solve("curie-weiss", temperature=list(temperature))
    np.testing.assert_allclose(out["magnetization"], m, atol=1e-10)
    np.testing.assert_allclose(out["energy"], -(m**2) / 2, atol=1e-10)
    np.testing.assert_allclose(
        out["susceptibility"], (1 - m**2) / (temperature - (1 - m**2)), rtol=1e-8
    )
    entropy = -sum((1 + s * m) / 2 * np.log((1 + s * m) / 2) for s in (1, -1))
    np.testing.assert_allclose(out["entropy"], entropy, atol=1e-10)
    assert (out["stable"] == 1).all()


def test_curie_weiss_critical_exponent():
    out = replicon.solve("curie-weiss", temperature=[1 - 1e-4, 1 - 1e-5])
    np.testing.assert_allclose(out["magnetization"], np.sqrt(3 * np.array([1e-4, 1e-5])), rtol=2e-4)


def test_curie_weiss_branches_and_their_ends():
    field = 0.02
    up, down, between = (
        replicon.solve("curie-weiss", branch=b, temperature=0.6, field=-field)
        for b in ("up", "down", "paramagnet")
    )
    assert (
        float(up["magnetization"])
        > float(between["magnetization"])
        > 0
        > float(down["magnetization"])
    )
    assert [float(b["stable"]) for b in (up, between, down)] == [1, 0, 1]
    assert float(up["free_energy"]) > float(down["free_energy"])
    spinodal = float(replicon.find_transition("curie-weiss", "spinodal", temperature=0.6)["value"])
    m = math.sqrt(0.4)
    assert spinodal == pytest.approx(m - 0.6 * math.atanh(m), abs=1e-10)
    with pytest.raises(replicon.ConvergenceError, match="ends at transition 'spinodal', field"):
        replicon.solve("curie-weiss", branch="up", temperature=0.6, field=-1.1 * spinodal)


@pytest.mark.parametrize("field", [0.0, 0.1])
def test_curie_weiss_simulation_approaches_theory_as_one_over_n(field):
    temperature = 0.6
    theory = replicon.solve("curie-weiss", temperature=temperature, field=field)
    sizes = (250, 1000)
    runs = [
        replicon.simulate(
            "curie-weiss",
            size=n,
            temperature=temperature,
            field=field,
            samples=60,
            sweeps=1000,
            seed=1,
        )
        for n in sizes
    ]
    # Corrections are c/N: the two sizes extrapolate to the theory.
    for name, effect in (("magnetization", 0.002), ("energy", 0.002)):
        small, large = (run[name].values for run in runs)
        assert_mean((4 * large - small) / 3, float(theory[name]), effect=effect)


def test_curie_weiss_susceptibility_of_short_chains_is_that_of_the_exact_sum():
    """Chains of a few autocorrelation times near the critical point; the exact sum over
    magnetizations of 100 spins.
    """
    n, temperature = 100, 1.15
    totals = np.arange(-n, n + 1, 2)
    log_weight = [
        math.lgamma(n + 1) - math.lgamma((n + t) / 2 + 1) - math.lgamma((n - t) / 2 + 1)
        for t in totals
    ]
    weight = np.exp(np.array(log_weight) + totals**2 / (2 * n * temperature) - n * math.log(2))
    exact = (weight @ totals**2) / weight.sum() / n / temperature
    out = replicon.simulate(
        "curie-weiss", temperature=temperature, size=n, start=0, sweeps=100, samples=1000, seed=3
    )
    mean, error = summarize("curie-weiss", out)["susceptibility"]
    assert error < exact / 16
    assert abs(mean - exact) < 4.5 * error
    assert 3 < float(out["autocorrelation_time"].mean()) < 10


def test_hysteresis():
    """Inside the spinodals the state kept is the one it was started in; outside there is one."""
    spinodal = float(replicon.find_transition("curie-weiss", "spinodal", temperature=0.5)["value"])
    inside, outside = -0.6 * spinodal, -1.5 * spinodal
    up, down = (
        replicon.simulate(
            "curie-weiss",
            size=2000,
            temperature=0.5,
            field=[inside, outside],
            start=s,
            sweeps=200,
            samples=4,
        )
        for s in (1, -1)
    )
    assert (up["magnetization"].sel(field=inside) > 0.5).all()
    assert (down["magnetization"].sel(field=inside) < -0.5).all()
    assert (up["magnetization"].sel(field=outside) < -0.9).all()


def test_onsager_energy_is_the_derivative_of_the_free_energy_integral():
    """The double integral of ln Z written out, an independent route to the free energy."""
    for temperature in (1.7, 3.1):
        beta = 1 / temperature

        def integrand(p, q, beta=beta):
            return math.log(
                math.cosh(2 * beta) ** 2 - math.sinh(2 * beta) * (math.cos(p) + math.cos(q))
            )

        value = integrate.dblquad(integrand, 0, math.pi, 0, math.pi, epsabs=1e-12)[0] / (
            2 * math.pi**2
        )
        expected = -temperature * (math.log(2) + value)
        assert float(
            replicon.solve("square-lattice", temperature=temperature)["free_energy"]
        ) == pytest.approx(expected, abs=1e-10)


def test_specific_heat_is_the_derivative_of_the_energy():
    for size in (math.inf, 10):
        t = [2.0 - 1e-4, 2.0, 2.0 + 1e-4]
        out = replicon.solve("square-lattice", temperature=t, size=size)
        e = out["energy"].values
        assert float(out["specific_heat"][1]) == pytest.approx((e[2] - e[0]) / 2e-4, rel=1e-6)


def test_kaufman_is_the_sum_over_all_states_of_a_four_by_four_lattice():
    n = 4
    states = np.arange(2 ** (n * n))
    spins = (2 * ((states[:, None] >> np.arange(n * n)) & 1) - 1).reshape(-1, n, n).astype(np.int8)
    energy = -(
        (spins * np.roll(spins, 1, 1)).sum(axis=(1, 2))
        + (spins * np.roll(spins, 1, 2)).sum(axis=(1, 2))
    ).astype(float)
    for temperature in (1.5, 2.3, 5.0):
        weight = np.exp(-(energy - energy.min()) / temperature)
        mean = (weight * energy).sum() / weight.sum()
        variance = (weight * (energy - mean) ** 2).sum() / weight.sum()
        out = replicon.solve("square-lattice", temperature=temperature, size=n)
        assert float(out["energy"]) == pytest.approx(mean / n**2, abs=1e-12)
        assert float(out["specific_heat"]) == pytest.approx(
            variance / temperature**2 / n**2, abs=1e-10
        )
        log_z = math.log(weight.sum()) - energy.min() / temperature
        assert float(out["free_energy"]) == pytest.approx(-temperature * log_z / n**2, abs=1e-12)


def test_kaufman_tends_to_onsager():
    infinite = replicon.solve("square-lattice", temperature=[1.8, 3.0])
    large = replicon.solve("square-lattice", temperature=[1.8, 3.0], size=128)
    np.testing.assert_allclose(large["energy"], infinite["energy"], atol=1e-12)
    assert np.isnan(large["magnetization"]).all()


def test_at_the_critical_temperature():
    out = replicon.solve("square-lattice", temperature=CRITICAL)
    assert float(out["energy"]) == pytest.approx(-math.sqrt(2), abs=1e-12)
    assert float(out["magnetization"]) == pytest.approx(
        0.0, abs=1e-1
    )  # the 1/8th power of rounding
    assert float(
        replicon.find_transition("square-lattice", "critical", coupling=2.0)["value"]
    ) == pytest.approx(2 * CRITICAL, abs=1e-12)


@pytest.mark.parametrize("size", [1, 7])
def test_lattice_sizes_that_do_not_fit_are_refused(size):
    with pytest.raises(replicon.InputError, match=r">= 2|even L"):
        replicon.simulate("square-lattice", size=size, method="metropolis")


@pytest.mark.parametrize("coupling", [1e-9, 1.0, 1e6])
def test_curie_weiss_is_right_in_any_unit_and_however_cold(coupling):
    """Temperatures and fields in units of J: magnetization and entropy by bisection of m = tanh((m
    + h)/T).
    """
    temperature, field = np.array([1e-300, 1e-12, 1e-3, 0.2, 0.9, 1.5]), 0.01
    out = replicon.solve(
        "curie-weiss",
        coupling=coupling,
        temperature=list(temperature * coupling),
        field=field * coupling,
    )
    assert out["converged"].all()
    for t, m, s in zip(temperature, out["magnetization"].values, out["entropy"].values):
        low, high = np.sqrt(max(1 - t, 0)), 1.0
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if np.tanh((middle + field) / t) > middle else (low, middle)
        x = (high + field) / t
        assert m == pytest.approx(high, abs=1e-9)
        assert s == pytest.approx(
            np.log1p(np.exp(-2 * x)) + (2 * x / (np.exp(2 * x) + 1) if x < 300 else 0), abs=1e-9
        )
