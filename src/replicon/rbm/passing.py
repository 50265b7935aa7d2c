"""Message passing for the weights of a restricted Boltzmann machine, given samples of it.

Units k = 1..K (K = 1 or 2), sites i = 1..N, samples a = 1..M; w_ai = beta sigma_i^a / sqrt N. The
posterior of the weights and of the samples' hidden units is prod_i p(xi_i) prod_a exp(sum_i w_ai
xi_i . h_a) / Z(R): two layers of spins (or pairs of spins), one the mirror of the other. Both
algorithms know the marginals of a pair from its coupling J and fields F alone.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from replicon.rbm.posterior import Posterior

# Iterations after which messages that still move are given up.
ITERATIONS = {"amp": 500, "belief-propagation": 300}
_TOLERANCE = 1e-6  # largest change of a mean in one iteration
_NODE, _WEIGHT = np.polynomial.hermite_e.hermegauss(24)


class Layer(NamedTuple):
    """The spins of one layer in every restart: means (restarts, n, K) and mean products of a pair
    (restarts, n), from their fields (restarts, n, K) and the coupling (restarts,) that all share.
    """

    mean: np.ndarray
    product: np.ndarray
    field: np.ndarray
    coupling: np.ndarray


def pair(coupling, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (..., K) and mean product (...,) of spins with weight exp(J s1 s2 + F . s); the product
    of a single spin is 0.
    """
    if field.shape[-1] == 1:
        return np.tanh(field), np.zeros(field.shape[:-1])
    # The product is even with probability (1 + c)/2 and known from J and |F1 + F2| - |F1 - F2|,
    # which saturates without 0/0.
    total = field[..., 0] + field[..., 1]
    change = field[..., 0] - field[..., 1]
    a = np.abs(total)
    b = np.abs(change)
    product = np.tanh(coupling + (a - b + np.log1p(np.exp(-2 * a)) - np.log1p(np.exp(-2 * b))) / 2)
    even = (1 + product) / 2 * np.tanh(total)
    odd = (1 - product) / 2 * np.tanh(change)
    return np.stack([even + odd, even - odd], axis=-1), product


def _log_sum(coupling, field: np.ndarray) -> np.ndarray:
    """Ln of the mean of exp(J s1 s2 + F . s) over the states of one or two spins."""
    if field.shape[-1] == 1:
        return np.logaddexp(field[..., 0], -field[..., 0]) - math.log(2)
    total = field.sum(axis=-1)
    change = field[..., 0] - field[..., 1]
    even = np.logaddexp(total, -total)
    odd = np.logaddexp(change, -change)
    return np.logaddexp(coupling + even, odd - coupling) - math.log(4)


