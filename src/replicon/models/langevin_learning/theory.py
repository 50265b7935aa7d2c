"""Equilibrium at temperature T: one weight by quadrature, linear regression by random matrices, the perceptron by replicas."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

_WORDS = ("mean_energy", "second_moment", "overlap", "weight_error", "escape_rate")


def solve(controls, branch) -> dict:
    """Every point by itself; NaN for what an energy does not have. Arrays `weight`, `density`: the law of one weight (separable E)."""
    count = len(controls.temperature)
    out = {name: np.full(count, np.nan) for name in _WORDS}
    for k in range(count):
        T = float(controls.temperature[k])
        point = {"alpha": float(controls.load[k]), "rho": float(controls.noise[k]), "ridge": float(controls.ridge[k])}
        found = {
            "quadratic": lambda T, **_: {"mean_energy": T / 2, "second_moment": T, "overlap": 0.0},
            "double-well": lambda T, **_: double_well(T),
            "regression": regression,
            "perceptron": lambda T, alpha, **_: perceptron(T, alpha),
        }[controls.energy](T, **point)
        for name, value in found.items():
            out[name][k] = value
    if controls.energy in ("quadratic", "double-well"):
        w = np.linspace(-2.5, 2.5, 101)
        potential = well(w) if controls.energy == "double-well" else w**2 / 2
        fine = np.linspace(-8, 8, 8001)
        deep = well(fine) if controls.energy == "double-well" else fine**2 / 2
        law = [np.exp(-potential / T) / (np.exp(-deep / T).sum() * (fine[1] - fine[0])) for T in controls.temperature]
        out |= {"weight": np.tile(w, (count, 1)), "density": np.array(law)}
    T = np.asarray(controls.temperature, float)
    return out | {"virial_temperature": T, "configurational_temperature": T, "converged": np.ones(count, bool)}


def well(w):
    return (w**2 - 1) ** 2


def double_well(T: float) -> dict:
    """V = (w^2 - 1)^2. Escape rate: inverse mean first passage from -1 to 1 of dw = -V' dt + sqrt(2 T) dB,

        1/k = (1/T) int_{-1}^{1} dx e^{V(x)/T} int_{-inf}^x dy e^{-V(y)/T}.

    Source: Gardiner, Handbook of Stochastic Methods, sec. 5.2.7. It tends to `kramers` as T falls.
    """
    edge = 1 + 3 * max(T, 1) ** 0.5
    x = np.linspace(-edge, edge, 40_001)
    dx, weight = x[1] - x[0], np.exp(-well(x) / T)
    below = np.cumsum(weight) - weight / 2
    inside = np.abs(x) <= 1
    # The product of a small and a large number, joined before either is formed.
    passage = (np.exp(well(x[inside]) / T) * below[inside]).sum() * dx**2 / T
    p = weight / weight.sum()
    return {"mean_energy": p @ well(x), "second_moment": p @ x**2, "overlap": 0.0, "escape_rate": 1 / passage}


def kramers(T: float) -> float:
    """sqrt(V''(-1) |V''(0)|)/(2 pi) exp(-1/T): the limit of low temperature, V'' = 8 and -4. Kramers, Physica 7, 284 (1940)."""
    return math.sqrt(8 * 4) / (2 * math.pi) * math.exp(-1 / T)


def regression(T: float, alpha: float, rho: float, ridge: float) -> dict:
    """E = sum_a (y_a - x_a.w/sqrt N)^2/2 + ridge |w|^2/2, y_a = x_a.w*/sqrt N + sqrt(rho) noise, everything normal; N to infinity.

    With A = X'X/N of eigenvalue density mu (Marchenko-Pastur, ratio alpha) and L = ridge: w is normal about (A + L)^-1 X'y with
    covariance T (A + L)^-1, so that all averages are those of g = <1/(A + L)> and g2 = <1/(A + L)^2>.
    """
    if alpha == 0:
        g, g2 = 1 / ridge, 1 / ridge**2
    else:
        # L g^2 + (alpha - 1 + L) g - 1 = 0, the positive root, and its derivative along L.
        half = alpha - 1 + ridge
        root = math.sqrt(half**2 + 4 * ridge)
        g = (root - half) / (2 * ridge) if half < 0 else 2 / (root + half)
        g2 = (g**2 + g) / (2 * ridge * g + half)
    one = 1 - ridge * g  # <A/(A + L)>
    noise = g - ridge * g2  # <A/(A + L)^2>
    bias = ridge**2 * g2
    overlap = 1 - 2 * ridge * g + bias + rho * noise
    residual = ridge * one + rho * (alpha - one)  # twice the minimum of E per weight
    return {
        "mean_energy": residual / 2 + T / 2,
        "second_moment": overlap + T * g,
        "overlap": overlap,
        "weight_error": bias + rho * noise + T * g,
    }


def perceptron(T: float, alpha: float) -> dict:
    """Random labels, |w|^2 = N, E = sum_a ln(1 + exp(-y_a x_a.w/sqrt N)): replica symmetric, which a convex energy is.

    ln Z/N = (1/2) [ln(1 - q) + q/(1 - q)] + alpha int Dz ln Z(sqrt q z), Z(h) = int Dt (1 + exp(-h - sqrt(1 - q) t))^(-1/T).
    Source: Gardner & Derrida, J. Phys. A 21, 271 (1988), with another cost.
    """
    grid = np.linspace(-9, 9, 129)
    measure = np.exp(-(grid**2) / 2)
    measure /= measure.sum()

    def averages(q):
        field = math.sqrt(q) * grid[:, None] + math.sqrt(1 - q) * grid
        cost = np.logaddexp(0, -field)
        log = -(cost - cost.min(axis=1, keepdims=True)) / T + np.log(measure)
        weight = np.exp(log - log.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        slope = (weight @ grid) / math.sqrt(1 - q)
        return measure @ slope**2, measure @ (weight * cost).sum(axis=1)

    def gap(q):
        return q / (1 - q) ** 2 - alpha * averages(q)[0]

    q = brentq(gap, 0.0, 1 - 1e-6, xtol=1e-12) if alpha > 0 else 0.0
    return {"mean_energy": alpha * averages(q)[1], "second_moment": 1.0, "overlap": q}
