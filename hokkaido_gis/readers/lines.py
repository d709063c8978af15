"""Power lines: OpenStreetMap, network tables, or any layer of lines."""

from __future__ import annotations

import unicodedata
import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from hokkaido_gis.crs import to_storage_crs
from hokkaido_gis.errors import LayerError, LayerWarning, name_some
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.readers.features import (
    feature_ids,
    geometry_faults,
    own_columns,
    tagged,
    texts,
)
from hokkaido_gis.voltage import HVDC_KV, classify_voltages, read_voltages, tell_voltages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyproj import CRS

    from hokkaido_gis.voltage import Unit, Voltages

# Our columns and the names that sources give them, preferred first.
COLUMNS = {
    "line_id": ("line_id", "@id", "id", "osm_id", "full_id"),
    "name": ("name", "name:ja", "_display_name", "名称", "路線名", "送電線名", "name:en", "ref"),
    "kind": ("kind", "power"),
    "power": ("power",),
    "voltage": (
        "voltages", "kv", "_voltage_kv", "voltage_kv", "vn_kv", "電圧(kV)", "voltage", "電圧",
    ),
    "circuits": ("circuits", "回線数"),
    "frequency_hz": ("frequency_hz", "frequency", "周波数"),
    "operator": ("operator", "operator:ja", "事業者", "operator:en"),
}  # fmt: skip

# Units of the voltage columns that state one; OpenStreetMap's `voltage` is in volts by convention,
# other sources' is either, which `read_voltages` works out.
VOLTAGE_UNITS: dict[str, Unit] = {
    "voltages": "kV",
    "kv": "kV",
    "_voltage_kv": "kV",
    "voltage_kv": "kV",
    "vn_kv": "kV",
    "電圧(kv)": "kV",
}

LINE_TAGS = ("line", "cable", "minor_line")
"""Values of OpenStreetMap's `power` that carry current; poles, towers and plans do not."""


def read_lines(
    source: str | Path,
    *,
    crs: str | CRS | None = None,
    columns: Mapping[str, str] | None = None,
    voltage_unit: Unit | None = None,
) -> gpd.GeoDataFrame:
    """Read power lines.

    Features of OpenStreetMap that are no line, lines without length, ids given twice, voltages that
    are unknown or unreadable, and a change of datum are told as `LayerWarning`.

    Parameters
    ----------
    source
        Vector file (``FILE:LAYER`` picks a layer) of lines: OpenStreetMap (``power=line``,
        ``cable``, ``minor_line``), a network table, or any other.
    crs
        CRS of a file that states none.
    columns
        Names in the file for ours, where `COLUMNS` has not got them: ``{"voltage": "DENATSU"}``.
        Ours are line_id, name, kind, power, voltage, circuits, frequency_hz and operator.
    voltage_unit
        Unit of voltages written as bare numbers. Otherwise it follows from the column's name;
        ``voltage`` is in volts, as in OpenStreetMap, unless none of its numbers reaches 1,000.

    Returns
    -------
    geopandas.GeoDataFrame
        Index ``line_id`` (text, unique, in the order of the file): the file's id, else its row
        number, which starts at 0. Columns, missing where the file does not say:

        - ``name``, ``operator``, and ``kind`` (``line``, ``cable``, ``minor_line``): text
        - ``kv``: highest voltage [kV]
        - ``voltages``: all voltages [kV], highest first, as text such as ``187;66``
        - ``voltage_class``: the report's classes, an ordered category
        - ``circuits``: number of circuits
        - ``frequency_hz``: frequency [Hz], 0 for direct current
        - ``is_hvdc``: direct current, by frequency, by ``DC`` in the voltage, or by 250 kV
        - ``geometry``: LineString or MultiLineString without heights, EPSG:6668 (JGD2011 longitude
          and latitude)

    Raises
    ------
    LayerError
        If the file cannot be read or the layer cannot be used; all its faults are listed at once.
    """
    layer = str(source)
    raw = read_vector(source, crs=crs, having=COLUMNS["voltage"])
    found, faults = own_columns(raw, COLUMNS, columns)
    raw, tag_faults = tagged(raw, found.get("power"), LINE_TAGS, layer)
    faults += tag_faults + geometry_faults(raw, {"LineString", "MultiLineString"}, "lines")
    if faults:
        raise LayerError(layer, faults)
    raw = raw.set_axis(feature_ids(raw, found.get("line_id"), "line_id", layer))
    raw = _with_length(raw, layer)
    voltages = voltages_of(raw, found.get("voltage"), voltage_unit)
    tell_voltages(voltages, layer, "lines", column=found.get("voltage"))
    return to_storage_crs(_with_our_columns(raw, found, voltages, layer), layer)


def _with_our_columns(
    raw: gpd.GeoDataFrame, found: Mapping[str, str], voltages: Voltages, layer: str
) -> gpd.GeoDataFrame:
    kv, hertz = voltages.table["kv"], _whole_numbers(raw, found.get("frequency_hz"), layer)
    is_hvdc = (hertz == 0).fillna(voltages.table["direct"]).fillna(kv == HVDC_KV).astype(bool)
    return gpd.GeoDataFrame(
        {
            "name": texts(raw, found.get("name")),
            "kind": texts(raw, found.get("kind")),
            "kv": kv,
            "voltages": voltages.table["voltages"],
            "voltage_class": classify_voltages(kv, is_hvdc),
            "circuits": _whole_numbers(raw, found.get("circuits"), layer),
            "frequency_hz": hertz,
            "is_hvdc": is_hvdc,
            "operator": texts(raw, found.get("operator")),
        },
        geometry=shapely.force_2d(raw.geometry.to_numpy()),
        crs=raw.crs,
        index=raw.index,
    )


def _with_length(lines: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Drop lines without length, which lead nowhere, and say so."""
    # Comparing with zero also drops what is missing or has coordinates that are no number.
    has_length = shapely.length(lines.geometry.to_numpy()) > 0
    if not has_length.any():
        raise LayerError(layer, ["no line has a length. Were the coordinates rounded too far?"])
    if not has_length.all():
        warnings.warn(
            f"{layer}: {(~has_length).sum()} of {len(lines)} lines have no length or fewer than "
            f"two points and are dropped: {name_some(list(lines.index[~has_length]))}.",
            LayerWarning,
            stacklevel=3,
        )
    return lines[has_length]


def _whole_numbers(raw: pd.DataFrame, column: str | None, layer: str) -> pd.Series:
    """Whole numbers of a column, missing where it has something else, which is told."""
    written = texts(raw, column)
    numbers = pd.to_numeric(written, errors="coerce").astype("Float64")
    numbers = numbers.where((numbers >= 0) & (numbers == numbers.round()))
    wrong = written[written.notna() & numbers.isna()]
    if len(wrong):
        told = [f"{row}: {value!r}" for row, value in wrong.items()]
        warnings.warn(
            f"{layer}: {len(wrong)} values of {column!r} are no whole number and stay missing "
            f"({name_some(told)}).",
            LayerWarning,
            stacklevel=4,
        )
    return numbers.astype("Int64")


def voltages_of(raw: pd.DataFrame, column: str | None, unit: Unit | None) -> Voltages:
    """Voltages of a layer, in the unit given, else in that which the column's name states."""
    if column is None:
        return read_voltages(texts(raw, None), unit="V")
    plain = unicodedata.normalize("NFKC", column).casefold()
    return read_voltages(raw[column], unit=unit or VOLTAGE_UNITS.get(plain))
