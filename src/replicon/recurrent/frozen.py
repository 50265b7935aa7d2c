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


class Frozen(NamedTuple):
    """Activity, overlap of two replicas, and their conjugates."""

    overlap: jax.Array
    spread: jax.Array
    response: jax.Array
    partner: jax.Array
    curvature: jax.Array
    field: jax.Array


@lru_cache(maxsize=32)
def frozen(phi: Nonlinearity):
    """Saddle with an overlap Q = <phi^a phi^b> between replicas, of Phi = -(Q + X) Y - X Qh/2 - g^2
    gamma (rho^2/2 + rho kappa) + E ln int dx exp{-y^2/(2 s) - ln(s/T)/2 - eta x^2/T + Y phi^2 + h
    phi}, y = x - g^2 gamma rho phi - m, s = T + g^2 X.

    The fields m, h are normal, <m^2> = g^2 Q, <m h> = g^2 gamma kappa, <h^2> = Qh; Q + X = <phi^2>
    and Y = qh - Qh/2.
    """

    def averages(x: Frozen, c, refine=False):
        b = c.gain**2 * c.symmetry * x.response
        s = c.temperature + c.gain**2 * x.spread
        cross = c.gain * c.symmetry * x.partner / jnp.sqrt(x.overlap)
        rest = jnp.sqrt(jnp.maximum(x.field**2 - cross**2, 1e-30))

        def inner(v, u):
            mean, field = c.gain * jnp.sqrt(x.overlap) * v, cross * v + rest * u
            at, weight = panels_about(
                phi, jnp.sqrt(s), b, mean, 2 * c.regulariser / c.temperature, refine
            )
            value = phi.function(at)
            y = at - b * value - mean
            exponent = (
                -(y**2) / (2 * s)
                + x.curvature * value**2
                + field * value
                - c.regulariser / c.temperature * at**2
            )
            top = jnp.max(exponent)
            weight = weight * jnp.exp(exponent - top)
            total = weight.sum()
            weight = weight / total
            f, ff, yy, y1, fy, xx = (
                weight @ q for q in (value, value**2, y**2, y, value * y, at**2)
            )
            return jnp.stack([ff, f**2, yy, y1**2, fy, f * y1, xx, jnp.log(total) + top])

        inside = jax.vmap(jax.vmap(inner, (None, 0)), (0, None))(_OUTER, _OUTER)
        return jnp.einsum("uvk,u,v->k", inside, _OUTER_WEIGHT, _OUTER_WEIGHT), s

    def iterate(x: Frozen, c):
        (ff, f2, yy, y2, fy, f_y, _, _), s = averages(x, c)
        return Frozen(
            f2,
            ff - f2,
            (fy - f_y) / s,
            f_y / s,
            c.gain**2 / 2 * ((yy - y2) / s**2 - 1 / s),
            c.gain * jnp.sqrt(jnp.maximum(y2, 1e-60)) / s,
        )

    def residual(x, c):
        s = jax.lax.stop_gradient(c.temperature + c.gain**2 * x.spread)
        one = jnp.ones(())
        return jax.tree.map(
            lambda new, old, scale: (new - old) / scale,
            iterate(x, c),
            x,
            Frozen(one, s, one, one, 1 / s, 1 / jnp.sqrt(s)),
        )

    def one(c):
        start = Frozen(*(jnp.asarray(v, float) for v in (0.4, 0.1, 0.8, 0.0, 0.0, 0.0)))
        start = start._replace(spread=jnp.minimum(c.temperature, 0.1))
        found = stationary.solve_one(
            residual, start, c, iterate=iterate, steps=400, damping=0.5, settled=1e-7
        )
        x, T, coupled = found.x, c.temperature, c.gain**2 * c.symmetry
        (ff, _, yy, _, _, _, xx, log_z), s = averages(x, c)
        again = averages(x, c, True)[0]
        exact = (
            (jnp.abs(again[0] - ff) < 1e-6)
            & (jnp.abs(again[2] - yy) < 1e-6 * s)
            & (jnp.abs(again[7] - log_z) < 1e-6)
        )
        free_entropy = -(x.overlap + x.spread) * x.curvature - x.spread * x.field**2 / 2
        free_entropy += (
            log_z - jnp.log(s / T) / 2 - coupled * (x.response**2 / 2 + x.response * x.partner)
        )
        # Without symmetry and regulariser Z has the mean (2 pi T)^(N/2), and by Jensen's inequality
        # ln Z no larger one.
        allowed = (coupled != 0) | (free_entropy <= jnp.log(2 * jnp.pi * T) / 2 + 1e-7)
        return {
            "activity": ff,
            "overlap": x.overlap,
            "response": x.response,
            "response_variance": jnp.full((), jnp.nan),
            "variance": xx,
            "energy": T / 2 + T**2 / (2 * s) * (yy / s - 1) + c.regulariser * xx,
            "free_entropy": free_entropy,
            "converged": found.converged & allowed & exact & (x.overlap > 1e-6) & (x.spread > 0),
            "residual": found.residual,
        }

    return one
