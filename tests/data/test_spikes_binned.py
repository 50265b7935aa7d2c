"""Times of spikes become rows: every spike in the bin that its edges say, in all forms alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import replicon
from replicon.boltzmann import BoltzmannMachine
from replicon.data import bin_spikes

TRAINS = [[0.0, 0.05, 0.31], [], [0.1, 0.299]]


def test_edges_labels_and_values():
    """A spike on an edge opens the later bin; what is left before stop is dropped."""
    rows = bin_spikes(TRAINS, width=0.1, start=0, stop=0.45)
    assert rows.dims == ("time", "neuron")
    assert rows.dtype == np.int8
    np.testing.assert_array_equal(rows, [[1, -1, -1], [-1, -1, 1], [-1, -1, 1], [1, -1, -1]])
    np.testing.assert_allclose(rows["time"], [0, 0.1, 0.2, 0.3])
    assert list(rows["neuron"].values) == [0, 1, 2]
    bits = bin_spikes(TRAINS, width=0.1, start=0, stop=0.45, values="0/1")
    np.testing.assert_array_equal(2 * bits - 1, rows)
    # From the first spike to the bin of the last one.
    assert bin_spikes(TRAINS, width=0.1).shape == (4, 3)
    assert bin_spikes([[0.3, 0.5]], width=0.1).values.ravel().tolist() == [1, -1, 1]


def test_lists_mappings_and_columns_are_one():
    rows = bin_spikes(TRAINS, width=0.1, start=0, stop=0.4)
    named = bin_spikes(dict(zip("abc", TRAINS, strict=True)), width=0.1, start=0, stop=0.4)
    np.testing.assert_array_equal(named, rows)
    assert list(named["neuron"].values) == ["a", "b", "c"]
    times, neurons = [0.31, 0.0, 0.1, 0.05, 0.299, 7.0], [4, 4, 9, 4, 9, 5]
    columns = bin_spikes(times, neurons, width=0.1, start=0, stop=0.4)
    assert list(columns["neuron"].values) == [4, 5, 9]  # 5 fires later: silent here
    np.testing.assert_array_equal(columns, rows)
    words = bin_spikes(
        np.array(times), ["p", "p", "r", "p", "r", "q"], width=0.1, start=0, stop=0.4
    )
    np.testing.assert_array_equal(words, rows)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-500, 500), min_size=1, max_size=40),
    st.integers(1, 7),
    st.sampled_from([1e-3, 0.1, 1.0, 1 / 3, 250.0]),
    st.integers(-5, 5),
)
def test_times_on_a_grid_fall_where_whole_numbers_say(ticks, wide, unit, first):
    """Times that are whole multiples of a unit, binned in floats as the whole numbers are."""
    begin = min(ticks) + first
    bins = 1 + (max(ticks) - begin) // wide
    if bins < 1:
        return
    expected = np.full(bins, -1)
    for tick in ticks:
        if tick >= begin:
            expected[(tick - begin) // wide] = 1
    rows = bin_spikes([np.array(ticks) * unit], width=wide * unit, start=begin * unit, stop=None)
    np.testing.assert_array_equal(rows.values[:, 0], expected)


@pytest.mark.parametrize(
    ("times", "others", "sentence"),
    [
        (TRAINS, {"width": 0}, "width = 0 is outside its domain"),
        (TRAINS, {"width": float("nan")}, "width = nan is outside its domain"),
        (TRAINS, {"width": "20 ms"}, "width = '20 ms' is outside its domain"),
        (TRAINS, {"width": 0.1, "values": "01"}, "values must be one of -1/\\+1, 0/1"),
        (TRAINS, {"width": 0.1, "start": 1, "stop": 0.5}, "stop = 0.5 is not after start = 1"),
        (TRAINS, {"width": 0.1, "start": 2}, "No whole bin of width = 0.1 .* the last spike"),
        (TRAINS, {"width": 1, "start": 0, "stop": 0.5}, "No whole bin of width = 1 .* stop = 0.5"),
        (TRAINS, {"width": 1e-12}, "makes 3.1e\\+11 bins of 3 neurons"),
        ([[0.1, np.nan]], {"width": 0.1}, r"times\[0\] holds nan at 1"),
        ([["a"]], {"width": 0.1}, r"times\[0\] holds entries of type"),
        (["ab", "c"], {"width": 0.1}, r"times\[0\] = 'ab' is no array of numbers"),
        ([[[1.0], [1.0, 2.0]]], {"width": 0.1}, r"times\[0\] = .* is no array of numbers"),
        ([0.1, 0.2], {"neurons": [[1], [1, 2]], "width": 0.1}, "give the neuron of each spike"),
        ({"x": [[1.0, 2.0]]}, {"width": 0.1}, r"times\['x'\] has shape \(1, 2\)"),
        ([0.1, 0.2], {"width": 0.1}, "holds no list of times a neuron"),
        ([], {"width": 0.1}, "holds no list of times a neuron"),
        (3.0, {"width": 0.1}, "holds no list of times a neuron"),
        (None, {"width": 0.1}, "times = None holds no spikes"),
        ("spikes.csv", {"width": 0.1}, "times = 'spikes.csv' holds no spikes"),
        (np.zeros((5, 2)), {"width": 0.1}, r"times has shape \(5, 2\): give a list of arrays"),
        ([[], []], {"width": 0.1}, "no spike at all: give start and stop"),
        ([0.1, 0.2], {"neurons": [1], "width": 0.1}, r"neurons has shape \(1,\) and times \(2,\)"),
        ([0.1, 0.2], {"neurons": [1, np.nan], "width": 0.1}, "neurons holds nan at 1"),
    ],
)
def test_bad_spikes_are_refused(times, others, sentence):
    with pytest.raises(replicon.InputError, match=sentence) as told:
        bin_spikes(times, **others)
    assert len(str(told.value)) < 400


def test_a_machine_learns_a_raster():
    """Two neurons of Poisson spikes that a third follows: the couplings tell who follows whom."""
    rng = np.random.default_rng(0)
    trains = [np.sort(rng.uniform(0, 1000, 5000)) for _ in range(3)]
    trains[2] = np.sort(np.concatenate([trains[2][:2000], trains[0][:3000] + 1e-4]))
    machine = BoltzmannMachine().fit(bin_spikes(trains, width=0.1))
    assert machine.couplings_[0, 2] > 0.2
    assert abs(machine.couplings_[0, 1]) < 0.1
