"""What a fitted Boltzmann machine says of data: moments that it never saw, and its
specific heat.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray

from replicon._arrays import real_array
from replicon._domains import show
from replicon._errors import InputError
from replicon._statistics import jackknife
from replicon.boltzmann import enumerated
from replicon.boltzmann.chains import Population, tuned_ladder


def compare_moments(
    spins: np.ndarray, model: np.ndarray, triples: int, seed: int
) -> xarray.Dataset:
    """`BoltzmannMachine.diagnose` of rows (rows, N) of +-1 beside rows of the model."""
    n = spins.shape[1]
    first, second = np.triu_indices(n, 1)
    rng = np.random.default_rng(seed)
    if n > 2:
        chosen = np.unique(
            np.sort([rng.permutation(n)[:3] for _ in range(triples)], axis=1), axis=0
        )
    else:
        chosen = np.zeros((0, 3), int)
    statistics = {
        "magnetization": ("spin", lambda s: s.astype(float)),
        "correlation": ("pair", lambda s: enumerated.products(s, s)),
        "three_point": (
            "triple",
            lambda s: np.prod([(s - s.mean(axis=0))[:, chosen[:, k]] for k in range(3)], axis=0),
        ),
        "active": (
            "number",
            lambda s: (((s > 0).sum(axis=1))[:, None] == np.arange(n + 1)).astype(float),
        ),
    }
    variables = {}
    for name, (axis, of) in statistics.items():
        (a, da), (b, db) = (_moments(of, rows) for rows in (spins, model))
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(a == b, 0.0, (a - b) / np.hypot(da, db))
        variables |= {
            f"{name}_data": (axis, a),
            f"{name}_model": (axis, b),
            f"{name}_z": (axis, z),
            f"{name}_data_error": (axis, da),
            f"{name}_model_error": (axis, db),
        }
    places = {
        "first": ("pair", first),
        "second": ("pair", second),
        "triple_spins": (("triple", "place"), chosen),
    }
    return xarray.Dataset({**variables, **places}, attrs={"kind": "diagnosis"})


def _moments(of, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over rows of the columns that `of` makes of them."""
    columns = of(rows)
    mean = columns.mean(axis=0, dtype=float)
    square = (columns.astype(float) ** 2).mean(axis=0)
    return mean, np.sqrt(np.maximum(square - mean**2, 0.0) / len(rows))


def read_temperatures(temperatures: Any) -> np.ndarray:
    """Temperatures > 0 (T,), the data standing at 1. Raises InputError."""
    expected = "expected temperatures > 0 (the data stand at 1)"
    T = np.atleast_1d(real_array("temperatures", temperatures, expected))
    if T.ndim != 1 or not (T > 0).all():
        raise InputError(f"temperatures = {show(temperatures)} is outside its domain: {expected}.")
    return T


def exact_heat(couplings: np.ndarray, fields: np.ndarray, T: np.ndarray) -> xarray.Dataset:
    """Specific heat per spin at temperatures T from the energies of all states; error 0."""
    levels = enumerated.energies(couplings, fields)
    value = np.empty(len(T))
    for k, t in enumerate(T):
        weight = np.exp(-(levels - levels.min()) / t)
        weight /= weight.sum()
        value[k] = weight @ (levels - weight @ levels) ** 2 / (len(fields) * t**2)
    return _heat(value, np.zeros(len(T)), T)


def _heat(value: np.ndarray, error: np.ndarray, T: np.ndarray) -> xarray.Dataset:
    return xarray.Dataset(
        {"specific_heat": ("temperature", value), "error": ("temperature", error)},
        {"temperature": T},
    )


def tempered_heat(
    couplings: np.ndarray, fields: np.ndarray, T: np.ndarray, chains: int, sweeps: int, rng
) -> tuple[xarray.Dataset, str]:
    """(specific heat per spin at temperatures T with its error, what is wrong with the chains or
    '') from ladders of chains that exchange neighbouring temperatures.
    """
    lowest = T.min()
    model = (couplings / lowest, fields / lowest, np.zeros(len(fields)))
    ladder = tuned_ladder(*model, rng, (0.0, 1.0, *(lowest / T)))
    population = Population(*model, chains, rng, ladder)
    limit = max(20 * sweeps, 4000)
    mixed = all(population.turn_over(limit)[1] for _ in range(3))
    population.forget()
    population.state.renewed[:] = False
    population.step(sweeps)
    mixed &= population.renewed >= 0.9
    reason = ""
    if not mixed:
        levels = len(ladder)
        reason = (
            f"chains at temperature {lowest:g} did not mix in {limit} sweeps over {levels} levels"
        )
    # Moments are pooled over copies, about their common mean: a variance within each would be too
    # small.
    place = np.argmin(np.abs(ladder - (lowest / T)[:, None]), axis=1)
    first, second = np.moveaxis(population.state.sums[place] / sweeps, 2, 0)
    centre = first.mean(axis=1, keepdims=True)
    second = second - 2 * centre * first + centre**2
    first = first - centre
    found = [jackknife(lambda a, b: b - a**2, *pair) for pair in zip(first, second, strict=True)]
    scale = lowest**2 / (len(fields) * T**2)
    value, error = (scale * np.array(x) for x in zip(*found, strict=True))
    return _heat(value, error, T), reason
