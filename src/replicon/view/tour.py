"""The tour: studies in their small version, side by side, as one page that is there from the start
and fills up as they finish.
"""

from __future__ import annotations

import html
import shlex
import sys
import traceback
from pathlib import Path

from replicon._errors import RepliconError
from replicon.study.sources import headline, shipped
from replicon.study.workers import check_workers, in_processes
from replicon.view.frame import Place, write_page
from replicon.view.progress import progress


def run_tour(names: list[str], out: Path, *, workers: int, command: list[str]) -> list[Place]:
    """Run shipped studies, small, each in a folder of `out` and whole in one of `workers`
    processes, and keep `out`/index.html up to date; returns the places of the page.

    A study that fails leaves its sentence in its place, and the others go on. `command`: the words
    that start this tour, for a page that is not finished. Whatever ends the tour before its time
    leaves a page that says what is missing.
    """
    workers = check_workers(workers)
    places = {name: _waiting(name) for name in names}
    resume = f"<code>{html.escape(shlex.join(command))}</code>"
    queue = _in_turn(names, workers)
    given = {name: (places[name], out / name) for name in queue}
    try:
        _show_running(places, queue[:workers], out)
        with progress("tour") as bar:
            bar(0, len(names))
            bar.status(", ".join(queue[:workers]))
            for done, (name, place) in enumerate(in_processes(_run, given, workers), start=1):
                places[name] = place
                queue.remove(name)
                bar(done, len(names))
                bar.status(", ".join(queue[:workers]))
                if queue:
                    _show_running(places, queue[:workers], out)
    except BaseException:  # Ctrl-C too
        for name in queue:
            places[name] = places[name]._replace(state="missing")
        note = f"The tour was stopped: {len(queue)} of {len(names)} studies are missing. To go on"
        _show(places, out, note=f"{note} from what is kept: {resume}")
        raise
    failed = sum(not place.chapter for place in places.values())
    note = f"{failed} of {len(names)} studies failed. To try them again: {resume}" if failed else ""
    _show(places, out, note=note)
    return list(places.values())


def _waiting(name: str) -> Place:
    told = headline(name)
    return Place(name, told["system"], told["title"], told["question"])


def _in_turn(names: list[str], workers: int) -> list[str]:
    """The cheapest first, so that pictures come soon, and the dearest beside them from the
    beginning; after a quarter from the dearest down, so that the processes end together.
    """
    cheap = sorted(names, key=lambda name: headline(name)["quick_seconds"] or 0)
    if workers == 1:
        return cheap
    count = max(1, len(cheap) // 4)
    few = cheap[:count]
    rest = cheap[: count - 1 : -1]
    beside = workers - 1
    return [few[0], *rest[:beside], *few[1:], *rest[beside:]]


def _run(given: tuple[Place, Path]) -> Place:
    """A place with its study's chapter, or with the sentence of its failure."""
    from replicon.study.plan import planned
    from replicon.study.run import run_planned
    from replicon.view.page import chapter

    place, folder = given
    try:
        study, plan = planned(place.name, quick=True)
        return place._replace(chapter=chapter(study, run_planned(study, plan, out=folder)))
    except RepliconError as error:
        return place._replace(state=f"failed: {error}")
    except Exception as error:  # a defect of one study must not take the others' pictures
        traceback.print_exc(file=sys.stderr)
        return place._replace(state=f"failed: {type(error).__name__}: {error}")


def _show_running(places: dict[str, Place], running: list[str], out: Path) -> None:
    """The page of a tour that goes on."""
    shown = {**places, **{name: places[name]._replace(state="running") for name in running}}
    drawn = sum(bool(place.chapter) for place in places.values())
    note = f"The tour is running: {drawn} of {len(places)} studies are drawn. This page looks again"
    _show(shown, out, note=f"{note} every few seconds.", reload=True)


def _show(places: dict[str, Place], out: Path, *, note: str, reload: bool = False) -> None:
    count = len(shipped())
    more = ""
    if len(places) < count:
        more = f"These are {len(places)} of {count} studies: <code>replicon tour --studies"
        more += " all</code> shows all of them."
    write_page(list(places.values()), out / "index.html", note=note, more=more, reload=reload)
