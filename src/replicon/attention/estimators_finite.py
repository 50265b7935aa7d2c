"""Estimators on drawn contexts; the average over the query is exact: error = noise + |w -
estimate|^2 / d.
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from replicon._seed import generator
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


def simulate(controls, size: int, samples: int, streams: list) -> dict:
    """One set of tasks a sample, `contexts` test contexts with new tasks and as many with known
    ones.
    """
    length, count = round(controls.context * size), round(controls.diversity * size)
    out: dict[str, list] = {"icl_error": [], "idg_error": []}
    for stream in streams:
        rng = generator(stream)
        tasks = rng.standard_normal((count, size))
        for name in out:
            total = 0.0
            for _ in range(controls.contexts):
                w = rng.standard_normal(size) if name == "icl_error" else tasks[rng.integers(count)]
                x = rng.standard_normal((length, size)) / np.sqrt(size)
                y = x @ w + np.sqrt(controls.noise) * rng.standard_normal(length)
                if controls.estimator == "none":
                    estimate = np.zeros(size)
                elif controls.estimator == "ridge":
                    estimate = ridge(x, y, controls.noise)
                else:
                    estimate = discrete(x, y, controls.noise, tasks)
                total += ((w - estimate) ** 2).mean()
            out[name].append(controls.noise + total / controls.contexts)
    return {name: np.array(values) for name, values in out.items()}
