"""Declarations: domains, seeds, and what a model may not declare."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import replicon
from replicon import Control, Interval, Model, Observable, _seed

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite, finite, st.booleans(), st.booleans())
def test_an_interval_admits_what_lies_in_it(a, b, x, open_low, open_high):
    low, high = sorted((a, b))
    interval = Interval(low, high, open_low, open_high)
    inside = (x > low or (x == low and not open_low)) and (x < high or (x == high and not open_high))
    assert interval.admits(x) == inside


def test_infinity_and_whole_numbers():
    assert not Interval(0).admits(math.inf)
    assert Interval(0, infinite=True).admits(math.inf)
    assert not Interval(0, infinite=True).admits(-math.inf)
    assert not Interval(0, integer=True).admits(2.5)
    assert not Interval().admits(math.nan)
    assert not Interval().admits(True)
    assert str(Interval(1, 5, open_low=True)) == "> 1 and <= 5"
    assert str(Interval(2, integer=True)) == "a whole number >= 2"


def test_a_model_may_not_declare_a_name_twice():
    control = Control("a", "a", 0.0, Interval(), "x")
    with pytest.raises(replicon.InputError, match="twice"):
        Model(name="m", title="m", controls=(control, control), observables=())


def test_a_model_that_forgets_an_observable_is_told():
    model = Model(
        name="m",
        title="m",
        controls=(Control("a", "a", 0.0, Interval(), "x"),),
        observables=(Observable("energy", "e", "x"),),
        solve=lambda c, branch: {"free_energy": c.a, "converged": np.ones_like(c.a, bool)},
    )
    with pytest.raises(replicon.InputError, match="returned no 'energy'"):
        replicon.solve(model)


def test_streams_depend_on_everything_that_is_simulated_and_on_nothing_else():
    def first(seed, identity, samples=3):
        return [int(s.generate_state(1)[0]) for s in _seed.streams(seed, identity, samples)]

    base = first(1, {"model": "m", "controls": {"a": 0.1, "b": 2}, "size": 10})
    assert first(1, {"size": 10, "controls": {"b": 2, "a": 0.1}, "model": "m"}) == base
    assert first(1, {"model": "m", "controls": {"a": 0.1, "b": 2}, "size": 10}, 2) == base[:2]
    others = [
        first(2, {"model": "m", "controls": {"a": 0.1, "b": 2}, "size": 10}),
        first(1, {"model": "m", "controls": {"a": 0.1, "b": 3}, "size": 10}),
        first(1, {"model": "m", "controls": {"a": 0.1, "b": 2}, "size": 11}),
    ]
    assert len({*base, *(x for other in others for x in other)}) == 12
