"""Pages that are told by what the package declares, written before Sphinx reads: each module of
this folder called `..._pages` has `pages() -> {path below docs: Markdown}`. A page is written only
where its text has changed, so that Sphinx reads it only then.
"""

import importlib
from pathlib import Path

from sphinx.application import Sphinx


def write(source: Path) -> None:
    """Write every page below `source`, and take away those that are told no more."""
    told = {}
    for name in sorted(path.stem for path in Path(__file__).parent.glob("*_pages.py")):
        told |= importlib.import_module(name).pages()
    for path, text in told.items():
        target = source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text() != text:
            target.write_text(text)
    for folder in {path.split("/")[0] for path in told if "/" in path}:
        for old in (source / folder).rglob("*.md"):
            if old.relative_to(source).as_posix() not in told:
                old.unlink()


def setup(app: Sphinx) -> dict:
    """Write when the configuration is known."""
    app.connect("config-inited", lambda app, config: write(Path(app.srcdir)))
    return {"parallel_read_safe": True}
