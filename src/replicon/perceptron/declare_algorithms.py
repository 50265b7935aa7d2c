"""Algorithms that train one binary perceptron: the declaration."""

import numpy as np

from replicon._declare import (
    Control,
    Interval,
    Model,
    Observable,
    Schedule,
    Size,
    View,
    Words,
)
from replicon.perceptron import about

_SIMULATION_PERCEPTRON_ALGORITHMS = "replicon.perceptron.algorithms_finite"
_METHODS_PERCEPTRON_ALGORITHMS = (
    "focusing-bp",
    "reinforced-bp",
    "reinforced-amp",
    "sbpi",
    "max-sum",
    "belief-propagation",
    "amp",
    "variational",
    "simulated-annealing",
    "replicated-annealing",
    "enumeration",
)
_PAIRS_PERCEPTRON_ALGORITHMS = tuple(f"digits-{a}-{b}" for a in range(10) for b in range(a + 1, 10))


def _ratio_perceptron_algorithms(total, counted):
    return np.divide(
        total, counted, out=np.full(np.shape(total), np.nan), where=np.asarray(counted) > 0
    )


model = Model(
    name="perceptron-algorithms",
    title="Algorithms for the binary perceptron",
    about=about.PERCEPTRON_ALGORITHMS,
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
            Words(
                _METHODS_PERCEPTRON_ALGORITHMS,
                synonyms={"bp": "belief-propagation", "exact": "enumeration"},
            ),
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
    start="replicon.perceptron.algorithms_finite:Race",
    schedule=Schedule("replicon.perceptron.algorithms_finite:iterations", burn=1.0),
    views=(
        View("stabilities", "histogram", "stabilities of the patterns to be learnt"),
        View("errors", "trajectory", "fraction of patterns in error after each iteration"),
        View(
            "concentration",
            "trajectory",
            "mean square of the means of the weights after each iteration; 1 where there are none",
        ),
    ),
    check_size=f"{_SIMULATION_PERCEPTRON_ALGORITHMS}:check_size",
    potential=None,
    revision=2,
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
