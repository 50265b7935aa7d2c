"""When does a memory forget?: the phase diagram of the Hopfield memory, and theory at its points.
The network is in `hopfield_memory`.

`python -m replicon.serve.exhibits.hopfield` solves the four lines of the diagram anew and keeps
them in `hopfield_lines.json`, so that the map is there at once.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from replicon._domains import Interval, check_argument
from replicon._errors import InputError
from replicon.serve import theory
from replicon.serve.asked import Offer
from replicon.serve.exhibits.hopfield_memory import LOAD, LiveMemory
from replicon.serve.theory import Answer
from replicon.study import verdict

_MODEL = "hopfield"
_LINES = Path(__file__).with_name("hopfield_lines.json")
_POINTS = 48  # of a line: its bend is then drawn to less than a pixel
_DIGITS = 9  # of a number of a line that is kept
_SIDE = 96  # points of a side of the regions
_REGIONS = ("memory", "metastable memory", "spin glass", "paramagnet")
_STABLE = (0, 1)  # those of them where a memory is
_LOADS = [0.0, 0.2]  # of the curve of m
_ROUNDING = 1e-12
_TEMPERATURE = Interval(0, 3)


def solved_lines(offer: Offer) -> dict[str, dict[str, list[float]]]:
    """The four lines as theory finds them, {name: {"load", "temperature"}}, without points where
    there is no transition. Referee: `hopfield_lines.json` is compared with it.
    """
    model = offer.model(_MODEL)
    # Both spinodal and crossing bend most at their ends, where these points are densest.
    temperatures = (1 - np.cos(np.linspace(0, np.pi, _POINTS))) / 2
    end = verdict.transition_values(model, model.transition("retrieval"), [{"temperature": 0.0}])
    loads = {
        "retrieval": temperatures[:-1],
        "global-retrieval": temperatures[:-1],
        "spin-glass": np.linspace(1e-6, 1, _POINTS) ** 2,
        # Below a load of 0.06 the temperature of the line, about exp(-1/(2 load)), is under 1e-4.
        "almeida-thouless": np.linspace(0.06, float(end.value[0]) * (1 - 1e-6), _POINTS),
    }
    out = {}
    for name, places in loads.items():
        transition = model.transition(name)
        along = "load" if transition.control == "temperature" else "temperature"
        found = verdict.transition_values(model, transition, [{along: float(v)} for v in places])
        there = np.isfinite(found.value)
        out[name] = {
            along: _short(places[there]),
            transition.control: _short(found.value[there]),
        }
    return out


@lru_cache(maxsize=1)
def kept_lines() -> dict[str, dict[str, list[float]]]:
    """The four lines as they were solved and kept."""
    return json.loads(_LINES.read_text(encoding="utf-8"))


def region(load: Any, temperature: Any) -> np.ndarray:
    """Which of `_REGIONS` a point of the diagram is in, by the lines that bound it; arrays of one
    shape.
    """
    load = np.asarray(load, float)
    temperature = np.asarray(temperature, float)
    ends = []
    for name in ("global-retrieval", "retrieval"):
        line = kept_lines()[name]
        ends.append(np.interp(temperature, line["temperature"], line["load"], right=-1.0))
    lowest, exists = ends
    frozen = temperature <= 1 + np.sqrt(load)
    return np.select([load <= lowest, load <= exists, frozen], [0, 1, 2], 3)


def phase_diagram(offer: Offer, *, x_span: list, y_span: list) -> Answer:
    """The four lines and the regions between them: for each line of `lines` arrays
    `line.load` and `line.temperature`; `rules` (rows, columns), the place in `regions` at each
    point of `x`, `y`.
    """
    model = offer.model(_MODEL)
    x = _axis("load", x_span, LOAD)
    y = _axis("temperature", y_span, _TEMPERATURE)
    arrays: dict[str, Any] = {"x": x, "y": y}
    arrays["rules"] = region(x[None, :], y[:, None]).astype(np.int8)
    for name, line in kept_lines().items():
        arrays.update({f"{name}.{control}": np.array(values) for control, values in line.items()})
    names = [transition.name for transition in model.transitions]
    return {"lines": names, "regions": _REGIONS}, arrays


def here(offer: Offer, *, load: Any, temperature: Any) -> Answer:
    """Theory at a point: `region`, the `branch` that a network started in its memory follows, and
    `point`, its observables.
    """
    load = check_argument("load", load, LOAD, "patterns per spin")
    temperature = check_argument("temperature", temperature, _TEMPERATURE)
    at = {"load": load, "temperature": temperature}
    place = int(region(load, temperature))
    after = "paramagnet" if temperature >= 1 + np.sqrt(load) else "spin-glass"
    point: dict[str, Any] = {}
    for branch in ("retrieval", after) if place in _STABLE else (after,):
        point = theory.point(offer, model=_MODEL, controls=at, branch=branch)[0]["point"]
        if point["converged"]:
            break
    # m, and in the paramagnet q and r, vanish by symmetry: a solver leaves rounding.
    for name, value in point.items():
        if isinstance(value, float) and abs(value) < _ROUNDING:
            point[name] = 0.0
    return {"region": place, "at": at, "branch": branch, "point": point}, {}


def retrieval_curve(offer: Offer, *, temperature: Any) -> Answer:
    """The retrieval state at a temperature: arrays `load` (points,), `magnetization`, NaN where
    there is none, and `stable`.
    """
    temperature = check_argument("temperature", temperature, _TEMPERATURE)
    _, arrays = theory.curve(
        offer, model=_MODEL, controls={"temperature": temperature}, along="load", span=_LOADS,
        branch="retrieval",
    )  # fmt: skip
    retrieved = np.where(arrays["converged"] > 0, arrays["magnetization"], np.nan)
    return {}, {"load": arrays["x"], "magnetization": retrieved, "stable": arrays["stable"]}


def _short(values: np.ndarray) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]


def _axis(name: str, span: Any, domain: Interval) -> np.ndarray:
    if not isinstance(span, (list, tuple)) or len(span) != 2:
        raise InputError(f"The axis of {name} has two ends.")
    low, high = (check_argument(name, end, domain) for end in span)
    if low >= high:
        raise InputError(f"The axis of {name} goes from a lower to a higher number.")
    return np.linspace(low, high, _SIDE)


QUESTIONS = {
    "hopfield.map": phase_diagram,
    "hopfield.here": here,
    "hopfield.curve": retrieval_curve,
}
NETWORKS = {"hopfield.memory": LiveMemory}


if __name__ == "__main__":
    _LINES.write_text(json.dumps(solved_lines(Offer())) + "\n", encoding="utf-8")
