"""The page of notation: declared symbols beside those of the books, an index of every symbol, and a
glossary. Symbols, names and models are read from the declarations, Chinese from the live page's
catalogue, what others write from notation.toml, the words of the field from glossary.toml.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

from catalogue import live
from markdown_tables import filled, plain, table

from replicon._declare import Model
from replicon.serve import words
from replicon.study import catalogue

HERE = Path(__file__).parent
NOTATION = tomllib.loads((HERE / "notation.toml").read_text())
GLOSSARY = tomllib.loads((HERE / "glossary.toml").read_text())
_DASH = "–"
_GREEK = re.compile(
    "alpha|beta|gamma|delta|eta|kappa|lambda|mu|nu|xi|rho|sigma|tau|phi|chi|omega|"
    "Gamma|Delta|Lambda|Sigma|Phi|Omega"
)
# Letters that stand for something else than their product.
_SIGNS = {"eps": r"\varepsilon", "inf": r"\infty", "dt": r"\mathrm{d}t", "ln": r"\ln "}


def pages() -> dict[str, str]:
    """The page, as {path below docs: Markdown}."""
    parts = {"works": _works(), "symbols": _symbols(), "lines": _lines()}
    parts |= {"index": _index(), "glossary": _glossary()}
    return {"notation.md": filled((HERE / "prose" / "notation.md").read_text(), parts)}


@cache
def declared() -> dict[tuple[str, str], list[str]]:
    """{(symbol, name): models}, of the controls and observables of all shipped models."""
    found: dict[tuple[str, str], list[str]] = {}
    for model in shipped():
        for one in (*model.controls, *model.observables):
            models = found.setdefault((one.symbol, one.name), [])
            if model.name not in models:
                models.append(model.name)
    return found


def shipped() -> list[Model]:
    """The shipped models in alphabetical order."""
    return sorted(catalogue.shipped(), key=lambda model: model.name)


def chinese(english: str) -> str:
    """What the live page says for it in Chinese, else nothing."""
    known = live("zh_CN")
    for text in (english, english[:1].upper() + english[1:]):
        if text in known:
            return known[text]
    return ""


def formula(symbol: str) -> str:
    """A declared symbol, ASCII, in LaTeX: 'q_EA' is q_\\mathrm{EA}, 'P(|q|)' P(\\vert q\\vert)."""
    out = []
    for part in re.findall(r"[A-Za-z]+|\d+|.", symbol):
        if part in _SIGNS:
            out.append(_SIGNS[part])
        elif _GREEK.fullmatch(part):
            out.append(f"\\{part}")
        elif len(part) > 1 and part.isalpha():
            out.append(rf"\mathrm{{{part}}}")
        elif part.isdigit() and out and out[-1].isalpha() and symbol != part:
            out.append(f"_{part}")
        else:
            out.append({"|": r"\vert ", "*": "^*"}.get(part, part))
    return "".join(out)


def _works() -> str:
    works = (*NOTATION["column"], *NOTATION["paper"])
    return "".join(f"- **{one['title']}**: {plain(one['work'])}.\n" for one in works)


def _columns(rows: list[dict]) -> list[dict]:
    """The books and papers that have a symbol for one of these quantities."""
    return [one for one in NOTATION["column"] if any(one["key"] in row for row in rows)]


def _elsewhere(row: dict, columns: list[dict]) -> list[str]:
    """The cells of what others write."""
    cells = []
    for column in columns:
        given = row.get(column["key"])
        paper = f" ({row['paper']})" if given and column["key"] == "other" else ""
        cells.append(f"${given}${paper}" if given else _DASH)
    return cells


def _titles(columns: list[dict]) -> list[str]:
    return [column["title"] for column in columns]


def _symbols() -> str:
    out = []
    for group in NOTATION["group"]:
        columns = _columns(group["row"])
        header = ["Symbol", "Name here", *_titles(columns), "中文"]
        rows = [
            [
                f"${formula(row['symbol'])}$",
                f"`{row['name']}`",
                *_elsewhere(row, columns),
                plain(chinese(words.shown(row["name"]))),
            ]
            for row in group["row"]
        ]
        out.append(f"### {group['title']}\n\n{_unbroken(table(header, rows))}")
    return "\n".join(out)


def _lines() -> str:
    columns = _columns(NOTATION["line"])
    rows = [
        [
            f"`{row['transition']}`",
            _models([row["model"]]),
            f"${formula(catalogue.get(row['model']).control(_control(row)).symbol)}$",
            *_elsewhere(row, columns),
            plain(chinese(words.shown(row["transition"]))),
        ]
        for row in NOTATION["line"]
    ]
    return _unbroken(table(["Transition", "Model", "Value of", *_titles(columns), "中文"], rows))


def _control(row: dict) -> str:
    return catalogue.get(row["model"]).transition(row["transition"]).control


def _index() -> str:
    names: dict[str, list[str]] = {}
    for symbol, name in sorted(declared(), key=lambda pair: (pair[0].lower(), pair)):
        told = f"`{name}` ({_models(declared()[symbol, name])})"
        names.setdefault(symbol, []).append(told)
    rows = [
        [f"${formula(symbol)}$", f"`{symbol}`", "; ".join(told)] for symbol, told in names.items()
    ]
    return table(["Symbol", "As it is typed", "Stands for"], rows)


def _unbroken(table: str) -> str:
    """A table each row of which stands in one line: Chinese breaks after every sign otherwise."""
    return f"{{.sd-text-nowrap}}\n{table}"


def _models(models: list[str]) -> str:
    """Links; as code, names are not translated."""
    return ", ".join(f"[`{name}`](models/{name}.md)" for name in models)


def _glossary() -> str:
    """A chapter of terms after the other, each as Sphinx's glossary takes it: other pages refer to
    a term by {term}`replicon`. Below it the word in both languages, since a translated page has the
    other one as the term.
    """
    out = []
    for chapter in GLOSSARY["chapter"]:
        terms = (
            f"{one['term']}\n"
            f"  {{emphasis}}`{one['term']}` · {chinese(one['term']) or one['chinese']} · "
            f"{_models([one['model']])}\n\n  {one['meaning']}\n\n"
            for one in chapter["terms"]
        )
        out.append(f"### {chapter['title']}\n\n```{{glossary}}\n{''.join(terms)}```\n")
    return "\n".join(out)
