"""Controls of the perceptron's theory, row by row."""

from __future__ import annotations

import numpy as np


def as_arrays(controls):
    """Controls of a transition: T and m, where it finds them, as they are by default."""
    numbers = ("load", "margin", "temperature", "breaking_parameter")
    values = np.broadcast_arrays(*(np.asarray(getattr(controls, k, 0.0), float) for k in numbers))
    return controls._replace(**dict(zip(numbers, values)))


def nowhere(shape) -> tuple[np.ndarray, np.ndarray]:
    return np.full(shape, np.nan), np.zeros(shape, bool)


def rows_of(controls, rows):
    return controls._replace(**{k: v[rows] for k, v in controls._asdict().items() if np.ndim(v)})
