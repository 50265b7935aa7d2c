"""Products of a matrix of +-1 with a few columns: the sums over eight sites at once are read from a
table of all 2^8 of them, and the matrix takes a bit an entry.
"""

from __future__ import annotations

import numba
import numpy as np

_TABLES = 4  # read together: 8 KiB, and sums are stored once for 32 sites


class Signs:
    """A matrix (m, n) of +-1 and its transpose, times x (restarts, n, K) or (restarts, m, K).

    The sums of the dense product in another order: the same to rounding, in a fifth of its time
    where the matrix is larger than the cache, a tenth for a single column. Raises nothing. Referee:
    the dense product (tests/rbm/test_rbm_instances.py).
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
    """Eight signs of a row as one byte: (groups, m), a multiple of four groups, filled up with
    zeros.
    """
    packed = np.packbits(positive, axis=1, bitorder="little").T
    codes = np.zeros((-(-len(packed) // _TABLES) * _TABLES, len(positive)), np.uint8)
    codes[: len(packed)] = packed
    return codes


def _product(codes: np.ndarray, x: np.ndarray) -> np.ndarray:
    restarts, n, units = x.shape
    full = np.zeros((restarts * units, 8 * len(codes)))
    full[:, :n] = x.transpose(0, 2, 1).reshape(len(full), n)
    out = np.ascontiguousarray(_sums(codes, full).T)
    return out.reshape(-1, restarts, units).transpose(1, 0, 2)


@numba.njit(cache=True)
def _sums(codes, x):
    """Sums (columns, m) of x (columns, 8 groups) with the signs in codes (groups, m)."""
    groups, m = codes.shape
    out = np.zeros((len(x), m))
    tables = np.empty((_TABLES, 256))
    for column in range(len(x)):
        sums = out[column]
        for first in range(0, groups, _TABLES):
            for k in range(_TABLES):
                table = tables[k]
                values = x[column, 8 * (first + k) : 8 * (first + k) + 8]
                table[0] = -values.sum()
                for bit in range(8):
                    for code in range(1 << bit):
                        table[code + (1 << bit)] = table[code] + 2 * values[bit]
            for a in range(m):
                total = sums[a]
                for k in range(_TABLES):
                    total += tables[k, codes[first + k, a]]
                sums[a] = total
    return out
