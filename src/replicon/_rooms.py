"""Tables of contents: a room's public names, each imported from its file when first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def contents(
    room: str, files: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """`__getattr__`, `__dir__` and `__all__` of a room. `files`: {file of the room: its names}; a
    file among its own names is public as a whole.
    """
    homes = {name: file for file, names in files.items() for name in names}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module '{room}' has no attribute '{name}'")
        module = importlib.import_module(f"{room}.{homes[name]}")
        return module if name == homes[name] else getattr(module, name)

    def listing() -> list[str]:
        return sorted(homes)

    return get, listing, sorted(homes)
