"""The studies that ask a model, a picture that shows it, and the lessons that tell of it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from replicon.study import sources

DOCS = Path(__file__).parents[1]
SERIES = ("theory", "transition", "simulation")
MOSTLY = 0.5  # of a study's series: from there on it is one of the model


@cache
def studies_of(model: str) -> list[str]:
    """The shipped studies that ask a model, those first of which at least half is its own."""
    shares = {}
    for name in sources.shipped():
        asked = [series["model"] for series in _series(name)]
        if model in asked:
            shares[name] = asked.count(model) / len(asked)
    return sorted(shares, key=lambda name: shares[name] < MOSTLY)


@cache
def lessons_of(model: str) -> list[str]:
    """The lessons that link to a model's page, in the order of their index."""
    lessons = DOCS / "lessons"
    names = re.findall(r"^\| \[.*?\]\((.+?)\.md\)", (lessons / "index.md").read_text(), re.M)
    return [name for name in names if f"(../models/{model}.md" in _text(lessons / f"{name}.md")]


@cache
def _text(path: Path) -> str:
    return path.read_text()


@cache
def _file(study: str) -> dict[str, Any]:
    """What a study's file holds."""
    return sources.read_table(study)[1]


def _series(study: str) -> list[dict[str, Any]]:
    return [one for kind in SERIES for one in _file(study).get(kind, [])]


class Picture(NamedTuple):
    """A picture of the gallery: its study, which of its figures, and the title of that."""

    study: str
    place: int
    title: str

    @property
    def path(self) -> str:
        """As seen from docs/models."""
        return f"../pictures/gallery/{self.study}/figure-{self.place}.png"


def picture_of(model: str) -> Picture | None:
    """The first picture that shows a series of the model and has been drawn."""
    for study in studies_of(model):
        own = {one["name"] for one in _series(study) if one["model"] == model}
        told = _file(study)
        for place, figure in enumerate(told["figure"], 1):
            shown = {name for kind in SERIES for name in figure.get(kind, [])}
            picture = Picture(study, place, figure.get("title", told["title"]))
            if own & shown and (DOCS / "models" / picture.path).resolve().exists():
                return picture
    return None
