"""A picture of how well a Boltzmann machine has the moments of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replicon._domains import show
from replicon._errors import InputError
from replicon.view.figure import PALETTE, STYLE

# Name of the moments, what stands above their panel.
_PANELS = {
    "magnetization": r"means $\langle s_i \rangle$",
    "correlation": r"pairs $\langle s_i s_j \rangle$",
    "three_point": r"triples $\langle \delta_i \delta_j \delta_k \rangle$",
}
_DECADE = 10  # how far error bars that reach zero go down on a logarithmic axis
_CROWD = 300  # points from which error bars are thin and pale


def draw_diagnosis(diagnosis: xr.Dataset) -> Figure:
    """Draw what `BoltzmannMachine.diagnose` returns: model against data, and the distribution of
    the number of spins +1.

    Means, pairs and triples (s_i - m_i)(s_j - m_j)(s_k - m_k) of the machine over those of the
    rows, with the standard errors of both and the line where they are equal; above each panel the
    largest |z| of all its moments. P(K) of rows, points, and machine, line, on a logarithmic scale.
    A machine that learnt means and pairs never saw the triples and P(K). Returns a matplotlib
    Figure. Raises InputError for what `diagnose` did not return.
    """
    import matplotlib as mpl

    if not isinstance(diagnosis, xr.Dataset) or diagnosis.attrs.get("kind") != "diagnosis":
        given = show(type(diagnosis).__name__)
        raise InputError(
            f"draw_diagnosis was given {given}: give what diagnose of a fitted BoltzmannMachine"
            " returns."
        )
    with mpl.rc_context(rc=STYLE):  # pyright: ignore[reportArgumentType]
        figure = Figure(figsize=(7.6, 6.6), layout="constrained")
        panels = figure.subplots(2, 2).ravel()
        for axes, (name, title) in zip(panels, _PANELS.items(), strict=False):
            _moments(axes, diagnosis, name, title)
        _active(panels[-1], diagnosis)
    return figure


def _largest(diagnosis: xr.Dataset, name: str) -> str:
    z = np.abs(diagnosis[f"{name}_z"].values)
    z = z[np.isfinite(z)]
    return f"{len(z)}, |z| up to {z.max():.1f}" if len(z) else "none"


def _moments(axes: Axes, diagnosis: xr.Dataset, name: str, title: str) -> None:
    x = diagnosis[f"{name}_data"].values
    y = diagnosis[f"{name}_model"].values
    crowd = len(x) > _CROWD
    style: dict[str, Any] = {
        "ls": "none",
        "marker": ".",
        "ms": 2.5 if crowd else 5,
        "color": PALETTE[0],
        "ecolor": (PALETTE[0], 0.15 if crowd else 0.5),
        "elinewidth": 0.6 if crowd else 0.9,
    }
    across, up = (diagnosis[f"{name}_{of}_error"].values for of in ("data", "model"))
    axes.errorbar(x, y, xerr=across, yerr=up, **style)
    if len(x):
        ends = np.array([min(x.min(), y.min()), max(x.max(), y.max())])
        axes.plot(ends, ends, color="0.35", lw=1.0)
    axes.set(xlabel="rows", ylabel="machine")
    axes.set_title(f"{title}: {_largest(diagnosis, name)}", fontsize=9.5)


def _active(axes: Axes, diagnosis: xr.Dataset) -> None:
    count = np.arange(diagnosis.sizes["number"])
    data, model, of_data, of_model = (
        np.where(diagnosis[f"active_{of}"] > 0, diagnosis[f"active_{name}"], np.nan)
        for of, name in (
            ("data", "data"),
            ("model", "model"),
            ("data", "data_error"),
            ("model", "model_error"),
        )
    )
    bars = np.stack([np.minimum(of_data, data * (1 - 1 / _DECADE)), of_data])
    style: dict[str, Any] = {"ls": "none", "marker": "o", "ms": 3.5, "mfc": "white", "lw": 0.9}
    axes.errorbar(count, data, bars, color=PALETTE[0], capsize=2, label="rows", **style)
    axes.plot(count, model, color="0.2", lw=1.4, label="machine")
    low = np.maximum(model - of_model, model / _DECADE)
    axes.fill_between(count, low, model + of_model, color="0.2", alpha=0.2, lw=0)
    axes.set_yscale("log")
    axes.set(xlabel="spins +1, $K$", ylabel="$P(K)$")
    axes.set_title(f"$P(K)$: {_largest(diagnosis, 'active')}", fontsize=9.5)
    axes.legend(loc="best")
