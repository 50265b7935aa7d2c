"""Newton's method for a gradient that is dear to compute and flat in some directions, within a set
that its steps may not leave.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_HALVINGS = 0.5 ** np.arange(6)
_DAMPINGS = 10.0 ** np.arange(-8, 1)  # of the largest singular value of the Jacobian


def kept_newton(
    function: Callable[[np.ndarray], np.ndarray],
    w: np.ndarray,
    *,
    allowed: Callable[[np.ndarray], bool],
    tolerance: float,
    enough: float,
    steps: int,
) -> tuple[np.ndarray, np.ndarray]:
    """A zero of `function` near w, as far as it was found, and the function there, (n,) each.

    Full steps, halved where they do not shrink it or leave the `allowed` set; where none of these
    does, damped ones (Levenberg-Marquardt), which take the flat directions out. The Jacobian is by
    differences and is kept while steps shrink the function tenfold. Ends at `enough`, after
    `steps`, and below `tolerance` as soon as it creeps.
    """
    value = function(w)
    parts = None
    for _ in range(steps):
        if not np.isfinite(value).all() or np.max(np.abs(value)) < enough:
            break
        if parts is None:
            jacobian = _jacobian(function, w)
            if not np.isfinite(jacobian).all():
                break
            parts = np.linalg.svd(jacobian)
        change = _damped(parts, value, 0.0)
        for trial in (
            *(w - fraction * change for fraction in _HALVINGS),
            *(w - _damped(parts, value, damping) for damping in _DAMPINGS),
        ):
            new = function(trial) if allowed(trial) else np.full_like(value, np.inf)
            if np.linalg.norm(new) < np.linalg.norm(value):
                break
        else:
            break
        shrunk = np.linalg.norm(new) / np.linalg.norm(value)
        w = trial
        value = new
        if shrunk > 0.5 and np.max(np.abs(value)) < tolerance:
            break
        if shrunk > 0.1:
            parts = None
    return w, value


def _jacobian(function: Callable, w: np.ndarray) -> np.ndarray:
    steps = 1e-6 * np.maximum(np.abs(w), 1e-2)
    columns = [
        (function(w + h * e) - function(w - h * e)) / (2 * h)
        for h, e in zip(steps, np.eye(len(w)), strict=True)
    ]
    return np.stack(columns, axis=1)


def _damped(parts: tuple, value: np.ndarray, damping: float) -> np.ndarray:
    """(J^T J + mu^2)^-1 J^T value, mu = damping times the largest singular value of J."""
    left, values, right = parts
    mu = damping * values[0]
    inverse = values / (values**2 + mu**2) if mu else 1 / np.maximum(values, 1e-13 * values[0])
    return right.T @ (inverse * (left.T @ value))
