"""Who may speak to the page's server, and what may be said to it: everybody else and everything
else gets a sentence, and the server goes on.
"""

import asyncio
import contextlib
import json
import os
import re
import socket
import sys
import time

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

import replicon
from replicon.serve.frames import parsed
from replicon.study import catalogue
from served import PATIENCE, Served

_MEGABYTE = 1 << 20
_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
_CURVE = {"model": "curie-weiss", "controls": {}, "along": "temperature", "span": [0.5, 1.5]}
_PROCESSES = [m.name for m in catalogue.shipped() if m.start or m.start_many]


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A file of patterns that the command line names."""
    path = tmp_path_factory.mktemp("mine") / "patterns.npy"
    np.save(path, np.sign(np.random.default_rng(0).normal(size=(4, 30))))
    return path


@pytest.fixture(scope="module")
def served(mine):
    server = Served(f"patterns={mine}")
    yield server
    assert server.process.poll() is None, server.complaints
    server.stop()
    assert "Traceback" not in server.complaints


def _alive(server):
    with server.page() as page:
        answer, arrays = page.ask("curve", **_CURVE)
        assert answer["point"]["converged"] and len(arrays["x"]) == 127


def test_a_foreign_host_is_refused(served):
    for host in ("evil.example", "127.0.0.1", f"evil.example:{served.port}", ""):
        status, _, body = served.get("/", host=host)
        assert (status, body) == (400, b"This address is not served here."), host


def test_the_names_of_this_machine_are_hosts(served):
    for host in (f"localhost:{served.port}", f"[::1]:{served.port}"):
        assert served.get("/", host=host)[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", ""])
def test_a_foreign_origin_is_refused(served, origin):
    assert served.get("/", headers={"Origin": origin})[0] == 403
    with pytest.raises(InvalidStatus) as refused, served.page(origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_a_socket_says_where_it_comes_from(served):
    with pytest.raises(InvalidStatus) as refused, served.page(origin=None):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["/", "/main.js", "/declarations.json", "/words/zh.json", "/none"])
def test_nothing_without_the_token(served, path):
    for cookie in ("", f"replicon-{served.port}=wrong", f"other={served.token}", "é", "a=b; ;=;"):
        assert served.get(path, cookie=cookie)[0] == 403
    assert served.get(f"{path}?token=wrong", cookie="")[0] == 403


def test_no_socket_without_the_token(served):
    with pytest.raises(InvalidStatus) as refused, served.page(additional_headers={}):
        pass
    assert refused.value.response.status_code == 403


def test_the_token_becomes_a_cookie_and_leaves_the_address(served):
    status, headers, _ = served.get(f"/?token={served.token}", cookie="")
    assert status == 303 and headers["Location"] == "/"
    cookie = headers["Set-Cookie"].lower()
    assert "samesite=strict" in cookie and "httponly" in cookie and "path=/" in cookie
    assert served.get("/main.js?token=" + served.token, cookie="")[0] == 403


def test_the_language_stays_in_the_address(served):
    asked = f"/?token={served.token}&lang="
    assert served.get(asked + "zh", cookie="")[1]["Location"] == "/?lang=zh"
    for strange in ("//evil.example", "zh%0d%0aX: y", "a" * 30):
        assert served.get(asked + strange.replace(" ", "%20"), cookie="")[1]["Location"] == "/"


def test_every_answer_has_the_headers_of_a_private_page(served):
    for path, cookie in [("/", None), ("/main.js", None), ("/none", None), ("/", "")]:
        _, headers, _ = served.get(path, cookie=cookie)
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "*" not in policy and "http" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../application.py",
        "/..%2fapplication.py",
        "/%2e%2e/application.py",
        "/..\\application.py",
        "//etc/passwd",
        "/page/main.js",
        "/application.py",
        "/main.js%00",
        "/words/../../etc/passwd.json",
        "/words/..%2f..%2fdesk.json",
        "/words/fr.json",
        "/socket",
        "/" + "a" * 5000,
    ],
)
def test_nothing_but_the_page_is_handed_out(served, path):
    status, _, body = served.get(path)
    assert status == 404, body
    assert b"import" not in body and b"root:" not in body


def test_the_page_is_handed_out_small_and_whole(served):
    """A browser that can, gets it compressed."""
    import gzip

    _, plain_headers, plain = served.get("/start.js")
    _, packed_headers, packed = served.get("/start.js", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain_headers
    assert packed_headers["Content-Encoding"] == "gzip" and len(packed) < len(plain) / 2
    assert gzip.decompress(packed) == plain


_MALFORMED = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '"ask"',
    "{}",
    '{"do": "ask"}',
    '{"do": "ask", "slot": 1, "question": "curve"}',
    '{"do": "ask", "slot": "a", "question": ["curve"], "number": 1}',
    '{"do": "ask", "slot": "a", "question": "curve", "number": "1"}',
    '{"do": "ask", "slot": "a", "question": "curve", "number": 1, "arguments": []}',
    '{"do": "exec", "slot": "a"}',
    '{"do": ["ask"], "slot": "a"}',
    '{"do": "start", "arguments": {}}',
    '{"do": "set", "slot": "' + "a" * 81 + '"}',
    '{"do": "set", "slot": "a", "arguments": {"value": NaN}}',
    '{"do": "set", "slot": "a", "arguments": {"value": -Infinity}}',
    '{"do": "set", "slot": "a", "arguments": {"value": 1e999}}',
    '{"do": "set", "slot": "a", "arguments": {"value": ' + "9" * 5000 + "}}",
    '{"do": "set", "slot": "a", "arguments": ' + '{"a": ' * 20 + "1" + "}" * 20 + "}",
    "[" * 30_000,
    '{"a": ' * 10_000 + "1" + "}" * 10_000,
    "x" * 70_000,
    b"",
    b"\x00\xff" * 100,
    b'{"do": "leave"}',
]


@pytest.mark.parametrize("said", [text for text in _MALFORMED if isinstance(text, str)])
def test_a_malformed_frame_gets_a_sentence(served, said):
    with served.page() as page:
        page.socket.send(said)
        header, _ = page.wait(lambda h: h.get("kind") == "mistake")
        assert re.fullmatch(r"[A-Z].{10,200}[.]", header["trouble"]), header
        assert "Error" not in header["trouble"]


def test_numbers_that_are_none_are_refused():
    for text in ('{"a": NaN}', '{"a": Infinity}', '{"a": [1e400]}', '{"a": -1e400}'):
        with pytest.raises(replicon.InputError, match=r"JSON has no|too large"):
            parsed(text)
    assert parsed('{"a": [1.5, -2, 1e-400, "inf"]}') == {"a": [1.5, -2, 0.0, "inf"]}


@_LINUX
def test_ten_thousand_malformed_frames(served):
    """A page that makes mistake after mistake is closed, and the next comes."""
    before = served.memory()
    sent = 0
    while sent < 10_000:
        with served.page() as page:
            with contextlib.suppress(ConnectionClosed):
                for _ in range(60):
                    page.socket.send(_MALFORMED[sent % len(_MALFORMED)])
                    sent += 1
            page.drain()
    assert served.memory() < before + 64 * _MEGABYTE
    _alive(served)


def _say_and_wait(page, said):
    page.socket.send(said)  # which may be too long to be taken to its end
    page.wait(lambda h: False)


def test_frames_beyond_all_bounds_close_the_page(served):
    for said in ("x" * (1 << 18), b"\0" * (1 << 22)):
        with served.page() as page, pytest.raises(ConnectionClosed):
            _say_and_wait(page, said)
    _alive(served)


@_LINUX
def test_five_hundred_sockets(served):
    """Forty pages are open at once; others are told so and closed."""
    before = served.memory()

    async def one():
        async with served.opening() as opened:
            with contextlib.suppress(ConnectionClosed):
                while True:
                    if b'"full"' in await asyncio.wait_for(opened.recv(), 60):
                        return "full"
            return "closed"

    async def many():
        tasks = [asyncio.create_task(one()) for _ in range(500)]
        done = []
        for ended in asyncio.as_completed(tasks, timeout=60):
            done.append(await ended)
            if len(done) == 460:
                break
        kept = [task for task in tasks if not task.done()]
        for task in kept:
            task.cancel()
        await asyncio.gather(*kept, return_exceptions=True)
        return done, len(kept)

    turned_away, kept = asyncio.run(many())
    assert turned_away.count("full") == 460 and kept == 40
    assert served.memory() < before + 64 * _MEGABYTE
    _alive(served)


def test_five_hundred_silent_connections(served):
    with contextlib.ExitStack() as held:
        for _ in range(500):
            held.enter_context(socket.create_connection(("127.0.0.1", served.port)))
        _alive(served)


_PATHS = ["/etc/passwd", "mine.py", "./mine.py", "../patterns.npy", "file:///etc/passwd", "studies"]
_ASKED = [
    *({**_CURVE, "model": name} for name in [*_PATHS, "no-such", "", 1, None, ["curie-weiss"], {}]),
    *({**_CURVE, "model": "hopfield", "controls": {"patterns": path}} for path in _PATHS),
    *({**_CURVE, "model": "recurrent-network", "controls": {"couplings": p}} for p in _PATHS),
    *({**_CURVE, "controls": {"temperature": v}} for v in (["0.1"] * 5000, "0:1:9", "a", -1, None)),
    *({**_CURVE, "controls": {"temperature": v}} for v in ({}, True, "mine.py", 1e308)),
    {**_CURVE, "controls": {"no_such": 1}},
    {**_CURVE, "controls": [1, 2]},
    *(
        {**_CURVE, "span": span}
        for span in (None, "ab", [1], [1, 2, 3], ["a", "b"], [2, 1], [None, None], [[1], [2]])
    ),
    {**_CURVE, "along": "no_such"},
    {**_CURVE, "along": ["temperature"]},
    {**_CURVE, "branch": "no_such"},
    {**_CURVE, "branch": {"a": 1}},
]
# What is fine as asked: very hot, and a list of texts.
_FINE = {"temperature": 1e308}


@pytest.mark.parametrize("asked", _ASKED, ids=lambda asked: str(asked)[:70])
def test_a_question_beyond_the_page_gets_a_sentence(served, asked):
    with served.page() as page:
        answer, _ = page.ask("curve", **asked)
    if asked["controls"] == _FINE:
        return
    assert re.search(r"[.]$", answer["trouble"]), answer
    assert "root:" not in answer["trouble"] and len(answer["trouble"]) < 1000


@pytest.mark.parametrize("name", ["nope", "__class__", "os.system", "eval", "../x"])
def test_an_unknown_question_gets_a_sentence(served, name):
    with served.page() as page:
        assert page.ask(name)[0]["trouble"] == f"There is no question '{name}' on this page."


def test_more_points_than_a_page_shows_get_a_sentence(served):
    plane = {
        "model": "hopfield",
        "controls": {},
        "x": "load",
        "y": "temperature",
        "x_span": [0.01, 0.2],
        "y_span": [0.01, 1],
    }
    with served.page() as page:
        for many in (10**9, 1e300, "9", [33], -1, 257):
            answer, _ = page.ask("line", **plane, name="spin-glass", count=many)
            assert "points of a line" in answer["trouble"]
        for many in (10**9, 65):
            answer, _ = page.ask("regions", **plane, branches=["retrieval"], side=many)
            assert "points of a side" in answer["trouble"]
        answer, _ = page.ask("regions", **plane, branches=["retrieval"] * 1000)
        assert "name some of hopfield" in answer["trouble"]
        answer, _ = page.ask("points", model="hopfield", controls={}, branches="retrieval")
        assert "name some of hopfield" in answer["trouble"]


@pytest.mark.parametrize("model", _PROCESSES)
def test_a_network_of_a_billion_gets_a_sentence(served, model):
    with served.page() as page:
        for size in (10**9, 10**18, 10**30):
            assert "size" in page.start(model, size=size)[0]["trouble"]


@pytest.mark.parametrize(
    "started",
    [
        *({"size": size} for size in ("ten", -5, 0, 1.5, [100], {"a": 1}, True, "1:9:3", None)),
        *({"seed": seed} for seed in ("x", -1, 1.5, 1e30, [1], None, "mine.py")),
        *({"model": path} for path in [*_PATHS, None, ["hopfield"]]),
        *({"controls": {"patterns": path}} for path in _PATHS),
        *({"controls": value} for value in ([], "x", 7, {"load": [0.1] * 5000}, {"load": "0:1:9"})),
        {"strange": 1},
    ],
    ids=str,
)
def test_a_network_beyond_the_page_gets_a_sentence(served, started):
    inner = {"model": "hopfield", "controls": {}, "size": 100, **started}
    with served.page() as page:
        page.order("start", network="model", arguments=inner)
        header, _ = page.wait(lambda h: h.get("slot") == "here")
    assert header["trouble"].endswith("."), header


@pytest.mark.parametrize(
    "pace",
    [
        *({"speed": speed} for speed in ("nan", "fast", -1, 1e300, [1], {})),
        *({"steps": steps} for steps in (10**12, -1, "x", 0.5)),
        *({"network": name} for name in ("os.system", "__init__", 1, None, ["model"])),
        {"strange": 1},
    ],
    ids=str,
)
def test_a_pace_beyond_the_page_gets_a_sentence(served, pace):
    inner = {"model": "hopfield", "controls": {}, "size": 100}
    with served.page() as page:
        page.order("start", **{"network": "model", "arguments": inner, **pace})
        header, _ = page.wait(lambda h: h.get("slot") == "here")
    assert header["trouble"].endswith("."), header


def test_a_network_that_does_not_fit_into_memory_gets_a_sentence(served):
    with served.page() as page:
        told, _ = page.start("hopfield", size=1000, controls={"load": 1e9})
        assert told["trouble"].endswith("."), told
        assert "steps" in page.start("curie-weiss")[0]


def test_orders_that_a_network_does_not_know_get_a_sentence(served):
    with served.page() as page:
        page.start("hopfield", playing=False, controls={"temperature": 0.3})
        orders = [
            ("set", {"name": "patterns", "value": "/etc/passwd"}),
            ("set", {"name": "temperature", "value": "mine.py"}),
            ("set", {"name": "temperature", "value": [1] * 1000}),
            ("set", {"name": "load", "value": 0.3}),
            ("set", {"name": "no_such", "value": 1}),
            ("set", {"name": ["temperature"], "value": 1}),
            ("set", {"strange": 1}),
            ("act", {"name": "explode", "arguments": {}}),
            ("act", {"name": "__init__", "arguments": []}),
            ("act", {"name": 1, "arguments": {}}),
            ("step", {"count": 10**12}),
            ("step", {"count": "mine.py"}),
            ("play", {"speed": "fast"}),
            ("play", {"strange": 1}),
        ]
        for do, arguments in orders:
            page.order(do, **arguments)
            told, _ = page.wait(lambda h: "trouble" in h)
            assert told["trouble"].endswith(".") and "passwd'" not in told["trouble"][:5], told
        page.order("step", count=3)
        page.wait(lambda h: h.get("steps") == 3)


def test_a_file_of_the_command_line_is_offered_and_no_other(served, mine):
    with served.page() as page:
        told, _ = page.start("hopfield", size=30, controls={"patterns": str(mine), "load": 0.1})
        assert "trouble" not in told
        other = page.start("hopfield", size=30, controls={"patterns": str(mine) + "x"})[0]
        assert "is not offered on this page" in other["trouble"]
    told = json.loads(served.get("/declarations.json")[2])
    hopfield = next(model for model in told if model["model"] == "hopfield")
    patterns = next(c for c in hopfield["controls"] if c["name"] == "patterns")
    assert str(mine) in patterns["domain"]["words"]


def test_a_page_that_asks_for_everything_at_once_is_told_to_wait(served):
    with served.page() as page:
        for i in range(100):  # fewer than 64 that wait and 50 mistakes: it is not yet closed
            page.say("ask", f"place {i}", question="curve", number=i, arguments=_CURVE | {"i": i})
        told, _ = page.wait(lambda h: h.get("kind") == "mistake")
        assert "64 things at once" in told["trouble"]
    with served.page() as page:
        inner = {"model": "curie-weiss", "controls": {}, "size": 100}
        for i in range(100):
            page.order("start", f"place {i}", network="model", arguments=inner)
        told, _ = page.wait(lambda h: h.get("kind") == "mistake")
        assert "24 networks" in told["trouble"]


@_LINUX
def test_a_page_that_does_not_listen_is_closed(served):
    """Answers that are known already cost nothing to ask for: they must not pile up."""
    regions = {
        "model": "curie-weiss",
        "controls": {},
        "along": "temperature",
        "span": [0.1, 3],
    }
    with served.page() as page:
        page.ask("curve", **regions)
        before = served.memory()
        asked = {"do": "ask", "slot": "a", "question": "curve", "number": 1, "arguments": regions}
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            begun = time.monotonic()
            while time.monotonic() < begun + 10:
                page.socket.send(json.dumps(asked))
        assert served.memory() < before + 64 * _MEGABYTE
    _alive(served)


def test_a_page_that_never_says_it_has_seen_gets_two_pictures(served):
    with served.page() as page:
        inner = {"model": "curie-weiss", "controls": {}, "size": 100}
        page.order("start", network="model", arguments=inner, speed=1000)
        pictures = 0
        with contextlib.suppress(TimeoutError):
            while True:
                data = page.socket.recv(timeout=PATIENCE if pictures < 2 else 1)
                pictures += b'"frame"' in data
        assert pictures == 2


def test_a_page_that_leaves_in_the_middle_leaves_nothing_behind(served):
    for _ in range(3):
        with served.page() as page:
            page.say("ask", "a", question="curve", number=1, arguments=_CURVE | {"span": [0.3, 2]})
            page.order("start", network="model", arguments={"model": "curie-weiss", "size": 100})
    _alive(served)


def test_a_port_that_is_taken_is_said(served, capsys):
    from command import call

    code, _, told = call(capsys, "serve", "--no-browser", "--port", str(served.port))
    assert code == 2 and f"port {served.port} (" in told and "give another --port" in told


def test_another_host_says_what_it_exposes_and_demands_the_token():
    server = Served("--host", "0.0.0.0")
    try:
        assert "can run simulations on this machine" in server.said
        assert "not encrypted" in server.said and server.token in server.url
        assert server.get("/", cookie="")[0] == 403
        assert server.get("/")[0] == 200
        assert server.get("/", host=f"evil.example:{server.port}")[0] == 400
    finally:
        server.stop()
    assert "Traceback" not in server.complaints


@_LINUX
def test_a_server_that_begins_again_knows_its_pages(tmp_path, monkeypatch):
    """At the same port within a day; what others could have read or written is not taken."""
    from replicon.serve.server import _token

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = tmp_path / "replicon" / "pages" / "8425.token"
    first = _token(8425)
    assert len(first) == 32 and _token(8425) == first
    assert _token(8426) not in ("", first)
    assert file.stat().st_mode & 0o777 == 0o600
    os.utime(file, (time.time() - 90_000, time.time() - 90_000))
    second = _token(8425)
    assert second != first and _token(8425) == second
    file.chmod(0o644)
    third = _token(8425)
    assert third != second and file.stat().st_mode & 0o777 == 0o600
    file.write_text("short")
    assert len(_token(8425)) == 32
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    assert len(_token(8425)) == 32 and not file.is_symlink()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "replicon" / "pages" / "8426.token"))
    assert len(_token(8425)) == 32  # a folder that cannot be


def test_a_host_that_is_none_is_said(capsys):
    from command import call

    code, _, told = call(capsys, "serve", "--no-browser", "--host", "no such host")
    assert code == 2 and "cannot be served at no such host" in told
