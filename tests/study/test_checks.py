"""A study is checked whole before its first point: every key of every table, with values of every
wrong type; what passes draws.
"""

import contextlib
import copy
import datetime
import functools
import math
from typing import Any

import pytest
from matplotlib import mathtext
from matplotlib.backends import backend_agg

import replicon
from replicon.study import figures, plan
from replicon.study import run as runner
from replicon.view import figure as drawing

MODEL = """
from replicon import Axis, Branch, Control, Interval, Model, Observable, Transition, Words
import numpy as np
def solve(c):
    n = len(c.field)
    row = np.tile(np.linspace(0, 1, 5), (n, 1))
    return dict(bias=np.tanh(c.field), free_energy=-c.field, converged=c.field > -9, lag=row, curve=row**2,
        level=row[:, :3], chance=np.full((n, 3), 1/3), axis_1=row, axis_2=row, landscape=np.ones((n, 5, 5)),
        fixed_point=np.ones((n, 2, 2)), growth=-np.ones((n, 2)))
def sample(c, size, rng):
    x = rng.normal(c.field, 1, 36)
    return dict(bias=x.mean(), bulk_radius=1.0, row=x, pictures=x.reshape(4, 9), lag=np.abs(x[:5]),
        curve=x[:5], density=np.ones(6), real=x[:7], imaginary=x[7:14], states=x[:6].reshape(3, 2),
        trajectory=x[:24].reshape(3, 4, 2), trajectory_energy=1 + x[:12].reshape(3, 4)**2)
def find(c):
    return np.full(np.shape(c.width), 0.25), np.ones(np.shape(c.width), bool)
def arrays(role, **axes):
    return tuple(Observable(name, "x", "array", role=role, axes=tuple(Axis(x, "", "axis") for x in a.split()))
        for name, a in axes.items())
model = Model(name="coin", title="A coin", controls=(
        Control("field", "h", 0.1, Interval(-10, 10), "field"),
        Control("width", "w", 1.0, Interval(0), "never used"),
        Control("temperature", "T", 1.0, Interval(0), "never used"),
        Control("side", "s", "heads", Words(("heads", "tails")), "never used")),
    observables=(Observable("bias", "m", "mean"), Observable("bulk_radius", "r", "one", role="simulation"),
        *arrays("both", lag="delay", curve="delay"), *arrays("theory", level="step", chance="step", axis_1="a", axis_2="b", landscape="a b",
        fixed_point="point neuron", growth="point"), *arrays("simulation", row="throw", pictures="picture pixel", density="bin",
        real="mode", imaginary="mode", states="state neuron", trajectory="run time neuron", trajectory_energy="run time")),
    branches=(Branch("only", "the only one"),),
    transitions=(Transition("turn", "field", "it turns", find),),
    solve=solve, sample=sample)
"""
SERIES = {
    "title": "Coins",
    "text": "Thrown.",
    "seed": 3,
    "name": "coins",
    "theory": [
        {
            "name": "line",
            "model": "coin.py",
            "branch": "only",
            "controls": {"field": "-1:1:5"},
            "quick": {"controls": {"field": [-1, 1]}},
        },
        {"name": "point", "model": "coin.py", "controls": {"field": 0.5}},
    ],
    "transition": [
        {
            "name": "turn",
            "model": "coin.py",
            "transition": "turn",
            "controls": {"width": 2},
            "quick": {"controls": {"width": 1}},
        },
        {
            "name": "turns",
            "model": "coin.py",
            "transition": "turn",
            "controls": {"width": [1.0, 2.0]},
        },
    ],
    "simulation": [
        {
            "name": "throws",
            "model": "coin.py",
            "sizes": [4, 8],
            "samples": 3,
            "controls": {"field": [-0.5, 0.5], "side": "tails"},
            "quick": {"sizes": [4, 8, 16], "samples": 2, "controls": {"field": [-0.5, 0.5, 1]}},
        },
        {"name": "one", "model": "coin.py", "sizes": [4], "samples": 3},
        {
            "name": "plane",
            "model": "coin.py",
            "sizes": [4],
            "samples": 2,
            "controls": {"field": [-0.5, 0.5], "width": [1.0, 2.0], "side": ["heads", "tails"]},
        },
    ],
}
AXES = {
    "xlabel": "x $\\alpha$",
    "ylabel": "y",
    "xlim": [0.1, 1],
    "ylim": [0.2, 2],
    "xscale": "linear",
    "yscale": "log",
    "legend": "upper left",
}
FIGURES = [
    {
        "kind": "curves", "x": "field", "y": ["bias"], "theory": ["line"], "simulation": ["throws"], "transition": ["turn"],
        "along": {"line": "field"}, "y_of": {"line": "free_energy"}, "join": True, "labels": {"line": "a line"}, "at": {"size": 4}, **AXES,
    },
    {
        "kind": "phase-diagram", "x": "width", "y": "field", "transition": ["turns"], "dashed": ["turns"], "labels": {"turns": "$T_c$"},
        "regions": [{"label": "here", "x": 1, "y": 0.5, "rotation": 30}], **AXES,
    },
    {
        "kind": "heat-map", "x": "width", "y": "field", "simulation": ["plane"], "transition": ["turns"], "observables": ["bias"],
        "colours": "viridis", "labels": {"plane": "a plane"}, "at": {"side": "heads"}, **AXES,
    },
    {
        "kind": "distribution", "simulation": ["throws"], "theory": ["point"], "density": "density", "levels": "level", "weights": "chance",
        "labels": {"point": "law"}, "at": {"field": 0.5}, "xlabel": "x", "ylabel": "y",
    },
    {
        "kind": "collapse", "x": "field", "y": "bias", "simulation": ["throws"], "theory": ["line"], "critical": "turn", "x_exponent": 1,
        "y_exponent": 0.5, "labels": {"line": ""}, "xlabel": "x", "ylabel": "y", "xlim": [-1, 1], "legend": "center",
    },
    {
        "kind": "images", "x": "field", "simulation": ["throws"], "arrays": ["row"], "labels": {"throws": "t"}, "column": "{value:g}",
        "colours": "RdBu_r",
    },
    {"kind": "gallery", "simulation": ["throws"], "arrays": ["pictures"], "labels": {"pictures": "p"}, "at": {"field": 0.5}},
    {"kind": "profile", "simulation": ["throws"], "array": "row", "labels": {"throws": "t"}, "at": {"size": 4, "field": 0.5}, **AXES},
    {
        "kind": "function", "abscissa": "lag", "ordinate": ["curve", "lag"], "simulation": ["throws"], "theory": ["point"],
        "dashed": ["curve"], "join": False, "labels": {"curve": "c"}, "at": {"field": 0.5}, **AXES,
    },
    {
        "kind": "spectrum", "simulation": ["throws"], "real": "real", "imaginary": "imaginary", "labels": {"throws": "t"},
        "at": {"size": 8}, "xlabel": "x", "ylabel": "y",
    },
    {"kind": "landscape", "theory": ["point"], "simulation": ["throws"], "at": {"field": 0.5, "size": 4}},
]  # fmt: skip
WRONG = (
    True, 3, -1,
    2**63, 2**70, 1.5, math.nan, math.inf, "", "nothing", "../up", "$\\nothing$", "single $", "{0}", "{value:s}", "{value", "a\0",
    "x" * 200_000,
    [], [1], [[1]], ["nothing"], ["", ""], [0.5, 0.5], [True, False], [math.nan, 1], [1, 2, 3], {}, {"line": 3}, {"nothing": "a"},
    {"throws": "$^$"}, None, datetime.date(2026, 1, 1), b"bytes",
)  # fmt: skip


