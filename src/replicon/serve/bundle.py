"""All modules of the page as one, for places that load no others: notebooks and static copies; and
those that a browser needs at once as one, since each request takes it milliseconds.

Our modules import each other by name from files beside them, in no circle, at once or when they are
needed; each becomes a function that returns what it exports, and an import a lookup in what another
returned.
"""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parent / "page"
_IMPORT = re.compile(r'^import\s+(?:(\{[^}]*\})\s+from\s+)?"\./([\w-]+)\.js";\n', re.M)
_LATER = re.compile(r'\bimport\("\./([\w-]+)\.js"\)')
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.M)


def bundled(first: str) -> str:
    """Source of one module that does what `first` (a name without .js) and all it imports do. What
    `first` exports is in `m_first`.
    """
    order: list[str] = []
    _visit(first, order, (), later=True)
    return "\n".join(_wrapped(name, later=True) for name in order)


def served(first: str) -> dict[str, str]:
    """Source of every module, by name, as a server hands it out: that of `first` holds all that it
    imports at once; these, asked for by name, and what all others import of them are parts of it,
    so that each is there once.
    """
    together: list[str] = []
    _visit(first, together, (), later=False)
    holders = ", ".join(map(_holder, together))
    out = {path.stem: _beside(path.stem, first, together) for path in PAGE.glob("*.js")}
    for name in together:
        exported = ", ".join(_exported(_source(name)))
        out[name] = f"{_part(name, first)}export const {{{exported}}} = {_holder(name)};\n"
    whole = [_wrapped(name, later=False) for name in together]
    out[first] = "\n".join([*whole, f"export {{{holders}}};\n"])
    return out


def _beside(name: str, first: str, together: list[str]) -> str:
    """A module that is fetched later: what it imports of those together is in `first`."""

    def lookup(found: re.Match[str]) -> str:
        return _part(found[2], first) + _lookup(found) if found[2] in together else found[0]

    return _IMPORT.sub(lookup, _source(name))


def _part(name: str, first: str) -> str:
    return f'import {{{_holder(name)}}} from "./{first}.js";\n'


def _wrapped(name: str, later: bool) -> str:
    """A module as a constant; `later`: with what it imports when it is needed."""
    source = _source(name)
    exported = ", ".join(_exported(source))
    inner = _EXPORT.sub(r"\1 \2", _IMPORT.sub(_lookup, source))
    if later:
        inner = _LATER.sub(lambda found: f"Promise.resolve({_holder(found[1])})", inner)
    return f"const {_holder(name)} = (() => {{\n{inner}\nreturn {{{exported}}};\n}})();\n"


def _exported(source: str) -> list[str]:
    return [found[1] for found in _EXPORT.findall(source)]


def _lookup(found: re.Match[str]) -> str:
    return f"const {found[1]} = {_holder(found[2])};\n" if found[1] else ""


def _holder(name: str) -> str:
    return f"m_{name.replace('-', '_')}"


def _visit(name: str, order: list[str], within: tuple[str, ...], later: bool) -> None:
    if name in within:
        raise AssertionError(" -> ".join([*within, name]))
    if name in order:
        return
    source = _source(name)
    imported = [found[1] for found in _IMPORT.findall(source)]
    for other in [*imported, *(_LATER.findall(source) if later else [])]:
        _visit(other, order, (*within, name), later)
    order.append(name)


def _source(name: str) -> str:
    return (PAGE / f"{name}.js").read_text()
