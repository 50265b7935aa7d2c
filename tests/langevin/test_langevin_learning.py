"""Noisy gradient descent against statistical mechanics."""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.optimize import brentq
from scipy.special import expit, ive

import replicon
from replicon import channel
from replicon._jit import jit
from replicon.langevin import learning as theory
from replicon.langevin import learning_finite as finite
from replicon.theory import bisect, stationary


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


@pytest.mark.parametrize("temperature", [1e-300, 1e-12, 1e-7, 1e-3, 0.02, 0.3, 3.0, 100.0, 1e7])
def test_double_well_at_any_temperature_is_its_closed_form(temperature):
    """Z = (pi/2) [I_-1/4(x) + I_1/4(x)] e^-x, x = 1/(2T); the virial theorem makes <V> = 1 + T/4 -
    <w^2>.
    """
    found = theory.double_well(temperature)
    assert found["converged"]
    if temperature > 1e-12:  # SciPy's Bessel functions end there
        x = 1 / (2 * temperature)
        assert found["partition"] == pytest.approx(
            np.pi / 2 * (ive(-0.25, x) + ive(0.25, x)), rel=1e-12
        )
    assert 1 + temperature / 4 - found["second_moment"] == pytest.approx(
        found["mean_energy"], abs=1e-15, rel=1e-12
    )
    if temperature < 1e-5:
        assert found["mean_energy"] == pytest.approx(
            temperature / 2 * (1 + 3 * temperature / 8), rel=1e-9
        )


@pytest.mark.parametrize("temperature", [0.2, 5.0])
def test_escape_rate_against_the_double_integral(temperature):
    def integrand(y, x):
        return np.exp((theory.well(x) - theory.well(y)) / temperature)

    inner, _ = dblquad(integrand, -1, 1, -5, lambda x: x, epsrel=1e-9)
    assert theory.double_well(temperature)["escape_rate"] == pytest.approx(
        temperature / inner, rel=1e-7
    )


def test_densities_are_those_of_the_law_at_any_temperature():
    for temperature in (0.01, 1.0, 100.0):
        out = replicon.solve("langevin-learning", energy="quadratic", temperature=temperature)
        expected = np.exp(-(out["weight"].values ** 2) / (2 * temperature)) / np.sqrt(
            2 * np.pi * temperature
        )
        np.testing.assert_allclose(out["density"].values.ravel(), expected.ravel(), rtol=1e-12)
        out = replicon.solve("langevin-learning", energy="double-well", temperature=temperature)
        total = quad(
            lambda w, T=temperature: np.exp(-theory.well(w) / T),
            -8,
            8,
            points=[-1, 1],
            epsabs=0,
            limit=200,
        )[0]
        expected = np.exp(-theory.well(out["weight"].values) / temperature) / total
        np.testing.assert_allclose(out["density"].values.ravel(), expected.ravel(), rtol=1e-8)


@pytest.mark.parametrize("alpha", [0.0, 1e-9, 0.3, 1.0, 3.0, 100.0])
@pytest.mark.parametrize("ridge", [1e-15, 1e-8, 0.3, 100.0])
def test_regression_at_any_ridge_against_the_density_of_marchenko_and_pastur(alpha, ridge):
    T, rho = 0.4, 0.3
    angle = (np.arange(20_000) + 0.5) * np.pi / 20_000
    low, high = (1 - np.sqrt(alpha)) ** 2, (1 + np.sqrt(alpha)) ** 2
    a = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
    if alpha == 1:
        a = 4 * np.sin(angle / 2) ** 2
    weight = ((high - low) / 2 * np.sin(angle)) ** 2 / (2 * np.pi * a) * np.pi / 20_000
    unseen = max(1 - alpha, 0.0)
    with np.errstate(under="ignore"):
        rest = ridge / (a + ridge)
        overlap = (weight * ((1 - rest) ** 2 + rho * a / (a + ridge) ** 2)).sum()
        spread = T * ((weight / (a + ridge)).sum() + unseen / ridge)
        expected = {
            "mean_energy": (
                ((weight * a * rest).sum() + rho * ((weight * rest).sum() + max(alpha - 1, 0.0)))
                / 2
                + T / 2
            ),
            "second_moment": overlap + spread,
            "overlap": overlap,
            "weight_error": (
                (weight * (rest**2 + rho * a / (a + ridge) ** 2)).sum() + unseen + spread
            ),
        }
    found = theory.regression(T, alpha, rho, ridge)
    if alpha == 1 and ridge < 1e-7:  # a peak at 0 that the grid does not resolve
        return
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6, abs=1e-13), name


