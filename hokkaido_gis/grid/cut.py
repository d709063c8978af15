"""Lines cut by municipalities: how long each runs in which, measured on the ellipsoid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.crs import geodesic_lengths, to_storage_crs
from hokkaido_gis.errors import LayerError, name_some
from hokkaido_gis.units import metres_to_kilometres

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Shapes = npt.NDArray[np.object_]

# Shares of a segment this small are rounding of coordinates.
_ROUNDING = 1e-6
_LEAST_OUTSIDE_KM = 1e-6


class _Segments(NamedTuple):
    """Straight segments of lines: row of the line, and both ends [degrees]."""

    line: Ints
    start: Floats
    end: Floats


class _Pieces(NamedTuple):
    """What of each segment lies in which unit, from and to as shares of its length."""

    segment: Ints
    unit: Ints
    start: Floats
    stop: Floats


def cut_lines(lines: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Say how many kilometres of each line lie in each municipality.

    What runs along a common border, or where municipalities overlap, is divided equally among
    those that share it, so that the pieces of a line always add up to its length.

    Parameters
    ----------
    lines
        LineStrings or MultiLineStrings with a CRS.
    municipalities
        Polygons with a CRS.

    Returns
    -------
    pandas.DataFrame
        One row for each line and municipality that it runs in, and one for what lies in none (sea,
        or beyond a simplified coast), in order of both layers:

        - ``line``: its id, from the index of `lines`
        - ``code``: id of the municipality; missing for what lies in none
        - ``km``: length there [km]
        - ``shared_km``: how much of it is its share of what runs along a border [km]

    Raises
    ------
    LayerError
        If a layer holds other geometries.
    CRSError
        If a layer has no CRS.

    Examples
    --------
    A line from west to east through one of two squares, and on into the sea.

    >>> import geopandas as gpd
    >>> import shapely
    >>> towns = gpd.GeoDataFrame(
    ...     geometry=[shapely.box(141, 43, 142, 44), shapely.box(142, 44, 143, 45)],
    ...     index=["01202", "01203"], crs="EPSG:6668")
    >>> lines = gpd.GeoDataFrame(
    ...     geometry=[shapely.LineString([(140, 43.5), (141.5, 43.5)])], index=["A"],
    ...     crs="EPSG:6668")
    >>> cut_lines(lines, towns).round(1)
      line   code    km  shared_km
    0    A  01202  40.4        0.0
    1    A    NaN  80.9        0.0
    """
    _require(lines, "lines", {"LineString", "MultiLineString"})
    _require(municipalities, "municipalities", {"Polygon", "MultiPolygon"})
    segments = _segments(to_storage_crs(lines, "lines").geometry.to_numpy())
    units = to_storage_crs(municipalities, "municipalities").geometry.to_numpy()
    pieces = _cut(segments, units)
    share, common = _shares(pieces)
    km = metres_to_kilometres(geodesic_lengths(segments.start, segments.end))
    outside = 1 - np.bincount(pieces.segment, share, minlength=len(km))
    rows = pd.DataFrame(
        {
            "line": np.concatenate([segments.line[pieces.segment], segments.line]),
            "unit": np.concatenate([pieces.unit, np.full(len(km), len(units))]),
            "km": np.concatenate([share * km[pieces.segment], outside * km]),
            "shared_km": np.concatenate([common * km[pieces.segment], np.zeros(len(km))]),
        }
    )
    table = rows.groupby(["line", "unit"], as_index=False).sum()
    table = table[(table["unit"] < len(units)) | (table["km"] > _LEAST_OUTSIDE_KM)]
    codes = pd.Series([*municipalities.index, np.nan])
    return pd.DataFrame(
        {
            "line": lines.index.to_numpy()[table["line"]],
            "code": codes.iloc[table["unit"]].to_numpy(),
            "km": table["km"].to_numpy(),
            "shared_km": table["shared_km"].to_numpy(),
        }
    )


