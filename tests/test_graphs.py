"""The first answer of a model is spent compiling, and a graph compiles in proportion to its size:
none grows back unnoticed.
"""

import re

import pytest

import replicon
from replicon.theory import branch, kept, points

# Instructions of StableHLO in all graphs of a first `solve` at the defaults, as measured and a
# tenth more. Before one linearisation served Newton's step and the stability, before loops were
# freed of dead code and error functions were one polynomial, these graphs had 3,800 (hopfield),
# 12,200 (perceptron), 19,200 (landscape), 15,700 (clusters), 13,600 (teacher), 13,900 (rbm) lines.
MOST = {
    "curie-weiss": 1_370,
    "hopfield": 2_620,
    "perceptron": 4_070,
    "perceptron-clusters": 1_660,
    "perceptron-landscape": 5_620,
    "perceptron-pairs": 4_390,
    "perceptron-teacher": 5_140,
    "rbm": 5_480,
    "rbm-unmatched": 6_530,
    "recurrent-dynamics": 1_190,
    "recurrent-fixed-points": 32,
    "sherrington-kirkpatrick": 1_600,
}
MODELS = [name for name in replicon.models() if replicon.describe(name)["theory"]]


@pytest.fixture
def graphs(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "_folder", lambda: tmp_path)
    points._compiled.cache_clear()
    branch._stepper.cache_clear()
    yield tmp_path
    points._compiled.cache_clear()
    branch._stepper.cache_clear()


@pytest.mark.parametrize("model", MODELS)
def test_graph_stays_small(model, graphs):
    replicon.solve(model)
    found = [kept._read(path) for path in graphs.glob("*.graph")]
    count = sum(
        len(re.findall(r"^ *%", graph.mlir_module(), re.MULTILINE))
        for graph, _ in filter(None, found)
    )
    assert count <= MOST.get(model, 0)
    assert count >= 0.8 * MOST.get(model, 0)  # or the limit says nothing
