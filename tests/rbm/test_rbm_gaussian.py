"""Real-valued visible units: a sum over hidden states is a mixture of normal densities, by which
density, gradient, samples and ln Z are checked.
"""

import itertools
import json
import pickle
from functools import partial

import jax
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

import replicon
from replicon._jit import jit
from replicon.rbm import RestrictedBoltzmannMachine, gibbs, partition, training
from replicon.rbm.layers import RealParameters

from_weights = RestrictedBoltzmannMachine.from_weights


def states(units):
    return np.array(list(itertools.product((0.0, 1.0), repeat=units)))


def example(visible=3, hidden=4, scale=0.6, seed=0):
    """Weights, biases and variances of a machine whose visible units have means and widths of their
    own.
    """
    rng = np.random.default_rng(seed)
    width = np.exp(rng.normal(0, 0.7, visible))
    return {
        "weights": rng.normal(0, 2 * scale, (visible, hidden)) * width[:, None],
        "visible_biases": 5 * width * rng.normal(size=visible),
        "hidden_biases": rng.normal(0, scale, hidden),
        "variances": width**2,
    }


def machine_of(given, **settings):
    return from_weights(**given, visible="gaussian", **settings)


def mixture(given, low=0.0):
    """Ln of the weights (2^H,), whose sum is Z, means (2^H, V) and variances (V,) of the densities,
    out of the energy that the docstring states; units low and 1.
    """
    h = states(given["weights"].shape[1]) * (1 - low) + low
    reach = h @ given["weights"].T
    a = given["visible_biases"]
    spread = given["variances"]
    log = h @ given["hidden_biases"] + ((reach**2 / 2 + a * reach) / spread).sum(axis=1)
    return log + 0.5 * np.log(2 * np.pi * spread).sum(), a + reach, spread


def log_density(given, v, low=0.0):
    log, mean, spread = mixture(given, low)
    each = stats.norm.logpdf(v[:, None], mean, np.sqrt(spread)).sum(axis=2)
    return logsumexp(each + log - logsumexp(log), axis=1)


@pytest.mark.parametrize(("units", "low"), [("0/1", 0.0), ("-1/+1", -1.0)])
def test_the_density_is_the_mixture_that_its_energy_states(units, low):
    """Free energies, ln Z and the density at random places, in the user's units; weights, biases
    and variances are given back.
    """
    given = example()
    machine = machine_of(given, units=units)
    log, _, spread = mixture(given, low)
    rng = np.random.default_rng(1)
    v = given["visible_biases"] + 3 * np.sqrt(spread) * rng.normal(size=(50, 3))
    assert machine.log_partition().value == pytest.approx(logsumexp(log), abs=1e-11)
    assert machine.score_samples(v) == pytest.approx(log_density(given, v, low), abs=1e-11)
    own = ((v - given["visible_biases"]) ** 2 / (2 * spread)).sum(axis=1)
    fields = (v / spread) @ given["weights"] + given["hidden_biases"]
    free = own - np.logaddexp(low * fields, fields).sum(axis=1)
    assert machine.free_energy(v) == pytest.approx(free, rel=1e-11)
    names = ("weights_", "visible_bias_", "hidden_bias_", "variances_")
    for name, array in zip(names, given.values(), strict=True):
        assert getattr(machine, name) == pytest.approx(array, rel=1e-11, abs=1e-11)


def test_the_density_integrates_to_one():
    """Two units, a trapezoid in steps of an eighth of the narrowest width, whose error is far below
    rounding.
    """
    given = example(2)
    machine = machine_of(given)
    _, mean, spread = mixture(given)
    width = np.sqrt(spread)
    axes = [
        np.arange(mean[:, i].min() - 9 * width[i], mean[:, i].max() + 9 * width[i], width[i] / 8)
        for i in range(2)
    ]
    v = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    total = np.exp(machine.score_samples(v)).sum() * width.prod() / 64
    assert total == pytest.approx(1, abs=1e-12)


def own(seed=0, visible=3, hidden=3):
    """A machine in its own units, none of which is special."""
    rng = np.random.default_rng(seed)
    width = np.exp(rng.normal(0, 0.2, visible))
    shapes = ((visible, hidden), (visible,), (hidden,))
    return RealParameters(*(rng.normal(0, 0.7, shape) for shape in shapes), 1.2 / width)


