"""Records of a result as rows of a data frame, one value a cell, and rows as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from replicon._declare import Model

_TABLES = ("controls", "observables")  # what a record holds as a table in a table
_COMMON = ("model", "remarks")  # what is the same in all rows and no number


def rows(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What `study.record` gives of each point, flat: its controls first, then its other values. An
    observable of a simulation is columns `name`, `name_error` and, where it has a confidence
    interval, `name_low`, `name_high`; of a comparison, a row of its own.
    """
    out = []
    for one in found:
        rest = {key: v for key, v in one.items() if key not in (*_TABLES, *_COMMON)}
        observables = one.get("observables", {})
        if "control" in one:  # a transition, whose value is one of a control
            rest = {one["control"] if key == "value" else key: v for key, v in rest.items()}
            del rest["control"]
        measured = [name for name, v in observables.items() if isinstance(v, Mapping)]
        if any("z" in observables[name] for name in measured):
            converged = {"converged": rest.pop("converged")}
            for name in measured:
                row = {"observable": name, **observables[name], **converged}
                out.append({**one["controls"], **rest, **row})
            continue
        flat: dict[str, Any] = {}
        for name, value in observables.items():
            flat |= _measured(name, value) if name in measured else {name: value}
        branch = {"branch": rest.pop("branch")} if "branch" in rest else {}
        out.append({**one["controls"], **branch, **flat, **rest})
    return out


def _measured(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    out = {name: value["mean"], f"{name}_error": value["error"]}
    if "interval" in value:
        low, high = value["interval"]
        out |= {f"{name}_low": low, f"{name}_high": high}
    return out


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV: a line of names, then a line each; all digits of a number, nothing for None."""
    stream = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def models(systems: Mapping[str, Sequence[Model]]) -> list[dict[str, Any]]:
    """A row for each model: its system, title, and whether it has a theory and finite networks."""
    return [
        {
            "system": system,
            "model": m.name,
            "title": m.title,
            "theory": m.solve is not None,
            "simulation": m.simulated,
        }
        for system, members in systems.items()
        for m in members
    ]


def declared(model: Model) -> list[dict[str, Any]]:
    """A row for each control, observable, branch and transition of a model."""
    told = model.as_dict()
    out = []
    for kind in ("control", "observable", "branch", "transition"):
        for item in told[{"branch": "branches"}.get(kind, f"{kind}s")]:
            domain = item.get("domain", {}).get("sentence")
            given = {"default": item.get("default"), "domain": domain, "role": item.get("role")}
            about = {"name": item["name"], "symbol": item.get("symbol"), **given}
            out.append({"kind": kind, **about, "meaning": item["meaning"]})
    return out
