"""Rows as a user has them: counted several times, and parted by thresholds of their own."""

import numpy as np
import pytest

import replicon
from replicon.boltzmann import BoltzmannMachine
from replicon.data.binary import _thresholds

METHODS = (
    "independent",
    "pair",
    "naive-mean-field",
    "tap",
    "bethe",
    "pseudo-likelihood",
    "exact",
    "monte-carlo",
)


def rows_and_weights(seed, count=300, n=6):
    """Rows that are correlated, and whole numbers of times each, some of them 0."""
    rng = np.random.default_rng(seed)
    rows = np.where(rng.normal(size=(count, n)) + 0.6 * rng.normal(size=(count, 1)) > 0.2, 1, -1)
    return rows, rng.integers(0, 5, count)


@pytest.mark.parametrize("pseudocount", [0.0, 2.5])
@pytest.mark.parametrize("method", METHODS)
def test_a_weight_is_a_repetition(method, pseudocount):
    rows, weights = rows_and_weights(0)
    given = {"updates": 40, "chains": 200} if method == "monte-carlo" else {}
    machine = BoltzmannMachine(method, pseudocount=pseudocount, **given)
    repeated = machine.fit(np.repeat(rows, weights, axis=0))
    couplings, fields = repeated.couplings_, repeated.fields_
    score = repeated.score(np.repeat(rows, weights, axis=0))
    machine.fit(rows, sample_weight=weights)
    np.testing.assert_allclose(machine.couplings_, couplings, rtol=0, atol=1e-10)
    np.testing.assert_allclose(machine.fields_, fields, rtol=0, atol=1e-10)
    assert machine.score(rows, sample_weight=weights) == pytest.approx(score, abs=1e-10)
    unweighted = machine.fit(rows).couplings_
    if method != "independent":  # power: the weights are seen
        assert np.abs(unweighted - couplings).max() > 1e-3


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_a_weight_is_a_repetition_with_a_penalty(penalty):
    rows, weights = rows_and_weights(1)
    machine = BoltzmannMachine(regularization=0.01, penalty=penalty, field_regularization=0.001)
    repeated = machine.fit(np.repeat(rows, weights, axis=0)).couplings_
    weighted = machine.fit(rows, sample_weight=weights.tolist()).couplings_
    np.testing.assert_allclose(weighted, repeated, rtol=0, atol=1e-10)


def test_states_and_how_often_they_were_seen_are_data():
    rows, _ = rows_and_weights(2, count=3000, n=4)
    states, counts = np.unique(rows, axis=0, return_counts=True)
    for method in ("pseudo-likelihood", "exact", "tap"):
        whole = BoltzmannMachine(method).fit(rows).couplings_
        counted = BoltzmannMachine(method).fit(states, sample_weight=counts).couplings_
        np.testing.assert_allclose(counted, whole, rtol=0, atol=1e-10)
    # Weights that are no whole numbers: ten times fewer rows, the same frequencies.
    tenth = BoltzmannMachine("exact").fit(states, sample_weight=counts / 10).couplings_
    np.testing.assert_allclose(tenth, BoltzmannMachine("exact").fit(rows).couplings_, atol=1e-8)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (np.ones(299), r"sample_weight has shape \(299,\): expected a finite weight >= 0 for each"),
        (np.ones((300, 1)), r"sample_weight has shape \(300, 1\)"),
        (np.r_[np.ones(299), -1], "sample_weight holds -1 at 299"),
        (np.r_[np.ones(299), np.nan], "sample_weight holds nan at 299"),
        (np.zeros(300), "All of sample_weight is zero"),
        ("balanced", "sample_weight = 'balanced' is no array of numbers"),
        (2.0, r"sample_weight has shape \(\)"),
    ],
)
def test_weights_that_are_none_are_refused(weights, sentence):
    rows, _ = rows_and_weights(3)
    with pytest.raises(replicon.InputError, match=sentence):
        BoltzmannMachine("tap").fit(rows, sample_weight=weights)
    with pytest.raises(replicon.InputError, match=sentence):
        BoltzmannMachine("tap").fit(rows).score(rows, sample_weight=weights)


