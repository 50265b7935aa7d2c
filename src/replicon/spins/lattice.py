"""Monte Carlo on the periodic L x L square lattice: bit-sliced checkerboard Metropolis, heat bath,
and two cluster updates.

Metropolis works on 64 independent lattices at once: bit b of every word belongs to lattice b, and
every random bit is drawn for itself, so that the 64 chains are independent. The other kernels take
one lattice of int8 spins, in place.
"""

from __future__ import annotations

import math

import numba
import numpy as np

# words updated side by side: long enough to fill the vector unit, short enough to stay in the first
# cache
LANES = 64
_BITS = 32  # binary digits of an acceptance probability: a bias below 2^-32

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@numba.njit(cache=True, inline="always")
def _rotate(x, k):
    return (x << np.uint64(k)) | (x >> np.uint64(64 - k))


@numba.njit(cache=True)
def _bernoulli(state, digits, out, n):
    """Words whose bits are 1 with probability p, independently. `digits`: binary digits of p, the
    last one first.

    Each digit d turns acc into acc | r (d = 1) or acc & r (d = 0) with a fresh random word r of
    xoshiro256++ (Blackman & Vigna 2021), one generator a lane.
    """
    for w in range(n):
        out[w] = _ZERO
    for b in range(digits.size):
        d = digits[b]
        for w in range(n):
            s0 = state[0, w]
            s1 = state[1, w]
            s2 = state[2, w]
            s3 = state[3, w]
            r = _rotate(s0 + s3, 23) + s0
            t = s1 << np.uint64(17)
            s2 ^= s0
            s3 ^= s1
            s1 ^= s2
            s0 ^= s3
            s2 ^= t
            s3 = _rotate(s3, 45)
            state[0, w], state[1, w], state[2, w], state[3, w] = s0, s1, s2, s3
            acc = out[w]
            out[w] = (acc & r) | (d & (acc ^ r))


@numba.njit(cache=True)
def metropolis_sweeps(black, white, state, digits, sweeps):
    """`sweeps` checkerboard Metropolis sweeps of 64 lattices in place.

    black, white: (L, L/2) uint64, site (row, 2c + (row + colour) % 2) at [row, c]; a set bit is a
    spin up. state: (4, LANES) uint64. digits: `probability_digits(exp(-4 beta J))`. A spin with d
    of its four neighbours unlike it costs 4 J (2 - d): it flips if d >= 2, with probability p =
    exp(-4 beta J) if d = 1, and p^2 if d = 0.
    """
    rows, columns = black.shape
    first = np.empty(LANES, np.uint64)
    second = np.empty(LANES, np.uint64)
    for _ in range(sweeps):
        for colour in range(2):
            spins, other = (black, white) if colour == 0 else (white, black)
            for row in range(rows):
                here = spins[row]
                same = other[row]
                above = other[row - 1 if row > 0 else rows - 1]
                below = other[row + 1 if row < rows - 1 else 0]
                right = (row + colour) % 2 == 1
                for begin in range(0, columns, LANES):
                    n = min(LANES, columns - begin)
                    _bernoulli(state, digits, first, n)
                    _bernoulli(state, digits, second, n)
                    for w in range(n):
                        c = begin + w
                        if right:
                            side = c + 1 if c + 1 < columns else 0
                        else:
                            side = c - 1 if c > 0 else columns - 1
                        s = here[c]
                        a = s ^ same[c]
                        b = s ^ same[side]
                        e = s ^ above[c]
                        f = s ^ below[c]
                        any_ab = a | b
                        any_ef = e | f
                        two = (a & b) | (e & f) | (any_ab & any_ef)
                        one = any_ab | any_ef
                        here[c] = s ^ (two | (first[w] & (one | second[w])))


def probability_digits(p: float) -> np.ndarray:
    """Binary digits of p, the last first, as words of all ones or zeros."""
    whole = min(round(p * 2**_BITS), 2**_BITS - 1)
    return np.array([_ALL if whole >> k & 1 else _ZERO for k in range(_BITS)], np.uint64)


@numba.njit(cache=True)
def _add(planes, word):
    """Add one bit to each of 64 vertical counters (bit-planes, least significant first)."""
    k = 0
    while word != _ZERO:
        carry = planes[k] & word
        planes[k] ^= word
        word = carry
        k += 1


