"""Perceptrons: limits and identities of the theory, enumeration against a sum written out, theory
against enumeration.
"""

import itertools
import math

import numpy as np
import pytest
from tests.statistical import assert_mean

import replicon
from replicon.perceptron import storage_finite as simulation


@pytest.mark.parametrize("symmetric", [False, True])
def test_enumeration_against_the_sum_written_out(symmetric):
    rng = np.random.default_rng(0)
    patterns, margin = rng.normal(size=(7, 9)), 0.4
    counts, sums = simulation.enumerate_errors(patterns, margin, symmetric)
    wanted, mean = np.zeros(8), np.zeros((8, 9))
    for w in itertools.product((-1, 1), repeat=9):
        stability = [sum(a * b for a, b in zip(x, w, strict=True)) / 3 for x in patterns]
        errors = (
            sum(abs(s) > margin for s in stability)
            if symmetric
            else sum(s < margin for s in stability)
        )
        wanted[errors] += 1
        mean[errors] += w
    np.testing.assert_array_equal(counts, wanted)
    np.testing.assert_allclose(sums, mean)


def test_no_pattern_leaves_all_weights():
    out = replicon.solve("perceptron", load=0.0)
    assert float(out["entropy"]) == pytest.approx(math.log(2), abs=1e-12)
    assert float(out["overlap"]) == pytest.approx(0.0, abs=1e-12)
    assert replicon.simulate("perceptron", load=0.0, size=8, samples=2)[
        "entropy"
    ].values == pytest.approx(math.log(2))


@pytest.mark.slow
def test_entropy_of_the_symmetric_perceptron_is_annealed():
    from scipy.special import ndtr

    out = replicon.solve("perceptron", constraint="symmetric", margin=1.0, load=[0.5, 1.5])
    expected = math.log(2) + np.array([0.5, 1.5]) * math.log(2 * ndtr(1.0) - 1)
    np.testing.assert_allclose(out["entropy"], expected, atol=1e-10)


def test_beyond_the_capacity_the_branch_is_returned_and_flagged():
    out = replicon.solve("perceptron", load=[0.8, 0.9])
    assert out["converged"].all()
    assert out["stable"].values.tolist() == [1, 0]
    assert out["entropy"].values[1] < 0
    with pytest.raises(replicon.ConvergenceError, match="has reached one, far beyond the capacity"):
        replicon.solve("perceptron", load=1.9)
    with pytest.raises(replicon.ConvergenceError, match="give margin > 0"):
        replicon.solve("perceptron", constraint="symmetric", margin=0)


