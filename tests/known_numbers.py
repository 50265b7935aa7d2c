"""The known numbers: what tests/reference/*.toml holds, and the library's own value of each. The
test of them and the page that shows them ask here.
"""

import tomllib
from functools import cache
from pathlib import Path

import replicon

FOLDER = Path(__file__).parent / "reference"


def values() -> list[dict]:
    """Every known number, in the order of the files, with its system (the name of its file)."""
    return [
        value | {"system": path.stem}
        for path in sorted(FOLDER.glob("*.toml"))
        for value in tomllib.loads(path.read_text())["value"]
    ]


def key(value: dict) -> str:
    """What tells one known number from another: model, name, branch and controls."""
    told = (f"{name}={given}" for name, given in value["controls"].items())
    branch = [value["branch"]] if "branch" in value else []
    return " ".join([value["model"], value["name"], *branch, *told])


def ours(value: dict) -> float:
    """The library's value: of an observable by `solve`, of a transition by `find_transition`."""
    controls = tuple(value["controls"].items())
    if value["question"] == "solve":
        return float(_solved(value["model"], value.get("branch"), controls)[value["name"]])
    return float(replicon.find_transition(value["model"], value["name"], **dict(controls)).value)


@cache
def _solved(model: str, branch: str | None, controls: tuple):
    """One point serves all values that are known of it."""
    return replicon.solve(model, branch=branch, **dict(controls))
