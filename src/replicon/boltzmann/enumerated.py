"""The likelihood of small Boltzmann machines, by enumeration of their states."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from replicon._errors import InputError
from replicon.spins.exact import enumerate_states

_BOX = 4.0  # of the first search, which would jump out of sight where there is no maximum
_TURNS = 25  # Newton steps

_FLAT = 1e-13  # relative curvature that is none


class Penalty(NamedTuple):
    """strength sum_{i != j} (J_ij^2 or |J_ij|) + fields sum_i h_i^2, subtracted from the mean over
    rows.
    """

    strength: float = 0.0
    kind: str = "l2"
    fields: float = 0.0


def boxed(objective, first, options) -> np.ndarray:
    """Limited-memory BFGS near the start: where there is no maximum it would jump to where nothing
    can be told.
    """
    box = np.stack([first - _BOX, first + _BOX], axis=1)
    return minimize(objective, first, jac=True, method="L-BFGS-B", bounds=box, options=options).x


def no_maximum(what: str) -> InputError:
    """The refusal of data whose likelihood grows for ever, with the ways out."""
    return InputError(
        f"The likelihood has no maximum: {what}, so that couplings grow without limit; give more"
        " rows, regularization > 0 (and field_regularization > 0 for a column that never changes)"
        " or pseudocount > 0, or leave a column out."
    )


def exact_likelihood(
    m: np.ndarray, second: np.ndarray, start, penalty: Penalty
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Maximum of h.m + sum_{i<j} J_ij <s_i s_j> - ln Z - penalty, moments by enumeration of 2^N
    states.

    A maximum exists if and only if the data's moments lie inside those that distributions can have
    (Barndorff-Nielsen 1978); InputError says where they do not. Converged: the next Newton step is
    below 1e-6.
    """
    count = len(m)
    upper = np.triu_indices(count, 1)
    goal = np.concatenate([m, second[upper]])
    ridge = np.concatenate(
        [np.full(count, 2 * penalty.fields), np.full(len(upper[0]), 4 * penalty.strength)]
    )

    def unpacked(values):
        J = np.zeros((count, count))
        J[upper] = values[count:]
        return J + J.T, values[:count]

    def objective(values):
        found = enumerate_states(*unpacked(values))
        moments = np.concatenate([found.magnetization, found.correlation[upper]])
        value = -found.free_energy - values @ goal + (ridge * values**2).sum() / 2
        return value, moments - goal + ridge * values

    options: Any = {"maxiter": 2000, "gtol": 1e-5, "ftol": 0.0, "maxcor": 20}
    values = boxed(objective, np.concatenate([start[1], start[0][upper]]), options)
    before = np.inf
    converged = False
    for turn in range(_TURNS):
        slope, curve = _exact_newton(*unpacked(values), goal)
        scales, axes = np.linalg.eigh(curve + np.diag(ridge))
        there = scales > _FLAT * scales[-1]
        step = -axes[:, there] @ (((slope + ridge * values) @ axes[:, there]) / scales[there])
        size = np.abs(step).max()
        values = values + step * min(1.0, 1.0 / max(size, 1e-300))
        if size < 1e-6:
            converged = bool(there.all())
            break
        if turn > 7 and size > before / 2:
            break
        before = size
    if not converged and penalty.strength == 0:
        for direction in (step, axes[:, 0], -axes[:, 0]):
            _refuse_boundary(direction, count, upper, goal)
    J, h = unpacked(values)
    return J, h, converged


def features(states: np.ndarray, dtype: type = np.float64) -> np.ndarray:
    """Spins and products of pairs i < j of rows (n, N): (n, N (N + 1) / 2)."""
    s = states.astype(dtype)
    return np.concatenate([s, products(s, s)], axis=1)


def products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a_i b_j of pairs i < j of rows (n, N): (n, N (N - 1) / 2)."""
    rows, count = a.shape
    out = np.empty((rows, count * (count - 1) // 2), a.dtype)
    done = 0
    for i in range(count - 1):
        upto = done + count - 1 - i
        np.multiply(a[:, i : i + 1], b[:, i + 1 :], out=out[:, done:upto])
        done = upto
    return out


def all_states(count: int, low: int, high: int) -> np.ndarray:
    """States `low` to `high` of the 2^N, rows of +-1."""
    return 1.0 - 2.0 * ((np.arange(low, high)[:, None] >> np.arange(count)) & 1)


def _exact_newton(J, h, goal) -> tuple[np.ndarray, np.ndarray]:
    """Moments minus the goal, and their covariance (the curvature of ln Z)."""
    count = len(h)
    size = 2 ** len(h)
    shift = -enumerate_states(J, h).free_energy
    mean = np.zeros(len(goal))
    square = np.zeros((len(goal), len(goal)))
    for low in range(0, size, 2**14):
        s = all_states(count, low, min(low + 2**14, size))
        weight = np.exp(((s @ J) * s).sum(axis=1) / 2 + s @ h - shift)
        x = features(s) - goal  # about the goal, which the mean is close to
        mean += weight @ x
        square += (x * weight[:, None]).T @ x
    return mean, square - np.outer(mean, mean)


def exact_covariance(J: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Covariance (P, P) of the features: the Fisher information of one row."""
    return _exact_newton(J, h, np.zeros(len(h) * (len(h) + 1) // 2))[1]


def _refuse_boundary(step, count: int, upper, goal) -> None:
    """Refuse if no state goes further along `step` than the data's mean does: they lie
    on a face.
    """
    far = -np.inf
    low_end = np.inf
    for low in range(0, 2**count, 2**14):
        along = features(all_states(count, low, min(low + 2**14, 2**count))) @ step
        far = max(far, along.max())
        low_end = min(low_end, along.min())
    if far - goal @ step <= 1e-3 * (far - low_end):
        pairs = np.abs(step[count:]) > 0.05 * np.abs(step).max()
        alone = np.flatnonzero(np.abs(step[:count]) > 0.05 * np.abs(step).max())
        names = ", ".join(
            map(
                str, sorted({*alone.tolist(), *upper[0][pairs].tolist(), *upper[1][pairs].tolist()})
            )
        )
        raise no_maximum(
            f"columns {names} never take some of their joint states, and their moments lie on a"
            " boundary"
        )


def energies(couplings: np.ndarray, fields: np.ndarray) -> np.ndarray:
    """Energies of all 2^N states, in the order of `all_states`."""
    count = len(fields)
    out = []
    for low in range(0, 2**count, 2**16):
        s = all_states(count, low, min(low + 2**16, 2**count))
        out.append(-((s @ couplings) * s).sum(axis=1) / 2 - s @ fields)
    return np.concatenate(out)


def draw(
    couplings: np.ndarray, fields: np.ndarray, T: float, samples: int, rng: np.random.Generator
) -> np.ndarray:
    """Independent rows (samples, N) of +-1, int8, at temperature T."""
    levels = energies(couplings, fields)
    total = np.cumsum(np.exp(-(levels - levels.min()) / T))
    places = np.searchsorted(total, rng.random(samples) * total[-1], side="right")
    return (1 - 2 * ((places[:, None] >> np.arange(len(fields))) & 1)).astype(np.int8)
