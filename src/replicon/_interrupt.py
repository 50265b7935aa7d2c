"""Ctrl-C that is always heard."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heard_interrupts() -> Iterator[None]:
    """Raise a KeyboardInterrupt again that was swallowed: where it meets a callback of the garbage
    collector, and JAX has one, Python only prints it and goes on.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return

    def again(number, frame):
        raise KeyboardInterrupt

    def unraisable(given):
        if isinstance(given.exc_value, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
        else:
            hook(given)

    hook = sys.unraisablehook
    handler = signal.signal(signal.SIGALRM, again)
    sys.unraisablehook = unraisable
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # what comes later would end the program
        sys.unraisablehook = hook
        signal.signal(signal.SIGALRM, handler)
