"""Dynamical mean-field theory in two times: correlation and response of one neuron in its
self-consistent field.

    x'(t) = -x + M kappa(t) + eta(t) + g^2 gamma int_0^t R(t, s) phi(x(s)) ds + xi(t),
    <eta(t) eta(s)> = g^2 C(t, s),  C = <phi phi>,  R(t, s) = <d phi(x(t)) / d eta(s)>,
    kappa = <phi>,  <xi xi> = 2 D delta

(in discrete time x(t+1) equals the right-hand side without -x, xi of variance D). The equations are
causal: the past gives the next row of C and of R, and there is nothing to iterate. Without symmetry
x is Gaussian, and its covariance is advanced by itself, without sampling; else trajectories advance
together and their averages are the next rows.

Source: Sompolinsky, Crisanti & Sommers (1988); Marti, Brunel & Ostojic, PRE 97, 062314 (2018); Roy
et al., J. Phys. A 52, 484001 (2019); Zou & Huang, SciPost Phys. Lect. Notes 79 (2024). Referee: the
potential method of `stationary_dynamics`, the two ways against each other, networks of 2000
neurons.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import solve_triangular
from scipy.signal import lfilter

from replicon._content import cached
from replicon._errors import DivergenceError, InputError
from replicon._seed import generator
from replicon.recurrent.nonlinearity import Nonlinearity, panels

# A smooth process is known from its past: without a little white noise (relative variance) its
# Cholesky factor is lost.
_JITTER = 1e-6

_NODE = np.linspace(-6.0, 6.0, 49)
_WEIGHT = np.exp(-(_NODE**2) / 2) / np.exp(-(_NODE**2) / 2).sum()


class TwoTime(NamedTuple):
    """`times` (T,); `state` <x x>, `correlation` C = <phi phi>, `response` R, each (T, T), R[t, s]
    per unit of time, zero for s > t (s >= t in discrete time); `mean` <x> and `latent` kappa, (T,).
    Where sampled: errors of order trajectories^(-1/2).
    """

    times: np.ndarray
    state: np.ndarray
    correlation: np.ndarray
    response: np.ndarray
    mean: np.ndarray
    latent: np.ndarray


def two_time(
    phi: Nonlinearity,
    *,
    gain: float,
    symmetry: float = 0.0,
    noise: float = 0.0,
    rank_one: float = 0.0,
    time: str = "continuous",
    duration: float = 40.0,
    step: float = 0.1,
    trajectories: int | None = None,
    start: float = 1.0,
    start_mean: float = 0.0,
    seed: int = 0,
) -> TwoTime:
    """Correlation and response from a normal start of variance `start`, to `duration`.

    Continuous time: exponential Adams-Bashforth steps of second order. `trajectories`: None
    advances the covariance of the Gaussian x, for couplings without symmetry, in T^2 averages over
    two dimensions; a number samples, in T^2 trajectories and, with symmetry, T^3/6 of at most 1000
    of them, which carry the response. Raises InputError, DivergenceError where the state diverges.
    """
    count = round(duration) if time == "discrete" else round(duration / step)
    if count < 2:
        raise InputError(
            f"duration = {duration:g} makes {count} steps of {step:g}: give at least 2."
        )
    step = 1.0 if time == "discrete" else step
    decay = 0.0 if time == "discrete" else np.exp(-step)
    kick = noise if time == "discrete" else noise * (1 - decay**2)
    if trajectories is None:
        if symmetry:
            raise InputError(
                f"symmetry = {symmetry:g} makes trajectories that are not Gaussian: give"
                " trajectories, say 4000, to sample."
            )
        return _gaussian(phi, gain, rank_one, start, start_mean, count, step, decay, kick)
    if trajectories < 4 * count:
        raise InputError(
            f"{trajectories} trajectories are too few for {count} steps: give at least 4 a step."
        )
    kick = np.sqrt(kick)
    gather = 1.0 - decay
    rng = generator(np.random.SeedSequence(seed))
    function, slope = jax.jit(phi.function), jax.jit(phi.slope)

    def at(f, values):
        with jax.enable_x64(True):
            return np.asarray(f(values))

    drawn = np.empty((2 + 2 * count, trajectories))
    used = 0

    def draw() -> np.ndarray:
        """Normal numbers whose sample moments with all drawn before are exact: second moments of
        fields have no sampling error.
        """
        nonlocal used
        new = rng.standard_normal(trajectories)
        before = drawn[:used]
        for _ in range(2):
            new = new - new.mean() - (before @ new / trajectories) @ before
        drawn[used] = new * np.sqrt(trajectories) / np.linalg.norm(new)
        used += 1
        return drawn[used - 1]

    x = start_mean + np.sqrt(start) * draw()
    states, activity = np.empty((count, trajectories)), np.empty((count, trajectories))
    normal, root = np.empty((count, trajectories)), np.zeros((count, count))
    carriers = min(trajectories, 1000) if symmetry else 0
    tangent = np.zeros((count, count, carriers))  # d x(t) / d eta(s) per unit of time
    response, drive = np.zeros((count, count)), np.zeros(trajectories)
    turn = np.zeros((count, carriers))
    instant, ends = (0.0, 1.0) if time == "discrete" else (1.0, 0.5)
    earlier = earlier_pull = None
    for t in range(count):
        states[t], activity[t] = x, at(function, x)
        normal[t] = draw()
        # One more row of the Cholesky factor of C, with the noise that these very trajectories
        # make.
        row = activity[: t + 1] @ activity[t] / trajectories
        row[t] *= 1 + _JITTER
        root[t, :t] = solve_triangular(root[:t, :t], row[:t], lower=True) if t else 0.0
        root[t, t] = np.sqrt(max(row[t] - root[t, :t] @ root[t, :t], 1e-300))
        drive = gain * (root[t, : t + 1] @ normal[: t + 1]) + rank_one * activity[t].mean()
        if symmetry:
            turn[t] = at(slope, x[:carriers])
            tangent[t, t] = instant
            response[t, : t + 1] = (tangent[t, : t + 1] @ turn[t]) / carriers
            # Trapezoid: the ends count half. In discrete time R(t, t) = 0.
            memory = step * gain**2 * symmetry * response[t, : t + 1]
            memory[[0, t]] *= ends if t else 0.0
            drive = drive + memory @ activity[: t + 1]
        slopes = drive if earlier is None or time == "discrete" else 1.5 * drive - 0.5 * earlier
        earlier = drive
        x = decay * x + gather * slopes + (kick * draw() if kick else 0.0)
        if not np.isfinite(x).all():
            raise DivergenceError(
                f"the two-time theory diverged at time {t * step:g}: give a bounded phi, a smaller"
                " gain or step."
            )
        if symmetry and t + 1 < count:
            full = step * gain**2 * symmetry * response[t, : t + 1]
            full[t] *= ends
            pull = np.zeros((count, carriers))
            pull[: t + 1] = np.einsum(
                "un,usn->sn", full[:, None] * turn[: t + 1], tangent[: t + 1, : t + 1]
            )
            pull[: t + 1] -= (1 - ends) * full[:, None] * turn[: t + 1] * instant
            pull[t] = 0.0
            change = (
                pull
                if earlier_pull is None or time == "discrete"
                else 1.5 * pull - 0.5 * earlier_pull
            )
            earlier_pull = pull
            tangent[t + 1, : t + 1] = decay * tangent[t, : t + 1] + gather * change[: t + 1]
            if time == "discrete":
                tangent[t + 1, t] += 1.0
    times = step * np.arange(count)
    if not symmetry:
        response = _forgetting(times, np.array([at(slope, row).mean() for row in states]), decay)
    return TwoTime(
        times,
        states @ states.T / trajectories,
        activity @ activity.T / trajectories,
        response,
        states.mean(axis=1),
        activity.mean(axis=1),
    )


def _forgetting(times: np.ndarray, mean_slope: np.ndarray, decay: float) -> np.ndarray:
    """The response without memory, where a field is only forgotten: R(t, s) = <phi'(t)> exp(-(t -
    s)), or delta(t, s + 1).
    """
    lag = times[:, None] - times[None, :]
    return mean_slope[:, None] * (
        np.where(lag >= 0, np.exp(-np.abs(lag)), 0.0) if decay else lag == 1
    )


def _gaussian(phi, gain, rank_one, start, start_mean, count, step, decay, kick) -> TwoTime:
    """The covariance of x advanced step by step: S(t, s) = <x x>, K(s, t) = <x(s) eta(t)>, both
    less means.

    Averages are over a uniform grid as long as that is exact, then on panels.
    """
    S, K, C = (np.zeros((count + 1, count + 1)) for _ in range(3))
    mean, latent, mean_slope = np.zeros(count + 1), np.zeros(count), np.zeros(count)
    S[0, 0], mean[0], gather = start, start_mean, 1.0 - decay
    row_average, fine = _row_average(phi, False), _row_average(phi, True)
    for t in range(count):
        with jax.enable_x64(True):
            if fine is not row_average:
                row, latent[t], mean_slope[t], miss = row_average(S[t], np.diag(S), mean, t)
                # Wide Gaussians see phi as a step, between whose sides a uniform grid cannot tell.
                if not miss <= 1e-7:
                    row_average = fine
            if fine is row_average:
                row, latent[t], mean_slope[t], _ = fine(S[t], np.diag(S), mean, t)
        C[t, : t + 1] = C[: t + 1, t] = np.asarray(row)[: t + 1]
        G = gain**2 * C
        now, before = (1.5, -0.5) if t and decay else (1.0, 0.0)
        forced = 1.5 * G[:t, t] - 0.5 * np.r_[G[:1, t], G[: t - 1, t]] if t and decay else G[:t, t]
        K[1 : t + 1, t] = lfilter([gather], [1, -decay], forced) if t else 0.0
        # x(t+1) = decay x(t) + gather (now eta(t) + before eta(t-1)): its covariances with the
        # past, and with itself.
        last = max(t - 1, 0)
        K[t + 1, : t + 1] = decay * K[t, : t + 1] + gather * (
            now * G[t, : t + 1] + before * G[last, : t + 1]
        )
        S[t + 1, : t + 1] = decay * S[t, : t + 1] + gather * (
            now * K[: t + 1, t] + before * K[: t + 1, last]
        )
        S[: t + 1, t + 1] = S[t + 1, : t + 1]
        S[t + 1, t + 1] = (
            decay * S[t + 1, t] + gather * (now * K[t + 1, t] + before * K[t + 1, last]) + kick
        )
        mean[t + 1] = decay * mean[t] + gather * rank_one * (
            now * latent[t] + before * latent[last]
        )
        if not np.isfinite(S[t + 1, t + 1]):
            raise DivergenceError(
                f"the two-time theory diverged at time {t * step:g}: give a bounded phi, a smaller"
                " gain or step."
            )
    times, mean = step * np.arange(count), mean[:count]
    return TwoTime(
        times,
        S[:count, :count] + np.outer(mean, mean),
        C[:count, :count],
        _forgetting(times, mean_slope, decay),
        mean,
        latent,
    )


@cached(maxsize=32)
def _row_average(phi: Nonlinearity, fine: bool):
    def nodes(mean, deviation):
        if not fine:
            return mean + deviation * _NODE, _WEIGHT
        x, weight = panels(mean, deviation, phi.breaks)
        return x, weight / weight.sum()

    @jax.jit
    def average(covariance, variance, mean, t):
        """<phi(x(t)) phi(x(s))> for all s, <phi(x(t))>, <phi'(x(t))>, and how far <phi> and <phi^2>
        miss those on panels.
        """
        deviation = jnp.sqrt(jnp.maximum(variance[t], 0.0))
        here, weight = nodes(mean[t], deviation)
        value = phi.function(here)

        def with_one(given):
            covariance, variance, mean = given
            tilt = jnp.where(
                deviation > 0, covariance / jnp.where(deviation > 0, deviation, 1.0), 0.0
            )
            rest = jnp.sqrt(jnp.maximum(variance - tilt**2, 0.0))
            shift = jnp.where(
                deviation > 0, (here - here_mean) / jnp.where(deviation > 0, deviation, 1.0), 0.0
            )

            def inner(centre):
                x, w = nodes(centre, rest)
                return phi.function(x) @ w

            return (value * weight) @ jax.vmap(inner)(mean + tilt * shift)

        here_mean = mean[t]

        # The past alone, in blocks, the last of which may begin a little earlier.
        size = min(32, len(mean))
        given = (covariance, variance, mean)

        def block(k, row):
            first = jnp.minimum(k * size, len(mean) - size)
            part = [jax.lax.dynamic_slice(v, (first,), (size,)) for v in given]
            return jax.lax.dynamic_update_slice(row, jax.vmap(with_one)(part), (first,))

        row = jax.lax.fori_loop(0, t // size + 1, block, jnp.zeros(len(mean)))
        x, w = panels(mean[t], deviation, phi.breaks)
        w = w / w.sum()
        miss = jnp.maximum(
            jnp.abs(phi.function(x) ** 2 @ w - value**2 @ weight),
            jnp.abs(phi.slope(x) @ w - phi.slope(here) @ weight),
        )
        return row, value @ weight, phi.slope(here) @ weight, miss

    return average
