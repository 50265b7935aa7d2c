"""Finite machines: exact samples of a teacher, and what a student can infer from them, by five
methods on the same instances.
"""

from __future__ import annotations

import itertools
import math

import numba
import numpy as np

from replicon._errors import InputError
from replicon.rbm.passing import Posterior, approximate_message_passing, relaxed_belief_propagation

LARGEST = 12  # visible units of an enumeration over 4^N pairs of weight vectors
_EDGES = 20_000_000
_NAMES = (
    "teacher_overlap",
    "cross_overlap",
    "overlap",
    "cross_replica_overlap",
    "receptive_overlap",
    "entropy",
    "converged_fraction",
)


def check_size(controls: dict, size: int) -> None:
    """Refuse what enumeration and messages on edges cannot hold."""
    if "enumeration" in controls["method"] and size > LARGEST:
        raise InputError(
            f"size = {size} is too large for method=enumeration: give size <= {LARGEST} (4^N pairs"
            " of weights)."
        )
    edges = max(controls["load"]) * size**2
    if "belief-propagation" in controls["method"] and edges > _EDGES:
        most = int(math.sqrt(_EDGES / max(controls["load"])))
        raise InputError(
            f"size = {size} is too large for method=belief-propagation, a message an edge: give"
            f" size <= {most}, or method=amp."
        )


