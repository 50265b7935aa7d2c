"""Networks of given couplings in motion, and their surrogates."""

from __future__ import annotations

import numpy as np

from replicon._errors import InputError
from replicon.recurrent.couplings import eigenvalues
from replicon.recurrent.dynamics_finite import Moving
from replicon.recurrent.network import properties, scaled, surrogate, unit_couplings
from replicon.recurrent.nonlinearity import nonlinearity


def check_size(controls: dict, size: int) -> None:
    """Refuse another number of neurons than the network has, a file that is none, a transfer
    function that is none.
    """
    for word in controls["nonlinearity"]:
        nonlinearity(word)
    for source in controls["couplings"]:
        (count,) = neurons({"couplings": [source]})
        if size != count:
            raise InputError(
                f"size = {size} does not fit couplings={source}: it has {count} neurons, give that"
                " size."
            )


def neurons(controls: dict) -> set[int]:
    """Numbers of neurons of the networks that are given."""
    return {len(unit_couplings(source, "linear")) for source in controls["couplings"]}


class Network(Moving):
    """A given network, or a surrogate of it, from a random initial condition."""

    def __init__(self, controls, size: int, rng: np.random.Generator):
        given = scaled(controls.couplings, controls.weights)
        self.scale = given.scale
        super().__init__(surrogate(given.unit, controls.network, rng), rng, controls, mean=0.0)

    def measure(self) -> dict:
        out = super().measure()
        del out["latent"]
        return out

    def finish(self) -> dict:
        """What the matrix alone says, and the variance in time of a neuron."""
        values = eigenvalues(self.unit)
        return {
            **properties(self.unit),
            "scale": self.scale,
            "fluctuation": np.var(self.recent, axis=0).mean(),
            "eigenvalues_real": np.real(values),
            "eigenvalues_imaginary": np.imag(values),
        }
