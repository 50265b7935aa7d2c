"""All modules of the page as one, for places that load no others: notebooks and static copies; and
which of them a browser will need at once.

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
    _visit(first, order, ())
    return "\n".join(map(_wrapped, order))


def wanted(first: str) -> list[str]:
    """Names of the modules without which `first` does not run, itself among them."""
    names = [first]
    for name in names:
        names += [one[1] for one in _IMPORT.findall(_source(name)) if one[1] not in names]
    return list(dict.fromkeys(names))


def _wrapped(name: str) -> str:
    source = _source(name)
    exported = [found[1] for found in _EXPORT.findall(source)]
    inner = _EXPORT.sub(r"\1 \2", _IMPORT.sub(_lookup, source))
    inner = _LATER.sub(lambda found: f"Promise.resolve({_holder(found[1])})", inner)
    return (
        f"const {_holder(name)} = (() => {{\n{inner}\nreturn {{{', '.join(exported)}}};\n}})();\n"
    )


def _lookup(found: re.Match[str]) -> str:
    return f"const {found[1]} = {_holder(found[2])};\n" if found[1] else ""


def _holder(name: str) -> str:
    return f"m_{name.replace('-', '_')}"


def _visit(name: str, order: list[str], within: tuple[str, ...]) -> None:
    if name in within:
        raise AssertionError(" -> ".join([*within, name]))
    if name in order:
        return
    source = _source(name)
    for other in [*(found[1] for found in _IMPORT.findall(source)), *_LATER.findall(source)]:
        _visit(other, order, (*within, name))
    order.append(name)


def _source(name: str) -> str:
    return (PAGE / f"{name}.js").read_text()
