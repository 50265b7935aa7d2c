"""Replica-symmetric theory of perceptrons that store random labels: binary or spherical weights, two constraints, any T.

phi(q, qh) = -qh (1 - q)/2 + F(qh) + load E ln Z_out(sqrt(q) z, 1 - q) per weight, with the prior's F and the channel's Z_out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from scipy.special import ndtr

from replicon._declare import controls_tuple
from replicon.theory import stationary
from replicon.theory.branch import Found
from replicon.theory.gaussian import average, log_2cosh, sech_fourth
from replicon.theory.points import evaluate
from replicon.theory.transition import along, zero


class Order(NamedTuple):
    """Overlap of two solutions, and its conjugate."""

    overlap: jax.Array
    conjugate: jax.Array


def prior(weights: str, qh) -> jax.Array:
    """F(qh): E ln 2cosh(sqrt(qh) z) for binary weights; for spherical ones what (1/2) ln(1 - q) + q/(2(1 - q)) becomes."""
    if weights == "ising":
        return log_2cosh(jnp.zeros(()), qh, jnp.ones(()))
    u = 2 / (1 + jnp.sqrt(1 + 4 * qh))  # 1 - q where qh = q/(1 - q)^2
    return qh * u / 2 + jnp.log(u) / 2 + (1 / u - 1) / 2


@lru_cache
def channel(constraint: str):
    """Ln [e^-beta + (1 - e^-beta) P(field + sqrt(variance) u is satisfied)]; leak = e^-beta, zero at zero temperature."""

    def log_satisfied(field, variance, margin):
        scale = jnp.sqrt(variance)
        if constraint == "threshold":
            return log_ndtr((field - margin) / scale)
        # Phi(a) - Phi(b) is even in the field: taken in the tail where both are small, with a slope of +-1 also at zero.
        modulus = jnp.where(field < 0, -field, field)
        a, b = (margin - modulus) / scale, (-margin - modulus) / scale
        return log_ndtr(a) + jnp.log1p(-jnp.exp(log_ndtr(b) - log_ndtr(a)))

    def log_integral(field, variance, margin, leak):
        value = log_satisfied(field, variance, margin)
        warm = leak > 0
        return jnp.where(warm, jnp.logaddexp(jnp.log(jnp.where(warm, leak, 1.0)), jnp.log1p(-leak) + value), value)

    return log_integral


def _curvature_squared(constraint: str):
    second = jax.grad(jax.grad(channel(constraint)))
    return lambda *arguments: second(*arguments) ** 2


class _Theory(NamedTuple):
    residual: Callable
    iterate: Callable
    measure: Callable


@lru_cache
def theory(weights: str, constraint: str) -> _Theory:
    """Residual, self-consistent map and observables of one kind of perceptron; controls (load, margin, leak)."""
    log_integral, curvature = channel(constraint), _curvature_squared(constraint)

    def energetic(q, c):
        return c.load * average(log_integral, jnp.zeros(()), q, 1 - q, c.margin, c.leak)

    def potential(x: Order, c):
        return -x.conjugate * (1 - x.overlap) / 2 + prior(weights, x.conjugate) + energetic(x.overlap, c)

    def iterate(x: Order, c) -> Order:
        conjugate = jnp.maximum(-2 * jax.grad(energetic)(x.overlap, c), 0.0)
        return Order(1 - 2 * jax.grad(prior, argnums=1)(weights, conjugate), conjugate)

    def measure(x: Order, c) -> dict:
        stiffness = sech_fourth(jnp.zeros(()), x.conjugate, jnp.ones(())) if weights == "ising" else (1 - x.overlap) ** 2
        loss = average(curvature, jnp.zeros(()), x.overlap, 1 - x.overlap, c.margin, c.leak)
        errors = c.leak * jax.grad(potential, argnums=1)(x, c).leak  # per weight
        slope = jax.jvp(lambda q: iterate(Order(q, x.conjugate), c).overlap, (x.overlap,), (jnp.ones(()),))[1]
        return {
            "overlap": x.overlap,
            "free_entropy": potential(x, c),
            "errors": errors,
            "replicon": 1 - c.load * loss * stiffness,
            "longitudinal_stability": 1 - slope,
        }

    return _Theory(stationary.gradient(potential), iterate, measure)


@lru_cache
def _point(weights: str, constraint: str):
    functions = theory(weights, constraint)

    def one(c):
        begin = 0.3 if constraint == "threshold" else 0.0  # a symmetric constraint knows no direction: q = 0, exactly
        start = Order(jnp.full((), begin), jnp.full((), begin))
        found = stationary.solve_one(functions.residual, start, c, iterate=functions.iterate, steps=300)
        good = (found.x.overlap > -1e-12) & (found.x.overlap < 1) & (found.x.conjugate > -1e-12)
        return {**functions.measure(found.x, c), "converged": found.converged & good, "residual": found.residual}

    return one


def solve(controls, branch: str) -> dict:
    """Arrays (points,). Beyond the capacity the replica-symmetric saddle goes on with a negative entropy: `stable` is false."""
    temperature = np.asarray(controls.temperature, float)
    beta = np.divide(1.0, temperature, out=np.full(temperature.shape, np.inf), where=temperature > 0)
    c = controls_tuple(("load", "margin", "leak"), np.broadcast_arrays(controls.load, controls.margin, np.exp(-beta)))
    out = dict(evaluate(_point(controls.weights, controls.constraint), c))
    errors = out.pop("errors")
    entropy = out["free_entropy"] + np.where(temperature > 0, errors * np.where(temperature > 0, beta, 0.0), 0.0)
    physical = (entropy >= -1e-12) | (controls.weights == "spherical")
    stable = (out["replicon"] > 0) & (out["longitudinal_stability"] > 0) & physical
    energy = np.divide(errors, c.load, out=np.zeros_like(errors), where=c.load > 0)
    ended = "the overlap of the replica-symmetric saddle has reached one, far beyond the capacity: give a smaller load"
    empty = (controls.constraint == "symmetric") & (np.asarray(controls.margin) <= 0)
    reason = np.where(empty, "no weights satisfy a symmetric constraint of that margin: give margin > 0", ended)
    return {**out, "entropy": entropy, "energy": energy, "stable": stable, "reason": np.where(out["converged"], "", reason)}


def _annealed_capacity(controls) -> np.ndarray:
    """-ln 2 / ln P, P the chance that a random weight vector satisfies one constraint: above the capacity, by Jensen."""
    margin = np.asarray(controls.margin, float)
    chance = ndtr(-margin) if controls.constraint == "threshold" else 2 * ndtr(np.maximum(margin, 0.0)) - 1
    with np.errstate(divide="ignore"):
        return -np.log(2) / np.log(chance)


def find_capacity(controls) -> Found:
    """The load at which solutions end: zero entropy of binary weights (Krauth & Mezard 1989), q = 1 of spherical ones.

    Spherical, threshold: 1/int_{-margin}^inf Dt (t + margin)^2 (Gardner 1988), exact for margin >= 0; with another sign or
    constraint symmetry breaks before and no value is given.
    """
    margin = np.asarray(controls.margin, float)
    if controls.weights == "spherical":
        moment = (1 + margin**2) * ndtr(margin) + margin * np.exp(-(margin**2) / 2) / np.sqrt(2 * np.pi)
        known = (margin >= 0) & (controls.constraint == "threshold")
        return Found(np.where(known, 1 / moment, np.nan), known)
    annealed = _annealed_capacity(controls)
    return zero(along(solve, controls, "load", "entropy"), 1e-6 * annealed, 1.001 * annealed)


def find_almeida_thouless(controls) -> Found:
    """The load beyond which the replica-symmetric saddle is unstable to replica-symmetry breaking."""
    annealed = _annealed_capacity(controls)
    return zero(along(solve, controls, "load", "replicon"), 1e-6 * annealed, 2 * annealed)
