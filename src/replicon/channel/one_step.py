"""Prior x channel with one step of replica-symmetry breaking, or with y real replicas held at a
mutual overlap. Per weight,

phi = Q A/2 - Q qh1/2 - [(m - 1) qh1 q1 - m qh0 q0]/2
      + (1/m) E_0 ln E_1 Z_in(A, sqrt(qh0) z0 + sqrt(qh1 - qh0) z1)^m
      + (load/m) E_0 ln E_1 Z_out(1, sqrt(q0) z0 + sqrt(q1 - q0) z1, Q - q1)^m,

stationary where qh0 = load E_0 <g>^2, qh1 = load E_0 <g^2>, A = -load E_0 <g'>, and q0 = E_0 <f>^2,
q1 = E_0 <f^2>, Q = E_0 <f' + f^2>, with f = d ln Z_in/db, g = d ln Z_out/domega and <> the average
over z1 with weight Z^m.

The inner average is where plain quadrature fails: with m replicas its weight lies at z1 ~ sqrt(m)
and may be as narrow as the channel is sharp. ln Z_in is convex in the field (a cumulant generating
function), so that its weight is never narrower than the normal's: a uniform grid wide enough is
exact. ln Z_out of the channels here is concave at zero temperature, so that its weight has one
peak: nodes are placed about it, fine there and coarse far off (sinh spacing). Where errors are
allowed there may be a second one, broad as the normal's, at replicas that leave a pattern in error:
nodes stay about the sharp one.

Source: Gardner, J. Phys. A 21, 271 (1988); Baldassi et al., PRL 115, 128101 (2015). Referee: m = 1
is replica symmetric, node counts doubled (`accuracy` of every solution), the closed limit y ->
infinity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from replicon._content import cached
from replicon.channel.factors import Channel, Prior, Side
from replicon.theory import gaussian
from replicon.theory.bisection import bisect

OUTER = 97
INNER_WIDE = 257
INNER_PEAK = 129
_SCAN = (-13.0, 7.0, 513)  # fields among which the maximum of g is looked for
_NEGLIGIBLE = 40.0  # of the logarithm of a weight
_SHARPEST = 1e-4  # least width of a peak, in units of the Gaussian's, that nodes are graded for


class Breaking(NamedTuple):
    """outer_overlap q0 of two clusters, inner_overlap q1 inside one, norm Q."""

    outer_overlap: Any
    inner_overlap: Any
    norm: Any


class Held(NamedTuple):
    """outer_overlap q0, norm Q, and m (qh1 - qh0), the force that holds the inner overlap where it
    is imposed.
    """

    outer_overlap: Any
    norm: Any
    force: Any


def _root(x):
    """Sqrt with derivative zero at zero, where by symmetry nothing depends on its sign."""
    positive = x > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, x, 1.0)), 0.0)


def _side(log, slope, curvature, log_weight, outer_weight) -> Side:
    """Moments over the inner nodes (last axis) with weight exp(log_weight), then over the outer
    ones.
    """
    total = logsumexp(log_weight, axis=-1)
    p = jnp.exp(log_weight - total[:, None])

    def inner(values):
        return jnp.sum(p * values, axis=-1)

    def outer(values):
        return jnp.sum(outer_weight * values)

    return Side(
        outer(total),
        outer(inner(slope) ** 2),
        outer(inner(slope**2)),
        outer(inner(curvature)),
        outer(inner(log)),
    )


def _thrice(function: Callable) -> Callable:
    """Ln Z, its first and its second derivative in the field, over arrays (outer, inner) of it."""

    def with_slope(field):
        return jax.jvp(function, (field,), (jnp.ones_like(field),))

    def at(field):
        (value, slope), (_, curvature) = jax.jvp(with_slope, (field,), (jnp.ones_like(field),))
        return value, slope, curvature

    return jax.vmap(jax.vmap(at))


def prior_side(prior: Prior, A, qh0, qh1, m, finer: int = 1) -> Side:
    """The prior's half: its own closed form, or quadrature for weights bounded by the largest value
    of its support.
    """
    if prior.breaking is not None:
        return prior.breaking(A, qh0, qh1, m)
    if prior.support is None:
        raise ValueError(
            "this prior has neither a support, whose largest value bounds the weights, nor a closed"
            " form for one step"
        )
    largest = max(abs(w) for w in prior.support[0])
    # Many replicas choose between the two signs within 1/m of z0 = 0.
    z0, spacing = gaussian.graded(
        jnp.zeros(()), 1 / (1 + 2 * m * largest * _root(qh0)), OUTER * finer, 9.0
    )
    weight = spacing * jnp.exp(-(z0**2) / 2)
    if _even(prior):
        left, alone = divmod(len(z0), 2)
        twice = np.where(np.arange(left + alone) < alone, 1.0, 2.0)
        z0, weight = z0[left:], twice * weight[left:]
    s = _root(qh1 - qh0)
    z1 = jax.lax.stop_gradient(9.0 + m * s * largest) * jnp.linspace(-1.0, 1.0, INNER_WIDE * finer)
    field = _root(qh0) * z0[:, None] + s * z1
    log, slope, curvature = _thrice(lambda b: prior.log_integral(A, b))(field)
    log_weight = -(z1**2) / 2 + m * log + jnp.log((z1[1] - z1[0]) / np.sqrt(2 * np.pi))
    return _side(log, slope, curvature, log_weight, weight)


def _even(prior: Prior) -> bool:
    """Whether w and -w have the same weight, so that z0 and -z0 give the same averages."""
    chances = dict(zip(*(prior.support or ((), ())), strict=True))
    return all(chances.get(-w) == p for w, p in chances.items())


def channel_side(channel: Channel, q0, q1, norm, m, parameters, finer: int = 1) -> Side:
    """The channel's half, nodes about the peak of exp(-z1^2/2) Z_out^m."""
    z0, weight = gaussian.nodes(OUTER * finer)
    s = _root(q1 - q0)
    centre = _root(q0) * z0
    read = (norm - q1, *parameters)
    z1, spacing = _about_peaks(channel, read, centre, s, m, finer)

    def log_integral(omega):
        return channel.log_integral(1.0, omega, *read)

    log, slope, curvature = _thrice(log_integral)(centre[:, None] + s * z1)
    return _side(log, slope, curvature, -(z1**2) / 2 + m * log + jnp.log(spacing), weight)


