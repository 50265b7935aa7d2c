"""Infinite-size theory of linear attention in context: a deterministic equivalent of its two-body real-spin Hamiltonian.

The tasks' covariance R has a Marchenko-Pastur spectrum (ratio 1 / diversity), the contexts' second moment is B = b R + c; all
that is needed are tr 1/(R + a) and tr 1/(R + a)^2, which are closed. Normalised traces throughout.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize.elementwise import find_minimum

from replicon.theory.branch import Found
from replicon.theory.transition import zero

NAMES = ("context", "diversity", "prompts", "noise", "ridge", "temperature", "dimension")


class Traces(NamedTuple):
    """What the errors are made of, at the effective ridge xi."""

    degrees: np.ndarray  # tr B/(B + xi)
    degrees_squared: np.ndarray  # tr B^2/(B + xi)^2
    inverse: np.ndarray  # tr 1/(B + xi)
    mixed: np.ndarray  # tr B/(B + xi)^2
    gain: np.ndarray  # tr G, G = R/(B + xi)
    gain_squared: np.ndarray  # tr G^2
    signal: np.ndarray  # tr G R
    output: np.ndarray  # tr G^2 B


def resolvent(a: np.ndarray, ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tr 1/(R + a) and tr 1/(R + a)^2 for Marchenko-Pastur R of mean 1 and given ratio >= 0; a > 0, or a = 0 and ratio < 1.

    The root of ratio a m^2 + (1 - ratio + a) m = 1, in the form without cancellation; the atom at 0 (ratio > 1) is included.
    Source: Marchenko & Pastur, Math. USSR Sb. 1, 457 (1967).
    """
    s = 1 - ratio + a
    root = np.sqrt(s**2 + 4 * ratio * a)
    with np.errstate(divide="ignore", invalid="ignore"):
        m = np.where(s > 0, 2 / (s + root), (root - s) / (2 * ratio * a))
        return m, m * (1 + ratio * m) / root


