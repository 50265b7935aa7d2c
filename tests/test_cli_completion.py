"""Completion at TAB, as bash asks for it: its script is installed, sourced, and its function
called.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import replicon
from replicon import cli
from replicon.cli.completion import typed_assignment

BASH = shutil.which("bash")


def _install(folder: Path, capsys, *options) -> str:
    with pytest.raises(SystemExit) as done:
        cli.main(["--install-completion", *options])
    assert done.value.code == 0
    assert "completion for new shells" in capsys.readouterr().out
    return (folder / ".bashrc").read_text() if (folder / ".bashrc").exists() else ""


@pytest.fixture
def script(tmp_path, monkeypatch, capsys) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    told = _install(tmp_path, capsys, "--shell", "bash")
    path = tmp_path / ".local/share/bash-completion/completions/replicon"
    assert str(path) in told
    return path


def _offered(script: Path, lines: list[str]) -> list[list[str]]:
    """What bash offers at the end of each line, whose words are as bash cuts them, at `=` too."""
    ask = f". '{script}'\nname=$(complete -p replicon); name=${{name##*-F }}; name=${{name%% *}}\n"
    for line in lines:
        words = " ".join(f"'{word}'" for word in line.split(" "))
        ask += f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()\n"
        ask += '$name replicon; echo "${COMPREPLY[*]}"\n'
    folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", ask], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.skipif(BASH is None, reason="there is no bash here")
def test_bash_offers_what_the_declarations_say(script):
    wanted = {
        "replicon tra": ["transition"],
        "replicon solve curie-weiss ": ["coupling=", "temperature=", "field="],
        "replicon simulate curie-weiss s": ["start=", "sweeps="],
        "replicon compare perceptron --size 11 bre": ["breaking_parameter="],
        "replicon solve perceptron weights = ": ["ising", "spherical"],
        "replicon solve perceptron load = 0.5 weights = sp": ["spherical"],
        "replicon solve perceptron --branch fr": ["frozen"],
        "replicon transition perceptron f": ["freezing"],
        "replicon transition curie-weiss spinodal f": [],
        "replicon run attention-w": ["attention-weights"],
        "replicon run hopfield-capacity --set siz": ["sizes="],
        "replicon solve nothing-of-the-kind ": [],
    }
    found = dict(zip(wanted, _offered(script, list(wanted)), strict=True))
    assert found == wanted
    every, studies = _offered(script, ["replicon models ", "replicon studies "])
    assert set(every) == set(replicon.models())
    assert studies == replicon.studies()


def test_an_assignment_is_one_word_or_three():
    assert typed_assignment("wei", ("load", "=", "0.5")) == (None, "")
    assert typed_assignment("weights=i", ()) == ("weights", "weights=")
    assert typed_assignment("i", ("weights", "=")) == ("weights", "")
    assert typed_assignment("=", ("weights",)) == ("weights", "")
    assert typed_assignment("=", ()) == ("", "")
    assert typed_assignment("i", ("=",)) == ("", "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_of_their_own(shell, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "script"
    _install(tmp_path, capsys, "--shell", shell, "--output", str(path))
    assert "__complete" in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["script"]  # no start-up file is touched


def test_an_unknown_shell_gets_a_sentence(monkeypatch, capsys):
    def unknown():
        raise cli.ShellDetectionError("no shell")

    monkeypatch.setattr(cli, "detect_shell", unknown)
    with pytest.raises(SystemExit) as done:
        cli.main(["--install-completion"])
    assert done.value.code == 2
    assert "give --shell bash, zsh or fish" in capsys.readouterr().err
