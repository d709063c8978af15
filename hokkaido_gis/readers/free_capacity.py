"""Free capacity of lines and substations: the tables (空容量) that network companies publish.

The published shape, as far as it is known: title rows above; headings over one or two rows, with
line breaks; a row for each line (送電線名) or transformer bank (変電所名); capacities in MW; marks
and notes in place of numbers. Companies differ and change it, so that columns can be named.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from hokkaido_gis.errors import LayerWarning, TableError, name_some
from hokkaido_gis.readers.features import feature_ids
from hokkaido_gis.readers.free_capacity_sheet import QUANTITIES, find_capacity_columns
from hokkaido_gis.readers.sheets import plain_text, read_sheet
from hokkaido_gis.units import megawatts_to_kilowatts
from hokkaido_gis.voltage import classify_voltages, read_voltages, tell_voltages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hokkaido_gis.readers.free_capacity_sheet import FoundColumns, Kind, Unit
    from hokkaido_gis.readers.sheets import Sheet

_PER_UNIT_KW = {
    "kW": 1.0,
    "MW": megawatts_to_kilowatts(1.0),
    "万kW": megawatts_to_kilowatts(10.0),
}
_UNKNOWN = frozenset({"", "-", "ー", "―", "—", "–", "…", "na", "n/a", "nan", "なし", "非公表"})
_FOOTNOTE = re.compile(r"\(?[※*注]\(?[0-9]*\)?")
_PRODUCT = re.compile(r"(-?[0-9.]+)(?:[×x*]([0-9.]+))?")
_TOTALS = frozenset({"計", "合計", "小計", "総計"})


def read_free_capacity(
    source: str | Path,
    *,
    kind: Kind | None = None,
    columns: Mapping[str, str] | None = None,
    unit: Unit | None = None,
) -> pd.DataFrame:
    """Read a table of the free capacity of lines or substations.

    What counts is the smaller of a facility's own free capacity (当該設備) and that with the
    network above it (上位系等考慮). Rows that are no facility, facilities that stand there twice,
    values that are not stated or cannot be read, and a table that knows nothing of the network
    above are told as `LayerWarning`.

    Parameters
    ----------
    source
        ``.csv`` (UTF-8 or cp932, found out by reading) or ``.xlsx`` (first sheet), as published or
        plain: ``substation_id``, ``line_id`` or ``name``, and ``free_kw``.
    kind
        What the rows are. Otherwise it follows from the headings 送電線名 and 変電所名, from
        ``line_id`` and ``substation_id``, or from a column ``kind``.
    columns
        Headings in the file for ours, where they are not found: ``{"free_own": "空容量"}``. Ours
        are those of `free_capacity_sheet.COLUMNS`; a heading of several rows is written as one,
        without blanks.
    unit
        Unit of capacities whose heading does not state one.

    Returns
    -------
    pandas.DataFrame
        Index ``facility`` (text, unique, in the order of the file): the id, else the name, numbered
        on where it occurs before. Columns, missing where the file does not say:

        - ``name``: text; ``kind``: ``line`` or ``substation``
        - ``kv``: highest voltage [kV]; ``voltages``: all [kV], as text such as ``187;66``;
          ``voltage_class``: the report's class of the highest
        - ``capacity_kw``: of the equipment (設備容量); ``operating_kw``: what may be used of it
          (運用容量) [kW]
        - ``free_own_kw``, ``free_upper_kw``, and ``free_kw``, which counts [kW]: the smaller, and
          missing where that of the network above is a column and not stated, unless there is no
          room already; negative where overbooked
        - ``remarks``: text, with the footnotes of the free capacities
        - ``row``: its row in the file, as a spreadsheet shows it

    Raises
    ------
    TableError
        If the file cannot be read or used; all its faults are listed at once.
    """
    layer = str(source)
    sheet = read_sheet(Path(source))
    found = find_capacity_columns(sheet, columns or {}, layer)
    faults = [] if kind or found.kind or "kind" in found.at else [_NO_KIND]
    units = {name: found.unit_of(name) or unit for name in QUANTITIES if name in found.at}
    faults += [
        f"the unit of {found.label(name)!r} is not stated. Say it with unit, e.g. unit='MW'."
        for name in ("free_own", "free_upper")
        if name in units and units[name] is None
    ]
    if faults:
        raise TableError(layer, faults)
    raw = _facilities(sheet, found, layer)
    return _as_table(raw, found, units, kind or found.kind, layer)


_NO_KIND = (
    "it does not say whether its rows are lines or substations. Say kind='line' or "
    "kind='substation'."
)


def _facilities(sheet: Sheet, found: FoundColumns, layer: str) -> pd.DataFrame:
    """Cells of the rows that are facilities, under our names; other rows are told."""
    body = sheet.filled.loc[found.heading.last + 1 :]
    raw = pd.DataFrame(
        {
            name: ["/".join(filter(None, cells)) for cells in body[positions].to_numpy()]
            for name, positions in found.at.items()
        },
        index=body.index,
    )
    blank = (body == "").all(axis=1)
    called = [name for name in ("id", "name") if name in raw]
    measured = [name for name in ("voltage", *QUANTITIES) if name in raw]
    named = (raw[called] != "").any(axis=1)
    total = raw[called].map(plain_text).isin(_TOTALS).any(axis=1)
    valued = raw[measured].map(_says_something).any(axis=1)
    kept = named & ~total & valued
    aside = list(body.index[~kept & ~blank])
    if aside:
        warnings.warn(
            f"{layer}: {len(aside)} rows below the heading have no name or no value, are totals or "
            f"notes, and are set aside (rows {name_some(aside)}). A name in merged cells must be "
            "written in each row.",
            LayerWarning,
            stacklevel=4,
        )
    if not kept.any():
        raise TableError(layer, ["it has a heading but no row with a name and a value."])
    return raw[kept]


def _says_something(cell: str) -> bool:
    """Whether a cell holds a number, a mark in place of one, or a footnote."""
    text = plain_text(cell)
    return bool(re.search(r"[0-9※*]", text)) or (text != "" and text in _UNKNOWN)


class _Read(NamedTuple):
    """What a cell says: a number if any, and the footnotes beside it."""

    value: float
    notes: str
    readable: bool


def _read_number(cell: str) -> _Read:
    text = unicodedata.normalize("NFKC", cell)
    notes = " ".join(note.group().strip("()") for note in _FOOTNOTE.finditer(text))
    text = plain_text(_FOOTNOTE.sub("", text)).strip("()")
    text = re.sub(r"^[▲△−]", "-", text)
    if text in _UNKNOWN:
        return _Read(np.nan, notes, readable=True)
    match = _PRODUCT.fullmatch(text)
    try:
        return _Read(float(match[1]) * float(match[2] or 1), notes, readable=True)  # type: ignore[index]
    except (TypeError, ValueError):
        return _Read(np.nan, cell, readable=False)


def _as_table(
    raw: pd.DataFrame,
    found: FoundColumns,
    units: Mapping[str, Unit | None],
    kind: Kind | None,
    layer: str,
) -> pd.DataFrame:
    notes: dict[object, list[str]] = {row: [] for row in raw.index}
    numbers = {name: _numbers(raw, name, units.get(name), notes, layer) for name in QUANTITIES}
    voltages = read_voltages(raw.get("voltage", pd.Series("", index=raw.index)), unit="kV")
    label = found.label("voltage") if "voltage" in found.at else None
    tell_voltages(voltages, layer, "facilities", column=label)
    own, upper = numbers["free_own"], numbers["free_upper"]
    names = raw["name"] if "name" in raw else raw["id"]
    kinds = raw["kind"].map(plain_text) if kind is None else kind
    table = pd.DataFrame(
        {
            "name": names.where(names != "").astype("str"),
            "kind": kinds,
            "kv": voltages.table["kv"],
            "voltages": voltages.table["voltages"],
            "voltage_class": classify_voltages(voltages.table["kv"], voltages.table["direct"]),
            "capacity_kw": numbers["capacity"],
            "operating_kw": numbers["operating"],
            "free_own_kw": own,
            "free_upper_kw": upper,
            "free_kw": _what_counts(own, upper, found, layer),
            "remarks": _remarks(raw, notes),
            "row": raw.index,
        }
    )
    _check_rows(table, layer)
    raw = raw.assign(facility=raw["id"].where(raw["id"] != "", names) if "id" in raw else names)
    return table.set_axis(feature_ids(raw, "facility", "facility", layer))


def _numbers(
    raw: pd.DataFrame,
    name: str,
    unit: Unit | None,
    notes: Mapping[object, list[str]],
    layer: str,
) -> pd.Series:
    """Capacities [kW]; what is no number stays missing and is told, footnotes are collected."""
    if name not in raw:
        return pd.Series(np.nan, index=raw.index)
    read = [_read_number(cell) for cell in raw[name]]
    if unit is None:
        warnings.warn(
            f"{layer}: the heading of {name} states no unit of kW or MW, so that it stays missing.",
            LayerWarning,
            stacklevel=4,
        )
        return pd.Series(np.nan, index=raw.index)
    wrong = [
        f"row {row}: {cell!r}"
        for row, cell, each in zip(raw.index, raw[name], read, strict=True)
        if not each.readable
    ]
    if wrong:
        warnings.warn(
            f"{layer}: {len(wrong)} values of {name} cannot be read and stay missing "
            f"({name_some(wrong)}).",
            LayerWarning,
            stacklevel=4,
        )
    if name.startswith("free"):
        for row, each in zip(raw.index, read, strict=True):
            notes[row].extend([each.notes] if each.notes and each.notes not in notes[row] else [])
    return pd.Series([each.value for each in read], index=raw.index) * _PER_UNIT_KW[unit]


def _what_counts(own: pd.Series, upper: pd.Series, found: FoundColumns, layer: str) -> pd.Series:
    """The smaller of both; missing where the network above, if not stated, may leave less."""
    if "free_upper" in found.at:
        free = upper.where(~(own < upper) & ~(upper.isna() & (own <= 0)), own)
    else:
        free = own
        warnings.warn(
            f"{layer}: it has no free capacity with the network above (上位系等考慮); that of the "
            "facilities alone counts, which may be too much.",
            LayerWarning,
            stacklevel=4,
        )
    unknown = list(free.index[free.isna()])
    if unknown:
        warnings.warn(
            f"{layer}: the free capacity of {len(unknown)} of {len(free)} facilities is not stated "
            f"and stays missing (rows {name_some(unknown)}).",
            LayerWarning,
            stacklevel=4,
        )
    return free


def _remarks(raw: pd.DataFrame, notes: Mapping[object, list[str]]) -> pd.Series:
    written = raw["remarks"] if "remarks" in raw else pd.Series("", index=raw.index)
    texts = [" ".join(filter(None, [text, *notes[row]])) or None for row, text in written.items()]
    return pd.Series(pd.array(texts, dtype="str"), index=raw.index)


def _check_rows(table: pd.DataFrame, layer: str) -> None:
    """Refuse kinds that are not known; tell facilities that stand there twice."""
    strange = table["kind"][~table["kind"].isin(["line", "substation"])]
    if len(strange):
        told = [f"row {row}: {kind!r}" for row, kind in strange.items()]
        raise TableError(layer, [f"kind must be 'line' or 'substation'; got {name_some(told)}."])
    twice = table[table.duplicated(["kind", "name", "voltages"], keep=False)]
    if len(twice):
        told = [f"{name} in row {row}" for row, name in twice["name"].items()]
        warnings.warn(
            f"{layer}: {len(twice)} rows share their name and voltage with another "
            f"({name_some(told)}). A name that stands for several rows is not joined.",
            LayerWarning,
            stacklevel=4,
        )
