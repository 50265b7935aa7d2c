"""The questions: solve, transition, simulate, compare."""

from __future__ import annotations

from replicon.cli.application import (
    Assignments,
    BranchName,
    ModelName,
    Samples,
    Seed,
    Size,
    TransitionName,
    app,
    controls,
    examples,
)
from replicon.cli.output import Output, answer

_TOLD = Output()
_NUMBERS = ("size", "samples", "seed")


@app.command(
    help_epilogue=examples(
        "solve hopfield load=0.05 temperature=0:0.5:6",
        "solve curie-weiss temperature=0.2:1.2:21 --plot magnetization.png",
        "solve curie-weiss temperature=0.5 field=-0.1 --branch down --json",
    )
)
def solve(
    model: ModelName,
    /,
    *assignments: Assignments,
    branch: BranchName = None,
    output: Output = _TOLD,
) -> int:
    """Infinite-size theory at a point or on a grid."""
    from replicon.study import ask

    given = controls(assignments, "branch")
    return answer(model, output, lambda: ask.solve(model, branch=branch, **given))


@app.command(
    help_epilogue=examples(
        "transition hopfield retrieval temperature=0",
        "transition curie-weiss spinodal temperature=0.3:0.9:4 --csv -",
    )
)
def transition(
    model: ModelName, name: TransitionName, /, *assignments: Assignments, output: Output = _TOLD
) -> int:
    """The value of a control at a transition."""
    from replicon.study import ask

    given = controls(assignments)
    return answer(model, output, lambda: ask.find_transition(model, name, **given))


@app.command(
    help_epilogue=examples(
        "simulate curie-weiss temperature=0.5,1.5 --size 100 --samples 10",
        "simulate square-lattice temperature=3:4:3 --size 8 --nc lattice.nc",
    )
)
def simulate(
    model: ModelName,
    /,
    *assignments: Assignments,
    size: Size = None,
    samples: Samples = 30,
    seed: Seed = 0,
    output: Output = _TOLD,
) -> int:
    """Finite networks: mean and standard error of every observable over independent samples."""
    from replicon.study import ask

    given = controls(assignments, *_NUMBERS)
    numbers = {"size": size, "samples": samples, "seed": seed}
    return answer(model, output, lambda: ask.simulate(model, **numbers, **given))


@app.command(
    help_epilogue=examples(
        "compare curie-weiss temperature=0.5 --size 1000 --samples 30",
        "compare square-lattice temperature=3 --size 8 --csv lattice.csv",
    )
)
def compare(
    model: ModelName,
    /,
    *assignments: Assignments,
    size: Size = None,
    samples: Samples = 30,
    seed: Seed = 0,
    branch: BranchName = None,
    output: Output = _TOLD,
) -> int:
    """Theory beside simulation: mean, error, theory and z of every observable."""
    from replicon.study import comparison

    given = controls(assignments, *_NUMBERS, "branch")
    numbers = {"size": size, "samples": samples, "seed": seed}
    return answer(
        model, output, lambda: comparison.compare(model, **numbers, branch=branch, **given)
    )
