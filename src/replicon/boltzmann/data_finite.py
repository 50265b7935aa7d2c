"""Fits to splits of the data, and what they leave unexplained."""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from replicon._errors import InputError
from replicon._objects import held
from replicon.boltzmann.estimator import LARGEST, BoltzmannMachine
from replicon.boltzmann.fit_finite import Fit
from replicon.boltzmann.settings import LIKELIHOODS
from replicon.data.rows import load_rows

_BINS = 24
_SHOWN = 10
_TRIPLES = 2000
_ROWS = 10_000  # of a machine that is enumerated
_ROWS_BY_CHAINS = 4000
_LADDERS = 32  # of chains, for the specific heat
TEMPERATURES = np.linspace(0.4, 2.0, 17)  # in units of that of the fit
_SIDES = {"small-digits": 8, "digits": 28}


def check_size(controls: dict, size: int) -> None:
    """Refuse patches that are no squares or do not fit."""
    for data in controls["data"]:
        if data in _SIDES:
            side = math.isqrt(size)
            most = _SIDES[data]
            if side**2 != size or side > most:
                raise InputError(
                    f"size = {size} is no square patch of data={data}: give the square of a side of"
                    f" at most {most} pixels."
                )
        elif (most := held(data, load_rows).shape[1]) < size:
            raise InputError(
                f"size = {size} is more than the {most} columns of data={data}: give a smaller"
                " size."
            )
    if "exact" in controls["method"] and size > LARGEST:
        raise InputError(
            f"size = {size} is too large for method=exact: give size <= {LARGEST} (2^N states)."
        )


def columns(controls: dict) -> set[int]:
    """Numbers of columns of a user's own rows; of pictures any patch will do."""
    own = [data for data in controls["data"] if data not in _SIDES]
    return {held(data, load_rows).shape[1] for data in own}


def patch(data: str, size: int) -> np.ndarray:
    """Rows (n, size) of 0 and 1."""
    rows = held(data, load_rows)
    if data not in _SIDES:
        return rows[:, :size]
    whole = _SIDES[data]
    side = math.isqrt(size)
    first = (whole - side) // 2
    return rows.reshape(-1, whole, whole)[:, first : first + side, first : first + side].reshape(
        len(rows), size
    )


class Generated(NamedTuple):
    """Rows (samples, N) of +-1 of a machine, their three-point correlations, its specific heat per
    spin at `TEMPERATURES`, and whether the chains behind both mixed.
    """

    rows: np.ndarray
    triples: np.ndarray
    heat: np.ndarray
    mixed: bool


