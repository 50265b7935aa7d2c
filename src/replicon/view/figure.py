"""Figures of a study: theory as lines, simulation as points with error bars, phase diagrams with
labelled regions.

Reads results (Datasets) and declarations; knows no physics. A [[figure]] of a study has a `kind`,
one function here each.
"""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replicon._errors import InputError
from replicon._result import grid_axes, shown
from replicon._statistics import binomial_interval, mean_and_error
from replicon.view import arrays, landscapes
from replicon.view.axes import (
    MARKERS,
    PALETTE,
    Results,
    axis_label,
    label_of,
    legend,
    limits,
    lines_of,
    make_panels,
    model_of,
    select,
)

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


def draw(specification: dict[str, Any], results: Results) -> Figure:
    """Draw one figure of a study and return it, a matplotlib Figure.

    `specification`: an entry of the checked study's "figure" list; `results`: what `run_study` or
    `load_results` returns. Raises InputError where its series lack what it shows.
    """
    import matplotlib as mpl

    kind = specification.get("kind", "curves")
    with mpl.rc_context(rc=STYLE):  # pyright: ignore[reportArgumentType]
        try:
            return KINDS[kind](specification, results)
        except KeyError as error:
            raise InputError(
                f"A figure of kind '{kind}' shows what its series do not have: {error.args[0]}."
            ) from None


def curves(spec: dict[str, Any], results: Results) -> Figure:
    """Observables against a control: `x`, `y` (a name or a list: one panel each), `theory`,
    `simulation`, `transition`.
    """
    names = spec["y"] if isinstance(spec["y"], list) else [spec["y"]]
    figure, panels = make_panels(len(names), spec)
    for axes, name in zip(panels, names, strict=True):
        _curves_panel(axes, spec, results, name)
        _decorate(axes, spec, results, name)
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if handles:
        place = {"loc": spec.get("legend", "best")}
        if place["loc"] == "outside":
            place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
        panels[-1].legend(handles.values(), handles.keys(), **place)
    return figure


def _curves_panel(axes: Axes, spec: dict[str, Any], results: Results, name: str) -> None:
    hues = cycle(PALETTE)
    for series in spec.get("theory", []):
        data = select(results[series], spec.get("at", {}))
        for label, line in lines_of(data, spec.get("along", {}).get(series, spec["x"])):
            colour = next(hues)
            x, y = line[spec["x"]].values, line[spec.get("y_of", {}).get(series, name)].values
            stable = line["stable"].values if "stable" in line else np.full(len(x), np.nan)
            text = label_of(spec, series, label)
            axes.plot(x, np.where(stable == 0, np.nan, y), color=colour, label=text)
            if (stable == 0).any():
                # What is not stable is dashed; one neighbour each side closes the gap.
                unstable = (
                    (stable == 0) | np.r_[False, stable[:-1] == 0] | np.r_[stable[1:] == 0, False]
                )
                only = text if (stable == 0)[np.isfinite(y)].all() else None
                axes.plot(x, np.where(unstable, y, np.nan), "--", color=colour, label=only)
    # Points take the colours of their theory, joined points (which need not have one) others.
    hues, marks = hues if spec.get("join") else cycle(PALETTE), cycle(MARKERS)
    for series in spec.get("simulation", []):
        for label, points in lines_of(
            select(results[series], spec.get("at", {})), spec["x"], sampled=True
        ):
            x, mean, error = measured(points, spec["x"], name)
            style = {
                "color": next(hues),
                "marker": next(marks),
                "ms": 4.2,
                "mfc": "white",
                "lw": 0.9,
                "capsize": 2,
            }
            axes.errorbar(
                x,
                mean,
                error,
                ls="-" if spec.get("join") else "none",
                label=label_of(spec, series, label),
                **style,
            )


def _decorate(axes: Axes, spec: dict[str, Any], results: Results, name: str) -> None:
    for series in spec.get("transition", []):
        data = results[series]
        if data["value"].ndim == 0 and data.attrs["control"] == spec["x"]:
            named = spec.get("labels", {}).get(series, data.attrs["transition"])
            axes.axvline(
                float(data["value"]),
                color="0.35",
                lw=1,
                ls=":",
                label=f"{named} {float(data['value']):.4g}",
            )
    model = model_of(spec, results)
    axes.set_xlabel(spec.get("xlabel") or axis_label(model, spec["x"]))
    axes.set_ylabel(spec.get("ylabel") or axis_label(model, name))
    limits(axes, spec)


