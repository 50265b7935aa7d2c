"""Steady states of finite random networks: the kinetic energy sampled at a temperature, or
minimised.
"""

from __future__ import annotations

import jax
import numpy as np

from replicon._errors import InputError
from replicon.recurrent.couplings import elliptic_matrix
from replicon.recurrent.fixed_point_search import find_fixed_points
from replicon.recurrent.kinetic_energy import HOT, sample_kinetic_energy
from replicon.recurrent.nonlinearity import nonlinearity


def check_size(controls: dict, size: int) -> None:
    """Refuse a network too small to measure, a transfer function that is none, and what
    minimisation does not do.
    """
    if size < 8:
        raise InputError(
            f"size = {size} is too small for a random network: give size >= 8 (neurons)."
        )
    for word in controls["nonlinearity"]:
        nonlinearity(word)
    if 0 in controls["temperature"] and any(value > 0 for value in controls["regulariser"]):
        raise InputError(
            "regulariser > 0 with temperature = 0: the minimum is no fixed point; give temperature"
            " > 0."
        )


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One network a sample. At temperature 0 the point where one minimisation of E from a random
    start ends: a fixed point, or beyond the transition mostly a slow point, whose `energy` is above
    zero; its response is tr[phi' (1 - J phi')^-1]/N.
    """
    phi = nonlinearity(controls.nonlinearity)
    couplings = elliptic_matrix(rng, size, controls.gain, controls.symmetry)
    if controls.temperature > 0:
        ladder = np.geomspace(max(HOT, controls.temperature), controls.temperature, controls.ladder)
        found = sample_kinetic_energy(
            couplings,
            ladder,
            function=phi.function,
            slope=phi.slope,
            regulariser=controls.regulariser,
            sweeps=controls.sweeps,
            seed=int(rng.integers(2**31)),
        )
        values = {
            name: getattr(found, name)[-1]
            for name in ("activity", "response", "variance", "energy", "overlap")
        }
    else:
        start = rng.standard_normal((1, size))
        points = find_fixed_points(couplings, start, function=phi.function, slope=phi.slope)
        x = points.points[0]
        with jax.enable_x64(True):
            value = np.asarray(phi.function(x))
            slope = np.asarray(phi.slope(x))
        linear = np.eye(size) - slope[:, None] * couplings
        response = np.trace(np.linalg.solve(linear, np.diag(slope))) / size
        activity = (value**2).mean()
        values = {
            "activity": activity,
            "response": response,
            "variance": (x**2).mean(),
            "energy": points.energy[0],
            "overlap": activity,
        }
    return values
