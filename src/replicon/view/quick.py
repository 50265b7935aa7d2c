"""A figure of results alone, without a table: what is drawn along which control, and how it is
named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr

from replicon._domains import show
from replicon._errors import InputError
from replicon._result import grid_axes, shown
from replicon.view.axes import Results

_KINDS = {"solve": "theory", "simulate": "simulation", "transition": "transition"}
_MOST = 4  # panels, where it is not said which observables are shown
_JUDGEMENTS = ("converged", "stable", "residual", "longitudinal_stability", "replicon")


def table_of(
    results: Sequence[xr.Dataset], along: str | None, observables: str | Sequence[str] | None
) -> tuple[dict[str, Any], Results]:
    """The table of a figure of kind 'curves', and its series by name, from what `solve`,
    `simulate`, `find_transition` and `compare` return. Raises InputError where there is nothing
    along which to draw, or nothing to draw.
    """
    series: dict[str, Results] = {"theory": {}, "simulation": {}, "transition": {}}
    labels: dict[str, str] = {}
    for kind, data in _parts(results):
        label = _label(kind, data)
        name = f"{kind}-{len(labels) + 1}"
        labels[name] = label
        series[kind][name] = data
    drawn = {**series["theory"], **series["simulation"]}
    if not drawn:
        raise InputError("draw was given no theory and no simulation: give what solve returns.")
    x = along or _abscissa(drawn)
    _check_abscissa(x, drawn)
    names = [observables] if isinstance(observables, str) else observables or _shared(drawn)
    table = {
        "x": x,
        "y": list(names),
        **{kind: list(of_kind) for kind, of_kind in series.items() if of_kind},
        "labels": labels,
    }
    return table, {name: data for of_kind in series.values() for name, data in of_kind.items()}


def _parts(results: Sequence[xr.Dataset]) -> Iterator[tuple[str, xr.Dataset]]:
    """(kind of series, result) of every result; a comparison is both theory and simulation."""
    for data in results:
        kind = data.attrs.get("kind") if isinstance(data, xr.Dataset) else None
        if kind == "compare":
            yield from _compared(data)
        elif kind == "simulate":
            size = data.attrs.get("size")
            yield "simulation", data if "size" in data.dims else data.expand_dims(size=[size])
        elif kind in _KINDS:
            yield _KINDS[kind], data
        else:
            raise InputError(
                f"draw was given {show(type(data).__name__)}: give what solve, simulate,"
                " find_transition or compare return, or a figure's table and the results of its"
                " study."
            )


def _compared(data: xr.Dataset) -> Iterator[tuple[str, xr.Dataset]]:
    each = {str(name): data.sel(observable=name, drop=True) for name in data["observable"].values}
    known = {name: one["theory"] for name, one in each.items()}
    if any(one.notnull().any() for one in known.values()):
        yield "theory", xr.Dataset(known, attrs=data.attrs)
    means = {name: one["mean"] for name, one in each.items()}
    errors = {f"{name}_error": one["error"] for name, one in each.items()}
    found = xr.Dataset(means | errors, attrs=data.attrs)
    yield "simulation", found.expand_dims(size=[data.attrs["size"]])


def _label(kind: str, data: xr.Dataset) -> str:
    if kind == "theory" and "branch" in data.variables:
        branches = {str(name) for name in np.ravel(data["branch"].values)} - {""}
        return ", ".join(["theory", *sorted(branches)])
    return data.attrs["transition"] if kind == "transition" else kind


def _abscissa(drawn: Results) -> str:
    """The first listed control of numbers that all share, or that any has."""
    listed = [[n for n in grid_axes(data) if _numbers(data, n)] for data in drawn.values()]
    found = [n for names in listed for n in names if all(n in other for other in listed)]
    found += [name for names in listed for name in names]
    if not found:
        raise InputError(
            "draw was given results of one point: give a list or a range of a control, such as"
            " load='0:0.2:20', so that there is something to draw along."
        )
    return found[0]


def _numbers(data: xr.Dataset, name: str) -> bool:
    return data[name].dtype.kind in "iuf"


def _check_abscissa(x: str, drawn: Results) -> None:
    for name, data in drawn.items():
        if x not in data.dims or not _numbers(data, x):
            listed = [n for n in grid_axes(data) if _numbers(data, n)]
            raise InputError(
                f"along = '{x}' is not listed in the {name.partition('-')[0]} of"
                f" {data.attrs['model']}: it lists {', '.join(listed) or 'no control of numbers'}."
            )


def _shared(drawn: Results) -> list[str]:
    """Observables of one number that all results give, the first few; where they share none, those
    of the first.
    """
    given = [
        [
            name
            for name in map(str, data.data_vars)
            if name in shown(data).symbols
            and name not in _JUDGEMENTS
            and set(data[name].dims) <= {*data.attrs["controls"], "size", "sample"}
            and bool(np.isfinite(data[name].values).any())
        ]
        for data in drawn.values()
    ]
    common = [name for name in given[0] if all(name in names for names in given)]
    found = (common or given[0])[:_MOST]
    if not found:
        raise InputError("draw was given results without a finite number: nothing can be drawn.")
    return found
