"""Theory of random recurrent networks in motion: dynamical mean field, stationary or in
two times.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._declare import controls_tuple
from replicon._errors import DivergenceError
from replicon.recurrent import stationary_dynamics
from replicon.recurrent.nonlinearity import Nonlinearity, nonlinearity
from replicon.recurrent.two_time import two_time
from replicon.theory.points import evaluate
from replicon.theory.transition import zero

LAGS = np.linspace(0.0, 20.0, 81)
# Points that are as quick alone, compiled in half the time (2.5 -> 1.3 s, 6.5 -> 3.5 s with a
# plateau) to run 1.1 times as long.
_ONE_BY_ONE: Any = {"batch": 1, "how": "plain"}
_HELD = 1e-6  # mean activity above which a part of rank one holds it up
# Of averages beside a plain sum: panels that see every bend of phi agree much better.
_MISSED = 1e-4
_ROUNDING = 1e-9  # of bounds that a solution must obey


class Around(NamedTuple):
    """Phi near 0: phi(0), zero where it is so to rounding; its slope and squared slope, means over
    both sides; is there a corner?
    """

    value: float
    slope: float
    square: float
    corner: bool


def around_zero(phi: Nonlinearity) -> Around:
    """What linear theory around x = 0 reads of phi."""

    def one(x):
        sides = phi.slope(x + np.array([-1e-9, 1e-9]))
        return {
            "value": phi.function(x),
            "scale": jnp.abs(phi.function(x + np.array([-1.0, 1.0]))).max(),
            "sides": sides,
        }

    at = evaluate(one, np.zeros(1))
    value = at["value"][0]
    sides = at["sides"][0]
    rounding = 8 * np.finfo(float).eps * at["scale"][0]
    corner = abs(sides[1] - sides[0]) > 1e-6 * np.abs(sides).max()
    slope = sides.mean() if corner else sides[0]
    return Around(
        float(value) if abs(value) > rounding else 0.0,
        float(slope),
        float((sides**2).mean()),
        bool(corner),
    )


def onset(phi: Nonlinearity, symmetry, time: str = "continuous") -> np.ndarray:
    """The gain at which x = 0 becomes unstable, 1/(|phi'(0)| (1 + symmetry)): the elliptic law's
    right end reaches 1. In discrete time its longer semi-axis does, 1 + |symmetry|.

    Of a phi with a corner at 0 without symmetry: phi'^2 averaged over its two sides; NaN with
    symmetry, where more than the mean counts, and where phi(0) != 0. Infinite where nothing makes x
    = 0 unstable.
    """
    at = around_zero(phi)
    symmetry = np.asarray(symmetry, float)
    if at.value:
        return np.full(symmetry.shape, np.nan)
    axis = 1 + (np.abs(symmetry) if time == "discrete" else symmetry)
    with np.errstate(divide="ignore"):
        return np.where(at.corner & (symmetry != 0), np.nan, 1 / (np.sqrt(at.square) * axis))


def solve(controls, branch: str) -> dict:
    """Arrays (points,), and `autocorrelation` <x(t) x(t + lag)> - <x>^2 at the lags `lag`, (points,
    81).
    """
    return (_stationary if branch == "stationary" else _two_time)(controls)


def _stationary(controls) -> dict:
    phi = nonlinearity(controls.nonlinearity)
    out = _potential(phi, controls)
    quiet = _quiet(phi, controls)
    symmetric = controls.symmetry != 0
    if (symmetric & quiet).any():
        for name, value in _rest(phi, controls).items():
            out[name] = np.where(symmetric & quiet, value, out[name])
    # In discrete time a perturbation may vanish at once.
    vanishes = (controls.time == "discrete") & np.isneginf(out["lyapunov_exponent"])
    out["lyapunov_exponent"] = np.where(vanishes, np.nan, out["lyapunov_exponent"])
    out["converged"] = (
        out["converged"] & (~symmetric | quiet) & (vanishes | np.isfinite(out["lyapunov_exponent"]))
    )
    reason = np.where(
        symmetric & ~quiet,
        "couplings with symmetry have no potential once they move: take branch two-time",
        "",
    )
    impossible = _impossible(phi, controls, out)
    out["converged"] &= impossible == ""
    reason = np.where((reason == "") & (impossible != ""), impossible, reason)
    reason = np.where(reason == "", "no stationary state was found", reason)
    path = [out.pop(name, None) for name in ("path_time", "path_value", "path_slope")]
    out["autocorrelation"] = np.stack(
        [_at_lags(out, path, row, controls.time) for row in range(len(controls.gain))]
    )
    return {**out, "reason": np.where(out["converged"], "", reason)}


def _potential(phi: Nonlinearity, controls) -> dict:
    """The stationary states of couplings without symmetry."""
    c = controls_tuple(
        ("gain", "noise", "rank_one"), (controls.gain, controls.noise, controls.rank_one)
    )
    general = stationary_dynamics.point(phi, controls.time, False)
    if not phi.odd:
        return dict(evaluate(general, c, **_ONE_BY_ONE))
    # Where a part of rank one holds up no mean activity, the network is as without it.
    centred = stationary_dynamics.point(phi, controls.time, True)
    plain = evaluate(centred, c._replace(rank_one=0 * c.gain), **_ONE_BY_ONE)
    if not (controls.rank_one != 0).any():
        return dict(plain)
    out = evaluate(general, c, **_ONE_BY_ONE)
    held = out["converged"] & (out["latent"] > _HELD)
    return {
        name: np.where(held.reshape(-1, *[1] * (v.ndim - 1)), v, plain[name])
        for name, v in out.items()
    }


def _quiet(phi: Nonlinearity, controls) -> np.ndarray:
    """Where x = 0 is stable, without noise and part of rank one."""
    still = (controls.noise == 0) & (controls.rank_one == 0)
    return still & (controls.gain < onset(phi, controls.symmetry, controls.time))


def _rest(phi: Nonlinearity, controls) -> dict:
    """X = 0: the resolvent of the elliptic law."""
    slope = around_zero(phi).slope
    root = np.sqrt(np.maximum(1 - 4 * controls.gain**2 * controls.symmetry * slope**2, 0))
    radius = controls.gain / onset(phi, controls.symmetry, controls.time)
    with np.errstate(divide="ignore"):
        edge = radius - 1 if controls.time == "continuous" else np.log(radius)
    return {
        "variance": 0.0,
        "plateau": 0.0,
        "latent": 0.0,
        "activity": 0.0,
        "response": 2 * slope / (1 + root),
        "lyapunov_exponent": edge,
    }


def _impossible(phi: Nonlinearity, controls, out: dict) -> np.ndarray:
    """For each point why its numbers cannot be right, or ''."""
    reason = np.full(len(controls.gain), "", object)
    for row in map(int, np.flatnonzero(out["converged"])):
        if _misses(phi, controls, out, row):
            reason[row] = (
                "phi bends more sharply than its `breaks` tell, so that averages over it are wrong:"
                " give it more of them"
            )
        else:
            reason[row] = _forbidden(phi, controls, out, row)
    return reason


def _misses(phi: Nonlinearity, controls, out: dict, row: int) -> bool:
    """Whether averages differ from a plain sum over 20,001 places."""
    z = np.linspace(-9.0, 9.0, 20001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    variance = out["variance"][row]
    mean = controls.rank_one[row] * out["latent"][row]
    if not variance + abs(mean) > 0:
        return False
    with jax.enable_x64(True):
        x = jnp.asarray(mean + np.sqrt(max(variance, 0.0)) * z)
        value = np.asarray(phi.function(x))
        slope = np.asarray(phi.slope(x))
    activity = (weight * value**2).sum()
    missed = abs(activity - out["activity"][row]) > _MISSED * (activity + 1e-12)
    if not controls.symmetry[row]:
        room = _MISSED * ((weight * np.abs(slope)).sum() + 1e-12)
        missed |= abs((weight * slope).sum() - out["response"][row]) > room
    return bool(missed)


def _forbidden(phi: Nonlinearity, controls, out: dict, row: int) -> str:
    """Which bound a solution breaks, or which instability it has; '' where none."""
    variance = out["variance"][row]
    plateau = out["plateau"][row]
    if not -_ROUNDING <= plateau <= variance * (1 + _ROUNDING) + _ROUNDING:
        return (
            "the numbers found are no solution, since their plateau,"
            f" {plateau:.6g}, is not within the variance"
        )
    if controls.time == "continuous" and out["lyapunov_exponent"][row] < -1 - _ROUNDING:
        return "the numbers found are no solution, since their Lyapunov exponent is below -1"
    if not phi.odd or out["latent"][row] != 0:
        return ""
    growth = controls.rank_one[row] * out["response"][row]
    if growth > 1 + 1e-6:
        return "the state with a mean activity was not found, and the one without is unstable"
    if controls.time == "discrete" and growth < -1:
        return (
            "the mean activity oscillates in discrete time, so that no stationary state is"
            " stable: take branch two-time"
        )
    return ""


def _at_lags(out: dict, path: list, row: int, time: str) -> np.ndarray:
    variance = out["variance"][row]
    plateau = out["plateau"][row]
    if time == "discrete":
        whole = np.floor(LAGS) == LAGS
        return np.where(whole, np.where(LAGS == 0, variance, plateau), np.nan)
    if not np.isfinite(variance) or variance - plateau < 1e-12:
        return np.full(LAGS.shape, variance)
    clock, value, speed = (part[row][::-1] for part in path)
    # In time order, apart from rounding at lag 0.
    keep = clock > np.maximum.accumulate(np.r_[0.0, clock[:-1]]) + 1e-5
    if not keep.any():
        return np.full(LAGS.shape, variance)  # so near the onset that nothing has moved yet
    from scipy.interpolate import CubicHermiteSpline  # a third of a second, for those who need it

    first = 0.0 if speed[0] > -1e-3 * variance else speed[0]
    curve = CubicHermiteSpline(
        np.r_[0, clock[keep]], np.r_[variance, value[keep]], np.r_[first, speed[keep]]
    )
    last = clock[keep][-1]
    return np.where(last >= LAGS, curve(np.minimum(LAGS, last)), plateau)


def _two_time(controls) -> dict:
    """Averages over the second half of the window; with symmetry sampled, from seed 0.
    `time_step_error`: what halving the step would change, relative, by comparison with twice the
    step.
    """
    phi = nonlinearity(controls.nonlinearity)
    rows = [_two_time_row(phi, controls, row) for row in range(len(controls.gain))]
    return {name: np.array([one[name] for one in rows]) for name in rows[0]}


def _two_time_row(phi: Nonlinearity, controls, row: int) -> dict:
    symmetry = float(controls.symmetry[row])
    discrete = controls.time == "discrete"
    settings = {
        "gain": float(controls.gain[row]),
        "symmetry": symmetry,
        "noise": float(controls.noise[row]),
        "rank_one": float(controls.rank_one[row]),
        "time": controls.time,
        "duration": float(controls.window[row]),
        "trajectories": int(controls.trajectories[row]) if symmetry else None,
        "start_mean": float(controls.rank_one[row] != 0),
    }
    unknown = {"plateau": np.nan, "lyapunov_exponent": np.nan}
    try:
        found = two_time(phi, **settings)
        measured = _window(found, discrete)
        coarse = measured
        if not discrete:
            coarse = _window(two_time(phi, **settings, step=2 * found.times[1]), discrete)
    except DivergenceError as lost:
        blank = dict.fromkeys(("variance", "activity", "response", "latent"), np.nan)
        lags = {"autocorrelation": np.full(LAGS.shape, np.nan)}
        rest = {"time_step_error": np.nan, "converged": False, "reason": str(lost).rstrip(".")}
        return blank | lags | unknown | rest
    error = _step_error(phi, measured, coarse)
    room = 0.02 + (3 / np.sqrt(settings["trajectories"]) if symmetry else 0.0)
    reason = ""
    if not error <= room:
        reason = (
            f"a time step of {found.times[1]:g} is too long for such fast motion (halving it would"
            f" change {error:.0%})"
        )
    elif not _positive(found):
        reason = (
            "the covariances found are those of no random process: the time step is too long for"
            " such fast motion"
        )
    rest = {"time_step_error": error, "converged": reason == "", "reason": reason}
    return measured | unknown | rest


def _step_error(phi: Nonlinearity, measured: dict, coarse: dict) -> float:
    """What halving the step would change, relative, the largest of all. Steps of second order:
    halving one removes three quarters of its error, a third of what doubling adds.
    """
    bound = float(np.abs(phi.function(np.linspace(-30.0, 30.0, 121))).max())
    scale = {
        "variance": measured["variance"],
        "activity": measured["activity"],
        "latent": bound,
        "response": abs(measured["response"]),
    }
    return max(
        abs(measured[name] - coarse[name]) / 3 / (abs(size) + 1e-3) for name, size in scale.items()
    )


def _positive(found) -> bool:
    """Whether variances are not negative and covariances no larger than they allow."""
    covariance = found.state - np.outer(found.mean, found.mean)
    for matrix in (covariance, found.correlation):
        variance = np.diag(matrix)
        room = 1e-9 * (1 + np.abs(variance).max())
        if (variance < -room).any():
            return False
        size = np.sqrt(np.maximum(variance, 0.0))
        if (np.abs(matrix) > 1.001 * np.outer(size, size) + room).any():
            return False
    return True


def _window(found, discrete: bool) -> dict:
    """Averages over the second half of the times."""
    count = len(found.times)
    half = count // 2
    step = found.times[1]
    covariance = found.state - np.outer(found.mean, found.mean)
    lags = np.rint(LAGS / step).astype(int)
    # The trapezoid rule, corrected for the jump of the response at lag 0, behind which it falls
    # like exp(-lag).
    weight = np.full(count, step)
    if not discrete:
        weight[[0, -1]] *= 0.5
        weight[-1] -= step**2 / 12
    return {
        "variance": np.diag(covariance)[half:].mean(),
        "activity": np.diag(found.correlation)[half:].mean(),
        "response": found.response[-1] @ weight,
        "latent": found.latent[half:].mean(),
        "autocorrelation": [
            (
                np.diag(covariance, -k)[max(half - k, 0) :].mean()
                if k < count and abs(k * step - lag) < 1e-9
                else np.nan
            )
            for k, lag in zip(lags, LAGS, strict=True)
        ],
    }


def find_chaos(controls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gain beyond which the largest Lyapunov exponent is positive; with symmetry the gain that
    ends x = 0 (no noise, M = 0).
    """
    phi = nonlinearity(controls.nonlinearity)
    value = onset(phi, controls.symmetry, controls.time)
    plain = (controls.noise == 0) & (controls.rank_one == 0) & ~np.isnan(value)
    there = plain & np.isfinite(value)
    reason = np.full(value.shape, "", object)
    flat = "phi'(0) is zero, so that x = 0 stays stable at any gain"
    turning = (
        "with symmetry -1 all eigenvalues of the couplings are imaginary, so that x = 0 stays"
        " stable at any gain"
    )
    reason[plain & ~there] = flat if around_zero(phi).square == 0 else turning
    rest = ~plain & (controls.symmetry == 0)
    if rest.any():

        def at(gain):
            out = _stationary(controls._replace(gain=gain))
            return out["lyapunov_exponent"], out["converged"]

        # A corner or a mean activity: from the gain of the last stable fixed point on.
        found = zero(at, np.full(value.shape, 0.05), np.full(value.shape, 50.0), geometric=True)
        value = np.where(plain, value, found.value)
        there |= rest & found.converged
    return np.where(there, value, np.nan), there, reason
