"""Replica-symmetry breaking with K steps, K = 1 to continuous, by Parisi's equation for Ising spins in a Gaussian field.

The order parameter is a function: slope(q) = x(q) / T on 0 <= q <= 1, a staircase with K steps. Written with the slope
instead of Parisi's x, all is finite at T -> 0. With overlaps q_0 <= ... <= q_K and slopes g_1 < ... < g_K,

    slope = 0 on [0, q_0],  g_k on [q_(k-1), q_k],  1/T on [q_K, 1],
    -f = Phi(0, field) - (1/2) int_0^1 t slope(t) dt,
    Phi(1, y) = T ln 2cosh(y / T),   d Phi/dq = -(1/2) [Phi'' + slope(q) Phi'^2]   (backwards in q).

The free energy is stationary in all q_k and g_k. On a step with slope g the equation is solved exactly by
Phi(q, y) = (1/g) ln E exp(g Phi(q', y + sqrt(q' - q) z)).

Source: Parisi, J. Phys. A 13, L115 (1980); the form finite at T = 0: Auffinger & Chen, Ann. Probab. 45, 4617 (2017).
Referee: the replica-symmetric potential (K = 0), e(T = 0) = -0.7652 (K = 1), -0.7631667 (K -> inf; Schmidt 2008).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

COLDEST = 0.02  # lower temperatures are evaluated here
_FIELDS = 257  # values of y, clustered where Phi bends
TOLERANCE = 2e-5
_NODES = 97  # Gaussian nodes, clustered likewise


class Staircase(NamedTuple):
    """A stationary staircase: overlaps q_0..q_K (K + 1,), slopes x / T (K,), and what follows from it, per spin.

    `replicon`: 1 - E sech^4 / T^2 at the top, zero in the limit of continuous breaking; `residual`: the largest component of
    the gradient of f; `converged`: whether it is below TOLERANCE. f itself then errs by the square of it.
    """

    overlaps: np.ndarray
    slopes: np.ndarray
    free_energy: float
    entropy: float
    replicon: float
    residual: float
    converged: bool

    def distribution(self, temperature: float) -> np.ndarray:
        """Probability of each overlap q_k between two equilibrium replicas, (K + 1,): the jumps of x(q)."""
        x = np.concatenate([[0.0], self.slopes * max(temperature, COLDEST), [1.0]])
        return np.diff(x)


def _clustered(center, width, low, high, count):
    """`count` nodes on [low, high], dense on the scale `width` about `center` (a sinh map), and their trapezoid weights."""
    a, b = jnp.arcsinh((low - center) / width), jnp.arcsinh((high - center) / width)
    t = a + (b - a) * jnp.linspace(0, 1, count)
    return center + width * jnp.sinh(t), width * jnp.cosh(t) * (b - a) / (count - 1)


def _field_grid(temperature, field):
    reach = 14.0 + jnp.abs(field)
    width = jnp.clip(temperature, 0.02, 5.0)
    y, _ = _clustered(0.0, width, -reach, reach, _FIELDS)
    return y, width, reach


def _interpolate(values, slopes, grid, at):
    """Cubic Hermite interpolation on the clustered field grid; straight lines beyond it. Returns value and slope."""
    y, width, reach = grid
    half = jnp.arcsinh(reach / width)
    place = (jnp.arcsinh(at / width) / half + 1) / 2 * (_FIELDS - 1)
    index = jnp.clip(jnp.floor(place).astype(int), 0, _FIELDS - 2)
    y0, y1 = y[index], y[index + 1]
    f0, f1, d0, d1 = values[index], values[index + 1], slopes[index], slopes[index + 1]
    h = y1 - y0
    t = (jnp.clip(at, -reach, reach) - y0) / h
    secant = (f1 - f0) / h
    c2 = 3 * secant - 2 * d0 - d1
    c3 = d0 + d1 - 2 * secant
    value = f0 + h * t * (d0 + t * (c2 + t * c3))
    slope = d0 + t * (2 * c2 + 3 * t * c3)
    beyond = at - jnp.clip(at, -reach, reach)
    return value + beyond * slope, slope


def _descend(function, y, variance, g, width):
    """One step down in q: (1/g) ln E exp(g Phi(y + sqrt(variance) z)) and its y-derivative; the mean of Phi at g = 0."""
    sigma = jnp.sqrt(variance + 1e-14)
    center = jnp.clip(-y / sigma, -9.0, 9.0)
    z, weight = _clustered(center, jnp.clip(width / sigma, 1e-6, 10.0), -11.0, 11.0, _NODES)
    value, slope = function(y + sigma * z)
    log_weight = -(z**2) / 2 + jnp.log(weight) + g * value
    top = jax.lax.stop_gradient(jnp.max(log_weight))
    tilted = jnp.exp(log_weight - top)
    total = jnp.sum(tilted)
    plain = jnp.exp(-(z**2) / 2) * weight
    norm = jnp.sum(plain)
    tilted_value = (jnp.log(total) + top - jnp.log(norm)) / jnp.where(g > 0, g, 1.0)
    return jnp.where(g > 0, tilted_value, jnp.sum(plain * value) / norm), jnp.sum(tilted * slope) / total


def _phi(overlaps, slopes, temperature, field, probe=0.0):
    """Phi(0, field) of the staircase (traced code); its derivative in `probe` is E sech^4(y / T) at the top."""
    T = temperature
    grid = _field_grid(T, field)
    variances = overlaps[1:] - overlaps[:-1]

    def terminal(at):
        t = jnp.tanh(at / T)
        return T * jnp.logaddexp(at / T, -at / T) + (1 - overlaps[-1]) / (2 * T) + probe * (1 - t**2) ** 2, t

    def on_grid(function, variance, slope, width):
        return jax.vmap(lambda at: _descend(function, at, variance, slope, width))(grid[0])

    def down(state, step):
        values, derivatives, squared_width = state
        variance, slope = step
        new = on_grid(lambda at: _interpolate(values, derivatives, grid, at), variance, slope, jnp.sqrt(squared_width))
        return (*new, squared_width + jax.lax.stop_gradient(variance)), None

    top = on_grid(terminal, variances[-1], slopes[-1], T)
    width = T**2 + jax.lax.stop_gradient(variances[-1])
    state, _ = jax.lax.scan(down, (*top, width), (variances[:-1], slopes[:-1]), reverse=True)
    values, derivatives, squared_width = state
    bottom = _descend(lambda at: _interpolate(values, derivatives, grid, at), field, overlaps[0], 0.0, jnp.sqrt(squared_width))
    return bottom[0]


def free_energy(overlaps, slopes, temperature, field):
    """F per spin of the staircase (traced code). overlaps (K + 1,), slopes (K,), temperature > 0."""
    squares = overlaps**2
    weight = jnp.sum(slopes * (squares[1:] - squares[:-1])) / 4 + (1 - squares[-1]) / (4 * temperature)
    return weight - _phi(overlaps, slopes, temperature, field)


def solve(temperature: float, field: float, steps: int) -> Staircase:
    """The stationary staircase of `steps` steps at one point (temperature, field), temperature >= 0.

    The slopes are s t_k with fixed t_k (denser at small slope when it is cold), and f is stationary in the scale s and in
    all overlaps. First the overlaps relax by q_k <- <m_k^2>, which keeps them ordered, then Newton's method with step
    halving. Temperatures below COLDEST = 0.02 are evaluated there (f then errs by 3e-6).
    Errors of f against K -> inf: K = 1 2e-3, K = 8 1e-5 at T = 0; 2e-4 and 1e-7 at T = 0.5.
    """
    T = max(float(temperature), COLDEST)
    place = (np.arange(steps) + 1) / (steps + 0.5)
    shape = np.sinh(2 * place) / np.sinh(2) if T < 0.3 else place
    with jax.enable_x64(True):
        functions = _functions()
        scale = min(0.5 / T * min(1.0, 4 * abs(1 - T)), 1.4 * (steps + 1) ** 0.75)
        overlaps = (np.arange(steps + 1) + 0.5) / (steps + 1) * (1 - min(T**2, 0.9))
        for _ in range(80):
            relaxed = functions.relax(overlaps, scale * shape, T, field)
            overlaps = np.maximum.accumulate(np.clip(relaxed, 0.0, 1.0))
        w = np.concatenate([overlaps[:-1], [(1 - overlaps[-1]) / T, scale]])
        w, gradient = _newton(lambda v: functions.gradient(v, shape, T, field), w, T)
        q, g = (np.asarray(part) for part in _unpack(w, shape, T))
        value, entropy, replicon = (float(part) for part in functions.report(q, g, T, field))
    residual = float(np.max(np.abs(gradient)))
    return Staircase(q, g, value, entropy, replicon, residual, residual < TOLERANCE)


def _newton(function: Callable, w: np.ndarray, T: float, iterations: int = 12):
    """Newton's method with step halving, staircases kept in order. The Jacobian is by differences: compiling the exact one
    takes longer than all solutions of a study.
    """
    gradient = function(w)
    for _ in range(iterations):
        if np.max(np.abs(gradient)) < 1e-12:
            break
        steps = 1e-6 * np.maximum(np.abs(w), 1e-2)
        jacobian = np.stack([(function(w + h * e) - function(w - h * e)) / (2 * h) for h, e in zip(steps, np.eye(len(w)))], axis=1)
        change = np.linalg.lstsq(jacobian, gradient, rcond=1e-13)[0]
        for fraction in 0.5 ** np.arange(4):
            trial = w - fraction * change
            q = np.append(trial[:-2], 1 - T * trial[-2])
            if np.all(np.diff(q) > 0) and q[0] >= 0 and q[-1] < 1 and trial[-1] > 0:
                new = function(trial)
                if np.linalg.norm(new) < np.linalg.norm(gradient):
                    break
        else:
            break
        w, gradient = trial, new
    return w, gradient


class _Functions(NamedTuple):
    relax: Callable
    gradient: Callable
    report: Callable


def _unpack(w, shape, T):
    """W = (q_0 .. q_(K-1), (1 - q_K) / T, s), finite at T -> 0, as overlaps (K + 1,) and slopes (K,)."""
    steps = len(shape)
    return jnp.append(w[:steps], 1 - T * w[steps]), w[steps + 1] * shape


def _value(w, shape, T, field):
    return free_energy(*_unpack(w, shape, T), T, field)


def _relax(q, slopes, T, field):
    """<m_k^2> at every q_k, from d Phi / d q_k = (g_k - g_(k+1)) <m_k^2> / 2."""
    g = jnp.concatenate([jnp.zeros(1), slopes, jnp.reshape(1 / T, 1)])
    return 2 * jax.grad(_phi)(q, slopes, T, field) / (g[:-1] - g[1:])


def _report(q, g, T, field):
    fourth = jax.grad(_phi, argnums=4)(q, g, T, field, 0.0)
    return free_energy(q, g, T, field), -jax.grad(free_energy, argnums=2)(q, g, T, field), 1 - fourth / T**2


@lru_cache(maxsize=1)
def _functions() -> _Functions:
    def compiled(function):
        jitted = jax.jit(function)
        return lambda *arguments: jax.tree.map(np.asarray, jitted(*(jnp.asarray(a, float) for a in arguments)))

    return _Functions(compiled(_relax), compiled(jax.grad(_value)), compiled(_report))
