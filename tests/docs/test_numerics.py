"""The page of numerics: every model's size and time stands in it."""

import json

import numerics_pages
import pytest
from markdown_tables import filled, number, plain, table


def test_every_size_is_shown():
    page = numerics_pages.pages()["numerics.md"]
    for model in numerics_pages._models():
        low, high = model.size.typical
        assert f"| {low} to {high} | {model.size.greatest:,} |" in page, model.name


def test_every_theory_has_its_seconds():
    seconds = json.loads(numerics_pages.TIMES.read_text())
    theories = {model.name for model in numerics_pages._models() if model.solve is not None}
    assert theories | {"perceptron capacity"} == set(seconds)
    for name, one in seconds.items():
        assert 0 < one["second"] < 60, name
        assert 0 < one["first"] < 60, name


def test_bounded_domains_are_shown():
    page = numerics_pages.pages()["numerics.md"]
    assert "| [perceptron](models/perceptron.md) | `margin` | [≥ -5 and ≤ 5]" in page
    assert "`load` | [≥ 0]" not in page


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.137906, "0.137906"),
        (-1.5, "−1.5"),
        (6e-7, "6 × 10⁻⁷"),
        (1e-9, "10⁻⁹"),
        (float("inf"), "∞"),
    ],
)
def test_numbers_are_read(value, text):
    assert number(value) == text


def test_text_keeps_its_code_and_loses_its_marks():
    assert plain("P(|z| <= 1), `a_b`, a_b") == r"P(\|z\| \<= 1), `a_b`, a\_b"
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n"


def test_parts_and_places_belong_together():
    assert filled("a\n\n<!-- told: x -->\n", {"x": "b\n"}) == "a\n\nb\n"
    with pytest.raises(KeyError):
        filled("<!-- told: x -->", {})
    with pytest.raises(ValueError, match="no place for y"):
        filled("a", {"y": "b"})
