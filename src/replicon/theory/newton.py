"""Newton's method for a small vector, inside traced code: shared by stationary points, continuation
and folds.

Measured against optimistix.root_find on the Hopfield saddle (JAX 0.10): the same iterates, half the
compile time, which for potentials of a few lines is nearly all the time there is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from jax.interpreters.partial_eval import dce_jaxpr

# Of 1 + |w|, what rounding leaves of a step, some hundred times 2.2e-16; where as little is left of
# the function the step is the last.
STILL = 1e-13
_RELAXED = 100  # steps before Newton's, at most
_SETTLED = 1e-3  # of 1 + |w|: the last of them


class Root(NamedTuple):
    """Where the iteration ended: `w` (n,), the function there, `value` (n,), and its derivatives,
    `jacobian` (n, n).
    """

    w: jax.Array
    value: jax.Array
    jacobian: jax.Array

    @property
    def error(self) -> jax.Array:
        """The largest component of the function."""
        return jnp.max(jnp.abs(self.value))


class _Search(NamedTuple):
    """Steps taken (negative while they are not Newton's), whether there is nothing more to do, the
    relative size of Newton's last step, and where it led.
    """

    taken: jax.Array | int
    ended: jax.Array
    size: jax.Array
    root: Root


def newton(
    function: Callable, start: jax.Array, *, steps: int = 20, first: Callable | None = None
) -> Root:
    """Iterate w <- w - J(w)^-1 function(w) until the step is below 1e-13 of 1 + |w|, or `steps`
    times. A map `first(w, value) -> w`, if given, makes the steps before: 100 at most, until one is
    below 1e-3. Its derivatives are idle, but the function is not compiled a second time.

    Returns the last finite iterate with what the function and its derivatives are there, or were a
    step of that size before where the function was below 1e-13 too; the caller judges it by them.
    The function is traced once: a graph compiles in proportion to its size.
    """

    def advance(s: _Search) -> _Search:
        w = s.root.w
        value, columns = value_and_jacobian(function, w)
        change = jnp.linalg.solve(columns, value)
        relaxing = s.taken < 0
        if first is not None:
            change = jnp.where(relaxing, w - first(w, value), change)
        size = jnp.max(jnp.abs(change)) / (1 + jnp.max(jnp.abs(w)))
        spent = (s.taken >= steps) | (s.size <= STILL) | ~jnp.isfinite(size)
        new = jnp.where(spent, w, w - change)
        last = ~relaxing & (jnp.maximum(size, jnp.max(jnp.abs(value))) <= STILL)
        taken = jnp.where(relaxing & (size <= _SETTLED), 0, s.taken + 1)
        size = jnp.where(relaxing, jnp.inf, size)
        return _Search(taken, spent | last, size, Root(new, value, columns))

    count = len(start)
    nothing = Root(start, jnp.zeros_like(start), jnp.zeros((count, count), start.dtype))
    taken = jnp.asarray(0 if first is None else -_RELAXED)
    begin = _Search(taken, jnp.asarray(False), jnp.asarray(jnp.inf, start.dtype), nothing)
    return jax.lax.while_loop(lambda s: ~s.ended, advance, begin).root


def value_and_jacobian(function: Callable, w: jax.Array) -> tuple[jax.Array, jax.Array]:
    """function(w) and its (n, n) Jacobian from one linearisation."""

    def both(w):
        basis = jnp.eye(len(w), dtype=w.dtype)
        return jax.vmap(lambda e: jax.jvp(function, (w,), (e,)), out_axes=(None, 1))(basis)

    return needed(both)(w)


def needed(function: Callable) -> Callable:
    """The same function without operations on which its result does not depend, which derivatives
    of derivatives leave behind by the hundred. JAX drops them from a graph as a whole, but not from
    the body of a loop.
    """

    def pruned(*arguments):
        closed, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
        used = [True] * len(closed.jaxpr.outvars)
        jaxpr, _ = dce_jaxpr(closed.jaxpr, used, instantiate=True)
        given = jax.tree.leaves(arguments)
        out = jaxpr_as_fun(ClosedJaxpr(jaxpr, closed.consts))(*given)
        return jax.tree.unflatten(jax.tree.structure(shape), out)

    return pruned
