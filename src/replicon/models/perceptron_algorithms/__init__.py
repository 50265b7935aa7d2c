"""Algorithms that train one binary perceptron, raced on the same instances, and the local entropy of what they find."""

import numpy as np

from replicon._declare import Control, Interval, Model, Observable, Words

_SIMULATION = "replicon.models.perceptron_algorithms.simulation"
_METHODS = (
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
_PAIRS = tuple(f"digits-{a}-{b}" for a in range(10) for b in range(a + 1, 10))


def _ratio(total, counted):
    return np.divide(total, counted, out=np.full(np.shape(total), np.nan), where=np.asarray(counted) > 0)


model = Model(
    name="perceptron-algorithms",
    title="Algorithms for the binary perceptron",
    controls=(
        Control("load", "alpha", 0.6, Interval(0, open_low=True), "patterns per weight"),
        Control("method", "method", "focusing-bp", Words(_METHODS), "algorithm; all see the same instances", shared=True),
        Control("passes", "t", 4000, Interval(1, integer=True), "budget: reads of all patterns", shared=True, quick=200),
        Control("distance", "d", 0.05, Interval(0, 0.5, open_low=True, open_high=True), "of the local entropy", shared=True),
        Control("data", "data", "binary", Words(("binary", "gaussian", *_PAIRS)), "random patterns, or a pair of MNIST digits"),
    ),
    observables=(
        Observable("solved", "p", "fraction of instances solved", 0, 1, role="simulation", fraction=True),
        Observable("errors", "e", "fraction of patterns in error at the end", 0, 1, role="simulation"),
        Observable("test_error", "e_t", "fraction of unseen patterns in error", 0, 1, role="simulation"),
        Observable("passes_used", "t_u", "reads of all patterns that were used", role="simulation"),
        Observable(
            "local_entropy",
            "V",
            "entropy per weight of solutions at that distance from the one found (nats), over solved instances",
            role="simulation",
            moments=("local_sum", "counted"),
            estimate=_ratio,
        ),
    ),
    simulate=f"{_SIMULATION}:simulate",
    check_size=f"{_SIMULATION}:check_size",
    potential=None,
    source="Braunstein & Zecchina, PRL 96, 030201 (2006); Baldassi et al., PNAS 113, E7655 (2016)",
    size_meaning="weights, odd for sbpi and max-sum; with digits the pixels that vary most, at most 784",
    quick_size=21,
)
