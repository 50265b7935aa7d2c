"""Message passing on one perceptron: patterns x (P, N) with the labels absorbed, weights w = +-1,
w.x >= 0 wanted.

Messages of a pattern are those of a Gaussian field (central limit): with omega, V the mean and
variance of w.x/sqrt(N), V = sum_i x_i^2 (1 - m_i^2)/N of its own entries, g = d ln
H(-omega/sqrt(V))/d omega: nothing depends on a pattern's scale. Single precision: half the bytes,
and messages need no more.

Sources: Braunstein & Zecchina, PRL 96, 030201 (2006) (reinforced belief propagation); Baldassi,
Braunstein, Brunel & Zecchina, PNAS 104, 11079 (2007) (SBPI); Baldassi & Braunstein, J. Stat. Mech.
P08008 (2015) (max-sum); Baldassi et al., PNAS 113, E7655 (2016) (focusing). Referee: exact
enumeration at small N, replica-symmetric theory at large N.
"""

from __future__ import annotations

import math

import numba
import numpy as np

TRUSTED = 50  # iterations before errors are looked at for having diverged
DIVERGED = 0.35  # fraction of errors at which messages have run away and an attempt is given up
_SMALLEST = (
    1e-7  # of the variance of a field, patterns being of mean square 1 within a factor of two
)
_FAST = {"reassoc", "contract", "arcp", "nsz"}


@numba.njit(cache=True)
def _answer(omega, variance):
    """g, dg/domega and ln H(-omega/sqrt(variance))."""
    scale = math.sqrt(variance)
    t = -omega / scale
    if t < 25.0:
        tail = 0.5 * math.erfc(t / math.sqrt(2.0))
        ratio = math.exp(-t * t / 2) / (math.sqrt(2 * math.pi) * tail)
        log = math.log(tail)
    else:  # Laplace's continued fraction
        ratio = t + 1 / (t + 2 / (t + 3 / (t + 4 / t)))
        log = -t * t / 2 - math.log(math.sqrt(2 * math.pi) * ratio)
    return ratio / scale, -ratio * (ratio - t) / variance, log


@numba.njit(cache=True, fastmath=_FAST)
def _dot(row, m):
    total = np.float32(0.0)
    for i in range(len(m)):
        total += row[i] * m[i]
    return total


@numba.njit(cache=True, fastmath=_FAST)
def _variance(row, free):
    total = np.float32(0.0)
    for i in range(len(free)):
        total += row[i] * row[i] * free[i]
    return total


@numba.njit(cache=True, fastmath=_FAST)
def _add(h, stiff, a, b, row):
    for i in range(len(h)):
        h[i] += a * row[i]
        stiff[i] += b * row[i] * row[i]


@numba.njit(cache=True)
def amp_step(x, m, g, h, least):
    """One iteration of approximate message passing in one pass over the patterns: h <- fields of
    the weights given means m.

    g (P,) is the patterns' answer, in place; least (P,) the smallest field w.x/sqrt(N) allowed.
    Returns the sum over patterns of ln H + V g^2/2, their part of the Bethe entropy.
    """
    count, n = x.shape
    root = 1 / math.sqrt(n)
    free = np.float32(1.0) - m * m
    stiff = np.zeros(n, np.float32)
    h[:] = 0.0
    bethe = 0.0
    for mu in range(count):
        row = x[mu]
        variance = max(_variance(row, free) / n, _SMALLEST)
        omega = root * _dot(row, m) - g[mu] * variance
        new, slope, log = _answer(omega - least[mu], variance)
        g[mu] = new
        bethe += log + variance * new * new / 2
        _add(h, stiff, np.float32(root * new), np.float32(-slope / n), row)
    for i in range(n):
        h[i] += stiff[i] * m[i]
    return bethe


@numba.njit(cache=True, fastmath=_FAST)
def _cavities(row, u, T, m, root):
    """Means of the weights without this pattern, m (N,); the field's mean and variance."""
    one = np.float32(1.0)
    two = np.float32(2.0)
    third = np.float32(1 / 3)
    fifth = np.float32(2 / 15)
    for i in range(len(m)):
        square = u[i] * u[i]
        t = u[i] * (
            one - square * (third - square * fifth)
        )  # tanh of a message, of order 1/sqrt(N)
        z = T[i] * t
        inverse = one + z * (
            one + z * (one + z)
        )  # of 1 - z, with one step of Newton: to z^8, and no division
        m[i] = (T[i] - t) * inverse * (two - (one - z) * inverse)
    omega = np.float32(0.0)
    variance = np.float32(0.0)
    for i in range(len(m)):
        f = row[i] * root
        omega += f * m[i]
        variance += f * f * (one - m[i] * m[i])
    return omega, variance


