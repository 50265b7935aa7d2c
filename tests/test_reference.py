"""Every published, exact or independently computed number, with its source, in
tests/reference/*.toml.
"""

import tomllib
from functools import cache
from pathlib import Path

import pytest

import replicon

_VALUES = [
    pytest.param(
        value,
        id="-".join([value["model"], value["name"], *map(str, value["controls"].values())]),
        marks=[pytest.mark.slow] * value.get("slow", False),
    )
    for path in sorted((Path(__file__).parent / "reference").glob("*.toml"))
    for value in tomllib.loads(path.read_text())["value"]
]


@cache
def _solved(model, branch, controls):
    """One point serves all values that are known of it."""
    return replicon.solve(model, branch=branch, **dict(controls))


@pytest.mark.parametrize("value", _VALUES)
def test_reference_value(value):
    assert value["kind"] in {"exact", "published", "independent solver"}
    assert value["source"]
    controls = tuple(value["controls"].items())
    if value["question"] == "solve":
        found = float(_solved(value["model"], value.get("branch"), controls)[value["name"]])
    else:
        found = float(
            replicon.find_transition(value["model"], value["name"], **dict(controls)).value
        )
    assert abs(found - value["value"]) <= value["uncertainty"]
