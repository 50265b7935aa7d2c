"""Pairs of solutions at a distance: the declaration."""

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
from replicon.perceptron import about

_TRANSITIONS = "replicon.perceptron.pairs_transitions"
_SIMULATION = "replicon.perceptron.pairs_finite"


def whole_distance(value: float, size: int) -> float:
    """The distance of a whole number of weights, neither none nor all."""
    return min(max(round(value * size), 1), size - 1) / size


model = Model(
    name="perceptron-pairs",
    title="Pairs of solutions at a distance",
    about=about.PERCEPTRON_PAIRS,
    controls=(
        Control(
            "load",
            "alpha",
            0.5,
            Interval(0, open_low=True),
            "patterns per weight",
            realized=whole,
            typical=(0.1, 0.8),
        ),
        Control(
            "distance",
            "d",
            0.3,
            Interval(0, 1, open_low=True, open_high=True),
            "fraction of weights that differ, (1 - p)/2",
            typical=(0.01, 0.9),
            live=True,
            shared=True,
            realized=whole_distance,
        ),
        Control(
            "margin",
            "kappa",
            0.0,
            Interval(-3, 3),
            "least stability y w.x/sqrt(N)",
            typical=(-0.5, 0.5),
        ),
        Control(
            "reference",
            "reference",
            "solution-pair",
            Words(
                ("solution-pair", "random"),
                synonyms={"pair": "solution-pair", "pairs": "solution-pair"},
            ),
            "count pairs of solutions at the distance, or solutions at the distance from a random"
            " configuration",
        ),
        Control(
            "method",
            "method",
            "enumeration",
            Words(
                ("enumeration", "message-passing"),
                synonyms={"exact": "enumeration", "amp": "message-passing"},
            ),
            "how an instance is counted",
            "simulation",
            shared=True,
        ),
    ),
    observables=(
        Observable(
            "pair_entropy",
            "s_2",
            "entropy of ordered pairs of solutions, or of solutions, at the distance, per weight"
            " (nats)",
            high=2 * math.log(2),
        ),
        Observable(
            "relative_entropy",
            "e",
            "the same, less that of two typical solutions (of one, about a random configuration)",
        ),
        Observable(
            "typical_entropy",
            "s_typ",
            "entropy of all solutions per weight (nats)",
            high=math.log(2),
        ),
        Observable("overlap", "q", "overlap of solutions of different pairs", 0, 1, partial=True),
        Observable("coupling_field", "x", "field that holds the overlap p, -ds_2/dp", partial=True),
        Observable(
            "antisymmetric_stability",
            "A",
            "below 1 the members of a pair remain exchangeable",
            0,
            role="theory",
            partial=True,
        ),
        Observable(
            "symmetric_stability",
            "S",
            "below 1 replica symmetry holds",
            0,
            role="theory",
            partial=True,
        ),
        Observable(
            "solvable",
            "P",
            "fraction of instances with such solutions",
            0,
            1,
            role="simulation",
        ),
    ),
    branches=(
        Branch("replica-symmetric", "the typical number: all solutions alike"),
        Branch("annealed", "the mean number over instances: an upper bound"),
    ),
    transitions=(
        Transition(
            "diameter",
            "distance",
            "beyond it there are no pairs of solutions",
            f"{_TRANSITIONS}:find_diameter",
            bounds=("replica-symmetric",),
        ),
        Transition(
            "partner",
            "distance",
            "below it a typical solution has no partner",
            f"{_TRANSITIONS}:find_partner",
            bounds=("replica-symmetric",),
        ),
        Transition(
            "gap-opening",
            "load",
            "from it on no pairs lie in a band of small distances",
            f"{_TRANSITIONS}:find_gap_opening",
            bounds=("replica-symmetric",),
            evidence=(Observable("minimum", "d_min", "distance at which the gap opens", 0, 1),),
        ),
        Transition(
            "gap-begin",
            "distance",
            "the smaller edge of the gap",
            f"{_TRANSITIONS}:find_gap_begin",
            bounds=("replica-symmetric",),
            example={"load": 0.81},
        ),
        Transition(
            "gap-end",
            "distance",
            "the larger edge of the gap",
            f"{_TRANSITIONS}:find_gap_end",
            bounds=("replica-symmetric",),
            example={"load": 0.81},
        ),
        Transition(
            "shell",
            "distance",
            "nearer to a random configuration there are no solutions",
            f"{_TRANSITIONS}:find_shell",
            bounds=("replica-symmetric",),
        ),
    ),
    solve="replicon.perceptron.pairs:solve",
    start=f"{_SIMULATION}:start",
    schedule=Schedule(f"{_SIMULATION}:iterations", burn=1.0),
    views=(
        View("means", "weights", "means of the weights over all such solutions"),
        View(
            "entropies",
            "trajectory",
            "entropy at every distance (enumeration), or after every iteration",
        ),
    ),
    check_size=f"{_SIMULATION}:check_size",
    potential=None,
    source="Huang, Wong & Kabashima, J. Phys. A 46, 375002 (2013)",
    size=Size(
        meaning="weights, at most 25 with method=enumeration",
        quick=8,
        typical=(8, 25),
        greatest=2000,
        cost=math.inf,
    ),
)
