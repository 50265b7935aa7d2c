"""The words of the live page: every message is translated, none is left over, and a translation
keeps what it must.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

from replicon import InputError
from replicon.serve import words
from replicon.study import catalogue as models

_LOCALE = Path(words.__file__).parent / "locale"
_CATALOGUES = pytest.mark.parametrize("path", sorted(_LOCALE.glob("*.po")), ids=lambda p: p.stem)
_HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'


@_CATALOGUES
def test_every_message_is_translated(path):
    translated = words.catalogue(path.stem)
    missing = [text for text in words.messages() if text not in translated]
    assert not missing, "run `python -m replicon.serve.words`, then translate"


@_CATALOGUES
def test_no_message_is_unused(path):
    said = words.messages()
    unused = [entry.msgid for entry in polib.pofile(str(path)) if entry.msgid not in said]
    assert not unused, "run `python -m replicon.serve.words`"


@_CATALOGUES
def test_placeholders_are_those_of_the_message(path):
    for text, translation in words.catalogue(path.stem).items():
        wanted = sorted(re.findall(r"\{\w*\}", text))
        assert sorted(re.findall(r"\{\w*\}", translation)) == wanted, text


@_CATALOGUES
def test_numbers_are_those_of_the_message(path):
    """A number may be told in words, but none is invented: the cheapest sign of a sentence that
    translates another.
    """
    for text, translation in words.catalogue(path.stem).items():
        number = r"\d+(?:\.\d+)?"
        invented = {*re.findall(number, translation)} - {*re.findall(number, text)}
        assert not invented, (text, translation)


@_CATALOGUES
def test_the_file_is_in_canonical_form(path, tmp_path):
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    assert words.update(copy, words.messages()) == []
    assert copy.read_bytes() == path.read_bytes(), "run `python -m replicon.serve.words`"
    assert polib.pofile(str(path)).metadata["Language"] == path.stem


def test_what_is_declared_is_a_message():
    said = words.declared_messages()
    for model in models.shipped():
        for id_, meaning in model.messages().items():
            assert id_ in said[meaning]
    assert "hopfield.control.load" in said["load"]
    assert said["noise overlap"] == ["hopfield.observable.noise_overlap"]
    assert said["pseudo inverse"] == ["hopfield.control.rule.pseudo-inverse"]
    assert "square-lattice.control.method.heat-bath" in said["heat bath"]
    assert "digits" in said
    assert "digits 0 1" not in said, "a set of data is called the same in every language"


def test_the_catalogue_speaks_the_language_of_the_field():
    chinese = words.catalogue("zh_CN")
    wanted = {
        "free entropy": "自由熵",
        "symmetry breaking": "对称性破缺",
        "permutation symmetry breaking": "置换对称破缺",
        "Pseudo-potential of a few neurons": "少数几个神经元的伪势",
        "overlap": "交叠",
        "load": "负载率",
    }
    assert {text: chinese[text] for text in wanted} == wanted


@pytest.mark.parametrize("language", ["zh_CN", "zh-CN", "zh", "ZH"])
def test_a_language_in_the_spellings_of_browsers(language):
    assert words.catalogue(language)["temperature"] == "温度"


@pytest.mark.parametrize("language", ["en", "en-GB", "EN_us"])
def test_english_needs_no_translation(language):
    assert words.catalogue(language) == {}


@pytest.mark.parametrize("language", ["fr", "zhx", "", "../zh_CN", 3, None])
def test_an_unknown_language_is_told_the_known_ones(language):
    with pytest.raises(InputError, match=r"choose one of en, zh_CN\."):
        words.catalogue(language)


def test_untranslated_messages_stay_english(tmp_path, monkeypatch):
    (tmp_path / "xx.po").write_text(_HEADER + '\nmsgid "a"\nmsgstr "A"\n\nmsgid "b"\nmsgstr ""\n')
    monkeypatch.setattr(words, "_LOCALE", tmp_path)
    assert words.catalogue("xx") == {"a": "A"}


def test_update_adds_drops_sorts_and_keeps(tmp_path):
    path = tmp_path / "xx.po"
    path.write_text(_HEADER + '\nmsgid "b"\nmsgstr "B"\n\nmsgid "gone"\nmsgstr "G"\n')
    assert words.update(path, {"b": ["m.title"], "a {x}": ["page/z.js", "page/b.js"]}) == ["a {x}"]
    found = polib.pofile(str(path))
    assert [(entry.msgid, entry.msgstr) for entry in found] == [("a {x}", ""), ("b", "B")]
    assert "#: page/b.js page/z.js\n" in path.read_text()
    assert "#: m.title\n" in path.read_text()
    before = path.read_bytes()
    words.update(path, {"a {x}": ["page/z.js", "page/b.js"], "b": ["m.title"]})
    assert path.read_bytes() == before


def test_sentences_of_the_page_are_found(tmp_path):
    page = tmp_path / "page"
    page.mkdir()
    (page / "lab.js").write_text(
        'say("play"); say(\n  "one step, " +\n  "\\"twice\\" {count}", {count});\n'
        'essay("no"); say(name); say("play")'
    )
    (page / "index.html").write_text('<b data-say="stop &amp; go">stop</b><i data-said="no"></i>')
    (page / "notes.txt").write_text('say("no")')
    (tmp_path / "exhibit.py").write_text(
        'X = sentence("cool " "it")\nY = sentence(\'heat\')\n# sentence("no")'
    )
    (tmp_path / "elsewhere.js").write_text('say("no")')
    assert words.page_messages(tmp_path) == {
        "play": ["page/lab.js"],
        'one step, "twice" {count}': ["page/lab.js"],
        "stop & go": ["page/index.html"],
        "cool it": ["exhibit.py"],
        "heat": ["exhibit.py"],
    }


def test_a_sentence_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "exhibit.py").write_text('sentence(f"heat {x}")')
    with pytest.raises(ValueError, match="malformed"):
        words.page_messages(tmp_path)


def _unreadable(source: str) -> list[str]:
    """What is said in other quotes, or joined to something that is no literal."""
    ends = (match.end() for match in words._SAY.finditer(source))
    joined = [source[end - 20 : end + 20] for end in ends if source[end:].lstrip()[:1] not in ",)"]
    return joined + re.findall(r"\bsay\(\s*['`].{20}", source)


def test_the_page_says_what_can_be_found():
    """Whole sentences in double quotes, with {placeholders}: others would stay English."""
    for path in sorted((Path(words.__file__).parent / "page").rglob("*.js")):
        assert not _unreadable(path.read_text(encoding="utf-8")), path
    assert not _unreadable('say("one " +\n "two"); say("a {x}", {x}); say(name)')
    assert _unreadable('say("one " + x)')
    assert _unreadable("say('one, of a certain length')")


def test_a_marked_sentence_is_itself():
    assert words.sentence("heat it") == "heat it"
    assert words.shown("noise_overlap") == words.shown("noise-overlap") == "noise overlap"


def test_the_script_says_how_many_are_missing(tmp_path):
    """Run on a copy of the room, so that the catalogue of the package stays as it is."""
    room = tmp_path / "room"
    shutil.copytree(_LOCALE.parent, room, ignore=shutil.ignore_patterns("__pycache__"))
    path = room / "locale" / "zh_CN.po"
    path.write_text(path.read_text().replace('msgstr "温度"', 'msgstr ""'))
    out = subprocess.run(
        [sys.executable, "-P", str(room / "words.py")], capture_output=True, text=True, check=True
    )
    assert out.stdout == "zh_CN.po: 1 messages without a translation\n"
