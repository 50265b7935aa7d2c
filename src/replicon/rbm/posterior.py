"""What a student believes about its teacher's weights, and how that is measured."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from replicon.rbm.clusters import symmetric


class Posterior(NamedTuple):
    """Means (N, K) of the weights, mean products (P,) of the pairs of a site's weights, Bethe free
    entropy and entropy per visible unit (nats), NaN where a method does not know them; iterations
    made; the entropy that counts the samples' hidden units too, (1 - beta d/d beta) of ln Z without
    the machine's norm.
    """

    mean: np.ndarray
    products: np.ndarray
    free_entropy: float
    entropy: float
    converged: bool
    iterations: int
    thermodynamic_entropy: float = math.nan


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


def alignment(overlap: np.ndarray) -> np.ndarray:
    """The matrix (K, K) that permutes a student's units and flips their signs so that `overlap` (K,
    K), teacher's units by student's, has the largest trace. Overlaps that vanish change nothing.
    """
    from scipy.optimize import linear_sum_assignment

    # Rounded, so that means that vanish are left as they are.
    rounded = np.round(overlap, 4)
    if len(overlap) == 2:
        straight = np.abs(np.diag(rounded)).sum()
        order = [0, 1] if straight >= np.abs(np.diag(rounded[::-1])).sum() else [1, 0]
    else:
        order = linear_sum_assignment(np.abs(rounded), maximize=True)[1]
    out = np.zeros_like(overlap)
    for teacher, student in enumerate(order):
        out[student, teacher] = -1.0 if rounded[teacher, student] < 0 else 1.0
    return out


def matched(mean: np.ndarray, target: np.ndarray) -> np.ndarray:
    """`mean` (N, K) with units permuted and signs flipped so that its overlap with `target` (N, K)
    is largest.
    """
    return mean @ alignment(target.T @ mean / len(mean))


def largest_overlap(mean: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Overlaps (...,) of means (..., N, K) with `target` (N, K), each matched with it."""
    overlap = np.swapaxes(target.T @ mean, -1, -2) / len(target)
    if overlap.shape[-1] < 3:
        each = np.abs(overlap)
        straight = np.trace(each, axis1=-2, axis2=-1)
        crossed = np.trace(each[..., ::-1], axis1=-2, axis2=-1)
        return np.maximum(straight, crossed) / each.shape[-1]
    flat = overlap.reshape(-1, *overlap.shape[-2:])
    found = [np.trace(one.T @ alignment(one.T)) / len(one) for one in flat]
    return np.array(found).reshape(overlap.shape[:-2])


def measure(found: Posterior, teacher: np.ndarray, other: np.ndarray | None = None) -> Overlaps:
    """Observables of a student of the teacher (N, K), its units matched with the teacher's.

    T = m.xi*/N, q = m.m'/N of posterior means m (N, K); `other`: m' (N, K), those of an independent
    chain, without which m' = m. Of K units T and q are means over the K entries of the diagonal,
    tau, r and R over the others.
    """
    size, units = teacher.shape
    change = alignment(teacher.T @ found.mean / size)
    mean = found.mean @ change
    second = mean if other is None else matched(other, mean)
    with_teacher = teacher.T @ mean / size
    between = mean.T @ second / size
    receptive = change.T @ symmetric(np.atleast_1d(found.products), units) @ change
    return Overlaps(
        _diagonal(with_teacher),
        _off_diagonal(with_teacher),
        _diagonal(between),
        _off_diagonal(between),
        _off_diagonal(receptive),
        found.entropy,
        float(found.converged),
    )


def _diagonal(matrix: np.ndarray) -> float:
    return float(np.trace(matrix)) / len(matrix)


def _off_diagonal(matrix: np.ndarray) -> float:
    count = len(matrix) * (len(matrix) - 1)
    return float(matrix.sum() - np.trace(matrix)) / count if count else math.nan
