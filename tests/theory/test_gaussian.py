"""Gaussian averages against adaptive quadrature, closed forms and finite differences."""

import itertools
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate

from replicon.theory import gaussian


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def _adaptive(mean, variance, temperature):
    def integrand(z):
        x = abs(mean + np.sqrt(variance) * z)
        value = x + temperature * np.log1p(np.exp(-2 * x / temperature))
        return value * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    # The step about the zero of the field has the width T: an adaptive rule that is not told misses
    # it.
    kink, width = -mean / np.sqrt(variance), 20 * temperature / np.sqrt(variance)
    points = sorted(
        {float(np.clip(p, -12, 12)) for p in (-12.0, kink - width, kink, kink + width, 12.0)}
    )
    return sum(
        integrate.quad(integrand, a, b, epsabs=1e-14, epsrel=1e-13, limit=400)[0]
        for a, b in itertools.pairwise(points)
    )


@pytest.mark.parametrize("temperature", [1e-3, 0.05, 0.3, 0.99, 1.01, 4.0])
@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (0.7, 1.0), (-1.5, 0.3), (0.2, 3.0)])
def test_log_2cosh_against_adaptive_quadrature(mean, variance, temperature):
    assert float(gaussian.log_2cosh(mean, variance, temperature)) == pytest.approx(
        _adaptive(mean, variance, temperature), rel=2e-11
    )


def test_log_2cosh_at_zero_temperature_and_zero_variance():
    mean, variance = 0.4, 0.7
    modulus = mean * (2 * _normal_cdf(mean / np.sqrt(variance)) - 1) + np.sqrt(
        2 * variance / np.pi
    ) * np.exp(-(mean**2) / (2 * variance))
    assert float(gaussian.log_2cosh(mean, variance, 0.0)) == pytest.approx(modulus, rel=1e-12)
    assert float(gaussian.log_2cosh(-mean, 0.0, 0.0)) == mean
    assert float(gaussian.log_2cosh(mean, 0.0, 0.5)) == pytest.approx(
        0.5 * np.log(2 * np.cosh(0.8)), rel=1e-14
    )


def _normal_cdf(x):
    from scipy.special import ndtr

    return ndtr(x)


@pytest.mark.parametrize(
    "point", [(0.3, 0.5, 0.2), (0.3, 0.5, 1.3), (1.0, 0.0, 0.7), (0.0, 0.3, 0.5)]
)
def test_derivatives_against_finite_differences(point):
    first = jax.grad(gaussian.log_2cosh, argnums=(0, 1, 2))
    step = 1e-5
    for k in range(3):
        shift = np.zeros(3)
        shift[k] = step
        if point[k] == 0.0 and k == 1:  # one-sided at zero variance
            numeric = (
                gaussian.log_2cosh(*(np.array(point) + shift)) - gaussian.log_2cosh(*point)
            ) / step
            assert float(first(*point)[k]) == pytest.approx(float(numeric), abs=1e-4)
            continue
        numeric = (
            gaussian.log_2cosh(*(np.array(point) + shift))
            - gaussian.log_2cosh(*(np.array(point) - shift))
        ) / (2 * step)
        assert float(first(*point)[k]) == pytest.approx(float(numeric), abs=2e-9)


def test_derivative_families_agree_across_the_switch_of_quadratures():
    fourth = jax.grad(jax.grad(jax.grad(jax.grad(gaussian.log_2cosh))))
    below, above = fourth(0.3, 1.0 - 1e-13, 1.0), fourth(0.3, 1.0 + 1e-13, 1.0)
    assert float(below) == pytest.approx(float(above), rel=1e-10)


@pytest.mark.parametrize("temperature", [0.02, 0.5, 2.0])
def test_sech_fourth(temperature):
    mean, variance = 0.2, 0.6
    z = np.linspace(-12, 12, 400_001)
    weight = np.exp(-(z**2) / 2)
    x = np.clip((mean + np.sqrt(variance) * z) / temperature, -150, 150)
    direct = (weight / np.cosh(x) ** 4).sum() / weight.sum()
    assert float(gaussian.sech_fourth(mean, variance, temperature)) == pytest.approx(
        direct, rel=1e-9
    )


