"""Langevin samplers against laws known exactly; a wrong temperature is told apart."""

import types
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import replicon
from replicon._errors import DivergenceError
from replicon.langevin import integrate_entropy, sample_langevin, steps
from replicon.langevin import sampling as langevin
from replicon.langevin.rows import draw_rows

T = 0.7
STIFFNESS = np.array([0.5, 1.0, 3.0])


def quadratic(w):
    return (jnp.asarray(STIFFNESS) * w["a"] ** 2).sum() / 2


def double_well(w):
    """Four independent particles, barrier 1 at 0, tilted."""
    return ((w**2 - 1) ** 2 + 0.3 * w).sum()


def law_of_well(temperature):
    x = np.linspace(-4, 4, 20_001)
    p = np.exp(-((x**2 - 1) ** 2 + 0.3 * x) / temperature)
    return x, p / p.sum()


def z(values, expected):
    """Values (chains, records): one number a chain."""
    mean = values.mean(axis=1)
    return (mean.mean() - expected) / (mean.std(ddof=1) / np.sqrt(len(mean)))


@pytest.mark.parametrize(("method", "step"), [("mala", 0.3), ("baoab", 0.2)])
def test_moments_of_quadratic_energy(method, step):
    """Variance T/k of each parameter; three temperatures; 64 chains."""
    start = {"a": np.random.default_rng(0).standard_normal((64, 3))}
    run = sample_langevin(quadratic, start, temperature=T, method=method, step=step, records=600)
    for k, stiffness in enumerate(STIFFNESS):
        square = run.positions["a"][:, :, k] ** 2
        # BAOAB is exact for positions in a quadratic energy.
        assert abs(z(square, T / stiffness)) < 4
        assert abs(z(square, 1.1 * T / stiffness)) > 8
    assert abs(z(run.energy, 1.5 * T)) < 4
    assert abs(z(run.virial_temperature[:, None], T)) < 4.5
    assert run.configurational_temperature.mean() == pytest.approx(T, rel=0.02)
    assert run.converged
    if method == "baoab":
        assert run.kinetic_temperature.mean() == pytest.approx(T, rel=0.02)
    else:
        assert 0.5 < run.acceptance < 1


@pytest.mark.parametrize(("method", "step"), [("mala", 0.08), ("baoab", 0.08)])
def test_moments_and_occupation_of_the_double_well(method, step):
    x, p = law_of_well(T)
    start = np.random.default_rng(1).choice([-1.0, 1.0], (64, 4))
    run = sample_langevin(
        double_well,
        start,
        temperature=T,
        method=method,
        step=step,
        records=1500,
        every=20,
        burn=2000,
    )
    w = run.positions
    assert abs(z((w**2).mean(axis=2), p @ x**2)) < 4
    assert abs(z((w > 0).mean(axis=2), p[x > 0].sum())) < 4
    assert abs(z((w > 0).mean(axis=2), 0.5)) > 8  # the tilt is seen
    assert abs(z(run.energy / 4, p @ ((x**2 - 1) ** 2 + 0.3 * x))) < 4


@pytest.mark.slow
def test_bias_of_unadjusted_steps_is_of_first_order():
    """Variance in a quadratic energy is T/(k (1 - k dt/2)) exactly; in the double well the bias
    doubles with the step.
    """
    bias, error = [], []
    x, p = law_of_well(T)
    for step in (0.02, 0.04):
        start = np.random.default_rng(2).choice([-1.0, 1.0], (256, 4))
        run = sample_langevin(
            double_well, start, temperature=T, method="ula", step=step, records=1000, burn=2000
        )
        mean = (run.positions**2).mean(axis=(1, 2))
        bias.append(mean.mean() - p @ x**2)
        error.append(mean.std(ddof=1) / np.sqrt(len(mean)))
    assert abs(bias[0] / error[0]) > 8
    ratio = bias[1] / bias[0]
    uncertain = abs(ratio) * np.hypot(error[0] / bias[0], error[1] / bias[1])
    assert uncertain < 0.25  # neither 1 nor 4
    assert abs(ratio - 2) < 4 * uncertain + 0.2  # second order in the step
    start = {"a": np.random.default_rng(3).standard_normal((64, 3))}
    run = sample_langevin(quadratic, start, temperature=T, method="ula", step=0.2, records=600)
    for k, stiffness in enumerate(STIFFNESS):
        assert abs(z(run.positions["a"][:, :, k] ** 2, T / stiffness / (1 - 0.1 * stiffness))) < 4.5


