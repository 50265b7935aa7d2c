"""The replica-symmetric theory of a machine with one hidden unit that learns at another inverse
temperature than its teacher's.

Two order parameters: T, overlap with the teacher's weights, and q, of two replicas. Both layers are
one spin in a normal field: a hidden unit feels beta a, a ~ N(beta* T, q), a weight feels
N(Th, qh). Both transitions are continuous and each branch has one solution at most: q -> map(q)/q
falls where T = 0.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon.rbm import unmatched_likelihood
from replicon.theory import stationary
from replicon.theory.bisection import bisect
from replicon.theory.gaussian import log_2cosh, sech_fourth
from replicon.theory.points import evaluate

_FEW = 16  # points at once of what takes two integrals
_LEARNED = 1e-6  # smaller overlaps are taken for none
_THINNEST = 1e-3  # the Hopfield denominator while the map is on its way

_tanh = jax.grad(log_2cosh)
_sech_squared = jax.grad(_tanh)  # divided by the temperature


class Order(NamedTuple):
    """T and q; of conjugates Th and qh."""

    teacher: jax.Array
    overlap: jax.Array


def _spin(hat: Order) -> Order:
    """E tanh and E tanh^2 of a weight in its field."""
    one = jnp.ones(())
    return Order(_tanh(*hat, one), 1 - _sech_squared(*hat, one))


class Exact:
    """The machine itself: weights with probability prod_a cosh(beta X_a) e^(-beta^2/2)."""

    @staticmethod
    def field(x: Order, c):
        """Mean and variance of a, and the temperature at which a hidden unit feels it."""
        return c.teacher_inverse_temperature * x.teacher, x.overlap, 1 / c.inverse_temperature

    @staticmethod
    def hats(x: Order, c) -> Order:
        """Th = alpha beta beta* E tanh(beta a), qh = alpha beta^2 E tanh^2(beta a)."""
        beta = c.inverse_temperature
        field = Exact.field(x, c)
        square = 1 - _sech_squared(*field) / beta
        return Order(
            c.load * beta * c.teacher_inverse_temperature * _tanh(*field),
            c.load * beta**2 * square,
        )

    @staticmethod
    def data(x: Order, c):
        """What a sample adds to the free entropy."""
        beta = c.inverse_temperature
        return beta * log_2cosh(*Exact.field(x, c)) - jnp.log(2.0) - beta**2 * x.overlap / 2

    @staticmethod
    def log_likelihoods(x: Order, c) -> list:
        """What a sample adds to the energy, as `unmatched_likelihood.ways`."""
        return unmatched_likelihood.ways(*Exact.field(x, c))

    @staticmethod
    def slope(x: Order, c):
        """<beta X tanh beta X> of a sample, less beta^2/2 of the norm."""
        beta = c.inverse_temperature
        mean, q, temperature = Exact.field(x, c)
        slope = mean * _tanh(mean, q, temperature) + q * _sech_squared(mean, q, temperature)
        return beta * (slope + beta * (1 - q)) - beta**2 / 2

    @staticmethod
    def softness(x: Order, c):
        """What a small difference between two replicas is multiplied by on the data's side."""
        return c.load * c.inverse_temperature**4 * sech_fourth(*Exact.field(x, c))


class Hopfield:
    """The Hopfield-like expansion of the same, prod_a exp(beta^2 X_a^2 / 2), while D = 1 - beta^2
    (1 - q) is positive. ln Z is linear in beta^2, so that both entropies are one.
    """

    @staticmethod
    def denominator(x: Order, c):
        return 1 - c.inverse_temperature**2 * (1 - x.overlap)

    @staticmethod
    def _square(x: Order, c):
        return x.overlap + (c.teacher_inverse_temperature * x.teacher) ** 2

    @staticmethod
    def hats(x: Order, c) -> Order:
        """Th = alpha beta^2 beta*^2 T/D, qh = alpha beta^4 (q + beta*^2 T^2)/D^2."""
        square = c.inverse_temperature**2
        D = Hopfield.denominator(x, c)
        return Order(
            c.load * square * c.teacher_inverse_temperature**2 * x.teacher / D,
            c.load * square**2 * Hopfield._square(x, c) / D**2,
        )

    @staticmethod
    def data(x: Order, c):
        """What a sample adds to the free entropy."""
        D = Hopfield.denominator(x, c)
        return (c.inverse_temperature**2 * Hopfield._square(x, c) / D - jnp.log(D)) / 2

    @staticmethod
    def slope(x: Order, c):
        """<beta^2 X^2 / 2> of a sample."""
        D = Hopfield.denominator(x, c)
        spread = Hopfield._square(x, c) / D**2 + (1 - x.overlap) / D
        return c.inverse_temperature**2 / 2 * spread

    @staticmethod
    def log_likelihoods(x: Order, c) -> list:
        """One way for all points, closed."""
        return [(Hopfield.slope, np.full(x.overlap.shape, True), (x, c))]

    @staticmethod
    def softness(x: Order, c):
        """What a small difference between two replicas is multiplied by on the data's side."""
        return c.load * c.inverse_temperature**4 / Hopfield.denominator(x, c) ** 2


FORMS = {"exact": Exact, "hopfield": Hopfield}


