"""Special values of a control: folds, zeros of an observable along a branch, crossings of two potentials.

Every finder takes all lines of a diagram at once: `controls` is a named tuple of arrays (points,), in which the entry of the
control to be found is ignored or is the place to begin. It returns values (points,) and converged (points,); a value that
was not found is NaN and not converged.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from replicon.theory.branch import follow_branch
from replicon.theory.newton import newton
from replicon.theory.points import as_vector, evaluate
from replicon.theory.stationary import Stationary, jacobian

_BISECTIONS = 60


class Found(NamedTuple):
    """Values of the control at the transition, whether found, and the order parameters there."""

    value: Any
    converged: Any
    x: Any


def fold(residual: Callable, start: Any, controls: Any, control: str, *, steps: int = 200, step: float = 0.02, direction: int = 1) -> Found:
    """The first fold (spinodal) met when the branch through `start` is followed in `control`.

    The path is followed by pseudo-arclength until d control / d arclength changes sign; there Newton's method solves
    residual = 0 together with det(d residual / dx) = 0 for the order parameters and the control.
    Source: Govaerts, Numerical Methods for Bifurcations of Dynamical Equilibria (2000), section 4.
    Referee: spinodal field of Curie-Weiss, load 0.137906 of Hopfield at T = 0.
    """
    path = follow_branch(residual, start, controls, control, steps=steps, step=step, direction=direction)
    return evaluate(_fold(residual, control), path, controls)


@lru_cache(maxsize=64)
def _fold(residual: Callable, control: str) -> Callable:
    def one(path, controls) -> Found:
        kind = type(path.x)
        turned = path.slope[1:] * path.slope[:-1] < 0
        index = jnp.argmax(turned)
        before, after = path.slope[index], path.slope[index + 1]
        fraction = before / (before - after)
        points = jnp.stack([*path.x, path.control])
        guess = points[:, index] + fraction * (points[:, index + 1] - points[:, index])

        def system(w):
            x, c = kind(*w[:-1]), controls._replace(**{control: w[-1]})
            return jnp.append(as_vector(residual(x, c)), jnp.linalg.det(jacobian(residual, x, c)))

        w = newton(system, guess, steps=10)
        near = jnp.linalg.norm(w - guess) < 0.5 * (1e-3 + jnp.linalg.norm(points[:, index + 1] - points[:, index]))
        good = jnp.any(turned) & near & (jnp.max(jnp.abs(system(w))) < 1e-9)
        return Found(jnp.where(good, w[-1], jnp.nan), good, kind(*jnp.where(good, w[:-1], jnp.nan)))

    return one


def zero(observable: Callable, solver: Callable, controls: Any, control: str, low: Any, high: Any, *, geometric: bool = False) -> Found:
    """The value of `control` in [low, high] at which `observable(x, controls)` changes sign along a branch.

    `solver(controls) -> Stationary` solves one point of the branch in traced code. Where it does not converge the branch is
    taken to have ended and the point to lie on the side of `high`. Bisection, 60 halvings; `geometric` halves the logarithm.
    """
    return evaluate(_zero(observable, solver, control, geometric), controls, {"low": low, "high": high})


@lru_cache(maxsize=64)
def _zero(observable: Callable, solver: Callable, control: str, geometric: bool) -> Callable:
    def one(controls, ends) -> Found:
        def at(value) -> tuple[jax.Array, Stationary]:
            c = controls._replace(**{control: value})
            solution = solver(c)
            return observable(solution.x, c), solution

        return _bisect(at, ends["low"], ends["high"], geometric)

    return one


def crossing(potential: Callable, first: Callable, second: Callable, controls: Any, control: str, low: Any, high: Any) -> Found:
    """First-order transition: where the potentials of two branches are equal, between `low` and `high`.

    `first(controls)` and `second(controls)` solve one point of each branch (Stationary) in traced code.
    """
    return evaluate(_crossing(potential, first, second, control), controls, {"low": low, "high": high})


@lru_cache(maxsize=64)
def _crossing(potential: Callable, first: Callable, second: Callable, control: str) -> Callable:
    def one(controls, ends) -> Found:
        def at(value) -> tuple[jax.Array, Stationary]:
            c = controls._replace(**{control: value})
            one, other = first(c), second(c)
            both = Stationary(one.x, jnp.maximum(one.residual, other.residual), one.converged & other.converged)
            return potential(one.x, c) - potential(other.x, c), both

        return _bisect(at, ends["low"], ends["high"], False)

    return one


def _bisect(at: Callable, low, high, geometric: bool) -> Found:
    """One loop, so that `at` (a whole solver) is compiled once: the ends first, then halvings."""

    def body(step, state):
        (a, sign_a, on_a, x_a), (b, sign_b, on_b) = state
        inside = jnp.sqrt(a * b) if geometric else (a + b) / 2
        trial = jnp.where(step == 0, low, jnp.where(step == 1, high, inside))
        value, solution = at(trial)
        sign, on = jnp.sign(value), solution.converged
        first = step == 0
        stay = first | ((step > 1) & on & (sign == sign_a))
        new_a = jax.tree.map(lambda new, old: jnp.where(stay, new, old), (trial, sign, on, solution.x), (a, sign_a, on_a, x_a))
        new_b = jax.tree.map(lambda new, old: jnp.where(stay, old, new), (trial, sign, on), (b, sign_b, on_b))
        return new_a, new_b

    blank = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(lambda: at(low)[1].x))
    zero, no = jnp.zeros(()), jnp.zeros((), bool)
    start = ((low, zero, no, blank), (high, zero, no))
    (a, sign_a, on_a, x), (b, sign_b, on_b) = jax.lax.fori_loop(0, _BISECTIONS + 2, body, start)
    # Both sides of the root must lie on the branch, or what was found is the branch's end.
    good = on_a & on_b & (sign_a != sign_b) & (b - a <= 1e-9 * (high - low) + 1e-9 * jnp.abs(b))
    value = jnp.where(good, (a + b) / 2, jnp.nan)
    return Found(value, good, jax.tree.map(lambda leaf: jnp.where(good, leaf, jnp.nan), x))


@lru_cache(maxsize=64)
def determinant(residual: Callable) -> Callable:
    """det(d residual / dx) as an observable: its zero on a branch that does not fold is a continuous transition."""

    def observable(x, controls):
        return jnp.linalg.det(jacobian(residual, x, controls))

    return observable
