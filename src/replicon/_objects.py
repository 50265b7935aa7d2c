"""Objects of a user's as values of controls: matrices, patterns, functions, factors of a theory.

An object becomes a `Given` where it is first checked. That is text, its name and fingerprint, and
stands as such in results, keys and sentences; what it stands for travels with it. It is told apart
by what it holds: an array by shape, type and bytes after the same reading as a file's, a function
by its code and all that this names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, TypeVar

from replicon._errors import InputError

_DIGITS = 8  # of a fingerprint that are shown
_LONGEST = 40  # characters of a name
Read = TypeVar("Read")


@dataclass(frozen=True)
class Objects:
    """What a control takes beside words and files.

    `kind`: 'array' (a square matrix or a table is one value, and a list of numbers or of rows is
    such), 'function', or 'factor' of a theory (replicon.channel). `meaning`: the phrase that says
    what may be given. `read`: 'package.module:function', which makes of an object, or of a file's
    path, what models compute with, and raises InputError for what is none.
    """

    kind: Literal["array", "function", "factor"]
    meaning: str
    read: str

    def admits(self, value: Any) -> bool:
        """Whether a value is of this kind at all; `read` says whether it is a right one."""
        if isinstance(value, Given):
            return True
        if self.kind == "array":
            return _depth(value) > 0 and not _is_factor(value)
        own = value[1] if is_named(value) else value
        return _is_factor(own) if self.kind == "factor" else callable(own)

    def listed(self, value: Any) -> list | None:
        """The items of a list of values; None for one value."""
        if (
            getattr(getattr(value, "dtype", None), "kind", "") in ("U", "O", "T")
            and _depth(value) == 1
        ):
            value = items(value)  # an array or a coordinate of words, or a column of a table
        if not isinstance(value, (list, tuple)) or hasattr(value, "_fields"):
            return None
        if self.kind != "array":
            return None if is_named(value) else list(value)
        single = value and all(not _is_text(item) and _depth(item) < 2 for item in value)
        return None if single else list(value)

    def take(self, name: str, value: Any) -> Given:
        """The object as a value of control `name`. Raises InputError."""
        if isinstance(value, Given):
            if value.objects == self:
                return value
            value = value.source
        try:
            held = self._reader(value)
            told, content = self._identity(value, held)
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
        source = held if self.kind == "array" else value
        return Given(f"{told} {content[:_DIGITS]}", source, content, self)

    def held(self, given: Given) -> Any:
        """What models compute with; InputError where that is no more what was given."""
        found = self._reader(given.source)
        kept = self.kind == "array" and not isinstance(given.source, str)  # a copy of our own
        if not kept and self._identity(given.source, found)[1] != given.content:
            raise InputError(f"'{given}' was changed since it was given: give it again.")
        return found

    def content(self, path: str) -> str:
        """64 digits of the array that a file holds: the same as of that array given as an object,
        whatever the kind of the file.
        """
        from replicon._content import digest

        return digest(self._reader(path))

    @property
    def _reader(self) -> Callable:
        return _imported(self.read)

    def _identity(self, value: Any, held: Any) -> tuple[str, str]:
        """(name, 64 digits of the content) of an object."""
        from replicon._content import digest, unknown_part

        if self.kind == "array":
            return f"array {'x'.join(map(str, held.shape))}", digest(held)
        called, function = value if is_named(value) else (_name(value), value)
        part = unknown_part(function)
        if not part:
            return called, digest((function, getattr(function, "breaks", ())))
        if is_named(value):
            return called, digest(("named", called))
        raise InputError(
            f"what {called} computes cannot be told from its code, since it uses"
            f" {type(part[0]).__name__}, which cannot be looked into: give it a name that stands"
            f" for what it computes, as in ('my-name', {called}), another one for another function."
        )


COUPLINGS = Objects(
    "array",
    "a square matrix (array, DataFrame, scipy.sparse, networkx graph)",
    "replicon.data.networks:load_weights",
)
PATTERNS = Objects(
    "array", "an array (patterns, spins) of +-1 or 0/1", "replicon.data.patterns:load_patterns"
)
DATA = Objects("array", "an array (rows, units) of +-1 or 0/1", "replicon.data.rows:load_rows")


class Given(str):
    """An object of a user's as the value of a control. As text its name and fingerprint; `held`,
    what models compute with; `content`, 64 digits; `source`, the object, or the path of a file of
    it; `objects`, what the control takes. Where `kept` is the path of a file, other processes get
    that.
    """

    source: Any
    content: str
    objects: Objects
    kept: str

    def __new__(cls, text: str, source: Any, content: str, objects: Objects) -> Given:
        self = super().__new__(cls, text)
        self.source = source
        self.content = content
        self.objects = objects
        self.kept = ""
        return self

    def __reduce__(self):
        return Given, (str(self), self.kept or self.source, self.content, self.objects)

    @property
    def held(self) -> Any:
        """What models compute with. Raises InputError where it was changed since it was given."""
        return self.objects.held(self)


def held(value: Any, read: Callable[[Any], Read]) -> Read:
    """What the value of a control stands for: an object, or what `read` makes of a word or path."""
    return value.held if isinstance(value, Given) else read(value)


def is_object(value: Any) -> bool:
    """Whether a value is neither a number nor a word nor a list of values, but may be an object."""
    several = isinstance(value, (list, tuple)) and not hasattr(value, "_fields")
    return isinstance(value, Given) or is_named(value) or (not several and _is_one(value))


def is_told(value: Any) -> bool:
    """Whether a value is but the text of an object."""
    return isinstance(value, str) and re.fullmatch(r".+ [0-9a-f]{8}", value) is not None


def is_named(value: Any) -> bool:
    """Whether a value is a pair ('name', function) or ('name', factor)."""
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and isinstance(value[0], str)
        and (callable(value[1]) or _is_factor(value[1]))
        and 0 < len(value[0]) <= _LONGEST
        and value[0].isprintable()
    )


def _is_factor(value: Any) -> bool:
    return hasattr(value, "log_integral")


def _is_one(value: Any) -> bool:
    return callable(value) or (_depth(value) > 0 and not isinstance(value, Mapping))


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike))


def items(value: Any) -> list | None:
    """The items of a list, tuple, range, array or coordinate of a result; None of one value."""
    if not hasattr(value, "tolist") and hasattr(value, "to_numpy"):  # of xarray
        value = value.to_numpy()
    if hasattr(value, "tolist"):
        value = value.tolist()
    return list(value) if isinstance(value, (list, tuple, range)) else None


def _depth(value: Any) -> int:
    """How many axes a value has: 2 of a matrix, a table, a graph or a list of lists; 0 of what is
    no array.
    """
    if hasattr(value, "toarray") and hasattr(value, "shape"):  # one of scipy.sparse is a mapping
        return len(value.shape)
    if isinstance(value, (str, bytes, Mapping, type)):
        return 0
    if hasattr(value, "adjacency") and hasattr(value, "nodes"):
        return 2
    if hasattr(value, "shape"):
        return len(value.shape)
    if isinstance(value, (list, tuple)):
        return 1 + max((_depth(item) for item in value), default=0)
    return 0


def _name(function: Any) -> str:
    """What a function is called: of a partial one what it is a part of, of an object its class."""
    inner = getattr(function, "func", function)
    called = getattr(inner, "__name__", type(inner).__name__)
    return str(called).strip("<>")[:_LONGEST]


def _imported(place: str) -> Callable:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
