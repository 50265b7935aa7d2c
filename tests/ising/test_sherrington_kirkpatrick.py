"""Sherrington-Kirkpatrick: exact zero-field results, and finite glasses beside the
continuous-breaking theory.
"""

import numpy as np
import pytest
from tests.statistical import assert_mean

import replicon
from replicon.ising import sherrington_kirkpatrick_finite as simulation
from replicon.spins.exact import enumerate_states


def test_above_the_critical_temperature_the_annealed_average_is_exact():
    t = np.array([1.0, 1.2, 1.31, 1.66, 2.0])
    out = replicon.solve("sherrington-kirkpatrick", temperature=list(t))
    np.testing.assert_allclose(out["energy"], -1 / (2 * t), atol=1e-12)
    np.testing.assert_allclose(out["entropy"], np.log(2) - 1 / (4 * t**2), atol=1e-12)
    assert (out["overlap"].values == 0).all()
    np.testing.assert_allclose(out["longitudinal_stability"], 1 - t**-2, atol=1e-12)
    np.testing.assert_allclose(out["replicon"], 1 - t**-2, atol=1e-12)
    assert out["stable"].values[1:].tolist() == [1] * 4


def test_the_replica_symmetric_glass_is_unstable_though_its_hessian_says_stable():
    out = replicon.solve("sherrington-kirkpatrick", temperature=0.4, field=0.3)
    assert float(out["replicon"]) == pytest.approx(-0.480, abs=5e-4)
    assert float(out["longitudinal_stability"]) > 0
    assert float(out["stable"]) == 0


def test_replica_symmetric_entropy_is_negative_when_cold():
    assert float(
        replicon.solve("sherrington-kirkpatrick", temperature=0)["entropy"]
    ) == pytest.approx(-1 / (2 * np.pi), abs=1e-10)


def test_one_sample_is_one_matrix():
    matrix = simulation.couplings(400, np.random.default_rng(0))
    np.testing.assert_array_equal(matrix, matrix.T)
    assert (np.diag(matrix) == 0).all()
    assert matrix[np.triu_indices(400, 1)].var() * 400 == pytest.approx(1.0, abs=0.02)


@pytest.mark.slow
def test_small_glasses_against_enumeration_of_the_same_law():
    """Mean energy over couplings at N = 12 by tempering, and by enumerating other couplings of the
    same law.
    """
    out = replicon.simulate(
        "sherrington-kirkpatrick", temperature=0.5, size=12, samples=800, sweeps=100, seed=4
    )
    rng = np.random.default_rng(5)
    exact = [
        enumerate_states(simulation.couplings(12, rng), temperature=0.5).energy / 12
        for _ in range(2000)
    ]
    sampled = out["energy"].values
    error = np.hypot(sampled.std() / np.sqrt(len(sampled)), np.std(exact) / np.sqrt(len(exact)))
    assert error < 0.005
    assert abs(sampled.mean() - np.mean(exact)) < 4.5 * error


@pytest.mark.slow
def test_finite_glasses_extrapolate_to_the_parisi_energy():
    """At T = 0.4 the energy of N spins lies above the limit by c N^(-2/3); two sizes extrapolate to
    it.
    """
    theory = float(
        replicon.solve("sherrington-kirkpatrick", temperature=0.4, ansatz="frsb")["energy"]
    )
    sizes = (48, 128)
    means, errors = [], []
    for size in sizes:
        run = replicon.simulate(
            "sherrington-kirkpatrick", temperature=0.4, size=size, samples=160, sweeps=300, seed=6
        )
        means.append(run["energy"].values.mean())
        errors.append(run["energy"].values.std() / np.sqrt(160))
        assert run["exchange_rate"].values.min() > 0.1
    a, b = (n ** (-2 / 3) for n in sizes)
    limit = (means[1] * a - means[0] * b) / (a - b)
    error = np.hypot(errors[1] * a, errors[0] * b) / (a - b)
    assert error < 0.01
    assert means[0] > means[1] > theory
    assert abs(limit - theory) < 4.5 * error