class Explanation:
    """A machine that learns nine tenths of the rows, drawn at random, and what it leaves
    unexplained; a step is one of the ascent with method=monte-carlo, else the whole fit.

    Each measurement draws rows of the machine and its specific heat, once a step.
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.rows = patch(controls.data, size)
        count = len(self.rows)
        order = rng.permutation(count)
        self.test = self.rows[order[: count // 10]]
        training = self.rows[order[count // 10 :]]
        penalized = controls.method in LIKELIHOODS
        strength = controls.regularization if penalized else 0.0
        seed = int(rng.integers(2**31))
        machine = BoltzmannMachine(controls.method, regularization=strength, seed=seed)
        where = (
            f"data = {controls.data}, method = {controls.method}, regularization ="
            f" {controls.regularization:g}, size = {size}"
        )
        self.fit = Fit(machine, training, where, lambda machine: machine.score(self.test))
        self.alone = BoltzmannMachine("independent").fit(training)
        self.seed = int(rng.integers(2**31))
        self.triples = np.zeros((0, 3), int)
        if size > 2:
            self.triples = np.array([rng.permutation(size)[:3] for _ in range(_TRIPLES)])
        self.in_data = _three_point(self.rows, self.triples)
        self.shown = self.rows[rng.permutation(count)[:_SHOWN]]
        self.generated: Generated | None = None

    @property
    def done(self) -> bool:
        return self.fit.done

    def step(self, count: int) -> None:
        """So many steps of the fit."""
        self.fit.step(count)
        self.generated = None

    def view(self) -> dict:
        return self.fit.view()

    def _generate(self) -> Generated:
        """Rows and specific heat of the machine as it is now, drawn once."""
        if self.generated is None:
            self.generated = _generate(
                self.fit.machine, self.controls.sweeps, self.triples, self.seed
            )
        return self.generated

    def measure(self) -> dict:
        machine = self.fit.machine
        model = self._generate()
        upper = np.triu_indices(self.rows.shape[1], 1)
        gap = (_connected(model.rows) - _connected(self.test))[upper]
        slope = np.nan
        if len(self.triples):
            slope = (self.in_data @ model.triples) / (self.in_data @ self.in_data)
        return {
            "pseudo_likelihood": self.fit.judged[-1],
            "independent_likelihood": self.alone.score(self.test),
            "correlation_error": np.sqrt(np.mean(gap**2)),
            "three_point_slope": slope,
            "critical_temperature": _place_of_maximum(model.heat),
            "converged_fraction": float(machine.converged_ and model.mixed),
        }

    def finish(self) -> dict:
        """Pictures: rows of the data, of the machine, and of independent spins; connected pair and
        three-point correlations in 24 bins of equal numbers, ordered by the data; specific heats.
        """
        model = self._generate()
        upper = np.triu_indices(self.rows.shape[1], 1)
        pairs = _connected(self.rows)[upper]
        h = self.alone.fields_[:, None] / TEMPERATURES
        return {
            "examples": self.shown,
            "samples": model.rows[:_SHOWN] > 0,
            "independent": self.alone.sample(_SHOWN, sweeps=1, seed=self.seed) > 0,
            "pair_data": _binned(pairs, pairs),
            "pair_model": _binned(pairs, _connected(model.rows)[upper]),
            "triple_data": _binned(self.in_data, self.in_data),
            "triple_model": _binned(self.in_data, model.triples),
            "specific_heat": model.heat,
            "specific_heat_independent": (h**2 / np.cosh(h) ** 2).mean(axis=0),
        }


def _generate(machine: BoltzmannMachine, sweeps: int, triples: np.ndarray, seed: int) -> Generated:
    size = machine.n_features_in_
    count = _ROWS if size <= LARGEST else _ROWS_BY_CHAINS
    with warnings.catch_warnings(record=True) as said:  # `converged_fraction` says it
        warnings.simplefilter("always")
        rows = machine.sample(count, sweeps=sweeps, seed=seed)
        heat = machine.specific_heat(TEMPERATURES, chains=_LADDERS, sweeps=sweeps, seed=seed)
    mixed = not any(issubclass(one.category, ConvergenceWarning) for one in said)
    in_model = _three_point(rows, triples)
    return Generated(rows, in_model, heat["specific_heat"].values, mixed)


def _place_of_maximum(heat: np.ndarray) -> float:
    """The temperature at which the specific heat is largest, NaN at the ends."""
    place = int(np.argmax(heat))
    return TEMPERATURES[place] if 0 < place < len(heat) - 1 else np.nan


def _connected(rows: np.ndarray) -> np.ndarray:
    s = np.where(rows > 0, 1.0, -1.0)
    return np.cov(s.T, bias=True).reshape(s.shape[1], s.shape[1])


def _three_point(rows: np.ndarray, triples: np.ndarray) -> np.ndarray:
    s = np.where(rows > 0, 1.0, -1.0)
    s = (s - s.mean(axis=0)).T.copy()
    return np.array([(s[i] * s[j]) @ s[k] for i, j, k in triples]) / len(rows)


def _binned(by: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Means of `values` in bins of equal numbers, in the order of `by`; fewer values than bins
    leave NaN.
    """
    parts = np.array_split(values[np.argsort(by, kind="stable")], _BINS)
    return np.array([part.mean() if len(part) else np.nan for part in parts])
