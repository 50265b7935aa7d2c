"""Finite random energy models: all 2^N energies drawn, equilibrium summed exactly, and walkers
under single-spin-flip Metropolis dynamics.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon.ising.declare_random_energy import BINS, LEVELS
from replicon.spins.hypercube import ones, walsh

WALKERS = 32
SHOWN = 8  # walkers in the view of paths
LOWEST = 16  # levels in the view of weights


def draw(size: int, rng: np.random.Generator) -> np.ndarray:
    """Independent energies N(0, N/2), one for each of the 2^N configurations, (2^N,)."""
    return rng.standard_normal(1 << size) * math.sqrt(size / 2)


def gibbs(energies: np.ndarray, size: int, temperature: float) -> tuple[np.ndarray, dict]:
    """Gibbs weights (2^N,), and energy, entropy and free entropy per spin, exactly."""
    ground = float(energies.min())
    above = energies - ground
    if temperature == 0:
        weights = (above == 0).astype(float)
    else:
        with np.errstate(over="ignore"):
            weights = np.exp(-above / temperature)
    total = float(weights.sum())
    weights /= total
    excited = float(weights @ above)
    heat = excited / temperature if temperature else 0.0
    free = math.log(total) - ground / temperature if temperature else math.nan
    return weights, {
        "energy": (ground + excited) / size,
        "entropy": min((math.log(total) + heat) / size, math.log(2)),
        "free_entropy": free / size,
    }


@numba.njit(cache=True)
def _by_distance(values, size):
    """Sums of values (2^N,) over configurations with the same number of spins down, (N + 1,)."""
    sums = np.zeros(size + 1)
    for i in range(len(values)):
        sums[ones(i)] += values[i]
    return sums


def distance_law(weights: np.ndarray, size: int) -> np.ndarray:
    """Probability that two replicas differ in D spins, (N + 1,): the sum over pairs of weights by
    distance, an autocorrelation on the hypercube, by two Walsh-Hadamard transforms.
    """
    spectrum = walsh(weights.copy())
    np.square(spectrum, out=spectrum)
    walsh(spectrum)
    return np.maximum(_by_distance(spectrum, size), 0.0) / len(weights)


def density(law: np.ndarray) -> np.ndarray:
    """Density of |q| on [0, 1] in `BINS` bins, of integral one: the chance of each value q = 1 -
    2D/N is spread evenly half the way to its neighbours, so that no bin is empty for want of a
    value.
    """
    size = len(law) - 1
    q = 1 - 2 * np.arange(size + 1) / size
    low = np.maximum(q - 1 / size, -1.0)[:, None]
    high = np.minimum(q + 1 / size, 1.0)[:, None]
    edges = np.linspace(0, 1, BINS + 1)
    left = edges[:-1]
    right = edges[1:]
    up = np.maximum(np.minimum(high, right) - np.maximum(low, left), 0.0)
    down = np.maximum(np.minimum(high, -left) - np.maximum(low, -right), 0.0)
    return law @ ((up + down) / (high - low)) * BINS


def microcanonical_entropy(energies: np.ndarray, size: int) -> np.ndarray:
    """(1/N) ln of the number of levels in a bin of width w about each of `LEVELS`, relative to the
    number w sqrt(N/pi) of a flat law of entropy 0; NaN for an empty bin.

    The density of levels is 2^N sqrt(N/pi) e^(-N e^2), so that the mean number in a bin gives ln 2
    - e^2 but for the bend of the law within the bin.
    """
    width = LEVELS[1] - LEVELS[0]
    place = np.floor((energies / size - LEVELS[0]) / width + 0.5)
    # One bin more at either end, for what lies beyond.
    counts = np.bincount(np.clip(place, -1, len(LEVELS)).astype(int) + 1, minlength=len(LEVELS) + 2)
    counts = counts[1:-1]
    flat = width * math.sqrt(size / math.pi)
    known = counts > 0
    return np.where(known, np.log(np.where(known, counts, 1) / flat) / size, np.nan)


@numba.njit(cache=True)
def _plan(energies, size, beta, now, walker, states, rates, due, rng):
    """Metropolis rates of the N flips of a walker, and when the next of them happens."""
    total = 0.0
    here = energies[states[walker]]
    for i in range(size):
        cost = energies[states[walker] ^ (1 << i)] - here
        rates[walker, i] = 1.0 if cost <= 0 else math.exp(-beta * cost)
        total += rates[walker, i]
    due[walker] = now - math.log(1.0 - rng.random()) / total if total > 0 else math.inf


@numba.njit(cache=True)
def _plan_all(energies, size, beta, now, states, rates, due, rng):
    for walker in range(len(states)):
        _plan(energies, size, beta, now, walker, states, rates, due, rng)


@numba.njit(cache=True)
def _advance(energies, size, beta, until, states, rates, due, rng):
    """All flips up to a time, in their order, whichever walker's they are."""
    while True:
        walker = np.argmin(due)
        now = due[walker]
        if now > until:
            return
        mark = rng.random() * rates[walker].sum()
        chosen = -1
        for i in range(size):
            if rates[walker, i] > 0:
                chosen = i
                mark -= rates[walker, i]
                if mark < 0:
                    break
        states[walker] ^= 1 << chosen
        _plan(energies, size, beta, now, walker, states, rates, due, rng)


