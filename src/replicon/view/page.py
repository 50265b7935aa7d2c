"""Figures as files, and a study as a chapter of an HTML page."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from replicon._errors import InputError
from replicon._files import check_folder_of, write_whole
from replicon.view.figure import draw

_PICTURES = (".png", ".svg", ".pdf")


def png(figure: Figure, dpi: int = 130) -> bytes:
    """A figure as the bytes of a PNG file."""
    stream = io.BytesIO()
    figure.savefig(stream, dpi=dpi, format="png")
    return stream.getvalue()


def check_picture(path: Path) -> None:
    """InputError unless the name is one of a picture, in a folder that is there."""
    if path.suffix.lower() not in _PICTURES:
        raise InputError(f"'{path}' is no picture: give a name ending in {', '.join(_PICTURES)}.")
    check_folder_of(path)


def write_picture(figure: Figure, path: Path) -> None:
    """A figure as a file of the kind that its name ends in."""
    stream = io.BytesIO()
    figure.savefig(stream, dpi=200, format=path.suffix[1:].lower())
    write_whole(path, stream.getvalue())


def draw_figures(
    study: dict[str, Any], results: dict[str, xr.Dataset], folder: str | Path
) -> list[Path]:
    """Every figure of a study as a PNG file in the folder; returns the paths."""
    paths = []
    for number, specification in enumerate(study["figure"], start=1):
        path = Path(folder) / f"figure-{number}.png"
        content = png(draw(specification, results), 200)
        # A finished study may lie where nothing can be written.
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)
        paths.append(path)
    return paths


def chapter(study: dict[str, Any], results: dict[str, xr.Dataset]) -> str:
    """A study's text, figures (embedded) and transition values as HTML, below its heading."""
    text = "".join(
        f"<p>{html.escape(paragraph.strip())}</p>"
        for paragraph in study["text"].split("\n\n")
        if paragraph.strip()
    )
    name = html.escape(study["name"].removesuffix("-quick"))
    command = f"<pre>replicon run {name}</pre>"
    return f"{text}{pictures(study, results)}{_values(results)}{command}"


def pictures(study: dict[str, Any], results: Mapping[str, xr.Dataset]) -> str:
    """A study's figures with their captions as HTML, the pictures embedded."""
    found = []
    for table in study["figure"]:
        picture = base64.b64encode(png(draw(table, results))).decode()
        alternative = html.escape(table.get("title", study["title"]), quote=True)
        found.append(
            f'<figure><img alt="{alternative}" src="data:image/png;base64,{picture}">'
            f"<figcaption>{html.escape(table.get('caption', ''))}</figcaption></figure>"
        )
    return "".join(found)


def _values(results: dict[str, xr.Dataset]) -> str:
    """A table of the transitions that are single numbers."""
    rows = []
    for data in results.values():
        if data.attrs.get("kind") == "transition" and data["value"].ndim == 0:
            at = ", ".join(
                f"{name} = {data.coords[name].values.item():g}"
                for name in data.attrs["controls"]
                if data.coords[name].dtype.kind in "fi"
            )
            name = data.attrs["transition"]
            value = float(data["value"])
            told = (data.attrs["model"], name, at, f"{data.attrs['control']} = {value:.6g}")
            cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in told)
            rows.append(f"<tr>{cells}</tr>")
    if not rows:
        return ""
    head = "".join(f"<th>{name}</th>" for name in ("model", "transition", "at", "value"))
    body = "".join(rows)
    return f'<div class="values"><table><tr>{head}</tr>{body}</table></div>'
