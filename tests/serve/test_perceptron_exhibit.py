"""The perceptron's exhibit: what is counted is what the library counts, what races is what
`simulate` runs, and a page that asks for nonsense is told so.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import replicon
from replicon import InputError
from replicon._declare import controls_tuple
from replicon.perceptron import count_near, find_weights
from replicon.perceptron.enumeration import Census, enumerate_errors
from replicon.perceptron.storage_finite import Enumerated
from replicon.serve import exhibits
from replicon.serve.asked import Offer
from replicon.serve.exhibits import perceptron, perceptron_race
from replicon.serve.exhibits.perceptron_counts import Counted, Deaths, Islands
from replicon.serve.frames import message, read

_OFFER = Offer()
_HELD = json.loads(
    (Path(exhibits.__file__).parent.parent / "page" / "perceptron_lines.js")
    .read_text()
    .split("export const HELD =\n")[1]
    .rstrip(";\n")
)


@pytest.mark.parametrize("size", [2, 9, 15, 17])
def test_a_census_is_the_enumeration_at_each_number_of_patterns(size):
    patterns = np.random.default_rng(size).standard_normal((6, size))
    census = Census(patterns)
    while not census.done:
        census.step(1 + census.rows // 3)
    whole = Census(patterns).finish()
    assert np.array_equal(census.solutions, whole.solutions)
    for k in range(7):
        counts, sums = enumerate_errors(patterns[:k], 0.0, False)
        assert census.solutions[k] == counts[0]
        assert census.left(k).sum() == counts[0]
        if counts[0]:
            mean = sums[0] / counts[0]
            assert census.overlaps[k] == pytest.approx(mean @ mean / size, abs=1e-12)
        else:
            assert math.isnan(census.overlaps[k])
    assert np.count_nonzero(census.alive()) == census.solutions[-1]


def test_numbers_of_vectors_have_their_weights_as_bits():
    patterns = np.random.default_rng(3).standard_normal((5, 8))
    numbers = np.arange(2**8)
    weights = 2 * ((numbers[:, None] >> np.arange(8)[::-1]) & 1) - 1
    assert np.array_equal(Census(patterns).alive(), (weights @ patterns.T >= 0).all(axis=1))


def test_counted_solutions_are_those_of_the_model():
    """The measurements at each load are those of the process that `simulate` runs on the same
    patterns.
    """
    network = Counted(_OFFER, size=12, seed=5)
    patterns = np.random.default_rng(5).standard_normal((24, 12))
    declared = {"margin": 0.0, "temperature": 0.0, "weights": "ising", "constraint": "threshold"}
    controls = controls_tuple(tuple(declared), tuple(declared.values()))
    for count in range(1, 9):
        network.step(1)
        known = Enumerated(patterns[:count], controls)
        known.step(1)
        measured = network.measured()
        for name in ("entropy", "overlap", "solvable"):
            assert measured[name]["now"] == pytest.approx(known.measure()[name], abs=1e-12)


def test_patterns_come_and_go_and_an_instance_dies_once():
    network = Counted(_OFFER, size=11, seed=1)
    last = np.count_nonzero(network.solutions) - 1
    for count in (3, last, last + 1, last, last + 2, 0):
        network.act("patterns", count=count)
        assert network.view()["count"][1][0] == count
        assert len(network.view()["now"][1]) == count + 1
    assert network.deaths == [last / 11]
    assert network.measured()["solvable"]["mean"] == 1
    network.act("next")
    assert network.patterns == 0
    assert len(network.finished) == 1


def test_instances_follow_one_another_and_the_error_shrinks():
    network = Counted(_OFFER, size=9, seed=2)
    network.step(200)
    few = network.measured()["capacity"]["error"]
    network.step(3000)
    many = network.measured()["capacity"]
    assert 0 < many["error"] < few / 2
    assert abs(many["mean"] - 0.9) < 0.1  # mean of the last load of 9 weights, 1,000 instances
    lines = network.view()["lines"][1]
    assert lines.shape == (40, 19)
    again = Counted(_OFFER, size=9, seed=2)
    for _ in range(20):
        again.step(160)
    assert again.deaths == network.deaths, "however its steps are cut"


def test_a_picture_of_two_million_vectors_is_small():
    network = Counted(_OFFER, size=21, seed=0)
    network.step(4)
    sent = message({}, network.view())
    assert len(sent) < 60_000
    sky = read(sent)[1]["sky"]
    assert sky.shape == (128, 128)
    alive = network.census.left(4).reshape(sky.shape)
    assert np.array_equal(sky > 0, alive > 0)
    assert sky.max() == 255


def test_deaths_of_several_sizes_gather_without_waiting_for_the_large():
    network = Deaths(_OFFER, sizes=[9, 15, 23], seed=0)
    network.step(8)
    lived = network.view()["lived"][1]
    assert lived.sum(axis=1).tolist() == [8, 8, 1]
    first = Census(np.random.default_rng([0, 9]).standard_normal((18, 9))).finish()
    assert lived[0, np.count_nonzero(first.solutions) - 1] >= 1
    means = network.measured()
    assert means["9"]["mean"] == pytest.approx(lived[0] @ np.arange(lived.shape[1]) / 8 / 9)


def test_rings_are_the_neighbours_that_the_library_counts():
    network = Islands(_OFFER, load=0.5, size=15, seed=4)
    for _ in range(3):
        patterns, centres = network.instance
        for ring, centre in zip(network.rings, centres, strict=True):
            weights = 2 * ((centre >> np.arange(15)[::-1]) & 1) - 1
            assert (patterns @ weights >= 0).all()
            assert ring[0] == 1
            assert ring[1:4].tolist() == count_near(patterns, weights, 3).tolist()
            assert ring.sum() == Census(patterns).finish().solutions[-1]
        assert network.rings[2, 1:3].sum() == max(
            count_near(patterns, 2 * ((n >> np.arange(15)[::-1]) & 1) - 1, 2).sum()
            for n in np.flatnonzero(Census(patterns).alive())
        )
        network.step(1)


def test_small_instances_meet_the_landscape_and_the_dense_clusters():
    """Franz-Parisi around typical solutions, local entropy around the densest, at 21 weights: to
    0.02 beyond four standard errors. Swapped, they would be 0.08 apart at one flip.
    """
    network = Islands(_OFFER, load=10 / 21, seed=0)
    network.step(30)
    view = network.view()
    line = next(line for line in _HELD["lines"] if abs(line["load"] - 10 / 21) < 1e-9)
    flips = np.arange(1, 5)
    for kind, x, y in ((0, "distance", "typical"), (2, "dense_distance", "dense")):
        theory = np.interp(flips / 21, line[x], line[y])
        apart = np.abs(view["entropies"][1][kind, flips] - theory)
        assert (apart < 0.02 + 4 * view["errors"][1][kind, flips]).all()
    assert view["entropies"][1][2, 1] > view["entropies"][1][0, 1] + 0.05
    assert view["entropies"][1][1, 1] > view["entropies"][1][0, 1]


def test_the_race_is_what_simulate_runs():
    race = perceptron_race.Race(_OFFER, load=0.6, size=101, seed=3, passes=400)
    while not race._over():
        race.step(7)
    for method, measured in zip(perceptron_race.METHODS, race.now, strict=True):
        known = replicon.simulate(
            "perceptron-algorithms",
            load=0.6,
            method=method,
            passes=400,
            size=101,
            samples=1,
            seed=3,
        )
        for name in ("solved", "errors", "test_error", "passes_used"):
            assert measured[name] == known[name].item()
    view = race.view()
    assert view["ended"][1].tolist() == [m["passes_used"] for m in race.now]
    assert view["errors"][1][-1].tolist() == [m["errors"] for m in race.now]
    assert view["times"][1][-1] == race.clock
    (wins,) = race.measured()["wins"]
    assert wins == {"load": 0.6, "solved": [m["solved"] for m in race.now], "raced": [1.0] * 5}


def test_nobody_is_ahead_of_the_clock_and_the_next_race_begins():
    race = perceptron_race.Race(_OFFER, load=0.8, size=51, seed=0, passes=100)
    race.step(5)
    assert race.clock == 20
    assert all(m["passes_used"] in (20, 0) or m["solved"] for m in race.now)
    race.step(25 + 40)
    assert race.seed == 1
    assert race.clock < 100
    race.act("load", load=0.3)
    assert (race.load, race.clock) == (0.3, 0)
    race.step(60)
    assert [won["load"] for won in race.measured()["wins"]] == [0.3, 0.8]


def test_the_found_solution_is_the_algorithms():
    network = Islands(_OFFER, load=0.4, size=11, seed=0)
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((4, 11))
    found = find_weights(patterns, method="focusing-bp", seed=int(rng.integers(2**31)))
    assert found.solved
    assert network.instance[1][1] == int("".join(str(int(w > 0)) for w in found.weights), 2)


def test_what_the_page_holds_is_physics():
    assert _HELD["capacity"] == pytest.approx(0.833, abs=5e-4)  # Krauth & Mezard (1989)
    assert [line["load"] for line in _HELD["lines"]] == [p / 21 for p in range(7, 18)]
    seas = [line["isolation"] for line in _HELD["lines"] if line["isolation"]]
    assert seas == sorted(seas)
    for line in _HELD["lines"]:
        d = np.array(line["distance"])
        everybody = -d * np.log(d) - (1 - d) * np.log(1 - d)
        typical = np.array(line["typical"], float)
        assert (typical[np.isfinite(typical)] <= everybody[np.isfinite(typical)]).all()
        dense = np.interp(d, line["dense_distance"], line["dense"])
        near = (d < 0.1) & np.isfinite(typical)
        assert (dense[near] > typical[near]).all()


@pytest.mark.slow
def test_what_the_page_holds_is_what_the_library_solves():
    told = perceptron.held(_OFFER, loads=[10 / 21])
    line = next(line for line in _HELD["lines"] if line["load"] == 10 / 21)
    for name, values in told["lines"][0].items():
        assert np.allclose(
            np.array(values, float), np.array(line[name], float), atol=2e-5, equal_nan=True
        )
    assert told["capacity"] == pytest.approx(_HELD["capacity"], abs=2e-5)
    assert told["cluster_limit"] == pytest.approx(_HELD["cluster_limit"], abs=2e-5)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: Counted(_OFFER, size=26), "size = 26"),
        (lambda: Counted(_OFFER, size=1e9), r"size = 1e\+09"),
        (lambda: Counted(_OFFER, size="21"), "size"),
        (lambda: Counted(_OFFER, seed=-1), "seed"),
        (lambda: Counted(_OFFER, size=5).act("patterns", count=11), "patterns = 11"),
        (lambda: Counted(_OFFER, size=5).act("eat"), "no action 'eat'"),
        (lambda: Counted(_OFFER, size=5).set("load", 1), "cannot be changed"),
        (lambda: Deaths(_OFFER, sizes=[]), "Give one to 4 sizes"),
        (lambda: Deaths(_OFFER, sizes=[5] * 5), "Give one to 4 sizes"),
        (lambda: Deaths(_OFFER, sizes=[30]), "size = 30"),
        (lambda: Islands(_OFFER, size=23), "size = 23"),
        (lambda: Islands(_OFFER, load=0.9), "load = 0.9"),
        (lambda: perceptron_race.Race(_OFFER, size=500), "even"),
        (lambda: perceptron_race.Race(_OFFER, size=10**9 + 1), "too large"),
        (lambda: perceptron_race.Race(_OFFER, size="many"), "size"),
        (lambda: perceptron_race.Race(_OFFER, load=2), "load = 2"),
        (lambda: perceptron_race.Race(_OFFER, passes=10**7), "passes = 10000000"),
        (lambda: perceptron.around(_OFFER, load=0.9), "load = 0.9"),
        (lambda: perceptron.around(_OFFER, load=[0.5]), "load"),
    ],
)
def test_what_a_page_may_not_ask_is_told_in_a_sentence(ask, sentence):
    with pytest.raises(InputError, match=sentence):
        ask()


def test_everything_is_offered_under_its_name():
    assert "perceptron.around" in exhibits.questions()
    for name in ("count", "deaths", "islands", "race"):
        made = exhibits.networks()[f"perceptron.{name}"](_OFFER)
        assert made.done is False
        assert made.told()["seed"] == 0
        for kind, array in made.view().values():
            assert kind in ("", "image")
            assert isinstance(array, np.ndarray)
        json.dumps(read(message({"measured": made.measured()}))[0])
