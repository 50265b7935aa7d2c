"""Domains, values, sentences and citations of declarations as Markdown."""

from __future__ import annotations

import math
import re

from markdown_tables import number
from notation_pages import formula

from replicon import Interval, Words

MOST_WORDS = 12  # of a control that a table lists
# Journals whose articles have an address that follows from volume and page.
APS = {
    "PRL": "PhysRevLett",
    "Phys. Rev. Lett.": "PhysRevLett",
    "PRE": "PhysRevE",
    "PRX": "PhysRevX",
    "PRA": "PhysRevA",
    "Phys. Rev. A": "PhysRevA",
    "Phys. Rev. B": "PhysRevB",
    "Phys. Rev. E": "PhysRevE",
    "Phys. Rev.": "PhysRev",
}
_CITED = re.compile(
    "("
    + "|".join(re.escape(name) for name in sorted(APS, key=len, reverse=True))
    + r") (\d+), (\d+)"
)
_ARXIV = re.compile(r"arXiv (\d{4}\.\d{4,5})")


def named(name: str, symbol: str) -> str:
    """A declared name as code, and its symbol as a formula."""
    return f"`{name}`" if symbol in ("", name) else f"`{name}` ${formula(symbol)}$"


def value(given: float | int | str) -> str:
    """A value of a control; a word as code."""
    return f"`{given}`" if isinstance(given, str) else number(given)


def allowed(domain: Interval | Words) -> str:
    """A domain in symbols: [0, 1), (0, ∞), 2, 3, …; or the words and files that are understood."""
    if isinstance(domain, Words):
        listed = [f"`{word}`" for word in domain.words]
        if len(listed) > MOST_WORDS:
            listed = [*listed[: MOST_WORDS // 2], "…", listed[-1]]
        files = [f"`*{ending}`" for ending in domain.files]
        given = [] if domain.objects is None else [f"*{domain.objects.meaning}*"]
        return ", ".join([*listed, *files, *given])
    if domain.integer:
        low = round(domain.low)
        end = [] if math.isinf(domain.high) else [number(domain.high)]
        return ", ".join([f"{low}", f"{low + 1}", "…", *end, *(["∞"] if domain.infinite else [])])
    left = "(" if domain.open_low or math.isinf(domain.low) else "["
    endless = math.isinf(domain.high) and not domain.infinite
    right = ")" if domain.open_high or endless else "]"
    return f"{left}{number(domain.low)}, {number(domain.high)}{right}"


def linked(citation: str) -> str:
    """A citation with links where its address follows from it: arXiv, journals of the APS."""
    text = _CITED.sub(
        lambda m: f"[{m[0]}](https://doi.org/10.1103/{APS[m[1]]}.{m[2]}.{m[3]})", citation
    )
    return _ARXIV.sub(lambda m: f"[{m[0]}](https://arxiv.org/abs/{m[1]})", text)
