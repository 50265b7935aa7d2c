"""Gaussian averages that stay right, with all their derivatives, at zero variance and at zero
temperature.

Two functions cover what replica-symmetric potentials need:

`average(f, mean, variance)`: E f(mean + sqrt(variance) z) for any smooth f, with the heat equation
as its derivative in the variance, so that no sqrt(0) is ever differentiated.

`log_2cosh(mean, variance, temperature)`: T E ln 2cosh((mean + sqrt(variance) z) / T), the smoothed
modulus from which magnetization (its first derivative in the mean) and susceptibility (its second)
of Ising spins follow at any T >= 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero
from jax.scipy.special import erf
from jaxtyping import Array, Float

Scalar = Float[Array, ""]

# Uniform trapezoid on [-9, 9]: for integrands analytic in a strip of half-width a it errs by exp(-2
# pi a / step).
NODES = 129
HALF_RANGE = 9.0


def nodes(count: int = NODES, half_range: float = HALF_RANGE) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (count,) of the uniform trapezoid for the standard normal; the weights sum
    to 1. Raises nothing. Source: Trefethen & Weideman, SIAM Review 56, 385 (2014). Referee: closed
    Gaussian averages (tests/theory/test_gaussian.py).
    """
    z = np.linspace(-half_range, half_range, count)
    weight = np.exp(-(z**2) / 2)
    return z, weight / weight.sum()


def graded(
    centre: Scalar, width: Scalar, count: int, reach: Scalar | float = 12.0
) -> tuple[jax.Array, jax.Array]:
    """Nodes centre + width sinh(u), u uniform, as far as centre +- reach, for an integrand that
    changes within `width` of `centre` and is smooth elsewhere, and their spacing over sqrt(2 pi):
    times exp(-z^2/2) the weights of the standard normal.

    Constants to differentiation, as the integral does not depend on its nodes.
    """
    centre, width, reach = jax.lax.stop_gradient((centre, width, reach))
    u = jnp.arcsinh(reach / width) * jnp.linspace(-1.0, 1.0, count)
    return centre + width * jnp.sinh(u), width * jnp.cosh(u) * (u[1] - u[0]) / np.sqrt(2 * np.pi)


def derivative(f: Callable) -> Callable:
    """df/dx of a scalar function f(x, *arguments), forwards: a smaller graph than `jax.grad`
    makes. Raises nothing. Source: calculus. Referee: finite differences
    (tests/theory/test_gaussian.py).
    """

    def slope(x, *arguments):
        return jax.jvp(lambda y: f(y, *arguments), (x,), (jnp.ones_like(x),))[1]

    return slope


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def average_over(count: int, f: Callable, mean: Scalar, variance: Scalar, *arguments) -> Scalar:
    """`average` by the trapezoid of `count` nodes, for functions as sharp as that resolves."""
    z, weight = nodes(count)
    field = mean + jnp.sqrt(jnp.maximum(variance, 0.0)) * z
    return jnp.sum(weight * jax.vmap(lambda x: f(x, *arguments))(field))


def average(f: Callable, mean: Scalar, variance: Scalar, *arguments) -> Scalar:
    """E f(mean + sqrt(variance) z, *arguments), z standard normal; a scalar, vectorise with
    `jax.vmap`.

    Derivatives of any order, also at variance = 0, by the heat equation d/dvariance E f = E f'' /
    2. Anything traced that f needs must come through `arguments` (a closure cannot be
    differentiated through). Do not nest it: compile time grows as a power of the depth; write inner
    replica averages as plain quadrature at positive variance.

    Accuracy: trapezoid of 129 nodes on [-9, 9]; near 1e-15 while f is smooth on the scale of
    sqrt(variance), that is for a sigmoid of width T while sqrt(variance) <= 2 T. For sharper
    sigmoids use `log_2cosh`. Returns a scalar in the units of f; raises nothing.

    Source: the trapezoid rule for analytic integrands, Trefethen & Weideman, SIAM Review 56, 385
    (2014), Theorem 5.1. Referee: closed forms of E exp, E cos, and node doubling
    (tests/theory/test_gaussian.py).
    """
    return average_over(NODES, f, mean, variance, *arguments)


def _average_jvp(count, f, primals, tangents):
    mean, variance, *arguments = primals
    mean_dot, variance_dot, *arguments_dot = tangents
    slope = derivative(f)
    out = average_over(count, f, mean, variance, *arguments)
    out_dot = jnp.zeros_like(out)
    # Only the derivatives asked for are computed: each is another average.
    if not isinstance(mean_dot, SymbolicZero):
        out_dot = out_dot + mean_dot * average_over(count, slope, mean, variance, *arguments)
    if not isinstance(variance_dot, SymbolicZero):
        curved = average_over(count, derivative(slope), mean, variance, *arguments)
        out_dot = out_dot + variance_dot / 2 * curved
    moved = [k for k, dot in enumerate(arguments_dot) if not isinstance(dot, SymbolicZero)]
    if moved:
        half = len(arguments)

        def along_arguments(x, *both):
            def of(*some):
                changed = list(both[:half])
                for k, value in zip(moved, some):
                    changed[k] = value
                return f(x, *changed)

            return jax.jvp(of, tuple(both[k] for k in moved), both[half:])[1]

        dots = (arguments_dot[k] for k in moved)
        out_dot = out_dot + average_over(count, along_arguments, mean, variance, *arguments, *dots)
    return out, out_dot


