"""Conventions of scikit-learn that both estimators keep, by its own checks; arguments and arrays of
any kind.
"""

import warnings

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import replicon
from replicon.boltzmann import BoltzmannMachine
from replicon.rbm import RestrictedBoltzmannMachine

# What scikit-learn's checks feed is continuous, so the threshold is set; the pseudocount allows for
# columns that then never change.
QUICK = [
    BoltzmannMachine("tap", binarize=0.0, pseudocount=1.0),
    RestrictedBoltzmannMachine(2, epochs=0, binarize=0.0, record_every=0),
]
LEARNING = [
    BoltzmannMachine(binarize=0.0, pseudocount=1.0),
    # A penalty keeps couplings so weak that the chains mix soon.
    BoltzmannMachine(
        "monte-carlo", binarize=0.0, pseudocount=1.0, regularization=1.0, updates=20, chains=100
    ),
    RestrictedBoltzmannMachine(2, epochs=1, binarize=0.0, record_every=0),
]


def expected(estimator):
    return {
        "check_dtype_object": (
            "entries that are no numbers raise InputError, a ValueError with one sentence, not"
            " TypeError"
        )
    }


pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning"),
]


@parametrize_with_checks(QUICK, expected_failed_checks=expected)
def test_conventions(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(LEARNING, expected_failed_checks=expected)
def test_conventions_where_it_learns(estimator, check):
    check(estimator)


def test_without_a_threshold_only_binary_data_pass():
    """The reason why these checks need the threshold: continuous X is refused in one sentence."""
    for machine in (BoltzmannMachine(), RestrictedBoltzmannMachine(2)):
        with pytest.raises(replicon.InputError, match="binarize="):
            machine.fit(np.random.default_rng(0).normal(size=(20, 3)))


ROWS = np.random.default_rng(1).integers(0, 2, (60, 4))


@pytest.mark.parametrize(
    "make", [lambda: BoltzmannMachine("tap"), lambda: RestrictedBoltzmannMachine(2, epochs=0)]
)
def test_tables_lists_and_sparse_rows_are_one(make):
    pandas = pytest.importorskip("pandas")
    from scipy import sparse

    table = pandas.DataFrame(ROWS, columns=["a", "b", "c", "d"])
    fitted = make().fit(table)
    assert list(fitted.feature_names_in_) == ["a", "b", "c", "d"]
    with pytest.raises(replicon.InputError, match="feature names should match"):
        fitted.score(table[["b", "a", "c", "d"]])
    plain = make().fit(ROWS)
    before = ROWS.copy()
    for X in (
        ROWS.tolist(),
        sparse.csr_array(ROWS),
        ROWS.astype(bool),
        ROWS.astype(float),
        ROWS.astype(object),
    ):
        assert make().fit(X).score(X) == plain.score(ROWS)
    assert np.array_equal(before, ROWS)


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("sample", {"samples": 0}),
        ("sample", {"samples": True}),
        ("sample", {"sweeps": 1.5}),
        ("sample", {"seed": None}),
        ("sample", {"seed": -1}),
        ("sample", {"samples": 10**400}),
        ("diagnose", {"X": ROWS, "samples": 1}),
        ("diagnose", {"X": ROWS, "triples": "many"}),
        ("specific_heat", {"temperatures": [1.0, np.nan]}),
        ("specific_heat", {"temperatures": [1j]}),
        ("specific_heat", {"temperatures": [1.0], "chains": 1}),
        ("log_partition", {"method": "guess"}),
        ("log_partition", {"chains": 1}),
        ("mean_field", {"start": np.full((2, 4), 1.5)}),
        ("mean_field", {"start": np.full((2, 3), 0.5)}),
        ("mean_field", {"start": np.full((2, 4), 0.5), "order": 4}),
        ("score_samples", {"X": ROWS, "log_partition": 3.0}),
    ],
)
def test_arguments_outside_their_domain_are_refused(method, given):
    for machine in (BoltzmannMachine("tap"), RestrictedBoltzmannMachine(2, epochs=0)):
        fitted = machine.fit(ROWS)
        if hasattr(fitted, method) and not (
            method == "score_samples" and isinstance(machine, BoltzmannMachine)
        ):
            with pytest.raises(replicon.InputError):
                getattr(fitted, method)(**given)


@pytest.mark.parametrize(
    ("given", "meant"),
    [({"visible": "Gaussian"}, "gaussian"), ({"method": "PCD"}, "pcd"), ({"dtype": "FLOAT64"}, "")],
)
def test_a_parameter_is_a_word_as_it_is_declared(given, meant):
    with pytest.raises(replicon.InputError, match=f"Did you mean '{meant}"):
        RestrictedBoltzmannMachine(2, epochs=0, **given).fit(ROWS)


def test_methods_of_ln_z_are_understood_in_capitals():
    for machine in (BoltzmannMachine("tap"), RestrictedBoltzmannMachine(2, epochs=0)):
        fitted = machine.fit(ROWS)
        assert fitted.log_partition("Exact")[:3] == fitted.log_partition("exact")[:3]
    with pytest.raises(replicon.InputError, match=r"class 'numpy\.float64'"):
        RestrictedBoltzmannMachine(2, dtype=np.float64).fit(ROWS)  # pyright: ignore


def test_numbers_of_numpy_are_numbers():
    machine = BoltzmannMachine(
        regularization=np.float32(0.1), pseudocount=np.int64(1), seed=np.uint8(3)
    ).fit(ROWS)
    assert machine.converged_
    trained = RestrictedBoltzmannMachine(
        np.int64(2), epochs=np.int8(1), batch_size=np.int64(30), learning_rate=np.float32(0.05)
    ).fit(ROWS)
    assert trained.sample(np.int64(3), seed=np.int64(1)).shape == (3, 4)
    weights = trained.weights_
    weights[:] = 0
    assert trained.weights_.any()


def test_a_seed_is_a_number_or_a_generator():
    """A generator gives the same as the number it was made of, goes on when asked again, and
    everything else is refused.
    """
    machine = BoltzmannMachine("monte-carlo", regularization=0.1, updates=4, chains=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        by_number = machine.set_params(seed=5).fit(ROWS).couplings_
        by_generator = machine.set_params(seed=np.random.default_rng(5)).fit(ROWS).couplings_
    np.testing.assert_array_equal(by_number, by_generator)
    rng = np.random.default_rng(5)
    first = machine.sample(40, seed=rng)
    np.testing.assert_array_equal(first, machine.sample(40, seed=5))
    assert (first != machine.sample(40, seed=rng)).any()
    once = machine.diagnose(ROWS, samples=100, seed=np.random.default_rng(5))
    assert once.equals(machine.diagnose(ROWS, samples=100, seed=np.random.default_rng(5)))
    assert not once.equals(machine.diagnose(ROWS, samples=100, seed=rng))
    with pytest.raises(replicon.InputError, match="seed must be"):
        machine.set_params(seed=None).fit(ROWS)
