"""Pairs of solutions of finite perceptrons: all of small ones by enumeration, at all distances at
once; large ones by message passing with a coupling field.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from replicon.perceptron.declare_pairs import whole_distance
from replicon.perceptron.enumeration import (
    ByDistance,
    around_by_distance,
    check_enumerable,
    pairs_by_distance,
    satisfied,
)
from replicon.perceptron.pair_passing import ITERATIONS, PairPassing, SinglePassing

_ROUNDING = 1e-6  # of an entropy, beyond its bounds


def check_size(controls: dict, size: int) -> None:
    """Refuse what enumeration cannot do."""
    if "enumeration" in controls["method"]:
        check_enumerable("perceptron-pairs", size)


def iterations(controls) -> int:
    """Iterations after which a method has done what it can."""
    return 1 if controls.method == "enumeration" else ITERATIONS


class Pairs(NamedTuple):
    """What is declared of pairs (or, with a random reference, of solutions), a number each."""

    pair_entropy: float
    relative_entropy: float
    typical_entropy: float
    overlap: float
    coupling_field: float
    solvable: float


_UNKNOWN = Pairs(math.nan, math.nan, math.nan, math.nan, math.nan, 0.0)


def start(controls, size: int, rng: np.random.Generator):
    """One set of Gaussian patterns, a random reference where one is asked for, and the method that
    counts.

    Entropies are of densities: what is counted at distance D, over C(N, D), with the entropy of all
    weights at that distance added, which takes away the largest correction in 1/N. An instance
    without any, or whose messages did not settle on an entropy that may be, gives NaN and
    `solvable` 0.
    """
    patterns = rng.standard_normal((round(controls.load * size), size))
    reference = rng.choice([-1.0, 1.0], size)
    if controls.method == "enumeration":
        return Enumerated(patterns, reference, controls)
    return Passing(patterns, reference, controls, rng)


@lru_cache(maxsize=1024)
def _enumerate(content: bytes, size: int, margin: float, reference: int | None) -> ByDistance:
    """All distances of one instance: other distances of the same are not counted again."""
    alive = satisfied(np.frombuffer(content).reshape(-1, size), margin)
    if reference is None:
        return pairs_by_distance(alive)
    return around_by_distance(alive, reference)


class Enumerated:
    """All weights, in one step."""

    def __init__(self, patterns: np.ndarray, reference: np.ndarray, controls):
        self.patterns = patterns
        self.reference = reference
        self.controls = controls
        self._reference = None
        if controls.reference == "random":
            self._reference = int("".join("1" if w > 0 else "0" for w in reference), 2)
        self._found: ByDistance | None = None

    @property
    def done(self) -> bool:
        return self._found is not None

    def step(self, count: int) -> None:
        if count and self._found is None:
            size = self.patterns.shape[1]
            margin = float(self.controls.margin)
            self._found = _enumerate(self.patterns.tobytes(), size, margin, self._reference)

    @property
    def _place(self) -> int:
        size = self.patterns.shape[1]
        return round(whole_distance(self.controls.distance, size) * size)

    def _entropies(self) -> np.ndarray:
        """At each distance, (N + 1,); NaN where there is nothing."""
        size = self.patterns.shape[1]
        if self._found is None:
            return np.full(size + 1, math.nan)
        counts = self._found.counts
        with np.errstate(divide="ignore"):
            logs = np.where(counts > 0, np.log(counts), math.nan) / size
        return logs + np.array([_excess(size, d) for d in range(size + 1)])

    def measure(self) -> dict:
        entropies = self._entropies()
        place = self._place
        if self._found is None or math.isnan(entropies[place]):
            return _UNKNOWN._asdict()
        size = len(entropies) - 1
        all_ = math.log(self._found.total) / size
        mean = self._found.sums[place] / self._found.counts[place]
        return Pairs(
            entropies[place],
            entropies[place] - (2 if self._reference is None else 1) * all_,
            all_,
            float(mean @ mean) / size,
            float(entropies[place + 1] - entropies[place - 1]) * size / 4,
            1.0,
        )._asdict()

    def view(self) -> dict:
        size = self.patterns.shape[1]
        means = np.zeros(size)
        if self._found is not None and self._found.counts[self._place]:
            means = self._found.sums[self._place] / self._found.counts[self._place]
        return {"means": means[None], "entropies": np.nan_to_num(self._entropies())[:, None]}

    def set(self, control: str, value: float) -> None:
        self.controls = self.controls._replace(**{control: value})


def _excess(size: int, distance: int) -> float:
    """Entropy of all weights at a distance, less that of their number, per weight."""
    d = distance / size
    mixing = -sum(part * math.log(part) for part in (d, 1 - d) if part > 0)
    return mixing - math.log(math.comb(size, distance)) / size


class Passing:
    """Messages of what is counted, and beside them those of all solutions of the instance."""

    def __init__(self, patterns, reference, controls, rng):
        self.controls = controls
        size = patterns.shape[1]
        overlap = 1 - 2 * whole_distance(controls.distance, size)
        margin = float(controls.margin)
        self._alone = controls.reference == "random"
        if self._alone:
            self._held = SinglePassing(patterns, margin, overlap, reference)
        else:
            self._held = PairPassing(patterns, margin, overlap, rng)
        self._free = SinglePassing(patterns, margin, math.nan, reference)

    @property
    def done(self) -> bool:
        return self._held.done and self._free.done

    def step(self, count: int) -> None:
        self._held.step(count)
        self._free.step(count)

    def measure(self) -> dict:
        held, free = self._held, self._free
        all_ = free.entropy
        most = math.log(2) if self._alone else 2 * math.log(2)
        settled = held.settled and free.settled
        possible = -_ROUNDING <= held.entropy <= most + _ROUNDING and all_ >= -_ROUNDING
        if self.done and not (settled and possible):
            return _UNKNOWN._asdict()
        return Pairs(
            held.entropy,
            held.entropy - (1 if self._alone else 2) * all_,
            all_,
            held.overlap,
            held.field,
            float(settled),
        )._asdict()

    def view(self) -> dict:
        path = np.array([0.0, *self._held.entropies])
        return {"means": self._held.means[:, :1].T, "entropies": path[:, None]}

    def set(self, control: str, value: float) -> None:
        self.controls = self.controls._replace(**{control: value})
        size = len(self._held.means)
        self._held.hold(1 - 2 * whole_distance(self.controls.distance, size))
