"""The restricted Boltzmann machine fitted to data, against enumeration and against the theory of
its first steps.
"""

import itertools
from functools import partial

import jax
import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logsumexp
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import replicon
from replicon._jit import jit
from replicon.rbm import RestrictedBoltzmannMachine, gibbs, partition, training


def states(units):
    return np.array(list(itertools.product((0.0, 1.0), repeat=units)))


def small(seed=0, visible=4, hidden=3, scale=0.8):
    rng = np.random.default_rng(seed)
    draw = (rng.normal(0, scale, size) for size in ((visible, hidden), visible, hidden))
    return training.Parameters(*draw)


def joint(parameters, beta=1.0, base=0.0):
    """P(v, h) (2^V, 2^H) at inverse temperature beta, independent units of biases `base` at 0."""
    v, h = states(len(parameters.visible_bias)), states(len(parameters.hidden_bias))
    energy = (
        v @ parameters.weights @ h.T
        + (v @ parameters.visible_bias)[:, None]
        + h @ parameters.hidden_bias
    )
    log = (
        beta * energy
        + (1 - beta) * (v @ np.broadcast_to(base, len(parameters.visible_bias)))[:, None]
    )
    return np.exp(log - logsumexp(log))


def moments(v, h, weight):
    """<v h>, <v>, <h> for rows (v, h) of the given weights."""
    return training.Parameters(v.T @ (weight[:, None] * h), weight @ v, weight @ h)


def expected_gradient(parameters, data, method):
    """Exact average of the estimate without centring: from the data's and from the model's end of
    the chain.
    """
    v = states(len(parameters.visible_bias))
    p_h = expit(v @ parameters.weights + parameters.hidden_bias)  # (2^V, H)
    if method == "cd":  # one sweep v -> h -> v from the data
        h = states(len(parameters.hidden_bias))
        to_h = np.prod(np.where(h[None] == 1, p_h[:, None], 1 - p_h[:, None]), axis=2)
        p_v = expit(h @ parameters.weights.T + parameters.visible_bias)
        to_v = np.prod(np.where(v[None] == 1, p_v[:, None], 1 - p_v[:, None]), axis=2)
        start = np.array([(data == state).all(axis=1).mean() for state in v])
        model = start @ to_h @ to_v
    else:
        model = joint(parameters).sum(axis=1)
    positive = moments(
        data,
        expit(data @ parameters.weights + parameters.hidden_bias),
        np.full(len(data), 1 / len(data)),
    )
    return [a - b for a, b in zip(positive, moments(v, p_h, model))]


@pytest.mark.parametrize("method", ["cd", "pcd", "pt"])
@pytest.mark.parametrize("centred", [False, True])
def test_gradient_is_exact_in_expectation(method, centred):
    """4 x 3 machine, 2000 estimates: every component within 4.5 errors; weights 1.5 times as large
    are told apart.
    """
    parameters, rng = small(), np.random.default_rng(1)
    data = rng.integers(0, 2, (12, 4)) * np.array([1.0, 1, 1, 0])
    mean, offset, base = (
        data.mean(axis=0),
        np.array([0.3, 0.5, 0.8]),
        np.array([0.2, -0.3, 0.1, 0.4]),
    )
    settings = training.Settings(method, 1, centred, 0.0, training.optimizer("sgd"))
    levels, repeats, chains = 3 if method == "pt" else 1, 2000, 8
    starts = np.empty((repeats, levels, chains, 3))
    for k, beta in enumerate(training.ladder(levels, float)):
        p = joint(parameters, beta, base).sum(axis=0)
        starts[:, k] = states(3)[rng.choice(8, (repeats, chains), p=p)]
    keys = jax.random.split(jax.random.key(2), repeats)

    @jit
    @partial(jax.vmap, in_axes=(None, 0, 0))
    def estimate(used, hidden, key):
        given = (mean, offset, base, hidden, data, np.full(12, 1 / 12), key)
        return training.gradient(settings, used, *given).slope

    def estimates(used):
        with jax.enable_x64(True):
            return [np.asarray(x) for x in estimate(used, starts, keys)]

    exact = expected_gradient(parameters, data, method)
    if centred:
        dW = exact[0] - np.outer(mean, exact[2]) - np.outer(exact[1], offset)
        exact = [dW, exact[1] - dW @ offset, exact[2] - mean @ dW]

    def largest(found):
        z = []
        for values, target in zip(found, exact):
            error = values.std(axis=0, ddof=1) / np.sqrt(repeats)
            known = error < 1e-12  # a gradient without noise is right to rounding
            assert (
                np.allclose(
                    np.broadcast_to(target, error.shape)[known],
                    values.mean(axis=0)[known],
                    atol=1e-12,
                )
                or found is wrong
            )
            z.append(np.abs((values.mean(axis=0) - target)[~known] / error[~known]).max(initial=0))
        return max(z)

    wrong = None
    assert largest(estimates(parameters)) < 4.5
    wrong = estimates(parameters._replace(weights=1.5 * parameters.weights))
    assert largest(wrong) > 8


