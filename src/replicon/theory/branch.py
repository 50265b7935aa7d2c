"""Branches of solutions in one control, followed through their folds by pseudo-arclength
continuation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._content import cached
from replicon.theory import kept
from replicon.theory.newton import STILL, needed, newton
from replicon.theory.points import as_vector, evaluate

_CORRECTIONS = 6
_SOLVED = 1e-10  # residual of a point of the path
_FOLD_SOLVED = 1e-9  # at the fold, where the Jacobian is singular, Newton's method gains no more
# a fold is found where |d control / d arclength| is below this; the control then errs by its square
_LEVEL = 1e-10
# A corrector that lands further from its predictor than this part of the step, or turns by more
# than 37 degrees (the cosine below), has jumped to another branch.
_NEAR = 0.5
_COSINE = 0.8
_SHORTEST = 1e-2  # a step so short says nothing of how near is near


class Found(NamedTuple):
    """Values (points,) of the control at a transition, whether found, the order parameters there
    (None if not asked), and `reason`: a phrase for each point that says why there is no such value,
    '' where the search failed and more is not known. `evidence`: what a transition declares beside
    its value, {name: (points,)}.
    """

    value: Any
    converged: Any
    x: Any = None
    reason: Any = None
    evidence: Any = None


def fold(
    residual: Callable,
    start: Any,
    controls: Any,
    control: str,
    *,
    steps: int = 200,
    step: float = 0.02,
    direction: int = 1,
) -> Found:
    """The first fold (spinodal) met when the solution `start` (arrays (points,), solved at
    `controls`) is followed in `control`, all points at once.

    `step`: the largest arclength of one step in the space (order parameters, control); it is halved
    where the corrector fails and grown by 1.3 where it succeeds. `direction`: +1 to begin towards
    larger values of the control, -1 to smaller. Once d control / d arclength has changed sign, the
    last step is shortened by the secant rule until it vanishes.

    Returns the values (points,) of the control, in its units, whether found, and the order
    parameters there. Raises nothing: a branch that has not folded within `steps` steps gives NaN
    and is not converged.

    Source: Keller, in Applications of Bifurcation Theory (1977); Allgower & Georg, Introduction to
    Numerical Continuation Methods, chapter 6. Referee: spinodal field of Curie-Weiss, load 0.137906
    of Hopfield at T = 0.
    """
    folder = _folder(residual, control, steps, step, direction)
    return evaluate(folder, start, controls, how="plain")


class _Arc(NamedTuple):
    """A branch in w = (order parameters, control): where it is, its unit tangent, and one step
    along it.
    """

    function: Callable
    begin: Callable
    advance: Callable


def _arc(residual: Callable, kind: type, controls: Any, control: str) -> _Arc:
    def function(w):
        return as_vector(residual(kind(*w[:-1]), controls._replace(**{control: w[-1]})))

    def direction(matrix):
        """The unit tangent, from the derivatives of the function and, below them, a vector that it
        does not turn away from.
        """
        vector = jnp.linalg.solve(matrix, jnp.zeros(len(matrix)).at[-1].set(1.0))
        return vector / jnp.linalg.norm(vector)

    def begin(start, towards):
        w = jnp.append(as_vector(start), getattr(controls, control))
        guess = jnp.zeros_like(w).at[-1].set(float(towards))
        t = direction(jnp.concatenate([jax.jacfwd(function)(w), guess[None]]))
        return w, jnp.where(jnp.all(jnp.isfinite(t)), t, guess)

    def advance(w, t, size):
        """The point and tangent `size` further on, and whether they can be trusted."""
        guess = w + size * t
        root = newton(
            lambda v: jnp.append(function(v), jnp.dot(t, v - guess)), guess, steps=_CORRECTIONS
        )
        new = root.w
        solved = jnp.max(jnp.abs(root.value[:-1])) < _SOLVED
        t_new = direction(root.jacobian)  # whose last row is t
        near = jnp.linalg.norm(new - guess) < _NEAR * size
        good = solved & near & jnp.all(jnp.isfinite(t_new)) & (jnp.dot(t, t_new) > _COSINE)
        return new, t_new, good

    return _Arc(function, begin, advance)


class _Search(NamedTuple):
    """March (w, t, size) until the slope changes sign, then shorten the last step: `before`,
    `after` are the two latest trials (size, slope) from w, `best` the latest point.
    """

    step: Any
    w: Any
    t: Any
    size: Any
    turned: Any
    before: Any
    after: Any
    best: Any


@cached(maxsize=64)
def _folder(
    residual: Callable, control: str, steps: int, largest: float, direction: int
) -> Callable:
    def one(start, controls) -> Found:
        kind = type(start)
        arc = _arc(residual, kind, controls, control)

        def level(s: _Search):
            return s.turned & (jnp.abs(s.after[1]) < _LEVEL)

        def unfinished(s: _Search):
            return (s.step < steps) & ~level(s)

        def search(s: _Search) -> _Search:
            (a, slope_a), (b, slope_b) = s.before, s.after
            secant = b - slope_b * (b - a) / jnp.where(slope_b == slope_a, 1.0, slope_b - slope_a)
            trial = jnp.where(s.turned, jnp.clip(secant, 0.0, s.size), s.size)
            new, t_new, good = arc.advance(s.w, s.t, trial)
            turned = s.turned | (good & (t_new[-1] * s.t[-1] < 0))
            move = good & ~turned
            size = jnp.where(
                turned, s.size, jnp.where(good, jnp.minimum(1.3 * s.size, largest), s.size / 2)
            )
            here = (jnp.zeros_like(trial), jnp.where(move, t_new[-1], s.t[-1]))
            trials = (trial, t_new[-1])
            before = jax.tree.map(lambda new, old: jnp.where(s.turned, new, old), s.after, here)
            after = jax.tree.map(lambda new, old: jnp.where(turned, new, old), trials, here)
            w = jnp.where(move, new, s.w)
            t = jnp.where(move, t_new, s.t)
            return _Search(
                s.step + 1, w, t, size, turned, before, after, jnp.where(turned, new, s.best)
            )

        w, t = arc.begin(start, direction)
        zero = (jnp.zeros(()), t[-1])
        begin = _Search(0, w, t, jnp.asarray(largest / 4), jnp.zeros((), bool), zero, zero, w)
        end = jax.lax.while_loop(unfinished, search, begin)
        good = level(end) & (jnp.max(jnp.abs(arc.function(end.best))) < _FOLD_SOLVED)
        best = jnp.where(good, end.best, jnp.nan)
        return Found(best[-1], good, kind(*best[:-1]))

    return one


class Visited(NamedTuple):
    """Solutions at the targets asked for: `x` a named tuple of arrays (targets,), largest residual
    of each, whether reached.
    """

    x: Any
    residual: Any
    converged: Any


def visit(
    residual: Callable, start: Any, begin: Any, targets: list, *, halvings: int = 8
) -> Visited:
    """Continue the solution near `start` at controls `begin` through the `targets` in their order
    (named tuples of numbers).

    For potentials too dear to be followed for many points at once: one point at a time, straight
    from target to target, a tangent step and Newton's method, the step halved up to `halvings`
    times where Newton does not return to where the tangent pointed.

    Returns arrays (targets,). Raises nothing: from the first target out of reach on nothing is
    converged (NaN). Source: Allgower & Georg, chapter 2. Referee: Franz-Parisi potentials, whose
    points are solved again from elsewhere (tests/perceptron).
    """
    kind = type(start)
    step = _stepper(residual, kind)
    with jax.enable_x64(True):
        x = _numbers(start)
        here = begin
        error = np.inf
        for _ in range(4):  # each some Newton steps on the spot
            if not float(error) < _SOLVED:
                x, _, error = step(x, _numbers(begin), _numbers(begin))
        lost = not float(error) < _SOLVED
        found = []
        errors = []
        for target in targets:
            done = float(target == here)
            size = 1.0
            while not lost and done < 1:
                size = min(size, 1 - done)
                there = type(begin)(*(a + (done + size) * (b - a) for a, b in zip(here, target)))
                now = type(begin)(*(a + done * (b - a) for a, b in zip(here, target)))
                new, good, error = step(x, _numbers(now), _numbers(there))
                if good:
                    x = new
                    done = done + size
                    size = 2 * size
                else:
                    size /= 2
                    lost = size < 0.5**halvings
            found.append([np.nan if lost else float(v) for v in x])
            errors.append(float(error))
            here = target
    out = np.array(found).T
    return Visited(kind(*out), np.array(errors), np.isfinite(out).all(axis=0))


def _numbers(values):
    # NumPy's: JAX would compile a conversion, and a comparison of what is computed from them.
    return type(values)(*(np.float64(v) for v in values))


class _Turn(NamedTuple):
    """Steps taken, whether there is nothing more to do, the relative size of the last step, the
    point, the tangent step's point, and the residual at the point before.
    """

    taken: Any
    ended: Any
    size: Any
    w: Any
    guess: Any
    error: Any


@cached(maxsize=64)
def _stepper(residual: Callable, kind: type) -> Callable:
    """From one point of the path to another, as one compiled function: (solution, whether good,
    residual).
    """

    def function(v, c):
        return as_vector(residual(kind(*v), c))

    def step(x, now, there):
        begin = as_vector(x)
        count = len(begin)
        path = jax.tree.map(jnp.subtract, there, now)
        basis = jnp.eye(count + 1)

        @needed
        def turn(s: _Turn) -> _Turn:
            """Newton's step at `there`; the first, at `now`, with the drift of the residual along
            the path as well: the tangent step. One linearisation serves both.
            """
            first = s.taken == 0
            c = jax.tree.map(lambda a, b: jnp.where(first, a, b), now, there)

            def along(e, drift):
                moved = jax.tree.map(lambda d: drift * d, path)
                return jax.jvp(function, (s.w, c), (e, moved))

            value, columns = jax.vmap(along, out_axes=(None, 1))(basis[:, :count], basis[:, count])
            drift = jnp.where(first, columns[:, count], 0.0)
            change = jnp.linalg.solve(columns[:, :count], value + drift)
            size = jnp.max(jnp.abs(change)) / (1 + jnp.max(jnp.abs(s.w)))
            error = jnp.max(jnp.abs(value))
            spent = (s.taken > _CORRECTIONS) | (s.size <= STILL) | ~jnp.isfinite(size)
            w = jnp.where(spent & ~first, s.w, s.w - change)
            return _Turn(
                taken=s.taken + 1,
                ended=(spent | (jnp.maximum(size, error) <= STILL)) & ~first,
                size=jnp.where(first, jnp.inf, size),
                w=w,
                guess=jnp.where(first, w, s.guess),
                error=error,
            )

        infinite = jnp.asarray(jnp.inf)
        still = _Turn(0, jnp.asarray(False), infinite, begin, begin, infinite)
        end = jax.lax.while_loop(lambda s: ~s.ended, turn, still)
        length = jnp.maximum(jnp.linalg.norm(end.guess - begin), _SHORTEST)
        near = jnp.linalg.norm(end.w - end.guess) < _NEAR * length
        return kind(*end.w), (end.error < _SOLVED) & near, end.error

    # A path takes some twenty steps, which take a tenth longer when compiled so.
    return kept.compiled(step, "plain")
