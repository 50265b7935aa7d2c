"""The process of networks: those of all pages, each stepped at its pace. Networks are made in a
thread, since a model may have to be compiled first, while those that run go on.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

from replicon._domains import Interval, check_argument
from replicon._errors import InputError
from replicon.serve.asked import Offer
from replicon.serve.frames import message
from replicon.serve.networks import Pace
from replicon.serve.processes import begin, explained, named
from replicon.serve.turns import Turns

_BEHIND = 5  # how far networks stand behind the theory that follows a finger
_FRAME = 1 / 60  # seconds between pictures
_BUDGET = 0.8 * _FRAME  # of which networks may step
_MEASURED = 0.25  # seconds between two reports of what was measured, at least
_MEASURING = 20  # times what a report takes, at least, between two
_ALIVE = 1.0  # seconds between signs of life
_AHEAD = 2  # pictures that may be on their way to a page
_MOST = 12  # networks that run at once, of all pages together
_ORDERS = 256  # of all pages between two pictures
_HELD = 64  # orders to a network that is still being made
_SLOW = 0.5  # seconds of a turn of a network after which the next is announced
MAKING_LIMIT = 90.0  # seconds in which a network must have been made
_STEPS = Interval(0, 100_000, integer=True)  # at once, by hand

Place = tuple[str, str]  # page and slot


def run_networks(
    pipe: Connection,
    models: tuple[str, ...],
    files: Mapping[str, str],
    making_limit: float = MAKING_LIMIT,
) -> None:
    """(page, slot, command, arguments) in, (page, slot, message) out; without a message, what the
    relay should know: ("alive", None), ("turn", place), ("hopeless", place).
    """
    begin()
    import scipy.linalg  # noqa: F401 - what is there can be limited to one thread

    # As in `simulate`: sums, and so the bits, would else depend on the number of cores.
    with (
        threadpool_limits(limits=1, user_api="blas"),
        contextlib.suppress(EOFError, OSError, KeyboardInterrupt),
    ):
        _House(pipe, Offer(models, files), making_limit).run()


class _Order(NamedTuple):
    """What a page wants of a network: a command with its arguments."""

    command: str
    arguments: dict[str, Any]


def _same_control(one: _Order, other: _Order) -> bool:
    name = other.arguments.get("name")
    return one.command == other.command and one.arguments.get("name") == name


class _Making:
    """A network on its way: `arguments` of its start, and what else was ordered meanwhile. `made`
    is the network or an exception, None as long as there is neither.
    """

    def __init__(self, place: Place, arguments: dict[str, Any]):
        self.place = place
        self.arguments = arguments
        self.held: list[_Order] = []
        self.begun = time.monotonic()
        self.wanted = True
        self.made: Any = None

    def hold(self, order: _Order) -> None:
        """Keep an order until the network is there, of the values of a control the newest."""
        if order.command == "set":
            self.held = [one for one in self.held if not _same_control(one, order)]
        self.held = [*self.held, order][-_HELD:]

    def make(self, function: Callable[..., Any]) -> None:
        """Make it, in a thread of its own."""
        self.begun = time.monotonic()
        threading.Thread(target=self._run, args=(function,), daemon=True).start()

    def _run(self, function: Callable[..., Any]) -> None:
        try:
            self.made = function(**self.arguments)
        except Exception as error:  # whatever a page asks for, the other networks go on
            self.made = error


class _Running:
    """A network on a page, its pace, and how many of its pictures are on their way."""

    def __init__(self, network: Any, pace: Pace):
        self.network = network
        self.pace = pace
        self.away = 0
        self.told = 0.0
        self.telling = 0.0  # seconds that the last report took
        self.slow = True  # whether the next turn is announced, for it may take long
        self.stale = True
        self.rate = 0.0
        self.counted = (time.monotonic(), 0)


class _House:
    """All networks of all pages."""

    def __init__(self, pipe: Connection, offer: Offer, making_limit: float):
        from replicon.serve.exhibits import networks

        self.pipe = pipe
        self.offer = offer
        self.known = networks()
        self.making_limit = making_limit
        self.running: dict[Place, _Running] = {}
        self.asked = Turns()
        self.making: _Making | None = None
        self.alive = 0.0
        self._stands_behind = False
        self._orders = {
            "set": self._set,
            "act": self._act,
            "play": self._play,
            "step": self._step_by,
        }

    def run(self) -> None:
        """Until the server is gone."""
        while True:
            begun = time.monotonic()
            if begun - self.alive > _ALIVE:
                self.pipe.send(("alive", None))
                self.alive = begun
            self._make()
            self._turn()
            if self.running and not self.making:
                self._stand_behind()
            busy = self.running or self.making
            rest = max(0.0, begun + _FRAME - time.monotonic()) if busy else _ALIVE
            orders = 0
            while orders < _ORDERS and self.pipe.poll(rest):
                self._obey(*self.pipe.recv())
                orders += 1
                rest = 0.0

    def _stand_behind(self) -> None:
        """Behind the theory that follows a finger, once the first pictures are made: before, nobody
        drags, and everybody waits for them.
        """
        if not self._stands_behind:
            self._stands_behind = True
            with contextlib.suppress(OSError, AttributeError):  # where the system has no such
                os.nice(_BEHIND)

    # ---- making

    def _make(self) -> None:
        """Put the network that was made into its place, and begin the next."""
        making = self.making
        if making is not None:
            if making.made is None:
                if time.monotonic() - making.begun > self.making_limit:
                    self.pipe.send(("hopeless", making.place))
                    os._exit(1)  # the thread cannot be ended otherwise
                return
            self.making = None
            if making.wanted:
                self._guarded(making.place, "start", self._settle, making, of=making.arguments)
        if len(self.asked):
            making = self.asked.take()
            making.make(self._made)
            self.making = making

    def _made(
        self, network: str, arguments: dict, number: int = 0, playing: bool = True,
        speed: float = 30.0, steps: int = 0,
    ) -> tuple[Any, Pace, dict]:  # fmt: skip
        """In the thread: a network whose code is compiled, its pace, and what is told of it."""
        pace = Pace(speed, playing)
        steps = check_argument("steps", steps, _STEPS, "steps at once")
        made = named(self.known, "network", network)(self.offer, **arguments)
        if steps or playing:
            made.step(steps or 1)
        made.view()
        made.measured()
        return made, pace, {"kind": "started", "number": number, **made.told()}

    def _settle(self, making: _Making) -> None:
        if isinstance(making.made, Exception):
            raise making.made
        made, pace, told = making.made
        place = making.place
        self.running.pop(place, None)
        while len(self.running) >= _MOST:
            self._give_up(place[0])
        self.running[place] = _Running(made, pace)
        self._say(place, told)
        for order in making.held:
            self._obey(*place, *order)

    def _give_up(self, page: str) -> None:
        """One network too many: the oldest of the page that has most, if there were one more of
        this page, gives way.
        """
        pages = [page, *(of for of, _ in self.running)]
        crowded = max(reversed(pages), key=pages.count)
        oldest = next(place for place in self.running if place[0] == crowded)
        del self.running[oldest]
        self._say(oldest, {"kind": "given up"})

    # ---- running

    def _turn(self) -> None:
        """Everybody steps, and shows itself where the page has seen the picture before."""
        moving = [one for one in self.running.values() if one.pace.playing]
        for place, one in list(self.running.items()):
            self._guarded(place, "run", self._move, place, one, _BUDGET / max(1, len(moving)))

    def _guarded(
        self, place: Place, command: str, do: Callable, *given: Any, of: Mapping | None = None
    ) -> None:
        """Do it; where it fails the page is told why, and the network rests."""
        try:
            do(*given)
        except ConnectionError:  # the server is gone
            raise
        except Exception as error:  # whatever a page asks for, the other networks go on
            if command == "run" and place in self.running:
                self.running[place].pace.playing = False
                self.running[place].stale = False
            told = {"trouble": explained(error), "command": command}
            self._say(place, {**told, "number": (of or {}).get("number")})

    def _move(self, place: Place, one: _Running, budget: float) -> None:
        count = one.pace.due(budget)
        if count and not one.network.done:
            if one.slow:
                self.pipe.send(("turn", place))
            begun = time.perf_counter()
            one.network.step(count)
            seconds = time.perf_counter() - begun
            one.pace.made(count, seconds)
            one.slow = seconds > _SLOW
            one.stale = True
        if one.stale and one.away < _AHEAD:
            self._show(place, one)

    def _show(self, place: Place, one: _Running) -> None:
        network = one.network
        now = time.monotonic()
        header: dict[str, Any] = {"kind": "frame", "steps": network.steps, "done": network.done}
        settled = network.done or not one.pace.playing
        if now - one.told > max(_MEASURED, _MEASURING * one.telling) or settled:
            begun, steps = one.counted
            one.rate = (network.steps - steps) / max(now - begun, 1e-6)
            one.counted = (now, network.steps)
            one.told = now
            header["measured"] = network.measured()
            header["rate"] = one.rate
            one.telling = time.monotonic() - now
        one.stale = False
        one.away += 1
        self._say(place, header, network.view())

    def _say(self, place: Place, header: dict, arrays: Any = None) -> None:
        page, slot = place
        self.pipe.send((page, slot, message({"slot": slot, **header}, arrays)))

    # ---- orders

    def _obey(self, page: str, slot: str, command: str, arguments: dict) -> None:
        place = (page, slot)
        if command == "seen":
            if place in self.running:
                self.running[place].away = max(0, self.running[place].away - 1)
        elif command == "leave":
            self._leave(page, slot)
        elif command == "start":
            self._guarded(place, command, self._ask, place, arguments)
        else:
            self._guarded(place, command, self._do, place, _Order(command, arguments))

    def _ask(self, place: Place, arguments: dict) -> None:
        """Let a network be made; of a place the newest wins."""
        self.asked.put(*place, _Making(place, arguments))
        if self.making is not None and self.making.place == place:
            self.making.wanted = False

    def _do(self, place: Place, order: _Order) -> None:
        waiting = self.asked.get(*place)
        if waiting is None and self.making and self.making.wanted and self.making.place == place:
            waiting = self.making
        if waiting is not None:
            waiting.hold(order)
        elif place in self.running:
            self._orders[order.command](self.running[place], **order.arguments)

    def _leave(self, page: str, slot: str) -> None:
        """Forget a network, or all of a page (slot '')."""
        self.asked.drop(page, slot)
        making = self.making
        if making is not None and making.place[0] == page and slot in ("", making.place[1]):
            making.wanted = False
        for place in [p for p in self.running if p[0] == page and slot in ("", p[1])]:
            del self.running[place]

    def _set(self, one: _Running, name: str, value: Any) -> None:
        one.network.set(name, value)
        one.stale = True

    def _act(self, one: _Running, name: str, arguments: dict) -> None:
        if not isinstance(arguments, dict):
            raise InputError("An action has arguments by their names.")
        one.network.act(name, **arguments)
        one.stale = True

    def _play(self, one: _Running, playing: bool | None = None, speed: Any = None) -> None:
        one.pace.change(playing, speed)
        one.stale = True

    def _step_by(self, one: _Running, count: int = 1) -> None:
        one.pace.asked += check_argument("count", count, _STEPS, "steps at once")
        one.stale = True
