"""A machine in training: how it begins, goes on by an epoch, and what is recorded of it."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from replicon._errors import DivergenceError
from replicon._seed import read_seed
from replicon.rbm import checkpoint, training
from replicon.rbm.indicators import principal_components, record_of
from replicon.rbm.layers import Machine


def settings_of(machine: Any) -> training.Settings:
    """What is compiled into an epoch."""
    given = machine.optimizer
    own = hasattr(given, "update")
    rule = training.traced_anew(given) if own else training.optimizer(given)
    return training.Settings(
        machine.method,
        int(machine.steps),
        bool(machine.centred),
        float(machine.weight_decay),
        rule,
        bool(machine.learn_variance),
    )


def is_real(machine: Any) -> bool:
    """Whether a machine that is not fitted yet is to have real-valued visible units."""
    return machine.visible == "gaussian"


def start(machine: Any, X: np.ndarray) -> None:
    """New weights, and chains, for rows X (n, V) in the machine's own units."""
    machine._seed = read_seed(machine.seed)
    rng = np.random.default_rng(machine._seed)
    real = is_real(machine)
    base = base_of(X, real)
    scale = machine.initial_scale
    first = training.first_parameters(base, int(machine.hidden), scale, rng, real=real)
    take(machine, first, int(machine.chains or min(machine.batch_size or len(X), len(X))), rng)
    meet(machine, X)


def base_of(X: np.ndarray, real: bool) -> np.ndarray:
    """Biases (V,) of independent units like the rows: log-odds of their means; 0 for real-valued
    ones, which are standardised.
    """
    return np.zeros(X.shape[1]) if real else training.log_odds(X)


def take(machine: Any, parameters: Machine, chains: int, rng) -> None:
    """Parameters as those of the machine before its first epoch, with chains in random states."""
    levels = int(machine.temperatures) if machine.method == "pt" else 1
    machine.n_features_in_, machine._n_features_out = parameters.weights.shape
    with machine._precision():
        given = (parameters, (levels, chains), machine.dtype, rng)
        machine._state = training.begin(settings_of(machine), *given)
    machine.epochs_ = 0
    machine._records = []
    machine._exchanges = np.nan


def meet(machine: Any, X: np.ndarray) -> None:
    """Keep what is needed of rows X (n, V), the first that are shown, and make a first record."""
    machine.base_ = base_of(X, machine._state.parameters.real)
    machine._mean = X.mean(axis=0, dtype=float).astype(machine.dtype)
    machine._data = checkpoint.fingerprint_of(X, machine._frame, machine._state.parameters.real)
    visible = X.shape[1]
    recorded = machine.record_every
    machine._components = principal_components(X) if recorded else np.zeros((visible, 0))
    record(machine, X)


def settle(machine: Any, X: np.ndarray) -> None:
    """Chains and offsets of weights from elsewhere, out of rows X that they may describe."""
    state = machine._state
    levels, chains, _ = state.hidden.shape
    rng = np.random.default_rng((machine._seed, 3))
    fields = X @ state.parameters.weights + state.parameters.hidden_bias
    active = np.asarray(training.sigmoid(fields))
    hidden = active[rng.integers(len(X), size=(levels, chains))]
    hidden = (rng.random(hidden.shape) < hidden).astype(machine.dtype)
    offset = active.mean(axis=0, dtype=float).astype(machine.dtype)
    machine._state = state._replace(hidden=hidden, offset=offset)


def epoch(machine: Any, X: np.ndarray, settings: training.Settings) -> None:
    """One pass over rows X. DivergenceError, and the machine as before, where numbers end."""
    rows = len(X)
    size = int(min(machine.batch_size or rows, rows))
    seed = (machine._seed, 1, machine.epochs_)
    order, share = training.batches(rows, size, seed, machine.dtype)
    with machine._precision():
        key = jax.random.fold_in(jax.random.key(machine._seed), machine.epochs_)
        base = machine.base_.astype(machine.dtype)
        # An optax object has a rate, and sign, itself.
        own = hasattr(machine.optimizer, "update")
        factor = np.asarray(1.0 if own else -float(machine.learning_rate), machine.dtype)
        given = (machine._state, X, machine._mean, base, order, share, key)
        state, exchanges = training.epoch(settings, factor, *given)
        state = jax.tree.map(np.asarray, state)
    if not all(np.isfinite(x).all() for x in state.parameters):
        raise DivergenceError(
            f"Training diverged in epoch {machine.epochs_ + 1}: give a smaller learning_rate than"
            f" {machine.learning_rate:g} (the machine is left as it was before that epoch)."
        )
    machine._state = state
    machine._exchanges = float(exchanges) if machine.method == "pt" else np.nan
    machine.epochs_ += 1
    record(machine, X)


def record(machine: Any, X: np.ndarray) -> None:
    """What the history keeps of this epoch, if it is one to be recorded."""
    if not machine.record_every or machine.epochs_ % machine.record_every:
        return
    with machine._precision():
        held = (machine._state, machine._mean, machine._components, machine.base_)
        found = record_of(*held, X, machine._seed, machine.epochs_)
    for name in ("log_likelihood", "independent_log_likelihood"):
        found[name] -= machine._frame.log_volume(machine._state.parameters)
    exchanges = {"epoch": machine.epochs_, "exchange_rate": machine._exchanges}
    machine._records.append(exchanges | found)
