"""The store: what is written comes back, what is damaged is never half-read, a point is the one it
says, one run at a time.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import replicon
from replicon.study import records
from replicon.study import run as runner
from replicon.study.store import Store

TASK = {"series": "s", "controls": {"a": 1.0}, "kind": "simulation"}
arrays = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=0, max_dims=2, max_side=4), elements=st.floats(width=64)
)
words = hnp.arrays("U5", (3,), elements=st.text("abcé", max_size=5))
attributes = st.dictionaries(
    st.text("abc", min_size=1),
    st.one_of(st.integers(), st.text(max_size=5), st.lists(st.integers())),
    max_size=3,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(arrays, words, attributes)
def test_round_trip(tmp_path, values, names, attrs):
    dims = [f"d{k}" for k in range(values.ndim)]
    dataset = xr.Dataset(
        {"x": (dims, values), "w": ("n", names), "b": ("n", [True, False, True])},
        {"n": ["a", "bc", ""]},
        attrs,
    )
    shutil.rmtree(tmp_path / "points", ignore_errors=True)
    (tmp_path / "points").mkdir()
    with Store(tmp_path).writer() as writer:
        writer.add(records.encode(TASK, "one", dataset))
    back = Store(tmp_path).found().records["one"].dataset()
    xr.testing.assert_identical(back, dataset)
    assert {name: back[name].dtype for name in back.variables} == {
        name: dataset[name].dtype for name in dataset.variables
    }


@pytest.fixture
def kept(tmp_path):
    store = Store(tmp_path / "out")
    with store.lock():
        store.begin({"name": "study"}, {"series": []})
        with store.writer() as writer:
            for k in range(5):
                writer.add(
                    records.encode(TASK, f"{k}", xr.Dataset({"x": ("n", np.arange(1000.0) + k)}))
                )
    return store


def _sound(store):
    """Fingerprints of the records that are read; each holds what was written under it."""
    found = store.found()
    for name, record in found.records.items():
        np.testing.assert_array_equal(record.dataset()["x"].values, np.arange(1000.0) + int(name))
    return sorted(found.records), found.damaged


@pytest.mark.parametrize("place", np.linspace(0, 1, 23))
@pytest.mark.parametrize("count", [1, 400, 9000])
def test_a_damaged_place_costs_what_lies_in_it_and_no_more(kept, place, count):
    (path,) = kept.points.iterdir()
    content = bytearray(path.read_bytes())
    where = min(int(place * len(content)), len(content) - count)
    content[where : where + count] = bytes(b ^ 0x5A for b in content[where : where + count])
    path.write_bytes(content)
    names, _ = _sound(kept)
    assert 5 - len(names) <= 1 + -(-count // 8000)
    with kept.lock():
        kept.begin({"name": "study"}, {"series": []})
        with kept.writer() as writer:
            for k in range(5):
                writer.add(
                    records.encode(TASK, f"{k}", xr.Dataset({"x": ("n", np.arange(1000.0) + k)}))
                )
    assert _sound(kept) == (list("01234"), [])


@pytest.mark.parametrize("left", [0, 1, 15, 16, 40, 63, 64, 100, 5000])
def test_what_a_kill_leaves_is_cut_off(kept, left):
    (path,) = kept.points.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:left])
    assert _sound(kept) == (list("01234"), [])
    with kept.lock(), kept.writer() as writer:
        assert kept.begin({"name": "study"}, {"series": []}) == []
        writer.add(records.encode(TASK, "5", xr.Dataset({"x": ("n", np.arange(1000.0) + 5)})))
    assert _sound(kept) == (list("012345"), [])


def test_files_of_the_store_are_few_and_of_bounded_size(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "_FULL", 20_000)
    (tmp_path / "points").mkdir()
    for run in range(3):
        with Store(tmp_path).writer() as writer:
            for k in range(10):
                writer.add(
                    records.encode(TASK, f"{run} {k}", xr.Dataset({"x": ("n", np.arange(1000.0))}))
                )
    assert len(Store(tmp_path).found().records) == 30
    assert len(list((tmp_path / "points").iterdir())) == 10


def test_folders_of_something_else_are_refused(tmp_path, kept):
    with pytest.raises(replicon.StoreError, match="holds the study 'study', not 'other'"):
        kept.check({"name": "other"})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(replicon.StoreError, match="holds no study"):
        Store(tmp_path / "mine").check({"name": "study"})
    for name, words in (
        ("mine/thesis.tex", "is a file"),
        ("x" * 300, "too long"),
        ("a\0b", "no name"),
        ("mine/thesis.tex/out", "a file"),
    ):
        with pytest.raises(replicon.StoreError, match=words), Store(tmp_path / name).lock():
            Store(tmp_path / name).check({"name": "study"})
    with pytest.raises(replicon.StoreError, match=r"no study\.json"):
        replicon.load_results(tmp_path / "mine")
    for text, words in (
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"format": 2, "study": {"name": "a"}}', "damaged"),
        ('{"format": 2, "study": {"name": "a"}, "plan": 3}', "damaged"),
        ('{"format": 9, "version": "7.0", "study": {"name": "a"}}', r"read it with version 7\.0"),
        ('{"name": "study", "theory": []}', "before its first release"),
        ('{"format": 2, "study": {"name": "../a"}, "plan": {}}', "no name of a study"),
        ("[" * 100_000, "damaged"),
    ):
        (kept.folder / "study.json").write_text(text)
        with pytest.raises(replicon.StoreError, match=words):
            replicon.load_results(kept.folder)


def test_one_run_at_a_time(kept):
    with (
        kept.lock(),
        pytest.raises(replicon.StoreError, match=f"in use by process {os.getpid()} on"),
        kept.lock(),
    ):
        pass
    with kept.lock():  # free again
        pass
    (kept.folder / "running.lock").write_text(
        "process 1 on elsewhere"
    )  # what a killed run leaves holds nothing
    with kept.lock():
        assert str(os.getpid()) in (kept.folder / "running.lock").read_text()
    assert not (kept.folder / "running.lock").exists()


RACE = """
import os, sys
from replicon._errors import StoreError
from replicon.study.store import Store
store, inside, won = Store(sys.argv[1]), sys.argv[1] + "/inside", 0
sys.stdin.readline()
while won < 100:
    try:
        with store.lock():
            os.close(os.open(inside, os.O_CREAT | os.O_EXCL))  # raises if another is inside
            os.unlink(inside)
            won += 1
    except StoreError as error:
        assert "in use" in str(error), error
