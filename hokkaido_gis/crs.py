"""Coordinate reference systems: storage, distance and area, and how a layer is moved between them.

Layers are kept in JGD2011 longitude and latitude (EPSG:6668). Lengths and areas are measured on the
GRS 80 ellipsoid, since no single projection is exact over the island: an equal-area one centred on
it errs by up to 0.017 %, EPSG:6680 by 0.04 %, UTM 54 by 0.07 %.

Layers are moved here and nowhere else, by the operations of `hokkaido_gis.datum`.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import LambertAzimuthalEqualAreaConversion
from pyproj.exceptions import ProjError

from hokkaido_gis.datum import GRS80 as GRS80  # noqa: PLC0414  (callers take both from here)
from hokkaido_gis.datum import (
    NOTABLE_MOVE_M,
    columns,
    is_same_crs,
    move,
    names_no_datum,
    no_way,
    operation_of,
    run,
    to_degrees,
)
from hokkaido_gis.datum import STORAGE_CRS as STORAGE_CRS  # noqa: PLC0414
from hokkaido_gis.errors import CRSError, LayerWarning

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Shapes = npt.NDArray[np.object_]
    Bounds = tuple[float, float, float, float]

WGS84_CRS = CRS.from_epsg(4326)
"""What KML and web maps are drawn in; over Japan the same as JGD2011 to 1 m, without a move."""
# Of the longest edge of a box that is moved.
_PIECES_OF_AN_EDGE = 22
_ROUNDING_M = 0.005
_JGD2000 = (4612, 4947)


def require_crs(frame: gpd.GeoDataFrame, layer: str) -> CRS:
    """Return the CRS of a layer.

    Raises
    ------
    CRSError
        If it has none: coordinates without a CRS are not guessed.
    """
    if frame.crs is None:
        raise CRSError(layer, [no_crs_fault(frame)])
    return frame.crs


def no_crs_fault(frame: gpd.GeoDataFrame) -> str:
    """Say that a layer has no CRS, what its coordinates look like, and how to mend it."""
    west, south, east, north = frame.total_bounds
    looks = "longitude and latitude" if -180 <= west <= east <= 180 else "metres of some projection"
    return (
        f"it has no CRS (no .prj file?). Its coordinates run from {west:g}, {south:g} to {east:g}, "
        f"{north:g}, which looks like {looks}. Say what they are with crs (--crs on the command "
        "line): EPSG:6668 for JGD2011, EPSG:4612 for JGD2000, EPSG:4301 for the Tokyo datum."
    )


def to_storage_crs(frame: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Move a layer to JGD2011 longitude and latitude (EPSG:6668).

    The operation is chosen by PROJ for Japan, and never a ballpark one that leaves the Tokyo datum
    some 400 m off. A move of the ground itself is told as a `LayerWarning` with its accuracy.

    Parameters
    ----------
    frame
        Layer with a CRS.
    layer
        Its name, for messages.

    Returns
    -------
    geopandas.GeoDataFrame
        A copy in EPSG:6668.

    Raises
    ------
    CRSError
        If the layer has no CRS, its coordinates cannot be what its CRS says, or no operation of
        known accuracy leads to JGD2011.
    """
    crs = require_crs(frame, layer)
    if crs.is_geographic:
        _require_degrees(frame, layer)
    if is_same_crs(crs, STORAGE_CRS):
        return frame.copy()
    return _moved(frame, STORAGE_CRS, layer)


