"""Replicas at imposed overlap on instances: belief propagation and flips against all
configurations of small perceptrons and against theory.
"""

import math
from itertools import product

import numpy as np
import pytest
from scipy.special import gammaln

import replicon
from replicon.perceptron import annealing, replicated
from replicon.perceptron.replicated_passing import ReplicatedPassing


def passed(patterns, overlap, replicas, beta=2.0, seed=0):
    """Settled messages."""
    out = ReplicatedPassing(
        patterns, overlap, replicas, math.exp(-beta), 0.0, np.random.default_rng(seed)
    )
    for _ in range(1000):
        if out.settled:
            return out.told()
        out.step()
    raise AssertionError("messages have not settled")


def triples(patterns, flips, beta):
    """(1/N) ln of the sum over triples of configurations that differ in so many weights each of
    exp(-beta errors), with the finite-size factors of their number taken for those of infinite
    size; the same of single ones; errors per weight of one of three.
    """
    n = patterns.shape[1]
    states = np.arange(1 << n)
    bits = (states[:, None] >> np.arange(n)) & 1
    errors = ((1 - 2.0 * bits) @ patterns.T < 0).sum(axis=1)
    weight = np.exp(-beta * errors)
    near = states[bits.sum(axis=1) == flips]
    apart = bits.sum(axis=1)[near[:, None] ^ near] == flips
    around = weight[states[:, None] ^ near]
    threes = weight * np.sum((around @ apart) * around, axis=1)
    d = flips / n
    parts = np.array([d / 2] * 3 + [1 - 1.5 * d])
    mixing = -np.sum(parts * np.log(parts))
    choices = gammaln(n + 1) - gammaln(n * parts + 1).sum()
    return (
        (np.log(threes.sum()) - choices) / n + mixing,
        np.log(weight.sum()) / n,
        float(threes @ errors / threes.sum() / n),
    )


@pytest.mark.slow
def test_three_replicas_agree_with_all_triples_of_small_perceptrons():
    """N = 12, load 0.5, T = 0.5, overlap 2/3, 200 instances: what holding three together costs, in
    theory and by belief propagation on the same instances, and their errors.
    """
    rng = np.random.default_rng(0)
    n, beta = 12, 2.0
    instances = rng.standard_normal((200, 6, n)) / math.sqrt(n)
    exact = np.array([triples(patterns, 2, beta) for patterns in instances])
    cost = exact[:, 0] - 3 * exact[:, 1]
    given = {"load": 0.5, "temperature": 0.5}
    dense = replicon.solve("perceptron-clusters", overlap=2 / 3, replicas=3.0, **given)
    typical = replicon.solve("perceptron", **given)
    theory = 3 * float(dense["free_entropy"]) - 3 * float(typical["free_entropy"])
    error = cost.std(ddof=1) / np.sqrt(len(cost))
    assert error < 0.003
    assert abs(cost.mean() - theory) < 4 * error
    told = np.array([passed(patterns, 2 / 3, 3) for patterns in instances[:60]])
    missed = np.stack([3 * told[:, 0] - exact[:60, 0], told[:, 2] - exact[:60, 2]], axis=1)
    error = missed.std(axis=0, ddof=1) / np.sqrt(len(missed))
    assert (error < (0.01, 0.002)).all()
    assert (np.abs(missed.mean(axis=0)) < 4 * error).all()


