"""What a file holds decides, not what it is called; and no array that is given or given out is
shared.
"""

import os

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import replicon
from replicon import data
from replicon._files import load_module
from replicon.data.rows import load_rows
from replicon.recurrent.evolution import evolve
from replicon.recurrent.network import unit_couplings
from replicon.recurrent.nonlinearity import nonlinearity

J = np.array([[0.0, 2.0, 0.3], [1.5, 0.0, 0.0], [0.0, -1.0, 0.5]])


def _rewrite(path, text: str) -> None:
    """Another content of the same length, name and time of change."""
    before = path.stat() if path.exists() else None
    path.write_text(text)
    if before is not None:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _outlier(matrix: np.ndarray) -> float:
    return float(np.linalg.eigvals(matrix / np.sqrt((matrix**2).sum() / len(matrix))).real.max())


@pytest.mark.parametrize("ending", ["npy", "csv"])
def test_rewritten_couplings_give_their_own_answer(tmp_path, ending):
    path = tmp_path / f"J.{ending}"
    for matrix in (J, J.T @ J, -J, J):
        np.save(path, matrix) if ending == "npy" else np.savetxt(path, matrix, delimiter=",")
        out = replicon.solve("recurrent-network", couplings=str(path), gain=0.1)
        assert float(out["outlier"]) == pytest.approx(_outlier(matrix), rel=1e-12)
        threshold = replicon.find_transition(
            "recurrent-network", "instability", couplings=str(path)
        )
        assert float(threshold["value"]) == pytest.approx(1 / _outlier(matrix), rel=1e-9)


def test_couplings_of_any_scale_have_gain_one(tmp_path):
    for scale in (1e-200, 1.0, 1e200):
        np.save(tmp_path / "J.npy", scale * J)
        np.testing.assert_allclose(
            unit_couplings(str(tmp_path / "J.npy"), "linear"),
            J / np.sqrt((J**2).sum() / 3),
            rtol=1e-14,
        )


def test_rewritten_patterns_give_their_own_answer(tmp_path):
    path = tmp_path / "p.csv"
    rng = np.random.default_rng(0)
    for _ in range(3):
        patterns = rng.choice([0, 1], (4, 30))
        _rewrite(path, "\n".join(",".join(map(str, row)) for row in patterns))
        np.testing.assert_array_equal(replicon.data.load_patterns(path), 2 * patterns - 1)
        out = replicon.simulate("hopfield", patterns=str(path), load=0.1, size=30, samples=2)
        assert (out["pattern"].values[:, None] == 2 * patterns - 1).all(axis=-1).any(axis=-1).all()


def test_a_study_of_a_rewritten_file_holds_the_new_numbers(tmp_path):
    series = (
        '[[theory]]\nname = "rest"\nmodel = "recurrent-network"\ncontrols = {couplings = "J.npy",'
        " gain = 0.1}\n"
    )
    (tmp_path / "study.toml").write_text(series)
    for k, matrix in enumerate((J, J @ J, J)):
        np.save(tmp_path / "J.npy", matrix)
        out = replicon.run_study(tmp_path / "study.toml", out=tmp_path / f"out{k}")
        assert float(out["rest"]["outlier"]) == pytest.approx(_outlier(matrix), rel=1e-12)
        direct = replicon.solve("recurrent-network", couplings=str(tmp_path / "J.npy"), gain=0.1)
        assert float(direct["outlier"]) == float(out["rest"]["outlier"])


def test_a_study_names_an_array_in_a_file_beside_it(tmp_path):
    (tmp_path / "study.toml").write_text(
        '[[theory]]\nname = "rest"\nmodel = "recurrent-network"\ncontrols = {couplings ='
        ' "several.npz:b", gain = 0.1}\n'
    )
    for matrix in (
        J,
        J @ J,
        J,
    ):  # into one folder: what is stored of the one content is no answer for the other
        np.savez(tmp_path / "several.npz", a=np.eye(3), b=matrix)
        out = replicon.run_study(tmp_path / "study.toml", out=tmp_path / "out")
        assert float(out["rest"]["outlier"]) == pytest.approx(_outlier(matrix), rel=1e-12)


