"""Arrays in files of NumPy, SciPy, MATLAB and Matrix Market. What a header claims is compared with
what is there before it is read.
"""

from __future__ import annotations

import io
import math
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from replicon.data.tables import Unreadable

LARGEST = 2**32  # bytes that a compressed or sparse array may become: 4 GiB
LONGEST = 120  # seconds that reading a .mat or .mtx file may take
_TOLD = 3  # exit status of the process that reads it, when it says why it cannot
_HDF5 = b"\x89HDF\r\n\x1a\n"


def read_array(content: bytes, ending: str, member: str | None) -> Any:
    """The array, dense or of scipy.sparse, in a .npy, .npz, .mat or .mtx file; `member`: its name
    there. Raises Unreadable.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _checked(
                _apart(content, ending, member)
                if ending in _FRAGILE
                else _READERS[ending](content, member)
            )
    except Unreadable:
        raise
    except Exception as error:  # of damaged files the libraries say it in many ways
        raise Unreadable(unsound(ending, error)) from None


def unsound(ending: str, error: Exception) -> str:
    """The sentence on a file whose content is not what its ending says."""
    said = " ".join(str(error).split()).rstrip(".") or "it ends too early"
    return f"it is no sound {ending} file, {type(error).__name__}: {said[:150]}"


def _checked(array: Any) -> Any:
    """Numbers alone, and of a sparse array indices within its shape: others would be written beyond
    the dense one.
    """
    if array.dtype.kind not in "biuf":
        raise Unreadable(_strange(array.dtype))
    if not hasattr(array, "toarray"):
        return array
    _bound(array.shape, 8)
    if array.format in ("csr", "csc", "bsr"):
        array.check_format(full_check=True)
    elif array.format == "coo":
        for places, length in zip(array.coords, array.shape, strict=True):
            if places.size and not 0 <= places.min() <= places.max() < length:
                raise Unreadable(f"its entries lie outside its shape {array.shape}")
    return array


def _strange(dtype: np.dtype) -> str:
    if dtype.hasobject:
        return "it holds no plain NumPy array, but objects, which could run code"
    if dtype.names:
        return (
            f"it holds a structured array with the fields {', '.join(dtype.names)[:80]}: save one"
            " of them"
        )
    if dtype.kind == "c":
        return "it holds complex numbers: save their real part, or their modulus"
    return f"it holds entries of type {str(dtype)[:40]}, no numbers"


def _npy(content: bytes, member: str | None) -> np.ndarray:
    if member is not None:
        raise Unreadable(f"a .npy file holds one array without a name, not '{member}'")
    return _plain(content)


def _plain(content: bytes) -> np.ndarray:
    """The array of a .npy file in memory, without a copy."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = header(file)
    if dtype.hasobject:
        raise Unreadable(_strange(dtype))
    claimed = math.prod(shape) * dtype.itemsize
    there = len(content) - file.tell()
    if claimed != there or min(shape, default=0) < 0:
        raise Unreadable(
            f"its header tells of an array of shape {shape}, {claimed} bytes, and {there} follow"
        )
    flat = (
        np.frombuffer(content, dtype, count=math.prod(shape), offset=file.tell())
        if claimed
        else np.zeros(0, dtype)
    )
    return flat.reshape(shape, order="F" if fortran else "C")


def _npz(content: bytes, member: str | None) -> Any:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if len(infos) < len(archive.infolist()):
            raise Unreadable("it holds two arrays of one name")

        def one(name: str) -> np.ndarray:
            size = infos[name].file_size
            if size > LARGEST:
                raise Unreadable(
                    f"its array '{name}' would take {size / 2**30:.3g} GiB, more than"
                    f" {LARGEST / 2**30:.0f}"
                )
            return _plain(archive.read(infos[name]))

        if {"format", "shape", "data"} <= set(infos) and member is None:
            return _sparse({name: one(name) for name in infos})
        return one(_chosen(infos, member))


def _sparse(parts: dict[str, np.ndarray]) -> Any:
    from scipy import sparse

    kind = parts["format"].item()
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    shape = tuple(int(n) for n in parts["shape"])
    _bound(shape, 8)
    if kind == "coo":
        return sparse.coo_array((parts["data"], (parts["row"], parts["col"])), shape=shape)
    if kind == "dia":
        return sparse.dia_array((parts["data"], parts["offsets"]), shape=shape)
    if kind not in ("csr", "csc", "bsr"):
        raise Unreadable(f"it holds a sparse array of the unknown format '{kind}'")
    return getattr(sparse, f"{kind}_array")(
        (parts["data"], parts["indices"], parts["indptr"]), shape=shape
    )


