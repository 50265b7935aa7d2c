"""The site as `make docs` has built it, in a browser; where it is not built, this is skipped."""

from pathlib import Path

import pytest

import replicon

_SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
_PAGES = sorted(path.relative_to(_SITE).as_posix() for path in _SITE.rglob("*.html"))
_RESULT = "#search-results li > a"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _PAGES, reason="no site: make docs"),
]


@pytest.fixture
def opened(browser):
    """A function (page, width) that opens a page of the site from disk, as one who is offline."""
    context = browser.new_context()
    page = context.new_page()

    def opening(name, width=1280, question=""):
        if not (_SITE / name).is_file():
            pytest.skip(f"no {name}: make docs builds the site in both languages")
        page.set_viewport_size({"width": width, "height": 900})
        page.goto((_SITE / name).as_uri() + question)
        return page

    yield opening
    context.close()


def test_no_page_is_wider_than_a_phone(opened):
    wide = {}
    for name in _PAGES:
        page = opened(name, width=390)
        wide[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: width for name, width in wide.items() if width > 390} == {}


@pytest.mark.parametrize(
    ("folder", "words", "found"),
    [
        ("", "edge of chaos", "The edge of chaos"),
        ("zh/", "自旋玻璃", "Sherrington-Kirkpatrick"),
        ("zh/", "熵", "熵"),
        ("zh/", "如何计算熵", "熵"),
        ("zh/", "AT线", "符号与术语"),
        ("zh/", "AT 线", "符号与术语"),
        ("zh/", "自由能T", "自旋玻璃"),
    ],
)
def test_search_finds_offline(opened, folder, words, found):
    page = opened(f"{folder}search.html", question=f"?q={words}")
    page.wait_for_selector(_RESULT)
    titles = page.locator(_RESULT).all_inner_texts()
    assert any(found.lower() in title.lower() for title in titles), titles


@pytest.mark.parametrize("folder", ["", "zh/"])
def test_who_types_the_name_of_a_model_finds_it_first(opened, folder):
    for model in replicon.models():
        page = opened(f"{folder}search.html", question=f"?q={model}")
        page.wait_for_selector(_RESULT)
        first = page.locator(_RESULT).first.get_attribute("href")
        assert first.partition("#")[0].endswith(f"models/{model}.html"), first
