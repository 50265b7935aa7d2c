"""The one zero of a falling function, by halving, inside traced code."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp


def bisect(falling: Callable, low, high, *, halvings: int = 60) -> jax.Array:
    """The middle of what is left of [low, high] after so many halvings, elementwise.

    `falling`, of arrays of one shape such as (n,), is positive to the left of its zero and not to
    the right; the width left is (high - low)/2^halvings. No derivative goes through it: give the
    result to `polish`. Raises nothing: where the function does not change its sign, the result lies
    at an end. Source: Bolzano's theorem. Referee: zeros known in closed form.
    """

    def halve(_, ends):
        low, high = ends
        middle = (low + high) / 2
        left = falling(middle) > 0
        return jnp.where(left, middle, low), jnp.where(left, high, middle)

    ends = tuple(jnp.broadcast_arrays(low, high))
    low, high = jax.lax.fori_loop(0, halvings, halve, ends)
    return jax.lax.stop_gradient((low + high) / 2)


def polish(function: Callable, at: jax.Array) -> jax.Array:
    """x - f(x)/f'(x), elementwise: one step of Newton from a zero that is nearly found, which also
    carries the zero's derivative dx = -df/f' in whatever the function closes over.

    `at` (n,) or any other shape. The derivative is exact to first order only. Raises nothing.
    Source: the theorem of implicit functions. Referee: zeros known in closed form.
    """
    at = jax.lax.stop_gradient(at)
    value, slope = jax.jvp(function, (at,), (jnp.ones_like(at),))
    return at - value / jax.lax.stop_gradient(slope)
