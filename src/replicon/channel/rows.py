"""Rows of a user's data that say the same thing twice, or nearly: what sums over factors of one
perceptron must know.
"""

from __future__ import annotations

import numpy as np

SAME = 1e-6  # difference of entries, relative to the largest of a row, below which two rows are one
CLOSE = 0.95  # cosine
_MOST = 0.01  # of a free entropy per weight, the error that pairs of rows alike may make
_EACH = 0.25  # times the number of weights: the largest error that one pair was seen to make


def scaled_to_one(x: np.ndarray) -> np.ndarray:
    """Rows divided by the largest modulus of their entries; rows of zeros stay."""
    largest = np.abs(x).max(axis=1, keepdims=True)
    return x / np.where(largest > 0, largest, 1.0)


def distinct(rows: np.ndarray) -> np.ndarray:
    """Which rows, in their order, to keep so that each is there once.

    Rows that are alike have alike projections on one random direction: only neighbours in that
    order are compared.
    """
    projection = rows @ np.random.default_rng(0).standard_normal(rows.shape[1])
    order = np.argsort(projection, kind="stable")
    ordered = rows[order]
    same = np.abs(np.diff(ordered, axis=0)).max(axis=1, initial=0.0) < SAME
    return np.sort(order[np.append(True, ~same)])


def too_alike(rows: np.ndarray, *, block: int = 1000) -> bool:
    """Whether Bethe's approximation, which takes rows as independent, is seen to fail: by the
    number of pairs of cosine above 0.95, each of which costs up to 0.25/N, or by one pair below
    -0.95, which leaves the weights a thin slab.
    """
    unit = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)).astype(
        np.float32
    )
    alike = -len(rows)  # of each with itself
    opposite = 0
    for begin in range(0, len(rows), block):
        cosine = unit[begin : begin + block] @ unit.T
        alike += np.count_nonzero(cosine > CLOSE)
        opposite += np.count_nonzero(cosine < -CLOSE)
    return bool(opposite > 0 or _EACH * (alike // 2) / rows.shape[1] > _MOST)
