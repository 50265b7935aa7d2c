"""Live networks: the processes that `simulate` runs, stepped at a pace, with what they measure
gathered into means and errors.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from replicon._declare import Interval, Model, controls_tuple
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon._statistics import autocorrelation_time
from replicon.serve.asked import Offer
from replicon.study import ask
from replicon.study.process import Process, averaged

View = dict[str, tuple[str, np.ndarray]]

# A network may cost this much more than one of the largest typical size before it is refused.
_DEARER = 16.0
_LONGEST = 1 << 15  # measurements that are kept
_FEW = 16  # measurements from which an error is quoted, and blocks of one that is no plain mean
_COUNT = Interval(1, integer=True)
_SPEED = Interval(0, 1e6)


class Mean(NamedTuple):
    """An observable: its value `now`, the `mean` of what was gathered and its standard `error`, and
    its autocorrelation time `tau` in measurements; NaN where not known.
    """

    now: float
    mean: float
    error: float
    tau: float


class Exhibited:
    """What exhibits' networks have in common where nothing can be set and nothing ends."""

    steps = 0
    done = False

    def set(self, name: str, value: Any) -> None:
        """No control of these can be changed while they run."""
        raise InputError(f"{name} cannot be changed while this runs: begin again.")

    def act(self, name: str, **arguments: Any) -> None:
        """An action by name; there is none but what a class adds."""
        raise InputError(f"There is no action '{name}' here.")


