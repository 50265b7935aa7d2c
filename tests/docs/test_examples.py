"""Every public name has an example, and every example gives what it shows."""

import doctest

import matplotlib
import numpy as np
import public
import pytest

import replicon

EXAMPLES = public.examples()
VALUES = {one.path: one.value for one in public.names()}
# The examples of figures lie in their docstrings, and tests/view/test_pictures.py runs them.
ROOMS = sorted({path.rpartition(".")[0] for path in EXAMPLES} - {"replicon.view"})


def failures(name: str, text: str) -> str:
    """What a run of an example says that the example does not, and whether it has nothing of what
    it is an example of: neither its name nor, of a class, an object. It begins after two imports.
    """
    example = doctest.DocTestParser().get_doctest(
        text, {"replicon": replicon, "np": np}, name, None, 0
    )
    told: list[str] = []
    doctest.DocTestRunner(verbose=False).run(example, out=told.append, clear_globs=False)
    value = VALUES.get(name)
    has_one = isinstance(value, type) and any(
        isinstance(made, value) for made in example.globs.values()
    )
    if not has_one and name.rpartition(".")[2] not in text:
        told.append(f"{name} does not occur in its example.")
    return "".join(told)


def test_every_public_name_has_an_example():
    without = [
        one.path for one in public.names() if one.home == one.path and one.path not in EXAMPLES
    ]
    assert not without


def test_every_example_is_of_a_public_name():
    assert set(EXAMPLES) <= set(VALUES)


@pytest.mark.parametrize("room", ROOMS)
def test_examples_give_what_they_show(room, tmp_path, monkeypatch):
    pytest.importorskip("anywidget", reason="replicon.live needs the extra notebook")
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    told = [
        failures(path, text) for path, text in EXAMPLES.items() if path.rpartition(".")[0] == room
    ]
    assert not any(told), "".join(told)


def test_an_example_that_is_wrong_is_noticed():
    assert "Expected" in failures("replicon.solve", ">>> np.pi > 4  # solve\nTrue\n")
    assert "does not occur" in failures("replicon.solve", ">>> np.pi > 3\nTrue\n")
