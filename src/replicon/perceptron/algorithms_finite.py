"""Races: every method on the same instances with the same budget."""

from __future__ import annotations

import numpy as np

from replicon._errors import InputError
from replicon.data import binary_digits, digits
from replicon.perceptron.enumeration import LARGEST
from replicon.perceptron.search import METHODS, find_weights, local_entropy

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
        rows = rng.permutation(np.flatnonzero((labels == first) | (labels == second)))[
            : count + _UNSEEN
        ]
        both = binary_digits()[(labels == first) | (labels == second)]
        pixels = np.sort(np.argsort(-both.var(axis=0), kind="stable")[:size])
        patterns = (
            binary_digits()[rows][:, pixels] * np.where(labels[rows] == first, 1, -1)[:, None]
        ).astype(np.float32)
    return patterns[:count], patterns[count:]


def sample(controls, size: int, rng: np.random.Generator) -> dict:
    """One instance. The local entropy is AMP's at the given distance, where a solution was found
    and AMP converged.
    """
    count = max(1, round(controls.load * size))
    seen, unseen = instance(controls.data, count, size, rng)
    found = find_weights(seen, method=controls.method, seed=rng, passes=controls.passes)
    near = local_entropy(seen, found.weights, controls.distance) if found.solved else None
    counted = near is not None and near.converged
    return {
        "solved": found.solved,
        "errors": np.mean(seen @ found.weights < 0),
        "test_error": np.mean(unseen @ found.weights < 0),
        "passes_used": found.passes,
        "local_sum": near.entropy if near is not None and counted else 0.0,
        "counted": counted,
    }
