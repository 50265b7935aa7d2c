"""A process of theory and the questions of all pages that wait for it: one at a time is handed
over, of a place the newest, and the process is replaced when it takes too long or has ended.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from replicon.serve.frames import message, read
from replicon.serve.processes import PAUSE, Handle
from replicon.serve.turns import Turns

_ENDED = "The process that solves the equations ended twice over this question: ask it otherwise."


class Question(NamedTuple):
    """What a page asks: who, in which place of the page, the page's number of it, and what."""

    page: str
    slot: str
    number: int
    name: str
    arguments: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What it asks, as text: the same text has the same answer."""
        return json.dumps([self.name, self.arguments], sort_keys=True)

    @property
    def subject(self) -> str:
        """What is compiled for it: the model and branch, or the question of an exhibit."""
        told = [self.name if "." in self.name or self.name == "line" else "solve"]
        told += [str(self.arguments.get(name, "")) for name in ("model", "branch", "name")]
        return " ".join(told)


class Solver:
    """`run` is what the process does, with `brought`; `limits` are seconds of a question whose
    model may have to be compiled first, and of one of a kind that was answered before.
    `answered(question, data)` takes an answer, `waits(question)` is told of what may be compiled
    now (None: of nothing any more), `replaced()` of a process that has ended, `ready()` of one that
    begins. Everything runs in the event loop but the process itself.
    """

    def __init__(
        self,
        run: Callable,
        brought: tuple,
        limits: tuple[float, float],
        answered: Callable[[Question, bytes], None],
        waits: Callable[[Question | None], None] = lambda question: None,
        replaced: Callable[[], None] = lambda: None,
        ready: Callable[[], None] = lambda: None,
    ):
        self._run = run
        self._brought = brought
        self._limits = limits
        self._answered = answered
        self._waits = waits
        self._replaced = replaced
        self._told_ready = ready
        self._waiting = Turns()
        self._current: Question | None = None
        self._ticket = 0
        self._known: set[str] = set()
        self._ready = False
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self._why = ""
        self._asked_again: Question | None = None
        self.handle: Handle | None = None

    def begin(self) -> None:
        """Start the process; called again whenever one has ended."""
        self._ready = False
        self._known.clear()
        self.handle = Handle(self._run, self._brought, self.heard, self._ended)

    def stop(self) -> None:
        """End for good."""
        self._stopped = True
        if self.handle:
            self.handle.kill()

    def put(self, question: Question) -> None:
        """Take a question; an older one of the same place that was not begun is forgotten.
        InputError for a page that waits for too many.
        """
        self._waiting.put(question.page, question.slot, question)
        if self.handle is None:
            self.begin()
        self._next()

    def drop(self, page: str, slot: str = "") -> None:
        """Forget what waits in a place, or of a page that has gone."""
        self._waiting.drop(page, slot)

    def _next(self) -> None:
        if self._current is not None or not self._ready or self.handle is None:
            return
        if self._waiting:
            self._hand(self._waiting.take())

    def _hand(self, question: Question) -> None:
        self._current = question
        self._ticket += 1
        cold = question.subject not in self._known
        if cold:
            self._waits(question)
        assert self.handle is not None
        self.handle.say((self._ticket, question.name, dict(question.arguments)))
        limit = self._limits[0] if cold else self._limits[1]
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(limit, self._too_long, self._ticket, limit)

    def _too_long(self, ticket: int, limit: float) -> None:
        if ticket == self._ticket and self._current is not None and self.handle:
            self._why = f"The theory of this point took longer than {limit:g} s and was stopped."
            self.handle.kill()

    def heard(self, value: Any) -> None:
        """What the process says: that it is ready, or (ticket, answer)."""
        ticket, data = value
        if ticket == "ready":
            self._ready = True
            self._told_ready()
            self._next()
            return
        question = self._current
        if ticket != self._ticket or question is None:
            return
        self._done()
        if question.subject not in self._known:
            self._waits(None)
        if "trouble" not in read(data)[0]:
            self._known.add(question.subject)
        self._answered(question, data)
        self._next()

    def _ended(self) -> None:
        """The process is gone: say so, and begin another."""
        if self._stopped or self.handle is None:
            return
        question = self._current
        why = self._why
        self._why = ""
        self._done()
        self._waits(None)
        self._replaced()
        if question is not None and not self._ask_again(question, why):
            self._answered(question, message({"trouble": why or _ENDED, "stopped": True}))
        self._ready = False
        pause = PAUSE if self.handle.short_lived else 0.0
        asyncio.get_running_loop().call_later(pause, self._again)

    def _ask_again(self, question: Question, why: str) -> bool:
        """Whether a question during which the process ended for no reason of ours waits again, or
        a newer one in its place: once, since it may be the reason.
        """
        if why or question is self._asked_again:
            return False
        self._asked_again = question
        if self._waiting.get(question.page, question.slot) is None:
            self._waiting.put(question.page, question.slot, question)
        return True

    def _again(self) -> None:
        if not self._stopped:
            self.begin()

    def _done(self) -> None:
        self._current = None
        if self._timer:
            self._timer.cancel()
