"""The map of the exhibit of the Hopfield memory is what theory finds."""

import math

import numpy as np
import pytest
from scipy import optimize
from scipy.special import erf

import replicon
from replicon import InputError
from replicon.serve.asked import Offer
from replicon.serve.exhibits import hopfield, networks, questions
from replicon.serve.exhibits.hopfield_memory import LiveMemory
from replicon.study import ask

OFFER = Offer()
WHOLE = {"x_span": [0, 0.2], "y_span": [0, 1.5]}


def test_the_exhibit_is_found():
    assert questions()["hopfield.map"] is hopfield.phase_diagram
    assert networks()["hopfield.memory"] is LiveMemory


def test_the_kept_lines_have_their_exact_ends():
    lines = hopfield.kept_lines()
    load = np.array(lines["spin-glass"]["load"])
    np.testing.assert_allclose(lines["spin-glass"]["temperature"], 1 + np.sqrt(load), atol=1e-8)

    def load_at(y):  # Amit, Gutfreund & Sompolinsky 1987 at T = 0
        return (erf(y) / y - 2 / math.sqrt(math.pi) * math.exp(-(y**2))) ** 2 / 2

    best = optimize.minimize_scalar(lambda y: -load_at(y), bounds=(1, 3), method="bounded")
    assert lines["retrieval"]["temperature"][0] == 0
    assert lines["retrieval"]["load"][0] == pytest.approx(-best.fun, abs=1e-8)
    assert lines["global-retrieval"]["load"][0] == pytest.approx(0.051, abs=1e-3)  # ibid.
    assert lines["almeida-thouless"]["load"][-1] < -best.fun


def solved(load, temperature, branch="retrieval"):
    """Theory at points one by one, as a page would ask."""
    model = OFFER.model("hopfield")
    table = [{"load": a, "temperature": t} for a, t in zip(load, temperature, strict=True)]
    return ask.solved_values(model, branch, table)


def test_on_the_kept_lines_something_happens():
    """Of each line what defines it, at its points; nine digits of these are kept."""
    some = slice(2, -2, 5)
    points = {
        name: (np.array(line["load"])[some], np.array(line["temperature"])[some])
        for name, line in hopfield.kept_lines().items()
    }
    stability = solved(*points["almeida-thouless"])["replicon"]
    assert (abs(stability) < 1e-4).all()
    states = [
        solved(*points["global-retrieval"], branch=branch)["free_energy"]
        for branch in ("retrieval", "spin-glass")
    ]
    np.testing.assert_allclose(states[0], states[1], atol=1e-9)
    load, temperature = points["retrieval"]
    assert solved(load * (1 - 1e-5), temperature)["converged"].all()
    assert not solved(load * (1 + 1e-5), temperature)["converged"].any()


@pytest.mark.slow
def test_all_kept_lines_are_those_of_theory():
    """They are solved anew by `python -m replicon.serve.exhibits.hopfield`."""
    solved = hopfield.solved_lines(OFFER)
    assert list(solved) == list(hopfield.kept_lines())
    for name, line in hopfield.kept_lines().items():
        for control, values in line.items():
            np.testing.assert_allclose(values, solved[name][control], rtol=1e-6, err_msg=name)


def test_regions_are_bounded_by_the_lines():
    header, arrays = hopfield.phase_diagram(OFFER, **WHOLE)
    assert header["lines"] == list(hopfield.kept_lines())
    names = np.array(header["regions"])
    assert arrays["rules"].shape == (len(arrays["y"]), len(arrays["x"]))
    places = {
        (0.03, 0.2): "memory",
        (0.1, 0.2): "metastable memory",
        (0.137, 0.0): "metastable memory",
        (0.139, 0.0): "spin glass",
        (0.1, 1.3): "spin glass",
        (0.1, 1.33): "paramagnet",
        (0.0, 0.9): "memory",
        (0.0, 1.1): "paramagnet",
    }
    for (load, temperature), name in places.items():
        assert names[int(hopfield.region(load, temperature))] == name, (load, temperature)
    row = np.argmin(abs(arrays["y"] - 0.2))
    assert list(dict.fromkeys(names[arrays["rules"][row]])) == list(names[:3])


@pytest.mark.parametrize(
    ("load", "temperature", "branch"),
    [(0.05, 0.3, "retrieval"), (0.05, 0, "retrieval"), (0.16, 0.1, "spin-glass"),
     (0.02, 1.3, "paramagnet")],
)  # fmt: skip
def test_theory_at_a_point_is_that_of_solve(load, temperature, branch):
    header, _ = hopfield.here(OFFER, load=load, temperature=temperature)
    out = replicon.solve("hopfield", load=load, temperature=temperature, branch=branch)
    assert header["branch"] == branch
    for name in ("magnetization", "overlap", "noise_overlap", "energy"):
        assert header["point"][name] == pytest.approx(float(out[name]), abs=1e-11)
    if branch != "retrieval":
        assert header["point"]["magnetization"] == 0


def test_where_the_lines_say_memory_theory_finds_it():
    """Near the spinodal a point may be on either side of a line that is drawn between points."""
    for load, temperature in ((0.1379, 0.0), (0.13795, 0.0), (0.001, 0.93), (0.0, 1.0)):
        header, _ = hopfield.here(OFFER, load=load, temperature=temperature)
        assert header["point"]["converged"] or header["point"]["reason"]


def test_the_curve_is_the_retrieval_state_up_to_its_end():
    _, arrays = hopfield.retrieval_curve(OFFER, temperature=0.3)
    there = np.isfinite(arrays["magnetization"])
    end = float(replicon.find_transition("hopfield", "retrieval", temperature=0.3)["value"])
    np.testing.assert_array_equal(there, arrays["load"] < end)
    some = arrays["load"][there][::20]
    out = replicon.solve("hopfield", load=list(some), temperature=0.3)["magnetization"]
    np.testing.assert_allclose(arrays["magnetization"][there][::20], out, atol=1e-9)


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        (hopfield.here, {"load": -1, "temperature": 0.3}),
        (hopfield.here, {"load": 0.6, "temperature": 0.3}),
        (hopfield.here, {"load": "a", "temperature": 0.3}),
        (hopfield.here, {"load": 0.1, "temperature": 1e9}),
        (hopfield.here, {"load": [0.1], "temperature": None}),
        (hopfield.retrieval_curve, {"temperature": math.nan}),
        (hopfield.phase_diagram, {**WHOLE, "x_span": [0.2, 0]}),
        (hopfield.phase_diagram, {**WHOLE, "x_span": 3}),
        (hopfield.phase_diagram, {**WHOLE, "y_span": [0, 1, 2]}),
        (hopfield.phase_diagram, {**WHOLE, "y_span": [0, math.inf]}),
    ],
)
def test_bad_questions_are_refused(question, arguments):
    with pytest.raises(InputError):
        question(OFFER, **arguments)
