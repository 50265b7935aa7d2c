"""What must hold for every model, read from its declaration. A new model is tested by
being there.
"""

import copy
import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import replicon
from replicon._declare import Interval, Words
from replicon.study import ask as evaluate
from replicon.study import catalogue as models
from replicon.study import verdict

NAMES = models.names()
SOLVED = [name for name in NAMES if models.get(name).solve is not None]
SIMULATED = [name for name in NAMES if models.get(name).simulated]
WITH_CONTROLS = [(name, c.name) for name in NAMES for c in models.get(name).controls]
# Every edge of these is a new shape, compiled for seconds.
DEAR = {
    "softmax-transformer",
    "rbm-training",
    "langevin-learning",
    "recurrent-network",
    "perceptron-clusters",
    "perceptron-landscape",
}


_ANSWERS: dict = {}


def _remembered(function):
    def ask(*given):
        key = (function.__name__, *map(repr, given))
        if key not in _ANSWERS:
            _ANSWERS[key] = function(*given)
        return copy.deepcopy(_ANSWERS[key])

    return ask


def _located(function):
    """Transitions row by row: what is asked at a point may be known of a grid."""

    def ask(model, transition, table):
        keys = [(model.name, transition.name, repr(row)) for row in table]
        rows = {key: row for key, row in zip(keys, table, strict=True) if key not in _ANSWERS}
        if rows:
            value, converged, reason, evidence = function(model, transition, [*rows.values()])
            for k, key in enumerate(rows):
                told = {name: values[k] for name, values in evidence.items()}
                _ANSWERS[key] = (value[k], converged[k], reason[k], told)
        value, converged, reason, told = zip(*(_ANSWERS[key] for key in keys), strict=True)
        evidence = {name: np.array([one[name] for one in told]) for name in told[0]}
        return verdict.Located(np.array(value), np.array(converged), np.array(reason), evidence)

    return ask


@pytest.fixture
def once(monkeypatch):
    """Several tests look at the same point: what they ask is computed once in a process. Not for a
    test of what another call, grid or seed makes of a point.
    """
    for function in (evaluate.solved_values, evaluate.simulate_point):
        monkeypatch.setattr(evaluate, function.__name__, _remembered(function))
    monkeypatch.setattr(verdict, "transition_values", _located(verdict.transition_values))


def _short(model) -> dict:
    """The cheap settings that the model declares: what is tested here does not depend on their
    length.
    """
    return {c.name: c.quick for c in model.controls_for("simulation") if c.quick is not None}


def _simulate(name, **settings):
    model = models.get(name)
    return replicon.simulate(
        name, **{"size": model.size.quick, "samples": 3, "seed": 1, **_short(model), **settings}
    )


def _edges(control):
    """Values at (or just inside) the ends of a domain."""
    domain = control.domain
    if isinstance(domain, Words):
        return list(domain.words)
    low = 1e-3 if domain.low == -math.inf else domain.low + (1e-3 if domain.open_low else 0)
    high = (
        max(low, 3.0)
        if domain.high == math.inf
        else domain.high - (1e-3 if domain.open_high else 0)
    )
    return [
        int(v) if domain.integer else v
        for v in (low, max(low, min(high, 64)) if domain.integer else high)
    ]


def _attempt(call, refusal):
    """(what the call returned, None) or (None, the sentence it was refused with)."""
    try:
        return call(), None
    except refusal as error:
        return None, str(error)


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("name", SOLVED)
def test_defaults_solve_and_give_every_observable(name):
    model = models.get(name)
    out = replicon.solve(name)
    assert bool(out["converged"])
    for observable in model.scalars:
        if observable.role != "simulation":
            value = float(out[observable.name])
            inside = observable.low <= value <= observable.high
            assert inside or (observable.partial and np.isnan(value)), (
                f"{observable.name} = {value}"
            )
    if model.potential:
        assert np.isfinite(float(out[model.potential]))


