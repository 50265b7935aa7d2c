"""Results as a user hands them over, as the series of a figure: which are theory, simulation and
transitions, and how they are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from replicon._declare import Transition
from replicon._domains import show
from replicon._errors import InputError
from replicon._result import grid_axes, shown
from replicon.study import catalogue
from replicon.study.figures import Series, check_figure, check_keys
from replicon.view.axes import Results, symbol_of, told

_KINDS = {"solve": "theory", "simulate": "simulation", "transition": "transition"}


class Given(NamedTuple):
    """Results as series. `kinds`: the names of theory, simulation and transition, those that there
    are; `labels`: what the legend calls each; `data`: {name: Dataset}, of simulations with `size`.
    """

    kinds: dict[str, list[str]]
    labels: dict[str, str]
    data: Results

    def of(self, *kinds: str) -> Results:
        """The series of some kinds."""
        return {name: self.data[name] for kind in kinds for name in self.kinds.get(kind, [])}


class _Part(NamedTuple):
    """One series: its kind, its label, and whether a user named it."""

    kind: str
    label: str
    named: bool
    data: xr.Dataset


def gather(results: Sequence[Any]) -> Given:
    """What `solve`, `simulate`, `find_transition` and `compare` return, also by name in a
    dictionary or a DataTree, as series. Names are labels; results without are told apart by what
    differs, their models or controls. InputError for what is no result.
    """
    parts = [part for name, data in _named(results) for part in _parts(name, data)]
    kinds: dict[str, list[str]] = {}
    labels: dict[str, str] = {}
    data: Results = {}
    for number, part in enumerate(parts, start=1):
        name = f"{part.kind}-{number}"
        kinds.setdefault(part.kind, []).append(name)
        labels[name] = _label(part, parts)
        data[name] = part.data
    return Given(kinds, labels, data)


def checked(table: dict[str, Any], data: Results) -> dict[str, Any]:
    """A figure's table, checked as that of a study is: keys, types, and whether its series give
    what it shows, where their models are known by name.
    """
    if not {one.attrs.get("model") for one in data.values()} - {None} <= set(catalogue.names()):
        return check_keys(table, "figure")
    first = next(one.attrs["model"] for one in data.values() if "model" in one.attrs)
    return check_figure(
        table, {name: _series(name, one, first) for name, one in data.items()}, "figure"
    )


def _series(name: str, data: xr.Dataset, first: str) -> Series:
    """A result as a study's figures see a series; one of no model is of the first."""
    model = catalogue.get(data.attrs.get("model", first))
    controls = {
        control: data[control].values.tolist()
        for control in data.attrs.get("controls", [])
        if control in data.coords
    }
    kind = _KINDS.get(data.attrs["kind"], "simulation" if "size" in data.dims else "theory")
    sizes = data["size"].values.tolist() if kind == "simulation" else []
    transition = None
    if kind == "transition":
        own = data.attrs["transition"], data.attrs["control"], ""
        transition = Transition(*own, find="")
    return Series(name, kind, model, controls, sizes, transition)


def over_sizes(given: Given, names: Sequence[str]) -> Given:
    """Simulations that differ in their sizes alone as one series over sizes, of the observables
    `names`.
    """
    families: dict[str, list[str]] = {}
    for name in given.kinds.get("simulation", []):
        families.setdefault(given.labels[name], []).append(name)
    data = dict(given.data)
    for first, *others in families.values():
        parts = [_numbers(given.data[name], names) for name in (first, *others)]
        if len({(one.sizes.get("sample"), *grid_axes(one)) for one in parts}) == 1:
            joined = xr.concat(parts, "size", combine_attrs="override", join="outer")
            data[first] = joined.sortby("size")
            for name in others:
                data.pop(name)
    kinds = {kind: [name for name in ns if name in data] for kind, ns in given.kinds.items()}
    labels = {name: label for name, label in given.labels.items() if name in data}
    return Given(kinds, labels, data)


