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
from threadpoolctl import ThreadpoolController

from replicon.boltzmann.chains import Population, draw, memory, memory_limit, tuned_ladder
from replicon.boltzmann.enumerated import Penalty, products
from replicon.boltzmann.inverse import Inferred
from replicon.boltzmann.moments import Data, covariance

_TESTED = 1300  # parameters for which the chi-square of all together is formed
_WORK = 40_000_000  # entries of the final states' features
_SPINS = 1_300_000, 400_000  # of the final states: of plain chains, of chains that exchange
_ROUNDS = 4
_QUANTILE = 0.99
_COPIES = 500  # ladders, at least, of which moments are taken
_LONGEST = 0.5  # step of any parameter: couplings of order 1 are strong
_TEST_SWEEPS = 50  # of the chains of the test, at least
_CLIMBING = "its ascent has not ended"


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
        self.data = covariance(data.rows, data.total / data.count, data.weights)

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


class Ascent:
    """A likelihood that is climbed: a step is one along its gradient, and the last of `updates`
    ends with a test of what was found.

    Steps have rate 0.5 / (1 + t/20) along the gradient divided by the curvature, from the best of
    `starts` (J, h), with moments of `chains` persistent chains, `sweeps` sweeps a step, at several
    temperatures where plain chains do not forget; the mean of the second half is what they find.
    Then new chains, which have seen nothing of this, must have the data's moments within the errors
    of both (`agreement`), and have mixed; where the moments differ, or differ by more than the
    chains' errors and a tenth of the data's, a Newton step and new chains again, up to four times.
    `unsure`: why there may be no maximum.

    `now`: couplings (N, N), fields (N,) and why they are not the maximum. `done`: the test was
    made. Source: Ferrari, Phys. Rev. E 94, 023301 (2016) (gradients divided by the data's
    covariance). Referee: `exact_likelihood`.
    """

    def __init__(
        self,
        data: Data,
        starts: list,
        penalty: Penalty,
        chains: int,
        updates: int,
        sweeps: int,
        rng: np.random.Generator,
        unsure: str = "",
    ):
        self.data = data
        self.unsure = unsure
        self.chains = chains
        self.updates = updates
        self.sweeps = sweeps
        self.rng = rng
        # Products too small to share: threads would wait for each other, and bits depend on their
        # number.
        self.threads = ThreadpoolController()
        with self.threads.limit(limits=1):
            self.problem = _Problem(data, penalty)
            self.values = _best(self.problem, starts, chains, rng)
        self.population: Population | None = None
        self.curvature: _Curvature | None = None
        self.total = np.zeros_like(self.values)
        self.kept = 0
        self.turn = 0
        self.now = Inferred(*self.problem.unpack(self.values), _CLIMBING)
        self.done = False

    def step(self, count: int) -> None:
        """So many steps, fewer at the end of the ascent."""
        with self.threads.limit(limits=1):
            for _ in range(min(count, self.updates - self.turn)):
                self._climb()
                self.turn += 1
            if self.turn == self.updates and not self.done:
                found = self._settled()
                self.now = found._replace(reason=found.reason or self.unsure)
                self.done = True
            elif not self.done:
                found = self.total / self.kept if self.kept else self.values
                self.now = Inferred(*self.problem.unpack(found), _CLIMBING)

    def _climb(self) -> None:
        """One step along the gradient."""
        problem = self.problem
        J, h = problem.unpack(self.values)
        if self.population is None or self.turn in (self.updates // 8, self.updates // 2):
            self.population = _population(problem, J, h, self.chains, self.rng)
        self.population.set(J, h)
        self.population.step(self.sweeps)
        spins = self.population.spins
        found = problem.conditional(spins, self.population.fields)
        gradient = problem.goal - found - problem.ridge * self.values
        if self.curvature is None or self.turn in self._renewed():
            self.curvature = _Curvature(problem.data, covariance(spins), problem.ridge)
        rate = 0.5 / (1 + self.turn / 20)
        self.values = self.values + _bounded(rate * self.curvature.solve(gradient))
        if self.turn >= self.updates // 2:
            self.total += self.values
            self.kept += 1

    def _renewed(self) -> set[int]:
        """Steps at which the curvature is measured anew."""
        return {0, *(4**k for k in range(1, 10)), self.updates // 4, self.updates // 2}

    def _settled(self) -> Inferred:
        """The mean over the second half of the ascent, tested with new chains."""
        values = self.total / self.kept
        sweeps = max(_TEST_SWEEPS, 10 * self.sweeps)
        return _settled(self.problem, self.data, values, sweeps, self.chains, self.rng)


def _bounded(step: np.ndarray) -> np.ndarray:
    """A step, shortened so that no parameter changes by more than one half."""
    return step * min(1.0, _LONGEST / max(np.abs(step).max(), 1e-300))


class _Errors(NamedTuple):
    """Covariances (P, P), or variances (P,) alone, of the moments' means: those of the data, of the
    chains, and of the chains behind the last Newton step, whose noise it took over (0 before).
    """

    data: np.ndarray
    chains: np.ndarray
    inherited: np.ndarray | float

    def test(self, gap: np.ndarray) -> Agreement:
        """Whether data and model differ by no more than all these errors."""
        return agreement(gap, self.data, self.chains + self.inherited)

    def fine(self, gap: np.ndarray) -> bool:
        """Whether a step is not worth its noise: the gap is within the chains' errors and a tenth
        of the data's, or the chains are the noisier ones.
        """
        data = _variances(self.data)
        chains = _variances(self.chains)
        return chains.sum() >= data.sum() or agreement(gap, data / 100, chains).holds


def _variances(covariance):
    return np.diagonal(covariance) if np.ndim(covariance) == 2 else covariance


def _errors(problem: _Problem, data: Data, spread: np.ndarray, count: int, inherited) -> _Errors:
    """Of the data's moments and of those of `count` rows whose covariance is `spread`: matrices
    where both have rows enough to know one.
    """
    size = len(problem.goal)
    own = problem.data
    if size > _TESTED or min(data.count, count) < 2 * size:
        own = _variances(own)
    floor = 1 / data.count**2  # a moment is known to one row
    if own.ndim == 2:
        return _Errors(own / data.count + floor * np.eye(size), spread / count, inherited)
    chains = _variances(spread) / count
    return _Errors(own / data.count + floor, chains, _variances(inherited))


def _settled(problem: _Problem, data: Data, values, sweeps: int, chains: int, rng) -> Inferred:
    """J, h once new chains agree with the data, after at most three Newton steps; or why not."""
    wanted = max(data.count, chains)
    plain, tempered = (
        int(min(wanted, max(min(spins // problem.count, _WORK // len(values)), 2000)))
        for spins in _SPINS
    )
    inherited = 0.0
    for turn in range(_ROUNDS):
        J, h = problem.unpack(values)
        drawn = draw(J, h, problem.base, plain, sweeps, rng, tempered)
        count = len(drawn.rows)
        found, spread = _moments(problem, drawn)
        gap = problem.goal - found - problem.ridge * values
        errors = _errors(problem, data, spread, count, inherited)
        last = turn == _ROUNDS - 1
        test = errors.test(gap)
        if test.holds and (last or errors.fine(gap)):
            return Inferred(J, h, drawn.reason)
        if not last:
            step = _Curvature(problem.data, covariance(drawn.rows), problem.ridge).solve(gap)
            values = values + _bounded(step)
            inherited = spread / count
    reason = f"the model's moments differ from the data's by up to {test.z:.1f} standard errors"
    if not drawn.mixed:
        reason += f", and {drawn.reason}"
    return Inferred(J, h, reason)


def _moments(problem: _Problem, drawn) -> tuple[np.ndarray, np.ndarray]:
    """Mean conditional moments of independent rows, and the covariance of one row's."""
    count = len(problem.goal)
    mean = np.zeros(count)
    square = np.zeros((count, count)) if count <= _TESTED else np.zeros(count)
    size = max(1, 20_000_000 // count)
    for k in range(0, len(drawn.rows), size):
        s = drawn.rows[k : k + size].astype(np.float32)
        t = np.tanh(drawn.fields[k : k + size]).astype(np.float32)
        x = np.concatenate([t, (products(t, s) + products(s, t)) / 2], axis=1)
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
    best = None
    least = math.inf
    for J, h in starts:
        if not (np.isfinite(J).all() and np.isfinite(h).all()):
            continue
        trial = Population(J, h, problem.base, min(chains, 1000), rng)
        trial.step(50)
        found = problem.conditional(trial.spins, trial.fields)
        values = problem.pack(J, h)
        gap = problem.goal - found - problem.ridge * values
        distance = float((gap**2 / np.maximum(variance, 1e-6)).sum())
        if distance < least or best is None:
            best = values
            least = distance
    assert best is not None
    return best


def _population(problem: _Problem, J, h, chains: int, rng) -> Population:
    """Plain chains where these forget their past within 100 sweeps, otherwise ladders of them."""
    plain = Population(J, h, problem.base, chains, rng)
    plain.step(50)
    half = plain.spins
    plain.step(50)
    # The mean over many steps mends what one step's chains still remember.
    if memory(half, plain.spins) < max(0.3, memory_limit(chains)):
        return plain
    ladder = tuned_ladder(J, h, problem.base, rng)
    copies = max(chains // len(ladder), min(chains, _COPIES))
    population = Population(J, h, problem.base, copies, rng, ladder)
    population.turn_over(500)
    return population