def _require(frame: gpd.GeoDataFrame, layer: str, kinds: set[str]) -> None:
    faults = []
    wrong = ~frame.geom_type.isin(kinds) & frame.geom_type.notna()
    if wrong.any():
        faults.append(
            f"{wrong.sum()} features are no {' or '.join(sorted(kinds))} "
            f"({name_some(list(frame.index[wrong]))})."
        )
    if frame.index.has_duplicates:
        twice = list(frame.index[frame.index.duplicated()].unique())
        faults.append(f"ids are given twice: {name_some(twice)}.")
    if faults:
        raise LayerError(layer, faults)


def _segments(shapes: Shapes) -> _Segments:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    # A vertex given twice is no segment.
    joined = (part[1:] == part[:-1]) & (points[1:] != points[:-1]).any(axis=1)
    return _Segments(owner[part[:-1][joined]], points[:-1][joined], points[1:][joined])


def _cut(segments: _Segments, units: Shapes) -> _Pieces:
    """Pieces of segments within units; most segments lie whole in one and are not cut."""
    ends = np.stack([segments.start, segments.end], axis=1)
    shapes = np.asarray(shapely.linestrings(ends), dtype=object)
    tree = shapely.STRtree(shapes)
    # The units are the ones to ask with, since GEOS prepares those for many questions.
    whole = tree.query(units, predicate="contains_properly")
    touched = tree.query(units, predicate="intersects")
    keys = [pairs[0] * len(shapes) + pairs[1] for pairs in (touched, whole)]
    unit, segment = touched[:, ~np.isin(*keys)]
    parts, origin = shapely.get_parts(
        shapely.intersection(shapes[segment], units[unit]), return_index=True
    )
    runs = shapely.get_dimensions(parts) == 1
    ends = shapely.get_coordinates(parts[runs]).reshape(-1, 2, 2)
    unit, segment = unit[origin[runs]], segment[origin[runs]]
    shares = np.sort(_along(segments.start[segment], segments.end[segment], ends), axis=1)
    return _Pieces(
        np.concatenate([whole[1], segment]),
        np.concatenate([whole[0], unit]),
        np.concatenate([np.zeros(whole.shape[1]), shares[:, 0]]),
        np.concatenate([np.ones(whole.shape[1]), shares[:, 1]]),
    )


def _along(start: Floats, end: Floats, points: Floats) -> Floats:
    """Share of the length [m] of each segment at which two points on it lie, shape (n, 2).

    Degrees of longitude shorten along a segment that runs north, so that shares in degrees are not
    those of the length.
    """
    behind, ahead = (
        np.column_stack([geodesic_lengths(one, points[:, i]) for i in (0, 1)])
        for one in (start, end)
    )
    return behind / (behind + ahead)


def _shares(pieces: _Pieces) -> tuple[Floats, Floats]:
    """Share of its segment that each piece counts, and how much of that others count too."""
    share, common = pieces.stop - pieces.start, np.zeros(len(pieces.unit))
    order = np.lexsort((pieces.start, pieces.segment))
    segment, start, stop = pieces.segment[order], pieces.start[order], pieces.stop[order]
    overlap = (segment[1:] == segment[:-1]) & (start[1:] < stop[:-1] - _ROUNDING)
    # Where any pieces of a segment overlap, two that follow each other do.
    for each in np.unique(segment[1:][overlap]):
        there = order[slice(*np.searchsorted(segment, [each, each + 1]))]
        limits = np.unique(np.concatenate([pieces.start[there], pieces.stop[there]]))
        middle, length = (limits[1:] + limits[:-1]) / 2, np.diff(limits)
        covers = (pieces.start[there][:, None] < middle) & (middle < pieces.stop[there][:, None])
        owners = covers.sum(axis=0)
        parts = covers * length / np.maximum(owners, 1)
        share[there] = parts.sum(axis=1)
        common[there] = parts[:, (owners > 1) & (length > _ROUNDING)].sum(axis=1)
    return share, common
