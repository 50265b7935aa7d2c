"""Couplings inferred from data: against trees, enumeration, the Cramer-Rao bound, and
each other.
"""

import itertools

import numpy as np
import pandas
import pytest
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

import replicon
from replicon.boltzmann import BoltzmannMachine, chains, inverse
from replicon.boltzmann import estimator as boltzmann
from replicon.spins import heat_bath as spins


def states(n):
    return np.array(list(itertools.product((1.0, -1.0), repeat=n)))


def law(J, h):
    s = states(len(h))
    log = ((s @ J) * s).sum(axis=1) / 2 + s @ h
    p = np.exp(log - log.max())
    return s, p / p.sum()


def exact_moments(J, h):
    s, p = law(J, h)
    m = p @ s
    return m, (s.T * p) @ s - np.outer(m, m)


def dense(n, scale, seed, field=0.3):
    rng = np.random.default_rng(seed)
    J = np.triu(rng.normal(0, scale, (n, n)), 1)
    return J + J.T, rng.normal(0, field, n)


def draws(J, h, count, rng):
    s, p = law(J, h)
    return s[rng.choice(len(s), count, p=p)].astype(np.int8)


def test_bethe_is_exact_on_trees_and_pairs_are_exact_for_two():
    rng = np.random.default_rng(0)
    J = np.zeros((8, 8))
    for i in range(1, 8):
        j = rng.integers(i)
        J[i, j] = J[j, i] = rng.normal(0, 0.6)
    h = rng.normal(0, 0.4, 8)
    found, fields = inverse.bethe(*exact_moments(J, h))
    assert np.abs(found - J).max() < 1e-12
    assert np.abs(fields - h).max() < 1e-12
    J, h = dense(2, 0.7, 1)
    for method in (inverse.pair, inverse.bethe):
        found, fields = method(*exact_moments(J, h))
        assert np.abs(found - J).max() < 1e-12
        assert np.abs(fields - h).max() < 1e-12


def test_closed_methods_err_by_their_order_in_the_couplings():
    """Largest errors of J grow as J^2 (pairs, naive mean field) and J^3 (TAP, Bethe)
    without noise.
    """
    errors = {name: [] for name in inverse.CLOSED}
    for scale in (0.01, 0.02):
        J, h = dense(8, 1.0, 2)
        moments = exact_moments(scale * J, h)
        for name, method in inverse.CLOSED.items():
            errors[name].append(np.abs(method(*moments)[0] - scale * J).max())
    for name, order in (
        ("independent", 1),
        ("pair", 2),
        ("naive-mean-field", 2),
        ("tap", 3),
        ("bethe", 3),
    ):
        assert np.log2(errors[name][1] / errors[name][0]) == pytest.approx(order, abs=0.25), name


def fisher_trace(J, h):
    """Sum over pairs of the variance of J_ij by the Cramer-Rao bound, for one row."""
    s, p = law(J, h)
    first, second = np.triu_indices(len(h), 1)
    features = np.concatenate([s, s[:, first] * s[:, second]], axis=1)
    features = features - p @ features
    return np.trace(np.linalg.inv((features.T * p) @ features)[len(h) :, len(h) :])


@pytest.mark.slow
def test_exact_likelihood_meets_the_cramer_rao_bound():
    """Six spins, 100 data sets: mean square error times rows is the bound, and falls as rows^-1 (at
    1000 rows it is still 1.5).
    """
    J, h = dense(6, 0.4, 3)
    bound, rng, upper, repeats = (
        fisher_trace(J, h),
        np.random.default_rng(4),
        np.triu_indices(6, 1),
        100,
    )
    counts = np.array([10_000, 30_000, 100_000])
    square = np.empty((3, repeats))
    s, p = law(J, h)
    for k, count in enumerate(counts):
        for repeat in range(repeats):
            fit = BoltzmannMachine("exact").fit(s, sample_weight=rng.multinomial(count, p))
            assert fit.converged_
            square[k, repeat] = ((fit.couplings_ - J)[upper] ** 2).sum()
    mean, error = square.mean(axis=1), square.std(axis=1, ddof=1) / np.sqrt(repeats)
    assert (np.abs(mean * counts / bound - 1) < 4.5 * error * counts / bound).all()
    x = np.log(counts) - np.log(counts).mean()
    slope, uncertain = x @ np.log(mean) / (x @ x), np.sqrt(x**2 @ (error / mean) ** 2) / (x @ x)
    print(f"slope {slope:.3f} +- {uncertain:.3f}; error x rows / bound {mean * counts / bound}")
    assert uncertain < 1 / 8  # an exponent of -1/2 or -2 would be seen
    assert abs(slope + 1) < 4.5 * uncertain


