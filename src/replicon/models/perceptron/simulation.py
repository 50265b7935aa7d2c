"""Exact enumeration of all binary weight vectors of small perceptrons."""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon._errors import InputError
from replicon._seed import generator
from replicon.simulation.exact import lowest_bit

LARGEST = 25


def check_enumerable(model: str, size: int) -> None:
    """Refuse more weights than can be enumerated."""
    if size > LARGEST:
        raise InputError(f"size = {size} is too large for exact enumeration of {model}: give size <= {LARGEST} (2^N weights).")


def check_size(controls: dict, size: int) -> None:
    """Refuse what enumeration cannot do."""
    check_enumerable("perceptron", size)
    if "spherical" in controls["weights"]:
        raise InputError("weights = spherical cannot be enumerated: simulate weights=ising.")


@numba.njit(cache=True)
def enumerate_errors(patterns, margin, symmetric):
    """Histogram of the number of errors over all 2^N weights, and the sum of w of each number of errors, by Gray code.

    patterns (P, N), labels absorbed: a pattern is in error if x.w < margin sqrt(N), or |x.w| > margin sqrt(N) if symmetric.
    Returns counts (P + 1,) and sums (P + 1, N); one column of the patterns is read a step.
    """
    count, n = patterns.shape
    bound = margin * math.sqrt(n)
    w = -np.ones(n)
    fields = -patterns.sum(axis=1)
    columns = np.ascontiguousarray(patterns.T)
    counts = np.zeros(count + 1)
    sums = np.zeros((count + 1, n))
    for k in range(1 << n):
        if k > 0:
            i = lowest_bit(k)
            step = -2 * w[i]
            w[i] = -w[i]
            column = columns[i]
            for mu in range(count):
                fields[mu] += step * column[mu]
        errors = 0
        for mu in range(count):
            if symmetric:
                errors += abs(fields[mu]) > bound
            else:
                errors += fields[mu] < bound
        counts[errors] += 1
        for j in range(n):
            sums[errors, j] += w[j]
    return counts, sums


def simulate(controls, size: int, samples: int, streams: list) -> dict:
    """One set of Gaussian patterns a sample, all 2^N weights. At T = 0 averages are over solutions; a sample without any gives
    NaN for overlap and entropy, and its least fraction of errors as energy; `solvable` tells the two apart.

    overlap = |<w>|^2/N, the mean overlap of two independent solutions (a solution with itself included).
    """
    count = round(controls.load * size)
    out: dict[str, list] = {name: [] for name in ("overlap", "entropy", "energy", "solvable")}
    for stream in streams:
        patterns = generator(stream).standard_normal((count, size))
        counts, sums = enumerate_errors(patterns, controls.margin, controls.constraint == "symmetric")
        errors = np.arange(count + 1)
        if controls.temperature > 0:
            weight = np.exp(-errors / controls.temperature)
        else:
            weight = (errors == 0).astype(float)
        total = counts @ weight
        energy = (counts * weight) @ errors / total if total > 0 else np.flatnonzero(counts)[0]
        mean = (weight @ sums) / total if total > 0 else np.full(size, np.nan)
        log_total = math.log(total) if total > 0 else math.nan
        out["overlap"].append(mean @ mean / size)
        out["entropy"].append((log_total + (energy / controls.temperature if controls.temperature > 0 else 0.0)) / size)
        out["energy"].append(energy / max(count, 1))
        out["solvable"].append(float(total > 0))
    return {name: np.array(values) for name, values in out.items()}
