"""Exact enumeration of up to 24 Ising spins: the referee of every approximate method."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np

from replicon._arrays import real_array, square_matrix
from replicon._declare import Interval
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon._kernels import sound_cache

LARGEST = 24
TEMPERATURE = Interval(0, open_low=True)


class Enumeration(NamedTuple):
    """Exact averages: magnetizations (N,), correlations <s_i s_j> (N, N), and, for all spins
    together, free energy (at T = 0 the ground-state energy), mean energy, entropy (nats) and the
    lowest energy.
    """

    magnetization: np.ndarray
    correlation: np.ndarray
    free_energy: float
    energy: float
    entropy: float
    ground_state_energy: float


@sound_cache
def enumerate_states(couplings, external=None, *, temperature: float = 1.0) -> Enumeration:
    """Boltzmann averages of E = -(1/2) s J s - h s over all 2^N states, at any temperature > 0
    without overflow.

    couplings (N, N), symmetric, its diagonal ignored: an array, a DataFrame, scipy.sparse or a
    networkx graph; external (N,) or None; N <= 24. Cost 2^N N^2: about 10 s at N = 24.

    Raises InputError beyond 24 spins and for couplings that are none. Source: the definition of the
    Boltzmann measure. Referee: products of single spins, closed formulas (tests/spins).
    """
    temperature = check_argument("temperature", temperature, TEMPERATURE, "k_B = 1")
    matrix, field = check_couplings(couplings, external)
    if len(field) > LARGEST:
        raise InputError(
            f"N = {len(field)} spins are too many to enumerate: N must be <= {LARGEST} (2^N"
            " states)."
        )
    sums = _sum(matrix, field, temperature)
    correlation = sums.pair / sums.weight
    correlation = correlation + correlation.T
    np.fill_diagonal(correlation, 1.0)
    log_weight = np.log(sums.weight)
    excess = sums.excess / sums.weight
    return Enumeration(
        sums.moment / sums.weight,
        correlation,
        float(sums.lowest - temperature * log_weight),
        float(sums.lowest + excess),
        float(log_weight + excess / temperature),
        float(sums.lowest),
    )


def check_couplings(couplings, external=None) -> tuple[np.ndarray, np.ndarray]:
    """Couplings as a dense symmetric float64 matrix without diagonal, and fields; InputError says
    what was wrong.
    """
    expected = (
        "give arrays of numbers, couplings a square matrix (N, N), with no entry that is not finite"
    )
    matrix = square_matrix("couplings", couplings, expected)
    if external is None:
        field = np.zeros(len(matrix))
    else:
        expected = (
            f"fields of couplings {matrix.shape} are arrays of numbers of shape ({len(matrix)},),"
            " with no entry that is not finite"
        )
        field = real_array("external", external, expected, shape=(len(matrix),))
    with np.errstate(over="ignore"):
        if not np.isfinite(np.abs(matrix).sum() + np.abs(field).sum()):
            raise InputError(
                "Couplings and fields are so large that their energy overflows: give them, and T,"
                " in another unit."
            )
    # Rounding of a computed matrix is admitted, relative to the entry or to the largest one; an
    # asymmetry is not.
    gap = np.abs(matrix - matrix.T)
    largest = np.abs(matrix).max()
    if (gap > 1e-10 * np.minimum(np.abs(matrix), np.abs(matrix.T)) + 1e-12 * largest).any():
        raise InputError(
            "Couplings are not symmetric: J_ij must equal J_ji (take (J + J.T) / 2 if that is what"
            " you mean)."
        )
    matrix = (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, 0.0)
    return matrix, field


@numba.njit(cache=True)
def lowest_bit(k):
    """Index of the lowest set bit of k: the spin that a Gray code flips at its k-th step."""
    i = 0
    while not k & 1:
        k >>= 1
        i += 1
    return i


class _Sums(NamedTuple):
    """Sums over all states with weights relative to `lowest`, the lowest energy: of the weights, of
    the spins (N,), of their products (N, N), j < i, and of the energies above the lowest.
    """

    weight: Any
    moment: Any
    pair: Any
    excess: Any
    lowest: Any


@numba.njit(cache=True)
def _sum(J, h, temperature):
    """Weights relative to the lowest energy met so far. Every energy is summed afresh and in one
    order: nothing drifts, and states that a symmetry makes equal are equal to the last bit, so that
    ties stay ties as T -> 0.
    """
    n = len(h)
    s = -np.ones(n)
    moment = np.zeros(n)
    pair = np.zeros((n, n))
    weight = 0.0
    excess = 0.0
    lowest = 0.0
    for k in range(1 << n):
        if k > 0:
            i = lowest_bit(k)
            s[i] = -s[i]
        energy = 0.0
        for i in range(n):
            field = h[i]
            for j in range(i):
                field += J[i, j] * s[j]
            energy -= s[i] * field
        if k == 0:
            lowest = energy
        if energy < lowest:
            shrink = math.exp((energy - lowest) / temperature)
            excess = shrink * (excess + weight * (lowest - energy))
            weight *= shrink
            moment *= shrink
            pair *= shrink
            lowest = energy
        w = math.exp((lowest - energy) / temperature)
        if w == 0.0:
            continue
        weight += w
        excess += w * (energy - lowest)
        for i in range(n):
            ws = w * s[i]
            moment[i] += ws
            for j in range(i):
                pair[i, j] += ws * s[j]
    return _Sums(weight, moment, pair, excess, lowest)
