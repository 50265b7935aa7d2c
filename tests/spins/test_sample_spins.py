"""States of a user's own couplings: against enumeration, in two modes; and what does not mix says
so.
"""

import math

import numpy as np
import pytest
import scipy.sparse
from tests.spins.test_spins import _boltzmann, _p_value, _states
from tests.statistical import twin

import replicon
from replicon.ising import enumerate_states, sample_spins
from replicon.spins import tempering

N, COUNT = 8, 20_000


def _two_modes(n=N, strength=0.55):
    """A pattern and its opposite, told apart by a weak field, with a little disorder: barriers of
    many T.
    """
    rng = np.random.default_rng(1)
    pattern = rng.choice([-1.0, 1.0], n)
    J = strength * np.outer(pattern, pattern) + 0.05 * np.add.outer(np.arange(n), np.arange(n)) / n
    np.fill_diagonal(J, 0)
    return J, 0.04 * pattern + 0.02 * rng.normal(size=n)


def _expected(J, h, temperature=1.0):
    states = _states(len(h))
    return _boltzmann(
        -np.einsum("ki,ij,kj->k", states, J, states) / 2 - states @ h, 1 / temperature
    )


def _counts(samples):
    places = (samples > 0) @ (2 ** np.arange(samples.shape[1])[::-1])
    return np.bincount(places, minlength=2 ** samples.shape[1])


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_states_follow_the_boltzmann_law(temperature):
    J, h = _two_modes()
    out = sample_spins(J, h, temperature=temperature, samples=COUNT, sweeps=20, seed=3)
    assert out.mixed, out.reason
    assert _p_value(_counts(out.samples), COUNT * _expected(J, h, temperature)) > 1e-5
    exact = enumerate_states(J, h, temperature=temperature)
    np.testing.assert_allclose(
        out.magnetization, exact.magnetization, atol=4.5 / math.sqrt(COUNT) * 2
    )
    states = out.samples.astype(float)
    np.testing.assert_allclose(
        out.energy, -np.einsum("ki,ij,kj->k", states, J, states) / 2 - states @ h, atol=1e-9
    )
    assert out.round_trips.min() > 100
    assert out.exchange_rate.min() > 0.3


def test_exchanges_that_do_not_ask_right_are_rejected(monkeypatch):
    """Twins of the exchange rule: without asking, and with half the difference of energies."""
    J, h = _two_modes()
    expected = COUNT * _expected(J, h)
    rule = "change >= 0 or rng.random() < np.exp(change)"
    for wrong in ("True", "change >= 0 or rng.random() < np.exp(change / 2)"):
        record = twin(
            tempering._record, "t % every", "t % every", _step=twin(tempering._step, rule, wrong)
        )
        with monkeypatch.context() as patch:
            patch.setattr(tempering, "_record", record)
            out = sample_spins(J, h, ladder=[1.5, 2.5, 4.5], samples=COUNT, sweeps=20, seed=3)
        assert _p_value(_counts(out.samples), expected) < 1e-12


def test_plain_chains_stuck_in_two_modes_say_so():
    J, h = _two_modes(strength=1.5)
    with pytest.warns(RuntimeWarning, match="did not mix"):
        stuck = sample_spins(J, h, ladder=(), seed=1)
    assert not stuck.mixed
    assert stuck.r_hat > 1.1
    assert "disagree" in stuck.reason or "stay" in stuck.reason
    free = sample_spins(J, h, seed=1)
    assert free.mixed
    exact = enumerate_states(J, h).magnetization
    assert (
        np.abs(free.magnetization - exact).max() < 0.15 < np.abs(stuck.magnetization - exact).max()
    )


def test_a_ladder_that_does_not_reach_says_so():
    J, h = _two_modes(strength=3.0)
    with pytest.warns(RuntimeWarning, match="did not mix"):
        assert not sample_spins(J, h, ladder=[1.2, 1.4], seed=1).mixed


def test_easy_spins_need_no_ladder():
    out = sample_spins(np.zeros((3, 3)), [0.0, 50.0, -1.0], samples=COUNT, seed=2)
    assert out.mixed
    assert len(out.temperatures) == 1
    np.testing.assert_allclose(
        out.magnetization, np.tanh([0.0, 50.0, -1.0]), atol=4.5 / math.sqrt(COUNT)
    )


def test_the_same_seed_gives_the_same_states_whatever_holds_the_couplings():
    J, h = _two_modes()
    first = sample_spins(J, h, samples=40, seed=7)
    again = sample_spins(
        scipy.sparse.csr_array(J),
        list(h),
        samples=np.int64(40),
        seed=np.int32(7),
        temperature=np.float32(1),
    )
    np.testing.assert_array_equal(first.samples, again.samples)
    assert first.samples.shape == (40, N)
    assert first.samples.dtype == np.int8
    assert np.bincount(first.chain).tolist() == [10] * 4
    assert (sample_spins(J, h, samples=40, seed=8).samples != first.samples).any()
    rng = np.random.default_rng(7)
    by_generator = sample_spins(J, h, samples=40, seed=rng)
    np.testing.assert_array_equal(first.samples, by_generator.samples)
    assert (sample_spins(J, h, samples=40, seed=rng).samples != first.samples).any()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"temperature": 0}, "temperature must be > 0"),
        ({"samples": 0}, "samples must be"),
        ({"samples": True}, "samples must be"),
        ({"sweeps": 2.5}, "sweeps must be"),
        ({"chains": 1}, "chains must be"),
        ({"seed": None}, "seed must be"),
        ({"ladder": [0.5, 2.0]}, "above temperature = 1"),
        ({"ladder": "hot"}, "above temperature = 1"),
        ({"external": np.zeros(3)}, "shape"),
    ],
)
def test_bad_settings_are_refused(settings, words):
    with pytest.raises(replicon.InputError, match=words):
        sample_spins(_two_modes()[0], **settings)
