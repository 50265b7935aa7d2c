"""Learning as Langevin dynamics: parameters of any differentiable energy E at temperature T, with
the law exp(-E/T)/Z.

dw = -grad E dt + sqrt(2 T) dB (overdamped),   dw = p dt, dp = -grad E dt - friction p dt + sqrt(2
friction T) dB (underdamped).
"""

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

from replicon._arrays import real_array
from replicon._declare import Interval, Words
from replicon._domains import check_argument, check_seed, show
from replicon._errors import DivergenceError, InputError
from replicon._traced import Traced, second_derivatives, trace

METHODS = ("ula", "mala", "baoab", "sgld")
_BLOCK = 200  # records between looks at the energy


class Trajectory(NamedTuple):
    """What a run measured; chains C, records R, d parameters.

    positions: the parameter tree, each leaf with leading axes (C, R); energy (C, R). Temperatures
    (C,), each an independent test of equilibrium: configurational <|grad E|^2>/<laplacian E>
    (Rugh), virial <(w - c) . grad E>/d, c the mean of the other chains, kinetic <p^2>/d (baoab;
    else NaN). acceptance (mala; else NaN). noise_ratio: variance that minibatches add to a step
    over that of the thermal noise (sgld; else 0). r_hat (largest) and effective_sample_size
    (smallest) over energy and parameters; converged: r_hat < 1.05, more than 100 effective samples,
    and a virial temperature that is `temperature` within 4.5 of its standard errors (over chains)
    and 5 %, which a step too long for an unadjusted method, or the heat of minibatches, are not.
    """

    positions: Any
    energy: np.ndarray
    configurational_temperature: np.ndarray
    virial_temperature: np.ndarray
    kinetic_temperature: np.ndarray
    acceptance: float
    noise_ratio: float
    r_hat: float
    effective_sample_size: float
    converged: bool


def sample_langevin(
    energy: Callable,
    start: Any,
    *,
    temperature: float,
    method: str = "mala",
    step: float,
    records: int = 1000,
    every: int = 10,
    burn: int = 1000,
    friction: float = 1.0,
    data: Any = None,
    batch: int | None = None,
    penalty: Callable | None = None,
    control_variate: bool = False,
    seed: int = 0,
) -> Trajectory:
    """Sample exp(-E/T) from `start`, a tree of parameters whose leaves have a leading axis of
    chains.

    energy(parameters), or, with data (n, ...), energy(parameters, rows), a sum over rows, to which
    penalty(parameters) is added. step: dt. Kept: every `every`-th of `records` x `every` steps
    after `burn`.

    ula: Euler steps, law wrong by O(dt). mala: the same, accepted or rejected, exact (BlackJAX).
    baoab: underdamped, of unit mass, configurations wrong by O(dt^2). sgld: ula with gradients of
    `batch` rows drawn anew each step; `control_variate` subtracts their gradient at an anchor, the
    last record, and adds the whole one there.

    `energy` and `penalty` are what they compute at this call: globals, attributes and arrays that
    they read may change between two calls. What is compiled is kept by the computation and its
    shapes; arrays closed over, and `data`, may change without compiling again, numbers closed over
    may not. Raises InputError for what JAX cannot follow, for an energy that depends on more than
    its arguments and for a start at which it is not finite; DivergenceError, with step and state,
    where it ceases to be finite on the way.

    Sources: Roberts & Tweedie, Bernoulli 2, 341 (1996); Leimkuhler & Matthews, AMRX 2013, 34;
    Welling & Teh, ICML 2011; Baker et al., Stat. Comput. 29, 599 (2019) (control variates). Rugh,
    PRL 78, 772 (1997). Referee: quadratic energy, double well.
    """
    check_argument("method", method, Words(METHODS))
    temperature, step, friction = (
        check_argument(name, value, Interval(0, open_low=True))
        for name, value in (("temperature", temperature), ("step", step), ("friction", friction))
    )
    records, every, burn = (
        check_argument(name, value, Interval(low, integer=True))
        for name, value, low in (("records", records, 1), ("every", every, 1), ("burn", burn, 0))
    )
    seed = check_seed(seed)
    if not isinstance(control_variate, (bool, np.bool_)):
        raise InputError(f"control_variate = {show(control_variate)} is neither True nor False.")
    with jax.enable_x64(True):
        first, unravel = _chains(start)
        rows = None if data is None else _rows(data)
        batch = _batch(batch, rows) if method == "sgld" else 0
        functions, constants = _followed(energy, penalty, unravel(first[0]), rows, batch)
        shapes = tuple(np.shape(leaf)[1:] for leaf in jax.tree.leaves(start))
        block = _compiled(
            functions,
            jax.tree.structure(start),
            shapes,
            method,
            every,
            batch,
            bool(control_variate),
        )
        _check_start(functions, constants, jax.vmap(unravel)(first), rows)
        found = _run(
            block, first, constants, rows, temperature, step, records, every, burn, friction, seed
        )
        x, e, square, laplacian, product, gradient, kinetic, accepted, noise = found
        positions = jax.tree.map(np.asarray, jax.vmap(jax.vmap(unravel))(jnp.asarray(x)))
    size = x.shape[2]
    # Centred at the other chains' mean: the chain's own would lower the temperature by the share of
    # its independent states.
    means = x.mean(axis=1)
    others = (means.sum(axis=0) - means) / max(len(x) - 1, 1)
    virial = (product.mean(axis=1) - (others * gradient.mean(axis=1)).sum(axis=1)) / size
    r_hat, effective = diagnose(np.concatenate([x, e[:, :, None]], axis=2))
    mixed = r_hat < 1.05 and effective > 100
    return Trajectory(
        positions,
        e,
        square.mean(axis=1) / laplacian.mean(axis=1),
        virial,
        kinetic.mean(axis=1) if method == "baoab" else np.full(len(x), np.nan),
        float(accepted.mean()) if method == "mala" else math.nan,
        float(noise.mean()) * step / (2 * temperature * size) if method == "sgld" else 0.0,
        r_hat,
        effective,
        bool(mixed and _is_mean(virial, temperature)),
    )


