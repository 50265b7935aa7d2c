"""A teacher and its samples: exact draws of a machine, and the exact normalisation of one or two
hidden units.
"""

from __future__ import annotations

import math

import numpy as np

from replicon.rbm.clusters import prior_coupling, states

_ROWS = 64  # drawn together: what is between stays in the processor's cache


def draw_teacher(size: int, units: int, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """Weights (N, K) of +-1; two units' weights of a site with probability (1 + q xi1 xi2)/4, more
    with one ~ exp(J sum_{k<l} xi_k xi_l), whose pairs have the mean product q.
    """
    if units > 2:
        spins, products = states(units)
        exponent = float(prior_coupling(correlation, units)) * products.sum(axis=1)
        return spins[rng.choice(len(spins), size, p=_normalised(exponent))]
    weights = rng.choice([-1.0, 1.0], (size, units))
    if units == 2:
        equal = rng.random(size) < (1 + correlation) / 2
        weights[:, 1] = weights[:, 0] * np.where(equal, 1.0, -1.0)
    return weights


def draw_samples(
    teacher: np.ndarray, samples: int, beta: float, rng: np.random.Generator
) -> np.ndarray:
    """Independent samples (M, N) of +-1 of the teacher (N, K), exact, without burn-in: hidden units
    first, then visible given hidden.

    P(h) ~ prod_i 2 cosh(beta xi_i . h / sqrt N), which of two units depends on h1 h2 and on the
    teacher's own overlap Q alone.
    """
    size, units = teacher.shape
    hidden = rng.choice([-1.0, 1.0], (samples, units if units < 3 else 0))
    if units > 2:
        spins, _ = states(units)
        gain = log_cosh(beta / math.sqrt(size) * teacher @ spins.T).sum(axis=0)
        hidden = spins[rng.choice(len(spins), samples, p=_normalised(gain))]
    if units == 2:
        overlap = float(np.mean(teacher[:, 0] * teacher[:, 1]))
        gain = size * overlap * log_cosh(2 * beta / math.sqrt(size))
        equal = rng.random(samples) < 1 / (1 + math.exp(-gain))
        hidden[:, 1] = hidden[:, 0] * np.where(equal, 1.0, -1.0)
    kinds, which = np.unique(hidden, axis=0, return_inverse=True)
    inverse_chance = 1 + np.exp(-2 * beta / math.sqrt(size) * kinds @ teacher.T)
    which = which.reshape(-1)
    out = np.empty((samples, size))
    for first in range(0, samples, _ROWS):
        rows = slice(first, first + _ROWS)
        drawn = inverse_chance[which[rows]] * rng.random((len(which[rows]), size))
        out[rows] = np.where(drawn < 1, 1.0, -1.0)
    return out


def _normalised(exponent: np.ndarray) -> np.ndarray:
    weight = np.exp(exponent - exponent.max())
    return weight / weight.sum()


def log_cosh(x):
    """Ln cosh x, however large x is."""
    return np.logaddexp(x, -x) - math.log(2)


def log_normalisation(overlap, size: int, units: int, beta: float):
    """Ln of sum_sigma,h exp(...) / (2^N 2^K), exact at finite N; `overlap` of the two units'
    weights.
    """
    if units == 1:
        return size * log_cosh(beta / math.sqrt(size))
    step = size / 2 * log_cosh(2 * beta / math.sqrt(size))
    return step + log_cosh(np.asarray(overlap) * step)
