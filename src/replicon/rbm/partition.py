"""Partition function of a restricted Boltzmann machine: exact, by annealed importance sampling,
and, where its visible units are 0 and 1, by TAP.
"""

from __future__ import annotations

import math
import warnings
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from replicon._errors import ConvergenceError, InputError
from replicon._jit import jit
from replicon.rbm.layers import Machine, Parameters, draw, sigmoid
from replicon.rbm.training import fair_coins, independent_rows, ladder, run_chains
from replicon.spins.log_partition import LogPartition, judge, log_mean

LARGEST = 20  # units of the smaller layer that are enumerated
_CHUNK = 12  # 2^12 states at a time
# Mean-field iterations are at rest where no mean moves by more than _AT_REST, far below _DISTINCT;
# points of which some mean differs by more than _DISTINCT are different ones.
_AT_REST = 1e-9
_DISTINCT = 1e-4


def exact_log_partition(parameters: Machine) -> float:
    """Sum over the states of the smaller layer, the other summed out; at most 20 units (2^20
    states). Real-valued visible units are integrated out, whichever layer is smaller.
    """
    parameters = parameters.in_double()
    units = parameters.summable()
    if units > LARGEST:
        layer = "hidden" if parameters.real else "smaller"
        raise InputError(
            f"The {layer} layer has {units} units: exact ln Z sums over 2^units states and takes at"
            f" most {LARGEST}."
        )
    if isinstance(parameters, Parameters) and len(parameters.hidden_bias) > units:
        parameters = parameters.mirrored()
    low = min(units, _CHUNK)
    with jax.enable_x64(True):
        given = jax.tree.map(jnp.asarray, parameters)
        states = (jnp.asarray(_states(low)), jnp.asarray(_states(units - low)))
        return float(_enumerate(given, *states))


def _states(units: int) -> np.ndarray:
    return ((np.arange(2**units)[:, None] >> np.arange(units)) & 1).astype(float)


@jit
def _enumerate(parameters: Machine, low, high):
    W = parameters.weights
    b = parameters.hidden_bias
    split = low.shape[1]
    field = low @ W[:, :split].T + parameters.visible_bias
    bias = low @ b[:split]

    def chunk(state):
        inside = parameters.summed_out(field + W[:, split:] @ state)
        return jax.nn.logsumexp(inside + bias + b[split:] @ state)

    return jax.nn.logsumexp(lax.map(chunk, high))


def annealed_log_partition(
    parameters: Machine, base, *, chains=100, temperatures=1000, start=None, seed=0
) -> LogPartition:
    """Annealed importance sampling from independent visible units of biases `base` (V,), and
    variance 1 where they are real-valued, forward and in reverse.

    ln Z = ln Z_0 + ln mean exp(w) over `chains` of them, error by the delta method. Reverse: from
    `start` (chains, V), samples of the machine; by default 200 sweeps of parallel tempering in 20
    temperatures, themselves an approximation. Unreliable, with a warning: effective sample size
    below a tenth of the chains, or both directions more than three errors apart.

    Source: Neal, Stat. Comput. 11, 125 (2001); Salakhutdinov & Murray, ICML 2008; Burda, Grosse &
    Salakhutdinov, AISTATS 2015 (reverse). Referee: `exact_log_partition`.
    """
    with jax.enable_x64(True):
        parameters = parameters.in_double()
        base = np.asarray(base, float)
        keys = jax.random.split(jax.random.key(seed), 4)
        betas = ladder(temperatures, float)
        alone = independent_log_partition(base, parameters.real)
        zero = parameters.weights.shape[1] * math.log(2) + alone
        first = independent_rows(parameters, base, keys[0], chains)
        forward = np.asarray(_anneal(parameters, base, betas, first, keys[1]))
        if start is None:
            hidden = fair_coins(keys[2], (20, chains, parameters.weights.shape[1]), "float64")
            start = run_chains(parameters, base, ladder(20, float), hidden, keys[2], 200)[0]
            start = np.asarray(start)[-1]
        backward = np.asarray(
            _anneal(parameters, base, betas[::-1].copy(), np.asarray(start, float), keys[3])
        )
    found = judge(zero, forward, backward)
    if not found.reliable:
        warnings.warn(
            f"ln Z by annealing is not reliable: {found.reason}; take more temperatures than"
            f" {temperatures}.",
            stacklevel=2,
        )
    return found


