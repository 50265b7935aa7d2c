"""Hopfield: the T = 0 equations, the phase diagram's known points, and finite memories beside the
theory.
"""

import math

import numpy as np
import pytest
from scipy import optimize
from scipy.special import erf
from tests.statistical import assert_mean

import replicon
from replicon import data


def test_zero_temperature_is_the_equation_of_amit_gutfreund_sompolinsky():
    for load in (0.02, 0.08, 0.137):

        def equation(y, load=load):
            return y * (math.sqrt(2 * load) + 2 / math.sqrt(math.pi) * math.exp(-(y**2))) - erf(y)

        largest = optimize.brentq(equation, 1.5, 20)
        out = replicon.solve("hopfield", load=load, temperature=0)
        assert float(out["magnetization"]) == pytest.approx(erf(largest), abs=1e-10)
        assert float(out["overlap"]) == 1.0


def test_the_spinodal_is_where_that_equation_loses_its_root():
    def load_at(y):
        return (erf(y) / y - 2 / math.sqrt(math.pi) * math.exp(-(y**2))) ** 2 / 2

    best = optimize.minimize_scalar(
        lambda y: -load_at(y), bounds=(1, 3), method="bounded", options={"xatol": 1e-12}
    )
    assert float(
        replicon.find_transition("hopfield", "retrieval", temperature=0)["value"]
    ) == pytest.approx(-best.fun, abs=1e-10)
    out = replicon.solve("hopfield", load=-best.fun * (1 - 1e-9), temperature=0)
    assert float(out["magnetization"]) == pytest.approx(
        0.967, abs=1e-3
    )  # AGS 1987: errors of 1.6 % at the capacity
    assert float(out["magnetization"]) == pytest.approx(erf(best.x), abs=1e-3)


def test_lines_meet_where_they_should():
    temperature = np.linspace(0, 0.98, 15)
    spinodal = replicon.find_transition("hopfield", "retrieval", temperature=list(temperature))[
        "value"
    ].values
    crossing = replicon.find_transition(
        "hopfield", "global-retrieval", temperature=list(temperature)
    )["value"].values
    assert (crossing < spinodal).all()
    assert (np.diff(spinodal) < 0).all()
    assert spinodal[-1] < 1e-3  # both lines end at load 0, T = 1
    load = [0.01, 0.1, 0.5]
    glass = replicon.find_transition("hopfield", "spin-glass", load=load)["value"].values
    np.testing.assert_allclose(glass, 1 + np.sqrt(load), atol=1e-9)


def test_the_branch_is_named_and_spurious_ones_are_refused():
    with pytest.raises(
        replicon.ConvergenceError, match=r"ends at transition 'retrieval', load 0\.1379"
    ):
        replicon.solve("hopfield", load=0.15, temperature=0)
    grid = replicon.solve("hopfield", load=[0.13, 0.15], temperature=0)
    assert grid["converged"].values.tolist() == [True, False]
    assert np.isnan(grid["magnetization"].values[1])
    with pytest.raises(replicon.ConvergenceError, match="spin-glass"):
        replicon.solve("hopfield", branch="spin-glass", load=0.1, temperature=1.5)


def test_ten_thousand_points_are_one_grid():
    out = replicon.solve(
        "hopfield",
        load=list(np.linspace(0.001, 0.13, 100)),
        temperature=list(np.linspace(0, 0.9, 100)),
    )
    there = out["converged"].values
    spinodal = replicon.find_transition(
        "hopfield", "retrieval", temperature=list(out["temperature"].values)
    )["value"].values
    expected = out["load"].values[:, None] < spinodal[None, :]
    assert (there == expected).mean() > 0.999  # the rest lies within rounding of the line


@pytest.mark.parametrize("temperature", [0.0, 0.3])
def test_retrieval_approaches_the_theory_with_size(temperature):
    """The overlap at load 0.05: corrections of order 1/N, extrapolated from two sizes."""
    theory = replicon.solve("hopfield", load=0.05, temperature=temperature)
    small, large = (
        replicon.simulate(
            "hopfield", load=0.05, temperature=temperature, size=n, samples=100, seed=3
        )
        for n in (800, 1600)
    )
    names = {
        "magnetization": 0.02,
        "energy": 0.04,
        **({"overlap": 0.02} if temperature else {}),
    }  # at T = 0 both replicas are one
    for name, effect in names.items():
        assert_mean(2 * large[name].values - small[name].values, float(theory[name]), effect=effect)


