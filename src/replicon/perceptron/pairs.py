"""Entropy of pairs of solutions of the binary perceptron at a distance, and of solutions at a
distance from a random configuration. Per weight, at overlap p = 1 - 2 distance,

    s2 = extr -(J + qh) p - qh (1 - 2 q) + E_z ln Z_z + load E_z ln K(sqrt(q) z),
    Z_z = 2 e^J cosh(2 sqrt(qh) z) + 2 e^-J,

K the chance that two fields of mean sqrt(q) z, variance 1 - q and covariance p - q are both above
the margin (`pair_tail`). Two solutions of different pairs have one overlap q, whichever members are
taken: exchanging the members of one pair is a symmetry, and A < 1 says that it does not break.
Given q, its conjugate is qh = load E (d ln K/du)^2 and J holds the overlap p, so that q alone is
unknown.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import log_ndtr

from replicon.perceptron import around
from replicon.perceptron.around import (
    BATCH,
    FINE,
    HALVINGS,
    SHARPEST,
    Order,
    asked,
    mixing,
    typical,
)
from replicon.perceptron.pair_tail import log_corner, log_pair, log_slope
from replicon.theory import gaussian, stationary
from replicon.theory.bisection import bisect, polish
from replicon.theory.kept import side_by_side
from replicon.theory.points import evaluate

_NODES = 161
_HALVINGS = 14  # of the range of the overlap, before Newton's method


class _Sites(NamedTuple):
    """Of the weights, at each z: its weight, their mean, the mean product of the pair's two; ln Z
    averaged; the coupling J.
    """

    weight: jax.Array
    mean: jax.Array
    product: jax.Array
    log: jax.Array
    coupling: jax.Array


def _nodes(step, width):
    """Nodes and weights of the standard normal for an integrand that steps there, so wide."""
    near = jnp.abs(step) < 7.0
    z, spacing = gaussian.graded(
        jnp.where(near, step, 0.0),
        jnp.where(near, jnp.minimum(width, 4.0), 4.0),
        _NODES,
        16.0,
    )
    return z, spacing * jnp.exp(-(z**2) / 2)


def _sites(conjugate, between) -> _Sites:
    """Pairs of weights in the field sqrt(qh) z, their coupling held at E <w1 w2> = between."""
    z, weight = FINE
    field = 2 * jnp.sqrt(jnp.maximum(conjugate, 0.0)) * z
    lift = (
        gaussian.log_2cosh_at(field) - jnp.log(2.0)
    ) / 2  # of the coupling, by the field on both

    def missing(coupling):
        return between - weight @ jnp.tanh(coupling + lift)

    highest = jnp.arctanh(between)
    coupling = polish(missing, bisect(missing, highest - jnp.max(lift), highest, halvings=HALVINGS))
    product = jnp.tanh(coupling + lift)
    log = jnp.log(2.0) + weight @ (lift + gaussian.log_2cosh_at(coupling + lift))
    return _Sites(weight, jnp.tanh(field) * (1 + product) / 2, product, log, coupling)


class _Patterns(NamedTuple):
    """Of the patterns, at each z: its weight, g = d ln K/du, r = K_uv/K, h as in `pair_tail`; ln K
    averaged.
    """

    weight: jax.Array
    slope: jax.Array
    both: jax.Array
    height: jax.Array
    log: jax.Array


def _patterns(overlap, c) -> _Patterns:
    free = 1 - overlap
    root = jnp.sqrt(jnp.maximum(overlap, 0.0))
    a = _steepness(overlap, c)
    z, weight = _nodes(c.margin / root, 2 * jnp.sqrt(free) / (root * jnp.maximum(a, 1.0)))
    h = (root * z - c.margin) / jnp.sqrt(free)
    log = jax.vmap(log_pair, (0, None))(h, a)
    both = log_corner(h, a, log) * (1 + a**2) / (2 * a * free)
    return _Patterns(weight, log_slope(h, a, log) / jnp.sqrt(free), both, h, weight @ log)


def _steepness(overlap, c):
    """a of `pair_tail`."""
    return jnp.sqrt((1 - c.between) / (1 + c.between - 2 * overlap))


def _answer(overlap, c):
    """The overlap of the weights in the patterns' answer."""
    patterns = _patterns(overlap, c)
    sites = _sites(c.load * (patterns.weight @ patterns.slope**2), c.between)
    return sites.weight @ sites.mean**2


def _residual(x: Order, c) -> Order:
    return Order(x.overlap - _answer(x.overlap, c))


