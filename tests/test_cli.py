"""The command line's contract: words, exit statuses, tables, sentences without tracebacks."""

import json
import os
import resource
import subprocess
import sys

import numpy as np
import pytest
from rich.console import Console
from tests.command import call

import replicon
from replicon import cli
from replicon.view import table


def test_solve_a_point_as_json(capsys):
    status, out, _ = call(capsys, "solve", "hopfield", "load=0.05", "temperature=0.3", "--json")
    record = json.loads(out)
    assert status == 0
    assert list(record) == [
        "model",
        "branch",
        "controls",
        "observables",
        "free_energy",
        "stable",
        "converged",
    ]
    assert record["controls"] == {"load": 0.05, "temperature": 0.3}
    assert record["observables"]["magnetization"] == pytest.approx(0.99117, abs=1e-5)
    assert record["stable"] is True


def test_a_grid_is_a_list_and_marks_what_did_not_converge(capsys):
    status, out, _ = call(capsys, "solve", "hopfield", "load=0.1,0.2", "temperature=0", "--json")
    first, second = json.loads(out)
    assert status == 0
    assert (first["converged"], second["converged"]) == (True, False)
    assert second["observables"]["magnetization"] is None
    assert second["stable"] is None


def test_a_range_holds_its_ends(capsys):
    _, out, _ = call(capsys, "solve", "curie-weiss", "temperature=0.1:0.9:9", "--json")
    assert [r["controls"]["temperature"] for r in json.loads(out)] == pytest.approx(
        list(np.linspace(0.1, 0.9, 9))
    )


def test_a_single_point_that_does_not_converge_is_status_three(capsys):
    status, out, err = call(capsys, "solve", "hopfield", "load=0.15", "temperature=0")
    assert (status, out) == (3, "")
    assert "the branch ends at transition 'retrieval', load 0.1379" in err
    status, out, _ = call(capsys, "solve", "hopfield", "load=0.15", "temperature=0", "--json")
    assert status == 3
    record = json.loads(out)
    assert record["converged"] is False
    assert (record["branch"], record["stable"]) == ("retrieval", None)
    assert record["controls"] == {"load": 0.15, "temperature": 0.0}
    assert set(record["observables"].values()) == {None}
    assert "the branch ends at transition 'retrieval'" in record["reason"]
    assert call(capsys, "transition", "curie-weiss", "spinodal", "temperature=2")[0] == 3


def test_words_are_parsed_once(capsys, monkeypatch):
    from replicon.study import grid

    parsed, parse = [], grid.parse_value
    monkeypatch.setattr(
        grid, "parse_value", lambda name, text: parsed.append(name) or parse(name, text)
    )
    for words in (
        ("solve", "hopfield", "load=0.05", "temperature=0.3"),
        ("solve", "hopfield", "load=0.15", "temperature=0", "--json"),
        ("transition", "hopfield", "retrieval", "temperature=0"),
        ("transition", "curie-weiss", "spinodal", "temperature=2", "--json"),
    ):
        parsed.clear()
        call(capsys, *words)
        assert parsed == [word.partition("=")[0] for word in words if "=" in word]


def test_a_model_is_told_with_typical_ranges_and_the_axes_of_its_arrays(capsys):
    _, out, _ = call(capsys, "models", "sherrington-kirkpatrick")
    declared = replicon.describe("sherrington-kirkpatrick")
    field = next(c for c in declared["controls"] if c["name"] == "field")
    assert "{:g} to {:g}".format(*field["typical"]) in out
    for array in (o for o in declared["observables"] if o["axes"]):
        assert array["name"] in out
        assert array["axes"][0] in out


def test_transition_as_json(capsys):
    status, out, _ = call(capsys, "transition", "hopfield", "retrieval", "temperature=0", "--json")
    record = json.loads(out)
    assert status == 0
    assert (record["transition"], record["control"], record["controls"]) == (
        "retrieval",
        "load",
        {"temperature": 0.0},
    )
    assert record["value"] == pytest.approx(0.1379, abs=1e-4)


def test_a_whole_number_may_be_written_as_any_number_is(capsys):
    words = ("curie-weiss", "--size", "1e2", "--samples", "3.0", "--json")
    record = json.loads(call(capsys, "simulate", *words)[1])
    assert (record["size"], record["samples"]) == (100, 3)


