"""The exhibit of in-context learning: its questions agree with the library, its networks are those
of `simulate`, and what a page may not ask is refused in a sentence.
"""

import math
from typing import Any

import numpy as np
import pytest

import replicon
from replicon import InputError
from replicon._declare import controls_tuple
from replicon.attention.finite import counts, errors
from replicon.attention.prompts import draw_tasks
from replicon.serve.asked import Offer
from replicon.serve.exhibits import attention, networks, questions
from replicon.serve.exhibits.attention import Normals, first_task, read_prompt
from replicon.study.process import streams

_OFFER = Offer()
_AT: dict[str, Any] = {
    "context": 2.0,
    "diversity": 1.0,
    "prompts": 2.0,
    "noise": 0.1,
    "ridge": 0.01,
}


def _asked(name, **arguments):
    return questions()[name](_OFFER, **arguments)


def test_the_curve_is_that_of_solve_and_the_point_that_of_the_finite_network():
    at = {**_AT, "diversity": 0.3}
    header, arrays = _asked(
        "attention.curve", controls=at, along="diversity", span=[0.05, 20], size=16
    )
    solved = replicon.solve("attention", **{**at, "diversity": list(arrays["x"])})
    for name in ("icl_error", "idg_error"):
        np.testing.assert_array_equal(arrays[name], solved[name])
    assert header["counts"] == {"l": 32, "k": 5, "n": 512}
    real: dict[str, Any] = {**at, "diversity": 5 / 16}
    there = replicon.solve("attention", **real)
    near = replicon.solve("attention", **real, dimension=16)
    assert header["point"]["icl_error"] == float(there.icl_error)
    assert header["finite"]["icl_error"] == float(near.icl_error)
    assert header["finite"]["icl_error"] != header["point"]["icl_error"]
    assert header["floors"]["none"] == 1.1
    best = replicon.solve("in-context-estimators", context=2.0, noise=0.1)
    assert header["floors"]["ridge"] == float(best.icl_error)


def test_the_plane_is_cut_by_memorization_and_holds_the_peak():
    at = {name: value for name, value in _AT.items() if name not in ("diversity", "prompts")}
    _, arrays = _asked("attention.plane", controls=at, x_span=[1 / 16, 16], y_span=[0.2, 10])
    row = int(np.argmin(abs(arrays["y"] - 4.0)))
    edge = arrays["x"][np.flatnonzero(arrays["rules"][row] == 1)[0]]
    held = {**at, "prompts": float(arrays["y"][row])}
    threshold = float(replicon.find_transition("attention", "memorization", **held).value)
    step = arrays["x"][1] / arrays["x"][0]
    assert threshold < edge < threshold * step * (1 + 1e-9)
    # The errors peak where prompts are as many as weights, the more sharply the smaller the ridge.
    assert abs(math.log(arrays["peak"][-1])) < 0.15


def test_the_best_ridge_is_that_of_the_library():
    header, _ = _asked("attention.best_ridge", controls={**_AT, "prompts": 1.0})
    held = {name: value for name, value in _AT.items() if name != "ridge"}
    found = replicon.find_transition("attention", "optimal-ridge", **{**held, "prompts": 1.0})
    assert header["value"] == float(found.value)


