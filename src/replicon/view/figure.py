"""Figures of a study: theory as lines, simulation as points with error bars, phase diagrams with labelled regions.

Reads results (Datasets) and declarations; knows no physics. A [[figure]] of a study has a `kind`, one function here each.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replicon import models
from replicon._errors import InputError
from replicon._result import grid_axes
from replicon.study.evaluate import interval, summarize

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#4d4d4d", "#882255")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

STYLE = {
    "font.size": 9.5,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "mathtext.fontset": "cm",
}

Results = dict[str, xr.Dataset]

# Symbols of declarations that are Greek words, as mathematics.
_GREEK = {"alpha", "beta", "chi", "xi", "sigma", "rho", "lambda", "mu", "tau", "kappa", "gamma", "phi", "Delta"}


def draw(specification: dict[str, Any], results: Results) -> Figure:
    """One figure of a study, its entry checked by `study.plan`. Raises InputError where its series lack what it shows."""
    import matplotlib as mpl

    kind = specification.get("kind", "curves")
    with mpl.rc_context(rc=STYLE):  # pyright: ignore[reportArgumentType]
        try:
            return KINDS[kind](specification, results)
        except KeyError as error:
            raise InputError(f"A figure of kind '{kind}' shows what its series do not have: {error.args[0]}.") from None


def curves(spec: dict[str, Any], results: Results) -> Figure:
    """Observables against a control: `x`, `y` (a name or a list: one panel each), `theory`, `simulation`, `transition`."""
    names = spec["y"] if isinstance(spec["y"], list) else [spec["y"]]
    figure, panels = _panels(len(names), spec)
    for axes, name in zip(panels, names, strict=True):
        _curves_panel(axes, spec, results, name)
        _decorate(axes, spec, results, name)
    handles = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    if handles:
        place = {"loc": spec.get("legend", "best")}
        if place["loc"] == "outside":
            place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
        panels[-1].legend(handles.values(), handles.keys(), **place)
    return figure


def _curves_panel(axes: Axes, spec: dict[str, Any], results: Results, name: str) -> None:
    hues = cycle(PALETTE)
    for series in spec.get("theory", []):
        data = results[series]
        for label, line in _lines(data, spec.get("along", {}).get(series, spec["x"])):
            colour = next(hues)
            x, y = line[spec["x"]].values, line[spec.get("y_of", {}).get(series, name)].values
            stable = line["stable"].values if "stable" in line else np.full(len(x), np.nan)
            text = _label(spec, series, label)
            axes.plot(x, np.where(stable == 0, np.nan, y), color=colour, label=text)
            if (stable == 0).any():
                # What is not stable is dashed; one neighbour each side closes the gap.
                unstable = (stable == 0) | np.r_[False, stable[:-1] == 0] | np.r_[stable[1:] == 0, False]
                only = text if (stable == 0)[np.isfinite(y)].all() else None
                axes.plot(x, np.where(unstable, y, np.nan), "--", color=colour, label=only)
    # Points take the colours of their theory, joined points (which need not have one) others.
    hues, marks = hues if spec.get("join") else cycle(PALETTE), cycle(MARKERS)
    for series in spec.get("simulation", []):
        for label, points in _lines(results[series], spec["x"], sampled=True):
            x, mean, error = measured(points, spec["x"], name)
            style = {"color": next(hues), "marker": next(marks), "ms": 4.2, "mfc": "white", "lw": 0.9, "capsize": 2}
            axes.errorbar(x, mean, error, ls="-" if spec.get("join") else "none", label=_label(spec, series, label), **style)


def _decorate(axes: Axes, spec: dict[str, Any], results: Results, name: str) -> None:
    for series in spec.get("transition", []):
        data = results[series]
        if data["value"].ndim == 0 and data.attrs["control"] == spec["x"]:
            named = spec.get("labels", {}).get(series, data.attrs["transition"])
            axes.axvline(float(data["value"]), color="0.35", lw=1, ls=":", label=f"{named} {float(data['value']):.4g}")
    model = _model(spec, results)
    axes.set_xlabel(spec.get("xlabel") or _axis_label(model, spec["x"]))
    axes.set_ylabel(spec.get("ylabel") or _axis_label(model, name))
    _limits(axes, spec)


def measured(points: xr.Dataset, x: str, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, mean and error bars (2, points) of one observable along a simulated line; points that were not simulated are left out.

    Bars are standard errors, for a fraction of samples 95 % confidence intervals.
    """
    rows = []
    for value in points[x].values:
        at = points.sel({x: value})
        if not all(bool(at[v].isnull().all()) for v in at.data_vars if at[v].dims == ("sample",)):
            mean, error = summarize(points.attrs["model"], at)[name]
            ends = interval(points.attrs["model"], at, name)
            rows.append((float(value), mean, *((error, error) if ends is None else (mean - ends[0], ends[1] - mean))))
    table = np.array(rows, float).reshape(-1, 4)
    return table[:, 0], table[:, 1], np.maximum(table[:, 2:].T, 0.0)