def _without(dear: set, cases: list) -> list:
    """Parameters of a test, those of the models in `dear` for the slow suite."""
    given = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [pytest.param(*case, marks=[pytest.mark.slow] * (case[0] in dear)) for case in given]


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize(
    ("name", "control"), _without(DEAR | {"recurrent-pseudo-potential"}, WITH_CONTROLS)
)
def test_edges_of_every_domain_are_solved_or_refused_in_a_sentence(name, control):
    model = models.get(name)
    declared = model.control(control)
    for value in _edges(declared):
        if name in SOLVED and declared.role != "simulation" and value not in ("1rsb", "frsb"):
            out, refusal = _attempt(
                lambda value=value: replicon.solve(name, **{control: value}),
                replicon.ConvergenceError,
            )
            assert name in refusal if refusal else bool(out["converged"])
        if name in SIMULATED and declared.role != "theory":
            size = (
                784
                if value == "digits" and not name.startswith(("rbm", "boltzmann"))
                else model.size.quick
            )
            # One sample says whether there are numbers, of samples that are run one after another.
            given = {"size": size, "samples": 3 if model.start_many else 1, control: value}
            out, refusal = _attempt(
                lambda given=given: _simulate(name, **given), replicon.InputError
            )
            means = [] if refusal else [mean for mean, _ in evaluate.summarize(name, out).values()]
            assert control in refusal if refusal else np.isfinite(means).any()


_VALUES = st.one_of(
    st.floats(), st.integers(), st.text(max_size=6), st.booleans(), st.none(), st.just([])
)


