"""Error bars of couplings and fields: how far they would scatter over data sets of as many rows.

Every method is a function of the rows' distribution. A row that counts a little more moves the
parameters by its influence; rows drawn independently scatter them by the standard deviation of the
influence over rows, divided by the root of their number (the sandwich formula, where the method
maximises something). Where a method is biased, as the mean-field ones are at strong couplings or a
penalty is, this is the scatter about its own limit of many rows, not the distance from the truth.

Sources: Huber, Proc. 5th Berkeley Symp. 1, 221 (1967); White, Econometrica 50, 1 (1982) (sandwich);
Efron, The Jackknife, the Bootstrap and Other Resampling Plans (1982) (influence, bootstrap).
Referee: coverage of 95 % intervals over repeated data sets (tests/boltzmann).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from replicon.boltzmann import fitting, inverse
from replicon.boltzmann.enumerated import exact_covariance, features
from replicon.boltzmann.inverse import PAIRS, Pairs
from replicon.boltzmann.moments import DENSE, Data

if TYPE_CHECKING:
    from replicon.boltzmann.estimator import BoltzmannMachine

_STEP = 1e-6  # of central differences: exact to about 1e-9
_ENTRIES = 4_000_000  # of an array of influences
_RESAMPLED = 100  # data sets of a bootstrap: its error bars are good to 7 %
_DRAWN = 10_000  # rows of a machine, at least, and a parameter's 4, of which curvature is taken


class Errors(NamedTuple):
    """Standard errors of couplings (N, N), 0 on the diagonal, and of fields (N,)."""

    couplings: np.ndarray
    fields: np.ndarray


def errors(machine: BoltzmannMachine, data: Data, enumerable: bool) -> Errors:
    """Of a fitted machine and the data that it learnt; `enumerable`: whether its states are few."""
    if machine.method == "independent":
        spread = _share(data) ** 2 * (1 - _means(data) ** 2) / (1 - data.m**2) ** 2
        return Errors(np.zeros_like(data.second), np.sqrt(spread / data.total))
    if machine.method in PAIRS:
        return _closed(machine.method, data)
    if machine.penalty == "l1" and machine.regularization:
        return _bootstrap(machine, data)
    count = len(data.m)
    if machine.method == "pseudo-likelihood" or count * (count + 1) // 2 > DENSE:
        return _pseudo(machine, data)
    return _likelihood(machine, data, enumerable)


def _share(data: Data) -> float:
    """The share of the rows in what is learnt, beside a prior, which does not scatter."""
    return data.total / data.count


def _often(data: Data) -> np.ndarray:
    """The share of each row among the rows, (B,)."""
    return (np.ones(len(data.rows)) if data.weights is None else data.weights) / data.total


def _means(data: Data) -> np.ndarray:
    return _often(data) @ data.rows


class _Slopes(NamedTuple):
    """Derivatives (N, N), diagonal 0, of what each pair gives: by its entry of the matrix, by m_i
    and by m_j.
    """

    entry: np.ndarray
    own: np.ndarray
    other: np.ndarray


def _slopes(method: str, matrix: np.ndarray, m: np.ndarray) -> tuple[_Slopes, _Slopes]:
    """Of the couplings, and of what partners add to fields, by central differences."""
    given = (matrix, m[:, None], m[None, :])
    found = []
    for place in range(3):
        there, back = (
            Pairs(*PAIRS[method](*(x + sign * _STEP * (k == place) for k, x in enumerate(given))))
            for sign in (1, -1)
        )
        slopes = [(up - down) / (2 * _STEP) for up, down in zip(there, back, strict=True)]
        for slope in slopes:
            np.fill_diagonal(slope, 0.0)
        found.append(slopes)
    couplings, fields = zip(*found, strict=True)
    return _Slopes(*couplings), _Slopes(*fields)


def _closed(method: str, data: Data) -> Errors:
    """The delta method: a row moves C^-1 by u u^T - C^-1 (with a minus), u = C^-1 (s - m), and
    <s s> by s s^T; J_ij follows from its entry, m_i and m_j alone, and h_i is a sum over partners.
    """
    m = data.m
    matrix = data.second
    sign = 1.0
    if method != "pair":
        matrix = np.linalg.inv(data.second - np.outer(m, m))
        sign = -1.0
    J, h = _slopes(method, matrix, m)
    own = 1 / (1 - m**2) + h.own.sum(axis=1)
    sums = _Sums(len(m))
    often = _often(data)
    step = max(1, _ENTRIES // len(m))
    for k in range(0, len(data.rows), step):
        p = often[k : k + step]
        s = data.rows[k : k + step].astype(float)
        d = s - m
        v = s if method == "pair" else d @ matrix
        sums.add(p, d, v, sign * v * (v @ h.entry.T) + d @ h.other.T + d * own)
    return sums.errors(J, sign, _share(data), data.total)


class _Sums:
    """Means over rows, each as often as it counts, of products of d = s - m, v and the influence on
    fields (B, N).
    """

    def __init__(self, count: int):
        self.d = np.zeros(count)
        self.dd, self.vv, self.vvd, self.vvvv = np.zeros((4, count, count))
        self.field = np.zeros((2, count))

    def add(self, p: np.ndarray, d: np.ndarray, v: np.ndarray, field: np.ndarray) -> None:
        """Some more rows, which count p (B,) of all."""
        weighted = p[:, None] * v
        self.d += p @ d
        self.dd += (p[:, None] * d).T @ d
        self.vv += weighted.T @ v
        self.vvd += (weighted * d).T @ v
        self.vvvv += (weighted * v).T @ v**2
        self.field += p @ field, p @ field**2

    def errors(self, J: _Slopes, sign: float, share: float, total: float) -> Errors:
        """From the variance of sign J.entry v_i v_j + J.own d_i + J.other d_j."""
        square = self.vvvv - self.vv**2
        crossed = self.vvd - self.vv * self.d[:, None]  # of v_i v_j with d_i
        both = self.dd - np.outer(self.d, self.d)
        alone = np.diagonal(both)
        variance = J.entry**2 * square + J.own**2 * alone[:, None] + J.other**2 * alone
        variance += 2 * sign * J.entry * (J.own * crossed + J.other * crossed.T)
        variance += 2 * J.own * J.other * both
        mean, mean_square = self.field
        fields = np.maximum(mean_square - mean**2, 0)
        scale = share / np.sqrt(total)
        return Errors(scale * np.sqrt(np.maximum(variance, 0)), scale * np.sqrt(fields))


def _pseudo(machine: BoltzmannMachine, data: Data) -> Errors:
    """The sandwich of all spins' logistic regressions: a row moves the parameters of spin i by
    H_i^-1 x (s_i - tanh(theta_i.x)), x the other spins and a one, H_i the curvature; J_ij is the
    mean of what both regressions find.
    """
    count = len(data.m)
    theta = np.vstack([machine.couplings_, machine.fields_])
    ridge = np.append(
        np.full(count, 2.0 * machine.regularization), 2.0 * machine.field_regularization
    )
    rows, often = fitting.weighted(data.rows, data.pseudocount, data.weights)
    x = np.concatenate([rows, np.ones((len(rows), 1))], axis=1, dtype=float)
    means = np.tanh(x @ theta)
    slope = often[:, None] * (1 - means**2) / often.sum()
    inverses = np.empty((count, count + 1, count + 1))
    for spin in range(count):
        curve = (x * slope[:, [spin]]).T @ x + np.diag(ridge)
        curve[spin] = curve[:, spin] = 0.0  # no coupling to itself
        curve[spin, spin] = 1.0
        inverses[spin] = np.linalg.inv(curve)
        inverses[spin, spin, spin] = 0.0
    mean = np.zeros((count, count + 1))
    square = np.zeros((count, count + 1))
    shares = _often(data)
    step = max(1, _ENTRIES // count**2)
    for k in range(0, len(shares), step):
        p = shares[k : k + step]
        part = slice(k, k + len(p))
        rest = (rows[part] - means[part]).T[:, :, None]
        influence = (x[part] * rest) @ inverses  # (N, rows, N + 1)
        influence = influence.transpose(1, 0, 2)
        pairs = influence[:, :, :count]
        influence[:, :, :count] = (pairs + pairs.transpose(0, 2, 1)) / 2
        mean += np.tensordot(p, influence, 1)
        square += np.tensordot(p, influence**2, 1)
    spread = np.sqrt(np.maximum(square - mean**2, 0)) * _share(data) / np.sqrt(data.total)
    return Errors(spread[:, :count], spread[:, count])


def _likelihood(machine: BoltzmannMachine, data: Data, enumerable: bool) -> Errors:
    """The sandwich of the likelihood: a row moves all parameters by F^-1 times its features, F the
    model's covariance of features (the Fisher information) and the penalty's curvature.
    """
    count = len(data.m)
    upper = np.triu_indices(count, 1)
    if enumerable:
        curve = exact_covariance(machine.couplings_, machine.fields_)
    else:
        curve = _sampled(machine, count + len(upper[0]))
    ridge = np.full(len(curve), 4.0 * machine.regularization)
    ridge[:count] = 2.0 * machine.field_regularization
    inverse = np.linalg.inv(curve + np.diag(ridge))
    every = slice(None, None, -(-len(data.rows) // max(int(2e11 / len(curve) ** 2), 1000)))
    rows = data.rows[every]
    often = _often(data)[every]
    often = often / often.sum()
    mean = np.zeros(len(curve))
    square = np.zeros(len(curve))
    step = max(1, _ENTRIES // len(curve))
    for k in range(0, len(rows), step):
        p = often[k : k + step]
        influence = features(rows[k : k + step]) @ inverse
        mean += p @ influence
        square += p @ influence**2
    spread = np.sqrt(np.maximum(square - mean**2, 0)) * _share(data) / np.sqrt(data.total)
    couplings = np.zeros((count, count))
    couplings[upper] = spread[count:]
    return Errors(couplings + couplings.T, spread[:count])


def _sampled(machine: BoltzmannMachine, size: int) -> np.ndarray:
    """Covariance (P, P) of the features of rows drawn from the machine, as large as makes its
    inverse unbiased (Wishart's law, which few rows would else make too large).
    """
    drawn = max(_DRAWN, 4 * size)
    rows = machine.sample(drawn, seed=0)
    mean = np.zeros(size)
    square = np.zeros((size, size))
    step = max(1, _ENTRIES // size)
    for k in range(0, len(rows), step):
        x = features(rows[k : k + step], np.float32)
        mean += x.sum(axis=0, dtype=float)
        square += x.T @ x
    mean /= len(rows)
    curve = square / len(rows) - np.outer(mean, mean)
    return curve * (len(rows) - 1) / (len(rows) - size - 2)


def _bootstrap(machine: BoltzmannMachine, data: Data) -> Errors:
    """Fits to a hundred data sets drawn from the rows: an absolute value has no curvature."""
    rng = np.random.default_rng(0)
    often = _often(data)
    found = []
    for _ in range(_RESAMPLED):
        counts = rng.multinomial(round(data.total), often).astype(float)
        m, C = inverse.moments(data.rows, counts)
        again = data._replace(m=m, second=C + np.outer(m, m), weights=counts)
        fit = fitting.begin(machine, again, C)
        fit.step(1)
        found.append(np.vstack([fit.now.couplings, fit.now.fields]))
    spread = np.std(found, axis=0, ddof=1)
    return Errors(spread[:-1], spread[-1])
