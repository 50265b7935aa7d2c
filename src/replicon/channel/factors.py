"""The two factors of a separable system: priors of one weight and output channels of one pattern,
each a log-integral.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from replicon.theory.bisection import bisect, polish
from replicon.theory.gaussian import log_2cosh, log_2cosh_at, sech_fourth
from replicon.theory.normal import log_normal


class Side(NamedTuple):
    """One half of the potential: E_0 ln E_1 Z^m, E_0 <s>^2, E_0 <s^2>, E_0 <s'>, and E_0 <ln Z>,
    with s = d ln Z / d field.
    """

    log: Any
    outer: Any
    inner: Any
    slope: Any
    internal: Any


class Prior(NamedTuple):
    """What the weights are drawn from.

    `log_integral(A, b)`: ln Z_in, A and b scalars. `support`: values and probabilities of one
    weight, from which a teacher is drawn (a quadrature rule where the weight is continuous);
    without it the prior cannot be a teacher's. Closed forms may be given where quadrature would not
    do (sharp or unbounded integrands): `mean_log(A, mean, variance)` = E ln Z_in(A, mean +
    sqrt(variance) z); `squared_variance(A, variance)` = E (d^2 ln Z_in / db^2)^2 at mean zero;
    `breaking(A, qh0, qh1, m)`, the five averages of `Side`.
    """

    log_integral: Callable
    support: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    mean_log: Callable | None = None
    squared_variance: Callable | None = None
    breaking: Callable | None = None


class Channel(NamedTuple):
    """What a pattern demands of its field.

    `log_integral(y, omega, V, *parameters)`: ln Z_out. `parameters`: names of the controls it
    reads, in that order. `labels`: the values of y and their weights in a sum over labels (a
    quadrature rule where y is continuous); for stored patterns the label is absorbed in the
    pattern, y = 1.
    """

    log_integral: Callable
    parameters: tuple[str, ...] = ()
    labels: tuple[tuple[float, ...], tuple[float, ...]] = ((1.0,), (1.0,))


# Priors.


def discrete(values: tuple[float, ...], probabilities: tuple[float, ...] | None = None) -> Prior:
    """Weights on a few values with given probabilities (equal to one another, summing to one, by
    default).

    Returns a Prior. Raises InputError for probabilities that are none. Source: its definition.
    Referee: quadrature of the integral (tests/channel).
    """
    chances = probabilities or (1 / len(values),) * len(values)
    w = np.asarray(values, float)
    p = np.asarray(chances, float)

    def log_integral(A, b):
        return logsumexp(-A * w**2 / 2 + b * w, b=p)

    return Prior(log_integral, (tuple(values), tuple(chances)))


def _ising_log(A, b):
    return -A / 2 + log_2cosh_at(b)


def _ising_mean(A, mean, variance):
    return -A / 2 + log_2cosh(mean, variance, jnp.ones(()))


def _ising_squared(A, variance):
    return sech_fourth(jnp.zeros(()), variance, jnp.ones(()))


# w = +-1, each counted once: the free entropy counts states.
ising = Prior(_ising_log, ((-1.0, 1.0), (0.5, 0.5)), _ising_mean, _ising_squared)


def _sphere_mean(A, mean, variance):
    u = 2 / (1 + jnp.sqrt(1 + 4 * variance))  # 1 - q where qh = q/(1 - q)^2
    return -A / 2 + variance * u / 2 + jnp.log(u) / 2 + (1 / u - 1) / 2


def _sphere_log(A, b):
    return -jnp.log(A) / 2 + b**2 / (2 * A) - 0.5


def _sphere_squared(A, variance):
    return (2 / (1 + jnp.sqrt(1 + 4 * variance))) ** 2


_LOG_REACH = math.log(1e9)  # of D = a - m (qh1 - qh0), about 1 where nothing is broken


def _sphere_breaking(A, qh0, qh1, m):
    """`Side` with the multiplier `a` of |w|^2 = N in place of A."""
    gap = qh1 - qh0

    def excess(D):  # Q - 1 as a function of D = a - m (qh1 - qh0)
        return (1 + gap / D) / (D + m * gap) + qh0 / D**2 - 1

    log_D = bisect(lambda t: excess(jnp.exp(t)), -_LOG_REACH, _LOG_REACH)
    D = polish(excess, jnp.exp(log_D))
    a = D + m * gap
    outer = qh0 / D**2
    inner = outer + gap / (a * D)
    log = m * (a - A - jnp.log(a) - 1) / 2 - jnp.log(D / a) / 2 + m * qh0 / (2 * D)
    internal = (a - A - jnp.log(a) - 1) / 2 + a * inner / 2
    return Side(log, outer, inner, 1 / a, internal)


# |w|^2 = N: a flat weight whose precision A is the multiplier of the norm, Q = 1, measured by the
# area of the sphere.
spherical = Prior(_sphere_log, None, _sphere_mean, _sphere_squared, _sphere_breaking)


def _gaussian_log(A, b):
    return -jnp.log1p(A) / 2 + b**2 / (2 * (1 + A))


def _gaussian_mean(A, mean, variance):
    return -jnp.log1p(A) / 2 + (mean**2 + variance) / (2 * (1 + A))


def _gaussian_squared(A, variance):
    return 1 / (1 + A) ** 2


# w ~ N(0, 1), for N -> infinity the sphere as a prior: free entropies are logarithms of fractions
# of its area. The support is the two-node Gauss-Hermite rule, exact for the quadratic ln Z_in.
gaussian = Prior(_gaussian_log, ((-1.0, 1.0), (0.5, 0.5)), _gaussian_mean, _gaussian_squared)


# Channels.


_NEVER = -1e30  # ln 0, finite for the sake of derivatives


def _threshold(y, omega, variance, margin):
    return log_normal((y * omega - margin) / jnp.sqrt(variance))


def _symmetric(y, omega, variance, margin):
    # Phi(a) - Phi(b) is even in the field: taken in the tail where both are small, with a slope of
    # +-1 also at zero.
    modulus = jnp.where(omega < 0, -omega, omega)
    possible = margin > 0
    width = jnp.where(possible, margin, 1.0)
    a = (width - modulus) / jnp.sqrt(variance)
    b = (-width - modulus) / jnp.sqrt(variance)
    value = log_normal(a) + jnp.log1p(-jnp.exp(log_normal(b) - log_normal(a)))
    return jnp.where(possible, value, _NEVER)


def _warm(satisfied: Callable) -> Callable:
    """Ln [e^-beta + (1 - e^-beta) P(satisfied)]; leak = e^-beta, zero at zero temperature."""

    def log_integral(y, omega, variance, margin, leak):
        value = satisfied(y, omega, variance, margin)
        warm = leak > 0
        return jnp.where(
            warm,
            jnp.logaddexp(jnp.log(jnp.where(warm, leak, 1.0)), jnp.log1p(-leak) + value),
            value,
        )

    return log_integral


# y w.x/sqrt(N) >= margin, and |w.x|/sqrt(N) <= margin; an error costs beta = -ln leak.
threshold = Channel(_warm(_threshold), ("margin", "leak"))
errorless = Channel(_threshold, ("margin",))  # threshold at zero temperature, in fewer operations
symmetric = Channel(_warm(_symmetric), ("margin", "leak"))


def _sign_log(y, omega, variance):
    return log_normal(y * omega / jnp.sqrt(variance))


# y = sign(F w); by symmetry the sum over both labels is twice that of y = 1.
sign = Channel(_sign_log, (), ((1.0,), (2.0,)))
