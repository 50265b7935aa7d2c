"""Priors and channels of a user's own as weights and constraint of the perceptrons."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import log_ndtr

import replicon
from replicon import InputError
from replicon.channel import Channel, Prior, discrete, gaussian, ising, spherical, threshold

DILUTED = discrete((-1.0, 0.0, 1.0), (0.25, 0.5, 0.25))
ROOT = np.sqrt(1.5)
THREE = discrete((-ROOT, 0.0, ROOT))


def _outside(y, omega, variance, margin):
    """|omega| >= margin, with a part of the Gaussian on either side."""
    width = jnp.sqrt(variance)
    return jnp.logaddexp(log_ndtr((omega - margin) / width), log_ndtr((-omega - margin) / width))


@pytest.mark.slow
def test_the_factors_of_the_words_give_the_numbers_of_the_words():
    word = replicon.solve("perceptron", load=[0.3, 0.6], margin=0.2)
    own = replicon.solve(
        "perceptron", load=[0.3, 0.6], margin=0.2, weights=ising, constraint=threshold
    )
    # The norm of the binary prior is found and not put in: about 1e-12.
    for name in ("overlap", "entropy", "replicon", "free_entropy"):
        np.testing.assert_allclose(own[name], word[name], rtol=0, atol=1e-10)
    ends = [
        float(replicon.find_transition("perceptron", "capacity", constraint=given)["value"])
        for given in ("threshold", threshold)
    ]
    assert abs(ends[0] - ends[1]) < 1e-9  # the same zero by the same equations
    assert abs(ends[1] - 0.833) < 5e-4  # Krauth & Mezard 1989, to its digits


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("perceptron", {"weights": DILUTED, "load": 0.4, "temperature": 0.5}),
        ("perceptron", {"constraint": Channel(_outside, ("margin",)), "load": 0.5, "margin": 0.3}),
        ("perceptron-teacher", {"weights": THREE, "load": 1.2}),
    ],
)
def test_theory_of_an_own_factor_is_what_message_passing_finds(model, given):
    out = replicon.compare(model, method="amp", size=400, samples=30, seed=2, **given)
    z = out["z"].sel(observable=["overlap", "entropy"])
    assert (np.abs(z) < 4.5).all(), out["z"].values
    assert (out["error"].sel(observable="entropy") < 0.02).all()
    around = given["load"] * np.array([0.8, 0.9, 0.95, 1.05, 1.1])
    assert replicon.solve(model, **{**given, "load": around})["converged"].all()


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        ("perceptron", {"weights": spherical}, "spherical weights have a word of their own"),
        ("perceptron", {"weights": threshold}, "Channel is no such factor"),
        ("perceptron", {"constraint": DILUTED}, "Prior is no such factor"),
        ("perceptron", {"weights": discrete((1.0, 2.0), (1.0, 1.0))}, "probabilities sum to one"),
        ("perceptron", {"weights": Prior(lambda A, b: jnp.nan * b)}, "give one finite number"),
        ("perceptron", {"weights": Prior(lambda A: A)}, "fails (TypeError"),
        ("perceptron", {"constraint": Channel(lambda y, o, V, k: o, ("k",))}, "parameters are k"),
        (
            "perceptron",
            {"constraint": Channel(lambda y, o, V: -(o**2))},
            "changes with V",
        ),
        ("perceptron", {"weights": 3}, "weights = 3 is outside its domain"),
        ("perceptron", {"weights": lambda A, b: b}, "is outside its domain"),
        ("perceptron", {"weights": [DILUTED, 2]}, "weights = 2 is outside its domain"),
        ("perceptron-teacher", {"weights": DILUTED}, "mean square 0.5"),
        ("perceptron-teacher", {"weights": Prior(gaussian.log_integral)}, "has no support"),
    ],
)
def test_what_is_no_factor_is_refused_in_a_sentence(model, given, words):
    with pytest.raises(InputError) as refused:
        replicon.solve(model, **given)
    sentence = str(refused.value)
    assert words in sentence
    assert "\n" not in sentence and len(sentence) < 400


@pytest.mark.parametrize("model", ["perceptron", "perceptron-teacher"])
def test_own_weights_are_not_enumerated(model):
    with pytest.raises(InputError, match="method=amp"):
        replicon.simulate(model, weights=THREE, size=8, samples=1)


def test_without_patterns_all_of_a_prior_are_solutions():
    tilted = discrete((-1.0, 1.0), (0.25, 0.75))
    out = replicon.simulate("perceptron", weights=tilted, load=0, method="amp", size=8, samples=1)
    np.testing.assert_allclose(out["overlap"], 0.25, rtol=1e-12)
    np.testing.assert_allclose(out["entropy"], 0.0, atol=1e-12)
