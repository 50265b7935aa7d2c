"""Finite Curie-Weiss magnets. All spins are alike, so the chain runs on their sum alone: exact, and O(1) an update."""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon._seed import generator
from replicon.simulation.statistics import autocorrelation_time, short_chains, variance_of_chains, warn_of_short_chains


@numba.njit(cache=True)
def _run(n, total, coupling, field, beta, burn, sweeps, rng):
    """Random-site heat bath; `total` is the sum of spins. Returns it after each of `sweeps` sweeps of n updates."""
    out = np.empty(sweeps)
    for t in range(burn + sweeps):
        for _ in range(n):
            spin = 1 if rng.random() * n < (n + total) / 2 else -1
            rest = total - spin
            local = coupling * rest / n + field
            if math.isinf(beta):
                new = spin if local == 0 else (1 if local > 0 else -1)
            else:
                new = 1 if rng.random() * (1 + math.exp(-2 * beta * local)) < 1 else -1
            total = rest + new
        if t >= burn:
            out[t - burn] = total
    return out


def simulate(controls, size: int, samples: int, streams: list) -> dict:
    """Independent chains from magnetization `start`; e = -J m^2/2 - h m counts the self-coupling, which is a constant J/2N.

    The susceptibility is N <(m - <m>)^2>/T about the mean of all chains (as pseudo-values, one for each chain).
    """
    beta = math.inf if controls.temperature == 0 else 1 / controls.temperature
    total = 2 * round(size * (1 + controls.start) / 2) - size
    half = controls.sweeps // 2
    runs = [
        _run(size, total, controls.coupling, controls.field, beta, half, controls.sweeps - half, generator(stream)) for stream in streams
    ]
    m = np.array(runs) / size
    tau = autocorrelation_time(m)
    warn_of_short_chains(tau, controls.sweeps, controls.sweeps - half)
    energy = -controls.coupling * m**2 / 2 - controls.field * m
    return {
        "magnetization": m.mean(axis=1),
        "susceptibility": np.zeros(len(m)) if controls.temperature == 0 else size * variance_of_chains(m) / controls.temperature,
        "autocorrelation_time": tau,
        "energy": energy.mean(axis=1),
    }


def remarks(point: dict, size: int, measured: dict) -> list[str]:
    """Chains too short to trust."""
    sentence = short_chains(measured["autocorrelation_time"][0], point["sweeps"], point["sweeps"] - point["sweeps"] // 2)
    return [sentence] if sentence else []
