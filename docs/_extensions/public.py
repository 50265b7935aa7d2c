"""The public names: what `replicon` and its rooms list, and what a file that is public as a whole
holds; with the examples of each.
"""

import importlib
import inspect
from pathlib import Path
from typing import Any, NamedTuple

import docstrings

import replicon

EXAMPLES = Path(__file__).parents[1] / "examples"


class Name(NamedTuple):
    """A public name: where it is found ('replicon.perceptron'), how it is called, what it is, and
    the path under which it is described, another one where several rooms list it.
    """

    room: str
    name: str
    value: Any
    home: str

    @property
    def path(self) -> str:
        """As one writes it in Python."""
        return f"{self.room}.{self.name}"


def rooms() -> list[str]:
    """The rooms with public names, the files that are public as a whole behind their own."""
    found = ["replicon"]
    for name in sorted(replicon._ROOMS):
        room = f"replicon.{name}"
        found.append(room)
        module = importlib.import_module(room)
        files = [file for file in module.__all__ if inspect.ismodule(getattr(module, file))]
        found += [f"{room}.{file}" for file in files]
    return found


def listed(room: str) -> dict[str, Any]:
    """{name: object} of one room; a file without a list of its own lists what it defines."""
    module = importlib.import_module(room)
    if names := getattr(module, "__all__", None):
        found = {name: getattr(module, name) for name in names}
    else:
        own = {n: v for n, v in vars(module).items() if not n.startswith("_")}
        found = {n: v for n, v in own.items() if getattr(v, "__module__", "") == room}
    return {name: value for name, value in found.items() if not inspect.ismodule(value)}


def names() -> list[Name]:
    """All public names, room by room. One that several rooms list is described in the one where it
    lies, or in the first of them where it lies in none.
    """
    found = [(room, name, value) for room in rooms() for name, value in listed(room).items()]
    homes: dict[int, list[tuple[bool, str]]] = {}
    for room, name, value in found:
        lies_here = (getattr(value, "__module__", "") or "").startswith(f"{room}.")
        homes.setdefault(id(value), []).append((not lies_here, f"{room}.{name}"))
    first = {key: min(paths, key=lambda path: path[0])[1] for key, paths in homes.items()}
    return [Name(room, name, value, first[id(value)]) for room, name, value in found]


def documented(value: Any) -> Any:
    """What has the docstring and the signature: a compiled kernel's own function."""
    return getattr(value, "py_func", value)


def is_instance(value: Any) -> bool:
    """Whether a name is an object with no docstring of its own, such as a prior."""
    return not inspect.isclass(value) and not inspect.isroutine(documented(value))


def examples() -> dict[str, str]:
    """{path: example} of every name that has one: in its docstring, else in the file of its room
    in `docs/examples`.
    """
    kept = {}
    for file in sorted(EXAMPLES.glob("*.txt")):
        room = "replicon" if file.stem == "replicon" else f"replicon.{file.stem}"
        for part in f"\n{file.read_text(encoding='utf-8')}".split("\n## ")[1:]:
            name, _, text = part.partition("\n")
            kept[f"{room}.{name.strip()}"] = text.strip()
    for one in names():
        told = "" if is_instance(one.value) else inspect.getdoc(documented(one.value)) or ""
        if shown := docstrings.examples(told):
            kept[one.path] = shown
    return kept
