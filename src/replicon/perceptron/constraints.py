"""Patterns as constraints w.x >= 0 on binary weights: what they demand, whatever their scale and
however often they say it.

A field of zero satisfies its pattern, here as in enumeration: with +-1 patterns and an even number
of weights one field in sqrt(pi N/2) is zero. Its Gaussian approximation then begins half a step
below zero (`smallest_fields`).
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from replicon._arrays import real_array
from replicon.channel.rows import distinct, scaled_to_one, too_alike

_EXPECTED = "give an array (patterns, weights) of numbers, each pattern multiplied by its label +-1"
_COARSE = 0.01  # steps of a field below this part of its largest entry are as good as none


class Constraints(NamedTuple):
    """patterns (P, N) float32, those that say something, each once; least (P,), the smallest field
    x.w/sqrt(N) allowed to its Gaussian approximation; sound: whether that approximation may be
    trusted with them (see `constraints`).
    """

    patterns: np.ndarray
    least: np.ndarray
    sound: bool


def check_patterns(patterns) -> np.ndarray:
    """Patterns as float64 (P, N), labels absorbed; InputError says what was wrong."""
    return real_array("patterns", patterns, _EXPECTED, ndim=2)


def scaled(x: np.ndarray) -> np.ndarray:
    """Each pattern times the power of two that brings its mean square between 1/2 and 2, as
    float32: no sign of a field changes, and fields of whole numbers stay exact.
    """
    largest = np.abs(x).max(axis=1, keepdims=True)
    unit = np.where(largest > 0, largest, 1.0)
    root = unit * np.sqrt(np.mean((x / unit) ** 2, axis=1, keepdims=True))
    exponent = np.where(largest > 0, -np.round(np.log2(np.where(largest > 0, root, 1.0))), 0)
    return np.ascontiguousarray(np.ldexp(x, exponent.astype(int)), np.float32)


def constraints(x: np.ndarray) -> Constraints:
    """The constraints that patterns (P, N) make: zeros dropped (always satisfied), repetitions too,
    also of another scale.

    Not sound where one weight decides a pattern alone, whose field is not Gaussian, or where
    patterns are too alike or opposite (`channel.rows`).
    """
    x = x[np.abs(x).max(axis=1) > 0]
    if len(x) == 0:
        return Constraints(np.zeros((0, x.shape[1]), np.float32), np.zeros(0), True)
    unit = scaled_to_one(x)
    alone = bool((np.abs(unit).sum(axis=1) < 2).any())
    ready = scaled(x[distinct(unit)])
    return Constraints(ready, smallest_fields(ready.astype(float)), not (alone or too_alike(ready)))


@numba.njit(cache=True)
def smallest_fields(x):
    """For each pattern (rows of x) the smallest field x.w/sqrt(N) that its Gaussian approximation
    should allow.

    Entries that are multiples of one unit make fields a step of two units apart: where these meet
    zero, half a step below it, elsewhere, and for entries without a unit, zero.
    """
    count, n = x.shape
    least = np.zeros(count)
    for mu in range(count):
        largest = np.abs(x[mu]).max()
        unit = 0.0
        for i in range(n):
            a = max(unit, abs(x[mu, i]))
            b = min(unit, abs(x[mu, i]))
            while b > 1e-5 * largest:  # Euclid's algorithm
                rest = a - np.round(a / b) * b
                a = b
                b = abs(rest)
            unit = a
            if unit < _COARSE * largest:
                break
        if unit >= _COARSE * largest and largest > 0:
            total = np.round(np.abs(x[mu]).sum() / unit)
            if total % 2 == 0:
                least[mu] = -unit / np.sqrt(n)
    return least
