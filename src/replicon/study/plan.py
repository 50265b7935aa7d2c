"""Studies: series (theory, transition, simulation) and figures, from TOML files or dictionaries,
checked whole and planned.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replicon import _content
from replicon._declare import Interval, Model, Words
from replicon._domains import show
from replicon._errors import InputError
from replicon._files import split_member
from replicon._result import declaration
from replicon.study import ask, catalogue, grid
from replicon.study.change import changed
from replicon.study.figures import FIGURES, Series, check_figure
from replicon.study.merge import Task, tasks
from replicon.study.names import check_name, fitted
from replicon.study.schema import Controls, ListOf, Number, OneOf, Table, Text
from replicon.study.sources import headline, is_there, read_table, shipped

__all__ = ["FIGURES", "Task", "check", "plan", "planned", "prepare", "read_study", "shipped"]

_SERIES = ("theory", "transition", "simulation")
_MOST_POINTS = 10_000_000


class _ModelKind:
    """The name of a model, the path of its file, or, in a dictionary of Python's, the Model."""

    def check(self, value: Any, place: str) -> str | Model:
        return value if isinstance(value, Model) else Text(longest=4096).check(value, place)

    def __str__(self) -> str:
        return str(Text())


_WORD = Text(longest=4096)
_SIZES = ListOf(Number(Interval(2, integer=True), "size"))
_SAMPLES = Number(Interval(1, integer=True))
_QUICK = {
    "theory": Table({"branch": _WORD, "controls": Controls()}),
    "transition": Table({"controls": Controls()}),
    "simulation": Table({"controls": Controls(), "sizes": _SIZES, "samples": _SAMPLES}),
}
_NAMED = {"name": _WORD, "model": _ModelKind(), "controls": Controls()}
_TABLES = {
    "theory": Table(
        {**_NAMED, "branch": _WORD, "quick": _QUICK["theory"]}, required=("name", "model")
    ),
    "transition": Table(
        {**_NAMED, "transition": _WORD, "quick": _QUICK["transition"]},
        required=("name", "model", "transition"),
    ),
    "simulation": Table(
        {**_NAMED, "sizes": _SIZES, "samples": _SAMPLES, "quick": _QUICK["simulation"]},
        required=("name", "model", "sizes", "samples"),
    ),
}


class _Any:
    """What is checked item by item, each with its number in the sentence."""

    def check(self, value: Any, place: str) -> list:
        if not isinstance(value, (list, tuple)):
            raise InputError(
                f"{place} = {show(value)}: write [[{place.rpartition(', ')[2]}]], with double"
                " brackets: there may be several."
            )
        return list(value)


# A value to try in the place of the study's own, as `--set` takes it, and what to look for then.
_CHANGE = Table({"set": Text(longest=200), "look": Text(longest=400)}, required=("set", "look"))
# What a shipped study costs: see `sources.headline`.
_COST = Number(Interval(0, open_low=True))
_STUDY = Table(
    {
        "name": Text(),
        "title": Text(),
        "question": Text(longest=200),
        "text": Text(),
        "change": _CHANGE,
        "order": Number(Interval()),
        "tour": OneOf(("core",)),
        "quick_seconds": _COST,
        "full_minutes": _COST,
        "seed": Number(Interval(0, integer=True)),
        **dict.fromkeys((*_SERIES, "figure"), _Any()),
    },
    defaults={
        "text": "",
        "seed": 0,
        "theory": [],
        "transition": [],
        "simulation": [],
        "figure": [],
    },
)


