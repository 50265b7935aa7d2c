"""Weights of real networks: the connectome of C. elegans, and users' own."""

from __future__ import annotations

import difflib
import io
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from replicon._arrays import as_list, square_matrix
from replicon._domains import show
from replicon._errors import InputError
from replicon._files import NETWORKS
from replicon.data import arrays, tables
from replicon.data.reader import is_path, open_file, readable
from replicon.data.tables import Fields, Unreadable

# Neurons of C. elegans that release GABA and inhibit (McIntire et al., Nature 364, 337 (1993)).
GABA = (
    *(f"DD{k}" for k in range(1, 7)),
    *(f"VD{k}" for k in range(1, 14)),
    *("RMED", "RMEL", "RMER", "RMEV", "AVL", "DVB", "RIS"),
)
_CELEGANS = Path(__file__).with_name("celegans_hermaphrodite_synapses.csv")
_EXPECTED = (
    "expected a square matrix in a .npy, .npz, .mat, .mtx, .csv, .tsv or .txt file, a graph in a"
    " .graphml or .gml file, or a list of edges with the columns pre, post, weight"
)

# What columns of a list of edges are called, beside words that say no more, such as id or neuron.
_COLUMNS = {
    "pre": {"pre", "presynaptic", "source", "src", "from", "sender"},
    "post": {"post", "postsynaptic", "target", "tgt", "dst", "to", "receiver", "destination"},
    "weight": {"weight", "weights", "w", "count", "counts", "synapses", "strength"},
    "type": {"type", "kind"},
}
_IDLE = {
    "id",
    "ids",
    "name",
    "neuron",
    "neurons",
    "node",
    "cell",
    "root",
    "body",
    "synaptic",
    "index",
    "number",
    "n",
    "of",
    "syn",
    "edge",
}
# Pairs of columns of which nobody can say which is which.
_EITHER = ({"i", "j"}, {"row", "col"}, {"row", "column"}, {"u", "v"}, {"x", "y"})
_BOTH_WAYS = {"chemical": False, "directed": False, "electrical": True, "undirected": False}


class Network(NamedTuple):
    """`weights` (N, N), weights[i, j] from neuron j to neuron i, zero where there is no connection;
    `names` (N,).
    """

    weights: np.ndarray
    names: tuple[str, ...]


class _Wiring(NamedTuple):
    """Tables (N, N), dense or sparse, of weights that go one way and of those that go both, and the
    names of neurons.
    """

    chemical: Any
    electrical: Any
    names: tuple[str, ...]


def load_network(
    source: Any, *, neurons: Sequence[str] | None = None, inhibitory: Sequence[str] | None = None
) -> Network:
    """Weights of 'celegans' (hermaphrodite, numbers of synapses; Cook et al., Nature 571, 63
    (2019)), of a file or an object.

    A square matrix, weights[i, j] from j to i: a .npy, .npz (NumPy, scipy.sparse), .mat or .mtx
    file, where there are several arrays named as in 'file.npz:name'; a .csv, .tsv or .txt table,
    with or without names of columns and rows; an array, a scipy.sparse matrix, a DataFrame. Neurons
    without names are called 0, 1, ...

    A list of edges: such a table, or a DataFrame, whose columns are called pre, post (or source,
    target; from, to) and, if wanted, weight (else 1) and type; edges of type electrical (gap
    junctions) go both ways. Equal edges add up. Neurons are sorted, 2 before 10. Only a list whose
    neurons' names are no numbers may lack the line of column names.

    A graph: of networkx, or a .graphml or .gml file; an edge from u to v is weights[v, u], nodes
    stay in their order.

    `neurons` keeps only these, in this order. `inhibitory` neurons' chemical edges count as
    negative: for 'celegans' those that release GABA, otherwise none. Raises InputError.
    """
    if is_path(source) and os.fspath(source) == "celegans":
        inhibitory = GABA if inhibitory is None else inhibitory
        source = _CELEGANS
    file = open_file(source, NETWORKS, _EXPECTED) if is_path(source) else None
    where = "the network" if file is None else f"'{file.path}'"
    with readable(where, _EXPECTED):
        wiring = (
            _of_object(source)
            if file is None
            else _of_file(file.content, file.ending, file.member, where)
        )
        count = len(wiring.names)
        kept = (
            np.arange(count)
            if neurons is None
            else _places("neurons", neurons, wiring.names, where)
        )
        negative = np.zeros(count, bool)
        negative[
            _places("inhibitory", () if inhibitory is None else inhibitory, wiring.names, where)
        ] = True
        if 8 * len(kept) ** 2 > arrays.LARGEST:
            raise Unreadable(
                f"it has {len(kept)} neurons, too many for a matrix: choose among them with"
                " neurons="
            )
        chemical, electrical = (
            _dense(table, kept) for table in (wiring.chemical, wiring.electrical)
        )
    chemical[:, negative[kept]] *= -1
    both = (electrical != 0) & (electrical.T != 0)
    # Both directions of a gap junction are one: their mean, or the one that is listed.
    electrical = np.where(both, (electrical + electrical.T) / 2, electrical + electrical.T)
    weights = chemical + electrical
    if not np.isfinite(weights).all():
        raise InputError(
            f"{where} holds NaN or infinite weights: give finite numbers, zero where there is no"
            " connection."
        )
    return Network(weights, tuple(wiring.names[k] for k in kept))


