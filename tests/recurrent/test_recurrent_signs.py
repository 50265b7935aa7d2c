"""Networks given in files: where a sign decides, rounding does not; what does not exist has its
reason.
"""

import numpy as np
import pytest

import replicon


def _asked(tmp_path, matrix, **controls):
    np.save(tmp_path / "J.npy", np.array(matrix, float))
    return {"couplings": str(tmp_path / "J.npy"), **controls}


def _gain(matrix) -> float:
    """By which a matrix differs from the one of gain one."""
    return np.sqrt((np.array(matrix, float) ** 2).sum() / len(matrix))


ROTATED = np.linalg.qr(np.random.default_rng(0).standard_normal((6, 6)))[0]
JORDAN = (
    ROTATED @ np.diag(np.ones(5), 1) @ ROTATED.T
)  # nilpotent: LAPACK's eigenvalues are of size 1e-3
DAG = np.tril(np.random.default_rng(1).standard_normal((6, 6)), -1)[
    np.ix_([3, 0, 5, 1, 4, 2], [3, 0, 5, 1, 4, 2])
]
TURNING = np.random.default_rng(2).standard_normal((5, 5))
TURNING = TURNING - TURNING.T


@pytest.mark.parametrize(
    ("matrix", "time", "words"),
    [
        (DAG, "continuous", "no cycle"),
        (DAG, "discrete", "no cycle"),
        (JORDAN, "continuous", "no eigenvalue of the couplings has a positive real part"),
        (JORDAN, "discrete", "no eigenvalue of the couplings differs from zero"),
        (
            [[1, -1], [1, -1]],
            "continuous",
            "no eigenvalue of the couplings has a positive real part",
        ),
        (TURNING, "continuous", "no eigenvalue of the couplings has a positive real part"),
        (-np.eye(3), "continuous", "no eigenvalue of the couplings has a positive real part"),
        (1e150 * DAG, "continuous", "no cycle"),
        (1e-200 * DAG, "continuous", "no cycle"),
    ],
)
def test_an_instability_that_does_not_exist_has_its_reason(tmp_path, matrix, time, words):
    asked = _asked(tmp_path, matrix, time=time)
    with pytest.raises(replicon.ConvergenceError, match=f"does not exist.*{words}"):
        replicon.find_transition("recurrent-network", "instability", **asked)
    out = replicon.solve(
        "recurrent-network", gain=[0.5, 50.0], **asked
    )  # and rest is stable, or nobody can tell
    assert bool(out["converged"][0])
    assert bool(out["converged"][1]) or "rounding" in str(out["reason"].values[1])
    assert bool(out["converged"][1]) == (matrix is not JORDAN)


@pytest.mark.parametrize("scale", [1.0, 1e150, 1e-200])
@pytest.mark.parametrize(
    ("matrix", "time", "leading"),
    [
        ([[0, 1], [1, 0]], "continuous", 1.0),
        (TURNING, "discrete", np.abs(np.linalg.eigvals(TURNING)).max()),
        (-np.eye(3), "discrete", 1.0),
        ([[0, 2, 0], [0, 0, 2], [2, 0, 0]], "continuous", 2.0),
        ([[5.0]], "continuous", 5.0),
        (np.diag([0.25, 0]) + 1e-3 * np.array([[0, 1], [0, 0]]), "continuous", 0.25),
    ],
)
def test_an_instability_is_where_the_leading_eigenvalue_is_one(
    tmp_path, matrix, time, leading, scale
):
    asked = _asked(tmp_path, scale * np.array(matrix), time=time)
    value = float(replicon.find_transition("recurrent-network", "instability", **asked)["value"])
    assert value == pytest.approx(_gain(matrix) / leading, rel=1e-9)
    assert bool(replicon.solve("recurrent-network", gain=value * (1 - 1e-6), **asked)["converged"])
    for gain in (value, value * (1 - 1e-15), value * (1 + 1e-6)):
        with pytest.raises(replicon.ConvergenceError, match=r"unstable|at its instability"):
            replicon.solve("recurrent-network", gain=gain, **asked)


def test_in_discrete_time_a_random_network_turns_unstable_at_the_longer_axis(tmp_path):
    """The elliptic law's semi-axes are 1 + gamma and 1 - gamma: an antisymmetric matrix has gamma =
    -1, its ellipse height 2.
    """
    asked = _asked(tmp_path, TURNING, network="random")
    discrete = replicon.find_transition(
        "recurrent-network", "instability", time="discrete", **asked
    )
    assert float(discrete["value"]) == pytest.approx(0.5, rel=1e-12)
    with pytest.raises(replicon.ConvergenceError, match="does not exist"):
        replicon.find_transition("recurrent-network", "instability", **asked)


@pytest.mark.parametrize(("slope", "leading"), [(1.0, 0.5), (-1.0, 2.0)])
def test_where_phi_falls_the_couplings_count_with_the_other_sign(tmp_path, slope, leading):
    (tmp_path / "phi.py").write_text(
        f"import jax.numpy as jnp\ndef phi(x):\n    return jnp.tanh({slope} * x)\n"
    )
    matrix = np.diag([0.5, -2.0])
    asked = _asked(tmp_path, matrix, nonlinearity=str(tmp_path / "phi.py"))
    value = float(replicon.find_transition("recurrent-network", "instability", **asked)["value"])
    assert value == pytest.approx(_gain(matrix) / leading, rel=1e-9)
    g = 0.3
    response = float(replicon.solve("recurrent-network", gain=g, **asked)["response"])
    assert response == pytest.approx(
        (slope / (1 - slope * g * np.diag(matrix) / _gain(matrix))).mean(), rel=1e-12
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jnp.clip(x, 0, 1)", "corner at 0"),
        ("jnp.tanh(x + 1)", "no fixed point"),
        ("jnp.tanh(x) ** 3", "phi'\\(0\\) is zero"),
    ],
)
def test_where_rest_has_no_linear_response_nothing_is_said_of_it(tmp_path, text, words):
    (tmp_path / "phi.py").write_text(f"import jax.numpy as jnp\ndef phi(x):\n    return {text}\n")
    asked = _asked(tmp_path, [[0, 1], [1, 0]], nonlinearity=str(tmp_path / "phi.py"))
    with pytest.raises(replicon.ConvergenceError, match=f"does not exist.*{words}"):
        replicon.find_transition("recurrent-network", "instability", **asked)
    if "zero" not in words:
        with pytest.raises(replicon.ConvergenceError, match=words):
            replicon.solve("recurrent-network", gain=0.1, **asked)


def test_chaos_that_does_not_exist_has_its_reason(tmp_path):
    with pytest.raises(replicon.ConvergenceError, match=r"does not exist.*symmetric"):
        replicon.find_transition(
            "recurrent-network", "chaos", **_asked(tmp_path, np.diag([1.0, 0.5, 0.2]) + 0.1)
        )
    with pytest.raises(replicon.ConvergenceError, match=r"does not exist.*no cycle"):
        replicon.find_transition("recurrent-network", "chaos", **_asked(tmp_path, DAG))
    with pytest.raises(replicon.ConvergenceError, match="was not found"):
        replicon.find_transition("recurrent-network", "chaos", **_asked(tmp_path, TURNING))
