"""One engine for every system of separable prior x output channel: w ~ P0 on each of N weights, P patterns F with entries of
variance 1/N, and a factor p(y | F w) for each pattern.

Both halves are one log-integral each,

    ln Z_in(A, b) = ln int dP0(w) exp(-A w^2/2 + b w),        ln Z_out(y, omega, V) = ln int Du p(y | omega + sqrt(V) u),

and everything else follows from them by differentiation: the replica potentials below, with one step of replica-symmetry
breaking in `one_step`, and message passing with its state evolution in `replicon.simulation.amp`. To add a prior or a
channel, write its log-integral.

Source: Mezard, J. Phys. A 22, 2181 (1989); Rangan, arXiv:1010.5141; Barbier et al., PNAS 116, 5451 (2019).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr, logsumexp

from replicon.theory.gaussian import average, log_2cosh, sech_fourth


class Prior(NamedTuple):
    """What the weights are drawn from.

    `log_integral(A, b)`: ln Z_in, A and b scalars. `support`: values and probabilities of one weight, from which a teacher
    is drawn (a quadrature rule where the weight is continuous); without it the prior cannot be a teacher's.
    Closed forms may be given where quadrature would not do (sharp or unbounded integrands): `mean_log(A, mean, variance)` =
    E ln Z_in(A, mean + sqrt(variance) z); `squared_variance(A, variance)` = E (d^2 ln Z_in / db^2)^2 at mean zero;
    `breaking(A, qh0, qh1, m)`, the five averages of `one_step.Side`.
    """

    log_integral: Callable
    support: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    mean_log: Callable | None = None
    squared_variance: Callable | None = None
    breaking: Callable | None = None


class Channel(NamedTuple):
    """What a pattern demands of its field.

    `log_integral(y, omega, V, *parameters)`: ln Z_out. `parameters`: names of the controls it reads, in that order.
    `labels`: the values of y and their weights in a sum over labels (a quadrature rule where y is continuous); for stored
    patterns the label is absorbed in the pattern, y = 1.
    """

    log_integral: Callable
    parameters: tuple[str, ...] = ()
    labels: tuple[tuple[float, ...], tuple[float, ...]] = ((1.0,), (1.0,))


class Overlaps(NamedTuple):
    """overlap q of two weight vectors, norm Q = <w^2>."""

    overlap: Any
    norm: Any


class Planted(NamedTuple):
    """magnetization m, the overlap with the teacher; overlap q of two students; norm Q of a student."""

    magnetization: Any
    overlap: Any
    norm: Any


class Matched(NamedTuple):
    """overlap r with the teacher, on the Nishimori line also that of two students."""

    overlap: Any


class Theory(NamedTuple):
    """`residual(x, c)`, `iterate(x, c) -> x` (a step of state evolution), `potential(x, c)`, `energetic(x, c)`, the term of the
    patterns in it, and `replicon(x, c)`.

    The controls c have a field `load` and those the channel reads; the conjugates of x are the channel's answer to x.
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


@lru_cache
def _by_field(prior: Prior) -> Callable:
    return lambda b, A: prior.log_integral(A, b)


def squared_variance(prior: Prior) -> Callable:
    """E (d^2 ln Z_in / db^2)^2 at b = sqrt(variance) z as a function (A, variance)."""
    if prior.squared_variance is not None:
        return prior.squared_variance
    return lambda A, variance: average(_square(jax.grad(jax.grad(_by_field(prior)))), jnp.zeros(()), variance, A)


@lru_cache
def _square(f: Callable) -> Callable:
    return lambda *arguments: f(*arguments) ** 2


def _parameters(channel: Channel, c) -> tuple:
    return tuple(getattr(c, name) for name in channel.parameters)


def _over_labels(channel: Channel, of: Callable) -> jax.Array:
    values, weights = (jnp.asarray(v, float) for v in channel.labels)
    return jnp.sum(weights * jax.vmap(of)(values))


@lru_cache
def storage(prior: Prior, channel: Channel) -> Theory:
    """Random patterns without a teacher, replica symmetric, per weight:

    phi = Q A/2 - qh (Q - q)/2 + E ln Z_in(A, sqrt(qh) z) + load E ln Z_out(1, sqrt(q) z, Q - q),
    qh = load E g^2, A = -load E g', g = d ln Z_out/d omega; q = E <w>^2, Q = E <w^2>.
    """

    def by_field(omega, variance, *parameters):
        return channel.log_integral(1.0, omega, variance, *parameters)

    inner = mean_log(prior)
    second = _square(jax.grad(jax.grad(by_field)))

    def energetic(q, Q, c):
        return c.load * average(by_field, jnp.zeros(()), q, Q - q, *_parameters(channel, c))

    def conjugates(x: Overlaps, c):
        slope_q, slope_Q = jax.grad(energetic, (0, 1))(x.overlap, x.norm, c)
        qh = jnp.maximum(-2 * slope_q, 0.0)
        return qh, qh - 2 * slope_Q

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
        loss = average(second, jnp.zeros(()), x.overlap, x.norm - x.overlap, *_parameters(channel, c))
        return 1 - c.load * loss * squared_variance(prior)(A, qh)

    return Theory(residual, iterate, potential, lambda x, c: energetic(x.overlap, x.norm, c), replicon)


