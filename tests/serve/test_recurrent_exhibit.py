"""The edge of chaos: what its screens ask and run is what the library says."""

import numpy as np
import pytest

import replicon
from replicon import InputError
from replicon.serve.asked import Offer
from replicon.serve.exhibits import networks, questions
from replicon.serve.exhibits.recurrent import Few, Moving, curve, flow, rest

_DYNAMICS = "recurrent-dynamics"
_GIVEN = "recurrent-network"
_LANDSCAPE = "recurrent-pseudo-potential"
_SIZE = 120


@pytest.fixture(scope="module")
def offer():
    return Offer()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Two neurons that excite each other: of gain one, their eigenvalues are 1 and -1."""
    path = tmp_path_factory.mktemp("own") / "pair.csv"
    path.write_text("0,2\n2,0\n")
    return str(path), Offer((), {"couplings": str(path)})


def _moving(offer, gain=1.5, size=_SIZE, **controls):
    given = {"gain": gain, **controls}
    return Moving(offer, model=_DYNAMICS, controls=given, size=size, seed=3)


def _distances(network):
    return network.view()["distance"][1]


def test_pages_can_ask_and_start_them():
    assert {"recurrent.curve", "recurrent.rest", "recurrent.flow"} <= set(questions())
    assert {"recurrent.moving", "recurrent.few"} <= set(networks())


def test_without_symmetry_the_curve_is_that_of_the_moving_network(offer):
    header, arrays = curve(offer, model=_DYNAMICS, greatest=2.0, count=5)
    solved = replicon.solve(_DYNAMICS, gain=arrays["gain"])
    for name in ("variance", "response"):
        np.testing.assert_allclose(arrays[name], solved[name], rtol=1e-9, atol=1e-12)
    assert header["edge"] == 1
    # The sum of squared responses: 1/(1 - g^2) below the edge (Qiu & Huang, arXiv 2401.10009).
    np.testing.assert_allclose(arrays["response_variance"][:2], [1, 4 / 3], rtol=1e-12)


def test_with_symmetry_the_response_has_its_peak_at_the_edge(offer):
    header, arrays = curve(offer, model=_DYNAMICS, symmetry=0.5, greatest=2.0, count=121)
    peak = np.nanargmax(arrays["response"])
    spacing = arrays["gain"][1]
    assert header["edge"] == pytest.approx(1 / 1.5)
    assert abs(arrays["gain"][peak] - header["edge"]) <= spacing
    # 1 + symmetry at the edge itself; its slope is infinite there, hence the room.
    assert 1.4 < arrays["response"][peak] <= 1.5
    moves = arrays["gain"] > header["edge"]
    assert (arrays["stable"][moves] == 0).all()
    assert (arrays["stable"][~moves] == 1).all()


def test_a_network_that_never_loses_its_rest_has_no_edge(offer):
    header, arrays = curve(offer, model=_DYNAMICS, symmetry=-1.0, count=3)
    assert header["edge"] is None
    assert (arrays["variance"] == 0).all()


def test_two_neurons_at_rest(own):
    path, offer = own
    header, arrays = rest(offer, model=_GIVEN, controls={"couplings": path, "gain": 0.5})
    gain = arrays["gain"]
    assert header["edge"] == pytest.approx(1)
    assert header["greatest"] == pytest.approx(3)
    np.testing.assert_allclose(arrays["lyapunov_exponent"], gain - 1, atol=1e-9)
    np.testing.assert_allclose(arrays["response"], 1 / (1 - gain**2), rtol=1e-9)
    assert header["point"] == pytest.approx({"response": 4 / 3, "lyapunov_exponent": -0.5})


def test_beyond_the_instability_no_point_is_told(own):
    path, offer = own
    header, _ = rest(offer, model=_GIVEN, controls={"couplings": path, "gain": 1.5}, count=2)
    assert np.isnan(list(header["point"].values())).all()


def test_of_drawn_surrogates_theory_tells_why_it_is_silent(offer):
    header, arrays = rest(offer, model=_GIVEN, controls={"network": "signs"})
    assert not arrays
    assert header["edge"] is None
    assert "surrogate" in header["reason"]


def test_the_true_motion_ends_at_the_two_fixed_points(offer):
    _, arrays = flow(offer, model=_LANDSCAPE, couplings="two-points")
    path = arrays["flow"][1]
    # +-(0.8747, 2.8650, -0.2418): Qiu & Huang, arXiv 2401.10009, to the digits given.
    ends = path[:, -1] * np.sign(path[:, -1, :1])
    np.testing.assert_allclose(ends, [[0.8747, 2.8650, -0.2418]] * len(ends), atol=1e-4)
    assert {-1, 1} == set(np.sign(path[:, -1, 0]))


def test_three_neurons_of_more_than_three_are_refused(tmp_path):
    path = tmp_path / "four.npy"
    np.save(path, np.ones((4, 4)))
    with pytest.raises(InputError, match="4 neurons"):
        flow(Offer((), {"couplings": str(path)}), model=_LANDSCAPE, couplings=str(path))


def test_what_is_gathered_is_what_simulate_measures(offer):
    controls = {"gain": 1.5, "duration": 20.0}
    network = _moving(offer, **controls)
    network.step(7)
    network.act("poke")  # beside it, not in it
    network.step(network.burn + 100 - 7)
    simulated = replicon.simulate(_DYNAMICS, **controls, size=_SIZE, samples=1, seed=3)
    for name in ("variance", "activity", "response", "lyapunov_exponent"):
        found = network.measured()[name]["mean"]
        assert found == pytest.approx(float(simulated[name].values.squeeze()), rel=1e-12)


def test_a_copy_that_is_not_moved_stays(offer):
    network = _moving(offer, gain=2.0, noise=0.1)
    network.step(20)
    copy = network.moving.moved(0.0)
    network.step(30)
    copy.step(30)
    assert (copy.states == network.moving.states).all()


def test_poked_beyond_the_edge_the_copies_become_strangers(offer):
    # Of 200 neurons: smaller networks are caught by cycles.
    network = _moving(offer, gain=3.0, size=200)
    network.step(200)
    network.act("poke", amount=1e-4)
    assert _distances(network).tolist() == [[0.0, 1e-4]]
    network.step(800)
    times, distances = _distances(network).T
    assert times[-1] == pytest.approx(network.moving.motion.span * 800, abs=2)
    # sqrt(2 variance) on average; slow fluctuations of one network leave some tens of percent.
    strangers = np.sqrt(2 * network.measured()["variance"]["mean"])
    assert distances[-40:].mean() == pytest.approx(strangers, rel=0.3)


def test_poked_at_rest_they_meet_again_at_the_rate_of_the_largest_eigenvalue(offer):
    network = _moving(offer, gain=0.5)
    network.step(100)
    network.act("poke")
    network.step(150)
    slowest = network.spectrum.result().real.max() * 0.5 - 1
    times, distances = _distances(network).T
    late = times > 15
    rate = np.polyfit(times[late], np.log(distances[late]), 1)[0]
    # A few eigenvalues near the edge of the disc still take part, and turn.
    assert rate == pytest.approx(slowest, abs=0.1)


def test_a_change_of_the_gain_ends_the_comparison_and_moves_the_eigenvalues(offer):
    network = _moving(offer, gain=2.0)
    network.act("poke")
    network.step(5)
    unit = network.spectrum.result()
    network.set("gain", 0.7)
    network.step(5)
    view = network.view()
    assert "distance" not in view
    assert "copy" not in view
    np.testing.assert_allclose(view["eigenvalues"][1][:, 0], 0.7 * unit.real)
    couplings = network.moving.motion.couplings
    greatest = np.abs(np.linalg.eigvals(couplings)).max()
    assert np.abs(0.7 * unit).max() == pytest.approx(greatest, rel=1e-9)


def test_the_eigenvalues_that_a_process_shows_follow_its_gain():
    process = replicon.start(_DYNAMICS, gain=1.0, size=20, seed=1)
    before = process.view()["eigenvalues"]
    process.step(3)
    assert (process.view()["eigenvalues"] == before).all()
    process.set("gain", 2.0)
    np.testing.assert_allclose(process.view()["eigenvalues"], 2 * before, atol=1e-12)


def test_the_size_of_a_given_network_is_that_of_the_data(own):
    path, offer = own
    network = Moving(offer, model=_GIVEN, controls={"couplings": path, "gain": 0.5}, seed=1)
    assert network.told()["size"] == 2
    network.step(3)
    network.spectrum.result()
    view = network.view()
    assert view["trajectory"][1].shape == (4, 2)
    np.testing.assert_allclose(np.sort(view["eigenvalues"][1][:, 0]), [-0.5, 0.5])


def test_chains_of_three_neurons(offer):
    controls = {"temperature": 0.5, "chains": 4, "sweeps": 40}
    network = Few(offer, model=_LANDSCAPE, controls=controls, seed=2)
    network.step(40)
    states = network.view()["states"][1]
    assert states.shape == (4, 3)
    assert network.measured()["variance"]["now"] == pytest.approx((states**2).mean())


@pytest.mark.parametrize(
    ("ask", "arguments"),
    [
        (curve, {"model": "hopfield"}),
        (curve, {"model": _DYNAMICS, "symmetry": 2}),
        (curve, {"model": _DYNAMICS, "count": 10**9}),
        (curve, {"model": _DYNAMICS, "greatest": "much"}),
        (curve, {"model": _DYNAMICS, "greatest": 0}),
        (rest, {"model": _DYNAMICS, "controls": {}}),
        (rest, {"model": _GIVEN, "controls": {"couplings": "/etc/passwd"}}),
        (rest, {"model": _GIVEN, "controls": {}, "count": 1}),
        (rest, {"model": _GIVEN, "controls": None}),
        (flow, {"model": _GIVEN, "couplings": "spiral"}),
        (flow, {"model": _LANDSCAPE, "couplings": "elsewhere.csv"}),
        (Moving, {"model": _LANDSCAPE, "controls": {}}),
        (Moving, {"model": _DYNAMICS, "controls": {}, "size": 10**9}),
        (Moving, {"model": _DYNAMICS, "controls": {"rank_one": 1.0}, "size": 20}),
        (Few, {"model": _DYNAMICS, "controls": {}}),
    ],
)
def test_what_a_page_may_not_ask_gets_a_sentence(offer, ask, arguments):
    with pytest.raises(InputError):
        ask(offer, **arguments)


def test_what_a_page_may_not_do_gets_a_sentence(offer):
    network = _moving(offer)
    for amount in (0, -1, 2, "hard", None, float("nan")):
        with pytest.raises(InputError):
            network.act("poke", amount=amount)
    with pytest.raises(InputError):
        network.act("kick")
    with pytest.raises(InputError):
        network.set("rank_one", 1.0)
