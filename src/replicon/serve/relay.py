"""The networks of all pages, in a process of their own: what pages say is handed on, what networks
show is handed back, and when the process ends another begins where the pages were.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from replicon._errors import InputError
from replicon.serve.frames import message
from replicon.serve.processes import PAUSE, Handle
from replicon.serve.running import Place, run_networks

LIMIT = 8.0  # seconds without a sign of life after which the process is ended
_BEGINNING = 60.0  # seconds more that a process may take to begin
_LOOK = 1.0
_NETWORKS = 24  # of one page: more than run at once
_CHANGED = 64  # controls of a network that are remembered as they were changed
_SHORT_LIVES = 3  # in a row, after which it is no accident


class Relay:
    """`tell(page, message)` sends bytes to a page, '' to all. `limit`: seconds without a sign of
    life.
    """

    def __init__(self, tell: Callable[[str, bytes], None], brought: tuple, limit: float = LIMIT):
        self._tell = tell
        self._brought = brought
        self._limit = limit
        self._started: dict[Place, dict[str, Any]] = {}
        self._changed: dict[Place, dict[str, Any]] = {}
        self._turn: Place | None = None
        self._short_lives = 0
        self._shown = False  # whether this process has shown a network
        self._stopped = False
        self._watch: asyncio.TimerHandle | None = None
        self.handle: Handle | None = None

    def begin(self) -> None:
        """Start the process, and in it every network that pages look at."""
        self._turn = None
        self._shown = False
        self._heard_at = time.monotonic() + _BEGINNING
        self.handle = Handle(run_networks, self._brought, self._heard, self._ended)
        for (page, slot), arguments in self._started.items():
            self.handle.say((page, slot, "start", arguments))
            for name, value in self._changed[page, slot].items():
                self.handle.say((page, slot, "set", {"name": name, "value": value}))
        if self._watch:
            self._watch.cancel()
        self._watch = asyncio.get_running_loop().call_later(_LOOK, self._look)

    def stop(self) -> None:
        """End for good."""
        self._stopped = True
        if self._watch:
            self._watch.cancel()
        if self.handle:
            self.handle.kill()

    @property
    def full(self) -> bool:
        """Whether pages should wait before they say more."""
        return self.handle is not None and self.handle.full

    def order(self, page: str, slot: str, command: str, arguments: dict[str, Any]) -> None:
        """Hand on what a page says; InputError for one network too many."""
        place = (page, slot)
        if command == "start":
            held = sum(of == page for of, _ in self._started)
            if place not in self._started and held >= _NETWORKS:
                raise InputError(f"A page may have {_NETWORKS} networks: leave one of them.")
            self._started[place] = arguments
            self._changed[place] = {}
        elif command == "leave":
            for known in [p for p in self._started if p[0] == page and slot in ("", p[1])]:
                self._forget(known)
        elif place in self._started and command == "set":
            self._remember(self._changed[place], arguments)
        elif place in self._started and command == "play":
            now = {k: v for k, v in arguments.items() if k in ("playing", "speed")}
            self._started[place] = {**self._started[place], **now}
        if self.handle:
            self.handle.say((page, slot, command, arguments))

    def _remember(self, changed: dict[str, Any], arguments: dict[str, Any]) -> None:
        name = arguments.get("name")
        if isinstance(name, str) and (name in changed or len(changed) < _CHANGED):
            changed[name] = arguments.get("value")

    def _forget(self, place: Place, why: str = "") -> None:
        if self._started.pop(place, None) is not None:
            del self._changed[place]
        if why:
            page, slot = place
            self._tell(page, message({"slot": slot, "trouble": why, "command": "run"}))

    def _heard(self, value: Any) -> None:
        self._heard_at = time.monotonic()
        if len(value) == 3:
            page, _, data = value
            self._shown = True
            self._tell(page, data)
            return
        told, place = value
        self._turn = place if told == "turn" else None
        if told == "hopeless":
            self._forget(place, "This network could not be made in time: choose another.")

    def _look(self) -> None:
        """End a process that is stuck; the network that it is stuck in is not begun again."""
        if time.monotonic() - self._heard_at > self._limit and self.handle:
            stuck = [self._turn] if self._turn in self._started else list(self._started)
            for place in stuck:
                self._forget(place, "This network is too slow to watch: make it smaller.")
            self._heard_at = time.monotonic() + _BEGINNING
            self.handle.kill()
        self._watch = asyncio.get_running_loop().call_later(_LOOK, self._look)

    def _ended(self) -> None:
        """The process is gone: say so, and begin another."""
        if self._stopped or self.handle is None:
            return
        self._tell("", message({"kind": "state", "state": "replaced", "of": "networks"}))
        short = self.handle.short_lived or not self._shown
        self._short_lives = self._short_lives + 1 if short else 0
        if self._short_lives >= _SHORT_LIVES:
            for place in list(self._started):
                self._forget(place, "The networks end again and again: start another.")
        self.handle = None
        asyncio.get_running_loop().call_later(PAUSE if short else 0.0, self._again)

    def _again(self) -> None:
        if not self._stopped:
            self.begin()
