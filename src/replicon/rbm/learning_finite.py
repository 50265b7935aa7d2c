"""Machines trained on the rows, watched on the way."""

from __future__ import annotations

import warnings

import numpy as np

from replicon.data.rows import load_rows
from replicon.rbm.estimator import RestrictedBoltzmannMachine
from replicon.rbm.learning import growth_rates

_CURVE = 12  # epochs at which the likelihood is measured
_MODES = 4
_SHOWN = 10


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One machine of `size` hidden units, trained on nine tenths of the rows, drawn at random.

    Arrays: learning curve (`epoch`, `test_likelihood`, `training_likelihood`: twelve epochs,
    equally spaced in their logarithm); `time` (updates x learning rate), `singular_value_k` and
    what small weights would do, `linear_k` = |u_k.W(0)| exp(lambda_k t); pictures (shown, V):
    `examples` of the data, `samples` (each the end of its own chain), `receptive_fields` (columns
    of W of largest norm), `principal_components`, `singular_vectors`.
    """
    return _one(controls, size, load_rows(controls.data), rng)


def _one(controls, size: int, rows: np.ndarray, rng: np.random.Generator) -> dict:
    order = rng.permutation(len(rows))
    cut = len(rows) // 10
    test, training = rows[order[:cut]], rows[order[cut:]]
    machine = RestrictedBoltzmannMachine(
        size,
        method=controls.method,
        steps=controls.steps,
        epochs=0,
        learning_rate=controls.learning_rate,
        batch_size=controls.batch or None,
        centred=controls.centred == "yes",
        initial_scale=controls.initial_scale,
        seed=int(rng.integers(2**31)),
    ).fit(training)
    rates, directions = growth_rates(training)
    start = np.linalg.norm(directions[:, :_MODES].T @ machine.weights_, axis=1)
    marks = {round(x) for x in np.geomspace(1, controls.epochs, _CURVE)}
    curve = []
    for epoch in range(1, controls.epochs + 1):
        machine.partial_fit(training)
        if epoch in marks:
            curve.append((epoch, *_likelihoods(machine, test, training, controls.annealing)))
    curve += [(np.nan,) * 4] * (_CURVE - len(curve))
    history = machine.history_
    updates = -(-len(training) // min(controls.batch or len(training), len(training)))
    time = controls.learning_rate * updates * history["epoch"].values
    values = history["singular_values"].values
    epochs, on_test, on_training, reliable = np.array(curve).T
    last = np.flatnonzero(np.isfinite(epochs))[-1]
    found = {
        "growth_rate": _slope(time, values[:, 0]),
        "test_log_likelihood": on_test[last],
        "training_log_likelihood": on_training[last],
        "reliable_fraction": reliable[last],
        "pseudo_likelihood": machine.pseudo_likelihood(test[:200]).mean(),
        "largest_singular_value": values[-1, 0],
        "active_units": float(history["active_units"][-1]),
        "epoch": epochs,
        "test_likelihood": on_test,
        "training_likelihood": on_training,
        "time": time,
    }
    for k in range(_MODES):
        linear = (
            start[k] * np.exp(np.minimum(rates[k] * time, 50))
            if k < len(start)
            else np.full(len(time), np.nan)
        )
        found[f"linear_{k + 1}"] = np.where(linear < 8, linear, np.nan)
        found[f"singular_value_{k + 1}"] = (
            values[:, k] if k < values.shape[1] else np.full(len(time), np.nan)
        )
    return found | _pictures(machine, training)


def _likelihoods(machine, test, training, annealing: int) -> tuple[float, float, float]:
    with warnings.catch_warnings():  # `reliable_fraction` says it
        warnings.simplefilter("ignore", UserWarning)
        found = machine.log_partition(temperatures=annealing)
    return (
        machine.score_samples(test, found).mean(),
        machine.score_samples(training[:1000], found).mean(),
        float(found.reliable),
    )


def _slope(time: np.ndarray, first: np.ndarray) -> float:
    """Slope d ln w_1 / dt between three times the start and 0.5, where the mode stands out of the
    bulk and is still small.
    """
    inside = (first > 3 * first[0]) & (first < 0.5)
    return (
        float(np.polyfit(time[inside], np.log(first[inside]), 1)[0]) if inside.sum() > 3 else np.nan
    )


def _dreams(machine) -> np.ndarray:
    with (
        warnings.catch_warnings()
    ):  # pictures of where chains are after so many sweeps, mixed or not
        warnings.simplefilter("ignore", UserWarning)
        return machine.sample(_SHOWN, sweeps=1000, temperatures=1, seed=machine.seed)


def _pictures(machine, training: np.ndarray) -> dict:
    def padded(x):
        x = np.asarray(x, float)
        return (
            np.vstack([x, np.full((_SHOWN - len(x), x.shape[1]), np.nan)])
            if len(x) < _SHOWN
            else x[:_SHOWN]
        )

    weights = machine.weights_
    strongest = np.argsort(-np.linalg.norm(weights, axis=0))
    left = machine.history_["left_vectors"].values[-1]
    components = machine._components.T
    # A singular vector has no sign of its own: that of the principal component it is likest.
    sign = np.sign((left * components[: len(left)]).sum(axis=1, keepdims=True))
    return {
        "examples": padded(training),
        "samples": padded(_dreams(machine)),
        "receptive_fields": padded(weights[:, strongest].T),
        "principal_components": padded(components),
        "singular_vectors": padded(left * sign),
    }
