"""Workers: processes joined by pipes alone, killed ones answered by a sentence, Ctrl-C heard,
scripts without a guard.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import replicon
from replicon.study import records
from replicon.study.store import Store
from replicon.study.workers import in_processes

# No theory and no compiled code: what workers import they import in each test anew.
MODEL = """
import time
from replicon import Control, InputError, Interval, Model, Observable

def sample(c, size, rng):
    time.sleep(c.seconds)
    if c.field > 10:
        raise InputError("field is too much for a worker")
    return {"bias": rng.normal(c.field)}

model = Model(name="odd", title="Odd", controls=(
        Control("field", "h", 0.1, Interval(), "field"),
        Control("seconds", "t", 0.0, Interval(0), "seconds that a sample takes")),
    observables=(Observable("bias", "m", "mean", role="simulation"),), sample=sample)
"""
STUDY = """
[[simulation]]
name = "points"
model = "odd.py"
sizes = [4]
samples = 4
controls = {{ field = "0.5:{last}:{count}", seconds = {seconds} }}
"""


@pytest.fixture
def study(tmp_path):
    def write(count=12, seconds=0.0, last=1.5):
        (tmp_path / "odd.py").write_text(MODEL)
        path = tmp_path / "many.toml"
        path.write_text(STUDY.format(count=count, seconds=seconds, last=last))
        return path

    return write


def _children(pid):
    """Processes begun by one, and by these."""
    found = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [deeper for child in found for deeper in _children(child)]


def _workers_of(pid):
    """Its workers; the tracker of resources is none."""
    told = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in _children(pid)}
    return [child for child, command in told.items() if b"LokyProcess" in command]


def _listening(pids):
    """Inodes of the sockets of these processes at which somebody of this machine could knock."""
    listening = set()
    for name in ("tcp", "tcp6"):
        path = Path(f"/proc/net/{name}")
        rows = [line.split() for line in path.read_text().splitlines()[1:]] if path.exists() else []
        listening |= {row[9] for row in rows if row[3] == "0A"}
    # Sockets of Unix, those that have a name or accept connections.
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        row = line.split()
        if len(row) > 7 or int(row[3], 16) & 0x10000:
            listening.add(row[6])
    held = set()
    for pid in pids:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = os.readlink(file)
            except OSError:
                continue
            if target.startswith("socket:["):
                held.add(target[8:-1])
    return held & listening


def test_workers_open_no_door_and_are_gone_when_a_study_ends(study, tmp_path):
    """Workers kept idle for the next one may leave just when it hands them its tasks."""
    before, seen, workers = _listening([os.getpid()]), set(), set()

    def look(done, total, name):
        seen.update(_listening([os.getpid(), *_children(os.getpid())]))
        workers.update(_workers_of(os.getpid()))

    two = replicon.run_study(study(), out=tmp_path / "two", workers=2, progress=look)
    assert len(workers) == 2
    assert _workers_of(os.getpid()) == []
    assert seen - before == set()
    one = replicon.run_study(study(), out=tmp_path / "one")
    np.testing.assert_array_equal(one["points"]["bias"], two["points"]["bias"])
    # The look finds a door where there is one.
    import socket

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        assert _listening([os.getpid()]) - before


SCRIPT = """
import sys
import replicon
replicon.run_study(sys.argv[1], out=sys.argv[2], workers=2)
print("ended")
"""


def _two_workers(path: Path, out: Path, **how) -> subprocess.Popen:
    """A study running on the command line, its messages kept."""
    command = [sys.executable, "-m", "replicon.cli", "run", str(path), "--out", str(out)]
    command += ["--workers", "2"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **how)


def test_a_killed_worker_gets_one_sentence_and_what_was_finished_is_kept(study, tmp_path):
    path, out = study(count=200, seconds=0.02), tmp_path / "out"
    process = _two_workers(path, out)
    for _ in range(1200):
        kept = len(Store(out).found().records) if (out / "points").is_dir() else 0
        workers = _workers_of(process.pid)
        if kept >= 4 and workers:
            break
        time.sleep(0.05)
    os.kill(workers[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 2
    assert "A worker was killed, perhaps for want of memory: what was finished is kept" in errors
    assert "Traceback" not in errors
    assert len(Store(out).found().records) >= kept
    assert not (out / "running.lock").exists()


def test_interrupted_workers_end_and_what_was_finished_is_kept(study, tmp_path):
    path, out = study(count=200, seconds=0.02), tmp_path / "out"
    process = _two_workers(
        path,
        out,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    for _ in range(1200):
        if (out / "points").is_dir() and len(Store(out).found().records) >= 4:
            break
        time.sleep(0.05)
    started = _children(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 130
    assert "run the same command to continue" in errors
    assert "Traceback" not in errors
    assert len(started) >= 2
    for _ in range(100):
        left = [
            pid
            for pid in started
            if Path(f"/proc/{pid}").exists()
            and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
        ]
        if not left:
            break
        time.sleep(0.1)
    assert left == []


def test_a_script_needs_no_guard(study, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py", study(), tmp_path / "out"],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "ended\n", done.stderr


def test_a_sentence_of_a_worker_arrives(study, tmp_path):
    with pytest.raises(replicon.InputError, match=r"^field is too much for a worker$"):
        replicon.run_study(study(last=20), out=tmp_path / "out", workers=2)


@pytest.mark.filterwarnings("error")
def test_a_disk_that_fills_up_ends_the_workers_too(study, tmp_path, monkeypatch):
    add, added = records.Writer.add, []

    def full(self, record):
        if len(added) == 3:
            raise replicon.StoreError("the disk is full")
        added.append(add(self, record))

    monkeypatch.setattr(records.Writer, "add", full)
    with pytest.raises(replicon.StoreError, match="the disk is full"):
        replicon.run_study(study(), out=tmp_path / "out", workers=2)
    assert len(Store(tmp_path / "out").found().records) == 3


@pytest.mark.slow
def test_a_worker_that_has_grown_is_replaced_without_a_word():
    """Where warnings are errors, as here, the thread that hands out the tasks died of that word and
    the study hung.
    """

    def grow(number):
        import sys
        import time

        sys.kept = [*getattr(sys, "kept", ()), bytes(150_000_000)]  # pyright: ignore
        time.sleep(1.1)  # the worker looks at its memory once a second
        return number

    found = dict(in_processes(grow, {k: k for k in range(8)}, 2))
    assert found == {k: k for k in range(8)}
