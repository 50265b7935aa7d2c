"""One hidden unit off the matched line: theory beside identities, sums over all weights and message
passing.
"""

import numpy as np
import pytest

import replicon
from replicon.rbm.unmatched_likelihood import log_likelihood, ways
from replicon.theory.gaussian import nodes
from replicon.theory.points import evaluate

MODEL = "rbm-unmatched"
MATCHED = {"inverse_temperature": 1.0, "teacher_inverse_temperature": 1.0}


def test_matched_student_is_the_nishimori_line_of_rbm():
    """T = q and all numbers of `rbm` with one hidden unit, whose free entropy counts from ln 2."""
    loads = [0.5, 1.5, 4.0]
    out = replicon.solve(MODEL, load=loads, **MATCHED)
    known = replicon.solve("rbm", hidden=1, load=loads)
    np.testing.assert_allclose(out["teacher_overlap"], out["overlap"], atol=1e-9)
    for name in ("teacher_overlap", "entropy"):
        np.testing.assert_allclose(out[name], known[name], atol=1e-9)
    np.testing.assert_allclose(
        out["free_entropy"], known["free_entropy"].values + np.log(2), atol=1e-9
    )
    assert out["branch"].values.tolist() == ["paramagnetic", "retrieval", "retrieval"]
    assert (out["stable"].values == 1).all()
    # <X tanh beta X> = beta in any phase.
    free = out["free_entropy"].values - np.array(loads) / 2
    np.testing.assert_allclose(out["thermodynamic_entropy"], free, atol=1e-9)


def test_a_matched_student_is_found_next_to_the_onset():
    """T = q = e/(1 + beta^2) at load (1 + e)/beta^4 but for a term of order e^2, by expansion."""
    beyond = np.array([3e-4, 1e-3, 3e-3])
    out = replicon.solve(MODEL, load=1 + beyond, **MATCHED)
    assert out["branch"].values.tolist() == ["retrieval"] * 3
    for name in ("teacher_overlap", "overlap"):
        np.testing.assert_allclose(out[name] / beyond, 1 / 2, atol=1e-3)


def test_fewer_nodes_are_enough_where_they_are_used():
    """Against the trapezoid of 769 nodes each way; near both borders too."""
    beta = np.array([0.5, 1.5, 1.3, 1.9, 2.0, 3.0, 1.79])
    q = np.array([0.0, 0.0, 1e-9, 0.89, 0.5, 0.9, 1.0])
    mean = np.array([0.0, 0.0, 0.1, 0.9, 0.7, 0.95, 1.5])
    used = np.zeros(len(q), int)
    grid = (*nodes(769, 8.0), *nodes(769, 8.0))
    for place, (average, rows, point) in enumerate(ways(mean, q, 1 / beta)):
        used[rows] = place
        if not rows.any():
            continue
        some = [values[rows] for values in point]
        known = evaluate(lambda *one: log_likelihood(*one, grid), *some, batch=1)
        np.testing.assert_allclose(evaluate(average, *some), known, rtol=0, atol=3e-14)
    assert used.tolist() == [0, 0, 1, 1, 2, 2, 1]


@pytest.mark.parametrize("approximation", ["exact", "hopfield"])
def test_thermodynamic_entropy_is_a_derivative(approximation):
    """(1 - beta d/dbeta) ln Z/N, of the expansion in beta^2, by central differences: the overlaps
    are stationary. Over-confident: retrieval, and spin glass.
    """
    load = [0.9, 4.0]
    step = 1e-4
    betas = np.array([1.3 - step, 1.3, 1.3 + step])
    out = replicon.solve(
        MODEL, load=load, inverse_temperature=list(betas), approximation=approximation
    )
    assert out["branch"].values[:, 1].tolist() == ["spin-glass", "retrieval"]
    norm = betas**2 / 2 if approximation == "exact" else 0 * betas
    log_sum = out["free_entropy"].values + np.array(load)[:, None] * norm
    slope = (log_sum[:, 2] - log_sum[:, 0]) / (2 * step)
    slope *= 1.3 if approximation == "exact" else 1.3 / 2
    found = out["thermodynamic_entropy"].values[:, 1]
    np.testing.assert_allclose(found, log_sum[:, 1] - slope, atol=1e-7)


