"""Replica-symmetric theory of the Hopfield memory with one condensed pattern (Amit, Gutfreund &
Sompolinsky 1987).

Order parameters are chosen so that one potential serves every temperature, zero included: the
magnetization m, the response C = beta (1 - q), and the variance of the crosstalk noise v = load *
r.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from replicon._declare import controls_tuple
from replicon.theory import stationary
from replicon.theory.branch import Found, fold
from replicon.theory.gaussian import log_2cosh, sech_fourth_density
from replicon.theory.points import evaluate
from replicon.theory.transition import along, crossing, zero


class Order(NamedTuple):
    """Magnetization m, response C = beta (1 - q), noise r of the other patterns."""

    magnetization: jax.Array
    response: jax.Array
    noise: jax.Array


_ROUNDING = 1e-12
_SOLVED = 1e-9  # how far a residual of 1e-10 moves an order parameter, or a spinodal
# m on the retrieval branch jumps to zero at its end (0.967 at T = 0) or, without load, falls to
# zero as sqrt(3 (1 - T)) at T = 1: smaller is collapsed. Zero is m below, q and v above the other.
_RETRIEVED = 1e-3
_VANISHING = 1e-8
# Below this load the map is slow near T = 1: 60 turns of it do not lead into the reach of Newton's
# method, which 20 do at all others.
_FEW_PATTERNS = 1e-4
_COLDEST = 1e-290  # a temperature above zero whose inverse is still a finite number

_tanh = jax.grad(log_2cosh)
_sech_squared = jax.grad(_tanh)  # divided by T


def potential(x: Order, c) -> jax.Array:
    """Free energy per spin, AGS (1987) eq. 2.17 written with C = beta (1 - q) and v = alpha r:

    f = alpha/2 + m^2/2 + (alpha/2) [T ln(1 - C) - (1 - T C)/(1 - C)] + v C/2 - T E ln 2cosh((m +
    sqrt(v) z)/T).
    """
    m, C, v = x
    T = c.temperature
    memory = c.load / 2 * (1 + T * jnp.log1p(-C) - (1 - T * C) / (1 - C))
    return memory + m**2 / 2 + v * C / 2 - log_2cosh(m, v, T)


def iterate(x: Order, c) -> Order:
    """M = E tanh, C = E sech^2 / T, sqrt(v) = sqrt(alpha (1 - T C)) + C sqrt(v).

    The last, the square root of v (1 - C)^2 = alpha q, contracts where v = alpha q / (1 - C)^2
    itself would oscillate.
    """
    C = _sech_squared(x.magnetization, x.noise, c.temperature)
    overlap = jnp.maximum(1 - c.temperature * C, 0.0)
    noise = (jnp.sqrt(c.load * overlap) + C * jnp.sqrt(x.noise)) ** 2
    return Order(_tanh(x.magnetization, x.noise, c.temperature), C, noise)


residual = stationary.gradient(potential)


def replicon(x: Order, c) -> jax.Array:
    """1 - load beta^2 E sech^4 / (1 - C)^2: positive where the replica-symmetric saddle is stable
    (AGS 1987, eq. 5.5).
    """
    T = c.temperature
    fourth = sech_fourth_density(x.magnetization, x.noise, T) / jnp.where(T > 0, T, 1.0)
    return 1 - c.load * fourth / (1 - x.response) ** 2 - jnp.where(T > 0, 0.0, jnp.inf)


def observables(x: Order, c, hessian: jax.Array) -> dict:
    """Everything that `solve` returns of a solution, at one point; `hessian` (3, 3), the second
    derivatives of the potential there.
    """
    T = c.temperature
    free_energy = potential(x, c)
    by_temperature = jax.grad(lambda T: potential(x, c._replace(temperature=T)))(T)
    return {
        "magnetization": x.magnetization,
        "overlap": 1 - T * x.response,
        "noise_overlap": (1 - T * x.response) / (1 - x.response) ** 2,
        "energy": free_energy - T * by_temperature,
        "free_energy": free_energy,
        "replicon": replicon(x, c),
        "longitudinal_stability": _longitudinal(x, c, hessian),
    }


def _longitudinal(x: Order, c, hessian: jax.Array) -> jax.Array:
    """1 - the largest eigenvalue of the linearised map (m, v) -> (E tanh, alpha q / (1 - C)^2),
    C = E sech^2 / T.

    It vanishes where a branch folds or another one leaves it, and is positive on the stable side.
    The potential has the derivatives m - E tanh in m and (C - E sech^2 / T)/2 in v.
    """
    T = c.temperature
    C = x.response
    # d/dC of alpha (1 - T C) / (1 - C)^2.
    noise_by_response = c.load * (2 * (1 - T * C) - T * (1 - C)) / (1 - C) ** 3
    m_by_m = 1 - hessian[0, 0]
    m_by_v = -hessian[0, 2]
    v_by_m = noise_by_response * -2 * hessian[2, 0]
    v_by_v = noise_by_response * -2 * hessian[2, 2]
    half_trace = (m_by_m + v_by_v) / 2
    det = m_by_m * v_by_v - m_by_v * v_by_m
    return 1 - (half_trace + jnp.sqrt(jnp.maximum(half_trace**2 - det, 0.0)))


# Branches
# ------------------------------------------------------------------------------------------


def _saddle(start: Order, c, steps):
    """The saddle point reached from `start` by `steps` of the self-consistent map, then Newton, and
    what is measured there.
    """
    found = stationary.solve_one(residual, start, c, iterate=iterate, steps=steps)
    measured = observables(found.x, c, found.jacobian)
    return stationary.Stationary(found.x, found.residual, found.converged), measured


def _paramagnet(c) -> tuple[stationary.Stationary, dict]:
    """M = q = 0, exact: C = 1/T, v = 0; a physical state of the memory while C < 1."""
    x = Order(jnp.zeros(()), 1 / jnp.maximum(c.temperature, _COLDEST), jnp.zeros(()))
    found = stationary.Stationary(x, jnp.zeros(()), c.temperature > 1.0)
    return found, observables(x, c, stationary.jacobian(residual, x, c))


def saddle(branch: str, c) -> tuple[stationary.Stationary, dict]:
    """One branch at all points: where it begins decides which saddle is reached, what it must be
    like whether it counts.

    retrieval: from m = 1, rejected where m has collapsed. spin-glass: m = 0 with frozen spins, from
    the noise at T = 0, (sqrt(load) + sqrt(2/pi))^2; rejected where q = 0.
    """
    if branch == "paramagnet":
        return evaluate(_paramagnet, c)
    nothing = np.zeros_like(c.load)
    if branch == "retrieval":
        start = Order(nothing + 1, nothing, c.load)
        steps = 40
    else:
        width = np.sqrt(c.load) + np.sqrt(2 / np.pi)
        start = Order(nothing, np.sqrt(2 / np.pi) / width, width**2)
        steps = np.where(c.load < _FEW_PATTERNS, 500, 60)
    found, measured = evaluate(_saddle, start, c, nothing + steps, how="plain")
    m, C, v = found.x
    q = measured["overlap"]
    physical = (
        (np.abs(q - 0.5) < 0.5 + _SOLVED)
        & (C >= -_ROUNDING)
        & (C < 1)
        & (v > -_ROUNDING)
        & (np.abs(m) <= 1 + _ROUNDING)
    )
    if branch == "retrieval":
        belongs = m > _RETRIEVED
    else:
        belongs = (np.abs(m) < _VANISHING) & (v > _VANISHING)
    return found._replace(converged=found.converged & physical & belongs), measured


def solve(controls, branch: str) -> dict:
    """Arrays (points,): see `Model`."""
    c = _controls(controls)
    found, measured = saddle(branch, c)
    out = {**measured, "converged": found.converged, "residual": found.residual}
    if branch == "paramagnet":
        reason = "with C = 1/T >= 1 there is no paramagnet at temperatures up to 1"
        return {**out, "reason": np.where(found.converged, "", reason)}
    if branch == "spin-glass":
        molten = c.temperature >= 1 + np.sqrt(c.load)
        reasons = [
            "a single pattern has no spin glass",
            "no spin freezes above temperature 1 + sqrt(load)",
        ]
        return {
            **out,
            "reason": np.where(found.converged, "", np.select([c.load == 0, molten], reasons, "")),
        }
    return out


# Lines of the phase diagram
# -----------------------------------------------------------------------------------------------


def _controls(controls):
    zero = np.zeros(np.broadcast_shapes(*(np.shape(v) for v in controls)))
    return controls_tuple(
        ("load", "temperature"), (zero + controls.load, zero + controls.temperature)
    )


def find_retrieval(controls) -> Found:
    """Spinodal of the retrieval state: the load at which it ends, at given temperature
    (below 1).
    """
    c = _controls(controls)
    c = c._replace(load=np.zeros_like(c.load))
    begin, _ = saddle("retrieval", c)
    found = fold(residual, begin.x, c, "load", steps=300)
    hot = c.temperature >= 1
    reason = np.where(hot, "at temperatures of 1 and above nothing is retrieved", "")
    return found._replace(converged=found.converged & ~hot, reason=reason)


def find_global_retrieval(controls) -> Found:
    """Load below which the retrieval state has a lower free energy than the spin-glass state, at
    given temperature.
    """
    c = _controls(controls)
    spinodal = find_retrieval(controls)
    end = np.maximum(spinodal.value, 0.0)
    first, second = (
        along(solve, c, "load", "free_energy", branch) for branch in ("retrieval", "spin-glass")
    )
    return crossing(first, second, 1e-3 * end, end * (1 - _SOLVED))._replace(reason=spinodal.reason)


def find_spin_glass(controls) -> Found:
    """Temperature at which the paramagnet becomes unstable to the spin glass, at given load."""
    c = _controls(controls)
    found = zero(
        along(solve, c, "temperature", "longitudinal_stability", "paramagnet"),
        1 + _SOLVED * c.load,
        2 + c.load,
    )
    return found._replace(reason=np.where(c.load == 0, "a single pattern has no spin glass", ""))


def find_almeida_thouless(controls) -> Found:
    """Temperature below which the retrieval state breaks replica symmetry, at given load: it falls
    as exp(-1/(2 load)).
    """
    c = _controls(controls)
    found = zero(
        along(solve, c, "temperature", "replicon", "retrieval"),
        _COLDEST,
        np.ones_like(c.load),
        geometric=True,
    )
    end = find_retrieval(c._replace(temperature=np.zeros_like(c.load))).value
    gone = f"there is no retrieval state beyond load {end.flat[0]:.4g}"
    alone = "without other patterns there is no noise that could break the symmetry"
    return found._replace(reason=np.select([c.load > end, c.load == 0], [gone, alone], ""))
