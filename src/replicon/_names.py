"""Names as people write them: Greek letters for symbols, words in other spellings, and the nearest
of those that are known.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence

_LETTER = "GREEK SMALL LETTER "
_CAPITAL = "GREEK CAPITAL LETTER "


def nearest(name: str, known: Sequence[str], *, cutoff: float = 0.4) -> str:
    """The known name that is most like a name, '' where none is."""
    found = difflib.get_close_matches(name, known, n=1, cutoff=cutoff)
    return found[0] if found else ""


def spelled(symbol: str) -> str:
    """A symbol with its Greek letters spelled, as declarations write them: 'α' is 'alpha'."""
    return "".join(_letter(character) for character in symbol)


def _letter(character: str) -> str:
    told = unicodedata.name(character, "").replace("LAMDA", "LAMBDA")  # as Unicode spells it
    if told.startswith(_CAPITAL):
        return told.removeprefix(_CAPITAL).capitalize()
    return told.removeprefix(_LETTER).lower() if told.startswith(_LETTER) else character


def folded(word: str) -> str:
    """A word without what writers differ in: capitals, and _ for -."""
    return word.lower().replace("_", "-")
