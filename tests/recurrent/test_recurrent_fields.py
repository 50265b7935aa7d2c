"""Fixed points in a constant field: linear networks, one neuron, continuation from zero field, and
the states that `evolve` comes to in the same field.
"""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

import replicon
from replicon.recurrent import evolve, find_fixed_points

N = 6
J = np.random.default_rng(0).standard_normal((N, N)) / np.sqrt(N)
H = np.random.default_rng(1).standard_normal(N)
STARTS = np.random.default_rng(2).standard_normal((8, N))


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e6])
def test_a_linear_network_rests_where_the_inverse_says(size):
    found = find_fixed_points(J, size * STARTS, function=lambda x: x, field=size * H)
    assert len(found.points) == 1
    assert found.fixed.all()
    np.testing.assert_allclose(found.points[0], size * np.linalg.solve(np.eye(N) - J, H), rtol=1e-9)
    top = np.linalg.eigvals(J).real.max()
    assert found.growth[0] == pytest.approx(top - 1, abs=1e-12)


@pytest.mark.parametrize("field", [0.1, 0.5])
def test_one_neuron_in_a_field_loses_two_of_three_points(field):
    """x = 2 tanh(x) + h: three roots below the field h = 0.53284 at which two meet, else one."""

    def force(x):
        return 2 * np.tanh(x) + h - x

    for h, count in ((field, 3), (0.6, 1)):
        found = find_fixed_points(
            [[2.0]], np.linspace(-3, 3, 9)[:, None], function=jnp.tanh, field=h
        )
        points = np.sort(found.points[found.fixed, 0])
        assert len(points) == count
        assert points[-1] == pytest.approx(brentq(force, 0, 4), abs=1e-12)
        np.testing.assert_allclose(force(points), 0, atol=1e-14)
        grows = 2 / np.cosh(found.points[found.fixed, 0]) ** 2 - 1
        np.testing.assert_allclose(found.growth[found.fixed], grows, rtol=1e-10)


def test_points_are_continued_from_zero_field():
    """Every point moves by (1 - J phi')^-1 h at first order."""
    couplings = 1.5 * (J + J.T)
    settings = {"function": jnp.tanh}
    before = find_fixed_points(couplings, STARTS, **settings)
    points = before.points[before.fixed]
    assert len(points) > 1
    small = 1e-4
    after = find_fixed_points(couplings, points, **settings, field=small * H)
    assert after.fixed.all()
    for x in points:
        linear = np.eye(N) - couplings / np.cosh(x) ** 2
        moved = x + np.linalg.solve(linear, small * H)
        assert np.abs(after.points - moved).max(axis=1).min() < 1e-5
    residual = -after.points + np.tanh(after.points) @ couplings.T + small * H
    np.testing.assert_allclose(residual, 0, atol=1e-13)


def test_a_network_comes_to_rest_where_the_search_says():
    settings = {"function": jnp.tanh, "field": 2 * H}
    rest = evolve(J, STARTS.T, **settings, duration=80).final.T
    found = find_fixed_points(J, STARTS, **settings)
    for x in rest:
        assert np.abs(found.points[found.growth < 0] - x).max(axis=1).min() < 1e-8
    one = find_fixed_points(J, STARTS, function=jnp.tanh, field=0.3)
    every = find_fixed_points(J, STARTS, function=jnp.tanh, field=np.full(N, 0.3))
    np.testing.assert_array_equal(one.points, every.points)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (np.ones(4), r"field has shape \(4,\): give a finite number, or one for each neuron"),
        (np.ones((N, 1)), r"field has shape \(6, 1\)"),
        (np.nan, "field holds nan"),
        ([1j] * N, "complex"),
        ("up", "field = 'up' is no array"),
        ([[1], [2, 3]], "no array of numbers"),
    ],
)
def test_fields_are_refused_in_a_sentence(field, words):
    with pytest.raises(replicon.InputError, match=words):
        find_fixed_points(J, STARTS, function=jnp.tanh, field=field)


def test_a_field_breaks_the_symmetry_of_an_odd_phi():
    with pytest.raises(replicon.InputError, match="odd = True, but field is not zero"):
        find_fixed_points(J, STARTS, function=jnp.tanh, field=0.1, odd=True)
    plain = find_fixed_points(3 * J, STARTS, function=jnp.tanh, odd=True)
    zero = find_fixed_points(3 * J, STARTS, function=jnp.tanh, odd=True, field=np.zeros(N))
    np.testing.assert_array_equal(zero.points, plain.points)
