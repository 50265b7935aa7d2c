"""Couplings of Ising spins by maximum pseudo-likelihood and by maximum likelihood with enumeration.

Spins +-1, P(s) ~ exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i); rows (B, N). Each function returns
J (N, N), symmetric without diagonal, h (N,) and whether it converged.

A maximum need not exist. Near one, Newton's step shrinks quadratically; where there is none, the
parameters grow for ever, gradient and curvature vanish together, and the step stays of order one,
however small the gradient: `converged` asks for the step, and where it does not shrink its
direction is the proof that there is no maximum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize

from replicon._errors import InputError
from replicon.boltzmann.enumerated import (
    _FLAT,
    _TURNS,
    Penalty,
    boxed,
    no_maximum,
)

_ROWS = 4096
_SMALL = 4_000_000
_GRADIENT = {np.float64: 1e-5, np.float32: 5e-5}  # goal of the first search, mean over rows
_STEP = 1e-3  # log-odds that one more Newton step may change in any row
_CONJUGATE = 200  # products a step
_DENSE = (
    1e11  # operations up to which a Newton step is solved by matrices, not by conjugate gradients
)


def _pseudo(theta, blocks, weights, dtype) -> tuple[float, np.ndarray]:
    """Sum over rows and spins of -ln P(s_i | the others), and its gradient; theta (N + 1, N), its
    last row the fields.

    blocks (blocks, rows, N + 1): spins and a one; weights (blocks, rows), 0 pads.
    """
    theta = theta.astype(dtype)
    loss = 0.0
    gradient = np.zeros(theta.shape)
    for block, weight in zip(blocks, weights):
        x = block.astype(dtype, copy=False)
        s = x[:, :-1]
        field = s * (x @ theta)
        losses = np.log1p(np.exp(-2 * np.abs(field))) - 2 * np.minimum(field, 0)
        loss += float(weight @ losses.sum(axis=1))
        gradient += x.T @ (weight[:, None] * s * (np.tanh(field) - 1))
    return loss, gradient


def _curvature(theta, direction, blocks, weights) -> np.ndarray:
    """Sum over rows of the second derivative of `_pseudo` times `direction`, both (N + 1, N)."""
    theta = theta.astype(blocks.dtype)
    direction = direction.astype(blocks.dtype)
    total = np.zeros(theta.shape)
    for x, weight in zip(blocks, weights):
        slope = (1 - np.tanh(x @ theta) ** 2) * weight[:, None]
        total += x.T @ (slope * (x @ direction))
    return total


def _matrices(theta, blocks, weights) -> np.ndarray:
    """Second derivatives of `_pseudo`, one matrix (N + 1, N + 1) for each spin."""
    size, count = theta.shape
    total = np.zeros((count, size, size))
    for block, weight in zip(blocks, weights):
        x = block.astype(float, copy=False)
        root = np.sqrt((1 - np.tanh(x @ theta) ** 2) * weight[:, None])
        for spin in range(count):
            part = root[:, spin : spin + 1] * x
            total[spin] += part.T @ part  # half of the products: the result is symmetric
    return total


def _reach(direction, blocks, weights) -> tuple[np.ndarray, np.ndarray]:
    """Largest |x.direction| and smallest s x.direction over rows, (N,) each."""
    count = direction.shape[1]
    direction = direction.astype(blocks.dtype)
    largest = np.zeros(count)
    smallest = np.full(count, np.inf)
    for x, weight in zip(blocks, weights):
        change = (x[:, :count] * (x @ direction))[weight > 0]
        largest = np.maximum(largest, np.abs(change).max(axis=0, initial=0))
        smallest = np.minimum(smallest, change.min(axis=0, initial=np.inf))
    return largest, smallest


def pseudo_likelihood(
    spins: np.ndarray, weights: np.ndarray, start, penalty: Penalty
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Maximum of sum_i <ln P(s_i | the others)> - penalty, then J_ij and J_ji averaged; `weights`
    (B,) of the rows.

    A logistic regression of every spin on the others, all at once: limited-memory BFGS from `start`
    (J, h), then Newton steps by conjugate gradients until one changes no log-odds of any row by
    more than 1e-3. Raises InputError where no maximum exists: a spin that a function of the others
    tells without error (Albert & Anderson, Biometrika 71, 1 (1984)).

    Source: Ravikumar, Wainwright & Lafferty, Ann. Stat. 38, 1287 (2010); Aurell & Ekeberg, PRL 108,
    090201 (2012).
    """
    rows, count = spins.shape
    total = weights.sum()
    pads = -rows % min(_ROWS, rows)
    # Large data in single precision, half the time; gradients of Newton steps in double precision.
    precision = np.float32 if rows * count > _SMALL else np.float64
    x = np.concatenate([spins, np.ones((rows, 1), spins.dtype)], axis=1).astype(precision)
    x = np.concatenate([x, np.zeros((pads, count + 1), precision)])
    x = x.reshape(-1, min(_ROWS, rows), count + 1)
    weights = np.concatenate([weights, np.zeros(pads)]).reshape(x.shape[:2]).astype(precision)
    free = np.ones((count + 1, count), bool)
    free[np.arange(count), np.arange(count)] = False
    ridge = np.zeros(free.shape)
    ridge[count] = 2 * penalty.fields
    if penalty.kind == "l2":
        ridge[:count] = 2 * penalty.strength
    first = np.vstack([start[0], start[1][None]])[free]

    def full(values):
        theta = np.zeros(free.shape)
        theta[free] = values
        return theta

    def gradient(theta, dtype):
        loss, slope = _pseudo(theta, x, weights, dtype)
        value = loss / total + (ridge * theta**2).sum() / 2
        return value, (slope / total + ridge * theta) * free

    def objective(values):
        value, slope = gradient(full(values), precision)
        return value, slope[free]

    options: Any = {"maxiter": 2000, "maxfun": 4000, "ftol": 0.0, "gtol": _GRADIENT[precision]}
    options["maxcor"] = 20
    if penalty.kind == "l1" and penalty.strength > 0:
        # J = J+ - J-, both >= 0: smooth, with bounds
        theta, converged = _lasso(objective, first, free, full, penalty.strength, options)
    else:
        theta = full(boxed(objective, first, options))
        dense = count**3 * rows < _DENSE

        def solve(theta, slope):
            if dense:
                return _solve_dense(_matrices(theta, x, weights) / total, ridge, slope)

            def product(v):
                return (_curvature(theta, v, x, weights) / total + ridge * v) * free

            return _conjugate_gradients(product, -slope), np.zeros_like(theta)

        theta, left = _newton(theta, lambda t: gradient(t, np.float64)[1], solve, x, weights)
        converged = left is None
        if left is not None and penalty.strength == 0:
            _refuse_separable(left, x, weights)
    J = (theta[:count] + theta[:count].T) / 2
    np.fill_diagonal(J, 0.0)
    return J, theta[count], converged


