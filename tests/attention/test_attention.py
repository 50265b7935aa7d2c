"""Linear attention: limits of the theory, instances against it, closed-form test errors against
drawn prompts.
"""

import numpy as np
import pytest
from tests.statistical import assert_mean, assert_rejected

import replicon
from replicon.attention import estimators_finite as estimators
from replicon.attention import finite as simulation
from replicon.attention import hamiltonian as training
from replicon.attention import theory

BASE = {"context": 2.0, "diversity": 1.0, "prompts": 2.0, "noise": 0.1, "ridge": 0.1}


def test_effective_ridge_solves_its_equation():
    rng = np.random.default_rng(0)
    c = {
        "context": 10 ** rng.uniform(-2, 2, 500),
        "diversity": 10 ** rng.uniform(-2, 2, 500),
        "prompts": 10 ** rng.uniform(-2, 2, 500),
    }
    c |= {
        "noise": rng.uniform(0, 2, 500),
        "ridge": 10 ** rng.uniform(-8, 2, 500),
        "temperature": np.zeros(500),
        "dimension": np.full(500, np.inf),
    }
    from replicon._declare import controls_tuple

    controls = controls_tuple(tuple(c), tuple(c.values()))
    xi, converged = theory.effective_ridge(controls)
    assert converged.all()
    right = xi * (1 - theory.traces(xi, controls).degrees / controls.prompts)
    np.testing.assert_allclose(right, controls.ridge, rtol=1e-6, atol=1e-12 * xi.max())


def test_double_descent_diverges_at_the_interpolation_threshold():
    near = replicon.solve(
        "attention", **{**BASE, "prompts": [0.5, 0.99, 0.999, 1.001, 1.01, 2.0], "ridge": 0.0}
    )["icl_error"].values
    assert near[2] / near[1] == pytest.approx(10, rel=0.15)
    assert near[3] / near[4] == pytest.approx(10, rel=0.15)
    with pytest.raises(replicon.ConvergenceError, match="diverge at prompts = 1: give ridge > 0"):
        replicon.solve("attention", **{**BASE, "prompts": 1.0, "ridge": 0.0})
    # The limit of small ridge, from both sides.
    for prompts in (0.5, 2.0):
        small, zero = (
            replicon.solve("attention", **{**BASE, "prompts": prompts, "ridge": r})
            for r in (1e-9, 0.0)
        )
        for name in ("icl_error", "idg_error", "diagonal"):
            assert float(small[name]) == pytest.approx(float(zero[name]), rel=1e-6)


def test_optimal_ridge_is_a_minimum_and_memorization_a_factor_two():
    ridge = float(
        replicon.find_transition(
            "attention", "optimal-ridge", **{k: v for k, v in BASE.items() if k != "ridge"}
        )["value"]
    )
    error = [
        float(replicon.solve("attention", **{**BASE, "ridge": ridge * s})["icl_error"])
        for s in (0.9, 1.0, 1.1)
    ]
    assert error[1] < min(error[0], error[2])
    value = float(
        replicon.find_transition(
            "attention", "memorization", **{k: v for k, v in BASE.items() if k != "diversity"}
        )["value"]
    )
    out = replicon.solve("attention", **{**BASE, "diversity": value})
    assert float(out["icl_error"] / out["idg_error"]) == pytest.approx(2.0, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "samples"),
    [
        ({"context": 2, "diversity": 0.5, "prompts": 0.5, "ridge": 0.1}, 80),
        ({"context": 2, "diversity": 10, "prompts": 4, "ridge": 0.01}, 40),
        ({"context": 2, "diversity": 1, "prompts": 2, "ridge": 0.1, "temperature": 0.3}, 80),
    ],
    ids=["point0", "point1", "point2"],
)
def test_instances_tend_to_the_theory_as_one_over_d(point, samples):
    """Corrections are a/d: sizes 16 and 32 extrapolate to the theory, and the finite second moments
    take a part of them away. The larger ones are trained by products, in a fifth of the time.
    """
    exact = replicon.solve("attention", noise=0.1, **point)
    given = {"samples": samples, "seed": 3, "noise": 0.1, **point}
    small = replicon.simulate("attention", size=16, **given)
    large = replicon.simulate("attention", size=32, method="conjugate-gradient", **given)
    finite = replicon.solve("attention", noise=0.1, dimension=32, **point)
    for name, effect in (("icl_error", 0.16), ("idg_error", 0.2), ("diagonal", 0.08)):
        a, b = small[name].values, large[name].values
        assert_mean(2 * b - a, float(exact[name]), effect=effect)
    gap = float(large["icl_error"].mean() - exact["icl_error"])
    assert 0 < float(finite["icl_error"] - exact["icl_error"]) < gap


