"""The four questions one can ask a model: solve, find_transition, simulate, compare. Validation happens here, once."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from replicon import _seed, models
from replicon._declare import Control, Interval, Model, Words, controls_tuple, resolve
from replicon._domains import check_argument
from replicon._errors import ConvergenceError, InputError
from replicon._files import digest
from replicon._result import build
from replicon.simulation.cache import sound_cache
from replicon.simulation.statistics import binomial_interval, jackknife, mean_and_error, z_value
from replicon.study import grid, verdict


def solve(model: str | Model, *, branch: str | None = None, **controls: Any) -> xr.Dataset:
    """Infinite-size theory of a model: order parameters and potential per spin, at one point or on a grid.

    `controls`: numbers or words; lists (or strings such as '0:1:11') become dimensions, in declared order. `branch`: which
    solution, the model's first by default. Returns a Dataset with every theory observable, the potential, `converged`,
    `stable` (1, 0, or NaN where not known), `branch` and `reason`. Observables are NaN where not converged, which a point is
    only if all its numbers are finite and within the bounds that the model declares.
    Raises InputError for an unknown name or a value outside its domain, ConvergenceError for a single point that is not
    found (a grid marks it and goes on).
    """
    model = models.get(model)
    if model.solve is None:
        raise InputError(f"{model.name} has no theory: simulate it.")
    coordinates = _coordinates(model, controls, "theory")
    chosen = model.branch(branch).name if model.branches else ""
    table = list(grid.points(coordinates))
    solver = resolve(model.solve)
    found = verdict.ask(model.controls_for("theory"), table, lambda c: solver(c, chosen))
    values = verdict.theory_values(model, found, chosen, len(table))
    if len(table) == 1 and not any(isinstance(v, list) for v in coordinates.values()) and not values["converged"][0]:
        raise ConvergenceError(verdict.why_unsolved(model, chosen, table[0], values))
    return build(kind="solve", model=model, coordinates=coordinates, values=values, attributes={"controls": list(coordinates)})


def find_transition(model: str | Model, name: str, **controls: Any) -> xr.Dataset:
    """The value of a control at a transition, given the other controls; lists of these become dimensions.

    Returns a Dataset with `value` (NaN where not found), `converged` and `reason` (why there is none, empty where the search
    merely failed); attributes name the transition and its control. Raises InputError, and ConvergenceError for a single
    point at which there is no such transition or none was found.
    """
    model = models.get(model)
    transition = model.transition(name)
    if transition.control in controls:
        raise InputError(f"{transition.control} is what transition '{name}' of {model.name} finds: leave it out.")
    coordinates = _coordinates(model, controls, "theory")
    del coordinates[transition.control]
    table = list(grid.points(coordinates))
    value, converged, reason = verdict.transition_values(model, transition, table)
    if len(table) == 1 and not any(isinstance(v, list) for v in coordinates.values()) and not converged[0]:
        raise ConvergenceError(verdict.why_not_found(model, transition, table[0], reason[0]))
    attributes = {"transition": name, "control": transition.control, "controls": list(coordinates)}
    values = {"value": value, "converged": converged, "reason": reason}
    return build(kind="transition", model=model, coordinates=coordinates, values=values, attributes=attributes)


def simulate(model: str | Model, *, size: int, samples: int = 30, seed: int = 0, **controls: Any) -> xr.Dataset:
    """Finite networks: every simulation observable, one value for each of `samples` independent samples.

    `size`: see the model's `size_meaning`. Returns a Dataset with dimensions (controls given as lists, sample); observables
    that are ratios of moments (a Binder ratio) appear as their moments, `summarize` forms them. The same seed gives the same
    bits, whatever the grid and the number of workers. Raises InputError.
    """
    model = models.get(model)
    coordinates = check_simulation(model, size, samples, seed, controls)
    size, samples, seed = int(size), int(samples), int(seed)
    runs = [simulate_point(model, point, size, samples, seed) for point in grid.points(coordinates)]
    values = {name: np.stack([run[name] for run in runs]) for name in runs[0]}
    attributes = {"size": size, "samples": samples, "seed": seed, "controls": list(coordinates)}
    return build(kind="simulate", model=model, coordinates=coordinates, values=values, inner=("sample",), attributes=attributes)


def compare(model: str | Model, *, size: int, samples: int = 30, seed: int = 0, branch: str | None = None, **controls: Any) -> xr.Dataset:
    """Theory beside simulation: for every observable mean, error, theory and z = (mean - theory) / error.

    Controls of theory only and of simulation only are both accepted; a model whose theory knows finite size gets `size`.
    A load that is a whole number of patterns at this size is compared at the load really stored. Returns a Dataset with
    dimensions (controls given as lists, observable); its attribute `remarks`, where there is one, holds sentences: what was
    rounded, what theory assumes that the simulated system does not obey, chains too short to trust. Theory is NaN where
    it does not know or did not converge; z is NaN without theory or error.
    """
    model = models.get(model)
    coordinates = _coordinates(model, controls, "both")
    theory = {c.name: controls[c.name] for c in model.controls_for("theory") if c.name in controls}
    if model.size_control in {c.name for c in model.controls_for("theory")}:
        theory.setdefault(model.size_control, size)
        coordinates.pop(model.size_control, None)
    simulated = simulate(
        model,
        size=size,
        samples=samples,
        seed=seed,
        **{c.name: controls[c.name] for c in model.controls_for("simulation") if c.name in controls},
    )
    counted = [c for c in model.controls_for("theory") if c.realized is not None and c.name in coordinates]
    realized = {c.name: _realized(c, coordinates[c.name], size) for c in counted}
    for name, at in realized.items():
        asked = list(dict.fromkeys(at.values()))
        theory[name] = asked if isinstance(coordinates[name], list) else asked[0]
    solved = solve(model, branch=branch, **{k: v if isinstance(v, list) else grid.parse_value(k, v) for k, v in theory.items()})
    names = [o.name for o in model.observables if o.role != "theory"]
    table = list(grid.points(coordinates))
    columns: dict[str, list] = {"mean": [], "error": [], "theory": [], "z": []}
    remarks = [_rounded(name, at, size) for name, at in realized.items() if any(k != v for k, v in at.items())]
    for point in table:
        measured = summarize(model, _at(simulated, point))
        predicted = _at(solved, point | {name: at[point[name]] for name, at in realized.items()})
        if model.remarks is not None:
            remarks += resolve(model.remarks)(point, size, measured)
        rows = []
        for name in names:
            mean, error = measured[name]
            value = float(predicted[name]) if name in predicted else np.nan
            rows.append((mean, error, value, z_value(mean, error, value)))
        for key, column in zip(columns, np.array(rows).T, strict=True):
            columns[key].append(column)
    attributes = {"size": size, "samples": samples, "seed": seed, "controls": list(coordinates)}
    if remarks:
        attributes["remarks"] = list(dict.fromkeys(remarks))
    values = {key: np.array(column) for key, column in columns.items()}
    out = build(kind="compare", model=model, coordinates=coordinates, values=values, inner=("observable",), attributes=attributes)
    return out.assign_coords(observable=names)


def _realized(control: Control, given: Any, size: int) -> dict[float, float]:
    """{value asked for: value that a system of this size has} of one control."""
    assert control.realized is not None
    return {value: control.realized(value, size) for value in (given if isinstance(given, list) else [given])}


def _rounded(name: str, at: dict[float, float], size: int) -> str:
    changed = [f"{real:.4g} for {asked:.4g}" for asked, real in at.items() if asked != real]
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return f"At size {size} {name} is rounded to what can be counted: theory is asked at {name} = {', '.join(changed[:3])}{more}."


def check_simulation(model: Model, size: Any, samples: Any, seed: Any, controls: dict[str, Any]) -> dict[str, Any]:
    """Validated coordinates of a simulation (scalars and lists); raises InputError before anything runs."""
    if model.simulate is None:
        raise InputError(f"{model.name} has no simulation: solve it.")
    for name, value, least in (("size", size, 2), ("samples", samples, 1), ("seed", seed, 0)):
        meaning = model.size_meaning if name == "size" else {"samples": "independent samples", "seed": "random seed"}[name]
        check_argument(name, value, Interval(least, integer=True), meaning)
    coordinates = _coordinates(model, controls, "simulation")
    if model.check_size is not None:
        resolve(model.check_size)({k: v if isinstance(v, list) else [v] for k, v in coordinates.items()}, int(size))
    return coordinates


@sound_cache
def simulate_point(model: Model, point: dict[str, Any], size: int, samples: int, seed: int) -> dict[str, np.ndarray]:
    """One grid point, validated before: arrays whose first axis is the sample. The unit of work of a study."""
    assert model.simulate is not None
    told_apart = {name: _content(model, name, value) for name, value in point.items() if not model.control(name).shared}
    identity = {"model": model.name, "controls": told_apart, "size": int(size)}
    streams = _seed.streams(int(seed), identity, int(samples))
    # One thread for linear algebra: its sums, and so the bits, would else depend on the number of cores and workers.
    with threadpool_limits(limits=1, user_api="blas"):
        out = resolve(model.simulate)(controls_tuple(tuple(point), tuple(point.values())), int(size), int(samples), streams)
    return {name: np.asarray(value, float) for name, value in out.items()}


def _content(model: Model, name: str, value: Any) -> Any:
    """A value as random streams tell it apart: a file by what it holds, wherever it lies."""
    domain = model.control(name).domain
    if isinstance(domain, Words) and domain.names_file(value):
        return {"content": digest(value, f"{name} must be {domain}")}
    return value


def summarize(model: str | Model, sampled: xr.Dataset) -> dict[str, tuple[float, float]]:
    """(mean, standard error) of every simulation observable at one point of a simulated Dataset."""
    model = models.get(model)
    out = {}
    for observable in model.observables:
        if observable.role == "theory":
            continue
        if observable.estimate is not None:
            mean, error = jackknife(observable.estimate, *(sampled[name].values for name in observable.moments))
        else:
            mean, error = mean_and_error(sampled[observable.name].values)
        out[observable.name] = (float(mean), float(error))
    return out


def interval(model: str | Model, sampled: xr.Dataset, name: str) -> tuple[float, float] | None:
    """95 % confidence interval (Wilson) of an observable that is a fraction of samples, None of any other."""
    if not models.get(model).observable(name).fraction:
        return None
    return binomial_interval(sampled[name].values)


def _coordinates(model: Model, given: dict[str, Any], role) -> dict[str, Any]:
    """Controls as scalars or lists (where the user gave a list), checked."""
    parsed = {name: grid.parse_value(name, value) for name, value in given.items()}
    checked = model.check(parsed, role)
    lists = {name for name, value in parsed.items() if isinstance(value, (list, tuple)) or getattr(value, "ndim", 0)}
    return {name: values if name in lists else values[0] for name, values in checked.items()}


def _at(dataset: xr.Dataset, point: dict[str, Any]) -> xr.Dataset:
    return dataset.sel({name: point[str(name)] for name in dataset.dims if name in point})
