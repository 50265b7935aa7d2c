"""The replica-symmetric theory of a student whose inverse temperature, or correlation of receptive
fields, is not its teacher's: one hidden unit by `unmatched_one`, more by `unmatched_units`.
"""

from __future__ import annotations

import numpy as np

from replicon._declare import controls_tuple
from replicon.rbm import unmatched_one, unmatched_units
from replicon.rbm.clusters import pair_mean
from replicon.rbm.unmatched_passing import BEGIN, SETTLED

_OF_ONE = ("load", "inverse_temperature", "teacher_inverse_temperature")
_NUMBERS = (*_OF_ONE, "hidden", "correlation", "student_correlation")
# Of growth factors where a branch has just left another: two that coincide are known to the root
# of the rounding of a product.
_ROUNDING = 1e-7
_OF_PAIRS = ("cross_overlap", "cross_replica_overlap", "receptive_overlap")
_WORDS = ("branch", "reason")


def as_arrays(controls):
    """The numbers among the controls, arrays of one shape."""
    given = [np.asarray(getattr(controls, name), float) for name in _NUMBERS]
    return controls_tuple(_NUMBERS, np.broadcast_arrays(*given))


def rows_of(c, rows):
    """The controls at some of the points."""
    return type(c)(*(v[rows] for v in c))


def onsets(c, approximation: str) -> tuple[np.ndarray, np.ndarray]:
    """Loads at which the paramagnet becomes unstable to the spin glass and to the teacher's signal.

    Exact: beta^-4/S^2, (beta beta*)^-2/(S S*), S = [1 + (K - 1) p][1 + (K - 1) c(beta^2 p)] of the
    student, S* the same of the teacher's q and beta*; S = 1 for one unit. Hopfield: (1/beta^2 -
    1)^2, (1 - beta^2)/(beta beta*)^2; both zero from beta = 1 on, where there is no paramagnet.
    """
    square = c.inverse_temperature**2
    if approximation == "exact":
        own = _gain(c.student_correlation, square, c.hidden)
        told = _gain(c.correlation, c.teacher_inverse_temperature**2, c.hidden)
        with np.errstate(divide="ignore"):
            signal = 1 / (square * c.teacher_inverse_temperature**2 * own * told)
        return 1 / (square * own) ** 2, signal
    with np.errstate(divide="ignore"):
        signal = 1 / (square * c.teacher_inverse_temperature**2)
    soft = np.maximum(1 - square, 0.0)
    with np.errstate(invalid="ignore"):
        return (soft / square) ** 2, np.where(soft > 0, soft * signal, 0.0)


def _gain(correlation, square, units):
    """By how much correlated units answer a field on their sum more strongly, weights and hidden
    units together.
    """
    hidden = pair_mean(square * correlation, units)
    return (1 + (units - 1) * correlation) * (1 + (units - 1) * hidden)


def state(c, approximation: str, name: str) -> dict:
    """A branch at all points, with the growth factor of a small overlap with the teacher as
    `signal`; of more units than one with `entropy`, and `branch` where the name stands for several.
    """
    if name == "replica-symmetric":
        return _replica_symmetric(c, approximation)
    out: dict = {}
    for count in np.unique(c.hidden).astype(int):
        rows = c.hidden == count
        part = _of_units(rows_of(c, rows), approximation, name, count)
        for key, values in part.items():
            _at(out, key, c.load.shape)[rows] = values
    out["converged"] = out["converged"].astype(bool)
    return out


def _at(out: dict, key: str, shape) -> np.ndarray:
    blank = np.full(shape, "", object) if key in _WORDS else np.full(shape, np.nan)
    return out.setdefault(key, blank)


def _of_units(c, approximation: str, name: str, count: int) -> dict:
    """`state` of points that all have `count` hidden units."""
    unknown = np.full(c.load.shape, np.nan)
    if count > 1 and approximation == "exact":
        return unmatched_units.state(c, name, count)
    if count > 1:
        why = "approximation=hopfield is known for one hidden unit: give hidden=1"
    elif name in unmatched_units.OF_UNITS:
        why = "one hidden unit has no other to differ from: give branch=retrieval"
    else:
        one = controls_tuple(_OF_ONE, tuple(getattr(c, key) for key in _OF_ONE))
        found = unmatched_one.state(one, approximation, name)
        return {**found, **dict.fromkeys(_OF_PAIRS, unknown), "branch": name}
    return {
        **dict.fromkeys(unmatched_units.TOLD, unknown),
        "converged": np.zeros(c.load.shape, bool),
        "branch": name,
        "reason": why,
    }


