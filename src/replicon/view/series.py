"""What each kind of figure shows, read from results and the figure's table: numbers, error bars,
labels, colours by role. Knows no physics and no matplotlib; `view.figure` draws it.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import xarray as xr

from replicon._errors import InputError
from replicon._result import grid_axes, shown
from replicon._statistics import binomial_interval, mean_and_error
from replicon.view import series_of_arrays
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
)
from replicon.view.marks import Curve, Drawing, Heat, Label, Panel, Points, Region, Vertical


def read(spec: dict[str, Any], results: Results) -> Drawing:
    """What a figure shows. `spec`: its checked table; `results`: {series: Dataset}. Raises
    InputError where its series lack what it shows.
    """
    kind = spec.get("kind", "curves")
    try:
        return KINDS[kind](spec, results)
    except KeyError as error:
        raise InputError(
            f"A figure of kind '{kind}' shows what its series do not have: {error.args[0]}."
        ) from None
    except InputError:
        raise
    except ValueError:
        raise InputError(
            f"A figure of kind '{kind}' cannot show these series: look at what they list, and at"
            " the axes of their arrays."
        ) from None


def curves(spec: dict[str, Any], results: Results) -> Drawing:
    """Observables against a control: `x`, `y` (a name or a list: one panel each), `theory`,
    `simulation`, `transition`.
    """
    names = spec["y"] if isinstance(spec["y"], list) else [spec["y"]]
    panels = [_curves_panel(spec, results, name) for name in names]
    return drawing("curves", spec, *panels)


def _curves_panel(spec: dict[str, Any], results: Results, name: str) -> Panel:
    marks: list[Any] = []
    hues = count()
    for series in spec.get("theory", []):
        data = select(results[series], spec.get("at", {}))
        for label, line in lines_of(data, spec.get("along", {}).get(series, spec["x"])):
            y = line[spec.get("y_of", {}).get(series, name)].values
            marks += _theory_line(spec, line, y, label_of(spec, series, label), next(hues))
    # Points take the colours of their theory, joined points (which need not have one) others.
    join = bool(spec.get("join"))
    hues = hues if join else count()
    markers = count()
    for series in spec.get("simulation", []):
        for label, points in lines_of(select(results[series], spec.get("at", {})), spec["x"]):
            shown_at = measured(points, spec["x"], name)
            text = label_of(spec, series, label)
            marks.append(Points(*shown_at, text, "simulation", next(hues), next(markers), join))
    marks += _special_values(spec, results)
    model = model_of(spec, results)
    return panel(spec, marks, axis_label(model, spec["x"]), axis_label(model, name))


def _theory_line(
    spec: dict[str, Any], line: xr.Dataset, y: np.ndarray, label: Label, hue: int
) -> list[Curve]:
    """A theory's line: solid where it is stable or that is not known, dashed where it is not."""
    x = line[spec["x"]].values
    stable = line["stable"].values if "stable" in line else np.full(len(x), np.nan)
    out = [Curve(x, np.where(stable == 0, np.nan, y), label, "theory", hue)]
    seen = (stable == 0) & np.isfinite(y)
    if seen.any():
        # One neighbour each side closes the gap.
        unstable = seen | np.r_[False, seen[:-1]] | np.r_[seen[1:], False]
        only = label if (stable == 0)[np.isfinite(y)].all() else None
        out.append(Curve(x, np.where(unstable, y, np.nan), only, "theory", hue, "dashed"))
    return out


def _special_values(spec: dict[str, Any], results: Results) -> list[Vertical]:
    """Transitions that are one value of the abscissa."""
    out = []
    for series in spec.get("transition", []):
        data = results[series]
        if data["value"].ndim == 0 and data.attrs["control"] == spec["x"]:
            named = spec.get("labels", {}).get(series, data.attrs["transition"])
            value = float(data["value"])
            out.append(Vertical(value, given(f"{named} {value:.4g}"), "transition", None))
    return out


