"""Averages <phi(x(t)) phi(x(s))> of a Gaussian process, for one t and all s before, as the theory
in two times needs them.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._content import cached
from replicon.recurrent.nonlinearity import Nonlinearity, panels

_NODE = np.linspace(-6.0, 6.0, 49)
_WEIGHT = np.exp(-(_NODE**2) / 2) / np.exp(-(_NODE**2) / 2).sum()
_LENGTH = 1024  # to a multiple of which times are padded: one compiled shape for most durations
_BLOCK = 32  # times averaged at once
_MISSED = 1e-7  # of an average on the uniform grid; the references of the tests are as exact


class RowAverage(NamedTuple):
    """At time t: `row` <phi(x(t)) phi(x(s))> (T or more,) for s <= t, `latent` <phi(x(t))>, `slope`
    <phi'(x(t))>, and by how much <phi^2> and <phi'> `miss` those on panels.
    """

    row: jax.Array
    latent: jax.Array
    slope: jax.Array
    miss: jax.Array


class RowAverages:
    """Averages over a uniform grid as long as that is exact, then on panels: wide Gaussians see phi
    as a step, between whose sides a uniform grid cannot tell.
    """

    def __init__(self, phi: Nonlinearity):
        self.uniform = _row_average(phi, False)
        self.fine = _row_average(phi, True)
        self.exact = True

    def at(self, covariance, variance, mean, t: int) -> RowAverage:
        """Averages at time t, from what is known of the times up to it, arrays (T,)."""
        given = [_padded(values) for values in (covariance, variance, mean)]
        with jax.enable_x64(True):
            if self.exact:
                found = self.uniform(*given, t)
                self.exact = bool(found.miss <= _MISSED)
                if self.exact:
                    return found
            return self.fine(*given, t)


def _padded(values: np.ndarray) -> np.ndarray:
    """Zeros behind them, of which no average up to a time t knows."""
    return np.pad(values, (0, -len(values) % _LENGTH))


@cached(maxsize=32)
def _row_average(phi: Nonlinearity, fine: bool):
    """The averages compiled: on a uniform grid, or `fine`, on panels."""

    def nodes(mean, deviation):
        if not fine:
            return mean + deviation * _NODE, _WEIGHT
        x, weight = panels(mean, deviation, phi.breaks)
        return x, weight / weight.sum()

    @jax.jit
    def average(covariance, variance, mean, t) -> RowAverage:
        deviation = jnp.sqrt(jnp.maximum(variance[t], 0.0))
        here, weight = nodes(mean[t], deviation)
        value = phi.function(here)

        def with_one(given):
            covariance, variance, mean = given
            tilt = jnp.where(
                deviation > 0, covariance / jnp.where(deviation > 0, deviation, 1.0), 0.0
            )
            rest = jnp.sqrt(jnp.maximum(variance - tilt**2, 0.0))
            shift = jnp.where(
                deviation > 0, (here - here_mean) / jnp.where(deviation > 0, deviation, 1.0), 0.0
            )

            def inner(centre):
                x, w = nodes(centre, rest)
                return phi.function(x) @ w

            return (value * weight) @ jax.vmap(inner)(mean + tilt * shift)

        here_mean = mean[t]

        # The past alone, in blocks.
        given = (covariance, variance, mean)

        def block(k, row):
            part = [jax.lax.dynamic_slice(v, (k * _BLOCK,), (_BLOCK,)) for v in given]
            return jax.lax.dynamic_update_slice(row, jax.vmap(with_one)(part), (k * _BLOCK,))

        row = jax.lax.fori_loop(0, t // _BLOCK + 1, block, jnp.zeros(len(mean)))
        x, w = panels(mean[t], deviation, phi.breaks)
        w = w / w.sum()
        miss = jnp.maximum(
            jnp.abs(phi.function(x) ** 2 @ w - value**2 @ weight),
            jnp.abs(phi.slope(x) @ w - phi.slope(here) @ weight),
        )
        return RowAverage(row, value @ weight, phi.slope(here) @ weight, miss)

    return average
