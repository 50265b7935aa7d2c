"""All 2^N configurations at once, each by its number, whose binary digits are its spins."""

from __future__ import annotations

import numba


@numba.njit(cache=True)
def walsh(values):
    """The Walsh-Hadamard transform of values (2^N,), unnormalised, in their place."""
    half = 1
    while half < len(values):
        for begin in range(0, len(values), 2 * half):
            for i in range(begin, begin + half):
                one = values[i]
                other = values[i + half]
                values[i] = one + other
                values[i + half] = one - other
        half *= 2
    return values


@numba.njit(cache=True)
def ones(number):
    """How many binary digits of a number are one: a Hamming distance of two, of their xor."""
    count = 0
    while number:
        number &= number - 1
        count += 1
    return count
