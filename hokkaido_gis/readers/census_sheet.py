"""Sheets of the census of agriculture: their heading of settlement keys and kinds of rows.

Tables of 農林業センサス come with a title and notes above, two or more rows of headings with merged
cells, the heading again further down, and notes below.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.errors import TableError, name_some
from hokkaido_gis.normalise import find_columns
from hokkaido_gis.readers.sheets import (
    HEADING_WITHIN,
    heading_at,
    heading_labels,
    is_value,
    plain_text,
    read_sheet,
)
from hokkaido_gis.settlement_keys import KEY_COLUMNS, PARTS, digits_of

if TYPE_CHECKING:
    from pathlib import Path

    from hokkaido_gis.readers.sheets import Heading, Sheet


def read_census_sheet(path: Path) -> Sheet:
    """Read a .csv (UTF-8 or cp932), or the first sheet of an .xlsx with a key in its heading."""
    return read_sheet(path, holds=lambda filled: _key_rows(filled) is not None)


# --- the heading --------------------------------------------------------------------------------


def rows_below(sheet: Sheet, head: Heading) -> pd.DataFrame:
    """Rows below a heading, each column under the label that names a key or name in it."""
    body = sheet.filled.loc[head.last + 1 :]
    return body.set_axis(_names_of_columns(head.labels), axis="columns")


def _names_of_columns(labels: list[tuple[str, ...]]) -> list[str]:
    """A name for each column: of its labels the one that is known, else all of them joined."""
    known = {plain_text(name) for names in KEY_COLUMNS.values() for name in names}
    names: list[str] = []
    for parts in labels:
        said = [parts[-1:], parts, *((part,) for part in parts)]
        hits = ["".join(p) for p in said if plain_text("".join(p)) in known]
        name = hits[0] if hits else parts[-1] if _names_only(parts) else "".join(parts)
        names.append(name if name not in names else f"{name}#{len(names)}")
    return names


def _names_only(parts: tuple[str, ...]) -> bool:
    return bool(parts) and ("名" in parts[-1] or parts[-1].isascii())


def find_heading(sheet: Sheet, stated: tuple[int, int] | None, what: str) -> Heading:
    """Find the heading by its keys, or take the rows stated (first and last)."""
    if stated is not None:
        first, last = stated
        if not 1 <= first <= last < len(sheet.filled):
            fault = f"heading={stated} is no first and last row of a sheet of {len(sheet.filled)}."
            raise TableError(what, [fault])
        return heading_at(sheet, first, last)
    rows = _key_rows(sheet.filled)
    if not rows:
        fault = (
            "no heading with settlement keys is found (one of "
            f"{', '.join(KEY_COLUMNS['key'])}, or PREF, CITY, KCITY and RCOM together) in its "
            f"first {HEADING_WITHIN} rows. Name the heading's rows, as heading=(3, 4)."
        )
        raise TableError(what, [fault])
    first, last = rows
    while first > 1 and _is_upper_heading(sheet.filled.to_numpy()[first - 2].tolist()):
        first -= 1
    return heading_at(sheet, first, last)


def _key_rows(filled: pd.DataFrame) -> tuple[int, int] | None:
    """First row with the heading of keys, and the last before the rows that hold numbers."""
    for row in filled.index[:HEADING_WITHIN]:
        last = row
        while last < filled.index[-1] and _is_heading(filled.loc[last + 1]):
            last += 1
        names = _names_of_columns(heading_labels(filled.loc[row:last]))
        # A title above lies in the column of keys too, but is no part of its name.
        cells = [
            (filled.loc[row].iloc[position], names[position]) for position in _key_columns(names)
        ]
        if cells and all(cell and plain_text(cell) in plain_text(name) for cell, name in cells):
            return row, last
    return None


def _key_columns(names: list[str]) -> list[int]:
    """Positions of the columns of keys, or of all four parts; none where they are not there."""
    found = find_columns(pd.DataFrame(columns=names), KEY_COLUMNS)
    wanted = ["key"] if "key" in found else list(PARTS) if set(PARTS) <= set(found) else []
    return [names.index(found[name]) for name in wanted]


def _is_heading(row: pd.Series) -> bool:
    """Whether a row below the first of a heading belongs to it: labels, and no number or mark."""
    cells = [cell for cell in row if cell]
    return bool(cells) and not any(map(is_value, cells))


def _is_upper_heading(row: list[str]) -> bool:
    """Whether a row above belongs to a heading: not blank, and not only a title or note."""
    labels = {cell for cell in row[1:] if cell} - {row[0]}
    return bool(labels) and not any(map(is_value, labels))


def area_columns(labels: list[tuple[str, ...]], area: str | None) -> list[int]:
    """Positions of columns that may hold the area, narrowed down as far as headings allow."""
    whole = [plain_text("".join(parts)) for parts in labels]
    if area is not None:
        wanted = plain_text(area)
        exact = [j for j, text in enumerate(whole) if text == wanted]
        return exact or [j for j, p in enumerate(labels) if wanted in map(plain_text, p)]
    found = [
        j
        for j, text in enumerate(whole)
        if "耕作放棄地" in text and not re.search(r"農家数|戸数|経営体数|実数|割合|率", text)
    ]
    for word in ("面積", "計"):
        found = [j for j in found if word in whole[j]] or found
    return found


def area_fault(head: Heading, columns: list[int]) -> str:
    """Say that no column, or more than one, may hold the area."""
    names = [repr("".join(parts)) for parts in head.labels if parts]
    if not columns:
        return (
            "no column holds the area of abandoned farmland (耕作放棄地). Name it with area; it "
            f"has {name_some(names, most=12)}."
        )
    several = [repr("".join(head.labels[j])) for j in columns]
    return f"several columns may be the area: {name_some(several)}. Name one with area."


# --- the rows -----------------------------------------------------------------------------------


def row_kinds(sheet: Sheet, head: Heading) -> pd.Series:
    """What each row of the sheet is: above, heading, repeated heading, blank, note or data."""
    written = sheet.written
    kinds = pd.Series("data", index=written.index)
    kinds[: head.first - 1] = "above"
    kinds[head.first - 1 : head.last] = "heading"
    positions = _key_columns(_names_of_columns(head.labels))
    headings = {tuple(row) for row in written.loc[head.first : head.last].itertuples(index=False)}
    for row in written.index[head.last :]:
        cells = list(written.loc[row])
        keyed = any(re.search(r"[0-9]", digits_of(cells[position])) for position in positions)
        if not any(cells):
            kinds[row] = "blank"
        elif tuple(cells) in headings:
            kinds[row] = "repeated heading"
        elif _is_note(cells) and not (keyed and _is_code(cells[positions[0]])):
            kinds[row] = "note"
    return kinds


def _is_note(cells: list[str]) -> bool:
    """Whether a row is a line of text in one or two cells, such as a legend of marks."""
    filled = [cell for cell in cells if cell]
    return len(filled) <= 2 and not any(map(is_value, filled[1:]))


def _is_code(cell: str) -> bool:
    return re.fullmatch(r"[0-9.+E-]+", digits_of(cell).upper()) is not None