def test_simulate_and_compare_as_json(capsys):
    words = [
        "square-lattice",
        "temperature=3",
        "sweeps=200",
        "--size",
        "8",
        "--samples",
        "30",
        "--seed",
        "4",
        "--json",
    ]
    _, out, _ = call(capsys, "simulate", *words)
    record = json.loads(out)
    assert {k: record[k] for k in ("size", "samples", "seed")} == {
        "size": 8,
        "samples": 30,
        "seed": 4,
    }
    assert set(record["observables"]["energy"]) == {"mean", "error"}
    _, out, _ = call(capsys, "compare", *words)
    energy = json.loads(out)["observables"]["energy"]
    assert set(energy) == {"mean", "error", "theory", "z"}
    assert energy["theory"] == pytest.approx(
        float(replicon.solve("square-lattice", temperature=3, size=8)["energy"])
    )
    assert abs(energy["z"]) < 4.5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["solve", "hopfeild"], "Did you mean 'hopfield'"),
        (["solve", "hopfield", "aplha=0.1"], "Did you mean 'load' (alpha)"),
        (
            ["solve", "hopfield", "load=-0.2"],
            "load = -0.2 is outside its domain: load must be >= 0 (patterns per spin).",
        ),
        (["solve", "hopfield", "load=nan"], "load = nan is outside its domain"),
        (["solve", "hopfield", "load=many"], "load = 'many' is outside its domain"),
        (["solve", "hopfield", "load"], "write name=value"),
        (["solve", "hopfield", "load=0.1:0.2"], "write start:stop:count"),
        (["solve", "hopfield", "rule=hebb"], "belongs to the simulation only"),
        (["solve", "hopfield", "--branch", "retreival"], "Did you mean 'retrieval'"),
        (["transition", "hopfield", "retreival"], "Did you mean 'retrieval'"),
        (["transition", "hopfield", "retrieval", "load=0.1"], "leave it out"),
        (["simulate", "hopfield"], "size of hopfield is not given"),
        (["simulate", "hopfield", "--size", "1"], "size must be a whole number >= 2 (spins)"),
        (["simulate", "hopfield", "--size", "x"], "--size: 'x' is no whole number"),
        (["simulate", "hopfield", "--size", "50.6"], "--size: 50.6 is no whole number"),
        (["tour", "--workers", "1.5"], "--workers: 1.5 is no whole number"),
        (["models", "hopfield", "ising"], "'ising' is more than replicon models takes"),
        (["simulate", "curie-weiss", "--size", "1e14"], "The memory does not suffice"),
        (
            ["simulate", "hopfield", "--size", "50", "--samples", "0"],
            "samples must be a whole number >= 1",
        ),
        (["simulate", "hopfield", "patterns=none.npy", "--size", "50"], "No file 'none.npy'"),
        (["simulate", "square-lattice", "method=metropolis", "--size", "9"], "needs an even L"),
        (["run", "nothing"], "No study 'nothing'"),
        (["frobnicate"], "Available commands"),
        (["solve"], "MODEL"),
        (["solve", "hopfield", "--jason"], "--json"),
    ],
)
def test_a_users_mistake_gets_a_sentence_and_status_two(capsys, words, sentence):
    status, out, err = call(capsys, *words)
    assert (status, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words",
    [[], ["models"], ["solve"], ["transition"], ["simulate"], ["compare"], ["run"], ["tour"]],
)
def test_every_command_explains_itself(capsys, words):
    with pytest.raises(SystemExit) as done:
        cli.main([*words, "--help"])
    assert done.value.code == 0
    out = capsys.readouterr().out
    assert "Usage" in out
    assert "Examples:" in out
    assert all(line.strip() != "--" for line in out.splitlines())


def test_tables_for_people(capsys):
    status, out, _ = call(capsys, "solve", "curie-weiss", "temperature=0.5,0.7")
    assert status == 0
    assert "magnetization" in out
    assert "nan" not in out.lower()
    status, out, _ = call(capsys, "simulate", "curie-weiss", "--size", "50", "--samples", "5")
    assert "+-" in out
    status, out, _ = call(capsys, "models", "hopfield")
    for word in (
        "load",
        "alpha",
        "global-retrieval",
        "noise_overlap",
        "one of hebb, pseudo-inverse",
    ):
        assert word in out


@pytest.mark.parametrize("name", ["hopfield", "perceptron-algorithms", "recurrent-network"])
def test_a_model_is_read_at_eighty_columns_and_its_commands_can_be_copied(
    capsys, monkeypatch, name
):
    monkeypatch.setattr(table, "console", lambda: Console(width=80))
    _, out, _ = call(capsys, "models", name)
    declared = replicon.describe(name)
    for one in (*declared["controls"], *declared["observables"], *declared["transitions"]):
        assert one["name"] in out
        assert max(one["meaning"].split(), key=len) in out  # no word is broken
    commands = [line for line in out.splitlines() if line.startswith("replicon ")]
    assert len(commands) == 1 + bool(declared["theory"]) + bool(declared["transitions"])
    for line in commands:
        app, given = cli.app, line.split()[1:]
        assert app.parse_args(given, exit_on_error=False, print_error=False)


