"""Walks through every exhibit of the page in a browser and writes down what it asks and starts, for
`replicon serve --export`: python tests/page/walk.py [screen ...]

To be run again when an exhibit asks for something else; it takes minutes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_WALK = _ROOT / "src" / "replicon" / "serve" / "walk.json"
_ACROSS = 11  # places of a handle along an axis
_PLANE = (7, 5)  # and of one in a plane
_SETTLED = 250  # milliseconds that theory is given for a place
_OPENED = 2500
_NO_TABS = ("Predict first", "Lift the cover", "What happened?")
_NETWORKS = 4  # films of a screen of each kind of network, the first that it starts


def walked(url: str, screens: list[str]) -> dict[str, list[dict[str, Any]]]:
    """What each screen says on the walk, each thing once."""
    from playwright.sync_api import sync_playwright
    from tests.page.browser import chromium

    out: dict[str, list[dict[str, Any]]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        said: list[dict[str, Any]] = []
        page.on(
            "websocket",
            lambda socket: socket.on("framesent", lambda text: said.append(json.loads(text))),
        )
        page.goto(url)
        names = screens or _named(page)
        for name in names:
            said.clear()
            page.goto(f"{url.split('?')[0]}#/{name}")
            page.reload()
            page.wait_for_timeout(_OPENED)
            _walk(page)
            out[name] = _once(said)
            print(f"{name or 'home'}: {len(out[name])}", file=sys.stderr)
        browser.close()
    return out


def _named(page: Any) -> list[str]:
    """The screens of the head, the lab left out: it can ask anything."""
    page.wait_for_selector("nav a")
    names = [link.get_attribute("data-screen") for link in page.query_selector_all("nav a")]
    return [name for name in names if name != "lab"]


def _walk(page: Any) -> None:
    """Every tab, every step, the handle through its axes."""
    tabs = page.locator("main [role=tab], main .tabs button")
    ahead = [name for name in tabs.all_inner_texts() if name not in _NO_TABS] or [None]
    known = {*ahead, *_NO_TABS}
    while ahead:
        name = ahead.pop(0)
        if name is not None:
            tabs.filter(has_text=name).first.click()
            page.wait_for_timeout(_OPENED)
            within = [one for one in tabs.all_inner_texts() if one not in known]
            ahead = [*within, *ahead]  # views of the tab that is open now
            known.update(within)
        _drag(page)
        steps = page.locator("main .steps .row-of button")
        for place in range(steps.count()):
            if steps.nth(place).is_visible():
                steps.nth(place).click()
                page.wait_for_timeout(2 * _SETTLED)


def _drag(page: Any) -> None:
    for ring in page.query_selector_all("main .handle"):
        if not ring.is_visible():
            continue
        canvas = ring.evaluate_handle("node => node.parentElement.querySelector('canvas')")
        box = canvas.as_element().bounding_box()
        text = ring.get_attribute("aria-valuetext") or ""
        columns, rows = _PLANE if "," in text else (_ACROSS, 1)
        for row in range(rows):
            for column in range(columns):
                x = box["x"] + 54 + (box["width"] - 70) * (column + 0.02) / (columns - 0.96)
                y = box["y"] + 16 + (box["height"] - 60) * (row + 0.5) / rows
                canvas.as_element().scroll_into_view_if_needed()
                page.mouse.move(x, y)
                page.mouse.down()
                page.mouse.up()
                page.wait_for_timeout(_SETTLED)


def _once(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Questions and first networks, each once, without what an export does not need."""
    kept: dict[str, dict[str, Any]] = {}
    films: dict[str, dict[str, Any]] = {}
    for one in said:
        arguments = one.get("arguments", {})
        if one["do"] == "ask":
            told = {"question": one["question"], "arguments": arguments}
            kept[json.dumps(told, sort_keys=True)] = told
        elif one["do"] == "start":
            told = {"network": arguments["network"], "arguments": arguments["arguments"]}
            speed = {"speed": arguments.get("speed", 30)}
            alike = [film for film in films.values() if film["network"] == told["network"]]
            if len(alike) < _NETWORKS:
                films.setdefault(json.dumps(told, sort_keys=True), {**told, **speed})
    return [*kept.values(), *films.values()]


if __name__ == "__main__":
    sys.path.insert(0, str(_ROOT))
    from tests.page.browser import served

    with served() as address:
        found = walked(address, sys.argv[1:])
    known = json.loads(_WALK.read_text()) if _WALK.exists() and sys.argv[1:] else {}
    lines = [
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(one) for one in said) + "\n]"
        for name, said in {**known, **found}.items()
    ]
    _WALK.write_text("{\n" + ",\n".join(lines) + "\n}\n")
