"""What commands print and write: JSON, CSV, netCDF, tables; refusals, and what Ctrl-C says."""

import csv
import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from tests.command import call

import replicon
from replicon.study import ask, sources
from replicon.view import result, tour

COMMANDS = ("models", "solve", "transition", "simulate", "compare", "studies", "run", "tour")
COMMANDS += ("--install-completion",)


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_rows_of_a_grid_as_csv_have_all_digits(capsys):
    status, out, _ = call(capsys, "solve", "curie-weiss", "temperature=0.5,0.7", "--csv", "-")
    assert status == 0
    result = replicon.solve("curie-weiss", temperature=[0.5, 0.7])
    rows = read(out)
    assert [float(row["temperature"]) for row in rows] == [0.5, 0.7]
    assert [float(row["magnetization"]) for row in rows] == list(result["magnetization"].values)
    assert {row["branch"] for row in rows} == {"up"}
    assert {row["coupling"] for row in rows} == {"1.0"}
    assert {row["converged"] for row in rows} == {"True"}


def test_every_question_gives_csv_and_netcdf_of_what_it_shows(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sampled = ("curie-weiss", "temperature=0.5,0.7", "--size", "20", "--samples", "4")
    questions = {
        "solve": ("curie-weiss", "temperature=0.5,2"),
        "transition": ("curie-weiss", "spinodal", "temperature=0.5,2"),
        "simulate": sampled,
        "compare": sampled,
    }
    columns = {
        "solve": {"temperature", "magnetization", "free_energy", "stable", "converged"},
        "transition": {"temperature", "field", "converged"},
        "simulate": {"temperature", "magnetization", "magnetization_error", "size", "seed"},
        "compare": {"observable", "mean", "error", "theory", "z", "converged"},
    }
    for command, words in questions.items():
        files = ("--csv", f"{command}.csv", "--nc", f"{command}.NC")
        status, out, _ = call(capsys, command, *words, *files)
        assert status == 0
        assert "curie-weiss: " in out
        rows = read((tmp_path / f"{command}.csv").read_text())
        assert columns[command] <= set(rows[0])
        with xr.open_dataset(tmp_path / f"{command}.NC", engine="h5netcdf") as kept:
            assert kept.attrs["kind"] == command
            assert kept.sizes["temperature"] == 2
    assert [row["converged"] for row in read((tmp_path / "transition.csv").read_text())] == [
        "True",
        "False",
    ]
    assert not list(tmp_path.glob(".*"))


def test_one_row_a_sampled_fraction_has_its_interval(capsys):
    words = ("perceptron-teacher", "load=1", "--size", "11", "--samples", "6", "--csv", "-")
    (row,) = read(call(capsys, "simulate", *words)[1])
    low, share, high = (float(row[f"recovered{end}"]) for end in ("_low", "", "_high"))
    assert low <= share <= high


def test_netcdf_holds_arrays_and_is_the_result(capsys, tmp_path):
    path = tmp_path / "one.nc"
    words = ("sherrington-kirkpatrick", "temperature=0.4", "sweeps=100", "--size", "16")
    status, _, _ = call(capsys, "simulate", *words, "--samples", "3", "--nc", str(path))
    assert status == 0
    result = replicon.simulate(
        "sherrington-kirkpatrick", temperature=0.4, sweeps=100, size=16, samples=3
    )
    with xr.open_dataset(path, engine="h5netcdf") as kept:
        assert set(kept.data_vars) == set(result.data_vars)
        for name in result.data_vars:
            np.testing.assert_array_equal(kept[name].values, result[name].values)


def test_a_point_without_an_answer_is_in_the_files_and_status_three(capsys, tmp_path):
    path = tmp_path / "none.csv"
    words = ("solve", "hopfield", "load=0.15", "temperature=0")
    status, out, err = call(capsys, *words, "--csv", str(path))
    assert (status, out) == (3, "")
    (row,) = read(path.read_text())
    assert (row["magnetization"], row["converged"]) == ("", "False")
    assert row["reason"] in err
    status, out, _ = call(capsys, *words, "--csv", "-")
    assert (status, out) == (3, path.read_text())


def test_lists_of_models_and_studies_as_csv(capsys, tmp_path):
    rows = read(call(capsys, "models", "--csv", "-")[1])
    assert {row["model"] for row in rows} == set(replicon.models())
    (landscape,) = [row for row in rows if row["model"] == "perceptron-landscape"]
    assert (landscape["theory"], landscape["simulation"]) == ("True", "False")
    rows = read(call(capsys, "models", "hopfield", "--csv", "-")[1])
    assert {row["kind"] for row in rows} == {"control", "observable", "branch", "transition"}
    rows = read(call(capsys, "studies", "--csv", "-")[1])
    assert [row["study"] for row in rows] == replicon.studies()
    rows = read(call(capsys, "studies", "hopfield-capacity", "--csv", "-")[1])
    assert {row["kind"] for row in rows} == {"theory", "transition", "simulation"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--csv", "rows.txt"), "'rows.txt' is no .csv file"),
        (("--nc", "rows.csv"), "'rows.csv' is no .nc file"),
        (("--csv", "nowhere/rows.csv"), "there is no folder 'nowhere'"),
        (("--nc", "nowhere/rows.nc"), "there is no folder 'nowhere'"),
        (("--csv", "-", "--json"), "--json and --csv - would both be printed"),
    ],
)
def test_files_are_refused_before_anything_is_computed(capsys, monkeypatch, options, sentence):
    monkeypatch.setattr(ask, "solve", lambda *given, **controls: pytest.fail("it was asked"))
    status, out, err = call(capsys, "solve", "hopfield", *options)
    assert (status, out) == (2, "")
    assert sentence in err


