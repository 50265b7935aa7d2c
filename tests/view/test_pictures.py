"""Every kind of figure as a function: the examples run, the numbers drawn are those of the results,
and mistakes are sentences.
"""

import doctest

import numpy as np
import pytest
from matplotlib.figure import Figure

import replicon
from replicon import InputError, view
from replicon._result import build
from replicon.study import catalogue
from replicon.study.figure_kinds import FIGURES

# Their examples train or integrate.
DEAR = {"gallery", "landscape", "function", "spectrum"}


def test_every_kind_of_a_study_is_a_function():
    assert {kind.replace("-", "_") for kind in FIGURES} == set(view.__all__)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in DEAR)) for n in view.__all__]
)
def test_the_example_of_a_docstring_draws(name):
    (example,) = doctest.DocTestFinder().find(getattr(view, name), name, globs={})
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0
    assert isinstance(example.globs.get("figure", Figure()), Figure)


def _plane(*, order=1):
    """A magnet's theory over a plane of 4 x 3 values, listed upwards or downwards."""
    temperature = [0.5, 1.0, 1.5, 2.0][::order]
    field = [-0.1, 0.0, 0.2][::order]
    t, h = np.meshgrid(temperature, field, indexing="ij")
    return build(
        kind="solve",
        model=catalogue.get("curie-weiss"),
        coordinates={"temperature": temperature, "field": field},
        values={"magnetization": (10 * t + h).ravel(), "energy": (h - 0.05).ravel()},
        attributes={"controls": ["temperature", "field"]},
    )


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("turned", [False, True])
def test_a_plane_holds_each_number_at_its_place(order, turned):
    x, y = ("field", "temperature") if turned else ("temperature", "field")
    figure = view.heat_map(_plane(order=order), x=x, y=y, observables="magnetization")
    axes, bar = figure.axes
    (cells,) = axes.collections
    values = np.array([[10 * t + h for t in (0.5, 1.0, 1.5, 2.0)] for h in (-0.1, 0.0, 0.2)])
    np.testing.assert_allclose(cells.get_array(), values.T if turned else values)
    assert axes.get_xlabel() == ("field $h$" if turned else "temperature $T$")
    assert bar.get_ylabel() == "magnetization $m$"
    assert cells.cmap.name == "viridis"


def test_what_has_both_signs_is_coloured_about_zero():
    figure = view.heat_map(_plane(), x="temperature", y="field", observables=["energy"])
    (cells,) = figure.axes[0].collections
    assert cells.get_clim() == pytest.approx((-0.15, 0.15))
    assert cells.cmap.name == "RdBu_r"


def test_regions_have_names_and_lines_are_where_the_transition_is():
    line = replicon.find_transition("hopfield", "spin-glass", load=[0.02, 0.1, 0.2])
    figure = view.phase_diagram(
        {"glass melts": line},
        x="load",
        y="temperature",
        regions=[("paramagnet", 0.1, 1.45)],
        dashed=["glass melts"],
        xlim=(0, 0.2),
    )
    (axes,) = figure.axes
    (drawn,) = axes.lines
    x, y = drawn.get_data()
    np.testing.assert_allclose(y, 1 + np.sqrt(x), atol=1e-8)
    assert drawn.get_linestyle() == "--"
    assert [text.get_text() for text in axes.texts] == ["paramagnet"]
    assert axes.get_legend_handles_labels()[1] == ["glass melts"]
    assert axes.get_xlim() == (0, 0.2)


def test_arrays_are_drawn_against_one_another():
    moving = build(
        kind="solve",
        model=catalogue.get("recurrent-dynamics"),
        coordinates={"gain": [1.5, 2.0]},
        values={"autocorrelation": np.stack([np.linspace(1, 0, 81), np.linspace(2, 0, 81)])},
        attributes={"controls": ["gain"]},
    )
    figure = view.function(
        moving, abscissa="lag", ordinate="autocorrelation", at={"gain": 2.0}, title="at gain two"
    )
    (line,) = figure.axes[0].lines
    np.testing.assert_array_equal(line.get_ydata(), np.linspace(2, 0, 81))
    np.testing.assert_array_equal(line.get_xdata(), moving["lag"])
    assert figure.get_suptitle() == "at gain two"
    assert figure.axes[0].get_xlabel() == r"lag $\tau$"
    assert figure.axes[0].get_ylabel() == r"autocorrelation $\Delta$"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: view.curves(_plane(), x="field", y="overlap"), "overlap"),
        (lambda: view.curves(_plane(), x="coupling", y="energy"), "does not list"),
        (lambda: view.curves(_plane(), x="field", y="energy", colour="red"), "key 'colour'"),
        (lambda: view.curves(_plane(), x="field", y="energy", legend="there"), "it is one of"),
        (lambda: view.curves(_plane(), x="field", y="energy", xscale="cubic"), "xscale"),
        (lambda: view.curves(_plane(), x="field", y="energy", at={"temperature": 7}), "listed are"),
        (lambda: view.curves(x="field", y="energy"), "no results"),
        (lambda: view.curves(np.ones(3), x="field", y="energy"), "'ndarray'"),
        (lambda: view.curves([1], x="field", y="energy"), "'list'"),
        (lambda: view.heat_map(_plane(), x="field", y="field", observables="energy"), "two"),
        (lambda: view.heat_map(_plane(), x="field", y="size", observables="energy"), "'size'"),
        (
            lambda: view.heat_map(
                _plane(), x="field", y="temperature", observables="energy", colours="mud"
            ),
            "colour map",
        ),
        (lambda: view.phase_diagram(_plane(), x="field", y="temperature"), "shows no theory"),
        (lambda: view.phase_diagram(x="field", y="temperature"), "no results"),
        (lambda: view.images(_plane(), x="field", arrays="state"), "shows no theory"),
        (lambda: view.function(_plane(), abscissa="lag", ordinate="energy"), "'lag'"),
        (lambda: view.spectrum(real="a", imaginary="b"), "no results"),
        (lambda: view.gallery(arrays="a"), "no results"),
        (
            lambda: view.collapse(
                _plane(), x="field", y="energy", critical="warm", x_exponent=1, y_exponent=1
            ),
            "critical",
        ),
        (lambda: view.curves(_plane(), x=3, y="energy"), "figure, x = 3"),
        (lambda: view.curves(_plane(), x="field", y=3), "figure, y"),
        (lambda: view.curves(_plane(), x="field", y="energy", join="yes"), "true or false"),
        (lambda: view.curves(_plane(), x="field", y="energy", title="$x"), "title"),
        (lambda: view.phase_diagram(_plane(), x="a", y="b", regions=[("here", 1)]), "(name, x, y)"),
        (lambda: view.phase_diagram(_plane(), x="a", y="b", dashed=["c"]), "dashed has 'c'"),
        (lambda: view.function(_plane(), abscissa="lag", ordinate=3), "ordinate"),
        (lambda: replicon.draw(_plane(), observables=3), "observables = 3"),
        (lambda: replicon.draw(_plane(), along=3), "along = 3"),
        (lambda: view.landscape(_plane(), _plane()), "no 'simulation'"),
    ],
)
def test_mistakes_are_sentences(call, sentence):
    with pytest.raises(InputError) as refused:
        call()
    told = str(refused.value)
    assert sentence in told
    assert "\n" not in told
    assert len(told) < 600
