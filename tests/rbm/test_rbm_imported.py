"""Weights from elsewhere: scikit-learn's BernoulliRBM, and units of +-1, against enumeration."""

import itertools
import pickle

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.special import expit, log_expit, logsumexp
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.neural_network import BernoulliRBM

import replicon
from replicon.rbm import RestrictedBoltzmannMachine

from_weights = RestrictedBoltzmannMachine.from_weights


def states(units, low):
    return np.array(list(itertools.product((low, 1.0), repeat=units)))


@pytest.fixture(scope="module")
def digits():
    return (load_digits().data > 7) * 1.0


@pytest.fixture(scope="module")
def other(digits):
    """A machine of scikit-learn's."""
    return BernoulliRBM(12, learning_rate=0.05, n_iter=3, random_state=0).fit(digits)


def taken(other, **settings):
    return from_weights(
        other.components_.T,
        visible_biases=other.intercept_visible_,
        hidden_biases=other.intercept_hidden_,
        **settings,
    )


def test_a_machine_of_scikit_learn_is_the_same_machine(other, digits):
    """Free energies, activities and its pseudo-likelihood, of one random site a row, to rounding;
    and what it does not know: a normalised likelihood, by two ways to ln Z.
    """
    machine = taken(other)
    assert machine.free_energy(digits) == pytest.approx(other._free_energy(digits), rel=1e-12)
    assert machine.transform(digits) == pytest.approx(other.transform(digits), rel=1e-12)
    flipped = digits.copy()
    sites = np.random.RandomState(0).randint(0, 64, len(digits))
    flipped[np.arange(len(digits)), sites] = 1 - flipped[np.arange(len(digits)), sites]
    gain = machine.free_energy(flipped) - machine.free_energy(digits)
    theirs = clone(other)
    theirs.__dict__.update(other.__dict__, random_state_=np.random.RandomState(0))
    theirs.random_state = 0
    assert 64 * log_expit(gain) == pytest.approx(theirs.score_samples(digits), rel=1e-10)
    assert machine.weights_ == pytest.approx(other.components_.T, abs=0)
    exact = machine.log_partition("exact").value
    for found in (
        machine.log_partition("ais", temperatures=500),
        taken(other, data=digits).log_partition("ais", temperatures=500),
    ):
        assert found.reliable
        assert abs(found.value - exact) < 4 * found.error
    h = states(12, 0.0)
    fields = h @ other.components_ + other.intercept_visible_
    alone = logsumexp(h @ other.intercept_hidden_ + np.logaddexp(0, fields).sum(axis=1))
    assert exact == pytest.approx(alone, rel=1e-12)
    likelihood = -other._free_energy(digits) - alone
    assert machine.score_samples(digits) == pytest.approx(likelihood, rel=1e-12)


def test_training_goes_on_from_the_weights(other, digits, tmp_path):
    """The likelihood of the data grows, exactly measured; the history begins with the weights that
    came, and all is saved and pickled.
    """
    settings = {"learning_rate": 0.05, "batch_size": 100, "seed": 1}
    machine = taken(other, **settings)
    before = machine.score(digits)
    for _ in range(4):
        machine.partial_fit(digits)
    assert machine.score(digits) > before + 0.2
    history = machine.history_
    assert list(history["epoch"]) == [0, 1, 2, 3, 4]
    cascade = np.linalg.svd(other.components_, compute_uv=False)
    assert history["singular_values"][0].values == pytest.approx(cascade, rel=1e-10)
    met = taken(other, **settings, data=digits)
    for _ in range(4):
        met.partial_fit(digits)
    assert np.array_equal(met.weights_, machine.weights_)
    machine.save(tmp_path / "machine.npz")
    loaded = RestrictedBoltzmannMachine.load(tmp_path / "machine.npz").partial_fit(digits)
    pickled = pickle.loads(pickle.dumps(machine)).partial_fit(digits)
    assert np.array_equal(loaded.weights_, machine.partial_fit(digits).weights_)
    assert np.array_equal(pickled.weights_, machine.weights_)
    anew = clone(machine).set_params(epochs=0).fit(digits)
    assert np.abs(anew.weights_).max() < 0.1


@pytest.fixture
def spins():
    """Weights and biases of 4 x 3 units of +-1."""
    rng = np.random.default_rng(2)
    return rng.normal(0, 0.5, (4, 3)), rng.normal(0, 0.3, 4), rng.normal(0, 0.3, 3)


