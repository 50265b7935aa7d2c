"""Steps of Langevin dynamics, compiled once for all temperatures, steps and data of a shape."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree

from replicon._errors import DivergenceError, InputError
from replicon._traced import Traced, second_derivatives, trace

BLOCK = 200  # records between looks at the energy


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
            name, function, *arguments, derivatives=(jax.grad, second_derivatives), scalar=True
        )

    whole = follow("energy", energy, example, *(() if rows is None else (rows,)))
    few = (
        follow("energy", energy, example, jax.tree.map(lambda r: r[:batch], rows))
        if batch
        else (None, [])
    )
    held = follow("penalty", penalty, example) if penalty is not None else (None, [])
    return _Functions(whole[0], few[0], held[0]), (whole[1], few[1], held[1])


def whole_energy(functions: _Functions, constants: tuple, tree: Any, rows: Any) -> jax.Array:
    """E of a tree of parameters."""
    value = functions.whole(constants[0], tree, *(() if rows is None else (rows,)))
    if functions.penalty is not None:
        value = value + functions.penalty(constants[2], tree)
    return jnp.asarray(value, float)


def check_start(functions: _Functions, constants: tuple, trees: Any, rows: Any) -> None:
    """InputError for a start at which the energy is not finite."""
    values = np.asarray(
        jax.vmap(lambda tree: whole_energy(functions, constants, tree, rows))(trees)
    )
    if not np.isfinite(values).all():
        chain = int(np.argmin(np.isfinite(values)))
        raise InputError(
            f"The energy is {values[chain]} at the start of chain {chain}: start where it is"
            " finite, or mend it."
        )


@lru_cache(maxsize=64)
def compiled(
    functions: _Functions,
    structure,
    shapes,
    method: str,
    every: int,
    batch: int,
    control_variate: bool,
) -> Callable:
    """`BLOCK` records of every chain, one compiled function for all temperatures, steps and data
    of the same shape.

    A record: position, energy, |g|^2, laplacian, w.g, g, p^2/d, acceptance, squared deviation of
    the minibatch's gradient. Arguments `given` of the inner functions: (constants, rows),
    temperature, step, friction.
    """
    example = jax.tree.unflatten(structure, [jnp.zeros(shape) for shape in shapes])
    _, unravel = ravel_pytree(example)

    def whole(x, given):
        return whole_energy(functions, given[0], unravel(x), given[1])

    def part(x, given, chosen):
        constants, rows = given
        assert functions.part is not None
        count = len(jax.tree.leaves(rows)[0])
        few = jax.tree.map(lambda r: r[chosen], rows)
        value = count / batch * functions.part(constants[1], unravel(x), few)
        if functions.penalty is not None:
            value = value + functions.penalty(constants[2], unravel(x))
        return jnp.asarray(value, float)

    slope = jax.grad(whole)

    def estimate(x, rows, key, anchor, at_anchor):
        """Gradient from a minibatch, with control variate from its difference to that at the
        anchor.
        """
        chosen = jax.random.choice(key, len(jax.tree.leaves(rows[1])[0]), (batch,), replace=False)
        g = jax.grad(part)(x, rows, chosen)
        return g - jax.grad(part)(anchor, rows, chosen) + at_anchor if control_variate else g

    def steps(x, p, keys, rows, T, dt, friction):
        """x, p after a step for each key; mean acceptance; squared error of a minibatch's gradient
        at one of the steps.
        """
        if method == "mala":
            import blackjax

            def density(x):
                return -whole(x, rows) / T

            mala = blackjax.mala.build_kernel()
            last, info = lax.scan(
                lambda state, key: mala(key, state, density, dt * T),
                blackjax.mala.init(x, density),
                keys,
            )
            return last.position, p, info.acceptance_rate.mean(), 0.0
        if method == "baoab":
            decay = jnp.exp(-friction * dt)

            def advance(state, key):
                x, p, g = state
                p = p - dt / 2 * g
                x = x + dt / 2 * p
                p = decay * p + jnp.sqrt((1 - decay**2) * T) * jax.random.normal(key, x.shape)
                x = x + dt / 2 * p
                g = slope(x, rows)
                return (x, p - dt / 2 * g, g), None

            return *lax.scan(advance, (x, p, slope(x, rows)), keys)[0][:2], 1.0, 0.0
        anchor = (x, slope(x, rows) if control_variate else 0.0)

        def euler(x, key):
            g = (
                estimate(x, rows, jax.random.fold_in(key, 1), *anchor)
                if method == "sgld"
                else slope(x, rows)
            )
            return x - dt * g + jnp.sqrt(2 * T * dt) * jax.random.normal(key, x.shape), x

        last, passed = lax.scan(euler, x, keys)
        if method == "ula":
            return last, p, 1.0, 0.0
        for_place, for_batch = jax.random.split(jax.random.fold_in(keys[0], 2))
        place = passed[jax.random.randint(for_place, (), 0, every)]
        return (
            last,
            p,
            1.0,
            ((estimate(place, rows, for_batch, *anchor) - slope(place, rows)) ** 2).sum(),
        )

    def record(state, key, *given):
        for_steps, probe = jax.random.split(key)
        x, p = state
        x, p, accepted, noise = steps(x, p, jax.random.split(for_steps, every), *given)
        g, e = slope(x, given[0]), whole(x, given[0])
        sign = jax.random.rademacher(probe, x.shape, dtype=x.dtype)
        curvature = (
            sign @ jax.jvp(lambda x: slope(x, given[0]), (x,), (sign,))[1]
        )  # Hutchinson's estimate of the trace
        return (x, p), (x, e, g @ g, curvature, x @ g, g, (p @ p) / len(p), accepted, noise)

    def chain(state, key, *given):
        return lax.scan(lambda s, k: record(s, k, *given), state, jax.random.split(key, BLOCK))

    return jax.jit(
        lambda states, keys, *given: jax.vmap(lambda s, k: chain(s, k, *given))(states, keys)
    )


def run_blocks(
    block, first, constants, rows, T, dt, records, every, burn, friction, seed
) -> list[np.ndarray]:
    """Arrays (chains, records, ...) of what `compiled` records, those of the burn left out."""
    chains, key = len(first), jax.random.key(seed)
    p = math.sqrt(T) * jax.random.normal(jax.random.fold_in(key, 0), first.shape)
    states = (first, p)
    skipped, kept = -(-burn // every), []
    for number in range(-(-(skipped + records) // BLOCK)):
        states, measured = block(
            states,
            jax.random.split(jax.random.fold_in(key, number + 1), chains),
            (constants, rows),
            T,
            dt,
            friction,
        )
        measured = [np.asarray(value) for value in measured]
        lost = ~(np.isfinite(measured[1]) & np.isfinite(measured[0]).all(axis=2))
        if lost.any():
            chain, when = min(np.argwhere(lost), key=lambda place: place[1])
            state = (
                measured[0][chain, when - 1]
                if when
                else np.asarray(first if not kept else kept[-1][0][:, -1])[chain]
            )
            shown = ", ".join(f"{value:.4g}" for value in state[:8])
            passed = (number * BLOCK + when + 1) * every
            raise DivergenceError(
                f"The energy became {measured[1][chain, when]:g} by step {passed}, in chain"
                f" {chain}; the last state before it begins {shown} (|w| ="
                f" {np.linalg.norm(state):.4g}): give a smaller step than {dt:g}, or mend the"
                " energy."
            )
        kept.append(measured)
    return [
        np.concatenate([block[k] for block in kept], axis=1)[:, skipped : skipped + records]
        for k in range(9)
    ]
