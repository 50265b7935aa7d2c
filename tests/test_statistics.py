"""Errors of means and of ratios, intervals and autocorrelations, against repeated experiments and
exact coverage.
"""

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter
from tests.statistical import assert_mean, assert_rejected

from replicon._statistics import (
    autocorrelation_time,
    binomial_interval,
    jackknife,
    mean_and_error,
    pseudo_values,
    variance_of_chains,
    warn_of_short_chains,
    z_value,
)


def test_standard_error_is_the_spread_of_repeated_means():
    rng = np.random.default_rng(0)
    means, errors = zip(
        *(mean_and_error(rng.exponential(size=50)) for _ in range(4000)), strict=True
    )
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


def _coverage(interval, count=30):
    """Exact chance that the interval of `count` values of 0 and 1 holds the p behind them, mean
    over p in (0, 1).
    """
    p = (np.arange(400) + 0.5) / 400
    hits = np.arange(count + 1)
    ends = np.array([interval(np.repeat([1.0, 0.0], [k, count - k])) for k in hits])
    held = (ends[:, :1] <= p) & (p <= ends[:, 1:])
    return (held * stats.binom.pmf(hits[:, None], count, p)).sum(axis=0).mean()


def test_a_binomial_interval_holds_the_truth_as_often_as_it_says():
    """Wilson's interval has its nominal coverage on average over p to 0.01 (Brown, Cai & DasGupta
    2001, figure 5).
    """
    assert _coverage(binomial_interval) == pytest.approx(0.95, abs=0.01)
    for confidence in (0.5, 0.8, 0.99):
        assert _coverage(lambda x, c=confidence: binomial_interval(x, c)) == pytest.approx(
            confidence, abs=0.02
        )
    assert binomial_interval(np.zeros(30))[1] > 0.05
    assert binomial_interval(np.ones(30))[0] < 0.95


def _chains(rng, memory, length, count):
    """Stationary AR(1) chains of variance 1: tau = (1 + memory)/(1 - memory)/2."""
    noise = np.sqrt(1 - memory**2) * rng.standard_normal((count, length))
    return lfilter(
        [1.0], [1.0, -memory], noise, axis=1, zi=memory * rng.standard_normal((count, 1))
    )[0]


def test_variance_about_the_mean_of_all_chains_has_no_bias_and_its_error_covers():
    """Chains of two autocorrelation times; the variance within them, the wrong twin, is
    too small.
    """
    rng = np.random.default_rng(4)
    pooled, covered, within = [], [], []
    for _ in range(400):
        x = 5 + _chains(rng, 0.9, 20, 30)
        mean, error = mean_and_error(variance_of_chains(x))
        pooled.append(float(mean))
        covered.append(abs(mean - 1) < stats.t.ppf(0.975, 29) * error)
        within.append(x.var(axis=1).mean())
    assert_mean(pooled, 1.0, effect=0.1)
    assert_rejected(within, 1.0)
    assert 0.90 < np.mean(covered) < 0.98  # 95 %; skewed, hence rather below


def test_jackknife_covers_and_plain_ratios_are_biased():
    """<x>^2 of a Gaussian, exactly unbiased by the jackknife; the plain square is too large by
    var/n.
    """
    rng = np.random.default_rng(5)
    values, covered, plain = [], [], []
    for _ in range(4000):
        x = rng.normal(1.0, 1.0, size=12)
        value, error = jackknife(np.square, x)
        values.append(float(value))
        covered.append(abs(value - 1) < stats.t.ppf(0.975, 11) * error)
        plain.append(x.mean() ** 2)
    assert_mean(values, 1.0, effect=0.09)
    assert_mean(plain, 1 + 1 / 12, effect=0.09)
    assert 0.91 < np.mean(covered) < 0.97  # 95 %; the square is curved where x is near zero
    np.testing.assert_allclose(pseudo_values(lambda m: m, x), x)


def test_autocorrelation_time_of_a_known_process():
    rng = np.random.default_rng(6)
    for memory in (0.0, 0.6, 0.95):
        tau = (1 + memory) / (1 - memory) / 2
        found = [autocorrelation_time(_chains(rng, memory, 4000, 10)).mean() for _ in range(40)]
        # The window of 5 tau leaves out exp(-5) of the sum.
        assert np.mean(found) == pytest.approx(
            tau, abs=4.5 * np.std(found) / np.sqrt(40) + 0.01 * tau
        )
        assert np.std(found) < 0.2 * tau
    assert np.isnan(autocorrelation_time(np.full((3, 50), 0.1))).all()


def test_chains_far_too_short_are_said_to_be():
    rng = np.random.default_rng(7)
    with pytest.warns(
        RuntimeWarning, match=r"100 sweeps are short beside their autocorrelation time"
    ):
        warn_of_short_chains(autocorrelation_time(_chains(rng, 0.995, 100, 30)), 100, 100)
    warn_of_short_chains(autocorrelation_time(_chains(rng, 0.5, 100, 30)), 100, 100)
