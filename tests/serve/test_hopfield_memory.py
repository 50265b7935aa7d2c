"""The network of the exhibit of the Hopfield memory is the one that `simulate` runs, and what is
done to it by hand is what was asked.
"""

import math

import numpy as np
import pytest

import replicon
from replicon import InputError
from replicon.hopfield import finite
from replicon.serve.asked import Offer
from replicon.serve.exhibits.hopfield_memory import LiveMemory, picture

OFFER = Offer()
CONTROLS = {"load": 0.05, "temperature": 0.3, "start": 0.4}


def memory(size=196, seed=1, **controls):
    return LiveMemory(OFFER, controls={**CONTROLS, **controls}, size=size, seed=seed)


def target(network):
    """Overlap of the first replica with the pattern to be recalled."""
    return float(network.view()["overlaps"][1][0])


def coupled(network):
    """Whether couplings and fields are those of the stored patterns."""
    inner = network.memory
    exact = finite.couplings(inner.patterns, inner.controls.rule)
    fields = inner.replicas @ exact + inner.external
    # Hebb's are whole numbers, exact; the pseudo-inverse's are rounded to single precision.
    tolerance = 0 if inner.controls.rule == "hebb" else 1e-3
    np.testing.assert_allclose(inner.matrix, exact, atol=tolerance)
    np.testing.assert_allclose(inner.fields, fields, atol=tolerance)
    np.testing.assert_array_equal(inner.xi, inner.patterns)
    assert len(inner.serials) == len(set(inner.serials.tolist())) == len(inner.patterns)


def test_the_network_is_the_one_that_simulate_runs():
    network = memory(sweeps=200)
    network.step(120)
    network.step(80)
    out = replicon.simulate("hopfield", **CONTROLS, sweeps=200, size=196, samples=1, seed=1)
    measured = network.measured()
    for name in ("magnetization", "overlap", "noise_overlap", "energy"):
        # Whole numbers in both; a mean of twenty measurements is rounded once or twice.
        assert measured[name]["mean"] == pytest.approx(float(out[name][0]), rel=1e-13)
    process = replicon.start("hopfield", **CONTROLS, size=196, seed=1).step(200)
    np.testing.assert_array_equal(process.view()["spins"][1], network.memory.replicas[0])


def test_steps_may_be_cut_anywhere():
    one, other = memory(), memory()
    for network in (one, other):
        network.act("erase", corner=2)
    one.step(7)
    for count in (3, 0, 4):
        other.step(count)
    np.testing.assert_array_equal(one.memory.replicas, other.memory.replicas)


def test_one_random_memory_is_shown_as_a_picture():
    network = memory(size=784)
    shown = network.view()
    digit = picture(784, 1)
    np.testing.assert_array_equal(shown["memories"][1][0], digit)
    assert abs(shown["memories"][1][1:].mean()) < 0.05
    overlap = float(shown["spins"][1] @ digit) / 784
    assert overlap == pytest.approx(target(network)) == pytest.approx(0.4, abs=2 / 784)
    assert len(shown["overlaps"][1]) == round(0.05 * 784)


@pytest.mark.parametrize("size", [49, 100, 784, 1000, 2500])
@pytest.mark.parametrize("seed", [0, 1, 7, 12345])
def test_pictures_are_bold(size, seed):
    """About as often black as white, so that two pictures are nearly as unlike as random ones."""
    black = (picture(size, seed) > 0).mean()
    assert 0.2 < black < 0.7
    assert picture(size, seed).shape == (size,)


def test_a_corner_is_erased_held_and_healed():
    network = memory(size=784, load=0.02)
    network.step(20)
    whole = target(network)
    network.act("erase", corner=3)
    network.step(10)
    shown = network.view()
    corner = shown["spins"][1].reshape(28, 28)[14:, 14:]
    assert (corner == -1).all()
    held = shown["held"][1].reshape(28, 28)
    assert (held[14:, 14:] == 1).all()
    assert (held == 1).sum() == 196
    assert target(network) < whole - 0.1
    coupled(network)
    network.act("let go")
    network.step(10)
    assert target(network) == pytest.approx(whole, abs=0.05)
    assert (network.view()["held"][1] == -1).all()


