"""Figures of a study, drawn by matplotlib: theory as lines, simulation as points with error bars.

What they show is read by `view.series`, which knows the kinds of figures; here each kind of mark is
painted once.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from replicon._declare import Interval
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon.study.figures import check_keys
from replicon.study.plan import planned
from replicon.study.process import Process
from replicon.view import quick, running, series
from replicon.view.given import checked
from replicon.view.legend import add_legend
from replicon.view.marks import (
    EMPTY,
    Cloud,
    Curve,
    Drawing,
    Heat,
    Label,
    Panel,
    Paths,
    Picture,
    Points,
    Region,
    Stairs,
    Surface,
    Vertical,
)

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#4d4d4d", "#882255")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
STYLE = {
    "font.size": 9.5,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "mathtext.fontset": "cm",
}
# What has no hue of its own is grey.
_GREYS = {"theory": "0.2", "transition": "0.35"}
# Diameters of symbols, in points, where they stand close together.
_SYMBOLS = {"curves": 4.2, "collapse": 4.0, "distribution": 3.5, "function": 3.6}
_FEW = 6  # intervals between ticks that a narrow panel has room for
_PICTURE = {"images": 1.05, "gallery": 0.85}  # inches
_ROOM = {"images": 0.7, "gallery": 0.5}  # inches above the pictures


def draw(
    figure: Any,
    *results: Any,
    study: str | Path | dict | None = None,
    along: str | Sequence[str] | None = None,
    observables: str | Sequence[str] | None = None,
) -> Figure:
    """Draw one figure and return it, a matplotlib Figure.

    `draw(theory, finite, along="load")`: what `solve`, `simulate`, `find_transition` or `compare`
    return, as many as you like, also by name in a dictionary, whose keys are then the labels;
    theory is lines, dashed where it is unstable, networks are points with standard errors,
    transitions vertical lines. `along`: the control of the abscissa, the first that is listed by
    default, or two, for a plane in colours, which is also what a theory of many values of two
    controls is drawn as; `observables`: a name or several, a panel each, by default the first that
    all results share.

    Arrays (a distribution, pictures, a spectrum, a function of a lag) are drawn as what they are:
    `draw(finite, observables="overlap_density")`, or `draw(finite)` of one point. Transitions
    alone, each with one control listed, are a phase diagram. A kind of your own choice and its
    details: the functions of `replicon.view`.

    `draw(network)`, of what `start` returns: each view that its model declares, as it is now.

    `draw(figure, results)`: `figure` is a table as a study's [[figure]] holds it, such as {"x":
    "load", "y": "magnetization", "theory": ["name of a series"]}; or the number of one, from 1, of
    `study` (a shipped name, a TOML file or a dictionary). `results`: what `run_study` or
    `load_results` returns. Raises InputError for a table that is not one and where the series lack
    what it shows.
    """
    if isinstance(figure, Process):
        return _styled(running.views(figure))
    if not (isinstance(figure, int) or _is_table(figure)):
        table, named = quick.table_of((figure, *results), along, observables)
        return drawn(checked(table, named), named)
    if len(results) != 1:
        raise InputError("draw was given a figure: give the results of its study after it.")
    table = _numbered(figure, study) if isinstance(figure, int) else figure
    return drawn(check_keys(table, "figure"), _series_of(results[0]))


def _is_table(figure: Any) -> bool:
    """A figure's table, and no dictionary of results."""
    return isinstance(figure, dict) and not any(
        isinstance(one, (xr.Dataset, xr.DataTree)) for one in figure.values()
    )


def _series_of(results: Any) -> Any:
    """The results of a study, {series: Dataset}, also of a DataTree."""
    if isinstance(results, xr.DataTree):
        return {name: one.to_dataset() for name, one in results.children.items()}
    return results


def drawn(table: dict[str, Any], results: dict[str, xr.Dataset]) -> Figure:
    """The figure that a checked table describes, of its series."""
    return _styled(series.read(table, results))


def _styled(drawing: Drawing) -> Figure:
    import matplotlib as mpl

    with mpl.rc_context(rc=STYLE):  # pyright: ignore[reportArgumentType]
        return paint(drawing)


def _numbered(number: Any, study: str | Path | dict | None) -> dict[str, Any]:
    if study is None:
        raise InputError("figure is a number: give the study it is of too, study=NAME.")
    tables = planned(study)[0]["figure"]
    if not tables:
        raise InputError("The study has no figures: give a table.")
    return tables[check_argument("figure", number, Interval(1, len(tables), integer=True)) - 1]