@cache
def _functions(approximation: str):
    """(spin glass, retrieval, what is measured of a state), each of one point."""
    form = FORMS[approximation]
    hopfield = approximation == "hopfield"

    def turn(x: Order, c) -> Order:
        return _spin(form.hats(x, c))

    def relax(x: Order, c) -> Order:
        """`turn` from where it makes sense: overlaps of the map's way leave D positive."""
        least = 1 - (1 - _THINNEST) / c.inverse_temperature**2 if hopfield else 0.0
        return turn(x._replace(overlap=jnp.maximum(x.overlap, least)), c)

    def residual(x: Order, c) -> Order:
        """Relative to the overlaps, so that none is no solution, and almost linear where both are
        small: next to the onset Newton's method finds them from the end of the map's slow way.
        """
        new = turn(x, c)
        return Order(new.teacher / x.teacher - 1, new.overlap / x.overlap - 1)

    def glass(c):
        """The one zero of map(q)/q - 1, which falls."""
        none = jnp.zeros(())
        least = jnp.maximum(1 - 1 / c.inverse_temperature**2, 0.0) if hopfield else none
        q = bisect(lambda q: turn(Order(none, q), c).overlap / q - 1, least + 1e-12, jnp.ones(()))
        left = jnp.abs(turn(Order(none, q), c).overlap - q)
        there = (q > least + _LEARNED) | ((least > 0) & (q > least))
        return Order(none, q), left, there & (left < stationary.TOLERANCE)

    def retrieval(c):
        begin = Order(jnp.full((), 0.9), jnp.full((), 0.9))
        found = stationary.solve_one(
            residual, begin, c, iterate=relax, steps=300, damping=0.7, settled=1e-5
        )
        T, q = found.x
        bounded = (T > _LEARNED) & (T <= 1 + 1e-9) & (q > 0) & (q <= 1 + 1e-9)
        if hopfield:
            bounded &= form.denominator(found.x, c) > 0
        return found.x, found.residual, found.converged & bounded

    def measure(x: Order, c) -> dict:
        hat = form.hats(x, c)
        one = jnp.ones(())
        sites = (
            log_2cosh(hat.teacher, hat.overlap, one)
            - hat.teacher * x.teacher
            - hat.overlap * (1 - x.overlap) / 2
        )
        free = sites + c.load * form.data(x, c)
        by_teacher, by_overlap = _derivatives(turn, x, c)
        half = (by_teacher.teacher + by_overlap.overlap) / 2
        split = half**2 - by_teacher.teacher * by_overlap.overlap
        split += by_overlap.teacher * by_teacher.overlap
        return {
            "teacher_overlap": x.teacher,
            "overlap": x.overlap,
            "free_entropy": free,
            "thermodynamic_entropy": free - c.load * form.slope(x, c),
            "longitudinal_stability": 1 - half - jnp.sqrt(jnp.maximum(split, 0.0)),
            "replicon": 1 - form.softness(x, c) * sech_fourth(hat.teacher, hat.overlap, one),
            "signal": by_teacher.teacher,
        }

    return glass, retrieval, measure


def _derivatives(turn, x: Order, c) -> tuple[Order, Order]:
    """Of the map, in T and in q."""
    one = jnp.ones(())
    none = jnp.zeros(())
    along = [Order(one, none), Order(none, one)]
    first, second = (jax.jvp(lambda x: turn(x, c), (x,), (way,))[1] for way in along)
    return first, second


def entropy(c, approximation: str, out: dict) -> np.ndarray:
    """S_w, (points,), of the weights given the data, from what else is known of states `out`."""
    there = out["converged"]
    found = (out["teacher_overlap"], np.clip(out["overlap"], 0.0, 1.0))
    sound = Order._make(np.where(there, v, 0.5) for v in found)
    asked = c._replace(inverse_temperature=np.where(there, c.inverse_temperature, 0.5))
    energy = np.empty(there.shape)
    for energy_of, rows, point in FORMS[approximation].log_likelihoods(sound, asked):
        if rows.any():
            some = jax.tree.map(lambda values, rows=rows: values[rows], point)
            energy[rows] = evaluate(energy_of, *some, batch=_FEW, how="plain")
    return np.where(there, out["free_entropy"] - c.load * energy, np.nan)


def paramagnet(c, approximation: str) -> dict:
    """T = q = 0 at all points."""
    _, _, measure = _functions(approximation)
    there = np.full(c.load.shape, True)
    if approximation == "hopfield":
        there = c.inverse_temperature < 1
    # Where there is none, what is measured is that of another temperature and is thrown away.
    asked = c._replace(inverse_temperature=np.where(there, c.inverse_temperature, 0.5))
    nothing = np.zeros_like(c.load)
    out = evaluate(measure, Order._make((nothing, nothing)), asked, how="plain")
    reason = "the Hopfield expansion needs beta^2 (1 - q) < 1, and q = 0: give beta < 1"
    return {
        **out,
        "converged": there,
        "residual": nothing,
        "reason": np.where(there, "", reason),
    }


def _solved(c, approximation: str, name: str) -> dict:
    """Branch spin-glass or retrieval at all points."""
    glass, retrieval, measure = _functions(approximation)
    x, residual, there = evaluate(glass if name == "spin-glass" else retrieval, c, how="plain")
    # Below its onset a branch has nothing to measure, and rounding near it is no state.
    sound = Order._make(np.where(there, v, 0.5) for v in x)
    out = evaluate(measure, sound, c, how="plain")
    return {
        **out,
        "converged": there,
        "residual": np.where(there, residual, np.nan),
        "reason": np.full(c.load.shape, "", dtype="U120"),
    }


def state(c, approximation: str, name: str) -> dict:
    """Branch retrieval, spin-glass or paramagnetic at all points, with the growth factor of a small
    T as `signal`.
    """
    if name == "paramagnetic":
        return paramagnet(c, approximation)
    out = _solved(c, approximation, name)
    if name == "retrieval":
        noise = "the teacher's inverse temperature is 0: its samples are noise"
        told = np.where(c.teacher_inverse_temperature == 0, noise, "")
        out["reason"] = np.where(out["converged"], "", told)
    return out
