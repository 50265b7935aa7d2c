"""Domains of arguments, and the one check of them: every argument of every public function passes
here.
"""

from __future__ import annotations

import contextlib
import math
import numbers
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from replicon._errors import InputError
from replicon._files import digest, split_member
from replicon._names import folded, nearest
from replicon._objects import Given, Objects, is_told, items

_LARGEST_WHOLE = 2**63 - 1  # what the store and NumPy hold
_SHOWN = 3  # entries of an array in a sentence
_LONGEST = 80  # characters of a value in a sentence


@dataclass(frozen=True)
class Interval:
    """Real numbers from low to high; `open_low`, `open_high` exclude the ends; `integer` admits
    whole numbers only.
    """

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    integer: bool = False
    infinite: bool = False  # whether +inf itself is a value

    def admits(self, value: Any) -> bool:
        """Whether a value lies in it."""
        value = as_number(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
            return False
        if math.isinf(value):
            return self.infinite and value > 0
        if math.isnan(value) or (
            self.integer and (value != int(value) or abs(value) > _LARGEST_WHOLE)
        ):
            return False
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below

    def listed(self, value: Any) -> list | None:
        """The items of a list of values; None for one value."""
        return items(value)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON: numbers, 'inf' where infinite, and the sentence."""
        return {
            "kind": "interval",
            "low": "-inf" if self.low == -math.inf else self.low,
            "high": "inf" if self.high == math.inf else self.high,
            "open_low": self.open_low,
            "open_high": self.open_high,
            "integer": self.integer,
            "infinite": self.infinite,
            "sentence": str(self),
        }

    def __str__(self) -> str:
        kind = "a whole number" if self.integer else "a number"
        bounds = []
        if self.low > -math.inf:
            bounds.append(f"{'>' if self.open_low else '>='} {self.low:g}")
        if self.high < math.inf:
            bounds.append(f"{'<' if self.open_high else '<='} {self.high:g}")
        text = (
            " and ".join(bounds)
            if bounds and not self.integer
            else " ".join([kind, " and ".join(bounds)]).strip()
        )
        return text + (" (or inf)" if self.infinite else "")


@dataclass(frozen=True)
class Words:
    """One of a few words, or, where `files` lists endings, the path of a file with one of them (or
    'path:name' of an array or function), or, where `objects` says which, an object.

    `synonyms`: {other word that is understood: the word that it stands for}; capitals, and _ for -,
    are understood anyway.
    """

    words: tuple[str, ...]
    files: tuple[str, ...] = ()
    objects: Objects | None = None
    synonyms: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        stray = sorted({*self.synonyms.values()} - {*self.words})
        if stray:
            raise InputError(f"Synonyms stand for {', '.join(stray)}: {self} has no such word.")

    def understood(self, value: Any) -> Any:
        """The word that a value stands for; any other value as it is."""
        if not isinstance(value, str) or value in self.words:
            return value
        known = {folded(word): word for word in self.words}
        known |= {folded(other): word for other, word in self.synonyms.items()}
        return known.get(folded(value), value)

    def near(self, value: Any) -> str:
        """The end of a sentence on a value that is none of the words: the most like it."""
        if not isinstance(value, str):
            return ""
        near = nearest(folded(value), [*self.words, *self.synonyms], cutoff=0.6)
        also = f" ({near})" if near in self.synonyms else ""
        return f" Did you mean '{self.synonyms.get(near, near)}'{also}?" if near else ""

    def admits(self, value: Any) -> bool:
        """Whether a value is one of the words, names a file that may be given, or is an object."""
        if isinstance(value, Given):
            return self.objects is not None
        return isinstance(value, str) and (value in self.words or self.names_file(value))

    def names_file(self, value: Any) -> bool:
        """Whether a value is the path of a file, or 'path:name' of an array in one, and no word."""
        if not isinstance(value, str) or isinstance(value, Given) or value in self.words:
            return False
        return bool(self.files) and split_member(value)[0].lower().endswith(self.files)

    def listed(self, value: Any) -> list | None:
        """The items of a list of values; None for one value, as a matrix is."""
        return items(value) if self.objects is None else self.objects.listed(value)

    def take(self, name: str, value: Any) -> Any:
        """An object as the value of control `name`, a Path as text; anything else as it is.
        Raises InputError, one sentence, for an object that is none of the right kind.
        """
        if getattr(value, "shape", None) == () and hasattr(value, "item"):
            value = value.item()
        if isinstance(value, os.PathLike) and self.files:
            return os.fspath(value)
        if self.objects is None or self.admits(value):
            return value
        if is_told(value):
            raise InputError(
                f"{name} = '{value}' is but the name of an object: give the object itself again, or"
                " a file of it (arrays of a study are in its folder, in objects/)."
            )
        return self.objects.take(name, value) if self.objects.admits(value) else value

    def content(self, name: str, value: Any) -> str:
        """64 digits of what a file or an object holds, wherever it lies; '' of a word."""
        if isinstance(value, Given):
            return value.content
        if not self.names_file(value):
            return ""
        if self.objects is not None and self.objects.kind == "array":
            return self.objects.content(value)
        _, member = split_member(value)
        held = digest(value, f"{name} must be {self}")
        return held if member is None else f"{held}:{member}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "kind": "words",
            "words": list(self.words),
            "files": list(self.files),
            "synonyms": dict(self.synonyms),
            "objects": None if self.objects is None else self.objects.meaning,
            "sentence": str(self),
        }

    def __str__(self) -> str:
        text = "one of " + ", ".join(self.words)
        text += f", or a file ({', '.join(self.files)})" if self.files else ""
        return text + (f", or {self.objects.meaning}" if self.objects else "")


def check_argument(name: str, value: Any, domain: Interval | Words, meaning: str = "") -> Any:
    """An argument of any public function as float, int or word; InputError, with the domain, for
    what it does not admit.
    """
    if isinstance(domain, Words):
        value = domain.understood(value)
    _check_admitted(name, value, domain, meaning)
    if isinstance(domain, Words):
        return value
    value = as_number(value)
    # Minus zero is zero: the same result, and the same random numbers.
    return int(value) if domain.integer and math.isfinite(value) else float(value) + 0.0


def check_parameter(name: str, value: Any, domain: Interval | Words) -> None:
    """Refuse a parameter of an estimator that is outside its domain. Estimators keep what they are
    given, so that a word must be written as it is declared.
    """
    _check_admitted(name, value, domain)


def _check_admitted(name: str, value: Any, domain: Interval | Words, meaning: str = "") -> None:
    if domain.admits(value):
        return
    note = f" ({meaning})" if meaning else ""
    if isinstance(domain, Words):
        allowed = f"{domain}{note}.{domain.near(value)}"
    else:
        beyond = domain.high == math.inf and show(value) == "inf"
        allowed = f"{domain}{' and finite' * beyond}{note}."
    raise InputError(f"{name} = {show(value)} is outside its domain: {name} must be {allowed}")


SEED = Interval(0, integer=True)


def check_seed(seed: Any) -> int:
    """A user's seed, a whole number; InputError otherwise (None would give other numbers at each
    call).
    """
    return check_argument("seed", seed, SEED, "random seed, or a NumPy Generator")


def as_number(value: Any) -> Any:
    """A number of Python's, NumPy's or any other kind as int or float; booleans and everything else
    unchanged, to be refused.
    """
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        with contextlib.suppress(NotImplementedError):  # of a random key of JAX
            value = value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value


def read_number(text: str) -> Any:
    """The number that a text is, else the text, for the domain to refuse."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def show(value: Any) -> str:
    """A value in a sentence: short, on one line, whatever it is."""
    value = as_number(value)
    if isinstance(value, float):
        short = f"{value:g}"
        # Not 1 for 1.0000001, which is refused where 1 is not.
        return short if float(short) == value or f"{value:.5g}" != short else repr(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST_WHOLE:
        return "a whole number beyond 2^63"
    shape = getattr(value, "shape", ())
    if shape and isinstance(shape, tuple):
        return _show_array(value, shape)
    if isinstance(value, (list, tuple)) and len(value) > _SHOWN:
        first = ", ".join(show(item) for item in value[:_SHOWN])
        return f"a list of {len(value)}, {first[:_LONGEST]}, ..."
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else text[:77] + "..."


def _show_array(value: Any, shape: tuple[int, ...]) -> str:
    """An array in a sentence: its first numbers, shape and type."""
    told = f"an array of shape {shape}"
    kind = getattr(value, "dtype", None)
    if kind is None or not hasattr(value, "ravel"):  # a table, a sparse matrix
        return told
    first = [show(item) for item in value.ravel()[:_SHOWN].tolist()]
    more = [*first, *["..."][: math.prod(shape) > _SHOWN]]
    return f"{told} and type {kind}, {', '.join(more)}"
