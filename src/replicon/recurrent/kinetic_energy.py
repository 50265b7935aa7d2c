"""Sampling exp(-E/T) of the kinetic energy E = |-x + J phi(x)|^2 / 2 + eta |x|^2 of a network.

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

from replicon._arrays import real_array
from replicon._declare import Interval
from replicon._domains import check_argument
from replicon._errors import DivergenceError, InputError
from replicon._jit import jit
from replicon._seed import read_seed
from replicon._traced import Traced
from replicon.recurrent.couplings import check_couplings
from replicon.recurrent.transfer import Transfer, transfer

HOT = 0.5  # temperature of the start of annealing, where any state is reached
_FIRST_STEP = 0.2  # of leapfrog, in units of sqrt(T), before it adapts
_WANTED = 0.8  # acceptance to which the step adapts: between 0.6 and 0.9 the cost hardly changes
_RATE = 0.1  # of that adaptation: a factor e takes some ten sweeps
_STUCK = 0.01  # acceptance below which the states are still those of the start
_ENOUGH = 20  # sweeps before that is judged: of a few, one may well refuse all


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
    couplings: Any,
    temperatures: Any,
    *,
    function: Callable,
    slope: Callable | None = None,
    regulariser: float = 0.0,
    sweeps: int = 400,
    leaps: int = 16,
    seed: Any = 0,
) -> KineticSamples:
    """`sweeps` Hamiltonian trajectories at each temperature (K,), descending; the second half is
    averaged.

    A trajectory takes `leaps` leapfrog steps; one alone is a step of Langevin dynamics,
    Metropolis-adjusted.

    The first quarter anneals from temperature 1/2; step sizes adapt, each to an acceptance of 0.8,
    in the first half and then stay. Neighbours exchange states after every trajectory. `function`
    and `slope` are phi and phi', elementwise, written with jax.numpy; without `slope` it is by
    automatic differentiation. `seed`: a whole number, or a NumPy Generator.

    Raises InputError for arguments outside their domains, for a function that JAX cannot follow or
    that is not elementwise, and for a slope that is not its derivative; DivergenceError where fewer
    than one trajectory in a hundred is accepted, so that the states are those of the start.

    Source: Duane et al., Phys. Lett. B 195, 216 (1987) (Hamiltonian Monte Carlo); Qiu &
    Huang, arXiv 2401.10009. Referee: the Gaussian measure of linear networks, the cavity theory of
    random ones (tests/recurrent).
    """
    couplings = check_couplings(couplings).astype(float)
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
    phi = transfer(function, slope, (len(couplings), len(temperatures)))
    chains = Chains(couplings, phi, len(temperatures), leaps=leaps, seed=read_seed(seed))
    schedule = annealed(temperatures, sweeps)
    measured = slice(sweeps // 2, None)
    series, first, second = chains.record(schedule, regulariser)
    averages = {name: values[measured].mean(axis=0) for name, values in series.items()}
    refuse_stuck(temperatures, averages["acceptance"], averages["energy"], sweeps - sweeps // 2)
    overlap = (first * second).mean(axis=0)
    return KineticSamples(**averages, overlap=overlap, states=chains.states)


def annealed(temperatures: np.ndarray, sweeps: int) -> np.ndarray:
    """Temperatures (sweeps, K) of a run that ends at some (K,): its first quarter comes down from
    `HOT` in equal factors, where that is hotter.
    """
    left = np.clip(1 - 4 * np.arange(sweeps) / sweeps, 0, 1)[:, None]
    return temperatures * (np.maximum(HOT, temperatures) / temperatures) ** left


def refuse_stuck(
    temperatures: np.ndarray, acceptance: np.ndarray, energy: np.ndarray, sweeps: int
) -> None:
    """Raises DivergenceError where so many measured sweeps accepted next to nothing, or the energy
    is beyond all numbers; all arrays (K,).
    """
    if (sweeps >= _ENOUGH and (acceptance < _STUCK).any()) or not np.isfinite(energy).all():
        place = int(np.argmin(acceptance))
        raise DivergenceError(
            f"at temperature {temperatures[place]:g} {acceptance[place]:.1%} of the"
            " trajectories were accepted, so that the states are still those of the start: give"
            " smaller couplings, a higher temperature or more sweeps."
        )


class Chains:
    """K chains of Hamiltonian Monte Carlo on the kinetic energy, from a normal start.

    couplings (N, N), phi as `transfer` gives it for states (N, K). Their temperatures follow a
    schedule (sweeps, K), or (sweeps, 1) where all have the same; steps adapt in its first half,
    and beyond its end its last temperatures stay. `sweeps`: how many were made; the random numbers
    of a sweep are functions of the seed and of its number.
    """

    def __init__(self, couplings: np.ndarray, phi: Transfer, count: int, *, leaps: int, seed: int):
        start = np.random.default_rng(seed).standard_normal((len(couplings), count))
        self.sweeps = 0
        self._kernel = _kernel(phi.function, phi.slope, leaps)
        self._constants = phi.constants
        self._accepted = np.zeros(count)
        with jax.enable_x64(True):
            # J^T as a matrix of its own: XLA multiplies by the transpose of another in up to five
            # times as long.
            self._couplings = (jnp.asarray(couplings), jnp.asarray(couplings.T.copy()))
            self._key = jax.random.key(seed)
            self._state = _State(
                jnp.asarray(start), jnp.full(count, np.log(_FIRST_STEP)), jnp.zeros((), int)
            )

    @property
    def states(self) -> np.ndarray:
        """The states now, (N, K)."""
        return np.asarray(self._state.x)

    def record(
        self, schedule: np.ndarray, regulariser: float
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """All sweeps of a schedule: what each gave, {name: (sweeps, K)}, and the averages of phi
        (N, K) over its third and over its last quarter.
        """
        sweeps = len(schedule)
        half = sweeps // 2
        number = np.arange(sweeps)
        part = np.where(number < half, 0, np.where(number < (half + sweeps) // 2, 1, 2))
        with jax.enable_x64(True):
            given = _Given(self._constants, *self._couplings, regulariser)
            self._state, sums, series = self._kernel.record(
                given, self._state, schedule, self._key, part
            )
            self.sweeps = sweeps
            counts = np.maximum(np.bincount(part, minlength=3), 1)
            means = np.asarray(sums) / counts[:, None, None]
            return {name: np.asarray(v) for name, v in series.items()}, means[1], means[2]

    def advance(self, schedule: Any, regulariser: float, count: int) -> dict[str, np.ndarray]:
        """So many sweeps more; what the last state gives, {name: (K,)}, and `acceptance` since the
        steps are adapted.
        """
        with jax.enable_x64(True):
            given = _Given(self._constants, *self._couplings, regulariser)
            end = self.sweeps + count
            self._state, self._accepted, now = self._kernel.advance(
                given, self._state, self._accepted, schedule, self._key, self.sweeps, end
            )
            self.sweeps = end
            measured = max(end - len(schedule) // 2, 1)
            now["acceptance"] = self._accepted / measured
            return {name: np.asarray(v) for name, v in now.items()}


class _Given(NamedTuple):
    """What every sweep reads: the `constants` of phi and phi', `couplings` (N, N) and them
    `transposed`, `regulariser` eta.
    """

    constants: tuple[list, list]
    couplings: jax.Array
    transposed: jax.Array
    regulariser: jax.Array | float


class _State(NamedTuple):
    """Chains: `x` (N, K); `log_step` (K,), ln of the leapfrog step over sqrt(T); `turn`, 0 or 1:
    the first of the pairs that exchange next.
    """

    x: jax.Array
    log_step: jax.Array
    turn: jax.Array


class _Energy(NamedTuple):
    """Of states (N, K): `energy` E (K,), its `gradient` (N, K), `activity` phi (N, K) and `force`
    F = J phi - x (N, K).
    """

    energy: jax.Array
    gradient: jax.Array
    activity: jax.Array
    force: jax.Array


@lru_cache(maxsize=32)
def _kernel(function: Traced, slope: Traced, leaps: int) -> _Kernel:
    return _Kernel(function, slope, leaps)


class _Kernel:
    """Sweeps compiled for a transfer function and a number of leapfrog steps."""

    def __init__(self, function: Traced, slope: Traced, leaps: int):
        self.function = function
        self.slope = slope
        self.leaps = leaps
        self.record = jit(self._record)
        self.advance = jit(self._advance)

    def _record(self, given: _Given, state: _State, schedule, key, part):
        """A sweep for each row of the schedule: the last state, sums of phi (3, N, K) over the
        sweeps of each part, and what each sweep gave.
        """

        def one(carry, now):
            state, sums = carry
            temperature, key, part = now
            state, activity, out = self._sweep(given, state, temperature, key, part == 0)
            return (state, sums.at[part].add(activity)), out

        keys = jax.random.split(key, len(schedule))
        carry = (state, jnp.zeros((3, *state.x.shape)))
        (state, sums), series = jax.lax.scan(one, carry, (schedule, keys, part))
        return state, sums, series

    def _advance(self, given: _Given, state: _State, accepted, schedule, key, begin, end):
        """The sweeps numbered from `begin` to `end`, in a loop whose length is not compiled: the
        last state, how many trajectories were accepted (K,), what the state gives.
        """
        last = len(schedule) - 1
        half = len(schedule) // 2

        def at(number):
            return jnp.broadcast_to(schedule[jnp.minimum(number, last)], accepted.shape)

        def one(number, carry):
            state, accepted = carry
            adapting = number < half
            mine = jax.random.fold_in(key, number)
            state, _, out = self._sweep(given, state, at(number), mine, adapting)
            return state, accepted + jnp.where(adapting, 0.0, out["acceptance"])

        state, accepted = jax.lax.fori_loop(begin, end, one, (state, accepted))
        return state, accepted, _measured(state.x, self._energy(given, state.x), at(end - 1))

    def _energy(self, given: _Given, x) -> _Energy:
        held, held_by_slope = given.constants
        value = self.function(held, x).astype(x.dtype)
        force = given.couplings @ value - x
        gradient = (
            self.slope(held_by_slope, x).astype(x.dtype) * (given.transposed @ force)
            - force
            + 2 * given.regulariser * x
        )
        energy = (force**2).sum(axis=0) / 2 + given.regulariser * (x**2).sum(axis=0)
        return _Energy(energy, gradient, value, force)

    def _sweep(self, given: _Given, state: _State, temperature, key, adapting):
        """A trajectory of each chain and an exchange: the state, phi (N, K), what it gave."""
        kick, jitter, accept, swap = jax.random.split(key, 4)
        step = (
            jnp.exp(state.log_step)
            * jnp.sqrt(temperature)
            * jax.random.uniform(jitter, (), minval=0.8, maxval=1.2)
        )
        momentum = jax.random.normal(kick, state.x.shape, state.x.dtype)
        before = self._energy(given, state.x)
        y, there, change = self._trajectory(given, state.x, before, momentum, step, temperature)
        chance = jnp.where(
            jnp.isfinite(change),
            jnp.exp(-jnp.maximum(jnp.where(jnp.isfinite(change), change, 0.0), 0.0)),
            0.0,
        )
        taken = jax.random.uniform(accept, temperature.shape) < chance
        log_step = state.log_step + jnp.where(adapting, _RATE * (chance - _WANTED), 0.0)
        chains = jax.tree.map(lambda a, b: jnp.where(taken, a, b), (y, there), (state.x, before))
        places, swapped = _exchanged(chains[1].energy, temperature, state.turn, swap)
        x, found = jax.tree.map(lambda values: values[..., places], chains)
        out = _measured(x, found, temperature)
        out |= {"acceptance": taken.astype(float), "exchange": 2.0 * swapped}
        return _State(x, log_step, 1 - state.turn), found.activity, out

    def _trajectory(self, given: _Given, x, before: _Energy, momentum, step, temperature):
        """Where `leaps` leapfrog steps from x, with its energy `before`, end: (N, K), the energy
        there, and how much E/T + p^2/2 has grown, (K,).
        """

        def leap(_, state):
            y, p, here = state
            p = p - step / 2 * here.gradient / temperature
            y = y + step * p
            here = self._energy(given, y)
            return y, p - step / 2 * here.gradient / temperature, here

        y, p, there = jax.lax.fori_loop(0, self.leaps, leap, (x, momentum, before))
        kinetic = ((p**2).sum(axis=0) - (momentum**2).sum(axis=0)) / 2
        return y, there, (there.energy - before.energy) / temperature + kinetic


def _exchanged(energy, temperature, turn, key):
    """Parallel tempering of neighbours (turn, turn + 1), (turn + 2, turn + 3), ...: the chain (K,)
    that each temperature has now, and which pairs exchanged (K - 1,).
    """
    count = len(energy)
    gain = (1 / temperature[:-1] - 1 / temperature[1:]) * (energy[:-1] - energy[1:])
    paired = jnp.arange(count - 1) % 2 == turn
    swapped = paired & (jnp.log(jax.random.uniform(key, (count - 1,))) < gain)
    none = jnp.zeros(1, bool)
    places = jnp.arange(count) + jnp.concatenate([swapped, none]) - jnp.concatenate([none, swapped])
    return places, swapped


def _measured(x, found: _Energy, temperature) -> dict[str, jax.Array]:
    """What states (N, K) give, (K,) each: means over neurons."""
    return {
        "activity": (found.activity**2).mean(axis=0),
        "variance": (x**2).mean(axis=0),
        "energy": found.energy / len(x),
        "response": -(found.activity * found.force).mean(axis=0) / temperature,
    }
