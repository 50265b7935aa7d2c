"""Priors and channels of a user's own in the place of the words of a perceptron's controls."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from replicon._content import cached
from replicon._errors import InputError
from replicon._jit import jit
from replicon._objects import Given
from replicon.channel.factors import Channel, Prior

_PARAMETERS = ("margin", "leak")  # what a channel may read: the margin, and exp(-1/T)
_ROUNDING = 1e-9  # of moments and logarithms of a prior
_SPREAD = 1e-6  # of a derivative: above the errors of a quadrature, below any other law


def storage_prior(given: Any) -> Prior:
    """A prior of weights for random labels: ln Z_in finite, also at A = b = 0, and there at most
    ln 2, since entropies are measured from it; probabilities of its support, if it has one, that
    sum to one. Raises InputError.
    """
    prior = _of_kind(given, Prior, "a Prior of replicon.channel")
    _number("its log_integral(A, b)", prior.log_integral, 0.5, 0.3)
    whole = _number("its log_integral(0, 0)", prior.log_integral, 0.0, 0.0)
    if whole > math.log(2) + _ROUNDING:
        raise InputError(
            f"the weight of all states, exp(log_integral(0, 0)), is {math.exp(whole):.4g}: give a"
            " prior whose probabilities sum to one."
        )
    if prior.support is not None:
        total = float(np.sum(np.asarray(prior.support[1], float)))
        if abs(total - 1) > _ROUNDING:
            raise InputError(
                f"its support has the probability {total:.6g}: give a prior whose probabilities sum"
                " to one."
            )
    return prior


def teacher_prior(given: Any) -> Prior:
    """A prior of teacher and student: as `storage_prior`, with a `support` from which a teacher is
    drawn, of probabilities that sum to one and mean square one. Raises InputError.
    """
    prior = storage_prior(given)
    if prior.support is None:
        raise InputError("it has no support, from which a teacher is drawn: give one that has.")
    values, probabilities = (np.asarray(side, float) for side in prior.support)
    square = float(probabilities @ values**2)
    if abs(square - 1) > _ROUNDING:
        raise InputError(
            f"its support has the mean square {square:.6g}: it must be one; divide the values by"
            " their root mean square, which a sign does not see."
        )
    return prior


def constraint(given: Any) -> Channel:
    """A channel of stored patterns (label y = 1), whose parameters are margin, leak = exp(-1/T),
    both, or none. Raises InputError.
    """
    channel = _of_kind(given, Channel, "a Channel of replicon.channel")
    if not set(channel.parameters) <= set(_PARAMETERS):
        raise InputError(
            f"its parameters are {', '.join(map(str, channel.parameters))}: it may read"
            f" {' and '.join(_PARAMETERS)}, in the order of `parameters`."
        )
    parameters = {"margin": 0.1, "leak": 0.2}
    told = [parameters[name] for name in channel.parameters]
    _number("its log_integral(y, omega, V, ...)", channel.log_integral, 1.0, 0.2, 0.5, *told)
    _check_average(channel, told)
    return channel


def most(weights: str) -> float:
    """The entropy of all weights: ln 2, that of the whole sphere, from which entropies are
    measured, or ln Z_in(0, 0) of a prior of one's own.
    """
    if isinstance(weights, Given):
        with jax.enable_x64(True):
            return float(_with_slope(weights.held.log_integral)(jnp.zeros(()), jnp.zeros(()))[0])
    return np.log(2) if weights == "ising" else 0.0


def _of_kind(given: Any, kind: type, meaning: str) -> Any:
    factor = given[1] if type(given) is tuple else given
    if not isinstance(factor, kind):
        raise InputError(f"{type(factor).__name__} is no such factor: give {meaning}.")
    return factor


def _check_average(channel: Channel, told: list[float]) -> None:
    """InputError where Z_out = int Du p(y | omega + sqrt(V) u) does not spread with V as such an
    average does, dZ/dV = Z''/2: the theory takes derivatives by V from those by omega.
    """

    def log(omega, variance):
        return channel.log_integral(1.0, omega, variance, *told)

    def derivatives(omega, variance):
        return *jax.grad(log, (0, 1))(omega, variance), jax.grad(jax.grad(log))(omega, variance)

    with jax.enable_x64(True):
        found = jit(derivatives, how="seldom")(jnp.asarray(0.2), jnp.asarray(0.5))
    slope, by_variance, curvature = map(float, found)
    expected = (curvature + slope**2) / 2
    if abs(by_variance - expected) > _SPREAD * (1 + abs(expected)):
        raise InputError(
            f"its log_integral changes with V by {by_variance:.4g} where ln int Du"
            f" p(y | omega + sqrt(V) u) changes by {expected:.4g} (omega = 0.2, V = 0.5): give the"
            " logarithm of that average."
        )


@cached(maxsize=32)
def _with_slope(function: Callable) -> Callable:
    """Value and slope in the second argument, as one graph: every operation of JAX on its own is
    compiled.
    """
    return jit(jax.value_and_grad(function, 1), how="seldom")


def _number(what: str, function: Any, *arguments: float) -> float:
    """The value of a log-integral, checked to be one real number that JAX can differentiate."""
    try:
        with jax.enable_x64(True):
            points = [jnp.asarray(x) for x in arguments]
            value, slope = map(np.asarray, _with_slope(function)(*points))
    except Exception as error:  # a user's code
        said = (str(error).strip().splitlines() or [""])[0].rstrip(".")
        raise InputError(
            f"{what} fails ({type(error).__name__}: {said}): write it with jax.numpy, of scalars."
        ) from error
    if value.shape != () or not np.isfinite(value) or not np.isfinite(slope):
        raise InputError(
            f"{what} is {value} with the slope {slope} at {arguments}: give one finite number"
            " (spherical weights have a word of their own)."
        )
    return float(value)
