"""Theory of perceptrons that store random labels: binary or spherical weights, two constraints, any T.

The engines of `theory.separable` (replica symmetric) and `theory.one_step` with the priors and channels named here; the
frozen state of binary weights is replica symmetry at another temperature.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtr

from replicon._declare import controls_tuple
from replicon.theory import one_step, separable, stationary
from replicon.theory.branch import Found
from replicon.theory.points import evaluate
from replicon.theory.transition import along, zero

PRIORS = {"ising": separable.ising, "spherical": separable.spherical}
CHANNELS = {"threshold": separable.threshold, "symmetric": separable.symmetric}


@lru_cache
def _point(weights: str, constraint: str):
    theory = separable.storage(PRIORS[weights], CHANNELS[constraint])

    def one(c):
        begin = 0.3 if constraint == "threshold" else 0.0  # a symmetric constraint knows no direction: q = 0, exactly
        start = separable.Overlaps(jnp.full((), begin), jnp.ones(()))
        found = stationary.solve_one(theory.residual, start, c, iterate=theory.iterate, steps=300, settled=1e-3)
        x = found.x
        errors = c.leak * jax.grad(lambda leak: theory.energetic(x, c._replace(leak=leak)))(c.leak)  # per weight
        slope = jax.jvp(lambda q: theory.iterate(x._replace(overlap=q), c).overlap, (x.overlap,), (jnp.ones(()),))[1]
        return {
            "overlap": x.overlap,
            "free_entropy": theory.potential(x, c),
            "errors": errors,
            "replicon": theory.replicon(x, c),
            "longitudinal_stability": 1 - slope,
            "converged": found.converged & (x.overlap > -1e-12) & (x.overlap < 1),
            "residual": found.residual,
        }

    return one


def _beta(temperature) -> np.ndarray:
    return np.divide(1.0, temperature, out=np.full(np.shape(temperature), np.inf), where=np.asarray(temperature) > 0)


def _leaky(controls, beta, **more):
    names = ("load", "margin", "leak", *more)
    return controls_tuple(names, np.broadcast_arrays(controls.load, controls.margin, np.exp(-beta), *more.values()))


def solve(controls, branch: str) -> dict:
    """Arrays (points,). Beyond the capacity the replica-symmetric saddle goes on with a negative entropy: `stable` is false."""
    controls = controls._replace(
        **{k: np.asarray(getattr(controls, k), float) for k in ("load", "margin", "temperature", "breaking_parameter")}
    )
    return {"replica-symmetric": _replica_symmetric, "one-step": _one_step, "frozen": _frozen}[branch](controls)


def _replica_symmetric(controls) -> dict:
    beta = _beta(controls.temperature)
    c = _leaky(controls, beta)
    out = dict(evaluate(_point(controls.weights, controls.constraint), c))
    out |= _thermal(out["free_entropy"], out.pop("errors"), beta, c.load)
    physical = (out["entropy"] >= -1e-12) | (controls.weights == "spherical")
    stable = (out["replicon"] > 0) & (out["longitudinal_stability"] > 0) & physical
    ended = "the overlap of the replica-symmetric saddle has reached one, far beyond the capacity: give a smaller load"
    empty = (controls.constraint == "symmetric") & (controls.margin <= 0)
    reason = np.where(empty, "no weights satisfy a symmetric constraint of that margin: give margin > 0", ended)
    more = {"inner_overlap": out["overlap"], "complexity": np.zeros_like(beta), "stable": stable}
    return {**out, **more, "reason": np.where(out["converged"], "", reason)}


def _thermal(free_entropy, errors, beta, load) -> dict:
    """Entropy phi + beta errors and energy, the fraction of errors, from errors per weight."""
    warm = np.isfinite(beta)
    entropy = free_entropy + np.where(warm, errors * np.where(warm, beta, 0.0), 0.0)
    return {"entropy": entropy, "energy": np.divide(errors, load, out=np.zeros_like(errors), where=load > 0)}


class _Free(NamedTuple):
    """`one_step.Breaking` with the breaking parameter as a further unknown."""

    outer_overlap: Any
    inner_overlap: Any
    norm: Any
    breaking_parameter: Any


def _order(x: _Free) -> one_step.Breaking:
    return one_step.Breaking(x.outer_overlap, x.inner_overlap, x.norm)


@lru_cache
def _broken(weights: str, constraint: str):
    """One-step breaking at the breaking parameter given or, where that is 0, at the one of zero complexity."""
    residual, measure = one_step.storage(PRIORS[weights], CHANNELS[constraint])

    def free_residual(x: _Free, c):
        held, m, order = c.breaking_parameter, x.breaking_parameter, _order(x)
        c = c._replace(breaking_parameter=m)
        # The complexity vanishes also where the two overlaps merge: divided by that square.
        level = measure(order, c)["complexity"] / (x.inner_overlap - x.outer_overlap) ** 2
        return _Free(**residual(order, c)._asdict(), breaking_parameter=jnp.where(held > 0, m - held, level))

    def iterate(x: _Free, c):
        order = _order(x)
        moved = jax.tree.map(jnp.subtract, order, residual(order, c._replace(breaking_parameter=x.breaking_parameter)))
        return _Free(**moved._asdict(), breaking_parameter=x.breaking_parameter)

    def one(c):
        outer = 0.3 if constraint == "threshold" else 0.0
        first = jnp.where(c.breaking_parameter > 0, c.breaking_parameter, 0.3)
        start = _Free(jnp.full((), outer), jnp.full((), 0.95), jnp.ones(()), first)
        found = stationary.solve_one(free_residual, start, c, iterate=iterate, steps=1000, settled=1e-6)
        q0, q1, m = found.x.outer_overlap, found.x.inner_overlap, found.x.breaking_parameter
        x, c = _order(found.x), c._replace(breaking_parameter=m)
        return {
            **measure(x, c),
            "overlap": m * q0 + (1 - m) * q1,
            "inner_overlap": q1,
            "errors": c.leak * jax.grad(lambda leak: measure(x, c._replace(leak=leak))["free_entropy"])(c.leak),
            "converged": found.converged & (q0 > -1e-12) & (q1 < 1) & (q1 - q0 > 1e-5) & (m > 0) & (m <= 1),
            "residual": found.residual,
            "breaking": m,
        }

    return one


def _one_step(controls) -> dict:
    beta = _beta(controls.temperature)
    c = _leaky(controls, beta, breaking_parameter=controls.breaking_parameter)
    out = dict(evaluate(_broken(controls.weights, controls.constraint), c, batch=8))
    out |= _thermal(out["free_entropy"], out.pop("errors"), beta, controls.load)
    reason = np.where(
        controls.breaking_parameter > 0,
        "there are no clusters at that breaking parameter: the saddle merges with the replica-symmetric one",
        "no breaking parameter makes the free entropy stationary with clusters of more than one solution: take branch "
        "replica-symmetric, or frozen for binary weights",
    )
    return {**out, "reason": np.where(out["converged"], "", reason)}


def _frozen(controls) -> dict:
    """q1 = 1: phi(beta, m) = phi_RS(m beta)/m, so that the stationary m brings m beta to where the replica-symmetric entropy
    vanishes: errors stay at the ground state's. Source: Krauth & Mezard (1989), eq. 16 on.
    """
    beta = _beta(controls.temperature)
    freezing = find_freezing(controls)
    m = controls.breaking_parameter
    own = np.where(freezing.converged, controls.temperature / freezing.value, np.nan)
    m = np.where(m == 0, own, m)
    good = np.isfinite(m) & (m <= 1) & (controls.temperature > 0) & (controls.weights == "ising")
    asked = np.where(good & (m > 0), m, 1.0)
    warm = controls._replace(temperature=np.where(good, controls.temperature / asked, 1.0))
    rs = _replica_symmetric(warm)
    free_entropy, errors = rs["free_entropy"] / asked, rs["energy"] * controls.load
    out = {
        "free_entropy": free_entropy,
        **_thermal(free_entropy, errors, np.where(good, beta, 1.0), controls.load),
        "overlap": asked * rs["overlap"] + 1 - asked,
        "inner_overlap": np.ones_like(asked),
        "complexity": rs["entropy"],
        "stable": np.where(rs["complexity"] + rs["replicon"] > 0, 1.0, 0.0),
        "converged": good & rs["converged"],
        "breaking": asked,
    }
    reason = np.select(
        [controls.weights != "ising", controls.temperature <= 0],
        ["only binary weights freeze", "give a temperature > 0: the energy of the frozen state does not depend on it"],
        "the state is not frozen: below the capacity there are solutions at any temperature, above it the temperature must be "
        "below transition 'freezing'",
    )
    return {**out, "reason": np.where(out["converged"], "", reason)}


def find_freezing(controls) -> Found:
    """The temperature at which the replica-symmetric entropy of binary weights vanishes, for loads above the capacity."""
    load = np.asarray(controls.load, float)
    if controls.weights != "ising":
        return Found(np.full(load.shape, np.nan), np.zeros(load.shape, bool))
    names = {"breaking_parameter": np.zeros_like(load)}
    return zero(along(solve, controls._replace(**names), "temperature", "entropy", "replica-symmetric"), 5.0 + 0 * load, 0.03 + 0 * load)


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
    return zero(along(solve, controls, "load", "entropy", "replica-symmetric"), 1e-6 * annealed, 1.001 * annealed)


def find_almeida_thouless(controls) -> Found:
    """The load beyond which the replica-symmetric saddle is unstable to replica-symmetry breaking."""
    annealed = _annealed_capacity(controls)
    return zero(along(solve, controls, "load", "replicon", "replica-symmetric"), 1e-6 * annealed, 2 * annealed)
