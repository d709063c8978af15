"""Census of agriculture by settlement: abandoned farmland (耕作放棄地), with what is withheld.

Tables of 農林業センサス come with two or more rows of headings, totals among the settlements, notes
below, and marks in place of numbers. Values of settlements with two holdings or fewer are withheld;
they are missing here, with a lower and an upper bound, and never zero.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import pandas as pd

from hokkaido_gis.errors import CodeError, LayerWarning, TableError, name_some
from hokkaido_gis.readers.census_bounds import (
    TOTALS,
    find_bounds,
    find_resolution,
    find_sums,
    tell_sums,
)
from hokkaido_gis.readers.census_sheet import (
    area_columns,
    area_fault,
    find_heading,
    read_census_sheet,
    row_kinds,
    rows_below,
)
from hokkaido_gis.readers.settlements import describe_settlements
from hokkaido_gis.readers.sheets import DASHES, WITHHELD, is_number, plain_text
from hokkaido_gis.settlement_keys import find_keys, key_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hokkaido_gis.readers.sheets import Heading, Sheet

Unit = Literal["a", "ha"]
Dash = Literal["none", "withheld", "unknown"]

_PER_HECTARE = {"a": 100.0, "ha": 1.0}
_UNITS = {"a": "a", "アール": "a", "ha": "ha", "ヘクタール": "ha"}
_UNIT = re.compile(r"(?<![a-z])(ha|a|ヘクタール|アール)(?![a-z])", re.IGNORECASE)
_UNKNOWN = frozenset({"", "…", "...", "・・・", "na", "n/a", "nan"})
# What tables say of their dash in the legend of marks, e.g. 「-」: 調査は行ったが事実のないもの.
_DASH_MEANS: dict[str, Dash] = {
    "事実のない": "none", "事実がない": "none", "該当なし": "none", "該当のない": "none",
    "該当数値なし": "none", "該当数字なし": "none", "皆無": "none",
    "秘匿": "withheld", "秘密": "withheld", "公表しない": "withheld",
    "不詳": "unknown", "調査を欠く": "unknown",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CensusAudit:
    """Where every row of a census table went; the counts but the last five add up to `rows_read`.

    Parameters
    ----------
    rows_read
        Rows of the sheet or file, blank ones included.
    above, headings, repeated_headings, blank, notes
        Rows above the heading, of the heading, of the heading again further down, without content,
        and of notes.
    totals, outside, settlements
        Rows of totals, of land outside all settlements, and of settlements.
    stated, none, withheld, unknown
        Settlements by the state of their value; they add up to `settlements`.
    dash
        What a dash was taken to mean; blank where none occurs.
    """

    rows_read: int
    above: int
    headings: int
    repeated_headings: int
    blank: int
    notes: int
    totals: int
    outside: int
    settlements: int
    stated: int
    none: int
    withheld: int
    unknown: int
    dash: str

    def summary(self) -> str:
        """Say in one sentence where the rows went."""
        return (
            f"{self.rows_read} rows: {self.settlements} settlements ({self.stated} with an area, "
            f"{self.none} without, {self.withheld} withheld, {self.unknown} unknown), "
            f"{self.totals} totals and {self.outside} of land outside set aside, "
            f"{self.above + self.headings + self.repeated_headings} of heading, {self.notes} of "
            f"notes, {self.blank} blank, {self.unaccounted} unaccounted for."
        )

    @property
    def unaccounted(self) -> int:
        """Rows read that went nowhere; 0 unless the library is at fault."""
        return self.rows_read - (
            self.above
            + self.headings
            + self.repeated_headings
            + self.blank
            + self.notes
            + self.totals
            + self.outside
            + self.settlements
        )

    def to_series(self) -> pd.Series:
        """Counts under their names."""
        return pd.Series({**asdict(self), "unaccounted": self.unaccounted}, name="rows")


@dataclass(frozen=True, slots=True)
class AbandonedFarmland:
    """Abandoned farmland by settlement, the rows set aside, and the audit of all rows.

    Parameters
    ----------
    settlements
        Index ``key`` (text of 10 digits, in the order of the table); columns ``name``,
        ``municipality_code``, ``municipality``, ``former_municipality`` as in `read_settlements`,
        ``abandoned_ha`` (missing where withheld or unknown), ``abandoned_ha_low``,
        ``abandoned_ha_high`` [ha], ``status`` (``stated``, ``none``, ``withheld``, ``unknown``) and
        ``row`` (as a spreadsheet counts).
    set_aside
        The same for totals and land outside settlements, with ``level`` (see `key_levels`).
    sums
        One row a total that states an area: index ``key``; ``level``, ``stated_ha``, ``sum_ha`` (of
        its settlements), ``missing`` (settlements withheld or unknown), ``remainder_ha``,
        ``tolerance_ha`` (what rounding explains) and ``agrees``.
    audit
        Where every row went.
    """

    settlements: pd.DataFrame
    set_aside: pd.DataFrame
    sums: pd.DataFrame
    audit: CensusAudit

    def areas(self) -> pd.DataFrame:
        """Give what is joined to settlements: ``key``, the areas with their bounds, ``status``."""
        columns = ["abandoned_ha", "abandoned_ha_low", "abandoned_ha_high", "status"]
        return self.settlements[columns].reset_index()


def read_abandoned_farmland(
    table: str | Path,
    *,
    area: str | None = None,
    unit: Unit | None = None,
    dash: Dash | None = None,
    heading: tuple[int, int] | None = None,
) -> AbandonedFarmland:
    """Read a census table of abandoned farmland by settlement.

    Withheld values (``x``, ``X``, ``χ``, ``***``) are missing, with bounds: the lower is 0, since
    the census withholds wherever two holdings or fewer report, whatever they report. The upper is
    what the totals of former municipality, municipality and prefecture leave when everything else
    they hold is taken off: the values stated, and other totals where values below those are
    withheld. Without such a total in the table it is missing. Bounds are exact up to the table's
    rounding. A value that is stated is its own bounds; one that is unknown (``…``, blank) has none.

    Totals are found by their keys and set aside; totals that do not agree with the sum of their
    settlements, within rounding, are told as a `LayerWarning`.

    Parameters
    ----------
    table
        .csv (UTF-8 or cp932) or .xlsx (the first sheet with a key in its heading). Keys stand whole
        or in parts; see `find_keys`.
    area
        Heading of the column of areas; found by 耕作放棄地 and 面積 where None.
    unit
        Unit of the areas, where neither the heading nor the lines above it state one.
    dash
        What ``-`` stands for: ``"none"`` (an area of 0), ``"withheld"`` or ``"unknown"``. Where
        None, what the table's notes say; where they say nothing, ``"unknown"``, and this is told. A
        written ``0`` is always an area of 0.
    heading
        First and last row of the heading, as a spreadsheet counts; found out where None.

    Returns
    -------
    AbandonedFarmland
        Settlements, rows set aside, sums and audit.

    Raises
    ------
    TableError
        If the file cannot be read or the table cannot be used; all its faults are listed at once.
    """
    what = str(table)
    sheet = read_census_sheet(Path(table))
    head = find_heading(sheet, heading, what)
    kinds = row_kinds(sheet, head)
    values, keys, faults = _find_values(sheet, head, kinds, (area, unit))
    dash_means = dash or _dash_in_notes(sheet, kinds)
    cells, wrong = _read_cells(values.texts, dash_means or "unknown")
    faults += wrong + _repeated_keys(keys)
    if faults:
        raise TableError(what, faults)
    rows = describe_settlements(rows_below(sheet, head).loc[keys.index], keys)
    rows = rows.assign(level=key_levels(keys), status=cells["status"], row=keys.index)
    rows["abandoned_ha"] = cells["number"] / _PER_HECTARE[values.unit]
    rows = rows.assign(**find_bounds(rows))
    sums = find_sums(rows, resolution=find_resolution(values.texts) / _PER_HECTARE[values.unit])
    if dash_means is None and cells["dash"].any():
        _tell_dash(what)
    tell_sums(what, sums)
    dash_used = (dash_means or "unknown") if cells["dash"].any() else ""
    return _result(rows, sums, _audit(sheet, kinds, rows, dash_used))


_COLUMNS = (
    "name", "municipality_code", "municipality", "former_municipality", "abandoned_ha",
    "abandoned_ha_low", "abandoned_ha_high", "status", "row",
)  # fmt: skip


def _result(rows: pd.DataFrame, sums: pd.DataFrame, audit: CensusAudit) -> AbandonedFarmland:
    rows = rows.set_index("key")
    ours = rows["level"] == "settlement"
    return AbandonedFarmland(
        rows.loc[ours, list(_COLUMNS)], rows.loc[~ours, ["level", *_COLUMNS]], sums, audit
    )


# --- the values ---------------------------------------------------------------------------------


class _Values(NamedTuple):
    """Cells of areas as written, and their unit."""

    texts: pd.Series
    unit: Unit


def _find_values(
    sheet: Sheet, head: Heading, kinds: pd.Series, stated: tuple[str | None, Unit | None]
) -> tuple[_Values, pd.Series, list[str]]:
    """Cells of areas and keys of the rows that hold data, with what is wrong with them."""
    area, unit = stated
    data = kinds.index[kinds == "data"]
    faults: list[str] = []
    keys = pd.Series(dtype="str", name="key")
    if data.empty:
        return _Values(pd.Series(dtype="str"), "ha"), keys, ["it has a heading but no rows."]
    try:
        keys = find_keys(rows_below(sheet, head).loc[data], totals=True)
    except CodeError as error:
        faults.append(str(error))
    columns = area_columns(head.labels, area)
    if len(columns) != 1:
        return _Values(pd.Series(dtype="str"), "ha"), keys, [*faults, area_fault(head, columns)]
    labels = head.labels[columns[0]]
    above = " ".join(sheet.written.loc[kinds == "above"].to_numpy().ravel())
    written = _unit_of(labels) or _unit_of(re.findall(r"単位[^)）]*", above))
    if unit and written and unit != written:
        faults.append(f"unit={unit!r}, but its heading says {written}. Leave unit out.")
    if not (unit or written):
        faults.append(
            f"no unit stands in the heading {''.join(labels)!r} or above it. Say it with unit='a' "
            "or unit='ha'."
        )
    texts = sheet.written.loc[data, sheet.written.columns[columns[0]]].rename("".join(labels))
    return _Values(texts, unit or written or "ha"), keys, faults


def _unit_of(texts: Sequence[str]) -> Unit | None:
    for text in reversed(texts):
        found = _UNIT.search(unicodedata.normalize("NFKC", text))
        if found:
            return "a" if _UNITS[found[1].lower()] == "a" else "ha"
    return None


def _repeated_keys(keys: pd.Series) -> list[str]:
    repeated = keys[keys.duplicated(keep=False) & (key_levels(keys) != "outside")]
    if repeated.empty:
        return []
    told = [f"{key} in rows {name_some(list(g.index))}" for key, g in repeated.groupby(repeated)]
    return [f"keys stand in more than one row: {name_some(told)}. Leave one row for each."]


# --- the cells ----------------------------------------------------------------------------------


def _read_cells(texts: pd.Series, dash: Dash) -> tuple[pd.DataFrame, list[str]]:
    """Numbers, their status and whether a dash stood there; with the faults of cells."""
    plain = texts.map(plain_text)
    is_dash = plain.isin(DASHES)
    is_numeric = plain.map(is_number).astype(bool)
    number = pd.to_numeric(plain.where(is_numeric), errors="coerce").astype(float)
    status = pd.Series("unknown", index=texts.index, dtype="str")
    status[is_numeric] = "stated"
    status[plain.isin(WITHHELD)] = "withheld"
    status[is_dash] = dash
    number[is_dash & (dash == "none")] = 0.0
    wrong = texts[~(is_numeric | is_dash | plain.isin(WITHHELD) | plain.isin(_UNKNOWN))]
    wrong = pd.concat([wrong, texts[number < 0]])
    faults = [
        f"row {row}: {value!r} in column {texts.name!r} is no area."
        for row, value in wrong.head(10).items()
    ]
    faults += [f"{len(wrong) - 10} more rows like these."] if len(wrong) > 10 else []
    return pd.DataFrame({"number": number, "status": status, "dash": is_dash}), faults


def _dash_in_notes(sheet: Sheet, kinds: pd.Series) -> Dash | None:
    """What the table's legend of marks says of the dash; None where it says nothing."""
    notes = sheet.written.loc[kinds.isin(["above", "note"])].to_numpy().ravel()
    text = unicodedata.normalize("NFKC", " ".join(notes))
    dashes = re.escape("".join(sorted(DASHES)))
    for said in re.findall(rf"[「『\"'(][{dashes}][」』\"')]([^「『\"]*)", text):
        for words, meaning in _DASH_MEANS.items():
            if words in said:
                return meaning
    return None


def _tell_dash(what: str) -> None:
    warnings.warn(
        f"{what}: its notes do not say what '-' stands for; taken as unknown. Say it with "
        "dash='none' (an area of 0), 'withheld' or 'unknown'.",
        LayerWarning,
        stacklevel=3,
    )


def _audit(sheet: Sheet, kinds: pd.Series, rows: pd.DataFrame, dash: str) -> CensusAudit:
    count = kinds.value_counts()
    ours = rows["level"] == "settlement"
    status = rows.loc[ours, "status"].value_counts()
    return CensusAudit(
        rows_read=len(sheet.written),
        above=int(count.get("above", 0)),
        headings=int(count.get("heading", 0)),
        repeated_headings=int(count.get("repeated heading", 0)),
        blank=int(count.get("blank", 0)),
        notes=int(count.get("note", 0)),
        totals=int(rows["level"].isin(TOTALS).sum()),
        outside=int((rows["level"] == "outside").sum()),
        settlements=int(ours.sum()),
        stated=int(status.get("stated", 0)),
        none=int(status.get("none", 0)),
        withheld=int(status.get("withheld", 0)),
        unknown=int(status.get("unknown", 0)),
        dash=dash,
    )
