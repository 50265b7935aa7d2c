"""Networks from files and objects: weights, directions and names, against what was written."""

import faulthandler
import io
import os
import signal
import subprocess
import sys
import tempfile

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import io as scipy_io
from scipy import sparse

import replicon
from replicon.data import arrays, networks

J = np.array([[0.0, 2.0, 0.0], [1.5, 0.0, 0.0], [0.0, -1.0, 0.5]])
NAMES = ("a", "b", "c")
EDGES = [("b", "a", 2.0), ("a", "b", 1.5), ("b", "c", -1.0), ("c", "c", 0.5)]  # pre, post, weight


def edges(header: str, between: str = ",", comma: str = ".") -> str:
    lines = [
        between.join((pre, post, str(weight).replace(".", comma))) for pre, post, weight in EDGES
    ]
    return "\n".join([header, *lines] if header else lines) + "\n"


def matrix(**how) -> str:
    return pd.DataFrame(J, index=NAMES, columns=NAMES).to_csv(**how)


TABLES = {
    "plain": edges("pre,post,weight"),
    "capitals": edges("Pre,Post,Weight"),
    "graph": edges("source,target,weight"),
    "capital-graph": edges("Source,Target,Weight"),
    "words": edges("from,to,w"),
    "long": edges("Presynaptic Neuron,Postsynaptic Neuron,N Synapses"),
    "ids": edges("bodyId_pre,bodyId_post,weight"),
    "roots": edges("pre_root_id,post_root_id,syn_count"),
    "mark": "\ufeff" + edges("pre,post,weight"),
    "semicolons": edges("pre;post;weight", ";"),
    "decimal-commas": edges("pre;post;weight", ";", ","),
    "tabs": edges("pre\tpost\tweight", "\t"),
    "blanks": edges("pre post weight", "  "),
    "stray": edges(" pre , post , weight ", " , "),
    "windows": edges("pre,post,weight").replace("\n", "\r\n") + "\r\n\r\n",
    "quoted": edges('"pre","post","weight"').replace("a", '"a"'),
    "comment": "# written today\n" + edges("pre,post,weight"),
    "told": "sep=;\n" + edges("pre;post;weight", ";"),
    "headless": edges(""),
    "with-index": pd.DataFrame(EDGES, columns=["pre", "post", "weight"]).to_csv(),
    "other-order": (
        pd.DataFrame(EDGES, columns=["pre", "post", "weight"])[["weight", "post", "pre"]].to_csv(
            index=False
        )
    ),
    "annotated": (
        pd.DataFrame(
            [(*e, "glia", 7) for e in EDGES], columns=["pre", "post", "weight", "class", "x"]
        ).to_csv(index=False)
    ),
    "typed": (
        pd.DataFrame(
            [(*e, "Chemical") for e in EDGES], columns=["pre", "post", "weight", "type"]
        ).to_csv(index=False)
    ),
    "added": edges("pre,post,weight") + "b,c,2\nb,c,-2\n",
    "matrix": matrix(),
    "named-index": matrix(index_label="neuron"),
    "columns-named": matrix(index=False),
    "rows-named": matrix(header=False),
    "matrix-semicolons": matrix(sep=";", decimal=","),
    "matrix-tabs": matrix(sep="\t"),
    "matrix-of-R": matrix(sep=" ").replace(" a b c", "a b c", 1),
    "moved": pd.DataFrame(J, index=NAMES, columns=NAMES)[["c", "a", "b"]].to_csv(),
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("ending", ["csv", "tsv", "txt"])
def test_tables_of_all_kinds_give_the_same_network(tmp_path, kind, ending):
    (tmp_path / f"a.{ending}").write_bytes(TABLES[kind].encode())
    network = replicon.data.load_network(tmp_path / f"a.{ending}")
    assert network.names == NAMES
    np.testing.assert_array_equal(network.weights, J)


@pytest.mark.parametrize(
    "how",
    [{}, {"index": False}, {"header": False}, {"index": False, "header": False}, {"sep": ";"}],
    ids=str,
)
def test_a_plain_matrix_has_numbered_neurons(tmp_path, how):
    wide = np.arange(144.0).reshape(12, 12) - 70.5
    for values in (J, wide):
        pd.DataFrame(values).to_csv(tmp_path / "a.csv", **how)
        network = replicon.data.load_network(tmp_path / "a.csv")
        np.testing.assert_array_equal(network.weights, values)
        assert network.names == tuple(str(k) for k in range(len(values)))


def directed() -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(NAMES)
    graph.add_weighted_edges_from(EDGES)
    return graph


def test_objects_go_in_directly(tmp_path):
    frame = pd.DataFrame(J, index=NAMES, columns=NAMES)
    named = (
        frame,
        frame[["b", "c", "a"]],
        frame.set_axis(range(3)),
        pd.DataFrame(EDGES, columns=["Pre", "Post", "Weight"]),
        directed(),
    )
    for source in (*named, nx.MultiDiGraph(directed())):
        network = replicon.data.load_network(source)
        assert network.names == NAMES
        np.testing.assert_array_equal(network.weights, J)
    for source in (J, J.tolist(), sparse.csr_array(J), sparse.coo_matrix(J), pd.DataFrame(J)):
        network = replicon.data.load_network(source)
        assert network.names == ("0", "1", "2")
        np.testing.assert_array_equal(network.weights, J)
    np.testing.assert_array_equal(replicon.data.load_network(J > 0).weights, J > 0)
    # networkx's own matrix has rows for where edges begin.
    np.testing.assert_array_equal(
        replicon.data.load_network(directed()).weights, nx.to_numpy_array(directed()).T
    )
    undirected = nx.Graph([("u", "v", {"weight": 2.0}), ("v", "v", {"weight": 3.0})])
    np.testing.assert_array_equal(replicon.data.load_network(undirected).weights, [[0, 2], [2, 3]])
    inhibited = replicon.data.load_network(undirected, inhibitory=["u"])
    np.testing.assert_array_equal(inhibited.weights, [[0, 2], [-2, 3]])
    twice = nx.MultiDiGraph([(10, 2), (10, 2)])
    assert replicon.data.load_network(twice).names == ("10", "2")
    np.testing.assert_array_equal(replicon.data.load_network(twice).weights, [[0, 0], [2, 0]])


def test_graphs_and_matrices_in_files(tmp_path):
    nx.write_graphml(directed(), tmp_path / "a.graphml")
    nx.write_gml(directed(), tmp_path / "a.gml")
    numbered = nx.relabel_nodes(directed(), {name: f"n{k}" for k, name in enumerate(NAMES)})
    nx.set_node_attributes(numbered, dict(zip(numbered, NAMES, strict=True)), "name")
    nx.write_graphml(numbered, tmp_path / "b.graphml")  # as igraph writes
    for name in ("a.graphml", "a.gml", "b.graphml"):
        network = replicon.data.load_network(tmp_path / name)
        assert network.names == NAMES
        np.testing.assert_array_equal(network.weights, J)
    scipy_io.savemat(
        tmp_path / "a.mat", {"J": sparse.csc_array(J), "names": np.array(NAMES, object)}
    )
    scipy_io.mmwrite(tmp_path / "a.mtx", sparse.coo_array(J))
    scipy_io.mmwrite(tmp_path / "b.mtx", J)
    for name in ("a.mat", "a.mtx", "b.mtx"):
        np.testing.assert_array_equal(replicon.data.load_network(tmp_path / name).weights, J)


def test_numbered_neurons_are_in_numeric_order(tmp_path):
    (tmp_path / "a.csv").write_text("pre,post,weight\n10,9,1\n9,2,3\n2,10,5\n")
    network = replicon.data.load_network(tmp_path / "a.csv")
    assert network.names == ("2", "9", "10")
    np.testing.assert_array_equal(network.weights, [[0, 3, 0], [0, 0, 1], [5, 0, 0]])
    (tmp_path / "b.csv").write_text("pre,post\nn10,n9\nn9,n2\n" + f"{'9' * 5000},n1\n")
    assert replicon.data.load_network(tmp_path / "b.csv").names[1:] == ("n1", "n2", "n9", "n10")
    frame = pd.DataFrame(
        {"pre": [10, 2, 9], "post": [9.0, 10.0, 2.0]}
    )  # made real beside what was missing
    assert replicon.data.load_network(frame).names == ("2", "9", "10")
    assert replicon.data.load_network(
        tmp_path / "a.csv", neurons=[10, np.int64(2)]
    ).weights.tolist() == [[0, 5], [0, 0]]


def test_types_and_directions_of_edges(tmp_path):
    (tmp_path / "a.csv").write_text(
        "pre,post,type,weight\na,b,Electrical,2\nb,a,electrical,4\nb,c,chemical,1\nc,a,electrical,5\n"
    )
    network = replicon.data.load_network(tmp_path / "a.csv", inhibitory=["b"])
    np.testing.assert_array_equal(network.weights, [[0, 3, 5], [3, 0, 0], [5, -1, 0]])
    (tmp_path / "gephi.csv").write_text(
        "Source,Target,Type,Id,Label,timeset,Weight\n1,2,Directed,0,,,2\n2,3,Undirected,1,,,4\n"
    )
    np.testing.assert_array_equal(
        replicon.data.load_network(tmp_path / "gephi.csv").weights,
        [[0, 0, 0], [2, 0, 4], [0, 4, 0]],
    )


REFUSED = {
    "pre,post,weight\na,b\n": "line 2 has 2 fields, between commas, and line 1 has 3",
    "pre,post,weight\na,b,1\nb,a,1,1\n": "line 3 has 4 fields",
    "pre,post,weight\na,b,1,1\n": "line 2 has 4 fields",
    "pre,post,weight\na,b,\n": "line 2: the weight is blank",
    "pre,post,weight\na,b, \n": "line 2: the weight is blank",
    "pre,post,weight\n,b,1\n": "line 2: the neuron in column pre is blank",
    "pre,post,weight\na,b,1\nb,a,x\n": "line 3: the weight 'x' is no number",
    "pre,post,weight\na,b,1_0\n": "the weight '1_0' is no number",
    "pre,post,weight\na,b,nan\n": "NaN or infinite",
    "pre,post,weight\na,b,1e999\n": "NaN or infinite",
    "pre,post,weight\n": "no edges",
    "pre,post,type\na,b,magic\n": "line 2: the type 'magic' is neither",
    "pre_id,pre_name,post\n1,a,b\n": "'pre_id' and 'pre_name' may be the column pre",
    "pre,post,strength_of_it_all\na,b,2\n": (
        "'strength_of_it_all' holds numbers and none is called weight"
    ),
    "neuron1,neuron2,weight\na,b,2\n": "no line of column names",
    "neuronA,neuronB\nAVAL,AVAR\nAVAR,AVAL\n": "no line of column names",
    "i,j,w\n0,1,2\n1,2,3\n2,0,4\n": "nobody can tell",
    "u,v,weight\n0,1,2\n1,2,3\n2,0,4\n": "nobody can tell",
    "1,2,3\n4,5,6\n": "no line of column names",
    "a,b\n1,2\n3,4\n5,6\n": "shape \\(3, 2\\)",
    ",a,b\na,1,2\nc,3,4\n": "rows and columns have different names",
    ",a,a\na,1,2\na,3,4\n": "two of its neurons are called 'a'",
    "0,1,2,3\n1,0,,3\n1,1,0,3\n1,1,1,0\n": "line 2, field 3: it is blank",
}


@pytest.mark.parametrize("text", REFUSED)
def test_tables_that_are_no_network_are_refused_with_their_line(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(replicon.InputError, match=REFUSED[text]) as caught:
        replicon.data.load_network(tmp_path / "a.csv")
    assert "a.csv" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (nx.DiGraph(), "without nodes"),
        (
            nx.DiGraph([(1, 2, {"weight": "heavy"})]),
            "the edge from '1' to '2': the weight 'heavy' is no number",
        ),
        (
            nx.DiGraph([(1, 2, {"weight": 1.0}), (2, 1, {})]),
            "the edge from '2' to '1' has no weight, and others have one",
        ),
        (nx.DiGraph([(1, "1")]), "two of its nodes are called '1'"),
        (nx.DiGraph([(1, 2, {"type": "friend"})]), "neither chemical nor electrical"),
        (nx.DiGraph([(1, 2, {"weight": np.inf})]), "NaN or infinite"),
        (
            pd.DataFrame({"pre": ["a", None], "post": ["b", "a"]}),
            "row 1: the neuron in column pre is blank",
        ),
        (
            pd.DataFrame({"pre": ["a"], "post": ["b"], "weight": [None]}),
            "row 0: the weight is blank",
        ),
        (pd.DataFrame(J, index=list("abc"), columns=list("abd")), "different names"),
        (J[:2], "shape"),
        (J + 1j, "complex"),
        (None, "no array"),
        (sparse.csr_array((10**6, 10**6)), "too large"),
        ("nothing.csv", "No file"),
    ],
    ids=lambda value: None,
)
def test_objects_that_are_no_network_are_refused_in_a_sentence(source, words):
    with pytest.raises(replicon.InputError, match=words):
        replicon.data.load_network(source)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"neurons": ["a", "b", "a"]}, "neurons lists 'a' 2 times"),
        ({"neurons": "a"}, "neurons = 'a' is no list"),
        ({"neurons": {"a"}}, "is no list"),
        ({"neurons": []}, "empty list"),
        ({"neurons": 5}, "is no list"),
        ({"neurons": ["A"]}, "Unknown neuron 'A'"),
        ({"inhibitory": ["a1"]}, "Unknown neuron 'a1' in inhibitory"),
        ({"inhibitory": "a"}, "is no list"),
        ({"inhibitory": True}, "is no list"),
    ],
    ids=str,
)
def test_names_of_neurons_are_checked(settings, words):
    with pytest.raises(replicon.InputError, match=words):
        replicon.data.load_network(directed(), **settings)


