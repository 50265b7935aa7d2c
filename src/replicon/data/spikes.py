"""Times of spikes as binary rows: a row for each bin of time, a column for each neuron."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from replicon._arrays import real_array
from replicon._declare import Interval, Words
from replicon._domains import check_argument, show
from replicon._errors import InputError

if TYPE_CHECKING:
    import xarray

_WIDTH = Interval(0, open_low=True)
_VALUES = Words(("-1/+1", "0/1"))
_LARGEST = 2**31  # entries of a raster: 2 GiB
_ROUNDING = 8 * np.finfo(float).eps  # of a time and of its distance from the start, relative
_EXPECTED = "expected finite times of spikes, in the unit of width"
_FORMS = (
    "give a list of arrays of times, one a neuron, a mapping from names of neurons to such arrays,"
    " or two columns of equal length, bin_spikes(times, neurons, width=...)"
)


class _Spikes(NamedTuple):
    """times (spikes,); column (spikes,), the place of each spike's neuron among labels (N,)."""

    times: np.ndarray
    column: np.ndarray
    labels: np.ndarray


def bin_spikes(
    times: Any,
    neurons: Any = None,
    *,
    width: float,
    start: float | None = None,
    stop: float | None = None,
    values: str = "-1/+1",
) -> xarray.DataArray:
    """Rows (bins, N), int8, of recorded spikes: +1 where a neuron fires at least once in a bin of
    time, else -1.

    times: a list of arrays of times, one a neuron (empty ones for the silent); or a mapping from
    names of neurons to such arrays; or, with `neurons`, the times of all spikes (spikes,) and the
    neuron of each (spikes,), numbers or names. All times, `width`, `start` and `stop` are in one
    unit, that of the user. values: "-1/+1", or "0/1".

    Bin k holds start + k width <= t < start + (k + 1) width: a spike on an edge belongs to the
    later bin (an edge is met within the rounding of float64). Bins are whole: what is left before
    `stop` is dropped, and spikes before the first or after the last bin are left out. `start`, by
    default the first spike of all; `stop`, by default the end of the bin that holds the last.

    Returns a DataArray over `time` (bins,), the beginning of each, and `neuron` (N,), the names: of
    lists 0 to N - 1, of two columns all that occur in them, sorted; attribute `width`. Raises
    InputError for times that are no finite numbers, columns of unequal length, stop <= start, less
    than one whole bin and more than 2^31 entries.
    """
    import xarray

    width = check_argument("width", width, _WIDTH, "in the unit of the times")
    values = check_argument("values", values, _VALUES)
    spikes = _read(times, neurons)
    start, bins = _window(spikes.times, width, start, stop)
    count = len(spikes.labels)
    if bins * count > _LARGEST:
        raise InputError(
            f"width = {width:g} makes {bins:.3g} bins of {count} neurons, more than {_LARGEST:.2g}"
            " entries: give a larger width, in the unit of the times, or start and stop."
        )
    place = _bin_of(spikes.times, start, width)
    inside = (place >= 0) & (place < bins)
    rows = np.full((int(bins), count), -1 if values == "-1/+1" else 0, np.int8)
    rows[place[inside].astype(np.int64), spikes.column[inside]] = 1
    begins = start + width * np.arange(int(bins))
    return xarray.DataArray(
        rows,
        {"time": begins, "neuron": spikes.labels},
        ("time", "neuron"),
        name="spikes",
        attrs={"width": width},
    )


def _read(times: Any, neurons: Any) -> _Spikes:
    """All spikes in one column, whatever form they came in."""
    if times is None or isinstance(times, (str, bytes, bool)):
        raise InputError(f"times = {show(times)} holds no spikes: {_FORMS}.")
    if neurons is not None:
        return _columns(times, neurons)
    if isinstance(times, Mapping):
        names = [name if isinstance(name, int) else str(name) for name in times]
        trains = list(times.values())
    elif getattr(times, "ndim", 1) != 1:
        raise InputError(
            f"times has shape {times.shape}: {_FORMS}; of a table these are its columns, of an"
            " array with one row a neuron list(times)."
        )
    else:
        trains = list(times) if hasattr(times, "__iter__") else []
        names = list(range(len(trains)))
    if not trains or not all(hasattr(train, "__len__") for train in trains):
        raise InputError(f"times = {show(times)} holds no list of times a neuron: {_FORMS}.")
    read = [_train(f"times[{name!r}]", train) for name, train in zip(names, trains, strict=True)]
    column = np.repeat(np.arange(len(read)), [len(train) for train in read])
    return _Spikes(np.concatenate(read), column, np.asarray(names))


def _train(name: str, given: Any) -> np.ndarray:
    """The times of one neuron, which may be silent."""
    if hasattr(given, "__len__") and len(given) == 0:
        return np.zeros(0)
    return real_array(name, given, _EXPECTED, ndim=1)


def _columns(times: Any, neurons: Any) -> _Spikes:
    read = _train("times", times)
    try:
        names = np.asarray(neurons)
    except ValueError:
        raise InputError("neurons is no list: give the neuron of each spike.") from None
    if names.shape != read.shape:
        raise InputError(
            f"neurons has shape {names.shape} and times {read.shape}: give the neuron of each spike"
            " beside its time."
        )
    if names.dtype.kind == "O":  # a column of a table: names, or numbers
        names = names.astype(str)
    if names.dtype.kind == "f" and not np.isfinite(names).all():
        spike = int(np.argmin(np.isfinite(names)))
        raise InputError(
            f"neurons holds {names[spike]} at {spike}: expected the number or name of a neuron."
        )
    labels, column = np.unique(names, return_inverse=True)
    return _Spikes(read, column.reshape(-1), labels)


def _window(times: np.ndarray, width: float, start: Any, stop: Any) -> tuple[float, float]:
    """The beginning of the first bin, and the number of whole bins."""
    if len(times) == 0 and (start is None or stop is None):
        raise InputError("times holds no spike at all: give start and stop, or a recording.")
    first = times.min() if start is None else check_argument("start", start, Interval())
    if stop is None:
        bins = _bin_of(times.max(), first, width) + 1
        last = "the last spike"
    else:
        end = check_argument("stop", stop, Interval())
        if end <= first:
            raise InputError(
                f"stop = {end:g} is not after start = {first:g}: give stop > start, in the unit of"
                " the times."
            )
        bins = _bin_of(end, first, width)
        last = f"stop = {end:g}"
    if bins < 1:
        raise InputError(
            f"No whole bin of width = {width:g} lies between start = {first:g} and {last}: give a"
            " smaller width, or start and stop in the unit of the times."
        )
    return float(first), float(bins)


def _bin_of(times: Any, start: float, width: float) -> Any:
    """The number of the bin that begins at or before each time, a float of any size."""
    place = (times - start) / width
    edge = np.round(place)
    slack = _ROUNDING * np.maximum(np.abs(times), abs(start)) / width
    return np.where(np.abs(place - edge) <= slack, edge, np.floor(place))
