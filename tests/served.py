"""`replicon serve` as a process of its own, and what speaks to it: requests as a browser or an
attacker would send them, and pages.
"""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from websockets.asyncio.client import connect as connect_many
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from replicon.serve.frames import read

_COMMAND = "import sys; from replicon.cli import main; main(sys.argv[1:])"
PATIENCE = 120.0  # seconds for anything to happen, on a machine that is busy with other tests


class Served:
    """A server that runs until `stop`. `words`: what follows `replicon serve --no-browser`;
    `before`: Python that its process runs first.
    """

    def __init__(self, *words, port=0, environment=None, before="pass"):
        self._complaints = ""
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the server lives
        serve = ["serve", "--no-browser", "--port", str(port), *words]
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"{before}; {_COMMAND}", *serve],
            stdout=subprocess.PIPE,
            stderr=self._told,
            env={**os.environ, **(environment or {})},
            text=True,
        )
        self.said = ""
        while "token=" not in self.said:
            line = self.process.stdout.readline()
            assert line, self.complaints
            self.said += line
        self.url = re.search(r"http\S+", self.said).group()
        self.port = int(re.search(r":(\d+)/", self.url).group(1))
        self.token = re.search(r"token=([\w-]+)", self.url).group(1)
        self.cookie = f"replicon-{self.port}={self.token}"
        self.origin = f"http://127.0.0.1:{self.port}"
        self._opening = {
            "uri": f"ws://127.0.0.1:{self.port}/socket",
            "origin": self.origin,
            "additional_headers": {"Cookie": self.cookie},
            "max_size": None,
            "proxy": None,
            "open_timeout": PATIENCE,
            "ping_interval": None,
            "close_timeout": 1,
        }

    @property
    def complaints(self):
        """Everything on standard error."""
        if not self._told.closed:
            self._told.seek(0)
            self._complaints = self._told.read().decode()
        return self._complaints

    def stop(self):
        """As Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self._complaints = self.complaints
        self._told.close()

    def get(self, path, *, host=None, cookie=None, headers=()):
        """(status, headers, body) of a request; `cookie` None: the right one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        given = {
            "Host": f"127.0.0.1:{self.port}" if host is None else host,
            "Cookie": self.cookie if cookie is None else cookie,
            **dict(headers),
        }
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body

    @contextlib.contextmanager
    def page(self, **changes):
        """An open page."""
        with connect(**{**self._opening, **changes}) as socket:
            yield Page(socket)

    def opening(self):
        """The same for asyncio, not yet awaited."""
        return connect_many(**self._opening)

    def memory(self):
        """Bytes of memory of the server itself, without its processes."""
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"VmRSS:\s+(\d+)", told).group(1))

    def workers(self, behind=False):
        """Process numbers of those that follow the finger and run networks; `behind`: also of those
        that stand far behind them in the machine's order.
        """
        parents = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(stat[1])
        ours = {pid for pid, parent in parents.items() if parent == self.process.pid}
        found = sorted(pid for pid, parent in parents.items() if parent in ours)
        own = os.getpriority(os.PRIO_PROCESS, self.process.pid)
        return [pid for pid in found if behind or _priority(pid) < own + 10]


def _priority(pid):
    try:
        return os.getpriority(os.PRIO_PROCESS, pid)
    except ProcessLookupError:
        return None


class Page:
    """A page's end of its socket."""

    def __init__(self, socket):
        self.socket = socket
        self.number = 0

    def say(self, do, slot="here", **more):
        self.socket.send(json.dumps({"do": do, "slot": slot, **more}))

    def order(self, do, slot="here", **arguments):
        self.say(do, slot, arguments=arguments)

    def hear(self, patience=PATIENCE):
        """The next (header, arrays); pictures are seen at once. An answer is its own header."""
        data = self.socket.recv(timeout=patience)
        header, arrays = read(data)
        if header.get("kind") == "answer":
            about = 4 + int.from_bytes(data[:4], "little")
            inner, arrays = read(data[about:])
            header = {**inner, **header}
        if header.get("kind") == "frame":
            self.order("seen", header["slot"])
        return header, arrays

    def drain(self):
        """Hear everything until the page is closed."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.socket.recv(timeout=PATIENCE)

    def wait(self, wanted, patience=PATIENCE):
        """The first (header, arrays) of which `wanted(header)` is true."""
        until = time.monotonic() + patience
        while True:
            header, arrays = self.hear(max(0.01, until - time.monotonic()))
            if wanted(header):
                return header, arrays

    def ask(self, question, slot="here", patience=PATIENCE, **arguments):
        """The answer to a question."""
        self.number += 1
        number = self.number
        self.say("ask", slot, question=question, number=number, arguments=arguments)
        return self.wait(
            lambda h: (
                (h.get("kind") == "answer" and h["number"] == number)
                or (h.get("kind") == "mistake")
            ),
            patience,
        )

    def start(self, model, slot="here", size=100, controls=None, **pace):
        """The first picture of a network of a model."""
        inner = {"model": model, "controls": controls or {}, "size": size}
        self.order("start", slot, network="model", arguments=inner, **pace)
        return self.wait(lambda h: h.get("slot") == slot and ("steps" in h or "trouble" in h))
