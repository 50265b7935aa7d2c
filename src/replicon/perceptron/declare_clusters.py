"""Rare dense clusters of solutions: the declaration."""

import math

from replicon._declare import (
    Branch,
    Control,
    Interval,
    Model,
    Observable,
    Transition,
    Words,
)
from replicon.perceptron import about

_THEORY_PERCEPTRON_CLUSTERS = "replicon.perceptron.clusters"

model = Model(
    name="perceptron-clusters",
    title="Rare dense clusters of solutions",
    about=about.PERCEPTRON_CLUSTERS,
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
        Control(
            "temperature",
            "T",
            0.0,
            Interval(0),
            "temperature of the number of errors; 0: no error",
            typical=(0.0, 1.0),
            inverse=("beta", "inverse_temperature"),
        ),
        Control(
            "margin",
            "kappa",
            0.0,
            Interval(-5, 5),
            "least stability y w.x/sqrt(N)",
            typical=(-1.0, 1.0),
        ),
        Control(
            "weights",
            "W",
            "ising",
            Words(("ising", "ternary", "zero-one"), synonyms={"binary": "ising"}),
            "w = +-1; -1, 0 or 1; 0 or 1",
            "theory",
        ),
    ),
    observables=(
        Observable(
            "local_entropy",
            "S_int",
            "entropy of solutions inside one cluster, per weight (nats)",
            high=math.log(3),
            role="theory",
        ),
        Observable(
            "local_free_entropy",
            "phi_int",
            "local entropy less errors per weight over the temperature (nats)",
            high=math.log(3),
            role="theory",
        ),
        Observable(
            "external_entropy",
            "S_ext",
            "entropy of such clusters, per weight (nats); meaningful while >= 0",
            high=math.log(3),
            role="theory",
        ),
        Observable(
            "errors_per_weight",
            "e",
            "patterns in error per weight, of one replica",
            0,
            role="theory",
        ),
        Observable("inner_overlap", "q_1", "overlap of two replicas", 0, 1, role="theory"),
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
            example={"temperature": 0.0},
        ),
    ),
    solve=f"{_THEORY_PERCEPTRON_CLUSTERS}:solve",
    potential="free_entropy",
    source=(
        "Baldassi, Ingrosso, Lucibello, Saglietti & Zecchina, PRL 115, 128101 (2015); PNAS 113,"
        " E7655 (2016)"
    ),
)
