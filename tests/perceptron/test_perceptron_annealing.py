"""Annealing's Metropolis kernel against the Boltzmann distribution by enumeration, alone and with
attracting replicas; wrong twins of the kernel itself, and of the schedule around it.
"""

import inspect
import itertools
import math

import numba
import numpy as np
from scipy import stats

from replicon.perceptron import annealing, search

N, TEMPERATURE, PULL, SWEEPS, CHAINS = 5, 0.7, 0.8, 30, 20_000

_TWINS = itertools.count()


def twin(name: str, right: str, wrong: str):
    """The kernel of that name with one piece of its source replaced; under a name of its own, by
    which Numba links it.
    """
    source = inspect.getsource(getattr(annealing, name).py_func)
    assert source.count(right) == 1
    own, scope = f"twin_{next(_TWINS)}_of_{name}", dict(vars(annealing))
    exec(
        source.replace(right, wrong)
        .replace("(cache=True)", "")
        .replace(f"def {name}(", f"def {own}("),
        scope,
    )
    return scope[own]


@numba.njit
def begin(columns, w, fields, energy, total, rng):
    """All chains from random weights."""
    for k in range(len(w)):
        for a in range(w.shape[1]):
            for i in range(w.shape[2]):
                w[k, a, i] = 1.0 if rng.random() < 0.5 else -1.0
        annealing.prepare(columns, w[k], fields[k], energy[k], total[k])


@numba.njit
def run(kernel, columns, w, fields, energy, total, temperature, pull, sweeps, rng):
    """Sweeps of every chain by a kernel: compiled anew for each, and therefore short."""
    for k in range(len(w)):
        for _ in range(sweeps):
            for a in range(w.shape[1]):
                kernel(columns, w[k], fields[k], energy[k], total[k], a, temperature, pull, rng)


def ends(kernel, columns, replicas, pull):
    """End states of independent chains from random weights, each as one whole number."""
    n, patterns = columns.shape
    rng = np.random.default_rng(1)
    w = np.zeros((CHAINS, replicas, n), np.float32)
    fields = np.zeros((CHAINS, replicas, patterns), np.float32)
    energy = np.zeros((CHAINS, replicas), np.int64)
    total = np.zeros((CHAINS, n), np.float32)
    begin(columns, w, fields, energy, total, rng)
    run(kernel, columns, w, fields, energy, total, TEMPERATURE, pull, SWEEPS, rng)
    return (w.reshape(CHAINS, -1) > 0) @ (1 << np.arange(replicas * n)[::-1])


