"""Two hidden units and more whose student takes another inverse temperature, or correlation, than
its teacher's: theory beside `rbm`, one unit, derivatives, sums over all weights and messages.
"""

import numpy as np
import pytest

import replicon

MODEL = "rbm-unmatched"
_OVERLAPS = (
    "teacher_overlap",
    "cross_overlap",
    "overlap",
    "cross_replica_overlap",
    "receptive_overlap",
)
COLD = {"hidden": 2, "load": 5.0, "inverse_temperature": 0.8, "student_correlation": 0.0}


def test_matched_students_are_those_of_rbm():
    """Both priors of `rbm` with two units; the replicon is then what small overlaps feel."""
    loads = [0.1, 1.0, 3.0, 5.0]
    for prior, guess in (("informed", 0.3), ("uniform", 0.0)):
        at = {"hidden": 2, "load": loads, "inverse_temperature": 1.0, "student_correlation": guess}
        out = replicon.solve(MODEL, **at)
        known = replicon.solve("rbm", load=loads, prior=prior)
        for name in _OVERLAPS:
            np.testing.assert_allclose(out[name], known[name], atol=1e-10, err_msg=name)
        free = known["free_entropy"] + 2 * np.log(2)
        np.testing.assert_allclose(out["free_entropy"], free, atol=1e-10)
        # `rbm` blurs ln cosh with 26 nodes, which errs by 1e-7 a sample.
        np.testing.assert_allclose(out["entropy"], known["entropy"], atol=1e-6)
        if prior == "informed":
            stability = out["longitudinal_stability"]
            np.testing.assert_allclose(out["replicon"], stability, atol=1e-8)
            assert (out["stable"] == 1).all()


def test_units_without_correlation_are_learned_one_by_one():
    """Retrieval of a cold and of a warm student, and a spin glass: those of one unit, twice."""
    at = {"load": [3.0, 4.0], "inverse_temperature": [1.5, 0.7]}
    free = {"correlation": 0.0, "student_correlation": 0.0}
    for branch, rows in (("retrieval", (True, True)), ("spin-glass", (True, False))):
        for beta, there in zip(at["inverse_temperature"], rows):
            if not there:
                continue
            given = {"load": at["load"], "inverse_temperature": beta, "branch": branch}
            one = replicon.solve(MODEL, **given)
            two = replicon.solve(MODEL, hidden=2, **free, **given)
            for name in ("teacher_overlap", "overlap"):
                np.testing.assert_allclose(two[name], one[name], atol=1e-6, err_msg=name)
            for name in ("entropy", "thermodynamic_entropy", "free_entropy"):
                np.testing.assert_allclose(two[name], 2 * one[name], atol=1e-5, err_msg=name)
            np.testing.assert_allclose(two["cross_overlap"], 0, atol=1e-6)
            assert (two["replicon"] <= one["replicon"] + 1e-6).all()


def test_thermodynamic_entropy_is_a_derivative_and_the_norm_counts():
    """phi in the student's inverse temperature at fixed overlaps, by central differences: S_th =
    phi - beta dphi/dbeta + load (n - beta dn/dbeta), n = beta^2 + ln cosh(beta^2 R), p = 0.
    """
    step = 1e-4
    betas = np.array([0.8 - step, 0.8, 0.8 + step])
    out = replicon.solve(MODEL, **{**COLD, "load": [2.0, 5.0], "inverse_temperature": list(betas)})
    assert out["branch"].values[:, 1].tolist() == ["symmetric", "permutation-broken"]
    phi = out["free_entropy"].values
    R = out["receptive_overlap"].values[:, 1]
    slope = 0.8 * (phi[:, 2] - phi[:, 0]) / (2 * step)
    norm = 0.64 + np.log(np.cosh(0.64 * R))
    norm_slope = 2 * 0.64 * (1 + R * np.tanh(0.64 * R))
    expected = phi[:, 1] - slope + np.array([2.0, 5.0]) * (norm - norm_slope)
    found = out["thermodynamic_entropy"].values[:, 1]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_onsets_are_closed_and_sooner_for_correlated_units():
    """Warm: the signal comes first, at the closed load, from which T grows; cold: the glass."""
    warm = {"hidden": 2, "inverse_temperature": 0.7, "student_correlation": 0.0}
    value = float(replicon.find_transition(MODEL, "retrieval", **warm)["value"])
    told = (1 + 0.3) * (1 + np.tanh(0.3))
    assert value == pytest.approx(1 / (0.49 * told), abs=1e-12)
    glass = float(replicon.find_transition(MODEL, "spin-glass", **warm)["value"])
    assert glass == pytest.approx(0.7**-4, abs=1e-12)
    out = replicon.solve(MODEL, load=[value * 0.999, value * 1.01], **warm)
    assert out["branch"].values.tolist() == ["paramagnetic", "symmetric"]
    assert 0 < float(out["teacher_overlap"][1]) < 0.05
    cold = {"hidden": 2, "inverse_temperature": 1.5, "correlation": 0.1, "student_correlation": 0.1}
    glass, signal = (
        float(replicon.find_transition(MODEL, name, **cold)["value"])
        for name in ("spin-glass", "retrieval")
    )
    out = replicon.solve(MODEL, load=[glass * 1.2, signal * 1.02], **cold)
    assert out["branch"].values[0] == "spin-glass"
    assert out["branch"].values[1] in ("symmetric", "permutation-student", "permutation-broken")
    assert out["stable"].values.tolist() == [0, 0]


