"""The perceptron's exhibit: pairs of solutions at every distance, and solutions around a random
configuration; lines of theory for a ladder of loads, and small instances counted beside them.

`python -m replicon.serve.exhibits.perceptron_pairs` solves what the page holds anew (minutes).
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from replicon._domains import Interval, Words, check_argument, check_seed
from replicon.perceptron.enumeration import satisfied
from replicon.serve.asked import Offer
from replicon.serve.exhibits.perceptron_counts import AROUND
from replicon.serve.networks import Exhibited, Mean, View
from replicon.serve.theory import Answer
from replicon.study import ask, verdict
from replicon.study.process import started

_MODEL = "perceptron-pairs"
_FILE = Path(__file__).parent.parent / "page" / "perceptron_pair_lines.js"
_HEAD = "// Solved by `python -m replicon.serve.exhibits.perceptron_pairs`: see `held` there.\n\n"
_LOADS = tuple(patterns / 20 for patterns in range(6, 17))  # those of 20 weights
_DISTANCES = np.concatenate([np.geomspace(2e-4, 0.05, 22), np.linspace(0.07, 0.97, 46)])
_REFERENCES = Words(("solution-pair", "random"))
_EDGES = {"solution-pair": ("gap-begin", "gap-end", "diameter"), "random": ("shell",)}
_SIZE = Interval(8, 21, integer=True)
_KEPT = 2000  # instances that are averaged over
_FEW = 4  # of them, from which an error is quoted
_TRIES = 60  # solutions around which a partner is looked for
_DIGITS = 5


def lines(offer: Offer, *, load: Any, reference: Any) -> Answer:
    """At one load, arrays `distance`, `replica` (the typical entropy, NaN where theory has none),
    `annealed` (of the mean number); `typical`, the entropy of all solutions, and the transitions in
    the distance, NaN where there is none.
    """
    load = check_argument("load", load, AROUND, "patterns per weight")
    reference = check_argument("reference", reference, _REFERENCES)
    model = offer.model(_MODEL)
    at = offer.controls(model, {"load": load, "reference": reference}, "theory")
    table = [{**at, "distance": float(d)} for d in _DISTANCES]
    typical = ask.solved_values(model, "replica-symmetric", table)
    mean = ask.solved_values(model, "annealed", table)
    arrays = {
        "distance": _DISTANCES,
        "replica": np.where(typical["converged"], typical["pair_entropy"], np.nan),
        "annealed": mean["pair_entropy"],
    }
    del at["distance"]
    edges = {name: verdict.transition_value(model, name, at) for name in _EDGES[reference]}
    there = np.flatnonzero(typical["converged"])
    everything = float(typical["typical_entropy"][there[0]])
    told = {"load": load, "reference": reference, "typical": everything}
    return {**told, **edges}, arrays


def held(offer: Offer, loads: Sequence[float] = _LOADS) -> dict[str, Any]:
    """What the page holds: `distance`, of every line; `opening`, the load at which the gap opens;
    for each reference what `lines` answers at each load (null where NaN).
    """
    model = offer.model(_MODEL)
    at = offer.controls(model, {}, "theory")
    del at["load"]
    out = {
        "distance": [_rounded(d) for d in _DISTANCES],
        "opening": _rounded(verdict.transition_value(model, "gap-opening", at)),
    }
    for reference in _REFERENCES.words:
        out[reference] = [_line(*lines(offer, load=load, reference=reference)) for load in loads]
    return out


def _line(header: dict, arrays: dict) -> dict[str, Any]:
    numbers = {name: _rounded(v) for name, v in header.items() if isinstance(v, float)}
    told = {name: [_rounded(v) for v in arrays[name]] for name in ("replica", "annealed")}
    return {**numbers, **told}


def _rounded(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


class Pairs(Exhibited):
    """Instances of model perceptron-pairs, one after another, those that `simulate` draws for the
    same seed, each counted at all distances; a pair at one `distance` is shown. A step is another
    instance.
    """

    def __init__(
        self,
        offer: Offer,
        *,
        load: Any = 0.5,
        size: Any = 20,
        seed: Any = 0,
        reference: Any = "solution-pair",
        flips: Any = 4,
    ):
        self.size = check_argument("size", size, _SIZE, "weights, all 2^N enumerated")
        load = check_argument("load", load, AROUND, "patterns per weight")
        self.seed = check_seed(seed)
        self.model = offer.model(_MODEL)
        reference = check_argument("reference", reference, _REFERENCES)
        self.controls = offer.controls(
            self.model, {"load": load, "reference": reference}, "simulation"
        )
        self.flips = self._checked(flips)
        self.rng = np.random.default_rng(self.seed)  # of the pair that is shown
        self.rows: list[np.ndarray] = []  # (3, N + 1) of each instance, NaN where there are none
        self.pair = np.empty((0, self.size))
        self.step(1)

    def _checked(self, flips: Any) -> int:
        domain = Interval(1, self.size - 1, integer=True)
        return int(check_argument("flips", flips, domain, "weights that differ"))

    def step(self, count: int) -> None:
        """So many instances more."""
        for _ in range(count):
            self.steps += 1
            asked = (self.model, self.controls, self.size, self.steps, self.seed)
            self.instance: Any = started(*asked)
            self.instance.step(1)
            self.rows = [*self.rows[1 - _KEPT :], self._counted()]
        self._show()

    def _counted(self) -> np.ndarray:
        """Entropy at every distance, the same less that of typical ones, that of all solutions."""
        out = np.full((3, self.size + 1), np.nan)
        for k in range(1, self.size):
            self.instance.set("distance", k / self.size)
            measured = self.instance.measure()
            if measured["solvable"]:
                out[0, k] = measured["pair_entropy"]
                out[1, k] = measured["relative_entropy"]
                out[2, k] = measured["typical_entropy"]
        return out

    def act(self, name: str, **arguments: Any) -> None:
        """'flips', count: the pair that is shown differs in so many weights."""
        if name != "flips":
            super().act(name)
        self.flips = self._checked(arguments["count"])
        self._show()

    def _show(self) -> None:
        """A pair at the distance, (2, N) of +-1, by chance; (0, N) where none was met."""
        alive = np.flatnonzero(satisfied(self.instance.patterns, 0.0))
        self.solutions = len(alive)
        self.pair = np.empty((0, self.size))
        if not np.isfinite(self.rows[-1][0, self.flips]):
            return
        centres = self.rng.permutation(alive)[:_TRIES]
        if self.controls["reference"] == "random":
            centres = [int("".join("1" if w > 0 else "0" for w in self.instance.reference), 2)]
        for centre in centres:
            near = alive[np.bitwise_count(alive ^ centre) == self.flips]
            if len(near):
                self.pair = np.array([self._weights(centre), self._weights(self.rng.choice(near))])
                return

    def _weights(self, number: int) -> np.ndarray:
        return 2.0 * ((int(number) >> np.arange(self.size)[::-1]) & 1) - 1

    def view(self) -> View:
        """(N + 1) at every distance, NaN where none: `now` the entropies of this instance; `mean`
        and `error` of all with such solutions so far, `relative` and `relative_error`, `annealed`
        and `annealed_error` of the mean number; `there`, the share with such solutions. `pair` (2,
        N) or (0, N); `count` [instances, solutions of this one].
        """
        rows = np.array(self.rows)
        mean, error = _average(rows[:, 0])
        relative, relative_error = _average(rows[:, 1])
        annealed, annealed_error = _of_mean_number(rows[:, 0], self.size)
        return {
            "now": ("", rows[-1, 0]),
            "mean": ("", mean),
            "error": ("", error),
            "relative": ("", relative),
            "relative_error": ("", relative_error),
            "annealed": ("", annealed),
            "annealed_error": ("", annealed_error),
            "there": ("", np.isfinite(rows[:, 0]).mean(axis=0)),
            "pair": ("weights", self.pair),
            "count": ("", np.array([len(rows), self.solutions], float)),
        }

    def measured(self) -> dict[str, dict[str, Any]]:
        """At the distance shown: means over the instances with such solutions."""
        rows = np.array(self.rows)[:, :, self.flips]
        out = {}
        for place, name in enumerate(("pair_entropy", "relative_entropy", "typical_entropy")):
            (mean,), (error,) = _average(rows[:, place : place + 1])
            out[name] = Mean(float(rows[-1, place]), mean, error, math.nan)._asdict()
        return out

    def told(self) -> dict[str, Any]:
        """What is known from the start."""
        load = round(self.controls["load"] * self.size) / self.size
        return {"size": self.size, "seed": self.seed, "load": load}


def _average(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over the rows that are known, NaN for none, and for few."""
    known = np.isfinite(values).sum(axis=0)
    some = np.maximum(known, 1)
    mean = np.where(known > 0, np.nansum(values, axis=0) / some, np.nan)
    spread = np.nansum((values - mean) ** 2, axis=0) / np.maximum(known - 1, 1)
    return mean, np.where(known >= _FEW, np.sqrt(spread / some), np.nan)


def _of_mean_number(entropies: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """ln(mean number)/N with the error of that mean, instances with none counted as such."""
    highest = np.where(np.isfinite(entropies), entropies, -np.inf).max(axis=0)
    numbers = np.exp(size * np.nan_to_num(entropies - highest, nan=-np.inf))
    mean = numbers.mean(axis=0)
    spread = numbers.std(axis=0, ddof=1) if len(numbers) >= _FEW else np.full(mean.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(mean > 0, highest + np.log(mean) / size, np.nan)
        return found, np.where(mean > 0, spread / math.sqrt(len(numbers)) / mean / size, np.nan)


QUESTIONS: dict[str, Callable[..., Answer]] = {"perceptron.pairs": lines}
NETWORKS: dict[str, Callable] = {"perceptron.pairs": Pairs}

if __name__ == "__main__":
    told = textwrap.fill(
        json.dumps(held(Offer())), 100, break_long_words=False, break_on_hyphens=False
    )
    _FILE.write_text(f"{_HEAD}export const HELD =\n{told};\n", encoding="utf-8")
