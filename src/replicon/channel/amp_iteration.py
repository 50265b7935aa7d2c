"""One iteration of approximate message passing and Bethe's free entropy, compiled for a prior and a
channel: the formula that `amp` states.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from replicon._jit import jit

RECORD = 100  # iterations whose overlaps one call of the compiled loop can record
_SMALLEST = 1e-12  # variance of a weight, and of a field beside that of weights of variance one
_SLOWER = 0.7  # factor on the share of the new values where the largest change has grown
_FASTER = 1.02  # where it has not
_LEAST_SHARE = 0.02
UNSEEN = 2.0  # as a change: more than two means of +-1 weights can differ


class Messages(NamedTuple):
    """mean and variance (N,) of the weights; answer g (P,) of the patterns; share of the new values
    in the next ones; change, the largest of a mean; lost, whether the iteration left the reals.
    """

    mean: Any
    variance: Any
    answer: Any
    share: Any
    change: Any
    lost: Any


class Fields(NamedTuple):
    """omega and V (P,), mean and variance of the patterns' fields; g (P,), their answers; A and b
    (N,), precision and field of the weights.
    """

    omega: Any
    V: Any
    g: Any
    A: Any
    b: Any


class Compiled(NamedTuple):
    """`advance(F, labels, parameters, messages, reference, count, tolerance, adaptive=)`: messages
    after `count` more iterations, or fewer, their number, and what was recorded; `bethe(F, labels,
    parameters, messages)`: free entropy and its derivatives in the parameters. Without patterns:
    variance of a weight, and free entropy per weight, the prior's.
    """

    advance: Callable
    bethe: Callable
    variance: float
    free_entropy: float


@lru_cache(maxsize=32)
def compiled(prior: Any, channel: Any) -> Compiled:
    """The functions of this prior and channel, compiled once for each number of patterns and
    weights.
    """
    axes = (0, 0, 0, *(None,) * len(channel.parameters))
    out_one = jax.grad(channel.log_integral, argnums=1)
    out_log = jax.vmap(channel.log_integral, in_axes=axes)
    answer = jax.vmap(out_one, in_axes=axes)
    curvature = jax.vmap(jax.grad(out_one, argnums=1), in_axes=axes)
    in_one = jax.grad(prior.log_integral, argnums=1)
    mean_of = jax.vmap(in_one)
    variance_of = jax.vmap(jax.grad(in_one, argnums=1))

    def fields(F, squares, y, parameters, s: Messages) -> Fields:
        """The formula of `amp`, from V to b."""
        largest = squares.sum(axis=1)  # the variances of the fields for weights of variance one
        V = jnp.maximum(squares @ s.variance, _SMALLEST * largest)
        omega = F @ s.mean - V * s.answer
        g = answer(y, omega, V, *parameters)
        A = -curvature(y, omega, V, *parameters) @ squares
        return Fields(omega, V, g, A, g @ F + A * s.mean)

    def iterate(s: Messages, f: Fields, adaptive: bool) -> Messages:
        """New means, variances and answers, each mixed with the old one."""
        mean = mean_of(f.A, f.b)
        variance = jnp.maximum(variance_of(f.A, f.b), _SMALLEST)
        change = jnp.max(jnp.abs(mean - s.mean))
        lost = ~jnp.isfinite(change)
        share = s.share
        if adaptive:
            slower = jnp.maximum(_SLOWER * share, _LEAST_SHARE)
            faster = jnp.minimum(_FASTER * share, 1.0)
            share = jnp.where(change > s.change, slower, faster)

        def mixed(old, new):
            # A state that has left the reals cannot come back: it stays as it was.
            return jnp.where(lost, old, (1 - share) * old + share * new)

        return Messages(
            mixed(s.mean, mean),
            mixed(s.variance, variance),
            mixed(s.answer, f.g),
            share,
            jnp.where(lost, UNSEEN, change),
            lost,
        )

    @partial(jit, static_argnames="adaptive")
    def advance(F, y, parameters, first: Messages, reference, count, tolerance, *, adaptive):
        squares = F**2
        n = F.shape[1]

        def unfinished(now):
            s, made, _ = now
            return (made < count) & (s.change >= tolerance) & ~s.lost

        def one(now):
            s, made, record = now
            s = iterate(s, fields(F, squares, y, parameters, s), adaptive)
            overlaps = jnp.array([s.mean @ reference / n, s.mean @ s.mean / n])
            return s, made + 1, record.at[made].set(overlaps)

        first = Messages(*map(jnp.asarray, first))
        return jax.lax.while_loop(unfinished, one, (first, 0, jnp.zeros((RECORD, 2))))

    @partial(jit, how="seldom")
    def bethe(F, y, parameters, s: Messages):
        omega, V, g, A, b = fields(F, F**2, y, parameters, s)
        n = F.shape[1]
        m = mean_of(A, b)
        v = variance_of(A, b)
        weights = jax.vmap(prior.log_integral)(A, b) + A * (v + m**2) / 2 - b * m
        free_entropy = (
            weights.sum() + (out_log(y, omega, V, *parameters) + V * g**2 / 2).sum()
        ) / n
        # Stationary in everything else, the potential depends on a parameter through the channel
        # alone.
        slopes = jax.grad(lambda p: out_log(y, omega, V, *p).sum() / n)(parameters)
        return free_entropy, slopes

    @partial(jit, how="seldom")
    def alone(nothing):
        return variance_of(nothing, nothing)[0], prior.log_integral(nothing[0], nothing[0])

    return Compiled(advance, bethe, *map(float, alone(jnp.zeros(1))))
