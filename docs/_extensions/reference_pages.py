"""The page that says why a number may be believed: every known number beside the library's own,
and the referee of every public function.

The library's own values cost minutes, so they are kept in reference.json, each under a fingerprint
of what was asked and of the model's revision. `python docs/_extensions/reference_pages.py` computes
what is missing or stale; tests/test_reference.py computes all of them anew and compares.
"""

import ast
import hashlib
import json
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

from markdown_tables import filled, number, plain, table, unbroken

import replicon
from replicon.study import catalogue
from replicon.view.frame import system_title

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = HERE / "reference.json"
COMMAND = "python docs/_extensions/reference_pages.py"
sys.path.insert(0, str(ROOT / "tests"))
import known_numbers  # noqa: E402

# Rooms whose public functions compute something that a referee can check.
_ROOMS = {*catalogue.systems(), "channel", "spins", "theory"}
_REFEREE = re.compile(r"\bReferee\b\W*\s+(.*?)(?=\n\s*\n|\*\*Source|\Z)", re.DOTALL)
_DIGITS = 9  # shown of a number; distances are taken before rounding
_THOSE_OF = "those of"  # another function, whose referee stands there


def pages() -> dict[str, str]:
    """The page, as {path below docs: Markdown}. Raises RuntimeError, with the command, where a kept
    value is missing or stale.
    """
    if stale := stale_numbers():
        raise RuntimeError(f"{len(stale)} known numbers are not kept ({stale[0]}): run `{COMMAND}`")
    parts = {"summary": _summary(), "numbers": _numbers(), "referees": _referees()}
    return {"why-believe.md": filled((HERE / "prose" / "why-believe.md").read_text(), parts)}


def kept() -> dict[str, dict]:
    """{key: {"ours", "fingerprint"}}, as they were computed last."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def fingerprint(value: dict) -> str:
    """Of what is asked and of the model's revision: another one, another number."""
    asked = (value["question"], known_numbers.key(value), catalogue.get(value["model"]).revision)
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]


def stale_numbers() -> list[str]:
    """Keys of known numbers of which no value, or an old one, is kept."""
    have = kept()
    asked = {known_numbers.key(value): fingerprint(value) for value in known_numbers.values()}
    changed = [key for key in asked if have.get(key, {}).get("fingerprint") != asked[key]]
    return changed + sorted(set(have) - set(asked))


def compute() -> None:
    """Compute what is missing or stale, and write the file whole after every value."""
    have = kept()
    values = known_numbers.values()
    stale = set(stale_numbers())
    for value in values:
        key = known_numbers.key(value)
        if key in stale:
            print(key, flush=True)
            have[key] = {"ours": known_numbers.ours(value), "fingerprint": fingerprint(value)}
            _write({known_numbers.key(one): have.get(known_numbers.key(one)) for one in values})
    _write({known_numbers.key(value): have[known_numbers.key(value)] for value in values})


def _write(found: dict) -> None:
    lines = (f" {json.dumps(key)}: {json.dumps(one)}" for key, one in found.items() if one)
    KEPT.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def distance(value: dict) -> float:
    """Of our value from the known one, in units of its uncertainty."""
    return abs(_shown()[known_numbers.key(value)]["ours"] - value["value"]) / value["uncertainty"]


def known(value: dict) -> str:
    """The known value with its uncertainty, as a table shows it."""
    return unbroken(f"{number(value['value'], _DIGITS)} ± {number(value['uncertainty'], 2)}")


def ours(value: dict) -> str:
    """The library's own value, as a table shows it."""
    return unbroken(number(_shown()[known_numbers.key(value)]["ours"], _DIGITS))


@cache
def _shown() -> dict[str, dict]:
    """What pages show of the kept values, read once."""
    return kept()


def _summary() -> str:
    values = known_numbers.values()
    kinds = Counter(value["kind"] for value in values)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    far = max(distance(value) for value in values)
    return (
        f"There are {len(values)} of them ({told}). The largest distance is {far:.2f}; a distance"
        " above 1 fails the test."
    )


def _numbers() -> str:
    systems: dict[str, list[dict]] = {}
    for value in known_numbers.values():
        systems.setdefault(value["system"], []).append(value)
    return "".join(_system(system, values) for system, values in systems.items())


def _system(system: str, values: list[dict]) -> str:
    """A table a model, and the list of sources to which their last columns point."""
    sources = list(dict.fromkeys((value["kind"], value["source"]) for value in values))
    header = ["Quantity", "Controls", "Known", "Here", "Distance", "Source"]
    out = [f"### {system_title(system)}\n\n"]
    for model in dict.fromkeys(value["model"] for value in values):
        rows = [_row(value, sources) for value in values if value["model"] == model]
        out.append(f"[{model}](models/{model}.md):\n\n{table(header, rows)}")
    told = (f"{n}. {kind}: {plain(source)}.\n" for n, (kind, source) in enumerate(sources, 1))
    return "".join([*out, "Sources:\n\n", *told, "\n"])


def _row(value: dict, sources: list[tuple[str, str]]) -> list[str]:
    controls = [f"{name} = {_told(one)}" for name, one in value["controls"].items()]
    branch = [f"branch {value['branch']}"] if "branch" in value else []
    return [
        f"`{value['name']}`",
        ", ".join(unbroken(plain(one)) for one in [*branch, *controls]) or "the defaults",
        known(value),
        ours(value),
        f"{distance(value):.2f}",
        str(sources.index((value["kind"], value["source"])) + 1),
    ]


def _told(given: float | str) -> str:
    return given if isinstance(given, str) else number(float(given))


def _referees() -> str:
    out = []
    for room in sorted(_ROOMS):
        rows = [[f"`{name}`", plain(referee)] for name, referee in referees(room)]
        out.append(f"### {room}\n\n{table(['What computes', 'What checks it'], rows)}\n")
    return "".join(out)


def referees(room: str) -> list[tuple[str, str]]:
    """(name below the room, its referee), of the docstrings of a room's files and of the public
    functions and classes in them, in the order of the files.
    """
    found = []
    folder = Path(replicon.__file__).parent / room
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text())
        for node in (tree, *tree.body):
            if not isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)):
                continue
            name = path.stem if isinstance(node, ast.Module) else f"{path.stem}.{node.name}"
            told = _REFEREE.search(ast.get_docstring(node) or "")
            if told and not name.split(".")[-1].startswith("_") and told[1][:8] != _THOSE_OF:
                found.append((name, " ".join(told[1].split())))
    return found


if __name__ == "__main__":
    compute()
