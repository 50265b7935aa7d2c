"""Infinitely many replicas of a binary perceptron at imposed overlap q1, in closed form:

phi = -qh (1 - q1 + dq)/2 - q1 dh/2 + E [ln 2cosh h - dh tanh^2(h)/2] + load E [ln H_T(tau) - (omega
- sqrt(q1) z)^2/(2 dq)],

H_T = exp(-1/T) + (1 - exp(-1/T)) H, tau = (margin - omega)/sqrt(1 - q1), omega = sqrt(q1) z + dq g,
g = d ln H_T/domega, h = sqrt(qh) z + dh tanh h, with qh = load E g^2, q1 = E tanh^2 h, dq = E z
tanh(h)/sqrt(qh) - (1 - q1): dq = y (q1 - q0) and dh = y (qh1 - qh0) stay finite.

Both omega(z) and h(z) are where a maximum lies. That of h jumps at z = 0 for dh > 1: only z > 0 is
integrated. At T > 0 that of omega may jump too, from a pattern that is left in error to one that is
satisfied, where both are worth the same: the integral is split there.

Source: Baldassi et al., PRL 115, 128101 (2015); PNAS 113, E7655 (2016). Referee: many replicas
(`channel.one_step`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon.channel.factors import threshold
from replicon.theory import gaussian
from replicon.theory.bisection import bisect, polish
from replicon.theory.gaussian import derivative
from replicon.theory.normal import hazard, log_normal


class Limit(NamedTuple):
    """qh, dq and dh of the module's formula: scalars."""

    conjugate: Any
    excess: Any
    conjugate_excess: Any


class _Patterns(NamedTuple):
    """At the nodes z (nodes,): omega, g and its slope dg/domega, sqrt(q1) z and their weights."""

    omega: Any
    g: Any
    curvature: Any
    b: Any
    weight: Any


_HALF, _HALF_WEIGHT = np.polynomial.legendre.leggauss(200)
_HALF = 4.5 * (_HALF + 1)  # z in (0, 9): for dh > 1 the sign of h jumps at z = 0
_HALF_WEIGHT = _HALF_WEIGHT * np.exp(-(_HALF**2) / 2)
_HALF_WEIGHT /= _HALF_WEIGHT.sum()

_PART, _PART_WEIGHT = np.polynomial.legendre.leggauss(160)
_PART = (_PART + 1) / 2  # of one side of the jump
_PART_WEIGHT = _PART_WEIGHT / 2 / np.sqrt(2 * np.pi)


def _fields(x: Limit):
    """h(z) > 0 at the half-line's nodes, by Newton from above, where h - sqrt(qh) z - dh tanh h is
    convex.
    """
    b = jnp.sqrt(x.conjugate) * _HALF

    def newton(_, h):
        t = jnp.tanh(h)
        return h - (h - b - x.conjugate_excess * t) / (1 - x.conjugate_excess * (1 - t**2))

    start = b + jnp.maximum(x.conjugate_excess, 0.0)
    return newton(
        0, jax.lax.stop_gradient(jax.lax.fori_loop(0, 60, newton, start))
    )  # the last step carries the derivative


def _cold(x: Limit, c) -> _Patterns:
    """No errors, by bisection: omega - dq g(omega) grows."""
    z, weight = gaussian.nodes(257)
    b = jnp.sqrt(c.overlap) * z
    root = jnp.sqrt(1 - c.overlap)

    def one(omega):
        return hazard((omega - c.margin) / root) / root

    slope = jax.vmap(one)

    def pull(omega):
        return b + x.excess * slope(omega) - omega

    omega = polish(pull, bisect(pull, b, b + x.excess * slope(b), halvings=50))
    curvature = jax.vmap(jax.grad(one))(omega)
    return _Patterns(omega, slope(omega), curvature, b, weight)


class _Bump(NamedTuple):
    """ln H_T as a function of omega, its slope g and dg/domega, over arrays; where g and dg/domega
    are largest.
    """

    log: Callable
    slope: Callable
    curvature: Callable
    steepest: Any
    bending: Any


def _bump(c) -> _Bump:
    root = jnp.sqrt(1 - c.overlap)

    def log(omega):
        return threshold.log_integral(1.0, omega, 1 - c.overlap, c.margin, c.leak)

    slope = derivative(log)
    curvature = derivative(slope)
    third = derivative(curvature)
    # In units of sqrt(1 - q1) an error is worth its cost at -sqrt(2/T).
    far = jnp.sqrt(-2 * jnp.log(c.leak))
    steepest = bisect(curvature, c.margin - root * (far + 6), c.margin)
    bending = bisect(third, c.margin - root * (far + 9), steepest)
    return _Bump(jax.vmap(log), jax.vmap(slope), jax.vmap(curvature), steepest, bending)


