"""Tables of text (.csv, .tsv, .txt): fields by line, and what of them is numbers and what is names.

Strict where readers of tables usually guess: a line that is too short, a field that is blank or no
number, is refused with its line, and never filled in.
"""

from __future__ import annotations

import csv
import re
from typing import NamedTuple

import numpy as np

_DELIMITERS = ("\t", ";", ",", None)  # None: any run of blanks
_NUMBER = re.compile(
    r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.ASCII | re.IGNORECASE
)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_INDEX = (
    "",
    "index",
    "id",
    "row",
    "name",
    "neuron",
    "unnamed: 0",
)  # what programs write above the names of rows
_LIKE_NUMBER = re.compile(
    r"[+-]?[\d.,_eE+-]*\d[\d.,_eE+-]*", re.ASCII
)  # what is meant as a number, right or wrong
_TRUTH = {"true": "1", "false": "0"}
_BETWEEN = {"\t": "tabs", ";": "semicolons", ",": "commas"}


class Unreadable(ValueError):
    """Why a file holds nothing that can be used, as the middle of a sentence."""


class Fields(NamedTuple):
    """Lines of a table that are not empty: their fields, without the blanks around them, and their
    numbers in the file.
    """

    rows: list[list[str]]
    lines: list[int]
    delimiter: str | None = None


class Labelled(NamedTuple):
    """`values` (n, m), float64; names of rows and of columns, where the table has some."""

    values: np.ndarray
    rows: list[str] | None
    columns: list[str] | None


def read_fields(content: bytes) -> Fields:
    """Fields of a text whose delimiter is a tab, a semicolon, a comma or blanks. Lines that begin
    with # before it are skipped.
    """
    text = _decoded(content)
    told = None
    lines = list(enumerate(re.split(r"\r\n|\r|\n", text), start=1))
    while lines and (
        not lines[0][1].strip()
        or lines[0][1].lstrip().startswith("#")
        or lines[0][1].lower().startswith("sep=")
    ):
        first = lines.pop(0)[1]
        told = first[4:5] if first.lower().startswith("sep=") else told
    if not lines:
        raise Unreadable("it is empty")
    best: Fields | Unreadable | None = None
    for delimiter in _DELIMITERS if told is None else (told,):
        try:
            if len(_split(lines[:1], delimiter).rows[0]) < 2:
                continue
            fields = _split(lines, delimiter)
        except Unreadable as error:
            best = best or error
            continue
        same = all(len(row) == len(fields.rows[0]) for row in fields.rows)
        if same or not isinstance(best, Fields):
            best = fields
        if same:
            break
    if isinstance(best, Unreadable):
        raise best
    best = best or _split(lines, ",")
    return _with_points(best) if best.delimiter == ";" else best


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is no text in UTF-8, by its byte {error.start}") from None
    if "\0" in text:
        raise Unreadable("it is no text: it holds a zero byte")
    return text


def _split(lines: list[tuple[int, str]], delimiter: str | None) -> Fields:
    rows = []
    numbers = []
    if delimiter is None:
        for number, line in lines:
            if line.strip():
                rows.append(line.replace('"', "").split())
                numbers.append(number)
        return Fields(rows, numbers, delimiter)
    try:
        for number, line in lines:
            if not line.strip():
                continue
            (row,) = csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True)
            rows.append([field.strip() for field in row])
            numbers.append(number)
    except csv.Error as error:
        raise Unreadable(f"line {number}: {error}") from None
    return Fields(rows, numbers, delimiter)


def _with_points(fields: Fields) -> Fields:
    """Decimal commas, as beside semicolons, as decimal points."""
    given = [field for row in fields.rows for field in row]
    if not any(_DECIMAL_COMMA.fullmatch(field) for field in given):
        return fields
    if any("." in field and _NUMBER.fullmatch(field) for field in given):
        raise Unreadable("it holds decimal commas and decimal points")
    rows = [
        [field.replace(",", ".") if _DECIMAL_COMMA.fullmatch(field) else field for field in row]
        for row in fields.rows
    ]
    return Fields(rows, fields.lines, fields.delimiter)


def even(fields: Fields, *, corner: bool = False) -> Fields:
    """All lines as long as one another. With `corner`, a first line of names may lack the one above
    the names of the rows.
    """
    rows = fields.rows
    width = len(fields.rows[0])
    lacking = corner and len(rows) > 1 and all(len(row) == width + 1 for row in rows[1:])
    if lacking and all(map(is_name, rows[0])) and _are_names([row[0] for row in rows[1:]]):
        rows = [["", *rows[0]], *rows[1:]]
        width = width + 1
    for row, line in zip(rows, fields.lines, strict=True):
        if len(row) != width:
            by = f", between {_BETWEEN[fields.delimiter]}," if fields.delimiter else ""
            raise Unreadable(
                f"line {line} has {len(row)} field{'s' * (len(row) != 1)}{by} and line"
                f" {fields.lines[0]} has {width}"
            )
    return Fields(rows, fields.lines, fields.delimiter)


def is_number(field: str) -> bool:
    return _NUMBER.fullmatch(field) is not None or field.lower() in _TRUTH


