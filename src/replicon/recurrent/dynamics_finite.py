"""Finite random networks in motion."""

from __future__ import annotations

from collections import deque
from copy import copy
from typing import Any

import jax
import numpy as np

from replicon._errors import InputError
from replicon.recurrent.couplings import elliptic_matrix
from replicon.recurrent.dynamics import LAGS
from replicon.recurrent.evolution import Motion, diverged
from replicon.recurrent.nonlinearity import nonlinearity
from replicon.recurrent.transfer import transfer

EVERY = 0.25  # of time between records
SHOWN = 8  # neurons whose states are shown
BINS = 40  # of a histogram that is shown


def check_size(controls: dict, size: int) -> None:
    """Refuse a network too small to measure, and a transfer function that is none."""
    if size < 8:
        raise InputError(
            f"size = {size} is too small for a random network: give size >= 8 (neurons)."
        )
    for word in controls["nonlinearity"]:
        nonlinearity(word)


def records(controls) -> int:
    """Steps of a run: records, `EVERY` of time apart (1 in discrete time)."""
    return max(round(controls.duration / (_inner(controls)[1])), 1)


def _inner(controls) -> tuple[int, float]:
    """Time steps between records, and their length together."""
    if controls.time == "discrete":
        return 1, 1.0
    inner = max(round(EVERY / controls.step), 1)
    return inner, inner * controls.step


def histogram(values: np.ndarray) -> np.ndarray:
    """Positions and densities (bins, 2) of some numbers."""
    density, edges = np.histogram(values, BINS, density=True)
    return np.column_stack([(edges[1:] + edges[:-1]) / 2, density])


class Moving:
    """A network from a normal start of a mean, seen every quarter of a unit of time.

    `unit` (N, N): the couplings at gain 1. Three copies run together: the network, and two with
    opposite constant random fields of size `perturbation`, whose difference of mean activities
    along the fields is the response. Reads gain, duration, step, time, noise and perturbation.
    `recent`: states of as many records as make the duration.
    """

    def __init__(self, unit: np.ndarray, rng: np.random.Generator, controls, mean: float):
        self.unit = unit
        self.controls = controls
        self.phi = nonlinearity(controls.nonlinearity)
        size = len(unit)
        start = rng.standard_normal(size) + mean
        self.direction = np.where(rng.random(size) < 0.5, -1.0, 1.0)
        inner, _ = _inner(controls)
        columns = np.tile(start[:, None], 3)
        self.motion = Motion(
            self.couplings(),
            columns,
            phi=transfer(self.phi.function, self.phi.slope, columns.shape, kind=float, sloped=True),
            step=1.0 if controls.time == "discrete" else controls.step,
            inner=inner,
            time=controls.time,
            field=self.field(),
            noise=controls.noise,
            exponents=1,
            seed=int(rng.integers(2**31)),
        )
        self.recent = deque([start], maxlen=records(controls))
        self.states = columns
        self.growth = np.nan
        self._spectrum: Any = None  # of the couplings at gain 1, once looked at

    def couplings(self) -> np.ndarray:
        """The couplings now, (N, N)."""
        return self.controls.gain * self.unit

    def field(self) -> np.ndarray:
        """The constant fields of the three copies now, (N, 3)."""
        return self.controls.perturbation * np.outer(self.direction, [0, 1, -1])

    def set(self, control: str, value: float) -> None:
        """Another value of a live control, from now on."""
        self.controls = self.controls._replace(**{control: value})
        self.motion.drive(self.couplings(), self.field(), self.controls.noise)

    def moved(self, amount: float) -> Moving:
        """A copy which feels the same noise, every neuron moved by `amount`, up or down."""
        other = copy(self)
        other.motion = self.motion.moved(amount * self.direction[:, None])
        other.recent = self.recent.copy()
        return other

    def step(self, count: int) -> None:
        """So many records, one at a time: one compiled shape, and the same bits however cut."""
        for _ in range(count):
            states, growth = self.motion.advance(1)
            self.states = states[0]
            self.growth = growth[0, 0] / self.motion.span
            if not np.isfinite(self.states).all():
                diverged(self.motion.records * self.motion.span)
            self.recent.append(self.states[:, 0])

    def measure(self) -> dict:
        with jax.enable_x64(True):
            activity = np.asarray(self.phi.function(self.states))
        size = len(activity)
        difference = self.direction @ (activity[:, 1] - activity[:, 2])
        return {
            "variance": (self.states[:, 0] ** 2).mean(),
            "activity": (activity[:, 0] ** 2).mean(),
            "response": difference / (2 * self.controls.perturbation * size),
            "latent": activity[:, 0].mean(),
            "lyapunov_exponent": self.growth if np.isfinite(self.growth) else np.nan,
        }

    def eigenvalues(self) -> np.ndarray:
        """Of the couplings now, (N,) complex: those at gain 1, looked up once, times the gain."""
        if self._spectrum is None:
            self._spectrum = np.linalg.eigvals(self.unit)
        return self.controls.gain * self._spectrum

    def view(self) -> dict:
        """Recent states of a few neurons, the states of all, the eigenvalues of the couplings."""
        values = self.eigenvalues()
        return {
            "trajectory": np.array(self.recent)[:, :SHOWN],
            "states": histogram(self.states[:, 0]),
            "eigenvalues": np.column_stack([np.real(values), np.imag(values)]),
        }


class Network(Moving):
    """A random network, J_ij of variance g^2/N and partial symmetry, with a part of rank one."""

    def __init__(self, controls, size: int, rng: np.random.Generator):
        unit = elliptic_matrix(rng, size, 1.0, controls.symmetry)
        super().__init__(unit, rng, controls, mean=float(controls.rank_one != 0))
        self._looked_at: tuple = (None, None)  # (gain, rank_one), eigenvalues there

    def couplings(self) -> np.ndarray:
        """The couplings now, (N, N)."""
        return super().couplings() + self.controls.rank_one / len(self.unit)

    def eigenvalues(self) -> np.ndarray:
        """Of the couplings now, (N,) complex; with a part of rank one looked up once for its value
        and the gain.
        """
        now = (self.controls.gain, self.controls.rank_one)
        if not self.controls.rank_one:
            return super().eigenvalues()
        if self._looked_at[0] != now:
            self._looked_at = (now, np.linalg.eigvals(self.motion.couplings))
        return self._looked_at[1]

    def measure(self) -> dict:
        """With a part of rank one the variance is about the mean over neurons."""
        out = super().measure()
        if self.controls.rank_one:
            out["variance"] = self.states[:, 0].var()
        return out

    def finish(self) -> dict:
        return {"autocorrelation": _autocorrelation(np.array(self.recent), self.motion.span)}


def latent(series: dict, controls, size: int) -> np.ndarray:
    """Mean activity over time, (samples,); its modulus where a part of rank one has two signs."""
    mean = series["latent"].mean(axis=1)
    return np.abs(mean) if controls.rank_one else mean


def _autocorrelation(x: np.ndarray, spacing: float) -> np.ndarray:
    """Mean over neurons and time of x(t) x(t + lag), less the mean over both squared, at LAGS; NaN
    at lags not recorded. x (K, N), records `spacing` apart.
    """
    x = x - x.mean()
    places = np.rint(LAGS / spacing).astype(int)
    known = (np.abs(places * spacing - LAGS) < 1e-9) & (places < len(x) // 2)
    return np.array(
        [
            (x[: len(x) - k] * x[k:]).mean() if there else np.nan
            for k, there in zip(places, known, strict=True)
        ]
    )
