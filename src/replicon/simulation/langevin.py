"""Learning as Langevin dynamics: parameters of any differentiable energy E at temperature T, with the law exp(-E/T)/Z.

dw = -grad E dt + sqrt(2 T) dB (overdamped),   dw = p dt, dp = -grad E dt - friction p dt + sqrt(2 friction T) dB (underdamped).
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

from replicon._errors import InputError

METHODS = ("ula", "mala", "baoab", "sgld")
_BLOCK = 200  # records between looks at the energy


class Trajectory(NamedTuple):
    """What a run measured; chains C, records R, d parameters.

    positions: the parameter tree, each leaf with leading axes (C, R); energy (C, R). Temperatures (C,), each an independent test of
    equilibrium: configurational <|grad E|^2>/<laplacian E> (Rugh), virial <(w - c) . grad E>/d, c the mean of the other
    chains, kinetic <p^2>/d (baoab; else NaN).
    acceptance (mala; else NaN). noise_ratio: variance that minibatches add to a step over that of the thermal noise (sgld; else 0).
    r_hat (largest) and effective_sample_size (smallest) over energy and parameters; converged: r_hat < 1.05 and more than 100
    effective samples.
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
    """Sample exp(-E/T) from `start`, a tree of parameters whose leaves have a leading axis of chains.

    energy(parameters), or, with data (n, ...), energy(parameters, rows), a sum over rows, to which penalty(parameters) is added.
    step: dt. Kept: every `every`-th of `records` x `every` steps after `burn`.

    ula: Euler steps, law wrong by O(dt). mala: the same, accepted or rejected, exact (BlackJAX). baoab: underdamped, of unit mass,
    configurations wrong by O(dt^2). sgld: ula with gradients of `batch` rows drawn anew each step; `control_variate` subtracts their
    gradient at an anchor, the last record, and adds the whole one there. Raises InputError where E is not a finite number, with step
    and state.

    Sources: Roberts & Tweedie, Bernoulli 2, 341 (1996); Leimkuhler & Matthews, AMRX 2013, 34; Welling & Teh, ICML 2011; Baker et al.,
    Stat. Comput. 29, 599 (2019) (control variates). Rugh, PRL 78, 772 (1997). Referee: quadratic energy, double well.
    """
    _check(temperature, method, step, records, every, burn, friction, data, batch)
    with jax.enable_x64(True):
        leaves = [np.shape(leaf) for leaf in jax.tree.leaves(start)]
        if not leaves or any(not shape or shape[0] != leaves[0][0] for shape in leaves):
            raise InputError(f"start has leaves of shapes {leaves}: give each a leading axis, the same number of chains.")
        start = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, float)), start)
        _, unravel = ravel_pytree(jax.tree.map(lambda leaf: leaf[0], start))
        first = jax.vmap(lambda tree: ravel_pytree(tree)[0])(start)
        rows = None if data is None else jax.tree.map(jnp.asarray, data)
        shapes = tuple(leaf.shape[1:] for leaf in jax.tree.leaves(start))
        fixed = (energy, penalty, jax.tree.structure(start), shapes, rows is not None)
        block = _compiled(*fixed, method, every, batch or 0, control_variate)
        found = _run(block, first, rows, float(temperature), float(step), records, every, burn, float(friction), seed)
        x, e, square, laplacian, product, gradient, kinetic, accepted, noise = found
        positions = jax.tree.map(np.asarray, jax.vmap(jax.vmap(unravel))(jnp.asarray(x)))
    size = x.shape[2]
    # Centred at the other chains' mean: the chain's own would lower the temperature by the share of its independent states.
    means = x.mean(axis=1)
    others = (means.sum(axis=0) - means) / max(len(x) - 1, 1)
    virial = (product.mean(axis=1) - (others * gradient.mean(axis=1)).sum(axis=1)) / size
    r_hat, effective = diagnose(np.concatenate([x, e[:, :, None]], axis=2))
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
        bool(r_hat < 1.05 and effective > 100),
    )


