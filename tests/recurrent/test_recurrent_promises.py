"""Recurrent networks: what is marked good is right, signs are decided relative to rounding, a
changed function is another one.
"""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import sparse
from scipy.integrate import quad

import replicon
from replicon.recurrent import (
    evolve,
    find_chaos,
    find_fixed_points,
    kaplan_yorke_dimension,
    sample_kinetic_energy,
)
from replicon.recurrent.couplings import certain, eigenvalues, largest, perron_root
from replicon.recurrent.nonlinearity import SHIPPED, nonlinearity
from replicon.recurrent.transfer import transfer
from replicon.recurrent.two_time import two_time

GAIN = 1.0
J = np.array([[0, 1.84, 4.02], [2.44, 0, -4.84], [-1.12, 0.55, 0]])
RNG = np.random.default_rng(0)


def _scaled(x):
    return jnp.tanh(GAIN * x)


class Neuron:
    def __init__(self, gain):
        self.gain = gain

    def phi(self, x):
        return jnp.tanh(self.gain * x)


def test_a_changed_function_is_another_function():
    """A global, an attribute: states, exponents and fixed points are those of what the function is
    now.
    """

    def of(function):
        run = evolve(J, np.ones(3), function=function, duration=20, exponents=1)
        return np.r_[
            run.final[:, 0],
            run.exponents,
            np.abs(find_fixed_points(J, np.ones((1, 3)), function=function).points[0]),
        ]

    before = of(_scaled)
    globals().update(GAIN=2.0)
    after = of(_scaled)
    globals().update(GAIN=1.0)
    expected = of(lambda x: jnp.tanh(2.0 * x))
    np.testing.assert_allclose(after, expected, rtol=1e-12)
    assert np.abs(after - before).max() > 0.1
    neuron = Neuron(1.0)
    np.testing.assert_allclose(of(neuron.phi), before, rtol=1e-12)
    neuron.gain = 2.0
    np.testing.assert_allclose(of(neuron.phi), expected, rtol=1e-12)


def test_slopes_are_checked_and_not_needed():
    settings = {"function": jnp.tanh, "duration": 20, "exponents": 3}
    given = evolve(J, np.ones(3), slope=lambda x: 1 - jnp.tanh(x) ** 2, **settings)
    np.testing.assert_allclose(
        evolve(J, np.ones(3), **settings).exponents, given.exponents, atol=1e-12
    )
    wrong = {"function": jnp.tanh, "slope": lambda x: 1 - jnp.tanh(x)}
    for call in (
        lambda: evolve(J, np.ones(3), duration=1, exponents=1, **wrong),
        lambda: find_fixed_points(J, np.ones(3), **wrong),
        lambda: sample_kinetic_energy(J, [0.5], sweeps=8, **wrong),
    ):
        with pytest.raises(replicon.InputError, match="derivative"):
            call()
    with pytest.raises(replicon.InputError, match="odd = True, but function"):
        find_fixed_points(J, np.ones(3), function=lambda x: jnp.clip(x, 0, 1), odd=True)
    with pytest.raises(replicon.InputError, match="act on each by itself"):
        evolve(J, np.ones(3), function=lambda x: x / (1 + (x**2).sum()), duration=1)


