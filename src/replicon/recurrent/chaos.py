"""Where trajectories of given couplings turn chaotic as these grow, with the evidence."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._arrays import real_array
from replicon._declare import Interval
from replicon._domains import check_argument
from replicon._errors import ConvergenceError, InputError
from replicon._seed import read_seed
from replicon.recurrent.couplings import certain, check_couplings, largest
from replicon.recurrent.evolution import TIMES, evolve
from replicon.recurrent.transfer import transfer

REACH = 8.0  # chaos is looked for up to so many times the gain of the instability
STEPS = 16  # of the scan, equal in the logarithm of the gain
# A Lyapunov exponent above counts as chaos: those of limit cycles, zero, are measured to about half
# of it.
POSITIVE = 0.01
DURATION = 200.0  # over which exponents are taken, after
TRANSIENT = 100.0
_HALVINGS = 6


class Chaos(NamedTuple):
    """Gains in units of the couplings given: `gain` g at which the first trajectory turns chaotic,
    the middle of the bracket (`low`, `high`); `threshold` that largest exponents must pass, per
    unit of time; `exponents` (2, starts) at both ends, of every start: none at `low` is above, one
    at least at `high` is. `onsets` (starts,): the gain at which each start alone turns chaotic, NaN
    where none did; `spread`, the largest less the smallest, NaN where one is.
    """

    gain: float
    low: float
    high: float
    threshold: float
    exponents: np.ndarray
    onsets: np.ndarray
    spread: float


def find_chaos(
    couplings: Any,
    *,
    function: Callable,
    slope: Callable | None = None,
    time: str = "continuous",
    gains: Any = None,
    starts: Any = 2,
    threshold: float = POSITIVE,
    duration: float = DURATION,
    transient: float = TRANSIENT,
    seed: Any = 0,
) -> Chaos:
    """The gain g at which trajectories of x' = -x + g J phi(x), or x(t+1) = g J phi(x(t)), turn
    chaotic: the first of a scan at which a largest Lyapunov exponent passes `threshold`, then six
    halvings in the logarithm.

    `couplings` J in any unit, which g then has; `function`, `slope`, `time` as in `evolve`.
    `gains`: the scan, ascending positive numbers; by default 17 from the instability of x = 0 to 8
    times that. `starts`: how many initial conditions, normal ones drawn from `seed`, or states
    (starts, N). Exponents are those of `evolve` over `duration` after `transient`, per unit of
    time. Several attractors and windows without chaos make what is found depend on starts and scan:
    compare `spread` with the bracket.

    Raises InputError for arguments outside their domains, and where x = 0 is stable at any gain and
    no `gains` are given; ConvergenceError where nothing is chaotic within the scan, or trajectories
    grow beyond all bounds.

    Source: Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988); exponents by Benettin et al.,
    Meccanica 15, 9 (1980). Referee: a map whose exponent is known, random networks, exponents at
    both ends by `evolve` (tests/recurrent).
    """
    couplings = check_couplings(couplings).astype(float)
    n = len(couplings)
    time = check_argument("time", time, TIMES)
    threshold = check_argument("threshold", threshold, Interval(), "of the largest exponent")
    if np.ndim(starts) == 0:
        count = check_argument("starts", starts, Interval(1, 1000, integer=True), "how many")
        states = np.random.default_rng(read_seed(seed)).standard_normal((count, n))
    else:
        states = real_array(
            "starts", starts, f"give a number, or states of shape (starts, {n})", shape=(None, n)
        )
    gains = _scan(couplings, function, slope, time) if gains is None else _ascending(gains)
    found = first_chaos(
        couplings,
        states,
        gains,
        threshold,
        function=function,
        slope=slope,
        time=time,
        duration=duration,
        transient=transient,
    )
    if np.isnan(found.gain):
        raise ConvergenceError(
            f"no trajectory turned chaotic (exponent > {threshold:g}) within the scan: give other"
            " gains, or more starts."
        )
    if found.low == gains[0] and found.exponents[0].max() > threshold:
        raise ConvergenceError(
            f"trajectories are chaotic at gain {found.low:g} already, where the scan begins: give"
            " gains that begin lower."
        )
    return found


def _ascending(gains: Any) -> np.ndarray:
    expected = "give two positive numbers or more, ascending"
    gains = real_array("gains", gains, expected, ndim=1)
    if len(gains) < 2 or gains[0] <= 0 or (np.diff(gains) <= 0).any():
        raise InputError(f"gains run from {gains[0]:g} to {gains[-1]:g}: {expected}.")
    return gains


def _scan(
    couplings: np.ndarray, function: Callable, slope: Callable | None, time: str
) -> np.ndarray:
    """Gains from the instability of x = 0 on."""
    phi = transfer(function, slope, (1,), continuous=True)
    assert phi.slope is not None
    with jax.enable_x64(True):
        rise = float(np.asarray(phi.slope(phi.constants[1], jnp.zeros(1)))[0])
    part = np.real if time == "continuous" else np.abs
    top = certain(*largest(rise * couplings, part))
    if not top > 0:
        raise InputError(
            "x = 0 is stable at any gain, so that no scan begins there: say by gains where to look"
            " for chaos."
        )
    return scan(top)


def scan(top: float) -> np.ndarray:
    """The gains (17,) of a scan, from that at which the leading eigenvalue `top` (real part, or
    modulus in discrete time) of phi'(0) J reaches one.
    """
    return np.geomspace(1.0, REACH, STEPS + 1) / top


def nowhere(threshold: float, starts: int) -> Chaos:
    """What is known where no trajectory turns chaotic: NaN but for the threshold."""
    alone = np.full(starts, np.nan)
    return Chaos(np.nan, np.nan, np.nan, threshold, np.array([alone, alone]), alone, np.nan)


def first_chaos(
    couplings: np.ndarray,
    starts: np.ndarray,
    gains: np.ndarray,
    threshold: float = POSITIVE,
    *,
    duration: float = DURATION,
    transient: float = TRANSIENT,
    **settings: Any,
) -> Chaos:
    """What `find_chaos` says of couplings (N, N) and starts (starts, N) along gains; `nowhere`
    where no trajectory is chaotic. `settings`: those of `evolve`.
    """
    settings = {**settings, "duration": duration, "transient": transient, "every": 1.0}
    known: dict[tuple[float, int], float] = {}

    def exponent(gain: float, number: int) -> float:
        if (gain, number) not in known:
            run = evolve(gain * couplings, starts[number], exponents=1, **settings)
            known[gain, number] = float(run.exponents[0])
        return known[gain, number]

    def alone(number: int) -> float:
        try:
            low, high = _bracket(lambda gain: exponent(gain, number) > threshold, gains)
        except ConvergenceError:
            return np.nan
        return float(np.sqrt(low * high))

    numbers = range(len(starts))
    low, high = _bracket(lambda gain: any(exponent(gain, k) > threshold for k in numbers), gains)
    if np.isnan(low):
        return nowhere(threshold, len(starts))
    onsets = np.array([alone(k) for k in numbers])
    return Chaos(
        float(np.sqrt(low * high)),
        low,
        high,
        threshold,
        np.array([[exponent(gain, k) for k in numbers] for gain in (low, high)]),
        onsets,
        float(onsets.max() - onsets.min()),
    )


def _bracket(chaotic: Callable[[float], bool], gains: np.ndarray) -> tuple[float, float]:
    """Between which gains a network turns chaotic first along ordered ones, after six halvings in
    the logarithm; NaN where nowhere.
    """
    for low, high in pairwise(map(float, gains)):
        if chaotic(high):
            for _ in range(_HALVINGS):
                middle = float(np.sqrt(low * high))
                if chaotic(middle):
                    high = middle
                else:
                    low = middle
            return low, high
    return np.nan, np.nan
