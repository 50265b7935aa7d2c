"""The average <ln cosh beta X> of a sample over the posterior of one hidden unit's weights, at as
many nodes as a point needs.

Given the field a ~ N(mean, q) and the hidden unit h = +-1, of chance sigmoid(2 h beta a), X is
normal about a + beta (1 - q) h with variance 1 - q.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from replicon.theory.gaussian import nodes

# Nodes of the field and of the spread about it: all; enough where both change slowly; of a field
# that does not fluctuate.
_ALL = (*nodes(193, 8.0), *nodes(129, 8.0))
_FEWER = (*nodes(97, 8.0), *nodes(65, 8.0))
_ONE = (np.zeros(1), np.ones(1), *nodes(129, 8.0))
# Deviations of beta a and of its spread up to which fewer nodes are exact to 2e-14.
_SMOOTH, _SMOOTH_SPREAD = 1.8, 1.3


def _log_cosh(x):
    """To a rounding of 1, which an average over numbers of that order does not see."""
    return jnp.abs(x) + jnp.log((1 + jnp.exp(-2 * jnp.abs(x))) / 2)


def log_likelihood(mean, q, temperature, grid=_ALL):
    """<ln cosh beta X> - beta^2/2, of one point.

    Source: Huang & Toyoizumi, PRE 94, 062310 (2016). Referee: enumeration, and the grids each other
    (tests/rbm/test_rbm_unmatched.py).
    """
    node, weight, spread, spread_weight = grid
    beta = 1 / temperature
    free = jnp.maximum(1 - q, 0.0)
    a = mean + jnp.sqrt(q) * node
    total = 0.0
    for h in (1.0, -1.0):
        argument = beta * (a + h * beta * free)[:, None] + beta * jnp.sqrt(free) * spread
        inner = _log_cosh(argument) @ spread_weight
        total += weight @ (jax.nn.sigmoid(2 * h * beta * a) * inner)
    return total - beta**2 / 2


def _smooth(mean, q, temperature):
    return log_likelihood(mean, q, temperature, _FEWER)


def _still(mean, q, temperature):
    return log_likelihood(mean, q, temperature, _ONE)


def ways(mean, q, temperature) -> list:
    """[(function of a point, points (points,) that it is the quickest exact one for, its
    arguments)].
    """
    still = q == 0
    smooth = ~still & (np.sqrt(q) / temperature <= _SMOOTH)
    smooth &= np.sqrt(1 - q) / temperature <= _SMOOTH_SPREAD
    point = (mean, q, temperature)
    return [
        (_still, still, point),
        (_smooth, smooth, point),
        (log_likelihood, ~still & ~smooth, point),
    ]
