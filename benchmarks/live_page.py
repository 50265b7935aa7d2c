"""The live page in a Chromium: how soon something moves, how soon theory follows a drag, pictures a
second, and what stays behind after minutes of random dragging.

`python benchmarks/live_page.py [PART ...] [--minutes N]`, parts: start, drag, frames, soak. First
pictures: from the start of `replicon serve` to the first picture of a network on the screen, with
the user's caches and with empty ones. A drag: milliseconds from the question that a movement asks
to the curve drawn, while the network runs; models whose theory is slower than 0.1 s ask only when
the handle is let go, and are marked. The floor of a redrawn curve is a picture of the screen, 17
ms. The load of the machine is printed first: on two processors anything beside it counts.
"""

import argparse
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "page"))

from browser import chromium

from served import Served

# Counting begins when the modules of the page have run, before anything can be shown: asked for
# from outside, it would begin only when the page has time to answer.
_COUNT = """document.addEventListener("DOMContentLoaded", async () => {
  const {Network, timings} = await import("/wire.js");
  const show = Network.prototype.show;
  window.shown = 0;
  window.moving = null;
  window.places = new Set();
  Network.prototype.show = function () {
    show.call(this);
    window.shown += 1;
    if (window.places.has(this.slot)) window.moving ??= performance.now();
    window.places.add(this.slot);
  };
  window.drawn = [];
  timings.push = function (milliseconds) {
    const answered = performance.now();
    requestAnimationFrame(() => setTimeout(() => {
      window.drawn.push(milliseconds + performance.now() - answered);
    }));
    return Array.prototype.push.call(this, milliseconds);
  };
});"""
_NETWORKS = [
    ("lattice 512 x 512", "model=square-lattice&size=512&c.method=heat-bath"),
    ("Hopfield 784", "model=hopfield&size=784&c.temperature=0.2"),
    ("recurrent 500", "model=recurrent-dynamics&size=500"),
]
_PATIENCE = 180.0  # seconds for everything to be compiled
_DRAG = 3.0  # seconds
_SETTLE = 30.0  # seconds that a screen may take to be ready
_EMPTY = ("JAX_COMPILATION_CACHE_DIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME")


def opened(browser, server, screen=""):
    """The page at a screen, counting what it shows, and what its console complains of."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    complaints = []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_init_script(_COUNT)
    page.goto(f"{server.url}{screen}")
    page.wait_for_selector("nav a")
    page.wait_for_function("window.drawn")
    return page, complaints


def until(page, holds, seconds=_SETTLE):
    """Whether something holds on the page within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if page.evaluate(holds):
            return True
        page.wait_for_timeout(5)
    return False


def first_picture(browser, environment=None):
    """Seconds from `replicon serve` to a picture; then of a page that is opened when all that the
    first shows has been made: milliseconds until a picture has moved, and the bytes that it takes.
    """
    begun = time.perf_counter()
    server = Served(environment=environment)
    try:
        page, _ = opened(browser, server)
        until(page, "window.shown > 0", _PATIENCE)
        seconds = time.perf_counter() - begun
        until(
            page, "window.places.size === document.querySelectorAll('.picture').length", _PATIENCE
        )
        page.context.close()
        again, _ = opened(browser, server)
        until(again, "window.moving", _PATIENCE)
        resources = "performance.getEntriesByType('resource').map((one) => one.transferSize)"
        return seconds, again.evaluate("window.moving ?? NaN"), sum(again.evaluate(resources))
    finally:
        server.stop()


def start(browser):
    print("first picture of the home screen")
    print("             replicon serve, s   a page, ms   bytes of the page")
    with tempfile.TemporaryDirectory() as folder:
        empty = {name: f"{folder}/{name}" for name in _EMPTY}
        for name, environment in [("cold", empty), ("warm", empty)]:
            seconds, page, size = first_picture(browser, environment)
            print(f"{name:<12}{seconds:18.2f}{page:13.0f}{size:20,}", flush=True)


def dragged(page, seconds=_DRAG, seed=0):
    """Drag the handle of the map about at random."""
    box = page.query_selector("main .board canvas").bounding_box()
    draw = random.Random(seed)
    x = box["x"] + box["width"] * 0.5
    y = box["y"] + box["height"] * 0.5
    page.mouse.move(x, y)
    page.mouse.down()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        x = min(max(x + draw.uniform(-15, 15), box["x"] + 60), box["x"] + box["width"] - 20)
        y = min(max(y + draw.uniform(-15, 15), box["y"] + 20), box["y"] + box["height"] - 45)
        page.mouse.move(x, y)
        page.wait_for_timeout(16)
    page.mouse.up()


