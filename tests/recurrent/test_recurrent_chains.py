"""Langevin chains in the pseudo-potential, as a process and as a function; seeds."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.statistical import assert_mean, assert_rejected

import replicon
from replicon.recurrent import evolve, sample_kinetic_energy
from replicon.recurrent.kinetic_energy import Chains, annealed
from replicon.recurrent.nonlinearity import nonlinearity
from replicon.recurrent.transfer import transfer

MODEL = "recurrent-pseudo-potential"
J = np.array([[0, 1.84, 4.02], [2.44, 0, -4.84], [-1.12, 0.55, 0]])
TANH = nonlinearity("tanh")
SPIRAL = {"size": 3, "couplings": "spiral", "sweeps": 200, "chains": 128}  # compiled once


def _chains(count: int = 8) -> Chains:
    phi = transfer(TANH.function, TANH.slope, (3, count))
    return Chains(J, phi, count, leaps=1, seed=5)


def test_chains_in_steps_are_those_of_one_run():
    """To the bit, with annealing, adaptation and exchange; beyond the schedule they go on."""
    whole = sample_kinetic_energy(
        J, np.full(8, 0.3), function=TANH.function, slope=TANH.slope, sweeps=40, leaps=1, seed=5
    )
    schedule = annealed(np.array([0.3]), 40)
    cut = _chains()
    for count in (1, 0, 26, 13):
        now = cut.advance(schedule, 0.0, count)
    np.testing.assert_array_equal(cut.states, whole.states)
    np.testing.assert_allclose(now["acceptance"], whole.acceptance, rtol=1e-12)  # order of a sum
    cut.advance(schedule, 0.0, 1)
    assert not np.array_equal(cut.states, whole.states)


def test_a_temperature_set_on_the_way_is_sampled():
    """Started at 1, set to 0.2: the mean energy of 30 blocks against the integral; that of the
    first temperature is rejected.
    """
    exact = replicon.solve(MODEL, couplings="spiral", temperature=[0.2, 1.0])["energy"].values
    energies = []
    for seed in range(30):
        process = replicon.start(MODEL, seed=seed, temperature=1.0, **SPIRAL)
        process.step(200).set("temperature", 0.2).step(200)
        energies.append(process.measure()["energy"])
    assert_mean(energies, exact[0], effect=0.15 * exact[0])
    assert_rejected(energies, exact[1])


def test_a_process_shows_energies_and_eigenvalues():
    process = replicon.start(MODEL, seed=1, **SPIRAL).step(40)
    seen = process.view()
    position, density = seen["energies"].T
    assert (density * np.diff(position).mean()).sum() == pytest.approx(1, rel=1e-9)
    assert position[0] < process.measure()["energy"] < position[-1]
    # The trace of -1 + J phi', with phi' from 0 to 1.
    diagonal = np.array([0.6226, 0.3212, -0.0364])
    trace = seen["eigenvalues"][:, 0].sum()
    assert -3 + np.minimum(diagonal, 0).sum() <= trace <= -3 + np.maximum(diagonal, 0).sum()


def test_seeds_may_be_generators():
    """A generator gives a seed of its own at each call, the same from the same state."""
    for ask in (
        lambda seed: (
            evolve(J, np.ones(3), function=jnp.tanh, duration=1, noise=0.1, seed=seed).final
        ),
        lambda seed: (
            sample_kinetic_energy(
                J, np.full(8, 0.5), function=jnp.tanh, sweeps=40, leaps=1, seed=seed
            ).states
        ),
    ):
        rng = np.random.default_rng(3)
        first = ask(rng)
        second = ask(rng)
        assert not np.array_equal(first, second)
        np.testing.assert_array_equal(ask(np.random.default_rng(3)), first)
        number = int(np.random.default_rng(3).integers(2**31))
        np.testing.assert_array_equal(ask(number), first)