def tempered(parameters, beta, base):
    """P(h) (2^H,) at inverse temperature beta."""
    W, a, b, r = parameters
    h = states(len(b))
    precision = beta * r**2 + 1 - beta
    field = beta * (h @ W.T + a) + (1 - beta) * base
    log = beta * (h @ b) + (field**2 / (2 * precision)).sum(axis=1)
    return np.exp(log - logsumexp(log))


def log_likelihood(parameters, data):
    return -parameters.free_energy(data).mean() - partition.exact_log_partition(parameters)


def by_differences(parameters, data, step=1e-4):
    """Gradient of the mean log-likelihood by central differences of the exact one."""
    slopes = []
    for k, x in enumerate(parameters):
        slope = np.zeros_like(x)
        for place in np.ndindex(x.shape):
            ends = []
            for sign in (1, -1):
                moved = x.copy()
                moved[place] += sign * step
                ends.append(
                    log_likelihood(
                        RealParameters(*parameters[:k], moved, *parameters[k + 1 :]), data
                    )
                )
            slope[place] = (ends[0] - ends[1]) / (2 * step)
        slopes.append(slope)
    return slopes


@pytest.mark.parametrize(("method", "centred"), [("pcd", False), ("pt", True)])
def test_gradient_is_that_of_the_likelihood(method, centred):
    """3 x 3 units, 4000 estimates from chains at rest: every component within 4.5 errors of central
    differences; widths wrong by a quarter are told apart.
    """
    parameters = own()
    rng = np.random.default_rng(1)
    data = rng.normal(0.3, 1.0, (12, 3))
    mean = data.mean(axis=0)
    offset = np.array([0.3, 0.5, 0.8])
    base = np.array([0.2, -0.3, 0.1])
    settings = training.Settings(method, 1, centred, 0.0, training.optimizer("sgd"))
    levels = 3 if method == "pt" else 1
    repeats = 4000
    starts = np.empty((repeats, levels, 8, 3))
    for k, beta in enumerate(training.ladder(levels, float)):
        p = tempered(parameters, beta, base)
        starts[:, k] = states(3)[rng.choice(8, (repeats, 8), p=p)]
    exact = by_differences(parameters, data)
    if centred:
        dW = exact[0] - np.outer(mean, exact[2]) - np.outer(exact[1], offset)
        exact = [dW, exact[1] - dW @ offset, exact[2] - mean @ dW, exact[3]]

    @jit
    @partial(jax.vmap, in_axes=(None, 0, 0))
    def estimate(used, hidden, key):
        given = (mean, offset, base, hidden, data, np.full(12, 1 / 12), key)
        return training.gradient(settings, used, *given).slope

    keys = jax.random.split(jax.random.key(2), repeats)

    def largest(used):
        with jax.enable_x64(True):
            found = [np.asarray(x) for x in estimate(used, starts, keys)]
        errors = [x.std(axis=0, ddof=1) / np.sqrt(repeats) for x in found]
        return max(
            np.abs((x.mean(axis=0) - target) / error).max()
            for x, target, error in zip(found, exact, errors, strict=True)
        )

    assert largest(parameters) < 4.5
    assert largest(parameters._replace(inverse_deviation=1.25 * parameters.inverse_deviation)) > 8


@pytest.mark.parametrize("temperatures", [None, 1, 5])
def test_samples_follow_the_mixture(temperatures):
    """Kolmogorov's distance of 5000 independent chains to the exact distribution of each unit, and
    of their sum; one of twice the variance is told apart.
    """
    given = example(3, 3, 0.4, seed=5)
    machine = machine_of(given)
    log, mean, spread = mixture(given)
    weight = np.exp(log - logsumexp(log))
    rows = machine.sample(5000, sweeps=60, temperatures=temperatures, seed=4)
    assert rows.dtype.kind == "f"

    def distance(values, centres, variance):
        def law(x):
            return stats.norm.cdf(x[:, None], centres, np.sqrt(variance)) @ weight

        return stats.kstest(values, law).pvalue

    for i in range(3):
        assert distance(rows[:, i], mean[:, i], spread[i]) > 1e-5
    assert distance(rows.sum(axis=1), mean.sum(axis=1), spread.sum()) > 1e-5
    assert distance(rows[:, 0], mean[:, 0], 2 * spread[0]) < 1e-9


