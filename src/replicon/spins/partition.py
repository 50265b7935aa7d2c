"""Partition functions of Ising spins with any couplings, by annealed importance sampling."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from replicon._kernels import sound_cache
from replicon.spins.heat_bath import as_kernel, energy, local_fields, sweep

_REFRESH = 200  # sweeps between fresh local fields (float32)
# Annealing is reliable where no fewer than a tenth of the chains carry the weight, and both
# directions agree within three of their errors.
_LEAST_EFFECTIVE = 0.1
_APART = 3


class LogPartition(NamedTuple):
    """ln Z in nats, its standard error, and why it may be wrong nevertheless.

    effective_sample_size: (sum w)^2 / sum w^2 of the weights of annealing (NaN for other methods).
    `reverse`, `reverse_error`: the same from annealing backwards, out of the machine's own samples:
    too large where the forward estimate is too small. Each is one number. reason: what says that it
    is not reliable, else ''.
    """

    value: float
    error: float
    method: str
    effective_sample_size: float = math.nan
    reverse: float = math.nan
    reverse_error: float = math.nan
    reliable: bool = True
    reason: str = ""


def log_mean(w: np.ndarray) -> tuple[float, float, float]:
    """Ln mean exp(w) over chains (chains,), its standard error by the delta method, and the
    effective sample size.
    """
    count = len(w)
    weight = np.exp(w - w.max())
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    error = math.sqrt(max(count / effective - 1, 0.0) / (count - 1)) if count > 1 else math.nan
    return float(w.max() + math.log(weight.mean())), error, effective


def judge(zero: float, forward: np.ndarray, backward: np.ndarray) -> LogPartition:
    """ln Z = zero + ln mean exp(forward), with what the reverse says of it.

    zero: ln Z where annealing begins; forward, backward (chains,): log-weights of both directions.
    Not reliable: effective sample size below a tenth of the chains, or both estimates more than
    three errors apart. Source: Burda, Grosse & Salakhutdinov, AISTATS 2015 (reverse).
    """
    value, error, effective = log_mean(forward)
    reverse, reverse_error, back = log_mean(backward)
    apart = abs(value + reverse)
    # Where there is nothing to anneal the errors vanish and rounding is left.
    rounding = 1e-5 * max(1.0, abs(zero + value))
    reason = ""
    if effective < _LEAST_EFFECTIVE * len(forward) or back < _LEAST_EFFECTIVE * len(backward):
        reason = (
            f"the weight lies on {effective:.1f} chains of {len(forward)} and, in reverse,"
            f" {back:.1f} of {len(backward)}"
        )
    elif apart > _APART * math.hypot(error, reverse_error) + rounding:
        reason = f"the estimates of both directions are {apart:.2f} nats apart"
    return LogPartition(
        zero + value, error, "ais", effective, zero - reverse, reverse_error, not reason, reason
    )


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
