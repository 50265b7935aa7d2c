"""The browser and the server of the tests of the page, also for what is run by hand beside them."""

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

_TESTS = str(Path(__file__).parents[1])
if _TESTS not in sys.path:
    sys.path.append(_TESTS)

from served import Served  # noqa: E402 - of the folder above

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> Path | None:
    """The system's Chromium, None where there is none: then Playwright looks for its own."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return Path(found) if found else None


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The address of a server that runs as long as this lasts."""
    server = Served()
    try:
        yield server.url
    finally:
        server.stop()