def _tanh(slope: float) -> str:
    return f"import jax.numpy as jnp\n\n\ndef phi(x):\n    return jnp.tanh({slope:.2f} * x)\n"


def test_a_rewritten_transfer_function_gives_its_own_answer(tmp_path):
    path = tmp_path / "phi.py"
    np.save(tmp_path / "J.npy", J)
    met = []
    for slope in (1.0, 0.5, 1.0):
        _rewrite(path, _tanh(slope))
        phi = nonlinearity(str(path))
        met.append(phi)
        assert nonlinearity(str(path)) is phi, (
            "one object for one content: what is compiled for it is used again"
        )
        assert float(phi.slope(jnp.zeros(()))) == pytest.approx(slope)
        # x' = -x + J tanh(a x): the largest exponent at rest is a g outlier - 1.
        out = replicon.solve(
            "recurrent-network", couplings=str(tmp_path / "J.npy"), nonlinearity=str(path), gain=0.1
        )
        assert float(out["lyapunov_exponent"]) == pytest.approx(
            slope * 0.1 * float(out["outlier"]) - 1, rel=1e-6
        )
        # The dynamical mean field of a random network becomes chaotic where g times the slope is
        # one.
        onset = replicon.find_transition("recurrent-dynamics", "chaos", nonlinearity=str(path))
        assert float(onset["value"]) == pytest.approx(1 / slope, rel=1e-6)
    assert met[0] is met[2]
    assert met[0] is not met[1]


@pytest.mark.parametrize("how", ["global", "attribute", "compiled", "file"])
def test_a_transfer_function_that_changes_without_its_file_is_seen(tmp_path, how):
    path, held = tmp_path / "phi.py", tmp_path / "slope.npy"
    np.save(held, 1.0)
    slope = {
        "global": "SLOPE",
        "compiled": "SLOPE",
        "attribute": "phi.slope",
        "file": f"float(np.load({str(held)!r}))",
    }[how]
    head = "import jax\nimport jax.numpy as jnp\nimport numpy as np\n\nSLOPE = 1.0\n"
    path.write_text(
        f"{head}\n\n{'@jax.jit' if how == 'compiled' else ''}\ndef phi(x):\n    return"
        f" jnp.tanh({slope} * x)\n"
    )
    path.write_text(path.read_text() + ("\n\nphi.slope = 1.0\n" if how == "attribute" else ""))
    start = np.array([0.3, -0.2, 0.1])

    def states(phi):
        return evolve(0.3 * J, start, function=phi.function, duration=3).states

    first = nonlinearity(str(path))
    before = states(first)
    module = load_module(path)
    module.SLOPE = 0.5
    if how == "attribute":
        module.phi.slope = 0.5
    np.save(held, 0.5)
    second = nonlinearity(str(path))
    assert second is not first
    expected = evolve(0.3 * J, start, function=lambda x: jnp.tanh(0.5 * x), duration=3).states
    np.testing.assert_allclose(states(second), expected, rtol=1e-12)
    assert np.abs(before - expected).max() > 1e-3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def psi(x):\n    return x\n", "defines no function phi"),
        ("phi = 3\n", "defines no function phi"),
        ("def phi(x):\n    return x.nothing\n", "is not a transfer function"),
        ("def phi(x):\n    return x[:3]\n", "one finite number"),
        ("import jax.numpy as jnp\ndef phi(x):\n    return jnp.log(x)\n", "one finite number"),
        ("def phi(x):\n    return x\nbreaks = ('a',)\n", "is not a transfer function"),
        ("def phi(x):\n    return x\nbreaks = (float('inf'),)\n", "no finite numbers"),
        ("def phi(x:\n", "could not be imported"),
        ("raise RuntimeError('no')\n", "could not be imported"),
        ("raise SystemExit\n", "could not be imported"),
        ("\0", "could not be imported"),
    ],
)
def test_files_that_are_no_transfer_functions_are_refused_in_a_sentence(tmp_path, text, words):
    (tmp_path / "phi.py").write_text(text)
    with pytest.raises(replicon.InputError, match=words):
        replicon.solve("recurrent-network", nonlinearity=str(tmp_path / "phi.py"), gain=0.1)