def test_free_spins_in_a_field():
    """A field much stronger than the couplings: every spin along it."""
    out = replicon.simulate(
        "sherrington-kirkpatrick", temperature=1.0, field=4.0, size=64, samples=40, sweeps=200
    )
    theory = replicon.solve("sherrington-kirkpatrick", temperature=1.0, field=4.0)
    assert_mean(out["overlap"].values, float(theory["overlap"]), effect=0.01)


def test_a_glass_too_cold_for_tempering_is_refused():
    with pytest.raises(replicon.InputError, match=r"temperature >= 0\.02"):
        replicon.simulate("sherrington-kirkpatrick", temperature=0.0, size=20)


@pytest.mark.parametrize("field", [5.0, 10.0, -20.0])
def test_the_almeida_thouless_line_is_followed_to_strong_fields(field):
    """Cold: 1 = E sech^4 / T^2 with E sech^4 = (4/3) T p(h), p the density of h + sqrt(q) z at
    zero, q = 1 to rounding.
    """
    value = float(
        replicon.find_transition("sherrington-kirkpatrick", "almeida-thouless", field=field)[
            "value"
        ]
    )
    assert value == pytest.approx(4 / 3 * np.exp(-(field**2) / 2) / np.sqrt(2 * np.pi), rel=1e-4)


def test_the_almeida_thouless_line_near_zero_field():
    """1 - T = (3/4)^(1/3) h^(2/3) (de Almeida & Thouless 1978); without a field it ends at T = 1
    exactly.
    """
    out = replicon.find_transition("sherrington-kirkpatrick", "almeida-thouless", field=[0.0, 1e-6])
    assert float(out["value"][0]) == 1.0
    assert 1 - float(out["value"][1]) == pytest.approx(0.75 ** (1 / 3) * 1e-4, rel=1e-3)


def test_in_a_field_there_is_no_sharp_transition_and_the_sentence_says_why():
    with pytest.raises(replicon.ConvergenceError, match=r"does not exist.*gradually"):
        replicon.find_transition("sherrington-kirkpatrick", "critical", field=0.5)


@pytest.mark.slow
def test_continuous_breaking_is_found_in_a_field_down_to_zero_temperature():
    """At T = 0 every spin is frozen, q = 1. The free energy follows f(T) = f(0) - 0.24 T^3 (entropy
    0.72 T^2, Pankov 2006) within 1e-5, what eight steps leave.
    """
    out = replicon.solve(
        "sherrington-kirkpatrick", ansatz="frsb", field=0.5, temperature=[0.0, 0.01, 0.05]
    )
    assert out["converged"].all()
    f = out["free_energy"].values
    np.testing.assert_allclose(f[:2], f[2] + 0.24 * 0.05**3, atol=1e-5)
    np.testing.assert_allclose(out["overlap"].values[0], 1)
    np.testing.assert_allclose(out["edwards_anderson"].values[0], 1)


def test_one_step_of_breaking_is_found_in_strong_fields():
    """One step lowers the replica-symmetric energy defect: f rises (the Parisi bound), entropy
    becomes positive at field 2.
    """
    one = replicon.solve(
        "sherrington-kirkpatrick", ansatz="1rsb", field=[1.0, 2.0], temperature=[0.05]
    )
    symmetric = replicon.solve(
        "sherrington-kirkpatrick", ansatz="rs", field=[1.0, 2.0], temperature=[0.05]
    )
    assert one["converged"].all()
    assert (one["free_energy"].values > symmetric["free_energy"].values).all()
    assert (one["residual"].values < 1e-8).all()
    assert (one["edwards_anderson"].values > symmetric["overlap"].values).all()


def test_tempering_that_has_not_equilibrated_says_so():
    """The sum e + (1 - q_2)/2T vanishes in equilibrium (partial integration over couplings) and is
    positive on the way there.
    """
    settings = {"temperature": 0.4, "size": 32, "samples": 200, "seed": 2}
    short = replicon.compare("sherrington-kirkpatrick", sweeps=4, **settings)
    assert "has not equilibrated" in short.attrs["remarks"][0]
    long = replicon.simulate("sherrington-kirkpatrick", sweeps=300, **settings)
    assert_mean(
        long["equilibration"].values,
        0.0,
        effect=float(short["mean"].sel(observable="equilibration")),
    )
