"""Rows of spins that are learnt, with how often each counts, and the covariance of their features.

Features of a row: its N spins, then the products of its pairs i < j.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replicon.boltzmann.enumerated import features

DENSE = 5200  # parameters of which all covariances are kept (N = 101)


class Data(NamedTuple):
    """`rows` (B, N) of +-1, `pseudocount`, and the moments of both together: m (N,),
    second (N, N). `weights` (B,): how many times each row counts, None for once.
    """

    rows: np.ndarray
    pseudocount: float
    m: np.ndarray
    second: np.ndarray
    weights: np.ndarray | None = None

    @property
    def total(self) -> float:
        """How many rows there are, each as often as it counts."""
        return len(self.rows) if self.weights is None else float(self.weights.sum())

    @property
    def least(self) -> float:
        """How often the row that counts least does."""
        return 1.0 if self.weights is None else float(self.weights.min())

    @property
    def count(self) -> float:
        """Rows of the data and of the prior."""
        return self.total + self.pseudocount


def _blocks(rows, size: int, weights: np.ndarray | None, dtype: type = np.float64):
    """Features of pieces of the rows, and the same as often as each row counts: for weights None
    the same array, whose product with itself NumPy forms in half the time.
    """
    step = max(1, 20_000_000 // size)
    for k in range(0, len(rows), step):
        x = features(rows[k : k + step], dtype)
        yield x, x if weights is None else weights[k : k + step, None] * x


def covariance(
    rows: np.ndarray, share: float = 1.0, weights: np.ndarray | None = None
) -> np.ndarray:
    """Of the features of rows, each as often as it counts, mixed with uniform ones at weight 1 -
    share; variances alone beyond DENSE.
    """
    count = rows.shape[1] * (rows.shape[1] + 1) // 2
    if count > DENSE:
        sums = [counted.sum(axis=0) for _, counted in _blocks(rows, count, weights)]
        total = len(rows) if weights is None else weights.sum()
        mean = share * np.array(sums).sum(axis=0) / total
        return 1 - mean**2
    most = max(int(2e11 / count**2), 1000)
    every = slice(None, None, -(-len(rows) // most))
    rows = rows[every]
    weights = None if weights is None else weights[every]
    total = len(rows) if weights is None else weights.sum()
    square = np.zeros((count, count))
    mean = np.zeros(count)
    for x, counted in _blocks(rows, count, weights, np.float32):
        square += counted.T @ x
        mean += counted.sum(axis=0, dtype=float)
    mean *= share / total
    square *= share / total
    square[np.diag_indices(count)] += 1 - share
    spread = square - np.outer(mean, mean)
    # With few rows small eigenvalues come out too small.
    shrunk = count / (count + 4 * total)
    variances = np.diagonal(spread).copy()
    spread *= 1 - shrunk
    spread[np.diag_indices(count)] += shrunk * variances
    return spread