@pytest.fixture(scope="module")
def glass():
    """Sherrington-Kirkpatrick, N = 40, beta = 0.4: couplings and 64,000 rows, from 2000 heat-bath
    chains at every fifth sweep.
    """
    rng, rows, n = np.random.default_rng(20), [], 40
    J = np.triu(rng.normal(0, 0.4 / np.sqrt(n), (n, n)), 1)
    couplings, external = spins.as_kernel(J + J.T)
    s = rng.choice(np.array([-1, 1], np.float32), (2000, n))
    fields = np.empty_like(s)
    spins.local_fields(couplings, external, s, fields)
    for turn in range(-10, 32):
        for _ in range(5):
            spins.sweep(couplings, fields, s, np.ones(2000), rng)
        if turn >= 0:
            rows.append(s.astype(np.int8))
    return J + J.T, np.concatenate(rows)


def test_every_method_matches_naive_mean_field_at_high_temperature(glass, capsys):
    """Relative errors printed; beats or equals: to the 1 % by which two noisy estimates of one data
    set differ.
    """
    J, rows = glass
    error = {}
    for method in (*inverse.CLOSED, "pseudo-likelihood", "monte-carlo"):
        error[method] = np.linalg.norm(
            BoltzmannMachine(method, updates=300).fit(rows).couplings_ - J
        ) / np.linalg.norm(J)
    with capsys.disabled():
        print("\nrelative error of the couplings, SK, N = 40, beta = 0.4, 64,000 rows")
        for method, value in error.items():
            print(f"  {method:18s} {value:.4f}")
    for method in ("tap", "bethe", "pseudo-likelihood", "monte-carlo"):
        assert error[method] < 1.01 * error["naive-mean-field"], method
    assert error["naive-mean-field"] < error["pair"] < error["independent"]


def test_pseudo_likelihood_is_logistic_regression_of_every_spin():
    J, h = dense(7, 0.4, 5)
    rows = draws(J, h, 5000, np.random.default_rng(6))
    machine = BoltzmannMachine().fit(rows)
    single = []
    for spin in range(7):
        others = np.delete(rows, spin, axis=1).astype(float)
        fit = LogisticRegression(C=1e9, tol=1e-8, max_iter=1000).fit(others, rows[:, spin])
        single.append(np.insert(fit.coef_[0] / 2, spin, 0.0))
        assert machine.fields_[spin] == pytest.approx(fit.intercept_[0] / 2, abs=2e-4)
    single = np.array(single)
    assert np.abs(machine.couplings_ - (single + single.T) / 2).max() < 2e-4
    assert machine.converged_
    exact = BoltzmannMachine("exact").fit(rows)
    assert np.abs(machine.couplings_ - exact.couplings_).max() < 0.05


def test_penalties_shrink_and_select():
    J, h = dense(7, 0.4, 7)
    J[np.abs(J) < 0.3] = 0.0
    rows = draws(J, h, 2000, np.random.default_rng(8))
    free = BoltzmannMachine().fit(rows).couplings_
    ridge = BoltzmannMachine(regularization=0.05).fit(rows)
    lasso = BoltzmannMachine(regularization=0.04, penalty="l1").fit(rows)
    assert ridge.converged_
    assert lasso.converged_
    assert (ridge.couplings_**2).sum() < (free**2).sum()
    off = ~np.eye(7, dtype=bool)
    assert ((lasso.couplings_ == 0) & off & (J == 0)).sum() > 0.6 * ((J == 0) & off).sum()
    assert (lasso.couplings_ != 0)[(np.abs(J) > 0.3) & off].all()
    # Optimality of the lasso in the original, not averaged, problem is its own convergence check;
    # held-out scores choose strengths.
    search = GridSearchCV(BoltzmannMachine(), {"regularization": [0.0, 0.003, 3.0]}, cv=3).fit(rows)
    assert search.best_params_["regularization"] < 3


def test_monte_carlo_agrees_with_enumeration():
    J, h = dense(10, 0.3, 9)
    rows = draws(J, h, 20_000, np.random.default_rng(10))
    exact = BoltzmannMachine("exact").fit(rows)
    sampled = BoltzmannMachine("monte-carlo").fit(rows)
    assert sampled.converged_
    # 2e5 states in the average, a tenth of them independent: 0.007 for a moment, the same for a
    # coupling of order 0.3.
    assert np.abs(sampled.couplings_ - exact.couplings_).max() < 0.03
    held = BoltzmannMachine("monte-carlo", regularization=10.0, updates=100).fit(rows)
    assert (
        np.abs(
            held.couplings_ - BoltzmannMachine("exact", regularization=10.0).fit(rows).couplings_
        ).max()
        < 1e-3
    )
    short = BoltzmannMachine("monte-carlo", updates=40, chains=200)
    once, again = (short.fit(rows).couplings_ for _ in range(2))
    assert np.array_equal(once, again)


