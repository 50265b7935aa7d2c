"""A result as the plain values that the command line prints and every other reader of JSON gets."""

from __future__ import annotations

import math
from typing import Any

import xarray as xr

from replicon._declare import Model
from replicon._result import grid_axes, plain, records
from replicon.study.ask import interval, summarize


def record(model: Model, result: xr.Dataset) -> dict[str, Any] | list[dict[str, Any]]:
    """One object for a point, a list of objects for a grid; no NaN: null where a number is not
    known.

    solve: model, branch, controls, observables, the potential under its name, stable, converged,
    reason. transition: model, transition, control, value, the evidence it declares, controls,
    converged, reason. simulate: model, controls, size, samples, seed, observables {name: {mean,
    error, interval}}. compare: the same, each observable with theory and z, converged (of theory),
    and remarks.
    """
    point = {
        "solve": _solved,
        "transition": _transition,
        "simulate": _simulated,
        "compare": _compared,
    }[result.attrs["kind"]]
    found = [
        {"model": model.name, **point(model, controls, values)}
        for controls, values in records(result)
    ]
    return found if grid_axes(result) else found[0]


def _solved(model: Model, controls: dict, values: xr.Dataset) -> dict[str, Any]:
    names = [o.name for o in model.scalars if o.role != "simulation"]
    stable = plain(values["stable"])
    potential = {model.potential: number(values[model.potential])} if model.potential else {}
    return {
        "branch": plain(values["branch"]) or None,
        "controls": controls,
        "observables": {name: number(values[name]) for name in names if name in values},
        **potential,
        "stable": None if stable is None else bool(stable),
        "converged": bool(values["converged"]),
        **_reason(values),
    }


def _transition(model: Model, controls: dict, values: xr.Dataset) -> dict[str, Any]:
    return {
        "transition": values.attrs["transition"],
        "control": values.attrs["control"],
        "value": number(values["value"]),
        **{
            one.name: number(values[one.name])
            for one in model.transition(values.attrs["transition"]).evidence
        },
        "controls": controls,
        "converged": bool(values["converged"]),
        **_reason(values),
    }


def _simulated(model: Model, controls: dict, values: xr.Dataset) -> dict[str, Any]:
    observables: dict[str, dict[str, Any]] = {}
    for name, (mean, error) in summarize(model, values).items():
        observables[name] = {"mean": number(mean), "error": number(error)}
        ends = interval(model, values, name)
        if ends is not None:
            observables[name]["interval"] = list(ends)
    return {"controls": controls, **_run(values), "observables": observables}


def _compared(model: Model, controls: dict, values: xr.Dataset) -> dict[str, Any]:
    observables = {}
    for name in values["observable"].values:
        row = values.sel(observable=name)
        columns = ("mean", "error", "theory", "z")
        observables[str(name)] = {key: number(row[key]) for key in columns}
    converged = {"converged": bool(values["converged"])}
    out = {"controls": controls, **_run(values), "observables": observables, **converged}
    if "remarks" in values.attrs:
        out["remarks"] = values.attrs["remarks"]
    return out


def _run(values: xr.Dataset) -> dict[str, int]:
    return {key: int(values.attrs[key]) for key in ("size", "samples", "seed")}


def _reason(values: xr.Dataset) -> dict[str, str]:
    """Why there are no numbers, where that is known."""
    reason = str(values["reason"].item())
    return {"reason": reason} if reason else {}


def number(value: Any) -> float | None:
    """A JSON number, or None for what is not finite or not known."""
    found = float(value)
    return found if math.isfinite(found) else None
