"""The questions: solve, transition, simulate, compare."""

from __future__ import annotations

from replicon._errors import ConvergenceError
from replicon.cli.application import (
    Assignments,
    BranchName,
    Json,
    Plot,
    Samples,
    Seed,
    Size,
    app,
)
from replicon.cli.output import check_plot, show, unconverged


@app.command
def solve(
    model: str,
    /,
    *assignments: Assignments,
    branch: BranchName = None,
    json: Json = False,
    plot: Plot = None,
) -> int:
    """Infinite-size theory at a point or on a grid: `replicon solve hopfield load=0.05
    temperature=0:0.5:6`.
    """
    from replicon.study import ask, grid

    controls = grid.split_assignments(assignments)
    check_plot(plot)
    try:
        result = ask.solve(model, branch=branch, **controls)
    except ConvergenceError as error:
        return unconverged(model, error, json)
    return show(model, result, "theory", json, plot)


@app.command
def transition(model: str, name: str, /, *assignments: Assignments, json: Json = False) -> int:
    """The value of a control at a transition: `replicon transition hopfield retrieval
    temperature=0`.
    """
    from replicon.study import ask, grid

    controls = grid.split_assignments(assignments)
    try:
        result = ask.find_transition(model, name, **controls)
    except ConvergenceError as error:
        return unconverged(model, error, json)
    return show(model, result, f"transition {name}", json)


@app.command
def simulate(
    model: str,
    /,
    *assignments: Assignments,
    size: Size,
    samples: Samples = 30,
    seed: Seed = 0,
    json: Json = False,
    plot: Plot = None,
) -> int:
    """Finite networks: mean and standard error of every observable over independent samples."""
    from replicon.study import ask, grid

    controls = grid.split_assignments(assignments)
    check_plot(plot)
    result = ask.simulate(model, size=size, samples=samples, seed=seed, **controls)
    return show(model, result, f"simulation, size {size}, {samples} samples", json, plot)


@app.command
def compare(
    model: str,
    /,
    *assignments: Assignments,
    size: Size,
    samples: Samples = 30,
    seed: Seed = 0,
    branch: BranchName = None,
    json: Json = False,
    plot: Plot = None,
) -> int:
    """Theory beside simulation: mean, error, theory and z of every observable."""
    from replicon.study import ask, grid

    controls = grid.split_assignments(assignments)
    check_plot(plot)
    result = ask.compare(model, size=size, samples=samples, seed=seed, branch=branch, **controls)
    what = f"theory beside simulation, size {size}, {samples} samples"
    status = show(model, result, what, json, plot)
    for remark in [] if json else result.attrs.get("remarks", ()):
        print(remark)
    return status
