"""What estimators accept as rows, and the sentences that say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from replicon._arrays import real_array
from replicon._declare import Interval
from replicon._domains import show
from replicon._errors import InputError
from replicon.data import load_patterns

_OWN = ("mean", "median")  # thresholds that each column has of its own


def binary_rows(estimator, X, dtype: str, *, reset: bool) -> np.ndarray:
    """X as (rows, units) of 0 and 1 in `dtype`; InputError for anything else. See `_matrix`."""
    if isinstance(X, (str, Path)):
        X = load_patterns(X) > 0
    expected = "expected an array (rows, units) of 0 and 1"
    array = _matrix(estimator, X, expected, reset)
    odd = (array != 0) & (array != 1)
    if odd.any():
        row, unit = np.argwhere(odd)[0]
        values = set(np.unique(array[odd]))
        cure = "Grey values need a threshold: X > X.max() / 2, or binarize=..."
        if values == {-1.0}:
            cure = "Spins of +-1 become (X + 1) / 2."
        raise InputError(
            f"X holds {show(array[row, unit])} at row {row}, unit {unit}: {expected}. {cure}"
        )
    return array.astype(dtype)


def spin_rows(estimator, X, *, reset: bool, sample_weight=None) -> np.ndarray:
    """X as (rows, spins) of +-1, int8: +-1 or 0/1 (0 read as -1), or the path of a file of them.

    sample_weight: of the rows whose thresholds are formed (see `read_weights`).
    """
    if isinstance(X, (str, Path)):
        X = load_patterns(X)
    expected = "expected an array (rows, spins) of +-1, or of 0 and 1"
    array = _matrix(estimator, X, expected, reset, sample_weight)
    low = array == (-1 if array.dtype != bool and (array < 0).any() else 0)
    odd = ~(low | (array == 1))
    if odd.any():
        row, spin = np.argwhere(odd)[0]
        raise InputError(
            f"X holds {show(array[row, spin])} at row {row}, column {spin}: {expected}; other"
            " values need a threshold, binarize=..."
        )
    return np.where(low, -1, 1).astype(np.int8)


def read_weights(sample_weight: Any, rows: int) -> np.ndarray:
    """How many times each of the rows counts, (rows,), none negative and not all zero; ones for
    None. Raises InputError.
    """
    if sample_weight is None:
        return np.ones(rows)
    expected = f"expected a finite weight >= 0 for each of the {rows} rows"
    weights = real_array("sample_weight", sample_weight, expected, shape=(rows,))
    if weights.min() < 0:
        row = int(np.argmin(weights))
        raise InputError(f"sample_weight holds {weights[row]:g} at {row}: {expected}.")
    if not weights.any():
        raise InputError(f"All of sample_weight is zero: {expected}, some of them > 0.")
    return weights


def weighted_mean(values: np.ndarray, sample_weight: Any) -> float:
    """Over rows (rows,), each as often as it counts."""
    if sample_weight is None:
        return float(values.mean())
    return float(np.average(values, weights=read_weights(sample_weight, len(values))))


def check_binarize(binarize: Any) -> None:
    """Refuse thresholds that are none."""
    if not (binarize is None or Interval().admits(binarize) or _is_own(binarize)):
        raise InputError(
            f"binarize = {show(binarize)} is outside its domain: binarize must be a number, 'mean',"
            " 'median', or None for rows that are binary already."
        )


def column_name(X: Any, column: int) -> str:
    """How a sentence calls a column: its number, and its name where X gives it one."""
    names = getattr(X, "columns", None)
    if names is None and len(getattr(X, "dims", ())) == 2:  # an xarray.DataArray
        coordinate = X.coords.get(X.dims[1])
        names = None if coordinate is None else coordinate.values
    if names is None or str(names[column]) == str(column):
        return str(column)
    return f"{column} ('{names[column]}')"


def _is_own(binarize: Any) -> bool:
    return isinstance(binarize, str) and binarize in _OWN


def _thresholds(binarize: Any, array: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """(columns,) of the rows that are fitted; None where these are binary already."""
    if binarize is None:
        return None
    if not _is_own(binarize):
        return np.full(array.shape[1], float(binarize))
    if binarize == "mean":
        return weights @ array / weights.sum()
    order = np.argsort(array, axis=0, kind="stable")
    below = np.cumsum(weights[order], axis=0)
    half = below[-1] / 2
    # The mean of both middle values, as if each row were repeated.
    middle = ((below < half).sum(axis=0), (below <= half).sum(axis=0))
    ranked = np.take_along_axis(array, order, axis=0).astype(float)
    low, high = (ranked[place, np.arange(array.shape[1])] for place in middle)
    return (low + high) / 2


def _parted(estimator, X, array: np.ndarray, reset: bool, sample_weight) -> np.ndarray:
    """Array > the estimator's thresholds, which `reset` forms of these rows and keeps."""
    binarize = estimator.binarize
    weights = read_weights(sample_weight, len(array)) if reset else None
    if weights is not None:
        estimator.thresholds_ = _thresholds(binarize, array, weights)
    if binarize is None:
        return array
    thresholds = getattr(estimator, "thresholds_", None)
    parted = array > (binarize if thresholds is None else thresholds)
    if weights is not None and thresholds is not None and _is_own(binarize):
        counted = parted[weights > 0]
        constant = counted.all(axis=0) | ~counted.any(axis=0)
        if constant.any():
            column = int(np.argmax(constant))
            raise InputError(
                f"binarize={binarize} does not part column {column_name(X, column)}: no value lies"
                f" above its {binarize}, {thresholds[column]:g}; leave that column out, or give"
                " another threshold."
            )
    return parted


