"""K spins that are coupled two by two: all 2^K states, priors of equal correlation, and the
marginals of a sample's hidden units or of a site's weights in given fields.

Pairs k < l stand in one order everywhere, P = K (K - 1)/2 of them, none for a single spin.
"""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np


@cache
def states(units: int) -> tuple[np.ndarray, np.ndarray]:
    """All states (2^K, K) of K spins, and the products (2^K, P) of their pairs."""
    spins = np.array(list(itertools.product((1.0, -1.0), repeat=units)))
    first, second = np.triu_indices(units, 1)
    return spins, spins[:, first] * spins[:, second]


def pair_mean(coupling, units):
    """Mean product of two of K spins with weight exp(J sum_{k<l} s_k s_l); arrays broadcast."""
    coupling, units = np.broadcast_arrays(np.asarray(coupling, float), np.asarray(units, int))
    out = np.zeros(units.shape)
    for count in np.unique(units[units > 1]):
        here = units == count
        pairs = states(int(count))[1].sum(axis=1)
        exponent = coupling[here][:, None] * pairs
        weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        out[here] = weight @ pairs / weight.sum(axis=1) / (count * (count - 1) / 2)
    return out


def prior_coupling(correlation, units) -> np.ndarray:
    """J of the prior exp(J sum_{k<l} xi_k xi_l) whose pairs have the mean product q; atanh q for
    two units, 0 for one.
    """
    q, units = np.broadcast_arrays(np.asarray(correlation, float), np.asarray(units, int))
    low = np.full(q.shape, -20.0)
    high = np.full(q.shape, 20.0)
    for _ in range(80 * bool((units > 2).any())):
        middle = (low + high) / 2
        below = pair_mean(middle, units) < q
        low = np.where(below, middle, low)
        high = np.where(below, high, middle)
    many = np.where((q == 0) | (units == 1), 0.0, (low + high) / 2)
    return np.where(units == 2, np.arctanh(q), many)


def marginals(coupling: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (..., K) and mean products (..., P) of spins with weight exp(sum_{k<l} J_kl s_k s_l + F
    . s); J (..., P), F (..., K).
    """
    units = field.shape[-1]
    if units == 1:
        return np.tanh(field), np.zeros((*field.shape[:-1], 0))
    if units == 2:
        mean, product = _two(coupling[..., 0], field)
        return mean, product[..., None]
    spins, products = states(units)
    exponent = field @ spins.T + coupling @ products.T
    chance = np.exp(exponent - exponent.max(axis=-1, keepdims=True))
    chance /= chance.sum(axis=-1, keepdims=True)
    return chance @ spins, chance @ products


def _two(coupling, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The product of two spins is even with probability (1 + c)/2 and known from J and |F1 + F2| -
    |F1 - F2|, which saturates without 0/0.
    """
    total = field[..., 0] + field[..., 1]
    change = field[..., 0] - field[..., 1]
    a = np.abs(total)
    b = np.abs(change)
    product = np.tanh(coupling + (a - b + np.log1p(np.exp(-2 * a)) - np.log1p(np.exp(-2 * b))) / 2)
    even = (1 + product) / 2 * np.tanh(total)
    odd = (1 - product) / 2 * np.tanh(change)
    return np.stack([even + odd, even - odd], axis=-1), product


def log_mean(coupling: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Ln of the mean of exp(sum_{k<l} J_kl s_k s_l + F . s) over all states."""
    units = field.shape[-1]
    if units == 1:
        return np.logaddexp(field[..., 0], -field[..., 0]) - math.log(2)
    if units == 2:
        total = field.sum(axis=-1)
        change = field[..., 0] - field[..., 1]
        even = np.logaddexp(total, -total)
        odd = np.logaddexp(change, -change)
        return np.logaddexp(coupling[..., 0] + even, odd - coupling[..., 0]) - math.log(4)
    spins, products = states(units)
    exponent = field @ spins.T + coupling @ products.T
    most = exponent.max(axis=-1)
    return most + np.log(np.exp(exponent - most[..., None]).mean(axis=-1))


def covariance(mean: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Average over sites or samples of the covariance of their spins: (..., n, K) and (..., n, P)
    to (..., K, K).
    """
    n = max(mean.shape[-2], 1)  # no samples at all: nothing to sum
    return (
        symmetric(product.sum(axis=-2) / n, mean.shape[-1]) - np.swapaxes(mean, -1, -2) @ mean / n
    )


def symmetric(pairs: np.ndarray, units: int) -> np.ndarray:
    """The matrices (..., K, K) of ones on the diagonal and pairs (..., P) beside it."""
    first, second = np.triu_indices(units, 1)
    out = np.broadcast_to(np.eye(units), (*pairs.shape[:-1], units, units)).copy()
    out[..., first, second] = pairs
    out[..., second, first] = pairs
    return out


def off_diagonal(matrix: np.ndarray) -> np.ndarray:
    """The entries (..., P) above the diagonal."""
    first, second = np.triu_indices(matrix.shape[-1], 1)
    return matrix[..., first, second]