def test_models_are_listed_by_system(capsys):
    _, out, _ = call(capsys, "models")
    order = [out.index(f" {name} ") for name in ("ising", "square-lattice", "perceptron-clusters")]
    assert order == sorted(order)
    assert "one shot" in out


def test_models_answers_in_a_second():
    seconds = []  # of the processor: other tests run beside this one
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run(
            [sys.executable, "-m", "replicon.cli", "models"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert "sherrington-kirkpatrick" in out
    assert min(seconds) < 1


def test_a_closed_pipe_is_no_error():
    command = (
        f"{sys.executable} -m replicon.cli solve curie-weiss temperature=0.1:0.9:2000 --json | head"
        " -1; exit ${PIPESTATUS[0]}"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_output_that_cannot_be_heard_is_no_traceback(tmp_path):
    """A reader that has gone, before tables and text alike and in the middle of a run, is no error;
    a full disk is one, in a sentence.
    """
    (tmp_path / "s.toml").write_text('[[theory]]\nname = "t"\nmodel = "curie-weiss"\n')
    replicon_ = f"{sys.executable} -m replicon"
    script = f"""
    {replicon_} models | true; echo ${{PIPESTATUS[0]}}
    {replicon_} models --csv - > /dev/full; echo $?
    {replicon_} run s.toml 2>&1 | true; echo ${{PIPESTATUS[0]}}
    PYTHONIOENCODING=ascii {replicon_} solve curie-weiss temperature=0.5,0.7 --plot - >&2; echo $?
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.stdout.split() == ["0", "2", "0", "2"]
    assert (tmp_path / "s" / "study.json").is_file()
    assert "The output cannot be written: the disk is full" in done.stderr
    assert "The terminal's encoding, ascii, cannot show this" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_draws_figures_and_exports(capsys, tmp_path):
    (tmp_path / "small.toml").write_text(
        '[[theory]]\nname = "t"\nmodel = "curie-weiss"\ncontrols = { temperature = "0.2:1.4:7" }\n'
        '[[figure]]\nx = "temperature"\ny = ["magnetization", "entropy"]\ntheory = ["t"]\n'
    )
    out = tmp_path / "out"
    status, printed, _ = call(
        capsys,
        "run",
        str(tmp_path / "small.toml"),
        "--out",
        str(out),
        "--export",
        str(tmp_path / "all.nc"),
    )
    assert status == 0
    assert printed.split() == [str(out / "figure-1.png"), str(tmp_path / "all.nc")]
    assert (out / "figure-1.png").read_bytes().startswith(b"\x89PNG")
    status, _, err = call(
        capsys, "run", str(tmp_path / "small.toml"), "--out", str(tmp_path / "small.toml")
    )
    assert status == 2
    assert "is a file" in err


def test_a_users_model_from_a_file(capsys, tmp_path):
    path = tmp_path / "coin.py"
    path.write_text(
        "from replicon import Control, Interval, Model, Observable\nimport numpy as np\ndef"
        " solve(c):\n    m = np.tanh(c.field)\n    return {'bias': m, 'free_energy':"
        " -np.log(2*np.cosh(c.field)), 'converged': m == m}\nmodel = Model(name='coin', title='A"
        " coin', controls=(Control('field', 'h', 0.1, Interval(), 'field'),),\n   "
        " observables=(Observable('bias', 'm', 'mean', -1, 1),), solve=solve)\n"
    )
    status, out, _ = call(capsys, "solve", str(path), "field=0.5", "--json")
    assert status == 0
    assert json.loads(out)["observables"]["bias"] == pytest.approx(np.tanh(0.5))
    status, _, err = call(capsys, "simulate", str(path), "--size", "5")
    assert (status, "has no simulation" in err) == (2, True)
    path.write_text("import nonsense_that_is_not_there\n")
    status, _, err = call(capsys, "solve", str(path))
    assert (status, "could not be imported" in err) == (2, True)
    path.write_text("x = 1\n")
    assert "defines no `model = Model(...)`" in call(capsys, "solve", str(path))[2]


def test_nothing_needs_the_network_or_a_home(tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "nowhere"),
        "http_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-m", "replicon.cli", "solve", "curie-weiss", "--json"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["converged"] is True
