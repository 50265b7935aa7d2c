"""Finite students of a teacher: all that agree with every example enumerated, or their averages by
message passing.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from replicon._errors import InputError
from replicon._objects import Given, held
from replicon.perceptron.attempts import METHODS
from replicon.perceptron.constraints import scaled
from replicon.perceptron.enumeration import check_enumerable, enumerate_errors
from replicon.perceptron.search import Hunt, begin_hunt

_ITERATIONS = 1000  # of AMP, with which nearly all instances settle
_TOLERANCE = 1e-6  # of its means
_NO_STUDENTS = -1e-3  # entropy below which there are none but the teacher
_PASSES = 8000  # over the examples, in search of the teacher
_SEARCH = "focusing-bp"


def check_size(controls: dict, size: int) -> None:
    """Refuse what enumeration cannot do."""
    if "enumeration" in controls["method"]:
        check_enumerable("perceptron-teacher", size)
        if "spherical" in controls["weights"]:
            raise InputError("weights = spherical cannot be enumerated: simulate with method=amp.")
        own = [weights for weights in controls["weights"] if isinstance(weights, Given)]
        if own:
            raise InputError(f"weights = {own[0]} are not enumerated: simulate with method=amp.")


class Lesson(NamedTuple):
    """teacher (N,) and its examples (P, N), labels absorbed; weights: ising, spherical, or a prior
    of the user's own.
    """

    teacher: np.ndarray
    examples: np.ndarray
    weights: str


def start(controls, size: int, rng: np.random.Generator) -> Students:
    """One teacher and one set of Gaussian examples; averages over all students without error, the
    teacher included.

    The generalization error is that of the mean overlap, arccos(r)/pi. By AMP the entropy is
    Bethe's; with method amp-focusing, where it is negative, the teacher is looked for by focusing
    belief propagation.
    """
    binary = controls.weights == "ising"
    teacher = _teacher(controls.weights, rng, size)
    examples = rng.standard_normal((round(controls.load * size), size))
    examples *= np.sign(examples @ teacher)[:, None]
    lesson = Lesson(teacher, examples, controls.weights)
    if controls.method == "enumeration":
        return Enumerated(lesson)
    if len(examples) == 0:
        return Untaught(lesson)
    damping = 0.0 if controls.damping == "none" else None
    if binary and controls.method == "amp-focusing":
        return Focusing(lesson, damping, rng)
    return Passed(lesson, damping)


def iterations(controls) -> int:
    """Iterations after which a method has done what it can."""
    if controls.method == "enumeration":
        return 1
    search = _PASSES // METHODS[_SEARCH].cost
    return _ITERATIONS + (search if controls.method == "amp-focusing" else 0)


def _teacher(weights: str, rng: np.random.Generator, size: int) -> np.ndarray:
    """A teacher's weights (N,)."""
    if isinstance(weights, Given):
        values, chances = weights.held.support
        return rng.choice(values, size, p=chances)
    return rng.choice([-1.0, 1.0], size) if weights == "ising" else _on_sphere(rng, size)


def _on_sphere(rng: np.random.Generator, size: int) -> np.ndarray:
    w = rng.standard_normal(size)
    return w * math.sqrt(size) / float(np.linalg.norm(w))


class Students:
    """The students that agree with a lesson, a step an iteration of the method: what the methods
    have in common.
    """

    done = False

    def __init__(self, lesson: Lesson):
        self.lesson = lesson

    def step(self, count: int) -> None:
        raise NotImplementedError

    @property
    def mean(self) -> np.ndarray:
        """Means (N,) of the students' weights now, zero where nothing is known."""
        return np.zeros(len(self.lesson.teacher))

    @property
    def entropy(self) -> float:
        """Entropy of the students per weight (nats)."""
        raise NotImplementedError

    @property
    def overlaps(self) -> np.ndarray:
        """Overlap with the teacher, and of two students, after each iteration (iterations, 2)."""
        return np.zeros((0, 2))

    def measure(self) -> dict:
        teacher = self.lesson.teacher
        mean = self.mean
        overlap = float(mean @ teacher / len(teacher))
        binary = self.lesson.weights == "ising"
        return {
            "overlap": overlap,
            "generalization_error": math.acos(min(max(overlap, -1.0), 1.0)) / math.pi,
            "entropy": self.entropy,
            "recovered": binary and bool(np.all(np.sign(mean) == teacher)),
        }

    def view(self) -> dict:
        untaught = np.zeros((1, 2))  # before all iterations the means are zero
        return {
            "means": np.stack([self.lesson.teacher, self.mean]),
            "overlaps": np.concatenate([untaught, self.overlaps]),
        }


