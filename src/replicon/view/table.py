"""Results as tables on the terminal."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.table import Table

from replicon._result import grid_axes


def console() -> Console:
    """Standard output; a file or a pipe, which has no width to fit, gets 200 columns."""
    out = Console()
    if not out.is_terminal:
        out.width = 200
    return out


def varying(dataset, point: dict[str, Any]) -> dict[str, Any]:
    """The controls that a table needs to show: those that differ between its rows."""
    return {name: point[name] for name in grid_axes(dataset)}


def title(declared, what: str, rows: list[dict[str, Any]]) -> str:
    """The model, what is shown, and the controls that are the same in all rows."""
    fixed = {
        name: value
        for name, value in rows[0]["controls"].items()
        if all(row["controls"][name] == value for row in rows)
    }
    at = ", ".join(
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in fixed.items()
    )
    return f"{declared.name}: {what}" + (f"\n{at}" if at else "")


def with_error(mean: float | None, error: float | None) -> str:
    """Mean and standard error, to two digits of the error."""
    if mean is None:
        return "-"
    if not error:
        return f"{mean:.6g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    if digits > 9:  # smaller than anything worth its zeros
        return f"{mean:.6g} +- {error:.1e}"
    return f"{mean:.{digits}f} +- {error:.{digits}f}"


def measured(record: dict[str, Any]) -> str:
    """Mean with its standard error, or with its 95 % confidence interval where there is one."""
    if "interval" in record and record["mean"] is not None:
        low, high = record["interval"]
        return f"{record['mean']:.3g} [{low:.2f}, {high:.2f}]"
    return with_error(record["mean"], record["error"])


def rows(result, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a table of a result shows of its records (`study.record`), a dictionary a row."""
    kind = result.attrs["kind"]
    out = []
    for one in found:
        at = varying(result, one["controls"])
        if kind == "transition":
            out.append({**at, one["control"]: one["value"]})
        if kind == "simulate":
            out.append({**at, **{n: measured(v) for n, v in one["observables"].items()}})
        if kind == "solve":
            hidden = ("model", "controls", "branch", "observables", "reason")
            rest = {name: value for name, value in one.items() if name not in hidden}
            out.append({**at, "branch": one["branch"], **one["observables"], **rest})
        for name, v in one["observables"].items() if kind == "compare" else ():
            simulation = with_error(v["mean"], v["error"])
            row = {"observable": name, "simulation": simulation, "theory": v["theory"], "z": v["z"]}
            out.append({**at, **row})
    return out


def print_table(title: str, rows: list[dict[str, Any]]) -> None:
    """A title and a table; one row alone is shown upright, as pairs of name and value."""

    def show(v: Any) -> str:
        if v is None:
            return "-"
        return f"{v:.6g}" if isinstance(v, float) else str(v)

    table = Table(*rows[0]) if len(rows) > 1 else Table("quantity", "value")
    for row in rows:
        if len(rows) > 1:
            table.add_row(*map(show, row.values()))
        else:
            for name, value in row.items():
                table.add_row(name, show(value))
    out = console()
    out.print(title, highlight=False, markup=False)
    out.print(table)
