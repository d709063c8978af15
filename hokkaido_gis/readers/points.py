"""What the readers of facilities drawn as points share: dams, ports."""

from __future__ import annotations

import unicodedata
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from hokkaido_gis.crs import STORAGE_CRS, to_storage_crs
from hokkaido_gis.errors import LayerError, LayerWarning, TableError, name_some
from hokkaido_gis.io.tables import read_table, to_numbers
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.places import nearest_shape, shapes_near
from hokkaido_gis.readers.features import geometry_faults, own_columns, texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    from pyproj import CRS

    Columns = Mapping[str, Sequence[str]]

# Where a table has the coordinates of its rows.
PLACE = {
    "lon": ("lon", "longitude", "lng", "経度", "x"),
    "lat": ("lat", "latitude", "緯度", "y"),
}
# Two points of one name that are nearer than this are one facility, written twice.
_SAME_PLACE_M = 1.0
_TABLES = (".csv", ".xlsx")
_LON, _LAT = (122.0, 154.0), (20.0, 46.5)


class Word(NamedTuple):
    """What a code stands for."""

    ja: str
    en: str


class Raw(NamedTuple):
    """Points as read: the frame, our columns by the file's names, and what is wrong so far."""

    frame: gpd.GeoDataFrame
    found: dict[str, str]
    faults: list[str]


def read_points(
    source: str | Path,
    wanted: Columns,
    *,
    columns: Mapping[str, str] | None,
    crs: str | CRS | None,
    what: str,
) -> Raw:
    """Read points from a vector file, or from a table with longitude and latitude.

    Parameters
    ----------
    source
        Vector file, or table (.csv, .xlsx).
    wanted
        Our columns and the names that sources give them; ``name`` must be found.
    columns
        Our names to the names in this file, where `wanted` has not got them.
    crs
        CRS of a file that states none; a table is in EPSG:6668 unless it says else.
    what
        What the features are, for messages.

    Returns
    -------
    Raw
        All columns as they stand, missing points where a table has no coordinates.

    Raises
    ------
    LayerError
        If the file cannot be read.
    """
    is_table = Path(source).suffix.lower() in _TABLES
    if is_table:
        table = read_table(source)
        nowhere = np.full(len(table), None)
        raw = gpd.GeoDataFrame(table, geometry=nowhere, crs=crs or STORAGE_CRS)
    else:
        raw = read_vector(source, crs=crs)
    found, faults = own_columns(raw, {**wanted, **PLACE}, columns)
    if is_table:
        raw.geometry, place_faults = _points_of(raw, found)
        faults += place_faults
    if "name" not in found:
        faults.append(
            f"no column of names (one of {', '.join(wanted['name'])}); it has "
            f"{name_some([c for c in raw.columns if c != raw.geometry.name], most=12)}."
        )
    faults += geometry_faults(raw, {"Point"}, what) or _range_faults(raw)
    return Raw(raw, found, faults)


def _points_of(
    table: gpd.GeoDataFrame, found: Mapping[str, str]
) -> tuple[npt.NDArray[np.object_], list[str]]:
    """Points of a table; missing where a row has no coordinates."""
    absent = [f"{axis} (one of {', '.join(PLACE[axis])})" for axis in PLACE if axis not in found]
    if absent:
        there = name_some([c for c in table.columns if c != "geometry"], most=12)
        return np.full(len(table), None), [f"it has no column {name_some(absent)}; it has {there}."]
    faults: list[str] = []
    lon, lat = (numbers(table, found[axis], faults) for axis in PLACE)
    points = np.asarray(gpd.points_from_xy(lon, lat), dtype=object)
    points[(lon.isna() | lat.isna()).to_numpy()] = None
    return points, faults


def _range_faults(raw: gpd.GeoDataFrame) -> list[str]:
    """Points in degrees that lie outside Japan, which is where swapped axes end up."""
    if raw.crs is None or not raw.crs.is_geographic:
        return []
    lon, lat = raw.geometry.x, raw.geometry.y
    wrong = raw.geometry.notna() & ~(lon.between(*_LON) & lat.between(*_LAT)) & lon.notna()
    if not wrong.any():
        return []
    swapped = bool((lon[wrong].between(*_LAT) & lat[wrong].between(*_LON)).all())
    hint = " Longitude and latitude are swapped." if swapped else ""
    told = [f"row {row} at {lon[row]:g}, {lat[row]:g}" for row in raw.index[wrong]]
    bounds = f"longitude {_LON[0]:g} to {_LON[1]:g}, latitude {_LAT[0]:g} to {_LAT[1]:g}"
    return [f"{wrong.sum()} points lie outside Japan ({bounds}): {name_some(told)}.{hint}"]


def numbers(raw: pd.DataFrame, column: str | None, faults: list[str]) -> pd.Series:
    """Numbers of a column, missing where there is none; what is no number is added to `faults`.

    -9999, by which 国土数値情報 marks an unknown number, becomes missing.
    """
    nothing = pd.Series(np.nan, index=raw.index)
    if column is None:
        return nothing
    try:
        return to_numbers(raw[column]).replace(-9999.0, np.nan)
    except TableError as error:
        faults.append(str(error))
        return nothing


