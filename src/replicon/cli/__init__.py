"""The command line: words in, one library call, a table or JSON out."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, Literal

import cyclopts
from cyclopts import Parameter
from cyclopts.completion.detect import ShellDetectionError, detect_shell

from replicon._errors import ConvergenceError, InputError, RepliconError
from replicon._files import why, write_whole
from replicon._interrupt import heard_interrupts
from replicon.cli import completion, questions
from replicon.cli.application import (
    FAILED,
    INTERRUPTED,
    NOT_CONVERGED,
    NOTHING,
    OK,
    USAGE,
    ModelName,
    StudyName,
    app,
    examples,
    kept,
    whole,
)
from replicon.cli.output import Json, Listing

__all__ = ["app", "main", "questions"]

_LISTED = Listing()
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@app.command(help_epilogue=examples("models", "models hopfield", "models hopfield --json"))
def models(model: ModelName | None = None, /, *, listing: Listing = _LISTED) -> int:
    """What there is: models, or one model's controls with defaults and domains, observables,
    branches, transitions.
    """
    from replicon.study import catalogue
    from replicon.view import table, tidy

    listing.check()
    if model is None:
        systems = catalogue.by_system()
        rows = tidy.models(systems)
        content = [{key: row[key] for key in ("model", "title")} for row in rows]
        content.sort(key=lambda row: row["model"])
        return listing.tell(content, rows, lambda: table.print_models(systems))
    m = catalogue.get(model)
    return listing.tell(m.as_dict(), tidy.declared(m), lambda: table.print_model(m))


@app.command(
    help_epilogue=examples(
        "studies", "studies hopfield-capacity", "studies hopfield-capacity --copy mine.toml"
    )
)
def studies(
    study: StudyName | None = None,
    /,
    *,
    copy: Annotated[
        Path | None, Parameter(help="Write the study's file here, to be changed and run.")
    ] = None,
    listing: Listing = _LISTED,
) -> int:
    """The shipped studies with their questions, or one of them: what it asks, its series and
    figures; `--copy mine.toml` for a copy of your own.
    """
    from replicon.study.plan import described
    from replicon.study.sources import copy_to, headline, shipped
    from replicon.view import table

    listing.check()
    if study is None:
        if copy is not None:
            raise InputError("Say which study to copy: replicon studies NAME --copy mine.toml.")
        rows = [headline(name) for name in shipped()]
        return listing.tell(rows, rows, lambda: table.print_studies(rows))
    if copy is not None:
        print(copy_to(study, copy))
        return OK
    told = described(study)
    return listing.tell(told, told["series"], lambda: table.print_study(told))


@app.command(
    help_epilogue=examples(
        "run hopfield-capacity --quick --set samples=2 --out capacity",
        "run attention-weights --quick --dry-run",
        "run attention-weights --quick --export weights.nc",
    )
)
def run(
    study: StudyName,
    /,
    *,
    out: Annotated[
        Path | None, Parameter(help="Folder of the results; the study's name by default.")
    ] = None,
    workers: Annotated[int, Parameter(converter=whole, help="Processes.")] = 1,
    scheduler: Annotated[
        str | None, Parameter(help="Address of a running dask scheduler, instead of --workers.")
    ] = None,
    quick: Annotated[bool, Parameter(negative="", help="The small version of the study.")] = False,
    assign: Annotated[
        list[str] | None,
        Parameter(
            name="--set",
            negative="",
            completer=completion.changes,
            help="name=value, as often as you like: a control, sizes, samples or seed, replaced in"
            " every series that has it.",
        ),
    ] = None,
    export: Annotated[
        Path | None,
        Parameter(
            name=("--export", "--nc"), help="Also write all results to one file, .nc or .zarr."
        ),
    ] = None,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Only say what it will cost, from two points a series.")
    ] = False,
    json: Json = False,
) -> int:
    """Run a study (a shipped name or a TOML file), keep every finished point, draw its figures. Run
    again to continue.
    """
    from replicon.study import grid, store
    from replicon.study.plan import planned

    changes = grid.split_assignments(assign or [])
    loaded, plan = planned(study, quick=quick, changes=changes)
    if dry_run:
        return _tell_costs(loaded, plan, workers, json)
    if export is not None:
        store.check_export(export)
    folder = out or Path(loaded["name"])
    kept.set(f"finished points are kept in '{folder}', run the same command to continue")
    from replicon.view.result import run_and_draw

    files = run_and_draw(loaded, plan, folder, workers=workers, scheduler=scheduler)
    if export is not None:
        store.export_results(folder, export)
        files = [*files, export]
    return _tell_files({"study": loaded["name"], "folder": str(folder)}, files, json)


def _tell_files(about: dict[str, Any], files: list[Path], json: bool) -> int:
    """The files that were written, a line each, or as JSON with what they are of."""
    names = [str(path) for path in files]
    return Listing(json=json).tell({**about, "files": names}, [], lambda: print(*names, sep="\n"))


def _tell_costs(study: dict[str, Any], plan: dict[str, Any], workers: int, json: bool) -> int:
    from replicon._result import plain
    from replicon.study.cost import costs
    from replicon.study.plan import objects
    from replicon.view import table
    from replicon.view.progress import progress

    with progress(study["name"]) as bar:
        bar.status("two points of each series")
        found = list(costs(plan, objects(study), bar))
    content = [{key: plain(value) for key, value in one._asdict().items()} for one in found]
    return Listing(json=json).tell(
        content, [], lambda: table.print_costs(study["name"], found, workers)
    )


@app.command(
    help_epilogue=examples(
        "tour --workers 2", "tour --studies hopfield-digits,attention-weights --out pictures"
    )
)
def tour(
    *,
    out: Annotated[Path, Parameter(help="Folder of the page and its results.")] = Path("tour"),
    studies: Annotated[
        str, Parameter(help="core, all, or names of studies with commas between.")
    ] = "core",
    workers: Annotated[
        int, Parameter(converter=whole, help="Processes; each takes whole studies.")
    ] = 1,
    json: Json = False,
) -> int:
    """The best studies of every system, small, as one self-contained HTML page that fills with
    pictures as they finish; `--studies all` for all of them.
    """
    from replicon.study.sources import toured
    from replicon.view.tour import run_tour

    command = ["replicon", "tour", "--out", str(out)]
    command += ["--studies", studies, "--workers", str(workers)]
    kept.set(f"'{out / 'index.html'}' shows what was finished, run the same command to continue")
    places = run_tour(toured(studies), out, workers=workers, command=command)
    failed = [place for place in places if not place.chapter]
    for place in failed:
        print(f"replicon: {place.name} {place.state}", file=sys.stderr)
    about = {"studies": [place.name for place in places], "failed": [one.name for one in failed]}
    _tell_files(about, [out / "index.html"], json)
    return FAILED if failed else OK


@app.command(
    help_epilogue=examples("serve", "serve --lang zh", "serve patterns=mine.npy --port 8400")
)
def serve(
    *given: Annotated[
        str,
        Parameter(
            show=True,
            help="Files of your own: models (mine.py), or data as control=FILE"
            " (patterns=mine.npy, couplings=brain.csv), which the page then offers.",
        ),
    ],
    port: Annotated[
        int | None, Parameter(converter=whole, help="Port; a free one near 8321 by default.")
    ] = None,
    host: Annotated[
        str, Parameter(help="Address to listen at; any but 127.0.0.1 can be reached by others.")
    ] = "127.0.0.1",
    browser: Annotated[bool, Parameter(help="Open a browser.")] = True,
    lang: Annotated[str, Parameter(help="Language of the page: en or zh.")] = "",
    export: Annotated[
        Path | None,
        Parameter(help="Write a static copy into this folder instead: recorded, for a lecture."),
    ] = None,
    site: Annotated[
        str,
        Parameter(
            help="Address of the documentation, to which the page then links; for a copy that lies"
            " in it the path to it, such as '..'."
        ),
    ] = "",
) -> int:
    """The live page: drag a point through a phase diagram and see the theory and a finite network
    obey it, until Ctrl-C.
    """
    if export is not None:
        return _export_page(given, export, site)
    from replicon.serve.server import serve as serve_page
    from replicon.study import grid

    kept.set("the page is closed")
    files = grid.split_assignments([word for word in given if "=" in word])
    own = tuple(word for word in given if "=" not in word)
    serve_page(own, files, host=host, port=port, browser=browser, language=lang, site=site)
    return OK


def _export_page(given: tuple[str, ...], folder: Path, site: str) -> int:
    from replicon.serve.export import export
    from replicon.view.progress import progress

    if given:
        raise InputError(
            f"A static copy holds the shipped exhibits alone, not {given[0]}: serve that live."
        )
    with progress("the page") as bar:
        files = export(folder, bar, site)
    print(files[0])
    return OK


@app.command(
    name="--install-completion",
    help_epilogue=examples(
        "--install-completion --shell bash",
        "--install-completion --shell zsh --output _replicon",
    ),
)
def install_completion(
    *,
    shell: Literal["bash", "zsh", "fish"] | None = None,
    output: Annotated[
        Path | None, Parameter(help="File of the script; where the shell looks by default.")
    ] = None,
) -> int:
    """Let the shell complete models, controls, words, branches, transitions and studies at TAB."""
    try:
        shell = shell or detect_shell()  # pyright: ignore[reportAssignmentType]
        path = app.install_completion(shell=shell, output=output, add_to_startup=output is None)
        if shell == "bash":
            path = write_whole(path, path.read_text() + completion.BASH)
    except (ShellDetectionError, ValueError) as error:
        raise InputError(
            f"No completion for this shell ({error}): give --shell bash, zsh or fish."
        ) from None
    except OSError as error:
        raise InputError(f"The completion cannot be written: {why(error)}.") from None
    print(f"{path}: completion for new shells of {shell}")
    return OK


def main(arguments: list[str] | None = None) -> None:
    """Entry point: exit status 0, 2 for a usage error, 3 when a single point did not converge, 1
    when a study of a tour failed, 130 after Ctrl-C.
    """
    warnings.showwarning = _warn
    atexit.register(gc.freeze)  # Python's end need not go through JAX's 150,000 objects: 0.2 s
    kept.set(NOTHING)
    try:
        with heard_interrupts():
            status = app(arguments, exit_on_error=False, print_error=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (RepliconError, cyclopts.CycloptsError, MemoryError, UnicodeEncodeError) as error:
        _complain(_sentence(error))
        status = NOT_CONVERGED if isinstance(error, ConvergenceError) else USAGE
    except KeyboardInterrupt:
        print(f"Interrupted: {kept.get()}.", file=sys.stderr)
        status = INTERRUPTED
    except (OSError, SystemExit) as error:
        status = _unheard(error)
    sys.exit(status if isinstance(status, int) else OK)


def _unheard(error: OSError | SystemExit) -> int:
    """The exit status where nothing more can be printed: the reader of a pipe (head, say) has gone,
    for which rich exits, or the disk of the output is full. Raises any other error.
    """
    sentence = ""
    cause = error.__context__ if isinstance(error, SystemExit) else error
    if isinstance(error, OSError) and error.filename is None and error.errno in _FULL:
        sentence = f"The output cannot be written: {why(error)}."
    elif not isinstance(cause, BrokenPipeError):
        raise error
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if sentence:
        _complain(sentence)
    return USAGE if sentence else OK


def _sentence(error: Exception) -> str:
    """What is told of an error: its own sentence, or one for those that have none."""
    if isinstance(error, MemoryError):
        return "The memory does not suffice: give a smaller size, fewer samples or fewer points."
    if isinstance(error, UnicodeEncodeError):
        return (
            f"The terminal's encoding, {error.encoding}, cannot show this: set"
            " PYTHONIOENCODING=utf-8, or have it written to a file."
        )
    if isinstance(error, cyclopts.UnusedCliTokensError):
        command = " ".join(["replicon", *(error.command_chain or ())])
        words = " ".join(error.unused_tokens or ())
        return f"'{words}' is more than {command} takes: see {command} --help."
    return str(error).strip() or type(error).__name__


def _warn(message: Warning | str, *place: Any, **rest: Any) -> None:
    """A warning as a sentence, without the place in the code that it comes from."""
    print(f"replicon: {message}", file=sys.stderr)


def _complain(sentence: str) -> None:
    print(f"replicon: {sentence}", file=sys.stderr)
