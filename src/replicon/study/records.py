"""Finished points in a few files to which records are only ever added.

A record is 64 bytes (mark, lengths of what follows, their SHA-256), a JSON header, which tells the
task, its fingerprint, the attributes and the names, dimensions, types and shapes of the arrays, and
the arrays themselves, one after another. It is written by one call: a process that is killed leaves
whole records and, at the end, perhaps a part of one, which is cut off when the file is next added
to. The sum covers the header, so that a record can only be the point that it says.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from replicon._errors import StoreError
from replicon._files import why, write_whole
from replicon._result import variable

_MARK = b"\x93replicon point\n"
_START = struct.Struct("<16sQQ32s")
_FULL = 64 * 2**20  # bytes after which the next file is begun


class Record(NamedTuple):
    """One finished task: `header` as JSON gave it, `body` the bytes of its arrays."""

    header: dict[str, Any]
    body: memoryview

    def arrays(self) -> Iterator[tuple[str, list[str], np.ndarray, bool]]:
        """(name, dimensions, array, whether it is a coordinate) of each array, without a copy."""
        start = 0
        for name, dims, kind, shape, coordinate in self.header["arrays"]:
            dtype = np.dtype(kind)
            count = int(np.prod(shape, dtype=int))
            values = (
                np.frombuffer(self.body, dtype, count, start)
                if dtype.itemsize
                else np.zeros(count, dtype)
            )
            yield name, dims, values.reshape(shape), coordinate
            start += count * dtype.itemsize

    def dataset(self) -> xr.Dataset:
        """The record as a Dataset; arrays are copies."""
        variables = {name: variable(dims, values.copy()) for name, dims, values, _ in self.arrays()}
        coordinates = {name for name, _, _, coordinate in self.arrays() if coordinate}
        coords = {name: value for name, value in variables.items() if name in coordinates}
        data = {name: value for name, value in variables.items() if name not in coordinates}
        return xr.Dataset(data, coords, self.header["attributes"])


class Found(NamedTuple):
    """What the files of a folder hold: records by fingerprint, and the files in which something is
    damaged.
    """

    records: dict[str, Record]
    damaged: list[Path]


def encode(task: Mapping[str, Any], fingerprint: str, dataset: xr.Dataset) -> bytes:
    """A task's result as one record."""
    described = []
    parts = []
    for name, held in dataset.variables.items():
        values = held.values
        if values.dtype.kind == "O":
            values = values.astype(str)
        values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        dims = [str(dim) for dim in held.dims]
        described.append(
            [str(name), dims, values.dtype.str, list(held.shape), name in dataset.coords]
        )
        parts.append(values.tobytes())
    told = {
        "fingerprint": fingerprint,
        "task": task,
        "attributes": dataset.attrs,
        "arrays": described,
    }
    header = json.dumps(told).encode()
    rest = header + b"".join(parts)
    return _start(len(header), rest) + rest


def _start(header: int, rest: bytes | memoryview) -> bytes:
    return _START.pack(_MARK, header, len(rest) - header, _sum(header, len(rest) - header, rest))


def _sum(header: int, body: int, rest: bytes | memoryview) -> bytes:
    found = hashlib.sha256(struct.pack("<QQ", header, body))
    found.update(rest)
    return found.digest()


def _scan(data: bytes) -> tuple[list[tuple[int, int, Record]], list[tuple[int, int]], int]:
    """Whole records as (start, end, record); stretches between them that are none; and where the
    last record ends.

    What follows that end is what a killed process left, if it is the beginning of a record, and
    counts as damage if not.
    """
    good = []
    bad = []
    at = 0
    while at < len(data):
        end, record = _record(data, at)
        if record is not None:
            good.append((at, end, record))
            at = end
            continue
        # The next place at which a record begins; the mark of this one may itself be whole.
        found = data.find(_MARK, at + 1)
        begun = data[at : at + len(_MARK)] == _MARK[: len(data) - at]
        if found < 0 and begun and end > len(data):
            return good, bad, at
        stop = len(data) if found < 0 else found
        bad.append((at, stop))
        at = stop
    return good, bad, at


