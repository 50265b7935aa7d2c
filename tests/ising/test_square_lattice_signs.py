"""Square lattices of either sign and of two by two spins: all states counted, Kaufman, the map of
an antiferromagnet to a ferromagnet; every update, and wrong twins rejected.
"""

import math

import numpy as np
import pytest
from tests.statistical import assert_mean, assert_rejected

import replicon
from replicon.spins import lattice
from replicon.study.ask import summarize

METHODS = ("metropolis", "heat-bath", "wolff", "swendsen-wang")


def _states(L: int) -> np.ndarray:
    """All states (2^(L L), L, L)."""
    places = np.arange(L * L)
    return (2 * ((np.arange(2 ** (L * L))[:, None] >> places) & 1) - 1).reshape(-1, L, L)


def _counted(L: int, coupling: float, temperature: float) -> dict:
    """Averages over all states: each site has a bond to the right and one below."""
    spins = _states(L)
    bonds = (spins * np.roll(spins, 1, 1) + spins * np.roll(spins, 1, 2)).sum(axis=(1, 2))
    energy = -coupling * bonds
    weight = np.exp(-(energy - energy.min()) / temperature)
    total = weight.sum()
    weight = weight / total
    mean = weight @ energy
    signs = (-1) ** np.add.outer(np.arange(L), np.arange(L))
    n = L * L
    return {
        "energy": mean / n,
        "specific_heat": weight @ (energy - mean) ** 2 / temperature**2 / n,
        "free_energy": (energy.min() - temperature * math.log(total)) / n,
        "magnetization": weight @ np.abs(spins.sum(axis=(1, 2))) / n,
        "staggered_magnetization": weight @ np.abs((signs * spins).sum(axis=(1, 2))) / n,
    }


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("coupling", [1.0, -1.0, -0.3, 0.0])
def test_kaufman_is_the_sum_over_all_states(size, coupling):
    for temperature in (0.7, 2.3, 5.0):
        out = replicon.solve(
            "square-lattice", coupling=coupling, temperature=temperature, size=size
        )
        exact = _counted(size, coupling, temperature)
        for name in ("energy", "specific_heat", "free_energy"):
            assert float(out[name]) == pytest.approx(exact[name], abs=1e-10)
        for name in ("magnetization", "staggered_magnetization"):
            assert np.isnan(float(out[name]))


def test_two_by_two_spins_have_eight_bonds():
    """Z = 2 e^(8K) + 12 + 2 e^(-8K) of eight bonds, two between neighbours."""
    K = 0.4
    log_z = math.log(2 * math.exp(8 * K) + 12 + 2 * math.exp(-8 * K))
    out = replicon.solve("square-lattice", temperature=1 / K, size=2)
    assert float(out["free_energy"]) == pytest.approx(-log_z / K / 4, abs=1e-13)


def test_an_antiferromagnet_is_a_ferromagnet_of_staggered_spins():
    at = {"temperature": [1.0, 2.0, 2.5], "size": [8, math.inf]}
    ferro = replicon.solve("square-lattice", coupling=0.9, **at)
    anti = replicon.solve("square-lattice", coupling=-0.9, **at)
    for name in ("energy", "specific_heat", "free_energy"):
        np.testing.assert_array_equal(anti[name], ferro[name])
    np.testing.assert_array_equal(anti["staggered_magnetization"], ferro["magnetization"])
    np.testing.assert_array_equal(anti["magnetization"], ferro["staggered_magnetization"])
    infinite = anti.sel(size=math.inf)
    assert (infinite["magnetization"] == 0).all()
    assert float(infinite["staggered_magnetization"][0]) > 0.99
    critical = [
        float(replicon.find_transition("square-lattice", "critical", coupling=J)["value"])
        for J in (0.9, -0.9)
    ]
    assert critical[0] == critical[1]


def test_free_spins_are_free():
    out = replicon.solve("square-lattice", coupling=0, temperature=1.7)
    assert float(out["free_energy"]) == pytest.approx(-1.7 * math.log(2), abs=1e-15)
    for name in ("energy", "specific_heat", "magnetization", "staggered_magnetization"):
        assert float(out[name]) == 0


def test_theory_says_that_an_odd_antiferromagnet_is_frustrated():
    with pytest.raises(replicon.ConvergenceError, match=r"frustrated.*give an even size"):
        replicon.solve("square-lattice", coupling=-1, size=7)
    grid = replicon.solve("square-lattice", coupling=[-1, 1], size=[7, 8])
    np.testing.assert_array_equal(grid["converged"], [[False, True], [True, True]])


def _simulated(method, size, coupling, temperature, sweeps=600):
    return replicon.simulate(
        "square-lattice",
        method=method,
        coupling=coupling,
        temperature=temperature,
        size=size,
        sweeps=sweeps,
        samples=64,
        seed=7,
    )


@pytest.mark.parametrize(
    ("method", "size", "coupling"),
    [
        ("metropolis", 4, -1.0),
        *((method, size, sign) for method in METHODS[1:] for size, sign in ((2, 1.0), (2, -1.0))),
        ("wolff", 4, -1.0),
        ("swendsen-wang", 4, -1.0),
    ],
)
def test_every_update_samples_all_states(method, size, coupling):
    exact = _counted(size, coupling, 3.0)
    out = _simulated(method, size, coupling, 3.0, sweeps=400)
    # One bond of eight less would be seen; a mistaken sign exchanges the two magnetizations.
    assert_mean(out["energy"].values, exact["energy"], effect=-exact["energy"] / 8)
    for name in ("magnetization", "staggered_magnetization"):
        assert_mean(out[name].values, exact[name], effect=0.05)
    mean, error = summarize("square-lattice", out)["specific_heat"]
    assert error < exact["specific_heat"] / 16
    assert abs(mean - exact["specific_heat"]) < 4.5 * error


