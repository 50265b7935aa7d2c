"""The gallery: a page a study, and all of them as cards. Everything on them is told by the studies'
files, by their plans and by what made their pictures.

What a study's file says stands in paragraphs and cells of its own, so that it is translated as a
whole.
"""

from __future__ import annotations

import itertools
import os
import struct
from pathlib import Path
from typing import Any

import gallery_pictures
from markdown_tables import table

from replicon.study.grid import split_assignments
from replicon.study.plan import described, read_study
from replicon.study.sources import headline, shipped, source
from replicon.view.frame import system_title
from replicon.view.table import duration

HERE = Path(__file__).parents[1] / "gallery"
# A picture is drawn with two dots for each pixel of the page.
DOTS = 2
ABOUT = {
    "full": "The pictures are those of the full version.",
    "quick": "The pictures are those of the quick version: with smaller networks, fewer samples or"
    " smaller data, finite-size effects and error bars are larger than in the full version.",
}


def pages() -> dict[str, str]:
    """{path: Markdown} of the gallery."""
    found = {f"gallery/{name}.md": page(name) for name in shipped()}
    return {"gallery/index.md": index(), **found}


def index() -> str:
    """All studies as cards, by system."""
    parts = [
        "# Gallery",
        "Every study asks one question, and answers it by theory and finite networks in one"
        " picture. Each can be run as it is, changed by one number, or copied and rewritten.",
    ]
    heads = [headline(name) for name in shipped()]
    for system, group in itertools.groupby(heads, key=lambda head: head["system"]):
        cards = "\n".join(card(head) for head in group)
        parts += [f"## {system_title(system)}", f"::::{{grid}} 1 2 2 2\n:gutter: 3\n{cards}\n::::"]
    names = "\n".join(shipped())
    parts.append(f"```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{names}\n```")
    return "\n\n".join(parts) + "\n"


def card(head: dict[str, Any]) -> str:
    """A study's first picture, title and question, which lead to its page."""
    name = head["study"]
    picture = _beside(gallery_pictures.files(name, 1)[0])
    return (
        f"\n:::{{grid-item-card}} {head['title']}\n:link: {name}\n:link-type: doc\n"
        f":img-top: {picture}\n:img-alt: {head['title']}\n\n{head['question']}\n:::"
    )


def page(name: str) -> str:
    """The page of a study."""
    told = described(name)
    made = gallery_pictures.made(name)
    version = made.version if made else "full"
    parts = [
        f"# {told['title']}",
        f"{{.question}}\n{told['question']}",
        *_paragraphs(read_study(name)["text"]),
        *_figures(name, quick=version == "quick"),
        ABOUT[version],
        *_runs(told),
        *_change(name, told["change"]),
        *_series(told),
        *_file(name),
    ]
    return "\n\n".join(parts) + "\n"


def _paragraphs(text: str) -> list[str]:
    return [" ".join(one.split()) for one in text.split("\n\n") if one.strip()]


def _figures(name: str, *, quick: bool) -> list[str]:
    """A study's pictures with their captions."""
    study = read_study(name, quick=quick)
    paths = gallery_pictures.files(name, len(study["figure"]))
    return [
        f"```{{figure}} {_beside(path)}\n:alt: {figure.get('title', study['title'])}\n"
        f"{_width(path)}\n{figure.get('caption', '')}\n```"
        for path, figure in zip(paths, study["figure"], strict=True)
    ]


def _width(path: Path) -> str:
    """How wide a picture is shown, of which the first chunk of its file tells the pixels. One that
    is missing is left to the site's builder, which names it.
    """
    if not path.is_file():
        return ""
    return f":width: {struct.unpack('>I', path.read_bytes()[16:20])[0] // DOTS}px\n"


def _runs(told: dict[str, Any]) -> list[str]:
    name = told["study"]
    whole = told["full_minutes"]
    full = duration(whole * 60) if whole else "`--dry-run` estimates it"
    quick = duration(told["quick_seconds"])
    return [
        "## Run it",
        table(
            ["version", "time", "command"],
            [
                ["full", full, f"`replicon run {name}`"],
                ["quick", quick, f"`replicon run {name} --quick`"],
            ],
        ).rstrip(),
        "Times are those of one process on an idle core. Every finished point is kept in a folder,"
        " so that a run that was stopped goes on where it stopped.",
        f"```python\nfrom replicon import run_study\n\n"
        f'found = run_study("{name}", quick=True)\n'
        "figures = found.figures()\n```",
    ]


def _change(name: str, change: dict[str, str]) -> list[str]:
    """One number to change, as words of the command line and of Python, and what to look for."""
    given = split_assignments([change["set"]])
    told = ", ".join(f'"{key}": {_literal(value)}' for key, value in given.items())
    return [
        "## Change one number",
        f"```bash\nreplicon run {name} --quick --set {change['set']}\n```",
        f'```python\nfound = run_study("{name}", quick=True, set={{{told}}})\n```',
        change["look"],
    ]


def _literal(value: str) -> str:
    """A value of the command line as Python writes it: a number, numbers, or text, which is read
    there in the same way.
    """
    try:
        numbers = [f"{float(one):g}" for one in value.split(",")]
    except ValueError:
        return f'"{value}"'
    return numbers[0] if len(numbers) == 1 else f"[{', '.join(numbers)}]"


def _series(told: dict[str, Any]) -> list[str]:
    rows = [
        [
            one["series"],
            one["kind"],
            f"[{one['model']}](../models/{one['model']}.md)",
            str(one["points"]),
        ]
        for one in told["series"]
    ]
    head = ["series", "kind", "model", "points"]
    return ["## What is computed", table(head, rows).rstrip()]


def _file(name: str) -> list[str]:
    path = _beside(source(name)[0])
    return [
        "## The study's file",
        f"{{download}}`{name}.toml <{path}>`",
        f"```bash\nreplicon studies {name} --copy mine.toml\nreplicon run mine.toml\n```",
        f":::{{dropdown}} {name}.toml\n```{{literalinclude}} {path}\n:language: toml\n```\n:::",
    ]


def _beside(path: Path) -> str:
    """A path as seen from the gallery's pages."""
    return Path(os.path.relpath(path, HERE)).as_posix()
