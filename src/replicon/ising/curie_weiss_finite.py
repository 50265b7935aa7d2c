"""Finite Curie-Weiss magnets. All spins are alike, so the chain runs on their sum alone: exact, and
O(1) an update.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon._statistics import variance_of_chains


@numba.njit(cache=True)
def _inverse_chances(n, coupling, field, beta):
    """1/P(up) of a spin beside 0 .. n - 1 others that point up, (n,)."""
    out = np.empty(n)
    for up in range(n):
        local = coupling * (2 * up - n + 1) / n + field
        out[up] = 1 + math.exp(-2 * beta * local)
    return out


@numba.njit(cache=True)
def _advance(n, up, inverse_chances, count, rng):
    """How many spins point up after `count` random-site heat-bath updates, from `up`."""
    for _ in range(count):
        rest = up - (rng.random() * n < up)
        up = rest + (rng.random() * inverse_chances[rest] < 1)
    return up


@numba.njit(cache=True)
def _descend(n, up, coupling, field, count, rng):
    """The same at T = 0, where a spin goes along its field, and stays without one."""
    for _ in range(count):
        spin = int(rng.random() * n < up)
        rest = up - spin
        local = coupling * (2 * rest - n + 1) / n + field
        up = rest + (spin if local == 0 else int(local > 0))
    return up


class Magnet:
    """N spins, each coupled to the mean of all, under random-site heat bath."""

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.size = size
        self.rng = rng
        self.up = round(size * (1 + controls.start) / 2)
        self._told()

    def _told(self) -> None:
        """What the controls make of every state; nothing at T = 0."""
        c = self.controls
        if c.temperature > 0:
            given = (self.size, c.coupling, c.field, 1 / c.temperature)
            self.inverse_chances = _inverse_chances(*given)

    def set(self, control: str, value: float) -> None:
        self.controls = self.controls._replace(**{control: value})
        self._told()

    def step(self, count: int) -> None:
        """So many sweeps."""
        c = self.controls
        updates = count * self.size
        if c.temperature > 0:
            self.up = _advance(self.size, self.up, self.inverse_chances, updates, self.rng)
        else:
            self.up = _descend(self.size, self.up, c.coupling, c.field, updates, self.rng)

    def measure(self) -> dict:
        """e = -J m^2/2 - h m counts the self-coupling, which is a constant J/2N."""
        m = (2 * self.up - self.size) / self.size
        return {
            "magnetization": m,
            "energy": -self.controls.coupling * m**2 / 2 - self.controls.field * m,
        }

    def view(self) -> dict:
        """The spins, those that point up first: which is which does not matter."""
        return {"spins": np.where(np.arange(self.size) < self.up, 1.0, -1.0)}


def susceptibility(series: dict, controls, size: int) -> np.ndarray:
    """N <(m - <m>)^2>/T about the mean of all chains, pseudo-values, one for each chain; 0 at
    T = 0.
    """
    m = series["magnetization"]
    if controls.temperature == 0:
        return np.zeros(len(m))
    return size * variance_of_chains(m) / controls.temperature