def _about_peaks(channel: Channel, read: tuple, centre, s, m, finer: int) -> tuple:
    """Nodes (outer, inner) about the peaks, fine as these are sharp, and their spacing; constants
    to differentiation.
    """
    read, centre, s, m = jax.lax.stop_gradient((read, centre, s, m))

    def log_integral(omega):
        return channel.log_integral(1.0, omega, *read)

    slope = gaussian.derivative(log_integral)
    peak, reach = _peak(log_integral, jax.vmap(slope), centre, s, m)
    sharp = -jax.vmap(gaussian.derivative(slope))(centre + s * peak)
    width = jnp.clip(1 / jnp.sqrt(1 + m * s**2 * jnp.maximum(sharp, 0.0)), _SHARPEST, 1.0)
    count = INNER_PEAK * finer
    return jax.vmap(lambda *at: gaussian.graded(at[0], at[1], count, at[2]))(peak, width, reach)


def _peak(log_integral: Callable, slope: Callable, centre, s, m):
    """The peak of -z^2/2 + m ln Z_out(centre + s z), where z = m s g(centre + s z), and how far
    nodes must reach from it; by bisection.

    Where g falls throughout, that is between zero and m s g(centre). Where g has a maximum (errors
    are allowed) the largest z may lie beyond it: it is taken unless its weight is negligible.
    """
    omega = jnp.linspace(*_SCAN)
    here, steep = jnp.split(slope(jnp.concatenate([centre, omega])), [len(centre)])
    far = m * s * here
    farthest = m * s * jnp.max(steep)
    begin = (omega[jnp.argmax(steep)] - centre) / s

    def pull(z):
        return m * s * slope(centre + s * z) - z

    def height(z):
        return -(z**2) / 2 + m * jax.vmap(log_integral)(centre + s * z)

    # Both together: one graph of the channel serves them.
    low = jnp.stack([jnp.minimum(far, 0.0), begin])
    high = jnp.stack([jnp.maximum(far, 0.0), jnp.maximum(1.2 * farthest, begin)])
    ends = bisect(jax.vmap(pull), low, high, halvings=40)
    near, beyond = ends
    of_near, of_beyond = jax.vmap(height)(ends)
    # At `begin` the field is where g is largest: the pull there is known.
    there = (begin > 0) & (farthest > begin) & (of_beyond > of_near - _NEGLIGIBLE)
    peak = jnp.where(there, beyond, near)
    return peak, jnp.where(there, jnp.abs(beyond) + 9.0, 12.0)


