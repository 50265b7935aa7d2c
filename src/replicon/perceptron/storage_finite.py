"""Finite perceptrons: all weight vectors of small ones enumerated, large ones by message passing
and Bethe's entropy.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from replicon._errors import InputError
from replicon._objects import Given, held
from replicon.perceptron.counting import DAMPINGS, FixedPoint
from replicon.perceptron.enumeration import check_enumerable, enumerate_errors

_ITERATIONS = 1000  # of AMP, with which nearly all instances below the capacity settle
_ITERATIONS_BP = 2000  # of belief propagation, with each damping
_ROUNDING = 1e-6  # of an entropy, beyond its bounds


def check_size(controls: dict, size: int) -> None:
    """Refuse what a method cannot do."""
    if "enumeration" in controls["method"]:
        check_enumerable("perceptron", size)
    if "enumeration" in controls["method"] or "belief-propagation" in controls["method"]:
        factors = [*controls["weights"], *controls["constraint"]]
        own = [factor for factor in factors if isinstance(factor, Given)]
        if own:
            raise InputError(
                f"'{own[0]}' is a factor of your own, which message passing alone knows: take"
                " method=amp."
            )
    if "spherical" in controls["weights"]:
        raise InputError(
            "weights = spherical cannot be enumerated or counted by message passing: simulate"
            " weights=ising."
        )
    if "belief-propagation" in controls["method"]:
        _check_plain(controls["margin"], controls["temperature"], controls["constraint"])


def _check_plain(margins, temperatures, constraints) -> None:
    """Refuse what belief propagation does not know."""
    if any(value not in (0, "threshold") for value in (*margins, *temperatures, *constraints)):
        raise InputError(
            "method = belief-propagation knows margin 0, temperature 0 and constraint threshold"
            " only: take method=amp."
        )


class Solutions(NamedTuple):
    """overlap q of two solutions; entropy per weight (nats); energy, the fraction of patterns in
    error; solvable, 1 if there is a solution (or the messages settled), else 0.
    """

    overlap: float
    entropy: float
    energy: float
    solvable: float


_UNKNOWN = Solutions(math.nan, math.nan, math.nan, 0.0)


def start(controls, size: int, rng: np.random.Generator) -> Count:
    """One set of Gaussian patterns and the method that counts its solutions. At T = 0 averages are
    over solutions; an instance without any (by enumeration) or whose messages did not settle (on an
    entropy from 0 to ln 2) gives NaN for overlap and entropy in the end; `solvable` tells the two
    from the rest.

    overlap = |<w>|^2/N, the mean overlap of two independent solutions (a solution with itself
    included).
    """
    patterns = rng.standard_normal((round(controls.load * size), size))
    if controls.method == "enumeration":
        return Enumerated(patterns, controls)
    if len(patterns) == 0:
        return Unconstrained(patterns, controls)
    kind = BeliefPropagation if controls.method == "belief-propagation" else ApproximatePassing
    return kind(patterns, controls)


def iterations(controls) -> int:
    """Iterations after which a method has done what it can."""
    if controls.method == "enumeration":
        return 1
    if controls.method == "belief-propagation":
        return _ITERATIONS_BP * len(DAMPINGS)
    return _ITERATIONS


class Count:
    """Solutions of one set of patterns (P, N) counted, a step an iteration of the method: what the
    methods have in common.
    """

    done = False

    def __init__(self, patterns: np.ndarray, controls):
        self.patterns = patterns
        self.controls = controls

    def step(self, count: int) -> None:
        raise NotImplementedError

    @property
    def mean(self) -> np.ndarray:
        """Means (N,) of the weights now, zero where nothing is known."""
        return np.zeros(self.patterns.shape[1])

    @property
    def overlaps(self) -> np.ndarray:
        """Overlap of two solutions after each iteration, (iterations,)."""
        return np.zeros(0)

    def solutions(self) -> Solutions:
        """What is known of the solutions now."""
        raise NotImplementedError

    def measure(self) -> dict:
        return self.solutions()._asdict()

    def view(self) -> dict:
        path = np.append(0.0, self.overlaps)  # before all iterations the means are zero
        return {"means": self.mean[None], "overlaps": path[:, None]}

    def set(self, control: str, value: float) -> None:
        self.controls = self.controls._replace(**{control: value})


class Unconstrained(Count):
    """Without a pattern all weights are solutions."""

    done = True

    def step(self, count: int) -> None:
        """Nothing to do."""

    def solutions(self) -> Solutions:
        if isinstance(self.controls.weights, Given):
            return _without_patterns(self.controls.weights)
        return Solutions(0.0, math.log(2), 0.0, 1.0)


class Enumerated(Count):
    """All weights, in one step: at any temperature, until the margin is changed."""

    def __init__(self, patterns: np.ndarray, controls):
        super().__init__(patterns, controls)
        self.states: States | None = None

    @property
    def done(self) -> bool:
        return self.states is not None

    def step(self, count: int) -> None:
        if count and self.states is None:
            symmetric = self.controls.constraint == "symmetric"
            self.states = States(*enumerate_errors(self.patterns, self.controls.margin, symmetric))

    @property
    def mean(self) -> np.ndarray:
        if self.states is None:
            return super().mean
        return averages(self.states, self.controls.temperature)[1]

    @property
    def overlaps(self) -> np.ndarray:
        if self.states is None:
            return super().overlaps
        return np.array([np.mean(self.mean**2)])

    def solutions(self) -> Solutions:
        if self.states is None:
            return _UNKNOWN
        return averages(self.states, self.controls.temperature)[0]

    def set(self, control: str, value: float) -> None:
        super().set(control, value)
        if control == "margin":
            self.states = None


class States(NamedTuple):
    """Of each number of errors: counts (P + 1,) of weight vectors, and sums (P + 1, N) of them."""

    counts: np.ndarray
    sums: np.ndarray


def averages(states: States, temperature: float) -> tuple[Solutions, np.ndarray]:
    """Averages over all weights at a temperature, and the means (N,) of the weights, zero where
    there is no solution.
    """
    counts, sums = states
    count = len(counts) - 1
    size = sums.shape[1]
    errors = np.arange(count + 1)
    least = int(np.flatnonzero(counts)[0])
    if temperature == 0:
        cost = np.where(errors == 0, 0.0, np.inf)
    else:
        with np.errstate(over="ignore"):
            # From the least there is: no underflow.
            cost = np.maximum(errors - least, 0) / temperature
    weight = np.where(counts > 0, np.exp(-cost), 0.0)
    total = counts @ weight
    if total == 0:  # at zero temperature, without a solution
        unsolved = Solutions(math.nan, math.nan, least / max(count, 1), 0.0)
        return unsolved, np.zeros(size)
    energy = (counts * weight) @ errors / total
    mean = (weight @ sums) / total
    excess = 0.0 if temperature == 0 else (energy - least) / temperature
    entropy = (math.log(total) + excess) / size
    return Solutions(mean @ mean / size, entropy, float(energy / max(count, 1)), 1.0), mean


class Passing(Count):
    """Solutions as messages tell them."""

    passing: Any  # with `mean` (N,) and `self_overlaps` (iterations,)

    @property
    def mean(self) -> np.ndarray:
        return self.passing.mean

    @property
    def overlaps(self) -> np.ndarray:
        return self.passing.self_overlaps


class BeliefPropagation(Passing):
    """Belief propagation with as much damping as it takes; margin and temperature zero."""

    def __init__(self, patterns: np.ndarray, controls):
        super().__init__(patterns, controls)
        self.passing = FixedPoint(patterns, approximate=False, iterations=_ITERATIONS_BP, seed=0)

    @property
    def done(self) -> bool:
        return self.passing.done

    def step(self, count: int) -> None:
        self.passing.step(count)

    def solutions(self) -> Solutions:
        found = self.passing.marginals()
        settled = found.converged and _within(found.entropy, 0.0, math.log(2))
        return _judged(found.mean, found.entropy, 0.0, done=self.done, settled=settled)

    def set(self, control: str, value: float) -> None:
        _check_plain((value,), (), ())
        super().set(control, value)


class ApproximatePassing(Passing):
    """AMP; the energy is that of each pattern under its own field's marginal. After a change of
    margin or temperature it goes on from its messages, with as many iterations again.
    """

    def __init__(self, patterns: np.ndarray, controls):
        from replicon.channel.amp import MessagePassing
        from replicon.perceptron.own_factors import most
        from replicon.perceptron.storage import CHANNELS, PRIORS

        super().__init__(patterns, controls)
        self.channel = held(controls.constraint, CHANNELS.__getitem__)
        prior = held(controls.weights, PRIORS.__getitem__)
        self.passing = MessagePassing(patterns, prior, self.channel, parameters=self._parameters())
        counted = not isinstance(controls.weights, Given)  # else measured from the prior
        self.range = (0.0 if counted else -math.inf, most(controls.weights))
        self.left = _ITERATIONS

    @property
    def leak(self) -> float:
        """exp(-1/T)."""
        temperature = self.controls.temperature
        return math.exp(-1 / temperature) if temperature > 0 else 0.0

    def _parameters(self) -> tuple[float, ...]:
        """What the channel reads of margin and leak."""
        told = {"margin": self.controls.margin, "leak": self.leak}
        return tuple(told[name] for name in self.channel.parameters)

    @property
    def done(self) -> bool:
        return self.left == 0 or self.passing.done

    def step(self, count: int) -> None:
        before = self.passing.iterations
        self.passing.step(min(count, self.left))
        self.left -= self.passing.iterations - before

    def solutions(self) -> Solutions:
        found = self.passing.posterior()
        leak = self.leak
        by_name = dict(zip(self.channel.parameters, found.sensitivity, strict=True))
        errors = by_name.get("leak", 0.0) * leak  # per weight
        entropy = found.free_entropy + (errors / self.controls.temperature if leak else 0.0)
        count, size = self.patterns.shape
        energy = errors * (size / count)
        settled = found.converged and _within(entropy, *self.range)
        return _judged(found.mean, entropy, energy, done=self.done, settled=settled)

    def set(self, control: str, value: float) -> None:
        super().set(control, value)
        self.passing.set_parameters(self._parameters())
        self.left = _ITERATIONS


def _judged(
    mean: np.ndarray, entropy: float, energy: float, *, done: bool, settled: bool
) -> Solutions:
    """What messages say, once they are done only if it may be believed."""
    if done and not settled:
        return _UNKNOWN
    return Solutions(float(mean @ mean / len(mean)), entropy, energy, float(settled))


def _within(entropy: float, low: float, high: float) -> bool:
    """Whether an entropy may be believed."""
    return low - _ROUNDING <= entropy <= high + _ROUNDING


def _without_patterns(weights: Given) -> Solutions:
    """A prior of one's own, all of which are solutions."""
    import jax

    from replicon.perceptron.own_factors import most

    with jax.enable_x64(True):
        mean = float(jax.grad(weights.held.log_integral, 1)(0.0, 0.0))
    return Solutions(mean**2, most(weights), 0.0, 1.0)
