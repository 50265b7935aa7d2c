"""Inference as a process: what a student knows after every step."""

import numpy as np
import pytest

import replicon
from replicon.rbm import instance
from replicon.rbm.weight_chain import Chain

_METHODS = ("amp", "belief-propagation", "gibbs", "pca", "enumeration")


@pytest.mark.parametrize("hidden", [1, 2])
@pytest.mark.parametrize("method", _METHODS)
def test_inference_does_not_see_how_its_steps_are_cut(method, hidden):
    given = {"method": method, "hidden": hidden, "sweeps": 8, "size": 10, "seed": 3}
    whole = replicon.start("rbm", **given).step(9)
    cut = replicon.start("rbm", **given)
    for count in (1, 0, 4, 2, 2):
        cut.measure()
        cut.step(count)
    np.testing.assert_equal(cut.measure(), whole.measure())
    np.testing.assert_equal(cut.view(), whole.view())


@pytest.mark.parametrize(("method", "steps"), [("amp", 500), ("gibbs", 30), ("pca", 1)])
def test_a_simulation_is_the_process_at_its_end(method, steps):
    given = {"method": method, "sweeps": 30, "size": 40, "seed": 2}
    simulated = replicon.simulate("rbm", samples=1, **given)
    for name, value in replicon.start("rbm", **given).step(steps).measure().items():
        np.testing.assert_equal(simulated[name].values[0], value, err_msg=name)


@pytest.mark.parametrize(("method", "size"), [("amp", 400), ("belief-propagation", 300)])
def test_messages_start_from_nothing_and_arrive_at_theory(method, size):
    """At beta 1, load 5. Random means of deviation 0.1 have overlaps of a few 0.1 / sqrt(N); one
    instance differs from the mean by about 0.3 / sqrt(N).
    """
    process = replicon.start("rbm", method=method, load=5.0, size=size, seed=4)
    begin = process.measure()
    assert abs(begin["teacher_overlap"]) < 0.5 / np.sqrt(size)
    assert begin["converged_fraction"] == 0
    assert not process.done
    process.step(300)
    assert process.done
    end = process.measure()
    theory = replicon.solve("rbm", load=5.0)
    assert end["teacher_overlap"] == pytest.approx(float(theory["teacher_overlap"]), abs=0.05)
    learning = process.view()["learning"]
    assert len(learning) == process.network.messages.iterations + 1
    assert learning[0].max() < 0.5 / np.sqrt(size)
    assert learning[-1].max() == pytest.approx(end["teacher_overlap"], abs=1e-12)
    fields = process.view()["receptive_fields"]
    assert np.mean(fields[0] * fields[2]) > 0.6
    assert np.mean(fields[1] * fields[3]) > 0.6


def test_methods_without_time_are_done_after_one_step():
    for method in ("pca", "enumeration"):
        process = replicon.start("rbm", method=method, load=20.0, size=8, seed=1)
        assert not process.done
        assert process.measure()["teacher_overlap"] == 0
        assert process.step().done
        assert process.measure()["teacher_overlap"] > 0


def _log_likelihood(network, weights: np.ndarray) -> float:
    beta = network.controls.inverse_temperature
    field = beta / np.sqrt(len(weights)) * network.data @ weights
    overlap = float(weights.prod(axis=1).mean())
    norm = instance.log_normalisation(overlap, len(weights), weights.shape[1], beta)
    return float(instance.log_cosh(field).sum() - len(network.data) * norm)


def test_gibbs_sampling_stays_on_the_posterior():
    """For a student who knows the prior, teacher and chain are two draws from one posterior: ln
    P(data | weights) has one mean, over 300 instances. Chains of a colder student are told apart.
    """
    right = []
    wrong = []
    for seed in range(300):
        given = {"method": "gibbs", "load": 2.0, "sweeps": 20, "size": 20}
        network = replicon.start("rbm", seed=seed, **given).step(20).network
        own = _log_likelihood(network, network.teacher)
        right.append(_log_likelihood(network, network.chains[0].weights) - own)
        begin = network.teacher.copy()
        colder = Chain(network.data, 1.5, network.guess, begin, np.random.default_rng(seed))
        for _ in range(20):
            colder.sweep()
        wrong.append(_log_likelihood(network, begin) - own)
    assert abs(np.mean(right)) < 4.5 * np.std(right) / np.sqrt(300)
    assert abs(np.mean(wrong)) > 8 * np.std(wrong) / np.sqrt(300)
