"""The ground state of real spins with two-body couplings, from products with the couplings."""

import numpy as np
import pytest

import replicon
from replicon.attention.hamiltonian import ground_state


def _spins(prompts=100):
    rng = np.random.default_rng(0)
    f = rng.normal(size=(prompts, 40))
    return f.T @ f / 40 + 0.1 * np.eye(40), rng.normal(size=40)


@pytest.mark.parametrize("prompts", [400, 60, 20])
def test_conjugate_gradient_finds_the_ground_state(prompts):
    J, b = _spins(prompts)
    state = ground_state(lambda v: J @ v, b)
    np.testing.assert_allclose(state, np.linalg.solve(J, b), atol=1e-7)


def test_a_ground_state_out_of_reach_is_an_error():
    J, b = _spins()
    with pytest.raises(replicon.ConvergenceError, match="raise the ridge"):
        ground_state(lambda v: J @ v, b, products=3)


def test_an_energy_that_falls_without_end_has_no_ground_state():
    J = np.diag([1.0, 2.0, -0.5])
    with pytest.raises(replicon.InputError, match="falls without end"):
        ground_state(lambda v: J @ v, np.ones(3))
    with pytest.raises(replicon.InputError, match=r"product\(v\) holds nan"):
        ground_state(lambda v: J @ v * np.nan, np.ones(3))


def test_arguments_of_the_ground_state_are_checked():
    for settings, words in (
        ({"tolerance": 0}, "tolerance must be > 0"),
        ({"products": 0}, "products must be a whole number"),
    ):
        with pytest.raises(replicon.InputError, match=words):
            ground_state(lambda v: v, np.ones(3), **settings)
