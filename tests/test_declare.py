"""Declarations: domains, seeds, and what a model may not declare."""

import math

import jax
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import replicon
from replicon import Control, Interval, Model, Observable, _seed
from replicon._arrays import square_matrix
from replicon._declare import RESERVED
from replicon._domains import check_argument
from replicon._items import check_values, reciprocal

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite, finite, st.booleans(), st.booleans())
def test_an_interval_admits_what_lies_in_it(a, b, x, open_low, open_high):
    low, high = sorted((a, b))
    interval = Interval(low, high, open_low, open_high)
    inside = (x > low or (x == low and not open_low)) and (
        x < high or (x == high and not open_high)
    )
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
        solve=lambda c: {"free_energy": c.a, "converged": np.ones_like(c.a, bool)},
    )
    with pytest.raises(replicon.InputError, match="returned no 'energy'"):
        replicon.solve(model)


def test_a_generator_gives_the_seed_that_the_result_tells():
    rng = np.random.default_rng(5)
    found = [replicon.simulate("hopfield", size=30, samples=2, seed=rng) for _ in range(2)]
    seeds = [one.attrs["seed"] for one in found]
    assert seeds == np.random.default_rng(5).integers(2**31, size=2).tolist()
    again = replicon.simulate("hopfield", size=30, samples=2, seed=seeds[1])
    assert again.identical(found[1])
    assert not again.identical(found[0])


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


@pytest.mark.parametrize(
    "value",
    [np.int64(3), np.int8(3), np.float32(3), np.float64(3), np.array(3), np.array(3.0), 3, 3.0],
)
def test_a_number_is_a_number_whoever_made_it(value):
    whole = check_argument("a", value, Interval(0, integer=True))
    assert (whole, type(whole)) == (3, int)
    real = check_argument("a", value, Interval(0, 5))
    assert (real, type(real)) == (3.0, float)


@pytest.mark.parametrize(
    "value",
    [
        10**400,
        -(10**400),
        10**5000,
        2**63,
        1e300,
        np.bool_(True),
        np.array([1, 2]),
        np.array(True),
        None,
        1j,
        "x" * 500,
        object(),
    ],
    ids=range(12),
)
def test_what_is_no_number_of_a_domain_gets_one_short_sentence(value):
    with pytest.raises(replicon.InputError) as caught:
        check_argument("a", value, Interval(0, integer=True), "spins")
    assert str(caught.value).startswith("a = ")
    assert len(str(caught.value)) < 200


def test_what_is_infinite_is_told_to_be_finite_where_nothing_else_is_wrong():
    for domain, told in ((Interval(0), ">= 0 and finite"), (Interval(0, 1), ">= 0 and <= 1")):
        with pytest.raises(replicon.InputError, match=f"a must be {told}\\.$"):
            check_argument("a", np.inf, domain)


def test_what_has_several_values_is_a_list_or_is_refused():
    given = xr.DataArray([0.5, 0.0], dims="a")
    control = Control("a", "a", 0.0, Interval(), "x")
    for values in (given, given.to_series(), [given[0], -0.0], np.array([0.5, -0.0])):
        checked = check_values(control, values)
        assert checked == [0.5, 0.0]
        assert str(checked[1]) == "0.0"  # minus zero would draw other random numbers
    assert check_values(control, range(2)) == [0.0, 1.0]
    assert reciprocal(range(1, 3)) == [1.0, 0.5]
    for values in ({1.0, 2.0}, iter([1.0]), {1.0: 2.0}.values()):
        with pytest.raises(replicon.InputError, match="no list: give its values as a list"):
            check_values(control, values)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1 + 1e-9, "1.000000001"),  # not 1, which is allowed
        (2.123456789, "2.12346"),
        (np.float32(2), "2"),
        (np.array(2.0), "2"),
        (np.datetime64("2020"), "datetime.date(2020, 1, 1)"),
        (xr.Dataset({"b": 1}), "<xarray.Dataset> Size: 8B Dimensions: () Data var"),
        (jax.random.key(0), "overlaying: [0 0]"),
    ],
    ids=range(7),
)
def test_a_refused_value_is_shown_on_one_line_and_as_what_it_is(value, shown):
    with pytest.raises(replicon.InputError) as caught:
        check_argument("a", value, Interval(0, 1))
    assert shown in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize("name", [*RESERVED, "lambda", "_x", "a b", "a-b", "../x", ""])
def test_a_control_may_not_take_a_name_that_means_something_else(name):
    with pytest.raises(replicon.InputError, match="declares a control"):
        Model(
            name="m",
            title="m",
            controls=(Control(name, "a", 0.0, Interval(), "x"),),
            observables=(),
        )


def test_a_default_lies_in_its_own_domain():
    with pytest.raises(replicon.InputError, match="outside its domain"):
        Model(
            name="m",
            title="m",
            controls=(Control("a", "a", -1.0, Interval(0), "x"),),
            observables=(),
        )


@pytest.mark.parametrize(
    "given",
    [
        np.eye(3),
        np.eye(3).tolist(),
        np.eye(3, dtype=bool),
        np.eye(3, dtype=object),
        sparse.csr_array(np.eye(3)),
        sparse.eye(3),
    ],
)
def test_an_array_of_any_kind_is_read_as_it_is(given):
    np.testing.assert_array_equal(square_matrix("J", given), np.eye(3))


@pytest.mark.parametrize(
    "given",
    [
        1j * np.eye(3),
        [[1, 2], [3]],
        "abc",
        None,
        3.0,
        np.ones(3),
        np.ones((2, 3)),
        np.zeros((0, 0)),
        np.full((2, 2), np.nan),
        np.zeros((2, 2), [("a", float)]),
        np.array([["a", "b"], ["c", "d"]]),
        object(),
        {"a": 1},
        np.array("2020-01-01", "M8[D]"),
    ],
)
def test_what_is_no_matrix_gets_a_sentence(given):
    with pytest.raises(replicon.InputError, match=r"^J .*expected a square matrix"):
        square_matrix("J", given)


def _about(**changes):
    given = {"summary": "s", "formulas": {"Energy": "E = 0"}, "assumes": ("a",)}
    return replicon.About(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"formulas": "E = 0"}, "formulas = .* give a dictionary"),
        ({"assumes": "a sentence"}, "assumes = .* give a tuple"),
        ({"papers": 3}, "papers = 3: give a tuple"),
        ({"summary": " "}, "empty text"),
        ({"formulas": {"Energy": ""}}, "empty text"),
        ({"chapter": 3}, "no text"),
    ],
)
def test_what_a_reader_is_told_is_text(changes, sentence):
    with pytest.raises(replicon.InputError, match=sentence):
        _about(**changes)


def test_a_model_may_say_what_it_is_or_leave_it_out():
    controls = (Control("a", "a", 0.0, Interval(), "x"),)
    silent = Model("m", "m", controls, ())
    assert silent.as_dict()["about"] is None
    told = Model("m", "m", controls, (), about=_about(papers=("Someone (1900)",)))
    assert told.as_dict()["about"]["formulas"] == {"Energy": "E = 0"}
    assert told.as_dict()["about"]["papers"] == ["Someone (1900)"]
    assert told.messages()["m.about.assumes.1"] == "a"
    with pytest.raises(replicon.InputError, match="give an About"):
        Model("m", "m", controls, (), about="a model")  # pyright: ignore[reportArgumentType]
