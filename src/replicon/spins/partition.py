"""Partition functions of Ising spins with any couplings, by annealed importance sampling."""

from __future__ import annotations

import numba
import numpy as np

from replicon._kernels import sound_cache
from replicon.spins.heat_bath import as_kernel, energy, local_fields, sweep
from replicon.spins.log_partition import LogPartition, judge

_REFRESH = 200  # sweeps between fresh local fields (float32)


@numba.njit(cache=True)
def anneal(couplings, external, relative, base, betas, spins, rng):
    """Log-weights (chains,) of one annealing along `betas`, from spins (chains, N) that are samples
    at the first of them, in place.

    At beta, P(s) ~ exp(-beta E + (1 - beta) base.s), kept by one heat-bath sweep; a step from beta
    to beta' adds (beta' - beta) (-E - base.s). relative = external - 2 base: see
    `tempering.Ladder`.
    """
    chains = len(spins)
    fields = np.empty_like(spins)
    values = np.empty(chains)
    at = np.empty(chains)
    total = np.zeros(chains)
    for k in range(len(betas) - 1):
        if k % _REFRESH == 0:
            local_fields(couplings, external, spins, fields)
        energy(fields, relative, spins, values)
        total -= (betas[k + 1] - betas[k]) * values
        at[:] = betas[k + 1]
        sweep(couplings, fields, spins, at, rng, base)
    return total


@sound_cache
def annealed_log_partition(
    couplings: np.ndarray,
    external: np.ndarray,
    base: np.ndarray,
    start: np.ndarray,
    *,
    chains: int,
    temperatures: int,
    rng: np.random.Generator,
) -> LogPartition:
    """Ln Z of P(s) ~ exp(s J s / 2 + h.s), s = +-1, from independent spins of fields `base` (N,),
    forward and in reverse.

    couplings (N, N), external (N,); start (rows, N): samples of P, from which the reverse begins.
    `temperatures` equal steps of the inverse temperature, one sweep each.

    Raises nothing. Source: Neal, Stat. Comput. 11, 125 (2001); Salakhutdinov & Murray, ICML 2008.
    Referee: enumeration, transfer matrices (tests/boltzmann).
    """
    matrix, field = as_kernel(couplings, external)
    base = np.asarray(base, float)
    relative = (field - 2 * base).astype(np.float32)
    betas = np.linspace(0, 1, temperatures)
    up = rng.random((chains, len(base))) < (1 + np.tanh(base)) / 2
    first = np.where(up, 1, -1).astype(np.float32)
    forward = anneal(matrix, field, relative, base, betas, first, rng)
    last = np.array(start, np.float32)
    backward = anneal(matrix, field, relative, base, betas[::-1].copy(), last, rng)
    zero = float(np.logaddexp(base, -base).sum())
    return judge(zero, forward, backward)
