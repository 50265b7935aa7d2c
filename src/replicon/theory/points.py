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

# One compiled shape for all: padding a single point to 128 costs milliseconds, compiling another
# shape costs seconds.
BATCH = 128


def _over_points(function: Callable) -> Callable:
    def over_points(*point):
        return jax.vmap(function)(*point)

    return over_points


@cached(maxsize=256)
def _compiled(function: Callable) -> Callable:
    return kept.compiled(_over_points(function))


def evaluate(function: Callable, *trees: Any, batch: int = BATCH) -> Any:
    """`function(*point)` for every point; leaves of the trees have the points as first axis, and so
    has every output.

    `batch`: points at once, fewer than the default for a function that is dear enough for idle rows
    to cost. Compiled code is kept by the content of `function` (`_content`): one that reads a
    global or an attribute may change. Arithmetic is float64 inside; the caller's JAX configuration
    is left as it is.

    Returns NumPy arrays (points, ...). Raises what JAX raises where `function` cannot be traced.
    Source: vectorisation by `jax.vmap`. Referee: the function called point by point
    (tests/theory/test_engine.py).
    """
    trees = jax.tree.map(lambda leaf: np.asarray(leaf, dtype=float), trees)
    points = len(jax.tree.leaves(trees)[0])
    compiled = _compiled(function)
    parts = []
    with jax.enable_x64(True):
        for begin in range(0, points, batch):
            end = min(begin + batch, points)
            part = jax.tree.map(lambda a, b=begin, e=end: _padded(a[b:e], batch), trees)
            out = compiled(*part)
            parts.append(jax.tree.map(lambda a, n=end - begin: np.asarray(a)[:n], out))
    return jax.tree.map(lambda *pieces: np.concatenate(pieces), *parts)


def _padded(array: np.ndarray, batch: int) -> np.ndarray:
    missing = batch - len(array)
    return (
        array if missing == 0 else np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
    )


def as_vector(x: Any) -> jnp.ndarray:
    """The scalars of a named tuple as one vector."""
    return jnp.stack(list(x))
