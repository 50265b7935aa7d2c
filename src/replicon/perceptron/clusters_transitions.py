"""The load up to which dense clusters reach to their centre.

Clusters exist while their external entropy is not negative. At each overlap the greatest local
entropy of clusters that exist is that with so many replicas y that the external entropy vanishes;
there it is the free entropy phi, stationary in y, so that its slope in the overlap is the explicit
one. It falls with the overlap throughout up to a load at which the slope first vanishes, close to
overlap one: beyond, a gap cuts the solutions near to each other off from the rest.

Source: Baldassi et al., PRL 115, 128101 (2015), who read 0.77 off their curves. Referee: the local
entropy on both sides of the load, and more quadrature nodes (tests/perceptron).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._declare import controls_tuple
from replicon.channel import one_step, replica
from replicon.channel.factors import errorless
from replicon.perceptron import clusters
from replicon.perceptron.clusters_typical import Point, typical_state
from replicon.perceptron.storage_transitions import find_capacity
from replicon.theory.branch import Found, visit
from replicon.theory.points import evaluate

_ENTER = 0.9  # overlap at which clusters without external entropy are entered
_NEAREST = 1e-3  # 1 - overlap up to which the slope is looked at
_ENTRY = 0.9  # load of the entry, in parts of the capacity
_FIRST = (0.9, 0.92, 0.94, 0.96)  # loads of which the first two that are reached begin
_MANY = 40.0  # replicas among which those without external entropy are looked for
_SCAN = np.geomspace(1 - _ENTER, _NEAREST, 24)  # of 1 - overlap: the whole curve
_WIDE = np.geomspace(2.0, 0.5, 9)  # about its steepest place
_NARROW = np.geomspace(1.1, 1 / 1.1, 5)
_NEAR = 5e-3  # of the load: the steepest place moves by a factor of two at most
_CLOSE = 1e-3  # it hardly moves
_STILL = 1e-8
_FLAT = 1e-6  # of the largest slope at the load found
_ROUNDS = 20


class Existing(NamedTuple):
    """`one_step.Held` and the number of replicas: scalars."""

    outer_overlap: Any
    norm: Any
    force: Any
    replicas: Any


@lru_cache
def _existing(finer: int) -> tuple[Callable, Callable]:
    """(residual, slope) of `Existing`: a saddle point whose external entropy vanishes; the slope of
    phi in the overlap, and beside it the residual, (`Existing`, scalar).
    """
    both = one_step.held_together(replica.ising, errorless, finer)

    def asked(x: Existing, c) -> tuple[Existing, dict]:
        error, entropies = both(one_step.Held(*x[:3]), c._replace(breaking_parameter=x.replicas))
        left = Existing(error.outer_overlap, error.norm, error.force, entropies["complexity"])
        return left, entropies

    def residual(x: Existing, c) -> Existing:
        return asked(x, c)[0]

    def slope(x: Existing, c) -> tuple[Existing, jax.Array]:
        def at(overlap):
            left, entropies = asked(x, c._replace(overlap=overlap))
            return entropies["free_entropy"], left

        _, by_overlap, left = jax.jvp(at, (c.overlap,), (jnp.ones_like(c.overlap),), has_aux=True)
        return left, by_overlap

    return residual, slope


def _finer_slope(x: Existing, c) -> float:
    """The slope at the saddle point that twice as many nodes have next to `x`: by one step of
    Newton's method, with derivatives by differences, since what nodes change is tiny.
    """
    _, slope = _existing(2)
    at = np.array(x)
    steps = 1e-6 * (1 + np.abs(at))

    def asked(points):
        controls = type(c)(*(np.full(len(points), v) for v in c))
        left, slopes = evaluate(slope, Existing(*points.T), controls, batch=1, how="seldom")
        return np.array(left).T, slopes

    left, _ = asked(np.vstack([at, at + np.diag(steps)]))
    columns = (left[1:] - left[0]).T / steps
    return float(asked(at[None] - np.linalg.solve(columns, left[0]))[1][0])


def _at(load, overlap, margin, replicas=1.0):
    names = ("load", "overlap", "breaking_parameter", "margin", "leak")
    return controls_tuple(names, (load, overlap, replicas, margin, 0.0))


def _capacity(margin: float) -> float:
    """The load at which solutions of binary weights end; NaN where it was not found."""
    names = ("load", "margin", "temperature", "breaking_parameter", "weights", "constraint")
    at = controls_tuple(names, (0.0, np.array([margin]), 0.0, 0.0, "ising", "threshold"))
    return float(find_capacity(at)[0][0])


class _Steepest(NamedTuple):
    """The largest slope in the overlap at a load, 1 - overlap and the replicas there, NaN where the
    saddle point was lost; x and c, the saddle point next to it and its controls, and the slope
    `there`.
    """

    slope: float
    nearness: float
    replicas: float
    x: Any = None
    c: Any = None
    there: float = np.nan


_LOST = _Steepest(np.nan, np.nan, np.nan)


class _Line:
    """Clusters without external entropy of one margin, followed from one point of theirs."""

    def __init__(self, margin: float, load: float):
        """`load` of that point; `found`: whether there is one."""
        self._margin = margin
        self._x = self._c = None
        point = Point(load, margin, 0.0, "ising")
        typical = typical_state(point)
        self.found = typical.exists and typical.overlap + 0.05 < _ENTER
        if self.found:
            self._enter(point, typical)

    def _enter(self, point, typical) -> None:
        """In the overlap with two replicas, then in their number."""
        way = clusters._few(point, 2.0, np.array([_ENTER]), typical)
        counts = np.geomspace(2.0, _MANY, 18)
        path = [*way.path, *(_at(point.load, _ENTER, self._margin, y) for y in counts)]
        out = visit(way.residual, way.start, path[0], path)
        x = type(out.x)(*(v[-len(counts) :] for v in out.x))
        c = type(path[0])(*np.array(path[-len(counts) :]).T)
        none = np.flatnonzero(evaluate(way.measure, x, c, batch=1, how="seldom")["complexity"] < 0)
        self.found = len(none) > 0
        if self.found:
            k = none[0]
            self._x = Existing(x.outer_overlap[k], x.norm[k], x.force[k], counts[k])
            self._c = path[-1]

    def steepest(self, load: float, nearness: np.ndarray, near: _Steepest = _LOST) -> _Steepest:
        """By a parabola in ln(1 - overlap) through the largest of the slopes at 1 - overlap
        `nearness` and its neighbours, followed from the saddle point of one `near` to it, or from
        where the line was entered.
        """
        residual, slope_of = _existing(1)
        way = [] if near.x else np.geomspace(1 - _ENTER, nearness[0], 5)
        path = [_at(load, 1 - d, self._margin) for d in (*way, *nearness)]
        out = visit(residual, near.x or self._x, near.c or self._c, path)
        if not out.converged.all():
            return _LOST
        asked = slice(len(way), None)
        x = Existing(*(v[asked] for v in out.x))
        at = type(path[0])(*np.array(path[asked]).T)
        _, slope = evaluate(slope_of, x, at, batch=1, how="seldom")
        u = np.log(nearness)
        k = int(np.clip(np.argmax(slope), 1, len(u) - 2))
        a, b, c = np.polyfit(u[k - 1 : k + 2] - u[k], slope[k - 1 : k + 2], 2)
        return _Steepest(
            c - b**2 / (4 * a),
            float(np.exp(u[k] - b / (2 * a))),
            x.replicas[k],
            Existing(*(v[k] for v in x)),
            path[asked][k],
            slope[k],
        )


class _Broken(NamedTuple):
    """A load, its numerical error, and where the slope vanishes; NaN, and why."""

    load: float
    load_error: float
    overlap: float
    replicas: float
    reason: str = ""


def _nothing(reason: str) -> _Broken:
    return _Broken(np.nan, np.nan, np.nan, np.nan, reason)


@lru_cache
def _breaks(margin: float) -> _Broken:
    """Secants in the load on the largest slope; then the whole curve is looked at once more, and
    the slope found again from more nodes: by how much that moves the load is its error.
    """
    capacity = _capacity(margin)
    if not np.isfinite(capacity):
        return _nothing("")
    line = _Line(margin, _ENTRY * capacity)
    if not line.found:
        return _nothing("clusters without external entropy were not found at overlap 0.9")
    first = []
    for share in _FIRST:
        found = line.steepest(share * capacity, _SCAN)
        first += [(share * capacity, found)] * bool(np.isfinite(found.slope))
        if len(first) == 2:
            break
    if len(first) < 2:
        return _nothing("")
    (before, old), (load, new) = first
    if not (_NEAREST < new.nearness < 0.7 * (1 - _ENTER)):
        return _nothing("the local entropy has no bulge at overlaps from 0.9 to 0.999")
    gain = np.nan
    for _ in range(_ROUNDS):
        gain = (new.slope - old.slope) / (load - before)
        moved = -new.slope / gain
        if not abs(moved) > _STILL:
            break
        before, old, load = load, new, float(np.clip(load + moved, 0.5 * capacity, capacity))
        if abs(moved) < _NEAR:
            width = _NARROW if abs(moved) < _CLOSE else _WIDE
            new = line.steepest(load, new.nearness * width, near=new)
        else:
            new = line.steepest(load, _SCAN)
    whole = line.steepest(load, _SCAN)
    if not (abs(new.slope) < _FLAT and abs(whole.nearness / new.nearness - 1) < 0.3):
        return _nothing("")
    error = abs(_finer_slope(new.x, new.c) - new.there) / gain + _STILL
    return _Broken(load, error, 1 - new.nearness, new.replicas)


def find_cluster_breakup(controls) -> Found:
    """The load up to which the local entropy of clusters that exist falls with the overlap;
    evidence: its numerical error, the overlap and the number of replicas at which the slope first
    vanishes. Of binary weights without errors, at any margin.
    """
    margin = np.asarray(controls.margin, float)
    plain = np.broadcast_to(np.asarray(controls.temperature) == 0, margin.shape)
    plain = plain & (controls.weights == "ising")
    unknown = _nothing(
        "it is known of binary weights without errors: leave weights and temperature as they are"
    )
    rows = [_breaks(m) if p else unknown for m, p in zip(margin.tolist(), plain, strict=True)]
    load, error, overlap, replicas, reason = (np.array(v) for v in zip(*rows, strict=True))
    evidence = {
        "load_error": error,
        "breakup_overlap": overlap,
        "breakup_replicas": replicas,
    }
    return Found(load, np.isfinite(load), reason=reason, evidence=evidence)
