"""Running a study: tasks in this process or in workers, every finished one kept; results put
together by series.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from replicon._declare import Model, resolve
from replicon._errors import InputError
from replicon._extras import needed
from replicon._result import dataset, declaration, dimensions
from replicon._statistics import jackknife
from replicon.study import ask, catalogue, kept_objects, records
from replicon.study.merge import Task, identity, merge, tasks
from replicon.study.plan import contents, objects, written
from replicon.study.process import simulate_point
from replicon.study.store import Store
from replicon.study.workers import by_scheduler, check_workers, in_processes

_MAPS = Path("/proc/self/maps")
_MAPPINGS = 30_000
# (kind, model, its content) of the tasks that this process has run: what they call is compiled.
_COMPILED: set[tuple[str, str, str]] = set()


def execute(task: Task, models: dict[str, Model] | None = None) -> xr.Dataset:
    """Run one task; the same in this process and in a worker. `models`: those given as objects, by
    content.
    """
    _make_room()
    model = model_of(task, models)
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


def model_of(task: Task, models: dict[str, Model] | None) -> Model:
    """The model of a task: one of those given as objects, or by its name or file."""
    model = (models or {}).get(task["model"]["content"])
    if model is None:
        model = catalogue.get(task["model"]["file"] or task["model"]["name"])
        _unchanged(task, model)
    return model


def _unchanged(task: Task, model: Model) -> None:
    """Numbers are never filed under the content of a file that is no longer there."""
    changed = [task["model"]["file"]] if model.content != task["model"]["content"] else []
    held = contents(model, task["controls"])
    changed += [name for name, now in held.items() if task["files"].get(name) != now]
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


def run_planned(
    study: dict[str, Any],
    plan: dict[str, Any],
    *,
    out: str | Path | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    status: Callable[[str], None] | None = None,
) -> dict[str, xr.Dataset]:
    """Run a study and its plan, as `plan.planned` gives them, keep every finished point in `out`,
    and return the results by series: see `view.result.run_study`.

    `progress(done, total, series)` is called after each task, `status(what)` before each: the
    series, and whether its code is being imported or compiled.
    """
    workers = check_workers(workers)
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
        if scheduler is None:
            kept_objects.keep(store.folder, plan)
        kept = store.found().records
        missing = {name: task for name, task in wanted if name not in kept}
        del kept
        done = len(wanted) - len(missing)
        report(done, len(wanted), "kept")
        with (
            store.writer() as writer,
            closing(_run(missing, models, workers, scheduler, status)) as finished,
        ):
            for name, found in finished:
                task = missing[name]
                told = {key: value for key, value in task.items() if key != "declaration"}
                writer.add(records.encode(told, name, found))
                done += 1
                report(done, len(wanted), task["series"])
        return merge(plan, store.found(), store.folder)


def _run(
    missing: dict[str, Task],
    models: dict[str, Model],
    workers: int,
    scheduler: str | None,
    status: Callable[[str], None] | None,
) -> Generator[tuple[str, xr.Dataset]]:
    """(name, result) of every task as it finishes."""
    run = partial(execute, models=models) if models else execute
    tell = status or (lambda _: None)
    if scheduler is None and (workers == 1 or len(missing) <= 1):
        for name, task in missing.items():
            yield name, _here(run, task, models, tell)
        return
    # The first task of each series runs here: it compiles (and caches on disk) what the workers
    # then only load.
    first: dict[str, str] = {}
    for name, task in missing.items():
        first.setdefault(task["series"], name)
    for name in first.values():
        yield name, _here(run, missing[name], models, tell)
    rest = {name: task for name, task in missing.items() if name not in first.values()}
    if not rest:
        return
    tell("in workers")
    if scheduler is not None:
        yield from by_scheduler(run, rest, scheduler)
    else:
        yield from in_processes(run, rest, workers)


def _here(
    run: Callable[[Task], xr.Dataset],
    task: Task,
    models: dict[str, Model],
    tell: Callable[[str], None],
) -> xr.Dataset:
    """Run a task in this process, and tell before what it waits for."""
    compiled = (task["kind"], task["model"]["name"], task["model"]["content"])
    if compiled in _COMPILED:
        tell(task["series"])
    else:
        tell(f"{task['series']}, importing")
        _import(model_of(task, models), task["kind"])
        tell(f"{task['series']}, compiling and first points")
    found = run(task)
    _COMPILED.add(compiled)
    return found


def _import(model: Model, kind: str) -> None:
    """Import what a task of this kind calls, and with it JAX or Numba."""
    network = (model.start, model.start_many, model.sample)
    for function in network if kind == "simulation" else (model.solve,):
        if function is not None:
            resolve(function)