def _free_entropy(T, alpha, q):
    """(1/2) [ln(1 - q) + q/(1 - q)] + alpha int Dz ln int Dt exp(-c/T), by SciPy's adaptive
    quadrature.
    """

    def inner(z):
        def weight(t):
            return np.exp(
                -(t**2) / 2 - np.logaddexp(0, -np.sqrt(q) * z - np.sqrt(1 - q) * t) / T
            ) / np.sqrt(2 * np.pi)

        return (
            np.exp(-(z**2) / 2)
            / np.sqrt(2 * np.pi)
            * np.log(quad(weight, -12, 12, epsabs=0, limit=200)[0])
        )

    return (np.log(1 - q) + q / (1 - q)) / 2 + alpha * quad(inner, -8, 8, epsabs=1e-11)[0]


@pytest.mark.parametrize(("temperature", "load"), [(0.05, 1.0), (0.5, 3.0), (50.0, 2.0)])
def test_perceptron_is_the_stationary_point_of_its_free_entropy(temperature, load):
    """The energy is -d/d(1/T) of it, the overlap where it is stationary."""
    found = theory.perceptron(temperature, load)
    assert found["converged"]
    q, beta = found["overlap"], 1 / temperature
    h = 1e-3 * beta
    slope = (_free_entropy(1 / (beta + h), load, q) - _free_entropy(1 / (beta - h), load, q)) / (
        2 * h
    )
    assert found["mean_energy"] == pytest.approx(-slope, rel=1e-5)
    h = 1e-3 * min(q, 1 - q)
    up, here, down = (_free_entropy(temperature, load, q + d) for d in (h, 0, -h))
    assert abs(up - down) < 1e-2 * abs(
        up + down - 2 * here
    )  # within a hundredth of h of the extremum


@pytest.mark.parametrize("load", [0.5, 1.0, 5.0])
def test_perceptron_tends_to_its_ground_state(load):
    """At T = 0 every field moves to the minimum of (u - h)^2/(2x) + c(u), x by alpha int Dz (u -
    h)^2 = 1.
    """
    z, p = np.polynomial.hermite_e.hermegauss(150)
    p = p / p.sum()

    def fields(x):
        return np.array(
            [brentq(lambda u, h=h: u - h - x * expit(-u), h, h + x, xtol=1e-14) for h in z]
        )

    x = brentq(lambda x: load * p @ (fields(x) - z) ** 2 - 1, 0.01, 100)
    ground = load * p @ np.logaddexp(0, -fields(x))
    energy = [
        theory.perceptron(T, load)["mean_energy"] for T in (1e-9, 1e-5, 1e-3, 0.01, 0.1, 1.0, 100.0)
    ]
    assert energy[0] == pytest.approx(ground, abs=2e-9)
    # Equipartition: T/2 a weight above it.
    assert energy[1] - ground == pytest.approx(1e-5 / 2, rel=1e-3)
    assert (np.diff(energy) > 0).all()
    if load == 1:
        assert theory.perceptron(0.001, 1.0)["mean_energy"] == pytest.approx(0.372316, abs=1e-6)


class _Point(NamedTuple):
    load: float
    temperature: float


def _engine():
    """The same perceptron as prior x channel: (overlap, replicon) at a point, the log-integral by
    Gauss-Hermite quadrature about the peak of its integrand, in the width of its curvature there.
    """
    node, weight = np.polynomial.hermite_e.hermegauss(80)
    log_weight = np.log(weight / weight.sum())

    def log_integral(y, omega, V, T):
        field = y * omega
        h = jax.lax.stop_gradient(field)
        x = jax.lax.stop_gradient(V / T)
        top = jnp.maximum(h, 0.0) + jnp.log1p(x) + 1
        peak = bisect(lambda u: h + x * jax.nn.sigmoid(-u) - u, h, top)
        p = jax.nn.sigmoid(-peak)
        width = jax.lax.stop_gradient(jnp.sqrt(1 / (1 / V + p * (1 - p) / T)))
        u = peak + width * node
        exponent = -((u - field) ** 2) / (2 * V) - jnp.logaddexp(0.0, -u) / T
        log = jax.scipy.special.logsumexp(log_weight + node**2 / 2 + exponent)
        return log + jnp.log(width) - jnp.log(V) / 2

    engine = channel.storage(channel.spherical, channel.Channel(log_integral, ("temperature",)))

    @partial(jit, how="seldom")
    def solve(point):
        start = channel.Overlaps(jnp.asarray(0.3), jnp.ones(()))
        found = stationary.solve_one(
            engine.residual, start, point, iterate=engine.iterate, steps=300, settled=1e-3
        )
        return found.x.overlap, engine.replicon(found.x, point)

    return solve


