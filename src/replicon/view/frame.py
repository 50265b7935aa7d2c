"""The page of a tour: one self-contained HTML file with a contents bar and a place for each study,
in groups by system, whether it is drawn yet or not.
"""

from __future__ import annotations

import html
import importlib
import re
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from replicon import __version__
from replicon._errors import InputError
from replicon._files import why, write_whole

_INTRODUCTION = (
    "Lines are infinite-size theory, points are finite networks with standard errors of the mean"
    " over independent samples. Dashed theory is unstable."
)
_RELOAD = 5  # seconds between two looks at a page that is not finished

_STYLE = """
* { box-sizing: border-box; }
body { font: 16px/1.55 Georgia, 'Times New Roman', serif; color: #222; overflow-wrap: break-word;
  max-width: 78rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.9rem; margin: .2rem 0; }
h2 { font-size: 1.5rem; margin: 3rem 0 0; border-bottom: 2px solid #0b5c94; }
h3 { font-size: 1.25rem; margin: 2rem 0 .4rem; }
h2, h3 { scroll-margin-top: .8rem; }
a { color: #0b5c94; }
img { max-width: 100%; height: auto; display: block; margin: .8rem auto .2rem; }
figure { margin: 1rem 0; }
figcaption { font-size: .9rem; color: #444; max-width: 50rem; margin: 0 auto; }
code, pre { font: .85rem/1.4 ui-monospace, Menlo, Consolas, monospace; background: #f4f4f2; }
pre { padding: .5rem .8rem; overflow-x: auto; }
.values { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; margin: .8rem auto; }
td, th { padding: .15rem .7rem; border-bottom: 1px solid #ddd; text-align: right; }
footer { margin-top: 3rem; font-size: .85rem; color: #666; border-top: 1px solid #ccc; }
nav { font-size: .92rem; line-height: 1.4; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav > ul > li { margin: .6rem 0; }
nav > ul > li > a { font-weight: bold; }
nav li li { padding-left: .8rem; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
.note { background: #fff6dd; border-left: 4px solid #d9a400; padding: .5rem .9rem; }
.state { color: #777; font-style: italic; border: 1px dashed #bbb; padding: .7rem 1rem; }
.running { color: #0b5c94; border-color: #0b5c94; }
.failed { color: #a3261c; border-color: #a3261c; }
nav .state { border: 0; padding: 0; font-size: .85em; }
@media (min-width: 62rem) {
  body { display: grid; grid-template-columns: 15.5rem minmax(0, 60rem); column-gap: 2.2rem; }
  header { grid-column: 1 / -1; }
  main > section:first-child > h3, main > h2:first-child { margin-top: 1rem; }
  nav { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; padding: 1rem 0; }
}
@media (max-width: 61.99rem) {
  nav { border: 1px solid #ccc; padding: .2rem .8rem .6rem; margin-bottom: 1rem; }
  td, th { padding: .15rem .3rem; }
}
"""


class Place(NamedTuple):
    """A study's place on the page.

    `name`, `system`, `title` and `question`: as `study.sources.headline` tells them; `chapter`:
    what the study shows, as HTML, empty until it is drawn; `state`: a word or sentence on what is
    not drawn.
    """

    name: str
    system: str
    title: str
    question: str
    chapter: str = ""
    state: str = "waiting"


def write_page(
    places: list[Place],
    path: str | Path,
    *,
    note: str = "",
    more: str = "",
    reload: bool = False,
) -> Path:
    """Write the page; it needs no network to be viewed. `note`: a sentence at its head on what is
    not drawn, `more`: one on what other studies there are, both as HTML; `reload`: whether a
    browser is to look again every few seconds. Raises InputError where it cannot be written.
    """
    path = Path(path)
    noted = f'<p class="note">{note}</p>' if note else ""
    refresh = f'<meta http-equiv="refresh" content="{_RELOAD}">' if reload else ""
    content = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport"'
        f' content="width=device-width, initial-scale=1">{refresh}'
        f"<title>Replicon: the tour</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>Replicon: the tour</h1>{noted}<p>{_INTRODUCTION} {more}</p></header>"
        f"{_body(places)}</body></html>"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise InputError(f"'{path.parent}' cannot be made: {why(error)}.") from None
    return write_whole(path, content)


def _body(places: list[Place]) -> str:
    """The contents bar, all places in groups, and what they are drawn from."""
    groups = [(name, list(group)) for name, group in groupby(places, lambda place: place.system)]
    bar = "".join(_contents(system, group) for system, group in groups)
    studies = "".join(_group(system, group) for system, group in groups)
    return (
        f'<nav aria-label="Contents"><ul>{bar}</ul></nav><main>{studies}'
        f"<footer>Replicon {html.escape(__version__)}. Every picture is drawn from the results kept"
        " beside this page.</footer></main>"
    )


def _contents(system: str, places: list[Place]) -> str:
    """A system's part of the contents bar, with a word on what is not drawn."""
    links = "".join(
        f'<li><a href="#{_anchor(place.name)}">{html.escape(place.title)}</a>{_mark(place)}</li>'
        for place in places
    )
    if not system:
        return links
    link = f'<a href="#{_anchor(_heading(system))}">{html.escape(system_title(system))}</a>'
    return f"<li>{link}<ul>{links}</ul></li>"


def _mark(place: Place) -> str:
    if place.chapter:
        return ""
    word = place.state.partition(":")[0]
    return f' <span class="state {word}">{html.escape(word)}</span>'


def _group(system: str, places: list[Place]) -> str:
    """A system's heading and studies."""
    studies = "".join(map(_study, places))
    if not system:
        return studies
    return f'<h2 id="{_anchor(_heading(system))}">{html.escape(system_title(system))}</h2>{studies}'


def _study(place: Place) -> str:
    parts = [f'<h3 id="{_anchor(place.name)}">{html.escape(place.title)}</h3>']
    if place.question:
        parts.append(f"<p><em>{html.escape(place.question)}</em></p>")
    word = place.state.partition(":")[0]
    parts.append(place.chapter or f'<p class="state {word}">{html.escape(place.state)}</p>')
    return f"<section>{''.join(parts)}</section>"


def _anchor(name: str) -> str:
    return html.escape(name, quote=True)


def _heading(system: str) -> str:
    return f"system-{system}"


def system_title(system: str) -> str:
    """What a system is, as the first words of its room say."""
    told = importlib.import_module(f"replicon.{system}").__doc__ or system
    return " ".join(re.split(r"[:,.]", told)[0].split())
