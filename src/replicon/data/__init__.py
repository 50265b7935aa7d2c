"""Small real data sets, shipped with the package (origin and licence in README.md beside them), and users' pattern files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from replicon._errors import InputError


@lru_cache(maxsize=1)
def digits() -> tuple[np.ndarray, np.ndarray]:
    """MNIST digits: images uint8 (5000, 28, 28) and labels uint8 (5000,), 500 of each digit."""
    with np.load(Path(__file__).with_name("mnist5k.npz")) as archive:
        return archive["images"], archive["labels"]


def binary_digits() -> np.ndarray:
    """The digits as patterns of +-1, int8 (5000, 784): +1 where the grey value is 128 or more."""
    images, _ = digits()
    return np.where(images.reshape(len(images), -1) >= 128, 1, -1).astype(np.int8)


def load_patterns(path: str | Path) -> np.ndarray:
    """A user's patterns of +-1 from a .npy, .npz (first array) or .csv file, shape (patterns, spins), as int8.

    Values 0/1 are read as -1/+1. Raises InputError for a missing, unreadable, wrong-shaped or non-binary file.
    """
    path = Path(path)
    expected = "expected an array (patterns, spins) of +-1 or 0/1 in a .npy, .npz or .csv file"
    if not path.is_file():
        raise InputError(f"No file '{path}': {expected}.")
    try:
        if path.suffix == ".csv":
            array = np.loadtxt(path, delimiter=",", ndmin=2)
        else:
            loaded = np.load(path, allow_pickle=False)
            array = loaded if isinstance(loaded, np.ndarray) else loaded[loaded.files[0]]
        array = np.asarray(array, dtype=float)
    except (OSError, ValueError, IndexError, EOFError) as error:
        reason = "it holds no plain NumPy array" if "pickle" in str(error) else error
        raise InputError(f"'{path}' could not be read ({reason}): {expected}.") from None
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(f"'{path}' holds an array of shape {array.shape}: {expected}.")
    values = np.unique(array)
    if not (np.isin(values, (-1, 1)).all() or np.isin(values, (0, 1)).all()):
        shown = ", ".join(f"{v:g}" for v in values[:5])
        raise InputError(f"'{path}' holds values such as {shown}: {expected}.")
    return np.where(array > 0, 1, -1).astype(np.int8)