def test_the_twin_has_seen_the_transformers_prompts():
    at = {"context": 2.0, "diversity": 4.0, "noise": 0.1}
    header, arrays = _asked("attention.twin", controls=at, size=8, steps=3000)
    last: dict[str, Any] = {**at, "prompts": 64 * 3000 / 64}
    ridge = float(replicon.find_transition("attention", "optimal-ridge", **last).value)
    solved = replicon.solve("attention", **last, ridge=ridge)
    assert arrays["steps"][0] == 1
    assert arrays["steps"][-1] == 3000
    np.testing.assert_allclose(arrays["icl_error"][-1], float(solved.icl_error), rtol=1e-12)
    # With ever more prompts it can only improve, and ends at what endlessly many give.
    assert (np.diff(arrays["icl_error"]) < 0).all()
    assert 0 < arrays["icl_error"][-1] / header["endless"]["icl_error"] - 1 < 1e-2


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("curve", {"controls": {"dimension": 9}, "along": "prompts", "span": [1, 2], "size": 8}),
        ("curve", {"controls": {}, "along": "prompts", "span": [2, 1], "size": 8}),
        ("curve", {"controls": {}, "along": "method", "span": [1, 2], "size": 8}),
        ("curve", {"controls": {}, "along": "prompts", "span": [1, 2], "size": 10**9}),
        ("curve", {"controls": 3, "along": "prompts", "span": [1, 2], "size": 8}),
        ("plane", {"controls": {}, "x_span": [0, 1], "y_span": [1, 2]}),
        ("plane", {"controls": {}, "x_span": [1, 2], "y_span": "ab"}),
        ("plane", {"controls": {}, "x_span": [1, 2], "y_span": [2, 1]}),
        ("best_ridge", {"controls": {"ridge": -1}}),
        ("twin", {"controls": {"prompts": 1}, "size": 8, "steps": 10}),
        ("twin", {"controls": {}, "size": 8, "steps": 10**9}),
    ],
)
def test_a_bad_question_has_a_sentence(name, arguments):
    with pytest.raises(InputError):
        _asked(f"attention.{name}", **arguments)


def _samples(**changed):
    return networks()["attention.samples"](
        _OFFER, **{"controls": dict(_AT), "size": 8, "seed": 3, **changed}
    )


def test_samples_are_those_of_simulate():
    network = _samples()
    network.step(2)
    network.act("prompt")
    network.step(5)
    drawn = replicon.simulate("attention", size=8, samples=7, seed=3, **_AT)
    measured = network.measured()
    for name in ("icl_error", "idg_error", "diagonal", "alignment", "energy"):
        values = drawn[name].values
        assert measured[name]["now"] == values[-1]
        assert measured[name]["mean"] == values.mean()
        assert measured[name]["error"] == pytest.approx(values.std(ddof=1) / math.sqrt(7))
    view = network.view()
    np.testing.assert_array_equal(view["weights"][1].ravel(), drawn.weights.values[-1])
    np.testing.assert_allclose(view["mean_weights"][1].ravel(), drawn.weights.values.mean(axis=0))
    assert network.steps == 7


def test_a_changed_control_begins_anew():
    network = _samples()
    network.step(3)
    network.set("diversity", 4.0)
    network.step(2)
    drawn = replicon.simulate("attention", size=8, samples=2, seed=3, **{**_AT, "diversity": 4.0})
    assert network.measured()["icl_error"]["mean"] == drawn.icl_error.values.mean()
    assert network.measured()["samples"]["now"] == 2


def test_the_old_task_is_one_of_the_sample():
    """The errors on what the generator draws first are those of the sample, to the bit."""
    network = _samples()
    network.step(1)
    given = controls_tuple(tuple(network.controls), tuple(network.controls.values()))
    stream = streams(network.model, network.controls, 8, 1, 3)[0]
    rng = np.random.Generator(np.random.PCG64(stream))
    ones = np.ones(8)
    tasks = draw_tasks(rng, 8, ones)
    test = errors(network.weights, tasks, given, counts(given, 8)[0], ones, ones)
    assert test.idg == network.measured()["idg_error"]["now"]
    np.testing.assert_array_equal(first_task(given, 8, stream), tasks[0])
    np.testing.assert_array_equal(network.known, tasks[0])


