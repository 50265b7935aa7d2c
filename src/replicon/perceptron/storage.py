"""Theory of perceptrons that store random labels: binary or spherical weights, two constraints, any
T.

The engines of `channel.replica` (replica symmetric) and `channel.one_step` with the priors and
channels named here; the frozen state of binary weights is replica symmetry at another temperature.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._declare import controls_tuple
from replicon._objects import Given, held
from replicon.channel import one_step, replica
from replicon.perceptron.own_factors import most
from replicon.perceptron.storage_controls import (
    as_arrays,
    inverse_temperature,
    is_own,
    nowhere,
    rows_of,
)
from replicon.theory import gaussian, stationary
from replicon.theory.newton import newton
from replicon.theory.points import as_vector, evaluate
from replicon.theory.transition import along, zero

PRIORS = {"ising": replica.ising, "spherical": replica.spherical}
CHANNELS = {"threshold": replica.threshold, "symmetric": replica.symmetric}
_FINE = 1025  # nodes where the usual ones do not resolve the channel
_SHARPEST = 1e-5  # distance of the overlap from one below which these do not either


@lru_cache
def _point(weights: str, constraint: str, nodes: int):
    channel = held(constraint, CHANNELS.__getitem__)
    theory = replica.storage(held(weights, PRIORS.__getitem__), channel, nodes)

    def room(x):
        """Q - q; the words' Q is one."""
        return (x.norm if isinstance(weights, Given) else 1) - x.overlap

    def finer(x, c):
        """Conjugate overlap and energetic term by eight times as many nodes."""
        z, weight = gaussian.nodes(8 * nodes - 7)

        def by_field(omega):
            parameters = [getattr(c, name) for name in channel.parameters]
            return channel.log_integral(1.0, omega, room(x), *parameters)

        fields = jnp.sqrt(jnp.maximum(x.overlap, 0.0)) * z
        values, slopes = jax.vmap(jax.value_and_grad(by_field))(fields)
        return c.load * (weight @ slopes**2), c.load * (weight @ values)

    # The finer nodes improve a saddle that the usual ones have found.
    iterate = theory.iterate if nodes == gaussian.NODES else None

    def one(begin, c):
        start = replica.Overlaps(begin, jnp.ones(()))
        found = stationary.solve_one(
            theory.residual, start, c, iterate=iterate, steps=300, settled=1e-3
        )
        x = found.x

        def energetic(overlap, leak):
            return theory.energetic(x._replace(overlap=overlap), c._replace(leak=leak))

        value, (by_overlap, by_leak) = jax.value_and_grad(energetic, (0, 1))(x.overlap, c.leak)
        conjugate = -2 * by_overlap
        fine_conjugate, fine_energetic = finer(x, c)
        left = room(x)
        return {
            "overlap": x.overlap,
            "free_entropy": theory.potential(x, c),
            "errors": c.leak * by_leak,  # per weight
            "replicon": theory.replicon(x, c),
            "longitudinal_stability": found.jacobian[0, 0],  # 1 - d iterate / dq
            # Close to one the equation holds to rounding whatever the overlap: what is left must be
            # solved for.
            "converged": found.converged & (x.overlap > -1e-12) & (found.residual < 1e-6 * left),
            "accurate": (
                (jnp.abs(conjugate - fine_conjugate) < 1e-6 * fine_conjugate + 1e-12)
                & (jnp.abs(value - fine_energetic) < 1e-8 * (1 + jnp.abs(fine_energetic)))
            ),
            "residual": found.residual,
        }

    return one


def leaky(controls, beta, **more):
    """Controls (points,) as the channel reads them: load, margin, leak exp(-beta), and more."""
    given = {"load": controls.load, "margin": controls.margin, "leak": np.exp(-beta), **more}
    return controls_tuple(tuple(given), np.broadcast_arrays(*given.values()))


def solve(controls, branch: str) -> dict:
    """Arrays (points,). Beyond the capacity the replica-symmetric saddle goes on with a negative
    entropy: `stable` is false.
    """
    controls = controls._replace(
        **{
            k: np.asarray(getattr(controls, k), float)
            for k in ("load", "margin", "temperature", "breaking_parameter")
        }
    )
    if branch != "replica-symmetric" and is_own(controls):
        out = replica_symmetric(controls)
        reason = "of a prior or channel of your own replica symmetry alone is known"
        return {**out, "converged": out["converged"] & False, "reason": np.array(reason)}
    return {"replica-symmetric": replica_symmetric, "one-step": _one_step, "frozen": _frozen}[
        branch
    ](controls)


