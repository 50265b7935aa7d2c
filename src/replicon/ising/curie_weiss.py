"""Curie-Weiss theory: one order parameter, m = tanh((J m + h)/T)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._declare import controls_tuple
from replicon.theory import stationary
from replicon.theory.branch import Found, fold
from replicon.theory.gaussian import log_2cosh, spin_entropy
from replicon.theory.points import evaluate
from replicon.theory.transition import determinant, zero

NAMES = ("coupling", "temperature", "field")


class Order(NamedTuple):
    magnetization: jax.Array


def potential(x: Order, c) -> jax.Array:
    """Free energy per spin f = J m^2 / 2 - T ln 2cosh((J m + h) / T)."""
    return c.coupling * x.magnetization**2 / 2 - log_2cosh(
        c.coupling * x.magnetization + c.field, jnp.zeros(()), c.temperature
    )


def residual(x: Order, c) -> Order:
    """M - tanh((J m + h)/T): the gradient of the potential divided by J, so that no unit of energy
    decides what counts as zero.
    """
    return Order(x.magnetization - iterate(x, c).magnetization)


def iterate(x: Order, c) -> Order:
    return Order(
        jax.grad(log_2cosh)(c.coupling * x.magnetization + c.field, jnp.zeros(()), c.temperature)
    )


def spinodal_magnetization(c) -> jax.Array:
    """m_s = sqrt(1 - T/J): between -m_s and m_s every solution is unstable; zero above T_c."""
    return jnp.sqrt(jnp.maximum(1 - c.temperature / c.coupling, 0.0))


def _branch(sign: int, c) -> stationary.Stationary:
    m_s = spinodal_magnetization(c)
    if sign:
        start = Order(sign * jnp.ones(()))
        found = stationary.solve_one(residual, start, c, iterate=iterate, steps=300)
        belongs = sign * found.x.magnetization >= m_s - 1e-9
    else:
        # The fold at h_s is a square root: a start that knows it keeps Newton's method inside |m| <
        # m_s.
        safe = jnp.clip(m_s, 1e-6, 1 - 1e-12)
        end = c.coupling * safe - c.temperature * jnp.arctanh(safe)
        reach = jnp.clip(jnp.abs(c.field) / jnp.maximum(end, 1e-12), 0.0, 1.0)
        start = Order(-jnp.sign(c.field) * m_s * (1 - jnp.sqrt(1 - reach)))
        found = stationary.solve_one(residual, start, c)
        belongs = (jnp.abs(found.x.magnetization) <= m_s + 1e-9) & (c.temperature > 0)
    hot = c.temperature >= c.coupling
    flat = hot & (c.field == 0)
    m = jnp.where(flat, 0.0, found.x.magnetization)
    return stationary.Stationary(
        Order(m), jnp.where(flat, 0.0, found.residual), flat | (found.converged & (hot | belongs))
    )


def up(c) -> stationary.Stationary:
    return _branch(1, c)


def down(c) -> stationary.Stationary:
    return _branch(-1, c)


def paramagnet(c) -> stationary.Stationary:
    return _branch(0, c)


BRANCHES = {"up": up, "down": down, "paramagnet": paramagnet}


@lru_cache
def _point(branch: str):
    def one(c):
        found = BRANCHES[branch](c)
        m = found.x.magnetization
        T = c.temperature
        entropy = spin_entropy(c.coupling * m + c.field, jnp.zeros(()), T)
        variance = 1 - m**2
        return {
            "magnetization": m,
            # Implicit differentiation of m = tanh((J m + h)/T).
            "susceptibility": jnp.where(
                T > 0, variance / jnp.where(T > 0, T - c.coupling * variance, 1.0), 0.0
            ),
            "energy": -c.coupling * m**2 / 2 - c.field * m,
            "entropy": entropy,
            "free_energy": potential(found.x, c),
            "longitudinal_stability": 1 - c.coupling * variance / jnp.where(T > 0, T, 1.0),
            "converged": found.converged,
            "residual": found.residual,
        }

    return one


def _numeric(controls):
    return controls_tuple(NAMES, [getattr(controls, name) for name in NAMES])


def solve(controls, branch: str) -> dict:
    """Arrays (points,): see `Model`."""
    c = _numeric(controls)
    out = dict(evaluate(_point(branch), c, how="plain"))
    out["branch"] = np.where(c.temperature >= c.coupling, "paramagnet", branch)
    if branch == "paramagnet":
        frozen = "at temperature 0 every spin points along its field"
        ended = "beyond the spinodal field only one solution is left"
        out["reason"] = np.where(out["converged"], "", np.where(c.temperature == 0, frozen, ended))
    out["stable"] = (
        out["longitudinal_stability"] > 0
    )  # no quenched disorder, hence no replicon to ask
    return out


def find_critical(controls) -> Found:
    """Temperature at which m = 0 becomes unstable (zero field): T_c = J."""
    c = _numeric(controls)
    flat = Order(np.zeros_like(c.field))

    def at(temperature):
        return (
            evaluate(
                determinant(residual),
                flat,
                c._replace(temperature=temperature, field=flat.magnetization),
            ),
            c.field == 0,
        )

    return zero(at, 0.3 * c.coupling, 3 * c.coupling)


def find_spinodal(controls) -> Found:
    """Modulus of the field against which a magnetized state ends: the fold of the branch `up`
    towards negative fields.
    """
    c = _numeric(controls)
    c = c._replace(field=np.zeros_like(c.field))
    begin = evaluate(up, c)
    found = fold(residual, begin.x, c, "field", steps=400, step=0.02, direction=-1)
    cold = c.temperature < c.coupling
    return found._replace(
        value=np.where(cold, -found.value, np.nan), converged=found.converged & cold
    )