def _lasso(objective, first, free, full, strength: float, options) -> tuple[np.ndarray, bool]:
    last = np.zeros(free.shape, bool)
    last[-1] = True
    cost = np.where(last[free], 0.0, strength)

    def split(both):
        up, down = np.split(both, 2)
        value, slope = objective(up - down)
        return value + cost @ (up + down), np.concatenate([slope + cost, cost - slope])

    both = np.concatenate([np.maximum(first, 0), np.maximum(-first, 0)])
    found = minimize(
        split, both, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(both), options=options
    )
    up, down = np.split(found.x, 2)
    gradient = found.jac[(found.x > 0) | (found.jac < 0)]
    # Rounding may end the search a little above the goal.
    return full(up - down), bool(np.abs(gradient).max(initial=0.0) < 4 * options["gtol"])


def _newton(theta, gradient, solve, blocks, weights):
    """Newton steps of all spins together; None where they settled, else a direction of each spin
    that shows why not.
    """
    before = np.inf
    for turn in range(_TURNS):
        step, flat = solve(theta, gradient(theta))
        change = 2 * _reach(step, blocks, weights)[0]  # of each spin's log-odds
        size = change.max()
        if not np.isfinite(size):
            return theta, np.zeros_like(theta)
        theta = theta + step * np.minimum(1.0, 2.0 / np.maximum(change, 1e-300))
        if size < _STEP:
            return theta, flat if flat.any() else None
        if turn > 7 and size > before / 2:  # Newton's steps near a maximum shrink much faster
            break
        before = size
    return theta, np.where(change > _STEP, step, flat)


def _solve_dense(curves, ridge, slope) -> tuple[np.ndarray, np.ndarray]:
    """Newton steps (N + 1, N) and, of spins whose curvature has a flat direction, that
    direction.
    """
    step = np.zeros_like(slope)
    flat = np.zeros_like(slope)
    for spin, curve in enumerate(curves):
        own = np.arange(len(slope)) != spin
        values, vectors = np.linalg.eigh(curve[np.ix_(own, own)] + np.diag(ridge[own, spin]))
        there = values > _FLAT * values[-1]
        along = vectors[:, there]
        step[own, spin] = -along @ ((slope[own, spin] @ along) / values[there])
        if not there.all():
            flat[own, spin] = vectors[:, 0]
    return step, flat


def _conjugate_gradients(product, right) -> np.ndarray:
    """Solve each spin's own equation; columns do not mix."""
    x = np.zeros_like(right)
    rest = right.copy()
    along = rest.copy()
    square = (rest**2).sum(axis=0)
    goal = 1e-6 * square  # a thousandth of the gradient is left
    for _ in range(min(_CONJUGATE, 2 * len(right))):
        image = product(along)
        curve = (along * image).sum(axis=0)
        moving = (square > goal) & (curve > 0)
        if not moving.any():
            break
        length = np.where(moving, square / np.where(curve > 0, curve, 1.0), 0.0)
        x += length * along
        rest -= length * image
        now = (rest**2).sum(axis=0)
        along = rest + np.where(moving, now / np.where(square > 0, square, 1.0), 0.0) * along
        square = np.where(moving, now, square)
    return x


def _refuse_separable(step, blocks, weights) -> None:
    """Refuse if a step, either way, lowers no row's probability: its spin is a function of the
    others.
    """
    for direction in (step, -step):
        large, low = _reach(direction, blocks, weights)
        separated = (2 * large > _STEP) & (low > -1e-3 * large)
        if separated.any():
            spin = int(np.argmax(separated))
            size = np.abs(direction[:-1, spin])
            names = ", ".join(map(str, np.flatnonzero(size > 0.05 * size.max(initial=1e-300))))
            raise no_maximum(
                f"column {spin} is predicted without error by others (columns {names}; perfectly"
                " separable)"
            )
    dependent = (np.abs(step).max(axis=0) > 0) & (large <= _STEP)
    if dependent.any():
        spin = int(np.argmax(dependent))
        names = ", ".join(
            map(str, np.flatnonzero(np.abs(step[:-1, spin]) > 0.05 * np.abs(step[:, spin]).max()))
        )
        raise InputError(
            f"Columns {names} are linearly dependent, so their couplings are not determined: give"
            " more rows, leave one of them out, or give regularization > 0 or pseudocount > 0."
        )
