"""One hidden unit, teacher and student at different inverse temperatures: the declaration."""

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

_THEORY = "replicon.rbm.unmatched"
_TRANSITIONS = "replicon.rbm.unmatched_transitions"
_SIMULATION = "replicon.rbm.unmatched_finite"
_LN_2 = 0.6931471805599453

model = Model(
    name="rbm-unmatched",
    title="Restricted Boltzmann machine off the Nishimori line",
    about=about.RBM_UNMATCHED,
    controls=(
        Control(
            "load",
            "alpha",
            3.0,
            Interval(0, 1000),
            "samples per visible unit",
            realized=whole,
            typical=(0.0, 10.0),
        ),
        Control(
            "inverse_temperature",
            "beta",
            1.5,
            Interval(0, 5, open_low=True),
            "of the student",
            typical=(0.3, 2.5),
            inverse=("T", "temperature"),
        ),
        Control(
            "teacher_inverse_temperature",
            "beta_0",
            1.0,
            Interval(0, 5),
            "of the teacher, whose samples are noise at 0",
            typical=(0.0, 2.0),
        ),
        Control(
            "approximation",
            "approximation",
            "exact",
            Words(("exact", "hopfield")),
            "of the student: cosh(beta X) itself, or its expansion exp(beta^2 X^2/2)",
        ),
        Control(
            "method",
            "method",
            "amp",
            Words(("amp", "enumeration"), synonyms={"message-passing": "amp"}),
            "of inference; both see the same instances",
            "simulation",
            shared=True,
        ),
        Control(
            "student",
            "student",
            "fixed",
            Words(("fixed", "learned")),
            "its inverse temperature stays, or is learned from the samples; started too hot to"
            " notice anything, it learns nothing",
            "simulation",
            shared=True,
        ),
        Control(
            "sweeps",
            "t",
            1500,
            Interval(1, integer=True),
            "of message passing at most",
            "simulation",
            shared=True,
            quick=200,
            typical=(20, 5000),
            scale="log",
        ),
    ),
    observables=(
        Observable("teacher_overlap", "T", "of the student's weights with the teacher's", 0, 1),
        Observable("overlap", "q", "of the student's weights in two replicas", 0, 1),
        Observable(
            "entropy",
            "s",
            "of the weights given the samples, nats per weight",
            high=_LN_2,
        ),
        Observable(
            "thermodynamic_entropy",
            "s_th",
            "(1 - beta d/dbeta) ln Z/N, which counts hidden units: negative without any paradox",
            high=_LN_2,
        ),
        Observable(
            "convergence_time",
            "t_c",
            "sweeps until the messages rest, or all that were made where they do not; theory knows"
            " the paramagnet's",
            0,
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
        Observable(
            "student_inverse_temperature",
            "beta_s",
            "of the student in the end: as given, or learned",
            0,
            role="simulation",
        ),
    ),
    branches=(
        Branch(
            "replica-symmetric",
            "retrieval where there is such a state, else the spin glass, else the paramagnet",
        ),
        Branch("retrieval", "aligned with the teacher, T > 0", ends_at="retrieval"),
        Branch(
            "spin-glass",
            "frozen in a direction of its own, T = 0 and q > 0",
            ends_at="spin-glass",
        ),
        Branch("paramagnetic", "nothing is learned, T = q = 0"),
    ),
    transitions=(
        Transition(
            "spin-glass",
            "load",
            "continuous: the paramagnet freezes, whatever the samples say",
            f"{_TRANSITIONS}:find_spin_glass",
            bounds=("paramagnetic", "spin-glass"),
        ),
        Transition(
            "retrieval",
            "load",
            "continuous: the student finds its teacher's direction",
            f"{_TRANSITIONS}:find_retrieval",
            bounds=("retrieval",),
        ),
        Transition(
            "almeida-thouless",
            "load",
            "retrieval becomes stable to replica-symmetry breaking",
            f"{_TRANSITIONS}:find_almeida_thouless",
            bounds=("retrieval",),
        ),
        Transition(
            "entropy-crisis",
            "load",
            "the thermodynamic entropy, which counts hidden units, vanishes: no transition",
            f"{_TRANSITIONS}:find_entropy_crisis",
            bounds=("replica-symmetric",),
        ),
        Transition(
            "zero-entropy",
            "load",
            "the entropy of the weights vanishes: replica symmetry is wrong from here on at the"
            " latest",
            f"{_TRANSITIONS}:find_zero_entropy",
            bounds=("replica-symmetric",),
            example={"teacher_inverse_temperature": 0.0},
        ),
    ),
    solve=f"{_THEORY}:solve",
    start=f"{_SIMULATION}:start",
    schedule=Schedule(f"{_SIMULATION}:steps", burn=1.0),
    views=(
        View(
            "receptive_fields",
            "weights",
            "weights: the teacher's, and the student's means beneath",
        ),
        View(
            "learning",
            "trajectory",
            "overlap with the teacher, and of the means with themselves, after every step",
        ),
    ),
    check_size=f"{_SIMULATION}:check_size",
    remarks=f"{_SIMULATION}:remarks",
    potential="free_entropy",
    source="Huang & Toyoizumi, PRE 94, 062310 (2016); Huang, J. Stat. Mech. 053302 (2017)",
    size=Size(
        meaning="visible units, at most 16 with method=enumeration",
        typical=(20, 1000),
        greatest=5000,
        cost=2.0,
        quick=12,
    ),
)
