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
    """`spins` (2 * levels, N): the configurations of copy a are rows a * levels to (a + 1) * levels."""
    levels, n = len(betas), spins.shape[1]
    holder = np.arange(2 * levels).reshape(2, levels)  # the configuration at each temperature
    beta_of = np.empty(2 * levels)
    energies = np.empty(2 * levels)
    mean_energy = np.zeros((levels, 2))
    tried = np.zeros(levels - 1)
    accepted = np.zeros(levels - 1)
    overlap = np.empty((levels, sweeps // every))
    for t in range(burn + sweeps):
        for a in range(2):
            for k in range(levels):
                beta_of[holder[a, k]] = betas[k]
        if t % _REFRESH == 0:
            local_fields(couplings, external, spins, fields)
        sweep(couplings, fields, spins, beta_of, rng)
        energy(fields, external, spins, energies)
        for a in range(2):
            for k in range(t % 2, levels - 1, 2):
                one, two = holder[a, k], holder[a, k + 1]
                change = (betas[k + 1] - betas[k]) * (energies[two] - energies[one])
                swap = change >= 0 or rng.random() < np.exp(change)
                if swap:
                    holder[a, k], holder[a, k + 1] = two, one
                if t >= burn:
                    tried[k] += 1
                    accepted[k] += swap
        if t >= burn:
            for k in range(levels):
                for a in range(2):
                    mean_energy[k, a] += energies[holder[a, k]] / sweeps
            if (t - burn) % every == every - 1:
                for k in range(levels):
                    one, two = spins[holder[0, k]], spins[holder[1, k]]
                    total = 0.0
                    for i in range(n):
                        total += one[i] * two[i]
                    overlap[k, (t - burn) // every] = total / n
    return mean_energy, overlap, accepted / np.maximum(tried, 1.0)


def temper(
    couplings: np.ndarray, external: np.ndarray, temperatures: np.ndarray, burn: int, sweeps: int, rng: np.random.Generator, every: int = 1
) -> Tempered:
    """Two independent copies of the ladder `temperatures` on one system; couplings, external as `spins.as_kernel` gives them.

    Source: Hukushima & Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). Referee: exact enumeration at N = 12.
    """
    n, levels = len(external), len(temperatures)
    spins = (2 * rng.integers(0, 2, (2 * levels, n)) - 1).astype(np.float32)
    betas = 1 / np.asarray(temperatures, float)
    return Tempered(*_run(couplings, external, betas, spins, np.empty_like(spins), burn, max(sweeps, every), every, rng))
