"""Finite Hopfield memories: heat bath (or zero-temperature dynamics) from a corrupted pattern,
under four rules.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon import data
from replicon._errors import InputError
from replicon._objects import held
from replicon.spins import heat_bath

_UNLIKELY = 4.5  # standard errors
_RECALL_LIMIT = 500  # sweeps of zero-temperature dynamics


def check_size(controls: dict, size: int) -> None:
    """Refuse what cannot be built: stored patterns of another size, more than there are, or as many
    as spins if inverted.
    """
    for kind in controls["patterns"]:
        pool = _pool(kind)
        if pool is not None and size != pool.shape[1]:
            raise InputError(
                f"size = {size} does not fit patterns={kind}: its patterns have {pool.shape[1]}"
                " spins, give that size."
            )
        for load in controls["load"]:
            count = pattern_count(load, size)
            if pool is not None and count > len(pool):
                most = len(pool) / size
                raise InputError(
                    f"load = {load:g} needs {count} patterns: {kind} has {len(pool)}, give load <="
                    f" {most:.4g}."
                )
            if "pseudo-inverse" in controls["rule"] and count >= size:
                raise InputError(
                    f"load = {load:g} is too large for rule=pseudo-inverse: the patterns must be"
                    " independent, give load < 1."
                )


def _pool(kind: str) -> np.ndarray | None:
    """The patterns to draw from, +-1 int8 (patterns, spins); None for random ones."""
    if kind == "random":
        return None
    return data.binary_digits() if kind == "digits" else held(kind, data.load_patterns)


def spins(controls: dict) -> set[int]:
    """Numbers of spins of the patterns that are given; random ones have any."""
    pools = [_pool(kind) for kind in controls["patterns"]]
    return {pool.shape[1] for pool in pools if pool is not None}


def pattern_count(load: float, size: int) -> int:
    """Patterns that a memory of this size stores: at least one."""
    return max(1, round(load * size))


def remarks(point: dict, size: int, measured: dict) -> list[str]:
    """What theory assumes and this memory does not obey: the rule, and patterns that are random,
    unbiased and independent.
    """
    out = []
    if point["rule"] != "hebb":
        out.append(f"Theory is that of Hebb's rule, not of rule={point['rule']}.")
    pool = _pool(point["patterns"])
    if pool is None:
        return out
    count = len(pool)
    mean = float(pool.mean())
    # Random signs: the mean has variance 1/(P N), the squared overlap of two patterns the mean 1/N.
    overlaps = pool.astype(float) @ pool.T / size
    pairs = count * (count - 1)
    squared = ((overlaps**2).sum() - (np.diag(overlaps) ** 2).sum()) / pairs if pairs else 1 / size
    sentence = (
        "Theory is that of random patterns, unbiased and independent; those of"
        f" patterns={point['patterns']} have"
    )
    found = []
    if abs(mean) > _UNLIKELY / math.sqrt(count * size):
        found.append(f"mean {mean:.2g} (random: 0)")
    if squared * size > 1 + _UNLIKELY * math.sqrt(2 / max(pairs / 2, 1)):
        found.append(f"squared overlaps of {squared * size:.3g}/N (random: 1/N)")
    return [
        *out,
        (
            f"{sentence} {' and '.join(found)}."
            if found
            else f"{sentence} no bias or correlation that shows."
        ),
    ]


def draw_patterns(
    pool: np.ndarray | None, count: int, size: int, rng: np.random.Generator
) -> np.ndarray:
    """`count` patterns of +-1, int8 (count, size): random, or different ones of the pool."""
    if pool is None:
        return (2 * rng.integers(0, 2, (count, size), np.int8) - 1).astype(np.int8)
    return pool[rng.choice(len(pool), count, replace=False)]


def couplings(patterns: np.ndarray, rule: str) -> np.ndarray:
    """N J, float32 (N, N), zero diagonal: Hebb's xi^T xi, or the pseudo-inverse's xi^T C^-1 xi with
    C = xi xi^T / N.

    Hebb's matrix times N holds whole numbers, exact in float32, so that local fields never need
    refreshing. Source: Hopfield, PNAS 79, 2554 (1982); Personnaz, Guyon & Dreyfus, J. Physique
    Lett. 46, 359 (1985).

    patterns: (P, N) of +-1. Raises nothing. Referee: patterns that the pseudo-inverse stores
    without error (tests/hopfield).
    """
    xi = patterns.astype(np.float32)
    if rule == "hebb":
        matrix = xi.T @ xi
    else:
        exact = patterns.astype(float)
        overlap = exact @ exact.T / patterns.shape[1]
        # Real patterns can be nearly equal: the least-squares inverse projects on what is
        # independent in them.
        matrix = (exact.T @ (np.linalg.pinv(overlap, rcond=1e-10, hermitian=True) @ exact)).astype(
            np.float32
        )
    np.fill_diagonal(matrix, 0.0)
    return matrix


def corrupt(pattern: np.ndarray, overlap: float, rng: np.random.Generator) -> np.ndarray:
    """The pattern with round(N (1 - overlap)/2) spins flipped at random, float32.

    The state has shape (N,). Raises nothing. Source: its definition. Referee: the overlap of the
    result (tests/hopfield).
    """
    state = pattern.astype(np.float32)
    flipped = rng.choice(len(state), round(len(state) * (1 - overlap) / 2), replace=False)
    state[flipped] *= -1
    return state


def start(controls, size: int, rng: np.random.Generator) -> Pairwise | Dense:
    """A memory of new patterns (random, or drawn from the pool), started near the first."""
    kind = Pairwise if controls.rule in ("hebb", "pseudo-inverse") else Dense
    return kind(controls, size, rng)


def steps(controls) -> int:
    """Sweeps of a run: at temperature 0 the dynamics runs to rest, which takes a few."""
    return 2 * _RECALL_LIMIT if controls.temperature == 0 else controls.sweeps


class _Memory:
    """Two replicas from one corrupted pattern; a rule gives `sweep() -> flips` and `overlaps()`.

    overlap = s^a s^b / N and noise_overlap = sum_(mu > 1) m_mu^a m_mu^b / load use both replicas,
    which makes them unbiased estimates of q and r; a memory of one pattern has no noise (NaN).
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.rng = rng
        pool = _pool(controls.patterns)
        self.pictures = pool is not None
        self.patterns = draw_patterns(pool, pattern_count(controls.load, size), size, rng)
        self.begin = corrupt(self.patterns[0], controls.start, rng)
        self.replicas = np.stack([self.begin, self.begin])
        self.done = False

    def sweep(self) -> int:
        """One heat-bath sweep of both replicas; returns flips."""
        raise NotImplementedError

    def overlaps(self) -> tuple[np.ndarray, float]:
        """(patterns, 2) overlaps m_mu of both replicas, and their mean energy per spin."""
        raise NotImplementedError

    def set(self, control: str, value: float) -> None:
        self.controls = self.controls._replace(**{control: value})
        self.done = False

    def step(self, count: int) -> None:
        """So many sweeps of both replicas; at temperature 0 fewer, once nothing flips."""
        for _ in range(count):
            flips = self.sweep()
            if self.controls.temperature == 0 and flips == 0:
                self.done = True
                break

    def measure(self) -> dict:
        overlaps, energy = self.overlaps()
        size = self.replicas.shape[1]
        noise = math.nan
        if len(overlaps) > 1:
            noise = float(overlaps[1:, 0] @ overlaps[1:, 1]) / (len(overlaps) / size)
        return {
            "magnetization": overlaps[0].mean(),
            "overlap": float(self.replicas[0] @ self.replicas[1]) / size,
            "noise_overlap": noise,
            "energy": energy,
        }

    def finish(self) -> dict:
        """The pictures, where the patterns are such: the first, its corruption, the last state."""
        if not self.pictures:
            return {}
        return {
            "pattern": self.patterns[0],
            "start_state": self.begin,
            "final_state": self.replicas[0],
        }

    def view(self) -> dict:
        overlaps = np.sort(np.abs(self.overlaps()[0][:, 0]))[::-1]
        return {
            "spins": np.stack([self.patterns[0], *self.replicas]),
            "overlaps": np.column_stack([np.arange(len(overlaps)), overlaps]),
        }


