"""Studies with values of a user's own in place of theirs; copies of studies; what is listed."""

import copy
import json

import numpy as np
import pytest
import xarray as xr
from tests.command import call

import replicon
from replicon import InputError
from replicon.study import cost, plan
from replicon.study.names import check_name
from replicon.study.sources import headline, shipped
from replicon.theory import points as points_of_theory

STUDY = {
    "name": "small",
    "theory": [
        {
            "name": "line",
            "model": "hopfield",
            "controls": {"load": [0.02, 0.05], "temperature": 0.1},
        }
    ],
    "simulation": [
        {
            "name": "points",
            "model": "hopfield",
            "controls": {"load": [0.02, 0.05], "sweeps": 10},
            "sizes": [60, 120],
            "samples": 9,
            "quick": {"samples": 4, "sizes": [60], "controls": {"sweeps": 5}},
        }
    ],
    "transition": [{"name": "spinodal", "model": "hopfield", "transition": "retrieval"}],
    "figure": [{"x": "load", "y": "magnetization", "theory": ["line"], "simulation": ["points"]}],
}


def _series(changes, quick=False):
    study, made = plan.planned(STUDY, quick=quick, changes=changes)
    return study, {one["series"]: one for one in made["series"]}


def test_a_control_is_set_wherever_a_series_has_it():
    study, series = _series({"temperature": 0.3, "sweeps": 7})
    assert study["name"] == "small-temperature-0.3-sweeps-7"
    assert [one["controls"]["temperature"] for one in series.values()] == [0.3, 0.3, 0.3]
    assert series["points"]["controls"]["sweeps"] == 7
    assert "sweeps" not in series["line"]["controls"]
    assert STUDY["theory"][0]["controls"]["temperature"] == 0.1  # what was given stays as it is


def test_what_is_set_holds_in_the_quick_version_too():
    _, series = _series({"sweeps": "8", "samples": "2", "sizes": "80"}, quick=True)
    points = series["points"]
    assert (points["controls"]["sweeps"], points["samples"], points["sizes"]) == (8, 2, [80])


def test_lists_and_ranges_are_set_as_everywhere():
    _, series = _series({"load": "0.02:0.06:3", "sizes": "60,90", "seed": "4"})
    assert series["line"]["controls"]["load"] == [0.02, 0.04, 0.06]
    assert series["points"]["sizes"] == [60, 90]
    assert series["points"]["seed"] == 4


def test_whole_numbers_may_be_written_as_any_number_is():
    _, series = _series({"sizes": "40:80:3", "samples": "1e1", "seed": "2e3"})
    points = series["points"]
    told = (*points["sizes"], points["samples"], points["seed"])
    assert told == (40, 60, 80, 10, 2000)
    assert {type(one) for one in told} == {int}


def test_a_long_name_stays_one_and_tells_its_values_apart():
    loads = [f"0.0{k}" for k in range(11, 60)]
    names = [
        _series({"load": ",".join([*loads, last])}, quick=quick)[0]["name"]
        for last in ("0.06", "0.07")
        for quick in (False, True)
    ]
    assert len(set(names)) == 4
    assert all(check_name(name, "study").startswith("small-load-0.011-") for name in names)
    assert [name.endswith("-quick") for name in names] == [False, True] * 2


def test_arrays_and_ranges_of_python_are_the_lists_that_they_hold():
    loads = np.array([0.02, 0.05])
    given = copy.deepcopy(STUDY)
    given["theory"][0]["controls"] = {
        "load": xr.DataArray(loads, dims="load"),
        "beta": np.array([10.0, 20.0]),
    }
    given["simulation"][0] |= {"sizes": range(60, 61), "samples": np.float64(9)}
    given["simulation"][0]["controls"] = {"load": loads, "sweeps": np.int8(10)}
    given["simulation"][0]["quick"] = {"sizes": np.array([50])}
    study, made = plan.planned(given)
    line, _, points = made["series"]
    assert line["controls"]["load"] == points["controls"]["load"] == [0.02, 0.05]
    assert line["controls"]["temperature"] == [0.1, 0.05]
    assert (points["sizes"], points["samples"], points["controls"]["sweeps"]) == ([60], 9, 10)
    json.dumps([study, made])
    changes = {
        "load": loads.astype("float32"),
        "sizes": np.array([70, 80]),
        "samples": 3.0,
        "seed": np.random.default_rng(0),
    }
    study, series = _series(changes)
    json.dumps([study, series])
    points = series["points"]
    assert (points["sizes"], points["samples"]) == ([70, 80], 3)
    assert isinstance(points["samples"], int) and isinstance(points["seed"], int)
    assert points["controls"]["load"] == loads.astype("float32").tolist()


