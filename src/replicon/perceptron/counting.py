"""Fixed points of the perceptron's message passing: marginals, entropy, and a field that holds an
overlap.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from replicon.perceptron.attempts import small_fields
from replicon.perceptron.constraints import constraints
from replicon.perceptron.passing import amp_step, bp_step

_TOLERANCE = 1e-4  # of the last change of a mean, in single precision
DAMPINGS = (0.3, 0.9, 0.97)  # random patterns need little, correlated ones much
_LARGEST_FIELD = 30.0  # its tanh is one in single precision
_GAIN = 0.3  # of Newton's step of the field that holds an overlap, means following it slowly
_LEAST_STIFF = 1e-3  # variance of a weight below which that step grows no more


class WeightMarginals(NamedTuple):
    """mean (N,) of each weight; entropy per weight (nats), Bethe's; overlap with the reference
    reached; residual, the last change of a mean; iterations; converged.
    """

    mean: np.ndarray
    entropy: float
    overlap: float
    residual: float
    iterations: int
    converged: bool


class Messages(NamedTuple):
    """fields h (N,) of the weights; their means m (N,), damped (AMP) or scratch; answers g (P,) of
    the patterns (AMP); messages u (P, N), one row if AMP.
    """

    h: np.ndarray
    m: np.ndarray
    g: np.ndarray
    u: np.ndarray


class Held(NamedTuple):
    """The mean overlap with a reference (N,) of +-1 that a field holds; NaN: no field."""

    reference: np.ndarray
    overlap: float


class Progress(NamedTuple):
    """iterations made; field along the reference; entropy (Bethe's) of all weights together;
    overlap reached; change, the last of a mean.
    """

    iterations: int
    field: float
    entropy: float
    overlap: float
    change: float


class FixedPoint:
    """Belief propagation (or, if `approximate`, AMP) without reinforcement on patterns x (P, N), on
    its way to a fixed point; within a field along a reference if an overlap is `held`.

    Messages that have not settled after `iterations` begin anew from the same fields, more damped,
    three times at most. `step(a)` then `step(b)` is `step(a + b)` to the bit. `self_overlaps`
    (iterations,): |m|^2/N after each, of all attempts.
    """

    def __init__(
        self,
        x: np.ndarray,
        *,
        approximate: bool,
        iterations: int,
        seed: int,
        held: Held | None = None,
    ):
        nothing = Held(np.full(x.shape[1], np.nan, np.float32), math.nan)
        self._held = held or nothing
        self._told = constraints(x)
        self._approximate = approximate
        self._iterations = iterations
        self._seed = seed
        self._attempt = -1
        self._records: list[np.ndarray] = []
        self._begin()

    def _begin(self) -> None:
        count, n = self._told.patterns.shape
        self._attempt += 1
        self._messages = Messages(
            small_fields(self._told.patterns, np.random.default_rng(self._seed)),
            np.zeros(n, np.float32),
            np.zeros(count),
            np.zeros((1 if self._approximate else count, n), np.float32),
        )
        overlap = self._held.overlap
        field = 0.0 if math.isnan(overlap) else math.atanh(overlap)
        self._progress = Progress(0, field, math.nan, math.nan, math.inf)

    @property
    def settled(self) -> bool:
        """Whether no mean moves any more."""
        return self._progress.change < _TOLERANCE

    @property
    def done(self) -> bool:
        """Whether it has settled, or did not with any damping."""
        ended = self._progress.iterations == self._iterations
        return self.settled or (ended and self._attempt == len(DAMPINGS) - 1)

    def step(self, count: int) -> None:
        """So many iterations, fewer once done."""
        while count > 0 and not self.done:
            if self._progress.iterations == self._iterations:
                self._begin()
            before = self._progress.iterations
            record = np.zeros(min(count, self._iterations - before))
            self._progress = advance(
                self._told.patterns,
                self._told.least,
                self._messages,
                self._progress,
                record,
                self._held,
                DAMPINGS[self._attempt],
                _TOLERANCE,
                self._approximate,
            )
            made = self._progress.iterations - before
            self._records.append(record[:made])
            count -= made

    @property
    def mean(self) -> np.ndarray:
        """Means (N,) of the weights now."""
        return means(self._messages.h).astype(float)

    @property
    def self_overlaps(self) -> np.ndarray:
        """|m|^2/N after each iteration, (iterations,)."""
        return np.concatenate([np.zeros(0), *self._records])

    def marginals(self) -> WeightMarginals:
        """What the messages say of the weights now."""
        n = len(self._messages.h)
        entropy = self._progress.entropy / n
        possible = -_TOLERANCE / n <= entropy <= _most(self._held.overlap) + _TOLERANCE
        return WeightMarginals(
            self.mean,
            entropy,
            self._progress.overlap,
            self._progress.change,
            self._progress.iterations,
            self.settled and possible and self._told.sound,
        )


def _most(overlap: float) -> float:
    """Entropy per weight of all weights, or of all at this overlap with one of them."""
    if math.isnan(overlap):
        return math.log(2)
    near = (1 + overlap) / 2
    return -near * math.log(near) - (1 - near) * math.log(1 - near)


@numba.njit(cache=True)
def means(h):
    """tanh of fields (N,), in their precision."""
    m = np.zeros(len(h), np.float32)
    for i in range(len(h)):
        m[i] = math.tanh(h[i])
    return m


@numba.njit(cache=True)
def advance(x, least, messages, progress, record, held, damping, tolerance, approximate):
    """As many iterations as `record` (iterations,) is long, fewer where no mean moves by the
    tolerance; it is filled with |m|^2/N after each. Messages in and out; returns the progress.
    """
    for t in range(len(record)):
        T = means(messages.h)
        new = np.zeros(len(T), np.float32)
        if approximate:
            for i in range(len(T)):
                messages.m[i] = damping * messages.m[i] + (1 - damping) * T[i]
            bethe = amp_step(x, messages.m, messages.g, new, least)
        else:
            bethe = bp_step(x, messages.u, T, new, messages.m, least)
        mixed = 0.0 if approximate else damping
        progress = _update(messages.h, T, new, mixed, bethe, progress, held)
        record[t] = np.mean(means(messages.h) ** 2)
        if progress.change < tolerance:
            break
    return progress


@numba.njit(cache=True)
def _update(h, T, new, damping, bethe, progress, held):
    """Fields h <- `new`, with the field that holds the overlap, and what they say beside means T of
    before; `bethe`: the patterns' part of the entropy.
    """
    n = len(h)
    holds = not math.isnan(held.overlap)
    field = progress.field
    change = 0.0
    entropy = bethe
    reached = 0.0
    stiff = 0.0
    for i in range(n):
        total = new[i] + (field * held.reference[i] if holds else 0.0)
        total = min(max(total, -_LARGEST_FIELD), _LARGEST_FIELD)
        if damping > 0:
            total = damping * h[i] + (1 - damping) * total
        value = math.tanh(total)
        change = max(change, abs(value - T[i]))
        h[i] = total
        for p in ((1 + value) / 2, (1 - value) / 2):
            if p > 0:
                entropy -= p * math.log(p)
        if holds:
            reached += value * held.reference[i] / n
            stiff += (1 - value * value) / n
    if holds:
        field += _GAIN * (held.overlap - reached) / max(stiff, _LEAST_STIFF)
        change = max(change, abs(held.overlap - reached))
    return Progress(progress.iterations + 1, field, entropy, reached, change)
