"""Pairs of solutions in the perceptron's exhibit: its instances are those of `simulate`, counted at
all distances; its lines are those of the theory.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import replicon
from replicon import InputError
from replicon.serve import exhibits
from replicon.serve.asked import Offer
from replicon.serve.exhibits import perceptron_pairs
from replicon.serve.exhibits.perceptron_pairs import Pairs
from replicon.serve.frames import message, read

_OFFER = Offer()
_HELD = json.loads(
    (Path(exhibits.__file__).parent.parent / "page" / "perceptron_pair_lines.js")
    .read_text()
    .split("export const HELD =\n")[1]
    .rstrip(";\n")
)


@pytest.mark.parametrize("reference", ["solution-pair", "random"])
def test_instances_are_those_of_simulate_at_every_distance(reference):
    network = Pairs(_OFFER, load=0.5, size=10, seed=3, reference=reference)
    network.step(11)
    view = {name: array for name, (_, array) in network.view().items()}
    for flips in (2, 5):
        known = replicon.simulate(
            "perceptron-pairs",
            load=0.5,
            distance=flips / 10,
            reference=reference,
            size=10,
            samples=12,
            seed=3,
        )
        there = known["solvable"].values.ravel() == 1
        entropy = known["pair_entropy"].values.ravel()[there]
        relative = known["relative_entropy"].values.ravel()[there]
        assert view["there"][flips] == pytest.approx(there.mean())
        assert view["mean"][flips] == pytest.approx(entropy.mean(), abs=1e-12)
        assert view["relative"][flips] == pytest.approx(relative.mean(), abs=1e-12)
        spread = entropy.std(ddof=1) / np.sqrt(there.sum())
        assert view["error"][flips] == pytest.approx(spread, abs=1e-12)
        whole = np.log(np.exp(10 * entropy).sum() / 12) / 10
        assert view["annealed"][flips] == pytest.approx(whole, abs=1e-12)


def test_the_pair_that_is_shown_is_one():
    network = Pairs(_OFFER, load=0.4, size=12, seed=1)
    for flips in (1, 5):
        network.act("flips", count=flips)
        w, v = network.view()["pair"][1]
        assert (w != v).sum() == flips
        assert (network.instance.patterns @ np.array([w, v]).T >= 0).all()
        assert network.measured()["pair_entropy"]["now"] == network.rows[-1][0, flips]
    network.act("flips", count=11)
    assert np.isnan(network.rows[-1][0, 11]) and network.view()["pair"][1].shape == (0, 12)
    around = Pairs(_OFFER, load=0.4, size=12, seed=1, reference="random", flips=6)
    w, v = around.view()["pair"][1]
    assert np.array_equal(w, around.instance.reference) and (w != v).sum() == 6
    sent = read(message({"measured": around.measured()}, around.view()))
    assert sent[1]["mean"].shape == (13,)


def test_counted_instances_meet_both_lines():
    """Around the top, 40 instances of 16 weights: relative entropies to 0.01, the mean number of
    Gaussian patterns, which theory knows at every size, within four errors.
    """
    network = Pairs(_OFFER, load=0.5, size=16, seed=0)
    network.step(39)
    view = {name: array for name, (_, array) in network.view().items()}
    line = next(one for one in _HELD["solution-pair"] if one["load"] == 0.5)
    for flips in (3, 5, 8):
        at = flips / 16
        replica, annealed = (
            np.interp(at, _HELD["distance"], np.array(line[k], float))
            for k in ("replica", "annealed")
        )
        assert abs(view["relative"][flips] - replica + 2 * line["typical"]) < 0.01
        assert abs(view["annealed"][flips] - annealed) < 4 * view["annealed_error"][flips]


def test_what_the_page_holds_is_physics():
    """Loads and distances of `perceptron-pairs` (tests/reference): where the gap opens, its edges
    at load 0.8, diameters, and the shell around a random configuration.
    """
    assert _HELD["opening"] == pytest.approx(0.798774, abs=1e-5)
    lines = {
        name: {one["load"]: one for one in _HELD[name]} for name in ("solution-pair", "random")
    }
    pairs, alone = lines["solution-pair"], lines["random"]
    assert [one for one in pairs if pairs[one]["gap-begin"]] == [0.8]
    assert pairs[0.8]["gap-begin"] == pytest.approx(0.007666, abs=2e-6)
    assert pairs[0.8]["gap-end"] == pytest.approx(0.022057, abs=2e-6)
    for load, diameter, shell in ((0.3, 0.947281, 0.135748), (0.7, 0.614339, 0.321857)):
        assert pairs[load]["diameter"] == pytest.approx(diameter, abs=1e-5)
        assert alone[load]["shell"] == pytest.approx(shell, abs=1e-5)
    assert pairs[0.5]["typical"] == pytest.approx(0.31439, abs=1e-5)
    for one in pairs.values():
        replica = np.array(one["replica"], float)
        there = np.isfinite(replica)
        top = replica[there].max()
        assert top == pytest.approx(2 * one["typical"], abs=3e-4)  # between two distances
        assert (replica <= np.array(one["annealed"]))[there].all()


@pytest.mark.slow
@pytest.mark.parametrize("reference", ["solution-pair", "random"])
def test_a_line_is_that_of_the_library(reference):
    header, arrays = perceptron_pairs.lines(_OFFER, load=0.8, reference=reference)
    line = next(one for one in _HELD[reference] if one["load"] == 0.8)
    for name in ("replica", "annealed"):
        kept = np.array(line[name], float)
        assert np.allclose(arrays[name], kept, rtol=1e-4, atol=1e-6, equal_nan=True)
    for name, value in line.items():
        if not isinstance(value, list):
            assert header[name] == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: Pairs(_OFFER, size=22), "size = 22"),
        (lambda: Pairs(_OFFER, load=0.9), "load = 0.9"),
        (lambda: Pairs(_OFFER, seed=-1), "seed"),
        (lambda: Pairs(_OFFER, size=10, flips=10), "flips = 10"),
        (lambda: Pairs(_OFFER, size=10, reference="mine"), "reference"),
        (lambda: Pairs(_OFFER, size=10).act("eat"), "no action 'eat'"),
        (lambda: perceptron_pairs.lines(_OFFER, load=0.9, reference="random"), "load = 0.9"),
        (lambda: perceptron_pairs.lines(_OFFER, load=0.5, reference=3), "reference"),
    ],
)
def test_what_a_page_may_not_ask_is_told_in_a_sentence(ask, sentence):
    with pytest.raises(InputError, match=sentence):
        ask()
