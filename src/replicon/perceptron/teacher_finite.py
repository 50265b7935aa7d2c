"""Finite students of a teacher: all that agree with every example enumerated, or their averages by
message passing.
"""

from __future__ import annotations

import math

import numpy as np

from replicon._errors import InputError
from replicon.perceptron.enumeration import check_enumerable, enumerate_errors


def check_size(controls: dict, size: int) -> None:
    """Refuse what enumeration cannot do."""
    if "enumeration" in controls["method"]:
        check_enumerable("perceptron-teacher", size)
        if "spherical" in controls["weights"]:
            raise InputError("weights = spherical cannot be enumerated: simulate with method=amp.")


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One teacher and one set of Gaussian examples; averages over all students without error, the
    teacher included.

    The generalization error is that of the mean overlap, arccos(r)/pi. By AMP the entropy is
    Bethe's; with method amp-focusing, where it is negative, the teacher is looked for by focusing
    belief propagation.
    """
    binary = controls.weights == "ising"
    teacher = rng.choice([-1.0, 1.0], size) if binary else _on_sphere(rng, size)
    patterns = rng.standard_normal((round(controls.load * size), size))
    patterns *= np.sign(patterns @ teacher)[:, None]
    if controls.method == "enumeration":
        counts, sums = enumerate_errors(patterns, 0.0, False)
        mean = sums[0] / counts[0]
        entropy = math.log(counts[0]) / size
    else:
        looking = rng if controls.method == "amp-focusing" else None
        mean, entropy = _passed(patterns, controls.weights, looking)
    overlap = float(mean @ teacher / size)
    return {
        "overlap": overlap,
        "generalization_error": math.acos(min(max(overlap, -1.0), 1.0)) / math.pi,
        "entropy": entropy,
        "recovered": binary and bool(np.all(np.sign(mean) == teacher)),
    }


def _on_sphere(rng: np.random.Generator, size: int) -> np.ndarray:
    w = rng.standard_normal(size)
    return w * math.sqrt(size) / float(np.linalg.norm(w))


def _passed(
    patterns: np.ndarray, weights: str, rng: np.random.Generator | None
) -> tuple[np.ndarray, float]:
    from replicon.channel.amp import message_passing
    from replicon.channel.replica import sign
    from replicon.perceptron.search import find_weights
    from replicon.perceptron.teacher import PRIORS

    size = patterns.shape[1]
    if len(patterns) == 0:
        return np.zeros(size), math.log(2) if weights == "ising" else 0.0
    found = message_passing(patterns, PRIORS[weights], sign, iterations=1000, tolerance=1e-6)
    if (
        rng is not None
        and weights == "ising"
        and not (found.converged and found.free_entropy > -1e-3)
    ):
        # A negative entropy says that there are no such students: the teacher is the only one, and
        # is looked for as any solution is. (Past the spinodal a finite instance may hold the
        # messages where the imperfect state ended.)
        search = find_weights(patterns, seed=rng, passes=8000)
        if search.solved:
            return search.weights.astype(float), 0.0
    return found.mean, found.free_entropy