class Pairwise(_Memory):
    """Couplings of pairs, by Hebb's rule or the pseudo-inverse; fields and energies are times N."""

    def __init__(self, controls, size: int, rng: np.random.Generator):
        super().__init__(controls, size, rng)
        self.matrix = couplings(self.patterns, controls.rule)
        self.external = np.zeros(size, np.float32)
        self.fields = np.empty_like(self.replicas)
        self.xi = self.patterns.astype(np.float32)
        heat_bath.local_fields(self.matrix, self.external, self.replicas, self.fields)

    def sweep(self) -> int:
        """One heat-bath sweep of both replicas; returns flips."""
        temperature = self.controls.temperature
        size = self.replicas.shape[1]
        beta = math.inf if temperature == 0 else 1 / (temperature * size)
        betas = np.full(2, beta)
        return heat_bath.sweep(self.matrix, self.fields, self.replicas, betas, self.rng)

    def overlaps(self) -> tuple[np.ndarray, float]:
        """(patterns, 2) overlaps m_mu of both replicas, and their mean energy per spin."""
        size = self.replicas.shape[1]
        energies = np.empty(2)
        heat_bath.energy(self.fields, self.external, self.replicas, energies)
        return self.xi @ self.replicas.T / size, energies.mean() / size**2


class Dense(_Memory):
    """Dense associative memories: E = -N sum_mu m_mu^n / n (Krotov & Hopfield 2016), or
    E = -ln sum_mu exp(N m_mu) (Demircigil et al. 2017, Ramsauer et al. 2021), m_mu = xi^mu s / N.
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        super().__init__(controls, size, rng)
        self.columns = np.ascontiguousarray(self.patterns.T.astype(np.float64))
        self.sums = np.stack([self.patterns.astype(float) @ s for s in self.replicas])
        self.degree = 0 if controls.rule == "exponential" else controls.degree

    def sweep(self) -> int:
        """One heat-bath sweep of both replicas; returns flips."""
        temperature = self.controls.temperature
        beta = math.inf if temperature == 0 else 1 / temperature
        return sum(
            _dense_sweep(self.columns, sums, replica, self.degree, beta, self.rng)
            for sums, replica in zip(self.sums, self.replicas, strict=True)
        )

    def overlaps(self) -> tuple[np.ndarray, float]:
        """(patterns, 2) overlaps m_mu of both replicas, and their mean energy per spin."""
        size = self.replicas.shape[1]
        energies = [_dense_energy(sums, self.degree, size) for sums in self.sums]
        return self.sums.T / size, np.mean(energies) / size


@numba.njit(cache=True)
def _dense_energy(overlaps, degree, size):
    total = 0.0
    if degree == 0:
        top = overlaps.max()
        for overlap in overlaps:
            total += math.exp(overlap - top)
        return -(top + math.log(total))
    for overlap in overlaps:
        total += (overlap / size) ** degree
    return -size * total / degree


@numba.njit(cache=True)
def _dense_sweep(columns, overlaps, spins, degree, beta, rng):
    """Heat bath in site order; columns (N, P) of the patterns, overlaps (P,) = xi s, kept up to
    date. Returns flips.
    """
    size = spins.size
    flips = 0
    trial = np.empty_like(overlaps)
    before = _dense_energy(overlaps, degree, size)
    for i in range(size):
        for mu in range(overlaps.size):
            trial[mu] = overlaps[mu] - 2 * columns[i, mu] * spins[i]
        after = _dense_energy(trial, degree, size)
        gain = before - after
        if math.isinf(beta):
            flip = gain > 1e-12
        else:
            flip = rng.random() * (1 + math.exp(min(-beta * gain, 700.0))) < 1
        if flip:
            spins[i] = -spins[i]
            overlaps[:] = trial
            before = after
            flips += 1
    return flips
