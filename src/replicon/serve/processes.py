"""A process behind the page: the handle by which the server speaks to it, and what runs in the one
of theory (`running` has the one of networks). Both may be killed at any moment and are then
replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from replicon._domains import show
from replicon._errors import InputError, RepliconError
from replicon.serve.asked import Offer
from replicon.serve.frames import message

_UNREAD = 64  # values of a process that wait for the server, after which the process waits
_UNSAID = 512  # values that wait for a process, after which pages wait
SHORT_LIFE = 5.0  # seconds; a process that ends before is begun again after a pause
PAUSE = 0.5  # seconds
_PART = 0.4  # of the machine's memory, for each of two processes
_BEHIND = 15  # how far a process that nobody waits for stands behind all others
_LEAST_MEMORY = 4 << 30  # bytes: address space of compiled code and threads counts too

_starting = threading.Lock()


class Handle:
    """A process of ours at the end of a pipe. The event loop that made it is called:
    `heard(value)` for whatever it says, `ended()` once, when it is gone. The loop never waits for
    the process, neither to begin nor to listen: threads do, and hold a few values at most.
    """

    def __init__(
        self, run: Callable, arguments: tuple, heard: Callable[[Any], None], ended: Callable
    ):
        self._loop = asyncio.get_running_loop()
        self._context: Any = multiprocessing.get_context(_way())
        self._ours, theirs = self._context.Pipe()
        self._unsaid: queue.SimpleQueue = queue.SimpleQueue()
        self._room = threading.Semaphore(_UNREAD)
        self._killed = False
        self.process: BaseProcess | None = None
        self.begun = time.monotonic()
        live = (run, (theirs, *arguments), heard, ended)
        threading.Thread(target=self._live, args=live, daemon=True).start()

    @property
    def full(self) -> bool:
        """Whether it has not listened for long: better to wait than to say more."""
        return self._unsaid.qsize() >= _UNSAID

    @property
    def short_lived(self) -> bool:
        """Whether it is young: where it has ended, there may be a reason that will end the next."""
        return time.monotonic() - self.begun < SHORT_LIFE

    def say(self, value: Any) -> None:
        """Hand it something to do; nothing happens where it is gone already."""
        self._unsaid.put(value)

    def kill(self) -> None:
        """End it now, whatever it does."""
        self._killed = True
        if self.process is not None:
            self.process.kill()

    def _live(self, run: Callable, arguments: tuple, heard: Callable, ended: Callable) -> None:
        with contextlib.suppress(OSError, EOFError):
            with _starting:
                process = self._context.Process(target=run, args=arguments, daemon=True)
                process.start()
            arguments[0].close()
            self.process = process
            if self._killed:
                process.kill()
            threading.Thread(target=self._speak, daemon=True).start()
            while True:
                value = self._ours.recv()
                self._room.acquire()
                self._call(self._hear, heard, value)
        self._unsaid.put(None)
        self._call(ended)

    def _speak(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for value in iter(self._unsaid.get, None):
                self._ours.send(value)

    def _hear(self, heard: Callable[[Any], None], value: Any) -> None:
        self._room.release()
        heard(value)

    def _call(self, function: Callable, *values: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to hear
            self._loop.call_soon_threadsafe(function, *values)


def preload() -> None:
    """Let new processes be copies of one that has imported what they need, where the system can,
    and let that one begin: it imports while the server does.
    """
    if _way() == "forkserver":
        from multiprocessing import forkserver

        forkserver.set_forkserver_preload(["replicon.serve.preloaded"])
        forkserver.ensure_running()


def _way() -> str:
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def begin() -> None:
    """A process of ours: Ctrl-C belongs to the server, warnings are its business alone, and it may
    take a part of the machine's memory, so that what a page asks for ends in a sentence and not in
    the end of other programs.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    with contextlib.suppress(ImportError, ValueError, OSError):  # where the system has no such
        import resource

        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (max(_LEAST_MEMORY, int(_PART * whole)), most))


def answer_questions(pipe: Connection, models: tuple[str, ...], files: Mapping[str, str]) -> None:
    """The process of theory: (ticket, question, arguments) in, (ticket, message) out."""
    begin()
    from replicon.serve.exhibits import questions

    offer = Offer(models, files)
    known = questions()
    pipe.send(("ready", None))
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            ticket, question, arguments = pipe.recv()
            pipe.send((ticket, _answered(known, offer, question, arguments)))


def answer_behind(pipe: Connection, models: tuple[str, ...], files: Mapping[str, str]) -> None:
    """The same behind all that moves under a finger: it takes what they leave of the machine, and
    what it compiles the others find on disk.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_BEHIND)
    answer_questions(pipe, models, files)


def _answered(known: Mapping[str, Callable], offer: Offer, question: str, arguments: Any) -> bytes:
    begun = time.perf_counter()
    try:
        header, arrays = named(known, "question", question)(offer, **arguments)
        return message({"took": time.perf_counter() - begun, **header}, arrays)
    except Exception as error:  # whatever a page asks, the next question is answered
        return message({"trouble": explained(error)})


def named(known: Mapping[str, Callable], kind: str, name: Any) -> Callable:
    """What has a name that a page gave; InputError where there is no such thing."""
    if not isinstance(name, str) or name not in known:
        raise InputError(f"There is no {kind} {show(name)} on this page.")
    return known[name]


def explained(error: Exception) -> str:
    """What a page is told about an error: our own sentences as they are."""
    if isinstance(error, RepliconError):
        return str(error)
    return f"This question could not be answered ({type(error).__name__}): ask it otherwise."
