"""The prior x channel engine: instances whose answer is known in closed form, and its parts against
one another.
"""

import jax.numpy as jnp
import numpy as np
import pytest

from replicon._declare import controls_tuple
from replicon.channel import one_step
from replicon.channel import replica as separable
from replicon.channel.factors import errorless
from replicon.theory import stationary
from replicon.theory.branch import visit
from replicon.theory.points import evaluate


def controls(**values):
    return controls_tuple(
        tuple(values), tuple(np.atleast_1d(np.asarray(v, float)) for v in values.values())
    )


def solved(theory, start, c):
    given = {"batch": 2, "how": "seldom"}  # of two points at most, each theory is compiled
    found = stationary.solve(theory.residual, start, c, iterate=theory.iterate, steps=300, **given)
    assert found.converged.all()
    return found.x, evaluate(theory.potential, found.x, c, **given)


@pytest.mark.slow
def test_weights_of_zero_and_one_run_out_at_their_capacity():
    """Load 0.589738: zero of ln(number of weight vectors), by an independent solver (Gutfreund &
    Stein 1990: 0.59).
    """
    theory = separable.storage(separable.discrete((0.0, 1.0)), errorless)
    one = np.ones(1)
    x, phi = solved(
        theory,
        separable.Overlaps(0.3 * one, 0.4 * one),
        controls(load=0.589738, margin=0.0),
    )
    assert phi[0] + np.log(2) == pytest.approx(0.0, abs=2e-6)
    assert 0 < x.overlap[0] < x.norm[0] < 1


@pytest.mark.slow
def test_a_log_integral_alone_gives_what_the_closed_prior_gives():
    c = controls(load=0.5, margin=0.0)
    start = separable.Overlaps(np.array([0.3]), np.ones(1))
    closed, alone = (
        separable.storage(separable.ising, errorless),
        separable.storage(separable.discrete((-1.0, 1.0)), errorless),
    )
    (x, phi), (y, psi) = solved(closed, start, c), solved(alone, start, c)
    assert y.overlap[0] == pytest.approx(x.overlap[0], abs=1e-10)
    assert psi[0] + np.log(2) == pytest.approx(phi[0], abs=1e-10)
    given = {"batch": 2, "how": "seldom"}
    assert evaluate(alone.replicon, y, c, **given)[0] == pytest.approx(
        evaluate(closed.replicon, x, c, **given)[0], abs=1e-9
    )


_GRID = np.linspace(-9.0, 9.0, 61)


def _noisy(y, omega, variance, noise):
    return (
        -((y - omega) ** 2) / (2 * (noise + variance))
        - jnp.log(2 * jnp.pi * (noise + variance)) / 2
    )


def _assumed(y, omega, variance, assumed):
    return _noisy(y, omega, variance, assumed)


_LABELS = (tuple(_GRID.tolist()), (float(_GRID[1] - _GRID[0]),) * len(_GRID))


@pytest.mark.slow
def test_a_mismatched_student_is_ridge_regression_with_the_wrong_ridge():
    """Student noise 1, teacher noise 0.3: (m, q) of ridge regression from V = 1/(1 + load/(D + V)),
    the Marchenko-Pastur equation, m = 1 - V and q = [m^2 (1 + ...)]: q = qh V^2 + m^2 with qh =
    load (noise + 1 - 2 m + q)/(D + V)^2.
    """
    student, teacher = (
        separable.Channel(_assumed, ("assumed",), _LABELS),
        separable.Channel(_noisy, ("noise",), _LABELS),
    )
    theory = separable.planted(separable.gaussian, student, separable.gaussian, teacher)
    load, noise, assumed = 1.5, 0.3, 1.0
    one = np.ones(1)
    x, _ = solved(
        theory,
        separable.Planted(0.4 * one, 0.4 * one, one),
        controls(load=load, noise=noise, assumed=assumed),
    )
    V = (x.norm - x.overlap)[0]
    m, q = x.magnetization[0], x.overlap[0]
    assert pytest.approx(1 / (1 + load / (assumed + V)), abs=1e-9) == V
    assert m == pytest.approx(1 - V, abs=1e-9)
    assert q == pytest.approx(
        m**2 + load * (noise + 1 - 2 * m + q) / (assumed + V) ** 2 * V**2, abs=1e-8
    )


@pytest.mark.slow
def test_a_matched_student_obeys_the_nishimori_identity():
    theory = separable.planted(separable.ising, separable.sign, separable.ising, separable.sign)
    matched = separable.bayes_optimal(separable.ising, separable.sign)
    c, one = controls(load=1.0), np.ones(1)
    x, phi = solved(theory, separable.Planted(0.3 * one, 0.2 * one, one), c)
    y, psi = solved(matched, separable.Matched(0.3 * one), c)
    assert x.magnetization[0] == pytest.approx(x.overlap[0], abs=1e-9)
    assert x.overlap[0] == pytest.approx(y.overlap[0], abs=1e-9)
    assert phi[0] == pytest.approx(psi[0], abs=1e-9)


