"""The inverse Ising problem: couplings from the moments of data, without iteration.

Spins +-1, P(s) ~ exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i). Every function takes magnetizations m
(N,) and the connected correlations C (N, N), and gives J (N, N), symmetric without diagonal, and h
(N,).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from replicon._errors import InputError

_CONDITION = 1e10


class Inferred(NamedTuple):
    """couplings (N, N), symmetric without diagonal; fields (N,); reason: why they are not what the
    method looks for, '' where they are.
    """

    couplings: np.ndarray
    fields: np.ndarray
    reason: str


_BLOCK = 2**16  # rows of which weighted products are formed at once


def moments(spins: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Magnetizations (N,) and connected correlations (N, N) of rows (B, N), which count `weights`
    (B,) times, once for None.
    """
    if weights is not None:
        total = weights.sum()
        m = weights @ spins / total
        blocks = (slice(k, k + _BLOCK) for k in range(0, len(spins), _BLOCK))
        products = sum((spins[k].T * weights[k]) @ spins[k] for k in blocks)
        return m, np.asarray(products) / total - np.outer(m, m)
    m = spins.mean(axis=0, dtype=float)
    # Products of +-1 are whole numbers: single precision is exact to 2^24 rows, ten times that many
    # are added in blocks.
    second = sum(
        (s.T @ s).astype(float)
        for s in (spins[k : k + 2**20].astype(np.float32) for k in range(0, len(spins), 2**20))
    )
    return m, np.asarray(second) / len(spins) - np.outer(m, m)


def check_pairs(
    m: np.ndarray, second: np.ndarray, rows: float, *, equal_only: bool = False
) -> None:
    """Refuse two columns that never take one of their four joint states: their coupling has no
    finite value.

    `equal_only`: only columns that always agree or always differ.
    """
    a = m[:, None]
    b = m[None, :]
    cells = np.round(
        rows / 4 * np.array([1 + x * a + y * b + x * y * second for x in (1, -1) for y in (1, -1)]),
        6,
    )
    empty = cells < 0.5
    bad = np.triu(
        (empty[0] & empty[3]) | (empty[1] & empty[2]) if equal_only else empty.any(axis=0), 1
    )
    if not bad.any():
        return
    i, j = np.argwhere(bad)[0]
    if empty[1, i, j] and empty[2, i, j]:
        what = "are equal in all rows"
    elif empty[0, i, j] and empty[3, i, j]:
        what = "are opposite in all rows"
    else:
        state = int(np.argmax(empty[:, i, j]))
        what = f"are never {('+1', '-1')[state // 2]} and {('+1', '-1')[state % 2]} in one row"
    raise InputError(
        f"Columns {i} and {j} {what} (they never take one of their four joint states), so their"
        " coupling would be infinite: give more rows, leave one of them out, or give pseudocount >"
        " 0 or, with a likelihood method, regularization > 0."
    )


def _inverse(C: np.ndarray, method: str) -> np.ndarray:
    values = np.linalg.eigvalsh(C)
    if values[0] <= values[-1] / _CONDITION:
        condition = math.inf if values[0] <= 0 else values[-1] / values[0]
        raise InputError(
            f"method={method} inverts the correlation matrix of the {len(C)} spins, whose condition"
            f" number is {condition:.1e}: give more rows (several times the number of spins), leave"
            " out spins that repeat others, or take method=pseudo-likelihood."
        )
    return np.linalg.inv(C)


def _without_diagonal(J: np.ndarray) -> np.ndarray:
    J = (J + J.T) / 2
    np.fill_diagonal(J, 0.0)
    return J


