"""A network of given couplings around x = 0, where its response is a resolvent; and where
trajectories turn chaotic.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from threadpoolctl import threadpool_limits

from replicon._errors import ConvergenceError, InputError
from replicon._objects import held
from replicon.data.networks import load_weights
from replicon.recurrent.chaos import POSITIVE, first_chaos, nowhere, scan
from replicon.recurrent.couplings import (
    certain,
    components,
    eigenvalues,
    elliptic_matrix,
    largest,
    perron_root,
)
from replicon.recurrent.dynamics import onset
from replicon.recurrent.nonlinearity import Nonlinearity, nonlinearity
from replicon.theory.branch import Found

ROUNDING = 64 * np.finfo(float).eps  # of a gain that is compared with the one of the instability

_UNDECIDED = (
    "rounding of the couplings leaves open whether x = 0 is stable here, or it is at its"
    " instability"
)
_DRAWN = "the couplings of a surrogate are drawn in simulations: theory is of original and random"


class Scaled(NamedTuple):
    """`unit` (N, N): couplings of gain one, the sum of whose squares is N. `scale`: the gain of
    what was given, which is scale x unit.
    """

    unit: np.ndarray
    scale: float


def scaled(source: str, weights: str) -> Scaled:
    """Couplings by name, of a file or an object, brought to gain one. A file is read at each call.
    Raises InputError.
    """
    matrix = held(source, load_weights)
    if weights == "log":
        matrix = np.sign(matrix) * np.log1p(np.abs(matrix))
    if not matrix.any():
        raise InputError(f"couplings = {source} are all zero: there is no network.")
    # By a power of two, exact: no square overflows or vanishes.
    power = np.frexp(np.abs(matrix).max())[1]
    matrix = np.ldexp(matrix, -power)
    gain = np.sqrt((matrix**2).sum() / len(matrix))
    return Scaled(matrix / gain, float(np.ldexp(gain, power)))


def unit_couplings(source: str, weights: str) -> np.ndarray:
    """`scaled(...).unit`."""
    return scaled(source, weights).unit


def surrogate(matrix: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Couplings that keep of `matrix`, of gain one: their values (permuted, off the diagonal),
    their sizes and places (signs), or their number, mean square and symmetry (random, Gaussian).
    """
    if kind == "permuted":
        off = ~np.eye(len(matrix), dtype=bool)
        matrix = matrix.copy()
        matrix[off] = rng.permutation(matrix[off])
    elif kind == "signs":
        matrix = np.abs(matrix) * np.where(rng.random(matrix.shape) < 0.5, -1.0, 1.0)
    elif kind == "random":
        matrix = elliptic_matrix(rng, len(matrix), 1.0, symmetry(matrix))
    return matrix


def properties(matrix: np.ndarray) -> dict[str, float]:
    """`outlier`, `bulk_radius` = sqrt of the spectral radius of J_ij^2 (all signs random and
    independent), `symmetry`.
    """
    return {
        "outlier": np.real(eigenvalues(matrix)).max(),
        "bulk_radius": np.sqrt(perron_root(matrix**2)),
        "symmetry": symmetry(matrix),
    }


def symmetry(matrix: np.ndarray) -> float:
    """sum J_ij J_ji / sum J_ij^2."""
    return (matrix * matrix.T).sum() / (matrix**2).sum()


# Threads for a few hundred neurons wait for each other: on a busy machine ten times as long.
_one_thread = threadpool_limits.wrap(limits=1, user_api="blas")


@_one_thread
def solve(controls) -> dict:
    """Arrays (points,): the resolvent tr[(1 - a g J)^-1] a / N with a = phi'(0), of the couplings
    or, random, of the elliptic law.

    The exponent is that of the largest real part (continuous time) or modulus (discrete); NaN where
    that modulus is zero, and what is near x = 0 is gone after N steps. At the instability itself,
    within rounding, nothing converges.
    """
    slope, trouble = _at_rest(nonlinearity(controls.nonlinearity))
    matrix, scale = scaled(controls.couplings, controls.weights)
    found = properties(matrix)
    gain = controls.gain
    random = controls.network == "random"
    top, error = _leading(matrix, slope, controls)
    if random:
        partial = found["symmetry"]
        found.update(outlier=1 + partial, bulk_radius=1.0)
        root = np.sqrt(np.maximum(1 - 4 * (gain * slope) ** 2 * partial, 0.0))
        response = slope * 2 / (1 + root)
    else:
        found["outlier"] = certain(*largest(matrix))
        # Not from eigenvalues, which rounding moves far where the matrix is close to defective.
        response = np.array([_resolvent(slope * g * matrix) * slope / len(matrix) for g in gain])
    radius = abs(slope) * gain * top
    if controls.time == "continuous":
        exponent = radius - 1
    else:
        exponent = np.log(np.where(radius > 0, radius, np.nan))
    if not (random or controls.network == "original"):
        trouble = trouble or _DRAWN
    open_by = abs(slope) * gain * error + ROUNDING
    reason = np.where(radius > 1 + open_by, "x = 0 is unstable here", _UNDECIDED)
    zero = np.zeros_like(gain)
    return {
        **{name: np.full_like(gain, value) for name, value in found.items()},
        "scale": np.full_like(gain, scale),
        "activity": zero,
        "variance": zero,
        "fluctuation": zero,
        "response": response,
        "lyapunov_exponent": exponent,
        "converged": (trouble == "") & (radius < 1 - open_by),
        "reason": np.full(len(gain), trouble) if trouble else reason,
    }