def rate(page, during):
    """Pictures a second while something happens."""
    before = page.evaluate("window.shown")
    begun = time.perf_counter()
    during()
    return (page.evaluate("window.shown") - before) / (time.perf_counter() - begun)


def drag(browser):
    import replicon

    server = Served()
    print("drag to redrawn theory, ms, while the network runs")
    print("model                        answers     p50     p95   pictures/s")
    try:
        for name in replicon.models():
            if not replicon.describe(name)["theory"]:
                continue
            page, _ = opened(browser, server, f"#/lab?model={name}")
            has_map = until(page, "document.querySelector('button.handle') !== null", 15)
            if not has_map or not until(page, "window.drawn.length > 0"):
                print(f"{name:<28} no map", flush=True)
                page.context.close()
                continue
            dragged(page, 1.0)
            page.wait_for_timeout(1500)
            page.evaluate("window.drawn = []")
            shown = rate(page, lambda page=page: dragged(page))
            page.wait_for_timeout(500)
            drawn = page.evaluate("window.drawn")
            slow = "  asked when let go" if len(drawn) < 10 else ""
            half, most = np.percentile(drawn, [50, 95]) if drawn else (np.nan, np.nan)
            print(f"{name:<28}{len(drawn):8}{half:8.0f}{most:8.0f}{shown:13.1f}{slow}", flush=True)
            page.context.close()
    finally:
        server.stop()


def frames(browser):
    server = Served()
    print("pictures a second      alone   during a drag")
    try:
        for name, address in _NETWORKS:
            page, _ = opened(browser, server, f"#/lab?{address}")
            until(page, "window.shown > 10", 90)
            page.wait_for_timeout(2000)
            alone = rate(page, lambda page=page: page.wait_for_timeout(1000 * _DRAG))
            moved = rate(page, lambda page=page: dragged(page))
            print(f"{name:<20}{alone:8.1f}{moved:16.1f}", flush=True)
            page.context.close()
    finally:
        server.stop()


def _megabytes(server):
    """Memory of the server and its processes."""
    out = 0.0
    for pid in (server.process.pid, *server.workers(behind=True)):
        told = Path(f"/proc/{pid}/status").read_text()
        out += int(re.search(r"VmRSS:\s+(\d+)", told).group(1)) / 1024
    return out


def _heap(page):
    """Megabytes of the page's heap after its garbage is collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    measured = session.send("Performance.getMetrics")["metrics"]
    return next(one["value"] for one in measured if one["name"] == "JSHeapUsedSize") / 1e6


def soak(browser, minutes):
    server = Served()
    print(f"{minutes:g} minutes of random dragging in the lab")
    print("minute   server and processes, MB   heap of the page, MB   console errors")
    try:
        page, complaints = opened(browser, server, "#/lab?model=hopfield&size=784")
        until(page, "window.drawn.length > 0 && window.shown > 0", 120)
        dragged(page, 20)
        for minute in range(int(minutes) + 1):
            print(
                f"{minute:6}{_megabytes(server):27.0f}{_heap(page):23.2f}{len(complaints):17}",
                flush=True,
            )
            if minute < int(minutes):
                for turn in range(6):
                    dragged(page, 10, seed=6 * minute + turn)
                page.evaluate("window.drawn = []")  # our own, which would grow
        for text in complaints[:5]:
            print("   ", text)
    finally:
        server.stop()


if __name__ == "__main__":
    from playwright.sync_api import sync_playwright

    asked = argparse.ArgumentParser()
    asked.add_argument("parts", nargs="*", default=["start", "drag", "frames", "soak"])
    asked.add_argument("--minutes", type=float, default=2)
    given = asked.parse_args()
    print(f"{os.cpu_count()} processors, {os.getloadavg()[0]:.1f} programs that want to run")
    with sync_playwright() as driver:
        opening = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for part in given.parts:
            if part == "soak":
                soak(opening, given.minutes)
            else:
                {"start": start, "drag": drag, "frames": frames}[part](opening)
        opening.close()
