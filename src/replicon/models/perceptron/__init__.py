"""The perceptron that stores random labels: how many weight vectors satisfy all constraints, and how alike they are."""

import math

from replicon._declare import Branch, Control, Interval, Model, Observable, Transition, Words, whole

_THEORY = "replicon.models.perceptron.theory"
_SIMULATION = "replicon.models.perceptron.simulation"

model = Model(
    name="perceptron",
    title="Perceptron with random labels",
    controls=(
        Control("load", "alpha", 0.5, Interval(0), "patterns per weight", realized=whole),
        Control("margin", "kappa", 0.0, Interval(-5, 5), "least stability y w.x/sqrt(N); largest |w.x|/sqrt(N) if symmetric"),
        Control("temperature", "T", 0.0, Interval(0), "temperature of the number of errors; 0: no error"),
        Control("weights", "W", "ising", Words(("ising", "spherical")), "w = +-1, or |w|^2 = N"),
        Control("breaking_parameter", "m", 0.0, Interval(0, 1), "Parisi's m of the branches that break; 0: the stationary one", "theory"),
        Control(
            "method",
            "method",
            "enumeration",
            Words(("enumeration", "belief-propagation", "amp")),
            "how an instance is counted",
            "simulation",
        ),
        Control("constraint", "constraint", "threshold", Words(("threshold", "symmetric")), "stability >= margin, or modulus <= margin"),
    ),
    observables=(
        Observable("overlap", "q", "overlap of two solutions", 0, 1),
        Observable("entropy", "s", "entropy of solutions per weight (nats)", high=math.log(2)),
        Observable("inner_overlap", "q_1", "overlap of two solutions of one cluster", 0, 1, role="theory"),
        Observable("complexity", "Sigma", "entropy of clusters per weight (nats)", high=math.log(2), role="theory"),
        Observable("solvable", "p", "fraction of instances with a solution", 0, 1, role="simulation"),
        Observable("energy", "e", "fraction of patterns in error", 0, 1),
    ),
    branches=(
        Branch("replica-symmetric", "all solutions alike"),
        Branch("one-step", "clusters of solutions: one step of replica-symmetry breaking"),
        Branch("frozen", "one step, every cluster a single binary weight vector: holds above the capacity", ends_at="freezing"),
    ),
    transitions=(
        Transition("capacity", "load", "solutions end", f"{_THEORY}:find_capacity"),
        Transition("freezing", "temperature", "entropy zero: below it the energy stays at its least", f"{_THEORY}:find_freezing"),
        Transition("almeida-thouless", "load", "replica symmetry breaks", f"{_THEORY}:find_almeida_thouless"),
    ),
    solve=f"{_THEORY}:solve",
    simulate=f"{_SIMULATION}:simulate",
    check_size=f"{_SIMULATION}:check_size",
    potential="free_entropy",
    source="Gardner, J. Phys. A 21, 257 (1988); Krauth & Mezard, J. Physique 50, 3057 (1989)",
    size_meaning="weights, at most 25 with method=enumeration",
    quick_size=8,
)