def test_arrays_given_out_are_the_callers_own(tmp_path):
    np.save(tmp_path / "p.npy", np.tile([[1, -1, 1]], (20, 1)))
    np.save(tmp_path / "J.npy", J)
    givers = {
        "digits": lambda: replicon.data.digits()[0],
        "labels": lambda: replicon.data.digits()[1],
        "binary_digits": data.binary_digits,
        "patterns": lambda: replicon.data.load_patterns(tmp_path / "p.npy"),
        "rows": lambda: load_rows(str(tmp_path / "p.npy")),
        "digit rows": lambda: load_rows("digits"),
        "small rows": lambda: load_rows("small-digits"),
        "network": lambda: replicon.data.load_network(tmp_path / "J.npy").weights,
        "celegans": lambda: replicon.data.load_network("celegans").weights,
        "couplings": lambda: unit_couplings("celegans", "log"),
        "solve": (
            lambda: (
                replicon.solve(
                    "recurrent-network", couplings=str(tmp_path / "J.npy"), gain=[0.1, 0.2]
                )["outlier"].values
            )
        ),
    }
    for name, give in givers.items():
        first = give()
        kept = first.copy()
        first[...] = 7
        np.testing.assert_array_equal(give(), kept, err_msg=name)
    for given in (np.array([[1, -1], [1, 1]], np.int8), J.copy(), pd.DataFrame(J)):
        out = (
            replicon.data.load_network(given).weights
            if len(given) == 3
            else replicon.data.load_patterns(given)
        )
        kept = np.array(given)
        out[...] = 7
        np.testing.assert_array_equal(np.asarray(given), kept)


def _frozen(array) -> np.ndarray:
    array = np.array(array)
    array.flags.writeable = False
    return array


def _ising():
    rng = np.random.default_rng(0)
    couplings = rng.normal(size=(5, 5)) / 5
    return _frozen(np.triu(couplings, 1) + np.triu(couplings, 1).T), _frozen(rng.normal(size=5))


def _patterns():
    return _frozen(np.random.default_rng(1).choice([-1, 1], (6, 21)))


def _rows():
    return _frozen(np.random.default_rng(2).integers(0, 2, (60, 5)))


ASKED = {
    "enumerate_states": lambda: replicon.ising.enumerate_states(*_ising()),
    "naive_mean_field": lambda: replicon.ising.naive_mean_field(*_ising(), temperature=2.0),
    "tap": lambda: replicon.ising.tap(*_ising(), temperature=2.0),
    "belief_propagation": lambda: replicon.ising.belief_propagation(
        *_ising(), temperature=2.0, start=_frozen(np.zeros(5))
    ),
    "evolve": lambda: evolve(
        _frozen(0.3 * J),
        _frozen(np.ones(3)),
        function=jnp.tanh,
        duration=2,
        field=_frozen(np.ones(3)),
    ),
    "find_weights": lambda: replicon.perceptron.find_weights(_patterns()),
    "count_solutions": lambda: replicon.perceptron.count_solutions(_patterns()),
    "count_near": lambda: replicon.perceptron.count_near(
        _patterns(), _frozen(replicon.perceptron.find_weights(_patterns()).weights)
    ),
    "local_entropy": lambda: replicon.perceptron.local_entropy(
        _patterns(), _frozen(replicon.perceptron.find_weights(_patterns()).weights), 0.2
    ),
    "boltzmann": lambda: (
        replicon.boltzmann.BoltzmannMachine("naive-mean-field").fit(_rows()).score(_rows())
    ),
    "restricted": (
        lambda: replicon.rbm.RestrictedBoltzmannMachine(2, epochs=1).fit(_rows()).transform(_rows())
    ),
    "load_patterns": lambda: replicon.data.load_patterns(_patterns()),
    "load_network": lambda: replicon.data.load_network(_frozen(J), inhibitory=["1"]),
    "kaplan_yorke": lambda: replicon.recurrent.kaplan_yorke_dimension(_frozen([0.5, 0.0, -1.0])),
}


@pytest.mark.parametrize("name", ASKED)
def test_arrays_of_the_user_are_only_read(name):
    """The arrays given cannot be written, and nothing tries to."""
    ASKED[name]()