@pytest.mark.parametrize("temperatures", [1, 4])
def test_samples_follow_the_exact_law(temperatures):
    """Chi-square over the 16 visible states of independent chains."""
    parameters = small(3)
    machine = fitted(parameters)
    law = joint(parameters).sum(axis=1)
    rows = machine.sample(20_000, sweeps=60, temperatures=temperatures, seed=4)
    seen = np.bincount(rows @ 2 ** np.arange(4)[::-1], minlength=16)
    assert stats.chisquare(seen, 20_000 * law).pvalue > 1e-5
    other = joint(parameters._replace(weights=1.3 * parameters.weights)).sum(axis=1)
    assert stats.chisquare(seen, 20_000 * other).pvalue < 1e-9


def fitted(parameters):
    """A machine of these parameters."""
    visible, hidden = parameters.weights.shape
    machine = RestrictedBoltzmannMachine(hidden, epochs=0, dtype="float64").fit(
        np.arange(2 * visible).reshape(2, visible) % 2
    )
    machine._state = machine._state._replace(parameters=parameters)
    return machine


def test_likelihood_is_a_probability_and_its_conditionals_are_the_pseudo_likelihood():
    parameters = small(5)
    machine, v = fitted(parameters), states(4)
    log = machine.score_samples(v)
    assert np.exp(log).sum() == pytest.approx(1, abs=1e-12)
    assert np.exp(log) == pytest.approx(joint(parameters).sum(axis=1), rel=1e-10)
    flipped = [
        np.argmax((v[:, None] == np.where(np.arange(4) == i, 1 - v, v)).all(axis=2), axis=0)
        for i in range(4)
    ]
    conditional = np.sum([log - np.logaddexp(log, log[index]) for index in flipped], axis=0)
    assert machine.pseudo_likelihood(v) == pytest.approx(conditional, abs=1e-12)
    assert machine.transform(v).shape == (16, 3)


@pytest.mark.parametrize(("visible", "hidden"), [(3, 5), (6, 2), (15, 14)])
def test_exact_partition_function(visible, hidden):
    parameters = small(6, visible, hidden, 0.5)
    v = states(min(visible, 6)) if visible < 15 else states(visible)
    expected = logsumexp(
        v @ parameters.visible_bias
        + np.logaddexp(0, v @ parameters.weights + parameters.hidden_bias).sum(axis=1)
    )
    assert partition.exact_log_partition(parameters) == pytest.approx(expected, abs=1e-10)


def test_mean_field_improves_with_its_order():
    """Errors of ln Z grow as the second, third and fourth power of the weights."""
    base, errors = small(7, 8, 6, 1.0), []
    for scale in (0.05, 0.1):
        parameters = base._replace(weights=scale * base.weights)
        exact = partition.exact_log_partition(parameters)
        found = [
            partition.mean_field(parameters, np.full((1, 8), 0.5), order=order)
            for order in (1, 2, 3)
        ]
        assert all(f.converged_fraction == 1 for f in found)
        errors.append([abs(float(f.log_partition[0]) - exact) for f in found])
    growth = np.log2(np.array(errors[1]) / errors[0])
    assert growth == pytest.approx([2, 3, 4], abs=0.35)
    assert errors[1][2] < errors[1][1] < errors[1][0]


# Columns of images. With 100 rows, 5 hidden units and minibatches of 48 tests share epochs.
_FEW = slice(350, 400)


@pytest.fixture(scope="module")
def mnist():
    images = replicon.data.digits()[0].reshape(5000, -1) >= 128
    return np.random.default_rng(0).permutation(images)


@pytest.mark.slow
def test_annealing_against_enumeration_on_digits(mnist):
    """The 400 inner pixels x 16, CD-1: within three errors of the exact value, or flagged; a
    machine that mixes badly is flagged.
    """
    inner = mnist[:4500].reshape(-1, 28, 28)[:, 4:24, 4:24].reshape(-1, 400)
    machine = RestrictedBoltzmannMachine(16, method="cd", epochs=10, record_every=0).fit(inner)
    exact = machine.log_partition("exact").value
    found = machine.log_partition("ais", temperatures=1000)
    assert found.reliable
    assert abs(found.value - exact) < 3 * found.error
    assert abs(found.reverse - exact) < 3 * found.reverse_error
    machine._state = machine._state._replace(
        parameters=machine._state.parameters._replace(weights=3 * machine.weights_)
    )
    with pytest.warns(UserWarning, match="take more temperatures than 100"):
        assert not machine.log_partition("ais", temperatures=100).reliable


