"""The sentences of all declarations, by their ids: what a second language translates."""

import re

import pytest

import replicon
from replicon.study import catalogue

MODELS = [catalogue.get(name) for name in replicon.models()]


def _told(declared):
    """(id, sentence) of what a reader is told of a model."""
    about = declared["about"]
    sentences = {"summary": about["summary"], "chapter": about["chapter"]}
    for kind, texts in (("formula", about["formulas"]), ("assumes", about["assumes"])):
        sentences |= {f"about.{kind}.{k}": text for k, text in enumerate(texts, 1)}
    for what, text in sentences.items():
        yield f"{declared['model']}.{what}", text


def _sentences(declared):
    """(id, sentence) of everything in a declaration that is one."""
    if isinstance(declared, list):
        for item in declared:
            yield from _sentences(item)
    if isinstance(declared, dict):
        if "id" in declared:
            yield declared["id"], declared["title" if "title" in declared else "meaning"]
        for value in declared.values():
            yield from _sentences(value)


def _meanings(declared):
    """How many sentences there are, with an id or without."""
    if isinstance(declared, list):
        return sum(map(_meanings, declared))
    if isinstance(declared, dict):
        own = ("title" in declared) + ("meaning" in declared)
        return own + sum(map(_meanings, declared.values()))
    return 0


def test_ids_are_unique_over_all_models():
    found = [(id, model.name) for model in MODELS for id in model.messages()]
    assert len(dict(found)) == len(found)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_sentence_has_an_id_made_of_names_alone(model):
    declared = model.as_dict()
    found = list(_sentences(declared))
    assert len(found) == _meanings(declared)
    found += _told(declared)
    assert dict(found) == model.messages()
    kinds = "title|size|summary|chapter|about\\.(formula|assumes)\\.\\d+|(control|observable|branch|transition|evidence|view|axis)\\.[\\w-]+"
    for id, _ in found:
        assert re.fullmatch(f"{re.escape(model.name)}\\.({kinds})", id)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_axes_of_one_name_mean_one_thing(model):
    """Else one of their sentences would have no id."""
    known = {}
    for array in model.arrays:
        for axis in array.axes:
            assert known.setdefault(axis.name, axis) == axis


def test_ids_do_not_follow_sentences_or_order():
    """A translation outlives a sentence that is written anew and a control that is added before."""
    known = replicon.describe("hopfield")
    ids = {"load": "hopfield.control.load", "temperature": "hopfield.control.temperature"}
    assert ids.items() <= {item["name"]: item["id"] for item in known["controls"]}.items()
    assert known["id"] == "hopfield.title"
    assert known["size"]["id"] == "hopfield.size"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_file_of_sentences_suffices_for_a_language(model):
    other = {id: f"<{sentence}>" for id, sentence in model.messages().items()}
    declared = model.as_dict()
    translated = catalogue.translate(declared, other)
    assert dict([*_sentences(translated), *_told(translated)]) == other
    back = catalogue.translate(translated, model.messages())
    assert back == declared
    assert catalogue.translate(declared, {}) == declared