def test_a_blow_heals():
    network = memory(size=784, load=0.02)
    network.step(20)
    network.act("noise", part=0.5)
    # Half of the spins are random: their part of the overlap has standard deviation 0.025.
    assert target(network) == pytest.approx(0.5, abs=4.5 * 0.025 + 0.02)
    assert not network.memory.held.any()
    coupled(network)
    network.step(20)
    assert target(network) > 0.95


def test_held_spins_stay_and_others_move():
    network = memory(temperature=1.5)
    network.act("brush", at=[0, 5, 5, 195], ink="black")
    network.step(50)
    spins = network.view()["spins"][1]
    assert (spins[[0, 5, 195]] == 1).all()
    np.testing.assert_array_equal(network.memory.replicas[:, 5] * network.signs[5], [1, 1])
    before = network.memory.replicas.copy()
    network.step(1)
    assert (before != network.memory.replicas).sum() > 50


def test_holding_is_no_energy_and_is_not_measured():
    network = memory()
    network.act("brush", at=list(range(60)), ink="noise")
    network.step(400)
    inner = network.memory
    assert inner.held.sum() == 60
    exact = finite.couplings(inner.patterns, "hebb").astype(float)
    energy = np.mean([-s @ exact @ s / 2 / 196**2 for s in inner.replicas.astype(float)])
    assert network.measured()["energy"]["now"] == pytest.approx(energy, rel=1e-12)
    assert math.isnan(network.measured()["energy"]["mean"])
    network.act("let go")
    network.step(300)
    assert math.isfinite(network.measured()["energy"]["mean"])


@pytest.mark.parametrize("rule", ["hebb", "pseudo-inverse"])
def test_memories_come_and_go_while_it_runs(rule):
    network = memory(rule=rule)
    first = network.memory.patterns[0].copy()
    matrix = network.memory.matrix.copy()
    network.step(5)
    network.set("load", 0.2)
    assert len(network.memory.patterns) == round(0.2 * 196)
    assert network.process.controls["load"] == 0.2
    coupled(network)
    network.step(5)
    network.set("load", 0.05)
    coupled(network)
    np.testing.assert_array_equal(network.memory.patterns[0], first)
    np.testing.assert_allclose(network.memory.matrix, matrix, atol=0 if rule == "hebb" else 1e-3)
    network.set("load", 0)
    assert len(network.memory.patterns) == 1


def test_too_many_memories_are_lost_and_do_not_come_back_by_themselves():
    """Cold, to and fro across the spinodal at 0.138: the couplings return, the spins do not."""
    network = memory(size=784, seed=3, temperature=0.05)
    network.step(20)
    assert target(network) > 0.95
    network.set("load", 0.3)
    network.step(100)
    assert abs(target(network)) < 0.5
    network.set("load", 0.05)
    network.step(100)
    assert abs(target(network)) < 0.5
    network.act("recall", overlap=0.5)
    network.step(20)
    assert target(network) > 0.95


def test_a_drawing_is_stored_shown_recalled_and_forgotten():
    network = memory(size=784)
    ink = np.flatnonzero(picture(784, 5) > 0).tolist()
    network.act("store", ink=ink)
    assert len(network.memory.patterns) == 40
    assert network.process.controls["load"] == 40 / 784
    coupled(network)
    shown = network.view()
    np.testing.assert_array_equal(np.flatnonzero(shown["memories"][1][0] > 0), ink)
    np.testing.assert_array_equal(shown["memories"][1][1], picture(784, 1))
    network.act("recall", overlap=0.5)
    assert target(network) == pytest.approx(0.5, abs=2 / 784)
    network.step(20)
    assert target(network) > 0.9
    digit = shown["serials"][1][1]
    network.act("recall", memory=digit, overlap=0.7)
    assert network.view()["serials"][1][0] == digit
    network.step(20)
    assert target(network) > 0.9
    drawn = shown["serials"][1][0]
    network.act("forget", memory=drawn)
    assert drawn not in network.memory.serials
    coupled(network)
    with pytest.raises(InputError, match="stored no more"):
        network.act("recall", memory=drawn)
    network.act("show", ink=ink)
    np.testing.assert_array_equal(np.flatnonzero(network.view()["spins"][1] > 0), ink)


