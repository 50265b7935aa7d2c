"""Exact enumeration of all students that agree with a teacher on every example."""

from __future__ import annotations

import math

import numpy as np

from replicon._seed import generator
from replicon.models.perceptron.simulation import check_enumerable, enumerate_errors


def check_size(controls: dict, size: int) -> None:
    """Refuse more weights than can be enumerated."""
    check_enumerable("perceptron-teacher", size)


def simulate(controls, size: int, samples: int, streams: list) -> dict:
    """One teacher and one set of Gaussian examples a sample; averages over all students without error, the teacher included.

    The generalization error is that of the mean overlap, arccos(r)/pi.
    """
    out: dict[str, list] = {name: [] for name in ("overlap", "generalization_error", "entropy")}
    for stream in streams:
        rng = generator(stream)
        teacher = rng.choice([-1.0, 1.0], size)
        patterns = rng.standard_normal((round(controls.load * size), size))
        patterns *= np.sign(patterns @ teacher)[:, None]
        counts, sums = enumerate_errors(patterns, 0.0, False)
        overlap = float(sums[0] @ teacher / counts[0] / size)
        out["overlap"].append(overlap)
        out["generalization_error"].append(math.acos(min(max(overlap, -1.0), 1.0)) / math.pi)
        out["entropy"].append(math.log(counts[0]) / size)
    return {name: np.array(values) for name, values in out.items()}