def test_exponents_are_refused_where_slopes_do_not_tell_of_a_jump():
    """Tangent vectors would shrink while two copies part at each jump."""
    with pytest.raises(replicon.InputError, match=r"jumps near x = 0.3.*tanh"):
        evolve(J, np.ones(3), function=lambda x: jnp.where(x > 0.3, 1, -1), duration=1, exponents=1)
    with pytest.raises(replicon.InputError, match="jumps near x = 0,"):
        find_chaos(J, function=jnp.sign)
    assert len(evolve(J, np.ones(3), function=jnp.sign, duration=1).times) == 2
    steep = evolve(J, np.ones(3), function=lambda x: jnp.tanh(1e3 * x), duration=1, exponents=1)
    assert np.isfinite(steep.exponents).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"time": "discreet"}, "one of continuous, discrete"),
        ({"duration": -20}, "duration must be > 0"),
        ({"duration": 10**400}, "duration must be > 0"),
        ({"duration": 1e12}, "more than memory holds"),
        ({"step": 0}, "step must be > 0"),
        ({"every": 0}, "every must be > 0"),
        ({"transient": -1}, "transient must be >= 0"),
        ({"noise": -1}, "noise must be >= 0"),
        ({"seed": None}, "seed must be a whole number"),
        ({"exponents": 4}, "exponents must be a whole number >= 0 and <= 3"),
        ({"field": np.ones(4)}, r"field has shape \(4,\)"),
        ({"couplings": J + 1j}, "complex"),
        ({"start": np.ones(3) + 1j}, "complex"),
        ({"start": [1, np.nan, 0]}, "start holds nan"),
        ({"function": np.tanh}, r"write it with jax\.numpy"),
    ],
)
def test_arguments_are_refused_in_a_sentence(given, words):
    with pytest.raises(replicon.InputError, match=words):
        evolve(
            **{"couplings": J, "start": np.ones(3), "function": jnp.tanh, "duration": 1, **given}
        )


def test_numbers_and_matrices_of_any_kind_are_taken():
    plain = evolve(J, np.ones(3), function=jnp.tanh, duration=5, exponents=1, seed=3).final
    of_numpy = {"duration": np.float32(5), "exponents": np.int8(1), "seed": np.int64(3)}
    for coupling in (sparse.csr_array(J), J.tolist()):
        np.testing.assert_array_equal(
            evolve(coupling, [1, 1, 1], function=jnp.tanh, **of_numpy).final, plain
        )
    boolean = evolve(J > 0, np.ones(3), function=jnp.tanh, duration=5, exponents=1)
    np.testing.assert_array_equal(
        boolean.final,
        evolve((J > 0).astype(float), np.ones(3), function=jnp.tanh, duration=5, exponents=1).final,
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"temperatures": [-1.0]}, "positive numbers in descending order"),
        ({"regulariser": -1}, "regulariser must be >= 0"),
        ({"sweeps": 2.5}, "sweeps must be a whole number"),
        ({"leaps": 0}, "leaps must be a whole number"),
        ({"seed": None}, "seed must be a whole number"),
    ],
)
def test_samplers_refuse_in_a_sentence(given, words):
    with pytest.raises(replicon.InputError, match=words):
        sample_kinetic_energy(
            **{"couplings": J, "temperatures": [0.5], "function": jnp.tanh, **given}
        )


def test_what_diverges_or_never_moves_is_an_exception():
    with pytest.raises(replicon.DivergenceError, match="diverged at time"):
        evolve(10 * J, np.ones(3), function=lambda x: x**3, duration=50)
    with pytest.raises(replicon.DivergenceError, match="still those of the start"):
        sample_kinetic_energy(1e150 * J, [0.5], function=jnp.tanh, sweeps=100)
    with pytest.raises(replicon.InputError, match="not yet negative"):
        kaplan_yorke_dimension([0.5, -0.5])
    with pytest.raises(replicon.InputError, match="exponents hold nan"):
        kaplan_yorke_dimension([np.nan, -1])


def test_signs_are_decided_relative_to_rounding():
    """Nilpotent, antisymmetric and permuted matrices, whose spectra are known."""
    places = RNG.permutation(30)
    chain = np.triu(RNG.standard_normal((30, 30)), 1)[np.ix_(places, places)]
    assert (eigenvalues(chain) == 0).all()
    turned = np.linalg.qr(RNG.standard_normal((20, 20)))[0]
    hidden = turned @ np.triu(RNG.standard_normal((20, 20)), 1) @ turned.T
    assert np.linalg.eigvals(hidden).real.max() > 0.01  # of rounding alone
    balanced = np.outer(np.ones(10), np.repeat([0.7, -0.7], 5))
    square = RNG.standard_normal((30, 30))
    for matrix in (
        chain,
        hidden,
        balanced,
        square - square.T,
        np.array([[1.0, -1.0], [1.0, -1.0]]),
    ):
        assert certain(*largest(matrix)) == 0.0
    for scale in (1e-200, 1.0, 1e150):
        assert certain(*largest(scale * square)) / scale == pytest.approx(
            np.linalg.eigvals(square).real.max(), rel=1e-10
        )
    assert certain(*largest(np.roll(np.eye(6), 1, axis=0))) == pytest.approx(1, abs=1e-13)


