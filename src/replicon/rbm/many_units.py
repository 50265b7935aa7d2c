"""The branches of a student with three hidden units or more, for every point of a grid; where
learning begins for any number of them.
"""

from __future__ import annotations

import math

import numpy as np

from replicon.rbm.clusters import pair_mean, prior_coupling, states
from replicon.rbm.grids import LARGEST, Grid, full_grid, sum_grid
from replicon.rbm.instance import log_cosh
from replicon.rbm.single import one_unit
from replicon.rbm.units import Given, learned
from replicon.theory.gaussian import nodes
from replicon.theory.points import evaluate

_UNMATCHED = ("signal", "thermodynamic_entropy", "turn")
_ERROR = 1e-6  # of an order parameter, the most by which two grids may differ


def onset(c) -> np.ndarray:
    """The load at which learning begins, for every K: 1/beta^4 over (1 + (K - 1) v), v each of q,
    c(beta^2 q), p, c(beta^2 p).

    The student takes the teacher's correlation q for p: q (informed) or 0 (uniform), and c(J) is
    `pair_mean`, tanh J for two units.
    Source: largest eigenvalues of the covariances of weights and hidden units, each of which acts
    on both sides of T. Referee: growth of the map at K = 3, 4 (tests/rbm/test_rbm_units.py).
    """
    units = c.hidden
    square = c.inverse_temperature**2
    out = 1 / square**2
    for v in (c.correlation, c.guess):
        out = out / (1 + (units - 1) * v) / (1 + (units - 1) * pair_mean(square * v, units))
    return out


def random_guess(c, units: int) -> dict:
    """The state in which nothing is learned, at every point: the student's prior."""
    spins, products = states(units)
    pairs = products.sum(axis=1)
    square = c.inverse_temperature[:, None] ** 2
    most = units * (units - 1) / 2

    def law(coupling):
        exponent = coupling[:, None] * pairs
        log_sum = np.logaddexp.reduce(exponent, axis=1)
        return np.exp(exponent - log_sum[:, None]), log_sum - units * math.log(2)

    chance, log_norm = law(square[:, 0] * c.guess)
    others = spins[:, 0] * spins[:, 1:].sum(axis=1)
    # X_1 in the direction of its own hidden unit, normal about beta (1 + p sum of the others).
    centre = square * (1 + c.guess[:, None] * others)
    node, weight = nodes(161, 8.0)
    blurred = log_cosh(centre[..., None] + np.sqrt(square)[..., None] * node) @ weight
    likelihood = units * (chance * blurred).sum(axis=1)
    norm = units * square[:, 0] / 2 + log_norm
    # sum_k <beta h_k X_k>
    energy = units * (chance * centre).sum(axis=1)
    own = most * c.guess_coupling * c.guess - law(c.guess_coupling)[1] - units * math.log(2)
    none = np.zeros(len(c.load))
    overlaps = ("teacher_overlap", "cross_overlap", "overlap", "cross_replica_overlap")
    entropy = -own - c.load * (likelihood - norm)
    return {
        **dict.fromkeys(overlaps, none),
        "receptive_overlap": c.guess,
        "free_entropy": none,
        "entropy": entropy,
        "thermodynamic_entropy": entropy + c.load * (likelihood - energy),
    }


def given(c, kept: tuple[int, int, int] = (1, 1, 1)) -> Given:
    """What these functions read, of controls (points,) that all have the same number of units;
    `kept`: which of P, D and B.
    """
    units = c.hidden
    return Given(
        c.load,
        c.inverse_temperature,
        c.inverse_temperature,
        c.correlation,
        prior_coupling(c.correlation, units),
        c.guess,
        prior_coupling(c.guess, units),
        *(np.full_like(c.load, keep) for keep in kept),
    )


