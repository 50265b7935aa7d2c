"""Data of known couplings, and every method on the same data."""

from __future__ import annotations

import numpy as np

from replicon._errors import InputError
from replicon.boltzmann.estimator import LARGEST, BoltzmannMachine
from replicon.boltzmann.fit_finite import Fit
from replicon.spins.heat_bath import as_kernel, local_fields, sweep

DEGREE = 3
_SPACING = 5  # sweeps between rows of a chain
_CHAINS = 2000
_UNSEEN = 2000  # new rows at most


def check_size(controls: dict, size: int) -> None:
    """Refuse what a method or a graph cannot have."""
    if "exact" in controls["method"] and size > LARGEST:
        raise InputError(
            f"size = {size} is too large for method=exact: give size <= {LARGEST} (2^N states), or"
            " method=monte-carlo."
        )
    if "diluted" in controls["couplings"] and (size < 4 or size % 2):
        raise InputError(
            f"size = {size} has no random graph of degree {DEGREE}: give an even size >= 4."
        )
    fewest = min(round(load * size) for load in controls["load"])
    if (
        fewest < 2 * size
        and {*controls["method"]} - {"independent", "pair"}
        and 0 in controls["regularization"]
    ):
        raise InputError(
            f"load = {min(controls['load']):g} with size = {size} makes {fewest} rows: give load >="
            " 2, or method=pseudo-likelihood with regularization > 0."
        )


def draw_couplings(kind: str, size: int, beta: float, rng: np.random.Generator) -> np.ndarray:
    """(N, N), symmetric: normal of variance beta^2/N, or +-beta on a random graph whose vertices
    have three neighbours each.
    """
    J = np.zeros((size, size))
    if kind == "sk":
        J = np.triu(rng.normal(0, beta / np.sqrt(size), (size, size)), 1)
        return J + J.T
    while True:  # pairs of stubs, until no pair is a loop and none repeats: one try in about eight
        stubs = rng.permutation(np.repeat(np.arange(size), DEGREE)).reshape(-1, 2)
        edges = np.sort(stubs, axis=1)
        if (edges[:, 0] < edges[:, 1]).all() and len(np.unique(edges, axis=0)) == len(edges):
            break
    J[edges[:, 0], edges[:, 1]] = beta * rng.choice([-1.0, 1.0], len(edges))
    return J + J.T


def draw_rows(J: np.ndarray, count: int, burn: int, rng: np.random.Generator) -> np.ndarray:
    """`count` rows (count, N) of +-1, int8, of independent heat-bath chains, each giving a row
    every fifth sweep.
    """
    couplings, external = as_kernel(J)
    chains = min(count, _CHAINS)
    spins = rng.choice(np.array([-1, 1], np.float32), (chains, len(J)))
    fields = np.empty_like(spins)
    betas = np.ones(chains)
    rows = []
    local_fields(couplings, external, spins, fields)
    for _ in range(burn):
        sweep(couplings, fields, spins, betas, rng)
    while len(rows) * chains < count:
        rows.append(spins.astype(np.int8))
        local_fields(couplings, external, spins, fields)
        for _ in range(_SPACING):
            sweep(couplings, fields, spins, betas, rng)
    return np.concatenate(rows)[:count]


class Reconstruction:
    """New couplings, round(load N) rows, and a machine that learns them; a step is one of the
    ascent with method=monte-carlo, else the whole fit.

    The pseudo-likelihood is that of as many new rows, at most 2000.
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        true = draw_couplings(controls.couplings, size, controls.inverse_temperature, rng)
        count = round(controls.load * size)
        rows = draw_rows(true, count + min(count, _UNSEEN), controls.sweeps, rng)
        kept = rng.permutation(len(rows))
        penalized = controls.method == "pseudo-likelihood"
        strength = controls.regularization if penalized else 0.0
        seed = int(rng.integers(2**31))
        machine = BoltzmannMachine(controls.method, regularization=strength, seed=seed)
        where = (
            f"load = {controls.load:g}, inverse_temperature = {controls.inverse_temperature:g}, "
            f"method = {controls.method}, regularization = {controls.regularization:g}"
        )
        self.true = true
        self.norm = (true**2).sum()
        self.unseen = rows[kept[count:]]
        self.fit = Fit(machine, rows[kept[:count]], where, self._error)

    def _error(self, machine: BoltzmannMachine) -> float:
        return float(np.sqrt(((machine.couplings_ - self.true) ** 2).sum() / self.norm))

    @property
    def done(self) -> bool:
        return self.fit.done

    def step(self, count: int) -> None:
        """So many steps of the fit."""
        self.fit.step(count)

    def measure(self) -> dict:
        machine = self.fit.machine
        return {
            "reconstruction_error": self.fit.judged[-1],
            "coupling_slope": (machine.couplings_ * self.true).sum() / self.norm,
            "pseudo_likelihood": machine.score(self.unseen),
            "converged_fraction": machine.converged_,
        }

    def view(self) -> dict:
        return self.fit.view()