def replica_symmetric(controls, *, sharp: bool = True) -> dict:
    """`sharp`: whether points that the usual nodes do not resolve are solved again with more."""
    beta = inverse_temperature(controls.temperature)
    c = leaky(controls, beta)
    # A symmetric constraint knows no direction: q = 0, exactly.
    begin = np.full_like(c.load, 0.0 if controls.constraint == "symmetric" else 0.3)
    out = dict(evaluate(_point(controls.weights, controls.constraint, gaussian.NODES), begin, c))
    rows = np.flatnonzero(
        ~out["accurate"] & (out["overlap"] < 1 - _SHARPEST) & (out["residual"] < 1e-6) & sharp
    )
    if len(rows):
        again = _point(controls.weights, controls.constraint, _FINE)
        there = type(c)(*(v[rows] for v in c))
        for name, values in evaluate(again, out["overlap"][rows], there, batch=16).items():
            out[name][rows] = values
    out["complexity"] = np.zeros_like(beta)
    out |= _thermal(out, beta, c.load)
    physical = (out["entropy"] >= -1e-12) | (controls.weights != "ising")
    stable = (out["replicon"] > 0) & (out["longitudinal_stability"] > 0) & physical
    greatest = most(controls.weights)
    empty = (
        (controls.constraint == "symmetric") & (controls.margin <= 0) & (c.leak == 0) & (c.load > 0)
    )
    accurate = out.pop("accurate")
    out["converged"] &= (
        accurate & ~empty & (out["entropy"] <= greatest + 1e-9) & np.isfinite(out["entropy"])
    )
    reason = np.select(
        [empty, ~accurate & (out["residual"] < 1e-10) & (out["overlap"] < 1 - 1e-6)],
        [
            "no weights satisfy a symmetric constraint of that margin: give margin > 0",
            (
                "the integrand is too sharp for the quadrature: give a larger temperature or a"
                " smaller load"
            ),
        ],
        "the overlap of the replica-symmetric saddle has reached one, far beyond the capacity: give"
        " a smaller load",
    )
    more = {"inner_overlap": out["overlap"], "stable": stable}
    return {**out, **more, "reason": np.where(out["converged"], "", reason)}