@lru_cache
def bayes_optimal(prior: Prior, channel: Channel) -> Theory:
    """Labels from a teacher drawn from the student's own prior and channel: on the Nishimori line, exact. Per weight:

    phi = -r rh/2 + E_{w*} E ln Z_in(rh, rh w* + sqrt(rh) z) + load sum_y E [Z_out ln Z_out](y, sqrt(r) z, Q - r),
    with Q = E w*^2 and rh = 2 load d/dr of the last sum.
    """
    inner, (values, chances) = mean_log(prior), _support(prior)
    norm = sum(p * w * w for w, p in zip(values, chances))

    def plogp(omega, y, variance, *parameters):
        log = channel.log_integral(y, omega, variance, *parameters)
        return jnp.exp(log) * log

    def examples(r, c):
        terms = (weight * average(plogp, jnp.zeros(()), r, y, norm - r, *_parameters(channel, c)) for y, weight in zip(*channel.labels))
        return c.load * sum(terms, jnp.zeros(()))

    def weights(rh):
        return sum((p * inner(rh, rh * w, rh) for w, p in zip(values, chances)), jnp.zeros(()))

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
        return 1 - jax.jvp(lambda r: iterate(Matched(r), c).overlap, (x.overlap,), (jnp.ones(()),))[1]

    return Theory(residual, iterate, potential, lambda x, c: examples(x.overlap, c), stability)


@lru_cache
def planted(prior: Prior, channel: Channel, teacher_prior: Prior, teacher_channel: Channel) -> Theory:
    """A student whose prior and channel need not be the teacher's (mismatched), replica symmetric, per weight:

    phi = Q A/2 - qh (Q - q)/2 - m mh + E_{w*} E ln Z_in(A, mh w* + sqrt(qh) z)
          + load sum_y E [Z*_out(y, (m/q) omega, Q* - m^2/q) ln Z_out(y, omega, Q - q)], omega = sqrt(q) z.
    """
    inner, (values, chances) = mean_log(prior), _support(teacher_prior)
    teacher_norm = sum(p * w * w for w, p in zip(values, chances))
    own = len(channel.parameters)

    def seen(omega, y, variance, ratio, teacher_variance, *parameters):
        chance = jnp.exp(teacher_channel.log_integral(y, ratio * omega, teacher_variance, *parameters[own:]))
        return chance * channel.log_integral(y, omega, variance, *parameters[:own])

    def energetic(m, q, Q, c):
        ratio = m / q
        parameters = (*_parameters(channel, c), *_parameters(teacher_channel, c))

        def of(y):
            return average(seen, jnp.zeros(()), q, y, Q - q, ratio, teacher_norm - m * ratio, *parameters)

        return c.load * _over_labels(channel, of)

    def weights(A, mh, qh):
        return sum((p * inner(A, mh * w, qh) for w, p in zip(values, chances)), jnp.zeros(()))

    def conjugates(x: Planted, c):
        slope_m, slope_q, slope_Q = jax.grad(energetic, (0, 1, 2))(x.magnetization, x.overlap, x.norm, c)
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

    return Theory(residual, iterate, potential, lambda x, c: energetic(x.magnetization, x.overlap, x.norm, c), unknown)


def _support(prior: Prior):
    if prior.support is None:
        raise ValueError("this prior has no support: give the values and probabilities from which a teacher is drawn")
    return prior.support


# Priors.


def discrete(values: tuple[float, ...], probabilities: tuple[float, ...] | None = None) -> Prior:
    """Weights on a few values with given probabilities (equal to one another, summing to one, by default)."""
    chances = probabilities or (1 / len(values),) * len(values)
    w, p = jnp.asarray(values, float), jnp.asarray(chances, float)

    def log_integral(A, b):
        return logsumexp(-A * w**2 / 2 + b * w, b=p)

    return Prior(log_integral, (tuple(values), tuple(chances)))


def _ising_log(A, b):
    return -A / 2 + jnp.logaddexp(b, -b)


def _ising_mean(A, mean, variance):
    return -A / 2 + log_2cosh(mean, variance, jnp.ones(()))


