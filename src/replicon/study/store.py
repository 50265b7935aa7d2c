"""A folder of results: the study as it was run, its finished points, one run at a time; merged into
Datasets on reading.

`study.json` holds the study and its plan: for each series every control with its values, the
model's name and file, what a reader needs of its declaration, and the content of every file that
was used. Reading needs nothing else: it imports no model, runs no code, writes nothing, and works
where the files are gone, on a read-only disk and in a later version. `points/` holds the finished
points (`study.records`), each bound by its checksum to the fingerprint of its task.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import xarray as xr

from replicon._errors import InputError, StoreError
from replicon._extras import needed
from replicon._files import alive, check_folder_of, check_path, why, write_whole
from replicon.study import records
from replicon.study.merge import merge
from replicon.study.names import check_name

_FORMAT = 2


class Store:
    """A folder of results. `held` says what it is of; `lock`, `begin` and `writer` are for the one
    that runs the study.
    """

    def __init__(self, folder: str | Path):
        self.folder = check_path(
            "folder", folder, "give the folder of a study's results, as text or a Path"
        )
        self.points = self.folder / "points"
        self.manifest = self.folder / "study.json"

    def check(self, study: dict[str, Any]) -> None:
        """StoreError if the folder cannot be the one of this study: a file, another study's, or
        something else's.
        """
        try:
            if self.folder.exists() and not self.folder.is_dir():
                raise StoreError(f"'{self.folder}' is a file: give a folder with --out.")
            if self.manifest.exists():
                held = self.study()["name"]
                if held != study["name"]:
                    raise StoreError(
                        f"'{self.folder}' holds the study '{held}', not '{study['name']}': give"
                        " another folder with --out."
                    )
            elif self.folder.is_dir() and any(not _ours(p.name) for p in self.folder.iterdir()):
                raise StoreError(
                    f"'{self.folder}' is not empty and holds no study: give an empty or new folder"
                    " with --out."
                )
        except (OSError, ValueError) as error:
            raise StoreError(f"'{self.folder}' cannot be used: {why(error)}.") from None

    def begin(self, study: dict[str, Any], plan: dict[str, Any]) -> list[str]:
        """Bind the folder to a study, under the lock; returns sentences on damaged files, which get
        another name.
        """
        self.check(study)
        try:
            self.points.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"'{self.folder}' cannot be written: {why(error)}.") from None
        content = _manifest(study, plan)
        with suppress(OSError):
            if self.manifest.read_text(encoding="utf-8") == content:
                content = ""
        if content:
            write_whole(self.manifest, content, raises=StoreError)
        return [
            f"'{path}' is damaged (a checksum does not match): its sound points are kept, the"
            f" others computed anew. The file was renamed to '{aside.name}'."
            for path, aside in records.repair(self.points)
        ]

    def is_bound(self, study: dict[str, Any], plan: dict[str, Any]) -> bool:
        """Whether `begin` was called with exactly this."""
        try:
            return self.manifest.read_text(encoding="utf-8") == _manifest(study, plan)
        except (OSError, ValueError):
            return False

    def _read(self) -> dict[str, Any]:
        if not self.manifest.is_file():
            raise StoreError(
                f"'{self.folder}' holds no study (no study.json): give a folder written by"
                " `replicon run`."
            )
        try:
            content = json.loads(self.manifest.read_text(encoding="utf-8"))
            if "format" not in content and "name" in content:
                raise StoreError(
                    f"'{self.folder}' was written by a version of Replicon before its first"
                    " release, which is not read: give another folder, and the study is run again."
                )
            if content["format"] != _FORMAT:
                raise StoreError(
                    f"'{self.folder}' is of format {content['format']!r}, and this version of"
                    f" Replicon reads {_FORMAT}: read it with version {content.get('version')} or"
                    " later."
                )
            check_name(content["study"]["name"], "study", raises=StoreError)
            list(content["plan"]["series"])
            return content
        except (ValueError, KeyError, TypeError, OSError, RecursionError):
            raise StoreError(
                f"'{self.manifest}' is damaged: run the study again with the same --out and it is"
                " written anew after you delete it."
            ) from None

    def study(self) -> dict[str, Any]:
        """The study this folder was made by; StoreError if there is none or it cannot be read."""
        return self._read()["study"]

    def plan(self) -> dict[str, Any]:
        """Its plan, as `study.plan.prepare` made it."""
        return self._read()["plan"]

    def writer(self) -> records.Writer:
        return records.Writer(self.points)

    def found(self) -> records.Found:
        """Every sound record of the folder."""
        return records.read(self.points)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one run; StoreError if another holds it. Makes the folder where there
        is none.

        An advisory lock of the system (flock) on `running.lock`: it is lost with the process that
        holds it, however that ends, and never by any other way. Across hosts it holds on file
        systems that carry flock (local ones, NFS of Linux, Lustre mounted with `flock`); elsewhere
        run a folder from one host at a time. The file goes when the run ends.
        """
        import fcntl

        path = self.folder / "running.lock"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            while True:
                file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    held = os.read(file, 300).decode(errors="replace").strip() or "another process"
                    os.close(file)
                    raise StoreError(
                        f"'{self.folder}' is in use by {held}: wait for it, or give another folder"
                        " with --out."
                    ) from None
                # The name may by now be another file's: the one before removed it between our two
                # calls.
                with suppress(FileNotFoundError):
                    if os.stat(path).st_ino == os.fstat(file).st_ino:
                        break
                os.close(file)
            os.truncate(file, 0)
            os.write(file, f"process {os.getpid()} on {socket.gethostname()}".encode())
        except (OSError, ValueError) as error:
            raise StoreError(f"'{self.folder}' cannot be written: {why(error)}.") from None
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()
            os.close(file)