average_over.defjvp(_average_jvp, symbolic_zeros=True)


@jax.custom_jvp
def log_2cosh_at(x: Float[Array, ...]) -> Float[Array, ...]:
    """Ln 2cosh x with tanh x for its derivative, in half of the operations that a sum of two
    exponentials takes. Any shape; raises nothing. Source: its definition. Referee: logaddexp and
    its derivatives (tests/theory/test_gaussian.py).
    """
    size = jnp.abs(x)
    return size + jnp.log1p(jnp.exp(-2 * size))


@log_2cosh_at.defjvp
def _log_2cosh_at_jvp(primals, tangents):
    (x,) = primals
    return log_2cosh_at(x), jnp.tanh(x) * tangents[0]


# Derivatives of T ln 2cosh(x/T) beyond the first are polynomials in t = tanh(x/T): P_k -> P_{k+1} =
# P_k' (1 - t^2) / T. Derivatives of E_z |x + sigma z| beyond the first are 2 N(x) times Hermite
# polynomials of x / sigma.
_HIGHEST_ORDER = 8
_TANH_POLYNOMIAL = [np.array([0.0, 1.0])]
for _ in range(_HIGHEST_ORDER - 1):
    _TANH_POLYNOMIAL.append(
        np.convolve(np.polynomial.polynomial.polyder(_TANH_POLYNOMIAL[-1]), [1.0, 0.0, -1.0])
    )

# Where sqrt(variance) <= T the poles of tanh lie at |Im z| >= pi/2: step 0.25 errs by exp(-39).
_NORMAL, _NORMAL_WEIGHT = nodes(73, 9.0)
# Logistic noise L: E |x - T L / 2| = T ln 2cosh(x / T). Its density has double poles at +-i pi:
# step 0.55 errs by 1e-14.
_LOGISTIC = np.arange(-68, 69) * 0.55
_LOGISTIC_WEIGHT = 1 / np.cosh(_LOGISTIC / 2) ** 2
_LOGISTIC_WEIGHT /= _LOGISTIC_WEIGHT.sum()


def _polynomial(coefficients, x):
    value = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value


def _smooth(order, mean, variance, temperature):
    """Average over the normal nodes; right where sqrt(variance) <= temperature."""
    x = (mean + jnp.sqrt(variance) * _NORMAL) / temperature
    if order == 0:
        values = temperature * jnp.logaddexp(x, -x)
    else:
        values = _polynomial(_TANH_POLYNOMIAL[order - 1], jnp.tanh(x)) / temperature ** (order - 1)
    return jnp.sum(_NORMAL_WEIGHT * values)


def _sharp(order, mean, variance, temperature):
    """Average of the closed Gaussian integral over logistic noise; right where sqrt(variance) >=
    temperature.
    """
    sigma = jnp.sqrt(variance)
    y = (mean - temperature * _LOGISTIC / 2) / sigma
    normal = np.sqrt(2 / np.pi) * jnp.exp(-(y**2) / 2)
    if order == 0:
        values = sigma * (y * erf(y / np.sqrt(2)) + normal)
    elif order == 1:
        values = erf(y / np.sqrt(2))
    else:
        hermite = np.polynomial.hermite_e.herme2poly([0.0] * (order - 2) + [1.0])
        values = normal * _polynomial(hermite, -y) / sigma ** (order - 1)
    return jnp.sum(_LOGISTIC_WEIGHT * values)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _log_2cosh(order, mean, variance, temperature):
    """The order-th derivative of `log_2cosh` in the mean."""
    sharp = variance > temperature**2
    frozen = (variance <= 0) & (temperature <= 0)
    value = jnp.where(
        sharp,
        _sharp(order, mean, jnp.where(sharp, variance, 1.0), jnp.where(sharp, temperature, 1.0)),
        _smooth(
            order,
            mean,
            jnp.where(sharp, 0.0, jnp.maximum(variance, 0.0)),
            jnp.where(sharp | frozen, 1.0, temperature),
        ),
    )
    modulus = {0: jnp.abs, 1: jnp.sign}.get(order, jnp.zeros_like)(mean)
    return jnp.where(frozen, modulus, value)