def _apart(content: bytes, ending: str, member: str | None) -> Any:
    """The array of a file, read in a process of its own: damaged ones crash the libraries that read
    them.
    """
    paths = os.pathsep.join(path for path in (str(Path(__file__).parents[2]), *sys.path) if path)
    call = "from replicon.data.arrays import send; send()"
    command = [
        sys.executable,
        "-P",
        "-W",
        "ignore",
        "-c",
        call,
        ending,
        *([] if member is None else [member]),
    ]
    try:
        done = subprocess.run(
            command,
            input=content,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": paths},
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(
            f"it is no sound {ending} file: it is not read within {LONGEST} seconds"
        ) from None
    if done.returncode == _TOLD:
        raise Unreadable(done.stderr.decode(errors="replace").strip())
    if done.returncode != 0:
        raise Unreadable(f"it is no sound {ending} file: the library that reads it fails")
    return _npz(done.stdout, None)


def send() -> None:
    """The other end of `_apart`: a file from standard input, its array as .npz to standard output,
    or a reason.
    """
    from scipy import sparse

    content = sys.stdin.buffer.read()
    ending = sys.argv[1]
    try:
        array = _checked(_FRAGILE[ending](content, sys.argv[2] if len(sys.argv) > 2 else None))
    except Exception as error:
        sys.stderr.write(str(error) if isinstance(error, Unreadable) else unsound(ending, error))
        sys.exit(_TOLD)
    out = io.BytesIO()
    if sparse.issparse(array):
        sparse.save_npz(out, array, compressed=False)
    else:
        np.savez(out, array=array)
    sys.stdout.buffer.write(out.getvalue())


def _mat(content: bytes, member: str | None) -> Any:
    from scipy.io import loadmat, whosmat

    if _HDF5 in (content[:8], content[512:520]):
        return _mat_of_hdf5(content, member)
    listed = whosmat(io.BytesIO(content))
    shapes = {
        name: shape
        for name, shape, kind in listed
        if kind not in ("char", "cell", "struct", "function", "object", "opaque")
    }
    name = _chosen(shapes, member)
    _bound(shapes[name], 8)
    return loadmat(io.BytesIO(content), variable_names=[name])[name]


def _mat_of_hdf5(content: bytes, member: str | None) -> np.ndarray:
    import h5py

    with h5py.File(io.BytesIO(content), "r") as file:
        arrays: dict[str, Any] = {}
        for key in map(str, file):
            if isinstance(file[key], h5py.Dataset) and file[key].attrs.get("MATLAB_class") not in (
                b"char",
                b"cell",
                b"function_handle",
            ):
                arrays[key] = file[key]
            elif isinstance(file[key], h5py.Group) and key == member:
                raise Unreadable(
                    f"'{key}' is a structure or a sparse matrix: save its field, or full({key})"
                )
        array = arrays[_chosen(arrays, member)]
        _bound(array.shape, array.dtype.itemsize)
        if array.attrs.get("MATLAB_empty"):
            return np.zeros((0, 0))
        return np.asarray(array[()]).T  # MATLAB writes columns first


def _mtx(content: bytes, member: str | None) -> Any:
    from scipy.io import mminfo, mmread

    if member is not None:
        raise Unreadable(f"a .mtx file holds one array without a name, not '{member}'")
    rows, columns, entries, kind, *_ = mminfo(io.BytesIO(content))
    _bound((rows, columns), 8)
    if (kind == "array" and rows * columns > 2 * len(content)) or (
        kind != "array" and entries > len(content)
    ):
        raise Unreadable(
            f"its header tells of {rows} x {columns} numbers, and {len(content)} bytes are there"
        )
    return mmread(io.BytesIO(content), spmatrix=False)


_READERS: dict[str, Callable[[bytes, str | None], Any]] = {".npy": _npy, ".npz": _npz}
_FRAGILE: dict[str, Callable[[bytes, str | None], Any]] = {".mat": _mat, ".mtx": _mtx}
ENDINGS = (*_READERS, *_FRAGILE)


def _chosen(arrays: Iterable[str], member: str | None) -> str:
    """The name asked for, or of the only array."""
    arrays = list(arrays)
    listed = ", ".join(arrays)[:200] or "none"
    if member is not None:
        if member not in arrays:
            raise Unreadable(f"it has no array '{member}': it holds {listed}")
        return member
    if len(arrays) != 1:
        say = f": say which, as in '...:{arrays[0]}'" if arrays else ""
        raise Unreadable(
            "it holds"
            f" {'several arrays, ' if arrays else 'no array'}{listed if arrays else ''}{say}"
        )
    return arrays[0]


def _bound(shape: tuple[int, ...], itemsize: int) -> None:
    if min(shape, default=0) < 0 or math.prod(shape) * itemsize > LARGEST:
        raise Unreadable(
            f"it tells of an array of shape {tuple(shape)}, more than {LARGEST / 2**30:.0f} GiB"
        )
