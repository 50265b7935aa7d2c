"""Replicas of one binary perceptron held at a mutual overlap: flips at a temperature, and descent
on hidden weights whose signs are the weights.

Flips have the measure exp[-sum_a errors_a/T - k N M (p - centre)^2/2], p the mean overlap of the M
= y(y - 1)/2 pairs: a spring that pulls p to `centre`.

Source: Baldassi et al., PNAS 113, E7655 (2016), replicated annealing and gradient descent. Referee:
all configurations of small perceptrons (tests/perceptron).
"""

from __future__ import annotations

import math

import numba
import numpy as np

STIFFNESS = 200.0
_HIDDEN = 1.0  # largest modulus of a hidden weight


@numba.njit(cache=True, fastmath={"reassoc", "contract"})
def _wrong_more(fields, column, step, margin):
    """Patterns below the margin after a step, less those below it now."""
    more = 0
    for mu in range(len(fields)):
        now = fields[mu]
        more += int(now + step * column[mu] < margin) - int(now < margin)
    return more


@numba.njit(cache=True)
def sweep(columns, w, fields, total, pairs, centre, temperature, margin, rng):
    """N Metropolis proposals on each replica in turn.

    w (y, N); fields (y, P), total (N,), the sum of the replicas, and pairs (1,), the sum over pairs
    and weights of w_a w_b, are kept in place. Zero temperature takes no flip that errs more.
    """
    replicas, n = w.shape
    count = replicas * (replicas - 1) / 2
    stiff = STIFFNESS / (2 * count * n)
    for a in range(replicas):
        for _ in range(n):
            i = rng.integers(0, n)
            step = np.float32(-2.0 * w[a, i])
            more = _wrong_more(fields[a], columns[i], step, margin)
            if more > 0 and temperature == 0:
                continue
            change = step * (total[i] - w[a, i])
            gap = pairs[0] - centre * count * n
            cost = stiff * change * (2 * gap + change)
            if more != 0 and temperature > 0:
                cost += more / temperature
            if cost <= 0 or rng.random() < math.exp(-cost):
                for mu in range(columns.shape[1]):
                    fields[a, mu] += step * columns[i, mu]
                w[a, i] = -w[a, i]
                total[i] += step
                pairs[0] += change


@numba.njit(cache=True)
def descend(patterns, order, w, h, attraction, margin, rate, batches):
    """One pass over the patterns (P, N) in an order (P,), cut into so many parts.

    For each part every replica a moves its hidden weights h (y, N), |h| <= 1, down the gradient of
    sum max(0, margin - w_a.x) and towards the others, h_a += rate [sum x + attraction sum_b w_b/(y
    - 1)], b other than a; w (y, N) are their signs, in place.
    """
    replicas, n = w.shape
    count = len(order)
    pull = np.zeros((replicas, n), np.float32)
    for part in range(batches):
        total = w.sum(axis=0)
        for a in range(replicas):
            for i in range(n):
                pull[a, i] = attraction * (total[i] - w[a, i]) / (replicas - 1)
            for k in range(part * count // batches, (part + 1) * count // batches):
                row = patterns[order[k]]
                field = np.float32(0.0)
                for i in range(n):
                    field += row[i] * w[a, i]
                if field < margin:
                    for i in range(n):
                        pull[a, i] += row[i]
        for a in range(replicas):
            for i in range(n):
                h[a, i] = min(max(h[a, i] + rate * pull[a, i], -_HIDDEN), _HIDDEN)
                w[a, i] = 1.0 if h[a, i] >= 0 else -1.0
