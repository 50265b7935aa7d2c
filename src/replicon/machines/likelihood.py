"""Couplings of Ising spins by maximum likelihood: pseudo, exact, and with persistent Monte Carlo chains.

Spins +-1, P(s) ~ exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i); rows (B, N). Each function returns J (N, N), symmetric without diagonal,
h (N,) and whether it converged.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from scipy.optimize import minimize

from replicon._errors import InputError
from replicon.simulation.exact import enumerate_states
from replicon.simulation.spins import as_kernel, local_fields, sweep

_ROWS = 4096
_SMALL = 4_000_000
_GRADIENT = {np.float64: 1e-5, np.float32: 5e-5}  # of the mean over rows, whose own noise is rows^-1/2


@jax.jit
def _pseudo(theta, blocks, weights):
    """Sum over rows and spins of -ln P(s_i | the others), and its gradient; theta (N + 1, N), its last row the fields.

    blocks (blocks, rows, N + 1): spins and a one; weights 0 pads.
    """
    count = theta.shape[1]
    theta = theta.astype(blocks.dtype)

    def one(total, block):
        x, weight = block
        s = x[:, :count]
        twice = 2 * s * (x @ theta)
        loss = (jax.nn.softplus(-twice) * weight[:, None]).sum()
        wrong = -2 * s * (0.5 - 0.5 * jnp.tanh(twice / 2)) * weight[:, None]
        margin = jnp.where(weight[:, None] > 0, twice, jnp.inf).min(axis=0)
        return (total[0] + loss.astype(float), total[1] + (x.T @ wrong).astype(float), jnp.minimum(total[2], margin)), None

    zero = (jnp.zeros(()), jnp.zeros(theta.shape), jnp.full(count, jnp.inf, blocks.dtype))
    return lax.scan(one, zero, (blocks, weights))[0]


def pseudo_likelihood(spins: np.ndarray, start, strength: float, penalty: str) -> tuple[np.ndarray, np.ndarray, bool]:
    """Maximum of sum_i <ln P(s_i | the others)> - strength sum_{i != j} (J_ij^2 or |J_ij|), then J_ij and J_ji averaged.

    A logistic regression of every spin on the others, all at once, by limited-memory BFGS from `start` (J, h). Raises InputError
    where no maximum exists: a spin that the others predict without error.

    Source: Ravikumar, Wainwright & Lafferty, Ann. Stat. 38, 1287 (2010); Aurell & Ekeberg, PRL 108, 090201 (2012).
    """
    rows, count = spins.shape
    pads = -rows % min(_ROWS, rows)
    # Large data in single precision, half the time, which leaves the gradient right to 1e-6.
    precision = np.float32 if rows * count > _SMALL else np.float64
    x = np.concatenate([spins, np.ones((rows, 1), spins.dtype)], axis=1).astype(precision)
    x = np.concatenate([x, np.zeros((pads, count + 1), precision)]).reshape(-1, min(_ROWS, rows), count + 1)
    weights = (np.arange(rows + pads) < rows).reshape(x.shape[:2]).astype(precision)
    free = np.ones((count + 1, count), bool)
    free[np.arange(count), np.arange(count)] = False
    penalised = free[:count]
    first = np.vstack([start[0], start[1][None]])[free]

    def full(values):
        theta = np.zeros(free.shape)
        theta[free] = values
        return theta

    with jax.enable_x64(True):
        blocks, weights = jnp.asarray(x), jnp.asarray(weights)

        def objective(values):
            theta = full(values)
            loss, slope, _ = _pseudo(theta, blocks, weights)
            slope = np.array(slope) / rows
            value = float(loss) / rows
            if penalty == "l2":
                value += strength * (theta[:count] ** 2).sum()
                slope[:count] += 2 * strength * theta[:count]
            return value, slope[free]

        options: Any = {"maxiter": 2000, "maxfun": 4000, "ftol": 0.0, "gtol": _GRADIENT[precision], "maxcor": 20}
        if penalty == "l1" and strength > 0:  # J = J+ - J-, both >= 0: smooth, with bounds
            cost = np.where(np.vstack([penalised, np.zeros((1, count), bool)])[free], strength, 0.0)

            def split(both):
                up, down = np.split(both, 2)
                value, slope = objective(up - down)
                return value + cost @ (up + down), np.concatenate([slope + cost, cost - slope])

            both = np.concatenate([np.maximum(first, 0), np.maximum(-first, 0)])
            found = minimize(split, both, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(both), options=options)
            up, down = np.split(found.x, 2)
            theta, gradient = full(up - down), found.jac[(found.x > 0) | (found.jac < 0)]
        else:
            found = minimize(objective, first, jac=True, method="L-BFGS-B", options=options)
            theta, gradient = full(found.x), found.jac
        margin = np.asarray(_pseudo(theta, blocks, weights)[2])
    if strength == 0 and (margin > 0).any():
        spin = int(np.argmax(margin))
        raise InputError(
            f"Spin {spin} is predicted without error by the others in all {rows} rows (perfectly separable), so its couplings grow "
            "without limit: give more rows, or regularization > 0."
        )
    J = (theta[:count] + theta[:count].T) / 2
    # Rounding may end the search a little above the goal.
    return J, theta[count], bool(np.abs(gradient).max(initial=0.0) < 4 * _GRADIENT[precision])


def exact_likelihood(m: np.ndarray, second: np.ndarray, start, strength: float, penalty: str) -> tuple[np.ndarray, np.ndarray, bool]:
    """Maximum of h.m + sum_{i<j} J_ij <s_i s_j> - ln Z - strength sum_{i != j} J_ij^2, moments by enumeration of 2^N states."""
    count = len(m)
    upper = np.triu_indices(count, 1)

    def unpacked(values):
        J = np.zeros((count, count))
        J[upper] = values[count:]
        return J + J.T, values[:count]

    def objective(values):
        J, h = unpacked(values)
        found = enumerate_states(J, h)
        gap = np.concatenate([found.magnetization - m, (found.correlation - second)[upper]])
        value = -found.free_energy - h @ m - values[count:] @ second[upper] + 2 * strength * (values[count:] ** 2).sum()
        return value, gap + np.concatenate([np.zeros(count), 4 * strength * values[count:]])

    options: Any = {"maxiter": 2000, "gtol": 1e-9, "ftol": 0.0, "maxcor": 20}
    first = np.concatenate([start[1], start[0][upper]])
    found = minimize(objective, first, jac=True, method="L-BFGS-B", options=options)
    if strength == 0 and np.abs(found.x).max() > 15:
        raise InputError(
            "The likelihood has no maximum: some spins never take one of their joint states, so that couplings grow without limit. "
            "Give more rows, or regularization > 0."
        )
    J, h = unpacked(found.x)
    return J, h, bool(np.abs(found.jac).max() < 1e-6)


def monte_carlo_likelihood(
    m: np.ndarray, second: np.ndarray, start, strength: float, chains: int, updates: int, sweeps: int, rng
) -> tuple[np.ndarray, np.ndarray, bool]:
    """The same gradient with moments of `chains` persistent heat-bath chains, `sweeps` sweeps an update.

    Steps shrink as 1/(1 + t/20); the mean of the second half of the parameters is returned, in which the chains' noise is that of
    chains x updates/2 states. Converged: the chains' mean moments over that half within 5 standard errors of the data's.
    """
    J, h = start[0].copy(), start[1].copy()
    count = len(m)
    spins = np.where(rng.random((chains, count)) < (1 + m) / 2, 1, -1).astype(np.float32)
    fields, betas = np.empty_like(spins), np.ones(chains)
    sums = [np.zeros_like(J), np.zeros_like(h), np.zeros_like(J), np.zeros_like(h)]
    kept = 0
    for turn in range(updates):
        matrix, external = as_kernel(J, h)
        local_fields(matrix, external, spins, fields)
        for _ in range(sweeps if turn else 50):
            sweep(matrix, fields, spins, betas, rng)
        # <s_i s_j> = <tanh(F_i) s_j>, with less noise.
        means = np.tanh(fields)
        pair, one = (means.T @ spins).astype(float) / chains, means.mean(axis=0, dtype=float)
        pair = (pair + pair.T) / 2
        rate = 0.5 / (1 + turn / 20)
        change = second - pair - 4 * strength * J
        np.fill_diagonal(change, 0.0)
        J += rate / (1 + 4 * strength) * change  # the curvature of moments is at most one, that of the penalty 4 strength
        h += rate * (m - one)
        if turn >= updates // 2:
            for total, value in zip(sums, (J, h, pair, one), strict=True):
                total += value
            kept += 1
    J, h, pair, one = (total / kept for total in sums)
    gap = second - pair - 4 * strength * J
    np.fill_diagonal(gap, 0.0)
    # Persistent chains remember: a tenth of the states counts as independent.
    error = np.sqrt(10 / (chains * kept))
    return J, h, bool(max(np.abs(gap).max(), np.abs(m - one).max()) < 5 * error)
