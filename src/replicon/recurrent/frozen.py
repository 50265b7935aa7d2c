"""The frozen phase of random recurrent networks: replicas that overlap."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon.recurrent.nonlinearity import Nonlinearity, cut
from replicon.theory import stationary


def panels_about(phi: Nonlinearity, deviation, b, mean=0.0, pull=0.0, refine=False):
    """X and integration weights over eight standard deviations of y = x - b phi(x) about its mean.

    `pull`, the curvature of a regulariser's exponent, narrows the weight: it is cut around where it
    is then. `refine` halves all panels.
    """
    b = jax.lax.stop_gradient(b)
    left = 1 / (1 + pull * deviation**2)
    goal = mean + deviation * _BELL
    positive = jnp.maximum(b, 0.0)
    # x - b phi(x) = goal from outside; for b < 0 the bare goal lies outside already.
    edges = jax.lax.fori_loop(
        0,
        80,
        lambda _, x: goal + positive * phi.function(x),
        goal / (1 - jnp.clip(positive, 0.0, 0.95)),
    )
    narrow = left * mean + jnp.sqrt(left) * deviation * _BELL
    edges = jnp.concatenate(
        [edges, jnp.clip(jnp.concatenate([jnp.asarray(phi.breaks), narrow]), edges[0], edges[-1])]
    )
    edges = jnp.sort(jax.lax.stop_gradient(edges))
    if refine:
        edges = jnp.sort(jnp.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))
    return cut(edges)


_BELL = np.array([-8.0, -5.0, -3.0, -1.5, 0.0, 1.5, 3.0, 5.0, 8.0])
_OUTER = np.linspace(-6.0, 6.0, 25)

_OUTER_WEIGHT = np.exp(-(_OUTER**2) / 2) / np.exp(-(_OUTER**2) / 2).sum()
_AGREE = 1e-6  # between integrals on the panels and on panels half as long
# Beyond rounding of the free entropy, in nats per neuron.
_JENSEN = 1e-7


class Frozen(NamedTuple):
    """`overlap` Q of two replicas and `distance` X, Q + X = <phi^2>; `response` rho, `partner`
    kappa, `curvature` Y, and `field` sqrt(Qh).
    """

    overlap: jax.Array
    distance: jax.Array
    response: jax.Array
    partner: jax.Array
    curvature: jax.Array
    field: jax.Array


class _Averages(NamedTuple):
    """Over the fields, of averages <.> over x at given fields: `square` <phi^2>, `mean_square`
    <phi>^2, `noise` <y^2>, `mean_noise` <y>^2, `cross` <phi y>, `mean_cross` <phi> <y>, `variance`
    <x^2>, `log_z`.
    """

    square: jax.Array
    mean_square: jax.Array
    noise: jax.Array
    mean_noise: jax.Array
    cross: jax.Array
    mean_cross: jax.Array
    variance: jax.Array
    log_z: jax.Array


def _variance_of_y(x: Frozen, c) -> jax.Array:
    """s = T + g^2 X, the variance of y."""
    return c.temperature + c.gain**2 * x.distance


def _averages(phi: Nonlinearity, x: Frozen, c, refine: bool = False) -> _Averages:
    """Averages at order parameters; `refine` halves the panels of the inner integral."""
    b = c.gain**2 * c.symmetry * x.response
    s = _variance_of_y(x, c)
    cross = c.gain * c.symmetry * x.partner / jnp.sqrt(x.overlap)
    rest = jnp.sqrt(jnp.maximum(x.field**2 - cross**2, 1e-30))
    stiff = c.regulariser / c.temperature

    def inside(v):
        """The averages at one m and all h, (numbers, fields)."""
        mean = c.gain * jnp.sqrt(x.overlap) * v
        field = cross * v + rest * _OUTER
        at, weight = panels_about(phi, jnp.sqrt(s), b, mean, 2 * stiff, refine)
        value = phi.function(at)
        y = at - b * value - mean
        alike = -(y**2) / (2 * s) + x.curvature * value**2 - stiff * at**2
        exponent = alike + field[:, None] * value
        top = jax.lax.stop_gradient(jnp.max(exponent, axis=1))
        weight = weight * jnp.exp(exponent - top[:, None])
        total = weight.sum(axis=1)
        summed = jnp.stack([value**2, value, y**2, y, value * y, at**2])
        square, f, noise, y1, turn, variance = summed @ weight.T / total
        log_z = jnp.log(total) + top
        found = _Averages(square, f**2, noise, y1**2, turn, f * y1, variance, log_z)
        return jnp.stack(found)

    each = jax.vmap(inside)(_OUTER)
    return _Averages(*jnp.einsum("vku,u,v->k", each, _OUTER_WEIGHT, _OUTER_WEIGHT))


@lru_cache(maxsize=32)
def frozen(phi: Nonlinearity):
    """Saddle with an overlap Q = <phi^a phi^b> between replicas, of Phi = -(Q + X) Y - X Qh/2 - g^2
    gamma (rho^2/2 + rho kappa) + E ln int dx exp{-y^2/(2 s) - ln(s/T)/2 - eta x^2/T + Y phi^2 + h
    phi}, y = x - g^2 gamma rho phi - m, s = T + g^2 X.

    The fields m, h are normal, <m^2> = g^2 Q, <m h> = g^2 gamma kappa, <h^2> = Qh; Q + X = <phi^2>
    and Y = qh - Qh/2.
    """

    def iterate(x: Frozen, c):
        found = _averages(phi, x, c)
        s = _variance_of_y(x, c)
        return Frozen(
            found.mean_square,
            found.square - found.mean_square,
            (found.cross - found.mean_cross) / s,
            found.mean_cross / s,
            c.gain**2 / 2 * ((found.noise - found.mean_noise) / s**2 - 1 / s),
            c.gain * jnp.sqrt(jnp.maximum(found.mean_noise, 1e-60)) / s,
        )

    def residual(x, c):
        s = jax.lax.stop_gradient(_variance_of_y(x, c))
        one = jnp.ones(())
        return jax.tree.map(
            lambda new, old, scale: (new - old) / scale,
            iterate(x, c),
            x,
            Frozen(one, s, one, one, 1 / s, 1 / jnp.sqrt(s)),
        )

    def one(c):
        start = Frozen(*(jnp.asarray(v, float) for v in (0.4, 0.1, 0.8, 0.0, 0.0, 0.0)))
        start = start._replace(distance=jnp.minimum(c.temperature, 0.1))
        found = stationary.solve_one(
            residual, start, c, iterate=iterate, steps=400, damping=0.5, settled=1e-7
        )
        return _state(phi, found, c)

    return one


def _state(phi: Nonlinearity, found: stationary.Solution, c) -> dict:
    """What is observed at a saddle, and whether it can be one."""
    x = found.x
    T = c.temperature
    coupled = c.gain**2 * c.symmetry
    s = _variance_of_y(x, c)
    here = _averages(phi, x, c)
    finer = _averages(phi, x, c, True)
    exact = (
        (jnp.abs(finer.square - here.square) < _AGREE)
        & (jnp.abs(finer.noise - here.noise) < _AGREE * s)
        & (jnp.abs(finer.log_z - here.log_z) < _AGREE)
    )
    free_entropy = -(x.overlap + x.distance) * x.curvature - x.distance * x.field**2 / 2
    free_entropy += (
        here.log_z - jnp.log(s / T) / 2 - coupled * (x.response**2 / 2 + x.response * x.partner)
    )
    # Without symmetry and regulariser Z has the mean (2 pi T)^(N/2), and by Jensen's inequality
    # ln Z no larger one.
    allowed = (coupled != 0) | (free_entropy <= jnp.log(2 * jnp.pi * T) / 2 + _JENSEN)
    energy = T / 2 + T**2 / (2 * s) * (here.noise / s - 1) + c.regulariser * here.variance
    return {
        "activity": here.square,
        "overlap": x.overlap,
        "response": x.response,
        "response_variance": jnp.full((), jnp.nan),
        "variance": here.variance,
        "energy": energy,
        "free_entropy": free_entropy,
        "converged": found.converged & allowed & exact & (x.overlap > 1e-6) & (x.distance > 0),
        "residual": found.residual,
    }
