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

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from scipy.linalg import solve_triangular

from replicon._content import cached
from replicon._errors import DivergenceError, InputError
from replicon._seed import generator
from replicon.recurrent.nonlinearity import Nonlinearity
from replicon.recurrent.row_averages import RowAverages

# A smooth process is known from its past: without a little white noise (relative variance) its
# Cholesky factor is lost.
_JITTER = 1e-6
_CARRIERS = 1000  # trajectories that carry the response: their tangents are T^2 numbers each


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


class _Motion(NamedTuple):
    """What is solved: `gain` g, `symmetry` gamma, `rank_one` M; `count` steps of length `step`,
    over one of which x decays by a factor `decay` (0 in discrete time) and noise adds the variance
    `kick`; the normal `start` of this variance and `start_mean`.
    """

    gain: float
    symmetry: float
    rank_one: float
    count: int
    step: float
    decay: float
    kick: float
    start: float
    start_mean: float

    @property
    def discrete(self) -> bool:
        return self.decay == 0

    def check(self, t: int, finite: bool) -> None:
        """Raises DivergenceError where the state after step t is lost."""
        if not finite:
            raise DivergenceError(
                f"the two-time theory diverged at time {t * self.step:g}: give a bounded phi, a"
                " smaller gain or step."
            )


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
    discrete = time == "discrete"
    count = round(duration) if discrete else round(duration / step)
    if count < 2:
        raise InputError(
            f"duration = {duration:g} makes {count} steps of {step:g}: give at least 2."
        )
    step = 1.0 if discrete else step
    decay = 0.0 if discrete else np.exp(-step)
    kick = noise if discrete else noise * (1 - decay**2)
    motion = _Motion(gain, symmetry, rank_one, count, step, decay, kick, start, start_mean)
    if trajectories is None:
        if symmetry:
            raise InputError(
                f"symmetry = {symmetry:g} makes trajectories that are not Gaussian: give"
                " trajectories, say 4000, to sample."
            )
        return _gaussian(phi, motion)
    if trajectories < 4 * count:
        raise InputError(
            f"{trajectories} trajectories are too few for {count} steps: give at least 4 a step."
        )
    return _sampled(phi, motion, trajectories, generator(np.random.SeedSequence(seed)))


def _sampled(
    phi: Nonlinearity, motion: _Motion, trajectories: int, rng: np.random.Generator
) -> TwoTime:
    """Trajectories advanced together, in a field drawn with the covariance of their activities."""
    count = motion.count
    function, slope = _evaluated(phi)
    draws = _Draws(rng, 2 + 2 * count, trajectories)
    fields = _Fields(count, trajectories)
    tangents = _Tangents(motion, min(trajectories, _CARRIERS)) if motion.symmetry else None
    kick = np.sqrt(motion.kick)
    gather = 1.0 - motion.decay
    x = motion.start_mean + np.sqrt(motion.start) * draws.draw()
    states = np.empty((count, trajectories))
    activity = np.empty((count, trajectories))
    earlier = None
    for t in range(count):
        states[t] = x
        activity[t] = function(x)
        field = fields.extend(t, activity, draws.draw())
        drive = motion.gain * field + motion.rank_one * activity[t].mean()
        if tangents is not None:
            drive = drive + tangents.respond(t, x, slope) @ activity[: t + 1]
        ahead = _ahead(motion, drive, earlier)
        earlier = drive
        x = motion.decay * x + gather * ahead + (kick * draws.draw() if kick else 0.0)
        motion.check(t, bool(np.isfinite(x).all()))
        if tangents is not None and t + 1 < count:
            tangents.advance(t)
    times = motion.step * np.arange(count)
    if tangents is not None:
        response = tangents.response
    else:
        mean_slope = np.array([slope(row).mean() for row in states])
        response = _forgetting(times, mean_slope, motion.decay)
    return TwoTime(
        times,
        states @ states.T / trajectories,
        activity @ activity.T / trajectories,
        response,
        states.mean(axis=1),
        activity.mean(axis=1),
    )


