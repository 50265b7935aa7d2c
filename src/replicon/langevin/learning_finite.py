"""Eight chains for each draw of the data, measured under the names of the theory."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from replicon._errors import InputError
from replicon.langevin.sampling import sample_langevin

CHAINS = 8
_CURVE, _EVERY = 60, 5
_BINS = np.linspace(-2.5, 2.5, 51)


def check_size(controls: dict, size: int) -> None:
    """Refuse minibatches of nothing."""
    if "sgld" in controls["method"]:
        if {*controls["energy"]} - {"regression"}:
            raise InputError("method = sgld takes minibatches of examples: give energy=regression.")
        if round(min(controls["load"]) * size) < 1:
            raise InputError(
                f"load = {min(controls['load']):g} with size = {size} leaves no example for"
                " method=sgld: give a larger load."
            )


def quadratic(w):
    return (w**2).sum() / 2


def double_well(w):
    return ((w**2 - 1) ** 2).sum()


def squares(w, rows):
    """Each row carries its share of the ridge, so that one compiled function serves all strengths,
    minibatches too.
    """
    x, y, share = rows
    return (((y - x @ w / math.sqrt(len(w))) ** 2).sum() + share.sum() * (w**2).sum()) / 2


def on_the_sphere(u, rows):
    """Energy of w = sqrt(N) u/|u|. With the weight exp(-|u|^2/2) the direction of u is uniform, and
    its length idle.
    """
    temperature, x = rows
    w = u * jnp.sqrt(len(u) / (u @ u))
    return jnp.logaddexp(0.0, -x @ w / math.sqrt(len(u))).sum() + temperature[0] * (u @ u) / 2


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """Records after as many steps of burn as are kept. The escape rate is that of Euler steps,
    whatever the method.

    Arrays: `weight`, `density`, the histogram of all weights; `time`, `energy_curve`, energy per
    weight from small weights on.
    """
    return _one(controls, size, rng)


def _one(controls, size: int, rng: np.random.Generator) -> dict:
    T, count = controls.temperature, round(controls.load * size)
    given: dict[str, Any] = {}
    energy = {
        "quadratic": quadratic,
        "double-well": double_well,
        "regression": squares,
        "perceptron": on_the_sphere,
    }[controls.energy]
    teacher = None
    start = rng.standard_normal((CHAINS, size))
    x = rng.standard_normal((count, size))
    if controls.energy == "double-well":
        start = rng.choice([-1.0, 1.0], (CHAINS, size))
    if controls.energy == "regression":
        teacher = rng.standard_normal(size)
        teacher *= math.sqrt(size) / np.linalg.norm(teacher)
        y = x @ teacher / math.sqrt(size) + math.sqrt(controls.noise) * rng.standard_normal(count)
        if not count:
            x, y = np.zeros((1, size)), np.zeros(1)
        given = {"data": (x, y, np.full(len(y), controls.ridge / len(y)))}
    if controls.energy == "perceptron":
        given = (
            {"data": (np.full(count, T), x)}
            if count
            else {"data": (np.array([T]), np.zeros((1, size)))}
        )
    if controls.method == "sgld":
        given["batch"] = max(round(controls.batch * count), 1)
    steps = {
        "temperature": T,
        "method": controls.method,
        "step": controls.step,
        "seed": int(rng.integers(2**31)),
    }
    run = sample_langevin(
        energy,
        start,
        records=controls.records,
        every=10,
        burn=10 * controls.records,
        **steps,
        **given,
    )
    u = run.positions
    w = (
        u * np.sqrt(size / (u**2).sum(axis=2, keepdims=True))
        if controls.energy == "perceptron"
        else u
    )
    idle = T * (u**2).sum(axis=2) / 2 if controls.energy == "perceptron" else 0.0
    if controls.energy == "perceptron" and not count:
        idle = idle + math.log(2)
    # From weights of a tenth of their size: learning is relaxation to equilibrium.
    early = sample_langevin(
        energy,
        0.1 * start if controls.energy != "perceptron" else start,
        records=_CURVE,
        every=_EVERY,
        burn=0,
        **steps,
        **given,
    )
    early_idle = (
        T * (early.positions**2).sum(axis=2) / 2 if controls.energy == "perceptron" else 0.0
    )
    curve = (early.energy - early_idle).mean(axis=0) / size
    # Two different chains, so that the noise of a finite average does not enter.
    means = w.mean(axis=1)
    square = (means.sum(axis=0) ** 2 - (means**2).sum(axis=0)).sum() / (
        CHAINS * (CHAINS - 1) * size
    )
    return {
        "mean_energy": (run.energy - idle).mean() / size,
        "second_moment": (w**2).mean(),
        "overlap": square,
        "weight_error": ((w - teacher) ** 2).mean() if teacher is not None else np.nan,
        "escape_rate": (
            _escape_rate(start, controls, steps["seed"])
            if controls.energy == "double-well"
            else np.nan
        ),
        "virial_temperature": run.virial_temperature.mean(),
        "configurational_temperature": run.configurational_temperature.mean(),
        "noise_ratio": run.noise_ratio,
        "r_hat": run.r_hat,
        "effective_sample_size": run.effective_sample_size,
        "weight": (_BINS[1:] + _BINS[:-1]) / 2,
        "density": np.histogram(w, _BINS)[0] / (w.size * (_BINS[1] - _BINS[0])),
        "time": np.arange(1, _CURVE + 1) * _EVERY * controls.step,
        "energy_curve": curve,
    }


def _escape_rate(start: np.ndarray, controls, seed: int) -> float:
    """Passages from -1 to 1 over the time spent on the way, all weights, of Euler steps of at most
    0.005.

    A path looked at every second step reaches a wall, as it were, 0.5826 standard deviations of a
    look further in (Broadie, Glasserman & Kou, Math. Finance 7, 325 (1997)).
    """
    step, every = min(controls.step, 0.005), 2
    given = {"temperature": controls.temperature, "method": "ula", "step": step, "seed": seed}
    run = sample_langevin(
        double_well,
        start,
        records=10 * controls.records,
        every=every,
        burn=controls.records,
        **given,
    )
    wall = 1 - 0.5826 * math.sqrt(2 * controls.temperature * every * step)
    side = np.zeros(start.shape)
    passages, waiting = 0, 0
    for w in np.swapaxes(run.positions, 0, 1):  # (records, chains, weights)
        waiting += int((side < 0).sum())
        passages += int(((side < 0) & (w >= wall)).sum())
        side = np.where(w <= -wall, -1.0, np.where(w >= wall, 1.0, side))
    return passages / (waiting * every * step) if waiting else np.nan