"""


def test_the_lock_has_no_window_in_which_two_hold_it(tmp_path):
    """Four processes, all after one lock until each has had it a hundred times."""
    line = [sys.executable, "-c", RACE, str(tmp_path)]
    racers = [
        subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    ends = [racer.communicate() for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4, ends


MODEL = """
from pathlib import Path
from replicon import Axis, Control, Interval, Model, Observable, Words
import numpy as np
with open({log!r}, "a") as file:
    file.write("x")
def solve(c):
    return dict(bias=np.tanh(c.field), free_energy=-c.field, converged=c.field > -9)
def sample(c, size, rng):
    x = rng.normal(c.field, 1, size)
    return dict(bias=x.mean(), second=(x**2).mean(), states=x)
def find(c):
    return np.full(np.shape(c.width), 0.25), np.ones(np.shape(c.width), bool)
from replicon import Transition
model = Model(name="coin", title="A coin", controls=(
        Control("field", "h", 0.1, Interval(-10, 10), "field"),
        Control("width", "w_", 1.0, Interval(0), "never used"),
        Control("patterns", "xi", "none", Words(("none",), files=(".npy",)), "file", role="simulation")),
    observables=(Observable("bias", "m", "mean"),
        Observable("ratio", "a_{{", "mean over second moment", role="simulation", moments=("bias", "second"), estimate=lambda a, b: a / b),
        Observable("states", "x", "throws", role="simulation", axes=(Axis("coin", "", "coin"),))),
    transitions=(Transition("turn", "field", "it turns", find),),
    solve=solve, sample=sample)
"""
STUDY = """
[[theory]]
name = "line"
model = "coin.py"
controls = { field = "-1:1:5" }
[[transition]]
name = "turn"
model = "coin.py"
transition = "turn"
[[simulation]]
name = "coins"
model = "coin.py"
sizes = [4, 8]
samples = 5
controls = { field = [-0.5, 0.5], patterns = "mine.npy" }
[[figure]]
x = "field"
y = ["bias", "ratio"]
simulation = ["coins"]
[[figure]]
x = "field"
y = "bias"
simulation = ["coins"]
theory = ["line"]
transition = ["turn"]
"""


@pytest.fixture
def own(tmp_path):
    """A study of a user's model and file of patterns."""
    (tmp_path / "coin.py").write_text(MODEL.format(log=str(tmp_path / "log")))
    (tmp_path / "own.toml").write_text(STUDY)
    np.save(tmp_path / "mine.npy", np.ones(3))
    return tmp_path


def _same(first, second):
    assert first.keys() == second.keys()
    for name in first:
        xr.testing.assert_identical(first[name], second[name])


