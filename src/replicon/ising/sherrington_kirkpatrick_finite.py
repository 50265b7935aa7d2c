"""Finite Sherrington-Kirkpatrick glasses: heat bath with parallel tempering, one set of couplings a
sample.
"""

from __future__ import annotations

import numpy as np

from replicon._errors import InputError
from replicon._seed import generator
from replicon.spins import tempering
from replicon.spins.heat_bath import as_kernel

BINS = 16  # of |q| on [0, 1]: whole numbers of the values that |q| takes at N = 32, 64, ...
COLDEST = 0.02


def check_size(controls: dict, size: int) -> None:
    """Refuse temperatures at which parallel tempering cannot work."""
    if min(controls["temperature"]) < COLDEST:
        raise InputError(
            f"temperature = {min(controls['temperature']):g} is too cold to simulate"
            f" sherrington-kirkpatrick: parallel tempering needs temperature >= {COLDEST:g}."
        )


def couplings(size: int, rng: np.random.Generator) -> np.ndarray:
    """Symmetric J_ij ~ N(0, 1/N), zero diagonal, (N, N)."""
    upper = np.triu(rng.standard_normal((size, size)), 1) / np.sqrt(size)
    return upper + upper.T


def ladder(temperature: float, size: int) -> np.ndarray:
    """Temperatures from the one asked for up to max(1.4, 1.3 T), geometric, spaced so that
    neighbours exchange well.

    Energy fluctuations grow as sqrt(N): the number of temperatures does too.
    """
    highest = max(1.4, 1.3 * temperature)
    count = 2 + int(np.ceil(np.log(highest / temperature) * (2.0 + 0.25 * np.sqrt(size))))
    return np.geomspace(temperature, highest, count)


def _equilibration(run: tempering.Tempered, controls, size: int) -> float:
    """E + (N - 1)(1 - q_l)/(2 N T), q_l = (N q^2 - 1)/(N - 1) the overlap of pairs: its mean over
    Gaussian couplings is zero.

    Out of equilibrium e is too high and q too small, which add up. Source: Katzgraber & Young,
    Phys. Rev. B 63, 184422 (2001), by partial integration over J_ij. NaN in a field.
    """
    if controls.field != 0:
        return np.nan
    pairs = (size * (run.overlap[0] ** 2).mean() - 1) / (size - 1)
    return run.energy[0].mean() / size + (size - 1) * (1 - pairs) / (
        2 * size * controls.temperature
    )


def simulate(controls, size: int, samples: int, streams: list) -> dict:
    """Per sample: mean |q| of two copies, energy, least exchange rate, and the distribution of |q|
    (BINS bins on [0, 1]).
    """
    temperatures = ladder(controls.temperature, size)
    half = controls.sweeps // 2
    overlap, energy, exchange, histogram, equilibration = [], [], [], [], []
    for stream in streams:
        rng = generator(stream)
        matrix, external = as_kernel(couplings(size, rng), np.full(size, controls.field))
        run = tempering.temper(matrix, external, temperatures, half, controls.sweeps - half, rng)
        modulus = np.abs(run.overlap[0])
        overlap.append(modulus.mean())
        energy.append(run.energy[0].mean() / size)
        exchange.append(run.exchange_rate.min())
        equilibration.append(_equilibration(run, controls, size))
        histogram.append(
            np.histogram(modulus, BINS, (0.0, 1.0), density=False)[0] * BINS / len(modulus)
        )
    return {
        "overlap": np.array(overlap),
        "energy": np.array(energy),
        "exchange_rate": np.array(exchange),
        "equilibration": np.array(equilibration),
        "overlap_density": np.array(histogram),
    }


def remarks(point: dict, size: int, measured: dict) -> list[str]:
    """Tempering that has not equilibrated."""
    mean, error = measured["equilibration"]
    if error > 0 and mean > 4.5 * error:
        found = f"eps = {mean:.2g} +- {error:.1g}, in equilibrium 0"
        return [
            f"Tempering has not equilibrated ({found}): give more sweeps than {point['sweeps']}."
        ]
    return []
