"""Capacity, freezing and the Almeida-Thouless line of the perceptron that stores random labels."""

from __future__ import annotations

from functools import lru_cache

import jax.numpy as jnp
import numpy as np
from scipy.special import log_ndtr, ndtr

from replicon._objects import Given
from replicon.channel import replica
from replicon.perceptron.storage import (
    CHANNELS,
    PRIORS,
    as_arrays,
    inverse_temperature,
    leaky,
    nowhere,
    replica_symmetric,
    rows_of,
    solve,
)
from replicon.theory.points import evaluate
from replicon.theory.transition import along, bracket, zero

_SCAN = 48  # loads at which a change of sign is looked for


def _annealed_capacity(controls) -> np.ndarray:
    """-ln 2 / ln P, P the chance that a random weight vector satisfies one constraint: above the
    capacity, by Jensen.
    """
    margin = np.asarray(controls.margin, float)
    if isinstance(controls.constraint, Given):
        channel = controls.constraint.held
        told = {"margin": margin, "leak": np.zeros_like(margin)}
        zero = np.zeros_like(margin)
        fields = (zero + 1, zero, zero + 1, *(told[name] for name in channel.parameters))
        return -np.log(2) / evaluate(channel.log_integral, *fields)
    chance = (
        log_ndtr(-margin)
        if controls.constraint == "threshold"
        else np.log(np.maximum(2 * ndtr(margin) - 1, 0.0))
    )
    return -np.log(2) / chance


def _gardner_capacity(margin) -> np.ndarray:
    """1/int_{-margin}^inf Dt (t + margin)^2: where the replica-symmetric overlap of spherical
    weights reaches one.
    """
    margin = np.asarray(margin, float)
    node, weight = np.polynomial.legendre.leggauss(100)
    # Relative to the lower limit: no difference of large numbers.
    t = 20 * (node + 1)
    weight = 20 * weight
    z = t - margin[..., None]
    return 1 / (np.exp(-(z**2) / 2) * t**2 @ weight / np.sqrt(2 * np.pi))


def find_capacity(controls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The load at which solutions end: zero entropy of binary weights (Krauth & Mezard 1989), q = 1
    of spherical ones.

    Solutions make no error: the temperature is of no account. Spherical, threshold: Gardner's
    (1988), exact for margin >= 0; with another sign or constraint symmetry breaks before and no
    value is known.
    """
    c = as_arrays(controls)
    c = c._replace(temperature=np.zeros_like(c.load), breaking_parameter=np.zeros_like(c.load))
    nothing = (c.constraint == "symmetric") & (c.margin <= 0)
    reason = np.where(
        nothing, "no weights satisfy a symmetric constraint of that margin at any load", ""
    )
    if isinstance(c.weights, Given):
        reason = np.full(c.load.shape, "the capacity of a prior of your own is not known")
        return *nowhere(c.load.shape), reason
    if c.weights == "spherical":
        known = (c.margin >= 0) & (c.constraint == "threshold")
        return np.where(known, _gardner_capacity(c.margin), np.nan), known, reason
    if c.constraint == "symmetric":  # no weights know of each other: the annealed average is exact
        with np.errstate(divide="ignore"):
            value = _annealed_capacity(c)
        return np.where(nothing, np.nan, value), ~nothing, reason
    annealed = _annealed_capacity(c)
    found = zero(
        along(solve, c, "load", "entropy", "replica-symmetric"), 1e-6 * annealed, 1.001 * annealed
    )
    return found.value, found.converged, reason


@lru_cache
def _replicon_without_overlap(weights: str, constraint: str):
    theory = replica.storage(PRIORS[weights], CHANNELS[constraint])
    return lambda norm, c: theory.replicon(replica.Overlaps(jnp.zeros_like(norm), norm), c)


def _growth_without_overlap(controls) -> np.ndarray:
    """(1 - replicon)/load, (points,), of a symmetric constraint: the overlap is zero at any load,
    and the replicon linear in it.
    """
    one = np.ones_like(controls.load)
    c = leaky(controls._replace(load=one), inverse_temperature(controls.temperature))
    return 1 - evaluate(_replicon_without_overlap(controls.weights, controls.constraint), one, c)


def find_almeida_thouless(controls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The load beyond which the replica-symmetric saddle is unstable to replica-symmetry breaking:
    the first from small loads on.
    """
    c = as_arrays(controls)
    c = c._replace(breaking_parameter=np.zeros_like(c.load))
    reason = np.full(c.load.shape, "", dtype="U120")
    cold = np.exp(-inverse_temperature(c.temperature)) == 0
    if isinstance(c.weights, Given) and c.constraint == "symmetric":
        reason[:] = "of a prior of your own it is known with constraint=threshold alone"
        return *nowhere(c.load.shape), reason
    if c.constraint == "symmetric":
        growth = _growth_without_overlap(c)
        there = ~(cold & (c.margin <= 0)) & (growth > 1e-12)
        reason[~there] = "at that margin a symmetric constraint does not depend on the weights"
        return np.where(there, 1 / np.where(there, growth, 1.0), np.nan), there, reason
    parts = np.where(cold[:, None], np.geomspace(0.1, 20, _SCAN), np.geomspace(0.1, 500, _SCAN))
    end = _annealed_capacity(c)
    convex = (c.weights == "spherical") & cold & (c.margin >= 0)
    reason[convex] = (
        "spherical solutions with margin >= 0 form a convex set, whose replica symmetry holds up to"
        " the capacity"
    )
    if c.weights == "spherical":
        # Without errors the branch may end, with an overlap of one, at that load: it is asked close
        # by.
        below = np.append(
            1 - np.geomspace(0.98, 1e-5, _SCAN // 2), np.geomspace(1.01, 500, _SCAN // 2)
        )
        parts = np.where(cold[:, None], below, np.geomspace(0.1, 500, _SCAN))
        end = _gardner_capacity(c.margin)
    loads = end[:, None] * parts
    low = np.full_like(end, np.nan)
    high = np.full_like(end, np.nan)
    bracketed = np.zeros(end.shape, bool)
    for sharp in (False, True):  # the usual nodes do for most
        rows = np.flatnonzero(~bracketed & ~convex)
        if len(rows):
            own = rows_of(c, rows)
            found = bracket(
                lambda k, sharp=sharp: replica_symmetric(k, sharp=sharp),
                own,
                "load",
                "replicon",
                loads[rows],
            )
            low[rows], high[rows], bracketed[rows] = found
    rows = np.flatnonzero(bracketed)
    value, there = nowhere(end.shape)
    if len(rows):
        found = zero(
            along(solve, rows_of(c, rows), "load", "replicon", "replica-symmetric"),
            low[rows],
            high[rows],
        )
        value[rows] = found.value
        there[rows] = found.converged
    return value, there, reason
