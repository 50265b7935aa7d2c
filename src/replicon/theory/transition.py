"""Special values of a control on a branch: zeros of an observable, crossings of two potentials.
(Folds: `branch.fold`.)

A branch is given as a function from values (points,) of the control to (observable, whether the
branch is there), arrays (points,): what any model's `solve` returns. Every finder takes all lines
of a diagram at once.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from replicon._content import cached
from replicon.theory.branch import Found
from replicon.theory.stationary import jacobian

_VANISHES = 1e-6  # of the observable at the ends of the bracket
_BESIDE = 1e-9  # of the bracket


def bracket(
    solve: Callable, controls, control: str, observable: str, values, branch: str = ""
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neighbours (low, high) among `values` (points, steps), in their order, between which an
    observable first changes sign along a branch that exists at both, and whether there are any:
    arrays (points,). All steps of all points are one call.

    Where the branch ends first, the step in which it does is looked at in as many steps, twice.
    Returns NaN where there are none; raises nothing. Source: bisection's first half. Referee:
    Almeida-Thouless lines beside their closed limits (tests/perceptron, tests/hopfield).
    """
    points, steps = values.shape
    rows = np.arange(points)
    low = np.full(points, np.nan)
    high = np.full(points, np.nan)
    found = np.zeros(points, bool)
    for _ in range(3):
        # A row's other controls, once for each of its steps.
        repeated = {
            k: np.repeat(v[rows], steps) if np.ndim(v) else v for k, v in controls._asdict().items()
        }
        out = _ask(solve, type(controls)(**{**repeated, control: values.ravel()}), branch)
        seen = np.where(out["converged"], out[observable], np.nan).reshape(len(rows), steps)
        with np.errstate(invalid="ignore"):
            changes = seen[:, 1:] * seen[:, :-1] < 0
        place = np.argmax(changes, axis=1)
        each = np.arange(len(rows))
        hit = changes.any(axis=1)
        low[rows[hit]], high[rows[hit]] = (values[each, place + k][hit] for k in (0, 1))
        found[rows[hit]] = True
        ends = np.isfinite(seen[:, :-1]) & np.isnan(seen[:, 1:])
        last = np.argmax(ends, axis=1)
        again = ~hit & ends.any(axis=1)
        if not again.any():
            break
        values = np.linspace(values[each, last], values[each, last + 1], steps, axis=1)[again]
        rows = rows[again]
    return low, high, found


def zero(branch: Callable, low, high, *, geometric: bool = False) -> Found:
    """The value of a control between `low` and `high`, arrays (points,), at which an observable
    changes sign along a branch.

    `branch(values) -> (observable, on_branch)`. Where the branch does not exist the observable is
    taken to have the sign opposite to that at `low`; a sign change that turns out to be the
    branch's end is not converged (NaN), as is a bracket without one, and a pole or a jump: the
    observable must vanish on both sides of the value, to 1e-6 of its size at the ends of the
    bracket. `geometric` searches in the logarithm. Returns values (points,) in the units of the
    control, exact to rounding in the observable. Raises nothing. Source: Chandrupatla, Adv. Eng.
    Softw. 28, 145 (1997), as SciPy's vectorised `find_root`. Referee: closed transitions, poles and
    ends of branches (tests/theory/test_engine.py).
    """
    low, high = np.broadcast_arrays(np.asarray(low, float), np.asarray(high, float))

    def place(fraction):
        return low * (high / low) ** fraction if geometric else low + fraction * (high - low)

    def ask(fraction):
        observable, there = (np.asarray(v) for v in branch(place(fraction)))
        return np.where(there, observable, np.nan), there & ~np.isnan(observable)

    first, begins = ask(np.zeros(low.shape))
    fractions = np.zeros(low.shape)

    def signed(fraction, rows):
        # The root finder asks for ever fewer rows: the others stay where they were, so that
        # compiled shapes stay few.
        fractions[rows] = fraction
        observable, there = ask(fractions)
        return np.where(there, observable, -first)[rows]

    rows = np.flatnonzero(begins & (first != 0))
    value = np.full(low.shape, np.nan)
    converged = np.zeros(low.shape, bool)
    if len(rows):
        from scipy.optimize.elementwise import (
            find_root,
        )  # a third of a second, for those who need it

        found = find_root(signed, (np.zeros(len(rows)), np.ones(len(rows))), args=(rows,))
        last, there = ask(np.ones(low.shape))
        size = np.maximum(np.abs(first), np.where(there, np.abs(last), 0.0))[rows]
        ends = []
        # Where the observable was met at exactly zero the last bracket may be wide: both sides are
        # asked close by.
        wide = ~(np.abs(found.bracket[1] - found.bracket[0]) < _BESIDE)
        beside = (np.clip(found.x - _BESIDE, 0, 1), np.clip(found.x + _BESIDE, 0, 1))
        for end in (*(np.where(wide, b, e) for b, e in zip(beside, found.bracket)), found.x):
            fractions[rows] = np.where(np.isfinite(end), end, 0.0)
            left, there = (v[rows] for v in ask(fractions))
            ends.append(there & (np.abs(left) < _VANISHES * size))
        fractions[rows] = found.x
        converged[rows] = found.success & np.logical_and.reduce(ends)
        value = np.where(converged, place(fractions), np.nan)
    return Found(value, converged)


def along(solve: Callable, controls, control: str, observable: str, branch: str = "") -> Callable:
    """A branch for `zero` and `crossing` from a model's `solve(controls, branch)`: one observable
    as a function of one control, arrays (points,). Raises what `solve` raises. Source: the model.
    Referee: the model's own transitions.
    """

    def at(values):
        out = _ask(solve, controls._replace(**{control: values}), branch)
        return out[observable], out["converged"]

    return at


def _ask(solve: Callable, controls, branch: str) -> dict:
    """A model's `solve`, which takes the name of a branch where it has several."""
    return solve(controls, branch) if branch else solve(controls)


def crossing(first: Callable, second: Callable, low, high) -> Found:
    """First-order transition: where the potentials of two branches are equal, between `low` and
    `high`.

    `first(values)` and `second(values)` return (potential, on_branch), arrays (points,). Raises
    nothing; as `zero`. Source: equal potentials. Referee: Curie-Weiss at zero field.
    """

    def difference(values):
        (one, here), (other, there) = first(values), second(values)
        return one - other, here & there

    return zero(difference, low, high)


@cached(maxsize=64)
def determinant(residual: Callable) -> Callable:
    """det(d residual / dx) at (x, controls), a scalar, as a function for `evaluate`: its zero on a
    branch that does not fold is a continuous transition. Raises nothing. Source: the implicit
    function theorem. Referee: T_c = J of Curie-Weiss.
    """

    def observable(x, controls):
        return jnp.linalg.det(jacobian(residual, x, controls))

    return observable
