"""The perceptron that stores random labels: how many weight vectors satisfy all constraints, and
how alike they are.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from replicon._declare import (
    Branch,
    Control,
    Interval,
    Model,
    Observable,
    Size,
    Transition,
    Words,
    whole,
)
from replicon._rooms import contents

_THEORY_PERCEPTRON = "replicon.perceptron.storage"
_SIMULATION_PERCEPTRON = "replicon.perceptron.storage_finite"

_PERCEPTRON = Model(
    name="perceptron",
    title="Perceptron with random labels",
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
        ),
        Control(
            "temperature",
            "T",
            0.0,
            Interval(0),
            "temperature of the number of errors; 0: no error",
            typical=(0.0, 1.0),
        ),
        Control("weights", "W", "ising", Words(("ising", "spherical")), "w = +-1, or |w|^2 = N"),
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
            Words(("enumeration", "belief-propagation", "amp")),
            "how an instance is counted",
            "simulation",
        ),
        Control(
            "constraint",
            "constraint",
            "threshold",
            Words(("threshold", "symmetric")),
            "stability >= margin, or modulus <= margin",
        ),
    ),
    observables=(
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
        Branch("one-step", "clusters of solutions: one step of replica-symmetry breaking"),
        Branch(
            "frozen",
            "one step, every cluster a single binary weight vector: holds above the capacity",
            ends_at="freezing",
        ),
    ),
    transitions=(
        Transition(
            "capacity",
            "load",
            "solutions end",
            f"{_THEORY_PERCEPTRON}:find_capacity",
            bounds=("replica-symmetric", "one-step"),
        ),
        Transition(
            "freezing",
            "temperature",
            "entropy zero: below it the energy stays at its least",
            f"{_THEORY_PERCEPTRON}:find_freezing",
            bounds=("replica-symmetric", "frozen"),
        ),
        Transition(
            "almeida-thouless",
            "load",
            "replica symmetry breaks",
            f"{_THEORY_PERCEPTRON}:find_almeida_thouless",
            bounds=("replica-symmetric", "one-step"),
        ),
    ),
    solve=f"{_THEORY_PERCEPTRON}:solve",
    sample=f"{_SIMULATION_PERCEPTRON}:sample",
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

_THEORY_PERCEPTRON_TEACHER = "replicon.perceptron.teacher"
_SIMULATION_PERCEPTRON_TEACHER = "replicon.perceptron.teacher_finite"

_PERCEPTRON_TEACHER = Model(
    name="perceptron-teacher",
    title="Perceptron with a teacher",
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
            Words(("ising", "spherical")),
            "of teacher and student: w = +-1, or |w|^2 = N",
        ),
        Control(
            "method",
            "method",
            "enumeration",
            Words(("enumeration", "amp", "amp-focusing")),
            "average over all students; by AMP; by AMP, then a search for the teacher where AMP's"
            " entropy is negative",
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
    sample=f"{_SIMULATION_PERCEPTRON_TEACHER}:sample",
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

_SIMULATION_PERCEPTRON_ALGORITHMS = "replicon.perceptron.algorithms_finite"
_METHODS_PERCEPTRON_ALGORITHMS = (
    "focusing-bp",
    "reinforced-bp",
    "reinforced-amp",
    "sbpi",
    "max-sum",
    "belief-propagation",
    "amp",
    "simulated-annealing",
    "replicated-annealing",
    "enumeration",
)
_PAIRS_PERCEPTRON_ALGORITHMS = tuple(f"digits-{a}-{b}" for a in range(10) for b in range(a + 1, 10))


def _ratio_perceptron_algorithms(total, counted):
    return np.divide(
        total, counted, out=np.full(np.shape(total), np.nan), where=np.asarray(counted) > 0
    )


_PERCEPTRON_ALGORITHMS = Model(
    name="perceptron-algorithms",
    title="Algorithms for the binary perceptron",
    controls=(
        Control(
            "load",
            "alpha",
            0.6,
            Interval(0, open_low=True),
            "patterns per weight",
            typical=(0.1, 0.85),
        ),
        Control(
            "method",
            "method",
            "focusing-bp",
            Words(_METHODS_PERCEPTRON_ALGORITHMS),
            "algorithm; all see the same instances",
            shared=True,
        ),
        Control(
            "passes",
            "t",
            4000,
            Interval(1, integer=True),
            "budget: reads of all patterns",
            shared=True,
            quick=200,
            typical=(100, 20_000),
            scale="log",
        ),
        Control(
            "distance",
            "d",
            0.05,
            Interval(0, 0.5, open_low=True, open_high=True),
            "of the local entropy",
            shared=True,
            typical=(0.005, 0.3),
        ),
        Control(
            "data",
            "data",
            "binary",
            Words(("binary", "gaussian", *_PAIRS_PERCEPTRON_ALGORITHMS)),
            "random patterns, or a pair of MNIST digits",
        ),
    ),
    observables=(
        Observable(
            "solved", "p", "fraction of instances solved", 0, 1, role="simulation", fraction=True
        ),
        Observable(
            "errors", "e", "fraction of patterns in error at the end", 0, 1, role="simulation"
        ),
        Observable(
            "test_error", "e_t", "fraction of unseen patterns in error", 0, 1, role="simulation"
        ),
        Observable("passes_used", "t_u", "reads of all patterns that were used", role="simulation"),
        Observable(
            "local_entropy",
            "V",
            "entropy per weight of solutions at that distance from the one found (nats), over"
            " solved instances",
            role="simulation",
            moments=("local_sum", "counted"),
            estimate=_ratio_perceptron_algorithms,
        ),
    ),
    sample=f"{_SIMULATION_PERCEPTRON_ALGORITHMS}:sample",
    check_size=f"{_SIMULATION_PERCEPTRON_ALGORITHMS}:check_size",
    potential=None,
    source="Braunstein & Zecchina, PRL 96, 030201 (2006); Baldassi et al., PNAS 113, E7655 (2016)",
    size=Size(
        meaning=(
            "weights, odd for sbpi and max-sum; with digits the pixels that vary most, at most 784"
        ),
        quick=21,
        typical=(101, 2001),
        greatest=10_001,
        cost=2.0,
    ),
)

_THEORY_PERCEPTRON_CLUSTERS = "replicon.perceptron.clusters"

_PERCEPTRON_CLUSTERS = Model(
    name="perceptron-clusters",
    title="Rare dense clusters of solutions",
    controls=(
        Control(
            "load",
            "alpha",
            0.6,
            Interval(0, open_low=True),
            "patterns per weight",
            typical=(0.1, 0.85),
        ),
        Control(
            "overlap",
            "q_1",
            0.9,
            Interval(0, 1, open_low=True, open_high=True),
            "imposed overlap of the replicas",
            typical=(0.3, 0.99),
        ),
        Control(
            "replicas",
            "y",
            float("inf"),
            Interval(1, infinite=True),
            "real replicas: weight of the dense regions",
            typical=(1.0, 50.0),
        ),
    ),
    observables=(
        Observable(
            "local_entropy",
            "S_int",
            "entropy of solutions inside one cluster, per weight (nats)",
            high=math.log(2),
            role="theory",
        ),
        Observable(
            "external_entropy",
            "S_ext",
            "entropy of such clusters, per weight (nats); meaningful while >= 0",
            high=math.log(2),
            role="theory",
        ),
        Observable("outer_overlap", "q_0", "overlap of two clusters", 0, 1, role="theory"),
        Observable(
            "distance",
            "d",
            "of solutions from the signs of their mean, the centre of a cluster; y = inf only",
            0,
            0.5,
            role="theory",
            partial=True,
        ),
    ),
    branches=(Branch("dense", "followed in the overlap from that of typical solutions"),),
    transitions=(
        Transition(
            "cluster-limit",
            "load",
            "y = inf: the local entropy stops to fall with the overlap",
            f"{_THEORY_PERCEPTRON_CLUSTERS}:find_cluster_limit",
            bounds=("dense",),
        ),
    ),
    solve=f"{_THEORY_PERCEPTRON_CLUSTERS}:solve",
    potential="free_entropy",
    source=(
        "Baldassi, Ingrosso, Lucibello, Saglietti & Zecchina, PRL 115, 128101 (2015); PNAS 113,"
        " E7655 (2016)"
    ),
)

_THEORY_PERCEPTRON_LANDSCAPE = "replicon.perceptron.landscape"

_PERCEPTRON_LANDSCAPE = Model(
    name="perceptron-landscape",
    title="Entropy landscape around a typical solution",
    controls=(
        Control(
            "load",
            "alpha",
            0.5,
            Interval(0, open_low=True),
            "patterns per weight",
            typical=(0.1, 0.8),
        ),
        Control(
            "distance",
            "d",
            0.1,
            Interval(0, 1, open_low=True, open_high=True),
            "fraction of weights that differ, (1 - p)/2",
            typical=(0.01, 0.5),
        ),
    ),
    observables=(
        Observable(
            "entropy",
            "V",
            "entropy of solutions at that distance from a typical one, per weight (nats)",
            high=math.log(2),
            role="theory",
        ),
        Observable(
            "overlap", "s", "overlap of two solutions at that distance", 0, 1, role="theory"
        ),
        Observable(
            "reference_overlap",
            "t",
            "their overlap with other typical solutions",
            -1,
            1,
            role="theory",
        ),
    ),
    branches=(Branch("typical", "around a solution drawn uniformly from all"),),
    transitions=(
        Transition(
            "isolation",
            "distance",
            "below it no solution (negative entropy) though the reference is one",
            f"{_THEORY_PERCEPTRON_LANDSCAPE}:find_isolation",
            bounds=("typical",),
        ),
    ),
    solve=f"{_THEORY_PERCEPTRON_LANDSCAPE}:solve",
    potential=None,
    source=(
        "Huang, Wong & Kabashima, J. Phys. A 46, 375002 (2013); Huang & Kabashima, PRE 90, 052813"
        " (2014)"
    ),
)

MODELS = (
    _PERCEPTRON,
    _PERCEPTRON_TEACHER,
    _PERCEPTRON_ALGORITHMS,
    _PERCEPTRON_CLUSTERS,
    _PERCEPTRON_LANDSCAPE,
)

if TYPE_CHECKING:
    from replicon.perceptron.search import count_near, count_solutions, find_weights, local_entropy

__getattr__, __dir__, __all__ = contents(
    __name__, {"search": ["count_near", "count_solutions", "find_weights", "local_entropy"]}
)