def paint(drawing: Drawing) -> Figure:
    """A drawing as a matplotlib Figure."""
    down = len(drawing.rows)
    across = len(drawing.rows[0])
    figure = Figure(figsize=_size(drawing.kind, across, down), layout="constrained")
    cells = figure.subplots(down, across, squeeze=False)
    if drawing.title is not None:
        figure.suptitle(settable(drawing.title), fontsize=11)
    for axes, panel in zip(cells.flat, (one for row in drawing.rows for one in row), strict=True):
        _paint_panel(axes, panel, drawing.kind)
        if across > 1 and isinstance(axes.xaxis.get_major_locator(), MaxNLocator):
            axes.locator_params(axis="x", nbins=_FEW)
    add_legend(figure, list(cells.flat), drawing.legend)
    return figure


def _size(kind: str, across: int, down: int) -> tuple[float, float]:
    """Inches."""
    if kind in _PICTURE:
        return _PICTURE[kind] * across + 1.9, _PICTURE[kind] * down + _ROOM[kind]
    own = {
        "phase-diagram": (6.2, 4.4),
        "heat-map": (4.9 * across, 3.8 * down),
        "spectrum": (3.4 * across, 3.3 * down + 0.4),
        "landscape": (9.4, 4.0),
    }
    several = (4.3 * across, 3.6 if down == 1 else 3.2 * down)
    return own.get(kind) or ((5.6, 3.8) if across == down == 1 else several)


def _paint_panel(axes: Axes, panel: Panel, kind: str) -> None:
    if panel == EMPTY:
        axes.set_axis_off()
        return
    pictures = kind in _PICTURE
    if pictures or any(isinstance(mark, Picture) for mark in panel.marks):
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        for spine in axes.spines.values():
            spine.set(visible=bool(panel.marks), color="0.7", linewidth=0.6)
    for mark in panel.marks:
        _PAINTERS[type(mark)](axes, mark, kind)
    if panel.title is not None:
        axes.set_title(settable(panel.title), fontsize=9 if pictures else 9.5)
    if panel.xlabel is not None:
        axes.set_xlabel(settable(panel.xlabel))
    if panel.ylabel is not None:
        beside: dict[str, Any] = {"rotation": 0, "ha": "right", "va": "center", "fontsize": 8.5}
        axes.set_ylabel(settable(panel.ylabel), **(beside if pictures else {}))
    if panel.equal:
        axes.set_aspect("equal")
    if panel.xlim is not None:
        axes.set_xlim(*panel.xlim)
    if panel.ylim is not None:
        axes.set_ylim(*panel.ylim)
    if panel.xscale is not None:
        axes.set_xscale(panel.xscale)
    if panel.yscale is not None:
        axes.set_yscale(panel.yscale)


def _colour(role: str, hue: int | None) -> str:
    return _GREYS[role] if hue is None else PALETTE[hue % len(PALETTE)]


def _curve(axes: Axes, mark: Curve, kind: str) -> None:
    style: dict[str, Any] = {"color": _colour(mark.role, mark.hue), "label": _named(mark)}
    if mark.thin:
        style["lw"] = 1.0 if mark.dash == "dashed" else 1.2
    if kind == "heat-map":
        style["path_effects"] = [withStroke(linewidth=3.2, foreground="white")]
    words = mark.x.dtype.kind not in "iuf"  # which no line joins
    lonely = list(range(len(mark.y))) if words else _without_neighbours(mark.y)
    if lonely:
        style |= {"marker": "_", "ms": 12, "mew": 1.6, "markevery": lonely}
    line = "--" if mark.dash == "dashed" else "-"
    axes.plot(mark.x, mark.y, ls="none" if words else line, **style)


def _without_neighbours(y: np.ndarray) -> list[int]:
    """Points of a line that no piece of it reaches: without a mark of their own they are not
    seen.
    """
    known = np.isfinite(y)
    beside = np.r_[False, known[:-1]] | np.r_[known[1:], False]
    return np.flatnonzero(known & ~beside).tolist()


def _points(axes: Axes, mark: Points, kind: str) -> None:
    axes.errorbar(
        mark.x,
        mark.y,
        mark.error,
        color=_colour(mark.role, mark.hue),
        marker=MARKERS[mark.marker % len(MARKERS)],
        ms=_SYMBOLS[kind],
        mfc="white",
        lw=0.9,
        ls="-" if mark.joined else "none",
        capsize=2,
        label=_named(mark),
    )