def p_value(x, replicas, kernel, pull=PULL):
    """Chi-square of the end states of 20,000 chains against all 2^(N y) states; rare ones are put
    together until 10 are expected.

    A tenth more weight on a state of probability 0.1 is seen at 4.7 standard errors.
    """
    columns = np.ascontiguousarray(x.T, np.float32)
    found = ends(kernel, columns, replicas, pull)
    states = np.array(list(itertools.product((-1, 1), repeat=N * replicas))).reshape(
        -1, replicas, N
    )
    errors = (states @ x.T < 0).sum(axis=2)
    attraction = (states.sum(axis=1) ** 2 - replicas).sum(axis=1) / 2
    log = -errors.sum(axis=1) / TEMPERATURE + (
        pull * attraction / (replicas - 1) if replicas > 1 else 0
    )
    expected = np.exp(log - log.max())
    expected *= CHAINS / expected.sum()
    counts = np.bincount(found, minlength=len(states))
    order = np.argsort(expected)
    groups = (np.cumsum(expected[order]) // 10).astype(int)
    observed, wanted = (np.bincount(groups, v[order]) for v in (counts, expected))
    observed, wanted = observed[wanted > 0], wanted[wanted > 0]
    if wanted[-1] < 10:
        observed, wanted = (np.append(v[:-2], v[-2:].sum()) for v in (observed, wanted))
    return stats.chisquare(observed, wanted).pvalue


def instance():
    return np.random.default_rng(0).standard_normal((6, N))


def test_one_replica_has_boltzmanns_distribution_and_wrong_kernels_have_not():
    x = instance()
    assert p_value(x, 1, annealing.sweep) > 1e-4
    for right, wrong in (
        ("< math.exp(-cost)", "< 0.5 * math.exp(-cost)"),  # half of the acceptance
        ("/ temperature", "/ (1.1 * temperature)"),
        ("energy[a] = after", "pass"),  # the old errors kept
    ):
        assert p_value(x, 1, twin("sweep", right, wrong)) < 1e-8


def test_replicas_attract_each_other_by_the_stated_weight():
    x = instance()
    assert p_value(x, 2, annealing.sweep) > 1e-4
    assert p_value(x, 3, annealing.sweep) > 1e-4
    for right, wrong in (
        ("cost += 2 * pull", "cost -= 2 * pull"),  # replicas that flee
        ("< math.exp(-cost)", "< 0.5 * math.exp(-cost)"),
        ("(total[i] - w[a, i])", "total[i]"),  # attracted by itself
        ("total[i] += 2 * w[a, i]", "pass"),
    ):
        assert p_value(x, 3, twin("sweep", right, wrong)) < 1e-8


def test_the_schedule_cools_and_draws_together():
    """An unsolvable instance, one replica from hot to cold: the end state of 400 runs of 60 sweeps
    at a constant temperature is Boltzmann's (mean errors |z| < 4.5); started cold it is not. The
    last state of five replicas overlaps as the attraction says.
    """
    rng = np.random.default_rng(2)
    x = np.vstack(
        [k := rng.standard_normal((5, N)), -k]
    )  # half of the patterns are always wrong: never solved
    x = np.vstack([x, rng.standard_normal((6, N))])
    columns = np.ascontiguousarray(x.T, np.float32)

    def last(replicas, hot, cold, attraction, kernel=annealing.anneal):
        out = []
        for seed in range(400):
            own = np.random.default_rng(seed)
            w = own.choice(np.array([-1, 1], np.float32), (replicas, N))
            fields = np.zeros((replicas, len(x)), np.float32)
            energy = np.zeros(replicas, np.int64)
            total = np.zeros(N, np.float32)
            annealing.prepare(columns, w, fields, energy, total)
            state = (w, fields, energy, total, w[0].copy())
            run = (own, np.zeros(60, np.int64), 0, 60, hot, cold, attraction)
            kernel(columns, *state, *run)
            out.append(w.copy())
        return np.array(out)

    states = np.array(list(itertools.product((-1, 1), repeat=N)))
    every = (states @ x.T < 0).sum(axis=1)

    def z(samples, temperature):
        p = np.exp(-every / temperature)
        errors = (samples[:, 0] @ x.T < 0).sum(axis=1)
        return (errors.mean() - p @ every / p.sum()) / (errors.std() / math.sqrt(len(errors)))

    assert abs(z(last(1, 2.0, 2.0, 0.0), 2.0)) < 4.5
    assert abs(z(last(1, 1e3, 2.0, 0.0), 2.0)) < 4.5  # it ends at `cold`
    reversed_ = twin("anneal", "hot * (cold / hot) ** part", "cold * (hot / cold) ** part")
    assert abs(z(last(1, 1e3, 2.0, 0.0, reversed_), 2.0)) > 8

    def overlap(w):
        pairs = w.sum(axis=1) ** 2
        return (pairs - w.shape[1]).mean() / (w.shape[1] * (w.shape[1] - 1))

    free, drawn = overlap(last(3, 50.0, 50.0, 0.0)), overlap(last(3, 50.0, 50.0, 3.0))
    fled = overlap(
        last(3, 50.0, 50.0, 3.0, twin("anneal", "attraction * part", "-attraction * part"))
    )
    assert abs(free) < 0.06  # 400 runs: standard error 0.013
    assert drawn > 0.9
    assert fled < -0.2


def test_best_weights_are_those_of_the_errors_reported():
    x = np.random.default_rng(5).standard_normal((30, 15))
    for method in ("simulated-annealing", "replicated-annealing"):
        found = search.find_weights(x, method=method, passes=300)
        assert np.sum(x @ found.weights < 0) == found.errors[-1] == found.errors.min()
