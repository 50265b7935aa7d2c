"""Message passing for the weights of a restricted Boltzmann machine, given samples of it.

Units k = 1..K (K = 1 or 2), sites i = 1..N, samples a = 1..M; w_ai = beta sigma_i^a / sqrt N. The
posterior of the weights and of the samples' hidden units is prod_i p(xi_i) prod_a exp(sum_i w_ai
xi_i . h_a) / Z(R): two layers of spins (or pairs of spins), one the mirror of the other. Both
algorithms know the marginals of a pair from its coupling J and fields F alone.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

_TOLERANCE = 1e-6  # largest change of a mean in one iteration
_NODE, _WEIGHT = np.polynomial.hermite_e.hermegauss(24)


class Posterior(NamedTuple):
    """Means (N, K) of the weights, mean product of a site's two weights, Bethe free entropy and
    entropy per visible unit (nats).
    """

    mean: np.ndarray
    receptive_overlap: float
    free_entropy: float
    entropy: float
    converged: bool
    iterations: int


def pair(coupling, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (..., K) and mean product (...,) of spins with weight exp(J s1 s2 + F . s); the product
    of a single spin is 0.
    """
    if field.shape[-1] == 1:
        return np.tanh(field), np.zeros(field.shape[:-1])
    # The product is even with probability (1 + c)/2 and known from J and |F1 + F2| - |F1 - F2|,
    # which saturates without 0/0.
    total, change = field[..., 0] + field[..., 1], field[..., 0] - field[..., 1]
    a, b = np.abs(total), np.abs(change)
    product = np.tanh(coupling + (a - b + np.log1p(np.exp(-2 * a)) - np.log1p(np.exp(-2 * b))) / 2)
    even, odd = (1 + product) / 2 * np.tanh(total), (1 - product) / 2 * np.tanh(change)
    return np.stack([even + odd, even - odd], axis=-1), product


def _log_sum(coupling, field: np.ndarray) -> np.ndarray:
    """Ln of the mean of exp(J s1 s2 + F . s) over the states of one or two spins."""
    if field.shape[-1] == 1:
        return np.logaddexp(field[..., 0], -field[..., 0]) - math.log(2)
    total, change = field.sum(axis=-1), field[..., 0] - field[..., 1]
    even, odd = np.logaddexp(total, -total), np.logaddexp(change, -change)
    return np.logaddexp(coupling + even, odd - coupling) - math.log(4)


