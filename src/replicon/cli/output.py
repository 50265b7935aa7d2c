"""What a command has found, as a table, JSON or a picture."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Any

from replicon._errors import ConvergenceError
from replicon.cli.application import NOT_CONVERGED, OK


def unconverged(model: str, error: ConvergenceError, json: bool) -> int:
    """The sentence, or, as JSON, what was asked with null for what was not found."""
    if not json or error.result is None:
        raise error
    from replicon.study import catalogue
    from replicon.study.record import record

    found = record(catalogue.get(model), error.result)
    assert isinstance(found, dict)  # a single point
    print_json({**found, "reason": str(error)})
    return NOT_CONVERGED


def check_plot(plot: Path | None) -> None:
    """Refuse, before anything is computed, a file that no picture can be written to."""
    if plot is not None:
        from replicon.view.page import check_picture

        check_picture(plot)


def show(model: str, result: Any, what: str, json: bool, plot: Path | None = None) -> int:
    """A result as JSON, or as a table; and, if asked for, as a picture."""
    from replicon.study import catalogue
    from replicon.study.record import record

    if plot is not None:
        from replicon.view.figure import draw
        from replicon.view.page import write_picture

        write_picture(draw(result), plot)

    declared = catalogue.get(model)
    found = record(declared, result)
    if json:
        return print_json(found)
    from replicon.view import table

    rows = found if isinstance(found, list) else [found]
    table.print_table(table.title(declared, what, rows), table.rows(result, rows))
    return OK


def print_json(content: Any) -> int:
    print(jsonlib.dumps(content, indent=2, allow_nan=False))
    return OK
