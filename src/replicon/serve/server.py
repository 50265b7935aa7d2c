"""`replicon serve`: an address, a token, a browser, and the server until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import stat
import threading
import time
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from replicon._domains import Interval, check_argument
from replicon._errors import InputError
from replicon._files import why

_PORT = Interval(0, 65535, integer=True)
DEFAULT_PORT = 8321
_TOKEN_LIVES = 24 * 3600.0  # seconds
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Address:
    """Where a page is served: a bound socket, its host and port, and the token of its visitors."""

    def __init__(self, host: str, port: int | None):
        self.host = host
        self.socket = _bound(host, port)
        self.port = self.socket.getsockname()[1]
        self.token = _token(self.port)

    @property
    def url(self) -> str:
        """With the token: for the browser of the one who started it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/?token={self.token}"

    @property
    def hosts(self) -> set[str]:
        """What a browser may say in the header Host."""
        names = {self.host} | ({"127.0.0.1", "localhost", "::1"} if self.local else set())
        if self.host in ("0.0.0.0", "::"):
            names |= {"127.0.0.1", "localhost", socket.gethostname(), *_own_addresses()}
        named = {f"[{name}]" if ":" in name.strip("[]") else name for name in names}
        return {f"{name}:{self.port}" for name in named} | (named if self.port == 80 else set())

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in LOOPBACK


def _token(port: int) -> str:
    """The token of the last server at this port, where it began less than a day ago and only this
    user can read of it, so that pages come back to a server that begins again; else a new one.
    """
    token = secrets.token_urlsafe(24)
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "replicon" / "pages"
    file = place / f"{port}.token"
    with contextlib.suppress(OSError, ValueError):
        about = file.lstat()
        private = stat.S_ISREG(about.st_mode) and not stat.S_IMODE(about.st_mode) & 0o077
        fresh = 0 <= time.time() - about.st_mtime < _TOKEN_LIVES
        kept = file.read_text(encoding="ascii") if private and fresh else ""
        if len(kept) == len(token) and about.st_uid == getattr(os, "getuid", lambda: -1)():
            return kept
    with contextlib.suppress(OSError):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(token)
    return token


def _own_addresses() -> set[str]:
    with contextlib.suppress(OSError):
        return {str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None)}
    return set()


def _bound(host: str, port: int | None) -> socket.socket:
    """A listening socket at a port, or, where none is asked for, at the usual one or a free one."""
    for tried in (DEFAULT_PORT, 0) if port is None else (port,):
        check_argument("port", tried, _PORT, "port of the page")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # asyncio lets small messages go at once only where the protocol is named: without it the
        # second of two would wait 40 ms for the first to be acknowledged.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, tried))
        except (OSError, UnicodeError) as error:
            listening.close()
            if port is None and tried and isinstance(error, OSError):
                continue
            told = why(error) if isinstance(error, OSError) else "no host of that name"
            raise InputError(
                f"The page cannot be served at {host}, port {tried} ({told}): give another --port,"
                " or none for a free one."
            ) from None
        listening.listen(64)
        return listening
    raise AssertionError("port 0 is always tried last")


def serve(
    models: tuple[str, ...] = (),
    files: Mapping[str, str] | None = None,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    browser: bool = True,
    language: str = "",
    site: str = "",
) -> None:
    """Serve the page until interrupted. `models`: files of your own models; `files`: {control:
    file} of data that the page offers beside the shipped; `language`: 'zh' opens it in Chinese;
    `site`: the address of the documentation, to which the page then links.
    Prints the address with its token. Raises InputError before anything is served.

    Source: none. Referee: tests/serve.
    """
    from replicon.serve import processes, words
    from replicon.serve.site import site_address

    site = site_address(site)
    if language:
        words.catalogue(language)  # says which there are
    address = Address(host, port)
    processes.preload()

    import uvicorn

    from replicon.serve import application

    brought = (tuple(models), dict(files or {}))
    cookie = f"replicon-{address.port}"
    app = application.build(brought, address.hosts, address.token, cookie, site)
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        ws_max_size=1 << 17,
        ws_ping_interval=10,
        ws_ping_timeout=10,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
        lifespan="on",
    )
    url = address.url + (f"&lang={language}" if language else "")
    if not address.local:
        print(
            f"Whoever reaches {host} and has this address can run simulations on this machine; it"
            " is not encrypted. Without --host only this machine can.",
            flush=True,
        )
    print(f"The page: {url}\nCtrl-C ends it.", flush=True)
    if browser:
        threading.Timer(0.3, webbrowser.open, (url,)).start()
    uvicorn.Server(config).run(sockets=[address.socket])
