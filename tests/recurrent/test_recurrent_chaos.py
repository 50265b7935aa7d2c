"""The onset of chaos of a given network comes with its evidence: bracket, threshold, spread."""

import json
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import replicon
from replicon.recurrent import Chaos, evolve, find_chaos
from replicon.study import catalogue
from replicon.study.record import record as as_record
from replicon.theory import Found

GAUSSIAN = np.random.default_rng(3).standard_normal((60, 60))
TANH = {"function": jnp.tanh}


@pytest.mark.parametrize("unit", [1.0, 1e-3])
def test_the_tent_map_turns_chaotic_where_its_slope_says(unit):
    """One neuron in discrete time, x -> g J (1 - 2 |x|): the exponent is ln(2 g J), which passes
    0.01 at g J = e^0.01 / 2.
    """
    found = find_chaos(
        [[unit]],
        function=lambda x: 1 - 2 * jnp.abs(x),
        time="discrete",
        gains=np.array([0.2, 0.4, 0.9]) / unit,
        starts=3,
    )
    exact = np.exp(0.01) / 2
    assert found.low * unit <= exact <= found.high * unit
    assert found.high / found.low == pytest.approx((0.9 / 0.4) ** (1 / 64), rel=1e-12)
    assert found.gain == np.sqrt(found.low * found.high)
    assert found.threshold == 0.01
    ends = np.log(2 * unit * np.array([[found.low], [found.high]]))
    np.testing.assert_allclose(found.exponents, np.repeat(ends, 3, axis=1), atol=1e-12)
    np.testing.assert_array_equal(found.onsets, found.gain)
    assert found.spread == 0


@pytest.fixture(scope="module")
def found() -> Chaos:
    return find_chaos(GAUSSIAN, **TANH, duration=100, transient=50)


def test_the_bracket_holds_what_it_says(found):
    """Exponents at its ends are those of `evolve`, from the same starts."""
    starts = np.random.default_rng(0).standard_normal((2, 60))
    settings = {**TANH, "duration": 100, "transient": 50, "every": 1.0, "exponents": 1}
    for gain, exponents in zip((found.low, found.high), found.exponents, strict=True):
        for start, exponent in zip(starts, exponents, strict=True):
            assert evolve(gain * GAUSSIAN, start, **settings).exponents[0] == exponent
    assert (found.exponents[0] <= 0.01).all()
    assert (found.exponents[1] > 0.01).any()
    assert found.low < found.gain < found.high
    np.testing.assert_equal(found.spread, np.ptp(found.onsets))
    assert found.gain == np.nanmin(found.onsets)
    # A gain of the couplings as they are given: of unit variance, not variance 1/N.
    assert 0.9 < found.gain * np.sqrt(60) < 5


def test_a_start_that_never_turns_chaotic_leaves_the_spread_open():
    """Two networks in one: a tent map that chaos keeps, and a start at its fixed point zero."""
    found = find_chaos(
        [[1.0]],
        function=lambda x: 1 - 2 * jnp.abs(x - 0.5),  # phi(0) = 0
        time="discrete",
        gains=[0.2, 0.4, 0.9],
        starts=[[0.3], [-3.0]],
        duration=50,
        transient=20,
    )
    assert np.isfinite(found.onsets).any()
    assert np.isnan(found.spread) == np.isnan(found.onsets).any()


