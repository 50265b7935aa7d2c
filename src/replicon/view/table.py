"""Results as tables on the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column, Table

from replicon._declare import Model
from replicon._result import grid_axes

if TYPE_CHECKING:
    from replicon.study.cost import Cost


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


def print_models(models: Iterable[Model]) -> None:
    """Models with their controls and transitions."""
    table = Table(
        Column("model", no_wrap=True), "what", "controls", Column("transitions", overflow="fold")
    )
    for m in models:
        names = (", ".join(one.name for one in several) for several in (m.controls, m.transitions))
        table.add_row(m.name, m.title, *names)
    console().print(table)


def print_model(m: Model) -> None:
    """A model's controls, observables, branches and transitions."""
    out = console()
    out.print(f"[bold]{m.name}[/bold]: {m.title}. Source: {m.source}")
    table = Table("control", "symbol", "default", "typical", "domain", "meaning", "used by")
    for c in m.controls:
        typical = "" if c.range is None else "{:g} to {:g}".format(*c.range)
        table.add_row(
            c.name, c.symbol, f"{c.default}", typical, str(c.domain), c.meaning, str(c.role)
        )
    out.print(table)
    table = Table("observable", "symbol", "axes", "meaning", "given by")
    for o in m.observables:
        axes = ", ".join(a.name for a in o.axes)
        table.add_row(o.name, o.symbol, axes, o.meaning, str(o.role))
    out.print(table)
    table = Table("branch / transition", "of control", "meaning")
    for b in m.branches:
        table.add_row(b.name, "", b.meaning)
    for t in m.transitions:
        table.add_row(t.name, t.control, t.meaning)
    out.print(table)


def print_studies(rows: list[dict[str, str]]) -> None:
    """The shipped studies, grouped by system, with their questions."""
    table = Table("system", Column("study", no_wrap=True), "question")
    last = ""
    for row in rows:
        if last and row["system"] != last:
            table.add_section()
        shown = "" if row["system"] == last else row["system"]
        table.add_row(shown, row["study"], row["question"])
        last = row["system"]
    out = console()
    out.print(table)
    out.print(
        "replicon studies NAME (what it shows), replicon run NAME --quick (run it),"
        " replicon studies NAME --copy mine.toml (change it)",
        markup=False,
    )


def print_costs(study: str, costs: list[Cost], workers: int) -> None:
    """What each series of a study costs, and all of them together."""
    table = Table("series", "kind", *(Column(n, justify="right") for n in _COST), title=study)
    for one in costs:
        size = "" if one.size is None else str(one.size)
        times = (one.first, one.again, one.seconds)
        table.add_row(one.series, one.kind, size, str(one.points), *map(duration, times))
    whole = sum(one.seconds for one in costs)
    out = console()
    out.print(table)
    out.print(
        f"About {duration(whole)} in one process, as far as two points of a series tell"
        + (f"; {workers} workers share it." if workers > 1 else "."),
        markup=False,
    )


_COST = ("size", "points", "first call", "again", "all")


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, to two digits."""
    if math.isnan(seconds):
        return "-"
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def print_study(about: dict[str, Any], series: list[dict[str, Any]], figures: list[str]) -> None:
    """One study: its question, its text, its series and its figures."""
    out = console()
    out.print(about["study"], style="bold", end=": ")
    out.print(about["title"], markup=False)
    for text in (about["question"], about["text"]):
        if text:
            out.print(text, markup=False)
    table = Table("series", "kind", "model", Column("points", justify="right"))
    for row in series:
        table.add_row(row["series"], row["kind"], row["model"], str(row["points"]))
    out.print(table)
    for number, title in enumerate(figures, start=1):
        out.print(f"figure {number}: {title}", markup=False)