def _is_mean(values: np.ndarray, expected: float) -> bool:
    """Whether a mean over chains is `expected` within 4.5 standard errors and 5 %."""
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return bool(abs(values.mean() - expected) < 4.5 * error + 0.05 * expected)


def diagnose(values: np.ndarray) -> tuple[float, float]:
    """Largest rank-normalised split R-hat and smallest effective sample size of values (chains,
    records, quantities).

    At most 200 quantities, equally spaced. Source: Vehtari et al., Bayesian Anal. 16, 667 (2021),
    by arviz-stats.
    """
    from arviz_stats.base.array import array_stats

    shown = values[:, :, np.unique(np.linspace(0, values.shape[2] - 1, 200).astype(int))]
    shown = shown[:, :, (shown != shown[:1, :1]).any(axis=(0, 1))]
    if values.shape[0] < 2 or values.shape[1] < 4 or not shown.shape[2]:
        return math.nan, math.nan  # too few, or all of them where they began
    r_hat = array_stats.rhat(shown, chain_axis=0, draw_axis=1)
    return float(np.max(r_hat)), float(np.min(array_stats.ess(shown, chain_axis=0, draw_axis=1)))


def _chains(start: Any) -> tuple[jax.Array, Callable]:
    """Parameters as vectors (chains, d), and the map of one vector back to a tree."""
    leaves, structure = jax.tree.flatten(start)
    shapes = [np.shape(leaf) for leaf in leaves]
    if not leaves or any(not shape or shape[0] != shapes[0][0] for shape in shapes):
        raise InputError(
            f"start has leaves of shapes {shapes}: give each a leading axis, the same number of"
            " chains."
        )
    arrays = [real_array("start", leaf, "expected arrays of finite numbers") for leaf in leaves]
    tree = jax.tree.unflatten(structure, [jnp.asarray(array) for array in arrays])
    _, unravel = ravel_pytree(jax.tree.map(lambda leaf: leaf[0], tree))
    return jax.vmap(lambda one: ravel_pytree(one)[0])(tree), unravel


