"""Dynamical mean-field theory of random networks without symmetry, in the stationary state: one
neuron in a Gaussian field.

x' = -x + M kappa + eta + xi, <eta(t) eta(s)> = g^2 C_phi(t - s), <xi xi> = 2 D delta, kappa =
<phi>, the last from a part of the couplings of rank one whose mean overlap is M. The
autocorrelation Delta(tau) of x - <x> moves like a particle,

    Delta'' = Delta - g^2 C_phi(Delta; Delta0),   Delta'(0+) = -D,   Delta(inf) = plateau,

so that it is found from conservation of energy, without a time grid: C_phi(Delta) is the
potential's slope, and all integrals run over theta, Delta = plateau + (Delta0 - plateau)
sin^2(theta), in which they are smooth.

Source: Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988); noise: Schuecker, Goedeke & Helias, PRX
8, 041029 (2018); rank one: Mastrogiuseppe & Ostojic, Neuron 99, 609 (2018). Referee: `two_time`,
networks of 2000 neurons, <x'^2> = g^2 C_phi(0) - Delta0.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._content import cached
from replicon.recurrent.nonlinearity import Nonlinearity, antiderivative, integration_matrix, panels
from replicon.theory import stationary
from replicon.theory.bisection import bisect

NODES = 40  # in theta
WAVES = 12  # of the ground state's expansion
_GL, _GLW = np.polynomial.legendre.leggauss(NODES)
_THETA = np.pi / 4 * (1 + _GL)
_DTHETA = np.pi / 4 * _GLW
_DOWN = _DTHETA - np.pi / 4 * integration_matrix(_GL)  # int_theta^{pi/2}
_TO_NODES = np.linalg.inv(np.polynomial.legendre.legvander(_GL, NODES - 1)).T


def _mean_matrix(place, power: int) -> np.ndarray:
    """(n, n) matrix of f -> int_0^1 f(place(v)) 2 v^power dv at every node, f a polynomial through
    the nodes of theta.
    """
    v = (1 + _GL) / 2
    weight = _GLW / 2
    theta = place(v[None, :])  # (nodes, points)
    basis = np.polynomial.legendre.legvander(4 * theta / np.pi - 1, NODES - 1)
    return np.einsum(
        "j,kjn,nm->km",
        2 * weight * v**power,
        basis,
        np.linalg.inv(np.polynomial.legendre.legvander(_GL, NODES - 1)),
    )


# Means over Delta from the plateau, and from Delta0, to each node: what is integrated keeps its
# relative accuracy at both ends.
_BELOW = _mean_matrix(lambda v: np.arcsin(np.sin(_THETA)[:, None] * v), 1)
_BELOW_LINEAR = _mean_matrix(lambda v: np.arcsin(np.sin(_THETA)[:, None] * v), 3)
_ABOVE = _mean_matrix(lambda v: np.arccos(np.cos(_THETA)[:, None] * v), 1)


class Dynamics(NamedTuple):
    """`variance` Delta0 and `plateau` Delta(inf) of x - <x>, and the mean activity
    `latent` kappa.
    """

    variance: jax.Array
    plateau: jax.Array
    latent: jax.Array


def _deviation(variance):
    """The square root of a variance, with a derivative also at zero."""
    return jnp.sqrt(jnp.maximum(variance, 1e-300))


class Moments(NamedTuple):
    """Of a normal x: `mean` <phi>, `square` <phi^2>, `slope` <phi'>, `slope_square` <phi'^2>."""

    mean: jax.Array
    square: jax.Array
    slope: jax.Array
    slope_square: jax.Array


def moments(phi: Nonlinearity, mean, variance) -> Moments:
    """Averages of phi over a normal x of this mean and variance."""
    x, weight = panels(mean, _deviation(variance), phi.breaks)
    weight = weight / weight.sum()  # by itself within 3e-11, which would tip a gain of exactly one
    value = phi.function(x)
    slope = phi.slope(x)
    return Moments(weight @ value, weight @ value**2, weight @ slope, weight @ slope**2)


def _covariance(function, phi: Nonlinearity, mean, variance, correlation, mirror: bool = False):
    """E[f(x) f(y)] of normal x, y with this variance and 0 <= correlation <= variance. `mirror`:
    f(2 mean - x) = +-f(x).
    """
    outer, weight = panels(mean, _deviation(correlation), phi.breaks)
    if mirror:
        middle = len(weight) // 2
        outer = outer[middle:]
        weight = 2 * weight[middle:]

    def inner(centre):
        x, w = panels(centre, _deviation(variance - correlation), phi.breaks)
        return w @ function(x)

    return weight @ jax.vmap(inner)(outer) ** 2


def _primitive_covariances(phi: Nonlinearity, x: Dynamics, mean):
    """E Phi^2 - E[(E Phi)^2 at correlation `plateau`], Phi' = phi: int_plateau^Delta0 C_phi dDelta,
    by Price's theorem.
    """
    # Phi(u + v) of a sum of independent parts: the variance of Phi given the frozen part v.
    outer, weight = panels(mean, _deviation(x.plateau), phi.breaks)

    def variance(centre):
        y, w = panels(centre, _deviation(x.variance - x.plateau), phi.breaks)
        primitive = antiderivative(phi.function(y), y)
        return w @ primitive**2 - (w @ primitive) ** 2

    return weight @ jax.vmap(variance)(outer)


def _odd_variance(phi: Nonlinearity, c) -> jax.Array:
    """Delta0 of an odd phi: the zero of -Delta0^2/2 + g^2 (<Phi^2> - <Phi>^2) + D^2/2, bisected; 0
    where x = 0 is stable.
    """

    def energy(log_variance):
        variance = jnp.exp(log_variance)
        x = Dynamics(variance, jnp.zeros(()), jnp.zeros(()))
        # Over the square, so that the trivial zero at Delta0 = 0 is gone.
        return (
            c.gain**2 * _primitive_covariances(phi, x, 0.0) + c.noise**2 / 2
        ) / variance**2 - 0.5

    bound = jnp.max(jnp.abs(phi.function(jnp.linspace(-30.0, 30.0, 121))))
    low = jnp.log(1e-12)
    high = jnp.log(2 * (c.gain * bound) ** 2 + 2 * c.noise + 1e-9)
    log_variance = bisect(energy, low, high)
    quiet = (c.noise == 0) & (c.gain * jnp.abs(phi.slope(jnp.zeros(()))) <= 1)
    return jnp.where(quiet, 0.0, jnp.exp(log_variance))


def _static(phi: Nonlinearity, c) -> stationary.Solution:
    """A frozen random state: Delta0 = g^2 <phi^2>, kappa = <phi>; the one with the larger kappa
    where there are two.
    """

    def iterate(x, c):
        found = moments(phi, c.rank_one * x.latent, x.variance)
        return Dynamics(c.gain**2 * found.square, c.gain**2 * found.square, found.mean)

    def residual(x, c):
        return jax.tree.map(jnp.subtract, x, iterate(x, c))

    start = Dynamics(jnp.full((), 0.5), jnp.full((), 0.5), jnp.ones(()))
    return stationary.solve_one(residual, start, c, iterate=iterate, steps=500, settled=1e-6)


def _moving(phi: Nonlinearity, begin: Dynamics, c) -> stationary.Solution:
    """A chaotic or noisy state around a plateau."""

    def residual(x, c):
        mean = c.rank_one * x.latent
        level = c.gain**2 * _covariance(phi.function, phi, mean, x.variance, x.plateau)
        work = 2 * c.gain**2 * _primitive_covariances(phi, x, mean) + c.noise**2
        return Dynamics(
            (x.variance + x.plateau) - work / (x.variance - x.plateau),
            x.plateau - level,
            x.latent - moments(phi, mean, x.variance).mean,
        )

    def iterate(x, c):
        mean = c.rank_one * x.latent
        level = c.gain**2 * _covariance(phi.function, phi, mean, x.variance, x.plateau)
        square = x.plateau**2 + 2 * c.gain**2 * _primitive_covariances(phi, x, mean) + c.noise**2
        return Dynamics(jnp.sqrt(square), level, moments(phi, mean, x.variance).mean)

    start = begin._replace(variance=1.1 * begin.variance + c.noise, plateau=0.9 * begin.plateau)
    return stationary.solve_one(residual, start, c, iterate=iterate, steps=200, settled=1e-3)


def _path(phi: Nonlinearity, x: Dynamics, c, centred: bool) -> dict:
    """Delta(tau) on the nodes of theta, and the largest Lyapunov exponent from the ground state of
    -d^2 + 1 - g^2 C_phi'.
    """
    span = jnp.maximum(x.variance - x.plateau, 1e-300)
    delta = x.plateau + span * jnp.sin(_THETA) ** 2
    stride = span * jnp.sin(2 * _THETA)  # dDelta/dtheta
    mean = c.rank_one * x.latent
    stiff = 1 - c.gain**2 * jax.vmap(
        lambda d: _covariance(phi.slope, phi, mean, x.variance, d, centred)
    )(delta)
    floor = jnp.maximum(
        1 - c.gain**2 * _covariance(phi.slope, phi, mean, x.variance, x.plateau), 1e-12
    )
    # Force (Delta - plateau) a and kinetic energy (Delta - plateau)^2 b, which from Delta0 down is
    # a mean of the force.
    rise = delta - x.plateau
    a = _BELOW @ stiff
    low = rise**2 * (_BELOW_LINEAR @ a)
    high = c.noise**2 / 2 - span * jnp.cos(_THETA) ** 2 * (_ABOVE @ (rise * a))
    speed = jnp.sqrt(2 * jnp.maximum(jnp.where(np.pi / 4 > _THETA, low, high), 1e-300))
    pace = stride / speed  # |dtau/dtheta| = r / sin(theta)
    smooth = pace * jnp.sin(_THETA)
    end = 2 / jnp.sqrt(floor)
    time = end * jnp.log(1 / jnp.tan(_THETA / 2)) + _DOWN @ ((smooth - end) / jnp.sin(_THETA))
    ground = _ground_state(smooth, stiff, floor)
    # No bound state lies above the floor of the well.
    return {
        "path_time": time,
        "path_value": delta,
        "path_slope": -speed,
        "ground": jnp.minimum(ground, floor),
    }


def _ground_state(smooth, stiff, floor):
    """Least eigenvalue of -d^2/dtau^2 + stiff, even in tau, dtau/dtheta = smooth / sin(theta), by
    Ritz' principle.

    The state falls as (Delta - plateau)^(p/2), p = 2 sqrt((floor - e)/floor), which is not smooth
    in theta: waves are sin^p(theta) cos(2 n theta), integrals against theta^(2p-1) exact for the
    polynomial through the nodes, and p follows e.
    """
    order = 2 * np.arange(WAVES)
    cosine = np.cos(np.outer(_THETA, order))
    sine = np.sin(np.outer(_THETA, order))
    turn = np.tan(_THETA)[:, None]

    def improve(_, ground):
        p = jnp.clip(2 * jnp.sqrt(jnp.maximum(floor - ground, 0.0) / floor), 0.05, 6.0)
        # int_0^1 x^a P_n(2x - 1) dx by recursion, then as weights of the nodes.
        a = 2 * p - 1
        ratio = jnp.concatenate(
            [1 / (a + 1)[None], (a - np.arange(NODES - 1)) / (a + 2 + np.arange(NODES - 1))]
        )
        weight = (_TO_NODES @ jnp.cumprod(ratio)) * np.pi / 2
        density = (
            weight * (jnp.sin(_THETA) / (2 / np.pi * _THETA)) ** a
        )  # times sin(theta) is sin^(2p)
        # d/dtheta of sin^p cos(n theta) over sin^(p-1): p cos(theta) cos(n theta) - n sin(theta)
        # sin(n theta)
        slope = np.cos(_THETA)[:, None] * (p * cosine - order * turn * sine)
        kinetic = (slope.T * (density / smooth)) @ slope
        potential = (cosine.T * (density * smooth * stiff)) @ cosine
        norm = jnp.linalg.cholesky((cosine.T * (density * smooth)) @ cosine)
        half = jax.scipy.linalg.solve_triangular(norm, kinetic + potential, lower=True)
        return jnp.linalg.eigvalsh(jax.scipy.linalg.solve_triangular(norm, half.T, lower=True))[0]

    return jax.lax.fori_loop(0, 4, improve, floor - 0.25 * jnp.abs(floor))


@cached(maxsize=32)
def point(phi: Nonlinearity, time: str, centred: bool):
    """The stationary state at (gain, noise, rank_one), for `points.evaluate`: a dictionary of
    scalars and of Delta(tau).

    `centred`: phi is odd and there is no mean activity, so that the plateau is zero.
    """

    def find(c):
        if centred:
            variance = _odd_variance(phi, c) if time == "continuous" else _discrete(phi, c)
            return (
                Dynamics(variance, jnp.zeros(()), jnp.zeros(())),
                jnp.isfinite(variance),
                jnp.zeros(()),
            )
        if time == "discrete":
            return _discrete_general(phi, c)
        still = _static(phi, c)
        mean = c.rank_one * still.x.latent
        at_rest = (c.noise == 0) & (
            c.gain**2 * moments(phi, mean, still.x.variance).slope_square <= 1
        )
        moving = _moving(phi, still.x, c)
        x = jax.tree.map(lambda a, b: jnp.where(at_rest, a, b), still.x, moving.x)
        apart = (x.variance - x.plateau > 1e-12) & (x.plateau >= -1e-12)
        converged = jnp.where(at_rest, still.converged, moving.converged & apart)
        return x, converged, jnp.where(at_rest, still.residual, moving.residual)

    def one(c):
        x, converged, residual = find(c)
        found = moments(phi, c.rank_one * x.latent, x.variance)
        radius = c.gain * jnp.sqrt(found.slope_square)
        out = {
            "variance": x.variance,
            "plateau": x.plateau,
            "latent": x.latent,
            "activity": found.square,
            "response": found.slope,
            "converged": converged,
            "residual": residual,
        }
        if time == "discrete":
            return {**out, "lyapunov_exponent": jnp.log(radius)}
        path = _path(phi, x, c, centred)
        at_rest = x.variance - x.plateau <= 1e-12
        exponent = jnp.where(
            at_rest, radius - 1, -1 + jnp.sqrt(jnp.maximum(1 - path.pop("ground"), 0.0))
        )
        # So near the onset that the well is of the order of rounding: lambda = e^2/2, e = g phi'(0)
        # - 1.
        excess = c.gain * jnp.abs(phi.slope(jnp.zeros(()))) - 1
        near = (c.noise == 0) & (excess > 0) & (excess < 2e-3) & ~jnp.isfinite(exponent) & centred
        exponent = jnp.where(near, excess**2 / 2, exponent)
        return {**out, **path, "lyapunov_exponent": exponent}

    return one


def _discrete(phi: Nonlinearity, c) -> jax.Array:
    """Delta0 = g^2 <phi^2> + s^2 of x(t+1) = J phi(x(t)) + noise of variance s^2, phi odd:
    iterated, then Newton in its logarithm.
    """

    def residual(x, c):
        return (jnp.log(c.gain**2 * moments(phi, 0.0, jnp.exp(x.log)).square + c.noise) - x.log,)

    found = stationary.solve_one(
        residual,
        _Log(jnp.log(c.gain**2 + c.noise)),
        c,
        iterate=lambda x, c: _Log(x.log + residual(x, c)[0]),
    )
    quiet = (c.noise == 0) & (c.gain * jnp.abs(phi.slope(jnp.zeros(()))) <= 1)
    return jnp.where(quiet, 0.0, jnp.exp(found.x.log))


class _Log(NamedTuple):
    log: jax.Array


def _discrete_general(phi: Nonlinearity, c):
    """Discrete time with a plateau: Delta(k >= 1) = g^2 C_phi at that very correlation, the least
    one.
    """

    def iterate(x, c):
        mean = c.rank_one * x.latent
        found = moments(phi, mean, x.variance)
        level = jnp.minimum(x.plateau, x.variance)
        return Dynamics(
            c.gain**2 * found.square + c.noise,
            c.gain**2 * _covariance(phi.function, phi, mean, x.variance, level),
            found.mean,
        )

    def residual(x, c):
        return jax.tree.map(jnp.subtract, x, iterate(x, c))

    begin = Dynamics(c.gain**2 + c.noise, jnp.full((), 1e-3), jnp.ones(()))
    found = stationary.solve_one(residual, begin, c, iterate=iterate, steps=500, settled=1e-6)
    return found.x, found.converged, found.residual
