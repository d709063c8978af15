"""Read and write attribute tables: CSV in UTF-8 or cp932, Excel, Parquet."""

from __future__ import annotations

import gc
import io
import re
import sys
import traceback
import unicodedata
import warnings
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.errors import OutputError, TableError, name_some
from hokkaido_gis.io.cells import guard_table, put_text, unguard_table
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.io.parquet import require_fit_parquet
from hokkaido_gis.io.sheet_values import fit_sheet
from hokkaido_gis.io.workbooks import DAMAGED_WORKBOOK, no_workbook, require_fit_workbook

if TYPE_CHECKING:
    from collections.abc import Collection

    from openpyxl import Workbook

_THEN = datetime(2000, 1, 1)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
# UTF-8 comes first: cp932 text is hardly ever valid UTF-8, while UTF-8 text often decodes as cp932.
_ENCODINGS = ("utf-8-sig", "cp932")
_MISSING = frozenset({"", "-", "－", "―", "…", "...", "x", "X", "NA", "N/A", "nan", "データなし"})


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table; in CSV every value stays text, so that no code loses its zero.

    Parameters
    ----------
    path
        ``.csv`` (UTF-8 or cp932, found out by reading), ``.xlsx`` (first sheet) or ``.parquet``.

    Returns
    -------
    pandas.DataFrame
        Columns as named in the file, without blanks around the names. The index counts rows as a
        spreadsheet shows them (the heading is row 1), so that messages name the row to mend;
        blank rows are left out and counted.

    Raises
    ------
    TableError
        If the file is absent, of another kind, in another encoding, damaged, empty, or says that it
        holds more than the limits of `hokkaido_gis.io.limits`.
    """
    source = Path(path)
    if not source.is_file():
        raise TableError(str(path), ["there is no such file. Check the path and its ending."])
    readers = {".csv": _read_csv, ".xlsx": _read_excel, ".parquet": _read_parquet}
    if source.suffix.lower() not in readers:
        raise TableError(
            str(path),
            [f"tables are read from {', '.join(readers)}; this ends in {source.suffix!r}."],
        )
    try:
        table = readers[source.suffix.lower()](source)
    except PermissionError as error:
        raise TableError(
            str(path), ["it may not be read. Close it if another program has it open."]
        ) from error
    table.columns = [str(column).strip() for column in table.columns]
    table.index += 2
    table = table.dropna(how="all")
    if table.empty:
        raise TableError(str(path), ["it has a heading but no rows." if len(table.columns) else
                                     "it is empty."])  # fmt: skip
    return table


def write_table(table: pd.DataFrame, path: str | Path, *, index: bool = False) -> Path:
    """Write a table in the format of the path's ending, whole or not at all.

    CSV is UTF-8 with a byte-order mark, without which Excel shows Japanese text as rubbish. Text
    that a spreadsheet would take for a formula stays text, see `hokkaido_gis.io.cells`; what a cell
    of Excel cannot hold is told as a `LayerWarning`, see `hokkaido_gis.io.sheet_values`.

    Raises
    ------
    TableError
        If it has more rows or columns than a sheet of Excel, and is to be one.
    OutputError
        If the ending is unknown or the file cannot be written.
    """
    target = Path(path)
    with replace_when_complete(target) as temporary:
        match target.suffix.lower():
            case ".csv":
                guarded = guard_table(table)
                guarded.to_csv(temporary, index=index, encoding="utf-8-sig", lineterminator="\n")
            case ".xlsx":
                whole = table.reset_index(allow_duplicates=True) if index else table
                _write_excel(fit_sheet(whole, sheet=target.name), temporary)
            case ".parquet":
                table.to_parquet(temporary, index=index)
            case _:
                raise OutputError(
                    f"Cannot write {target}: tables are written as .csv, .xlsx or .parquet; "
                    f"this ends in {target.suffix!r}."
                )
    return target


def require_columns(table: pd.DataFrame, columns: list[str], *, what: str) -> None:
    """Check that a table has the columns that are asked for.

    Raises
    ------
    TableError
        Naming all that are absent and those that are there.
    """
    absent = [column for column in columns if column not in table.columns]
    if absent:
        raise TableError(
            what,
            [
                (
                    f"it has no column {name_some([repr(c) for c in absent])}; "
                    f"it has {name_some(list(table.columns), most=12)}."
                )
            ],
        )


def to_numbers(values: pd.Series) -> pd.Series:
    """Turn written numbers into floats.

    Full-width digits, thousands commas and blanks are understood; the usual marks of a missing or
    withheld value (blank, ``-``, ``…``, ``x``) become missing, never zero.

    Parameters
    ----------
    values
        Text or numbers.

    Returns
    -------
    pandas.Series
        Floats on the same index.

    Raises
    ------
    TableError
        If a value is neither a number nor a mark of a missing one; every such row is named.

    Examples
    --------
    >>> to_numbers(pd.Series(["１，２３４", "x", "5.5"])).tolist()
    [1234.0, nan, 5.5]
    """
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    texts = values.map(_plain_number)
    numbers = pd.to_numeric(texts, errors="coerce")
    wrong = values[~np.isfinite(numbers) & texts.notna()]
    if len(wrong):
        faults = [f"row {i}: {value!r} is no number." for i, value in wrong.head(10).items()]
        more = [f"{len(wrong) - 10} more rows like these."] if len(wrong) > 10 else []
        raise TableError(f"column {values.name!r}", [*faults, *more])
    return numbers.astype(float)


def with_numbers(table: pd.DataFrame, *, keep: Collection[str] = ()) -> pd.DataFrame:
    """Turn the text columns of a table that hold numbers into numbers, as a map layer wants them.

    Columns with a leading zero, such as codes, stay text. Marks of missing or withheld values
    become missing.

    Parameters
    ----------
    table
        Table as from `read_table`.
    keep
        Columns to leave as they are, such as keys.

    Returns
    -------
    pandas.DataFrame
        A copy; whole numbers as ``Int64``.

    Examples
    --------
    >>> with_numbers(pd.DataFrame({"code": ["01202"], "kw": ["1,200"]})).to_dict("list")
    {'code': ['01202'], 'kw': [1200]}
    """
    numbered = table.copy()
    for column in table.columns.difference(list(keep), sort=False):
        texts = table[column].map(_plain_number).dropna()
        if pd.api.types.is_numeric_dtype(table[column]) or texts.empty:
            continue
        if texts.astype("str").str.match(r"[+-]?0[0-9]").any():
            continue
        try:
            values = to_numbers(table[column])
        except TableError:
            continue
        whole = (values.dropna() % 1 == 0).all() and (values.abs().dropna() < 2**53).all()
        numbered[column] = values.astype("Int64") if whole else values
    return numbered


def _plain_number(value: object) -> str | float | None:
    if value is None or (isinstance(value, float) and pd.isna(value)) or value is pd.NA:
        return None
    text = unicodedata.normalize("NFKC", str(value)).replace(",", "").replace(" ", "").strip()
    return None if text in _MISSING else text


def _read_csv(path: Path) -> pd.DataFrame:
    data = path.read_bytes()
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # UTF-16 of plain letters passes as cp932, with a null character beside each.
        if "\0" not in text:
            return _parse_csv(path, text) if text.strip() else pd.DataFrame()
    raise TableError(
        str(path),
        ["its text is neither UTF-8 nor cp932 (Shift_JIS). Save it as 'CSV UTF-8' and try again."],
    )


def _parse_csv(path: Path, text: str) -> pd.DataFrame:
    above = len(text) - len(text.lstrip("\r\n"))
    lines_above = len(text[:above].splitlines())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # Without index_col=False a row longer than the heading shifts all its values.
            table = pd.read_csv(
                io.StringIO(text[above:]),
                dtype=str,
                index_col=False,
                keep_default_na=False,
                na_values=[""],
                skip_blank_lines=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        reason = str(error).strip()
        raise TableError(str(path), [f"it is no well-formed CSV ({reason})."]) from error
    table.index += lines_above
    return unguard_table(table)


def _read_excel(path: Path) -> pd.DataFrame:
    require_fit_workbook(path)
    try:
        return pd.read_excel(path, dtype=object, engine="openpyxl", na_values=[""])
    except PermissionError:
        raise
    except DAMAGED_WORKBOOK as error:
        raise no_workbook(path, error) from error


def _write_excel(table: pd.DataFrame, path: Path) -> None:
    # It is left open, since its end would only save the book once more.
    writer = pd.ExcelWriter(io.BytesIO(), engine="openpyxl")
    table.to_excel(writer, index=False)
    for row in writer.book.worksheets[0].iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                put_text(cell, cell.value)
    save_workbook(writer.book, path)


def save_workbook(book: Workbook, path: Path) -> None:
    """Write a workbook without the clock that is in it, so that equal cells are equal files.

    Parameters
    ----------
    book
        Workbook of openpyxl; its creator and time of creation are set.
    path
        Where to write.
    """
    from openpyxl.writer.excel import ExcelWriter  # noqa: PLC0415  (slow to load)

    book.properties.created = _THEN
    book.properties.creator = "hokkaido_gis"
    packed = io.BytesIO()
    try:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            ExcelWriter(book, archive).save()
    except Exception as error:
        _clear_away(error)
        raise
    with (
        zipfile.ZipFile(packed) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>2000-01-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)


def _clear_away(error: Exception) -> None:
    """Let a sheet that was not finished go, which would complain of the same fault once more."""
    complain, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        traceback.clear_frames(error.__traceback__)
        gc.collect()
    finally:
        sys.unraisablehook = complain


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        require_fit_parquet(path)
        table = pd.read_parquet(path)
    except TableError:
        raise
    except (ValueError, OSError, NotImplementedError, KeyError) as error:
        raise TableError(str(path), [f"it cannot be read as Parquet ({error})."]) from error
    return table.reset_index(drop=table.index.names == [None])
