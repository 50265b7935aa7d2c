"""The states of an unmatched student with two or three hidden units, for every point of a grid."""

from __future__ import annotations

import itertools

import numpy as np

from replicon.rbm.clusters import pair_mean, prior_coupling
from replicon.rbm.grids import Grid
from replicon.rbm.many_units import evaluated, grid_of, random_guess
from replicon.rbm.units import Given, Order, covariances
from replicon.theory.points import evaluate

# Branches of more units than one: which of P, D and B (`units.Order`) are kept; A is always.
_KEPT = {
    "symmetric": (1, 0, 0),
    "permutation-student": (1, 0, 1),
    "permutation-broken": (1, 1, 1),
    "frozen-alike": (0, 0, 0),
    "frozen-apart": (0, 0, 1),
}
OF_UNITS = ("symmetric", "permutation-student", "permutation-broken")
_STATES = {"retrieval": OF_UNITS, "spin-glass": ("frozen-alike", "frozen-apart")}
# Factors by which one turn multiplies small P, B and D where they vanish, and what is kept.
GROWTHS = ("signal", "student", "teacher", "kept")
TOLD = (
    *("teacher_overlap", "cross_overlap", "overlap", "cross_replica_overlap", "receptive_overlap"),
    *("free_entropy", "entropy", "thermodynamic_entropy", "longitudinal_stability", "replicon"),
    *(*GROWTHS, "residual"),
)
_ROUNDING = 1e-7  # of growth factors where two states are one


def _given(c, kept: tuple[int, int, int] = (0, 0, 0)) -> Given:
    return Given(
        c.load,
        c.inverse_temperature,
        c.teacher_inverse_temperature,
        c.correlation,
        prior_coupling(c.correlation, c.hidden),
        c.student_correlation,
        prior_coupling(c.student_correlation, c.hidden),
        *(np.full_like(c.load, keep) for keep in kept),
    )


def state(c, name: str, units: int) -> dict:
    """A branch, arrays (points,); `branch`: which of the states that the name stands for."""
    if name == "paramagnetic":
        return _paramagnet(c, units)
    out = {key: np.full(c.load.shape, np.nan) for key in TOLD}
    out["converged"] = np.zeros(c.load.shape, bool)
    out["branch"] = np.full(c.load.shape, name, object)
    out["reason"] = np.full(c.load.shape, "", object)
    for one in _STATES.get(name, (name,)):
        rows = ~out["converged"]
        if not rows.any():
            break
        found = _solved(type(c)(*(v[rows] for v in c)), one, units)
        # A name that stands for several is the one that small differences of units do not leave.
        stays = _growth(found, signal=name != "spin-glass") < 1 + _ROUNDING
        good = found["converged"] & (stays | (one == name))
        found["converged"] = good
        found["reason"] = np.where(good, "", found["reason"])
        if name == "retrieval":
            found["branch"] = np.full(good.shape, one, object)
        for key, values in found.items():
            out[key][rows] = values
    if name != "spin-glass":
        noise = (c.teacher_inverse_temperature == 0) & ~out["converged"]
        told = "the teacher's inverse temperature is 0: its samples are noise"
        out["reason"] = np.where(noise, told, out["reason"])
    return out


def _growth(found: dict, signal: bool = True) -> np.ndarray:
    """The largest factor by which an overlap, or difference of units, grows; `signal`: those with
    the teacher too.
    """
    grows = np.stack([found[key] for key in (GROWTHS if signal else ("student", "kept"))])
    return np.where(np.isnan(grows), -np.inf, grows).max(axis=0)


def _paramagnet(c, units: int) -> dict:
    at = _given(c)
    out = random_guess(at, units)
    square = c.inverse_temperature**2
    hidden = pair_mean(square * c.student_correlation, c.hidden)
    apart = (1 - c.student_correlation) * (1 - hidden)
    alike = (1 + (units - 1) * c.student_correlation) * (1 + (units - 1) * hidden)
    told = pair_mean(c.teacher_inverse_temperature**2 * c.correlation, c.hidden)
    told = (1 + (units - 1) * told) * (1 + (units - 1) * c.correlation)
    signal = c.load * square * c.teacher_inverse_temperature**2 * alike * told
    glass = c.load * (square * alike) ** 2
    return {
        **out,
        "free_entropy": np.full(c.load.shape, units * np.log(2)),
        "longitudinal_stability": 1 - np.maximum(signal, glass),
        "replicon": 1 - glass,
        "signal": signal,
        "student": c.load * (square * apart) ** 2,
        "teacher": np.full(c.load.shape, np.nan),
        "kept": np.full(c.load.shape, np.nan),
        "residual": np.zeros(c.load.shape),
        "converged": np.ones(c.load.shape, bool),
        "branch": "paramagnetic",
        "reason": "",
    }


def _solved(c, name: str, units: int) -> dict:
    """One state at all points, whether or not it is stable."""
    at = _given(c, _KEPT[name])
    out = evaluated(at, units)
    there = out["converged"]
    derivative = np.where(there[:, None, None], out.pop("turn"), 0.0)
    out["kept"] = np.linalg.eigvals(derivative).real.max(axis=1)
    out["replicon"] = 1 - _replica_growth(out, at, grid_of(at, units), units)
    out["longitudinal_stability"] = 1 - _growth(out)
    out["free_entropy"] = out["free_entropy"] + units * np.log(2)
    return out


def _replica_growth(out: dict, at: Given, grid: Grid, units: int) -> np.ndarray:
    """The largest factor by which a small difference of two replicas' overlaps grows, (points,)."""
    T, tau, q, r, R = (np.where(out["converged"], out[key], 0.1) for key in TOLD[:5])
    rest = units - 1
    x = Order._make([T + rest * tau, T - tau, q + rest * r, q - r, R])
    first = Grid(*(np.broadcast_to(v[0], (len(R), *v[0].shape)) for v in grid))
    # Where there is no state, what is measured is of no state either, and need not be a number.
    there = out["converged"][:, None, None]
    data, weights = (
        np.where(there, _averaged(m, units), 0.0)
        for m in evaluate(covariances, x, at, first, batch=1, how="plain")
    )
    turn = at.load * at.inverse_temperature**4
    root = np.linalg.cholesky(weights + 1e-14 * np.eye(units**2))
    grows = np.linalg.eigvalsh(np.swapaxes(root, -1, -2) @ data @ root).max(axis=1)
    return np.where(out["converged"], turn * grows, np.nan)


def _averaged(matrix: np.ndarray, units: int) -> np.ndarray:
    """E [chi_km chi_ln] (points, K, K, K, K), averaged over permutations of units, as matrices of
    pairs (kl), (mn).
    """
    pairs = np.zeros((len(matrix), units, units, units, units))
    orders = list(itertools.permutations(range(units)))
    for order in orders:
        pairs += matrix[(slice(None), *np.ix_(*(order,) * 4))] / len(orders)
    return pairs.reshape(-1, units**2, units**2)