def test_the_transition_of_a_given_network_has_the_same_evidence(tmp_path):
    np.save(tmp_path / "J.npy", GAUSSIAN)
    asked = {"couplings": str(tmp_path / "J.npy")}
    out = replicon.find_transition("recurrent-network", "chaos", **asked)
    names = ("bracket_low", "value", "bracket_high", "threshold", "spread")
    low, value, high, threshold, spread = (float(out[name]) for name in names)
    assert low < value < high
    assert value == np.sqrt(low * high)
    assert threshold == 0.01
    assert not spread < 0
    for name in names[:1] + names[2:]:
        assert out[name].attrs["meaning"]
        assert out[name].attrs["symbol"]
    # In the units of the file, whose own gain is sqrt(sum of squares / N).
    own = find_chaos(GAUSSIAN, **TANH)
    scale = np.sqrt((GAUSSIAN**2).sum() / 60)
    assert own.gain * scale == pytest.approx(value, rel=0.02)
    grid = replicon.find_transition("recurrent-network", "chaos", time=["discrete"], **asked)
    assert grid["bracket_low"].dims == ("time",)
    assert as_record(catalogue.get("recurrent-network"), out)["bracket_low"] == low
    model = catalogue.get("recurrent-network").as_dict()
    chaos = next(t for t in model["transitions"] if t["name"] == "chaos")
    assert chaos["evidence"] == [one["name"] for one in model["evidence"]]
    json.dumps(model)


def test_where_there_is_none_the_threshold_is_known_and_nothing_else(tmp_path):
    np.save(tmp_path / "S.npy", np.diag([1.0, 0.5, 0.2]))
    out = replicon.find_transition(
        "recurrent-network", "chaos", couplings=[str(tmp_path / "S.npy")]
    )
    assert not out["converged"].any()
    assert np.isnan(out["bracket_low"]).all()
    assert (out["threshold"] == 0.01).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"gains": [1.0]}, "gains run from 1 to 1: give two positive numbers or more, ascending"),
        ({"gains": [2.0, 1.0]}, "gains run from 2 to 1"),
        ({"gains": [0.0, 1.0]}, "gains run from 0"),
        ({"gains": "wide"}, "gains = 'wide' is no array"),
        ({"starts": 0}, "starts must be a whole number >= 1"),
        ({"starts": np.ones((2, 3))}, r"starts has shape \(2, 3\): give a number, or states"),
        ({"starts": None}, "starts = None is outside its domain"),
        ({"threshold": np.nan}, "threshold = nan is outside its domain"),
        ({"duration": 0}, "duration must be > 0"),
        ({"time": "never"}, "one of continuous, discrete"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"function": np.tanh}, r"write it with jax\.numpy"),
        ({"couplings": -np.eye(2)}, "stable at any gain.* say by gains where to look"),
        ({"couplings": np.ones((2, 3))}, "square"),
    ],
)
def test_arguments_are_refused_in_a_sentence(given, words):
    with pytest.raises(replicon.InputError, match=words):
        find_chaos(**{"couplings": [[0.0, 1.0], [1.0, 0.0]], **TANH, **given})


def test_what_the_scan_does_not_hold_is_said():
    settings = {**TANH, "duration": 20, "transient": 5}
    with pytest.raises(replicon.ConvergenceError, match="no trajectory turned chaotic"):
        find_chaos([[0.0, 1.0], [1.0, 0.0]], **settings, gains=[1, 2])
    tent = {"function": lambda x: 1 - 2 * jnp.abs(x), "time": "discrete"}
    with pytest.raises(replicon.ConvergenceError, match=r"chaotic at gain 0\.8 already"):
        find_chaos([[1.0]], **tent, gains=[0.8, 0.9])


def test_evidence_is_declared_or_refused():
    model = catalogue.get("curie-weiss")
    one = np.ones(1)

    def find(controls):
        return Found(one, one > 0, evidence={"width": one / 2})

    told = replace(
        model.transition("critical"),
        find=find,
        bounds=(),
        evidence=(replicon.Observable("width", "w", "of the bracket"),),
    )
    out = replicon.find_transition(replace(model, transitions=(told,), branches=()), "critical")
    assert float(out["width"]) == 0.5
    untold = replace(told, evidence=())
    with pytest.raises(replicon.InputError, match="it must give what it declares"):
        replicon.find_transition(replace(model, transitions=(untold,), branches=()), "critical")
    taken = replace(told, evidence=(replicon.Observable("field", "h", "taken"),))
    with pytest.raises(replicon.InputError, match="that name is taken"):
        replace(model, transitions=(taken,), branches=())
