"""Restricted Boltzmann machine with a teacher: identities of the theory, and its two sides'
symmetry.
"""

import numpy as np
import pytest

import replicon


@pytest.mark.slow
def test_informed_student_is_on_the_nishimori_line():
    """T = q1, tau = r, R = the teacher's correlation, on every branch the informed
    student is on.
    """
    out = replicon.solve(
        "rbm", load=[0.2, 1.0, 3.0], correlation=[0.0, 0.3, 0.6], inverse_temperature=[0.8, 1.2]
    )
    assert bool(out["converged"].all())
    np.testing.assert_allclose(out["teacher_overlap"], out["overlap"], atol=1e-6)
    np.testing.assert_allclose(out["cross_overlap"], out["cross_replica_overlap"], atol=1e-6)
    np.testing.assert_allclose(
        out["receptive_overlap"],
        np.broadcast_to(out["correlation"].values, out["overlap"].shape),
        atol=1e-6,
    )


def test_entropy_of_an_informed_student_is_the_prior_s_less_what_samples_tell():
    """S = H_prior + phi - alpha c2, at beta 1, q 0.3: H_prior = 1.340594, c2 = 0.417903; computed
    otherwise, from the energy.
    """
    out = replicon.solve("rbm", load=[0.3, 1.0, 2.5, 4.0])
    expected = 1.340594 + out["free_entropy"] - out["load"] * 0.417903
    np.testing.assert_allclose(out["entropy"], expected, atol=2e-5)


def test_free_entropy_rises_from_zero_with_what_is_learned():
    """Bayes-optimal: d phi/d load is the information of one more sample against pure chance, zero
    before learning begins.
    """
    h, load = 1e-3, 2.6
    free = replicon.solve("rbm", load=[load - h, load, load + h])["free_entropy"].values
    assert free[2] > free[1] > free[0] > 0
    quiet = replicon.solve("rbm", load=0.2, prior="uniform")
    assert abs(float(quiet["free_entropy"])) < 1e-9
    assert float(quiet["receptive_overlap"]) == pytest.approx(0.0, abs=1e-12)


def test_data_and_weights_are_dual():
    """One hidden unit: exchanging weights (N) and samples (M) maps load to 1/load and beta^2 to
    beta^2 load, overlaps q <-> t.
    """
    beta, load = 0.9, 2.5
    out = replicon.solve("rbm", hidden=1, inverse_temperature=beta, load=load)
    q = float(out["overlap"])
    z = np.linspace(-9, 9, 4001)
    w = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
    t = w @ np.tanh(
        beta**2 * q + beta * np.sqrt(q) * z
    )  # overlap of the hidden units with the true ones
    dual = replicon.solve(
        "rbm", hidden=1, inverse_temperature=beta * load**0.25 * load**0.25, load=1 / load
    )
    assert float(dual["overlap"]) == pytest.approx(t, abs=1e-9)


def test_two_units_without_correlation_learn_like_one():
    out = replicon.solve("rbm", correlation=0.0, load=2.0)
    one = replicon.solve("rbm", hidden=1, load=2.0)
    assert float(out["overlap"]) == pytest.approx(float(one["overlap"]), abs=1e-9)
    assert float(out["entropy"]) == pytest.approx(2 * float(one["entropy"]), abs=1e-8)
    assert float(out["free_entropy"]) == pytest.approx(2 * float(one["free_entropy"]), abs=1e-9)


def test_phases_follow_one_another():
    loads = [0.5, 1.0, 1.8, 3.0]
    out = replicon.solve("rbm", load=loads, prior="uniform")
    assert out["branch"].values.tolist() == [
        "random-guess",
        "symmetric",
        "permutation-student",
        "permutation-broken",
    ]
    assert bool((out["stable"] == 1).all())
    symmetric = replicon.solve("rbm", load=[1.0, 1.8, 3.0], prior="uniform", branch="symmetric")
    assert symmetric["stable"].values.tolist() == [1, 0, 0]
    with pytest.raises(replicon.ConvergenceError, match="not broken"):
        replicon.solve("rbm", load=1.0, branch="permutation-broken")
    with pytest.raises(replicon.ConvergenceError, match=r"does not exist.*one hidden unit"):
        replicon.find_transition("rbm", "permutation-teacher", hidden=1)


@pytest.mark.slow
def test_transitions_at_other_correlations():
    """Sheet values: (informed both; uniform student, uniform teacher) by another code."""
    for correlation, informed, student, teacher in (
        (0.1, 1.3728, 1.0425, 1.3800),
        (0.5, None, 2.1928, 3.4852),
    ):
        uniform = {"correlation": correlation, "prior": "uniform"}
        assert (
            abs(
                float(replicon.find_transition("rbm", "permutation-student", **uniform)["value"])
                - student
            )
            < 1e-3
        )
        assert (
            abs(
                float(replicon.find_transition("rbm", "permutation-teacher", **uniform)["value"])
                - teacher
            )
            < 1e-4
        )
        if informed:
            for name in ("permutation-student", "permutation-teacher"):
                assert (
                    abs(
                        float(
                            replicon.find_transition("rbm", name, correlation=correlation)["value"]
                        )
                        - informed
                    )
                    < 1e-4
                )


@pytest.mark.slow
def test_permutation_transitions_are_followed_to_strong_correlations():
    """By a scan of the growth factor on the symmetric branch: it passes one between the two loads,
    and nowhere below.
    """
    out = replicon.find_transition("rbm", "permutation-student", correlation=[0.9, 0.95])
    np.testing.assert_allclose(out["value"], [26.97684685, 61.07438302], rtol=1e-6)
    for value, correlation in zip(out["value"].values, out["correlation"].values):
        loads = list(value * np.array([0.01, 0.1, 0.5, 0.999, 1.001]))
        stable = replicon.solve("rbm", branch="symmetric", correlation=correlation, load=loads)[
            "stable"
        ].values
        assert stable.tolist() == [1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ({"correlation": 0.0}, "without correlation"),
        ({"hidden": 1}, "one hidden unit"),
        ({"correlation": 0.99}, "beyond load 100"),
    ],
)
def test_permutation_transitions_that_do_not_exist_have_a_reason(at, reason):
    with pytest.raises(replicon.ConvergenceError, match=f"does not exist.*{reason}"):
        replicon.find_transition("rbm", "permutation-student", **at)


def test_one_hidden_unit_has_a_finite_entropy_everywhere():
    for branch in ("equilibrium", "random-guess", "symmetric"):
        out = replicon.solve(
            "rbm",
            hidden=1,
            load=[0.1, 0.5, 2.0, 20.0, 100.0],
            inverse_temperature=[0.1, 1.0, 5.0],
            branch=branch,
        )
        there = out["converged"].values
        assert np.isfinite(out["entropy"].values[there]).all()
        assert (out["entropy"].values[there] <= np.log(2)).all()
