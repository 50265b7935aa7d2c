"""Recurrent networks: theory against closed forms and another discretisation, two-time theory and
networks against theory.
"""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline
from scipy.linalg import eigvalsh_tridiagonal, expm
from scipy.optimize import brentq
from tests.statistical import assert_mean, assert_rejected
from threadpoolctl import threadpool_limits

import replicon
from replicon.recurrent.couplings import elliptic_matrix
from replicon.recurrent.evolution import evolve, kaplan_yorke_dimension
from replicon.recurrent.fixed_point_search import find_fixed_points
from replicon.recurrent.kinetic_energy import sample_kinetic_energy
from replicon.recurrent.nonlinearity import nonlinearity
from replicon.recurrent.two_time import two_time

TANH = nonlinearity("tanh")
PHI = {"function": TANH.function, "slope": TANH.slope}


def fixed_points(**controls):
    return replicon.solve("recurrent-fixed-points", **controls)


def moving(**controls):
    return replicon.solve("recurrent-dynamics", **controls)


def test_onset_of_chaos_follows_the_expansion():
    """Delta0 = e + 7 e^2/6, lambda = e^2/2 at g = 1 + e; <x'^2> = g^2 C - Delta0 = e^3/3."""
    e = 0.01
    out = moving(gain=1 + e)
    assert abs(float(out["variance"]) - (e + 7 * e**2 / 6)) < 3 * e**3
    assert abs(float(out["lyapunov_exponent"]) / (e**2 / 2) - 1) < 0.05
    assert (
        abs(((1 + e) ** 2 * float(out["activity"]) - float(out["variance"])) / (e**3 / 3) - 1)
        < 0.05
    )


def _independent_lyapunov(g):
    """Uniform trapezoid for C_phi, Runge-Kutta for Delta(tau), a tridiagonal eigenproblem with
    Richardson extrapolation.
    """
    z = np.linspace(-9, 9, 721)
    w = np.exp(-z * z / 2)
    w /= w.sum()

    def energy(d):
        primitive = np.logaddexp(np.sqrt(d) * z, -np.sqrt(d) * z)
        return -d * d / 2 + g * g * (w @ primitive**2 - (w @ primitive) ** 2)

    d0 = brentq(energy, 0.01, 2 * g * g)
    theta = np.linspace(0, np.pi / 2, 161)
    delta = d0 * np.sin(theta) ** 2
    first, second = [], []
    for d in delta:
        a = np.tanh(np.sqrt(d0 - d + 1e-300) * z[None] + np.sqrt(d) * z[:, None])
        first.append(w @ (a @ w) ** 2)
        second.append(w @ ((1 - a * a) @ w) ** 2)
    force, well = (
        CubicSpline(theta, delta - g * g * np.array(first)),
        CubicSpline(theta, 1 - g * g * np.array(second)),
    )

    def place(d):
        return np.arcsin(np.sqrt(np.clip(d / d0, 0, 1)))

    h, d, v, path = 0.008, d0, 0.0, [d0]
    for _ in range(int(14 / h)):
        k1, l1 = v, force(place(d))
        k2, l2 = v + h / 2 * l1, force(place(d + h / 2 * k1))
        k3, l3 = v + h / 2 * l2, force(place(d + h / 2 * k2))
        k4, l4 = v + h * l3, force(place(d + h * k3))
        d, v = d + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), v + h / 6 * (l1 + 2 * l2 + 2 * l3 + l4)
        path.append(d)
    stiff, ground = well(place(np.array(path))), []
    for stride in (2, 1):
        values, step = stiff[::stride], h * stride
        diagonal, off = 2 / step**2 + values, -np.ones(len(values) - 1) / step**2
        off[0] *= np.sqrt(2)  # even at lag 0
        ground.append(eigvalsh_tridiagonal(diagonal, off, select="i", select_range=(0, 0))[0])
    return -1 + np.sqrt(1 - (ground[1] + (ground[1] - ground[0]) / 3))


def test_lyapunov_exponent_agrees_with_another_discretisation():
    assert abs(float(moving(gain=5.0)["lyapunov_exponent"]) - _independent_lyapunov(5.0)) < 2e-6


def test_noise_makes_chaos_end_before_the_particle_turns_round():
    """Lambda > 0 exactly where g^2 C_phi(0) > Delta0 (Schuecker et al. 2018)."""
    out = moving(gain=[1.1, 1.4, 1.6, 2.0, 3.0], noise=[0.02, 0.1, 0.3, 0.8])
    falls = out["gain"] ** 2 * out["activity"] > out["variance"]
    assert bool((falls == (out["lyapunov_exponent"] > 0)).all())
    assert 0 < int(falls.sum()) < falls.size


