"""Networks of given couplings in motion, and their surrogates."""

from __future__ import annotations

import numpy as np

from replicon._errors import InputError
from replicon.recurrent.dynamics_finite import move
from replicon.recurrent.network import properties, surrogate, unit_couplings
from replicon.recurrent.nonlinearity import nonlinearity


def check_size(controls: dict, size: int) -> None:
    """Refuse another number of neurons than the network has, a file that is none, a transfer
    function that is none.
    """
    for word in controls["nonlinearity"]:
        nonlinearity(word)
    for source in controls["couplings"]:
        count = len(unit_couplings(source, "linear"))
        if size != count:
            raise InputError(
                f"size = {size} does not fit couplings={source}: it has {count} neurons, give that"
                " size."
            )


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One surrogate and one random initial condition a sample. Also returned: `eigenvalues_real`,
    `eigenvalues_imaginary` of J / g.
    """
    phi = nonlinearity(controls.nonlinearity)
    given = unit_couplings(controls.couplings, controls.weights)
    matrix = surrogate(given, controls.network, rng)
    run, found = move(controls.gain * matrix, phi, rng, controls)
    eigenvalues = np.linalg.eigvals(matrix)
    found.update(
        properties(matrix),
        fluctuation=run.states[:, :, 0].var(axis=0).mean(),
        eigenvalues_real=eigenvalues.real,
        eigenvalues_imaginary=eigenvalues.imag,
    )
    return found
