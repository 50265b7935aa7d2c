"""Replica-symmetry breaking: limits, thermodynamic consistency, published values."""

import numpy as np
import pytest

import replicon
from replicon.ising import parisi


def test_one_step_that_does_not_split_is_replica_symmetric():
    rs = replicon.solve("sherrington-kirkpatrick", temperature=0.6, field=0.2)
    q = float(rs["overlap"])
    found = parisi.free_energy(np.array([q, q + 1e-9]), np.array([0.5]), 0.6, 0.2)
    assert found.value == pytest.approx(float(rs["free_energy"]), abs=1e-8)
    assert found.entropy == pytest.approx(float(rs["entropy"]), abs=1e-7)
    assert found.replicon == pytest.approx(float(rs["replicon"]), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("temperature", "field"), [(0.5, 0.0), (0.05, 0.3)])
def test_derivatives_of_the_free_energy_are_its_differences(temperature, field):
    overlaps, slopes = np.array([0.1, 0.3, 0.6]), np.array([0.4, 1.1])
    found = parisi.free_energy(overlaps, slopes, temperature, field)

    def difference(direction):
        q, g, T = (1e-5 * np.array(part) for part in direction)
        up = parisi.free_energy(overlaps + q, slopes + g, temperature + T, field)
        down = parisi.free_energy(overlaps - q, slopes - g, temperature - T, field)
        return (up.value - down.value) / 2e-5

    for k, unit in enumerate(np.eye(3)):
        assert difference((unit, 0, 0)) == pytest.approx(found.by_overlaps[k], abs=1e-6)
    for k, unit in enumerate(np.eye(2)):
        assert difference((0, unit, 0)) == pytest.approx(found.by_slopes[k], abs=1e-8)
    assert -difference((0, 0, 1)) == pytest.approx(found.entropy, abs=1e-6)


@pytest.mark.slow
def test_free_energies_increase_with_breaking_and_entropy_is_minus_the_derivative():
    values = {}
    for ansatz in ("rs", "1rsb", "frsb"):
        t = np.array([0.48, 0.5, 0.52])
        out = replicon.solve("sherrington-kirkpatrick", temperature=t.tolist(), ansatz=ansatz)
        assert out["converged"].all()
        f = out["free_energy"].values
        values[ansatz] = f[1]
        assert -(f[2] - f[0]) / 0.04 == pytest.approx(float(out["entropy"][1]), abs=2e-4)
        assert float(out["energy"][1]) == pytest.approx(
            f[1] + 0.5 * float(out["entropy"][1]), abs=1e-10
        )
    # The Parisi free energy is a maximum: each step of breaking raises it.
    assert values["rs"] < values["1rsb"] < values["frsb"]
    assert values["frsb"] - values["1rsb"] < 1e-4


@pytest.mark.slow
def test_more_steps_converge():
    f = [parisi.solve(0.5, 0.0, steps).free_energy for steps in (1, 2, 4, 8)]
    gaps = np.diff(f)
    assert (gaps > 0).all()
    assert (gaps[1:] < gaps[:-1] / 3).all()


def test_above_the_almeida_thouless_line_all_ansaetze_agree():
    out = replicon.solve(
        "sherrington-kirkpatrick", temperature=0.9, field=0.5, ansatz=["rs", "1rsb", "frsb"]
    )
    assert np.ptp(out["free_energy"].values) == 0
    assert (out["stable"] == 1).all()


def test_sum_rule_of_the_overlap_distribution():
    out = replicon.solve("sherrington-kirkpatrick", temperature=0.5, ansatz="1rsb")
    q, weight = out["overlap_level"].values, out["overlap_weight"].values
    assert weight.sum() == pytest.approx(1.0)
    assert (weight > 0).all()
    # At zero field e = -(beta/2)(1 - <q^2>), with <q^2> over the distribution.
    assert float(out["energy"]) == pytest.approx(-(1 - weight @ q**2) / (2 * 0.5), abs=1e-6)


@pytest.mark.slow
def test_continuous_breaking_is_found_at_every_temperature():
    """Without a field: f falls from the ground state, -0.76317 (Schmidt 2008), and its slope is the
    entropy, s = -df/dT, within the error of eight steps.
    """
    temperature = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
    out = replicon.solve("sherrington-kirkpatrick", temperature=temperature, ansatz="frsb")
    assert out["converged"].all(), out["reason"].values
    free = out["free_energy"].values
    assert free[0] == pytest.approx(-0.7631667, abs=3e-5)
    mean_entropy = (out["entropy"].values[1:] + out["entropy"].values[:-1]) / 2
    # The trapezoid rule on s, which grows as T^2: h^3 s''/12 with s'' about 1.5.
    np.testing.assert_allclose(-np.diff(free), mean_entropy * np.diff(temperature), atol=2e-4)
