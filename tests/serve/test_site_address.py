"""Links from the page into the documentation."""

import pytest

from replicon._errors import InputError
from replicon.serve.site import site_address, with_site
from served import Served


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://physics.example/replicon/", "https://physics.example/replicon"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("..", ".."),
        ("../docs/", "../docs"),
    ],
)
def test_an_address_is_kept_without_its_last_slash(given, address):
    assert site_address(given) == address


@pytest.mark.parametrize(
    "given", ["javascript:alert(1)", "https://", "ftp://x.example", "file:///etc", '"><script>']
)
def test_what_is_no_address_is_refused_in_a_sentence(given):
    with pytest.raises(InputError, match="no address of a documentation: give http"):
        site_address(given)


def test_the_served_page_says_where_its_documentation_lies():
    server = Served("--site", "https://physics.example/a&b/")
    try:
        told = server.get("/")[2].decode()
    finally:
        server.stop()
    assert '<meta name="site" content="https://physics.example/a&amp;b">' in told


def test_a_page_without_the_place_is_noticed():
    with pytest.raises(AssertionError):
        with_site("<html></html>", "..")
