"""Which encoding the text of a table or shapefile is in, and which parts a shapefile lacks."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PARTS = (".shx", ".dbf", ".prj")
# Enough to tell; a table of a whole country need not be read for it.
_MOST_BYTES = 4_000_000
_HEADER_LENGTH = slice(8, 10)


def missing_parts(shapefile: Path) -> list[str]:
    """Endings of files that a shapefile needs beside it and that are not there."""
    beside = {
        path.suffix.lower() for path in shapefile.parent.iterdir() if path.stem == shapefile.stem
    }
    return [part for part in _PARTS if part not in beside]


def encoding_of_table(path: Path) -> str | None:
    """Encoding of a .csv, or of the .dbf beside a .shp.

    Returns
    -------
    str or None
        ``UTF-8``, ``cp932 (Shift_JIS)``, or none where it is neither, has no text beyond ASCII, or
        the file is of another kind.
    """
    match path.suffix.lower():
        case ".csv":
            return _encoding(_head(path))
        case ".shp":
            tables = [
                other
                for other in path.parent.iterdir()
                if other.stem == path.stem and other.suffix.lower() == ".dbf"
            ]
            if not tables:
                return None
            data = _head(tables[0])
            # Above the records stand numbers of the format, and names of columns.
            return _encoding(data[int.from_bytes(data[_HEADER_LENGTH], "little") :])
        case _:
            return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES)


def _encoding(data: bytes) -> str | None:
    if data.isascii():
        return None
    for name, shown in (("utf-8", "UTF-8"), ("cp932", "cp932 (Shift_JIS)")):
        try:
            # A letter may be cut in two at the end of what was read.
            codecs.getincrementaldecoder(name)("strict").decode(data, final=False)
        except UnicodeDecodeError:
            continue
        return shown
    return None
