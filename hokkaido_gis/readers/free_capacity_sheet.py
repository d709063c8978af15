"""Sheets of free capacity (空容量): their heading, and which of our columns stand where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from hokkaido_gis.errors import TableError, name_some
from hokkaido_gis.readers.sheets import HEADING_WITHIN, heading_at, is_value, plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hokkaido_gis.readers.sheets import Heading, Sheet

Kind = Literal["line", "substation"]
Unit = Literal["kW", "MW", "万kW"]

COLUMNS = {
    "id": ("line_id", "substation_id", "id"),
    "name": ("name", "送電線名", "送電線名称", "変電所名", "変電所名称", "名称", "設備名"),
    "kind": ("kind",),
    "voltage": ("kv", "voltage"),
    "capacity": ("capacity_kw", "capacity_mw"),
    "operating": ("operating_kw", "operating_mw"),
    "free_own": ("free_kw", "free_mw", "free_own_kw", "free_own_mw"),
    "free_upper": ("free_upper_kw", "free_upper_mw"),
    "remarks": ("remarks", "備考"),
}
"""Our columns and their whole headings, preferred first; published ones are found by words."""

QUANTITIES = ("capacity", "operating", "free_own", "free_upper")
"""Our columns that hold capacities."""

# Words that the heading of a published column has and has not, without blanks and line breaks.
_WORDS = {
    "voltage": (r"電圧", r"制約|調整"),
    "capacity": (r"設備容量", r"運用|空き?容量"),
    "operating": (r"運用容量", r"要因|空き?容量"),
    "free_own": (r"空き?容量", r"上位|制約|要因|備考"),
    "free_upper": (r"空き?容量.*上位|上位.*空き?容量", r"制約|要因|備考"),
}
_KINDS: dict[str, Kind] = {
    "line_id": "line", "送電線名": "line", "送電線名称": "line",
    "substation_id": "substation", "変電所名": "substation", "変電所名称": "substation",
}  # fmt: skip
_UNIT = re.compile(r"万kw|kw|mw")
_UNITS: dict[str, Unit] = {"kw": "kW", "mw": "MW", "万kw": "万kW"}
_HEADING_ROWS = 4


class FoundColumns(NamedTuple):
    """Heading of a table and the columns found in it; the voltage may stand in several."""

    heading: Heading
    at: dict[str, list[int]]
    kind: Kind | None

    def label(self, name: str) -> str:
        """Heading of one of ours, as plain text."""
        return _joined(self.heading.labels[self.at[name][0]])

    def unit_of(self, name: str) -> Unit | None:
        """Unit that the heading of one of ours states last, if any."""
        stated = _UNIT.findall(self.label(name))
        return _UNITS[stated[-1]] if stated else None


def _joined(parts: Sequence[str]) -> str:
    """Labels of a heading as one text in half width without blanks."""
    return plain_text("".join(parts))


def find_capacity_columns(sheet: Sheet, chosen: Mapping[str, str], layer: str) -> FoundColumns:
    """Find the heading, and our columns in it."""
    strange = [name for name in chosen if name not in COLUMNS]
    if strange:
        fault = f"columns names {name_some(strange)}; ours are {', '.join(COLUMNS)}."
        raise TableError(layer, [fault])
    wanted = {name: plain_text(heading) for name, heading in chosen.items()}
    # Titles above may hold the same words as the heading, so that the lowest that does counts.
    for first in reversed(sheet.filled.index[:HEADING_WITHIN]):
        last = first
        while last < min(first + _HEADING_ROWS - 1, sheet.filled.index[-1] - 1) and not any(
            map(is_value, sheet.filled.loc[last + 1])
        ):
            last += 1
        if last >= sheet.filled.index[-1]:
            continue
        heading = heading_at(sheet, int(first), int(last))
        at = {name: _columns_of(name, heading.labels, wanted) for name in COLUMNS}
        at = {name: positions for name, positions in at.items() if positions}
        if ("name" in at or "id" in at) and ("free_own" in at or "free_upper" in at):
            return _checked(FoundColumns(heading, at, _kind(heading, at)), wanted, layer)
    seen = [cell for cell in sheet.filled.to_numpy().ravel()[:400] if re.search(r"[^\d.\s]", cell)]
    raise TableError(
        layer,
        [
            (
                "no heading with a name (送電線名, 変電所名, name) or an id and with a free "
                "capacity (空容量, free_kw) has rows below it; the sheet begins with "
                f"{name_some(seen, most=8)}. Name the headings with columns, e.g. "
                "columns={'free_own': '空容量'}."
            )
        ],
    )


def _columns_of(
    name: str, labels: Sequence[tuple[str, ...]], wanted: Mapping[str, str]
) -> list[int]:
    """Positions of the columns of one of ours: as chosen, by whole headings, or by words."""
    texts = [_joined(parts) for parts in labels]
    if name in wanted:
        return [
            j for j, text in enumerate(texts)
            if wanted[name] in (text, *map(plain_text, labels[j]))
        ][:1]  # fmt: skip
    for heading in COLUMNS[name]:
        whole = [j for j, text in enumerate(texts) if text == heading or heading in labels[j][-1:]]
        if whole:
            return whole[:1]
    has, lacks = _WORDS.get(name, ("(?!)", ""))
    return [
        j for j, text in enumerate(texts) if re.search(has, text) and not re.search(lacks, text)
    ]


def _checked(found: FoundColumns, wanted: Mapping[str, str], layer: str) -> FoundColumns:
    """Refuse headings that are not there, and quantities that several columns may hold."""
    labels = [_joined(parts) for parts in found.heading.labels if parts]
    faults = [
        f"it has no column {heading!r} for {name}; it has {name_some(labels, most=12)}."
        for name, heading in wanted.items()
        if name not in found.at
    ]
    for name in QUANTITIES:
        several = [_joined(found.heading.labels[j]) for j in found.at.get(name, [])]
        if len(several) > 1:
            faults.append(
                f"several columns may be {name}: {name_some(several)}. Name one with columns, "
                f"e.g. columns={{{name!r}: {several[0]!r}}}."
            )
    if faults:
        raise TableError(layer, faults)
    return found


def _kind(heading: Heading, at: Mapping[str, list[int]]) -> Kind | None:
    labels = [heading.labels[at[name][0]] for name in ("id", "name") if name in at]
    kinds = [
        _KINDS[text] for parts in labels for text in (_joined(parts), *map(plain_text, parts))
        if text in _KINDS
    ]  # fmt: skip
    return kinds[0] if kinds else None
