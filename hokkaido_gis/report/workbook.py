"""All tables of the report as one Excel workbook: contents, and a sheet for each table."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from hokkaido_gis.io.cells import put_text, unguard_text
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.io.sheet_values import fit_sheet
from hokkaido_gis.io.tables import save_workbook
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

    from hokkaido_gis.render.scene import Lang

Kind = Literal["text", "number", "mixed"]

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?(e[-+]?[0-9]+)?")
_HEAD = PatternFill("solid", fgColor="E4EEE9")
_WIDEST, _ROWS_MEASURED = 60, 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of the workbook.

    Attributes
    ----------
    name
        Id of the table, and name of its sheet.
    title, caption
        As a reader sees them.
    file
        The table as CSV.
    columns
        What each of its columns holds, as `column_kinds` tells.
    """

    name: str
    title: str
    caption: str
    file: Path
    columns: tuple[str, ...]


def column_kinds(table: pd.DataFrame) -> tuple[Kind, ...]:
    """Tell which columns hold numbers, text or both, which a CSV alone does not say.

    Examples
    --------
    >>> column_kinds(pd.DataFrame({"a": [1.5], "b": ["01"], "c": [1, "-"][:1]}))
    ('number', 'text', 'number')
    """
    return tuple(_kind(values) for _, values in table.items())


def _kind(values: pd.Series) -> Kind:
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return "number"
    present = values.dropna()
    are_text = present.map(lambda value: isinstance(value, str))
    return "text" if are_text.all() else "mixed"


def write_workbook(sheets: Sequence[Sheet], path: Path, lang: Lang) -> list[Path]:
    """Write tables as sheets with typed cells; no text is ever taken for a formula.

    Parameters
    ----------
    sheets
        Tables in their order.
    path
        File ending in ``.xlsx``.
    lang
        Language of the contents.

    Returns
    -------
    list of pathlib.Path
        `path` alone.

    Raises
    ------
    OutputError
        If the file cannot be written; an older one stays untouched.
    """
    book = Workbook()
    contents = book.active
    assert contents is not None  # noqa: S101  (a new workbook has one sheet)
    _fill_contents(contents, sheets, lang)
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet)
    with replace_when_complete(path) as temporary:
        save_workbook(book, temporary)
    return [path]


def _fill_contents(page: Worksheet, sheets: Sequence[Sheet], lang: Lang) -> None:
    page.title = say(lang, "目次", "contents")
    _head(page, [say(lang, "番号", "Id"), say(lang, "表題", "Title"), say(lang, "注", "Note")])
    for row, sheet in enumerate(sheets, start=2):
        for column, text in enumerate((sheet.name, sheet.title, sheet.caption), start=1):
            _put(page.cell(row, column), text)
        page.cell(row, 1).hyperlink = f"#'{sheet.name}'!A1"
        page.cell(row, 1).font = Font(color="1F6F54", underline="single")
        page.cell(row, 3).alignment = Alignment(wrap_text=True, vertical="top")
    for letter, width in zip("ABC", (13, 60, 110), strict=True):
        page.column_dimensions[letter].width = width


def _fill(page: Worksheet, sheet: Sheet) -> None:
    # Without a heading of its own, since pandas would rename headings that occur twice.
    table = pd.read_csv(
        sheet.file, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig"
    )
    headings, *rows = [list(map(unguard_text, row)) for row in table.to_numpy().tolist()]
    typed = [
        pd.Series([_typed(row[column], kind) for row in rows], dtype=object)
        for column, kind in enumerate(sheet.columns)
    ]
    fitted = fit_sheet(pd.concat(typed, axis=1).set_axis(headings, axis=1), sheet=sheet.name)
    _head(page, fitted.columns.tolist())
    for column, heading in enumerate(headings):
        for row, value in enumerate(fitted.iloc[:, column], start=2):
            if value is not None:
                _put(page.cell(row, column + 1), value)
        texts = [row[column] for row in rows[:_ROWS_MEASURED]]
        widest = max(map(_width, [*heading.splitlines(), *texts]), default=0)
        letter = get_column_letter(column + 1)
        page.column_dimensions[letter].width = min(widest + 3, _WIDEST)
    page.auto_filter.ref = page.dimensions


def _head(page: Worksheet, names: Sequence[str]) -> None:
    for column, name in enumerate(names, start=1):
        cell = page.cell(1, column)
        _put(cell, name)
        cell.font, cell.fill = Font(bold=True), _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    page.freeze_panes = "A2"


def _put(cell: Cell | MergedCell, value: str | float) -> None:
    """Set a cell; text stays text, also in the hands of one who edits it."""
    if isinstance(value, str):
        put_text(cell, value)
    else:
        cell.value = value


def _typed(text: str, kind: str) -> str | float | None:
    """Give the number or truth value that pandas writes as this text, else the text."""
    if text == "":
        return None
    if kind == "text":
        return text
    if text in {"True", "False"}:
        return text == "True"
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.removeprefix("-").isdecimal() else float(text)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)
