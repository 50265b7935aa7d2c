"""The perceptron's exhibit, theory: entropies around a solution, exact at any load; the page holds
them for a ladder of loads, with the loads where solutions and dense clusters end.

`python -m replicon.serve.exhibits.perceptron` solves what the page holds anew (a minute).
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from replicon._domains import check_argument
from replicon.serve.asked import Offer
from replicon.serve.exhibits.perceptron_counts import AROUND, Counted, Deaths, Islands
from replicon.serve.exhibits.perceptron_race import Race
from replicon.serve.theory import Answer
from replicon.study import ask, verdict

_FILE = Path(__file__).parent.parent / "page" / "perceptron_lines.js"
_HEAD = "// Solved by `python -m replicon.serve.exhibits.perceptron`: see `held` there.\n\n"
_LOADS = tuple(patterns / 21 for patterns in range(7, 18))  # those of 21 weights
_DISTANCES = np.concatenate([np.geomspace(0.002, 0.03, 8), np.linspace(0.04, 0.5, 24)])
_OVERLAPS = np.concatenate([np.linspace(0.1, 0.9, 33), 1 - np.geomspace(0.09, 0.002, 12)])
_DIGITS = 5  # of what is kept in the file


def around(offer: Offer, *, load: Any) -> Answer:
    """Entropies per weight at one load: `typical` of the solutions at `distance` from a typical one
    (NaN where theory lost it), and `dense` of those at `dense_distance` from the middle of a dense
    cluster, `there` where such clusters exist (their number does not shrink with N).
    """
    load = check_argument("load", load, AROUND, "patterns per weight")
    landscape = offer.model("perceptron-landscape")
    table = [{"load": load, "distance": float(d)} for d in _DISTANCES]
    values = ask.solved_values(landscape, "typical", table)
    typical = np.where(values["converged"], values["entropy"], np.nan)
    clusters = offer.model("perceptron-clusters")
    many = {"load": load, "replicas": math.inf}
    table = [offer.controls(clusters, {**many, "overlap": float(q)}, "theory") for q in _OVERLAPS]
    values = ask.solved_values(clusters, "dense", table)
    good = np.flatnonzero(values["converged"] & np.isfinite(values["distance"]))
    good = good[np.argsort(values["distance"][good])]
    arrays = {
        "distance": _DISTANCES,
        "typical": typical,
        "dense_distance": values["distance"][good],
        "dense": values["local_entropy"][good],
        "there": (values["external_entropy"][good] >= 0).astype(float),
    }
    return {"load": load, "isolation": _isolation(_DISTANCES, typical)}, arrays


def _isolation(distance: np.ndarray, entropy: np.ndarray) -> float:
    """The distance below which there is no other solution, NaN below the least distance."""
    negative = np.flatnonzero(entropy < 0)
    negative = negative[distance[negative] < 0.3]  # nor are there any far away
    if not len(negative):
        return math.nan
    i = int(negative[-1])
    part = entropy[i] / (entropy[i] - entropy[i + 1])
    return float(distance[i] + part * (distance[i + 1] - distance[i]))


def held(offer: Offer, loads: Sequence[float] = _LOADS) -> dict[str, Any]:
    """What the page holds: `lines`, for each load what `around` answers, arrays as lists (null
    where NaN); `capacity`, where the entropy of solutions is zero; `cluster_limit`, where that of a
    dense cluster stops to fall with the overlap.
    """
    lines = []
    for load in loads:
        header, arrays = around(offer, load=load)
        told = {name: [_rounded(v) for v in array] for name, array in arrays.items()}
        lines.append({"load": load, "isolation": _rounded(header["isolation"]), **told})
    return {
        "capacity": _limit(offer, "perceptron", "capacity"),
        "cluster_limit": _limit(offer, "perceptron-clusters", "cluster-limit"),
        "lines": lines,
    }


def _limit(offer: Offer, name: str, transition: str) -> float | None:
    model = offer.model(name)
    at = offer.controls(model, {}, "theory")
    return _rounded(verdict.transition_value(model, transition, at))


def _rounded(value: float) -> float | None:
    return round(float(value), _DIGITS) if math.isfinite(value) else None


QUESTIONS: dict[str, Callable[..., Answer]] = {"perceptron.around": around}
NETWORKS: dict[str, Callable] = {
    "perceptron.count": Counted,
    "perceptron.deaths": Deaths,
    "perceptron.islands": Islands,
    "perceptron.race": Race,
}

if __name__ == "__main__":
    told = textwrap.fill(json.dumps(held(Offer())), 100, break_long_words=False)
    _FILE.write_text(f"{_HEAD}export const HELD =\n{told};\n", encoding="utf-8")
