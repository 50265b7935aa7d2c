"""Finite linear attention: the weights trained on drawn prompts, and their exact errors."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from replicon._errors import InputError
from replicon.attention.hamiltonian import Hamiltonian, train
from replicon.attention.prompts import draw_prompts, draw_tasks, power_law

_SPECTRUM = 784  # weights up to which the spectrum of J is given


def counts(controls, size: int) -> tuple[int, int, int]:
    """(l, k, n) at dimension `size`: examples in a prompt, tasks, prompts."""
    return (
        round(controls.context * size),
        round(controls.diversity * size),
        round(controls.prompts * size**2),
    )


def check_counts(
    controls: dict, units: dict[str, tuple[str, int]], endless: tuple[str, ...] = ()
) -> None:
    """Refuse a control that, times its unit, makes none of what it counts, or endlessly many unless
    it is among `endless`.
    """
    for name, (what, unit) in units.items():
        for value in controls[name]:
            if math.isinf(value):
                if name in endless:
                    continue
                raise InputError(
                    f"{name} = inf cannot be simulated: give a finite number ({what} / {unit})."
                )
            if round(value * unit) < 1:
                raise InputError(
                    f"{name} = {value:g} gives no {what} at this size: give {name} >="
                    f" {1 / unit:.3g}."
                )


def check_size(controls: dict, size: int) -> None:
    """Refuse sizes at which there is no example, no task or no prompt, and measures without a
    minimum or a width.
    """
    check_counts(
        controls,
        {
            "context": ("examples", size),
            "diversity": ("tasks", size),
            "prompts": ("prompts", size**2),
        },
    )
    if 0 in controls["ridge"] and (
        max(controls["temperature"]) > 0 or "gradient-descent" in controls["method"]
    ):
        raise InputError(
            "ridge = 0 leaves directions without a minimum: give ridge > 0 with this temperature or"
            " method."
        )
    if max(controls["temperature"]) > 0 and "gradient-descent" in controls["method"]:
        raise InputError(
            "method = gradient-descent ends in the minimum whatever the temperature: give"
            " temperature=0, or another method."
        )


class Errors(NamedTuple):
    """Exact mean square errors of weights: no test prompt is drawn."""

    icl: float
    idg: float


class TaskMoments(NamedTuple):
    """Means over tasks w, s = w S w/d + noise the variance of a label: second = E w w^T (d, d),
    label = E s, label_squared = E s^2, odd = E s w (d,).
    """

    second: np.ndarray
    label: float
    label_squared: float
    odd: np.ndarray


def errors(
    gamma: np.ndarray,
    tasks: np.ndarray,
    controls,
    length: int,
    covariance: np.ndarray,
    task_covariance: np.ndarray,
) -> Errors:
    """Errors on new tasks and on `tasks` (k, d), averaged over contexts and queries in closed form,
    for weights (d, D).
    """
    d = len(covariance)
    variances = (tasks**2) @ covariance / d + controls.noise
    known = TaskMoments(
        second=tasks.T @ tasks / len(tasks),
        label=variances.mean(),
        label_squared=(variances**2).mean(),
        odd=(variances[:, None] * tasks).mean(axis=0),
    )
    signal = task_covariance * covariance
    mean = np.sum(signal) / d + controls.noise
    new = TaskMoments(
        second=np.diag(task_covariance),
        label=mean,
        label_squared=mean**2 + 2 * np.sum(signal**2) / d**2,
        odd=np.zeros(d),
    )
    return Errors(
        icl=_misfit(gamma, new, length, covariance) + controls.noise,
        idg=_misfit(gamma, known, length, covariance) + controls.noise,
    )


def _misfit(gamma: np.ndarray, tasks: TaskMoments, length: int, S: np.ndarray) -> float:
    """Mean square of x.(w - Gamma h), in which for one task, with S = diag(covariance),

    E h = S w, E h h^T = (1 + 1/l) S w w S + (d/l) s S; the last column u = (1/l) sum y^2 has
    E u = s, E u^2 = s^2 (1 + 2/l) and E h u = S w s (1 + 2/l).
    """
    d = len(S)
    square = gamma[:, :d]
    extra = gamma[:, d] if gamma.shape[1] > d else np.zeros(d)
    W = tasks.second
    moment = (1 + 1 / length) * S[:, None] * W * S + (d / length) * tasks.label * np.diag(S)
    fixed = (
        np.sum(S * np.diag(W))
        - 2 * np.sum((S[:, None] * square) * (S[:, None] * W).T)
        + np.sum((S[:, None] * square) * (square @ moment))
    )
    last = (1 + 2 / length) * tasks.label_squared * np.sum(S * extra**2)
    cross = 2 * np.sum(S * extra * ((1 + 2 / length) * square @ (S * tasks.odd) - tasks.odd))
    return float(fixed + last + cross) / d


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One set of tasks and prompts; errors are exact expectations for the trained weights.

    Further arrays: `weights`, the square part of Gamma as d^2 numbers, and up to 784 weights
    `coupling_spectrum`, the eigenvalues of J d/n in falling order.
    """
    length, count, n = counts(controls, size)
    covariance = power_law(size, controls.decay)
    task_covariance = power_law(size, controls.task_decay)
    tasks = draw_tasks(rng, count, task_covariance)
    asked = tasks[rng.integers(0, count, n)]
    full = controls.columns == "full"
    prompts = draw_prompts(rng, asked, length, controls.noise, covariance, full)
    hamiltonian = Hamiltonian(prompts, controls.ridge * n / size)
    gamma = train(hamiltonian, controls.temperature, controls.method, rng)
    test = errors(gamma, tasks, controls, length, covariance, task_covariance)
    square = gamma[:, :size]
    norm = max(float(np.linalg.norm(gamma)), 1e-300)
    out = {
        "icl_error": test.icl,
        "idg_error": test.idg,
        "diagonal": np.trace(square) / size,
        "alignment": np.trace(square) / (np.sqrt(size) * norm),
        "energy": hamiltonian.energy(gamma) / n,
        "weights": square.ravel(),
    }
    if gamma.size <= _SPECTRUM:
        out["coupling_spectrum"] = np.linalg.eigvalsh(hamiltonian.couplings)[::-1] * size / n
    return out