class Untaught(Students):
    """Without an example all weights are students."""

    done = True

    def step(self, count: int) -> None:
        """Nothing to do."""

    @property
    def entropy(self) -> float:
        return math.log(2) if self.lesson.weights == "ising" else 0.0


class Enumerated(Students):
    """All students without error, in one step."""

    def __init__(self, lesson: Lesson):
        super().__init__(lesson)
        self.count = math.nan
        self.sum = np.zeros(len(lesson.teacher))

    @property
    def done(self) -> bool:
        return not math.isnan(self.count)

    def step(self, count: int) -> None:
        if count and not self.done:
            counts, sums = enumerate_errors(self.lesson.examples, 0.0, False)
            self.count = counts[0]
            self.sum = sums[0]

    @property
    def mean(self) -> np.ndarray:
        return self.sum / self.count if self.done else super().mean

    @property
    def entropy(self) -> float:
        return math.log(self.count) / len(self.sum)

    @property
    def overlaps(self) -> np.ndarray:
        if not self.done:
            return super().overlaps
        mean = self.mean
        return np.array([[np.mean(mean * self.lesson.teacher), np.mean(mean**2)]])


class Passed(Students):
    """AMP from no knowledge on; undamped, it follows state evolution."""

    def __init__(self, lesson: Lesson, damping: float | None):
        from replicon.channel.amp import MessagePassing
        from replicon.channel.replica import sign
        from replicon.perceptron.teacher import PRIORS

        super().__init__(lesson)
        self.passing = MessagePassing(
            lesson.examples,
            held(lesson.weights, PRIORS.__getitem__),
            sign,
            reference=lesson.teacher,
            damping=damping,
            tolerance=_TOLERANCE,
        )

    @property
    def settled(self) -> bool:
        """Whether AMP has done what it can."""
        return self.passing.done or self.passing.iterations == _ITERATIONS

    @property
    def done(self) -> bool:
        return self.settled

    def step(self, count: int) -> None:
        self.passing.step(min(count, _ITERATIONS - self.passing.iterations))

    @property
    def mean(self) -> np.ndarray:
        return self.passing.mean

    @property
    def entropy(self) -> float:
        return self.passing.posterior().free_entropy

    @property
    def overlaps(self) -> np.ndarray:
        return np.column_stack([self.passing.overlaps, self.passing.self_overlaps])


class Focusing(Passed):
    """AMP, then a search for the teacher where AMP leaves no other student. A negative entropy says
    that there are no such students: the teacher is the only one, and is looked for as any solution
    is. (Past the spinodal a finite instance may hold the messages where the imperfect state ended.)
    """

    def __init__(self, lesson: Lesson, damping: float | None, rng: np.random.Generator):
        super().__init__(lesson, damping)
        self.rng = rng
        self.hunt: Hunt | None = None

    @property
    def done(self) -> bool:
        return self.settled and (self.hunt is None or self.hunt.done)

    def step(self, count: int) -> None:
        before = self.passing.iterations
        super().step(count)
        if self.hunt is None and self.settled and not self._others():
            self.hunt = begin_hunt(scaled(self.lesson.examples), _SEARCH, self.rng, _PASSES)
        if self.hunt is not None:
            self.hunt.step(count - (self.passing.iterations - before))

    def _others(self) -> bool:
        """Whether AMP has found students beside the teacher."""
        found = self.passing.posterior()
        return found.converged and found.free_entropy > _NO_STUDENTS

    @property
    def solved(self) -> bool:
        """Whether the search has found weights without error."""
        return self.hunt is not None and self.hunt.used > 0 and self.hunt.errors[-1] == 0

    @property
    def mean(self) -> np.ndarray:
        if self.hunt is not None and self.solved:
            return self.hunt.weights.astype(float)
        return super().mean

    @property
    def entropy(self) -> float:
        return 0.0 if self.solved else super().entropy
