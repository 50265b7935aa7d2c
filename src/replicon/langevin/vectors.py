"""Trees of parameters as vectors, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from replicon._arrays import real_array
from replicon._errors import InputError


def as_vectors(start: Any) -> tuple[np.ndarray, Any, tuple]:
    """Parameters as vectors (chains, d), the structure of their tree, and the shapes of its leaves
    for one chain.
    """
    leaves, structure = jax.tree.flatten(start)
    shapes = [np.shape(leaf) for leaf in leaves]
    if not leaves or any(not shape or shape[0] != shapes[0][0] for shape in shapes):
        raise InputError(
            f"start has leaves of shapes {shapes}: give each a leading axis, the same number of"
            " chains."
        )
    arrays = [real_array("start", leaf, "expected arrays of finite numbers") for leaf in leaves]
    vectors = np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)
    return vectors, structure, tuple(shape[1:] for shape in shapes)


def unravelled(structure, shapes) -> Callable:
    """The map of vectors (..., d), of NumPy or JAX, to trees whose leaves have these shapes after
    the leading axes.
    """
    sizes = [math.prod(shape) for shape in shapes]
    ends = np.cumsum(sizes).tolist()

    def unravel(x):
        leaves = [
            x[..., end - size : end].reshape(*x.shape[:-1], *shape)
            for end, size, shape in zip(ends, sizes, shapes, strict=True)
        ]
        return jax.tree.unflatten(structure, leaves)

    return unravel
