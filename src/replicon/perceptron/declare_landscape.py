"""Solutions around a typical one: the declaration."""

import math

from replicon._declare import (
    Branch,
    Control,
    Interval,
    Model,
    Observable,
    Transition,
)
from replicon.perceptron import about

_THEORY_PERCEPTRON_LANDSCAPE = "replicon.perceptron.landscape"

model = Model(
    name="perceptron-landscape",
    title="Entropy landscape around a typical solution",
    about=about.PERCEPTRON_LANDSCAPE,
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
    source="Huang & Kabashima, PRE 90, 052813 (2014)",
)
