"""The site's own parts, without building it: catalogues of translations, docstrings as Markdown,
the check of a built site, the pages of the API.
"""

import re
from pathlib import Path

import api_pages
import catalogue
import check_built
import docstrings
import polib
import public
import pytest

import replicon

ROOT = Path(__file__).parents[2]


def po(*entries, fuzzy=()):
    """A catalogue of (message, translation)."""
    made = polib.POFile()
    made.metadata = {"Language": "zh_CN"}
    for text, translation in entries:
        flags = ["fuzzy"] if text in fuzzy else []
        made.append(polib.POEntry(msgid=text, msgstr=translation, flags=flags))
    return made


def test_a_changed_paragraph_makes_its_translation_stale():
    old = po(("A network of N spins remembers.", "记忆"), ("Another thing.", "另一"))
    new = catalogue.updated(old, ["A network of N spins remembers well.", "Another thing."], {})
    assert catalogue.count(new) == catalogue.Count(translated=1, missing=0, stale=1)
    (stale,) = [entry for entry in new if entry.fuzzy]
    assert stale.msgstr == "记忆"
    assert stale.previous_msgid == "A network of N spins remembers."


def test_what_is_new_is_missing_and_what_is_gone_is_removed():
    old = po(("One sentence about couplings.", "一"), ("Stays.", "留"))
    new = catalogue.updated(old, ["Quite different words.", "Stays."], {})
    assert [entry.msgid for entry in new] == ["Quite different words.", "Stays."]
    assert catalogue.count(new) == catalogue.Count(translated=1, missing=1, stale=0)


def test_a_stale_translation_stays_so_until_its_mark_is_taken_away():
    old = po(("Words.", "词"), fuzzy=["Words."])
    assert catalogue.count(catalogue.updated(old, ["Words."], {})).stale == 1


def test_what_the_live_page_translates_is_left_to_it_unless_the_page_has_its_own():
    shared = {"load": "负载率", "Start": "首页"}
    new = catalogue.updated(po(("Start", "入门")), ["load", "Start"], shared)
    assert [(entry.msgid, entry.msgstr) for entry in new] == [("Start", "入门")]


def test_pages_are_joined_without_what_is_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "live", lambda language: {"load": "负载率", "Start": "首页"})
    folder = tmp_path / "zh_CN" / "lessons"
    folder.mkdir(parents=True)
    po(("Start", "入门"), ("Old.", "旧"), fuzzy=["Old."]).save(str(folder / "one.po"))
    target = tmp_path / "joined.po"
    catalogue.join("zh_CN", target, tmp_path)
    joined = {entry.msgid: entry.msgstr for entry in polib.pofile(str(target))}
    assert joined == {"Start": "入门", "load": "负载率"}
    written = target.stat().st_mtime_ns
    catalogue.join("zh_CN", target, tmp_path)
    assert target.stat().st_mtime_ns == written


def test_which_messages_are_translated():
    said = {
        "index": ["Words of a page.", "`code` $x$"],
        "how-to/gpu": ["Not translated."],
        "models/a": ["Controls", "Only here.", "What is it?"],
        "models/b": ["Controls"],
        "api/a": ["Controls of the API."],
    }
    assert catalogue.catalogues(said, ["What is it?"]) == {
        "index": ["Words of a page."],
        "studies": ["What is it?"],
        "labels": ["Controls"],
    }


def test_shipped_catalogues_are_read_and_have_no_stale_or_doubled_message():
    files = sorted(catalogue.LOCALE.rglob("*.po"))
    assert files
    for path in files:
        messages = [entry.msgid for entry in polib.pofile(str(path), encoding="utf-8")]
        assert len(messages) == len(set(messages)), path


def site(folder, **pages):
    """A built site of a few pages: {name: body}."""
    for name, body in pages.items():
        (folder / f"{name}.html").write_text(f"<html><body>{body}</body></html>")
    return folder


def test_a_whole_site_has_no_faults(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    page = '<a href="two.html#place">x</a><img src="a.png" srcset="a.png 1x, a.png 2x">'
    page += '<a href="https://example.org">y</a><style>p { color: red }</style>'
    site(tmp_path, one=page, two='<h2 id="place">z</h2><a href="#place">w</a>')
    assert check_built.faults(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="three.html">x</a>', "no such file"),
        ('<a href="two.html#nowhere">x</a>', "no such anchor"),
        ('<a href="#nowhere">x</a>', "no such anchor"),
        ('<img src="missing.png">', "no such file"),
        ('<script src="https://example.org/a.js"></script>', "from elsewhere"),
        ('<script src="//example.org/a.js"></script>', "from elsewhere"),
        ('<link rel="stylesheet" href="http://example.org/a.css">', "from elsewhere"),
        ('<img src="https://example.org/a.png">', "from elsewhere"),
        ('<img srcset="https://example.org/a.png 2x">', "from elsewhere"),
        ('<p style="background: url(https://example.org/a.png)">x</p>', "from elsewhere"),
        ('<style>@import "https://example.org/a.css";</style>', "from elsewhere"),
    ],
)
def test_a_fault_is_seen(tmp_path, body, fault):
    site(tmp_path, one=body, two="")
    (told, *_) = check_built.faults(tmp_path)
    assert told.startswith("one.html")
    assert fault in told


