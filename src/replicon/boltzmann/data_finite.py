"""Fits to splits of the data, and what they leave unexplained."""

from __future__ import annotations

import math
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from replicon._errors import InputError
from replicon.boltzmann.estimator import LARGEST, BoltzmannMachine
from replicon.data.rows import load_rows

_BINS = 24
_SHOWN = 10
_SIDES = {"small-digits": 8, "digits": 28}


def check_size(controls: dict, size: int) -> None:
    """Refuse patches that are no squares or do not fit."""
    for data in controls["data"]:
        if data in _SIDES:
            side, most = math.isqrt(size), _SIDES[data]
            if side**2 != size or side > most:
                raise InputError(
                    f"size = {size} is no square patch of data={data}: give the square of a side of"
                    f" at most {most} pixels."
                )
        elif load_rows(data).shape[1] < size:
            raise InputError(
                f"size = {size} is more than the {load_rows(data).shape[1]} columns of data={data}:"
                " give a smaller size."
            )
    if "exact" in controls["method"] and size > LARGEST:
        raise InputError(
            f"size = {size} is too large for method=exact: give size <= {LARGEST} (2^N states)."
        )


def patch(data: str, size: int) -> np.ndarray:
    """Rows (n, size) of 0 and 1."""
    rows = load_rows(data)
    if data not in _SIDES:
        return rows[:, :size]
    whole, side = _SIDES[data], math.isqrt(size)
    first = (whole - side) // 2
    return rows.reshape(-1, whole, whole)[:, first : first + side, first : first + side].reshape(
        len(rows), size
    )


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One fit to nine tenths of the rows, drawn at random.

    Arrays: `examples`, `samples` of the model, `independent` ones (pictures, N); connected pair and
    three-point correlations in 24 bins of equal numbers, ordered by the data: `pair_data`,
    `pair_model`, `triple_data`, `triple_model`; `temperature_scale`, `specific_heat` of the model
    and `specific_heat_independent` of spins with the same means.
    """
    return _one(controls, patch(controls.data, size), rng)


def _one(controls, rows: np.ndarray, rng: np.random.Generator) -> dict:
    count, size = rows.shape
    order = rng.permutation(count)
    test, training = rows[order[: count // 10]], rows[order[count // 10 :]]
    strength = (
        controls.regularization
        if controls.method in ("pseudo-likelihood", "exact", "monte-carlo")
        else 0.0
    )
    machine = BoltzmannMachine(
        controls.method, regularization=strength, seed=int(rng.integers(2**31))
    )
    alone = BoltzmannMachine("independent")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            machine.fit(training)
            alone.fit(training)
        except InputError as error:
            where = (
                f"data = {controls.data}, method = {controls.method}, regularization ="
                f" {controls.regularization:g}"
            )
            raise InputError(f"No fit at {where}, size = {size}: {error}") from None
    seed = int(rng.integers(2**31))
    temperatures = np.linspace(0.4, 2.0, 17)
    with warnings.catch_warnings(record=True) as said:  # `converged_fraction` says it
        warnings.simplefilter("always")
        model = machine.sample(
            10_000 if size <= LARGEST else 4000, sweeps=controls.sweeps, seed=seed
        )
        heat = machine.specific_heat(temperatures, copies=32, sweeps=controls.sweeps, seed=seed)[
            "specific_heat"
        ].values
    mixed = not any(issubclass(one.category, ConvergenceWarning) for one in said)
    upper = np.triu_indices(size, 1)
    pairs = [_connected(x)[upper] for x in (rows, model, test)]
    triples = (
        np.array([rng.permutation(size)[:3] for _ in range(2000)])
        if size > 2
        else np.zeros((0, 3), int)
    )
    data3, model3 = _three_point(rows, triples), _three_point(model, triples)
    h = alone.fields_[:, None] / temperatures
    return {
        "pseudo_likelihood": machine.score(test),
        "independent_likelihood": alone.score(test),
        "correlation_error": np.sqrt(np.mean((pairs[1] - pairs[2]) ** 2)),
        "three_point_slope": (data3 @ model3) / (data3 @ data3) if len(data3) else np.nan,
        "critical_temperature": (
            temperatures[place] if 0 < (place := int(np.argmax(heat))) < len(heat) - 1 else np.nan
        ),
        "converged_fraction": float(machine.converged_ and mixed),
        "examples": rows[rng.permutation(count)[:_SHOWN]],
        "samples": model[:_SHOWN] > 0,
        "independent": alone.sample(_SHOWN, sweeps=1, seed=seed) > 0,
        "pair_data": _binned(pairs[0], pairs[0]),
        "pair_model": _binned(pairs[0], pairs[1]),
        "triple_data": _binned(data3, data3),
        "triple_model": _binned(data3, model3),
        "specific_heat": heat,
        "specific_heat_independent": (h**2 / np.cosh(h) ** 2).mean(axis=0),
    }


def _connected(rows: np.ndarray) -> np.ndarray:
    s = np.where(rows > 0, 1.0, -1.0)
    return np.cov(s.T, bias=True).reshape(s.shape[1], s.shape[1])


def _three_point(rows: np.ndarray, triples: np.ndarray) -> np.ndarray:
    s = np.where(rows > 0, 1.0, -1.0)
    s = s - s.mean(axis=0)
    return (s[:, triples[:, 0]] * s[:, triples[:, 1]] * s[:, triples[:, 2]]).mean(axis=0)


def _binned(by: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Means of `values` in bins of equal numbers, in the order of `by`; fewer values than bins
    leave NaN.
    """
    parts = np.array_split(values[np.argsort(by, kind="stable")], _BINS)
    return np.array([part.mean() if len(part) else np.nan for part in parts])
