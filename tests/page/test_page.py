"""The page in a browser: it opens, speaks two languages, is moved by the keyboard, comes back."""

import shlex
import time

import pytest

from command import call
from served import Served

_LAB = "#/lab?model=curie-weiss&x=temperature&y=:magnetization&size=400"
_PATIENCE = 60.0  # seconds, on a machine that is busy with other tests
_MEETING = "document.querySelector('.pair + .pane').textContent"


def _screens(page):
    """Addresses of all screens, as the navigation names them."""
    return page.eval_on_selector_all("nav a", "links => links.map((link) => link.hash)")


def _until(page, holds, arg=None):
    """Wait until an expression (a function, if there is an argument) holds on the page. Asked from
    outside: the page's own policy forbids to evaluate text.
    """
    until = time.monotonic() + _PATIENCE
    while not page.evaluate(holds, arg):
        assert time.monotonic() < until, holds
        page.wait_for_timeout(50)


def _frames(page):
    """Count the pictures of networks that the page has shown, from now on."""
    page.evaluate(
        """async () => {
          const {Network} = await import("/wire.js");
          if (window.shown === undefined) {
            const show = Network.prototype.show;
            Network.prototype.show = function () { window.shown += 1; show.call(this); };
          }
          window.shown = 0;
        }"""
    )


def _moves(page):
    """Wait until networks have shown themselves."""
    _frames(page)
    _until(page, "window.shown > 2")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_screen_opens_and_moves(opened, language):
    page = opened(language)
    assert page.evaluate("document.documentElement.lang").startswith(language)
    screens = _screens(page)
    assert len(screens) >= 8 and "#/lab" in screens
    for screen in screens:
        _frames(page)  # some networks are done in a moment
        page.evaluate("(hash) => { location.hash = hash; }", screen)
        page.wait_for_selector("main canvas, main .thumb")
        assert page.text_content("h1").strip()
        _until(page, "window.shown > 0")
        chosen = page.eval_on_selector("nav a[aria-current]", "link => link.hash")
        assert chosen == screen


def test_the_language_changes_without_loading_again(opened):
    page = opened("en")
    page.evaluate("window.mark = 'here'")
    english = page.text_content("h1")
    page.click("button.language[lang=zh]")
    _until(page, "(text) => document.querySelector('h1').textContent !== text", english)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in page.text_content("h1"))
    page.click("button.language[lang=en]")
    _until(page, "(text) => document.querySelector('h1').textContent === text", english)
    assert page.evaluate("window.mark") == "here"
    page.reload()
    page.wait_for_selector("nav a")
    assert page.text_content("h1") == english


def test_why_theory_has_no_number_is_said_in_the_language_of_the_page(opened):
    page = opened("zh")
    said = """async ([text]) => (await import("/words.js")).heard(text)"""
    heard = page.evaluate(
        said,
        [
            "hopfield, branch 'retrieval', did not converge at load=0.2, temperature=0"
            " (residual 3e-04): the branch ends at transition 'retrieval', load 0.1379."
        ],
    )
    assert "load=0.2, temperature=0 (residual 3e-04)" in heard and "0.1379" in heard
    assert "未收敛" in heard and "converge" not in heard and "transition" not in heard
    heard = page.evaluate(
        said,
        [
            "perceptron-pairs, branch 'replica-symmetric', did not converge at load=0.9:"
            " there are no solutions at load 0.9: it lies beyond the capacity."
        ],
    )
    assert "存储容量" in heard and "solutions" not in heard
    assert page.evaluate(said, ["Nobody has said this."]) == "Nobody has said this."


def test_the_handle_is_moved_by_the_keyboard(opened):
    page = opened("en")
    page.evaluate("(hash) => { location.hash = hash; }", _LAB)
    page.wait_for_selector("button.handle")
    _until(page, "document.querySelector('button.handle').getAttribute('aria-valuetext')")
    _moves(page)
    before = page.get_attribute("button.handle", "aria-valuenow")
    told = page.evaluate(_MEETING)
    address = page.url
    page.focus("button.handle")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    _until(page, "(before) => location.href !== before", address)
    assert float(page.get_attribute("button.handle", "aria-valuenow")) < float(before)
    assert "c.temperature=" in page.url
    _until(page, f"(told) => {_MEETING} !== told", told)


def test_the_page_comes_back_when_the_server_does(opened):
    server = Served()
    port = server.port
    try:
        page = opened("en", url=server.url)
        page.evaluate("(hash) => { location.hash = hash; }", _LAB + "&c.temperature=0.7")
        page.wait_for_selector("button.handle")
        _moves(page)
        opened.away = True
        server.process.kill()
        server.stop()
        _until(page, "document.querySelector('.status.trouble')")
        server = Served(port=port)
        _moves(page)
        assert "c.temperature=0.7" in page.url
        assert not page.query_selector(".status.trouble")
    finally:
        server.stop()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_wider_than_a_phone(opened, language):
    page = opened(language, width=390)
    for screen in _screens(page):
        page.evaluate("(hash) => { location.hash = hash; }", screen)
        page.wait_for_selector("main canvas, main .thumb")
        page.wait_for_timeout(300)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, screen


@pytest.mark.parametrize(
    "view",
    [
        "#/perceptron?tab=islands&around=pairs",
        "#/perceptron?tab=islands&around=random",
        "#/rbm?hidden=3&load=2",
        "#/rbm?view=unmatched",
    ],
)
def test_a_view_within_a_tab_moves_and_fits_a_phone(opened, view):
    page = opened("zh", width=390)
    _frames(page)
    page.evaluate("(hash) => { location.hash = hash; }", view)
    page.wait_for_selector("main button.handle")
    _until(page, "window.shown > 0")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    told = page.evaluate(_MEETING)
    page.focus("main button.handle")
    before = page.get_attribute("main button.handle", "aria-valuenow")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)  # it has come to rest, on a flip where there are flips
    assert float(page.get_attribute("main button.handle", "aria-valuenow")) > float(before)
    page.keyboard.press("Shift+ArrowRight")
    _until(page, f"(told) => {_MEETING} !== told", told)


def test_the_command_that_is_offered_runs(opened, capsys):
    page = opened("en")
    page.evaluate("(hash) => { location.hash = hash; }", _LAB)
    page.wait_for_selector("pre.copy")
    words = shlex.split(page.text_content("pre.copy"))
    assert words[0] == "replicon"
    code, out, told = call(capsys, *words[1:], "--samples", "2")
    assert code == 0, told
    assert "magnetization" in out


def test_the_page_is_small(opened, served):
    """Everything that the first screen loads, as it is sent: less than 150 kB."""
    page = opened("en")
    page.wait_for_selector("main .thumb")
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').map((one) => [one.name, one.transferSize])"
    )
    assert any("declarations.json" in name for name, _ in sizes)
    assert sum(size for _, size in sizes) < 150_000
