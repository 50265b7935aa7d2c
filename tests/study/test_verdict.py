"""`converged` is a promise kept in one place: for shipped models and for any that a user brings."""

import math

import numpy as np
import pytest

import replicon
from replicon import Axis, Branch, Control, Interval, Model, Observable, Transition

OVERLAP = (Observable("overlap", "q", "x", 0, 1),)


def _model(solve, *, observables=OVERLAP, branches=(), transitions=(), potential=None):
    control = Control("load", "alpha", 0.5, Interval(0, 10), "x")
    return Model(
        "mine", "mine", (control,), observables, branches, transitions, solve, potential=potential
    )


def _constant(value):
    return lambda c: {
        "overlap": np.full_like(c.load, value),
        "converged": np.ones_like(c.load, bool),
    }


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, -0.1, 1.1, -1e-6, 1 + 1e-6, 1e300]
)
def test_a_number_that_cannot_be_right_is_never_converged(value):
    model = _model(_constant(value))
    out = replicon.solve(model, load=[0.1, 0.2])
    assert not out["converged"].any()
    assert np.isnan(out["overlap"]).all()
    assert "overlap" in str(out["reason"].values[0])
    with pytest.raises(replicon.ConvergenceError, match="overlap"):
        replicon.solve(model)


@pytest.mark.parametrize(
    ("value", "shown"), [(-1e-13, 0.0), (1 + 1e-12, 1.0), (0.0, 0.0), (1.0, 1.0), (0.5, 0.5)]
)
def test_rounding_beyond_a_bound_is_taken_back(value, shown):
    assert float(replicon.solve(_model(_constant(value)))["overlap"]) == shown


def test_a_partial_observable_may_be_unknown_but_not_wrong():
    partial = (Observable("overlap", "q", "x", 0, 1, partial=True),)
    assert bool(replicon.solve(_model(_constant(math.nan), observables=partial))["converged"])
    for value in (math.inf, 2.0):
        with pytest.raises(replicon.ConvergenceError):
            replicon.solve(_model(_constant(value), observables=partial))


def test_the_potential_must_be_finite():
    def solve(c):
        return {
            "overlap": c.load * 0,
            "free_energy": np.log(c.load * 0 - 1e-300 * 0),
            "converged": np.ones_like(c.load, bool),
        }

    with (
        np.errstate(divide="ignore"),
        pytest.raises(replicon.ConvergenceError, match="free_energy is not finite"),
    ):
        replicon.solve(_model(solve, potential="free_energy"))


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (lambda c: None, "must return a dictionary"),
        (lambda c: {"converged": np.ones(1, bool)}, "no 'overlap'"),
        (lambda c: {"overlap": c.load}, "no 'converged'"),
        (lambda c: {"overlap": np.ones(7), "converged": np.ones(7, bool)}, "shape"),
    ],
)
def test_what_a_model_returns_wrongly_is_said(returned, sentence):
    with pytest.raises(replicon.InputError, match=sentence):
        replicon.solve(_model(lambda c: returned(c)))


def _with_transition(*found):
    return _model(
        _constant(0.5),
        transitions=(Transition("critical", "load", "something ends", lambda c: found),),
    )


def test_not_found_and_does_not_exist_are_different_sentences():
    nan, no = np.array([math.nan]), np.zeros(1, bool)
    with pytest.raises(
        replicon.ConvergenceError, match=r"was not found.*does not say that there is none"
    ):
        replicon.find_transition(_with_transition(nan, no), "critical")
    with pytest.raises(
        replicon.ConvergenceError, match="does not exist: couplings without a cycle"
    ):
        replicon.find_transition(
            _with_transition(nan, no, np.array(["couplings without a cycle"])), "critical"
        )


@pytest.mark.parametrize("value", [-1.0, 10.5, math.inf, math.nan, 2e16])
def test_a_transition_outside_the_domain_of_its_control_is_none(value):
    with pytest.raises(replicon.ConvergenceError):
        replicon.find_transition(_with_transition(np.array([value]), np.ones(1, bool)), "critical")


def test_an_unsolved_point_of_a_branch_is_not_said_to_be_absent_without_a_reason():
    def solve(c, branch):
        return {"overlap": c.load * 0, "converged": np.zeros_like(c.load, bool)}

    model = _model(solve, branches=(Branch("a", "one"), Branch("b", "other")))
    with pytest.raises(replicon.ConvergenceError, match="does not say that it does not exist"):
        replicon.solve(model)


def test_words_of_any_length_and_arrays_of_any_width_are_put_together():
    def solve(c):
        count = len(c.load)
        width = 3 if c.kind == "wide" else 2
        return {
            "overlap": c.load / 10,
            "converged": np.ones(count, bool),
            "branch": np.full(count, c.kind),
            "levels": np.ones((count, width)),
        }

    controls = (
        Control("load", "alpha", 0.5, Interval(0, 10), "x"),
        Control("kind", "k", "short", replicon.Words(("short", "wide")), "x"),
    )
    model = Model(
        "mine",
        "mine",
        controls,
        (
            Observable("overlap", "q", "x", 0, 1),
            Observable("levels", "l", "x", axes=(Axis("level", "k", "x"),)),
        ),
        (),
        (),
        solve,
        potential=None,
    )
    out = replicon.solve(model, load=[1, 2], kind=["short", "wide"])
    assert out["branch"].values.tolist() == [["short", "wide"]] * 2
    assert np.isnan(out["levels"].sel(kind="short").values[:, 2]).all()
    assert (out["levels"].sel(kind="wide").values == 1).all()


def test_every_point_of_a_grid_without_a_solution_has_a_reason():
    def solve(c):
        return {"overlap": c.load, "converged": c.load < 0.15}

    out = replicon.solve(_model(solve), load=[0.1, 0.2])
    assert list(out["reason"].values) == [
        "",
        "it was not found, which does not say that it does not exist",
    ]
    hopfield = replicon.solve("hopfield", branch="retrieval", load=[0.05, 0.3])
    assert list(hopfield["reason"].values != "") == [False, True]
