"""Driven networks: inputs against exact solutions, conditional Lyapunov exponents against two
copies and the mean-field theory of noise.
"""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm
from tests.statistical import assert_mean

import replicon
from replicon.recurrent import evolve

N = 5
J = np.random.default_rng(1).standard_normal((N, N)) / np.sqrt(N)
START = np.random.default_rng(2).standard_normal(N)
LINEAR = {"function": lambda x: x}
TANH = {"function": jnp.tanh}
TIMES = ("continuous", "discrete")


def _random(gain: float, size: int, seed: int) -> np.ndarray:
    return gain * np.random.default_rng(seed).standard_normal((size, size)) / np.sqrt(size)


@pytest.mark.parametrize("library", [np, jnp])
def test_a_linear_network_follows_the_variation_of_constants(library):
    """x' = -x + J x + a sin(2 t): sin and cos are two more linear equations, solved by one matrix
    exponential; the error falls fourfold where steps are halved.
    """
    strength = np.arange(1.0, N + 1)
    whole = np.zeros((N + 2, N + 2))
    whole[:N, :N] = J - np.eye(N)
    whole[:N, N] = strength
    whole[N:, N:] = [[0, 2], [-2, 0]]
    exact = (expm(6 * whole) @ np.r_[START, 0, 1])[:N]

    def error(step):
        run = evolve(
            J,
            START,
            **LINEAR,
            duration=4,
            transient=2,
            step=step,
            input=lambda t: library.asarray(strength) * library.sin(2 * t),
        )
        return run.final[:, 0] - exact

    coarse = error(0.01)
    assert np.abs(coarse).max() < 1e-3
    ratio = np.linalg.norm(error(0.005)) / np.linalg.norm(coarse)
    assert ratio == pytest.approx(0.25, rel=0.05)  # a fourth, and a term of order step / time


def test_in_discrete_time_row_t_enters_the_state_after_it():
    rows = np.random.default_rng(3).standard_normal((12, N))
    x = START
    expected = []
    for row in rows:
        x = J @ np.tanh(x) + 0.3 + row
        expected.append(x)
    settings = {"duration": 9, "transient": 3, "time": "discrete", "every": 1, "field": 0.3}
    given = (rows, rows[:, :, None], lambda t: rows[int(t)])
    for one in given:
        run = evolve(J, START, **TANH, **settings, input=one)
        np.testing.assert_allclose(run.states[:, :, 0], expected[3:], rtol=1e-12)
    np.testing.assert_array_equal(run.times, np.arange(1, 10))


def test_a_held_row_is_integrated_exactly():
    """Without couplings a step is x e^-dt + (1 - e^-dt) I, whatever its length."""
    rows = np.random.default_rng(3).standard_normal((8, N))
    x = START
    for row in rows:
        x = x * np.exp(-0.25) + row * (1 - np.exp(-0.25))
    run = evolve(0 * J, START, **TANH, duration=2, step=0.25, input=rows)
    np.testing.assert_allclose(run.final[:, 0], x, rtol=1e-12)


@pytest.mark.parametrize("time", TIMES)
def test_every_form_of_an_input_is_the_same_input(time):
    """Of one number a step, and constant: functions of either library, rows, a field."""
    settings = {**TANH, "duration": 4, "time": time, "every": 1}
    steps = 4 if time == "discrete" else 40
    moments = np.arange(4) if time == "discrete" else 0.1 * (np.arange(40) + 0.5)
    two = np.column_stack([START, -START])
    shapes = [
        lambda t: np.cos(t),
        lambda t: jnp.cos(t),
        lambda t: np.full(N, np.cos(t)),
        lambda t: jnp.full((N, 2), jnp.cos(t)),
        lambda t: jnp.cos(t) if t > 1 else np.cos(t),
        np.cos(moments),
        np.cos(moments)[:, None],
        np.repeat(np.cos(moments)[:, None], N, axis=1).tolist(),
        np.repeat(np.cos(moments), 2 * N).reshape(steps, N, 2),
    ]
    runs = [evolve(J, two, **settings, input=one).states for one in shapes]
    for run in runs[1:]:
        np.testing.assert_allclose(run, runs[0], rtol=1e-12)
    held = evolve(J, two, **settings, field=0.7).states
    for constant in (0.7, np.full(N, 0.7), lambda t: 0.7):
        np.testing.assert_allclose(
            evolve(J, two, **settings, input=constant).states, held, rtol=1e-12
        )


