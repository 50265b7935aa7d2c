"""Replica-symmetry breaking with K steps, K = 1 to continuous, by Parisi's equation for Ising spins
in a Gaussian field.

The order parameter is a function: slope(q) = x(q) / T on 0 <= q <= 1, a staircase with K steps.
Written with the slope instead of Parisi's x, all is finite at T -> 0. With overlaps q_0 <= ... <=
q_K and slopes g_1 < ... < g_K,

    slope = 0 on [0, q_0],  g_k on [q_(k-1), q_k],  1/T on [q_K, 1],
    -f = Phi(0, field) - (1/2) int_0^1 t slope(t) dt,
    Phi(1, y) = T ln 2cosh(y / T),   d Phi/dq = -(1/2) [Phi'' + slope(q) Phi'^2]   (backwards in q).

The free energy is stationary in all q_k and g_k. On a step with slope g the equation is solved
exactly by Phi(q, y) = (1/g) ln E exp(g Phi(q', y + sqrt(q' - q) z)).

Source: Parisi, J. Phys. A 13, L115 (1980); the form finite at T = 0: Auffinger & Chen, Ann. Probab.
45, 4617 (2017). Referee: the replica-symmetric potential (K = 0), e(T = 0) = -0.7652 (K = 1),
-0.7631667 (K -> inf; Schmidt 2008).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replicon._kernels import sound_cache
from replicon.ising.kept_newton import kept_newton
from replicon.ising.parisi_equation import free_energy

COLDEST = 0.02  # lower temperatures are continued from here: the grids resolve no narrower step
TOLERANCE = 1e-8  # of the gradient, one step
STAIRCASE_TOLERANCE = (
    2e-5  # of the gradient, more steps: f is flat along their places, and errs by the square
)
_LOWEST = 0.1  # of the second level, what the lowest may be
_RELAXATIONS = 80
_MIXED = 30
_REMEMBERED = 5  # moves that are mixed with the latest
_RESTING = 1e-5  # change of an overlap
_HALVINGS = 6  # of the step in the field, on the way from a solved one
_STEPS_ONE = 40  # of Newton's method: they are cheap with one step, and dear with more
_STEPS_MANY = 15


class Staircase(NamedTuple):
    """A stationary staircase: overlaps q_0..q_K (K + 1,), slopes x / T (K,), and what follows from
    it, per spin.

    `replicon`: 1 - E sech^4 / T^2 at the top, zero in the limit of continuous breaking; `residual`:
    the largest component of the gradient of f; `converged`: whether it is below its tolerance and
    the staircase rises.
    """

    overlaps: np.ndarray
    slopes: np.ndarray
    free_energy: float
    entropy: float
    replicon: float
    residual: float
    converged: bool

    def distribution(self, temperature: float) -> np.ndarray:
        """Probability of each overlap q_k between two equilibrium replicas, (K + 1,): the jumps of
        x(q).
        """
        x = np.concatenate([[0.0], self.slopes * temperature, [1.0]])
        return np.diff(x)


@sound_cache
def solve(temperature: float, field: float, steps: int) -> Staircase:
    """The stationary staircase of `steps` steps at one point (temperature, field), temperature >=
    0.

    The slopes are s t_k with fixed t_k (denser at small slope when it is cold), and f is stationary
    in the scale s and in all overlaps. First the overlaps relax by q_k <- <m_k^2>, mixed so that
    they rest soon, or, where that finds nothing, alone, which keeps them ordered; then Newton's
    method with step halving. Where that does not end on a staircase, as in a strong field, whose
    overlaps all lie near one, it is continued in the field from a weaker one.
    Below COLDEST = 0.02 the staircase is that of 0.02 with x = T slope and 1 - q_K = T C, and f
    follows by its entropy: the energy at T = 0 then errs by 3e-6 (K = 8) or 3e-5 (K = 1). Errors of
    f against K -> inf: K = 1 2e-3, K = 8 1e-5 at T = 0; 2e-4 and 1e-7 at T = 0.5.
    """
    T = max(float(temperature), COLDEST)
    place = (np.arange(steps) + 1) / (steps + 0.5)
    shape = np.sinh(2 * place) / np.sinh(2) if T < 0.3 else place
    w, gradient = _best(T, field, shape)
    if not _solved(w, gradient, T):
        w, gradient = _continued(T, field, shape)
    q, g = _unpack(w, shape, T)
    found = free_energy(q, g, T, field)
    residual = float(np.max(np.abs(gradient)))
    colder = T - float(temperature)
    q[-1] = 1 - (1 - q[-1]) * (float(temperature) / T)
    return Staircase(
        q,
        g,
        found.value + colder * found.entropy,
        found.entropy,
        found.replicon,
        residual,
        _solved(w, gradient, T),
    )


def _best(T: float, field: float, shape: np.ndarray):
    """The staircase of the largest f among those found from two starts: f is a maximum over
    staircases, and one two of whose levels meet is stationary too, with the f of fewer steps.
    """
    starts, scale = _starts(T, field, len(shape))
    for relax in (_relax_faster, _relax):
        found: list[tuple[np.ndarray, np.ndarray]] = []
        for overlaps in starts:
            found.append(_relaxed(T, field, shape, relax(overlaps, scale * shape, T, field), scale))
            if len(shape) == 1 and _solved(*found[-1], T):
                break
        solved = [one for one in found if _solved(*one, T)]
        if solved:
            return max(
                solved, key=lambda one: free_energy(*_unpack(one[0], shape, T), T, field).value
            )
    return found[0]


def _starts(T: float, field: float, steps: int) -> tuple[list[np.ndarray], float]:
    """Guesses of the overlaps, (steps + 1,) each, and of the scale of the slopes.

    The replica-symmetric overlap tells the range that the levels share and, by its response, the
    scale of the slopes.
    """
    distance = 1 - _replica_symmetric(T, field)
    scale = min(0.5 / T * min(1.0, 4 * abs(1 - T)), 1.12 * (steps + 1) ** 0.75 * T / distance)
    # Where levels reach down to zero the lowest begins near it, or as if they were equally spaced.
    reach = min(1 - 1e-3, 30 * distance)
    equal = min(1 - (1 - distance / 2) / (2 * steps + 1), 30 * distance)
    reaches = [reach] if equal == reach else [reach, equal]
    return [1 - np.geomspace(far, distance / 2, steps + 1) for far in reaches], scale


def _relaxed(
    T: float, field: float, shape: np.ndarray, overlaps: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Unknowns and gradient of f after Newton's method from relaxed overlaps."""
    start = np.concatenate([overlaps[:-1], [(1 - overlaps[-1]) / T, scale]])
    w, gradient = _newton(start, T, field, shape)
    # A scale that ran away has left the staircase for one on which f is flat because it is none.
    kept = 0.2 * scale < w[-1] < 5 * scale
    return w, gradient if kept else np.full_like(gradient, np.nan)


