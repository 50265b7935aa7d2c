"""Gradient ascent of the likelihood of a restricted Boltzmann machine; arrays in, arrays out,
compiled.

V visible units v, of 0 and 1 or real-valued (`layers`), and H hidden units h of 0 and 1. Rows are
samples: v (rows, V), h (rows, H).
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from replicon._jit import jit
from replicon.rbm.layers import Machine, Parameters, RealParameters, draw, sigmoid


class State(NamedTuple):
    """What training carries: `hidden` states of the chains (temperatures, chains, H), `offset` (H,)
    that centres hidden units.
    """

    parameters: Machine
    optimizer: Any
    hidden: Any
    offset: Any


class Settings(NamedTuple):
    """What is compiled in. `method`: cd, pcd or pt; `steps`: Gibbs sweeps for each gradient;
    `optimizer`: the rule that makes a change of the parameters of a slope, up to a factor;
    `learn_variance`: of real-valued units.
    """

    method: str
    steps: int
    centred: bool
    weight_decay: float
    optimizer: optax.GradientTransformation
    learn_variance: bool = True


@lru_cache
def optimizer(word: str) -> optax.GradientTransformation:
    """sgd, momentum or adam at unit rate: one object for each, so that the same compiled epoch
    serves every machine and every learning rate.
    """
    if word == "momentum":
        return optax.trace(decay=0.9)
    return {"sgd": optax.identity, "adam": optax.scale_by_adam}[word]()


def traced_anew(rule: optax.GradientTransformation) -> optax.GradientTransformation:
    """A user's rule as a new object, for which nothing is compiled yet: what it reads from outside
    may have changed.
    """

    def init(*given: Any) -> Any:
        return rule.init(*given)

    def update(*given: Any) -> Any:
        return rule.update(*given)

    return optax.GradientTransformation(init, update)  # pyright: ignore[reportArgumentType]


def ladder(temperatures: int, dtype) -> np.ndarray:
    """Inverse temperatures from 0, where units are independent, to 1, the machine; 1 alone where
    there is a single one.
    """
    return np.linspace(0, 1, temperatures, dtype=dtype) if temperatures > 1 else np.ones(1, dtype)


class Swept(NamedTuple):
    """After a sweep: visible v (temperatures, chains, V) and hidden h (temperatures, chains, H)
    states, accepted fraction of exchanges, marks (temperatures, chains, 1) that go with the states.
    """

    visible: Any
    hidden: Any
    exchanges: Any
    marks: Any = None


def sweep(parameters: Machine, base, betas, hidden, key, marks=None) -> Swept:
    """One Gibbs sweep (visible, then hidden) at each inverse temperature, then exchange of
    neighbours' states.

    Between the machine (beta = 1) and independent units of biases `base` (beta = 0): P(v, h) ~
    exp(beta [v.W.h + a.v + b.h] + (1 - beta) base.v), and likewise where they are real-valued
    (`layers`). hidden (temperatures, chains, H).

    Sources: Swendsen & Wang, PRL 57, 2607 (1986); Desjardins et al., AISTATS 2010.
    """
    W = parameters.weights
    beta = betas[:, None, None]
    for_v, for_h, for_swap, for_parity = jax.random.split(key, 4)
    field = beta * (hidden @ W.T + parameters.visible_bias) + (1 - beta) * base
    v = parameters.draw_visible(for_v, field, beta)
    field = v @ W + parameters.hidden_bias
    h = draw(for_h, sigmoid(beta * field))
    if len(betas) == 1:
        return Swept(v, h, jnp.ones((), v.dtype), marks)
    exponent = (field * h).sum(axis=-1) + parameters.tilt(base, v)  # (temperatures, chains)
    gain = (betas[1:] - betas[:-1])[:, None] * (exponent[:-1] - exponent[1:])
    chance = jax.random.uniform(for_swap, gain.shape, gain.dtype)
    odd = jax.random.randint(for_parity, (), 0, 2)
    tried = (jnp.arange(len(betas) - 1) % 2 == odd)[:, None]
    swapped = tried & (jnp.log(chance) < gain)
    rate = swapped.sum() / jnp.maximum(tried.sum() * gain.shape[1], 1).astype(v.dtype)
    return Swept(
        _exchanged(v, swapped),
        _exchanged(h, swapped),
        rate,
        None if marks is None else _exchanged(marks, swapped),
    )


def _exchanged(x, swapped):
    """Rows x (temperatures, chains, n) after swaps of neighbours (temperatures - 1, chains)."""
    none = jnp.zeros((1, swapped.shape[1]), bool)
    down = jnp.concatenate([none, swapped])[..., None]  # takes the state of the one before it
    up = jnp.concatenate([swapped, none])[..., None]
    return jnp.where(down, jnp.roll(x, 1, axis=0), jnp.where(up, jnp.roll(x, -1, axis=0), x))


class Estimate(NamedTuple):
    """A gradient (slope, of the parameters' kind), the next states of the chains (temperatures,
    chains, H), mean activity of the hidden units (H,), accepted fraction of exchanges.
    """

    slope: Machine
    hidden: Any
    active: Any
    exchanges: Any


def gradient(
    settings: Settings, parameters: Machine, mean, offset, base, hidden, data, share, key
) -> Estimate:
    """Estimated gradient of the mean log-likelihood.

    data (rows, V), share (rows,) its weights, summing to 1; mean (V,) and offset (H,) centre the
    units: with x = v - mean, y = h - offset, dW = <x y>_data - <x y>_model, da = <v>_data -
    <v>_model - dW offset, db likewise (Montavon & Mueller 2012). Hidden units enter by their
    probabilities. Sources: Hinton, Neural Comput. 14, 1771 (2002); Tieleman, ICML 2008.
    """
    W = parameters.weights
    b = parameters.hidden_bias
    if settings.method == "cd":
        key, start = jax.random.split(key)
        seen = sigmoid(data @ W + b)
        hidden = draw(start, seen)[None]
    keys = jax.random.split(key, settings.steps + 1)
    found = _model(settings, parameters, base, hidden, keys)
    v = found.visible[-1]
    hidden = found.hidden
    # Data and chains go through the weights, and into the gradient, as the rows of one matrix
    # product each.
    both = jnp.concatenate([data, v])
    if settings.method == "cd":
        h = jnp.concatenate([seen, sigmoid(v @ W + b)])
    else:
        h = sigmoid(both @ W + b)
    if settings.method == "pcd":
        hidden = draw(keys[-1], h[len(data) :])[None]
    sign = jnp.concatenate([share, jnp.full(len(v), -1 / len(v), W.dtype)])
    slope = _difference(settings, parameters, both, h, sign, mean, offset)
    return Estimate(slope, hidden, share @ h[: len(data)], found.exchanges)


def _model(settings: Settings, parameters: Machine, base, hidden, keys) -> Swept:
    """The chains `settings.steps` sweeps on; but for pt the last one stops at the visible units."""
    W = parameters.weights
    tempered = settings.method == "pt"
    betas = jnp.asarray(ladder(len(hidden), W.dtype)) if tempered else jnp.ones(1, W.dtype)
    last = settings.steps - 1

    def one(hidden, key):
        return sweep(parameters, base, betas, hidden, key).hidden, None

    if last:
        hidden, _ = lax.scan(one, hidden, keys[:last])
    if tempered:
        return sweep(parameters, base, betas, hidden, keys[last])
    key = jax.random.split(keys[last])[0]
    v = parameters.draw_visible(key, hidden[-1] @ W.T + parameters.visible_bias)
    return Swept(v[None], hidden, jnp.ones((), W.dtype))


def _difference(settings: Settings, parameters: Machine, v, h, sign, mean, offset) -> Machine:
    """Averages over data less averages over chains: v (rows, V), h (rows, H) of both, `sign`
    (rows,) the weights of the ones and minus those of the others.
    """
    x = v
    y = h * sign[:, None]
    da = sign @ v
    db = y.sum(axis=0)
    if settings.centred:
        # Rows are centred before the product, and the products with dW go through the rows: they
        # are fewer than its entries.
        x = v - mean
        y = y - sign[:, None] * offset
        da = da - x.T @ (y @ offset)
        db = db - (x @ mean) @ y
    dW = x.T @ y
    if settings.weight_decay:
        dW = dW - settings.weight_decay * parameters.weights
    spread = sign @ v**2 if settings.learn_variance else jnp.zeros_like(da)
    return parameters.slope(dW, da, db, spread)


@partial(jit, static_argnames="settings")
def epoch(settings: Settings, factor, state: State, data, mean, base, order, share, key):
    """One pass over `data` in batches `order` (batches, rows) with weights `share`; the new state
    and the mean rate of exchanges. `factor`: of the optimiser's change, minus the learning rate (1
    for an optax object, which has its own).
    """

    def update(carry, batch):
        state, key = carry
        rows, weight = batch
        key, now = jax.random.split(key)
        parameters = state.parameters
        given = (mean, state.offset, base, state.hidden, data[rows], weight, now)
        found = gradient(settings, parameters, *given)
        downhill = jax.tree.map(jnp.negative, found.slope)
        change, memory = settings.optimizer.update(downhill, state.optimizer, parameters)
        parameters = jax.tree.map(lambda x, dx: x + factor * dx, parameters, change)
        hidden = found.hidden if settings.method != "cd" else state.hidden
        offset = state.offset + 0.01 * (found.active - state.offset)
        return (State(parameters, memory, hidden, offset), key), found.exchanges

    (state, _), exchanges = jax.lax.scan(update, (state, key), (order, share))
    return state, exchanges.mean()


# How chains begin: each one graph, compiled as plainly as their runs.


@partial(jit, static_argnames="rows")
def independent_rows(parameters: Machine, base, key, rows: int):
    """Visible units (rows, V) that are independent, of biases base (V,), and of variance 1 where
    they are real-valued.
    """
    return parameters.draw_visible(key, jnp.broadcast_to(base, (rows, len(base))), 0.0)


@jit
def hidden_given(parameters: Machine, v, key):
    """Hidden units (rows, H) given visible ones (rows, V)."""
    return draw(key, sigmoid(v @ parameters.weights + parameters.hidden_bias))


@partial(jit, static_argnames=("shape", "dtype"))
def fair_coins(key, shape: tuple[int, ...], dtype: str):
    """Hidden units of that shape, each on with probability 1/2."""
    return draw(key, jnp.full(shape, 0.5, dtype))


@partial(jit, static_argnames="sweeps")
def run_chains(parameters: Machine, base, betas, hidden, key, sweeps: int):
    """`sweeps` sweeps: last v (temperatures, chains, V), last h, mean rate of exchanges."""

    def one(carry, key):
        found = sweep(parameters, base, betas, carry[1], key)
        return (found.visible, found.hidden), found.exchanges

    blank = jnp.zeros((*hidden.shape[:2], len(base)), hidden.dtype)
    (v, h), rate = jax.lax.scan(one, (blank, hidden), jax.random.split(key, sweeps))
    return v, h, rate.mean()


@partial(jit, static_argnames="sweeps")
def run_ladder(parameters: Machine, base, betas, hidden, fresh, key, sweeps: int):
    """`sweeps` sweeps: last v, h, and `fresh` (temperatures, chains, 1): which states have been at
    inverse temperature 0.
    """

    def one(carry, key):
        _, h, mark = carry
        found = sweep(parameters, base, betas, h, key, mark.at[0].set(True))
        return (found.visible, found.hidden, found.marks), None

    blank = jnp.zeros((*hidden.shape[:2], len(base)), hidden.dtype)
    return lax.scan(one, (blank, hidden, fresh), jax.random.split(key, sweeps))[0]


@jit
def pseudo_likelihood(parameters: Parameters, v, sites):
    """(rows,): sum over visible units of ln P(v_i | the others), nats per row, V times the mean
    over `sites` (S,) of the V units.

    Source: Besag, Statistician 24, 179 (1975).
    """

    def of_row(v):
        field = v @ parameters.weights + parameters.hidden_bias
        turn = 1 - 2 * v[sites]  # what flipping the site adds to it
        flipped = field + turn[:, None] * parameters.weights[sites]
        gain = turn * parameters.visible_bias[sites] + (
            jax.nn.softplus(flipped) - jax.nn.softplus(field)
        ).sum(axis=-1)
        return -len(v) * jax.nn.softplus(gain).mean()

    return jax.lax.map(of_row, v, batch_size=16)


def log_odds(X: np.ndarray) -> np.ndarray:
    """Biases (V,) of independent units with the means of the rows; half a count on either side
    keeps those of a pixel that never changes finite.
    """
    share = (X.sum(axis=0, dtype=float) + 0.5) / (len(X) + 1)
    return np.log(share / (1 - share))


def first_parameters(base: np.ndarray, units: int, scale: float, rng, *, real: bool) -> Machine:
    """Small normal weights of deviation `scale`, independent visible units of biases base (V,),
    `units` hidden ones.
    """
    weights = scale * rng.standard_normal((len(base), units))
    given = (weights, base, np.zeros(units))
    return RealParameters(*given, np.ones(len(base))) if real else Parameters(*given)


def begin(settings: Settings, parameters: Machine, chains: tuple[int, int], dtype: str, rng):
    """The first `State`, of chains (levels, number) in random states."""
    parameters = type(parameters)(*(x.astype(dtype) for x in parameters))
    units = len(parameters.hidden_bias)
    hidden = (rng.random((*chains, units)) < 0.5).astype(dtype)
    offset = np.full(units, 0.5, dtype)
    return State(parameters, settings.optimizer.init(parameters), hidden, offset)


def batches(rows: int, size: int, seed: tuple, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """(order, share), (batches, size) each: rows of every minibatch of an epoch, and how much each
    counts in it; rows that fill the last batch do not count.
    """
    count = -(-rows // size)
    order = np.random.default_rng(seed).permutation(rows) if size < rows else np.arange(rows)
    order = np.concatenate([order, order[: count * size - rows]]).reshape(count, size)
    share = (np.arange(count * size) < rows).reshape(count, size).astype(dtype)
    share /= share.sum(axis=1, keepdims=True)
    return order, share