def _dense(table: Any, kept: np.ndarray) -> np.ndarray:
    part = table[np.ix_(kept, kept)]
    return part.toarray() if hasattr(part, "toarray") else np.array(part, float)


def _places(argument: str, wanted: Any, names: Sequence[str], where: str) -> np.ndarray:
    """Places of neurons by name, each once."""
    if isinstance(wanted, (str, bytes, Mapping)) or (
        argument == "neurons" and isinstance(wanted, (set, frozenset))
    ):
        raise InputError(
            f"{argument} = {show(wanted)} is no list: give a list of names, as"
            f" {argument}=[{names[0]!r}]."
        )
    wanted = as_list(argument, wanted, "give a list of names")
    known = {name: k for k, name in enumerate(names)}
    asked = [str(name) for name in wanted]
    for name in asked:
        if name not in known:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise InputError(
                f"Unknown neuron '{name[:80]}' in {argument}, of {where}.{hint} It has {len(names)}"
                f" neurons: {', '.join(names[:5])}, ..."
            )
        if argument == "neurons" and asked.count(name) > 1:
            raise InputError(
                f"neurons lists '{name}' {asked.count(name)} times: give each neuron once."
            )
    if argument == "neurons" and not asked:
        raise InputError(
            "neurons is an empty list: give at least one name, or leave it out for all."
        )
    return np.array([known[name] for name in asked], int)


@lru_cache(maxsize=4)
def _of_file(content: bytes, ending: str, member: str | None, where: str) -> _Wiring:
    """Held by content: a file that was rewritten is another one. What is held is only read."""
    if ending in arrays.ENDINGS:
        return _of_matrix(
            square_matrix(
                where, arrays.read_array(content, ending, member), _EXPECTED, finite=False
            )
        )
    if ending in (".graphml", ".gml"):
        return _of_graph(_graph(content, ending))
    fields = tables.read_fields(content)
    columns = _columns(fields.rows[0])
    if columns is not None:
        fields = tables.even(fields)
        return _of_edges(Fields(fields.rows[1:], fields.lines[1:]), columns, fields.rows[0])
    if _are_edges_without_header(fields.rows):
        fields = tables.even(fields)
        return _of_edges(
            fields,
            {"pre": 0, "post": 1, **({"weight": 2} if len(fields.rows[0]) == 3 else {})},
            ["pre", "post", "weight"],
        )
    return _of_table(fields)


def _of_object(source: Any) -> _Wiring:
    if hasattr(source, "nodes") and hasattr(source, "adjacency"):
        return _of_graph(source)
    if hasattr(source, "columns") and hasattr(source, "to_numpy"):
        header = [str(name) for name in source.columns]
        columns = _columns(header)
        if columns is not None:
            if len(set(header)) < len(header):
                raise Unreadable("two of its columns have the same name")
            lists = [
                [_text(value) for value in np.asarray(source[name], dtype=object)]
                for name in source.columns
            ]
            rows = [list(row) for row in zip(*lists, strict=True)]
            return _of_edges(Fields(rows, list(range(len(rows)))), columns, header, "row")
        values = square_matrix("the network", source, _EXPECTED, finite=False)
        index = [str(name) for name in getattr(source, "index", range(len(values)))]
        counted = index == [str(k) for k in range(len(index))]
        return _of_matrix(
            *_aligned(values, None if counted and set(header) != set(index) else index, header)
        )
    return _of_matrix(square_matrix("the network", source, _EXPECTED, finite=False))