def _replica_symmetric(c, approximation: str) -> dict:
    """Retrieval where there is such a state, else the spin glass, else the paramagnet; each only
    where small overlaps do not grow on it.
    """
    glass, signal = onsets(c, approximation)
    out: dict = {}
    chosen = np.full(c.load.shape, False)
    why = np.full(c.load.shape, "no state was found that small overlaps would not leave", object)
    begins = {
        "retrieval": c.load > np.minimum(glass, signal),
        "spin-glass": c.load > glass,
        "paramagnetic": c.load <= np.minimum(glass, signal),
    }
    for name, possible in begins.items():
        rows = possible & ~chosen
        if name == "retrieval":
            rows &= c.teacher_inverse_temperature > 0
        if not rows.any():
            continue
        found = state(rows_of(c, rows), approximation, name)
        good = found["converged"] & (found["longitudinal_stability"] > -_ROUNDING)
        taken = np.flatnonzero(rows)[good]
        chosen[taken] = True
        for key, values in found.items():
            _at(out, key, c.load.shape)[taken] = values[good]
        known = (rows_of(c, rows).hidden > 1) & ~good & (found["reason"] != "")
        why[np.flatnonzero(rows)[known]] = found["reason"][known]
    return {
        **out,
        "converged": chosen,
        "reason": np.where(chosen, "", why),
    }


def entropy(c, approximation: str, out: dict) -> np.ndarray:
    """S_w, (points,), of the weights given the data, from what else is known of states `out`."""
    known = out.get("entropy", np.full(c.load.shape, np.nan)).copy()
    rows = (c.hidden == 1) & out["converged"]
    if rows.any():
        part = {key: values[rows] for key, values in out.items()}
        known[rows] = unmatched_one.entropy(rows_of(c, rows), approximation, part)
    return np.where(out["converged"], known, np.nan)


def convergence_time(c, out: dict) -> np.ndarray:
    """Sweeps of message passing in the paramagnet, (points,), NaN elsewhere and for more than one
    hidden unit: small means contract by sqrt(1 - replicon) a sweep, which is beta^2 sqrt(alpha) for
    the exact student.

    From random means of deviation 0.1 to a mean change of 1e-6. NaN also where the teacher's
    direction contracts more slowly. Referee: message passing (tests/rbm).
    """
    turn = np.clip(1 - out["replicon"], 0.0, np.inf)
    noise = np.sqrt(c.load) * c.teacher_inverse_temperature**2 <= 1
    known = out["converged"] & (out["overlap"] == 0) & (turn < 1) & noise & (c.hidden == 1)
    with np.errstate(divide="ignore"):
        rate = -np.log(np.where(known, turn, 0.5)) / 2
    return np.where(known, np.log(BEGIN / SETTLED) / rate, np.nan)


def solve(controls, branch: str) -> dict:
    """Arrays (points,): see `Model`.

    `free_entropy`: (1/N) <ln Z>, Z = sum over weights of 2^(K N) times the prior and prod_a prod_k
    cosh(beta X_ka)/[e^(K beta^2/2) C(R)], C(R) the mean of exp(beta^2 sum_{k<l} R_kl h_k h_l) over
    hidden units, 1 for one; approximation=hopfield: of prod_a exp(beta^2 X_a^2/2), without a norm.
    Entropies in nats per visible unit, relative error 1e-11 of max(1, load), 1e-6 of more units
    than one. `stable` from the growth of small overlaps and of small differences of units, and from
    the replicon; a state that breaks replica symmetry goes on and is approximate.

    Source: Huang & Toyoizumi, PRE 94, 062310 (2016); Huang, J. Stat. Mech. 053302 (2017); more
    units: Hou, Wong & Huang (2019), teacher and student told apart. Referee: enumeration of all
    weights and message passing (tests/rbm/test_rbm_unmatched.py, test_rbm_unmatched_units.py).
    """
    c = as_arrays(controls)
    out = state(c, controls.approximation, branch)
    told = {
        **out,
        "entropy": entropy(c, controls.approximation, out),
        "convergence_time": convergence_time(c, out),
    }
    return {key: values for key, values in told.items() if key not in unmatched_units.GROWTHS}
