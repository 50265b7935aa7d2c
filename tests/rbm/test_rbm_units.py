"""Three hidden units and more: the theory in K dimensions against that of two and of one, and its
closed forms.
"""

import numpy as np
import pytest

import replicon
from replicon.rbm import clusters, grids, many_units, units
from replicon.study import catalogue
from replicon.theory.points import evaluate

_NAMES = (
    "teacher_overlap",
    "cross_overlap",
    "overlap",
    "cross_replica_overlap",
    "receptive_overlap",
    "free_entropy",
    "entropy",
)


def _given(count: int, load, correlation=0.3, guess=0.3, kept=(1, 1, 1)):
    load = np.asarray(load, float)
    one = np.ones_like(load)
    priors = []
    for v in (correlation, guess):
        priors += [v * one, clusters.prior_coupling(v * one, count)]
    return units.Given(load, one, one, *priors, *(keep * one for keep in kept))


def _states(given, grid, coarse):
    points = len(given.load)
    both = [
        grids.Grid(*(np.broadcast_to(v, (points, *v.shape)) for v in g)) for g in (grid, coarse)
    ]
    return evaluate(units.learned, given, *both, batch=1, how="plain")


def test_what_two_grids_do_not_agree_on_is_solved_on_finer_ones():
    """Nearly independent units far above the transition bend most sharply: between the curve of
    independent ones and that of q = .2, as exact as elsewhere.
    """
    at = {"hidden": 3, "load": 5.0}
    learned = replicon.solve("rbm", correlation=0.1, **at)
    assert bool(learned["converged"]) and learned["branch"].item() == "permutation-broken"
    both = (replicon.solve("rbm", correlation=q, **at) for q in (0.2, 0.0))
    more, less = (float(one["teacher_overlap"]) for one in both)
    assert more < float(learned["teacher_overlap"]) < less
    assert float(learned["teacher_overlap"]) == pytest.approx(float(learned["overlap"]), abs=1e-6)


@pytest.mark.slow
def test_two_units_are_the_theory_of_two_units():
    """The grid in two dimensions, against the sum and difference of `inference`, both priors."""
    for prior, guess in (("informed", 0.3), ("uniform", 0.0)):
        expected = replicon.solve("rbm", load=[4.0, 5.0], prior=prior)
        both = grids.full_grid(2), grids.full_grid(2, "coarse")
        out = _states(_given(2, [4.0, 5.0], guess=guess), *both)
        assert out["converged"].all()
        for name in _NAMES:
            np.testing.assert_allclose(out[name], expected[name], atol=1e-10, err_msg=name)
        expected = replicon.solve("rbm", load=[1.0, 3.0], prior=prior, branch="symmetric")
        both = grids.sum_grid(2), grids.sum_grid(2)
        out = _states(_given(2, [1.0, 3.0], guess=guess, kept=(1, 0, 0)), *both)
        for name in _NAMES:
            np.testing.assert_allclose(out[name], expected[name], atol=1e-10, err_msg=name)


def test_nothing_learned_is_the_prior_less_what_samples_tell():
    """K = 2 in closed form against `inference`; the same for K = 3 where learning begins."""
    for prior, guess in (("informed", 0.3), ("uniform", 0.0)):
        expected = replicon.solve("rbm", load=[0.1, 3.0], prior=prior, branch="random-guess")
        out = many_units.random_guess(_given(2, [0.1, 3.0], guess=guess), 2)
        for name in _NAMES:
            # `inference` blurs ln cosh with 26 nodes, which errs by 1e-7 a sample here.
            np.testing.assert_allclose(out[name], expected[name], atol=1e-6, err_msg=name)
    loads = replicon.find_transition("rbm", "symmetry-breaking", hidden=3, prior="uniform")
    load = float(loads["value"])
    at = {"hidden": 3, "prior": "uniform"}
    none = replicon.solve("rbm", load=load, **at)
    learned = replicon.solve("rbm", load=load * 1.001, branch="symmetric", **at)
    assert float(learned["entropy"]) == pytest.approx(float(none["entropy"]), abs=1e-3)
    assert 0 < float(learned["teacher_overlap"]) < 0.01


def test_phases_of_three_units_follow_one_another_informed_and_not():
    """Loads on either side of the transitions of both priors; T = Q and R = q where the student is
    informed.
    """
    out = replicon.solve("rbm", hidden=3, load=[0.1, 1.0, 2.5, 3.0])
    assert bool(out["converged"].all())
    names = ["random-guess", "symmetric", "symmetric", "permutation-broken"]
    assert out["branch"].values.tolist() == names
    np.testing.assert_allclose(out["teacher_overlap"], out["overlap"], atol=1e-6)
    np.testing.assert_allclose(out["cross_overlap"], out["cross_replica_overlap"], atol=1e-6)
    np.testing.assert_allclose(out["receptive_overlap"], 0.3, atol=1e-6)
    out = replicon.solve("rbm", hidden=3, load=[2.0, 2.3, 3.0], prior="uniform")
    names = ["symmetric", "permutation-student", "permutation-broken"]
    assert out["branch"].values.tolist() == names
    assert bool((out["stable"] == 1).all())


def test_entropy_falls_by_what_a_sample_tells():
    """Bayes-optimal: S = H_prior + phi - alpha c2, c2 the same at every load: three states with and
    without broken symmetry lie on one line.
    """
    out = replicon.solve("rbm", hidden=3, load=[0.05, 1.0, 4.0])
    told = (out["free_entropy"] - out["entropy"]).values
    load = out["load"].values
    slope = np.diff(told) / np.diff(load)
    assert slope[0] == pytest.approx(slope[1], abs=1e-6)


def test_growth_factors_are_one_where_units_become_different():
    """Just above the informed transition the broken state is there, close to the symmetric one."""
    value = float(replicon.find_transition("rbm", "permutation-student", hidden=3)["value"])
    out = replicon.solve("rbm", hidden=3, load=[value * 0.999, value * 1.01])
    apart = (out["teacher_overlap"] - out["cross_overlap"]).values
    assert apart[0] == 0
    assert 0 < apart[1] < 0.05


def test_onset_of_any_number_of_units():
    """Without correlation it does not depend on K; two units as ever; eight are known."""
    for hidden in (1, 2, 5, 8):
        at = replicon.find_transition("rbm", "symmetry-breaking", hidden=hidden, correlation=0.0)
        assert float(at["value"]) == pytest.approx(1.0, abs=1e-12)
    with pytest.raises(replicon.ConvergenceError, match=r"5 units.*give hidden <= 4"):
        replicon.solve("rbm", hidden=5, load=20.0)
    q = np.array([0.1, 0.3, 0.9])
    coupling = clusters.prior_coupling(q, 2)
    np.testing.assert_allclose(coupling, np.arctanh(q), atol=1e-12)
    assert float(clusters.prior_coupling(0.3, 3)) == pytest.approx(0.249632, abs=1e-6)
    np.testing.assert_allclose(clusters.pair_mean(coupling, 2), q, atol=1e-12)


def test_more_units_than_are_declared_are_refused():
    most = catalogue.get("rbm").control("hidden").domain.high
    with pytest.raises(replicon.InputError, match=f"<= {most:g}"):
        replicon.solve("rbm", hidden=int(most) + 1)
