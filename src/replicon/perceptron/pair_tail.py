"""The chance that both members of a pair satisfy a pattern, with relative accuracy in its tail.

Two normal fields of mean u and variance V each, covariance c, both above kappa: with h = (u -
kappa)/sqrt(V) and a = sqrt((V - c)/(V + c)), and because the two are exchangeable,

    K(h, a) = 2 int_{-h}^inf Dx Phi(-a x),
    dK/dh = 2 G(h) Phi(a h),  dK/da = -exp(-(1 + a^2) h^2/2)/(pi (1 + a^2)).

A sum of positive terms: a difference of distribution functions would lose all digits in the tail.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from replicon.theory.gaussian import Scalar
from replicon.theory.normal import log_normal

_NODE, _WEIGHT = np.polynomial.legendre.leggauss(32)
_REACH = 9.0  # standard deviations


@jax.custom_jvp
def log_pair(h: Scalar, a: Scalar) -> Scalar:
    """Ln K(h, a) of the module's formula, scalars, a > 0.

    Relative error of K 1e-12 for h from -30 on and a up to 30. Raises nothing. Source: the formula,
    by Gauss-Legendre quadrature on both sides of zero. Referee: orthants in closed form, and
    adaptive quadrature in extended precision (tests/perceptron/test_perceptron_pairs.py).
    """
    steep = jnp.sqrt(1 + a**2)
    begin = jnp.maximum(-h, 0.0)
    # exp(-(1 + a^2) x^2/2) has fallen by exp(-reach^2/2) at the end
    far = jnp.sqrt((begin * steep) ** 2 + _REACH**2) + begin * steep
    lengths = jnp.stack([jnp.clip(h, 0.0, _REACH), _REACH**2 / far / steep])
    starts = begin - jnp.stack([lengths[0], 0.0])
    x = starts[:, None] + lengths[:, None] * (_NODE + 1) / 2
    logs = log_normal(-a * x) - x**2 / 2
    largest = jax.lax.stop_gradient(jnp.max(logs))
    total = jnp.sum(lengths[:, None] * _WEIGHT * jnp.exp(logs - largest))
    return largest + jnp.log(total / math.sqrt(2 * math.pi))


def log_slope(h, a, log):
    """(d ln K/dh)/2, given ln K."""
    return jnp.exp(log_normal(a * h) - h**2 / 2 - log) / math.sqrt(2 * math.pi)


def log_corner(h, a, log):
    """exp(-(1 + a^2) h^2/2)/(2 pi K), given ln K: the density of both fields at the threshold is
    this (1 + a^2)/(2 a V) times K.
    """
    return jnp.exp(-(1 + a**2) * h**2 / 2 - log) / (2 * math.pi)


@log_pair.defjvp
def _log_pair_jvp(primals, tangents):
    h, a = primals
    log = log_pair(h, a)
    by_a = -2 * log_corner(h, a, log) / (1 + a**2)
    return log, 2 * log_slope(h, a, log) * tangents[0] + by_a * tangents[1]