def test_a_file_that_cannot_be_written_leaves_the_table_and_the_old_file(capsys, tmp_path):
    path = tmp_path / "kept.csv"
    path.mkdir()
    status, out, err = call(capsys, "solve", "curie-weiss", "--csv", str(path))
    assert status == 2
    assert "magnetization" in out
    assert "cannot be written" in err


def test_tables_show_z_with_two_decimals_and_what_converged(capsys):
    words = ("curie-weiss", "temperature=0.5", "--size", "50", "--samples", "5")
    lines = call(capsys, "compare", *words)[1].splitlines()
    shown = [line for line in lines if "magnetization" in line]
    assert shown
    for line in shown:
        *_, z, converged, _ = (cell.strip() for cell in line.split("│"))
        assert re.fullmatch(r"-?\d+\.\d\d|-", z)
        assert converged == "True"
    for words in (
        ("solve", "curie-weiss", "temperature=0.5,0.7"),
        ("solve", "curie-weiss"),
        ("transition", "curie-weiss", "spinodal", "temperature=0.5,2"),
        ("transition", "curie-weiss", "critical"),
    ):
        assert "converged" in call(capsys, *words)[1]


def test_comparison_says_where_theory_did_not_converge():
    result = replicon.compare(
        "hopfield", load=[0.05, 0.2], temperature=0, size=40, samples=3, sweeps=5
    )
    assert list(result["converged"].values) == [True, False]
    assert result["converged"].attrs["meaning"]
    assert np.isnan(result["theory"].sel(load=0.2)).all()


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_of_a_command_can_be_copied(capsys, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "toured", lambda studies: ["attention-weights"])
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("HOME", str(tmp_path))
    _, told, _ = call(capsys, command, "--help")
    lines = [line.split() for line in told.splitlines() if line.startswith(" replicon ")]
    assert len(lines) >= 2
    for _, *words in lines:
        assert words[0] == command
        status, out, err = call(capsys, *words)
        assert status == 0, err
        assert out
        named = (words[at + 1] for at, word in enumerate(words) if word in _FILES)
        assert all(name == "-" or (tmp_path / name).exists() for name in named)


_FILES = ("--csv", "--nc", "--plot", "--export", "--copy", "--out")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("compare softmax-transformer --size 20", "softmax-transformer has no theory: simulate it"),
        ("compare perceptron-landscape --size 20", "has no simulation: solve it"),
        ("simulate perceptron-landscape --size 20", "has no simulation: solve it"),
        ("simulate perceptron-clusters --size 20", "inf cannot be simulated: give a whole number"),
        ("solve perceptron-algorithms", "has no theory: simulate it"),
        ("solve perceptrn", "Did you mean 'perceptron'"),
        ("compare hopfield lod=0.1 --size 20", "Did you mean 'load'"),
        ("compare hopfield load=-1 --size 20", "load must be >= 0"),
        ("compare hopfield --size 1", "size must be a whole number >= 2"),
        ("compare hopfield --size 20 --branch up", "Branches: retrieval"),
        ("transition hopfield up", "Transitions: retrieval"),
        ("compare hopfield size=20 --size 20", "'size=20' is no control: write --size 20."),
        ("solve hopfield model=perceptron", "write perceptron before the controls"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_jax_is_loaded(words, sentence):
    code = (
        "import sys, time\nfrom replicon import cli\n"
        f"try:\n    cli.main({words.split()!r})\n"
        "except SystemExit as done:\n"
        "    loaded = [name for name in ('jax', 'numba') if name in sys.modules]\n"
        "    print(done.code, loaded, time.process_time())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    status, loaded, seconds = done.stdout.rsplit(maxsplit=2)
    assert (status, loaded) == ("2", "[]")
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert float(seconds) < 1  # of the processor, from the start of the interpreter


def _interrupt(*given, **options):
    raise KeyboardInterrupt


def test_ctrl_c_says_what_is_true_of_the_command(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(ask, "simulate", _interrupt)
    status, out, err = call(capsys, "simulate", "curie-weiss", "--size", "20", "--json")
    assert (status, out, err) == (130, "", "Interrupted: nothing was kept.\n")
    monkeypatch.setattr(result, "run_and_draw", _interrupt)
    out = str(tmp_path / "mine")
    status, _, err = call(capsys, "run", "attention-weights", "--quick", "--out", out)
    assert status == 130
    assert f"finished points are kept in '{out}', run the same command to continue" in err
    monkeypatch.setattr(ask, "solve", _interrupt)  # nothing of the command before is said
    assert call(capsys, "solve", "curie-weiss")[2] == "Interrupted: nothing was kept.\n"


def test_a_tour_that_is_stopped_says_where_its_page_is(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(tour, "run_tour", _interrupt)
    status, _, err = call(capsys, "tour", "--out", str(tmp_path))
    page = tmp_path / "index.html"
    assert status == 130
    assert err == (
        f"Interrupted: '{page}' shows what was finished, run the same command to continue.\n"
    )


def test_a_run_tells_its_files_and_its_costs_as_json(capsys, tmp_path):
    words = ("run", "attention-weights", "--quick", "--out", str(tmp_path / "out"), "--json")
    costs = json.loads(call(capsys, *words, "--dry-run")[1])
    assert {row["kind"] for row in costs} <= {"theory", "transition", "simulation"}
    assert all(row["seconds"] > 0 for row in costs)
    told = json.loads(call(capsys, *words, "--nc", str(tmp_path / "all.nc"))[1])
    assert told["folder"] == str(tmp_path / "out")
    assert all((tmp_path / name).is_file() for name in told["files"])
    assert told["files"][-1].endswith("all.nc")


def test_json_of_the_lists_is_sorted_by_name(capsys):
    names = [row["model"] for row in json.loads(call(capsys, "models", "--json")[1])]
    assert names == sorted(names)
