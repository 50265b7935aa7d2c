"""Exact results for the square lattice: Onsager and Yang in infinite size, Kaufman on the periodic
L x L torus, whose 2 L^2 bonds join neighbours twice at L = 2.
"""

from __future__ import annotations

import numpy as np
from scipy import integrate, special

from replicon.theory.branch import Found

_BLOCK = 2**15  # points times L at once
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
    blocks = np.array_split(K, max(1, K.size * size // _BLOCK))
    log_z, first, second = np.concatenate([_log_z(block, size) for block in blocks], axis=1)
    frozen = K >= _COLD
    return {
        "magnetization": np.full(K.shape, np.nan),
        "energy": np.where(frozen, -2 * J, -J * first),
        "specific_heat": np.where(frozen, 0.0, K**2 * second),
        "free_energy": np.where(frozen, -2 * J, -T * log_z),
    }


def _log_z(K: np.ndarray, L: int) -> np.ndarray:
    """Ln Z / L^2 of Kaufman (1949) eq. 91 and its first two derivatives in K, (3, points).

    Z = (1/2) (2 sinh 2K)^(L^2/2) [prod 2cosh(L g_odd/2) + prod 2sinh(L g_odd/2) + prod 2cosh(L
    g_even/2) + prod 2sinh(L g_even/2)] with cosh g_r = cosh 2K coth 2K - cos(pi r / L) and g_0 = 2K
    + ln tanh K, which is negative above T_c.
    """
    cosh, sinh = np.cosh(2 * K), np.sinh(2 * K)
    bend = np.array(
        [
            cosh**2 / sinh,
            2 * cosh * (1 - 1 / sinh**2),
            4 * sinh * (1 - 1 / sinh**2) + 8 * cosh**2 / sinh**3,
        ]
    )
    cosh_odd, sinh_odd = _products(bend, np.arange(1, L + 1, 2), L)
    cosh_even, sinh_even = _products(bend, np.arange(2, L + 1, 2), L)
    zeroth = np.array(
        [(K + np.log(np.tanh(K)) / 2) * L, (1 + 1 / sinh) * L, -2 * L * cosh / sinh**2]
    )
    # Logarithms of six terms of the bracket, whose sum they are but for the sign of the last.
    terms = np.array(
        [
            cosh_odd,
            sinh_odd,
            cosh_even + zeroth,
            cosh_even - zeroth,
            sinh_even + zeroth,
            sinh_even - zeroth,
        ]
    )
    largest = terms[:, 0].max(axis=0)
    weight = np.exp(terms[:, 0] - largest) * np.array([1, 1, 1, 1, 1, -1])[:, None]
    total = weight.sum(axis=0)
    weight /= total
    first = (weight * terms[:, 1]).sum(axis=0)
    second = (weight * (terms[:, 2] + (terms[:, 1] - first) ** 2)).sum(axis=0)
    log_sinh = np.array([2 * K + np.log1p(-np.exp(-4 * K)), 2 * cosh / sinh, -4 / sinh**2])
    bracket = np.array([largest + np.log(total) - np.log(2), first, second])
    return log_sinh / 2 + bracket / L**2


def _products(bend: np.ndarray, r: np.ndarray, L: int) -> np.ndarray:
    """Sums over r and 2L - r, which is as good, of ln 2cosh(L g_r / 2) and of ln 2sinh(L g_r / 2)
    with their first two derivatives, from those of cosh 2K coth 2K, (3, points): (2, 3, points).
    """
    cosh = bend[0][:, None] - np.cos(np.pi * r / L)
    inverse = 1 / np.sqrt((cosh - 1) * (cosh + 1))
    half = np.arccosh(cosh) * (L / 2)
    slope = bend[1][:, None] * inverse
    curvature = (bend[2][:, None] - cosh * slope**2) * inverse * (L / 2)
    slope *= L / 2
    small = np.exp(-2 * half)
    inverse = 1 / (1 + small)
    tanh = (1 - small) * inverse
    coth = 1 / tanh
    bent = 4 * small * (inverse * slope) ** 2

    def total(part):
        return 2 * part.sum(axis=1) - (part[:, -1] if r[-1] == L else 0.0)

    def log_product(part):
        return 2 * np.log(part.prod(axis=1)) - (np.log(part[:, -1]) if r[-1] == L else 0.0)

    halves = total(half)
    return np.array(
        [
            [halves + log_product(1 + small), total(tanh * slope), total(bent + tanh * curvature)],
            [
                halves + log_product(1 - small),
                total(coth * slope),
                total(coth * curvature - coth**2 * bent),
            ],
        ]
    )


def find_critical(controls) -> Found:
    """T_c = 2 |J| / ln(1 + sqrt 2), where the lattice is its own dual (Kramers & Wannier 1941)."""
    J = np.abs(np.asarray(controls.coupling, float))
    return Found(2 * J / np.log1p(np.sqrt(2.0)), np.ones(J.shape, bool), None)
