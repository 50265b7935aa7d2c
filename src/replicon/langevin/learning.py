"""Equilibrium at temperature T: one weight by quadrature, linear regression by random matrices, the
perceptron by replicas.

Every integral runs over the range in which its own measure lies, found at each temperature, and is
done twice, with twice the nodes the second time: a point at which the two disagree has not
converged.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.optimize.elementwise import find_root
from scipy.special import expit

from replicon.theory.marchenko_pastur import spectrum

_WORDS = (
    "mean_energy",
    "second_moment",
    "overlap",
    "weight_error",
    "escape_rate",
    "replicon",
)
WEIGHT_BINS = np.linspace(-2.5, 2.5, 101)  # edges of those that the declaration gives
WEIGHTS = (WEIGHT_BINS[1:] + WEIGHT_BINS[:-1]) / 2
_CUT = 40.0  # ln of the weight, below its peak, at which an integral is cut: exp(-40) = 4e-18
# relative difference of integrals with n and 2n nodes; the error of the second is about its square
_AGREE = 1e-8
_LARGEST = 690.0  # ln of the largest x = (1 - q)/T: exp of it is within what 64-bit numbers hold
_ROUNDING = 1e-15  # of q, which is of order one
_CLOSED = 1e-10  # residual of the overlap's equation, as of `theory.stationary`
_SMALL = 1e-3  # below it four terms of a series err by less than 1e-13


def solve(controls) -> dict:
    """Every point by itself; NaN for what an energy does not have. Array `density`: the law of
    one weight (separable E), at the centres of the bins.
    """
    T = np.asarray(controls.temperature, float)
    points = [_point(controls, k) for k in range(len(T))]
    found = {name: np.array([point.get(name, np.nan) for point in points]) for name in _WORDS}
    if controls.energy in ("quadratic", "double-well"):
        w = WEIGHTS
        energy = w**2 / 2 if controls.energy == "quadratic" else well(w)
        partition = np.array([[point["partition"]] for point in points])
        found["density"] = np.exp(-energy / T[:, None]) / partition
    stable = np.ones(len(T))
    if controls.energy == "perceptron":
        stable = np.where(found["replicon"] > 0, 1.0, 0.0)
    return found | {
        "virial_temperature": T,
        "configurational_temperature": T,
        "stable": stable,
        "converged": np.array([point.get("converged", True) for point in points]),
    }


def _point(controls, k: int) -> dict:
    """What is known of one energy at point k."""
    T = float(controls.temperature[k])
    load = float(controls.load[k])
    if controls.energy == "quadratic":
        return quadratic(T)
    if controls.energy == "double-well":
        return double_well(T)
    if controls.energy == "regression":
        return regression(T, load, float(controls.noise[k]), float(controls.ridge[k]))
    return perceptron(T, load)


def quadratic(T: float) -> dict:
    """E = w^2/2: a normal law of variance T; `partition`: Z = sqrt(2 pi T)."""
    return {
        "mean_energy": T / 2,
        "second_moment": T,
        "overlap": 0.0,
        "partition": math.sqrt(2 * math.pi * T),
    }


def well(w):
    return (w**2 - 1) ** 2


def twice(
    integrals: Callable[[int], np.ndarray], nodes: int, scale: np.ndarray | float = 0.0
) -> tuple[np.ndarray, bool]:
    """Integrals with twice the `nodes`, and whether those with `nodes` agree with them, relative to
    them or to `scale`.
    """
    coarse = np.asarray(integrals(nodes))
    fine = np.asarray(integrals(2 * nodes))
    return fine, bool(np.all(np.abs(fine - coarse) <= _AGREE * np.maximum(np.abs(fine), scale)))


def double_well(T: float) -> dict:
    """V = (w^2 - 1)^2. Escape rate: inverse mean first passage from -1 to 1 of
    dw = -V' dt + sqrt(2 T) dB,

        1/k = (1/T) int_{-1}^{1} dx e^{V(x)/T} int_{-inf}^x dy e^{-V(y)/T}
            = (Z/T) int_0^1 dx e^{V(x)/T},

    the second because V is even, so that the inner integrals at x and -x make up Z = int e^{-V/T}.
    `partition`: Z. Source: Gardiner, Handbook of Stochastic Methods, sec. 5.2.7. It tends to
    `kramers` as T falls.
    """
    # In w = 1 + u: V = (u (2 + u))^2 keeps its digits when the wells are narrow. V < 40 T on the
    # range.
    reach = math.sqrt(_CUT * T)
    right = reach / (1 + math.sqrt(1 + reach))
    left = -reach / (1 + math.sqrt(1 - reach)) if reach < 1 else -1.0
    steep = _CUT * T
    top = math.sqrt(steep / (1 + math.sqrt(1 - steep))) if steep < 1 else 1.0

    def integrals(count):
        x, weight = np.polynomial.legendre.leggauss(count)
        u = left + (right - left) * (x + 1) / 2
        lifted = u * (2 + u)
        p = weight * (right - left) / 2 * np.exp(-((lifted / math.sqrt(T)) ** 2))
        y = top * (x + 1) / 2
        barrier = weight @ np.exp(-(y**2) * (2 - y**2) / T) * top / 2
        law = p / p.sum()
        return np.array([2 * p.sum(), law @ lifted**2, 1 + law @ lifted, barrier])

    (partition, energy, second, barrier), agreed = twice(integrals, 80)
    return {
        "mean_energy": energy,
        "second_moment": second,
        "overlap": 0.0,
        "escape_rate": T * math.exp(-1 / T) / (partition * barrier),
        "partition": partition,
        "converged": agreed,
    }


def kramers(T: float) -> float:
    """sqrt(V''(-1) |V''(0)|)/(2 pi) exp(-1/T): the limit of low temperature, V'' = 8 and -4.
    Kramers, Physica 7, 284 (1940).
    """
    return math.sqrt(8 * 4) / (2 * math.pi) * math.exp(-1 / T)


def regression(T: float, alpha: float, rho: float, ridge: float) -> dict:
    """E = sum_a (y_a - x_a.w/sqrt N)^2/2 + ridge |w|^2/2, y_a = x_a.w*/sqrt N + sqrt(rho) noise,
    everything normal; N to infinity.

    w is normal about (A + L)^-1 X'y with covariance T (A + L)^-1, A = X'X/N and L = ridge, so that
    all averages are traces of the resolvent of A: tr A (of N weights) of a mean alpha and patterns
    of strength 1; of the examples' own matrix XX'/N they are those of mean 1 and strength alpha.
    Each is a sum of positive terms, so that no ridge is too small. Source: Marchenko & Pastur
    (`theory.spectrum`).
    """
    weights = spectrum(ridge, mean=alpha, strength=1.0)
    examples = spectrum(ridge, mean=1.0, strength=alpha)
    misfit = alpha * examples.unseen  # sum over examples of L/(XX'/N + L), per weight
    noise = weights.seen / weights.root  # tr A/(A + L)^2
    overlap = weights.seen_squared + rho * noise
    spread = T * weights.inverse
    return {
        "mean_energy": (ridge * weights.seen + rho * misfit) / 2 + T / 2,
        "second_moment": overlap + spread,
        "overlap": overlap,
        "weight_error": weights.unseen_squared + rho * noise + spread,
    }


def perceptron(T: float, alpha: float) -> dict:
    """Random labels, |w|^2 = N, E = sum_a c(y_a x_a.w/sqrt N), c(u) = ln(1 + exp(-u)): replica
    symmetric.

    ln Z/N = (1/2) [ln(1 - q) + q/(1 - q)] + alpha int Dz ln int Dt exp(-c(sqrt(q) z + sqrt(1 - q)
    t)/T). With x = (1 - q)/T, which is finite at T = 0, it is stationary where q = alpha int Dz <-x
    c'>^2, averages over exp(-((u - sqrt(q) z)^2/(2 x) + c(u))/T). `replicon`: (1 - q)^2 times the
    eigenvalue, 1 - alpha int Dz (1 - var u/(1 - q))^2. Source: Gardner & Derrida, J. Phys. A 21,
    271 (1988), with another cost.

    `channel.storage`, its log-integral centred on the peak, gives the same to 1e-13 for T >= 1e-4
    (tests/langevin). It is not used here because its unknown is q, not x: of 1 - q only 1e-16/T of
    the digits are left, so that the energy errs by 4e-11 at T = 1e-6 and by one at 1e-15; and the
    first point takes 13 s of compilation, where these sums take 0.4 s.
    """
    if alpha == 0:
        return {"mean_energy": 0.0, "second_moment": 1.0, "overlap": 0.0, "replicon": 1.0}

    def averages(log_x, count):
        x = math.exp(log_x)
        q = max(1 - x * T, 0.0)
        return _field_averages(q, x, T, count), q

    def gap(log_x):
        (slope, *_), q = averages(log_x, 40)
        return alpha * slope - q

    # 0 < -c' < 1 bounds x from below, q >= 0 from above; where q is below rounding the two are one.
    low = math.log(2 / (T + math.hypot(T, 2 * math.sqrt(alpha))))
    high = min(-math.log(T), _LARGEST)
    if gap(low) >= 0:
        log_x = low
    elif gap(high) > 0:
        log_x = brentq(gap, low, high, xtol=1e-14)
    elif gap(high) > -_ROUNDING:
        log_x = high
    else:  # at a temperature below 1e-299
        return {"converged": False}
    (slope, cost, curvature), agreed = twice(
        lambda n: averages(log_x, n)[0], 40, np.array([0.0, 0.0, 1.0])
    )
    q = averages(log_x, 40)[1]
    return {
        "mean_energy": alpha * cost,
        "second_moment": 1.0,
        "overlap": alpha * slope,
        "replicon": 1 - alpha * curvature,
        "converged": agreed and abs(alpha * slope - q) < _CLOSED,
    }


def _field_averages(q: float, x: float, T: float, count: int) -> np.ndarray:
    """The integrals over z of x^2 <-c'>^2, <c> and (1 - var u/(T x))^2; 2 `count` nodes for u, 2
    `count` + 1 for z.

    The weight of u is log-concave: it is found, for each z, between the two places at which its
    logarithm is 40 below that of its peak m = h + x s(-m), and falls from the peak to either no
    faster than an exponential.
    """
    z = np.linspace(-9, 9, 2 * count + 1)
    measure = np.exp(-(z**2) / 2)
    measure /= measure.sum()
    field = math.sqrt(q) * z
    ends = field, np.maximum(field, 0) + math.log1p(x) + 1
    peak = find_root(lambda u, h: u - h - x * expit(-u), ends, args=(field,)).x
    p = expit(-peak)
    s = math.sqrt(T)
    reach = np.full(z.shape, math.sqrt(2 * _CUT * x))  # the Gaussian factor alone is cut there

    def drop(y, p):
        """Minus the logarithm of the weight at u = peak + s y, over that at the peak."""
        return y**2 / (2 * x) + _lift(y, s, p)

    def end(sign):
        bracket = (np.zeros(z.shape), reach * (1 + 1e-9))
        found = find_root(lambda y, p: drop(sign * y, p) - _CUT, bracket, args=(p,))
        return sign * found.x

    node, weight = np.polynomial.legendre.leggauss(count)
    node = (node + 1) / 2
    weight = weight / 2
    ends = np.stack([end(-1.0), end(1.0)])[:, :, None]
    y = (ends * node).swapaxes(0, 1).reshape(len(z), -1)
    law = (np.abs(ends) * weight).swapaxes(0, 1).reshape(len(z), -1) * np.exp(-drop(y, p[:, None]))
    law /= law.sum(axis=1, keepdims=True)
    u = peak[:, None] + s * y
    mean = (law * y).sum(axis=1, keepdims=True)
    variance = (law * (y - mean) ** 2).sum(axis=1)
    slope = (law * (x * expit(-u))).sum(axis=1)
    cost = (law * np.logaddexp(0, -u)).sum(axis=1)
    return np.array([measure @ slope**2, measure @ cost, measure @ (1 - variance / x) ** 2])


def _lift(y, s: float, p):
    """[c(m + s y) - c(m) - s y c'(m)]/s^2 for c(u) = ln(1 + exp(-u)), p = -c'(m); to rounding at
    any s: a series where s y is small.
    """
    v = s * y
    k = p * (1 - p)
    terms = (
        0.5
        - v * (1 - 2 * p) / 6
        + v**2 * (1 - 6 * k) / 24
        - v**3 * (1 - 2 * p) * (1 - 12 * k) / 120
    )
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        whole = (np.log1p(p * np.expm1(-v)) + p * v) / s**2
    return np.where(np.abs(v) < _SMALL, k * y**2 * terms, whole)
