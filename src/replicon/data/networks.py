"""Weights of real networks: the connectome of C. elegans, and users' own."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from replicon._errors import InputError

# Neurons of C. elegans that release GABA and inhibit (McIntire et al., Nature 364, 337 (1993)).
GABA = (
    *(f"DD{k}" for k in range(1, 7)),
    *(f"VD{k}" for k in range(1, 14)),
    *("RMED", "RMEL", "RMER", "RMEV", "AVL", "DVB", "RIS"),
)


class Network(NamedTuple):
    """`weights` (N, N), weights[i, j] from neuron j to neuron i, zero where there is no connection; `names` (N,)."""

    weights: np.ndarray
    names: tuple[str, ...]


def load_network(source: str | Path, *, neurons: Sequence[str] | None = None, inhibitory: Sequence[str] | None = None) -> Network:
    """Weights of 'celegans' (hermaphrodite, numbers of synapses; Cook et al., Nature 571, 63 (2019)), or of a user's file.

    A .npy or .npz file holds a square matrix (dense, or of scipy.sparse), weights[i, j] from j to i; its neurons are named 0,
    1, ... A .csv file is a list of edges with the columns pre, post and, if wanted, weight (else 1) and type; edges of type
    electrical go both ways. `neurons` keeps only these, in this order. `inhibitory` neurons' chemical edges count as negative:
    for 'celegans' those that release GABA, otherwise none. Raises InputError.
    """
    if str(source) == "celegans":
        path, inhibitory = Path(__file__).with_name("celegans_hermaphrodite_synapses.csv"), GABA if inhibitory is None else inhibitory
    else:
        path = Path(source)
    expected = "expected a square matrix in a .npy or .npz file, or a .csv list of edges with the columns pre, post, weight"
    if not path.is_file():
        raise InputError(f"No file '{path}': {expected}.")
    try:
        chemical, electrical, names = _edges(path) if path.suffix == ".csv" else _matrix(path)
    except (OSError, ValueError, IndexError, EOFError, KeyError) as error:
        reason = "it holds no plain NumPy array" if "pickle" in str(error) else error
        raise InputError(f"'{path}' could not be read ({reason}): {expected}.") from None
    if chemical.ndim != 2 or chemical.shape[0] != chemical.shape[1] or len(chemical) == 0:
        raise InputError(f"'{path}' holds an array of shape {chemical.shape}: {expected}.")
    if not (np.isfinite(chemical).all() and np.isfinite(electrical).all()):
        raise InputError(f"'{path}' holds NaN or infinite weights: give finite numbers, zero where there is no connection.")
    chemical[:, _places(inhibitory or (), names, path)] *= -1
    kept = np.arange(len(names)) if neurons is None else _places(neurons, names, path)
    return Network((chemical + electrical)[np.ix_(kept, kept)], tuple(names[k] for k in kept))


def _places(wanted: Sequence[str], names: list[str], path: Path) -> np.ndarray:
    known = {name: k for k, name in enumerate(names)}
    for name in wanted:
        if str(name) not in known:
            near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise InputError(f"Unknown neuron '{name}' of '{path.name}'.{hint} It has {len(names)} neurons: {', '.join(names[:5])}, ...")
    return np.array([known[str(name)] for name in wanted], int)


def _matrix(path: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        weights = loaded
    elif "format" in loaded.files:
        from scipy import sparse

        weights = sparse.load_npz(path).toarray()
    else:
        weights = loaded[loaded.files[0]]
    weights = np.array(weights, dtype=float)
    return weights, np.zeros_like(weights), [str(k) for k in range(len(weights))]


def _edges(path: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"pre", "post"} <= set(rows[0]):
        raise ValueError("it has no line of column names, or no edges")
    names = sorted({row[end] for row in rows for end in ("pre", "post")})
    place = {name: k for k, name in enumerate(names)}
    table = {kind: np.zeros((len(names), len(names))) for kind in ("chemical", "electrical")}
    for number, row in enumerate(rows, start=2):
        kind = row.get("type") or "chemical"
        if kind not in table:
            raise ValueError(f"line {number}: the type '{kind}' is neither chemical nor electrical")
        try:
            table[kind][place[row["post"]], place[row["pre"]]] += float(row.get("weight") or 1)
        except (ValueError, TypeError):
            raise ValueError(f"line {number}: the weight '{row.get('weight')}' is no number") from None
    electrical = table["electrical"]
    both = (electrical != 0) & (electrical.T != 0)
    # Both directions of a gap junction are one: their mean, or the one that is listed.
    electrical = np.where(both, (electrical + electrical.T) / 2, electrical + electrical.T)
    return table["chemical"], electrical, names
