"""Objects of a user's as values of controls: read as files are, told apart by what they hold, kept
in studies; and what is none is refused in a sentence.
"""

import functools
import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import networkx
import numpy as np
import pandas
import pytest
import xarray as xr
from scipy import sparse

import replicon
from replicon import InputError
from replicon._content import digest
from replicon._domains import show
from replicon._objects import Given
from replicon.recurrent.nonlinearity import nonlinearity
from replicon.study import catalogue

W = np.random.default_rng(0).normal(size=(6, 6))
X = np.where(np.random.default_rng(1).random((30, 40)) < 0.5, -1, 1)
SHORT = {"samples": 2, "seed": 1, "duration": 8}
NETWORK = "recurrent-network"


def _domain(model, control):
    return catalogue.get(model).control(control).domain


def _graph(matrix):
    """W[i, j] goes from j to i: a graph's edge from u to v is W[v, u]."""
    return networkx.from_numpy_array(matrix.T, create_using=networkx.DiGraph)


KINDS = {
    "array": lambda w: w,
    "Fortran": np.asfortranarray,
    "list": lambda w: w.tolist(),
    "tuple": lambda w: tuple(map(tuple, w)),
    "rows": list,
    "table": pandas.DataFrame,
    "sparse matrix": sparse.csr_matrix,
    "sparse array": sparse.coo_array,
    "sparse mapping": sparse.dok_array,
    "graph": _graph,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_matrix_of_any_kind_gives_the_numbers_of_the_file(kind, tmp_path):
    np.save(tmp_path / "W.npy", W)
    asked = {"gain": 0.1, "network": "original"}
    from_file = replicon.solve(NETWORK, couplings=tmp_path / "W.npy", **asked)
    given = replicon.solve(NETWORK, couplings=KINDS[kind](W), **asked)
    assert float(given["response"]) == float(from_file["response"])
    assert str(given["couplings"].values) == f"array 6x6 {digest(W)[:8]}"
    assert from_file["couplings"] == str(tmp_path / "W.npy")
    assert dict(given.sizes) == {}


def test_the_same_matrix_as_a_file_and_as_an_object_is_simulated_to_the_same_bits(tmp_path):
    np.save(tmp_path / "W.npy", W)
    np.savetxt(tmp_path / "W.csv", W, delimiter=",", fmt="%.17g")
    runs = [
        replicon.simulate(NETWORK, couplings=given, **SHORT)
        for given in (W, str(tmp_path / "W.npy"), str(tmp_path / "W.csv"))
    ]
    for run in runs[1:]:
        np.testing.assert_array_equal(run["activity"], runs[0]["activity"])
    other = replicon.simulate(NETWORK, couplings=W.T, **SHORT)
    assert (other["activity"].values != runs[0]["activity"].values).all()


@pytest.mark.parametrize(
    ("model", "control"),
    [("hopfield", "patterns"), ("rbm-training", "data"), ("boltzmann-data", "data")],
)
def test_patterns_and_rows_are_told_apart_by_what_is_read(model, control, tmp_path):
    np.save(tmp_path / "X.npy", X)
    domain = _domain(model, control)
    objects = [X, (X > 0), (X > 0).astype(int).tolist(), pandas.DataFrame(X)]
    contents = {domain.content(control, domain.take(control, one)) for one in objects}
    assert contents == {domain.content(control, str(tmp_path / "X.npy"))}
    assert domain.content(control, domain.words[0]) == ""


def test_two_arrays_of_one_file_are_two(tmp_path):
    np.savez(tmp_path / "two.npz", a=W, b=W.T)
    domain = _domain(NETWORK, "couplings")
    assert domain.content("couplings", f"{tmp_path}/two.npz:a") != domain.content(
        "couplings", f"{tmp_path}/two.npz:b"
    )


def test_a_list_of_objects_is_a_grid_and_a_list_of_rows_is_one_matrix(tmp_path):
    out = replicon.solve(NETWORK, couplings=[W, "celegans", W.T.tolist()], gain=[0.1, 0.2])
    assert dict(out.sizes) == {"gain": 2, "couplings": 3}
    label = f"array 6x6 {digest(W)[:8]}"
    one = replicon.solve(NETWORK, couplings=W.tolist(), gain=0.2)
    assert float(out.sel(couplings=label, gain=0.2)["response"]) == float(one["response"])
    out.to_netcdf(tmp_path / "out.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "out.nc", engine="h5netcdf") as again:
        assert list(again["couplings"].values) == list(out["couplings"].values)
    with pytest.raises(InputError, match=r"shape \(2, 6, 6\)"):
        replicon.solve(NETWORK, couplings=np.stack([W, W.T]))


def test_the_size_of_what_is_given_need_not_be_said():
    assert replicon.simulate(NETWORK, couplings=W, **SHORT).attrs["size"] == 6
    run = replicon.start("hopfield", patterns=X, sweeps=10)
    assert run.view()["spins"].shape == (3, 40)
    with pytest.raises(InputError, match="size of hopfield is not given: give a number of spins"):
        replicon.simulate("hopfield")
    with pytest.raises(InputError, match="would be 30 and 40"):
        replicon.simulate("hopfield", patterns=[X, X[:, :30]])
    with pytest.raises(InputError, match="it has 6 neurons"):
        replicon.simulate(NETWORK, couplings=W, size=7)


def test_scale_is_the_gain_of_the_couplings_as_they_were():
    for factor in (1.0, 250.0):
        given = factor * W
        out = replicon.solve(NETWORK, couplings=given, gain=0.0)
        np.testing.assert_allclose(out["scale"], np.sqrt((given**2).sum() / 6), rtol=1e-14)
        critical = replicon.find_transition(NETWORK, "instability", couplings=given)["value"]
        own = float(critical / out["scale"]) * given  # what turns unstable, in the user's units
        np.testing.assert_allclose(np.linalg.eigvals(own).real.max(), 1.0, rtol=1e-12)
    logs = replicon.solve(NETWORK, couplings=W, weights="log", gain=0.0)
    np.testing.assert_allclose(logs["scale"], np.sqrt((np.log1p(np.abs(W)) ** 2).sum() / 6))


def test_a_function_takes_the_place_of_a_word():
    def critical(phi):
        return float(
            replicon.find_transition(NETWORK, "instability", couplings=W, nonlinearity=phi)["value"]
        )

    word = critical("tanh")
    assert critical(jnp.tanh) == word
    np.testing.assert_allclose(critical(lambda x: jnp.tanh(2 * x)), word / 2, rtol=1e-14)
    out = replicon.solve(
        NETWORK, couplings=W, gain=0.1, nonlinearity=[jnp.tanh, "erf", ("mine", jnp.tanh)]
    )
    names = [str(name).split()[0] for name in out["nonlinearity"].values]
    assert names == ["tanh", "erf", "mine"]


def _scaled(x, factor=2.0):
    return jnp.tanh(factor * x)


class _Steep:
    def __init__(self, factor):
        self.factor = jnp.asarray(factor)

    def __call__(self, x):
        return jnp.tanh(self.factor * x)


def test_functions_are_told_apart_by_what_they_compute():
    take = functools.partial(_domain("recurrent-dynamics", "nonlinearity").take, "nonlinearity")

    def made(factor):
        return lambda x: jnp.tanh(factor * x)

    kinds = [made, lambda f: functools.partial(_scaled, factor=f), _Steep]
    for kind in kinds:
        assert take(kind(2.0)) == take(kind(2.0))
        assert take(kind(2.0)).content != take(kind(3.0)).content
        # What is compiled is kept for one object.
        assert take(kind(2.0)).held is take(kind(2.0)).held
    assert take(jax.jit(_scaled)).split()[0] == "_scaled"


def test_a_function_that_changes_is_not_taken_for_what_it_was():
    factor = np.array([2.0])

    def phi(x):
        return jnp.tanh(factor[0] * x)

    domain = _domain("recurrent-dynamics", "nonlinearity")
    given = domain.take("nonlinearity", phi)
    before = given.held.function(jnp.ones(1))
    factor[0] = 3.0
    with pytest.raises(InputError, match="was changed since it was given"):
        _ = given.held
    again = domain.take("nonlinearity", phi)
    assert again != given
    assert float(again.held.function(jnp.ones(1))[0]) != float(before[0])


def test_words_of_a_result_are_words_and_names_of_objects_are_refused():
    told = replicon.solve(
        NETWORK, couplings=[W, "celegans"], gain=0.1, nonlinearity=["tanh", "erf"]
    )
    again = replicon.solve(NETWORK, couplings=W, gain=0.1, nonlinearity=told["nonlinearity"])
    same = told["response"].isel(couplings=0).values
    np.testing.assert_array_equal(again["response"], same)
    for names in (told["couplings"], told["couplings"][0]):
        with pytest.raises(InputError, match="is but the name of an object"):
            replicon.solve(NETWORK, couplings=names, gain=0.1)


def test_kinks_of_a_function_are_an_attribute():
    def phi(x):
        return jnp.clip(x, -0.7, 1.3)

    smooth = nonlinearity(phi)
    phi.breaks = (-0.7, 1.3)
    assert set(nonlinearity(phi).breaks) - set(smooth.breaks) == {-0.7, 1.3}
    phi.breaks = "ab"
    with pytest.raises(InputError, match="breaks are no finite numbers"):
        nonlinearity(phi)


def test_what_rises_steeply_or_has_corners_does_not_jump():
    for phi, odd in (
        (lambda x: jnp.tanh(1e9 * (x - 0.3)), False),
        (lambda x: jnp.clip(x, -0.7, 0.7), True),
        (lambda x: jnp.sign(x - 0.1) * jnp.sqrt(jnp.abs(x - 0.1)), False),
        (lambda x: jnp.tanh(1e12 * x), True),
    ):
        assert nonlinearity(phi).odd == odd


def test_any_function_of_a_file_may_be_named(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import jax.numpy as jnp\ndef phi(x):\n    return jnp.tanh(x)\n"
        "def steep(x):\n    return jnp.tanh(2 * x)\n"
    )
    domain = _domain("recurrent-dynamics", "nonlinearity")
    paths = [f"{tmp_path}/mine.py", f"{tmp_path}/mine.py:steep"]
    values = [
        float(
            replicon.find_transition(NETWORK, "instability", couplings=W, nonlinearity=path)[
                "value"
            ]
        )
        for path in paths
    ]
    np.testing.assert_allclose(values[1], values[0] / 2, rtol=1e-14)
    assert len({domain.content("nonlinearity", path) for path in paths}) == 2
    with pytest.raises(InputError, match="defines no function flat"):
        replicon.solve(NETWORK, nonlinearity=f"{tmp_path}/mine.py:flat")


def test_a_function_that_cannot_be_looked_into_asks_for_a_name():
    hidden = np.random.default_rng(0)

    def phi(x):
        return jnp.tanh(x) if hidden is not None else x

    with pytest.raises(InputError) as refused:
        replicon.solve(NETWORK, couplings=W, gain=0.1, nonlinearity=phi)
    assert "Generator, which cannot be looked into" in str(refused.value)
    assert "('my-name', phi)" in str(refused.value)
    out = replicon.solve(NETWORK, couplings=W, gain=0.1, nonlinearity=("my-name", phi))
    assert str(out["nonlinearity"].values).split()[0] == "my-name"


def test_the_fingerprint_of_a_function_is_the_same_in_another_process():
    code = (
        "import jax.numpy as jnp; from replicon._content import digest;"
        "a = 2.0; print(digest(eval('lambda x: jnp.tanh(a * x)')), digest(jnp.tanh))"
    )
    told = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        for _ in range(2)
    }
    assert len(told) == 1
    assert digest(jnp.tanh) in told.pop()


BAD_MATRICES = [
    (np.ones((2, 3)), "shape (2, 3)"),
    (np.ones(200), "shape (200,)"),
    (np.zeros((3, 3, 3)), "shape (3, 3, 3)"),
    (np.zeros((0, 0)), "shape (0, 0)"),
    (np.full((3, 3), np.nan), "NaN"),
    (np.array([["a", "b"], ["c", "d"]]), "entries of type"),
    (1j * np.eye(3), "complex"),
    ([[1, 2], [3]], "no array of numbers"),
    ([], "empty list"),
    (np.zeros((3, 3)), "all zero"),
    (networkx.Graph([(1, 2, {"weight": "x"})]), "'x' is no number"),
    (networkx.Graph(), "without nodes"),
    (pandas.DataFrame({"a": ["x"]}), "no numbers"),
    (sparse.csr_matrix((2, 3)), "shape (2, 3)"),
    (np.ma.masked_array(np.eye(2), [[1, 0], [0, 0]]), "masked"),
    (3.0, "couplings = 3 is outside its domain"),
    (None, "couplings = None"),
    ({"a": 1}, "couplings = {'a': 1}"),
    (b"x", "couplings = b'x'"),
    (jnp.tanh, "outside its domain"),
    ([W, 3], "couplings = 3"),
    ("array 6x6 0123abcd", "is but the name of an object"),
]


@pytest.mark.parametrize(("given", "words"), BAD_MATRICES)
def test_what_is_no_matrix_is_refused_in_a_sentence(given, words):
    with pytest.raises(InputError) as refused:
        replicon.solve(NETWORK, couplings=given, gain=0.1)
    sentence = str(refused.value)
    assert words in sentence
    assert sentence.startswith("couplings")
    assert "\n" not in sentence and len(sentence) < 600


_RANDOM = np.random.default_rng(0)
BAD_FUNCTIONS = [
    (np.tanh, "is not a transfer function"),
    (lambda x: x.sum(), "shape ()"),
    (lambda x: x * 1j, "complex128"),
    (lambda x: x / 0, "one finite number"),
    (lambda x: jnp.where(x > 1, jnp.nan, x), "one finite number"),
    (lambda x: jnp.cumsum(x), "act on each by itself"),
    (lambda x: x * _RANDOM.normal(), "act on each by itself"),
    (lambda x: x if x > 0 else 0, "ambiguous"),
    (lambda x, y: x, "missing 1 required"),
    (lambda x: "a", "is not a transfer function"),
    (lambda x: jnp.sign(x).astype(int), "int64"),
    (lambda x: x[:3], "shape (3,)"),
    (jnp.sign, "jumps near x = 0"),
    (lambda x: jnp.where(x > 1.1, 1.0, 0.0), "jumps near x = 1.1"),
    (lambda x: x % 1, "jumps near x ="),
    (3, "nonlinearity = 3"),
    (W, "nonlinearity = an array of shape (6, 6)"),
    (["tanh", 3], "nonlinearity = 3"),
    (("a", 3), "nonlinearity = 'a'"),
    ({"phi": jnp.tanh}, "outside its domain"),
]


@pytest.mark.parametrize(("given", "words"), BAD_FUNCTIONS)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_transfer_function_is_refused_in_a_sentence(given, words):
    with pytest.raises(InputError) as refused:
        replicon.solve(NETWORK, couplings=W, gain=0.1, nonlinearity=given)
    sentence = str(refused.value)
    assert words in sentence
    assert sentence.startswith("nonlinearity")
    assert "\n" not in sentence and len(sentence) < 600


def test_sentences_show_three_numbers_of_an_array():
    assert show(np.arange(200.0)) == ("an array of shape (200,) and type float64, 0, 1, 2, ...")
    assert show(list(range(200))) == "a list of 200, 0, 1, 2, ..."
    assert len(show(["x" * 500] * 500)) < 200
    with pytest.raises(InputError) as refused:
        replicon.solve("hopfield", load=np.ones((2, 200)))
    assert "a list of 200, 1, 1, 1, ..." in str(refused.value)


def _steep(x):
    return jnp.tanh(1.5 * x)


STUDY = {
    "name": "mine",
    "theory": [
        {"name": "line", "model": NETWORK, "controls": {"gain": [0.1, 0.2], "couplings": W}}
    ],
    "simulation": [
        {
            "name": "points",
            "model": NETWORK,
            "controls": {
                "couplings": [W, W.T],
                "nonlinearity": ["tanh", _steep],
                "duration": 8,
                "gain": 0.2,
            },
            "sizes": [6],
            "samples": 2,
        }
    ],
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The study's results and the folder in which they are kept."""
    folder = tmp_path_factory.mktemp("finished") / "mine"
    return replicon.run_study(STUDY, out=folder), folder


def test_a_study_of_objects_is_kept_resumed_and_read(finished):
    results, tmp_path = finished
    names = list(results["points"]["couplings"].values)
    assert names == [f"array 6x6 {digest(w)[:8]}" for w in (W, W.T)]
    kept = {path.name[:16] for path in (tmp_path / "objects").iterdir()}
    assert kept == {digest(w)[:16] for w in (W, W.T)}  # and no function
    asked = []
    again = replicon.run_study(STUDY, out=tmp_path, progress=lambda *told: asked.append(told))
    assert [told[2] for told in asked] == ["kept"]
    assert again["points"].identical(results["points"])
    assert replicon.load_results(tmp_path)["points"].identical(results["points"])
    replicon.export_results(tmp_path, tmp_path.parent / "all.nc")
    alone = replicon.simulate(NETWORK, couplings=W, nonlinearity=_steep, gain=0.2, **SHORT)
    assert alone["activity"].shape == (2,)
    # A file of the folder stands for the array that it holds: nothing is computed again.
    file = next(iter((tmp_path / "objects").glob(f"{digest(W)[:16]}*")))
    by_file = json.loads(json.dumps({"name": "mine", "theory": STUDY["theory"]}, default=str))
    by_file["theory"][0]["controls"]["couplings"] = str(file)
    asked.clear()
    replicon.run_study(by_file, out=tmp_path, progress=lambda *told: asked.append(told))
    assert [told[2] for told in asked] == ["kept"]


def test_what_a_study_names_and_nobody_gives_is_asked_for(tmp_path):
    replicon.run_study({"name": "mine", "theory": STUDY["theory"]}, out=tmp_path)
    told = json.loads((tmp_path / "study.json").read_text())["study"]
    with pytest.raises(InputError, match="give the object itself again, or a file of it"):
        replicon.run_study(told, out=tmp_path)


@pytest.mark.slow
def test_workers_get_objects_and_give_the_same_bits(finished, tmp_path):
    one, _ = finished
    two = replicon.run_study(STUDY, out=tmp_path / "two", workers=2)
    assert two["points"].identical(one["points"])


def test_workers_read_arrays_from_the_folder_and_refuse_changed_ones(tmp_path):
    import pickle

    given = _domain(NETWORK, "couplings").take("couplings", W)
    assert len(pickle.dumps(given)) > W.nbytes
    replicon.run_study({"name": "mine", "theory": STUDY["theory"]}, out=tmp_path)
    (file,) = (tmp_path / "objects").iterdir()
    given.kept = str(file)
    sent = pickle.dumps(given)
    received = pickle.loads(sent)
    assert isinstance(received, Given)
    np.testing.assert_array_equal(received.held, W)
    np.savez(file, array=2 * W)
    with pytest.raises(InputError, match="was changed since it was given"):
        _ = received.held


def test_set_takes_objects_and_the_folder_is_named_by_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = replicon.run_study(
        {"name": "mine", "theory": STUDY["theory"]}, set={"couplings": W.T}
    )
    assert str(results["line"]["couplings"].values) == f"array 6x6 {digest(W.T)[:8]}"
    (folder,) = tmp_path.iterdir()
    assert folder.name == f"mine-couplings-array-6x6-{digest(W.T)[:8]}"
    with pytest.raises(InputError, match=r"shape \(2,\)"):
        replicon.run_study({"name": "mine", "theory": STUDY["theory"]}, set={"couplings": [1, 2]})