def test_over_confident_student_freezes_before_it_finds_its_teacher():
    out = replicon.solve(MODEL, load=[0.1, 0.5, 1.5, 3.0], inverse_temperature=1.5)
    assert out["branch"].values.tolist() == [
        "paramagnetic",
        "spin-glass",
        "retrieval",
        "retrieval",
    ]
    assert out["stable"].values.tolist() == [1, 0, 0, 1]
    times = out["convergence_time"].values
    assert np.isfinite(times).tolist() == [True, False, False, False]
    warm = replicon.solve(MODEL, load=[1.9, 2.1], inverse_temperature=0.7)
    assert warm["branch"].values.tolist() == ["paramagnetic", "retrieval"]
    assert warm["stable"].values.tolist() == [1, 1]
    frozen = replicon.solve(MODEL, load=0.5, inverse_temperature=1.5, branch="paramagnetic")
    assert frozen["stable"] == 0


def test_states_and_lines_that_do_not_exist_say_why():
    noise = {"teacher_inverse_temperature": 0.0}
    with pytest.raises(replicon.ConvergenceError, match="samples are noise"):
        replicon.solve(MODEL, branch="retrieval", **noise)
    with pytest.raises(replicon.ConvergenceError, match="ends at transition 'retrieval'"):
        replicon.solve(MODEL, branch="retrieval", load=1.0)
    with pytest.raises(replicon.ConvergenceError, match="give beta < 1"):
        replicon.solve(MODEL, branch="paramagnetic", approximation="hopfield")
    with pytest.raises(replicon.ConvergenceError, match="true posterior, never negative"):
        replicon.find_transition(MODEL, "zero-entropy", **MATCHED)
    with pytest.raises(replicon.ConvergenceError, match="stable wherever"):
        replicon.find_transition(MODEL, "almeida-thouless", **MATCHED)
    with pytest.raises(replicon.ConvergenceError, match="are noise"):
        replicon.find_transition(MODEL, "retrieval", **noise)


def test_replica_symmetry_returns_where_the_replicon_vanishes():
    """Line almeida-thouless: unstable just below it, stable just above."""
    found = replicon.find_transition(MODEL, "almeida-thouless", inverse_temperature=[1.5, 2.0])
    for value, beta in zip(found["value"].values, (1.5, 2.0)):
        beside = [value * 0.999, value * 1.001]
        out = replicon.solve(MODEL, load=beside, inverse_temperature=beta, branch="retrieval")
        assert out["stable"].values.tolist() == [0, 1]


def test_sums_over_all_weights_tend_to_theory():
    """Matched, load 0.5: both entropies linear in 1/N (0.6115(26), 0.4425(40) from 4000 instances
    of N = 8 and 600 of 16; here N = 8 and 12). Sums of both kinds agree with their definitions.
    """
    ends = {}
    for size, samples in ((8, 400), (12, 100)):
        out = replicon.simulate(
            MODEL, load=0.5, method="enumeration", size=size, samples=samples, seed=1, **MATCHED
        )
        for name in ("entropy", "thermodynamic_entropy"):
            values = out[name].values
            ends[name, size] = values.mean(), values.std() / np.sqrt(samples)
    for name, exact in (("entropy", 0.6115626), ("thermodynamic_entropy", 0.4431472)):
        (small, error), (large, other) = ends[name, 8], ends[name, 12]
        value = 3 * large - 2 * small
        assert abs(value - exact) < 4.5 * np.hypot(3 * other, 2 * error), name
        assert small > exact


@pytest.mark.parametrize("approximation", ["exact", "hopfield"])
def test_bethe_entropies_against_sums_over_all_weights(approximation):
    """The same instances at N = 14, where nothing is frozen: the mean difference is a finite-size
    term.
    """
    given = {
        "load": 0.5,
        "inverse_temperature": 0.6,
        "approximation": approximation,
        "size": 14,
        "samples": 20,
        "seed": 3,
    }
    exact, bethe = (replicon.simulate(MODEL, method=m, **given) for m in ("enumeration", "amp"))
    for name in ("entropy", "thermodynamic_entropy"):
        difference = np.mean(exact[name].values - bethe[name].values)
        assert abs(difference) < 0.01, name
        assert np.mean(exact[name].values) < np.log(2) - 0.004


