"""Four ways to the Gaussian measure of real spins, which agree; and a wrong twin that does not."""

import numpy as np
import pytest
from tests.statistical import assert_mean, assert_rejected

import replicon
from replicon.simulation import real_spins


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
        state = state - step * (state @ J - b) + np.sqrt(2 * T * step) * rng.standard_normal(state.shape)
    top = np.linalg.eigh(J)[1][:, -1]
    assert_rejected((state @ top - top @ inverse @ b) ** 2, T * top @ inverse @ top)


def test_a_ground_state_out_of_reach_is_an_error():
    J, b = _spins()
    with pytest.raises(replicon.ConvergenceError, match="raise the ridge"):
        real_spins.ground_state(lambda v: J @ v, b, products=3)
