"""Words of the user to values: numbers, words, lists `0.1,0.2` and ranges `start:stop:count`; and
lists to points.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from replicon._domains import Interval, Words, as_number, read_number
from replicon._errors import InputError
from replicon._files import ends_as_file
from replicon._objects import is_object

_LARGEST = 10_000_000


def parse_value(name: str, text: Any) -> Any:
    """'0.3' -> 0.3; 'rs' -> 'rs'; '0.1,0.2' -> [0.1, 0.2]; '0:1:11' -> eleven numbers, ends
    included. Others, objects too, pass through.
    """
    if is_object(text):
        return text
    if isinstance(text, (list, tuple)):
        return [parse_value(name, item) for item in text]
    if not isinstance(text, str):
        return text
    text = text.strip()
    if not text:
        raise InputError(
            f"{name} was given no value: write {name}=0.1, a list {name}=0.1,0.2 or a range"
            f" {name}=0.1:1.0:10."
        )
    if "," in text:
        return [read_number(part.strip()) for part in text.split(",") if part.strip()]
    if ":" in text and not ends_as_file(text):
        return _range(name, text)
    return read_number(text)


def taken(name: str, value: Any, domain: Interval | Words) -> Any:
    """The value of a control in Python's types, its objects taken: each as its name and
    fingerprint, which are text, and what it holds behind. Raises InputError.
    """
    items = domain.listed(value)
    if isinstance(domain, Interval):
        return as_number(value) if items is None else [as_number(one) for one in items]
    return domain.take(name, value) if items is None else [domain.take(name, x) for x in items]


def split_assignments(words: Sequence[str]) -> dict[str, str]:
    """['load=0.1', 'temperature=0:1:5'] to {'load': '0.1', 'temperature': '0:1:5'}."""
    out: dict[str, str] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not name:
            raise InputError(
                f"'{word}' is not a control: write name=value, for example load=0.1 or"
                " temperature=0:1:11."
            )
        if name in out:
            raise InputError(
                f"{name} was given twice: give it once, as a list {name}=0.1,0.2 if you want both"
                " values."
            )
        out[name] = text
    return out


def points(coordinates: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every point of the grid, the last listed coordinate fastest; scalars in every point."""
    columns = [value if isinstance(value, list) else [value] for value in coordinates.values()]
    for combination in itertools.product(*columns):
        yield dict(zip(coordinates, combination, strict=True))


def size(coordinates: Mapping[str, Any]) -> int:
    """How many points that grid has."""
    return math.prod(len(value) for value in coordinates.values() if isinstance(value, list))


def _range(name: str, text: str) -> list[float]:
    parts = [read_number(part.strip()) for part in text.split(":")]
    sentence = (
        f"{name}={text} is not a range: write start:stop:count, for example {name}=0.1:1.0:10 (ten"
        " values, ends included)."
    )
    if (
        len(parts) != 3
        or not all(isinstance(p, (int, float)) for p in parts)
        or not isinstance(parts[2], int)
    ):
        raise InputError(sentence)
    start, stop, count = parts
    if not 1 <= count <= _LARGEST or not (math.isfinite(start) and math.isfinite(stop)):
        raise InputError(sentence)
    # Fifteen digits, so that 0.02:0.2:19 holds 0.1 and not a neighbour of it.
    return [
        float(start),
        *(float(f"{v:.15g}") for v in np.linspace(start, stop, count)[1:-1]),
        float(stop),
    ][:count]
