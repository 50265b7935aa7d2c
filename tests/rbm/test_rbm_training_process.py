"""Training as a process: what a user looks at on the way leaves the learning curve alone."""

import jax
import numpy as np
import pytest
from scipy.special import expit

import replicon

_GIVEN = {"size": 6, "seed": 3, "annealing": 20}


def test_measuring_on_the_way_does_not_change_the_curve():
    left_alone = replicon.start("rbm-training", epochs=20, **_GIVEN).step(20)
    watched = replicon.start("rbm-training", epochs=20, **_GIVEN)
    watched.measure()
    for _ in range(10):
        watched.step(2).measure()
    expected = left_alone.network.finish()
    for name, values in watched.network.finish().items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)
    assert np.nanmax(expected["epoch"]) == 20


@pytest.mark.parametrize("method", ["pcd", "pt"])
def test_the_chains_in_view_are_those_of_the_machine(method):
    process = replicon.start("rbm-training", epochs=5, method=method, **_GIVEN).step(5)
    machine = process.network.machine
    own = np.asarray(machine._state.hidden)[-1][:10]  # the level of inverse temperature 1
    expected = expit(own @ machine.weights_.T + machine.visible_bias_)
    np.testing.assert_allclose(process.view()["chains"], expected, rtol=1e-6)


def test_without_persistent_chains_the_view_follows_the_machine():
    process = replicon.start("rbm-training", epochs=5, method="cd", **_GIVEN)
    before = process.view()["chains"]
    process.step(5)
    machine = process.network.machine
    rows = process.network.training[:10]
    hidden = expit(rows @ machine.weights_ + machine.hidden_bias_)
    expected = expit(hidden @ machine.weights_.T + machine.visible_bias_)
    assert not np.array_equal(before, process.view()["chains"])
    np.testing.assert_allclose(process.view()["chains"], expected, rtol=1e-5)


def test_the_learning_rate_changes_at_the_next_epoch_and_nothing_is_compiled(caplog):
    """The rate is a number given to the compiled epoch; time is the sum of rates of updates."""
    given = {"epochs": 5, "learning_rate": 0.05, **_GIVEN}
    left_alone = replicon.start("rbm-training", **given).step(5).network.machine
    same = replicon.start("rbm-training", **given).step(3).set("learning_rate", 0.05).step(2)
    np.testing.assert_array_equal(same.network.machine.weights_, left_alone.weights_)
    process = replicon.start("rbm-training", **given).step(2).set("learning_rate", 0.2)
    with jax.log_compiles():
        process.step(1)
    assert not [said for said in caplog.messages if "epoch" in said]
    machine = process.network.machine
    assert not np.array_equal(machine.weights_, left_alone.weights_)
    process.step(2)
    updates = -(-len(process.network.training) // 128)
    rates = np.array([0, 0.05, 0.05, 0.2, 0.2, 0.2])
    expected = np.cumsum(updates * rates)
    np.testing.assert_allclose(process.network.finish()["time"], expected, rtol=1e-12)


def test_the_sweeps_for_a_gradient_change_while_it_learns():
    process = replicon.start("rbm-training", epochs=5, **_GIVEN).step(1).set("steps", 3).step(1)
    machine = process.network.machine
    again = replicon.start("rbm-training", epochs=5, **_GIVEN).step(1).network.machine
    again.set_params(steps=3).partial_fit(process.network.training)
    np.testing.assert_array_equal(machine.weights_, again.weights_)
    assert process.controls["steps"] == 3


def test_singular_values_lie_on_the_real_axis():
    process = replicon.start("rbm-training", epochs=2, **_GIVEN).step(2)
    real, imaginary = process.view()["singular_values"].T
    largest = process.measure()["largest_singular_value"]
    assert real.max() == pytest.approx(largest, rel=1e-5)
    assert not imaginary.any()
