"""A quick look in the terminal: the lines and points of a figure in braille dots (plotille)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from replicon._errors import InputError
from replicon.view import quick, series
from replicon.view.given import checked
from replicon.view.marks import Cloud, Curve, Label, Panel, Points, Stairs

_COLOURS = ("blue", "red", "green", "magenta", "cyan", "yellow", "white")
_MARKERS = "os^dvpx*"
_AROUND = 20  # columns that plotille takes beside the plane and the abscissa's label
_NARROWEST = 20
_HEIGHT = 16  # rows of a panel


def sketch(*results: Any, width: int = 80) -> str:
    """What `draw` shows of the same results, as a text `width` columns wide: lines and points, a
    panel below another, each with its legend, in colours where it goes to a terminal. Raises
    InputError, also where there are only pictures or planes, which braille dots cannot show.
    """
    table, named = quick.table_of(results, None, None)
    drawing = series.read(checked(table, named), named)
    panels = [panel for row in drawing.rows for panel in row if _shown(panel)]
    if not panels:
        raise InputError(
            f"A figure of kind '{drawing.kind}' has no lines: write it to a file, --plot FILE.png."
        )
    return "\n\n".join(_panel(panel, width) for panel in panels)


def _shown(panel: Panel) -> list[Any]:
    return [mark for mark in panel.marks if isinstance(mark, (Curve, Points, Cloud, Stairs))]


def _panel(panel: Panel, width: int) -> str:
    import plotille

    figure = plotille.Figure()
    figure.width = max(width - _AROUND - len(_plain(panel.xlabel)), _NARROWEST)
    figure.height = _HEIGHT
    figure.color_mode = "names"
    figure.x_label = _plain(panel.xlabel)
    figure.y_label = _plain(panel.ylabel)
    for kind in (float, int):
        figure.register_label_formatter(kind, _number)
    legend = []
    for number, mark in enumerate(_shown(panel)):
        x, y = _path(mark)
        colour = _COLOURS[number % len(_COLOURS)]
        marker = _MARKERS[number % len(_MARKERS)]
        joined = isinstance(mark, (Curve, Stairs))
        if joined:
            for piece in np.ma.clump_unmasked(np.ma.masked_invalid(y)):
                figure.plot(x[piece].tolist(), y[piece].tolist(), lc=colour)
        elif len(known := np.flatnonzero(np.isfinite(y))):
            figure.scatter(x[known].tolist(), y[known].tolist(), marker=marker, lc=colour)
        if name := _plain(mark.label):
            legend.append(plotille.color("\u2812\u2812" if joined else f"{marker} ", fg=colour))
            legend[-1] += f" {name}"
    lines = [*figure.show(legend=False).splitlines(), *legend]
    return "\n".join(line.rstrip(" \u2800") for line in lines)


def _path(mark: Any) -> tuple[np.ndarray, np.ndarray]:
    """x and y of a mark, both (points,); words along x as their places, 0, 1, ..."""
    if isinstance(mark, Stairs):
        return np.repeat(mark.edges, 2)[1:-1], np.repeat(mark.heights, 2)
    x = mark.x if mark.x.dtype.kind in "iuf" else np.arange(len(mark.x))
    return np.asarray(x, float), np.asarray(mark.y, float)


def _number(val: Any, chars: int, delta: Any, left: bool) -> str:
    """As many decimals as tell the rows' values apart (`delta`), as wide as plotille asks for;
    along the abscissa (`left`) three digits.
    """
    value = float(val)
    if left:
        return f"{value:.3g}".ljust(chars)
    decimals = max(0, 1 - math.floor(math.log10(abs(delta)))) if delta else 2
    text = f"{value:.{min(decimals, 9)}f}" if abs(value) < 1e5 else f"{value:.3g}"
    return text.rjust(chars)


def _plain(label: Label | None) -> str:
    return "" if label is None else label.plain
