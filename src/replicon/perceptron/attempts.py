"""Attempts of the algorithms at one instance, resumed iteration by iteration.

An attempt knows how many iterations it is given, since schedules end with them: reinforcement,
attraction and temperature cannot be changed on the way. `run(count)` makes so many more, fewer once
it is solved or lost. `errors` (iterations done,), patterns in error after each; `weights` (N,) of
+-1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numba
import numpy as np

from replicon._errors import InputError
from replicon.perceptron import annealing, passing, variational
from replicon.perceptron.enumeration import LARGEST
from replicon.spins.exact import lowest_bit

_STATES = 79  # hidden states of stochastic belief-propagation-inspired learning, on either side
_CHANCE = 0.3  # with which it moves where a pattern is barely right
_SLOWLY = 0.02  # rate of the reinforcement of max-sum
_HOT = 1.0
_COLD = 0.1


class Attempt:
    """What attempts have in common: errors so far, and whether there is more to do."""

    def __init__(self, x: np.ndarray, iterations: int):
        self.x = x
        self.history = np.zeros(iterations, np.int64)
        self.iterations = 0
        self.ended = False

    def run(self, count: int) -> None:
        """So many more iterations, fewer where the attempt ends."""
        end = min(self.iterations + count, len(self.history))
        done = self.advance(end)
        self.iterations = done
        self.ended = done == len(self.history) or self.history[done - 1] == 0 or self.lost

    def advance(self, end: int) -> int:
        """Iterations up to number `end`; returns how many were done altogether."""
        raise NotImplementedError

    @property
    def lost(self) -> bool:
        """Whether it has run away and will not come back."""
        return False

    @property
    def errors(self) -> np.ndarray:
        """Patterns in error after each iteration done."""
        return self.history[: self.iterations]

    @property
    def weights(self) -> np.ndarray:
        """The weights now, those of fewest errors where the attempt remembers them."""
        raise NotImplementedError

    @property
    def concentration(self) -> float:
        """Q = sum_i m_i^2/N of the means that it holds: 0 where nothing is decided, 1 for one set
        of weights.
        """
        return 1.0


def small_fields(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """First fields (N,) of an attempt, float32: normal, of size 0.01."""
    return (0.01 * rng.standard_normal(x.shape[1])).astype(np.float32)


class Messages(Attempt):
    """Belief propagation (`messages`) or its approximation, reinforced (`kept` divided by the
    iterations) or focusing (`replicas` > 0).
    """

    def __init__(self, x, rng, iterations, damping, *, messages, kept, replicas, strongest):
        super().__init__(x, iterations)
        count, n = x.shape
        self.h = small_fields(x, rng)
        self.kernel = passing.search_bp if messages else passing.search_amp
        self.means = np.zeros(n, np.float32)
        self.held = np.zeros((count, n), np.float32) if messages else np.zeros(count)
        self.rate = kept / iterations
        self.replicas = replicas
        self.strongest = strongest
        self.damping = damping

    def advance(self, end: int) -> int:
        return self.kernel(
            self.x,
            self.h,
            self.means,
            self.held,
            self.history,
            self.iterations,
            end,
            self.rate,
            self.replicas,
            self.strongest,
            self.damping,
        )

    @property
    def lost(self) -> bool:
        late = self.iterations > passing.TRUSTED
        return late and self.errors[-1] > passing.DIVERGED * len(self.x)

    @property
    def weights(self) -> np.ndarray:
        return np.where(self.h >= 0, 1, -1)

    @property
    def concentration(self) -> float:
        return float(np.mean(self.means**2))


class Variational(Attempt):
    """Means of independent weights, by mirror ascent of the log-probability that weights drawn from
    them satisfy each pattern; `likelihood` is that, before the last step.
    """

    def __init__(self, x, rng, iterations, damping):
        super().__init__(x, iterations)
        self.theta = small_fields(x, rng).astype(float)
        self.likelihood = np.nan

    def advance(self, end: int) -> int:
        done, self.likelihood = variational.search(
            self.x, self.theta, self.history, self.iterations, end, variational.RATE
        )
        return done

    @property
    def weights(self) -> np.ndarray:
        return np.where(self.theta >= 0, 1, -1)

    @property
    def concentration(self) -> float:
        return float(np.mean(np.tanh(self.theta) ** 2))


class _Rounds(Attempt):
    """One iteration after another, each through all patterns in random order.

    NumPy shuffles: Numba would by the same random numbers, and compile that for 4 s.
    """

    def __init__(self, x, rng, iterations):
        super().__init__(x, iterations)
        self.rng = rng
        self.order = np.arange(len(x))

    def advance(self, end: int) -> int:
        for t in range(self.iterations, end):
            self.rng.shuffle(self.order)
            self.history[t] = self.errors_of_round(t)
            if self.history[t] == 0:
                return t + 1
        return end

    def errors_of_round(self, t: int) -> int:
        """Make iteration number t; returns its errors."""
        raise NotImplementedError


class Sbpi(_Rounds):
    """Stochastic belief-propagation-inspired learning."""

    def __init__(self, x, rng, iterations, damping):
        super().__init__(x, rng, iterations)
        self.h = (2 * rng.integers(-2, 2, x.shape[1]) + 1).astype(np.float32)

    def errors_of_round(self, t: int) -> int:
        errors = passing.sbpi_round(self.x, self.rng, self.order, _STATES, _CHANCE, self.h)
        return int(errors)

    @property
    def weights(self) -> np.ndarray:
        return np.where(self.h >= 0, 1, -1)


class MaxSum(_Rounds):
    """Reinforced max-sum: the part of the fields beyond the messages becomes r_t = 1 - (1 -
    rate)^t of the last total.
    """

    def __init__(self, x, rng, iterations, damping):
        super().__init__(x, rng, iterations)
        self.h = small_fields(x, rng)
        self.kept = self.h.copy()
        self.messages = np.zeros(x.shape, np.float32)
        self.w = np.zeros(x.shape[1], np.float32)

    def errors_of_round(self, t: int) -> int:
        rate = 1 - (1 - _SLOWLY) ** (t + 1)
        given = (self.h, self.messages, self.kept, self.w, rate)
        return int(passing.max_sum_round(self.x, self.order, *given))

    @property
    def weights(self) -> np.ndarray:
        return np.where(self.w >= 0, 1, -1)


class Annealing(Attempt):
    """Simulated annealing of `replicas` that attract one another."""

    def __init__(self, x, rng, iterations, damping, *, replicas, attraction):
        super().__init__(x, iterations)
        self.rng = rng
        self.attraction = attraction
        count, n = x.shape
        self.columns = np.ascontiguousarray(x.T)
        self.w = rng.choice(np.array([-1, 1], np.float32), (replicas, n))
        self.fields = np.zeros((replicas, count), np.float32)
        self.energy = np.zeros(replicas, np.int64)
        self.total = np.zeros(n, np.float32)
        annealing.prepare(self.columns, self.w, self.fields, self.energy, self.total)
        self.best = self.w[0].copy()

    def advance(self, end: int) -> int:
        return annealing.anneal(
            self.columns,
            self.w,
            self.fields,
            self.energy,
            self.total,
            self.best,
            self.rng,
            self.history,
            self.iterations,
            end,
            _HOT,
            _COLD,
            self.attraction,
        )

    @property
    def weights(self) -> np.ndarray:
        return self.best.astype(int)


class Enumeration(Attempt):
    """All weights, in one iteration."""

    def __init__(self, x, rng, iterations, damping):
        super().__init__(x, 1)
        if x.shape[1] > LARGEST:
            raise InputError(
                f"{x.shape[1]} weights are too many to enumerate: give at most {LARGEST}, or "
                "another method."
            )
        self.best = np.ones(x.shape[1], np.float32)

    def advance(self, end: int) -> int:
        best, errors = _enumerate(self.x)
        self.best = best
        self.history[0] = errors
        return 1

    @property
    def weights(self) -> np.ndarray:
        return self.best.astype(int)


@numba.njit(cache=True)
def _enumerate(x):
    """The first weights with the fewest errors in the order of the Gray code, and those errors."""
    count, n = x.shape
    w = -np.ones(n, np.float32)
    # Written out: sums over an axis and in place take Numba 2 s to compile.
    fields = np.zeros(count, np.float32)
    for mu in range(count):
        for i in range(n):
            fields[mu] -= x[mu, i]
    columns = np.ascontiguousarray(x.T)
    best = w.copy()
    least = count + 1
    for k in range(1 << n):
        if k > 0:
            i = lowest_bit(k)
            for mu in range(count):
                fields[mu] -= 2 * w[i] * columns[i, mu]
            w[i] = -w[i]
        errors = 0
        for mu in range(count):
            errors += fields[mu] < 0
        if errors < least:
            best = w.copy()
            least = errors
            if least == 0:
                break
    return best, least


class Method(NamedTuple):
    """`attempt(x, rng, iterations, damping)`, an attempt; passes over the patterns that one
    iteration costs; iterations of the first attempt (None: all at once), each next one twice as
    long, from other fields; whether patterns must be +-1; damping of the first attempt; whether one
    attempt tries all weights, so that another would find no more.
    """

    attempt: Callable[..., Attempt]
    cost: int
    first: int | None = None
    binary: bool = False
    damping: float = 0.1
    exhaustive: bool = False


def _messages(bp: bool, kept: float = 0.0, replicas: float = 0.0, strongest: float = 0.0):
    given = {"messages": bp, "kept": kept, "replicas": replicas, "strongest": strongest}
    return lambda *arguments: Messages(*arguments, **given)


def _annealing(replicas: int, attraction: float):
    return lambda *arguments: Annealing(*arguments, replicas=replicas, attraction=attraction)


# Settings measured at N = 1001, load 0.7 to 0.78. Reinforcement is best as slow as the budget
# allows, r = 1 - e^-6 at its end; focusing rather tries again, more slowly.
METHODS = {
    "belief-propagation": Method(_messages(True), 4),
    "amp": Method(_messages(False), 2),
    "reinforced-bp": Method(_messages(True, kept=6.0), 4, damping=0.0),
    "reinforced-amp": Method(_messages(False, kept=6.0), 2, damping=0.0),
    "sbpi": Method(Sbpi, 2, None, True),
    "max-sum": Method(MaxSum, 4, None, True),
    "focusing-bp": Method(_messages(False, replicas=7.0, strongest=2.0), 2, 500, damping=0.3),
    "variational": Method(Variational, 2),
    "simulated-annealing": Method(_annealing(1, 0.0), 1),
    "replicated-annealing": Method(_annealing(5, 2.0), 6),
    "enumeration": Method(Enumeration, 1, exhaustive=True),
}
