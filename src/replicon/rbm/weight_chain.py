"""Heat bath of a student's weights, hidden units summed out."""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon.rbm.instance import log_normalisation


class Chain:
    """A heat bath of weights (N, K) of +-1, in place, and their averages over the sweeps kept.

    The posterior at finite N, without approximation: that of `enumeration.log_posterior`. O(N M) a
    sweep. data (M, N), `guess` the correlation of the student's prior. Source: its definition.
    Referee: enumeration (tests/rbm/test_rbm_instances.py).
    """

    def __init__(
        self, data, beta: float, guess: float, weights: np.ndarray, rng: np.random.Generator
    ):
        samples, size = data.shape
        self.weights = weights
        self.rng = rng
        self.scale = beta / math.sqrt(size)
        self.columns = np.ascontiguousarray(data.T)
        self.field = np.ascontiguousarray(self.scale * (data @ weights).T)  # (K, M)
        overlap = np.arange(-size, size + 1) / size
        # ln of the prior and normalisation against the two units' overlap, in steps of 1/N.
        self.table = 0 * overlap
        if weights.shape[1] == 2:
            norm = samples * log_normalisation(overlap, size, 2, beta)
            self.table = size * math.atanh(guess) * overlap - norm
        self.total = np.zeros_like(weights)
        self.total_product = 0.0
        self.kept = 0

    def sweep(self) -> None:
        """Every weight once, site after site."""
        _sweep(self.columns, self.scale, self.weights, self.field, self.table, self.rng)

    def keep(self) -> None:
        """Take the weights, as they are, into the averages."""
        self.total += self.weights
        self.total_product += float(self.weights.prod(axis=1).mean())
        self.kept += 1

    def mean(self) -> np.ndarray:
        """Means (N, K) over what was kept; the weights themselves before anything was."""
        return self.total / self.kept if self.kept else self.weights.copy()

    def mean_product(self) -> float:
        """The mean over sites and what was kept of the product of a site's weights."""
        if not self.kept:
            return float(self.weights.prod(axis=1).mean())
        return self.total_product / self.kept


def gibbs(
    data, beta: float, guess: float, weights: np.ndarray, sweeps: int, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """A `Chain` from weights (N, K), in place: means (N, K) over the second half of `sweeps`, and
    mean product.
    """
    chain = Chain(data, beta, guess, weights, rng)
    for sweep in range(sweeps):
        chain.sweep()
        if sweep >= sweeps // 2:
            chain.keep()
    return chain.mean(), chain.mean_product()


@numba.njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def _sweep(columns, step, weights, field, table, rng):
    """cosh(x - d)/cosh(x) = cosh d (1 - tanh x tanh d): logarithms of products of eight, tanh kept
    and renewed only by a flip.
    """
    size, count = columns.shape
    units = weights.shape[1]
    tilt = np.tanh(field)
    turn = math.tanh(2 * step)
    overlap = 0
    if units == 2:
        for i in range(size):
            overlap += int(weights[i, 0] * weights[i, 1])
    constant = count * math.log(math.cosh(2 * step))
    for i in range(size):
        column = columns[i]
        for k in range(units):
            slope = turn * weights[i, k]
            gain = constant
            a = 0
            while a + 8 <= count:
                whole = 1.0
                for b in range(a, a + 8):
                    whole *= 1 - slope * column[b] * tilt[k, b]
                gain += math.log(whole)
                a += 8
            for b in range(a, count):
                gain += math.log(1 - slope * column[b] * tilt[k, b])
            after = overlap
            if units == 2:
                after = overlap - 2 * int(weights[i, 0] * weights[i, 1])
                gain += table[after + size] - table[overlap + size]
            if rng.random() * (1 + math.exp(-gain)) < 1:
                change = -2 * step * weights[i, k]
                weights[i, k] = -weights[i, k]
                overlap = after
                for b in range(count):
                    field[k, b] += change * column[b]
                    tilt[k, b] = math.tanh(field[k, b])
