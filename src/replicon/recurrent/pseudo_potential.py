"""The Boltzmann measure of the pseudo-potential of at most three neurons, by summation over a grid
fine enough to be exact.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.interpolate import RegularGridInterpolator

from replicon._errors import InputError
from replicon.data.networks import load_network
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


def couplings(source: str) -> np.ndarray:
    """J (N, N) of a shipped example or a user's file. Raises InputError."""
    return np.array(NETWORKS[source]) if source in NETWORKS else load_network(source).weights


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
    rows = [
        _integrate(J, phi, bound, float(T), float(eta))
        for T, eta in zip(controls.temperature, controls.regulariser, strict=True)
    ]
    zeros = _zeros(J, phi, bound)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]} | {
        name: np.array([value] * len(rows)) for name, value in zeros.items()
    }


def _bound(phi: Nonlinearity) -> float:
    with jax.enable_x64(True):
        values = np.abs(np.asarray(phi.function(jnp.array([-1e4, -50.0, 0.0, 50.0, 1e4]))))
    if values.max() > 1.01 * values[1:4].max() + 1e-9:
        raise InputError(
            "this phi grows without bound, so that the range of the integrals is unknown: give one"
            " that saturates."
        )
    return float(values.max())


def _integrate(J: np.ndarray, phi: Nonlinearity, bound: float, T: float, eta: float) -> dict:
    """Trapezoid: a Gaussian of standard deviation s, summed in steps of 1.3 s, errs by 2e-5, and no
    well of E is narrower than s.

    The sum is taken twice, on grids half a step apart. Of a smooth phi their errors cancel, to
    about the square of the difference; of a phi with corners, which lie on the first grid, they are
    as 1 to -1/2, and what is left is of the fourth order in the step. Where the difference is too
    large for that the step is halved.
    """
    n = len(J)
    with jax.enable_x64(True):
        at_zero = J @ np.asarray(phi.function(jnp.zeros(n)))
    reach = np.abs(J).sum(axis=1) * bound + _TAIL * np.sqrt(T)
    if eta:
        # E is above eta x^2, and somewhere no larger than at x = 0.
        reach = np.minimum(reach, np.sqrt((at_zero @ at_zero / 2 + 30 * T) / eta))
    step = 1.3 * np.sqrt(T / ((1 + np.linalg.norm(J, 2) * _steepest(phi)) ** 2 + 2 * eta))
    shown = [
        np.linspace(-r, r, PLACES)
        for r in np.r_[np.maximum(reach - (_TAIL - 2) * np.sqrt(T), reach / 2), 0, 0][:2]
    ]
    blank: dict[str, Any] = {
        **dict.fromkeys(("variance", "activity", "energy", "free_entropy"), np.nan),
        "converged": False,
    }
    blank |= {
        "landscape": np.full((PLACES, PLACES), np.nan),
        "axis_1": shown[0],
        "axis_2": shown[1],
    }
    cornered = set(phi.breaks) - set(SMOOTH) != set()
    room, share = (2e-3, 1 / 3) if cornered else (1e-4, 1 / 2)
    for _ in range(3):
        if cornered:
            step = 1 / np.ceil(1 / step)
            reach = step * np.ceil(reach / step)
        counts = 2 * np.ceil(reach / step) + 1
        if counts.prod() > _MOST or counts[0] > _LONGEST:
            reason = (
                f"a grid fine enough has {counts.prod():.0e} places, too many: raise the"
                " temperature, or scale J"
            )
            return {**blank, "reason": reason}
        first, second = (
            _sums(J, phi, T, eta, reach, counts.astype(int), shift) for shift in (0.0, 0.5)
        )
        apart = max(abs(a / b - 1) for a, b in zip(first[0], second[0], strict=True) if b)
        if apart < room:
            break
        step /= 2
    mean = share * first[0] + (1 - share) * second[0]
    total, spacing = mean[0], [axis[1] - axis[0] for axis in first[2][:n]]
    variance, activity, energy = mean[1:] / total / n
    if n > 1:
        density = first[1]
        level = -T * np.log(np.maximum(density, 1e-300 * density.max()) / density.max())
        grid = np.stack(np.meshgrid(*shown, indexing="ij"), axis=-1)
        blank["landscape"] = RegularGridInterpolator(
            tuple(first[2][:2]), level, bounds_error=False
        )(grid)
    return {
        **blank,
        "variance": variance,
        "activity": activity,
        "energy": energy,
        "free_entropy": (np.log(total) + np.log(spacing).sum()) / n,
        "converged": apart < room,
        "reason": (
            ""
            if apart < room
            else f"sums over two grids differ by {apart:.1g}: phi bends too sharply"
        ),
    }


def _sums(
    J: np.ndarray,
    phi: Nonlinearity,
    T: float,
    eta: float,
    reach: np.ndarray,
    counts: np.ndarray,
    shift: float,
) -> tuple[np.ndarray, np.ndarray, list]:
    """Sums over a grid moved by `shift` steps, of the weight and of it times |x|^2, |phi|^2 and E;
    the weight over all but two neurons; the axes.
    """
    n = len(J)
    padded = np.zeros((3, 3))
    padded[:n, :n] = J
    axes = [np.linspace(-r, r, count) for r, count in zip(reach, counts, strict=True)]
    axes = [axis + shift * (axis[1] - axis[0]) for axis in axes] + [np.zeros(1)] * (3 - n)

    @jax.jit
    def plane(first):
        x = jnp.stack(jnp.broadcast_arrays(first, *jnp.meshgrid(axes[1], axes[2], indexing="ij")))
        value = phi.function(x)
        force = jnp.tensordot(jnp.asarray(padded), value, 1) - x
        kept = jnp.arange(3)[:, None, None] < n
        energy = ((kept * force) ** 2).sum(axis=0) / 2 + eta * (x**2).sum(axis=0)
        weight = jnp.exp(-energy / T)
        moments = [
            (weight * q).sum() for q in ((kept * x**2).sum(0), (kept * value**2).sum(0), energy)
        ]
        return weight.sum(axis=1), jnp.stack([weight.sum(), *moments])

    with jax.enable_x64(True):
        parts = [plane(first) for first in axes[0]]
        return (
            np.sum([np.asarray(part[1]) for part in parts], axis=0),
            np.array([np.asarray(part[0]) for part in parts]),
            axes,
        )


def _steepest(phi: Nonlinearity) -> float:
    with jax.enable_x64(True):
        return float(np.abs(np.asarray(phi.slope(jnp.linspace(-20.0, 20.0, 4001)))).max())


def _zeros(J: np.ndarray, phi: Nonlinearity, bound: float) -> dict:
    spread = np.abs(J).sum(axis=1) * bound
    starts = np.random.default_rng(0).uniform(-1, 1, (60, len(J))) * spread
    found = find_fixed_points(J, starts, function=phi.function, slope=phi.slope)
    points, growth = np.full((POINTS, 3), np.nan), np.full(POINTS, np.nan)
    zero = np.flatnonzero(found.fixed)[:POINTS]
    points[: len(zero), : len(J)], growth[: len(zero)] = found.points[zero], found.growth[zero]
    return {"fixed_point": points, "growth": growth}
