"""Networks on a page: their pace, what they gather, and that a change begins anew."""

import math

import numpy as np
import pytest

import replicon
from replicon.serve import networks
from replicon.serve.asked import Offer
from replicon.serve.networks import Network, Pace, check_live_size
from replicon.study import catalogue


@pytest.fixture
def clock(monkeypatch):
    """A function that lets seconds pass."""
    now = [0.0]
    monkeypatch.setattr(networks.time, "monotonic", lambda: now[0])

    def passing(seconds):
        now[0] += seconds

    return passing


def test_a_pace_makes_as_many_steps_as_asked(clock):
    pace = Pace(30.0)
    made = 0
    for _ in range(600):
        clock(1 / 60)
        count = pace.due(0.01)
        made += count
        if count:
            pace.made(count, 1e-4 * count)
    assert abs(made - 300) <= 1


def test_a_slow_network_makes_the_steps_that_fit(clock):
    """A step of 4 ms in a budget of 10 ms: two at a time, and nothing is caught up."""
    pace = Pace(1e6)
    counts = []
    for _ in range(20):
        clock(1 / 60)
        counts.append(pace.due(0.01))
        pace.made(counts[-1], 0.004 * counts[-1])
    assert counts[0] == 1  # what a step costs is not known yet
    assert set(counts[1:]) == {2}


def test_a_network_that_rests_steps_by_hand_only(clock):
    pace = Pace(1000.0, playing=False)
    clock(10.0)
    assert pace.due(0.01) == 0
    pace.made(1, 1e-3)
    pace.asked += 25
    assert [pace.due(0.01) for _ in range(4)] == [10, 10, 5, 0]
    pace.change(playing=True)
    clock(1.0)
    assert pace.due(0.01) == 10


@pytest.mark.parametrize("speed", ["fast", -1, math.nan, math.inf, 1e7, [1]])
def test_a_speed_that_is_none_is_refused(speed):
    with pytest.raises(replicon.InputError, match="steps a second"):
        Pace(speed)


def test_what_was_gathered_belongs_to_the_controls():
    controls = {"temperature": 0.8, "sweeps": 20}
    network = Network(Offer(), model="curie-weiss", controls=controls, size=200, seed=3)
    assert math.isnan(network.measured()["magnetization"]["mean"])
    network.step(40)
    first = network.measured()["magnetization"]
    assert math.isfinite(first["mean"]) and first["error"] > 0
    network.set("temperature", 0.5)
    assert math.isnan(network.measured()["magnetization"]["mean"])
    assert network.told()["controls"]["temperature"] == 0.5
    with pytest.raises(replicon.InputError, match="cannot be changed"):
        network.set("sweeps", 30)
    with pytest.raises(replicon.InputError, match="does not know how"):
        network.act("explode")


def test_errors_shrink_as_a_network_runs():
    network = Network(Offer(), model="curie-weiss", controls={"sweeps": 2}, size=200, seed=3)
    errors = []
    for steps in (100, 300, 1200):
        network.step(steps)
        errors.append(network.measured()["magnetization"]["error"])
    assert errors == sorted(errors, reverse=True)
    # Sixteen times the steps: a quarter of the error, up to what an error of an error is.
    assert 2 < errors[0] / errors[-1] < 8


def test_a_view_is_of_a_declared_kind():
    network = Network(Offer(), model="square-lattice", controls={}, size=16, seed=0)
    kinds = {view.name: view.kind for view in catalogue.get("square-lattice").views}
    network.step(1)
    for name, (kind, array) in network.view().items():
        assert kind == kinds[name] and np.isfinite(array).all()


def test_sizes_are_bounded_by_what_they_cost():
    for model in catalogue.shipped():
        if model.start is None and model.start_many is None:
            continue
        check_live_size(model, model.size.quick)
        check_live_size(model, min(int(model.size.typical[1]), model.size.greatest))
        with pytest.raises(replicon.InputError, match="size = "):
            check_live_size(model, 10**9)
