"""Figures of results alone: what is drawn, along what, and which mistakes are sentences."""

import numpy as np
import pytest
import xarray as xr

import replicon
from replicon import InputError, cli
from replicon._result import build
from replicon.study import catalogue
from replicon.view import quick

LOADS = [0.02, 0.05, 0.1, 0.12, 0.2]
# Models whose networks start and move without compiling for long.
CHEAP = ("curie-weiss", "hopfield", "sherrington-kirkpatrick", "square-lattice", "perceptron")


@pytest.fixture(scope="module")
def results():
    theory = replicon.solve("hopfield", load=LOADS, temperature=0.1)
    glass = replicon.solve("hopfield", load=LOADS, temperature=0.1, branch="spin-glass")
    finite = replicon.simulate("hopfield", load=LOADS[::2], size=60, samples=4, sweeps=6)
    end = replicon.find_transition("hopfield", "retrieval", temperature=0.1)
    return theory, glass, finite, end


def test_theory_is_lines_and_networks_are_points(results):
    theory, glass, finite, end = results
    (axes,) = replicon.draw(theory, glass, finite, end, along="load", observables="overlap").axes
    labels = axes.get_legend_handles_labels()[1]
    assert labels[:2] == ["theory, retrieval", "theory, spin-glass"]
    assert "retrieval 0.135" in labels
    assert "simulation, $N$ = 60" in labels or "simulation, N = 60" in labels
    (points,) = axes.containers
    np.testing.assert_allclose(points.lines[0].get_xdata(), LOADS[::2])
    np.testing.assert_allclose(
        points.lines[0].get_ydata(), finite["overlap"].mean("sample").values.ravel()
    )
    assert axes.get_xlabel() == r"load $\alpha$"


def test_what_all_share_is_shown_along_what_all_list(results):
    theory, _, finite, _ = results
    panels = replicon.draw(theory, finite).axes
    shown = [axes.get_ylabel().rpartition(" ")[0] for axes in panels]
    assert shown == ["magnetization", "overlap", "noise overlap", "energy"]
    assert {axes.get_xlabel() for axes in panels} == {r"load $\alpha$"}
    rows = {axes.get_subplotspec().rowspan.start for axes in panels}
    assert rows == {0, 1}  # four panels are two by two


def test_theory_without_a_number_leaves_the_networks_and_symbols_are_controls(results):
    theory, _, finite, _ = results
    gone = theory.where(theory["load"] < 0).assign_attrs(theory.attrs)
    gone["branch"] = theory["branch"]
    for given, along in (((gone, finite), "α"), ((finite, gone), "load"), ((finite,), "alpha")):
        axes = replicon.draw(*given, along=along).axes[0]
        assert axes.get_xlabel() == r"load $\alpha$"
        np.testing.assert_allclose(
            axes.containers[0].lines[0].get_ydata(),
            finite["magnetization"].mean("sample").values.ravel(),
        )
    assert replicon.draw(finite, along="N").axes[0].get_xlabel() == "spins"


def test_a_comparison_is_theory_and_networks(results):
    compared = replicon.compare("hopfield", load=LOADS[:3], size=60, samples=4, sweeps=6)
    axes = replicon.draw(compared).axes[0]
    (points,) = axes.containers
    at = compared.sel(observable="magnetization")
    np.testing.assert_allclose(points.lines[0].get_ydata(), at["mean"])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), at["theory"])


def _glass(**more):
    """A simulated spin glass of one point: 3 samples of a density over 16 bins."""
    rng = np.random.default_rng(2)
    density = rng.uniform(0.5, 1.5, (1, 3, 16))
    return build(
        kind="simulate",
        model=catalogue.get("sherrington-kirkpatrick"),
        coordinates={"temperature": 0.4, "field": 0.0},
        values={
            "overlap_density": density / density.mean(axis=2, keepdims=True),
            "energy": rng.normal(size=(1, 3)),
        },
        inner=("sample",),
        attributes={"controls": ["temperature", "field"], "size": 32, **more},
    )


@pytest.mark.parametrize("named", [{}, {"observables": "overlap_density"}])
def test_the_distribution_of_a_glass_is_one_line(named):
    glass = _glass()
    left, right = replicon.draw(glass, **named).axes
    np.testing.assert_allclose(
        left.containers[0].lines[0].get_ydata(), glass["overlap_density"].mean("sample")
    )
    assert right.containers[0].lines[0].get_ydata()[-1] == pytest.approx(1.0)
    assert left.get_xlabel() == "modulus of the overlap $|q|$"


