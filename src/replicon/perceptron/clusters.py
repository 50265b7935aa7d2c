"""Dense clusters of the binary perceptron, margin zero: y replicas at imposed overlap q1, by the
potential of one-step breaking with m = y (`channel.one_step`), and its closed limit y -> infinity,

phi = -qh (1 - q1 + dq)/2 - q1 dh/2 + E [ln 2cosh h - dh tanh^2(h)/2] + load E [ln H(tau) - (omega -
sqrt(q1) z)^2/(2 dq)],

omega = sqrt(q1) z + dq g, g = G(tau)/(H(tau) sqrt(1 - q1)), tau = -omega/sqrt(1 - q1), h = sqrt(qh)
z + dh tanh h, with qh = load E g^2, q1 = E tanh^2 h, dq = E z tanh(h)/sqrt(qh) - (1 - q1): dq = y
(q1 - q0) and dh = y (qh1 - qh0) stay finite.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import brentq

from replicon._declare import controls_tuple
from replicon.channel import one_step, replica
from replicon.perceptron.landscape import typical
from replicon.theory import gaussian
from replicon.theory.bisection import bisect, polish
from replicon.theory.branch import Found, Visited, visit
from replicon.theory.normal import hazard, log_normal
from replicon.theory.points import evaluate

# The saddle is degenerate at the typical overlap: entered this far above, with so many.
_ENTER = 0.01
_ENTER_REPLICAS = 2.0
_STEP = 0.02  # of the overlap: the corrector still finds the branch


class Limit(NamedTuple):
    """qh, dq and dh of the module's formula: scalars."""

    conjugate: Any
    excess: Any
    conjugate_excess: Any


class _Patterns(NamedTuple):
    """At the nodes z (257,): omega, g and its slope dg/domega, sqrt(q1) z and their weights."""

    omega: Any
    g: Any
    curvature: Any
    b: Any
    weight: Any


class _Way(NamedTuple):
    """How a saddle point is reached and followed: its residual, what is measured at it, a point
    near it at the first of a list of controls, that list, and the controls of an overlap.
    """

    residual: Callable
    measure: Callable
    start: Any
    path: list
    at: Callable


class _Followed(NamedTuple):
    """Observables {name: (overlaps,)} along a way, the controls of each overlap, and how they were
    reached.
    """

    observables: dict
    controls: Any
    visited: Visited


_HALF, _HALF_WEIGHT = np.polynomial.legendre.leggauss(200)
_HALF = 4.5 * (_HALF + 1)  # z in (0, 9): for dh > 1 the sign of h jumps at z = 0
_HALF_WEIGHT = _HALF_WEIGHT * np.exp(-(_HALF**2) / 2)
_HALF_WEIGHT /= _HALF_WEIGHT.sum()


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


def _slope(omega, variance):
    return hazard(omega / jnp.sqrt(variance)) / jnp.sqrt(variance)


def _patterns(x: Limit, c) -> _Patterns:
    """By bisection: omega - dq g(omega) grows."""
    z, weight = gaussian.nodes(257)
    b = jnp.sqrt(c.overlap) * z
    variance = 1 - c.overlap
    slope = jax.vmap(lambda k: _slope(k, variance))

    def pull(omega):
        return b + x.excess * slope(omega) - omega

    omega = polish(pull, bisect(pull, b, b + x.excess * slope(b), halvings=50))
    curvature = jax.vmap(jax.grad(lambda k: _slope(k, variance)))(omega)
    return _Patterns(omega, slope(omega), curvature, b, weight)


def limit_residual(x: Limit, c) -> Limit:
    """The three equations of the y -> infinity limit; controls load, overlap."""
    m = jnp.tanh(_fields(x))
    told = _patterns(x, c)
    excess = _HALF_WEIGHT @ (_HALF * m) / jnp.sqrt(x.conjugate) - 1 + c.overlap
    return Limit(
        x.conjugate - c.load * told.weight @ told.g**2,
        x.excess - excess,
        c.overlap - _HALF_WEIGHT @ m**2,
    )


def limit_measure(x: Limit, c) -> dict:
    """As `one_step.entropies`; the complexity is the coefficient of 1/y in phi: its explicit part
    and the fluctuations about the maxima.
    """
    qh, dq, dh = x
    h = _fields(x)
    omega, _, curvature, b, weight = _patterns(x, c)
    m = jnp.tanh(h)
    log_2cosh = jnp.logaddexp(h, -h)
    prior = _HALF_WEIGHT @ (log_2cosh - dh * m**2 / 2)
    energetic = weight @ (log_normal(omega / jnp.sqrt(1 - c.overlap)) - (omega - b) ** 2 / (2 * dq))
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
    }


def _many(load: float, overlaps: np.ndarray, q: float, qh: float) -> _Way:
    """The way for y = infinity."""

    def at(q1):
        return controls_tuple(("load", "overlap"), (load, q1))

    path = [at(q1) for q1 in np.arange(q + _ENTER, overlaps[0], _STEP)]
    return _Way(limit_residual, limit_measure, Limit(qh, 2 * _ENTER, 0.05), path, at)