def _numbers(data: xr.Dataset, names: Sequence[str]) -> xr.Dataset:
    """A result with some of its observables, and their errors where it holds these."""
    return data[[name for name in (*names, *(f"{n}_error" for n in names)) if name in data]]


def _named(results: Sequence[Any]) -> Iterator[tuple[str, xr.Dataset]]:
    """(name, Dataset) of all that was given, the name empty where there is none."""
    for one in results:
        if isinstance(one, xr.DataTree):
            if one.has_data:
                yield one.name or "", one.to_dataset()
            yield from _named([dict(one.children)] if one.children else [])
        elif isinstance(one, Mapping) and not isinstance(one, xr.Dataset):
            for name, data in one.items():
                for inner, dataset in _named([data]):
                    yield inner or str(name), dataset
        elif isinstance(one, xr.Dataset):
            yield "", one
        else:
            raise _refused(one)


def _parts(name: str, data: xr.Dataset) -> Iterator[_Part]:
    """The series of one result; a comparison is both theory and simulation."""
    kind = data.attrs.get("kind")
    if kind == "compare":
        theory, finite = _compared(data)
        if any(one.notnull().any() for one in theory.values()):
            yield _Part("theory", f"{name}, theory" if name else "theory", bool(name), theory)
        yield _Part("simulation", name or "simulation", bool(name), finite)
    elif kind == "simulate" and "sample" not in data.dims:
        raise InputError(
            "draw was given a simulation without its samples: give what simulate returns, of whose"
            " samples means and errors are formed."
        )
    elif kind == "simulate":
        sized = data if "size" in data.dims else data.expand_dims(size=[data.attrs["size"]])
        yield _Part("simulation", name or "simulation", bool(name), sized)
    elif kind in _KINDS:
        yield _Part(_KINDS[kind], name or _words(data), bool(name), data)
    else:
        raise _refused(data)


def _refused(given: Any) -> InputError:
    return InputError(
        f"draw was given {show(type(given).__name__)}: give what solve, simulate, find_transition"
        " or compare return, or a figure's table and the results of its study."
    )


def _compared(data: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """(theory, simulation) of a comparison, observables as variables."""
    each = {str(name): data.sel(observable=name, drop=True) for name in data["observable"].values}
    theory = xr.Dataset({name: one["theory"] for name, one in each.items()}, attrs=data.attrs)
    means = {name: one["mean"] for name, one in each.items()}
    errors = {f"{name}_error": one["error"] for name, one in each.items()}
    finite = xr.Dataset(means | errors, attrs=data.attrs)
    return theory, finite.expand_dims(size=[data.attrs["size"]])


def _words(data: xr.Dataset) -> str:
    """What a theory or a transition is called: by its branch, by its name."""
    if data.attrs["kind"] == "transition":
        return data.attrs["transition"]
    branch = data["branch"].values if "branch" in data.variables else np.array([])
    return ", ".join(["theory", *sorted({str(name) for name in np.ravel(branch)} - {""})])


def _label(part: _Part, parts: Sequence[_Part]) -> str:
    """The label of a part: a user's own; else with its model, if there are others, and with what
    tells it apart from parts of the same label.
    """
    if part.named:
        return part.label
    own = _facts(part.data)
    alike = [_facts(one.data) for one in parts if (one.kind, one.label) == (part.kind, part.label)]
    words = [own[name] for name in own if any(fact.get(name, "") != own[name] for fact in alike)]
    model = part.data.attrs["model"]
    if any(one.data.attrs["model"] != model for one in parts):
        words.insert(0, model)
    return ", ".join([part.label, *words])


def _facts(data: xr.Dataset) -> dict[str, str]:
    """The controls that are not listed, as a legend tells them."""
    declared = shown(data)
    fixed = [name for name in data.attrs["controls"] if name not in grid_axes(data)]
    values = {name: data.coords[name].values.item() for name in fixed if name in data.coords}
    return {name: told(symbol_of(declared, name), value).text for name, value in values.items()}