def test_a_users_model_is_executed_once_and_its_figures_are_drawn(own):
    from replicon.study.plan import read_study
    from replicon.view.page import chapter, draw_figures

    study = read_study(own / "own.toml")
    results = replicon.run_study(study, out=own / "out")
    assert (own / "log").read_text() == "x"
    paths = draw_figures(study, results, own / "out")
    chapter(study, results)
    assert len(paths) == 2
    declared = json.loads(results["coins"].attrs["declaration"])
    assert declared["origin"] == str(own / "coin.py")
    assert len(declared["content"]) == 64
    # What is formed from moments is kept beside them, and is what `summarize` says.
    from replicon.study.ask import summarize

    point = results["coins"].isel(size=0, field=1)
    assert (float(point["ratio"]), float(point["ratio_error"])) == summarize(
        str(own / "coin.py"), point
    )["ratio"]


def test_another_content_of_a_model_is_another_study(own):
    first = replicon.run_study(own / "own.toml", out=own / "out")
    text = (own / "coin.py").read_text()
    (own / "coin.py").write_text(text.replace("np.tanh(c.field)", "np.sinh(c.field)"))
    second = replicon.run_study(own / "own.toml", out=own / "out")
    np.testing.assert_array_equal(first["line"]["bias"], np.tanh(first["line"]["field"]))
    np.testing.assert_array_equal(second["line"]["bias"], np.sinh(first["line"]["field"]))
    (own / "coin.py").write_text(text)
    _same(first, replicon.run_study(own / "own.toml", out=own / "out"))


def test_a_file_that_changes_while_the_study_runs_is_noticed(own):
    def change(done, total, name):
        if name == "turn":
            np.save(own / "mine.npy", np.zeros(3))

    with pytest.raises(
        replicon.InputError, match=r"mine.npy' was changed while the study ran: run it again"
    ):
        replicon.run_study(own / "own.toml", out=own / "out", progress=change)
    replicon.run_study(own / "own.toml", out=own / "out")


def test_reading_results_runs_no_code_and_needs_no_files(own):
    results = replicon.run_study(own / "own.toml", out=own / "out")
    (own / "coin.py").write_text("raise SystemExit('executed')")
    _same(results, replicon.load_results(own / "out"))
    for name in ("coin.py", "mine.npy", "log"):
        (own / name).unlink()
    shutil.move(own / "out", own / "elsewhere")
    _same(results, replicon.load_results(own / "elsewhere"))
    replicon.export_results(own / "elsewhere", own / "all.nc")
    assert not (own / "log").exists()
    from replicon.view.page import draw_figures

    loaded = replicon.load_results(own / "elsewhere")
    assert len(draw_figures(Store(own / "elsewhere").study(), loaded, own)) == 2


def test_a_moved_study_with_the_same_files_goes_on_where_it_was(own, monkeypatch):
    results = replicon.run_study(own / "own.toml", out=own / "out")
    other = own / "other"
    other.mkdir()
    for name in ("coin.py", "mine.npy", "own.toml", "out"):
        shutil.move(own / name, other / name)
    monkeypatch.setattr(runner, "execute", None)
    again = replicon.run_study(other / "own.toml", out=other / "out")
    np.testing.assert_array_equal(again["coins"]["states"], results["coins"]["states"])


def test_a_later_version_reads_and_continues_unless_the_models_numbers_changed(own, monkeypatch):
    results = replicon.run_study(own / "own.toml", out=own / "out")
    monkeypatch.setattr(replicon, "__version__", "9.0")
    calls, execute = [], runner.execute
    monkeypatch.setattr(
        runner, "execute", lambda task: calls.append(task["series"]) or execute(task)
    )
    np.testing.assert_array_equal(
        replicon.load_results(own / "out")["coins"]["states"], results["coins"]["states"]
    )
    replicon.run_study(own / "own.toml", out=own / "out")
    assert calls == []
    from dataclasses import replace

    from replicon.study import catalogue as models

    get = models.get
    monkeypatch.setattr(models, "get", lambda name: replace(get(name), revision=2))
    replicon.run_study(own / "own.toml", out=own / "out")
    assert len(calls) == 6


def test_a_record_is_only_the_point_that_it_says(own):
    """Files of points copied over, doubled, or taken from another study are never read as something
    else.
    """
    results = replicon.run_study(own / "own.toml", out=own / "out")
    (own / "own.toml").write_text(STUDY.replace("-0.5, 0.5", "-0.25, 0.75"))
    others = replicon.run_study(own / "own.toml", out=own / "others")
    (first,), (second,) = (own / "out" / "points").iterdir(), (own / "others" / "points").iterdir()
    shutil.copy(first, first.with_name("points-0002.dat"))
    _same(results, replicon.load_results(own / "out"))
    shutil.copy(first, second)
    with pytest.raises(replicon.StoreError, match="4 of 6 points are missing"):
        replicon.load_results(own / "others")
    _same(others, replicon.run_study(own / "own.toml", out=own / "others"))