def _text(value: Any) -> str:
    """A cell of a DataFrame as text; blank where there is none."""
    missing = value is None or value != value or type(value).__name__ == "NAType"
    if (
        isinstance(value, float) and value.is_integer()
    ):  # whole numbers, made real by pandas beside what is missing
        value = int(value)
    return "" if missing else str(value).strip()


def _of_matrix(values: np.ndarray, names: Sequence[str] | None = None) -> _Wiring:
    from scipy import sparse

    count = len(values)
    return _Wiring(
        values, sparse.csr_array((count, count)), tuple(names or (str(k) for k in range(count)))
    )


def _of_table(fields: Fields) -> _Wiring:
    """A square matrix as text."""
    try:
        values, rows, columns = tables.labelled(fields, square=True)
    except Unreadable as error:
        if len(fields.rows[0]) <= 4:
            raise Unreadable(
                f"it has no line of column names for a list of edges, and is no matrix: {error}"
            ) from None
        raise
    if values.shape[0] != values.shape[1]:
        hint = (
            "it has no line of column names for a list of edges, and "
            if values.shape[1] in (2, 3, 4)
            else ""
        )
        raise Unreadable(f"{hint}as a matrix it is of shape {values.shape}")
    words = [" ".join(_words(name)) for name in columns or ()]
    if any(set(words[:2]) == pair for pair in _EITHER) or (
        words and words[-1] in ("weight", "weights")
    ):
        raise Unreadable(
            f"of a list of edges with the columns {', '.join(columns or ())} nobody can tell from"
            " which neuron to which"
        )
    return _of_matrix(*_aligned(values, rows, columns))


def _aligned(
    values: np.ndarray, rows: list[str] | None, columns: list[str] | None
) -> tuple[np.ndarray, list[str] | None]:
    """Columns in the order of the rows, and the names of both."""
    for names in (rows, columns):
        if names is not None and len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise Unreadable(f"two of its neurons are called '{twice}'")
    if rows is None or columns is None or rows == columns:
        return values, rows or columns
    if set(rows) != set(columns):
        odd = sorted(set(rows) ^ set(columns))[0]
        raise Unreadable(f"its rows and columns have different names, '{odd}' for one")
    return values[:, [columns.index(name) for name in rows]], rows


def _words(name: str) -> list[str]:
    """The words of a column's name, without those that say nothing: 'preId', 'Pre Neuron' and
    'pre_root_id' are 'pre'.
    """
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    return [word for word in words if word not in _IDLE] or words


def _columns(header: list[str]) -> dict[str, int] | None:
    """Which column is which of a list of edges; None without pre and post."""
    found: dict[str, int] = {}
    for role, known in _COLUMNS.items():
        places = [
            k
            for k, name in enumerate(header)
            if len(_words(name)) == 1 and _words(name)[0] in known
        ]
        exact = [k for k in places if header[k].strip().lower() in known]
        places = [k for k in places if header[k].strip().lower() == role] or exact or places
        if len(places) > 1:
            both = " and ".join(f"'{header[k]}'" for k in places[:2])
            raise Unreadable(f"both {both} may be the column {role}: call one of them {role}")
        if places:
            found[role] = places[0]
    return found if {"pre", "post"} <= set(found) else None


def _are_edges_without_header(rows: list[list[str]]) -> bool:
    """Whether lines are two names, of neurons that are no numbers, and perhaps a weight; the first
    no line of column names.
    """
    if len(rows[0]) not in (2, 3) or not all(
        tables.is_name(name) for row in rows for name in [*row[:2], *[""] * (2 - len(row))]
    ):
        return False
    if len(rows[0]) == 3:
        return tables.is_number(rows[0][2])
    return any(name in row for row in rows[1:] for name in rows[0])


