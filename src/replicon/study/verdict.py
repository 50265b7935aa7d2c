"""From what a model's functions return to what a user is shown: put together, judged, and said in a
sentence.

`converged` is decided here, for shipped models and users' own: the model's flag, and finite values
within declared bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from replicon._declare import Control, Model, Transition, controls_tuple, resolve
from replicon._domains import show
from replicon._errors import InputError

_SOLVED = 1e-10  # the residual that counts as solved: `theory.stationary.TOLERANCE`
# such a residual moves an order parameter about that far over its bound
TOLERANCE = 10 * _SOLVED
NOT_FOUND = "it was not found, which does not say that it does not exist"

Found = list[tuple[list[int], Any]]


def ask(controls: tuple[Control, ...], table: list[dict], call: Callable) -> Found:
    """Call once for every combination of words in the table, numbers as arrays; [(rows, result),
    ...].
    """
    wordy = [c.name for c in controls if isinstance(c.default, str)]
    groups: dict[tuple, list[int]] = {}
    for row, point in enumerate(table):
        groups.setdefault(tuple(point[name] for name in wordy if name in point), []).append(row)
    out = []
    for rows in groups.values():
        values = [
            (
                table[rows[0]][name]
                if name in wordy
                else np.array([table[row][name] for row in rows], float)
            )
            for name in table[0]
        ]
        out.append((rows, call(controls_tuple(tuple(table[0]), values))))
    return out


def theory_values(model: Model, found: Found, branch: str, count: int) -> dict[str, np.ndarray]:
    """One array for every theory observable and property of the solution, rows in the order of the
    grid.

    A point is `converged` if the model says so and every theory observable and the potential is
    finite and within its declared bounds (`Observable(partial=True)` may be NaN). Numbers of other
    points are NaN, with the `reason`, `NOT_FOUND` where the model gives none.
    """
    merged = _merged(model, found, count)
    wanted = [o.name for o in model.scalars if o.role != "simulation"]
    wanted += [model.potential] if model.potential else []
    partial = {o.name for o in model.scalars if o.partial}
    for name in ("converged", *wanted):
        if name in partial:
            merged.setdefault(name, np.full(count, np.nan))
        if name not in merged:
            raise InputError(
                f"solve of {model.name} returned no '{name}': it must return `converged` and every"
                " declared theory observable."
            )
    converged = merged["converged"].astype(bool)
    reason = merged.pop("reason", np.full(count, "")).astype(object)
    for name in wanted:
        values, broken = _judged(model, name, merged[name].astype(float))
        for row in np.flatnonzero(converged & (broken != "")):
            reason[row] = broken[row]
        converged &= broken == ""
        merged[name] = values
    values = {name: np.where(converged, merged.pop(name), np.nan) for name in wanted}
    unknown = np.full(count, np.nan)
    longitudinal = merged.pop("longitudinal_stability", unknown)
    replicon = merged.pop("replicon", unknown)
    if "stable" in merged:
        stable = merged.pop("stable").astype(float)
    else:
        # One negative stability decides; otherwise both must be known.
        both = (longitudinal > 0) & (replicon > 0)
        negative = (longitudinal <= 0) | (replicon <= 0)
        stable = np.where(both, 1.0, np.where(negative, 0.0, np.nan))
    values["longitudinal_stability"] = np.where(converged, longitudinal, np.nan)
    values["replicon"] = np.where(converged, replicon, np.nan)
    values["stable"] = np.where(converged, stable, np.nan)
    values["branch"] = merged.pop("branch", np.full(count, branch, dtype=f"U{max(1, len(branch))}"))
    values["converged"] = converged
    values["residual"] = merged.pop("residual", np.zeros(count))
    reason[reason == ""] = NOT_FOUND
    values["reason"] = np.where(converged, "", reason).astype(str)
    del merged["converged"]
    known = {o.name for o in model.arrays if o.role != "simulation"}
    extra = sorted(set(merged) - known)
    if extra:
        raise InputError(
            f"solve of {model.name} returned '{extra[0]}', which the model does not declare: "
            "declare it as an observable, with its axes if it is an array."
        )
    return values | merged


class Located(NamedTuple):
    """A transition at every row, (points,) each: the `value` of its control, whether `converged`,
    the `reason` why there is no such value, empty where the search failed and more is not known,
    and the `evidence` that it declares, by name.
    """

    value: np.ndarray
    converged: np.ndarray
    reason: np.ndarray
    evidence: dict[str, np.ndarray]


def transition_value(model: Model, name: str, point: dict) -> float:
    """A transition at one point, NaN where there is none."""
    return float(transition_values(model, model.transition(name), [point]).value[0])


def transition_values(model: Model, transition: Transition, table: list[dict]) -> Located:
    """A transition at every row: found, finite, and in the domain of its own control."""
    controls = tuple(c for c in model.controls_for("theory") if c.name != transition.control)
    control = model.control(transition.control)
    value = np.full(len(table), np.nan)
    converged = np.zeros(len(table), bool)
    reason = np.full(len(table), "", object)
    evidence = {one.name: np.full(len(table), np.nan) for one in transition.evidence}
    rows_of = [{**point, transition.control: control.default} for point in table]
    for rows, found in ask(controls, rows_of, resolve(transition.find)):
        value[rows] = found[0]
        converged[rows] = found[1]
        why = getattr(found, "reason", found[2] if len(found) == 3 else None)
        if why is not None:
            reason[rows] = np.broadcast_to(np.asarray(why, object), (len(rows),))
        given = getattr(found, "evidence", None) or {}
        if set(given) != set(evidence):
            raise InputError(
                f"transition '{transition.name}' of {model.name} found the evidence"
                f" {', '.join(given) or 'none'}, and declares {', '.join(evidence) or 'none'}: it"
                " must give what it declares."
            )
        for name, values in given.items():
            evidence[name][rows] = values
    for row in np.flatnonzero(converged):
        if not control.domain.admits(value[row]):
            converged[row] = False
            reason[row] = (
                f"it lies at {control.name} {value[row]:.6g}, outside the domain ({control.domain})"
            )
    return Located(
        np.where(converged, value, np.nan),
        converged,
        np.where(converged, "", reason).astype(str),
        evidence,
    )


def why_unsolved(
    model: Model, branch: str, point: dict[str, Any], values: dict[str, np.ndarray]
) -> str:
    """One sentence on a point that did not converge: the reason, where the branch ends, or that the
    search failed.
    """
    named = f", branch '{branch}'," if branch else ""
    residual = float(values["residual"][0])
    size = f" (residual {residual:.1g})" if _SOLVED < residual < 1 else ""
    sentence = f"{model.name}{named} did not converge at {_at(point)}{size}"
    if values["reason"][0] != NOT_FOUND:
        return f"{sentence}: {values['reason'][0]}."
    declared = model.branch(branch) if model.branches else None
    if declared is not None and declared.ends_at:
        transition = model.transition(declared.ends_at)
        end = transition_values(
            model, transition, [{k: v for k, v in point.items() if k != transition.control}]
        )
        if end.converged[0]:
            return (
                f"{sentence}: the branch ends at transition '{transition.name}',"
                f" {transition.control} {end.value[0]:.4g}."
            )
    others = [b.name for b in model.branches if b.name != branch]
    return f"{sentence}: {NOT_FOUND}" + (
        f"; other branches: {', '.join(others)}." if others else "."
    )


def why_not_found(model: Model, transition: Transition, point: dict[str, Any], reason: str) -> str:
    """One sentence on a transition without a value: it does not exist, for a reason, or the search
    failed.
    """
    at = f" at {_at(point)}" if point else ""
    named = f"{model.name}, transition '{transition.name}' ({transition.meaning}),"
    if reason:
        return f"{named} does not exist{at}: {reason}."
    return f"{named} was not found{at}: the search failed, which does not say that there is none."


def _merged(model: Model, found: Found, count: int) -> dict[str, np.ndarray]:
    """The arrays of all groups of rows, each name once; arrays of another width filled
    up with NaN.
    """
    merged: dict[str, np.ndarray] = {}
    for rows, result in found:
        if not isinstance(result, Mapping):
            raise InputError(
                f"solve of {model.name} returned {show(result)}: it must return a dictionary of"
                " arrays."
            )
        for name, given in result.items():
            values = np.asarray(given)
            if values.shape[:1] != (len(rows),) and values.ndim:
                raise InputError(
                    f"solve of {model.name} returned '{name}' of shape {values.shape} for"
                    f" {len(rows)} points: one value a point."
                )
            values = np.broadcast_to(values, (len(rows),)) if not values.ndim else values
            if values.dtype.kind in "OUS":
                merged.setdefault(name, np.full(count, "", object))[rows] = values
                continue
            width = np.maximum(
                values.shape[1:], merged[name].shape[1:] if name in merged else 0
            ).astype(int)
            blank = np.full(
                (count, *width), np.nan if values.dtype.kind == "f" else 0, values.dtype
            )
            if name in merged:
                blank = blank.astype(np.result_type(values, merged[name]))
                blank[tuple(slice(n) for n in merged[name].shape)] = merged[name]
            blank[(rows, *(slice(n) for n in values.shape[1:]))] = values
            merged[name] = blank
    return {
        name: values.astype(str) if values.dtype == object else values
        for name, values in merged.items()
    }


def _judged(model: Model, name: str, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values, rounding beyond a bound taken back, and for each why it cannot be
    right (or '').
    """
    broken = np.full(len(values), "", object)
    if name == model.potential and name not in {o.name for o in model.observables}:
        low = -np.inf
        high = np.inf
        partial = False
    else:
        observable = model.observable(name)
        low = observable.low
        high = observable.high
        partial = observable.partial
    unknown = np.isnan(values)
    broken[np.isinf(values) | (unknown & (not partial))] = f"its {name} is not finite"
    beyond = (values < low - TOLERANCE * max(1.0, abs(low))) | (
        values > high + TOLERANCE * max(1.0, abs(high))
    )
    for row in np.flatnonzero(beyond & (broken == "")):
        least = f">= {low:g}" if np.isfinite(low) else ""
        most = f"<= {high:g}" if np.isfinite(high) else ""
        broken[row] = (
            f"the numbers found are no solution, since their {name}, {values[row]:.6g}, is not"
            f" {' and '.join(filter(None, (least, most)))}"
        )
    return np.where(broken == "", np.clip(values, low, high), values), broken


def _at(point: dict[str, Any]) -> str:
    return ", ".join(
        f"{name}={show(value)}" if not isinstance(value, str) else f"{name}={value}"
        for name, value in point.items()
    )
