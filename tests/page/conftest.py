"""A server and a browser for the tests of the page; without Playwright or a Chromium they are
skipped, and say so.
"""

import functools

import pytest
from browser import chromium

from served import Served

_WAY_OUT = "install Chromium (`python -m playwright install chromium`, or the system's package)"


@pytest.fixture(scope="module")  # while Playwright lives, no other loop runs in its thread
def browser():
    """A Chromium: the system's, or Playwright's own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install it")
    with playwright.sync_playwright() as driver:
        try:
            opened = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        except playwright.Error:
            pytest.skip(f"no Chromium: {_WAY_OUT}")
        yield opened
        opened.close()


@functools.cache
def _server():
    return Served()


@pytest.fixture
def served():
    """One server for all tests that leave it as it is."""
    return _server()


@pytest.hookimpl(trylast=True)  # pages are closed before
def pytest_runtest_teardown(item, nextitem):
    """With the last test of this folder its server ends."""
    last = nextitem is None or nextitem.path.parent != item.path.parent
    if last and _server.cache_info().currsize:
        server = _server()
        _server.cache_clear()
        server.stop()
        assert "Traceback" not in server.complaints


@pytest.fixture
def opened(browser, served):
    """A function (language, width) that opens the page. At the end its console may have said no
    error and no warning, but, if `away` is set, that the server could not be reached.
    """
    contexts = []
    complaints = []

    def opening(language="en", width=1280, url=served.url):
        context = browser.new_context(viewport={"width": width, "height": 900}, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda said: said.type in ("error", "warning") and _note(said.text))
        page.on("pageerror", lambda error: _note(str(error)))
        page.goto(f"{url}&lang={language}")
        page.wait_for_selector("nav a")
        return page

    def _note(text):
        if not opening.away or "WebSocket connection" not in text:
            complaints.append(text)

    opening.away = False
    yield opening
    for context in contexts:
        context.close()
    assert complaints == []
