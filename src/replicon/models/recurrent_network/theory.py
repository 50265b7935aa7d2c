"""A network of given couplings around x = 0, where its response is a resolvent; and where trajectories turn chaotic."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from replicon._errors import InputError
from replicon.data.networks import load_network
from replicon.models.recurrent_dynamics.theory import around_zero, onset
from replicon.simulation.dynamics import evolve
from replicon.simulation.networks import certain, components, elliptic_matrix, largest
from replicon.theory.nonlinearity import nonlinearity

REACH = 8.0  # chaos is looked for up to so many times the gain of the instability
POSITIVE = 0.01  # a Lyapunov exponent above counts as chaos: those of limit cycles, zero, are measured to about half of it


@lru_cache(maxsize=8)
def unit_couplings(source: str, weights: str) -> np.ndarray:
    """Couplings (N, N) of gain one: the sum of all squares is N. Raises InputError."""
    matrix = load_network(source).weights
    if weights == "log":
        matrix = np.sign(matrix) * np.log1p(np.abs(matrix))
    if not matrix.any():
        raise InputError(f"couplings = {source} are all zero: there is no network.")
    matrix = matrix / np.abs(matrix).max()  # of any size: squares neither overflow nor vanish
    return matrix / np.sqrt((matrix**2).sum() / len(matrix))


def surrogate(matrix: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Couplings that keep of `matrix`, of gain one: their values (permuted, off the diagonal), their sizes and places (signs),
    or their number, mean square and symmetry (random, Gaussian).
    """
    if kind == "permuted":
        off = ~np.eye(len(matrix), dtype=bool)
        matrix = matrix.copy()
        matrix[off] = rng.permutation(matrix[off])
    elif kind == "signs":
        matrix = np.abs(matrix) * np.where(rng.random(matrix.shape) < 0.5, -1.0, 1.0)
    elif kind == "random":
        matrix = elliptic_matrix(rng, len(matrix), 1.0, properties(matrix)["symmetry"])
    return matrix


def properties(matrix: np.ndarray) -> dict[str, float]:
    """`outlier`, `bulk_radius` = sqrt of the spectral radius of J_ij^2 (all signs random and independent), `symmetry`."""
    squares = (matrix**2).sum()
    return {
        "outlier": certain(*largest(matrix)),
        "bulk_radius": np.sqrt(certain(*largest(matrix**2, np.abs))),
        "symmetry": (matrix * matrix.T).sum() / squares,
    }


def solve(controls, branch: str) -> dict:
    """Arrays (points,): the resolvent tr[(1 - a g J)^-1] a / N with a = phi'(0), of the couplings or, random, of the elliptic law."""
    phi = nonlinearity(controls.nonlinearity)
    matrix = unit_couplings(controls.couplings, controls.weights)
    found, near = properties(matrix), around_zero(phi)
    slope, gain = near.slope, controls.gain
    if controls.network == "random":
        symmetry = found["symmetry"]
        found.update(outlier=1 + symmetry, bulk_radius=1.0)
        response = slope * 2 / (1 + np.sqrt(np.maximum(1 - 4 * (gain * slope) ** 2 * symmetry, 0.0)))
    else:
        # Not from eigenvalues, which rounding moves far where the matrix is close to defective.
        size = len(matrix)
        response = np.array([_resolvent(slope * g * matrix) * slope / size for g in gain])
    radius = abs(slope) * gain * _edge(matrix, controls, found["symmetry"], slope)
    with np.errstate(divide="ignore"):
        growth = radius - 1 if controls.time == "continuous" else np.where(radius > 0, np.log(radius), np.nan)
    known = controls.network in ("original", "random")
    zero = np.zeros_like(gain)
    reason = (
        "x = 0 is unstable here" if known else "the couplings of a surrogate are drawn in simulations: theory is of original and random"
    )
    return {
        **{name: np.full_like(gain, value) for name, value in found.items()},
        "activity": zero,
        "variance": zero,
        "fluctuation": zero,
        "response": response,
        "lyapunov_exponent": growth,
        "converged": known & (not near.value) & (not near.corner) & (radius < 1 - 1e-12),
        "reason": np.full(
            len(gain),
            "x = 0 is no fixed point, since phi(0) is not zero: simulate"
            if near.value
            else "phi has a corner at 0, where given couplings have no linear response: simulate"
            if near.corner
            else reason,
        ),
    }