def test_annealing_finds_the_exact_partition_function():
    """Both directions within four errors, alone and where data say from where to anneal."""
    given = example(8, 10, 0.3, seed=3)
    machine = machine_of(given)
    exact = machine.log_partition("exact").value
    assert exact == pytest.approx(logsumexp(mixture(given)[0]), rel=1e-12)
    met = machine_of(given, data=machine.sample(500, seed=1))
    assert met.log_partition("exact").value == pytest.approx(exact, rel=1e-12)
    for one in (machine, met):
        found = one.log_partition("ais", temperatures=500)
        assert found.reliable
        assert abs(found.value - exact) < 4 * found.error
        assert abs(found.reverse - exact) < 4 * found.reverse_error


def test_more_than_twenty_hidden_units_are_annealed():
    """Units without a coupling multiply Z by a power of 2, below which it is enumerated."""
    given = example(6, 8, 0.3, seed=4)
    wide = dict(given, weights=np.hstack([given["weights"], np.zeros((6, 15))]))
    wide["hidden_biases"] = np.concatenate([given["hidden_biases"], np.zeros(15)])
    exact = machine_of(given).log_partition("exact").value + 15 * np.log(2)
    rows = machine_of(given).sample(100, seed=2)  # visible units of both
    found = machine_of(wide).log_partition(temperatures=500, start=rows)
    assert found.method == "ais"
    assert abs(found.value - exact) < 4 * found.error
    assert abs(found.reverse - exact) < 4 * found.reverse_error
    with pytest.raises(replicon.InputError, match="The hidden layer has 23 units"):
        machine_of(wide).log_partition("exact")


TRUTH = {
    "weights": np.array([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [0.0, 3.0], [0.0, 3.0], [0.0, -3.0]]),
    "visible_biases": np.array([10.0, -3.0, 0.0, 1.0, 2.0, 3.0]),
    "hidden_biases": np.zeros(2),
    "variances": np.array([1.0, 2.0, 3.0, 4.0, 2.0, 1.0]),
}
# so that each hidden unit is on half of the time
TRUTH["hidden_biases"] = -(
    (TRUTH["weights"] ** 2 / 2 + TRUTH["visible_biases"][:, None] * TRUTH["weights"])
    / TRUTH["variances"][:, None]
).sum(axis=0)


@pytest.mark.parametrize("method", ["cd", "pcd", "pt"])
def test_learning_recovers_the_machine_behind_the_data(method):
    """Four clusters in six dimensions, 3000 rows; four hidden units, since two stay at a maximum of
    their own. On 4000 new rows the likelihood is that of the truth but for 40 parameters / (2
    rows), the loss of a maximum, as much for the noise of the last rate, and three errors;
    independent units are more than a nat from it.
    """
    X = machine_of(TRUTH).sample(7000, seed=1)
    settings = {"steps": 5 if method == "cd" else 1, "temperatures": 5, "record_every": 60}
    machine = RestrictedBoltzmannMachine(
        4, visible="gaussian", method=method, epochs=120, seed=4, **settings
    ).fit(X[:3000])
    machine.set_params(learning_rate=0.003)
    for _ in range(60):
        machine.partial_fit(X[:3000])
    test = X[3000:]
    gain = machine.score_samples(test) - log_density(TRUTH, test)
    error = gain.std() / np.sqrt(len(gain))
    assert abs(gain.mean()) < 2 * 40 / 6000 + 3 * error
    history = machine.history_
    alone = stats.norm.logpdf(X[:3000], X[:3000].mean(axis=0), X[:3000].std(axis=0)).sum(axis=1)
    assert history["independent_log_likelihood"][-1] == pytest.approx(alone.mean(), abs=0.3)
    assert history["log_likelihood"][-1] > history["independent_log_likelihood"][-1] + 1
    assert machine.variances_ == pytest.approx(TRUTH["variances"], rel=0.15)


