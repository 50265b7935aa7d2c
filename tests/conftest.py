"""Shared by all tests: compiled code is kept between runs."""

import os
from pathlib import Path

_CACHE = Path(__file__).parents[1] / ".cache"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_CACHE / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
os.environ.setdefault("NUMBA_CACHE_DIR", str(_CACHE / "numba"))
