"""Enumeration against closed forms; mean field, TAP and belief propagation against enumeration; bad
couplings refused.
"""

import itertools
import math

import numpy as np
import pytest
import scipy.sparse

import replicon
from replicon.ising import belief_propagation, enumerate_states, naive_mean_field, tap

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
    assert enumerate_states(ring, np.full(n, h), temperature=T).free_energy == pytest.approx(
        -T * log_z, abs=1e-11
    )


def _is_exact(J, h, temperature, atol=1e-10, **settings):
    exact = enumerate_states(J, h, temperature=temperature)
    out = belief_propagation(J, h, temperature=temperature, **settings)
    assert out.converged, out.reason
    assert out.stable
    np.testing.assert_allclose(out.magnetization, exact.magnetization, atol=atol)
    np.testing.assert_allclose(out.correlation, exact.correlation[tuple(out.edges.T)], atol=atol)
    scale = 1 + np.abs(J).sum() + np.abs(h).sum()
    for name in ("free_energy", "energy"):
        assert getattr(out, name) == pytest.approx(getattr(exact, name), abs=atol * scale)
    assert out.entropy == pytest.approx(exact.entropy, abs=10 * atol)
    return out


@pytest.mark.parametrize("temperature", [1e-3, 0.05, 0.5, 2.0, 1e3])
def test_belief_propagation_is_exact_on_trees(temperature):
    for seed in range(3):
        J, h = _tree(14, seed)
        _is_exact(J, h, temperature)
        _is_exact(30 * J, -5 * h, temperature)


def test_belief_propagation_of_couplings_that_fight_fields():
    """What a message capped at |atanh(1 - 1e-16)| gets wrong: sign, free energy -inf."""
    for T in (1e-3, 0.1, 1.0):
        out = _is_exact(np.array([[0, 2.5], [2.5, 0]]), np.array([3, -2.2]), T)
        assert (out.magnetization > 0.8).all() or T == 1.0
    chain = np.diag([40.0, -35.0, 60.0], 1)
    _is_exact(chain + chain.T, np.array([50.0, 0.0, 0.1, -45.0]), 0.2)


def test_belief_propagation_of_forests_ties_and_lone_spins():
    """Pieces without couplings between them, degenerate ground states (m = 0 by symmetry),
    couplings of one size.
    """
    rng = np.random.default_rng(5)
    for trial in range(6):
        J = np.zeros((11, 11))
        for i in range(1, 11):
            if rng.random() < 0.7:
                j = rng.integers(i)
                J[i, j] = J[j, i] = rng.choice([-1.0, 1.0])
        order = rng.permutation(11)
        h = np.zeros(11) if trial % 2 else rng.choice([-1.0, 0.0, 1.0], 11)
        out = _is_exact(J[order][:, order], h, 10.0 ** -(trial + 0.5))
        assert trial % 2 == 0 or (out.magnetization == 0).all()
    _is_exact(np.zeros((3, 3)), np.array([0.0, 2.0, -1e-3]), 0.01)
    _is_exact(np.zeros((1, 1)), np.array([0.3]), 0.01)


def test_belief_propagation_of_couplings_on_all_scales():
    chain = np.diag(10.0 ** np.array([-8, 6, -3, 0, 8, -1, 3]), 1)
    # Energies of 10^8 are known to 10^-8.
    _is_exact(
        chain + chain.T, np.array([0.3, -1e5, 0.2, 1.0, -0.4, 1e8, 2e-8, -900.0]), 0.7, atol=1e-7
    )


