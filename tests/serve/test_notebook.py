"""The lab in a notebook: a widget without a notebook, whose comm the test is."""

import time

import pytest

import replicon
from replicon._errors import InputError
from replicon.serve import frames, notebook

pytest.importorskip("anywidget")


@pytest.fixture
def lab(monkeypatch):
    made = replicon.live("curie-weiss", temperature=0.5, size=100, seed=3)
    told = []
    monkeypatch.setattr(made, "send", lambda content, buffers: told.extend(buffers))
    yield made, told
    made.close()


def _heard(told, kind, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for data in told:
            header, arrays = frames.read(data)
            if header.get("kind") == kind:
                return header, arrays, data
        time.sleep(0.05)
    raise AssertionError(f"no {kind} in {seconds} s")


def test_a_lab_answers_and_runs(lab):
    made, told = lab
    asked = {"model": "curie-weiss", "controls": made.state["controls"], "along": "temperature"}
    made._hear(made, {"do": "ask", "slot": "c", "question": "curve", "number": 1,
                      "arguments": {**asked, "span": [0.1, 2], "branch": "up"}}, [])  # fmt: skip
    _, _, data = _heard(told, "answer")
    header, arrays = frames.read(frames.rest(data))
    expected = replicon.solve("curie-weiss", temperature=0.5)
    assert header["point"]["magnetization"] == float(expected.magnetization)
    assert arrays["x"][0] == 0.1
    controls = dict(made.state["controls"])
    made._hear(made, {"do": "start", "slot": "lab", "arguments": {"network": "model", "arguments": {
        "model": "curie-weiss", "controls": controls, "size": 100, "seed": 3}}}, [])  # fmt: skip
    header, arrays, _ = _heard(told, "frame")
    assert set(arrays["spins"].ravel()) <= {-1, 1}


def test_where_it_begins_is_checked():
    with pytest.raises(InputError, match="temperature"):
        replicon.live("curie-weiss", temperature=-1)
    with pytest.raises(InputError, match="aplha"):
        replicon.live("hopfield", aplha=0.1)
    with pytest.raises(InputError, match="too large"):
        replicon.live("hopfield", size=10**9)
    with pytest.raises(InputError, match="speak"):
        replicon.live("hopfield", language="xx")
    with pytest.raises(InputError, match="name of a model"):
        replicon.live(replicon.Model("m", "m", (), ()))  # type: ignore[arg-type]


def test_symbols_and_infinity_are_understood():
    made = replicon.live("attention", d=float("inf"), kappa=2)
    assert made.state["controls"]["dimension"] == "inf"
    assert made.state["controls"]["diversity"] == 2
    made.close()


def test_the_style_stays_in_the_cell():
    style = notebook.scoped("* { box-sizing: x }\n:root { --a: b }\nbody { margin: 0 }\n")
    assert ":root" not in style
    assert "\nbody" not in style
    assert style.startswith(".replicon *")
