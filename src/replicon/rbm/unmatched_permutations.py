"""Where the units of an unmatched student become different, and where each of them picks one of its
teacher's.

While all units learn the same, two small numbers may grow: B, a difference of the student's own
units, and D, a preference for one order of the teacher's. D makes B, of order D^2: where D grows
first both break at once, as on the matched line; where B does, the units differ and belong to none
of the teacher's up to a second load.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replicon.rbm.unmatched import as_arrays, rows_of, state
from replicon.rbm.unmatched_transitions import LARGEST, NOISE, VISIBLE, along, find_retrieval
from replicon.theory.branch import Found
from replicon.theory.transition import zero

_FAR = 8.0  # times the load at which units differ, where their choosing is looked for
_TOGETHER = 1e-6  # of loads and growth factors: what is so close is one
# Of the load at which units differ, from where on it is seen that they do.
_BEGINNINGS = (1e-3, 1e-5, 2e-2)


class _Onsets(NamedTuple):
    """Of small B and small D on branch symmetric: loads (points,), NaN where none was found; and
    why, '' where that is not known.
    """

    student: np.ndarray
    teacher: np.ndarray
    reason: np.ndarray

    @property
    def first(self) -> np.ndarray:
        """The load at which the student's units become different."""
        return np.fmin(self.student, self.teacher)

    @property
    def together(self) -> np.ndarray:
        """Whether each unit picks one of the teacher's at that same load."""
        return self.teacher <= self.first * (1 + _TOGETHER)


def _never(c, approximation: str) -> np.ndarray:
    """Why no permutation of units breaks, (points,), '' where one may."""
    alone = "one hidden unit has no other to be exchanged with"
    unknown = "approximation=hopfield is known for one hidden unit: give hidden=1"
    free = "without correlation the units differ as soon as they learn (transition retrieval)"
    return np.select(
        [
            c.hidden == 1,
            np.full(c.hidden.shape, approximation != "exact"),
            c.teacher_inverse_temperature == 0,
            (c.correlation == 0) & (c.student_correlation == 0),
        ],
        [alone, unknown, NOISE, free],
        "",
    )


def _onsets(controls) -> _Onsets:
    """On branch symmetric, from the load on at which the student finds its teacher."""
    c = as_arrays(controls)
    reason = _never(c, controls.approximation)
    student = np.full(c.load.shape, np.nan)
    teacher = np.full(c.load.shape, np.nan)
    rows = np.flatnonzero(reason == "")
    if not len(rows):
        return _Onsets(student, teacher, reason)
    learns = find_retrieval(controls)
    rows = rows[learns.converged[rows]]
    reason = np.where(reason == "", learns.reason, reason)
    if not len(rows):
        return _Onsets(student, teacher, reason)
    some = rows_of(c, rows)
    low = learns.value[rows] * (1 + VISIBLE)
    high = np.full(low.shape, LARGEST)
    for which, value in (("student", student), ("teacher", teacher)):
        branch = along(some, "exact", "symmetric", which)
        value[rows] = zero(branch, low, high, geometric=True).value
    wrong = ~_stable_up_to(some, np.fmin(student[rows], teacher[rows]))
    student[rows[wrong]] = np.nan
    teacher[rows[wrong]] = np.nan
    if wrong.any():
        cold = ~_stable_up_to(rows_of(some, wrong), low[wrong])
        already = "the units of so cold a student differ already where it finds its teacher"
        reason[rows[wrong][cold]] = already
    return _Onsets(student, teacher, reason)


def _stable_up_to(c, load) -> np.ndarray:
    """Whether neither small B nor small D grows on branch symmetric at these loads."""
    known = np.isfinite(load)
    out = state(c._replace(load=np.where(known, load, 1.0)), "exact", "symmetric")
    grows = np.fmax(out["student"], out["teacher"])
    return known & out["converged"] & (grows < 1 + _TOGETHER)


def find_permutation_student(controls) -> Found:
    """Where the student's units become different: small B or D begin to grow."""
    found = _onsets(controls)
    there = np.isfinite(found.first)
    return Found(found.first, there, reason=np.where(there, "", found.reason))


def find_permutation_teacher(controls) -> Found:
    """Where each of the student's units picks one of the teacher's: at that load, where D grows
    first; else where small D grows among units that differ.
    """
    found = _onsets(controls)
    value = np.where(found.together, found.first, np.nan)
    c = as_arrays(controls)
    for beginning in _BEGINNINGS:
        rows = np.flatnonzero(np.isfinite(found.first) & np.isnan(value))
        if not len(rows):
            break
        low = found.first[rows]
        branch = along(rows_of(c, rows), "exact", "permutation-student", "teacher")
        high = np.minimum(_FAR * low, LARGEST)
        value[rows] = zero(branch, low * (1 + beginning), high, geometric=True).value
    there = np.isfinite(value)
    return Found(value, there, reason=np.where(there, "", found.reason))
