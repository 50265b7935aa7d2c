"""What the exhibit of in-context learning asks of theory: the errors of linear attention along a
control and in a plane, and the solvable twin of a transformer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from replicon._declare import Interval, Model, controls_tuple
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon.attention.finite import counts
from replicon.attention.theory import MEMORIZATION
from replicon.serve import theory
from replicon.serve.asked import Offer
from replicon.serve.theory import Answer
from replicon.study import ask, verdict

SHOWN = ("context", "diversity", "prompts", "noise", "ridge")  # controls of this screen
STEPS = Interval(1, 20_000, integer=True)  # of a transformer's pre-training
_BEST = ("context", "diversity", "noise")  # controls that a transformer has too
_BATCH = 64  # prompts of a step of the transformer: the declared default
_SIDE = 33  # points of a side of the plane
_TIMES = 48  # of the twin's curve
_PEAK = 1.2  # times the error of the fewest prompts: what an eye sees as a peak
_RECITES = 0
_READS = 1


def curve(offer: Offer, *, controls: dict, along: str, span: list, size: Any) -> Answer:
    """Errors along a control, in infinite dimension: arrays `x`, `icl_error`, `idg_error`.

    In the header `point`, theory at the controls that a network of this size really has; `finite`,
    the same with the exact second moments of that dimension; `counts`, its examples, tasks and
    prompts; `size`; `floors`, errors to compare with.
    """
    model, at, size = _asked(offer, controls, size)
    header, arrays = theory.curve(offer, model=model.name, controls=at, along=along, span=span)
    real = {c.name: c.realized(at[c.name], size) for c in model.controls if c.realized}
    real = {name: value or at[name] for name, value in real.items()}  # 0: there is no such network
    header["point"] = _told(offer, {**at, **real})
    header["finite"] = _told(offer, {**at, **real, "dimension": size})
    given = controls_tuple(tuple(at), tuple(at.values()))
    header["counts"] = dict(zip(("l", "k", "n"), counts(given, size), strict=True))
    header["size"] = size
    header["floors"] = _floors(offer, at)
    kept = ("x", "icl_error", "idg_error")
    return header, {name: arrays[name] for name in kept}


def plane(offer: Offer, *, controls: dict, x_span: list, y_span: list) -> Answer:
    """What linear attention does in the plane of task diversity and prompts: arrays `x`, `y` and
    `rules` (rows, columns), 0 where its error on new tasks is over twice that on old ones (it
    recites), 1 where it is not (it reads the examples). `peak` (columns,), for each diversity the
    prompts at which the error on new tasks is greatest, NaN where it is no peak.
    """
    model, at, _ = _asked(offer, controls, model_size(offer))
    xs = _span("diversity", x_span)
    ys = _span("prompts", y_span)
    table = [{**at, "diversity": float(x), "prompts": float(y)} for y in ys for x in xs]
    values = ask.solved_values(model, model.branches[0].name, table)
    icl, idg = (values[name].reshape(_SIDE, _SIDE) for name in ("icl_error", "idg_error"))
    rules = np.where(icl > MEMORIZATION * idg, _RECITES, _READS).astype(np.int8)
    top = np.argmax(icl, axis=0)
    inner = (top < _SIDE - 1) & (icl.max(axis=0) > _PEAK * icl[0])
    return {}, {"x": xs, "y": ys, "rules": rules, "peak": np.where(inner, ys[top], np.nan)}


def best_ridge(offer: Offer, *, controls: dict) -> Answer:
    """The ridge of least error on new tasks, `value`; None where there is none."""
    model, at, _ = _asked(offer, controls, model_size(offer))
    held = {name: value for name, value in at.items() if name != "ridge"}
    found = verdict.transition_values(model, model.transition("optimal-ridge"), [held])
    return {"value": found.value[0] if found.converged[0] else None}, {}


def twin(offer: Offer, *, controls: dict, size: Any, steps: Any) -> Answer:
    """Linear attention that has seen the prompts of a transformer: after t steps of a batch of B
    it is trained on B t prompts, at the ridge of least error. Arrays `steps`, `icl_error` and
    `idg_error` (times,). `floors`, and `endless`: linear attention after endlessly many prompts.
    """
    model, at, size = _asked(offer, controls, size, _BEST)
    steps = check_argument("steps", steps, STEPS, "steps of pre-training")
    times = np.unique(np.geomspace(1, steps, _TIMES).round())
    held = {name: value for name, value in at.items() if name != "ridge"}
    table = [{**held, "prompts": float(_BATCH * t / size**2)} for t in times]
    ridges = verdict.transition_values(model, model.transition("optimal-ridge"), table).value
    table = [{**row, "ridge": float(r)} for row, r in zip(table, ridges, strict=True)]
    values = ask.solved_values(model, model.branches[0].name, table)
    header = {
        "floors": _floors(offer, at),
        "endless": _told(offer, {**at, "prompts": math.inf, "ridge": 0.0}),
    }
    return header, {"steps": times, **{name: values[name] for name in ("icl_error", "idg_error")}}


def model_size(offer: Offer) -> int:
    """A size that any question may name."""
    return offer.model("attention").size.quick


def _asked(
    offer: Offer, controls: Any, size: Any, names: tuple[str, ...] = SHOWN
) -> tuple[Model, dict[str, Any], int]:
    """Linear attention, its controls of theory and its size, checked."""
    model = offer.model("attention")
    check_names(controls, names)
    at = offer.controls(model, controls, "theory")
    size = check_argument("size", size, Interval(2, model.size.greatest, integer=True), "dimension")
    return model, at, size


def check_names(controls: Any, names: tuple[str, ...]) -> None:
    """InputError for a control that is not among those of a screen."""
    strange = sorted(set(controls) - set(names)) if isinstance(controls, Mapping) else []
    if strange:
        raise InputError(
            f"{strange[0]} is no control of this screen: give {', '.join(names)}, or open the lab."
        )


def _span(name: str, ends: Any) -> np.ndarray:
    domain = Interval(0, 1e6, open_low=True)
    if not isinstance(ends, (list, tuple)) or len(ends) != 2:
        raise InputError(f"The axis of {name} has two ends.")
    low, high = (check_argument(name, end, domain, "an end of its axis") for end in ends)
    if low >= high:
        raise InputError(f"The axis of {name} goes from a lower to a higher number.")
    return np.geomspace(low, high, _SIDE)


def _told(offer: Offer, at: dict[str, Any]) -> dict[str, Any]:
    return theory.point(offer, model="attention", controls=at)[0]["point"]


def _floors(offer: Offer, at: dict[str, Any]) -> dict[str, float]:
    """Errors of a machine that answers 0 (`none`), and of the best for tasks of which it knows that
    they are Gaussian (`ridge`): ridge regression on the examples.
    """
    held = {name: at[name] for name in ("context", "noise")}
    asked = {
        word: {"model": "in-context-estimators", "controls": {**held, "estimator": word}}
        for word in ("none", "ridge")
    }
    return {
        word: theory.point(offer, **given)[0]["point"]["icl_error"] for word, given in asked.items()
    }


QUESTIONS: dict[str, Callable[..., Answer]] = {
    "attention.curve": curve,
    "attention.plane": plane,
    "attention.best_ridge": best_ridge,
    "attention.twin": twin,
}
