"""Weather stations: the AMeDAS table, and what tables by station share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj.exceptions import CRSError as UnknownCRSError

from hokkaido_gis.crs import STORAGE_CRS, no_crs_fault, to_storage_crs
from hokkaido_gis.errors import CRSError, LayerError, TableError, name_some
from hokkaido_gis.io.tables import read_table, to_numbers
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.normalise import find_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyproj import CRS

# Our columns and the names that sources give them, preferred first.
ID_COLUMN = ("station_id", "id", "pointId", "観測所番号", "地点番号")
NAME_COLUMN = ("name", "kjName", "pointName", "観測所名", "地点名")
_PLACE = {
    "lon": ("lon", "longitude", "経度"),
    "lat": ("lat", "latitude", "緯度"),
}
STATION_COLUMNS = {
    "station_id": ID_COLUMN,
    "name": NAME_COLUMN,
    "kind": ("kind", "type", "種類"),
    "elevation_m": ("elevation_m", "alt_m", "alt", "標高", "海面上の高さ(m)"),
    "max_snow_cm": ("max_snow_cm", "最大積雪深", "最深積雪", "最深積雪(cm)"),
}


def read_stations(source: str | Path, *, crs: str | CRS = STORAGE_CRS) -> gpd.GeoDataFrame:
    """Read the places of weather stations.

    Parameters
    ----------
    source
        Table (.csv, .xlsx) with columns of longitude and latitude [degrees], such as the AMeDAS
        station table, or a vector file of points.
    crs
        CRS of a table, and of a vector file that states none.

    Returns
    -------
    geopandas.GeoDataFrame
        Index ``station_id`` (text, in the order of the file); columns ``name`` and ``kind`` (text),
        ``elevation_m`` [m above sea level] and ``max_snow_cm`` (greatest snow depth [cm]), missing
        where the file does not say, and ``geometry`` (points, EPSG:6668 JGD2011 longitude and
        latitude).

    Raises
    ------
    LayerError
        If the file cannot be read or used; all its faults are listed at once, by row.
    """
    layer = str(source)
    raw = read_places(source, crs)
    found = find_columns(raw, STATION_COLUMNS)
    ids, faults = station_ids(raw, found)
    faults += place_faults(raw)
    elevation, number_faults = numbers_of(raw, found.get("elevation_m"))
    snow, snow_faults = numbers_of(raw, found.get("max_snow_cm"))
    faults += number_faults + snow_faults
    if faults:
        raise LayerError(layer, faults)
    stations = gpd.GeoDataFrame(
        {
            "name": texts_of(raw, found.get("name")),
            "kind": texts_of(raw, found.get("kind")),
            "elevation_m": elevation,
            "max_snow_cm": snow,
        },
        geometry=raw.geometry,
        crs=raw.crs,
    )
    return to_storage_crs(stations.set_axis(pd.Index(ids, name="station_id")), layer)


def read_places(source: str | Path, crs: str | CRS) -> gpd.GeoDataFrame:
    """Points of a table or a vector file, missing where a table has no numbers."""
    if Path(source).suffix.lower() not in (".csv", ".xlsx"):
        return read_vector(source, crs=crs)
    table = read_table(source)
    found = find_columns(table, _PLACE)
    faults = missing_columns(table, found, tuple(_PLACE), _PLACE)
    (lon, lon_faults), (lat, lat_faults) = (numbers_of(table, found.get(axis)) for axis in _PLACE)
    faults += lon_faults + lat_faults
    if faults:
        raise LayerError(str(source), faults)
    points = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(lon, lat))
    try:
        return points.set_crs(crs)
    except UnknownCRSError as error:
        raise CRSError(str(source), [f"crs={crs!r} is no known CRS; e.g. 'EPSG:6668'."]) from error


def place_faults(raw: gpd.GeoDataFrame) -> list[str]:
    """Say what is wrong with the places of stations."""
    faults = [no_crs_fault(raw)] if raw.crs is None else []
    kinds = raw.geom_type.dropna()
    if (kinds != "Point").any():
        told = " and ".join(sorted(kinds.unique()))
        return [*faults, f"its features are {told}; stations must be points."]
    lon, lat = raw.geometry.x, raw.geometry.y
    nowhere = list(raw.index[lon.isna() | lat.isna()])
    if nowhere:
        faults.append(f"{len(nowhere)} stations have no place (rows {name_some(nowhere)}).")
    if raw.crs is None or not raw.crs.is_geographic:
        return faults
    outside = ~_in_japan(lon, lat) & lon.notna() & lat.notna()
    swapped = _in_japan(lat, lon)
    for row in raw.index[outside]:
        hint = " Longitude and latitude are swapped." if swapped[row] else ""
        faults.append(
            f"row {row}: longitude {lon[row]:g}, latitude {lat[row]:g} is outside Japan (122 to "
            f"154, 20 to 46.5).{hint}"
        )
    return first_ten(faults)


def _in_japan(lon: pd.Series, lat: pd.Series) -> pd.Series:
    return lon.between(122, 154) & lat.between(20, 46.5)


def first_ten(faults: list[str]) -> list[str]:
    """Ten faults, and how many more there are."""
    more = len(faults) - 10
    return faults if more <= 0 else [*faults[:10], f"{more} more rows like these."]


def missing_columns(
    raw: pd.DataFrame,
    found: Mapping[str, str],
    wanted: Sequence[str],
    names: Mapping[str, Sequence[str]],
) -> list[str]:
    """Say which of the columns wanted are not found, under which names, and what is there."""
    absent = [
        f"{column} (one of {', '.join(names[column])})" for column in wanted if column not in found
    ]
    if not absent:
        return []
    there = name_some([c for c in raw.columns if c != "geometry"], most=12)
    return [f"it has no column {name_some(absent, most=12)}; it has {there}."]


def station_ids(
    raw: pd.DataFrame, found: Mapping[str, str], within: pd.Series | None = None
) -> tuple[pd.Series, list[str]]:
    """Ids as text on the index of the table, and which are blank or stand there twice."""
    ids = texts_of(raw, found.get("station_id"))
    faults = missing_columns(raw, found, ("station_id",), {"station_id": ID_COLUMN})
    if faults:
        return ids, faults
    faults += [f"{fault}." for fault in (blanks(ids, "station ids"),) if fault]
    named = ids if within is None else ids + " " + within
    twice = named[named.duplicated(keep=False) & named.notna()]
    if len(twice):
        told = [f"{station} in row {row}" for row, station in twice.items()]
        faults.append(f"{twice.nunique()} stations stand there more than once ({name_some(told)}).")
    return ids, faults


def blanks(values: pd.Series, what: str) -> str | None:
    """Say in which rows values are missing; None where none is."""
    rows = list(values.index[values.isna()])
    return f"{len(rows)} {what} are missing (rows {name_some(rows)})" if rows else None


def texts_of(raw: pd.DataFrame, column: str | None) -> pd.Series:
    """Text of a column, missing where blank; whole numbers, as Excel keeps ids, without ``.0``."""
    if column is None:
        return pd.Series(np.nan, index=raw.index, dtype="str")
    texts = [
        str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
        for value in raw[column]
    ]
    written = pd.Series(texts, index=raw.index, dtype="str")
    return written.where(raw[column].notna() & (written != ""))


def numbers_of(raw: pd.DataFrame, column: str | None) -> tuple[pd.Series, list[str]]:
    """Numbers of a column, missing where there is none, and what is no number."""
    nothing = pd.Series(np.nan, index=raw.index)
    if column is None:
        return nothing, []
    try:
        return to_numbers(raw[column]), []
    except TableError as error:
        return nothing, [str(error)]
