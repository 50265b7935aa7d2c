"""The perceptron that learns from a teacher: the declaration."""

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

_THEORY_PERCEPTRON_TEACHER = "replicon.perceptron.teacher"
_SIMULATION_PERCEPTRON_TEACHER = "replicon.perceptron.teacher_finite"
_PRIORS = Objects(
    "factor",
    "a Prior of replicon.channel with a support",
    "replicon.perceptron.own_factors:teacher_prior",
)

model = Model(
    name="perceptron-teacher",
    title="Perceptron with a teacher",
    about=about.PERCEPTRON_TEACHER,
    controls=(
        Control(
            "load",
            "alpha",
            1.0,
            Interval(0),
            "examples per weight",
            realized=whole,
            typical=(0.0, 2.5),
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
            "of teacher and student: w = +-1, or |w|^2 = N, or drawn from a prior of your own, from"
            " which entropies are measured",
        ),
        Control(
            "method",
            "method",
            "enumeration",
            Words(("enumeration", "amp", "amp-focusing"), synonyms={"exact": "enumeration"}),
            "average over all students; by AMP; by AMP, then a search for the teacher where AMP's"
            " entropy is negative",
            "simulation",
            shared=True,
        ),
        Control(
            "damping",
            "d",
            "adaptive",
            Words(("adaptive", "none")),
            "of AMP's iterations: what they need to settle, or none, which follows state evolution",
            "simulation",
            shared=True,
        ),
    ),
    observables=(
        Observable("overlap", "r", "overlap of a student with the teacher", 0, 1),
        Observable(
            "generalization_error",
            "e_g",
            "probability that a student errs on a new example",
            0,
            0.5,
        ),
        Observable(
            "recovered",
            "p",
            "fraction of instances whose teacher is found exactly",
            0,
            1,
            role="simulation",
            fraction=True,
        ),
        Observable(
            "entropy",
            "s",
            "entropy of the students that agree with all examples, per weight (nats)",
            high=math.log(2),
        ),
    ),
    branches=(
        Branch("imperfect", "students that differ from the teacher", ends_at="spinodal"),
        Branch("perfect", "the teacher alone"),
        Branch(
            "algorithmic", "what message passing reaches without prior knowledge (state evolution)"
        ),
    ),
    transitions=(
        Transition(
            "perfect-learning",
            "load",
            "first order: entropy of the imperfect students vanishes",
            f"{_THEORY_PERCEPTRON_TEACHER}:find_perfect_learning",
            bounds=("imperfect", "perfect"),
        ),
        Transition(
            "spinodal",
            "load",
            "the imperfect state ends",
            f"{_THEORY_PERCEPTRON_TEACHER}:find_spinodal",
            bounds=("imperfect", "algorithmic"),
        ),
    ),
    solve=f"{_THEORY_PERCEPTRON_TEACHER}:solve",
    start=f"{_SIMULATION_PERCEPTRON_TEACHER}:start",
    schedule=Schedule(f"{_SIMULATION_PERCEPTRON_TEACHER}:iterations", burn=1.0),
    views=(
        View("means", "weights", "weights of the teacher, and their means over all students"),
        View(
            "overlaps",
            "trajectory",
            "overlap with the teacher, and of two students, after each iteration",
        ),
    ),
    check_size=f"{_SIMULATION_PERCEPTRON_TEACHER}:check_size",
    potential="free_entropy",
    source=(
        "Gyorgyi, Phys. Rev. A 41, 7097 (1990); Sompolinsky, Tishby & Seung, PRL 65, 1683 (1990)"
    ),
    size=Size(
        meaning="weights, at most 25 with method=enumeration",
        quick=8,
        typical=(8, 25),
        greatest=2000,
        cost=math.inf,
    ),
)