@numba.njit(cache=True, fastmath=_FAST)
def _messages(row, u, m, h, root, g, slope):
    """u_i = F_i g(omega without weight i), to second order in F_i, at most 1 in modulus; added to
    the fields h.
    """
    one = np.float32(1.0)
    for i in range(len(m)):
        f = row[i] * root
        new = min(max(f * (g - slope * f * m[i]), -one), one)
        u[i] = new
        h[i] += new


@numba.njit(cache=True)
def bp_step(x, u, T, h, scratch, least):
    """One iteration of belief propagation: messages u (P, N) in place, T = tanh(fields) read, h <-
    new fields.

    Twelve bytes an edge move: pattern read, message read and written. Returns the patterns' part of
    the Bethe entropy as `amp_step` does.
    """
    count, n = x.shape
    root = np.float32(1 / math.sqrt(n))
    h[:] = 0.0
    total = 0.0
    for mu in range(count):
        omega, variance = _cavities(x[mu], u[mu], T, scratch, root)
        g, slope, log = _answer(float(omega) - least[mu], max(float(variance), _SMALLEST))
        total += log + variance * g * g / 2
        _messages(x[mu], u[mu], scratch, h, root, np.float32(g), np.float32(slope))
    return total


@numba.njit(cache=True)
def count_errors(x, w):
    """Patterns with x.w < 0."""
    errors = 0
    for mu in range(len(x)):
        errors += _dot(x[mu], w) < 0
    return errors


@numba.njit(cache=True)
def _focus(h, gamma, replicas):
    """Field on the centre's replica from the y - 1 others: atanh(J tanh((y - 1) atanh(J tanh h))),
    J = tanh(gamma).
    """
    J = math.tanh(gamma)
    return math.atanh(J * math.tanh((replicas - 1) * math.atanh(J * math.tanh(h))))


@numba.njit(cache=True)
def _decide(h, new, kept, replicas, gamma, w):
    """New total fields from the patterns' fields `new` (in place), and their signs: reinforced, or
    focused for replicas > 0.
    """
    for i in range(len(h)):
        if replicas > 0:
            h[i] = new[i] + _focus(new[i], gamma, replicas)
        else:
            h[i] = new[i] + kept * h[i]
        h[i] = min(max(h[i], -30.0), 30.0)
        w[i] = 1.0 if h[i] >= 0 else -1.0


@numba.njit(cache=True)
def _judge(x, h, new, w, errors, t, rate, replicas, strongest):
    """Weights w and fields h after iteration t, and its errors; True where the attempt ends."""
    attraction = 0.05 + (strongest - 0.05) * t / len(errors)
    _decide(h, new, 1 - (1 - rate) ** (t + 1), replicas, attraction, w)
    errors[t] = count_errors(x, w)
    return errors[t] == 0 or (t >= TRUSTED and errors[t] > DIVERGED * len(x))


@numba.njit(cache=True)
def search_amp(x, h, m, g, errors, begin, end, rate, replicas, strongest, damping):
    """Reinforced (replicas = 0) or focusing approximate message passing until sign(h) makes no
    error; h (N,) in and out.

    Reinforcement: fields h + r_t h_old with r_t = 1 - (1 - rate)^t. Focusing: fields h + u(h,
    gamma_t), gamma_t growing from 0.05 to `strongest` over the iterations. Iterations `begin` to
    `end` of `errors` (iterations,), which is filled; means m (N,) and answers g (P,), zero at
    first, in and out; returns how many were done.
    """
    count, n = x.shape
    w = np.zeros(n, np.float32)
    new = np.zeros(n, np.float32)
    least = np.zeros(count)
    for t in range(begin, end):
        for i in range(n):
            m[i] = damping * m[i] + (1 - damping) * math.tanh(h[i])
        amp_step(x, m, g, new, least)
        if _judge(x, h, new, w, errors, t, rate, replicas, strongest):
            return t + 1
    return end


