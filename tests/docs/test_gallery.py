"""The gallery: every study has its page and its pictures, and a picture that no longer shows what
its study computes is told of.
"""

import ast
import dataclasses
import html
import json
import os
import re
import struct
from pathlib import Path

import draw
import gallery_pages
import gallery_pictures
import pytest

import replicon.hopfield
from replicon.study.grid import split_assignments
from replicon.study.plan import described, planned, read_study
from replicon.study.sources import shipped, source

DOCS = Path(__file__).parents[2] / "docs"
LARGEST = 80_000  # bytes of a picture
WIDEST = 1400  # pixels across


@pytest.fixture(scope="module")
def pages():
    return gallery_pages.pages()


@pytest.mark.parametrize("study", shipped())
def test_no_picture_is_missing_or_stale(study):
    faults = gallery_pictures.faults(study)
    assert not faults, "\n".join(faults)


def test_pictures_of_no_study_are_gone():
    kept = {folder.name for folder in gallery_pictures.PICTURES.iterdir()}
    assert kept == set(shipped())


@pytest.mark.parametrize("study", shipped())
def test_pictures_are_small(study):
    for path in (gallery_pictures.PICTURES / study).glob("*.png"):
        content = path.read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        assert len(content) < LARGEST, path
        assert 400 < width <= WIDEST
        assert height > 150


def _changed(study: str, old: str, new: str, folder: Path) -> Path:
    """A copy of a study's file in which one thing is another."""
    path, content = source(study)
    text = content.decode()
    assert old in text
    changed = folder / path.name
    changed.write_text(text.replace(old, new, 1))
    return changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed = 4", "seed = 5"),
        ('load = "0.02:0.2:19"', 'load = "0.02:0.2:18"'),
        ('load = "0.001:0.1379:138"', 'load = "0.001:0.1379:137"'),
        ('legend = "upper left"', 'legend = "lower left"'),
        ('y = ["magnetization", "noise_overlap"]', 'y = ["magnetization"]'),
    ],
)
def test_what_a_study_computes_or_draws_makes_its_pictures_stale(tmp_path, old, new):
    study = "hopfield-capacity"
    (fault,) = gallery_pictures.faults(study, _changed(study, old, new, tmp_path))
    assert "'hopfield-capacity' are stale" in fault
    assert "run `python docs/draw.py hopfield-capacity`" in fault


@pytest.mark.parametrize(
    ("version", "changed"),
    [("full", "sizes = [500, 1000, 2000, 4000]"), ("quick", "sizes = [500, 1000, 2000] }")],
)
def test_a_picture_is_stale_when_its_own_version_changes(tmp_path, version, changed):
    study = "hopfield-capacity"
    told, plan = planned(study, quick=version == "quick")
    made = gallery_pictures.Made(version, 1.0, "0", gallery_pictures.what_makes(told, plan))
    pictures = tmp_path / "pictures"
    gallery_pictures.write(study, [b"picture"], made, pictures)
    assert gallery_pictures.faults(study, pictures=pictures) == []
    other = _changed(study, changed, changed.replace("500", "600"), tmp_path)
    assert "are stale" in gallery_pictures.faults(study, other, pictures)[0]


def test_a_revision_of_a_model_makes_pictures_stale(monkeypatch):
    raised = [
        dataclasses.replace(model, revision=model.revision + 1)
        for model in replicon.hopfield.MODELS
    ]
    monkeypatch.setattr(replicon.hopfield, "MODELS", tuple(raised))
    for study in ("hopfield-phase-diagram", "hopfield-capacity", "hopfield-digits"):
        assert f"'{study}' are stale" in gallery_pictures.faults(study)[0]
    assert gallery_pictures.faults("attention-weights") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "Capacity of the Hopfield memory"', 'title = "Another title"'),
        ("How many random memories", "How few random memories"),
        ("Started at a stored pattern", "Begun at a stored pattern"),
        ("Overlap with the recalled pattern", "Likeness to the recalled pattern"),
        ("order = 5", "order = 5.5"),
    ],
)
def test_prose_makes_no_picture_stale(tmp_path, old, new):
    study = "hopfield-capacity"
    assert gallery_pictures.faults(study, _changed(study, old, new, tmp_path)) == []


