"""Means, standard errors and z-values of independent samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def mean_and_error(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the first axis (independent samples) and its standard error; NaN as error of a single sample."""
    values = np.asarray(values, float)
    count = len(values)
    if count < 2:
        return values.mean(axis=0), np.full(values.shape[1:], np.nan)
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(count)


def jackknife(estimate: Callable, *moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A function of means of samples, bias-corrected by leaving one sample out at a time, and its standard error.

    Source: Efron, The Jackknife, the Bootstrap and Other Resampling Plans (1982).
    """
    moments = tuple(np.asarray(m, float) for m in moments)
    count = len(moments[0])
    whole = np.asarray(estimate(*(m.mean(axis=0) for m in moments)))
    if count < 2:
        return whole, np.full(whole.shape, np.nan)
    left_out = np.stack([np.asarray(estimate(*((m.sum(axis=0) - m[i]) / (count - 1) for m in moments))) for i in range(count)])
    centre = left_out.mean(axis=0)
    error = np.sqrt((count - 1) / count * ((left_out - centre) ** 2).sum(axis=0))
    return count * whole - (count - 1) * centre, error


# Means of samples are sums of rounded numbers: below this part of their size a difference, or an error, is rounding.
ROUNDING = 1e-12


def z_value(mean: float, error: float, expected: float) -> float:
    """(mean - expected) / error; 0 where the two agree to rounding, NaN where the error is not known or itself rounding."""
    difference = mean - expected
    rounding = ROUNDING * max(abs(mean), abs(expected)) + np.finfo(float).eps
    if abs(difference) <= rounding:
        return 0.0
    return float(difference / error) if error > rounding else float("nan")


def binomial_interval(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of the chance behind independent values of 0 and 1; never empty, also where all are alike.

    Source: Brown, Cai & DasGupta, Statistical Science 16, 101 (2001).
    """
    from scipy.stats import binomtest

    values = np.asarray(values)
    found = binomtest(round(values.sum()), len(values)).proportion_ci(confidence, method="wilson")
    return float(found.low), float(found.high)
