"""Declared types of what a study file says: each checks a value and, by `str`, tells what is
expected.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from replicon._declare import Interval
from replicon._domains import as_number, show
from replicon._errors import InputError
from replicon._objects import is_object, items

_LISTS = 3  # of matrices, which are lists of rows, which are lists of numbers


class Kind(Protocol):
    """A type of values. `check` returns the value, in Python's types, or raises InputError; `place`
    begins its sentence.
    """

    def check(self, value: Any, place: str) -> Any: ...


def refuse(value: Any, place: str, expected: object) -> InputError:
    """The sentence that says what was given at a place, and what is expected."""
    key = place.rpartition(", ")[2].partition("[")[0]
    return InputError(
        f"{place} = {show(value)}: {getattr(expected, 'name', '') or key} must be {expected}."
    )


@dataclass(frozen=True)
class Text:
    """A string. `drawn`: it is shown in a figure, where $...$ is mathematics and must be such that
    matplotlib can set it.
    """

    drawn: bool = False
    longest: int = 100_000

    def check(self, value: Any, place: str) -> str:
        if not isinstance(value, str) or "\0" in value:
            raise refuse(value, place, self)
        if len(value) > (500 if self.drawn else self.longest):
            raise InputError(
                f"{place} is {len(value)} characters long: give at most"
                f" {500 if self.drawn else self.longest}."
            )
        if self.drawn and "$" in value:
            _check_mathematics(value, place)
        return value

    def __str__(self) -> str:
        return 'a text, "..."'


def _check_mathematics(text: str, place: str) -> None:
    if (text.count("$") - text.count("\\$")) % 2:
        raise InputError(
            f"{place} = {show(text)} has a single $: write \\$ for the sign, or $...$ around"
            " mathematics."
        )
    reason = _not_set(text)
    if reason:
        raise InputError(
            f"{place} = {show(text)} is no mathematics that matplotlib can set ({reason}): mend"
            " what stands between the $."
        )


@functools.lru_cache(maxsize=512)
def _not_set(text: str) -> str:
    """Why matplotlib cannot set a text, '' where it can; to read a formula takes milliseconds."""
    import matplotlib
    from matplotlib.mathtext import MathTextParser

    try:
        with matplotlib.rc_context({"mathtext.fontset": "cm"}):
            MathTextParser("path").parse(text)
    except (ValueError, RuntimeError) as error:
        return str(error).strip().splitlines()[-1]
    return ""


@dataclass(frozen=True)
class Number:
    """A real number, or a whole one, within an interval; booleans are none. `name`: of one of
    several in a list.
    """

    domain: Interval
    name: str = ""

    def check(self, value: Any, place: str) -> float | int:
        if not self.domain.admits(value):
            raise refuse(value, place, self)
        value = as_number(value)
        return int(value) if self.domain.integer else value

    def __str__(self) -> str:
        text = str(self.domain)
        return text if text.startswith("a ") else f"a number {text}"


@dataclass(frozen=True)
class Flag:
    """true or false."""

    def check(self, value: Any, place: str) -> bool:
        if not isinstance(value, bool):
            raise refuse(value, place, self)
        return value

    def __str__(self) -> str:
        return "true or false"


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def check(self, value: Any, place: str) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise refuse(value, place, self)
        return value

    def __str__(self) -> str:
        return f"one of {', '.join(self.words)}"


@dataclass(frozen=True)
class ListOf:
    """A list of different values of one kind; `length` fixes how many, else there is at
    least one.
    """

    of: Any
    length: int | None = None
    distinct: bool = True

    def check(self, value: Any, place: str) -> list:
        listed = items(value)
        if not listed or (self.length is not None and len(listed) != self.length):
            raise refuse(value, place, self)
        checked = [self.of.check(one, f"{place}[{k}]") for k, one in enumerate(listed)]
        if self.distinct:
            for k, one in enumerate(checked):
                if one in checked[:k]:
                    raise InputError(f"{place} lists {show(one)} twice: give each value once.")
        return checked

    def __str__(self) -> str:
        count = f"{self.length} values" if self.length else "one or more different values"
        return f"a list, [...], of {count}, each {self.of}"


@dataclass(frozen=True)
class Either:
    """A value of one kind or of another; `lists` says by its being a list which of them
    is meant.
    """

    single: Any
    several: ListOf

    def check(self, value: Any, place: str) -> Any:
        return (self.several if isinstance(value, (list, tuple)) else self.single).check(
            value, place
        )

    def __str__(self) -> str:
        return f"{self.single}, or {self.several}"


@dataclass(frozen=True)
class MapOf:
    """A table of any keys, all values of one kind."""

    of: Any

    def check(self, value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise refuse(value, place, self)
        for key in value:
            if not isinstance(key, str):
                raise InputError(f"{place} has the key {show(key)}: keys are texts.")
        return {key: self.of.check(one, f"{place}, {key}") for key, one in value.items()}

    def __str__(self) -> str:
        return "a table, { name = ... }"


@dataclass(frozen=True)
class Table:
    """A table of known keys, each of its kind."""

    keys: Mapping[str, Any]
    required: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def check(self, value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise InputError(f"{place} = {show(value)} must be a table of key = value.")
        for key in value:
            if key not in self.keys:
                raise InputError(
                    f"{place}: unknown key '{key}'. Keys: {', '.join(sorted(self.keys))}."
                )
        for key in self.required:
            if key not in value:
                raise InputError(f"{place} has no '{key}': it needs {', '.join(self.required)}.")
        checked = {key: self.keys[key].check(one, f"{place}, {key}") for key, one in value.items()}
        return {**self.defaults, **checked}

    def __str__(self) -> str:
        return f"a table of {', '.join(sorted(self.keys))}"


@dataclass(frozen=True)
class Controls:
    """Values of controls as a user writes them; a model's declaration checks them afterwards."""

    def check(self, value: Any, place: str) -> dict[str, Any]:
        table = MapOf(Plain()).check(value, place)
        return table

    def __str__(self) -> str:
        return "a table of controls, { name = value }"


@dataclass(frozen=True)
class Plain:
    """A number, a word, an object of a user's, or a list of these; matrices are lists of lists."""

    deep: int = _LISTS

    def check(self, value: Any, place: str) -> Any:
        if is_object(value):
            return value
        if isinstance(value, (list, tuple, range)) and self.deep:
            if not value:
                raise InputError(f"{place} = []: give at least one value.")
            return [Plain(self.deep - 1).check(one, place) for one in value]
        given = as_number(value)
        if isinstance(given, bool) or not isinstance(given, (int, float, str)):
            raise refuse(value, place, self)
        return given

    def __str__(self) -> str:
        return "a number, a word, or a list of these"
