"""Races: every method on the same instances with the same budget."""

from __future__ import annotations

import numpy as np

from replicon._errors import InputError
from replicon.data import binary_digits, digits
from replicon.perceptron.constraints import check_patterns, scaled
from replicon.perceptron.enumeration import LARGEST
from replicon.perceptron.search import METHODS, begin_hunt, local_entropy

_UNSEEN = 300


def check_size(controls: dict, size: int) -> None:
    """Refuse what a method or the data cannot do."""
    for method in controls["method"]:
        if method == "enumeration" and size > LARGEST:
            raise InputError(
                f"size = {size} is too large for method=enumeration: give size <= {LARGEST} (2^N"
                " weights)."
            )
        if METHODS[method].binary and (size % 2 == 0 or "gaussian" in controls["data"]):
            raise InputError(
                f"{method} needs patterns of +-1 and an odd number of weights: give an odd size and"
                " data other than gaussian."
            )
    for name in controls["data"]:
        if name.startswith("digits") and (
            size > 784 or round(max(controls["load"]) * size) > 1000 - _UNSEEN
        ):
            most = 1000 - _UNSEEN
            raise InputError(
                f"load = {max(controls['load']):g} at size = {size} is more than {name} holds: give"
                f" size <= 784 pixels and load * size <= {most} (1000 images of which {_UNSEEN} are"
                " kept for the test)."
            )


def instance(
    data: str, count: int, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Patterns to learn (count, N) and unseen ones (300, N), labels absorbed, float32."""
    shape = (count + _UNSEEN, size)
    if data == "gaussian":
        patterns = rng.standard_normal(shape).astype(np.float32)
    elif data == "binary":
        patterns = rng.choice(np.array([-1, 1], np.float32), shape)
    else:
        first, second = map(int, data.split("-")[1:])
        labels = digits()[1]
        chosen = (labels == first) | (labels == second)
        rows = rng.permutation(np.flatnonzero(chosen))[: count + _UNSEEN]
        images = binary_digits()
        pixels = np.sort(np.argsort(-images[chosen].var(axis=0), kind="stable")[:size])
        signs = np.where(labels[rows] == first, 1, -1)
        patterns = (images[rows][:, pixels] * signs[:, None]).astype(np.float32)
    return patterns[:count], patterns[count:]


def iterations(controls) -> int:
    """Iterations that the budget of passes allows, at least one."""
    return max(1, controls.passes // METHODS[controls.method].cost)


class Race:
    """One instance, and an algorithm that looks for weights without error; a step is an iteration.

    The local entropy is AMP's at the given distance, where a solution was found and AMP converged.
    """

    def __init__(self, controls, size: int, rng: np.random.Generator):
        self.controls = controls
        count = max(1, round(controls.load * size))
        self.seen, self.unseen = instance(controls.data, count, size, rng)
        x = scaled(check_patterns(self.seen))
        self.hunt = begin_hunt(x, controls.method, rng, controls.passes)
        self.concentration = [self.hunt.attempt.concentration]

    @property
    def done(self) -> bool:
        return self.hunt.done

    def step(self, count: int) -> None:
        """So many iterations, fewer once solved or out of budget."""
        for _ in range(count):
            if self.done:
                return
            self.hunt.step(1)
            self.concentration.append(self.hunt.attempt.concentration)

    def measure(self) -> dict:
        w = self.hunt.weights
        errors = np.mean(self.seen @ w < 0)
        return {
            "solved": self.hunt.used > 0 and self.hunt.errors[-1] == 0,
            "errors": errors,
            "test_error": np.mean(self.unseen @ w < 0),
            "passes_used": self.hunt.used,
        }

    def finish(self) -> dict:
        """Sum and count of the local entropies that are known."""
        near = None
        if self.measure()["solved"]:
            near = local_entropy(self.seen, self.hunt.weights, self.controls.distance)
        counted = near is not None and near.converged
        return {
            "local_sum": near.entropy if near is not None and counted else 0.0,
            "counted": counted,
        }

    def view(self) -> dict:
        """Stabilities y w.x/sqrt(N) of the patterns as a histogram; errors, and the mean square of
        the means held, over iterations.
        """
        stability = self.seen @ self.hunt.weights / np.sqrt(self.seen.shape[1])
        density, edges = np.histogram(stability, 40, (-4.0, 4.0), density=False)
        density = density / (len(stability) * (edges[1] - edges[0]))
        errors = self.hunt.errors if self.hunt.used else np.zeros(1)
        return {
            "stabilities": np.column_stack([(edges[1:] + edges[:-1]) / 2, density]),
            "errors": (errors / len(self.seen))[:, None],
            "concentration": np.array(self.concentration)[:, None],
        }