@numba.njit(cache=True)
def search_bp(x, h, T, u, errors, begin, end, rate, replicas, strongest, damping):
    """As `search_amp` with the messages u (P, N) of belief propagation, T = tanh(fields) (N,)."""
    count, n = x.shape
    w = np.zeros(n, np.float32)
    new = np.zeros(n, np.float32)
    scratch = np.zeros(n, np.float32)
    least = np.zeros(count)
    for t in range(begin, end):
        for i in range(n):
            T[i] = damping * T[i] + (1 - damping) * math.tanh(h[i])
        bp_step(x, u, T, new, scratch, least)
        if _judge(x, h, new, w, errors, t, rate, replicas, strongest):
            return t + 1
    return end


@numba.njit(cache=True)
def sbpi_round(x, rng, order, states, chance, h):
    """One iteration of stochastic belief-propagation-inspired learning, patterns +-1 and N odd, in
    the given order (P,): hidden states h odd, |h| <= states; w = sign(h). Returns the errors.

    A pattern in error moves every hidden state by two towards it; one that is barely right (x.w =
    1) moves, with the given chance, only those that agree with it already.
    """
    n = x.shape[1]
    w = np.zeros(n, np.float32)
    for i in range(n):
        w[i] = 1.0 if h[i] > 0 else -1.0
    for mu in order:
        row = x[mu]
        field = _dot(row, w)
        if field < 0 or (field <= 1 and rng.random() < chance):
            for i in range(n):
                if field < 0 or row[i] * w[i] > 0:
                    h[i] = min(max(h[i] + 2 * row[i], -states), states)
                    w[i] = 1.0 if h[i] > 0 else -1.0
    return count_errors(x, w)


@numba.njit(cache=True)
def _max_sum_pattern(row, u, h, cavity, list_, order):
    """Messages of one pattern at zero temperature, and its fields h with them: what it costs the
    other weights, the least certain flipped, that w_i be wrong.
    """
    n = len(h)
    disagree = 0
    agree = 0
    for i in range(n):
        cavity[i] = h[i] - u[i]
        if row[i] * cavity[i] < 0:
            list_[disagree] = abs(cavity[i])
            order[disagree] = i
            disagree += 1
        else:
            agree += 1
    excess = agree - disagree
    for i in range(n):
        u[i] = 0.0
    if excess < 3:
        ranks = np.argsort(list_[:disagree])
        costs = list_[:disagree][ranks]
        outside = max(0, (1 - excess) // 2)
        if (
            excess < 3 and outside < disagree
        ):  # weights that agree: the others must hold `excess - 1`
            for i in range(n):
                if row[i] * cavity[i] >= 0:
                    u[i] = row[i] * costs[outside]
        if excess < 1:  # weights that disagree: the others hold `excess + 1`
            inside = max(0, (-1 - excess) // 2)
            for rank in range(disagree):
                k = inside + 1 if rank <= inside else inside
                if k < disagree:
                    i = order[ranks[rank]]
                    u[i] = row[i] * costs[k]
    for i in range(n):
        h[i] = cavity[i] + u[i]


@numba.njit(cache=True)
def max_sum_round(x, order, h, u, kept, w, rate):
    """One iteration of reinforced max-sum, patterns +-1 and N odd, in the given order (P,),
    messages exact: the constraint binds through the order of the |fields|. Returns the errors.

    Fields follow each pattern; where there are errors, their part beyond the messages becomes
    `rate` of the last total. Messages u (P, N), that part `kept` (N,) and weights w (N,) in and
    out.
    """
    n = x.shape[1]
    cavity = np.zeros(n, np.float32)
    list_ = np.zeros(n, np.float32)
    places = np.zeros(n, np.int64)
    for mu in order:
        _max_sum_pattern(x[mu], u[mu], h, cavity, list_, places)
    for i in range(n):
        w[i] = 1.0 if h[i] >= 0 else -1.0
    errors = count_errors(x, w)
    if errors == 0:
        return 0
    # Costs have no scale of their own and would grow with the reinforcement: the mean modulus of
    # the fields is held at one.
    scale = np.float32(1 / max(np.mean(np.abs(h)), 1e-6))
    h *= scale
    kept *= scale
    u *= scale
    for i in range(n):
        again = rate * h[i]
        h[i] += again - kept[i]
        kept[i] = again
    return errors
