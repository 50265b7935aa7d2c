"""What goes to the page: one JSON header and the arrays that it names, in one binary message.

Layout: 4 bytes, the length of the header (little endian); the header, JSON in UTF-8, padded with
spaces so that arrays begin at a multiple of 8; the arrays, each padded likewise. In the header
`arrays` gives {name: {"type", "shape", "at", "bytes"}}, `at` counted from the first array. Types
are those of JavaScript's typed arrays (`f32`, `f64`, `u8`, `i8`), and `bits`: +-1 packed 8 to a
byte, the first spin in the highest bit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from replicon._domains import show
from replicon._errors import InputError

_ALIGNED = 8
_LONGEST = 1 << 16  # characters of what a page says
_DEEPEST = 8  # levels of it: an order, its arguments, those of its network, controls, lists
_TYPES = {"f32": np.float32, "f64": np.float64, "u8": np.uint8, "i8": np.int8}
# Kinds of views whose arrays hold nothing but +-1.
_SIGNS = ("spins", "lattice")


def message(header: Mapping[str, Any], arrays: Mapping[str, Any] | None = None) -> bytes:
    """A header and arrays, each (kind, array) or an array, as one binary message. An array of
    kind 'spins' or 'lattice' goes as bits, other kinds in single precision, and one without kind in
    double precision, or as the small whole numbers that it holds.
    """
    told: dict[str, Any] = {}
    parts = []
    at = 0
    for name, given in (arrays or {}).items():
        kind, array = given if isinstance(given, tuple) else ("", given)
        form, buffer = _buffer(kind, np.asarray(array))
        shape = list(np.shape(array))
        told[name] = {"type": form, "shape": shape, "at": at, "bytes": len(buffer), "kind": kind}
        buffer += bytes(-len(buffer) % _ALIGNED)
        parts.append(buffer)
        at += len(buffer)
    text = json.dumps(plain({**header, "arrays": told}), allow_nan=False, separators=(",", ":"))
    head = text.encode()
    head += b" " * (-(len(head) + 4) % _ALIGNED)
    return b"".join([len(head).to_bytes(4, "little"), head, *parts])


def read(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(header, arrays) of a message; bits as +-1 int8."""
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    begin = 4 + length
    arrays = {}
    for name, told in header.pop("arrays").items():
        buffer = data[begin + told["at"] : begin + told["at"] + told["bytes"]]
        if told["type"] == "bits":
            bits = np.unpackbits(np.frombuffer(buffer, np.uint8), count=math.prod(told["shape"]))
            array = (2 * bits.astype(np.int8) - 1).astype(np.int8)
        else:
            array = np.frombuffer(buffer, _TYPES[told["type"]])
        arrays[name] = array.reshape(told["shape"])
    return header, arrays


def rest(data: bytes) -> bytes:
    """What follows a message that has no arrays: an answer follows the head that says to what."""
    return data[4 + int.from_bytes(data[:4], "little") :]


def parsed(text: str | None) -> dict[str, Any]:
    """What a page says: a JSON object of a few levels, all of whose numbers are finite. InputError
    for anything else.
    """
    if text is None or len(text) > _LONGEST:
        raise InputError(f"A page says texts of at most {_LONGEST} characters.")
    try:
        said = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except InputError:
        raise
    except (ValueError, RecursionError):
        raise InputError(
            "A page says JSON: this is none, or not of numbers as people write."
        ) from None
    if not isinstance(said, dict):
        raise InputError("A page says JSON objects.")
    if not _shallow(said, _DEEPEST):
        raise InputError(f"A page says JSON of at most {_DEEPEST} levels.")
    return said


def _no_number(name: str) -> float:
    raise InputError(f"JSON has no {name}.")


def _finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise InputError(f"A number is too large: {show(text)}.")
    return float(text)


def _shallow(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (dict, list)):
        return True
    return levels > 0 and all(_shallow(item, levels - 1) for item in inner)


def _buffer(kind: str, array: np.ndarray) -> tuple[str, bytes]:
    if kind in _SIGNS:
        return "bits", np.packbits(array.ravel() > 0).tobytes()
    if array.dtype == np.int8 or array.dtype == np.uint8:
        return ("i8" if array.dtype == np.int8 else "u8"), array.tobytes()
    form = "f32" if kind else "f64"
    return form, np.ascontiguousarray(array, _TYPES[form]).tobytes()


def plain(value: Any) -> Any:
    """JSON values: NumPy's numbers as Python's, what is not finite as null."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
