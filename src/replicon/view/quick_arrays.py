"""A figure of the arrays that results carry, without a table: as what each is drawn follows from
its name and its axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from replicon._domains import show
from replicon._errors import InputError
from replicon._result import grid_axes, shown
from replicon.study import catalogue
from replicon.study.figure_kinds import FIGURES
from replicon.study.figures import LANDSCAPE
from replicon.view.axes import Results
from replicon.view.given import Given

# Axes whose arrays are pictures, and how these are coloured.
_PICTURES = {"pixel": "gray_r", "entry": "RdBu_r"}
_PLANE = {name for names in LANDSCAPE.values() for name in names}
_MOST = 8  # lines or rows of pictures


def is_array(name: str, drawn: Results) -> bool:
    """Whether an observable is an array of any of the results."""
    return any(name in shown(data).axes or _parts(name)[0] in data for data in drawn.values())


def first_arrays(drawn: Results) -> list[str]:
    """The arrays that results of one point are drawn as: those of the first kind that any gives."""
    found: dict[str, dict[str, None]] = {}  # kind: its arrays, each once
    for data in drawn.values():
        known = shown(data).axes
        places = {_abscissa(data, name) for name in known}
        for name in known:
            if name in data and name not in places and np.isfinite(data[name].values).any():
                kind = f"{_kind(data, name)} of {known[name][-1]}"
                found.setdefault(kind, {})[name] = None
    kinds = [kind for kind in found if not kind.startswith("None")]
    return list(found[kinds[0]])[:_MOST] if kinds else []


def table_of(
    given: Given, along: Any, arrays: list[str], names: Sequence[str]
) -> tuple[dict[str, Any], Results]:
    """The table of the figure that shows arrays, and its series."""
    if len(arrays) < len(names):
        numbers = [name for name in names if name not in arrays]
        raise InputError(
            f"observables has arrays, {', '.join(arrays)}, and numbers, {', '.join(numbers)}: draw"
            " them apart."
        )
    first = next(data for data in given.data.values() if is_array(arrays[0], {"": data}))
    kind = _kind(first, arrays[0])
    if kind is None:
        axes = ", ".join(shown(first).axes[arrays[0]])
        raise InputError(f"'{arrays[0]}' is an array over {axes}: no figure shows that alone.")
    own, data = _OWN[kind](first, arrays, along, given)
    table = {"kind": kind, **own, **given.kinds, "labels": given.labels}
    surplus = [name for name in given.kinds if name not in FIGURES[kind].keys]
    if surplus:
        raise InputError(
            f"{', '.join(arrays)}: a figure of kind '{kind}' shows no {surplus[0]}: leave it out."
        )
    return {key: value for key, value in table.items() if key in FIGURES[kind].keys}, data


def _kind(data: xr.Dataset, name: str) -> str | None:
    """The kind of figure that shows an array; None: no kind does."""
    if all(part in data for part in _parts(name)):
        return "spectrum"
    axes = shown(data).axes[name]
    if axes[-1] in _PICTURES:
        return "images" if len(axes) == 1 else "gallery"
    if name in _PLANE:
        return "landscape"
    if len(axes) > 1:
        return None
    place = _abscissa(data, name)
    if place is None:
        return "profile"
    numbers = data[place].values
    unit = name.endswith("_density") and numbers.min() >= 0 and numbers.max() <= 1
    return "distribution" if unit else "function"


def _parts(name: str) -> tuple[str, str]:
    """The names of the real and the imaginary parts of which an array may be one."""
    stem = name.removesuffix("_real").removesuffix("_imaginary")
    return f"{stem}_real", f"{stem}_imaginary"


def _abscissa(data: xr.Dataset, name: str) -> str | None:
    """What a one-dimensional array is drawn along: the numbers of its axis, the same always, or the
    array that its model declares to hold them.
    """
    (axis, *others) = reversed(shown(data).axes[name])
    if others:
        return None
    if axis in data.coords:
        return axis
    if data.attrs["model"] not in catalogue.names():
        return None
    declared = {array.name: array for array in catalogue.get(data.attrs["model"]).arrays}
    place = declared[name].axes[0].coordinate if name in declared else ""
    return place if isinstance(place, str) and place else None


Own = tuple[dict[str, Any], Results]


def _images(first: xr.Dataset, arrays: list[str], along: Any, given: Given) -> Own:
    listed = grid_axes(first)
    if len(listed) > 1 or (listed and along not in (None, listed[0])):
        raise _one_point(f"at most {along or 'one control'} listed", listed)
    numbers = [n for n in first.attrs["controls"] if first[n].dtype.kind in "iuf"]
    x: Any = along or next(iter(listed or numbers), None)
    if x not in numbers:
        raise InputError(
            f"along = {show(x)}: pictures stand along a control of numbers of"
            f" {first.attrs['model']}: {', '.join(numbers) or 'it has none'}."
        )
    rows = {
        name: data if x in data.dims else data.expand_dims(x) for name, data in given.data.items()
    }
    colours = _PICTURES[shown(first).axes[arrays[0]][-1]]
    column = f"{shown(first).symbols[x]} = {{value:g}}"
    return {"x": x, "arrays": arrays, "colours": colours, "column": column}, rows


def _gallery(first: xr.Dataset, arrays: list[str], along: Any, given: Given) -> Own:
    if grid_axes(first):
        raise _one_point("one point", grid_axes(first))
    return {"arrays": arrays}, given.data


def _landscape(first: xr.Dataset, arrays: list[str], along: Any, given: Given) -> Own:
    for kind in ("theory", "simulation"):
        if len(given.kinds.get(kind, [])) != 1:
            raise InputError(f"{arrays[0]} is drawn from one theory and one simulation: give both.")
    if grid_axes(first):
        raise _one_point("one point", grid_axes(first))
    return {}, given.data


def _spectrum(first: xr.Dataset, arrays: list[str], along: Any, given: Given) -> Own:
    real, imaginary = _parts(arrays[0])
    return {"real": real, "imaginary": imaginary}, given.data


def _profile(first: xr.Dataset, arrays: list[str], along: Any, given: Given) -> Own:
    if len(arrays) > 1:
        raise InputError(f"{', '.join(arrays)} are drawn against their places: draw them apart.")
    return {"array": arrays[0]}, given.data


def _distribution(first: xr.Dataset, arrays: list[str], along: Any, given: Given) -> Own:
    if len(arrays) > 1:
        raise InputError(f"{', '.join(arrays)} are distributions: draw them apart.")
    stem = arrays[0].removesuffix("_density")
    levels = f"{stem}_level"
    weights = f"{stem}_weight"
    for data in given.of("theory").values():
        if levels not in data or weights not in data:
            raise InputError(
                f"The theory given has no {levels} and {weights}, which are drawn beside"
                f" {arrays[0]}: leave it out, or solve with another ansatz or branch."
            )
    return {"density": arrays[0], "levels": levels, "weights": weights}, given.data


def _function(first: xr.Dataset, arrays: list[str], along: Any, given: Given) -> Own:
    places = {_abscissa(first, name) for name in arrays}
    if len(places) > 1:
        raise InputError(f"{', '.join(arrays)} are drawn along different axes: draw them apart.")
    several = len(arrays) > 1
    ordinate: Any = arrays if several else arrays[0]
    for name in arrays if several else ():
        given.labels[name] = name.replace("_", " ")
    return {"abscissa": places.pop(), "ordinate": ordinate}, given.data


def _one_point(wanted: str, listed: list[str]) -> InputError:
    return InputError(
        f"These arrays are drawn of {wanted}, and {', '.join(listed)} is listed: choose with .sel"
        " of the result."
    )


_OWN = {
    "images": _images,
    "gallery": _gallery,
    "landscape": _landscape,
    "spectrum": _spectrum,
    "profile": _profile,
    "distribution": _distribution,
    "function": _function,
}
