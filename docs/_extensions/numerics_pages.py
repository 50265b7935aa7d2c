"""The page of numerics: how things are computed, sizes and costs as the models declare them, and
seconds of first and later answers as benchmarks/cold_start.py measured them.
"""

import json
import math
from pathlib import Path

from markdown_tables import filled, number, plain, table, unbroken

from replicon._declare import Model
from replicon._domains import Interval
from replicon.study import catalogue

HERE = Path(__file__).parent
TIMES = HERE / "first_answers.json"  # --json of benchmarks/cold_start.py


def pages() -> dict[str, str]:
    """The page, as {path below docs: Markdown}."""
    parts = {"sizes": _sizes(), "times": _times(), "domains": _domains()}
    return {"numerics.md": filled((HERE / "prose" / "numerics.md").read_text(), parts)}


def _models() -> list[Model]:
    return sorted(catalogue.shipped(), key=lambda model: model.name)


def _link(name: str) -> str:
    return f"[{name}](models/{name}.md)"


def _sizes() -> str:
    rows = []
    for model in _models():
        size = model.size
        low, high = size.typical
        power = f"${size.symbol}^{{{size.cost:g}}}$".replace("^{1}", "")
        if math.isinf(size.cost):
            power = "exponential"
        told = f"${size.symbol}$, {plain(size.meaning)}"
        rows.append(
            [
                _link(model.name),
                told,
                str(size.least),
                f"{low} to {high}",
                f"{size.greatest:,}",
                power,
            ]
        )
    return table(["Model", "Size", "Least", "Typical", "Reasonable up to", "Work of a step"], rows)


def _times() -> str:
    rows = []
    for name, seconds in json.loads(TIMES.read_text()).items():
        model = name.split()[0]
        told = _link(model) + (f", `{name.split()[1]}`" if " " in name else "")
        again = number(max(seconds["again"], 0.001), 2)
        rows.append([told, f"{seconds['first']:.1f}", f"{seconds['second']:.1f}", again])
    return table(["Model", "First process", "Second process", "Same question again"], rows)


def _domains() -> str:
    rows = []
    for model in _models():
        for control in model.controls:
            domain = control.domain
            if not isinstance(domain, Interval) or control.role == "simulation":
                continue
            bounded = math.isfinite(domain.high) or domain.low not in (0, 1, -math.inf)
            if bounded:
                told = str(domain).replace(">=", "≥").replace("<=", "≤")
                rows.append([_link(model.name), f"`{control.name}`", unbroken(plain(told))])
    return table(["Model", "Control", "Domain"], rows)
