"""Entropy of solutions of the binary perceptron at a distance from a random configuration, which
is usually no solution. Per weight, at overlap p = 1 - 2 distance with it,

    s = extr -h p - qh (1 - q)/2 + E_z ln 2cosh(sqrt(qh) z + h) + load E_z ln H(-t),

t = (sqrt(q) z - margin)/sqrt(1 - q). At p = 0 it is the entropy of all solutions. Given q, its
conjugate is qh = load E (d ln H/du)^2 and h holds the overlap p, so that q alone is unknown.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from scipy.special import log_ndtr

from replicon._declare import controls_tuple
from replicon.theory import stationary
from replicon.theory.bisection import bisect, polish
from replicon.theory.gaussian import log_2cosh_at
from replicon.theory.normal import hazard, log_normal
from replicon.theory.points import evaluate

BATCH = 16
HALVINGS = 36  # of an interval some 30 wide; the last step is Newton's
SHARPEST = 30.0  # conjugate overlap beyond which the nodes do not resolve the weights


class Order(NamedTuple):
    """Overlap q of two solutions, of different pairs where pairs are counted."""

    overlap: Any


def fine(count):
    """Nodes and weights of the standard normal, closer where weights change sign."""
    u = np.linspace(-1, 1, count) * np.arcsinh(12.0)
    z = np.sinh(u)
    weight = np.exp(-(z**2) / 2) * np.cosh(u)
    return z, weight / weight.sum()


FINE = fine(257)


def asked(load, margin, distance):
    """Controls (points,) as the functions of a point read them: load, margin, and `between`, p."""
    between = 1 - 2 * np.asarray(distance, float)
    names = ("load", "margin", "between")
    return controls_tuple(names, np.broadcast_arrays(load, margin, between))


def _held_field(conjugate, between):
    """The field h along the reference that holds E tanh(sqrt(qh) z + h) = between >= 0; tanh at
    each z.
    """
    z, weight = FINE
    spread = jnp.sqrt(jnp.maximum(conjugate, 0.0)) * z

    def missing(field):
        return between - weight @ jnp.tanh(spread + field)

    lowest = jnp.arctanh(between)
    field = polish(missing, bisect(missing, lowest, lowest + spread[-1], halvings=HALVINGS))
    return field, spread + field


def _answers(overlap, c):
    """Of the patterns, at each z of the fine nodes: (d ln H/du)(1 - q)^(1/2), and t."""
    z, _ = FINE
    t = (jnp.sqrt(jnp.maximum(overlap, 0.0)) * z - c.margin) / jnp.sqrt(1 - overlap)
    return hazard(t), t


def _iterate_around(x: Order, c) -> Order:
    _, weight = FINE
    slope, _ = _answers(x.overlap, c)
    conjugate = c.load * (weight @ slope**2) / (1 - x.overlap)
    _, fields = _held_field(conjugate, c.between)
    return Order(weight @ jnp.tanh(fields) ** 2)


def _residual_around(x: Order, c) -> Order:
    return Order(x.overlap - _iterate_around(x, c).overlap)


def _around(c) -> dict:
    """The saddle of solutions at an overlap with a random configuration; at overlap zero that of
    all solutions.
    """
    _, weight = FINE
    side = jnp.where(c.between < 0, -1.0, 1.0)
    c = c._replace(between=jnp.abs(c.between))
    square = c.between**2  # the least that q can be
    found = stationary.solve_one(
        _residual_around,
        Order(square + 0.3 * (1 - square)),
        c,
        iterate=_iterate_around,
        steps=300,
        damping=0.5,
        settled=1e-4,
    )
    q = found.x.overlap
    slope, t = _answers(q, c)
    conjugate = c.load * (weight @ slope**2) / (1 - q)
    field, fields = _held_field(conjugate, c.between)
    energetic = c.load * (weight @ log_normal(t))
    curve = slope * (t + slope) / (1 - q)
    return {
        "entropy": (
            -field * c.between - conjugate * (1 - q) / 2 + weight @ log_2cosh_at(fields) + energetic
        ),
        "overlap": q,
        "coupling_field": side * field,
        "symmetric_stability": (c.load * (weight @ curve**2) * (weight @ jnp.cosh(fields) ** -4.0)),
        "conjugate": conjugate,
        "by_load": energetic / c.load,
        "converged": found.converged & (q > square - 1e-12) & (q < 1),
    }


def around(c) -> dict:
    """The saddle around a random configuration, arrays (points,)."""
    return dict(evaluate(_around, c, batch=BATCH))


def typical(load, margin) -> dict:
    """The saddle of all solutions, arrays (points,): `entropy`, `overlap`, `converged` and more."""
    (loads, margins), place = np.unique(np.stack([load, margin]), axis=1, return_inverse=True)
    found = around(asked(loads, margins, 0.5))
    return {name: values[place.ravel()] for name, values in found.items()}


def annealed(c) -> dict:
    """The logarithm of the mean number of solutions at the overlap, arrays (points,)."""
    return {
        "entropy": mixing((1 - c.between) / 2) + c.load * log_ndtr(-c.margin),
        "coupling_field": np.arctanh(c.between),
    }


def mixing(distance):
    """Entropy of all weight vectors at a distance from one of them."""
    d = np.asarray(distance, float)
    return -d * np.log(d) - (1 - d) * np.log1p(-d)