@cached()
def storage(prior: Prior, channel: Channel, finer: int = 1) -> tuple[Callable, Callable]:
    """(residual, measure) of `Breaking` ; controls have load, breaking_parameter and the channel's.

    measure: free_entropy phi, internal_entropy d(m phi)/dm, the entropy of one cluster, and
    complexity m (phi - internal_entropy), the logarithm of the number of clusters, all per weight.
    """
    return _apart(storage_together(prior, channel, finer))


@cached()
def storage_together(prior: Prior, channel: Channel, finer: int = 1) -> Callable:
    """(x, c) -> what residual and measure of `storage` give, (`Breaking`, dict), from one pass over
    the nodes: for code that needs both.
    """

    def both(x: Breaking, c) -> tuple[Breaking, dict]:
        parameters = tuple(getattr(c, name) for name in channel.parameters)
        m = c.breaking_parameter
        out = channel_side(channel, *x, m, parameters, finer)
        A = -c.load * out.slope
        qh0 = c.load * out.outer
        qh1 = c.load * out.inner
        weights = prior_side(prior, A, qh0, qh1, m, finer)
        error = Breaking(
            x.outer_overlap - weights.outer,
            x.inner_overlap - weights.inner,
            x.norm - weights.slope - weights.inner,
        )
        return error, entropies(x, (A, qh0, qh1), out, weights, c)

    return both


@cached()
def held(prior: Prior, channel: Channel, finer: int = 1) -> tuple[Callable, Callable]:
    """As `storage`, the inner overlap imposed: it is a control, `overlap`, and breaking_parameter
    the number of replicas.
    """
    return _apart(held_together(prior, channel, finer))


@cached()
def held_together(prior: Prior, channel: Channel, finer: int = 1) -> Callable:
    """(x, c) -> what residual and measure of `held` give, (`Held`, dict), from one pass over the
    nodes.
    """

    def both(x: Held, c) -> tuple[Held, dict]:
        parameters = tuple(getattr(c, name) for name in channel.parameters)
        m = c.breaking_parameter
        out = channel_side(channel, x.outer_overlap, c.overlap, x.norm, m, parameters, finer)
        qh0 = c.load * out.outer
        qh1 = qh0 + x.force / m
        A = qh1 - c.load * (out.slope + out.inner)  # stationary in Q: here qh1 is not load E <g^2>
        weights = prior_side(prior, A, qh0, qh1, m, finer)
        error = Held(
            x.outer_overlap - weights.outer,
            x.norm - weights.slope - weights.inner,
            c.overlap - weights.inner,
        )
        order = Breaking(x.outer_overlap, c.overlap, x.norm)
        return error, entropies(order, (A, qh0, qh1), out, weights, c)

    return both


def _apart(both: Callable) -> tuple[Callable, Callable]:
    """(residual, measure), each alone."""

    def residual(x, c):
        return both(x, c)[0]

    def measure(x, c) -> dict:
        return both(x, c)[1]

    return residual, measure


def entropies(x: Breaking, conjugates: tuple, out: Side, weights: Side, c) -> dict:
    """The potential and its derivative in m at fixed order parameters, which are stationary."""
    m, (q0, q1, Q), (A, qh0, qh1) = c.breaking_parameter, x, conjugates
    replicated = (
        m * (Q * A / 2 - Q * qh1 / 2)
        - m * ((m - 1) * qh1 * q1 - m * qh0 * q0) / 2
        + weights.log
        + c.load * out.log
    )
    internal = (
        Q * (A - qh1) / 2
        - ((2 * m - 1) * qh1 * q1 - 2 * m * qh0 * q0) / 2
        + weights.internal
        + c.load * out.internal
    )
    return {
        "free_entropy": replicated / m,
        "internal_entropy": internal,
        "complexity": replicated - m * internal,
    }