def is_name(field: str) -> bool:
    """Whether a field can only be a name: it is neither blank nor a number, nor one that is written
    wrongly.
    """
    return bool(field) and not is_number(field) and not _LIKE_NUMBER.fullmatch(field)


def is_count(labels: list[str]) -> bool:
    """Whether labels are 0, 1, 2, ... or 1, 2, 3, ..., as programs number rows and columns."""
    return labels in (
        [str(k) for k in range(len(labels))],
        [str(k) for k in range(1, len(labels) + 1)],
    )


def labelled(fields: Fields, *, square: bool = False) -> Labelled:
    """A table of numbers, without the names of its columns (first line) and rows (first column).

    Names are what is no number; a first field that is blank, above names of rows, as pandas writes
    them; and the numbers 0, 1, 2, ... (or from 1), three or more, where they cannot be data: in a
    `square` table by its shape, else, in one of +-1 or 0/1, by their values.
    """
    fields = even(fields, corner=True)
    rows = [list(row) for row in fields.rows]
    lines = list(fields.lines)
    if len(rows[0]) > 1 and all(not row[-1] for row in rows):  # a delimiter at the end of each line
        rows = [row[:-1] for row in rows]
    columns = names = None
    corner = rows[0][0]
    cells = rows[0][1:]
    named = len(rows) > 1 and (not corner or is_name(corner))
    if named and (all(map(is_name, cells)) or _above(corner, cells, [row[0] for row in rows[1:]])):
        columns = rows[0]
        rows = rows[1:]
        lines = lines[1:]
    first = [row[0] for row in rows]
    if len(rows[0]) > 1:
        indexed = columns is not None and columns[0].lower() in _INDEX
        texts = all(map(is_name, first))
        counted = (
            columns is not None
            and len(first) > 2
            and is_count(first)
            and not (square and len(rows) == len(rows[0]))
        )
        if indexed or texts or counted:
            names = first
            rows = [row[1:] for row in rows]
            columns = columns[1:] if columns is not None else None
    values = _numbers(rows, lines, columns)
    values, columns, names = _counted_away(values, columns, names, square)
    return Labelled(values, names, columns)


def _above(corner: str, cells: list[str], first: list[str]) -> bool:
    """Whether numbers in the first line are names: beside the corner of a table with names of rows,
    or counting the columns.
    """
    if corner.lower() in _INDEX:
        return _are_names(cells) and _are_names(first)
    # Beside another text, which may be the name of a row of data: three or more that count, no
    # signs or bits.
    return is_count(cells) and len(cells) > 2 and (is_count(first) or all(map(is_name, first)))


def _are_names(labels: list[str]) -> bool:
    """Whether labels can be names and not data: all different, texts or whole numbers, and these
    more than signs or bits.
    """
    numbers = [label for label in labels if not is_name(label)]
    if len(set(labels)) < len(labels) or not all(
        re.fullmatch(r"-?\d+", label, re.ASCII) for label in numbers
    ):
        return False
    return is_count(labels) or not numbers or not set(numbers) <= {"-1", "0", "1"}


def _counted_away(values, columns, names, square: bool):
    """Without a first line, or column, that only counts."""
    count, width = values.shape
    odd = not (np.isin(values, (-1, 1)).all() or np.isin(values, (0, 1)).all())

    def counts(line: np.ndarray) -> bool:
        return len(line) > 2 and (
            np.array_equal(line, np.arange(len(line)))
            or np.array_equal(line, np.arange(1, len(line) + 1))
        )

    if (
        columns is None
        and count > 1
        and counts(values[0])
        and (count == width + 1 if square else odd)
    ):
        columns = [f"{x:.0f}" for x in values[0]]
        values = values[1:]
    if (
        names is None
        and width > 1
        and counts(values[:, 0])
        and (values.shape[0] + 1 == width if square else odd)
    ):
        names = [f"{x:.0f}" for x in values[:, 0]]
        values = values[:, 1:]
        columns = columns[1:] if columns is not None else None
    return values, columns, names


def _numbers(rows: list[list[str]], lines: list[int], columns: list[str] | None) -> np.ndarray:
    try:
        if any("_" in field or len(field) > 64 for row in rows for field in row):
            raise ValueError
        return np.array(rows).astype(float)
    except ValueError:
        pass
    for row, line in zip(rows, lines, strict=True):
        for k, field in enumerate(row):
            if not is_number(field):
                where = f"column {columns[k]}" if columns is not None else f"field {k + 1}"
                raise Unreadable(f"line {line}, {where}: {number_trouble(field)}")
    return np.array([[to_number(field) for field in row] for row in rows])


def to_number(field: str) -> float:
    """The number that a field is; ValueError for what is none."""
    if not is_number(field):
        raise ValueError(number_trouble(field))
    return float(_TRUTH.get(field.lower(), field).replace("d", "e").replace("D", "e"))


def number_trouble(field: str) -> str:
    """Why a field is no number, in a few words."""
    if not field:
        return "it is blank"
    hint = ", write a decimal point" if _DECIMAL_COMMA.fullmatch(field) else ""
    shown = field if len(field) <= 40 else field[:37] + "..."
    return f"'{shown}' is no number{hint}"