def _ours(name: str) -> bool:
    """Whether a run that was killed at its very beginning may have left this."""
    return name in ("points", "objects", "running.lock") or (
        name.startswith(".") and name.endswith(".part")
    )


def _manifest(study: dict[str, Any], plan: dict[str, Any]) -> str:
    from replicon import __version__

    return json.dumps(
        {"format": _FORMAT, "version": __version__, "study": study, "plan": plan}, indent=1
    )


def load_results(folder: str | Path) -> dict[str, xr.Dataset]:
    """The results of a study folder: for each series one Dataset (simulations have `size` as first
    dimension).

    Runs no code of the study's, needs none of its files, writes nothing. Raises StoreError if the
    folder holds no study, a point is missing (say how many) or damaged.
    """
    store = Store(folder)
    return merge(store.plan(), store.found(), store.folder)


def export_results(folder: str | Path, path: str | Path) -> None:
    """Write a study's results to one file: .nc (netCDF), replaced whole if it exists, or .zarr, one
    group a series.
    """
    check_export(path)
    path = Path(path)
    ending = path.suffix.lower()
    tree = xr.DataTree.from_dict(
        {name: writable(data) for name, data in load_results(folder).items()}
    )
    if ending == ".nc":
        write_whole(path, netcdf(tree))
        return
    for left in path.parent.glob(f".{path.name}.*.part"):
        if not alive(left.name.split(".")[-2]):
            shutil.rmtree(left, ignore_errors=True)
    aside = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        tree.to_zarr(aside, consolidated=False)
        os.replace(aside, path)
    except OSError as error:
        raise InputError(f"'{path}' cannot be written: {why(error)}.") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def check_export(path: str | Path) -> None:
    """InputError unless results can be exported under this name, as far as that can be known
    before.
    """
    path = check_path(
        "path", path, "give a name ending in .nc (netCDF) or .zarr, as text or a Path"
    )
    ending = path.suffix.lower()
    try:
        if ending not in (".nc", ".zarr"):
            raise InputError(
                f"'{path}' has no known ending: give a name ending in .nc (netCDF) or .zarr."
            )
        if ending == ".zarr" and os.path.lexists(path):
            raise InputError(f"'{path}' exists already: give a new name.")
        if len(os.fsencode(path.name)) > (220 if ending == ".zarr" else 255):
            raise InputError(
                f"'{path}' cannot be written: the name is too long: give a shorter one."
            )
        check_folder_of(path)
        if ending == ".zarr":
            needed("zarr", "zarr", f"'{path}'")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{path}' cannot be written: {why(error)}.") from None


def netcdf(data: xr.Dataset | xr.DataTree) -> bytes:
    """A `writable` result, or several, as the bytes of a netCDF file: in memory, because HDF5 does
    not survive a disk that fills up.
    """
    return bytes(data.to_netcdf(None, engine="h5netcdf"))


def writable(dataset: xr.Dataset) -> xr.Dataset:
    """Words as Python strings and plain attributes, which both formats take."""
    names = [name for name in dataset.variables if dataset[name].dtype.kind == "U"]
    dataset = dataset.assign({name: dataset[name].astype(object) for name in names})
    return dataset.assign_attrs(
        {k: json.dumps(v) if isinstance(v, (list, dict)) else v for k, v in dataset.attrs.items()}
    )
