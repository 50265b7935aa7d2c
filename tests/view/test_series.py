"""What figures show, as plain data: every kind of every shipped study is read without matplotlib
and is JSON; the numbers are those of the results.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

import replicon
from replicon._result import build
from replicon.study import catalogue
from replicon.view import series
from replicon.view.marks import Curve, Panel, Points, Vertical


def _simulated(values, size=50):
    """A simulated magnet as a study gives it: values (points, samples)."""
    found = build(
        kind="simulate",
        model=catalogue.get("curie-weiss"),
        coordinates={"temperature": [0.5, 1.0, 1.5]},
        values={"magnetization": values},
        inner=("sample",),
        attributes={"controls": ["temperature"]},
    )
    return found.expand_dims(size=[size])


@pytest.fixture(scope="module")
def results():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(3, 8))
    values[2] = np.nan  # not simulated
    theory = replicon.solve("curie-weiss", temperature=[0.5, 0.8, 1.2])
    line = replicon.find_transition("curie-weiss", "critical")
    return {"line": theory, "magnets": _simulated(values), "critical": line}


TABLE = {
    "x": "temperature",
    "y": "magnetization",
    "theory": ["line"],
    "simulation": ["magnets"],
    "transition": ["critical"],
}


def test_numbers_are_those_of_the_results(results):
    drawing = series.read(TABLE, results)
    ((panel,),) = drawing.rows
    assert isinstance(panel, Panel)
    curve, points, special = panel.marks
    assert isinstance(curve, Curve)
    np.testing.assert_array_equal(curve.y, results["line"]["magnetization"])
    assert isinstance(points, Points)
    np.testing.assert_array_equal(points.x, [0.5, 1.0])
    values = results["magnets"]["magnetization"].isel(size=0).values[:2]
    np.testing.assert_allclose(points.y, values.mean(axis=1))
    np.testing.assert_allclose(points.error, [values.std(axis=1, ddof=1) / np.sqrt(8)] * 2)
    assert isinstance(special, Vertical)
    assert special.x == pytest.approx(1.0)
    assert [mark.role for mark in panel.marks] == ["theory", "simulation", "transition"]
    assert curve.hue == points.hue


def test_labels_have_mathematics_and_words(results):
    ((panel,),) = series.read(TABLE, results).rows
    assert panel.ylabel == ("magnetization $m$", "magnetization m")
    assert panel.marks[1].label == ("magnets, N = 50", "magnets, N = 50")


def test_a_drawing_is_json(results):
    table = {**TABLE, "xlim": [0.0, 2.0], "title": "magnets"}
    drawing = series.read(table, results).as_dict()
    assert json.loads(json.dumps(drawing, allow_nan=False)) == drawing
    assert [m["mark"] for m in drawing["rows"][0][0]["marks"]] == ["curve", "points", "vertical"]
    assert drawing["rows"][0][0]["xlim"] == [0.0, 2.0]
    assert drawing["title"]["text"] == "magnets"


def test_unstable_theory_is_dashed_and_named_once(results):
    stable = xr.DataArray([1.0, 0.0, 0.0], dims="temperature")
    line = results["line"].assign(stable=stable)
    ((panel,),) = series.read({**TABLE, "simulation": []}, {**results, "line": line}).rows
    whole, dashed = panel.marks[:2]
    assert np.isnan(whole.y).tolist() == [False, True, True]
    assert np.isnan(dashed.y).tolist() == [False, False, False]
    assert dashed.label is None


def test_a_line_that_ends_where_its_branch_turns_unstable_has_no_dashed_end(results):
    line = results["line"].assign(
        stable=xr.DataArray([1.0, 1.0, 0.0], dims="temperature"),
        magnetization=xr.DataArray([0.5, 0.8, np.nan], dims="temperature"),
    )
    marks = series.read(TABLE, {**results, "line": line}).rows[0][0].marks
    (curve,) = [mark for mark in marks if isinstance(mark, Curve)]
    np.testing.assert_array_equal(curve.y, [0.5, 0.8, np.nan])


def test_what_is_drawn_is_known_without_matplotlib():
    code = (
        "import sys, replicon; from replicon.view import series; "
        "r = {'t': replicon.solve('curie-weiss', temperature=[0.5, 0.8])}; "
        "series.read({'x': 'temperature', 'y': 'magnetization', 'theory': ['t']}, r).as_dict(); "
        "print('matplotlib' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
