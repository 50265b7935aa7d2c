"""The command line: words in, one library call, a table or JSON out."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import App, Parameter

from replicon import __version__
from replicon._errors import ConvergenceError, InputError, RepliconError
from replicon._interrupt import heard_interrupts

OK = 0
FAILED = 1
USAGE = 2
NOT_CONVERGED = 3
INTERRUPTED = 130

app = App(
    name="replicon",
    help=(
        "Statistical physics of neural networks: `solve` is the infinite-size theory, `simulate`"
        " finite networks."
    ),
    version=__version__,
    help_format="markdown",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)

Assignments = Annotated[
    str,
    Parameter(
        show=True,
        help="name=value; a value is a number, a word, a list 0.1,0.2 or a range start:stop:count.",
    ),
]
Plot = Annotated[
    Path | None,
    Parameter(name="--plot", help="Also draw it to a file: .png, .svg or .pdf."),
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print nothing but JSON.")]
Size = Annotated[
    int, Parameter(name="--size", help="Size of the network (the linear size for a lattice).")
]
Samples = Annotated[
    int, Parameter(name="--samples", help="Independent chains or disorder samples.")
]
Seed = Annotated[int, Parameter(name="--seed", help="Random seed.")]
BranchName = Annotated[
    str | None, Parameter(name="--branch", help="Which solution; see `replicon models MODEL`.")
]


@app.command
def models(model: str | None = None, /, *, json: Json = False) -> int:
    """What there is: models, or one model's controls with defaults and domains, observables,
    branches, transitions.
    """
    from replicon.study import catalogue
    from replicon.view import table

    if model is None:
        if json:
            declared = map(catalogue.get, catalogue.names())
            return _print_json([{"model": m.name, "title": m.title} for m in declared])
        table.print_models(catalogue.by_system())
        return OK
    m = catalogue.get(model)
    if json:
        return _print_json(m.as_dict())
    table.print_model(m)
    return OK


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
    _check_plot(plot)
    try:
        result = ask.solve(model, branch=branch, **controls)
    except ConvergenceError as error:
        return _unconverged(model, error, json)
    return _show(model, result, "theory", json, plot)


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
        return _unconverged(model, error, json)
    return _show(model, result, f"transition {name}", json)


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
    _check_plot(plot)
    result = ask.simulate(model, size=size, samples=samples, seed=seed, **controls)
    return _show(model, result, f"simulation, size {size}, {samples} samples", json, plot)


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
    _check_plot(plot)
    result = ask.compare(model, size=size, samples=samples, seed=seed, branch=branch, **controls)
    what = f"theory beside simulation, size {size}, {samples} samples"
    status = _show(model, result, what, json, plot)
    for remark in [] if json else result.attrs.get("remarks", ()):
        print(remark)
    return status


@app.command
def studies(
    study: str | None = None,
    /,
    *,
    copy: Annotated[
        Path | None, Parameter(help="Write the study's file here, to be changed and run.")
    ] = None,
    json: Json = False,
) -> int:
    """The shipped studies with their questions, or one of them: what it asks, its series and
    figures; `--copy mine.toml` for a copy of your own.
    """
    from replicon.study.plan import described
    from replicon.study.sources import copy_to, headline, shipped
    from replicon.view import table

    if study is None:
        if copy is not None:
            raise InputError("Say which study to copy: replicon studies NAME --copy mine.toml.")
        rows = [headline(name) for name in shipped()]
        if json:
            return _print_json(rows)
        table.print_studies(rows)
        return OK
    if copy is not None:
        print(copy_to(study, copy))
        return OK
    told = described(study)
    if json:
        return _print_json(told)
    table.print_study(told)
    return OK


@app.command
def run(
    study: str,
    /,
    *,
    out: Annotated[
        Path | None, Parameter(help="Folder of the results; the study's name by default.")
    ] = None,
    workers: Annotated[int, Parameter(help="Processes.")] = 1,
    scheduler: Annotated[
        str | None, Parameter(help="Address of a running dask scheduler, instead of --workers.")
    ] = None,
    quick: Annotated[bool, Parameter(negative="", help="The small version of the study.")] = False,
    assign: Annotated[
        list[str] | None,
        Parameter(
            name="--set",
            negative="",
            help="name=value, as often as you like: a control, sizes, samples or seed, replaced in"
            " every series that has it.",
        ),
    ] = None,
    export: Annotated[
        Path | None, Parameter(help="Also write all results to one file, .nc or .zarr.")
    ] = None,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Only say what it will cost, from two points a series.")
    ] = False,
) -> int:
    """Run a study (a shipped name or a TOML file), keep every finished point, draw its figures. Run
    again to continue.
    """
    from replicon.study import grid, store
    from replicon.study.plan import planned

    changes = grid.split_assignments(assign or [])
    loaded, plan = planned(study, quick=quick, changes=changes)
    if dry_run:
        return _tell_costs(loaded, plan, workers)
    if export is not None:
        store.check_export(export)
    folder = out or Path(loaded["name"])
    from replicon.view.result import run_and_draw

    for path in run_and_draw(loaded, plan, folder, workers=workers, scheduler=scheduler):
        print(path)
    if export is not None:
        store.export_results(folder, export)
        print(export)
    return OK


def _tell_costs(study: dict[str, Any], plan: dict[str, Any], workers: int) -> int:
    from replicon.study.cost import costs
    from replicon.study.plan import objects
    from replicon.view import table
    from replicon.view.progress import progress

    with progress(study["name"]) as bar:
        bar.status("two points of each series")
        found = list(costs(plan, objects(study), bar))
    table.print_costs(study["name"], found, workers)
    return OK


@app.command
def tour(
    *,
    out: Annotated[Path, Parameter(help="Folder of the page and its results.")] = Path("tour"),
    studies: Annotated[
        str, Parameter(help="core, all, or names of studies with commas between.")
    ] = "core",
    workers: Annotated[int, Parameter(help="Processes; each takes whole studies.")] = 1,
) -> int:
    """The best studies of every system, small, as one self-contained HTML page that fills with
    pictures as they finish; `--studies all` for all of them.
    """
    from replicon.study.sources import toured
    from replicon.view.tour import run_tour

    command = ["replicon", "tour", "--out", str(out)]
    command += ["--studies", studies, "--workers", str(workers)]
    places = run_tour(toured(studies), out, workers=workers, command=command)
    failed = [place for place in places if not place.chapter]
    for place in failed:
        print(f"replicon: {place.name} {place.state}", file=sys.stderr)
    print(out / "index.html")
    return FAILED if failed else OK


def main(arguments: list[str] | None = None) -> None:
    """Entry point: exit status 0, 2 for a usage error, 3 when a single point did not converge, 1
    when a study of a tour failed, 130 after Ctrl-C.
    """
    _cache_compilations()
    try:
        with heard_interrupts():
            status = app(arguments, exit_on_error=False, print_error=False)
    except ConvergenceError as error:
        _complain(error)
        status = NOT_CONVERGED
    except (RepliconError, cyclopts.CycloptsError) as error:
        _complain(error)
        status = USAGE
    except KeyboardInterrupt:
        print(
            "Interrupted. What was finished is kept: run the same command to continue.",
            file=sys.stderr,
        )
        status = INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe (head, say) has gone: nothing to tell it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = OK
    sys.exit(status if isinstance(status, int) else OK)


def _cache_compilations() -> None:
    """Let JAX keep compiled code between calls, in the user's cache folder, unless the user has
    decided otherwise.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "replicon" / "jax"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")


