"""Couplings of recurrent networks: drawn, checked, and their eigenvalues with what rounding does to
them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse.csgraph import connected_components

from replicon._arrays import square_matrix
from replicon._content import digest

_TURNS = 1000  # of power iteration
_CLOSED = 8 * np.finfo(float).eps  # relative width of an enclosure
_MOST = 32  # spectra that are kept
# By the content of the matrix; `_content.cached` would hold the matrices too.
_SPECTRA: OrderedDict[str, np.ndarray] = OrderedDict()


def elliptic_matrix(
    rng: np.random.Generator, size: int, gain: float, symmetry: float
) -> np.ndarray:
    """Couplings J (size, size), zero diagonal, <J_ij^2> = gain^2/size and size <J_ij J_ji>/gain^2 =
    symmetry in [-1, 1].

    Eigenvalues fill an ellipse of semi-axes gain (1 + symmetry) and gain (1 - symmetry): Sommers et
    al., PRL 60, 1895 (1988).
    """
    even = rng.standard_normal((size, size))
    odd = rng.standard_normal((size, size))
    symmetric = np.sqrt((1 + symmetry) / 4) * (even + even.T)
    couplings = symmetric + np.sqrt((1 - symmetry) / 4) * (odd - odd.T)
    np.fill_diagonal(couplings, 0.0)
    return gain / np.sqrt(size) * couplings


def check_couplings(couplings: Any) -> np.ndarray:
    """Couplings J[i, j], from neuron j to neuron i, as a square float array, in single precision if
    so given. Raises InputError.
    """
    expected = (
        "give a square matrix of numbers J[i, j], from neuron j to neuron i, finite, no NaN: zero"
        " where there is no connection"
    )
    matrix = square_matrix("couplings", couplings, expected)
    single = getattr(couplings, "dtype", None) == np.float32
    return matrix.astype(np.float32) if single else matrix


def eigenvalues(matrix: np.ndarray) -> np.ndarray:
    """Eigenvalues (N,), complex, of a real matrix: those of its strongly connected components.

    Where no path leads back, as in a feedforward network, they are the diagonal, exactly; without
    that, rounding e gives a chain of n neurons eigenvalues of size e^(1/n).
    """
    return np.concatenate([_of_block(block) for block in components(matrix)])


def largest(matrix: np.ndarray, part: Callable = np.real) -> tuple[float, float]:
    """The largest real part (or, with np.abs, modulus) of the eigenvalues, and how far rounding may
    have moved it.

    The error is measured: by a perturbation of the size of rounding, or, where a 10^4 times larger
    one moves the value by less than 10^3 times as much, by that (eigenvalues of a defective matrix
    move as a root of the perturbation).
    """
    values = []
    for block in components(matrix):
        at = part(_of_block(block)).max()
        error = 0.0
        if len(block) > 1:
            kick = (
                np.random.default_rng(0).uniform(-1, 1, block.shape)
                * np.abs(block).max()
                * len(block)
                * np.finfo(float).eps
            )
            kick = kick + kick.T if (block == block.T).all() else kick
            small, large = (
                max(abs(part(_of_block(block + sign * size * kick)).max() - at) for sign in (1, -1))
                for size in (1.0, 1e4)
            )
            error = 10 * (
                max(small, np.finfo(float).eps * abs(at)) if large > 1e3 * small else large
            )
        values.append((at, error))
    top, error = max(values)
    # A component whose value is uncertain may hold the largest one too.
    return float(top), float(max(error, max(at + off for at, off in values) - top))


def perron_root(matrix: np.ndarray) -> float:
    """The spectral radius of a matrix without negative entries, zero where rounding leaves its sign
    open: its largest eigenvalue, which lies between the least and the largest of (A x)_i / x_i for
    every positive x (Collatz and Wielandt). Where power iteration does not bring these together it
    is found as by `largest`.
    """
    with np.errstate(all="ignore"):
        roots = [_enclosed(block) for block in components(matrix)]
    return max(roots) if np.isfinite(roots).all() else certain(*largest(matrix, np.abs))


def _enclosed(block: np.ndarray) -> float:
    """The largest eigenvalue of a block without negative entries; NaN where it is not enclosed."""
    if len(block) == 1:
        return float(block[0, 0])
    x = np.ones(len(block))
    for _ in range(_TURNS):
        image = block @ x
        quotient = image / x
        low = quotient.min()
        high = quotient.max()
        if high - low <= _CLOSED * high:
            return float((low + high) / 2)
        x = image + high / 8 * x  # the part of x itself, or a cycle would go round for ever
        x /= x.max()
    return np.nan


def certain(value: float, error: float) -> float:
    """A value, or exactly zero where its error leaves its sign open."""
    return value if abs(value) > error else 0.0


def components(matrix: np.ndarray) -> list[np.ndarray]:
    """The diagonal blocks of the matrix, ordered so that it is block triangular; neurons on no
    cycle are blocks of one.
    """
    count, part = connected_components(matrix != 0, directed=True, connection="strong")
    order = np.argsort(part, kind="stable")
    pieces = np.split(order, np.cumsum(np.bincount(part, minlength=count))[:-1])
    return [matrix[np.ix_(piece, piece)] for piece in pieces]


def _of_block(block: np.ndarray) -> np.ndarray:
    """Eigenvalues, looked up where they were found before: one network is asked for at many gains,
    in many samples.
    """
    if len(block) == 1:
        return block[0].astype(complex)
    key = digest(block)
    found = _SPECTRA.get(key)
    if found is None:
        scale = np.abs(block).max()
        unit = block / scale
        symmetric = (unit == unit.T).all()
        found = np.linalg.eigvalsh(unit) if symmetric else np.linalg.eigvals(unit)
        found = scale * found.astype(complex)
        _SPECTRA[key] = found
        while len(_SPECTRA) > _MOST:
            _SPECTRA.popitem(last=False)
    return found.copy()
