"""Figures of arrays that results carry beside their observables: histograms, images, spectra,
landscapes.
"""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from replicon.view.axes import (
    MARKERS,
    PALETTE,
    Results,
    label_of,
    legend,
    limits,
    lines_of,
    make_panels,
    select,
)


def distribution(spec: dict[str, Any], results: Results) -> Figure:
    """Probability densities of simulations (left) and, right, their cumulatives beside the theory's
    staircases.

    `density`: name of a histogram on [0, 1]; `levels`, `weights`: the theory's values and their
    probabilities. `at`: one value of a listed control.
    """
    figure, (left, right) = make_panels(2, spec)
    for series, colour in zip(spec.get("theory", []), cycle(PALETTE)):
        data = select(results[series], spec.get("at", {}))
        level, weight = (
            np.ravel(data[spec["levels"]].values),
            np.ravel(data[spec["weights"]].values),
        )
        keep = np.isfinite(level)
        level, weight = level[keep], weight[keep]
        edges = np.concatenate([[0.0], level, [1.0]])
        heights = np.concatenate([[0.0], np.cumsum(weight)])
        right.stairs(
            heights, edges, baseline=None, color=colour, label=label_of(spec, series, ""), lw=1.6
        )
        left.axvline(level[-1], color=colour, ls=":", lw=1.2)
    styles = cycle(zip(("#4d4d4d", "#882255", "#56b4e9", "#e69f00"), MARKERS))
    for series in spec.get("simulation", []):
        for label, points in lines_of(
            select(results[series], spec.get("at", {})), None, sampled=True
        ):
            colour, marker = next(styles)
            histogram = points[spec["density"]].transpose("sample", ...).values
            bins = histogram.shape[-1]
            middle = (np.arange(bins) + 0.5) / bins
            mean, error = (
                histogram.mean(axis=0),
                histogram.std(axis=0, ddof=1) / np.sqrt(len(histogram)),
            )
            left.errorbar(
                middle,
                mean,
                error,
                color=colour,
                marker=marker,
                ms=3.5,
                mfc="white",
                lw=1,
                capsize=2,
                label=label_of(spec, series, label),
            )
            cumulative = np.cumsum(histogram, axis=1) / bins
            error = cumulative.std(axis=0, ddof=1) / np.sqrt(len(histogram))
            ends = (np.arange(bins) + 1) / bins
            right.errorbar(
                ends,
                cumulative.mean(axis=0),
                error,
                color=colour,
                marker=marker,
                ms=3.5,
                mfc="white",
                ls="none",
                capsize=2,
            )
    left.set(
        xlabel=spec.get("xlabel", "value"),
        ylabel=spec.get("ylabel", "probability density"),
        xlim=(0, 1),
    )
    left.set_ylim(bottom=0)
    right.set(
        xlabel=spec.get("xlabel", "value"),
        ylabel="cumulative probability",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    legend(left, "upper left")
    legend(right, "upper left")
    return figure


def images(spec: dict[str, Any], results: Results) -> Figure:
    """Stored, corrupted and recalled states of the first sample as pictures: a column for each
    value of `x`, rows `arrays`.
    """
    series = spec["simulation"]
    blocks = [(name, results[name].isel(size=0, sample=0)) for name in series]
    columns = len(blocks[0][1][spec["x"]])
    rows = [(name, block, array) for name, block in blocks for array in spec["arrays"]]
    figure = Figure(figsize=(1.05 * columns + 1.9, 1.05 * len(rows) + 0.7), layout="constrained")
    grid = np.atleast_2d(figure.subplots(len(rows), columns))
    for row, (axes_row, (name, block, array)) in enumerate(zip(grid, rows, strict=True)):
        for axes, value in zip(axes_row, block[spec["x"]].values, strict=True):
            pixels = block[array].sel({spec["x"]: value}).values
            pixels = pixels[np.isfinite(pixels)]
            axes.imshow(
                pixels.reshape(_height(len(pixels)), -1),
                cmap=spec.get("colours", "gray_r"),
                vmin=-1,
                vmax=1,
                interpolation="nearest",
            )
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
            for spine in axes.spines.values():
                spine.set(visible=True, color="0.7", linewidth=0.6)
            if row == 0:
                count = round(float(value) * len(pixels))
                axes.set_title(
                    spec.get("column", "{value:g}").format(value=value, count=count), fontsize=9
                )
        text = spec.get("labels", {}).get(name, name)
        axes_row[0].set_ylabel(
            f"{array.replace('_', ' ')}\n{text}", rotation=0, ha="right", va="center", fontsize=8.5
        )
    return figure


def _height(pixels: int) -> int:
    """Rows of a picture of so many pixels: of a square where it is one, else of the rectangle
    nearest to it.
    """
    return (
        next(side for side in range(int(pixels**0.5 + 1e-9), 0, -1) if pixels % side == 0)
        if pixels
        else 1
    )


def profile(spec: dict[str, Any], results: Results) -> Figure:
    """An array of each sample (sorted eigenvalues, say) against its place in it, as a fraction;
    mean over samples, one line each.
    """
    figure, (axes,) = make_panels(1, spec)
    hues = cycle(PALETTE)
    for series in spec["simulation"]:
        for label, points in lines_of(
            select(results[series], spec.get("at", {})), None, sampled=True
        ):
            values = points[spec["array"]].transpose("sample", ...).values.mean(axis=0)
            values = values[np.isfinite(values)]
            axes.plot(
                (np.arange(len(values)) + 0.5) / len(values),
                values,
                color=next(hues),
                label=label_of(spec, series, label),
            )
    axes.set(
        xlabel=spec.get("xlabel", "place"),
        ylabel=spec.get("ylabel", spec["array"].replace("_", " ")),
    )
    limits(axes, spec)
    legend(axes, spec.get("legend", "best"))
    return figure


def function(spec: dict[str, Any], results: Results) -> Figure:
    """An array against another (an autocorrelation against lag, say): theory as lines, mean and
    error over samples as points.

    `ordinate` may list several arrays, each with its label ("": none); those that `dashed` names
    are lines, of the colours of the others in their order.
    """
    figure, (axes,) = make_panels(1, spec)
    hues, marks = cycle(PALETTE), cycle(MARKERS)
    several = isinstance(spec["ordinate"], list)
    names, words = spec["ordinate"] if several else [spec["ordinate"]], spec.get("labels", {})
    for series in spec.get("theory", []):
        for label, line in lines_of(select(results[series], spec.get("at", {})), None):
            for name in names:
                axes.plot(
                    line[spec["abscissa"]].values,
                    line[name].values,
                    color=next(hues),
                    label=label_of(spec, series, label),
                )
    hues, others = cycle(PALETTE), cycle(PALETTE)
    for series in spec.get("simulation", []):
        for label, points in lines_of(
            select(results[series], spec.get("at", {})), None, sampled=True
        ):
            x = _along(points[spec["abscissa"]])
            for name in names:
                text = label_of(spec, series, label)
                if several:
                    shared = [words.get(series, series)] if len(spec["simulation"]) > 1 else []
                    text = (
                        ", ".join([*shared, words.get(name, name)])
                        if words.get(name, name)
                        else "_"
                    )
                y = points[name].transpose("sample", ...).values
                if name in spec.get("dashed", []):
                    axes.plot(x, y.mean(axis=0), "--", color=next(others), lw=1, label=text)
                    continue
                shown = _spread(
                    x,
                    np.flatnonzero(np.isfinite(y).all(axis=0) & np.isfinite(x)),
                    spec.get("xscale"),
                )
                mean, error = (
                    y[:, shown].mean(axis=0),
                    (y[:, shown].std(axis=0, ddof=1) / np.sqrt(len(y)) if len(y) > 1 else None),
                )
                style = {
                    "color": next(hues),
                    "marker": next(marks),
                    "ms": 3.6,
                    "mfc": "white",
                    "lw": 0.9,
                    "capsize": 2,
                }
                axes.errorbar(
                    x[shown],
                    mean,
                    error,
                    label=text,
                    ls="-" if spec.get("join") else "none",
                    **style,
                )
    axes.set(
        xlabel=spec.get("xlabel", spec["abscissa"].replace("_", " ")),
        ylabel=spec.get("ylabel", names[0].replace("_", " ")),
    )
    limits(axes, spec)
    legend(axes, spec.get("legend", "best"))
    return figure


def _along(x: xr.DataArray) -> np.ndarray:
    """The numbers along an axis: its coordinate, or an array of the first sample."""
    return x.values if "sample" not in x.dims else x.transpose("sample", ...).values[0]


def _spread(x: np.ndarray, known: np.ndarray, scale: str | None) -> np.ndarray:
    """About 24 of the places `known`, evenly spread on the axis as drawn."""
    if scale != "log":
        return known[:: max(len(known) // 24, 1)]
    known = known[x[known] > 0]
    marks = np.geomspace(x[known[0]], x[known[-1]], 24) if len(known) else []
    return np.unique([known[np.argmin(np.abs(x[known] - mark))] for mark in marks]).astype(int)


def gallery(spec: dict[str, Any], results: Results) -> Figure:
    """Pictures of the first sample: a row for each of `arrays` (pictures, pixels), black and white
    for 0 to 1, in colours with a sign.
    """
    chosen = {name: select(results[name], spec.get("at", {})) for name in spec["simulation"]}
    first = {"size": 0, "sample": 0}
    blocks = [
        (name, data.isel(first, missing_dims="ignore").squeeze(drop=True))
        for name, data in chosen.items()
    ]
    rows = [
        (name, array, block[array].values) for name, block in blocks for array in spec["arrays"]
    ]
    count = max(len(pictures) for _, _, pictures in rows)
    figure = Figure(figsize=(0.85 * count + 1.9, 0.85 * len(rows) + 0.5), layout="constrained")
    grid = np.atleast_2d(figure.subplots(len(rows), count))
    for axes_row, (name, array, pictures) in zip(grid, rows, strict=True):
        signed = np.nanmin(pictures) < 0
        for k, axes in enumerate(axes_row):
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
            pixels = pictures[k][np.isfinite(pictures[k])] if k < len(pictures) else np.zeros(0)
            for spine in axes.spines.values():
                spine.set(visible=len(pixels) > 0, color="0.7", linewidth=0.6)
            if not len(pixels):
                continue
            most = np.abs(pixels).max() if signed else 1.0
            colours = "RdBu_r" if signed else "gray_r"
            axes.imshow(
                pixels.reshape(_height(len(pixels)), -1),
                cmap=colours,
                vmin=-most if signed else 0,
                vmax=most,
                interpolation="nearest",
            )
        text = spec.get("labels", {}).get(array, array.replace("_", " "))
        text = (
            f"{text}\n{spec.get('labels', {}).get(name, name)}"
            if len(spec["simulation"]) > 1
            else text
        )
        axes_row[0].set_ylabel(text, rotation=0, ha="right", va="center", fontsize=8.5)
    return figure