def state(c, name: str, units: int) -> dict:
    """A branch by its name, arrays (points,), with `reason` where there is none of it that is
    known.
    """
    if name == "random-guess":
        return _matched(random_guess(given(c), units))
    if name == "symmetric":
        return _matched(evaluated(given(c, (1, 0, 0)), units))
    apart = (c.correlation == 0) & (name == "permutation-broken")
    out = {"reason": np.full(apart.shape, "", object)}
    for rows, function in ((apart, _apart), (~apart, _together)):
        if rows.any():
            part = function(type(c)(*(v[rows] for v in c)), name, units)
            for key, values in part.items():
                out.setdefault(key, np.full(apart.shape, np.nan))[rows] = values
    return out


def _matched(out: dict) -> dict:
    """What is told of a student whose inverse temperature is its teacher's."""
    return {name: v for name, v in out.items() if name not in _UNMATCHED}


def alike(c: Given) -> bool:
    """Whether the units' sum alone is learned, at all points: then one dimension is left."""
    return not np.any(c.keeps_difference_square)


def grid_of(c: Given, units: int) -> Grid:
    """The grids on which states of these points are solved."""
    return sum_grid(units) if alike(c) else full_grid(units)


def evaluated(c: Given, units: int) -> dict:
    """`learned` at every point; points on which two grids do not agree are solved on finer ones,
    and what these do not agree on either is no solution.
    """
    grid = grid_of(c, units)
    coarse = grid if alike(c) else full_grid(units, "coarse")
    out = _measured(c, grid, coarse)
    unsure = out["converged"] & (out["shift"] >= _ERROR)
    if not alike(c) and unsure.any():
        better = _measured(Given(*(v[unsure] for v in c)), full_grid(units, "finer"), coarse)
        for name, values in better.items():
            out[name][unsure] = values
    shift = out.pop("shift")
    exact = shift < _ERROR
    reason = [
        f"its quadrature errs by {error:.0e} here, more than {_ERROR:.0e}" if bad else ""
        for error, bad in zip(shift, out["converged"] & ~exact)
    ]
    return {**out, "converged": out["converged"] & exact, "reason": np.array(reason, object)}


def _measured(c: Given, grid: Grid, coarse: Grid) -> dict:
    points = len(c.load)
    grids = [Grid(*(np.broadcast_to(v, (points, *v.shape)) for v in g)) for g in (grid, coarse)]
    # As quick as compiled with all of XLA's work, and there sooner by 2 s.
    out = evaluate(learned, c, *grids, batch=1, how="plain")
    return {**out, "converged": out["converged"].astype(bool)}


def _apart(c, name: str, units: int) -> dict:
    """Teachers without correlation: every unit is learned as if it were alone."""
    out = evaluate(one_unit, c, batch=1)
    none = np.zeros(len(c.load))
    return {
        **out,
        "converged": out["converged"].astype(bool),
        "cross_overlap": none,
        "cross_replica_overlap": none,
        "receptive_overlap": none,
        "free_entropy": units * out["free_entropy"],
        "entropy": units * out["entropy"],
        "student": np.full(len(c.load), np.nan),
        "teacher": np.full(len(c.load), np.nan),
        "reason": np.full(len(c.load), "", object),
    }


def _together(c, name: str, units: int) -> dict:
    """Units that differ, in as many dimensions as there are."""
    if units <= LARGEST:
        at = given(c, (1, int(name == "permutation-broken"), 1))
        return _matched(evaluated(at, units))
    unknown = np.full(len(c.load), np.nan)
    names = ("teacher_overlap", "cross_overlap", "overlap", "cross_replica_overlap")
    names += ("receptive_overlap", "free_entropy", "entropy", "residual", "student", "teacher")
    return {
        **dict.fromkeys(names, unknown),
        "converged": np.zeros(len(c.load), bool),
        "reason": np.full(len(c.load), beyond(units), object),
    }


def beyond(units: int) -> str:
    """Why units that differ are not known for so many of them."""
    return (
        f"the states of {units} units that differ need an integral over {units} dimensions: give"
        f" hidden <= {LARGEST}, or correlation = 0, where each unit learns as if alone (the load at"
        " which learning begins is known for every number)"
    )