def test_readings_have_the_exact_error():
    """Over many prompts of new tasks their mean square error is the closed form for the weights."""
    network = _samples()
    network.step(1)
    given = controls_tuple(tuple(network.controls), tuple(network.controls.values()))
    rng = np.random.default_rng(1)

    def one():
        normals = Normals(
            rng.standard_normal(16),
            rng.standard_normal((16, 8)),
            rng.standard_normal(16),
            rng.standard_normal(8),
        )
        return read_prompt(network.weights, normals.task, normals, given.noise)

    found = np.array([one().error for _ in range(4000)])
    exact = network.measured()["icl_error"]["now"] - given.noise
    error = found.std() / math.sqrt(len(found))
    assert error < 0.05 * exact
    assert abs(found.mean() - exact) < 4.5 * error
    # Points lie about the true line with the noise alone.
    reading = one()
    rest = reading.points[:, 1] - reading.true * reading.points[:, 0]
    assert rest.std() < 4 * math.sqrt(given.noise)


def test_another_prompt_shows_other_points_of_the_same_weights():
    network = _samples()
    network.step(1)
    before = network.view()
    network.act("prompt")
    after = network.view()
    assert not np.array_equal(before["new"][1], after["new"][1])
    np.testing.assert_array_equal(before["weights"][1], after["weights"][1])


@pytest.mark.parametrize(
    "changed",
    [
        {"size": 10**9},
        {"size": "8"},
        {"size": 64},
        {"seed": -1},
        {"seed": 0.5},
        {"controls": {"decay": 1.0}},
        {"controls": {"context": 1e9}},
        {"controls": {"diversity": 1e9}},
        {"controls": {"diversity": "inf"}},
        {"controls": {"prompts": 1e9}},
        {"controls": {"diversity": 1e-3}},
        {"controls": 7},
    ],
)
def test_samples_refuse_what_is_too_much(changed):
    with pytest.raises(InputError):
        _samples(**changed)


def test_bad_changes_leave_the_network_as_it_is():
    network = _samples()
    network.step(2)
    for name, value in (("diversity", 0), ("decay", 1.0), ("prompts", 1e9)):
        with pytest.raises(InputError):
            network.set(name, value)
    for action, arguments in (("cheat", {}), ("prompt", {"number": 1})):
        with pytest.raises(InputError):
            network.act(action, **arguments)
    network.step(1)
    drawn = replicon.simulate("attention", size=8, samples=3, seed=3, **_AT)
    assert network.measured()["icl_error"]["mean"] == drawn.icl_error.values.mean()


def test_samples_come_to_an_end(monkeypatch):
    monkeypatch.setattr(attention, "_ENOUGH", 5)
    network = _samples(size=2)
    network.step(9)
    assert network.done
    assert network.steps == 5


@pytest.mark.slow
def test_the_learner_is_the_declared_process_and_is_tested_ever_more_seldom():
    at = {"context": 2.0, "diversity": 0.5, "steps": 12}
    network = networks()["attention.learner"](_OFFER, controls=at, size=4, seed=2)
    assert network.steps == 0
    network.step(1)
    for _ in range(7):
        network.step(40)
    network.step(40)
    process = replicon.start("softmax-transformer", size=4, seed=2, **at)
    process.step(12)
    view = network.view()
    np.testing.assert_array_equal(view["losses"][1], process.view()["losses"])
    tests = view["tests"][1]
    assert tests[:, 0].tolist() == [1, 2, 3, 4, 6, 8, 11, 12]
    measured = process.measure()
    assert tests[-1, 1:].tolist() == [measured["icl_error"], measured["idg_error"]]
    assert network.measured()["training_error"]["now"] == pytest.approx(measured["training_error"])
    assert network.done


@pytest.mark.parametrize(
    ("controls", "size"),
    [
        ({"width": 2048}, 4),
        ({"steps": 10**7}, 4),
        ({"context": 1000.0}, 4),
        ({}, 10**6),
        ({"context": 1e-3}, 4),
    ],
)
def test_a_learner_that_is_too_dear_is_refused(controls, size):
    with pytest.raises(InputError):
        networks()["attention.learner"](_OFFER, controls=controls, size=size)
