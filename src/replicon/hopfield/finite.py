"""Finite Hopfield memories: heat bath (or zero-temperature dynamics) from a corrupted pattern,
under four rules.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon import data
from replicon._errors import InputError
from replicon._seed import generator
from replicon.spins import heat_bath as kernel

_EVERY = 5  # sweeps between measurements of the overlaps with all patterns
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
    return data.binary_digits() if kind == "digits" else data.load_patterns(kind)


def pattern_count(load: float, size: int) -> int:
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
    count, mean = len(pool), float(pool.mean())
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
    """The pattern with round(N (1 - overlap)/2) spins flipped at random, float32."""
    state = pattern.astype(np.float32)
    flipped = rng.choice(len(state), round(len(state) * (1 - overlap) / 2), replace=False)
    state[flipped] *= -1
    return state


def simulate(controls, size: int, samples: int, streams: list) -> dict:
    """One set of patterns a sample, two replicas from one corrupted pattern; averages over the
    second half of the sweeps.

    overlap = s^a s^b / N and noise_overlap = sum_(mu > 1) m_mu^a m_mu^b / load use both replicas,
    which makes them unbiased estimates of q and r; a memory of one pattern has no noise (NaN). At
    temperature 0 the dynamics runs to rest.
    """
    out: dict[str, list] = {
        name: [] for name in ("magnetization", "overlap", "noise_overlap", "energy")
    }
    images: dict[str, list] = {name: [] for name in ("pattern", "start_state", "final_state")}
    pool = _pool(controls.patterns)
    for stream in streams:
        rng = generator(stream)
        patterns = draw_patterns(pool, pattern_count(controls.load, size), size, rng)
        start = corrupt(patterns[0], controls.start, rng)
        replicas = np.stack([start, start])
        if controls.rule in ("hebb", "pseudo-inverse"):
            result = _pairwise(controls, patterns, replicas, rng)
        else:
            result = _dense(controls, patterns, replicas, rng)
        for name, value in zip(out, np.array(result, float), strict=True):
            out[name].append(value)
        if pool is not None:
            for name, state in zip(images, (patterns[0], start, replicas[0]), strict=True):
                images[name].append(state.astype(float))
    return {name: np.array(values) for name, values in (out | images).items() if values}


def _pairwise(controls, patterns, replicas, rng):
    size = replicas.shape[1]
    matrix = couplings(patterns, controls.rule)
    external = np.zeros(size, np.float32)
    fields, energies = np.empty_like(replicas), np.empty(2)
    xi = patterns.astype(np.float32)

    def measure():
        overlaps = xi @ replicas.T / size
        kernel.energy(fields, external, replicas, energies)
        return _overlaps(overlaps, replicas, energies.mean() / size**2)

    kernel.local_fields(matrix, external, replicas, fields)
    if controls.temperature == 0:
        kernel.relax(matrix, fields, replicas, _RECALL_LIMIT, rng)
        return measure()
    betas = np.full(2, 1 / (controls.temperature * size))
    return _average(
        controls.sweeps, lambda: kernel.sweep(matrix, fields, replicas, betas, rng), measure
    )


def _dense(controls, patterns, replicas, rng):
    """Dense associative memories: E = -N sum_mu m_mu^n / n (Krotov & Hopfield 2016), or E = -ln
    sum_mu exp(N m_mu) (Demircigil et al. 2017, Ramsauer et al. 2021), m_mu = xi^mu s / N.
    """
    size = replicas.shape[1]
    columns = np.ascontiguousarray(patterns.T.astype(np.float64))
    overlaps = np.stack([patterns.astype(float) @ s for s in replicas])
    degree = 0 if controls.rule == "exponential" else controls.degree
    beta = math.inf if controls.temperature == 0 else 1 / controls.temperature

    def advance():
        return sum(
            _dense_sweep(columns, overlaps[a], replicas[a], degree, beta, rng) for a in range(2)
        )

    def measure():
        energy = np.mean([_dense_energy(overlaps[a], degree, size) for a in range(2)]) / size
        return _overlaps(overlaps.T / size, replicas, energy)

    if controls.temperature == 0:
        for _ in range(_RECALL_LIMIT):
            if advance() == 0:
                break
        return measure()
    return _average(controls.sweeps, advance, measure)


def _overlaps(overlaps, replicas, energy):
    size, load = replicas.shape[1], len(overlaps) / replicas.shape[1]
    noise = float(overlaps[1:, 0] @ overlaps[1:, 1]) / load if len(overlaps) > 1 else math.nan
    return np.array([overlaps[0].mean(), float(replicas[0] @ replicas[1]) / size, noise, energy])


def _average(sweeps, advance, measure):
    half = sweeps // 2
    for _ in range(half):
        advance()
    total, count = 0.0, 0
    for t in range(sweeps - half):
        advance()
        if t % _EVERY == 0:
            total, count = total + measure(), count + 1
    return total / count


@numba.njit(cache=True)
def _dense_energy(overlaps, degree, size):
    if degree == 0:
        top = overlaps.max()
        return -(top + np.log(np.exp(overlaps - top).sum()))
    return -size * ((overlaps / size) ** degree).sum() / degree


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