def test_units_of_plus_and_minus_one(spins, tmp_path):
    """Ln Z, free energies, likelihood and activities of 2^7 states, weights as they were given, and
    rows of +-1 by their probabilities.
    """
    W, a, b = spins
    machine = from_weights(W, visible_biases=a, hidden_biases=b, units="-1/+1")
    s = states(4, -1.0)
    t = states(3, -1.0)
    joint = s @ W @ t.T + (s @ a)[:, None] + t @ b
    assert machine.log_partition().value == pytest.approx(logsumexp(joint), abs=1e-12)
    assert machine.free_energy(s) == pytest.approx(-logsumexp(joint, axis=1), abs=1e-12)
    law = np.exp(logsumexp(joint, axis=1) - logsumexp(joint))
    assert np.exp(machine.score_samples(s)) == pytest.approx(law, rel=1e-12)
    assert machine.transform(s) == pytest.approx(expit(2 * (s @ W + b)), rel=1e-12)
    for mine, given in zip((machine.weights_, machine.visible_bias_, machine.hidden_bias_), spins):
        assert mine == pytest.approx(given, abs=1e-14)
    annealed = machine.log_partition("ais", temperatures=300)
    assert abs(annealed.value - logsumexp(joint)) < 4 * annealed.error
    assert abs(annealed.reverse - logsumexp(joint)) < 4 * annealed.reverse_error
    for temperatures in (None, 1, 4):
        rows = machine.sample(20_000, sweeps=60, temperatures=temperatures, seed=3)
        assert set(np.unique(rows)) == {-1, 1}
        seen = np.bincount((rows > 0) @ 2 ** np.arange(4)[::-1], minlength=16)
        assert stats.chisquare(seen, 20_000 * law).pvalue > 1e-5
    machine.save(tmp_path / "machine.npz")
    loaded = RestrictedBoltzmannMachine.load(tmp_path / "machine.npz")
    assert loaded.log_partition().value == machine.log_partition().value
    assert np.array_equal(loaded.partial_fit(rows).weights_, machine.partial_fit(rows).weights_)


def test_mean_field_of_spins_is_in_their_units(spins):
    """Small weights, at which the TAP free energy is exact to their fourth power."""
    W, a, b = spins
    machine = from_weights(0.1 * W, visible_biases=a, hidden_biases=b, units="-1/+1")
    exact = machine.log_partition("exact").value
    assert machine.log_partition("tap").value == pytest.approx(exact, abs=1e-4)
    found = machine.mean_field(np.full((100, 4), 0.5), order=3)
    assert found.log_partition[0] == pytest.approx(exact, abs=1e-4)


def test_weights_of_any_kind_of_array(spins):
    W, a, b = spins
    plain = from_weights(W, visible_biases=a, hidden_biases=b).log_partition().value
    for kind in (sparse.csr_array(W), W.tolist(), np.asfortranarray(W)):
        given = {"visible_biases": a[None], "hidden_biases": list(b)}
        assert from_weights(kind, **given).log_partition().value == plain


W = np.ones((3, 2))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"weights": np.ones(3)}, r"weights has shape \(3,\)"),
        ({"weights": [[np.nan, 1.0]]}, r"weights holds nan at \(0, 0\)"),
        ({"weights": "weights.npy"}, "weights = 'weights.npy' is no array"),
        ({"visible_biases": np.ones(2)}, r"visible_biases has shape \(2,\).*to be transposed"),
        ({"hidden_biases": np.ones(3)}, r"hidden_biases has shape \(3,\).*to be transposed"),
        ({"units": "spins"}, r"units must be one of 0/1, -1/\+1"),
        ({"hidden": 2}, "hidden is the number of columns of weights"),
        ({"epoch": 2}, "Unknown setting 'epoch'"),
        ({"learning_rate": -1}, "learning_rate must be >= 0"),
        ({"variances": np.ones(3)}, "give visible='gaussian'"),
        ({"visible": "gaussian", "variances": [1.0, 0.0, 1.0]}, "variances holds 0 at 1"),
        ({"visible": "gaussian", "variances": [1.0, 1.0]}, r"variances has shape \(2,\)"),
        ({"data": np.ones((5, 4))}, "data has 4 columns: expected 3"),
        ({"data": np.full((5, 3), 2.0)}, "X holds 2 at row 0"),
    ],
)
def test_weights_that_do_not_fit_are_refused(given, sentence):
    with pytest.raises(replicon.InputError, match=sentence):
        from_weights(**{"weights": W} | given)


def test_rows_must_be_in_the_units_of_the_weights():
    machine = from_weights(W)
    with pytest.raises(replicon.InputError, match="X has 4 features"):
        machine.transform(np.ones((2, 4)))
    with pytest.raises(replicon.InputError, match=r"Spins of \+-1 become"):
        machine.transform(np.full((2, 3), -1))
