"""Packages that bring models by entry points, and packages that come with an extra."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import replicon
from replicon._extras import needed
from replicon.study import store

COIN = """
import numpy as np
from replicon import Control, Interval, Model, Observable

def solve(c):
    m = np.tanh(c.field)
    return {"bias": m, "free_energy": -np.log(2 * np.cosh(c.field)), "converged": m == m}

def sample(controls, size, rng):
    return {"bias": np.where(rng.random(size) < (1 + np.tanh(controls.field)) / 2, 1, -1).mean()}

def named(name):
    return Model(
        name, "A coin", (Control("field", "h", 0.1, Interval(), "field"),),
        (Observable("bias", "m", "mean", -1, 1),), solve=solve, sample=sample, source="none",
    )

coin = named("coin")
MODELS = (named("coin-two"), named("coin-three"))
taken = named("hopfield")
number = 3
"""


def _package(folder: Path, name: str, points: str, code: str = COIN, version: str = "1.0") -> None:
    """An installed package as importlib sees one: a module and its metadata."""
    (folder / f"{name}.py").write_text(code)
    about = folder / f"{name}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (about / "entry_points.txt").write_text(f"[replicon.models]\n{points}\n")


def _replicon(folder: Path, *words: str) -> subprocess.CompletedProcess:
    places = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    return subprocess.run(
        [sys.executable, "-m", "replicon.cli", *words],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
    )


def test_a_package_brings_models_which_are_like_shipped_ones(tmp_path):
    _package(tmp_path, "coins", "one = coins:coin\nmore = coins:MODELS")
    listed = _replicon(tmp_path, "models", "--csv", "-").stdout
    for name in ("coin", "coin-two", "coin-three"):
        assert f"coins,{name},A coin,True,True" in listed
    done = _replicon(tmp_path, "solve", "coin", "h=0.5", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["controls"] == {"field": 0.5}
    (tmp_path / "study.toml").write_text(
        '[[simulation]]\nname = "s"\nmodel = "coin-two"\nsizes = [10, 20]\nsamples = 3\n'
    )
    done = _replicon(tmp_path, "run", "study.toml", "--out", "out", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert replicon.load_results(tmp_path / "out")["s"].sizes == {"size": 2, "sample": 3}


def test_a_broken_package_gets_a_sentence_and_the_others_are_there(tmp_path):
    _package(tmp_path, "broken", "one = broken:model", "raise RuntimeError('it is half done')\n")
    _package(tmp_path, "coins", "one = coins:coin\ntwo = coins:taken\nthree = coins:number")
    done = _replicon(tmp_path, "models", "--json")
    names = [row["model"] for row in json.loads(done.stdout)]
    assert sorted(names) == sorted([*replicon.models(), "coin"])
    told = done.stderr.splitlines()
    assert len(told) == 3
    for sentence in (
        "A model of package 'broken' is left out, 'broken:model' cannot be loaded (RuntimeError: it"
        " is half done): mend the package, or uninstall it.",
        "'coins' is left out, there is another model 'hopfield'",
        "'coins' is left out, 'coins:number' is no Model",
    ):
        assert any(sentence in line for line in told)
    done = _replicon(tmp_path, "solve", "hopfield")  # a shipped model does not even ask for them
    assert (done.returncode, done.stderr) == (0, "")


def test_what_needs_an_extra_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setitem(sys.modules, "zarr", None)
    sentence = r"needs distributed, which is not installed: pip install 'replicon\[cluster\]'\."
    with pytest.raises(replicon.InputError, match=sentence):
        replicon.run_study("attention-weights", out=tmp_path / "o", scheduler="tcp://127.0.0.1:1")
    assert not (tmp_path / "o").exists()
    with pytest.raises(replicon.InputError, match=r"pip install 'replicon\[zarr\]'\."):
        store.check_export(tmp_path / "all.zarr")
    store.check_export(tmp_path / "all.nc")
    assert needed("json", "none", "nothing") is json
