"""Steps of Langevin dynamics, compiled once for all temperatures, steps and data of a shape."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import ArrayLike

from replicon._content import shipped
from replicon._errors import DivergenceError, InputError
from replicon._jit import jit
from replicon._traced import Traced, second_derivatives, trace
from replicon.langevin.rows import draw_rows
from replicon.langevin.vectors import unravelled

BLOCK = 200  # records between looks at the energy


class Record(NamedTuple):
    """What is measured of every chain each `every` steps; C chains, R records, d parameters.

    position w (C, R, d), energy E, square |grad E|^2, laplacian (an estimate of it), product w.grad
    E, gradient grad E (C, R, d), kinetic |p|^2/d, acceptance, a mean over the steps, and noise, the
    squared deviation of a minibatch's gradient at one of them: arrays (C, R) where no shape is
    given.
    """

    position: Any
    energy: Any
    square: Any
    laplacian: Any
    product: Any
    gradient: Any
    kinetic: Any
    acceptance: Any
    noise: Any


class Given(NamedTuple):
    """What may change between two calls of what is compiled: data, a pair (constants, rows);
    temperature T, step dt and friction, numbers; every, steps from one record to the next.
    """

    data: Any
    temperature: Any
    step: Any
    friction: Any
    every: Any


class _Moved(NamedTuple):
    """A chain after some steps: position x (d,), momentum p (d,), acceptance, noise."""

    position: Any
    momentum: Any
    acceptance: Any
    noise: Any


class _Functions(NamedTuple):
    """Traces of the energy of all rows, of that of a minibatch, and of the penalty."""

    whole: Traced
    part: Traced | None
    penalty: Traced | None


def followed(
    energy: Callable, penalty: Callable | None, example: Any, rows: Any, batch: int
) -> tuple[_Functions, tuple]:
    """What the functions compute now, and the arrays they close over, in the same order."""

    def follow(name, function, *arguments):
        return trace(
            name,
            function,
            *arguments,
            derivatives=(jax.grad, second_derivatives),
            scalar=True,
            shipped=shipped(function) is not None,
        )

    whole = follow("energy", energy, example, *(() if rows is None else (rows,)))
    few = (None, [])
    held = (None, [])
    if batch:
        few = follow("energy", energy, example, jax.tree.map(lambda r: r[:batch], rows))
    if penalty is not None:
        held = follow("penalty", penalty, example)
    return _Functions(whole[0], few[0], held[0]), (whole[1], few[1], held[1])


def whole_energy(functions: _Functions, constants: tuple, tree: Any, rows: Any) -> jax.Array:
    """E of a tree of parameters."""
    value = functions.whole(constants[0], tree, *(() if rows is None else (rows,)))
    if functions.penalty is not None:
        value = value + functions.penalty(constants[2], tree)
    return jnp.asarray(value, float)


def check_start(functions: _Functions, constants: tuple, trees: Any, rows: Any) -> np.ndarray:
    """Energies of all chains (chains,); InputError for a start at which one is not finite."""
    values = np.asarray(_energies(functions, constants, trees, rows))
    if not np.isfinite(values).all():
        chain = int(np.argmin(np.isfinite(values)))
        raise InputError(
            f"The energy is {values[chain]} at the start of chain {chain}: start where it is"
            " finite, or mend it."
        )
    return values


# One graph: every operation of JAX on its own is compiled.
@partial(jit, static_argnums=0, how="seldom")
def _energies(functions: _Functions, constants: tuple, trees: Any, rows: Any) -> jax.Array:
    return jax.vmap(lambda tree: whole_energy(functions, constants, tree, rows))(trees)


class _Adjusted(NamedTuple):
    """A position x (d,), ln p(x) and its gradient (d,)."""

    position: jax.Array
    log_density: jax.Array
    gradient: jax.Array


def adjusted_steps(density: Callable, x: jax.Array, key: jax.Array, count, h) -> tuple:
    """x after so many Metropolis-adjusted Langevin steps of length h, and their mean acceptance.

    For the law p(x), ln p = `density`: y = x + h grad ln p(x) + sqrt(2 h) noise is accepted with
    probability min(1, p(y) Q(x|y)/[p(x) Q(y|x)]), Q(y|x) = exp(-|y - x - h grad ln p(x)|^2/(4 h)),
    never where that is not a number. Source: Roberts & Tweedie, Bernoulli 2, 341 (1996).
    """

    def at(x):
        return _Adjusted(x, *jax.value_and_grad(density)(x))

    def cost(old, new):
        """-ln of p(new) Q(old|new)."""
        back = old.position - new.position - h * new.gradient
        return -new.log_density + 0.25 * (1 / h) * (back * back).sum()

    def advance(number, carried):
        old, total = carried
        for_noise, for_choice = jax.random.split(jax.random.fold_in(key, number))
        noise = jax.random.normal(for_noise, x.shape, x.dtype)
        new = at(old.position + h * old.gradient + jnp.sqrt(2 * h) * noise)
        gain = cost(new, old) - cost(old, new)
        probability = jnp.clip(jnp.exp(jnp.where(jnp.isnan(gain), -jnp.inf, gain)), max=1)
        accepted = jax.random.bernoulli(for_choice, probability)
        return jax.tree.map(lambda a, b: jnp.where(accepted, a, b), new, old), total + probability

    last, total = lax.fori_loop(0, count, advance, (at(x), jnp.zeros((), x.dtype)))
    return last.position, total / count


def _underdamped_steps(slope: Callable, x, p, key, given: Given) -> tuple:
    """x and p after steps of BAOAB: half a kick, half a drift, friction and noise, half a drift,
    half a kick.
    """
    T = given.temperature
    dt = given.step
    decay = jnp.exp(-given.friction * dt)

    def advance(number, state):
        x, p, g = state
        noise = jax.random.normal(jax.random.fold_in(key, number), x.shape)
        p = p - dt / 2 * g
        x = x + dt / 2 * p
        p = decay * p + jnp.sqrt((1 - decay**2) * T) * noise
        x = x + dt / 2 * p
        g = slope(x)
        return x, p - dt / 2 * g, g

    return lax.fori_loop(0, given.every, advance, (x, p, slope(x)))[:2]


def _euler_steps(slope: Callable, x, key, given: Given, shown: ArrayLike = 0) -> tuple:
    """x after Euler steps, and the position before that of number `shown`; slope(x, key)."""
    T = given.temperature
    dt = given.step

    def advance(number, carried):
        x, seen = carried
        own = jax.random.fold_in(key, number)
        drifted = x - dt * slope(x, own)
        moved = drifted + jnp.sqrt(2 * T * dt) * jax.random.normal(own, x.shape)
        return moved, jnp.where(number == shown, x, seen)

    return lax.fori_loop(0, given.every, advance, (x, x))


class _Dynamics:
    """An energy and a method of integration, as functions of one chain for JAX to trace.

    `data`: a pair (constants, rows), as in `Given`.
    """

    def __init__(
        self,
        functions: _Functions,
        unravel: Callable,
        method: str,
        batch: int,
        control_variate: bool,
    ):
        self.functions = functions
        self.unravel = unravel
        self.method = method
        self.batch = batch
        self.control_variate = control_variate

    def whole(self, x, data) -> jax.Array:
        """E of parameters x (d,)."""
        return whole_energy(self.functions, data[0], self.unravel(x), data[1])

    def slope(self, x, data) -> jax.Array:
        """grad E (d,)."""
        return jax.grad(self.whole)(x, data)

    def part(self, x, data, chosen) -> jax.Array:
        """E as a minibatch of rows estimates it, without bias."""
        functions = self.functions
        constants, rows = data
        assert functions.part is not None
        count = len(jax.tree.leaves(rows)[0])
        few = jax.tree.map(lambda r: r[chosen], rows)
        value = count / self.batch * functions.part(constants[1], self.unravel(x), few)
        if functions.penalty is not None:
            value = value + functions.penalty(constants[2], self.unravel(x))
        return jnp.asarray(value, float)

    def steps(self, x, p, key, given: Given) -> _Moved:
        """A chain after the steps of a record."""
        data = given.data
        T = given.temperature
        if self.method == "mala":

            def density(x):
                return -self.whole(x, data) / T

            last, acceptance = adjusted_steps(density, x, key, given.every, given.step * T)
            return _Moved(last, p, acceptance, 0.0)
        if self.method == "baoab":
            last, p = _underdamped_steps(lambda x: self.slope(x, data), x, p, key, given)
            return _Moved(last, p, 1.0, 0.0)
        if self.method == "ula":
            last, _ = _euler_steps(lambda x, _: self.slope(x, data), x, key, given)
            return _Moved(last, p, 1.0, 0.0)
        last, noise = self.minibatch_steps(x, key, given)
        return _Moved(last, p, 1.0, noise)

    def minibatch_steps(self, x, key, given: Given) -> tuple:
        """x, and the squared error of a minibatch's gradient at one of the steps."""
        data = given.data
        count = len(jax.tree.leaves(data[1])[0])
        at_anchor = self.slope(x, data) if self.control_variate else 0.0
        gradient = jax.grad(self.part)

        def estimate(place, key):
            """Gradient from a minibatch; a control variate is its difference from that at the
            anchor x.
            """
            chosen = draw_rows(key, count, self.batch)
            g = gradient(place, data, chosen)
            return g - gradient(x, data, chosen) + at_anchor if self.control_variate else g

        def drift(place, key):
            return estimate(place, jax.random.fold_in(key, 1))

        first = jax.random.fold_in(key, 0)
        for_place, for_batch = jax.random.split(jax.random.fold_in(first, 2))
        shown = jax.random.randint(for_place, (), 0, given.every)
        last, place = _euler_steps(drift, x, key, given, shown)
        return last, ((estimate(place, for_batch) - self.slope(place, data)) ** 2).sum()

    def record(self, state, key, given: Given) -> tuple:
        """(position, momentum) after `given.every` steps, and the Record of one moment."""
        data = given.data
        for_steps, probe = jax.random.split(key)
        x, p, acceptance, noise = self.steps(state[0], state[1], for_steps, given)
        sign = jax.random.rademacher(probe, x.shape, dtype=x.dtype)
        # Hutchinson's estimate of the trace.
        slope = jax.value_and_grad(lambda x: self.whole(x, data))
        (e, g), (_, along) = jax.jvp(slope, (x,), (sign,))
        numbers = (e, g @ g, sign @ along, x @ g, g, (p @ p) / len(p), acceptance, noise)
        return (x, p), Record(x, *(jnp.asarray(value, float) for value in numbers))

    def block(self, states, keys, first, last, given: Given) -> tuple:
        """See `compiled`."""
        record = jax.vmap(self.record, in_axes=(0, 0, None))
        shapes = jax.eval_shape(record, states, keys[0], given)[1]
        empty = jax.tree.map(lambda one: jnp.zeros((BLOCK, *one.shape)), shapes)

        def advance(number, carried):
            states, kept = carried
            states, new = record(states, keys[number], given)
            write = partial(lax.dynamic_update_index_in_dim, index=number, axis=0)
            return states, jax.tree.map(write, kept, new)

        return lax.fori_loop(first, last, advance, (states, empty))