def _cloud(axes: Axes, mark: Cloud, kind: str) -> None:
    label = _named(mark)
    if mark.shape == "dot":
        size = 3 if kind == "spectrum" else 3.5
        colour = _colour(mark.role, mark.hue)
        axes.plot(mark.x, mark.y, ".", color=colour, ms=size, mew=0, label=label)
        return
    face = "black" if mark.shape == "full ring" else "white"
    axes.plot(mark.x, mark.y, "o", ms=6, mfc=face, mec="black", label=label, ls="none")


def _stairs(axes: Axes, mark: Stairs, kind: str) -> None:
    colour = _colour(mark.role, mark.hue)
    label = _named(mark)
    axes.stairs(mark.heights, mark.edges, baseline=None, color=colour, label=label, lw=1.6)


def _vertical(axes: Axes, mark: Vertical, kind: str) -> None:
    width = 1 if mark.hue is None else 1.2
    label = _named(mark)
    axes.axvline(mark.x, color=_colour(mark.role, mark.hue), lw=width, ls=":", label=label)


def _region(axes: Axes, mark: Region, kind: str) -> None:
    axes.update_datalim([(mark.x, mark.y)])
    middle: dict[str, Any] = {
        "ha": "center",
        "va": "center",
        "rotation": mark.rotation,
        "clip_on": True,
    }
    axes.text(mark.x, mark.y, settable(mark.label), fontsize=10, color="0.2", **middle)
    axes.autoscale_view()


def _picture(axes: Axes, mark: Picture, kind: str) -> None:
    style: dict[str, Any] = {"cmap": mark.colours, "interpolation": "nearest"}
    axes.imshow(mark.pixels, vmin=mark.low, vmax=mark.high, **style)


def _paths(axes: Axes, mark: Paths, kind: str) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LogNorm

    norm = LogNorm(mark.low, mark.high)
    pieces = None
    for path, height in zip(mark.points, mark.heights, strict=True):
        steps = list(np.stack([path[:-1], path[1:]], axis=1))
        pieces = LineCollection(steps, cmap="viridis", norm=norm, lw=1.0)
        pieces.set_array(np.maximum(height[:-1], mark.low))
        axes.add_collection(pieces)
        axes.plot(*path[0], ".", color="0.5", ms=4)
    if pieces is not None:
        axes.figure.colorbar(pieces, ax=axes, label=settable(mark.label), shrink=0.9)


def _surface(axes: Axes, mark: Surface, kind: str) -> None:
    filled = axes.contourf(
        mark.x, mark.y, mark.values, levels=mark.levels, cmap="Blues_r", extend="max"
    )
    axes.figure.colorbar(filled, ax=axes, label=settable(mark.label), shrink=0.9)


def _heat(axes: Axes, mark: Heat, kind: str) -> None:
    axes.grid(False)
    axes.set_facecolor("0.92")
    cells = axes.pcolormesh(
        mark.x,
        mark.y,
        mark.values,
        shading="nearest",
        cmap=mark.colours,
        vmin=mark.low,
        vmax=mark.high,
        rasterized=True,
    )
    axes.figure.colorbar(cells, ax=axes, label=settable(mark.label), shrink=0.9)


_PAINTERS = {
    Curve: _curve,
    Points: _points,
    Cloud: _cloud,
    Stairs: _stairs,
    Vertical: _vertical,
    Region: _region,
    Picture: _picture,
    Paths: _paths,
    Surface: _surface,
    Heat: _heat,
}


def settable(label: Label) -> str:
    """A label as a text that matplotlib can set: with its mathematics, or, where it cannot set
    that, without.
    """
    return _settable(label.text, label.plain)


def _named(mark: Any) -> str | None:
    """What the legend calls a mark; None: it is not in the legend."""
    return None if mark.label is None else settable(mark.label)


@functools.lru_cache(maxsize=1000)
def _settable(text: str, plain: str) -> str:
    from matplotlib.mathtext import MathTextParser

    lines = [line for line in text.split("\n") if "$" in line]  # each is set by itself
    if any((line.count("$") - line.count(r"\$")) % 2 for line in lines):
        return plain.replace("$", r"\$")
    with contextlib.suppress(ValueError, RuntimeError):
        for line in lines:
            MathTextParser("path").parse(line)
        return text
    return plain.replace("$", r"\$")
