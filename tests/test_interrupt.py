"""Ctrl-C at bad moments."""

import importlib
import signal
import subprocess
import sys
import time

import pytest

from replicon._interrupt import heard_interrupts

PRESS = "import os, signal, sys, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(0.1)\n"


def _import_and_go_on(name):
    with heard_interrupts():
        importlib.import_module(name)
        time.sleep(10)  # heard soon after the import


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_waits_for_an_import_and_a_second_one_does_not(tmp_path, monkeypatch, presses):
    name = f"pressed_{presses}"
    tmp_path.joinpath(f"{name}.py").write_text(PRESS * presses + "whole = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    with pytest.raises(KeyboardInterrupt):
        _import_and_go_on(name)
    signal.signal(signal.SIGINT, ours)
    assert hasattr(sys.modules.get(name), "whole") == (presses == 1)
    sys.modules.pop(name, None)


def test_ctrl_c_in_a_text_that_is_executed_leaves_the_exit_status(tmp_path):
    pressed = "import os, signal; os.kill(os.getpid(), signal.SIGINT);" * 2
    file = tmp_path / "mine.py"
    file.write_text(f"exec({pressed!r})\n")
    words = [sys.executable, "-m", "replicon.cli", "solve", str(file)]
    asked = subprocess.run(
        words,
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert (asked.returncode, asked.stderr) == (130, "Interrupted: nothing was kept.\n")