def _warm(x: Limit, c) -> _Patterns:
    """Patterns left in error below the field b = sqrt(q1) z where that is worth as much as not,
    satisfied above. Where nothing jumps, the field at which omega bends most takes its place.
    """
    bump = _bump(c)

    # Between these two points omega - dq g(omega) falls: no maximum is there.
    reach = 40 * jnp.sqrt(1 - c.overlap)
    sign = np.array([1.0, -1.0])
    turns = bisect(
        lambda w: sign * (1 - x.excess * bump.curvature(w)),
        jnp.stack([bump.bending - reach, bump.bending]),
        jnp.stack([bump.bending, bump.steepest]),
    )
    left, right = turns
    most = x.excess * bump.slope(bump.steepest[None])[0]

    def pull(b):
        return lambda omega: b + x.excess * bump.slope(omega) - omega

    def maximum(b, failed):
        low = jnp.where(failed, jnp.minimum(b, left), right)
        return bisect(pull(b), low, jnp.where(failed, left, b + most), halvings=50)

    def both(b):
        return maximum(jnp.stack([b, b]), np.array([False, True]))

    def gain(b, omega):
        """Of what is satisfied over what is left in error."""
        value = bump.log(omega) - (omega - b) ** 2 / (2 * x.excess)
        return value[0] - value[1]

    low, high = (turns - x.excess * bump.slope(turns))[::-1]
    # Newton's step below doubles the digits.
    even = bisect(lambda b: -gain(b, both(b)), low, high, halvings=30)
    omega = both(even)
    jumps = right - left > 1e-9
    steep = bump.slope(omega)
    steep = jax.lax.stop_gradient(jnp.where(jumps, steep[0] - steep[1], 1.0))
    even = even - jnp.where(jumps, gain(even, omega), 0.0) / steep  # carries the derivative
    split = jnp.clip(even / jnp.sqrt(c.overlap), -8.9, 8.9)
    z = jnp.concatenate([-9 + (split + 9) * _PART, 9 - (9 - split) * _PART])
    lengths = jnp.concatenate([(split + 9) * _PART_WEIGHT, (9 - split) * _PART_WEIGHT])
    b = jnp.sqrt(c.overlap) * z
    omega = polish(pull(b), maximum(b, np.arange(len(z)) < len(_PART)))
    return _Patterns(
        omega, bump.slope(omega), bump.curvature(omega), b, lengths * jnp.exp(-(z**2) / 2)
    )


@lru_cache
def limit(warm: bool) -> tuple[Callable, Callable]:
    """(residual, measure) of `Limit`; controls load, overlap, margin, leak (zero unless `warm`).

    measure: as `one_step.entropies`, and `errors` per weight of one replica, `distance`. The
    complexity is the coefficient of 1/y in phi: its explicit part and the fluctuations about the
    maxima.
    """
    patterns = _warm if warm else _cold

    def residual(x: Limit, c) -> Limit:
        m = jnp.tanh(_fields(x))
        told = patterns(x, c)
        excess = _HALF_WEIGHT @ (_HALF * m) / jnp.sqrt(x.conjugate) - 1 + c.overlap
        return Limit(
            x.conjugate - c.load * told.weight @ told.g**2,
            x.excess - excess,
            c.overlap - _HALF_WEIGHT @ m**2,
        )

    def measure(x: Limit, c) -> dict:
        qh, dq, dh = x
        h = _fields(x)
        omega, _, curvature, b, weight = patterns(x, c)
        m = jnp.tanh(h)
        prior = _HALF_WEIGHT @ (gaussian.log_2cosh_at(h) - dh * m**2 / 2)
        t = (omega - c.margin) / jnp.sqrt(1 - c.overlap)
        if warm:
            told = jnp.logaddexp(jnp.log(c.leak), jnp.log1p(-c.leak) + log_normal(t))
            errors = c.load * weight @ jnp.exp(jnp.log(c.leak) + log_normal(-t) - told)
        else:
            told = log_normal(t)
            errors = jnp.zeros(())
        energetic = weight @ (told - (omega - b) ** 2 / (2 * dq))
        phi = -qh * (1 - c.overlap + dq) / 2 - c.overlap * dh / 2 + prior + c.load * energetic
        stiff = 1 - dq * curvature
        fluctuations = (
            -_HALF_WEIGHT @ jnp.log(1 - dh * (1 - m**2)) / 2
            - c.load * weight @ (dq * curvature / stiff + jnp.log(stiff)) / 2
        )
        return {
            "free_entropy": phi,
            "internal_entropy": phi,
            "distance": (1 - _HALF_WEIGHT @ m) / 2,
            "complexity": fluctuations - dh * (1 - c.overlap) / 2,
            "errors": errors,
        }

    return residual, measure


@lru_cache
def limit_slope():
    """d phi / d q1 of the limit without errors: explicit, the order parameters being stationary."""
    _, measure = limit(False)

    def one(x, c):
        return jax.grad(lambda q1: measure(x, c._replace(overlap=q1))["free_entropy"])(c.overlap)

    return one
