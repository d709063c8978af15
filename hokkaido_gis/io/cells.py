"""Text on its way into a spreadsheet: that it stays text, and cannot be taken for a formula.

A spreadsheet runs what begins with ``=``, ``+``, ``-`` or ``@``, and names of places come from
files by many hands. In an Excel file the cell says that it holds text. A CSV cannot say so; there
an apostrophe is set before such text, which `read_table` takes off again. Numbers, and marks of
missing values such as ``-``, are left alone.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd

from hokkaido_gis.errors import LayerWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpyxl.cell.cell import Cell, MergedCell

_STARTS = r"=+\-@\t\r\n＝＋－＠"
_GUARDED = re.compile(rf"'*[{_STARTS}]")
_HARMLESS = re.compile(r"'*(?:[-－]+|[-+－＋]?[\d,]*\.?\d*(?:[eE][-+]?\d+)?)")
# What no text file can hold: halves of a pair of code units, left over from broken text, and NUL.
_NO_TEXT = re.compile("[\\x00\\ud800-\\udfff]")
_LINE_END = re.compile("\\r\\n?")
_NOT_IN_EXCEL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONGEST_CELL = 32_767


def guard_text(text: str) -> str:
    """Write text for a CSV so that no spreadsheet takes it for a formula.

    Examples
    --------
    >>> guard_text("=1+1"), guard_text("+81 11 222 3333"), guard_text("札幌市")
    ("'=1+1", "'+81 11 222 3333", '札幌市')
    >>> guard_text("-12.5"), guard_text("-"), guard_text("'=1")
    ('-12.5', '-', "''=1")
    """
    return f"'{text}" if _is_guarded(text) else text


def unguard_text(text: str) -> str:
    """Give the text that `guard_text` wrote.

    Examples
    --------
    >>> unguard_text("'=1+1"), unguard_text("''=1"), unguard_text("'-12.5"), unguard_text("O'Neil")
    ('=1+1', "'=1", "'-12.5", "O'Neil")
    """
    return text[1:] if text.startswith("'") and _is_guarded(text) else text


def _is_guarded(text: str) -> bool:
    return _GUARDED.match(text) is not None and _HARMLESS.fullmatch(text) is None


def guard_table(table: pd.DataFrame) -> pd.DataFrame:
    """Give a copy of a table whose texts and headings are written for a CSV."""
    return _each_text(table, lambda text: guard_text(storable(text)))


def unguard_table(table: pd.DataFrame) -> pd.DataFrame:
    """Give a copy of a table read from a CSV with the texts and headings that were meant."""
    return _each_text(table, unguard_text)


def storable_table(table: pd.DataFrame) -> pd.DataFrame:
    """Give a copy of a table whose texts an Excel file can hold, and tell what was lost.

    Characters that Excel cannot hold become U+FFFD; texts over 32,767 characters end there.
    """
    lost: list[str] = []

    def clean(text: str) -> str:
        cleaned = excel_text(text)
        if cleaned != _LINE_END.sub("\n", text):
            lost.append(text)
        return cleaned

    cleaned = _each_text(table, clean)
    if lost:
        warnings.warn(
            f"{len(lost)} texts are not as they were, since Excel holds no control characters and "
            f"no text over {_LONGEST_CELL:,} characters: {lost[0][:40]!r} is the first. Write "
            ".csv or .parquet to keep them.",
            LayerWarning,
            stacklevel=3,
        )
    return cleaned


def storable(text: str) -> str:
    """Give text that a file of text can hold, with line ends that mean no new row."""
    return _NO_TEXT.sub("\ufffd", _LINE_END.sub("\n", text))


def excel_text(text: str) -> str:
    """Give text that a cell of an Excel file can hold."""
    return _NOT_IN_EXCEL.sub("\ufffd", storable(text))[:_LONGEST_CELL]


def put_text(cell: Cell | MergedCell, text: str) -> None:
    """Set a cell of a workbook to text, which stays text in the hands of one who edits it."""
    cell.value = excel_text(text)
    cell.data_type = "s"
    if re.match(rf"[{_STARTS}]", text):
        cell.quotePrefix = True


def _each_text(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    def changed(value: Any) -> Any:
        return change(value) if isinstance(value, str) else value

    made = table.copy()
    for position, (_, values) in enumerate(table.items()):
        if isinstance(values.dtype, pd.CategoricalDtype):
            plain = values.astype(values.cat.categories.dtype)
            made.isetitem(position, plain.map(changed).array)
        elif values.dtype == object or isinstance(values.dtype, pd.StringDtype):
            made.isetitem(position, values.map(changed).array)
    made.columns = table.columns.map(changed)
    if table.index.dtype == object or isinstance(table.index.dtype, pd.StringDtype):
        made.index = table.index.map(changed)
    return made.rename_axis(index=[changed(name) for name in table.index.names])