def diagnose(values: np.ndarray) -> tuple[float, float]:
    """Largest rank-normalised split R-hat and smallest effective sample size of values (chains, records, quantities).

    At most 200 quantities, equally spaced. Source: Vehtari et al., Bayesian Anal. 16, 667 (2021), by arviz-stats.
    """
    from arviz_stats.base.array import array_stats

    if values.shape[0] < 2 or values.shape[1] < 4:
        return math.nan, math.nan
    shown = values[:, :, np.unique(np.linspace(0, values.shape[2] - 1, 200).astype(int))]
    shown = shown[:, :, shown.std(axis=(0, 1)) > 0]
    r_hat = array_stats.rhat(shown, chain_axis=0, draw_axis=1)
    return float(np.max(r_hat)), float(np.min(array_stats.ess(shown, chain_axis=0, draw_axis=1)))


def _check(temperature, method, step, records, every, burn, friction, data, batch) -> None:
    if method not in METHODS:
        raise InputError(f"method = {method!r} is not known: method is one of {', '.join(METHODS)}.")
    for name, value in (("temperature", temperature), ("step", step), ("friction", friction)):
        if not (isinstance(value, (int, float)) and math.isfinite(value) and value > 0):
            raise InputError(f"{name} = {value!r} is outside its domain: {name} must be a number > 0.")
    for name, value, low in (("records", records, 1), ("every", every, 1), ("burn", burn, 0)):
        if not isinstance(value, int) or value < low:
            raise InputError(f"{name} = {value!r} is outside its domain: {name} must be a whole number >= {low}.")
    if method == "sgld":
        count = 0 if data is None else len(jax.tree.leaves(data)[0])
        if not isinstance(batch, int) or not 1 <= batch <= count:
            raise InputError(
                f"method=sgld draws batch = {batch!r} of {count} rows: give data, and a whole number of rows from 1 to theirs."
            )


@lru_cache(maxsize=64)
def _compiled(energy, penalty, structure, shapes, fed: bool, method: str, every: int, batch: int, control_variate: bool) -> Callable:
    """`_BLOCK` records of every chain, one compiled function for all temperatures, steps and data of the same shape.

    A record: position, energy, |g|^2, laplacian, w.g, g, p^2/d, acceptance, squared deviation of the minibatch's gradient.
    """
    example = jax.tree.unflatten(structure, [jnp.zeros(shape) for shape in shapes])
    _, unravel = ravel_pytree(example)

    def whole(x, rows):
        value = energy(unravel(x), rows) if fed else energy(unravel(x))
        return value + (penalty(unravel(x)) if penalty is not None else 0.0)

    def part(x, rows, chosen):
        count = len(jax.tree.leaves(rows)[0])
        value = count / batch * energy(unravel(x), jax.tree.map(lambda r: r[chosen], rows))
        return value + (penalty(unravel(x)) if penalty is not None else 0.0)

    slope = jax.grad(whole)

    def estimate(x, rows, key, anchor, at_anchor):
        """Gradient from a minibatch, with control variate from its difference to that at the anchor."""
        chosen = jax.random.choice(key, len(jax.tree.leaves(rows)[0]), (batch,), replace=False)
        g = jax.grad(part)(x, rows, chosen)
        return g - jax.grad(part)(anchor, rows, chosen) + at_anchor if control_variate else g

    def steps(x, p, keys, rows, T, dt, friction):
        """x, p after a step for each key; mean acceptance; squared error of a minibatch's gradient at one of the steps."""
        if method == "mala":
            import blackjax

            def density(x):
                return -whole(x, rows) / T

            mala = blackjax.mala.build_kernel()
            last, info = lax.scan(lambda state, key: mala(key, state, density, dt * T), blackjax.mala.init(x, density), keys)
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
            g = estimate(x, rows, jax.random.fold_in(key, 1), *anchor) if method == "sgld" else slope(x, rows)
            return x - dt * g + jnp.sqrt(2 * T * dt) * jax.random.normal(key, x.shape), x

        last, passed = lax.scan(euler, x, keys)
        if method == "ula":
            return last, p, 1.0, 0.0
        for_place, for_batch = jax.random.split(jax.random.fold_in(keys[0], 2))
        place = passed[jax.random.randint(for_place, (), 0, every)]
        return last, p, 1.0, ((estimate(place, rows, for_batch, *anchor) - slope(place, rows)) ** 2).sum()

    def record(state, key, *given):
        for_steps, probe = jax.random.split(key)
        x, p = state
        x, p, accepted, noise = steps(x, p, jax.random.split(for_steps, every), *given)
        g, e = slope(x, given[0]), whole(x, given[0])
        sign = jax.random.rademacher(probe, x.shape, dtype=x.dtype)
        curvature = sign @ jax.jvp(lambda x: slope(x, given[0]), (x,), (sign,))[1]  # Hutchinson's estimate of the trace
        return (x, p), (x, e, g @ g, curvature, x @ g, g, (p @ p) / len(p), accepted, noise)

    def chain(state, key, *given):
        return lax.scan(lambda s, k: record(s, k, *given), state, jax.random.split(key, _BLOCK))

    return jax.jit(lambda states, keys, *given: jax.vmap(lambda s, k: chain(s, k, *given))(states, keys))


