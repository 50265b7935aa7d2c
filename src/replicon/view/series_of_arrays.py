"""What figures of arrays show, those that results carry beside their numbers: histograms, images,
spectra, functions of a lag, landscapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np
import xarray as xr

from replicon._result import Shown
from replicon._statistics import mean_and_error
from replicon.view.axes import (
    Results,
    axis_label,
    drawing,
    given,
    label_of,
    lines_of,
    model_of,
    panel,
    select,
    symbol_of,
    verbatim,
)
from replicon.view.marks import (
    Cloud,
    Curve,
    Drawing,
    Label,
    Panel,
    Paths,
    Picture,
    Points,
    Stairs,
    Surface,
    Vertical,
)

_ABOUT = 24  # points drawn of an array with many
_LOWEST = 1e-4  # of a pseudo-potential, on its logarithmic scale
_LEVELS = np.arange(0, 11)  # of -ln p, between contours
# Points of simulations beside a theory's staircases take colours of their own, by number.
_BESIDE = (6, 7, 4, 5)


def _lines(
    spec: dict[str, Any], results: Results, kind: str = "simulation"
) -> Iterator[tuple[str, Label, xr.Dataset]]:
    """(series, label, Dataset) of every line of the figure's series of a kind."""
    for series in spec.get(kind, []):
        for label, line in lines_of(select(results[series], spec.get("at", {}))):
            yield series, label_of(spec, series, label), line


