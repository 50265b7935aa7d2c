"""The restricted Boltzmann machine with a teacher: the declaration."""

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
from replicon.rbm import about

_THEORY_RBM = "replicon.rbm.inference"
_SIMULATION_RBM = "replicon.rbm.inference_finite"

model = Model(
    name="rbm",
    title="Restricted Boltzmann machine with a teacher",
    about=about.RBM,
    controls=(
        Control(
            "load",
            "alpha",
            3.0,
            Interval(0, 100),
            "samples per visible unit",
            realized=whole,
            typical=(0.0, 10.0),
        ),
        Control(
            "inverse_temperature",
            "beta",
            1.0,
            Interval(0, 5, open_low=True),
            "of the machine, E = -sum_i s_i (xi_i . h) / sqrt(N)",
            typical=(0.2, 2.0),
            inverse=("T", "temperature"),
        ),
        Control(
            "correlation",
            "q_0",
            0.3,
            Interval(0, 1, open_high=True),
            "of any two of the teacher's receptive fields",
            typical=(0.0, 0.9),
        ),
        Control(
            "prior",
            "prior",
            "informed",
            Words(("informed", "uniform")),
            "the student knows the correlation, or takes it for zero",
        ),
        Control(
            "hidden",
            "K",
            2,
            Interval(1, 8, integer=True),
            "hidden units of teacher and student",
            typical=(1, 4),
        ),
        Control(
            "method",
            "method",
            "amp",
            Words(
                (
                    "amp",
                    "learning-amp",
                    "belief-propagation",
                    "gibbs",
                    "pca",
                    "enumeration",
                ),
                synonyms={
                    "expectation-maximisation": "learning-amp",
                    "bp": "belief-propagation",
                    "exact": "enumeration",
                    "monte-carlo": "gibbs",
                },
            ),
            "of inference; all see the same instances, learning-amp without the inverse temperature"
            " and correlation, which it learns",
            "simulation",
            shared=True,
        ),
        Control(
            "sweeps",
            "t",
            400,
            Interval(2, integer=True),
            "of method=gibbs",
            "simulation",
            shared=True,
            quick=12,
            typical=(20, 5000),
            scale="log",
        ),
    ),
    observables=(
        Observable(
            "student",
            "lambda_s",
            "growth of a small difference of the student's units, less one",
            role="theory",
            partial=True,
        ),
        Observable(
            "teacher",
            "lambda_t",
            "growth of a small preference for one order of units, less one",
            role="theory",
            partial=True,
        ),
        Observable(
            "teacher_overlap", "T", "of a student's receptive field with its own teacher's", 0, 1
        ),
        Observable(
            "cross_overlap",
            "tau",
            "with another teacher's, where there are more than one",
            -1,
            1,
            partial=True,
        ),
        Observable("overlap", "q_1", "of the same receptive field in two replicas", 0, 1),
        Observable(
            "cross_replica_overlap",
            "r",
            "of different receptive fields in two replicas",
            -1,
            1,
            partial=True,
        ),
        Observable(
            "receptive_overlap",
            "R",
            "of two receptive fields of one student",
            -1,
            1,
            partial=True,
        ),
        Observable(
            "entropy", "s", "of the posterior, nats per visible unit", high=5.545177444479562
        ),
        Observable(
            "learned_inverse_temperature",
            "beta_s",
            "that the student takes the machine to have",
            0,
        ),
        Observable(
            "learned_correlation",
            "q_s",
            "that the student takes the receptive fields to have, as a modulus",
            0,
            1,
            partial=True,
        ),
        Observable(
            "converged_fraction",
            "p",
            "of the instances, those whose messages came to rest",
            0,
            1,
            role="simulation",
            fraction=True,
        ),
    ),
    branches=(
        Branch("equilibrium", "whichever of the following is stable"),
        Branch("random-guess", "nothing is learned"),
        Branch(
            "symmetric",
            "all units learn the same: where the teacher's weights agree",
            ends_at="symmetry-breaking",
        ),
        Branch(
            "permutation-student",
            "the student's units differ, but belong to no teacher's unit",
            ends_at="permutation-student",
        ),
        Branch(
            "permutation-broken", "each unit belongs to a teacher's", ends_at="permutation-teacher"
        ),
    ),
    transitions=(
        Transition(
            "symmetry-breaking",
            "load",
            "continuous: the student begins to learn",
            "replicon.rbm.transitions:find_symmetry_breaking",
            bounds=("random-guess", "symmetric"),
        ),
        Transition(
            "permutation-symmetry-breaking",
            "load",
            "continuous: the student's units become different (correlation > 0, two units or more)",
            "replicon.rbm.transitions:find_permutation_student",
            bounds=("symmetric", "permutation-student"),
        ),
        Transition(
            "permutation-student",
            "load",
            "the same: the student's own permutation symmetry breaks",
            "replicon.rbm.transitions:find_permutation_student",
            bounds=("symmetric", "permutation-student"),
        ),
        Transition(
            "permutation-teacher",
            "load",
            "continuous: each of the student's units picks a teacher's",
            "replicon.rbm.transitions:find_permutation_teacher",
            bounds=("permutation-student", "permutation-broken"),
        ),
    ),
    solve=f"{_THEORY_RBM}:solve",
    start=f"{_SIMULATION_RBM}:start",
    schedule=Schedule(f"{_SIMULATION_RBM}:steps", burn=1.0),
    views=(
        View(
            "receptive_fields",
            "weights",
            "weights, a hidden unit a row: the teacher's, and the student's means beneath",
        ),
        View(
            "learning",
            "trajectory",
            "teacher overlap after every step, of each start of messages or chain of states",
        ),
    ),
    check_size=f"{_SIMULATION_RBM}:check_size",
    revision=3,
    potential="free_entropy",
    source="Hou, Wong & Huang, J. Phys. A 52, 414001 (2019); Hou & Huang, PRL 124, 248302 (2020)",
    size=Size(
        meaning="visible units, at most 12 with method=enumeration",
        typical=(20, 1000),
        greatest=5000,
        cost=2.0,
    ),
)
