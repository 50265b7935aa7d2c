"""The replica-symmetric theory of a machine with one hidden unit, and averages of ln cosh."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon.theory import stationary
from replicon.theory.gaussian import nodes

NODE, WEIGHT = nodes(101, 8.0)
_BLUR = nodes(61, 8.0)
_TABLE = 1500  # intervals of a table of blurred ln cosh


def log_cosh(x):
    """Ln cosh x, however large x is."""
    return jnp.logaddexp(x, -x) - jnp.log(2.0)


def blurred_log_cosh(deviation, rule=_BLUR):
    """The average of ln cosh(x + deviation z), z normal, as a function of x: cubic interpolation of
    its values and slopes, and |x| - ln 2 where it is that. `rule`: nodes and weights of z.
    """
    end = 12 + 8 * deviation
    step = end / _TABLE
    at = jnp.linspace(0.0, 1.0, _TABLE + 1) * end
    node, weight = rule
    argument = at[:, None] + deviation * node
    value = log_cosh(argument) @ weight
    slope = jnp.tanh(argument) @ weight * step

    def at_point(x):
        size = jnp.abs(x)
        place = jnp.minimum(size / step, _TABLE - 1e-9)
        k = place.astype(int)
        t = place - k
        inside = (1 + 2 * t) * (1 - t) ** 2 * value[k] + t**2 * (3 - 2 * t) * value[k + 1]
        inside += t * (1 - t) ** 2 * slope[k] - t**2 * (1 - t) * slope[k + 1]
        return jnp.where(size < end, inside, size - jnp.log(2.0))

    return at_point


def _spin(mean, variance):
    """E tanh(a), E tanh(a)^2, E ln cosh(a) for one spin in a normal field."""
    a = mean + jnp.sqrt(jnp.maximum(variance, 1e-80)) * NODE  # rounding may leave less than nothing
    return WEIGHT @ jnp.tanh(a), WEIGHT @ jnp.tanh(a) ** 2, WEIGHT @ log_cosh(a)


class Single(NamedTuple):
    overlap: jax.Array | np.ndarray


def _single_turn(x: Single, c) -> Single:
    square = c.inverse_temperature**2
    data = _spin(square * x.overlap, square * x.overlap)[0]
    hat = c.load * square * data
    return Single(_spin(hat, hat)[0])


def _single_residual(x: Single, c) -> Single:
    return Single(_single_turn(x, c).overlap - x.overlap)


def _single_measure(q, c) -> dict:
    square = c.inverse_temperature**2
    data = _spin(square * q, square * q)
    hat = c.load * square * data[0]
    free = -hat * q / 2 - hat / 2 + _spin(hat, hat)[2] + c.load * (data[2] - square * q / 2)
    # On the Nishimori line the mean log-likelihood is the teacher's own.
    own = _spin(square, square)[2] - square / 2
    nan = jnp.full((), jnp.nan)
    return {
        "teacher_overlap": q,
        "cross_overlap": nan,
        "overlap": q,
        "cross_replica_overlap": nan,
        "receptive_overlap": nan,
        "free_entropy": free,
        "entropy": free + jnp.log(2.0) - c.load * own,
    }


def one_unit(c):
    """The student of a teacher with one unit, at one point: a dictionary of observables."""
    found = stationary.solve_one(
        _single_residual,
        Single(jnp.full((), 0.9)),
        c,
        iterate=_single_turn,
        steps=300,
        settled=1e-4,
    )
    q = found.x.overlap
    return {
        **_single_measure(q, c),
        "converged": found.converged & (q > 1e-7) & (q <= 1 + 1e-12),
        "residual": found.residual,
    }


def one_unit_guess(c):
    """The same for a student that has learnt nothing."""
    return _single_measure(jnp.full((), 1e-40), c)
