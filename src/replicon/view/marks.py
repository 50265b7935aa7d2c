"""What is drawn, as plain data: marks in panels, panels in a drawing. No matplotlib: a figure and a
page draw the same.

Colours go by role. `role`: theory, simulation, transition (a special value) or bound (a known law);
`hue`: a number that tells lines of one role apart, None where the role alone does.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np


class Label(NamedTuple):
    """A text: with mathematics between dollar signs, and `plain`, without, for where that cannot
    be set.
    """

    text: str
    plain: str

    def after(self, words: str) -> Label:
        """'words, label', or the one of them that is not empty."""
        return Label(*(", ".join(filter(None, (words, own))) for own in self))


class Curve(NamedTuple):
    """A line through (x, y), both (points,); gaps are NaN. `dash`: solid or dashed."""

    x: np.ndarray
    y: np.ndarray
    label: Label | None
    role: str
    hue: int | None
    dash: str = "solid"
    thin: bool = False


class Points(NamedTuple):
    """Symbols at (x, y), both (points,). `error`: (2, points), how far bars reach below and above,
    or None. `joined`: with lines between them. `marker`: the number of the symbol.
    """

    x: np.ndarray
    y: np.ndarray
    error: np.ndarray | None
    label: Label | None
    role: str
    hue: int
    marker: int
    joined: bool = False


class Cloud(NamedTuple):
    """Dots at (x, y), both (points,). `shape`: dot, or full and empty rings."""

    x: np.ndarray
    y: np.ndarray
    label: Label | None
    role: str
    hue: int | None
    shape: str = "dot"


class Stairs(NamedTuple):
    """A staircase: `heights` (steps,) between `edges` (steps + 1,)."""

    heights: np.ndarray
    edges: np.ndarray
    label: Label | None
    role: str
    hue: int


class Vertical(NamedTuple):
    """A vertical line at one value of the abscissa."""

    x: float
    label: Label | None
    role: str
    hue: int | None


class Region(NamedTuple):
    """A text in the plane; `rotation` in degrees."""

    x: float
    y: float
    label: Label
    rotation: float


class Picture(NamedTuple):
    """`pixels` (rows, columns), coloured from `low` to `high`; `colours`: the name of a map."""

    pixels: np.ndarray
    low: float
    high: float
    colours: str


class Paths(NamedTuple):
    """Trajectories (paths, times, 2), each piece coloured by its `heights` (paths, times) from
    `low` to `high` on a logarithmic scale, which `label` names.
    """

    points: np.ndarray
    heights: np.ndarray
    low: float
    high: float
    label: Label


class Surface(NamedTuple):
    """Heights `values` (rows, columns) over y (rows,) and x (columns,), in contours at `levels`."""

    x: np.ndarray
    y: np.ndarray
    values: np.ndarray
    levels: np.ndarray
    label: Label


class Heat(NamedTuple):
    """Heights `values` (rows, columns) over y (rows,) and x (columns,), both rising, each a
    coloured cell from `low` to `high`; NaN is left empty. `colours`: the name of a map, whose scale
    `label` names.
    """

    x: np.ndarray
    y: np.ndarray
    values: np.ndarray
    low: float
    high: float
    colours: str
    label: Label


class Panel(NamedTuple):
    """Marks on common axes. Limits and scales are None where they follow from the marks; `equal`: a
    unit is as long on both axes.
    """

    marks: tuple[Any, ...]
    xlabel: Label | None = None
    ylabel: Label | None = None
    title: Label | None = None
    xlim: tuple[float | None, float | None] | None = None
    ylim: tuple[float | None, float | None] | None = None
    xscale: str | None = None
    yscale: str | None = None
    equal: bool = False


EMPTY = Panel(())  # a cell without a panel


class Drawing(NamedTuple):
    """A figure: rows of panels, all as long. `legend`: the place of the one legend, if nothing is
    drawn there; None: none.
    """

    kind: str
    rows: tuple[tuple[Panel, ...], ...]
    title: Label | None = None
    legend: str | None = "best"

    def as_dict(self) -> dict[str, Any]:
        """The drawing for JSON: numbers as lists (null where not finite), each mark with the name
        of its kind as `mark`.
        """
        return _plain(self)


_MARKS = (Curve, Points, Cloud, Stairs, Vertical, Region, Picture, Paths, Surface, Heat)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if hasattr(value, "_asdict"):
        own = {"mark": type(value).__name__.lower()} if isinstance(value, _MARKS) else {}
        return {**own, **{name: _plain(item) for name, item in value._asdict().items()}}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
