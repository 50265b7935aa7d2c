"""Heat bath for Ising spins with any dense couplings: local fields kept up to date, so that only a
flip costs O(N).

Several chains on the same couplings (replicas, temperatures) run side by side: they read each row
of couplings once. Arrays: couplings (N, N) float32, symmetric, zero diagonal; external (N,)
float32; spins (chains, N) float32, +-1; fields (chains, N) float32, sum_j J_ij s_j + h_i.
"""

from __future__ import annotations

import math

import numba
import numpy as np


@numba.njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def sweep(couplings, fields, spins, betas, rng, base=None):
    """One heat-bath sweep of every chain in site order, in place; returns the number of flips.

    betas: (chains,) inverse temperatures, inf for zero temperature (a spin with zero field then
    stays). base: (N,) fields of weight 1 - beta, so that chains of beta = 0 are independent spins
    in these: P(s) ~ exp(-beta E + (1 - beta) base.s).

    Raises nothing. Source: Glauber, J. Math. Phys. 4, 294 (1963). Referee: enumeration at N = 12,
    and a wrong twin that is rejected (tests/spins).
    """
    chains, n = spins.shape
    flips = 0
    for i in range(n):
        row = couplings[i]
        for a in range(chains):
            gain = np.float64(
                -2 * spins[a, i] * fields[a, i]
            )  # minus the energy cost of a flip, in units of J
            if math.isinf(betas[a]):
                flip = gain > 0
            else:
                # P(flip) = 1 / (1 + exp(-odds)); a random number is drawn in any case, so that
                # streams do not depend on rounding.
                odds = betas[a] * gain
                if base is not None:
                    odds += 2 * (betas[a] - 1) * spins[a, i] * base[i]
                flip = rng.random() * (1 + math.exp(min(-odds, 700.0))) < 1
            if flip:
                spins[a, i] = -spins[a, i]
                step = np.float32(2) * spins[a, i]
                field = fields[a]
                for j in range(n):
                    field[j] += step * row[j]
                flips += 1
    return flips


@numba.njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def local_fields(couplings, external, spins, out):
    """Fields of every chain afresh: removes the rounding that many incremental updates leave in
    float32.

    couplings (N, N), spins and out (chains, N). Raises nothing. Source: the definition. Referee: a
    matrix product (tests/spins).
    """
    chains, n = spins.shape
    for i in range(n):
        row = couplings[i]
        for a in range(chains):
            total = np.float32(0)
            for j in range(n):
                total += row[j] * spins[a, j]
            out[a, i] = total + external[i]


@numba.njit(cache=True)
def energy(fields, external, spins, out):
    """-(1/2) s J s - h s of every chain, from its local fields, into out (chains,).

    fields and spins (chains, N), external (N,). Raises nothing. Source: the definition. Referee:
    the energy from the couplings (tests/spins).
    """
    chains, n = spins.shape
    for a in range(chains):
        total = 0.0
        for i in range(n):
            total -= (
                np.float64(spins[a, i]) * (np.float64(fields[a, i]) + np.float64(external[i])) / 2
            )
        out[a] = total


def relax(
    couplings: np.ndarray,
    fields: np.ndarray,
    spins: np.ndarray,
    limit: int,
    rng: np.random.Generator,
) -> int:
    """Zero-temperature asynchronous dynamics until no spin wants to flip, at most `limit` sweeps;
    returns the sweeps used.

    spins (chains, N) change in place. Raises nothing. Source: Glauber dynamics at T = 0. Referee:
    every spin along its field at the end (tests/spins).
    """
    cold = np.full(len(spins), np.inf)
    for t in range(limit):
        if sweep(couplings, fields, spins, cold, rng) == 0:
            return t
    return limit


def as_kernel(
    couplings: np.ndarray, external: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Couplings and external fields in the types of the kernels, diagonal removed.

    Returns arrays (N, N) and (N,), float32. Raises what NumPy raises for arrays of other shapes.
    Source: none is needed. Referee: enumeration through the kernels (tests/spins).
    """
    matrix = np.ascontiguousarray(couplings, np.float32)
    if matrix is couplings:
        matrix = matrix.copy()
    np.fill_diagonal(matrix, 0.0)
    field = (
        np.zeros(len(matrix), np.float32)
        if external is None
        else np.ascontiguousarray(external, np.float32)
    )
    return matrix, field
