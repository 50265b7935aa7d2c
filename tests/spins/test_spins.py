"""Dense kernels against exact enumeration: distributions of independent end states, mean energies,
wrong twins.
"""

import itertools
import math

import numba
import numpy as np
import pytest
from scipy import stats
from tests.statistical import assert_mean, assert_rejected, twin

from replicon.hopfield import finite as hopfield
from replicon.ising import curie_weiss_finite as curie_weiss
from replicon.spins import heat_bath as spins
from replicon.spins import tempering
from replicon.spins.exact import enumerate_states

N, ENDS = 8, 20_000


def _glass(n=N, seed=0, width=1.0):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.normal(size=(n, n)), 1) * width / math.sqrt(n)
    return upper + upper.T, rng.normal(size=n) * 0.4 + 0.2


def _states(n):
    return np.array(list(itertools.product((-1.0, 1.0), repeat=n)))


def _boltzmann(energy, beta):
    weight = np.exp(-beta * (energy - energy.min()))
    return weight / weight.sum()


def _p_value(counts, expected):
    """Chi-square of counts against expected counts; rare states are put together until they hold
    10.
    """
    order = np.argsort(expected)
    groups = np.cumsum(expected[order]) // 10
    observed, wanted = (np.bincount(groups.astype(int), v[order]) for v in (counts, expected))
    observed, wanted = observed[wanted > 0], wanted[wanted > 0]
    if wanted[-1] < 10:
        observed, wanted = (
            np.append(observed[:-2], observed[-2:].sum()),
            np.append(wanted[:-2], wanted[-2:].sum()),
        )
    return stats.chisquare(observed, wanted * observed.sum() / wanted.sum()).pvalue


@numba.njit
def _ends(sweep, couplings, external, beta, sweeps, count, rng):
    n = len(external)
    out = np.empty(count, np.int64)
    chains = 4
    fields = np.empty((chains, n), np.float32)
    betas = np.full(chains, beta)
    for k in range(0, count, chains):
        s = np.ones((chains, n), np.float32)
        spins.local_fields(couplings, external, s, fields)
        for _ in range(sweeps):
            sweep(couplings, fields, s, betas, rng)
        for a in range(chains):
            state = 0
            for i in range(n):
                state = 2 * state + (1 if s[a, i] > 0 else 0)
            out[k + a] = state
    return out


def test_heat_bath_end_states_follow_the_boltzmann_law():
    J, h = _glass()
    states = _states(N)
    energy = -np.einsum("ki,ij,kj->k", states, J, states) / 2 - states @ h
    matrix, external = spins.as_kernel(J, h)
    expected = ENDS * _boltzmann(energy, 1.0)

    def p(sweep, beta, field):
        ends = _ends(sweep, matrix, field, beta, 40, ENDS, np.random.default_rng(1))
        return _p_value(np.bincount(ends, minlength=2**N), expected)

    assert p(spins.sweep, 1.0, external) > 1e-5
    assert p(spins.sweep, 1.1, external) < 1e-12  # temperature 10 % off
    assert p(spins.sweep, 1.0, -external) < 1e-12  # the sign of the field
    assert (
        p(twin(spins.sweep, "1 + math.exp", "1.2 + math.exp"), 1.0, external) < 1e-12
    )  # flips too seldom by a factor
    assert (
        p(twin(spins.sweep, "np.float32(2) *", "np.float32(1.8) *"), 1.0, external) < 1e-12
    )  # fields not kept up to date


def test_zero_temperature_stops_in_a_state_that_no_flip_improves():
    J, h = _glass(60, 3)
    matrix, external = spins.as_kernel(J, h)
    s = np.random.default_rng(0).choice([-1.0, 1.0], (3, 60)).astype(np.float32)
    fields, before, after = np.empty((3, 60), np.float32), np.empty(3), np.empty(3)
    spins.local_fields(matrix, external, s, fields)
    spins.energy(fields, external, s, before)
    np.testing.assert_allclose(before, -np.einsum("ai,ij,aj->a", s, J, s) / 2 - s @ h, rtol=1e-5)
    spins.relax(matrix, fields, s, 500, np.random.default_rng(0))
    spins.energy(fields, external, s, after)
    assert (after < before).all()
    assert (s * (s @ matrix + external) >= -1e-5).all()


def test_incremental_fields_stay_those_of_the_state():
    J, h = _glass(200, 4)
    matrix, external = spins.as_kernel(J, h)
    s = np.ones((2, 200), np.float32)
    fields = np.empty((2, 200), np.float32)
    spins.local_fields(matrix, external, s, fields)
    rng = np.random.default_rng(0)
    for _ in range(200):
        spins.sweep(matrix, fields, s, np.array([0.7, 1.5]), rng)
    np.testing.assert_allclose(fields, s @ matrix + external, atol=2e-4)


def _tempered(matrix, external, temperatures, sweeps, seed):
    """Mean energy and overlap of two copies at the coldest temperature, least exchange rate."""
    rng = np.random.default_rng(seed)
    run = tempering.Tempering(matrix, external, 1 / temperatures, 2, rng)
    run.step(300)
    energy, overlap = [], []
    for _ in range(sweeps):
        run.step(1)
        energy.append(run.energy()[:, 0].mean())
        one, two = run.at(0)
        overlap.append(float(one @ two) / len(one))
    return np.mean(energy), np.mean(overlap), (run.accepted / run.tried).min()