def measured(points: xr.Dataset, x: str, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, mean and error bars (2, points) of one observable along a simulated line; points that were
    not simulated are left out.

    Bars are standard errors, for a fraction of samples 95 % confidence intervals.
    """
    rows = []
    fraction = name in shown(points).fractions
    for value in points[x].values:
        at = points.sel({x: value})
        if not all(bool(at[v].isnull().all()) for v in at.data_vars if at[v].dims == ("sample",)):
            # What a model forms from moments was stored with them.
            kept = f"{name}_error" in at and at[name].ndim == 0
            mean, error = (
                (at[name], at[f"{name}_error"]) if kept else mean_and_error(at[name].values)
            )
            below = above = float(error)
            if fraction and not kept:
                low, high = binomial_interval(at[name].values)
                below, above = float(mean) - low, high - float(mean)
            rows.append((float(value), float(mean), below, above))
    table = np.array(rows, float).reshape(-1, 4)
    return table[:, 0], table[:, 1], np.maximum(table[:, 2:].T, 0.0)


def phase_diagram(spec: dict[str, Any], results: Results) -> Figure:
    """Transition lines in the plane of two controls `x`, `y`; `regions`: [{label, x, y}] in data
    units.
    """
    figure, (axes,) = make_panels(1, spec, size=(6.2, 4.4))
    for series, colour in zip(spec["transition"], cycle(PALETTE)):
        data = results[series]
        (other,) = grid_axes(data)
        columns = {data.attrs["control"]: data["value"].values, other: data[other].values}
        style = "--" if series in spec.get("dashed", []) else "-"
        axes.plot(
            columns[spec["x"]],
            columns[spec["y"]],
            style,
            color=colour,
            label=label_of(spec, series, ""),
        )
    for region in spec.get("regions", []):
        axes.update_datalim([(region["x"], region["y"])])
        axes.text(
            region["x"],
            region["y"],
            region["label"],
            ha="center",
            va="center",
            fontsize=10,
            color="0.2",
            rotation=region.get("rotation", 0),
            clip_on=True,
        )
    axes.autoscale_view()
    model = model_of(spec, results)
    axes.set_xlabel(spec.get("xlabel") or axis_label(model, spec["x"]))
    axes.set_ylabel(spec.get("ylabel") or axis_label(model, spec["y"]))
    limits(axes, spec)
    legend(axes, spec.get("legend", "best"))
    return figure


def collapse(spec: dict[str, Any], results: Results) -> Figure:
    """Finite-size scaling: y L^y_exponent against (x - x_c) L^x_exponent; left the raw data with
    the theory, right collapsed.
    """
    figure, (left, right) = make_panels(2, spec)
    critical = float(results[spec["critical"]]["value"])
    for series in spec.get("theory", []):
        data = results[series]
        left.plot(
            data[spec["x"]].values,
            data[spec["y"]].values,
            color="0.2",
            label=label_of(spec, series, ""),
        )
    styles = cycle(zip(PALETTE, MARKERS))
    for series in spec["simulation"]:
        for label, points in lines_of(results[series], spec["x"], sampled=True):
            colour, marker = next(styles)
            size = float(points["size"])
            x, mean, error = measured(points, spec["x"], spec["y"])
            style = {
                "color": colour,
                "marker": marker,
                "ms": 4,
                "mfc": "white",
                "ls": "none",
                "capsize": 2,
            }
            left.errorbar(x, mean, error, label=label_of(spec, series, label), **style)
            factor = size ** spec["y_exponent"]
            right.errorbar(
                (x - critical) * size ** spec["x_exponent"], mean * factor, error * factor, **style
            )
    left.axvline(critical, color="0.35", ls=":", lw=1)
    right.axvline(0, color="0.35", ls=":", lw=1)
    model = model_of(spec, results)
    left.set(xlabel=axis_label(model, spec["x"]), ylabel=axis_label(model, spec["y"]))
    right.set(
        xlabel=spec.get("xlabel", "scaled distance to the transition"),
        ylabel=spec.get("ylabel", "scaled observable"),
    )
    if "xlim" in spec:
        right.set_xlim(*spec["xlim"])
    legend(left, spec.get("legend", "best"))
    return figure


KINDS = {
    "landscape": landscapes.landscape,
    "spectrum": landscapes.spectrum,
    "curves": curves,
    "phase-diagram": phase_diagram,
    "distribution": arrays.distribution,
    "collapse": collapse,
    "images": arrays.images,
    "gallery": arrays.gallery,
    "profile": arrays.profile,
    "function": arrays.function,
}