def _relax(overlaps: np.ndarray, slopes: np.ndarray, T: float, field: float) -> np.ndarray:
    """Overlaps after the map q_k <- <m_k^2> a fixed number of times: slow and steady."""
    for _ in range(_RELAXATIONS):
        overlaps = _in_order(_squares(overlaps, slopes, T, field))
    return overlaps


def _relax_faster(overlaps: np.ndarray, slopes: np.ndarray, T: float, field: float) -> np.ndarray:
    """The same until they rest, by Anderson's mixing (J. ACM 12, 547 (1965)), which may leave a
    staircase for one with fewer steps.
    """
    seen = []
    moves = []
    for _ in range(_MIXED):
        move = _squares(overlaps, slopes, T, field) - overlaps
        seen = [*seen[-_REMEMBERED:], overlaps]
        moves = [*moves[-_REMEMBERED:], move]
        overlaps = overlaps + move
        if np.max(np.abs(move)) < _RESTING:
            break
        if len(seen) > 1:
            turns = np.diff(moves, axis=0).T
            share = np.linalg.lstsq(turns, move, rcond=1e-10)[0]
            overlaps = overlaps - (np.diff(seen, axis=0).T + turns) @ share
        overlaps = _in_order(overlaps)
    return _in_order(overlaps)


def _in_order(overlaps: np.ndarray) -> np.ndarray:
    return np.maximum.accumulate(np.clip(overlaps, 0.0, 1.0))


