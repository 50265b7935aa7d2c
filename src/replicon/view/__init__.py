"""What is drawn and printed. Figures of results, each kind a function that returns a matplotlib
Figure: `curves`, `phase_diagram`, `heat_map`, `distribution`, `function`, `profile`, `spectrum`,
`images`, `gallery`, `collapse`, `landscape`; `replicon.draw` chooses among them.

`given` and `series` read what a figure shows from results, without matplotlib; `figure` and
`legend` paint it; `page` is a set of studies as one HTML file; `table` prints to the terminal.
"""

from typing import TYPE_CHECKING

from replicon._rooms import contents

if TYPE_CHECKING:
    from replicon.view.pictures import (
        collapse,
        curves,
        distribution,
        function,
        gallery,
        heat_map,
        images,
        landscape,
        phase_diagram,
        profile,
        spectrum,
    )

__getattr__, __dir__, __all__ = contents(
    "replicon.view",
    {
        "pictures": (
            "collapse",
            "curves",
            "distribution",
            "function",
            "gallery",
            "heat_map",
            "images",
            "landscape",
            "phase_diagram",
            "profile",
            "spectrum",
        )
    },
)