@pytest.mark.slow
def test_minibatches_heat_and_control_variates_cool():
    rng = np.random.default_rng(4)
    X = rng.standard_normal((200, 3))
    y = X @ np.array([1.0, -1.0, 0.5]) + rng.standard_normal(200)
    given = {
        "temperature": 1.0,
        "method": "sgld",
        "step": 1e-3,
        "batch": 10,
        "data": (X, y),
        "records": 200,
        "burn": 500,
    }

    def energy(w, rows):
        return ((rows[1] - rows[0] @ w) ** 2).sum() / 2

    start = rng.standard_normal((16, 3))
    exact = np.linalg.inv(X.T @ X)
    plain = sample_langevin(energy, start, **given)
    anchored = sample_langevin(energy, start, control_variate=True, **given)
    assert plain.noise_ratio > 0.5
    assert anchored.noise_ratio < 0.2 * plain.noise_ratio
    spread = [run.positions.var(axis=(0, 1)).sum() / np.trace(exact) for run in (plain, anchored)]
    assert spread[0] > 1.5
    assert spread[1] < 1 + 0.5 * (spread[0] - 1)
    assert np.abs(plain.positions.mean(axis=(0, 1)) - exact @ X.T @ y).max() < 0.02


@pytest.mark.slow
def test_entropy_by_thermodynamic_integration():
    """Quadratic energy: F = -(T/2) sum ln(2 pi T/k)."""
    found = integrate_entropy(
        lambda w: (jnp.asarray(STIFFNESS) * w**2).sum() / 2, 3, temperature=T, step=0.3
    )
    exact = -T / 2 * np.log(2 * np.pi * T / STIFFNESS).sum()
    assert abs(found.free_energy - exact) < 4.5 * found.error
    assert found.error < 0.02
    assert found.entropy == pytest.approx(
        1.5 + 0.5 * np.log(2 * np.pi * T / STIFFNESS).sum(), abs=0.05
    )


def test_refusals():
    start = np.ones((4, 3))
    with pytest.raises(
        DivergenceError,
        match=(
            r"The energy became (nan|inf) by step \d+, in chain \d; the last state before it begins"
        ),
    ):
        sample_langevin(lambda w: (w**4).sum(), start, temperature=1.0, method="ula", step=1.0)
    with pytest.raises(replicon.InputError, match="step must be > 0"):
        sample_langevin(quadratic, start, temperature=1.0, step=0.0)
    with pytest.raises(replicon.InputError, match="method must be one of ula, mala"):
        sample_langevin(quadratic, start, temperature=1.0, step=0.1, method="hmc")
    for word in ("sgld", "SGLD"):
        with pytest.raises(
            replicon.InputError, match="give data, and a whole number from 1 to its rows"
        ):
            sample_langevin(quadratic, start, temperature=1.0, step=0.1, method=word)
    with pytest.raises(replicon.InputError, match="the same number of chains"):
        sample_langevin(
            quadratic, {"a": np.ones((4, 3)), "b": np.ones((3, 3))}, temperature=1.0, step=0.1
        )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"start": {}}, "give each a leading axis"),
        ({"start": np.full((4, 3), np.nan)}, "start holds nan"),
        ({"start": np.ones((4, 3), complex)}, "start holds complex numbers"),
        ({"start": np.array([["a"]])}, "start holds entries of type"),
        ({"temperature": True}, "temperature must be > 0"),
        ({"records": 10.5}, "records must be a whole number"),
        ({"seed": None}, "seed must be a whole number"),
        ({"seed": 10**400}, "a whole number beyond"),
        ({"data": []}, "data holds no array"),
        ({"data": np.array(["a"])}, "data holds entries of type"),
        ({"penalty": 3}, "penalty = 3 is no function"),
        ({"energy": lambda w: w}, "it must return one real number"),
        ({"energy": lambda w: jnp.log(w - 2).sum()}, "The energy is nan at the start of chain 0"),
        (
            {"energy": lambda w: np.random.default_rng().normal() * w.sum()},
            "another computation each time",
        ),
    ],
)
def test_what_cannot_be_sampled_is_one_sentence(given, words):
    given = {
        "energy": lambda w: (w**2).sum(),
        "start": np.ones((4, 3)),
        "temperature": 1.0,
        "step": 0.1,
    } | given
    with pytest.raises(replicon.InputError, match=words):
        sample_langevin(given.pop("energy"), given.pop("start"), **given)


def test_numbers_of_any_kind_are_numbers():
    start, given = (
        np.random.default_rng(0).standard_normal((64, 3)),
        {
            "burn": np.int64(0),
            "seed": np.uint8(1),
        },
    )
    runs = [
        sample_langevin(
            lambda w: (w**2).sum() / 2, s, temperature=t, step=np.float32(0.25), records=n, **given
        )
        for s, t, n in ((start, 1, 20), (start, np.array(1.0), np.int32(20)))
    ]
    assert np.array_equal(runs[0].energy, runs[1].energy)


_STIFF = 1.0


