"""All weights of small binary perceptrons: by errors, and by how long they live while patterns are
added, by tables of two parts; pairs of solutions by distance, by a Walsh-Hadamard transform.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from replicon._errors import InputError
from replicon.spins.hypercube import ones, walsh

LARGEST = 25
_FIRST = 14  # weights that are the same in a row of a census


def check_enumerable(model: str, size: int) -> None:
    """Refuse more weights than can be enumerated."""
    if size > LARGEST:
        raise InputError(
            f"size = {size} is too large for exact enumeration of {model}: give size <= {LARGEST}"
            " (2^N weights)."
        )


def enumerate_errors(patterns: np.ndarray, margin: float, symmetric: bool):
    """Histogram of the number of errors over all 2^N weights, and the sum of w of each number of
    errors.

    patterns (P, N), labels absorbed: a pattern is in error if x.w < margin sqrt(N), or |x.w| >
    margin sqrt(N) if symmetric. Returns counts (P + 1,) and sums (P + 1, N).
    """
    count, size = patterns.shape
    first = size // 2
    row_fields = _fields(patterns[:, :first])
    column_fields = _fields(patterns[:, first:])
    rows = np.zeros((len(row_fields), count + 1), np.int64)
    columns = np.zeros((len(column_fields), count + 1), np.int64)
    bound = margin * math.sqrt(size)
    _count_errors(
        row_fields, np.ascontiguousarray(column_fields.T), bound, symmetric, rows, columns
    )
    sums = np.concatenate([_signed_sums(part)[::-1] for part in (rows, columns)])
    return rows.sum(axis=0).astype(float), sums.T.astype(float)


@numba.njit(cache=True)
def _count_errors(row_fields, column_fields, bound, symmetric, rows, columns):
    """Vectors of each row (rows, P + 1) and column (columns, P + 1) by their number of errors;
    column_fields are (P, columns), so that all columns of a row are compared at once.
    """
    count, width = column_fields.shape
    errors = np.empty(width, np.int32)
    for i in range(len(row_fields)):
        errors[:] = 0
        for mu in range(count):
            field = row_fields[i, mu]
            for j in range(width):
                if symmetric:
                    errors[j] += abs(field + column_fields[mu, j]) > bound
                else:
                    errors[j] += field + column_fields[mu, j] < bound
        for j in range(width):
            rows[i, errors[j]] += 1
            columns[j, errors[j]] += 1


class Census:
    """All 2^N weights of one binary perceptron, and how long each lives: patterns x (P, N), labels
    absorbed, come one after another, and a weight vector w ends at the first with x.w < 0.

    Counted in rows, all vectors with the same `first` weights (14, fewer where N is small), as many
    rows at a time as asked for. A vector's number has its weights as bits, the first weight the
    highest; a row's has the first ones.
    """

    def __init__(self, patterns: np.ndarray):
        count, self.size = patterns.shape
        self.first = min(_FIRST, self.size - 1)
        self._row_fields = _fields(patterns[:, : self.first])
        self._column_fields = _fields(patterns[:, self.first :])
        self._rows = np.zeros((len(self._row_fields), count + 1), np.int32)
        self._columns = np.zeros((len(self._column_fields), count + 1), np.int32)
        self.counted = 0  # rows

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    @property
    def done(self) -> bool:
        """Whether all have been counted."""
        return self.counted == self.rows

    def step(self, rows: int) -> None:
        """So many rows more, fewer where none is left."""
        end = min(self.counted + rows, self.rows)
        _count_lives(
            self._row_fields, self._column_fields, self.counted, end, self._rows, self._columns
        )
        self.counted = end

    def finish(self) -> Census:
        """All rows."""
        self.step(self.rows)
        return self

    @property
    def solutions(self) -> np.ndarray:
        """How many vectors satisfy the first 0, 1, ..., P patterns, (P + 1,)."""
        return _left(self._columns.sum(axis=0, dtype=np.int64))

    @property
    def overlaps(self) -> np.ndarray:
        """|<w>|^2/N of those vectors, (P + 1,): the mean overlap of two of them; NaN of none."""
        sums = np.concatenate([_signed_sums(self._rows), _signed_sums(self._columns)])
        square = np.sum(_left(sums) ** 2.0, axis=0)
        count = self.solutions
        nothing = np.full(len(count), np.nan)
        return np.divide(square, count**2.0 * self.size, out=nothing, where=count > 0)

    def left(self, patterns: int) -> np.ndarray:
        """Vectors of each row that satisfy the first `patterns` patterns, (rows,)."""
        return self._rows[:, patterns:].sum(axis=1)

    def alive(self) -> np.ndarray:
        """Whether each of the 2^N vectors satisfies all patterns, by its number."""
        return _alive(self._row_fields, self._column_fields).ravel()


def satisfied(patterns: np.ndarray, margin: float) -> np.ndarray:
    """Whether x.w >= margin sqrt(N) for all patterns x (P, N), of each of the 2^N vectors, by its
    number (see `Census`).
    """
    count, size = patterns.shape
    if count == 0:
        return np.ones(2**size, bool)
    first = min(_FIRST, size - 1)
    rows = _fields(patterns[:, :first]) - margin * math.sqrt(size)
    return _alive(rows, _fields(patterns[:, first:])).ravel()


class ByDistance(NamedTuple):
    """At each distance 0 to N: counts (N + 1,), and sums (N + 1, N) of weight vectors; `total`, of
    vectors at any distance.
    """

    counts: np.ndarray
    sums: np.ndarray
    total: int


def pairs_by_distance(alive: np.ndarray) -> ByDistance:
    """Ordered pairs of the vectors that are alive (2^N,), and the sums of their first members.

    Exact. The number of pairs at a distance is the autocorrelation of what is alive, summed over
    vectors of so many ones: of its transform only sums over numbers of as many ones are needed
    (MacWilliams' identity). Referee: all pairs one by one (tests/perceptron).
    """
    size = len(alive).bit_length() - 1
    squares, products = _spectra(walsh(alive.astype(np.int32)), size)
    table = _krawtchouk(size)
    total = 2**size
    counts = table @ squares.astype(object) // total
    sums = -(table @ products.astype(object).T // total)
    return ByDistance(counts.astype(float), sums[:, ::-1].astype(float), int(alive.sum()))


def around_by_distance(alive: np.ndarray, reference: int) -> ByDistance:
    """Vectors that are alive (2^N,), by their distance from the one of number `reference`."""
    size = len(alive).bit_length() - 1
    counts, sums = _from_reference(alive, reference, size)
    return ByDistance(counts, sums, int(alive.sum()))


def _krawtchouk(size: int) -> np.ndarray:
    """Sum of (-1)^(k.v) over vectors v of D ones, for k of j ones: whole numbers (D, j)."""

    def sum_(d: int, j: int) -> int:
        terms = range(max(0, d - size + j), min(d, j) + 1)
        return sum((-1) ** s * math.comb(j, s) * math.comb(size - j, d - s) for s in terms)

    every = range(size + 1)
    return np.array([[sum_(d, j) for j in every] for d in every], dtype=object)


@numba.njit(cache=True)
def _spectra(f, n):
    """Sums over numbers k of j ones of f(k)^2, (n + 1,), and of f(k) f(k with bit i turned), (n, n
    + 1): below 2^(2 n), hence exact.
    """
    squares = np.zeros(n + 1, np.int64)
    products = np.zeros((n, n + 1), np.int64)
    for k in range(len(f)):
        j = ones(k)
        value = np.int64(f[k])
        squares[j] += value * value
        for i in range(n):
            products[i, j] += value * f[k ^ (1 << i)]
    return squares, products


@numba.njit(cache=True)
def _from_reference(alive, reference, n):
    counts = np.zeros(n + 1)
    sums = np.zeros((n + 1, n))
    for k in range(len(alive)):
        if alive[k]:
            d = ones(k ^ reference)
            counts[d] += 1
            for i in range(n):
                sums[d, i] += 1.0 if k >> (n - 1 - i) & 1 else -1.0
    return counts, sums


def _fields(patterns: np.ndarray) -> np.ndarray:
    """x.w of all vectors w of +-1 (2^n, P), for patterns (P, n)."""
    count = len(patterns)
    fields = np.zeros((1, count))
    for column in patterns.T:
        both = np.stack([fields - column, fields + column], axis=1)
        fields = both.reshape(2 * len(fields), count)
    return fields


def _signed_sums(lives: np.ndarray) -> np.ndarray:
    """Sum of each weight over all vectors, for each life: (2^n, P + 1) in, (n, P + 1) out, the last
    weight first.
    """
    lives = lives.astype(np.int64)
    count = lives.shape[1]
    sums = []
    while len(lives) > 1:
        pairs = lives.reshape(-1, 2, count)
        sums.append((pairs[:, 1] - pairs[:, 0]).sum(axis=0))
        lives = pairs.sum(axis=1)
    return np.array(sums, np.int64).reshape(-1, count)


def _left(lives: np.ndarray) -> np.ndarray:
    """From how many live how long (..., P + 1), how many live at least so long."""
    return np.cumsum(lives[..., ::-1], axis=-1)[..., ::-1]


@numba.njit(cache=True)
def _life(first, second):
    """Patterns with a field >= 0 before the first without; fields (P,) are sums of two parts."""
    mu = 0
    while mu < len(first) and first[mu] + second[mu] >= 0:
        mu += 1
    return mu


@numba.njit(cache=True)
def _count_lives(row_fields, column_fields, begin, end, rows, columns):
    """Lives of the vectors of rows `begin` to `end` are added to `rows` (rows, P + 1) and `columns`
    (columns, P + 1): how many of each live how long.
    """
    for i in range(begin, end):
        for j in range(len(columns)):
            life = _life(row_fields[i], column_fields[j])
            rows[i, life] += 1
            columns[j, life] += 1


@numba.njit(cache=True)
def _alive(row_fields, column_fields):
    count = row_fields.shape[1]
    out = np.zeros((len(row_fields), len(column_fields)), np.bool_)
    for i in range(len(row_fields)):
        for j in range(len(column_fields)):
            out[i, j] = _life(row_fields[i], column_fields[j]) == count
    return out
