"""Eight chains for each draw of the data, in motion, measured under the names of the theory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from replicon._errors import InputError
from replicon.langevin.learning import WEIGHT_BINS, WEIGHTS
from replicon.langevin.sampling import Sampler
from replicon.langevin.steps import BLOCK, Record, joined

CHAINS = 8
_EVERY = 10  # Langevin steps to a step of the process
_CURVE = 60  # moments of the learning curve
_EVERY_EARLY = 5  # Langevin steps between them
_EVERY_PASSAGE = 2  # Langevin steps between looks for a passage
_SHORTEST = 0.005  # dt at most, of the steps between them


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


_ENERGIES: dict[str, Callable] = {
    "quadratic": quadratic,
    "double-well": double_well,
    "regression": squares,
    "perceptron": on_the_sphere,
}


class _Task(NamedTuple):
    """What is learnt: start (chains, N), examples (P, N), labels (P,) and teacher (N,), the last
    two of regression alone; seed of the motion.
    """

    start: np.ndarray
    examples: np.ndarray
    labels: np.ndarray | None
    teacher: np.ndarray | None
    seed: int


def _draw(controls, size: int, rng: np.random.Generator) -> _Task:
    count = round(controls.load * size)
    labels = None
    teacher = None
    start = rng.standard_normal((CHAINS, size))
    examples = rng.standard_normal((count, size))
    if controls.energy == "double-well":
        start = rng.choice([-1.0, 1.0], (CHAINS, size))
    if controls.energy == "regression":
        teacher = rng.standard_normal(size)
        teacher *= math.sqrt(size) / np.linalg.norm(teacher)
        noise = rng.standard_normal(count)
        labels = examples @ teacher / math.sqrt(size) + math.sqrt(controls.noise) * noise
    return _Task(start, examples, labels, teacher, int(rng.integers(2**31)))


class Learning:
    """Eight chains that learn one draw of the data; a step is ten steps dt of Langevin dynamics.

    Observables are means over the later half of the steps made since the start, or since a control
    was changed, at most `records` of them. NaN where there is no step yet.
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.size = size
        self.task = _draw(controls, size, rng)
        self.sampler = self._sampler(self.task.start, every=_EVERY)
        self.energies = [self._energy(self.sampler.start_energy, self.task.start)[:, None] / size]
        self.kept: list[Record] = []
        self.made = 0  # records since the start or the last change

    def _data(self) -> tuple | None:
        """Rows of the energy, at least one: an example of nothing where there is none."""
        examples = self.task.examples
        none = not len(examples)
        x = np.zeros((1, self.size)) if none else examples
        if self.controls.energy == "regression":
            y = np.zeros(1) if none else self.task.labels
            return x, y, np.full(len(x), self.controls.ridge / len(x))
        if self.controls.energy == "perceptron":
            return np.full(len(x), self.controls.temperature), x
        return None

    def _sampler(self, start: np.ndarray, *, every: int) -> Sampler:
        batch = None
        if self.controls.method == "sgld":
            batch = max(round(self.controls.batch * len(self.task.examples)), 1)
        return Sampler(
            _ENERGIES[self.controls.energy],
            start,
            temperature=self.controls.temperature,
            method=self.controls.method,
            step=self.controls.step,
            every=every,
            seed=self.task.seed,
            data=self._data(),
            batch=batch,
        )

    def _energy(self, energy: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Energy of all weights: on the sphere without that of the idle length and, where there are
        no examples, of the example of nothing.
        """
        if self.controls.energy != "perceptron":
            return energy
        idle = self.controls.temperature * (position**2).sum(axis=-1) / 2
        if not len(self.task.examples):
            idle = idle + math.log(2)
        return energy - idle

    def _weights(self, position: np.ndarray) -> np.ndarray:
        """Weights (..., N): on the sphere those of the position's direction."""
        if self.controls.energy != "perceptron":
            return position
        return position * np.sqrt(self.size / (position**2).sum(axis=-1, keepdims=True))

    def step(self, count: int) -> None:
        """So many records further, each ten steps dt."""
        for record in _parts(self.sampler, count):
            self.energies.append(self._energy(record.energy, record.position) / self.size)
            self.kept.append(record)
            self.made += record.energy.shape[1]
            while _length(self.kept[1:]) >= self._window():
                del self.kept[0]

    def _window(self) -> int:
        """How many records observables are means over."""
        return min(-(-self.made // 2), self.controls.records)

    def set(self, name: str, value: float) -> None:
        """Change the temperature or the step dt."""
        self.controls = self.controls._replace(**{name: value})
        self.sampler.change(
            temperature=self.controls.temperature, step=self.controls.step, data=self._data()
        )
        self.kept = []
        self.made = 0

    def measure(self) -> dict:
        """Means over the chains and the records kept; of the overlap products of the means of
        different chains, so that the noise of a finite average does not enter.
        """
        if not self.kept:
            return dict.fromkeys(_MEASURED, math.nan) | {
                "density": np.full(len(WEIGHTS), math.nan),
            }
        window = self._window()
        record = Record(*(values[:, -window:] for values in joined(self.kept)))
        run = self.sampler.trajectory(record)
        w = self._weights(record.position)
        means = w.mean(axis=1)
        products = (means.sum(axis=0) ** 2 - (means**2).sum(axis=0)).sum()
        weight_error = math.nan
        if self.task.teacher is not None:
            weight_error = ((w - self.task.teacher) ** 2).mean()
        return {
            "mean_energy": self._energy(record.energy, record.position).mean() / self.size,
            "second_moment": (w**2).mean(),
            "overlap": products / (CHAINS * (CHAINS - 1) * self.size),
            "weight_error": weight_error,
            "virial_temperature": run.virial_temperature.mean(),
            "configurational_temperature": run.configurational_temperature.mean(),
            "noise_ratio": run.noise_ratio,
            "r_hat": run.r_hat,
            "effective_sample_size": run.effective_sample_size,
            "density": _density(w),
        }

    def view(self) -> dict:
        """Weights of the chains, their histogram, and energies per weight since the start."""
        w = self._weights(np.asarray(self.sampler.chains.states[0]))
        return {
            "weights": w,
            "histogram": np.column_stack([WEIGHTS, _density(w)]),
            "energy": np.concatenate(self.energies, axis=1).T,
        }

    def finish(self) -> dict:
        """The learning curve, from weights of a tenth of their size: learning is relaxation to
        equilibrium. The escape rate of Euler steps, whatever the method.
        """
        small = 1.0 if self.controls.energy == "perceptron" else 0.1
        early = self._sampler(small * self.task.start, every=_EVERY_EARLY).advance(_CURVE)
        curve = self._energy(early.energy, early.position).mean(axis=0) / self.size
        rate = math.nan
        if self.controls.energy == "double-well":
            rate = _escape_rate(self.task, self.controls)
        return {
            "escape_rate": rate,
            "time": np.arange(1, _CURVE + 1) * _EVERY_EARLY * self.controls.step,
            "energy_curve": curve,
        }


_MEASURED = (
    "mean_energy",
    "second_moment",
    "overlap",
    "weight_error",
    "virial_temperature",
    "configurational_temperature",
    "noise_ratio",
    "r_hat",
    "effective_sample_size",
)


def _parts(sampler: Sampler, records: int) -> Iterator[Record]:
    """So many records further, a block's worth at once, so that few are held in memory."""
    for first in range(0, records, BLOCK):
        yield sampler.advance(min(BLOCK, records - first))


def _length(parts: list[Record]) -> int:
    return sum(part.energy.shape[1] for part in parts)


def _density(w: np.ndarray) -> np.ndarray:
    """Density of all weights in the bins: what lies beyond them is missing from its integral."""
    return np.histogram(w, WEIGHT_BINS)[0] / (w.size * (WEIGHT_BINS[1] - WEIGHT_BINS[0]))


def _escape_rate(task: _Task, controls) -> float:
    """Passages from -1 to 1 over the time spent on the way, all weights, of Euler steps of at most
    0.005.

    A path looked at every second step reaches a wall, as it were, 0.5826 standard deviations of a
    look further in (Broadie, Glasserman & Kou, Math. Finance 7, 325 (1997)).
    """
    step = min(controls.step, _SHORTEST)
    look = _EVERY_PASSAGE * step
    sampler = Sampler(
        double_well,
        task.start,
        temperature=controls.temperature,
        method="ula",
        step=step,
        every=_EVERY_PASSAGE,
        seed=task.seed,
    )
    sampler.advance(-(-controls.records // _EVERY_PASSAGE))
    wall = 1 - 0.5826 * math.sqrt(2 * controls.temperature * look)
    side = np.zeros(task.start.shape)
    passages = 0
    waiting = 0
    for part in _parts(sampler, 10 * controls.records):
        w = np.swapaxes(part.position, 0, 1)  # (records, chains, weights)
        reached = np.where(w >= wall, 1.0, np.where(w <= -wall, -1.0, 0.0))
        sides = _latest(np.concatenate([side[None], reached]))
        waits = sides[:-1] < 0
        waiting += int(waits.sum())
        passages += int((waits & (w >= wall)).sum())
        side = sides[-1]
    return passages / (waiting * look) if waiting else math.nan


def _latest(values: np.ndarray) -> np.ndarray:
    """Along the first axis the latest value that is not zero, zero before there is one."""
    place = np.arange(len(values)).reshape(-1, *(1,) * (values.ndim - 1))
    latest = np.maximum.accumulate(np.where(values != 0, place, 0), axis=0)
    return np.take_along_axis(values, latest, axis=0)
