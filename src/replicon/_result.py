"""The schema of a result: an xarray.Dataset whose dimensions are the controls given as lists, in declared order.

Then `sample` (simulations) and, for arrays beyond one number, `component_<name>`, `component_2_<name>`, ...
Controls given as one value are scalar coordinates. Attributes: model, version, kind (solve, simulate, compare, transition),
and size, samples, seed where used; `declaration`, JSON of what reading needs of the model's declaration (symbols, file of
origin), so that results are shown without it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from replicon import __version__
from replicon._declare import Model


class Shown(NamedTuple):
    """What showing results needs of a declaration. `symbols`: of controls and observables; `fractions`: observables that are."""

    name: str
    title: str = ""
    origin: str = ""
    content: str = ""
    size_symbol: str = "N"
    size_meaning: str = "size"
    symbols: Mapping[str, str] = {}
    fractions: Sequence[str] = ()


def declaration(model: Model) -> dict[str, Any]:
    """`Shown` of a model as plain values."""
    symbols = {item.name: item.symbol for item in (*model.controls, *model.observables)}
    fractions = [o.name for o in model.observables if o.fraction]
    given = (model.name, model.title, model.origin, model.content, model.size_symbol, model.size_meaning)
    return Shown(*given, symbols, fractions)._asdict()


def shown(dataset: xr.Dataset) -> Shown:
    """What a result carries of its model's declaration."""
    held = json.loads(dataset.attrs.get("declaration", "{}"))
    return Shown(**{"name": dataset.attrs["model"], **held})


def build(
    *,
    kind: str,
    model: Model,
    coordinates: Mapping[str, Any],
    values: Mapping[str, np.ndarray],
    inner: Sequence[str] = (),
    attributes: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Arrays whose first axis runs over the grid (C order over the coordinates that are lists) as a Dataset.

    `inner`: names of axes that follow the grid's (for example sample); further axes become component_<name> and so on.
    """
    axes = [name for name, value in coordinates.items() if isinstance(value, list)]
    shape = tuple(len(coordinates[name]) for name in axes)
    variables = {}
    for name, array in values.items():
        array = np.asarray(array)
        array = array.astype(float) if array.dtype.kind in "iuf" else array
        rest = array.shape[1:]
        variables[name] = ([*axes, *dimensions(name, len(rest), inner)], array.reshape(shape + rest))
    coords = {name: (name, value) if isinstance(value, list) else value for name, value in coordinates.items()}
    return xr.Dataset(variables, coords, labels(kind, declaration(model), attributes))


def labels(kind: str, declared: Mapping[str, Any], attributes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The attributes of a result. `declared`: what `declaration` gives."""
    own = {"model": declared["name"], "kind": kind, "version": __version__, "declaration": json.dumps(declared)}
    return {**own, **(attributes or {})}


def dimensions(name: str, count: int, inner: Sequence[str]) -> list[str]:
    """Names of the `count` axes of an array after those of its grid: `inner`, then its own."""
    own = [f"component_{name}" if k == 0 else f"component_{k + 1}_{name}" for k in range(count - len(inner))]
    return [*inner[:count], *own]


def records(dataset: xr.Dataset) -> list[tuple[dict[str, Any], xr.Dataset]]:
    """(controls, one-point Dataset) for every point of the grid, controls in declared order."""
    axes = grid_axes(dataset)
    out = []
    for index in np.ndindex(*(dataset.sizes[name] for name in axes)):
        point = dataset.isel(dict(zip(axes, index, strict=True)))
        out.append(({name: plain(point.coords[name].values) for name in point.coords if name in dataset.attrs["controls"]}, point))
    return out


def grid_axes(dataset: xr.Dataset) -> list[str]:
    return [str(name) for name in dataset.dims if name in dataset.attrs["controls"]]


def plain(value: Any) -> Any:
    """A JSON value: float, int, bool, str, or None for what is not finite (infinity keeps its word 'inf')."""
    item = np.asarray(value).item()
    if isinstance(item, float):
        if np.isnan(item):
            return None
        return ("inf" if item > 0 else "-inf") if np.isinf(item) else item
    return item
