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
LONGEST_CELL = 32_767
"""Characters of a text in a cell of an Excel file."""


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
    """Give a copy of a table whose texts and headings are written for a CSV, and tell what is lost.

    Characters that no file of text can hold become U+FFFD.
    """
    lost: list[str] = []

    def guarded(text: str) -> str:
        held = storable(text)
        if held != plain_line_ends(text):
            lost.append(text)
        return guard_text(held)

    made = _each_text(table, guarded)
    if lost:
        warnings.warn(
            f"{len(lost):,} texts have characters that no file of text can hold (NUL, halves of a "
            f"pair from broken text), now U+FFFD: {lost[0][:40]!r} is the first.",
            LayerWarning,
            stacklevel=3,
        )
    return made


def unguard_table(table: pd.DataFrame) -> pd.DataFrame:
    """Give a copy of a table read from a CSV with the texts and headings that were meant."""
    return _each_text(table, unguard_text)


def storable(text: str) -> str:
    """Give text that a file of text can hold, with line ends that mean no new row."""
    return _NO_TEXT.sub("\ufffd", plain_line_ends(text))


def plain_line_ends(text: str) -> str:
    """Give text with the line ends of Unix."""
    return _LINE_END.sub("\n", text)


def excel_text(text: str) -> str:
    """Give text that a cell of an Excel file can hold: `fit_sheet` tells what that leaves out."""
    plain = _NOT_IN_EXCEL.sub("\ufffd", storable(text))
    if has_excel_length(plain):
        return plain
    return plain.encode("utf-16-le")[: 2 * LONGEST_CELL].decode("utf-16-le", "ignore")


def has_excel_length(text: str) -> bool:
    """Tell whether a text is no longer than a cell holds; Excel counts in UTF-16.

    Examples
    --------
    >>> has_excel_length("x" * 32_767), has_excel_length("\N{HOT SPRINGS}\N{VOLCANO}" * 16_384)
    (True, False)
    """
    beyond = sum(letter > "\uffff" for letter in text) if len(text) > LONGEST_CELL // 2 else 0
    return len(text) + beyond <= LONGEST_CELL


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
