"""Means, standard errors and z-values of independent samples."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np


def mean_and_error(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the first axis (independent samples) and its standard error; NaN as error of a
    single sample.
    """
    values = np.asarray(values, float)
    count = len(values)
    if count < 2:
        return values.mean(axis=0), np.full(values.shape[1:], np.nan)
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(count)


def pseudo_values(estimate: Callable, *moments: np.ndarray) -> np.ndarray:
    """What each sample contributes to a function of means of samples: n f(all) - (n - 1) f(all but
    it).

    Their mean is the estimate with its bias of order 1/n removed (none is left where f is
    quadratic, as in a variance), and its standard error that of a mean. One sample gives f of
    itself. Source: Tukey, Ann. Math. Stat. 29, 614 (1958).
    """
    moments = tuple(np.asarray(m, float) for m in moments)
    count = len(moments[0])
    whole = np.asarray(estimate(*(m.mean(axis=0) for m in moments)))
    if count < 2:
        return whole[None]
    left_out = np.stack(
        [
            np.asarray(estimate(*((m.sum(axis=0) - m[i]) / (count - 1) for m in moments)))
            for i in range(count)
        ]
    )
    return count * whole - (count - 1) * left_out


def jackknife(estimate: Callable, *moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A function of means of samples, bias-corrected by leaving one sample out at a time, and its
    standard error.

    Source: Efron, The Jackknife, the Bootstrap and Other Resampling Plans (1982).
    """
    return mean_and_error(pseudo_values(estimate, *moments))


def variance_of_chains(series: np.ndarray) -> np.ndarray:
    """(chains,) pseudo-values of the variance of `series` (chains, time) about the mean of all
    chains.

    The variance within a chain lacks that of the chain's own mean, and is too small by 2 tau / t;
    this one is unbiased.
    """
    series = np.asarray(series, float)
    series = series - series.mean()  # large means would cost digits
    return pseudo_values(
        lambda first, second: second - first**2, series.mean(axis=1), (series**2).mean(axis=1)
    )


def autocorrelation_time(series: np.ndarray) -> np.ndarray:
    """(chains,) pseudo-values of tau = 1/2 + sum_(t > 0) C(t)/C(0) of `series` (chains, time); NaN
    where nothing moves.

    C(t) is taken about the mean of all chains and summed up to the first t >= 5 tau; where the
    series is too short for that, up to its end, which gives too small a tau. Source: Sokal, in
    Functional Integration (1997), section 3.
    """
    series = np.asarray(series, float)
    count, length = series.shape
    rounding = (ROUNDING * np.abs(series).max()) ** 2
    series = series - series.mean()
    power = np.abs(np.fft.rfft(series, 2 * length, axis=1)) ** 2
    covariance = np.fft.irfft(power, axis=1)[:, :length] / np.arange(length, 0, -1)
    mean = covariance.mean(axis=0)
    if mean[0] <= rounding or length < 2:
        return np.full(count, np.nan)
    tau = 0.5 + np.cumsum(mean[1:]) / mean[0]
    closed = np.flatnonzero(np.arange(1, length) >= 5 * tau)
    window = closed[0] + 2 if len(closed) else length
    return pseudo_values(
        lambda whole, rest: 0.5 + rest / whole,
        covariance[:, 0],
        covariance[:, 1:window].sum(axis=1),
    )


_ENOUGH = (
    20  # autocorrelation times in a chain: half as many before it, unmeasured, forget the start
)
_FAR_TOO_SHORT = 2


def autocorrelation(*names: str) -> Callable:
    """`Observable.series` of an autocorrelation time: that of the slowest of these observables."""

    def slowest(series: dict, controls: object, size: int) -> np.ndarray:
        times = [autocorrelation_time(series[name]) for name in names]
        return max(times, key=lambda tau: np.nan_to_num(tau).mean())

    return slowest


def short_chains(tau: float, sweeps: int, measured: int) -> str:
    """A sentence where chains of `sweeps`, of which the last `measured` count, are short beside
    their time tau, else ''.
    """
    if not measured < _ENOUGH * tau:
        return ""
    return (
        f"Chains measured over {measured} sweeps are short beside their autocorrelation time of"
        f" {tau:.3g} or more: averages may remember the start; give sweeps >="
        f" {math.ceil(_ENOUGH * tau * sweeps / measured)}, or an update that mixes faster."
    )


def warn_of_short_chains(tau: np.ndarray, sweeps: int, measured: int) -> None:
    """A RuntimeWarning where enough chains, long enough to show it, say that they have not
    forgotten their start.
    """
    if len(tau) >= 8 and measured >= 50 and measured < _FAR_TOO_SHORT * tau.mean():
        warnings.warn(
            short_chains(float(tau.mean()), sweeps, measured), RuntimeWarning, stacklevel=2
        )


ROUNDING = 1e-12


def z_value(mean: float, error: float, expected: float) -> float:
    """(mean - expected) / error; 0 where the two agree to rounding, NaN where the error is not
    known or itself rounding.
    """
    difference = mean - expected
    rounding = ROUNDING * max(abs(mean), abs(expected)) + np.finfo(float).eps
    if abs(difference) <= rounding:
        return 0.0
    return float(difference / error) if error > rounding else float("nan")


def binomial_interval(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of the chance behind independent values of 0 and 1; never empty, also where
    all are alike.

    Source: Brown, Cai & DasGupta, Statistical Science 16, 101 (2001).
    """
    from scipy.stats import binomtest

    values = np.asarray(values)
    found = binomtest(round(values.sum()), len(values)).proportion_ci(confidence, method="wilson")
    return float(found.low), float(found.high)


_MEMORY = 0.05  # correlation with half-time above which chains count as not mixed


def memory(before: np.ndarray, after: np.ndarray) -> float:
    """Largest correlation, over chains, of what they were with what they are.

    before, after (chains, N). Of every spin and of the four leading principal components, where
    modes that chains do not leave show first.
    """
    x = before.astype(float)
    y = after.astype(float)
    x -= x.mean(axis=0)
    y -= y.mean(axis=0)
    both = (x.T @ x + y.T @ y) / (2 * len(x))
    directions = np.linalg.eigh(both)[1][:, -4:]
    x = np.concatenate([x, x @ directions], axis=1)
    y = np.concatenate([y, y @ directions], axis=1)
    scale = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    moving = scale > 1e-12 * len(x)
    return float(np.abs((x * y).sum(axis=0)[moving] / scale[moving]).max(initial=0.0))


def memory_limit(chains: int) -> float:
    """What `memory` may be by chance (4.5 standard errors), or is allowed to be."""
    return max(_MEMORY, 4.5 / math.sqrt(chains))
