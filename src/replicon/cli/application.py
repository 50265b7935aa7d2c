"""The application that commands register with, and the arguments that they share."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from replicon import __version__
from replicon._domains import read_number, show
from replicon._errors import InputError
from replicon.cli import completion

if TYPE_CHECKING:
    from cyclopts import Token

OK = 0
FAILED = 1
USAGE = 2
NOT_CONVERGED = 3
INTERRUPTED = 130


def examples(*commands: str) -> str:
    """The end of a command's help: commands to copy, each without its `replicon`."""
    return "Examples:\n\n" + "\n".join(f"    replicon {command}" for command in commands)


def whole(kind: Any, tokens: Sequence[Token]) -> int:
    """A whole number as controls take it: 1e3 is one, and 99.7 is refused, not rounded."""
    value = read_number(tokens[0].value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int):
        raise ValueError(f"{show(value)} is no whole number: give one, such as 10.")
    return value


app = App(
    name="replicon",
    help=(
        "Statistical physics of neural networks: `solve` is the infinite-size theory, `simulate`"
        " finite networks."
    ),
    help_epilogue=examples("models", "solve hopfield load=0.05", "studies", "serve"),
    version=__version__,
    help_format="markdown",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)

ModelName = Annotated[
    str,
    Parameter(completer=completion.models, help="A model's name, or the path of your own .py."),
]
TransitionName = Annotated[
    str, Parameter(completer=completion.transitions, help="See `replicon models MODEL`.")
]
StudyName = Annotated[str, Parameter(completer=completion.studies)]
Assignments = Annotated[
    str,
    Parameter(
        show=True,
        completer=completion.assignments,
        help="name=value; a value is a number, a word, a list 0.1,0.2 or a range start:stop:count.",
    ),
]
Size = Annotated[
    int | None,
    Parameter(
        name="--size",
        converter=whole,
        help="Size of the network (the linear size for a lattice); a network or patterns of your"
        " own have one.",
    ),
]
Samples = Annotated[
    int,
    Parameter(name="--samples", converter=whole, help="Independent chains or disorder samples."),
]
Seed = Annotated[int, Parameter(name="--seed", converter=whole, help="Random seed.")]
BranchName = Annotated[
    str | None,
    Parameter(
        name="--branch",
        completer=completion.branches,
        help="Which solution; see `replicon models MODEL`.",
    ),
]

# What is true, after Ctrl-C, of the command that runs: a command says so as soon as it keeps
# anything.
NOTHING = "nothing was kept"
kept: ContextVar[str] = ContextVar("kept", default=NOTHING)


def controls(assignments: tuple[str, ...], *options: str) -> dict[str, Any]:
    """{control: value as given}; InputError for what is an option of the command, or its first
    words.
    """
    from replicon.study import grid

    given = grid.split_assignments(assignments)
    for name, value in given.items():
        if name in options:
            raise InputError(f"'{name}={value}' is no control: write --{name} {value}.")
        if name in ("model", "name"):
            raise InputError(f"'{name}={value}' is no control: write {value} before the controls.")
    return given