def _run(block, first, rows, T, dt, records, every, burn, friction, seed) -> list[np.ndarray]:
    """Arrays (chains, records, ...) of what `_compiled` records, those of the burn left out."""
    chains, key = len(first), jax.random.key(seed)
    p = math.sqrt(T) * jax.random.normal(jax.random.fold_in(key, 0), first.shape)
    states = (first, p)
    skipped, kept = -(-burn // every), []
    for number in range(-(-(skipped + records) // _BLOCK)):
        states, measured = block(states, jax.random.split(jax.random.fold_in(key, number + 1), chains), rows, T, dt, friction)
        measured = [np.asarray(value) for value in measured]
        lost = ~np.isfinite(measured[1])
        if lost.any():
            chain, when = min(np.argwhere(lost), key=lambda place: place[1])
            state = measured[0][chain, when - 1] if when else np.asarray(first if not kept else kept[-1][0][:, -1])[chain]
            shown = ", ".join(f"{value:.4g}" for value in state[:8])
            raise InputError(
                f"The energy became {measured[1][chain, when]} by step {(number * _BLOCK + when + 1) * every}, in chain {chain}; the last "
                f"state before it begins {shown} (|w| = {np.linalg.norm(state):.4g}): give a smaller step than {dt:g}, or mend the energy."
            )
        kept.append(measured)
    return [np.concatenate([block[k] for block in kept], axis=1)[:, skipped : skipped + records] for k in range(9)]


class ThermodynamicIntegration(NamedTuple):
    """free_energy F = -T ln Z, its standard error; mean energy; entropy S = (<E> - F)/T in nats; acceptance."""

    free_energy: float
    error: float
    energy: float
    entropy: float
    acceptance: float


def integrate_entropy(
    energy: Callable, size: int, *, temperature: float, scale: float = 1.0, step: float, chains: int = 16, nodes: int = 12, seed: int = 0,
    records: int = 500, every: int = 10, burn: int = 1000,
) -> ThermodynamicIntegration:  # fmt: skip
    """Free energy and entropy of exp(-E(w)/T), w of `size` numbers, from an integral of energies sampled by MALA.

    ln Z = (d/2) ln(2 pi s^2) + int_0^1 <|w|^2/(2 s^2) - E/T>_lambda d lambda over exp(-(1 - lambda)|w|^2/(2 s^2) - lambda E/T), by
    Gauss-Legendre `nodes` in lambda; `scale` s should be that of the parameters. Source: Kirkwood (1935). Referee: quadratic energy.
    """
    x, weight = np.polynomial.legendre.leggauss(nodes)
    x, weight = (x + 1) / 2, weight / 2
    rng = np.random.default_rng(seed)
    means, errors, accepted, direct = [], [], [], np.zeros(0)

    def mixed(w, mix):
        return temperature * (1 - mix[0]) * (w @ w) / (2 * scale**2) + mix[0] * energy(w)

    for k, mix in enumerate([*x, 1.0]):
        run = sample_langevin(
            mixed, scale * rng.standard_normal((chains, size)), temperature=temperature, step=step, records=records, every=every,
            burn=burn, data=np.array([mix]), seed=seed + k,
        )  # fmt: skip
        with jax.enable_x64(True):
            direct = np.asarray(jax.vmap(jax.vmap(energy))(run.positions))
        gap = ((run.positions**2).sum(axis=2) / (2 * scale**2) - direct / temperature).mean(axis=1)
        means.append(gap.mean())
        errors.append(gap.std(ddof=1) / math.sqrt(chains))
        accepted.append(run.acceptance)
    log_z = size / 2 * math.log(2 * math.pi * scale**2) + float(weight @ means[:-1])
    error = float(np.sqrt((weight**2) @ np.array(errors[:-1]) ** 2))
    mean = float(np.mean(direct))
    return ThermodynamicIntegration(-temperature * log_z, temperature * error, mean, mean / temperature + log_z, min(accepted))
