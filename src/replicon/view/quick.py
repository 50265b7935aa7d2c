"""A figure of results alone, without a table: what is drawn along which control, and as what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from replicon._domains import show
from replicon._errors import InputError
from replicon._names import nearest, spelled
from replicon._result import grid_axes, shown
from replicon.view import quick_arrays
from replicon.view.axes import Results
from replicon.view.given import Given, gather, over_sizes

_MOST = 4  # panels, where it is not said which observables are shown
_COLOURS = 8  # lines that colours tell apart
_MOST_LINES = 24  # of one result, beyond which none can be told from another
_MOST_MAPS = 10  # panels that are planes
_JUDGEMENTS = ("converged", "stable", "residual", "longitudinal_stability", "replicon")

Table = dict[str, Any]


def table_of(
    results: Sequence[Any],
    along: str | Sequence[str] | None,
    observables: str | Sequence[str] | None,
) -> tuple[Table, Results]:
    """The table of a figure and its series by name, from what `solve`, `simulate`,
    `find_transition` and `compare` return: numbers as lines along a control, or as a plane of two;
    arrays as what they are; transitions alone as a phase diagram. Raises InputError where there is
    nothing along which to draw, or nothing to draw.
    """
    given = gather(results)
    drawn = given.of("theory", "simulation")
    names = _names(observables)
    along = _meant(along, given.data)
    if not drawn:
        return _phase_diagram(given, along)
    arrays = [name for name in names if quick_arrays.is_array(name, drawn)]
    if not names and along is None and not any(grid_axes(data) for data in drawn.values()):
        arrays = quick_arrays.first_arrays(drawn)
    if arrays:
        return quick_arrays.table_of(given, along, arrays, names or arrays)
    match [along] if isinstance(along, str) else along or _places(drawn):
        case [str(x)]:
            return _curves(given, x, names)
        case [str(x), str(y)] if x != y:
            return _heat_map(given, x, y, names)
    raise InputError(f"along = {show(along)}: give one control, or two for a plane.")


def _meant(along: Any, data: Results) -> Any:
    """What is drawn along, symbols of controls replaced by their names."""
    symbols: dict[str, str] = {}
    for one in data.values():
        declared = shown(one)
        controls = [*one.attrs.get("controls", []), one.attrs.get("control", "")]
        symbols |= {declared.symbols[name]: name for name in controls if name in declared.symbols}
        symbols |= {name: name for name in controls}
        symbols.setdefault(declared.size_symbol, "size")

    def name(one: Any) -> Any:
        return symbols.get(spelled(one), one) if isinstance(one, str) else one

    return [name(one) for one in along] if isinstance(along, (list, tuple)) else name(along)


def _names(observables: Any) -> list[str]:
    names = [observables] if isinstance(observables, str) else observables or []
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise InputError(
            f"observables = {show(observables)}: give the name of an observable, or several."
        )
    return list(names)


def _phase_diagram(given: Given, along: Any) -> tuple[Table, Results]:
    """Transitions alone, each with one control listed."""
    planes = {}
    for name, data in given.data.items():
        listed = [other for other in grid_axes(data) if _numbers(data, other)]
        if len(grid_axes(data)) == len(listed) == 1:
            order = list(shown(data).symbols)
            planes[name] = sorted([data.attrs["control"], *listed], key=order.index)
    if not given.data or len(planes) < len(given.data):
        raise InputError(
            "draw was given no theory and no simulation: give what solve returns, or transitions"
            " with one control listed each."
        )
    x, y = next(iter(planes.values()))
    if any({x, y} != set(plane) for plane in planes.values()):
        told = ", ".join(f"{one} x {other}" for one, other in planes.values())
        raise InputError(f"draw was given transitions in different planes, {told}: draw each.")
    if along is not None and along not in (x, y):
        raise InputError(f"along = '{along}' is not of the plane of these transitions: {x}, {y}.")
    x, y = (y, x) if along == y else (x, y)
    return _table(given, {"kind": "phase-diagram", "x": x, "y": y}), given.data


def _table(given: Given, own: Table) -> Table:
    return {**own, **given.kinds, "labels": given.labels}


def _curves(given: Given, x: str, names: list[str]) -> tuple[Table, Results]:
    drawn = given.of("theory", "simulation")
    for data in drawn.values():
        _check_abscissa(x, data, words=True)
        lines = math.prod(data.sizes[name] for name in grid_axes(data) if name != x)
        if lines > _MOST_LINES:
            raise InputError(
                f"Along '{x}' {lines} lines would be drawn: choose some with .sel of the result, or"
                " give along two controls for a plane in colours."
            )
    names = names or _shared(drawn, _MOST)
    given = over_sizes(given, names) if x == "size" else given
    return _table(given, {"x": x, "y": names}), given.data


def _heat_map(given: Given, x: str, y: str, names: list[str]) -> tuple[Table, Results]:
    drawn = given.of("theory", "simulation")
    names = names or _shared(drawn, _MOST)
    panels = 0
    for data in drawn.values():
        for name in (x, y):
            _check_abscissa(name, data, words=False)
        rest = [n for n in ("size", *grid_axes(data)) if n in data.dims and n not in (x, y)]
        panels += len(names) * math.prod(data.sizes[name] for name in rest)
    if panels > _MOST_MAPS:
        raise InputError(
            f"{panels} planes would be drawn, over {x} and {y}: choose observables, or points with"
            " .sel of the result."
        )
    lines = [n for n, data in given.of("transition").items() if _in_plane(data, x, y)]
    kinds = {**given.kinds, "transition": lines}
    own = {"kind": "heat-map", "x": x, "y": y, "observables": names}
    return _table(given._replace(kinds={k: v for k, v in kinds.items() if v}), own), given.data


def _in_plane(data: xr.Dataset, x: str, y: str) -> bool:
    return sorted([data.attrs["control"], *grid_axes(data)]) == sorted((x, y))


def _places(drawn: Results) -> list[str]:
    """The control to draw along; two, a plane, where there is one result, of so many values of a
    second that colours could not tell its lines apart.
    """
    x = _abscissa(drawn)
    first, *others = drawn.values()
    many = [n for n in grid_axes(first) if _numbers(first, n) and first.sizes[n] > _COLOURS]
    return [x] if others else [x, *[name for name in many if name != x][:1]]


def _abscissa(drawn: Results) -> str:
    """The first listed control of numbers that all share, or that any has; else one of words."""
    listed = [[n for n in grid_axes(data) if _numbers(data, n)] for data in drawn.values()]
    found = [n for names in listed for n in names if all(n in other for other in listed)]
    found += [name for names in listed for name in names]
    words = [set(grid_axes(data)) for data in drawn.values()]
    found += sorted(set.intersection(*words))
    if not found:
        raise InputError(
            "draw was given results of one point: give a list or a range of a control, such as"
            " load='0:0.2:20', so that there is something to draw along."
        )
    return found[0]


def _numbers(data: xr.Dataset, name: str) -> bool:
    return data[name].dtype.kind in "iuf"


def _check_abscissa(x: str, data: xr.Dataset, *, words: bool) -> None:
    if x in data.dims and (words or _numbers(data, x)):
        return
    listed = [n for n in grid_axes(data) if words or _numbers(data, n)]
    kind = "simulation" if "size" in data.dims else "theory"
    near = nearest(x, listed)
    hint = f" Did you mean '{near}'?" if near else ""
    raise InputError(
        f"along = '{x}' is not listed in the {kind} of {data.attrs['model']}: it lists"
        f" {', '.join(listed) or 'no control' + ('' if words else ' of numbers')}.{hint}"
    )


def _shared(drawn: Results, most: int) -> list[str]:
    """Observables of one number that all results give, the first few; where they share none, those
    of the first. What has no finite number, theory beyond a transition, leaves that to the others.
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
    first, *others = [names for names in given if names] or [[]]
    common = [name for name in first if all(name in names for names in others)]
    found = (common or first)[:most]
    if not found:
        raise InputError("draw was given results without a finite number: nothing can be drawn.")
    return found