@pytest.mark.parametrize("met", [False, True])
def test_training_goes_on_from_weights_of_elsewhere(met):
    """The machine behind the data stays as likely as it was, in float64 and single precision; a
    wrong one gets better.
    """
    X = machine_of(TRUTH).sample(4000, seed=2)
    settings = {"learning_rate": 0.002, "data": X if met else None, "seed": 1}
    truth = machine_of(TRUTH, **settings, dtype="float32" if met else "float64")
    wrong = machine_of(TRUTH | {"variances": 1.5 * TRUTH["variances"]}, **settings)
    before = wrong.score(X)
    for _ in range(3):
        truth.partial_fit(X)
        wrong.partial_fit(X)
    assert list(truth.history_["epoch"]) == [0, 1, 2, 3]
    assert abs((truth.score_samples(X) - log_density(TRUTH, X)).mean()) < 0.01
    assert wrong.score(X) > before + 0.01


def test_first_mode_grows_at_the_rate_of_theory():
    """W grows by (C - 1) W / 4 a unit of time, C the correlations of the columns: a hidden unit
    answers with slope 1/4, and units that are alone have variance 1. Full batches.
    """
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 8)) + 1.5 * rng.normal(size=(2000, 1))
    rate = (np.linalg.eigvalsh(np.corrcoef(X.T))[-1] - 1) / 4
    machine = RestrictedBoltzmannMachine(
        4, visible="gaussian", learn_variance=False, batch_size=None, initial_scale=1e-4, seed=1
    )
    machine.set_params(epochs=110, chains=4000, record_every=5, learning_rate=0.05).fit(X)
    assert machine.variances_ == pytest.approx(X.var(axis=0), rel=1e-6)
    first = machine.history_["singular_values"].values[:, 0]
    time = 0.05 * machine.history_["epoch"].values
    inside = (first > 0.005) & (first < 0.2)
    assert inside.sum() > 3
    # steps of 0.05 lower the rate by rate^2 / 40
    slope = np.polyfit(time[inside], np.log(first[inside]), 1)[0]
    assert slope == pytest.approx(np.log1p(0.05 * rate) / 0.05, rel=0.03)


X = np.random.default_rng(7).normal(size=(60, 4)) * [1.0, 10.0, 1e-3, 1.0] + [0.0, 5.0, 0.0, 1e3]
SMALL = {"visible": "gaussian", "epochs": 2, "batch_size": 20}


def test_units_of_the_data_do_not_matter():
    """Rows times ten and moved: the same machine, a density that is a tenth as high each column."""
    scaled = 10 * X + np.arange(4)
    plain = RestrictedBoltzmannMachine(3, dtype="float64", **SMALL).fit(X)
    other = RestrictedBoltzmannMachine(3, dtype="float64", **SMALL).fit(scaled)
    lower = plain.score_samples(X) - 4 * np.log(10)
    assert other.score_samples(scaled) == pytest.approx(lower, abs=1e-8)
    assert other.transform(scaled) == pytest.approx(plain.transform(X), abs=1e-10)
    assert other.variances_ == pytest.approx(100 * plain.variances_, rel=1e-10)
    assert plain.base_ == pytest.approx(np.zeros(4), abs=0)


@pytest.mark.parametrize(("method", "rule"), [("cd", "sgd"), ("pcd", "adam"), ("pt", "momentum")])
def test_resumed_training_is_the_same_to_the_last_bit(method, rule, tmp_path):
    settings = {**SMALL, "method": method, "optimizer": rule, "temperatures": 3}
    path = tmp_path / "machine.npz"
    whole = RestrictedBoltzmannMachine(3, **settings | {"epochs": 4}).fit(X)
    RestrictedBoltzmannMachine(3, **settings).fit(X, checkpoint=path)
    resumed = RestrictedBoltzmannMachine(3, **settings | {"epochs": 4}).fit(X, checkpoint=path)
    assert resumed.epochs_ == 4
    for a, b in zip(jax.tree.leaves(whole._state), jax.tree.leaves(resumed._state), strict=True):
        assert np.array_equal(a, b)
    assert whole.history_.equals(resumed.history_)
    loaded = RestrictedBoltzmannMachine.load(path)
    assert loaded.get_params() == resumed.get_params()
    assert np.array_equal(loaded.score_samples(X), resumed.score_samples(X))
    pickled = pickle.loads(pickle.dumps(resumed))
    assert np.array_equal(pickled.score_samples(X), resumed.score_samples(X))
    assert clone(resumed).get_params() == resumed.get_params()
    with pytest.raises(replicon.InputError, match="other data"):
        RestrictedBoltzmannMachine(3, **settings).fit(2 * X, checkpoint=path)
    with pytest.raises(replicon.InputError, match="visible = gaussian, this machine has binary"):
        RestrictedBoltzmannMachine(3, **settings | {"visible": "binary"}).fit(
            (X > 0) * 1, checkpoint=path
        )


