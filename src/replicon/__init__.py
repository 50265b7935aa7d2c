"""Replicon: statistical physics of neural networks. `solve` is the infinite-size theory, `simulate`
finite networks.

The questions stand here, what belongs to one subject in its room: `replicon.ising`, `hopfield`,
`perceptron`, `recurrent`, `boltzmann`, `rbm`, `attention`, `langevin`; `replicon.channel` (prior x
channel), `replicon.spins` (kernels), `replicon.theory` (the engine), `replicon.data` (readers),
`replicon.view` (figures).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from replicon._compiled import keep_compiled_code

__version__ = "0.1.0"

if TYPE_CHECKING:
    from replicon import (
        attention,
        boltzmann,
        channel,
        data,
        hopfield,
        ising,
        langevin,
        perceptron,
        rbm,
        recurrent,
        spins,
        theory,
        view,
    )
    from replicon._declare import (
        About,
        Axis,
        Branch,
        Control,
        Interval,
        Model,
        Observable,
        Schedule,
        Size,
        Transition,
        View,
        Words,
    )
    from replicon._errors import (
        ConvergenceError,
        DivergenceError,
        InputError,
        RepliconError,
        StoreError,
    )
    from replicon.serve.notebook import live
    from replicon.study.ask import find_transition, simulate, solve, start, summarize
    from replicon.study.catalogue import describe
    from replicon.study.catalogue import names as models
    from replicon.study.comparison import compare
    from replicon.study.plan import shipped as studies
    from replicon.study.store import export_results, load_results
    from replicon.view.diagnosis import draw_diagnosis
    from replicon.view.figure import draw
    from replicon.view.result import run_study

keep_compiled_code()

# Where each public name lies: "room" or "room:name there".
_HOMES = {
    "solve": "study.ask",
    "find_transition": "study.ask",
    "simulate": "study.ask",
    "compare": "study.comparison",
    "summarize": "study.ask",
    "start": "study.ask",
    "models": "study.catalogue:names",
    "describe": "study.catalogue",
    "studies": "study.plan:shipped",
    "run_study": "view.result",
    "load_results": "study.store",
    "export_results": "study.store",
    "live": "serve.notebook",
    "draw": "view.figure",
    "draw_diagnosis": "view.diagnosis",
    "Model": "_declare",
    "About": "_declare",
    "Control": "_declare",
    "Observable": "_declare",
    "Axis": "_declare",
    "View": "_declare",
    "Branch": "_declare",
    "Transition": "_declare",
    "Size": "_declare",
    "Schedule": "_declare",
    "Interval": "_declare",
    "Words": "_declare",
    "RepliconError": "_errors",
    "InputError": "_errors",
    "ConvergenceError": "_errors",
    "DivergenceError": "_errors",
    "StoreError": "_errors",
}
_ROOMS = (
    "attention",
    "boltzmann",
    "channel",
    "data",
    "hopfield",
    "ising",
    "langevin",
    "perceptron",
    "rbm",
    "recurrent",
    "spins",
    "theory",
    "view",
)
__all__ = [*_HOMES, *_ROOMS]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"replicon.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'replicon' has no attribute '{name}'")
    room, _, own = _HOMES[name].partition(":")
    return getattr(importlib.import_module(f"replicon.{room}"), own or name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
