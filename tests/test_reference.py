"""Every published, exact or independently computed number, with its source, in
tests/reference/*.toml.
"""

import tomllib
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


@pytest.mark.parametrize("value", _VALUES)
def test_reference_value(value):
    assert value["kind"] in {"exact", "published", "independent solver"}
    assert value["source"]
    if value["question"] == "solve":
        found = float(
            replicon.solve(value["model"], branch=value.get("branch"), **value["controls"])[
                value["name"]
            ]
        )
    else:
        found = float(
            replicon.find_transition(value["model"], value["name"], **value["controls"])["value"]
        )
    assert abs(found - value["value"]) <= value["uncertainty"]