@pytest.mark.parametrize(("name", "control"), WITH_CONTROLS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_value_outside_a_domain_gets_the_sentence(name, control, data):
    declared = models.get(name).control(control)
    value = data.draw(
        _VALUES.filter(
            lambda v: not (isinstance(v, list) or declared.domain.admits(_as_given(declared, v)))
        )
    )
    with pytest.raises(replicon.InputError) as caught:
        declared.check(value)
    sentence = str(caught.value)
    assert sentence.startswith(f"{control} = ")
    assert str(declared.domain) in sentence


def _as_given(declared, value):
    """A text that is a number counts as that number where numbers are asked for, and a word in
    capitals as that word.
    """
    if isinstance(declared.domain, Words):
        return declared.domain.understood(value)
    if isinstance(declared.domain, Interval) and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


@pytest.mark.parametrize("name", SOLVED)
def test_unknown_names_are_refused_with_the_nearest(name):
    model = models.get(name)
    first = model.controls[0].name
    with pytest.raises(replicon.InputError, match=f"Did you mean '{first}'"):
        replicon.solve(name, **{first[:-1] + "x" if len(first) > 3 else first + "x": 0.3})
    with pytest.raises(replicon.InputError, match="Unknown branch 'nowhere'"):
        replicon.solve(name, branch="nowhere")
    with pytest.raises(replicon.InputError, match="Unknown transition"):
        replicon.find_transition(name, "nothing")


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("name", sorted({*SOLVED} & {*SIMULATED}))
def test_theory_and_simulation_share_their_names(name):
    model = models.get(name)
    solved, simulated = replicon.solve(name), _simulate(name)
    summary = evaluate.summarize(name, simulated)
    for observable in model.scalars:
        assert (observable.name in solved) == (observable.role != "simulation")
        assert (observable.name in summary) == (observable.role != "theory" and not observable.axes)
    assert any(o.role == "both" for o in model.observables)
    for out, role in ((solved, "theory"), (simulated, "simulation")):
        axes = {a.name: [x.name for x in a.axes] for a in model.arrays if a.role in ("both", role)}
        for array in out.data_vars:
            own = [str(d) for d in out[array].dims if d != "sample"]
            assert own == axes.get(str(array), []), array
        for variable in out.variables:
            assert out[variable].attrs["long_name"]
    short = _short(model)
    compared = replicon.compare(name, size=model.size.quick, samples=3, seed=1, **short)
    assert set(compared["observable"].values) == {
        o.name for o in model.scalars if o.role != "theory"
    }


# A grid off the special points of each model: all branches, all temperatures of interest.
_GRIDS = {
    "curie-weiss": {"temperature": np.linspace(0.15, 1.8, 12), "field": [-0.02, 0.0, 0.3]},
    "hopfield": {"load": [0.02, 0.07, 0.12], "temperature": np.linspace(0.05, 1.25, 9)},
    "sherrington-kirkpatrick": {"temperature": np.linspace(0.15, 1.8, 12), "field": [0.0, 0.4]},
    "square-lattice": {"temperature": np.linspace(1.1, 4.0, 10), "size": [8, math.inf]},
    "attention": {
        "context": [0.5, 4.0],
        "diversity": [0.3, 3.0],
        "prompts": [0.5, 2.0],
        "ridge": [0.0, 0.1],
    },
    "perceptron": {
        "load": [0.1, 0.6, 1.0],
        "margin": [-0.5, 0.0, 1.0],
        "temperature": [0.0, 0.4],
        "weights": ["ising", "spherical"],
    },
    "perceptron-teacher": {"load": [0.2, 0.8, 1.4]},
    "boltzmann-machine": {
        "load": [0.5, 2.0, 50.0],
        "inverse_temperature": [0.4, 0.9, 1.2],
        "method": ["independent", "pair", "tap", "exact"],
    },
    "perceptron-landscape": {"load": [0.5], "distance": [0.05, 0.2, 0.33, 0.5]},
    "perceptron-clusters": {"load": [0.5], "overlap": [0.6, 0.9], "replicas": [1.5, 3.0, math.inf]},
    "recurrent-dynamics": {
        "gain": [0.5, 1.1, 2.0, 20.0],
        "noise": [0.0, 0.2],
        "time": ["continuous", "discrete"],
    },
    "recurrent-fixed-points": {
        "gain": [0.5, 1.2],
        "symmetry": [-0.3, 0.0, 0.5],
        "temperature": [0.0, 0.1],
        "regulariser": [0.0, 0.2],
    },
    "rbm": {"load": [0.2, 1.0, 1.8, 3.0], "prior": ["informed", "uniform"]},
    "in-context-estimators": {
        "context": [0.5, 1.0, 4.0],
        "noise": [0.0, 0.3],
        "estimator": ["ridge", "discrete", "none"],
    },
}
# Branches that exist only elsewhere.
_ELSEWHERE = {
    ("recurrent-fixed-points", "frozen"): {
        "gain": [1.2],
        "temperature": [0.05],
        "nonlinearity": ["relu"],
    },
    ("recurrent-dynamics", "two-time"): {
        "gain": [1.5],
        "symmetry": [0.0, 0.5],
        "window": [10.0],
        "trajectories": [400],
    },
    ("perceptron", "one-step"): {
        "load": [9.0],
        "margin": [-1.0],
        "breaking_parameter": [0.3],
        "weights": ["spherical"],
    },
    ("perceptron", "frozen"): {"load": [0.7, 1.0, 1.5], "temperature": [0.05, 0.15]},
}


def _first_grid(model, example=None) -> dict:
    """Two values of the first number that theory reads, at the defaults or at an example, or of its
    first word.
    """
    controls = model.controls_for("theory")
    for control in controls:
        if isinstance(control.domain, Interval):
            return {
                **(example or {}),
                control.name: _two(control, (example or {}).get(control.name, control.default)),
            }
    return {controls[0].name: list(controls[0].domain.words[:2])}


def _two(control, value) -> list:
    """A value and another a little beside it, both in the domain."""
    step = 1 if control.domain.integer else 0.01 * max(1.0, abs(value))
    beside = next(
        v for v in (value + step, value - step, value + step / 100) if control.domain.admits(v)
    )
    return [value, beside] if math.isfinite(value) else [beside]


def _grid(name, branch):
    model = models.get(name)
    grid = (
        _ELSEWHERE.get((name, branch))
        or _GRIDS.get(name)
        or _first_grid(model, model.branch(branch).example)
    )
    return replicon.solve(name, branch=branch, **{k: _listed(v) for k, v in grid.items()})


def _listed(value) -> list:
    return [value] if isinstance(value, (int, float, str)) else list(value)


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize(
    ("name", "branch"),
    _without(
        {"perceptron-clusters", "perceptron-landscape"},
        [(n, b.name) for n in NAMES for b in models.get(n).branches],
    ),
)
def test_solutions_are_stationary_bounded_and_say_so(name, branch):
    model = models.get(name)
    out = _grid(name, branch)
    converged = out["converged"].values
    assert converged.any()
    assert (out["residual"].values[converged] < 1e-10).all()
    for observable in model.scalars:
        if observable.role == "simulation":
            continue
        values = out[observable.name].values
        assert np.isnan(values[~converged]).all()
        inside = (values >= observable.low) & (values <= observable.high)
        assert (inside | ~converged | (np.isnan(values) & observable.partial)).all(), (
            observable.name
        )
    if "entropy" in out:
        most = (
            min(model.observable("entropy").high, 2 * math.log(2)) if name == "rbm" else math.log(2)
        )
        assert (out["entropy"].values[converged] <= most + 1e-12).all()


def _two_temperatures(model, branch) -> list:
    control = model.control("temperature")
    return _two(control, model.branch(branch).example.get("temperature", control.default))


@pytest.mark.parametrize(
    ("name", "branch"), [(n, b.name) for n in NAMES for b in models.get(n).branches]
)
def test_energy_is_the_derivative_of_the_potential_along_temperature(name, branch):
    """Energy = f - T df/dT by central differences."""
    model = models.get(name)
    if model.potential != "free_energy" or "temperature" not in {
        c.name for c in model.controls_for("theory")
    }:
        pytest.skip("no temperature")
    at = {k: _listed(v) for k, v in _GRIDS.get(name, {}).items()} or {
        "temperature": _two_temperatures(model, branch)
    }
    temperature, step = np.array(at["temperature"]), 1e-4
    f = [
        replicon.solve(name, branch=branch, **{**at, "temperature": list(temperature + s)})
        for s in (-step, 0, step)
    ]
    there = np.logical_and.reduce([d["converged"].values for d in f])
    same = (f[0]["branch"].values == f[2]["branch"].values) & there
    axis = list(f[1]["free_energy"].dims).index("temperature")
    slope = (f[2]["free_energy"].values - f[0]["free_energy"].values) / (2 * step)
    shape = [-1 if k == axis else 1 for k in range(slope.ndim)]
    difference = (
        f[1]["free_energy"].values - temperature.reshape(shape) * slope - f[1]["energy"].values
    )
    assert same.any()
    assert np.nanmax(np.abs(difference[same])) < 2e-6


def _varied(model) -> tuple[str, list]:
    """A control of the simulation, first one that is real, and two of its values."""
    controls = [
        c
        for c in model.controls_for("simulation")
        if isinstance(c.domain, Interval) and c.quick is None
    ]
    control = next(
        c for c in sorted(controls, key=lambda c: c.domain.integer) if math.isfinite(c.default)
    )
    step = 1 if control.domain.integer else 0.5 * max(1.0, abs(control.default))
    other = next(
        v for v in (control.default + step, control.default - step) if control.domain.admits(v)
    )
    return control.name, [other, control.default]


# About the mean of all chains, and so dependent on how many there are.
_POOLED = {"specific_heat", "susceptibility", "autocorrelation_time"}


@pytest.mark.parametrize("name", _without(DEAR, SIMULATED))
def test_same_seed_same_bits_wherever_the_point_stands(name):
    control, values = _varied(models.get(name))
    grid = _simulate(name, **{control: values}).sel({control: values[1]})
    alone = _simulate(name, **{control: values[1]})
    other = _simulate(name, seed=2, **{control: values[1]})
    names = [key for key in alone if alone[key].dims == ("sample",)]
    for key in names:
        np.testing.assert_array_equal(grid[key].values, alone[key].values)
    assert any((other[key].values != alone[key].values).any() for key in names)
    if (
        name != "square-lattice"
    ):  # its 64 samples of method metropolis share a batch, those of wolff do not
        fewer = _simulate(name, samples=2, **{control: values[1]})
        for key in (key for key in names if key not in _POOLED):
            np.testing.assert_array_equal(fewer[key].values, alone[key].values[:2])


def _strictly(text):
    def refuse(token):
        raise ValueError(f"{token} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("name", _without({"perceptron-clusters", "perceptron-landscape"}, NAMES))
def test_json_is_json(name, capsys):
    from replicon import cli

    model = models.get(name)
    size = str(model.size.quick)
    short = [f"{key}={value}" for key, value in _short(model).items()]
    sampled = [*short, "--size", size, "--samples", "3", "--seed", "1", "--json"]
    theory = []
    if name in SOLVED:
        ((control, values),) = _first_grid(model).items()
        theory = [
            (["solve", name, "--json"], dict),
            (["solve", name, f"{control}={values[0]},{values[1]}", "--json"], list),
        ]
    calls = [
        (["models", name, "--json"], dict),
        *theory,
        *([(["simulate", name, *sampled], dict)] if name in SIMULATED else []),
        *([(["compare", name, *sampled], dict)] if name in SOLVED and name in SIMULATED else []),
        *((["transition", name, t.name, "--json"], dict) for t in model.transitions),
    ]
    for words, kind in calls:
        with pytest.raises(SystemExit) as done:
            cli.main(words)
        assert done.value.code in (0, 3), words
        out = _strictly(capsys.readouterr().out)
        assert isinstance(out, kind)
        for record in out if isinstance(out, list) else [out]:
            assert record["model"] == name


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize(
    "name", _without({"perceptron-clusters", "perceptron-landscape", "recurrent-network"}, NAMES)
)
def test_every_transition_declares_a_known_control_and_is_found_somewhere(name):
    model = models.get(name)
    for transition in model.transitions:
        grids = {
            c.name: [transition.example.get(c.name, c.default)]
            for c in model.controls_for("theory")
            if c.name != transition.control
        }
        several = {
            "temperature": [0.1, 0.5],
            "load": [0.1, 0.5, 1.2],
            "network": ["original", "random"],
        }
        named = transition.example
        grids |= {c: values for c, values in several.items() if c in grids and c not in named}
        # Without a list it is one point, which raises where there is no such transition.
        out = replicon.find_transition(name, transition.name, **grids)
        assert bool(out["converged"].any()), transition.name
        assert out.attrs["control"] == transition.control


def test_names_are_unique_across_kinds():
    for name in NAMES:
        model = models.get(name)
        theory = {o.name for o in model.observables}
        assert not theory & {c.name for c in model.controls}
        for first, second in itertools.combinations(model.branches, 2):
            assert first.meaning != second.meaning


MOVING = [name for name in NAMES if models.get(name).start or models.get(name).start_many]


def _started(name, **settings):
    model = models.get(name)
    return replicon.start(
        name, **{"size": model.size.quick, "seed": 1, **_short(model), **settings}
    )


@pytest.mark.parametrize("name", _without(DEAR, MOVING))
def test_a_process_does_not_see_how_its_steps_are_cut(name):
    whole, cut = _started(name), _started(name)
    whole.step(3)
    cut.step(1).step(0).step(2)
    for measured in zip(whole.measure().items(), cut.measure().items(), strict=True):
        (one, a), (other, b) = measured
        assert one == other
        np.testing.assert_array_equal(a, b)
    views = whole.view()
    for view, array in cut.view().items():
        np.testing.assert_array_equal(array, views[view])


@pytest.mark.parametrize("name", _without(DEAR, MOVING))
def test_a_process_measures_and_shows_what_is_declared(name):
    model = models.get(name)
    process = _started(name).step(1)
    declared = {o.name for o in model.observables if o.role != "theory"}
    moments = {moment for o in model.observables for moment in o.moments}
    assert set(process.measure()) <= declared | moments
    views = process.view()
    assert set(views) == {view.name for view in model.views}
    for view in model.views:
        array = views[view.name]
        assert array.size
        assert np.isfinite(array).all()
        if view.kind in ("spectrum", "histogram"):
            assert array.shape[1:] == (2,)
        if view.kind in ("spins", "lattice"):
            assert set(np.unique(array)) <= {-1.0, 1.0}
    for array in views.values():
        array[:] = 7  # a copy: what is done to it does not come back
    assert all((view != 7).any() for view in process.view().values())


@pytest.mark.parametrize("name", _without(DEAR, MOVING))
def test_only_live_controls_change_while_a_process_runs(name):
    model = models.get(name)
    process = _started(name).step(1)
    for control in model.controls_for("simulation"):
        if not control.live:
            with pytest.raises(replicon.InputError, match="cannot be changed while it runs"):
                process.set(control.name, control.default)
            continue
        low, high = control.range or (control.domain.words[0], control.domain.words[-1])
        process.set(control.name, high).step(1).set(control.name, low).step(1)
        assert process.controls[control.name] == low
        with pytest.raises(replicon.InputError):
            process.set(control.name, None)
    assert process.measure()


SHIPPED = [name for name in NAMES if not models.get(name).origin]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_declaration_says_everything_that_a_program_needs(name):
    model = models.get(name)
    for control in model.controls:
        if isinstance(control.domain, Words):
            continue
        assert control.typical is not None, f"{control.name} has no typical range"
        low, high = control.typical
        assert low < high
        if math.isfinite(control.default):
            assert low <= control.default <= high, control.name
        if control.scale == "log":
            assert low > 0, control.name
    for array in model.arrays:
        names = [axis.name for axis in array.axes]
        assert array.meaning
        assert array.name not in names
        for axis in array.axes:
            assert axis.meaning, axis.name
            if axis.coordinate and isinstance(axis.coordinate, str):
                assert [x.name for x in model.observable(axis.coordinate).axes] == [axis.name]
    if model.simulated:
        size = model.size
        assert size.least <= size.quick
        assert size.least <= size.typical[0] < size.typical[1] <= size.greatest
    if model.start or model.start_many:
        assert model.schedule is not None
        assert model.views
    if len(model.branches) > 1:
        for transition in model.transitions:
            assert transition.bounds, f"{transition.name} bounds no branch"
    for branch in model.branches:
        if branch.ends_at:
            assert branch.name in model.transition(branch.ends_at).bounds
    assert all(model.messages().values())


@pytest.mark.parametrize("name", NAMES)
def test_a_declaration_is_plain_json(name):
    declared = replicon.describe(name)
    assert _strictly(json.dumps(declared, allow_nan=False)) == declared
    for control in declared["controls"]:
        if control["domain"]["kind"] == "interval":
            assert (
                isinstance(control["domain"]["low"], (int, float))
                or control["domain"]["low"] == "-inf"
            )
            assert len(control["typical"]) == 2
    ids = [
        item["id"]
        for kind in ("controls", "observables", "branches", "transitions", "axes", "views")
        for item in declared[kind]
    ]
    assert set(ids) < set(models.get(name).messages())
    assert len(set(ids)) == len(ids)