def test_the_root_of_a_positive_matrix_is_enclosed():
    """Against eigenvalues; a cycle, two neurons of unlike couplings and a chain have known ones; a
    loop that rounding cannot tell from a chain counts as one.
    """
    rng = np.random.default_rng(0)
    sparse = rng.random((60, 60)) * (rng.random((60, 60)) < 0.1)
    assert perron_root(sparse) == pytest.approx(np.abs(np.linalg.eigvals(sparse)).max(), rel=1e-12)
    assert perron_root(np.roll(np.eye(6), 1, axis=0)) == pytest.approx(1, abs=1e-15)
    assert perron_root(np.array([[0.0, 4.0], [1e-8, 0.0]])) == pytest.approx(2e-4, rel=1e-14)
    chain = np.diag(np.ones(29), 1)
    assert perron_root(chain) == 0.0
    chain[-1, 0] = 1e-12
    assert perron_root(chain) == certain(*largest(chain, np.abs)) == 0.0


@pytest.mark.parametrize("word", SHIPPED)
def test_shipped_transfer_functions_would_pass_as_a_users(word):
    """What is taken on trust is what the same function gives when it is tried."""
    phi = SHIPPED[word]
    trusted = transfer(phi.function, phi.slope, (4,))
    tried = transfer(lambda x: phi.function(x), lambda x: phi.slope(x), (4,), odd=phi.odd)
    assert trusted.function == tried.function
    assert trusted.slope == tried.slope
    if not phi.odd:
        with pytest.raises(replicon.InputError, match="odd = True"):
            transfer(phi.function, phi.slope, (4,), odd=True)


def test_marginal_fixed_points_are_neither_stable_nor_unstable():
    """J = 1: x = 0 is the one fixed point, its growth exactly zero; the size of phi does not
    matter.
    """
    found = find_fixed_points(np.eye(3), RNG.standard_normal((10, 3)), function=jnp.tanh)
    assert (len(found.points), found.found[0], found.growth[0]) == (1, 10, 0.0)
    starts = 2 * np.random.default_rng(0).standard_normal((20, 3))
    small = find_fixed_points(J, 1e-8 * starts, function=lambda x: 1e-8 * jnp.tanh(1e8 * x))
    assert small.fixed.all()
    assert len(small.points) == 3
    np.testing.assert_allclose(
        1e8 * np.abs(small.points[small.growth < 0]),
        np.tile([0.8747, 2.8650, 0.2418], (2, 1)),
        atol=5e-5,
    )


def test_networks_that_nothing_makes_unstable_say_so(tmp_path):
    square = RNG.standard_normal((20, 20))
    for name, matrix, words in (
        ("chain", np.triu(square, 1), "have no cycle"),
        ("turning", square - square.T, "no eigenvalue .* has a positive real part"),
        ("negative", -np.eye(4), "no eigenvalue .* has a positive real part"),
    ):
        np.save(tmp_path / f"{name}.npy", matrix)
        with pytest.raises(replicon.ConvergenceError, match=f"does not exist.*{words}"):
            replicon.find_transition(
                "recurrent-network", "instability", couplings=str(tmp_path / f"{name}.npy")
            )
    quiet = replicon.solve(
        "recurrent-network",
        couplings=str(tmp_path / "chain.npy"),
        gain=[0.5, 50.0],
        time="discrete",
    )
    assert bool(quiet["converged"].all())
    np.testing.assert_allclose(quiet["response"], 1.0, rtol=1e-12)
    with pytest.raises(replicon.ConvergenceError, match=r"does not exist.*have no cycle"):
        replicon.find_transition(
            "recurrent-network", "chaos", couplings=str(tmp_path / "chain.npy")
        )
    for model in ("recurrent-dynamics", "recurrent-fixed-points"):
        with pytest.raises(replicon.ConvergenceError, match=r"does not exist.*imaginary"):
            replicon.find_transition(model, "chaos", symmetry=-1.0)
    # In discrete time the longer semi-axis of the ellipse counts.
    assert float(
        replicon.find_transition("recurrent-dynamics", "chaos", symmetry=-0.5, time="discrete")[
            "value"
        ]
    ) == pytest.approx(2 / 3)


