"""Running a study: tasks in this process or in workers, every finished one kept; results put together by series."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import xarray as xr

from replicon import models
from replicon._errors import InputError, StoreError
from replicon._result import build, dimensions
from replicon.study import evaluate
from replicon.study.plan import Task, parsed_controls, plan, read_study
from replicon.study.store import Store

_MAPS, _MAPPINGS = Path("/proc/self/maps"), 30_000


def execute(task: Task) -> xr.Dataset:
    """Run one task; the same in this process and in a worker."""
    _make_room()
    if task["kind"] == "theory":
        return evaluate.solve(task["model"], branch=task["branch"], **task["controls"])
    if task["kind"] == "transition":
        return evaluate.find_transition(task["model"], task["transition"], **task["controls"])
    model = models.get(task["model"])
    values = evaluate.simulate_point(model, task["controls"], task["size"], task["samples"], task["seed"])
    return xr.Dataset({name: (dimensions(name, v.ndim, ["sample"]), v) for name, v in values.items()})


def _make_room() -> None:
    """Linux gives a process 65,530 mappings of memory and a compiled function takes about ten: release them before they run out."""
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
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, xr.Dataset]:
    """Run a study, keep every finished point in `out`, and return its results by series.

    `study`: a shipped name, a TOML file, or what `read_study` returned. `out`: a folder, `<name>` by default; run again with
    the same folder, it continues and ends identical to an undisturbed run. `workers`: processes (dask.distributed), or
    `scheduler`: the address of a running one. `progress(done, total, name)` is called after each task.
    Raises InputError before anything runs, StoreError for a folder of another study or in use.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise InputError(f"workers = {workers!r} is outside its domain: workers must be a whole number >= 1 (processes).")
    if not isinstance(study, dict):
        study = read_study(study, quick=quick)
    store = Store(out if out is not None else study["name"])
    tasks = plan(study)
    report = progress or (lambda *_: None)
    store.begin(study)
    with store.lock():
        store.sweep()
        missing = [task for task in tasks if not _kept(store, task, report)]
        done = len(tasks) - len(missing)
        report(done, len(tasks), "kept")
        for task, dataset in _run(missing, workers, scheduler):
            store.write(task, dataset)
            done += 1
            report(done, len(tasks), task["series"])
        return assemble(study, tasks, store)


def _kept(store: Store, task: Task, report: Callable) -> bool:
    try:
        return store.read(task) is not None
    except StoreError as error:
        aside = store.set_aside(task)
        report(-1, -1, f"{error} The file was renamed to '{aside.name}'.")
        return False


def run_studies(studies: list[dict[str, Any]], folders: list[Path], *, workers: int, progress: Callable[[int, int], None]) -> None:
    """Several studies, each whole in one of `workers` processes and kept in its folder, from where `run_study` then takes it."""
    progress(0, len(studies))
    for done, _ in enumerate(_distributed(_whole, list(zip(studies, folders)), workers, None), start=1):
        progress(done, len(studies))


def _whole(chapter: tuple[dict[str, Any], Path]) -> None:
    study, folder = chapter
    run_study(study, out=folder)


def _run(tasks: list[Task], workers: int, scheduler: str | None) -> Iterator[tuple[Task, xr.Dataset]]:
    if scheduler is None and (workers == 1 or len(tasks) <= 1):
        for task in tasks:
            yield task, execute(task)
        return
    # The first task of each series runs here: it compiles (and caches on disk) what the workers then only load.
    first: dict[str, Task] = {}
    for task in tasks:
        first.setdefault(task["series"], task)
    alone = list(first.values())
    for task in alone:
        yield task, execute(task)
    rest = [task for task in tasks if not any(task is one for one in alone)]
    if rest:
        yield from _distributed(execute, rest, workers, scheduler)


def _distributed(function: Callable, given: list, workers: int, scheduler: str | None) -> Iterable[tuple[Any, Any]]:
    """Each of `given` with what `function` makes of it in a worker, as they finish."""
    from dask import config
    from distributed import Client, LocalCluster, as_completed

    quiet = {"distributed.worker.memory.pause": False, "distributed.worker.memory.spill": False, "distributed.worker.memory.target": False}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = dict(os.environ)
    with config.set(quiet):
        if scheduler is None:
            options: dict[str, Any] = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50, "env": threads}
            cluster = LocalCluster(n_workers=min(workers, len(given)), **options)
            client = Client(cluster)
        else:
            try:
                client, cluster = Client(scheduler, timeout="5s"), None
            except (OSError, ValueError, TimeoutError) as error:
                raise InputError(
                    f"No scheduler answers at '{scheduler}' ({error}): give the address of a running dask scheduler, such as tcp://host:8786."
                ) from None
        try:
            futures = {client.submit(function, one, pure=False): one for one in given}
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            client.close()
            if cluster is not None:
                cluster.close()
            # Starting workers sets variables here as well.
            for name in set(os.environ) - set(environment):
                del os.environ[name]
            os.environ.update(environment)


def assemble(study: dict[str, Any], tasks: list[Task], store: Store) -> dict[str, xr.Dataset]:
    """One Dataset for each series from the kept tasks; simulations have dimensions (size, listed controls, sample)."""
    out: dict[str, xr.Dataset] = {}
    missing = 0
    simulations: dict[str, list[tuple[Task, xr.Dataset]]] = {}
    for task in tasks:
        dataset = store.read(task)
        if dataset is None:
            missing += 1
        elif task["kind"] == "simulation":
            simulations.setdefault(task["series"], []).append((task, dataset))
        else:
            out[task["series"]] = dataset
    if missing:
        raise StoreError(
            f"'{store.folder}' is not complete: {missing} of {len(tasks)} points are missing; run the study again with the same --out."
        )
    for series in study["simulation"]:
        out[series["name"]] = _merged(series, simulations[series["name"]])
    return out


def _merged(series: dict[str, Any], parts: list[tuple[Task, xr.Dataset]]) -> xr.Dataset:
    listed = {name for name, value in parsed_controls(series).items() if isinstance(value, list)}
    task = parts[0][0]
    controls = task["controls"]
    pieces = []
    longest: dict[str, int] = {}
    for _, dataset in parts:
        longest |= {str(name): max(length, longest.get(str(name), 0)) for name, length in dataset.sizes.items() if name != "sample"}
    for task, dataset in parts:
        # Arrays of another length at another size (states, spectra) are filled up with NaN.
        dataset = dataset.pad({name: (0, longest[str(name)] - length) for name, length in dataset.sizes.items() if name != "sample"})
        point = {"size": task["size"], **{name: value for name, value in task["controls"].items() if name in listed}}
        pieces.append(dataset.expand_dims({name: [value] for name, value in point.items()}))
    merged = xr.combine_by_coords(pieces, join="outer", compat="no_conflicts", combine_attrs="drop")
    assert isinstance(merged, xr.Dataset)
    order = {"size": series["sizes"]}
    order |= {name: list(dict.fromkeys(t["controls"][name] for t, _ in parts)) for name in controls if name in listed}
    merged = merged.sel(order)
    merged = merged.transpose("size", *[name for name in controls if name in listed], "sample", ...)
    scalars = {name: value for name, value in controls.items() if name not in listed}
    merged = merged.assign_coords(scalars)
    merged.attrs = build(
        kind="simulate",
        model=models.get(series["model"]).name,
        coordinates={},
        values={},
        attributes={"controls": list(controls), "samples": series["samples"], "seed": task["seed"]},
    ).attrs
    return merged