def test_finite_second_moments_are_within_four_errors_at_thirty_two():
    for point in (
        {"context": 2, "diversity": 0.5, "prompts": 0.5, "ridge": 0.1},
        {"context": 4, "diversity": 1, "prompts": 0.5, "ridge": 1},
    ):
        given = {"size": 32, "samples": 30, "seed": 2, "method": "conjugate-gradient"}
        out = replicon.compare("attention", noise=0.1, **given, **point)
        assert abs(out["z"].sel(observable=["icl_error", "idg_error"])).max() < 4


@pytest.mark.parametrize("full", [False, True])
def test_closed_test_errors_are_those_of_drawn_prompts(full):
    """`errors` against 200,000 prompts drawn one input at a time, with anisotropic inputs and
    tasks, a code of its own.
    """
    d, length, noise, count = 4, 6, 0.2, 200_000
    rng = np.random.default_rng(0)
    S, c = simulation.power_law(d, 1.0), simulation.power_law(d, 0.5)
    tasks = simulation.draw_tasks(rng, 3, c)
    gamma = rng.normal(size=(d, d + full)) / 3
    from types import SimpleNamespace

    expected = simulation.errors(gamma, tasks, SimpleNamespace(noise=noise), length, S, c)
    for value, w in (
        (expected.idg, tasks[rng.integers(0, 3, count)]),
        (expected.icl, simulation.draw_tasks(rng, count, c)),
    ):
        x = rng.normal(size=(count, length + 1, d)) * np.sqrt(S / d)
        y = np.einsum("nld,nd->nl", x, w) + np.sqrt(noise) * rng.normal(size=(count, length + 1))
        h = d / length * np.einsum("nl,nld->nd", y[:, :-1], x[:, :-1])
        if full:
            h = np.column_stack([h, (y[:, :-1] ** 2).mean(axis=1)])
        assert_mean(
            (y[:, -1] - np.einsum("nd,de,ne->n", x[:, -1], gamma, h)) ** 2,
            value,
            effect=0.1 * value,
        )
        assert_rejected((y[:, -1] - np.einsum("nd,de,ne->n", x[:, -1], 1.3 * gamma, h)) ** 2, value)


def test_contexts_drawn_by_their_law_have_the_moments_of_contexts_drawn_whole():
    d, length, noise = 3, 4, 0.3
    rng = np.random.default_rng(1)
    S = simulation.power_law(d, 1.0)
    w = np.tile([1.0, -0.5, 2.0], (100_000, 1))
    short = simulation.draw_prompts(rng, w, length, noise, S, True)
    x = rng.normal(size=(100_000, length, d)) * np.sqrt(S / d)
    y = np.einsum("nld,nd->nl", x, w) + np.sqrt(noise) * rng.normal(size=(100_000, length))
    whole = np.column_stack([d / length * np.einsum("nl,nld->nd", y, x), (y**2).mean(axis=1)])
    for power in (1, 2, 3):
        for direction in np.random.default_rng(2).normal(size=(4, d + 1)):
            a, b = (short.h @ direction) ** power, (whole @ direction) ** power
            assert abs(a.mean() - b.mean()) < 4.5 * np.hypot(a.std(), b.std()) / np.sqrt(100_000)


def _hamiltonian(size, count, prompts, ridge, seed=0):
    rng = np.random.default_rng(seed)
    tasks = simulation.draw_tasks(rng, count, np.ones(size))
    given = simulation.draw_prompts(
        rng, tasks[rng.integers(0, count, prompts)], 2 * size, 0.1, np.ones(size), False
    )
    return simulation.Hamiltonian(given, ridge * prompts / size)


