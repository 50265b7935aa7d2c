"""Every published, exact or independently computed number, with its source, in
tests/reference/*.toml; and the copy of our own values that the site shows.
"""

import json
from pathlib import Path

import pytest

import known_numbers

_VALUES = [
    pytest.param(
        value,
        id="-".join([value["model"], value["name"], *map(str, value["controls"].values())]),
        marks=[pytest.mark.slow] * value.get("slow", False),
    )
    for value in known_numbers.values()
]
_KEPT = Path(__file__).parents[1] / "docs" / "_extensions" / "reference.json"
# The site shows distances from known numbers to a hundredth of their uncertainty, and other
# processors may round the eleventh digit otherwise.
_SHOWN = 0.01
_ROUNDING = 1e-11


@pytest.mark.parametrize("value", _VALUES)
def test_reference_value(value):
    assert value["kind"] in {"exact", "published", "independent solver"}
    assert value["source"]
    found = known_numbers.ours(value)
    assert abs(found - value["value"]) <= value["uncertainty"]
    shown = json.loads(_KEPT.read_text())[known_numbers.key(value)]["ours"]
    assert abs(found - shown) <= _SHOWN * value["uncertainty"] + _ROUNDING * abs(found), (
        f"the site shows {shown!r} and the library says {found!r}: raise the model's revision and "
        "run `python docs/_extensions/reference_pages.py`"
    )
