"""Products of a matrix of +-1 with a few columns: the sums over eight sites at once are read from a
table of all 2^8 of them, and the matrix takes a bit an entry.
"""

from __future__ import annotations

import numba
import numpy as np

_COLUMNS = 8  # taken together


class Signs:
    """A matrix (m, n) of +-1 and its transpose, times x (restarts, n, K) or (restarts, m, K).

    The sums of the dense product in another order: the same to rounding, in a fifth of its time
    where the matrix is larger than the cache. Raises nothing. Referee: the dense product
    (tests/rbm/test_rbm_instances.py).
    """

    def __init__(self, matrix: np.ndarray):
        positive = np.asarray(matrix) > 0
        self._rows = _codes(positive)
        self._columns = _codes(positive.T)

    def times(self, x: np.ndarray) -> np.ndarray:
        """The matrix times x (restarts, n, K): (restarts, m, K)."""
        return _product(self._rows, x)

    def transposed_times(self, x: np.ndarray) -> np.ndarray:
        """The transpose times x (restarts, m, K): (restarts, n, K)."""
        return _product(self._columns, x)


def _codes(positive: np.ndarray) -> np.ndarray:
    """Eight signs of a row as one byte: (n/8, m), the last byte filled up with zeros."""
    return np.ascontiguousarray(np.packbits(positive, axis=1, bitorder="little").T)


def _product(codes: np.ndarray, x: np.ndarray) -> np.ndarray:
    restarts, n, units = x.shape
    columns = restarts * units
    full = np.zeros((8 * len(codes), -(-columns // _COLUMNS) * _COLUMNS))
    full[:n, :columns] = x.transpose(1, 0, 2).reshape(n, columns)
    out = _sums(codes, full)[:, :columns]
    return out.reshape(-1, restarts, units).transpose(1, 0, 2)


@numba.njit(cache=True)
def _sums(codes, x):
    """Sums (m, columns) of rows of x (8 groups, columns) with the signs in codes (groups, m)."""
    groups, m = codes.shape
    out = np.zeros((m, x.shape[1]))
    table = np.empty((256, _COLUMNS))
    for first in range(0, x.shape[1], _COLUMNS):
        for group in range(groups):
            rows = x[8 * group : 8 * group + 8, first : first + _COLUMNS]
            for c in range(_COLUMNS):
                table[0, c] = -rows[:, c].sum()
            for bit in range(8):
                for code in range(1 << bit):
                    for c in range(_COLUMNS):
                        table[code + (1 << bit), c] = table[code, c] + 2 * rows[bit, c]
            for a in range(m):
                code = codes[group, a]
                for c in range(_COLUMNS):
                    out[a, first + c] += table[code, c]
    return out
