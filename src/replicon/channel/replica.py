"""One engine for every system of separable prior x output channel: w ~ P0 on each of N weights, P
patterns F with entries of variance 1/N, and a factor p(y | F w) for each pattern.

Both halves are one log-integral each,

    ln Z_in(A, b) = ln int dP0(w) exp(-A w^2/2 + b w),
    ln Z_out(y, omega, V) = ln int Du p(y | omega + sqrt(V) u),

and everything else follows from them by differentiation: the replica potentials below, with one
step of replica-symmetry breaking in `one_step`, and message passing with its state evolution in
`replicon.channel.amp`. To add a prior or a channel, write its log-integral (`factors` has those
here).

Source: Mezard, J. Phys. A 22, 2181 (1989); Rangan, arXiv:1010.5141; Barbier et al., PNAS 116, 5451
(2019).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._content import cached
from replicon.channel.factors import (
    Channel,
    Prior,
    discrete,
    gaussian,
    ising,
    sign,
    spherical,
    symmetric,
    threshold,
)
from replicon.theory.gaussian import NODES, average, average_over, derivative

__all__ = [
    "Channel",
    "Matched",
    "Overlaps",
    "Planted",
    "Prior",
    "Theory",
    "bayes_optimal",
    "discrete",
    "gaussian",
    "ising",
    "planted",
    "sign",
    "spherical",
    "state_evolution",
    "storage",
    "symmetric",
    "threshold",
]


class Overlaps(NamedTuple):
    """overlap q of two weight vectors, norm Q = <w^2>.

    Numbers of each point (points,), per weight.
    """

    overlap: Any
    norm: Any


class Planted(NamedTuple):
    """magnetization m, the overlap with the teacher; overlap q of two students; norm Q of a
    student.

    Numbers of each point (points,), per weight.
    """

    magnetization: Any
    overlap: Any
    norm: Any


class Matched(NamedTuple):
    """overlap r with the teacher, on the Nishimori line also that of two students.

    One number for each point (points,).
    """

    overlap: Any


class Theory(NamedTuple):
    """`residual(x, c)`, `iterate(x, c) -> x` (a step of state evolution), `potential(x, c)`,
    `energetic(x, c)`, the term of the patterns in it, and `replicon(x, c)`.

    The controls c have a field `load` and those the channel reads; the conjugates of x are the
    channel's answer to x.
    """

    residual: Callable
    iterate: Callable
    potential: Callable
    energetic: Callable
    replicon: Callable


def mean_log(prior: Prior) -> Callable:
    """E ln Z_in(A, mean + sqrt(variance) z) as a function (A, mean, variance)."""
    if prior.mean_log is not None:
        return prior.mean_log
    return lambda A, mean, variance: average(_by_field(prior), mean, variance, A)


@cached()
def _by_field(prior: Prior) -> Callable:
    return lambda b, A: prior.log_integral(A, b)


def squared_variance(prior: Prior) -> Callable:
    """E (d^2 ln Z_in / db^2)^2 at b = sqrt(variance) z as a function (A, variance)."""
    if prior.squared_variance is not None:
        return prior.squared_variance
    curvature = derivative(derivative(_by_field(prior)))
    return lambda A, variance: average(_square(curvature), jnp.zeros(()), variance, A)


@cached()
def _square(f: Callable) -> Callable:
    return lambda *arguments: f(*arguments) ** 2


def _parameters(channel: Channel, c) -> tuple:
    return tuple(getattr(c, name) for name in channel.parameters)


def _over_labels(channel: Channel, of: Callable) -> jax.Array:
    values, weights = (jnp.asarray(v, float) for v in channel.labels)
    return jnp.sum(weights * jax.vmap(of)(values))


@cached()
def storage(prior: Prior, channel: Channel, nodes: int = NODES) -> Theory:
    """Random patterns without a teacher, replica symmetric, per weight:

    phi = Q A/2 - qh (Q - q)/2 + E ln Z_in(A, sqrt(qh) z) + load E ln Z_out(1, sqrt(q) z, Q - q),
    qh = load E g^2, A = -load E g', g = d ln Z_out/d omega; q = E <w>^2, Q = E <w^2>.
    `nodes`: of the average over patterns, for sharp channels.

    Per weight, in nats. Raises nothing. Source: Gardner, J. Phys. A 21, 257 (1988); Krauth &
    Mezard, J. Physique 50, 3057 (1989). Referee: capacity 0.8330787 of binary weights, 2 of
    spherical ones (tests/reference).
    """

    def by_field(omega, variance, *parameters):
        return channel.log_integral(1.0, omega, variance, *parameters)

    inner = mean_log(prior)
    slope = derivative(by_field)
    curvature = derivative(slope)

    def over_patterns(f: Callable, q, Q, c):
        return c.load * average_over(nodes, f, jnp.zeros(()), q, Q - q, *_parameters(channel, c))

    def energetic(q, Q, c):
        return over_patterns(by_field, q, Q, c)

    @jax.jit
    def conjugates(x: Overlaps, c):
        qh = over_patterns(_square(slope), x.overlap, x.norm, c)
        return qh, -over_patterns(curvature, x.overlap, x.norm, c)

    def iterate(x: Overlaps, c) -> Overlaps:
        qh, A = conjugates(x, c)
        slope_A, slope_qh = jax.grad(inner, (0, 2))(A, jnp.zeros(()), qh)
        return Overlaps(-2 * slope_A - 2 * slope_qh, -2 * slope_A)

    def residual(x: Overlaps, c) -> Overlaps:
        return jax.tree.map(jnp.subtract, x, iterate(x, c))

    def potential(x: Overlaps, c):
        qh, A = conjugates(x, c)
        conjugate = x.norm * A / 2 - qh * (x.norm - x.overlap) / 2
        return conjugate + inner(A, jnp.zeros(()), qh) + energetic(x.overlap, x.norm, c)

    def replicon(x: Overlaps, c):
        qh, A = conjugates(x, c)
        loss = over_patterns(_square(curvature), x.overlap, x.norm, c)
        return 1 - loss * squared_variance(prior)(A, qh)

    return Theory(
        residual, iterate, potential, lambda x, c: energetic(x.overlap, x.norm, c), replicon
    )


@cached()
def bayes_optimal(prior: Prior, channel: Channel) -> Theory:
    """Labels from a teacher drawn from the student's own prior and channel: on the Nishimori line,
    exact. Per weight:

    phi = -r rh/2 + E_{w*} E ln Z_in(rh, rh w* + sqrt(rh) z) + load sum_y E [Z_out ln Z_out](y,
    sqrt(r) z, Q - r), with Q = E w*^2 and rh = 2 load d/dr of the last sum.

    Per weight, in nats. Raises nothing. Source: Barbier et al., PNAS 116, 5451 (2019). Referee:
    message passing on instances, enumeration of small ones (tests/channel).
    """
    inner, (values, chances) = mean_log(prior), _support(prior)
    norm = sum(p * w * w for w, p in zip(values, chances))

    def plogp(omega, y, variance, *parameters):
        log = channel.log_integral(y, omega, variance, *parameters)
        return jnp.exp(log) * log

    def examples(r, c):
        def of(y):
            return average(plogp, jnp.zeros(()), r, y, norm - r, *_parameters(channel, c))

        return c.load * _over_labels(channel, of)

    def weights(rh):
        return sum((p * inner(rh, rh * w, rh) for w, p in zip(values, chances)), jnp.zeros(()))

    @jax.jit
    def conjugate(r, c):
        return jnp.maximum(2 * jax.grad(examples)(r, c), 0.0)

    def iterate(x: Matched, c) -> Matched:
        return Matched(2 * jax.grad(weights)(conjugate(x.overlap, c)))

    def residual(x: Matched, c) -> Matched:
        return Matched(x.overlap - iterate(x, c).overlap)

    def potential(x: Matched, c):
        rh = conjugate(x.overlap, c)
        return -x.overlap * rh / 2 + weights(rh) + examples(x.overlap, c)

    def stability(x: Matched, c):
        """On the Nishimori line the replicon is the longitudinal stability: 1 - d iterate / dr."""
        return (
            1 - jax.jvp(lambda r: iterate(Matched(r), c).overlap, (x.overlap,), (jnp.ones(()),))[1]
        )

    return Theory(residual, iterate, potential, lambda x, c: examples(x.overlap, c), stability)


@cached()
def planted(
    prior: Prior, channel: Channel, teacher_prior: Prior, teacher_channel: Channel
) -> Theory:
    """A student whose prior and channel need not be the teacher's (mismatched), replica symmetric,
    per weight:

        phi = Q A/2 - qh (Q - q)/2 - m mh + E_{w*} E ln Z_in(A, mh w* + sqrt(qh) z)
            + load sum_y E [Z*_out(y, (m/q) omega, Q* - m^2/q) ln Z_out(y, omega, Q - q)],

    omega = sqrt(q) z.

    Per weight, in nats. Raises nothing. Source: Mezard, J. Phys. A 22, 2181 (1989), with a teacher.
    Referee: the Bayes-optimal theory where student and teacher are alike (tests/channel).
    """
    inner, (values, chances) = mean_log(prior), _support(teacher_prior)
    teacher_norm = sum(p * w * w for w, p in zip(values, chances))
    own = len(channel.parameters)

    def seen(omega, y, variance, ratio, teacher_variance, *parameters):
        chance = jnp.exp(
            teacher_channel.log_integral(y, ratio * omega, teacher_variance, *parameters[own:])
        )
        return chance * channel.log_integral(y, omega, variance, *parameters[:own])

    def energetic(m, q, Q, c):
        ratio = m / q
        parameters = (*_parameters(channel, c), *_parameters(teacher_channel, c))

        def of(y):
            return average(
                seen, jnp.zeros(()), q, y, Q - q, ratio, teacher_norm - m * ratio, *parameters
            )

        return c.load * _over_labels(channel, of)

    def weights(A, mh, qh):
        return sum((p * inner(A, mh * w, qh) for w, p in zip(values, chances)), jnp.zeros(()))

    @jax.jit
    def conjugates(x: Planted, c):
        slope_m, slope_q, slope_Q = jax.grad(energetic, (0, 1, 2))(
            x.magnetization, x.overlap, x.norm, c
        )
        qh = jnp.maximum(-2 * slope_q, 0.0)
        return slope_m, qh, qh - 2 * slope_Q

    def iterate(x: Planted, c) -> Planted:
        mh, qh, A = conjugates(x, c)
        slope_A, slope_m, slope_qh = jax.grad(weights, (0, 1, 2))(A, mh, qh)
        return Planted(slope_m, -2 * slope_A - 2 * slope_qh, -2 * slope_A)

    def residual(x: Planted, c) -> Planted:
        return jax.tree.map(jnp.subtract, x, iterate(x, c))

    def potential(x: Planted, c):
        mh, qh, A = conjugates(x, c)
        conjugate = x.norm * A / 2 - qh * (x.norm - x.overlap) / 2 - x.magnetization * mh
        return conjugate + weights(A, mh, qh) + energetic(x.magnetization, x.overlap, x.norm, c)

    def unknown(x: Planted, c):
        return jnp.full((), jnp.nan)

    return Theory(
        residual,
        iterate,
        potential,
        lambda x, c: energetic(x.magnetization, x.overlap, x.norm, c),
        unknown,
    )


def state_evolution(theory: Theory, start: Any, controls: Any, steps: int) -> Any:
    """Order parameters after 1, ..., `steps` iterations of approximate message passing on random
    patterns, arrays (steps,).

    `start`: a named tuple of numbers, the overlaps before the first iteration (zero: no knowledge).
    Raises nothing. Source: Donoho, Maleki & Montanari, PNAS 106, 18914 (2009); proof: Bayati &
    Montanari, IEEE Trans. Inf. Theory 57, 764 (2011). Referee: overlaps of `channel.amp` on large
    instances (tests/channel/test_amp.py).
    """
    kind = type(start)
    step = _compiled_step(theory)
    path = []
    with jax.enable_x64(True):
        x = kind(*(jnp.asarray(float(v)) for v in start))
        c = type(controls)(*(jnp.asarray(float(v)) for v in controls))
        for _ in range(steps):
            x = step(x, c)
            path.append([float(v) for v in x])
    return kind(*np.array(path).T)


@cached()
def _compiled_step(theory: Theory) -> Callable:
    return jax.jit(theory.iterate)


def _support(prior: Prior):
    if prior.support is None:
        raise ValueError(
            "this prior has no support: give the values and probabilities from which a teacher is"
            " drawn"
        )
    return prior.support