def phase_diagram(spec: dict[str, Any], results: Results) -> Figure:
    """Transition lines in the plane of two controls `x`, `y`; `regions`: [{label, x, y}] in data units."""
    figure, (axes,) = _panels(1, spec, size=(6.2, 4.4))
    for series, colour in zip(spec["transition"], cycle(PALETTE)):
        data = results[series]
        (other,) = grid_axes(data)
        columns = {data.attrs["control"]: data["value"].values, other: data[other].values}
        style = "--" if series in spec.get("dashed", []) else "-"
        axes.plot(columns[spec["x"]], columns[spec["y"]], style, color=colour, label=_label(spec, series, ""))
    for region in spec.get("regions", []):
        axes.text(
            region["x"],
            region["y"],
            region["label"],
            ha="center",
            va="center",
            fontsize=10,
            color="0.2",
            rotation=region.get("rotation", 0),
        )
    model = _model(spec, results)
    axes.set_xlabel(spec.get("xlabel") or _axis_label(model, spec["x"]))
    axes.set_ylabel(spec.get("ylabel") or _axis_label(model, spec["y"]))
    _limits(axes, spec)
    axes.legend(loc=spec.get("legend", "best"))
    return figure


def distribution(spec: dict[str, Any], results: Results) -> Figure:
    """Probability densities of simulations (left) and, right, their cumulatives beside the theory's staircases.

    `density`: name of a histogram on [0, 1]; `levels`, `weights`: the theory's values and their probabilities. `at`: one value
    of a listed control.
    """
    figure, (left, right) = _panels(2, spec)
    for series, colour in zip(spec.get("theory", []), cycle(PALETTE)):
        data = _select(results[series], spec.get("at", {}))
        level, weight = np.ravel(data[spec["levels"]].values), np.ravel(data[spec["weights"]].values)
        keep = np.isfinite(level)
        level, weight = level[keep], weight[keep]
        edges = np.concatenate([[0.0], level, [1.0]])
        heights = np.concatenate([[0.0], np.cumsum(weight)])
        right.stairs(heights, edges, baseline=None, color=colour, label=_label(spec, series, ""), lw=1.6)
        left.axvline(level[-1], color=colour, ls=":", lw=1.2)
    styles = cycle(zip(("#4d4d4d", "#882255", "#56b4e9", "#e69f00"), MARKERS))
    for series in spec.get("simulation", []):
        for label, points in _lines(_select(results[series], spec.get("at", {})), None, sampled=True):
            colour, marker = next(styles)
            histogram = points[spec["density"]].transpose("sample", ...).values
            bins = histogram.shape[-1]
            middle = (np.arange(bins) + 0.5) / bins
            mean, error = histogram.mean(axis=0), histogram.std(axis=0, ddof=1) / np.sqrt(len(histogram))
            left.errorbar(
                middle, mean, error, color=colour, marker=marker, ms=3.5, mfc="white", lw=1, capsize=2, label=_label(spec, series, label)
            )
            cumulative = np.cumsum(histogram, axis=1) / bins
            error = cumulative.std(axis=0, ddof=1) / np.sqrt(len(histogram))
            ends = (np.arange(bins) + 1) / bins
            right.errorbar(ends, cumulative.mean(axis=0), error, color=colour, marker=marker, ms=3.5, mfc="white", ls="none", capsize=2)
    left.set(xlabel=spec.get("xlabel", "value"), ylabel=spec.get("ylabel", "probability density"), xlim=(0, 1))
    left.set_ylim(bottom=0)
    right.set(xlabel=spec.get("xlabel", "value"), ylabel="cumulative probability", xlim=(0, 1), ylim=(0, 1.02))
    left.legend(loc="upper left")
    right.legend(loc="upper left")
    return figure


