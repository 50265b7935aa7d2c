"""Bayes-optimal theory of a binary perceptron with a binary teacher: on the Nishimori line the overlap of two students is that
of a student with the teacher, and replica symmetry is exact.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr

from replicon._declare import controls_tuple
from replicon.theory import stationary
from replicon.theory.branch import Found, fold
from replicon.theory.gaussian import average, log_2cosh
from replicon.theory.points import evaluate
from replicon.theory.transition import along, zero


class Order(NamedTuple):
    """Overlap with the teacher, and its conjugate."""

    overlap: jax.Array
    conjugate: jax.Array


def _label(x):
    """H(-x) ln H(-x)."""
    return jnp.exp(log_ndtr(x)) * log_ndtr(x)


def _examples(r, c) -> jax.Array:
    """2 load E H(-s z) ln H(-s z), s^2 = r/(1 - r): what the examples leave of the entropy."""
    return 2 * c.load * average(_label, jnp.zeros(()), r / (1 - r))


def potential(x: Order, c) -> jax.Array:
    """Free entropy per weight phi = -rh (1 + r)/2 + E ln 2cosh(sqrt(rh) z + rh) + 2 load E H(-s z) ln H(-s z)."""
    r, rh = x
    return -rh * (1 + r) / 2 + log_2cosh(rh, rh, jnp.ones(())) + _examples(r, c)


residual = stationary.gradient(potential)


def iterate(x: Order, c) -> Order:
    """Rh from the examples; r = E tanh(sqrt(rh) z + rh)."""
    rh = 2 * jax.grad(_examples)(x.overlap, c)
    return Order(jax.grad(log_2cosh)(rh, rh, jnp.ones(())), rh)


def _imperfect(c) -> dict:
    start = Order(jnp.full((), 0.1), jnp.full((), 0.1))
    found = stationary.solve_one(residual, start, c, iterate=iterate, steps=200)
    r = found.x.overlap
    slope = jax.jvp(lambda q: iterate(Order(q, found.x.conjugate), c).overlap, (r,), (jnp.ones(()),))[1]
    good = (r > -1e-12) & (r < 0.999) & (found.x.conjugate > -1e-12) & (slope < 1)
    return {
        "overlap": r,
        "generalization_error": jnp.arccos(r) / jnp.pi,
        "entropy": potential(found.x, c),
        "longitudinal_stability": 1 - slope,
        "replicon": 1 - slope,  # Nishimori: the two are one
        "converged": found.converged & good,
        "residual": found.residual,
    }


def solve(controls, branch: str) -> dict:
    """Arrays (points,). Between perfect learning and the spinodal the imperfect state is metastable: its entropy is negative."""
    c = controls_tuple(("load",), (np.asarray(controls.load, float),))
    if branch == "imperfect":
        out = dict(evaluate(_imperfect, c))
    else:
        nothing, one = np.zeros_like(c.load), np.ones_like(c.load)
        out = {"overlap": one, "generalization_error": nothing, "entropy": nothing, "converged": one > 0, "stable": c.load > 0}
    return {**out, "free_entropy": out["entropy"]}


def find_spinodal(controls) -> Found:
    """The load at which the imperfect state folds."""
    c = controls_tuple(("load",), (np.full(np.shape(controls.load), 1.0),))
    begin = stationary.solve(residual, Order(0.1 * c.load, 0.1 * c.load), c, iterate=iterate)
    return fold(residual, begin.x, c, "load", steps=400, step=0.05)


def find_perfect_learning(controls) -> Found:
    """The load at which the teacher becomes the only student."""
    branch = along(solve, controls, "load", "entropy", "imperfect")
    return zero(branch, np.full(np.shape(controls.load), 0.5), find_spinodal(controls).value * (1 - 1e-9))