def _covariance(mean: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Average over sites or samples of the covariance of their spins: (..., n, K) and (..., n) to
    (..., K, K).
    """
    n = max(mean.shape[-2], 1)  # no samples at all: nothing to sum
    k = mean.shape[-1]
    second = np.broadcast_to(np.eye(k), (*mean.shape[:-2], k, k)).copy()
    if k == 2:
        both = product.sum(axis=-1) / n
        second[..., 0, 1] = both
        second[..., 1, 0] = both
    return second - np.swapaxes(mean, -1, -2) @ mean / n


def _off(matrix: np.ndarray) -> np.ndarray:
    return matrix[..., 0, 1] if matrix.shape[-1] == 2 else np.zeros(matrix.shape[:-2])


def _layer(coupling: np.ndarray, field: np.ndarray) -> Layer:
    mean, product = pair(coupling[:, None], field)
    return Layer(mean, product, field, coupling)


def _across(matrix: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A matrix (m, n) times x (restarts, n, K), as one product: (restarts, m, K)."""
    restarts, n, units = x.shape
    columns = x.transpose(1, 0, 2).reshape(n, restarts * units)
    return (matrix @ columns).reshape(len(matrix), restarts, units).transpose(1, 0, 2)


class _Passing:
    """Messages in turns until they rest; a kind gives `_turn()` -> changes (restarts,), `means` and
    `posterior()`.
    """

    def __init__(self, data: np.ndarray, beta: float, guess: float, units: int):
        samples, size = data.shape
        self.units = units
        self.guess = guess
        self.prior = math.atanh(guess)
        self.square = beta**2
        self.load = samples / size
        self.scaled = data.astype(float) * (beta / math.sqrt(size))
        self.change = np.array([np.inf])
        self.iterations = 0

    @property
    def means(self) -> np.ndarray:
        """Means of the weights now, (restarts, N, K)."""
        raise NotImplementedError

    def posterior(self) -> Posterior:
        """What the messages say now."""
        raise NotImplementedError

    def _turn(self) -> np.ndarray:
        raise NotImplementedError

    @property
    def settled(self) -> bool:
        """Whether no mean of any restart moved in the latest iteration."""
        return bool((self.change < _TOLERANCE).all())

    def step(self, count: int) -> None:
        """So many iterations, fewer once settled."""
        for _ in range(count):
            if self.settled:
                break
            self.change = self._turn()
            self.iterations += 1

    def _shared_coupling(self, outer: np.ndarray, receptive, before):
        """Coupling of a site's two weights, averaged with that of the iteration before."""
        data = self.load * self.square * np.tanh(self.square * receptive)
        target = self.prior + _off(outer) - data
        return target if self.iterations == 0 else (before + target) / 2


class ApproximateMessages(_Passing):
    """AMP with its Onsager terms, from `restarts` small random means at once.

    data (M, N) of +-1, `guess` the correlation of the student's prior. Means and fields are not
    damped (that leads to the trivial point); the coupling that all sites share is averaged over two
    turns, without which it oscillates at large loads. Source and referee: see
    `approximate_message_passing`. Raises nothing.
    """

    def __init__(self, data, beta, guess, units, rng, restarts: int = 4):
        super().__init__(data, beta, guess, units)
        samples, size = data.shape
        unknown = np.full(restarts, np.nan)
        mean = 0.1 * rng.standard_normal((restarts, size, units))
        product = np.full((restarts, size), guess if units == 2 else 0.0)
        self.weights = Layer(mean, product, np.zeros_like(mean), unknown)
        blank = np.zeros((restarts, samples, units))
        self.hidden = Layer(blank, np.zeros((restarts, samples)), blank, unknown)
        self.receptive = product.mean(axis=-1)  # as the latest iteration found it
        self.change = np.full(restarts, np.inf)

    @property
    def means(self) -> np.ndarray:
        return self.weights.mean

    def _turn(self) -> np.ndarray:
        square = self.square
        weights = self.weights
        inner = _covariance(weights.mean, weights.product)
        field = _across(self.scaled, weights.mean) - square * self.hidden.mean @ inner
        hidden = _layer(square * _off(inner), field)
        outer = self.load * square * _covariance(hidden.mean, hidden.product)
        self.receptive = weights.product.mean(axis=-1)
        field = _across(self.scaled.T, hidden.mean) - weights.mean @ outer
        coupling = self._shared_coupling(outer, self.receptive, weights.coupling)
        self.hidden = hidden
        self.weights = _layer(coupling, field)
        return np.abs(self.weights.mean - weights.mean).max(axis=(1, 2))

    def posterior(self) -> Posterior:
        """Of the restart of largest Bethe free entropy; one that still moves is taken only where
        none came to rest. Entropy: NaN where it did not.
        """
        if self.iterations == 0:
            receptive = float(self.receptive[0]) if self.units == 2 else math.nan
            return Posterior(self.means[0], receptive, math.nan, math.nan, False, 0)
        free = _free_entropy(self.scaled, self.weights, self.hidden, self.guess, self.square)
        at_rest = self.change < _TOLERANCE
        best = int(np.argmax(np.where(at_rest | ~at_rest.any(), free, -np.inf)))
        receptive = self.receptive[best]
        entropy = math.nan
        if at_rest[best]:
            size = self.means.shape[1]
            hidden = Layer._make(part[best] for part in self.hidden)
            inner = _covariance(self.means[best], self.weights.product[best])
            energy = _log_likelihood(hidden, inner, self.square, receptive)
            log_prior = _log_prior(receptive, self.guess, self.units)
            entropy = float(free[best] - energy / size - log_prior)
        return Posterior(
            self.means[best],
            float(receptive) if self.units == 2 else math.nan,
            float(free[best]),
            entropy,
            bool(at_rest[best]),
            self.iterations,
        )


class EdgeMessages(_Passing):
    """Belief propagation with one mean for each of the N M edges and direction, normal fields
    (central limit), no Onsager terms; from one start.

    data (M, N) of +-1, `guess` the correlation of the student's prior. The covariances that all
    edges share are those of the marginals. O(N M) memory of a hundred bytes an edge. Source and
    referee: see `relaxed_belief_propagation`. Raises nothing.
    """

    def __init__(self, data, beta, guess, units, rng):
        super().__init__(data, beta, guess, units)
        samples, size = data.shape
        begin = 0.1 * rng.standard_normal((size, units))
        self.weight = self.scaled[..., None]
        self.edge = np.broadcast_to(begin, (samples, size, units))  # site to sample
        self.mean = begin if samples else np.zeros((size, units))
        self.product = np.full(size, guess if units == 2 else 0.0)
        self.coupling = math.nan

    @property
    def means(self) -> np.ndarray:
        return self.mean[None]

    def _turn(self) -> np.ndarray:
        square = self.square
        inner = _covariance(self.mean, self.product)
        part = self.weight * self.edge
        field = part.sum(axis=1)
        coupling = square * _off(inner)
        marginal, product = pair(coupling, field)
        part = self.weight * pair(coupling, field[:, None] - part)[0]
        outer = self.load * square * _covariance(marginal, product)
        field = part.sum(axis=0)
        self.coupling = self._shared_coupling(outer, self.product.mean(), self.coupling)
        before = self.mean
        self.mean, self.product = pair(self.coupling, field)
        self.edge = pair(self.coupling, field - part)[0]
        return np.abs(self.mean - before).max()[None]

    def posterior(self) -> Posterior:
        """What the messages say now; neither free entropy nor entropy."""
        receptive = float(self.product.mean()) if self.units == 2 else math.nan
        return Posterior(self.mean, receptive, math.nan, math.nan, self.settled, self.iterations)


def approximate_message_passing(
    data, beta, guess, units, rng, *, restarts=4, iterations=ITERATIONS["amp"]
) -> Posterior:
    """AMP (`ApproximateMessages`) until all restarts rest, or `iterations`; the one of largest
    Bethe free entropy.

    data (M, N) of +-1, `guess` the correlation of the student's prior. The free entropy is the
    Plefka expansion to second order whose stationary point AMP is; relative to samples without
    structure, as in `theory.free_entropy`.

    Source: Hou, Wong & Huang (2019), sec. 3; with one unit Huang & Toyoizumi, PRE 94, 062310
    (2016). Referee: exact enumeration, Gibbs sampling, state evolution (`inference`).
    """
    messages = ApproximateMessages(data, beta, guess, units, rng, restarts)
    messages.step(iterations)
    return messages.posterior()


def relaxed_belief_propagation(
    data, beta, guess, units, rng, *, iterations=ITERATIONS["belief-propagation"]
) -> Posterior:
    """Belief propagation (`EdgeMessages`) until it rests, or `iterations`.

    data (M, N) of +-1, `guess` the correlation of the student's prior. No free entropy. Source:
    Hou, Wong & Huang (2019), sec. 3. Referee: AMP, to which it tends as N grows.
    """
    messages = EdgeMessages(data, beta, guess, units, rng)
    messages.step(iterations)
    return messages.posterior()


def _free_entropy(data, weights: Layer, hidden: Layer, guess, square) -> np.ndarray:
    """(restarts,), per visible unit; data (M, N), scaled. prod_i and prod_a of single-pair sums,
    less F . m and J c, plus h S m and (1/2) beta^2 sum_a tr C_a C.
    """
    samples, size = data.shape
    units = weights.mean.shape[-1]
    prior = math.atanh(guess)
    inner = _covariance(weights.mean, weights.product)
    outer = samples * _covariance(hidden.mean, hidden.product)
    log_weights = _log_sum(weights.coupling[:, None], weights.field)
    log_data = units * square / 2
    if units == 2:
        log_weights = log_weights - math.log(math.cosh(prior))
        log_data = log_data + np.log(np.cosh(square * weights.product.mean(axis=-1)))
    out = log_weights.sum(axis=-1) - (weights.field * weights.mean).sum(axis=(1, 2))
    out = out - (weights.coupling - prior) * weights.product.sum(axis=-1)
    out = out + _log_sum(hidden.coupling[:, None], hidden.field).sum(axis=-1)
    out = out - (hidden.field * hidden.mean).sum(axis=(1, 2))
    out = out - hidden.coupling * hidden.product.sum(axis=-1)
    out = out + np.einsum("rak,ai,rik->r", hidden.mean, data, weights.mean, optimize=True)
    out = out + square / 2 * (outer * inner).sum(axis=(1, 2))
    return (out - samples * log_data) / size


def _log_prior(receptive, guess, units) -> float:
    """Mean ln p(xi) per site."""
    if units == 1:
        return -math.log(2)
    equal = math.log((1 + guess) / 4) * (1 + receptive) / 2
    return equal + math.log((1 - guess) / 4) * (1 - receptive) / 2


def _log_likelihood(hidden: Layer, inner, square, receptive) -> float:
    """Posterior mean of sum_a ln P(sigma_a | xi) + N M ln 2, of one restart; `inner` C (K, K).

    Given the hidden spins h, the fields beta X_k of a sample are normal about F + beta^2 C h with
    variance beta^2 C_kk.
    """
    samples, units = hidden.field.shape
    states = np.array(list(itertools.product((1, -1), repeat=units)))
    exponent = hidden.field @ states.T
    if units == 2:
        exponent = exponent + hidden.coupling * states.prod(axis=1)
    chance = np.exp(exponent - np.logaddexp.reduce(exponent, axis=1, keepdims=True))
    deviation = math.sqrt(square) * np.sqrt(np.maximum(np.diag(inner), 0.0))
    total = 0.0
    for state, p in zip(states, chance.T, strict=True):
        centre = hidden.field + square * (inner @ state)
        argument = centre[..., None] + deviation[:, None] * _NODE
        inside = (np.logaddexp(argument, -argument) - math.log(2)) @ (_WEIGHT / _WEIGHT.sum())
        total += float(p @ inside.sum(axis=1))
    norm = units * square / 2
    if units == 2:
        norm = norm + math.log(math.cosh(square * receptive))
    return total - samples * norm
