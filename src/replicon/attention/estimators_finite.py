"""Estimators on drawn contexts; the average over the query is exact: error = noise + |w -
estimate|^2 / d.
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from replicon.attention.finite import check_counts


def check_size(controls: dict, size: int) -> None:
    """Refuse a size at which there is no example or no task."""
    check_counts(controls, {"context": ("examples", size), "diversity": ("tasks", size)})


def ridge(x: np.ndarray, y: np.ndarray, noise: float) -> np.ndarray:
    """Posterior mean of w ~ N(0, I) given x (l, d), y (l,) = x w + noise: the Bayes-optimal
    estimate for Gaussian tasks.
    """
    if noise == 0:
        return np.linalg.pinv(x) @ y
    return np.linalg.solve(x.T @ x / noise + np.eye(x.shape[1]), x.T @ y / noise)


def discrete(x: np.ndarray, y: np.ndarray, noise: float, tasks: np.ndarray) -> np.ndarray:
    """Posterior mean over `tasks` (k, d), equally probable beforehand: the least mean square error
    for a finite set of tasks.
    """
    misfit = ((y[:, None] - x @ tasks.T) ** 2).sum(axis=0)
    if noise == 0:
        return tasks[np.argmin(misfit)]
    return softmax(-misfit / (2 * noise)) @ tasks


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One set of tasks, `contexts` test contexts with new tasks and as many with known ones."""
    count = round(controls.diversity * size)
    tasks = rng.standard_normal((count, size))
    new = [_misfit(controls, rng, tasks, None) for _ in range(controls.contexts)]
    known = [
        _misfit(controls, rng, tasks, tasks[rng.integers(count)]) for _ in range(controls.contexts)
    ]
    return {
        "icl_error": controls.noise + np.sum(new) / controls.contexts,
        "idg_error": controls.noise + np.sum(known) / controls.contexts,
    }


def _misfit(controls, rng: np.random.Generator, tasks: np.ndarray, task) -> float:
    """|w - estimate|^2 / d on one drawn context of a task (None: a new one)."""
    size = tasks.shape[1]
    length = round(controls.context * size)
    w = rng.standard_normal(size) if task is None else task
    x = rng.standard_normal((length, size)) / np.sqrt(size)
    y = x @ w + np.sqrt(controls.noise) * rng.standard_normal(length)
    if controls.estimator == "none":
        estimate = np.zeros(size)
    elif controls.estimator == "ridge":
        estimate = ridge(x, y, controls.noise)
    else:
        estimate = discrete(x, y, controls.noise, tasks)
    return ((w - estimate) ** 2).mean()