@cached(maxsize=32)
def _evaluated(phi: Nonlinearity) -> list[Callable[[np.ndarray], np.ndarray]]:
    """Phi and its slope, compiled, of arrays in double precision."""

    def evaluated(function: Callable) -> Callable[[np.ndarray], np.ndarray]:
        compiled = jax.jit(function)

        def at(values: np.ndarray) -> np.ndarray:
            with jax.enable_x64(True):
                return np.asarray(compiled(values))

        return at

    return [evaluated(phi.function), evaluated(phi.slope)]


def _ahead(motion: _Motion, now: np.ndarray, earlier: np.ndarray | None) -> np.ndarray:
    """What drives the next step, from what drives now and drove before: of second order in
    continuous time, after a first step by Euler.
    """
    return now if earlier is None or motion.discrete else 1.5 * now - 0.5 * earlier


class _Draws:
    """Normal numbers (trajectories,) whose sample moments with all drawn before are exact: second
    moments of fields have no sampling error.
    """

    def __init__(self, rng: np.random.Generator, most: int, trajectories: int):
        self.rng = rng
        self.drawn = np.empty((most, trajectories))
        self.used = 0

    def draw(self) -> np.ndarray:
        trajectories = self.drawn.shape[1]
        new = self.rng.standard_normal(trajectories)
        before = self.drawn[: self.used]
        for _ in range(2):
            new = new - new.mean() - (before @ new / trajectories) @ before
        self.drawn[self.used] = new * np.sqrt(trajectories) / np.linalg.norm(new)
        self.used += 1
        return self.drawn[self.used - 1]


