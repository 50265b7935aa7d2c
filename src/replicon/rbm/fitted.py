"""What a fitted machine tells: its parameters, activities, likelihoods, and samples of it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from replicon._arrays import real_array
from replicon._declare import Interval, Words
from replicon._domains import check_argument
from replicon._errors import InputError
from replicon._seed import read_seed
from replicon.rbm.checkpoint import digest_of
from replicon.rbm.frame import ZERO_ONE, Frame
from replicon.rbm.partition import LogPartition, MeanField, log_partition, mean_field
from replicon.rbm.rows import read_rows
from replicon.spins.log_partition import given_or_own

if TYPE_CHECKING:
    import xarray

_COUNT = Interval(1, integer=True)


class Fitted:
    """The part of `RestrictedBoltzmannMachine` that asks a machine which has its parameters: its
    `State`, its user's units, biases base_ (V,) of independent units like the data.
    """

    _state: Any
    _frame: Frame = ZERO_ONE
    _records: list[dict]
    _data: str
    base_: np.ndarray
    epochs_: int
    dtype: str
    n_features_in_: int

    def _precision(self):
        import jax

        return jax.enable_x64(self.dtype == "float64")

    def _outside(self):
        check_is_fitted(self, "_state")
        return self._frame.outside(self._state.parameters)

    @property
    def weights_(self) -> np.ndarray:
        """Weights (V, H), a copy."""
        return self._outside().weights

    @property
    def visible_bias_(self) -> np.ndarray:
        """Biases of the visible units (V,), a copy."""
        return self._outside().visible_bias

    @property
    def hidden_bias_(self) -> np.ndarray:
        """Biases of the hidden units (H,), a copy."""
        return self._outside().hidden_bias

    @property
    def variances_(self) -> np.ndarray:
        """Variances of real-valued visible units given the hidden ones (V,)."""
        found = self._outside().variances
        if found is None:
            raise AttributeError("variances_ is of machines with visible='gaussian'.")
        return found

    @property
    def history_(self) -> xarray.Dataset:
        """What was recorded of every epoch, as a Dataset."""
        check_is_fitted(self, "_state")
        from replicon.rbm.indicators import as_dataset

        return as_dataset(self._records)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_state")

    def _rows(self, X) -> np.ndarray:
        """Rows in the machine's own units, float64."""
        check_is_fitted(self, "_state")
        real = self._state.parameters.real
        rows = read_rows(self, X, "float64", self._frame, real=real, reset=False)
        return self._frame.enter(rows, "float64")

    def _only_binary(self, what: str, instead: str) -> None:
        check_is_fitted(self, "_state")
        if self._state.parameters.real:
            raise InputError(
                f"{what} is of binary visible units, not of visible='gaussian': {instead}."
            )

    def transform(self, X) -> np.ndarray:
        """P(h = 1 | v) for each row, (rows, H)."""
        from scipy.special import expit

        rows = self._rows(X)
        parameters = self._state.parameters
        return expit(rows @ parameters.weights + parameters.hidden_bias)

    def free_energy(self, X) -> np.ndarray:
        """-ln sum_h exp(-E(v, h)) for each row, (rows,)."""
        rows = self._rows(X)
        parameters = self._state.parameters
        return parameters.free_energy(rows) - self._frame.offset(parameters)

    def log_partition(
        self, method="auto", *, chains=100, temperatures=1000, start=None, seed=0
    ) -> LogPartition:
        """Ln Z in nats, in the units of X: "exact" (smaller layer, or hidden one below real-valued
        units, of at most 20 units), "ais" (annealed importance sampling), "tap"; "auto": exact if
        it can.

        `chains`, `temperatures`, `start`: of annealing. TAP sums the distinct stationary points
        reached from `chains` samples. A warning says where annealing is not reliable.
        """
        check_is_fitted(self, "_state")
        method = check_argument("method", method, Words(("auto", "exact", "ais", "tap")))
        if method == "tap":
            self._only_binary("method='tap'", "give 'exact', 'ais' or 'auto'")
        chains = check_argument("chains", chains, Interval(2, integer=True))
        temperatures = check_argument("temperatures", temperatures, Interval(2, integer=True))
        seed = read_seed(seed)
        if start is not None:
            start = self._rows(start)
        elif method == "tap":  # starts need not have mixed
            start, _ = self._drawn(chains, 50, 1, None, seed)
        parameters = self._state.parameters
        found = log_partition(
            parameters,
            self.base_,
            method=method,
            chains=chains,
            temperatures=temperatures,
            start=start,
            seed=seed,
        )
        more = self._frame.offset(parameters) + self._frame.log_volume(parameters)
        return found._replace(value=found.value + more, reverse=found.reverse + more)

    def mean_field(self, start, *, order=2) -> MeanField:
        """Distinct stationary points of the TAP free energy, from visible means `start` (starts, V)
        in [0, 1], of 1 against 0 (or -1).
        """
        self._only_binary("mean_field", "give log_partition('exact' or 'ais')")
        expected = f"expected visible means (starts, {self.n_features_in_}) between 0 and 1"
        means = real_array("start", start, expected, shape=(None, self.n_features_in_))
        if not ((means >= 0) & (means <= 1)).all():
            raise InputError(
                f"start holds values from {means.min():g} to {means.max():g}: {expected}."
            )
        order = check_argument("order", order, Interval(1, 3, integer=True))
        found = mean_field(self._state.parameters, means, order=order)
        offset = self._frame.offset(self._state.parameters)
        return found._replace(log_partition=found.log_partition + offset)

    def score_samples(self, X, log_partition: LogPartition | None = None) -> np.ndarray:
        """Ln P(v) of each row in nats (of real-valued ones ln of the density, in the units of X);
        ln Z by `log_partition()` unless given, computed once for the same parameters.
        """
        energy = self.free_energy(X)
        found = given_or_own(
            self,
            log_partition,
            lambda: digest_of(*self._state.parameters, self.base_, *self._frame),
        )
        return -energy - found.value

    def score(self, X, y=None) -> float:
        """Mean of ln P(v) over rows, nats."""
        return float(self.score_samples(X).mean())

    def pseudo_likelihood(self, X) -> np.ndarray:
        """Sum over visible units of ln P(v_i | the others) of each row in nats, (rows,)."""
        import jax

        from replicon.rbm.training import pseudo_likelihood

        self._only_binary("pseudo_likelihood", "give score_samples")
        rows = self._rows(X)
        with jax.enable_x64(True):
            given = self._state.parameters.in_double()
            return np.asarray(pseudo_likelihood(given, rows, np.arange(rows.shape[1])))

    def sample(
        self, samples=1, *, sweeps=1000, temperatures: int | None = None, start=None, seed=0
    ) -> np.ndarray:
        """`samples` independent rows (samples, V), in the units of X.

        temperatures None: drawn from the exact probabilities where a layer has at most 14 units;
        else ends of Gibbs chains of `sweeps` sweeps from independent units of the data's means,
        and, where these do not forget their past, of chains that exchange states with others down
        to independent units. temperatures = 1: plain chains, from `start` (samples, V) if given;
        more: exchanges over so many inverse temperatures between 0 and 1. A ConvergenceWarning says
        where chains did not mix (`replicon.rbm.gibbs`).
        """
        check_is_fitted(self, "_state")
        samples = check_argument("samples", samples, _COUNT)
        sweeps = check_argument("sweeps", sweeps, _COUNT)
        if temperatures is not None:
            temperatures = check_argument("temperatures", temperatures, _COUNT)
        seed = read_seed(seed)
        if start is not None:
            start = self._rows(start)
        rows, reason = self._drawn(samples, sweeps, temperatures, start, seed)
        if reason:
            sentence = f"Samples may be wrong: {reason}; give more sweeps or temperatures."
            warnings.warn(sentence, ConvergenceWarning, stacklevel=2)
        return self._frame.leave(rows)

    def _drawn(self, samples: int, sweeps: int, temperatures, start, seed: int):
        """Rows (samples, V) in the machine's own units, and what is wrong with them or ''."""
        from replicon.rbm import gibbs

        with self._precision():
            base = self.base_.astype(self.dtype)
            given = (samples, sweeps, temperatures, start, seed)
            return gibbs.rows_of(self._state.parameters, base, *given)
