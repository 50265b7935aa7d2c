"""Parisi's equation of a staircase (see `parisi`), step by step, and all derivatives of its free
energy.

On a step with slope g, Phi(q, y) = (1/g) ln E exp(g Phi(q', y + sqrt(q' - q) z)). Each mean is a
trapezoid rule on nodes that follow what bends; Phi and its slope in y are held on a grid of fields
and interpolated. Derivatives are taken backwards through these sums, with all nodes where they are:
to move them changes nothing but the error of the rule.

Referee: the replica-symmetric potential, and differences of the free energy
(tests/ising/test_parisi.py).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np

_FIELDS = 129  # values of y >= 0, clustered where Phi bends
_NODES = 97  # Gaussian nodes, clustered likewise
_LEAST_VARIANCE = 1e-14


class FreeEnergy(NamedTuple):
    """f per spin and its derivatives by the overlaps (K + 1,) and slopes (K,), entropy per spin,
    and the replicon 1 - E sech^4 / T^2 at the top.
    """

    value: float
    by_overlaps: np.ndarray
    by_slopes: np.ndarray
    entropy: float
    replicon: float


def free_energy(
    overlaps: np.ndarray, slopes: np.ndarray, temperature: float, field: float
) -> FreeEnergy:
    """That of the staircase of overlaps (K + 1,) and slopes (K,) > 0; temperature > 0."""
    T = float(temperature)
    phi, levels = _descend(overlaps, slopes, T, float(field))
    back = _back(levels, slopes, T)
    phi += (1 - overlaps[-1]) / (2 * T)
    back.by_overlaps[-1] -= 1 / (2 * T)
    by_temperature = back.by_temperature - (1 - overlaps[-1]) / (2 * T**2)
    squares = overlaps**2
    steps = np.concatenate([[0.0], slopes, [1 / T]])
    return FreeEnergy(
        float((slopes @ np.diff(squares) + (1 - squares[-1]) / T) / 4 - phi),
        -overlaps * np.diff(steps) / 2 - back.by_overlaps,
        np.diff(squares) / 4 - back.by_slopes,
        float((1 - squares[-1]) / (4 * T**2) + by_temperature),
        1 - back.fourth / T**2,
    )


@numba.njit(cache=True)
def _cluster(center, width, low, high, nodes, weights):
    """Nodes on [low, high], dense on the scale `width` about `center` (a sinh map), and their
    trapezoid weights, in place.
    """
    begin = math.asinh((low - center) / width)
    step = (math.asinh((high - center) / width) - begin) / (len(nodes) - 1)
    grown = math.exp(begin)
    ratio = math.exp(step)
    for i in range(len(nodes)):
        shrunk = 1 / grown
        nodes[i] = center + width * (grown - shrunk) / 2
        weights[i] = width * step * (grown + shrunk) / 2
        grown *= ratio


@numba.njit(cache=True)
def _interval(grid, at, index):
    """The interval of the grid that holds `at`, or the last one, sought from `index` on."""
    while index < len(grid) - 2 and at >= grid[index + 1]:
        index += 1
    while index > 0 and at < grid[index]:
        index -= 1
    return index


@numba.njit(cache=True)
def _interpolate(grid, values, slopes, x, index):
    """Cubic Hermite interpolation of an even function in interval `index`, a straight line beyond
    the last: value, slope and curvature.
    """
    at = abs(x)
    h = grid[index + 1] - grid[index]
    t = (at - grid[index]) / h
    if t > 1:
        value = values[index + 1] + (at - grid[index + 1]) * slopes[index + 1]
        slope = slopes[index + 1]
        curvature = 0.0
    else:
        secant = (values[index + 1] - values[index]) / h
        second = 3 * secant - 2 * slopes[index] - slopes[index + 1]
        third = slopes[index] + slopes[index + 1] - 2 * secant
        value = values[index] + h * t * (slopes[index] + t * (second + t * third))
        slope = slopes[index] + t * (2 * second + 3 * t * third)
        curvature = (2 * second + 6 * t * third) / h
    return value, slope if x >= 0 else -slope, curvature


@numba.njit(cache=True)
def _interpolate_back(grid, values, slopes, x, index, by_value, by_slope):
    """Adds to the derivatives by values and slopes on the grid what those by the interpolated value
    and slope, (by_value, by_slope), make of them.
    """
    at = abs(x)
    if x < 0:
        by_slope = -by_slope
    h = grid[index + 1] - grid[index]
    t = (at - grid[index]) / h
    if t > 1:
        values[index + 1] += by_value
        slopes[index + 1] += by_value * (at - grid[index + 1]) + by_slope
    else:
        moved = by_value * t * t * (3 - 2 * t) + by_slope * 6 * t * (1 - t) / h
        values[index] += by_value - moved
        values[index + 1] += moved
        slopes[index] += by_value * h * t * (1 - t) ** 2 + by_slope * (1 - t) * (1 - 3 * t)
        slopes[index + 1] += by_value * h * t * t * (t - 1) + by_slope * t * (3 * t - 2)


@numba.njit(cache=True)
def _at_top(x, T):
    """T ln 2cosh(x / T), its slope tanh(x / T) and curvature."""
    shrunk = math.exp(-2 * abs(x) / T)
    slope = (1 - shrunk) / (1 + shrunk)
    curvature = (1 - slope**2) / T
    return abs(x) + T * math.log1p(shrunk), slope if x >= 0 else -slope, curvature


class _Levels(NamedTuple):
    """What leads from one q_k down to the next, k = K .. 0, the last to q = 0 and the field given.

    fields (F,): the grid; phi, slope (K, F): of the lower of both q there, k = 1 .. K; nodes,
    weights (K + 1, F, N): of the mean at each field, in units of sigma (K + 1,).
    """

    fields: Any
    start: Any
    phi: Any
    slope: Any
    nodes: Any
    weights: Any
    sigma: Any


class _Derivatives(NamedTuple):
    """Of Phi(0, field) by overlaps (K + 1,), slopes (K,) and temperature; `fourth`: E sech^4(y / T)
    at the top, its derivative by as much of that function added there.
    """

    by_overlaps: Any
    by_slopes: Any
    by_temperature: Any
    fourth: Any


class _Level(NamedTuple):
    """One of them: slope g on the way down, whether it begins at the top, the fields where it ends,
    Phi and its slope at the grid above it (below the top), nodes and weights of each mean.
    """

    g: Any
    top: Any
    fields: Any
    phi: Any
    slope: Any
    nodes: Any
    weights: Any


@numba.njit(cache=True)
def _level(levels, slopes, k):
    """Level k of all."""
    steps = len(slopes)
    above = min(k, steps - 1)
    return _Level(
        slopes[k - 1] if k > 0 else 0.0,
        k == steps,
        levels.fields if k > 0 else levels.start,
        levels.phi[above],
        levels.slope[above],
        levels.nodes[k],
        levels.weights[k],
    )


@numba.njit(cache=True)
def _mean(level, i, sigma, width, T, grid):
    """(1/g) ln E exp(g Phi(y + sigma z)) at field i of a level and its slope in y; of g = 0 the
    mean. Phi at the top is known, elsewhere it is interpolated on the grid.

    Fills in the nodes and their tilted weights, of sum one.
    """
    g, top, fields, phi, incline, nodes, weights = level
    y = fields[i]
    z = nodes[i]
    w = weights[i]
    value = np.empty(_NODES)
    slope = np.empty(_NODES)
    _cluster(min(max(-y / sigma, -9.0), 9.0), width, -11.0, 11.0, z, w)
    norm = 0.0
    index = 0
    for j in range(_NODES):
        x = y + sigma * z[j]
        if top:
            value[j], slope[j], _ = _at_top(x, T)
        else:
            index = _interval(grid, abs(x), index)
            value[j], slope[j], _ = _interpolate(grid, phi, incline, x, index)
        w[j] *= math.exp(-(z[j] ** 2) / 2)
        norm += w[j]
    highest = value.max()
    total = 0.0
    for j in range(_NODES):
        w[j] *= math.exp(g * (value[j] - highest)) / norm
        total += w[j]
    mean = 0.0
    mean_slope = 0.0
    for j in range(_NODES):
        w[j] /= total
        mean += w[j] * value[j]
        mean_slope += w[j] * slope[j]
    return highest + math.log(total) / g if g > 0 else mean, mean_slope


@numba.njit(cache=True)
def _descend(overlaps, slopes, T, field):
    """Phi(0, field) of T ln 2cosh(y / T) at the top, and the levels that lead there."""
    steps = len(slopes)
    levels = _Levels(
        np.empty(_FIELDS),
        np.array([field]),
        np.empty((steps, _FIELDS)),
        np.empty((steps, _FIELDS)),
        np.empty((steps + 1, _FIELDS, _NODES)),
        np.empty((steps + 1, _FIELDS, _NODES)),
        np.empty(steps + 1),
    )
    fields = levels.fields
    _cluster(0.0, min(max(T, 0.02), 5.0), 0.0, 14.0 + abs(field), fields, np.empty(_FIELDS))
    phi = 0.0
    squared_width = T**2
    for k in range(steps, -1, -1):
        variance = overlaps[k] - (overlaps[k - 1] if k > 0 else 0.0)
        sigma = math.sqrt(variance + _LEAST_VARIANCE)
        levels.sigma[k] = sigma
        width = min(max(math.sqrt(squared_width) / sigma, 1e-6), 10.0)
        squared_width += variance
        level = _level(levels, slopes, k)
        for i in range(len(level.fields)):
            value, slope = _mean(level, i, sigma, width, T, fields)
            if k > 0:
                levels.phi[k - 1, i] = value
                levels.slope[k - 1, i] = slope
            else:
                phi = value
    return phi, levels


@numba.njit(cache=True)
def _back(levels, slopes, T):
    """How Phi(0, field) changes with everything, backwards from the bottom to the top."""
    steps = len(slopes)
    fields = levels.fields
    by_overlaps = np.zeros(steps + 1)
    by_slopes = np.zeros(steps)
    by_temperature = 0.0
    fourth = 0.0
    by_phi = np.ones(1)  # by Phi and its slope at the fields of the level
    by_slope = np.zeros(1)
    for k in range(steps + 1):
        level = _level(levels, slopes, k)
        g, top, grid, phi_above, slope_above, all_nodes, all_weights = level
        sigma = levels.sigma[k]
        by_phi_above = np.zeros(_FIELDS)
        by_slope_above = np.zeros(_FIELDS)
        by_sigma = 0.0
        for i in range(len(grid)):
            nodes = all_nodes[i]
            weights = all_weights[i]
            index = 0
            mean = 0.0
            tilted = 0.0
            center = levels.slope[k - 1, i] if k > 0 else 0.0
            for j in range(_NODES):
                z = nodes[j]
                w = weights[j]
                x = grid[i] + sigma * z
                if top:
                    value, slope, curvature = _at_top(x, T)
                else:
                    index = _interval(fields, abs(x), index)
                    value, slope, curvature = _interpolate(fields, phi_above, slope_above, x, index)
                a = w * (by_phi[i] + g * by_slope[i] * (slope - center))
                b = w * by_slope[i]
                by_sigma += (a * slope + b * curvature) * z
                mean += w * value
                tilted += w * value * (slope - center)
                if not top:
                    _interpolate_back(fields, by_phi_above, by_slope_above, x, index, a, b)
                else:
                    sech = 1 - slope**2
                    by_temperature += a * (value - x * slope) / T - b * x * sech / T**2
                    fourth += a * sech**2 - b * 4 * slope * sech**2 / T
            if k > 0:
                by_slopes[k - 1] += by_phi[i] * (mean - levels.phi[k - 1, i]) / g
                by_slopes[k - 1] += by_slope[i] * tilted
        by_overlaps[k] += by_sigma / (2 * sigma)
        if k > 0:
            by_overlaps[k - 1] -= by_sigma / (2 * sigma)
        by_phi = by_phi_above
        by_slope = by_slope_above
    return _Derivatives(by_overlaps, by_slopes, by_temperature, fourth)