@lru_cache(maxsize=64)
def compiled(
    functions: _Functions,
    structure,
    shapes,
    method: str,
    batch: int,
    control_variate: bool,
) -> Callable:
    """Records number `first` to `last` of a block of `BLOCK` for every chain, one compiled function
    for all temperatures, steps, numbers of steps to a record, data of the same shape, and parts of
    a block:

        block(states, keys, first, last, given: Given) -> (states, Record),

    states (positions, momenta), each (chains, d); keys (BLOCK, chains); arrays (BLOCK, chains, ...)
    of a Record, zero beyond the records asked for. How a run is cut does not matter to its bits: a
    record's random numbers are those of its place in the block.
    """
    unravel = unravelled(structure, shapes)
    return jit(_Dynamics(functions, unravel, method, batch, control_variate).block)


@partial(jit, static_argnames="chains", how="seldom")
def _keys(key: jax.Array, number, chains: int) -> jax.Array:
    """Of every record of a block and every chain, (BLOCK, chains)."""
    own = jax.random.split(jax.random.fold_in(key, number), chains)
    return jax.vmap(lambda key: jax.random.split(key, BLOCK), out_axes=1)(own)


class Chains:
    """Chains in motion under a compiled `block`: every record is `given.every` steps after the one
    before. Random numbers depend on the seed and the number of a record alone. `heat`: temperature
    of the first momenta, 0 where nothing reads them.
    """

    def __init__(self, block: Callable, first: np.ndarray, *, seed: int, heat: float):
        self.block = block
        self.key = jax.random.key(seed)
        momenta = np.zeros(first.shape)
        if heat:
            for_momenta = jax.random.fold_in(self.key, 0)
            momenta = math.sqrt(heat) * jax.random.normal(for_momenta, first.shape)
        self.states = (first, momenta)
        self.made = 0

    def advance(self, records: int, given: Given) -> Record:
        """So many records further: arrays of what was measured. Raises DivergenceError where the
        energy ceases to be finite.
        """
        parts = []
        end = self.made + records
        while self.made < end:
            number, first = divmod(self.made, BLOCK)
            last = min(BLOCK, first + end - self.made)
            keys = _keys(self.key, number + 1, chains=len(self.states[0]))
            states, measured = self.block(self.states, keys, first, last, given)
            part = Record(*(_by_chains(value, first, last) for value in measured))
            self._check(part, given)
            self.states = states
            self.made += last - first
            parts.append(part)
        return joined(parts)

    def _check(self, part: Record, given: Given) -> None:
        """DivergenceError for records after the present state that are not finite."""
        lost = ~(np.isfinite(part.energy) & np.isfinite(part.position).all(axis=2))
        if not lost.any():
            return
        chain, when = min(np.argwhere(lost), key=lambda place: place[1])
        state = part.position[chain, when - 1] if when else np.asarray(self.states[0])[chain]
        shown = ", ".join(f"{value:.4g}" for value in state[:8])
        passed = (self.made + when + 1) * given.every
        raise DivergenceError(
            f"The energy became {part.energy[chain, when]:g} by step {passed}, in chain {chain};"
            f" the last state before it begins {shown} (|w| = {np.linalg.norm(state):.4g}): give a"
            f" smaller step than {given.step:g}, or mend the energy."
        )


def _by_chains(values, first: int, last: int) -> np.ndarray:
    """Records `first` to `last` of arrays (records, chains, ...): (chains, records, ...)."""
    return np.ascontiguousarray(np.asarray(values)[first:last].swapaxes(0, 1))


def joined(parts: list[Record]) -> Record:
    """Records one after another as one."""
    return Record(*(np.concatenate(values, axis=1) for values in zip(*parts, strict=True)))
