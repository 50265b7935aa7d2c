"""Studies: checked whole before they run, kept point by point, resumed after kill -9, the same with
any number of workers.
"""

import os
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import pytest
import xarray as xr

import replicon
from replicon.study import plan as planner
from replicon.study import run as runner
from replicon.study import workers
from replicon.study.merge import identity
from replicon.study.records import _MARK
from replicon.study.store import Store

STUDY = """
title = "A small study"
seed = 5

[[theory]]
name = "theory"
model = "curie-weiss"
controls = { temperature = "0.2:1.4:7" }

[[simulation]]
name = "points"
model = "sherrington-kirkpatrick"
controls = { temperature = [0.5, 0.8, 1.1], sweeps = 60 }
sizes = [24, 40]
samples = 6

[[simulation]]
name = "memories"
model = "hopfield"
controls = { load = [0.05, 0.2], rule = "pseudo-inverse", temperature = 0.2, sweeps = 20 }
sizes = [60]
samples = 4

[[transition]]
name = "critical"
model = "sherrington-kirkpatrick"
transition = "critical"

[[figure]]
x = "temperature"
y = "energy"
theory = ["theory"]
simulation = ["points"]
"""


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(STUDY)
    return path


def _same(first, second):
    assert first.keys() == second.keys()
    for name in first:
        xr.testing.assert_identical(first[name], second[name])


def test_results_are_labelled_arrays(study, tmp_path):
    out = replicon.run_study(study, out=tmp_path / "out")
    assert list(out) == ["theory", "critical", "points", "memories"]
    points = out["points"]
    assert points["energy"].dims == ("size", "temperature", "sample")
    assert points["size"].values.tolist() == [24, 40]
    assert points.attrs["model"] == "sherrington-kirkpatrick"
    assert points.attrs["seed"] == 5
    direct = replicon.simulate(
        "sherrington-kirkpatrick", temperature=0.8, sweeps=60, size=40, samples=6, seed=5
    )
    np.testing.assert_array_equal(points["energy"].sel(size=40, temperature=0.8), direct["energy"])
    _same(out, replicon.load_results(tmp_path / "out"))


def test_two_workers_give_the_bits_of_one_and_leave_the_environment(study, tmp_path):
    alone = replicon.run_study(study, out=tmp_path / "one")
    before = dict(os.environ)
    pair = replicon.run_study(study, out=tmp_path / "two", workers=2)
    assert dict(os.environ) == before
    _same(alone, pair)


def test_nothing_is_computed_twice(study, tmp_path, monkeypatch):
    whole = replicon.run_study(study, out=tmp_path / "out")
    calls = []
    execute = runner.execute
    monkeypatch.setattr(runner, "execute", lambda task: calls.append(task) or execute(task))
    _same(whole, replicon.run_study(study, out=tmp_path / "out"))
    assert calls == []
    # One point damaged, and one lost behind it: exactly these two are done again, and the damaged
    # file is kept aside.
    (path,) = (tmp_path / "out" / "points").iterdir()
    content = path.read_bytes()
    starts = [k for k in range(len(content)) if content.startswith(_MARK, k)]
    assert len(starts) == 10
    damaged = content[: starts[2] - 9] + b"x" + content[starts[2] - 8 : starts[9]]
    path.write_bytes(damaged)
    with pytest.raises(replicon.StoreError, match=r"is damaged .* 2 of 10 points are lost"):
        replicon.load_results(tmp_path / "out")
    notes = []
    _same(
        whole,
        replicon.run_study(
            study, out=tmp_path / "out", progress=lambda done, total, note: notes.append(note)
        ),
    )
    assert len(calls) == 2
    assert any("damaged" in note for note in notes)
    (aside,) = (tmp_path / "out" / "points").glob("*.damaged")
    assert aside.read_bytes() == damaged
    _same(whole, replicon.load_results(tmp_path / "out"))


# Each of four processes would import Numba for the points of the study above.
_OF_NUMPY = """model = "attention"
controls = { diversity = "0.5:2:40" }
sizes = [6, 8]
"""
SLOW = """
import sys, time
import replicon
from replicon.study import run
execute = run.execute
def slow(task):
    time.sleep(0.03)
    return execute(task)
run.execute = slow
replicon.run_study(sys.argv[1], out=sys.argv[2])
"""