def test_weights_that_leave_a_column_constant_are_refused():
    rows, _ = rows_and_weights(4)
    with pytest.raises(replicon.InputError, match=r"Column 2 is \+1 in all"):
        BoltzmannMachine("tap").fit(rows, sample_weight=rows[:, 2] > 0)
    tiny = np.where((rows[:, 0] > 0) & (rows[:, 1] < 0), 1e-6, 1.0)
    assert np.isfinite(BoltzmannMachine("pair").fit(rows, sample_weight=tiny).couplings_).all()


def rates(seed=5):
    """Firing rates of other scales and skewness."""
    rng = np.random.default_rng(seed)
    return np.exp(rng.normal(size=(400, 4)) + 0.7 * rng.normal(size=(400, 1))) * [1, 10, 0.1, 3]


@pytest.mark.parametrize("binarize", ["mean", "median", 0.5])
def test_thresholds_are_kept_and_applied(binarize):
    X = rates()
    known = {"mean": X.mean(axis=0), "median": np.median(X, axis=0), 0.5: np.full(4, 0.5)}
    expected = known[binarize]
    machine = BoltzmannMachine("naive-mean-field", binarize=binarize).fit(X)
    np.testing.assert_allclose(machine.thresholds_, expected, rtol=1e-14)
    plain = BoltzmannMachine("naive-mean-field").fit(np.greater(X, expected))
    np.testing.assert_array_equal(machine.couplings_, plain.couplings_)
    assert plain.thresholds_ is None
    # New rows are parted by the thresholds of the fit, not by their own.
    new = 3 * rates(6)[:50]
    bits = new > expected
    for ask in ("score", "energy", "pseudo_likelihood", "score_samples"):
        np.testing.assert_array_equal(getattr(machine, ask)(new), getattr(plain, ask)(bits))
    found = machine.diagnose(new, samples=50)["magnetization_data"]
    np.testing.assert_allclose(found, 2 * bits.mean(axis=0) - 1, atol=1e-14)


@pytest.mark.parametrize("binarize", ["mean", "median"])
def test_thresholds_count_weights_as_repetitions(binarize):
    rng = np.random.default_rng(7)
    for ties in (2, 5, 50):
        X = rng.integers(0, ties, (31, 5)).astype(float)
        weights = rng.integers(0, 4, 31)
        repeated = np.repeat(X, weights, axis=0)
        own = np.mean if binarize == "mean" else np.median
        found = _thresholds(binarize, X, weights.astype(float))
        np.testing.assert_allclose(found, own(repeated, axis=0), rtol=1e-14)


@pytest.mark.parametrize("binarize", ["mean", "median"])
def test_constant_columns_are_refused_by_name(binarize):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(rates(), columns=["V1", "V2", "S1", "M1"]).assign(S1=0.3)
    with pytest.raises(replicon.InputError, match=r"does not part column 2 \('S1'\)"):
        BoltzmannMachine("tap", binarize=binarize).fit(table)
    with pytest.raises(replicon.InputError, match="does not part column 2: "):
        BoltzmannMachine("tap", binarize=binarize, pseudocount=1).fit(table.to_numpy())
    with pytest.raises(replicon.InputError, match=r"Column 2 \('S1'\) is -1 in all 400 rows"):
        BoltzmannMachine("tap", binarize=0.5).fit(table)
    raster = replicon.data.bin_spikes({"a": np.arange(50.0), "b": []}, width=0.7)
    with pytest.raises(replicon.InputError, match=r"Column 1 \('b'\) is -1 in all"):
        BoltzmannMachine("tap").fit(raster)


@pytest.mark.parametrize("binarize", ["mode", True, [0.5], np.nan, "0.5"])
def test_thresholds_that_are_none_are_refused(binarize):
    with pytest.raises(replicon.InputError, match=r"binarize = .* must be a number, 'mean', 'med"):
        BoltzmannMachine("tap", binarize=binarize).fit(rates())
