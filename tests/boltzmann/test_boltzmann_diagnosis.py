"""The picture of a diagnosis shows the numbers of the diagnosis."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import replicon
from replicon.boltzmann import BoltzmannMachine

ROWS = np.where(
    np.random.default_rng(0).normal(size=(800, 6))
    + 0.7 * np.random.default_rng(1).normal(size=(800, 1))
    > 0.3,
    1,
    -1,
)


def drawn(axes):
    """Positions of the symbols of a panel, and lengths of their bars across and up."""
    container = axes.containers[0]
    line, _, bars = container
    lengths = [
        np.ptp([piece[:, k] for piece in bar.get_segments()], axis=1) for k, bar in enumerate(bars)
    ]
    return np.array(line.get_data()), lengths


def test_symbols_and_bars_are_moments_and_errors(tmp_path):
    found = BoltzmannMachine("exact").fit(ROWS).diagnose(ROWS, samples=500)
    figure = replicon.draw_diagnosis(found)
    assert isinstance(figure, Figure)
    panels = figure.axes
    assert len(panels) == 4
    for axes, name in zip(panels, ("magnetization", "correlation", "three_point"), strict=False):
        places, (across, up) = drawn(axes)
        np.testing.assert_array_equal(places[0], found[f"{name}_data"])
        np.testing.assert_array_equal(places[1], found[f"{name}_model"])
        np.testing.assert_allclose(across, 2 * found[f"{name}_data_error"], atol=1e-12)
        np.testing.assert_allclose(up, 2 * found[f"{name}_model_error"], atol=1e-12)
        z = np.abs(found[f"{name}_z"]).max()
        assert f"|z| up to {z:.1f}" in axes.get_title()
        low, high = axes.lines[-1].get_data()  # the line of equality
        np.testing.assert_array_equal(low, high)
    assert panels[3].get_yscale() == "log"
    np.testing.assert_array_equal(drawn_counts(panels[3]), np.arange(7))
    figure.savefig(tmp_path / "diagnosis.png")
    assert (tmp_path / "diagnosis.png").stat().st_size > 10_000


def drawn_counts(axes):
    return axes.containers[0][0].get_data()[0]


def test_errors_of_moments_are_standard_errors():
    found = BoltzmannMachine("exact").fit(ROWS).diagnose(ROWS, samples=500)
    expected = ROWS.std(axis=0) / np.sqrt(len(ROWS))
    np.testing.assert_allclose(found["magnetization_data_error"], expected)
    both = np.hypot(found["correlation_data_error"], found["correlation_model_error"])
    gap = found["correlation_data"] - found["correlation_model"]
    np.testing.assert_allclose(found["correlation_z"], gap / both)


def test_two_columns_have_no_triples(tmp_path):
    found = BoltzmannMachine("exact").fit(ROWS[:, :2]).diagnose(ROWS[:, :2], samples=500)
    figure = replicon.draw_diagnosis(found)
    assert figure.axes[2].get_title().endswith("none")
    figure.savefig(tmp_path / "two.svg")


@pytest.mark.parametrize("given", [None, ROWS, {"kind": "diagnosis"}])
def test_what_is_no_diagnosis_is_refused(given):
    with pytest.raises(replicon.InputError, match="give what diagnose of a fitted BoltzmannMach"):
        replicon.draw_diagnosis(given)
