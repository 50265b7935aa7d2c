"""How far a run is and what it is doing: a bar on standard error, or, in a notebook, a line of HTML
that changes in place.
"""

from __future__ import annotations

import html
import importlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from replicon.view.table import duration

_PAUSE = 0.2  # seconds between two changes of a notebook's line: a browser draws no more of use


class Bar(Protocol):
    """What is called after each task with (done, total, series) or, done being -1, with a sentence
    to print; `status` says what is going on meanwhile.
    """

    def __call__(self, done: int, total: int, note: str = "") -> None: ...
    def status(self, what: str) -> None: ...


@contextmanager
def progress(name: str) -> Iterator[Bar]:
    """A bar with what is going on and the time left or, when all is done, the time it took."""
    if (shown := _notebook()) is not None:
        line = _Line(name, shown)
        try:
            yield line
            line.end("done")
        except BaseException:
            line.end("stopped")
            raise
        return
    console = _Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with _TwoLines(*columns, console=console, speed_estimate_period=600) as bar:
        terminal = _Terminal(name, bar)
        yield terminal
        terminal.status("")


def is_watched() -> bool:
    """Whether somebody sees a bar: in a notebook or on a terminal."""
    return _notebook() is not None or sys.stderr.isatty()


class _Console(Console):
    """Standard error; a run goes on where its reader has gone."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


class _TwoLines(Progress):
    """A bar, and below it what is going on."""

    what = ""

    def get_renderables(self) -> Iterator[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if self.what:
            yield Text(f"  {self.what}", style="dim", no_wrap=True, overflow="ellipsis")


class _Terminal:
    def __init__(self, name: str, bar: _TwoLines):
        self.bar = bar
        self.line = bar.add_task(escape(name), total=None)

    def __call__(self, done: int, total: int, note: str = "") -> None:
        if done < 0:
            self.bar.console.print(note, markup=False, highlight=False)
        else:
            self.bar.update(self.line, completed=done, total=total)

    def status(self, what: str) -> None:
        self.bar.what = what
        self.bar.refresh()


def _notebook() -> Any:
    """IPython's module of displays where it runs in a kernel, as in Jupyter; None elsewhere."""
    if "IPython" not in sys.modules:
        return None
    shell = sys.modules["IPython"].get_ipython()
    if getattr(shell, "kernel", None) is None:
        return None
    return importlib.import_module("IPython.display")


class _Line:
    """A bar as HTML; `shown`: IPython's module of displays."""

    def __init__(self, name: str, shown: Any):
        self.name = name
        self.shown = shown
        self.begun = time.monotonic()
        self.changed = self.begun
        self.what = ""
        self.notes: list[str] = []
        self.done = 0
        self.total = 0
        self.kept: int | None = None
        self.handle = shown.display(shown.HTML(self._html()), display_id=True)

    def __call__(self, done: int, total: int, note: str = "") -> None:
        if done < 0:
            self.notes.append(note)
        else:
            self.done = done
            self.total = total
            self.kept = done if self.kept is None else self.kept
        self._show(now=done < 0)

    def status(self, what: str) -> None:
        self.what = what
        self._show(now=True)

    def end(self, what: str) -> None:
        """The last line: what became of it and how long it took."""
        self.what = f"{what} after {duration(time.monotonic() - self.begun)}"
        self._show(now=True)

    def _show(self, *, now: bool) -> None:
        if now or time.monotonic() > self.changed + _PAUSE:
            self.changed = time.monotonic()
            self.handle.update(self.shown.HTML(self._html()))

    def _html(self) -> str:
        known = f' value="{self.done}" max="{self.total}"' if self.total else ""
        count = f" {self.done}/{self.total}" if self.total else ""
        told = ", ".join(text for text in (self.what, self._left()) if text)
        notes = "".join(f"<div>{html.escape(note)}</div>" for note in self.notes)
        return (
            f"<div>{html.escape(self.name)} <progress{known}></progress>{count}"
            f" {html.escape(told)}</div>{notes}"
        )

    def _left(self) -> str:
        """The time left, judged by what this run has done itself."""
        own = self.done - (self.kept or 0)
        if not own or self.done == self.total:
            return ""
        seconds = (time.monotonic() - self.begun) / own * (self.total - self.done)
        return f"about {duration(seconds)} left"
