"""Approximate message passing (GAMP) for any separable prior and output channel, from their log-integrals alone.

With F = patterns/sqrt(N), means m and variances v of the weights,

V = F^2 v,  omega = F m - V g_old,  g = d ln Z_out/d omega,  A = -(F^2)^T g',  b = F^T g + A m,
m = d ln Z_in/db,  v = d^2 ln Z_in/db^2,

every pattern with its own V and every weight with its own A. Its fixed points are saddle points of `theory.separable`, its
iterates on random patterns follow the state evolution of the same engine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._errors import InputError

_SMALLEST = 1e-12


class Passed(NamedTuple):
    """mean and variance (N,) of the weights; free_entropy per weight (Bethe's, that of `theory.separable`'s potential) and its
    derivatives in the channel's parameters (`sensitivity`, one for each);
    overlaps (iterations,) with the reference after each iteration; residual, the last change of a mean; iterations; converged.
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
) -> Passed:
    """Marginals of the weights of one instance: patterns (P, N), labels (P,) of +-1 or real (1 by default: absorbed);
    `prior` and `channel` are those of `theory.separable`, of which only the log-integrals are read.

    `parameters`: values of the controls the channel names, in its order. `reference` (N,): weights, a teacher's say, with which
    the overlap is recorded. `start` (N,): first means, zero by default. `damping`: weight of the old means; by default it
    adapts, growing when the largest change of a mean grows and shrinking slowly while it falls. Not converged where the
    change stays above `tolerance` or the iteration leaves the reals. Raises InputError.

    Source: Donoho, Maleki & Montanari, PNAS 106, 18914 (2009); Rangan, arXiv:1010.5141, algorithm 1. Referee: state evolution
    (tests/simulation/test_amp.py), exact enumeration of small instances.
    """
    x = np.asarray(patterns, float)
    if x.ndim != 2 or 0 in x.shape or not np.isfinite(x).all():
        raise InputError(f"Patterns have shape {x.shape}: give finite numbers of shape (patterns, weights).")
    count, n = x.shape
    y = np.ones(count) if labels is None else np.asarray(labels, float)
    if y.shape != (count,):
        raise InputError(f"Labels have shape {y.shape}: with patterns {x.shape} they must have shape ({count},).")
    if damping is not None and not 0 <= damping < 1:
        raise InputError(f"damping = {damping:g} is outside its domain: damping must be >= 0 and < 1 (weight of the old means).")
    first = np.zeros(n) if start is None else np.asarray(start, float)
    wanted = np.zeros(n) if reference is None else np.asarray(reference, float)
    with jax.enable_x64(True):
        run = _runner(prior, channel, int(iterations), damping is None)
        share = 1.0 if damping is None else 1 - damping
        state, phi, slopes = run(x / np.sqrt(n), y, tuple(map(float, parameters)), first, wanted, share, tolerance)
        mean, overlaps = np.asarray(state.mean), np.asarray(state.overlaps)[: int(state.step)]
        change, steps = float(state.change), int(state.step)
        sensitivity = tuple(float(v) for v in slopes)
    good = change < tolerance and bool(np.isfinite(mean).all())
    return Passed(mean, np.asarray(state.variance), float(phi), sensitivity, overlaps, change, steps, good)


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
        n = F.shape[1]

        def fields(s: _State):
            V = jnp.maximum(squares @ s.variance, _SMALLEST)
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
                share = jnp.where(change > s.change, jnp.maximum(0.7 * share, 0.02), jnp.minimum(1.02 * share, 1.0))
            mean, variance, g = (
                jnp.where(lost, old, (1 - share) * old + share * new)
                for old, new in ((s.mean, mean), (s.variance, variance), (s.answer, g))
            )
            overlaps = s.overlaps.at[s.step].set(mean @ reference / n)
            # A state that has left the reals cannot come back: stopped as it is, with a change that says so.
            step = jnp.where(lost, iterations, s.step + 1)
            return _State(step, mean, variance, g, share, jnp.where(lost, 2.0, change), overlaps)

        unseen = variance_of(jnp.zeros(n), jnp.zeros(n))
        begin = _State(0, first, unseen, jnp.zeros(len(y)), share, 2.0, jnp.full(iterations, jnp.nan))
        end = jax.lax.while_loop(unfinished, advance, begin)
        V, omega, g, A, b = fields(end)
        m, v = mean_of(A, b), variance_of(A, b)
        weights = jax.vmap(prior.log_integral)(A, b) + A * (v + m**2) / 2 - b * m
        phi = (weights.sum() + (out_log(y, omega, V, *parameters) + V * g**2 / 2).sum()) / n
        # Stationary in everything else, the potential depends on a parameter through the channel alone.
        slopes = jax.grad(lambda p: out_log(y, omega, V, *p).sum() / n)(parameters)
        return end, phi, slopes

    return run