def test_perceptron_is_that_of_the_engine():
    """Two quadratures and two ways to solve, to rounding; of 1 - q the engine keeps 1e-16/T."""
    with jax.enable_x64(True):
        solve = _engine()
        for temperature in (1.0, 0.02, 0.001):
            for load in (0.5, 2.0, 6.0):
                overlap, replicon_ = solve(_Point(load, temperature))
                found = theory.perceptron(temperature, load)
                assert found["overlap"] == pytest.approx(float(overlap), abs=1e-13)
                assert found["replicon"] == pytest.approx(float(replicon_), abs=1e-12)
    out = replicon.solve("langevin-learning", energy="perceptron", temperature=0.3, load=2.0)
    assert float(out["replicon"]) == theory.perceptron(0.3, 2.0)["replicon"]
    assert out["stable"] == 1


def test_converged_over_the_whole_domain_and_never_on_a_grid_too_coarse():
    edges = {"temperature": [1e-300, 1e-6, 0.01, 100.0], "load": [0.0, 1e-6, 1.0, 100.0]}
    for energy in ("quadratic", "double-well", "regression", "perceptron"):
        out = replicon.solve("langevin-learning", energy=energy, noise=0, ridge=1e-9, **edges)
        there = out["converged"].values
        assert there[1:].all()
        assert (out["mean_energy"].values[there] >= 0).all()
    assert theory.twice(lambda n: np.array([1 + math.exp(-n)]), 40)[1]
    assert not theory.twice(lambda n: np.array([1 + 1 / n]), 40)[1]


def test_perceptron_limits():
    """Infinite temperature: overlap 0, every example costs the mean of ln(1 + exp(-z)); more
    examples freeze.
    """
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
    settings = {"step": 0.1, "records": 120, "size": 100, "samples": 8, "seed": 2}
    out = replicon.compare("langevin-learning", energy=energy, method=method, **settings)
    for name in ("mean_energy", "overlap", "virial_temperature", "configurational_temperature"):
        row = out.sel(observable=name)
        # Means over draws of the data; their difference from infinite size is of order 1/N.
        assert abs(float(row["mean"] - row["theory"])) < 4.5 * float(row["error"]) + 1 / 100, name
    assert float(out.sel(observable="r_hat")["mean"]) < 1.1


@pytest.mark.slow
def test_escapes_from_a_well_follow_the_passage_time():
    out = replicon.compare(
        "langevin-learning", energy="double-well", temperature=0.5, size=60, samples=8, seed=3
    )
    rate = out.sel(observable="escape_rate")
    assert float(rate["mean"]) == pytest.approx(
        float(rate["theory"]), rel=0.04
    )  # a run of 40 units of time cuts late passages off
    for name in ("mean_energy", "second_moment"):
        assert abs(float(out.sel(observable=name)["z"])) < 4.5


def test_minibatches_of_other_energies_are_refused():
    with pytest.raises(replicon.InputError, match="give energy=regression"):
        replicon.simulate("langevin-learning", energy="perceptron", method="sgld", size=10)


@pytest.mark.slow
def test_noise_ratio_is_that_of_the_gradients_of_the_examples():
    """Minibatches of b of n rows: variance (n/b)(1 - b/n) sum_a |g_a|^2, less the mean gradient's
    share of order 1/N.

    |g_a|^2 = (residual of a)^2 |x_a|^2/N sums up to twice the energy without its ridge, whatever
    the temperature really is.
    """
    given = {
        "method": "sgld",
        "batch": 0.1,
        "step": 0.02,
        "temperature": 0.5,
        "ridge": 0.1,
        "load": 4.0,
    }
    run = replicon.simulate(
        "langevin-learning", size=40, samples=2, records=40, seed=4, **given
    ).mean("sample")
    data = float(run["mean_energy"]) - given["ridge"] * float(run["second_moment"]) / 2
    expected = (1 / given["batch"] - 1) * 2 * data * given["step"] / (2 * given["temperature"])
    # Terms of order 1/N: |x_a|^2/N is smaller for examples that were fitted, by (1 - 2/N).
    assert float(run["noise_ratio"]) == pytest.approx(expected, rel=0.05)
    assert expected > 0.1


