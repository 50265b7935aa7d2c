"""Networks in motion, x' = -x + J phi(x) + h + noise or x(t+1) = J phi(x(t)) + h + noise: states, Lyapunov exponents.

A step costs one product of the couplings with a block of columns: all initial conditions and all tangent vectors together.
Continuous time goes by exponential Adams-Bashforth steps, second order, one product each; that product is the floor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._errors import ConvergenceError, InputError


class Run(NamedTuple):
    """`times` (K,); `states` (K, N, columns); `exponents` (n,), largest first, per unit of time; `final` (N, columns)."""

    times: np.ndarray
    states: np.ndarray
    exponents: np.ndarray
    final: np.ndarray


def evolve(
    coupling: np.ndarray,
    start: np.ndarray,
    *,
    function: Callable,
    slope: Callable | None = None,
    duration: float,
    transient: float = 0.0,
    step: float = 0.1,
    every: float = 0.5,
    time: str = "continuous",
    field: np.ndarray | float = 0.0,
    noise: float = 0.0,
    exponents: int = 0,
    seed: int = 0,
) -> Run:
    """Integrate x(0) = `start`, shape (N,) or (N, columns), for `duration` after a `transient`, recording states `every` so long.

    `function` and `slope` are phi and phi', elementwise, by JAX. `field`: constant, broadcast to start. `noise`: D of white
    noise 2 D delta (all columns feel the same), its variance in discrete time. `exponents`: how many Lyapunov exponents of
    the first column to follow, by QR every `every`, and none by default; they need `slope`, and a transient, in which tangent
    vectors find their directions: without it an exponent is ln(N)/(2 duration) too small. Arithmetic in the type of
    `coupling`, float32 or float64. Raises InputError for couplings that are no square matrix of numbers, ConvergenceError where
    the state is lost, with the time.
    """
    coupling = check_couplings(coupling)
    n = len(coupling)
    start = np.asarray(start, coupling.dtype)
    columns = start.reshape(n, -1) if start.shape[:1] == (n,) else None
    if columns is None or not np.isfinite(columns).all():
        raise InputError(f"start has shape {start.shape}: give finite numbers of shape ({n},) or ({n}, columns), one row for each neuron.")
    if not 0 <= exponents <= n:
        raise InputError(f"exponents = {exponents} is outside its domain: give at most one for each of the {n} neurons.")
    step = 1.0 if time == "discrete" else step
    inner = max(round(every / step), 1)
    records = max(round(duration / (inner * step)), 1)
    field = np.asarray(field, coupling.dtype)
    field = np.broadcast_to(field[:, None] if field.ndim == 1 else field, columns.shape)
    with jax.enable_x64(True):
        run = _runner(function, slope, time, inner, exponents)
        tangent = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, exponents)))[0] if exponents else np.zeros((n, 0))
        state = (jnp.asarray(columns), jnp.zeros_like(columns), jnp.asarray(tangent, columns.dtype), jnp.zeros_like(tangent, columns.dtype))
        numbers = jnp.asarray([step, noise], columns.dtype)
        matrix, constant, carry = jnp.asarray(coupling), jnp.asarray(field), (state, jnp.array(True))
        before = round(transient / (inner * step))
        keys = jax.random.split(jax.random.key(seed), before + records)
        if before:
            carry, _ = run(matrix, constant, numbers, keys[:before], carry)
        carry, (states, growth) = run(matrix, constant, numbers, keys[before:], carry)
        states, growth = np.asarray(states), np.asarray(growth, float)
    times = inner * step * np.arange(1, records + 1)
    lost = ~np.isfinite(states).all(axis=(1, 2))
    if lost.any():
        moment = before * inner * step + times[lost][0]
        raise ConvergenceError(f"the integration diverged at time {moment:g}: give a bounded phi, a smaller step or smaller couplings.")
    return Run(times, states, growth.sum(axis=0) / times[-1] if exponents else np.zeros(0), states[-1])


@lru_cache(maxsize=32)
def _runner(function: Callable, slope: Callable | None, time: str, inner: int, exponents: int):
    continuous = time == "continuous"

    def one_step(coupling, field, numbers, key, state, first):
        x, past, v, past_v = state
        step, noise = numbers
        block = function(x)
        if exponents:
            assert slope is not None
            block = jnp.concatenate([block, slope(x[:, :1]) * v], axis=1)
        pull = coupling @ block
        drive, turn = pull[:, : x.shape[1]] + field, pull[:, x.shape[1] :]
        decay = jnp.exp(-step) if continuous else jnp.zeros_like(step)
        kick = jnp.sqrt(noise * (1 - decay**2)) * jax.random.normal(key, (len(x), 1), x.dtype)
        if not continuous:
            return drive + kick, drive, turn, turn
        # The first step of all has no past: Euler.
        old, old_v = jnp.where(first, drive, past), jnp.where(first, turn, past_v)
        x = decay * x + (1 - decay) * (1.5 * drive - 0.5 * old) + kick
        return x, drive, decay * v + (1 - decay) * (1.5 * turn - 0.5 * old_v), turn

    @jax.jit
    def run(coupling, field, numbers, keys, carry):
        def record(carry, key):
            state, first = carry
            steps = jax.random.split(key, inner)

            def advance(k, carry):
                state, first = carry
                return one_step(coupling, field, numbers, steps[k], state, first), False

            state, first = jax.lax.fori_loop(0, inner, advance, (state, first))
            x, past, v, past_v = state
            growth = jnp.zeros(exponents, x.dtype)
            if exponents:
                v, r = jnp.linalg.qr(v)
                # The drive kept from the last step belongs to the same tangent vectors.
                past_v = jax.scipy.linalg.solve_triangular(r, past_v.T, trans=1).T
                growth = jnp.log(jnp.abs(jnp.diagonal(r)))
            return ((x, past, v, past_v), first), (x, growth)

        return jax.lax.scan(record, carry, keys)

    return run


def check_couplings(coupling: np.ndarray) -> np.ndarray:
    """Couplings as a square float array; raises InputError."""
    coupling = np.asarray(coupling)
    if coupling.dtype.kind not in "fiu" or coupling.ndim != 2 or coupling.shape[0] != coupling.shape[1] or len(coupling) == 0:
        raise InputError(f"couplings of shape {coupling.shape} are no square matrix of numbers: give J[i, j], from neuron j to neuron i.")
    if not np.isfinite(coupling).all():
        raise InputError("couplings hold NaN or infinite values: give finite numbers, zero where there is no connection.")
    return coupling if coupling.dtype in (np.float32, np.float64) else coupling.astype(float)


def kaplan_yorke_dimension(exponents: np.ndarray) -> float:
    """Dimension of the attractor from its Lyapunov spectrum: k + sum_{i <= k} lambda_i / |lambda_{k+1}|, k the last with sum >= 0.

    Source: Kaplan & Yorke (1979). Raises InputError where the exponents given are too few for their sum to turn negative.
    """
    exponents = np.sort(np.asarray(exponents, float))[::-1]
    total = np.cumsum(exponents)
    if total[-1] >= 0:
        raise InputError(f"the sum of {len(exponents)} Lyapunov exponents is still positive: follow more of them.")
    k = int((total >= 0).sum())
    return 0.0 if k == 0 else float(k + total[k - 1] / abs(exponents[k]))