def test_a_style_sheet_that_loads_from_elsewhere_is_seen(tmp_path):
    site(tmp_path, one="")
    (tmp_path / "a.css").write_text("@font-face { src: url('https://example.org/a.woff2') }")
    (told,) = check_built.faults(tmp_path)
    assert told == "a.css loads https://example.org/a.woff2 from elsewhere."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Values <phi(x)> and [a, b] of x_i*y_i.", r"Values \<phi(x)\> and \[a, b\] of x_i\*y_i."),
        ("`code_of * it` is **Source** of it.", "`code_of * it` is **Source** of it."),
        ("A sum of x\n+ y, and\n- z.", "A sum of x\n\\+ y, and\n\\- z."),
        ("    phi = q A/2", "```text\nphi = q A/2\n```"),
        ("phi = -r rh/2 + E ln Z", "```text\nphi = -r rh/2 + E ln Z\n```"),
        ("- one\n- two\n  more", "- one\n- two more"),
        ("Notes\n-----\nText.", "**Notes**\n\nText."),
        ("a, b : two numbers", "- `a`, `b`: two numbers"),
        ("Text.\n\n>>> 1 + 1\n2\n\nMore.", "Text.\n\nMore."),
        ("$x$ and {name: value}", r"\$x\$ and \{name: value\}"),
    ],
)
def test_docstrings_are_shown_as_they_are_written(text, shown):
    assert docstrings.markdown(text) == shown


def test_examples_of_docstrings_are_found():
    assert docstrings.examples("Text.\n\n>>> 1 + 1\n2\n\nMore.") == ">>> 1 + 1\n2"


def test_every_public_name_has_an_entry():
    told = "\n".join(api_pages.pages().values())
    for one in public.names():
        assert re.search(rf"`{one.name} <{re.escape(one.path)}>`|\}} {one.name}\b", told), one.path
        if one.home == one.path and not public.is_instance(one.value):
            assert re.search(rf"\{{py:(function|class|exception)\}} {one.name}\b", told), one.path


def test_every_name_at_the_top_and_every_room_has_a_subject():
    subjects = " ".join(api_pages.SUBJECTS.values()).split()
    assert sorted(subjects) == sorted(set(replicon._HOMES))
    assert sorted(" ".join(api_pages.ROOMS.values()).split()) == sorted(replicon._ROOMS)


def test_pages_are_told_alike_each_time():
    assert api_pages.pages() == api_pages.pages()


def test_signatures_are_shown_as_they_are_written():
    shown = api_pages._signature(replicon.solve)
    assert (
        shown == "(model: str | Model, *, branch: str | None = None, **controls: Any) -> xr.Dataset"
    )
    assert "bounds: tuple[str, ...] = ()" in api_pages._signature(replicon.Transition)
    assert "example: Mapping[str, Value] = ..." in api_pages._signature(replicon.Transition)


def test_pairs_of_characters_find_chinese_words():
    two_languages = pytest.importorskip("two_languages", reason="needs the extra docs: Sphinx")
    language = two_languages.PairsOfCharacters({})
    pairs = ["自旋", "旋玻", "玻璃"]
    assert language.split("自旋玻璃 spin") == ["spin", *pairs, *"自旋玻璃"]
    assert language.split("AT 线") == ["AT", "AT线", "线"]
    assert language.word_filter("熵")
    assert not language.word_filter("T")
    search = pytest.importorskip("sphinx.search")
    stemmer = search._MINIFIED_JS_PATH / language.js_stemmer_rawcode
    assert f"{language.language_name}Stemmer" in stemmer.read_text()


def test_the_site_is_built_where_everything_is_tested():
    assert re.search(r"^make docs$", (ROOT / ".ci" / "run").read_text(), re.M)
    made = (ROOT / "Makefile").read_text()
    assert made.count("-m sphinx -W") == 2
    assert "check_built.py docs/_build/html" in made
    (docs,) = re.findall(r"^docs:.*\n((?:\t.*\n)+)", made, re.M)
    assert docs.index("lessons.py") < docs.index("docs-english") < docs.index("check_built.py")


def test_lessons_are_the_notebooks_and_one_that_was_executed_is_known(tmp_path):
    lessons = pytest.importorskip("lessons", reason="needs the extra docs: myst-nb")
    found = lessons.lessons()
    named = {path.name for path in (ROOT / "docs/lessons").glob("*.md")} - {"index.md"}
    assert {path.name for path in found} == named | {"index.md"}
    assert lessons.DOCS / "index.md" in found
    cache = lessons.get_cache(tmp_path)
    notebook = found[lessons.DOCS / "index.md"]
    assert not lessons.is_kept(cache, notebook)
    executed = lessons.read_myst_markdown_notebook((lessons.DOCS / "index.md").read_text())
    executed.metadata["language_info"] = {"name": "python"}
    lessons.keep(cache, lessons.DOCS / "index.md", executed, 1.0)
    assert lessons.is_kept(cache, notebook)
