"""Steady states of random recurrent networks: the declaration."""

from replicon._declare import (
    Branch,
    Control,
    Interval,
    Model,
    Observable,
    Size,
    Transition,
)
from replicon.recurrent import about
from replicon.recurrent.declare_shared import NONLINEARITY, REGULARISER, SYMMETRY

_THEORY_RECURRENT_FIXED_POINTS = "replicon.recurrent.fixed_points"
_SIMULATION_RECURRENT_FIXED_POINTS = "replicon.recurrent.fixed_points_finite"

model = Model(
    name="recurrent-fixed-points",
    title="Steady states of a random recurrent network",
    about=about.FIXED_POINTS,
    controls=(
        Control(
            "gain",
            "g",
            0.8,
            Interval(0, 50),
            "standard deviation of the couplings times sqrt(N)",
            typical=(0.0, 2.0),
        ),
        SYMMETRY,
        Control(
            "temperature",
            "T",
            0.0,
            Interval(0),
            "of the kinetic energy E; 0: fixed points, E = 0",
            typical=(0.0, 0.5),
            inverse=("beta", "inverse_temperature"),
        ),
        REGULARISER,
        NONLINEARITY,
        Control(
            "sweeps",
            "t",
            400,
            Interval(4, integer=True),
            "Hamiltonian trajectories, half of them measured",
            "simulation",
            quick=12,
            typical=(20, 4000),
            scale="log",
        ),
        Control(
            "ladder",
            "K",
            8,
            Interval(2, 64, integer=True),
            "temperatures of parallel tempering, from 1/2 down",
            "simulation",
            quick=2,
            typical=(2, 32),
        ),
    ),
    observables=(
        Observable(
            "free_entropy",
            "phi",
            "(1/N) ln int dx exp(-E/T), at temperature > 0",
            role="theory",
            partial=True,
        ),
        Observable("activity", "C", "<phi(x)^2>", 0),
        Observable("response", "R", "d <phi> / dh, to a constant field of one's own"),
        Observable(
            "response_variance",
            "R_2",
            "sum_j (d <phi_i> / dh_j)^2; NaN where fixed points are unstable and it diverges",
            0,
            role="theory",
            partial=True,
        ),
        Observable("variance", "x_2", "<x^2>", 0),
        Observable(
            "overlap",
            "Q",
            "<phi^a phi^b> of two replicas; simulated, of the time averages of two halves of one"
            " chain",
        ),
        Observable("energy", "e", "kinetic energy (with the regulariser) per neuron", 0),
    ),
    branches=(
        Branch(
            "active",
            "the state with activity where there is one; at temperature > 0, for an odd phi,"
            " without overlap between replicas",
        ),
        Branch(
            "frozen",
            "with an overlap between replicas, at temperature > 0",
            example={"gain": 1.2, "temperature": 0.05, "nonlinearity": "relu"},
        ),
        Branch("quiescent", "x = 0"),
    ),
    transitions=(
        Transition(
            "chaos",
            "gain",
            "x = 0 loses its stability: 1 / (1 + symmetry)",
            f"{_THEORY_RECURRENT_FIXED_POINTS}:find_chaos",
            bounds=("active", "quiescent"),
        ),
    ),
    solve=f"{_THEORY_RECURRENT_FIXED_POINTS}:solve",
    sample=f"{_SIMULATION_RECURRENT_FIXED_POINTS}:sample",
    check_size=f"{_SIMULATION_RECURRENT_FIXED_POINTS}:check_size",
    potential=None,
    source="Qiu & Huang, arXiv 2401.10009; static cavity equation of its T = 0 limit",
    size=Size(meaning="neurons", typical=(20, 400), greatest=2000, cost=3.0),
)