class Network:
    """A process of a model on a page, which gathers what it measures.

    Gathering follows the model's schedule: after the burn-in, at every measurement; it begins anew
    when a control is changed. The same seed, controls and number of steps give the numbers of
    `simulate` to the bit. What an exhibit shows beside may be a subclass with actions: `act`.
    """

    def __init__(self, offer: Offer, *, model: str, controls: Mapping, size: Any, seed: Any = 0):
        self.offer = offer
        asked = self.declared(offer.model(model))
        at = offer.controls(asked, controls, "simulation")
        size = ask.size_of(asked, size, at)
        check_live_size(asked, size)
        self.process: Process = ask.start(asked, size=size, seed=seed, **at)
        self.model = asked
        self.kinds = {view.name: view.kind for view in asked.views}
        self.begin()

    def declared(self, model: Model) -> Model:
        """The model as it runs here: an exhibit may begin it as a process that can be acted on."""
        return model

    def begin(self) -> None:
        """Forget what was gathered: the burn-in begins."""
        self.rows: list[dict[str, Any]] = []
        self.since = 0
        schedule = self.model.schedule
        burn, measured = schedule.plan(self._controls) if schedule else (0, 1)
        self.every = schedule.every if schedule else 1
        # What is measured once, at its end, leaves nothing to average: it has no burn-in.
        once = measured == 0 or (schedule is not None and schedule.burn == 1)
        self.burn = None if once else burn

    @property
    def _controls(self) -> Any:
        """The controls now, as a named tuple."""
        held = self.process.controls
        return controls_tuple(tuple(held), tuple(held.values()))

    @property
    def steps(self) -> int:
        return self.process.steps

    @property
    def done(self) -> bool:
        return self.process.done

    def step(self, count: int) -> None:
        """So many steps, measured on the way."""
        if self.burn is None:
            self.process.step(count)
            return
        while count > 0 and not self.process.done:
            to_burn = self.burn - self.since
            ahead = to_burn if to_burn > 0 else self.every - (self.since - self.burn) % self.every
            part = min(count, ahead)
            self.process.step(part)
            self.since += part
            count -= part
            if self.since > self.burn and (self.since - self.burn) % self.every == 0:
                self.rows.append(self.process.measure())
                if len(self.rows) > _LONGEST:
                    del self.rows[: _LONGEST // 2]

    def set(self, name: str, value: Any) -> None:
        """Change a live control; what was gathered belongs to the old one."""
        self.offer.controls(self.model, {name: value}, "simulation")  # says what is not offered
        self.process.set(name, value)
        self.begin()

    def act(self, name: str, **arguments: Any) -> None:
        """An action of an exhibit; a model's own process has none."""
        raise InputError(f"{self.model.name} does not know how to '{name}'.")

    def view(self) -> View:
        """{name: (kind, array)}."""
        return {name: (self.kinds[name], array) for name, array in self.process.view().items()}

    def told(self) -> dict[str, Any]:
        """What is known from the start."""
        process = self.process
        told = told_of(self.model, process.controls, process.size, process.seed)
        return {**told, "burn": self.burn}

    def measured(self) -> dict[str, dict[str, Any]]:
        """{observable: `Mean`} of every observable of the simulation that is one number."""
        now = self.process.measure()
        gathered = self._gathered()
        out = {}
        for observable in self.model.scalars:
            name = observable.name
            if observable.role == "theory":
                continue
            value = float(now[name]) if name in now and np.ndim(now[name]) == 0 else math.nan
            ended = value if self.done else math.nan
            out[name] = gathered.get(name, Mean(value, ended, math.nan, math.nan))
            out[name] = out[name]._replace(now=value)._asdict()
        return out

    def _gathered(self) -> dict[str, Mean]:
        if not self.rows:
            return {}
        rows = {name: np.array([row[name] for row in self.rows], float) for name in self.rows[0]}
        means = self._formed(rows)
        blocks = []
        count = len(self.rows) // _FEW
        if count:
            for block in range(_FEW):
                part = slice(block * count, (block + 1) * count)
                blocks.append(self._formed({name: x[part] for name, x in rows.items()}))
        out = {}
        for name, mean in means.items():
            error = tau = math.nan
            if name in rows and rows[name].ndim == 1 and count:
                tau = float(autocorrelation_time(rows[name][None])[0])
                error = float(rows[name].std() * math.sqrt(max(1.0, 2 * tau) / len(self.rows)))
            elif blocks:
                spread = np.array([block[name] for block in blocks])
                error = float(spread.std(ddof=1) / math.sqrt(_FEW))
            out[name] = Mean(math.nan, mean, error, tau)
        return out

    def _formed(self, rows: Mapping[str, np.ndarray]) -> dict[str, float]:
        """The observables of one chain, from what it measured at each time."""
        # A `start_many` has times first and samples second, a `start` samples first.
        axis = 1 if self.model.start is None else 0
        series = {name: np.expand_dims(x, axis) for name, x in rows.items()}
        means = averaged(self.model, series, self._controls, self.process.size)
        out = {name: float(x[0]) for name, x in means.items() if np.ndim(x[0]) == 0}
        for observable in self.model.scalars:
            if observable.estimate is not None and set(observable.moments) <= set(out):
                values = (out[name] for name in observable.moments)
                out[observable.name] = float(observable.estimate(*values))
        return out


def told_of(model: Model, controls: Mapping, size: int, seed: int) -> dict[str, Any]:
    """What a page is told of every network: which it is, as it was asked for."""
    return {"model": model.name, "controls": dict(controls), "size": size, "seed": seed}


def check_live_size(model: Model, size: Any) -> None:
    """InputError for a network that would be too dear to run while somebody watches."""
    size = check_argument("size", size, _COUNT, model.size.meaning)
    most = model.size.greatest
    if math.isfinite(model.size.cost):
        most = min(most, int(model.size.typical[1] * _DEARER ** (1 / model.size.cost)))
    if size > most:
        raise InputError(
            f"size = {size} is too large to run while you watch: give at most {most}"
            f" {model.size.meaning}; `replicon simulate` has no such limit."
        )


class Pace:
    """When a network steps: `speed` steps a second while it plays, as many as fit where the machine
    is slower; and `asked`, steps by hand. InputError for a speed that is none.
    """

    def __init__(self, speed: Any = 30.0, playing: Any = True):
        self.change(playing, speed)
        self.asked = 0
        self.owed = 0.0
        self.last = time.monotonic()
        self.cost = math.inf  # seconds of a step, as measured: unknown, hence one at first

    def change(self, playing: Any = None, speed: Any = None) -> None:
        """Play or rest, faster or slower; None leaves it as it is."""
        if speed is not None:
            self.speed = check_argument("speed", speed, _SPEED, "steps a second")
        if playing is not None:
            self.playing = bool(playing)

    def due(self, budget: float) -> int:
        """Steps to make now, of those that fit into so many seconds."""
        now = time.monotonic()
        elapsed = now - self.last
        self.last = now
        fits = max(1, int(budget / self.cost))
        by_hand = min(self.asked, fits)
        self.asked -= by_hand
        if not self.playing:
            self.owed = 0.0
            return by_hand
        self.owed += elapsed * self.speed
        count = min(int(self.owed), fits - by_hand)
        # What does not fit is not caught up: the network is slower, and says so.
        self.owed = min(self.owed - count, 1.0 + self.speed * budget)
        return by_hand + count

    def made(self, count: int, seconds: float) -> None:
        """How long so many steps took."""
        each = seconds / count
        self.cost = each if math.isinf(self.cost) else 0.7 * self.cost + 0.3 * each
