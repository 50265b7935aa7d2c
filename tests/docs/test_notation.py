"""The page of notation says what the declarations say, once, and each word of the glossary has its
Chinese.
"""

import re

import notation_pages
import pytest

ROWS = [row for group in notation_pages.NOTATION["group"] for row in group["row"]]
TERMS = [term for chapter in notation_pages.GLOSSARY["chapter"] for term in chapter["terms"]]
PAPERS = [paper["title"] for paper in notation_pages.NOTATION["paper"]]
COLUMNS = [column["key"] for column in notation_pages.NOTATION["column"]]


def test_each_row_is_declared_and_stands_once():
    pairs = [(row["symbol"], row["name"]) for row in ROWS]
    assert set(pairs) <= set(notation_pages.declared())
    assert len(set(pairs)) == len(pairs)
    for row in ROWS:
        assert set(row) <= {"symbol", "name", "paper", *COLUMNS}
        assert row.get("paper", "") in PAPERS if "other" in row else "paper" not in row


def test_each_symbol_of_two_models_has_a_row():
    shared = {pair for pair, models in notation_pages.declared().items() if len(models) >= 2}
    rows = {(row["symbol"], row["name"]) for row in ROWS}
    assert shared <= rows
    models: dict[str, set] = {}
    for (symbol, _), found in notation_pages.declared().items():
        models.setdefault(symbol, set()).update(found)
    assert {symbol for symbol, found in models.items() if len(found) >= 2} <= {s for s, _ in rows}


def test_each_line_is_a_declared_transition():
    for line in notation_pages.NOTATION["line"]:
        assert notation_pages._control(line)  # raises InputError where there is none


@pytest.mark.parametrize(
    ("symbol", "latex"),
    [
        ("alpha", r"\alpha"),
        ("q_EA", r"q_\mathrm{EA}"),
        ("Delta_inf", r"\Delta_\infty"),
        ("P(|q|)", r"P(\vert q\vert )"),
        ("m0", "m_0"),
        ("x*", "x^*"),
        ("xi^1", r"\xi^1"),
        ("dt", r"\mathrm{d}t"),
        ("C_2", "C_2"),
    ],
)
def test_symbols_are_set(symbol, latex):
    assert notation_pages.formula(symbol) == latex


def test_each_name_has_its_chinese():
    words = notation_pages.words
    names = [row["name"] for row in ROWS]
    names += [line["transition"] for line in notation_pages.NOTATION["line"]]
    assert not [name for name in names if not notation_pages.chinese(words.shown(name))]


def test_each_term_has_one_chinese_word_one_sentence_and_a_model():
    models = {model.name for model in notation_pages.shipped()}
    for term in TERMS:
        known = notation_pages.chinese(term["term"])
        assert term.get("chinese", known) == (known or term["chinese"]), term["term"]
        assert known or term["chinese"], term["term"]
        assert term["meaning"].endswith("."), term["term"]
        assert term["model"] in models
    assert len({term["term"] for term in TERMS}) == len(TERMS) >= 50


def test_the_page_shows_each_row_symbol_and_term():
    page = notation_pages.pages()["notation.md"]
    for row in ROWS:
        assert f"`{row['name']}`" in page
    for term in TERMS:
        assert f"\n{term['term']}\n  " in page
        assert f"\n\n  {term['meaning']}\n" in page
    shown = set(re.findall(r"^\| \$.*\$ \| `(.*?)` \| `", page, re.MULTILINE))
    assert {symbol for symbol, _ in notation_pages.declared()} <= shown


def test_tables_have_as_many_cells_in_each_row():
    for line in re.findall(r"^\|.*\|$", notation_pages.pages()["notation.md"], re.MULTILINE):
        assert not re.search(r"\$[^$]*(?<!\\)\|[^$]*\$(?= \|)", line.replace(" | ", "\n"))
