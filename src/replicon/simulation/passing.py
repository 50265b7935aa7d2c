"""Approximate magnetizations for a user's couplings and fields: naive mean field, TAP, belief propagation.

All three take E = -(1/2) s J s - h s at temperature T, dense or scipy-sparse J, and return the same `Marginals`.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from replicon._errors import InputError
from replicon.simulation.cache import sound_cache
from replicon.simulation.exact import check_couplings


class Marginals(NamedTuple):
    """magnetization (N,); correlation: <s_i s_j> (edges,) on `edges` (edges, 2), from belief propagation only, else None;
    free_energy: the method's own, all spins together; residual: the last change; iterations; converged.
    """

    magnetization: np.ndarray
    correlation: np.ndarray | None
    edges: np.ndarray | None
    free_energy: float
    residual: float
    iterations: int
    converged: bool


def naive_mean_field(
    couplings,
    external=None,
    *,
    temperature: float = 1.0,
    start=None,
    damping: float = 0.5,
    tolerance: float = 1e-10,
    iterations: int = 20_000,
) -> Marginals:
    """m_i = tanh((sum_j J_ij m_j + h_i)/T), and F(m) = -m J m/2 - h m - T sum S(m_i), an upper bound of the exact F.

    `start` (N,): initial magnetizations, small positive by default. Source: Opper & Saad, Advanced Mean Field Methods (2001),
    chapter 2. Referee: exact enumeration.
    """
    J, h, beta, start = _given(couplings, external, temperature, start, damping, iterations)
    m, change, step = _relax(lambda m: J @ m + h, beta, start, damping, tolerance, iterations)
    free_energy = -m @ J @ m / 2 - h @ m - temperature * _entropy(m).sum()
    return Marginals(m, None, None, float(free_energy), change, step, change < tolerance)


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
    """Thouless-Anderson-Palmer: m_i = tanh(beta (h_i + sum_j J_ij m_j - beta m_i sum_j J_ij^2 (1 - m_j^2))) and its free energy.

    Source: Thouless, Anderson & Palmer, Phil. Mag. 35, 593 (1977); Plefka, J. Phys. A 15, 1971 (1982). Exact to second order
    in beta J. Referee: exact enumeration.
    """
    J, h, beta, start = _given(couplings, external, temperature, start, damping, iterations)
    squares = J**2
    m, change, step = _relax(lambda m: J @ m + h - beta * m * (squares @ (1 - m**2)), beta, start, damping, tolerance, iterations)
    onsager = -beta / 4 * (1 - m**2) @ squares @ (1 - m**2)
    free_energy = -m @ J @ m / 2 - h @ m - temperature * _entropy(m).sum() + onsager
    return Marginals(m, None, None, float(free_energy), change, step, change < tolerance)


@sound_cache
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
    """Bethe-Peierls: u_{i->j} = atanh(tanh(beta J_ij) tanh(beta h_{i\\j}))/beta on every directed edge; exact on trees.

    Gives magnetizations, nearest-neighbour correlations and the Bethe free energy. `start` (N,): biases of the first
    messages. Where the messages do not settle (low temperature, loops) the result is returned with converged = False.
    Source: Mezard & Montanari, Information, Physics, and Computation (2009), chapter 14. Referee: exact enumeration on trees.
    """
    J, h, beta, start = _given(couplings, external, temperature, start, damping, iterations)
    tail, head = np.nonzero(J)
    reverse = np.empty(len(tail), np.int64)
    order = {pair: k for k, pair in enumerate(zip(tail.tolist(), head.tolist(), strict=True))}
    for (i, j), k in order.items():
        reverse[k] = order[(j, i)]
    strength = np.tanh(beta * J[tail, head])
    # Messages hold beta u. A small bias, towards `start`, lets a symmetric problem leave its unstable symmetric point.
    messages = np.arctanh(strength * np.clip(start[tail], -0.99, 0.99))
    messages, change, step = _pass(messages, tail, head, reverse, strength, beta * h, damping, tolerance, iterations)
    total = beta * h + np.bincount(head, messages, len(h))
    m = np.tanh(total)
    cavity_tail, cavity_head = total[tail] - messages[reverse], total[head] - messages
    a, b = np.tanh(cavity_tail), np.tanh(cavity_head)
    pair = (strength + a * b) / (1 + strength * a * b)
    forward = tail < head
    log_site = np.logaddexp(total, -total)
    log_site += np.bincount(head, np.log(np.cosh(beta * J[tail, head])) - np.log(np.cosh(messages)), len(h))
    log_edge = np.log(np.cosh(beta * J[tail, head])) + np.log1p(strength * a * b)
    free_energy = -temperature * (log_site.sum() - log_edge[forward].sum())
    edges = np.stack([tail[forward], head[forward]], axis=1)
    return Marginals(m, pair[forward], edges, float(free_energy), change, step, change < tolerance)


@numba.njit(cache=True)
def _pass(messages, tail, head, reverse, strength, field, damping, tolerance, iterations):
    change = np.inf
    total = np.empty(len(field))
    for step in range(1, iterations + 1):
        total[:] = field
        for k in range(len(messages)):
            total[head[k]] += messages[k]
        change = 0.0
        new = np.empty_like(messages)
        for k in range(len(messages)):
            cavity = total[tail[k]] - messages[reverse[k]]
            # |tanh beta J| < 1 but rounds to 1 when very cold: keep atanh finite.
            product = min(max(strength[k] * np.tanh(cavity), -1 + 1e-16), 1 - 1e-16)
            value = damping * messages[k] + (1 - damping) * np.arctanh(product)
            change = max(change, abs(value - messages[k]))
            new[k] = value
        messages = new
        if change < tolerance:
            break
    return messages, change, step


def _relax(field_of, beta, m, damping, tolerance, iterations):
    change, step = np.inf, 0
    while step < iterations and not change < tolerance:
        new = (1 - damping) * np.tanh(beta * field_of(m)) + damping * m
        change = float(np.max(np.abs(new - m)))
        m, step = new, step + 1
    return m, change, step


def _entropy(m):
    from scipy.special import entr

    return entr((1 + m) / 2) + entr((1 - m) / 2)


def _given(couplings, external, temperature, start, damping, iterations):
    """What every method is given, checked: J, h, beta and the start, a small positive magnetization by default."""
    if not (temperature > 0 and np.isfinite(temperature)):
        raise InputError(f"temperature = {temperature} is outside its domain: temperature must be > 0 (k_B = 1).")
    if not 0 <= damping < 1:
        raise InputError(f"damping = {damping} is outside its domain: damping must be >= 0 and < 1 (weight of the old value).")
    if not iterations >= 1:
        raise InputError(f"iterations = {iterations} is outside its domain: iterations must be >= 1.")
    J, h = check_couplings(couplings, external)
    start = np.full(len(h), 1e-3) if start is None else np.array(start, float)
    if start.shape != h.shape:
        raise InputError(f"start has shape {start.shape}: it must hold one magnetization for each of the {len(h)} spins.")
    return J, h, 1 / temperature, start
