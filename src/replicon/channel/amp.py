"""Approximate message passing (GAMP) for any separable prior and output channel, from their
log-integrals alone.

With F = patterns/sqrt(N), means m and variances v of the weights,

V = F^2 v,  omega = F m - V g_old,  g = d ln Z_out/d omega,  A = -(F^2)^T g',  b = F^T g + A m,
m = d ln Z_in/db,  v = d^2 ln Z_in/db^2,

every pattern with its own V and every weight with its own A. Its fixed points are saddle points of
`channel.replica`, its iterates on random patterns follow the state evolution of the same engine.

`MessagePassing` is stepped, an iteration a step; `message_passing` runs it to its end.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np

from replicon._arrays import real_array
from replicon._declare import Interval
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon.channel.amp_iteration import RECORD, UNSEEN, Messages, compiled
from replicon.channel.rows import distinct, scaled_to_one, too_alike

_EXCESS = 1e-6  # of a free entropy over the prior's that rounding may make


class WeightPosterior(NamedTuple):
    """mean and variance (N,) of the weights; free_entropy per weight (Bethe's, that of
    `channel.replica`'s potential) and its derivatives in the channel's parameters (`sensitivity`,
    one for each); overlaps (iterations,) with the reference after each iteration; residual, the
    last change of a mean; iterations; converged.
    """

    mean: np.ndarray
    variance: np.ndarray
    free_entropy: float
    sensitivity: tuple[float, ...]
    overlaps: np.ndarray
    residual: float
    iterations: int
    converged: bool


class _Instance(NamedTuple):
    """patterns (P, N); labels (P,); first means (N,); reference (N,)."""

    patterns: np.ndarray
    labels: np.ndarray
    first: np.ndarray
    reference: np.ndarray


class MessagePassing:
    """Approximate message passing on one instance, advanced by iterations and read at any time.

    Arguments, Raises, Source and Referee: those of `message_passing`. `step(a)` then `step(b)` is
    `step(a + b)` to the bit. `mean` (N,), of the weights now; `iterations`, how many were done;
    `overlaps` and `self_overlaps` (iterations,), mean @ reference/N and mean @ mean/N after each.
    """

    def __init__(
        self,
        patterns,
        prior: Any,
        channel: Any,
        *,
        labels=None,
        parameters: tuple = (),
        reference=None,
        start=None,
        damping: float | None = None,
        tolerance: float = 1e-8,
    ):
        self._channel = channel
        self._instance = _checked(patterns, labels, start, reference)
        self._adaptive = damping is None
        share = 1.0
        if damping is not None:
            allowed = Interval(0, 1, open_high=True)
            share -= check_argument("damping", damping, allowed, "weight of the old means")
        self._tolerance = check_argument(
            "tolerance", tolerance, Interval(0), "of the last change of a mean"
        )
        self.iterations = 0
        self._records: list[np.ndarray] = []
        with jax.enable_x64(True):
            self._compiled = compiled(prior, channel)
        if not np.isfinite(self._compiled.variance):
            raise InputError(
                "This prior has no finite variance (spherical): take one that has, gaussian for the"
                " sphere."
            )
        silent = np.zeros(len(self._instance.labels))
        self._messages = Messages(
            self._instance.first,
            np.full(len(self._instance.first), self._compiled.variance),
            silent,
            np.float64(share),
            np.float64(UNSEEN),
            np.bool_(False),
        )
        self._kept = np.arange(len(silent))
        self.set_parameters(parameters)

    def set_parameters(self, parameters: tuple) -> None:
        """Other values of the channel's parameters: iterations go on from the messages as they
        are, where a pattern that had not counted answers nothing at first. Raises InputError.
        """
        self._parameters = _checked_parameters(parameters, self._channel)
        x = self._instance.patterns
        y = self._instance.labels
        kinds = tuple(np.unique(y)[:8].tolist())
        with jax.enable_x64(True):
            self._hard, free = _nature(self._channel, self._parameters, kinds)
        scale = scaled_to_one(x) if free else x / np.abs(x).max()
        kept = distinct(np.column_stack([scale, y]))
        self._once = len(kept) == len(y)
        answers = np.zeros(len(y))
        answers[self._kept] = self._messages.answer
        self._kept = kept if self._hard else np.arange(len(y))
        self._messages = self._messages._replace(
            answer=answers[self._kept], change=np.float64(UNSEEN), lost=np.bool_(False)
        )
        x = x[self._kept]
        y = y[self._kept]
        self._alike = too_alike(x * np.sign(y)[:, None])
        self._given = (x / np.sqrt(x.shape[1]), y, self._parameters)

    @property
    def done(self) -> bool:
        """Whether no mean moves by the tolerance any more, or the iteration left the reals."""
        return bool(self._messages.lost or self._messages.change < self._tolerance)

    def step(self, count: int) -> None:
        """So many iterations, fewer once done."""
        with jax.enable_x64(True):
            while count > 0 and not self.done:
                state, made, record = self._compiled.advance(
                    *self._given,
                    self._messages,
                    self._instance.reference,
                    min(count, RECORD),
                    self._tolerance,
                    adaptive=self._adaptive,
                )
                self._messages = Messages(*map(np.asarray, state))
                self._records.append(np.asarray(record)[: int(made)])
                self.iterations += int(made)
                count -= int(made)

    @property
    def mean(self) -> np.ndarray:
        """Means (N,) of the weights now."""
        return np.asarray(self._messages.mean)

    @property
    def overlaps(self) -> np.ndarray:
        """mean @ reference/N after each iteration, (iterations,)."""
        return np.concatenate([np.zeros((0, 2)), *self._records])[:, 0]

    @property
    def self_overlaps(self) -> np.ndarray:
        """mean @ mean/N after each iteration, (iterations,)."""
        return np.concatenate([np.zeros((0, 2)), *self._records])[:, 1]

    def posterior(self) -> WeightPosterior:
        """What the messages say of the weights now."""
        with jax.enable_x64(True):
            value, slopes = self._compiled.bethe(*self._given, self._messages)
        free_entropy = float(value)
        change = float(self._messages.change)
        possible = not (self._hard and free_entropy > self._compiled.free_entropy + _EXCESS)
        trusted = (self._hard or self._once) and not self._alike and possible
        real = bool(np.isfinite(self.mean).all() and np.isfinite(free_entropy))
        return WeightPosterior(
            self.mean,
            np.asarray(self._messages.variance),
            free_entropy,
            tuple(float(v) for v in slopes),
            self.overlaps,
            change,
            self.iterations,
            change < self._tolerance and real and trusted,
        )


def message_passing(
    patterns,
    prior: Any,
    channel: Any,
    *,
    labels=None,
    parameters: tuple = (),
    reference=None,
    start=None,
    damping: float | None = None,
    iterations: int = 1000,
    tolerance: float = 1e-8,
) -> WeightPosterior:
    """Marginals of the weights of one instance: patterns (P, N), labels (P,) of +-1 or real (1 by
    default: absorbed); `prior` and `channel` are those of `channel.replica`, of which only the
    log-integrals are read.

    `parameters`: values of the controls the channel names, in its order. `reference` (N,): weights,
    a teacher's say, with which the overlap is recorded. `start` (N,): first means, zero by default.
    `damping`: weight of the old means; by default it adapts, growing when the largest change of a
    mean grows and shrinking slowly while it falls. Patterns that repeat one another count once
    where the channel is certain (p = 0 or 1). Not converged where the change stays above
    `tolerance`, the iteration leaves the reals, a certain channel's free entropy is above that of
    the prior, an uncertain one's patterns repeat one another, or patterns are too alike (`rows`). A
    negative entropy of discrete weights says that the state is metastable: there are no such
    weights. Raises InputError.

    Source: Donoho, Maleki & Montanari, PNAS 106, 18914 (2009); Rangan, arXiv:1010.5141, algorithm
    1. Referee: state evolution (tests/channel/test_amp.py), exact enumeration of small
    instances.
    """
    iterations = check_argument("iterations", iterations, Interval(1, integer=True))
    passing = MessagePassing(
        patterns,
        prior,
        channel,
        labels=labels,
        parameters=parameters,
        reference=reference,
        start=start,
        damping=damping,
        tolerance=tolerance,
    )
    passing.step(iterations)
    return passing.posterior()


def _checked(patterns, labels, start, reference) -> _Instance:
    x = real_array("patterns", patterns, "give finite numbers of shape (patterns, weights)", ndim=2)
    count, n = x.shape
    silent = np.flatnonzero(~x.any(axis=1))
    if len(silent):
        raise InputError(
            f"patterns holds only zeros in row {silent[0]}, which says nothing of the weights:"
            " leave it out."
        )
    given = f"with patterns {x.shape} it must have shape"
    return _Instance(
        x,
        _vector(
            "labels", labels, np.ones(count), f"{given} ({count},), one label for each pattern"
        ),
        _vector("start", start, np.zeros(n), f"{given} ({n},), one mean for each weight"),
        _vector("reference", reference, np.zeros(n), f"{given} ({n},), one number for each weight"),
    )


def _checked_parameters(given: tuple, channel: Any) -> tuple[float, ...]:
    expected = "give a number for each parameter"
    values = np.atleast_1d(_vector("parameters", given or None, np.zeros(0), expected))
    if len(values) != len(channel.parameters):
        names = ", ".join(channel.parameters) or "none"
        raise InputError(
            f"parameters holds {len(values)} numbers: the channel's parameters are {names}."
        )
    return tuple(map(float, values))


def _vector(name: str, given, default: np.ndarray, expected: str) -> np.ndarray:
    if given is None:
        return default
    return real_array(name, given, expected, shape=default.shape if len(default) else (None,))


@lru_cache(maxsize=256)
def _nature(channel, parameters: tuple, labels: tuple) -> tuple[bool, bool]:
    """Whether a pattern's factor is 0 or 1, so that saying it twice says no more; and whether its
    scale is without meaning too.
    """
    modulus = np.geomspace(1.013579e-3, 1e3, 49)
    fields = np.concatenate([-modulus, modulus])

    @jax.jit  # one graph: every operation of JAX on its own is compiled
    def logs(label, fields):
        return jax.vmap(lambda h: channel.log_integral(label, h, 1e-24, *parameters))(fields)

    def factor(label, scale):
        return np.exp(np.asarray(logs(label, scale * fields)))

    p = [factor(label, 1.0) for label in labels]
    hard = all(bool(((k < 1e-9) | (np.abs(k - 1) < 1e-9)).all()) for k in p)
    return hard, hard and all(
        np.array_equal(k > 0.5, factor(label, 7.3) > 0.5) for k, label in zip(p, labels)
    )
