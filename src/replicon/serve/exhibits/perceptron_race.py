"""The perceptron's exhibit: algorithms race on the same patterns, against the same clock."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from replicon._domains import Interval, check_argument, check_seed
from replicon._errors import InputError
from replicon.perceptron.attempts import METHODS as KNOWN
from replicon.serve.asked import Offer
from replicon.serve.networks import Exhibited, View, check_live_size
from replicon.study import ask
from replicon.study.process import Process

METHODS = ("focusing-bp", "reinforced-bp", "sbpi", "max-sum", "simulated-annealing")
_MODEL = "perceptron-algorithms"
_TICK = 4  # passes over the patterns in a step: an iteration of the dearest of the five
_COSTS = tuple(KNOWN[method].cost for method in METHODS)  # passes of an iteration
_REST = 30  # steps for which the end of a race is shown
_POINTS = 160  # of a line that is sent
_LOAD = Interval(0.05, 0.85)
_PASSES = Interval(100, 20_000, integer=True)


class Race(Exhibited):
    """Five algorithms, each the process that `simulate` runs, on one instance; a step is four reads
    of all patterns for each. When all have solved it or spent their budget, the next instance
    begins (seed + 1). At every load, wins are counted.
    """

    def __init__(
        self, offer: Offer, *, load: Any = 0.65, size: Any = 501, seed: Any = 0, passes: Any = 2000
    ):
        self.model = offer.model(_MODEL)
        check_live_size(self.model, size)
        if size % 2 == 0:
            raise InputError(f"size = {size} is even: sbpi and max-sum need an odd number.")
        self.size = int(size)
        self.seed = check_seed(seed)
        self.passes = check_argument("passes", passes, _PASSES, "budget: reads of all patterns")
        _compile()
        self.wins: dict[float, np.ndarray] = {}  # load -> (2, algorithms): solved, raced
        self._load(load)

    def _load(self, load: Any) -> None:
        self.load = check_argument("load", load, _LOAD, "patterns per weight")
        self._begin()

    def _begin(self) -> None:
        self.racing: list[Process] = [
            ask.start(
                self.model,
                size=self.size,
                seed=self.seed,
                load=self.load,
                method=method,
                passes=self.passes,
            )
            for method in METHODS
        ]
        self.clock = 0
        self.rest = _REST
        self.now = [process.measure() for process in self.racing]
        self.times: list[int] = []
        self.errors: list[list[float]] = []  # fractions of patterns, at those times

    def step(self, count: int) -> None:
        """So many ticks of the clock, of four passes each."""
        for _ in range(count):
            self.steps += 1
            if self._over():
                self.rest -= 1
                if self.rest <= 0:
                    self.seed += 1
                    self._begin()
                continue
            self.clock += _TICK
            for place, process in enumerate(self.racing):
                if not process.done:
                    process.step(self.clock // _COSTS[place] - process.steps)
                    self.now[place] = process.measure()
            self.times.append(self.clock)
            self.errors.append([float(m["errors"]) for m in self.now])
            if self._over():
                solved = [bool(m["solved"]) for m in self.now]
                self.wins.setdefault(self.load, np.zeros((2, len(METHODS))))
                self.wins[self.load] += solved, np.ones(len(METHODS))

    def _over(self) -> bool:
        return all(process.done for process in self.racing)

    def act(self, name: str, **arguments: Any) -> None:
        """'load', load: race at another load; 'next': another instance."""
        if name == "load":
            self._load(arguments["load"])
        elif name == "next":
            self.seed += 1
            self._begin()
        else:
            super().act(name)

    def view(self) -> View:
        """`times` (points,) in passes and `errors` (points, algorithms), fractions of patterns;
        `ended`: passes after which each solved it or gave up, NaN while it runs; `solved`.
        """
        made = len(self.times)
        shown = np.unique(np.rint(np.geomspace(1, max(1, made), _POINTS)).astype(int))[:made] - 1
        ended = [
            float(measured["passes_used"]) if process.done else math.nan
            for process, measured in zip(self.racing, self.now, strict=True)
        ]
        return {
            "times": ("", np.array(self.times, float)[shown]),
            "errors": ("", np.array(self.errors).reshape(made, len(METHODS))[shown]),
            "ended": ("", np.array(ended)),
            "solved": ("", np.array([float(m["solved"]) for m in self.now])),
        }

    def measured(self) -> dict[str, Any]:
        """`wins`: at each load that was raced, of each algorithm the instances solved and all."""
        wins = [
            {"load": load, "solved": solved.tolist(), "raced": raced.tolist()}
            for load, (solved, raced) in sorted(self.wins.items())
        ]
        return {"wins": wins}

    def told(self) -> dict[str, Any]:
        """What is known from the start."""
        return {
            "methods": METHODS,
            "load": self.load,
            "size": self.size,
            "seed": self.seed,
            "passes": self.passes,
        }


@lru_cache
def _compile() -> None:
    """Every algorithm once on a small instance: what is compiled is compiled while a page waits for
    the network to start, and says so.
    """
    for method in METHODS:
        small = ask.start(_MODEL, size=21, seed=0, load=0.5, method=method, passes=_TICK)
        small.step(1)
        small.measure()
