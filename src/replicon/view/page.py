"""Figures as files, and a set of studies as one self-contained HTML page."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from replicon import __version__
from replicon._errors import InputError
from replicon._files import check_folder_of, why, write_whole
from replicon.view.figure import draw

_STYLE = """
body { font: 16px/1.55 Georgia, 'Times New Roman', serif; color: #222; margin: 0 auto; max-width: 62rem; padding: 1.5rem; }
h1 { font-size: 1.9rem; margin-bottom: .2rem; } h2 { font-size: 1.35rem; margin: 2.6rem 0 .4rem; border-top: 1px solid #ccc; padding-top: 1.2rem; }
nav a { margin-right: 1rem; } a { color: #0b5c94; } img { max-width: 100%; height: auto; display: block; margin: .8rem auto .2rem; }
figcaption { font-size: .9rem; color: #444; max-width: 50rem; margin: 0 auto; } figure { margin: 1rem 0; }
code, pre { font: .85rem/1.4 ui-monospace, Menlo, Consolas, monospace; background: #f4f4f2; } pre { padding: .5rem .8rem; overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; margin: .8rem auto; } td, th { padding: .15rem .7rem; border-bottom: 1px solid #ddd; text-align: right; }
footer { margin-top: 3rem; font-size: .85rem; color: #666; border-top: 1px solid #ccc; padding-top: .8rem; }
"""

_PICTURES = (".png", ".svg", ".pdf")


def png(figure: Figure, dpi: int = 130) -> bytes:
    """A figure as the bytes of a PNG file."""
    stream = io.BytesIO()
    figure.savefig(stream, dpi=dpi, format="png")
    return stream.getvalue()


def check_picture(path: Path) -> None:
    """InputError unless the name is one of a picture, in a folder that is there."""
    if path.suffix not in _PICTURES:
        raise InputError(f"'{path}' is no picture: give a name ending in {', '.join(_PICTURES)}.")
    check_folder_of(path)


def write_picture(figure: Figure, path: Path) -> None:
    """A figure as a file of the kind that its name ends in."""
    stream = io.BytesIO()
    figure.savefig(stream, dpi=200, format=path.suffix[1:])
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


def write_page(
    chapters: list[tuple[dict[str, Any], dict[str, xr.Dataset]]], path: str | Path
) -> Path:
    """One HTML file with every study's text, figures (embedded) and transition values; needs no
    network to be viewed.
    """
    path = Path(path)
    links = "".join(
        f'<a href="#{_anchor(study)}">{html.escape(study["title"])}</a>' for study, _ in chapters
    )
    body = "".join(_chapter(study, results) for study, results in chapters)
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport"'
        ' content="width=device-width"><title>Replicon: the'
        f" tour</title><style>{_STYLE}</style></head><body><h1>Replicon: the tour</h1><p>Lines are"
        " infinite-size theory, points are finite networks with standard errors of the mean over"
        " independent samples. Dashed theory is"
        f" unstable.</p><nav>{links}</nav>{body}<footer>Replicon {html.escape(__version__)}. Every"
        " picture is drawn from the results kept beside this page.</footer></body></html>"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise InputError(f"'{path.parent}' cannot be made: {why(error)}.") from None
    return write_whole(path, page)


def _anchor(study: dict[str, Any]) -> str:
    return html.escape(study["name"], quote=True)


def _chapter(study: dict[str, Any], results: dict[str, xr.Dataset]) -> str:
    parts = [f'<h2 id="{_anchor(study)}">{html.escape(study["title"])}</h2>']
    if "question" in study:
        parts.append(f"<p><em>{html.escape(study['question'])}</em></p>")
    parts += [
        f"<p>{html.escape(paragraph.strip())}</p>"
        for paragraph in study["text"].split("\n\n")
        if paragraph.strip()
    ]
    for specification in study["figure"]:
        picture = base64.b64encode(png(draw(specification, results))).decode()
        caption = html.escape(specification.get("caption", ""))
        alternative = html.escape(specification.get("title", study["title"]), quote=True)
        parts.append(
            f'<figure><img alt="{alternative}"'
            f' src="data:image/png;base64,{picture}"><figcaption>{caption}</figcaption></figure>'
        )
    parts.append(_values(results))
    name = study["name"].removesuffix("-quick")
    parts.append(f"<pre>replicon run {html.escape(name)}</pre>")
    return "".join(parts)


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
            rows.append(
                f"<tr><td>{html.escape(data.attrs['model'])}</td><td>{html.escape(name)}</td><td>{html.escape(at)}</td><td>{html.escape(data.attrs['control'])}"
                f" = {value:.6g}</td></tr>"
            )
    return (
        f"<table><tr><th>model</th><th>transition</th><th>at</th><th>value</th></tr>{''.join(rows)}</table>"
        if rows
        else ""
    )