def _mean(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Mean and error bars (2, points) of (samples, points); one sample has no error."""
    mean, error = mean_and_error(rows)
    return mean, np.stack([error, error]) if len(rows) > 1 else None


def distribution(spec: dict[str, Any], results: Results) -> Drawing:
    """Probability densities of simulations (left) and, right, their cumulatives beside the theory's
    staircases.

    `density`: name of a histogram on [0, 1]; `levels`, `weights`: the theory's values and their
    probabilities. `at`: one value of a listed control.
    """
    densities: list[Any] = []
    cumulatives: list[Any] = []
    for hue, series in enumerate(spec.get("theory", [])):
        data = select(results[series], spec.get("at", {}))
        level = np.ravel(data[spec["levels"]].values)
        known = np.isfinite(level)
        level = level[known]
        weight = np.ravel(data[spec["weights"]].values)[known]
        edges = np.concatenate([[0.0], level, [1.0]])
        heights = np.concatenate([[0.0], np.cumsum(weight)])
        label = label_of(spec, series, given(""))
        cumulatives.append(Stairs(heights, edges, label, "theory", hue))
        densities.append(Vertical(float(level[-1]), None, "theory", hue))
    for number, (_, label, points) in enumerate(_lines(spec, results)):
        histogram = points[spec["density"]].transpose("sample", ...).values
        bins = histogram.shape[-1]
        place = np.arange(bins)
        own = ("simulation", _BESIDE[number % len(_BESIDE)], number)
        mean, error = _mean(histogram)
        densities.append(Points((place + 0.5) / bins, mean, error, label, *own, joined=True))
        mean, error = _mean(np.cumsum(histogram, axis=1) / bins)
        cumulatives.append(Points((place + 1) / bins, mean, error, None, *own))
    own = model_of(spec, results)
    xlabel = given(spec["xlabel"]) if "xlabel" in spec else _axis_of(own, spec["density"])
    ylabel = given(spec.get("ylabel", "probability density"))
    left = Panel(tuple(densities), xlabel, ylabel, xlim=(0, 1), ylim=(0, None))
    summed = given("cumulative probability")
    right = Panel(tuple(cumulatives), xlabel, summed, xlim=(0, 1), ylim=(0, 1.02))
    return drawing("distribution", spec, left, right)


def _axis_of(declared: Shown, array: str) -> Label:
    """What is told apart along the one axis of an array: its meaning and its symbol."""
    (axis,) = declared.axes[array]
    meaning = verbatim(declared.meanings[axis].partition(",")[0])
    symbol = symbol_of(declared, axis)
    return Label(*(f"{words} {letter}" for words, letter in zip(meaning, symbol, strict=True)))


def images(spec: dict[str, Any], results: Results) -> Drawing:
    """Stored, corrupted and recalled states of the first sample as pictures: a column for each
    value of `x`, rows `arrays`.
    """
    colours = spec.get("colours", "gray_r")
    heading = spec.get("column", "{value:g}")
    rows = []
    for series in spec["simulation"]:
        block = results[series].isel(size=0, sample=0)
        for array in spec["arrays"]:
            name = f"{array.replace('_', ' ')}\n{spec.get('labels', {}).get(series, series)}"
            row = []
            for value in block[spec["x"]].values:
                pixels = pixels_of(block[array].sel({spec["x"]: value}).values)
                text = heading.format(value=value, count=round(float(value) * pixels.size))
                title = None if rows else given(text)
                ylabel = None if row else given(name)
                picture = Picture(pixels, -1, 1, colours)
                row.append(Panel((picture,), ylabel=ylabel, title=title))
            rows.append(tuple(row))
    return Drawing("images", tuple(rows))


def gallery(spec: dict[str, Any], results: Results) -> Drawing:
    """Pictures of the first sample: a row for each of `arrays` (pictures, pixels), black and white
    for 0 to 1, in colours with a sign. Rows are filled up with empty panels.
    """
    labels = spec.get("labels", {})
    several = len(spec["simulation"]) > 1
    rows = []
    for series in spec["simulation"]:
        block = select(results[series], spec.get("at", {}))
        block = block.isel({"size": 0, "sample": 0}, missing_dims="ignore").squeeze(drop=True)
        for array in spec["arrays"]:
            text = labels.get(array, array.replace("_", " "))
            text = f"{text}\n{labels.get(series, series)}" if several else text
            rows.append(_gallery_row(block[array].values, given(text)))
    most = max(len(row) for row in rows)
    filled = tuple((*row, *[Panel(())] * (most - len(row))) for row in rows)
    return Drawing("gallery", filled)


def _gallery_row(pictures: np.ndarray, name: Label) -> list[Panel]:
    signed = np.nanmin(pictures) < 0
    row = []
    for values in pictures:
        pixels = pixels_of(values)
        high = float(np.abs(pixels).max(initial=0.0)) if signed else 1.0
        picture = Picture(pixels, -high if signed else 0, high, "RdBu_r" if signed else "gray_r")
        row.append(Panel((picture,) if pixels.size else (), ylabel=None if row else name))
    return row


def pixels_of(values: np.ndarray) -> np.ndarray:
    """The finite ones of a row of pixels as a picture: a square where they are one, else the
    rectangle nearest to it.
    """
    known = values[np.isfinite(values)]
    sides = range(int(known.size**0.5 + 1e-9), 0, -1)
    height = next((side for side in sides if known.size % side == 0), 1)
    return known.reshape(height, -1)


def profile(spec: dict[str, Any], results: Results) -> Drawing:
    """An array of each sample (sorted eigenvalues, say) against its place in it, as a fraction;
    mean over samples, one line each.
    """
    marks = []
    for hue, (_, label, points) in enumerate(_lines(spec, results)):
        values = points[spec["array"]].transpose("sample", ...).values.mean(axis=0)
        values = values[np.isfinite(values)]
        place = (np.arange(len(values)) + 0.5) / len(values)
        marks.append(Curve(place, values, label, "simulation", hue))
    ylabel = axis_label(model_of(spec, results), spec["array"])
    return drawing("profile", spec, panel(spec, marks, given("place"), ylabel))


def function(spec: dict[str, Any], results: Results) -> Drawing:
    """An array against another (an autocorrelation against lag, say): theory as lines, mean and
    error over samples as points.

    `ordinate` may list several arrays, each with its label ("": none); those that `dashed` names
    are lines, of the colours of the others in their order.
    """
    several = isinstance(spec["ordinate"], list)
    names = spec["ordinate"] if several else [spec["ordinate"]]
    marks: list[Any] = []
    hues = count()
    for _, label, line in _lines(spec, results, "theory"):
        x = line[spec["abscissa"]].values
        marks += [Curve(x, line[name].values, label, "theory", next(hues)) for name in names]
    hues = count()
    others = count()
    for series, label, points in _lines(spec, results):
        x = _along(points[spec["abscissa"]])
        for name in names:
            text = _array_label(spec, series, name) if several else label
            y = points[name].transpose("sample", ...).values
            if name in spec.get("dashed", []):
                mean = y.mean(axis=0)
                hue = next(others)
                marks.append(Curve(x, mean, text, "simulation", hue, "dashed", thin=True))
                continue
            known = np.flatnonzero(np.isfinite(y).all(axis=0) & np.isfinite(x))
            some = _spread(x, known, spec.get("xscale"))
            hue = next(hues)
            own = (text, "simulation", hue, hue, bool(spec.get("join")))
            marks.append(Points(x[some], *_mean(y[:, some]), *own))
    model = model_of(spec, results)
    xlabel, ylabel = (axis_label(model, name) for name in (spec["abscissa"], names[0]))
    return drawing("function", spec, panel(spec, marks, xlabel, ylabel))


def _array_label(spec: dict[str, Any], series: str, name: str) -> Label | None:
    """The text of one of several arrays; None for an empty one."""
    words = spec.get("labels", {})
    own = words.get(name, name)
    if not own:
        return None
    shared = words.get(series, series) if len(spec["simulation"]) > 1 else ""
    return given(own).after(shared)


def _along(x: xr.DataArray) -> np.ndarray:
    """The numbers along an axis: its coordinate, or an array of the first sample."""
    return x.values if "sample" not in x.dims else x.transpose("sample", ...).values[0]


def _spread(x: np.ndarray, known: np.ndarray, scale: str | None) -> np.ndarray:
    """About 24 of the places `known`, evenly spread on the axis as drawn."""
    if scale != "log":
        return known[:: max(len(known) // _ABOUT, 1)]
    known = known[x[known] > 0]
    marks = np.geomspace(x[known[0]], x[known[-1]], _ABOUT) if len(known) else []
    return np.unique([known[np.argmin(np.abs(x[known] - mark))] for mark in marks]).astype(int)


def spectrum(spec: dict[str, Any], results: Results) -> Drawing:
    """Eigenvalues of the first sample in the complex plane, a panel for each line, beside the
    circle of their `bulk_radius`.

    `real`, `imaginary`: names of the arrays.
    """
    lines = [(label, points.isel(sample=0)) for _, label, points in _lines(spec, results)]
    parts = spec["real"], spec["imaginary"]
    reach = 1.08 * max(float(np.abs(at[part]).max()) for _, at in lines for part in parts)
    angle = np.linspace(0, 2 * np.pi, 200)
    xlabel = given(spec.get("xlabel", "real part"))
    ylabel = given(spec.get("ylabel", "imaginary part"))
    panels = []
    for label, points in lines:
        radius = float(points["bulk_radius"])
        circle = radius * np.cos(angle), radius * np.sin(angle)
        real, imaginary = (points[part].values for part in parts)
        panels.append(
            Panel(
                (
                    Cloud(real, imaginary, None, "simulation", 0),
                    Curve(*circle, given("bulk, signs random"), "bound", 1, thin=True),
                ),
                xlabel,
                ylabel,
                label,
                xlim=(-reach, reach),
                ylim=(-reach, reach),
                equal=True,
            )
        )
    return drawing("spectrum", spec, *panels)


def landscape(spec: dict[str, Any], results: Results) -> Drawing:
    """Left, trajectories of the first two neurons coloured by their pseudo-potential; right, its
    landscape with samples; zeros in both.
    """
    at = spec.get("at", {})
    theory = select(results[spec["theory"][0]], at).squeeze()
    points = select(results[spec["simulation"][0]], at).isel(sample=0).squeeze()
    paths = points["trajectory"].values[..., :2]
    energy = points["trajectory_energy"].values
    high = float(energy.max())
    x = theory["axis_1"].values
    y = theory["axis_2"].values
    level = theory["landscape"].values.T / float(theory["temperature"])
    samples = points["states"].values
    zeros = _zeros(theory["fixed_point"].values[:, :2], theory["growth"].values)
    left = (Paths(paths, energy, _LOWEST, high, given("pseudo-potential E")), *zeros)
    right = (
        Surface(x, y, level, _LEVELS, given("$-\\ln p(x_1, x_2)$, minimum 0")),
        Cloud(samples[:, 0], samples[:, 1], given("Langevin samples"), "simulation", 1),
        *zeros,
    )
    frame = {
        "xlabel": given("$x_1$"),
        "ylabel": given("$x_2$"),
        "xlim": (float(x[0]), float(x[-1])),
        "ylim": (float(y[0]), float(y[-1])),
    }
    panels = Panel(left, **frame), Panel(right, **frame)
    return drawing("landscape", {"legend": "outside", **spec}, *panels)


def _zeros(zeros: np.ndarray, growth: np.ndarray) -> list[Cloud]:
    """Fixed points (points, 2), full where stable (growth < 0); those that were not found are
    NaN.
    """
    kinds = ((True, "full ring", "stable"), (False, "empty ring", "unstable"))
    out = []
    for stable, shape, word in kinds:
        chosen = zeros[((growth < 0) == stable) & np.isfinite(growth)]
        if len(chosen):
            label = given(f"{word} fixed points")
            out.append(Cloud(chosen[:, 0], chosen[:, 1], label, "theory", None, shape))
    return out


KINDS: dict[str, Callable[[dict[str, Any], Results], Drawing]] = {
    "distribution": distribution,
    "images": images,
    "gallery": gallery,
    "profile": profile,
    "function": function,
    "spectrum": spectrum,
    "landscape": landscape,
}
