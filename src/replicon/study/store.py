"""One file for every finished point, written aside and renamed; merged into Datasets on reading.

A folder of results holds `study.json` (the study as it was run) and `points/<series>-<fingerprint>.nc`, one netCDF file a
task. A file carries a checksum of its arrays: a damaged one is never half-read. The fingerprint is that of the task (model,
version, controls, size, samples, seed), so that a file can only be what its name says.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from replicon._errors import InputError, StoreError
from replicon._seed import fingerprint

_ENGINE = "h5netcdf"


class Store:
    """A folder of results. `begin` binds it to a study; `path`, `write`, `read` handle single tasks."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.points = self.folder / "points"

    def begin(self, study: dict[str, Any]) -> None:
        """Create the folder for a study, or check that it holds this one; StoreError if it holds another."""
        if self.folder.exists() and not self.folder.is_dir():
            raise StoreError(f"'{self.folder}' is a file: give a folder with --out.")
        manifest = self.folder / "study.json"
        if manifest.exists():
            held = self.study()["name"]
            if held != study["name"]:
                raise StoreError(f"'{self.folder}' holds the study '{held}', not '{study['name']}': give another folder with --out.")
        elif self.folder.is_dir() and any(self.folder.iterdir()):
            raise StoreError(f"'{self.folder}' is not empty and holds no study: give an empty or new folder with --out.")
        self.points.mkdir(parents=True, exist_ok=True)
        _replace(manifest, json.dumps(study, indent=2, sort_keys=True).encode())

    def study(self) -> dict[str, Any]:
        """The study this folder was made by; StoreError if there is none or it cannot be read."""
        manifest = self.folder / "study.json"
        if not manifest.is_file():
            raise StoreError(f"'{self.folder}' holds no study (no study.json): give a folder written by `replicon run`.")
        try:
            study = json.loads(manifest.read_text())
            return {**study, "name": study["name"]}
        except (ValueError, KeyError, TypeError, OSError):
            raise StoreError(
                f"'{manifest}' is damaged: run the study again with the same --out and it is written anew after you delete it."
            ) from None

    def path(self, task: dict[str, Any]) -> Path:
        return self.points / f"{task['series']}-{fingerprint(task)[:20]}.nc"

    def write(self, task: dict[str, Any], dataset: xr.Dataset) -> None:
        """Keep a finished task: all of it or nothing, also if the process dies at any moment."""
        path = self.path(task)
        aside = path.with_name(f".{path.name}.{os.getpid()}.part")
        dataset = dataset.assign_attrs({k: json.dumps(v) for k, v in dataset.attrs.items()})
        dataset = dataset.assign_attrs(checksum=_checksum(dataset))
        dataset.to_netcdf(aside, engine=_ENGINE)
        with open(aside, "rb") as file:
            os.fsync(file.fileno())
        os.replace(aside, path)

    def read(self, task: dict[str, Any]) -> xr.Dataset | None:
        """A kept task, None if it is not there; StoreError if the file is damaged."""
        path = self.path(task)
        if not path.exists():
            return None
        try:
            with xr.open_dataset(path, engine=_ENGINE) as opened:
                dataset = opened.load()
            checksum = dataset.attrs.pop("checksum")
            good = checksum == _checksum(dataset)
            dataset.attrs = {k: json.loads(v) for k, v in dataset.attrs.items()}
        except Exception as error:  # whatever a damaged HDF5 file makes the reader raise
            raise StoreError(
                f"'{path}' is damaged ({type(error).__name__}): run the study again and this point is computed anew."
            ) from None
        if not good:
            raise StoreError(f"'{path}' is damaged (its checksum does not match): run the study again and this point is computed anew.")
        return dataset

    def set_aside(self, task: dict[str, Any]) -> Path:
        """Rename a damaged file so that it is kept for a look but never read."""
        path = self.path(task)
        aside = path.with_suffix(".damaged")
        os.replace(path, aside)
        return aside

    def sweep(self) -> None:
        """Remove what killed runs left half-written."""
        for part in self.points.glob(".*.part"):
            part.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one run; StoreError if a living process holds it. A dead one's lock on this machine is taken."""
        path = self.folder / "running.lock"
        host = socket.gethostname()
        aside = path.with_name(f".running.{host}.{os.getpid()}.part")
        aside.write_text(f"{host} {os.getpid()}")
        try:
            while True:
                try:
                    os.link(aside, path)  # appears whole or not at all
                    break
                except FileExistsError:
                    with suppress(FileNotFoundError):
                        holder, _, pid = path.read_text().partition(" ")
                        if holder != host or _alive(pid):
                            raise StoreError(
                                f"'{self.folder}' is in use by process {pid} on {holder}: wait for it, or delete '{path}' if it is gone."
                            ) from None
                        path.unlink()
        finally:
            aside.unlink(missing_ok=True)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def load(folder: str | Path) -> dict[str, xr.Dataset]:
    """The results of a study folder: for each series one Dataset (simulations have `size` as first dimension).

    Raises StoreError if the folder holds no study, a point is missing (say how many) or damaged.
    """
    from replicon.study.plan import plan
    from replicon.study.run import assemble

    store = Store(folder)
    study = store.study()
    return assemble(study, plan(study), store)


def export(folder: str | Path, path: str | Path) -> None:
    """Write a study's results to one file: .nc (netCDF) or .zarr, one group a series."""
    results = load(folder)
    path = Path(path)
    nodes = {
        name: data.assign_attrs({k: json.dumps(v) if isinstance(v, (list, dict)) else v for k, v in data.attrs.items()})
        for name, data in results.items()
    }
    tree = xr.DataTree.from_dict({name: _writable(data) for name, data in nodes.items()})
    aside = path.with_name(f".{path.name}.part")
    if path.suffix == ".nc":
        tree.to_netcdf(aside, engine=_ENGINE)
        os.replace(aside, path)
    elif path.suffix == ".zarr":
        if path.exists():
            raise InputError(f"'{path}' exists already: give a new name.")
        tree.to_zarr(aside, consolidated=False)
        os.replace(aside, path)
    else:
        raise InputError(f"'{path}' has no known ending: give a name ending in .nc (netCDF) or .zarr.")


def _writable(dataset: xr.Dataset) -> xr.Dataset:
    """Words as Python strings, which both formats take."""
    names = [name for name in dataset.variables if dataset[name].dtype.kind == "U"]
    return dataset.assign({name: dataset[name].astype(object) for name in names})


def _checksum(dataset: xr.Dataset) -> str:
    digest = hashlib.sha256()
    for name in sorted(map(str, dataset.variables)):
        values = dataset[name].values
        data = json.dumps(values.tolist()).encode() if values.dtype.kind in "OUS" else np.ascontiguousarray(values).tobytes()
        digest.update(f"{name} {dataset[name].dims} ".encode() + data)
    digest.update(json.dumps({k: v for k, v in dataset.attrs.items() if k != "checksum"}, sort_keys=True).encode())
    return digest.hexdigest()


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    aside.write_bytes(content)
    os.replace(aside, path)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
