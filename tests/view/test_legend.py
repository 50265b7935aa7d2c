"""A legend covers nothing that is drawn, in any figure of any study, and holds each label once."""

import numpy as np
import pytest
from tests.view.imagined import imagined

import replicon
from replicon.study.plan import planned
from replicon.view import figure, series
from replicon.view.legend import lay_out
from replicon.view.marks import Curve, Drawing, Label, Panel, Points, Region, Vertical

STUDIES = replicon.studies()


def legends(drawn):
    within = [axes.get_legend() for axes in drawn.axes if axes.get_legend() is not None]
    return [*drawn.legends, *within]


def covered(drawn):
    """How many points of what is drawn, in pixels and lines taken at many points between their
    vertices, lie beneath a legend; measured apart from the code that places it.
    """
    lay_out(drawn)
    boxes = [legend.get_window_extent() for legend in legends(drawn)]
    points = [np.zeros((0, 2))]
    for axes in drawn.axes:
        for line in axes.lines:
            vertices = line.get_transform().transform(line.get_xydata())
            joined = line.get_linestyle() != "None" and len(vertices) > 1
            points.append(_between(vertices) if joined else vertices)
        for collection in axes.collections:
            for path in collection.get_paths():
                points.append(_between(collection.get_transform().transform(path.vertices)))
        points += [axes.transData.transform([text.get_position()]) for text in axes.texts]
    points = [np.concatenate([p[np.isfinite(p).all(axis=1)] for p in points])]
    inside = [(points[0] >= box.min) & (points[0] <= box.max) for box in boxes]
    return sum(int(hit.all(axis=1).sum()) for hit in inside)


def _between(vertices):
    part = np.linspace(0, 1, 40)[:, None, None]
    return (vertices[:-1] + part * (vertices[1:] - vertices[:-1])).reshape(-1, 2)


@pytest.mark.parametrize("name", STUDIES)
def test_no_legend_of_a_study_covers_what_is_drawn(name):
    study, plan = planned(name, quick=True)
    results = imagined(plan)
    for table in study["figure"]:
        drawing = series.read(table, results)
        if drawing.kind in ("images", "gallery"):
            continue  # they have no legend
        drawn = figure.paint(drawing)
        told = [text.get_text() for one in legends(drawn) for text in one.get_texts()]
        labels = {
            figure.settable(mark.label)
            for row in drawing.rows
            for panel in row
            for mark in panel.marks
            if not isinstance(mark, Region) and mark.label is not None and mark.label.text
        }
        assert len(told) == len(set(told))
        assert set(told) <= labels
        assert covered(drawn) == 0, table.get("title")
        frame = drawn.bbox
        for one in legends(drawn):
            box = one.get_window_extent()
            assert frame.width >= box.width
            assert frame.y0 - 1 <= box.y0
            assert box.y1 <= frame.y1 + 1


def _label(text):
    return Label(text, text)


def _drawing(*marks, place="best", **more):
    return Drawing("curves", ((Panel(marks, **more),),), legend=place)


def _diagonal(role="theory"):
    x = np.linspace(0, 1, 2)  # no vertex in the middle, where the line still is
    return Curve(x, x, _label("a line"), role, 0)


def _corner(drawn):
    (legend,) = legends(drawn)
    box = legend.get_window_extent()
    frame = drawn.axes[0].bbox
    across = "left" if box.x1 < frame.x0 + frame.width / 2 else "right"
    return f"{'lower' if box.y1 < frame.y0 + frame.height / 2 else 'upper'} {across}"


@pytest.mark.parametrize(
    ("place", "stands"),
    [
        ("lower right", "lower right"),
        ("upper left", "upper left"),
        ("best", "upper left"),  # the first corner that the diagonal leaves free
        ("upper right", "upper left"),  # taken
        ("lower left", "upper left"),
    ],
)
def test_a_legend_stands_where_it_is_asked_if_that_is_free(place, stands):
    assert _corner(figure.paint(_drawing(_diagonal(), place=place))) == stands


def test_a_word_of_a_region_and_a_vertical_line_are_not_covered():
    words = Region(0.1, 0.95, _label("a region"), 0)
    assert _corner(figure.paint(_drawing(_diagonal(), words))) == "lower right"
    line = Vertical(0.06, _label("a transition"), "transition", None)
    assert _corner(figure.paint(_drawing(_diagonal(), line))) == "lower right"


def test_where_no_corner_is_free_the_legend_is_below_and_the_panels_keep_their_height():
    x = np.linspace(0, 1, 400)
    everywhere = Curve(x, np.sin(200 * x), _label("everywhere"), "theory", 0)
    full = figure.paint(_drawing(everywhere))
    assert len(full.legends) == 1
    assert covered(full) == 0
    bare = figure.paint(_drawing(everywhere, place=None))
    lay_out(bare)
    heights = [one.axes[0].bbox.height / one.dpi for one in (full, bare)]
    assert heights[0] == pytest.approx(heights[1], abs=0.1)  # inches
    assert legends(bare) == []


def test_many_labels_below_are_as_wide_as_the_figure_at_most():
    marks = [
        Points(
            np.ones(1), np.full(1, k), None, _label(f"a rather long label {k}"), "simulation", k, k
        )
        for k in range(9)
    ]
    drawn = figure.paint(_drawing(*marks, place="outside"))
    lay_out(drawn)
    (box,) = [one.get_window_extent() for one in drawn.legends]
    assert box.width <= drawn.bbox.width
    assert covered(drawn) == 0


def test_the_measure_sees_a_legend_that_covers():
    """The wrong twin: matplotlib's own corner over the line."""
    drawn = figure.paint(_drawing(_diagonal(), place=None))
    drawn.axes[0].legend(loc="upper right")
    assert covered(drawn) > 0
