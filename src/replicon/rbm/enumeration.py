"""The posterior of the weights of a machine, given samples of it, by a sum over all weights."""

from __future__ import annotations

import itertools
import math

import numpy as np

from replicon.rbm.instance import log_cosh, log_normalisation
from replicon.rbm.posterior import Posterior

LARGEST = 12  # visible units of an enumeration over 4^N pairs of weight vectors
LARGEST_ALONE = 16  # over 2^N weight vectors
_BLOCK = 2**12  # weight vectors at once


def of_one_unit(
    data: np.ndarray, beta: float, hopfield: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All 2^N weight vectors (2^N, N), ln of what the data (M, N) give each, prod_a cosh(beta X_a)
    or its expansion prod_a exp(beta^2 X_a^2/2), and beta times its derivative in beta (in beta^2).
    """
    size = data.shape[1]
    states = np.array(list(itertools.product((1.0, -1.0), repeat=size)))
    logs = np.zeros(len(states))
    energy = np.zeros(len(states))
    for begin in range(0, len(states) if len(data) else 0, _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        x = beta / math.sqrt(size) * states[rows] @ data.T
        logs[rows] = (x**2 / 2 if hopfield else log_cosh(x)).sum(axis=1)
        energy[rows] = (x**2 / 2 if hopfield else x * np.tanh(x)).sum(axis=1)
    return states, logs, energy


def log_posterior(
    data: np.ndarray, beta: float, guess: float, units: int
) -> tuple[np.ndarray, np.ndarray]:
    """All 2^N weight vectors (2^N, N), and ln[P(data | xi) prior(xi) 2^(N M)], (2^N,) for one unit,
    (2^N, 2^N) for two; data (M, N), `guess` the correlation of the student's prior.
    """
    states, single, _ = of_one_unit(data, beta)
    return states, _log_posterior(states, single, len(data), beta, guess, units)


def _log_posterior(states, single, samples: int, beta: float, guess: float, units: int):
    size = states.shape[1]
    if units == 1:
        norm = samples * log_normalisation(1.0, size, 1, beta)
        return single - norm - size * math.log(2)
    overlap = states @ states.T / size
    equal = math.log((1 + guess) / 4) * (1 + overlap)
    unequal = math.log((1 - guess) / 4) * (1 - overlap)
    prior = size * (equal + unequal) / 2
    norm = samples * log_normalisation(overlap, size, 2, beta)
    return single[:, None] + single - norm + prior


def enumerate_posterior(
    data, beta: float, guess: float, teacher: np.ndarray, *, hopfield: bool = False
) -> Posterior:
    """Averages over all weights, each state matched with the teacher (N, K); exact. Two replicas
    are two draws so matched. data (M, N); `hopfield`: of the expansion of one unit.
    """
    size, units = teacher.shape
    states, single, energy = of_one_unit(data, beta, hopfield)
    logs = _log_posterior(states, single, len(data), beta, guess, units)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    entropy = -float((weight * np.log(np.maximum(weight, 1e-300))).sum()) / size
    each = single - energy
    both = each if units == 1 else each[:, None] + each
    hidden = entropy + float((weight * both).sum()) / size
    if units == 1:
        sign = np.where(states @ teacher[:, 0] < 0, -1.0, 1.0)
        mean = ((weight * sign) @ states)[:, None]
        return Posterior(mean, np.zeros(0), math.nan, entropy, True, 1, hidden)
    mean, receptive = _matched_pairs(states, weight, teacher)
    return Posterior(mean, np.array([receptive]), math.nan, entropy, True, 1, hidden)


def _matched_pairs(
    states: np.ndarray, weight: np.ndarray, teacher: np.ndarray
) -> tuple[np.ndarray, float]:
    """Means (N, 2) and receptive overlap of pairs of states (2^N, N) of the probabilities `weight`
    (2^N, 2^N), each pair in the order, and with the signs, of largest overlap with the teacher.
    """
    size = len(teacher)
    to = states @ teacher / size  # (2^N, 2)
    straight = np.abs(to[:, None, 0]) + np.abs(to[None, :, 1])
    crossed = np.abs(to[:, None, 1]) + np.abs(to[None, :, 0])
    tie = 0.5 * (straight == crossed)
    keep = weight * ((straight > crossed) + tie)
    keep = keep + (weight * ((crossed > straight) + tie)).T
    one = np.where(to[:, 0] < 0, -1.0, 1.0)
    two = np.where(to[:, 1] < 0, -1.0, 1.0)
    first = (keep.sum(axis=1) * one) @ states
    second = (keep.sum(axis=0) * two) @ states
    receptive = float(one @ (keep * (states @ states.T)) @ two) / size
    return np.stack([first, second], axis=1), receptive