def moments(c) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(1/diversity, b, shift) of B = b R + shift: b = 1 + 1/l and shift = (1 + noise)/context; b = 1 in infinite size."""
    with np.errstate(divide="ignore"):
        return 1 / c.diversity, 1 + np.nan_to_num(1 / (c.context * c.dimension)), (1 + c.noise) / c.context


def traces(xi: np.ndarray, c) -> Traces:
    ratio, b, shift = moments(c)
    a = np.maximum((shift + xi) / b, 1e-12)  # endless contexts without ridge are the limit, also where R is singular
    m, square = resolvent(a, ratio)
    x = xi / b
    return Traces(
        degrees=1 - x * m,
        degrees_squared=1 - 2 * x * m + x**2 * square,
        inverse=m / b,
        mixed=(m - x * square) / b,
        gain=(1 - a * m) / b,
        gain_squared=(1 - 2 * a * m + a**2 * square) / b**2,
        signal=(1 - a * (1 - a * m)) / b,
        output=(1 + a - 2 * a + a**2 * m - x + 2 * a * x * m - x * a**2 * square) / b,
    )


def effective_ridge(c) -> tuple[np.ndarray, np.ndarray]:
    """The xi >= 0 that solves ridge = xi (1 - tr[B/(B + xi)]/prompts), and whether there is one with finite errors.

    Without ridge xi = 0 where there are more prompts than weights (prompts > 1) and xi > 0 where there are fewer; at prompts = 1
    the errors diverge.
    """
    xi, converged = np.where(np.isinf(c.prompts), c.ridge, 0.0), ~((c.ridge == 0) & (c.prompts == 1))
    rest = np.isfinite(c.prompts) & ~((c.ridge == 0) & (c.prompts >= 1))
    if rest.any():
        found = _root(type(c)(*(v[rest] for v in c)))
        xi[rest], converged[rest] = found.value, found.converged
    return xi, converged


def _root(c) -> Found:
    """Tr B/(B + xi) lies between shift/(shift + xi) and (b + shift)/(b + shift + xi), which brackets xi."""
    _, b, shift = moments(c)
    low = np.maximum(c.ridge, shift * (1 / c.prompts - 1) * (c.ridge == 0))
    high = c.ridge + (b + shift) / c.prompts

    def at(xi):
        return 1 - traces(xi, c).degrees / c.prompts - c.ridge / xi, np.ones(xi.shape, bool)

    return zero(at, np.maximum(low, 1e-300) * (1 - 1e-12), high * (1 + 1e-12) + 1e-300, geometric=True)


def _controls(controls):
    """All controls as arrays of one shape, in the order of NAMES; `dimension` inf is infinite size."""
    values = np.broadcast_arrays(*(np.asarray(getattr(controls, name), float) for name in NAMES))
    return type(controls)(**dict(zip(NAMES, values, strict=True)))


def solve(controls, branch: str) -> dict:
    """Arrays (points,). Lu et al. (2024), with T > 0 added: the Boltzmann measure has the covariance T J^-1, and
    J^-1 -> (d/n) (xi/ridge) 1/(B + xi), which adds (T/prompts)(xi/ridge) tr[B/(B + xi)] to the error on known tasks.
    """
    c = _controls(controls)
    xi, converged = effective_ridge(c)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = traces(xi, c)
        _, b, shift = moments(c)
        inverse = 1 / c.prompts
        ratio = 1 - inverse * t.degrees  # ridge / xi
        heat = np.where(c.temperature > 0, c.temperature * inverse / ratio, 0.0)
        frozen = c.noise + 1 - 2 * t.signal + t.output
        idg = frozen / (1 - inverse * t.degrees_squared)
        norm = t.gain_squared + inverse * idg * t.mixed
        norm = norm + heat * t.inverse
        return {
            "icl_error": c.noise + 1 - 2 * t.gain + (b + shift) * norm,
            "idg_error": idg + heat * t.degrees,
            "diagonal": t.gain,
            "alignment": t.gain / np.sqrt(norm),
            "effective_ridge": xi,
            "energy": ratio * (c.noise + 1 - t.signal) / 2 + c.temperature * inverse / 2,
            "converged": converged,
            "reason": np.where(
                converged, "", "without ridge the errors diverge at prompts = 1: give ridge > 0 or another number of prompts"
            ),
            "stable": np.ones(xi.shape, bool),  # the Hamiltonian is a convex quadratic form
        }


def _errors(c, **changed):
    out = solve(c._replace(**changed), "")
    return out["icl_error"], out["idg_error"], out["converged"]


def find_optimal_ridge(controls) -> Found:
    """The ridge with the least error on new tasks; 0 where any ridge hurts."""
    c = _controls(controls)
    shape = c.context.shape
    index = np.arange(c.context.size)

    def error(log_ridge, rows):
        points = type(c)(*(np.ravel(v)[rows] for v in c))
        return _errors(points, ridge=np.exp(log_ridge))[0]

    grid = np.linspace(np.log(1e-8), np.log(1e3), 60)
    table = np.stack([error(np.full(index.shape, g), index) for g in grid])
    best = np.argmin(table, axis=0)
    inside = (best > 0) & (best < len(grid) - 1)
    middle = np.clip(best, 1, len(grid) - 2)
    found = find_minimum(error, (grid[middle - 1], grid[middle], grid[middle + 1]), args=(index,))
    value = np.where(inside & found.success, np.exp(found.x), np.where(best == 0, 0.0, np.nan))
    return Found(value.reshape(shape), np.isfinite(value).reshape(shape))


MEMORIZATION = 2.0


def find_memorization(controls) -> Found:
    """The diversity below which the error on new tasks exceeds MEMORIZATION = 2 times that on the tasks of pre-training."""
    c = _controls(controls)

    def at(diversity):
        new, known, there = _errors(c, diversity=diversity)
        return np.log(new / known / MEMORIZATION), there

    return zero(at, np.full(c.context.shape, 1e-4), 1e4, geometric=True)