def to_wgs84(frame: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Move a layer to WGS84 longitude and latitude, which KML and web maps need.

    The way leads over JGD2011, by the operation of `to_storage_crs`, which is told in the same way.

    Parameters
    ----------
    frame
        Layer with a CRS.
    layer
        Its name, for messages.

    Returns
    -------
    geopandas.GeoDataFrame
        A copy in EPSG:4326; coordinates outside their projection are infinite.

    Raises
    ------
    CRSError
        If the layer has no CRS, or no operation of known accuracy leads to JGD2011.
    """
    if is_same_crs(require_crs(frame, layer), WGS84_CRS):
        return frame.copy()
    return _moved(frame, WGS84_CRS, layer)


def move_shapes(
    shapes: Shapes,
    source: CRS,
    target: CRS,
    layer: str = "layer",
    *,
    assume_datum: bool = False,
    strict: bool = True,
) -> Shapes:
    """Move shapes from one CRS to another without a word, such as to measure on a plane.

    What a reader will see at its place goes by `to_storage_crs` or `to_wgs84`, which tell of a
    move of the datum.

    Parameters
    ----------
    shapes
        Any shapes, shape (n,); heights are left out.
    source, target
        CRS they are in, and CRS asked for.
    layer
        Their name, for messages.
    assume_datum
        Whether a CRS that names no datum is taken as of JGD2011, as those of rasters from weather
        models are; `tell_assumed_datum` tells of it.
    strict
        Whether coordinates outside a projection are refused; else they come out infinite.

    Returns
    -------
    numpy.ndarray
        New shapes, missing ones missing.

    Raises
    ------
    CRSError
        If no operation of known accuracy leads there, or a coordinate cannot be moved.
    """
    moved: Shapes = shapely.transform(
        np.asarray(shapes, dtype=object),
        lambda xy: move_xy(xy, source, target, layer, assume_datum=assume_datum, strict=strict),
    )
    return moved


def move_xy(
    xy: Floats,
    source: CRS,
    target: CRS,
    layer: str = "layer",
    *,
    assume_datum: bool = False,
    strict: bool = True,
) -> Floats:
    """Move coordinates, shape (n, 2), x or longitude first, as `move_shapes` does shapes."""
    moved = np.full(np.shape(xy), np.nan)
    known = ~np.isnan(xy).any(axis=1)
    try:
        moved[known] = move(xy[known], source.to_wkt(), target.to_wkt(), assumed=assume_datum)
    except ProjError as error:
        raise CRSError(layer, [no_way(source, target, error)]) from error
    lost = xy[known & ~np.isfinite(moved).all(axis=1)]
    if strict and len(lost):
        fault = (
            f"{len(lost)} of its {len(xy)} coordinates, such as {lost[0, 0]:g}, {lost[0, 1]:g}, "
            f"cannot be moved from its CRS ({source.name}) to {target.name}. Is it the one they "
            "were measured in?"
        )
        raise CRSError(layer, [fault])
    return moved


def move_bounds(
    bounds: Bounds, source: CRS, target: CRS, layer: str = "layer", *, assume_datum: bool = False
) -> Bounds:
    """Move a box, its edges bent as they come, and give the box around it.

    Parameters
    ----------
    bounds
        West, south, east and north in `source`.
    source, target, layer, assume_datum
        As for `move_shapes`.

    Returns
    -------
    tuple of float
        West, south, east and north in `target`.

    Raises
    ------
    CRSError
        As `move_shapes` does.
    """
    west, south, east, north = bounds
    least = max(east - west, north - south) / _PIECES_OF_AN_EDGE
    edge = shapely.segmentize(shapely.box(west, south, east, north), least) if least else None
    ring = np.array([[west, south]]) if edge is None else shapely.get_coordinates(edge)
    moved = move_xy(ring, source, target, layer, assume_datum=assume_datum)
    (west, south), (east, north) = moved.min(axis=0).tolist(), moved.max(axis=0).tolist()
    return west, south, east, north


def lonlat(crs: CRS, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Coordinates as longitude and latitude of the datum they are in.

    Parameters
    ----------
    crs
        CRS of `xy`.
    xy
        Coordinates, shape (n, 2), x first.

    Returns
    -------
    numpy.ndarray
        Degrees, shape (n, 2), longitude first.
    """
    if crs.is_geographic:
        return xy
    return run(to_degrees(crs.to_wkt()), xy)


def local_metric_crs(frame: gpd.GeoDataFrame) -> CRS:
    """An azimuthal equal-area CRS [m] centred on a layer, for searching near by.

    Distances in it are for finding candidates; what is reported is measured on the ellipsoid.

    Raises
    ------
    CRSError
        If the layer has no CRS, or no operation of known accuracy leads to JGD2011.
    """
    stored = _stored_shapes(frame, "layer")
    west, south, east, north = shapely.total_bounds(stored)
    centre = LambertAzimuthalEqualAreaConversion(
        latitude_natural_origin=round((south + north) / 2, 6),
        longitude_natural_origin=round((west + east) / 2, 6),
    )
    # Of JGD2011, not of an ellipsoid alone: from a CRS of no datum PROJ leads to the Tokyo datum
    # without the move of some 400 m, and without a word.
    return ProjectedCRS(centre, name="equal area about the layer", geodetic_crs=STORAGE_CRS)


def geodesic_lengths(
    start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Lengths of straight segments on the ellipsoid.

    Parameters
    ----------
    start, end
        Longitude and latitude [degrees], shape (n, 2).

    Returns
    -------
    numpy.ndarray
        Lengths [m], shape (n,).
    """
    return np.asarray(GRS80.inv(*columns(start), *columns(end))[2], dtype=float).reshape(-1)


def area_ha(frame: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    """Areas of polygons on the ellipsoid [ha], in the order of the layer; holes are left out.

    Raises
    ------
    CRSError
        If the layer has no CRS, or no operation of known accuracy leads to JGD2011.
    """
    # The sign of a ring's area follows its direction, so that all must run as the standard says.
    stored = _stored_shapes(frame, "areas")
    shapes = shapely.orient_polygons(stored)
    square_metres = [abs(GRS80.geometry_area_perimeter(shape)[0]) for shape in shapes]
    return np.array(square_metres) / 10_000


def _require_degrees(frame: gpd.GeoDataFrame, layer: str) -> None:
    west, south, east, north = frame.total_bounds
    if west < -180 or south < -90 or east > 360 or north > 90:
        fault = (
            f"its CRS ({require_crs(frame, layer).name}) is in degrees, but its coordinates run "
            f"from {west:g}, {south:g} to {east:g}, {north:g}, which looks like metres. Save it "
            "with the CRS it was drawn in, or as longitude and latitude."
        )
        raise CRSError(layer, [fault])


def _stored_shapes(frame: gpd.GeoDataFrame, layer: str) -> Shapes:
    return move_shapes(frame.geometry.to_numpy(), require_crs(frame, layer), STORAGE_CRS, layer)


def _moved(frame: gpd.GeoDataFrame, target: CRS, layer: str) -> gpd.GeoDataFrame:
    """A layer in JGD2011 or WGS84, with a word on what its datum moved."""
    source = require_crs(frame, layer)
    strict = target is STORAGE_CRS
    shapes = move_shapes(frame.geometry.to_numpy(), source, target, layer, strict=strict)
    moved = frame.copy()
    moved.geometry = shapes
    tell_datum_move(shapely.get_coordinates(frame.geometry.to_numpy())[:1], source, layer)
    return moved.set_crs(target, allow_override=True)


def tell_datum_move(xy: Floats, source: CRS, layer: str) -> None:
    """Warn when the datum moves the ground, with distance, operation and accuracy.

    Parameters
    ----------
    xy
        A place of the layer, shape (1, 2), or none, shape (0, 2).
    source
        CRS of the place.
    layer
        Its name.
    """
    if len(xy) == 0 or np.isnan(xy).any():
        return
    point = move_xy(xy, source, STORAGE_CRS, layer, assume_datum=True, strict=False)
    operation = operation_of(source.to_wkt(), assumed=True)
    if not np.isfinite(point).all():
        return
    distance = float(geodesic_lengths(lonlat(source, xy), point)[0])
    if distance >= NOTABLE_MOVE_M:
        message = f"{layer}: moved by {distance:.1f} m from {source.name} to JGD2011 {operation}."
    elif source.geodetic_crs is not None and source.geodetic_crs.to_epsg() in _JGD2000:
        how = "without a move" if distance < _ROUNDING_M else f"with a move of {distance:.2f} m"
        message = (
            f"{layer}: taken from JGD2000 to JGD2011 {how} {operation}. Where the ground moved in "
            "the earthquake of 2011, only PROJ's grid of it (touhokutaiheiyouoki2011) is exact."
        )
    else:
        return
    warnings.warn(message, LayerWarning, stacklevel=4)


def tell_assumed_datum(crs: CRS, layer: str) -> None:
    """Warn when a raster's CRS names no datum, so that JGD2011 is assumed."""
    if names_no_datum(crs):
        told = f"the datum of the raster's CRS ({crs.name}) is not known; JGD2011 is assumed."
        warnings.warn(f"{layer}: {told}", LayerWarning, stacklevel=3)
