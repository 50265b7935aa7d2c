"""Small real data sets, shipped with the package (origin and licence in README.md beside them), and
readers of users' files.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from replicon._arrays import real_array
from replicon._domains import show
from replicon._errors import InputError
from replicon._files import ROWS
from replicon.data import arrays, tables
from replicon.data.reader import is_path, open_file, readable

_EXPECTED = (
    "expected an array (patterns, spins) of +-1 or 0/1 in a .npy, .npz, .csv, .tsv, .txt or .mat"
    " file"
)


@lru_cache(maxsize=1)
def _digits() -> tuple[np.ndarray, np.ndarray]:
    with np.load(Path(__file__).with_name("mnist5k.npz")) as archive:
        return archive["images"], archive["labels"]


def digits() -> tuple[np.ndarray, np.ndarray]:
    """MNIST digits: images uint8 (5000, 28, 28) and labels uint8 (5000,), 500 of each digit. The
    arrays are the caller's own.

    Returns arrays (5000, 784) and (5000,), copies. Raises nothing.
    """
    images, labels = _digits()
    return images.copy(), labels.copy()


def binary_digits() -> np.ndarray:
    """The digits as patterns of +-1, int8 (5000, 784): +1 where the grey value is 128 or more.

    The array is the caller's own. Raises nothing.
    """
    return _binary_digits().copy()


@lru_cache(maxsize=1)
def _binary_digits() -> np.ndarray:
    images, _ = _digits()
    return np.where(images.reshape(len(images), -1) >= 128, 1, -1).astype(np.int8)


def load_patterns(source: Any) -> np.ndarray:
    """A user's patterns of +-1, int8 (patterns, spins): from a file, or an array, DataFrame or
    sparse matrix.

    Files: .npy; .npz and .mat, where there are several arrays named as in 'file.npz:name'; .csv,
    .tsv and .txt, with or without names of columns and rows (of two columns or rows called 0 and 1
    nobody can tell: give such without). Values 0/1 are read as -1/+1. Raises InputError for a
    missing, unreadable, wrong-shaped or non-binary file.
    """
    if not is_path(source):
        return _signs(
            real_array("the array of patterns", source, _EXPECTED, ndim=2), "the array of patterns"
        )
    file = open_file(source, ROWS, _EXPECTED)
    with readable(f"'{file.path}'", _EXPECTED):
        return _of_file(file.content, file.ending, file.member, f"'{file.path}'").copy()


@lru_cache(maxsize=2)
def _of_file(content: bytes, ending: str, member: str | None, where: str) -> np.ndarray:
    """Held by content: a file that was rewritten is another one."""
    found = (
        arrays.read_array(content, ending, member)
        if ending in arrays.ENDINGS
        else tables.labelled(tables.read_fields(content)).values
    )
    return _signs(real_array(where, found, _EXPECTED, ndim=2), where)


def _signs(array: np.ndarray, where: str) -> np.ndarray:
    values = np.unique(array)
    if not (np.isin(values, (-1, 1)).all() or np.isin(values, (0, 1)).all()):
        shown = ", ".join(map(show, values[:5]))
        raise InputError(f"{where} holds values such as {shown}: {_EXPECTED}.")
    return np.where(array > 0, 1, -1).astype(np.int8)