def test_the_control_that_a_transition_finds_is_left_to_it():
    _, series = _series({"load": [0.03, 0.04]})
    assert "load" not in series["spinodal"]["controls"]
    assert series["line"]["controls"]["load"] == [0.03, 0.04]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tempersture": 0.1}, "Did you mean 'temperature'"),
        ({"temperature": -1}, "temperature must be >= 0"),
        ({"temperature": ""}, "temperature was given no value"),
        ({"samples": 2.5}, "samples must be"),
        ({"samples": "many"}, "samples must be"),
        ({"sizes": "1"}, "size must be"),
        ({"seed": -3}, "seed must be"),
        ({"sizes": "60,6e1"}, "lists size = 60 twice"),
        ({"sizes": ","}, "has no size"),
        ({"sizes": "60.5"}, "size must be"),
        ({"alpha": 0.03, "load": [0.02, 0.05]}, "alpha and load are the same control"),
        ({"load": 0.02}, "does not list"),  # the figure is drawn along the load
        ("temperature=0.1", "is no mapping: give names with values"),
        (["temperature=0.1"], "is no mapping: give names with values"),
        ({3: 0.1}, "set has '3', which no series"),
    ],
)
def test_what_cannot_be_set_is_refused_in_a_sentence(changes, sentence):
    with pytest.raises(InputError) as refused:
        plan.planned(STUDY, changes=changes)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_changed_study_runs_in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = {"sizes": [40], "samples": 2, "temperature": 0.2, "sweeps": 4}
    results = replicon.run_study(STUDY, set=small)
    assert results["points"].sizes["sample"] == 2
    assert float(results["line"]["temperature"]) == 0.2
    assert [p.name for p in tmp_path.iterdir()] == [
        "small-sizes-40-samples-2-temperature-0.2-sweeps-4"
    ]


def test_every_shipped_study_asks_a_question_and_is_listed(capsys):
    status, out, _ = call(capsys, "studies")
    assert status == 0
    for name in shipped():
        question = headline(name)["question"]
        assert question.endswith("?")
        assert name in out and question in out
    rows = json.loads(call(capsys, "studies", "--json")[1])
    assert [row["study"] for row in rows] == shipped()
    assert rows[0]["system"] == "ising"
    for row in rows:  # what each costs is told; of the whole, where it was estimated
        assert 0 < row["quick_seconds"] < 1000
        whole = row["full_minutes"]
        assert whole is None or row["quick_seconds"] / 61 < whole < 10_000
    assert "quick" in out and "full (est.)" in out


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('tour = "yes"', "tour must be one of core"),
        ("quick_seconds = 0", "quick_seconds must be a number > 0"),
        ('full_minutes = "long"', "full_minutes must be a number > 0"),
        ('change = "sweeps=20"', "change = 'sweeps=20' must be a table of key = value"),
        ('change = { set = "sweeps=20" }', "change has no 'look': it needs set, look"),
        ('change = { set = 20, look = "a" }', "change, set = 20: set must be a text"),
        ('change = { sets = "a=1", look = "a" }', "unknown key 'sets'. Keys: look, set"),
    ],
)
def test_what_a_file_says_of_its_tour_costs_and_change_is_checked(tmp_path, line, sentence):
    path = tmp_path / "mine.toml"
    path.write_text(f'{line}\n[[theory]]\nname = "a"\nmodel = "curie-weiss"\n')
    with pytest.raises(InputError) as refused:
        plan.planned(path)
    assert sentence in str(refused.value)


