"""Approximate message passing of a pair of weight vectors that a coupling field holds at an
overlap, and of one vector that a field holds at an overlap with a reference.

Each weight carries (w1, w2) of mean m (2,) and mean product c; a pattern sees two normal fields of
mean omega and covariance V:

    V = (1/N) sum_i [[1 - m1^2, c - m1 m2], [., 1 - m2^2]],  omega = F m - g V,
    g = grad ln K(omega; V),  Gamma = -(1/N) sum_mu Hess ln K,
    b = F^T g + m Gamma,  J = x - Gamma_12,

F the patterns over sqrt(N); a weight has the law exp(b.w + J w1 w2) of four states. With one vector
K is H and J is absent. The coupling field x (the field along the reference) is moved slowly until
the overlap is the one asked for. Nothing makes the two members equal: that they become so says that
their exchange is a symmetry on the instance too.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from scipy.special import log_ndtr

from replicon.perceptron.passing import _answer

_DAMPING = 0.3
_GAIN = 0.3  # of Newton's step of the field
_TOLERANCE = 1e-6  # of the mean change of a mean
_LARGEST = 30.0  # of a field on a weight
_SMALLEST = 1e-7  # of the variance of a pattern's field
ITERATIONS = 1000
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(64)
_REACH = 9.0


def log_orthant(h: np.ndarray, k: np.ndarray, rho: float) -> np.ndarray:
    """Ln P(x > -h, y > -k), (points,), of two standard normal numbers of correlation rho.

    Relative error of P 1e-9 for |rho| < .999: a sum of positive terms. Source: the conditional law
    of the second, integrated from the smaller of h and k on. Referee: `pair_tail.log_pair`.
    """
    out = np.empty(len(h))
    _log_orthants(h, k, rho, _NODE, _WEIGHT, out)
    return out


@numba.njit(cache=True)
def _log_orthants(h, k, rho, node, weight, out):
    root = math.sqrt(1 - rho * rho)
    logs = np.empty(len(node))
    for mu in range(len(h)):
        high = max(h[mu], k[mu])
        start = max(-min(h[mu], k[mu]), -_REACH)
        length = _REACH - start
        if start > 0:
            length = _REACH**2 / (math.hypot(start, _REACH) + start)
        for j in range(len(node)):
            x = start + length * (node[j] + 1) / 2
            logs[j] = _answer((high + rho * x) / root, 1.0)[2] - x * x / 2
        largest = logs.max()
        total = 0.0
        for j in range(len(node)):
            total += weight[j] * math.exp(logs[j] - largest)
        out[mu] = largest + math.log(total * length / 2 / math.sqrt(2 * math.pi))


def _log_density(h):
    return -(h**2) / 2 - math.log(2 * math.pi) / 2


class _Held:
    """What one vector and a pair have in common: messages, and a field that holds an overlap."""

    def __init__(self, patterns: np.ndarray, margin: float, overlap: float, start: np.ndarray):
        self._patterns = patterns / math.sqrt(patterns.shape[1])
        self._margin = margin
        self.means = start
        self._answers = np.zeros((len(patterns), start.shape[1]))
        self.field = 0.0
        self.entropies: list[float] = []
        self.hold(overlap)

    def hold(self, overlap: float) -> None:
        """Another overlap, from the messages there are, with as many iterations again."""
        self._overlap = overlap
        self._left = ITERATIONS
        self._change = math.inf

    @property
    def settled(self) -> bool:
        return self._change < _TOLERANCE

    @property
    def done(self) -> bool:
        return self.settled or self._left == 0

    @property
    def entropy(self) -> float:
        """Bethe's, per weight, without the energy of the field."""
        return self.entropies[-1] if self.entropies else math.nan

    @property
    def overlap(self) -> float:
        """Overlap of two vectors, of different pairs."""
        return float(np.mean(self.means[:, 0] ** 2))

    def step(self, count: int) -> None:
        while count > 0 and not self.done:
            self._iterate()
            self._left -= 1
            count -= 1

    def _iterate(self) -> None:
        V = self._covariance()
        fields = self._patterns @ self.means - self._answers @ V
        log, g, hessian = self._ask(fields - self._margin, V)
        self._answers = g if self._fresh else _mixed(self._answers, g)
        gamma = -hessian / len(self.means)
        b = self._patterns.T @ self._answers + self.means @ gamma
        change, disorder = self._decide(np.clip(b, -_LARGEST, _LARGEST), gamma)
        bethe = np.sum(log + np.einsum("mi,ij,mj->m", g, V, g) / 2)
        self.entropies.append(float(disorder + bethe) / len(self.means))
        self._change = change if math.isfinite(change) else math.inf
        if not math.isfinite(change):
            self._left = 1

    @property
    def _fresh(self) -> bool:
        return not self.entropies

    def _correct(self, reached: float, stiff: float) -> float:
        """The field, moved; by how much the overlap is missed."""
        if math.isnan(self._overlap):
            return 0.0
        missed = self._overlap - reached
        self.field += _GAIN * missed / max(stiff, 1e-3)
        return abs(missed)

    def _covariance(self) -> np.ndarray:
        raise NotImplementedError

    def _ask(self, fields: np.ndarray, V: np.ndarray) -> tuple:
        raise NotImplementedError

    def _decide(self, b: np.ndarray, gamma: np.ndarray) -> tuple[float, float]:
        raise NotImplementedError