def test_a_checkpoint_from_before_there_were_kinds_loads(tmp_path):
    """Version 2, which tells neither the kind of units nor those of the user."""
    rows = (X > 1.0) * 1
    machine = RestrictedBoltzmannMachine(3, epochs=2).fit(rows)
    path = tmp_path / "machine.npz"
    machine.save(path)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive if not name.startswith("frame/")}
    head = json.loads(str(arrays.pop("head")))
    head["version"] = 2
    del head["settings"]["visible"], head["settings"]["learn_variance"]
    from replicon.rbm.checkpoint import _sum

    head["sum"] = _sum(arrays)
    np.savez(path, head=np.array(json.dumps(head)), **arrays)
    loaded = RestrictedBoltzmannMachine.load(path)
    assert loaded.get_params() == machine.get_params()
    assert np.array_equal(loaded.partial_fit(rows).weights_, machine.partial_fit(rows).weights_)
    resumed = RestrictedBoltzmannMachine(3, epochs=3).fit(rows, checkpoint=path)
    assert np.array_equal(resumed.weights_, machine.weights_)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (np.where(X > 1e3, np.nan, X), "holds NaN at row"),
        (np.where(X > 1e3, np.inf, X), "holds inf at row"),
        (X * [1.0, 0.0, 1.0, 0.0], "constant in columns 1, 3: a real-valued unit needs a width"),
        (X * [1.0, 1.0, 1e-15, 1.0] + [0, 0, 1, 0], "constant in column 2"),
        (X[:1], "X has 1 sample"),
        (1e200 * X, "whose square is no number"),
        (X + 1j, "Complex data not supported"),
        (X[0], r"shape \(4,\)"),
        (np.full((3, 2), "a"), "entries of type"),
    ],
)
def test_bad_rows_are_refused(rows, sentence):
    with pytest.raises(replicon.InputError, match=sentence):
        RestrictedBoltzmannMachine(2, visible="gaussian", epochs=0).fit(rows)


def test_bad_settings_and_questions_are_refused():
    for settings, sentence in (
        ({"visible": "real"}, "visible must be one of binary, gaussian"),
        ({"learn_variance": "yes"}, "learn_variance = 'yes' is outside its domain: give True or"),
        ({"visible": "gaussian", "binarize": 0.0}, "leave one of both out"),
    ):
        with pytest.raises(replicon.InputError, match=sentence):
            RestrictedBoltzmannMachine(2, **settings).fit(X)
    machine = RestrictedBoltzmannMachine(2, visible="gaussian", epochs=0).fit(X)
    for ask in (
        lambda: machine.pseudo_likelihood(X),
        lambda: machine.mean_field(X),
        lambda: machine.log_partition("tap"),
    ):
        with pytest.raises(replicon.InputError, match="is of binary visible units, not of"):
            ask()
    with pytest.raises(AttributeError, match="variances_"):
        _ = RestrictedBoltzmannMachine(2, epochs=0).fit((X > 0) * 1).variances_


def test_chains_that_do_not_mix_are_told(monkeypatch):
    """Two clusters 20 widths apart: exact draws know both, plain chains say that they do not."""
    given = {
        "weights": np.full((4, 1), 20.0),
        "visible_biases": np.zeros(4),
        "hidden_biases": np.array([-800.0]),
        "variances": np.ones(4),
    }
    machine = machine_of(given)
    rows = machine.sample(1000, seed=1)
    assert abs((rows[:, 0] > 10).mean() - 0.5) < 4.5 * 0.5 / np.sqrt(1000)
    monkeypatch.setattr(gibbs, "SUMMED", 0)
    with pytest.warns(UserWarning, match="remember where they were"):
        machine.sample(200, sweeps=20, temperatures=1, seed=2)


@parametrize_with_checks(
    [RestrictedBoltzmannMachine(2, visible="gaussian", epochs=0, record_every=0)],
    expected_failed_checks=lambda _: {
        "check_dtype_object": "entries that are no numbers raise InputError, a ValueError"
    },
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_conventions(estimator, check):
    check(estimator)