def test_the_change_that_a_study_proposes_is_told(capsys, tmp_path):
    change = json.loads(call(capsys, "studies", "hopfield-capacity", "--json")[1])["change"]
    out = " ".join(call(capsys, "studies", "hopfield-capacity")[1].split())
    assert f"add --set {change['set']}: {change['look']}" in out
    path = tmp_path / "mine.toml"
    path.write_text('[[theory]]\nname = "a"\nmodel = "curie-weiss"\n')
    assert plan.described(path)["change"] is None
    assert "--set" not in call(capsys, "studies", str(path))[1]


def test_one_study_is_told_whole(capsys):
    told = json.loads(call(capsys, "studies", "hopfield-capacity", "--json")[1])
    assert {one["series"]: one["points"] for one in told["series"]} == {
        "theory": 138,
        "finite": 76,
        "spinodal": 1,
    }
    status, out, _ = call(capsys, "studies", "hopfield-capacity")
    assert (status, "figure 1: Retrieval at zero temperature" in out) == (0, True)


def test_a_copy_is_the_file_and_never_overwrites(capsys, tmp_path):
    mine = tmp_path / "mine.toml"
    assert call(capsys, "studies", "hopfield-capacity", "--copy", str(mine))[0] == 0
    assert plan.read_study(mine)["simulation"] == plan.read_study("hopfield-capacity")["simulation"]
    mine.write_text("changed")
    for name, sentence in (("mine.toml", "is there already"), ("mine.txt", "ends in .toml")):
        given = ("studies", "hopfield-capacity", "--copy", str(tmp_path / name))
        status, _, err = call(capsys, *given)
        assert (status, sentence in err) == (2, True)
    assert mine.read_text() == "changed"
    status, _, err = call(capsys, "studies", "--copy", str(tmp_path / "other.toml"))
    assert (status, "Say which study" in err) == (2, True)
    status, _, err = call(capsys, "studies", "hopfield-capacty")
    assert (status, "Did you mean 'hopfield-capacity'" in err) == (2, True)


def test_a_dry_run_counts_points_and_keeps_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = ("--set", "sizes=40,60", "--set", "samples=3", "--set", "sweeps=4")
    status, out, _ = call(capsys, "run", "hopfield-capacity", *small, "--dry-run")
    assert status == 0
    assert "finite" in out and "About" in out
    assert list(tmp_path.iterdir()) == []


def test_costs_are_calls_times_what_a_later_one_takes():
    _, made = plan.planned(STUDY, changes={"sizes": [40, 60], "samples": 3, "sweeps": 4})
    found = {(one.series, one.size): one for one in cost.costs(made, {})}
    assert list(found) == [("line", None), ("spinodal", None), ("points", 40), ("points", 60)]
    points = found["points", 60]
    assert points.points == 2
    assert points.seconds == points.first + (2 * 3 - 1) * points.again
    spinodal = found["spinodal", None]  # a single call
    assert (spinodal.seconds, np.isnan(spinodal.again)) == (spinodal.first, True)
    assert cost._TOGETHER == points_of_theory.BATCH


def test_each_method_is_asked_what_it_costs(monkeypatch):
    taken = {"sbpi": 2.0, "focusing-bp": 6.0}  # seconds a call
    monkeypatch.setattr(cost, "_seconds", lambda task, _: taken[task["controls"]["method"]])
    race = {"name": "race", "model": "perceptron-algorithms", "sizes": [101], "samples": 5}
    given = {"method": list(taken), "load": [0.2, 0.4, 0.6]}
    _, made = plan.planned({"name": "race", "simulation": [{**race, "controls": given}]})
    (found,) = cost.costs(made, {})
    assert (found.points, found.first, found.again) == (6, 8.0, 4.0)
    assert found.seconds == 3 * 5 * (2.0 + 6.0)


def test_samples_that_run_at_once_cost_one_run():
    lattice = {"name": "lattice", "model": "square-lattice", "sizes": [8], "samples": 20}
    given = {"temperature": [2.0, 2.2, 2.4], "sweeps": 4}
    _, made = plan.planned({"name": "magnet", "simulation": [{**lattice, "controls": given}]})
    told = []
    (found,) = cost.costs(made, {}, lambda *what: told.append(what))
    assert found.seconds == found.first + 2 * found.again
    assert told == [(1, 1, "lattice")]
