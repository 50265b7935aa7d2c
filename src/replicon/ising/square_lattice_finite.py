"""Finite square lattices: four updates, one measurement."""

from __future__ import annotations

import math

import numpy as np

from replicon import _statistics as statistics
from replicon._seed import generator, words
from replicon.spins import lattice

_METHODS = {"heat-bath": 0, "wolff": 1, "swendsen-wang": 2}


def simulate(controls, size: int, samples: int, streams: list) -> dict:
    """Independent chains; per chain the time averages of e, |m|, m^2 and m^4.

    The specific heat is N <(e - <e>)^2>/T^2 about the mean of all chains, and tau the slower of e's
    and |m|'s (both as pseudo-values: one for each chain, whose mean is the estimate).
    """
    burn = max(controls.sweeps // 2, 10)
    series = (
        _packed(controls, size, burn, streams)
        if controls.method == "metropolis"
        else _single(controls, size, burn, streams)
    )
    n = size * size
    magnetization = series[:, :, 0] / n
    energy = -controls.coupling * series[:, :, 1] / n
    times = [statistics.autocorrelation_time(x) for x in (energy, np.abs(magnetization))]
    slowest = max(times, key=lambda tau: np.nan_to_num(tau).mean())
    statistics.warn_of_short_chains(slowest, controls.sweeps, controls.sweeps)
    return {
        "magnetization": np.abs(magnetization).mean(axis=1),
        "energy": energy.mean(axis=1),
        "specific_heat": n * statistics.variance_of_chains(energy) / controls.temperature**2,
        "autocorrelation_time": slowest,
        "second_moment": (magnetization**2).mean(axis=1),
        "fourth_moment": (magnetization**4).mean(axis=1),
    }


def remarks(point: dict, size: int, measured: dict) -> list[str]:
    """Chains too short to trust."""
    sentence = statistics.short_chains(
        measured["autocorrelation_time"][0], point["sweeps"], point["sweeps"]
    )
    return [sentence] if sentence else []


def _cold(controls) -> bool:
    return controls.temperature < 2 * controls.coupling / math.log1p(math.sqrt(2.0))


def _single(controls, size, burn, streams):
    out = []
    for stream in streams:
        rng = generator(stream)
        spins = np.ones((size, size), np.int8)
        if not _cold(controls):
            spins[:] = 2 * rng.integers(0, 2, spins.shape) - 1
        out.append(
            lattice.run(
                spins,
                _METHODS[controls.method],
                controls.coupling / controls.temperature,
                burn,
                controls.sweeps,
                rng,
            )
        )
    return np.array(out)


def _packed(controls, size, burn, streams):
    """Sixty-four samples a batch; the batch runs on the stream of its first sample."""
    digits = lattice.probability_digits(math.exp(-4 * controls.coupling / controls.temperature))
    parts = []
    for begin in range(0, len(streams), 64):
        batch = streams[begin : begin + 64]
        state = words(batch[0], 4 * lattice.LANES).reshape(4, lattice.LANES)
        if _cold(controls):
            black = np.full((size, size // 2), 2**64 - 1, np.uint64)
            white = black.copy()
        else:
            rng = generator(batch[0])
            black, white = rng.integers(0, 2**64, (2, size, size // 2), np.uint64)
        lattice.metropolis_sweeps(black, white, state, digits, burn)
        series = np.empty((controls.sweeps, 64, 2), np.int64)
        up, unlike = np.empty(64, np.int64), np.empty(64, np.int64)
        for t in range(controls.sweeps):
            lattice.metropolis_sweeps(black, white, state, digits, 1)
            lattice.measure_packed(black, white, up, unlike)
            series[t, :, 0] = 2 * up - size * size
            series[t, :, 1] = 2 * size * size - 2 * unlike
        parts.append(series.transpose(1, 0, 2)[: len(batch)])
    return np.concatenate(parts)