def _thermal(out: dict, beta, load) -> dict:
    """Entropy, of the clusters and of the solutions in one, and energy, the fraction of errors;
    takes `errors`, per weight.
    """
    warm = np.isfinite(beta)
    errors = out.pop("errors")
    inside = out.get("internal_entropy", out["free_entropy"])  # without beta errors
    entropy = out["complexity"] + inside + np.where(warm, errors * np.where(warm, beta, 0.0), 0.0)
    return {
        "entropy": entropy,
        "energy": np.divide(errors, load, out=np.zeros_like(errors), where=load > 0),
    }


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
    """(saddle, judged) of one-step breaking at the breaking parameter given or, where that is 0, at
    the one of zero complexity; judged: what is measured there, and whether it is to be trusted.
    """
    both = one_step.storage_together(PRIORS[weights], CHANNELS[constraint])
    finer, _ = one_step.storage(PRIORS[weights], CHANNELS[constraint], 2)

    # Where the two overlaps merge is the replica-symmetric saddle, where both equations agree and
    # the complexity vanishes, as it does at m = 0: these zeros are divided out.
    def divided(x: one_step.Breaking, r: one_step.Breaking) -> one_step.Breaking:
        d = x.inner_overlap - x.outer_overlap
        return r._replace(inner_overlap=(r.inner_overlap - r.outer_overlap) / d)

    def free_residual(x: _Free, c):
        held = c.breaking_parameter
        m = x.breaking_parameter
        order = _order(x)
        c = c._replace(breaking_parameter=m)
        d = x.inner_overlap - x.outer_overlap
        error, entropies = both(order, c)
        level = entropies["complexity"] / (m * d) ** 2
        asked = jnp.where(held > 0, m - held, level)
        return _Free(**divided(order, error)._asdict(), breaking_parameter=asked)

    def iterate(w, value):
        """The order parameters that the equations give back, from their divided residual."""
        x = _Free(*w)
        outer, inner, norm, _ = value
        d = x.inner_overlap - x.outer_overlap
        return w - jnp.stack([outer, outer + d * inner, norm, jnp.zeros(())])

    def saddle(start, c) -> _Free:
        def function(w):
            return as_vector(free_residual(_Free(*w), c))

        return _Free(*newton(function, as_vector(start), first=iterate).w)

    def judged(found: _Free, c) -> dict:
        held = c.breaking_parameter
        x = _order(found)
        m = found.breaking_parameter
        d = x.inner_overlap - x.outer_overlap
        c = c._replace(breaking_parameter=m)
        (left, entropies), (_, by_leak) = jax.jvp(
            lambda leak: both(x, c._replace(leak=leak)), (c.leak,), (jnp.ones_like(c.leak),)
        )
        error = jnp.max(jnp.abs(jnp.stack(list(divided(x, left)))))
        solved = (error < 1e-10) & ((held > 0) | (jnp.abs(entropies["complexity"]) < 1e-13))
        ordered = (x.outer_overlap > -1e-9) & (d > _SPLIT) & (x.inner_overlap < 1 - 1e-9)
        accuracy = jnp.max(jnp.abs(jnp.stack(list(finer(x, c)))))
        resolved = accuracy < jnp.minimum(1e-4 * d**2, 1e-6)
        return {
            **entropies,
            "overlap": m * x.outer_overlap + (1 - m) * x.inner_overlap,
            "inner_overlap": x.inner_overlap,
            "errors": c.leak * by_leak["free_entropy"],
            "converged": solved & ordered & (m > 0) & (m <= 1 + 1e-9) & resolved,
            "residual": error,
            "breaking": m,
        }

    return saddle, judged


# Inner minus outer overlap below which the complexity, of the third order in it, drowns in
# rounding.
_SPLIT = 2e-3
# Breaking parameters from whose saddles the stationary one is looked for: the first, then downwards
# where the complexity there is negative, upwards where it is not, and both ways where there was no
# saddle.
_FIRST = 0.5
_LOWER = (0.25, 0.125, 0.06, 0.03, 0.015)
_UPPER = (0.7, 0.85, 1.0)
_BOTH = (0.15, 0.85)


def _one_step(controls) -> dict:
    """The saddle at the breaking parameter given, else that of zero complexity, reached from
    saddles at given ones.
    """
    held = controls.breaking_parameter
    count = len(controls.load)
    out, complexity = _try(controls, np.where(held > 0, held, _FIRST))
    for step in range(len(_LOWER)):
        tried = [
            np.full(count, each[step] if step < len(each) else np.nan)
            for each in (_LOWER, _UPPER, _BOTH)
        ]
        m = np.select([complexity < 0, complexity >= 0], tried[:2], tried[2])
        rows = np.flatnonzero(~out["converged"] & (held == 0) & np.isfinite(m))
        if len(rows) == 0:
            continue
        for name, values in _try(rows_of(controls, rows), m[rows])[0].items():
            out[name][rows] = values
    beta = inverse_temperature(controls.temperature)
    out |= _thermal(out, beta, controls.load)
    out["converged"] &= out["entropy"] <= most(controls.weights) + 1e-9
    reason = np.full(held.shape, "", dtype="U200")
    lost = np.flatnonzero(~out["converged"])
    if len(lost):
        whole = replica_symmetric(rows_of(controls, lost))
        whole = whole["converged"] & (whole["replicon"] > 0)
        reason[lost] = np.where(
            whole,
            "replica symmetry is stable there, and no clusters of more than one solution were found"
            " beside it: take branch replica-symmetric",
            "no saddle with clusters of more than one solution was found: take branch"
            " replica-symmetric, or frozen for binary weights",
        )
    return {**out, "reason": reason}


