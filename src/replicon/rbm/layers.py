"""The two kinds of machine, by their visible units: of 0 and 1, or real-valued. What both know of
their visible layer: how it is drawn, summed out, and tempered.

Tempered: exponent beta (machine) + (1 - beta) (independent units). The independent ones have biases
`base` (V,) and, where they are real-valued, variance 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry_2x32


# Compiled as wholes, also where they are called outside of compiled code: one graph, not one for
# each operation.
@jax.jit
def sigmoid(x):
    """1 / (1 + exp(-x)), by the hyperbolic tangent."""
    return 0.5 + 0.5 * jnp.tanh(0.5 * x)


@jax.jit
def draw(key, probability):
    """0 or 1 with P(1) = probability, to 2^-24.

    Both words of every Threefry block are used; `jax.random.uniform` keeps one, and is then a fifth
    of the time of training.
    """
    words = threefry_2x32(
        jax.random.key_data(key), jnp.arange(probability.size, dtype=jnp.uint32)
    ).reshape(probability.shape)
    return ((words >> 8).astype(probability.dtype) * 2.0**-24 < probability).astype(
        probability.dtype
    )


class Parameters(NamedTuple):
    """Visible units of 0 and 1, P(v, h) ~ exp(v.W.h + a.v + b.h): weights W (V, H), visible_bias a
    (V,), hidden_bias b (H,).
    """

    weights: Any
    visible_bias: Any
    hidden_bias: Any

    real = False

    def in_double(self) -> Parameters:
        """The same as NumPy arrays of float64."""
        return Parameters(*(np.asarray(x, float) for x in self))

    def mirrored(self) -> Parameters:
        """The same machine with visible units called hidden, and hidden ones visible."""
        return Parameters(self.weights.T, self.hidden_bias, self.visible_bias)

    def summable(self) -> int:
        """Units of the layer whose states can be summed over, the other one done in closed form."""
        return min(self.weights.shape)

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        """(rows,): -ln sum_h exp(exponent) of v (rows, V)."""
        field = v @ self.weights + self.hidden_bias
        return -v @ self.visible_bias - np.logaddexp(0, field).sum(axis=1)

    def draw_visible(self, key, field, beta=1.0):
        """Visible units in fields (..., V), as floats."""
        return draw(key, sigmoid(field))

    def visible_log_sum(self, field, beta=1.0):
        """(..., V): ln of the sum over the states of every visible unit."""
        return jax.nn.softplus(field)

    def summed_out(self, field):
        """(...,): the same of all visible units in fields (..., V), in double precision.

        Logarithms of products, not one for each unit: a factor is at most 2, and 2^512 is a number.
        """
        grown = 1 + jnp.exp(-jnp.abs(field))
        parts = [grown[..., i : i + 512].prod(axis=-1) for i in range(0, field.shape[-1], 512)]
        return jnp.maximum(field, 0).sum(axis=-1) + sum(jnp.log(part) for part in parts)

    def tilt(self, base, v):
        """(...,): what the exponent of visible units v (..., V) has more than that of independent
        ones, without the coupling.
        """
        return v @ (self.visible_bias - base)

    def slope(self, weights, visible_bias, hidden_bias, spread) -> Parameters:
        """The gradient of the log-likelihood, of which these are parts; `spread` is of real-valued
        units.
        """
        return Parameters(weights, visible_bias, hidden_bias)


class RealParameters(NamedTuple):
    """Real-valued visible units, P(v, h) ~ exp(v.W.h + a.v + b.h - sum_i r_i^2 v_i^2 / 2): weights
    W (V, H), visible_bias a (V,), hidden_bias b (H,), inverse_deviation r (V,).

    Given h they are normal, of mean (a + W h) / r^2 and variance 1 / r^2. W, a and b are natural
    parameters: their gradients are differences of averages, those of units of 0 and 1.
    """

    weights: Any
    visible_bias: Any
    hidden_bias: Any
    inverse_deviation: Any

    real = True

    def in_double(self) -> RealParameters:
        """The same as NumPy arrays of float64."""
        return RealParameters(*(np.asarray(x, float) for x in self))

    def summable(self) -> int:
        """Hidden units, whose states can be summed over: given them, the others are integrals."""
        return self.weights.shape[1]

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        """(rows,): -ln sum_h exp(exponent) of v (rows, V)."""
        field = v @ self.weights + self.hidden_bias
        own = v**2 @ (self.inverse_deviation**2 / 2) - v @ self.visible_bias
        return own - np.logaddexp(0, field).sum(axis=1)

    def draw_given(self, hidden: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Visible units (rows, V) given hidden ones (rows, H), in NumPy."""
        r = self.inverse_deviation
        field = hidden @ self.weights.T + self.visible_bias
        return (field + r * rng.standard_normal(field.shape)) / r**2

    def _precision(self, beta):
        return beta * self.inverse_deviation**2 + (1 - beta)

    def draw_visible(self, key, field, beta=1.0):
        """Visible units in fields (..., V) at inverse temperature beta."""
        precision = self._precision(beta)
        noise = jax.random.normal(key, field.shape, field.dtype)
        return (field + jnp.sqrt(precision) * noise) / precision

    def visible_log_sum(self, field, beta=1.0):
        """(..., V): ln of the integral over every visible unit."""
        precision = self._precision(beta)
        return field**2 / (2 * precision) + 0.5 * jnp.log(2 * np.pi / precision)

    def summed_out(self, field):
        """(...,): the same of all visible units in fields (..., V)."""
        return self.visible_log_sum(field).sum(axis=-1)

    def tilt(self, base, v):
        """(...,): what the exponent of visible units v (..., V) has more than that of independent
        ones, without the coupling.
        """
        return v @ (self.visible_bias - base) + v**2 @ (0.5 - 0.5 * self.inverse_deviation**2)

    def slope(self, weights, visible_bias, hidden_bias, spread) -> RealParameters:
        """The gradient of the log-likelihood, of which these are parts; `spread` (V,): <v^2> of the
        data less that of the model.
        """
        return RealParameters(weights, visible_bias, hidden_bias, -self.inverse_deviation * spread)


Machine = Parameters | RealParameters