def _pairs(c) -> dict:
    """The saddle of pairs at one point: the answer to overlap 0 is larger, that to the largest is
    smaller, since two vectors of overlap p in a symmetric cloud have q < (1 + p)/2.
    """
    most = (1 + c.between) / 2
    start = bisect(lambda q: _answer(q, c) - q, jnp.zeros(()), most, halvings=_HALVINGS)
    found = stationary.solve_one(_residual, Order(start), c)
    q = found.x.overlap
    p = c.between
    patterns = _patterns(q, c)
    conjugate = c.load * (patterns.weight @ patterns.slope**2)
    sites = _sites(conjugate, p)
    energetic = c.load * patterns.log
    rho = (p - q) / (1 - q)
    # K_uu/K - K_uv/K, and the second derivatives of ln K in and across the two fields, added
    apart = -patterns.height * patterns.slope / jnp.sqrt(1 - q) - (1 + rho) * patterns.both
    along = apart + 2 * patterns.both - 2 * patterns.slope**2
    alike = 1 + sites.product - 2 * sites.mean**2
    return {
        "entropy": (
            -(sites.coupling + conjugate) * p - conjugate * (1 - 2 * q) + sites.log + energetic
        ),
        "overlap": q,
        "coupling_field": (sites.coupling + conjugate - c.load * (patterns.weight @ patterns.both)),
        "antisymmetric_stability": (
            c.load * (patterns.weight @ apart**2) * (sites.weight @ (1 - sites.product) ** 2)
        ),
        "symmetric_stability": (c.load * (patterns.weight @ along**2) * (sites.weight @ alike**2)),
        "conjugate": conjugate,
        "by_load": energetic / c.load,
        "converged": found.converged & (q > -1e-12) & (q < most),
    }


def _annealed(c) -> dict:
    """The part of patterns in the mean number of pairs: that of the saddle with q = 0."""
    a = _steepness(0.0, c)
    log = log_pair(-c.margin, a)
    both = log_corner(-c.margin, a, log) * (1 + a**2) / (2 * a)
    return {
        "entropy": c.load * log,
        "coupling_field": jnp.arctanh(c.between) - c.load * both,
    }


def annealed(c) -> dict:
    """The logarithm of the mean number of pairs, arrays (points,)."""
    found = evaluate(_annealed, c)
    entropy = found["entropy"] + np.log(2) + mixing((1 - c.between) / 2)
    return {"entropy": entropy, "coupling_field": found["coupling_field"]}


def pairs(c, batch: int = BATCH) -> dict:
    """The saddle of pairs, arrays (points,). `batch`: 1 where a few points are asked for again and
    again, since idle rows cost as much as others (2.4 ms each, of one alone 3.3).
    """
    return dict(evaluate(_pairs, c, batch=batch))


@lru_cache
def _compile() -> None:
    """Three graphs at the same time, once in a process: the wait for the first answer."""
    c = asked(np.full(1, 0.3), np.zeros(1), 0.3)
    side_by_side(lambda: pairs(c), lambda: typical(c.load, c.margin), lambda: annealed(c))


def solve(controls, branch: str) -> dict:
    """Arrays (points,). Beyond its zeros the saddle goes on with a negative entropy: `stable` is
    false.
    """
    load, margin, distance = np.broadcast_arrays(
        *(np.asarray(getattr(controls, k), float) for k in ("load", "margin", "distance"))
    )
    alone = controls.reference == "random"
    c = asked(load, margin, distance)
    if not alone:
        _compile()
    most = (around.annealed if alone else annealed)(c)
    if branch == "annealed":
        out = _mean_numbers(c, most)
    else:
        out = _replica_symmetric(c, most, around.around(c) if alone else pairs(c), alone)
    out["pair_entropy"] = out.pop("entropy")
    out["relative_entropy"] = out["pair_entropy"] - (1 if alone else 2) * out["typical_entropy"]
    return out


def _mean_numbers(c, most: dict) -> dict:
    unknown = np.full(c.load.shape, np.nan)
    return {
        **most,
        "typical_entropy": np.log(2) + c.load * log_ndtr(-c.margin),
        "overlap": unknown,
        "antisymmetric_stability": unknown,
        "symmetric_stability": unknown,
        "converged": np.isfinite(most["entropy"]),
        "stable": np.where(most["entropy"] >= 0, np.nan, 0.0),
    }


def _replica_symmetric(c, most: dict, found: dict, alone: bool) -> dict:
    """What was found, checked: resolved, and no more than the mean number (Jensen)."""
    everything = typical(c.load, c.margin)
    out = {"antisymmetric_stability": np.full(c.load.shape, np.nan), **found}
    sharp = out.pop("conjugate") > SHARPEST
    del out["by_load"]
    possible = out["entropy"] <= most["entropy"] + 1e-9
    out["converged"] = out["converged"] & everything["converged"] & possible & ~sharp
    out["typical_entropy"] = everything["entropy"]
    held = alone | (out["antisymmetric_stability"] < 1)
    exist = (out["entropy"] >= 0) & (everything["entropy"] >= 0)
    out["stable"] = held & (out["symmetric_stability"] < 1) & exist
    out["reason"] = [
        "" if good else _why(load, p, entropy, alone)
        for good, load, p, entropy in zip(
            out["converged"], c.load, c.between, everything["entropy"], strict=True
        )
    ]
    return out


def _why(load: float, p: float, entropy: float, alone: bool) -> str:
    if not entropy >= 0:
        return f"there are no solutions at load {load:.6g}: it lies beyond the capacity"
    if alone:
        return (
            f"no replica-symmetric saddle is resolved at distance {(1 - p) / 2:.6g}: so near the"
            " random configuration, or its opposite, solutions become one"
        )
    return (
        f"no replica-symmetric saddle is resolved at distance {(1 - p) / 2:.6g}: there the overlap"
        f" of different pairs nears its largest value, {(1 + p) / 2:.4g}"
    )
