"""What a study will cost, from the first point of each series, without keeping anything."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from replicon._declare import Model
from replicon.study import grid
from replicon.study.merge import tasks
from replicon.study.run import execute, model_of

_TOGETHER = 32  # points of a grid that theory solves at once: `theory.points.BATCH`


class Cost(NamedTuple):
    """A series at one size (None for theory): its points; seconds of its first point, which
    compiles, and of one in the middle afterwards (NaN where there is but one call); seconds that
    all are expected to take.
    """

    series: str
    kind: str
    size: int | None
    points: int
    first: float
    again: float
    seconds: float


def costs(
    plan: dict[str, Any],
    models: dict[str, Model],
    progress: Callable[[int, int, str], None] | None = None,
) -> Iterator[Cost]:
    """For every series and size of a plan, as measured in this process. `models`: those given as
    objects, by content; `progress(done, total, series)` is called after each.

    Theory is solved in batches of one compiled shape, of which a point costs as much as all;
    simulated points cost a sample's time each sample, or, where a kernel runs all samples at once,
    one run of it.
    """
    cases = [(series, size) for series in plan["series"] for size in series.get("sizes", [None])]
    for done, (series, size) in enumerate(cases, start=1):
        yield _cost(series, size, models)
        if progress is not None:
            progress(done, len(cases), series["series"])


def _cost(series: dict[str, Any], size: int | None, models: dict[str, Model]) -> Cost:
    points = grid.size(series["controls"])
    samples = 1
    if size is None:
        calls = -(-points // _TOGETHER)
    elif model_of(series, models).start_many is not None:
        samples = series["samples"]
        calls = points
    else:
        calls = points * series["samples"]
    first = _seconds(_single(series, size, 0.0, samples), models)
    again = math.nan
    expected = first
    if calls > 1:
        again = _seconds(_single(series, size, 0.5, samples), models)
        expected += (calls - 1) * again
    return Cost(series["series"], series["kind"], size, points, first, again, expected)


def _single(series: dict[str, Any], size: int | None, place: float, samples: int) -> dict[str, Any]:
    """The task of one point, so far (from 0 to 1) along every list; of a simulation, of that many
    samples.
    """
    controls = dict(series["controls"])
    for name, values in series["controls"].items():
        if isinstance(values, list):
            value = values[int(place * len(values))]
            controls[name] = [value] if size is None else value
    if size is None:
        return {**series, "controls": controls}
    own = {"controls": controls, "sizes": [size], "samples": samples}
    (task,) = tasks({"series": [{**series, **own}]})
    return task


def _seconds(task: dict[str, Any], models: dict[str, Model]) -> float:
    begin = time.perf_counter()
    with warnings.catch_warnings(action="ignore"):  # chains of one sample are told short
        execute(task, models)
    return time.perf_counter() - begin