def collapse(spec: dict[str, Any], results: Results) -> Figure:
    """Finite-size scaling: y L^y_exponent against (x - x_c) L^x_exponent; left the raw data with the theory, right collapsed."""
    figure, (left, right) = _panels(2, spec)
    critical = float(results[spec["critical"]]["value"])
    for series in spec.get("theory", []):
        data = results[series]
        left.plot(data[spec["x"]].values, data[spec["y"]].values, color="0.2", label=_label(spec, series, ""))
    styles = cycle(zip(PALETTE, MARKERS))
    for series in spec["simulation"]:
        for label, points in _lines(results[series], spec["x"], sampled=True):
            colour, marker = next(styles)
            size = float(points["size"])
            x, mean, error = measured(points, spec["x"], spec["y"])
            style = {"color": colour, "marker": marker, "ms": 4, "mfc": "white", "ls": "none", "capsize": 2}
            left.errorbar(x, mean, error, label=_label(spec, series, label), **style)
            factor = size ** spec["y_exponent"]
            right.errorbar((x - critical) * size ** spec["x_exponent"], mean * factor, error * factor, **style)
    left.axvline(critical, color="0.35", ls=":", lw=1)
    right.axvline(0, color="0.35", ls=":", lw=1)
    model = _model(spec, results)
    left.set(xlabel=_axis_label(model, spec["x"]), ylabel=_axis_label(model, spec["y"]))
    right.set(xlabel=spec.get("xlabel", "scaled distance to the transition"), ylabel=spec.get("ylabel", "scaled observable"))
    if "xlim" in spec:
        right.set_xlim(*spec["xlim"])
    left.legend(loc=spec.get("legend", "best"))
    return figure


