"""What a student of two units knows against the load, as lines: those of some correlations solved
before and kept in `rbm_lines.json`, since one takes seconds, and any other as it is asked for.

`python -m replicon.serve.exhibits.rbm_lines` solves them anew.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from replicon._declare import Model
from replicon._domains import Interval, Words, check_argument
from replicon.serve.asked import Offer
from replicon.serve.theory import Answer
from replicon.study import ask, verdict

LAST = 6.0  # load, the end of the axis
SHOWN = ("teacher_overlap", "cross_overlap", "overlap", "cross_replica_overlap")
SHOWN += ("receptive_overlap", "entropy")
THRESHOLDS = ("symmetry-breaking", "permutation-student", "permutation-teacher")
_FILE = Path(__file__).with_name("rbm_lines.json")
_CORRELATIONS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_CORRELATION = Interval(0, 0.7)  # the last threshold at 0.7 lies beyond the axis already
_PRIORS = Words(("informed", "uniform"))
_BRANCHES = ("random-guess", "symmetric", "permutation-student", "permutation-broken")
_DIGITS = 6


class Grid(NamedTuple):
    """Loads of a line: so many `evenly`, relative steps `above` each threshold, where overlaps or
    their differences begin as square roots, and so many where the units stay `alike`.
    """

    evenly: int
    above: tuple[float, ...]
    alike: int


KEPT = Grid(21, (1e-3, 0.01, 0.03, 0.07, 0.15, 0.3), 8)
ASKED = Grid(13, (3e-3, 0.03, 0.12), 4)  # a third of the time: somebody waits


def solved_line(model: Model, held: dict[str, Any], grid: Grid) -> dict[str, Any]:
    """{"correlation", "thresholds", "load" (points,), every observable of SHOWN (points,), "alike":
    {"load", "teacher_overlap"} of the branch symmetric where it is unstable}, of the state that is
    stable, inverse temperature and prior held. A threshold beyond LAST is None.

    Source: Hou, Wong & Huang (2019). Referee: the branch equilibrium of `solve`
    (tests/serve/test_rbm_exhibit.py).
    """
    thresholds = _thresholds(model, held)
    known = [t for t in thresholds.values() if t is not None]
    near = [t * (1 + step) for t in known for step in (0.0, *grid.above)]
    loads = np.unique([*np.linspace(0, LAST, grid.evenly), *(x for x in near if x < LAST)])
    passed = sum((loads > t).astype(int) for t in known) + np.zeros(len(loads), int)
    out = {name: np.empty(len(loads)) for name in SHOWN}
    for place, branch in enumerate(_BRANCHES):
        rows = np.flatnonzero(passed == place)
        if len(rows):
            values = _solved(model, branch, held, loads[rows])
            for name in SHOWN:
                out[name][rows] = values[name]
    return {
        "correlation": held["correlation"],
        "thresholds": thresholds,
        "load": loads,
        **out,
        "alike": _alike(model, held, thresholds["permutation-student"], grid.alike),
    }


def _thresholds(model: Model, held: dict) -> dict[str, float | None]:
    onset, student, teacher = THRESHOLDS
    first = _threshold(model, onset, held)
    if held["correlation"] == 0:  # two units that share nothing differ as soon as they learn
        return dict.fromkeys(THRESHOLDS, first)
    second = _threshold(model, student, held)
    # An informed student's units differ and find their order at once (`find_transition`).
    informed = held["prior"] == "informed"
    third = second if informed else _threshold(model, teacher, held)
    return {onset: first, student: second, teacher: third}


def _threshold(model: Model, name: str, held: dict) -> float | None:
    value = float(verdict.transition_values(model, model.transition(name), [held]).value[0])
    return value if value <= LAST else None


def _alike(model: Model, held: dict, begin: float | None, count: int) -> dict[str, Any]:
    """The branch on which the units stay alike, from where it is unstable."""
    loads = np.linspace(begin, LAST, count) if begin is not None else np.empty(0)
    if not len(loads):
        return {"load": loads, "teacher_overlap": loads}
    values = _solved(model, "symmetric", held, loads)
    return {"load": loads, "teacher_overlap": values["teacher_overlap"]}


def _solved(model: Model, branch: str, held: dict, loads: np.ndarray) -> dict[str, np.ndarray]:
    """A branch at loads, NaN where it did not converge."""
    values = ask.solved_values(model, branch, [{**held, "load": float(x)} for x in loads])
    return {name: np.where(values["converged"], values[name], np.nan) for name in SHOWN}


@lru_cache(maxsize=1)
def kept_lines() -> dict[str, list[dict[str, Any]]]:
    """{prior: lines}, as they were solved and kept."""
    return json.loads(_FILE.read_text(encoding="utf-8"))


def lines(offer: Offer, *, prior: Any) -> Answer:
    """The kept lines of a prior, at inverse temperature 1: `lines` in the header."""
    prior = check_argument("prior", prior, _PRIORS)
    return {"prior": prior, "lines": kept_lines()[prior]}, {}


def line(offer: Offer, *, model: Any, correlation: Any, prior: Any) -> Answer:
    """The line of a correlation and a prior, solved now: `line` in the header. `model` is told by
    the page so that it can be said what is compiled.
    """
    check_argument("model", model, Words(("rbm",)))
    correlation = check_argument("correlation", correlation, _CORRELATION, "of the teacher's rows")
    prior = check_argument("prior", prior, _PRIORS)
    found = solved_line(offer.model("rbm"), _held(offer, correlation, prior), ASKED)
    return {"prior": prior, "line": _plain(found)}, {}


def _held(offer: Offer, correlation: float, prior: str) -> dict[str, Any]:
    given = {"correlation": float(correlation), "prior": prior, "hidden": 2}
    at = offer.controls(offer.model("rbm"), given, "theory")
    return {name: value for name, value in at.items() if name != "load"}


def _plain(value: Any) -> Any:
    """Numbers of so many digits, None for NaN, arrays as lists."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        return [_plain(float(item)) for item in value]
    if isinstance(value, float):
        return None if np.isnan(value) else float(f"{value:.{_DIGITS}g}")
    return value


def _keep() -> None:
    """Solve all lines anew."""
    offer = Offer()
    model = offer.model("rbm")
    found = {}
    for prior in _PRIORS.words:
        held = [_held(offer, correlation, prior) for correlation in _CORRELATIONS]
        found[prior] = [_plain(solved_line(model, one, KEPT)) for one in held]
    _FILE.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _keep()
