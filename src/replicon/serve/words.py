"""The words of the live page in other languages: gettext catalogues in `locale/`, one file a
language, whose messages are the English sentences of the declarations and of the page.

`python -m replicon.serve.words` brings the catalogues up to date with what is declared and written.
"""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import polib

from replicon._domains import Words, show
from replicon._errors import InputError
from replicon._names import folded
from replicon.study import catalogue as models

_ROOM = Path(__file__).parent
_LOCALE = _ROOM / "locale"
_PAGE = "page"  # the folder of what a browser is sent
_LITERAL = r'"(?:[^"\\\n]|\\.)*"'
_SAY = re.compile(rf"\bsay\(\s*({_LITERAL}(?:\s*\+\s*{_LITERAL})*)")
_DATA_SAY = re.compile(r'\bdata-say="([^"]*)"')
_NUMBERED = re.compile(r"-\d")  # in a word that names one of many sets of data, such as digits-0-1


def sentence(text: str) -> str:
    """A sentence that the page shows, as it is: what marks one in Python, for `page_messages`."""
    return text


def shown(name: str) -> str:
    """A declared name or word as the page shows it: 'noise_overlap' is 'noise overlap'."""
    return name.replace("_", " ").replace("-", " ")


def catalogue(language: str) -> dict[str, str]:
    """Return {English: translation}, {} for English itself. `language` as the name of a file of
    `locale/` or its first part, in any spelling of browsers: 'zh_CN', 'zh-cn', 'zh'. Raises
    InputError for a language that there is not.
    """
    asked = folded(str(language))
    if asked.split("-")[0] == "en":
        return {}
    for path in _files():
        name = folded(path.stem)
        if asked in (name, name.split("-")[0]):
            return {entry.msgid: entry.msgstr for entry in _read(path) if entry.msgstr}
    known = ", ".join(["en", *(path.stem for path in _files())])
    raise InputError(f"The page does not speak {show(language)}: choose one of {known}.")


def declared_messages() -> dict[str, list[str]]:
    """{English: ids}, of every sentence of the shipped declarations and of every name and word in
    them as it is shown. A name has the id of what it names, a word that of its control and itself.
    """
    return _gathered(_declared())


def page_messages(room: Path = _ROOM) -> dict[str, list[str]]:
    """{English: files}, of the sentences that the page itself says: say("...") in JavaScript and
    data-say="..." in HTML of `room`/page, sentence("...") in Python files of `room`. Literals in
    double quotes may be joined by + in JavaScript; Python's are literals of any kind, and anything
    else raises ValueError.
    """
    return _gathered(_written(room))


def messages() -> dict[str, list[str]]:
    """{English: where it is said}, of all that a catalogue translates."""
    return _gathered([*_declared(), *_written(_ROOM)])


def update(path: Path, messages: dict[str, list[str]]) -> list[str]:
    """Write a catalogue anew: the messages in alphabetical order with the translations that it has,
    new ones with none, and those that are said no more left out. A new language begins as a file of
    a header alone. Returns the untranslated.
    """
    old = _read(path)
    known = {entry.msgid: entry.msgstr for entry in old}
    new = polib.POFile(encoding="utf-8")
    new.header = old.header
    new.metadata = old.metadata
    new.extend(
        polib.POEntry(
            msgid=text,
            msgstr=known.get(text, ""),
            occurrences=[(place, "") for place in sorted(messages[text])],
        )
        for text in sorted(messages)
    )
    new.save(str(path), newline="\n")
    return [entry.msgid for entry in new if not entry.msgstr]


def _files() -> list[Path]:
    return sorted(_LOCALE.glob("*.po"))


def _read(path: Path) -> polib.POFile:
    return polib.pofile(str(path), encoding="utf-8")


def _gathered(said: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> dict[str, list[str]]:
    """{text: places} of pairs, each place once; no text, no message."""
    found: dict[str, dict[str, None]] = {}
    for text, place in said:
        if text:
            found.setdefault(text, {})[place] = None
    return {text: list(places) for text, places in found.items()}


def _declared() -> Iterator[tuple[str, str]]:
    for model in models.shipped():
        for id_, meaning in model.messages().items():
            yield meaning, id_
            _, *item = id_.split(".")
            if len(item) == 2:  # kind and name; a title has none
                yield shown(item[1]), id_
        for control in model.controls:
            words = control.domain.words if isinstance(control.domain, Words) else ()
            for word in words:
                if not _NUMBERED.search(word):
                    yield shown(word), f"{model.name}.control.{control.name}.{word}"


def _written(room: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(room.rglob("*")):
        place = path.relative_to(room).as_posix()
        if path.suffix == ".py":
            found = _in_python(path.read_text(encoding="utf-8"))
        elif path.suffix in (".js", ".html") and place.startswith(f"{_PAGE}/"):
            found = _in_page(path.read_text(encoding="utf-8"))
        else:
            continue
        yield from ((text, place) for text in found)


def _in_page(source: str) -> Iterator[str]:
    for joined in _SAY.findall(source):
        yield "".join(json.loads(literal) for literal in re.findall(_LITERAL, joined))
    yield from map(html.unescape, _DATA_SAY.findall(source))


def _in_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == sentence.__name__:
            yield ast.literal_eval(node.args[0])


if __name__ == "__main__":
    for file in _files():
        print(f"{file.name}: {len(update(file, messages()))} messages without a translation")