def test_a_killed_sweep_continues_and_ends_identical(study, tmp_path):
    """Killed at random moments after points are on the disk, in the middle of a record too; four
    times, then let go.
    """
    given = STUDY.partition("[[figure]]")[0]
    dear = given[given.index('model = "sherrington') : given.index("samples = 6")]
    study.write_text(given.replace(dear, _OF_NUMPY))
    undisturbed = replicon.run_study(study, out=tmp_path / "calm")
    out, total = tmp_path / "killed", 4 + 80
    store, random, kept = Store(out), np.random.default_rng(1), 0
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", SLOW, str(study), str(out)])
        while process.poll() is None:
            if store.points.is_dir() and len(store.found().records) > kept:
                time.sleep(random.uniform(0, 0.5))
                break
            time.sleep(0.02)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        before, kept = kept, len(store.found().records)
        assert before < kept < total
        with pytest.raises(
            replicon.StoreError, match=f"{total - kept} of {total} points are missing"
        ):
            replicon.load_results(out)
    # A kill within the one call that adds a record leaves a part of it.
    (path,) = store.points.iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    notes, calls = [], []
    ended = replicon.run_study(
        study, out=out, progress=lambda done, of, note: (calls.append(done), notes.append(note))
    )
    assert calls[0] == kept - 1
    assert not any("damaged" in note for note in notes)
    _same(undisturbed, ended)
    _same(undisturbed, replicon.load_results(out))
    assert sorted(p.name for p in out.iterdir()) == ["points", "study.json"]
    assert len(list(store.points.iterdir())) == 1


