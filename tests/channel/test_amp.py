"""Message passing for any prior and channel: its iterates against state evolution, its entropy
against enumeration.
"""

import numpy as np
import pytest
from tests.statistical import assert_mean

import replicon
from replicon._declare import controls_tuple
from replicon.channel import replica as separable
from replicon.channel.amp import MessagePassing, message_passing
from replicon.perceptron.enumeration import enumerate_errors


def instance(size, load, seed):
    rng = np.random.default_rng(seed)
    teacher = rng.choice([-1.0, 1.0], size)
    x = rng.standard_normal((round(load * size), size))
    return x * np.sign(x @ teacher)[:, None], teacher


def test_iterates_follow_state_evolution():
    """Overlap with the teacher after 1, 2, 4 and 8 undamped iterations; corrections 1/N: sizes 500
    and 1000 extrapolate.
    """
    theory = separable.bayes_optimal(separable.ising, separable.sign)
    expected = separable.state_evolution(
        theory, separable.Matched(0.0), controls_tuple(("load",), (1.0,)), 8
    ).overlap
    paths = {}
    for size, instances in ((300, 60), (600, 60)):
        paths[size] = np.array(
            [
                message_passing(
                    x,
                    separable.ising,
                    separable.sign,
                    reference=w,
                    damping=0.0,
                    iterations=8,
                    tolerance=0.0,
                ).overlaps
                for x, w in (instance(size, 1.0, 1000 * size + k) for k in range(instances))
            ]
        )
    for step in (0, 1, 3, 7):
        assert_mean(2 * paths[600][:, step] - paths[300][:, step], expected[step], effect=0.1)


@pytest.mark.slow
def test_teacher_is_recovered_past_the_spinodal():
    """Loads 1.6 and 1.8, N = 700: at least 9 of 10 (N = 500 is too small at the first load)."""
    out = replicon.simulate(
        "perceptron-teacher", load=[1.6, 1.8], method="amp-focusing", size=700, samples=10, seed=11
    )
    assert (out["recovered"].sum("sample").values >= 9).all()


def test_a_probit_student_without_noise_in_its_data():
    """A prior and a channel of the user's: ternary weights, probit labels; fixed point = saddle
    point of the same engine.
    """
    from jax.scipy.special import log_ndtr

    def probit(y, omega, variance, noise):
        return log_ndtr(y * omega / np.sqrt(1.0) / (noise + variance) ** 0.5)

    prior = separable.discrete((-1.0, 0.0, 1.0))
    channel = separable.Channel(probit, ("noise",), ((1.0,), (2.0,)))
    theory = separable.bayes_optimal(prior, channel)
    r = separable.state_evolution(
        theory, separable.Matched(0.0), controls_tuple(("load", "noise"), (2.0, 0.2)), 60
    ).overlap[-1]
    overlaps = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        w = rng.choice([-1.0, 0.0, 1.0], 300)
        x = rng.standard_normal((600, 300))
        y = np.sign(x @ w / np.sqrt(300) + np.sqrt(0.2) * rng.standard_normal(600))
        found = message_passing(x, prior, channel, labels=y, parameters=(0.2,))
        assert found.converged
        overlaps.append(found.mean @ w / 300)
    assert_mean(overlaps, r, effect=0.1)


