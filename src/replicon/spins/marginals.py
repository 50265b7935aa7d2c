"""What the methods of mean field are asked and give: checked arguments, and the `Marginals` that
are good only where all that they say can be true.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from replicon._arrays import real_array
from replicon._declare import Interval
from replicon._domains import check_argument
from replicon.spins.exact import TEMPERATURE, check_couplings
from replicon.spins.messages import Approach

_SLACK = 1e-9  # of an entropy per spin, for rounding


class Marginals(NamedTuple):
    """magnetization (N,); correlation: <s_i s_j> (edges,) on `edges` (edges, 2), from belief
    propagation only, else None.

    free_energy, energy, entropy: the method's own, all spins together; residual: how far the
    equations are from holding; iterations. converged: the equations hold, what they give is finite,
    0 <= entropy <= N ln 2, and, where the start was not given, the solution is no saddle; reason:
    what is not so, else ''. stable: the solution is a minimum of the method's free energy (for TAP,
    Plefka's condition holds too) or, in belief propagation, messages return to it; None: not known.
    """

    magnetization: np.ndarray
    correlation: np.ndarray | None
    edges: np.ndarray | None
    free_energy: float
    residual: float
    iterations: int
    converged: bool
    energy: float
    entropy: float
    stable: bool | None
    reason: str


class Asked(NamedTuple):
    """couplings (N, N), external fields (N,), temperature, and the start (N,), None for the
    default.
    """

    couplings: np.ndarray
    external: np.ndarray
    temperature: float
    start: np.ndarray | None


def judged(
    m, energy: float, entropy: float, T: float, end: Approach, stable, own_start: bool
) -> Marginals:
    """The result, `converged` only where everything it says can be true."""
    slack = _SLACK * len(m)
    reason = ""
    if not (np.isfinite(m).all() and math.isfinite(energy) and math.isfinite(entropy)):
        reason = "its numbers overflow"
    elif not end.settled:
        reason = f"the equations do not settle (residual {end.residual:.1g})"
    elif entropy < -slack:
        reason = f"its entropy is negative ({entropy:.3g}): the approximation does not hold here"
    elif entropy > len(m) * math.log(2) + slack:
        reason = (
            f"its entropy is above N ln 2 ({entropy:.3g}): the approximation does not hold here"
        )
    elif own_start and stable is False:
        reason = "no stable solution was found from the default start"
    return Marginals(
        m,
        None,
        None,
        energy - T * entropy,
        end.residual,
        int(end.steps),
        not reason,
        energy,
        entropy,
        stable,
        reason,
    )


def check_asked(couplings, external, temperature, start, damping, tolerance, iterations) -> Asked:
    """What every method is given, checked; InputError, one sentence, for what is not allowed."""
    T = check_argument("temperature", temperature, TEMPERATURE, "k_B = 1")
    check_argument("damping", damping, Interval(0, 1, open_high=True), "weight of the old value")
    check_argument(
        "tolerance",
        tolerance,
        Interval(0, 1, open_low=True, open_high=True),
        "error of the solution",
    )
    check_argument("iterations", iterations, Interval(1, integer=True), "at most so many")
    J, h = check_couplings(couplings, external)
    if start is not None:
        expected = f"give numbers from -1 to 1, one magnetization for each of the {len(h)} spins"
        start = np.clip(real_array("start", start, expected, shape=(len(h),)), -1.0, 1.0)
    return Asked(J, h, T, start)