@pytest.mark.slow
def test_without_examples_the_ridge_alone_holds_the_weights():
    out = replicon.simulate(
        "langevin-learning",
        load=0,
        ridge=2.0,
        temperature=0.5,
        size=100,
        samples=2,
        step=0.1,
        records=100,
    )
    assert float(out["second_moment"].mean()) == pytest.approx(0.5 / 2, rel=0.03)
    assert float(out["mean_energy"].mean()) == pytest.approx(0.5 / 2, rel=0.03)


def _process(**settings):
    given = {"load": 2, "records": 300, "size": 10, "seed": 3}
    return replicon.start("langevin-learning", **given | settings)


@pytest.mark.parametrize(
    ("energy", "method"), [("regression", "mala"), ("regression", "sgld"), ("perceptron", "baoab")]
)
def test_a_run_does_not_see_how_its_steps_are_cut(energy, method):
    """Over the edge of a compiled block of 200, beyond it, and after a change on the way."""
    whole = _process(energy=energy, method=method)
    cut = _process(energy=energy, method=method)
    whole.step(230)
    cut.step(7).step(0).step(192).step(1).step(1).step(29)
    for process in (whole, cut):
        process.set("temperature", 1.0).set("step", 0.01)
    whole.step(9)
    cut.step(4).step(5)
    for name, value in whole.measure().items():
        np.testing.assert_array_equal(cut.measure()[name], value, name)
    for name, array in whole.view().items():
        np.testing.assert_array_equal(cut.view()[name], array, name)


def test_a_simulation_is_the_process_run_to_its_end():
    given = {"energy": "double-well", "records": 40, "size": 10, "seed": 3}
    simulated = replicon.simulate("langevin-learning", samples=1, **given)
    measured = replicon.start("langevin-learning", **given).step(80).measure()
    assert {"mean_energy", "r_hat", "density"} < set(measured)
    for name, value in measured.items():
        np.testing.assert_array_equal(simulated[name].values.ravel(), np.ravel(value), name)


def test_what_a_process_shows_and_measures_from_its_start_on():
    process = _process(energy="perceptron", load=0)
    assert math.isnan(process.measure()["mean_energy"])
    assert process.view()["energy"].shape == (1, 8)
    process.step(150)
    views = process.view()
    assert views["weights"].shape == (8, 10)
    np.testing.assert_allclose((views["weights"] ** 2).mean(axis=1), 1)
    assert views["histogram"].shape == (100, 2)
    assert views["energy"].shape == (151, 8)
    # Without examples there is no energy, whatever the length of the parameters does.
    np.testing.assert_allclose(views["energy"], 0, atol=1e-13)
    assert process.measure()["second_moment"] == pytest.approx(1)
    with pytest.raises(replicon.InputError, match="cannot be changed while it runs"):
        process.set("load", 1)
    run = replicon.simulate(
        "langevin-learning", energy="perceptron", load=0, records=20, size=10, samples=1
    )
    np.testing.assert_allclose(run["energy_curve"], 0, atol=1e-13)


class _Learning(NamedTuple):
    energy: str
    temperature: float
    load: float = 1.0
    noise: float = 0.25
    ridge: float = 0.1
    method: str = "mala"
    step: float = 0.1
    records: int = 100
    batch: float = 0.2


@pytest.mark.parametrize("energy", ["perceptron", "regression"])
def test_a_temperature_that_changes_is_that_of_the_law(energy):
    """The same draws of the data, heated on the way and hot from the start: differences of means
    over 8 chains, in units of their standard error over 6 draws.
    """
    hot, cold, heated = [], [], []
    for seed in range(6):

        def run(temperature, rng=seed):
            learning = finite.Learning(
                _Learning(energy, temperature), 20, np.random.default_rng(rng)
            )
            learning.step(120)
            return learning

        hot.append(run(1.0).measure()["mean_energy"])
        changed = run(0.1)
        cold.append(changed.measure()["mean_energy"])
        changed.set("temperature", 1.0)
        changed.step(120)
        heated.append(changed.measure()["mean_energy"])
    for other, alike in ((heated, True), (cold, False)):
        gap = np.array(other) - np.array(hot)
        score = abs(gap.mean() / (gap.std(ddof=1) / math.sqrt(len(gap))))
        assert score < 4.5 if alike else score > 8