@pytest.mark.parametrize(
    ("time", "kind"),
    [("continuous", np.float32), ("continuous", np.float64), ("discrete", np.float64)],
)
def test_an_input_of_zero_is_none_to_the_bit(time, kind):
    settings = {**TANH, "duration": 6, "transient": 2, "time": time, "noise": 0.1, "exponents": 2}
    none = evolve((3 * J).astype(kind), START, **settings)
    driven = evolve((3 * J).astype(kind), START, **settings, input=lambda t: jnp.zeros(N))
    np.testing.assert_array_equal(driven.states, none.states)
    np.testing.assert_array_equal(driven.exponents, none.exponents)
    assert driven.states.dtype == none.states.dtype == kind


@pytest.mark.parametrize("time", TIMES)
def test_input_and_noise_add_up(time):
    """In a linear network responses to the two are a sum; noise that vanishes is none, for which
    other code is compiled.
    """
    settings = {**LINEAR, "duration": 10, "time": time, "seed": 4}
    zero = np.zeros(N)
    both, noisy, driven, vanishing = (
        evolve(0.5 * J, zero, **settings, **given).states
        for given in (
            {"noise": 0.2, "input": np.sin},
            {"noise": 0.2},
            {"input": np.sin},
            {"noise": 1e-300, "input": np.sin},
        )
    )
    np.testing.assert_allclose(vanishing, driven, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(both, noisy + driven, rtol=1e-10, atol=1e-12)
    assert np.abs(driven).max() > 0.1


def _driven(size: int, strength: float):
    """Sines of one frequency and random phases (Rajan, Abbott & Sompolinsky 2010)."""
    phases = np.random.default_rng(8).uniform(0, 2 * np.pi, size)
    return lambda t: strength * jnp.cos(1.5 * t + phases)


@pytest.mark.parametrize("strength", [0.2, 5.0])
def test_the_conditional_exponent_is_the_rate_at_which_two_copies_part(strength):
    """And strong sines suppress chaos."""
    size = 100
    couplings = _random(3.0, size, 11)
    settings = {
        **TANH,
        "every": 1.0,
        "step": 0.05,
        "exponents": 1,
        "input": _driven(size, strength),
    }
    x = evolve(couplings, np.ones(size), **{**settings, "exponents": 0}, duration=100).final
    # A tangent vector, and the distance of a copy along the very same vector.
    seed = np.random.default_rng(0).standard_normal((size, 1))
    kick = 1e-7 * seed / np.linalg.norm(seed)
    pair = evolve(couplings, np.column_stack([x, x + kick]), **settings, duration=20, seed=0)
    apart = np.linalg.norm(pair.final[:, 1] - pair.final[:, 0]) / 1e-7
    # Distances stay below 1e-7 e^(20 lambda), where the second order is below 1e-3 of them.
    assert np.log(apart) / 20 == pytest.approx(pair.exponents[0], abs=1e-4)
    long = evolve(couplings, x, **settings, duration=200, transient=50).exponents[0]
    assert (long > 0.08) if strength < 1 else (long < -0.05)


def _mean_field_exponent(gain: float, variance: float) -> float:
    """x(t+1) = J tanh(x(t)) + xi(t): x is normal of variance D = g^2 <tanh^2> + variance, and the
    squared distance of two near copies grows by g^2 <tanh'^2> a step (Molgedey, Schuchhardt &
    Schuster, PRL 69, 3717 (1992)).
    """
    z = np.linspace(-9, 9, 2001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    D = 1.0 + variance
    for _ in range(2000):
        D = gain**2 * (weight @ np.tanh(np.sqrt(D) * z) ** 2) + variance
    return np.log(gain**2 * (weight @ np.cosh(np.sqrt(D) * z) ** -4.0)) / 2


@pytest.mark.parametrize("variance", [0.1, 4.0])
def test_sequences_of_noise_give_the_exponent_of_mean_field_theory(variance):
    """Discrete time, an array of white noise as input: chaos at weak noise, none at strong."""
    exact = _mean_field_exponent(2.0, variance)
    assert (exact > 0.1) if variance < 1 else (exact < -0.1)
    found = {}
    for size in (50, 100):
        found[size] = []
        for seed in range(30):
            rng = np.random.default_rng([seed, size])
            run = evolve(
                _random(2.0, size, seed),
                rng.standard_normal(size),
                **TANH,
                time="discrete",
                duration=200,
                transient=50,
                exponents=1,
                input=np.sqrt(variance) * rng.standard_normal((250, size)),
            )
            found[size].append(run.exponents[0])
    # Corrections are c/N: the two sizes extrapolate to the theory.
    assert_mean(2 * np.array(found[100]) - np.array(found[50]), exact, effect=0.1)


def test_rows_of_white_noise_are_noise():
    """Continuous time: rows of variance D (1 + e^-dt)/(1 - e^-dt) have the exponent and variance of
    noise D.
    """
    size, strength, decay = 30, 0.5, np.exp(-0.1)
    settings = {**TANH, "duration": 40, "transient": 10, "exponents": 1, "every": 1.0}
    difference = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rows = np.sqrt(strength * (1 + decay) / (1 - decay)) * rng.standard_normal((500, size))
        couplings, start = _random(1.5, size, seed), rng.standard_normal(size)
        noisy = evolve(couplings, start, **settings, noise=strength, seed=seed)
        driven = evolve(couplings, start, **settings, input=rows)
        difference.append(
            [
                driven.exponents[0] - noisy.exponents[0],
                (driven.states**2).mean() - (noisy.states**2).mean(),
            ]
        )
    assert_mean([d[0] for d in difference], 0.0, effect=0.15)
    assert_mean([d[1] for d in difference], 0.0, effect=0.3)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.ones(7), r"input has shape \(7,\): give a function of time, one row for each of the 4"),
        (np.ones((4, 3)), r"input has rows of shape \(3,\): give a function"),
        (np.ones((4, N, 2)), r"input has rows of shape \(5, 2\)"),
        (np.ones((4, N, 1, 1)), r"input has rows of shape \(5, 1, 1\)"),
        (np.full((4, N), np.nan), r"input holds nan at \(0, 0\)"),
        (np.ones((4, N)) + 1j, "complex"),
        ([[1, 2], [3]], "no array of numbers"),
        ("sin", "input = 'sin' is no array of numbers"),
        ([], r"input has shape \(0,\)"),
        (lambda t: np.ones(4), r"rows of shape \(4,\): a function of time must return finite"),
        (lambda t: np.ones((1, 1, 1)), "one or \\(5,\\), at all times"),
        (lambda t: np.nan, r"input at time 0 holds nan"),
        (lambda t: np.sqrt(t - 2 + 0j), "complex"),
        (lambda t: 1.0 if t < 2 else np.inf, r"input, one row a step, holds inf at 2"),
        (lambda t: np.ones(N if t < 2 else 2), "no array of numbers: a function of time must"),
        (lambda t: None, "input at time 0 = None is no array of numbers"),
        (lambda: 1.0, r"input failed at time 0 \(TypeError"),
        (lambda t: 1 / t, r"input failed at time 0 \(ZeroDivisionError"),
    ],
)
def test_inputs_are_refused_in_a_sentence(given, words):
    with pytest.raises(replicon.InputError, match=words):
        evolve(J, START, **TANH, duration=4, time="discrete", input=given)


def test_an_array_that_may_be_read_in_two_ways_is_refused():
    with pytest.raises(replicon.InputError, match="as many numbers as neurons and as steps"):
        evolve(J, START, **TANH, duration=N, time="discrete", input=np.ones(N))
    with pytest.raises(replicon.InputError, match="more than memory holds"):
        evolve(J, START, **TANH, duration=1e8, every=1e7, input=lambda t: np.ones(N))
