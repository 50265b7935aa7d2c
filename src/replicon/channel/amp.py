"""Approximate message passing (GAMP) for any separable prior and output channel, from their
log-integrals alone.

With F = patterns/sqrt(N), means m and variances v of the weights,

V = F^2 v,  omega = F m - V g_old,  g = d ln Z_out/d omega,  A = -(F^2)^T g',  b = F^T g + A m,
m = d ln Z_in/db,  v = d^2 ln Z_in/db^2,

every pattern with its own V and every weight with its own A. Its fixed points are saddle points of
`channel.replica`, its iterates on random patterns follow the state evolution of the same engine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._arrays import real_array
from replicon._declare import Interval
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon.channel.rows import distinct, scaled_to_one, too_alike

_SMALLEST = 1e-12


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


class _State(NamedTuple):
    step: Any
    mean: Any
    variance: Any
    answer: Any
    share: Any  # of the new value in the next
    change: Any
    overlaps: Any


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
    x = real_array("patterns", patterns, "give finite numbers of shape (patterns, weights)", ndim=2)
    count, n = x.shape
    silent = np.flatnonzero(~x.any(axis=1))
    if len(silent):
        raise InputError(
            f"patterns holds only zeros in row {silent[0]}, which says nothing of the weights:"
            " leave it out."
        )
    given = f"with patterns {x.shape} it must have shape"
    y = _vector("labels", labels, np.ones(count), f"{given} ({count},), one label for each pattern")
    first = _vector("start", start, np.zeros(n), f"{given} ({n},), one mean for each weight")
    wanted = _vector(
        "reference", reference, np.zeros(n), f"{given} ({n},), one number for each weight"
    )
    if damping is not None:
        damping = check_argument(
            "damping", damping, Interval(0, 1, open_high=True), "weight of the old means"
        )
    iterations = check_argument("iterations", iterations, Interval(1, integer=True))
    tolerance = check_argument("tolerance", tolerance, Interval(0), "of the last change of a mean")
    values = np.atleast_1d(
        _vector("parameters", parameters or None, np.zeros(0), "give a number for each parameter")
    )
    if len(values) != len(channel.parameters):
        names = ", ".join(channel.parameters) or "none"
        raise InputError(
            f"parameters holds {len(values)} numbers: the channel's parameters are {names}."
        )
    with jax.enable_x64(True):
        if not np.isfinite(jax.grad(jax.grad(prior.log_integral, argnums=1), argnums=1)(0.0, 0.0)):
            raise InputError(
                "This prior has no finite variance (spherical): take one that has, gaussian for the"
                " sphere."
            )
        hard, free = _nature(channel, tuple(map(float, values)), tuple(np.unique(y)[:8].tolist()))
        repeated = np.column_stack([scaled_to_one(x) if free else x / np.abs(x).max(), y])
        kept = distinct(repeated)
        once = len(kept) == count
        if hard:
            x, y = x[kept], y[kept]
        run = _runner(prior, channel, iterations, damping is None)
        share = 1.0 if damping is None else 1 - damping
        state, phi, slopes = run(
            x / np.sqrt(n), y, tuple(map(float, values)), first, wanted, share, tolerance
        )
        phi = float(phi)
        mean, overlaps = np.asarray(state.mean), np.asarray(state.overlaps)[: int(state.step)]
        change, steps = float(state.change), int(state.step)
        sensitivity = tuple(float(v) for v in slopes)
        most = float(prior.log_integral(jnp.zeros(()), jnp.zeros(())))
    sound = (
        (hard or once)
        and not too_alike(x * np.sign(y)[:, None])
        and not (hard and phi > most + 1e-6)
    )
    good = change < tolerance and bool(np.isfinite(mean).all() and np.isfinite(phi))
    return WeightPosterior(
        mean, np.asarray(state.variance), phi, sensitivity, overlaps, change, steps, good and sound
    )


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

    def factor(label, scale):
        at = jax.vmap(lambda h: channel.log_integral(label, h, 1e-24, *parameters))
        return np.exp(np.asarray(at(jnp.asarray(scale * fields))))

    p = [factor(label, 1.0) for label in labels]
    hard = all(bool(((k < 1e-9) | (np.abs(k - 1) < 1e-9)).all()) for k in p)
    return hard, hard and all(
        np.array_equal(k > 0.5, factor(label, 7.3) > 0.5) for k, label in zip(p, labels)
    )


@lru_cache(maxsize=32)
def _runner(prior: Any, channel: Any, iterations: int, adaptive: bool) -> Callable:
    out_log = jax.vmap(channel.log_integral, in_axes=(0, 0, 0, *(None,) * len(channel.parameters)))
    out_one = jax.grad(channel.log_integral, argnums=1)
    inner = (None,) * len(channel.parameters)
    answer = jax.vmap(out_one, in_axes=(0, 0, 0, *inner))
    curvature = jax.vmap(jax.grad(out_one, argnums=1), in_axes=(0, 0, 0, *inner))
    in_one = jax.grad(prior.log_integral, argnums=1)
    mean_of, variance_of = jax.vmap(in_one), jax.vmap(jax.grad(in_one, argnums=1))

    @jax.jit
    def run(F, y, parameters, first, reference, share, tolerance):
        squares = F**2
        largest = squares.sum(axis=1)  # the variances of the fields for weights of variance one
        n = F.shape[1]

        def fields(s: _State):
            V = jnp.maximum(squares @ s.variance, _SMALLEST * largest)
            omega = F @ s.mean - V * s.answer
            g = answer(y, omega, V, *parameters)
            A = -curvature(y, omega, V, *parameters) @ squares
            return V, omega, g, A, g @ F + A * s.mean

        def unfinished(s: _State):
            return (s.step < iterations) & (s.change >= tolerance)

        def advance(s: _State) -> _State:
            _, _, g, A, b = fields(s)
            mean, variance = mean_of(A, b), jnp.maximum(variance_of(A, b), _SMALLEST)
            change = jnp.max(jnp.abs(mean - s.mean))
            lost = ~jnp.isfinite(change)
            share = s.share
            if adaptive:
                share = jnp.where(
                    change > s.change,
                    jnp.maximum(0.7 * share, 0.02),
                    jnp.minimum(1.02 * share, 1.0),
                )
            mean, variance, g = (
                jnp.where(lost, old, (1 - share) * old + share * new)
                for old, new in ((s.mean, mean), (s.variance, variance), (s.answer, g))
            )
            overlaps = s.overlaps.at[s.step].set(mean @ reference / n)
            # A state that has left the reals cannot come back: stopped as it is, with a change that
            # says so.
            step = jnp.where(lost, iterations, s.step + 1)
            return _State(step, mean, variance, g, share, jnp.where(lost, 2.0, change), overlaps)

        unseen = variance_of(jnp.zeros(n), jnp.zeros(n))
        begin = _State(
            0, first, unseen, jnp.zeros(len(y)), share, 2.0, jnp.full(iterations, jnp.nan)
        )
        end = jax.lax.while_loop(unfinished, advance, begin)
        V, omega, g, A, b = fields(end)
        m, v = mean_of(A, b), variance_of(A, b)
        weights = jax.vmap(prior.log_integral)(A, b) + A * (v + m**2) / 2 - b * m
        phi = (weights.sum() + (out_log(y, omega, V, *parameters) + V * g**2 / 2).sum()) / n
        # Stationary in everything else, the potential depends on a parameter through the channel
        # alone.
        slopes = jax.grad(lambda p: out_log(y, omega, V, *p).sum() / n)(parameters)
        return end, phi, slopes

    return run
