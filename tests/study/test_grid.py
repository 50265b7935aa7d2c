"""Words to values: round trips for any numbers, sentences for anything else."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import replicon
from replicon.study import grid

numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(numbers)
def test_a_number_comes_back_as_itself(x):
    assert grid.parse_value("a", repr(x)) == x


@given(st.lists(numbers, min_size=2))
def test_a_list_comes_back_as_itself(values):
    assert grid.parse_value("a", ",".join(map(repr, values))) == values


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(2, 50))
def test_a_range_holds_both_ends(start, stop, count):
    values = grid.parse_value("a", f"{start!r}:{stop!r}:{count}")
    assert len(values) == count
    assert values[0] == start
    assert values[-1] == pytest.approx(stop)
    assert np.ptp(np.diff(values)) <= 1e-9 * (1 + abs(start) + abs(stop))


@pytest.mark.parametrize(
    "text",
    ["1:2", "1:2:3:4", "a:b:c", "1:2:0", "1:2:-3", "1:2:2.5", "1:inf:4", "::", "0:1:99999999999"],
)
def test_what_is_no_range_gets_the_example(text):
    with pytest.raises(
        replicon.InputError, match=r"write start:stop:count, for example load=0\.1:1\.0:10"
    ):
        grid.parse_value("load", text)


@given(st.text(max_size=12))
def test_no_text_gives_a_traceback(text):
    with contextlib.suppress(replicon.InputError):
        grid.parse_value("a", text)


def test_words_and_other_values_pass():
    assert grid.parse_value("ansatz", "rs") == "rs"
    assert grid.parse_value("size", "inf") == math.inf
    assert grid.parse_value("method", "wolff,heat-bath") == ["wolff", "heat-bath"]
    assert grid.parse_value("x", 3) == 3


@pytest.mark.parametrize("words", [["load"], ["=3"], ["load=1", "load=2"], ["load="]])
def test_what_is_no_assignment_is_refused(words):
    with pytest.raises(replicon.InputError, match=r"load|=3"):
        {name: grid.parse_value(name, text) for name, text in grid.split_assignments(words).items()}


def test_points_run_through_the_grid_last_control_fastest():
    found = list(grid.points({"a": [1, 2], "b": 0, "c": ["x", "y"]}))
    assert [(p["a"], p["c"]) for p in found] == [(1, "x"), (1, "y"), (2, "x"), (2, "y")]
    assert all(p["b"] == 0 for p in found)