def test_a_loss_that_changed_gives_its_own_posterior():
    """Globals, attributes, cells and arrays in place; the virial theorem <w^2> = T/stiffness for
    each.
    """

    class Loss:
        stiffness = 1.0

        def __call__(self, w):
            return self.stiffness * (w**2).sum() / 2

    loss, array, cell = Loss(), np.ones(3), [1.0]
    cases = [
        (lambda w: _STIFF * (w**2).sum() / 2, lambda k: globals().update(_STIFF=k)),
        (loss, lambda k: setattr(loss, "stiffness", k)),
        (lambda w: (jnp.asarray(array) * w**2).sum() / 2, lambda k: array.fill(k)),
        (lambda w: cell[0] * (w**2).sum() / 2, lambda k: cell.__setitem__(0, k)),
        (jax.jit(lambda w: _STIFF * (w**2).sum() / 2), lambda k: globals().update(_STIFF=k)),
    ]
    start = np.random.default_rng(0).standard_normal((64, 3))
    for energy, change in cases:
        for stiffness in (1.0, 16.0):
            change(stiffness)
            run = sample_langevin(energy, start, temperature=1.0, step=0.05, records=200)
            assert abs(z((run.positions**2).mean(axis=2), 1 / stiffness)) < 4.5
    globals().update(_STIFF=1.0)


def test_chains_that_never_move_have_not_converged():
    run = sample_langevin(
        lambda w: (w**2).sum() / 2, np.ones((64, 3)), temperature=1.0, step=1e5, records=200
    )
    assert run.acceptance == 0
    assert not run.converged


@pytest.mark.parametrize("beyond", [np.inf, np.nan])
def test_adjusted_steps_never_enter_where_there_is_no_energy(beyond):
    """A weight kept positive by a wall has the mean sqrt(2 T/pi) and the square T, as half a normal
    law does.
    """
    start = np.abs(np.random.default_rng(0).standard_normal((64, 2)))
    wall = np.array(beyond)  # an array: compiled once for both
    run = sample_langevin(
        lambda w: jnp.where((w > 0).all(), (w**2).sum() / 2, jnp.asarray(wall)),
        start,
        temperature=T,
        step=0.3,
        records=1000,
    )
    w = run.positions
    assert (w > 0).all()
    assert abs(z(w.mean(axis=2), np.sqrt(2 * T / np.pi))) < 4.5
    assert abs(z((w**2).mean(axis=2), T)) < 4.5
    assert abs(z((w**2).mean(axis=2), 1.1 * T)) > 8


def _centres(w, rows):
    """Each row pulls to its own place: the minibatch's noise is the same everywhere."""
    return ((w - rows) ** 2).sum() / 2


def test_noise_ratio_and_heat_of_minibatches_exactly():
    """Gradients of b of n rows, drawn without replacement: variance n^2 (1/b - 1/n) s^2 a weight,
    s^2 that of the rows.

    Euler steps in stiffness n then have the variance T (1 + ratio)/(n (1 - n dt/2)). 64 chains; the
    control variate is exact.
    """
    rng, n, batch, dt, temperature = np.random.default_rng(5), 40, 10, 0.005, 2.0
    rows = rng.standard_normal((n, 3))
    s2 = rows.var(axis=0, ddof=1)
    variance = n**2 * (1 / batch - 1 / n) * s2
    ratio = variance * dt / (2 * temperature)
    given = {"temperature": temperature, "method": "sgld", "step": dt, "batch": batch, "data": rows}
    start = rows.mean(axis=0) + rng.standard_normal((64, 3))
    run = sample_langevin(_centres, start, records=400, **given)
    # |g|^2 of 25,600 minibatches, of relative deviation sqrt(2/3) each: 0.5 %.
    assert run.noise_ratio == pytest.approx(ratio.mean(), rel=0.025)
    square = (run.positions - rows.mean(axis=0)) ** 2
    for k in range(3):
        cold = temperature / (n * (1 - n * dt / 2))
        assert abs(z(square[:, :, k], cold * (1 + ratio[k]))) < 4.5
        assert abs(z(square[:, :, k], cold * (1 + 10 * ratio[k]))) > 8
        assert abs(z(square[:, :, k], cold)) > 8
    assert not run.converged  # the law is not that of the temperature
    exact = sample_langevin(_centres, start, records=20, burn=0, control_variate=True, **given)
    assert exact.noise_ratio < 1e-20


def test_rows_are_those_of_a_whole_shuffle():
    @jax.jit
    def draws(keys):
        sizes = ((5, 5), (40, 10), (1625, 3))
        found = [jax.vmap(lambda key, at=at: draw_rows(key, *at))(keys) for at in sizes]
        choice = jax.random.choice
        shuffled = [
            jax.vmap(lambda key, n=n, b=b: choice(key, n, (b,), replace=False))(keys)
            for n, b in sizes
        ]
        return found, shuffled

    for found, shuffled in zip(*draws(jax.random.split(jax.random.key(7), 50)), strict=True):
        np.testing.assert_array_equal(found, shuffled)


