"""What a student believes about its teacher's weights, and how that is measured."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np


class Posterior(NamedTuple):
    """Means (N, K) of the weights, mean product of a site's two weights, Bethe free entropy and
    entropy per visible unit (nats), NaN where a method does not know them; iterations made.
    """

    mean: np.ndarray
    receptive_overlap: float
    free_entropy: float
    entropy: float
    converged: bool
    iterations: int


class Overlaps(NamedTuple):
    """The observables of a student, each one number: T, tau, q_1, r, R, entropy per visible unit in
    nats, and 1 where its messages came to rest, else 0. With one unit tau, r and R are NaN.
    """

    teacher_overlap: float
    cross_overlap: float
    overlap: float
    cross_replica_overlap: float
    receptive_overlap: float
    entropy: float
    converged_fraction: float


def symmetries(units: int) -> list[np.ndarray]:
    """The matrices (K, K) that permute units and flip their signs; the first does neither."""
    out = []
    for order in itertools.permutations(range(units)):
        for signs in itertools.product((1.0, -1.0), repeat=units):
            out.append(np.eye(units)[:, list(order)] * np.array(signs))
    return out


def matched(mean: np.ndarray, target: np.ndarray) -> np.ndarray:
    """`mean` (N, K) with units permuted and signs flipped so that its overlap with `target` (N, K)
    is largest.
    """
    overlap = target.T @ mean / len(mean)
    # Rounded, so that means that vanish are left as they are (the first symmetry is the identity).
    return mean @ max(
        symmetries(mean.shape[1]), key=lambda change: round(float(np.trace(overlap @ change)), 4)
    )


def largest_overlap(mean: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Overlaps (...,) of means (..., N, K) with `target` (N, K), each matched with it."""
    each = np.abs(np.swapaxes(mean, -1, -2) @ target) / len(target)
    straight = np.trace(each, axis1=-2, axis2=-1)
    crossed = np.trace(each[..., ::-1], axis1=-2, axis2=-1)
    return np.maximum(straight, crossed) / each.shape[-1]


def measure(found: Posterior, teacher: np.ndarray, other: np.ndarray | None = None) -> Overlaps:
    """Observables of a student of the teacher (N, K), its units matched with the teacher's.

    T = m.xi*/N, q = m.m'/N of posterior means m (N, K); `other`: m' (N, K), those of an independent
    chain, without which m' = m.
    """
    size, units = teacher.shape
    mean = matched(found.mean, teacher)
    second = mean if other is None else matched(other, mean)
    with_teacher = teacher.T @ mean / size
    between = mean.T @ second / size
    receptive = found.receptive_overlap if units == 2 else math.nan
    if units == 2 and found.mean.prod(axis=1).sum() * mean.prod(axis=1).sum() < 0:
        receptive = -receptive  # the sign of one unit was flipped
    return Overlaps(
        _diagonal(with_teacher),
        _off_diagonal(with_teacher),
        _diagonal(between),
        _off_diagonal(between),
        receptive,
        found.entropy,
        float(found.converged),
    )


def _diagonal(matrix: np.ndarray) -> float:
    return float(np.trace(matrix)) / len(matrix)


def _off_diagonal(matrix: np.ndarray) -> float:
    return float(matrix[0, 1] + matrix[1, 0]) / 2 if len(matrix) == 2 else math.nan
