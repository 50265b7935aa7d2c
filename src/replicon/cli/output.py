"""What a command has found, as a table, JSON, CSV, netCDF or a picture: one place for all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import xarray as xr
from cyclopts import Parameter

from replicon._errors import ConvergenceError, InputError
from replicon._files import check_folder_of, write_whole
from replicon.cli.application import NOT_CONVERGED, OK

_PRINTED = "-"  # as the name of a file: standard output

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print nothing but JSON.")]
Csv = Annotated[
    str | None,
    Parameter(
        name="--csv",
        allow_leading_hyphen=True,
        help="Also write the rows, with all digits, to a .csv file; `-` prints nothing but them.",
    ),
]
Nc = Annotated[
    Path | None,
    Parameter(name="--nc", help="Also write the whole result, arrays too, to a netCDF file, .nc."),
]
Plot = Annotated[
    Path | None,
    Parameter(
        name="--plot",
        allow_leading_hyphen=True,
        help="Also draw it to a file, .png, .svg or .pdf; `-` sketches it in the terminal.",
    ),
]


@Parameter(name="*")
@dataclass(frozen=True)
class Listing:
    """How a list is told: a table for people, or JSON or CSV for programs."""

    json: Json = False
    csv: Csv = None

    def check(self) -> None:
        """InputError, before anything is computed, for what could not be printed or written."""
        if self.json and self.csv == _PRINTED:
            raise InputError("--json and --csv - would both be printed: give --csv a file.")
        if self.csv is not None and self.csv != _PRINTED:
            _check_file(Path(self.csv), ".csv")

    def tell(self, content: Any, rows: list[dict[str, Any]], people: Callable[[], None]) -> int:
        """`content` as JSON, `rows` as CSV, or what `people` prints; a file beside it."""
        from replicon.view import tidy

        try:
            if self.csv is not None and self.csv != _PRINTED:
                write_whole(self.csv, tidy.csv_text(rows))
        finally:  # what was computed is seen also where it cannot be written
            if self.csv == _PRINTED:
                print(tidy.csv_text(rows), end="")
            elif self.json:
                print(json.dumps(content, indent=2, allow_nan=False))
            else:
                people()
        return OK


@Parameter(name="*")
@dataclass(frozen=True)
class Output(Listing):
    """How a result is told, and the files that it goes to."""

    nc: Nc = None
    plot: Plot = None

    @property
    def sketched(self) -> bool:
        """Whether the picture goes to the terminal."""
        return self.plot == Path(_PRINTED)

    def check(self) -> None:
        """InputError, before anything is computed, for what could not be printed or written."""
        super().check()
        if self.nc is not None:
            _check_file(self.nc, ".nc")
        if self.sketched and (self.json or self.csv == _PRINTED):
            raise InputError("--plot - would be printed beside what a program reads: give a file.")
        if self.plot is not None and not self.sketched:
            from replicon.view.page import check_picture

            check_picture(self.plot)


def answer(model: str, output: Output, question: Callable[[], xr.Dataset]) -> int:
    """Ask, and tell the result. A single point without an answer is told as JSON and
    in files, with null for what was not found; to people a sentence says why.
    """
    output.check()
    try:
        return _tell(model, output, question())
    except ConvergenceError as error:
        if error.result is None:
            raise
        _tell_unconverged(model, output, error)
        return NOT_CONVERGED


def _tell(model: str, output: Output, result: xr.Dataset) -> int:
    from replicon.study import catalogue
    from replicon.study.record import record
    from replicon.view import table, tidy

    declared = catalogue.get(model)
    content = record(declared, result)
    found = content if isinstance(content, list) else [content]

    def people() -> None:
        table.print_table(table.title(declared, result.attrs, found), table.rows(result, found))
        for remark in result.attrs.get("remarks", ()):
            print(remark)
        if output.sketched:
            from replicon.view.terminal import sketch

            print(sketch(result, width=shutil.get_terminal_size().columns))

    _write_netcdf(output, result)
    if output.plot is not None and not output.sketched:
        from replicon.view.figure import draw
        from replicon.view.page import write_picture

        write_picture(draw(result), output.plot)
    return output.tell(content, tidy.rows(found), people)


def _tell_unconverged(model: str, output: Output, error: ConvergenceError) -> None:
    from replicon.study import catalogue
    from replicon.study.record import record
    from replicon.view import tidy

    found = record(catalogue.get(model), error.result)
    assert isinstance(found, dict)  # a single point
    found["reason"] = str(error)

    def people() -> None:
        raise error

    _write_netcdf(output, error.result)
    output.tell(found, tidy.rows([found]), people)


def _write_netcdf(output: Output, result: xr.Dataset) -> None:
    if output.nc is not None:
        from replicon.study.store import netcdf, writable

        write_whole(output.nc, netcdf(writable(result)))


def _check_file(path: Path, ending: str) -> None:
    if path.suffix.lower() != ending:
        raise InputError(f"'{path}' is no {ending} file: give a name that ends in {ending}.")
    check_folder_of(path)
