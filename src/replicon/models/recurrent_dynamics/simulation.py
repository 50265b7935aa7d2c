"""Finite random networks in motion."""

from __future__ import annotations

import numpy as np

from replicon._errors import InputError
from replicon._seed import generator
from replicon.models.recurrent_dynamics.theory import LAGS
from replicon.simulation.dynamics import evolve
from replicon.simulation.networks import elliptic_matrix
from replicon.theory.nonlinearity import nonlinearity


def check_size(controls: dict, size: int) -> None:
    """Refuse a network too small to measure, and a transfer function that is none."""
    if size < 8:
        raise InputError(f"size = {size} is too small for a random network: give size >= 8 (neurons).")
    for word in controls["nonlinearity"]:
        nonlinearity(word)


def simulate(controls, size: int, samples: int, streams: list) -> dict:
    """One network and one initial condition a sample.

    Three copies run together: the network, and two with opposite constant random fields of size `perturbation`, whose
    difference of mean activities along the fields is the response. Also returned: `autocorrelation` at the theory's lags.
    """
    phi = nonlinearity(controls.nonlinearity)
    out: dict[str, list] = {}
    every = 1.0 if controls.time == "discrete" else 0.25
    for stream in streams:
        rng = generator(stream)
        coupling = elliptic_matrix(rng, size, controls.gain, controls.symmetry) + controls.rank_one / size
        start = rng.standard_normal(size) + (controls.rank_one != 0)
        direction = np.where(rng.random(size) < 0.5, -1.0, 1.0)
        field = controls.perturbation * np.outer(direction, [0, 1, -1])
        run = evolve(
            coupling,
            np.tile(start[:, None], 3),
            function=phi.function,
            slope=phi.slope,
            duration=controls.duration,
            transient=controls.duration / 2,
            step=controls.step,
            every=every,
            time=controls.time,
            field=field,
            noise=controls.noise,
            exponents=1,
            seed=int(rng.integers(2**31)),
        )
        for name, value in _measure(run, phi, direction, controls).items():
            out.setdefault(name, []).append(value)
    return {name: np.array(values) for name, values in out.items()}


def _measure(run, phi, direction, controls) -> dict:
    import jax

    with jax.enable_x64(True):
        activity = np.asarray(phi.function(run.states))
    x = run.states[:, :, 0]
    mean = activity.mean(axis=0)
    return {
        "variance": ((x - x.mean(axis=1, keepdims=True)) ** 2).mean() if controls.rank_one else (x**2).mean(),
        "activity": (activity[:, :, 0] ** 2).mean(),
        "response": direction @ (mean[:, 1] - mean[:, 2]) / (2 * controls.perturbation * len(direction)),
        "latent": abs(activity[:, :, 0].mean()) if controls.rank_one else activity[:, :, 0].mean(),
        "lyapunov_exponent": run.exponents[0],
        "autocorrelation": _autocorrelation(x, run.times),
        "lag": LAGS,
    }


def _autocorrelation(x: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Mean over neurons and time of x(t) x(t + lag), less the mean over both squared, at LAGS; NaN at lags not recorded."""
    x = x - x.mean()
    spacing = times[1] - times[0]
    places = np.rint(LAGS / spacing).astype(int)
    known = (np.abs(places * spacing - LAGS) < 1e-9) & (places < len(x) // 2)
    return np.array([(x[: len(x) - k] * x[k:]).mean() if there else np.nan for k, there in zip(places, known, strict=True)])
