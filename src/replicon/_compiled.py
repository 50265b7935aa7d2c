"""Compiled code is kept on disk between processes: what XLA made of a graph once, in seconds, it
reads again in milliseconds, keyed by the graph's content.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Seconds of compilation from which it is worth a file; JAX's own default is 1.
_WORTH_KEEPING = 0.2


def keep_compiled_code() -> None:
    """Let JAX keep compiled code in the user's cache folder ($XDG_CACHE_HOME or ~/.cache, there
    replicon/jax), unless the user has decided otherwise by JAX's own settings
    (`JAX_COMPILATION_CACHE_DIR`, `JAX_ENABLE_COMPILATION_CACHE=false`) or the folder cannot be
    written. Does not import JAX; raises nothing.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "replicon" / "jax"
    if "JAX_COMPILATION_CACHE_DIR" in os.environ or not _writable(folder):
        return
    if "jax" not in sys.modules:  # it will read them
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", str(_WORTH_KEEPING))
        return
    settings = sys.modules["jax"].config
    if settings.jax_compilation_cache_dir is None:
        settings.update("jax_compilation_cache_dir", str(folder))
        if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
            settings.update("jax_persistent_cache_min_compile_time_secs", _WORTH_KEEPING)


def _writable(folder: Path) -> bool:
    """Whether a folder can be made there, or is there and can be written."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK)
