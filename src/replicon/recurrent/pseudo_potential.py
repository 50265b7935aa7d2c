"""The Boltzmann measure of the pseudo-potential of at most three neurons, by summation over a grid
fine enough to be exact.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from threadpoolctl import threadpool_limits

from replicon._errors import InputError
from replicon._objects import held
from replicon.data.networks import load_weights
from replicon.recurrent.fixed_point_search import find_fixed_points
from replicon.recurrent.nonlinearity import SMOOTH, Nonlinearity, nonlinearity

NETWORKS = {
    "spiral": [[0.6226, -0.4622, 0.2945], [-0.2913, 0.3212, 1.1663], [-0.3463, -0.6295, -0.0364]],
    "two-points": [[0.0, 1.84, 4.02], [2.44, 0.0, -4.84], [-1.12, 0.55, 0.0]],
}
PLACES = 121  # grid of the landscape that is returned
POINTS = 12  # fixed and slow points that are returned
_MOST = 2**28  # places of the grid
_LONGEST = 20_000  # of its first axis, taken place by place
_TAIL = 6.5  # standard deviations of the measure beyond which nothing is left
# Sums over two grids, relative: their difference where its square, or its fourth order in the step
# of a phi with corners, is below 1e-8.
_SMOOTH_ROOM = 1e-4
_CORNERED_ROOM = 2e-3
_LEAST = 1e-300  # of a density, relative: its logarithm is finite
_BLOCK = 4096  # places at which phi is evaluated at once: one shape, compiled once


def couplings(source: str) -> np.ndarray:
    """J (N, N) of a shipped example, a user's file or object. Raises InputError."""
    return np.array(NETWORKS[source]) if source in NETWORKS else held(source, load_weights)


def solve(controls) -> dict:
    """Arrays (points,) of averages and ln Z / N; and, of each point, `landscape` (121, 121), -T ln
    of the density of the first two neurons (its minimum zero), at `axis_1`, `axis_2` (121,); the
    zeros of E, `fixed_point` (12, 3), and the largest real part of the eigenvalues of their
    linearised motion, `growth` (12,); NaN beyond.
    """
    phi = nonlinearity(controls.nonlinearity)
    J = couplings(controls.couplings)
    if len(J) > 3:
        raise InputError(
            f"couplings = {controls.couplings} has {len(J)} neurons: theory integrates over at most"
            " 3; simulate it."
        )
    bound = _bound(phi)
    # Three by three: threads would only wait for each other, for seconds on a busy machine.
    with threadpool_limits(limits=1, user_api="blas"):
        rows = [
            _integrate(_Measure(J, phi, T, eta), bound)
            for T, eta in zip(controls.temperature, controls.regulariser, strict=True)
        ]
        zeros = _zeros(J, phi, bound)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]} | {
        name: np.array([value] * len(rows)) for name, value in zeros.items()
    }


class _Measure(NamedTuple):
    """exp(-E/T) of `couplings` J (N, N) and `phi`, with `temperature` T and `regulariser` eta."""

    couplings: np.ndarray
    phi: Nonlinearity
    temperature: float
    regulariser: float

    @property
    def cornered(self) -> bool:
        """Whether phi has corners of its own."""
        return set(self.phi.breaks) - set(SMOOTH) != set()

    def reach(self, bound: float) -> np.ndarray:
        """How far from 0 states of the measure lie along each axis, (N,), for |phi| <= bound."""
        J, phi, T, eta = self
        at_zero = J @ _table(phi, np.zeros(len(J))).value
        reach = np.abs(J).sum(axis=1) * bound + _TAIL * np.sqrt(T)
        if eta:
            # E is above eta x^2, and somewhere no larger than at x = 0.
            reach = np.minimum(reach, np.sqrt((at_zero @ at_zero / 2 + 30 * T) / eta))
        return reach

    def step(self) -> float:
        """Of the trapezoid rule: a Gaussian of standard deviation s, summed in steps of 1.3 s, errs
        by 2e-5, and no well of E is narrower than s.
        """
        J, phi, T, eta = self
        return 1.3 * np.sqrt(T / ((1 + np.linalg.norm(J, 2) * _steepest(phi)) ** 2 + 2 * eta))


