"""The pseudo-potential of a few neurons: the declaration."""

from dataclasses import replace

from replicon._declare import (
    Axis,
    Branch,
    Control,
    Interval,
    Model,
    Observable,
    Schedule,
    Size,
    View,
    Words,
)
from replicon._files import NETWORKS
from replicon._objects import COUPLINGS
from replicon.recurrent import about
from replicon.recurrent.declare_shared import NONLINEARITY, REGULARISER

_THEORY_RECURRENT_PSEUDO_POTENTIAL = "replicon.recurrent.pseudo_potential"
_SIMULATION_RECURRENT_PSEUDO_POTENTIAL = "replicon.recurrent.pseudo_potential_finite"
# Steps between measurements: a chain forgets in more, and measuring costs as much as ten steps.
_EVERY = 4

_FIRST = Axis("grid_1", "", "place along the first direction", coordinate="axis_1")
_SECOND = Axis("grid_2", "", "place along the second direction", coordinate="axis_2")
_POINT = Axis("point", "", "zero of the pseudo-potential")
_NEURON = Axis("neuron", "i", "neuron")
_STATE = Axis("state", "", "chain of the sampler")
_RUN = Axis("run", "", "trajectory")
_TIME = Axis("moment", "t", "moment, 0.05 apart")

model = Model(
    name="recurrent-pseudo-potential",
    title="Pseudo-potential of a few neurons",
    about=about.PSEUDO_POTENTIAL,
    controls=(
        Control(
            "couplings",
            "J",
            "two-points",
            Words(("spiral", "two-points"), files=NETWORKS, objects=COUPLINGS),
            "three neurons that spiral to one fixed point or have two; or your own J[i, j] from j"
            " to i (theory: at most 3)",
        ),
        Control(
            "temperature",
            "T",
            0.5,
            Interval(0.05),
            "of the pseudo-potential E",
            typical=(0.05, 2.0),
            scale="log",
            live=True,
            inverse=("beta", "inverse_temperature"),
        ),
        replace(REGULARISER, live=True),
        replace(NONLINEARITY, meaning="bounded transfer function, or a file that defines phi"),
        Control(
            "sweeps",
            "t",
            16000,
            Interval(4, integer=True),
            "steps of Langevin dynamics, half of them measured",
            "simulation",
            quick=12,
            typical=(1000, 100_000),
            scale="log",
        ),
        Control(
            "chains",
            "K",
            64,
            Interval(2, integer=True),
            "Langevin chains of a sample",
            "simulation",
            quick=4,
            typical=(4, 256),
            scale="log",
        ),
        Control(
            "duration",
            "T_f",
            30.0,
            Interval(1),
            "length of the trajectories x' = -x + J phi(x)",
            "simulation",
            quick=10,
            typical=(5.0, 100.0),
            scale="log",
        ),
    ),
    observables=(
        Observable("variance", "x_2", "<x^2>, mean over neurons", 0),
        Observable("activity", "C", "<phi(x)^2>, mean over neurons", 0),
        Observable("energy", "e", "E, with the regulariser, per neuron", 0),
        Observable(
            "landscape",
            "E",
            "-T ln of the density of the first two neurons",
            role="theory",
            axes=(
                _FIRST,
                _SECOND,
            ),
        ),
        Observable(
            "axis_1", "x_1", "first neuron, along the landscape", role="theory", axes=(_FIRST,)
        ),
        Observable(
            "axis_2", "x_2", "second neuron, along the landscape", role="theory", axes=(_SECOND,)
        ),
        Observable(
            "fixed_point",
            "x*",
            "zeros of the pseudo-potential",
            role="theory",
            axes=(
                _POINT,
                _NEURON,
            ),
        ),
        Observable(
            "growth",
            "lambda",
            "largest real part of the motion's eigenvalues there",
            role="theory",
            axes=(_POINT,),
        ),
        Observable(
            "states",
            "x",
            "last states of the chains",
            role="simulation",
            axes=(
                _STATE,
                _NEURON,
            ),
        ),
        Observable(
            "trajectory",
            "x(t)",
            "trajectories of the true motion",
            role="simulation",
            axes=(
                _RUN,
                _TIME,
                _NEURON,
            ),
        ),
        Observable(
            "trajectory_energy",
            "E(t)",
            "pseudo-potential along them",
            role="simulation",
            axes=(
                _RUN,
                _TIME,
            ),
        ),
    ),
    branches=(Branch("equilibrium", "the measure exp(-E/T), integrated over all states"),),
    solve=f"{_THEORY_RECURRENT_PSEUDO_POTENTIAL}:solve",
    start=f"{_SIMULATION_RECURRENT_PSEUDO_POTENTIAL}:Langevin",
    schedule=Schedule("sweeps", every=_EVERY),
    views=(
        View("energies", "histogram", "pseudo-potential per neuron, of all chains"),
        View("eigenvalues", "spectrum", "of the motion linearised where the first chain is"),
    ),
    check_size=f"{_SIMULATION_RECURRENT_PSEUDO_POTENTIAL}:check_size",
    potential="free_entropy",
    revision=2,
    source="Qiu & Huang, arXiv 2401.10009",
    size=Size(
        meaning="neurons",
        quick=3,
        typical=(2, 3),
        greatest=3,
        of=f"{_SIMULATION_RECURRENT_PSEUDO_POTENTIAL}:neurons",
    ),
)
