"""A student of one hidden unit that is more, or less, sure of its samples than it should be: lines
of theory against the load, and message passing on one teacher's samples after another's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from replicon._domains import Interval, check_argument, check_seed
from replicon.serve.asked import Offer
from replicon.serve.networks import Exhibited, Mean, View, told_of
from replicon.serve.theory import Answer
from replicon.study import ask, verdict
from replicon.study.process import started

LAST = 6.0  # load, the end of the axis
_MODEL = "rbm-unmatched"
_SHOWN = ("teacher_overlap", "overlap", "entropy", "thermodynamic_entropy", "convergence_time")
_ENDS = ("spin-glass", "retrieval", "entropy-crisis", "zero-entropy")
_LOAD = Interval(0, LAST)
_POINTS = Interval(2, 128, integer=True)
_SIZE = Interval(20, 1000, integer=True)
_SWEEPS = 1500  # of an instance at most
_KEPT = 500  # instances that are averaged over
_FEW = 3  # from which an error is quoted
_WAIT = 40  # steps for which an instance that has ended is shown


def lines(
    offer: Offer,
    *,
    model: Any,
    inverse_temperature: Any,
    teacher_inverse_temperature: Any,
    count: Any = 64,
    ends: Any = False,
) -> Answer:
    """Branch replica-symmetric against the load: `load` (count,), every observable, `stable`; in
    the header, if `ends`, the loads of transitions, NaN where there is none.
    """
    asked = offer.model(model if model == _MODEL else "")
    count = check_argument("count", count, _POINTS, "points of a line")
    given = {
        "inverse_temperature": inverse_temperature,
        "teacher_inverse_temperature": teacher_inverse_temperature,
    }
    at = offer.controls(asked, given, "theory")
    loads = np.linspace(LAST / count, LAST, count)
    table = [{**at, "load": float(load)} for load in loads]
    values = ask.solved_values(asked, "replica-symmetric", table)
    there = values["converged"]
    arrays = {name: np.where(there, values[name], np.nan) for name in _SHOWN}
    arrays |= {"load": loads, "stable": values["stable"].astype(float)}
    del at["load"]
    shown = _ENDS if ends is True else ()
    found = {name: verdict.transition_value(asked, name, at) for name in shown}
    return {**at, "ends": found}, arrays


class Students(Exhibited):
    """Message passing on the samples of one teacher after another, those that `simulate` draws for
    the same seed. A step is a sweep; an instance ends when its messages rest, or after 1500.
    """

    def __init__(self, offer: Offer, *, controls: Mapping, size: Any, seed: Any = 0):
        self.model = offer.model(_MODEL)
        asked = offer.controls(self.model, controls, "simulation")
        check_argument("load", asked["load"], _LOAD, "samples per visible unit, watched")
        self.controls = {**asked, "method": "amp", "sweeps": _SWEEPS}
        self.size = check_argument("size", size, _SIZE, "visible units while you watch")
        self.seed = check_seed(seed)
        self.rows: list[dict[str, float]] = []
        self.begun = 0
        self._begin()

    def _begin(self) -> None:
        self.begun += 1
        asked = (self.model, self.controls, self.size, self.begun, self.seed)
        self.process: Any = started(*asked)
        self.rest = _WAIT

    @property
    def _sweeps(self) -> int:
        return len(self.process.history) - 1

    @property
    def _ended(self) -> bool:
        return self.process.done or self._sweeps >= _SWEEPS

    def step(self, count: int) -> None:
        """So many sweeps, of one instance after another."""
        for _ in range(count):
            self.steps += 1
            if not self._ended:
                self.process.step(1)
                if self._ended:
                    self.rows = [*self.rows[1 - _KEPT :], self.process.measure()]
            elif self.rest:
                self.rest -= 1
            else:
                self._begin()

    def view(self) -> View:
        """`fields` (2, N), teacher and student; `learning` (sweeps + 1, 2), T and q; `state`
        [sweeps, whether they rest, instances that have ended, share of them at rest].
        """
        view = self.process.view()
        rested = [row["converged_fraction"] for row in self.rows]
        share = float(np.mean(rested)) if rested else math.nan
        state = [self._sweeps, self.process.done, len(self.rows), share]
        return {
            "fields": ("weights", view["receptive_fields"]),
            "learning": ("trajectory", view["learning"]),
            "state": ("", np.array(state, float)),
        }

    def measured(self) -> dict[str, dict[str, Any]]:
        """{observable: `Mean`}, over the instances that have ended; entropies of those at rest."""
        now = self.process.measure()
        return {name: self._mean(name, now[name])._asdict() for name in _SHOWN}

    def _mean(self, name: str, now: float) -> Mean:
        values = np.array([row[name] for row in self.rows])
        values = values[np.isfinite(values)]
        mean = float(values.mean()) if len(values) else math.nan
        many = len(values) >= _FEW
        error = float(values.std(ddof=1)) / math.sqrt(len(values)) if many else math.nan
        return Mean(float(now), mean, error, math.nan)

    def told(self) -> dict[str, Any]:
        """What is known from the start."""
        return told_of(self.model, self.controls, self.size, self.seed)


QUESTIONS: dict[str, Callable[..., Answer]] = {"rbm.unmatched": lines}
NETWORKS: dict[str, Callable] = {"rbm.unmatched": Students}
