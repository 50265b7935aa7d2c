"""What the leading eigenvectors of the samples' covariance say about a machine's weights."""

from __future__ import annotations

import math

import numpy as np


def principal_weights(data: np.ndarray, units: int, guess: float) -> np.ndarray:
    """Weights (N, K) in the directions of the K leading eigenvectors v of the covariance, shrunk by
    their expected overlap.

    An eigenvalue lambda above the Marchenko-Pastur edge (1 + sqrt g)^2, g = N/M, stands for a true
    one 1 + s, lambda = (1 + s)(1 + g/s), and cos^2(v, true) = (1 - g/s^2)/(1 + g/s); below the edge
    nothing is known. Two units' sum and difference are the true directions, of norm^2 2 N (1 +- p).
    Teacher overlap (Bayes-optimal for weights on a sphere) is then cos^2.

    data (M, N) of +-1. Source: Baik, Ben Arous & Peche, Ann. Prob. 33, 1643 (2005); Paul, Stat.
    Sinica 17, 1617 (2007). Referee: cos^2 in simulations (tests/rbm/test_rbm_instances.py).
    """
    samples, size = data.shape
    directions = np.zeros((size, units))
    if samples:
        vectors, values = _modes(data)
        ratio = size / samples
        scales = (1.0,) if units == 1 else (2 * (1 + guess), 2 * (1 - guess))
        for k in range(min(units, len(values))):
            norm = _shrinkage(values[k], ratio) * math.sqrt(scales[k] * size)
            directions[:, k] = norm * vectors[:, k]
    if units == 1:
        return directions
    total, difference = directions.T
    return np.stack([total + difference, total - difference], axis=1) / 2


def _modes(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvectors (N, modes) and eigenvalues (modes,), descending, of the covariance of data
    (M, N) of mean zero.
    """
    from scipy.linalg import svd

    samples, size = data.shape
    if samples >= size:
        _, singular, right = svd(data, full_matrices=False)
        return right.T, singular**2 / samples
    left, singular, _ = svd(data.T, full_matrices=False)
    return left, singular**2 / samples


def _shrinkage(value: float, ratio: float) -> float:
    """Cosine between a sample eigenvector and the true one, from its eigenvalue."""
    if value <= (1 + math.sqrt(ratio)) ** 2:
        return 0.0
    half = (value - 1 - ratio) / 2
    spike = half + math.sqrt(max(half**2 - ratio, 0.0))
    return math.sqrt(max(1 - ratio / spike**2, 0.0) / (1 + ratio / spike))