def test_interrupting_the_command_keeps_what_was_finished(study, tmp_path):
    out = tmp_path / "out"
    slow = study.read_text().replace("sweeps = 60", "sweeps = 400000")
    study.write_text(slow)
    process = subprocess.Popen(
        [sys.executable, "-m", "replicon.cli", "run", str(study), "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # a suite in the background would hand on "ignore"
    )
    for _ in range(600):
        if (out / "points").is_dir() and Store(out).found().records:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "run the same command to continue" in errors
    assert "Traceback" not in errors
    assert not (out / "running.lock").exists()


def test_exports(study, tmp_path):
    out = replicon.run_study(study, out=tmp_path / "out")
    for name in ("all.nc", "all.zarr"):
        replicon.export_results(tmp_path / "out", tmp_path / name)
        options = (
            {"engine": "h5netcdf"}
            if name.endswith(".nc")
            else {"engine": "zarr", "consolidated": False}
        )
        with xr.open_datatree(tmp_path / name, **options) as tree:
            np.testing.assert_array_equal(
                tree["points"]["energy"].values, out["points"]["energy"].values
            )
            assert [str(v) for v in tree["theory"]["branch"].values] == out["theory"][
                "branch"
            ].values.tolist()
    with pytest.raises(replicon.InputError, match=r"\.nc \(netCDF\) or \.zarr"):
        replicon.export_results(tmp_path / "out", tmp_path / "all.csv")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("samples = 6", ""), "has no 'samples'"),
        (("samples = 6", "sample = 6"), "unknown key 'sample'"),
        (("samples = 6", "samples = 0"), "samples must be a whole number"),
        (("sizes = [24, 40]", "sizes = [24, 1]"), "size must be a whole number"),
        (("sizes = [24, 40]", "sizes = 24"), "sizes must be a list"),
        (("[0.5, 0.8, 1.1]", "[0.5, -0.8]"), "temperature = -0.8 is outside its domain"),
        (('"curie-weiss"', '"curie-wiess"'), "Did you mean 'curie-weiss'"),
        (('transition = "critical"', 'transition = "critcal"'), "Did you mean 'critical'"),
        (
            ('simulation = ["points"]', 'simulation = ["dots"]'),
            "shows 'dots' as simulation: series of that kind are points, memories",
        ),
        (('name = "critical"', 'name = "points"'), "used twice"),
        (("[[theory]]", "[theory]"), "with double brackets"),
        (("seed = 5", "seed = 'x'"), "seed must be a whole number"),
        (("seed = 5", "seed = "), "not valid TOML"),
        (('y = "energy"', 'y = "enrgy"'), "Did you mean 'energy'"),
        (('x = "temperature"', 'x = "field"'), "does not list"),
        (('x = "temperature"', 'xx = "temperature"'), "unknown key 'xx'"),
        (('y = "energy"', 'y = "energy"\nkind = "pie"'), "unknown figure kind 'pie'"),
        (
            ('y = "energy"', 'y = "energy"\nlegend = "right there"'),
            "legend = 'right there': it is one of",
        ),
    ],
)
def test_bad_studies_are_refused_before_anything_runs(study, tmp_path, change, words):
    study.write_text(STUDY.replace(*change))
    with pytest.raises(replicon.InputError) as caught:
        replicon.run_study(study, out=tmp_path / "out")
    assert words in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_unknown_studies_and_schedulers(study, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_PATIENCE", 0.5)
    with pytest.raises(replicon.InputError, match="hopfield-capacity"):
        planner.read_study("nothing")
    with pytest.raises(replicon.InputError, match="workers must be a whole number"):
        replicon.run_study(study, out=tmp_path / "out", workers=0)
    with pytest.raises(replicon.InputError, match="No scheduler answers"):
        replicon.run_study(study, out=tmp_path / "out", scheduler="tcp://127.0.0.1:9")


def test_an_existing_scheduler_is_used(study, tmp_path):
    from distributed import LocalCluster

    alone = replicon.run_study(study, out=tmp_path / "one")
    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        _same(
            alone,
            replicon.run_study(study, out=tmp_path / "two", scheduler=cluster.scheduler_address),
        )


def test_a_users_model_and_patterns_beside_the_study_are_found(tmp_path, monkeypatch):
    np.save(tmp_path / "mine.npy", np.random.default_rng(0).choice([-1, 1], (8, 40)))
    (tmp_path / "mine.toml").write_text(
        '[[simulation]]\nname = "mine"\nmodel = "hopfield"\nsizes = [40]\nsamples = 2\ncontrols = {'
        ' load = 0.1, patterns = "mine.npy" }\n'
    )
    monkeypatch.chdir("/")
    first = replicon.run_study(tmp_path / "mine.toml", out=tmp_path / "out")
    assert "pattern" in first["mine"]
    # Another content of the file is another study: nothing old is taken for it.
    np.save(tmp_path / "mine.npy", np.ones((8, 40)))
    second = replicon.run_study(tmp_path / "mine.toml", out=tmp_path / "out")
    assert (second["mine"]["pattern"].values == 1).all()


def test_arrays_whose_length_depends_on_the_size_are_filled_up(tmp_path):
    (tmp_path / "mine.toml").write_text(
        '[[simulation]]\nname = "a"\nmodel = "attention"\nsizes = [4, 6]\nsamples = 2\ncontrols = {'
        " diversity = [1, 2] }\n"
    )
    out = replicon.run_study(tmp_path / "mine.toml", out=tmp_path / "out")["a"]
    assert out["weights"].dims == ("size", "diversity", "sample", "entry")
    assert np.isfinite(out["weights"]).sum("entry").values[:, 0, 0].tolist() == [16, 36]


@pytest.mark.parametrize("name", planner.shipped())
@pytest.mark.parametrize("quick", [False, True])
def test_shipped_studies_are_valid(name, quick):
    study = planner.read_study(name, quick=quick)
    tasks = planner.plan(study)
    assert study["title"]
    assert study["text"].strip()
    assert study["figure"]
    assert all(figure["caption"] for figure in study["figure"])
    assert len({identity(task) for task in tasks}) == len(tasks)


def test_compiled_code_is_released_before_mappings_run_out(study, tmp_path, monkeypatch):
    released, clear = [], jax.clear_caches
    monkeypatch.setattr(jax, "clear_caches", lambda: released.append(clear()))
    undisturbed = replicon.run_study(study, out=tmp_path / "whole")
    assert not released
    monkeypatch.setattr(runner, "_MAPPINGS", 0)
    _same(undisturbed, replicon.run_study(study, out=tmp_path / "released"))
    assert len(released) == 10