def _bound(phi: Nonlinearity) -> float:
    """The largest |phi|. Raises InputError where it has none."""
    values = np.abs(_table(phi, np.array([-1e4, -50.0, 0.0, 50.0, 1e4])).value)
    if values.max() > 1.01 * values[1:4].max() + 1e-9:
        raise InputError(
            "this phi grows without bound, so that the range of the integrals is unknown: give one"
            " that saturates."
        )
    return float(values.max())


def _integrate(measure: _Measure, bound: float) -> dict:
    """The measure summed twice, on grids half a step apart. Of a smooth phi their errors cancel, to
    about the square of the difference; of a phi with corners, which lie on the first grid, they are
    as 1 to -1/2, and what is left is of the fourth order in the step. Where the difference is too
    large for that the step is halved.
    """
    T = measure.temperature
    n = len(measure.couplings)
    reach = measure.reach(bound)
    step = measure.step()
    ends = np.r_[np.maximum(reach - (_TAIL - 2) * np.sqrt(T), reach / 2), 0, 0]
    shown = [np.linspace(-end, end, PLACES) for end in ends[:2]]
    blank: dict[str, Any] = {
        **dict.fromkeys(("variance", "activity", "energy", "free_entropy"), np.nan),
        "landscape": np.full((PLACES, PLACES), np.nan),
        "axis_1": shown[0],
        "axis_2": shown[1],
        "converged": False,
    }
    room = _CORNERED_ROOM if measure.cornered else _SMOOTH_ROOM
    for _ in range(3):
        if measure.cornered:
            step = 1 / np.ceil(1 / step)
            reach = step * np.ceil(reach / step)
        counts = 2 * np.ceil(reach / step) + 1
        if counts.prod() > _MOST or counts[0] > _LONGEST:
            reason = (
                f"a grid fine enough has {counts.prod():.0e} places, too many: raise the"
                " temperature, or scale J"
            )
            return {**blank, "reason": reason}
        first, second = (_sums(measure, reach, counts.astype(int), shift) for shift in (0.0, 0.5))
        apart = max(abs(a / b - 1) for a, b in zip(first.total, second.total, strict=True) if b)
        if apart < room:
            break
        step /= 2
    share = 1 / 3 if measure.cornered else 1 / 2
    mean = share * first.total + (1 - share) * second.total
    spacing = [axis[1] - axis[0] for axis in first.axes[:n]]
    variance, activity, energy = mean[1:] / mean[0] / n
    converged = bool(apart < room)
    reason = f"sums over two grids differ by {apart:.1g}: phi bends too sharply"
    return {
        **blank,
        "landscape": _landscape(first, T, shown) if n > 1 else blank["landscape"],
        "variance": variance,
        "activity": activity,
        "energy": energy,
        "free_entropy": (np.log(mean[0]) + np.log(spacing).sum()) / n,
        "converged": converged,
        "reason": "" if converged else reason,
    }


class _Sums(NamedTuple):
    """Over a grid: `total` (4,), sums of the weight and of it times |x|^2, |phi|^2 and E; `density`
    (n_1, n_2), sums of the weight over all but two neurons; `axes`, three arrays of places.
    """

    total: np.ndarray
    density: np.ndarray
    axes: list[np.ndarray]


def _landscape(sums: _Sums, T: float, shown: list[np.ndarray]) -> np.ndarray:
    """-T ln of the density at the places shown, its minimum zero."""
    top = sums.density.max()
    level = -T * np.log(np.maximum(sums.density, _LEAST * top) / top)
    first, second = (
        lambda row, n=n: np.interp(shown[n], sums.axes[n], row, left=np.nan, right=np.nan)
        for n in (0, 1)
    )
    return np.apply_along_axis(second, 1, np.apply_along_axis(first, 0, level))


