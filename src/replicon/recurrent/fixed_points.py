"""Equilibrium of the kinetic energy of random recurrent networks.

One neuron in its cavity: y = x - b phi(x), b = g^2 gamma R, is normal, with variance g^2 C at T = 0
and, before its weight exp(qh phi^2 - eta x^2 / T), with s = T + g^2 C at T > 0. All averages are
integrals over x, so that y(x) is never inverted.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._declare import controls_tuple
from replicon.recurrent.dynamics import around_zero, onset
from replicon.recurrent.frozen import frozen, panels_about
from replicon.recurrent.nonlinearity import Nonlinearity, nonlinearity
from replicon.theory import stationary
from replicon.theory.points import evaluate

_NUMBERS = ("gain", "symmetry", "temperature", "regulariser")
_EXACT = 1e-6  # of integrals, relative: what halving the panels may change
_SEVERAL = (
    "the cavity equation has several solutions for one field, so that no state without broken"
    " symmetry is known: lower the gain"
)
_NO_MINIMUM = "with a regulariser the ground state is no fixed point: give temperature > 0"
_FORBIDDEN = "no saddle with an overlap between replicas was found that Jensen's inequality allows"


class Static(NamedTuple):
    """At temperature 0: `log_activity` ln C and `response` R."""

    log_activity: jax.Array
    response: jax.Array


class Thermal(NamedTuple):
    """At a temperature: `activity` C, `response` rho, and `conjugate` qh of the activity."""

    activity: jax.Array
    response: jax.Array
    conjugate: jax.Array


@lru_cache(maxsize=32)
def _static(phi: Nonlinearity):
    """Fixed points: C = int Dz phi^2, R = int Dz phi' / (1 - b phi'), x = b phi(x) + g
    sqrt(C) z.
    """

    def averages(x: Static, c):
        b = c.gain**2 * c.symmetry * x.response
        deviation = c.gain * jnp.exp(x.log_activity / 2)
        at, weight = panels_about(phi, deviation, b)
        value = phi.function(at)
        slope = phi.slope(at)
        density = (
            weight
            * jnp.exp(-(((at - b * value) / deviation) ** 2) / 2)
            / (deviation * np.sqrt(2 * np.pi))
        )
        room = 1 - b * slope
        return {
            "activity": density @ (room * value**2),
            "response": density @ slope,
            "square": density @ (slope**2 / room),
            "variance": density @ (room * at**2),
            "single": jnp.min(room) > 0,
        }

    def residual(x, c):
        found = averages(x, c)
        return Static(jnp.log(found["activity"]) - x.log_activity, found["response"] - x.response)

    def iterate(x, c):
        return jax.tree.map(jnp.add, x, residual(x, c))

    def one(c):
        start = Static(jnp.full((), -1.0), jnp.full((), 0.5))
        found = stationary.solve_one(
            residual, start, c, iterate=iterate, steps=200, damping=0.7, settled=1e-5
        )
        out = averages(found.x, c)
        replicon = 1 - c.gain**2 * out["square"]
        return {
            **out,
            "replicon": replicon,
            "response_variance": jnp.where(replicon > 0, out["square"] / replicon, jnp.nan),
            "overlap": out["activity"],
            "energy": jnp.zeros(()),
            "converged": found.converged & out["single"] & (out["activity"] > 0),
            "residual": found.residual,
        }

    return one


class _Weighted(NamedTuple):
    """Of the one neuron: `at`, values of x; `value` phi there; `y` = x - b phi; `weight` of each,
    not normalised, (n,) all; and `s`, the variance of y without that weight.
    """

    at: jax.Array
    value: jax.Array
    y: jax.Array
    weight: jax.Array
    s: jax.Array


@lru_cache(maxsize=32)
def _thermal(phi: Nonlinearity):
    """Saddle of Phi = -q qh - g^2 gamma rho^2/2 + ln int dx exp{-y^2/(2 s) - ln(s/T)/2 - eta x^2/T
    + qh phi^2} without overlap.
    """

    def weighted(x: Thermal, c, refine=False) -> _Weighted:
        b = c.gain**2 * c.symmetry * x.response
        s = c.temperature + c.gain**2 * x.activity
        stiff = c.regulariser / c.temperature
        at, weight = panels_about(phi, jnp.sqrt(s), b, pull=2 * stiff, refine=refine)
        value = phi.function(at)
        y = at - b * value
        exponent = -(y**2) / (2 * s) + x.conjugate * value**2 - stiff * at**2
        return _Weighted(at, value, y, weight * jnp.exp(exponent), s)

    def iterate(x: Thermal, c, refine=False):
        _, value, y, weight, s = weighted(x, c, refine)
        weight = weight / weight.sum()
        return Thermal(
            weight @ value**2,
            weight @ (value * y) / s,
            c.gain**2 / 2 * (weight @ y**2 / s**2 - 1 / s),
        )

    def residual(x, c):
        return jax.tree.map(
            lambda new, old, scale: (new - old) / scale, iterate(x, c), x, _scale(x, c)
        )

    def one(c):
        start = Thermal(jnp.minimum(0.5, c.temperature), jnp.ones(()), jnp.zeros(()))
        found = stationary.solve_one(
            residual, start, c, iterate=iterate, steps=2000, damping=0.5, settled=1e-9
        )
        x = found.x
        at, _, y, weight, s = weighted(x, c)
        free_entropy = (
            -x.activity * x.conjugate
            - c.gain**2 * c.symmetry * x.response**2 / 2
            + jnp.log(weight.sum())
        )
        weight = weight / weight.sum()
        T = c.temperature
        # The integrals are right where halving the panels does not change them.
        finer = jax.tree.map(
            lambda new, old, scale: jnp.abs(new - old) / scale, iterate(x, c, True), x, _scale(x, c)
        )
        exact = jnp.max(jnp.stack(list(finer))) < _EXACT
        return {
            "activity": x.activity,
            "response": x.response,
            "response_variance": jnp.full((), jnp.nan),
            "variance": weight @ at**2,
            "overlap": jnp.zeros(()),
            "energy": (
                T / 2 + T**2 / (2 * s) * (weight @ y**2 / s - 1) + c.regulariser * (weight @ at**2)
            ),
            "free_entropy": free_entropy - jnp.log(s / T) / 2,
            "converged": found.converged & exact & (x.activity > 0),
            "residual": found.residual,
        }

    return one


def _scale(x: Thermal, c) -> Thermal:
    """Residuals are relative: activity falls as T below the transition, its conjugate is of the
    order of 1/T.
    """
    s = jax.lax.stop_gradient(c.temperature + c.gain**2 * x.activity)
    return Thermal(s, jnp.ones(()), 1 / s)


def solve(controls, branch: str) -> dict:
    """Arrays (points,); at temperature > 0 also `free_entropy`, (1/N) ln Z, Z = int dx exp(-E/T).

    Below the transition at T = 0, x = 0 with the response of the elliptic law. `replicon` = 1 - g^2
    <(phi'/(1 - b phi'))^2>: where it is negative the fixed point is unstable. At T > 0 it is not
    known.
    """
    phi = nonlinearity(controls.nonlinearity)
    c = controls_tuple(_NUMBERS, [getattr(controls, name) for name in _NUMBERS])
    cold = c.temperature == 0
    edge = onset(phi, c.symmetry)
    at_rest = cold & ((branch == "quiescent") | ((branch == "active") & (c.gain <= edge)))
    moving = cold & ~at_rest & (c.regulariser == 0) & (branch != "frozen")
    # Where phi is not odd, replicas overlap in every state.
    overlapping = ~cold & ((branch == "frozen") | ((branch == "active") & (not phi.odd)))
    quiet = _quiescent(phi, c)
    out = {name: np.where(at_rest, quiet[name], np.nan) for name in quiet}
    out["free_entropy"] = np.full(len(cold), np.nan)
    # A point without overlap takes a millisecond however it is compiled: in 0.6 s instead of 2.4.
    # One with overlap takes a tenth of a second, so that none should be idle.
    for rows, theory, batch, how in (
        (moving, _static, 16, "seldom"),
        (~cold & (branch == "active") & phi.odd, _thermal, 16, "seldom"),
        (overlapping, frozen, 2, "fast"),
    ):
        if rows.any():
            given = type(c)(*(v[rows] for v in c))
            found = evaluate(theory(phi), given, batch=batch, how=how)
            for name in out:
                if name in found:
                    out[name][rows] = found[name]
    out["converged"] = np.nan_to_num(out["converged"]).astype(bool)
    out["residual"] = np.nan_to_num(out["residual"])
    awake = "frozen" if branch == "frozen" else "active"
    out["branch"] = np.where(out["activity"] == 0, "quiescent", awake)
    unknown = "x = 0 is no fixed point, since phi(0) is not zero: take branch active"
    if not around_zero(phi).value:
        unknown = (
            "phi has a corner at 0, where the linear response of couplings with symmetry is not"
            " known"
        )
    # Why nothing was found, if nothing was: the first that holds.
    reasons = {
        "at temperature > 0 there is no rest: take branch active": ~cold & (branch == "quiescent"),
        "at temperature 0 take branch active": cold & (branch == "frozen"),
        _FORBIDDEN: overlapping,
        "no saddle without overlap between replicas was found: raise the temperature": ~cold,
        _NO_MINIMUM: cold & ~at_rest & (c.regulariser > 0),
        _SEVERAL: moving,
        unknown: at_rest & np.isnan(edge),
        "x = 0 has no real response so far beyond its loss of stability": at_rest,
    }
    reason = np.select(list(reasons.values()), list(reasons), "")
    return {**out, "reason": np.where(out["converged"], "", reason)}


def _quiescent(phi: Nonlinearity, c) -> dict:
    """X = 0: R = a/(1 - g^2 gamma a R), a = phi'(0), whose square root is real as far as the
    transition and a little beyond.

    Of a phi with a corner at 0, without symmetry: R is the mean of both slopes, and R_2 has their
    mean square.
    """
    edge = onset(phi, c.symmetry)
    at = around_zero(phi)
    turn = c.gain**2 * c.symmetry * at.slope
    root = np.sqrt(np.maximum(1 - 4 * turn * at.slope, 0))
    # The stable form of (1 - root) / (2 turn); exact also without symmetry.
    response = 2 * at.slope / (1 + root)
    square = at.square if at.corner else response**2
    replicon = 1 - c.gain**2 * square
    zero = np.zeros_like(response)
    with np.errstate(divide="ignore", invalid="ignore"):
        response_variance = np.where(replicon > 0, square / replicon, np.nan)
    return {
        "activity": zero,
        "response": response,
        "response_variance": response_variance,
        "variance": zero,
        "overlap": zero,
        "energy": zero,
        "replicon": replicon,
        "converged": ~np.isnan(edge) & (4 * turn * at.slope <= 1),
        "residual": zero,
    }


def find_chaos(controls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where x = 0 loses its stability: a property of the flow, whatever the temperature."""
    phi = nonlinearity(controls.nonlinearity)
    value = onset(phi, controls.symmetry)
    at = around_zero(phi)
    reason = np.full(value.shape, "", object)
    if at.value:
        reason[:] = "x = 0 is no fixed point, since phi(0) is not zero"
    reason[np.isinf(value)] = (
        "phi'(0) is zero, so that x = 0 stays stable at any gain"
        if at.square == 0
        else (
            "with symmetry -1 all eigenvalues of the couplings are imaginary, so that x = 0 stays"
            " stable at any gain"
        )
    )
    there = np.isfinite(value)
    return np.where(there, value, np.nan), there, reason