class _Fields:
    """A normal process of the covariance C of the activities, made row by row: `factor` (T, T) is
    the Cholesky factor of C, `normal` (T, trajectories) the numbers that it mixes.
    """

    def __init__(self, count: int, trajectories: int):
        self.factor = np.zeros((count, count))
        self.normal = np.empty((count, trajectories))

    def extend(self, t: int, activity: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """The field (trajectories,) at time t, from the activities (T, trajectories) up to then:
        one more row of the factor, with the noise that these very trajectories make.
        """
        self.normal[t] = normal
        row = activity[: t + 1] @ activity[t] / activity.shape[1]
        row[t] *= 1 + _JITTER
        mixed = self.factor[t, :t]
        if t:
            mixed[:] = solve_triangular(self.factor[:t, :t], row[:t], lower=True)
        self.factor[t, t] = np.sqrt(max(row[t] - mixed @ mixed, 1e-300))
        return self.factor[t, : t + 1] @ self.normal[: t + 1]


class _Tangents:
    """The response of the first n trajectories to the field of each earlier time.

    `tangent` (T, T, n): d x(t) / d eta(s) per unit of time; `turn` (T, n): phi'(x(t)); `response`
    R (T, T).
    """

    def __init__(self, motion: _Motion, carriers: int):
        count = motion.count
        self.motion = motion
        self.tangent = np.zeros((count, count, carriers))
        self.turn = np.zeros((count, carriers))
        self.response = np.zeros((count, count))
        self.earlier: np.ndarray | None = None
        # The trapezoid rule counts the ends half; in discrete time R(t, t) = 0.
        self.instant = 0.0 if motion.discrete else 1.0
        self.ends = 1.0 if motion.discrete else 0.5

    def respond(self, t: int, x: np.ndarray, slope: Callable) -> np.ndarray:
        """The weights (t + 1,) with which past activities drive the trajectories x."""
        self.turn[t] = slope(x[: self.turn.shape[1]])
        self.tangent[t, t] = self.instant
        carried = self.tangent[t, : t + 1] @ self.turn[t]
        self.response[t, : t + 1] = carried / self.turn.shape[1]
        memory = self._memory(t)
        memory[[0, t]] *= self.ends if t else 0.0
        return memory

    def _memory(self, t: int) -> np.ndarray:
        """dt g^2 gamma R(t, s) for s <= t, (t + 1,)."""
        motion = self.motion
        return motion.step * motion.gain**2 * motion.symmetry * self.response[t, : t + 1]

    def advance(self, t: int) -> None:
        """The tangents one step on."""
        motion = self.motion
        memory = self._memory(t)
        memory[t] *= self.ends
        past = slice(0, t + 1)
        pull = np.zeros_like(self.turn)
        turned = memory[:, None] * self.turn[past]
        pull[past] = np.einsum("un,usn->sn", turned, self.tangent[past, past])
        pull[past] -= (1 - self.ends) * memory[:, None] * self.turn[past] * self.instant
        pull[t] = 0.0
        change = _ahead(motion, pull, self.earlier)
        self.earlier = pull
        gather = 1.0 - motion.decay
        self.tangent[t + 1, past] = motion.decay * self.tangent[t, past] + gather * change[past]
        if motion.discrete:
            self.tangent[t + 1, t] += 1.0


def _forgetting(times: np.ndarray, mean_slope: np.ndarray, decay: float) -> np.ndarray:
    """The response without memory, where a field is only forgotten: R(t, s) = <phi'(t)> exp(-(t -
    s)), or delta(t, s + 1).
    """
    lag = times[:, None] - times[None, :]
    kept = np.where(lag >= 0, np.exp(-np.abs(lag)), 0.0) if decay else lag == 1
    return mean_slope[:, None] * kept


def _gaussian(phi: Nonlinearity, motion: _Motion) -> TwoTime:
    """The covariance of x advanced step by step: S(t, s) = <x x>, K(s, t) = <x(s) eta(t)>, both
    less means; C = <phi phi>.
    """
    from scipy.signal import lfilter  # a third of a second, for those who need it

    count = motion.count
    decay = motion.decay
    gather = 1.0 - decay
    S = np.zeros((count + 1, count + 1))
    K = np.zeros((count + 1, count + 1))
    C = np.zeros((count + 1, count + 1))
    mean = np.zeros(count + 1)
    latent = np.zeros(count)
    mean_slope = np.zeros(count)
    S[0, 0] = motion.start
    mean[0] = motion.start_mean
    averages = RowAverages(phi)
    for t in range(count):
        found = averages.at(S[t], np.diag(S), mean, t)
        latent[t] = found.latent
        mean_slope[t] = found.slope
        past = slice(0, t + 1)
        C[t, past] = C[past, t] = np.asarray(found.row)[past]
        G = motion.gain**2 * C
        # x(t+1) = decay x(t) + gather (now eta(t) + before eta(t-1)): its covariances with the
        # past, and with itself.
        second = t > 0 and not motion.discrete
        now = 1.5 if second else 1.0
        before = -0.5 if second else 0.0
        last = max(t - 1, 0)
        forced = G[:t, t]
        if second:
            forced = 1.5 * forced - 0.5 * np.r_[G[:1, t], G[: t - 1, t]]
        K[1 : t + 1, t] = lfilter([gather], [1, -decay], forced) if t else 0.0
        K[t + 1, past] = decay * K[t, past] + gather * (now * G[t, past] + before * G[last, past])
        S[t + 1, past] = decay * S[t, past] + gather * (now * K[past, t] + before * K[past, last])
        S[past, t + 1] = S[t + 1, past]
        S[t + 1, t + 1] = (
            decay * S[t + 1, t]
            + gather * (now * K[t + 1, t] + before * K[t + 1, last])
            + motion.kick
        )
        held = now * latent[t] + before * latent[last]
        mean[t + 1] = decay * mean[t] + gather * motion.rank_one * held
        motion.check(t, bool(np.isfinite(S[t + 1, t + 1])))
    times = motion.step * np.arange(count)
    mean = mean[:count]
    return TwoTime(
        times,
        S[:count, :count] + np.outer(mean, mean),
        C[:count, :count],
        _forgetting(times, mean_slope, decay),
        mean,
        latent,
    )
