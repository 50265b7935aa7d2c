"""Errors of means and of ratios, against repeated experiments."""

import numpy as np
import pytest

from replicon.simulation.statistics import jackknife, mean_and_error, z_value


def test_standard_error_is_the_spread_of_repeated_means():
    rng = np.random.default_rng(0)
    means, errors = zip(*(mean_and_error(rng.exponential(size=50)) for _ in range(4000)), strict=True)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(means), rel=0.05)


def test_jackknife_of_a_ratio_is_nearly_unbiased_and_its_error_right():
    rng = np.random.default_rng(1)

    def binder(second, fourth):
        return 1 - fourth / (3 * second**2)

    found = []
    for _ in range(3000):
        m = rng.normal(size=(40, 30))
        found.append(jackknife(binder, (m**2).mean(axis=1), (m**4).mean(axis=1)))
    values, errors = np.array(found).T
    assert abs(values.mean()) < 4.5 * values.std() / np.sqrt(len(values)) + 1e-4  # Gaussian: U = 0
    assert np.sqrt((errors**2).mean()) == pytest.approx(values.std(), rel=0.06)


def test_one_sample_has_no_error():
    assert np.isnan(mean_and_error(np.ones(1))[1])
    assert np.isnan(jackknife(lambda a: a, np.ones(1))[1])


def test_z_of_equal_values_is_zero_even_without_error():
    assert z_value(1.0, 0.0, 1.0) == 0.0
    assert np.isnan(z_value(1.0, 0.0, 2.0))
    assert z_value(1.2, 0.1, 1.0) == pytest.approx(2.0)
