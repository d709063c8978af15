"""Sheets as agencies and companies publish them, in .csv or .xlsx: cells, headings, plain text."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import openpyxl
import pandas as pd

from hokkaido_gis.errors import TableError
from hokkaido_gis.io.cells import unguard_text
from hokkaido_gis.io.workbooks import DAMAGED_WORKBOOK, no_workbook, require_fit_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

WITHHELD = frozenset({"x", "χ", "*", "**", "***"})
"""Marks of a value that is withheld, as `plain_text` gives them."""

DASHES = frozenset("-‐‑‒–—―−ー")
"""Marks that mean what the table says they do."""

HEADING_WITHIN = 40
"""Number of rows from the top among which a heading is looked for."""


class Sheet(NamedTuple):
    """Cells as text: as written, and with merged cells filled; rows count from 1."""

    written: pd.DataFrame
    filled: pd.DataFrame


def read_sheet(path: Path, *, holds: Callable[[pd.DataFrame], bool] | None = None) -> Sheet:
    """Read a .csv (UTF-8 or cp932), or a sheet of an .xlsx.

    Parameters
    ----------
    path
        File, which ends in .csv or .xlsx.
    holds
        Whether a sheet, its merged cells filled, holds what is wanted: the first that does is read,
        else the first of all.

    Raises
    ------
    TableError
        If the file is not there, is of another kind, cannot be read, or is empty.
    """
    if path.suffix.lower() not in (".csv", ".xlsx"):
        fault = f"it must be .csv or .xlsx; this ends in {path.suffix!r}."
        raise TableError(str(path), [fault])
    if not path.is_file():
        raise TableError(str(path), ["there is no such file. Check the path and its ending."])
    if path.suffix.lower() == ".csv":
        frame = _as_frame(_csv_rows(path))
        sheet = Sheet(frame, frame)
    else:
        sheets = _workbook_sheets(path)
        wanted = (each for each in sheets if holds is not None and holds(each.filled))
        sheet = next(wanted, sheets[0])
    if sheet.written.empty or (sheet.written == "").all(axis=None):
        raise TableError(str(path), ["it is empty."])
    return sheet


def _csv_rows(path: Path) -> list[list[str]]:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            rows = csv.reader(io.StringIO(text, newline=""))
            return [[unguard_text(cell) for cell in row] for row in _each_row(rows, path)]
    fault = "its text is neither UTF-8 nor cp932 (Shift_JIS). Save it as 'CSV UTF-8' and try again."
    raise TableError(str(path), [fault])


def _each_row(rows: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error as error:
        raise TableError(str(path), [f"it is no well-formed CSV ({error})."]) from error


def _workbook_sheets(path: Path) -> list[Sheet]:
    require_fit_workbook(path)
    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, data_only=True)
    except DAMAGED_WORKBOOK as error:
        raise no_workbook(path, error) from error
    return [_sheet_cells(sheet) for sheet in book.worksheets]


def _sheet_cells(sheet: Worksheet) -> Sheet:
    written = _as_frame(
        [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    )
    filled = written.copy()
    for merged in sheet.merged_cells.ranges:
        rows = slice(merged.min_row - 1, merged.max_row)
        columns = slice(merged.min_col - 1, merged.max_col)
        filled.iloc[rows, columns] = written.iloc[merged.min_row - 1, merged.min_col - 1]
    return Sheet(written, filled)


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _as_frame(rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    width = max(map(len, rows), default=0)
    padded = [[*(cell.strip() for cell in row), *[""] * (width - len(row))] for row in rows]
    return pd.DataFrame(padded, index=range(1, len(rows) + 1), dtype="str")


class Heading(NamedTuple):
    """Rows of the heading, and for each column its labels from top to bottom."""

    first: int
    last: int
    labels: list[tuple[str, ...]]


def heading_at(sheet: Sheet, first: int, last: int) -> Heading:
    """Heading in the rows from `first` to `last`, both included."""
    return Heading(first, last, heading_labels(sheet.filled.loc[first:last]))


def heading_labels(block: pd.DataFrame) -> list[tuple[str, ...]]:
    """Labels of each column from the rows of a heading, from top to bottom.

    A label reaches over the blank cells to its right, as if merged.
    """
    rows = [list(row) for row in block.itertuples(index=False)]
    for i, row in enumerate(rows[:-1]):
        for j in range(1, len(row)):
            below = any(lower[j] for lower in rows[i + 1 :])
            same_group = all(upper[j] == upper[j - 1] for upper in rows[:i])
            if not row[j] and row[j - 1] and below and same_group:
                row[j] = row[j - 1]
    return [tuple(dict.fromkeys(filter(None, column))) for column in zip(*rows, strict=True)]


def plain_text(text: object) -> str:
    """Half-width and lower case, without blanks, brackets and thousands commas."""
    plain = unicodedata.normalize("NFKC", str(text)).replace("※", "*")
    plain = plain.replace("...", "…") if plain.strip(".") == "" else plain
    return re.sub(r"(?<=[0-9]),(?=[0-9]{3})|\s", "", plain).casefold()


def is_value(cell: str) -> bool:
    """Whether a cell holds a number or a mark in place of one."""
    plain = plain_text(cell)
    return is_number(plain) or plain in WITHHELD | DASHES | {"…"}


def is_number(plain: str) -> bool:
    """Whether text, as `plain_text` gives it, is a number."""
    return re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", plain) is not None
