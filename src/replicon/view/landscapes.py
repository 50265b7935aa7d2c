"""Figures of eigenvalues in the plane, and of a pseudo-potential with its trajectories."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from replicon.view.axes import (
    PALETTE,
    Results,
    label_of,
    legend,
    lines_of,
    make_panels,
    select,
)


def spectrum(spec: dict[str, Any], results: Results) -> Figure:
    """Eigenvalues of the first sample in the complex plane, a panel for each line, beside the
    circle of their `bulk_radius`.

    `real`, `imaginary`: names of the arrays.
    """
    lines = [
        (label_of(spec, series, label), points.isel(sample=0))
        for series in spec["simulation"]
        for label, points in lines_of(
            select(results[series], spec.get("at", {})), None, sampled=True
        )
    ]
    figure, panels = make_panels(len(lines), spec, size=(2.9 * len(lines), 3.7))
    reach = 1.08 * max(
        float(np.abs(points[spec[part]]).max())
        for _, points in lines
        for part in ("real", "imaginary")
    )
    angle = np.linspace(0, 2 * np.pi, 200)
    for axes, (label, points) in zip(panels, lines, strict=True):
        axes.plot(
            points[spec["real"]].values,
            points[spec["imaginary"]].values,
            ".",
            color=PALETTE[0],
            ms=3,
            mew=0,
        )
        radius = float(points["bulk_radius"])
        axes.plot(
            radius * np.cos(angle),
            radius * np.sin(angle),
            color=PALETTE[1],
            lw=1.2,
            label="bulk, signs random",
        )
        axes.set(
            title=label,
            xlim=(-reach, reach),
            ylim=(-reach, reach),
            aspect="equal",
            xlabel=spec.get("xlabel", "real part"),
        )
        axes.title.set_fontsize(9.5)
    panels[0].set_ylabel(spec.get("ylabel", "imaginary part"))
    legend(panels[0], "upper left")
    return figure


def landscape(spec: dict[str, Any], results: Results) -> Figure:
    """Left, trajectories of the first two neurons coloured by their pseudo-potential; right, its
    landscape with samples; zeros in both.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LogNorm

    at = spec.get("at", {})
    theory = select(results[spec["theory"][0]], at).squeeze()
    points = select(results[spec["simulation"][0]], at).isel(sample=0).squeeze()
    figure, (left, right) = make_panels(2, spec, size=(9.4, 4.0))
    paths, energy = points["trajectory"].values[..., :2], points["trajectory_energy"].values
    norm = LogNorm(1e-4, float(energy.max()))
    for path, height in zip(paths, energy, strict=True):
        pieces = LineCollection(
            list(np.stack([path[:-1], path[1:]], axis=1)), cmap="viridis", norm=norm, lw=1.0
        )
        pieces.set_array(np.maximum(height[:-1], 1e-4))
        left.add_collection(pieces)
        left.plot(*path[0], ".", color="0.5", ms=4)
    figure.colorbar(pieces, ax=left, label="pseudo-potential E", shrink=0.9)
    x, y = theory["axis_1"].values, theory["axis_2"].values
    level = theory["landscape"].values.T / float(theory["temperature"])
    shown = right.contourf(x, y, level, levels=np.arange(0, 11), cmap="Blues_r", extend="max")
    figure.colorbar(shown, ax=right, label="$-\\ln p(x_1, x_2)$, minimum 0", shrink=0.9)
    right.plot(
        *points["states"].values[:, :2].T,
        ".",
        color=PALETTE[1],
        ms=3.5,
        mew=0,
        label="Langevin samples",
    )
    zeros, growth = theory["fixed_point"].values[:, :2], theory["growth"].values
    for axes in (left, right):
        for stable, face, text in (
            (True, "black", "stable fixed points"),
            (False, "white", "unstable fixed points"),
        ):
            chosen = zeros[(growth < 0) == stable][np.isfinite(growth[(growth < 0) == stable])]
            if len(chosen):
                axes.plot(*chosen.T, "o", ms=6, mfc=face, mec="black", label=text, ls="none")
        axes.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    legend(right, "upper left", frameon=True, framealpha=0.85)
    return figure
