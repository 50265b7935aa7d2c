"""Finite square lattices: four updates, one measurement."""

from __future__ import annotations

import math

import numpy as np

from replicon._seed import generator, words
from replicon._statistics import variance_of_chains
from replicon.ising.declare_square_lattice import check_size
from replicon.spins import lattice

_METHODS = {"heat-bath": 0, "wolff": 1, "swendsen-wang": 2}
_CRITICAL = 2 / math.log1p(math.sqrt(2.0))  # T_c / J


def start_many(controls, size: int, streams: list) -> Lattices | PackedLattices:
    """One lattice for each stream, cold ones from the ground state, hot ones from random spins."""
    kind = PackedLattices if controls.method == "metropolis" else Lattices
    return kind(controls, size, streams)


class _Magnets:
    """What lattices under any update have in common.

    Metropolis and the cluster updates know positive couplings only: of an antiferromagnet they see
    the staggered spins, a ferromagnet's (`staggered`), on the even lattices that have two
    sublattices.
    """

    def __init__(self, controls, size: int):
        self.controls = controls
        self.size = size

    def set(self, control: str, value: float) -> None:
        controls = self.controls._replace(**{control: value})
        check_size({name: [each] for name, each in controls._asdict().items()}, self.size)
        self.controls = controls

    @property
    def cold(self) -> bool:
        """Below the critical temperature, where a random start would end in stripes."""
        return self.controls.temperature < _CRITICAL * abs(self.controls.coupling)

    @property
    def staggered(self) -> bool:
        """Whether the update is that of the staggered spins."""
        return self.controls.coupling < 0 and self.controls.method != "heat-bath"

    def sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sum of spins, sum over bonds of s s', and sum of the staggered spins (-1)^(row + column)
        s of each lattice, (samples,) each.
        """
        raise NotImplementedError

    def measure(self) -> dict:
        spins, bonds, staggered = self.sums()
        n = self.size**2
        order = (staggered if self.controls.coupling < 0 else spins) / n
        return {
            "magnetization": np.abs(spins / n),
            "staggered_magnetization": np.abs(staggered / n),
            "energy": -self.controls.coupling * bonds / n,
            "order": np.abs(order),
            "second_moment": order**2,
            "fourth_moment": order**4,
        }


class Lattices(_Magnets):
    """Lattices under heat bath, Wolff's or Swendsen and Wang's update, each with its own stream.

    A Wolff sweep is as many clusters as flip one lattice: during the first half as many steps as
    the control `sweeps` that is counted anew in each sweep, then a fixed number, since one that
    depended on the clusters just grown would bias averages.
    """

    def __init__(self, controls, size: int, streams: list):
        super().__init__(controls, size)
        self.rngs = [generator(stream) for stream in streams]
        row, column = np.indices((size, size))
        self.signs = (1 - 2 * ((row + column) % 2)).astype(np.int8)
        ground = self.signs if controls.coupling < 0 else np.ones_like(self.signs)
        self.spins = np.tile(ground, (len(streams), 1, 1))
        if not self.cold:
            for spins, rng in zip(self.spins, self.rngs, strict=True):
                spins[:] = 2 * rng.integers(0, 2, spins.shape) - 1
        self.grown = np.zeros((len(streams), 2), np.int64)
        self.steps = 0

    def step(self, count: int) -> None:
        """So many sweeps."""
        counted = min(count, max(self.controls.sweeps // 2 - self.steps, 0))
        self._advance(counted, counting=True)
        self._advance(count - counted, counting=False)
        self.steps += count

    def _advance(self, count: int, counting: bool) -> None:
        if not count:
            return
        beta = self.controls.coupling / self.controls.temperature
        method = _METHODS[self.controls.method]
        if self.staggered:
            beta = -beta
            self.spins *= self.signs
        for spins, rng, grown in zip(self.spins, self.rngs, self.grown, strict=True):
            lattice.advance(spins, method, beta, grown, counting, count, rng)
        if self.staggered:
            self.spins *= self.signs

    def sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `_Magnets`."""
        found = np.array([lattice.measure(spins) for spins in self.spins])
        black = np.array([lattice.black_total(spins) for spins in self.spins])
        return found[:, 0], found[:, 1], 2 * black - found[:, 0]

    def view(self) -> dict:
        return {"spins": self.spins[0].astype(float)}


class PackedLattices(_Magnets):
    """Lattices under checkerboard Metropolis, sixty-four a batch; the batch runs on the stream of
    its first sample.
    """

    def __init__(self, controls, size: int, streams: list):
        super().__init__(controls, size)
        self.samples = len(streams)
        self.batches = [self._batch(stream) for stream in streams[::64]]

    def _batch(self, stream) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Black and white sublattice, and the state of the random bits."""
        state = words(stream, 4 * lattice.LANES).reshape(4, lattice.LANES)
        shape = (self.size, self.size // 2)
        if self.cold:
            up = np.full(shape, 2**64 - 1, np.uint64)
            return up, ~up if self.staggered else up.copy(), state
        black, white = generator(stream).integers(0, 2**64, (2, *shape), np.uint64)
        return black, white, state

    def step(self, count: int) -> None:
        """So many sweeps."""
        chance = math.exp(-4 * abs(self.controls.coupling) / self.controls.temperature)
        digits = lattice.probability_digits(chance)
        for black, white, state in self.batches:
            if self.staggered:
                np.invert(white, out=white)
            lattice.metropolis_sweeps(black, white, state, digits, count)
            if self.staggered:
                np.invert(white, out=white)

    def sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `_Magnets`."""
        up = np.empty((len(self.batches), 64), np.int64)
        unlike = np.empty_like(up)
        up_black = np.empty_like(up)
        for row, (black, white, _) in enumerate(self.batches):
            lattice.measure_packed(black, white, up[row], unlike[row])
            lattice.count_up(black, up_black[row])
        n = self.size**2
        totals = (2 * up - n, 2 * n - 2 * unlike, 4 * up_black - 2 * up)
        spins, bonds, staggered = (total.ravel()[: self.samples] for total in totals)
        return spins, bonds, staggered

    def view(self) -> dict:
        black, white, _ = self.batches[0]
        return {"spins": lattice.unpacked(black, white, 0).astype(float)}


def specific_heat(series: dict, controls, size: int) -> np.ndarray:
    """N <(e - <e>)^2>/T^2 about the mean of all chains (pseudo-values, one for each chain)."""
    return size**2 * variance_of_chains(series["energy"]) / controls.temperature**2
