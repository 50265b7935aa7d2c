"""What drives a network from outside: a constant field, and an input that changes in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from replicon._arrays import real_array
from replicon._errors import InputError

_MOST = 2**28  # numbers of an input over all steps: 2 GiB


def constant_field(field: Any, columns: np.ndarray) -> np.ndarray:
    """The constant field of every neuron and column, checked, of the shape (N, columns) of the
    states.
    """
    expected = "give a finite number, or an array of the shape of start"
    field = real_array("field", field, expected).astype(columns.dtype)
    try:
        return np.broadcast_to(field[:, None] if field.ndim == 1 else field, columns.shape)
    except ValueError:
        raise InputError(
            f"field has shape {field.shape}: give a number, ({len(columns)},) or {columns.shape}."
        ) from None


def input_of_steps(
    given: Any, columns: np.ndarray, steps: int, step: float, time: str
) -> np.ndarray:
    """The input of every step, (steps, N or 1, columns or 1), in the type of the states `columns`
    (N, columns): a function of time in the middle of each step (discrete time: at its beginning),
    or an array.

    An array is one row a step, (steps,), (steps, N) or (steps, N, columns), or constant: a number,
    or (N,). Raises InputError.
    """
    n = len(columns)
    if callable(given):
        expected = f"a function of time must return finite numbers, one or ({n},), at all times"
        rows = _over_time(given, expected, steps, step, 0.5 if time == "continuous" else 0.0)
    else:
        expected = (
            f"give a function of time, one row for each of the {steps} steps of the run (and its"
            f" transient), ({steps},) or ({steps}, {n}), or a constant, ({n},)"
        )
        rows = real_array("input", given, expected)
        if rows.ndim == 1 and len(rows) == n == steps > 1:
            raise InputError(
                f"input has shape ({n},), as many numbers as neurons and as steps: give ({n}, 1)"
                " for one number a step, or a constant as field."
            )
        if rows.ndim == 0 or (rows.ndim == 1 and len(rows) == n != steps):
            _check_memory(steps, rows.size)
            rows = np.broadcast_to(rows, (steps, *rows.shape))
        if len(rows) != steps:
            raise InputError(f"input has shape {rows.shape}: {expected}.")
    row = rows.shape[1:] + (1,) * (3 - rows.ndim)
    if len(row) != 2 or any(a not in (1, b) for a, b in zip(row, columns.shape, strict=True)):
        raise InputError(f"input has rows of shape {rows.shape[1:]}: {expected}.")
    return rows.reshape(steps, *row).astype(columns.dtype)


def _check_memory(steps: int, numbers: int) -> None:
    if steps * numbers > _MOST:
        raise InputError(
            f"an input of {steps:.3g} steps of {numbers} numbers is more than memory holds: give"
            " shorter times, or longer steps."
        )


def _over_time(
    function: Callable, expected: str, steps: int, step: float, place: float
) -> np.ndarray:
    """A function of time at its `place` in every step, one row each: at once where JAX can and
    gives the same.
    """

    def at(moment: float) -> Any:
        try:
            return function(float(moment))
        except Exception as error:
            raise InputError(
                f"input failed at time {moment:g} ({type(error).__name__}: {error}): {expected}."
            ) from error

    with jax.enable_x64(True):
        begin = place * step
        first = at(begin)
        row = real_array(f"input at time {begin:g}", first, expected)
        _check_memory(steps, row.size)
        moments = step * (np.arange(steps) + place)
        if isinstance(first, jax.Array):
            rows = _at_once(function, moments)
            last = real_array("input", at(moments[-1]), expected)
            if rows is not None and rows.shape[1:] == row.shape and np.allclose(rows[-1], last):
                return real_array("input, one row a step,", rows, expected)
        rows = [np.asarray(at(moment)) for moment in moments]
        return real_array("input, one row a step,", rows, expected)


def _at_once(function: Callable, moments: np.ndarray) -> np.ndarray | None:
    """A function of time at all moments, compiled by JAX; None where it cannot be."""
    try:
        return np.asarray(jax.jit(jax.vmap(function))(moments))
    except Exception:
        return None
