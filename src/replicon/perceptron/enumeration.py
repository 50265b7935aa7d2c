"""All weights of small binary perceptrons, by Gray code."""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon._errors import InputError
from replicon.spins.exact import lowest_bit

LARGEST = 25


def check_enumerable(model: str, size: int) -> None:
    """Refuse more weights than can be enumerated."""
    if size > LARGEST:
        raise InputError(
            f"size = {size} is too large for exact enumeration of {model}: give size <= {LARGEST}"
            " (2^N weights)."
        )


@numba.njit(cache=True)
def enumerate_errors(patterns, margin, symmetric):
    """Histogram of the number of errors over all 2^N weights, and the sum of w of each number of
    errors, by Gray code.

    patterns (P, N), labels absorbed: a pattern is in error if x.w < margin sqrt(N), or |x.w| >
    margin sqrt(N) if symmetric. Returns counts (P + 1,) and sums (P + 1, N); one column of the
    patterns is read a step.
    """
    count, n = patterns.shape
    bound = margin * math.sqrt(n)
    w = -np.ones(n)
    fields = -patterns.sum(axis=1)
    columns = np.ascontiguousarray(patterns.T)
    counts = np.zeros(count + 1)
    sums = np.zeros((count + 1, n))
    for k in range(1 << n):
        if k > 0:
            i = lowest_bit(k)
            step = -2 * w[i]
            w[i] = -w[i]
            column = columns[i]
            for mu in range(count):
                fields[mu] += step * column[mu]
        errors = 0
        for mu in range(count):
            if symmetric:
                errors += abs(fields[mu]) > bound
            else:
                errors += fields[mu] < bound
        counts[errors] += 1
        for j in range(n):
            sums[errors, j] += w[j]
    return counts, sums
