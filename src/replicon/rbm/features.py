"""Features inferred from data whose machine is not known: weights, inverse temperature and
correlation at once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from replicon._arrays import real_array
from replicon._domains import Interval, check_argument, check_seed
from replicon._errors import InputError
from replicon.rbm.clusters import covariance, prior_coupling, symmetric
from replicon.rbm.passing import ITERATIONS, ApproximateMessages, machine_alone

_FREE = 5  # iterations before inverse temperature and correlation begin to move
_START = 2.0  # of the inverse temperature at which a student without correlation begins to learn
COLDEST = 5.0
_MARGIN = 0.98  # of the correlations a prior can have
_STILL = 1e-6  # largest change of inverse temperature and correlation that counts as none
# Overlap of the marginals with themselves below which they are noise, in units of 1/sqrt(N).
_NOISE = 1.0
# Logarithm of the data's evidence, odds of twenty to one: fair coins have reached less.
_EVIDENT = 3.0


class LearningMessages(ApproximateMessages):
    """AMP whose every restart also learns its inverse temperature (restarts,) and the correlation
    of its prior (restarts,), by expectation-maximisation: half a step an iteration.

    q is the mean product of a site's weights, averaged over pairs; beta solves d(log-likelihood)/d
    beta = 0, beta = e/(K + 2 sum_{k<l} R_kl c_kl), e = mean over samples of <sum_k h_k X_k>, c the
    correlation of the machine's hidden units. Where a student and its teacher are alike both hold
    for the teacher's own values (Nishimori).
    """

    def __init__(self, data, beta, guess, units, rng, restarts: int = 4):
        super().__init__(data, beta, guess, units, rng, restarts)
        self.first = float(beta)
        self.beta = np.full(restarts, float(beta))
        self.correlation = np.full(restarts, float(guess) if units > 1 else 0.0)

    def _turn(self) -> np.ndarray:
        change = super()._turn()
        if self.iterations < _FREE or not self.load:
            return np.maximum(change, 1.0) if self.load else change
        return np.maximum(change, self._learn())

    def _learn(self) -> np.ndarray:
        before = np.stack([self.beta, self.correlation])
        units = self.units
        hidden = self.hidden
        mean = self.weights.mean
        products = self.weights.product.mean(axis=-2)
        second = covariance(mean, self.weights.product)
        together = symmetric(hidden.product.mean(axis=-2), units)
        energy = (hidden.mean * hidden.field).sum(axis=-1).mean(axis=-1) / self.beta
        energy = energy + self.beta * (second * together).sum(axis=(1, 2))
        alone = machine_alone(self.square[:, None] * products, units)
        target = energy / (units + 2 * (products * alone).sum(axis=-1))
        self.beta = np.clip((self.beta + target) / 2, 1e-3, COLDEST)
        self.square = self.beta**2
        self.gain = self.beta / self.first
        if units > 1:
            low, high = -_MARGIN / (units - 1), _MARGIN
            moved = (self.correlation + products.mean(axis=-1)) / 2
            self.correlation = np.clip(moved, low, high)
            coupling = prior_coupling(self.correlation, np.full(len(moved), units))
            self.prior = np.repeat(coupling[:, None], self.pairs, axis=1)
        return np.abs(np.stack([self.beta, self.correlation]) - before).max(axis=0)


class Features(NamedTuple):
    """What `infer_features` finds.

    means (N, K): posterior means of the weights +-1, units in no order, each up to its sign.
    inverse_temperature, correlation: those of the machine that explains the data best; the sign of
    the correlation of two units is a convention. free_entropy: ln of the data's evidence per
    visible unit, relative to samples of independent fair coins (Bethe). overlap: mean of means^2, 0
    where nothing and 1 where everything is known. converged: whether messages, inverse temperature
    and correlation came to rest. remark: what to mind, in a sentence, or empty.
    """

    means: np.ndarray
    inverse_temperature: float
    correlation: float
    free_entropy: float
    overlap: float
    converged: bool
    remark: str


def infer_features(
    data,
    *,
    hidden: int = 1,
    inverse_temperature: float | None = None,
    correlation: float = 0.0,
    restarts: int = 4,
    seed: int = 0,
) -> Features:
    """Binary features of data, and the inverse temperature and correlation of the machine that made
    it.

    The machine is a restricted Boltzmann machine with `hidden` units K and weights +-1, P(sigma, h)
    ~ exp[(beta / sqrt N) sum_i sigma_i sum_k xi_ik h_k], whose weights at a site are correlated, <
    xi_ik xi_il > = q.

    **Arguments.** data: rows (M, N) of -1 and +1 (zeros count as -1 where all entries are 0 and 1).
    hidden: 1 to 8. inverse_temperature: where beta starts, by default at 2 (N/M)^(1/4), twice the
    value below which so many samples would teach a student nothing. correlation: where q starts.
    restarts: random starts of the messages, of which the one of largest Bethe free entropy is kept.
    seed: of the starts.

    **Returns** `Features`.

    **Errors.** `InputError` for data or settings outside these domains. Nothing is raised where
    messages do not come to rest, or where the data tell nothing: `converged` and `remark` say so.

    **Source.** Huang, J. Stat. Mech. 053302 (2017); Hou & Huang, PRL 124, 248302 (2020):
    expectation-maximisation, whose fixed point obeys Nishimori's identities. **Referee**: samples
    of teachers whose values are known (tests/rbm/test_rbm_features.py).
    """
    rows = _rows(data)
    samples, size = rows.shape
    units = check_argument("hidden", hidden, Interval(1, 8, integer=True), "hidden units")
    if inverse_temperature is None:
        inverse_temperature = min(start_of(samples / size), COLDEST)
    beta = check_argument(
        "inverse_temperature",
        inverse_temperature,
        Interval(0, COLDEST, open_low=True),
        "where learning starts",
    )
    low = -1.0 if units < 3 else -1 / (units - 1)
    domain = Interval(low, 1, open_low=True, open_high=True)
    guess = check_argument("correlation", correlation, domain, "where learning starts")
    count = check_argument("restarts", restarts, Interval(1, 64, integer=True), "starts")
    rng = np.random.default_rng(check_seed(seed))
    messages = LearningMessages(rows, beta, guess, units, rng, count)
    messages.step(ITERATIONS["amp"])
    return _told(messages)


def start_of(load: float) -> float:
    """Twice the inverse temperature load^(-1/4) at which a student without correlation begins to
    learn from so many samples per visible unit.
    """
    return _START / load**0.25 if load > 0 else COLDEST


def _told(messages: LearningMessages) -> Features:
    found = messages.posterior()
    best, free = messages.best()
    overlap = float((found.mean**2).mean())
    beta = float(messages.beta[best])
    correlation = float(messages.correlation[best]) if messages.units > 1 else math.nan
    return Features(
        found.mean,
        beta,
        correlation,
        free,
        overlap,
        found.converged,
        _remark(messages, found.converged, overlap, beta, free),
    )


def _remark(
    messages: LearningMessages, converged: bool, overlap: float, beta: float, free: float
) -> str:
    size = messages.means.shape[1]
    if overlap < _NOISE / math.sqrt(size):
        return (
            f"the data tell nothing of the weights (overlap {overlap:.2g}): the inverse temperature"
            f" stayed near where learning left it, {beta:.3g}, and says nothing of the machine;"
            " start at a larger inverse_temperature, or give more samples"
        )
    if not converged:
        return (
            "the messages did not come to rest: near a transition they oscillate while their"
            " overlaps are right; give more samples, or look at several seeds"
        )
    if size * free < _EVIDENT:
        return (
            f"ln of the data's evidence is {size * free:.2g} above that of fair coins: noise tells"
            " as much as often; give more samples, and compare with shuffled columns"
        )
    if messages.units > 1:
        return (
            "the sign of the correlation is a convention: a unit whose weights all change sign,"
            " with its hidden spin, is the same machine"
        )
    return ""


def _rows(data) -> np.ndarray:
    rows = real_array("data", data, "expected rows (samples, visible units) of -1 and +1", ndim=2)
    values = np.unique(rows)
    if np.isin(values, (0.0, 1.0)).all() and (values == 0).any():
        return 2 * rows - 1
    odd = values[~np.isin(values, (-1.0, 1.0))]
    if odd.size:
        raise InputError(f"data holds {odd[0]:g}: give rows of -1 and +1, or of 0 and 1.")
    return rows
