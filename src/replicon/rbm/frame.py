"""In which units a user speaks of a machine, and those in which it is trained: visible units of 0
and 1 or of variance 1, hidden units of 0 and 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replicon.rbm.layers import Machine, Parameters, RealParameters


class Outside(NamedTuple):
    """A machine in a user's units: weights W (V, H), visible_bias a (V,), hidden_bias b (H,) of

    E(v, h) = -v.W.h - a.v - b.h, or, with variances sigma^2 (V,) of real-valued units,
    E(v, h) = sum_i [(v_i - a_i)^2 / 2 - v_i (W h)_i] / sigma_i^2 - b.h.
    """

    weights: np.ndarray
    visible_bias: np.ndarray
    hidden_bias: np.ndarray
    variances: np.ndarray | None = None


class Frame(NamedTuple):
    """Affine maps v = visible_origin + visible_scale x and h = hidden_origin + hidden_scale y from
    the machine's own units x, y to a user's v, h: numbers, for visible units also arrays (V,).
    """

    visible_origin: Any = 0.0
    visible_scale: Any = 1.0
    hidden_origin: float = 0.0
    hidden_scale: float = 1.0

    def is_own(self) -> bool:
        """Whether these are the machine's own units."""
        return np.ndim(self.visible_scale) == 0 and self.visible_scale == 1.0

    def enter(self, rows: np.ndarray, dtype: str) -> np.ndarray:
        """Rows (n, V) of a user's units in the machine's own."""
        if self.is_own():
            return rows.astype(dtype, copy=False)
        return ((rows - self.visible_origin) / self.visible_scale).astype(dtype, copy=False)

    def leave(self, rows: np.ndarray) -> np.ndarray:
        """Rows (n, V) of the machine's own units in a user's."""
        if self.is_own():
            return rows
        found = self.visible_origin + self.visible_scale * rows
        return found.astype(rows.dtype) if rows.dtype.kind == "i" else found

    def inside(self, given: Outside) -> Machine:
        """The machine in its own units, float64."""
        W = given.weights
        a = given.visible_bias
        precision = 0.0
        if given.variances is not None:
            precision = 1 / given.variances
            W = W * precision[:, None]
            a = a * precision
        field = a + self.hidden_origin * W.sum(axis=1) - precision * self.visible_origin
        bias = given.hidden_bias + (W.T * self.visible_origin).sum(axis=1)
        weights = W * np.reshape(self.visible_scale, (-1, 1)) * self.hidden_scale
        parts = (weights, self.visible_scale * field, self.hidden_scale * bias)
        if given.variances is None:
            return Parameters(*parts)
        return RealParameters(*parts, self.visible_scale * np.sqrt(precision))

    def outside(self, machine: Machine) -> Outside:
        """The machine in a user's units, copies: the inverse of `inside`."""
        if self.is_own() and isinstance(machine, Parameters):
            return Outside(*(np.array(x) for x in machine))
        W = machine.weights / (np.reshape(self.visible_scale, (-1, 1)) * self.hidden_scale)
        a = machine.visible_bias / self.visible_scale - self.hidden_origin * W.sum(axis=1)
        b = machine.hidden_bias / self.hidden_scale - (W.T * self.visible_origin).sum(axis=1)
        if isinstance(machine, Parameters):
            return Outside(W, a, b)
        variances = (self.visible_scale / machine.inverse_deviation) ** 2
        return Outside(W * variances[:, None], a * variances + self.visible_origin, b, variances)

    def offset(self, machine: Machine) -> float:
        """What -E in a user's units is more than the exponent in the machine's own: added to -F,
        and, with `log_volume`, to ln Z.
        """
        machine = machine.in_double()
        hidden = self.hidden_origin / self.hidden_scale
        of_hidden = hidden * machine.hidden_bias.sum()
        a = machine.visible_bias - hidden * machine.weights.sum(axis=1)
        if isinstance(machine, RealParameters):
            return float(of_hidden - ((a / machine.inverse_deviation) ** 2).sum() / 2)
        return float(of_hidden + (a * self.visible_origin / self.visible_scale).sum())

    def log_volume(self, machine: Machine) -> float:
        """Ln of the volume, in a user's units, of the machine's own unit of volume; 0 where states
        are counted.
        """
        if not machine.real:
            return 0.0
        return float(np.log(np.broadcast_to(self.visible_scale, len(machine.weights))).sum())


ZERO_ONE = Frame()
SPINS = Frame(-1.0, 2.0, -1.0, 2.0)
