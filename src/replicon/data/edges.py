"""Networks as lists of edges: tables of them, and graphs."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from replicon.data import arrays, tables
from replicon.data.tables import Fields, Unreadable

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

_BOTH_WAYS = {"chemical": False, "directed": False, "electrical": True, "undirected": False}


class Wiring(NamedTuple):
    """Tables (N, N), dense or sparse, of weights that go one way and of those that go both, and the
    names of neurons.
    """

    chemical: Any
    electrical: Any
    names: tuple[str, ...]


def words_of(name: str) -> list[str]:
    """The words of a column's name, without those that say nothing: 'preId', 'Pre Neuron' and
    'pre_root_id' are 'pre'.
    """
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    return [word for word in words if word not in _IDLE] or words


def columns_of(header: list[str]) -> dict[str, int] | None:
    """Which column is which of a list of edges; None without pre and post."""
    found: dict[str, int] = {}
    for role, known in _COLUMNS.items():
        places = [
            k
            for k, name in enumerate(header)
            if len(words_of(name)) == 1 and words_of(name)[0] in known
        ]
        exact = [k for k in places if header[k].strip().lower() in known]
        places = [k for k in places if header[k].strip().lower() == role] or exact or places
        if len(places) > 1:
            both = " and ".join(f"'{header[k]}'" for k in places[:2])
            raise Unreadable(f"both {both} may be the column {role}: call one of them {role}")
        if places:
            found[role] = places[0]
    return found if {"pre", "post"} <= set(found) else None


def are_edges_without_header(rows: list[list[str]]) -> bool:
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


def of_edges(
    fields: Fields, columns: Mapping[str, int], header: list[str], line: str = "line"
) -> Wiring:
    """The network of a table with a line an edge."""
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
    names = sorted({edge[end] for edge in edges for end in (0, 1)}, key=in_order)
    return wired(edges, names)


def in_order(name: str) -> list[tuple[int, int, str]]:
    """Names sorted with the numbers in them: 2 before 10, DD2 before DD10."""
    parts = re.split(r"0*(\d+)", name, flags=re.ASCII)
    return [
        (0, len(part), part) if k % 2 else (1, 0, part) for k, part in enumerate(parts) if part
    ] + [(0, 0, name)]


def wired(edges: list[tuple[str, str, Any, str, str]], names: Sequence[str]) -> Wiring:
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
    return Wiring(chemical, electrical, tuple(names))


def read_graph(content: bytes, ending: str) -> Any:
    """The networkx graph of a .graphml or .gml file."""
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


def of_graph(graph: Any) -> Wiring:
    """The network of a networkx graph."""
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
    return wired(edges, names)