def quick_log_partition(
    parameters: Machine, base, largest: int, seed: tuple[int, int]
) -> tuple[float, float]:
    """Ln Z and its error while training goes on: a sum up to `largest` units, else 100 chains
    annealed forward in 200 steps.

    Annealing that is too fast finds too small a Z, hence too large a likelihood.
    """
    if parameters.summable() <= largest:
        return exact_log_partition(parameters), 0.0
    with jax.enable_x64(False):
        held = jax.tree.map(lambda x: jnp.asarray(np.asarray(x, np.float32)), parameters)
        biases = jnp.asarray(np.asarray(base, np.float32))
        keys = jax.random.split(jax.random.fold_in(jax.random.key(seed[0]), seed[1]))
        first = independent_rows(held, biases, keys[0], 100)
        weights = np.asarray(
            _anneal(held, biases, jnp.asarray(ladder(200, np.float32)), first, keys[1]), float
        )
    value, error, _ = log_mean(weights)
    alone = independent_log_partition(base, parameters.real)
    return held.weights.shape[1] * math.log(2) + alone + value, error


def independent_log_partition(base: np.ndarray, real: bool) -> float:
    """Ln of the sum over independent visible units of biases base (V,), or of the integral, of
    variance 1.
    """
    base = np.asarray(base, float)
    each = base**2 / 2 + math.log(2 * math.pi) / 2 if real else np.logaddexp(0, base)
    return float(each.sum())


@jit
def _anneal(parameters: Machine, base, betas, v, key):
    """Log-weights (chains,) of one annealing along `betas`, starting from samples v at the first of
    them.
    """
    W = parameters.weights
    a = parameters.visible_bias
    b = parameters.hidden_bias

    def log_weight(beta, v, field):
        return beta * parameters.tilt(base, v) + jax.nn.softplus(beta * field).sum(axis=-1)

    def step(carry, given):
        v, total = carry
        before, beta, key = given
        field = v @ W + b
        total = total + log_weight(beta, v, field) - log_weight(before, v, field)
        for_h, for_v = jax.random.split(key)
        h = draw(for_h, sigmoid(beta * field))
        v = parameters.draw_visible(for_v, beta * (h @ W.T + a) + (1 - beta) * base, beta)
        return (v, total), None

    keys = jax.random.split(key, len(betas) - 1)
    return lax.scan(step, (v, jnp.zeros(len(v))), (betas[:-1], betas[1:], keys))[0][1]


class MeanField(NamedTuple):
    """Distinct stationary points: means visible (points, V), hidden (points, H); their ln Z
    (points,); share of starts that converged.
    """

    visible: np.ndarray
    hidden: np.ndarray
    log_partition: np.ndarray
    converged_fraction: float


def mean_field(
    parameters: Parameters, start, *, order=2, iterations=2000, damping=0.5
) -> MeanField:
    """Stationary points of the extended mean-field (TAP) free energy from visible means `start`
    (starts, V).

    -Gamma = S(m) + S(n) + a.m + b.n + m.W.n + (1/2) sum W^2 m'n' + (2/3) sum W^3 m' (1/2 - m) n'
    (1/2 - n), m' = m - m^2, n' = n - n^2, up to `order` 1 (naive), 2 (TAP) or 3. Points that do not
    converge (largest change < 1e-9) are left out.

    Source: Gabrie, Tramel & Krzakala, NeurIPS 2015, eq. 7-9. Referee: `exact_log_partition`.
    """
    with jax.enable_x64(True):
        given = jax.tree.map(jnp.asarray, parameters.in_double())
        begin = jnp.asarray(np.asarray(start, float))
        ends = _mean_field(given, begin, order, iterations, damping)
    m, n, value, change = map(np.asarray, ends)
    rest = np.flatnonzero(change < _AT_REST)
    kept: list[int] = []
    for k in rest[np.argsort(-value[rest])]:
        if all(np.abs(m[k] - m[j]).max() > _DISTINCT for j in kept):
            kept.append(int(k))
    return MeanField(m[kept], n[kept], value[kept], len(rest) / len(m))


