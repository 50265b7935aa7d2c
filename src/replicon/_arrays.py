"""Arrays of a user's, of any kind that holds numbers, as NumPy arrays; or one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from replicon._domains import show
from replicon._errors import InputError

_LARGEST_DENSE = 2**31  # entries of a sparse matrix written out: 16 GiB


def real_array(
    name: str,
    given: Any,
    expected: str,
    *,
    ndim: int | None = None,
    shape: Sequence[int | None] | None = None,
    finite: bool = True,
) -> np.ndarray:
    """A float64 copy of an array, list, DataFrame, scipy.sparse matrix or networkx graph (its
    adjacency, J[i, j] from j to i).

    `ndim`, `shape` (None for any length): what is asked for. `expected`: the phrase that says so.
    Raises InputError for complex, structured, ragged or textual entries, NaN and infinities (with
    `finite`), another shape, an empty array.
    """
    array = _dense(name, given, expected)
    if array.dtype.kind not in "biuf":
        array = _as_numbers(name, array, expected)
    array = array.astype(float)
    wrong = ndim is not None and array.ndim != ndim
    if shape is not None:
        wrong |= array.ndim != len(shape) or any(
            want is not None and want != got for want, got in zip(shape, array.shape, strict=False)
        )
    if wrong or array.size == 0:
        raise InputError(f"{name} has shape {array.shape}: {expected}.")
    if finite and not np.isfinite(array).all():
        place = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        told = ", ".join(map(str, place)) or "its one entry"
        if len(place) > 1:
            told = f"({told})"
        raise InputError(f"{name} holds {array[place]} at {told}: {expected}.")
    return array


def square_matrix(
    name: str,
    given: Any,
    expected: str = "expected a square matrix of finite numbers",
    *,
    finite: bool = True,
) -> np.ndarray:
    """`real_array` of shape (N, N)."""
    array = real_array(name, given, expected, ndim=2, finite=finite)
    if array.shape[0] != array.shape[1]:
        raise InputError(f"{name} has shape {array.shape}: {expected}.")
    return array


def as_list(name: str, given: Any, expected: str) -> list:
    """The items of any list, tuple, set, array or Series. Raises InputError for what has none, such
    as a number or None.
    """
    if hasattr(given, "tolist"):
        given = given.tolist()
    try:
        return list(given)
    except TypeError:
        raise InputError(f"{name} = {show(given)} is no list: {expected}.") from None


def _dense(name: str, given: Any, expected: str) -> np.ndarray:
    if hasattr(given, "toarray") and hasattr(given, "shape"):  # scipy.sparse
        if np.prod([float(n) for n in given.shape]) > _LARGEST_DENSE:
            raise InputError(
                f"{name} is a sparse array of shape {given.shape}, too large to be written out:"
                f" {expected}."
            )
        return np.asarray(given.toarray())
    if hasattr(given, "nodes") and hasattr(
        given, "adjacency"
    ):  # a networkx graph: its edges go from row to column
        import networkx

        try:
            return np.asarray(networkx.to_numpy_array(given)).T
        except (TypeError, ValueError, networkx.NetworkXError) as error:
            raise InputError(
                f"{name} is a graph whose edges' weights are no numbers ({error}): {expected}."
            ) from None
    if isinstance(given, Mapping):
        raise InputError(
            f"{name} is a mapping with the entries {', '.join(map(str, given))[:80] or 'none'}:"
            f" {expected}; give one of them."
        )
    if isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        raise InputError(
            f"{name} holds {int(np.ma.count_masked(given))} masked entries: {expected}."
        )
    if given is None or isinstance(given, (str, bytes, bool)):
        raise InputError(f"{name} = {show(given)} is no array of numbers: {expected}.")
    try:
        given = given.to_numpy() if hasattr(given, "to_numpy") else given  # pyright: ignore
        return np.asarray(given)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise InputError(f"{name} = {show(given)} is no array of numbers: {expected}.") from None


def _as_numbers(name: str, array: np.ndarray, expected: str) -> np.ndarray:
    if array.dtype.kind == "c":
        raise InputError(
            f"{name} holds complex numbers: {expected}; give its real part, or its modulus."
        )
    if array.dtype.names:
        raise InputError(
            f"{name} is a structured array with the fields {', '.join(array.dtype.names)}:"
            f" {expected}; give one field."
        )
    if array.dtype.kind != "O":
        raise InputError(f"{name} holds entries of type {array.dtype}: {expected}.")
    try:
        if any(isinstance(entry, (str, bytes)) for entry in array.flat):
            raise TypeError
        return array.astype(float)
    except (TypeError, ValueError):
        raise InputError(f"{name} holds entries that are no numbers: {expected}.") from None
    except OverflowError:
        raise InputError(
            f"{name} holds a whole number too large for float64: {expected}."
        ) from None