def whole_numbers(raw: pd.DataFrame, column: str | None, faults: list[str]) -> pd.Series:
    """Whole numbers of a column such as years, missing where there is none."""
    values = numbers(raw, column, faults)
    broken = values[values.notna() & (values % 1 != 0)]
    if len(broken):
        told = [f"{value:g} in row {row}" for row, value in broken.items()]
        faults.append(f"column {column!r} must hold whole numbers; it has {name_some(told)}.")
        return pd.Series(pd.NA, index=raw.index, dtype="Int64")
    return values.astype("Int64")


def codes(raw: pd.DataFrame, column: str | None) -> list[list[str]]:
    """Codes or words of a column, one list a row: ``1,3`` is two, a blank or ``-`` none."""
    written = texts(raw, column)
    plain = [
        unicodedata.normalize("NFKC", text) if isinstance(text, str) else "" for text in written
    ]
    split = [text.replace("、", ",").replace(";", ",").split(",") for text in plain]
    return [[part.strip() for part in parts if part.strip() not in ("", "-")] for parts in split]


def decode(
    raw: pd.DataFrame, column: str | None, words: Mapping[str, Word], faults: list[str]
) -> tuple[pd.Series, pd.Series]:
    """Words for the codes of a column in Japanese and English, several joined by ``;``.

    What is written in words already stays as it is. A code that the list has not got is added to
    `faults`.

    Parameters
    ----------
    raw
        Layer as read.
    column
        Column of codes, or None where the file has none.
    words
        What each code stands for.
    faults
        Where to add what is wrong.

    Returns
    -------
    ja, en : pandas.Series
        Words, missing where there is no code.
    """
    by_word = {word.ja: word for word in words.values()}
    unknown: dict[str, object] = {}
    ja, en = [], []
    for row, given in zip(raw.index, codes(raw, column), strict=True):
        found = [words.get(code) or by_word.get(code) or Word(code, code) for code in given]
        unknown |= {c: row for c in given if c.isdecimal() and c not in words}
        ja.append(";".join(word.ja for word in found) or None)
        en.append(";".join(word.en for word in found) or None)
    if unknown:
        told = [f"{code} in row {row}" for code, row in unknown.items()]
        faults.append(
            f"column {column!r} has codes that are not on the list of {', '.join(words)}: "
            f"{name_some(told)}."
        )
    return pd.Series(ja, index=raw.index, dtype="str"), pd.Series(en, index=raw.index, dtype="str")


def finish_points(
    points: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame | None,
    *,
    limit_m: float,
    layer: str,
    what: str,
) -> gpd.GeoDataFrame:
    """Bring points to EPSG:6668, set aside what cannot be drawn, and say which rows that were.

    Parameters
    ----------
    points
        Points with a column ``name``.
    municipalities
        Boundaries, or None to take every point wherever it lies.
    limit_m
        Greatest distance [m] of a point outside of all municipalities.
    layer
        Name of the layer, for messages.
    what
        What the points are, for messages.

    Returns
    -------
    geopandas.GeoDataFrame
        Without points that have no place, are written twice or lie outside of all municipalities;
        with `municipalities` also ``municipality_code``, ``municipality`` and ``municipality_m``
        (distance outside of it [m], 0 inside).

    Raises
    ------
    LayerError
        If nothing is left.
    """
    empty = points.geometry.isna() | points.geometry.is_empty
    placed = to_storage_crs(_set_aside(points, empty, f"{what} have no place", layer), layer)
    twice = _written_twice(placed)
    placed = _set_aside(placed, twice, f"{what} are written twice, at the same place", layer)
    if municipalities is None:
        return placed
    inside = nearest_shape(placed, municipalities, limit_m=limit_m)
    # On the border of two, the first by code.
    rows = [min(candidates, default=-1) for candidates in inside["candidates"]]
    units = municipalities[["name"]].rename_axis("code").reset_index().reindex(rows)
    located = placed.assign(
        municipality_code=units["code"].array,
        municipality=units["name"].array,
        municipality_m=inside["distance_m"].array,
    )
    outside = pd.Series([row < 0 for row in rows], index=located.index)
    reason = f"{what} lie farther than {limit_m:g} m from every municipality"
    return _set_aside(located, outside, reason, layer)


def _set_aside(
    points: gpd.GeoDataFrame, aside: pd.Series, reason: str, layer: str
) -> gpd.GeoDataFrame:
    if not aside.any():
        return points
    if aside.all():
        raise LayerError(layer, [f"nothing is left: all {len(points)} {reason}."])
    told = [
        f"{name} (row {row}{_where(point)})"
        for row, name, point in zip(
            points.index[aside], points["name"][aside], points.geometry[aside], strict=True
        )
    ]
    warnings.warn(
        f"{layer}: {aside.sum()} of {len(points)} {reason} and are set aside: {name_some(told)}.",
        LayerWarning,
        stacklevel=4,
    )
    kept: gpd.GeoDataFrame = points[~aside]
    return kept


def _where(point: object) -> str:
    x, y = getattr(point, "x", np.nan), getattr(point, "y", np.nan)
    return f" at {x:.4f}, {y:.4f}" if np.isfinite([x, y]).all() else ""


def _written_twice(points: gpd.GeoDataFrame) -> pd.Series:
    """Whether a point of the same name stands at the same place before it."""
    near = shapes_near(points, points, limit_m=_SAME_PLACE_M)
    names = points["name"].to_numpy()
    later = near[near["point"] > near["shape"]]
    same = names[later["point"]] == names[later["shape"]]
    rows = set(later["point"][same])
    return pd.Series([row in rows for row in range(len(points))], index=points.index)
