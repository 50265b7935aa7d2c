"""How much XLA is to optimise what it compiles."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax

# XLA's options. plain: without its emitters of fused kernels and most of LLVM's optimisation.
# Compiled in a third to a half of the time, chains and training run as fast (measured in
# benchmarks/compiler_options.py), theories as fast or up to 1.8 times slower. seldom: without any
# optimisation, in a fifth of the time, to run 1.5 to 3.5 times slower. The numbers are the same to
# rounding.
HOW: dict[str, dict[str, Any]] = {
    "fast": {},
    "plain": {"xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": 1},
    "seldom": {"xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": 0},
}


def jit(function: Callable, by: Callable = jax.jit, how: str = "plain", **static: Any) -> Callable:
    """`by(function, **static)`, jax.jit or Equinox's, compiled `how` on a CPU: plainly, as loops of
    simulations are. To be called from Python alone: JAX takes options for a graph as a whole, not
    for parts.
    """

    @functools.cache
    def compiled() -> Callable:  # at the first call: to ask JAX for its devices starts them
        options = HOW[how] if jax.default_backend() == "cpu" else {}
        return by(function, compiler_options=options, **static)

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        return compiled()(*arguments, **named)

    return call
