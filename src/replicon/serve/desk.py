"""The desk of the theory: questions of all pages in a queue where the newest wins, one at a time
handed to a process that is replaced when it takes too long.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from replicon.serve.frames import message, read
from replicon.serve.processes import PAUSE, Handle, answer_questions, compile_ahead
from replicon.serve.turns import Turns

# Seconds after which a question is given up: of a model that may have to be compiled first, and of
# one that was solved before.
COLD_LIMIT = 90.0
LIMIT = 20.0
_ENDED = "The process that solves the equations ended twice over this question: ask it otherwise."
_KEPT = 48_000_000  # bytes of answers that are kept
# Seconds of a first answer from an empty cache (benchmarks/cold_start.py, two cores).
_COMPILING = {
    "hopfield": 3,
    "perceptron": 5,
    "perceptron-landscape": 8,
    "perceptron-clusters": 6,
    "rbm": 6,
    "recurrent-dynamics": 4,
    "recurrent-pseudo-potential": 6,
}
_COMPILING_OTHERS = 4


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


class Desk:
    """`tell(page, message)` sends bytes to a page, '' to all. Everything runs in the event loop but
    the process itself.
    """

    def __init__(
        self,
        tell: Callable[[str, bytes], None],
        brought: tuple,
        ahead: list[Question],
        limits: tuple[float, float] = (COLD_LIMIT, LIMIT),
    ):
        self._tell = tell
        self._brought = brought
        self._ahead = ahead
        self._limits = limits
        self._waiting = Turns()
        self._current: Question | None = None
        self._ticket = 0
        self._known: set[str] = set()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._ready = False
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self._why = ""
        self._asked_again: Question | None = None
        self.handle: Handle | None = None
        self._beside: Handle | None = None

    def begin(self) -> None:
        """Start the process; called again whenever one has ended."""
        self._ready = False
        self._known.clear()
        self.handle = Handle(answer_questions, self._brought, self._heard, self._ended)

    def stop(self) -> None:
        """End for good."""
        self._stopped = True
        for handle in (self.handle, self._beside):
            if handle:
                handle.kill()

    def ask(self, question: Question) -> None:
        """Take a question; an older one of the same place that was not begun is forgotten.
        InputError for a page that waits for too many.
        """
        kept = self._kept.get(question.key)
        if kept is not None:
            self._kept.move_to_end(question.key)
            self._waiting.drop(question.page, question.slot)
            self._answer(question, kept)
            return
        self._waiting.put(question.page, question.slot, question)
        self._next()

    def forget(self, page: str) -> None:
        """A page has gone."""
        self._waiting.drop(page)

    def _next(self) -> None:
        if self._current is not None or not self._ready or self.handle is None:
            return
        if self._waiting:
            self._hand(self._waiting.take())

    def _compile_ahead(self) -> None:
        """The most visited models, in a process beside: nobody waits for it."""
        if self._ahead and self._beside is None:
            self._beside = Handle(compile_ahead, self._brought, self._compiled, lambda: None)

    def _compiled(self, value: Any) -> None:
        ticket, data = value
        if ticket != "ready":
            question = self._ahead.pop(0)
            if "trouble" not in read(data)[0]:
                self._keep(question.key, data)
        assert self._beside is not None
        if not self._ahead:
            self._beside.kill()
            return
        question = self._ahead[0]
        self._beside.say((0, question.name, dict(question.arguments)))

    def _hand(self, question: Question) -> None:
        self._current = question
        self._ticket += 1
        cold = question.subject not in self._known
        if cold:
            model = str(question.arguments.get("model", ""))
            seconds = _COMPILING.get(model, _COMPILING_OTHERS)
            self._tell(
                question.page,
                message({"kind": "state", "state": "compiling", "of": model, "seconds": seconds}),
            )
        assert self.handle is not None
        self.handle.say((self._ticket, question.name, dict(question.arguments)))
        limit = self._limits[0] if cold else self._limits[1]
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(limit, self._too_long, self._ticket, limit)

    def _too_long(self, ticket: int, limit: float) -> None:
        if ticket == self._ticket and self._current is not None and self.handle:
            self._why = f"The theory of this point took longer than {limit:g} s and was stopped."
            self.handle.kill()

    def _heard(self, value: Any) -> None:
        ticket, data = value
        if ticket == "ready":
            self._ready = True
            self._tell("", message({"kind": "state", "state": "ready"}))
            self._compile_ahead()
            self._next()
            return
        question = self._current
        if ticket != self._ticket or question is None:
            return
        self._done()
        answered = "trouble" not in read(data)[0]
        if question.subject not in self._known:
            self._tell(question.page, message({"kind": "state", "state": "ready"}))
        if answered:
            self._known.add(question.subject)
            self._keep(question.key, data)
        self._answer(question, data)
        self._next()

    def _ended(self) -> None:
        """The process is gone: say so, and begin another."""
        if self._stopped or self.handle is None:
            return
        question = self._current
        why = self._why
        self._why = ""
        self._done()
        self._tell("", message({"kind": "state", "state": "replaced", "of": "theory"}))
        if question is not None and not self._ask_again(question, why):
            self._answer(question, message({"trouble": why or _ENDED, "stopped": True}))
        self._ready = False
        pause = PAUSE if self.handle.short_lived else 0.0
        asyncio.get_running_loop().call_later(pause, self._again)

    def _ask_again(self, question: Question, why: str) -> bool:
        """Whether a question during which the process ended for no reason of ours waits again, or
        a newer one in its place: once, since it may be the reason.
        """
        if why or question is self._asked_again or not question.page:
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

    def _answer(self, question: Question, data: bytes) -> None:
        if question.page:
            head = message({"kind": "answer", "slot": question.slot, "number": question.number})
            self._tell(question.page, head + data)

    def _keep(self, key: str, data: bytes) -> None:
        """Keep an answer, by what was asked; the least used give way."""
        if key in self._kept or len(data) > _KEPT // 16:
            return
        self._kept[key] = data
        self._bytes += len(key) + len(data)
        while self._bytes > _KEPT:
            old = self._kept.popitem(last=False)
            self._bytes -= len(old[0]) + len(old[1])