def test_as_temperature_goes_to_zero_nothing_overflows_and_ties_stay():
    J = np.array([[0.0, 2.5], [2.5, 0.0]])
    for method in (enumerate_states, belief_propagation):
        out = method(J, temperature=1e-300)
        assert (out.magnetization == 0).all()
        assert out.free_energy == -2.5
        assert out.entropy == pytest.approx(math.log(2), abs=1e-12)
    J, h = _glass(10, 1.0)
    cold = enumerate_states(J, h, temperature=1e-3)
    assert np.isfinite([cold.free_energy, cold.energy, cold.entropy]).all()
    assert cold.free_energy <= cold.ground_state_energy <= cold.energy
    frustrated = -np.ones((3, 3))
    out = enumerate_states(frustrated, temperature=1e-5)  # six ground states of the triangle
    assert out.entropy == pytest.approx(math.log(6), abs=1e-12)
    np.testing.assert_allclose(out.correlation[np.triu_indices(3, 1)], -1 / 3, atol=1e-12)


def test_belief_propagation_of_a_long_chain_needs_two_turns():
    n, T = 800, 0.3
    chain = scipy.sparse.diags_array([np.full(n - 1, 0.8)] * 2, offsets=[-1, 1])
    out = belief_propagation(chain, temperature=T)
    assert out.converged
    assert out.iterations <= 2  # one to solve it, one to see that
    assert out.free_energy == pytest.approx(
        -T * (n * math.log(2) + (n - 1) * math.log(math.cosh(0.8 / T))), rel=1e-13
    )


def test_naive_mean_field_bounds_the_free_energy():
    for seed in range(5):
        J, h = _glass(12, 0.8, seed)
        out = naive_mean_field(J, h, temperature=1.0)
        assert out.converged
        assert out.free_energy > enumerate_states(J, h).free_energy


@pytest.mark.parametrize(
    ("method", "order"), [(naive_mean_field, 2), (tap, 3), (belief_propagation, 3)]
)
def test_errors_fall_with_the_order_of_the_method(method, order):
    """Halving weak couplings divides the error of F by at least 2^order (Plefka's expansion; loops
    of three for Bethe).
    """
    errors = []
    for scale in (0.2, 0.1, 0.05):
        total = 0.0
        for seed in range(4):
            J, h = _glass(12, 1.0, seed)
            total += abs(
                method(scale * J, h).free_energy - enumerate_states(scale * J, h).free_energy
            )
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


def test_a_saddle_is_left_from_the_default_start_and_marked_from_a_given_one():
    """A pattern orthogonal to the uniform start: m = 0 solves the equations, and is a maximum of
    the free energy.
    """
    pattern = np.tile([1, -1], 10)
    J = np.outer(pattern, pattern) / 20
    m = replicon.solve("curie-weiss", temperature=0.5)["magnetization"]
    for method in METHODS:
        out = method(J, temperature=0.5)
        assert out.converged
        assert out.stable
        assert (np.sign(out.magnetization) * pattern == np.sign(out.magnetization[0])).all()
        assert abs(out.magnetization[0]) == pytest.approx(float(m), abs=0.03)  # 1/N
    for method in (naive_mean_field, tap):
        out = method(J, temperature=0.5, start=np.zeros(20))
        assert out.stable is False
        assert out.free_energy > method(J, temperature=0.5).free_energy


@pytest.mark.parametrize("method", METHODS)
def test_converged_is_true_of_the_equations_not_of_the_last_step(method):
    """Heavy damping makes steps small long before the equations hold; so does a continuous
    transition.
    """
    J, h = _glass(12, 0.6)
    right = method(J, h).magnetization
    out = method(J, h, damping=0.9999, iterations=3000)
    assert not out.converged or np.abs(out.magnetization - right).max() < 1e-8
    n = 20
    out = method(np.ones((n, n)) / n, temperature=(n - 1) / n)
    assert not out.converged or np.abs(out.magnetization).max() < 1e-6


