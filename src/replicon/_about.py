"""What a reader is told of a model: a part of its declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from replicon._domains import show
from replicon._errors import InputError


@dataclass(frozen=True)
class About:
    """What a reader is told of a model before he asks it anything.

    `summary`: a few sentences, what the system is and what is seen in it. `formulas`: {what it is:
    LaTeX}, the energy, measure or motion first, then what theory solves, in the normalisation of
    the code; Dz is the standard normal measure, H(x) = int_x^inf Dz. `assumes`: sentences, each
    something that theory takes for granted, hence where it may fail. `chapter`: the subject under
    which H. Huang's review (Physics thoughts in neural network theory, 2024) treats it. `papers`:
    beside the model's `source`, a citation each.

    >>> import replicon
    >>> about = replicon.About(
    ...     summary="Spins in fields of their own.",
    ...     formulas={"Energy": r"E = -\\sum_i h_i s_i"},
    ...     assumes=("Spins do not feel one another.",),
    ... )
    >>> list(about.formulas)
    ['Energy']
    """

    summary: str
    formulas: Mapping[str, str]
    assumes: tuple[str, ...]
    chapter: str = ""
    papers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.formulas, Mapping):
            raise InputError(
                f"About was given formulas = {show(self.formulas)}: give a dictionary from what"
                " each formula is to its LaTeX."
            )
        for name in ("assumes", "papers"):
            given = getattr(self, name)
            if not isinstance(given, (tuple, list)):
                raise InputError(f"About was given {name} = {show(given)}: give a tuple of texts.")
        formulas = (*self.formulas, *self.formulas.values())
        texts = (self.summary, *formulas, *self.assumes, self.chapter or "none", *self.papers)
        if not all(isinstance(text, str) and text.strip() for text in texts):
            raise InputError(
                "About was given an empty text, or one that is no text: say it, or leave it out."
            )

    def as_dict(self) -> dict[str, Any]:
        return {
            "summary": self.summary,
            "formulas": dict(self.formulas),
            "assumes": list(self.assumes),
            "chapter": self.chapter,
            "papers": list(self.papers),
        }

    def messages(self) -> dict[str, str]:
        """The sentences by what they are, as ids end: what a translation translates."""
        found = {"summary": self.summary}
        found |= {f"about.formula.{k}": text for k, text in enumerate(self.formulas, 1)}
        found |= {f"about.assumes.{k}": text for k, text in enumerate(self.assumes, 1)}
        return found | ({"chapter": self.chapter} if self.chapter else {})
