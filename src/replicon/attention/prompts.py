"""Prompts of linear tasks: task vectors w, queries x, contexts h and labels y."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Prompts(NamedTuple):
    """x (n, d) queries, h (n, D) contexts, y (n,) labels."""

    x: np.ndarray
    h: np.ndarray
    y: np.ndarray


def power_law(size: int, decay: float) -> np.ndarray:
    """Eigenvalues (d,) of a covariance, proportional to rank^-decay, of mean 1."""
    values = np.arange(1, size + 1, dtype=float) ** -decay
    return values / values.mean()


def draw_tasks(rng: np.random.Generator, count: int, covariance: np.ndarray) -> np.ndarray:
    """Task vectors w ~ N(0, diag(covariance)), (count, d).

    Raises nothing. Source: Lu et al., arXiv 2405.11751. Referee: moments of the draws.
    """
    return rng.standard_normal((count, len(covariance))) * np.sqrt(covariance)


def draw_prompts(
    rng: np.random.Generator,
    tasks: np.ndarray,
    length: int,
    noise: float,
    covariance: np.ndarray,
    full: bool,
) -> Prompts:
    """One prompt for each row of `tasks` (n, d): x ~ N(0, diag(covariance)/d), y = w.x + eps, h =
    (d/l) sum_i y_i x_i.

    The l inputs of a context are not drawn one by one: h depends on them through the component of
    each along w and one Gaussian vector across it, which has exactly the same law, at l + d numbers
    a prompt instead of l d. `full`: a last column (1/l) sum_i y_i^2 of h.

    Returns x (n, d), h (n, d) or (n, d + 1), y (n,). Raises nothing. Source: Lu et al.,
    arXiv 2405.11751. Referee: moments of contexts drawn input by input
    (tests/attention).
    """
    n, d = tasks.shape
    scale = np.sqrt(covariance)
    x = rng.standard_normal((n, d)) * scale / np.sqrt(d)
    y = np.einsum("nd,nd->n", x, tasks) + np.sqrt(noise) * rng.standard_normal(n)
    white = tasks * scale  # in coordinates in which inputs are isotropic
    length_of = np.linalg.norm(white, axis=1, keepdims=True)
    unit = white / length_of
    h = np.empty((n, d))
    labels_squared = np.empty(n)
    for begin in range(0, n, 4096):
        rows = slice(begin, begin + 4096)
        along = rng.standard_normal((len(unit[rows]), length)) / np.sqrt(d)  # inputs along w
        labels = length_of[rows] * along + np.sqrt(noise) * rng.standard_normal(along.shape)
        across = rng.standard_normal((len(along), d)) / np.sqrt(d)
        across -= np.einsum("nd,nd->n", across, unit[rows])[:, None] * unit[rows]
        labels_squared[rows] = (labels**2).sum(axis=1)
        h[rows] = (labels * along).sum(axis=1)[:, None] * unit[rows] + np.sqrt(
            labels_squared[rows]
        )[:, None] * across
    h *= scale * d / length
    return Prompts(x, np.column_stack([h, labels_squared / length]) if full else h, y)