@pytest.mark.slow
def test_first_mode_grows_at_the_rate_of_theory():
    """Digits of scikit-learn binarised > 7, 46 pixels that vary, 40 hidden units, full batch, PCD:
    the sheet's lambda_1 = 0.1848.

    W grows as exp(lambda t), t = updates x learning rate, lambda of (C - diag(p (1 - p)))/4; steps
    of 0.1 lower it to ln(1 + 0.1 lambda)/0.1.
    """
    X = (load_digits().data > 7) * 1.0
    X = X[:, (X.mean(axis=0) > 0.02) & (X.mean(axis=0) < 0.98)]
    p = X.mean(axis=0)
    rate = np.linalg.eigvalsh(np.cov(X.T, bias=True) - np.diag(p * (1 - p)))[-1] / 4
    assert X.shape == (1797, 46)
    assert rate == pytest.approx(0.1848, abs=5e-5)
    machine = RestrictedBoltzmannMachine(
        40, batch_size=None, learning_rate=0.1, initial_scale=1e-4, epochs=350, seed=1
    )
    machine.set_params(record_every=25).fit(X)
    first = machine.history_["singular_values"].values[:, 0]
    time = 0.1 * machine.history_["epoch"].values
    inside = (first > 0.02) & (first < 0.5)
    slope = np.polyfit(time[inside], np.log(first[inside]), 1)[0]
    assert slope == pytest.approx(np.log1p(0.1 * rate) / 0.1, rel=0.02)
    assert machine.history_["principal_overlap"].values[-1, 0, 0] > 0.9


@pytest.mark.parametrize(("method", "rule"), [("cd", "sgd"), ("pcd", "adam"), ("pt", "momentum")])
def test_resumed_training_is_the_same_to_the_last_bit(method, rule, tmp_path, mnist):
    settings = {
        "hidden": 5,
        "method": method,
        "optimizer": rule,
        "batch_size": 48,
        "temperatures": 3,
    }
    X = mnist[:100, _FEW]
    whole = RestrictedBoltzmannMachine(**settings, epochs=4).fit(X)
    path = tmp_path / "machine.npz"
    RestrictedBoltzmannMachine(**settings, epochs=2).fit(X, checkpoint=path)
    resumed = RestrictedBoltzmannMachine(**settings, epochs=4).fit(X, checkpoint=path)
    assert resumed.epochs_ == 4
    for a, b in zip(jax.tree.leaves(whole._state), jax.tree.leaves(resumed._state), strict=True):
        assert np.array_equal(a, b)
    assert whole.history_.equals(resumed.history_)
    loaded = RestrictedBoltzmannMachine.load(path).partial_fit(X)
    assert np.array_equal(loaded.weights_, whole.partial_fit(X).weights_)
    assert list(tmp_path.iterdir()) == [path]


