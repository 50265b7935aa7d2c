"""Distances at which pairs of solutions begin or end, and the load from which a gap separates them.

Close to distance zero the entropy of pairs falls from that of one solution, with infinite slope,
and turns at a minimum, where the coupling field vanishes.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

from replicon._declare import controls_tuple
from replicon.perceptron.around import SHARPEST, around, asked, typical
from replicon.perceptron.pairs import pairs
from replicon.perceptron.storage_controls import nowhere, rows_of
from replicon.theory.branch import Found
from replicon.theory.transition import along, bracket, zero

_NEAREST = 1e-7  # distance from which a minimum is looked for
_FARTHEST = 1 - 1e-4
_SCAN = 24  # distances between that and the typical one
_ROUNDS = 12  # of Newton's method in the load
_SHORTER = 12  # halvings of such a step that leads beyond the capacity
_STILL = 1e-10  # of a load
_MOVES = 2.0  # by which a minimum moves in one of them, seldom more, as a factor
_BEYOND = "there are no solutions at that load: it lies beyond the capacity"


def _lines(load, margin) -> tuple:
    """Controls (points,) of pairs at the typical distance, with `less`, zero, which the entropy is
    measured from; all solutions; whether there are any.
    """
    load, margin = np.broadcast_arrays(np.asarray(load, float), np.asarray(margin, float))
    found = typical(load, margin)
    exist = found["converged"] & (found["entropy"] > 0)
    distance = np.where(exist, (1 - found["overlap"]) / 2, 0.3)
    names = ("load", "margin", "distance", "less")
    return controls_tuple(names, (load, margin, distance, np.zeros_like(load))), found, exist


def _one_by_one(c) -> dict:
    return pairs(c, batch=1)


def _saddle(c, solve=_one_by_one) -> dict:
    found = solve(asked(c.load, c.margin, c.distance))
    found["entropy"] = found["entropy"] - c.less
    found["converged"] = found["converged"] & (found["conjugate"] < SHARPEST)
    return found


def _saddle_around(c) -> dict:
    return _saddle(c, around)


def _zero(c, low, high, name: str = "entropy", solve=_saddle) -> Found:
    """The distance at which an observable vanishes, where low and high are numbers."""
    rows = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    value, there = nowhere(np.shape(low))
    if len(rows):
        some = along(solve, rows_of(c, rows), "distance", name)
        found = zero(some, low[rows], high[rows], geometric=True)
        value[rows] = found.value
        there[rows] = found.converged
    return Found(value, there)


def _first(c, name: str) -> Found:
    """The first distance, from the typical one inwards, at which an observable vanishes."""
    inwards = np.geomspace(0.9 * c.distance, np.full_like(c.distance, _NEAREST), _SCAN, axis=1)
    far, near, _ = bracket(_saddle, c, "distance", name, inwards)
    return _zero(c, near, far, name)


def _reasons(exist, found, otherwise: str) -> np.ndarray:
    """Why there is no value, (points,)."""
    return np.select([found, ~exist], ["", _BEYOND], otherwise)


def find_diameter(controls) -> Found:
    """The distance beyond which there are no pairs of solutions: the entropy vanishes."""
    c, _, exist = _lines(controls.load, controls.margin)
    far = np.where(exist, _FARTHEST, np.nan)
    found = _zero(c, c.distance, far)
    at = _saddle(c._replace(distance=np.where(found.converged, found.value, c.distance)))
    there = found.converged & (at["symmetric_stability"] < 1)
    return Found(
        np.where(there, found.value, np.nan),
        there,
        reason=_reasons(
            exist,
            there,
            "pairs end where the replica-symmetric saddle is unstable or not resolved: give a"
            " larger load",
        ),
    )


def find_partner(controls) -> Found:
    """The distance below which a typical solution has no partner: there the entropy of pairs is
    below that of solutions.
    """
    c, all_, exist = _lines(controls.load, controls.margin)
    found = _first(c._replace(less=all_["entropy"]), "entropy")
    there = found.converged & exist
    return Found(
        np.where(there, found.value, np.nan),
        there,
        reason=_reasons(
            exist, there, f"it lies below distance {_NEAREST:g}, which is not looked at"
        ),
    )


def _gap(controls, *, upper: bool) -> Found:
    c, _, exist = _lines(controls.load, controls.margin)
    least = _first(c, "coupling_field")
    found = least.converged & exist
    at = np.where(found, least.value, c.distance)
    empty = found & (_saddle(c._replace(distance=at))["entropy"] < 0)
    low = np.where(empty, at if upper else np.full_like(at, _NEAREST), np.nan)
    high = np.where(empty, c.distance if upper else at, np.nan)
    edge = _zero(c, low, high)
    return Found(
        edge.value,
        edge.converged,
        reason=_reasons(
            exist,
            edge.converged | (~found & exist),
            "there are pairs of solutions at every small distance: the gap opens at a larger load",
        ),
    )


def find_gap_begin(controls) -> Found:
    """The smaller edge of the band of distances without pairs."""
    return _gap(controls, upper=False)


def find_gap_end(controls) -> Found:
    """The larger edge of the band of distances without pairs."""
    return _gap(controls, upper=True)


def _solvable(load, margin, step) -> tuple:
    """The loads, less `step` shortened until there are solutions, and `_lines` of them."""
    for _ in range(_SHORTER):
        c, _, exist = _lines(load + step, margin)
        if exist.all():
            break
        step = np.where(exist, step, step / 2)
    return load + step, c, exist


def _moved(c, least: Found) -> Found:
    """The minimum at another load: near where it was, or, of a large step, from the typical
    distance inwards; never at that distance itself.
    """
    found = _zero(c, least.value / _MOVES, least.value * _MOVES, "coupling_field")
    rows = np.flatnonzero(~found.converged & np.isfinite(c.load))
    if len(rows):
        again = _first(rows_of(c, rows), "coupling_field")
        found.value[rows] = again.value
        found.converged[rows] = again.converged
    return found._replace(converged=found.converged & (found.value < c.distance / 2))


def find_gap_opening(controls) -> Found:
    """The load from which the minimum of the entropy of pairs close to distance zero is negative;
    evidence: the distance of that minimum. Newton's method in the load: at the minimum the entropy
    depends on it through the patterns alone.
    """
    margin = np.atleast_1d(np.asarray(controls.margin, float))
    first = 0.75 * np.log(2) / -log_ndtr(-margin)
    load, c, exist = _solvable(0.5 * first, margin, 0.5 * first)
    least = _first(c, "coupling_field")
    value, there = nowhere(load.shape)
    for _ in range(_ROUNDS):
        found = least.converged & exist
        at = _saddle(c._replace(load=load, distance=np.where(found, least.value, c.distance)))
        step = np.where(found, -at["entropy"] / at["by_load"], np.nan)
        there = found & (np.abs(step) < _STILL * load)
        value = np.where(there, load, np.nan)
        if (there | ~found).all():
            break
        load, c, exist = _solvable(load, margin, np.where(found, step, 0.0))
        least = _moved(c, least)
    return Found(value, there, evidence={"minimum": np.where(there, least.value, np.nan)})


def find_shell(controls) -> Found:
    """The distance from a random configuration below which there are no solutions."""
    c, _, exist = _lines(controls.load, controls.margin)
    near = np.where(exist, 1e-3, np.nan)
    half = np.where(exist, 0.5, np.nan)
    found = _zero(c, half, near, solve=_saddle_around)
    return Found(found.value, found.converged, reason=_reasons(exist, found.converged | exist, ""))