def draw_teacher(size: int, units: int, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """Weights (N, K) of +-1; two units' weights of a site with probability (1 + q xi1 xi2)/4."""
    weights = rng.choice([-1.0, 1.0], (size, units))
    if units == 2:
        weights[:, 1] = weights[:, 0] * np.where(
            rng.random(size) < (1 + correlation) / 2, 1.0, -1.0
        )
    return weights


def draw_samples(
    teacher: np.ndarray, count: int, beta: float, rng: np.random.Generator
) -> np.ndarray:
    """Independent samples (M, N) of +-1 of the teacher (N, K), exact, without burn-in: hidden units
    first, then visible given hidden.

    P(h) ~ prod_i 2 cosh(beta xi_i . h / sqrt N) depends on h1 h2 and on the teacher's own overlap Q
    alone.
    """
    size, units = teacher.shape
    hidden = rng.choice([-1.0, 1.0], (count, units))
    if units == 2:
        gain = (
            size
            * float(np.mean(teacher[:, 0] * teacher[:, 1]))
            * log_cosh(2 * beta / math.sqrt(size))
        )
        hidden[:, 1] = hidden[:, 0] * np.where(
            rng.random(count) < 1 / (1 + math.exp(-gain)), 1.0, -1.0
        )
    field = beta / math.sqrt(size) * hidden @ teacher.T
    return np.where(rng.random((count, size)) * (1 + np.exp(-2 * field)) < 1, 1.0, -1.0)


def log_cosh(x):
    return np.logaddexp(x, -x) - math.log(2)


def log_normalisation(overlap, size: int, units: int, beta: float):
    """Ln of sum_sigma,h exp(...) / (2^N 2^K), exact at finite N; `overlap` of the two units'
    weights.
    """
    if units == 1:
        return size * log_cosh(beta / math.sqrt(size))
    step = size / 2 * log_cosh(2 * beta / math.sqrt(size))
    return step + log_cosh(np.asarray(overlap) * step)


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One teacher and its round(load N) samples.

    Student's units are matched with the teacher's, over permutations and signs, where the teacher
    overlap is largest. By message passing all overlaps are those of posterior means m: T = m.xi*/N,
    q = m.m/N. `gibbs` starts at the teacher (for an informed student an exact draw of the
    posterior) and takes m along two chains, `pca` from eigenvectors of the samples' covariance,
    `enumeration` matches each state by itself, which matters for the few sites it can have.
    Entropy: amp (Bethe's) and enumeration.
    """
    guess = controls.correlation if controls.prior == "informed" else 0.0
    teacher = draw_teacher(size, controls.hidden, controls.correlation, rng)
    data = draw_samples(teacher, round(controls.load * size), controls.inverse_temperature, rng)
    given = (data, controls.inverse_temperature, guess)
    if controls.method == "enumeration":
        values = enumerate_posterior(*given, teacher)
    elif controls.method == "gibbs":
        values = _by_gibbs(*given, teacher, controls.sweeps, rng)
    elif controls.method == "pca":
        mean = principal_weights(data, controls.hidden, guess)
        cross = float(mean.prod(axis=1).mean())
        values = _measure(Posterior(mean, cross, math.nan, math.nan, True, 1), teacher)
    else:
        amp = controls.method == "amp"
        infer = approximate_message_passing if amp else relaxed_belief_propagation
        values = _measure(infer(*given, controls.hidden, rng), teacher)
    out = dict(zip(_NAMES, values, strict=True))
    if controls.hidden == 1:
        pairs = ("cross_overlap", "cross_replica_overlap", "receptive_overlap")
        out |= dict.fromkeys(pairs, math.nan)
    return out


def symmetries(units: int) -> list[np.ndarray]:
    """The matrices (K, K) that permute units and flip their signs."""
    out = []
    for order in itertools.permutations(range(units)):
        for signs in itertools.product((1.0, -1.0), repeat=units):
            out.append(np.eye(units)[:, list(order)] * np.array(signs))
    return out


def matched(mean: np.ndarray, target: np.ndarray) -> np.ndarray:
    """`mean` (N, K) with units permuted and signs flipped so that its overlap with `target` (N, K)
    is largest.
    """
    overlap = target.T @ mean / len(mean)
    # Rounded, so that means that vanish are left as they are (the first symmetry is the identity).
    return mean @ max(
        symmetries(mean.shape[1]), key=lambda change: round(float(np.trace(overlap @ change)), 4)
    )


def _off_diagonal(matrix: np.ndarray) -> float:
    return float(matrix[0, 1] + matrix[1, 0]) / 2 if len(matrix) == 2 else math.nan


def _measure(found: Posterior, teacher: np.ndarray, other: np.ndarray | None = None) -> tuple:
    """`other`: posterior means of an independent chain, without which q = m.m/N."""
    size = len(teacher)
    mean = matched(found.mean, teacher)
    second = mean if other is None else matched(other, mean)
    receptive = found.receptive_overlap
    if (
        teacher.shape[1] == 2
        and float(np.sum(found.mean.prod(axis=1)) * np.sum(mean.prod(axis=1))) < 0
    ):
        receptive = -receptive  # the sign of one unit was flipped
    with_teacher, between = teacher.T @ mean / size, mean.T @ second / size
    overlap, cross = float(np.trace(between)) / len(between), _off_diagonal(between)
    return (
        float(np.trace(with_teacher)) / len(with_teacher),
        _off_diagonal(with_teacher),
        overlap,
        cross,
        receptive,
        found.entropy,
        float(found.converged),
    )


def principal_weights(data: np.ndarray, units: int, guess: float) -> np.ndarray:
    """Weights (N, K) in the directions of the K leading eigenvectors v of the covariance, shrunk by
    their expected overlap.

    An eigenvalue lambda above the Marchenko-Pastur edge (1 + sqrt g)^2, g = N/M, stands for a true
    one 1 + s, lambda = (1 + s)(1 + g/s), and cos^2(v, true) = (1 - g/s^2)/(1 + g/s); below the edge
    nothing is known. Two units' sum and difference are the true directions, of norm^2 2 N (1 +- p).
    Teacher overlap (Bayes-optimal for weights on a sphere) is then cos^2.

    Source: Baik, Ben Arous & Peche, Ann. Prob. 33, 1643 (2005); Paul, Stat. Sinica 17, 1617 (2007).
    """
    count, size = data.shape
    directions = np.zeros((size, units))
    if count:
        from scipy.linalg import svd

        left = svd(data if count >= size else data.T, full_matrices=False)
        vectors, values = (left[2].T if count >= size else left[0]), left[1] ** 2 / count
        ratio = size / count
        for k in range(min(units, len(values))):
            scale = 1.0 if units == 1 else 2 * (1 + (guess if k == 0 else -guess))
            directions[:, k] = (
                _shrinkage(values[k], ratio) * math.sqrt(scale * size) * vectors[:, k]
            )
    if units == 1:
        return directions
    return (
        np.stack([directions[:, 0] + directions[:, 1], directions[:, 0] - directions[:, 1]], axis=1)
        / 2
    )


def _shrinkage(value: float, ratio: float) -> float:
    """Cosine between a sample eigenvector and the true one, from its eigenvalue."""
    if value <= (1 + math.sqrt(ratio)) ** 2:
        return 0.0
    half = (value - 1 - ratio) / 2
    spike = half + math.sqrt(max(half**2 - ratio, 0.0))
    return math.sqrt(max(1 - ratio / spike**2, 0.0) / (1 + ratio / spike))


def log_posterior(
    data: np.ndarray, beta: float, guess: float, units: int
) -> tuple[np.ndarray, np.ndarray]:
    """All 2^N weight vectors (2^N, N), and ln[P(data | xi) prior(xi) 2^(N M)], (2^N,) for one unit,
    (2^N, 2^N) for two.
    """
    count, size = data.shape
    states = np.array(list(itertools.product((1.0, -1.0), repeat=size)))
    single = (
        log_cosh(beta / math.sqrt(size) * states @ data.T).sum(axis=1)
        if count
        else np.zeros(len(states))
    )
    if units == 1:
        return states, single - count * log_normalisation(1.0, size, 1, beta) - size * math.log(2)
    overlap = states @ states.T / size
    prior = (
        size
        * (math.log((1 + guess) / 4) * (1 + overlap) + math.log((1 - guess) / 4) * (1 - overlap))
        / 2
    )
    return (
        states,
        single[:, None] + single - count * log_normalisation(overlap, size, 2, beta) + prior,
    )


def enumerate_posterior(data, beta: float, guess: float, teacher: np.ndarray) -> tuple:
    """Averages over all weights, each state matched with the teacher; exact. Two replicas are two
    draws so matched.
    """
    size, units = teacher.shape
    states, logs = log_posterior(data, beta, guess, units)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    entropy = -float((weight * np.log(np.maximum(weight, 1e-300))).sum()) / size
    if units == 1:
        sign = np.where(states @ teacher[:, 0] < 0, -1.0, 1.0)
        mean = (weight * sign) @ states
        return (
            float(mean @ teacher[:, 0]) / size,
            math.nan,
            float(mean @ mean) / size,
            math.nan,
            math.nan,
            entropy,
            1.0,
        )
    # Signs: each student's unit with the teacher's it is matched with.
    to = states @ teacher / size  # (2^N, 2)
    straight = np.abs(to[:, None, 0]) + np.abs(to[None, :, 1])
    crossed = np.abs(to[:, None, 1]) + np.abs(to[None, :, 0])
    keep = weight * ((straight > crossed) + 0.5 * (straight == crossed))
    keep = keep + (weight * ((crossed > straight) + 0.5 * (straight == crossed))).T
    one, two = (np.where(to[:, k] < 0, -1.0, 1.0) for k in range(2))
    first, second = (keep.sum(axis=1) * one) @ states, (keep.sum(axis=0) * two) @ states
    mean = np.stack([first, second], axis=1)
    with_teacher, between = teacher.T @ mean / size, mean.T @ mean / size
    receptive = float(one @ (keep * (states @ states.T)) @ two) / size
    overlap, cross = float(np.trace(between)) / 2, _off_diagonal(between)
    return (
        float(np.trace(with_teacher)) / 2,
        _off_diagonal(with_teacher),
        overlap,
        cross,
        receptive,
        entropy,
        1.0,
    )


def _by_gibbs(
    data, beta: float, guess: float, teacher: np.ndarray, sweeps: int, rng: np.random.Generator
) -> tuple:
    means, products = [], []
    for _ in range(2):
        mean, product = gibbs(data, beta, guess, teacher.copy(), sweeps, rng)
        means.append(mean)
        products.append(product)
    found = Posterior(means[0], float(np.mean(products)), math.nan, math.nan, True, sweeps)
    return _measure(found, teacher, means[1])


def gibbs(
    data, beta: float, guess: float, weights: np.ndarray, sweeps: int, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Heat bath of weights (N, K), in place, hidden units summed out: means over the second half of
    `sweeps`, and mean product.

    The posterior at finite N, without approximation: that of `log_posterior`. O(N M) a sweep.
    """
    count, size = data.shape
    units = weights.shape[1]
    columns = np.ascontiguousarray(data.T)
    field = np.ascontiguousarray(beta / math.sqrt(size) * (data @ weights).T)  # (K, M)
    overlap = np.arange(-size, size + 1) / size
    # ln of the prior and normalisation against the two units' overlap, in steps of 1/N.
    table = (
        size * math.atanh(guess) * overlap - count * log_normalisation(overlap, size, 2, beta)
        if units == 2
        else 0 * overlap
    )
    total, product, kept = np.zeros_like(weights), 0.0, 0
    for sweep in range(sweeps):
        _sweep(columns, beta / math.sqrt(size), weights, field, table, rng)
        if sweep >= sweeps // 2:
            total += weights
            product += float(weights.prod(axis=1).mean())
            kept += 1
    return total / kept, product / kept


@numba.njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def _sweep(columns, step, weights, field, table, rng):
    """cosh(x - d)/cosh(x) = cosh d (1 - tanh x tanh d): logarithms of products of eight, tanh kept
    and renewed only by a flip.
    """
    size, count = columns.shape
    units = weights.shape[1]
    tilt = np.tanh(field)
    turn, overlap = math.tanh(2 * step), 0
    if units == 2:
        for i in range(size):
            overlap += int(weights[i, 0] * weights[i, 1])
    constant = count * math.log(math.cosh(2 * step))
    for i in range(size):
        column = columns[i]
        for k in range(units):
            slope = turn * weights[i, k]
            gain, a = constant, 0
            while a + 8 <= count:
                whole = 1.0
                for b in range(a, a + 8):
                    whole *= 1 - slope * column[b] * tilt[k, b]
                gain += math.log(whole)
                a += 8
            for b in range(a, count):
                gain += math.log(1 - slope * column[b] * tilt[k, b])
            after = overlap
            if units == 2:
                after = overlap - 2 * int(weights[i, 0] * weights[i, 1])
                gain += table[after + size] - table[overlap + size]
            if rng.random() * (1 + math.exp(-gain)) < 1:
                change = -2 * step * weights[i, k]
                weights[i, k] = -weights[i, k]
                overlap = after
                for b in range(count):
                    field[k, b] += change * column[b]
                    tilt[k, b] = math.tanh(field[k, b])