@pytest.mark.slow
def test_four_thousand_spins_leave_the_retrieval_branch_at_the_capacity():
    """The load at which the mean overlap falls below the last the theory allows, 0.967, lies within
    0.138 +- 0.01 (AGS 1987).
    """
    m = replicon.simulate(
        "hopfield", load=[0.128, 0.148], temperature=0, size=4000, samples=40, seed=7
    )["magnetization"].values
    below, above = m.mean(axis=1)
    assert below > 0.967 > above


@pytest.mark.slow
def test_half_of_the_memories_are_lost_at_a_load_that_tends_to_the_capacity():
    """That load lies above the capacity by c N^(-1/2) (0.17 at N = 1000): two sizes extrapolate to
    0.138 +- 0.01, with a standard error of 0.003. Each at the loads about its own.
    """
    half = []
    for size, last, samples in ((500, 0.21, 100), (2000, 0.17, 60)):
        load = np.arange(0.14, last + 0.005, 0.01).tolist()
        m = replicon.simulate(
            "hopfield", load=load, temperature=0, size=size, samples=samples, seed=8
        )["magnetization"].values
        kept = (m > 0.8).mean(axis=1)
        slope, offset = np.polyfit(
            load, np.log((kept + 0.005) / (1.005 - kept)), 1
        )  # a logistic curve through all loads
        half.append(-offset / slope)
    assert half[0] > half[1] > 0.138
    assert abs(2 * half[1] - half[0] - 0.138) < 0.01


def test_pseudo_inverse_stores_what_hebb_cannot():
    settings = {"load": 0.5, "temperature": 0, "size": 200, "samples": 6, "seed": 1}
    assert (
        replicon.simulate("hopfield", rule="pseudo-inverse", **settings)[
            "magnetization"
        ].values.min()
        == 1.0
    )
    assert (
        replicon.simulate("hopfield", rule="hebb", **settings)["magnetization"].values.mean() < 0.6
    )


def test_dense_memories_store_more_than_pairs():
    settings = {"load": 0.3, "temperature": 0, "size": 60, "samples": 6, "seed": 1, "start": 0.8}
    for rule in ("polynomial", "exponential"):
        assert (
            replicon.simulate("hopfield", rule=rule, degree=4, **settings)[
                "magnetization"
            ].values.mean()
            > 0.97
        )
    assert (
        replicon.simulate("hopfield", rule="hebb", **settings)["magnetization"].values.mean() < 0.8
    )


def test_digits_are_recalled_by_the_pseudo_inverse_and_kept_as_images():
    out = replicon.simulate(
        "hopfield",
        load=0.0255,
        temperature=0,
        patterns="digits",
        rule="pseudo-inverse",
        start=0.8,
        size=784,
        samples=5,
    )
    assert out["magnetization"].values.mean() > 0.95
    images = [name for name in out.data_vars if out[name].dims[-1:] == ("pixel",)]
    assert set(images) == {"pattern", "start_state", "final_state"}
    start = (out["pattern"].values * out["start_state"].values).mean(axis=-1)
    np.testing.assert_allclose(start, 0.8, atol=2e-3)


def test_sizes_and_loads_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(replicon.InputError, match="give that size"):
        replicon.simulate("hopfield", size=100, patterns="digits")
    with pytest.raises(replicon.InputError, match="load < 1"):
        replicon.simulate("hopfield", size=100, load=1.0, rule="pseudo-inverse")
    np.save(tmp_path / "few.npy", np.ones((3, 50)))
    with pytest.raises(replicon.InputError, match="needs 10 patterns"):
        replicon.simulate("hopfield", size=50, load=0.2, patterns=str(tmp_path / "few.npy"))


def test_comparisons_are_made_at_the_load_really_stored():
    """At N = 30 loads 0.05 and 0.06 are both two patterns, 0.1 is three: one theory for the first
    two, and a sentence.
    """
    out = replicon.compare("hopfield", size=30, load=[0.05, 0.06, 0.1], temperature=0.1, samples=3)
    exact = replicon.solve("hopfield", load=[2 / 30, 0.1], temperature=0.1)
    for name in ("magnetization", "energy"):
        found = out["theory"].sel(observable=name).values
        np.testing.assert_array_equal(found, exact[name].values[[0, 0, 1]])
    assert out["load"].values.tolist() == [0.05, 0.06, 0.1]
    assert out.attrs["remarks"] == [
        "At size 30 load is rounded to what can be counted: theory is asked at load = 0.06667 for"
        " 0.05, 0.06667 for 0.06."
    ]
    assert "remarks" not in replicon.compare("hopfield", size=40, load=0.05, samples=3).attrs
    assert (
        "load = 0.5455 for 0.5"
        in replicon.compare("perceptron", size=11, load=0.5, samples=2).attrs["remarks"][0]
    )


