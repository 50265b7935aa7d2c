"""The site in other languages: catalogues in `docs/locale/LANGUAGE/`, a file a page, whose messages
are the English paragraphs; what the live page says is translated in its own catalogue, and shared.

`python docs/_extensions/catalogue.py` brings the files up to date with the pages and counts what is
translated, missing and stale; `--count` only counts. A paragraph that changed keeps the translation
of its former words, marked `fuzzy`: it is stale, and is shown in English until its translator has
taken the mark away.
"""

import difflib
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polib

DOCS = Path(__file__).parents[1]
LOCALE = DOCS / "locale"
# Pages that are translated as a whole, by their names or folders.
PAGES = (
    *("index", "start", "idea", "notation", "cite"),
    *("lessons/", "models/index", "gallery/index", "how-to/index"),
)
# Folders of generated pages: what at least two of them say is a label, and is translated.
GENERATED = ("models/", "gallery/")
LABELS = "labels"
STUDIES = "studies"
# Sentences less alike than this (difflib's ratio) are two sentences, not one that changed.
ALIKE = 0.6
WIDTH = 98


class Count(NamedTuple):
    """How many messages of a catalogue are translated, have no translation, have a stale one."""

    translated: int
    missing: int
    stale: int


def languages() -> list[str]:
    """The languages beside English: the folders of `locale`."""
    return sorted(folder.name for folder in LOCALE.glob("*/"))


@cache
def live(language: str) -> dict[str, str]:
    """{English: translation} of the live page, read once."""
    from replicon.serve import words

    return words.catalogue(language)


def join(language: str, target: Path, locale: Path = LOCALE) -> None:
    """Write one catalogue of the live page's words and of every page's, whose own translation goes
    before. What is stale is left out. The file is written only where it changes, since Sphinx then
    reads all pages anew.
    """
    known = everywhere(language, locale)
    joined = _file(language)
    joined.extend(polib.POEntry(msgid=text, msgstr=known[text]) for text in sorted(known))
    if not target.exists() or target.read_text(encoding="utf-8") != str(joined):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(str(joined), encoding="utf-8")


def frame(said: dict[str, str], target: Path) -> None:
    """Write what the theme says around a page, compiled as Sphinx reads it."""
    file = _file(target.parents[1].name)
    file.extend(polib.POEntry(msgid=text, msgstr=told) for text, told in said.items())
    target.parent.mkdir(parents=True, exist_ok=True)
    file.save_as_mofile(str(target))


def everywhere(language: str, locale: Path = LOCALE) -> dict[str, str]:
    """{English: translation} of every page, and of the live page what no page has."""
    known: dict[str, str] = {}
    for path in sorted((locale / language).rglob("*.po")):
        for entry in polib.pofile(str(path), encoding="utf-8"):
            if entry.translated():  # with words, and not fuzzy
                known.setdefault(entry.msgid, entry.msgstr)
    return {**live(language), **known}


def extract(out: Path = DOCS / "_build" / "gettext") -> dict[str, list[str]]:
    """{page: its English messages in order}, by Sphinx's gettext builder. No lesson is executed."""
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "gettext", "-D", "nb_execution_mode=off"]
    subprocess.run([*command, "-d", str(out / "doctrees"), str(DOCS), str(out)], check=True)
    found: dict[str, dict[str, int]] = {}
    for entry in polib.pofile(str(out / "docs.pot"), encoding="utf-8"):
        for place, line in entry.occurrences:
            path = (out / place).resolve()
            if not path.is_relative_to(DOCS):
                continue  # what a page includes from outside, such as the changelog
            page = path.relative_to(DOCS).with_suffix("").as_posix()
            found.setdefault(page, {}).setdefault(entry.msgid, int(line or 0))
    return {page: sorted(lines, key=lines.__getitem__) for page, lines in found.items()}


