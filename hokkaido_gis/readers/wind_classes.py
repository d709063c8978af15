"""Meshes of wind classes."""

from __future__ import annotations

import re
import unicodedata
import warnings
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.crs import to_storage_crs
from hokkaido_gis.errors import LayerError, LayerWarning, TableError, name_some
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.normalise import repair_polygons
from hokkaido_gis.readers.features import feature_ids, geometry_faults, own_columns
from hokkaido_gis.readers.wind import FASTEST_MS, UNITS
from hokkaido_gis.units import kmh_to_ms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyproj import CRS

    from hokkaido_gis.readers.wind import SpeedUnit

# Our columns of a mesh and the names that sources give them, preferred first.
COLUMNS = {
    "cell_id": ("cell_id", "id", "mesh", "メッシュコード", "mesh_code"),
    "speed_low": ("speed_low", "low", "min", "下限"),
    "speed_high": ("speed_high", "high", "max", "上限"),
    "speed_class": ("speed_class", "class", "風速階級", "階級", "風速区分", "speed", "風速"),
}

_NUMBER = r"(\d+(?:\.\d+)?)"
_CLASS_UNIT = re.compile(r"\s*(m/s|km/h|m)\s*", re.IGNORECASE)
_BETWEEN = re.compile(rf"{_NUMBER}(?:以上)?[-~〜−–—,]?{_NUMBER}(?:未満|以下)?")
_ABOVE = re.compile(rf"(?:>=?|≥|≧){_NUMBER}|{_NUMBER}(?:以上|超|\+|[-~〜−–—])")
_BELOW = re.compile(rf"(?:<=?|≤|≦|[-~〜−–—]){_NUMBER}|{_NUMBER}(?:未満|以下)")


def read_wind_classes(
    source: str | Path,
    *,
    units: SpeedUnit = "m/s",
    crs: str | CRS | None = None,
    columns: Mapping[str, str] | None = None,
) -> gpd.GeoDataFrame:
    """Read a mesh of wind classes.

    Cells without a class or without geometry, repaired polygons, ids given twice and a change of
    datum are told as `LayerWarning`.

    Parameters
    ----------
    source
        Vector file (``FILE:LAYER`` picks a layer) of polygons, with limits as two columns of
        numbers, or as one of text (``6.0-6.5``, ``6.0以上6.5未満``, ``8.5以上``, ``< 5``); a lone
        number is both limits.
    units
        Unit of the limits where a class does not state its own.
    crs
        CRS of a file that states none.
    columns
        Names in the file for ours, where `COLUMNS` has not got them: ``{"speed_class": "FUSOKU"}``.

    Returns
    -------
    geopandas.GeoDataFrame
        Index ``cell_id`` (text, unique, in the order of the file): the file's id, else its row
        number, which starts at 0. Columns ``speed_low`` and ``speed_high`` [m/s]; the lower limit
        of an open class is 0, the upper one missing; ``geometry`` (polygons, EPSG:6668 JGD2011
        longitude and latitude).

    Raises
    ------
    LayerError
        If the file cannot be read or the layer cannot be used; all its faults are listed at once.
    """
    layer = str(source)
    raw = read_vector(source, crs=crs, having=(*COLUMNS["speed_low"], *COLUMNS["speed_class"]))
    found, faults = own_columns(raw, COLUMNS, columns)
    faults += geometry_faults(raw, {"Polygon", "MultiPolygon"}, "wind classes")
    limits, limit_faults = _limits(raw, found, units)
    faults += limit_faults or _limit_faults(limits)
    if faults:
        raise LayerError(layer, faults)
    ids = feature_ids(raw, found.get("cell_id"), "cell_id", layer)
    cells = gpd.GeoDataFrame(limits, geometry=raw.geometry.to_numpy(), crs=raw.crs).set_axis(ids)
    cells = _usable(cells, layer)
    # Repairing leaves nothing of a polygon that covers no area.
    cells = _usable(repair_polygons(cells, cells.index.to_series(), layer), layer)
    return to_storage_crs(cells, layer)


class _Limits(NamedTuple):
    low: float
    high: float


