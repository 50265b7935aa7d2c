"""Running a study: tasks in this process or in workers, every finished one kept; results put
together by series.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from replicon._declare import Interval, Model
from replicon._domains import check_argument
from replicon._errors import InputError, RepliconError
from replicon._extras import needed
from replicon._files import digest
from replicon._result import dataset, declaration, dimensions
from replicon._statistics import jackknife
from replicon.study import ask, catalogue, records
from replicon.study.merge import Task, identity, merge, tasks
from replicon.study.plan import objects, planned, written
from replicon.study.process import simulate_point
from replicon.study.store import Store

_MAPS = Path("/proc/self/maps")
_MAPPINGS = 30_000
_WORKERS = Interval(1, integer=True)


def execute(task: Task, models: dict[str, Model] | None = None) -> xr.Dataset:
    """Run one task; the same in this process and in a worker. `models`: those given as objects, by
    content.
    """
    _make_room()
    model = (models or {}).get(task["model"]["content"])
    if model is None:
        model = catalogue.get(task["model"]["file"] or task["model"]["name"])
        _unchanged(task, model)
    if task["kind"] == "theory":
        return ask.solve_at(model, task["branch"] or "", task["controls"])
    if task["kind"] == "transition":
        return ask.find_transition_at(model, task["transition"], task["controls"])
    given = (model, task["controls"], task["size"], task["samples"], task["seed"])
    values = simulate_point(*given)
    declared = declaration(model)
    found = dataset(
        declared,
        {name: (dimensions(declared, name, v.ndim, ["sample"]), v) for name, v in values.items()},
    )
    # What a model forms from moments is kept with them: readers need not know how.
    for observable in model.observables:
        if (
            observable.estimate is not None
            and observable.role != "theory"
            and observable.name not in values
        ):
            mean, error = jackknife(
                observable.estimate, *(values[name] for name in observable.moments)
            )
            found[observable.name], found[f"{observable.name}_error"] = float(mean), float(error)
    return found


def _unchanged(task: Task, model: Model) -> None:
    """Numbers are never filed under the content of a file that is no longer there."""
    changed = [task["model"]["file"]] if model.content != task["model"]["content"] else []
    changed += [name for name, held in task["files"].items() if digest(name) != held]
    if changed:
        raise InputError(
            f"'{changed[0]}' was changed while the study ran: run it again, and it is planned with"
            " what the file holds now."
        )


def _make_room() -> None:
    """Linux gives a process 65,530 mappings of memory and a compiled function takes about ten:
    release them before they run out.
    """
    if "jax" not in sys.modules or not _MAPS.exists():
        return
    with _MAPS.open("rb") as mappings:
        if sum(1 for _ in mappings) > _MAPPINGS:
            sys.modules["jax"].clear_caches()


def run_study(
    study: str | Path | dict[str, Any],
    *,
    out: str | Path | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    quick: bool = False,
    set: Mapping[str, Any] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, xr.Dataset]:
    """Run a study, keep every finished point in `out`, and return its results by series.

    `study`: a shipped name, a TOML file, or a dictionary of the same form with a `name`, checked in
    the same way. `out`: a folder, `<name>` by default; run again with the same folder, it continues
    and ends identical to an undisturbed run; a finished one is only read, also where nothing can be
    written. `set`: {name: value} of controls, `sizes`, `samples` or `seed` to replace in every
    series that has them; the study is then another, and so is its folder. `workers`: processes of
    this machine, or `scheduler`: the address of a dask scheduler. `progress(done, total, name)` is
    called after each task. Raises InputError before anything runs, StoreError for a folder of
    another study or in use.
    """
    return run_planned(
        *planned(study, quick=quick, changes=set),
        out=out,
        workers=workers,
        scheduler=scheduler,
        progress=progress,
    )


def run_planned(
    study: dict[str, Any],
    plan: dict[str, Any],
    *,
    out: str | Path | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, xr.Dataset]:
    """As `run_study`, of a study and its plan as `plan.planned` gives them: checked before."""
    workers = check_argument("workers", workers, _WORKERS, "processes")
    if scheduler is not None:
        needed("distributed", "cluster", f"The scheduler '{scheduler}'")
    store = Store(out if out is not None else study["name"])
    models = objects(study)
    study = written(study)
    wanted = [(identity(task), task) for task in tasks(plan)]
    report = progress or (lambda *_: None)
    store.check(study)
    if store.is_bound(study, plan):
        found = store.found()
        if not found.damaged and all(name in found.records for name, _ in wanted):
            report(len(wanted), len(wanted), "kept")
            return merge(plan, found, store.folder)
    with store.lock():
        for sentence in store.begin(study, plan):
            report(-1, -1, sentence)
        kept = store.found().records
        missing = {name: task for name, task in wanted if name not in kept}
        del kept
        done = len(wanted) - len(missing)
        report(done, len(wanted), "kept")
        with (
            store.writer() as writer,
            closing(_run(missing, models, workers, scheduler)) as finished,
        ):
            for name, found in finished:
                task = missing[name]
                told = {key: value for key, value in task.items() if key != "declaration"}
                writer.add(records.encode(told, name, found))
                done += 1
                report(done, len(wanted), task["series"])
        return merge(plan, store.found(), store.folder)


def run_studies(
    planned_studies: list[tuple[dict[str, Any], dict[str, Any]]],
    folders: list[Path],
    *,
    workers: int,
    progress: Callable[[int, int], None],
) -> None:
    """Several studies with their plans, each whole in one of `workers` processes and kept in its
    folder, from where `run_planned` then takes it.
    """
    progress(0, len(folders))
    given = {
        folder: (study, plan, folder)
        for (study, plan), folder in zip(planned_studies, folders, strict=True)
    }
    for done, _ in enumerate(_in_processes(_whole, given, workers), start=1):
        progress(done, len(folders))


def _whole(chapter: tuple[dict[str, Any], dict[str, Any], Path]) -> None:
    study, plan, folder = chapter
    run_planned(study, plan, out=folder)


def _run(
    missing: dict[str, Task], models: dict[str, Model], workers: int, scheduler: str | None
) -> Generator[tuple[str, xr.Dataset]]:
    """(name, result) of every task as it finishes."""
    run = partial(execute, models=models) if models else execute
    if scheduler is None and (workers == 1 or len(missing) <= 1):
        for name, task in missing.items():
            yield name, run(task)
        return
    # The first task of each series runs here: it compiles (and caches on disk) what the workers
    # then only load.
    first: dict[str, str] = {}
    for name, task in missing.items():
        first.setdefault(task["series"], name)
    for name in first.values():
        yield name, run(missing[name])
    rest = {name: task for name, task in missing.items() if name not in first.values()}
    if rest and scheduler is not None:
        yield from _by_scheduler(run, rest, scheduler)
    elif rest:
        yield from _in_processes(run, rest, workers)


def _in_processes(
    function: Callable, given: dict[Any, Any], workers: int
) -> Generator[tuple[Any, Any]]:
    """(key, what `function` makes of its value) as they finish, by processes of this machine, which
    only pipes connect.
    """
    from concurrent.futures.process import BrokenProcessPool

    environment = dict(os.environ)  # which joblib adds to
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    # A worker that has grown by 300 MB is replaced; that is no news, and where warnings are errors
    # the thread that hands out the tasks would die of it.
    warnings.filterwarnings("ignore", message="A worker stopped while", category=UserWarning)
    pool = Parallel(
        n_jobs=min(workers, len(given)),
        backend="loky",
        return_as="generator_unordered",
        max_nbytes=None,
        inner_max_num_threads=1,
        idle_worker_timeout=5,
    )
    results: Any = pool(delayed(_keyed)(function, key, value) for key, value in given.items())
    try:
        # What is not yet done when we are closed is to be given up without a word.
        for pair in results:  # noqa: UP028
            yield pair
    except BrokenProcessPool:
        raise RepliconError(
            "A worker was killed, perhaps for want of memory: what was finished is kept; run the"
            " same command again, with fewer workers."
        ) from None
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.close()
        # Workers kept for the next study may leave just when it hands them its tasks.
        kept: Any = get_reusable_executor  # its default, 'auto', is not all it takes
        kept(reuse=True).shutdown()
        for name in set(os.environ) - set(environment):
            del os.environ[name]


def _keyed(function: Callable, key: Any, value: Any) -> tuple[Any, Any]:
    return key, function(value)


def _by_scheduler(
    run: Callable, given: dict[str, Task], scheduler: str
) -> Generator[tuple[str, xr.Dataset]]:
    """The same by a running scheduler of dask's, as it is secured."""
    from distributed import Client, as_completed

    try:
        client = Client(scheduler, timeout="5s")
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"No scheduler answers at '{scheduler}' ({error}): give the address of a running dask"
            " scheduler, such as tcp://host:8786."
        ) from None
    with client:
        futures = {client.submit(run, task, pure=False): name for name, task in given.items()}
        for future in as_completed(futures):
            yield futures[future], future.result()
