"""Files of studies: those that come with the package, by name, and users', by path."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from replicon._declare import nearest
from replicon._domains import show
from replicon._errors import InputError
from replicon._files import check_path, read_bytes, write_whole

_SHIPPED = Path(__file__).parents[1]


def shipped() -> list[str]:
    """Names of the studies that come with the package, in the order in which a reader should meet
    them.
    """
    return list(_shipped())


@cache
def _shipped() -> dict[str, Path]:
    """The file of every shipped study by name, in their order; they lie in the systems' folders."""
    found = []
    for path in _SHIPPED.glob("*/studies/*.toml"):
        found.append((tomllib.loads(path.read_text(encoding="utf-8"))["order"], path))
    return {path.stem: path for _, path in sorted(found)}


def source(study: str | Path) -> tuple[Path, bytes]:
    """The path and content of a shipped study's file, by name, or of a user's; InputError for what
    is none.
    """
    check_path("study", study, "give the name of a shipped study, or of a TOML file")
    path = _shipped().get(str(study), Path(study))
    if is_there(path):
        return path, read_bytes(path, f"give a TOML file or one of {', '.join(shipped())}")
    near = nearest(str(study), shipped(), cutoff=0.6)
    hint = f" Did you mean '{near}'?" if near else ""
    raise InputError(
        f"No study {show(str(study))}.{hint} Give a TOML file or one of {', '.join(shipped())}."
    )


def read_table(study: str | Path) -> tuple[Path, dict[str, Any]]:
    """The path of a study's file and what it holds, not yet checked."""
    path, content = source(study)
    try:
        return path, tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"'{path}' is not valid TOML: {error}.") from None


def headline(study: str | Path) -> dict[str, Any]:
    """Name, system (the room that it lies in, '' for a user's), title and question of a study, and
    its costs on an idle machine where its file holds them (else None).

    `quick_seconds`: the small version in the tour of all studies by two workers from empty caches,
    measured; studies of a system share what they compile. `full_minutes`: the whole in one process,
    of processor time where the gallery's pictures were drawn from it (`docs/draw.py`), else
    estimated from two points of each series as `cost.costs` does; at least the small one's time.
    """
    path, table = read_table(study)
    system = path.parents[1].name if path in _shipped().values() else ""
    told = {key: str(table.get(key, "")) for key in ("title", "question")}
    costs = {key: table.get(key) for key in ("quick_seconds", "full_minutes")}
    return {"study": path.stem, "system": system, **told, **costs}


def toured(studies: str) -> list[str]:
    """Names of the studies of a tour, in their order: the `core` ones, `all`, or those that are
    named, with commas between. Raises InputError for a name that is none.
    """
    if studies == "all":
        return shipped()
    if studies == "core":
        return [name for name in shipped() if read_table(name)[1].get("tour") == "core"]
    named = [name.strip() for name in studies.split(",")]
    known = shipped()
    for name in named:
        if name not in known:
            near = nearest(name, ["core", "all", *known], cutoff=0.6)
            hint = f" Did you mean '{near}'?" if near else ""
            raise InputError(
                f"studies = {show(name)} is not in the tour.{hint} Give core, all or names of"
                f" shipped studies with commas between: {', '.join(known)}."
            )
    return [name for name in known if name in named]


def copy_to(study: str | Path, path: Path) -> Path:
    """Write a study's file where no file is yet, for a user to change."""
    if path.exists():
        raise InputError(f"'{path}' is there already: give another name for the copy.")
    if path.suffix != ".toml":
        raise InputError(f"'{path}' would be no study: give a name that ends in .toml.")
    return write_whole(path, source(study)[1])


def is_there(path: Path) -> bool:
    """Whether a path leads to a file; what is no path leads nowhere."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