def test_any_gain_is_solved():
    out = moving(gain=[1.0 + 1e-4, 1.01, 10.0, 30.0, 50.0])
    assert bool(out["converged"].all())
    large = out.isel(gain=-1)
    assert (
        abs(float(large["variance"]) / 2500 / (2 * (1 - 2 / np.pi)) - 1) < 2e-3
    )  # phi = sign: Delta0 = 2 (1 - 2/pi) g^2
    assert bool((np.diff(out["lyapunov_exponent"]) > 0).all())


def test_a_phi_that_is_not_odd_moves_around_a_plateau():
    out = moving(gain=[1.2, 2.0], nonlinearity="relu")
    assert bool(out["converged"].all())
    assert float(out["lyapunov_exponent"][0]) < 0 < float(out["lyapunov_exponent"][1])
    chaotic = out.isel(gain=1)
    assert 0 < float(chaotic["plateau"]) < float(chaotic["variance"])
    # Start and steps leave 0.02 % of the variance.
    relu = nonlinearity("relu")
    sampled = two_time(relu, gain=2.0, duration=30, step=0.2, start=1.0, start_mean=0.5)
    assert (
        abs((sampled.state[-1, -1] - sampled.mean[-1] ** 2) / float(chaotic["variance"]) - 1) < 0.01
    )
    assert abs(sampled.latent[-1] / float(chaotic["latent"]) - 1) < 0.01


def test_response_peaks_at_the_edge_of_chaos():
    gains = np.linspace(0.5, 0.85, 71)
    out = fixed_points(gain=list(gains), symmetry=0.5)
    assert abs(gains[out["response"].values.argmax()] - 2 / 3) < 0.006
    at_edge = fixed_points(gain=2 / 3 - 1e-9, symmetry=0.5)
    assert abs(float(at_edge["response"]) - 1.5) < 1e-3
    quiet = fixed_points(gain=[0.5, 0.9])
    np.testing.assert_allclose(quiet["response"], 1.0, atol=1e-12)
    np.testing.assert_allclose(
        quiet["response_variance"], 1 / (1 - quiet["gain"].values ** 2), rtol=1e-12
    )


def test_replicas_without_symmetry_are_annealed_exactly():
    """Without symmetry: free entropy ln(2 pi T)/2 and energy T/2 for every gain (Jensen's bound is
    met with equality).
    """
    out = fixed_points(gain=[0.5, 1.0, 2.5], temperature=[0.003, 0.1, 1.0])
    np.testing.assert_allclose(
        out["energy"], np.broadcast_to(out["temperature"] / 2, out["energy"].shape), rtol=1e-8
    )
    free = np.log(2 * np.pi * out["temperature"].values) / 2
    np.testing.assert_allclose(
        out["free_entropy"], np.broadcast_to(free, out["free_entropy"].shape), atol=1e-9
    )


def test_energy_is_the_slope_of_the_free_entropy():
    """E/N = T^2 d(ln Z / N)/dT, by central differences."""
    T, h = 0.05, 1e-4
    out = fixed_points(gain=0.7, symmetry=0.4, regulariser=0.1, temperature=[T - h, T, T + h])
    slope = float(out["free_entropy"][2] - out["free_entropy"][0]) / (2 * h)
    assert abs(T**2 * slope - float(out["energy"][1])) < 1e-6


def test_what_is_not_known_is_refused_with_the_reason():
    for controls, words in (
        ({"gain": 3.0, "symmetry": 0.8}, "several solutions"),
        ({"gain": 1.5, "regulariser": 0.1}, "give temperature > 0"),
    ):
        with pytest.raises(replicon.ConvergenceError, match=words):
            fixed_points(**controls)
    with pytest.raises(replicon.ConvergenceError, match="take branch two-time"):
        moving(gain=1.5, symmetry=0.3)


def test_a_function_of_the_users(tmp_path):
    path = tmp_path / "soft.py"
    path.write_text("import jax.numpy as jnp\n\ndef phi(x):\n    return jnp.tanh(x)\n")
    own = float(moving(gain=2.0, nonlinearity=str(path))["variance"])
    assert own == pytest.approx(float(moving(gain=2.0)["variance"]), rel=1e-12)
    path = tmp_path / "none.py"
    path.write_text("x = 1\n")
    with pytest.raises(replicon.InputError, match="defines phi"):
        moving(gain=2.0, nonlinearity=str(path))
    with pytest.raises(replicon.InputError, match="No file"):
        moving(gain=2.0, nonlinearity=str(tmp_path / "missing.py"))


def test_two_time_response_of_a_quiet_network_is_the_resolvent():
    settings = {"gain": 0.6, "symmetry": 0.5, "duration": 20, "step": 0.2}
    found = two_time(TANH, **settings, trajectories=400, start=1e-8)
    weight = np.full(len(found.times), found.times[1])
    weight[[0, -1]] /= 2
    assert (
        abs(found.response[-1] @ weight - float(fixed_points(gain=0.6, symmetry=0.5)["response"]))
        < 5e-3
    )


