"""Message passing for the weights of a restricted Boltzmann machine, given samples of it.

Units k = 1..K, sites i = 1..N, samples a = 1..M; w_ai = beta sigma_i^a / sqrt N. The
posterior of the weights and of the samples' hidden units is prod_i p(xi_i) prod_a exp(sum_i w_ai
xi_i . h_a) / Z(R): two layers of clusters of K spins, one the mirror of the other. Both algorithms
know the marginals of a cluster from its couplings J and fields F alone.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from replicon.rbm.clusters import (
    covariance,
    log_mean,
    marginals,
    off_diagonal,
    prior_coupling,
    states,
    symmetric,
)
from replicon.rbm.posterior import Posterior
from replicon.rbm.signs import Signs

# Iterations after which messages that still move are given up.
ITERATIONS = {"amp": 500, "learning-amp": 500, "belief-propagation": 300}
_TOLERANCE = 1e-6  # largest change of a mean in one iteration
# Of the new value, in the overlaps R of three units, and of more: those of four go to and fro also
# where they follow the messages too slowly.
_SHARE = {3: 0.4}
_SHARE_OF_MORE = 0.6
_NODE, _WEIGHT = np.polynomial.hermite_e.hermegauss(24)


class Layer(NamedTuple):
    """The spins of one layer in every restart: means (restarts, n, K) and mean products of pairs
    (restarts, n, P), from their fields (restarts, n, K) and the couplings (restarts, P) that all
    share.
    """

    mean: np.ndarray
    product: np.ndarray
    field: np.ndarray
    coupling: np.ndarray


def _layer(coupling: np.ndarray, field: np.ndarray) -> Layer:
    mean, product = marginals(coupling[:, None], field)
    return Layer(mean, product, field, coupling)


class _Passing:
    """Messages in turns until they rest; a kind gives `_turn()` -> changes (restarts,), `means` and
    `posterior()`.
    """

    def __init__(self, data: np.ndarray, beta: float, guess: float, units: int):
        samples, size = data.shape
        self.units = units
        self.pairs = units * (units - 1) // 2
        self.guess = guess
        self.prior = prior_coupling(guess, units)
        self.square = np.array([beta**2])  # of every restart
        self.load = samples / size
        self.scale = beta / math.sqrt(size)  # w_ai = scale sigma_i^a
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
        """Couplings (restarts, P) of a site's weights; of two, averaged with those of the iteration
        before.
        """
        square = self.square[:, None]
        norm = machine_alone(square * receptive, self.units)
        target = self.prior + off_diagonal(outer) - self.load * square * norm
        damped = self.iterations > 0 and self.units == 2
        return (before + target) / 2 if damped else target


def machine_alone(coupling: np.ndarray, units: int) -> np.ndarray:
    """Mean products (..., P) of hidden units without fields, whose weights' overlaps times beta^2
    are `coupling` (..., P): those of the machine itself.
    """
    return marginals(coupling, np.zeros((*coupling.shape[:-1], units)))[1]


class ApproximateMessages(_Passing):
    """AMP with its Onsager terms, from `restarts` small random means at once.

    data (M, N) of +-1, `guess` the correlation of the student's prior. Means and fields are not
    damped (that leads to the trivial point). What all sites share is: of two units the coupling is
    averaged over two turns, of more their overlaps R move by a share, without which they
    oscillate. Source and referee: see `approximate_message_passing`. Raises nothing.
    """

    def __init__(self, data, beta, guess, units, rng, restarts: int = 4):
        super().__init__(data, beta, guess, units)
        samples, size = data.shape
        self.square = np.full(restarts, self.square[0])
        self.gain = np.ones(restarts)  # of the samples as they are scaled
        self.signs = Signs(data)
        unknown = np.full((restarts, self.pairs), np.nan)
        mean = 0.1 * rng.standard_normal((restarts, size, units))
        product = np.full((restarts, size, self.pairs), float(guess))
        self.weights = Layer(mean, product, np.zeros_like(mean), unknown)
        blank = np.zeros((restarts, samples, units))
        self.hidden = Layer(blank, np.zeros((restarts, samples, self.pairs)), blank, unknown)
        self.receptive = product.mean(axis=-2)  # as the latest iteration found it
        self.change = np.full(restarts, np.inf)

    @property
    def means(self) -> np.ndarray:
        return self.weights.mean

    def _inner(self) -> np.ndarray:
        """Covariance C (restarts, K, K) of the weights, averaged over sites."""
        mean = self.weights.mean
        if self.units < 3:
            self.receptive = self.weights.product.mean(axis=-2)
            return covariance(mean, self.weights.product)
        found = self.weights.product.mean(axis=-2)
        share = _SHARE.get(self.units, _SHARE_OF_MORE)
        self.receptive = self.receptive + share * (found - self.receptive)
        second = symmetric(self.receptive, self.units)
        return second - np.swapaxes(mean, -1, -2) @ mean / mean.shape[-2]

    def _turn(self) -> np.ndarray:
        square = self.square[:, None, None]
        gain = self.gain[:, None, None] * self.scale
        weights = self.weights
        inner = self._inner()
        field = gain * self.signs.times(weights.mean) - square * self.hidden.mean @ inner
        hidden, spread = self._hidden(square[..., 0] * off_diagonal(inner), field, inner)
        outer = self.load * square * spread
        field = gain * self.signs.transposed_times(hidden.mean) - weights.mean @ outer
        coupling = self._shared_coupling(outer, self.receptive, weights.coupling)
        self.hidden = hidden
        self.weights = _layer(coupling, field)
        return self._moved(np.abs(self.weights.mean - weights.mean))

    def _hidden(self, coupling, field, inner) -> tuple[Layer, np.ndarray]:
        """The samples' hidden units, and their covariance (restarts, K, K), a mean of samples."""
        hidden = _layer(coupling, field)
        return hidden, covariance(hidden.mean, hidden.product)

    @staticmethod
    def _moved(changes: np.ndarray) -> np.ndarray:
        """What of the changes (restarts, N, K) of means has to vanish."""
        return changes.max(axis=(1, 2))

    def posterior(self) -> Posterior:
        """Of the restart of largest Bethe free entropy; one that still moves is taken only where
        none came to rest. Entropy: NaN where it did not.
        """
        if self.iterations == 0:
            return Posterior(self.means[0], self.receptive[0], math.nan, math.nan, False, 0)
        best, free = self.best()
        at_rest = bool(self.change[best] < _TOLERANCE)
        receptive = self.receptive[best]
        own, hidden = self._entropies(best, free) if at_rest else (math.nan, math.nan)
        return Posterior(self.means[best], receptive, free, own, at_rest, self.iterations, hidden)

    def best(self) -> tuple[int, float]:
        """The restart that `posterior` tells of, and its Bethe free entropy."""
        free = self._free_entropy()
        at_rest = self.change < _TOLERANCE
        best = int(np.argmax(np.where(at_rest | ~at_rest.any(), free, -np.inf)))
        return best, float(free[best])

    def _free_entropy(self) -> np.ndarray:
        """(restarts,), per visible unit. prod_i and prod_a of sums over single clusters, less F . m
        and J c, plus h S m and (1/2) beta^2 sum_a tr C_a C.
        """
        weights = self.weights
        hidden = self.hidden
        samples = hidden.mean.shape[1]
        size = weights.mean.shape[1]
        alone = np.zeros((len(self.square), self.units))
        prior = np.broadcast_to(self.prior, weights.coupling.shape)
        inner = covariance(weights.mean, weights.product)
        outer = samples * covariance(hidden.mean, hidden.product)
        overlaps = self.square[:, None] * weights.product.mean(axis=-2)
        log_data = self.units * self.square / 2 + log_mean(overlaps, alone)
        log_weights = log_mean(weights.coupling[:, None], weights.field)
        out = (log_weights - log_mean(prior, alone)[:, None]).sum(axis=-1)
        out = out - (weights.field * weights.mean).sum(axis=(1, 2))
        out = out - ((weights.coupling - prior) * weights.product.sum(axis=-2)).sum(axis=-1)
        out = out + log_mean(hidden.coupling[:, None], hidden.field).sum(axis=-1)
        out = out - (hidden.field * hidden.mean).sum(axis=(1, 2))
        out = out - (hidden.coupling * hidden.product.sum(axis=-2)).sum(axis=-1)
        both = (hidden.mean * self.signs.times(weights.mean)).sum(axis=(1, 2))
        out = out + self.gain * self.scale * both
        out = out + self.square / 2 * (outer * inner).sum(axis=(1, 2))
        return (out - samples * log_data) / size

    def _entropies(self, best: int, free: float) -> tuple[float, float]:
        """Of a restart, per visible unit: its free entropy less the posterior mean of ln prior + ln
        likelihood, samples without structure taken for zero; and with the hidden units.
        """
        size = self.means.shape[1]
        square = float(self.square[best])
        receptive = self.receptive[best]
        hidden = Layer._make(part[best] for part in self.hidden)
        inner = covariance(self.means[best], self.weights.product[best])
        prior = np.broadcast_to(self.prior, self.weights.coupling.shape)[best]
        alone = np.zeros(self.units)
        own = prior @ receptive - log_mean(prior, alone) - self.units * math.log(2)
        norm = self.units * square / 2 + log_mean(square * receptive, alone)
        log_cosh = _log_cosh(hidden, inner, square) / size
        entropy = float(free - own - log_cosh + self.load * norm)
        # sum_a sum_k <beta h_k X_k>: given h the fields are normal about F + beta^2 C h.
        energy = float((hidden.mean * hidden.field).sum())
        samples = len(hidden.mean)
        together = symmetric(hidden.product.sum(axis=0) / max(samples, 1), self.units)
        energy += square * samples * float((inner * together).sum())
        return entropy, entropy + log_cosh - energy / size


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
        self.weight = (data.astype(float) * self.scale)[..., None]
        self.edge = np.broadcast_to(begin, (samples, size, units))  # site to sample
        self.mean = begin if samples else np.zeros((size, units))
        self.product = np.full((size, self.pairs), float(guess))
        self.coupling = np.full((1, self.pairs), math.nan)

    @property
    def means(self) -> np.ndarray:
        return self.mean[None]

    def _turn(self) -> np.ndarray:
        square = float(self.square[0])
        inner = covariance(self.mean, self.product)
        part = self.weight * self.edge
        field = part.sum(axis=1)
        coupling = square * off_diagonal(inner)
        marginal, product = marginals(coupling, field)
        part = self.weight * marginals(coupling, field[:, None] - part)[0]
        outer = self.load * square * covariance(marginal, product)
        field = part.sum(axis=0)
        receptive = self.product.mean(axis=0)[None]
        self.coupling = self._shared_coupling(outer[None], receptive, self.coupling)
        before = self.mean
        self.mean, self.product = marginals(self.coupling[0], field)
        self.edge = marginals(self.coupling[0], field - part)[0]
        return np.abs(self.mean - before).max()[None]

    def posterior(self) -> Posterior:
        """What the messages say now; neither free entropy nor entropy."""
        receptive = self.product.mean(axis=0)
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
    (2016). Referee: exact enumeration, Gibbs sampling, state evolution (`inference`, `units`).
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


def _log_cosh(hidden: Layer, inner, square: float) -> float:
    """Posterior mean of sum_a sum_k ln cosh(beta X_k^a), of one restart; `inner` C (K, K).

    Given the hidden spins h, the fields beta X_k of a sample are normal about F + beta^2 C h with
    variance beta^2 C_kk.
    """
    spins, products = states(hidden.field.shape[1])
    exponent = hidden.field @ spins.T + hidden.coupling @ products.T
    chance = np.exp(exponent - np.logaddexp.reduce(exponent, axis=1, keepdims=True))
    deviation = math.sqrt(square) * np.sqrt(np.maximum(np.diag(inner), 0.0))
    total = 0.0
    for state, p in zip(spins, chance.T, strict=True):
        centre = hidden.field + square * (inner @ state)
        argument = centre[..., None] + deviation[:, None] * _NODE
        inside = (np.logaddexp(argument, -argument) - math.log(2)) @ (_WEIGHT / _WEIGHT.sum())
        total += float(p @ inside.sum(axis=1))
    return total