def _limits(
    raw: gpd.GeoDataFrame, found: Mapping[str, str], units: SpeedUnit
) -> tuple[pd.DataFrame, list[str]]:
    """Limits of each cell [m/s], and what cannot be read of them."""
    if "speed_low" in found and "speed_high" in found:
        return _limits_in_two_columns(raw, found, units)
    if "speed_class" not in found:
        there = [column for column in raw.columns if column != raw.geometry.name]
        fault = (
            "no column of wind classes (speed_low and speed_high, or one of "
            f"{', '.join(COLUMNS['speed_class'])}); it has {name_some(there, most=12)}."
        )
        return _frame([_Limits(np.nan, np.nan)] * len(raw), raw), [fault]
    classes = raw[found["speed_class"]]
    parsed = [_parse_class(value, units) for value in classes]
    wrong = [
        f"row {row}: {value!r}"
        for (row, value), limits in zip(classes.items(), parsed, strict=True)
        if limits is None
    ]
    fault = f"{len(wrong)} wind classes cannot be read ({name_some(wrong)}); expected '6.0-6.5'."
    faults = [fault] if wrong else []
    return _frame([limits or _Limits(np.nan, np.nan) for limits in parsed], raw), faults


def _limits_in_two_columns(
    raw: gpd.GeoDataFrame, found: Mapping[str, str], units: SpeedUnit
) -> tuple[pd.DataFrame, list[str]]:
    limits, faults = pd.DataFrame(index=raw.index), []
    for ours in ("speed_low", "speed_high"):
        try:
            speeds = to_numbers(raw[found[ours]])
        except TableError as error:
            faults.append(str(error))
            speeds = pd.Series(np.nan, index=raw.index)
        limits[ours] = kmh_to_ms(speeds) if units == "km/h" else speeds
    # An open class below starts at no wind; with neither limit there is no class.
    no_low = limits["speed_low"].isna() & limits["speed_high"].notna()
    limits.loc[no_low, "speed_low"] = 0.0
    return limits, faults


def _parse_class(value: object, units: SpeedUnit) -> _Limits | None:
    """Limits [m/s] of a class as written; not a number where missing, None where no class."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return _Limits(np.nan, np.nan)
    text = unicodedata.normalize("NFKC", str(value)).strip()
    written = _CLASS_UNIT.search(text)
    stated = written[1].casefold() if written else ""
    unit = units if stated in ("", "m") else UNITS[stated]
    text = re.sub(r"\s", "", _CLASS_UNIT.sub("", text))
    if not text:
        return _Limits(np.nan, np.nan)
    if re.fullmatch(_NUMBER, text):
        limits = _Limits(float(text), float(text))
    elif match := _ABOVE.fullmatch(text):
        limits = _Limits(float(match[1] or match[2]), np.nan)
    elif match := _BELOW.fullmatch(text):
        limits = _Limits(0.0, float(match[1] or match[2]))
    elif match := _BETWEEN.fullmatch(text):
        limits = _Limits(float(match[1]), float(match[2]))
    else:
        return None
    return _Limits(*map(kmh_to_ms, limits)) if unit == "km/h" else limits


def _frame(limits: list[_Limits], raw: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(limits, index=raw.index).set_axis(["speed_low", "speed_high"], axis=1)


def _limit_faults(limits: pd.DataFrame) -> list[str]:
    low, high = limits["speed_low"], limits["speed_high"]
    wrong = limits[(high < low) | (low < 0) | (limits > FASTEST_MS).any(axis=1)]
    if limits.isna().all(axis=None):
        return ["no cell has a wind class."]
    if wrong.empty:
        return []
    told = [f"row {row}: {one:g} to {other:g}" for row, one, other in wrong.itertuples(name=None)]
    fault = (
        f"{len(wrong)} wind classes are impossible ({name_some(told)}); expected limits in order, "
        f"0 to {FASTEST_MS:g} m/s."
    )
    return [fault]


def _usable(cells: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Leave out cells without a class or a place, and say so."""
    unclassed = cells["speed_low"].isna()
    empty = cells.geometry.isna() | cells.geometry.is_empty
    for lacking, what in ((unclassed, "wind class"), (empty & ~unclassed, "geometry")):
        if lacking.any():
            warnings.warn(
                f"{layer}: {lacking.sum()} of {len(cells)} cells have no {what} and are set aside: "
                f"{name_some(list(cells.index[lacking]))}.",
                LayerWarning,
                stacklevel=3,
            )
    if (unclassed | empty).all():
        raise LayerError(layer, ["no cell has both a wind class and a geometry."])
    kept = cells[~(unclassed | empty)].copy()
    kept.geometry = shapely.force_2d(kept.geometry.to_numpy())
    return kept