@pytest.fixture(scope="module")
def coins(tmp_path_factory):
    """The study, its series as figures see them, and its results."""
    folder = tmp_path_factory.mktemp("coins")
    (folder / "coin.py").write_text(MODEL)
    study = copy.deepcopy(
        {**SERIES, "figure": [{"title": "t", "caption": "c", **one} for one in FIGURES]}
    )
    for kind in ("theory", "transition", "simulation"):
        for one in study[kind]:
            one["model"] = str(folder / "coin.py")
    checked = plan.check(study)
    series = {one.name: one for one, _ in plan._prepared(checked)}
    return study, series, replicon.run_study(study, out=folder / "out")


@pytest.fixture(scope="module", autouse=True)
def formulas_are_read_once():
    """Matplotlib reads each number of each axis anew for each figure, in milliseconds: here once
    for the some five hundred figures.
    """
    parser: Any = mathtext.MathTextParser
    with pytest.MonkeyPatch.context() as patched:
        read = functools.lru_cache(4096)(parser._parse_cached.__wrapped__)
        patched.setattr(parser, "_parse_cached", read)
        patched.setattr(backend_agg, "MathTextParser", functools.cache(parser))
        yield


class _Ran(Exception):
    """A study was found right and would now run."""


def _draw(figure, results):
    drawn = drawing.draw(figure, results)
    if any(axes.axison and axes.get_legend() for axes in drawn.axes):
        # Its panels have their places already, by which that of the legend was found.
        drawn.set_layout_engine("none")
    drawn.draw_without_rendering()


