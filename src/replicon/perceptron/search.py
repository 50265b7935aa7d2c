"""Algorithms that look for binary weights without error, under one interface and one currency:
passes over the patterns.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from replicon._arrays import real_array
from replicon._declare import Interval, Words
from replicon._domains import check_argument, check_seed, show
from replicon._errors import InputError
from replicon._kernels import sound_cache
from replicon._seed import read_generator
from replicon.perceptron import annealing, counting, passing
from replicon.perceptron.attempts import METHODS
from replicon.perceptron.constraints import check_patterns, scaled
from replicon.perceptron.counting import WeightMarginals


class Search(NamedTuple):
    """weights (N,) of +-1, those of the last iteration (annealing and enumeration: the best met);
    errors (iterations,), patterns misclassified after each; passes over the patterns used; seconds;
    solved.
    """

    weights: np.ndarray
    errors: np.ndarray
    passes: int
    seconds: float
    solved: bool


_ITERATIONS = Interval(1, integer=True)


class Hunt:
    """A search for weights without error, iteration by iteration, within a budget of passes.

    Message passing that has not solved within an attempt begins anew while budget is left, more
    damped where it diverged. `x`: patterns (P, N) as `constraints.scaled` gives them.
    """

    def __init__(self, x: np.ndarray, method: str, rng: np.random.Generator, passes: int):
        self.x = x
        self.method = METHODS[method]
        self.rng = rng
        self.passes = passes
        self.used = 0
        self.damping = self.method.damping
        self.longest = self.method.first
        self.history: list[np.ndarray] = []
        self.done = False
        self._begin()

    def _begin(self) -> None:
        left = max(1, (self.passes - self.used) // self.method.cost)
        iterations = min(left, self.longest or left)
        self.attempt = self.method.attempt(self.x, self.rng, iterations, self.damping)

    def step(self, count: int) -> None:
        """So many iterations, each `method.cost` passes; fewer once solved or out of budget."""
        for _ in range(count):
            if self.done:
                return
            if self.attempt.ended:
                self._begin()
            self.attempt.run(1)
            self.used += self.method.cost
            if self.attempt.ended:
                self._close()

    def _close(self) -> None:
        errors = self.attempt.errors
        self.history.append(errors)
        spent = self.used + self.method.cost > self.passes
        self.done = bool(errors[-1] == 0) or spent or self.method.exhaustive
        self.longest = self.longest and 2 * self.longest
        # Messages run away now and then on random patterns, always on correlated ones until they
        # are damped enough.
        lost = errors[-1] > passing.DIVERGED * len(self.x)
        self.damping = 1 - (1 - self.damping) / 4 if lost else self.method.damping

    @property
    def weights(self) -> np.ndarray:
        """The weights now, (N,) of +-1."""
        return self.attempt.weights

    @property
    def errors(self) -> np.ndarray:
        """Patterns in error after each iteration, of all attempts."""
        now = [] if self.attempt.ended else [self.attempt.errors]
        return np.concatenate([*self.history, *now])


@sound_cache
def find_weights(
    patterns,
    *,
    method: str = "focusing-bp",
    seed: int | np.random.Generator = 0,
    passes: int = 4000,
) -> Search:
    """Look for w in {-1, +1}^N with w.x >= 0 for all patterns x (P, N), labels absorbed; a field of
    zero is no error.

    `method`: belief-propagation, amp (both without reinforcement: marginals, whose signs rarely
    solve), reinforced-bp, reinforced-amp, sbpi, max-sum, focusing-bp (7 replicas, in AMP form),
    variational (means of the weights, by gradient), simulated-annealing, replicated-annealing (5
    replicas) or enumeration (N <= 25). `passes`: the budget, counted in reads of all P N numbers:
    an iteration of AMP or a step of the gradient reads them twice (its check for errors included),
    of belief propagation four times (with its messages), a sweep of annealing once for each
    replica. Message passing that has not solved within an attempt begins anew while budget is left,
    more damped where it diverged (patterns of real data are correlated); enumeration ends after
    one. The same seed gives the same weights. Raises InputError.

    Sources: see `passing`, `variational` and `annealing` beside this file. Referee: exact
    enumeration (tests/perceptron/test_perceptron_algorithms.py).
    """
    x = scaled(check_patterns(patterns))
    if not Words(tuple(METHODS)).admits(method):
        raise InputError(f"Unknown method {show(method)}. Methods: {', '.join(METHODS)}.")
    passes = check_argument("passes", passes, Interval(1, integer=True), "reads of all patterns")
    rng = read_generator(seed)
    begun = time.perf_counter()
    hunt = begin_hunt(x, method, rng, passes)
    while not hunt.done:
        hunt.step(1)
    seconds = time.perf_counter() - begun
    errors = hunt.errors
    return Search(hunt.weights, errors, hunt.used, seconds, bool(errors[-1] == 0))


def begin_hunt(x: np.ndarray, method: str, rng: np.random.Generator, passes: int) -> Hunt:
    """A search on scaled patterns; InputError where the method cannot do them."""
    if METHODS[method].binary:
        if not np.all(np.abs(x) == np.abs(x[:, :1])) or not x.all() or x.shape[1] % 2 == 0:
            raise InputError(
                f"{method} needs patterns of +-1 and an odd number of weights: choose another"
                " method, or drop one weight."
            )
        x = np.sign(x)
    return Hunt(x, method, rng, passes)


@sound_cache
def count_solutions(
    patterns, *, approximate: bool = False, iterations: int = 2000, seed: int = 0
) -> WeightMarginals:
    """Entropy of all solutions of one instance by belief propagation (`approximate`: by AMP), with
    the marginals of the weights.

    patterns (P, N), labels absorbed, of any scale; a pattern of zeros or one said twice changes
    nothing, and a field of zero satisfies its pattern. Bethe entropy sum_i H_2(m_i) + sum_mu [ln
    H(-omega/sqrt(V)) + V g^2/2], over N. Converged where no mean moves by 1e-4 (single precision),
    the entropy lies between 0 and ln 2, and no pattern is the opposite of another or decided by one
    weight alone, whose fields are not Gaussian. Source: Krauth & Mezard (1989); Huang & Zhou, EPL
    96, 58003 (2011). Referee: exact enumeration, and the replica-symmetric entropy it approaches.

    Raises InputError for patterns that are none.
    """
    x = check_patterns(patterns)
    if not isinstance(approximate, (bool, np.bool_)):
        raise InputError(
            f"approximate = {show(approximate)}: give True (AMP) or False (belief propagation)."
        )
    iterations = check_argument("iterations", iterations, _ITERATIONS)
    return _settled(x, approximate=bool(approximate), iterations=iterations, seed=check_seed(seed))


@sound_cache
def local_entropy(patterns, weights, distance: float, *, iterations: int = 2000) -> WeightMarginals:
    """Entropy per weight of the solutions whose distance from `weights` (fraction of weights that
    differ) is `distance`, by AMP with a field along `weights` that holds the mean overlap at 1 - 2
    distance.

    Patterns and `converged` as in `count_solutions`; the entropy is at most that of all weights at
    the distance. Referee: exact enumeration of small instances (the count in a shell), and the
    Franz-Parisi potential for typical solutions.

    Raises InputError. Source: Baldassi et al., PRL 115, 128101 (2015).
    """
    domain = Interval(0, 0.5, open_low=True, open_high=True)
    distance = check_argument("distance", distance, domain, "fraction of weights")
    x = check_patterns(patterns)
    iterations = check_argument("iterations", iterations, _ITERATIONS)
    held = counting.Held(_check_weights(weights, x), 1 - 2 * distance)
    return _settled(x, approximate=True, iterations=iterations, seed=0, held=held)


def _check_weights(weights, x: np.ndarray) -> np.ndarray:
    expected = f"with patterns {x.shape} it must be {x.shape[1]} numbers of +-1"
    w = real_array("weights", weights, expected, shape=(x.shape[1],))
    if not np.all(np.abs(w) == 1):
        raise InputError(f"weights holds {w[np.abs(w) != 1][0]:g}: {expected}.")
    return w.astype(np.float32)


def _settled(x: np.ndarray, **settings) -> WeightMarginals:
    passing = counting.FixedPoint(x, **settings)
    while not passing.done:
        passing.step(settings["iterations"])
    return passing.marginals()


@sound_cache
def count_near(patterns, weights, furthest: int = 2) -> np.ndarray:
    """Numbers of solutions at exactly 1, ..., `furthest` <= 3 flips from `weights`, by trying them
    all: N^furthest P / furthest! steps.

    Returns whole numbers (furthest,). Raises InputError. Source: their definition. Referee:
    enumeration of all weights (tests/perceptron).
    """
    furthest = check_argument(
        "furthest", furthest, Interval(1, 3, integer=True), "flips, all tried"
    )
    x = check_patterns(patterns)
    return annealing.near_solutions(
        np.ascontiguousarray(scaled(x).T), _check_weights(weights, x), furthest
    )