def images(spec: dict[str, Any], results: Results) -> Figure:
    """Stored, corrupted and recalled states of the first sample as pictures: a column for each value of `x`, rows `arrays`."""
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
            side = round(len(pixels) ** 0.5)
            axes.imshow(pixels.reshape(side, side), cmap=spec.get("colours", "gray_r"), vmin=-1, vmax=1, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
            for spine in axes.spines.values():
                spine.set(visible=True, color="0.7", linewidth=0.6)
            if row == 0:
                count = round(float(value) * len(pixels))
                axes.set_title(spec.get("column", "{value:g}").format(value=value, count=count), fontsize=9)
        text = spec.get("labels", {}).get(name, name)
        axes_row[0].set_ylabel(f"{array.replace('_', ' ')}\n{text}", rotation=0, ha="right", va="center", fontsize=8.5)
    return figure


def profile(spec: dict[str, Any], results: Results) -> Figure:
    """An array of each sample (sorted eigenvalues, say) against its place in it, as a fraction; mean over samples, one line each."""
    figure, (axes,) = _panels(1, spec)
    hues = cycle(PALETTE)
    for series in spec["simulation"]:
        for label, points in _lines(_select(results[series], spec.get("at", {})), None, sampled=True):
            values = points[spec["array"]].transpose("sample", ...).values.mean(axis=0)
            values = values[np.isfinite(values)]
            axes.plot((np.arange(len(values)) + 0.5) / len(values), values, color=next(hues), label=_label(spec, series, label))
    axes.set(xlabel=spec.get("xlabel", "place"), ylabel=spec.get("ylabel", spec["array"].replace("_", " ")))
    _limits(axes, spec)
    axes.legend(loc=spec.get("legend", "best"))
    return figure


def function(spec: dict[str, Any], results: Results) -> Figure:
    """An array against another (an autocorrelation against lag, say): theory as lines, mean and error over samples as points."""
    figure, (axes,) = _panels(1, spec)
    hues, marks = cycle(PALETTE), cycle(MARKERS)
    for series in spec.get("theory", []):
        for label, line in _lines(_select(results[series], spec.get("at", {})), None):
            axes.plot(line[spec["abscissa"]].values, line[spec["ordinate"]].values, color=next(hues), label=_label(spec, series, label))
    hues = cycle(PALETTE)
    for series in spec.get("simulation", []):
        for label, points in _lines(_select(results[series], spec.get("at", {})), None, sampled=True):
            y = points[spec["ordinate"]].transpose("sample", ...).values
            x = points[spec["abscissa"]].transpose("sample", ...).values[0]
            known = np.flatnonzero(np.isfinite(y).all(axis=0))
            shown = known[:: max(len(known) // 24, 1)]
            mean, error = y[:, shown].mean(axis=0), y[:, shown].std(axis=0, ddof=1) / np.sqrt(len(y))
            style = {"color": next(hues), "marker": next(marks), "ms": 3.6, "mfc": "white", "lw": 0.9, "capsize": 2, "ls": "none"}
            axes.errorbar(x[shown], mean, error, label=_label(spec, series, label), **style)
    axes.set(xlabel=spec.get("xlabel", spec["abscissa"].replace("_", " ")), ylabel=spec.get("ylabel", spec["ordinate"].replace("_", " ")))
    _limits(axes, spec)
    axes.legend(loc=spec.get("legend", "best"))
    return figure


KINDS = {
    "curves": curves,
    "phase-diagram": phase_diagram,
    "distribution": distribution,
    "collapse": collapse,
    "images": images,
    "profile": profile,
    "function": function,
}


def _panels(count: int, spec: dict[str, Any], size: tuple[float, float] | None = None) -> tuple[Figure, list[Axes]]:
    width, height = size or ((5.6, 3.8) if count == 1 else (4.3 * count, 3.6))
    figure = Figure(figsize=(width, height), layout="constrained")
    panels = list(np.atleast_1d(figure.subplots(1, count)))
    if "title" in spec:
        figure.suptitle(spec["title"], fontsize=11)
    return figure, panels


def _lines(data: xr.Dataset, x: str | None, sampled: bool = False) -> Iterator[tuple[str, xr.Dataset]]:
    """Split a Dataset along every listed control (and size) but x; the label says which line it is."""
    axes = [name for name in ("size", *grid_axes(data)) if name in data.dims and name != x]
    for index in np.ndindex(*(data.sizes[name] for name in axes)):
        line = data.isel(dict(zip(axes, index, strict=True)))
        words = []
        for name in axes:
            value = line.coords[name].values.item()
            model = models.get(data.attrs["model"])
            symbol = model.size_symbol if name == "size" else _symbol(model, name)
            words.append(value if isinstance(value, str) else f"{symbol} = {value:g}")
        yield ", ".join(words), line


def _label(spec: dict[str, Any], series: str, line: str) -> str:
    named = spec.get("labels", {}).get(series, series)
    return ", ".join(filter(None, (named, line)))


def _select(data: xr.Dataset, at: dict[str, Any]) -> xr.Dataset:
    return data.sel({name: value for name, value in at.items() if name in data.dims})


def _model(spec: dict[str, Any], results: Results):
    for kind in ("simulation", "theory", "transition"):
        for series in spec.get(kind, []):
            return models.get(results[series].attrs["model"])
    raise InputError("A figure shows no series: give it theory, simulation or transition.")


def _symbol(model, name: str) -> str:
    for item in (*model.controls, *model.observables):
        if item.name == name:
            symbol = item.symbol
            word = symbol.rstrip("0123456789")
            if word in _GREEK:
                return f"$\\{symbol}$"
            base, _, index = symbol.partition("_")
            if index:
                return f"${base}_{{\\mathrm{{{index}}}}}$"
            return f"${symbol}$" if len(symbol) <= 4 else symbol
    return name


def _axis_label(model, name: str) -> str:
    if name == "size":
        return model.size_meaning
    symbol = _symbol(model, name)
    words = name.replace("_", " ")
    return words if symbol == name else f"{words} {symbol}"


def _limits(axes: Axes, spec: dict[str, Any]) -> None:
    if "xlim" in spec:
        axes.set_xlim(*spec["xlim"])
    if "ylim" in spec:
        axes.set_ylim(*spec["ylim"])
    if spec.get("xscale"):
        axes.set_xscale(spec["xscale"])
    if spec.get("yscale"):
        axes.set_yscale(spec["yscale"])
