"""Results as tables on the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column, Table

from replicon._declare import Control, Model
from replicon._result import grid_axes
from replicon.study import catalogue

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


_WHAT = {"solve": "theory", "simulate": "simulation", "compare": "theory beside simulation"}


def title(declared, about: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    """The model, what is shown, and the controls that are the same in all rows. `about`: the
    attributes of a result.
    """
    what = _WHAT.get(about["kind"]) or f"transition {about['transition']}"
    if "samples" in about:
        what += f", size {about['size']}, {about['samples']} samples"
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
            shown = ("model", "transition", "control", "value", "controls", "converged", "reason")
            evidence = {name: value for name, value in one.items() if name not in shown}
            found_at = {one["control"]: one["value"], **evidence}
            out.append({**at, **found_at, "converged": one["converged"]})
        if kind == "simulate":
            out.append({**at, **{n: measured(v) for n, v in one["observables"].items()}})
        if kind == "solve":
            hidden = ("model", "controls", "branch", "observables", "reason")
            rest = {name: value for name, value in one.items() if name not in hidden}
            out.append({**at, "branch": one["branch"], **one["observables"], **rest})
        for name, v in one["observables"].items() if kind == "compare" else ():
            simulation = with_error(v["mean"], v["error"])
            z = None if v["z"] is None else f"{v['z']:.2f}"
            row = {"observable": name, "simulation": simulation, "theory": v["theory"], "z": z}
            out.append({**at, **row, "converged": one["converged"]})
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


def print_models(systems: dict[str, list[Model]]) -> None:
    """Models by system: what they have (theory, a network that runs or is drawn at once)."""
    table = Table(Column("model", no_wrap=True), "what", "theory", Column("network", no_wrap=True))
    for system, models in systems.items():
        table.add_row(f"[bold]{system}[/bold]")
        for m in models:
            table.add_row(f"  {m.name}", m.title, "yes" if m.solve else "-", _network(m))
        table.add_section()
    out = console()
    out.print(table)
    out.print("replicon models NAME: its controls, observables and commands to copy", markup=False)


def _network(m: Model) -> str:
    if not m.simulated:
        return "-"
    return "one shot" if m.sample is not None else "process"


def print_model(m: Model) -> None:
    """A model's controls, observables, branches and transitions, its network, and commands."""
    out = console()
    out.print(m.name, style="bold", end=": ")
    out.print(f"{m.title}. Source: {m.source}", markup=False, highlight=False)
    table = Table(Column("control", no_wrap=True), "symbol", "default", "meaning and values")
    for c in m.controls:
        table.add_row(c.name, c.symbol, f"{c.default}", _told(c))
    out.print(table)
    table = Table(Column("observable", no_wrap=True), "symbol", "meaning")
    for o in m.observables:
        along = f", along {' and '.join(a.name for a in o.axes)}" if o.axes else ""
        table.add_row(o.name, o.symbol, f"{o.meaning}{along}{_of_one_side(o.role)}")
    out.print(table)
    if m.branches or m.transitions:
        table = Table(Column("branch", no_wrap=True), "transition of", "meaning")
        for b in m.branches:
            table.add_row(b.name, "", b.meaning)
        for t in m.transitions:
            table.add_row(t.name, t.control, t.meaning)
        out.print(table)
    if m.simulated:
        low, high = m.size.typical
        sizes = f"{m.size.symbol} ({m.size.meaning}) from {low} to {high}, at most about"
        growth = "exponentially" if math.isinf(m.size.cost) else f"as size^{m.size.cost:g}"
        out.print(
            f"network: {_network(m)}; {sizes} {m.size.greatest}; its cost grows {growth}.",
            markup=False,
            highlight=False,
        )
    out.print("\n".join(_commands(m)), markup=False, highlight=False)


def _told(c: Control) -> str:
    typical = "" if c.range is None else ", typically {:g} to {:g}".format(*c.range)
    live = "; may change while it runs" if c.live else ""
    return f"{c.meaning}: {c.domain}{typical}{_of_one_side(c.role)}{live}"


def _of_one_side(role: str) -> str:
    return "" if role == "both" else f" ({role} only)"


def _commands(m: Model) -> list[str]:
    """Commands to copy, with the model's own names."""
    out = []
    ranges = [(c.name, *c.range) for c in m.controls_for("theory") if c.range is not None]
    if m.solve is not None:
        values = " {}={:g}:{:g}:6".format(*ranges[0]) if ranges else ""
        out.append(f"replicon solve {m.name}{values}")
    out += [f"replicon transition {m.name} {t.name}" for t in m.transitions[:1]]
    if m.simulated:
        question = "simulate" if m.solve is None else "compare"
        given = "".join(f" {name}={value:g}" for name, value in catalogue.finite(m).items())
        out.append(f"replicon {question} {m.name}{given} --size {m.size.quick} --samples 10")
    return out


def print_studies(rows: list[dict[str, Any]]) -> None:
    """The shipped studies, grouped by system, with their questions and costs."""
    costs = (Column(name, justify="right", no_wrap=True) for name in ("quick", "full (est.)"))
    table = Table("system", Column("study", no_wrap=True), "question", *costs)
    last = ""
    for row in rows:
        if last and row["system"] != last:
            table.add_section()
        shown = "" if row["system"] == last else row["system"]
        times = (row["quick_seconds"] or math.nan, (row["full_minutes"] or math.nan) * 60)
        table.add_row(shown, row["study"], row["question"], *map(duration, times))
        last = row["system"]
    out = console()
    out.print(table)
    out.print(
        "quick: measured from empty caches, by two workers; full: in one process, measured or"
        " estimated from two points of each series (-: ask replicon run NAME --dry-run); both on"
        " idle cores.\n"
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


def print_study(about: dict[str, Any]) -> None:
    """One study as `study.plan.described` tells it."""
    out = console()
    out.print(about["study"], style="bold", end=": ")
    out.print(about["title"], markup=False)
    for text in (about["question"], about["text"]):
        if text:
            out.print(text, markup=False)
    table = Table("series", "kind", "model", Column("points", justify="right"))
    for row in about["series"]:
        table.add_row(row["series"], row["kind"], row["model"], str(row["points"]))
    out.print(table)
    if about["change"] is not None:
        change = about["change"]
        told = f"To change one number, add --set {change['set']}: {change['look']}"
        out.print(told, markup=False, highlight=False)
    for number, title in enumerate(about["figures"], start=1):
        out.print(f"figure {number}: {title}", markup=False)