def _replica_symmetric(T: float, field: float) -> float:
    """Q = E tanh^2((field + sqrt(q) z) / T), to the accuracy of a start."""
    z = np.linspace(-8, 8, 4001)
    weight = np.exp(-(z**2) / 2)
    q = 1.0
    for _ in range(300):
        q = float(weight @ np.tanh((field + np.sqrt(q) * z) / T) ** 2 / weight.sum())
    return min(q, 1 - 1e-9)


def _continued(T: float, field: float, shape: np.ndarray):
    """The same by continuation in the field, its steps halved where Newton's method loses the
    staircase.
    """
    for fraction in (0.5, 0.25, 0.8, 0.1, 0.95):
        at = fraction * field
        starts, scale = _starts(T, at, len(shape))
        w, gradient = _relaxed(T, at, shape, _relax(starts[0], scale * shape, T, at), scale)
        if _solved(w, gradient, T):
            break
    else:
        return w, gradient
    step = field - at
    least = step / 2**_HALVINGS
    while at < field and step >= least:
        there = min(at + step, field)
        trial, slope = _newton(w, T, there, shape)
        if _solved(trial, slope, T) and 0.5 * w[-1] < trial[-1] < 2 * w[-1]:
            w = trial
            gradient = slope
            at = there
        else:
            step /= 2
    return (w, gradient) if at >= field else (w, np.full_like(gradient, np.nan))


def _solved(w: np.ndarray, gradient: np.ndarray, T: float) -> bool:
    return bool(np.max(np.abs(gradient)) < _tolerance(w)) and _rises(w, T)


def _tolerance(w: np.ndarray) -> float:
    return TOLERANCE if len(w) == 3 else STAIRCASE_TOLERANCE


def _rises(w: np.ndarray, T: float) -> bool:
    """Whether the unknowns are a staircase: 0 < q_0 < ... < q_K < 1 and slopes that are positive.

    Without a field q_0 = 0 is stationary by symmetry, with f of one step less: no maximum, and
    refused. The lowest level lies at about q_1/3 without a field, and nearer to q_1 in one.
    """
    q = np.append(w[:-2], 1 - T * w[-2])
    return bool(np.all(np.diff(q) > 0) and q[0] > _LOWEST * q[1] and q[-1] < 1 and w[-1] > 0)


def _newton(w: np.ndarray, T: float, field: float, shape: np.ndarray):
    """Stationary point of f near a staircase, and the gradient there."""
    one = len(w) == 3

    def gradient(w):
        return _gradient(w, shape, T, field)

    return kept_newton(
        gradient,
        w,
        allowed=lambda w: _rises(w, T),
        tolerance=_tolerance(w),
        enough=1e-3 * TOLERANCE if one else 0.2 * STAIRCASE_TOLERANCE,
        steps=_STEPS_ONE if one else _STEPS_MANY,
    )


def _unpack(w, shape, T):
    """W = (q_0 .. q_(K-1), (1 - q_K) / T, s), finite at T -> 0, as overlaps (K + 1,) and slopes
    (K,).
    """
    steps = len(shape)
    return np.append(w[:steps], 1 - T * w[steps]), w[steps + 1] * shape


def _gradient(w, shape, T, field):
    """Of f, by the unknowns w (K + 2,)."""
    found = free_energy(*_unpack(w, shape, T), T, field)
    top = -T * found.by_overlaps[-1]
    return np.concatenate([found.by_overlaps[:-1], [top, found.by_slopes @ shape]])


def _squares(q, slopes, T, field):
    """<m_k^2> at every q_k, from df / dq_k = (g_k - g_(k+1)) (q_k - <m_k^2>) / 2."""
    steps = np.concatenate([[0.0], slopes, [1 / T]])
    return q + 2 * free_energy(q, slopes, T, field).by_overlaps / np.diff(steps)