def test_the_study_is_right_in_both_versions_and_draws(coins):
    study, _, results = coins
    small = plan.check(study, quick=True)
    assert small["name"] == "coins-quick"
    assert small["simulation"][0]["controls"] == {"field": [-0.5, 0.5, 1], "side": "tails"}
    for one in study["figure"]:
        _draw(one, results)
    assert {one["kind"] for one in study["figure"]} == set(figures.FIGURES)
    for one in study["figure"]:  # every key is tried below
        assert set(one) - {"theory"} == set(figures.FIGURES[one["kind"]].keys) - {"theory"}


def _refused(call, *arguments):
    """Whether the study is refused, in one sentence; any other exception fails the test."""
    sentence = None
    try:
        call(*arguments)
    except replicon.InputError as error:
        sentence = str(error)
    assert sentence is None or (
        sentence.endswith(".") and "\n" not in sentence and len(sentence) < 1000
    )
    return sentence is not None


def _places(table, at=()):
    """Every place in a table, lists and tables within it included."""
    for key, value in table.items() if isinstance(table, dict) else enumerate(table):
        yield (*at, key)
        if isinstance(value, (dict, list)):
            yield from _places(value, (*at, key))


def _with(table, place, value):
    out = copy.deepcopy(table)
    inner = out
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return out


_TEXTS = ("title", "text", "caption", "xlabel", "ylabel", "label", "labels", "column")
_NUMBERS = ("x", "y", "rotation", "x_exponent", "y_exponent", "xlim", "ylim")
_TABLES = ("labels", "along", "y_of", "at", "quick", "controls")


def _right(place, value):
    """Whether one of WRONG is right at a place after all."""
    key = next(word for word in reversed(place) if isinstance(word, str))
    if isinstance(value, str):
        key = "labels" if "labels" in place and len(place) > 1 else place[-1]
        drawn = "$" not in value and len(value) < 500 and (key != "column" or "{" not in value)
        return (
            key in _TEXTS
            and "\0" not in value
            and (drawn or (key in ("text", "caption", "title") and len(value) < 100_000))
        )
    if isinstance(value, bool):
        return place[-1] == "join"
    if isinstance(value, (int, float)):
        return key in _NUMBERS and abs(value) < 1000
    return value == {} and place[-1] in _TABLES


def _right_in_series(place, value):
    """The same for the tables of series."""
    last = place[-1]
    if isinstance(value, str):
        named = last == "name" and (
            value == "nothing" or (len(place) == 1 and value in ("single $", "{0}", "{value"))
        )
        return (
            named
            or (last == "title" and len(value) < 100_000 and "\0" not in value)
            or (last == "text" and "\0" not in value and len(value) < 100_000)
        )
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        whole = isinstance(value, int) and value < 2**63
        in_sizes = len(place) > 1 and place[-2] == "sizes"
        return (whole and (last in ("seed", "samples") or in_sizes) and value > 0) or (
            "width" in place and value >= 0
        )
    # A study without transitions, or a figure's without simulations, is one too.
    lists = value in ([1], [1, 2, 3]) and last == "width"
    return (
        lists
        or (value == {} and last in ("quick", "controls"))
        or (value == [] and len(place) == 1)
    )


