"""What is seen of a running network: each view that its model declares, by its kind, on a panel."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from replicon._errors import InputError
from replicon.study.process import Process
from replicon.view.axes import drawing, given, verbatim
from replicon.view.marks import Cloud, Curve, Drawing, Panel, Picture, Stairs
from replicon.view.series_of_arrays import pixels_of

_WIDE = 46  # letters of a title that a panel has room for
_MOST = 8  # curves of a trajectory, which colours tell apart


def views(process: Process) -> Drawing:
    """The views of a process now, a panel each. InputError where its model declares none."""
    if not process.model.views:
        raise InputError(f"{process.model.name} declares no views: draw what simulate returns.")
    seen = process.view()
    panels = []
    for view in process.model.views:
        title = verbatim(textwrap.fill(view.meaning, _WIDE))
        panels.append(_PANELS[view.kind](seen[view.name])._replace(title=title))
    steps = f"{process.model.title}, {process.steps} steps"
    return drawing("views", {"title": steps, "legend": "outside"}, *panels)


def _spins(seen: np.ndarray) -> Panel:
    """(N,) as a rectangle, (copies, N) a row each, of +-1."""
    pixels = pixels_of(seen) if seen.ndim == 1 else seen
    return Panel((Picture(pixels, -1, 1, "gray_r"),))


def _weights(seen: np.ndarray) -> Panel:
    """(rows, columns), coloured about zero."""
    reach = float(np.abs(seen).max(initial=0.0)) or 1.0
    return Panel((Picture(np.atleast_2d(seen), -reach, reach, "RdBu_r"),))


def _image(seen: np.ndarray) -> Panel:
    """(rows, columns), in grey from 0, or coloured about zero where there are both signs."""
    if seen.min(initial=0.0) < 0:
        return _weights(seen)
    return Panel((Picture(np.atleast_2d(seen), 0, float(seen.max(initial=0.0)) or 1.0, "gray_r"),))


def _trajectory(seen: np.ndarray) -> Panel:
    """(times, curves), the first few."""
    curves = seen.reshape(len(seen), -1 if seen.size else 0)[:, :_MOST].T
    times = np.arange(len(seen), dtype=float)
    marks = [Curve(times, y, None, "simulation", hue, thin=True) for hue, y in enumerate(curves)]
    return Panel(tuple(marks), given("record"))


def _spectrum(seen: np.ndarray) -> Panel:
    """(eigenvalues, 2) in the complex plane."""
    dots = Cloud(seen[:, 0], seen[:, 1], None, "simulation", 0)
    plane = bool(np.ptp(seen[:, 1]))
    return Panel((dots,), given("real part"), given("imaginary part"), equal=plane)


def _histogram(seen: np.ndarray) -> Panel:
    """(bars, 2): their positions and heights."""
    place, height = seen.T
    width = np.diff(place).mean() if len(place) > 1 else 1.0
    edges = np.append(place - width / 2, place[-1] + width / 2)
    return Panel((Stairs(height, edges, None, "simulation", 0),))


_PANELS: dict[str, Any] = {
    "spins": _spins,
    "lattice": _spins,
    "weights": _weights,
    "image": _image,
    "trajectory": _trajectory,
    "spectrum": _spectrum,
    "histogram": _histogram,
}
