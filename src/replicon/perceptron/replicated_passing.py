"""Belief propagation of y replicas of one binary perceptron at imposed overlap q1, in its
approximate form: y equal replicas at each weight and in each pattern's field.

A weight knows a field b on each replica and a coupling J of each pair. Only s = sum_a w_a = y, y -
2, ..., -y matters, of weight C(y, (y - s)/2) exp[b s + J (s^2 - y)/2]; m = <s>/y, and the mean of a
pair is c = (<s^2> - y)/(y (y - 1)). J is the same everywhere, such that the mean of c is q1. A
pattern sees normal fields of mean omega, variance 1 - Q and covariance C = q1 - Q, Q the mean of
m^2: K = E_u H_T[(margin - omega - sqrt(C) u)/sqrt(1 - q1)]^y, H_T = exp(-1/T) + (1 - exp(-1/T)) H.
With <> the average over u of weight H_T^y and g = <d ln H_T/domega>,

omega = F m - g [1 - Q + (y - 1) C],   b = F^T g + Gamma m,
Gamma = -(1/N) sum [<g'> + y (<g^2> - <g>^2)]   (a replica's own term and its y - 1 pairs').

Free entropy of all replicas, stationary in all of these,

N y phi = sum_i {ln Z_i - y b m - J y (y - 1) c/2} + sum_mu {ln K + y g^2 [1 - Q + (y - 1) C]/2}.

Its derivative in y is the local free entropy, in which a weight's sum over s stands as E_u [2
cosh(b + sqrt(J) u)]^y exp(-y J/2).

Source: Baldassi et al., PNAS 113, E7655 (2016), focusing; the pair of replicas: Huang, Wong &
Kabashima, J. Phys. A 46, 375002 (2013). Referees: `channel.one_step`, its infinite size; all
triples of configurations of small perceptrons (tests/perceptron).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, log_ndtr, ndtr

# Deviations of a field. Messages that do not settle go further, where rounding of t^2 exceeds 1.
_FARTHEST = 1e5
_REACH = 7.0  # of a normal average
_STEP = 0.4  # of its nodes, in units of the narrowest thing that they meet
_TURNS = 40  # of Newton's method for the coupling
_LARGEST = 20.0  # of the coupling
_SETTLED = 1e-7  # largest change of a mean
_KEPT = 0.5  # of the old means and slopes
_HALF_LOG = 0.5 * np.log(2 * np.pi)


class Told(NamedTuple):
    """What messages say: per weight, of a cluster's entropies in nats."""

    free_entropy: float
    local_free_entropy: float
    errors_per_weight: float
    outer_overlap: float


class _Patterns(NamedTuple):
    """Of each pattern (P,): ln K, <g>, <g^2>, <g'>, <ln H_T>, <errors>."""

    log: np.ndarray
    slope: np.ndarray
    square: np.ndarray
    curvature: np.ndarray
    inside: np.ndarray
    errors: np.ndarray


def _nodes(low: float, high: float, width: float) -> np.ndarray:
    return np.linspace(low, high, 2 + int((high - low) / (_STEP * width)))


def _log_density(u: np.ndarray) -> np.ndarray:
    """Ln of a node's share of a normal average."""
    return np.log(u[1] - u[0]) - u**2 / 2 - _HALF_LOG


