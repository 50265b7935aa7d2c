"""Stationary points, branches, folds, zeros and crossings on problems with closed solutions."""

from typing import NamedTuple

import jax
import numpy as np
import pytest

from replicon._declare import controls_tuple
from replicon.theory import branch, stationary, transition
from replicon.theory.gaussian import log_2cosh
from replicon.theory.points import evaluate


class Magnetization(NamedTuple):
    m: jax.Array


def magnet(x, c):
    """Curie-Weiss with J = 1."""
    return x.m**2 / 2 - log_2cosh(x.m + c.field, 0.0, c.temperature)


residual = stationary.gradient(magnet)


def controls(field, temperature):
    return controls_tuple(
        ("field", "temperature"),
        np.broadcast_arrays(np.asarray(field, float), np.asarray(temperature, float)),
    )


def test_stationary_points_of_a_grid_in_one_call():
    m = np.linspace(0.3, 0.99, 300)
    temperature = m / np.arctanh(m)
    found = stationary.solve(residual, Magnetization(np.ones_like(m)), controls(0.0, temperature))
    assert found.converged.all()
    np.testing.assert_allclose(found.x.m, m, atol=1e-11)


def test_saddle_points_are_found_though_they_are_no_minima():
    class Point(NamedTuple):
        a: jax.Array
        b: jax.Array

    def saddle(x, c):
        return x.a**2 - x.b**2 + c.field * x.a * x.b + x.a

    start = Point(np.zeros(3), np.zeros(3))
    field = np.array([0.0, 1.0, 3.0])
    found = stationary.solve(stationary.gradient(saddle), start, controls(field, 1.0))
    np.testing.assert_allclose(found.x.a, -2 / (4 + field**2), atol=1e-12)
    assert found.converged.all()


def test_a_point_without_a_solution_is_marked_not_raised():
    def none(x, c):
        return Magnetization(x.m**2 + c.field)

    found = stationary.solve(none, Magnetization(np.ones(2)), controls([-4.0, 4.0], 1.0))
    assert found.converged.tolist() == [True, False]
    assert np.isfinite(found.x.m).all()


def test_fold_to_machine_precision():
    temperature = np.array([0.1, 0.5, 0.9, 1.2])
    c = controls(0.5, temperature)
    start = stationary.solve(residual, Magnetization(np.ones(4)), c).x
    found = branch.fold(residual, start, c, "field", steps=500, direction=-1)
    m_s = np.sqrt(1 - temperature[:3])
    np.testing.assert_allclose(found.value[:3], temperature[:3] * np.arctanh(m_s) - m_s, atol=1e-11)
    np.testing.assert_allclose(found.x.m[:3], m_s, atol=1e-8)
    assert found.converged.tolist() == [True, True, True, False]
    assert np.isnan(found.value[3])


def _state(sign, temperature, observable):
    """Free energy or magnetization of the up (+1) or down (-1) state against the field, all points
    at once.
    """
    temperature = np.asarray(temperature)

    def at(field):
        c = controls(field, temperature)
        found = stationary.solve(residual, Magnetization(np.full(len(temperature), float(sign))), c)
        m = found.x.m
        value = (
            m
            if observable == "m"
            else m**2 / 2
            - temperature * np.logaddexp((m + field) / temperature, -(m + field) / temperature)
        )
        return value, found.converged & (sign * m > 0)

    return at


def test_first_order_transition_is_where_the_potentials_cross():
    t = [0.4, 0.6]
    found = transition.crossing(
        _state(1, t, "f"), _state(-1, t, "f"), np.full(2, -0.05), np.full(2, 0.08)
    )
    assert found.converged.all()
    np.testing.assert_allclose(found.value, 0.0, atol=1e-12)


def _shifted(branch, by):
    def at(field):
        value, there = branch(field)
        return value - by, there

    return at


def test_zero_of_an_observable_and_its_absence():
    found = transition.zero(
        _shifted(_state(1, [0.5, 0.5], "m"), 0.98), np.array([0.0, 0.3]), np.array([0.3, 0.5])
    )
    np.testing.assert_allclose(found.value[0], 0.5 * np.arctanh(0.98) - 0.98, atol=1e-12)
    assert found.converged.tolist() == [True, False]
    assert np.isnan(found.value[1])


