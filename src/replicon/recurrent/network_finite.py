"""Networks of given couplings in motion, and their surrogates."""

from __future__ import annotations

import numpy as np

from replicon._errors import InputError
from replicon._seed import generator
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


def simulate(controls, size: int, samples: int, streams: list) -> dict:
    """One surrogate and one random initial condition a sample. Also returned: `eigenvalues_real`,
    `eigenvalues_imaginary` of J / g.
    """
    phi = nonlinearity(controls.nonlinearity)
    given = unit_couplings(controls.couplings, controls.weights)
    out: dict[str, list] = {}
    for stream in streams:
        rng = generator(stream)
        matrix = surrogate(given, controls.network, rng)
        run, found = move(controls.gain * matrix, phi, rng, controls)
        eigenvalues = np.linalg.eigvals(matrix)
        found.update(
            properties(matrix),
            fluctuation=run.states[:, :, 0].var(axis=0).mean(),
            eigenvalues_real=eigenvalues.real,
            eigenvalues_imaginary=eigenvalues.imag,
        )
        for name, value in found.items():
            out.setdefault(name, []).append(value)
    return {name: np.array(values) for name, values in out.items()}
