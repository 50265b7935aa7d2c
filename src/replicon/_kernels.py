"""Numba's disk cache can be left damaged by a full disk or a killed machine: forget it and compile
again, once.
"""

from __future__ import annotations

import functools
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def sound_cache(function: Callable) -> Callable:
    """A public function that calls kernels: where their cache on disk cannot be read it is removed
    and the call repeated.
    """

    @functools.wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except (pickle.UnpicklingError, EOFError):
            forget_kernels()
            return function(*arguments, **named)

    return wrapper


def forget_kernels() -> None:
    """Remove all compiled kernels of Replicon's loaded modules from Numba's disk cache."""
    from numba.core.dispatcher import Dispatcher

    modules = [module for name, module in sys.modules.items() if name.startswith("replicon")]
    kernels = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, Dispatcher)
    ]
    for folder in {Path(str(kernel.stats.cache_path)) for kernel in kernels}:
        for pattern in ("*.nbi", "*.nbc"):
            for path in folder.glob(pattern):
                path.unlink(missing_ok=True)