def _ising_squared(A, variance):
    return sech_fourth(jnp.zeros(()), variance, jnp.ones(()))


# w = +-1, each counted once: the free entropy counts states.
ising = Prior(_ising_log, ((-1.0, 1.0), (0.5, 0.5)), _ising_mean, _ising_squared)


def _sphere_mean(A, mean, variance):
    u = 2 / (1 + jnp.sqrt(1 + 4 * variance))  # 1 - q where qh = q/(1 - q)^2
    return -A / 2 + variance * u / 2 + jnp.log(u) / 2 + (1 / u - 1) / 2


def _sphere_log(A, b):
    return -jnp.log(A) / 2 + b**2 / (2 * A) - 0.5


def _sphere_squared(A, variance):
    return (2 / (1 + jnp.sqrt(1 + 4 * variance))) ** 2


def _sphere_breaking(A, qh0, qh1, m):
    """(log, outer, inner, slope, internal) with the multiplier `a` of |w|^2 = N in place of A."""
    spread = qh1 - qh0

    def excess(D):  # Q - 1 as a function of D = a - m (qh1 - qh0)
        return (1 + spread / D) / (D + m * spread) + qh0 / D**2 - 1

    def halve(_, ends):
        low, high = ends
        middle = jnp.sqrt(low * high)
        return jnp.where(excess(middle) > 0, middle, low), jnp.where(excess(middle) > 0, high, middle)

    D = jax.lax.stop_gradient(jax.lax.fori_loop(0, 60, halve, (jnp.full((), 1e-9), jnp.full((), 1e9)))[0])
    D = D - excess(D) / jax.lax.stop_gradient(jax.grad(excess)(D))  # carries the derivative of the root
    a = D + m * spread
    outer = qh0 / D**2
    inner = outer + spread / (a * D)
    log = m * (a - A - jnp.log(a) - 1) / 2 - jnp.log(D / a) / 2 + m * qh0 / (2 * D)
    internal = (a - A - jnp.log(a) - 1) / 2 + a * inner / 2
    return log, outer, inner, 1 / a, internal


# |w|^2 = N: a flat weight whose precision A is the multiplier of the norm, Q = 1, measured by the area of the sphere.
spherical = Prior(_sphere_log, None, _sphere_mean, _sphere_squared, _sphere_breaking)


def _gaussian_log(A, b):
    return -jnp.log1p(A) / 2 + b**2 / (2 * (1 + A))


def _gaussian_mean(A, mean, variance):
    return -jnp.log1p(A) / 2 + (mean**2 + variance) / (2 * (1 + A))


def _gaussian_squared(A, variance):
    return 1 / (1 + A) ** 2


# w ~ N(0, 1), for N -> infinity the sphere as a prior: free entropies are logarithms of fractions of its area. The support is
# the two-node Gauss-Hermite rule, exact for the quadratic ln Z_in.
gaussian = Prior(_gaussian_log, ((-1.0, 1.0), (0.5, 0.5)), _gaussian_mean, _gaussian_squared)


# Channels.


def _threshold(y, omega, variance, margin):
    return log_ndtr((y * omega - margin) / jnp.sqrt(variance))


def _symmetric(y, omega, variance, margin):
    # Phi(a) - Phi(b) is even in the field: taken in the tail where both are small, with a slope of +-1 also at zero.
    modulus = jnp.where(omega < 0, -omega, omega)
    a, b = (margin - modulus) / jnp.sqrt(variance), (-margin - modulus) / jnp.sqrt(variance)
    return log_ndtr(a) + jnp.log1p(-jnp.exp(log_ndtr(b) - log_ndtr(a)))


def _warm(satisfied: Callable) -> Callable:
    """Ln [e^-beta + (1 - e^-beta) P(satisfied)]; leak = e^-beta, zero at zero temperature."""

    def log_integral(y, omega, variance, margin, leak):
        value = satisfied(y, omega, variance, margin)
        warm = leak > 0
        return jnp.where(warm, jnp.logaddexp(jnp.log(jnp.where(warm, leak, 1.0)), jnp.log1p(-leak) + value), value)

    return log_integral


# y w.x/sqrt(N) >= margin, and |w.x|/sqrt(N) <= margin; an error costs beta = -ln leak.
threshold = Channel(_warm(_threshold), ("margin", "leak"))
symmetric = Channel(_warm(_symmetric), ("margin", "leak"))


def _sign_log(y, omega, variance):
    return log_ndtr(y * omega / jnp.sqrt(variance))


# y = sign(F w); by symmetry the sum over both labels is twice that of y = 1.
sign = Channel(_sign_log, (), ((1.0,), (2.0,)))
