"""Replicon: statistical physics of neural networks. `solve` is the infinite-size theory, `simulate` finite networks."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from replicon._declare import Array, Branch, Control, Interval, Model, Observable, Transition, Words
    from replicon._errors import ConvergenceError, DivergenceError, InputError, RepliconError, StoreError
    from replicon.data import digits, load_patterns
    from replicon.data.networks import load_network
    from replicon.machines.boltzmann import BoltzmannMachine
    from replicon.machines.restricted import RestrictedBoltzmannMachine
    from replicon.models.perceptron_algorithms.search import count_near, count_solutions, find_weights, local_entropy
    from replicon.simulation.dynamics import evolve, kaplan_yorke_dimension
    from replicon.simulation.exact import enumerate_states
    from replicon.simulation.kinetic_energy import find_fixed_points, sample_kinetic_energy
    from replicon.simulation.langevin import integrate_entropy, sample_langevin
    from replicon.simulation.passing import belief_propagation, naive_mean_field, tap
    from replicon.simulation.tempering import sample_spins
    from replicon.study.evaluate import compare, find_transition, simulate, solve
    from replicon.study.run import run_study
    from replicon.study.store import export, load

_HOMES = {
    "_declare": ("Array", "Branch", "Control", "Interval", "Model", "Observable", "Transition", "Words"),
    "_errors": ("ConvergenceError", "DivergenceError", "InputError", "RepliconError", "StoreError"),
    "data": ("digits", "load_patterns"),
    "data.networks": ("load_network",),
    "machines.boltzmann": ("BoltzmannMachine",),
    "machines.restricted": ("RestrictedBoltzmannMachine",),
    "models.perceptron_algorithms.search": ("count_near", "count_solutions", "find_weights", "local_entropy"),
    "simulation.dynamics": ("evolve", "kaplan_yorke_dimension"),
    "simulation.exact": ("enumerate_states",),
    "simulation.kinetic_energy": ("find_fixed_points", "sample_kinetic_energy"),
    "simulation.langevin": ("integrate_entropy", "sample_langevin"),
    "simulation.passing": ("belief_propagation", "naive_mean_field", "tap"),
    "simulation.tempering": ("sample_spins",),
    "study.evaluate": ("compare", "find_transition", "simulate", "solve"),
    "study.run": ("run_study",),
    "study.store": ("export", "load"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}
__all__ = [
    "Array",
    "BoltzmannMachine",
    "Branch",
    "Control",
    "ConvergenceError",
    "DivergenceError",
    "InputError",
    "Interval",
    "Model",
    "Observable",
    "RepliconError",
    "RestrictedBoltzmannMachine",
    "StoreError",
    "Transition",
    "Words",
    "belief_propagation",
    "compare",
    "count_near",
    "count_solutions",
    "digits",
    "enumerate_states",
    "evolve",
    "export",
    "find_fixed_points",
    "find_transition",
    "find_weights",
    "integrate_entropy",
    "kaplan_yorke_dimension",
    "load",
    "load_network",
    "load_patterns",
    "local_entropy",
    "naive_mean_field",
    "run_study",
    "sample_kinetic_energy",
    "sample_langevin",
    "sample_spins",
    "simulate",
    "solve",
    "tap",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"replicon.{_HOME[name]}"), name)
    raise AttributeError(f"module 'replicon' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
