"""Finite machines: exact samples of a teacher, and what a student can infer from them, by five
methods on the same instances.
"""

from __future__ import annotations

import math

import numpy as np

from replicon._errors import InputError
from replicon.rbm.enumeration import LARGEST, enumerate_posterior
from replicon.rbm.features import COLDEST, LearningMessages, start_of
from replicon.rbm.instance import draw_samples, draw_teacher
from replicon.rbm.passing import ITERATIONS, ApproximateMessages, EdgeMessages
from replicon.rbm.posterior import Overlaps, Posterior, largest_overlap, matched, measure
from replicon.rbm.principal import principal_weights
from replicon.rbm.weight_chain import Chain

_EDGES = 20_000_000
# Methods of one or two units. From its one start belief propagation of three often comes to rest
# with a unit's sign wrong.
_FEW = ("belief-propagation", "gibbs", "pca", "enumeration")


def check_size(controls: dict, size: int) -> None:
    """Refuse what enumeration and messages on edges cannot hold."""
    if "enumeration" in controls["method"] and size > LARGEST:
        raise InputError(
            f"size = {size} is too large for method=enumeration: give size <= {LARGEST} (4^N pairs"
            " of weights)."
        )
    many = max(controls["hidden"])
    few = next((m for m in controls["method"] if m in _FEW), None)
    if many > 2 and few:
        raise InputError(
            f"hidden = {many:g} is too many for method={few}: give hidden <= 2, or method=amp."
        )
    if "learning-amp" in controls["method"] and "uniform" in controls["prior"]:
        raise InputError(
            "method=learning-amp ends with the teacher's correlation, which prior=uniform leaves"
            " out: give prior=informed."
        )
    edges = max(controls["load"]) * size**2
    if "belief-propagation" in controls["method"] and edges > _EDGES:
        most = int(math.sqrt(_EDGES / max(controls["load"])))
        raise InputError(
            f"size = {size} is too large for method=belief-propagation, a message an edge: give"
            f" size <= {most}, or method=amp."
        )


def start(controls, size: int, rng: np.random.Generator) -> _Student:
    """A student of a new teacher and its round(load N) samples, by the method asked for."""
    return _KINDS[controls.method](controls, size, rng)


def steps(controls) -> int:
    """Sweeps of Gibbs sampling, iterations of message passing, else the one step there is."""
    if controls.method == "gibbs":
        return controls.sweeps
    return ITERATIONS.get(controls.method, 1)


