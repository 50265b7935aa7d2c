"""Theory beside simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from replicon._declare import Model, resolve
from replicon._result import build, grid_axes, labelled, variable
from replicon._statistics import z_value
from replicon.study import catalogue, grid
from replicon.study.ask import (
    Seed,
    canonical,
    check_numbers,
    check_size,
    read,
    simulate_at,
    size_of,
    solve_at,
    summarize,
    theory_branch,
)
from replicon.study.process import remark_on_length

_COLUMNS = ("mean", "error", "theory", "z")


def compare(
    model: str | Model,
    *,
    size: int | None = None,
    samples: int = 30,
    seed: Seed = 0,
    branch: str | None = None,
    **controls: Any,
) -> xr.Dataset:
    """Theory beside simulation: for every observable mean, error, theory and
    z = (mean - theory) / error.

    Controls of theory only and of simulation only are both accepted; a model whose theory knows
    finite size gets `size`. A load that is a whole number of patterns at this size is compared at
    the load really stored. Returns a Dataset with dimensions (controls given as lists, observable),
    and `converged` of theory at each point; its attribute `remarks`, where there is one, holds
    sentences: what was rounded, what theory assumes that the simulated system does not obey, chains
    too short to trust. Theory is NaN where it does not know or did not converge; z is NaN without
    theory or error.
    """
    model = catalogue.get(model)
    chosen = theory_branch(model, branch)
    coordinates = read(model, controls, "both")
    simulated_controls = {c.name for c in model.controls_for("simulation")}
    at = {name: value for name, value in coordinates.items() if name in simulated_controls}
    asked = check_numbers(model, size_of(model, size, at), samples, seed)
    check_size(model, at, asked.size)
    theory = {c.name: coordinates[c.name] for c in model.controls_for("theory")}
    if model.size.control in theory:
        own = model.control(model.size.control)
        if own.name not in canonical(model, controls):
            theory[own.name] = own.check(asked.size)
        del coordinates[own.name]
    simulated = simulate_at(model, at, asked)
    realized = _realized(model, coordinates, asked.size)
    for name, values in realized.items():
        distinct = list(dict.fromkeys(values.values()))
        theory[name] = distinct if isinstance(coordinates[name], list) else distinct[0]
    solved = solve_at(model, chosen, theory)
    remarks = [
        _rounded(name, values, asked.size)
        for name, values in realized.items()
        if any(given != real for given, real in values.items())
    ]
    blocks = []
    converged = []
    for point in grid.points(coordinates):
        measured = summarize(model, _at_point(simulated, point))
        real = {name: values[point[name]] for name, values in realized.items()}
        predicted = _at_point(solved, point | real)
        blocks.append(_beside(measured, predicted))
        converged.append(bool(predicted["converged"]))
        remarks += remark_on_length(model, point, measured)
        if model.remarks is not None:
            remarks += resolve(model.remarks)(point, asked.size, measured)
    columns = np.moveaxis(np.array(blocks), -1, 0)  # (column, point, observable)
    out = build(
        kind="compare",
        model=model,
        coordinates=coordinates,
        values=dict(zip(_COLUMNS, columns, strict=True)),
        inner=("observable",),
        attributes={
            **asked._asdict(),
            "controls": list(coordinates),
            **({"remarks": list(dict.fromkeys(remarks))} if remarks else {}),
        },
    )
    names = [o.name for o in model.scalars if o.role != "theory"]
    out = out.assign_coords(observable=variable("observable", names))
    axes = grid_axes(out)
    shape = [out.sizes[name] for name in axes]
    return labelled(out.assign(converged=variable(axes, np.reshape(converged, shape))))


def _beside(measured: Mapping[str, tuple[float, float]], predicted: xr.Dataset) -> list[list]:
    """The numbers of `_COLUMNS` for every observable at one point."""
    rows = []
    for name, (mean, error) in measured.items():
        value = float(predicted[name]) if name in predicted else np.nan
        rows.append([mean, error, value, z_value(mean, error, value)])
    return rows


def _realized(
    model: Model, coordinates: Mapping[str, Any], size: int
) -> dict[str, dict[float, float]]:
    """{control: {value asked for: value that a system of this size has}}, of those that count."""
    out = {}
    for control in model.controls_for("theory"):
        if control.realized is not None and control.name in coordinates:
            given = coordinates[control.name]
            values = given if isinstance(given, list) else [given]
            out[control.name] = {value: control.realized(value, size) for value in values}
    return out


def _rounded(name: str, at: dict[float, float], size: int) -> str:
    changed = [f"{real:.4g} for {asked:.4g}" for asked, real in at.items() if asked != real]
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return (
        f"At size {size} {name} is rounded to what can be counted: theory is asked at "
        f"{name} = {', '.join(changed[:3])}{more}."
    )


def _at_point(dataset: xr.Dataset, point: dict[str, Any]) -> xr.Dataset:
    return dataset.sel({name: point[str(name)] for name in dataset.dims if name in point})
