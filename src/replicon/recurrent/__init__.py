"""Random and given recurrent networks: steady states, motion, chaos.

Models: recurrent-dynamics, recurrent-fixed-points, recurrent-network, recurrent-pseudo-potential.

For networks of your own: `evolve`: states and Lyapunov spectrum, driven or not. `Run`: what it
returns. `kaplan_yorke_dimension`: of an attractor. `find_chaos`: the gain at which it begins, with
its evidence. `Chaos`: what it returns. `find_fixed_points`: zeros of the kinetic energy.
`FixedPoints`: what it returns. `sample_kinetic_energy`: states at a temperature. `KineticSamples`:
what it returns.
"""

from typing import TYPE_CHECKING

from replicon._rooms import contents
from replicon.recurrent import (
    declare_dynamics,
    declare_fixed_points,
    declare_network,
    declare_pseudo_potential,
)

MODELS = (
    declare_dynamics.model,
    declare_fixed_points.model,
    declare_network.model,
    declare_pseudo_potential.model,
)

if TYPE_CHECKING:
    from replicon.recurrent.chaos import Chaos, find_chaos
    from replicon.recurrent.evolution import Run, evolve, kaplan_yorke_dimension
    from replicon.recurrent.fixed_point_search import FixedPoints, find_fixed_points
    from replicon.recurrent.kinetic_energy import KineticSamples, sample_kinetic_energy

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "chaos": ["Chaos", "find_chaos"],
        "evolution": ["Run", "evolve", "kaplan_yorke_dimension"],
        "fixed_point_search": ["FixedPoints", "find_fixed_points"],
        "kinetic_energy": ["KineticSamples", "sample_kinetic_energy"],
    },
)
