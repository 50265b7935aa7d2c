"""ln Phi and the hazard against SciPy's own, and their derivatives against closed forms."""

import jax
import numpy as np
import pytest
from scipy.special import erfcx, log_ndtr

from replicon.theory.normal import hazard, log_normal

# Both tails, the middle, and the ends of the double range.
POINTS = np.concatenate([np.linspace(-40, 8, 9601), -np.geomspace(40, 1e150, 200), [0.0, -0.0]])


def in_float64(function, x):
    with jax.enable_x64(True):
        return np.asarray(function(x))


def test_logarithm_is_scipys():
    ours = in_float64(log_normal, POINTS)
    # exp(-x^2/2) at x = 8 knows its exponent to 32 ulp, and so does ln Phi there.
    np.testing.assert_allclose(ours, log_ndtr(POINTS), rtol=2e-14)


def test_hazard_is_density_over_distribution():
    left = POINTS[POINTS < 0]
    mills = np.sqrt(np.pi / 2) * erfcx(-left / np.sqrt(2))
    np.testing.assert_allclose(in_float64(hazard, left), 1 / mills, rtol=4e-15)
    right = POINTS[POINTS >= 0]
    density = np.exp(-(right**2) / 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(in_float64(hazard, right), density / np.exp(log_ndtr(right)), 3e-14)


def test_ends_of_the_line():
    assert in_float64(log_normal, np.array([-np.inf, np.inf])).tolist() == [-np.inf, 0.0]
    assert in_float64(hazard, np.array([-np.inf, np.inf])).tolist() == [np.inf, 0.0]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_derivatives_of_any_order(order):
    x = np.linspace(-6, 6, 25)
    h = in_float64(hazard, x)
    s = x + h
    closed = {
        1: h,
        2: -h * s,
        3: h * s * s - h * (1 - h * s),
        4: -h * s**3 + 3 * h * s * (1 - h * s) - h * h * s * s + h * h * (1 - h * s),
    }[order]
    function = log_normal
    for _ in range(order):
        function = jax.grad(function)
    # Terms of order x^(order + 1) cancel.
    tolerance = 1e-15 * 8.0 ** (order + 1)
    np.testing.assert_allclose(in_float64(jax.vmap(function), x), closed, atol=tolerance)