def test_a_theory_of_one_overlap_has_no_staircase_and_says_so():
    theory = replicon.solve("sherrington-kirkpatrick", temperature=0.4)
    with pytest.raises(InputError, match="has no overlap_level and overlap_weight"):
        replicon.draw(_glass(), theory, observables="overlap_density")
    with pytest.raises(InputError, match="arrays, overlap_density, and numbers, energy"):
        replicon.draw(_glass(), observables=["overlap_density", "energy"])


def test_many_values_of_two_controls_are_a_plane_and_few_are_lines():
    many = replicon.solve("curie-weiss", temperature="0.5:1.5:20", field="0:0.5:9")
    assert len(replicon.draw(many, observables="magnetization").axes[0].collections) == 1
    few = many.isel(field=slice(0, 3))
    assert len(replicon.draw(few, observables="magnetization").axes[0].lines) >= 3
    plane = replicon.draw(few, along=("field", "temperature"), observables="magnetization")
    assert plane.axes[0].get_xlabel() == "field $h$"
    for along, sentence in ((("field",) * 2, "two for a plane"), (("field", "x"), "'x' is not")):
        with pytest.raises(InputError, match=sentence):
            replicon.draw(many, along=along)
    finite = replicon.simulate("curie-weiss", temperature=[0.9], size=20, samples=2, sweeps=4)
    with pytest.raises(InputError, match="lines would be drawn"):
        replicon.draw(many.isel(field=[0] * 30), finite)


def test_transitions_alone_are_a_phase_diagram():
    melting = replicon.find_transition("hopfield", "spin-glass", load=[0.05, 0.1, 0.2])
    ending = replicon.find_transition("hopfield", "retrieval", temperature=[0.0, 0.2])
    (axes,) = replicon.draw(melting, ending).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == (r"load $\alpha$", "temperature $T$")
    assert axes.get_legend_handles_labels()[1] == ["spin-glass", "retrieval"]
    np.testing.assert_array_equal(axes.lines[1].get_xdata(), ending["value"])
    (turned,) = replicon.draw(melting, ending, along="temperature").axes
    assert turned.get_xlabel() == "temperature $T$"
    with pytest.raises(InputError, match="is not of the plane"):
        replicon.draw(melting, along="degree")
    lattice = replicon.find_transition("sherrington-kirkpatrick", "almeida-thouless", field=[0.1])
    with pytest.raises(InputError, match="different planes"):
        replicon.draw(melting, lattice)


def test_words_are_places_of_the_abscissa_that_no_line_joins():
    kinds = build(
        kind="solve",
        model=catalogue.get("perceptron"),
        coordinates={"load": 0.4, "weights": ["ising", "spherical"]},
        values={"overlap": np.array([0.4, 0.3])},
        attributes={"controls": ["load", "weights"]},
    )
    (axes,) = replicon.draw(kinds).axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["ising", "spherical"]
    assert {line.get_linestyle() for line in axes.lines} == {"None"}
    assert {line.get_marker() for line in axes.lines} == {"_"}


def test_a_theory_that_is_one_point_is_seen():
    single = replicon.solve("curie-weiss", temperature=[0.5])
    (axes,) = replicon.draw(single, observables="magnetization").axes
    assert axes.lines[0].get_marker() == "_"
    assert axes.lines[0].get_markevery() == [0]


def test_sizes_are_one_line():
    sizes = (20, 40, 80)
    found = [replicon.simulate("curie-weiss", size=n, samples=3, sweeps=4) for n in sizes]
    (axes,) = replicon.draw(*found[::-1], along="size", observables="energy").axes
    (points,) = axes.containers
    np.testing.assert_array_equal(points.lines[0].get_xdata(), sizes)
    np.testing.assert_allclose(
        points.lines[0].get_ydata(), [float(one["energy"].mean()) for one in found]
    )