def test_learning_of_the_inverse_temperature_finds_the_teacher_s_or_stays():
    """From 1.6 to the teacher's 1 at N = 500; from 0.5, below the student's threshold load^(-1/4),
    nowhere: noise says nothing of it.
    """
    given = {"load": 3.0, "student": "learned", "size": 500, "samples": 3, "seed": 2}
    found = replicon.simulate(MODEL, inverse_temperature=1.6, **given)
    values = found["student_inverse_temperature"].values
    assert abs(values.mean() - 1) < 4.5 * 0.04 / np.sqrt(3)
    assert found["converged_fraction"].values.all()
    stays = replicon.simulate(MODEL, inverse_temperature=0.5, **given)
    np.testing.assert_allclose(stays["student_inverse_temperature"], 0.5, atol=1e-4)
    said = replicon.compare(MODEL, inverse_temperature=0.5, **given).attrs["remarks"]
    assert any("start from more than load^(-1/4)" in sentence for sentence in said)


def test_messages_that_never_rest_are_flagged():
    out = replicon.compare(
        MODEL, load=0.6, inverse_temperature=2.0, size=200, samples=2, seed=1, sweeps=60
    )
    settled = out.sel(observable="converged_fraction")
    assert float(settled["mean"]) < 1
    assert any("did not come to rest in 60 sweeps" in said for said in out.attrs["remarks"])
    glass = out.sel(observable="overlap")
    assert abs(float(glass["mean"] - glass["theory"])) < 0.06


def test_refusals():
    with pytest.raises(replicon.InputError, match="give size <= 16"):
        replicon.simulate(MODEL, method="enumeration", size=17)
    with pytest.raises(replicon.InputError, match="or give student=fixed"):
        replicon.simulate(MODEL, student="learned", approximation="hopfield", size=20)


_HOPFIELD = {
    "inverse_temperature": 0.7,
    "teacher_inverse_temperature": 0.7,
    "approximation": "hopfield",
    "sweeps": 300,
}

# Median sweeps of 8 instances at N = 1000, by another code, and what ours may be off by; None: more
# than 1500 sweeps (ours at load 1.1: 779). Just above the transition half of the instances never
# rest (the other code's median at load 1.4 is 79, ours lies between 79 and all sweeps, by the
# seed): there the fastest.
_SWEEPS = {
    0.3: (19, 3),
    0.5: (34, 5),
    0.7: (65, 10),
    0.8: (103, 20),
    0.9: (218, 70),
    1.0: (None, 0),
    1.1: (None, 0),
    1.4: (79, 45),
    1.7: (56, 60),
    2.0: (60, 25),
    3.0: (34, 8),
    4.0: (27, 6),
    6.0: (18, 4),
}


@pytest.mark.slow
def test_messages_are_easy_hard_easy():
    theory = replicon.solve(MODEL, load=[0.3, 0.5, 0.7, 0.8, 0.9], **MATCHED)["convergence_time"]
    np.testing.assert_allclose(theory, [19, 33, 65, 103, 218], atol=1)
    for load, (median, width) in _SWEEPS.items():
        out = replicon.simulate(MODEL, load=load, size=1000, samples=8, seed=1, **MATCHED)
        times = out["convergence_time"].values
        found = times.min() if load == 1.4 else np.median(times)
        if median is None:
            assert found > 400, load
        else:
            assert abs(found - median) <= width, load


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        ({"load": 4.0, "inverse_temperature": 0.7}, (0.03, 0.03)),
        ({"load": 3.0, "inverse_temperature": 1.5}, (0.05, 0.04)),
        ({"load": 4.0, "inverse_temperature": 1.5}, (0.03, 0.02)),
        ({"load": 4.0, "inverse_temperature": 2.0, "sweeps": 400}, (0.03, 0.02)),
        # The Hopfield expansion in its retrieval, twice, and in its spin glass, where messages
        # never rest.
        ({"load": 8.0, **_HOPFIELD}, (0.08, 0.05)),
        ({"load": 6.0, **_HOPFIELD}, (0.24, 0.07)),
        ({"load": 3.0, **_HOPFIELD}, (0.09, 0.04)),
    ],
)
def test_message_passing_follows_theory(given, sizes):
    """N = 1000, 8 instances: four standard errors of what they scatter by."""
    out = replicon.compare(MODEL, size=1000, samples=8, seed=1, **given)
    for name, size in zip(("teacher_overlap", "overlap"), sizes):
        one = out.sel(observable=name)
        assert abs(float(one["mean"] - one["theory"])) < size, name
