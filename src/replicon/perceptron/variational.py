"""Weights of one perceptron as a distribution, learnt by gradient: patterns x (P, N) with labels
absorbed, independent weights w_i = +-1 of means m_i = tanh(theta_i).

The field w.x/sqrt(N) of a pattern is Gaussian (central limit), of mean omega and variance V = sum_i
x_i^2 (1 - m_i^2)/N, so that L = sum ln H(-omega/sqrt(V)) is the log-probability, added over
patterns, that weights drawn from it satisfy each. No hard sign stands in the loss. Approximate
message passing (`passing`) adds an Onsager term to the same object, and an entropy.

Source: Baldassi et al., PRL 120, 268103 (2018). Referee: differences of L
(tests/perceptron/test_variational.py).
"""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon.perceptron.passing import _SMALLEST, _add, _answer, _dot, _variance, count_errors

RATE = 0.02
STRONGEST = 30.0  # |theta|, where 1 - |m| is 1e-26


@numba.njit(cache=True)
def gradient(x, theta, into):
    """Of L with respect to the means m (N,), in `into`; returns L.

    dL/dm_i = sum r [F_i/sqrt(V) + omega m_i F_i^2/V^(3/2)], F = x/sqrt(N), r = G(t)/H(-t) at t =
    omega/sqrt(V).
    """
    count, n = x.shape
    root = 1 / math.sqrt(n)
    m = np.empty(n, np.float32)
    free = np.empty(n, np.float32)
    along = np.zeros(n, np.float32)
    stiff = np.zeros(n, np.float32)
    for i in range(n):
        m[i] = math.tanh(theta[i])
        free[i] = 1 / math.cosh(theta[i]) ** 2  # 1 - m^2, of which nothing cancels
    total = 0.0
    for mu in range(count):
        row = x[mu]
        variance = max(_variance(row, free) / n, _SMALLEST)
        omega = root * _dot(row, m)
        g, _, log = _answer(omega, variance)
        total += log
        _add(along, stiff, np.float32(root * g), np.float32(g * omega / (variance * n)), row)
    for i in range(n):
        into[i] = along[i] + stiff[i] * m[i]
    return total


@numba.njit(cache=True)
def search(x, theta, errors, begin, end, rate):
    """Mirror ascent theta <- theta + rate dL/dm until sign(theta) makes no error; theta (N,) in and
    out. Without the factor dm/dtheta of plain ascent, which would freeze weights that are certain.

    Iterations `begin` to `end` of `errors` (iterations,), which is filled; returns how many were
    done, and L before the last.
    """
    n = len(theta)
    slope = np.zeros(n)
    w = np.zeros(n, np.float32)
    total = 0.0
    for t in range(begin, end):
        total = gradient(x, theta, slope)
        for i in range(n):
            theta[i] = min(max(theta[i] + rate * slope[i], -STRONGEST), STRONGEST)
            w[i] = 1.0 if theta[i] >= 0 else -1.0
        errors[t] = count_errors(x, w)
        if errors[t] == 0:
            return t + 1, total
    return end, total