def independent(m: np.ndarray, C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """No couplings: h_i = atanh m_i."""
    return np.zeros_like(C), np.arctanh(m)


class Pairs(NamedTuple):
    """What each pair gives by itself, (N, N): its coupling, and what partner j adds to the field of
    i, beside atanh m_i.
    """

    couplings: np.ndarray
    fields: np.ndarray


def pair(m: np.ndarray, C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each pair as if it were alone: J = ln(p++ p-- / p+- p-+)/4; fields corrected for every
    partner. Roudi et al. (2009), eq. 9.
    """
    J, h = _pair_of(C + np.outer(m, m), m[:, None], m[None, :])
    np.fill_diagonal(J, 0.0)
    np.fill_diagonal(h, 0.0)
    return J, np.arctanh(m) + h.sum(axis=1)


def _pair_of(second: np.ndarray, a: np.ndarray, b: np.ndarray) -> Pairs:
    """From <s_i s_j>, a = m_i and b = m_j."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pp = 1 + a + b + second
        mm = 1 - a - b + second
        pm = 1 + a - b - second
        mp = 1 - a + b - second
        J = np.log(pp * mm / (pm * mp)) / 4
        return Pairs(J, np.log(pp * pm / (mp * mm)) / 4 - np.arctanh(a))


def naive_mean_field(m: np.ndarray, C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """J = -C^-1 off the diagonal, h = atanh m - J m. Kappen & Rodriguez, Neural Comput. 10, 1137
    (1998).
    """
    J = _without_diagonal(-_inverse(C, "naive-mean-field"))
    return J, np.arctanh(m) - J @ m


def tap(m: np.ndarray, C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(C^-1)_ij = -J_ij - 2 J_ij^2 m_i m_j, the root that vanishes with C^-1; h from the TAP
    equations.

    Where no root is real the naive mean field's stands. Source: Roudi, Aurell & Hertz, Front.
    Comput. Neurosci. 3, 22 (2009), eq. 13.
    """
    J = _without_diagonal(_tap_of(_inverse(C, "tap"), m[:, None], m[None, :]).couplings)
    return J, np.arctanh(m) - J @ m + m * (J**2 @ (1 - m**2))


def _naive_of(inverse: np.ndarray, a: np.ndarray, b: np.ndarray) -> Pairs:
    """From (C^-1)_ij, a = m_i and b = m_j."""
    return Pairs(-inverse + 0 * a, inverse * b)


def _tap_of(inverse: np.ndarray, a: np.ndarray, b: np.ndarray) -> Pairs:
    root = 1 - 8 * (a * b) * inverse
    J = np.where(root > 0, -2 * inverse / (1 + np.sqrt(np.maximum(root, 0.0))), -inverse)
    return Pairs(J, -J * b + a * J**2 * (1 - b**2))


def bethe(m: np.ndarray, C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Couplings whose susceptibility propagation gives back C: exact on trees.

    Source: Ricci-Tersenghi, J. Stat. Mech. P08015 (2012), eq. 16; Nguyen & Berg, J. Stat. Mech.
    P03004 (2012).
    """
    J, h, _ = _bethe(m, C)
    return J, h


def _bethe(m: np.ndarray, C: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """J, h, and the pairs (N, N) whose equation has no solution."""
    a = m[:, None]
    b = m[None, :]
    J, none = _bethe_couplings(_inverse(C, "bethe"), a, b)
    J = _without_diagonal(J)
    fields, unknown = _bethe_fields(J, a, b)
    none |= unknown
    np.fill_diagonal(none, False)
    return J, np.arctanh(m) + fields.sum(axis=1), none


def _bethe_couplings(
    inverse: np.ndarray, a: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(N, N) from (C^-1)_ij, a = m_i and b = m_j, and the pairs that have none."""
    product = a * b
    spread = (1 - a**2) * (1 - b**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = np.sqrt(1 + 4 * spread * inverse**2)
        inner = (whole - 2 * product * inverse) ** 2 - 4 * inverse**2
        t = (whole - np.sqrt(np.maximum(inner, 0.0))) / (2 * inverse) - product
        weak = np.abs(inverse) < 1e-12
        none = ~weak & ((inner < 0) | (np.abs(t) >= 1 - 1e-12))
        return -np.arctanh(np.where(weak, 0.0, np.clip(t, -1 + 1e-12, 1 - 1e-12))), none


def _bethe_fields(J: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What partners add to fields (N, N), and the pairs where nothing does."""
    t = np.tanh(J)
    below = 2 * t * (a - b * t)  # cavity mean of j without i, from the pair's two equations
    inner = (1 - t**2) ** 2 - 4 * t * (a - b * t) * (b - a * t)
    root = np.sqrt(np.maximum(inner, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        cavity = np.where(np.abs(below) < 1e-12, b, (1 - t**2 - root) / below)
        none = (inner < -1e-12) | (np.abs(t * cavity) >= 1)
        return -np.arctanh(np.clip(t * cavity, -1 + 1e-12, 1 - 1e-12)), none


def _bethe_of(inverse: np.ndarray, a: np.ndarray, b: np.ndarray) -> Pairs:
    J = _bethe_couplings(inverse, a, b)[0]
    return Pairs(J, _bethe_fields(J, a, b)[0])


def unsolved(method: str, m: np.ndarray, C: np.ndarray) -> str:
    """Why the couplings of a closed method do not solve its equations; empty where they do."""
    if method == "bethe":
        none = _bethe(m, C)[2]
    elif method == "tap":
        none = np.triu(1 - 8 * np.outer(m, m) * _inverse(C, "tap") < 0, 1)
    else:
        return ""
    if not none.any():
        return ""
    i, j = np.argwhere(none)[0]
    return (
        f"its equation has no solution for {int(np.triu(none | none.T, 1).sum())} pairs of columns,"
        f" the first {i} and {j}"
    )


CLOSED = {
    "independent": independent,
    "pair": pair,
    "naive-mean-field": naive_mean_field,
    "tap": tap,
    "bethe": bethe,
}

# How a pair's numbers follow from its entry of C^-1 (of <s s> for "pair") and both magnetizations.
PAIRS = {
    "pair": _pair_of,
    "naive-mean-field": _naive_of,
    "tap": _tap_of,
    "bethe": _bethe_of,
}
