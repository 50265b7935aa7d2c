"""Where a student of a restricted Boltzmann machine begins to learn, and breaks its permutation
symmetries.
"""

from __future__ import annotations

import numpy as np

from replicon.rbm.grids import LARGEST
from replicon.rbm.inference import as_arrays, onset, state
from replicon.rbm.many_units import beyond
from replicon.theory.branch import Found
from replicon.theory.transition import zero

_LARGEST = 100.0  # load, the end of its domain
# Of the load at which three units or more become different, how far to look for their choosing.
_FAR = 8.0

# Where the search along the student's branch begins, relative to its onset, at which that branch is
# still too small to see.
_BEGINNINGS = (1e-3, 1e-5, 2e-2)


def find_symmetry_breaking(controls) -> Found:
    """The closed formula of `onset`."""
    value = onset(as_arrays(controls))
    return Found(value, np.isfinite(value))


def _along(controls, name: str, factor: str):
    def at(load):
        c = as_arrays(controls._replace(load=load))
        out = state(c, name, c.hidden > 1)
        return out[factor] - 1, out["converged"]

    return at


def _no_permutation(controls, at_end) -> np.ndarray:
    """Why there is no permutation transition, where that is known; `at_end`: the growth factor at
    _LARGEST, less one.
    """
    c = as_arrays(controls)
    alone = "one hidden unit has no other to be exchanged with"
    free = (
        "without correlation the units differ as soon as they learn (transition symmetry-breaking)"
    )
    later = f"it lies beyond load {_LARGEST:g}, where its domain ends"
    return np.select([c.hidden == 1, c.correlation == 0, at_end < 0], [alone, free, later], "")


def find_permutation_student(controls) -> Found:
    """Where small q1 - r grows on the symmetric branch."""
    low = onset(as_arrays(controls)) * (1 + 1e-4)
    branch = _along(controls, "symmetric", "student")
    found = zero(branch, low, np.maximum(_LARGEST, 2 * low), geometric=True)
    growth_at_end, there = branch(np.full_like(low, _LARGEST))
    reason = _no_permutation(
        controls, np.where(there, growth_at_end, np.where(low > _LARGEST, -1.0, 0.0))
    )
    return found._replace(converged=found.converged & (reason == ""), reason=reason)


def find_permutation_teacher(controls) -> Found:
    """Where small T - tau grows: with permutation-student for an informed student, on its branch
    for another.
    """
    student = find_permutation_student(controls)
    load = np.where(student.converged, student.value, 1.0)
    together = student.converged & (_along(controls, "symmetric", "teacher")(load)[0] > -1e-6)
    branch = _along(controls, "permutation-student", "teacher")
    value = np.where(together, student.value, np.nan)
    hidden = as_arrays(controls._replace(load=load)).hidden
    end = np.where(hidden > 2, _FAR * load, np.maximum(_LARGEST, 2 * load))
    for beginning in _BEGINNINGS:
        if (student.converged & np.isnan(value) & (hidden <= LARGEST)).any():
            later = zero(branch, load * (1 + beginning), end, geometric=True)
            value = np.where(student.converged & np.isnan(value), later.value, value)
    many = student.converged & np.isnan(value) & (hidden > LARGEST)
    reason = [beyond(int(k)) if out else why for k, out, why in zip(hidden, many, student.reason)]
    return Found(value, np.isfinite(value), reason=np.array(reason, object))
