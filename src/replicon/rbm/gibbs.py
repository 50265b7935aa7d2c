"""Rows of a restricted Boltzmann machine: drawn exactly, by Gibbs chains, or by exchange with
warmer chains.
"""

from __future__ import annotations

import jax
import numpy as np
from scipy.special import expit

from replicon._errors import InputError
from replicon._statistics import memory, memory_limit
from replicon.rbm.layers import Machine, Parameters
from replicon.rbm.settings import SUMMED
from replicon.rbm.training import (
    fair_coins,
    hidden_given,
    independent_rows,
    ladder,
    run_chains,
    run_ladder,
)

_LADDERS = (10, 30, 100)  # inverse temperatures tried
_CHUNK = 50  # sweeps between looks at a ladder
_RENEWED = 0.99  # of the machine's states that have come from independent units
_RENEWALS = 3  # before rows are taken
_FEWEST = 100  # chains, from which the memory of an ensemble can be told
_CHAINS = 8192  # of all levels together
_AT_ONCE = 2**22  # fields of enumerated states held at once


def draw_exactly(parameters: Machine, samples: int, rng) -> np.ndarray:
    """Independent rows (samples, V): one layer from its enumerated probabilities, the hidden one
    where visible units are real-valued, else the smaller one; the other given it.
    """
    parameters = parameters.in_double()
    if not isinstance(parameters, Parameters):
        W, a, b, r = parameters

        def integral(h):
            return (((h @ W.T + a) / r) ** 2).sum(axis=1) / 2

        return parameters.draw_given(_states_drawn(b, integral, samples, rng, len(a)), rng)
    visible_first = parameters.weights.shape[0] <= parameters.weights.shape[1]
    W, a, b = parameters if visible_first else parameters.mirrored()

    def total(x):
        return np.logaddexp(0, x @ W + b).sum(axis=1)

    rows = _states_drawn(a, total, samples, rng, len(b))
    if not visible_first:
        rows = rng.random((samples, len(b))) < expit(rows @ W + b)
    return rows.astype(np.int8)


def _states_drawn(bias: np.ndarray, rest, samples: int, rng, width: int) -> np.ndarray:
    """States (samples, units) of a layer of biases (units,), by their enumerated probabilities;
    rest(states) is ln of the sum over the other layer, of `width` units.
    """
    units = len(bias)
    states = ((np.arange(2**units)[:, None] >> np.arange(units)) & 1).astype(float)
    parts = np.array_split(states, max(1, len(states) * width // _AT_ONCE))
    log = np.concatenate([x @ bias + rest(x) for x in parts])
    total = np.cumsum(np.exp(log - log.max()))
    return states[np.searchsorted(total, rng.random(samples) * total[-1], side="right")]


def draw(
    parameters: Machine, base, samples: int, sweeps: int, temperatures, start, seed: int
) -> tuple[np.ndarray, str]:
    """Rows (samples, V), int8 or of the working type, and, empty where they mixed, what is wrong
    with them; base (V,) of the working type.

    Plain chains mix where the correlation, over chains, of their end with half-time is noise
    (`chains.memory`); ladders, where 99 % of the states at the machine have come from independent
    units, three times anew. `temperatures`: None for plain chains, then ladders of 10, 30 and 100
    inverse temperatures until one mixes.
    """
    key = jax.random.key(seed)
    reason = ""
    if temperatures in (None, 1):
        rows, reason = _plain(parameters, base, samples, sweeps, start, key)
        if not reason or temperatures == 1:
            return rows, reason
    for levels in _LADDERS if temperatures is None else (temperatures,):
        rows, reason = _tempered(
            parameters, base, samples, sweeps, levels, jax.random.fold_in(key, levels)
        )
        if not reason:
            break
    return rows, reason


def _plain(parameters, base, samples: int, sweeps: int, start, key) -> tuple[np.ndarray, str]:
    keys = jax.random.split(key, 4)
    chains = max(samples, _FEWEST) if start is None else samples
    if start is None:
        v = independent_rows(parameters, base, keys[0], chains)
    else:
        v = start.astype(base.dtype)
    h = hidden_given(parameters, v, keys[1])[None]
    half = sweeps // 2
    v = np.asarray(v)[None]
    if half:
        v, h, _ = run_chains(parameters, base, ladder(1, base.dtype), h, keys[2], half)
    before = np.asarray(v[-1])
    v, _, _ = run_chains(parameters, base, ladder(1, base.dtype), h, keys[3], sweeps - half)
    rows = _as_rows(parameters, v[-1])
    held = memory(before, rows) if chains >= _FEWEST else 0.0
    reason = ""
    if held >= memory_limit(chains):
        reason = (
            f"after {sweeps} sweeps chains remember where they were at half-time (correlation"
            f" {held:.2f})"
        )
    return rows[:samples], reason


def _as_rows(parameters: Machine, v) -> np.ndarray:
    return np.asarray(v, None if parameters.real else np.int8)


def _tempered(
    parameters, base, samples: int, sweeps: int, levels: int, key
) -> tuple[np.ndarray, str]:
    chains = min(max(samples, _FEWEST), _FEWEST + _CHAINS // levels)
    betas = ladder(levels, base.dtype)
    key, first = jax.random.split(key)
    h = fair_coins(first, (levels, chains, len(parameters.hidden_bias)), base.dtype.name)
    limit = max(5 * sweeps, 2000)
    mixed = True
    rows: list[np.ndarray] = []
    warm = _RENEWALS
    while len(rows) * chains < samples:
        fresh = np.zeros((levels, chains, 1), bool)
        done = 0
        there = False
        while done < limit and not there:
            key, now = jax.random.split(key)
            v, h, fresh = run_ladder(parameters, base, betas, h, fresh, now, _CHUNK)
            done += _CHUNK
            there = bool(np.asarray(fresh)[-1].mean() >= _RENEWED)
        mixed &= there
        warm -= 1
        if warm <= 0 or not mixed:
            rows.append(_as_rows(parameters, v[-1]))
    reason = (
        ""
        if mixed
        else (
            f"chains did not mix in {limit} sweeps, with exchanges over {levels} inverse"
            " temperatures"
        )
    )
    return np.concatenate(rows)[:samples], reason


def rows_of(
    parameters: Machine, base, samples: int, sweeps: int, temperatures, start, seed: int
) -> tuple[np.ndarray, str]:
    """`RestrictedBoltzmannMachine.sample`: rows (samples, V), drawn exactly where a layer is
    small, and what is wrong with them or ''. InputError for a start that does not fit.
    """
    if start is not None:
        if len(start) != samples:
            raise InputError(
                f"start has {len(start)} rows: give one for each of samples = {samples}."
            )
        if temperatures not in (None, 1):
            raise InputError(
                "start belongs to plain chains: leave it out, or give temperatures=1 in place of"
                f" {temperatures}."
            )
        temperatures = 1
    elif temperatures is None and parameters.summable() <= SUMMED:
        return draw_exactly(parameters, samples, np.random.default_rng(seed)), ""
    return draw(parameters, base, samples, sweeps, temperatures, start, seed)
