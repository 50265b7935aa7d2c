"""Infinite-size theory of the random energy model: two branches that meet where the entropy ends.

2^N independent Gaussian energies of variance N/2. Source: Derrida, Phys. Rev. B 24, 2613 (1981).
"""

from __future__ import annotations

import math

import numpy as np

from replicon.ising.declare_random_energy import GROUND, LEVELS
from replicon.theory.branch import Found

CRITICAL = 1 / (2 * math.sqrt(math.log(2)))  # temperature at which the energy reaches it


def microcanonical_entropy(energy: np.ndarray) -> np.ndarray:
    """s(e) = ln 2 - e^2, (1/N) ln of the number of levels at energy N e, 0 at the ends of their
    range; NaN beyond, since there are none.
    """
    modulus = np.abs(np.asarray(energy, float))
    entropy = np.maximum(math.log(2) - modulus**2, 0.0)
    return np.where(modulus <= -GROUND, entropy, np.nan)


def one_step(breaking: np.ndarray, temperature: np.ndarray) -> np.ndarray:
    """Free energy per spin of replicas in groups of m, f = -T ln 2/m - m/(4T): stationary in m at
    m = T/T_c, and the annealed one at m = 1. Source: Gross & Mezard, Nucl. Phys. B 240, 431 (1984).
    """
    return -temperature * math.log(2) / breaking - breaking / (4 * temperature)


def paramagnet(temperature: np.ndarray) -> dict[str, np.ndarray]:
    """All levels near e = -1/(2T) share the weight. Below T_c there would be fewer than one."""
    T = np.where(temperature > 0, temperature, 1.0)
    return {
        "energy": -1 / (2 * T),
        "entropy": math.log(2) - 1 / (4 * T**2),
        "free_energy": one_step(np.ones_like(T), T),
        "breaking_parameter": np.ones_like(T),
        "converged": temperature >= CRITICAL,
    }


def condensed(temperature: np.ndarray) -> dict[str, np.ndarray]:
    """The lowest levels hold all the weight: m = T/T_c. Above T_c the m found exceeds one, and is
    the size of no group.
    """
    T = np.asarray(temperature, float)
    return {
        "energy": np.full_like(T, GROUND),
        "entropy": np.zeros_like(T),
        "free_energy": np.full_like(T, GROUND),
        "breaking_parameter": np.minimum(T / CRITICAL, 1.0),
        "converged": T <= CRITICAL,
    }


def _reasons(temperature: np.ndarray) -> dict[str, np.ndarray]:
    """Why a branch is no solution at these temperatures."""
    with np.errstate(divide="ignore"):
        entropy = math.log(2) - 1 / (4 * temperature**2)
    negative = [
        f"its entropy would be {s:.4g}, fewer than one level: below temperature"
        f" {CRITICAL:.6f} the branch is 'condensed'"
        for s in entropy
    ]
    large = [
        f"its breaking parameter T/T_c would be {T / CRITICAL:.4g}, above 1: above temperature"
        f" {CRITICAL:.6f} the branch is 'paramagnet'"
        for T in temperature
    ]
    return {"paramagnet": np.array(negative, object), "condensed": np.array(large, object)}


def solve(controls, branch: str) -> dict:
    """Arrays (points,), and of axes (points, levels): see `Model`."""
    T = np.asarray(controls.temperature, float)
    hot = paramagnet(T)
    cold = condensed(T)
    below = T < CRITICAL
    if branch == "equilibrium":
        out = {name: np.where(below, cold[name], hot[name]) for name in hot}
        found = np.where(below, "condensed", "paramagnet")
        reason = ""
    else:
        out = hot if branch == "paramagnet" else cold
        found = branch
        reason = np.where(out["converged"], "", _reasons(T)[branch])
    m = out["breaking_parameter"]
    free = np.where(T > 0, -out["free_energy"] / np.where(T > 0, T, 1.0), np.nan)
    return {
        **out,
        "free_entropy": free,
        "ground_state_energy": np.full_like(T, GROUND),
        "participation": 1 - m,
        "participation_spread": np.sqrt(m * (1 - m) / 3),
        "overlap_level": np.tile([0.0, 1.0], (len(T), 1)),
        "overlap_weight": np.stack([m, 1 - m], axis=1),
        "microcanonical_entropy": np.tile(microcanonical_entropy(np.array(LEVELS)), (len(T), 1)),
        "branch": np.full(T.shape, found) if isinstance(found, str) else found,
        "stable": np.ones(T.shape, bool),
        "reason": np.full(T.shape, reason, object) if isinstance(reason, str) else reason,
    }


def find_condensation(controls) -> Found:
    """T_c = 1/(2 sqrt(ln 2)), where ln 2 - 1/(4 T^2) = 0."""
    count = np.size(next(iter(controls), 0.0)) if controls else 1
    return Found(np.full(count, CRITICAL), np.ones(count, bool), None)
