"""Training as a process: what a user looks at on the way leaves the learning curve alone."""

import numpy as np
import pytest
from scipy.special import expit

import replicon

_GIVEN = {"size": 6, "seed": 3, "annealing": 20}


def test_measuring_on_the_way_does_not_change_the_curve():
    left_alone = replicon.start("rbm-training", epochs=40, **_GIVEN).step(40)
    watched = replicon.start("rbm-training", epochs=40, **_GIVEN)
    watched.measure()
    for _ in range(20):
        watched.step(2).measure()
    expected = left_alone._network.finish()
    for name, values in watched._network.finish().items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)
    assert np.nanmax(expected["epoch"]) == 40


@pytest.mark.parametrize("method", ["pcd", "pt"])
def test_the_chains_in_view_are_those_of_the_machine(method):
    process = replicon.start("rbm-training", epochs=5, method=method, **_GIVEN).step(5)
    machine = process._network.machine
    own = np.asarray(machine._state.hidden)[-1][:10]  # the level of inverse temperature 1
    expected = expit(own @ machine.weights_.T + machine.visible_bias_)
    np.testing.assert_allclose(process.view()["chains"], expected, rtol=1e-6)


def test_without_persistent_chains_the_view_follows_the_machine():
    process = replicon.start("rbm-training", epochs=5, method="cd", **_GIVEN)
    before = process.view()["chains"]
    process.step(5)
    machine = process._network.machine
    rows = process._network.training[:10]
    hidden = expit(rows @ machine.weights_ + machine.hidden_bias_)
    expected = expit(hidden @ machine.weights_.T + machine.visible_bias_)
    assert not np.array_equal(before, process.view()["chains"])
    np.testing.assert_allclose(process.view()["chains"], expected, rtol=1e-5)
