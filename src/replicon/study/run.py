"""Studies: a TOML file of series (theory, transition, simulation) and figures; planned into tasks, run, kept, resumed."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import xarray as xr

from replicon import __version__, models
from replicon._errors import InputError, StoreError
from replicon._result import build
from replicon.study import evaluate, grid
from replicon.study.store import Store

SHIPPED = Path(__file__).parent / "studies"
_SERIES = ("theory", "transition", "simulation")
_KEYS = {
    "study": {"title", "text", "seed", *_SERIES, "figure"},
    "theory": {"name", "model", "branch", "controls", "quick"},
    "transition": {"name", "model", "transition", "controls", "quick"},
    "simulation": {"name", "model", "controls", "sizes", "samples", "quick"},
}
_REQUIRED = {
    "theory": ("name", "model"),
    "transition": ("name", "model", "transition"),
    "simulation": ("name", "model", "sizes", "samples"),
}

Task = dict[str, Any]


def shipped() -> list[str]:
    """Names of the studies that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def read_study(study: str | Path, *, quick: bool = False) -> dict[str, Any]:
    """A shipped study by name, or a TOML file, checked whole before anything runs. `quick` applies each series' `quick`."""
    path = SHIPPED / f"{study}.toml" if str(study) in shipped() else Path(study)
    if not path.is_file():
        raise InputError(f"No study '{study}': give a TOML file or one of {', '.join(shipped())}.")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' is not valid TOML: {error}.") from None
    out = _checked(content, path)
    for kind in _SERIES:
        for series in out[kind]:
            small = series.pop("quick", {})
            if quick:
                controls = {**series.get("controls", {}), **small.pop("controls", {})}
                series.update(small, controls=controls)
    out["name"] = path.stem + ("-quick" if quick else "")
    # A user's model or file of patterns beside the study file is found from anywhere.
    for kind in _SERIES:
        for series in out[kind]:
            if str(series["model"]).endswith(".py"):
                series["model"] = str((path.parent / series["model"]).resolve())
            for name, value in series.get("controls", {}).items():
                if isinstance(value, str) and (path.parent / value).is_file():
                    series["controls"][name] = str((path.parent / value).resolve())
    plan(out)
    return out


def _checked(content: dict[str, Any], path: Path) -> dict[str, Any]:
    _known("study", content, str(path))
    out = {"title": content.get("title", path.stem), "text": content.get("text", ""), "seed": content.get("seed", 0)}
    names: set[str] = set()
    for kind in _SERIES:
        out[kind] = content.get(kind, [])
        if not isinstance(out[kind], list):
            raise InputError(f"'{path}': write [[{kind}]], with double brackets: there may be several.")
        for series in out[kind]:
            _known(kind, series, f"{path}, [[{kind}]]")
            for key in _REQUIRED[kind]:
                if key not in series:
                    raise InputError(f"'{path}': a [[{kind}]] has no '{key}': it needs {', '.join(_REQUIRED[kind])}.")
            if series["name"] in names or not str(series["name"]).replace("-", "").replace("_", "").isalnum():
                raise InputError(f"'{path}': the name '{series['name']}' is used twice or is not of letters, digits, - and _.")
            names.add(series["name"])
    out["figure"] = content.get("figure", [])
    for figure in out["figure"]:
        wanted = [*figure.get("theory", []), *figure.get("simulation", []), *figure.get("transition", [])]
        for name in wanted:
            if name not in names:
                raise InputError(f"'{path}': a [[figure]] shows '{name}': series are {', '.join(sorted(names))}.")
    if not names:
        raise InputError(f"'{path}' has no series: add a [[theory]], [[transition]] or [[simulation]].")
    return out


def _known(kind: str, table: Any, place: str) -> None:
    if not isinstance(table, dict):
        raise InputError(f"'{place}' must be a table of key = value.")
    for key in table:
        if key not in _KEYS[kind]:
            raise InputError(f"'{place}': unknown key '{key}'. Keys: {', '.join(sorted(_KEYS[kind]))}.")


