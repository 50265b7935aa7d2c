"""Where a figure's legend stands: in a corner in which nothing is drawn, else below the panels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.path import Path
from matplotlib.transforms import Bbox

_CORNERS = ("upper right", "upper left", "lower right", "lower left", "center right", "center left")
_EDGES = ("upper center", "lower center", "center")
_CLEAR = 3.0  # points between the legend and what is drawn
_POINTS = 72  # to an inch
_MOST_COLUMNS = 4


def add_legend(figure: Figure, panels: list[Axes], place: str | None) -> None:
    """One legend with each label of any panel once: in a cell of the figure that has no panel;
    else in a panel, the last one first, at `place` or, where it would cover what is drawn, where it
    covers nothing; else, or for the place 'outside', below the panels. None: no legend.
    """
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if not handles or place is None:
        return
    empty = [axes for axes in panels if not axes.axison]
    if empty:
        empty[-1].legend(handles.values(), handles.keys(), loc="center left")
    elif place == "outside" or not _within(figure, panels, handles, place):
        _below(figure, handles)


def _within(figure: Figure, panels: list[Axes], handles: dict[str, Any], place: str) -> bool:
    """Whether a legend was put into a panel, where it covers nothing."""
    lay_out(figure)
    places: list[Any] = [place] if place != "best" else []
    places += [other for other in (*_CORNERS, *_EDGES) if other != place]
    for axes in reversed(panels):
        legend = axes.legend(handles.values(), handles.keys(), loc=places[0])
        for other in places:
            legend.set_loc(other)
            if is_free(axes, legend):
                return True
        legend.remove()
    return False


def lay_out(figure: Figure) -> None:
    """Give the axes their places, by which everything is measured; nothing is drawn."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def _below(figure: Figure, handles: dict[str, Any]) -> None:
    """A legend below all panels, in as many columns as have room; the figure grows by it."""
    for columns in range(min(len(handles), _MOST_COLUMNS), 0, -1):
        legend = figure.legend(
            handles.values(), handles.keys(), loc="outside lower center", ncols=columns
        )
        box = legend.get_window_extent()
        if box.width <= figure.bbox.width or columns == 1:
            break
        legend.remove()
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + box.height / figure.dpi)


def is_free(axes: Axes, legend: Legend) -> bool:
    """Whether a legend lies within its axes and covers nothing that is drawn there."""
    box = legend.get_window_extent()
    inside = axes.bbox.containsx(box.x0) and axes.bbox.containsx(box.x1)
    if not (inside and axes.bbox.containsy(box.y0) and axes.bbox.containsy(box.y1)):
        return False
    clear = _CLEAR * axes.figure.dpi / _POINTS
    return not any(covers(box.padded(clear)) for covers in _drawn(axes))


def _drawn(axes: Axes) -> Iterator[Any]:
    """For everything drawn on the axes, whether a box (in pixels) covers some of it."""
    for line in axes.lines:
        path = line.get_transform().transform_path(line.get_path())
        if line.get_linestyle() not in ("None", "none", ""):
            yield lambda box, path=path: path.intersects_bbox(box, filled=False)
        if line.get_marker() not in ("None", "none", "", None):
            reach = line.get_markersize() / 2 * axes.figure.dpi / _POINTS
            yield lambda box, path=path, reach=reach: _holds(box.padded(reach), path)
    for patch in axes.patches:
        path = patch.get_transform().transform_path(patch.get_path())
        yield lambda box, path=path: path.intersects_bbox(box, filled=False)
    for collection in axes.collections:
        filled = len(collection.get_facecolor()) > 0
        for path in collection.get_paths():
            path = collection.get_transform().transform_path(path)
            yield lambda box, path=path, filled=filled: path.intersects_bbox(box, filled=filled)
    for shown in (*axes.texts, *axes.images):
        yield lambda box, shown=shown: box.overlaps(shown.get_window_extent())


def _holds(box: Bbox, path: Path) -> bool:
    return box.count_contains(path.vertices) > 0
