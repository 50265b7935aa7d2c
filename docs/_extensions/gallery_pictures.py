"""The gallery's pictures as data: `docs/pictures/gallery/STUDY/figure-N.png`, and beside them
`made.json`, which says what made them: the version of the study, what it took, a fingerprint.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from replicon._seed import fingerprint
from replicon.study.merge import identity, tasks
from replicon.study.plan import planned
from replicon.study.sources import shipped

PICTURES = Path(__file__).parents[1] / "pictures" / "gallery"
_TOLD_BESIDE = ("caption",)  # of a figure's table: what stands in the page and not in the picture


class Made(NamedTuple):
    """What made a study's pictures: `version` "full" or "quick"; `minutes` of processor time that
    the whole run took; `package`, the version of Replicon; `fingerprint`, see `what_makes`.
    """

    version: str
    minutes: float
    package: str
    fingerprint: str


def what_makes(study: dict[str, Any], plan: dict[str, Any]) -> str:
    """The fingerprint of all that decides what a study's pictures show: of every task, as results
    are kept under it (controls, sizes, samples, seed, the content of files, the model's revision),
    and of every figure's table but its caption. A title, a question or a text changes nothing.
    """
    figures = [
        {key: value for key, value in table.items() if key not in _TOLD_BESIDE}
        for table in study["figure"]
    ]
    return fingerprint({"tasks": [identity(task) for task in tasks(plan)], "figures": figures})


def made(study: str, pictures: Path = PICTURES) -> Made | None:
    """What made the pictures of a study; None where there are none."""
    path = pictures / study / "made.json"
    return Made(**json.loads(path.read_text())) if path.is_file() else None


def files(study: str, figures: int, pictures: Path = PICTURES) -> list[Path]:
    """The files of a study's pictures, as many as it has figures."""
    return [pictures / study / f"figure-{number}.png" for number in range(1, figures + 1)]


def write(study: str, content: list[bytes], what: Made, pictures: Path = PICTURES) -> list[Path]:
    """Put a study's pictures in the place of those that are there, and say what made them; returns
    their paths.
    """
    folder = pictures / study
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    paths = files(study, len(content), pictures)
    for path, picture in zip(paths, content, strict=True):
        path.write_bytes(picture)
    (folder / "made.json").write_text(json.dumps(what._asdict(), indent=1) + "\n")
    return paths


def faults(name: str, study: str | Path | None = None, pictures: Path = PICTURES) -> list[str]:
    """What is wrong with the pictures of a study, a sentence each that ends in the command that
    draws them anew. `study`: its file, the shipped one by default.
    """
    command = f"run `python docs/draw.py {name}`"
    known = made(name, pictures)
    if known is None:
        return [f"Study '{name}' has no pictures: {command}."]
    told, plan = planned(study or name, quick=known.version == "quick")
    wanted = files(name, len(told["figure"]), pictures)
    found = [
        f"Study '{name}' has no {path.name}: {command}." for path in wanted if not path.is_file()
    ]
    more = sorted(set((pictures / name).glob("*.png")) - set(wanted))
    found += [f"{path.name} is no figure of study '{name}': {command}." for path in more]
    if known.fingerprint != what_makes(told, plan):
        found.append(
            f"The pictures of study '{name}' are stale, what they show has changed since they were"
            f" drawn: {command}."
        )
    return found


def stale() -> list[str]:
    """Names of the shipped studies whose pictures are missing or stale."""
    return [name for name in shipped() if faults(name)]
