"""Finite replicated perceptrons: y binary perceptrons that learn the same patterns, held at a
mutual overlap, by belief propagation, by annealing, or by gradient descent.
"""

from __future__ import annotations

import math

import numpy as np

from replicon.perceptron import annealing, replicated
from replicon.perceptron.replicated_passing import ReplicatedPassing

_HOT = 2.0  # of annealing
_COLD = 0.1
_GROUPS = 2  # of replicas, whose overlap is that of two clusters
_FOLLOWED = 0.1  # of what the overlap misses, taken back at each sweep
_RATE = 0.05  # of descent, of patterns over sqrt(N)
_BATCHES = 10


def start(controls, size: int, rng: np.random.Generator) -> Messages | Flips | Descent:
    """Gaussian patterns, labels absorbed, and the replicas that learn them; at all overlaps,
    numbers of replicas, temperatures and by all methods the same patterns.
    """
    patterns = rng.standard_normal((max(1, round(controls.load * size)), size)) / math.sqrt(size)
    return _METHODS[controls.method](patterns, controls, rng)


_UNKNOWN = dict.fromkeys(("local_entropy", "local_free_entropy", "external_entropy"), math.nan)


class Messages:
    """Belief propagation of y replicas; what it says once its messages have settled, else NaN."""

    def __init__(self, patterns: np.ndarray, controls, rng: np.random.Generator):
        self.controls = controls
        warm = controls.temperature
        leak = math.exp(-1 / warm) if warm > 0 else 0.0
        y = round(controls.replicas)
        self.passing = ReplicatedPassing(patterns, controls.overlap, y, leak, controls.margin, rng)
        self.path: list[float] = []

    @property
    def done(self) -> bool:
        return self.passing.settled

    def step(self, count: int) -> None:
        for _ in range(count):
            if self.done:
                return
            self.passing.step()
            self.path.append(self.passing.errors)

    def measure(self) -> dict:
        inner = {"inner_overlap": self.controls.overlap if self.done else self.passing.pair}
        if not self.done:
            names = ("outer_overlap", "errors_per_weight", "centre_errors")
            return _UNKNOWN | dict.fromkeys(names, math.nan) | inner
        told = self.passing.told()
        warm = self.controls.temperature
        inside = told.local_free_entropy
        y = self.controls.replicas
        w = np.where(self.passing.mean >= 0, 1.0, -1.0)
        return inner | {
            "local_entropy": inside + (told.errors_per_weight / warm if warm > 0 else 0.0),
            "local_free_entropy": inside,
            "external_entropy": y * (told.free_entropy - inside),
            "outer_overlap": told.outer_overlap,
            "errors_per_weight": told.errors_per_weight,
            "centre_errors": _wrong(self.passing.patterns, w, self.controls.margin),
        }

    def finish(self) -> dict:
        """What it says at the end, not on the way there."""
        return self.measure()

    def view(self) -> dict:
        return {
            "replicas": self.passing.mean[None].copy(),
            "errors": np.array([0.0, *self.path])[:, None],
        }


def _wrong(patterns: np.ndarray, w: np.ndarray, margin: float) -> float:
    """Patterns in error per weight, patterns over sqrt(N)."""
    return float(np.count_nonzero(patterns @ w < margin) / len(w))


