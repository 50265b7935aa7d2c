"""Maximum likelihood of Ising couplings with moments from chains: steps by curvature, and a test at
the end.

Parameters are one vector, fields then couplings of pairs i < j; their moments are <s_i> and <s_i
s_j>.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import chi2, norm
from threadpoolctl import threadpool_limits

from replicon.boltzmann.chains import Population, draw, memory, memory_limit, tuned_ladder
from replicon.boltzmann.enumerated import Penalty, features

_DENSE = 5200  # parameters of which all covariances are kept (N = 101)
_TESTED = 1300  # parameters for which the chi-square of all together is formed
_WORK = 40_000_000  # entries of the final states' features
_SPINS = 1_300_000, 400_000  # of the final states: of plain chains, of chains that exchange
_ROUNDS = 4
_QUANTILE = 0.99


class Data(NamedTuple):
    """`rows` (B, N) of +-1, `pseudocount`, and the moments of both together: m (N,),
    second (N, N).
    """

    rows: np.ndarray
    pseudocount: float
    m: np.ndarray
    second: np.ndarray

    @property
    def count(self) -> float:
        return len(self.rows) + self.pseudocount


class Agreement(NamedTuple):
    """chi_square of all gaps together (NaN where not formed) and its limit; largest
    |z|, its limit.
    """

    chi_square: float
    chi_limit: float
    z: float
    z_limit: float

    @property
    def holds(self) -> bool:
        return self.z <= self.z_limit and not self.chi_square > self.chi_limit


def agreement(gap: np.ndarray, data: np.ndarray, chains: np.ndarray) -> Agreement:
    """Whether moments of data and of model are the same within the data's and the chains' errors.

    gap (P,): their difference; data, chains: covariances of both means, (P, P) or variances (P,).
    Both must hold: each gap, z = gap / error, below the two-sided 99 % quantile of the largest of P
    normal numbers; and gap V^-1 gap below the 99 % quantile of chi-square with P degrees of
    freedom.
    """
    count = len(gap)
    both = data + chains
    variance = np.diagonal(both) if both.ndim == 2 else both
    z = float(np.abs(gap / np.sqrt(variance)).max())
    z_limit = float(norm.isf((1 - _QUANTILE) / 2 / count))
    limit = float(chi2.ppf(_QUANTILE, count))
    if both.ndim == 1:
        return Agreement(math.nan, limit, z, z_limit)
    # In units of each moment's own error, and directions beyond rounding only.
    scale = 1 / np.sqrt(variance)
    correlation = both * np.outer(scale, scale)
    correlation[np.diag_indices(count)] += 1e-10 * count
    solved = cho_solve(cho_factor(correlation, overwrite_a=True), gap * scale)
    return Agreement(float((gap * scale) @ solved), limit, z, z_limit)


def _blocks(rows, size: int):
    step = max(1, 20_000_000 // size)
    return (rows[k : k + step] for k in range(0, len(rows), step))


def _covariance(rows: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Of the features of rows mixed with uniform ones at weight 1 - share; variances alone beyond
    _DENSE.
    """
    count = rows.shape[1] * (rows.shape[1] + 1) // 2
    if count > _DENSE:
        m = np.concatenate([features(block).sum(axis=0)[None] for block in _blocks(rows, count)])
        mean = share * m.sum(axis=0) / len(rows)
        return 1 - mean**2
    most = max(int(2e11 / count**2), 1000)
    rows = rows[:: -(-len(rows) // most)]
    square = np.zeros((count, count))
    mean = np.zeros(count)
    for block in _blocks(rows, count):
        x = features(block, np.float32)
        square += x.T @ x
        mean += x.sum(axis=0, dtype=float)
    mean *= share / len(rows)
    square *= share / len(rows)
    square[np.diag_indices(count)] += 1 - share
    covariance = square - np.outer(mean, mean)
    # With few rows small eigenvalues come out too small.
    shrunk = count / (count + 4 * len(rows))
    variances = np.diagonal(covariance).copy()
    covariance *= 1 - shrunk
    covariance[np.diag_indices(count)] += shrunk * variances
    return covariance


class _Curvature:
    """Mean of the covariances of data and model, plus the penalty's: what a gradient is divided by.

    Where either has a large variance the step is small; near the maximum both are the curvature.
    """

    def __init__(self, data: np.ndarray, model: np.ndarray, ridge: np.ndarray):
        both = (data + model) / 2
        if both.ndim == 1:
            # Uncorrelated steps would add up: pairs that share a spin are correlated.
            self.factor = None
            self.variances = (np.maximum(both, 1e-6) + ridge) * 2
            return
        both[np.diag_indices(len(both))] += ridge + 1e-6
        self.factor = cho_factor(both, overwrite_a=True)

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        if self.factor is None:
            return gradient / self.variances
        return cho_solve(self.factor, gradient, check_finite=False)


class _Problem:
    """Moments, penalty and the packing of parameters."""

    def __init__(self, data: Data, penalty: Penalty):
        self.count = len(data.m)
        self.upper = np.triu_indices(self.count, 1)
        self.goal = np.concatenate([data.m, data.second[self.upper]])
        couplings = np.full(len(self.upper[0]), 4 * penalty.strength)
        self.ridge = np.concatenate([np.full(self.count, 2 * penalty.fields), couplings])
        self.base = np.arctanh(np.clip(data.m, -0.999, 0.999))
        self.data = _covariance(data.rows, len(data.rows) / data.count)

    def pack(self, J, h) -> np.ndarray:
        return np.concatenate([h, J[self.upper]])

    def unpack(self, values) -> tuple[np.ndarray, np.ndarray]:
        J = np.zeros((self.count, self.count))
        J[self.upper] = values[self.count :]
        return J + J.T, values[: self.count].copy()

    def conditional(self, spins, fields) -> np.ndarray:
        """Mean moments of states (n, N), each spin by its mean given the others: less noise."""
        means = np.tanh(fields)
        pair = (means.T @ spins).astype(float) / len(spins)
        return np.concatenate([means.mean(axis=0, dtype=float), ((pair + pair.T) / 2)[self.upper]])


@threadpool_limits.wrap(
    limits=1
)  # products too small to share: threads would wait for each other, and bits depend on their number
def monte_carlo_likelihood(
    data: Data, starts: list, penalty: Penalty, chains: int, updates: int, sweeps: int, rng
) -> tuple[np.ndarray, np.ndarray, str]:
    """J, h and, empty where it converged, why not.

    `updates` steps of rate 0.5 / (1 + t/20) along the gradient divided by the curvature, from the
    best of `starts` (J, h), with moments of `chains` persistent chains, `sweeps` sweeps a step, at
    several temperatures where plain chains do not forget; the mean of the second half is returned.
    Then new chains, which have seen nothing of this, must have the data's moments within the errors
    of both (`agreement`), and have mixed; where the moments differ, or differ by more than the
    chains' errors and a tenth of the data's, a Newton step and new chains again, up to four times.

    Source: Ferrari, Phys. Rev. E 94, 023301 (2016) (gradients divided by the data's covariance).
    Referee: `exact_likelihood`.
    """
    problem = _Problem(data, penalty)
    values = _best(problem, starts, chains, rng)
    population = None
    renewed = {0, *(4**k for k in range(1, 10)), updates // 4, updates // 2}
    total = np.zeros_like(values)
    kept = 0
    curvature = None
    for turn in range(updates):
        J, h = problem.unpack(values)
        if population is None or turn in (updates // 8, updates // 2):
            population = _population(problem, J, h, chains, rng)
        population.set(J, h)
        population.run(sweeps)
        cold = population.cold()
        spins = population.spins[cold]
        found = problem.conditional(spins, population.fields[cold] + h)
        gradient = problem.goal - found - problem.ridge * values
        if curvature is None or turn in renewed:
            curvature = _Curvature(problem.data, _covariance(spins), problem.ridge)
        step = 0.5 / (1 + turn / 20) * curvature.solve(gradient)
        values = values + step * min(1.0, 0.5 / max(np.abs(step).max(), 1e-300))
        if turn >= updates // 2:
            total += values
            kept += 1
    return _settled(problem, data, total / kept, max(50, 10 * sweeps), chains, rng)


def _settled(problem: _Problem, data: Data, values, sweeps: int, chains: int, rng):
    wanted = max(data.count, chains)
    plain, tempered = (
        int(min(wanted, max(min(spins // problem.count, _WORK // len(values)), 2000)))
        for spins in _SPINS
    )
    reason = ""
    inherited = (
        0.0  # covariance of the chains behind the last Newton step, whose noise it took over
    )
    for turn in range(_ROUNDS):
        J, h = problem.unpack(values)
        drawn = draw(J, h, problem.base, plain, sweeps, rng, tempered)
        count = len(drawn.rows)
        found, spread = _moments(problem, drawn)
        gap = problem.goal - found - problem.ridge * values
        own = problem.data
        if own.ndim == 2 and (
            len(gap) > _TESTED or data.count < 2 * len(gap) or count < 2 * len(gap)
        ):
            own = np.diagonal(own)
        if spread.ndim > own.ndim:
            spread = np.diagonal(spread)
        if turn and np.ndim(inherited) > own.ndim:
            inherited = np.diagonal(inherited)
        floor = 1 / data.count**2  # a moment is known to one row
        own = own / data.count + (floor * np.eye(len(gap)) if own.ndim == 2 else floor)
        test = agreement(gap, own, spread / count + inherited)
        each, noise = (np.diagonal(x) if x.ndim == 2 else x for x in (own, spread / count))
        # A gap that is more than noise and more than a tenth of the data's errors is mended where
        # the step's noise is small.
        small = noise.sum() < each.sum() and turn < _ROUNDS - 1
        if test.holds and not (small and not agreement(gap, each / 100, noise).holds):
            return J, h, "" if drawn.mixed else drawn.reason
        reason = f"the model's moments differ from the data's by up to {test.z:.1f} standard errors"
        if not drawn.mixed:
            reason += f", and {drawn.reason}"
        if turn < _ROUNDS - 1:
            step = _Curvature(problem.data, _covariance(drawn.rows), problem.ridge).solve(gap)
            values = values + step * min(1.0, 0.5 / max(np.abs(step).max(), 1e-300))
            inherited = spread / count
    return J, h, reason


def _moments(problem: _Problem, drawn) -> tuple[np.ndarray, np.ndarray]:
    """Mean conditional moments of independent rows, and the covariance of one row's."""
    first, second = problem.upper
    count = len(problem.goal)
    mean = np.zeros(count)
    square = np.zeros((count, count)) if count <= _TESTED else np.zeros(count)
    size = max(1, 20_000_000 // count)
    for k in range(0, len(drawn.rows), size):
        s = drawn.rows[k : k + size].astype(np.float32)
        t = np.tanh(drawn.fields[k : k + size]).astype(np.float32)
        x = np.concatenate(
            [t, (t[:, first] * s[:, second] + s[:, first] * t[:, second]) / 2], axis=1
        )
        x -= problem.goal.astype(np.float32)
        mean += x.sum(axis=0, dtype=float)
        square += x.T @ x if square.ndim == 2 else (x**2).sum(axis=0, dtype=float)
    mean /= len(drawn.rows)
    square /= len(drawn.rows)
    return mean + problem.goal.astype(np.float32), square - (
        np.outer(mean, mean) if square.ndim == 2 else mean**2
    )


def _best(problem: _Problem, starts: list, chains: int, rng) -> np.ndarray:
    """The start whose chains are nearest to the data, in units of the data's own variances."""
    variance = np.diagonal(problem.data) if problem.data.ndim == 2 else problem.data
    best, least = None, math.inf
    for J, h in starts:
        if not (np.isfinite(J).all() and np.isfinite(h).all()):
            continue
        trial = Population(J, h, problem.base, min(chains, 1000), rng)
        trial.run(50)
        found = problem.conditional(trial.spins, trial.fields + h)
        values = problem.pack(J, h)
        gap = problem.goal - found - problem.ridge * values
        distance = float((gap**2 / np.maximum(variance, 1e-6)).sum())
        if distance < least or best is None:
            best, least = values, distance
    assert best is not None
    return best


def _population(problem: _Problem, J, h, chains: int, rng) -> Population:
    """Plain chains where these forget their past within 100 sweeps, otherwise ladders of them."""
    plain = Population(J, h, problem.base, chains, rng)
    plain.run(50)
    half = plain.spins.copy()
    plain.run(50)
    # The mean over many steps mends what one step's chains still remember.
    if memory(half, plain.spins) < max(0.3, memory_limit(chains)):
        return plain
    ladder = tuned_ladder(J, h, problem.base, rng)
    copies = max(chains // len(ladder), min(chains, 500))
    population = Population(J, h, problem.base, copies, rng, ladder)
    population.turn_over(500)
    return population