def _resolvent(matrix: np.ndarray) -> float:
    """The trace of (1 - A)^-1; NaN where that has no inverse."""
    try:
        return float(np.trace(np.linalg.inv(np.eye(len(matrix)) - matrix)))
    except np.linalg.LinAlgError:
        return np.nan


def _edge(matrix: np.ndarray, controls, symmetry: float, slope: float) -> float:
    """The largest real part (discrete time: modulus) of the eigenvalues of sign(phi'(0)) J, or of the elliptic law's; zero
    where rounding leaves its sign open.
    """
    discrete = controls.time == "discrete"
    if controls.network == "random":
        return 1 + (abs(symmetry) if discrete else np.sign(slope) * symmetry)
    return certain(*largest(np.sign(slope) * matrix, np.abs if discrete else np.real))


def find_instability(controls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """1/(phi'(0) outlier) (discrete time: largest modulus); none where no eigenvalue has a positive real part."""
    near = around_zero(nonlinearity(controls.nonlinearity))
    matrix = unit_couplings(controls.couplings, controls.weights)
    cyclic = any(len(block) > 1 or block[0, 0] for block in components(matrix))
    edge = _edge(matrix, controls, properties(matrix)["symmetry"], near.slope) if controls.network in ("original", "random") else np.nan
    reason = ""
    if near.value:
        reason = "x = 0 is no fixed point, since phi(0) is not zero"
    elif near.slope == 0 and not near.corner:
        reason = "phi'(0) is zero, so that x = 0 stays stable at any gain"
    elif edge <= 0:
        reason = "no eigenvalue of the couplings has a positive real part, to rounding, so that x = 0 stays stable at any gain"
        if not cyclic and controls.network == "original":
            reason = "the couplings have no cycle, so that all their eigenvalues are zero and x = 0 stays stable at any gain"
        elif controls.time == "discrete":
            reason = "the largest eigenvalue of the couplings is zero, to rounding, so that x = 0 stays stable at any gain"
    there = reason == "" and edge > 0 and not near.corner
    value = 1 / (abs(near.slope) * edge) if there else np.nan
    return np.array([value]), np.array([there]), np.array([reason], object)


def find_chaos(controls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first gain of a scan (16 steps from the instability), then bisected 6 times, at which either of two trajectories has
    an exponent > 0.01. A surrogate is drawn once, from seed 0.
    """
    phi = nonlinearity(controls.nonlinearity)
    rng = np.random.default_rng(0)
    matrix = surrogate(unit_couplings(controls.couplings, controls.weights), controls.network, rng)
    if reason := _orderly(matrix, controls.time):
        return np.full(1, np.nan), np.zeros(1, bool), np.array([reason], object)
    starts = rng.standard_normal((2, len(matrix)))
    part = np.real if controls.time == "continuous" else np.abs
    rest = certain(*largest(matrix, part)) / float(onset(phi, 0.0))

    def chaotic(gain: float) -> bool:
        settings = {"function": phi.function, "slope": phi.slope, "duration": 200, "transient": 100, "every": 1.0, "time": controls.time}
        return any(evolve(gain * matrix, start, exponents=1, **settings).exponents[0] > POSITIVE for start in starts)

    for low, high in pairwise(np.geomspace(1.0, REACH, 17) / rest if rest > 0 else []):
        if chaotic(high):
            for _ in range(6):
                middle = np.sqrt(low * high)
                low, high = (low, middle) if chaotic(middle) else (middle, high)
            return np.array([np.sqrt(low * high)]), np.ones(1, bool), np.array([""], object)
    return np.full(1, np.nan), np.zeros(1, bool), np.array([""], object)


def _orderly(matrix: np.ndarray, time: str) -> str:
    """Why such couplings make no chaos at any gain, or ''."""
    alone = all(len(block) == 1 for block in components(matrix))
    if alone and (time == "continuous" or not np.diagonal(matrix).any()):
        return "the couplings have no cycle but of a neuron with itself, so that each neuron comes to rest after those before it"
    if time == "continuous" and (matrix == matrix.T).all():
        return "the couplings are symmetric, so that the motion descends in an energy and comes to rest"
    return ""
