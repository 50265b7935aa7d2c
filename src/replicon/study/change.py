"""A study with some of its values replaced: `--set name=value`, `run_study(..., set={...})`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any

from replicon._declare import nearest
from replicon._domains import Interval, show
from replicon._errors import InputError
from replicon._seed import read_seed
from replicon.study import ask, catalogue, grid
from replicon.study.names import fitted

_KINDS = ("theory", "transition", "simulation")
_NUMBERS = ("sizes", "samples")
_WHOLE = Interval(1, integer=True)


def changed(study: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`study`, whose tables are checked, with `changes` {name: value, or list, as a user writes it}
    made in every series that knows the name, in its quick version too.

    A control goes where the model has it and the transition does not find it; `sizes` and `samples`
    to simulations, `seed` to all. The name tells the changes. Raises InputError for a name that no
    series knows.
    """
    if not isinstance(changes, Mapping):
        raise InputError(
            f"set = {show(changes)} is no mapping: give names with values, as in"
            " set={'temperature': 0.3}."
        )
    out = {**study, **{kind: [_copy(one) for one in study[kind]] for kind in _KINDS}}
    told = dict(changes)
    under: dict[str, str] = {}
    for said, given in changes.items():
        if not isinstance(said, str):
            raise _unknown(out, show(said))
        value = grid.parse_value(said, given)
        if said == "seed":
            told["seed"] = out["seed"] = read_seed(value)
            continue
        name, value = _own(study, said, value)
        if under.setdefault(name, said) != said:
            raise InputError(
                f"{under[name]} and {said} are the same control, {name}: give one of them."
            )
        places = _places(out, name)
        if not places:
            raise _unknown(out, name)
        for table, domain in places:
            table[name] = grid.taken(name, value, domain)
            if name == "sizes" and not isinstance(table[name], list):
                table[name] = [table[name]]
            if not isinstance(given, str):
                told[name] = table[name]
    return {**out, "name": named(study["name"], told)}


def named(name: str, changes: Mapping[str, Any]) -> str:
    """A name for the changed study, which is also that of its folder."""
    words = "-".join(f"{key}-{str(value).strip('[]()')}" for key, value in changes.items())
    slug = re.sub(r"[^\w.-]+|\.\.+", "-", words).strip("-.")
    return fitted(f"{name}-{slug}".rstrip("-. "))


def _copy(one: dict[str, Any]) -> dict[str, Any]:
    quick = dict(one.get("quick", {}))
    quick["controls"] = dict(quick.get("controls", {}))
    return {**one, "controls": dict(one.get("controls", {})), "quick": quick}


def _places(study: dict[str, Any], name: str) -> list[tuple[dict[str, Any], Any]]:
    """Tables in which `name` is to be set, and its domain; what the quick version says of it is
    dropped.
    """
    found = []
    for kind in _KINDS:
        for one in study[kind]:
            if name in _NUMBERS and kind == "simulation":
                one["quick"].pop(name, None)
                found.append((one, _WHOLE))
            elif name in _controls(one, kind):
                one["quick"]["controls"].pop(name, None)
                domain = catalogue.get(one["model"]).control(name).domain
                found.append((one["controls"], domain))
    return found


def _own(study: dict[str, Any], name: str, value: Any) -> tuple[str, Any]:
    """The name of the control that a symbol stands for, and the value in that control's terms;
    what no series knows, or is no control, as it is.
    """
    meant: dict[str, Any] = {}
    for one in (one for kind in _KINDS for one in study[kind]):
        with contextlib.suppress(InputError):
            meant |= ask.canonical(catalogue.get(one["model"]), {name: value})
    if len(meant) > 1 and name not in meant:
        raise InputError(
            f"'{name}' stands for {' and '.join(meant)} in the series of study '{study['name']}':"
            " give the name of one."
        )
    return (name, value) if name in meant or not meant else next(iter(meant.items()))


def _controls(one: dict[str, Any], kind: str) -> list[str]:
    """What can be set of a series' controls."""
    model = catalogue.get(one["model"])
    role = "simulation" if kind == "simulation" else "theory"
    found = model.transition(one["transition"]).control if kind == "transition" else None
    return [c.name for c in model.controls_for(role) if c.name != found]


def _unknown(study: dict[str, Any], name: str) -> InputError:
    known = {n for kind in _KINDS for one in study[kind] for n in _controls(one, kind)}
    known |= {"seed", *(_NUMBERS if study["simulation"] else ())}
    near = nearest(name, sorted(known))
    hint = f" Did you mean '{near}'?" if near else ""
    return InputError(
        f"set has {show(name)}, which no series of study '{study['name']}' knows.{hint} What can be"
        f" set: {', '.join(sorted(known))}."
    )
