"""Zeros by halving, against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from replicon.theory.bisection import bisect, polish


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def test_zeros_of_an_array_are_found_to_the_width_that_is_left():
    squares = jnp.array([0.5, 2.0, 9.0])
    found = bisect(lambda x: squares - x**2, 0.0, jnp.full(3, 4.0), halvings=30)
    error = np.abs(np.asarray(found) - np.sqrt(squares))
    assert (error <= 4 / 2**31).all()
    assert (error > 0).any()


def test_without_a_change_of_sign_the_zero_lies_at_an_end():
    assert bisect(lambda x: 1 + x**2, jnp.zeros(()), 1.0) == pytest.approx(1, abs=1e-15)
    assert bisect(lambda x: -1 - x**2, jnp.zeros(()), 1.0) == pytest.approx(0, abs=1e-15)


def test_the_polished_zero_is_exact_and_has_the_derivative_of_the_root():
    def root(a):
        near = bisect(lambda x: a - x**3, 0.0, jnp.asarray(4.0), halvings=30)
        return polish(lambda x: a - x**3, near)

    assert float(root(5.0)) == pytest.approx(5 ** (1 / 3), abs=1e-15)
    assert jax.grad(root)(5.0) == pytest.approx(
        5 ** (-2 / 3) / 3, rel=4 / 2**30
    )  # the slope at 4/2^31
    assert jax.grad(lambda a: bisect(lambda x: a - x, 0.0, jnp.asarray(4.0)))(1.0) == 0
