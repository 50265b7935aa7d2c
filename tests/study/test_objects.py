"""A Model travels as an object: studies, workers, the store and figures take it as they take a name;
what is asked is parsed and checked once.
"""

import numpy as np
import pytest

import replicon
from replicon import Control, Interval, Model, Observable
from replicon.study import catalogue, grid
from replicon.view.page import draw_figures


def _coin(bias=0.0):
    """Throws of a coin; theory and simulation are functions of this test alone."""

    def solve(c):
        return {"mean": np.tanh(c.field) + bias, "converged": np.ones_like(c.field, bool)}

    return Model(
        "coin",
        "Coin",
        (Control("field", "h", 0.1, Interval(-2, 2), "field"),),
        (Observable("mean", "m", "mean throw", -2, 2),),
        solve=solve,
        sample=lambda c, size, rng: {"mean": rng.normal(np.tanh(c.field), 1, size).mean()},
        potential=None,
    )


def _study(model):
    return {
        "name": "coins",
        "theory": [{"name": "line", "model": model, "controls": {"field": "-1:1:5"}}],
        "simulation": [
            {
                "name": "throws",
                "model": model,
                "controls": {"field": [-1.0, 0.0, 1.0]},
                "sizes": [20],
                "samples": 4,
            }
        ],
        "figure": [{"x": "field", "y": "mean", "theory": ["line"], "simulation": ["throws"]}],
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_a_study_of_an_object_runs_is_kept_and_drawn(workers, tmp_path):
    model = _coin()
    study = _study(model)
    results = replicon.run_study(study, out=tmp_path, workers=workers)
    np.testing.assert_allclose(results["line"]["mean"], np.tanh(np.linspace(-1, 1, 5)))
    again = replicon.load_results(tmp_path)
    assert again["throws"].identical(results["throws"])
    assert again["throws"]["mean"].attrs["long_name"] == "mean m"
    (picture,) = draw_figures(study, again, tmp_path)
    assert picture.stat().st_size > 10_000
    assert replicon.draw(study["figure"][0] | {"kind": "curves"}, again).axes


def test_another_function_is_another_model(tmp_path):
    replicon.run_study(_study(_coin()), out=tmp_path)
    moved = replicon.run_study(_study(_coin(bias=0.5)), out=tmp_path)
    np.testing.assert_allclose(moved["line"]["mean"], np.tanh(np.linspace(-1, 1, 5)) + 0.5)


class _Counted:
    def __init__(self, monkeypatch):
        self.checks, self.parses = 0, 0
        check, parse = Control.check, grid.parse_value

        def counted_check(control, value):
            self.checks += 1
            return check(control, value)

        def counted_parse(name, text):
            self.parses += 1
            return parse(name, text)

        monkeypatch.setattr(Control, "check", counted_check)
        monkeypatch.setattr(grid, "parse_value", counted_parse)


def test_one_parse_and_one_check_a_call(monkeypatch):
    model = _coin()
    counted = _Counted(monkeypatch)
    for call in (
        lambda: replicon.solve(model, field="0.3"),
        lambda: replicon.simulate(model, field="0.3", size=10, samples=2),
        lambda: replicon.compare(model, field="0.3", size=10, samples=2),
    ):
        counted.checks, counted.parses = 0, 0
        call()
        assert (counted.checks, counted.parses) == (1, 1)


def test_the_points_of_a_study_are_neither_parsed_nor_checked_again(monkeypatch, tmp_path):
    few = _study(_coin())
    many = _study(_coin())
    many["simulation"][0]["sizes"] = list(range(20, 60))
    list(catalogue.shipped())  # declarations check their defaults, once
    counted = _Counted(monkeypatch)
    replicon.run_study(few, out=tmp_path / "few")
    before = (counted.checks, counted.parses)
    # Values: five of the line and three of the throws; texts: the range, the list and its three.
    assert before == (8, 5)
    counted.checks, counted.parses = 0, 0
    replicon.run_study(many, out=tmp_path / "many")
    assert (counted.checks, counted.parses) == before


def test_results_label_themselves(tmp_path):
    import matplotlib

    matplotlib.use("Agg")
    out = replicon.solve(_coin(), field=[0.0, 1.0, 2.0])
    for name in out.variables:
        assert out[name].attrs["long_name"]
    (line,) = out["mean"].plot()
    assert line.axes.get_ylabel() == "mean m"
    assert line.axes.get_xlabel() == "field h"
    replicon.run_study(_study(_coin()), out=tmp_path)
    replicon.export_results(tmp_path, tmp_path / "all.nc")
    import xarray as xr

    with xr.open_datatree(tmp_path / "all.nc", engine="h5netcdf") as tree:
        assert tree["throws"]["mean"].attrs["meaning"] == "mean throw"