def _resolvent(matrix: np.ndarray) -> float:
    """The trace of (1 - A)^-1; NaN where that has no inverse."""
    try:
        return float(np.trace(np.linalg.inv(np.eye(len(matrix)) - matrix)))
    except np.linalg.LinAlgError:
        return np.nan


def _at_rest(phi: Nonlinearity) -> tuple[float, str]:
    """phi'(0), and why x = 0 has no linear response, if it has none."""
    with jax.enable_x64(True):
        low, value, high = np.asarray(phi.function(jnp.array([-1.0, 0.0, 1.0])), float)
        before, slope, after = np.asarray(phi.slope(jnp.array([-1e-9, 0.0, 1e-9])), float)
    if abs(value) > ROUNDING * max(abs(low), abs(high)):
        return np.nan, "x = 0 is no fixed point, since phi(0) is not zero: simulate"
    if abs(after - before) > 1e-6 * max(abs(after), abs(before)):
        return np.nan, "phi has a corner at 0, so that x = 0 has no linear response: simulate"
    return float(slope), ""


def _leading(matrix: np.ndarray, slope: float, controls) -> tuple[float, float]:
    """What, times g |phi'(0)|, reaches one at the instability: the largest real part (continuous
    time) or modulus of the eigenvalues, of -J where phi falls at 0; and how far rounding may have
    moved it. Of a random matrix, by the elliptic law.
    """
    if controls.network == "random":
        partial = symmetry(matrix)
        return (1 + partial if controls.time == "continuous" else 1 + abs(partial)), ROUNDING
    return largest(
        -matrix if slope < 0 else matrix, np.real if controls.time == "continuous" else np.abs
    )


@_one_thread
def find_instability(controls) -> Found:
    """1/(phi'(0) l), l of `_leading`; there is none where no eigenvalue has a positive real part,
    beyond its rounding.
    """
    matrix = unit_couplings(controls.couplings, controls.weights)
    slope, reason = _at_rest(nonlinearity(controls.nonlinearity))
    if controls.network not in ("original", "random"):
        reason = _DRAWN
    reason = reason or _never(matrix, slope, controls)
    value = np.nan if reason else 1 / (abs(slope) * certain(*_leading(matrix, slope, controls)))
    return Found(np.array([value]), np.array([not reason]), reason=np.array([reason], object))


def _never(matrix: np.ndarray, slope: float, controls) -> str:
    """Why x = 0 is stable at every gain, if it is."""
    if slope == 0:
        return "phi'(0) is zero, so that x = 0 is stable at any gain"
    if certain(*_leading(matrix, slope, controls)) > 0:
        return ""
    if not eigenvalues(np.abs(matrix)).any():
        return "the couplings have no cycle, so that x = 0 is stable at any gain"
    what = "has a positive real part" if controls.time == "continuous" else "differs from zero"
    return f"no eigenvalue of the couplings {what}, so that x = 0 is stable at any gain"


@_one_thread
def find_chaos(controls) -> Found:
    """The first gain of a scan (16 steps from the instability), then bisected 6 times, at which
    either of two trajectories has an exponent > 0.01, with the bracket and the onsets of both. A
    surrogate is drawn once, from seed 0.
    """
    phi = nonlinearity(controls.nonlinearity)
    rng = np.random.default_rng(0)
    given = unit_couplings(controls.couplings, controls.weights)
    matrix = surrogate(given, controls.network, rng)
    starts = rng.standard_normal((2, len(matrix)))
    top = certain(*largest(matrix, np.real if controls.time == "continuous" else np.abs))
    rest = top / float(onset(phi, 0.0))
    reason = _orderly(matrix, phi, controls.time)
    found = nowhere(POSITIVE, len(starts))
    if rest > 0 and not reason:
        settings = {"function": phi.function, "slope": phi.slope, "time": controls.time}
        try:
            found = first_chaos(matrix, starts, scan(rest), **settings)
        except ConvergenceError:
            reason = (
                "trajectories grow beyond all bounds before they turn chaotic: give a phi that"
                " saturates"
            )
    evidence = {
        "bracket_low": found.low,
        "bracket_high": found.high,
        "threshold": found.threshold,
        "spread": found.spread,
    }
    return Found(
        np.array([found.gain]),
        np.array([np.isfinite(found.gain)]),
        reason=np.array([reason], object),
        evidence={name: np.array([value]) for name, value in evidence.items()},
    )


def _orderly(matrix: np.ndarray, phi: Nonlinearity, time: str) -> str:
    """Why no trajectory is chaotic at any gain, where that is known."""
    alone = all(len(block) == 1 for block in components(matrix))
    if alone and (time == "continuous" or not np.diagonal(matrix).any()):
        return (
            "the couplings have no cycle but of a neuron with itself, so that each neuron comes to"
            " rest after those before it"
        )
    with jax.enable_x64(True):
        rising = bool((np.asarray(phi.slope(jnp.linspace(-30.0, 30.0, 601))) >= 0).all())
    if time == "continuous" and rising and (matrix == matrix.T).all():
        return (
            "the couplings are symmetric, so that an energy falls along every trajectory, which"
            " comes to rest"
        )
    return ""
