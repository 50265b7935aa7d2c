"""The lines of a result, and what stands at them and at the axes, from declarations and a figure's
table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from replicon._errors import InputError
from replicon._result import Shown, grid_axes, shown
from replicon.view.marks import EMPTY, Drawing, Label, Panel

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
_ACROSS = 2  # panels in a row that a page's width shows; three where there are many
_SHORT = 4  # letters of a symbol that is mathematics; a longer one is a word


def given(text: str) -> Label:
    """A text of the user's, as it is."""
    return Label(text, text)


def verbatim(text: str) -> Label:
    """A text in which a dollar sign is one."""
    return Label(text.replace("$", r"\$"), text)


def symbol_of(declared: Shown, name: str) -> Label:
    """A symbol as mathematics where it is short, Greek, or has an index; else as it is."""
    if name == "size":
        return given(declared.size_symbol)
    if name not in declared.symbols:
        return verbatim(name)
    symbol = declared.symbols[name]
    base, _, index = symbol.partition("_")
    if symbol.rstrip("0123456789") in _GREEK:
        text = f"$\\{symbol}$"
    elif index:
        text = f"${base}_{{\\mathrm{{{index}}}}}$"
    else:
        text = f"${symbol}$" if len(symbol) <= _SHORT else symbol
    return Label(text, symbol)


def axis_label(declared: Shown, name: str) -> Label:
    """What stands at an axis of a control or an observable: its name in words, and its symbol."""
    if name == "size":
        return given(declared.size_meaning)
    symbol = symbol_of(declared, name)
    words = verbatim(name.replace("_", " "))
    if symbol.plain == name:
        return words
    return Label(f"{words.text} {symbol.text}", f"{words.plain} {symbol.plain}")


def label_of(spec: dict[str, Any], series: str, line: Label) -> Label:
    """The text of a line in the legend: that of its series, and which line of it."""
    return line.after(spec.get("labels", {}).get(series, series))


def select(data: xr.Dataset, at: dict[str, Any]) -> xr.Dataset:
    """The result at the values that a figure fixes."""
    return data.sel({name: value for name, value in at.items() if name in data.dims})


def lines_of(data: xr.Dataset, *along: str) -> Iterator[tuple[Label, xr.Dataset]]:
    """Split a Dataset along every listed control (and size) but those it is drawn along; the label
    says which part it is.
    """
    axes = [name for name in ("size", *grid_axes(data)) if name in data.dims and name not in along]
    declared = shown(data)
    for index in np.ndindex(*(data.sizes[name] for name in axes)):
        line = data.isel(dict(zip(axes, index, strict=True)))
        words = [told(symbol_of(declared, n), line.coords[n].values.item()) for n in axes]
        yield Label(*(", ".join(texts) for texts in zip(*words)) if words else ("", "")), line


def told(symbol: Label, value: Any) -> Label:
    """'symbol = value'; a word alone."""
    if isinstance(value, str):
        return verbatim(value)
    return Label(f"{symbol.text} = {value:g}", f"{symbol.plain} = {value:g}")


def panel(spec: dict[str, Any], marks: list[Any], xlabel: Label, ylabel: Label) -> Panel:
    """Marks on the axes that a figure's table describes; the labels are those of tables without."""
    xlim, ylim = (tuple(spec[name]) if name in spec else None for name in ("xlim", "ylim"))
    return Panel(
        tuple(marks),
        given(spec["xlabel"]) if "xlabel" in spec else xlabel,
        given(spec["ylabel"]) if "ylabel" in spec else ylabel,
        xlim=xlim,
        ylim=ylim,
        xscale=spec.get("xscale"),
        yscale=spec.get("yscale"),
    )


def drawing(kind: str, spec: dict[str, Any], *panels: Panel) -> Drawing:
    """A figure of panels, in rows that a page holds, under its title; a cell is left over where
    they do not fill their rows.
    """
    title = given(spec["title"]) if "title" in spec else None
    across = len(panels) if len(panels) <= _ACROSS else _ACROSS + (len(panels) > 2 * _ACROSS)
    filled = (*panels, *[EMPTY] * (-len(panels) % across))
    rows = tuple(filled[k : k + across] for k in range(0, len(filled), across))
    return Drawing(kind, rows, title, spec.get("legend", "best"))


def model_of(spec: dict[str, Any], results: Results) -> Shown:
    """What the results of a figure carry of its first model's declaration."""
    for kind in ("simulation", "theory", "transition"):
        for series in spec.get(kind, []):
            return shown(results[series])
    raise InputError("A figure shows no series: give it theory, simulation or transition.")
