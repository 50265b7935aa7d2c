"""Message passing for one unmatched student: `passing` from the start, and to the rest, by which
its sweeps are counted; the same for the Hopfield expansion of one hidden unit.

A sample of the expansion has no hidden unit but a normal number, of mean F/D and variance 1/D with
D = 1 - beta^2 (1 - Q), where the unit has tanh F and 1 - tanh^2 F.
"""

from __future__ import annotations

import math

import numpy as np

from replicon.rbm.features import LearningMessages
from replicon.rbm.passing import ApproximateMessages, Layer

SETTLED = 1e-6  # mean change of a mean in one sweep
BEGIN = 0.1  # deviation of the first means
_THINNEST = 1e-3  # of D, while overlaps are still small


class _Counted(ApproximateMessages):
    """AMP whose means rest where they move by less than 1e-6 on average."""

    @staticmethod
    def _moved(changes: np.ndarray) -> np.ndarray:
        return changes.mean(axis=(1, 2))


class _Learning(_Counted, LearningMessages):
    """The same, whose inverse temperature (and correlation, of more units than one) moves."""


class _Hopfield(_Counted):
    """The same for prod_a exp(beta^2 X_a^2/2), one hidden unit."""

    def _hidden(self, coupling, field, inner) -> tuple[Layer, np.ndarray]:
        D = np.maximum(1 - self.square[:, None, None] * inner, _THINNEST)
        hidden = self.hidden._replace(mean=field / D, field=field)
        return hidden, 1 / D

    def _free_entropy(self) -> np.ndarray:
        """Without the norm of the exact machine; of weights counted from ln 2."""
        mean = self.weights.mean[..., 0]
        field = self.weights.field[..., 0]
        inner = 1 - (mean**2).mean(axis=-1)
        D = np.maximum(1 - self.square * inner, _THINNEST)
        sites = np.logaddexp(field, -field) - math.log(2) - field * mean
        om = self.hidden.field[..., 0]
        data = om**2 / (2 * D[:, None]) - np.log(D)[:, None] / 2
        spread = (self.square * inner)[:, None] * self.hidden.mean[..., 0] ** 2 / 2
        return (sites.sum(axis=-1) + (data + spread).sum(axis=-1)) / mean.shape[-1]

    def _entropies(self, best: int, free: float) -> tuple[float, float]:
        """ln Z is linear in beta^2: both are one."""
        mean = self.weights.mean[best]
        spread = self.square[best] * (1 - float((mean**2).mean()))
        D = max(1 - spread, _THINNEST)
        energy = ((self.hidden.field[best] / D) ** 2 + spread / D).sum() / 2
        entropy = free + math.log(2) - float(energy) / len(mean)
        return entropy, entropy


def messages(data, beta, guess, units, rng, *, hopfield=False, learn=False) -> ApproximateMessages:
    """AMP of samples (M, N) of +-1, from random means of deviation 0.1; from four starts at once
    where more units than one make worse states, with a unit of the wrong sign.

    `guess`: the correlation of the student's prior; `learn`: its inverse temperature moves from
    `beta`. Source: Huang & Toyoizumi, PRE 94, 062310 (2016); Huang, J. Stat. Mech. 053302 (2017).
    Referee: enumeration, state evolution (`unmatched`).
    """
    exact = _Learning if learn else _Counted
    kind = _Hopfield if hopfield else exact
    return kind(data, beta, guess, units, rng, 1 if units == 1 else 4)
