"""Early training is solvable: dW/dt = (C - diag(p (1 - p))) W / 4."""

from __future__ import annotations

import numpy as np

from replicon._objects import held
from replicon.data.rows import load_rows


def growth_rates(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rates (V,), descending, and directions (V, V) of the modes of small weights, for data `rows`
    (n, V) of 0 and 1.

    C is the covariance of the data; independent units of the same means have diag(p (1 - p)); a
    hidden unit answers to a small field with slope 1/4. Time is updates x learning rate; centred
    units, fitted visible biases.

    Source: Decelle, Fissore & Furtlehner, EPL 119, 60001 (2017), eq. 8, for 0/1 units. Referee:
    `simulation`.
    """
    rows = rows.astype(float)
    p = rows.mean(axis=0)
    matrix = (rows - p).T @ (rows - p) / len(rows) - np.diag(p * (1 - p))
    rates, directions = np.linalg.eigh(matrix / 4)
    return rates[::-1], directions[:, ::-1]


def solve(controls) -> dict:
    """`growth_rate` of the leading mode."""
    rates, _ = growth_rates(held(controls.data, load_rows))
    return {"growth_rate": rates[:1], "converged": np.array([True])}