def test_missing_pictures_are_named(tmp_path):
    study = "hopfield-capacity"
    assert "has no pictures" in gallery_pictures.faults(study, pictures=tmp_path)[0]
    made = gallery_pictures.made(study)
    gallery_pictures.write(study, [b"", b""], made, tmp_path)
    (fault,) = gallery_pictures.faults(study, pictures=tmp_path)
    assert "figure-2.png is no figure of study 'hopfield-capacity'" in fault
    (tmp_path / study / "figure-1.png").unlink()
    assert (
        "has no figure-1.png: run `python" in gallery_pictures.faults(study, pictures=tmp_path)[0]
    )


def test_a_study_is_drawn_and_its_time_added_up(tmp_path, capsys):
    study = "attention-weights"
    places = {"kept": tmp_path / "kept", "pictures": tmp_path / "pictures"}
    draw.draw(study, "quick", **places)
    assert gallery_pictures.faults(study, pictures=places["pictures"]) == []
    clock = places["kept"] / f"{study}-quick.json"
    before = json.loads(clock.read_text())
    assert before > 0
    clock.write_text("7")
    draw.draw(study, "quick", **places)  # all points are kept
    assert gallery_pictures.made(study, places["pictures"]).minutes == pytest.approx(7, abs=0.1)
    assert capsys.readouterr().out.count("figure-1.png") == 2


def test_a_study_without_a_smaller_version_is_full():
    study = "hopfield-phase-diagram"
    assert planned(study, quick=True)[1] == planned(study)[1]
    assert gallery_pictures.made(study).version == "full"


@pytest.mark.parametrize("study", shipped())
def test_a_page_tells_all_of_its_study(study, pages):
    page = pages[f"gallery/{study}.md"]
    told = described(study)
    given = read_study(study)
    assert page.startswith(f"# {told['title']}\n")
    assert f"\n{told['question']}\n" in page
    for paragraph in given["text"].strip().split("\n\n"):
        assert f"\n{' '.join(paragraph.split())}\n" in page
    for number, figure in enumerate(given["figure"], start=1):
        assert f"pictures/gallery/{study}/figure-{number}.png" in page
        assert f"\n{figure['caption']}\n" in page
    for one in told["series"]:
        row = f"| {one['series']} | {one['kind']} | [{one['model']}](../models/{one['model']}.md) |"
        assert f"{row} {one['points']} |" in page
    for command in ("", " --quick"):
        assert f"`replicon run {study}{command}`" in page
    assert f"--set {told['change']['set']}\n" in page
    assert f"\n{told['change']['look']}\n" in page
    for path in re.findall(r"(?:figure\}|<|literalinclude\}) ?(\.\./[^>\s]+)", page):
        # As text: the folder of the pages is made by the build, and a fresh clone has none.
        assert Path(os.path.normpath(DOCS / "gallery" / path)).is_file()
    whole = gallery_pages.ABOUT[gallery_pictures.made(study).version]
    assert whole in page


def test_the_index_leads_to_every_study(pages):
    index = pages["gallery/index.md"]
    for name in shipped():
        assert index.count(f":link: {name}\n") == 1
        assert f"\n{name}\n" in index.partition("toctree")[2]
        assert f"\n{described(name)['question']}\n" in index


def test_pages_are_told_the_same_again(pages):
    assert gallery_pages.pages() == pages


@pytest.mark.parametrize("study", shipped())
@pytest.mark.parametrize("quick", [True, False])
def test_the_number_to_change_can_be_changed(study, quick):
    change = split_assignments([described(study)["change"]["set"]])
    assert len(change) == 1
    changed, plan = planned(study, quick=quick, changes=change)
    assert changed["figure"]
    assert plan != planned(study, quick=quick)[1]


@pytest.mark.parametrize("study", shipped())
def test_the_number_is_the_same_in_python(study, pages):
    change = split_assignments([described(study)["change"]["set"]])
    given = ast.literal_eval(re.search(r"set=(\{.*\})\)", pages[f"gallery/{study}.md"])[1])
    one, other = (planned(study, quick=True, changes=what)[1] for what in (change, given))
    assert one == other


@pytest.mark.parametrize("study", shipped())
def test_prose_is_shown_as_it_stands(study):
    """What a study says is plain text: no sign in it is taken for Markdown's."""
    markdown = pytest.importorskip("markdown_it", reason="needs the packages of the site")
    parser = markdown.MarkdownIt("commonmark")
    given = read_study(study)
    texts = [given["title"], given["question"], given["change"]["look"]]
    texts += [figure["caption"] for figure in given["figure"]]
    texts += [" ".join(one.split()) for one in given["text"].strip().split("\n\n")]
    for text in texts:
        assert html.unescape(parser.render(text)) == f"<p>{text}</p>\n"
        assert "$" not in text
