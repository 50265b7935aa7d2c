"""Data by name."""

from __future__ import annotations

import numpy as np

from replicon._errors import InputError
from replicon.data import binary_digits, load_patterns

FEWEST = 20


def load_rows(data: str) -> np.ndarray:
    """Rows (n, V) of 0 and 1, int8."""
    if data == "digits":
        return (binary_digits() > 0).astype(np.int8)
    if data == "small-digits":
        from sklearn.datasets import load_digits

        return (np.asarray(load_digits(return_X_y=True)[0]) > 7).astype(np.int8)
    rows = (load_patterns(data) > 0).astype(np.int8)
    if len(rows) < FEWEST:
        raise InputError(f"'{data}' has {len(rows)} rows: a tenth is kept for the test, so give at least {FEWEST}.")
    return rows
