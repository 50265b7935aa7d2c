"""The schema of a result: an xarray.Dataset whose dimensions are the controls given as lists, in
declared order; then `sample` (simulations) and, for arrays, their declared axes.

Controls given as one value are scalar coordinates. Attributes: model, version, kind (solve,
simulate, compare, transition), and size, samples, seed where used; `declaration`, JSON of what
reading needs of the model's declaration, so that results are shown without it. Every variable and
coordinate has `long_name`, `symbol` and `meaning`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from replicon import __version__
from replicon._declare import Model, evidence
from replicon._errors import InputError

if TYPE_CHECKING:
    import xarray as xr

# (symbol, meaning) of what every result may hold beside what its model declares.
_COMMON = {
    "converged": ("", "whether the numbers are a solution: the solver's flag, bounds, identities"),
    "stable": ("", "1 where both stabilities are positive, 0 where one is not, NaN if not known"),
    "longitudinal_stability": ("", "stability against fluctuations of the order parameters"),
    "replicon": ("lambda", "stability against breaking replica symmetry; positive is stable"),
    "branch": ("", "which solution"),
    "residual": ("", "largest component of the equations at the solution"),
    "reason": ("", "why there is no solution"),
    "free_energy": ("f", "free energy per degree of freedom"),
    "free_entropy": ("phi", "free entropy per degree of freedom"),
    "value": ("", "value of the control at the transition"),
    "mean": ("", "mean over samples"),
    "error": ("", "standard error of the mean"),
    "theory": ("", "infinite-size theory"),
    "z": ("z", "(mean - theory) / error"),
    "sample": ("", "independent sample"),
    "observable": ("", "observable"),
}


class Shown(NamedTuple):
    """What showing results needs of a declaration. `symbols` and `meanings`: of controls,
    observables and axes; `fractions`: observables that are; `axes`: those of each array;
    `coordinates`: the numbers along axes that have them always.
    """

    name: str
    title: str = ""
    origin: str = ""
    content: str = ""
    size_symbol: str = "N"
    size_meaning: str = "size"
    symbols: Mapping[str, str] = {}
    meanings: Mapping[str, str] = {}
    fractions: Sequence[str] = ()
    axes: Mapping[str, Sequence[str]] = {}
    coordinates: Mapping[str, Sequence[float]] = {}


def declaration(model: Model) -> dict[str, Any]:
    """`Shown` of a model as plain values."""
    axes = [axis for array in model.arrays for axis in array.axes]
    items = (*axes, *model.controls, *model.observables, *evidence(model))
    return Shown(
        name=model.name,
        title=model.title,
        origin=model.origin,
        content=model.content,
        size_symbol=model.size.symbol,
        size_meaning=model.size.meaning,
        symbols={item.name: item.symbol for item in items},
        meanings={item.name: item.meaning for item in items},
        fractions=[o.name for o in model.observables if o.fraction],
        axes={o.name: [axis.name for axis in o.axes] for o in model.arrays},
        coordinates={
            axis.name: list(axis.coordinate)
            for axis in axes
            if axis.coordinate and not isinstance(axis.coordinate, str)
        },
    )._asdict()


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
    """Arrays whose first axis runs over the grid (C order over the coordinates that are lists) as a
    Dataset.

    `inner`: names of axes that follow the grid's (for example sample); then come the declared axes
    of arrays.
    """
    grid = [name for name, value in coordinates.items() if isinstance(value, list)]
    shape = tuple(len(coordinates[name]) for name in grid)
    declared = declaration(model)
    variables = {}
    for name, array in values.items():
        array = np.asarray(array)
        array = array.astype(float) if array.dtype.kind in "iuf" else array
        own = dimensions(declared, name, array.ndim - 1, inner)
        variables[name] = ([*grid, *own], array.reshape(shape + array.shape[1:]))
    coords = {
        name: (name, value) if isinstance(value, list) else value
        for name, value in coordinates.items()
    }
    return labelled(dataset(declared, variables, coords, labels(kind, declared, attributes)))


def dataset(
    declared: Mapping[str, Any],
    variables: Mapping[str, Any],
    coordinates: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """A Dataset of {name: (dimensions, array)}; InputError where arrays that share the name of an
    axis are not as long along it.
    """
    import xarray as xr

    lengths: dict[str, tuple[str, int]] = {}
    for name, (axes, array) in variables.items():
        for axis, length in zip(axes, np.shape(array), strict=True):
            first, known = lengths.setdefault(axis, (name, length))
            if known != length:
                raise InputError(
                    f"{declared['name']} gives '{first}' and '{name}' along the axis '{axis}', "
                    f"{known} and {length} long: declare axes of different names."
                )
    held = {name: variable(axes, array) for name, (axes, array) in variables.items()}
    along = {
        name: variable(*value) if isinstance(value, tuple) else variable((), value)
        for name, value in (coordinates or {}).items()
    }
    return xr.Dataset(held, along, attributes)


def variable(axes: Sequence[str] | str, array: Any) -> xr.Variable:
    """An array that xarray need not look at: to find out that it is none of dask's, it would load
    dask wherever that is installed, in 0.3 s.
    """
    import xarray as xr

    return xr.Variable(axes, np.asarray(array), fastpath=True)


def labels(
    kind: str, declared: Mapping[str, Any], attributes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The attributes of a result. `declared`: what `declaration` gives."""
    own = {
        "model": declared["name"],
        "kind": kind,
        "version": __version__,
        "declaration": json.dumps(declared),
    }
    return {**own, **(attributes or {})}


