"""Langevin samples of the pseudo-potential of a few neurons, and trajectories of their
true motion.
"""

from __future__ import annotations

import jax
import numpy as np

from replicon._errors import InputError
from replicon.recurrent.evolution import evolve
from replicon.recurrent.kinetic_energy import sample_kinetic_energy
from replicon.recurrent.nonlinearity import nonlinearity
from replicon.recurrent.pseudo_potential import couplings

STARTS = 16  # trajectories of a sample


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


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """A block of Metropolis-adjusted Langevin chains a sample. Also returned: their last `states`
    (chains, N), and of 16 random starts the `trajectory` (16, K, N) and `trajectory_energy` (16,
    K).
    """
    phi = nonlinearity(controls.nonlinearity)
    J = couplings(controls.couplings)
    found = sample_kinetic_energy(
        J,
        np.full(controls.chains, controls.temperature),
        function=phi.function,
        slope=phi.slope,
        regulariser=controls.regulariser,
        sweeps=controls.sweeps,
        leaps=1,
        seed=int(rng.integers(2**31)),
    )
    starts = rng.uniform(-1, 1, (size, STARTS)) * (np.abs(J).sum(axis=1) + 1)[:, None]
    run = evolve(
        J, starts, function=phi.function, duration=controls.duration, step=0.05, every=0.05
    )
    path = np.concatenate([starts[None], run.states])
    with jax.enable_x64(True):
        force = np.einsum("ij,tjk->tik", J, np.asarray(phi.function(path))) - path
    values = {
        **{name: getattr(found, name).mean() for name in ("variance", "activity", "energy")},
        "states": found.states.T,
        "trajectory": path.transpose(2, 0, 1),
        "trajectory_energy": (force**2).sum(axis=1).T / 2,
    }
    return values
