"""Finite perceptrons: all weight vectors of small ones enumerated, large ones by message passing
and Bethe's entropy.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from replicon._errors import InputError
from replicon.perceptron.enumeration import check_enumerable, enumerate_errors


def check_size(controls: dict, size: int) -> None:
    """Refuse what a method cannot do."""
    if "enumeration" in controls["method"]:
        check_enumerable("perceptron", size)
    if "spherical" in controls["weights"]:
        raise InputError(
            "weights = spherical cannot be enumerated or counted by message passing: simulate"
            " weights=ising."
        )
    plain = all(
        value in (0, "threshold")
        for name in ("margin", "temperature", "constraint")
        for value in controls[name]
    )
    if "belief-propagation" in controls["method"] and not plain:
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


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One set of Gaussian patterns. At T = 0 averages are over solutions; a sample without any (by
    enumeration) or whose messages did not settle (on an entropy from 0 to ln 2) gives NaN for
    overlap and entropy; `solvable` tells the two from the rest.

    overlap = |<w>|^2/N, the mean overlap of two independent solutions (a solution with itself
    included).
    """
    patterns = rng.standard_normal((round(controls.load * size), size))
    if controls.method == "enumeration":
        return _enumerated(patterns, controls)._asdict()
    return _passed(patterns, controls)._asdict()


def _enumerated(patterns: np.ndarray, controls) -> Solutions:
    count, size = patterns.shape
    counts, sums = enumerate_errors(patterns, controls.margin, controls.constraint == "symmetric")
    errors = np.arange(count + 1)
    least = int(np.flatnonzero(counts)[0])
    cold = controls.temperature == 0
    if cold:
        cost = np.where(errors == 0, 0.0, np.inf)
    else:
        with np.errstate(over="ignore"):
            cost = (
                np.maximum(errors - least, 0) / controls.temperature
            )  # from the least there is: no underflow
    weight = np.where(counts > 0, np.exp(-cost), 0.0)
    total = counts @ weight
    if total == 0:  # at zero temperature, without a solution
        return Solutions(math.nan, math.nan, least / max(count, 1), 0.0)
    energy = (counts * weight) @ errors / total
    mean = (weight @ sums) / total
    excess = 0.0 if cold else (energy - least) / controls.temperature
    entropy = (math.log(total) + excess) / size
    return Solutions(mean @ mean / size, entropy, energy / max(count, 1), 1.0)


def _passed(patterns: np.ndarray, controls) -> Solutions:
    """Bethe's approximation; the energy is that of each pattern under its own field's marginal."""
    from replicon.channel.amp import message_passing
    from replicon.channel.replica import ising
    from replicon.perceptron.search import count_solutions
    from replicon.perceptron.storage import CHANNELS

    if len(patterns) == 0:
        return Solutions(0.0, math.log(2), 0.0, 1.0)
    if controls.method == "belief-propagation":
        found = count_solutions(patterns)
        mean, entropy, energy = found.mean, found.entropy, 0.0
    else:
        leak = math.exp(-1 / controls.temperature) if controls.temperature > 0 else 0.0
        found = message_passing(
            patterns, ising, CHANNELS[controls.constraint], parameters=(controls.margin, leak)
        )
        mean, energy = found.mean, found.sensitivity[1] * leak
        entropy = found.free_entropy + (energy / controls.temperature if leak else 0.0)
        energy *= patterns.shape[1] / len(patterns)
    if not (found.converged and -1e-6 <= entropy <= math.log(2) + 1e-6):
        return Solutions(math.nan, math.nan, math.nan, 0.0)
    return Solutions(float(mean @ mean / len(mean)), entropy, energy, 1.0)
