"""Algorithms that look for binary weights without error, under one interface and one currency:
passes over the patterns.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import numba
import numpy as np

from replicon._arrays import real_array
from replicon._declare import Interval, Words
from replicon._domains import check_argument, check_seed, show
from replicon._errors import InputError
from replicon._kernels import sound_cache
from replicon.perceptron import annealing, counting, passing
from replicon.perceptron.constraints import check_patterns, constraints, scaled
from replicon.perceptron.enumeration import LARGEST
from replicon.spins.exact import lowest_bit


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


class _Method(NamedTuple):
    """`run(x, rng, iterations, damping) -> (weights, errors)`, an attempt; passes over the patterns
    that one iteration costs; iterations of the first attempt (None: all at once), each next one
    twice as long, from other fields; whether patterns must be +-1; damping of the first attempt.
    """

    run: Callable
    cost: int
    attempt: int | None = None
    binary: bool = False
    damping: float = 0.1


def _small_fields(x, rng) -> np.ndarray:
    return (0.01 * rng.standard_normal(x.shape[1])).astype(np.float32)


def _message_passing(
    search: Callable, kept: float = 0.0, replicas: float = 0.0, strongest: float = 0.0
) -> Callable:
    def run(x, rng, iterations, damping):
        h, errors = _small_fields(x, rng), np.zeros(iterations, np.int64)
        done = search(x, h, errors, kept / iterations, replicas, strongest, damping)
        return np.where(h >= 0, 1, -1), errors[:done]

    return run


def _sbpi(x, rng, iterations, damping):
    h, errors = (
        (2 * rng.integers(-2, 2, x.shape[1]) + 1).astype(np.float32),
        np.zeros(iterations, np.int64),
    )
    done = passing.search_sbpi(x, rng, errors, 79, 0.3, h)
    return np.where(h >= 0, 1, -1), errors[:done]


def _max_sum(x, rng, iterations, damping):
    h, errors = _small_fields(x, rng), np.zeros(iterations, np.int64)
    done = passing.search_max_sum(x, rng, h, errors, 0.02)
    return np.where(h >= 0, 1, -1), errors[:done]


def _annealing(replicas: int, attraction: float) -> Callable:
    def run(x, rng, iterations, damping):
        w = rng.choice(np.array([-1, 1], np.float32), (replicas, x.shape[1]))
        errors = np.zeros(iterations, np.int64)
        done, best = annealing.anneal(
            np.ascontiguousarray(x.T), w, rng, errors, 1.0, 0.1, attraction
        )
        return best.astype(int), errors[:done]

    return run


@numba.njit(cache=True)
def _enumerate(x):
    """The first weights with the fewest errors in the order of the Gray code, and those errors."""
    count, n = x.shape
    w = -np.ones(n, np.float32)
    fields = -x.sum(axis=1)
    columns = np.ascontiguousarray(x.T)
    best, least = w.copy(), count + 1
    for k in range(1 << n):
        if k > 0:
            i = lowest_bit(k)
            fields -= 2 * w[i] * columns[i]
            w[i] = -w[i]
        errors = 0
        for mu in range(count):
            errors += fields[mu] < 0
        if errors < least:
            best, least = w.copy(), errors
            if least == 0:
                break
    return best, least


def _enumeration(x, rng, iterations, damping):
    if x.shape[1] > LARGEST:
        raise InputError(
            f"{x.shape[1]} weights are too many to enumerate: give at most {LARGEST}, or another"
            " method."
        )
    best, least = _enumerate(x)
    return best.astype(int), np.array([least])


_ITERATIONS = Interval(1, integer=True)

# Settings measured at N = 1001, load 0.7 to 0.78. Reinforcement is best as slow as the budget
# allows, r = 1 - e^-6 at its end; focusing rather tries again, more slowly.
METHODS = {
    "belief-propagation": _Method(_message_passing(passing.search_bp), 4),
    "amp": _Method(_message_passing(passing.search_amp), 2),
    "reinforced-bp": _Method(_message_passing(passing.search_bp, kept=6.0), 4, damping=0.0),
    "reinforced-amp": _Method(_message_passing(passing.search_amp, kept=6.0), 2, damping=0.0),
    "sbpi": _Method(_sbpi, 2, None, True),
    "max-sum": _Method(_max_sum, 4, None, True),
    "focusing-bp": _Method(
        _message_passing(passing.search_amp, replicas=7.0, strongest=2.0), 2, 500, damping=0.3
    ),
    "simulated-annealing": _Method(_annealing(1, 0.0), 1),
    "replicated-annealing": _Method(_annealing(5, 2.0), 6),
    "enumeration": _Method(_enumeration, 1),
}


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
    simulated-annealing, replicated-annealing (5 replicas) or enumeration (N <= 25). `passes`: the
    budget, counted in reads of all P N numbers: an iteration of AMP reads them twice (its check for
    errors included), of belief propagation four times (with its messages), a sweep of annealing
    once for each replica. Message passing that has not solved within an attempt begins anew while
    budget is left, more damped where it diverged (patterns of real data are correlated). The same
    seed gives the same weights. Raises InputError.

    Sources: see `passing` and `annealing` beside this file. Referee: exact enumeration
    (tests/models/test_perceptron_algorithms.py).
    """
    x = scaled(check_patterns(patterns))
    if not Words(tuple(METHODS)).admits(method):
        raise InputError(f"Unknown method {show(method)}. Methods: {', '.join(METHODS)}.")
    passes = check_argument("passes", passes, Interval(1, integer=True), "reads of all patterns")
    chosen = METHODS[method]
    if chosen.binary:
        if not np.all(np.abs(x) == np.abs(x[:, :1])) or not x.all() or x.shape[1] % 2 == 0:
            raise InputError(
                f"{method} needs patterns of +-1 and an odd number of weights: choose another"
                " method, or drop one weight."
            )
        x = np.sign(x)
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(check_seed(seed))
    begun, used, history, damping, attempt = (
        time.perf_counter(),
        0,
        [],
        chosen.damping,
        chosen.attempt,
    )
    while True:
        left = max(1, (passes - used) // chosen.cost)
        weights, errors = chosen.run(x, rng, min(left, attempt or left), damping)
        history.append(errors)
        used += chosen.cost * len(errors)
        if errors[-1] == 0 or used + chosen.cost > passes:
            break
        attempt = attempt and 2 * attempt
        # Messages run away now and then on random patterns, always on correlated ones until they
        # are damped enough.
        damping = (
            1 - (1 - damping) / 4 if errors[-1] > passing.DIVERGED * len(x) else chosen.damping
        )
    return Search(
        weights, np.concatenate(history), used, time.perf_counter() - begun, bool(errors[-1] == 0)
    )


class WeightMarginals(NamedTuple):
    """mean (N,) of each weight; entropy per weight (nats), Bethe's; overlap with the reference
    reached; residual, the last change of a mean; iterations; converged.
    """

    mean: np.ndarray
    entropy: float
    overlap: float
    residual: float
    iterations: int
    converged: bool


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
    return _fixed_point(
        x, np.full(1, np.nan), np.nan, bool(approximate), iterations, check_seed(seed)
    )


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
    return _fixed_point(x, _check_weights(weights, x), 1 - 2 * distance, True, iterations, 0)


def _check_weights(weights, x: np.ndarray) -> np.ndarray:
    expected = f"with patterns {x.shape} it must be {x.shape[1]} numbers of +-1"
    w = real_array("weights", weights, expected, shape=(x.shape[1],))
    if not np.all(np.abs(w) == 1):
        raise InputError(f"weights holds {w[np.abs(w) != 1][0]:g}: {expected}.")
    return w.astype(np.float32)


def _fixed_point(
    x: np.ndarray, reference, overlap, approximate, iterations, seed
) -> WeightMarginals:
    """Damped as much as it takes: random patterns need little, correlated ones much."""
    n = x.shape[1]
    told = constraints(x)
    near = (1 + overlap) / 2
    most = (
        math.log(2)
        if math.isnan(overlap)
        else -near * math.log(near) - (1 - near) * math.log(1 - near)
    )
    tolerance, out = 1e-4, None
    for damping in (0.3, 0.9, 0.97):
        h = _small_fields(x, np.random.default_rng(seed))
        field = np.broadcast_to(reference, h.shape).astype(np.float32)
        mean, entropy, reached, change, steps = counting.marginals(
            told.patterns,
            told.least,
            h,
            iterations,
            damping,
            tolerance,
            field,
            float(overlap),
            approximate,
        )
        settled = bool(change < tolerance and -tolerance / n <= entropy <= most + tolerance)
        out = WeightMarginals(
            mean.astype(float), entropy, reached, change, steps, settled and told.sound
        )
        if change < tolerance:
            break
    assert out is not None
    return out


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