def test_likelihood_samples_and_diagnosis():
    J, h = dense(8, 0.3, 11)
    rng = np.random.default_rng(12)
    rows = draws(J, h, 20_000, rng)
    machine = BoltzmannMachine("exact").fit(rows)
    s, _ = law(J, h)
    assert np.exp(machine.score_samples(s)).sum() == pytest.approx(1, abs=1e-9)
    found = machine.diagnose(rows)
    assert set(found.sizes) == {"spin", "pair", "triple", "place", "number"}
    for name in ("magnetization", "correlation", "three_point"):
        z = found[f"{name}_z"].values
        assert np.abs(z).max() < 4.5, name
    # A machine without couplings has other correlations, and three-point ones that are nothing but
    # noise.
    wrong = BoltzmannMachine("independent").fit(rows).diagnose(rows)
    assert np.abs(wrong["correlation_z"].values).max() > 8
    assert np.array_equal(machine.sample(5, seed=1), machine.sample(5, seed=1))


def curie_weiss(n, coupling, field):
    """Two modes of unequal weight, too far apart for a plain chain."""
    return coupling * (np.ones((n, n)) - np.eye(n)), np.full(n, field)


def known(J, h):
    """A machine of these couplings."""
    machine = BoltzmannMachine()
    machine.couplings_, machine.fields_, machine.n_features_in_ = J, h, len(h)
    s, p = law(J, h)
    machine.magnetization_ = p @ s
    return machine


MACHINES = {"glass": dense(8, 0.4, 13), "two modes": curie_weiss(8, 0.5, 0.03)}


@pytest.mark.parametrize("which", list(MACHINES))
def test_specific_heat_by_chains_and_by_enumeration(which, monkeypatch):
    J, h = MACHINES[which]
    machine = known(J, h)
    T = [0.3, 1.0, 2.0]
    exact = machine.specific_heat(T)
    free = [replicon.ising.enumerate_states(J, h, temperature=t).energy for t in (0.999, 1.001)]
    assert exact["specific_heat"].values[1] == pytest.approx(
        (free[1] - free[0]) / 0.002 / 8, rel=1e-4
    )
    monkeypatch.setattr(boltzmann, "LARGEST", 4)
    for chosen in (T, T[:1]):  # a low temperature alone, too: the ladder goes up by itself
        chains = machine.specific_heat(chosen)
        expected = exact["specific_heat"].values[: len(chosen)]
        assert (
            np.abs(chains["specific_heat"] - expected).values < 4.5 * chains["error"].values
        ).all()
        assert (chains["error"].values < 0.2 * expected + 1e-3).all()


def frequencies(rows):
    return np.bincount(
        (rows < 0) @ 2 ** np.arange(rows.shape[1])[::-1], minlength=2 ** rows.shape[1]
    )


def pvalue(seen, p):
    """Chi-square over states of at least ten expected counts, the others together."""
    large = p * seen.sum() > 10
    observed, expected = (
        np.append(seen[large], seen[~large].sum()),
        np.append(p[large], p[~large].sum()) * seen.sum(),
    )
    if expected[-1] < 10:
        observed, expected = (
            observed[:-1],
            expected[:-1] * observed[:-1].sum() / expected[:-1].sum(),
        )
    return stats.chisquare(observed, expected).pvalue


@pytest.mark.parametrize("which", list(MACHINES))
@pytest.mark.parametrize("largest", [20, 4])
def test_samples_follow_the_exact_law(which, largest, monkeypatch):
    """20,000 rows: drawn from the enumerated law, or by chains, plain or with exchanges as they
    need.
    """
    J, h = MACHINES[which]
    monkeypatch.setattr(boltzmann, "LARGEST", largest)
    rows = known(J, h).sample(20_000, seed=3)
    _, p = law(J, h)
    # Rows by exchange keep a tenth of their copy's last state: counts vary by so much more.
    assert (
        pvalue(frequencies(rows) / (1.25 if which == "two modes" and largest == 4 else 1), p) > 1e-5
    )
    assert pvalue(frequencies(rows), law(1.1 * J, h)[1]) < 1e-9
    assert abs(rows.mean() - p @ law(J, h)[0].mean(axis=1)) < 4.5 * np.sqrt(1.25 / 20_000)


def test_a_wrong_rule_of_exchange_is_seen():
    """Accepting every exchange gives the warmer law; plain chains stay in the mode they start in,
    and say so.
    """
    J, h = MACHINES["two modes"]
    _, p = law(J, h)
    base = np.zeros(8)
    population = chains.Population(
        J, h, base, 4000, np.random.default_rng(0), (0.0, 0.5, 0.75, 1.0)
    )
    for _ in range(40):
        population.step(1)
        population.state.holder[:] = np.roll(population.state.holder, 1, axis=1)
    assert pvalue(frequencies(population.spins), p) < 1e-9
    plain = chains.Population(J, h, base, 4000, np.random.default_rng(0))
    plain.step(100)
    half = plain.spins
    plain.step(100)
    assert chains.memory(half, plain.spins) > 5 * chains.memory_limit(4000)