def test_flips_have_the_measure_of_errors_and_a_spring():
    """Two replicas of six weights, all 4096 states: errors, overlap and their square."""
    rng = np.random.default_rng(1)
    n, count, temperature, centre = 6, 4, 0.7, 0.5
    patterns = rng.standard_normal((count, n)).astype(np.float32)
    states = np.array(list(product((-1, 1), repeat=n)), np.float32)
    errors = (states @ patterns.T < 0).sum(axis=1)
    overlap = states @ states.T / n
    energy = (errors[:, None] + errors) / temperature
    weight = np.exp(-energy - replicated.STIFFNESS * n * (overlap - centre) ** 2 / 2)
    weight /= weight.sum()
    exact = [
        np.sum(weight * values)
        for values in ((errors[:, None] + errors) / 2, overlap, overlap**2, states[:, :1] * overlap)
    ]
    w = rng.choice(np.array([-1, 1], np.float32), (2, n))
    columns = np.ascontiguousarray(patterns.T)
    fields = np.zeros((2, count), np.float32)
    annealing.fields_of(columns, w, fields)
    total = w.sum(axis=0).astype(float)
    pairs = np.array([(total @ total - 2 * n) / 2])
    rows = []
    for _ in range(20_000):
        replicated.sweep(
            columns, w, fields, total, pairs, centre, temperature, np.float32(0.0), rng
        )
        p = pairs[0] / n
        rows.append((np.sum(fields < 0) / 2, p, p**2, w[0, 0] * p))
    blocks = np.array(rows).reshape(40, -1, 4).mean(axis=1)
    error = blocks.std(axis=0, ddof=1) / np.sqrt(len(blocks))
    assert (np.abs(blocks.mean(axis=0) - exact) < 4 * error).all()


def deviations(out, theory, names):
    """{name: (instances' mean - theory) over its standard error}."""
    found = {}
    for name in names:
        values = out[name].values
        error = values.std(ddof=1) / np.sqrt(len(values))
        found[name] = (values.mean() - float(theory[name])) / error
    return found


@pytest.mark.slow
def test_replicas_on_instances_agree_with_theory():
    """Load 0.6, overlap 0.8, three replicas: 30 instances of belief propagation (T = 1/3), 20 of
    annealing (T = 1/2), whose groups of replicas give the overlap of two clusters.
    """
    given = {"load": 0.6, "overlap": 0.8, "replicas": 3.0}
    cold = replicon.solve("perceptron-clusters", temperature=1 / 3, **given)
    warm = replicon.solve("perceptron-clusters", temperature=0.5, **given)
    named = {"model": "perceptron-clusters", "seed": 1, **given}
    out = replicon.simulate(**named, temperature=1 / 3, size=400, samples=30)
    assert float(out["inner_overlap"].std()) < 1e-12
    names = ["local_entropy", "local_free_entropy", "external_entropy"]
    names += ["outer_overlap", "errors_per_weight"]
    told = deviations(out, cold, names)
    assert max(map(abs, told.values())) < 4
    out = replicon.simulate(
        **named, temperature=0.5, size=300, samples=20, method="annealing", sweeps=1000
    )
    np.testing.assert_allclose(out["inner_overlap"], 0.8, atol=1e-3)
    told = deviations(out, warm, ["outer_overlap", "errors_per_weight"])
    assert max(map(abs, told.values())) < 4


def test_descent_holds_the_overlap_and_errs_little():
    """Load 0.3: two groups of three reach overlap 0.9, and nearly no error."""
    out = replicon.simulate(
        "perceptron-clusters",
        load=0.3,
        overlap=0.9,
        replicas=3,
        method="gradient-descent",
        size=101,
        samples=2,
        seed=1,
    )
    np.testing.assert_allclose(out["inner_overlap"], 0.9, atol=0.01)
    assert (out["errors_per_weight"] < 0.002).all()


def test_what_cannot_be_simulated_is_refused_in_a_sentence():
    for match, controls in (
        ("replicas = inf cannot be simulated: give a whole number from 2", {}),
        ("replicas = 2.2 cannot be simulated", {"replicas": 2.2}),
        (
            "temperature = 0.5 is unknown to method=gradient-descent",
            {"replicas": 2, "temperature": 0.5, "method": "gradient-descent"},
        ),
    ):
        with pytest.raises(replicon.InputError, match=match):
            replicon.simulate("perceptron-clusters", size=21, samples=1, **controls)
