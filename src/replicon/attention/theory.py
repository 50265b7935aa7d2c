"""Infinite-size theory of linear attention in context: a deterministic equivalent of its two-body
real-spin Hamiltonian.

The tasks' covariance R has a Marchenko-Pastur spectrum (ratio 1 / diversity), the contexts' second
moment is B = b R + c; all that is needed are tr 1/(R + a) and tr 1/(R + a)^2, which are closed.
Normalised traces throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize.elementwise import find_minimum

from replicon.theory.branch import Found
from replicon.theory.marchenko_pastur import Spectrum, spectrum
from replicon.theory.transition import zero

MEMORIZATION = 2.0  # error on new tasks over that on known ones from which it is called so
_LEAST = -25.0  # ln of the smallest ridge tried beside 0: away from prompts = 1 it changes 1e-11
_BEYOND = 10.0  # how far the ln of the largest one lies above the scale of the best
_RIDGES = 201  # tried: steps of about 0.2 in ln, in which the error has one minimum
_TOGETHER = 1000  # points solved in one call: a call costs as much as some hundred of them
# Steps of a quarter of an e-fold, between ends beyond which the errors hardly change.
_DIVERSITIES = np.geomspace(1e-6, 1e4, 101)


def moments(c) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(1/diversity, b, shift) of B = b R + shift: b = 1 + 1/l and shift = (1 + noise)/context; b =
    1 in infinite size.
    """
    with np.errstate(divide="ignore"):
        return (
            1 / c.diversity,
            1 + np.nan_to_num(1 / (c.context * c.dimension)),
            (1 + c.noise) / c.context,
        )


class Traces(NamedTuple):
    """What the errors are made of, at the effective ridge xi; B + xi = b (R + a), a = s + x, s =
    shift/b, x = xi/b.
    """

    a: np.ndarray
    s: np.ndarray
    r: Spectrum
    degrees: np.ndarray  # tr B/(B + xi)
    missing: np.ndarray  # 1 - degrees
    inverse: np.ndarray  # tr 1/(B + xi)
    mixed: np.ndarray  # tr B/(B + xi)^2


