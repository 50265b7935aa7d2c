"""What is shown while a study runs: a bar in a terminal, a line of HTML in a notebook, nothing
where nobody looks.
"""

import io
import re
import sys
import types

import pytest
from rich.console import Console

import replicon
from replicon.study import run as runner
from replicon.view import progress as bars

STUDY = {
    "name": "coins",
    "theory": [{"name": "line", "model": "curie-weiss", "controls": {"temperature": [0.5, 0.7]}}],
    "simulation": [
        {
            "name": "points",
            "model": "curie-weiss",
            "controls": {"temperature": [0.5, 0.7], "sweeps": 4},
            "sizes": [10],
            "samples": 2,
        }
    ],
}


class Notebook:
    """IPython as far as it is used: a shell with a kernel, and displays that change in place."""

    def __init__(self):
        self.shown = []

    def install(self, monkeypatch, *, kernel):
        shell = types.SimpleNamespace(kernel=kernel)
        ipython = types.SimpleNamespace(get_ipython=lambda: shell)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        display = types.SimpleNamespace(HTML=lambda text: text, display=self.display)
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def display(self, text, *, display_id):
        assert display_id is True
        self.shown.append(text)
        return types.SimpleNamespace(update=self.shown.append)


@pytest.fixture
def notebook(monkeypatch):
    made = Notebook()
    made.install(monkeypatch, kernel=object())
    return made


def test_a_notebook_sees_a_line_that_changes_in_place(notebook, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(bars, "_PAUSE", 0)
    monkeypatch.setattr(runner, "_COMPILED", set())
    replicon.run_study(STUDY, out=tmp_path / "out")
    assert capfd.readouterr().err == ""
    text = "\n".join(notebook.shown)
    assert notebook.shown[0].count("<progress></progress>") == 1
    for sentence in ("line, importing", "line, compiling and first points", "points, compiling"):
        assert sentence in text
    assert '<progress value="2" max="3"></progress> 2/3' in text
    assert re.search(r'value="3" max="3"></progress> 3/3 done after [\d.e-]+ (s|min)<', text)
    assert "left" not in notebook.shown[-1]


def test_a_notebook_is_told_of_an_end_before_time(notebook):
    def stopped():
        with bars.progress("a <study>") as bar:
            bar(1, 4)
            bar(-1, -1, "a file & its damage")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert "a &lt;study&gt;" in notebook.shown[-1]
    assert "stopped after" in notebook.shown[-1]
    assert "<div>a file &amp; its damage</div>" in notebook.shown[-1]


def test_ipython_in_a_terminal_and_a_pipe_have_no_html(monkeypatch):
    made = Notebook()
    made.install(monkeypatch, kernel=None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert not bars.is_watched()
    made.install(monkeypatch, kernel=object())
    assert bars.is_watched()


def test_nobody_looks_and_nothing_is_shown(tmp_path, capfd):
    replicon.run_study(STUDY, out=tmp_path / "out")
    assert capfd.readouterr() == ("", "")
    replicon.run_study(STUDY, out=tmp_path / "out", progress=True)
    assert "coins" in capfd.readouterr().err


def test_a_terminal_is_told_what_goes_on(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(bars, "_Console", lambda **_: Console(file=screen, force_terminal=True))
    with bars.progress("[odd] name") as bar:
        bar(0, 3)
        bar.status("theory, compiling and first points")
        assert re.search(
            r"\[odd\] name .*\n.*  theory, compiling and first points", screen.getvalue()
        )
        bar(-1, -1, "a [sentence]")
        bar(3, 3)
    assert "a [sentence]" in screen.getvalue()
    assert "3/3" in screen.getvalue()


def test_what_was_compiled_once_is_not_said_to_compile_again(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "_COMPILED", set())
    from replicon.study.plan import planned

    told = []
    runner.run_planned(*planned(STUDY), out=tmp_path / "one", status=told.append)
    assert told == [
        "line, importing",
        "line, compiling and first points",
        "points, importing",
        "points, compiling and first points",
        "points",
    ]
    told.clear()
    runner.run_planned(*planned(STUDY), out=tmp_path / "two", status=told.append)
    assert told == ["line", "points", "points"]


@pytest.mark.parametrize("given", ["yes", 1, [print]])
def test_a_progress_that_is_none_is_refused(tmp_path, given):
    with pytest.raises(replicon.InputError, match="give a function of"):
        replicon.run_study(STUDY, out=tmp_path / "out", progress=given)
    assert not (tmp_path / "out").exists()
