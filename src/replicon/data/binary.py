"""What estimators accept as rows, and the sentences that say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.utils.validation import validate_data

from replicon._arrays import real_array
from replicon._errors import InputError
from replicon.data import load_patterns


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
            f"X holds {array[row, unit]:g} at row {row}, unit {unit}: {expected}. {cure}"
        )
    return array.astype(dtype)


def spin_rows(estimator, X, *, reset: bool) -> np.ndarray:
    """X as (rows, spins) of +-1, int8: +-1 or 0/1 (0 read as -1), or the path of a file of them."""
    if isinstance(X, (str, Path)):
        X = load_patterns(X)
    expected = "expected an array (rows, spins) of +-1, or of 0 and 1"
    array = _matrix(estimator, X, expected, reset)
    low = array == (-1 if array.dtype != bool and (array < 0).any() else 0)
    odd = ~(low | (array == 1))
    if odd.any():
        row, spin = np.argwhere(odd)[0]
        raise InputError(
            f"X holds {array[row, spin]:g} at row {row}, column {spin}: {expected}; other values"
            " need a threshold, binarize=..."
        )
    return np.where(low, -1, 1).astype(np.int8)


def real_rows(estimator, X, *, reset: bool) -> np.ndarray:
    """X as (rows, units) of finite real numbers, float64; InputError for anything else."""
    expected = "expected an array (rows, units) of real numbers"
    return _matrix(estimator, X, expected, reset).astype(float)


def _matrix(estimator, X, expected: str, reset: bool) -> np.ndarray:
    """An array of numbers (rows, columns) from arrays, lists, DataFrames and sparse matrices.

    Names and number of the columns are remembered (`reset`) or compared with the fitted ones, as
    scikit-learn does; the estimator's `binarize`, where set, makes X > binarize of X.
    """
    kind = getattr(getattr(X, "dtype", None), "kind", "")
    if kind == "c":
        raise InputError(f"Complex data not supported: X holds complex numbers, {expected}.")
    if isinstance(X, np.ndarray) and kind in "bui":
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
    except ValueError as error:
        raise InputError(str(error)) from None
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row, unit = np.argwhere(~np.isfinite(array))[0]
        value = "NaN" if np.isnan(array[row, unit]) else "inf"
        raise InputError(
            f"X holds {value} at row {row}, unit {unit}: {expected}; leave such rows out, or fill"
            " them in."
        )
    if estimator.binarize is not None:
        return array > estimator.binarize
    return array


def _filled(X) -> bool:
    """Whether X has entries; `real_array` refuses empty ones in another sentence."""
    shape = getattr(X, "shape", None)
    if shape is None:
        return True
    return 0 not in shape