def measured(points: xr.Dataset, x: str, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, mean and error bars (2, points) of one observable along a simulated line; points that were
    not simulated are left out.

    Bars are standard errors, for a fraction of samples 95 % confidence intervals.
    """
    places = []
    rows = []
    fraction = name in shown(points).fractions
    for value in points[x].values:
        at = points.sel({x: value})
        of_samples = [v for v in at.data_vars if at[v].dims == ("sample",)]
        if not of_samples or not all(bool(at[v].isnull().all()) for v in of_samples):
            # What a model forms from moments was stored with them.
            kept = f"{name}_error" in at and at[name].ndim == 0
            mean, error = (
                (at[name], at[f"{name}_error"]) if kept else mean_and_error(at[name].values)
            )
            below = above = float(error)
            if fraction and not kept:
                low, high = binomial_interval(at[name].values)
                below = float(mean) - low
                above = high - float(mean)
            places.append(value)
            rows.append((float(mean), below, above))
    table = np.array(rows, float).reshape(-1, 3)
    return np.array(places), table[:, 0], np.maximum(table[:, 1:].T, 0.0)


def phase_diagram(spec: dict[str, Any], results: Results) -> Drawing:
    """Transition lines in the plane of two controls `x`, `y`; `regions`: [{label, x, y}] in data
    units.
    """
    marks = _lines_in_the_plane(spec, results)
    for region in spec.get("regions", []):
        place = region["x"], region["y"]
        marks.append(Region(*place, given(region["label"]), region.get("rotation", 0)))
    model = model_of(spec, results)
    labels = axis_label(model, spec["x"]), axis_label(model, spec["y"])
    return drawing("phase-diagram", spec, panel(spec, marks, *labels))


def _lines_in_the_plane(spec: dict[str, Any], results: Results) -> list[Any]:
    """Transitions that give one of the controls `x`, `y` and list the other."""
    marks: list[Any] = []
    for hue, series in enumerate(spec.get("transition", [])):
        data = results[series]
        (other,) = grid_axes(data)
        columns = {data.attrs["control"]: data["value"].values, other: data[other].values}
        dash = "dashed" if series in spec.get("dashed", []) else "solid"
        label = label_of(spec, series, given(""))
        x = columns[spec["x"]]
        y = columns[spec["y"]]
        marks.append(Curve(x, y, label, "transition", hue, dash))
    return marks


def heat_map(spec: dict[str, Any], results: Results) -> Drawing:
    """Observables over the plane of two listed controls `x`, `y`, each in colours on a panel of its
    own, with transitions as lines upon them; of simulations, means over samples. What is listed
    beside x and y has panels of its own.
    """
    names = spec["observables"]
    names = names if isinstance(names, list) else [names]
    lines = _lines_in_the_plane(spec, results)
    panels = []
    for series in (*spec.get("theory", []), *spec.get("simulation", [])):
        for label, plane in lines_of(
            select(results[series], spec.get("at", {})), spec["x"], spec["y"]
        ):
            for name in names:
                marks: list[Any] = [_heat(spec, plane, name), *lines]
                model = shown(plane)
                labels = axis_label(model, spec["x"]), axis_label(model, spec["y"])
                title = label_of(spec, series, label)
                panels.append(panel(spec, marks, *labels)._replace(title=title))
    return drawing("heat-map", {"legend": "outside", **spec}, *panels)


def _heat(spec: dict[str, Any], plane: xr.Dataset, name: str) -> Heat:
    """One observable over the plane. What has both signs is coloured about zero."""
    heights = plane[name].transpose(spec["y"], spec["x"], ...)
    heights = heights.mean("sample", skipna=False) if "sample" in heights.dims else heights
    heights = heights.sortby([spec["x"], spec["y"]])
    values = heights.values.astype(float)
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    signed = low < 0 < high
    reach = max(-low, high)
    low, high = (-reach, reach) if signed else (low, high)
    colours = spec.get("colours", "RdBu_r" if signed else "viridis")
    across = heights[spec["x"]].values, heights[spec["y"]].values
    return Heat(*across, values, float(low), float(high), colours, axis_label(shown(plane), name))


def collapse(spec: dict[str, Any], results: Results) -> Drawing:
    """Finite-size scaling: y L^y_exponent against (x - x_c) L^x_exponent; left the raw data with
    the theory, right collapsed.
    """
    critical = float(results[spec["critical"]]["value"])
    raw: list[Any] = []
    scaled: list[Any] = []
    for series in spec.get("theory", []):
        data = results[series]
        label = label_of(spec, series, given(""))
        raw.append(Curve(data[spec["x"]].values, data[spec["y"]].values, label, "theory", None))
    lines = [
        (label_of(spec, series, label), points)
        for series in spec["simulation"]
        for label, points in lines_of(results[series], spec["x"])
    ]
    for hue, (label, points) in enumerate(lines):
        size = float(points["size"])
        x, mean, error = measured(points, spec["x"], spec["y"])
        factor = size ** spec["y_exponent"]
        distance = (x - critical) * size ** spec["x_exponent"]
        raw.append(Points(x, mean, error, label, "simulation", hue, hue))
        scaled.append(Points(distance, mean * factor, error * factor, None, "simulation", hue, hue))
    raw.append(Vertical(critical, None, "transition", None))
    scaled.append(Vertical(0.0, None, "transition", None))
    model = model_of(spec, results)
    left = Panel(tuple(raw), axis_label(model, spec["x"]), axis_label(model, spec["y"]))
    right = Panel(
        tuple(scaled),
        given(spec.get("xlabel", "scaled distance to the transition")),
        given(spec.get("ylabel", "scaled observable")),
        xlim=tuple(spec["xlim"]) if "xlim" in spec else None,
    )
    return drawing("collapse", spec, left, right)


KINDS = {
    "curves": curves,
    "phase-diagram": phase_diagram,
    "heat-map": heat_map,
    "collapse": collapse,
    **series_of_arrays.KINDS,
}
