"""Finite Curie-Weiss magnets. All spins are alike, so the chain runs on their sum alone: exact, and
O(1) an update.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon._statistics import variance_of_chains


@numba.njit(cache=True)
def _advance(n, total, coupling, field, beta, sweeps, rng):
    """The sum of spins after so many sweeps of n random-site heat-bath updates, from `total`."""
    for _ in range(sweeps * n):
        spin = 1 if rng.random() * n < (n + total) / 2 else -1
        rest = total - spin
        local = coupling * rest / n + field
        if not math.isinf(beta):
            new = 1 if rng.random() * (1 + math.exp(-2 * beta * local)) < 1 else -1
        elif local == 0:
            new = spin
        else:
            new = 1 if local > 0 else -1
        total = rest + new
    return total


class Magnet:
    """N spins, each coupled to the mean of all, under random-site heat bath."""

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.size = size
        self.rng = rng
        self.total = 2 * round(size * (1 + controls.start) / 2) - size

    def set(self, control: str, value: float) -> None:
        self.controls = self.controls._replace(**{control: value})

    def step(self, count: int) -> None:
        """So many sweeps."""
        c = self.controls
        beta = math.inf if c.temperature == 0 else 1 / c.temperature
        self.total = _advance(self.size, self.total, c.coupling, c.field, beta, count, self.rng)

    def measure(self) -> dict:
        """e = -J m^2/2 - h m counts the self-coupling, which is a constant J/2N."""
        m = self.total / self.size
        return {
            "magnetization": m,
            "energy": -self.controls.coupling * m**2 / 2 - self.controls.field * m,
        }

    def view(self) -> dict:
        """The spins, those that point up first: which is which does not matter."""
        up = (self.size + self.total) // 2
        return {"spins": np.where(np.arange(self.size) < up, 1.0, -1.0)}


def susceptibility(series: dict, controls, size: int) -> np.ndarray:
    """N <(m - <m>)^2>/T about the mean of all chains, pseudo-values, one for each chain; 0 at
    T = 0.
    """
    m = series["magnetization"]
    if controls.temperature == 0:
        return np.zeros(len(m))
    return size * variance_of_chains(m) / controls.temperature
