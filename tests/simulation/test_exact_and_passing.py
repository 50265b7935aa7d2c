"""Enumeration against closed forms; mean field, TAP and belief propagation against enumeration; bad couplings refused."""

import itertools
import math

import numpy as np
import pytest
import scipy.sparse

import replicon
from replicon import belief_propagation, enumerate_states, naive_mean_field, tap

METHODS = (naive_mean_field, tap, belief_propagation)


def _glass(n, width, seed=0):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.normal(size=(n, n)), 1) * width / math.sqrt(n)
    return upper + upper.T, rng.normal(size=n) * 0.5 + 0.1


def _tree(n, seed=0):
    rng = np.random.default_rng(seed)
    J = np.zeros((n, n))
    for i in range(1, n):
        j = rng.integers(i)
        J[i, j] = J[j, i] = rng.normal()
    return J, rng.normal(size=n) * 0.5


def test_enumeration_against_the_sum_written_out():
    J, h = _glass(7, 1.0)
    states = np.array(list(itertools.product((-1, 1), repeat=7)))
    energy = -np.einsum("ki,ij,kj->k", states, J, states) / 2 - states @ h
    weight = np.exp(-energy / 0.7)
    weight /= weight.sum()
    out = enumerate_states(J, h, temperature=0.7)
    np.testing.assert_allclose(out.magnetization, weight @ states, atol=1e-13)
    np.testing.assert_allclose(out.correlation, states.T @ (weight[:, None] * states), atol=1e-13)
    assert out.energy == pytest.approx(weight @ energy, abs=1e-12)
    assert out.entropy == pytest.approx(-(weight * np.log(weight)).sum(), abs=1e-12)
    assert out.free_energy == pytest.approx(out.energy - 0.7 * out.entropy, abs=1e-12)
    assert out.ground_state_energy == pytest.approx(energy.min(), abs=1e-12)


def test_enumeration_of_a_ring_is_the_transfer_matrix():
    n, J, h, T = 18, 0.8, 0.3, 1.3
    ring = np.zeros((n, n))
    for i in range(n):
        ring[i, (i + 1) % n] = ring[(i + 1) % n, i] = J
    transfer = np.exp(np.array([[J + h, -J], [-J, J - h]]) / T)
    log_z = math.log(np.trace(np.linalg.matrix_power(transfer, n)))
    assert enumerate_states(ring, np.full(n, h), temperature=T).free_energy == pytest.approx(-T * log_z, abs=1e-11)


@pytest.mark.parametrize("temperature", [0.05, 0.5, 2.0])
def test_belief_propagation_is_exact_on_trees(temperature):
    J, h = _tree(16)
    exact = enumerate_states(J, h, temperature=temperature)
    out = belief_propagation(J, h, temperature=temperature)
    assert out.converged
    np.testing.assert_allclose(out.magnetization, exact.magnetization, atol=1e-10)
    assert out.free_energy == pytest.approx(exact.free_energy, abs=1e-9)
    np.testing.assert_allclose(out.correlation, exact.correlation[tuple(out.edges.T)], atol=1e-10)


def test_naive_mean_field_bounds_the_free_energy():
    for seed in range(5):
        J, h = _glass(12, 0.8, seed)
        out = naive_mean_field(J, h, temperature=1.0)
        assert out.converged
        assert out.free_energy > enumerate_states(J, h).free_energy


@pytest.mark.parametrize(("method", "order"), [(naive_mean_field, 2), (tap, 3), (belief_propagation, 3)])
def test_errors_fall_with_the_order_of_the_method(method, order):
    """Halving weak couplings divides the error of F by at least 2^order (Plefka's expansion; loops of three for Bethe)."""
    errors = []
    for scale in (0.2, 0.1, 0.05):
        total = 0.0
        for seed in range(4):
            J, h = _glass(12, 1.0, seed)
            total += abs(method(scale * J, h).free_energy - enumerate_states(scale * J, h).free_energy)
        errors.append(total)
    ratios = np.array(errors[:-1]) / errors[1:]
    assert (ratios > 0.85 * 2**order).all()


def test_tap_beats_naive_mean_field_and_belief_propagation_is_no_worse_on_a_glass():
    J, h = _glass(18, 0.6, 3)
    exact = enumerate_states(J, h)
    errors = [np.abs(method(J, h).magnetization - exact.magnetization).max() for method in METHODS]
    assert errors[1] < errors[0] / 5
    assert errors[2] < errors[0] / 5


@pytest.mark.parametrize("method", [*METHODS, enumerate_states])
def test_sparse_and_dense_couplings_give_the_same(method):
    J, h = _tree(10, 2)
    dense, sparse = method(J, h), method(scipy.sparse.csr_array(J), h)
    np.testing.assert_array_equal(dense.magnetization, sparse.magnetization)


def test_spontaneous_magnetization_needs_no_field():
    n = 20
    J = np.ones((n, n)) / n
    m = naive_mean_field(J, temperature=0.5).magnetization
    assert m.min() > 0.8
    assert naive_mean_field(J, temperature=0.5, start=np.full(n, -0.5)).magnetization.max() < -0.8


def test_messages_that_do_not_settle_are_marked():
    J, _ = _glass(40, 1.0, 1)
    out = belief_propagation(5 * J, iterations=200)
    assert not out.converged
    assert np.isfinite(out.magnetization).all()
    assert out.residual > 1e-6


@pytest.mark.parametrize("method", [*METHODS, enumerate_states])
@pytest.mark.parametrize(
    ("couplings", "field", "words"),
    [
        (np.full((3, 3), np.nan), None, "not finite"),
        (np.zeros((2, 3)), None, "square matrix"),
        (np.triu(np.ones((3, 3))), None, "not symmetric"),
        (np.zeros((3, 3)), np.zeros(4), r"shape \(3,\)"),
        (np.zeros((3, 3)), [0, np.inf, 0], "not finite"),
        ([["a", "b"], ["c", "d"]], None, "arrays of numbers"),
        (5.0, None, "arrays of numbers"),
    ],
)
def test_bad_couplings_are_refused_in_a_sentence(method, couplings, field, words):
    with pytest.raises(replicon.InputError, match=words):
        method(couplings, field)


@pytest.mark.parametrize("method", [*METHODS, enumerate_states])
@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_bad_temperatures_are_refused(method, temperature):
    with pytest.raises(replicon.InputError, match="temperature must be > 0"):
        method(np.zeros((3, 3)), temperature=temperature)


@pytest.mark.parametrize("method", METHODS)
def test_bad_settings_are_refused(method):
    with pytest.raises(replicon.InputError, match="start has shape"):
        method(np.zeros((3, 3)), start=np.zeros(2))
    with pytest.raises(replicon.InputError, match="iterations"):
        method(np.zeros((3, 3)), iterations=0)
    with pytest.raises(replicon.InputError, match="damping"):
        method(np.zeros((3, 3)), damping=1.0)


def test_too_many_spins_to_enumerate():
    with pytest.raises(replicon.InputError, match="N must be <= 24"):
        enumerate_states(np.zeros((25, 25)))
