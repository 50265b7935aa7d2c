"""A static copy of the page, for a lecture without a server: theory on the grid of a walk through
the exhibits, networks as they are filmed now.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from replicon import __version__
from replicon._errors import InputError, RepliconError
from replicon._files import why, write_whole
from replicon.serve import words
from replicon.serve.asked import Offer
from replicon.serve.bundle import PAGE, bundled
from replicon.serve.exhibits import networks, questions
from replicon.serve.frames import message, plain
from replicon.serve.site import site_address, with_site

_PICTURES = 90  # of a film, which then begins again
_FEWEST = 20  # of one whose pictures are large
_BYTES = 1_000_000  # of a film, from which on it ends
_LONGEST = 240  # steps between two pictures
_RATE = 15  # pictures a second (page/recorded.js)


def export(
    folder: Path,
    progress: Callable[[int, int, str], None] = lambda done, all_, name: None,
    site: str = "",
) -> list[Path]:
    """Write the copy into a folder, which is made; the files that were written, `index.html` first.
    It opens from a file or any web host. `progress(done, of, screen)`; `site`: the address of the
    documentation, or the path to it from a copy that lies in it. Raises InputError where it cannot
    be written.

    Source: none. Referee: tests/page/test_copies.py (it opens from a file, answers as the server).
    """
    site = site_address(site)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [write_whole(folder / name, text) for name, text in _frame(site)]
        screens = walk()
        for done, (screen, said) in enumerate(screens.items()):
            progress(done, len(screens), screen)
            text = f"repliconRecord({json.dumps(screen)}, {json.dumps(_recorded(said))});\n"
            written.append(write_whole(folder / f"record-{screen or 'home'}.js", text))
    except OSError as error:
        raise InputError(
            f"The copy cannot be written to '{folder}' ({why(error)}): give another folder."
        ) from None
    return written


def walk() -> dict[str, list[dict[str, Any]]]:
    """What a walk through the page asks and starts, by screen ('' the first): each
    {"question", "arguments"} or {"network", "arguments", "speed"}. Kept in `walk.json`, which
    tests/page/walk.py writes.
    """
    return json.loads((resources.files("replicon.serve") / "walk.json").read_text())


def _frame(site: str) -> Iterator[tuple[str, str]]:
    """The files of every copy: page, style, program."""
    given = {
        "declarations": plain(Offer().declarations()),
        "words": {"zh": words.catalogue("zh")},
    }
    yield "index.html", with_site(_INDEX.format(version=__version__), site)
    yield "style.css", (PAGE / "style.css").read_text()
    yield "icon.svg", (PAGE / "icon.svg").read_text()
    begin = f"m_recorded.beginRecorded({json.dumps(given)});\n"
    yield "page.js", f"(() => {{\n{bundled('recorded')}\n{begin}}})();\n"


_INDEX = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Replicon {version}">
<meta name="site" content="">
<title>Replicon</title>
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="style.css">
</head>
<body>
<div id="page"></div>
<script src="page.js"></script>
</body>
</html>
"""


def _recorded(said: list[dict[str, Any]]) -> dict[str, Any]:
    """Answers and films of a screen: their heads, and all bytes together."""
    offer = Offer()
    known = questions()
    made = networks()
    data = bytearray()
    answers = []
    films = []
    for one in said:
        try:
            if "question" in one:
                header, arrays = known[one["question"]](offer, **one["arguments"])
                answers.append({**one, **_appended(data, message(header, arrays))})
            else:
                network = made[one["network"]](offer, **one["arguments"])
                films.append({**one, "told": plain(network.told()), "pictures": []})
                for picture in _film(network, float(one.get("speed", _RATE))):
                    place = _appended(data, picture)
                    films[-1]["pictures"].append([place["at"], place["bytes"]])
        except RepliconError as error:
            # What the page asked and was refused it is refused in a copy too.
            if "question" in one:
                refused = message({"trouble": str(error)})
                answers.append({**one, **_appended(data, refused)})
    packed = base64.b64encode(gzip.compress(bytes(data), 6, mtime=0)).decode()
    return {"answers": answers, "films": films, "data": packed}


def _film(network: Any, speed: float) -> Iterator[bytes]:
    """Pictures of a network at the pace that the page asked for."""
    steps = min(_LONGEST, max(1, round(speed / _RATE)))
    size = 0
    for place in range(_PICTURES):
        head: Mapping[str, Any] = {
            "kind": "frame",
            "steps": network.steps,
            "done": network.done,
            "measured": network.measured(),
            "rate": steps * _RATE,
        }
        picture = message(head, network.view())
        yield picture
        size += len(picture)
        if network.done or (size > _BYTES and place >= _FEWEST):
            return
        network.step(steps)


def _appended(data: bytearray, part: bytes) -> dict[str, int]:
    at = len(data)
    data += part
    return {"at": at, "bytes": len(part)}