class Levels:
    """One sample of 2^N levels, and walkers quenched in it from infinite temperature.

    Single-spin-flip Metropolis dynamics in continuous time, every spin tried once a sweep on
    average: rejections are left out, and a walker's next flip is drawn at once from the rates
    (Bortz, Kalos & Lebowitz, J. Comput. Phys. 17, 10 (1975)), so that a trap costs no time to
    compute. A new temperature is a new quench, of walkers where they are: time begins again.
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.size = size
        self.rng = rng
        self.energies = draw(size, rng)
        self.states = rng.integers(0, 1 << size, WALKERS)
        self.rates = np.zeros((WALKERS, size))
        self.due = np.zeros(WALKERS)
        count = min(LOWEST, 1 << size)
        self.lowest = np.sort(np.partition(self.energies, count - 1)[:count])
        self.levels = microcanonical_entropy(self.energies, size)
        self._quench()

    def _quench(self) -> None:
        """Time 0 at the temperature that the controls have now."""
        self.time = 0.0
        self.records = [self.states.copy()]  # at time 0, then at 2^(k/2)
        self.equilibrium: dict = {}
        _plan_all(
            self.energies, self.size, self.beta, 0.0, self.states, self.rates, self.due, self.rng
        )

    @property
    def beta(self) -> float:
        """Inverse temperature, infinite at temperature 0."""
        T = self.controls.temperature
        return 1 / T if T > 0 else math.inf

    def set(self, control: str, value: float) -> None:
        self.controls = self.controls._replace(**{control: value})
        self._quench()

    def step(self, count: int) -> None:
        """So many sweeps."""
        until = self.time + count
        while (mark := 2.0 ** ((len(self.records) - 1) / 2)) <= until:
            self._until(mark)
            self.records.append(self.states.copy())
        self._until(until)
        self.time = until

    def _until(self, time: float) -> None:
        _advance(
            self.energies,
            self.size,
            self.beta,
            time,
            self.states,
            self.rates,
            self.due,
            self.rng,
        )

    def measure(self) -> dict:
        """Equilibrium is that of all levels, and does not depend on time; walkers are where they
        are.
        """
        if not self.equilibrium:
            self.equilibrium = self._equilibrium()
        return self.equilibrium | {
            "path_energy": self.energies[self.states].mean() / self.size,
            "trapped": np.mean(self.states == self._before()),
        }

    def _before(self) -> np.ndarray:
        """Where walkers were at t/2, or at the last record before it."""
        if self.time < 2:
            return self.records[0]
        return self.records[1 + math.floor(2 * math.log2(self.time / 2) + 1e-9)]

    def _equilibrium(self) -> dict:
        weights, sums = gibbs(self.energies, self.size, self.controls.temperature)
        participation = float(weights @ weights)
        return sums | {
            "participation": participation,
            "participation_squared": participation**2,
            "ground_state_energy": self.lowest[0] / self.size,
            "overlap_density": density(distance_law(weights, self.size)),
            "microcanonical_entropy": self.levels,
        }

    def view(self) -> dict:
        T = self.controls.temperature
        weights, _ = gibbs(self.energies, self.size, T)
        largest = np.sort(np.partition(weights, -len(self.lowest))[-len(self.lowest) :])[::-1]
        return {
            "weights": np.stack([np.arange(1.0, len(largest) + 1), largest], axis=1),
            "paths": self.energies[np.array(self.records)[:, :SHOWN]] / self.size,
        }