def test_exports_replace_whole_and_nothing_left_is_in_the_way(own):
    replicon.run_study(own / "own.toml", out=own / "out")
    (own / "all.nc").write_text("of before")
    code = (
        "import os, sys, xarray\nfrom replicon.study import store\nstore.os.replace = lambda *a:"
        " os.kill(os.getpid(), 9)\n"
    )
    code += "store.export_results(sys.argv[1], sys.argv[2])"
    for name in ("all.nc", "all.zarr"):
        before = set(own.iterdir())
        assert (
            subprocess.run([sys.executable, "-c", code, own / "out", own / name]).returncode == -9
        )
        assert len(set(own.iterdir()) - before) == 1
        replicon.export_results(own / "out", own / name)
        assert set(own.iterdir()) - before == {own / name} - before
        replicon.export_results(own / "out", own / name) if name == "all.nc" else None
    with xr.open_datatree(own / "all.nc", engine="h5netcdf") as tree:
        assert set(tree.children) == {"line", "turn", "coins"}
    for name, words in (
        ("all.zarr", "exists already"),
        ("none/a.nc", "no folder"),
        ("a.csv", "known ending"),
        ("x" * 253 + ".nc", "too long"),
    ):
        with pytest.raises(replicon.InputError, match=words):
            replicon.export_results(own / "out", own / name)


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own, that can fill up or become read-only."""
    path = tmp_path / "disk"
    path.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(path)], capture_output=True
        ).returncode
    ):
        pytest.skip("needs the right to mount a small disk")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_a_full_disk_loses_nothing(own, disk):
    (own / "own.toml").write_text(STUDY.replace("sizes = [4, 8]", "sizes = [1000, 2000]"))
    results = replicon.run_study(own / "own.toml", out=own / "calm")
    filling = disk / "filling"
    filling.write_bytes(bytes(120_000))
    with pytest.raises(
        replicon.StoreError,
        match=r"the disk is full: free some space, .* what was finished before is kept",
    ):
        replicon.run_study(own / "own.toml", out=disk / "out")
    kept = len(Store(disk / "out").found().records)
    assert 2 <= kept < 6
    filling.unlink()
    begun = []
    _same(
        results,
        replicon.run_study(
            own / "own.toml", out=disk / "out", progress=lambda done, *_: begun.append(done)
        ),
    )
    assert begun[0] == kept
    for name in ("all.nc", "all.zarr"):
        with pytest.raises(replicon.InputError, match=r"cannot be written: the disk is full"):
            replicon.export_results(disk / "out", disk / name)
    assert sorted(p.name for p in disk.iterdir()) == ["out"]


def test_a_finished_study_is_read_where_nothing_can_be_written(own, disk):
    results = replicon.run_study(own / "own.toml", out=disk / "out")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    _same(results, replicon.load_results(disk / "out"))
    _same(results, replicon.run_study(own / "own.toml", out=disk / "out"))
    with pytest.raises(replicon.StoreError, match="the disk is read-only"):
        replicon.run_study(own / "own.toml", out=disk / "new")
    with contextlib.chdir(disk), pytest.raises(replicon.InputError, match="the disk is read-only"):
        replicon.export_results("out", "all.nc")


def test_twenty_thousand_points_are_merged_and_loaded_in_seconds(tmp_path):
    import time

    from replicon.study.merge import identity, tasks
    from replicon.study.plan import check, prepare

    series = {
        "name": "many",
        "model": "curie-weiss",
        "sizes": [20, 30],
        "samples": 2,
        "controls": {"temperature": [k / 1000 for k in range(1, 10001)]},
    }
    study = check({"name": "many", "simulation": [series]})
    plan = prepare(study)
    store = Store(tmp_path / "out")
    names = ("magnetization", "susceptibility", "energy")
    values = np.empty(2)
    found = xr.Dataset(dict.fromkeys(names, ("sample", values)))
    with store.lock():
        store.begin(study, plan)
        with store.writer() as writer:
            for k, task in enumerate(tasks(plan)):
                told = {key: value for key, value in task.items() if key != "declaration"}
                found = xr.Dataset({name: ("sample", [k, k + 0.5]) for name in names})
                writer.add(records.encode(told, identity(task), found))
    begin = time.perf_counter()
    loaded = replicon.load_results(tmp_path / "out")["many"]
    merged = replicon.run_study(study, out=tmp_path / "out")["many"]
    assert time.perf_counter() - begin < 20
    np.testing.assert_array_equal(
        loaded["energy"].values.reshape(-1, 2), np.arange(20000)[:, None] + [0, 0.5]
    )
    xr.testing.assert_identical(loaded, merged)
    assert len([p for p in Path(tmp_path).rglob("*") if p.is_file()]) < 200