def test_what_the_methods_mark_as_converged_obeys_what_it_must():
    """Random couplings of all strengths: entropies between 0 and N ln 2, the bound of mean field,
    finite numbers.
    """
    rng = np.random.default_rng(3)
    marked = dict.fromkeys(METHODS, 0)
    for trial in range(40):
        n = int(rng.integers(3, 9))
        upper = np.triu(rng.normal(size=(n, n)), 1) * 10.0 ** rng.uniform(-2, 1)
        J, h, T = upper + upper.T, rng.normal(size=n) * (trial % 2), 10.0 ** rng.uniform(-3, 1)
        exact = enumerate_states(J, h, temperature=T)
        for method in METHODS:
            out = method(J, h, temperature=T, iterations=2000)
            assert np.isfinite(out.magnetization).all()
            assert out.converged == (out.reason == "")
            if out.converged:
                marked[method] += 1
                assert -1e-8 < out.entropy < n * math.log(2) + 1e-8
                assert out.free_energy == pytest.approx(out.energy - T * out.entropy, rel=1e-9)
            if method is naive_mean_field:
                assert out.converged
                assert out.free_energy >= exact.free_energy - 1e-9 * (1 + abs(exact.free_energy))
    assert min(marked.values()) >= 8


def test_the_paramagnet_below_the_glass_is_no_solution_of_tap():
    J, _ = _glass(60, 1.0, 2)
    assert tap(J, temperature=2.0).converged
    cold = tap(J, temperature=0.3, start=np.zeros(60))
    assert not cold.converged
    assert "entropy is negative" in cold.reason


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
        (np.eye(3) * 1j, None, "complex"),
        (np.zeros((0, 0)), None, "shape"),
        (1e-20 * np.triu(np.ones((3, 3)), 1), None, "not symmetric"),
        (np.full((3, 3), 1.5e308), None, "overflows"),
        (np.zeros((3, 3)), np.ones(3) * 1j, "complex"),
        (np.zeros((3, 3)), np.ones((3, 1)), "shape"),
        (None, None, "arrays of numbers"),
    ],
)
def test_bad_couplings_are_refused_in_a_sentence(method, couplings, field, words):
    with pytest.raises(replicon.InputError, match=words):
        method(couplings, field)


@pytest.mark.parametrize("method", [*METHODS, enumerate_states])
@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf, True, None, "1", 10**400])
def test_bad_temperatures_are_refused(method, temperature):
    with pytest.raises(replicon.InputError, match="temperature must be > 0"):
        method(np.zeros((3, 3)), temperature=temperature)


@pytest.mark.parametrize("method", [*METHODS, enumerate_states])
def test_couplings_of_all_kinds_give_the_same(method):
    networkx = pytest.importorskip("networkx")
    pandas = pytest.importorskip("pandas")
    whole = np.array([[7, 1, 0], [1, 0, 1], [0, 1, -2]])  # its diagonal is a constant of the energy
    expected = method(whole.astype(float), [0.1, 0.2, 0.3], temperature=np.float32(2)).magnetization
    off = whole * (1 - np.eye(3, dtype=int))
    kinds = (
        off.tolist(),
        off.astype(bool),
        scipy.sparse.coo_array(off),
        scipy.sparse.csr_matrix(off.astype(bool)),
    )
    for given in (
        *kinds,
        pandas.DataFrame(off),
        networkx.path_graph(3),
        off.astype(np.float32),
        np.asfortranarray(off),
    ):
        np.testing.assert_array_equal(
            method(given, [0.1, 0.2, 0.3], temperature=2).magnetization, expected
        )


@pytest.mark.parametrize("method", METHODS)
def test_bad_settings_are_refused(method):
    with pytest.raises(replicon.InputError, match="start has shape"):
        method(np.zeros((3, 3)), start=np.zeros(2))
    with pytest.raises(replicon.InputError, match="iterations"):
        method(np.zeros((3, 3)), iterations=0)
    with pytest.raises(replicon.InputError, match="damping"):
        method(np.zeros((3, 3)), damping=1.0)
    with pytest.raises(replicon.InputError, match="tolerance"):
        method(np.zeros((3, 3)), tolerance=-1e-9)
    with pytest.raises(replicon.InputError, match="start holds nan"):
        method(np.zeros((3, 3)), start=[0, np.nan, 0])


def test_too_many_spins_to_enumerate():
    with pytest.raises(replicon.InputError, match="N must be <= 24"):
        enumerate_states(np.zeros((25, 25)))
