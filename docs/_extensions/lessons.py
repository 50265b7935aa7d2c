"""`python docs/_extensions/lessons.py` writes the pages that declarations tell and executes the
lessons, before the site is built in any language: a build then finds the cells of each lesson
executed, in the cache that myst-nb reads. Without it a build executes them itself, one by one.

Two lessons run at a time, each in a process of its own, so that none depends on another. Neither
JAX nor Numba writes its cache of compiled code so that two processes may share it: each of the two
places where lessons run has its own.
"""

import asyncio
import os
import time
from pathlib import Path

import told
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbclient import NotebookClient
from nbformat import NotebookNode

DOCS = Path(__file__).parents[1]
CACHE = DOCS / "_build" / "cells"
PLACES = 2
TIMEOUT = 300  # seconds of a cell


def lessons() -> dict[Path, NotebookNode]:
    """The notebooks among the pages, the longest first: those that are short fill the end."""
    folders = (DOCS, DOCS / "lessons")
    texts = {path: path.read_text() for folder in folders for path in sorted(folder.glob("*.md"))}
    found = {
        path: read_myst_markdown_notebook(text, path=path)
        for path, text in texts.items()
        if is_myst_markdown_notebook(text)
    }
    return dict(sorted(found.items(), key=lambda one: -len(code(one[1]))))


def code(notebook: NotebookNode) -> str:
    """What a notebook executes."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def is_kept(cache: JupyterCacheAbstract, notebook: NotebookNode) -> bool:
    """Whether the cells were executed before."""
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return True


def keep(cache: JupyterCacheAbstract, path: Path, notebook: NotebookNode, seconds: float) -> None:
    """Keep the outputs of a notebook that was executed, as myst-nb does."""
    bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def environment(place: int) -> dict[str, str]:
    """That of a process which runs in one of the places."""
    compiled = DOCS / "_build" / "compiled" / str(place)
    own = {"JAX_COMPILATION_CACHE_DIR": "jax", "NUMBA_CACHE_DIR": "numba"}
    return {**os.environ, **{name: str(compiled / folder) for name, folder in own.items()}}


async def execute(waiting: list, place: int, cache: JupyterCacheAbstract) -> None:
    """Execute what waits, one after the other, and keep each with its outputs."""
    while waiting:
        path, notebook = waiting.pop(0)
        began = time.perf_counter()
        client = NotebookClient(
            notebook,
            timeout=TIMEOUT,
            record_timing=False,  # times would make other cells of them
            resources={"metadata": {"path": str(path.parent)}},
            extra_arguments=["--IPKernelApp.log_level=ERROR"],  # each would say that it has ports
        )
        await client.async_execute(env=environment(place))
        keep(cache, path, notebook, time.perf_counter() - began)


async def main() -> None:
    """Execute what is not kept. A cell that fails ends all, with what it says."""
    cache = get_cache(CACHE)
    waiting = [(path, one) for path, one in lessons().items() if not is_kept(cache, one)]
    async with asyncio.TaskGroup() as places:
        for place in range(PLACES):
            places.create_task(execute(waiting, place, cache))


if __name__ == "__main__":
    told.write(DOCS)
    asyncio.run(main())