def test_the_heat_bath_of_a_frustrated_lattice_samples_all_states():
    exact = _counted(3, -1.0, 1.5)
    out = _simulated("heat-bath", 3, -1.0, 1.5)
    for name in ("energy", "magnetization", "staggered_magnetization"):
        assert_mean(out[name].values, exact[name], effect=0.05)
    assert exact["energy"] > -2 + 0.6  # six of eighteen bonds cannot be satisfied


@pytest.mark.parametrize("method", METHODS)
def test_a_cold_antiferromagnet_has_staggered_order(method):
    out = _simulated(method, 16, -1.0, 1.8, sweeps=200)
    yang = replicon.solve("square-lattice", coupling=-1, temperature=1.8)
    assert_mean(
        out["staggered_magnetization"].values, float(yang["staggered_magnetization"]), effect=0.03
    )
    assert float(out["magnetization"].mean()) < 0.05
    mean, _ = summarize("square-lattice", out)["binder"]
    assert mean == pytest.approx(2 / 3, abs=0.01)  # of the order parameter: ordered


@pytest.mark.parametrize("method", METHODS)
def test_the_sign_of_a_running_lattice_can_change(method):
    """The state stays, the energy of its bonds turns over, and the lattice comes to the other
    order.
    """
    run = replicon.start(
        "square-lattice", method=method, temperature=1.5, size=8, seed=1, sweeps=20
    )
    run.step(20)
    before, seen = run.measure(), run.view()["spins"]
    run.set("coupling", -1.0)
    np.testing.assert_array_equal(run.view()["spins"], seen)
    assert run.measure()["energy"] == -before["energy"] > 0
    run.step(300)
    after = run.measure()
    assert after["energy"] < -1.5
    assert after["staggered_magnetization"] > 0.7 > after["magnetization"]
    assert after["order"] == after["staggered_magnetization"]


# Wrong twins
# ------------------------------------------------------------------------------------------


def test_one_bond_between_two_spins_is_rejected():
    """Of two by two spins on a ring of four bonds."""
    spins = _states(2)
    ring = spins[:, 0, 0] * (spins[:, 0, 1] + spins[:, 1, 0]) + spins[:, 1, 1] * (
        spins[:, 0, 1] + spins[:, 1, 0]
    )
    weight = np.exp(ring / 3)
    wrong = {
        "magnetization": weight @ np.abs(spins.mean(axis=(1, 2))) / weight.sum(),
        "energy": -2 * (weight @ ring) / weight.sum() / 4,
    }
    for method in METHODS[1:]:
        out = _simulated(method, 2, 1.0, 3.0, sweeps=200)
        for name, value in wrong.items():
            assert_rejected(out[name].values, value)


@pytest.mark.parametrize("method", [1, 2])
def test_clusters_of_unlike_spins_that_join_like_ones_are_rejected(method):
    """The cluster updates at a negative coupling, without the map to staggered spins."""
    exact = _counted(4, -1.0, 3.0)["energy"]

    def energies(seed):
        rng = np.random.default_rng(seed)
        spins = np.ones((4, 4), np.int8)
        grown = np.zeros(2, np.int64)
        total = 0.0
        for sweep in range(300):
            lattice.advance(spins, method, -1 / 3, grown, sweep < 100, 1, rng)
            total += lattice.measure(spins)[1] if sweep >= 100 else 0
        return total / 200 / 16

    assert_rejected([energies(seed) for seed in range(40)], exact)


def test_sublattices_are_counted_by_place():
    rng = np.random.default_rng(0)
    black, white = rng.integers(0, 2**64, (2, 6, 3), np.uint64)
    up = np.empty(64, np.int64)
    lattice.count_up(black, up)
    row, column = np.indices((6, 6))
    for bit in (0, 17, 63):
        spins = lattice.unpacked(black, white, bit)
        total = spins[(row + column) % 2 == 0].sum()
        assert lattice.black_total(spins) == total == 2 * up[bit] - 18


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"size": 1}, r"size must be a whole number >= 2"),
        ({"size": 2, "method": "metropolis"}, "size = 2: method metropolis .* take another method"),
        ({"size": 7, "coupling": -1, "method": "wolff"}, r"size = 7 is odd: on such a torus"),
        ({"size": 7, "coupling": [1, -2], "method": "swendsen-wang"}, "coupling = -2 cannot all"),
        ({"size": 7, "coupling": -1, "method": "metropolis"}, "needs an even L"),
        ({"size": 8, "coupling": 0, "method": "wolff"}, "coupling = 0: method wolff"),
        ({"size": 8, "coupling": 0, "method": "metropolis"}, "coupling = 0: method metropolis"),
        ({"size": 8, "coupling": math.nan}, "coupling = nan is outside its domain"),
        ({"size": 8, "coupling": "anti"}, "coupling = 'anti' is outside its domain"),
    ],
)
def test_lattices_are_refused_in_a_sentence(given, words):
    with pytest.raises(replicon.InputError, match=words):
        replicon.simulate("square-lattice", **given)


def test_a_running_lattice_refuses_what_it_cannot_do():
    run = replicon.start("square-lattice", method="wolff", size=5)
    with pytest.raises(replicon.InputError, match="is odd: on such a torus"):
        run.set("coupling", -1)
    assert run.step(3).controls["coupling"] == 1