def test_spherical_entropy_is_gardners_volume():
    """(1/2) ln(1-q) + q/(2(1-q)) + load E ln H at its stationary q, by a scan that
    shares no code.
    """
    from scipy.special import log_ndtr

    z = np.linspace(-10, 10, 4001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()

    def phi(q, load=0.7, margin=0.3):
        return (
            np.log(1 - q) / 2
            + q / (2 * (1 - q))
            + load * weight @ log_ndtr(-(margin + np.sqrt(q) * z) / np.sqrt(1 - q))
        )

    out = replicon.solve("perceptron", weights="spherical", load=0.7, margin=0.3)
    q = float(out["overlap"])
    assert phi(q) == pytest.approx(float(out["entropy"]), abs=1e-10)
    assert (phi(q + 1e-4) - phi(q - 1e-4)) / 2e-4 == pytest.approx(0.0, abs=1e-6)


def test_zero_temperature_is_the_limit_of_low_temperature():
    cold, zero = (
        replicon.solve("perceptron", load=0.5, temperature=0.05),
        replicon.solve("perceptron", load=0.5),
    )
    for name in ("entropy", "overlap", "energy"):
        assert float(cold[name]) == pytest.approx(float(zero[name]), abs=1e-6)


def test_settings_that_cannot_be_enumerated_are_refused():
    with pytest.raises(replicon.InputError, match="give size <= 25"):
        replicon.simulate("perceptron", size=26)
    with pytest.raises(replicon.InputError, match="give size <= 25"):
        replicon.simulate("perceptron-teacher", size=26)
    with pytest.raises(replicon.InputError, match="cannot be enumerated"):
        replicon.simulate("perceptron", weights="spherical", size=10)
    with pytest.raises(replicon.ConvergenceError, match="was not found"):
        replicon.find_transition("perceptron", "capacity", weights="spherical", margin=-1)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_enumeration_extrapolates_to_the_theory(temperature):
    """Corrections 1/N: sizes 8 and 16 extrapolate."""
    theory = replicon.solve("perceptron", load=0.5, temperature=temperature)
    small, large = (
        replicon.simulate(
            "perceptron", load=0.5, temperature=temperature, size=n, samples=400, seed=2
        )
        for n, k in ((10, 0.5), (20, 0.5))
    )
    for name, effect in (("entropy", 0.02), ("energy", 0.06)):
        assert_mean(2 * large[name].values - small[name].values, float(theory[name]), effect=effect)


def test_students_know_each_other_as_they_know_the_teacher():
    """Nishimori: the mean overlap of two students is that of a student with the teacher; enumerated
    at N = 14.
    """
    rng = np.random.default_rng(0)
    gap = []
    for _ in range(300):
        teacher = rng.choice([-1.0, 1.0], 14)
        patterns = rng.normal(size=(12, 14))
        patterns *= np.sign(patterns @ teacher)[:, None]
        counts, sums = simulation.enumerate_errors(patterns, 0.0, False)
        mean = sums[0] / counts[0]
        gap.append(mean @ teacher / 14 - mean @ mean / 14)
    assert_mean(gap, 0.0, effect=0.1)


def test_learning_a_rule_extrapolates_to_the_theory():
    theory = replicon.solve("perceptron-teacher", load=0.5)
    small, large = (
        replicon.simulate("perceptron-teacher", load=0.5, size=n, samples=600, seed=3)
        for n in (8, 16)
    )
    for name, effect in (("overlap", 0.1), ("entropy", 0.06)):
        assert_mean(2 * large[name].values - small[name].values, float(theory[name]), effect=effect)


@pytest.mark.slow
def test_the_imperfect_state_is_metastable_and_then_ends():
    out = replicon.solve("perceptron-teacher", load=[1.0, 1.3, 1.6])
    assert out["converged"].values.tolist() == [True, True, False]
    assert out["entropy"].values[0] > 0 > out["entropy"].values[1]
    with pytest.raises(
        replicon.ConvergenceError, match=r"ends at transition 'spinodal', load 1\.493"
    ):
        replicon.solve("perceptron-teacher", load=1.6)
    assert float(replicon.solve("perceptron-teacher", branch="perfect", load=1.6)["overlap"]) == 1.0


def test_frozen_energy_does_not_depend_on_temperature():
    """Above the capacity, below the freezing temperature 1/5.3447: least errors per weight
    0.026268, no entropy, m = T/T_f.
    """
    out = replicon.solve("perceptron", branch="frozen", load=1.0, temperature=[0.05, 0.1, 0.18])
    assert out["converged"].all() and out["stable"].values.tolist() == [1, 1, 1]
    np.testing.assert_allclose(out["energy"], 0.026268, atol=1e-6)
    np.testing.assert_allclose(out["entropy"], 0.0, atol=1e-9)
    np.testing.assert_allclose(out["complexity"], 0.0, atol=1e-9)
    np.testing.assert_allclose(out["breaking"], np.array([0.05, 0.1, 0.18]) * 5.344709, atol=1e-5)
    for controls in (
        {"load": 0.5, "temperature": 0.1},
        {"load": 1.0},
        {"load": 1.0, "temperature": 0.1, "weights": "spherical"},
    ):
        with pytest.raises(replicon.ConvergenceError):
            replicon.solve("perceptron", branch="frozen", **controls)


@pytest.mark.slow
def test_one_step_breaking_of_the_sphere_beyond_the_almeida_thouless_load():
    """Margin -1: replica symmetry breaks at 7.87; beyond, the free entropy at its stationary m is
    less than the symmetric one.
    """
    crossing = float(
        replicon.find_transition(
            "perceptron", "almeida-thouless", weights="spherical", margin=-1.0
        )["value"]
    )
    assert crossing == pytest.approx(7.8736, abs=1e-3)
    sphere = {"weights": "spherical", "margin": -1.0, "load": [9.0, 12.0]}
    broken, symmetric = (
        replicon.solve("perceptron", branch="one-step", **sphere),
        replicon.solve("perceptron", **sphere),
    )
    assert broken["converged"].all()
    assert (broken["free_entropy"] < symmetric["free_entropy"]).all()
    assert ((broken["breaking"] > 0) & (broken["breaking"] < 1)).all()
    assert (broken["inner_overlap"] > symmetric["overlap"]).all()
    np.testing.assert_allclose(broken["complexity"], 0.0, atol=1e-9)
    # Stationary: neighbouring m give the same free entropy to second order.
    m = float(broken["breaking"][0])
    near = replicon.solve(
        "perceptron",
        branch="one-step",
        weights="spherical",
        margin=-1.0,
        load=9.0,
        breaking_parameter=[m - 0.01, m + 0.01],
    )
    assert abs(float(near["free_entropy"][1] - near["free_entropy"][0])) < 1e-5
    with pytest.raises(replicon.ConvergenceError, match="take branch replica-symmetric"):
        replicon.solve("perceptron", branch="one-step", load=0.5)


def _saddle(q, load, margin, temperature, weights):
    """(overlap, entropy) that the replica-symmetric equations give back for the overlap q,
    constraint threshold: the trapezoid of 20,001 nodes, derivatives by differences, no code shared.
    """
    from scipy.special import log_ndtr

    z = np.linspace(-12, 12, 20001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    width, leak = math.sqrt(1 - q), math.exp(-1 / temperature) if temperature else 0.0

    def log(field):
        value = log_ndtr((field - margin) / width)
        return np.logaddexp(math.log(leak), math.log1p(-leak) + value) if leak else value

    field, step = math.sqrt(q) * z, 1e-5 * width
    slope = (log(field + step) - log(field - step)) / (2 * step)
    conjugate = load * (weight @ slope**2)
    wrong = (
        np.exp(math.log(leak) - log(field)) * -np.expm1(log_ndtr((field - margin) / width))
        if leak
        else 0 * z
    )
    energetic = load * (weight @ log(field)) + (
        load * (weight @ wrong) / temperature if temperature else 0.0
    )
    if weights == "spherical":
        return conjugate * (1 - q) ** 2, math.log(1 - q) / 2 + q / (2 * (1 - q)) + energetic
    root = math.sqrt(conjugate) * z
    return (
        weight @ np.tanh(root) ** 2,
        -conjugate * (1 - q) / 2 + weight @ np.logaddexp(root, -root) + energetic,
    )


@pytest.mark.parametrize("weights", ["ising", "spherical"])
def test_whatever_is_marked_converged_solves_the_equations(weights):
    """Loads from 1e-9 to 1000, margins from -5 to 5, temperatures from 0 and 1e-6 to 1e4, edges
    among them.
    """
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(6):  # a grid of 3 x 3 x 3 at a time
        asked = {
            "load": [0.0, float(10 ** rng.uniform(-9, 0)), float(10 ** rng.uniform(0, 3))],
            "margin": [float(rng.choice([-5.0, -1e-6, 0.0, 5.0])), *rng.uniform(-2, 2, 2).tolist()],
            "temperature": [0.0, float(10 ** rng.uniform(-6, -1)), float(10 ** rng.uniform(-1, 4))],
        }
        out = replicon.solve("perceptron", weights=weights, **asked)
        for point in itertools.product(*(range(3) for _ in asked)):
            at = out.isel(dict(zip(("load", "margin", "temperature"), point)))
            load, margin, temperature = (asked[name][k] for name, k in zip(asked, point))
            if (
                not at["converged"] or 0 < temperature < 2e-3
            ):  # errors cost e^-500: no difference of two numbers shows them
                continue
            seen += 1
            q = max(float(at["overlap"]), 0.0)
            overlap, entropy = _saddle(q, load, margin, temperature, weights)
            assert overlap == pytest.approx(q, rel=2e-6, abs=1e-8), (load, margin, temperature)
            assert entropy == pytest.approx(float(at["entropy"]), rel=1e-5, abs=1e-6), (
                load,
                margin,
                temperature,
            )
            assert entropy <= (math.log(2) if weights == "ising" else 0.0) + 1e-9
    assert seen > 60


def test_points_alone_and_in_a_grid_are_the_same():
    loads, temperatures = [0.3, 0.8, 1.0, 50.0], [0.0, 0.2]
    grid = replicon.solve("perceptron", load=loads, temperature=temperatures)
    for i, j in itertools.product(range(4), range(2)):
        try:
            alone = replicon.solve("perceptron", load=loads[i], temperature=temperatures[j])
        except replicon.ConvergenceError:
            assert not grid["converged"].values[i, j]
            continue
        for name in ("overlap", "entropy", "energy", "replicon"):
            assert float(alone[name]) == float(grid[name].values[i, j])


def test_impossible_constraints_at_a_temperature_are_all_errors():
    """|field| <= 0 never holds: every weight vector errs on every pattern, whose cost changes
    nothing.
    """
    out = replicon.solve(
        "perceptron", constraint="symmetric", margin=[-1.0, 0.0], temperature=0.5, load=2.0
    )
    np.testing.assert_allclose(out["entropy"], math.log(2), atol=1e-12)
    np.testing.assert_allclose(out["energy"], 1.0, atol=1e-12)


def test_enumeration_knows_any_temperature():
    """T = 0.0003, beyond the capacity: all weight in the states of least errors, where
    exp(-errors/T) is zero in doubles.
    """
    patterns = np.random.default_rng(0).standard_normal((30, 10))
    counts, sums = simulation.enumerate_errors(patterns, 0.0, False)
    least = int(np.flatnonzero(counts)[0])
    states = simulation.States(counts, sums)
    (overlap, entropy, energy, solvable), _ = simulation.averages(states, 3e-4)
    assert least > 0 and solvable == 1
    assert energy == pytest.approx(least / 30, abs=1e-12)
    assert entropy == pytest.approx(math.log(counts[least]) / 10, abs=1e-12)
    mean = sums[least] / counts[least]
    assert overlap == pytest.approx(mean @ mean / 10, abs=1e-12)
    assert simulation.averages(states, 0.0)[0].solvable == 0


def test_frozen_states_at_a_given_breaking_parameter_are_counted():
    """phi_RS(m beta)/m: Sigma = s_RS at temperature T/m, each cluster one weight vector, so that
    entropy = Sigma <= ln 2; below m* = 0.534 clusters are many, above it their entropy is negative
    and the state not stable.
    """
    m = [1e-3, 0.1, 0.3, 0.5, 0.8, 1.0]
    out = replicon.solve(
        "perceptron", branch="frozen", load=1.0, temperature=0.1, breaking_parameter=m
    )
    assert out["converged"].all()
    for k, value in enumerate(m):
        whole = replicon.solve("perceptron", load=1.0, temperature=0.1 / value)
        assert float(out["entropy"][k]) == pytest.approx(float(whole["entropy"]), abs=1e-12)
        assert float(out["complexity"][k]) == pytest.approx(float(whole["entropy"]), abs=1e-12)
        assert float(out["energy"][k]) == pytest.approx(float(whole["energy"]), abs=1e-12)
    assert (out["entropy"] <= math.log(2)).all()
    assert out["stable"].values.tolist() == [1, 1, 1, 1, 0, 0]


@pytest.mark.slow
def test_one_step_breaking_of_warm_spheres_is_found_at_every_temperature():
    """Load 2.4166, margin 0: replica symmetry breaks at T = 0.1675; below, one smooth branch, the
    same point by point.
    """
    temperatures = [0.1, 0.13, 0.14, 0.145, 0.15, 0.155, 0.16]
    sphere = {"weights": "spherical", "load": 2.4166}
    out = replicon.solve("perceptron", branch="one-step", temperature=temperatures, **sphere)
    assert out["converged"].all()
    np.testing.assert_allclose(
        out["breaking"],
        [0.499028, 0.600076, 0.630677, 0.645479, 0.659967, 0.674149, 0.688020],
        atol=2e-6,
    )
    np.testing.assert_allclose(out["complexity"], 0.0, atol=1e-13)
    for k in (3, 5):
        alone = replicon.solve(
            "perceptron", branch="one-step", temperature=temperatures[k], **sphere
        )
        assert float(alone["breaking"]) == pytest.approx(float(out["breaking"][k]), abs=1e-9)
    # The stationary m minimises the free entropy, which is the symmetric one's at m = 0 and m = 1.
    symmetric = replicon.solve("perceptron", temperature=temperatures, **sphere)
    assert (out["free_entropy"] < symmetric["free_entropy"]).all()
    with pytest.raises(replicon.ConvergenceError, match="replica symmetry is stable"):
        replicon.solve("perceptron", branch="one-step", temperature=0.18, **sphere)


def test_teachers_on_the_sphere_are_never_known_exactly():
    with pytest.raises(replicon.ConvergenceError, match="take branch imperfect"):
        replicon.solve("perceptron-teacher", weights="spherical", branch="perfect")
    theory = replicon.solve("perceptron-teacher", weights="spherical", load=2.0)
    measured = replicon.simulate(
        "perceptron-teacher",
        weights="spherical",
        load=2.0,
        method="amp",
        size=300,
        samples=40,
        seed=1,
    )
    assert_mean(measured["overlap"].values, float(theory["overlap"]), effect=0.05)


def test_state_evolution_stays_imperfect_until_the_spinodal():
    out = replicon.solve("perceptron-teacher", branch="algorithmic", load=[1.4, 1.48, 1.5])
    assert out["branch"].values.tolist() == ["imperfect", "imperfect", "perfect"]
    imperfect = replicon.solve("perceptron-teacher", branch="imperfect", load=[1.4, 1.48])
    np.testing.assert_allclose(out["overlap"][:2], imperfect["overlap"], atol=1e-9)


@pytest.mark.slow
def test_landscape_meets_the_typical_entropy_where_typical_solutions_are():
    """At p = q, V = S and the slope vanishes; V is the same from both sides of where its path
    begins.
    """
    typical = replicon.solve("perceptron", load=0.5)
    centre = (1 - float(typical["overlap"])) / 2
    distances = centre + np.array(
        [-0.02, -0.0101, -0.0099, -0.001, 0.0, 0.001, 0.0099, 0.0101, 0.02]
    )
    out = replicon.solve("perceptron-landscape", load=0.5, distance=distances.tolist())
    assert out["converged"].all()
    entropy = out["entropy"].values
    assert entropy[4] == pytest.approx(float(typical["entropy"]), abs=1e-9)
    assert entropy.argmax() == 4
    curvature = (entropy - entropy[4])[entropy != entropy[4]] / ((distances - centre) ** 2)[
        entropy != entropy[4]
    ]
    assert curvature.std() / abs(curvature.mean()) < 0.02
    with pytest.raises(replicon.ConvergenceError, match="beyond the capacity"):
        replicon.solve("perceptron-landscape", load=0.9)
    with pytest.raises(replicon.ConvergenceError, match="was not found"):
        replicon.find_transition("perceptron-landscape", "isolation", load=0.1)


@pytest.mark.slow
def test_many_replicas_approach_their_limit():
    """All observables at y = 1000 are those at infinity within c/y; phi itself by
    external_entropy/y.
    """
    many = replicon.solve("perceptron-clusters", load=0.6, overlap=[0.8, 0.9], replicas=1000.0)
    limit = replicon.solve("perceptron-clusters", load=0.6, overlap=[0.8, 0.9])
    np.testing.assert_allclose(many["local_entropy"], limit["local_entropy"], atol=3e-6)
    np.testing.assert_allclose(many["external_entropy"], limit["external_entropy"], atol=4e-3)
    np.testing.assert_allclose(
        many["free_entropy"], limit["free_entropy"] + limit["external_entropy"] / 1000, atol=1e-5
    )
    with pytest.raises(replicon.ConvergenceError, match="give an overlap well above"):
        replicon.solve("perceptron-clusters", load=0.6, overlap=0.3)


@pytest.mark.slow
def test_hundred_replicas_at_overlap_099_are_accurate():
    """Doubled nodes change the entropies by less than 1e-5: phi 0.017656, local entropy 0.017111 at
    load 0.6.
    """
    out = replicon.solve("perceptron-clusters", load=0.6, overlap=0.99, replicas=100.0)
    assert float(out["free_entropy"]) == pytest.approx(0.017656, abs=1e-6)
    assert float(out["local_entropy"]) == pytest.approx(0.017111, abs=1e-6)


@pytest.mark.slow
def test_cluster_limit_is_where_the_local_entropy_stops_to_fall():
    limit = float(replicon.find_transition("perceptron-clusters", "cluster-limit")["value"])
    assert 0.75 < limit < 0.78  # published as about 0.77
    overlaps = np.arange(0.86, 0.98, 0.01).tolist()
    below, above = (
        replicon.solve("perceptron-clusters", load=limit + d, overlap=overlaps)[
            "local_entropy"
        ].values
        for d in (-0.003, 0.003)
    )
    assert (np.diff(below) < 0).all()
    assert (np.diff(above) > 0).any()