def test_two_time_theory_in_discrete_time_and_with_rank_one():
    found = two_time(TANH, gain=2.0, time="discrete", duration=60)
    assert abs(found.state[-1, -1] - 2.12147) < 1e-5
    found = two_time(TANH, gain=0.5, rank_one=1.5, duration=30, start_mean=1.0)
    assert abs(found.latent[-1] - 0.78555) < 1e-5
    assert abs(found.state[-1, -1] - found.mean[-1] ** 2 - 0.16027) < 1e-5


def test_two_time_theory_agrees_with_the_potential_method():
    """At g = 2 without noise: C(tau) within 2 % at every lag to 10, with a margin that halving the
    step makes four times wider.
    """
    found = two_time(TANH, gain=2.0, duration=100, step=0.125, start=2.0)
    np.testing.assert_allclose(
        found.state[-1, -1 - 2 * np.arange(41)],
        moving(gain=2.0)["autocorrelation"].values[:41],
        rtol=0.02,
    )
    noisy = two_time(TANH, gain=1.5, noise=0.05, duration=40, step=0.125)
    np.testing.assert_allclose(noisy.state[-1, -1], 0.75413, rtol=5e-3)


def test_two_time_theory_by_sampling_agrees_with_the_gaussian_one():
    """Variance, correlation and response after a transient, without symmetry, over 30 samplings; a
    gain 5 % off is rejected.
    """

    def measures(gain, **settings):
        out = two_time(
            TANH,
            gain=gain,
            rank_one=1.0,
            noise=0.02,
            duration=6,
            start=0.5,
            start_mean=1.0,
            step=0.2,
            **settings,
        )
        return out.state[-1, -1], out.correlation[-1, 10], out.response[-1, 20], out.latent[-1]

    sampled = np.array([measures(1.5, trajectories=1000, seed=seed) for seed in range(30)])
    for values, exact in zip(sampled.T, measures(1.5), strict=True):
        assert_mean(values, exact, effect=0.15 * exact)
    assert_rejected(sampled[:, 0], measures(1.425)[0])
    with pytest.raises(replicon.InputError, match="not Gaussian"):
        two_time(TANH, gain=1.5, symmetry=0.5)


def test_integration_is_of_second_order():
    """A linear network against the exponential of its matrix."""
    rng = np.random.default_rng(0)
    J, x = elliptic_matrix(rng, 30, 0.8, 0.3), rng.standard_normal(30)
    exact = expm((J - np.eye(30)) * 4.0) @ x
    errors = [
        np.abs(evolve(J, x, function=lambda x: x, duration=4.0, step=h).final[:, 0] - exact).max()
        for h in (0.1, 0.05, 0.025)
    ]
    assert errors[0] < 0.02
    assert errors[0] / errors[1] > 3.3
    assert errors[1] / errors[2] > 3.3


def test_lyapunov_spectrum_sums_to_the_contraction_of_volumes():
    rng = np.random.default_rng(1)
    J = elliptic_matrix(rng, 60, 2.5, 0.0)
    run = evolve(
        J, rng.standard_normal(60), duration=200, transient=50, step=0.05, exponents=60, **PHI
    )
    assert abs(run.exponents.mean() + 1) < 0.01
    assert (np.diff(run.exponents) < 0.02).all()
    if run.exponents[0] > 0:
        assert 2 < kaplan_yorke_dimension(run.exponents) < 60
    assert kaplan_yorke_dimension(np.array([0.5, 0.0, -1.0])) == 2.5
    with pytest.raises(replicon.InputError, match="follow more"):
        kaplan_yorke_dimension(np.array([0.5, 0.1]))


def test_lyapunov_exponents_of_a_linear_network_are_its_eigenvalues():
    J = np.diag([0.5, -0.2, -1.0]) + np.triu(np.ones((3, 3)), 1)
    run = evolve(
        J,
        np.ones(3),
        function=lambda x: x,
        slope=jnp.ones_like,
        duration=200,
        transient=50,
        step=0.02,
        exponents=3,
    )
    np.testing.assert_allclose(run.exponents, [-0.5, -1.2, -2.0], atol=2e-3)


def test_eigenvalues_fill_the_ellipse():
    with threadpool_limits(limits=1, user_api="blas"):
        values = np.linalg.eigvals(elliptic_matrix(np.random.default_rng(2), 800, 1.5, 0.4))
    inside = (values.real / (1.5 * 1.4)) ** 2 + (values.imag / (1.5 * 0.6)) ** 2
    assert (inside < 1.1).mean() > 0.99
    assert abs((inside < 0.5).mean() - 0.5) < 0.06  # uniform