def _of_edges(
    fields: Fields, columns: Mapping[str, int], header: list[str], line: str = "line"
) -> _Wiring:
    if not fields.rows:
        raise Unreadable("it has no edges")
    if "weight" not in columns:
        for k, name in enumerate(header[: len(fields.rows[0])]):
            values = [row[k] for row in fields.rows]
            told = (
                k in columns.values()
                or not name
                or "id" in re.findall("[a-z]+", name.lower())
                or tables.is_count(values)
            )
            if not told and all(map(tables.is_number, values)):
                raise Unreadable(
                    f"its column '{name}' holds numbers and none is called weight: call that of the"
                    " weights so"
                )
    edges = []
    for row, number in zip(fields.rows, fields.lines, strict=True):
        kind = row[columns["type"]].lower() if "type" in columns else ""
        weight: Any = row[columns["weight"]] if "weight" in columns else "1"
        for end in ("pre", "post"):
            if not row[columns[end]]:
                raise Unreadable(
                    f"{line} {number}: the neuron in column {header[columns[end]]} is blank"
                )
        edges.append((row[columns["pre"]], row[columns["post"]], weight, kind, f"{line} {number}"))
    names = sorted({edge[end] for edge in edges for end in (0, 1)}, key=_in_order)
    return _wired(edges, names)


def _in_order(name: str) -> list[tuple[int, int, str]]:
    """Names sorted with the numbers in them: 2 before 10, DD2 before DD10."""
    parts = re.split(r"0*(\d+)", name, flags=re.ASCII)
    return [
        (0, len(part), part) if k % 2 else (1, 0, part) for k, part in enumerate(parts) if part
    ] + [(0, 0, name)]


def _wired(edges: list[tuple[str, str, Any, str, str]], names: Sequence[str]) -> _Wiring:
    """From edges (pre, post, weight, type, where it stands)."""
    from scipy import sparse

    place = {name: k for k, name in enumerate(names)}
    table: dict[bool, tuple[list, list, list]] = {False: ([], [], []), True: ([], [], [])}
    for pre, post, weight, kind, where in edges:
        kind = kind or "chemical"
        if kind not in _BOTH_WAYS:
            raise Unreadable(f"{where}: the type '{kind[:40]}' is neither chemical nor electrical")
        try:
            value = tables.to_number(weight) if isinstance(weight, str) else float(weight)
        except (ValueError, TypeError, OverflowError):
            trouble = (
                "is blank"
                if weight is None or weight == ""
                else f"'{str(weight)[:40]}' is no number"
            )
            raise Unreadable(f"{where}: the weight {trouble}") from None
        both = [(pre, post), (post, pre)] if kind == "undirected" and pre != post else [(pre, post)]
        for source, target in both:
            for entry, entries in zip(
                (value, place[target], place[source]), table[_BOTH_WAYS[kind]], strict=True
            ):
                entries.append(entry)
    shape = (len(names), len(names))
    chemical, electrical = (
        sparse.csr_array(
            (np.array(values, float), (np.array(to, int), np.array(come, int))), shape=shape
        )
        for values, to, come in table.values()
    )
    return _Wiring(chemical, electrical, tuple(names))


def _graph(content: bytes, ending: str) -> Any:
    import networkx

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if ending == ".graphml":
                graph = networkx.read_graphml(io.BytesIO(content))
            else:
                named = re.search(rb"^\s*label\s", content, re.MULTILINE) is not None
                graph = networkx.read_gml(io.BytesIO(content), label="label" if named else "id")
    except Exception as error:  # of damaged files the libraries say it in many ways
        raise Unreadable(arrays.unsound(ending, error)) from None
    # Programs that number the nodes write what they are called beside it.
    for key in ("name", "label"):
        called = [str(data[key]) for _, data in graph.nodes(data=True) if key in data]
        if len(called) == len(set(called)) == len(graph):
            return networkx.relabel_nodes(graph, dict(zip(graph, called, strict=True)))
    return graph


def _of_graph(graph: Any) -> _Wiring:
    names = [str(node) for node in graph.nodes]
    if not names:
        raise Unreadable("it is a graph without nodes")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"two of its nodes are called '{twice}'")
    listed = list(graph.edges(data=True))
    weighted = [data for *_, data in listed if "weight" in data]
    edges = []
    for u, v, data in listed:
        where = f"the edge from '{u}' to '{v}'"
        if "weight" not in data and weighted:
            raise Unreadable(f"{where} has no weight, and others have one")
        kind = str(data.get("type", "") or "").lower()
        if not graph.is_directed() and _BOTH_WAYS.get(kind or "chemical") is False:
            kind = "undirected"
        edges.append((str(u), str(v), data.get("weight", 1), kind, where))
    return _wired(edges, names)
