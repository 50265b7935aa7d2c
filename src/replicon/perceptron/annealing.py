"""Simulated annealing of the number of errors of one perceptron, alone and of attracting replicas;
counts of near solutions.

Fields x.w are kept and changed by one column a flip: a proposal reads P numbers.

Source: Kirkpatrick, Gelatt & Vecchi, Science 220, 671 (1983); Baldassi et al., PNAS 113, E7655
(2016) (replicated).
"""

from __future__ import annotations

import math

import numba
import numpy as np


@numba.njit(cache=True)
def _wrong(fields):
    errors = 0
    for mu in range(len(fields)):
        errors += fields[mu] < 0
    return errors


@numba.njit(cache=True, fastmath={"reassoc", "contract"})
def _wrong_after(fields, column, step):
    errors = 0
    for mu in range(len(fields)):
        errors += fields[mu] + step * column[mu] < 0
    return errors


@numba.njit(cache=True)
def _add_field(columns, w, fields):
    """The fields (P,) of weights w (N,), onto what is there."""
    for i in range(len(columns)):
        for mu in range(columns.shape[1]):
            fields[mu] += w[i] * columns[i, mu]


@numba.njit(cache=True)
def fields_of(columns, w, fields):
    """Fields (y, P) of replicas w (y, N), from columns (N, P), in place."""
    fields[:] = 0.0
    for a in range(len(w)):
        _add_field(columns, w[a], fields[a])


@numba.njit(cache=True)
def prepare(columns, w, fields, energy, total):
    """Fields (y, P) and errors (y,) of replicas w (y, N), and the sum of the replicas (N,), in
    place.
    """
    replicas, n = w.shape
    fields_of(columns, w, fields)
    total[:] = 0.0
    for a in range(replicas):
        for i in range(n):
            total[i] += w[a, i]
        energy[a] = _wrong(fields[a])


@numba.njit(cache=True)
def sweep(columns, w, fields, energy, total, a, temperature, pull, rng):
    """N Metropolis proposals on replica `a`, for exp(-sum_a errors_a/T + pull/(y - 1) sum_i
    sum_{a<b} w_ai w_bi).
    """
    replicas, n = w.shape
    for _ in range(n):
        i = rng.integers(0, n)
        step = np.float32(-2.0 * w[a, i])
        after = _wrong_after(fields[a], columns[i], step)
        cost = (after - energy[a]) / temperature
        if replicas > 1:
            cost += 2 * pull * w[a, i] * (total[i] - w[a, i]) / (replicas - 1)
        if cost <= 0 or rng.random() < math.exp(-cost):
            for mu in range(columns.shape[1]):
                fields[a, mu] += step * columns[i, mu]
            w[a, i] = -w[a, i]
            total[i] += 2 * w[a, i]
            energy[a] = after


@numba.njit(cache=True)
def _keep(w, best):
    """best[:] = w, whose check of shapes takes 2 s to compile."""
    for i in range(len(w)):
        best[i] = w[i]


@numba.njit(cache=True)
def anneal(columns, w, fields, energy, total, best, rng, errors, begin, end, hot, cold, attraction):
    """Metropolis sweeps of replicas w (y, N) with the errors as energy, temperature from `hot` to
    `cold` geometrically, and an attraction of each weight to the mean of the other replicas' that
    grows linearly to `attraction` (y = 1: none).

    columns (N, P); fields, energy and total as `prepare` fills them, in and out. Sweeps `begin` to
    `end` of `errors` (sweeps,), which is filled with the least errors so far of a replica or of the
    majority of all; `best` (N,) are the weights that made so few. Returns the sweeps done.
    """
    replicas = len(w)
    n, count = columns.shape
    majority = np.zeros(n, np.float32)
    least = errors[begin - 1] if begin > 0 else count + 1
    for t in range(begin, end):
        part = t / max(len(errors) - 1, 1)
        temperature = hot * (cold / hot) ** part
        for a in range(replicas):
            sweep(columns, w, fields, energy, total, a, temperature, attraction * part, rng)
            if energy[a] < least:
                least = energy[a]
                _keep(w[a], best)
        if replicas > 1:
            for i in range(n):
                majority[i] = 1.0 if total[i] >= 0 else -1.0
            centre = np.zeros(count, np.float32)
            _add_field(columns, majority, centre)
            wrong = _wrong(centre)
            if wrong < least:
                least = wrong
                _keep(majority, best)
        errors[t] = least
        if least == 0:
            return t + 1
    return end


@numba.njit(cache=True)
def _flipped(fields, column, weight, out):
    """The fields once a weight is flipped."""
    for mu in range(len(fields)):
        out[mu] = fields[mu] - 2 * weight * column[mu]


@numba.njit(cache=True)
def near_solutions(columns, w, furthest):
    """Numbers of solutions that differ from w in exactly 1, ..., `furthest` <= 3 weights, by trying
    all of them.
    """
    n, count = columns.shape
    fields = np.zeros(count, np.float32)
    _add_field(columns, w, fields)
    found = np.zeros(furthest, np.int64)
    one = np.zeros(count, np.float32)
    two = np.zeros(count, np.float32)
    for i in range(n):
        _flipped(fields, columns[i], w[i], one)
        found[0] += _wrong(one) == 0
        if furthest > 1:
            for j in range(i):
                _flipped(one, columns[j], w[j], two)
                found[1] += _wrong(two) == 0
                if furthest > 2:
                    for k in range(j):
                        found[2] += _wrong_after(two, columns[k], np.float32(-2 * w[k])) == 0
    return found