def _record(data: bytes, at: int) -> tuple[int, Record | None]:
    """(where it ends or would end, the record) at a place of a file; None if there is none, or not
    a whole and sound one.
    """
    if len(data) - at < _START.size:
        return at + _START.size, None
    mark, header, body, digest = _START.unpack_from(data, at)
    begin = at + _START.size
    end = begin + header + body
    if mark != _MARK or end > len(data):
        return end, None
    rest = memoryview(data)[begin:end]
    if _sum(header, body, rest) != digest:
        return end, None
    return end, Record(json.loads(bytes(rest[:header])), rest[header:])


def read(folder: Path) -> Found:
    """All sound records of a folder; of two for one task, the later. Raises StoreError if a file
    cannot be read.
    """
    records: dict[str, Record] = {}
    damaged = []
    for path in _files(folder):
        good, bad, _ = _scan(_content(path))
        records |= {record.header["fingerprint"]: record for _, _, record in good}
        if bad:
            damaged.append(path)
    return Found(records, damaged)


def repair(folder: Path) -> list[tuple[Path, Path]]:
    """Give every damaged file another name, (before, after), its sound records kept in a file of
    the old one.
    """
    out = []
    for path in _files(folder):
        content = _content(path)
        good, bad, _ = _scan(content)
        if not bad:
            continue
        number = 1
        while (aside := path.with_name(f"{path.stem}-{number}.damaged")).exists():
            number += 1
        try:
            os.link(path, aside)
        except OSError:
            write_whole(aside, content, raises=StoreError)
        write_whole(path, b"".join(content[start:end] for start, end, _ in good), raises=StoreError)
        out.append((path, aside))
    return out


class Writer:
    """Adds records to the last file of a folder, or to a new one when that is full. One at a time:
    hold the folder's lock.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.file = None
        self.flushed = 0.0

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_) -> None:
        if self.file is not None:
            try:
                os.fsync(self.file.fileno())
            except OSError as error:
                raise StoreError(f"'{self.file.name}' cannot be written: {why(error)}.") from None
            finally:
                self.file.close()
                self.file = None

    def add(self, record: bytes) -> None:
        """Keep a record: all of it or nothing. StoreError, one sentence, if the disk does not take
        it.
        """
        begin = None
        try:
            if self.file is None or self.file.tell() > _FULL:
                self.__exit__()
                self.file = self._open()
            begin = self.file.tell()
            rest = memoryview(record)
            while len(rest):
                rest = rest[self.file.write(rest) :]
            if time.monotonic() - self.flushed > 1:
                os.fsync(self.file.fileno())
                self.flushed = time.monotonic()
        except OSError as error:
            place = self.file.name if self.file is not None else self.folder
            if self.file is not None and begin is not None:
                os.ftruncate(self.file.fileno(), begin)
                self.file.seek(begin)
            raise StoreError(
                f"'{place}' cannot be written: {why(error)}; what was finished before is kept."
            ) from None

    def _open(self):
        existing = _files(self.folder)
        number = int(existing[-1].stem.split("-")[1]) if existing else 1
        if existing and existing[-1].stat().st_size <= _FULL:
            path = existing[-1]
            end = _scan(_content(path))[2]
        else:
            path = self.folder / f"points-{number + len(existing[-1:]):04d}.dat"
            end = 0
        file = open(path, "r+b" if path.exists() else "x+b", buffering=0)  # noqa: SIM115
        file.truncate(end)
        file.seek(end)
        return file


def _files(folder: Path) -> list[Path]:
    numbered = [
        path for path in folder.glob("points-*.dat") if path.stem[len("points-") :].isdigit()
    ]
    return sorted(numbered, key=lambda path: int(path.stem[len("points-") :]))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"'{path}' cannot be read: {why(error)}.") from None
