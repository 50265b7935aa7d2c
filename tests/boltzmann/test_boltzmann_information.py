"""Multi-information: what pairs explain of it, where it is known."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import replicon
from replicon.boltzmann import BoltzmannMachine
from replicon.boltzmann import estimator as boltzmann
from replicon.spins import enumerate_states
from statistical import assert_mean

N = 5
SETS = 40
ROWS = 1000
STATES = 1 - 2 * ((np.arange(2**N)[:, None] >> np.arange(N)) & 1)


def entropy(p):
    return -(p * np.log(p, where=p > 0, out=np.zeros_like(p))).sum()


def law(scale):
    """Probabilities of all states, and multi-information, of a machine of couplings ~ scale."""
    rng = np.random.default_rng(0)
    J = np.triu(rng.normal(0, scale, (N, N)), 1)
    h = rng.normal(0, 0.4, N)
    p = np.exp(((STATES @ J) * STATES).sum(axis=1) + STATES @ h)
    p /= p.sum()
    m = p @ STATES
    alone = sum(entropy(np.array([1 + x, 1 - x]) / 2) for x in m)
    return p, alone - entropy(p)


def draw(p, seed, count=ROWS):
    return STATES[np.random.default_rng(seed).choice(len(p), count, p=p)].astype(np.int8)


@pytest.mark.parametrize("scale", [0.0, 0.5])
def test_pairs_explain_everything_of_a_pairwise_model(scale):
    """Without couplings nothing is left: estimates without their bias are zero in the mean."""
    p, known = law(scale)
    found = [BoltzmannMachine("exact").fit(draw(p, k)).multi_information() for k in range(SETS)]
    pairwise = np.array([one.pairwise for one in found])
    total = np.array([one.total for one in found])
    # Ten couplings and 1000 rows: the bias that is removed is 0.005, and seen where there is none.
    effect = 0.005 if scale == 0 else 0.2 * known
    assert_mean(pairwise, known, effect=effect)
    assert_mean(total, known, effect=2 * effect)
    z = np.array([(one.pairwise - known) / one.pairwise_error for one in found])
    assert np.sqrt(np.mean(z**2)) == pytest.approx(1, abs=4.5 / np.sqrt(2 * SETS))
    if scale:
        ratio = np.array([one.ratio for one in found])
        assert_mean(ratio, 1.0, effect=0.05)
        assert np.mean([one.ratio_error for one in found]) == pytest.approx(ratio.std(), rel=0.6)
    one = found[0]
    assert one.pairwise == pytest.approx(one.independent_entropy - one.pairwise_entropy)
    assert one.total == pytest.approx(one.independent_entropy - one.data_entropy)


def test_pairs_explain_nothing_of_a_parity():
    """Three spins whose product is +1, beside one more: a bit of information that no pair has."""
    rng = np.random.default_rng(1)
    X = rng.choice(np.array([-1, 1]), (4000, 4))
    X[:, 2] = X[:, 0] * X[:, 1]
    found = BoltzmannMachine("exact").fit(X).multi_information()
    assert found.total == pytest.approx(np.log(2), abs=4.5 * found.total_error)
    assert abs(found.pairwise) < 4.5 * found.pairwise_error < 0.01
    assert abs(found.ratio) < 0.01
    alone = BoltzmannMachine("independent").fit(X).multi_information()
    assert alone.pairwise == pytest.approx(0, abs=1e-12)


def test_weights_count_as_repetitions():
    p, _ = law(0.5)
    X = draw(p, 2)
    states, counts = np.unique(X, axis=0, return_counts=True)
    whole = BoltzmannMachine("exact").fit(X).multi_information()
    counted = BoltzmannMachine("exact").fit(states, sample_weight=counts).multi_information()
    np.testing.assert_allclose(counted, whole, rtol=1e-8)


def chain(n, rows, rng):
    """Rows of a chain of equal couplings without fields, its couplings and its entropy."""
    strength = 0.4
    agree = 1 / (1 + np.exp(-2 * strength))
    steps = np.where(rng.random((rows, n)) < agree, 1, -1)
    steps[:, 0] = rng.choice([-1, 1], rows)
    J = strength * (np.eye(n, k=1) + np.eye(n, k=-1))
    return np.cumprod(steps, axis=1), J, np.log(2) + (n - 1) * entropy(np.array([agree, 1 - agree]))


def test_a_hundred_spins_against_the_entropy_of_a_chain():
    """The machine is given the true couplings: its entropy by annealing is that of the chain."""
    X, J, exact = chain(100, 2000, np.random.default_rng(3))
    machine = BoltzmannMachine("tap", pseudocount=1e-9).fit(X)
    machine.couplings_ = J
    machine.fields_ = np.zeros(100)
    log_partition = machine.log_partition()
    found = machine.multi_information(log_partition=log_partition, samples=2000)
    energy = machine.energy(X).std() / np.sqrt(2000)
    error = np.hypot(log_partition.error, energy)
    assert abs(found.pairwise_entropy - exact) < 4.5 * error < 0.6
    expected = found.independent_entropy - exact
    assert found.pairwise == pytest.approx(expected, abs=4.5 * found.pairwise_error)
    assert np.isnan([found.total, found.ratio, found.data_entropy]).all()
    # The independent columns' own entropy is 100 ln 2, to first order in nothing.
    assert found.independent_entropy == pytest.approx(100 * np.log(2), abs=0.2)


def test_annealing_and_enumeration_agree(monkeypatch):
    p, _ = law(0.5)
    machine = BoltzmannMachine("exact").fit(draw(p, 4))
    exact = machine.multi_information()
    model = enumerate_states(machine.couplings_, machine.fields_)
    assert exact.pairwise_entropy == pytest.approx(model.entropy + 15 / (2 * ROWS))
    monkeypatch.setattr(boltzmann, "LARGEST", 4)
    annealed = machine.multi_information()
    assert abs(annealed.pairwise - exact.pairwise) < 0.05


def test_what_is_doubtful_is_said():
    p, _ = law(0.5)
    rng = np.random.default_rng(5)
    few = np.sign(rng.normal(size=(60, 12)) + 0.5 * rng.normal(size=(60, 1))).astype(int)
    with pytest.warns(ConvergenceWarning, match=r"% of the probability lies on states that they"):
        BoltzmannMachine("pseudo-likelihood", pseudocount=1.0).fit(few).multi_information()
    X = draw(p, 6)
    with pytest.warns(ConvergenceWarning, match="does not have the rows' means and correlations"):
        BoltzmannMachine("pair").fit(X).multi_information()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        machine = BoltzmannMachine("exact").fit(X)
        machine.multi_information()
    with pytest.raises(replicon.InputError, match="samples = 1 is outside"):
        machine.multi_information(samples=1)
