"""The tour's page: there from the start, filled as studies finish, plain about what is missing."""

import re
import signal
import subprocess
import sys
import time

import pytest

import replicon
from replicon import cli
from replicon.study import sources
from replicon.view import frame, tour

CHEAP = "attention-weights,hopfield-digits"


def _call(capsys, *words):
    with pytest.raises(SystemExit) as done:
        cli.main(list(words))
    out = capsys.readouterr()
    return done.value.code, out.out, out.err


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_the_workers_of_a_tour_end_together_and_its_first_pictures_come_soon(workers):
    seconds = {name: sources.headline(name)["quick_seconds"] for name in sources.shipped()}
    queue = tour._in_turn(list(seconds), workers)
    assert sorted(queue) == sorted(seconds)
    assert queue[0] == min(seconds, key=seconds.__getitem__)
    busy = [0.0] * workers
    for name in queue:
        soonest = busy.index(min(busy))
        busy[soonest] += seconds[name]
    assert max(busy) < 1.05 * sum(busy) / workers
    for names in (queue[:1], queue[:2], queue[:3]):  # tours of few studies
        assert sorted(tour._in_turn(names, workers)) == sorted(names)


def test_a_tour_is_the_same_page_with_any_number_of_workers(tmp_path, capsys):
    for workers in ("1", "2"):
        words = ("tour", "--out", str(tmp_path / workers), "--studies", CHEAP)
        status, out, _ = _call(capsys, *words, "--workers", workers)
        assert (status, out.split()) == (0, [str(tmp_path / workers / "index.html")])
    one, two = ((tmp_path / workers / "index.html").read_bytes() for workers in ("1", "2"))
    assert one == two
    assert one.count(b"<img") == 5
    assert _traces(one.decode()) == []
    # In the order in which a reader should meet them, whatever the order in which they ran.
    assert one.index(b'id="hopfield-digits"') < one.index(b'id="attention-weights"')


def _traces(page: str) -> list[str]:
    """What only a page that is not finished has."""
    signs = ('http-equiv="refresh"', 'class="state', 'class="note"', "waiting", "missing")
    return [sign for sign in signs if sign in page]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--workers", "0"], "workers must be a whole number >= 1"),
        (["--studies", "hopfield-digit"], "Did you mean 'hopfield-digits'"),
        (["--studies", "cores"], "Did you mean 'core'"),
        (["--studies", ""], "names of shipped studies with commas between"),
    ],
)
def test_a_tour_of_what_is_not_there_is_refused(tmp_path, capsys, words, sentence):
    status, out, err = _call(capsys, "tour", "--out", str(tmp_path / "none"), *words)
    assert (status, out) == (2, "")
    assert sentence in err
    assert not (tmp_path / "none").exists()


def test_the_core_tour_is_of_every_system():
    core = sources.toured("core")
    count = {}
    for name in core:
        system = sources.headline(name)["system"]
        count[system] = count.get(system, 0) + 1
    every = {sources.headline(name)["system"] for name in sources.shipped()}
    assert set(count) == every
    assert max(count.values()) <= 3
    assert len(core) < len(sources.toured("all")) == len(sources.shipped())


def test_the_page_is_there_before_a_study_runs_and_follows_them(tmp_path, monkeypatch):
    pages = []

    def look(place, chapter):
        pages.append((tmp_path / "index.html").read_text())
        return place._replace(chapter=chapter)

    monkeypatch.setattr(tour, "_run", lambda given: look(given[0], "<p>drawn</p>"))
    names = sources.toured("hopfield-digits,rbm-prior,attention-weights")
    tour.run_tour(names, tmp_path, workers=1, command=["replicon", "tour"])
    first, _, last = pages
    assert first.count('class="state running"') == last.count('class="state running"') == 2
    assert first.count('class="state waiting"') == 4  # in the contents and in their places
    assert last.count("<p>drawn</p>") == 2
    assert all('http-equiv="refresh"' in page for page in pages)
    assert "0 of 3 studies are drawn" in first and "2 of 3 studies are drawn" in last
    assert _traces((tmp_path / "index.html").read_text()) == []


def test_every_study_is_in_the_contents_under_its_system(tmp_path):
    names = sources.toured("all")
    tour._show({name: tour._waiting(name) for name in names}, tmp_path, note="")
    page = (tmp_path / "index.html").read_text()
    bar = page[page.index("<nav") : page.index("</nav>")]
    links = re.findall(r'href="#([^"]+)"', bar)
    assert [name for name in links if not name.startswith("system-")] == names
    assert "system-ising" in links and "Ising magnets and glasses" in bar
    for link in links:
        assert page.count(f'id="{link}"') == 1
    assert not re.search(r'(src|href)="(?!data:|#)', page)


def test_a_study_that_fails_leaves_its_sentence_and_the_others_go_on(tmp_path, capsys):
    out = tmp_path / "out"
    (out / "hopfield-digits").mkdir(parents=True)
    (out / "hopfield-digits" / "own.txt").write_text("not a study's")
    words = ("tour", "--out", str(out), "--studies", CHEAP)
    status, _, err = _call(capsys, *words)
    assert status == cli.FAILED
    assert "hopfield-digits failed: " in err and "is not empty and holds no study" in err
    page = (out / "index.html").read_text()
    assert "is not empty and holds no study" in page
    assert "1 of 2 studies failed" in page
    assert f"replicon tour --out {out} --studies {CHEAP} --workers 1" in page
    assert 'http-equiv="refresh"' not in page
    assert page.count("<img") == 2
    (out / "hopfield-digits" / "own.txt").unlink()
    assert _call(capsys, *words)[0] == 0
    assert _traces((out / "index.html").read_text()) == []


def test_a_defect_of_a_study_is_told_by_its_name(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("replicon.view.page.chapter", lambda *_: [][1])
    words = ("tour", "--out", str(tmp_path), "--studies", "attention-weights")
    status, _, err = _call(capsys, *words)
    assert status == cli.FAILED
    assert "attention-weights failed: IndexError: list index out of range" in err
    assert "failed: IndexError" in (tmp_path / "index.html").read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupted_tour_says_what_is_missing_and_how_to_go_on(tmp_path, workers):
    out = tmp_path / "out"
    words = ["--out", str(out), "--studies", "attention-weights,sk-overlap-distribution"]
    process = subprocess.Popen(
        [sys.executable, "-m", "replicon.cli", "tour", *words, "--workers", workers],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    page = out / "index.html"
    for _ in range(2400):
        if page.is_file() and "1 of 2 studies are drawn" in page.read_text():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    text = page.read_text()
    assert "The tour was stopped: 1 of 2 studies are missing" in text
    assert f"replicon tour {' '.join(words)} --workers {workers}" in text
    assert text.count('class="state missing"') == 2
    assert text.count("<img") == 2
    assert 'http-equiv="refresh"' not in text


def test_what_a_study_is_called_is_escaped(tmp_path):
    place = frame.Place("odd", "", "a < b & c", "why <b>?", state="failed: <i>x</i>: y")
    text = frame.write_page([place], tmp_path / "page.html").read_text()
    assert "a &lt; b &amp; c" in text
    assert "failed: &lt;i&gt;x&lt;/i&gt;: y" in text
    assert 'class="state failed"' in text


def test_a_folder_that_cannot_be_made_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(replicon.InputError, match="cannot be made"):
        frame.write_page([], tmp_path / "file" / "site" / "index.html")
