"""Machines trained on the rows, watched on the way."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from replicon._objects import held
from replicon.data.rows import load_rows
from replicon.rbm.learning import growth_rates

_CURVE = 12  # epochs at which the likelihood is measured
_MODES = 4
_SHOWN = 10


class Training:
    """A machine of `size` hidden units in training on nine tenths of the rows, drawn at random; a
    step is an epoch. The likelihood is measured at twelve epochs, equally spaced in their
    logarithm up to `epochs`, and where it is asked for.
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        # scikit-learn takes half a second to import, which the live page's first picture waits for.
        from replicon.rbm.estimator import RestrictedBoltzmannMachine

        self.controls = controls
        rows = held(controls.data, load_rows)
        order = rng.permutation(len(rows))
        cut = len(rows) // 10
        self.test = rows[order[:cut]]
        self.training = rows[order[cut:]]
        self.machine = RestrictedBoltzmannMachine(
            size,
            method=controls.method,
            steps=controls.steps,
            epochs=0,
            learning_rate=controls.learning_rate,
            batch_size=controls.batch or None,
            centred=controls.centred == "yes",
            initial_scale=controls.initial_scale,
            seed=int(rng.integers(2**31)),
        ).fit(self.training)
        self.rates, directions = growth_rates(self.training)
        self.start = np.linalg.norm(directions[:, :_MODES].T @ self.machine.weights_, axis=1)
        self.marks = {round(x) for x in np.geomspace(1, controls.epochs, _CURVE)}
        self.evaluations: dict[int, Evaluation] = {}
        self.changed = Change(0, 0.0)
        self.times = [0.0]  # at every record of the history: updates times learning rate

    def set(self, control: str, value: float) -> None:
        """A learning rate, or sweeps for a gradient, from the next epoch on."""
        self.changed = Change(self.machine.epochs_, self.times[-1])
        self.machine.set_params(**{control: value})
        self.controls = self.controls._replace(**{control: value})

    def step(self, count: int) -> None:
        """So many epochs."""
        rows = len(self.training)
        updates = -(-rows // min(self.controls.batch or rows, rows))
        pace = self.controls.learning_rate * updates
        for _ in range(count):
            self.machine.partial_fit(self.training)
            since = self.machine.epochs_ - self.changed.epoch
            self.times.append(self.changed.time + pace * since)
            if self.machine.epochs_ in self.marks:
                self._evaluate()

    def _evaluate(self) -> Evaluation:
        """The likelihoods at this epoch, measured once."""
        epoch = self.machine.epochs_
        if epoch not in self.evaluations:
            given = (self.machine, self.test, self.training, self.controls.annealing)
            self.evaluations[epoch] = _likelihoods(*given)
        return self.evaluations[epoch]

    def measure(self) -> dict:
        history = self.machine.history_
        now = self._evaluate()
        return {
            "growth_rate": self.growth_rate(),
            "test_log_likelihood": now.test,
            "training_log_likelihood": now.training,
            "reliable_fraction": now.reliable,
            "pseudo_likelihood": self.machine.pseudo_likelihood(self.test[:200]).mean(),
            "largest_singular_value": history["singular_values"].values[-1, 0],
            "active_units": float(history["active_units"][-1]),
        }

    def growth_rate(self) -> float:
        """Of the leading mode, early, per unit of time; NaN before it stands out."""
        return _slope(np.array(self.times), self.machine.history_["singular_values"].values[:, 0])

    def cascade(self) -> dict:
        """Time after every epoch, the first singular values, and beside them what small weights
        would do, |u_k.W(0)| exp(lambda_k t), each (epochs + 1,).
        """
        time = np.array(self.times)
        values = self.machine.history_["singular_values"].values
        found = {"time": time}
        unknown = np.full(len(time), np.nan)
        for k in range(_MODES):
            linear = unknown
            if k < len(self.start):
                linear = self.start[k] * np.exp(np.minimum(self.rates[k] * time, 50))
            there = k < values.shape[1]
            found[f"linear_{k + 1}"] = np.where(linear < 8, linear, np.nan)
            found[f"singular_value_{k + 1}"] = values[:, k] if there else unknown
        return found

    def finish(self) -> dict:
        """Learning curve, `cascade`, and pictures."""
        # What was measured in between, on request, is no part of the curve.
        reached = [epoch for epoch in sorted(self.marks) if epoch in self.evaluations]
        curve = [(epoch, *self.evaluations[epoch][:2]) for epoch in reached]
        curve += [(np.nan,) * 3] * (_CURVE - len(curve))
        epochs, on_test, on_training = np.array(curve).T
        found = {
            "epoch": epochs,
            "test_likelihood": on_test,
            "training_likelihood": on_training,
            **self.cascade(),
        }
        return found | _pictures(self.machine, self.training)

    def view(self) -> dict:
        """Receptive fields, means of the visible units given the hidden ones of the chains, and
        singular values.
        """
        weights = self.machine.weights_
        values = np.linalg.svd(weights, compute_uv=False)
        if self.controls.method == "cd":  # no chains persist: one sweep from rows of the data
            hidden = expit(self.training[:_SHOWN] @ weights + self.machine.hidden_bias_)
        else:  # the last level is the machine
            hidden = np.asarray(self.machine._state.hidden)[-1][:_SHOWN]
        strongest = np.argsort(-np.linalg.norm(weights, axis=0))[:_SHOWN]
        return {
            "receptive_fields": weights[:, strongest].T,
            "chains": expit(hidden @ weights.T + self.machine.visible_bias_),
            "singular_values": np.column_stack([values, np.zeros_like(values)]),
        }


class Change(NamedTuple):
    """The epoch at which a control was changed last, and the time then."""

    epoch: int
    time: float


class Evaluation(NamedTuple):
    """Mean ln P of a row, nats, on rows kept for the test and on rows trained on; reliable, 1 where
    ln Z may be trusted, else 0.
    """

    test: float
    training: float
    reliable: float


def _likelihoods(machine, test, training, annealing: int) -> Evaluation:
    with warnings.catch_warnings():  # `reliable_fraction` says it
        warnings.simplefilter("ignore", UserWarning)
        found = machine.log_partition(temperatures=annealing)
    return Evaluation(
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
