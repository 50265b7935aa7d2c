"""A quick look in the terminal: lines and points in braille dots, as wide as asked."""

import numpy as np
import pytest

import replicon
from replicon import InputError

pytest.importorskip("plotille")

from replicon.view.terminal import sketch


def test_lines_points_and_labels_are_shown_within_the_width():
    theory = replicon.solve("curie-weiss", temperature="0.5:1.5:12")
    finite = replicon.simulate("curie-weiss", temperature=[0.6, 1.2], size=20, samples=3, sweeps=4)
    text = sketch(theory, finite, width=70)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 70
    assert text.count("temperature T") == 3  # a panel for each observable that both give
    assert "theory, paramagnet, up" in text
    assert "simulation, N = 20" in text
    assert any("\u2801" <= character <= "\u28ff" for character in text)
    assert "\x1b" not in text


def test_numbers_at_the_axes_are_short():
    theory = replicon.solve("curie-weiss", temperature="0.5:1.5:12")
    numbers = [line.split("|")[0].strip() for line in sketch(theory).splitlines() if "|" in line]
    values = [number for number in numbers if number and not number.startswith(("(", "-"))]
    assert values
    assert max(map(len, values)) <= 9
    assert all(np.isfinite(float(value)) for value in values)


def test_what_has_no_lines_is_a_sentence():
    plane = replicon.solve("curie-weiss", temperature="0.5:1.5:12", field="0:0.5:10")
    with pytest.raises(InputError, match=r"--plot FILE\.png"):
        sketch(plane)
    with pytest.raises(InputError, match="results of one point"):
        sketch(replicon.solve("curie-weiss"))
