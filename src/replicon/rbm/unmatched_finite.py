"""Finite teachers and students, each with an inverse temperature and a correlation of its own:
message passing, and the sum over all weights as its referee.
"""

from __future__ import annotations

import math

import numpy as np

from replicon._errors import InputError
from replicon.rbm.enumeration import LARGEST, LARGEST_ALONE, enumerate_posterior
from replicon.rbm.instance import draw_samples, draw_teacher
from replicon.rbm.posterior import Posterior, largest_overlap, matched, measure
from replicon.rbm.unmatched_passing import messages


def check_size(controls: dict, size: int) -> None:
    """Refuse what enumeration cannot hold, and what is not known or cannot be learned."""
    units = max(controls["hidden"])
    most = LARGEST_ALONE if units == 1 else LARGEST
    if "enumeration" in controls["method"] and units > 2:
        raise InputError(
            f"hidden = {units:g} is too many for method=enumeration: give hidden <= 2, or"
            " method=amp."
        )
    if "enumeration" in controls["method"] and size > most:
        raise InputError(
            f"size = {size} is too large for method=enumeration: give size <= {most} (2^N weight"
            " vectors, of each hidden unit)."
        )
    if "hopfield" in controls["approximation"] and units > 1:
        raise InputError(
            f"approximation=hopfield is known for one hidden unit, and hidden = {units:g} was"
            " given: give hidden=1, or approximation=exact."
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
    """A teacher (N, K), its samples (M, N), and overlaps (T, q) of every start after every step in
    `history`. Of more units than one the student's are matched with the teacher's; the sign of T is
    kept of one, so that noise has mean zero.
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.teacher = draw_teacher(size, int(controls.hidden), controls.correlation, rng)
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
    def means(self) -> np.ndarray:
        """Means of the weights, (starts, N, K)."""
        raise NotImplementedError

    def found(self) -> Posterior:
        """What is known of the weights now."""
        raise NotImplementedError

    def overlaps(self) -> np.ndarray:
        """T and q of the means of every start, (2, starts)."""
        means = self.means
        if means.shape[-1] == 1:
            T = (means[..., 0] @ self.teacher[:, 0]) / len(self.teacher)
        else:
            T = largest_overlap(means, self.teacher)
        return np.stack([T, (means**2).mean(axis=(1, 2))])

    def step(self, count: int) -> None:
        """So many sweeps, fewer where the messages come to rest."""
        for _ in range(count):
            if self.done:
                break
            self.turn()
            self.history.append(self.overlaps())

    def _latest(self) -> np.ndarray:
        """T and q of the history (steps, 2), of the start that is told of."""
        return np.array(self.history)[..., 0]

    def measure(self) -> dict:
        found = self.found()
        history = self._latest()
        T, q = (history[-1:] if self.done else history[len(history) // 2 :]).mean(axis=0)
        told = measure(found, self.teacher)._asdict()
        return {
            **told,
            "teacher_overlap": abs(float(T)),
            "overlap": float(q),
            "thermodynamic_entropy": found.thermodynamic_entropy,
            "convergence_time": math.nan,
            "converged_fraction": float(self.done),
            "student_inverse_temperature": self.controls.inverse_temperature,
        }

    def view(self) -> dict:
        """Weights of teacher and student, and both overlaps after every step."""
        student = matched(self.found().mean, self.teacher)
        return {
            "receptive_fields": np.concatenate([self.teacher, student], axis=1).T,
            "learning": np.abs(self._latest()),
        }


class _Sweeping(_Student):
    """Message passing; a step is a sweep. Messages that never rest are measured over the second
    half of the sweeps made, and have no entropies.
    """

    def begin(self, rng: np.random.Generator) -> None:
        given = self.controls
        self.messages = messages(
            self.data,
            given.inverse_temperature,
            given.student_correlation,
            int(given.hidden),
            rng,
            hopfield=given.approximation == "hopfield",
            learn=given.student == "learned",
        )

    def turn(self) -> None:
        self.messages.step(1)
        self.done = self.messages.settled

    @property
    def means(self) -> np.ndarray:
        return self.messages.means

    def found(self) -> Posterior:
        return self.messages.posterior()

    @property
    def _best(self) -> int:
        return self.messages.best()[0] if self.messages.iterations else 0

    def _latest(self) -> np.ndarray:
        return np.array(self.history)[..., self._best]

    def measure(self) -> dict:
        beta = math.sqrt(float(self.messages.square[self._best]))
        return {
            **super().measure(),
            "convergence_time": float(self.messages.iterations),
            "student_inverse_temperature": beta,
        }


class _Enumerated(_Student):
    """The sum over all weights, each matched with the teacher."""

    def begin(self, rng: np.random.Generator) -> None:
        units = self.teacher.shape[1]
        product = np.full(units * (units - 1) // 2, self.controls.student_correlation)
        blank = np.zeros_like(self.teacher)
        self.known = Posterior(blank, product, math.nan, math.nan, False, 0)

    def turn(self) -> None:
        given = self.controls
        self.known = enumerate_posterior(
            self.data,
            given.inverse_temperature,
            given.student_correlation,
            self.teacher,
            hopfield=given.approximation == "hopfield",
        )
        self.done = True

    @property
    def means(self) -> np.ndarray:
        return self.known.mean[None]

    def found(self) -> Posterior:
        return self.known