@numba.njit(cache=True)
def measure_packed(black, white, up, unlike):
    """Spins up and unlike bonds of each of the 64 lattices, written into up (64,) and unlike (64,),
    int64.
    """
    rows, columns = black.shape
    spins = np.zeros(40, np.uint64)
    bonds = np.zeros(40, np.uint64)
    for row in range(rows):
        below = row + 1 if row < rows - 1 else 0
        for c in range(columns):
            _add(spins, black[row, c])
            _add(spins, white[row, c])
            _add(bonds, black[row, c] ^ white[below, c])
            _add(bonds, white[row, c] ^ black[below, c])
            # In even rows black stands left of white: its right neighbour is white[c]; white's is
            # black[c + 1].
            if row % 2 == 0:
                ahead = c + 1 if c + 1 < columns else 0
                _add(bonds, black[row, c] ^ white[row, c])
                _add(bonds, white[row, c] ^ black[row, ahead])
            else:
                ahead = c + 1 if c + 1 < columns else 0
                _add(bonds, white[row, c] ^ black[row, c])
                _add(bonds, black[row, c] ^ white[row, ahead])
    for lattice in range(64):
        up[lattice] = 0
        unlike[lattice] = 0
        for k in range(40):
            up[lattice] += np.int64((spins[k] >> np.uint64(lattice)) & _ONE) << k
            unlike[lattice] += np.int64((bonds[k] >> np.uint64(lattice)) & _ONE) << k


@numba.njit(cache=True)
def count_up(words, up):
    """Set bits of an array of words at each of the 64 places, written into up (64,), int64."""
    rows, columns = words.shape
    planes = np.zeros(40, np.uint64)
    for row in range(rows):
        for c in range(columns):
            _add(planes, words[row, c])
    for place in range(64):
        up[place] = 0
        for k in range(40):
            up[place] += np.int64((planes[k] >> np.uint64(place)) & _ONE) << k


@numba.njit(cache=True)
def heat_bath_sweep(spins, up_probability, rng):
    """One sweep in site order; up_probability[(h + 4) / 2] for a sum h of four neighbours."""
    L = spins.shape[0]
    for i in range(L):
        above = spins[i - 1 if i > 0 else L - 1]
        below = spins[i + 1 if i < L - 1 else 0]
        here = spins[i]
        for j in range(L):
            h = (
                above[j]
                + below[j]
                + here[j - 1 if j > 0 else L - 1]
                + here[j + 1 if j < L - 1 else 0]
            )
            here[j] = 1 if rng.random() < up_probability[(h + 4) >> 1] else -1


@numba.njit(cache=True)
def wolff_cluster(spins, add, stack, rng):
    """Grow and flip one cluster (Wolff 1989); bonds between like spins join with probability add =
    1 - exp(-2 beta J).

    stack: (L * L,) int64 scratch. Returns the size of the cluster.
    """
    L = spins.shape[0]
    seed = int(rng.random() * L * L)
    i = seed // L
    j = seed % L
    old = spins[i, j]
    spins[i, j] = -old
    stack[0] = seed
    depth = 1
    size = 1
    while depth > 0:
        depth -= 1
        i = stack[depth] // L
        j = stack[depth] % L
        for k in range(4):
            a = i
            b = j
            if k == 0:
                a = i + 1 if i < L - 1 else 0
            elif k == 1:
                a = i - 1 if i > 0 else L - 1
            elif k == 2:
                b = j + 1 if j < L - 1 else 0
            else:
                b = j - 1 if j > 0 else L - 1
            if spins[a, b] == old and rng.random() < add:
                spins[a, b] = -old
                stack[depth] = a * L + b
                depth += 1
                size += 1
    return size


@numba.njit(cache=True)
def _root(parent, site):
    while parent[site] != site:
        parent[site] = parent[parent[site]]
        site = parent[site]
    return site


