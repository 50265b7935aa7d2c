"""Noisy gradient descent against statistical mechanics."""

import numpy as np
import pytest

import replicon
from replicon.models.langevin_learning import theory


def test_regression_theory_is_the_limit_of_matrices():
    """Posterior means and covariances of one large draw; errors of relative order 1/N."""
    rng, n, alpha, rho, ridge, T = np.random.default_rng(0), 1500, 1.7, 0.3, 0.2, 0.4
    X = rng.standard_normal((round(alpha * n), n)) / np.sqrt(n)
    teacher = rng.standard_normal(n)
    teacher *= np.sqrt(n) / np.linalg.norm(teacher)
    y = X @ teacher + np.sqrt(rho) * rng.standard_normal(len(X))
    inverse = np.linalg.inv(X.T @ X + ridge * np.eye(n))
    mean = inverse @ X.T @ y
    spread = T * np.trace(inverse) / n
    expected = {
        "mean_energy": (((y - X @ mean) ** 2).sum() + ridge * mean @ mean) / 2 / n + T / 2,
        "second_moment": mean @ mean / n + spread,
        "overlap": mean @ mean / n,
        "weight_error": ((mean - teacher) ** 2).mean() + spread,
    }
    found = theory.regression(T, alpha, rho, ridge)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=0.03), name


def test_escape_tends_to_kramers_law():
    """The ratio approaches one as T: corrections are of that order."""
    ratios = [theory.double_well(T)["escape_rate"] / theory.kramers(T) for T in (0.05, 0.025)]
    assert abs(ratios[1] - 1) < 0.05
    assert (1 - ratios[0]) / (1 - ratios[1]) == pytest.approx(2, abs=0.4)


def test_perceptron_limits():
    """Infinite temperature: overlap 0, every example costs the mean of ln(1 + exp(-z)); more examples freeze."""
    hot = theory.perceptron(1e6, 2.0)
    z = np.linspace(-9, 9, 2001)
    p = np.exp(-(z**2) / 2)
    assert hot["overlap"] == pytest.approx(0, abs=1e-5)
    assert hot["mean_energy"] == pytest.approx(2 * (p / p.sum()) @ np.logaddexp(0, -z), rel=1e-5)
    q = [theory.perceptron(0.3, alpha)["overlap"] for alpha in (0.5, 1.0, 2.0)]
    assert 0 < q[0] < q[1] < q[2] < 1


@pytest.mark.parametrize(
    ("energy", "method"),
    [
        pytest.param("quadratic", "baoab", marks=pytest.mark.slow),
        pytest.param("regression", "mala", marks=pytest.mark.slow),
        pytest.param("perceptron", "mala", marks=pytest.mark.slow),
    ],
)
def test_equilibrium_follows_theory(energy, method):
    out = replicon.compare("langevin-learning", energy=energy, method=method, step=0.05, size=100, samples=12, seed=2)
    for name in ("mean_energy", "overlap", "virial_temperature", "configurational_temperature"):
        row = out.sel(observable=name)
        # Means over draws of the data; their difference from infinite size is of order 1/N.
        assert abs(float(row["mean"] - row["theory"])) < 4.5 * float(row["error"]) + 1 / 100, name
    assert float(out.sel(observable="r_hat")["mean"]) < 1.1


@pytest.mark.slow
def test_escapes_from_a_well_follow_the_passage_time():
    out = replicon.compare("langevin-learning", energy="double-well", temperature=0.5, size=60, samples=8, seed=3)
    rate = out.sel(observable="escape_rate")
    assert float(rate["mean"]) == pytest.approx(float(rate["theory"]), rel=0.04)  # a run of 40 units of time cuts late passages off
    for name in ("mean_energy", "second_moment"):
        assert abs(float(out.sel(observable=name)["z"])) < 4.5


def test_minibatches_of_other_energies_are_refused():
    with pytest.raises(replicon.InputError, match="give energy=regression"):
        replicon.simulate("langevin-learning", energy="perceptron", method="sgld", size=10)
    heated = replicon.simulate("langevin-learning", method="sgld", batch=0.05, size=40, samples=2)
    assert float(heated["noise_ratio"].mean()) > 0.1


@pytest.mark.slow
def test_without_examples_the_ridge_alone_holds_the_weights():
    out = replicon.simulate("langevin-learning", load=0, ridge=2.0, temperature=0.5, size=100, samples=2, step=0.1)
    assert float(out["second_moment"].mean()) == pytest.approx(0.5 / 2, rel=0.03)
    assert float(out["mean_energy"].mean()) == pytest.approx(0.5 / 2, rel=0.03)
