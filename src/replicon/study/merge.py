"""Points put together: one Dataset for each series of a plan, from records alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from replicon._errors import StoreError
from replicon._result import dataset, labelled, labels
from replicon._seed import fingerprint
from replicon.study import grid
from replicon.study.names import check_name
from replicon.study.records import Found, Record

Task = dict[str, Any]


def tasks(plan: dict[str, Any]) -> list[Task]:
    """The tasks of a plan in order: one for each theory or transition series, one for each size and
    point of a simulation.
    """
    out: list[Task] = []
    for series in plan["series"]:
        if series["kind"] != "simulation":
            out.append(series)
            continue
        rest = {name: value for name, value in series.items() if name != "sizes"}
        for size in series["sizes"]:
            for point in grid.points(series["controls"]):
                out.append({**rest, "controls": point, "size": size})
    return out


def identity(task: Task) -> str:
    """The fingerprint of what a task computes: files by their content, wherever they lie; a model
    by its revision or content.
    """
    controls = task["controls"]
    if task["files"]:
        controls = {name: _by_content(value, task["files"]) for name, value in controls.items()}
    model = {name: task["model"][name] for name in ("name", "content", "revision")}
    rest = {name: value for name, value in task.items() if name not in ("declaration", "files")}
    return fingerprint({**rest, "model": model, "controls": controls})


def _by_content(value: Any, files: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_by_content(one, files) for one in value]
    return {"content": files[value]} if isinstance(value, str) and value in files else value


def merge(plan: dict[str, Any], found: Found, folder: Path) -> dict[str, xr.Dataset]:
    """One Dataset for each series; simulations have dimensions (size, listed controls, sample).

    Raises StoreError, one sentence, if points are missing or damaged, or if the plan is none.
    """
    try:
        wanted = tasks(plan)
        names = [identity(task) for task in wanted]
        missing = sum(name not in found.records for name in names)
        if missing and found.damaged:
            raise StoreError(
                f"'{found.damaged[0]}' is damaged (a checksum does not match), {missing} of"
                f" {len(wanted)} points are lost: run the study again with the same --out, and"
                " these are computed anew."
            )
        if missing:
            raise StoreError(
                f"'{folder}' is not complete: {missing} of {len(wanted)} points are missing; run"
                " the study again with the same --out."
            )
        out: dict[str, xr.Dataset] = {}
        pieces: dict[str, list[Record]] = {}
        for task, name in zip(wanted, names):
            pieces.setdefault(task["series"], []).append(found.records[name])
        for series in plan["series"]:
            name = check_name(series["series"], "series", raises=StoreError)
            parts = pieces.get(name, [])
            out[name] = (
                _grid(series, parts) if series["kind"] == "simulation" else parts[0].dataset()
            )
            if series["kind"] != "simulation":
                out[name].attrs |= {"declaration": labels("", series["declaration"])["declaration"]}
        return out
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise StoreError(
            f"'{folder}' is damaged ({type(error).__name__} on reading its plan and points): run"
            " the study again in another folder."
        ) from None


def _grid(series: dict[str, Any], parts: list[Record]) -> xr.Dataset:
    """The points of a simulation, in the order of their tasks, as arrays over size and listed
    controls.

    Arrays of another length at another size (states, spectra) are filled up with NaN.
    """
    listed = {"size": series["sizes"]} | {
        name: value for name, value in series["controls"].items() if isinstance(value, list)
    }
    shape = tuple(len(value) for value in listed.values())
    assert int(np.prod(shape)) == len(parts)
    lengths: dict[str, dict[str, int]] = {}
    for part in parts:
        for name, dims, _, size, _ in part.header["arrays"]:
            known = lengths.setdefault(name, {})
            for dim, length in zip(dims, size, strict=True):
                known[dim] = max(length, known.get(dim, 0))
    arrays = {
        name: np.full((len(parts), *known.values()), np.nan) for name, known in lengths.items()
    }
    for row, part in enumerate(parts):
        for name, dims, values, _ in part.arrays():
            arrays[name][(row, *(slice(length) for length in values.shape))] = values
    variables = {
        name: ([*listed, *lengths[name]], values.reshape(shape + values.shape[1:]))
        for name, values in arrays.items()
    }
    scalars = {name: value for name, value in series["controls"].items() if name not in listed}
    coords = {**{name: (name, value) for name, value in listed.items()}, **scalars}
    attributes = {
        "controls": list(series["controls"]),
        "samples": series["samples"],
        "seed": series["seed"],
    }
    attributes = labels("simulate", series["declaration"], attributes)
    return labelled(dataset(series["declaration"], variables, coords, attributes))
