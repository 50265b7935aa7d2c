"""Infinite-size theory of the Sherrington-Kirkpatrick spin glass: replica symmetric, one step, or
full symmetry breaking.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._declare import controls_tuple
from replicon.ising import parisi
from replicon.theory import stationary
from replicon.theory.branch import Found
from replicon.theory.gaussian import log_2cosh, sech_fourth_density, spin_entropy
from replicon.theory.points import evaluate
from replicon.theory.transition import determinant, zero

COLDEST_LINE = (
    1e-290  # where the search for the Almeida-Thouless line begins: it falls as exp(-field^2 / 2)
)
CONTINUOUS_STEPS = 8  # steps of the staircase that stands for continuous breaking


class Order(NamedTuple):
    """C = beta (1 - q), and the overlap q as the variance of the frozen local field."""

    response: jax.Array
    overlap: jax.Array


_sech_squared = jax.grad(jax.grad(log_2cosh))  # divided by T


def potential(x: Order, c) -> jax.Array:
    """Free energy per spin, SK (1975), with C = beta (1 - q): f = q C/2 - C/2 + T C^2/4 - T E ln
    2cosh((sqrt(q) z + h)/T).
    """
    C, q = x
    return (q - 1) * C / 2 + c.temperature * C**2 / 4 - log_2cosh(c.field, q, c.temperature)


residual = stationary.gradient(potential)


def iterate(x: Order, c) -> Order:
    """One step of the self-consistent map."""
    C = _sech_squared(c.field, x.overlap, c.temperature)
    return Order(C, jnp.clip(1 - c.temperature * C, 0.0, 1.0))


def replicon(x: Order, c) -> jax.Array:
    """1 - beta^2 E sech^4: positive above the Almeida-Thouless line (de Almeida & Thouless 1978);
    -inf at T = 0.
    """
    T = c.temperature
    fourth = sech_fourth_density(c.field, x.overlap, T) / jnp.where(T > 0, T, 1.0)
    return jnp.where(T > 0, 1 - fourth, -jnp.inf)


def replica_symmetric(c) -> stationary.Stationary:
    """The one replica-symmetric solution with 0 <= q <= 1 that is connected to q = 1 at T = 0."""
    found = stationary.solve_one(
        residual, Order(jnp.sqrt(2 / jnp.pi), jnp.ones(())), c, iterate=iterate, steps=200
    )
    # At zero field above T_c the map has driven q to zero: take exactly that.
    paramagnet = (c.field == 0) & (c.temperature >= 1)
    x = Order(
        jnp.where(paramagnet, 1 / jnp.where(paramagnet, c.temperature, 1.0), found.x.response),
        jnp.where(paramagnet, 0.0, found.x.overlap),
    )
    good = (x.overlap >= -1e-12) & (x.overlap <= 1 + 1e-12)
    return stationary.Stationary(
        x, jnp.where(paramagnet, 0.0, found.residual), paramagnet | (found.converged & good)
    )


def _observables(c) -> dict:
    found = replica_symmetric(c)
    x = found.x
    free_energy = potential(x, c)
    entropy = spin_entropy(c.field, x.overlap, c.temperature) - x.response**2 / 4

    def mapped(overlap):  # as `iterate` does, whose bounds have no derivative at q = 0
        return 1 - c.temperature * _sech_squared(c.field, overlap, c.temperature)

    _, slope = jax.jvp(mapped, (x.overlap,), (jnp.ones(()),))
    return {
        "overlap": x.overlap,
        "edwards_anderson": x.overlap,
        "energy": free_energy + c.temperature * entropy,
        "entropy": entropy,
        "free_energy": free_energy,
        "longitudinal_stability": 1 - slope,
        "replicon": replicon(x, c),
        "converged": found.converged,
        "residual": found.residual,
    }


def _numeric(controls):
    shape = np.broadcast_shapes(np.shape(controls.temperature), np.shape(controls.field))
    return controls_tuple(
        ("temperature", "field"),
        [
            np.broadcast_to(np.asarray(v, float), shape)
            for v in (controls.temperature, controls.field)
        ],
    )


def _saddle(c) -> dict:
    """The replica-symmetric saddle and what is measured there, at all points."""
    return evaluate(_observables, c, how="plain")


def solve(controls) -> dict:
    """Arrays (points,): see `Model`; the ansatz chooses replica symmetry, one step, or continuous
    breaking.
    """
    c = _numeric(controls)
    out = dict(_saddle(c))
    if controls.ansatz == "rs":
        return out
    steps = 1 if controls.ansatz == "1rsb" else CONTINUOUS_STEPS
    levels = np.full((len(c.temperature), steps + 1), np.nan)
    weights = levels.copy()
    levels[:, 0], weights[:, 0] = out["overlap"], 1.0
    out = {name: np.array(values) for name, values in out.items()}
    # A staircase is found at parisi.COLDEST and above: where replica symmetry is stable there,
    # colder states break it by less than rounding.
    warm = _saddle(c._replace(temperature=np.maximum(c.temperature, parisi.COLDEST)))["replicon"]
    for i, (temperature, field) in enumerate(zip(*c, strict=True)):
        if warm[i] >= 0:
            continue  # replica symmetric: nothing to break
        found = _staircase(float(temperature), float(field), steps)
        q = found.overlaps
        weight = found.distribution(temperature)
        levels[i], weights[i] = q, weight
        values = {
            "overlap": weight @ q,
            "edwards_anderson": q[-1],
            "free_energy": found.free_energy,
            "entropy": found.entropy,
            "energy": found.free_energy + temperature * found.entropy,
            # Continuous breaking is marginal: its replicon is zero, and what a finite staircase
            # leaves is no sign of anything.
            "replicon": found.replicon if steps == 1 else np.nan,
            "longitudinal_stability": np.nan,
            "converged": found.converged,
            "residual": found.residual,
        }
        for name, value in values.items():
            out[name][i] = value
    return {**out, "overlap_level": levels, "overlap_weight": weights}


@lru_cache(maxsize=4096)
def _staircase(temperature: float, field: float, steps: int) -> parisi.Staircase:
    return parisi.solve(temperature, abs(field), steps)


def find_critical(controls) -> Found:
    """Temperature at which the paramagnet becomes a spin glass; a sharp transition at zero field
    only.
    """
    c = _numeric(controls)
    zero_field = np.zeros_like(c.field)

    def at(temperature):
        paramagnet = Order(1 / temperature, zero_field)
        return (
            evaluate(
                determinant(residual),
                paramagnet,
                c._replace(temperature=temperature, field=zero_field),
            ),
            c.field == 0,
        )

    found = zero(at, 0.5 + zero_field, 2.0)
    gradual = (
        "in a field the overlap grows gradually (transition almeida-thouless is where it breaks)"
    )
    return found._replace(reason=np.where(c.field == 0, "", gradual))


def find_almeida_thouless(controls) -> Found:
    """Temperature below which replica symmetry is broken, at given field: about (4/3) p(field)
    where that is small, p the density of a standard normal variable.
    """
    c = _numeric(controls)

    def at(temperature):
        out = _saddle(c._replace(temperature=temperature))
        return out["replicon"], out["converged"]

    found = zero(at, COLDEST_LINE + np.zeros_like(c.field), 1.5, geometric=True)
    # Without a field the replicon vanishes as (1 - T)^2, so that its sign is rounding near T = 1,
    # where the line ends.
    flat = c.field == 0
    return found._replace(value=np.where(flat, 1.0, found.value), converged=flat | found.converged)
