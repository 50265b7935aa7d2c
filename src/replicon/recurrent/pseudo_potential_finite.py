"""Langevin chains in the pseudo-potential of a few neurons, and trajectories of their true
motion.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from replicon._errors import InputError
from replicon.recurrent.dynamics_finite import histogram
from replicon.recurrent.evolution import evolve
from replicon.recurrent.kinetic_energy import Chains, annealed, refuse_stuck
from replicon.recurrent.nonlinearity import nonlinearity
from replicon.recurrent.pseudo_potential import couplings
from replicon.recurrent.transfer import transfer

STARTS = 16  # trajectories of a sample
MOMENT = 0.05  # between moments of a trajectory


def check_size(controls: dict, size: int) -> None:
    """Refuse another number of neurons than the network has, a file that is none, a transfer
    function that is none.
    """
    for word in controls["nonlinearity"]:
        nonlinearity(word)
    for source in controls["couplings"]:
        count = len(couplings(source))
        if size != count:
            raise InputError(
                f"size = {size} does not fit couplings={source}: it has {count} neurons, give that"
                " size."
            )


def neurons(controls: dict) -> set[int]:
    """Numbers of neurons of the networks that are given."""
    return {len(couplings(source)) for source in controls["couplings"]}


class Langevin:
    """A block of Metropolis-adjusted Langevin chains; a step is one of each. The first quarter of
    the `sweeps` comes down from temperature 1/2, their first half adapts the length of the steps.
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.phi = nonlinearity(controls.nonlinearity)
        self.couplings = couplings(controls.couplings)
        shape = (size, controls.chains)
        self.chains = Chains(
            self.couplings,
            transfer(self.phi.function, self.phi.slope, shape),
            controls.chains,
            leaps=1,
            seed=int(rng.integers(2**31)),
        )
        reach = np.abs(self.couplings).sum(axis=1) + 1
        self.starts = rng.uniform(-1, 1, (size, STARTS)) * reach[:, None]
        self._cool()
        self.step(0)

    def _cool(self) -> None:
        """The temperature of every step, the same in all chains."""
        schedule = annealed(np.array([self.controls.temperature]), self.controls.sweeps)
        with jax.enable_x64(True):
            self.schedule = jnp.asarray(schedule)

    def set(self, control: str, value: float) -> None:
        """Another value of a live control, from now on."""
        self.controls = self.controls._replace(**{control: value})
        self._cool()
        self.step(0)

    def step(self, count: int) -> None:
        """So many Langevin steps of every chain."""
        self.now = self.chains.advance(self.schedule, self.controls.regulariser, count)

    def measure(self) -> dict:
        return {name: self.now[name].mean() for name in ("variance", "activity", "energy")}

    def view(self) -> dict:
        """Energies of the chains, and eigenvalues of the motion linearised where the first is."""
        x = self.chains.states[:, 0]
        with jax.enable_x64(True):
            rise = np.asarray(self.phi.slope(x))
        values = np.linalg.eigvals(self.couplings * rise - np.eye(len(x)))
        return {
            "energies": histogram(self.now["energy"]),
            "eigenvalues": np.column_stack([values.real, values.imag]),
        }

    def finish(self) -> dict:
        """Last `states` (chains, N); of 16 random starts the `trajectory` (16, K, N) and its
        `trajectory_energy` (16, K). Raises DivergenceError where no step was accepted.
        """
        c = self.controls
        measured = self.chains.sweeps - c.sweeps // 2
        temperatures = np.full(c.chains, c.temperature)
        refuse_stuck(temperatures, self.now["acceptance"], self.now["energy"], measured)
        run = evolve(
            self.couplings,
            self.starts,
            function=self.phi.function,
            duration=c.duration,
            step=MOMENT,
            every=MOMENT,
        )
        path = np.concatenate([self.starts[None], run.states])
        with jax.enable_x64(True):
            activity = np.asarray(self.phi.function(path))
        force = np.einsum("ij,tjk->tik", self.couplings, activity) - path
        return {
            "states": self.chains.states.T,
            "trajectory": path.transpose(2, 0, 1),
            "trajectory_energy": (force**2).sum(axis=1).T / 2,
        }
