"""Data by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from replicon._domains import show
from replicon._errors import InputError
from replicon.data import binary_digits, load_patterns

FEWEST = 20


def load_rows(data: Any) -> np.ndarray:
    """Rows (n, V) of 0 and 1, int8, the caller's own: of a shipped set, or what `load_patterns`
    reads. Raises InputError.
    """
    if isinstance(data, str) and data == "digits":
        return (binary_digits() > 0).astype(np.int8)
    if isinstance(data, str) and data == "small-digits":
        from sklearn.datasets import load_digits

        return (np.asarray(load_digits(return_X_y=True)[0]) > 7).astype(np.int8)
    rows = (load_patterns(data) > 0).astype(np.int8)
    if len(rows) < FEWEST:
        shown = f"'{data}'" if isinstance(data, str) else show(data)
        raise InputError(
            f"{shown} has {len(rows)} rows: a tenth is kept for the test, so give at least"
            f" {FEWEST}."
        )
    return rows