class _Replicas:
    """Two groups of y replicas (groups, y, N) that know nothing of each other and are drawn to
    their inner overlap in the first half of the sweeps.
    """

    def __init__(self, patterns: np.ndarray, controls, rng: np.random.Generator):
        self.controls = controls
        self.rng = rng
        self.patterns = np.ascontiguousarray(patterns, np.float32)
        y = round(controls.replicas)
        shape = (_GROUPS, y, patterns.shape[1])
        self.w = rng.choice(np.array([-1, 1], np.float32), shape)
        self.sweeps = 0
        self.path = [self._errors()]

    @property
    def part(self) -> float:
        """Of the first half."""
        return min(1.0, 2 * self.sweeps / max(self.controls.sweeps, 1))

    def step(self, count: int) -> None:
        for _ in range(count):
            for group in range(_GROUPS):
                self._sweep(group)
            self.sweeps += 1
            self.path.append(self._errors())

    def _sweep(self, group: int) -> None:
        raise NotImplementedError

    def _errors(self) -> float:
        flat = self.w.reshape(-1, self.w.shape[2])
        margin = np.float32(self.controls.margin)
        return np.count_nonzero(flat @ self.patterns.T < margin) / self.w.size

    def _inner(self, group: int) -> float:
        y, n = self.w[group].shape
        total = self.w[group].sum(axis=0)
        return float(total @ total / n - y) / (y * (y - 1))

    def measure(self) -> dict:
        centres = self.w.mean(axis=1)
        signs = np.where(centres >= 0, 1.0, -1.0).astype(np.float32)
        margin = self.controls.margin
        return _UNKNOWN | {
            "outer_overlap": float(np.mean(centres[0] * centres[1])),
            "errors_per_weight": self.path[-1],
            "inner_overlap": np.mean([self._inner(g) for g in range(_GROUPS)]),
            "centre_errors": np.mean([_wrong(self.patterns, w, margin) for w in signs]),
        }

    def view(self) -> dict:
        return {
            "replicas": self.w.reshape(-1, self.w.shape[2]).astype(float),
            "errors": np.array(self.path)[:, None],
        }


class Flips(_Replicas):
    """Annealing: from T = 2 to the temperature, or to 0.1 where that is lower, in the first half of
    the sweeps, then at it. The spring's centre follows what the overlap misses.
    """

    def __init__(self, patterns: np.ndarray, controls, rng: np.random.Generator):
        super().__init__(patterns, controls, rng)
        self.columns = np.ascontiguousarray(self.patterns.T)
        self.totals = self.w.sum(axis=1).astype(np.float64)
        groups, y, n = self.w.shape
        self.pairs = ((self.totals**2).sum(axis=1) - y * n)[:, None] / 2
        self.fields = np.zeros((groups, y, len(patterns)), np.float32)
        self.beyond = np.zeros(groups)
        for group in range(groups):
            annealing.fields_of(self.columns, self.w[group], self.fields[group])

    def _sweep(self, group: int) -> None:
        wanted = self.controls.overlap * self.part
        replicated.sweep(
            self.columns,
            self.w[group],
            self.fields[group],
            self.totals[group],
            self.pairs[group],
            wanted + self.beyond[group],
            self._temperature(),
            np.float32(self.controls.margin),
            self.rng,
        )
        self.beyond[group] += _FOLLOWED * (wanted - self._inner(group))

    def _temperature(self) -> float:
        end = self.controls.temperature
        hot = max(_HOT, end)
        return hot * (max(end, _COLD) / hot) ** self.part if self.part < 1 else end


class Descent(_Replicas):
    """Gradient descent on parts of the patterns; the replicas' attraction follows what their
    overlap misses.
    """

    def __init__(self, patterns: np.ndarray, controls, rng: np.random.Generator):
        super().__init__(patterns, controls, rng)
        self.hidden = 0.5 * self.w * rng.random(self.w.shape, np.float32)
        self.attraction = np.zeros(_GROUPS)

    def _sweep(self, group: int) -> None:
        count = len(self.patterns)
        replicated.descend(
            self.patterns,
            self.rng.permutation(count),
            self.w[group],
            self.hidden[group],
            np.float32(self.attraction[group]),
            np.float32(self.controls.margin),
            np.float32(_RATE),
            min(_BATCHES, count),
        )
        missed = self.controls.overlap * self.part - self._inner(group)
        self.attraction[group] += _FOLLOWED * missed


_METHODS = {"belief-propagation": Messages, "annealing": Flips, "gradient-descent": Descent}
