"""ln Z of a Boltzmann machine: by enumeration, or by annealing that says whether to trust it."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from replicon._errors import InputError
from replicon.boltzmann.chains import draw
from replicon.spins.exact import enumerate_states
from replicon.spins.log_partition import LogPartition
from replicon.spins.partition import annealed_log_partition

_SWEEPS = 200  # of the chains whose ends are the rows from which the reverse begins


def log_partition(
    couplings: np.ndarray,
    fields: np.ndarray,
    base: np.ndarray,
    *,
    method: str,
    chains: int,
    temperatures: int,
    largest: int,
    rng: np.random.Generator,
) -> LogPartition:
    """`BoltzmannMachine.log_partition`, arguments checked; `largest`: spins that are enumerated."""
    small = len(fields) <= largest
    if method == "exact" and not small:
        raise InputError(
            f"method=exact sums over 2^N states and takes at most {largest} spins, the machine has"
            f" {len(fields)}: take ais."
        )
    if method != "ais" and small:
        return LogPartition(-enumerate_states(couplings, fields).free_energy, 0.0, "exact")
    drawn = draw(couplings, fields, base, chains, _SWEEPS, rng)
    found = annealed_log_partition(
        couplings, fields, base, drawn.rows, chains=chains, temperatures=temperatures, rng=rng
    )
    reason = found.reason or drawn.reason
    if reason:
        warnings.warn(
            f"ln Z by annealing is not reliable: {reason}; take more temperatures than"
            f" {temperatures}.",
            ConvergenceWarning,
            stacklevel=3,
        )
    return found._replace(reliable=not reason, reason=reason)
