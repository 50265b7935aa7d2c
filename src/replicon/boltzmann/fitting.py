"""A Boltzmann machine on its way: in steps where moments come from chains, otherwise all at once.

What is fitted has `now`, the couplings and fields found so far, `step(count)`, and `done`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from replicon._errors import InputError
from replicon._seed import read_generator
from replicon.boltzmann import enumerated, inverse, likelihood
from replicon.boltzmann.enumerated import Penalty
from replicon.boltzmann.inverse import Inferred
from replicon.boltzmann.moments import Data
from replicon.boltzmann.monte_carlo import Ascent

if TYPE_CHECKING:
    from replicon.boltzmann.estimator import BoltzmannMachine

UPDATES = 600  # steps of an ascent
_REFEREE = 14  # spins up to which enumeration decides whether a maximum exists
_LARGEST = 0.999  # magnetization from which an ascent starts: that of a constant column is 1
_LARGE = 1e9  # multiplications of a product, some 50 ms, from which threads are worth waiting for
_TAME = 2.0  # largest coupling of a start
_NO_SHRINKING = "Newton steps do not shrink"


class AtOnce:
    """A fit without steps of its own: independent spins, and after one step the answer, found by so
    many `threads` of linear algebra (None: all).
    """

    def __init__(self, data: Data, solve: Callable[[], Inferred], threads: int | None = 1):
        couplings = np.zeros_like(data.second)
        self.data = data
        self.now = Inferred(couplings, _alone(data.m), "it has not begun")
        self.done = False
        self._solve = solve
        self._threads = threads

    def step(self, count: int) -> None:
        """All of it."""
        if count and not self.done:
            # L-BFGS calls LAPACK for matrices of a few numbers, thousands of times: threads that
            # wait for each other took seven eighths of a fit.
            with threadpool_limits(limits=self._threads, user_api="blas"):
                self.now = self._solve()
            self.done = True


def begin(machine: BoltzmannMachine, data: Data, C: np.ndarray) -> AtOnce | Ascent:
    """The fit of a machine, whose settings were checked, to data of connected correlations C."""
    if machine.method in inverse.CLOSED:
        return AtOnce(data, lambda: _closed(machine.method, data.m, C))
    penalty = Penalty(
        float(machine.regularization), machine.penalty, float(machine.field_regularization)
    )
    independent = (np.zeros_like(C), _alone(data.m))
    bethe = _tame(data.m, C)
    start = bethe or independent
    if machine.method == "pseudo-likelihood":
        rows, size = data.rows.shape
        threads = None if rows * size**2 > _LARGE else 1
        return AtOnce(data, lambda: _pseudo(data, start, penalty), threads)
    if machine.method == "exact":
        return AtOnce(data, lambda: _exact(data, start, penalty))
    near, unsure = _near(data, start, penalty)
    starts = [near, independent, *([bethe] if bethe else [])]
    rng = read_generator(machine.seed)
    lengths = (int(machine.chains), int(machine.updates), int(machine.sweeps))
    return Ascent(data, starts, penalty, *lengths, rng, unsure)


def _alone(m: np.ndarray) -> np.ndarray:
    """Fields of independent spins, finite where a column is constant."""
    return np.arctanh(np.clip(m, -_LARGEST, _LARGEST))


def _closed(method: str, m: np.ndarray, C: np.ndarray) -> Inferred:
    couplings, fields = inverse.CLOSED[method](m, C)
    return Inferred(couplings, fields, inverse.unsolved(method, m, C))


def _pseudo(data: Data, start, penalty: Penalty) -> Inferred:
    rows = weighted(data.rows, data.pseudocount, data.weights)
    couplings, fields, there = likelihood.pseudo_likelihood(*rows, start, penalty)
    return Inferred(couplings, fields, "" if there else _NO_SHRINKING)


def _exact(data: Data, start, penalty: Penalty) -> Inferred:
    found = enumerated.exact_likelihood(data.m, data.second, start, penalty)
    couplings, fields, there = found
    return Inferred(couplings, fields, "" if there else _NO_SHRINKING)


def _near(data: Data, start, penalty: Penalty) -> tuple[tuple[np.ndarray, np.ndarray], str]:
    """(J, h) of the pseudo-likelihood, from which chains go on; and, where the likelihood may have
    no maximum, a phrase that says so.

    Where the pseudo-likelihood has a maximum, the likelihood has one; the converse is not true.
    """
    unsure = ""
    try:
        found = _pseudo(data, start, penalty)
    except InputError:
        if len(data.m) <= _REFEREE:
            _exact(data, start, penalty)  # raises where there is none
        else:
            unsure = (
                "some columns are functions of others, and whether the likelihood has a maximum is"
                " not known"
            )
        held = penalty._replace(strength=1 / data.total, fields=1 / data.total)
        found = _pseudo(data, start, held)
    return (found.couplings, found.fields), unsure


def _tame(m: np.ndarray, C: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Bethe's couplings and fields where they are finite and moderate, else None."""
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            J, h = inverse.bethe(m, C)
    except InputError:
        return None
    finite = np.isfinite(J).all() and np.isfinite(h).all()
    return (J, h) if finite and np.abs(J).max() < _TAME else None


def weighted(
    spins: np.ndarray, pseudocount: float, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and how often each counts, those of the prior among them (see `BoltzmannMachine`)."""
    own = np.ones(len(spins)) if weights is None else weights
    if not pseudocount:
        return spins, own
    from scipy.linalg import hadamard

    count = spins.shape[1]
    matrix = hadamard(2 ** int(count).bit_length())[:, 1 : count + 1].astype(np.int8)
    even = np.concatenate([matrix, -matrix])
    prior = np.full(len(even), pseudocount / len(even))
    return np.concatenate([spins, even]), np.concatenate([own, prior])
