"""Fits as processes: a machine and the rows it learns, watched on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from replicon._errors import InputError
from replicon.boltzmann.estimator import BoltzmannMachine
from replicon.boltzmann.fitting import UPDATES


def steps(controls) -> int:
    """Steps of a fit: those of the ascent with method=monte-carlo, else one. The optimisers of the
    likelihoods are SciPy's, which run to their end, and the closed methods have no steps.
    """
    return UPDATES if controls.method == "monte-carlo" else 1


class Fit:
    """A machine that learns rows (B, N), from independent spins or, with method=monte-carlo, from
    the start of the ascent.

    `machine`, as it is now; `judged`, what `judge(machine)` said of it before the first step and
    after each. Raises InputError, with the place `where`, for rows that cannot be fitted.
    """

    def __init__(
        self,
        machine: BoltzmannMachine,
        rows: np.ndarray,
        where: str,
        judge: Callable[[BoltzmannMachine], float],
    ):
        self.machine = machine
        self.where = where
        self.judge = judge
        self.judged: list[float] = []
        with self._located():
            self.fitting = machine._begin(rows)
            self._look()

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.fitting.done

    def step(self, count: int) -> None:
        """So many steps, fewer at the end."""
        for _ in range(count):
            if self.done:
                break
            with self._located():
                self.fitting.step(1)
                self._look()

    def view(self) -> dict:
        """The couplings (N, N), and what was judged over the steps (times, 1)."""
        return {
            "couplings": self.machine.couplings_,
            "trajectory": np.array(self.judged)[:, None],
        }

    def _look(self) -> None:
        self.machine._take(self.fitting)
        self.judged.append(self.judge(self.machine))

    @contextmanager
    def _located(self) -> Iterator[None]:
        """Refusals say at which controls."""
        try:
            yield
        except InputError as error:
            raise InputError(f"No fit at {self.where}: {error}") from None
