"""Finite Sherrington-Kirkpatrick glasses: heat bath with parallel tempering, one set of couplings a
sample.
"""

from __future__ import annotations

import numpy as np

from replicon._errors import InputError
from replicon.spins.heat_bath import as_kernel
from replicon.spins.tempering import Tempering

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


class Glass:
    """Two copies of one glass under heat bath with parallel tempering."""

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.size = size
        matrix, external = as_kernel(couplings(size, rng), np.full(size, controls.field))
        betas = 1 / ladder(controls.temperature, size)
        self.tempering = Tempering(matrix, external, betas, 2, rng)

    def set(self, control: str, value: float) -> None:
        """Another field; a temperature would need another ladder."""
        self.controls = self.controls._replace(**{control: value})
        self.tempering.ladder.external[:] = value
        self.tempering.refresh()

    def step(self, count: int) -> None:
        """So many sweeps of every temperature."""
        self.tempering.step(count)

    def measure(self) -> dict:
        """overlap = |s^a s^b|/N and the bin of P(|q|) it falls in; energy of both copies."""
        one, two = self.tempering.at(0).astype(float)
        overlap = abs(one @ two) / self.size
        energy = self.tempering.energy()[:, 0].mean() / self.size
        density = np.zeros(BINS)
        density[min(int(overlap * BINS), BINS - 1)] = BINS
        return {
            "overlap": overlap,
            "energy": energy,
            "equilibration": self._equilibration(energy, overlap),
            "overlap_density": density,
            "tried": self.tempering.tried.copy(),
            "accepted": self.tempering.accepted.copy(),
        }

    def _equilibration(self, energy: float, overlap: float) -> float:
        """E + (N - 1)(1 - q_l)/(2 N T), q_l = (N q^2 - 1)/(N - 1) the overlap of pairs: its mean
        over Gaussian couplings is zero.

        Out of equilibrium e is too high and q too small, which add up. Source: Katzgraber & Young,
        Phys. Rev. B 63, 184422 (2001), by partial integration over J_ij. NaN in a field.
        """
        if self.controls.field != 0:
            return np.nan
        size = self.size
        pairs = (size * overlap**2 - 1) / (size - 1)
        return energy + (size - 1) * (1 - pairs) / (2 * size * self.controls.temperature)

    def view(self) -> dict:
        return {"spins": self.tempering.at(0).astype(float)}


def exchange_rate(series: dict, controls, size: int) -> np.ndarray:
    """Accepted fraction of exchanges while measured, least over the ladder, (samples,)."""
    tried = series["tried"][:, -1] - series["tried"][:, 0]
    accepted = series["accepted"][:, -1] - series["accepted"][:, 0]
    return (accepted / np.maximum(tried, 1.0)).min(axis=1)


def remarks(point: dict, size: int, measured: dict) -> list[str]:
    """Tempering that has not equilibrated."""
    mean, error = measured["equilibration"]
    if error > 0 and mean > 4.5 * error:
        found = f"eps = {mean:.2g} +- {error:.1g}, in equilibrium 0"
        return [
            f"Tempering has not equilibrated ({found}): give more sweeps than {point['sweeps']}."
        ]
    return []