def test_names_are_labels_and_results_without_are_told_apart():
    at = {"load": [0.05, 0.1], "size": 40, "samples": 2, "sweeps": 3}
    hebb = replicon.simulate("hopfield", **at)
    inverse = replicon.simulate("hopfield", rule="pseudo-inverse", **at)
    magnets = replicon.solve("curie-weiss", temperature=[0.5, 1.0])
    glass = replicon.solve("sherrington-kirkpatrick", temperature=[0.5, 1.0])

    def labels(*given, **more):
        drawn = replicon.draw(*given, **more).axes[0]
        return drawn.get_legend_handles_labels()[1]

    shown = {"observables": "magnetization"}
    assert labels(hebb, inverse, **shown) == [
        "simulation, hebb, N = 40",
        "simulation, pseudo-inverse, N = 40",
    ]
    named = {"a": hebb, "b": inverse}
    tree = xr.DataTree.from_dict(named)
    assert labels(named, **shown) == labels(tree, **shown) == ["a, N = 40", "b, N = 40"]
    told = labels(magnets, glass, observables="energy")
    assert all("curie-weiss" in one for one in told[:1])
    assert any("sherrington-kirkpatrick" in one for one in told)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"along": "temperature"}, "along = 'temperature' is not listed"),
        ({"along": "laod"}, "it lists load. Did you mean 'load'?"),
        ({"along": ("load", 3)}, "give one control, or two for a plane"),
        ({"observables": "nonsense"}, "nonsense"),
    ],
)
def test_mistakes_are_sentences(results, change, sentence):
    with pytest.raises(InputError) as refused:
        replicon.draw(*results[:3], **change)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_cannot_be_drawn_is_said(results):
    theory, _, finite, end = results
    single = replicon.solve("hopfield")
    for given, sentence in (
        ((single,), "results of one point"),
        ((end,), "no theory and no simulation"),
        ((theory, np.ones(3)), "draw was given 'ndarray'"),
        ((theory, xr.Dataset()), "draw was given 'Dataset'"),
        ((theory, finite.mean("sample", keep_attrs=True)), "a simulation without its samples"),
    ):
        with pytest.raises(InputError, match=sentence):
            replicon.draw(*given)
    with pytest.raises(InputError, match="give the results of its study"):
        replicon.draw({"x": "load", "y": "overlap", "theory": ["a"]})
    nothing = theory.where(theory["load"] < 0)
    with pytest.raises(InputError, match="without a finite number"):
        quick.table_of([nothing.assign_attrs(theory.attrs)], None, None)


@pytest.mark.parametrize("ending", [".PNG", ".svg", ".pdf"])
def test_the_command_line_writes_a_picture(tmp_path, capsys, ending):
    path = tmp_path / f"picture{ending}"
    with pytest.raises(SystemExit) as done:
        cli.main(["solve", "hopfield", "load=0.02:0.1:3", "--plot", str(path), "--json"])
    assert done.value.code == 0
    begins = {".PNG": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[ending]
    assert path.read_bytes().startswith(begins)


def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_computed(capsys, tmp_path):
    for name, sentence in (("a.txt", "is no picture"), ("none/a.png", "there is no folder")):
        with pytest.raises(SystemExit) as done:
            cli.main(["simulate", "hopfield", "--size", "40", "--plot", str(tmp_path / name)])
        out = capsys.readouterr()
        assert (done.value.code, sentence in out.err, out.out) == (2, True, "")


@pytest.mark.parametrize(
    "name", [name for name in replicon.models() if catalogue.get(name).views and name in CHEAP]
)
def test_a_running_network_is_drawn_as_it_is_now(name):
    model = catalogue.get(name)
    controls = {c.name: c.quick for c in model.controls_for("simulation") if c.quick is not None}
    network = replicon.start(name, size=model.size.quick, **controls).step(2)
    figure = replicon.draw(network)
    shown = [axes for axes in figure.axes if axes.axison]
    titles = [axes.get_title().replace("\n", " ") for axes in shown]
    assert titles == [view.meaning for view in model.views]
    assert all(axes.lines or axes.images or axes.patches for axes in shown)
    assert figure.get_suptitle().endswith("2 steps")


def test_a_lattice_is_drawn_spin_by_spin():
    network = replicon.start("square-lattice", size=8, temperature=2.0).step(3)
    (axes,) = [a for a in replicon.draw(network).axes if a.images][:1]
    (lattice,) = (network.view()[v.name] for v in network.model.views if v.kind == "lattice")
    np.testing.assert_array_equal(axes.images[0].get_array(), lattice)
