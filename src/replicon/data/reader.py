"""Users' files: by their path, or their path and the name of an array in them ('file.npz:name')."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from replicon._errors import InputError
from replicon._files import read_bytes, split_member
from replicon.data.tables import Unreadable


class Open(NamedTuple):
    """The very bytes of a file, read once; its ending in small letters; which array of it is meant,
    None for the only one.
    """

    content: bytes
    ending: str
    member: str | None
    path: str


def is_path(source: Any) -> bool:
    return isinstance(source, (str, os.PathLike))


def open_file(source: str | os.PathLike, endings: tuple[str, ...], expected: str) -> Open:
    """The content of a user's file. Raises InputError."""
    path, member = split_member(os.fspath(source))
    content = read_bytes(path, expected)
    ending = Path(path).suffix.lower()
    if ending not in endings:
        raise InputError(f"'{path}' ends in none of {', '.join(endings)}: {expected}.")
    if not content:
        raise InputError(f"'{path}' could not be read (it is empty): {expected}.")
    return Open(content, ending, member, path)


@contextlib.contextmanager
def readable(where: str, expected: str) -> Iterator[None]:
    """What is found unreadable inside, as the one sentence that says so."""
    try:
        yield
    except Unreadable as error:
        raise InputError(f"{where} could not be read ({error}): {expected}.") from None