def test_chains_that_do_not_mix_say_so(monkeypatch):
    """Low temperature, three sweeps and no ladder to speak of."""
    monkeypatch.setattr(boltzmann, "LARGEST", 4)
    monkeypatch.setattr(chains, "_LEVELS", 5)
    J, h = curie_weiss(24, 0.5, 0.02)
    machine = known(*curie_weiss(8, 0.5, 0.02))
    machine.couplings_, machine.fields_, machine.n_features_in_ = J, h, 24
    machine.magnetization_ = np.full(24, 0.3)
    with pytest.warns(ConvergenceWarning, match="chains did not mix"):
        machine.sample(10, sweeps=3, temperature=0.2)


def test_a_perfect_fit_of_two_modes_is_not_blamed(monkeypatch):
    J, h = MACHINES["two modes"]
    monkeypatch.setattr(boltzmann, "LARGEST", 4)
    found = known(J, h).diagnose(draws(J, h, 20_000, np.random.default_rng(5)))
    for name in ("magnetization", "correlation", "three_point", "active"):
        assert np.abs(found[f"{name}_z"].values).max() < 4.5, name
    rows = draws(J, h, 20_000, np.random.default_rng(5))
    wrong = known(J, h + 0.03).diagnose(rows, samples=5000)
    assert np.abs(wrong["magnetization_z"].values).max() > 8


GOOD = (np.random.default_rng(0).random((200, 4)) < 0.5) * 1


@pytest.mark.parametrize(
    ("X", "method", "sentence"),
    [
        (GOOD * np.array([1, 1, 0, 1]), "tap", "Column 2 is -1 in all 200 rows"),
        (np.where(GOOD, np.nan, 0), "tap", "holds NaN at row"),
        (
            GOOD * 3,
            "tap",
            r"holds 3 at row .* expected an array \(rows, spins\) of \+-1, or of 0 and 1",
        ),
        (GOOD[:6], "tap", "6 rows are too few for method=tap with 4 spins: give at least 8"),
        (GOOD[:, [0, 1, 1, 2]], "naive-mean-field", "condition number is"),
        (GOOD[:, [0, 1, 1, 2]], "pseudo-likelihood", "Columns 1 and 2 are equal in all rows"),
        (np.c_[GOOD, 1 - GOOD[:, 0]], "exact", "Columns 0 and 4 are opposite in all rows"),
        (
            GOOD[(GOOD[:, 0] == 0) | (GOOD[:, 2] == 0)],
            "pair",
            r"Columns 0 and 2 are never \+1 and \+1 in one row",
        ),
        (GOOD + 1j, "pair", "complex numbers"),
        (np.tile(GOOD, 6), "exact", "at most 20 spins, X has 24"),
        (GOOD, "mean-field", "method must be one of independent, pair"),
        (GOOD, "TAP", "Did you mean 'tap'"),  # it was taken for a method that it is not
        (np.ma.array(GOOD, mask=GOOD == 1), "tap", "masked entries"),
        (pandas.DataFrame(GOOD, columns=list("aabb")), "tap", "unique column names, got: - 'a'"),
        (pandas.DataFrame(GOOD, columns=["a", 1, "b", 2]), "tap", "have string names"),
        ("nothing.csv", "tap", "No file 'nothing.csv'"),
    ],
)
def test_bad_input_is_refused(X, method, sentence):
    with pytest.raises(replicon.InputError, match=sentence):
        BoltzmannMachine(method).fit(X)


def test_bad_settings_are_refused(tmp_path):
    with pytest.raises(replicon.InputError, match="tap has no regularization"):
        BoltzmannMachine("tap", regularization=0.1).fit(GOOD)
    with pytest.raises(replicon.InputError, match="penalty=l1 belongs to method=pseudo-likelihood"):
        BoltzmannMachine("exact", regularization=0.1, penalty="l1").fit(GOOD)
    path = tmp_path / "rows.csv"
    np.savetxt(path, GOOD, delimiter=",", fmt="%d")
    machine = BoltzmannMachine("tap").fit(path)
    assert np.array_equal(machine.couplings_, BoltzmannMachine("tap").fit(2 * GOOD - 1).couplings_)
    with pytest.raises(replicon.InputError, match="expected temperatures > 0"):
        machine.specific_heat([0.0, 1.0])
    with pytest.raises(
        replicon.InputError, match="X has 3 features, but BoltzmannMachine is expecting 4"
    ):
        machine.energy(GOOD[:, :3])
