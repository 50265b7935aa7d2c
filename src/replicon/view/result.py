"""Studies run, and what they return: results by series, their figures, a page of both in a
notebook.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from replicon._domains import show
from replicon._errors import InputError
from replicon.study.plan import planned
from replicon.study.run import run_planned
from replicon.study.store import Store
from replicon.view.progress import is_watched
from replicon.view.progress import progress as shown_progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult(Mapping[str, xr.Dataset]):
    """What a study found: a mapping from each series to its Dataset, in which simulations have the
    dimensions (size, listed controls, sample).

    `study`: the study as it was run, checked; `series`: {name: Dataset}; `folder`: where every
    finished point is kept. A notebook shows its figures.
    """

    study: dict[str, Any]
    series: dict[str, xr.Dataset]
    folder: Path

    def __getitem__(self, name: str) -> xr.Dataset:
        return self.series[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.series)

    def __len__(self) -> int:
        return len(self.series)

    @property
    def data(self) -> xr.DataTree:
        """All that was computed as one tree, a node a series."""
        return xr.DataTree.from_dict(self.series, name=self.study["name"])

    def figures(self) -> dict[str, Figure]:
        """Every figure of the study, drawn, by its title (`figure-2` where it has none)."""
        from replicon.view.figure import draw

        return {
            name: draw(table, self.series)
            for name, table in zip(self._titles(), self.study["figure"], strict=True)
        }

    def _titles(self) -> list[str]:
        titles: list[str] = []
        for number, table in enumerate(self.study["figure"], start=1):
            title = table.get("title", "")
            titles.append(title if title and title not in titles else f"figure-{number}")
        return titles

    def __repr__(self) -> str:
        lines = [f"Study '{self.study['name']}', kept in '{self.folder}'"]
        wide = max(map(len, self.series))
        lines += [f"  {name:{wide}}  {_told(data)}" for name, data in self.series.items()]
        lines += [f"  figure: {title}" for title in self._titles()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Its title and question, its figures with their captions, and what is found in it."""
        from replicon.view import page

        told = f"<pre>{html.escape(repr(self))}</pre>"
        question = html.escape(self.study.get("question", ""))
        return (
            f"<h3>{html.escape(self.study['title'])}</h3><p><em>{question}</em></p>"
            f"{page.pictures(self.study, self.series)}{told}"
        )


def _told(data: xr.Dataset) -> str:
    """What a series is, in a line: its kind, its model, its dimensions or its one value."""
    kind = "simulation" if data.attrs["kind"] == "simulate" else "theory"
    if data.attrs["kind"] == "transition":
        kind = f"transition '{data.attrs['transition']}'"
    what = ", ".join(f"{name} {length}" for name, length in data.sizes.items())
    if kind not in ("simulation", "theory") and data["value"].ndim == 0:
        what = f"{data.attrs['control']} = {float(data['value']):.6g}"
    return f"{kind} of {data.attrs['model']}: {what or 'one point'}"


def run_study(
    study: str | Path | dict[str, Any],
    *,
    out: str | Path | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    quick: bool = False,
    set: Mapping[str, Any] | None = None,
    progress: Callable[[int, int, str], None] | bool | None = None,
) -> StudyResult:
    """Run a study, keep every finished point in `out`, and return its results: a mapping from each
    series to its Dataset that also has `.data` (a DataTree), `.figures()` and `.folder`, and in a
    notebook shows its figures.

    `study`: a shipped name, a TOML file, or a dictionary of the same form with a `name`, checked in
    the same way. `out`: a folder, `<name>` by default; run again with the same folder, it continues
    and ends identical to an undisturbed run; a finished one is only read, also where nothing can be
    written. `set`: {name: value} of controls, `sizes`, `samples` or `seed` to replace in every
    series that has them; the study is then another, and so is its folder. `workers`: processes of
    this machine, or `scheduler`: the address of a dask scheduler. `progress(done, total, series)`
    is called after each task; by default a bar is shown in a terminal and in a notebook (True:
    everywhere, False: nowhere). Raises InputError before anything runs, StoreError for a folder of
    another study or in use.
    """
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise InputError(
            f"progress = {show(progress)} is none: give a function of (done, total, series), True"
            " for a bar or False for none."
        )
    if not isinstance(quick, bool):
        raise InputError(f"quick = {show(quick)} is neither True nor False: give one of them.")
    given, plan = planned(study, quick=quick, changes=set)
    folder = Store(given["name"] if out is None else out).folder
    how = {"out": folder, "workers": workers, "scheduler": scheduler}
    if callable(progress):
        found = run_planned(given, plan, progress=progress, **how)
    elif progress or (progress is None and is_watched()):
        with shown_progress(given["name"]) as bar:
            found = run_planned(given, plan, progress=bar, status=bar.status, **how)
    else:
        found = run_planned(given, plan, **how)
    return StudyResult(given, found, folder)


def run_and_draw(
    study: dict[str, Any], plan: dict[str, Any], folder: Path, **how: Any
) -> list[Path]:
    """Run a study with a bar that says what is going on, and draw its figures into the folder;
    returns their paths. `how`: workers and scheduler of `run_planned`.
    """
    with shown_progress(study["name"]) as bar:
        found = run_planned(study, plan, out=folder, progress=bar, status=bar.status, **how)
        bar.status("drawing")
        from replicon.view.page import draw_figures

        return draw_figures(study, found, folder)
