"""Sampling exp(-E/T) of the kinetic energy E = |-x + J phi(x)|^2 / 2 + eta |x|^2 of a network, and
the search of its zeros.

Hamiltonian Monte Carlo with exact gradients and parallel tempering: all temperatures are columns of
one block, so that a leapfrog step costs two products of the couplings, J phi and J^T F, whatever
their number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from replicon._arrays import real_array
from replicon._declare import Interval
from replicon._domains import check_argument, check_seed, show
from replicon._errors import DivergenceError, InputError
from replicon._traced import Traced
from replicon.recurrent.couplings import certain, check_couplings, largest
from replicon.recurrent.transfer import Transfer, transfer

HOT = 0.5  # temperature of the start of annealing, where any state is reached


class KineticSamples(NamedTuple):
    """Time averages at each temperature, (K,): `activity` <phi^2>, `variance` <x^2>, `energy` E/N,
    `response` = <phi (x - J phi)>/T; `overlap`, mean over neurons of the product of the averages of
    phi over the two halves of what is measured (zero where the chain forgets its state);
    `acceptance` of trajectories, `exchange` of neighbours (K - 1,), and the last `states` (N, K).
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
    coupling: Any,
    temperatures: Any,
    *,
    function: Callable,
    slope: Callable | None = None,
    regulariser: float = 0.0,
    sweeps: int = 400,
    leaps: int = 16,
    seed: int = 0,
) -> KineticSamples:
    """`sweeps` Hamiltonian trajectories at each temperature (K,), descending; the second half is
    averaged.

    A trajectory takes `leaps` leapfrog steps; one alone is a step of Langevin dynamics,
    Metropolis-adjusted.

    The first quarter anneals from temperature 1/2; step sizes adapt, each to an acceptance of 0.8,
    in the first half and then stay. Neighbours exchange states after every trajectory. `function`
    and `slope` are phi and phi', elementwise, written with jax.numpy; without `slope` it is by
    automatic differentiation.

    Raises InputError for arguments outside their domains, for a function that JAX cannot follow or
    that is not elementwise, and for a slope that is not its derivative; DivergenceError where fewer
    than one trajectory in a hundred is accepted, so that the states are those of the start.

    Raises InputError for arguments out of range.

    Source: Duane et al., Phys. Lett. B 195, 216 (1987) (Hamiltonian Monte Carlo); Qiu &
    Huang, arXiv 2401.10009. Referee: the Gaussian measure of linear networks, the cavity theory of
    random ones (tests/recurrent).
    """
    coupling = check_couplings(coupling).astype(float)
    expected = "give positive numbers in descending order"
    temperatures = real_array("temperatures", temperatures, expected, ndim=1)
    if not (temperatures > 0).all() or (np.diff(temperatures) > 0).any():
        raise InputError(f"temperatures = {temperatures}: {expected}.")
    regulariser = check_argument("regulariser", regulariser, Interval(0), "weight of |x|^2")
    sweeps = check_argument(
        "sweeps", sweeps, Interval(4, 2**26, integer=True), "Hamiltonian trajectories"
    )
    leaps = check_argument(
        "leaps", leaps, Interval(1, 2**26, integer=True), "leapfrog steps of a trajectory"
    )
    seed = check_seed(seed)
    half = sweeps // 2
    cooling = np.clip(1 - 4 * np.arange(sweeps) / sweeps, 0, 1)[:, None]
    schedule = temperatures * (np.maximum(HOT, temperatures) / temperatures) ** cooling
    x = np.random.default_rng(seed).standard_normal((len(coupling), len(temperatures)))
    phi = transfer(function, slope, x.shape)
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(seed), sweeps)
        run = _chain(phi.function, phi.slope, leaps)
        part = np.where(
            np.arange(sweeps) < half, 0, np.where(np.arange(sweeps) < (half + sweeps) // 2, 1, 2)
        )
        given = phi.constants, jnp.asarray(coupling), regulariser
        x, sums, out = run(given, jnp.asarray(x), jnp.asarray(schedule), keys, jnp.asarray(part))
        out = {name: np.asarray(values)[half:].mean(axis=0) for name, values in out.items()}
        means = np.asarray(sums) / np.maximum(np.bincount(part, minlength=3), 1)[:, None, None]
    # Of a few sweeps one may well refuse all.
    if (half >= 20 and (out["acceptance"] < 0.01).any()) or not np.isfinite(out["energy"]).all():
        place = int(np.argmin(out["acceptance"]))
        raise DivergenceError(
            f"at temperature {temperatures[place]:g} {out['acceptance'][place]:.1%} of the"
            " trajectories were accepted, so that the states are still those of the start: give"
            " smaller couplings, a higher temperature or more sweeps."
        )
    return KineticSamples(**out, overlap=(means[1] * means[2]).mean(axis=0), states=np.asarray(x))


@lru_cache(maxsize=32)
def _chain(function: Traced, slope: Traced, leaps: int):
    def energy_and_gradient(given, x):
        (held, held_by_slope), coupling, regulariser = given
        value = function(held, x).astype(x.dtype)
        force = coupling @ value - x
        gradient = (
            slope(held_by_slope, x).astype(x.dtype) * (coupling.T @ force)
            - force
            + 2 * regulariser * x
        )
        return (
            (force**2).sum(axis=0) / 2 + regulariser * (x**2).sum(axis=0),
            gradient,
            (value, force),
        )

    @jax.jit
    def run(given, x, schedule, keys, part):
        n, count = x.shape

        def sweep(state, now):
            x, log_step, turn, sums = state
            temperature, key, part = now
            kick, jitter, accept, swap = jax.random.split(key, 4)
            step = (
                jnp.exp(log_step)
                * jnp.sqrt(temperature)
                * jax.random.uniform(jitter, (), minval=0.8, maxval=1.2)
            )
            momentum = jax.random.normal(kick, x.shape, x.dtype)
            before, gradient, _ = energy_and_gradient(given, x)

            def leap(_, state):
                y, p, gradient = state
                p = p - step / 2 * gradient / temperature
                y = y + step * p
                _, gradient, _ = energy_and_gradient(given, y)
                return y, p - step / 2 * gradient / temperature, gradient

            y, p, _ = jax.lax.fori_loop(0, leaps, leap, (x, momentum, gradient))
            after, _, _ = energy_and_gradient(given, y)
            change = (after - before) / temperature + (
                (p**2).sum(axis=0) - (momentum**2).sum(axis=0)
            ) / 2
            chance = jnp.where(
                jnp.isfinite(change),
                jnp.exp(-jnp.maximum(jnp.where(jnp.isfinite(change), change, 0.0), 0.0)),
                0.0,
            )
            taken = jax.random.uniform(accept, (count,)) < chance
            x = jnp.where(taken, y, x)
            log_step = log_step + jnp.where(part == 0, 0.1 * (chance - 0.8), 0.0)
            # Exchange of neighbours (turn, turn + 1), (turn + 2, turn + 3), ...
            energy, _, _ = energy_and_gradient(given, x)
            gain = (1 / temperature[:-1] - 1 / temperature[1:]) * (energy[:-1] - energy[1:])
            paired = jnp.arange(count - 1) % 2 == turn
            swapped = paired & (jnp.log(jax.random.uniform(swap, (count - 1,))) < gain)
            places = jnp.arange(count)
            places = (
                places
                + jnp.concatenate([swapped, jnp.zeros(1, bool)])
                - jnp.concatenate([jnp.zeros(1, bool), swapped])
            )
            x = x[:, places]
            energy, _, (value, force) = energy_and_gradient(given, x)
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
    """`points` (n, N), distinct, slowest first; `energy` E/N (n,); `growth`, the largest real part
    of the eigenvalues of -1 + J phi'(x) (n,): stable where negative, exactly zero where rounding
    leaves its sign open; `fixed` (n,): whether the force -x + J phi(x) is zero to rounding (else a
    slow point, a minimum with E > 0); `found` (n,): how many starts ended there.
    """

    points: np.ndarray
    energy: np.ndarray
    growth: np.ndarray
    fixed: np.ndarray
    found: np.ndarray


def find_fixed_points(
    coupling: Any,
    starts: Any,
    *,
    function: Callable,
    slope: Callable | None = None,
    odd: bool = False,
    iterations: int = 2000,
) -> FixedPoints:
    """Fixed and slow points of x' = -x + J phi(x) from `starts` (n, N), by L-BFGS on E and Newton's
    method at its minima.

    States are one where they differ by less than 1e-5 of their size, or than 1e-5 sqrt(N) with no
    force between them beyond rounding; with `odd` a state and its mirror image -x are one (for an
    odd phi). Starts along a trajectory find the points that the flow visits. `function` and `slope`
    are phi and phi', elementwise, written with jax.numpy; without `slope` it is by automatic
    differentiation.

    Raises InputError for arguments outside their domains, for a function that JAX cannot follow, is
    not elementwise or, with `odd`, not odd, and for a slope that is not its derivative;
    DivergenceError where E is beyond all numbers.

    Raises InputError for arguments out of range.

    Source: Sussillo & Barak, Neural Comput. 25, 626 (2013). Referee: networks whose fixed points
    are known (tests/recurrent).
    """
    coupling = check_couplings(coupling).astype(float)
    n = len(coupling)
    expected = f"give finite numbers of shape (starts, {n})"
    starts = np.atleast_2d(real_array("starts", starts, expected))
    if starts.ndim != 2 or starts.shape[1] != n:
        raise InputError(f"starts have shape {starts.shape}: {expected}.")
    if not isinstance(odd, (bool, np.bool_)):
        raise InputError(
            f"odd = {show(odd)}: say True where function(-x) = -function(x), else False."
        )
    iterations = check_argument(
        "iterations", iterations, Interval(1, 2**31, integer=True), "of L-BFGS"
    )
    phi = transfer(function, slope, (n,), odd=bool(odd))
    network = _Network(coupling, phi)
    kept: list[tuple[np.ndarray, bool]] = []
    counts: list[int] = []
    with jax.enable_x64(True):
        for start in starts:
            x, still = network.settle(start, iterations)
            for number, (other, other_still) in enumerate(kept):
                images = (other, -other) if odd else (other,)
                if still == other_still and any(network.same(x, image, still) for image in images):
                    counts[number] += 1
                    break
            else:
                kept.append((x, still))
                counts.append(1)
        points = np.array([x for x, _ in kept])
        energies = np.array([network.at(x)[0] / n for x in points])
        growth = np.array([_growth(coupling * network.at(x)[3]) for x in points])
    order = np.argsort(energies)
    fixed = np.array([still for _, still in kept])
    return FixedPoints(
        points[order], energies[order], growth[order], fixed[order], np.array(counts)[order]
    )


class _Network:
    """The kinetic energy of a network, its minima and zeros."""

    def __init__(self, coupling: np.ndarray, phi: Transfer):
        self.coupling, self.phi = coupling, phi
        self.size = len(coupling) * np.abs(coupling)
        self.compiled = _energy(phi.function, phi.slope)

    def at(self, x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """E, its gradient, the force, phi'(x), and the rounding of the force."""
        energy, gradient, force, rise, value = (
            np.asarray(v) for v in self.compiled(self.phi.constants, self.coupling, x)
        )
        if not np.isfinite(energy):
            raise DivergenceError(
                "the kinetic energy is beyond all numbers: give smaller couplings or starts, or a"
                " bounded phi."
            )
        rounding = (
            8 * np.finfo(float).eps * (self.size @ np.abs(value) + np.abs(x)) + np.finfo(float).tiny
        )
        return float(energy), gradient, force, rise, rounding

    def still(self, x: np.ndarray) -> bool:
        """Whether the force is zero to rounding."""
        _, _, force, _, rounding = self.at(x)
        return bool((np.abs(force) <= rounding).all())

    def same(self, one: np.ndarray, other: np.ndarray, still: bool) -> bool:
        """Closer than 1e-5 of their size; closer than 1e-5 sqrt(N) if rounding hides any force
        between them, or for slow points.
        """
        apart = np.linalg.norm(one - other)
        if apart <= 1e-5 * np.linalg.norm(one):
            return True
        return bool(
            apart <= 1e-5 * np.sqrt(len(one)) and (not still or self.still((one + other) / 2))
        )

    def settle(self, x: np.ndarray, iterations: int) -> tuple[np.ndarray, bool]:
        """A zero of the force, or else a minimum of E; in units of the force, which tells small
        networks from slow points.
        """
        for _ in range(3):
            unit = np.abs(self.at(x)[2]).max()
            if unit == 0:
                return x, True

            def scaled(u, unit=unit):
                energy, gradient, *_ = self.at(unit * u)
                return energy / unit**2, gradient / unit

            options = {"maxiter": iterations, "ftol": 1e-15, "gtol": 1e-9}
            x = unit * minimize(scaled, x / unit, jac=True, method="L-BFGS-B", options=options).x
            zero = self._newton(x)
            if self.still(zero):
                return zero, True
        return x, False

    def _newton(self, x: np.ndarray) -> np.ndarray:
        _, _, force, rise, _ = self.at(x)
        for _ in range(100):
            new = x - np.linalg.lstsq(self.coupling * rise - np.eye(len(x)), force, rcond=None)[0]
            _, _, after, rise_after, _ = self.at(new)
            if not np.abs(after).max() < 0.9 * np.abs(force).max():
                break
            x, force, rise = new, after, rise_after
        return x


@lru_cache(maxsize=32)
def _energy(function: Traced, slope: Traced):
    @jax.jit
    def energy(constants, coupling, x):
        value = function(constants[0], x).astype(x.dtype)
        rise = slope(constants[1], x).astype(x.dtype)
        force = coupling @ value - x
        return force @ force / 2, rise * (coupling.T @ force) - force, force, rise, value

    return energy


def _growth(linear: np.ndarray) -> float:
    """The largest real part of the eigenvalues of -1 + A, zero where rounding leaves
    its sign open.
    """
    top, error = largest(linear)
    return certain(top - 1, error + 8 * np.finfo(float).eps)
