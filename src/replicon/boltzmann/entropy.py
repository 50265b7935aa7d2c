"""How much of what spins tell of one another pairs explain: entropies of data and of models."""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from replicon.boltzmann.moments import Data
from replicon.spins.exact import enumerate_states
from replicon.spins.log_partition import LogPartition

_UNSEEN = 0.05  # probability of states never seen from which the rows' own entropy is in doubt

_ROUNDING = 1e-9  # of mean energies
_APART = 4.5  # errors of the mean energy beyond which a machine has other moments than the rows


class MultiInformation(NamedTuple):
    """Entropies and their differences, each a number in nats a row.

    independent_entropy S_1: of independent columns with the rows' means. pairwise_entropy S_2: of
    the machine. data_entropy S_N: of the rows (NaN beyond 20 columns).

    pairwise = S_1 - S_2: what pairs explain (I_2). total = S_1 - S_N: the multi-information, all
    that the columns tell of one another (I_N). ratio = pairwise / total, the share of it that pairs
    explain. `..._error`: standard errors. unseen: the probability of states that the rows never
    met (Good & Turing): above 0.05 the rows are too few for data_entropy, hence total and ratio.
    """

    pairwise: float
    pairwise_error: float
    independent_entropy: float
    pairwise_entropy: float
    total: float = math.nan
    total_error: float = math.nan
    ratio: float = math.nan
    ratio_error: float = math.nan
    data_entropy: float = math.nan
    unseen: float = math.nan


class Rows(NamedTuple):
    """The rows that were learnt, their energies (B,) under the machine, and how many parameters
    were fitted to them, 0 where a penalty or a prior holds these.
    """

    data: Data
    energies: np.ndarray
    parameters: int


class _Estimate(NamedTuple):
    """A number, and what each row contributes to it (B,), with mean zero."""

    value: float
    influence: np.ndarray


def fitted(machine) -> int:
    """Parameters that a machine found without a penalty or a prior."""
    if machine.pseudocount or machine.regularization or machine.field_regularization:
        return 0
    n = machine.n_features_in_
    return n if machine.method == "independent" else n * (n + 1) // 2


class Own(NamedTuple):
    """Entropy and mean energy of a machine with their errors, each a number, in nats."""

    entropy: float
    error: float
    energy: float
    energy_error: float


def exact(couplings: np.ndarray, fields: np.ndarray) -> Own:
    """By enumeration."""
    found = enumerate_states(couplings, fields)
    return Own(found.entropy, 0.0, found.energy, 0.0)


def sampled(log_partition: LogPartition, energies: np.ndarray) -> Own:
    """ln Z + <E>, from energies of independent rows of the machine."""
    mean = float(energies.mean())
    error = float(energies.std()) / math.sqrt(len(energies))
    return Own(log_partition.value + mean, math.hypot(log_partition.error, error), mean, error)


