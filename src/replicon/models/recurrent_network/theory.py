"""A network of given couplings around x = 0, where its response is a resolvent; and where trajectories turn chaotic."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from replicon._errors import InputError
from replicon.data.networks import load_network
from replicon.models.recurrent_dynamics.theory import onset
from replicon.simulation.dynamics import evolve
from replicon.simulation.networks import elliptic_matrix
from replicon.theory.branch import Found
from replicon.theory.nonlinearity import nonlinearity

REACH = 8.0  # chaos is looked for up to so many times the gain of the instability
POSITIVE = 0.01  # a Lyapunov exponent above counts as chaos: those of limit cycles, zero, are measured to about half of it


def unit_couplings(source: str, weights: str) -> np.ndarray:
    """Couplings (N, N) of gain one: the sum of all squares is N. The file is read at each call. Raises InputError."""
    matrix = load_network(source).weights
    if weights == "log":
        matrix = np.sign(matrix) * np.log1p(np.abs(matrix))
    if not matrix.any():
        raise InputError(f"couplings = {source} are all zero: there is no network.")
    matrix = np.ldexp(matrix, -np.frexp(np.abs(matrix).max())[1])  # a power of two, exact: no square overflows or vanishes
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
        "outlier": np.linalg.eigvals(matrix).real.max(),
        "bulk_radius": np.sqrt(np.abs(np.linalg.eigvals(matrix**2)).max()),
        "symmetry": (matrix * matrix.T).sum() / squares,
    }


def solve(controls, branch: str) -> dict:
    """Arrays (points,): the resolvent tr[(1 - a g J)^-1] a / N with a = phi'(0), of the couplings or, random, of the elliptic law."""
    phi = nonlinearity(controls.nonlinearity)
    matrix = unit_couplings(controls.couplings, controls.weights)
    found, slope = properties(matrix), 1 / float(onset(phi, 0.0))
    gain = controls.gain
    if controls.network == "random":
        symmetry = found["symmetry"]
        found.update(outlier=1 + symmetry, bulk_radius=1.0)
        response = slope * 2 / (1 + np.sqrt(np.maximum(1 - 4 * (gain * slope) ** 2 * symmetry, 0.0)))
    else:
        eigenvalues = np.linalg.eigvals(matrix)
        response = slope * (1 / (1 - slope * gain[:, None] * eigenvalues)).mean(axis=1).real
    radius = slope * gain * found["outlier"]
    largest = radius if controls.network == "random" else slope * gain * np.abs(np.linalg.eigvals(matrix)).max()
    with np.errstate(divide="ignore"):
        growth = radius - 1 if controls.time == "continuous" else np.log(largest)
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
        "converged": known & np.isfinite(slope) & (growth < 0),
        "reason": np.where(np.isfinite(slope), reason, "x = 0 is no fixed point, since phi(0) is not zero: simulate"),
    }


def find_instability(controls) -> Found:
    """1/(phi'(0) outlier); NaN where no eigenvalue has a positive real part, and for surrogates that are drawn."""
    phi = nonlinearity(controls.nonlinearity)
    matrix = unit_couplings(controls.couplings, controls.weights)
    found = properties(matrix)
    outlier = 1 + found["symmetry"] if controls.network == "random" else found["outlier"]
    if controls.time == "discrete" and controls.network == "original":
        outlier = np.abs(np.linalg.eigvals(matrix)).max()
    good = controls.network in ("original", "random") and outlier > 0
    value = np.atleast_1d(onset(phi, 0.0)) / outlier if good else np.full(1, np.nan)
    return Found(np.where(np.isfinite(value), value, np.nan), np.isfinite(value))


def find_chaos(controls) -> Found:
    """The first gain of a scan (16 steps from the instability), then bisected 6 times, at which either of two trajectories has
    an exponent > 0.01. A surrogate is drawn once, from seed 0.
    """
    phi = nonlinearity(controls.nonlinearity)
    rng = np.random.default_rng(0)
    matrix = surrogate(unit_couplings(controls.couplings, controls.weights), controls.network, rng)
    starts = rng.standard_normal((2, len(matrix)))
    eigenvalues = np.linalg.eigvals(matrix)
    rest = (eigenvalues.real if controls.time == "continuous" else np.abs(eigenvalues)).max() / onset(phi, 0.0)

    def chaotic(gain: float) -> bool:
        settings = {"function": phi.function, "slope": phi.slope, "duration": 200, "transient": 100, "every": 1.0, "time": controls.time}
        return any(evolve(gain * matrix, start, exponents=1, **settings).exponents[0] > POSITIVE for start in starts)

    for low, high in pairwise(np.geomspace(1.0, REACH, 17) / rest if rest > 0 else []):
        if chaotic(high):
            for _ in range(6):
                middle = np.sqrt(low * high)
                low, high = (low, middle) if chaotic(middle) else (middle, high)
            return Found(np.array([np.sqrt(low * high)]), np.ones(1, bool))
    return Found(np.full(1, np.nan), np.zeros(1, bool))
