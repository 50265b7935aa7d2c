"""The Boltzmann machine as an estimator: couplings and fields of Ising spins from binary
recordings, and how well they fit.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from replicon._declare import Interval, Words
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon._seed import read_generator, read_seed
from replicon.boltzmann import diagnosis, entropy, enumerated, inverse, partition, uncertainty
from replicon.boltzmann.chains import draw
from replicon.boltzmann.entropy import MultiInformation
from replicon.boltzmann.fitting import UPDATES, AtOnce, begin
from replicon.boltzmann.moments import Data
from replicon.boltzmann.monte_carlo import Ascent
from replicon.boltzmann.settings import COUNT, SEVERAL, check_moments, check_settings
from replicon.data.binary import column_name, read_weights, spin_rows, weighted_mean
from replicon.spins.log_partition import LogPartition, given_or_own

if TYPE_CHECKING:
    import xarray

LARGEST = 20  # spins that are enumerated
_WAYS_OUT = {
    "pseudo-likelihood": "some regularization",
    "exact": "some regularization",
    "monte-carlo": "more updates, chains or sweeps",
}
_CLOSED_WAY_OUT = "method=pseudo-likelihood, or a pseudocount"


class BoltzmannMachine(BaseEstimator):
    """Pairwise model of binary data, P(s) ~ exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i), s = +-1
    (temperature 1).

    Parameters
    ----------
    method : "independent" (no couplings), "pair" (every pair as if alone), "naive-mean-field",
        "tap", "bethe" (susceptibility propagation; exact on trees), "pseudo-likelihood", "exact"
        (likelihood by enumeration, at most 20 spins), "monte-carlo" (likelihood with moments of
        chains).
    regularization, penalty : strength and kind ("l2", "l1") of a penalty sum_{i != j} J_ij^2 or
        |J_ij|, subtracted from the mean log-(pseudo-)likelihood of a row; of the three last methods
        ("l1": pseudo-likelihood only).
    field_regularization : strength of a penalty sum_i h_i^2, likewise. With it a column may be
        constant.
    pseudocount : rows p of a prior, for every method: the B rows of data are mixed with p rows
        spread evenly over all states, so that <s_i> and <s_i s_j> become B/(B + p) times those of
        the data. Pseudo-likelihood, which needs rows, takes the 2 K rows of a Hadamard matrix and
        its negative (K > N a power of 2; weight p/(2K) each), whose moments are the uniform ones up
        to the third. Columns may then be constant, equal, or never take one of their joint states.
    binarize : X > binarize is +1 (as in scikit-learn's BernoulliNB); "mean", "median": those of
        each column of the rows that are fitted; None: X must be binary already.
    chains, updates, sweeps : of "monte-carlo".
    seed : whole number, of which the same gives the same bits, or a NumPy Generator.

    Attributes
    ----------
    couplings_ (N, N) : symmetric, zero diagonal. fields_ (N,).
    thresholds_ (N,) : what `binarize` made of the rows, applied to all later ones; None without.
    magnetization_ (N,), correlation_ (N, N) : <s_i>, <s_i s_j> of the data, with the pseudocount.
    coupling_errors_ (N, N), field_errors_ (N,) : their scatter over data sets of as many
        independent rows, about the method's own limit of many rows; computed when first asked for.
    converged_ : bool, and a ConvergenceWarning says why not. "pseudo-likelihood", "exact": a Newton
        step would change nothing. "monte-carlo": see `monte_carlo.agreement`. Closed methods: their
        equations are solved.

    X: rows (B, N) of +-1 or 0/1 (0 read as -1; arrays, lists, DataFrames, sparse matrices), or the
    path of a .csv, .npy or .npz file. InputError for NaN, other values, too few rows for the
    method, and data for which the method's parameters would be infinite: constant columns, pairs
    that never take one of their joint states, moments on the boundary of the possible ones.

    Raises InputError. Source: Nguyen, Zecchina & Berg, Adv. Phys. 66, 197 (2017). Referee:
    enumeration; trees; the Cramer-Rao bound (tests/boltzmann).
    """

    n_features_in_: int

    def __init__(
        self,
        method: str = "pseudo-likelihood",
        *,
        regularization: float = 0.0,
        penalty: str = "l2",
        field_regularization: float = 0.0,
        pseudocount: float = 0.0,
        binarize: float | str | None = None,
        chains: int = 2000,
        updates: int = UPDATES,
        sweeps: int = 2,
        seed: int | np.random.Generator = 0,
    ):
        self.method = method
        self.regularization = regularization
        self.penalty = penalty
        self.field_regularization = field_regularization
        self.pseudocount = pseudocount
        self.binarize = binarize
        self.chains = chains
        self.updates = updates
        self.sweeps = sweeps
        self.seed = seed

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X, y=None, sample_weight=None):
        """Infer couplings and fields from rows.

        sample_weight (rows,): how many times each row counts, as if it were repeated so often (not
        only whole numbers; their sum is the number of rows).
        """
        fitting = self._begin(X, sample_weight)
        fitting.step(int(self.updates))
        self._take(fitting)
        if fitting.now.reason:
            warnings.warn(
                f"method={self.method} did not converge ({fitting.now.reason}): give"
                f" {_WAYS_OUT.get(self.method, _CLOSED_WAY_OUT)} (converged_ is False).",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _begin(self, X, sample_weight=None) -> AtOnce | Ascent:
        """A fit to rows that were checked, before its first step."""
        check_settings(self)
        spins = spin_rows(self, X, reset=True, sample_weight=sample_weight)
        weights = None
        if sample_weight is not None:
            weights = read_weights(sample_weight, len(spins))
            spins = spins[weights > 0]
            weights = weights[weights > 0]
        count = spins.shape[1]
        if self.method == "exact" and count > LARGEST:
            raise InputError(
                f"method=exact sums over 2^N states and takes at most {LARGEST} spins, X has"
                f" {count}: take monte-carlo."
            )
        m, C = inverse.moments(spins, weights)
        second = C + np.outer(m, m)
        data = Data(spins, float(self.pseudocount), m, second, weights)
        if not self.pseudocount:
            check_moments(self, data, lambda column: column_name(X, column))
            return begin(self, data, C)
        share = data.total / data.count
        m = share * m
        second = share * second
        np.fill_diagonal(second, 1.0)
        return begin(self, data._replace(m=m, second=second), second - np.outer(m, m))

    def _take(self, fitting: AtOnce | Ascent) -> None:
        """What a fit has found so far becomes the machine's."""
        couplings, fields, reason = fitting.now
        if not (np.isfinite(couplings).all() and np.isfinite(fields).all()):
            raise InputError(
                f"method={self.method} gave no finite couplings for these data: give pseudocount >"
                " 0, or take method=pseudo-likelihood."
            )
        self._data = fitting.data
        self._errors = None
        self.couplings_ = couplings
        self.fields_ = fields
        self.converged_ = not reason
        self.magnetization_ = fitting.data.m
        self.correlation_ = fitting.data.second

    def _rows(self, X) -> np.ndarray:
        check_is_fitted(self, "couplings_")
        return spin_rows(self, X, reset=False)

    def energy(self, X) -> np.ndarray:
        """-sum_{i<j} J_ij s_i s_j - sum_i h_i s_i of each row, (rows,)."""
        return self._energies(self._rows(X))

    def _energies(self, rows: np.ndarray) -> np.ndarray:
        s = rows.astype(float)
        return -((s @ self.couplings_) * s).sum(axis=1) / 2 - s @ self.fields_

    def log_partition(
        self,
        method: str = "auto",
        *,
        chains: int = 100,
        temperatures: int = 1000,
        seed: int | np.random.Generator = 0,
    ) -> LogPartition:
        """Ln Z in nats, with its error: "exact" (enumeration, at most 20 spins), "ais" (annealed
        importance sampling, at any size); "auto": exact if it can.

        Annealing: `chains` from independent spins of the data's means to the machine in
        `temperatures` steps of a heat-bath sweep each, and as many backwards from rows of the
        machine. A ConvergenceWarning says where it is not reliable: few chains carry the weight,
        both directions disagree, or the machine's rows did not mix.
        """
        check_is_fitted(self, "couplings_")
        method = check_argument("method", method, Words(("auto", "exact", "ais")))
        chains = check_argument("chains", chains, SEVERAL)
        temperatures = check_argument("temperatures", temperatures, SEVERAL)
        return partition.log_partition(
            self.couplings_,
            self.fields_,
            self._base(),
            method=method,
            chains=chains,
            temperatures=temperatures,
            largest=LARGEST,
            rng=read_generator(seed),
        )

    def _partition(self, given: LogPartition | None) -> LogPartition:
        """ln Z as given, or the machine's own, computed once for the same parameters."""
        return given_or_own(
            self, given, lambda: (self.couplings_.tobytes(), self.fields_.tobytes(), LARGEST)
        )

    def _base(self) -> np.ndarray:
        """Fields of independent spins with the data's means, from which chains start."""
        return np.arctanh(np.clip(self.magnetization_, -0.99, 0.99))

    def score_samples(self, X, log_partition: LogPartition | None = None) -> np.ndarray:
        """Ln P(s) of each row in nats, (rows,); ln Z by `log_partition()` unless given, computed
        once for the same parameters. Its error is common to all rows.
        """
        return -self.energy(X) - self._partition(log_partition).value

    def log_likelihood(
        self, X, *, sample_weight=None, log_partition: LogPartition | None = None
    ) -> float:
        """Mean of ln P(s) over rows, nats; its error is that of `log_partition`, beside the
        scatter of rows.
        """
        return weighted_mean(self.score_samples(X, log_partition), sample_weight)

    def pseudo_likelihood(self, X) -> np.ndarray:
        """Sum over spins of ln P(s_i | the others) of each row in nats, (rows,)."""
        s = self._rows(X).astype(float)
        return -np.logaddexp(0, -2 * s * (s @ self.couplings_ + self.fields_)).sum(axis=1)

    def score(self, X, y=None, sample_weight=None) -> float:
        """Mean of `pseudo_likelihood` over rows: what cross-validation compares at any size.

        sample_weight (rows,): how many times each row counts.
        """
        return weighted_mean(self.pseudo_likelihood(X), sample_weight)

    @property
    def coupling_errors_(self) -> np.ndarray:
        """Standard errors of `couplings_` (N, N), diagonal 0 (see `uncertainty`)."""
        return self._scatter().couplings

    @property
    def field_errors_(self) -> np.ndarray:
        """Standard errors of `fields_` (N,)."""
        return self._scatter().fields

    def _scatter(self) -> uncertainty.Errors:
        check_is_fitted(self, "_data")
        if self._errors is None:
            small = self.n_features_in_ <= LARGEST
            self._errors = uncertainty.errors(self, self._data, small)
        return self._errors

    def multi_information(
        self,
        *,
        log_partition: LogPartition | None = None,
        samples: int = 20_000,
        seed: int | np.random.Generator = 0,
    ) -> MultiInformation:
        """How much of what the columns tell of one another the pairs explain, in nats a row, with
        errors.

        S_1 - S_2, the entropy of independent columns minus that of the machine, and, for at most
        20 columns, the share of it in S_1 - S_N, with the entropy of the rows that were fitted. S_2
        is the entropy of the pairwise model if the machine has the rows' means and correlations, as
        method "exact" or "monte-carlo" without a penalty gives it; beyond 20 spins it is ln Z +
        <E>, ln Z by `log_partition()` unless given, <E> of `samples` rows. ConvergenceWarnings say
        where the machine has other moments, and where the rows are too few for their own entropy.

        Source: Schneidman, Still, Berry & Bialek, PRL 91, 238701 (2003); Schneidman, Berry, Segev &
        Bialek, Nature 440, 1007 (2006). Referee: enumeration; transfer matrices; coverage.
        """
        check_is_fitted(self, "_data")
        samples = check_argument("samples", samples, SEVERAL)
        if self.n_features_in_ <= LARGEST:
            own = entropy.exact(self.couplings_, self.fields_)
        else:
            found = self._partition(log_partition)
            own = entropy.sampled(found, self._energies(self.sample(samples, seed=seed)))
        rows = entropy.Rows(self._data, self._energies(self._data.rows), entropy.fitted(self))
        return entropy.explain(rows, own, small=self.n_features_in_ <= LARGEST)

    def sample(
        self,
        samples: int = 1,
        *,
        sweeps: int = 200,
        temperature: float = 1.0,
        seed: int | np.random.Generator = 0,
    ) -> np.ndarray:
        """`samples` independent rows (samples, N) of +-1, int8, of P(s)^(1/temperature).

        At most 20 spins: drawn from the enumerated probabilities. Beyond: ends of heat-bath chains
        of `sweeps` sweeps; where these do not forget their past, exchanges with warmer chains (see
        `replicon.boltzmann.chains.draw`), and where these do not mix either, a ConvergenceWarning.
        """
        check_is_fitted(self, "couplings_")
        samples = check_argument("samples", samples, COUNT)
        sweeps = check_argument("sweeps", sweeps, COUNT)
        T = check_argument("temperature", temperature, Interval(0, open_low=True))
        rng = read_generator(seed)
        if self.n_features_in_ <= LARGEST:
            return enumerated.draw(self.couplings_, self.fields_, T, samples, rng)
        drawn = draw(self.couplings_ / T, self.fields_ / T, self._base(), samples, sweeps, rng)
        if not drawn.mixed:
            _warn_mixing(drawn.reason)
        return drawn.rows

    def diagnose(
        self,
        X,
        *,
        samples: int = 20_000,
        triples: int = 1000,
        seed: int | np.random.Generator = 0,
    ) -> xarray.Dataset:
        """Moments of the rows X (held out, or those of the fit) beside those of the model.

        magnetization_* (spin), correlation_* (pair), three_point_* (triple; <(s_i - m_i)(s_j -
        m_j)(s_k - m_k)>, at most `triples` of them, chosen at random), and active_* (the
        distribution of the number of spins +1): `*` is data, model and z, the difference over both
        standard errors. The model never saw the last two. Model: `samples` independent rows of
        `sample`.
        """
        samples = check_argument("samples", samples, SEVERAL)
        triples = check_argument("triples", triples, COUNT)
        seed = read_seed(seed)
        spins = self._rows(X)
        model = self.sample(samples, seed=seed)
        return diagnosis.compare_moments(spins, model, triples, seed)

    def specific_heat(
        self,
        temperatures,
        *,
        chains: int = 64,
        sweeps: int = 2000,
        seed: int | np.random.Generator = 0,
    ) -> xarray.Dataset:
        """(<E^2> - <E>^2)/(N T^2) of P_T(s) ~ exp(-E(s)/T) over `temperature`; the data stand at T
        = 1.

        A maximum at T = 1 that grows with N is the sign of a critical point; for few rows or spins
        it is also what inference makes of noise (compare independent or shuffled data). Exact up to
        20 spins (error 0), else `chains` ladders of heat-bath chains that exchange neighbouring
        temperatures: give temperatures close enough, up to one at which chains move freely.

        Source: Tkacik et al., PNAS 112, 11508 (2015); Mastromatteo & Marsili, J. Stat. Mech. P10012
        (2011).
        """
        check_is_fitted(self, "couplings_")
        T = diagnosis.read_temperatures(temperatures)
        chains = check_argument("chains", chains, SEVERAL)
        sweeps = check_argument("sweeps", sweeps, COUNT)
        rng = read_generator(seed)
        model = (self.couplings_, self.fields_)
        if self.n_features_in_ <= LARGEST:
            return diagnosis.exact_heat(*model, T)
        heat, reason = diagnosis.tempered_heat(*model, T, chains, sweeps, rng)
        if reason:
            _warn_mixing(reason)
        return heat


def _warn_mixing(reason: str) -> None:
    warnings.warn(
        f"Samples may be wrong: {reason}; give more sweeps.", ConvergenceWarning, stacklevel=3
    )
