"""Run a function written for one point over many points: float64, vectorised, compiled for few
shapes, NumPy in and out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from replicon._content import cached
from replicon.theory import kept

# One compiled shape for all: padding a single point costs a millisecond or a few, compiling another
# shape costs seconds. 32 points together are as quick as 128 (processors take 4 to 8 at a time), a
# single one is answered three times sooner, and what is dear for one point holds fewer up.
BATCH = 32


def _over_points(function: Callable) -> Callable:
    def over_points(*point):
        return jax.vmap(function)(*point)

    return over_points


@cached(maxsize=256)
def _compiled(function: Callable, how: str) -> Callable:
    return kept.compiled(_over_points(function), how)


def evaluate(function: Callable, *trees: Any, batch: int = BATCH, how: str = "fast") -> Any:
    """`function(*point)` for every point; leaves of the trees have the points as first axis, and so
    has every output.

    `batch`: points at once, fewer than the default for a function that is dear enough for idle rows
    to cost. `how` it is compiled: see `kept.compiled`. Compiled code is kept by the content of
    `function` (`_content`): one that reads a global or an attribute may change. Arithmetic is
    float64 inside; the caller's JAX configuration is left as it is.

    Returns NumPy arrays (points, ...). Raises what JAX raises where `function` cannot be traced.
    Source: vectorisation by `jax.vmap`. Referee: the function called point by point
    (tests/theory/test_engine.py).
    """
    leaves, shape = jax.tree.flatten(trees)
    leaves = [np.asarray(leaf, dtype=float) for leaf in leaves]
    points = len(leaves[0])
    leaves = [_padded(leaf, batch) for leaf in leaves]
    compiled = _compiled(function, how)
    parts = []
    with jax.enable_x64(True):
        for begin in range(0, max(points, 1), batch):
            part = [leaf[begin : begin + batch] for leaf in leaves]
            parts.append(compiled(*jax.tree.unflatten(shape, part)))
        return jax.tree.map(lambda *pieces: np.concatenate(pieces)[:points], *parts)


def _padded(array: np.ndarray, batch: int) -> np.ndarray:
    """Whole batches: the last point again and again behind it."""
    missing = -len(array) % batch
    return array if not missing else np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])


def as_vector(x: Any) -> jnp.ndarray:
    """The scalars of a named tuple as one vector."""
    return jnp.stack(list(x))