def _sums(measure: _Measure, reach: np.ndarray, counts: np.ndarray, shift: float) -> _Sums:
    """The measure summed over so many places along each axis, moved by `shift` steps: plane after
    plane, at one place of the first neuron each. E = |f_1 + f_2 + f_3|^2 / 2 of forces f_k that
    neuron k alone decides, so that a plane of E is a product of matrices.
    """
    J, phi, T, eta = measure
    n = len(J)
    axes = [np.linspace(-r, r, count) for r, count in zip(reach, counts, strict=True)]
    axes = [axis + shift * (axis[1] - axis[0]) for axis in axes] + [np.zeros(1)] * (3 - n)
    value = [_table(phi, axis).value for axis in axes[:n]] + [np.zeros(1)] * (3 - n)
    forces = [np.zeros((1, n)) for _ in axes]
    for k in range(n):
        forces[k] = np.outer(value[k], J[:, k])
        forces[k][:, k] -= axes[k]
    own = [eta * axis**2 for axis in axes]
    density = np.empty((len(axes[0]), len(axes[1])))
    last = np.zeros(len(axes[2]))
    energies = 0.0
    for i, force in enumerate(forces[0]):
        pair = force + forces[1]
        left = (pair**2).sum(axis=1) / 2 + own[0][i] + own[1]
        right = (forces[2] ** 2).sum(axis=1) / 2 + own[2]
        energy = pair @ forces[2].T + (left[:, None] + right)
        weight = np.exp(-energy / T)
        density[i] = weight.sum(axis=1)
        last += weight.sum(axis=0)
        energies += np.vdot(weight, energy)
    law = [density.sum(axis=1), density.sum(axis=0), last]  # of each neuron
    squares = [sum(law[k] @ of[k] ** 2 for k in range(n)) for of in (axes, value)]
    return _Sums(np.array([last.sum(), *squares, energies]), density, axes)


class _Table(NamedTuple):
    """A transfer function at places (n,): phi as `value`, phi' as `slope`."""

    value: np.ndarray
    slope: np.ndarray


def _table(phi: Nonlinearity, x: np.ndarray) -> _Table:
    """phi and phi' at places x (n,)."""
    padded = np.zeros((-(-len(x) // _BLOCK), _BLOCK))
    padded.flat[: len(x)] = x
    evaluated = _evaluated(phi)
    with jax.enable_x64(True):
        blocks = [np.asarray(evaluated(block)) for block in padded]
    return _Table(*np.concatenate(blocks, axis=1)[:, : len(x)])


@lru_cache(maxsize=32)
def _evaluated(phi: Nonlinearity):
    """phi and phi' of a block of places, (2, n), compiled."""
    return jax.jit(lambda x: jnp.stack([phi.function(x), phi.slope(x)]))


def _steepest(phi: Nonlinearity) -> float:
    """The largest slope of phi, either sign."""
    return float(np.abs(_table(phi, np.linspace(-20.0, 20.0, 4001)).slope).max())


def _zeros(J: np.ndarray, phi: Nonlinearity, bound: float) -> dict:
    """Zeros of E found from 60 starts within reach, and the growth there; NaN beyond."""
    reach = np.abs(J).sum(axis=1) * bound
    start = np.random.default_rng(0).uniform(-1, 1, (60, len(J))) * reach
    found = find_fixed_points(J, start, function=phi.function, slope=phi.slope)
    points = np.full((POINTS, 3), np.nan)
    growth = np.full(POINTS, np.nan)
    zero = np.flatnonzero(found.fixed)[:POINTS]
    points[: len(zero), : len(J)] = found.points[zero]
    growth[: len(zero)] = found.growth[zero]
    return {"fixed_point": points, "growth": growth}
