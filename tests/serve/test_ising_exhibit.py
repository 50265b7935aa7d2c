"""The exhibit of the Ising magnets: its questions are the library's theory, its lattices the
library's processes, and its clusters those of the literature.
"""

import math

import numpy as np
import pytest

import replicon
from replicon import InputError
from replicon.serve.asked import Offer
from replicon.serve.exhibits import ising as exhibit
from replicon.serve.exhibits import networks, questions
from replicon.spins import lattice

_CRITICAL = 2 / math.log1p(math.sqrt(2))


@pytest.fixture(scope="module")
def offer():
    return Offer()


def test_the_curve_is_yangs_and_onsagers(offer):
    header, arrays = questions()["ising.magnetization"](offer, span=[1.0, 4.0])
    T = arrays["temperature"]
    assert header["critical"] == pytest.approx(_CRITICAL, rel=1e-14)
    cold = T < _CRITICAL * (1 - 1e-12)
    yang = (1 - np.sinh(2 / T[cold]) ** -4) ** 0.125
    # Near T_c rounding of 1 - sinh^-4 is amplified by the eighth root.
    assert arrays["magnetization"][cold] == pytest.approx(yang, abs=1e-6)
    assert (arrays["magnetization"][T > _CRITICAL] == 0).all()
    asked = float(T[len(T) // 3])
    solved = replicon.solve("square-lattice", temperature=asked)
    assert arrays["energy"][len(T) // 3] == float(solved["energy"])
    assert np.diff(T).min() > 0


@pytest.mark.parametrize("span", [[4, 1], [1], "14", [0, 4], [1, math.nan], [2, 2], None])
def test_an_axis_that_is_none_is_refused(offer, span):
    with pytest.raises(InputError):
        questions()["ising.magnetization"](offer, span=span)


def test_cobweb_and_well_are_those_of_the_library(offer):
    header, arrays = questions()["ising.mean_field"](offer, temperature=0.6, field=0.05)
    m = arrays["m"]
    assert arrays["next"] == pytest.approx(np.tanh((m + 0.05) / 0.6), abs=1e-14)
    f = m**2 / 2 - 0.6 * np.log(2 * np.cosh((m + 0.05) / 0.6))
    assert arrays["potential"] == pytest.approx(f, abs=1e-14)
    assert set(header["fixed"]) == {"up", "down", "paramagnet"}
    for branch, told in header["fixed"].items():
        solved = replicon.solve("curie-weiss", temperature=0.6, field=0.05, branch=branch)
        for name in ("magnetization", "energy", "susceptibility"):
            assert told[name] == float(solved[name])
        assert told["stable"] == (branch != "paramagnet")


def test_beyond_the_spinodal_one_state_is_left(offer):
    beyond = float(replicon.find_transition("curie-weiss", "spinodal", temperature=0.6)["value"])
    header, _ = questions()["ising.mean_field"](offer, temperature=0.6, field=beyond + 0.01)
    assert set(header["fixed"]) == {"up"}


@pytest.mark.parametrize(
    ("temperature", "field"), [(-1, 0), (0.5, "much"), (0.5, 1e9), (None, 0), (math.nan, 0)]
)
def test_a_point_that_is_none_is_refused(offer, temperature, field):
    with pytest.raises(InputError):
        questions()["ising.mean_field"](offer, temperature=temperature, field=field)


def test_lattices_that_cool_are_the_librarys_processes(offer):
    cooling = networks()["ising.coolings"](offer, seed=5, sweeps=100)
    cooling.step(40)
    cooling.step(20)
    alone = replicon.start(
        "square-lattice", size=64, seed=6, temperature=exhibit.Coolings.hot, method="heat-bath"
    )
    for made in range(60):
        part = (made + 1) / 100
        alone.set("temperature", 3.2 + (1.5 - 3.2) * part)
        alone.step(1)
    kind, shown = cooling.view()["second"]
    assert kind == "lattice"
    assert (shown == alone.view()["spins"]).all()
    assert cooling.steps == 60
    assert cooling.measured()["each"][1] == alone.view()["spins"].mean()


def test_lattices_that_cool_break_the_symmetry_either_way(offer):
    signs = set()
    exact = float(replicon.solve("square-lattice", temperature=1.5)["magnetization"])
    for seed in (0, 3):
        cooling = networks()["ising.coolings"](offer, seed=seed, sweeps=3000)
        cooling.step(3200)
        assert cooling.measured()["temperature"] == 1.5
        # A sweep of 64 x 64 spins errs by sqrt(chi T)/64 < 0.01; one in twenty keeps a stripe.
        ordered = [m for m in cooling.measured()["each"] if abs(m) > 0.5]
        assert np.abs(ordered) == pytest.approx(exact, abs=0.05)
        signs |= {np.sign(m) for m in ordered}
    assert signs == {-1.0, 1.0}


@pytest.mark.parametrize(
    "arguments", [{"seed": -1}, {"seed": "one"}, {"sweeps": 1}, {"sweeps": 10**9}]
)
def test_coolings_that_cannot_be_are_refused(offer, arguments):
    with pytest.raises(InputError):
        networks()["ising.coolings"](offer, **arguments)


def _critical(offer, size=64, seed=1):
    controls = {"temperature": _CRITICAL}
    return networks()["ising.critical"](offer, controls=controls, size=size, seed=seed)


def test_the_lattice_at_its_critical_point_does_not_depend_on_how_it_is_cut(offer):
    once = _critical(offer)
    once.step(30)
    twice = _critical(offer)
    twice.step(7)
    twice.step(23)
    assert (once.view()["spins"][1] == twice.view()["spins"][1]).all()
    assert (once.view()["sizes"][1] == twice.view()["sizes"][1]).all()
    for name, told in once.measured().items():
        assert told == pytest.approx(twice.measured()[name], nan_ok=True)


def test_exponents_at_the_critical_point(offer):
    critical = _critical(offer, size=256)
    critical.step(3 * 4 * 100)
    told = critical.measured()
    # 31/15 for Fortuin and Kasteleyn's clusters (D = 15/8: Coniglio & Klein, J. Phys. A 13, 2775
    # (1980)), 379/187 for equal spins (D = 187/96: Stella & Vanderzande, PRL 62, 1067 (1989)). A
    # lattice of 2048 gives 2.080 and 2.015, one of 512 2.098 and 2.000, so that 256 may err by
    # twice as much as 512.
    assert told["cluster_exponent"]["mean"] == pytest.approx(31 / 15, abs=0.07)
    assert told["domain_exponent"]["mean"] == pytest.approx(379 / 187, abs=0.07)
    assert told["cluster_exponent"]["mean"] > told["domain_exponent"]["mean"]
    assert 0 < told["cluster_exponent"]["error"] < 0.05
    sizes = critical.view()["sizes"][1]
    assert sizes[0, 0] == 1
    assert 0.05 < sizes[0, 1] < 0.12  # of FK clusters most are single sites


def test_temperature_is_that_of_both_lattices(offer):
    critical = _critical(offer)
    critical.step(12)
    critical.set("temperature", 3.0)
    assert critical.counted.controls["temperature"] == 3.0
    assert math.isnan(critical.measured()["cluster_exponent"]["mean"])
    critical.step(4000)
    told = critical.measured()["energy"]
    # The correlation length is 1.2: 64 spins a side are as good as infinitely many.
    exact = float(replicon.solve("square-lattice", temperature=3.0)["energy"])
    assert abs(told["mean"] - exact) < 4.5 * told["error"]


def test_actions_and_sizes_that_are_none_are_refused(offer):
    critical = _critical(offer)
    with pytest.raises(InputError, match="does not know how"):
        critical.act("explode")
    with pytest.raises(InputError):
        critical.act("mix", count=10**9)
    with pytest.raises(InputError):
        critical.set("temperature", -1)
    with pytest.raises(InputError, match="too large"):
        _critical(offer, size=10**6)
    with pytest.raises(InputError):
        networks()["ising.critical"](offer, controls=3)


def test_an_estimated_exponent_is_that_of_the_law():
    rng = np.random.default_rng(7)
    s = np.arange(exhibit._FIRST, exhibit._LAST)
    law = s**-2.2
    counts = []
    for _ in range(64):
        drawn = rng.choice(s, 200, p=law / law.sum())
        counts.append(exhibit._Count(np.zeros(1), len(drawn), float(np.log(drawn).sum())))
    told = exhibit._exponent(counts)
    assert abs(told.mean - 2.2) < 4.5 * told.error
    assert told.error < 0.02


def test_clusters_of_known_lattices():
    rng = np.random.default_rng(1)
    stripes = np.ones((8, 8), np.int8)
    stripes[2:4] = -1
    assert sorted(lattice.cluster_sizes(stripes, 1.0, rng)) == [16, 48]
    row, column = np.indices((8, 8))
    board = (1 - 2 * ((row + column) % 2)).astype(np.int8)
    assert (lattice.cluster_sizes(board, 1.0, rng) == 1).all()
    assert len(lattice.cluster_sizes(stripes, 0.0, rng)) == 64
    assert lattice.cluster_sizes(stripes, 0.6, rng).sum() == 64
