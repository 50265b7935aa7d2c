"""Exact enumeration of up to 24 Ising spins: the referee of every approximate method."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from replicon._errors import InputError
from replicon.simulation.cache import sound_cache

LARGEST = 24


class Enumeration(NamedTuple):
    """Exact averages: magnetizations (N,), correlations <s_i s_j> (N, N), and, for all spins together, free energy (at
    T = 0 the ground-state energy), mean energy, entropy (nats) and the lowest energy.
    """

    magnetization: np.ndarray
    correlation: np.ndarray
    free_energy: float
    energy: float
    entropy: float
    ground_state_energy: float


@sound_cache
def enumerate_states(couplings, external=None, *, temperature: float = 1.0) -> Enumeration:
    """Boltzmann averages of E = -(1/2) s J s - h s over all 2^N states.

    couplings (N, N), symmetric, its diagonal ignored, dense or scipy sparse; external (N,) or None; N <= 24;
    temperature > 0. Raises InputError for anything else. Cost 2^N (N + N^2 / 2): about 10 s at N = 24.
    """
    matrix, field = check_couplings(couplings, external)
    if len(field) > LARGEST:
        raise InputError(f"N = {len(field)} spins are too many to enumerate: N must be <= {LARGEST} (2^N states).")
    if not (temperature > 0 and math.isfinite(temperature)):
        raise InputError(f"temperature = {temperature:g} is outside its domain: temperature must be > 0 (k_B = 1).")
    lowest = _lowest(matrix, field)
    weight, moment, pair, energy = _sum(matrix, field, 1 / temperature, lowest)
    log_z = math.log(weight) - lowest / temperature
    mean = energy / weight
    correlation = pair / weight
    correlation = correlation + correlation.T
    np.fill_diagonal(correlation, 1.0)
    return Enumeration(moment / weight, correlation, -temperature * log_z, mean, log_z + mean / temperature, lowest)


def check_couplings(couplings, external=None) -> tuple[np.ndarray, np.ndarray]:
    """Couplings as a dense symmetric float64 matrix without diagonal, and fields; InputError says what was wrong."""
    if hasattr(couplings, "toarray"):
        couplings = couplings.toarray()
    try:
        matrix = np.array(couplings, dtype=float)
        field = np.zeros(len(matrix)) if external is None else np.array(external, dtype=float)
    except (TypeError, ValueError):
        raise InputError("Couplings and fields must be arrays of numbers: couplings (N, N), fields (N,).") from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"Couplings have shape {matrix.shape}: they must be a square matrix (N, N).")
    if field.shape != (len(matrix),):
        raise InputError(f"Fields have shape {field.shape}: with couplings {matrix.shape} they must have shape ({len(matrix)},).")
    for name, array in (("Couplings", matrix), ("Fields", field)):
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            place = ", ".join(map(str, bad[0]))
            raise InputError(f"{name} hold {len(bad)} values that are not finite (the first at [{place}]): give real numbers.")
    if not np.allclose(matrix, matrix.T, rtol=1e-10, atol=1e-12):
        raise InputError("Couplings are not symmetric: J_ij must equal J_ji (take (J + J.T) / 2 if that is what you mean).")
    np.fill_diagonal(matrix, 0.0)
    return matrix, field


@numba.njit(cache=True)
def _lowest(J, h):
    n = len(h)
    s = -np.ones(n)
    g = h - J.sum(axis=1)
    energy = 0.0
    for i in range(n):
        energy -= s[i] * (g[i] + h[i]) / 2
    lowest = energy
    for k in range(1, 1 << n):
        i = lowest_bit(k)
        energy += 2 * s[i] * g[i]
        s[i] = -s[i]
        for j in range(n):
            g[j] += 2 * s[i] * J[i, j]
        lowest = min(lowest, energy)
    return lowest


@numba.njit(cache=True)
def lowest_bit(k):
    """Index of the lowest set bit of k: the spin that a Gray code flips at its k-th step."""
    i = 0
    while not k & 1:
        k >>= 1
        i += 1
    return i


@numba.njit(cache=True)
def _sum(J, h, beta, lowest):
    n = len(h)
    s = -np.ones(n)
    g = h - J.sum(axis=1)
    moment = np.zeros(n)
    pair = np.zeros((n, n))
    energy = 0.0
    for i in range(n):
        energy -= s[i] * (g[i] + h[i]) / 2
    weight, mean = 0.0, 0.0
    for k in range(1 << n):
        if k > 0:
            i = lowest_bit(k)
            energy += 2 * s[i] * g[i]
            s[i] = -s[i]
            for j in range(n):
                g[j] += 2 * s[i] * J[i, j]
        w = math.exp(-beta * (energy - lowest))
        weight += w
        mean += w * energy
        for i in range(n):
            ws = w * s[i]
            moment[i] += ws
            for j in range(i):
                pair[i, j] += ws * s[j]
    return weight, moment, pair, mean
