"""Stationary points: damped fixed point, then Newton. Never minimisation, since saddle points of
replica theory are min-max.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from replicon._content import cached
from replicon.theory.newton import needed, newton
from replicon.theory.points import BATCH, as_vector, evaluate

TOLERANCE = 1e-10


class Stationary(NamedTuple):
    """Order parameters (a named tuple of arrays (points,)), the largest residual of each point, and
    whether it converged.
    """

    x: Any
    residual: Any
    converged: Any


class Solution(NamedTuple):
    """`Stationary` at one point, with the derivatives of the residual there, `jacobian` (n, n),
    from which stabilities follow.
    """

    x: Any
    residual: jax.Array
    converged: jax.Array
    jacobian: jax.Array


@cached(maxsize=64)
def gradient(potential: Callable) -> Callable:
    """The residual d potential / dx whose zeros are the stationary points of `potential(x,
    controls)`, a scalar, as one cached function: a named tuple like x. Raises what JAX raises for a
    potential that is no scalar. Source: calculus. Referee: finite differences
    (tests/test_models_common.py).
    """
    return jax.grad(potential)


def solve(
    residual: Callable,
    start: Any,
    controls: Any,
    *,
    iterate: Callable | None = None,
    steps: int = 60,
    damping: float = 1.0,
    batch: int = BATCH,
    how: str = "plain",
) -> Stationary:
    """Zeros of `residual(x, controls)` for every point of a grid at once.

    `start`: a named tuple of arrays (points,); the branch is chosen by it and by `iterate(x,
    controls) -> x`, the self-consistent map, which is applied up to `steps` times with weight
    `damping` on the new value before Newton's method. `batch` and `how` as in `points.evaluate`. A
    point has `converged` where the largest component of the residual, in its own units, is below
    1e-10.

    Returns arrays (points,). Raises nothing. Source: Newton's method. Referee: closed solutions and
    saddles that are no minima (tests/theory/test_engine.py).
    """
    solver = _solver(residual, iterate, steps, damping)
    return evaluate(solver, start, controls, batch=batch, how=how)


@cached(maxsize=64)
def _solver(residual: Callable, iterate: Callable | None, steps: int, damping: float) -> Callable:
    def solver(start, controls) -> Stationary:
        found = solve_one(residual, start, controls, iterate=iterate, steps=steps, damping=damping)
        return Stationary(found.x, found.residual, found.converged)

    return solver


def solve_one(
    residual: Callable,
    start,
    controls,
    *,
    iterate=None,
    steps: int = 60,
    damping: float = 1.0,
    settled: float = 1e-7,
) -> Solution:
    """`solve` for a single point inside traced code; the iteration hands over to Newton once a step
    is below `settled`.
    """
    x = start if iterate is None else _relax(iterate, start, controls, steps, damping, settled)
    kind = type(start)

    def function(vector):
        return as_vector(residual(kind(*vector), controls))

    root = newton(function, as_vector(x))
    return Solution(kind(*root.w), root.error, root.error < TOLERANCE, root.jacobian)


def _relax(iterate, start, controls, steps, damping, settled):
    def unfinished(state):
        step, _, change = state
        return (step < steps) & (change > settled)

    @needed
    def advance(state):
        step, x, _ = state
        new = jax.tree.map(lambda a, b: (1 - damping) * a + damping * b, x, iterate(x, controls))
        change = jnp.max(jnp.abs(as_vector(new) - as_vector(x)))
        return step + 1, new, change

    return jax.lax.while_loop(unfinished, advance, (0, start, jnp.inf))[1]


def jacobian(residual: Callable, x, controls) -> jax.Array:
    """D residual / d x, shape (n, n), for one point inside traced code. Raises nothing. Source:
    automatic differentiation. Referee: the stabilities of every model against finite differences.
    """
    kind = type(x)
    return jax.jacfwd(lambda v: as_vector(residual(kind(*v), controls)))(as_vector(x))
