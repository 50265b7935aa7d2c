"""Rare dense clusters of solutions: the declaration."""

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
from replicon._errors import InputError
from replicon.perceptron import about

_THEORY_PERCEPTRON_CLUSTERS = "replicon.perceptron.clusters"
_TRANSITIONS_PERCEPTRON_CLUSTERS = "replicon.perceptron.clusters_transitions"
_SIMULATION_PERCEPTRON_CLUSTERS = "replicon.perceptron.clusters_finite"

_MOST = 100  # replicas that are simulated


def check_size(controls: dict, size: int) -> None:
    """Refuse what cannot be simulated."""
    for y in controls["replicas"]:
        if not 2 <= y <= _MOST or y != round(y):
            raise InputError(
                f"replicas = {y:g} cannot be simulated: give a whole number from 2 to {_MOST}, or"
                " solve the theory."
            )
    if "gradient-descent" in controls["method"] and any(t > 0 for t in controls["temperature"]):
        raise InputError(
            f"temperature = {max(controls['temperature']):g} is unknown to method=gradient-descent:"
            " give temperature=0, or another method."
        )


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
            realized=whole,
            typical=(0.1, 0.85),
        ),
        Control(
            "overlap",
            "q_1",
            0.9,
            Interval(0, 1, open_low=True, open_high=True),
            "imposed overlap of the replicas",
            shared=True,
            typical=(0.3, 0.99),
        ),
        Control(
            "replicas",
            "y",
            float("inf"),
            Interval(1, infinite=True),
            "real replicas: weight of the dense regions; a whole number in a simulation",
            shared=True,
            quick=2.0,
            typical=(1.0, 50.0),
        ),
        Control(
            "temperature",
            "T",
            0.0,
            Interval(0),
            "temperature of the number of errors; 0: no error",
            shared=True,
            typical=(0.0, 1.0),
            inverse=("beta", "inverse_temperature"),
        ),
        Control(
            "margin",
            "kappa",
            0.0,
            Interval(-5, 5),
            "least stability y w.x/sqrt(N)",
            shared=True,
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
        Control(
            "method",
            "method",
            "belief-propagation",
            Words(
                ("belief-propagation", "annealing", "gradient-descent"),
                synonyms={"bp": "belief-propagation", "sgd": "gradient-descent"},
            ),
            "what finds the replicas; all see the same instances",
            "simulation",
            shared=True,
        ),
        Control(
            "sweeps",
            "t",
            400,
            Interval(2, integer=True),
            "iterations of belief propagation at most, or passes of the others, half of them before"
            " anything is measured",
            "simulation",
            shared=True,
            quick=200,
            typical=(100, 10_000),
            scale="log",
        ),
    ),
    observables=(
        Observable(
            "local_entropy",
            "S_int",
            "entropy of solutions inside one cluster, per weight (nats)",
            high=math.log(3),
        ),
        Observable(
            "local_free_entropy",
            "phi_int",
            "local entropy less errors per weight over the temperature (nats)",
            high=math.log(3),
        ),
        Observable(
            "external_entropy",
            "S_ext",
            "entropy of such clusters, per weight (nats); meaningful while >= 0",
            high=math.log(3),
        ),
        Observable("errors_per_weight", "e", "patterns in error per weight, of one replica", 0),
        Observable("inner_overlap", "q_1", "overlap of two replicas", 0, 1),
        Observable("outer_overlap", "q_0", "overlap of two clusters", 0, 1),
        Observable(
            "distance",
            "d",
            "of solutions from the signs of their mean, the centre of a cluster; y = inf only",
            0,
            0.5,
            role="theory",
            partial=True,
        ),
        Observable(
            "centre_errors",
            "e_c",
            "patterns in error per weight, of the majority of the replicas",
            0,
            role="simulation",
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
        Transition(
            "cluster-breakup",
            "load",
            "the local entropy of clusters that exist (external entropy zero) stops to fall with"
            " the overlap",
            f"{_TRANSITIONS_PERCEPTRON_CLUSTERS}:find_cluster_breakup",
            bounds=("dense",),
            example={"temperature": 0.0},
            evidence=(
                Observable("load_error", "d_alpha", "numerical error of the load", 0),
                Observable("breakup_overlap", "q_U", "overlap at which the slope vanishes", 0, 1),
                Observable("breakup_replicas", "y_U", "replicas without external entropy there", 1),
            ),
        ),
    ),
    solve=f"{_THEORY_PERCEPTRON_CLUSTERS}:solve",
    start=f"{_SIMULATION_PERCEPTRON_CLUSTERS}:start",
    schedule=Schedule("sweeps"),
    views=(
        View("replicas", "weights", "weights of every replica, or their means"),
        View("errors", "trajectory", "patterns in error per weight after each sweep"),
    ),
    check_size=check_size,
    potential="free_entropy",
    source=(
        "Baldassi, Ingrosso, Lucibello, Saglietti & Zecchina, PRL 115, 128101 (2015); PNAS 113,"
        " E7655 (2016)"
    ),
    size=Size(meaning="weights, w = +-1", quick=20, typical=(101, 1001), greatest=4001, cost=2.0),
)
