"""What a student of one to four units knows against the load, as lines: those of some correlations
solved before and kept in `rbm_lines.json`, since one takes seconds (of four units, many minutes),
and, of one or two units, any other as it is asked for.

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
_CORRELATIONS = {
    1: (0.0,),  # a single unit has no other
    2: (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
    3: (0.0, 0.3, 0.5),
    4: (0.0, 0.3),
}
_CORRELATION = Interval(0, 0.7)  # the last threshold at 0.7 lies beyond the axis already
MANY = Interval(1, 4, integer=True)
_QUICK = Interval(1, 2, integer=True)  # of which a line is solved while somebody waits
_COUNTED = 8  # units, the most of which the onset is told
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
KEPT_THREE = Grid(17, (1e-3, 0.01, 0.05, 0.15, 0.3, 0.6, 1.1, 1.8), 5)
KEPT_FOUR = Grid(13, (3e-3, 0.03, 0.1, 0.25, 0.5, 1.0, 1.8, 3.0, 5.0), 4)
ASKED = Grid(13, (3e-3, 0.03, 0.12), 4)  # a third of the time: somebody waits
_GRIDS = {1: KEPT, 2: KEPT, 3: KEPT_THREE, 4: KEPT_FOUR}


def solved_line(model: Model, held: dict[str, Any], grid: Grid) -> dict[str, Any]:
    """{"correlation", "hidden", "thresholds", "load" (points,), every observable of SHOWN
    (points,), "alike": {"load", "teacher_overlap"} of the branch symmetric where it is unstable},
    of the state that is stable, inverse temperature and prior held. A threshold beyond LAST is
    None.

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
        "hidden": held["hidden"],
        "thresholds": thresholds,
        "load": loads,
        **out,
        "alike": _alike(model, held, thresholds["permutation-student"], grid.alike),
    }


def _thresholds(model: Model, held: dict) -> dict[str, float | None]:
    onset, student, teacher = THRESHOLDS
    first = _threshold(model, onset, held)
    if held["hidden"] == 1:
        return {onset: first, student: None, teacher: None}
    if held["correlation"] == 0:  # two units that share nothing differ as soon as they learn
        return dict.fromkeys(THRESHOLDS, first)
    second = _threshold(model, student, held)
    # An informed student's units differ and find their order at once (`find_transition`).
    informed = held["prior"] == "informed"
    third = second if informed else _threshold(model, teacher, held)
    return {onset: first, student: second, teacher: third}


def _threshold(model: Model, name: str, held: dict) -> float | None:
    value = verdict.transition_value(model, name, held)
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
def kept_lines() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """{hidden units: {prior: lines}}, as they were solved and kept."""
    return json.loads(_FILE.read_text(encoding="utf-8"))


def lines(offer: Offer, *, prior: Any, hidden: Any = 2) -> Answer:
    """The kept lines of a prior, at inverse temperature 1: `lines` in the header."""
    prior = check_argument("prior", prior, _PRIORS)
    hidden = check_argument("hidden", hidden, MANY, "units")
    return {"prior": prior, "lines": kept_lines()[str(hidden)][prior]}, {}


def onsets(offer: Offer, *, correlation: Any) -> Answer:
    """Where learning begins at a correlation, inverse temperature 1: `units` (8,), loads `informed`
    and `uniform` of the two students.
    """
    correlation = check_argument("correlation", correlation, _CORRELATION, "of the teacher's rows")
    model = offer.model("rbm")
    units = range(1, _COUNTED + 1)
    out: dict[str, Any] = {"units": np.array(units, float)}
    for prior in _PRIORS.words:
        table = [_held(offer, correlation, prior, count) for count in units]
        found = verdict.transition_values(model, model.transition(THRESHOLDS[0]), table)
        out[prior] = found.value
    return {"correlation": correlation}, out


def line(offer: Offer, *, model: Any, correlation: Any, prior: Any, hidden: Any = 2) -> Answer:
    """The line of a correlation and a prior, solved now: `line` in the header. `model` is told by
    the page so that it can be said what is compiled.
    """
    check_argument("model", model, Words(("rbm",)))
    correlation = check_argument("correlation", correlation, _CORRELATION, "of the teacher's rows")
    prior = check_argument("prior", prior, _PRIORS)
    hidden = check_argument("hidden", hidden, _QUICK, "units, of more the kept lines are shown")
    found = solved_line(offer.model("rbm"), _held(offer, correlation, prior, hidden), ASKED)
    return {"prior": prior, "line": _plain(found)}, {}


def _held(offer: Offer, correlation: float, prior: str, hidden: int) -> dict[str, Any]:
    given = {"correlation": float(correlation), "prior": prior, "hidden": hidden}
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
    found: dict[str, dict[str, list]] = {}
    for hidden, correlations in _CORRELATIONS.items():
        for prior in _PRIORS.words:
            held = [_held(offer, correlation, prior, hidden) for correlation in correlations]
            kept = [_plain(solved_line(model, one, _GRIDS[hidden])) for one in held]
            found.setdefault(str(hidden), {})[prior] = kept
    _FILE.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _keep()
