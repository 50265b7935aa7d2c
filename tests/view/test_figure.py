"""Figures show what the results hold: lines, points with error bars, labels; the page is one file
that needs no network.
"""

import re

import matplotlib.colors
import numpy as np
import pytest

import replicon
from replicon.study.plan import FIGURES, read_study
from replicon.view import figure, frame, marks, page, series

STUDY = """
title = "Small & <simple>"
seed = 1

[[theory]]
name = "theory"
model = "hopfield"
controls = { load = "0.01:0.16:16", temperature = 0 }

[[theory]]
name = "levels"
model = "sherrington-kirkpatrick"
controls = { temperature = 0.9, field = 0.5, ansatz = "1rsb" }

[[simulation]]
name = "memories"
model = "hopfield"
controls = { load = [0.05, 0.1], temperature = 0 }
sizes = [50, 80]
samples = 5

[[simulation]]
name = "pictures"
model = "hopfield"
controls = { load = [0.00255, 0.0051], patterns = "digits" }
sizes = [784]
samples = 2

[[simulation]]
name = "lattice"
model = "square-lattice"
controls = { temperature = [2.1, 2.4], sweeps = 50 }
sizes = [6, 8]
samples = 4

[[simulation]]
name = "glass"
model = "sherrington-kirkpatrick"
controls = { temperature = 0.8, sweeps = 50 }
sizes = [32]
samples = 4

[[transition]]
name = "critical"
model = "square-lattice"
transition = "critical"

[[transition]]
name = "spinodal"
model = "hopfield"
transition = "retrieval"
controls = { temperature = 0 }

[[transition]]
name = "line"
model = "hopfield"
transition = "spin-glass"
controls = { load = "0.01:0.2:8" }

[[figure]]
title = "Curves"
x = "load"
y = ["magnetization", "energy"]
theory = ["theory"]
simulation = ["memories"]
transition = ["spinodal"]
caption = "a < b"

[[figure]]
kind = "phase-diagram"
x = "load"
y = "temperature"
transition = ["line"]
regions = [{ label = "glass", x = 0.1, y = 1.0 }]

[[figure]]
kind = "distribution"
density = "overlap_density"
levels = "overlap_level"
weights = "overlap_weight"
theory = ["levels"]
simulation = ["glass"]

[[figure]]
kind = "collapse"
x = "temperature"
y = "magnetization"
simulation = ["lattice"]
critical = "critical"
x_exponent = 1.0
y_exponent = 0.125

[[figure]]
kind = "images"
x = "load"
simulation = ["pictures"]
arrays = ["pattern", "final_state"]
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    (folder / "small.toml").write_text(STUDY)
    study = read_study(folder / "small.toml")
    return study, replicon.run_study(study, out=folder / "out")


def test_every_kind_can_be_drawn_and_planned():
    assert set(series.KINDS) == set(FIGURES)


def test_curves_show_theory_as_lines_and_simulation_as_points_with_errors(results):
    study, data = results
    left, right = figure.draw(study["figure"][0], data).axes
    theory = next(line for line in left.lines if line.get_label() == "theory")
    x, y = theory.get_data()
    np.testing.assert_array_equal(x, data["theory"]["load"].values)
    assert np.isnan(y[x > 0.138]).all()
    container = left.containers[0]
    np.testing.assert_allclose(
        container.lines[0].get_ydata(),
        data["memories"]["magnetization"].isel(size=0).mean("sample"),
    )
    assert container.has_yerr
    (legend,) = [axes.get_legend() for axes in (left, right) if axes.get_legend()]
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["theory", "retrieval 0.1379", "memories, N = 50", "memories, N = 80"]
    assert left.get_xlabel() == r"load $\alpha$"
    assert left.get_ylabel() == "magnetization $m$"


def test_unstable_theory_is_dashed(results):
    study, data = results
    left = figure.draw(study["figure"][0], data).axes[0]
    styles = {line.get_linestyle() for line in left.lines if line.get_label() in ("theory",)}
    assert "--" in styles  # at T = 0 replica symmetry is broken everywhere


def test_phase_diagram_labels_its_regions(results):
    study, data = results
    axes = figure.draw(study["figure"][1], data).axes[0]
    assert "glass" in [text.get_text() for text in axes.texts]
    x, y = axes.lines[0].get_data()
    np.testing.assert_allclose(y, 1 + np.sqrt(x), atol=1e-8)


def test_distribution_is_normalised(results):
    study, data = results
    left, right = figure.draw(study["figure"][2], data).axes
    density = left.containers[0].lines[0].get_ydata()
    assert np.mean(density) == pytest.approx(1.0)
    assert right.containers[0].lines[0].get_ydata()[-1] == pytest.approx(1.0)


def test_collapse_scales_both_axes(results):
    study, data = results
    left, right = figure.draw(study["figure"][3], data).axes
    for size, raw, scaled in zip((6, 8), left.containers, right.containers, strict=True):
        x, y = raw.lines[0].get_data()
        u, v = scaled.lines[0].get_data()
        np.testing.assert_allclose(u, (x - float(data["critical"]["value"])) * size)
        np.testing.assert_allclose(v, y * size**0.125)


def test_images_show_the_stored_pixels(results):
    study, data = results
    axes = figure.draw(study["figure"][4], data).axes
    assert len(axes) == 4
    shown = axes[0].images[0].get_array()
    np.testing.assert_array_equal(
        np.ravel(shown), data["pictures"]["pattern"].isel(size=0, sample=0, load=0)
    )


def test_colours_differ_in_hue_and_marker():
    rgb = np.array([matplotlib.colors.to_rgb(c) for c in figure.PALETTE])
    distance = np.linalg.norm(rgb[:, None] - rgb[None], axis=-1)[np.triu_indices(len(rgb), 1)]
    assert distance.min() > 0.2
    assert len(set(figure.MARKERS)) == len(figure.MARKERS)


def test_a_page_is_one_file_and_escapes_what_it_is_given(results, tmp_path):
    study, data = results
    place = frame.Place(study["name"], "", study["title"], "", page.chapter(study, data))
    path = frame.write_page([place], tmp_path / "site" / "index.html")
    text = path.read_text()
    assert "Small &amp; &lt;simple&gt;" in text
    assert "a &lt; b" in text
    assert text.count("data:image/png;base64,") == 5
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert "0.137906" in text
    assert [p.name for p in path.parent.iterdir()] == ["index.html"]


def test_a_figure_of_what_is_not_there_gets_a_sentence(results):
    study, data = results
    with pytest.raises(replicon.InputError, match="No variable named 'nothing'"):
        figure.draw({**study["figure"][4], "arrays": ["nothing"]}, data)


def test_a_figure_is_drawn_from_a_table_or_by_its_number(results):
    study, data = results
    by_number = figure.draw(2, data, study=study)
    np.testing.assert_array_equal(
        by_number.axes[0].lines[0].get_xydata(),
        figure.draw(study["figure"][1], data).axes[0].lines[0].get_xydata(),
    )
    table = {"x": "load", "y": "magnetization", "theory": ["theory"]}
    assert figure.draw(table, data).axes[0].get_ylabel() == "magnetization $m$"


@pytest.mark.parametrize(
    ("wrong", "more", "sentence"),
    [
        (1, {}, "give the study it is of too"),
        (6, {"study": 0}, "figure = 6 is outside its domain"),
        ({"kind": "cake"}, {}, "unknown figure kind 'cake'"),
        ({"x": "load"}, {}, "figure .*y"),
        ({"x": "load", "y": "magnetization", "theory": ["none"]}, {}, "do not have: none"),
    ],
)
def test_a_figure_that_is_none_gets_a_sentence(results, wrong, more, sentence):
    study, data = results
    given = dict.fromkeys(more, study)
    with pytest.raises(replicon.InputError, match=sentence):
        figure.draw(wrong, data, **given)


def test_symbols_that_matplotlib_cannot_set_are_words():
    label = marks.Label(r"width $\nothing{$", "width w$")
    assert figure.settable(label) == r"width w\$"
