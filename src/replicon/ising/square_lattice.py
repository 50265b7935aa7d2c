"""Exact results for the square lattice: Onsager and Yang in infinite size, Kaufman on the periodic
L x L torus, whose 2 L^2 bonds join neighbours twice at L = 2.
"""

from __future__ import annotations

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from scipy import integrate, special

from replicon.theory.branch import Found
from replicon.theory.points import evaluate

_COLD = 100.0  # beyond this J/T the ground state is exact to double precision


def solve(controls) -> dict:
    """Arrays (points,). A finite size has no spontaneous magnetization and its mean modulus is not
    known: NaN there.

    Antiferromagnets (J < 0) are ferromagnets of the staggered spins (-1)^(row + column) s, where
    both sublattices close on the torus; an odd one is frustrated, and not solved.
    """
    J, T, L = np.broadcast_arrays(
        *(np.asarray(v, float) for v in (controls.coupling, controls.temperature, controls.size))
    )
    free = J == 0
    strength = np.where(free, 1.0, np.abs(J))
    out = infinite(strength, T)
    for size in np.unique(L[np.isfinite(L)]):
        at = size == L
        finite = kaufman(strength[at], T[at], int(size))
        for name in out:
            out[name][at] = finite[name]
    order = out["magnetization"]
    none = np.where(np.isfinite(L), np.nan, 0.0)
    frustrated = (J < 0) & (np.where(np.isfinite(L), L, 0) % 2 == 1)
    return {
        "magnetization": np.where(J > 0, order, none),
        "staggered_magnetization": np.where(J < 0, order, none),
        "energy": np.where(free, 0.0, out["energy"]),
        "specific_heat": np.where(free, 0.0, out["specific_heat"]),
        "free_energy": np.where(free, -T * np.log(2), out["free_energy"]),
        "converged": ~frustrated,
        "stable": np.ones(J.shape, bool),
        "reason": np.where(frustrated, _FRUSTRATED, "").astype(object),
    }


_FRUSTRATED = (
    "an antiferromagnet on a torus of odd L is frustrated, which maps it to no ferromagnet: give an"
    " even size, or simulate with method=heat-bath"
)


def infinite(J: np.ndarray, T: np.ndarray) -> dict[str, np.ndarray]:
    """Onsager's energy, specific heat and free energy per spin, Yang's magnetization; the specific
    heat diverges at T_c, NaN there.
    """
    K = np.minimum(J / T, _COLD)
    tanh = np.tanh(2 * K)
    coth = 1 / np.tanh(2 * K)
    # 1 - k^2 = (2 tanh^2(2K) - 1)^2 is the stable form of the complementary modulus.
    gap = 2 * tanh**2 - 1
    critical = np.abs(gap) < 1e-14
    with np.errstate(divide="ignore", invalid="ignore"):
        elliptic_k = special.ellipkm1(gap**2)
        elliptic_e = special.ellipe(1 - gap**2)
        energy = -J * coth * (1 + 2 / np.pi * np.where(critical, 0.0, gap * elliptic_k))
        brace = (
            2 * elliptic_k
            - 2 * elliptic_e
            - (1 - gap) * (np.pi / 2 + np.where(critical, 0.0, gap * elliptic_k))
        )
        specific_heat = 2 / np.pi * (K * coth) ** 2 * brace
        # sinh(2K)^-4 underflows to zero when cold, as it should.
        magnetization = np.where(gap > 0, np.maximum(1 - np.sinh(2 * K) ** -4.0, 0.0) ** 0.125, 0.0)
    frozen = K >= _COLD
    specific_heat = np.where(frozen, 0.0, np.where(critical, np.nan, specific_heat))
    free_energy = np.where(
        frozen, -2 * J, -T * np.array([_free_entropy(float(k)) for k in K.ravel()]).reshape(K.shape)
    )
    return {
        "magnetization": magnetization,
        "energy": np.where(frozen, -2 * J, energy),
        "specific_heat": specific_heat,
        "free_energy": free_energy,
    }


def _free_entropy(K: float) -> float:
    """Ln 2cosh(2K) + (1/pi) int_0^{pi/2} ln[(1 + sqrt(1 - k^2 sin^2))/2]: Onsager 1944, eq. 108."""
    complement = (2 * np.tanh(2 * K) ** 2 - 1) ** 2  # 1 - k^2

    def integrand(angle):  # angle from pi/2, where the square root is nearly singular at T_c
        return np.log1p(np.sqrt(complement + (1 - complement) * np.sin(angle) ** 2)) - np.log(2)

    value = integrate.quad(integrand, 0, np.pi / 2, epsabs=1e-13, epsrel=1e-13, limit=200)[0]
    return float(np.logaddexp(2 * K, -2 * K) + value / np.pi)


def kaufman(J: np.ndarray, T: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Energy, specific heat and free energy per spin of the periodic L x L lattice; magnetization
    NaN (not known).
    """
    K = np.minimum(J / T, _COLD)
    log_z, first, second = evaluate(_log_z(size), K)
    frozen = K >= _COLD
    return {
        "magnetization": np.full(K.shape, np.nan),
        "energy": np.where(frozen, -2 * J, -J * first),
        "specific_heat": np.where(frozen, 0.0, K**2 * second),
        "free_energy": np.where(frozen, -2 * J, -T * log_z),
    }


@lru_cache(maxsize=64)
def _log_z(L: int):
    """Ln Z / L^2 of Kaufman (1949) eq. 91 and its first two derivatives in K.

    Z = (1/2) (2 sinh 2K)^(L^2/2) [prod 2cosh(L g_odd/2) + prod 2sinh(L g_odd/2) + prod 2cosh(L
    g_even/2) + prod 2sinh(L g_even/2)] with cosh g_r = cosh 2K coth 2K - cos(pi r / L) and g_0 = 2K
    + ln tanh K, which is negative above T_c.
    """
    odd = np.arange(1, 2 * L, 2)
    even = np.arange(2, 2 * L, 2)

    def function(K):
        bend = jnp.cosh(2 * K) / jnp.tanh(2 * K)

        def products(r):
            g = jnp.arccosh(bend - jnp.cos(np.pi * r / L)) * L / 2
            return jnp.sum(g + jnp.log1p(jnp.exp(-2 * g))), jnp.sum(g + jnp.log1p(-jnp.exp(-2 * g)))

        cosh_odd, sinh_odd = products(odd)
        cosh_even, sinh_even = products(even)
        half = (2 * K + jnp.log(jnp.tanh(K))) * L / 2
        growth = jnp.abs(half)  # taken out, so that the last two factors stay of order one
        terms = jnp.exp(sinh_odd - cosh_odd) + 1.0
        terms += jnp.exp(cosh_even + growth - cosh_odd) * (
            jnp.exp(half - growth) + jnp.exp(-half - growth)
        )
        terms += jnp.exp(sinh_even + growth - cosh_odd) * (
            jnp.exp(half - growth) - jnp.exp(-half - growth)
        )
        log_sinh = 2 * K + jnp.log1p(-jnp.exp(-4 * K))
        return (log_sinh * L**2 / 2 - np.log(2) + cosh_odd + jnp.log(terms)) / L**2

    def one(K):
        return function(K), jax.grad(function)(K), jax.grad(jax.grad(function))(K)

    return one


def find_critical(controls) -> Found:
    """T_c = 2 |J| / ln(1 + sqrt 2), where the lattice is its own dual (Kramers & Wannier 1941)."""
    J = np.abs(np.asarray(controls.coupling, float))
    return Found(2 * J / np.log1p(np.sqrt(2.0)), np.ones(J.shape, bool), None)