def _rows(data: Any) -> Any:
    """The user's data as a tree of arrays; whole numbers and truth values stay what they are, to
    index with.
    """

    def array(leaf):
        given = leaf if isinstance(leaf, (np.ndarray, jax.Array)) else None
        if given is not None and given.dtype.kind in "biu" and given.size:
            return jnp.asarray(given)
        return jnp.asarray(real_array("data", leaf, "expected arrays of finite numbers"))

    rows = jax.tree.map(array, data)
    if not jax.tree.leaves(rows):
        raise InputError("data holds no array: give arrays, or leave data out.")
    return rows


def _batch(batch: Any, rows: Any) -> int:
    counts = {leaf.shape[0] if leaf.ndim else 0 for leaf in jax.tree.leaves(rows)}
    if len(counts) > 1:
        raise InputError(
            f"data has leaves of {sorted(counts)} rows: method=sgld draws rows, give all leaves the"
            " same number."
        )
    count = max(counts, default=0)
    if not count or not Interval(1, count, integer=True).admits(batch):
        raise InputError(
            f"method=sgld draws batch = {show(batch)} of {count} rows: give data, and a whole"
            " number from 1 to its rows."
        )
    return int(batch)


class _Functions(NamedTuple):
    """Traces of the energy of all rows, of that of a minibatch, and of the penalty."""

    whole: Traced
    part: Traced | None
    penalty: Traced | None


def _followed(
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


def _whole(functions: _Functions, constants: tuple, tree: Any, rows: Any) -> jax.Array:
    """E of a tree of parameters."""
    value = functions.whole(constants[0], tree, *(() if rows is None else (rows,)))
    if functions.penalty is not None:
        value = value + functions.penalty(constants[2], tree)
    return jnp.asarray(value, float)


def _check_start(functions: _Functions, constants: tuple, trees: Any, rows: Any) -> None:
    values = np.asarray(jax.vmap(lambda tree: _whole(functions, constants, tree, rows))(trees))
    if not np.isfinite(values).all():
        chain = int(np.argmin(np.isfinite(values)))
        raise InputError(
            f"The energy is {values[chain]} at the start of chain {chain}: start where it is"
            " finite, or mend it."
        )


@lru_cache(maxsize=64)
def _compiled(
    functions: _Functions,
    structure,
    shapes,
    method: str,
    every: int,
    batch: int,
    control_variate: bool,
) -> Callable:
    """`_BLOCK` records of every chain, one compiled function for all temperatures, steps and data
    of the same shape.

    A record: position, energy, |g|^2, laplacian, w.g, g, p^2/d, acceptance, squared deviation of
    the minibatch's gradient. Arguments `given` of the inner functions: (constants, rows),
    temperature, step, friction.
    """
    example = jax.tree.unflatten(structure, [jnp.zeros(shape) for shape in shapes])
    _, unravel = ravel_pytree(example)

    def whole(x, given):
        return _whole(functions, given[0], unravel(x), given[1])

    def part(x, given, chosen):
        constants, rows = given
        assert functions.part is not None
        count = len(jax.tree.leaves(rows)[0])
        value = (
            count
            / batch
            * functions.part(constants[1], unravel(x), jax.tree.map(lambda r: r[chosen], rows))
        )
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
        return lax.scan(lambda s, k: record(s, k, *given), state, jax.random.split(key, _BLOCK))

    return jax.jit(
        lambda states, keys, *given: jax.vmap(lambda s, k: chain(s, k, *given))(states, keys)
    )


def _run(
    block, first, constants, rows, T, dt, records, every, burn, friction, seed
) -> list[np.ndarray]:
    """Arrays (chains, records, ...) of what `_compiled` records, those of the burn left out."""
    chains, key = len(first), jax.random.key(seed)
    p = math.sqrt(T) * jax.random.normal(jax.random.fold_in(key, 0), first.shape)
    states = (first, p)
    skipped, kept = -(-burn // every), []
    for number in range(-(-(skipped + records) // _BLOCK)):
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
            passed = (number * _BLOCK + when + 1) * every
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
