"""What the page shows is what `simulate`, `solve` and `find_transition` say, to the last bit, and
what is sent arrives.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from threadpoolctl import threadpool_limits

import replicon
from replicon._declare import controls_tuple
from replicon.serve import theory
from replicon.serve.asked import Offer
from replicon.serve.frames import message, parsed, read
from replicon.serve.networks import Network
from replicon.study import catalogue

_MODELS = list(catalogue.shipped())
_PROCESSES = [m.name for m in _MODELS if m.start is not None or m.start_many is not None]
_SOLVED = [m.name for m in _MODELS if m.solve is not None]
_LINES = [(m.name, t.name) for m in _MODELS for t in m.transitions]
# Lines that are not near the defaults.
_ABSENT = {("perceptron", "freezing")}
# Theories whose points are found one after another, in seconds.
_SLOW = {"perceptron-landscape", "perceptron-clusters", "recurrent-pseudo-potential"}
# Of which a curve of a few points tells as much.
_FEW = _SLOW | {"rbm", "recurrent-dynamics"}
# Lines of which a point takes longer than a second.
_DEAR = {
    ("perceptron", "one-step-capacity"),
    ("perceptron-clusters", "cluster-breakup"),
    ("perceptron-pairs", "gap-opening"),
}


def _axes(model):
    """Controls of the theory that have numbers and a range."""
    return [c for c in model.controls_for("theory") if c.range is not None and c.typical]


def _in_cuts(network, steps):
    """So many steps, in cuts of 1, 3, 8, 2, 1, ..."""
    for cut in itertools.cycle((1, 3, 8, 2)):
        if steps <= 0:
            return
        network.step(min(cut, steps))
        steps -= cut


@pytest.mark.parametrize("name", _PROCESSES)
def test_a_network_gathers_what_simulate_says(name):
    model = catalogue.get(name)
    short = {c.name: c.quick for c in model.controls_for("simulation") if c.quick is not None}
    asked = {"size": model.size.quick, "seed": 5}
    with threadpool_limits(limits=1, user_api="blas"):  # as in the process of networks
        network = Network(Offer(), model=name, controls=short, **asked)
        at = controls_tuple(
            tuple(network.process.controls), tuple(network.process.controls.values())
        )
        burn, measured = model.schedule.plan(at)
        _in_cuts(network, burn + measured // network.every * network.every)
        gathered = network.measured()
    sampled = replicon.simulate(name, samples=1, **asked, **short)
    compared = 0
    for observable in model.scalars:
        if observable.role == "theory":
            continue
        if observable.estimate is not None:
            moments = [sampled[moment].values[0] for moment in observable.moments]
            wanted = float(observable.estimate(*moments))
        else:
            wanted = float(sampled[observable.name].values[0])
        one = gathered[observable.name]
        got = one["now"] if network.burn is None else one["mean"]
        if math.isnan(got) and observable.name not in network.process.measure():
            continue  # measured when a run is over (`finish`)
        np.testing.assert_array_equal(got, wanted, err_msg=observable.name)
        compared += 1
    assert compared


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in _SLOW else n for n in _SOLVED]
)
def test_a_point_on_a_curve_is_the_solution(name):
    model = catalogue.get(name)
    branches = [branch.name for branch in model.branches[:1]] or [None]
    axes = _axes(model)
    if not axes:
        pytest.skip(f"{name} has no control that could be an axis")
    control = axes[0]
    for branch in branches:
        example = dict(model.branches[0].example) if branch else {}
        header, shown = theory.curve(
            Offer(),
            model=name,
            controls=example,
            along=control.name,
            span=list(control.typical),
            branch=branch,
            count=5 if name in _FEW else theory.CURVE,
        )
        solved = replicon.solve(name, branch=branch, **example)
        assert header["point"]["converged"] == bool(solved["converged"])
        for observable in model.scalars:
            if observable.role != "simulation":
                got = header["point"][observable.name]
                np.testing.assert_array_equal(got, float(solved[observable.name]))
        if model.potential:
            assert header["point"][model.potential] == float(solved[model.potential])
        chosen = [branch] if branch else []
        asked = {"model": name, "controls": example, "branches": chosen}
        under_a_finger, _ = theory.points(Offer(), **asked)
        for of in chosen:
            np.testing.assert_equal(under_a_finger["points"][of], header["point"])
        # And so is any other point of the curve.
        place = int(np.flatnonzero(shown["converged"])[-1])
        there = {**example, control.name: float(shown["x"][place])}
        other = replicon.solve(name, branch=branch, **there)
        for observable in model.scalars:
            if observable.role != "simulation":
                value = float(other[observable.name])
                np.testing.assert_array_equal(shown[observable.name][place], value)


@pytest.mark.parametrize(
    ("name", "line"),
    [pytest.param(*one, marks=pytest.mark.slow) if one[0] in _SLOW else one for one in _LINES],
)
def test_a_line_is_the_transition(name, line):
    model = catalogue.get(name)
    transition = model.transition(line)
    axes = [c for c in _axes(model) if c.name != transition.control]
    if not axes or (name, line) in _DEAR:
        pytest.skip("its line takes many seconds" if axes else "there is nothing to draw it along")
    along = axes[0]
    own = model.control(transition.control)
    example = {k: v for k, v in transition.example.items() if k != along.name}
    centre = float(transition.example.get(along.name, along.default))
    low = 0.9 * centre
    high = max(low * 1.1, low + (1 if along.domain.integer else 0.05))
    plane = {"x": along.name, "y": own.name, "x_span": [low, high], "y_span": list(own.typical)}
    _, drawn = theory.line(Offer(), model=name, controls=example, name=line, count=2, **plane)
    places = [float(x) for x in drawn[along.name]]
    found = replicon.find_transition(name, line, **example, **{along.name: places})
    np.testing.assert_array_equal(drawn[own.name], found["value"].values)
    assert np.isfinite(drawn[own.name]).any() or (name, line) in _ABSENT


@pytest.mark.parametrize(
    "model", ["hopfield", "curie-weiss", pytest.param("perceptron", marks=pytest.mark.slow)]
)
def test_the_branch_that_rules_is_that_of_the_better_potential(model):
    declared = catalogue.get(model)
    x, y = _axes(declared)[:2]
    branches = [branch.name for branch in declared.branches[:2]] or [""]
    if branches == [""]:
        pytest.skip("it has one branch")
    plane = {"x": x.name, "y": y.name, "x_span": list(x.typical), "y_span": list(y.typical)}
    plane |= {"side": 3 if model == "perceptron" else 4}
    _, drawn = theory.regions(Offer(), model=model, controls={}, branches=branches, **plane)
    grid = {x.name: list(map(float, drawn["x"])), y.name: list(map(float, drawn["y"]))}
    sign = -1 if declared.potential == "free_entropy" else 1
    heights = []
    for branch in branches:
        solved = replicon.solve(model, branch=branch, **grid).transpose(y.name, x.name)
        there = solved["converged"].values & ~(solved["longitudinal_stability"].values <= 0)
        heights.append(np.where(there, sign * solved[declared.potential].values, np.inf))
    first, second = heights
    nobody = np.isinf(first) & np.isinf(second)
    with np.errstate(invalid="ignore"):
        alike = np.abs(first - second) <= 1e-9  # merged, both there
    expected = np.where(nobody, -1, np.where((first <= second) | alike, 0, 1))
    np.testing.assert_array_equal(drawn["rules"], expected)


# ---- frames

_TEXTS = st.text(max_size=20)
_NUMBERS = st.floats() | st.integers(-(2**40), 2**40)
_HEADERS = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=10,
)
_SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9)


def _finite(value):
    """A header as JSON has it: what is not finite is null."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@given(
    st.dictionaries(_TEXTS.filter(lambda name: name != "arrays"), _HEADERS, max_size=4), st.data()
)
def test_a_message_arrives_as_it_was_sent(header, data):
    doubles = data.draw(arrays.arrays(np.float64, _SHAPES))
    small = data.draw(arrays.arrays(np.int8, _SHAPES))
    image = data.draw(arrays.arrays(np.float32, _SHAPES))
    spins = data.draw(arrays.arrays(np.int8, _SHAPES, elements=st.sampled_from([-1, 1])))
    sent = {
        "doubles": doubles,
        "bytes": small.view(np.uint8),
        "small": small,
        "image": ("image", image),
        "spins": ("spins", spins.astype(float)),
        "lattice": ("lattice", spins),
    }
    got, received = read(message(header, sent))
    assert got == _finite(header)
    np.testing.assert_array_equal(received["doubles"], doubles)
    np.testing.assert_array_equal(received["bytes"], small.view(np.uint8))
    np.testing.assert_array_equal(received["small"], small)
    np.testing.assert_array_equal(received["image"], image)
    np.testing.assert_array_equal(received["spins"], spins)
    np.testing.assert_array_equal(received["lattice"], spins)
    assert [received[name].shape for name in sent] == [
        doubles.shape,
        small.shape,
        small.shape,
        image.shape,
        spins.shape,
        spins.shape,
    ]


def test_a_message_is_small():
    """A lattice of 512 x 512 spins takes 32 kB and its header."""
    assert len(message({}, {"spins": ("lattice", np.ones((512, 512)))})) < 512 * 512 // 8 + 300


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda data: data.decode("latin-1")))
def test_whatever_a_page_says_is_an_object_or_refused_in_a_sentence(text):
    try:
        said = parsed(text)
    except replicon.InputError as error:
        refused = str(error)
    else:
        refused = ""
        assert isinstance(said, dict)
    assert not refused or refused.endswith(".")
