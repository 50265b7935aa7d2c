"""The perceptron that stores random labels: the declaration."""

import math

from replicon._declare import (
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
    whole,
)
from replicon._objects import Objects
from replicon.perceptron import about

_THEORY_PERCEPTRON = "replicon.perceptron.storage"
_SIMULATION_PERCEPTRON = "replicon.perceptron.storage_finite"
_PRIORS = Objects(
    "factor", "a Prior of replicon.channel", "replicon.perceptron.own_factors:storage_prior"
)
_CHANNELS = Objects(
    "factor", "a Channel of replicon.channel", "replicon.perceptron.own_factors:constraint"
)

model = Model(
    name="perceptron",
    title="Perceptron with random labels",
    about=about.PERCEPTRON,
    controls=(
        Control(
            "load",
            "alpha",
            0.5,
            Interval(0),
            "patterns per weight",
            realized=whole,
            typical=(0.0, 2.0),
        ),
        Control(
            "margin",
            "kappa",
            0.0,
            Interval(-5, 5),
            "least stability y w.x/sqrt(N); largest |w.x|/sqrt(N) if symmetric",
            typical=(-1.0, 1.0),
            live=True,
        ),
        Control(
            "temperature",
            "T",
            0.0,
            Interval(0),
            "temperature of the number of errors; 0: no error",
            typical=(0.0, 1.0),
            live=True,
            inverse=("beta", "inverse_temperature"),
        ),
        Control(
            "weights",
            "W",
            "ising",
            Words(
                ("ising", "spherical"),
                objects=_PRIORS,
                synonyms={"binary": "ising", "continuous": "spherical"},
            ),
            "w = +-1, or |w|^2 = N, or drawn from a prior of your own, from which entropies are"
            " measured",
        ),
        Control(
            "breaking_parameter",
            "m",
            0.0,
            Interval(0, 1),
            "Parisi's m of the branches that break; 0: the stationary one",
            "theory",
            typical=(0.0, 1.0),
        ),
        Control(
            "method",
            "method",
            "enumeration",
            Words(
                ("enumeration", "belief-propagation", "amp"),
                synonyms={"exact": "enumeration", "bp": "belief-propagation"},
            ),
            "how an instance is counted",
            "simulation",
        ),
        Control(
            "constraint",
            "constraint",
            "threshold",
            Words(
                ("threshold", "symmetric"),
                objects=_CHANNELS,
                synonyms={"step": "threshold", "rectangle": "symmetric"},
            ),
            "stability >= margin, or modulus <= margin, or a channel of your own, whose parameters"
            " are margin and leak = exp(-1/T)",
        ),
    ),
    observables=(
        Observable(
            "internal_entropy",
            "s_int",
            "entropy of the solutions of one cluster per weight (nats)",
            role="theory",
            partial=True,
        ),
        Observable(
            "breaking",
            "m*",
            "Parisi's m at which this state is stationary",
            role="theory",
            partial=True,
        ),
        Observable("overlap", "q", "overlap of two solutions", 0, 1),
        Observable("entropy", "s", "entropy of solutions per weight (nats)", high=math.log(2)),
        Observable(
            "inner_overlap", "q_1", "overlap of two solutions of one cluster", 0, 1, role="theory"
        ),
        Observable(
            "complexity",
            "Sigma",
            "entropy of clusters per weight (nats)",
            high=math.log(2),
            role="theory",
        ),
        Observable(
            "solvable", "p", "fraction of instances with a solution", 0, 1, role="simulation"
        ),
        Observable("energy", "e", "fraction of patterns in error", 0, 1),
    ),
    branches=(
        Branch("replica-symmetric", "all solutions alike"),
        Branch(
            "one-step",
            "clusters of solutions: one step of replica-symmetry breaking",
            example={"load": 9.0, "margin": -1.0, "weights": "spherical"},
            dear=True,
        ),
        Branch(
            "frozen",
            "one step, every cluster a single binary weight vector: holds above the capacity",
            ends_at="freezing",
            example={"load": 1.0, "temperature": 0.1},
        ),
    ),
    transitions=(
        Transition(
            "capacity",
            "load",
            "solutions end",
            "replicon.perceptron.storage_transitions:find_capacity",
            bounds=("replica-symmetric", "one-step"),
        ),
        Transition(
            "freezing",
            "temperature",
            "entropy zero: below it the energy stays at its least",
            "replicon.perceptron.storage:find_freezing",
            bounds=("replica-symmetric", "frozen"),
            example={"load": 1.0},
        ),
        Transition(
            "almeida-thouless",
            "load",
            "replica symmetry breaks",
            "replicon.perceptron.storage_transitions:find_almeida_thouless",
            bounds=("replica-symmetric", "one-step"),
        ),
    ),
    solve=f"{_THEORY_PERCEPTRON}:solve",
    start=f"{_SIMULATION_PERCEPTRON}:start",
    schedule=Schedule(f"{_SIMULATION_PERCEPTRON}:iterations", burn=1.0),
    views=(
        View("means", "weights", "means of the weights over all solutions"),
        View("overlaps", "trajectory", "overlap of two solutions after each iteration"),
    ),
    check_size=f"{_SIMULATION_PERCEPTRON}:check_size",
    potential="free_entropy",
    source="Gardner, J. Phys. A 21, 257 (1988); Krauth & Mezard, J. Physique 50, 3057 (1989)",
    size=Size(
        meaning="weights, at most 25 with method=enumeration",
        quick=8,
        typical=(8, 25),
        greatest=2000,
        cost=math.inf,
    ),
)
