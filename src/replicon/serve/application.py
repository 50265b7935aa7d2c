"""The server of the page: who may speak to it, what it hands out, and the one socket of a page."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from replicon._domains import show
from replicon._errors import InputError
from replicon.serve import words
from replicon.serve.asked import Offer
from replicon.serve.bundle import served
from replicon.serve.desk import Desk, Question
from replicon.serve.frames import message, parsed
from replicon.serve.relay import Relay
from replicon.serve.site import with_site

_PAGE = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_LANGUAGE = re.compile("[A-Za-z_-]{1,12}")  # what an address may say of it
_PAGES = 40  # open at once
_SLOT = 80  # characters
_WAIT = 0.01  # seconds between two looks whether the networks listen again
_UNHEARD = 256  # messages to a page that does not listen, after which it is closed,
_UNHEARD_BYTES = 1 << 24  # or so many bytes
_MISTAKES = 50  # of one page, after which it is closed
_ORDERS = ("start", "set", "act", "play", "step", "seen", "leave")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Gate:
    """Lets nobody in but the browser that was given the token: the Host must be ours (400), the
    Origin too (403), and the cookie, which the first address with the token sets, must be there
    (403).
    """

    def __init__(self, app: ASGIApp, hosts: set[str], token: str, cookie: str):
        self.app = app
        self.hosts = hosts
        self.token = token
        self.cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        answer = self._refused(scope) or self._entrance(scope)
        if answer is None:
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            answer.headers.update(_HEADERS)
            await answer(scope, receive, send)
        else:
            await receive()
            if "websocket.http.response" in scope.get("extensions", {}):
                await answer(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})

    def _refused(self, scope: Scope) -> Response | None:
        hosts = _given(scope, b"host")
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return PlainTextResponse("This address is not served here.", 400)
        origins = _given(scope, b"origin")
        if not origins and scope["type"] == "websocket":
            return PlainTextResponse("A page says where it comes from.", 403)
        if any(origin.partition("://")[2] not in self.hosts for origin in origins):
            return PlainTextResponse("Pages from elsewhere may not speak to this one.", 403)
        given = ";".join(_given(scope, b"cookie")).split(";")
        cookies = [part.strip().partition("=") for part in given]
        held = any(name == self.cookie and self._is_token(value) for name, _, value in cookies)
        if held or self._brings_token(scope):
            return None
        return PlainTextResponse(
            "This page is private: open the address that `replicon serve` printed, with its token.",
            403,
        )

    def _is_token(self, given: str) -> bool:
        return given.isascii() and secrets.compare_digest(given, self.token)

    def _brings_token(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["path"] != "/":
            return False
        return self._is_token(_query(scope).get("token", ""))

    def _entrance(self, scope: Scope) -> Response | None:
        """The token becomes a cookie, and leaves the address; a language stays in it."""
        if not self._brings_token(scope):
            return None
        language = _query(scope).get("lang", "")
        kept = f"/?lang={language}" if _LANGUAGE.fullmatch(language) else "/"
        answer = RedirectResponse(kept, 303)
        answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return answer


def _given(scope: Scope, header: bytes) -> list[str]:
    """Every value of a header."""
    return [value.decode("latin-1") for name, value in scope["headers"] if name == header]


def _query(scope: Scope) -> dict[str, str]:
    query = scope["query_string"].decode("latin-1")
    return dict(part.partition("=")[::2] for part in query.split("&"))


def _with_headers(send: Send) -> Send:
    async def sending(event: Any) -> None:
        if event["type"] == "http.response.start":
            lines = [(k.lower().encode(), v.encode()) for k, v in _HEADERS.items()]
            event = {**event, "headers": [*event["headers"], *lines]}
        await send(event)

    return sending


class House:
    """All pages that are open, with the desk and the relay that serve them."""

    def __init__(self, offer: Offer, brought: tuple[tuple[str, ...], dict[str, str]]):
        self.pages: dict[str, Callable[[bytes], None]] = {}
        self.desk = Desk(self.tell, brought, _ahead(offer))
        self.relay = Relay(self.tell, brought)

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self.relay.begin()
        self.desk.begin()
        try:
            yield
        finally:
            self.desk.stop()
            self.relay.stop()

    def tell(self, page: str, data: bytes) -> None:
        """Put a message on its way to a page, or to all ('')."""
        for name in [page] if page else list(self.pages):
            if name in self.pages:
                self.pages[name](data)

    def enter(self, page: str, tell: Callable[[bytes], None]) -> None:
        """A page comes, to which messages are told."""
        self.pages[page] = tell

    def leave(self, page: str) -> None:
        """A page goes, and its networks with it."""
        if self.pages.pop(page, None) is not None:
            self.desk.forget(page)
            self.relay.order(page, "", "leave", {})

    async def socket(self, socket: WebSocket) -> None:
        """One page, from its first word to its last."""
        await socket.accept()
        if len(self.pages) >= _PAGES:
            told = "Too many pages are open: close one of them and load this one again."
            await socket.send_bytes(message({"kind": "full", "trouble": told}))
            await socket.close(1013)
            return
        page = secrets.token_hex(8)
        box = Outbox()
        ends = [
            asyncio.create_task(box.send_all(socket)),
            asyncio.create_task(self._hear_all(page, socket)),
        ]

        def tell(data: bytes) -> None:
            """A page that does not listen is left: nothing piles up."""
            if not box.put(data):
                self.leave(page)
                ends[0].cancel()

        self.enter(page, tell)
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.leave(page)
            for end in ends:
                end.cancel()
            with contextlib.suppress(Exception):
                await socket.close(1008)

    async def _hear_all(self, page: str, socket: WebSocket) -> None:
        """Everything that a page says, until it goes or has made too many mistakes."""
        mistakes = 0
        while mistakes < _MISTAKES:
            event = await socket.receive()
            if event["type"] == "websocket.disconnect":
                return
            try:
                self.hear(page, parsed(event.get("text")))
            except InputError as error:
                mistakes += 1
                self.tell(page, message({"kind": "mistake", "trouble": str(error)}))
            while self.relay.full:
                await asyncio.sleep(_WAIT)

    def hear(self, page: str, said: Mapping[str, Any]) -> None:
        """What a page says: a question to the desk, or an order to a network. InputError for what
        is neither, or too much.
        """
        do = said.get("do")
        slot = said.get("slot", "")
        arguments = said.get("arguments", {})
        if not isinstance(slot, str) or len(slot) > _SLOT or (not slot and do != "leave"):
            raise InputError(f"A slot is a text of 1 to {_SLOT} characters.")
        if not isinstance(arguments, dict):
            raise InputError("Arguments are given by their names.")
        if do == "ask":
            name = said.get("question")
            number = said.get("number", 0)
            if not isinstance(name, str) or type(number) is not int:
                raise InputError("A question has a name and a number.")
            patient = said.get("patient") is True
            self.desk.ask(Question(page, slot, number, name, arguments), patient)
        elif do in _ORDERS:
            self.relay.order(page, slot, do, arguments)
        else:
            raise InputError(f"A page may say {', '.join(('ask', *_ORDERS))}, not {show(do)}.")


class Outbox:
    """What waits to be sent to a page, of which there is room for so much."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._bytes = 0

    def put(self, data: bytes) -> bool:
        """Whether there was room."""
        unheard = self._queue.qsize()
        if unheard >= _UNHEARD or (unheard and self._bytes + len(data) > _UNHEARD_BYTES):
            return False
        self._queue.put_nowait(data)
        self._bytes += len(data)
        return True

    async def send_all(self, socket: WebSocket) -> None:
        """Send whatever comes, for as long as there is somebody to hear it."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
            while True:
                data = await self._queue.get()
                self._bytes -= len(data)
                await socket.send_bytes(data)


# The models that are visited most, compiled ahead while nobody asks.
_VISITED = ("hopfield", "square-lattice", "curie-weiss", "perceptron", "recurrent-dynamics", "rbm")


def _ahead(offer: Offer) -> list[Question]:
    """A curve of each of the most visited models, the user's own first."""
    out = []
    for name in (*offer.own, *_VISITED):
        model = offer.model(name)
        numeric = [c for c in model.controls_for("theory") if c.range is not None]
        if model.solve is not None and numeric:
            span = [float(end) for end in numeric[0].range or ()]
            asked = {
                "model": name,
                "controls": {},
                "along": numeric[0].name,
                "span": span,
                "count": 0,
            }
            branch = {"branch": model.branches[0].name} if model.branches else {}
            out.append(Question("", "", 0, "curve", {**asked, **branch}))
    return out


