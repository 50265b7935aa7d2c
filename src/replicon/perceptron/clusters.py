"""Dense clusters of the perceptron with random labels: y replicas at imposed overlap q1, each with
the weight exp(-errors/T), by the potential of one-step breaking with m = y (`channel.one_step`),
and its closed limit y -> infinity (`clusters_limit`).
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
from replicon.channel.factors import errorless
from replicon.perceptron.clusters_limit import Limit, limit, limit_slope
from replicon.perceptron.clusters_typical import PRIORS, Point, Typical, typical_state
from replicon.perceptron.storage_controls import inverse_temperature
from replicon.theory.branch import Found, Visited, visit
from replicon.theory.points import evaluate

# The saddle is degenerate at the typical overlap: entered this far above, with so many.
_ENTER = 0.01
_ENTER_REPLICAS = 2.0
_STEP = 0.05  # of the overlap: with steps of 0.02 and of 0.1 the corrector finds the same
# Where errors are allowed averages have kinks as narrow as 1/y: so many times the usual nodes, and
# how much entropies may change with more of them.
_FINE = 2
_FINER = 3
_ACCURATE = 1e-6


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


def _many(point: Point, overlaps: np.ndarray, typical: Typical) -> _Way:
    """The way for y = infinity."""

    def at(q1):
        names = ("load", "overlap", "margin", "leak")
        return controls_tuple(names, (point.load, q1, point.margin, point.leak))

    path = [at(q1) for q1 in np.arange(typical.overlap + _ENTER, overlaps[0], _STEP)]
    start = Limit(typical.conjugate, 2 * _ENTER, 0.05)
    return _Way(*limit(point.leak > 0), start, path, at)


@lru_cache
def _counted(weights: str, warm: bool) -> tuple[Callable, Callable]:
    """`one_step.held`, which also measures the errors per weight of one replica."""
    channel = replica.threshold if warm else errorless
    residual, measure = one_step.held(PRIORS[weights], channel, _FINE if warm else 1)

    def with_errors(x, c):
        if not warm:
            return {**measure(x, c), "errors": jnp.zeros(())}

        def at(leak):
            return measure(x, c._replace(leak=leak))

        out, by_leak = jax.jvp(at, (c.leak,), (jnp.ones_like(c.leak),))
        return {**out, "errors": c.leak * by_leak["free_entropy"]}

    return residual, with_errors


class _Reached(NamedTuple):
    """A saddle point `x` of so many replicas at an overlap."""

    replicas: float
    overlap: float
    x: Any


def _few(
    point: Point,
    y: float,
    overlaps: np.ndarray,
    typical: Typical,
    before: _Reached | None = None,
) -> _Way:
    """The way for finite y: in the overlap with few replicas, then in their number; from the saddle
    point of fewer that such a way has led to `before`, if it was at the first overlap.
    """
    q = typical.overlap

    def at(q1, replicas=y):
        names = ("load", "overlap", "breaking_parameter", "margin", "leak")
        return controls_tuple(names, (point.load, q1, replicas, point.margin, point.leak))

    if before and _ENTER_REPLICAS <= before.replicas < y and before.overlap == overlaps[0]:
        few, start = before.replicas, before.x
        path = []
    else:
        few, start = min(y, _ENTER_REPLICAS), one_step.Held(q - _ENTER, typical.norm, 0.05)
        path = [at(q1, few) for q1 in np.arange(q + _ENTER, overlaps[0], _STEP)]
    path += [
        at(overlaps[0], k) for k in np.geomspace(few, y, 1 + int(np.ceil(4 * np.log2(y / few))))
    ]
    return _Way(*_counted(point.weights, point.leak > 0), start, path, at)


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
    return _Followed(evaluate(way.measure, x, c, batch=1, how="seldom"), c, visited)


def _refused(point: Point, typical: Typical) -> str:
    """Why there is no curve, '' where there may be one."""
    if typical.exists:
        return ""
    if point.temperature > 0:
        return (
            "the replica-symmetric entropy is negative there, the typical state is frozen: give a"
            " larger temperature or a smaller load"
        )
    if point.weights == "ising" and point.margin == 0:
        return "there are no solutions beyond the capacity, load 0.833"
    return "there are no solutions beyond the capacity of these weights and this margin"


_NAMES = (
    "free_entropy",
    "internal_entropy",
    "complexity",
    "errors",
    "outer_overlap",
    "distance",
    "residual",
)


def solve(controls) -> dict:
    """Arrays (points,). One path for each (load, margin, temperature, replicas): in the overlap
    from just above that of typical solutions, or on from where that of fewer replicas has led.
    """
    numbers = ("load", "margin", "temperature", "replicas", "overlap")
    given = np.array([np.asarray(getattr(controls, name), float) for name in numbers])
    overlap = given[-1]
    out = {name: np.full(overlap.shape, np.nan) for name in _NAMES}
    converged = np.zeros(overlap.shape, bool)
    known = np.isfinite(given[3]) | (controls.weights == "ising")
    unknown = "infinitely many replicas are known of binary weights alone: give a finite number"
    reason = np.where(known, "", unknown).astype("U200")
    reached: dict[Point, _Reached] = {}
    for load, margin, temperature, y in sorted({*map(tuple, given[:-1, known].T.tolist())}):
        alike = np.array([load, margin, temperature, y]) == given[:-1].T
        rows = np.flatnonzero(alike.all(axis=1))
        rows = rows[np.argsort(overlap[rows], kind="stable")]
        point = Point(load, margin, temperature, controls.weights)
        typical = typical_state(point)
        refused = _refused(point, typical)
        above = overlap[rows] > typical.overlap + _ENTER
        below = overlap[rows] < typical.norm
        reason[rows] = refused or np.where(
            below,
            f"give an overlap well above that of typical solutions, {typical.overlap:.4g}",
            f"give an overlap below the norm of these weights, {typical.norm:.4g}",
        )
        rows = rows[above & below & (refused == "")]
        if len(rows):
            curve = _curve(point, y, overlap[rows], typical, reached.get(point))
            if curve.converged[0]:
                reached[point] = _Reached(y, overlap[rows[0]], curve.first)
            for name, values in curve.observables.items():
                out[name][rows] = values
            converged[rows] = curve.converged
            reason[rows] = curve.reason
    return _told(out, converged, reason, overlap, inverse_temperature(given[2]))


class _Curve(NamedTuple):
    """Observables {name: (overlaps,)} on one path, whether converged, why not, and the saddle point
    at the first overlap.
    """

    observables: dict
    converged: np.ndarray
    reason: np.ndarray
    first: Any


def _curve(
    point: Point, y: float, overlaps: np.ndarray, typical: Typical, before: _Reached | None
) -> _Curve:
    many = np.isinf(y)
    way = _many(point, overlaps, typical) if many else _few(point, y, overlaps, typical, before)
    found, c, reached = _follow(way, overlaps)
    outer = overlaps if many else reached.x.outer_overlap
    found = {**found, "outer_overlap": outer, "residual": reached.residual}
    good = reached.converged
    why = np.where(good, "", "the saddle point was lost on the way from the typical overlap")
    if not many and point.leak > 0:
        accurate = _accurate(point, found, c, reached)
        sharp = "the integrand is too sharp for the quadrature: give fewer replicas, or inf"
        why = np.where(good & ~accurate, sharp, why)
        good = good & accurate
    return _Curve(found, good, why, type(reached.x)(*(v[0] for v in reached.x)))


def _accurate(point: Point, found: dict, c, reached: Visited) -> np.ndarray:
    """Whether more nodes give the same entropies."""
    _, measure = one_step.held(PRIORS[point.weights], replica.threshold, _FINER)
    finer = evaluate(measure, reached.x, c, batch=1, how="seldom")
    names = ("free_entropy", "internal_entropy")
    return np.all([np.abs(finer[name] - found[name]) < _ACCURATE for name in names], axis=0)


def _told(out: dict, converged, reason, overlap, beta) -> dict:
    """Under the declared names."""
    errors = out.pop("errors")
    inside = out.pop("internal_entropy")
    warm = np.isfinite(beta)
    out["local_free_entropy"] = inside
    out["local_entropy"] = inside + np.where(warm, np.where(warm, beta, 0.0) * errors, 0.0)
    out["errors_per_weight"] = errors
    out["external_entropy"] = out.pop("complexity")
    out["inner_overlap"] = np.where(converged, overlap, np.nan)
    # Below zero there is no such cluster.
    stable = np.where(out["external_entropy"] >= 0, np.nan, 0.0)
    return {**out, "converged": converged, "stable": stable, "reason": reason}


def _steepest(load: float) -> float:
    """The largest d phi / d q1 of the y = infinity local entropy at overlaps from 0.8 on, where its
    bulge appears.

    (Below, the curve begins flat at the overlap of typical solutions.)
    """
    point = Point(load, 0.0, 0.0, "ising")
    typical = typical_state(point)
    grid = np.arange(0.8, 0.985, 0.01)
    for _ in range(2):
        _, c, reached = _follow(_many(point, grid, typical), grid)
        slope = np.where(reached.converged, evaluate(limit_slope(), reached.x, c), -np.inf)
        k = min(max(int(np.argmax(slope)), 1), len(grid) - 2)
        grid = np.linspace(grid[k - 1], grid[k + 1], 21)
    return float(slope.max())


@lru_cache
def _limit_load() -> float:
    return float(brentq(_steepest, 0.70, 0.79, xtol=1e-7))  # pyright: ignore


def find_cluster_limit(controls) -> Found:
    """The load at which the y = infinity local entropy, as a function of the overlap, gets a
    horizontal tangent; of binary weights without errors, at margin zero.
    """
    shape = np.shape(controls.overlap)

    def given(name, default):
        return np.broadcast_to(np.asarray(getattr(controls, name, default), float), shape)

    many = np.isinf(given("replicas", np.inf))
    plain = (given("margin", 0.0) == 0) & (given("temperature", 0.0) == 0)
    plain = plain & (getattr(controls, "weights", "ising") == "ising")
    reason = np.select(
        [~many, ~plain],
        [
            "it is defined for infinitely many replicas: leave replicas at inf",
            "it is known at margin 0 and temperature 0 of binary weights: leave these as they are",
        ],
        "",
    )
    found = many & plain
    load = _limit_load() if found.any() else np.nan
    return Found(np.where(found, load, np.nan), found, reason=reason)