def plan(study: dict[str, Any]) -> list[Task]:
    """The tasks of a study in order: one for each theory or transition series, one for each point and size of a simulation.

    Everything is validated here, before the first task runs.
    """
    tasks: list[Task] = []
    for series in study["theory"]:
        model = models.get(series["model"])
        model.branch(series.get("branch"))
        model.check(_parsed(series), "theory")
        tasks.append(
            {
                "kind": "theory",
                "series": series["name"],
                "model": series["model"],
                "branch": series.get("branch"),
                "controls": _parsed(series),
            }
        )
    for series in study["transition"]:
        model = models.get(series["model"])
        model.transition(series["transition"])
        model.check(_parsed(series), "theory")
        tasks.append(
            {
                "kind": "transition",
                "series": series["name"],
                "model": series["model"],
                "transition": series["transition"],
                "controls": _parsed(series),
            }
        )
    for series in study["simulation"]:
        model = models.get(series["model"])
        for size in series["sizes"]:
            coordinates = evaluate.check_simulation(model, size, series["samples"], study["seed"], _parsed(series))
            for point in grid.points(coordinates):
                tasks.append(
                    {
                        "kind": "simulation",
                        "series": series["name"],
                        "model": series["model"],
                        "controls": point,
                        "size": size,
                        "samples": series["samples"],
                        "seed": study["seed"],
                    }
                )
    for task in tasks:
        task["version"] = __version__
        # What a file held is part of what was computed from it.
        used = [str(v) for v in (task["model"], *task["controls"].values()) if isinstance(v, str) and Path(v).is_file()]
        if used:
            task["files"] = {name: hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in used}
    return tasks


def _parsed(series: dict[str, Any]) -> dict[str, Any]:
    return {name: grid.parse_value(name, value) for name, value in series.get("controls", {}).items()}


def execute(task: Task) -> xr.Dataset:
    """Run one task; the same in this process and in a worker."""
    if task["kind"] == "theory":
        return evaluate.solve(task["model"], branch=task["branch"], **task["controls"])
    if task["kind"] == "transition":
        return evaluate.find_transition(task["model"], task["transition"], **task["controls"])
    model = models.get(task["model"])
    values = evaluate.simulate_point(model, task["controls"], task["size"], task["samples"], task["seed"])
    return xr.Dataset({name: (("sample", *(f"component_{n}" for n in v.shape[1:])), v) for name, v in values.items()})


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
        yield from _distributed(rest, workers, scheduler)


def _distributed(tasks: list[Task], workers: int, scheduler: str | None) -> Iterable[tuple[Task, xr.Dataset]]:
    from dask import config
    from distributed import Client, LocalCluster, as_completed

    quiet = {"distributed.worker.memory.pause": False, "distributed.worker.memory.spill": False, "distributed.worker.memory.target": False}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    saved = {name: os.environ.get(name) for name in threads}
    with config.set(quiet):
        if scheduler is None:
            options: dict[str, Any] = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50, "env": threads}
            cluster = LocalCluster(n_workers=min(workers, len(tasks)), **options)
            client = Client(cluster)
        else:
            try:
                client, cluster = Client(scheduler, timeout="10s"), None
            except (OSError, ValueError, TimeoutError) as error:
                raise InputError(
                    f"No scheduler answers at '{scheduler}' ({error}): give the address of a running dask scheduler, such as tcp://host:8786."
                ) from None
        try:
            futures = {client.submit(execute, task, pure=False): task for task in tasks}
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            client.close()
            if cluster is not None:
                cluster.close()
            for name, value in saved.items():
                if value is not None:
                    os.environ[name] = value


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
    listed = {name for name, value in _parsed(series).items() if isinstance(value, list)}
    task = parts[0][0]
    controls = task["controls"]
    pieces = []
    for task, dataset in parts:
        point = {"size": task["size"], **{name: value for name, value in task["controls"].items() if name in listed}}
        pieces.append(dataset.expand_dims({name: [value] for name, value in point.items()}))
    merged = xr.combine_by_coords(pieces, join="outer", combine_attrs="drop")
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
