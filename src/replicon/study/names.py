"""Names of studies and series: they become names of folders, groups and anchors, and are refused
where they could not.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from replicon._domains import show
from replicon._errors import InputError

LONGEST = 100
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)


def check_name(name: Any, kind: str, *, raises: type[Exception] = InputError) -> str:
    """A name of a `study` or of a `series`, as it is; `raises`, one sentence, for what is none.

    Series: letters, digits, - and _. Studies, whose names come from files: also spaces and what
    else is printed, but no slashes and no two dots in a row.
    """
    allowed = (
        "letters, digits, - and _"
        if kind == "series"
        else "printed characters without slashes, colons or '..', not beginning with a dot"
    )
    good = (
        isinstance(name, str)
        and 0 < len(name) <= LONGEST
        and name.isprintable()
        and not _DEVICES.fullmatch(name)
    )
    if good and kind == "series":
        good = bool(re.fullmatch(r"[\w-]+", name))
    elif good:
        good = (
            not re.search(r"[/\\:]|\.\.", name)
            and not name.startswith(".")
            and name == name.strip()
        )
    if not good:
        raise raises(f"{show(name)} is no name of a {kind}: give {allowed}, at most {LONGEST}.")
    return name


def fitted(name: str, ending: str = "") -> str:
    """A name with its ending, cut before it where both would be longer than a name may be: what is
    cut is told apart by eight digits of the whole.
    """
    if len(name + ending) > LONGEST:
        mark = f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        name = name[: LONGEST - len(mark + ending)].rstrip("-. ") + mark
    return name + ending