def test_ways_of_training_agree():
    hamiltonian = _hamiltonian(10, 10, 200, 0.1)
    direct, iterated, learned = (
        simulation.train(hamiltonian, 0.0, method, np.random.default_rng(1))
        for method in ("direct", "conjugate-gradient", "gradient-descent")
    )
    np.testing.assert_allclose(iterated, direct, atol=1e-6)
    assert np.linalg.norm(learned - direct) < 0.05 * np.linalg.norm(direct)
    assert (
        0
        <= hamiltonian.energy(learned) - hamiltonian.energy(direct)
        < 1e-3 * hamiltonian.energy(direct)
    )


def test_every_method_ends_in_the_weights_of_least_norm():
    """Fewer prompts than weights, ridge falling to 0: the pseudo-inverse; 1e-5 is what a residual
    of 1e-9 leaves at ridge 1e-4.
    """
    for prompts in (50, 99, 100, 200):
        hamiltonian = _hamiltonian(10, 10, prompts, 0.0)
        least = np.linalg.pinv(hamiltonian.features()) @ hamiltonian.prompts.y
        for ridge in (0.0, 1e-13, 1e-8, 1e-4, 1e-2):
            hamiltonian = _hamiltonian(10, 10, prompts, ridge)
            for temperature in (0.0, 0.5) if ridge else (0.0,):
                direct, iterated = (
                    simulation.train(hamiltonian, temperature, method, np.random.default_rng(1))
                    for method in ("direct", "conjugate-gradient")
                )
                assert np.linalg.norm(iterated - direct) < 1e-5 * np.linalg.norm(direct)
                if ridge < 1e-12 and temperature == 0:
                    np.testing.assert_allclose(
                        direct.ravel(), least, atol=1e-7 * np.linalg.norm(least)
                    )


@pytest.mark.parametrize("ridge", [0.0, 1e-4, 0.1])
def test_errors_are_continuous_where_auto_changes_its_method(ridge, monkeypatch):
    """The same instance on either side of the threshold."""
    given = {"size": 12, "samples": 2, "prompts": 0.5, "ridge": ridge, "seed": 3}
    below = replicon.simulate("attention", **given)
    monkeypatch.setattr(training, "_DIRECT", 10)
    above = replicon.simulate("attention", **given)
    for name in ("icl_error", "idg_error", "diagonal", "alignment", "energy"):
        np.testing.assert_allclose(above[name], below[name], rtol=1e-5, atol=1e-9)


def test_without_ridge_instances_follow_the_theory_of_least_norm():
    """Corrections are a/d: two sizes extrapolate. Another interpolator (a preconditioned one) ends
    a quarter above.
    """
    given = {"prompts": 0.5, "ridge": 0, "noise": 0.1, "method": "conjugate-gradient"}
    small, large = (
        replicon.simulate("attention", size=d, samples=40, seed=2, **given)["icl_error"].values
        for d in (16, 32)
    )
    exact = float(replicon.solve("attention", prompts=0.5, ridge=0, noise=0.1)["icl_error"])
    assert_mean(2 * large - small, exact, effect=0.3 * exact)


_EDGES = {
    "context": [1e-6, 0.01, 1.0, 1e6, np.inf],
    "diversity": [1e-6, 0.01, 1.0, 1e6, np.inf],
    "prompts": [1e-6, 0.5, 1.0, 1e6, np.inf],
    "noise": [0.0, 0.1, 100.0],
    "ridge": [0.0, 1e-12, 0.1, 1e6],
    "temperature": [0.0, 1e-6, 1e6],
    "dimension": [2, np.inf],
}


def test_converged_is_right_over_the_whole_domain():
    """Errors are never below the noise, and no point with a ridge is without an answer."""
    out = replicon.solve("attention", **_EDGES)
    there = out["converged"]
    assert bool(there.sel(ridge=[1e-12, 0.1, 1e6]).all())
    for name in ("icl_error", "idg_error"):
        assert bool((out[name] >= out["noise"] * (1 - 1e-12)).where(there, True).all())
        assert bool(
            (out[name] <= 1e-6 + out["noise"] + 1)
            .where(there & (out["temperature"] == 0) & (out["prompts"] == np.inf), True)
            .all()
        ) or (name == "icl_error")
    assert not bool(
        there.sel(ridge=0.0, prompts=0.5, context=1.0).where(out["temperature"] > 0, False).any()
    )
    assert (out["reason"].values[~there.values] != "").all()


