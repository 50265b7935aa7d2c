"""A fit is a process: cut anywhere it is the same, at its end it is the estimator's, and on the way
it comes nearer.
"""

import numpy as np
import pytest

import replicon
from replicon.boltzmann import BoltzmannMachine, fit_finite
from replicon.spins import sample_spins

QUICK = {"method": "monte-carlo", "sweeps": 12, "size": 8, "seed": 1}


def test_an_ascent_does_not_see_how_its_steps_are_cut():
    whole = replicon.start("boltzmann-machine", **QUICK).step(12)
    cut = replicon.start("boltzmann-machine", **QUICK)
    for count in (1, 0, 4, 7):
        cut.step(count)
    assert not cut.done
    for name, value in whole.measure().items():
        assert cut.measure()[name] == value, name
    for name, array in whole.view().items():
        np.testing.assert_array_equal(cut.view()[name], array)


def test_an_ascent_comes_nearer_ends_and_stays():
    """Twenty thousand rows of eight spins: the error starts at that of the pseudo-likelihood, from
    which the ascent begins, and never leaves it by much; the end is tested.
    """
    process = replicon.start("boltzmann-machine", load=2500.0, **QUICK)
    assert process.measure()["converged_fraction"] == 0
    process.step(300)
    assert process.measure()["converged_fraction"] == 0
    process.step(300)
    assert process.done
    end = process.measure()
    assert end["converged_fraction"] == 1
    couplings = process.view()["couplings"]
    process.step(5)
    assert process.measure() == end
    np.testing.assert_array_equal(process.view()["couplings"], couplings)
    path = process.view()["trajectory"]
    assert path.shape == (601, 1)
    assert path[-1, 0] == end["reconstruction_error"]
    # 20,000 rows know a coupling to 0.007 or so, and couplings are of order 0.14: both are within
    # a few errors of the truth, and of one another.
    assert path.max() < 0.2


@pytest.mark.parametrize("method", ["tap", "pseudo-likelihood", "exact"])
def test_a_fit_without_steps_is_done_after_one(method):
    process = replicon.start("boltzmann-machine", **QUICK | {"method": method, "load": 2500.0})
    first = process.measure()
    assert first["reconstruction_error"] == 1  # no couplings
    assert first["coupling_slope"] == 0
    process.step(3)
    assert process.done
    last = process.measure()
    assert last["reconstruction_error"] < 0.2
    assert last["pseudo_likelihood"] > first["pseudo_likelihood"]
    assert last["converged_fraction"] == 1
    assert process.view()["trajectory"].shape == (2, 1)


@pytest.mark.parametrize("method", ["monte-carlo", "pseudo-likelihood", "bethe"])
def test_the_process_ends_where_the_estimator_does(method):
    rng = np.random.default_rng(0)
    J = np.triu(rng.normal(0, 0.3, (6, 6)), 1)
    rows = sample_spins(J + J.T, samples=2000, seed=1).samples
    machine = BoltzmannMachine(method, updates=40, seed=3).fit(rows)
    seen = []
    watched = BoltzmannMachine(method, updates=40, seed=3)
    fit = fit_finite.Fit(watched, rows, "here", lambda m: seen.append(m.couplings_.copy()) or 0.0)
    fit.step(17)
    fit.step(50)
    assert fit.done
    np.testing.assert_array_equal(watched.couplings_, machine.couplings_)
    np.testing.assert_array_equal(watched.fields_, machine.fields_)
    assert watched.converged_ == machine.converged_
    assert len(seen) == len(fit.judged) == (41 if method == "monte-carlo" else 2)
    assert not np.array_equal(seen[0], seen[-1])


def test_what_real_data_leave_unexplained_is_measured_on_the_way():
    """The digits' central patch of nine pixels: independent spins explain no correlation, the
    fitted machine all pairs.
    """
    process = replicon.start("boltzmann-data", method="exact", sweeps=12, size=9, seed=1)
    before = process.measure()
    assert before["converged_fraction"] == 0
    assert before["pseudo_likelihood"] == pytest.approx(before["independent_likelihood"])
    assert abs(before["three_point_slope"]) < 0.2
    after = process.step().measure()
    assert process.done
    assert after["converged_fraction"] == 1
    assert after["correlation_error"] < before["correlation_error"] / 3
    assert after["pseudo_likelihood"] > before["pseudo_likelihood"] + 0.5
    assert after["independent_likelihood"] == before["independent_likelihood"]


def test_a_refusal_says_at_which_controls():
    with pytest.raises(replicon.InputError, match=r"No fit at load = 2, .*method = pair"):
        replicon.simulate(
            "boltzmann-machine", load=2.0, method="pair", size=8, samples=20, seed=1, sweeps=12
        )
