"""Approximate magnetizations for a user's couplings and fields: naive mean field, TAP, belief
propagation.

All three take E = -(1/2) s J s - h s at temperature T, and return the same `Marginals`. Couplings
are arrays, DataFrames, scipy.sparse matrices or networkx graphs.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numba
import numpy as np

from replicon._kernels import sound_cache
from replicon.spins.marginals import Marginals, check_asked, judged
from replicon.spins.messages import (
    Approach,
    cavities,
    is_settled,
    order_from_roots,
    pass_messages,
    soft,
)

_MEMORY = 10  # iterations over which the rate of convergence is measured
_ROUNDING = 1e-15  # of one message or magnetization
_TRIES = 10  # saddles left, one after the other
_LARGEST_NEWTON = 2000  # spins


@sound_cache
@np.errstate(all="ignore")
def naive_mean_field(
    couplings,
    external=None,
    *,
    temperature: float = 1.0,
    start=None,
    damping: float = 0.0,
    tolerance: float = 1e-10,
    iterations: int = 20_000,
) -> Marginals:
    """m_i = tanh((sum_j J_ij m_j + h_i)/T), and F(m) = -m J m/2 - h m - T sum S(m_i), an upper
    bound of the exact F.

    One spin after another takes its best value, so that F falls at every step and no oscillation is
    possible. `start` (N,): initial magnetizations, small positive by default; a saddle reached from
    the default start is left along its unstable direction. There may be other minima. Source: Opper
    & Saad, Advanced Mean Field Methods (2001), chapter 2. Referee: exact enumeration.

    Raises InputError for couplings, fields or settings that are none.
    """
    asked = check_asked(couplings, external, temperature, start, damping, tolerance, iterations)
    J, h, T, start = asked
    first = np.full(len(h), 1e-3) if start is None else start
    end, stable = _minimize(
        lambda m: _descend(J, h, T, m, damping, tolerance, iterations),
        lambda m: J @ m + h,
        lambda m: J,
        T,
        first,
        start is None,
    )
    m = end.values
    energy = float(-m @ J @ m / 2 - h @ m)
    return judged(m, energy, float(_entropy(m).sum()), T, end, stable, start is None)


@sound_cache
@np.errstate(all="ignore")  # what overflows is found out by what it gives
def tap(
    couplings,
    external=None,
    *,
    temperature: float = 1.0,
    start=None,
    damping: float = 0.5,
    tolerance: float = 1e-10,
    iterations: int = 20_000,
) -> Marginals:
    """Thouless-Anderson-Palmer: m_i = tanh(beta (h_i + sum_j J_ij m_j - beta m_i sum_j J_ij^2 (1 -
    m_j^2))) and its free energy.

    Exact to second order in beta J; its expansion holds where Plefka's condition does: the spectral
    radius of beta^2 (1 - m_i^2) J_ij^2 (1 - m_j^2) is below 1. Where it is not, `stable` is False.
    Source: Thouless, Anderson & Palmer, Phil. Mag. 35, 593 (1977); Plefka, J. Phys. A 15, 1971
    (1982). Referee: exact enumeration.

    Raises InputError for couplings, fields or settings that are none.
    """
    asked = check_asked(couplings, external, temperature, start, damping, tolerance, iterations)
    J, h, T, start = asked
    first = np.full(len(h), 1e-3) if start is None else start
    squares = (J / math.sqrt(T)) ** 2  # beta J^2

    def field(m):
        return J @ m + h - m * (squares @ (1 - m**2))

    def slope(m):
        return J - np.diag(squares @ (1 - m**2)) + 2 * m[:, None] * squares * m

    end, stable = _minimize(
        lambda m: _relax(field, T, m, damping, tolerance, iterations),
        field,
        slope,
        T,
        first,
        start is None,
    )
    m = end.values
    variance = 1 - m**2
    correction = float(variance @ squares @ variance)
    energy = float(-m @ J @ m / 2 - h @ m) - correction / 2
    entropy = float(_entropy(m).sum()) - correction / T / 4
    if stable and math.isfinite(correction):
        stable = _largest(variance[:, None] * squares / T * variance)[0] < 1
    return judged(m, energy, entropy, T, end, stable, start is None)


@sound_cache
@np.errstate(all="ignore")
def belief_propagation(
    couplings,
    external=None,
    *,
    temperature: float = 1.0,
    start=None,
    damping: float = 0.0,
    tolerance: float = 1e-12,
    iterations: int = 5_000,
) -> Marginals:
    """Bethe-Peierls: u_{i->j} = T atanh(tanh(J_ij/T) tanh(h_{i\\j}/T)) on every directed edge;
    exact on trees, at any T > 0.

    Gives magnetizations, nearest-neighbour correlations and the Bethe free energy. Messages are
    energies and taken by logarithms, so that nothing overflows; on a tree they go from the leaves
    to the root and back, once. `start` (N,): biases of the first messages; from the default start,
    messages on a graph with loops are kicked once they settle, and must return. Where they do not
    settle (low temperature, loops) the result is returned with converged = False. Source: Mezard &
    Montanari, Information, Physics, and Computation (2009), chapter 14. Referee: exact enumeration
    on trees.

    Raises InputError for couplings, fields or settings that are none.
    """
    asked = check_asked(couplings, external, temperature, start, damping, tolerance, iterations)
    J, h, T, start = asked
    n = len(h)
    tail, head = np.nonzero(J)
    first = np.searchsorted(tail, np.arange(n + 1))
    strength = J[tail, head]
    reverse = np.empty(len(tail), np.int64)
    reverse[np.lexsort((tail, head))] = np.arange(len(tail))
    order, tree = order_from_roots(J)
    # A small bias, towards `start`, lets a symmetric problem leave its unstable symmetric point.
    bias = np.clip(np.full(n, 1e-3) if start is None else start, -0.99, 0.99)

    def settle(messages):
        return pass_messages(
            messages, first, reverse, strength, h, T, order, tree, damping, tolerance, iterations
        )

    end = settle(soft(strength, T * np.arctanh(bias)[tail], T))
    messages = end.values
    stable = True if tree else None
    if end.settled and not tree and start is None:
        rng = np.random.default_rng(0)
        for _ in range(_TRIES):
            kick = soft(strength, 1e-3 * T * rng.standard_normal(len(tail)), T)
            again = settle(messages + kick)
            end = again._replace(steps=end.steps + again.steps)
            moved = np.abs(again.values - messages)
            stable = bool(again.settled and (moved <= 1e-6 * np.maximum(T, np.abs(messages))).all())
            if stable or not again.settled:
                break
            messages = again.values
    cavity = cavities(messages, first, reverse, h)
    total = h + np.bincount(head, messages, n)
    m = np.tanh(total / T)
    forward = np.flatnonzero(tail < head)
    a = cavity[forward]
    b = cavity[reverse[forward]]
    J_ab = strength[forward]
    correlation = np.tanh((J_ab + soft(a, b, T)) / T)
    # ln of the four weights of every pair, whose entropies count each spin once for each of its
    # edges.
    weights = np.stack([J_ab + a + b, J_ab - a - b, -J_ab + a - b, -J_ab - a + b])
    weights = np.exp((weights - weights.max(axis=0)) / T)
    pairs = weights / weights.sum(axis=0)
    entropy = _entropy_of(pairs).sum() - ((np.diff(first) - 1) * _site_entropy(total / T)).sum()
    energy = -J_ab @ correlation - h @ m
    edges = np.stack([tail[forward], head[forward]], axis=1)
    found = judged(m, float(energy), float(entropy), T, end, stable, start is None)
    return found._replace(correlation=correlation, edges=edges)


@numba.njit(cache=True)
def _descend(J, h, T, m, damping, tolerance, iterations):
    """Coordinate descent of the naive mean-field free energy, sweep after sweep."""
    past = np.full(_MEMORY, np.inf)
    m = m.copy()
    field = J @ m + h
    residual = np.inf
    step = 0
    settled = False
    while step < iterations and not settled:
        if step % 20 == 19:
            field = J @ m + h
        residual = 0.0
        for i in range(len(h)):
            change = math.tanh(field[i] / T) - m[i]
            residual = max(residual, abs(change))
            change *= 1 - damping
            m[i] += change
            for j in range(len(h)):
                field[j] += change * J[i, j]
        settled = is_settled(residual, past, step, tolerance)
        step += 1
    return Approach(m, residual, step, settled)


def _relax(field: Callable, T: float, m, damping, tolerance, iterations) -> Approach:
    """Damped iteration of all spins at once."""
    past = np.full(_MEMORY, np.inf)
    residual = math.inf
    step = 0
    settled = False
    while step < iterations and not settled:
        change = np.tanh(field(m) / T) - m
        residual = float(np.max(np.abs(change)))
        if not math.isfinite(residual):
            break
        m = m + (1 - damping) * change
        settled = bool(is_settled(residual, past, step, tolerance))
        step += 1
    return Approach(m, residual, step, settled)


def _minimize(
    run: Callable, field: Callable, slope: Callable, T: float, m, leave_saddles: bool
) -> tuple[Approach, bool | None]:
    """`run` from m, finished by Newton where it is slow (near a continuous transition), and again
    from beside any saddle.

    field(m): the argument of tanh, times T; slope(m): its derivatives, symmetric. Returns where it
    ended and whether that is a minimum, None where it is not known.
    """
    total = 0
    for _ in range(_TRIES):
        m, residual, steps, settled = run(m)
        total += steps
        if not settled and residual < 1e-4 and len(m) <= _LARGEST_NEWTON:
            m, residual, settled = _newton(field, slope, T, m)
        if not np.isfinite(residual):
            return Approach(m, float(residual), total, False), None
        value, direction = _strongest(slope(m), (1 - m**2) / T)
        stable = value < 1 + 1e-10 * max(1.0, abs(value))
        if stable or not (leave_saddles and settled):
            break
        side = direction @ field(m) or direction.sum() or 1.0
        m = np.clip(m + math.copysign(0.1, side) * direction, -1.0, 1.0)
    return Approach(m, float(residual), total, settled), bool(stable)


def _newton(field: Callable, slope: Callable, T: float, m):
    """Newton's method on tanh(field/T) - m: (m, residual, whether its steps, and so the error,
    became small).
    """
    best = m
    for _ in range(100):
        target = np.tanh(field(m) / T)
        residual = float(np.max(np.abs(target - m)))
        try:
            step = np.linalg.solve(
                np.eye(len(m)) - ((1 - target**2) / T)[:, None] * slope(m), target - m
            )
        except np.linalg.LinAlgError:
            return best, residual, residual <= _ROUNDING
        size = float(np.max(np.abs(step)))
        if not size < 0.1:
            return best, residual, False
        m = best = m + step
        if size < 1e-9:
            return m, float(np.max(np.abs(np.tanh(field(m) / T) - m))), True
    return best, residual, False


def _strongest(matrix: np.ndarray, gain: np.ndarray) -> tuple[float, np.ndarray]:
    """Largest eigenvalue of gain^(1/2) matrix gain^(1/2), and its direction in the magnetizations
    (largest entry 1).
    """
    root = np.sqrt(np.maximum(gain, 0.0))
    value, vector = _largest(root[:, None] * matrix * root)
    direction = root * vector
    return value, direction / max(float(np.abs(direction).max()), 1e-300)


def _largest(matrix: np.ndarray) -> tuple[float, np.ndarray]:
    """Largest eigenvalue of a symmetric matrix, and its eigenvector."""
    import scipy.linalg
    from scipy.sparse.linalg import eigsh

    if not np.isfinite(matrix).all():
        return math.inf, np.zeros(len(matrix))
    if len(matrix) <= 1000:
        values, vectors = scipy.linalg.eigh(matrix)
    else:
        values, vectors = eigsh(matrix, 1, which="LA", v0=np.cos(np.arange(len(matrix))))
    return float(values[-1]), vectors[:, -1]


def _entropy_of(p):
    from scipy.special import entr

    return entr(p)


def _entropy(m):
    return _entropy_of((1 + m) / 2) + _entropy_of((1 - m) / 2)


def _site_entropy(x):
    """Entropy of a spin in the field x T, also where its magnetization rounds to 1."""
    x = np.minimum(np.abs(x), 400.0)
    return np.log1p(np.exp(-2 * x)) + 2 * x * np.exp(-2 * x) / (1 + np.exp(-2 * x))
