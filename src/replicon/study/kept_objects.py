"""Arrays that a study was given as objects, kept by content in the folder of its results: workers
take them from there, and a later run may be given their files in their place.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from replicon._errors import StoreError
from replicon._files import why, write_whole
from replicon._objects import Given

_NAMED = 16  # digits of the content in the name of a file


def keep(folder: Path, plan: dict[str, Any]) -> None:
    """Write every array of a plan to `folder`/objects, once each. Functions are not kept: nothing
    in the folder of a study may run code when it is read. Raises StoreError.
    """
    for given in _given(plan):
        if given.objects.kind != "array":
            continue
        path = folder / "objects" / f"{given.content[:_NAMED]}.npz"
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"'{path.parent}' cannot be written: {why(error)}.") from None
        if not path.is_file():
            content = io.BytesIO()
            np.savez_compressed(content, array=given.held)
            write_whole(path, content.getvalue(), raises=StoreError)
        given.kept = str(path.resolve())


def _given(plan: dict[str, Any]) -> list[Given]:
    """The objects that the series of a plan name as values of their controls."""
    values = [value for series in plan["series"] for value in series["controls"].values()]
    single = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in single if isinstance(one, Given)]