def test_errors_at_hard_points_against_quadrature_over_the_spectrum():
    """E = noise + tr[R - 2 G R + G^2 B] and its like, summed over the density of Marchenko and
    Pastur (as above).
    """
    from types import SimpleNamespace

    for context, diversity, prompts, noise, ridge in (
        (1e-6, 4.0, 2.0, 0.0, 1e-9),
        (1e-6, 0.3, 1e-3, 0.1, 1e-3),
        (1e6, 0.3, 0.6, 0.0, 1e-7),
        (3.0, 4.0, 1e-6, 0.2, 0.0),
        (3.0, 0.2, 0.999999, 0.2, 0.0),
    ):
        ratio = 1 / diversity
        angle = (np.arange(200_000) + 0.5) * np.pi / 200_000
        low, high = (1 - np.sqrt(ratio)) ** 2, (1 + np.sqrt(ratio)) ** 2
        r = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
        weight = ((high - low) / 2 * np.sin(angle)) ** 2 / (2 * np.pi * ratio * r) * np.pi / 200_000
        r, weight = np.append(r, 0.0), np.append(weight, max(0.0, 1 - diversity))
        given = {
            "context": context,
            "diversity": diversity,
            "prompts": prompts,
            "noise": noise,
            "ridge": ridge,
        }
        out = replicon.solve("attention", **given)
        xi, shift = float(out["effective_ridge"]), (1 + noise) / context
        B = r + shift
        G = r / (B + xi)
        left = np.longdouble(prompts) - (weight.astype(np.longdouble) * B / (B + xi)).sum()
        assert float(left) == pytest.approx(prompts * ridge / xi, rel=1e-6, abs=1e-9 * prompts)
        spread = SimpleNamespace(
            known=(weight * (r * (1 - G) ** 2 + G**2 * shift)).sum(),
            new=(weight * ((1 - G) ** 2 + G**2 * shift)).sum(),
        )
        idg = (noise + spread.known) / (
            ridge / xi + xi / prompts * (weight * B / (B + xi) ** 2).sum()
        )
        icl = noise + spread.new + (1 + shift) * idg / prompts * (weight * B / (B + xi) ** 2).sum()
        assert float(out["idg_error"]) == pytest.approx(idg, rel=1e-6)
        assert float(out["icl_error"]) == pytest.approx(icl, rel=1e-6)


def test_a_tiny_ridge_keeps_its_digits_where_tasks_are_as_many_as_dimensions():
    """Against 50 digits; 1e-14: a few dozen roundings."""
    given = {"context": np.inf, "noise": 0, "diversity": 1, "ridge": 1e-12, "dimension": np.inf}
    for prompts, value in ((np.inf, 4.9999999999993749e-7), (1e6, 5.0000025000012499e-7)):
        error = float(replicon.solve("attention", prompts=prompts, **given)["icl_error"])
        assert error == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ridge": 0, "prompts": 0.5, "temperature": 0.1}, "flat directions"),
        ({"ridge": 0, "prompts": 1, "temperature": 0.1}, "diverge at prompts = 1"),
        (
            {"ridge": 0, "prompts": 0.25, "diversity": 0.25, "context": np.inf},
            "diverge at prompts = diversity",
        ),
    ],
)
def test_what_has_no_finite_answer_says_why(given, words):
    with pytest.raises(replicon.ConvergenceError, match=words):
        replicon.solve("attention", **given)


@pytest.mark.parametrize(
    ("transition", "given", "words"),
    [
        ("memorization", {"noise": 10}, "less than twice that on known ones at any diversity"),
        ("memorization", {"ridge": 0, "prompts": 1}, "diverge at prompts = 1"),
        ("memorization", {"ridge": 0, "prompts": 0.5, "temperature": 1}, "flat directions"),
        ("optimal-ridge", {"temperature": 1, "prompts": 0.5}, "heat exceeds what they learn"),
    ],
)
def test_transitions_that_do_not_exist_say_why(transition, given, words):
    with pytest.raises(replicon.ConvergenceError, match=words):
        replicon.find_transition("attention", transition, **given)


def test_optimal_ridge_is_a_minimum_at_the_edges_of_the_domain():
    for given in (
        {"context": 1e-6},
        {"noise": 10},
        {"prompts": 1e-6},
        {"diversity": 1e-6, "context": 0.01},
        {"context": np.inf},
    ):
        ridge = float(replicon.find_transition("attention", "optimal-ridge", **given)["value"])
        gain = []
        for factor in (0.5, 1.0, 2.0):
            out = replicon.solve("attention", ridge=factor * ridge, **given)
            shift = 1 + (1 + given.get("noise", 0.1)) / given.get("context", 2.0)
            gain.append(
                float(shift * (out["diagonal"] / out["alignment"]) ** 2 - 2 * out["diagonal"])
            )
        assert gain[1] < min(gain[0], gain[2]), given


