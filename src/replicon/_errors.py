"""The exceptions a user can meet. Each carries one sentence: what was given, what is allowed, the
way out.
"""


class RepliconError(Exception):
    """Root of them all, so that `except RepliconError` catches exactly what Replicon says on
    purpose.
    """


class InputError(RepliconError, ValueError):
    """A name, value, file or array that cannot be used as given."""


class ConvergenceError(RepliconError, RuntimeError):
    """A single point whose order parameters, or a transition whose value, could not be found."""


class DivergenceError(ConvergenceError):
    """Numbers that grew beyond all bounds: a dynamics, a chain or a training whose step is too
    large for it.
    """


class StoreError(RepliconError, RuntimeError):
    """A folder of results that is not what it should be: another study's, damaged, or in use."""
