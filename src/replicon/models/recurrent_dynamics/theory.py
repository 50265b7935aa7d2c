"""Theory of random recurrent networks in motion: dynamical mean field, stationary or in two times."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from replicon._declare import controls_tuple
from replicon.theory import stationary_dynamics
from replicon.theory.branch import Found
from replicon.theory.nonlinearity import nonlinearity
from replicon.theory.points import evaluate
from replicon.theory.transition import zero
from replicon.theory.two_time import two_time

LAGS = np.linspace(0.0, 20.0, 81)
_NUMBERS = ("gain", "symmetry", "noise", "rank_one", "window", "trajectories")


def _arrays(controls):
    values = np.broadcast_arrays(*(np.asarray(getattr(controls, name), float) for name in _NUMBERS))
    return controls._replace(**dict(zip(_NUMBERS, values, strict=True)))


def onset(phi, symmetry) -> np.ndarray:
    """The gain at which x = 0 becomes unstable, 1/(phi'(0) (1 + symmetry)): the elliptic law's right end reaches 1.

    Of a phi with a corner at 0 without symmetry: phi'^2 averaged over its two sides. NaN where phi(0) != 0.
    """
    at = evaluate(_around_zero(phi), np.zeros(1))
    if abs(at["value"][0]) > 0:
        return np.full(np.shape(symmetry), np.nan)
    with np.errstate(divide="ignore"):
        return 1 / (np.sqrt(at["square"][0]) * (1 + np.asarray(symmetry, float)))


def _around_zero(phi):
    if phi not in _AROUND:

        def one(x):
            sides = phi.slope(x + np.array([-1e-9, 1e-9]))
            return {"value": phi.function(x), "square": (sides**2).mean()}

        _AROUND[phi] = one
    return _AROUND[phi]


_AROUND: dict = {}


def solve(controls, branch: str) -> dict:
    """Arrays (points,), and `autocorrelation` <x(t) x(t + lag)> - <x>^2 at the lags `lag`, (points, 81)."""
    controls = _arrays(controls)
    return (_stationary if branch == "stationary" else _two_time)(controls)


def _stationary(controls) -> dict:
    phi = nonlinearity(controls.nonlinearity)
    c = controls_tuple(("gain", "noise", "rank_one"), (controls.gain, controls.noise, controls.rank_one))
    # Where a part of rank one holds up no mean activity, the network is as without it.
    plain = evaluate(stationary_dynamics.point(phi, controls.time, True), c._replace(rank_one=0 * c.gain), batch=4) if phi.odd else None
    if plain is None or (controls.rank_one != 0).any():
        out = evaluate(stationary_dynamics.point(phi, controls.time, False), c, batch=4)
        if plain is not None:
            held = out["converged"] & (out["latent"] > 1e-6)
            out = {name: np.where(held.reshape(-1, *[1] * (v.ndim - 1)), v, plain[name]) for name, v in out.items()}
    else:
        out = plain
    out = dict(out)
    quiet = (controls.noise == 0) & (controls.gain < onset(phi, controls.symmetry)) & (controls.rank_one == 0)
    symmetric = controls.symmetry != 0
    if (symmetric & quiet).any():
        # x = 0: the resolvent of the elliptic law.
        slope = 1 / onset(phi, 0 * controls.symmetry)
        turn = controls.gain**2 * controls.symmetry * slope
        resting = np.where(symmetric, (1 - np.sqrt(np.maximum(1 - 4 * turn * slope, 0))) / (2 * np.where(symmetric, turn, 1.0)), 0.0)
        radius = controls.gain * (1 + controls.symmetry) * slope
        edge = radius - 1 if controls.time == "continuous" else np.log(np.maximum(radius, 1e-300))
        fixed = {"variance": 0.0, "plateau": 0.0, "latent": 0.0, "activity": 0.0, "response": resting, "lyapunov_exponent": edge}
        for name, value in fixed.items():
            out[name] = np.where(symmetric & quiet, value, out[name])
    out["converged"] = out["converged"] & (~symmetric | quiet) & np.isfinite(out["lyapunov_exponent"])
    reason = np.where(symmetric & ~quiet, "couplings with symmetry have no potential once they move: take branch two-time", "")
    path = [out.pop(name, None) for name in ("path_time", "path_value", "path_slope")]
    out["autocorrelation"] = np.stack([_at_lags(out, path, row, controls.time) for row in range(len(controls.gain))])
    out["lag"] = np.tile(LAGS, (len(controls.gain), 1))
    return {**out, "reason": np.where(out["converged"], "", np.where(reason == "", "no stationary state was found", reason))}


def _at_lags(out: dict, path: list, row: int, time: str) -> np.ndarray:
    variance, plateau = out["variance"][row], out["plateau"][row]
    if time == "discrete":
        return np.where(np.floor(LAGS) == LAGS, np.where(LAGS == 0, variance, plateau), np.nan)
    if not np.isfinite(variance) or variance - plateau < 1e-12:
        return np.full(LAGS.shape, variance)
    clock, value, speed = (part[row][::-1] for part in path)
    keep = clock > np.maximum.accumulate(np.r_[0.0, clock[:-1]]) + 1e-5  # in time order, apart from rounding at lag 0
    if not keep.any():
        return np.full(LAGS.shape, variance)  # so near the onset that nothing has moved yet
    first = 0.0 if speed[0] > -1e-3 * variance else speed[0]
    curve = CubicHermiteSpline(np.r_[0, clock[keep]], np.r_[variance, value[keep]], np.r_[first, speed[keep]])
    last = clock[keep][-1]
    return np.where(last >= LAGS, curve(np.minimum(LAGS, last)), plateau)


def _two_time(controls) -> dict:
    """Averages over the second half of the window; with symmetry sampled, from seed 0."""
    phi = nonlinearity(controls.nonlinearity)
    rows = []
    for row in range(len(controls.gain)):
        rank_one = float(controls.rank_one[row])
        found = two_time(
            phi,
            gain=float(controls.gain[row]),
            symmetry=float(controls.symmetry[row]),
            noise=float(controls.noise[row]),
            rank_one=rank_one,
            time=controls.time,
            duration=float(controls.window[row]),
            trajectories=int(controls.trajectories[row]) if controls.symmetry[row] else None,
            start_mean=float(rank_one != 0),
        )
        half = len(found.times) // 2
        step = found.times[1]
        spread = found.state - np.outer(found.mean, found.mean)
        weight = np.full(len(found.times), step)
        weight[[0, -1]] *= 0.5 if controls.time == "continuous" else 1.0
        lags = np.rint(LAGS / step).astype(int)
        rows.append(
            {
                "variance": np.diag(spread)[half:].mean(),
                "activity": np.diag(found.correlation)[half:].mean(),
                "response": found.response[-1] @ weight,
                "latent": found.latent[half:].mean(),
                "plateau": np.nan,
                "lyapunov_exponent": np.nan,
                "autocorrelation": [
                    np.diag(spread, -k)[max(half - k, 0) :].mean() if k < len(found.times) and abs(k * step - lag) < 1e-9 else np.nan
                    for k, lag in zip(lags, LAGS, strict=True)
                ],
                "lag": LAGS,
                "converged": True,
            }
        )
    return {name: np.array([one[name] for one in rows]) for name in rows[0]}


def find_chaos(controls) -> Found:
    """The gain beyond which the largest Lyapunov exponent is positive; with symmetry the gain that ends x = 0 (no noise, M = 0)."""
    controls = _arrays(controls)
    phi = nonlinearity(controls.nonlinearity)
    value = onset(phi, controls.symmetry)
    plain = (controls.noise == 0) & (controls.rank_one == 0) & np.isfinite(value)
    rest = ~plain & (controls.symmetry == 0)
    if rest.any():

        def at(gain):
            out = _stationary(controls._replace(gain=gain))
            return out["lyapunov_exponent"], out["converged"]

        # A corner or a mean activity: from the gain of the last stable fixed point on.
        found = zero(at, np.full(value.shape, 0.05), np.full(value.shape, 12.0), geometric=True)
        return Found(np.where(plain, value, np.where(rest, found.value, np.nan)), plain | (rest & found.converged))
    return Found(np.where(plain, value, np.nan), plain)
