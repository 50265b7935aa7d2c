"""Message passing for the weights of one hidden unit, at any inverse temperature of the student.

With F = samples/sqrt(N), (M, N), means m and Q = m.m/N, a sweep is

    om = F m - (1 - Q) g,  g = g(om),  m <- tanh[F^T g - m sum_a g'(om_a)/N],

g(om) = beta tanh(beta om) for the machine itself (exact), beta^2 om/D with D = 1 - beta^2 (1 - Q)
for its Hopfield expansion.
"""

from __future__ import annotations

import math

import numpy as np

from replicon.rbm.instance import log_cosh

SETTLED = 1e-6  # mean change of a mean in one sweep
BEGIN = 0.1  # deviation of the first means
_FREE_SWEEPS = 5  # before the inverse temperature is learned
_NODE, _WEIGHT = np.polynomial.hermite_e.hermegauss(40)
_THINNEST = 1e-3  # of D, while overlaps are still small


class Exact:
    """What a sample says at field om and spread V = 1 - Q."""

    @staticmethod
    def message(om, V, beta):
        """(g, its derivative)."""
        hidden = np.tanh(beta * om)
        return beta * hidden, beta**2 * (1 - hidden**2)

    @staticmethod
    def log_integral(om, V, beta):
        """Ln of the mean of cosh(beta X), X normal about om of variance V."""
        return log_cosh(beta * om) + beta**2 * V / 2

    @staticmethod
    def energies(om, V, beta):
        """<ln cosh beta X> and <beta X tanh beta X>, given the sample too."""
        total = np.zeros_like(om)
        for h in (1.0, -1.0):
            chance = 1 / (1 + np.exp(-2 * h * beta * om))
            centre = beta * (om + h * beta * V)
            argument = centre[:, None] + beta * math.sqrt(V) * _NODE
            total += chance * (log_cosh(argument) @ (_WEIGHT / _WEIGHT.sum()))
        return total, beta * (om * np.tanh(beta * om) + beta * V)


class Hopfield:
    """The same of exp(beta^2 X^2/2)."""

    @staticmethod
    def _denominator(V, beta):
        return max(1 - beta**2 * V, _THINNEST)

    @staticmethod
    def message(om, V, beta):
        D = Hopfield._denominator(V, beta)
        return beta**2 * om / D, np.full_like(om, beta**2 / D)

    @staticmethod
    def log_integral(om, V, beta):
        D = Hopfield._denominator(V, beta)
        return beta**2 * om**2 / (2 * D) - math.log(D) / 2

    @staticmethod
    def energies(om, V, beta):
        D = Hopfield._denominator(V, beta)
        value = beta**2 / 2 * (om**2 / D**2 + V / D)
        return value, value


FORMS = {"exact": Exact, "hopfield": Hopfield}


class Messages:
    """AMP from random means of deviation 0.1; `beta` is the student's, which `learn` moves.

    data (M, N) of +-1. Source: Huang & Toyoizumi, PRE 94, 062310 (2016); Huang, J. Stat. Mech.
    053302 (2017), also for the inverse temperature. Referee: enumeration, state evolution
    (`unmatched`).
    """

    def __init__(self, data: np.ndarray, beta: float, approximation: str, learn: bool, rng):
        samples, size = data.shape
        self.form = FORMS[approximation]
        self.beta = beta
        self.learn = learn
        self.scaled = data / math.sqrt(size)
        self.mean = BEGIN * rng.standard_normal(size)
        self.message = np.zeros(samples)
        self.om = np.zeros(samples)
        self.field = np.arctanh(np.clip(self.mean, -0.99, 0.99))
        self.spread = 1 - float(self.mean @ self.mean) / size
        self.change = math.inf
        self.sweeps = 0

    @property
    def settled(self) -> bool:
        """Whether the means moved by less than 1e-6 on average in the latest sweep."""
        return self.change < SETTLED

    def sweep(self) -> None:
        """One sweep, after which the inverse temperature moves half the way to what it implies."""
        size = len(self.mean)
        V = 1 - float(self.mean @ self.mean) / size
        self.om = self.scaled @ self.mean - V * self.message
        self.message, slope = self.form.message(self.om, V, self.beta)
        self.field = self.scaled.T @ self.message - slope.sum() / size * self.mean
        new = np.tanh(self.field)
        self.change = float(np.abs(new - self.mean).mean())
        self.mean = new
        self.spread = V
        self.sweeps += 1
        if self.learn and self.sweeps > _FREE_SWEEPS and len(self.om):
            implied = float(self.form.energies(self.om, V, self.beta)[1].mean()) / self.beta
            self.change = max(self.change, abs(implied - self.beta) / 2)
            self.beta = (self.beta + implied) / 2

    def entropies(self) -> tuple[float, float]:
        """Bethe's S_w and S_th, nats per weight; right where the messages rest."""
        size = len(self.mean)
        V = self.spread
        sites = np.logaddexp(self.field, -self.field) - self.field * self.mean
        data = self.form.log_integral(self.om, V, self.beta) + V * self.message**2 / 2
        log_sum = float(sites.sum() + data.sum())
        weights, hidden = (float(e.sum()) for e in self.form.energies(self.om, V, self.beta))
        return (log_sum - weights) / size, (log_sum - hidden) / size
