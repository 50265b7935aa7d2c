"""Theory of random recurrent networks in motion: dynamical mean field, stationary or in
two times.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.interpolate import CubicHermiteSpline

from replicon._declare import controls_tuple
from replicon._errors import DivergenceError
from replicon.recurrent import stationary_dynamics
from replicon.recurrent.nonlinearity import Nonlinearity, nonlinearity
from replicon.recurrent.two_time import two_time
from replicon.theory.points import evaluate
from replicon.theory.transition import zero

LAGS = np.linspace(0.0, 20.0, 81)
_NUMBERS = ("gain", "symmetry", "noise", "rank_one", "window", "trajectories")


def _arrays(controls):
    values = np.broadcast_arrays(*(np.asarray(getattr(controls, name), float) for name in _NUMBERS))
    return controls._replace(**dict(zip(_NUMBERS, values, strict=True)))


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
    value, sides = at["value"][0], at["sides"][0]
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
    at, symmetry = around_zero(phi), np.asarray(symmetry, float)
    if at.value:
        return np.full(symmetry.shape, np.nan)
    axis = 1 + (np.abs(symmetry) if time == "discrete" else symmetry)
    with np.errstate(divide="ignore"):
        return np.where(at.corner & (symmetry != 0), np.nan, 1 / (np.sqrt(at.square) * axis))


def solve(controls, branch: str) -> dict:
    """Arrays (points,), and `autocorrelation` <x(t) x(t + lag)> - <x>^2 at the lags `lag`, (points,
    81).
    """
    controls = _arrays(controls)
    return (_stationary if branch == "stationary" else _two_time)(controls)


def _stationary(controls) -> dict:
    phi = nonlinearity(controls.nonlinearity)
    c = controls_tuple(
        ("gain", "noise", "rank_one"), (controls.gain, controls.noise, controls.rank_one)
    )
    # Where a part of rank one holds up no mean activity, the network is as without it.
    plain = (
        evaluate(
            stationary_dynamics.point(phi, controls.time, True),
            c._replace(rank_one=0 * c.gain),
            batch=4,
        )
        if phi.odd
        else None
    )
    if plain is None or (controls.rank_one != 0).any():
        out = evaluate(stationary_dynamics.point(phi, controls.time, False), c, batch=4)
        if plain is not None:
            held = out["converged"] & (out["latent"] > 1e-6)
            out = {
                name: np.where(held.reshape(-1, *[1] * (v.ndim - 1)), v, plain[name])
                for name, v in out.items()
            }
    else:
        out = plain
    out = dict(out)
    edge_of_rest = onset(phi, controls.symmetry, controls.time)
    quiet = (controls.noise == 0) & (controls.gain < edge_of_rest) & (controls.rank_one == 0)
    symmetric = controls.symmetry != 0
    if (symmetric & quiet).any():
        # x = 0: the resolvent of the elliptic law.
        slope = around_zero(phi).slope
        resting = (
            2
            * slope
            / (1 + np.sqrt(np.maximum(1 - 4 * controls.gain**2 * controls.symmetry * slope**2, 0)))
        )
        radius = controls.gain / edge_of_rest
        with np.errstate(divide="ignore"):
            edge = radius - 1 if controls.time == "continuous" else np.log(radius)
        fixed = {
            "variance": 0.0,
            "plateau": 0.0,
            "latent": 0.0,
            "activity": 0.0,
            "response": resting,
            "lyapunov_exponent": edge,
        }
        for name, value in fixed.items():
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
    path = [out.pop(name, None) for name in ("path_time", "path_value", "path_slope")]
    out["autocorrelation"] = np.stack(
        [_at_lags(out, path, row, controls.time) for row in range(len(controls.gain))]
    )
    return {
        **out,
        "reason": np.where(
            out["converged"], "", np.where(reason == "", "no stationary state was found", reason)
        ),
    }


def _impossible(phi: Nonlinearity, controls, out: dict) -> np.ndarray:
    """For each point why its numbers cannot be right, or '': averages against a plain sum over
    20,001 places, bounds, stability.
    """
    z = np.linspace(-9.0, 9.0, 20001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    reason = np.full(len(controls.gain), "", object)
    for row in np.flatnonzero(out["converged"]):
        variance, mean = out["variance"][row], controls.rank_one[row] * out["latent"][row]
        with jax.enable_x64(True):
            x = jnp.asarray(mean + np.sqrt(max(variance, 0.0)) * z)
            value, slope = np.asarray(phi.function(x)), np.asarray(phi.slope(x))
        room = 1e-4 * (1 if variance + abs(mean) > 0 else np.inf)
        missed = abs(weight @ value**2 - out["activity"][row]) > room * (weight @ value**2 + 1e-12)
        if not controls.symmetry[row]:
            missed |= abs(weight @ slope - out["response"][row]) > room * (
                np.abs(slope) @ weight + 1e-12
            )
        if missed:
            reason[row] = (
                "phi bends more sharply than its `breaks` tell, so that averages over it are wrong:"
                " give it more of them"
            )
        elif not -1e-9 <= out["plateau"][row] <= variance * (1 + 1e-9) + 1e-9:
            reason[row] = (
                "the numbers found are no solution, since their plateau,"
                f" {out['plateau'][row]:.6g}, is not within the variance"
            )
        elif controls.time == "continuous" and out["lyapunov_exponent"][row] < -1 - 1e-9:
            reason[row] = (
                "the numbers found are no solution, since their Lyapunov exponent is below -1"
            )
        elif (
            phi.odd
            and out["latent"][row] == 0
            and controls.rank_one[row] * out["response"][row] > 1 + 1e-6
        ):
            reason[row] = (
                "the state with a mean activity was not found, and the one without is unstable"
            )
        elif (
            controls.time == "discrete"
            and phi.odd
            and out["latent"][row] == 0
            and controls.rank_one[row] * out["response"][row] < -1
        ):
            reason[row] = (
                "the mean activity oscillates in discrete time, so that no stationary state is"
                " stable: take branch two-time"
            )
    return reason


def _at_lags(out: dict, path: list, row: int, time: str) -> np.ndarray:
    variance, plateau = out["variance"][row], out["plateau"][row]
    if time == "discrete":
        return np.where(np.floor(LAGS) == LAGS, np.where(LAGS == 0, variance, plateau), np.nan)
    if not np.isfinite(variance) or variance - plateau < 1e-12:
        return np.full(LAGS.shape, variance)
    clock, value, speed = (part[row][::-1] for part in path)
    keep = (
        clock > np.maximum.accumulate(np.r_[0.0, clock[:-1]]) + 1e-5
    )  # in time order, apart from rounding at lag 0
    if not keep.any():
        return np.full(LAGS.shape, variance)  # so near the onset that nothing has moved yet
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
    rank_one, symmetry = float(controls.rank_one[row]), float(controls.symmetry[row])
    discrete = controls.time == "discrete"
    settings = {
        "gain": float(controls.gain[row]),
        "symmetry": symmetry,
        "noise": float(controls.noise[row]),
        "rank_one": rank_one,
        "time": controls.time,
        "duration": float(controls.window[row]),
        "trajectories": int(controls.trajectories[row]) if symmetry else None,
        "start_mean": float(rank_one != 0),
    }
    try:
        found = two_time(phi, **settings)
        measured = _window(found, discrete)
        coarse = (
            measured
            if discrete
            else _window(two_time(phi, **settings, step=2 * found.times[1]), discrete)
        )
    except DivergenceError as error:
        blank = dict.fromkeys(("variance", "activity", "response", "latent"), np.nan)
        lags = {"autocorrelation": np.full(LAGS.shape, np.nan)}
        rest = {
            "plateau": np.nan,
            "lyapunov_exponent": np.nan,
            "time_step_error": np.nan,
            "converged": False,
        }
        return {**blank, **lags, **rest, "reason": str(error).rstrip(".")}
    # Steps of second order: halving one removes three quarters of its error, a third of what
    # doubling adds.
    bound = float(np.abs(phi.function(np.linspace(-30.0, 30.0, 121))).max())
    scale = {
        "variance": measured["variance"],
        "activity": measured["activity"],
        "latent": bound,
        "response": abs(measured["response"]),
    }
    errors = [
        abs(measured[name] - coarse[name]) / 3 / (abs(size) + 1e-3) for name, size in scale.items()
    ]
    error = max(errors)
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
    return {
        **measured,
        "plateau": np.nan,
        "lyapunov_exponent": np.nan,
        "time_step_error": error,
        "converged": reason == "",
        "reason": reason,
    }


def _positive(found) -> bool:
    """Whether variances are not negative and covariances no larger than they allow."""
    spread = found.state - np.outer(found.mean, found.mean)
    for matrix in (spread, found.correlation):
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
    half, count, step = len(found.times) // 2, len(found.times), found.times[1]
    spread = found.state - np.outer(found.mean, found.mean)
    lags = np.rint(LAGS / step).astype(int)
    # The trapezoid rule, corrected for the jump of the response at lag 0, behind which it falls
    # like exp(-lag).
    weight = np.full(count, step)
    if not discrete:
        weight[[0, -1]] *= 0.5
        weight[-1] -= step**2 / 12
    return {
        "variance": np.diag(spread)[half:].mean(),
        "activity": np.diag(found.correlation)[half:].mean(),
        "response": found.response[-1] @ weight,
        "latent": found.latent[half:].mean(),
        "autocorrelation": [
            (
                np.diag(spread, -k)[max(half - k, 0) :].mean()
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
    controls = _arrays(controls)
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
        value, there = np.where(plain, value, found.value), there | (rest & found.converged)
    return np.where(there, value, np.nan), there, reason
