"""The DNA of learning: walkers in a landscape, under one algorithm each, and the thermometers that
say whether it tells the truth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from replicon._declare import Words
from replicon._domains import Interval, check_argument
from replicon._errors import InputError
from replicon.serve.asked import Offer
from replicon.serve.networks import Mean, View
from replicon.serve.theory import Answer
from replicon.study import ask

_MODEL = "langevin-learning"
_WELL = "double-well"
_DATA = "regression"
_ENERGIES = Words((_WELL, _DATA))
_SIZES = Interval(1, 64, integer=True)  # weights
_EXAMPLES = 400  # at most
_RECORDS = 2000  # of which the later half is averaged
_SIDE = 81  # points of a side of a landscape of two weights
_REACH = 2.4  # its ends
_GROWN = 8  # measured anew when there is an eighth more


def well(offer: Offer, *, temperature: float) -> Answer:
    """The double well E = (w^2 - 1)^2 and its law exp(-E/T)/Z: arrays `weight`, `energy`, `density`
    (bins,); `point`, every observable of theory.
    """
    from replicon.langevin import learning

    model = offer.model(_MODEL)
    controls = {"energy": _WELL, "temperature": temperature}
    at = offer.controls(model, controls, "theory")
    values = {
        name: array[0] for name, array in ask.solved_values(model, "equilibrium", [at]).items()
    }
    w = learning.WEIGHTS
    arrays = {"weight": w, "energy": learning.well(w), "density": values["density"]}
    return {"point": {k: v for k, v in values.items() if np.ndim(v) == 0}}, arrays


class Walkers:
    """The process of `langevin-learning` under one method: eight chains of `size` weights, in the
    double well or in the landscape of a regression's data.

    Means are those of the process, over the later half of its steps; errors are the scatter of the
    eight chains, which know nothing of each other.
    """

    def __init__(self, offer: Offer, *, controls: Mapping, size: Any, seed: Any = 0):
        model = offer.model(_MODEL)
        at = offer.controls(model, controls, "simulation")
        check_argument("energy", at["energy"], _ENERGIES)
        size = check_argument("size", size, _SIZES, "weights")
        if at["load"] * size > _EXAMPLES:
            raise InputError(
                f"load = {at['load']:g} of size = {size} are more than {_EXAMPLES} examples: give"
                " fewer."
            )
        at["records"] = _RECORDS
        self.process = ask.start(model, size=size, seed=seed, **at)
        self.process.step(1)  # compiles, while the page waits for it and says so
        self.known: dict[str, Any] | None = None
        self.due = 0

    @property
    def learning(self) -> Any:
        """The library's process."""
        return self.process.network

    @property
    def steps(self) -> int:
        return self.process.steps

    @property
    def done(self) -> bool:
        return self.process.done

    def step(self, count: int) -> None:
        """So many records, ten steps dt each."""
        self.process.step(count)

    def set(self, name: str, value: Any) -> None:
        """Change the temperature or the step; averages begin anew."""
        self.process.set(name, value)
        self.known = None
        self.due = 0

    def act(self, name: str, **arguments: Any) -> None:
        raise InputError(f"Walkers do not know how to '{name}'.")

    def view(self) -> View:
        """`walkers`, (chains, weights), where they are; `density` (bins,), of all weights over the
        later half of the steps, NaN before there are any.
        """
        weights = self.process.view()["weights"]
        density = self._measured().get("density", np.full(1, math.nan))
        return {"walkers": ("", weights), "density": ("", density)}

    def measured(self) -> dict[str, dict[str, Any]]:
        """{observable: `Mean`}."""
        told = self._measured()
        return {name: one._asdict() for name, one in told.items() if isinstance(one, Mean)}

    def _measured(self) -> dict[str, Any]:
        """What was measured last; anew when the run has grown by an eighth, since R-hat is dear."""
        made = self.learning.made
        if made and (self.known is None or made >= self.due):
            self.due = made + max(4, made // _GROWN)
            self.known = self._now()
        return self.known or {}

    def _now(self) -> dict[str, Any]:
        from replicon.langevin.learning import WEIGHT_BINS
        from replicon.langevin.steps import Record, joined

        learning = self.learning
        window = learning._window()
        record = Record(*(values[:, -window:] for values in joined(learning.kept)))
        run = learning.sampler.trajectory(record)
        w = record.position
        counted = np.histogram(w, WEIGHT_BINS)[0]
        each = {
            "mean_energy": record.energy.mean(axis=1) / self.process.size,
            "second_moment": (w**2).mean(axis=(1, 2)),
            "virial_temperature": run.virial_temperature,
            "configurational_temperature": run.configurational_temperature,
        }
        return {
            **{name: _over_chains(values) for name, values in each.items()},
            "noise_ratio": Mean(run.noise_ratio, run.noise_ratio, math.nan, math.nan),
            "density": counted / (w.size * (WEIGHT_BINS[1] - WEIGHT_BINS[0])),
        }

    def told(self) -> dict[str, Any]:
        """What is known from the start; of a regression of two weights the `landscape`, its energy
        (rows of the second, columns of the first weight) from -`reach` to `reach`, and the
        `teacher`.
        """
        told = {"controls": dict(self.process.controls), "size": self.process.size}
        if self.process.controls["energy"] == _DATA and self.process.size == 2:
            told |= {"landscape": self._landscape(), "reach": _REACH,
                     "teacher": self.learning.task.teacher}  # fmt: skip
        return told

    def _landscape(self) -> np.ndarray:
        """E at every point of the grid, by the library's own function of the weights."""
        import jax

        from replicon.langevin.learning_finite import squares

        axis = np.linspace(-_REACH, _REACH, _SIDE)
        first, second = np.meshgrid(axis, axis)
        grid = np.column_stack([first.ravel(), second.ravel()])
        rows = self.learning.sampler.given.data[1]
        with jax.enable_x64(True):
            energy = jax.vmap(lambda w: squares(w, rows))(grid)
        return np.asarray(energy).reshape(_SIDE, _SIDE)


def _over_chains(values: np.ndarray) -> Mean:
    """Mean and error of independent chains."""
    error = float(values.std(ddof=1) / math.sqrt(len(values)))
    return Mean(float(values[0]), float(values.mean()), error, math.nan)


QUESTIONS = {"langevin.well": well}
NETWORKS = {"langevin.walkers": Walkers}
