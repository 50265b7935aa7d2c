"""Perceptrons as processes: however steps are cut, what is known on the way, controls changed while
messages pass, iterates beside state evolution.
"""

import numpy as np
import pytest
from tests.statistical import assert_mean, assert_rejected

import replicon
from replicon._declare import controls_tuple
from replicon.channel import Matched, bayes_optimal, ising, sign, state_evolution
from replicon.perceptron import storage_finite, teacher_finite


def storage(seed=0, size=60, **settings):
    """A set of patterns and its process, the same for the same seed."""
    given = {
        "load": 0.5,
        "margin": 0.0,
        "temperature": 0.0,
        "weights": "ising",
        "method": "amp",
        "constraint": "threshold",
    } | settings
    controls = controls_tuple(tuple(given), tuple(given.values()))
    return storage_finite.start(controls, size, np.random.default_rng(seed))


def lesson(seed, size, load=1.0, method="amp", damping="adaptive"):
    given = {"load": load, "weights": "ising", "method": method, "damping": damping}
    controls = controls_tuple(tuple(given), tuple(given.values()))
    return teacher_finite.start(controls, size, np.random.default_rng(seed))


def run_to_the_end(process):
    while not process.done:
        process.step(1000)
    return process.measure()


def assert_same(one, other):
    assert one.done == other.done
    for first, second in ((one.measure(), other.measure()), (one.view(), other.view())):
        assert first.keys() == second.keys()
        for name in first:
            np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.parametrize(
    ("make", "cuts"),
    [
        (lambda: storage(method="belief-propagation"), (1, 4, 2)),
        # Beyond the capacity: begun anew twice, more damped.
        (lambda: storage(method="belief-propagation", load=1.2, size=30), (7, 1999, 2500)),
        (lambda: storage(), (1, 4, 120)),
        (lambda: storage(load=1.0, temperature=0.5), (3, 2)),
        (lambda: lesson(1, 60), (3, 4)),
        # Past the spinodal: AMP to its end, then a search.
        (lambda: lesson(4, 101, 1.6, "amp-focusing"), (1, 30, 5, 1000)),
    ],
)
def test_steps_may_be_cut_anywhere(make, cuts):
    whole, cut = make(), make()
    whole.step(sum(cuts))
    for count in cuts:
        cut.step(count)
        cut.step(0)
        cut.measure()
    assert_same(whole, cut)


def test_searches_for_the_teacher_begin_where_messages_end():
    """Load 1.6, where the teacher is the only student: whether messages or the search find it."""
    searched = 0
    for seed in range(6):
        process = lesson(seed, 101, 1.6, "amp-focusing")
        process.step(teacher_finite.iterations(controls_tuple(("method",), ("amp-focusing",))))
        assert process.done
        if process.solved:
            searched += 1
            assert process.entropy == 0.0
            assert (process.lesson.examples @ process.mean >= 0).all()
    assert searched > 0


def test_values_on_the_way_are_numbers_and_in_the_end_only_those_to_be_trusted():
    """Load 1.2, beyond the capacity 0.833: messages run on, and are no solutions in the end."""
    for method in ("amp", "belief-propagation"):
        process = storage(load=1.2, method=method)
        process.step(3)
        now = process.measure()
        assert np.isfinite(list(now.values())).all()
        assert now["solvable"] == 0.0
        end = run_to_the_end(process)
        assert np.isnan(end["entropy"]) and np.isnan(end["overlap"])
        assert end["solvable"] == 0.0
    unseen = storage(method="enumeration", size=10)
    assert not unseen.done
    assert np.isnan(unseen.measure()["entropy"])
    unseen.step(5)
    assert unseen.done
    assert unseen.measure()["entropy"] <= np.log(2)


def test_amp_goes_on_from_its_messages_when_margin_and_temperature_change():
    """To the fixed point of a new start, within what the tolerance of its means, 1e-8, leaves."""
    process = storage(load=0.4)
    run_to_the_end(process)
    before = len(process.overlaps)
    for control, value in (("margin", 0.1), ("temperature", 0.4), ("temperature", 0.0)):
        process.set(control, value)
        assert not process.done
        found = run_to_the_end(process)
        now = process.controls
        anew = run_to_the_end(storage(load=0.4, margin=now.margin, temperature=now.temperature))
        assert found["solvable"] == anew["solvable"] == 1.0
        for name in ("overlap", "entropy", "energy"):
            assert found[name] == pytest.approx(anew[name], abs=1e-6)
    assert len(process.overlaps) > before


def test_enumerated_weights_are_weighted_anew_when_margin_and_temperature_change():
    process = storage(method="enumeration", size=10)
    process.step(1)
    for settings in ({"temperature": 0.7}, {"margin": -0.3}, {"temperature": 0.0}):
        for control, value in settings.items():
            process.set(control, value)
        assert process.done == ("margin" not in settings)
        process.step(1)
        now = process.controls
        anew = storage(
            method="enumeration", size=10, margin=now.margin, temperature=now.temperature
        )
        anew.step(1)
        assert_same(process, anew)


def test_belief_propagation_refuses_what_it_does_not_know():
    process = replicon.start("perceptron", method="belief-propagation", size=30).step(2)
    for control in ("margin", "temperature"):
        with pytest.raises(replicon.InputError, match="take method=amp"):
            process.set(control, 0.2)
        assert process.controls[control] == 0.0


_LESSONS = 60


def overlaps_with_the_teacher(size, times, *, lessons=_LESSONS, onsager=True):
    """(lessons, times): overlap of the process after so many iterations."""
    out = []
    for seed in range(lessons):
        process = lesson(1000 * size + seed, size, damping="none")
        row = []
        for before, after in zip((0, *times), times):
            for _ in range(after - before):
                process.step(1)
                if not onsager:
                    forgotten = np.zeros(len(process.lesson.examples))
                    messages = process.passing._messages
                    process.passing._messages = messages._replace(answer=forgotten)
            row.append(process.measure()["overlap"])
        out.append(row)
    return np.array(out)


def test_overlaps_of_the_process_follow_state_evolution():
    """Load 1, below the spinodal: corrections are 1/N, so that sizes 300 and 600 extrapolate; at
    600 alone they are below 0.01. Without the patterns' last answers (Onsager's reaction) the
    overlap after four iterations is another.
    """
    times = (1, 2, 4, 8)
    theory = bayes_optimal(ising, sign)
    path = state_evolution(theory, Matched(0.0), controls_tuple(("load",), (1.0,)), 8).overlap
    small = overlaps_with_the_teacher(300, times)
    large = overlaps_with_the_teacher(600, times)
    for k, time in enumerate(times):
        assert_mean(2 * large[:, k] - small[:, k], path[time - 1], effect=0.1)
        assert (
            abs(large[:, k].mean() - path[time - 1])
            < 0.01 + 4.5 * large[:, k].std() / _LESSONS**0.5
        )
    forgetful = overlaps_with_the_teacher(600, (4,), lessons=30, onsager=False)
    assert_rejected(forgetful[:, 0], path[3])
