"""The list of dear tests names tests that are there."""

from pathlib import Path

from tests import dear


def test_the_dear_tests_are_there(request):
    root = Path(request.config.rootpath)
    collected = request.config.stash[dear.COLLECTED]
    files = {name.partition("::")[0] for name in collected}
    for name in dear.listed():
        file = name.partition("::")[0]
        assert (root / file).is_file(), name
        assert file not in files or name in collected, name
