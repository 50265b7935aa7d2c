"""Draw the gallery's pictures: `python docs/draw.py` draws those that are missing or stale,
`python docs/draw.py STUDY ...` those of the studies named, each in the version it is there in
(the small one where there is none), or in the one asked for by `--full` or `--quick`.

Finished points are kept in `.cache/gallery`: begun again, a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

import replicon
from replicon.study.plan import planned
from replicon.study.run import run_planned
from replicon.view.figure import drawn
from replicon.view.progress import progress

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))
import gallery_pictures

KEPT = Path(__file__).parents[1] / ".cache" / "gallery"
# Twice the 700 pixels of a page's column, for screens of two dots a pixel.
WIDEST = 1400
SHARPEST = 200  # dots an inch
LARGEST = 80_000  # bytes of a picture
# Colours of a picture's palette, the first that makes it small enough.
PALETTES = (256, 128, 64, 32, 16)


def main() -> None:
    """Draw what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", help="by default all whose pictures are stale")
    version = parser.add_mutually_exclusive_group()
    version.add_argument("--full", dest="version", action="store_const", const="full")
    version.add_argument("--quick", dest="version", action="store_const", const="quick")
    asked = parser.parse_args()
    for study in asked.studies or gallery_pictures.stale():
        known = gallery_pictures.made(study)
        version = asked.version or (known.version if known else "quick")
        draw(study, version)


def draw(
    name: str, version: str, *, kept: Path = KEPT, pictures: Path = gallery_pictures.PICTURES
) -> None:
    """Run a study in one process, and write its pictures and what made them."""
    if planned(name, quick=True)[1] == planned(name)[1]:
        version = "full"  # a study that has no smaller version
    study, plan = planned(name, quick=version == "quick")
    out = kept / study["name"]
    clock = Clock(kept / f"{study['name']}.json")
    with progress(study["name"]) as bar:

        def tell(done: int, total: int, series: str) -> None:
            clock.write()
            bar(done, total, series)

        found = run_planned(study, plan, out=out, progress=tell, status=bar.status)
    content = [small(drawn(table, found)) for table in study["figure"]]
    made = gallery_pictures.Made(
        version=version,
        minutes=float(f"{clock.minutes():.2g}"),
        package=replicon.__version__,
        fingerprint=gallery_pictures.what_makes(study, plan),
    )
    for path in gallery_pictures.write(name, content, made, pictures):
        print(path)


class Clock:
    """Minutes of processor time that a run has taken, in all the times that it was begun, kept in
    a file.
    """

    def __init__(self, path: Path):
        self.path = path
        self.before = json.loads(path.read_text()) if path.is_file() else 0.0
        self.begin = time.process_time()

    def minutes(self) -> float:
        """So far."""
        return self.before + (time.process_time() - self.begin) / 60

    def write(self) -> None:
        """Keep what it shows."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.minutes()))


def small(figure: Figure) -> bytes:
    """A figure as a PNG of few colours, no wider than twice a page's column."""
    stream = io.BytesIO()
    dots = min(SHARPEST, WIDEST / figure.get_figwidth())
    figure.savefig(stream, dpi=dots, format="png")
    picture = Image.open(stream).convert("RGB")
    content = b""
    for colours in PALETTES:
        stream = io.BytesIO()
        # Dithering would scatter dots over plain areas, which neither look well nor compress.
        few = picture.quantize(colours, dither=Image.Dither.NONE)
        few.save(stream, format="png", optimize=True)
        content = stream.getvalue()
        if len(content) < LARGEST:
            return content
    return content


if __name__ == "__main__":
    main()
