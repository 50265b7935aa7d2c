"""Typical solutions of the perceptron with random labels, binary, ternary or zero-one: the
replica-symmetric state of which dense clusters begin. Source and referee as `clusters`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import root
from scipy.special import log_ndtr

from replicon.channel import replica
from replicon.perceptron.storage_controls import inverse_temperature
from replicon.theory import gaussian, stationary

PRIORS = {
    "ising": replica.ising,
    "ternary": replica.discrete((-1.0, 0.0, 1.0), (1.0, 1.0, 1.0)),  # each state counts once
    "zero-one": replica.discrete((0.0, 1.0), (1.0, 1.0)),
}
_RELAXED = 300  # steps of the iteration at most, before a root is looked for
_SETTLED = 1e-3  # its last step


class Point(NamedTuple):
    """What is the same along a curve: load, margin, temperature, and the word of the weights."""

    load: float
    margin: float
    temperature: float
    weights: str

    @property
    def leak(self) -> float:
        """exp(-1/T)."""
        return float(np.exp(-inverse_temperature(self.temperature)))


class Typical(NamedTuple):
    """The replica-symmetric state: overlap q and its conjugate, norm Q, entropy per weight, whether
    there is such a state; numbers.
    """

    overlap: float
    conjugate: float
    norm: float
    entropy: float
    exists: bool


class _Symmetric:
    """The replica-symmetric equations of `channel.replica.storage` at one point, in NumPy: to
    compile them takes a thousand times as long as to solve them.
    """

    def __init__(self, point: Point):
        self._point = point
        values, _ = PRIORS[point.weights].support or ((), ())
        self.values = np.array(values)
        self._z, self._weight = gaussian.nodes()

    def conjugates(self, q: float, norm: float) -> tuple[float, float]:
        """qh and A of the patterns."""
        point, width = self._point, np.sqrt(norm - q)
        t, log = self._fields(q, norm)
        g = (1 - point.leak) * np.exp(-(t**2) / 2 - log) / (np.sqrt(2 * np.pi) * width)
        by_load = self._weight @ np.stack([g**2, g * (t / width + g)], axis=1)
        return tuple(point.load * by_load)

    def answers(self, q: float, norm: float) -> np.ndarray:
        """q and Q that these equations give back."""
        p, _ = self._states(*self.conjugates(q, norm))
        return self._weight @ np.stack([(p @ self.values) ** 2, p @ self.values**2], axis=1)

    def entropy(self, q: float, norm: float) -> float:
        """Per weight, each state counted once."""
        point = self._point
        qh, A = self.conjugates(q, norm)
        _, weights = self._states(qh, A)
        t, log = self._fields(q, norm)
        patterns = log
        if point.leak > 0:
            patterns = log + np.exp(log_ndtr(-t) - 1 / point.temperature - log) / point.temperature
        energetic = point.load * self._weight @ patterns
        return float((norm * A - qh * (norm - q)) / 2 + self._weight @ weights + energetic)

    def _fields(self, q: float, norm: float) -> tuple[np.ndarray, np.ndarray]:
        """(omega - margin)/sqrt(Q - q) and ln H_T (nodes,)."""
        point = self._point
        t = (np.sqrt(q) * self._z - point.margin) / np.sqrt(norm - q)
        log = log_ndtr(t)
        if point.leak > 0:
            log = np.logaddexp(-1 / point.temperature, np.log1p(-point.leak) + log)
        return t, log

    def _states(self, qh: float, A: float) -> tuple[np.ndarray, np.ndarray]:
        """Chances (nodes, values) of a weight's states, and ln Z_in (nodes,)."""
        field = np.sqrt(qh) * self._z[:, None]
        exponent = -A * self.values**2 / 2 + field * self.values
        top = exponent.max(axis=1)
        states = np.exp(exponent - top[:, None])
        total = states.sum(axis=1)
        return states / total[:, None], top + np.log(total)


@lru_cache(maxsize=256)
def typical_state(point: Point) -> Typical:
    """At these controls, by iteration and a root of the equations from where it has led."""
    theory = _Symmetric(point)
    norm = float(np.mean(theory.values**2))
    at = np.array([0.3 * norm, norm])
    with np.errstate(all="ignore"):
        for _ in range(_RELAXED):
            before, at = at, theory.answers(*at)
            if not np.max(np.abs(at - before)) > _SETTLED:
                break
        solved = root(lambda v: v - theory.answers(*v), at, options={"xtol": 1e-14})
        q, norm = solved.x.tolist()
        qh, _ = theory.conjugates(q, norm)
        entropy = theory.entropy(q, norm)
    exact = np.max(np.abs(solved.fun)) < stationary.TOLERANCE
    return Typical(q, qh, norm, entropy, bool(exact and 0 <= q < norm and entropy > 0))
