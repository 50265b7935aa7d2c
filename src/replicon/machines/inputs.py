"""What estimators accept, and the sentences that say so."""

from __future__ import annotations

import math
import numbers
from pathlib import Path

import numpy as np

from replicon._errors import InputError
from replicon.data import load_patterns


def whole(name: str, value, low: int) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or int(value) < low:
        raise InputError(f"{name} = {value!r} is outside its domain: {name} must be a whole number >= {low}.")


def real(name: str, value, low: float) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value) or value < low:
        raise InputError(f"{name} = {value!r} is outside its domain: {name} must be a number >= {low:g}.")


def choose(name: str, value, words: tuple, otherwise: str = "") -> None:
    if not isinstance(value, str) or value not in words:
        raise InputError(f"{name} = {value!r} is not known: {name} is one of {', '.join(words)}{', ' + otherwise if otherwise else ''}.")


def binary_rows(X, dtype: str, features: int | None = None) -> np.ndarray:
    """X as (rows, units) of 0 and 1 in `dtype`; InputError for anything else."""
    expected = "expected an array (rows, units) of 0 and 1"
    array = _matrix(X, expected, features)
    if array.dtype == bool:
        return array.astype(dtype)
    odd = (array != 0) & (array != 1)
    if odd.any():
        row, unit = np.argwhere(odd)[0]
        values = np.unique(array[odd])
        cure = " Spins of +-1 become (X + 1) / 2." if set(values) == {-1.0} else " Grey values need a threshold: X > X.max() / 2."
        raise InputError(f"X holds {array[row, unit]:g} at row {row}, unit {unit}: {expected}.{cure}")
    return array.astype(dtype)


def spin_rows(X, features: int | None = None) -> np.ndarray:
    """X as (rows, spins) of +-1, int8: +-1 or 0/1 (0 read as -1), or the path of a file of them; InputError for anything else."""
    if isinstance(X, (str, Path)):
        return spin_rows(load_patterns(X), features)
    expected = "expected an array (rows, spins) of +-1, or of 0 and 1"
    array = _matrix(X, expected, features)
    low = array == (-1 if array.dtype != bool and (array < 0).any() else 0)
    odd = ~(low | (array == 1))
    if odd.any():
        row, spin = np.argwhere(odd)[0]
        raise InputError(f"X holds {array[row, spin]:g} at row {row}, column {spin}: {expected}.")
    return np.where(low, -1, 1).astype(np.int8)


def _matrix(X, expected: str, features: int | None) -> np.ndarray:
    if hasattr(X, "toarray"):  # scipy.sparse
        X = X.toarray()
    try:
        array = np.asarray(X)
        if array.dtype.kind not in "biuf":
            array = array.astype(float)
    except (TypeError, ValueError):
        raise InputError(f"X could not be read as numbers: {expected}.") from None
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(f"X has shape {array.shape}: {expected}, neither empty.")
    if features is not None and array.shape[1] != features:
        raise InputError(f"X has {array.shape[1]} units a row, the fitted machine {features}: {expected.replace('units', str(features))}.")
    if not np.isfinite(array).all():
        row, unit = np.argwhere(~np.isfinite(array))[0]
        raise InputError(f"X holds {array[row, unit]} at row {row}, unit {unit}: {expected}; leave such rows out, or fill them in.")
    return array
