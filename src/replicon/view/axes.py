"""What all figures share: panels, colours, the lines of a result, labels from declarations."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replicon._errors import InputError
from replicon._result import Shown, grid_axes, shown

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#4d4d4d", "#882255")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

Results = dict[str, xr.Dataset]

# Symbols of declarations that are Greek words, as mathematics.
_GREEK = {
    "Sigma",
    "alpha",
    "beta",
    "chi",
    "xi",
    "sigma",
    "rho",
    "lambda",
    "mu",
    "tau",
    "kappa",
    "gamma",
    "phi",
    "Delta",
}


def make_panels(
    count: int, spec: dict[str, Any], size: tuple[float, float] | None = None
) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels side by side, and the list of them."""
    width, height = size or ((5.6, 3.8) if count == 1 else (4.3 * count, 3.6))
    figure = Figure(figsize=(width, height), layout="constrained")
    panels = list(np.atleast_1d(figure.subplots(1, count)))
    if "title" in spec:
        figure.suptitle(spec["title"], fontsize=11)
    return figure, panels


def lines_of(
    data: xr.Dataset, x: str | None, sampled: bool = False
) -> Iterator[tuple[str, xr.Dataset]]:
    """Split a Dataset along every listed control (and size) but x; the label says which
    line it is.
    """
    axes = [name for name in ("size", *grid_axes(data)) if name in data.dims and name != x]
    for index in np.ndindex(*(data.sizes[name] for name in axes)):
        line = data.isel(dict(zip(axes, index, strict=True)))
        words = []
        for name in axes:
            value = line.coords[name].values.item()
            declared = shown(data)
            symbol = (
                _settable(declared.size_symbol) if name == "size" else symbol_of(declared, name)
            )
            words.append(
                value.replace("$", r"\$") if isinstance(value, str) else f"{symbol} = {value:g}"
            )
        yield ", ".join(words), line


def label_of(spec: dict[str, Any], series: str, line: str) -> str:
    """The text of a line in the legend: that of its series, and which line of it."""
    named = spec.get("labels", {}).get(series, series)
    return ", ".join(filter(None, (named, line)))


def select(data: xr.Dataset, at: dict[str, Any]) -> xr.Dataset:
    return data.sel({name: value for name, value in at.items() if name in data.dims})


def model_of(spec: dict[str, Any], results: Results) -> Shown:
    """What the results of a figure carry of its first model's declaration."""
    for kind in ("simulation", "theory", "transition"):
        for series in spec.get(kind, []):
            return shown(results[series])
    raise InputError("A figure shows no series: give it theory, simulation or transition.")


def symbol_of(declared: Shown, name: str) -> str:
    """A symbol as mathematics where it is short, Greek, or has an index; else, and where matplotlib
    cannot set it, as it is.
    """
    if name not in declared.symbols:
        return name.replace("$", r"\$")
    symbol = declared.symbols[name]
    base, _, index = symbol.partition("_")
    if symbol.rstrip("0123456789") in _GREEK:
        text = f"$\\{symbol}$"
    elif index:
        text = f"${base}_{{\\mathrm{{{index}}}}}$"
    else:
        text = f"${symbol}$" if len(symbol) <= 4 else symbol
    return _settable(text, symbol)


@functools.lru_cache(maxsize=1000)
def _settable(text: str, otherwise: str | None = None) -> str:
    """A text that matplotlib can set, or, where it cannot, another with no mathematics in it."""
    from matplotlib.mathtext import MathTextParser

    if (text.count("$") - text.count(r"\$")) % 2 == 0:
        with contextlib.suppress(ValueError, RuntimeError):
            MathTextParser("path").parse(text)
            return text
    return (text if otherwise is None else otherwise).replace("$", r"\$")


def axis_label(declared: Shown, name: str) -> str:
    """What stands at an axis of a control or an observable: its name in words, and its symbol."""
    if name == "size":
        return _settable(declared.size_meaning)
    symbol = symbol_of(declared, name)
    words = name.replace("_", " ").replace("$", r"\$")
    return words if symbol == name else f"{words} {symbol}"


def legend(axes: Axes, place: Any = "best", **style: Any) -> None:
    """A legend, where something has a label."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc=place, **style)


def limits(axes: Axes, spec: dict[str, Any]) -> None:
    """Ranges and scales of the axes as the figure's table gives them."""
    if "xlim" in spec:
        axes.set_xlim(*spec["xlim"])
    if "ylim" in spec:
        axes.set_ylim(*spec["ylim"])
    if spec.get("xscale"):
        axes.set_xscale(spec["xscale"])
    if spec.get("yscale"):
        axes.set_yscale(spec["yscale"])