def _twin(right: str, wrong: str):
    """The sampler with one expression of its source, or of its steps', replaced: a wrong kernel
    under the same test.
    """
    sources = [Path(module.__file__).read_text() for module in (steps, langevin)]
    assert sum(source.count(right) for source in sources) == 1, right
    twins = []
    for source in sources:
        twins.append(types.ModuleType("twin"))
        exec(compile(source.replace(right, wrong), "twin", "exec"), twins[-1].__dict__)
    wrong_steps, sampling = twins
    for name, own in vars(steps).items():
        if vars(sampling).get(name) is own:
            setattr(sampling, name, getattr(wrong_steps, name))
    return sampling.sample_langevin


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "right", "wrong"),
    [
        ("mala", "return -self.whole(x, data) / T", "return -self.whole(x, data) / (1.1 * T)"),
        ("baoab", "jnp.sqrt((1 - decay**2) * T)", "jnp.sqrt((1 - decay) * T)"),
        ("ula", "jnp.sqrt(2 * T * dt) * jax", "jnp.sqrt(T * dt) * jax"),
    ],
)
def test_kernels_with_a_wrong_law_are_rejected(method, right, wrong):
    """Variance T/k, of Euler steps T/(k (1 - k dt/2)), by the kernel and not by its twin."""
    start = np.random.default_rng(0).standard_normal((64, 3))
    given = {"temperature": T, "method": method, "step": 0.2, "records": 600}
    expected = T / (1 - 0.1 if method == "ula" else 1)
    for sampler, fits in ((sample_langevin, True), (_twin(right, wrong), False)):
        square = (sampler(lambda w: (w**2).sum() / 2, start, **given).positions ** 2).mean(axis=2)
        score = abs(z(square, expected))
        assert score < 4.5 if fits else score > 8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("float(noise.mean()) * step", "float(noise.mean()) * 10 * step"),
        ("count / self.batch * functions.part", "functions.part"),
    ],
)
def test_minibatches_of_a_wrong_weight_are_rejected(right, wrong):
    rng, n, batch, dt, temperature = np.random.default_rng(5), 40, 10, 0.005, 2.0
    rows = rng.standard_normal((n, 3))
    ratio = n**2 * (1 / batch - 1 / n) * rows.var(axis=0, ddof=1).mean() * dt / (2 * temperature)
    start = rows.mean(axis=0) + rng.standard_normal((64, 3))
    given = {
        "temperature": temperature,
        "method": "sgld",
        "step": dt,
        "batch": batch,
        "data": rows,
        "records": 200,
    }
    found = _twin(right, wrong)(_centres, start, **given).noise_ratio
    assert abs(found / ratio - 1) > 8 * 0.005  # eight standard errors of the test of the right one


def test_unadjusted_steps_too_long_have_not_converged():
    """Euler steps of 1/stiffness double the variance, at perfect mixing."""
    start = np.random.default_rng(0).standard_normal((64, 3))
    long, short = (
        sample_langevin(
            lambda w: (w**2).sum() / 2, start, temperature=1.0, method="ula", step=step, records=200
        )
        for step in (1.0, 0.05)
    )
    assert long.r_hat < 1.05
    assert (long.positions**2).mean() == pytest.approx(2, rel=0.05)
    assert not long.converged
    assert short.converged


@pytest.mark.slow
def test_an_integral_over_too_wide_a_gap_says_so():
    """The ln Z of a quadratic energy from a Gaussian thirty times too wide: twelve nodes err by
    half a nat a weight.
    """
    exact = -1.5 * np.log(2 * np.pi)
    ones = np.ones(3)  # an array: the energy of another test, compiled once
    for scale, good in ((1.5, True), (30.0, False)):
        found = integrate_entropy(
            lambda w: (jnp.asarray(ones) * w**2).sum() / 2,
            3,
            temperature=1.0,
            scale=scale,
            step=0.3,
            records=250,
        )
        assert found.converged is good
        assert abs(found.free_energy - exact) < 4.5 * found.error


def test_same_seed_same_bits_and_callers_precision_untouched():
    start = {"a": np.ones((64, 3))}
    runs = [
        sample_langevin(quadratic, start, temperature=T, step=0.2, records=20, burn=0, seed=s)
        for s in (1, 1, 2)
    ]
    assert np.array_equal(runs[0].energy, runs[1].energy)
    assert (runs[0].energy != runs[2].energy).any()
    assert not jax.config.jax_enable_x64
