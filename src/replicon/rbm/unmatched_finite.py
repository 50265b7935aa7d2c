"""Finite teachers and students of one hidden unit, each with an inverse temperature of its own:
message passing, and the sum over all weights as its referee.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from replicon._errors import InputError
from replicon.rbm.instance import draw_samples, draw_teacher, log_cosh
from replicon.rbm.unmatched_passing import Messages

LARGEST = 16  # weights of an enumeration
_BLOCK = 2**12  # weight vectors at once


def check_size(controls: dict, size: int) -> None:
    """Refuse what enumeration cannot hold, and what cannot be learned."""
    if "enumeration" in controls["method"] and size > LARGEST:
        raise InputError(
            f"size = {size} is too large for method=enumeration: give size <= {LARGEST} (2^N"
            " weight vectors)."
        )
    if "learned" in controls["student"]:
        for control, word in (("approximation", "hopfield"), ("method", "enumeration")):
            if word in controls[control]:
                raise InputError(
                    f"student=learned goes with approximation=exact and method=amp, and {control}"
                    f" = {word} was given: leave that out, or give student=fixed."
                )


def steps(controls) -> int:
    """Sweeps of message passing at most; enumeration is one step."""
    return controls.sweeps if controls.method == "amp" else 1


def remarks(point: dict, size: int, measured: dict) -> list[str]:
    """Sentences on messages that did not come to rest, and on a student that has learned nothing of
    its inverse temperature.
    """
    out = []
    share = measured["converged_fraction"][0]
    if point["method"] == "amp" and share < 1:
        out.append(
            f"at size {size} the messages of {100 * (1 - share):.0f}% of the instances did not come"
            f" to rest in {point['sweeps']} sweeps: their overlaps are means over the second half"
            " of these, and they have no entropies."
        )
    beta = point["inverse_temperature"]
    if point["student"] == "learned" and point["load"] * beta**4 < 1:
        out.append(
            f"a student that starts from inverse temperature {beta:.4g} does not notice any"
            " direction, and then every inverse temperature explains itself: start from more than"
            " load^(-1/4)."
        )
    return out


def start(controls, size: int, rng: np.random.Generator):
    """A student of a new teacher and its round(load N) samples, by the method asked for."""
    return (_Sweeping if controls.method == "amp" else _Enumerated)(controls, size, rng)


class _Student:
    """A teacher (N,), its samples (M, N), and overlaps (T, q) after every step in `history`."""

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.teacher = draw_teacher(size, 1, 0.0, rng)
        samples = round(controls.load * size)
        beta = controls.teacher_inverse_temperature
        self.data = draw_samples(self.teacher, samples, beta, rng)
        self.done = False
        self.begin(rng)
        self.history = [self.overlaps()]

    def begin(self, rng: np.random.Generator) -> None:
        """Where inference starts."""
        raise NotImplementedError

    def turn(self) -> None:
        """One step of inference, which sets `done`."""
        raise NotImplementedError

    @property
    def mean(self) -> np.ndarray:
        """Means (N,) of the weights."""
        raise NotImplementedError

    def overlaps(self) -> tuple[float, float]:
        """T, of either sign, and q of the means."""
        size = len(self.teacher)
        mean = self.mean
        return float(mean @ self.teacher[:, 0]) / size, float(mean @ mean) / size

    def step(self, count: int) -> None:
        """So many sweeps, fewer where the messages come to rest."""
        for _ in range(count):
            if self.done:
                break
            self.turn()
            self.history.append(self.overlaps())

    def view(self) -> dict:
        """Weights of teacher and student, and both overlaps after every step."""
        T, q = np.array(self.history).T
        sign = -1.0 if T[-1] < 0 else 1.0
        return {
            "receptive_fields": np.stack([self.teacher[:, 0], sign * self.mean]),
            "learning": np.stack([np.abs(T), q], axis=1),
        }


class _Sweeping(_Student):
    """Message passing; a step is a sweep. Messages that never rest are measured over the second
    half of the sweeps made, and have no entropies.
    """

    def begin(self, rng: np.random.Generator) -> None:
        given = self.controls
        learn = given.student == "learned"
        beta = given.inverse_temperature
        self.messages = Messages(self.data, beta, given.approximation, learn, rng)

    def turn(self) -> None:
        self.messages.sweep()
        self.done = self.messages.settled

    @property
    def mean(self) -> np.ndarray:
        return self.messages.mean

    def measure(self) -> dict:
        late = np.array(self.history[-1:] if self.done else self.history[len(self.history) // 2 :])
        T, q = late.mean(axis=0)
        entropies = self.messages.entropies() if self.done else (math.nan, math.nan)
        return {
            "teacher_overlap": abs(float(T)),
            "overlap": float(q),
            "entropy": entropies[0],
            "thermodynamic_entropy": entropies[1],
            "convergence_time": float(self.messages.sweeps),
            "converged_fraction": float(self.done),
            "student_inverse_temperature": self.messages.beta,
        }


class _Enumerated(_Student):
    """The sum over all weights, those of negative overlap with the teacher turned round."""

    def begin(self, rng: np.random.Generator) -> None:
        self.found = np.zeros(len(self.teacher))
        self.entropies = (math.nan, math.nan)

    def turn(self) -> None:
        given = self.controls
        hopfield = given.approximation == "hopfield"
        beta = given.inverse_temperature
        self.found, self.entropies = enumerate_weights(self.data, beta, self.teacher, hopfield)
        self.done = True

    @property
    def mean(self) -> np.ndarray:
        return self.found

    def measure(self) -> dict:
        T, q = self.overlaps()
        return {
            "teacher_overlap": abs(T),
            "overlap": q,
            "entropy": self.entropies[0],
            "thermodynamic_entropy": self.entropies[1],
            "convergence_time": math.nan,
            "converged_fraction": float(self.done),
            "student_inverse_temperature": self.controls.inverse_temperature,
        }


def enumerate_weights(
    data: np.ndarray, beta: float, teacher: np.ndarray, hopfield: bool
) -> tuple[np.ndarray, tuple[float, float]]:
    """Means (N,) over all weights, each turned towards the teacher (N, 1), and (S_w, S_th), nats
    per weight; exact. data (M, N).
    """
    samples, size = data.shape
    states = np.array(list(itertools.product((1.0, -1.0), repeat=size)))
    logs = np.zeros(len(states))
    energy = np.zeros(len(states))  # beta d ln weight/d beta; of the expansion, in beta^2
    for begin in range(0, len(states) if samples else 0, _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        x = beta / math.sqrt(size) * states[rows] @ data.T
        logs[rows] = (x**2 / 2 if hopfield else log_cosh(x)).sum(axis=1)
        energy[rows] = (x**2 / 2 if hopfield else x * np.tanh(x)).sum(axis=1)
    highest = logs.max()
    weight = np.exp(logs - highest)
    log_sum = highest + math.log(weight.sum())
    weight /= weight.sum()
    sign = np.where(states @ teacher[:, 0] < 0, -1.0, 1.0)
    own = (log_sum - float(weight @ logs)) / size
    with_hidden = (log_sum - float(weight @ energy)) / size
    return (weight * sign) @ states, (own, with_hidden)
