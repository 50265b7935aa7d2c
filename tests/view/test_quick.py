"""Figures of results alone: what is drawn, along what, and which mistakes are sentences."""

import numpy as np
import pytest
import xarray as xr

import replicon
from replicon import InputError, cli
from replicon.view import quick

LOADS = [0.02, 0.05, 0.1, 0.12, 0.2]


@pytest.fixture(scope="module")
def results():
    theory = replicon.solve("hopfield", load=LOADS, temperature=0.1)
    glass = replicon.solve("hopfield", load=LOADS, temperature=0.1, branch="spin-glass")
    finite = replicon.simulate("hopfield", load=LOADS[::2], size=60, samples=4, sweeps=6)
    end = replicon.find_transition("hopfield", "retrieval", temperature=0.1)
    return theory, glass, finite, end


def test_theory_is_lines_and_networks_are_points(results):
    theory, glass, finite, end = results
    (axes,) = replicon.draw(theory, glass, finite, end, along="load", observables="overlap").axes
    labels = axes.get_legend_handles_labels()[1]
    assert labels[:2] == ["theory, retrieval", "theory, spin-glass"]
    assert "retrieval 0.135" in labels
    assert "simulation, $N$ = 60" in labels or "simulation, N = 60" in labels
    (points,) = axes.containers
    np.testing.assert_allclose(points.lines[0].get_xdata(), LOADS[::2])
    np.testing.assert_allclose(
        points.lines[0].get_ydata(), finite["overlap"].mean("sample").values.ravel()
    )
    assert axes.get_xlabel() == r"load $\alpha$"


def test_what_all_share_is_shown_along_what_all_list(results):
    theory, _, finite, _ = results
    panels = replicon.draw(theory, finite).axes
    shown = [axes.get_ylabel().rpartition(" ")[0] for axes in panels]
    assert shown == ["magnetization", "overlap", "noise overlap", "energy"]
    assert {axes.get_xlabel() for axes in panels} == {r"load $\alpha$"}
    rows = {axes.get_subplotspec().rowspan.start for axes in panels}
    assert rows == {0, 1}  # four panels are two by two


def test_a_comparison_is_theory_and_networks(results):
    compared = replicon.compare("hopfield", load=LOADS[:3], size=60, samples=4, sweeps=6)
    axes = replicon.draw(compared).axes[0]
    (points,) = axes.containers
    at = compared.sel(observable="magnetization")
    np.testing.assert_allclose(points.lines[0].get_ydata(), at["mean"])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), at["theory"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"along": "temperature"}, "along = 'temperature' is not listed"),
        ({"observables": "nonsense"}, "nonsense"),
    ],
)
def test_mistakes_are_sentences(results, change, sentence):
    with pytest.raises(InputError) as refused:
        replicon.draw(*results[:3], **change)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_cannot_be_drawn_is_said(results):
    theory, *_, end = results
    single = replicon.solve("hopfield")
    for given, sentence in (
        ((single,), "results of one point"),
        ((end,), "no theory and no simulation"),
        ((theory, np.ones(3)), "draw was given 'ndarray'"),
        ((theory, xr.Dataset()), "draw was given 'Dataset'"),
    ):
        with pytest.raises(InputError, match=sentence):
            replicon.draw(*given)
    with pytest.raises(InputError, match="give the results of its study"):
        replicon.draw({"x": "load", "y": "overlap", "theory": ["a"]})
    nothing = theory.where(theory["load"] < 0)
    with pytest.raises(InputError, match="without a finite number"):
        quick.table_of([nothing.assign_attrs(theory.attrs)], None, None)


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_the_command_line_writes_a_picture(tmp_path, capsys, ending):
    path = tmp_path / f"picture{ending}"
    with pytest.raises(SystemExit) as done:
        cli.main(["solve", "hopfield", "load=0.02:0.1:3", "--plot", str(path), "--json"])
    assert done.value.code == 0
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[ending]
    assert path.read_bytes().startswith(begins)


def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_computed(capsys, tmp_path):
    for name, sentence in (("a.txt", "is no picture"), ("none/a.png", "there is no folder")):
        with pytest.raises(SystemExit) as done:
            cli.main(["simulate", "hopfield", "--size", "40", "--plot", str(tmp_path / name)])
        out = capsys.readouterr()
        assert (done.value.code, sentence in out.err, out.out) == (2, True, "")
