"""Finite networks: one process stepped by a user or a page, and `simulate`, written
once over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from replicon import _seed
from replicon._declare import Interval, Model, Words, controls_tuple, resolve
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon._kernels import sound_cache
from replicon._statistics import short_chains, warn_of_short_chains

_COUNT = Interval(0, integer=True)
_TAU = "autocorrelation_time"  # in steps


class Process:
    """A finite network of a model, which moves when it is stepped.

    `model`, `controls` (a dictionary of the values now), `size`, `seed`; `steps`, how many were
    made; `network`, what the model's `start` (or `start_many`, of one sample) gave. Made by
    `replicon.start`, which checks everything; the same seed gives the same network and the same
    motion, however its steps are cut.
    """

    def __init__(self, model: Model, controls: dict[str, Any], size: int, seed: int):
        self.model = model
        self.controls = controls
        self.size = size
        self.seed = seed
        self.steps = 0
        if model.start is not None:
            self.network = started(model, controls, size, 1, seed)
        elif model.start_many is not None:
            given = controls_tuple(tuple(controls), tuple(controls.values()))
            stream = streams(model, controls, size, 1, seed)
            self.network = resolve(model.start_many)(given, size, stream)
        else:
            way = "simulate it" if model.simulated else "solve it"
            raise InputError(f"{model.name} is no process that runs: {way}.")

    @property
    def done(self) -> bool:
        """Whether there is nothing more to do (an algorithm has solved its instance, say)."""
        return bool(getattr(self.network, "done", False))

    def step(self, count: int = 1) -> Process:
        """So many sweeps, time steps, iterations or epochs; fewer where it is done before."""
        count = check_argument("count", count, _COUNT, "steps")
        if count and not self.done:
            self.network.step(count)
            self.steps += count
        return self

    def measure(self) -> dict[str, Any]:
        """The observables of the simulation, now: numbers, and arrays of their declared axes."""
        measured = self.network.measure()
        if self.model.start is None:
            measured = {name: np.asarray(value)[0] for name, value in measured.items()}
        return {name: np.asarray(value, float)[()] for name, value in measured.items()}

    def view(self) -> dict[str, np.ndarray]:
        """What an eye would see: an array for each view that the model declares, a copy."""
        shown = self.network.view() if self.model.views else {}
        return {name: np.array(array) for name, array in shown.items()}

    def set(self, name: str, value: Any) -> Process:
        """Change a control while the network runs; only those declared `live` can be."""
        control = self.model.control(name)
        if not control.live or control.name not in self.controls:
            live = [c.name for c in self.model.controls_for("simulation") if c.live]
            raise InputError(
                f"{name} of {self.model.name} cannot be changed while it runs: start again with "
                f"another value; what can be changed: {', '.join(live) or 'nothing'}."
            )
        value = control.check(self.model.canonical({name: value})[control.name])
        self.network.set(control.name, value)
        self.controls[control.name] = value
        return self


def started(model: Model, controls: Mapping[str, Any], size: int, sample: int, seed: int) -> Any:
    """The network of a sample of `simulate`, which counts from 1, as it begins."""
    stream = streams(model, controls, size, sample, seed)[-1]
    given = controls_tuple(tuple(controls), tuple(controls.values()))
    return resolve(model.start)(given, size, _seed.generator(stream))


def streams(
    model: Model, point: Mapping[str, Any], size: int, samples: int, seed: int
) -> list[np.random.SeedSequence]:
    """One random stream for each sample of a point."""
    told_apart = {
        name: _content(model, name, value)
        for name, value in point.items()
        if not model.control(name).shared
    }
    identity = {"model": model.name, "controls": told_apart, "size": size}
    return _seed.streams(seed, identity, samples)


@sound_cache
def simulate_point(
    model: Model, point: dict[str, Any], size: int, samples: int, seed: int
) -> dict[str, np.ndarray]:
    """One grid point, checked before: arrays whose first axis is the sample. The unit of work of a
    study.
    """
    given = streams(model, point, size, samples, seed)
    controls = controls_tuple(tuple(point), tuple(point.values()))
    # One thread for linear algebra: its sums, and so the bits, would else depend on the number of
    # cores and workers.
    with threadpool_limits(limits=1, user_api="blas"):
        if model.sample is not None:
            draw = resolve(model.sample)
            rows = [draw(controls, size, _seed.generator(stream)) for stream in given]
            return _known(model, _stacked(rows))
        return _known(model, _run(model, controls, size, given))


def _run(model: Model, controls: Any, size: int, given: list) -> dict[str, np.ndarray]:
    """Start, burn, step and measure every sample; then average over time."""
    assert model.schedule is not None, f"{model.name} declares a process and no schedule"
    burn, measured = model.schedule.plan(controls)
    every = model.schedule.every
    if model.start_many is not None:
        network = resolve(model.start_many)(controls, size, given)
        series, last = _followed(network, burn, measured, every)
    else:
        start = resolve(model.start)
        runs = []
        for stream in given:
            network = start(controls, size, _seed.generator(stream))
            runs.append(_followed(network, burn, measured, every))
        series = _stacked([one for one, _ in runs], pad=True)
        last = _stacked([end for _, end in runs])
    means = averaged(model, series, controls, size)
    if _TAU in means:
        warn_of_short_chains(means[_TAU], *_lengths(model, controls))
    return means | last


def _lengths(model: Model, controls: Any) -> tuple[int, int]:
    """(steps asked for, steps measured) of every chain at a point."""
    assert model.schedule is not None
    burn, measured = model.schedule.plan(controls)
    return measured if model.schedule.beside else burn + measured, measured


def remark_on_length(model: Model, point: Mapping[str, Any], measured: Mapping) -> list[str]:
    """A sentence where chains were short beside their autocorrelation time.

    `measured`: {observable: (mean, error)}.
    """
    if model.schedule is None or _TAU not in measured:
        return []
    lengths = _lengths(model, controls_tuple(tuple(point), tuple(point.values())))
    sentence = short_chains(measured[_TAU][0], *lengths)
    return [sentence] if sentence else []


def _followed(network: Any, burn: int, measured: int, every: int) -> tuple[dict, dict]:
    """(what was measured, times first or, of many samples, second; what was measured at
    the end).
    """
    if burn:
        network.step(burn)
    rows = []
    for _ in range(measured // every):
        if getattr(network, "done", False):
            break
        network.step(every)
        rows.append(network.measure())
    if not rows:
        rows.append(network.measure())
    series = {name: np.array([row[name] for row in rows], float) for name in rows[0]}
    finish = getattr(network, "finish", dict)
    return series, dict(finish())


def _stacked(rows: list[dict[str, Any]], pad: bool = False) -> dict[str, np.ndarray]:
    """One array a name, samples first. `pad`: series of runs that ended early are continued by
    their last value.
    """
    out = {}
    for name in rows[0]:
        arrays = [np.asarray(row[name], float) for row in rows]
        if pad and len({len(array) for array in arrays}) > 1:
            longest = max(len(array) for array in arrays)
            arrays = [
                np.concatenate([a, np.repeat(a[-1:], longest - len(a), axis=0)]) for a in arrays
            ]
        out[name] = np.stack(arrays)
    return out


def averaged(model: Model, series: dict, controls: Any, size: int) -> dict[str, np.ndarray]:
    """A value for each sample, of what was measured, times first (of a `start_many`: second): the
    mean over time, or what `Observable.series` makes of it.
    """
    many = model.start_many is not None
    series = {name: np.swapaxes(x, 0, 1) if many else x for name, x in series.items()}
    formed = [o for o in model.observables if o.series is not None and o.role != "theory"]
    passing = {name for o in formed for name in o.moments}
    out = {name: x.mean(axis=1) for name, x in series.items() if name not in passing}
    for observable in formed:
        form = resolve(observable.series)
        out[observable.name] = np.asarray(form(series, controls, size), float)
    return out


def _known(model: Model, out: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What was measured, if all of it is declared and nothing is missing."""
    declared = [o for o in model.observables if o.role != "theory"]
    moments = {name for o in declared if o.series is None for name in o.moments}
    names = {o.name for o in declared}
    extra = sorted(set(out) - names - moments)
    wanted = {o.name for o in declared if o.estimate is None and not o.axes} | moments
    missing = sorted(wanted - set(out))
    if extra or missing:
        told = f"measured {', '.join(extra)}" if extra else f"did not measure {', '.join(missing)}"
        raise InputError(
            f"The simulation of {model.name} {told}: it must give every observable that the model "
            "declares for simulation, or its moments, and nothing else."
        )
    return out


def _content(model: Model, name: str, value: Any) -> Any:
    """A value as random streams tell it apart: files and objects by what they hold."""
    domain = model.control(name).domain
    held = domain.content(name, value) if isinstance(domain, Words) else ""
    return {"content": held} if held else value
