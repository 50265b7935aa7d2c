"""The desk of the theory: every question of a page finds a process that answers it. What follows a
finger never waits for what does not: the lines and regions of a phase diagram have a process of
their own, which stands behind, and what is visited most is compiled ahead in a third.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from replicon.serve.frames import message, read
from replicon.serve.processes import answer_behind, answer_questions
from replicon.serve.solver import Question, Solver

# Seconds after which a question is given up: of a model that may have to be compiled first, and of
# one that was solved before.
COLD_LIMIT = 90.0
LIMIT = 20.0
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


class Desk:
    """`tell(page, message)` sends bytes to a page, '' to all."""

    def __init__(
        self,
        tell: Callable[[str, bytes], None],
        brought: tuple,
        ahead: list[Question],
        limits: tuple[float, float] = (COLD_LIMIT, LIMIT),
    ):
        self._tell = tell
        self._ahead = ahead
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._compiling: dict[str, Question] = {}

        def solver(name: str, run: Callable, ready: Callable = lambda: None) -> Solver:
            def waits(question: Question | None) -> None:
                self._waits(name, question)

            return Solver(run, brought, limits, self._answered, waits, self._replaced, ready)

        self.front = solver("front", answer_questions, self._begun)
        self.behind = solver("behind", answer_behind)
        self._compiler = Solver(answer_behind, brought, limits, self._compiled)

    def begin(self) -> None:
        """Start the process that follows the finger; the others begin when there is need."""
        self.front.begin()

    def stop(self) -> None:
        """End for good."""
        for solver in (self.front, self.behind, self._compiler):
            solver.stop()

    def ask(self, question: Question, patient: bool = False) -> None:
        """Take a question, of a `patient` page behind all that follow a finger; an older one of the
        same place that was not begun is forgotten. InputError for a page that waits for too many.
        """
        solver = self.behind if patient else self.front
        kept = self._kept.get(question.key)
        if kept is not None:
            self._kept.move_to_end(question.key)
            solver.drop(question.page, question.slot)
            self._send(question, kept)
            return
        solver.put(question)

    def forget(self, page: str) -> None:
        """A page has gone."""
        self.front.drop(page)
        self.behind.drop(page)

    def _begun(self) -> None:
        self._tell("", message({"kind": "state", "state": "ready"}))
        if self._ahead and self._compiler.handle is None:
            self._compiler.put(self._ahead.pop(0))

    def _compiled(self, question: Question, data: bytes) -> None:
        """The next of what is compiled ahead, after which nobody needs the process."""
        if "trouble" not in read(data)[0]:
            self._keep(question.key, data)
        if self._ahead:
            self._compiler.put(self._ahead.pop(0))
        else:
            self._compiler.stop()

    def _waits(self, solver: str, question: Question | None) -> None:
        """Tell a page that its question waits for a compilation, or that it does no more."""
        told = self._compiling.pop(solver, None)
        if question is not None:
            self._compiling[solver] = question
            told = question
        if told is None:
            return
        still = [one for one in self._compiling.values() if one.page == told.page]
        if not still:
            self._tell(told.page, message({"kind": "state", "state": "ready"}))
            return
        model = str(still[-1].arguments.get("model", ""))
        seconds = _COMPILING.get(model, _COMPILING_OTHERS)
        state = {"kind": "state", "state": "compiling", "of": model, "seconds": seconds}
        self._tell(told.page, message(state))

    def _replaced(self) -> None:
        self._tell("", message({"kind": "state", "state": "replaced", "of": "theory"}))

    def _answered(self, question: Question, data: bytes) -> None:
        if "trouble" not in read(data)[0]:
            self._keep(question.key, data)
        self._send(question, data)

    def _send(self, question: Question, data: bytes) -> None:
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
