"""Excel workbooks that someone else made, looked at before they are opened."""

from __future__ import annotations

import zipfile
import zlib
from functools import cache
from typing import TYPE_CHECKING
from xml.parsers import expat

from hokkaido_gis.errors import TableError
from hokkaido_gis.io.archives import reading_faults
from hokkaido_gis.io.contents import RefusedError, plain_parser
from hokkaido_gis.io.limits import current_limits, how_to_raise

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED_WORKBOOK = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError, RuntimeError,
    SyntaxError, TypeError, ValueError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What openpyxl lets through when a workbook is damaged: it checks little of what it reads."""

_XML = (".xml", ".rels", ".vml")
# What pictures in a workbook begin with; all else is taken for XML.
_PICTURES = (b"\x89PNG", b"\xff\xd8", b"GIF8", b"BM", b"\xd7\xcd\xc6\x9a", b"\x01\x00\x00\x00")


def require_fit_workbook(path: Path) -> None:
    """Look at an Excel file before it is opened.

    Raises
    ------
    TableError
        If it is no archive, or one that is not unpacked; or its sheets reach over more cells than
        the limit.
    """
    try:
        faults = _faults(path)
    except PermissionError:
        raise
    except DAMAGED_WORKBOOK as error:
        raise no_workbook(path, error) from error
    if faults:
        raise TableError(str(path), faults)


def no_workbook(path: Path, error: Exception) -> TableError:
    """Say that a file is no Excel file that can be read, and why."""
    fault = f"it cannot be read as an Excel file ({error}). Open it in Excel and save it again."
    return TableError(str(path), [fault])


def _faults(path: Path) -> list[str]:
    """Tell all for which a workbook is refused, from its archive and the places of its cells."""
    limits = current_limits()
    with zipfile.ZipFile(path) as archive:
        faults = reading_faults(archive, path.stat().st_size, limits)
        if faults:
            return faults
        for entry in archive.infolist():
            try:
                values = _values(archive, entry)
            except RefusedError as error:
                faults.append(f"{entry.filename}: {error}.")
                continue
            except (expat.ExpatError, ValueError, LookupError) as error:
                if entry.filename.casefold().endswith(_XML):
                    faults.append(f"{entry.filename} is no well-formed XML ({error}).")
                continue
            if values > limits.max_values:
                faults.append(
                    f"{entry.filename} reaches over {values:,} cells; at most "
                    f"{limits.max_values:,} are taken. Delete what stands far off the table. "
                    f"{how_to_raise('max_values')}"
                )
    return faults


class _Extent:
    """Rows and columns that the cells of a sheet reach over, and the area of its merged cells."""

    def __init__(self) -> None:
        self.rows = self.columns = self.merged = 0
        self._row = self._column = 0

    def __call__(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element of the sheet; rows and cells that do not say where follow the last."""
        if name == "v":  # half of all there are
            return
        match name.rpartition(":")[2]:
            case "row":
                self._row = int(attributes.get("r", self._row + 1))
                self._column = 0
            case "c":
                self._column += 1
                if "r" in attributes:
                    self._column, self._row = _place(attributes["r"])
            case "mergeCell":
                (left, top), (right, bottom) = (
                    _place(corner) for corner in (attributes["ref"] + ":A1").split(":")[:2]
                )
                self.merged += (abs(right - left) + 1) * (abs(bottom - top) + 1)
        self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)


def _values(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Cells that a part of a workbook reaches over: 0 where it is no sheet."""
    extent = _Extent()
    with archive.open(entry) as part:
        start = part.read(16)
        if start.startswith(_PICTURES):
            return 0
        parser = plain_parser(extent)
        parser.Parse(start, False)
        parser.ParseFile(part)
    return max(extent.rows * max(extent.columns, 1), extent.merged)


def _place(corner: str) -> tuple[int, int]:
    """Numbers of the column and row of a cell: AB3 is 28 and 3."""
    plain = corner.replace("$", "")
    letters = plain.rstrip("0123456789")
    return _column(letters), int(plain[len(letters) :])


@cache
def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - 64
    return number