def _shared(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ln of the sum over the last axis of two, and each term's share in it."""
    top = logs.max(axis=1, keepdims=True)
    share = np.exp(logs - top)
    total = share.sum(axis=1, keepdims=True)
    share /= total
    return (np.log(total) + top)[:, 0], share


class ReplicatedPassing:
    """Messages of y replicas, an iteration a step; patterns F (P, N) over sqrt(N)."""

    def __init__(self, patterns, overlap: float, replicas: int, leak: float, margin: float, rng):
        self.patterns = patterns
        self.overlap = overlap
        self.replicas = replicas
        self.leak = leak
        self.margin = margin
        self._sums = replicas - 2.0 * np.arange(replicas + 1)
        k = np.arange(replicas + 1)
        self._choices = gammaln(replicas + 1) - gammaln(k + 1) - gammaln(replicas - k + 1)
        count, n = patterns.shape
        self.mean = 0.01 * rng.standard_normal(n)
        self.slope = np.zeros(count)
        self.coupling = np.arctanh(overlap) / 2
        self.pair = overlap  # mean of the pairs, held there by the coupling
        self.settled = False
        self._last: tuple | None = None

    def step(self) -> None:
        """One iteration."""
        F, y = self.patterns, self.replicas
        Q = min(float(np.mean(self.mean**2)), 0.999 * self.overlap)
        spread = 1 - Q + (y - 1) * (self.overlap - Q)
        seen = self._answers(F @ self.mean - self.slope * spread, self.overlap - Q)
        self.slope = _KEPT * self.slope + (1 - _KEPT) * seen.slope
        variance = seen.square - seen.slope**2
        gamma = -np.sum(seen.curvature + y * variance) / F.shape[1]
        b = F.T @ self.slope + gamma * self.mean
        mean, log = self._coupled(b)
        moved = np.max(np.abs(mean - self.mean)) + abs(self.pair - self.overlap)
        self.settled = bool(moved < _SETTLED)
        self._last = (b, mean, log, seen, spread)
        self.mean = _KEPT * self.mean + (1 - _KEPT) * mean

    @property
    def errors(self) -> float:
        """Patterns in error per weight and replica, after the last iteration."""
        return (
            np.nan if self._last is None else float(np.sum(self._last[3].errors)) / len(self.mean)
        )

    def _coupled(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means (N,) and ln Z_i (N,) with the coupling at which a pair's mean is the overlap:
        Newton's method, the mean of s^2 growing with the coupling.
        """
        y = self.replicas
        square = self._sums**2
        wanted = y + y * (y - 1) * self.overlap
        field = self._choices + b[:, None] * self._sums
        J = self.coupling
        for _ in range(_TURNS):
            _, p = _shared(field + J * (square - y) / 2)
            seconds = p @ square
            gap = float(np.mean(seconds)) - wanted
            if abs(gap) < 1e-11 * wanted:
                break
            growth = float(np.mean(p @ square**2 - seconds**2)) / 2
            J = float(np.clip(J - np.clip(gap / max(growth, 1e-12), -0.5, 0.5), -1.0, _LARGEST))
        self.coupling = J
        log, p = _shared(field + J * (square - y) / 2)
        self.pair = (float(np.mean(p @ square)) - y) / (y * (y - 1))
        return p @ self._sums / y, log

    def _answers(self, omega: np.ndarray, covariance: float) -> _Patterns:
        y = self.replicas
        V = 1 - self.overlap
        root = np.sqrt(covariance)
        # The slope of ln H_T is at most that of ln H: how far u may be pulled.
        low = np.max(self.margin - omega, initial=0.0) / max(root, 0.05)
        far = _REACH + min(y * root * 6 / np.sqrt(V), low)
        u = _nodes(-_REACH, far, 1 / np.sqrt(1 + y * covariance / V))
        t = np.maximum((omega[:, None] + root * u - self.margin) / np.sqrt(V), -_FARTHEST)
        leak = self.leak
        if leak > 0:
            chance = leak + (1 - leak) * ndtr(t)
            log = np.log(chance)
            wrong = leak * ndtr(-t) / chance
        else:
            log = log_ndtr(t)
            wrong = np.zeros_like(t)
        g = (1 - leak) * np.exp(-(t**2) / 2 - _HALF_LOG - log) / np.sqrt(V)
        whole, p = _shared(y * log + _log_density(u))

        def over(values):
            return np.einsum("pu,pu->p", p, values)

        curvature = -g * (t / np.sqrt(V) + g)
        return _Patterns(whole, over(g), over(g**2), over(curvature), over(log), over(wrong))

    def _inside(self, b: np.ndarray) -> np.ndarray:
        """d ln Z_i/dy (N,) at given field and coupling; NaN where the coupling repels."""
        y, J = self.replicas, self.coupling
        if J < 0:
            return np.full(len(b), np.nan)
        root = np.sqrt(J)
        u = _nodes(-_REACH - y * root, _REACH + y * root, 1 / max(root, 1.0))
        h = b[:, None] + root * u
        log = np.logaddexp(h, -h)
        _, p = _shared(y * log + _log_density(u))
        return np.sum(p * log, axis=1) - J / 2

    def told(self) -> Told:
        """Of the last iteration; of all where messages have settled."""
        assert self._last is not None
        b, mean, log, seen, spread = self._last
        y, n, J, q1 = self.replicas, len(self.mean), self.coupling, self.overlap
        weights = log - y * b * mean - J * y * (y - 1) / 2 * q1
        patterns = seen.log + y * seen.slope**2 * spread / 2
        inside = self._inside(b) - b * mean - J * (2 * y - 1) / 2 * q1
        # d/dy of y g^2 spread/2 at stationary y g: what is left of it is a replica's own.
        one = seen.inside + seen.slope**2 * (1 - q1) / 2
        return Told(
            float(weights.sum() + patterns.sum()) / (n * y),
            float(inside.sum() + one.sum()) / n,
            self.errors,
            float(np.mean(mean**2)),
        )
