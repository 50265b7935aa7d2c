"""One integer of the user's becomes the random streams of every (grid point, sample).

A stream depends on the seed, on what is simulated (model, controls, size) and on the sample's
number, not on the place of the point in a grid nor on the worker that runs it: the same point gives
the same bits in every study and on any machine with the same versions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from replicon._domains import check_seed


def fingerprint(identity: Mapping[str, Any]) -> str:
    """Sixty-four hexadecimal digits of a mapping of plain values, independent of the order of its
    keys.
    """
    return hashlib.sha256(json.dumps(identity, sort_keys=True, allow_nan=True).encode()).hexdigest()


def streams(seed: int, identity: Mapping[str, Any], samples: int) -> list[np.random.SeedSequence]:
    """One SeedSequence for each sample of the point that `identity` describes."""
    digest = fingerprint(identity)
    key = tuple(int(digest[i : i + 8], 16) for i in range(0, 32, 8))
    return [
        np.random.SeedSequence(entropy=seed, spawn_key=(*key, sample)) for sample in range(samples)
    ]


def generator(stream: np.random.SeedSequence) -> np.random.Generator:
    """The NumPy generator of a stream; Numba kernels take it as it is."""
    return np.random.Generator(np.random.PCG64(stream))


def words(stream: np.random.SeedSequence, count: int) -> np.ndarray:
    """`count` random 64-bit words, the initial state of the bit-sliced kernels."""
    return stream.generate_state(count, np.uint64)


def read_generator(seed: Any) -> np.random.Generator:
    """A user's seed as a generator: a whole number >= 0 makes one, a NumPy Generator is itself.
    Raises InputError for anything else.
    """
    if isinstance(seed, np.random.Generator):
        return seed
    return generator(np.random.SeedSequence(check_seed(seed)))


def read_seed(seed: Any) -> int:
    """A user's seed as a whole number >= 0; a NumPy Generator gives the next of its own. Raises
    InputError for anything else.
    """
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**31))
    return check_seed(seed)