def traces(xi: np.ndarray, c) -> Traces:
    """Traces of the resolvent that every observable is made of, at one point."""
    ratio, b, shift = moments(c)
    s = shift / b
    x = xi / b
    a = s + x
    r = spectrum(a, mean=1.0, strength=ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(a > 0, x / a, 1.0)  # 1: the limit of small xi, where both are 0
        rest = np.where(a > 0, s / a, 0.0)
        squared = rest * r.unseen * (1 + ratio * r.inverse) / r.root  # s tr 1/(R + a)^2
        return Traces(
            a=a,
            s=s,
            r=r,
            degrees=r.seen + rest * r.unseen,
            missing=share * r.unseen,
            inverse=r.inverse / b,
            mixed=(r.seen / r.root + np.where(rest > 0, squared, 0.0)) / b,
        )


def threshold(c) -> np.ndarray:
    """Prompts for as many as there are weights that they determine: 1, or, in endless contexts, the
    rank of the tasks.
    """
    return np.where(np.isinf(c.context), np.minimum(c.diversity, 1.0), 1.0)


def effective_ridge(c) -> tuple[np.ndarray, np.ndarray]:
    """The xi >= 0 that solves ridge = xi (1 - tr[B/(B + xi)]/prompts), and whether there is one
    with finite errors.

    Without ridge xi = 0 where there are more prompts than weights (`threshold`) and xi > 0 where
    there are fewer; where they are as many the errors diverge.
    """
    xi = np.where(np.isinf(c.prompts), c.ridge, 0.0)
    bare = c.ridge == 0
    converged = ~(bare & (c.prompts == threshold(c)))
    rest = np.isfinite(c.prompts) & ~(bare & (c.prompts >= threshold(c)))
    if rest.any():
        found = _root(type(c)(*(v[rest] for v in c)))
        xi[rest] = found.value
        converged[rest] = found.converged
    return xi, converged


def _root(c) -> Found:
    """Tr B/(B + xi) lies between shift/(shift + xi) and (b + shift)/(b + shift + xi), which
    brackets xi.
    """
    _, b, shift = moments(c)
    low = np.maximum(c.ridge, shift * (1 / c.prompts - 1) * (c.ridge == 0))
    high = c.ridge + (b + shift) / c.prompts

    def at(xi):
        t = traces(xi, c)
        # Whichever of the degrees and their complement is small keeps its digits.
        gap = np.where(c.prompts > 0.5, (c.prompts - 1) + t.missing, c.prompts - t.degrees)
        return gap - c.prompts * (c.ridge / xi), np.ones(xi.shape, bool)

    # Wider than the bounds, which may be closer than rounding: what vanishes is told from what is
    # small at the ends.
    return zero(at, np.maximum(low, 1e-300) / 2, 2 * high + 1e-300, geometric=True)


def solve(controls) -> dict:
    """Arrays (points,). Lu et al. (2024), with T > 0 added: the Boltzmann measure has the
    covariance T J^-1, and J^-1 -> (d/n) (xi/ridge) 1/(B + xi), which adds (T/prompts)(xi/ridge)
    tr[B/(B + xi)] to the error on known tasks.

    With G = R/(B + xi) every error is written as a sum of positive terms: tr[R - 2 G R + G^2 B] = 1
    - 1/b + tr[R (a^2 + s R)/(R + a)^2]/b, tr[1 - 2 G + (b + shift) G^2] = 1 - 1/b + tr[(a^2 + s
    R^2)/(R + a)^2]/b, and 1 - tr[B^2/(B + xi)^2]/prompts = ridge/xi + xi tr[B/(B + xi)^2]/prompts.
    """
    c = controls
    xi, converged = effective_ridge(c)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        t = traces(xi, c)
        _, b, shift = moments(c)
        r = t.r
        per_prompt = 1 / c.prompts
        finite = (b - 1) / b
        held = np.where(  # ridge/xi
            c.ridge > 0,
            c.ridge / xi,
            np.where(c.prompts > threshold(c), 1 - per_prompt * t.degrees, 0.0),
        )
        heat = np.where(c.temperature > 0, c.temperature * per_prompt / held, 0.0)
        frozen = c.noise + finite + (t.a * r.slope + t.s * r.seen_squared) / b
        damped = np.where(xi > 0, xi * t.mixed, 0.0)
        idg = frozen / (held + per_prompt * damped)
        excited = np.where(per_prompt > 0, per_prompt * idg * t.mixed, 0.0) + np.where(
            heat > 0, heat * t.inverse, 0.0
        )
        norm = r.seen_squared / b**2 + excited
        icl = (
            c.noise + finite + (r.unseen_squared + t.s * r.seen_squared) / b + (b + shift) * excited
        )
        values = {
            "icl_error": icl,
            "idg_error": idg + heat * t.degrees,
            "diagonal": r.seen / b,
            "alignment": np.minimum(r.seen / b / np.sqrt(norm), 1.0),
            "effective_ridge": xi,
            "energy": (
                held * (c.noise + finite + t.a * r.seen / b) / 2 + c.temperature * per_prompt / 2
            ),
        }
    reason = _reason(c, converged, np.isfinite(icl) & np.isfinite(values["idg_error"]))
    converged = converged & (reason == "")
    return values | {
        "converged": converged,
        "reason": reason,
        "stable": np.ones(xi.shape, bool),  # the Hamiltonian is a convex quadratic form
    }


def _reason(c, found, finite) -> np.ndarray:
    """Why a point has no finite errors, '' where it has or where xi was not found (its equation has
    a root for any ridge > 0).
    """
    bare = c.ridge == 0
    few = c.prompts < threshold(c)
    reason = np.full(c.ridge.shape, "", object)
    reason[found & ~finite] = (
        "the errors are beyond what 64-bit numbers hold: give less extreme values"
    )
    singular = bare & ~finite & np.isinf(c.context) & (c.diversity <= 1)
    reason[singular] = (
        "without ridge and in endless contexts of so few tasks the errors are infinite: give"
        " ridge > 0"
    )
    reason[bare & few & (c.temperature > 0)] = (
        "without ridge and with fewer prompts than weights the Boltzmann measure has flat"
        " directions, and at temperature > 0 its errors are infinite: give ridge > 0 or"
        " temperature=0"
    )
    at = bare & (c.prompts == threshold(c))
    reason[at] = (
        "without ridge the errors diverge at prompts = 1: give ridge > 0 or another number of"
        " prompts"
    )
    reason[at & (c.prompts < 1)] = (
        "without ridge and in endless contexts the errors diverge at prompts = diversity: give"
        " ridge > 0 or another number of prompts"
    )
    return reason


def find_optimal_ridge(controls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ridge with the least error on new tasks; 0 where any ridge hurts. (values, converged,
    reasons).

    At T = 0 there always is one: a little weight is better than none to first order, so that an
    endless ridge is never the best. The error less that of no weights, -2 tr G + (b + shift) tr G
    G^T, is what is minimised: it keeps its digits.
    """
    index = np.arange(controls.context.size)
    _, b, shift = moments(controls)

    def error(log_ridge, rows):
        points = type(controls)(*(v[rows] for v in controls))
        out = solve(points._replace(ridge=np.exp(log_ridge)))
        with np.errstate(divide="ignore", invalid="ignore"):
            norm = (out["diagonal"] / out["alignment"]) ** 2
        return np.where(out["converged"], (b + shift)[rows] * norm - 2 * out["diagonal"], np.inf)

    # The best ridge is of order (b + shift)^2 (1 + noise)/prompts where that is large.
    scale = (b + shift) ** 2 * (1 + 1 / controls.prompts) * (1 + controls.noise)
    grid = np.linspace(np.full(index.shape, _LEAST), np.log(scale) + _BEYOND, _RIDGES)
    (table,) = _table(lambda values, rows: (error(values, rows),), grid)
    best = np.argmin(table, axis=0)
    middle = np.clip(best, 1, _RIDGES - 2)
    bracket = tuple(grid[middle + k, index] for k in (-1, 0, 1))
    found = find_minimum(error, bracket, args=(index,))
    inside = (best > 0) & (best < _RIDGES - 1) & found.success
    least = np.minimum(table.min(axis=0), np.where(inside, found.f_x, np.inf))
    bare = error(np.full(index.shape, -np.inf), index)
    value = np.where(inside, np.exp(found.x), np.nan)
    value = np.where(np.isfinite(bare) & (bare <= least), 0.0, value)
    endless = np.isnan(value) & (best == _RIDGES - 1) & (controls.temperature > 0)
    reason = np.where(
        endless,
        "the weights' heat exceeds what they learn at any ridge, and the larger it is the better",
        "",
    )
    return value, np.isfinite(value), reason


def _table(function: Callable, values: np.ndarray) -> list[np.ndarray]:
    """`function(values, rows)`, a tuple of arrays, of all values (steps, points) in the rows of a
    diagram: arrays (steps, points). Of few points many steps are one call.
    """
    steps, points = values.shape
    rows = np.arange(points)
    size = max(1, _TOGETHER // points)
    blocks = [values[first : first + size] for first in range(0, steps, size)]
    parts = [function(block.ravel(), np.tile(rows, len(block))) for block in blocks]
    return [np.concatenate(part).reshape(values.shape) for part in zip(*parts, strict=True)]


def find_memorization(controls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The diversity below which the error on new tasks exceeds MEMORIZATION = 2 times that on the
    tasks of pre-training.

    (values, converged, reasons): where the excess is never so large there is none. The largest,
    where there are several.
    """

    def at(diversity, rows=slice(None)):
        points = type(controls)(*(v[rows] for v in controls))
        out = solve(points._replace(diversity=diversity))
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = np.log(out["icl_error"] / out["idg_error"] / MEMORIZATION)
        return excess, out["converged"]

    everywhere = np.ones(controls.context.shape)
    excess, there = _table(at, _DIVERSITIES[:, None] * everywhere)
    over = there & (excess > 0)
    end = len(_DIVERSITIES) - 1
    last = end - np.argmax(over[::-1], axis=0)
    some = over.any(axis=0) & (last < end)
    low = np.minimum(last, end - 1)
    found = zero(at, _DIVERSITIES[low], _DIVERSITIES[low + 1], geometric=True)
    reason = np.full(everywhere.shape, "", object)
    nowhere = there.all(axis=0) & ~over.any(axis=0)
    reason[nowhere] = (
        "the error on new tasks is less than twice that on known ones at any diversity"
    )
    broken = ~there.any(axis=0)
    reason[broken] = solve(controls._replace(diversity=everywhere))["reason"][broken]
    return np.where(some, found.value, np.nan), some & found.converged, reason
