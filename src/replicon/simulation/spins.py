"""Heat bath for Ising spins with any dense couplings: local fields kept up to date, so that only a flip costs O(N)."""

from __future__ import annotations

import math

import numba
import numpy as np


@numba.njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def sweep(couplings, fields, spins, beta, rng):
    """One heat-bath sweep in site order, in place; returns the number of flips.

    couplings: (N, N) float32, symmetric, zero diagonal; fields: (N,) float32, sum_j J_ij s_j + h_i; spins: (N,) float32, +-1;
    beta: inverse temperature, inf for zero temperature (a spin with zero field then stays).
    """
    n = spins.size
    flips = 0
    for i in range(n):
        gain = np.float64(-2 * spins[i] * fields[i])  # minus the energy cost of a flip, in units of J
        if math.isinf(beta):
            flip = gain > 0
        else:
            x = beta * gain
            # P(flip) = 1 / (1 + exp(-x)); a random number is drawn in any case, so that streams do not depend on rounding.
            flip = rng.random() * (1 + math.exp(min(-x, 700.0))) < 1
        if flip:
            spins[i] = -spins[i]
            step = 2 * spins[i]
            row = couplings[i]
            for j in range(n):
                fields[j] += step * row[j]
            flips += 1
    return flips


@numba.njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def local_fields(couplings, external, spins, out):
    """out_i = sum_j J_ij s_j + h_i, afresh: removes the rounding that many incremental updates leave in float32."""
    n = spins.size
    for i in range(n):
        total = np.float32(0)
        row = couplings[i]
        for j in range(n):
            total += row[j] * spins[j]
        out[i] = total + external[i]


@numba.njit(cache=True)
def energy(fields, external, spins):
    """-(1/2) s J s - h s, from the local fields."""
    total = 0.0
    for i in range(spins.size):
        total -= np.float64(spins[i]) * (np.float64(fields[i]) + np.float64(external[i])) / 2
    return total


@numba.njit(cache=True)
def relax(couplings, fields, spins, limit, rng):
    """Zero-temperature asynchronous dynamics until no spin wants to flip, at most `limit` sweeps; returns the sweeps used."""
    for t in range(limit):
        if sweep(couplings, fields, spins, np.inf, rng) == 0:
            return t
    return limit


def as_kernel(couplings: np.ndarray, external: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Couplings and external fields in the types of the kernels, diagonal removed."""
    matrix = np.ascontiguousarray(couplings, np.float32)
    if matrix is couplings:
        matrix = matrix.copy()
    np.fill_diagonal(matrix, 0.0)
    field = np.zeros(len(matrix), np.float32) if external is None else np.ascontiguousarray(external, np.float32)
    return matrix, field
