"""Parallel tempering (replica exchange) of Ising spins with dense couplings."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from replicon.simulation.spins import energy, local_fields, sweep

_REFRESH = 200  # sweeps between fresh local fields (float32)


class Tempered(NamedTuple):
    """What a run of parallel tempering measured, temperatures in the order given.

    energy (temperatures, copies): mean energy, all spins together; overlap (temperatures, measurements): s^a s^b / N of two
    independent copies; exchange_rate (temperatures - 1,): accepted fraction of exchanges of neighbours.
    """

    energy: np.ndarray
    overlap: np.ndarray
    exchange_rate: np.ndarray


@numba.njit(cache=True)
def _run(couplings, external, betas, spins, fields, burn, sweeps, every, rng):
    copies, levels, n = spins.shape
    energies = np.empty((copies, levels))
    mean_energy = np.zeros((levels, copies))
    tried = np.zeros(levels - 1)
    accepted = np.zeros(levels - 1)
    overlap = np.empty((levels, sweeps // every))
    holder = np.empty((copies, levels), np.int64)  # which configuration sits at each temperature
    for a in range(copies):
        for k in range(levels):
            holder[a, k] = k
            local_fields(couplings, external, spins[a, k], fields[a, k])
    for t in range(burn + sweeps):
        for a in range(copies):
            for k in range(levels):
                r = holder[a, k]
                if t % _REFRESH == 0:
                    local_fields(couplings, external, spins[a, r], fields[a, r])
                sweep(couplings, fields[a, r], spins[a, r], betas[k], rng)
                energies[a, k] = energy(fields[a, r], external, spins[a, r])
            for k in range(t % 2, levels - 1, 2):
                change = (betas[k + 1] - betas[k]) * (energies[a, k + 1] - energies[a, k])
                if t >= burn:
                    tried[k] += 1
                if change >= 0 or rng.random() < np.exp(change):
                    holder[a, k], holder[a, k + 1] = holder[a, k + 1], holder[a, k]
                    energies[a, k], energies[a, k + 1] = energies[a, k + 1], energies[a, k]
                    if t >= burn:
                        accepted[k] += 1
        if t >= burn:
            for k in range(levels):
                for a in range(copies):
                    mean_energy[k, a] += energies[a, k] / sweeps
            if (t - burn) % every == every - 1:
                place = (t - burn) // every
                for k in range(levels):
                    one, two = spins[0, holder[0, k]], spins[1, holder[1, k]]
                    total = 0.0
                    for i in range(n):
                        total += one[i] * two[i]
                    overlap[k, place] = total / n
    return mean_energy, overlap, accepted / np.maximum(tried, 1.0)


def temper(
    couplings: np.ndarray, external: np.ndarray, temperatures: np.ndarray, burn: int, sweeps: int, rng: np.random.Generator, every: int = 1
) -> Tempered:
    """Two independent copies of the ladder `temperatures` on one system; couplings, external as `spins.as_kernel` gives them.

    Source: Hukushima & Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). Referee: exact enumeration at N = 12.
    """
    n, levels = len(external), len(temperatures)
    spins = (2 * rng.integers(0, 2, (2, levels, n)) - 1).astype(np.float32)
    betas = 1 / np.asarray(temperatures, float)
    return Tempered(*_run(couplings, external, betas, spins, np.empty_like(spins), burn, max(sweeps, every), every, rng))
