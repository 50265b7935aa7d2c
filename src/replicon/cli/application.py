"""The application that commands register with, and the arguments that they share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from replicon import __version__

OK = 0
USAGE = 2
NOT_CONVERGED = 3
INTERRUPTED = 130

app = App(
    name="replicon",
    help=(
        "Statistical physics of neural networks: `solve` is the infinite-size theory, `simulate`"
        " finite networks."
    ),
    version=__version__,
    help_format="markdown",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)

Assignments = Annotated[
    str,
    Parameter(
        show=True,
        help="name=value; a value is a number, a word, a list 0.1,0.2 or a range start:stop:count.",
    ),
]
Plot = Annotated[
    Path | None,
    Parameter(name="--plot", help="Also draw it to a file: .png, .svg or .pdf."),
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print nothing but JSON.")]
Size = Annotated[
    int, Parameter(name="--size", help="Size of the network (the linear size for a lattice).")
]
Samples = Annotated[
    int, Parameter(name="--samples", help="Independent chains or disorder samples.")
]
Seed = Annotated[int, Parameter(name="--seed", help="Random seed.")]
BranchName = Annotated[
    str | None, Parameter(name="--branch", help="Which solution; see `replicon models MODEL`.")
]
