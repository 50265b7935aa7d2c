"""Learning without being told: a student to whom samples arrive."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from replicon import _seed
from replicon._declare import Interval
from replicon._domains import check_argument, check_seed
from replicon._errors import InputError
from replicon.rbm.instance import draw_samples, draw_teacher
from replicon.rbm.passing import ITERATIONS, ApproximateMessages
from replicon.rbm.posterior import largest_overlap, matched, measure
from replicon.serve.asked import Offer
from replicon.serve.exhibits.rbm_digits import Digits
from replicon.serve.exhibits.rbm_lines import LAST, MANY, line, lines, onsets
from replicon.serve.networks import Mean, View, told_of
from replicon.study.process import started, streams

_LOADS = Interval(0, LAST)
_SIZES = Interval(20, 400, integer=True)
_PART = 20  # parts of N in which samples arrive
_THINKING = 60  # iterations for which further samples wait: most settle in 30 to 50
_SHOWN = 12  # samples in sight
_MOST = 64  # teachers whose students are measured: errors are an eighth of the spread


class Student:
    """A student of a teacher whose samples arrive one after another, by approximate message passing
    begun anew whenever some have come. While the load is held, students of other teachers are
    measured beside it: those that `simulate` draws for the same seed, by the very process.

    A step is an iteration of messages: of the student that is seen, then of the others.
    """

    def __init__(
        self, offer: Offer, *, controls: Mapping, size: Any, seed: Any = 0, arriving: Any = True
    ):
        self.model = offer.model("rbm")
        if not isinstance(controls, Mapping):
            raise InputError("Controls are names with values.")
        self.controls = offer.controls(self.model, {**controls, "method": "amp"}, "simulation")
        self.units = check_argument("hidden", self.controls["hidden"], MANY, "units, watched")
        self.size = check_argument("size", size, _SIZES, "visible units while you watch")
        self.seed = check_seed(seed)
        self.arriving = arriving is True
        self.steps = 0
        self._limit(self.controls["load"])
        self._draw()
        self._learn()
        self.believed = self.messages.posterior()
        self.believed_load = self.load

    def _limit(self, load: Any) -> float:
        return float(check_argument("load", load, _LOADS, "samples per visible unit, watched"))

    def _draw(self) -> None:
        """The teacher and the first samples, which stay when the load changes."""
        correlation = self.controls["correlation"]
        # A teacher stays whatever its student knows: how much data there are, and what prior.
        told = {**self.controls, "load": 0.0, "prior": "informed"}
        self._rng = _seed.generator(streams(self.model, told, self.size, 1, self.seed)[0])
        self.teacher = draw_teacher(self.size, self.units, correlation, self._rng)
        # In this order the sites at which all of the teacher's rows agree come first.
        self.order = np.argsort(-np.abs(self.teacher.sum(axis=1)), kind="stable")
        self.samples = np.empty((0, self.size))
        self.count = 0 if self.arriving else round(self.controls["load"] * self.size)
        self._forget()

    def _forget(self) -> None:
        """What was measured of other teachers belongs to another load."""
        self.rows: list[dict[str, float]] = []
        self._other: Any = None

    def _learn(self) -> None:
        """The student begins anew with the samples that are there."""
        beta = self.controls["inverse_temperature"]
        while len(self.samples) < self.count:  # N at a time: the same however they are asked for
            more = draw_samples(self.teacher, self.size, beta, self._rng)
            self.samples = np.concatenate([self.samples, more])
        guess = self.controls["correlation"] if self.controls["prior"] == "informed" else 0.0
        # Its first messages are the same however the samples came.
        rng = np.random.default_rng([self.seed, self.count])
        data = self.samples[: self.count]
        self.messages = ApproximateMessages(data, beta, guess, self.units, rng)
        self.trace = [largest_overlap(self.messages.means, self.teacher)]

    def _think(self, count: int) -> None:
        """So many iterations; what the student believes is seen once it has settled on it."""
        for _ in range(count):
            if self.messages.settled:
                break
            self.messages.step(1)
            self.trace.append(largest_overlap(self.messages.means, self.teacher))
        if self._thought:
            self.believed = self.messages.posterior()
            self.believed_load = self.load

    @property
    def load(self) -> float:
        return self.count / self.size

    @property
    def done(self) -> bool:
        return not self.arriving and len(self.rows) >= _MOST

    @property
    def _thought(self) -> bool:
        """Whether the student has thought about its samples for as long as it is left to."""
        return self.messages.settled or self.messages.iterations >= _THINKING

    def step(self, count: int) -> None:
        """So many iterations; samples arrive when the student has settled, or thought long."""
        for _ in range(count):
            self._turn()
            self.steps += 1

    def _turn(self) -> None:
        if not self._thought:
            self._think(1)
        elif self.arriving and self.load < _LOADS.high:
            self.deliver()
        elif not self.done:
            self.arriving = False
            self._turn_other()

    def deliver(self) -> None:
        """Some more samples arrive."""
        most = round(_LOADS.high * self.size)
        self.count = min(most, self.count + max(1, self.size // _PART))
        self.controls["load"] = self.load
        self._forget()
        self._learn()

    def _turn_other(self) -> None:
        """An iteration of a student of another teacher, the next sample of `simulate`."""
        if self._other is None:
            asked = (self.model, self.controls, self.size, len(self.rows) + 1, self.seed)
            self._other = started(*asked)
        self._other.step(1)
        if self._other.done or len(self._other.history) > ITERATIONS["amp"]:
            self.rows.append(self._other.measure())
            self._other = None

    def set(self, name: str, value: Any) -> None:
        """The load: samples come or go, and it is held."""
        if name != "load":
            raise InputError(f"{name} belongs to the teacher: start again with another value.")
        self.count = round(self._limit(value) * self.size)
        self.controls["load"] = self.load
        self.arriving = False
        self._forget()
        self._learn()

    def act(self, name: str, *, arriving: Any = True) -> None:
        """`arrive`: whether samples go on arriving; `deliver`: some more, and the student thinks
        about them.
        """
        if name == "arrive":
            self.arriving = arriving is True
            self._forget()
        elif name == "deliver":
            self.deliver()
            self._think(_THINKING)
        else:
            raise InputError(f"A student does not know how to {_told(name)}: arrive or deliver.")

    def view(self) -> View:
        """Sites at which the teacher's rows agree first: `teacher` and `student` (K, N), `samples`
        the newest first; `learning`, the teacher overlap after each iteration, a curve a start of
        the messages; `state` [samples, iterations, whether they rest, sites that agree, other
        teachers measured, whether samples arrive, load of what the student believes].
        """
        newest = self.samples[max(0, self.count - _SHOWN) : self.count][::-1]
        alike = int((np.abs(self.teacher.sum(axis=1)) == self.units).sum())
        state = [self.count, self.messages.iterations, self.messages.settled, alike]
        state += [len(self.rows), self.arriving, self.believed_load]
        return {
            "teacher": ("weights", self.teacher[self.order].T),
            "student": ("weights", matched(self.believed.mean, self.teacher)[self.order].T),
            "samples": ("spins", newest[:, self.order]),
            "learning": ("trajectory", np.array(self.trace)),
            "state": ("", np.array(state, float)),
        }

    def told(self) -> dict[str, Any]:
        """What is known from the start."""
        return told_of(self.model, self.controls, self.size, self.seed)

    def measured(self) -> dict[str, dict[str, Any]]:
        """{observable: `Mean`}: now, of the student that is seen; mean and error over the other
        teachers, NaN entropies of messages that did not rest left out.
        """
        now = measure(self.believed, self.teacher)._asdict()
        return {name: self._mean(name, value)._asdict() for name, value in now.items()}

    def _mean(self, name: str, now: float) -> Mean:
        values = np.array([row[name] for row in self.rows])
        values = values[np.isfinite(values)]
        count = len(values)
        mean = float(values.mean()) if count else math.nan
        error = float(values.std(ddof=1)) / math.sqrt(count) if count > 2 else math.nan
        return Mean(now, mean, error, math.nan)


def _told(name: Any) -> str:
    return f"'{name}'" if isinstance(name, str) and len(name) < 40 else "do that"


QUESTIONS = {"rbm.lines": lines, "rbm.line": line, "rbm.onsets": onsets}
NETWORKS = {"rbm.student": Student, "rbm.digits": Digits}