def dimensions(
    declared: Mapping[str, Any], name: str, count: int, inner: Sequence[str]
) -> list[str]:
    """Names of the `count` axes of an array after those of its grid: `inner`, then its own."""
    own = list(declared["axes"].get(name, ()))
    assert len(inner) + len(own) == count, f"'{name}' has {count} axes: {[*inner, *own]} declared"
    return [*inner, *own]


def labelled(dataset: xr.Dataset) -> xr.Dataset:
    """The result with numbers along its axes, and long_name, symbol and meaning everywhere."""
    known = shown(dataset)
    numbers = {
        axis: variable(axis, values)
        for axis, values in known.coordinates.items()
        if axis not in dataset.coords and dataset.sizes.get(axis) == len(values)
    }
    dataset = dataset.assign_coords(numbers)
    sizes = {"size": (known.size_symbol, known.size_meaning)}
    for name in dataset.variables:
        other = {**_COMMON, **sizes}.get(str(name), ("", ""))
        symbol = known.symbols.get(str(name), other[0])
        meaning = known.meanings.get(str(name), other[1])
        words = str(name).replace("_", " ")
        long_name = f"{words} {symbol}" if symbol and symbol != words else words
        dataset[name].attrs |= {"long_name": long_name, "symbol": symbol, "meaning": meaning}
    return dataset


def records(dataset: xr.Dataset) -> list[tuple[dict[str, Any], xr.Dataset]]:
    """(controls, one-point Dataset) for every point of the grid, controls in declared order."""
    axes = grid_axes(dataset)
    out = []
    for index in np.ndindex(*(dataset.sizes[name] for name in axes)):
        point = dataset.isel(dict(zip(axes, index, strict=True)))
        controls = {
            name: plain(point.coords[name].values)
            for name in point.coords
            if name in dataset.attrs["controls"]
        }
        out.append((controls, point))
    return out


def grid_axes(dataset: xr.Dataset) -> list[str]:
    return [str(name) for name in dataset.dims if name in dataset.attrs["controls"]]


def plain(value: Any) -> Any:
    """A JSON value: float, int, bool, str, or None for what is not finite (infinity keeps its word
    'inf').
    """
    item = np.asarray(value).item()
    if not isinstance(item, float) or np.isfinite(item):
        return item
    if np.isnan(item):
        return None
    return "inf" if item > 0 else "-inf"