def test_estimators_at_the_edges_of_their_domain():
    """Without noise the error is the part of w that the context does not see; endless and tiny
    contexts.
    """
    out = replicon.solve("in-context-estimators", context=[1e-9, 0.25, 1.0, 1e9, np.inf], noise=0)[
        "icl_error"
    ].values
    np.testing.assert_allclose(out, [1 - 1e-9, 0.75, 0, 0, 0], rtol=1e-12, atol=1e-12)
    out = replicon.solve("in-context-estimators", context=[1e-12, 1e12], noise=[1e-12, 0.5, 1e6])
    assert out["converged"].values.all()
    np.testing.assert_allclose(
        out["icl_error"].values[0], np.array([1e-12, 0.5, 1e6]) + 1, rtol=1e-9
    )
    np.testing.assert_allclose(out["icl_error"].values[1], [1e-12, 0.5, 1e6], rtol=1e-5)


def test_boltzmann_samples_by_a_perturbed_ground_state_are_those_of_the_measure():
    rng, hamiltonian = np.random.default_rng(0), _hamiltonian(4, 3, 40, 0.1)
    inverse = np.linalg.inv(hamiltonian.couplings)
    np.testing.assert_allclose(
        hamiltonian.product(np.arange(16.0)), hamiltonian.couplings @ np.arange(16.0)
    )
    states = np.array(
        [simulation.train(hamiltonian, 0.5, "direct", rng).ravel() for _ in range(3000)]
    )
    direction = np.ones(16)
    mean, variance = direction @ inverse @ hamiltonian.fields, 0.5 * direction @ inverse @ direction
    assert_mean(states @ direction, mean, effect=0.2 * np.sqrt(variance))
    assert_mean((states @ direction - mean) ** 2, variance, effect=0.3 * variance)


def test_estimators_against_their_theory():
    """Ridge regression: corrections a/d, two sizes extrapolate."""
    at = {"context": 2, "noise": 0.2, "estimator": "ridge"}
    small, large = (
        replicon.simulate("in-context-estimators", size=d, samples=40, contexts=100, seed=1, **at)
        for d in (16, 32)
    )
    exact = float(replicon.solve("in-context-estimators", **at)["icl_error"])
    assert_mean(2 * large["icl_error"].values - small["icl_error"].values, exact, effect=0.06)
    out = replicon.simulate(
        "in-context-estimators", size=32, samples=5, estimator="discrete", noise=0.1
    )
    assert out["idg_error"].values.mean() < 0.12
    assert out["icl_error"].values.mean() > 1.0


def test_the_discrete_estimator_is_bayes_theorem():
    rng = np.random.default_rng(0)
    tasks, x = rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    y = x @ tasks[1] + rng.normal(size=4)
    likelihood = np.array([np.prod(np.exp(-((y - x @ w) ** 2) / (2 * 0.7))) for w in tasks])
    np.testing.assert_allclose(
        estimators.discrete(x, y, 0.7, tasks), likelihood / likelihood.sum() @ tasks
    )


@pytest.mark.parametrize(
    ("controls", "words"),
    [
        ({"diversity": 0.01}, "no tasks at this size"),
        ({"context": 0.01}, "no examples at this size"),
        ({"prompts": 0.001}, "no prompts at this size"),
        ({"diversity": float("inf")}, "cannot be simulated"),
        ({"ridge": 0, "temperature": 1}, "give ridge > 0"),
        ({"noise": -1}, "noise must be >= 0"),
        ({"ridge": -1}, "ridge must be >= 0"),
    ],
)
def test_impossible_settings_are_refused(controls, words):
    with pytest.raises(replicon.InputError, match=words):
        replicon.simulate("attention", size=10, **controls)


def test_a_temperature_that_gradient_descent_would_ignore_is_refused():
    with pytest.raises(replicon.InputError, match="give temperature=0, or another method"):
        replicon.simulate("attention", method="gradient-descent", temperature=0.5, size=6)