def read_study(study: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """A shipped study by name, or a TOML file, checked whole before anything runs. `quick` applies
    each series' `quick`.
    """
    return planned(study, quick=quick)[0]


def planned(
    study: str | Path | Mapping[str, Any],
    *,
    quick: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(study, its plan) of a shipped name, a TOML file or a dictionary, read and checked once, with
    `changes` made as `change.changed` says. What the plan is: see `prepare`.
    """
    if isinstance(study, Mapping):
        return _checked(study, quick=quick, changes=changes)
    path, table = read_table(study)
    given = {"name": path.stem, "folder": path.parent, "place": str(path)}
    return _checked(table, **given, quick=quick, changes=changes)


def described(study: str | Path) -> dict[str, Any]:
    """What a study is, as plain values: study, system, title, question, text, a change to try and
    what to look for (None in a file that proposes none), its series with their kinds, models and
    numbers of points, and the titles of its figures.
    """
    told, plan = planned(study)
    series = []
    for one in plan["series"]:
        points = grid.size({**one["controls"], "size": one.get("sizes")})
        about = {"series": one["series"], "kind": one["kind"], "model": one["model"]["name"]}
        series.append({**about, "points": points})
    return {
        **headline(study),
        "text": " ".join(told["text"].split()),
        "change": told.get("change"),
        "series": series,
        "figures": [figure.get("title", "") for figure in told["figure"]],
    }


def check(
    content: Mapping[str, Any],
    *,
    name: str | None = None,
    folder: str | Path = ".",
    place: str = "study",
    quick: bool = False,
) -> dict[str, Any]:
    """A study, from a file or given as a dictionary, checked whole; InputError, one sentence, for
    what is not as it must be.

    Both versions are checked, that of `quick` too; returned is the one asked for, with the paths of
    files made absolute, so that a model or patterns beside the study are found from anywhere.
    """
    return _checked(content, name=name, folder=folder, place=place, quick=quick)[0]


def _checked(
    content: Mapping[str, Any],
    *,
    name: str | None = None,
    folder: str | Path = ".",
    place: str = "study",
    quick: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(study, its plan)."""
    place = f"'{place}'"
    out = _STUDY.check(content, place)
    out["name"] = check_name(out.get("name", name), "study")
    out.setdefault("title", out["name"])
    names: set[str] = set()
    for kind in _SERIES:
        here = f"{place}, [[{kind}]]"
        out[kind] = [
            _series(kind, one, f"{here} {number}", Path(folder))
            for number, one in enumerate(out[kind], start=1)
        ]
        for one in out[kind]:
            if one["name"] in names:
                raise InputError(
                    f"{here}: the name '{one['name']}' is used twice: give every series one of its"
                    " own."
                )
            names.add(one["name"])
    if not names:
        raise InputError(
            f"{place} has no series: add a [[theory]], [[transition]] or [[simulation]]."
        )
    if changes:
        out = changed(out, changes)
    versions = []
    for small in (False, True):
        version = _version(out, small)
        series = _prepared(version)
        seen = {one.name: one for one, _ in series}
        here = f"{place}, with --quick" if small else place
        version["figure"] = [
            check_figure(one, seen, f"{here}, [[figure]] {k}")
            for k, one in enumerate(out["figure"], start=1)
        ]
        versions.append((version, {"series": [one for _, one in series]}))
        if not any("quick" in one for kind in _SERIES for one in out[kind]):
            break
    chosen, plan_of_it = versions[-1 if quick else 0]
    return ({**chosen, "name": fitted(out["name"], "-quick")} if quick else chosen), plan_of_it


def _version(study: dict[str, Any], quick: bool) -> dict[str, Any]:
    """The study with, or without, what its series' `quick` changes."""
    out = dict(study)
    for kind in _SERIES:
        out[kind] = []
        for one in study[kind]:
            small = one.get("quick", {}) if quick else {}
            controls = {**one.get("controls", {}), **small.get("controls", {})}
            out[kind].append(
                {
                    **{key: value for key, value in one.items() if key != "quick"},
                    **small,
                    "controls": controls,
                }
            )
    return out


def _series(kind: str, given: Any, place: str, folder: Path) -> dict[str, Any]:
    one = _TABLES[kind].check(given, place)
    check_name(one["name"], "series")
    if isinstance(one["model"], str) and one["model"].endswith(".py"):
        one["model"] = os.path.realpath(folder / one["model"])
    model = catalogue.get(one["model"])
    for table in (one, one.get("quick", {})):
        if "controls" in table:
            table["controls"] = ask.canonical(model, table["controls"])
    for controls in (one.get("controls", {}), one.get("quick", {}).get("controls", {})):
        for name, value in controls.items():
            domain = model.control(name).domain
            controls[name] = grid.taken(name, value, domain)
            if isinstance(domain, Words):
                controls[name] = _beside(controls[name], domain, folder)
    return one


def _beside(value: Any, domain: Words, folder: Path) -> Any:
    """The path of a file beside the study made absolute; words of the domain stay words."""
    if isinstance(value, list):
        return [_beside(one, domain, folder) for one in value]
    if domain.names_file(value) and is_there(folder / split_member(value)[0]):
        return os.path.realpath(folder / value)
    return value


def plan(study: dict[str, Any]) -> list[Task]:
    """The tasks of a study in order: one for each theory or transition series, one for each point
    and size of a simulation.
    """
    return tasks(prepare(study))


def prepare(study: dict[str, Any]) -> dict[str, Any]:
    """The plan of a checked study, as plain values: every series with all its controls, and all
    that reading its results needs.
    """
    return {"series": [planned for _, planned in _prepared(study)]}


def _prepared(study: dict[str, Any]) -> list[tuple[Series, dict[str, Any]]]:
    return [_plan_series(kind, one, study["seed"]) for kind in _SERIES for one in study[kind]]


def _plan_series(kind: str, one: dict[str, Any], seed: int) -> tuple[Series, dict[str, Any]]:
    model = catalogue.get(one["model"])
    place = f"series '{one['name']}'"
    given = one["controls"]
    sizes = []
    transition = None
    if kind == "simulation":
        if not one["sizes"]:
            raise InputError(f"{place} has no size: give at least one.")
        numbers = [ask.check_numbers(model, size, one["samples"], seed) for size in one["sizes"]]
        sizes = [number.size for number in numbers]
        own = {"sizes": sizes, "samples": numbers[0].samples, "seed": numbers[0].seed}
        controls = ask.read(model, given, "simulation")
        for size in sizes:
            ask.check_size(model, controls, size)
    elif model.solve is None:
        raise InputError(f"{place}: {model.name} has no theory: simulate it.")
    elif kind == "theory":
        own = {"branch": ask.theory_branch(model, one.get("branch")) or None}
        controls = ask.read(model, given, "theory")
    else:
        transition = model.transition(one["transition"])
        own = {"transition": transition.name}
        if transition.control in given:
            raise InputError(
                f"{place}: {transition.control} is what transition '{transition.name}' finds:"
                " leave it out."
            )
        controls = ask.transition_coordinates(model, transition.name, given)
    count = max(len(sizes), 1) * grid.size(controls)
    for name, value in {"size": sizes, **controls}.items():
        if isinstance(value, list) and len(set(value)) < len(value):
            twice = next(v for k, v in enumerate(value) if v in value[:k])
            raise InputError(f"{place} lists {name} = {show(twice)} twice: give each value once.")
    if count > _MOST_POINTS:
        raise InputError(
            f"{place} has {count:.2g} points: give at most {_MOST_POINTS:.0e}, in several studies."
        )
    planned = {
        "kind": kind,
        "series": one["name"],
        "model": {
            "name": model.name,
            "file": model.origin,
            "content": content_of(model),
            "revision": model.revision,
        },
        **own,
        "controls": controls,
        "files": contents(model, controls),
        "declaration": declaration(model),
    }
    return Series(one["name"], kind, model, controls, sizes, transition), planned


def content_of(model: Model) -> str:
    """What tells a model from another of its name: the content of its file; of an object made in
    Python, that of its declaration and functions, which is another in another process where it
    cannot be looked into.
    """
    if model.content or _is_shipped(model):
        return model.content
    return _content.digest(vars(model))


def _is_shipped(model: Model) -> bool:
    return any(model is one for one in catalogue.shipped())


def objects(study: dict[str, Any]) -> dict[str, Model]:
    """The models that a checked study holds as objects, by their content."""
    given = [one["model"] for kind in _SERIES for one in study[kind]]
    return {content_of(model): model for model in given if isinstance(model, Model)}


def written(study: dict[str, Any]) -> dict[str, Any]:
    """The study as plain values: models that are objects by their names."""
    out = dict(study)
    for kind in _SERIES:
        out[kind] = [
            {**one, "model": getattr(one["model"], "name", one["model"])} for one in study[kind]
        ]
    return out


def contents(model: Model, controls: dict[str, Any]) -> dict[str, str]:
    """What each file and object that a control names holds, as 64 digits: a part of what is
    computed from it.
    """
    out = {}
    for name, given in controls.items():
        domain = model.control(name).domain
        if isinstance(domain, Words):
            values = given if isinstance(given, list) else [given]
            out |= {str(value): domain.content(name, value) for value in values}
    return {value: held for value, held in out.items() if held}