def test_three_neurons_have_their_two_fixed_points():
    J = np.array([[0, 1.84, 4.02], [2.44, 0, -4.84], [-1.12, 0.55, 0]])
    found = find_fixed_points(J, 2 * np.random.default_rng(0).standard_normal((40, 3)), **PHI)
    stable = found.points[found.fixed & (found.growth < 0)]
    np.testing.assert_allclose(stable[stable[:, 0] > 0][0], [0.8747, 2.8650, -0.2418], atol=5e-5)
    np.testing.assert_allclose(stable.sum(axis=0), 0, atol=1e-9)
    assert found.found.sum() == 40
    merged = find_fixed_points(
        J, 2 * np.random.default_rng(0).standard_normal((40, 3)), odd=True, **PHI
    )
    assert len(merged.points) == len(found.points) - 1
    spiral = np.array(
        [[0.6226, -0.4622, 0.2945], [-0.2913, 0.3212, 1.1663], [-0.3463, -0.6295, -0.0364]]
    )
    only = find_fixed_points(
        spiral, np.random.default_rng(1).standard_normal((20, 3)), odd=True, **PHI
    )
    assert only.fixed.sum() == 1
    assert np.abs(only.points[0]).max() < 1e-6


def _single_neuron(temperature):
    def weight(x):
        return np.exp(-((-x + 2 * np.tanh(x)) ** 2) / (2 * temperature) - 0.05 * x**2 / temperature)

    return quad(lambda x: x**2 * weight(x), -12, 12)[0] / quad(weight, -12, 12)[0]


def test_sampling_of_the_kinetic_energy_is_exact():
    """One neuron with J = 2 (two wells), tempered: <x^2> against quadrature; the law of another
    temperature is rejected.
    """
    samples = [
        sample_kinetic_energy(
            np.array([[2.0]]), np.array([0.5, 0.2]), regulariser=0.05, sweeps=400, seed=seed, **PHI
        ).variance
        for seed in range(60)
    ]
    assert_mean(np.array(samples)[:, 1], _single_neuron(0.2), effect=0.4)
    assert_mean(np.array(samples)[:, 0], _single_neuron(0.5), effect=0.4)
    assert_rejected(np.array(samples)[:, 1], _single_neuron(0.1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gain", "symmetry", "beta"), [(1.5, 0.0, 5), (0.8, 0.0, 100), (0.6, 0.5, 100), (0.8, 0.5, 100)]
)
def test_finite_temperature_theory_against_sampling(gain, symmetry, beta):
    """N = 250, exact gradients, annealed: |z| < 4, and equipartition where couplings have no
    symmetry. (Longer chains have the same errors, those of 20 networks; they are slow where x = 0
    of a network with symmetry is unstable.)
    """
    out = replicon.compare(
        "recurrent-fixed-points",
        gain=gain,
        symmetry=symmetry,
        temperature=1 / beta,
        size=250,
        samples=20,
        sweeps=200 if (gain, symmetry) == (0.8, 0.5) else 100,
    )
    z = dict(zip(out["observable"].values, out["z"].values, strict=True))
    assert all(abs(z[name]) < 4 for name in ("activity", "response", "variance"))
    if symmetry == 0:
        assert abs(z["energy"]) < 4


@pytest.mark.slow
def test_large_networks_approach_the_theory():
    """N = 2000, g = 4: variance and Lyapunov exponent within 5 %. (At g = 2 the exponent is still
    4 +- 2 % off the theory, and takes eight times as long to average.)
    """
    out = replicon.compare("recurrent-dynamics", gain=4.0, size=2000, samples=8, duration=40)
    ratio = dict(zip(out["observable"].values, (out["mean"] / out["theory"]).values, strict=True))
    assert abs(ratio["variance"] - 1) < 0.05
    assert abs(ratio["lyapunov_exponent"] - 1) < 0.05


def test_bad_networks_get_a_sentence():
    good = np.eye(3)
    for J, words in (
        (np.ones((2, 3)), "square"),
        (np.array([[np.nan]]), "NaN"),
        (np.array([["a"]]), "square matrix of numbers"),
    ):
        with pytest.raises(replicon.InputError, match=words):
            evolve(J, np.ones(len(J)), function=np.tanh, duration=1)
    with pytest.raises(replicon.InputError, match="one row for each neuron"):
        evolve(good, np.ones(4), function=np.tanh, duration=1)
    with pytest.raises(replicon.ConvergenceError, match="diverged at time"):
        evolve(10 * good, np.ones(3), function=lambda x: x**3, duration=50)
    with pytest.raises(replicon.InputError, match="descending"):
        sample_kinetic_energy(good, np.array([0.1, 0.2]), **PHI)
    with pytest.raises(replicon.InputError, match="size = 4 is too small"):
        replicon.simulate("recurrent-dynamics", size=4)
