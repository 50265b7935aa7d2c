"""Where the documentation lies, of which the page has links: an address of whoever serves it, else
the one that the installed package names (`Documentation` among its addresses), else none.
"""

from __future__ import annotations

import html
import re
from importlib import metadata
from urllib.parse import urlsplit

from replicon._domains import show
from replicon._errors import InputError

_META = '<meta name="site" content="">'
_RELATIVE = re.compile(r"[\w.-]+(/[\w.-]+)*")


def site_address(given: str) -> str:
    """The address without its last slash. InputError for what is none: an http(s) address, or, for
    a copy that lies in the site, a path from it such as '..'.
    """
    if not given:
        return _declared()
    parts = urlsplit(given)
    if (parts.scheme in ("http", "https") and parts.netloc) or _RELATIVE.fullmatch(
        given.rstrip("/")
    ):
        return given.rstrip("/")
    raise InputError(
        f"site = {show(given)} is no address of a documentation: give http://... or https://...,"
        " or, for a copy inside the site, the path to it, such as '..'."
    )


def with_site(page: str, site: str) -> str:
    """The first page with the address in its head, where scripts find it."""
    if _META not in page:
        raise AssertionError("the page has no place for the address of the documentation")
    return page.replace(_META, f'<meta name="site" content="{html.escape(site)}">')


def _declared() -> str:
    try:
        named = metadata.metadata("replicon").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return ""
    found = dict(one.split(", ", 1) for one in named)
    return found.get("Documentation", "").rstrip("/")
