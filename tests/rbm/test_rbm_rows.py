"""Grey values of a user's parted by thresholds, which the machine keeps."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

import replicon
from replicon.rbm import RestrictedBoltzmannMachine

DIGITS = load_digits().data
GREY = DIGITS[:200, (DIGITS[:200] > np.median(DIGITS[:200], axis=0)).any(axis=0)]
OWN = {
    7.5: np.full(GREY.shape[1], 7.5),
    "mean": GREY.mean(axis=0),
    "median": np.median(GREY, axis=0),
}


@pytest.mark.parametrize("binarize", list(OWN))
def test_a_threshold_is_kept_and_met_by_all_rows(binarize, tmp_path):
    """The machine of parted rows, to the bit; thresholds of the fit, not of what is asked later;
    they are saved.
    """
    thresholds = OWN[binarize]
    parted = (thresholds < GREY) * 1
    settings = {"hidden": 4, "epochs": 2, "batch_size": 50}
    machine = RestrictedBoltzmannMachine(**settings, binarize=binarize).fit(GREY)
    plain = RestrictedBoltzmannMachine(**settings).fit(parted)
    assert machine.thresholds_ == pytest.approx(thresholds, rel=1e-14)
    assert plain.thresholds_ is None
    assert np.array_equal(machine.weights_, plain.weights_)
    later = GREY + 1.0
    for ask in ("transform", "score_samples", "free_energy", "pseudo_likelihood"):
        expected = getattr(plain, ask)((later > thresholds) * 1)
        assert np.array_equal(getattr(machine, ask)(later), expected), ask
    assert set(np.unique(machine.sample(20))) <= {0, 1}
    path = tmp_path / "machine.npz"
    machine.save(path)
    for again in (RestrictedBoltzmannMachine.load(path), pickle.loads(pickle.dumps(machine))):
        assert np.array_equal(again.thresholds_, machine.thresholds_)
        assert np.array_equal(again.score_samples(later), machine.score_samples(later))
    assert clone(machine).get_params()["binarize"] == binarize
    machine.partial_fit(later)
    expected = plain.partial_fit((later > thresholds) * 1).weights_
    assert np.array_equal(machine.weights_, expected)


def test_thresholds_for_weights_from_elsewhere():
    W = np.zeros((GREY.shape[1], 2))
    taken = RestrictedBoltzmannMachine.from_weights(W, binarize="mean", data=GREY)
    assert taken.thresholds_ == pytest.approx(OWN["mean"], rel=1e-14)
    by_number = RestrictedBoltzmannMachine.from_weights(W, binarize=7.5)
    assert by_number.score(GREY) == pytest.approx(-len(W) * np.log(2), rel=1e-12)
    with pytest.raises(replicon.InputError, match="binarize=mean is formed of rows: give data="):
        RestrictedBoltzmannMachine.from_weights(W, binarize="mean")


@pytest.mark.parametrize(
    ("binarize", "sentence"),
    [
        ("mode", "binarize = 'mode' is outside its domain: .* a number, 'mean', 'median', or None"),
        (np.nan, "binarize = nan is outside its domain"),
        (np.inf, "binarize = inf is outside its domain"),
        (True, "binarize = True is outside its domain"),
        ([1.0, 2.0], r"binarize = \[1.0, 2.0\] is outside its domain"),
        ("mean", "binarize=mean does not part column 1"),
        ("median", r"binarize=median does not part column 1 \('two'\)"),
    ],
)
def test_thresholds_that_part_nothing_are_refused(binarize, sentence):
    X = np.random.default_rng(0).normal(size=(20, 3)) * [1.0, 0.0, 1.0] + 0.1
    if "two" in sentence:
        X = pytest.importorskip("pandas").DataFrame(X, columns=["one", "two", "three"])
    with pytest.raises(replicon.InputError, match=sentence):
        RestrictedBoltzmannMachine(2, epochs=0, binarize=binarize).fit(X)
