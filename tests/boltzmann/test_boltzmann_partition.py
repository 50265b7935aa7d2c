"""ln Z by annealing: against enumeration and transfer matrices, in both directions, and wrong twins
of its kernel that are rejected.
"""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import replicon
from replicon.boltzmann import BoltzmannMachine, LogPartition
from replicon.boltzmann import estimator as boltzmann
from replicon.spins import enumerate_states, partition
from statistical import assert_mean, assert_rejected, twin

RUNS = 30


def glass(n, scale, seed, field=0.3):
    """Couplings of variance scale^2 / n and fields that prefer -1."""
    rng = np.random.default_rng(seed)
    J = np.triu(rng.normal(0, scale / np.sqrt(n), (n, n)), 1)
    return J + J.T, rng.normal(-0.2, field, n)


def tree(parents, rng, scale=0.8):
    """Couplings along the edges (i, parents[i]), fields, and ln Z from the leaves to the root."""
    n = len(parents)
    J = np.zeros((n, n))
    h = rng.normal(0, 0.3, n)
    signs = np.array([1.0, -1.0])
    message = h[:, None] * signs  # ln weight of a branch given the spin at its root
    for i in range(n - 1, 0, -1):
        j = parents[i]
        J[i, j] = J[j, i] = rng.normal(0, scale)
        both = J[i, j] * np.outer(signs, signs) + message[i]
        message[j] += np.logaddexp.reduce(both, axis=1)
    return J, h, float(np.logaddexp.reduce(message[0]))


def known(J, h, base=None):
    """A machine of these couplings, whose chains start from fields `base`."""
    machine = BoltzmannMachine()
    machine.couplings_, machine.fields_, machine.n_features_in_ = J, h, len(h)
    machine.magnetization_ = np.tanh(h if base is None else base)
    return machine


@pytest.mark.parametrize(("n", "scale"), [(12, 0.6), (16, 0.8)])
def test_annealing_agrees_with_enumeration(n, scale):
    """Thirty runs of few chains each, forward and in reverse."""
    J, h = glass(n, scale, 0)
    exact = -enumerate_states(J, h).free_energy
    machine = known(J, h)
    assert machine.log_partition() == LogPartition(exact, 0.0, "exact")
    runs = [machine.log_partition("ais", chains=40, temperatures=200, seed=k) for k in range(RUNS)]
    assert all(run.reliable and not run.reason for run in runs)
    assert_mean([run.value for run in runs], exact, effect=0.1)
    assert_mean([run.reverse for run in runs], exact, effect=0.1)
    # The stated errors are those of the runs.
    scatter = np.std([run.value for run in runs], ddof=1)
    assert np.mean([run.error for run in runs]) == pytest.approx(scatter, rel=0.5)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # The energy of a base that is forgotten in the weights, or in the law that is sampled.
        ("energy(fields, relative, spins, values)", "energy(fields, external, spins, values)"),
        (
            "sweep(couplings, fields, spins, at, rng, base)",
            "sweep(couplings, fields, spins, at, rng)",
        ),
    ],
)
def test_wrong_twins_of_annealing_are_rejected(old, new, monkeypatch):
    J, h = glass(12, 0.8, 1)
    exact = -enumerate_states(J, h).free_energy
    monkeypatch.setattr(partition, "anneal", twin(partition.anneal, old, new))
    machine = known(J, h, h + 0.5)
    values = []
    for seed in range(RUNS):
        drawn = machine.sample(40, seed=seed)
        found = partition.annealed_log_partition(
            J, h, h + 0.5, drawn, chains=40, temperatures=100, rng=np.random.default_rng(seed)
        )
        values.append(found.value)
    assert_rejected(values, exact)


@pytest.mark.parametrize("shape", ["chain", "tree"])
def test_a_hundred_spins_against_transfer_matrices(shape):
    rng = np.random.default_rng(2)
    parents = np.maximum(np.arange(100) - 1, 0)
    if shape == "tree":
        parents = rng.integers(np.maximum(np.arange(100), 1))
    J, h, exact = tree(parents, rng)
    machine = known(J, h)
    found = machine.log_partition()
    assert found.method == "ais"
    assert found.reliable
    assert abs(found.value - exact) < 3 * found.error < 0.2
    assert abs(found.reverse - exact) < 3 * found.reverse_error < 0.2
    rows = rng.choice([-1, 1], (200, 100))
    likelihood = machine.log_likelihood(rows, log_partition=found)
    expected = -machine.energy(rows).mean() - exact
    assert abs(likelihood - expected) < 3 * found.error


def test_likelihoods_beyond_enumeration_are_probabilities(monkeypatch):
    """Over all states of ten spins they sum to one within the error of ln Z."""
    J, h = glass(10, 0.8, 3)
    machine = known(J, h)
    states = 1.0 - 2.0 * ((np.arange(1024)[:, None] >> np.arange(10)) & 1)
    exact = machine.score_samples(states)
    assert np.exp(exact).sum() == pytest.approx(1, abs=1e-9)
    monkeypatch.setattr(boltzmann, "LARGEST", 4)
    annealed = machine.score_samples(states)
    assert 0 < np.abs(annealed - exact).max() < 0.05
    given = machine.log_partition(chains=20, temperatures=50, seed=4)
    np.testing.assert_allclose(
        machine.score_samples(states, given), -machine.energy(states) - given.value, rtol=1e-12
    )
    weights = np.exp(exact) * 100
    mean = machine.log_likelihood(states, sample_weight=weights, log_partition=given)
    assert mean == pytest.approx(np.average(machine.score_samples(states, given), weights=weights))
    # Once computed ln Z is kept for these parameters, and no others.
    likelihood = machine.log_likelihood(states)
    assert likelihood == pytest.approx(annealed.mean())
    assert machine.log_likelihood(states) == likelihood
    machine.fields_ = h + 0.1
    assert machine.log_likelihood(states) != likelihood


def test_annealing_that_fails_says_so():
    """Two strong modes, and a single jump to them."""
    n = 24
    machine = known(0.5 * (np.ones((n, n)) - np.eye(n)), np.full(n, 0.02))
    with pytest.warns(ConvergenceWarning, match="ln Z by annealing is not reliable: the weight"):
        found = machine.log_partition(temperatures=2, chains=50)
    assert not found.reliable
    assert "chains of 50" in found.reason


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"method": "tap"}, "method must be one of auto, exact, ais"),
        ({"method": "exact"}, "at most 20 spins, the machine has 24: take ais"),
        ({"chains": 1}, "chains = 1 is outside its domain"),
        ({"temperatures": 1.5}, "temperatures = 1.5 is outside its domain"),
        ({"seed": None}, "seed must be"),
    ],
)
def test_bad_arguments_of_annealing_are_refused(arguments, sentence):
    machine = known(*glass(24, 0.5, 5))
    with pytest.raises(replicon.InputError, match=sentence):
        machine.log_partition(**arguments)
    with pytest.raises(replicon.InputError, match="log_partition = 3 is none: give what"):
        machine.score_samples(np.ones((2, 24)), log_partition=3)