def _complain(error: Exception) -> None:
    print(f"replicon: {str(error).strip() or type(error).__name__}", file=sys.stderr)


def _unconverged(model: str, error: ConvergenceError, json: bool) -> int:
    """The sentence, or, as JSON, what was asked with null for what was not found."""
    if not json or error.result is None:
        raise error
    from replicon.study import catalogue
    from replicon.study.record import record

    found = record(catalogue.get(model), error.result)
    assert isinstance(found, dict)  # a single point
    _print_json({**found, "reason": str(error)})
    return NOT_CONVERGED


def _check_plot(plot: Path | None) -> None:
    """Refuse, before anything is computed, a file that no picture can be written to."""
    if plot is not None:
        from replicon.view.page import check_picture

        check_picture(plot)


def _show(model: str, result: Any, what: str, json: bool, plot: Path | None = None) -> int:
    """A result as JSON, or as a table; and, if asked for, as a picture."""
    from replicon.study import catalogue
    from replicon.study.record import record

    if plot is not None:
        from replicon.view.figure import draw
        from replicon.view.page import write_picture

        write_picture(draw(result), plot)

    declared = catalogue.get(model)
    found = record(declared, result)
    if json:
        return _print_json(found)
    from replicon.view import table

    rows = found if isinstance(found, list) else [found]
    table.print_table(table.title(declared, what, rows), table.rows(result, rows))
    return OK


def _print_json(content: Any) -> int:
    print(jsonlib.dumps(content, indent=2, allow_nan=False))
    return OK


if __name__ == "__main__":
    main()
