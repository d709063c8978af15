"""Values on their way into a sheet of Excel: as they are, as text, or told; none lost in silence.

A cell holds numbers of 15 digits, days from 1900 to 9999 without a time zone, and 32,767 characters
of text without control characters. Other numbers and times are written as text, with all that they
say, and this is told; so is what no text can hold either.
"""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hokkaido_gis.errors import LayerWarning, TableError, name_some
from hokkaido_gis.io.cells import LONGEST_CELL, excel_text, has_excel_length, plain_line_ends

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Fitted = tuple[Any, Iterable[str]]

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
"""Rows and columns of a sheet of Excel."""
_DIGITS = 15
_FIRST_YEAR, _LAST_YEAR = 1900, 9999
_MOST_TOLD = 10

# What is told of a value, by what is done to it.
_LONG = f"of over {LONGEST_CELL:,} characters, cut off there"
_CONTROL = "with characters that Excel cannot hold, now U+FFFD"
_DIGITS_LOST = f"of more than {_DIGITS} digits, now text"
_INFINITE = "without end, now text"
_ZONE = "with a time zone, now text"
_YEARS = f"outside the years {_FIRST_YEAR} to {_LAST_YEAR}, now text"
_SPAN = "as a length of time, now text"


def fit_sheet(table: pd.DataFrame, *, sheet: str = "Sheet1") -> pd.DataFrame:
    """Give a copy of a table with values that a sheet of Excel can hold, and tell what has changed.

    Parameters
    ----------
    table
        Table to be written under one row of headings, without its index.
    sheet
        Name of the sheet, or of the file where it holds one, for messages.

    Returns
    -------
    pandas.DataFrame
        As `table`, with text where Excel has no such number or time. Line ends are those of Unix.

    Raises
    ------
    TableError
        If it has more rows or columns than a sheet.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True, action="always") as told:
    ...     fitted = fit_sheet(pd.DataFrame({"id": [7, 12345678901234567]}))
    >>> fitted["id"].tolist()
    [7, '12345678901234567']
    >>> print(str(told[0].message).partition(". ")[0])
    Sheet1: column 'id' has 1 value of more than 15 digits, now text (row 3)
    """
    _require_room(table, sheet)
    made, told = table.copy(), []
    for position, name in enumerate(table.columns):
        values, changes = _fit(table.iloc[:, position])
        made.isetitem(position, values.array)
        told += [
            f"column {str(name)[:40]!r} has {_count(rows)} {what} ({_rows(rows)})"
            for what, rows in changes.items()
        ]
    headings = [_fit_text(name) if isinstance(name, str) else (name, ()) for name in table.columns]
    made.columns = pd.Index([name for name, _ in headings])
    changed = [repr(str(name)[:40]) for name, changes in headings if changes]
    if changed:
        told.append(f"headings are not as they were: {name_some(changed)}")
    if told:
        rest = [f"{len(told) - _MOST_TOLD} more like these"] if len(told) > _MOST_TOLD else []
        warnings.warn(
            f"{sheet}: {'; '.join([*told[:_MOST_TOLD], *rest])}. Write .csv or .parquet to keep "
            "them as they are.",
            LayerWarning,
            stacklevel=3,
        )
    return made


def _require_room(table: pd.DataFrame, sheet: str) -> None:
    rows, columns = len(table) + 1, table.shape[1]
    faults = [
        f"it has {there:,} {what}; a sheet of Excel holds {most:,}. Write .csv or .parquet."
        for there, most, what in (
            (rows, MOST_ROWS, "rows with that of the headings"),
            (columns, MOST_COLUMNS, "columns"),
        )
        if there > most
    ]
    if faults:
        raise TableError(sheet, faults)


def _count(rows: list[int]) -> str:
    return f"{len(rows):,} value{'s' if len(rows) > 1 else ''}"


def _rows(rows: list[int]) -> str:
    return f"row{'s' if len(rows) > 1 else ''} {name_some(rows)}"


def _fit(values: pd.Series) -> tuple[pd.Series, dict[str, list[int]]]:
    """Give values that cells can hold, and the rows of the sheet in which something changed."""
    suspects = np.flatnonzero(_suspects(values))
    if not len(suspects):
        return values, {}
    fitted, changes = values.astype(object).to_numpy(copy=True), defaultdict(list)
    for position in suspects:
        fitted[position], reasons = _fit_value(fitted[position])
        for reason in reasons:
            changes[reason].append(int(position) + 2)  # the heading is row 1
    return pd.Series(fitted, index=values.index, dtype=object), changes


def _suspects(values: pd.Series) -> npt.NDArray[np.bool_]:
    """Which values may not be what a cell holds; of texts and mixed values all that are there."""
    kinds = pd.api.types
    if kinds.is_bool_dtype(values.dtype):
        return np.zeros(len(values), dtype=bool)
    if kinds.is_integer_dtype(values.dtype):
        most = 10**_DIGITS
        return _true((values >= most) | (values <= -most))
    if kinds.is_float_dtype(values.dtype):
        return _true(pd.Series(np.isinf(values.to_numpy(dtype="float64", na_value=np.nan))))
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "M":
        return _true(values.notna() & ~values.dt.year.between(_FIRST_YEAR, _LAST_YEAR))
    return _true(values.notna())


def _true(mask: pd.Series) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = mask.to_numpy(dtype=bool, na_value=False)
    return found


def _fit_value(value: Any) -> Fitted:
    """Give what a cell can hold of a value, and what is to be told of it."""
    match value:
        case bool() | np.bool_():
            return value, ()
        case Real() | Decimal():
            return _fit_number(value)
        case date() | time() | timedelta():
            return _fit_time(value)
    return _fit_text(str(value))


def _fit_number(value: Real | Decimal) -> Fitted:
    if isinstance(value, Integral):
        return (value, ()) if abs(int(value)) < 10**_DIGITS else (str(value), [_DIGITS_LOST])
    if isinstance(value, Decimal) and value.is_finite() and Decimal(str(float(value))) != value:
        return str(value), [_DIGITS_LOST]
    return (str(float(value)), [_INFINITE]) if math.isinf(value) else (float(value), ())


def _fit_time(value: date | time | timedelta) -> Fitted:
    if isinstance(value, timedelta):
        return str(pd.Timedelta(value)), [_SPAN]
    if isinstance(value, datetime | time) and value.tzinfo is not None:
        return value.isoformat(), [_ZONE]
    if isinstance(value, time):
        return value.isoformat(), ()
    fits = _FIRST_YEAR <= value.year <= _LAST_YEAR
    return (value, ()) if fits else (value.isoformat(), [_YEARS])


def _fit_text(text: str) -> Fitted:
    fitted, plain = excel_text(text), plain_line_ends(text)
    long = not has_excel_length(plain)
    control = not plain.startswith(fitted)
    return fitted, [what for what, is_so in ((_LONG, long), (_CONTROL, control)) if is_so]