def _few(load: float, y: float, overlaps: np.ndarray, q: float) -> _Way:
    """The way for finite y: in the overlap with few replicas, then in their number."""
    residual, measure = one_step.held(replica.ising, replica.threshold)
    few = min(y, _ENTER_REPLICAS)

    def at(q1, replicas=y):
        names = ("load", "overlap", "breaking_parameter", "margin", "leak")
        return controls_tuple(names, (load, q1, replicas, 0.0, 0.0))

    path = [at(q1, few) for q1 in np.arange(q + _ENTER, overlaps[0], _STEP)]
    path += [
        at(overlaps[0], k) for k in np.geomspace(few, y, 1 + int(np.ceil(4 * np.log2(y / few))))
    ]
    return _Way(residual, measure, one_step.Held(q - _ENTER, 1.0, 0.05), path, at)


def _follow(way: _Way, overlaps: np.ndarray) -> _Followed:
    """Along the way's path, then through the overlaps in small steps."""
    path = list(way.path)
    here = overlaps[0]
    wanted = []
    for q1 in overlaps:
        path += [way.at(k) for k in np.linspace(here, q1, 2 + int((q1 - here) / _STEP))[1:]]
        wanted.append(len(path) - 1)
        here = q1
    out = visit(way.residual, way.start, path[0], path)
    x = type(out.x)(*(v[wanted] for v in out.x))
    c = type(path[0])(*np.array([path[k] for k in wanted]).T)
    visited = Visited(x, out.residual[wanted], out.converged[wanted])
    return _Followed(evaluate(way.measure, x, c, batch=8), c, visited)


def solve(controls) -> dict:
    """Arrays (points,). One path for each (load, replicas): in the overlap from just above that of
    typical solutions.
    """
    load = np.asarray(controls.load, float)
    overlap = np.asarray(controls.overlap, float)
    replicas = np.asarray(controls.replicas, float)
    names = (
        "free_entropy",
        "internal_entropy",
        "complexity",
        "outer_overlap",
        "distance",
        "residual",
    )
    out = {name: np.full(load.shape, np.nan) for name in names}
    converged = np.zeros(load.shape, bool)
    reason = np.full(load.shape, "", dtype="U120")
    known = typical(load)
    for alpha, y in sorted({*zip(load.tolist(), replicas.tolist())}):
        rows = np.flatnonzero((load == alpha) & (replicas == y))
        rows = rows[np.argsort(overlap[rows], kind="stable")]
        q = float(known.overlap[rows[0]])
        qh = float(known.conjugate[rows[0]])
        if not known.exists[rows[0]]:
            reason[rows] = "there are no solutions beyond the capacity, load 0.833"
            continue
        reason[rows] = f"give an overlap well above that of typical solutions, {q:.4g}"
        rows = rows[overlap[rows] > q + _ENTER]
        if len(rows):
            asked = overlap[rows]
            many = np.isinf(y)
            way = _many(alpha, asked, q, qh) if many else _few(alpha, y, asked, q)
            found, _, reached = _follow(way, asked)
            for name, values in found.items():
                out[name][rows] = values
            out["outer_overlap"][rows] = asked if many else reached.x.outer_overlap
            out["residual"][rows] = reached.residual
            converged[rows] = reached.converged
            reason[rows] = np.where(
                reached.converged,
                "",
                "the saddle point was lost on the way from the typical overlap",
            )
    out["local_entropy"] = out.pop("internal_entropy")
    out["external_entropy"] = out.pop("complexity")
    # Below zero there is no such cluster.
    stable = np.where(out["external_entropy"] >= 0, np.nan, 0.0)
    return {**out, "converged": converged, "stable": stable, "reason": reason}


@lru_cache
def _limit_slope():
    def one(x, c):
        """D phi / d q1: explicit, the order parameters being stationary."""
        return jax.grad(lambda q1: limit_measure(x, c._replace(overlap=q1))["free_entropy"])(
            c.overlap
        )

    return one


def _steepest(load: float) -> float:
    """The largest d phi / d q1 of the y = infinity local entropy at overlaps from 0.8 on, where its
    bulge appears.

    (Below, the curve begins flat at the overlap of typical solutions.)
    """
    known = typical(np.array([load]))
    grid = np.arange(0.8, 0.985, 0.01)
    for _ in range(2):
        way = _many(load, grid, float(known.overlap[0]), float(known.conjugate[0]))
        _, c, reached = _follow(way, grid)
        slope = np.where(reached.converged, evaluate(_limit_slope(), reached.x, c), -np.inf)
        k = min(max(int(np.argmax(slope)), 1), len(grid) - 2)
        grid = np.linspace(grid[k - 1], grid[k + 1], 21)
    return float(slope.max())


def find_cluster_limit(controls) -> Found:
    """The load at which the y = infinity local entropy, as a function of the overlap, gets a
    horizontal tangent.
    """
    many = np.isinf(
        np.broadcast_to(
            np.asarray(getattr(controls, "replicas", np.inf), float), np.shape(controls.overlap)
        )
    )
    reason = np.where(many, "", "it is defined for infinitely many replicas: leave replicas at inf")
    load = float(brentq(_steepest, 0.70, 0.79, xtol=1e-7)) if many.any() else np.nan  # pyright: ignore
    return Found(np.where(many, load, np.nan), many, reason=reason)
