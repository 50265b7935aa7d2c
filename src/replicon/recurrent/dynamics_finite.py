"""Finite random networks in motion."""

from __future__ import annotations

import jax
import numpy as np

from replicon._errors import InputError
from replicon.recurrent.couplings import elliptic_matrix
from replicon.recurrent.dynamics import LAGS
from replicon.recurrent.evolution import Run, evolve
from replicon.recurrent.nonlinearity import nonlinearity


def check_size(controls: dict, size: int) -> None:
    """Refuse a network too small to measure, and a transfer function that is none."""
    if size < 8:
        raise InputError(
            f"size = {size} is too small for a random network: give size >= 8 (neurons)."
        )
    for word in controls["nonlinearity"]:
        nonlinearity(word)


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One network and one initial condition a sample. Also returned: `autocorrelation` at the
    theory's lags.
    """
    phi = nonlinearity(controls.nonlinearity)
    coupling = (
        elliptic_matrix(rng, size, controls.gain, controls.symmetry) + controls.rank_one / size
    )
    run, found = move(coupling, phi, rng, controls, mean=float(controls.rank_one != 0))
    x = run.states[:, :, 0]
    if controls.rank_one:
        found["variance"] = ((x - x.mean(axis=1, keepdims=True)) ** 2).mean()
        found["latent"] = abs(found["latent"])
    found["autocorrelation"], found["lag"] = _autocorrelation(x, run.times), LAGS
    return found


def move(
    coupling: np.ndarray, phi, rng: np.random.Generator, controls, mean: float = 0.0
) -> tuple[Run, dict]:
    """A network from a normal start of this mean, and what is measured: variance, activity,
    response, latent, lyapunov_exponent.

    Three copies run together: the network, and two with opposite constant random fields of size
    `perturbation`, whose difference of mean activities along the fields is the response. Reads
    duration, step, time, noise and perturbation.
    """
    size = len(coupling)
    start = rng.standard_normal(size) + mean
    direction = np.where(rng.random(size) < 0.5, -1.0, 1.0)
    run = evolve(
        coupling,
        np.tile(start[:, None], 3),
        function=phi.function,
        slope=phi.slope,
        duration=controls.duration,
        transient=controls.duration / 2,
        step=controls.step,
        every=1.0 if controls.time == "discrete" else 0.25,
        time=controls.time,
        field=controls.perturbation * np.outer(direction, [0, 1, -1]),
        noise=controls.noise,
        exponents=1,
        seed=int(rng.integers(2**31)),
    )
    with jax.enable_x64(True):
        activity = np.asarray(phi.function(run.states))
    average = activity.mean(axis=0)
    return run, {
        "variance": (run.states[:, :, 0] ** 2).mean(),
        "activity": (activity[:, :, 0] ** 2).mean(),
        "response": (
            direction @ (average[:, 1] - average[:, 2]) / (2 * controls.perturbation * size)
        ),
        "latent": activity[:, :, 0].mean(),
        "lyapunov_exponent": run.exponents[0] if np.isfinite(run.exponents[0]) else np.nan,
    }


def _autocorrelation(x: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Mean over neurons and time of x(t) x(t + lag), less the mean over both squared, at LAGS; NaN
    at lags not recorded.
    """
    x = x - x.mean()
    spacing = times[1] - times[0]
    places = np.rint(LAGS / spacing).astype(int)
    known = (np.abs(places * spacing - LAGS) < 1e-9) & (places < len(x) // 2)
    return np.array(
        [
            (x[: len(x) - k] * x[k:]).mean() if there else np.nan
            for k, there in zip(places, known, strict=True)
        ]
    )
