"""Controls of the perceptron's theory, row by row."""

from __future__ import annotations

import numpy as np

from replicon._objects import Given


def as_arrays(controls):
    """Controls of a transition: T and m, where it finds them, as they are by default."""
    numbers = ("load", "margin", "temperature", "breaking_parameter")
    values = np.broadcast_arrays(*(np.asarray(getattr(controls, k, 0.0), float) for k in numbers))
    return controls._replace(**dict(zip(numbers, values)))


def nowhere(shape) -> tuple[np.ndarray, np.ndarray]:
    return np.full(shape, np.nan), np.zeros(shape, bool)


def rows_of(controls, rows):
    return controls._replace(**{k: v[rows] for k, v in controls._asdict().items() if np.ndim(v)})


def is_own(controls) -> bool:
    """Whether a prior or a channel is a user's own."""
    return isinstance(controls.weights, Given) or isinstance(controls.constraint, Given)


def inverse_temperature(temperature) -> np.ndarray:
    return np.divide(
        1.0,
        temperature,
        out=np.full(np.shape(temperature), np.inf),
        where=np.asarray(temperature) > 0,
    )