class _Ends(NamedTuple):
    """Where iterations end: means (starts, V) and (starts, H), -Gamma (starts,), and the largest
    change of a mean in the last one (starts,).
    """

    visible: jax.Array
    hidden: jax.Array
    log_partition: jax.Array
    change: jax.Array


@partial(jit, static_argnames="iterations")
def _mean_field(parameters: Parameters, m, order, iterations: int, damping) -> _Ends:
    W, a, b = parameters
    powers = (W, W**2 * (order >= 2), W**3 * (order >= 3))
    back = tuple(power.T for power in powers)

    def turn(carry, _):
        m, n, _ = carry
        new_n = damping * n + (1 - damping) * sigmoid(_field(b, powers, n, m))
        new_m = damping * m + (1 - damping) * sigmoid(_field(a, back, m, new_n))
        moved = jnp.abs(new_m - m).max(axis=1)
        return (new_m, new_n, jnp.maximum(moved, jnp.abs(new_n - n).max(axis=1))), None

    n = sigmoid(m @ W + b)
    (m, n, change), _ = lax.scan(turn, (m, n, jnp.ones(len(m))), None, length=iterations)
    return _Ends(m, n, _minus_gamma(a, b, powers, m, n), change)


def _field(bias, powers, mine, other):
    """Field on one layer, (starts, n): derivative of -Gamma without the entropy. powers: W, W^2 and
    W^3, from the other layer to this one, 0 beyond the order.
    """
    first, second, third = powers
    variance = other - other**2
    skew = variance * (0.5 - other)
    return (
        bias
        + other @ first
        + (0.5 - mine) * (variance @ second)
        + (2 / 3) * (skew @ third) * (0.5 - 3 * mine + 3 * mine**2)
    )


def _minus_gamma(a, b, powers, m, n):
    """-Gamma (starts,) of means m (starts, V) and n (starts, H)."""
    first, second, third = powers

    def entropy(x):
        return -(jax.scipy.special.xlogy(x, x) + jax.scipy.special.xlog1py(1 - x, -x)).sum(axis=1)

    def energy(W, m, n):
        return ((m @ W) * n).sum(axis=1)

    u = m - m**2
    w = n - n**2
    value = entropy(m) + entropy(n) + m @ a + n @ b + energy(first, m, n) + energy(second, u, w) / 2
    return value + (2 / 3) * energy(third, u * (0.5 - m), w * (0.5 - n))


def log_partition(
    parameters: Machine,
    base: np.ndarray,
    *,
    method: str,
    chains: int,
    temperatures: int,
    start: np.ndarray | None,
    seed: int,
) -> LogPartition:
    """`RestrictedBoltzmannMachine.log_partition`, arguments checked; `start`: rows, which tap
    needs.
    """
    small = parameters.summable() <= LARGEST
    if method == "exact" or (method == "auto" and small):
        return LogPartition(exact_log_partition(parameters), 0.0, "exact")
    if method != "tap":
        return annealed_log_partition(
            parameters, base, chains=chains, temperatures=temperatures, start=start, seed=seed
        )
    assert isinstance(parameters, Parameters) and start is not None
    found = mean_field(parameters, np.asarray(start, float))
    if not len(found.log_partition):
        raise ConvergenceError(
            "No start converged to a TAP solution: take more chains, or method='ais'."
        )
    value = float(np.logaddexp.reduce(found.log_partition))
    return LogPartition(value, np.nan, "tap", reliable=found.converged_fraction > 0.5)
