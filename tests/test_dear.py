"""The list of dear tests names tests that are there, and those of a system have one process."""

from pathlib import Path

from tests import conftest, dear


def test_the_dear_tests_are_there(request):
    root = Path(request.config.rootpath)
    collected = request.config.stash[dear.COLLECTED]
    files = {name.partition("::")[0] for name in collected}
    for name in dear.listed():
        file = name.partition("::")[0]
        assert (root / file).is_file(), name
        assert file not in files or name in collected, name


def test_models_are_in_the_group_of_their_system():
    common = "tests/test_models_common.py::test_json_is_json"
    for model, room in conftest._rooms().items():
        assert conftest._group(f"{common}[{model}]") == room
        assert conftest._group(f"{common}[{model}-{model}]") == room
    assert conftest._group("tests/rbm/test_rbm.py::test_x[hopfield]") == "rbm"
    assert conftest._group("tests/test_dear.py::test_x") == "test_dear"