def _try(controls, m) -> tuple[dict, np.ndarray]:
    """The saddle at `m` and, where the control leaves m free, the one of zero complexity by
    Newton's method from there; and the complexity of the first (NaN: no saddle).
    """
    saddle, judged = _broken(controls.weights, controls.constraint)

    def solved(start, c):
        x = evaluate(saddle, start, c, batch=1)
        return x, evaluate(judged, x, c, batch=1, how="seldom")

    count = len(m)
    outer = 0.3 if controls.constraint == "threshold" else 0.0
    start = _Free(np.full(count, outer), np.full(count, 0.95), np.ones(count), m)
    c = leaky(controls, inverse_temperature(controls.temperature), breaking_parameter=m)
    x, found = solved(start, c)
    out = {name: np.array(values) for name, values in found.items()}
    complexity = np.where(out["converged"], out["complexity"], np.nan)
    free = np.flatnonzero(out["converged"] & (controls.breaking_parameter == 0))
    out["converged"] &= controls.breaking_parameter > 0
    if len(free):
        c = c._replace(breaking_parameter=np.zeros(count))
        _, freed = solved(*(type(v)(*(np.asarray(k)[free] for k in v)) for v in (x, c)))
        for name, values in freed.items():
            out[name][free] = values
    return out, complexity


def _frozen(controls) -> dict:
    """q1 = 1: phi(beta, m) = phi_RS(m beta)/m, so that the stationary m brings m beta to where the
    replica-symmetric entropy vanishes: errors stay at the ground state's. At another m the entropy
    is that of the clusters, each a single weight vector. Source: Krauth & Mezard (1989), eq. 16 on.
    """
    beta = inverse_temperature(controls.temperature)
    m = controls.breaking_parameter
    possible = (controls.temperature > 0) & (controls.weights == "ising")
    if np.any(m == 0) and controls.weights == "ising":
        value, found, _ = find_freezing(controls)
        m = np.where(
            m > 0, m, np.where(found, controls.temperature / np.where(found, value, 1.0), np.nan)
        )
    good = possible & (m > 0) & (m <= 1)
    asked = np.where(good, m, 1.0)
    warm = controls._replace(temperature=np.where(good, controls.temperature / asked, 1.0))
    rs = replica_symmetric(warm)
    errors = rs["energy"] * controls.load
    out = {
        "free_entropy": rs["free_entropy"] / asked,
        "internal_entropy": -np.where(good, beta, 1.0) * errors,
        "overlap": asked * rs["overlap"] + 1 - asked,
        "inner_overlap": np.ones_like(asked),
        "complexity": rs["entropy"],
        "stable": np.where((rs["entropy"] >= -1e-9) & (rs["replicon"] > 0), 1.0, 0.0),
        "converged": good & rs["converged"],
        "breaking": asked,
        "errors": errors,
    }
    out |= _thermal(out, np.where(good, beta, 1.0), controls.load)
    reason = np.select(
        [controls.weights != "ising", controls.temperature <= 0, good],
        [
            "only binary weights freeze",
            "give a temperature > 0: the energy of the frozen state does not depend on it",
            rs["reason"],
        ],
        "the state is not frozen: below the capacity there are solutions at any temperature, above"
        " it the temperature must be below transition 'freezing'",
    )
    return {**out, "reason": np.where(out["converged"], "", reason)}


def find_freezing(controls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The temperature at which the replica-symmetric entropy of binary weights vanishes, for loads
    above the capacity.
    """
    c = as_arrays(controls)
    if c.weights != "ising":
        return *nowhere(c.load.shape), np.full(c.load.shape, "only binary weights freeze")
    if is_own(c):
        why = "of a channel of your own replica symmetry alone is known"
        return *nowhere(c.load.shape), np.full(c.load.shape, why)
    c = c._replace(breaking_parameter=np.zeros_like(c.load))
    # Of independent errors at high temperature: load/(8 T^2) = ln 2 at the most.
    found = zero(
        along(solve, c, "temperature", "entropy", "replica-symmetric"),
        np.maximum(5.0, np.sqrt(c.load)),
        0.03 + 0 * c.load,
    )
    cold = replica_symmetric(c._replace(temperature=np.zeros_like(c.load)))
    full = cold["converged"] & (cold["entropy"] > 0)
    reason = np.where(
        full & ~found.converged,
        "below the capacity there are solutions, whose entropy is positive, at any temperature",
        "",
    )
    return found.value, found.converged, reason
