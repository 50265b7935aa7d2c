"""Checkerboard Metropolis on the square lattice, L = 1024 near T_c, one core: ours, peapods, the
ratio, the floor.

Spin updates per nanosecond, best of several runs, nothing measured in between. Ours advances 64
independent lattices at once; peapods runs one (sequential=True; more replicas give the same rate).

Floor: every update of 64 spins needs 2 x 32 random words (one bit for each binary digit of the two
acceptance probabilities), so one 64-bit word of the generator for each spin. Generating them alone
is timed beside the sweep.
"""

import math
import time
import warnings

import numba
import numpy as np
import peapods

from replicon import _seed
from replicon.spins import lattice

L, TEMPERATURE = 1024, 2.27


def best(call, repeats=5):
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def ours(sweeps=4):
    stream = np.random.SeedSequence(0)
    state = _seed.words(stream, 4 * lattice.LANES).reshape(4, lattice.LANES)
    black, white = _seed.generator(stream).integers(0, 2**64, (2, L, L // 2), np.uint64)
    digits = lattice.probability_digits(math.exp(-4 / TEMPERATURE))
    lattice.metropolis_sweeps(black, white, state, digits, 20)
    return (
        64
        * L
        * L
        * sweeps
        / best(lambda: lattice.metropolis_sweeps(black, white, state, digits, sweeps))
        / 1e9
    )


@numba.njit
def _bits(state, digits, calls):
    out = np.empty(lattice.LANES, np.uint64)
    for _ in range(calls):
        lattice._bernoulli(state, digits, out, lattice.LANES)
    return out


def floor(calls=100_000):
    """Spins per ns whose two acceptance bits can be drawn, nothing else done."""
    state = _seed.words(np.random.SeedSequence(0), 4 * lattice.LANES).reshape(4, lattice.LANES)
    digits = lattice.probability_digits(math.exp(-4 / TEMPERATURE))
    _bits(state, digits, 1)
    return 64 * lattice.LANES * calls / 2 / best(lambda: _bits(state, digits, calls), 7) / 1e9


def theirs(sweeps=20, replicas=1):
    """Its observables are measured on the last sweep of each run only (and are no numbers then,
    which it warns of).
    """
    warnings.simplefilter("ignore", RuntimeWarning)
    model = peapods.Ising((L, L), temperatures=np.array([TEMPERATURE]), n_replicas=replicas)
    model.sample(5, sequential=True, warmup_ratio=0.99)
    return (
        L
        * L
        * replicas
        * sweeps
        / best(lambda: model.sample(sweeps, sequential=True, warmup_ratio=0.99), 3)
        / 1e9
    )


if __name__ == "__main__":
    mine, other, bound = ours(), theirs(), floor()
    print(f"square lattice, L = {L}, T = {TEMPERATURE}, Metropolis, one core, spin updates per ns")
    print(f"  replicon           {mine:8.3f}   (asked: at least 1)")
    print(f"  peapods            {other:8.3f}")
    print(f"  ratio              {mine / other:8.1f}   (asked: at least 20)")
    print(f"  floor, random bits {bound:8.3f}   replicon reaches {mine / bound:.0%} of it")