@numba.njit(cache=True)
def _join(spins, add, parent, rng):
    """Join like neighbours with probability `add`: the trees of `parent` (L * L,) are the clusters,
    and a root precedes the rest of its own.
    """
    L = spins.shape[0]
    flat = spins.reshape(-1)
    for site in range(L * L):
        parent[site] = site
    for i in range(L):
        for j in range(L):
            site = i * L + j
            right = i * L + (j + 1 if j < L - 1 else 0)
            below = (i + 1 if i < L - 1 else 0) * L + j
            for k in range(2):
                other = right if k == 0 else below
                if flat[site] == flat[other] and rng.random() < add:
                    a = _root(parent, site)
                    b = _root(parent, other)
                    if a < b:
                        parent[b] = a
                    else:
                        parent[a] = b


@numba.njit(cache=True)
def swendsen_wang_sweep(spins, add, parent, rng):
    """Join all like neighbours with probability `add`, then give every cluster a random sign
    (Swendsen & Wang 1987).
    """
    _join(spins, add, parent, rng)
    flat = spins.reshape(-1)
    # A root precedes the rest of its cluster, so that its new sign is known when the others ask for
    # it.
    for site in range(flat.size):
        root = _root(parent, site)
        if root == site:
            flat[site] = 1 if rng.random() < 0.5 else -1
        else:
            flat[site] = flat[root]


@numba.njit(cache=True)
def cluster_sizes(spins, add, rng):
    """Sites of every cluster (clusters,): of equal spins with add = 1, of Fortuin and Kasteleyn
    with add = 1 - exp(-2 beta J), the clusters that `swendsen_wang_sweep` turns.
    """
    parent = np.empty(spins.size, np.int64)
    _join(spins, add, parent, rng)
    sizes = np.zeros(spins.size, np.int64)
    for site in range(spins.size):
        sizes[_root(parent, site)] += 1
    return sizes[sizes > 0]


@numba.njit(cache=True)
def measure(spins):
    """(sum of spins, sum over bonds of s s') of one lattice."""
    L = spins.shape[0]
    total = 0
    bonds = 0
    for i in range(L):
        for j in range(L):
            total += spins[i, j]
            bonds += spins[i, j] * (
                spins[i, j + 1 if j < L - 1 else 0] + spins[i + 1 if i < L - 1 else 0, j]
            )
    return total, bonds


@numba.njit(cache=True)
def black_total(spins):
    """Sum of the spins whose row and column have an even sum, of one lattice."""
    L = spins.shape[0]
    total = 0
    for i in range(L):
        for j in range(i % 2, L, 2):
            total += spins[i, j]
    return total


@numba.njit(cache=True)
def advance(spins, method, beta, grown, counting, sweeps, rng):
    """`sweeps` sweeps of one lattice, in place. method 0: heat bath, 1: Wolff, 2: Swendsen-Wang;
    beta stands for beta J, which only the heat bath takes negative.

    A Wolff sweep while `counting` is clusters until one lattice is flipped, and adds to grown (2,)
    the sites flipped and the clusters grown; after that it is a fixed number of clusters, as many
    as flipped one lattice on average.
    """
    n = spins.size
    up = np.empty(5)
    for k in range(5):
        up[k] = 1 / (1 + math.exp(-2 * beta * (2 * k - 4)))
    add = 1 - math.exp(-2 * beta)
    scratch = np.empty(n, np.int64)
    clusters = max(1, round(n * grown[1] / grown[0])) if grown[0] > 0 else 1
    for _ in range(sweeps):
        if method == 0:
            heat_bath_sweep(spins, up, rng)
        elif method == 2:
            swendsen_wang_sweep(spins, add, scratch, rng)
        elif counting:
            budget = 0
            while budget < n:
                size = wolff_cluster(spins, add, scratch, rng)
                budget += size
                grown[0] += size
                grown[1] += 1
        else:
            for _ in range(clusters):
                wolff_cluster(spins, add, scratch, rng)


def unpacked(black: np.ndarray, white: np.ndarray, bit: int) -> np.ndarray:
    """The spins (L, L) of +-1, int8, of one of the 64 packed lattices."""
    rows, columns = black.shape
    out = np.empty((rows, 2 * columns), np.int8)
    for row in range(rows):
        for colour, words in enumerate((black, white)):
            set_bits = (words[row] >> np.uint64(bit)) & np.uint64(1)
            out[row, (row + colour) % 2 :: 2] = 2 * set_bits.astype(np.int8) - 1
    return out
