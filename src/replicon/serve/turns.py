"""Who is next: what waits for a process, by page and by place of the page."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from replicon._errors import InputError

_PLACES = 64  # of one page that may wait at once: several times what any screen has


class Turns:
    """Things that wait. Of a place only the newest is kept; pages take turns, one thing each, so
    that no page waits for more than one thing of another.
    """

    def __init__(self) -> None:
        self._pages: OrderedDict[str, OrderedDict[str, Any]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(places) for places in self._pages.values())

    def put(self, page: str, slot: str, thing: Any) -> None:
        """Let it wait, in the place of an older one if there is any; InputError for a page that
        has too many waiting.
        """
        places = self._pages.get(page, OrderedDict())
        if slot not in places and len(places) >= _PLACES:
            raise InputError(f"A page may wait for {_PLACES} things at once: wait for an answer.")
        places[slot] = thing
        self._pages[page] = places

    def take(self) -> Any:
        """What waits in the place whose turn it is."""
        page, places = self._pages.popitem(last=False)
        _, thing = places.popitem(last=False)
        if places:
            self._pages[page] = places
        return thing

    def get(self, page: str, slot: str) -> Any:
        """What waits in a place, None where nothing does."""
        return self._pages.get(page, {}).get(slot)

    def drop(self, page: str, slot: str = "") -> None:
        """Forget what waits in a place, or ('') in all of a page."""
        places = self._pages.get(page, {})
        for name in [name for name in places if slot in ("", name)]:
            del places[name]
        if not places:
            self._pages.pop(page, None)