@pytest.mark.parametrize("number", range(len(FIGURES)), ids=[one["kind"] for one in FIGURES])
def test_every_key_of_a_figure_refuses_what_it_cannot_show_and_what_passes_draws(coins, number):
    study, series, results = coins
    figure = study["figure"][number]
    for place in _places(figure):
        passed = [
            value
            for value in WRONG
            if not _refused(figures.check_figure, _with(figure, place, value), series, "figure")
        ]
        for value in passed:
            assert _right(place, value), (place, value)
        for value in [*passed[:1], *(one for one in passed if one == "" or place[-1] == "column")]:
            _draw(_with(figure, place, value), results)
    for key in figure:
        without = {name: value for name, value in figure.items() if name != key}
        if not _refused(figures.check_figure, without, series, "figure"):
            _draw(without, results)
    assert _refused(figures.check_figure, {**figure, "nothing": 1}, series, "figure")


def test_every_key_of_a_series_refuses_wrong_values_before_anything_runs(
    coins, tmp_path, monkeypatch
):
    study, _, _ = coins
    study = {key: value for key, value in study.items() if key != "figure"}

    def run(variant):
        with contextlib.suppress(_Ran):
            replicon.run_study(variant, out=tmp_path / "out")

    def fail(*_):
        raise _Ran

    monkeypatch.setattr(runner.Store, "check", fail)
    passed = []
    for place in _places(study):
        for value in WRONG:
            if (
                "field" in place
                and isinstance(value, (int, float, list))
                and not isinstance(value, bool)
            ):
                continue  # domains of controls are tested with the models
            if not _refused(run, _with(study, place, value)):
                passed.append((place, value))
    assert [one for one in passed if not _right_in_series(*one)] == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../up",
        "a/b",
        "/tmp/a",
        "a\\b",
        "",
        " ",
        "a\0b",
        "x" * 101,
        ".hidden",
        "nul",
        "COM1.txt",
        "a\nb",
        3,
        None,
        True,
        "C:a",
    ],
)
def test_names_that_are_no_names_are_refused_everywhere(coins, tmp_path, monkeypatch, name):
    study, _, _ = coins
    monkeypatch.chdir(tmp_path)
    for variant in (_with(study, ("name",), name), _with(study, ("theory", 1, "name"), name)):
        with pytest.raises(replicon.InputError):
            replicon.run_study(variant)
    assert list(tmp_path.iterdir()) == []


def test_doubled_and_empty_values_of_controls_are_refused(coins):
    study, _, _ = coins
    for value, words in (
        ([0.5, 0.5], r"lists field = 0\.5 twice"),
        ("0.5,0.50", r"lists field = 0\.5 twice"),
        ("1:1:5", "lists field = 1 twice"),
        ([], r"field = \[\]"),
        (",", "empty list"),
        ([True], "field"),
        ("11", "outside its domain"),
    ):
        for place in (
            ("simulation", 1, "controls"),
            ("simulation", 0, "quick", "controls"),
            ("theory", 1, "controls"),
        ):
            with pytest.raises(replicon.InputError, match=words):
                plan.check(_with(study, place, {"field": value}))


def test_files_of_studies_that_are_no_studies_get_one_sentence(tmp_path):
    for content, words in (
        (b"\xff", "not valid TOML"),
        (b"a = " + b"[" * 100_000, "not valid TOML"),
        (b"title = 'x'", "has no series"),
    ):
        (tmp_path / "a.toml").write_bytes(content)
        with pytest.raises(replicon.InputError, match=words):
            plan.read_study(tmp_path / "a.toml")
    (tmp_path / "b.toml").write_bytes(
        b"\xef\xbb\xbf[[theory]]\nname = 'a'\nmodel = 'curie-weiss'\n"
    )  # with a byte order mark
    assert plan.read_study(tmp_path / "b.toml")["name"] == "b"
    for name in ("a\0b", "x" * 5000, tmp_path):
        with pytest.raises(replicon.InputError, match="No study"):
            plan.read_study(name)