def test_two_time_averages_follow_the_measure_and_steps_are_checked():
    """<phi^2> of the variance found, by quadrature; at gain 30, where a uniform grid
    was 8 % off.
    """
    found = two_time(nonlinearity("tanh"), gain=30.0, duration=3.0, start=900.0)
    deviation = np.sqrt(found.state[-1, -1])
    exact = quad(
        lambda x: np.tanh(x) ** 2 * np.exp(-((x / deviation) ** 2) / 2),
        -9 * deviation,
        9 * deviation,
        points=[-3, 0, 3],
        limit=200,
    )
    assert found.correlation[-1, -1] == pytest.approx(
        exact[0] / deviation / np.sqrt(2 * np.pi), abs=1e-7
    )
    with pytest.raises(replicon.ConvergenceError, match=r"time step of 0\.1 is too long"):
        replicon.solve(
            "recurrent-dynamics", branch="two-time", gain=2.0, rank_one=-1000.0, window=10.0
        )
    rest = replicon.solve("recurrent-dynamics", branch="two-time", gain=0.0, window=20.0)
    assert float(rest["response"]) == pytest.approx(1, abs=1e-6)


def test_a_stiff_regulariser_keeps_its_weight():
    """Gain 0: x is Gaussian of variance T/(1 + 2 eta), E/N = T/2."""
    out = replicon.solve(
        "recurrent-fixed-points",
        gain=0.0,
        temperature=[1e-6, 0.5],
        regulariser=[0.0, 1.0, 100.0, 1e4],
    )
    assert bool(out["converged"].all())
    exact = (
        (out["temperature"] / (1 + 2 * out["regulariser"]))
        .broadcast_like(out["variance"])
        .transpose(*out["variance"].dims)
    )
    np.testing.assert_allclose(out["variance"], exact, rtol=1e-8)
    np.testing.assert_allclose(out["free_entropy"], np.log(2 * np.pi * exact) / 2, atol=1e-8)
    np.testing.assert_allclose(out["energy"] / out["temperature"], 0.5, rtol=1e-8)


def test_overlap_at_temperature_zero_is_the_activity():
    out = replicon.solve("recurrent-fixed-points", gain=[1.2, 2.0])
    assert bool(out["converged"].all())
    np.testing.assert_allclose(out["activity"], [0.173273, 0.530368], atol=1e-6)
    np.testing.assert_array_equal(out["overlap"], out["activity"])


def test_one_neuron_with_corners_is_integrated(tmp_path):
    np.save(tmp_path / "J.npy", [[2.0]])
    for word, phi in (("tanh", np.tanh), ("relu", lambda x: np.clip(x, 0, 1))):
        out = replicon.solve(
            "recurrent-pseudo-potential", couplings=str(tmp_path / "J.npy"), nonlinearity=word
        )
        total = quad(
            lambda x, phi=phi: np.exp(-((2 * phi(x) - x) ** 2)),
            -12,
            12,
            points=[0, 1],
            epsabs=1e-12,
        )[0]
        assert float(out["free_entropy"]) == pytest.approx(np.log(total), abs=1e-6)
    np.save(tmp_path / "J.npy", [[1e6]])
    with pytest.raises(replicon.ConvergenceError, match="too many"):
        replicon.solve("recurrent-pseudo-potential", couplings=str(tmp_path / "J.npy"))
