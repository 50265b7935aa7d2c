"""What `run_study` returns: results by series, one tree, figures, a page in a notebook."""

import base64
import re

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import replicon

STUDY = {
    "name": "magnets",
    "title": "Magnets & < more",
    "question": "Is it < so?",
    "theory": [{"name": "line", "model": "curie-weiss", "controls": {"temperature": [0.5, 0.7]}}],
    "simulation": [
        {
            "name": "points",
            "model": "curie-weiss",
            "controls": {"temperature": [0.5, 0.7], "sweeps": 4},
            "sizes": [10, 20],
            "samples": 3,
        }
    ],
    "transition": [{"name": "critical", "model": "curie-weiss", "transition": "critical"}],
    "figure": [
        {"x": "temperature", "y": "magnetization", "theory": ["line"], "title": "Both"},
        {"x": "temperature", "y": "energy", "theory": ["line"], "caption": "a < b"},
        {"x": "temperature", "y": "energy", "theory": ["line"], "title": "Both"},
    ],
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return replicon.run_study(STUDY, out=tmp_path_factory.mktemp("result") / "out")


def test_it_is_a_mapping_from_series_to_datasets(found):
    assert list(found) == ["line", "critical", "points"]
    assert len(found) == 3
    assert "points" in found and "nothing" not in found
    assert dict(found).keys() == found.keys()
    kept = replicon.load_results(found.folder)
    for name, data in found.items():
        xr.testing.assert_identical(data, kept[name])


def test_all_data_are_one_tree(found):
    assert isinstance(found.data, xr.DataTree)
    assert found.data.name == "magnets"
    assert set(found.data.children) == set(found)
    np.testing.assert_array_equal(
        found.data["points"]["energy"].sel(size=20), found["points"]["energy"].sel(size=20)
    )
    assert found.data["points"].sizes == {"size": 2, "temperature": 2, "sample": 3}


def test_figures_have_the_names_of_their_titles(found):
    figures = found.figures()
    assert list(figures) == ["Both", "figure-2", "figure-3"]
    assert all(isinstance(figure, Figure) for figure in figures.values())
    (line,) = figures["Both"].axes[0].lines
    np.testing.assert_allclose(line.get_ydata(), found["line"]["magnetization"])


def test_a_notebook_shows_the_pictures_with_their_captions(found):
    text = found._repr_html_()
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    assert len(pictures) == 3
    assert all(base64.b64decode(one).startswith(b"\x89PNG") for one in pictures)
    assert "Magnets &amp; &lt; more" in text and "Is it &lt; so?" in text
    assert "<figcaption>a &lt; b</figcaption>" in text


def test_it_is_told_in_a_few_lines(found):
    lines = repr(found).splitlines()
    assert lines[0] == f"Study 'magnets', kept in '{found.folder}'"
    assert "line      theory of curie-weiss: temperature 2" in lines[1]
    assert lines[2].endswith("critical  transition 'critical' of curie-weiss: temperature = 1")
    assert "simulation of curie-weiss: size 2, temperature 2, sample 3" in lines[3]
    assert lines[4:] == ["  figure: Both", "  figure: figure-2", "  figure: figure-3"]


def test_it_cannot_be_changed(found):
    with pytest.raises(AttributeError):
        found.folder = "elsewhere"
    with pytest.raises(TypeError):
        found["line"] = None


def test_a_figure_of_ones_own_is_drawn_from_it(found):
    table = {"x": "temperature", "y": "energy", "theory": ["line"], "simulation": ["points"]}
    assert replicon.draw(table, found).axes[0].get_ylabel() == "energy $e$"


def test_a_folder_that_is_none_gets_a_sentence():
    with pytest.raises(replicon.InputError, match="is no path"):
        replicon.run_study(STUDY, out=5)
    with pytest.raises(replicon.InputError, match="quick = 'yes' is neither True nor False"):
        replicon.run_study(STUDY, quick="yes")