def test_checkpoints_that_do_not_fit_are_refused(tmp_path, mnist):
    X, path = mnist[:100, _FEW], tmp_path / "machine.npz"
    settings = {"method": "cd", "batch_size": 48}
    RestrictedBoltzmannMachine(5, epochs=1, **settings).fit(X, checkpoint=path)
    with pytest.raises(
        replicon.InputError, match="holds a machine of 50 x 5 units, this one has 50 x 6"
    ):
        RestrictedBoltzmannMachine(6, epochs=2, **settings).fit(X, checkpoint=path)
    with pytest.raises(replicon.InputError, match="50 x 5 units, this one has 40 x 5"):
        RestrictedBoltzmannMachine(5, epochs=2, **settings).fit(X[:, :40], checkpoint=path)
    with pytest.raises(replicon.InputError, match=r"learning_rate = 0.05, this machine has 0.1"):
        RestrictedBoltzmannMachine(5, epochs=2, learning_rate=0.1, **settings).fit(
            X, checkpoint=path
        )
    with pytest.raises(replicon.InputError, match="other data"):
        RestrictedBoltzmannMachine(5, epochs=2, **settings).fit(X[::-1], checkpoint=path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(replicon.InputError, match="could not be read"):
        RestrictedBoltzmannMachine.load(path)
    with pytest.raises(replicon.InputError, match="No file"):
        RestrictedBoltzmannMachine.load(tmp_path / "nothing.npz")
    np.savez(path, weights=np.zeros((3, 2)))
    with pytest.raises(replicon.InputError, match="expected a file that"):
        RestrictedBoltzmannMachine.load(path)
    with pytest.raises(replicon.InputError, match="cannot be written"):
        RestrictedBoltzmannMachine(5, epochs=1, **settings).fit(
            X, checkpoint=tmp_path / "no folder" / "m.npz"
        )


def test_a_flipped_bit_or_a_missing_end_never_gives_another_machine(tmp_path):
    path = tmp_path / "machine.npz"
    machine = RestrictedBoltzmannMachine(2, epochs=1).fit(GOOD)
    machine.save(path)
    content, rng, seen = path.read_bytes(), np.random.default_rng(0), set()
    for _ in range(300):
        wrong = bytearray(content)
        wrong[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(wrong if rng.random() < 0.8 else content[: rng.integers(len(content))])
        try:
            loaded = RestrictedBoltzmannMachine.load(path)
        except replicon.InputError:
            seen.add("refused")
            continue
        seen.add("loaded")  # zip files hold dates and the like
        assert loaded.get_params() == machine.get_params()
        assert all(
            np.array_equal(a, b)
            for a, b in zip(
                jax.tree.leaves(loaded._state), jax.tree.leaves(machine._state), strict=True
            )
        )
        assert loaded.history_.equals(machine.history_)
    assert seen == {"refused", "loaded"}


def test_strangers_files_and_strange_paths(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    path = tmp_path / "machine.npz"
    np.savez(path, head=np.array([Trap()], object))
    for bad in (
        path,
        tmp_path,
        tmp_path / "no" / "where.npz",
        "x" * 400,
        "a\0b",
        5,
        b"machine.npz",
    ):
        with pytest.raises(replicon.InputError):
            RestrictedBoltzmannMachine.load(bad)
        if bad != path:
            with pytest.raises(replicon.InputError):
                RestrictedBoltzmannMachine(2, epochs=1).fit(GOOD, checkpoint=bad)
    assert not (tmp_path / "sprung").exists()


def two_modes(visible, rows, flipped, seed=0):
    """Rows near a pattern (weight 0.7) or near its complement."""
    rng = np.random.default_rng(seed)
    pattern, other = rng.integers(0, 2, visible), rng.random(rows) < 0.3
    return np.where(other[:, None], 1 - pattern, pattern) ^ (rng.random((rows, visible)) < flipped)


def test_a_machine_that_loses_a_mode_says_so_and_tempering_keeps_it():
    X = two_modes(20, 400, 0.0)
    settings = {"epochs": 200, "record_every": 20}
    with pytest.warns(ConvergenceWarning, match=r"worse .* give method='pt'"):
        plain = RestrictedBoltzmannMachine(10, **settings).fit(X)
    tempered = RestrictedBoltzmannMachine(10, method="pt", **settings).fit(X)
    gain = [
        (m.history_["log_likelihood"] - m.history_["independent_log_likelihood"]).values[-1]
        for m in (plain, tempered)
    ]
    assert gain[1] > gain[0] + 1
    # The curve is the exact likelihood, and that of independent units.
    rows = np.random.default_rng((0, 2, 200)).permutation(len(X))[:512]
    assert tempered.history_["log_likelihood"].values[-1] == pytest.approx(
        tempered.score(X[rows]), rel=1e-6
    )
    p = (X.sum(axis=0) + 0.5) / (len(X) + 1)
    alone = (X * np.log(p) + (1 - X) * np.log(1 - p)).sum(axis=1).mean()
    assert tempered.history_["independent_log_likelihood"].values[-1] == pytest.approx(
        alone, rel=1e-9
    )


def test_worse_than_independent_units_is_said():
    X = two_modes(50, 100, 0.3)
    settings = {"method": "cd", "batch_size": 48, "learning_rate": 20.0}
    with pytest.warns(ConvergenceWarning, match="worse than independent units"):
        RestrictedBoltzmannMachine(5, epochs=3, **settings).fit(X)


@pytest.mark.parametrize("temperatures", [None, 10])
def test_samples_of_two_modes(temperatures, monkeypatch):
    """Hidden units that turn two patterns on, the second of weight 0.3: exact draws, and exchanges
    where Gibbs chains are stuck.
    """

    visible, hidden = 10, 6
    sign = np.where(np.arange(visible) % 2, 1.0, -1.0)
    W = np.outer(sign, np.full(hidden, 1.3))
    parameters = training.Parameters(W, -W.sum(axis=1) / 2 + 0.1 * sign, -W.sum(axis=0) / 2)
    machine, law = fitted(parameters), joint(parameters).sum(axis=1)
    machine.base_ = np.zeros(visible)  # the means of data with both modes
    v = states(visible)
    weight = law[(v @ sign > 0)].sum() + law[v @ sign == 0].sum() / 2
    assert 0.2 < weight < 0.9

    def share(rows):
        along = rows @ sign
        return (along > 0).mean() + (along == 0).mean() / 2

    assert abs(share(machine.sample(4000, seed=1)) - weight) < 4.5 * np.sqrt(
        weight * (1 - weight) / 4000
    )
    monkeypatch.setattr(gibbs, "SUMMED", 2)
    rows = machine.sample(400, sweeps=20, temperatures=temperatures, seed=2)
    assert abs(share(rows) - weight) < 4.5 * np.sqrt(weight * (1 - weight) / 400)
    with pytest.warns(ConvergenceWarning, match="remember where they were"):
        stuck = machine.sample(400, sweeps=20, temperatures=1, seed=2)
    assert stuck.shape == (400, visible)


def test_an_optimizer_that_changed_is_not_answered_for_by_the_old_one():
    import optax

    rate = {"value": 0.05}
    rule = optax.scale_by_schedule(lambda count: -rate["value"])
    X = two_modes(4, 60, 0.1)
    machine = RestrictedBoltzmannMachine(3, optimizer=rule, epochs=2, record_every=0)
    first = clone(machine).set_params(optimizer=rule).fit(X).weights_
    rate["value"] = 0.2
    second = clone(machine).set_params(optimizer=rule).fit(X).weights_
    assert not np.array_equal(first, second)
    plain = (
        RestrictedBoltzmannMachine(3, learning_rate=0.2, epochs=2, record_every=0).fit(X).weights_
    )
    assert second == pytest.approx(plain, rel=1e-5)


GOOD = np.arange(12).reshape(4, 3) % 2


@pytest.mark.parametrize(
    ("X", "sentence"),
    [
        (GOOD + 0.5, "holds 0.5 at row 0, unit 0"),
        (2 * GOOD - 1, r"Spins of \+-1 become"),
        (np.where(GOOD, np.nan, 0), "holds NaN at row 0, unit 1"),
        (np.zeros((0, 3)), r"shape=\(0, 3\)"),
        (GOOD[0], r"shape \(3,\)"),
        (GOOD.astype(str) + "x", "entries of type"),
    ],
)
def test_bad_data_is_refused_with_what_was_expected(X, sentence):
    with pytest.raises(replicon.InputError, match=sentence) as caught:
        RestrictedBoltzmannMachine(2).fit(X)
    assert "expected an array (rows, units) of 0 and 1" in str(caught.value)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # overflow, where the learning rate is absurd
@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"hidden": 0}, "hidden must be a whole number >= 1"),
        ({"learning_rate": -1}, "learning_rate must be >= 0"),
        ({"method": "contrastive"}, "method must be one of cd, pcd, pt"),
        ({"optimizer": "lbfgs"}, "or an optax.GradientTransformation"),
        ({"batch_size": 2.5}, "batch_size must be a whole number"),
        ({"centred": "no"}, "give True or False"),
        ({"seed": None}, "seed must be a whole number"),
    ],
)
def test_bad_settings_are_refused(settings, sentence):
    with pytest.raises(replicon.InputError, match=sentence):
        RestrictedBoltzmannMachine(**{"hidden": 2, **settings}).fit(GOOD)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # overflow
def test_a_rate_without_measure_diverges():
    with pytest.raises(replicon.DivergenceError, match="smaller learning_rate"):
        RestrictedBoltzmannMachine(2, learning_rate=1e300, epochs=8).fit(GOOD)


def test_it_fits_a_pipeline_of_scikit_learn():
    digits = load_digits()
    X, y = (digits.data > 7) * 1, digits.target
    machine = RestrictedBoltzmannMachine(
        64, epochs=60, batch_size=20, learning_rate=0.1, record_every=0
    )
    pipeline = make_pipeline(clone(machine), LogisticRegression(max_iter=2000)).fit(
        X[:1200], y[:1200]
    )
    assert pipeline.score(X[1200:], y[1200:]) > 0.85
    first = clone(machine).set_params(epochs=1).fit(X[:1200])
    assert list(first.get_feature_names_out()[:2]) == [
        "restrictedboltzmannmachine0",
        "restrictedboltzmannmachine1",
    ]
    assert np.array_equal(first.weights_, clone(first).fit(X[:1200]).weights_)
    with pytest.raises(
        replicon.InputError,
        match="X has 63 features, but RestrictedBoltzmannMachine is expecting 64",
    ):
        first.transform(X[:, :63])
