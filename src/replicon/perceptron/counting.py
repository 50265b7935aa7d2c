"""Fixed points of the perceptron's message passing: marginals, entropy, and a field that holds an
overlap.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from replicon.perceptron.passing import amp_step, bp_step


@numba.njit(cache=True)
def marginals(x, least, h, iterations, damping, tolerance, reference, overlap, approximate):
    """Fixed point of belief propagation (or, if `approximate`, AMP) without reinforcement, with an
    external field along `reference` that brings the mean overlap with it to `overlap` (NaN: no
    field). h (N,): first fields, in and out.

    Returns means (N,), entropy per weight (Bethe), overlap reached, last change, iterations.
    """
    count, n = x.shape
    m = np.zeros(n, np.float32)
    new = np.zeros(n, np.float32)
    g = np.zeros(count)
    T = np.zeros(n, np.float32)
    u = np.zeros((1 if approximate else count, n), np.float32)
    held = not math.isnan(overlap)
    field, entropy, reached, change, step = 0.0, 0.0, 0.0, np.inf, 0
    if held:
        field = math.atanh(overlap)
    for step in range(iterations):
        for i in range(n):
            T[i] = math.tanh(h[i])
        if approximate:
            for i in range(n):
                m[i] = damping * m[i] + (1 - damping) * T[i]
            part = amp_step(x, m, g, new, least)
        else:
            part = bp_step(x, u, T, new, m, least)
        change, entropy, reached, stiff = 0.0, part, 0.0, 0.0
        for i in range(n):
            total = new[i] + (field * reference[i] if held else 0.0)
            total = min(max(total, -30.0), 30.0)
            if not approximate:
                total = damping * h[i] + (1 - damping) * total
            value = math.tanh(total)
            change = max(change, abs(value - T[i]))
            h[i] = total
            for p in ((1 + value) / 2, (1 - value) / 2):
                if p > 0:
                    entropy -= p * math.log(p)
            if held:
                reached += value * reference[i] / n
                stiff += (1 - value * value) / n
        if held:
            field += 0.3 * (overlap - reached) / max(stiff, 1e-3)
            change = max(change, abs(overlap - reached))
        if change < tolerance:
            break
    for i in range(n):
        T[i] = math.tanh(h[i])
    return T, entropy / n, reached, change, step + 1