def catalogues(messages: dict[str, list[str]], studies: Iterable[str]) -> dict[str, list[str]]:
    """{catalogue: its messages}: a page that is translated has one of its name; `labels` is what
    several generated pages say alike; `studies` are the titles and questions that the gallery has.
    """
    found = {
        page: [text for text in said if has_words(text)]
        for page, said in messages.items()
        if page.startswith(PAGES)
    }
    pages: dict[str, int] = {}
    for page, said in messages.items():
        if page.startswith(GENERATED):
            for text in said:
                pages[text] = pages.get(text, 0) + 1
    found[STUDIES] = [text for text in dict.fromkeys(studies) if text in pages]
    told = set(found[STUDIES])
    found[LABELS] = [
        text for text, count in pages.items() if count > 1 and has_words(text) and text not in told
    ]
    return {name: said for name, said in found.items() if said}


def has_words(text: str) -> bool:
    """Whether anything is left to translate when code, formulas, addresses, classes and roles are
    taken out.
    """
    rest = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|\]\{[^}]*\}|<[^>]*>", " ", text)
    return re.search(r"[A-Za-z]{2}", rest) is not None


def updated(old: polib.POFile, messages: list[str], shared: dict[str, str]) -> polib.POFile:
    """The catalogue of a page with the messages that the page has, in its order, and their
    translations. A new message takes the translation of the most alike among those that went, as
    stale. What the live page or another page translates (`shared`) is left out, unless the page
    has words of its own for it.
    """
    language = old.metadata.get("Language", "")
    known = {entry.msgid: entry for entry in old}
    own = {entry.msgid for entry in old if entry.msgstr}
    wanted = [text for text in messages if text in own or text not in shared]
    gone = [text for text in known if text not in messages and known[text].msgstr]
    new = _file(language)
    for text in wanted:
        if text in known:
            new.append(known[text])
            continue
        entry = polib.POEntry(msgid=text)
        for former in difflib.get_close_matches(text, gone, n=1, cutoff=ALIKE):
            gone.remove(former)
            entry.msgstr = known[former].msgstr
            entry.previous_msgid = former
            entry.flags = ["fuzzy"]
        new.append(entry)
    return new


def count(catalogue: polib.POFile) -> Count:
    """Count one catalogue."""
    stale = [entry for entry in catalogue if entry.fuzzy]
    translated = [entry for entry in catalogue if entry.translated()]
    return Count(len(translated), len(catalogue) - len(translated) - len(stale), len(stale))


def bring_up_to_date(language: str, said: dict[str, list[str]], *, write: bool) -> Count:
    """Every catalogue of a language; what no page needs is removed. Returns the sums."""
    folder = LOCALE / language
    shared = everywhere(language)
    counts = []
    for name, messages in sorted(said.items()):
        path = folder / f"{name}.po"
        old = polib.pofile(str(path), encoding="utf-8") if path.exists() else _file(language)
        new = updated(old, messages, shared)
        counts.append(count(new))
        if counts[-1].missing or counts[-1].stale:
            print(f"  {name}: {counts[-1].missing} missing, {counts[-1].stale} stale")
        if write and len(new):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{new}\n", encoding="utf-8")
    for path in folder.rglob("*.po") if write else []:
        if path.relative_to(folder).with_suffix("").as_posix() not in said:
            path.unlink()
    return Count(*(sum(column) for column in zip(*counts)))


def titles_and_questions() -> list[str]:
    """Of every shipped study."""
    from replicon.study import sources

    told = [sources.headline(name) for name in sources.shipped()]
    return [study[key] for study in told for key in ("title", "question")]


def _file(language: str) -> polib.POFile:
    file = polib.POFile(encoding="utf-8", wrapwidth=WIDTH)
    file.metadata = {
        "Language": language,
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    return file


def main(arguments: list[str]) -> None:
    """Bring up to date, or count."""
    said = catalogues(extract(), titles_and_questions())
    for language in languages():
        sums = bring_up_to_date(language, said, write="--count" not in arguments)
        print(
            f"{language}: {sums.translated} paragraphs translated, {sums.missing} missing,"
            f" {sums.stale} stale (shown in English)"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
