"""Single-spin updates of a dense glass, N = 1000, beta = 1, one core: ours, dwave-samplers at fixed
temperature, the floor.

Spin updates per microsecond (attempted), best of several runs, one chain and sixteen. Both keep
local fields, so that an attempt is O(1) and a flip O(N). The peer's own clock (`sampling_ns`) is
used, which leaves out its input and output.

Floor: a flip reads one row of couplings and reads and writes the fields, 3 x 4 N bytes in float32;
row updates are timed alone, and the measured fraction of flips turns their rate into one of
attempts.
"""

import time

import numba
import numpy as np
from dwave.samplers import SimulatedAnnealingSampler

from replicon.ising.sherrington_kirkpatrick_finite import couplings
from replicon.spins import heat_bath as spins

N, BETA = 1000, 1.0


def ours(J, chains, sweeps=300, repeats=7):
    """(updates per microsecond, fraction of attempts that flip) of `chains` chains side by side."""
    matrix, external = spins.as_kernel(J)
    rng = np.random.default_rng(0)
    s = rng.choice([-1.0, 1.0], (chains, N)).astype(np.float32)
    fields, betas = np.empty_like(s), np.full(chains, BETA)
    spins.local_fields(matrix, external, s, fields)
    for _ in range(100):
        spins.sweep(matrix, fields, s, betas, rng)
    times, flips, sweeps = [], 0, max(sweeps // chains, 5)
    for _ in range(repeats):
        begin = time.perf_counter()
        flips = sum(spins.sweep(matrix, fields, s, betas, rng) for _ in range(sweeps))
        times.append(time.perf_counter() - begin)
    return N * chains * sweeps / min(times) / 1e6, flips / (N * chains * sweeps)


def theirs(J, chains, rule, sweeps=1000, repeats=3):
    """Updates per microsecond of `chains` reads."""
    pairs = {(i, j): -J[i, j] for i in range(N) for j in range(i + 1, N)}
    settings = {
        "beta_schedule_type": "custom",
        "beta_schedule": [BETA],
        "proposal_acceptance_criteria": rule,
        "num_reads": chains,
    }
    sweeps = max(sweeps // chains, 50)
    times = []
    for k in range(repeats):
        out = SimulatedAnnealingSampler().sample_ising(
            {}, pairs, num_sweeps_per_beta=sweeps, seed=k, **settings
        )
        times.append(out.info["timing"]["sampling_ns"])
    return N * chains * sweeps / (min(times) / 1e3)


@numba.njit(fastmath=True)
def _rows(matrix, fields, count):
    n = len(fields)
    for k in range(count):
        row = matrix[k % n]
        for j in range(n):
            fields[j] += row[j]


def floor(J, repeats=20_000):
    """Row updates per microsecond, rows in order, nothing else done."""
    matrix, _ = spins.as_kernel(J)
    fields = np.zeros(N, np.float32)
    _rows(matrix, fields, 10)
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        _rows(matrix, fields, repeats)
        times.append(time.perf_counter() - begin)
    return repeats / min(times) / 1e6


if __name__ == "__main__":
    J = couplings(N, np.random.default_rng(1))
    print(
        f"Sherrington-Kirkpatrick, N = {N}, beta = {BETA}, one core, attempted spin updates per"
        " microsecond"
    )
    rows = floor(J)
    for chains in (1, 16):
        mine, fraction = ours(J, chains)
        print(
            f"  {chains} chain{'s' if chains > 1 else ''}: replicon, heat bath {mine:.2f}"
            f" ({fraction:.0%} of attempts flip)"
        )
        for rule in ("Gibbs", "Metropolis"):
            other = theirs(J, chains, rule)
            print(
                f"    dwave-samplers, {rule:<10} {other:6.2f}   ratio {mine / other:5.1f}   (asked:"
                " at least 5)"
            )
        print(
            f"    floor, row updates only    {rows / fraction:6.2f}   replicon reaches"
            f" {mine * fraction / rows:.0%} of it"
        )
