"""Messages of Ising spins on any graph: the kernels of belief propagation, in units of energy so
that nothing overflows.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

_MEMORY = 10  # iterations over which the rate of convergence is measured
_ROUNDING = 1e-15  # of one message or magnetization


class Approach(NamedTuple):
    """Where an iteration ended: values (messages, or magnetizations (N,)), how far the equations
    are from holding, steps made, and whether it settled.
    """

    values: np.ndarray
    residual: float
    steps: int
    settled: bool


def order_from_roots(J: np.ndarray) -> tuple[np.ndarray, bool]:
    """Spins from the roots of all components outwards, and whether no component has a loop."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    graph = csr_array(J != 0)
    count, label = connected_components(graph, directed=False)
    roots = np.unique(label, return_index=True)[1]
    order = [
        breadth_first_order(graph, root, directed=False, return_predecessors=False)
        for root in roots
    ]
    return np.concatenate(order).astype(np.int64), graph.nnz == 2 * (len(J) - count)


@numba.vectorize(cache=True)
def soft(x, y, T):
    """T atanh(tanh(x/T) tanh(y/T)), which is sign(x y) min(|x|, |y|) but for a correction of order
    T; nothing overflows.
    """
    a = abs(x)
    b = abs(y)
    low = min(a, b)
    high = max(a, b)
    if low < 0.5 * T:
        size = T * math.atanh(math.tanh(low / T) * math.tanh(high / T))
    else:
        size = low + T / 2 * (
            math.log1p(math.exp(-2 * (high + low) / T))
            - math.log1p(math.exp(-2 * (high - low) / T))
        )
    return size if (x > 0) == (y > 0) else -size


@numba.njit(cache=True)
def cavity(i, messages, first, reverse, h, out):
    """Field of spin i without each neighbour in turn, into out: sums that leave one out, for a
    difference would cancel.
    """
    begin = first[i]
    end = first[i + 1]
    total = h[i]
    for k in range(begin, end):
        out[k - begin] = total
        total += messages[reverse[k]]
    total = 0.0
    for k in range(end - 1, begin - 1, -1):
        out[k - begin] += total
        total += messages[reverse[k]]


@numba.njit(cache=True)
def cavities(messages, first, reverse, h):
    """Fields of every spin without each of its neighbours, from all messages."""
    out = np.empty_like(messages)
    for i in range(len(h)):
        cavity(i, messages, first, reverse, h, out[first[i] : first[i + 1]])
    return out


@numba.njit(cache=True)
def pass_messages(
    messages, first, reverse, strength, h, T, order, tree, damping, tolerance, iterations
):
    """Turns until messages settle. On a tree one spin after
    another, in order backwards, then forwards, which is exact after one turn; with loops all at
    once, whose failure to settle tells of a glass.
    """
    n = len(h)
    room = np.empty(n)
    past = np.full(_MEMORY, np.inf)
    messages = messages.copy()
    residual = np.inf
    step = 0
    settled = False
    while step < iterations and not settled:
        residual = 0.0
        read = messages if tree else messages.copy()
        for place in range(0 if tree else n, 2 * n):
            i = order[n - 1 - place] if place < n else order[place - n]
            cavity(i, read, first, reverse, h, room)
            for k in range(first[i], first[i + 1]):
                new = soft(strength[k], room[k - first[i]], T)
                # Only the second half of a turn tells: what it leaves unchanged is unchanged by the
                # next first half.
                if place >= n:
                    residual = max(residual, abs(new - messages[k]) / max(T, abs(new)))
                messages[k] += (1 - damping) * (new - messages[k])
        settled = is_settled(residual, past, step, tolerance)
        step += 1
    return Approach(messages, residual, step, settled)


@numba.njit(cache=True)
def is_settled(residual, past, step, tolerance):
    """Whether what is left of a geometric approach, residual / (1 - rate), is below the tolerance:
    a slow approach is no end.
    """
    rate = (residual / past[step % _MEMORY]) ** (1 / _MEMORY) if past[step % _MEMORY] > 0 else 1.0
    past[step % _MEMORY] = residual
    if residual <= _ROUNDING:
        return True
    return step >= _MEMORY and residual < tolerance * max(1 - rate, 1e-2)
