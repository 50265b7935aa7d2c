"""The perceptron's exhibit: all solutions of small binary perceptrons counted while patterns are
added, the loads at which none is left, and what lies around one solution.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from replicon._domains import Interval, check_argument, check_seed
from replicon._errors import InputError
from replicon.perceptron import find_weights
from replicon.perceptron.enumeration import LARGEST, Census
from replicon.serve.asked import Offer
from replicon.serve.networks import Exhibited, Mean, View

_MOST = 2  # patterns per weight of an instance: hardly any has a solution there
_REST = 6  # steps for which an instance without a solution is shown
_KEPT = 2000  # instances that are averaged over
_SHOWN = 40  # of which lines are sent
_PARTS = 16  # in which the next instance is enumerated while this one is shown
_SIZE = Interval(5, LARGEST, integer=True)
_SIZES = (11, 15, 21, 25)
_VECTORS = 1 << 20  # that a size enumerates in a step
_FEW = 4  # instances from which an error is quoted
AROUND = Interval(0.3, 0.82)  # loads at which there are solutions, and few enough to try


def instance(rng: np.random.Generator, size: int) -> Census:
    """Gaussian patterns, as those of model perceptron, more than can be learnt."""
    return Census(rng.standard_normal((_MOST * size, size)))


class Counted(Exhibited):
    """One instance after another: a step adds a pattern, and all 2^N weights are known that still
    get every pattern right. When none is left, the instance is kept as a line and a new one begins.
    """

    def __init__(self, offer: Offer, *, size: Any = 21, seed: Any = 0, patterns: Any = 0):
        self.size = check_argument("size", size, _SIZE, "weights, all 2^N enumerated")
        self.seed = check_seed(seed)
        self.most = _MOST * self.size
        self.rng = np.random.default_rng(self.seed)
        self.finished: list[dict[str, np.ndarray]] = []
        self.deaths: list[float] = []
        self.following = instance(self.rng, self.size)
        self._begin()
        self._put(patterns)

    def _begin(self) -> None:
        self.census = self.following.finish()
        self.following = instance(self.rng, self.size)
        self.solutions = self.census.solutions
        alive = self.solutions > 0
        with np.errstate(divide="ignore"):
            entropy = np.where(alive, np.log(self.solutions) / self.size, np.nan)
        self.curve = {
            "entropy": entropy,
            "overlap": self.census.overlaps,
            "solvable": alive.astype(float),
        }
        self.patterns = 0
        self.rest = _REST
        self.kept = False

    def step(self, count: int) -> None:
        """So many patterns more, in one instance after another."""
        for _ in range(count):
            self.steps += 1
            self.following.step(self.following.rows // _PARTS + 1)
            if self.solutions[self.patterns] > 0 and self.patterns < self.most:
                self._put(self.patterns + 1)
            elif self.rest:
                self.rest -= 1
            else:
                self._begin()

    def act(self, name: str, **arguments: Any) -> None:
        """'patterns', count: so many patterns of this instance; 'next': another instance."""
        if name == "patterns":
            self._put(arguments["count"])
        elif name == "next":
            self._begin()
        else:
            super().act(name)

    def _put(self, patterns: Any) -> None:
        domain = Interval(0, self.most, integer=True)
        self.patterns = check_argument("patterns", patterns, domain, "of one instance")
        ended = self.solutions[self.patterns] == 0 or self.patterns == self.most
        if ended and not self.kept:
            self.kept = True
            self.deaths.append((np.count_nonzero(self.solutions) - 1) / self.size)
            self.finished = [*self.finished[1 - _KEPT :], self.curve]
            self.deaths = self.deaths[-_KEPT:]

    def view(self) -> View:
        """`sky`: how many solutions have the first weights of a pixel, as the square
        root of their number (most: 255); `now`: the
        entropy of this instance up to here; `lines`, `deaths`: entropies of those before and the
        last load at which each had a solution; `count`: patterns, solutions, instances.
        """
        shown = [curve["entropy"] for curve in self.finished[-_SHOWN:]]
        counts = [self.patterns, self.solutions[self.patterns], len(self.deaths)]
        return {
            "sky": ("image", self._sky()),
            "now": ("", self.curve["entropy"][: self.patterns + 1]),
            "lines": ("", np.array(shown).reshape(len(shown), self.most + 1)),
            "deaths": ("", np.array(self.deaths[-_SHOWN:], float)),
            "count": ("", np.array(counts, float)),
        }

    def _sky(self) -> np.ndarray:
        cells = self.census.left(self.patterns)
        shades = np.ceil(255.0 * np.sqrt(cells / max(1, cells.max()))).astype(np.uint8)
        return shades.reshape(1 << self.census.first // 2, -1)

    def measured(self) -> dict[str, dict[str, Any]]:
        """Means over instances at this number of patterns, and of the `capacity`, the last load of
        each with a solution.
        """
        curves = self.finished if self.kept else [*self.finished, self.curve]
        out = {
            name: _mean(np.array([curve[name][self.patterns] for curve in curves]), values)
            for name, values in ((n, self.curve[n][self.patterns]) for n in self.curve)
        }
        out["capacity"] = _mean(np.array(self.deaths), self.deaths[-1] if self.deaths else math.nan)
        return out

    def told(self) -> dict[str, Any]:
        """What is known from the start."""
        return {"size": self.size, "seed": self.seed, "most": self.most}


def _mean(values: np.ndarray, now: float) -> dict[str, Any]:
    """Mean and standard error over instances of what is known."""
    values = values[np.isfinite(values)]
    mean = float(values.mean()) if len(values) else math.nan
    spread = values.std(ddof=1) / math.sqrt(len(values)) if len(values) >= _FEW else math.nan
    return Mean(float(now), mean, float(spread), math.nan)._asdict()


class Deaths(Exhibited):
    """Instances of several sizes, one after another: how many lived how long. A step enumerates
    2^20 vectors of each size, at least one instance of the small ones, so that nobody waits for
    the large.
    """

    def __init__(self, offer: Offer, *, sizes: Any = _SIZES, seed: Any = 0):
        if not isinstance(sizes, (list, tuple)) or not 1 <= len(sizes) <= len(_SIZES):
            raise InputError(f"Give one to {len(_SIZES)} sizes, such as {list(_SIZES)}.")
        self.sizes = [check_argument("size", n, _SIZE, "weights, all enumerated") for n in sizes]
        self.seed = check_seed(seed)
        self.rngs = [np.random.default_rng([self.seed, n]) for n in self.sizes]
        self.census = [instance(rng, n) for rng, n in zip(self.rngs, self.sizes, strict=True)]
        self.lived = np.zeros((len(self.sizes), _MOST * max(self.sizes) + 1))

    def step(self, count: int) -> None:
        """So many parts of each size."""
        for _ in range(count):
            self.steps += 1
            for place, census in enumerate(self.census):
                census.step(_VECTORS * census.rows >> census.size)
                if census.done:
                    self.lived[place, np.count_nonzero(census.solutions) - 1] += 1
                    self.census[place] = instance(self.rngs[place], self.sizes[place])

    def view(self) -> View:
        """`lived` (sizes, patterns + 1): instances that had solutions up to so many patterns."""
        return {"lived": ("", self.lived)}

    def measured(self) -> dict[str, dict[str, Any]]:
        """{N: mean of the last load with a solution}."""
        out = {}
        for size, lived in zip(self.sizes, self.lived, strict=True):
            loads = np.repeat(np.arange(len(lived)), lived.astype(int)) / size
            out[str(size)] = _mean(loads, math.nan)
        return out

    def told(self) -> dict[str, Any]:
        """What is known from the start."""
        return {"sizes": self.sizes, "seed": self.seed}


class Islands(Exhibited):
    """Around three solutions of one instance, all of them counted: a `typical` one (drawn from
    all), one that an `algorithm` found, and the `densest` (most others within two flips). A step is
    another instance.
    """

    kinds = ("typical", "algorithm", "densest")
    method = "focusing-bp"

    def __init__(self, offer: Offer, *, load: Any = 0.65, size: Any = 21, seed: Any = 0):
        domain = Interval(5, 21, integer=True)
        self.size = check_argument("size", size, domain, "weights, all 2^N enumerated")
        load = check_argument("load", load, AROUND, "patterns per weight")
        self.patterns = round(load * self.size)
        self.seed = check_seed(seed)
        self.rng = np.random.default_rng(self.seed)
        self.numbers = np.arange(self.size + 1)
        self.vectors = np.array([math.comb(self.size, k) for k in self.numbers], float)
        self.seen: list[np.ndarray] = []  # (3, N + 1) of each instance; NaN: not found
        self.isolated = np.zeros(2)  # solutions without a neighbour, all solutions
        self.step(1)

    def step(self, count: int) -> None:
        """So many instances more that have at least two solutions."""
        for _ in range(count):
            self.steps += 1
            rings = None
            while rings is None:
                rings = self._rings()
            self.rings = rings
            self.seen = [*self.seen[1 - _KEPT :], rings]

    def _rings(self) -> np.ndarray | None:
        """Solutions at each distance from the three, (3, N + 1)."""
        x = self.rng.standard_normal((self.patterns, self.size))
        chance = int(self.rng.integers(2**31))
        alive = Census(x).alive()
        solutions = np.flatnonzero(alive)
        if len(solutions) < 2:
            return None
        flips = 1 << np.arange(self.size)
        pairs = [a | b for i, a in enumerate(flips) for b in flips[:i]]
        next_to = sum(alive[solutions ^ flip].astype(int) for flip in flips)
        near = next_to + sum(alive[solutions ^ pair].astype(int) for pair in pairs)
        self.isolated += np.array([np.count_nonzero(next_to == 0), len(solutions)])
        centres = [self.rng.choice(solutions), -1, solutions[np.argmax(near)]]
        found = find_weights(x, method=self.method, seed=chance)
        if found.solved:
            centres[1] = int("".join("1" if w > 0 else "0" for w in found.weights), 2)
        self.instance = (x, centres)
        rings = [np.bincount(_distances(solutions, c), minlength=self.size + 1) for c in centres]
        rings = np.array(rings, float)
        rings[~np.array([centre >= 0 for centre in centres])] = np.nan
        return rings

    def view(self) -> View:
        """`rings` (3, N + 1): solutions at each distance from the three, in this instance;
        `entropies` and `errors`: of the solutions at each distance per weight, over all instances
        so far.
        """
        entropies, errors = self._entropies()
        return {"rings": ("", self.rings), "entropies": ("", entropies), "errors": ("", errors)}

    def _entropies(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean ln(all solutions)/N + ln(mean share of them at distance d = k/N)/N, the number of
        vectors at a distance taken as that of large N, H(d) instead of ln(N over k)/N. The mean of
        logarithms leaves lucky instances, with many solutions, their due weight and no more.
        """
        seen = np.array(self.seen)
        total = np.nansum(seen, axis=2, keepdims=True)
        share = np.where(total > 0, seen / np.maximum(total, 1), np.nan)
        all_of_them = np.log(np.nanmax(total[:, :, 0], axis=1))
        known = np.maximum(1, np.isfinite(share).sum(axis=0))
        mean = np.nansum(share, axis=0) / known
        spread = np.sqrt(np.nansum((share - mean) ** 2, axis=0) / known / np.maximum(1, known - 1))
        d = self.numbers / self.size
        with np.errstate(divide="ignore", invalid="ignore"):
            mixing = np.nan_to_num(-d * np.log(d) - (1 - d) * np.log(1 - d))
            found = all_of_them.mean() + np.log(mean) - np.log(self.vectors)
            entropies = np.where(mean > 0, mixing + found / self.size, np.nan)
            errors = np.sqrt((spread / mean) ** 2 + all_of_them.var() / len(seen)) / self.size
        return entropies, np.where((known >= _FEW) & np.isfinite(entropies), errors, np.nan)

    def measured(self) -> dict[str, dict[str, Any]]:
        """`isolated`, the share of solutions without a neighbour one flip away, of all instances;
        `instances`.
        """
        nothing = {"error": math.nan, "tau": math.nan}
        share = float(self.isolated[0] / self.isolated[1])
        return {
            "isolated": {"now": share, "mean": share, **nothing},
            "instances": {"now": len(self.seen), "mean": len(self.seen), **nothing},
        }

    def told(self) -> dict[str, Any]:
        """What is known from the start."""
        load = self.patterns / self.size
        return {"size": self.size, "seed": self.seed, "load": load, "patterns": self.patterns}


def _distances(numbers: np.ndarray, centre: int) -> np.ndarray:
    """Weights that differ, of each vector from one."""
    return np.bitwise_count(numbers ^ max(centre, 0)).astype(int)