class _Student:
    """A teacher, its samples and a student; a kind gives `turn()`, a step of its inference, `means`
    and `overlaps()`.

    Student's units are matched with the teacher's, over permutations and signs, where the teacher
    overlap is largest. All overlaps are those of posterior means m: T = m.xi*/N, q = m.m/N.
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        self.rng = rng
        self.guess = controls.correlation if controls.prior == "informed" else 0.0
        self.teacher = draw_teacher(size, controls.hidden, controls.correlation, rng)
        samples = round(controls.load * size)
        self.data = draw_samples(self.teacher, samples, controls.inverse_temperature, rng)
        self.begin()
        self.history = [largest_overlap(self.means, self.teacher)]

    def begin(self) -> None:
        """Where inference starts."""
        raise NotImplementedError

    def turn(self) -> None:
        """One step of inference."""
        raise NotImplementedError

    @property
    def done(self) -> bool:
        """Whether a further step would change nothing; chains are never done."""
        return False

    @property
    def means(self) -> np.ndarray:
        """What each start, or chain, takes the weights for now, (starts, N, K)."""
        raise NotImplementedError

    def overlaps(self) -> Overlaps:
        """The observables now."""
        raise NotImplementedError

    def mean(self) -> np.ndarray:
        """Posterior means (N, K) of the weights."""
        return self.means[0]

    def step(self, count: int) -> None:
        """So many sweeps or iterations, fewer once settled."""
        for _ in range(count):
            if self.done:
                break
            self.turn()
            self.history.append(largest_overlap(self.means, self.teacher))

    def measure(self) -> dict:
        guess = self.guess if self.controls.hidden > 1 else math.nan
        return {
            **self.overlaps()._asdict(),
            "learned_inverse_temperature": float(self.controls.inverse_temperature),
            "learned_correlation": guess,
        }

    def view(self) -> dict:
        """Receptive fields of teacher and student, and the teacher overlap after every step."""
        student = matched(self.mean(), self.teacher)
        return {
            "receptive_fields": np.concatenate([self.teacher, student], axis=1).T,
            "learning": np.array(self.history),
        }


class _Messages(_Student):
    """Message passing; a step is an iteration. AMP's observables are those of the start of largest
    Bethe free entropy, and it alone knows the entropy (Bethe's).
    """

    def begin(self) -> None:
        kind = _MESSAGES[self.controls.method]
        beta = self.controls.inverse_temperature
        guess = self.guess
        if kind is LearningMessages:
            beta = min(start_of(len(self.data) / len(self.teacher)), COLDEST)
            guess = 0.0
        self.messages = kind(self.data, beta, guess, int(self.controls.hidden), self.rng)

    def turn(self) -> None:
        self.messages.step(1)

    @property
    def done(self) -> bool:
        return self.messages.settled

    @property
    def means(self) -> np.ndarray:
        return self.messages.means

    def mean(self) -> np.ndarray:
        return self.messages.posterior().mean

    def overlaps(self) -> Overlaps:
        return measure(self.messages.posterior(), self.teacher)

    def measure(self) -> dict:
        out = super().measure()
        if isinstance(self.messages, LearningMessages):
            best, _ = self.messages.best() if self.messages.iterations else (0, 0.0)
            out["learned_inverse_temperature"] = float(self.messages.beta[best])
            if self.controls.hidden > 1:
                out["learned_correlation"] = abs(float(self.messages.correlation[best]))
        return out


class _Chains(_Student):
    """Two Gibbs chains from the teacher, which for an informed student is an exact draw of the
    posterior; a step is a sweep of both. Means are over the sweeps after the first half of `sweeps`
    (the weights themselves until then); q is between the two chains.
    """

    def begin(self) -> None:
        beta = self.controls.inverse_temperature
        self.sweeps = 0
        self.chains = [
            Chain(self.data, beta, self.guess, self.teacher.copy(), self.rng) for _ in range(2)
        ]

    def turn(self) -> None:
        for chain in self.chains:
            chain.sweep()
            if self.sweeps >= self.controls.sweeps // 2:
                chain.keep()
        self.sweeps += 1

    @property
    def means(self) -> np.ndarray:
        return np.stack([chain.weights for chain in self.chains])

    def mean(self) -> np.ndarray:
        return self.chains[0].mean()

    def overlaps(self) -> Overlaps:
        first, second = self.chains
        product = np.mean([[chain.mean_product()] for chain in self.chains], axis=0)
        product = product[: self.controls.hidden - 1]
        found = Posterior(first.mean(), product, math.nan, math.nan, True, self.sweeps)
        return measure(found, self.teacher, second.mean())


class _AtOnce(_Student):
    """What is known after one step: weights from the eigenvectors of the samples' covariance (pca),
    or averages over all weights, each state matched with the teacher by itself, which matters for
    the few sites there can be (enumeration, which knows the entropy).
    """

    def begin(self) -> None:
        blank = np.zeros_like(self.teacher)
        product = np.full(1 if self.controls.hidden > 1 else 0, self.guess)
        self.found = Posterior(blank, product, math.nan, math.nan, False, 0)

    def turn(self) -> None:
        beta = self.controls.inverse_temperature
        if self.controls.method == "enumeration":
            self.found = enumerate_posterior(self.data, beta, self.guess, self.teacher)
            return
        mean = principal_weights(self.data, self.controls.hidden, self.guess)
        product = np.atleast_1d(mean.prod(axis=1).mean())[: mean.shape[1] - 1]
        self.found = Posterior(mean, product, math.nan, math.nan, True, 1)

    @property
    def done(self) -> bool:
        return self.found.converged

    @property
    def means(self) -> np.ndarray:
        return self.found.mean[None]

    def overlaps(self) -> Overlaps:
        return measure(self.found, self.teacher)


_MESSAGES = {
    "amp": ApproximateMessages,
    "learning-amp": LearningMessages,
    "belief-propagation": EdgeMessages,
}
_KINDS = {
    "amp": _Messages,
    "learning-amp": _Messages,
    "belief-propagation": _Messages,
    "gibbs": _Chains,
    "pca": _AtOnce,
    "enumeration": _AtOnce,
}