def explain(rows: Rows, own: Own, *, small: bool) -> MultiInformation:
    """`BoltzmannMachine.multi_information`; with the rows' own entropy where their columns are few.

    Biases of first order are removed: of fitted parameters, one half for each and row (Miller 1955,
    Macke, Murray & Latham 2011), of the rows' own entropy by leaving a row out (Zahl, Ecology 58,
    907 (1977)). Errors are those of influences of single rows (see `uncertainty`): s moves S_1 by
    -sum_i atanh(m_i) (s_i - m_i), S_2, at the maximum of the likelihood, by its energy, and S_N by
    -ln of its frequency; where the first order vanishes, without any correlation, the variance of
    chi-square with one degree of freedom a parameter is left.
    """
    data = rows.data
    often = np.ones(len(data.rows)) if data.weights is None else data.weights
    total = data.total
    columns = data.rows.shape[1]
    p = often / total
    independent = _independent(data.rows, p, total)
    gain = rows.parameters / (2 * total)
    mean = float(p @ rows.energies)
    pairwise = _Estimate(own.entropy + gain, rows.energies - mean)
    _warn_moments(mean - own.energy, math.hypot(_error(pairwise, p, total, 0), own.energy_error))
    by_pairs = _difference(independent, pairwise)
    freedom = max(rows.parameters - columns, 0)
    error = math.hypot(_error(by_pairs, p, total, freedom), own.error)
    found = MultiInformation(by_pairs.value, error, independent.value, pairwise.value)
    if not small:
        return found
    data_entropy, states, unseen = _of_data(data.rows, often, total)
    _warn_unseen(unseen)
    whole = _difference(independent, data_entropy)
    found = found._replace(
        total=whole.value,
        total_error=_error(whole, p, total, max(states - 1 - columns, 0)),
        data_entropy=data_entropy.value,
        unseen=unseen,
    )
    if whole.value <= 0:
        return found
    ratio = by_pairs.value / whole.value
    moved = (by_pairs.influence - ratio * whole.influence) / whole.value
    of_rows = _error(_Estimate(ratio, moved), p, total, 0)
    return found._replace(ratio=ratio, ratio_error=math.hypot(of_rows, own.error / whole.value))


def _warn_moments(gap: float, error: float) -> None:
    """Where the model has the rows' moments, it has their mean energy."""
    if abs(gap) > _APART * error + _ROUNDING:
        warnings.warn(
            "The machine does not have the rows' means and correlations (its mean energy is"
            f" {abs(gap):.2g} nats from theirs), so that its entropy is not that of the pairwise"
            " model: take method=exact or monte-carlo, without a penalty.",
            ConvergenceWarning,
            stacklevel=4,
        )


def _warn_unseen(unseen: float) -> None:
    if unseen > _UNSEEN:
        warnings.warn(
            f"The rows' own entropy is uncertain: {100 * unseen:.0f} % of the probability lies on"
            " states that they never met; give more rows, or fewer columns.",
            ConvergenceWarning,
            stacklevel=4,
        )


def _difference(one: _Estimate, two: _Estimate) -> _Estimate:
    return _Estimate(one.value - two.value, one.influence - two.influence)


def _error(estimate: _Estimate, p: np.ndarray, total: float, freedom: int) -> float:
    return math.sqrt(float(p @ estimate.influence**2) / total + freedom / (2 * total**2))


def _independent(rows: np.ndarray, p: np.ndarray, total: float) -> _Estimate:
    """Sum of the columns' entropies, (1 + m)/2 the chance of +1."""
    m = p @ rows
    chances = np.stack([(1 + m) / 2, (1 - m) / 2])
    logs = np.log(chances, where=chances > 0, out=np.zeros_like(chances))
    changing = int((np.abs(m) < 1).sum())
    slope = (logs[0] - logs[1]) / 2  # atanh m
    return _Estimate(float(-(chances * logs).sum()) + changing / (2 * total), -(rows - m) @ slope)


def _of_data(rows: np.ndarray, often: np.ndarray, total: float) -> tuple[_Estimate, int, float]:
    """Entropy of the rows' own frequencies, the number of states met, and the probability of those
    never met.
    """
    words = (rows > 0) @ (1 << np.arange(rows.shape[1]))
    _, place = np.unique(words, return_inverse=True)
    counts = np.bincount(place, often)
    each = counts * np.log(counts)
    fewer = np.maximum(counts - 1, 0)
    without = each.sum() - each + fewer * np.log(fewer, where=fewer > 0, out=np.zeros_like(fewer))
    value = math.log(total) - float(each.sum()) / total
    influence = -np.log(counts / total)[place] - value
    if total > 2:
        left_out = math.log(total - 1) - without / (total - 1)
        value = total * value - (total - 1) * float(counts @ left_out) / total
    unseen = float(counts[counts <= 1].sum() / total)
    return _Estimate(value, influence), len(counts), unseen
