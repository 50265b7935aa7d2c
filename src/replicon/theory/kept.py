"""Traced graphs kept on disk: to read a replica potential with all its derivatives takes JAX
seconds in every process, and the graph that comes of it is a hundred kilobytes.

A graph is kept, beside XLA's compiled code and only where there is such a folder, under what
function, arguments, package and JAX hold; never by a name. Only functions of this package are: what
a user's function computes may depend on what no key can see, so it is traced in each process.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import itertools
import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import export

from replicon._content import shipped
from replicon._files import write_whole
from replicon._jit import jit

_MOST = 400  # graphs of a folder, about a hundred kilobytes each; the oldest go
_MARK = b"replicon graph 1"


def compiled(function: Callable, how: str = "fast") -> Callable:
    """`jax.jit(function)` of trees of arrays, whose graph is read from disk where a process before
    has traced it. `how` it is compiled: 'fast', 'plain', or 'seldom', for what is evaluated a few
    times and should be there soon.

    The same bits either way. Raises what tracing raises. Source: jax.export. Referee: the function
    without it (tests/theory/test_kept.py).
    """
    plain = jit(function, how=how)
    identity = shipped(function)
    if identity is None:
        return plain
    ready: dict[Any, Callable] = {}

    def call(*arguments: Any) -> Any:
        # As NumPy: what another graph returned is of another kind to JAX and would compile again.
        arguments = jax.tree.map(np.asarray, arguments)
        leaves, tree = jax.tree.flatten(arguments)
        shapes = tuple((leaf.shape, leaf.dtype.str) for leaf in leaves)
        if (tree, shapes) not in ready:
            ready[tree, shapes] = _kept(function, identity, arguments, how) or plain
            _load_meanwhile()
        return ready[tree, shapes](*arguments)

    return call


def side_by_side(*calls: Callable[[], Any]) -> list:
    """What each of these functions returns, called at the same time: XLA compiles without Python's
    lock, so that two graphs are compiled on two processors. Raises what the first to fail raises.
    """
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def _load_meanwhile() -> None:
    """Load what answers are given as, beside what calls this: XLA compiles without Python's lock,
    so that 0.2 s of import cost nothing.
    """
    if "xarray" not in sys.modules:
        threading.Thread(target=importlib.import_module, args=("xarray",)).start()


def _kept(
    function: Callable, identity: tuple[str, ...], arguments: tuple, how: str
) -> Callable | None:
    """The function for arguments of these shapes, from disk or traced now and left there; None
    where nothing can be kept.
    """
    folder = _folder()
    leaves, tree = jax.tree.flatten(arguments)
    if folder is None:
        return None
    told = [str(tree), *(f"{leaf.shape} {leaf.dtype.str}" for leaf in leaves)]
    told += [*identity, _package(), jax.__version__, jax.default_backend()]
    told += [str(jax.dtypes.canonicalize_dtype(float))]
    path = folder / f"{hashlib.sha256(chr(10).join(told).encode()).hexdigest()}.graph"
    found = _read(path) or _trace(function, arguments, path)
    if found is None:
        return None
    graph, shape = found
    body = jit(graph.call, how=how)

    def call(*arguments: Any) -> Any:
        return _built(shape, body(*jax.tree.leaves(arguments)))

    return call


def _trace(function: Callable, arguments: tuple, path: Path) -> tuple[export.Exported, Any] | None:
    """The graph and the shape of what it returns, left at `path`."""
    tree = jax.tree.structure(arguments)
    shape: list[Any] = []

    def flat(*leaves: Any) -> list:
        out = function(*jax.tree.unflatten(tree, leaves))
        shape[:] = [_shape(out, itertools.count())]
        return jax.tree.leaves(out)

    try:
        graph = export.export(jax.jit(flat))(*jax.tree.leaves(arguments))
    except (ValueError, NotImplementedError):  # an operation that JAX does not promise to keep
        return None
    if shape[0] is None:
        return None
    head = json.dumps(shape[0]).encode()
    _write(path, head + b"\n" + bytes(graph.serialize()))
    return graph, shape[0]


def _folder() -> Path | None:
    """Where graphs are kept: beside JAX's compiled code, if that is kept."""
    settings: Any = jax.config
    folder = settings.jax_compilation_cache_dir
    if not folder or not settings.jax_enable_compilation_cache or "://" in folder:
        return None
    return Path(folder) / "graphs"


@functools.cache
def _package() -> str:
    """What the source of this package holds."""
    root = Path(__file__).parents[1]
    held = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        held.update(path.relative_to(root).as_posix().encode())
        held.update(path.read_bytes())
    return held.hexdigest()


def _read(path: Path) -> tuple[export.Exported, Any] | None:
    """A kept graph; None where there is none, or none that can be read."""
    try:
        mark, sum_, head, body = path.read_bytes().split(b"\n", 3)
        if mark != _MARK or _sum(head + b"\n" + body) != sum_:
            return None
        graph = export.deserialize(bytearray(body))
        os.utime(path)
    except Exception:  # a damaged file raises anything: it is traced again and written over
        return None
    return graph, json.loads(head)


def _sum(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _write(path: Path, data: bytes) -> None:
    """A disk that takes nothing is no error, as for compiled code."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, b"\n".join([_MARK, _sum(data), data]), raises=OSError)
        graphs = sorted(path.parent.glob("*.graph"), key=lambda file: file.stat().st_mtime)
        for old in graphs[:-_MOST]:
            old.unlink(missing_ok=True)


# What a function returns, as JSON: leaves by number, dictionaries and named tuples of Replicon.


def _shape(value: Any, count: Any) -> Any:
    """None where it is anything else."""
    if value is None:
        return ["none"]
    if isinstance(value, dict):  # JAX orders keys
        parts = {key: _shape(value[key], count) for key in sorted(value)}
        return None if None in parts.values() else ["dict", parts]
    if isinstance(value, tuple):
        parts = [_shape(item, count) for item in value]
        kind = type(value)
        named = "" if kind is tuple else f"{kind.__module__}:{kind.__qualname__}"
        if None in parts or (named and not named.startswith("replicon.")) or "<" in named:
            return None
        return ["tuple", named, parts]
    return ["leaf", next(count)] if hasattr(value, "dtype") else None


def _built(shape: Any, leaves: list) -> Any:
    kind, *rest = shape
    if kind == "none":
        return None
    if kind == "leaf":
        return leaves[rest[0]]
    if kind == "dict":
        return {key: _built(part, leaves) for key, part in rest[0].items()}
    named, parts = rest
    values = [_built(part, leaves) for part in parts]
    if not named:
        return tuple(values)
    module, _, name = named.partition(":")
    return getattr(importlib.import_module(module), name)(*values)
