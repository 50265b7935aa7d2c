"""Branches of solutions in one control, followed through their folds by pseudo-arclength continuation."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from replicon.theory.newton import newton
from replicon.theory.points import as_vector, evaluate

_CORRECTIONS = 6


class Path(NamedTuple):
    """Solutions along a branch, in order.

    `x`: named tuple of arrays (points, steps); `control`: its values, (points, steps); `slope`: d control / d arclength,
    which changes sign at a fold; `residual`: the largest component at each step.
    """

    x: Any
    control: Any
    slope: Any
    residual: Any


def follow_branch(
    residual: Callable, start: Any, controls: Any, control: str, *, steps: int = 200, step: float = 0.02, direction: int = 1
) -> Path:
    """Continue the solution `start` (arrays (points,), solved at `controls`) in `control`, through folds, all points at once.

    `step`: the largest arclength of one step in the space (order parameters, control); it is halved where the corrector
    fails and grown by 1.3 where it succeeds. `direction`: +1 to begin towards larger values of the control, -1 to smaller.

    Source: Keller, in Applications of Bifurcation Theory (1977); Allgower & Georg, Introduction to Numerical Continuation
    Methods, chapter 6. Referee: Curie-Weiss hysteresis loop, whose two folds are closed formulas.
    """
    return evaluate(_follower(residual, control, steps, step, direction), start, controls)


@lru_cache(maxsize=64)
def _follower(residual: Callable, control: str, steps: int, largest: float, direction: int) -> Callable:
    def one(start, controls) -> Path:
        kind = type(start)

        def function(w):
            return as_vector(residual(kind(*w[:-1]), controls._replace(**{control: w[-1]})))

        def tangent(w, previous):
            matrix = jnp.concatenate([jax.jacfwd(function)(w), previous[None]])
            vector = jnp.linalg.solve(matrix, jnp.zeros_like(w).at[-1].set(1.0))
            return vector / jnp.linalg.norm(vector)

        def correct(w, t, guess):
            new = newton(lambda v: jnp.append(function(v), jnp.dot(t, v - guess)), guess, steps=_CORRECTIONS)
            error = jnp.max(jnp.abs(function(new)))
            # A corrector that lands far from its predictor has jumped to another branch.
            good = (error < 1e-10) & (jnp.linalg.norm(new - guess) < 0.5 * jnp.linalg.norm(guess - w))
            return new, good, error

        def advance(state, _):
            w, t, size, error = state
            new, good, new_error = correct(w, t, w + size * t)
            t_new = tangent(new, t)
            good = good & jnp.all(jnp.isfinite(t_new)) & (jnp.dot(t, t_new) > 0.8)
            w = jnp.where(good, new, w)
            t = jnp.where(good, t_new, t)
            error = jnp.where(good, new_error, error)
            size = jnp.where(good, jnp.minimum(1.3 * size, largest), size / 2)
            return (w, t, size, error), (w, t[-1], error)

        w = jnp.append(as_vector(start), getattr(controls, control))
        guess = jnp.zeros_like(w).at[-1].set(float(direction))
        t = tangent(w, guess)
        t = jnp.where(jnp.all(jnp.isfinite(t)), t, guess)
        first = jnp.max(jnp.abs(function(w)))
        _, (path, slope, errors) = jax.lax.scan(advance, (w, t, largest / 4, first), None, length=steps)
        path = jnp.concatenate([w[None], path])
        slope = jnp.append(t[-1], slope)
        return Path(kind(*path[:, :-1].T), path[:, -1], slope, jnp.append(first, errors))

    return one