def test_repetitions_count_once_where_the_channel_is_certain():
    """Against enumeration at N = 16; certain: repeated patterns are dropped, uncertain: the answer
    is not marked converged.
    """
    x, _ = instance(16, 0.4, 2)
    counts, _ = enumerate_errors(x, 0.0, False)
    exact = np.log(counts[0]) / 16
    once = message_passing(x, separable.ising, separable.sign)
    assert once.free_entropy == pytest.approx(exact, abs=0.3 / 16)
    for twin in (np.vstack([x, x]), np.vstack([x, 5 * x[:2]]), 1e-9 * x, 1e9 * x):
        found = message_passing(twin, separable.ising, separable.sign)
        assert found.converged
        assert found.free_entropy == pytest.approx(once.free_entropy, abs=1e-7)
    for settings in ((0.0, 0.0), (-0.3, 0.0)):
        twice, plain = (
            message_passing(k, separable.ising, separable.threshold, parameters=settings)
            for k in (np.vstack([x, x]), x)
        )
        assert twice.converged and twice.free_entropy == pytest.approx(plain.free_entropy, abs=1e-7)
    assert not message_passing(
        np.vstack([x, x]), separable.ising, separable.threshold, parameters=(0.0, 0.1)
    ).converged
    assert not message_passing(np.vstack([x, -x[:1]]), separable.ising, separable.sign).converged


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("damping", [None, 0.2])
def test_iterations_may_be_cut_anywhere(damping):
    """130 iterations: more than one call of the compiled loop records."""
    x, w = instance(16, 0.4, 2)
    settings = {"reference": w, "damping": damping, "tolerance": 0.0}
    whole = message_passing(x, separable.ising, separable.sign, iterations=130, **settings)
    cut = MessagePassing(x, separable.ising, separable.sign, **settings)
    for count in (1, 0, 4, 101, 24):
        cut.step(count)
        cut.posterior()
    assert_same(cut.posterior(), whole)
    assert cut.iterations == len(cut.overlaps) == len(cut.self_overlaps) == 130
    assert cut.overlaps[-1] == pytest.approx(whole.mean @ w / 16, abs=1e-12)
    assert cut.self_overlaps[-1] == pytest.approx(whole.mean @ whole.mean / 16, abs=1e-12)


def test_parameters_change_on_the_way_to_the_fixed_point_of_a_new_start():
    """Also from a certain channel, where repeated patterns count once, to an uncertain one, where
    they count twice, and back.
    """
    x, _ = instance(16, 0.4, 2)
    twice = np.vstack([x, x[:2]])
    passing = MessagePassing(twice, separable.ising, separable.threshold, parameters=(0.0, 0.0))
    for parameters in ((0.0, 0.0), (-0.2, 0.1), (0.1, 0.1), (-0.3, 0.0)):
        passing.set_parameters(parameters)
        assert not passing.done
        passing.step(1000)
        found = passing.posterior()
        anew = message_passing(twice, separable.ising, separable.threshold, parameters=parameters)
        assert found.converged == anew.converged == (parameters[1] == 0)
        assert found.free_entropy == pytest.approx(anew.free_entropy, abs=1e-7)
        np.testing.assert_allclose(found.mean, anew.mean, atol=1e-6)
    with pytest.raises(replicon.InputError, match="parameters are margin, leak"):
        passing.set_parameters((0.0,))


def test_a_state_that_leaves_the_reals_says_so_and_stays():
    """A channel without a derivative at zero, where the first fields are."""
    from jax.numpy import sqrt

    broken = separable.Channel(lambda y, omega, variance: sqrt(omega), (), ((1.0,), (1.0,)))
    passing = MessagePassing(np.ones((2, 4)), separable.ising, broken)
    passing.step(50)
    assert passing.done
    assert passing.iterations == 1
    assert (passing.mean == 0).all()
    assert not passing.posterior().converged


def test_bad_input_is_refused_with_a_sentence():
    for arguments, match in (
        ({"patterns": np.ones(3)}, "give finite numbers"),
        ({"patterns": np.ones((3, 4)), "labels": np.ones(4)}, "labels has shape"),
        ({"patterns": np.vstack([np.ones(4), np.zeros(4)])}, "leave it out"),
        ({"patterns": np.ones((3, 4)), "start": np.ones(3)}, "start has shape"),
        ({"patterns": np.ones((3, 4)), "reference": "abcd"}, "reference"),
        ({"patterns": np.ones((3, 4)), "parameters": (0.1,)}, "parameters are none"),
        ({"patterns": np.ones((3, 4)), "iterations": 0}, "iterations must be"),
        ({"patterns": np.ones((3, 4)), "tolerance": np.nan}, "tolerance must be"),
        ({"patterns": np.ones((3, 4)), "damping": True}, "damping must be"),
        ({"patterns": np.ones((3, 4)), "prior": separable.spherical}, "no finite variance"),
        ({"patterns": np.ones((3, 4)), "damping": 1.0}, "damping must be"),
    ):
        with pytest.raises(replicon.InputError, match=match):
            message_passing(**{"prior": separable.ising, "channel": separable.sign, **arguments})
