"""A bar of progress on standard error, with the time that is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress(name: str) -> Iterator[Callable]:
    """A bar; what it yields is called with (done, total, what is done) or, done being -1, with a
    sentence to print. Shown are the time left and, when all is done, the time it took.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with Progress(*columns, console=console, speed_estimate_period=600) as bar:
        line = bar.add_task(name, total=None)

        def advance(done: int, total: int, note: str = "") -> None:
            if done < 0:
                console.print(note)
            else:
                bar.update(line, completed=done, total=total)

        yield advance
