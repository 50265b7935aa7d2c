"""The questions one can ask a model: solve, find_transition, simulate, start (`comparison` has
`compare`). What a user gives is parsed and checked here, once; what is asked within (`*_at`) was
checked before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from replicon._declare import Interval, Model, Role, resolve
from replicon._domains import check_argument
from replicon._errors import ConvergenceError, InputError
from replicon._result import build
from replicon._seed import read_seed
from replicon._statistics import binomial_interval, jackknife, mean_and_error
from replicon.study import catalogue, grid, verdict
from replicon.study.process import Process, simulate_point

if TYPE_CHECKING:
    import xarray as xr

Seed: TypeAlias = int | np.random.Generator
_SAMPLES = Interval(1, integer=True)


class Sampling(NamedTuple):
    """Checked numbers of a simulation: size of each network, independent samples, seed."""

    size: int
    samples: int
    seed: int


def solve(model: str | Model, *, branch: str | None = None, **controls: Any) -> xr.Dataset:
    """Infinite-size theory of a model: order parameters and potential per spin, at one point or on
    a grid.

    `controls`: numbers or words; lists (or strings such as '0:1:11') become dimensions, in declared
    order. Where a control takes files it takes objects: a matrix or rows as array, list, DataFrame
    or scipy.sparse, a networkx graph, a function of jax.numpy; in results these are a name and a
    fingerprint of what they hold, and ('my-name', function) names one. `branch`: which solution,
    the model's first by default. Returns a Dataset with every theory observable, the potential,
    `converged`, `stable` (1, 0, or NaN where not known), `branch` and `reason`. Observables are NaN
    where not converged, which a point is only if all its numbers are finite and within the bounds
    that the model declares. Raises InputError for an unknown name or a value outside its domain,
    ConvergenceError for a single point that is not found (a grid marks it and goes on).
    """
    model = catalogue.get(model)
    chosen = theory_branch(model, branch)
    return solve_at(model, chosen, read(model, controls, "theory"))


def solve_at(model: Model, branch: str, coordinates: dict[str, Any]) -> xr.Dataset:
    """`solve` on checked coordinates."""
    values = solved_values(model, branch, list(grid.points(coordinates)))
    result = build(
        kind="solve",
        model=model,
        coordinates=coordinates,
        values=values,
        attributes={"controls": list(coordinates)},
    )
    if _is_point(coordinates) and not values["converged"][0]:
        why = verdict.why_unsolved(model, branch, coordinates, values)
        raise ConvergenceError(why, result)
    return result


def solved_values(model: Model, branch: str, table: list[dict]) -> dict[str, np.ndarray]:
    """A branch at checked points: one array for every theory observable and property of the
    solution, rows in the order of the table.
    """
    solver = resolve(model.solve)
    several = len(model.branches) > 1
    controls = model.controls_for("theory")
    found = verdict.ask(controls, table, lambda c: solver(c, branch) if several else solver(c))
    return verdict.theory_values(model, found, branch, len(table))


def theory_branch(model: Model, branch: str | None) -> str:
    """The name of the branch that is asked for, '' of a model without; InputError
    without theory.
    """
    if model.solve is None:
        raise InputError(f"{model.name} has no theory: simulate it.")
    return model.branch(branch).name if model.branches or branch is not None else ""


def find_transition(model: str | Model, name: str, **controls: Any) -> xr.Dataset:
    """The value of a control at a transition, given the other controls; lists of these become
    dimensions.

    Returns a Dataset with `value` (NaN where not found), `converged`, `reason` (why there is none,
    empty where the search merely failed), and the evidence that the transition declares, if any: a
    bracket, say; attributes name the transition and its control. Raises InputError, and
    ConvergenceError for a single point at which there is no such transition or none was found.
    """
    model = catalogue.get(model)
    return find_transition_at(model, name, transition_coordinates(model, name, controls))


def transition_coordinates(model: Model, name: str, controls: Mapping[str, Any]) -> dict[str, Any]:
    """Checked coordinates of a transition: all controls of the theory but the one it finds."""
    transition = model.transition(name)
    controls = canonical(model, controls)
    if transition.control in controls:
        raise InputError(
            f"{transition.control} is what transition '{name}' of {model.name} finds: leave it out."
        )
    coordinates = read(model, controls, "theory")
    del coordinates[transition.control]
    return coordinates


def find_transition_at(model: Model, name: str, coordinates: dict[str, Any]) -> xr.Dataset:
    """`find_transition` on checked coordinates."""
    transition = model.transition(name)
    table = list(grid.points(coordinates))
    found = verdict.transition_values(model, transition, table)
    attributes = {
        "transition": name,
        "control": transition.control,
        "controls": list(coordinates),
    }
    result = build(
        kind="transition",
        model=model,
        coordinates=coordinates,
        values={
            "value": found.value,
            "converged": found.converged,
            "reason": found.reason,
            **found.evidence,
        },
        attributes=attributes,
    )
    if _is_point(coordinates) and not found.converged[0]:
        why = verdict.why_not_found(model, transition, coordinates, found.reason[0])
        raise ConvergenceError(why, result)
    return result


def start(
    model: str | Model, *, size: int | None = None, seed: Seed = 0, **controls: Any
) -> Process:
    """A finite network as a process, to be stepped, measured, looked at and changed as it runs.

    `size`: see `simulate`; `seed`: a whole number, or a generator of NumPy's that gives
    one; `controls`: single numbers or words. `simulate` runs the very same process. Raises
    InputError, also for a model whose simulation is one shot.
    """
    model = catalogue.get(model)
    coordinates, asked = check_simulation(model, size, 1, seed, controls)
    for name, value in coordinates.items():
        if isinstance(value, list):
            raise InputError(f"{name} was given as a list: a process has one value, give one.")
    return Process(model, coordinates, asked.size, asked.seed)


def simulate(
    model: str | Model,
    *,
    size: int | None = None,
    samples: int = 30,
    seed: Seed = 0,
    **controls: Any,
) -> xr.Dataset:
    """Finite networks: every simulation observable, one value for each of `samples` independent
    samples.

    `size`: see the model's `size`; it may be left out where a network, or patterns, are given that
    have one. `seed`: a whole number, or a generator of NumPy's that gives one. Returns a Dataset
    with dimensions (controls given as lists, sample); observables that are ratios of moments (a
    Binder ratio) appear as their moments, `summarize` forms them. The same seed gives the same
    bits, whatever the grid and the number of workers. Raises InputError.
    """
    model = catalogue.get(model)
    return simulate_at(model, *check_simulation(model, size, samples, seed, controls))


def simulate_at(model: Model, coordinates: dict[str, Any], asked: Sampling) -> xr.Dataset:
    """`simulate` on checked coordinates."""
    runs = [simulate_point(model, point, *asked) for point in grid.points(coordinates)]
    return build(
        kind="simulate",
        model=model,
        coordinates=coordinates,
        values={name: np.stack([run[name] for run in runs]) for name in runs[0]},
        inner=("sample",),
        attributes={**asked._asdict(), "controls": list(coordinates)},
    )


def check_simulation(
    model: Model, size: Any, samples: Any, seed: Any, controls: Mapping[str, Any]
) -> tuple[dict[str, Any], Sampling]:
    """Checked coordinates and numbers of a simulation; raises InputError before anything runs."""
    _check_simulated(model)
    coordinates = read(model, controls, "simulation")
    asked = check_numbers(model, size_of(model, size, coordinates), samples, seed)
    check_size(model, coordinates, asked.size)
    return coordinates, asked


def _check_simulated(model: Model) -> None:
    if not model.simulated:
        raise InputError(f"{model.name} has no simulation: solve it.")


def size_of(model: Model, size: Any, coordinates: Mapping[str, Any]) -> Any:
    """The size that is given, else the one that the controls ask for; InputError without one."""
    if size is not None:
        return size
    asked = resolve(model.size.of)(_as_lists(coordinates)) if model.size.of else set()
    if len(asked) > 1:
        raise InputError(
            f"size of {model.name} would be {' and '.join(map(str, sorted(asked)))}, by what the"
            " controls are given: ask for one of these at a time."
        )
    if not asked:
        raise InputError(
            f"size of {model.name} is not given: give a number of {model.size.meaning}, for"
            f" example size={model.size.quick}."
        )
    return asked.pop()


def _as_lists(coordinates: Mapping[str, Any]) -> dict[str, list]:
    return {k: v if isinstance(v, list) else [v] for k, v in coordinates.items()}


def check_numbers(model: Model, size: Any, samples: Any, seed: Any) -> Sampling:
    """Size, samples and seed as whole numbers of their domains."""
    _check_simulated(model)
    least = Interval(model.size.least, integer=True)
    return Sampling(
        check_argument("size", size, least, model.size.meaning),
        check_argument("samples", samples, _SAMPLES, "independent samples"),
        read_seed(seed),
    )


def check_size(model: Model, coordinates: Mapping[str, Any], size: int) -> None:
    """InputError where the model says that its controls do not fit the size."""
    if model.check_size is not None:
        resolve(model.check_size)(_as_lists(coordinates), size)


def summarize(model: str | Model, sampled: xr.Dataset) -> dict[str, tuple[float, float]]:
    """(mean, standard error) of every simulation observable that is one number, at one point of a
    simulated Dataset.
    """
    model = catalogue.get(model)
    out = {}
    for observable in model.scalars:
        if observable.role == "theory":
            continue
        if observable.estimate is not None:
            moments = (sampled[name].values for name in observable.moments)
            mean, error = jackknife(observable.estimate, *moments)
        else:
            mean, error = mean_and_error(sampled[observable.name].values)
        out[observable.name] = (float(mean), float(error))
    return out


def interval(model: str | Model, sampled: xr.Dataset, name: str) -> tuple[float, float] | None:
    """95 % confidence interval (Wilson) of an observable that is a fraction of samples, None of any
    other.
    """
    if not catalogue.get(model).observable(name).fraction:
        return None
    return binomial_interval(sampled[name].values)


def read(model: Model, given: Mapping[str, Any], role: Role) -> dict[str, Any]:
    """Controls as a user gives them, parsed and checked: single values, and lists where lists were
    given; defaults filled in.
    """
    meant = canonical(model, given)
    parsed = {name: grid.parse_value(name, value) for name, value in meant.items()}
    checked = model.check(parsed, role)
    lists = {
        name
        for name, value in parsed.items()
        if model.control(name).domain.listed(value) is not None
    }
    return {name: values if name in lists else values[0] for name, values in checked.items()}


def canonical(model: Model, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a user gives under the names of the controls, whether he writes names or symbols."""
    parsed = {
        name: grid.parse_value(name, value) if model.inverts(name) else value
        for name, value in given.items()
    }
    return model.canonical(parsed)


def _is_point(coordinates: Mapping[str, Any]) -> bool:
    return not any(isinstance(value, list) for value in coordinates.values())
