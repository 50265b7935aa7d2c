"""The page of known numbers: all of them, with the values that are kept, and the referees."""

import ast
import re
from pathlib import Path

import pytest
import reference_pages

import known_numbers

ROOT = Path(__file__).parents[2]


def test_no_kept_value_is_stale():
    assert not reference_pages.stale_numbers(), f"run `{reference_pages.COMMAND}`"


def test_a_changed_question_or_revision_is_stale():
    value = known_numbers.values()[0]
    other = value | {"controls": value["controls"] | {"noise": 0.125}}
    assert reference_pages.fingerprint(other) != reference_pages.fingerprint(value)
    model = reference_pages.catalogue.get(value["model"])
    with pytest.MonkeyPatch.context() as patch:
        raised = reference_pages.replicon.Model(**vars(model) | {"revision": model.revision + 1})
        patch.setattr(reference_pages.catalogue, "get", lambda name: raised)
        assert reference_pages.stale_numbers()


def test_a_missing_value_stops_the_build_with_the_command(monkeypatch):
    kept = reference_pages.kept()
    first = next(iter(kept))
    monkeypatch.setattr(
        reference_pages, "kept", lambda: {key: kept[key] for key in kept if key != first}
    )
    with pytest.raises(RuntimeError, match=re.escape(first)) as refused:
        reference_pages.pages()
    assert reference_pages.COMMAND in str(refused.value)


def test_every_known_number_is_shown_and_within_its_uncertainty():
    page = reference_pages.pages()["why-believe.md"]
    values = known_numbers.values()
    distances = [f"{reference_pages.distance(value):.2f}" for value in values]
    rows = re.findall(r"^\| `[\w-]+` \| .* ± .* \| (\d\.\d\d) \| \d+ \|$", page, re.MULTILINE)
    assert sorted(rows) == sorted(distances)
    assert max(reference_pages.distance(value) for value in values) <= 1
    assert f"There are {len(values)} of them" in page


def test_referees_are_those_of_the_docstrings():
    found = dict(reference_pages.referees("channel"))
    assert "state evolution" in found["amp.message_passing"]
    assert "replica.bayes_optimal" in found
    assert "amp.MessagePassing" not in found  # "those of `message_passing`"
    for room in reference_pages._ROOMS:
        assert reference_pages.referees(room), room


def test_every_test_that_the_page_names_exists():
    page = (ROOT / "docs" / "_extensions" / "prose" / "why-believe.md").read_text()
    named = re.findall(r"\[(test_\w+)\s+in\s+(tests/[\w/]+\.py)\]", page)
    assert len(named) >= 10
    for name, path in named:
        functions = ast.walk(ast.parse((ROOT / path).read_text()))
        assert name in {f.name for f in functions if isinstance(f, ast.FunctionDef)}, name