def _matrix(estimator, X, expected: str, reset: bool, sample_weight=None) -> np.ndarray:
    """An array of numbers (rows, columns) from arrays, lists, DataFrames and sparse matrices.

    Names and number of the columns are remembered (`reset`) or compared with the fitted ones, as
    scikit-learn does; the estimator's `binarize`, where set, parts X by its thresholds.
    """
    kind = getattr(getattr(X, "dtype", None), "kind", "")
    if kind == "c":
        raise InputError(f"Complex data not supported: X holds complex numbers, {expected}.")
    plain = isinstance(X, np.ndarray) and not isinstance(X, np.ma.MaskedArray)
    if plain and kind in "bui":
        array = X
    else:
        array = real_array("X", X, expected, finite=False) if _filled(X) else np.asarray(X)
    if array.ndim != 2:
        raise InputError(f"X has shape {array.shape}: {expected}. Reshape your data.")
    for count, axis in zip(array.shape, ("sample", "feature"), strict=True):
        if count == 0:
            raise InputError(
                f"X has 0 {axis}(s) (shape={array.shape}) while a minimum of 1 is required:"
                f" {expected}, neither empty."
            )
    try:
        validate_data(estimator, X, reset=reset, skip_check_array=True)  # pyright: ignore
    except (ValueError, TypeError) as error:
        raise InputError(" ".join(str(error).split())) from None
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row, unit = np.argwhere(~np.isfinite(array))[0]
        value = "NaN" if np.isnan(array[row, unit]) else "inf"
        raise InputError(
            f"X holds {value} at row {row}, unit {unit}: {expected}; leave such rows out, or fill"
            " them in."
        )
    return _parted(estimator, X, array, reset, sample_weight)


def _filled(X) -> bool:
    """Whether X has entries; `real_array` refuses empty ones in another sentence."""
    shape = getattr(X, "shape", None)
    if shape is None:
        return True
    return 0 not in shape


def real_rows(estimator, X, *, reset: bool) -> np.ndarray:
    """X as (rows, units) of finite real numbers, float64; InputError for anything else."""
    expected = "expected an array (rows, units) of real numbers"
    return _matrix(estimator, X, expected, reset).astype(float)