def test_of_a_large_graph_neurons_can_be_chosen(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("pre,post\n" + "".join(f"{k},{k + 1}\n" for k in range(30_000)))
    with pytest.raises(
        replicon.InputError,
        match="30001 neurons, too many for a matrix: choose among them with neurons=",
    ):
        replicon.data.load_network(path)
    np.testing.assert_array_equal(
        replicon.data.load_network(path, neurons=[7, 8, 29_999]).weights,
        [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
    )


def _valid(tmp_path) -> dict[str, bytes]:
    np.save(tmp_path / "a.npy", J)
    np.savez_compressed(tmp_path / "a.npz", J=J)
    sparse.save_npz(tmp_path / "b.npz", sparse.csr_array(J), compressed=False)
    nx.write_graphml(directed(), tmp_path / "a.graphml")
    nx.write_gml(directed(), tmp_path / "a.gml")
    for kind in ("plain", "matrix", "semicolons"):
        (tmp_path / f"{kind}.csv").write_text(TABLES[kind])
    return {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def _damaged(content: bytes, rng: np.random.Generator) -> bytes:
    data = bytearray(content)
    if rng.random() < 0.2:
        return bytes(data[: rng.integers(len(data))])
    for _ in range(rng.integers(1, 4)):
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    return bytes(data)


def _read_or_refused(path) -> np.ndarray | None:
    """The weights, or None for what is refused in one sentence; anything else is raised."""
    try:
        network = replicon.data.load_network(path)
    except replicon.InputError as error:
        told = str(error)
    else:
        assert network.weights.shape == (len(network.names),) * 2
        assert np.isfinite(network.weights).all()
        return network.weights
    assert "\n" not in told
    assert len(told) < 800
    return None


def test_damaged_files_are_read_or_refused_in_one_sentence(tmp_path):
    """Bits flipped and ends cut off; with a checksum (.npz), what is read is what was written."""
    rng = np.random.default_rng(1)
    for name, content in _valid(tmp_path).items():
        for _ in range(100):
            (tmp_path / name).write_bytes(_damaged(content, rng))
            weights = _read_or_refused(tmp_path / name)
            if weights is not None and name.endswith(".npz"):
                np.testing.assert_array_equal(weights, J)


def _run_in_a_copy(command, *, input, timeout, **_):
    """`subprocess.run` of `_apart`, in a copy of this process: a new one would import NumPy and
    SciPy for each file.
    """
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as told,
    ):
        given.write(input)
        given.seek(0)
        process = os.fork()
        if process == 0:
            status = 1
            try:
                faulthandler.disable()
                signal.alarm(timeout)
                sys.argv = command[command.index("-c") + 1 :]
                sys.stdin, sys.stdout, sys.stderr = map(io.TextIOWrapper, (given, out, told))
                arrays.send()
                status = 0
            except SystemExit as ended:
                status = ended.code
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        _, status = os.waitpid(process, 0)
        out.seek(0)
        told.seek(0)
        code = os.waitstatus_to_exitcode(status)
        return subprocess.CompletedProcess(command, code, out.read(), told.read())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.mat", "b.mat", "a.mtx"])
def test_damaged_files_do_not_crash(tmp_path, monkeypatch, name):
    """SciPy's readers of these die of a segmentation fault at about one in a hundred."""
    monkeypatch.setattr(subprocess, "run", _run_in_a_copy)
    scipy_io.savemat(tmp_path / "a.mat", {"J": J})
    scipy_io.savemat(tmp_path / "b.mat", {"J": sparse.csc_array(J)})
    scipy_io.mmwrite(tmp_path / "a.mtx", sparse.coo_array(J))
    rng, content = np.random.default_rng(2), (tmp_path / name).read_bytes()
    for _ in range(30):
        (tmp_path / name).write_bytes(_damaged(content, rng))
        _read_or_refused(tmp_path / name)


def test_a_reader_that_dies_is_a_sentence(tmp_path, monkeypatch):
    """What `_apart` says of a process that is killed by a signal."""
    (tmp_path / "a.mtx").write_text("%%MatrixMarket matrix array real general\n1 1\n1.0\n")
    np.testing.assert_array_equal(replicon.data.load_network(tmp_path / "a.mtx").weights, [[1.0]])
    (tmp_path / "sitecustomize.py").write_text("import os\nos.kill(os.getpid(), 11)\n")
    monkeypatch.syspath_prepend(tmp_path)
    networks._of_file.cache_clear()
    with pytest.raises(
        replicon.InputError, match=r"no sound \.mtx file: the library that reads it fails"
    ):
        replicon.data.load_network(tmp_path / "a.mtx")


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="prepostweigh01-.,;\t\n \"'ab", max_size=80))
def test_any_text_is_a_network_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for content in (text, "pre,post,weight\n" + text):
        path.write_text(content)
        _read_or_refused(path)
