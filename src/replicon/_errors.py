"""The exceptions a user can meet. Each carries one sentence: what was given, what is allowed, the
way out.
"""

from __future__ import annotations

from typing import Any


class RepliconError(Exception):
    """Root of them all, so that `except RepliconError` catches exactly what Replicon says on
    purpose.
    """


class InputError(RepliconError, ValueError):
    """A name, value, file or array that cannot be used as given."""


class ConvergenceError(RepliconError, RuntimeError):
    """A single point whose order parameters, or a transition whose value, could not be found.

    `result`: the Dataset that a grid would hold of this point, marked as not converged; None where
    a function that gives none raised it.
    """

    def __init__(self, sentence: str, result: Any = None):
        super().__init__(sentence)
        self.result = result


class DivergenceError(ConvergenceError):
    """Numbers that grew beyond all bounds: a dynamics, a chain or a training whose step is too
    large for it.
    """


class StoreError(RepliconError, RuntimeError):
    """A folder of results that is not what it should be: another study's, damaged, or in use."""