def test_comparisons_say_what_theory_assumes_of_patterns(tmp_path):
    rng = np.random.default_rng(0)
    found = {}
    for name, chance in (("biased", 0.7), ("fair", 0.5)):
        np.save(tmp_path / f"{name}.npy", np.where(rng.random((20, 50)) < chance, 1, -1))
        settings = {
            "patterns": str(tmp_path / f"{name}.npy"),
            "size": 50,
            "load": 0.04,
            "samples": 2,
        }
        found[name] = replicon.compare("hopfield", **settings).attrs["remarks"]
    assert len(found["biased"]) == len(found["fair"]) == 1
    assert "Theory is that of random patterns, unbiased and independent" in found["biased"][0]
    assert "mean 0.3" in found["biased"][0]
    assert "no bias or correlation that shows" in found["fair"][0]
    rule = replicon.compare("hopfield", size=40, load=0.05, rule="pseudo-inverse", samples=2).attrs[
        "remarks"
    ]
    assert rule == ["Theory is that of Hebb's rule, not of rule=pseudo-inverse."]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.ones((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.array([[0.5, 1.0]]), "values such as 0.5, 1"),
        (np.ones((0, 4)), "shape"),
        (np.array([["a", "b"]]), "could not be read"),
        (b"no array at all", "could not be read"),
        (None, "No file"),
    ],
)
def test_pattern_files_that_cannot_be_used_are_refused(tmp_path, content, words):
    path = tmp_path / "patterns.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content)
    with pytest.raises(replicon.InputError, match=words) as caught:
        replicon.data.load_patterns(path)
    assert "expected an array (patterns, spins) of +-1 or 0/1" in str(caught.value)


def test_pattern_files_of_all_kinds_give_the_same(tmp_path):
    patterns = np.random.default_rng(0).choice([-1, 1], (4, 30))
    np.save(tmp_path / "a.npy", patterns)
    np.savez(tmp_path / "a.npz", patterns=(patterns + 1) // 2)
    np.savetxt(tmp_path / "a.csv", patterns, delimiter=",")
    for ending in ("npy", "npz", "csv"):
        np.testing.assert_array_equal(
            replicon.data.load_patterns(tmp_path / f"a.{ending}"), patterns
        )
    out = replicon.simulate(
        "hopfield", patterns=str(tmp_path / "a.npy"), load=0.1, size=30, samples=2
    )
    assert (out["pattern"].values[:, None] == patterns).all(axis=-1).any(axis=-1).all()


def test_digits():
    images, labels = replicon.data.digits()
    assert images.shape == (5000, 28, 28)
    assert np.bincount(labels).tolist() == [500] * 10
    assert set(np.unique(data.binary_digits())) == {-1, 1}


@pytest.mark.parametrize("load", [0.001, 0.01])
def test_the_almeida_thouless_line_is_followed_to_small_loads(load):
    """Cold and nearly without noise: T = load (4/3) p(0) of a normal field of mean 1 and variance
    load.
    """
    value = float(replicon.find_transition("hopfield", "almeida-thouless", load=load)["value"])
    assert value == pytest.approx(
        load * 4 / 3 * np.exp(-1 / (2 * load)) / np.sqrt(2 * np.pi * load), rel=2e-3
    )


@pytest.mark.parametrize(
    ("name", "at", "reason"),
    [
        ("retrieval", {"temperature": 1.2}, "nothing is retrieved"),
        ("global-retrieval", {"temperature": 1.0}, "nothing is retrieved"),
        ("almeida-thouless", {"load": 0.2}, "no retrieval state beyond load 0.1379"),
        ("spin-glass", {"load": 0.0}, "single pattern"),
    ],
)
def test_lines_that_do_not_exist_have_a_reason(name, at, reason):
    with pytest.raises(replicon.ConvergenceError, match=f"does not exist.*{reason}"):
        replicon.find_transition("hopfield", name, **at)