def _covariance(mean: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Average over sites or samples of the covariance of their spins: (..., n, K) and (..., n) to
    (..., K, K).
    """
    n, k = max(mean.shape[-2], 1), mean.shape[-1]  # no samples at all: nothing to sum
    second = np.broadcast_to(np.eye(k), (*mean.shape[:-2], k, k)).copy()
    if k == 2:
        second[..., 0, 1] = second[..., 1, 0] = product.sum(axis=-1) / n
    return second - np.swapaxes(mean, -1, -2) @ mean / n


def _off(matrix: np.ndarray) -> np.ndarray:
    return matrix[..., 0, 1] if matrix.shape[-1] == 2 else np.zeros(matrix.shape[:-2])


def approximate_message_passing(
    samples, beta, guess, units, rng, *, restarts=4, iterations=500
) -> Posterior:
    """AMP with its Onsager terms from `restarts` small random means at once; the one of largest
    Bethe free entropy.

    Means and fields are not damped (that leads to the trivial point); the coupling that all sites
    share is averaged over two turns, without which it oscillates at large loads. Entropy: NaN where
    the messages did not come to rest.

    samples (M, N) of +-1, `guess` the correlation of the student's prior. The free entropy is the
    Plefka expansion to second order whose stationary point AMP is; relative to samples without
    structure, as in `theory.free_entropy`.

    Source: Hou, Wong & Huang (2019), sec. 3; with one unit Huang & Toyoizumi, PRE 94, 062310
    (2016). Referee: exact enumeration, Gibbs sampling, state evolution (`theory`).
    """
    count, size = samples.shape
    load, prior, square = count / size, math.atanh(guess), beta**2
    data = samples.astype(float) * (beta / math.sqrt(size))
    mean = 0.1 * rng.standard_normal((restarts, size, units))
    product = np.full((restarts, size), guess if units == 2 else 0.0)
    hidden = np.zeros((restarts, count, units))
    change, turn, shared = np.full(restarts, np.inf), 0, 0.0

    def across(matrix, x):  # matrix times (restarts, n, K), as one product
        columns = x.transpose(1, 0, 2).reshape(x.shape[1], restarts * units)
        return (matrix @ columns).reshape(len(matrix), restarts, units).transpose(1, 0, 2)

    for turn in range(1, iterations + 1):
        inner = _covariance(mean, product)
        field_h = across(data, mean) - square * hidden @ inner
        coupling_h = square * _off(inner)
        hidden, product_h = pair(coupling_h[:, None], field_h)
        outer = load * square * _covariance(hidden, product_h)
        receptive = product.mean(axis=-1)
        field_w = across(data.T, hidden) - mean @ outer
        target = prior + _off(outer) - load * square * np.tanh(square * receptive)
        coupling_w = target if turn == 1 else (shared + target) / 2
        shared = coupling_w
        new, product = pair(coupling_w[:, None], field_w)
        change, mean = np.abs(new - mean).max(axis=(1, 2)), new
        if (change < _TOLERANCE).all():
            break
    free = _free_entropy(
        data,
        mean,
        product,
        hidden,
        product_h,
        (field_w, coupling_w, field_h, coupling_h),
        guess,
        square,
    )
    # A restart that still moves is taken only where none came to rest.
    best = int(
        np.argmax(np.where((change < _TOLERANCE) | (change >= _TOLERANCE).all(), free, -np.inf))
    )
    converged = bool(change[best] < _TOLERANCE)
    inner = _covariance(mean[best], product[best])
    energy = _log_likelihood(field_h[best], coupling_h[best], inner, square, receptive[best])
    return Posterior(
        mean[best],
        float(receptive[best]) if units == 2 else math.nan,
        float(free[best]),
        (
            float(free[best] - energy / size - _log_prior(receptive[best], guess, units))
            if converged
            else math.nan
        ),
        converged,
        turn,
    )


def relaxed_belief_propagation(samples, beta, guess, units, rng, *, iterations=300) -> Posterior:
    """Belief propagation with one mean for each of the N M edges and direction, normal fields
    (central limit), no Onsager terms.

    The covariances that all edges share are those of the marginals. O(N M) memory of a hundred
    bytes an edge. No free entropy. Source: Hou, Wong & Huang (2019), sec. 3. Referee: AMP, to which
    it tends as N grows.
    """
    count, size = samples.shape
    load, prior, square = count / size, math.atanh(guess), beta**2
    weight = (samples.astype(float) * (beta / math.sqrt(size)))[..., None]
    edge = np.broadcast_to(
        0.1 * rng.standard_normal((size, units)), (count, size, units)
    )  # site to sample
    mean = edge[0] if count else np.zeros((size, units))
    product = np.full(size, guess if units == 2 else 0.0)
    change, turn, shared = np.inf, 0, 0.0
    for turn in range(1, iterations + 1):
        inner = _covariance(mean, product)
        part = weight * edge
        field = part.sum(axis=1)
        coupling = square * _off(inner)
        marginal, product_h = pair(coupling, field)
        part = weight * pair(coupling, field[:, None] - part)[0]
        outer = load * square * _covariance(marginal, product_h)
        field = part.sum(axis=0)
        target = prior + _off(outer) - load * square * np.tanh(square * product.mean())
        coupling = target if turn == 1 else (shared + target) / 2
        shared = coupling
        new, product = pair(coupling, field)
        edge = pair(coupling, field - part)[0]
        change, mean = float(np.abs(new - mean).max()), new
        if change < _TOLERANCE:
            break
    receptive = float(product.mean()) if units == 2 else math.nan
    return Posterior(mean, receptive, math.nan, math.nan, change < _TOLERANCE, turn)


def _free_entropy(data, mean, product, hidden, product_h, fields, guess, square) -> np.ndarray:
    """Per visible unit. prod_i and prod_a of single-pair sums, less F . m and J c, plus h S m and
    (1/2) beta^2 sum_a tr C_a C.
    """
    field_w, coupling_w, field_h, coupling_h = fields
    count, size, units = len(data), mean.shape[1], mean.shape[2]
    inner, receptive = _covariance(mean, product), product.mean(axis=-1)
    outer = count * _covariance(hidden, product_h)
    prior = math.atanh(guess)
    weights = _log_sum(coupling_w[:, None], field_w) - (
        math.log(math.cosh(prior)) if units == 2 else 0.0
    )
    out = (
        weights.sum(axis=-1)
        - (field_w * mean).sum(axis=(1, 2))
        - (coupling_w - prior) * product.sum(axis=-1)
    )
    out = (
        out
        + _log_sum(coupling_h[:, None], field_h).sum(axis=-1)
        - (field_h * hidden).sum(axis=(1, 2))
    )
    out = out - coupling_h * product_h.sum(axis=-1)
    out = (
        out
        + np.einsum("rak,ai,rik->r", hidden, data, mean, optimize=True)
        + square / 2 * (outer * inner).sum(axis=(1, 2))
    )
    return (
        out
        - count
        * (units * square / 2 + (np.log(np.cosh(square * receptive)) if units == 2 else 0.0))
    ) / size


def _log_prior(receptive, guess, units) -> float:
    """Mean ln p(xi) per site."""
    if units == 1:
        return -math.log(2)
    return (
        math.log((1 + guess) / 4) * (1 + receptive) / 2
        + math.log((1 - guess) / 4) * (1 - receptive) / 2
    )


def _log_likelihood(field, coupling, inner, square, receptive) -> float:
    """Posterior mean of sum_a ln P(sigma_a | xi) + N M ln 2.

    Given the hidden spins h, the fields beta X_k of a sample are normal about F + beta^2 C h with
    variance beta^2 C_kk.
    """
    count, units = field.shape
    states = np.array([[1], [-1]]) if units == 1 else np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    exponent = field @ states.T + (coupling * states.prod(axis=1) if units == 2 else 0.0)
    chance = np.exp(exponent - np.logaddexp.reduce(exponent, axis=1, keepdims=True))
    out = 0.0
    for state, p in zip(states, chance.T, strict=True):
        centre = field + square * (inner @ state)
        spread = math.sqrt(square) * np.sqrt(np.maximum(np.diag(inner), 0.0))
        argument = centre[..., None] + spread[:, None] * _NODE
        inside = (np.logaddexp(argument, -argument) - math.log(2)) @ (_WEIGHT / _WEIGHT.sum())
        out += float(p @ inside.sum(axis=1))
    return out - count * (
        units * square / 2 + (math.log(math.cosh(square * receptive)) if units == 2 else 0.0)
    )