def test_average_closed_forms_and_heat_equation():
    assert float(gaussian.average(jnp.exp, 0.3, 0.8)) == pytest.approx(np.exp(0.7), rel=1e-13)
    assert float(gaussian.average(lambda x, k: jnp.cos(k * x), 0.3, 0.8, 1.7)) == pytest.approx(
        np.cos(0.51) * np.exp(-(1.7**2) * 0.4), rel=1e-12
    )

    def mean_of_cos(mean, variance, k):
        return gaussian.average(lambda x, k: jnp.cos(k * x), mean, variance, k)

    for variance in (0.0, 0.8):
        by_mean, by_variance, by_k = jax.grad(mean_of_cos, argnums=(0, 1, 2))(0.3, variance, 1.7)
        damp = np.exp(-(1.7**2) * variance / 2)
        assert float(by_mean) == pytest.approx(-1.7 * np.sin(0.51) * damp, rel=1e-11)
        assert float(by_variance) == pytest.approx(-(1.7**2) / 2 * np.cos(0.51) * damp, rel=1e-11)
        assert float(by_k) == pytest.approx(
            (-0.3 * np.sin(0.51) - 1.7 * variance * np.cos(0.51)) * damp, rel=1e-10
        )


def test_node_count_is_enough_by_doubling():
    for count in (gaussian.NODES, 2 * gaussian.NODES - 1):
        z, weight = gaussian.nodes(count)
        value = (weight * np.tanh(0.3 + z) ** 2).sum()
        if count == gaussian.NODES:
            first = value
    assert value == pytest.approx(first, abs=1e-13)


def test_compilation_of_a_hessian_takes_less_than_ten_seconds():
    begin = time.process_time()
    jax.jit(jax.hessian(gaussian.log_2cosh, argnums=(0, 1, 2))).lower(0.1, 0.2, 0.3).compile()
    assert time.process_time() - begin < 10


@pytest.mark.parametrize("temperature", [2.0, 1.0, 0.3, 0.05])
@pytest.mark.parametrize(("mean", "variance"), [(0.0, 0.5), (0.7, 0.2), (-1.3, 1.0), (0.4, 0.0)])
def test_spin_entropy(mean, variance, temperature):
    def entropy(z):
        x = abs(mean + np.sqrt(variance) * z) / temperature
        return np.log1p(np.exp(-2 * x)) + 2 * x / (np.exp(2 * x) + 1)

    def weighted(z):
        return entropy(z) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)

    direct = (
        integrate.quad(
            weighted, -12, 12, points=[-mean / np.sqrt(variance)], epsabs=1e-13, limit=400
        )[0]
        if variance
        else entropy(0)
    )
    with jax.enable_x64(True):
        assert float(gaussian.spin_entropy(mean, variance, temperature)) == pytest.approx(
            direct, abs=1e-11
        )


@pytest.mark.parametrize("temperature", [1e-3, 1e-6, 1e-12, 1e-300, 0.0])
def test_spin_entropy_is_right_however_cold(temperature):
    """(pi^2/6) T p(0), p the density of the field at zero, for cold spins."""
    with jax.enable_x64(True):
        found = float(gaussian.spin_entropy(0.3, 0.5, temperature))
    density = np.exp(-(0.3**2) / (2 * 0.5)) / np.sqrt(2 * np.pi * 0.5)
    assert found == pytest.approx(np.pi**2 / 6 * temperature * density, rel=1e-5, abs=1e-15)


def test_ln_2cosh_at_a_point_is_that_of_two_exponentials():
    x = np.array([-800.0, -3.0, -1e-9, 0.0, 0.4, 5.0, 800.0])
    first = jax.grad(gaussian.log_2cosh_at)
    np.testing.assert_allclose(gaussian.log_2cosh_at(x), np.logaddexp(x, -x), rtol=1e-15)
    np.testing.assert_allclose(jax.vmap(first)(x), np.tanh(x), atol=1e-15)
    np.testing.assert_allclose(jax.vmap(jax.grad(first))(x), 1 - np.tanh(x) ** 2, atol=1e-15)
