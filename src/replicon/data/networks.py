"""Weights of real networks: the connectome of C. elegans, and users' own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from replicon._arrays import as_list, square_matrix
from replicon._domains import show
from replicon._errors import InputError
from replicon._files import NETWORKS
from replicon._names import nearest
from replicon.data import arrays, tables
from replicon.data.edges import (
    Wiring,
    are_edges_without_header,
    columns_of,
    of_edges,
    of_graph,
    read_graph,
    words_of,
)
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

# Pairs of columns of which nobody can say which is which.
_EITHER = ({"i", "j"}, {"row", "col"}, {"row", "column"}, {"u", "v"}, {"x", "y"})


class Network(NamedTuple):
    """`weights` (N, N), weights[i, j] from neuron j to neuron i, zero where there is no connection;
    `names` (N,).
    """

    weights: np.ndarray
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


def load_weights(source: Any) -> np.ndarray:
    """`load_network(source).weights`: what a control that takes couplings stands for."""
    return load_network(source).weights


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
            near = nearest(name, names, cutoff=0.5)
            hint = f" Did you mean '{near}'?" if near else ""
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
def _of_file(content: bytes, ending: str, member: str | None, where: str) -> Wiring:
    """Held by content: a file that was rewritten is another one. What is held is only read."""
    if ending in arrays.ENDINGS:
        return _of_matrix(
            square_matrix(
                where, arrays.read_array(content, ending, member), _EXPECTED, finite=False
            )
        )
    if ending in (".graphml", ".gml"):
        return of_graph(read_graph(content, ending))
    fields = tables.read_fields(content)
    columns = columns_of(fields.rows[0])
    if columns is not None:
        fields = tables.even(fields)
        return of_edges(Fields(fields.rows[1:], fields.lines[1:]), columns, fields.rows[0])
    if are_edges_without_header(fields.rows):
        fields = tables.even(fields)
        return of_edges(
            fields,
            {"pre": 0, "post": 1, **({"weight": 2} if len(fields.rows[0]) == 3 else {})},
            ["pre", "post", "weight"],
        )
    return _of_table(fields)


def _of_object(source: Any) -> Wiring:
    if hasattr(source, "nodes") and hasattr(source, "adjacency"):
        return of_graph(source)
    if hasattr(source, "columns") and hasattr(source, "to_numpy"):
        header = [str(name) for name in source.columns]
        columns = columns_of(header)
        if columns is not None:
            if len(set(header)) < len(header):
                raise Unreadable("two of its columns have the same name")
            lists = [
                [_text(value) for value in np.asarray(source[name], dtype=object)]
                for name in source.columns
            ]
            rows = [list(row) for row in zip(*lists, strict=True)]
            return of_edges(Fields(rows, list(range(len(rows)))), columns, header, "row")
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


def _of_matrix(values: np.ndarray, names: Sequence[str] | None = None) -> Wiring:
    from scipy import sparse

    count = len(values)
    return Wiring(
        values, sparse.csr_array((count, count)), tuple(names or (str(k) for k in range(count)))
    )


def _of_table(fields: Fields) -> Wiring:
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
    words = [" ".join(words_of(name)) for name in columns or ()]
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