def test_parallel_tempering_against_enumeration(monkeypatch):
    n, temperatures = 12, np.geomspace(0.3, 1.5, 6)
    J, h = _glass(n, 5)
    exact = enumerate_states(J, h, temperature=0.3)
    matrix, external = spins.as_kernel(J, h)
    runs = [_tempered(matrix, external, temperatures, 300, k) for k in range(40)]
    energies = [run[0] for run in runs]
    assert_mean(energies, exact.energy, effect=0.02 * abs(exact.energy))
    states = _states(n)
    energy = -np.einsum("ki,ij,kj->k", states, J, states) / 2 - states @ h
    weight = _boltzmann(energy, 1 / 0.3)
    m = weight @ states
    assert_mean([run[1] for run in runs], float(m @ m) / n, effect=0.1)
    assert min(run[2] for run in runs) > 0.3
    # Wrong twin: exchanging without asking mixes the temperatures.
    asking = "change >= 0 or rng.random() < np.exp(change)"
    wrong = twin(
        tempering._advance,
        "begin + sweeps",
        "begin + sweeps",
        _step=twin(tempering._step, asking, "True"),
    )
    monkeypatch.setattr(tempering, "_advance", wrong)
    mixed = [_tempered(matrix, external, temperatures, 300, k)[0] for k in range(40)]
    assert_rejected(mixed, exact.energy)


def test_curie_weiss_chain_end_states():
    n, beta, field = 12, 0.9, 0.1
    totals = np.arange(-n, n + 1, 2)
    log_weight = [
        math.lgamma(n + 1) - math.lgamma((n + t) / 2 + 1) - math.lgamma((n - t) / 2 + 1)
        for t in totals
    ]
    energy = -(totals.astype(float) ** 2) / (2 * n) - field * totals
    weight = np.exp(np.array(log_weight) - beta * energy)
    rng = np.random.default_rng(2)

    chances = curie_weiss._inverse_chances(n, 1.0, field, beta)

    def p(run):
        up = [run(n, n, chances, 61 * n, rng) for _ in range(ENDS)]
        return _p_value(np.bincount(up, minlength=n + 1) * 1.0, ENDS * weight / weight.sum())

    assert p(curie_weiss._advance) > 1e-5
    # A spin that feels itself where it points up.
    assert p(twin(curie_weiss._advance, "chances[rest]", "chances[min(up, n - 1)]")) < 1e-12


@numba.njit
def _dense_ends(sweep, columns, begin, degree, beta, sweeps, count, rng):
    """States after so many sweeps from all spins up (count, N), whose overlaps are `begin`, and the
    last one's as they were kept up to date.
    """
    ends = np.ones((count, len(columns)), np.float32)
    overlaps = np.empty_like(begin)
    for k in range(count):
        overlaps[:] = begin
        for _ in range(sweeps):
            sweep(columns, overlaps, ends[k], degree, beta, rng)
    return ends, overlaps


_TOO_COLD = twin(hopfield._dense_sweep, "gain = before - after", "gain = 1.25 * (before - after)")


@pytest.mark.parametrize(("degree", "beta"), [(2, 0.8), (3, 1.2), (4, 2.5), (0, 0.8)])
def test_dense_memories_follow_the_boltzmann_law(degree, beta):
    """Polynomial energies -N sum m^n / n and the exponential one (degree 0), all states
    of N = 10.
    """
    n = 10
    patterns = np.random.default_rng(1).choice([-1, 1], (4, n)).astype(np.int8)
    states = _states(n)
    overlaps = states @ patterns.T.astype(float)
    energy = np.array([hopfield._dense_energy(row, degree, n) for row in overlaps])
    if degree:
        np.testing.assert_allclose(energy, -n * ((overlaps / n) ** degree).sum(axis=1) / degree)
    else:
        np.testing.assert_allclose(energy, -np.log(np.exp(overlaps).sum(axis=1)))
    columns = np.ascontiguousarray(patterns.T.astype(float))
    begin = columns.sum(axis=0)
    rng = np.random.default_rng(3)
    place = 2 ** np.arange(n)[::-1]

    def p(sweep):
        ends, current = _dense_ends(sweep, columns, begin, degree, beta, 12, ENDS // 2, rng)
        np.testing.assert_allclose(current, patterns @ ends[-1])
        counts = np.bincount((ends > 0) @ place, minlength=2**n)
        return _p_value(counts, len(ends) * _boltzmann(energy, beta))

    assert p(hopfield._dense_sweep) > 1e-5
    assert p(_TOO_COLD) < 1e-9


def test_hebb_and_pseudo_inverse_couplings():
    rng = np.random.default_rng(0)
    patterns = rng.choice([-1, 1], (5, 40)).astype(np.int8)
    hebb = hopfield.couplings(patterns, "hebb")
    np.testing.assert_array_equal(hebb, patterns.T.astype(int) @ patterns - 5 * np.eye(40))
    off_diagonal = hopfield.couplings(patterns, "pseudo-inverse") / 40
    xi = patterns.astype(float)
    diagonal = np.diag(xi.T @ np.linalg.inv(xi @ xi.T) @ xi)
    np.testing.assert_allclose(
        (off_diagonal + np.diag(diagonal)) @ xi.T, xi.T, atol=1e-6
    )  # every pattern is an eigenvector, value 1
