"""Learning without being told, on real data: a machine in training, whose singular values leave the
bulk one after another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from replicon import _seed
from replicon._declare import Interval, controls_tuple
from replicon._domains import check_argument, check_seed
from replicon._errors import InputError
from replicon.rbm.learning_finite import Training
from replicon.serve.asked import Offer
from replicon.serve.networks import Mean, View, told_of
from replicon.study.process import streams

_SIZES = Interval(4, 100, integer=True)
_STEPS = Interval(1, 20, integer=True)
_LONGEST = 400  # epochs that are kept to look back at: 26 MB of pictures of 784 pixels
_ACROSS = 5  # pictures in a row


class Digits:
    """A machine in training on digits: the process of model rbm-training, started as `simulate`
    starts it; a step is an epoch, of which the first, which compiles, is made at once. Pictures of
    every epoch are kept, so that one can look back.

    The likelihood, which would have to be annealed, is not measured on the way.
    """

    def __init__(self, offer: Offer, *, controls: Mapping, size: Any, seed: Any = 0):
        self.model = offer.model("rbm-training")
        if not isinstance(controls, Mapping):
            raise InputError("Controls are names with values.")
        at = offer.controls(self.model, controls, "simulation")
        self.size = check_argument("size", size, _SIZES, "hidden units while you watch")
        self.seed = check_seed(seed)
        check_argument("steps", at["steps"], _STEPS, "sweeps a gradient while you watch")
        self.controls = at
        stream = streams(self.model, at, self.size, 1, self.seed)[0]
        given = controls_tuple(tuple(at), tuple(at.values()))
        self.training = Training(given, self.size, _seed.generator(stream))
        self.training.marks = set()
        self.pictures = [self._pictures()]
        self.looked: int | None = None
        self.step(1)

    @property
    def steps(self) -> int:
        return len(self.pictures) - 1

    @property
    def done(self) -> bool:
        return self.steps >= _LONGEST

    def step(self, count: int) -> None:
        """So many epochs, fewer at the end of what is kept."""
        for _ in range(min(count, _LONGEST - self.steps)):
            self.training.step(1)
            self.pictures.append(self._pictures())
        self.found = self.training.cascade()

    def set(self, name: str, value: Any) -> None:
        """The learning rate, or sweeps for a gradient, from the next epoch on."""
        control = self.model.control(name)
        if not control.live:
            raise InputError(f"{name} cannot be changed in training: start again.")
        value = control.check(value)
        if name == "steps":
            check_argument(name, value, _STEPS, "sweeps a gradient while you watch")
        self.training.set(control.name, value)
        self.controls[control.name] = value

    def act(self, name: str, *, time: Any = None) -> None:
        """`look`: back at the pictures of a time (updates x learning rate), None for now."""
        if name != "look":
            raise InputError("A machine in training knows how to look back, no more.")
        if time is None:
            self.looked = None
            return
        time = check_argument("time", time, Interval(0), "updates times learning rate")
        self.looked = int(np.argmin(np.abs(np.array(self.training.times) - time)))

    def view(self) -> View:
        """`receptive_fields` and `chains`, mosaics at the epoch that is looked at; `time`
        (epochs + 1,), `values` (epochs + 1, modes) the leading singular values, `linear` what
        small weights would make of them, `rates` (modes,); `looked` [epoch, time].
        """
        found = self.found
        modes = [k for k in range(1, 5) if f"singular_value_{k}" in found]
        place = self.steps if self.looked is None else min(self.looked, self.steps)
        fields, chains = self.pictures[place]
        return {
            "receptive_fields": ("image", fields),
            "chains": ("image", chains),
            "time": ("", found["time"]),
            "values": ("", np.stack([found[f"singular_value_{k}"] for k in modes], axis=1)),
            "linear": ("", np.stack([found[f"linear_{k}"] for k in modes], axis=1)),
            "rates": ("", self.training.rates[: len(modes)]),
            "looked": ("", np.array([place, found["time"][place]], float)),
        }

    def told(self) -> dict[str, Any]:
        """What is known from the start."""
        return told_of(self.model, self.controls, self.size, self.seed)

    def measured(self) -> dict[str, dict[str, Any]]:
        """Growth rate of the leading mode, and its singular value."""
        machine = self.training.machine
        history = machine.history_
        found = {
            "growth_rate": self.training.growth_rate(),
            "largest_singular_value": float(history["singular_values"].values[-1, 0]),
            "active_units": float(history["active_units"].values[-1]),
        }
        nan = float("nan")
        return {name: Mean(value, value, nan, nan)._asdict() for name, value in found.items()}

    def _pictures(self) -> tuple[np.ndarray, np.ndarray]:
        """Strongest receptive fields, and what the chains see, each as one image."""
        shown = self.training.view()
        return mosaic(shown["receptive_fields"]), mosaic(shown["chains"])


def mosaic(pictures: np.ndarray) -> np.ndarray:
    """Square pictures (n, pixels) side by side, in rows of five, zeros between; pixels that are no
    square stay a row each.
    """
    side = round(pictures.shape[1] ** 0.5)
    if side * side != pictures.shape[1]:
        return pictures.astype(np.float32)
    across = min(_ACROSS, len(pictures))
    down = -(-len(pictures) // across)
    out = np.zeros((down * (side + 1) - 1, across * (side + 1) - 1), np.float32)
    for place, picture in enumerate(pictures):
        top = place // across * (side + 1)
        left = place % across * (side + 1)
        out[top : top + side, left : left + side] = picture.reshape(side, side)
    return out