def test_zero_in_the_logarithm_over_many_decades():
    target = np.array([1e-9, 3e-4, 0.7])
    found = transition.zero(
        lambda x: (x - target, np.ones(3, bool)), np.full(3, 1e-12), np.ones(3), geometric=True
    )
    np.testing.assert_allclose(found.value, target, rtol=1e-9)


def test_continuous_transition_is_an_eigenvalue_crossing():
    def at(temperature):
        return evaluate(
            transition.determinant(residual),
            Magnetization(np.zeros(1)),
            controls([0.0], temperature),
        ), np.ones(1, bool)

    np.testing.assert_allclose(
        transition.zero(at, np.array([0.5]), np.array([1.7])).value, 1.0, atol=1e-12
    )


def test_the_end_of_a_branch_is_not_mistaken_for_a_zero():
    # The up state ends inside the bracket before its magnetization falls to 0.1.
    found = transition.zero(_shifted(_state(1, [0.5], "m"), 0.1), np.array([0.1]), np.array([-0.5]))
    assert not found.converged[0]


@pytest.mark.parametrize("count", [1, 31, 32, 33, 100])
def test_any_number_of_points_gives_the_same_values(count):
    c = controls(np.linspace(0, 1, 300)[:count], 0.8)
    found = stationary.solve(residual, Magnetization(np.ones(count)), c)
    assert found.x.m.shape == (count,)
    whole = stationary.solve(
        residual, Magnetization(np.ones(300)), controls(np.linspace(0, 1, 300), 0.8)
    )
    np.testing.assert_array_equal(found.x.m, whole.x.m[:count])


def test_a_pole_a_jump_and_the_end_of_a_branch_are_no_zeros():
    """Signs change at 1/pi in all of them; it is a zero where the observable vanishes on both
    sides, of one branch.
    """
    at = 1 / np.pi
    kinds = {
        "zero": lambda v: v - at,
        "steep zero": lambda v: np.cbrt(v - at),
        "flat zero": lambda v: (v - at) ** 3,
        "tiny zero": lambda v: 1e-200 * (v - at),
        "pole": lambda v: 1 / (v - at),
        "jump": lambda v: np.where(v < at, -1.0, 0.3),
        "half a jump": lambda v: np.where(v < at, -1.0, v - at),
    }
    low, high = np.zeros(2), np.array([1.0, 0.7])
    for name, observable in kinds.items():
        found = transition.zero(lambda v, f=observable: (f(v), np.ones(v.shape, bool)), low, high)
        expected = "zero" in name
        # A cube root is 1e-5 of its size at 1e-15 of the bracket: it cannot be told from a jump,
        # and is not accepted.
        assert found.converged.tolist() == [expected and name != "steep zero"] * 2, name
        if found.converged.all():
            np.testing.assert_allclose(found.value, at, rtol=1e-12 if name != "flat zero" else 1e-4)
    ended = transition.zero(lambda v: (np.ones(v.shape), v < at), low, high)
    assert not ended.converged.any() and np.isnan(ended.value).all()
    nothing = transition.zero(lambda v: (np.zeros(v.shape), np.ones(v.shape, bool)), low, high)
    assert not nothing.converged.any()


def test_brackets_are_the_first_change_of_sign_of_a_branch_that_may_end():
    """cos(10 field) at fields from 0, temperature the field beyond which there is no branch."""

    def solve(c):
        return {"m": np.cos(10 * c.field), "converged": c.field < c.temperature}

    ends = np.array([2.0, 0.19, 0.15])  # the change of sign is at 0.1571
    grid = np.tile(np.array([0.0, 0.1, 0.2, 0.5, 0.7]), (3, 1))
    low, high, found = transition.bracket(solve, controls(0.0, ends), "field", "m", grid)
    assert found.tolist() == [True, True, False]
    for k in (0, 1):
        assert low[k] < np.pi / 20 < high[k] < ends[k]
