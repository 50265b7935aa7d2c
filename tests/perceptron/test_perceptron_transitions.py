"""Transitions of the perceptrons: values at any control, and the reasons where there are none."""

import numpy as np
import pytest

import replicon


def test_almeida_thouless_lines_at_any_margin():
    """Values by a root of the replicon over the equations written out (`_saddle`), for margins far
    from and close to zero.
    """
    for weights, margins in (("ising", [-3.0, -0.3, 0.25, 5.0]), ("spherical", [-0.7, -0.3])):
        found = replicon.find_transition(
            "perceptron", "almeida-thouless", weights=weights, margin=margins
        )
        assert found["converged"].all()
        if weights == "spherical":
            np.testing.assert_allclose(found["value"], [5.142589, 3.047939], atol=1e-6)
        else:
            np.testing.assert_allclose(
                found["value"], [3031.440937, 1.562704, 0.728008, 0.024462], rtol=3e-5
            )
    with pytest.raises(replicon.ConvergenceError, match=r"does not exist.*convex"):
        replicon.find_transition("perceptron", "almeida-thouless", weights="spherical", margin=0.5)


def test_almeida_thouless_of_a_symmetric_constraint_is_closed():
    """The overlap is 0: 1/load = (1 - E[x^2 | |x| <= margin])^2, annealed capacity -ln 2/ln P."""
    from scipy.stats import norm

    margins = np.array([0.25, 1.0, 5.0])
    chance = 2 * norm.cdf(margins) - 1
    lost = (2 * margins * norm.pdf(margins) / chance) ** 2
    for weights in ("ising", "spherical"):
        found = replicon.find_transition(
            "perceptron",
            "almeida-thouless",
            weights=weights,
            constraint="symmetric",
            margin=margins.tolist(),
        )
        np.testing.assert_allclose(found["value"], 1 / lost, rtol=1e-6)
    found = replicon.find_transition(
        "perceptron", "capacity", constraint="symmetric", margin=margins.tolist()
    )
    np.testing.assert_allclose(found["value"], -np.log(2) / np.log(chance), rtol=1e-9)


def test_transitions_that_do_not_exist_say_why():
    for model, name, controls, match in (
        (
            "perceptron",
            "capacity",
            {"constraint": "symmetric", "margin": -1.0},
            "does not exist.*at any load",
        ),
        (
            "perceptron",
            "freezing",
            {"weights": "spherical", "load": 1.0},
            "does not exist.*only binary",
        ),
        ("perceptron", "freezing", {"load": 0.5}, "does not exist.*positive, at any temperature"),
        ("perceptron-teacher", "spinodal", {"weights": "spherical"}, "does not exist.*gradually"),
        (
            "perceptron-clusters",
            "cluster-limit",
            {"replicas": 3.0},
            "does not exist.*infinitely many",
        ),
        ("perceptron-landscape", "isolation", {"load": 0.9}, "does not exist.*beyond the capacity"),
    ):
        with pytest.raises(replicon.ConvergenceError, match=match):
            replicon.find_transition(model, name, **controls)


def test_freezing_is_found_at_any_load():
    """At high loads errors are independent: ln 2 = load/(8 T^2) to leading order; T_f = 0.187101 at
    load 1.
    """
    out = replicon.find_transition("perceptron", "freezing", load=[0.834, 1.0, 1000.0, 100000.0])
    assert out["converged"].all()
    assert float(out["value"][1]) == pytest.approx(1 / 5.344709, abs=1e-6)
    # The correlated part of the errors' variance (1/(2 pi) of 1/4) does not count: measured against
    # the Gaussian energy model.
    ratio = out["value"].values[2:] / np.sqrt(np.array([1e3, 1e5]) / (8 * np.log(2)))
    assert abs(ratio[1] - ratio[0]) < 0.02