def _permutations(**at):
    return [
        replicon.find_transition(MODEL, f"permutation-{which}", hidden=2, **at)["value"].values
        for which in ("student", "teacher")
    ]


def test_permutation_transitions_are_those_of_rbm_on_the_matched_line():
    """Uniform, two loads, and informed, both at once: those that `rbm` finds."""
    student, teacher = _permutations(inverse_temperature=1.0, student_correlation=[0.0, 0.3])
    np.testing.assert_allclose(student, [1.4036052343, 2.1701134250], rtol=1e-9)
    np.testing.assert_allclose(teacher, [2.2069831781, 2.1701134250], rtol=1e-9)
    alone = {"hidden": 2, "correlation": 0.0, "student_correlation": 0.0}
    for given, said in (
        ({"hidden": 1}, "no other to be exchanged with"),
        (alone, "as soon as they learn"),
    ):
        with pytest.raises(replicon.ConvergenceError, match=said):
            replicon.find_transition(MODEL, "permutation-student", **given)


@pytest.mark.slow
def test_permutation_transitions_away_from_the_matched_line():
    """The plain map of 2 x 2 matrices on a trapezoid of 61 x 61 nodes, perturbed at these loads,
    has growth factors of one to 1e-6. A warm student's units differ because they choose.
    """
    student, teacher = _permutations(inverse_temperature=0.8, student_correlation=0.0)
    assert student == teacher == pytest.approx(3.123574, abs=1e-6)
    student, teacher = _permutations(inverse_temperature=1.2)
    assert (student, teacher) == pytest.approx((0.945967, 2.262179), abs=1e-6)
    cold = {"inverse_temperature": 1.6, "student_correlation": 0.0}
    with pytest.raises(replicon.ConvergenceError, match="so cold"):
        _permutations(**cold)


def test_refusals_of_more_units():
    for given, said in (
        ({"hidden": 3, "method": "enumeration", "size": 8}, "give hidden <= 2"),
        ({"hidden": 2, "method": "enumeration", "size": 13}, "give size <= 12"),
        ({"hidden": 2, "approximation": "hopfield", "size": 20}, "give hidden=1"),
    ):
        with pytest.raises(replicon.InputError, match=said):
            replicon.simulate(MODEL, **given)
    with pytest.raises(replicon.ConvergenceError, match="give hidden=1"):
        replicon.solve(MODEL, hidden=2, approximation="hopfield")
    with pytest.raises(replicon.ConvergenceError, match="give branch=retrieval"):
        replicon.solve(MODEL, branch="symmetric")
    with pytest.raises(replicon.ConvergenceError, match="samples are noise"):
        replicon.solve(MODEL, hidden=2, branch="retrieval", teacher_inverse_temperature=0.0)


def test_bethe_entropies_of_two_units_against_sums_over_all_weights():
    """The same 16 instances at N = 10 where nothing is frozen, and theory, from which both differ
    by terms of 1/N.
    """
    given = {"hidden": 2, "load": 0.5, "inverse_temperature": 0.6, "student_correlation": 0.2}
    finite = {"size": 10, "samples": 16, "seed": 3}
    exact, bethe = (
        replicon.simulate(MODEL, method=method, **given, **finite)
        for method in ("enumeration", "amp")
    )
    theory = replicon.solve(MODEL, **given)
    for name in ("entropy", "thermodynamic_entropy"):
        assert abs(np.mean(exact[name].values - bethe[name].values)) < 0.02, name
        assert abs(exact[name].values.mean() - float(theory[name])) < 0.04, name


@pytest.mark.slow
def test_three_matched_units_are_those_of_rbm():
    at = {"hidden": 3, "load": [0.1, 1.0, 3.0]}
    out = replicon.solve(MODEL, inverse_temperature=1.0, **at)
    known = replicon.solve("rbm", **at)
    for name in (*_OVERLAPS, "entropy"):
        np.testing.assert_allclose(out[name], known[name], atol=1e-10, err_msg=name)
    np.testing.assert_allclose(out["replicon"], out["longitudinal_stability"], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "given",
    [
        COLD,
        {"hidden": 2, "load": 3.0, "inverse_temperature": 0.8, "student_correlation": 0.6},
        {"hidden": 3, "load": 2.0, "inverse_temperature": 0.8, "student_correlation": 0.1},
    ],
)
def test_messages_of_unmatched_units_follow_theory(given):
    """N = 1000: a teacher's own correlation scatters by 1/sqrt(N), which moves all overlaps."""
    out = replicon.compare(MODEL, size=1000, samples=8, seed=1, sweeps=400, **given)
    assert float(out.sel(observable="converged_fraction")["mean"]) == 1
    for name in (*_OVERLAPS, "entropy", "thermodynamic_entropy"):
        assert abs(float(out.sel(observable=name)["z"])) < 4, name
