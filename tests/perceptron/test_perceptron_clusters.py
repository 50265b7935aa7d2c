"""Replicas at imposed overlap with errors, a margin, other weights: theory against enumeration,
exact limits and derivatives.
"""

import math

import numpy as np
import pytest
from scipy.linalg import hadamard
from scipy.special import gammaln

import replicon
from replicon.channel import discrete


def solve(**controls):
    return replicon.solve("perceptron-clusters", **controls)


@pytest.mark.slow
def test_one_replica_is_replica_symmetric_whatever_the_overlap():
    """Binary weights that err, with a margin; ternary ones, whose entropy is counted here and
    measured from the prior there.
    """
    given = {"load": 0.5, "temperature": 1.0, "margin": 0.2}
    out = solve(overlap=[0.5, 0.8, 0.95], replicas=1.0, **given)
    whole = replicon.solve("perceptron", **given)
    np.testing.assert_allclose(out["free_entropy"], float(whole["free_entropy"]), atol=1e-9)
    np.testing.assert_allclose(out["errors_per_weight"], 0.5 * float(whole["energy"]), atol=1e-9)
    np.testing.assert_allclose(out["outer_overlap"], float(whole["overlap"]), atol=1e-9)
    ternary = solve(load=0.3, overlap=0.4, replicas=1.0, weights="ternary")
    prior = discrete((-1.0, 0.0, 1.0))
    whole = replicon.solve("perceptron", load=0.3, weights=prior)
    expected = float(whole["free_entropy"]) + math.log(3)
    assert float(ternary["free_entropy"]) == pytest.approx(expected, abs=1e-7)


def costs_of_pairs(size, count, beta, instances, seed):
    """(1/N) [ln sum over pairs at D flips exp(-beta errors) - 2 ln Z - ln C(N, D)] + H2(D/N) of
    each instance, at D = 1, ..., N - 1: all pairs at once, as the self-correlation of exp(-beta
    errors).
    """
    rng = np.random.default_rng(seed)
    states = np.arange(1 << size)
    bits = (states[:, None] >> np.arange(size)) & 1
    x = rng.standard_normal((instances, count, size))
    errors = np.einsum("sn,ipn->isp", 1 - 2.0 * bits, x) < 0
    weight = np.exp(-beta * errors.sum(axis=2))
    walsh = hadamard(1 << size)
    correlation = ((weight @ walsh) ** 2) @ walsh / len(states)
    flips = bits.sum(axis=1)
    D = np.arange(1, size)
    at = np.stack([correlation[:, flips == d].sum(axis=1) for d in D], axis=1)
    d = D / size
    mixing = -d * np.log(d) - (1 - d) * np.log(1 - d)
    choices = gammaln(size + 1) - gammaln(D + 1) - gammaln(size - D + 1)
    both = 2 * np.log(weight.sum(axis=1))[:, None]
    return (np.log(at) - both - choices) / size + mixing


@pytest.mark.slow
def test_two_replicas_that_err_agree_with_enumeration():
    """What a pair costs at distance 0.1, 0.2, 0.3: N = 10, load 0.5, T = 0.5, 400 instances. The
    estimator's finite-size error is below its statistical one (N = 20 says the same).
    """
    out = solve(load=0.5, overlap=[0.4, 0.6, 0.8], replicas=2.0, temperature=0.5)
    whole = float(replicon.solve("perceptron", load=0.5, temperature=0.5)["free_entropy"])
    theory = (2 * out["free_entropy"].values - 2 * whole)[::-1]
    np.testing.assert_allclose(theory, [-0.24111, -0.10731, -0.03117], atol=1e-5)
    found = costs_of_pairs(10, 5, 2.0, 400, seed=0)[:, :3]
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (error < 0.0015).all()
    assert (np.abs(found.mean(axis=0) - theory) < 4 * error).all()


@pytest.mark.slow
def test_read_outs_are_derivatives():
    """Errors are -d phi/d beta, the local free entropy d(y phi)/dy; for y = inf fields jump."""
    step = 1e-3
    near = [1 / (3 + step), 1 / 3, 1 / (3 - step)]
    given = {"load": 0.6, "overlap": 0.8}
    for replicas in (3.0, math.inf):
        out = solve(temperature=near, replicas=replicas, **given)
        phi = out["free_entropy"].values
        slope = (phi[2] - phi[0]) / (2 * step)
        assert float(out["errors_per_weight"][1]) == pytest.approx(slope, abs=1e-6)
        assert out["local_entropy"].values - out["local_free_entropy"].values == pytest.approx(
            out["errors_per_weight"].values / near, abs=1e-12
        )
    y = [3 - step, 3.0, 3 + step]
    out = solve(temperature=1 / 3, replicas=y, **given)
    total = y * out["free_entropy"].values
    slope = (total[2] - total[0]) / (2 * step)
    assert float(out["local_free_entropy"][1]) == pytest.approx(slope, abs=1e-6)


@pytest.mark.slow
def test_what_is_not_known_is_refused_in_a_sentence():
    for match, controls in (
        ("too sharp for the quadrature: give fewer replicas", {"replicas": 60.0}),
        ("binary weights alone: give a finite number", {"weights": "ternary"}),
        ("the typical state is frozen", {"load": 1.2, "temperature": 0.1}),
        ("capacity of these weights and this margin", {"margin": 1.0, "temperature": 0.0}),
    ):
        given = {"load": 0.6, "overlap": 0.8, "temperature": 1 / 3} | controls
        with pytest.raises(replicon.ConvergenceError, match=match):
            solve(**given)


def local_entropies(load, overlaps):
    """Of clusters that exist: the least free entropy over the number of replicas, by a parabola in
    its logarithm, at each overlap.
    """
    y = np.geomspace(5.0, 9.0, 5)
    phi = solve(load=load, overlap=overlaps, replicas=y.tolist())["free_entropy"].values
    least = []
    for row in phi:
        a, b, c = np.polyfit(np.log(y), row, 2)
        assert 0 < np.argmin(row) < len(y) - 1
        least.append(c - b**2 / (4 * a))
    return np.array(least)


@pytest.mark.slow
def test_clusters_that_exist_break_up_where_their_entropy_stops_to_fall():
    """Their local entropy is the least free entropy over y; a thousandth below the load it falls
    towards the centre, as far beyond it rises. Published as about 0.77.
    """
    found = replicon.find_transition("perceptron-clusters", "cluster-breakup")
    load = float(found["value"])
    assert load == pytest.approx(0.773749, abs=2e-6)
    assert 0 < float(found["load_error"]) < 2e-6
    at = float(found["breakup_overlap"])
    overlaps = [at - 1e-3, at + 1e-3]
    below, above = (np.diff(local_entropies(load + d, overlaps))[0] for d in (-1e-3, 1e-3))
    assert below < 0 < above
    with_margin = replicon.find_transition("perceptron-clusters", "cluster-breakup", margin=0.25)
    assert float(with_margin["value"]) == pytest.approx(0.569244, abs=2e-6)
    warm = replicon.find_transition("perceptron-clusters", "cluster-breakup", temperature=[0.1])
    assert not bool(warm["converged"].any())