def _mixed(old, new):
    return _DAMPING * old + (1 - _DAMPING) * new


class PairPassing(_Held):
    """Pairs of solutions at an overlap."""

    def __init__(self, patterns, margin: float, overlap: float, rng: np.random.Generator):
        start = 0.1 * rng.standard_normal((patterns.shape[1], 2))
        self._products = np.full(len(start), overlap)
        super().__init__(patterns, margin, overlap, start)
        self.field = math.atanh(overlap)

    def _covariance(self):
        a, b = self.means.T
        across = np.mean(self._products - a * b)
        return np.array([[1 - np.mean(a * a), across], [across, 1 - np.mean(b * b)]])

    def _ask(self, fields, V):
        s = np.sqrt(np.maximum(np.diag(V), _SMALLEST))
        rho = float(np.clip(V[0, 1] / (s[0] * s[1]), -0.9999, 0.9999))
        t = math.sqrt(1 - rho**2)
        h, k = (fields / s).T
        log = log_orthant(h, k, rho)
        g = np.stack(
            [
                np.exp(_log_density(h) + log_ndtr((k - rho * h) / t) - log) / s[0],
                np.exp(_log_density(k) + log_ndtr((h - rho * k) / t) - log) / s[1],
            ],
            axis=1,
        )
        both = np.exp(_log_density(h) + _log_density((k - rho * h) / t) - log) / (s[0] * s[1] * t)
        first = -h * g[:, 0] / s[0] - rho * s[1] / s[0] * both
        second = -k * g[:, 1] / s[1] - rho * s[0] / s[1] * both
        curves = np.array([[first.sum(), both.sum()], [both.sum(), second.sum()]])
        return log, g, curves - g.T @ g

    def _decide(self, b, gamma):
        J = self.field - gamma[0, 1]
        total = b.sum(axis=1)
        differ = b[:, 0] - b[:, 1]
        same = J + np.logaddexp(total, -total)
        other = -J + np.logaddexp(differ, -differ)
        log = np.logaddexp(same, other)
        alike = np.exp(same - log)
        along = alike * np.tanh(total)
        across = (1 - alike) * np.tanh(differ)
        m = np.stack([along + across, along - across], axis=1)
        c = 2 * alike - 1
        disorder = np.sum(log - np.sum(b * m, axis=1) - J * c)
        change = np.mean(np.abs(m - self.means)) + np.mean(np.abs(c - self._products))
        self.means = _mixed(self.means, m)
        self._products = _mixed(self._products, c)
        missed = self._correct(float(np.mean(c)), float(np.mean(1 - c**2)))
        return float(change) + missed, float(disorder)


class SinglePassing(_Held):
    """Solutions at an overlap (NaN: any) with a reference (N,) of +-1."""

    def __init__(self, patterns, margin: float, overlap: float, reference: np.ndarray):
        self._reference = reference
        start = np.full((patterns.shape[1], 1), 1e-3) * reference[:, None]
        super().__init__(patterns, margin, overlap, start)
        self.field = 0.0 if math.isnan(overlap) else math.atanh(overlap)

    def _covariance(self):
        return np.array([[max(1 - np.mean(self.means**2), _SMALLEST)]])

    def _ask(self, fields, V):
        s = math.sqrt(V[0, 0])
        h = fields / s
        log = log_ndtr(h)
        g = np.exp(_log_density(h) - log)
        slope = -g * (h + g) / s**2
        return log[:, 0], g / s, np.array([[slope.sum()]])

    def _decide(self, b, gamma):
        total = b[:, 0] + self.field * self._reference
        m = np.tanh(total)
        disorder = np.sum(np.logaddexp(total, -total) - total * m)
        change = float(np.mean(np.abs(m - self.means[:, 0])))
        self.means = _mixed(self.means, m[:, None])
        missed = self._correct(float(np.mean(m * self._reference)), float(np.mean(1 - m**2)))
        return change + missed, float(disorder)