def build(
    brought: tuple[tuple[str, ...], dict[str, str]],
    hosts: set[str],
    token: str,
    cookie: str,
    site: str = "",
) -> ASGIApp:
    """The application: `brought` is what the command line names, (files of models, {control: file
    of data}), `site` the address of the documentation.
    """
    offer = Offer(*brought)
    house = House(offer, brought)
    declared = _Packed("application/json", json.dumps(offer.declarations()).encode())
    files = {
        path.name: _Packed(_TYPES[path.suffix], path.read_bytes())
        for path in _PAGE.iterdir()
        if path.suffix in _TYPES and path.suffix != ".js"
    }
    for name, source in served("start").items():
        files[f"{name}.js"] = _Packed(_TYPES[".js"], source.encode())
    index = with_site((_PAGE / "index.html").read_text(encoding="utf-8"), site)
    ahead = '<link rel="preload" href="declarations.json" as="fetch" crossorigin>'
    index = index.replace("</head>", f"{ahead}\n</head>")
    files["index.html"] = _Packed(_TYPES[".html"], index.encode())

    async def page(request: Request) -> Response:
        name = request.path_params.get("name") or "index.html"
        if name not in files:
            return PlainTextResponse("There is no such thing here.", 404)
        return files[name].answer(request)

    async def declarations(request: Request) -> Response:
        return declared.answer(request)

    def language(request: Request) -> Response:  # in a thread, for it reads a catalogue
        try:
            told = words.catalogue(request.path_params["name"])
        except InputError as error:
            return PlainTextResponse(str(error), 404)
        return _Packed("application/json", json.dumps(told).encode()).answer(request)

    routes = [
        Route("/", page),
        Route("/declarations.json", declarations),
        Route("/words/{name}.json", language),
        WebSocketRoute("/socket", house.socket),
        Route("/{name}", page),
    ]
    return Gate(Starlette(routes=routes, lifespan=house.lifespan), hosts, token, cookie)


class _Packed:
    """A file of the page, compressed once for all who understand that."""

    def __init__(self, kind: str, data: bytes):
        self._kind = kind
        self._data = data
        self._packed = gzip.compress(data, mtime=0)

    def answer(self, request: Request) -> Response:
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self._data, media_type=self._kind)
        return Response(self._packed, media_type=self._kind, headers={"Content-Encoding": "gzip"})
