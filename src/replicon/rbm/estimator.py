"""The restricted Boltzmann machine as an estimator: parameters, training, files, weights from
elsewhere. What a fitted one tells is in `fitted`.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from replicon.rbm import checkpoint as _checkpoint
from replicon.rbm import fitting, imported
from replicon.rbm.fitted import Fitted
from replicon.rbm.frame import ZERO_ONE
from replicon.rbm.indicators import decline
from replicon.rbm.rows import frame_of, read_rows
from replicon.rbm.settings import check_settings


class RestrictedBoltzmannMachine(
    Fitted, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Restricted Boltzmann machine, P(v, h) ~ exp(v.W.h + a.v + b.h), of binary (0/1) units, or of
    real-valued visible ones, fitted by stochastic gradient ascent.

    Parameters
    ----------
    hidden : units of the hidden layer, H, of 0 and 1.
    visible : "binary", or "gaussian": real-valued visible units, P(v, h) ~ exp(-E), E = sum_i [(v_i
        - a_i)^2 / 2 - v_i (W h)_i] / sigma_i^2 - b.h. Given h they are normal, of mean a + W h and
        variance sigma^2 (Cho, Ilin & Raiko, ICANN 2011). They are trained in standardised units,
        every column of mean 0 and variance 1 (Hinton 2012), with the natural parameters W/sigma^2
        and a/sigma^2, and 1/sigma. Parameters, samples, ln Z and densities are in the units of X.
    learn_variance : of real-valued units; False: sigma stays the deviation of its column.
    method : "cd" contrastive divergence, "pcd" persistent chains, "pt" persistent chains at
        `temperatures` inverse temperatures between independent units and the machine, with
        exchanges.
    steps : Gibbs sweeps for each gradient.
    epochs : passes over the data.
    batch_size : rows of a minibatch; None: all of them (full batch).
    chains : persistent chains; None: as many as rows of a minibatch.
    learning_rate, optimizer : "sgd", "momentum" (0.9), "adam", or an
        `optax.GradientTransformation`, which has its own rate (and is compiled anew by every fit,
        since what it reads may have changed). Real-valued units of small sigma need small rates.
    centred : centred gradients (Montavon & Mueller 2012), means of the data for visible units, a
        running mean for hidden ones.
    weight_decay : of W alone, added to the gradient.
    initial_scale : standard deviation of the first weights. Visible biases start at the log-odds of
        the data's means.
    record_every : epochs between records in `history_`; 0: none, and no warning about the
        likelihood.
    binarize : X > threshold is 1: a number, "mean" or "median" of each column of the rows fitted;
        None: X must be 0 and 1 already.
    dtype : of training, "float32" or "float64". Likelihoods are always in float64.
    seed : whole number; same seed, same bits. A NumPy Generator gives one to every fit.

    Attributes
    ----------
    weights_ (V, H), visible_bias_ (V,), hidden_bias_ (H,), variances_ (V,) of real-valued units,
    thresholds_ (V,) of `binarize`, epochs_, base_ (V,) : log-odds of the data's means (0 where
    standardised).
    history_ : Dataset over `epoch`, see `indicators.measure` (of the standardised machine), with
        the likelihood of at most 512 rows under the machine and under independent units of the same
        means (and variances), nats per row.

    X: rows of 0 and 1, or real (arrays, lists, DataFrames, sparse matrices), or the path of a file
    of binary ones. Raises InputError for other data or settings out of range, DivergenceError where
    the weights outgrow all numbers; a ConvergenceWarning says that the machine ends worse than
    independent units. Likelihoods need ln Z: see `log_partition`. `from_weights` takes a machine
    from elsewhere.

    Sources: Hinton (2002; A practical guide, 2012); Tieleman (2008); Desjardins et al. (2010); Cho
    et al. (2011). Referee: enumeration of small machines; early singular values (Decelle, Fissore &
    Furtlehner, EPL 119, 60001 (2017)); scikit-learn's BernoulliRBM.
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
        binarize: float | str | None = None,
        seed=0,
        visible="binary",
        learn_variance=True,
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
        self.visible = visible
        self.learn_variance = learn_variance

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X, y=None, *, checkpoint: str | Path | None = None):
        """Train for `epochs` epochs on X (rows, V).

        checkpoint: a .npz file, rewritten after every epoch (aside, then renamed); where it exists,
        training goes on from it, to the last bit as if it had not stopped. Its machine, settings
        (but `epochs`) and data must be these.
        """
        check_settings(self)
        if checkpoint is not None:
            _checkpoint.check_path(checkpoint)
        real = fitting.is_real(self)
        rows = read_rows(self, X, self.dtype, ZERO_ONE, real=real, reset=True)
        frame = frame_of(real, rows, X)
        X = frame.enter(rows, self.dtype)
        settings = fitting.settings_of(self)
        if checkpoint is not None and _checkpoint.there(checkpoint):
            saved = _checkpoint.read(checkpoint)
            data = _checkpoint.fingerprint_of(X, frame, real)
            _checkpoint.check(saved, self, checkpoint, X.shape[1], data)
            _checkpoint.restore(self, saved, checkpoint, settings.optimizer)
        else:
            self._frame = frame
            fitting.start(self, X)
        while self.epochs_ < self.epochs:
            fitting.epoch(self, X, settings)
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
        real = self._state.parameters.real if started else fitting.is_real(self)
        frame = self._frame if started else ZERO_ONE
        rows = read_rows(self, X, self.dtype, frame, real=real, reset=not started)
        if not started:
            self._frame = frame_of(real, rows, X)
        X = self._frame.enter(rows, self.dtype)
        if not started:
            fitting.start(self, X)
        elif not self._data:
            fitting.settle(self, X)
            fitting.meet(self, X)
        fitting.epoch(self, X, fitting.settings_of(self))
        return self

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
        _checkpoint.restore(machine, saved, path, fitting.settings_of(machine).optimizer)
        return machine

    @classmethod
    def from_weights(
        cls,
        weights,
        *,
        visible_biases=None,
        hidden_biases=None,
        variances=None,
        units="0/1",
        data=None,
        **settings,
    ) -> RestrictedBoltzmannMachine:
        """The machine of weights (V, H) that another program has trained, in units "0/1" or
        "-1/+1", of energy -v.W.h - a.v - b.h; with visible="gaussian" and `variances` (V,), of the
        energy above, units being those of h. Biases are 0, variances 1 unless given.

        Rows, samples, weights_ and biases, free energies and ln Z are in these units. data: rows it
        was trained on, from whose means annealing starts; without them, from those of visible units
        below hidden ones that are on half of the time. `partial_fit` goes on with these weights,
        `fit` starts anew. Further settings as for the class; dtype is "float64" unless given.
        InputError for arrays that do not fit each other. Of scikit-learn's BernoulliRBM: weights
        components_.T, biases intercept_visible_ and intercept_hidden_.
        """
        imported.check_names(settings, set(cls().get_params()))
        chosen: dict[str, Any] = {"dtype": "float64"} | settings
        machine = cls(**chosen)
        check_settings(machine)
        real = fitting.is_real(machine)
        given = imported.check_weights(weights, visible_biases, hidden_biases, variances, real)
        machine.hidden = given.weights.shape[1]
        imported.take_weights(machine, given, units, data)
        return machine
