"""Ctrl-C that is always heard, and never where it would do harm."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def heard_interrupts() -> Iterator[None]:
    """Raise a KeyboardInterrupt again that was swallowed: where it meets a callback of the garbage
    collector, and JAX has one, Python only prints it and goes on. Let one that meets an import wait
    until the module is there: a compiled one that is torn while it is loaded (JAX's is) may take
    the process with it. A second Ctrl-C waits for nothing.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return

    def heard(number, frame):
        waits, _ = signal.setitimer(signal.ITIMER_REAL, 0)  # one that was to be heard later
        if waits or not _imports(frame):
            raise KeyboardInterrupt
        signal.setitimer(signal.ITIMER_REAL, 0.05)

    def unraisable(given):
        if isinstance(given.exc_value, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
        else:
            hook(given)

    hook = sys.unraisablehook
    alarm = signal.signal(signal.SIGALRM, heard)
    interrupt = signal.getsignal(signal.SIGINT)
    if interrupt is signal.default_int_handler:  # else it is ignored, or somebody else's
        signal.signal(signal.SIGINT, heard)
    sys.unraisablehook = unraisable
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # what comes later would end the program
        sys.unraisablehook = hook
        if interrupt is signal.default_int_handler:
            signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGALRM, alarm)


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported where this frame stands."""
    while frame is not None and frame.f_code.co_filename != "<frozen importlib._bootstrap>":
        frame = frame.f_back
    return frame is not None
