"""Grids of normal numbers in as many dimensions as there are hidden units, each point taken once
for all permutations of units whose teachers are alike.
"""

from __future__ import annotations

import itertools
import math
from functools import cache
from typing import Literal, NamedTuple

import numpy as np

LARGEST = 4  # units of a quadrature in as many dimensions
# Points a dimension of the two grids, one within the gaps of the other, on [-_END, _END], and of
# the one on which the map is iterated before Newton's method; two that are half as fine again.
_POINTS = {2: (91, 90), 3: (31, 30), 4: (23, 22)}
_FINER = {2: (137, 136), 3: (47, 46), 4: (35, 34)}
_COARSE = {2: (61,), 3: (15,), 4: (13,)}
_END = 7.0
_SUM_POINTS = (161, 160)  # where the units' sum alone is left
_LEAST = 1e-14  # of a grid's weight: what is lighter is left out


class Grid(NamedTuple):
    """Normal numbers z (grids, G, K), the teacher's spins (grids, G, K), the logarithm of how many
    states of the teacher each stands for, and weights (grids, G).
    """

    normal: np.ndarray
    teacher: np.ndarray
    log_count: np.ndarray
    weight: np.ndarray


@cache
def sum_grid(units: int) -> Grid:
    """The grids on which the units' fields are all equal."""
    parts = []
    for points in _SUM_POINTS:
        node, weight = _nodes(points, 8.0)
        z = np.repeat(node[:, None] / math.sqrt(units), units, axis=1)
        parts.append([(z, weight)] * (units // 2 + 1))
    return _joined(parts, units)


@cache
def full_grid(units: int, fineness: Literal["coarse", "usual", "finer"] = "usual") -> Grid:
    """The two grids in K dimensions, the two finer ones, or the coarse one."""
    parts = []
    for points in {"coarse": _COARSE, "usual": _POINTS, "finer": _FINER}[fineness][units]:
        node, weight = _nodes(points, _END)
        parts.append([_class(node, weight, units, down) for down in range(units // 2 + 1)])
    return _joined(parts, units)


def _nodes(points: int, end: float) -> tuple[np.ndarray, np.ndarray]:
    """A trapezoidal rule; that of one point less has the same step, half a step aside."""
    step = 2 * end / (2 * (points // 2))
    node = step * (np.arange(points) - (points - 1) / 2)
    weight = np.exp(-(node**2) / 2)
    return node, weight / weight.sum()


def _class(node, weight, units: int, down: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (G, K) and weights of a teacher whose last `down` spins are -1: sorted among the units
    whose teachers are +1 and among the others, each counted as often as it has permutations.
    """
    up, counted_up = _sorted(node, weight, units - down)
    lower, counted_down = _sorted(node, weight, down)
    mass = counted_up[:, None] * counted_down
    i, j = np.nonzero(mass > _LEAST * mass.max())
    return np.concatenate([up[i], lower[j]], axis=1), mass[i, j]


def _sorted(node, weight, count: int) -> tuple[np.ndarray, np.ndarray]:
    rows = list(itertools.combinations_with_replacement(range(len(node)), count))
    index = np.array(rows, int).reshape(len(rows), count)
    alike = np.ones(len(index))
    for value in range(count):  # how many permutations leave the sorted row as it is
        same = (index == index[:, [value]])[:, : value + 1].sum(axis=1)
        alike = alike * same
    return node[index], weight[index].prod(axis=1) * math.factorial(count) / alike


def _joined(parts, units: int) -> Grid:
    """Grids, each a list of (points, weights) by how many of the teacher's spins are -1, filled up
    to the same length with weightless points.
    """
    grids = []
    for classes in parts:
        teacher = []
        counts = []
        for down, (z, _) in enumerate(classes):
            spins = np.ones(units)
            spins[units - down :] = -1
            teacher.append(np.tile(spins, (len(z), 1)))
            count = math.comb(units, down) * (1 if 2 * down == units else 2)  # both signs
            counts.append(np.full(len(z), math.log(count)))
        normal = np.concatenate([z for z, _ in classes])
        weight = np.concatenate([w / w.sum() for _, w in classes])
        grids.append((normal, np.concatenate(teacher), np.concatenate(counts), weight))
    longest = max(len(grid[3]) for grid in grids)
    filled = [[_filled(part, longest) for part in grid] for grid in grids]
    return Grid(*(np.stack(pair) for pair in zip(*filled)))


def _filled(part: np.ndarray, length: int) -> np.ndarray:
    return np.concatenate([part, np.zeros((length - len(part), *part.shape[1:]))])
