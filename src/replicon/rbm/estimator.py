"""The restricted Boltzmann machine as an estimator: fit, transform, score_samples, sample, and what
physics watches meanwhile.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from replicon._arrays import real_array
from replicon._declare import Interval, Words
from replicon._domains import check_argument, show
from replicon._errors import DivergenceError, InputError
from replicon._seed import read_seed
from replicon.data.binary import binary_rows
from replicon.rbm import checkpoint as _checkpoint
from replicon.rbm.indicators import decline, principal_components, record_of
from replicon.rbm.partition import LogPartition, MeanField, log_partition, mean_field
from replicon.rbm.settings import check_settings

if TYPE_CHECKING:
    import xarray

_COUNT = Interval(1, integer=True)


class RestrictedBoltzmannMachine(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Binary (0/1) restricted Boltzmann machine, P(v, h) ~ exp(v.W.h + a.v + b.h), fitted by
    stochastic gradient ascent.

    Parameters
    ----------
    hidden : units of the hidden layer, H.
    method : "cd" contrastive divergence, "pcd" persistent chains, "pt" persistent chains at
        `temperatures` inverse temperatures between independent units and the machine, with
        exchanges.
    steps : Gibbs sweeps for each gradient.
    epochs : passes over the data.
    batch_size : rows of a minibatch; None: all of them (full batch).
    chains : persistent chains; None: as many as rows of a minibatch.
    learning_rate, optimizer : "sgd", "momentum" (0.9), "adam", or an
        `optax.GradientTransformation`, which has its own rate (and is compiled anew by every fit,
        since what it reads may have changed).
    centred : centred gradients (Montavon & Mueller 2012), means of the data for visible units, a
        running mean for hidden ones.
    weight_decay : of W alone, added to the gradient.
    initial_scale : standard deviation of the first weights. Visible biases start at the log-odds of
        the data's means.
    record_every : epochs between records in `history_`; 0: none, and no warning about the
        likelihood.
    binarize : X > binarize is 1 (as in scikit-learn's BernoulliNB); None: X must be 0 and 1
        already.
    dtype : of training, "float32" or "float64". Likelihoods are always in float64.
    seed : whole number; same seed, same bits. A NumPy Generator gives one to every fit.

    Attributes
    ----------
    weights_ (V, H), visible_bias_ (V,), hidden_bias_ (H,), epochs_, base_ (V,) : log-odds of the
        data's means.
    history_ : Dataset over `epoch`, see `indicators.measure`, with the likelihood of at most 512
        rows under the machine and under independent units of the same means, nats per row.

    X: rows of 0 and 1 (arrays, lists, DataFrames, sparse matrices), or the path of a file of them.
    Raises InputError for other data or settings out of range, DivergenceError where the weights
    outgrow all numbers; a ConvergenceWarning says that the machine ends worse than independent
    units. Likelihoods need ln Z: see `log_partition`.

    Sources: Hinton (2002); Tieleman (2008); Desjardins et al. (2010). Referee: enumeration of small
    machines; early singular values (Decelle, Fissore & Furtlehner, EPL 119, 60001 (2017)).
    """

    n_features_in_: int

    def __init__(
        self,
        hidden: int = 100,
        *,
        method="pcd",
        steps=1,
        epochs=10,
        batch_size: int | None = 128,
        chains: int | None = None,
        temperatures=10,
        learning_rate=0.05,
        optimizer="sgd",
        centred=True,
        weight_decay=0.0,
        initial_scale=0.01,
        record_every=1,
        dtype="float32",
        binarize: float | None = None,
        seed=0,
    ):
        self.hidden = hidden
        self.method = method
        self.steps = steps
        self.epochs = epochs
        self.batch_size = batch_size
        self.chains = chains
        self.temperatures = temperatures
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.centred = centred
        self.weight_decay = weight_decay
        self.initial_scale = initial_scale
        self.record_every = record_every
        self.dtype = dtype
        self.binarize = binarize
        self.seed = seed

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X, y=None, *, checkpoint: str | Path | None = None):
        """Train for `epochs` epochs on X (rows, V) of 0 and 1.

        checkpoint: a .npz file, rewritten after every epoch (aside, then renamed); where it exists,
        training goes on from it, to the last bit as if it had not stopped. Its machine, settings
        (but `epochs`) and data must be these.
        """
        check_settings(self)
        if checkpoint is not None:
            _checkpoint.check_path(checkpoint)
        X = binary_rows(self, X, self.dtype, reset=True)
        settings = self._settings()
        if checkpoint is not None and _checkpoint.there(checkpoint):
            _checkpoint.restore(self, _checkpoint.read(checkpoint), checkpoint, X)
        else:
            self._start(X)
        while self.epochs_ < self.epochs:
            self._epoch(X, settings)
            if checkpoint is not None:
                self.save(checkpoint)
        complaint = decline(self._records, self.epochs_)
        if complaint:
            warnings.warn(complaint, ConvergenceWarning, stacklevel=2)
        return self

    def partial_fit(self, X, y=None):
        """One more epoch, on X; the first one starts the machine."""
        check_settings(self)
        started = hasattr(self, "_state")
        X = binary_rows(self, X, self.dtype, reset=not started)
        if not started:
            self._start(X)
        self._epoch(X, self._settings())
        return self

    def _settings(self):
        from replicon.rbm.training import Settings, optimizer, traced_anew

        given: Any = self.optimizer
        rule = traced_anew(given) if hasattr(given, "update") else optimizer(given)
        return Settings(
            self.method, int(self.steps), bool(self.centred), float(self.weight_decay), rule
        )

    def _start(self, X: np.ndarray) -> None:
        from replicon.rbm.training import begin, log_odds

        visible = X.shape[1]
        units = int(self.hidden)
        self._n_features_out = units
        self.base_ = log_odds(X)
        self._mean = X.mean(axis=0, dtype=float).astype(self.dtype)
        chains = int(self.chains or min(self.batch_size or len(X), len(X)))
        levels = int(self.temperatures) if self.method == "pt" else 1
        self._seed = read_seed(self.seed)
        with self._precision():
            given = (units, (levels, chains), self.initial_scale, self.dtype, self._seed)
            self._state: Any = begin(self._settings(), self.base_, *given)
        self.epochs_ = 0
        self._records: list[dict] = []
        self._exchanges = np.nan
        self._data = _checkpoint.fingerprint_of(X)
        self._components = principal_components(X) if self.record_every else np.zeros((visible, 0))
        self._record(X)

    def _epoch(self, X: np.ndarray, settings) -> None:
        import jax

        from replicon.rbm.training import batches, epoch

        rows = len(X)
        size = int(min(self.batch_size or rows, rows))
        order, share = batches(rows, size, (self._seed, 1, self.epochs_), self.dtype)
        with self._precision():
            key = jax.random.fold_in(jax.random.key(self._seed), self.epochs_)
            base = self.base_.astype(self.dtype)
            own = hasattr(self.optimizer, "update")  # an optax object has a rate, and sign, itself
            factor = np.asarray(1.0 if own else -float(self.learning_rate), self.dtype)
            given = (self._state, X, self._mean, base, order, share, key)
            state, exchanges = epoch(settings, factor, *given)
            state = jax.tree.map(np.asarray, state)
        if not all(np.isfinite(x).all() for x in state.parameters):
            raise DivergenceError(
                f"Training diverged in epoch {self.epochs_ + 1}: give a smaller learning_rate than"
                f" {self.learning_rate:g} (the machine is left as it was before that epoch)."
            )
        self._state = state
        self._exchanges = float(exchanges) if self.method == "pt" else np.nan
        self.epochs_ += 1
        self._record(X)

    def _record(self, X: np.ndarray) -> None:
        if self.record_every and self.epochs_ % self.record_every == 0:
            with self._precision():
                held = (self._state, self._mean, self._components, self.base_)
                record = record_of(*held, X, self._seed, self.epochs_)
            exchanges = {"epoch": self.epochs_, "exchange_rate": self._exchanges}
            self._records.append(exchanges | record)

    def _precision(self):
        import jax

        return jax.enable_x64(self.dtype == "float64")

    @property
    def weights_(self) -> np.ndarray:
        """Weights (V, H), a copy."""
        check_is_fitted(self, "_state")
        return np.array(self._state.parameters.weights)

    @property
    def visible_bias_(self) -> np.ndarray:
        """Biases of the visible units (V,), a copy."""
        check_is_fitted(self, "_state")
        return np.array(self._state.parameters.visible_bias)

    @property
    def hidden_bias_(self) -> np.ndarray:
        """Biases of the hidden units (H,), a copy."""
        check_is_fitted(self, "_state")
        return np.array(self._state.parameters.hidden_bias)

    @property
    def history_(self) -> xarray.Dataset:
        """What was recorded of every epoch, as a Dataset."""
        check_is_fitted(self, "_state")
        from replicon.rbm.indicators import as_dataset

        return as_dataset(self._records)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_state")

    def _rows(self, X) -> np.ndarray:
        check_is_fitted(self, "_state")
        return binary_rows(self, X, "float64", reset=False)

    def transform(self, X) -> np.ndarray:
        """P(h = 1 | v) for each row, (rows, H)."""
        from scipy.special import expit

        return expit(self._rows(X) @ self.weights_ + self.hidden_bias_)

    def free_energy(self, X) -> np.ndarray:
        """-ln sum_h exp(v.W.h + a.v + b.h) for each row, (rows,)."""
        rows = self._rows(X)
        hidden = rows @ self.weights_ + self.hidden_bias_
        return -rows @ self.visible_bias_ - np.logaddexp(0, hidden).sum(axis=1)

    def log_partition(
        self, method="auto", *, chains=100, temperatures=1000, start=None, seed=0
    ) -> LogPartition:
        """Ln Z in nats: "exact" (smaller layer of at most 20 units), "ais" (annealed importance
        sampling), "tap"; "auto": exact if it can.

        `chains`, `temperatures`, `start`: of annealing. TAP sums the distinct stationary points
        reached from `chains` samples. A warning says where annealing is not reliable.
        """
        check_is_fitted(self, "_state")
        check_argument("method", method, Words(("auto", "exact", "ais", "tap")))
        chains = check_argument("chains", chains, Interval(2, integer=True))
        temperatures = check_argument("temperatures", temperatures, Interval(2, integer=True))
        seed = read_seed(seed)
        if start is not None:
            start = self._rows(start)
        elif method == "tap":  # starts need not have mixed
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                start = self.sample(chains, sweeps=50, temperatures=1, seed=seed)
        return log_partition(
            self._state.parameters,
            self.base_,
            method=method,
            chains=chains,
            temperatures=temperatures,
            start=start,
            seed=seed,
        )

    def mean_field(self, start, *, order=2) -> MeanField:
        """Distinct stationary points of the TAP free energy, from visible means `start` (starts, V)
        in [0, 1].
        """
        check_is_fitted(self, "_state")
        expected = f"expected visible means (starts, {self.n_features_in_}) between 0 and 1"
        means = real_array("start", start, expected, shape=(None, self.n_features_in_))
        if not ((means >= 0) & (means <= 1)).all():
            raise InputError(
                f"start holds values from {means.min():g} to {means.max():g}: {expected}."
            )
        return mean_field(
            self._state.parameters,
            means,
            order=check_argument("order", order, Interval(1, 3, integer=True)),
        )

    def score_samples(self, X, log_partition: LogPartition | None = None) -> np.ndarray:
        """Ln P(v) of each row in nats; ln Z by `log_partition()` unless given, computed once for
        the same parameters.
        """
        energy = self.free_energy(X)
        if log_partition is None:
            held = _checkpoint.digest_of(*self._state.parameters, self.base_)
            if getattr(self, "_known", (None, None))[0] != held:
                self._known = (held, self.log_partition())
            log_partition = self._known[1]
        if not isinstance(log_partition, LogPartition):
            given = show(log_partition)
            raise InputError(f"log_partition = {given} is none: give what log_partition() returns.")
        return -energy - log_partition.value

    def score(self, X, y=None) -> float:
        """Mean of ln P(v) over rows, nats."""
        return float(self.score_samples(X).mean())

    def pseudo_likelihood(self, X) -> np.ndarray:
        """Sum over visible units of ln P(v_i | the others) of each row in nats, (rows,)."""
        import jax

        from replicon.rbm.training import pseudo_likelihood

        rows = self._rows(X)
        with jax.enable_x64(True):
            given = self._state.parameters.in_double()
            return np.asarray(pseudo_likelihood(given, rows, np.arange(rows.shape[1])))

    def sample(
        self, samples=1, *, sweeps=1000, temperatures: int | None = None, start=None, seed=0
    ) -> np.ndarray:
        """`samples` independent rows (samples, V) of 0 and 1.

        temperatures None: drawn from the exact probabilities where a layer has at most 14 units;
        else ends of Gibbs chains of `sweeps` sweeps from independent units of the data's means,
        and, where these do not forget their past, of chains that exchange states with others down
        to independent units. temperatures = 1: plain chains, from `start` (samples, V) if given;
        more: exchanges over so many inverse temperatures between 0 and 1. A ConvergenceWarning says
        where chains did not mix (`replicon.rbm.gibbs`).
        """
        from replicon.rbm import gibbs

        check_is_fitted(self, "_state")
        samples = check_argument("samples", samples, _COUNT)
        sweeps = check_argument("sweeps", sweeps, _COUNT)
        if temperatures is not None:
            temperatures = check_argument("temperatures", temperatures, _COUNT)
        seed = read_seed(seed)
        if start is not None:
            start = self._rows(start)
        with self._precision():
            base = self.base_.astype(self.dtype)
            given = (samples, sweeps, temperatures, start, seed)
            rows, reason = gibbs.rows_of(self._state.parameters, base, *given)
        if reason:
            sentence = f"Samples may be wrong: {reason}; give more sweeps or temperatures."
            warnings.warn(sentence, ConvergenceWarning, stacklevel=2)
        return rows

    def save(self, path: str | Path) -> None:
        """Machine, optimiser, chains and history into one .npz file, written aside and renamed."""
        check_is_fitted(self, "_state")
        _checkpoint.write(path, self)

    @classmethod
    def load(cls, path: str | Path, optimizer: Any = None) -> RestrictedBoltzmannMachine:
        """The machine saved at `path`; `partial_fit` goes on where it stopped. A machine trained
        with an optax object needs it again.
        """
        saved = _checkpoint.read(path)
        machine = cls(**_checkpoint.settings_of(saved, optimizer, path, set(cls().get_params())))
        check_settings(machine)
        _checkpoint.restore(machine, saved, path)
        return machine
