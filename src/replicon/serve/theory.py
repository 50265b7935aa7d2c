"""Questions to the theory, as a page asks them: a curve through a point, the lines and regions of
a phase diagram, everything at one point. They run in the process of `serve.processes`, which may be
killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from replicon._declare import Control, Model
from replicon._domains import Interval, check_argument
from replicon._errors import InputError
from replicon.serve.asked import Offer
from replicon.study import ask, verdict

Answer = tuple[dict[str, Any], dict[str, Any]]

# A curve and the point on it together are whole batches of theory (`theory.points.BATCH`).
CURVE = 127
_LINE = 33  # points of a line of a phase diagram
_SIDE = 25  # points of a side of its regions
_POINTS = Interval(2, 256, integer=True)  # of a line
_SIDES = Interval(2, 64, integer=True)  # of regions, whose points are their square


def curve(
    offer: Offer,
    *,
    model: str,
    controls: dict,
    along: str,
    span: list,
    branch: str | None = None,
    count: int = CURVE,
) -> Answer:
    """One branch at `count` values of a control, all others held, and at the point itself: arrays
    `x` (count,) and every observable that is one number; `point`, {observable: value}, with
    `converged` and `stable`. Why there is no number only `point` tells.
    """  # fmt: skip
    asked = offer.model(model)
    chosen = ask.theory_branch(asked, branch)
    at = offer.controls(asked, controls, "theory")
    control = _numeric(asked, along, at)
    count = check_argument("count", count, Interval(0, CURVE, integer=True), "points of a curve")
    x = _axis(control, span, count)
    table = [at, *({**at, along: float(value)} for value in x)]
    begun = time.perf_counter()
    values = ask.solved_values(asked, chosen, table)
    seconds = time.perf_counter() - begun
    header = {
        "point": _first(values),
        "along": along,
        "branch": chosen,
        "seconds": seconds,
        "at": at,
    }
    shown = {o.name for o in asked.scalars} | {"converged", "stable", asked.potential}
    arrays = {
        name: np.asarray(array[1:], float)
        for name, array in values.items()
        if name in shown and array.dtype.kind in "fb"
    }
    return header, {"x": x, **arrays}


def point(offer: Offer, *, model: str, controls: dict, branch: str | None = None) -> Answer:
    """Everything that theory knows at one point, arrays too, and the `reason` why it has no number:
    to find where a branch ends may take ten times as long as to find that it is not here.
    """  # fmt: skip
    asked = offer.model(model)
    chosen = ask.theory_branch(asked, branch)
    at = offer.controls(asked, controls, "theory")
    values = ask.solved_values(asked, chosen, [at])
    arrays = {name: array[0] for name, array in values.items() if array.ndim > 1}
    told = {**_first(values), "reason": ""}
    if not told["converged"]:
        first = {name: array[:1] for name, array in values.items()}
        told["reason"] = verdict.why_unsolved(asked, chosen, at, first)
    return {"point": told, "branch": chosen, "at": at}, arrays


def points(offer: Offer, *, model: str, controls: dict, branches: list) -> Answer:
    """Several branches at one point, as a finger asks for them, in one way there and back:
    `points`, {branch: its numbers}, and `seconds` that each took.
    """  # fmt: skip
    asked = offer.model(model)
    chosen = _branches(asked, branches)
    at = offer.controls(asked, controls, "theory")
    solved = {}
    seconds = {}
    for branch in chosen:
        begun = time.perf_counter()
        solved[branch] = _first(ask.solved_values(asked, branch, [at]))
        seconds[branch] = time.perf_counter() - begun
    return {"points": solved, "seconds": seconds, "at": at}, {}


def line(
    offer: Offer,
    *,
    model: str,
    controls: dict,
    name: str,
    x: str,
    y: str,
    x_span: list,
    y_span: list,
    count: int = _LINE,
) -> Answer:
    """A transition in the plane of two controls, of which it finds one: `x` and `y` (points,), NaN
    where there is none, and `reason` of a point without.
    """  # fmt: skip
    asked = offer.model(model)
    transition = asked.transition(name)
    if transition.control not in (x, y) or x == y:
        raise InputError(f"Transition '{name}' finds {transition.control}: make it an axis.")
    along = y if transition.control == x else x
    at = offer.controls(asked, controls, "theory")
    control = _numeric(asked, along, at)
    _numeric(asked, transition.control, at)
    count = check_argument("count", count, _POINTS, "points of a line")
    places = _axis(control, x_span if along == x else y_span, count)
    held = {key: value for key, value in at.items() if key != transition.control}
    table = [{**held, along: float(value)} for value in places]
    found = verdict.transition_values(asked, transition, table)
    reasons = [reason for reason in found.reason if reason]
    header = {"transition": name, "along": along, "reason": reasons[0] if reasons else ""}
    return header, {along: places, transition.control: found.value}


def regions(
    offer: Offer,
    *,
    model: str,
    controls: dict,
    x: str,
    y: str,
    x_span: list,
    y_span: list,
    branches: list,
    side: int = _SIDE,
) -> Answer:
    """Which branch rules at each point of a plane: of those that converged and do not fall to
    another of their own kind (`longitudinal_stability`; a spin glass that breaks replica symmetry
    still rules), the one of the least free energy (greatest free entropy), or the first where there
    is no potential. `rules` (rows, columns), the place of the branch in `branches`, -1 where none
    does.
    """  # fmt: skip
    asked = offer.model(model)
    chosen = _branches(asked, branches)
    at = offer.controls(asked, controls, "theory")
    side = check_argument("side", side, _SIDES, "points of a side")
    xs = _axis(_numeric(asked, x, at), x_span, side)
    ys = _axis(_numeric(asked, y, at), y_span, side)
    table = [{**at, x: float(a), y: float(b)} for b in ys for a in xs]
    sign = -1.0 if asked.potential == "free_entropy" else 1.0
    best = np.full(len(table), np.inf)
    rules = np.full(len(table), -1, np.int8)
    for place, branch in enumerate(chosen):
        values = ask.solved_values(asked, branch, table)
        sound = np.nan_to_num(values["longitudinal_stability"], nan=1.0) > 0
        there = values["converged"] & sound
        height = sign * values[asked.potential] if asked.potential else np.full(len(table), place)
        height = np.where(there, height, np.inf)
        # Branches that have merged differ by rounding: the first named of them rules.
        rounding = 1e-9 * np.maximum(1.0, np.abs(np.where(there, height, 0.0)))
        better = there & (height < best - rounding)
        rules[better] = place
        best = np.where(better, height, best)
    return {"branches": chosen}, {"x": xs, "y": ys, "rules": rules.reshape(side, side)}


def _branches(model: Model, given: list) -> list[str]:
    if not isinstance(given, list) or len(given) > max(1, len(model.branches)):
        raise InputError(f"Branches are given as a list: name some of {model.name}.")
    return [ask.theory_branch(model, name) for name in given]


def _axis(control: Control, span: list, count: int) -> np.ndarray:
    """Values of a control from one end of an axis to the other, all inside its domain."""
    if not isinstance(span, (list, tuple)) or len(span) != 2:
        raise InputError(f"The axis of {control.name} has two ends.")
    low, high = (float(control.check(end)) for end in span)
    if not np.isfinite([low, high]).all() or low >= high:
        raise InputError(f"The axis of {control.name} goes from a lower to a higher number.")
    if control.scale == "log" and low > 0:
        values = np.geomspace(low, high, count)
    else:
        values = np.linspace(low, high, count)
    if isinstance(control.domain, Interval) and control.domain.integer:
        values = np.unique(np.round(values))
    return np.clip(values, low, high)


def _numeric(model: Model, name: str, at: dict) -> Control:
    control = model.control(name)
    if control.name != name or name not in at or not isinstance(control.domain, Interval):
        raise InputError(f"{name} is no axis of the theory of {model.name}: it has no numbers.")
    return control


def _first(values: dict) -> dict[str, Any]:
    """Every number of the first point of a table."""
    return {name: array[0] for name, array in values.items() if array.ndim == 1}


QUESTIONS: dict[str, Callable[..., Answer]] = {
    "curve": curve,
    "point": point,
    "points": points,
    "line": line,
    "regions": regions,
}
