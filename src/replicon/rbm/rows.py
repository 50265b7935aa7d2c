"""Rows that a machine takes, in its user's units, and how real-valued ones are standardised."""

from __future__ import annotations

from typing import Any

import numpy as np

from replicon._errors import InputError
from replicon.data.binary import binary_rows, column_name, real_rows, spin_rows
from replicon.rbm.frame import ZERO_ONE, Frame

# Real values are squared: beyond this their squares' sums are no numbers.
_LARGEST = 1e150
# A column whose deviation is a smaller part of its values than this is constant: less than three
# digits of float64 would be left of what changes in it.
_RESOLVED = 1e-13


def read_rows(
    machine: Any, X: Any, dtype: str, frame: Frame, *, real: bool, reset: bool
) -> np.ndarray:
    """Rows (n, V), checked, in a user's units: real-valued, or those of the frame, 0/1 or +-1;
    `reset`: the first of them, whose names and thresholds are kept.
    """
    if not real:
        if frame.is_own():
            return binary_rows(machine, X, dtype, reset=reset)
        return spin_rows(machine, X, reset=reset)
    values = real_rows(machine, X, reset=reset)
    largest = np.abs(values).max()
    if largest > _LARGEST:
        row, unit = np.argwhere(np.abs(values) == largest)[0]
        raise InputError(
            f"X holds {values[row, unit]:g} at row {row}, unit {unit}, whose square is no number:"
            " give it in other units."
        )
    return values


def frame_of(real: bool, rows: np.ndarray, X: Any) -> Frame:
    """Units in which real-valued rows (n, V), as read of X, have mean 0 and variance 1; 0 and 1 for
    others. InputError for columns that are constant.
    """
    if not real:
        return ZERO_ONE
    mean = rows.mean(axis=0)
    deviation = rows.std(axis=0)
    constant = np.flatnonzero(deviation <= _RESOLVED * np.abs(rows).max(axis=0))
    if len(rows) == 1:
        raise InputError("X has 1 sample: real-valued units need the deviations of several rows.")
    if len(constant):
        shown = ", ".join(column_name(X, column) for column in constant[:5]) + (
            ", ..." if len(constant) > 5 else ""
        )
        raise InputError(
            f"X is constant in column{'s' * (len(constant) > 1)} {shown}: a real-valued unit needs"
            " a width; leave such columns out."
        )
    return Frame(mean, deviation)