def _side(side, *arguments):
    return one_step.Side(
        *(
            float(v[0])
            for v in evaluate(side, *(np.array([a]) for a in arguments), batch=1, how="seldom")
        )
    )


def _prior(A, qh0, qh1, m):
    return one_step.prior_side(separable.ising, A, qh0, qh1, m)


def _channel(q0, q1, m):
    return one_step.channel_side(
        separable.threshold, q0, q1, jnp.ones(()), m, (jnp.zeros(()), jnp.zeros(()))
    )


@pytest.mark.parametrize("m", [0.5, 2.2, 100.0])
def test_inner_averages_against_a_brute_grid(m):
    """Also with a hundred replicas at overlap 0.99: nodes that no fixed grid would have."""
    from scipy.special import log_ndtr, logsumexp

    qh0, spread, q0, q1 = 0.9, 1.5 / max(m, 1), 0.97, 0.99
    z = np.linspace(-9, 9, 2001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    z1 = np.linspace(-45, 45, 40001)
    log_step = np.log((z1[1] - z1[0]) / np.sqrt(2 * np.pi))

    def log_average(values):
        return logsumexp(-(z1**2) / 2 + m * values) + log_step

    fields = np.sqrt(qh0) * z[::20, None] + np.sqrt(spread) * z1
    prior = [log_average(np.logaddexp(f, -f) - 0.5) for f in fields]
    coarse = weight[::20] / weight[::20].sum()
    if m < 10:  # beyond, the brute grid in z0 is too coarse for the choice between the two signs
        assert _side(_prior, 1.0, qh0, qh0 + spread, m).log == pytest.approx(
            coarse @ prior, abs=1e-9
        )
    channel = [
        log_average(log_ndtr((np.sqrt(q0) * k + np.sqrt(q1 - q0) * z1) / np.sqrt(1 - q1)))
        for k in z[::20]
    ]
    assert _side(_channel, q0, q1, m).log == pytest.approx(coarse @ channel, abs=1e-6 * m)


def test_one_step_at_breaking_parameter_one_is_replica_symmetry():
    """At m = 1 the inner overlap drops out of phi, which is that of the outer one alone."""
    theory = separable.storage(separable.ising, errorless)
    c = controls(load=0.6, margin=0.0)
    x, phi = solved(theory, separable.Overlaps(np.array([0.3]), np.ones(1)), c)
    residual, measure = one_step.held(separable.ising, errorless)
    q = float(x.overlap[0])
    at = controls_tuple(
        ("load", "overlap", "breaking_parameter", "margin"), (0.6, q + 0.2, 1.0, 0.0)
    )
    near = at._replace(overlap=q + 0.01)
    way = visit(residual, one_step.Held(q - 0.01, 1.0, 0.05), near, [near, at])
    assert way.converged.all()
    out = evaluate(
        measure,
        one_step.Held(*(v[1:] for v in way.x)),
        controls(**at._asdict()),
        batch=8,
        how="seldom",
    )
    assert way.x.outer_overlap[1] == pytest.approx(q, abs=1e-9)
    assert out["free_entropy"][0] == pytest.approx(phi[0], abs=1e-9)


def test_internal_entropy_is_the_derivative_of_m_phi():
    residual, measure = one_step.held(separable.ising, errorless)
    at = controls_tuple(("load", "overlap", "breaking_parameter", "margin"), (0.4, 0.27, 2.2, 0.0))
    targets = [at._replace(overlap=q1) for q1 in np.arange(0.27, 0.5, 0.02)]
    targets += [targets[-1]._replace(breaking_parameter=m) for m in (2.2 - 1e-3, 2.2, 2.2 + 1e-3)]
    way = visit(residual, one_step.Held(0.25, 1.0, 0.05), at, targets)
    assert way.converged.all()
    c = controls(**{name: [getattr(t, name) for t in targets[-3:]] for name in at._fields})
    out = evaluate(measure, one_step.Held(*(v[-3:] for v in way.x)), c, batch=8, how="seldom")
    low, _, high = c.breaking_parameter * out["free_entropy"]
    assert (high - low) / 2e-3 == pytest.approx(out["internal_entropy"][1], abs=1e-7)
    assert out["complexity"][1] > 0


def test_a_path_that_cannot_be_followed_is_lost_not_jumped():
    """x^2 = c ends at c = 0: what lies beyond is not converged."""
    from collections import namedtuple

    order, at = namedtuple("order", ["x"]), namedtuple("at", ["c"])
    way = visit(_square_root, order(1.1), at(1.0), [at(1.0), at(0.25), at(-0.5), at(0.25)])
    np.testing.assert_allclose(way.x.x[:2], [1.0, 0.5], atol=1e-12)
    assert way.converged.tolist() == [True, True, False, False]


def _square_root(x, c):
    return x._replace(x=x.x**2 - c.c)