def _log_2cosh_jvp(order, primals, tangents):
    if order + 2 > _HIGHEST_ORDER:
        raise NotImplementedError(
            f"log_2cosh is coded up to derivative {_HIGHEST_ORDER} in the mean"
        )
    mean, variance, temperature = primals
    here = _log_2cosh(order, *primals)
    # Only the derivatives asked for are computed: each is another average.
    known = [not isinstance(tangent, SymbolicZero) for tangent in tangents]
    out = jnp.zeros_like(here)
    first = _log_2cosh(order + 1, *primals) if known[0] or known[2] else out
    second = _log_2cosh(order + 2, *primals) if known[1] or known[2] else out
    if known[0]:
        out = out + tangents[0] * first
    if known[1]:
        out = out + tangents[1] * second / 2
    if known[2]:
        # The function is homogeneous of degree 1 - order in (mean, sqrt(variance), T): Euler gives
        # the derivative in T.
        cold = temperature <= 0
        by_temperature = ((1 - order) * here - mean * first - variance * second) / jnp.where(
            cold, 1.0, temperature
        )
        out = out + tangents[2] * jnp.where(cold, 0.0, by_temperature)
    return here, out


_log_2cosh.defjvp(_log_2cosh_jvp, symbolic_zeros=True)


def log_2cosh(mean: Scalar, variance: Scalar, temperature: Scalar) -> Scalar:
    """T E ln 2cosh((mean + sqrt(variance) z) / T), z standard normal; variance >= 0, T >= 0; at T =
    0, E |mean + ...|.

    A scalar, vectorise with `jax.vmap`. Its derivatives in the mean are E tanh and E sech^2 / T, in
    the variance half the second of these (heat equation), in T the entropy of the spin; all stay
    finite down to T = 0 (at variance > 0) and down to variance = 0 (at T > 0). At T = 0 and
    variance = 0 it is |mean|. Coded up to eight derivatives in the mean.

    Where the noise is wider than the step (sqrt(variance) > T) the two change roles: T ln
    2cosh(x/T) = E_L |x - T L/2| with logistic L, and the Gaussian average of a modulus is closed,
    so that the remaining integral over L is smooth. Relative accuracy about 1e-12 at any
    temperature.

    Source: (1 + tanh x)/2 = P(L < 2x) for a standard logistic L, integrated once. Referee: adaptive
    quadrature, the closed T = 0 forms, finite differences (tests/theory/test_gaussian.py).

    Returns a scalar in the units of T; raises nothing.
    """
    return _log_2cosh(0, jnp.asarray(mean), jnp.asarray(variance), jnp.asarray(temperature))


def spin_entropy(mean: Scalar, variance: Scalar, temperature: Scalar) -> Scalar:
    """E [ln 2cosh x - x tanh x] of x = (mean + sqrt(variance) z) / T, in nats: entropy of a spin in
    a normal field.

    The same as the derivative of `log_2cosh` in T, and zero at T = 0; right to rounding however
    cold, where that derivative is a small difference divided by T. Not to be differentiated at
    variance 0. Returns a scalar; raises nothing. Source: thermodynamics, s = -df/dT. Referee:
    quadrature in extended precision (tests/theory/test_gaussian.py).
    """
    sharp = variance > temperature**2
    cold = temperature <= 0
    warm = jnp.where(sharp | cold, 1.0, temperature)
    size = (
        jnp.abs(mean + jnp.sqrt(jnp.where(sharp, 0.0, jnp.maximum(variance, 0.0))) * _NORMAL) / warm
    )
    tail = jnp.exp(-2 * size)
    smooth = jnp.sum(
        _NORMAL_WEIGHT * (jnp.log1p(tail) + 2 * jnp.where(tail > 0, size, 0.0) * tail / (1 + tail))
    )
    sigma = jnp.sqrt(jnp.where(sharp, variance, 1.0))
    wide = -jnp.sum(
        _LOGISTIC_WEIGHT
        * _LOGISTIC
        / 2
        * erf((mean - temperature * _LOGISTIC / 2) / sigma / np.sqrt(2))
    )
    return jnp.where(cold, 0.0, jnp.where(sharp, wide, smooth))


def sech_fourth(mean: Scalar, variance: Scalar, temperature: Scalar) -> Scalar:
    """E sech^4((mean + sqrt(variance) z) / T), the average that decides replica-symmetry stability
    of Ising spins.

    From derivatives of h = T ln 2cosh(x / T): with u = sech^2, u = T h'' and T^3 h'''' = 4 u - 6
    u^2. Vanishes as T at T = 0. Returns a scalar in [0, 1]; raises nothing. Source: de Almeida &
    Thouless, J. Phys. A 11, 983 (1978). Referee: quadrature (tests/theory/test_gaussian.py).
    """
    return temperature * sech_fourth_density(mean, variance, temperature)


def sech_fourth_density(mean: Scalar, variance: Scalar, temperature: Scalar) -> Scalar:
    """`sech_fourth` / T; at T = 0, 4/3 of the density of mean + sqrt(variance) z at zero."""
    second = _log_2cosh(2, mean, variance, temperature)
    fourth = _log_2cosh(4, mean, variance, temperature)
    return 2 / 3 * second - temperature**2 * fourth / 6
