"""What a study will cost, from two points of each series, without keeping anything."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator
from statistics import fmean
from typing import Any, NamedTuple

from replicon._declare import Model
from replicon.study import grid
from replicon.study.merge import tasks
from replicon.study.run import execute, model_of

_TOGETHER = 32  # points of a grid that theory solves at once: `theory.points.BATCH`


class Cost(NamedTuple):
    """A series at one size (None for theory): its points; seconds of its first point, which
    compiles, and of one in the middle afterwards (NaN where there is but one call); seconds that
    all are expected to take. Where lists of words (methods, say) make kinds of points, of each
    kind: the sum of first calls and the mean of later ones.
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
    kinds = list(_kinds(series))
    samples = 1
    each = points // len(kinds)
    if size is None:
        each = -(-each // _TOGETHER)
    elif model_of(series, models).start_many is not None:
        samples = series["samples"]
    else:
        each *= series["samples"]

    def seconds(place: float) -> list[float]:
        return [_seconds(_single(kind, size, place, samples), models) for kind in kinds]

    first = sum(seconds(0.0))
    if each == 1:
        return Cost(series["series"], series["kind"], size, points, first, math.nan, first)
    again = fmean(seconds(0.5))
    expected = first + len(kinds) * (each - 1) * again
    return Cost(series["series"], series["kind"], size, points, first, again, expected)


def _kinds(series: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The series with one word for each list of words."""
    lists = {name: v for name, v in series["controls"].items() if isinstance(v, list)}
    words = {name: v for name, v in lists.items() if all(isinstance(one, str) for one in v)}
    for chosen in grid.points(words):
        given = {name: [word] for name, word in chosen.items()}
        yield {**series, "controls": {**series["controls"], **given}}


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
