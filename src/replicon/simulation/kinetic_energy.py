"""Sampling exp(-E/T) of the kinetic energy E = |-x + J phi(x)|^2 / 2 + eta |x|^2 of a network, and the search of its zeros.

Hamiltonian Monte Carlo with exact gradients and parallel tempering: all temperatures are columns of one block, so that a
leapfrog step costs two products of the couplings, J phi and J^T F, whatever their number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from replicon._errors import InputError
from replicon.simulation.dynamics import check_couplings

HOT = 0.5  # temperature of the start of annealing, where any state is reached


class Sampled(NamedTuple):
    """Time averages at each temperature, (K,): `activity` <phi^2>, `variance` <x^2>, `energy` E/N, `response` = <phi (x - J phi)>/T;
    `overlap`, mean over neurons of the product of the averages of phi over the two halves of what is measured (zero where the
    chain forgets its state); `acceptance` of trajectories, `exchange` of neighbours (K - 1,), and the last `states` (N, K).
    """

    activity: np.ndarray
    variance: np.ndarray
    energy: np.ndarray
    response: np.ndarray
    overlap: np.ndarray
    acceptance: np.ndarray
    exchange: np.ndarray
    states: np.ndarray


def sample_kinetic_energy(
    coupling: np.ndarray,
    temperatures: np.ndarray,
    *,
    function: Callable,
    slope: Callable,
    regulariser: float = 0.0,
    sweeps: int = 400,
    leaps: int = 16,
    seed: int = 0,
) -> Sampled:
    """`sweeps` Hamiltonian trajectories at each temperature (K,), descending; the second half is averaged.

    A trajectory takes `leaps` leapfrog steps; one alone is a step of Langevin dynamics, Metropolis-adjusted.

    The first quarter anneals from temperature 1/2; step sizes adapt, each to an acceptance of 0.8, in the first half and then
    stay. Neighbours exchange states after every trajectory. Raises InputError.
    """
    coupling = check_couplings(coupling).astype(float)
    temperatures = np.asarray(temperatures, float)
    if temperatures.ndim != 1 or not (temperatures > 0).all() or (np.diff(temperatures) > 0).any():
        raise InputError(f"temperatures = {temperatures}: give positive numbers in descending order.")
    half = sweeps // 2
    cooling = np.clip(1 - 4 * np.arange(sweeps) / sweeps, 0, 1)[:, None]
    schedule = temperatures * (np.maximum(HOT, temperatures) / temperatures) ** cooling
    x = np.random.default_rng(seed).standard_normal((len(coupling), len(temperatures)))
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(seed), sweeps)
        run = _chain(function, slope, leaps)
        part = np.where(np.arange(sweeps) < half, 0, np.where(np.arange(sweeps) < (half + sweeps) // 2, 1, 2))
        x, sums, out = run(jnp.asarray(coupling), jnp.asarray(x), jnp.asarray(schedule), keys, jnp.asarray(part), float(regulariser))
        out = {name: np.asarray(values)[half:].mean(axis=0) for name, values in out.items()}
        means = np.asarray(sums) / np.maximum(np.bincount(part, minlength=3), 1)[:, None, None]
    return Sampled(**out, overlap=(means[1] * means[2]).mean(axis=0), states=np.asarray(x))


@lru_cache(maxsize=32)
def _chain(function: Callable, slope: Callable, leaps: int):
    def energy_and_gradient(coupling, x, regulariser):
        value = function(x)
        force = coupling @ value - x
        gradient = slope(x) * (coupling.T @ force) - force + 2 * regulariser * x
        return (force**2).sum(axis=0) / 2 + regulariser * (x**2).sum(axis=0), gradient, (value, force)

    @jax.jit
    def run(coupling, x, schedule, keys, part, regulariser):
        n, count = x.shape

        def sweep(state, given):
            x, log_step, turn, sums = state
            temperature, key, part = given
            kick, jitter, accept, swap = jax.random.split(key, 4)
            step = jnp.exp(log_step) * jnp.sqrt(temperature) * jax.random.uniform(jitter, (), minval=0.8, maxval=1.2)
            momentum = jax.random.normal(kick, x.shape, x.dtype)
            before, gradient, _ = energy_and_gradient(coupling, x, regulariser)

            def leap(_, state):
                y, p, gradient = state
                p = p - step / 2 * gradient / temperature
                y = y + step * p
                _, gradient, _ = energy_and_gradient(coupling, y, regulariser)
                return y, p - step / 2 * gradient / temperature, gradient

            y, p, _ = jax.lax.fori_loop(0, leaps, leap, (x, momentum, gradient))
            after, _, _ = energy_and_gradient(coupling, y, regulariser)
            change = (after - before) / temperature + ((p**2).sum(axis=0) - (momentum**2).sum(axis=0)) / 2
            chance = jnp.where(jnp.isfinite(change), jnp.exp(-jnp.maximum(jnp.where(jnp.isfinite(change), change, 0.0), 0.0)), 0.0)
            taken = jax.random.uniform(accept, (count,)) < chance
            x = jnp.where(taken, y, x)
            log_step = log_step + jnp.where(part == 0, 0.1 * (chance - 0.8), 0.0)
            # Exchange of neighbours (turn, turn + 1), (turn + 2, turn + 3), ...
            energy, _, _ = energy_and_gradient(coupling, x, regulariser)
            gain = (1 / temperature[:-1] - 1 / temperature[1:]) * (energy[:-1] - energy[1:])
            paired = jnp.arange(count - 1) % 2 == turn
            swapped = paired & (jnp.log(jax.random.uniform(swap, (count - 1,))) < gain)
            places = jnp.arange(count)
            places = places + jnp.concatenate([swapped, jnp.zeros(1, bool)]) - jnp.concatenate([jnp.zeros(1, bool), swapped])
            x = x[:, places]
            energy, _, (value, force) = energy_and_gradient(coupling, x, regulariser)
            out = {
                "activity": (value**2).mean(axis=0),
                "variance": (x**2).mean(axis=0),
                "energy": energy / n,
                "response": -(value * force).mean(axis=0) / temperature,
                "acceptance": taken.astype(float),
                "exchange": 2.0 * swapped,
            }
            return (x, log_step, 1 - turn, sums.at[part].add(value)), out

        start = (x, jnp.full(count, jnp.log(0.2)), 0, jnp.zeros((3, n, count)))
        state, out = jax.lax.scan(sweep, start, (schedule, keys, part))
        return state[0], state[3], out

    return run


class FixedPoints(NamedTuple):
    """`points` (n, N), distinct, slowest first; `energy` E/N (n,); `growth`, the largest real part of the eigenvalues of
    -1 + J phi'(x) (n,): stable where negative; `fixed` (n,): whether E is zero to rounding (else a slow point, a minimum with E > 0);
    `found` (n,): how many starts ended there.
    """

    points: np.ndarray
    energy: np.ndarray
    growth: np.ndarray
    fixed: np.ndarray
    found: np.ndarray


def find_fixed_points(
    coupling: np.ndarray, starts: np.ndarray, *, function: Callable, slope: Callable, odd: bool = False, iterations: int = 2000
) -> FixedPoints:
    """Fixed and slow points of x' = -x + J phi(x) from `starts` (n, N), by L-BFGS on E and Newton's method at its minima.

    States closer than 1e-5 sqrt(N) are one; with `odd` a state and its mirror image -x are (for an odd phi). Starts along a
    trajectory find the points that the flow visits. Raises InputError.
    """
    coupling = check_couplings(coupling).astype(float)
    n = len(coupling)
    starts = np.atleast_2d(np.asarray(starts, float))
    if starts.shape[1] != n or not np.isfinite(starts).all():
        raise InputError(f"starts have shape {starts.shape}: give finite numbers of shape (starts, {n}).")
    with jax.enable_x64(True):
        value, turn = jax.jit(function), jax.jit(slope)

        def force(x):
            return coupling @ np.asarray(value(x)) - x

        def energy(x):
            pull = force(x)
            return pull @ pull / 2, np.asarray(turn(x)) * (coupling.T @ pull) - pull

        kept: list[list] = []
        for start in starts:
            x = minimize(energy, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations, "ftol": 1e-15, "gtol": 1e-9}).x
            for _ in range(20):
                change = np.linalg.lstsq(coupling * np.asarray(turn(x)) - np.eye(n), force(x), rcond=None)[0]
                if not np.abs(force(x - change)).max() < 0.9 * np.abs(force(x)).max():
                    break
                x = x - change
            for other in kept:
                near = [np.linalg.norm(x - other[0])] + ([np.linalg.norm(x + other[0])] if odd else [])
                if min(near) < 1e-5 * np.sqrt(n):
                    other[1] += 1
                    break
            else:
                kept.append([x, 1])
        points = np.array([x for x, _ in kept])
        energies = np.array([energy(x)[0] / n for x in points])
        growth = np.array([np.linalg.eigvals(coupling * np.asarray(turn(x)) - np.eye(n)).real.max() for x in points])
    order = np.argsort(energies)
    found = np.array([count for _, count in kept])
    return FixedPoints(points[order], energies[order], growth[order], energies[order] < 1e-20, found[order])
