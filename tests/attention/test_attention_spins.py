"""Four ways to the Gaussian measure of real spins, which agree; and a wrong twin that does not."""

import numpy as np
import pytest
from tests.statistical import assert_mean, assert_rejected

import replicon
from replicon.attention import real_spins


def _spins(n=40, prompts=100, seed=0, ridge=0.1):
    rng = np.random.default_rng(seed)
    f = rng.normal(size=(prompts, n))
    return f.T @ f / n + ridge * np.eye(n), rng.normal(size=n)


@pytest.mark.parametrize("prompts", [400, 60, 20])
def test_cavity_means_are_the_ground_state_of_conjugate_gradient(prompts):
    J, b = _spins(prompts=prompts)
    state = real_spins.ground_state(lambda v: J @ v, b)
    np.testing.assert_allclose(state, np.linalg.solve(J, b), atol=1e-7)
    found = real_spins.cavity(J, b)
    assert found.converged
    np.testing.assert_allclose(found.mean, state, atol=1e-6)


def test_cavity_is_exact_on_a_chain_variances_included():
    n = 30
    J = 2.5 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    found = real_spins.cavity(J, np.ones(n))
    np.testing.assert_allclose(found.variance, np.diag(np.linalg.inv(J)), rtol=1e-12)


def test_cavity_that_ran_out_of_sweeps_says_so():
    J, b = _spins(prompts=20)
    assert not real_spins.cavity(J, b, sweeps=5).converged


def test_exact_samples_have_the_mean_and_covariance_of_the_measure():
    J, b = _spins(12)
    T, inverse = 0.7, np.linalg.inv(J)
    states = real_spins.sample_exact(J, b, T, 4000, np.random.default_rng(1))
    direction = np.linspace(-1, 1, 12)
    mean, variance = direction @ inverse @ b, T * direction @ inverse @ direction
    assert_mean(states @ direction, mean, effect=0.2 * np.sqrt(variance))
    assert_mean((states @ direction - mean) ** 2, variance, effect=0.3 * variance)


def test_langevin_has_the_covariance_of_the_measure_and_its_unadjusted_twin_has_not():
    J, b = _spins(12)
    T, inverse = 0.7, np.linalg.inv(J)
    direction = np.ones(12)
    mean, variance = direction @ inverse @ b, T * direction @ inverse @ direction
    rng = np.random.default_rng(2)
    start = np.tile(inverse @ b, (2000, 1))
    run = real_spins.langevin(J, b, T, rng, chains=2000, steps=600, start=start)
    assert 0.3 < run.acceptance < 0.999
    assert_mean(run.state @ direction, mean, effect=0.2 * np.sqrt(variance))
    assert_mean((run.state @ direction - mean) ** 2, variance, effect=0.3 * variance)
    # Wrong twin: a long step that is never refused.
    step, state = 1.2 / np.linalg.norm(J, 2), start
    for _ in range(600):
        state = (
            state
            - step * (state @ J - b)
            + np.sqrt(2 * T * step) * rng.standard_normal(state.shape)
        )
    top = np.linalg.eigh(J)[1][:, -1]
    assert_rejected((state @ top - top @ inverse @ b) ** 2, T * top @ inverse @ top)


def test_a_ground_state_out_of_reach_is_an_error():
    J, b = _spins()
    with pytest.raises(replicon.ConvergenceError, match="raise the ridge"):
        real_spins.ground_state(lambda v: J @ v, b, products=3)


@pytest.mark.parametrize(
    ("couplings", "words"),
    [
        (np.eye(3) * 1j, "holds complex numbers"),
        (np.full((3, 3), np.nan), "holds nan"),
        (np.ones((3, 2)), "square matrix"),
        (np.eye(3) + np.eye(3, k=1), "not symmetric"),
        (np.ones((3, 3)), "not positive definite"),
        (np.diag([1.0, 0.0, 1.0]), "their diagonal holds 0"),
        (np.array([[1.0, 2.0, 0], [2.0, 1.0, 0], [0, 0, 1.0]]), "not positive definite"),
    ],
)
def test_couplings_without_a_single_minimum_are_one_sentence(couplings, words):
    b, rng = np.ones(3), np.random.default_rng(0)
    for ask in (
        lambda: real_spins.sample_exact(couplings, b, 1.0, 2, rng),
        lambda: real_spins.langevin(couplings, b, 1.0, rng, chains=2, steps=2),
        lambda: real_spins.cavity(couplings, b),
    ):
        with pytest.raises(replicon.InputError, match=words):
            ask()


def test_an_energy_that_falls_without_end_has_no_ground_state():
    J = np.diag([1.0, 2.0, -0.5])
    with pytest.raises(replicon.InputError, match="falls without end"):
        real_spins.ground_state(lambda v: J @ v, np.ones(3))
    with pytest.raises(replicon.InputError, match=r"product\(v\) holds nan"):
        real_spins.ground_state(lambda v: J @ v * np.nan, np.ones(3))


def test_arguments_of_real_spins_are_checked():
    J, b, rng = np.eye(3), np.ones(3), np.random.default_rng(0)
    for ask, words in (
        (lambda: real_spins.sample_exact(J, b, -1.0, 2, rng), "temperature must be >= 0"),
        (lambda: real_spins.sample_exact(J, b, 1.0, 2.5, rng), "count must be a whole number"),
        (lambda: real_spins.sample_exact(J, np.ones(4), 1.0, 2, rng), "expected a vector of 3"),
        (lambda: real_spins.langevin(J, b, 0.0, rng, chains=2, steps=2), "temperature must be > 0"),
        (
            lambda: real_spins.langevin(J, b, 1.0, rng, chains=2, steps=2, step=0),
            "step must be > 0",
        ),
        (
            lambda: real_spins.langevin(J, b, 1.0, rng, chains=2, steps=2, start=np.ones(3)),
            "2 states of 3 spins",
        ),
        (lambda: real_spins.cavity(J, b, sweeps=0), "sweeps must be a whole number"),
        (lambda: real_spins.ground_state(lambda v: v, b, tolerance=0), "tolerance must be > 0"),
    ):
        with pytest.raises(replicon.InputError, match=words):
            ask()


def test_cavity_means_are_within_the_tolerance_or_not_converged():
    """Condition numbers up to 1e8: what is called converged is J^-1 b to the tolerance; a loaded J
    has no variances.
    """
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    flags = []
    for power in (1, 2, 5, 8):
        J = basis @ np.diag(np.logspace(0, -power, 20)) @ basis.T
        J = (J + J.T) / 2
        exact = rng.normal(size=20)
        found = real_spins.cavity(J, J @ exact, tolerance=1e-6, sweeps=3000)
        flags.append(found.converged)
        if found.converged:
            assert np.linalg.norm(found.mean - exact) < 2e-6 * np.linalg.norm(exact)
    assert flags[0]
    assert not flags[-1]
    assert np.isnan(found.variance).all()


def test_sparse_and_framed_couplings_are_couplings():
    from scipy.sparse import csr_array

    J, b = _spins(12)
    found = [real_spins.cavity(given, list(b)).mean for given in (J, csr_array(J), J.tolist())]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