def test_what_was_drawn_goes_last():
    network = memory()
    network.act("store", ink=[1, 2, 3])
    drawn = int(network.memory.serials[0])
    network.set("load", 0.2)
    network.set("load", 2 / 196)
    assert set(network.memory.serials.tolist()) == {0, drawn}
    network.set("load", 0)
    assert network.memory.serials.tolist() == [drawn]
    with pytest.raises(InputError, match="last memory"):
        network.act("forget", memory=drawn)


def test_rest_at_zero_temperature_ends_when_something_is_done():
    network = memory(temperature=0)
    network.step(100)
    assert network.done
    network.act("noise", part=0.2)
    assert not network.done
    network.step(100)
    assert network.done
    network.set("load", 0.1)
    assert not network.done


def test_real_digits_tell_how_unlike_random_ones_they_are():
    network = memory(size=784, patterns="digits", load=0.02)
    told = network.told()
    assert told["bias"] < -0.5
    assert told["alike"] > 100
    random = memory(size=784).told()
    assert abs(random["bias"]) < 0.05
    assert random["alike"] == pytest.approx(1, abs=0.3)
    np.testing.assert_array_equal(network.view()["memories"][1], network.memory.patterns[:10])
    network.set("load", 0.05)
    coupled(network)


def test_hebb_blurs_real_digits_and_the_pseudo_inverse_does_not():
    ends = {}
    for rule in ("hebb", "pseudo-inverse"):
        network = memory(784, rule=rule, patterns="digits", load=0.02, temperature=0.05, start=0.9)
        network.step(30)
        ends[rule] = target(network)
    assert ends["hebb"] < 0.9
    assert ends["pseudo-inverse"] > 0.99


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("erase", {"corner": 4}),
        ("erase", {"corner": "top"}),
        ("noise", {"part": 2}),
        ("noise", {"part": None}),
        ("brush", {"at": [196], "ink": "noise"}),
        ("brush", {"at": [-1], "ink": "noise"}),
        ("brush", {"at": [0.5], "ink": "noise"}),
        ("brush", {"at": 3, "ink": "noise"}),
        ("brush", {"at": [1] * 10_000, "ink": "noise"}),
        ("brush", {"at": [1], "ink": "red"}),
        ("store", {"ink": "all"}),
        ("show", {"ink": {"a": 1}}),
        ("recall", {"overlap": 2}),
        ("recall", {"memory": 10_000}),
        ("forget", {"memory": "first"}),
        ("dance", {}),
    ],
)
def test_bad_actions_are_refused_and_change_nothing(name, arguments):
    network = memory()
    before = network.memory.replicas.copy()
    with pytest.raises(InputError):
        network.act(name, **arguments)
    np.testing.assert_array_equal(network.memory.replicas, before)
    coupled(network)


@pytest.mark.parametrize(
    "given",
    [
        {"controls": {"load": 1e9}},
        {"controls": {"load": "much"}},
        {"controls": {"rule": "polynomial"}},
        {"controls": {"patterns": "mine.npy"}},
        {"controls": {"patterns": "digits"}, "size": 100},
        {"controls": {}, "size": 10**9},
        {"controls": {}, "size": 10},
        {"controls": {}, "seed": -1},
        {"controls": 3},
    ],
)
def test_bad_networks_are_refused(given):
    with pytest.raises(InputError):
        LiveMemory(OFFER, **given)


def test_a_load_that_cannot_be_is_refused_while_it_runs():
    network = memory()
    for load in (-1, 0.6, "a", None, math.nan):
        with pytest.raises(InputError):
            network.set("load", load)
    with pytest.raises(InputError, match="cannot be changed"):
        network.set("rule", "pseudo-inverse")
    assert len(network.memory.patterns) == round(0.05 * 196)
