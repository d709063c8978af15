"""Coordinate reference systems: storage, distance and area, and how a layer is moved between them.

Layers are kept in JGD2011 longitude and latitude (EPSG:6668). Lengths and areas are measured on the
GRS 80 ellipsoid, since no single projection is exact over the island: an equal-area one centred on
it errs by up to 0.017 %, EPSG:6680 by 0.04 %, UTM 54 by 0.07 %.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Geod, Transformer
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import LambertAzimuthalEqualAreaConversion
from pyproj.exceptions import ProjError
from pyproj.transformer import AreaOfInterest

from hokkaido_gis.errors import CRSError, LayerWarning

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

STORAGE_CRS = CRS.from_epsg(6668)
GRS80 = Geod(ellps="GRS80")
# Japan with its outlying islands; PROJ needs to know where, to choose among datum shifts.
_JAPAN = AreaOfInterest(122.0, 20.0, 154.0, 46.5)
# Moves smaller than this are rounding or a datum taken as equal, and not worth a word.
_NOTABLE_MOVE_M = 0.5
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
    shapes, transformer = _stored_shapes(frame, layer)
    moved = frame.copy()
    moved.geometry = shapes
    moved = moved.set_crs(STORAGE_CRS, allow_override=True)
    _tell_datum_move(frame, moved, transformer, layer)
    return moved


def is_same_crs(one: CRS, other: CRS) -> bool:
    """Whether two CRS are the same by EPSG code.

    Names are not compared: PROJ has renamed JGD2011 to JGD2024.
    """
    code = one.to_epsg()
    return code is not None and code == other.to_epsg()


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
    base = crs.geodetic_crs
    lon, lat = Transformer.from_crs(crs, base, always_xy=True).transform(*_columns(xy))
    return np.column_stack([lon, lat])


def local_metric_crs(frame: gpd.GeoDataFrame) -> CRS:
    """An azimuthal equal-area CRS [m] centred on a layer, for searching near by.

    Distances in it are for finding candidates; what is reported is measured on the ellipsoid.

    Raises
    ------
    CRSError
        If the layer has no CRS, or no operation of known accuracy leads to JGD2011.
    """
    stored, _ = _stored_shapes(frame, "layer")
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
    return np.asarray(GRS80.inv(*_columns(start), *_columns(end))[2], dtype=float).reshape(-1)


def area_ha(frame: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    """Areas of polygons on the ellipsoid [ha], in the order of the layer; holes are left out.

    Raises
    ------
    CRSError
        If the layer has no CRS, or no operation of known accuracy leads to JGD2011.
    """
    # The sign of a ring's area follows its direction, so that all must run as the standard says.
    stored, _ = _stored_shapes(frame, "areas")
    shapes = shapely.orient_polygons(stored)
    square_metres = [abs(GRS80.geometry_area_perimeter(shape)[0]) for shape in shapes]
    return np.array(square_metres) / 10_000


def _columns(xy: npt.NDArray[np.float64]) -> tuple[Any, Any]:
    """Coordinates by axis; of one point as lists: pyproj takes an array of one for a number."""
    x, y = xy[:, 0], xy[:, 1]
    return (x.tolist(), y.tolist()) if len(xy) == 1 else (x, y)


def _require_degrees(frame: gpd.GeoDataFrame, layer: str) -> None:
    west, south, east, north = frame.total_bounds
    if west < -180 or south < -90 or east > 360 or north > 90:
        fault = (
            f"its CRS ({require_crs(frame, layer).name}) is in degrees, but its coordinates run "
            f"from {west:g}, {south:g} to {east:g}, {north:g}, which looks like metres. Save it "
            "with the CRS it was drawn in, or as longitude and latitude."
        )
        raise CRSError(layer, [fault])


def _stored_shapes(
    frame: gpd.GeoDataFrame, layer: str
) -> tuple[npt.NDArray[np.object_], Transformer]:
    """Shapes in EPSG:6668, and what moved them there."""
    crs = require_crs(frame, layer)
    try:
        transformer = _transformer(crs.to_wkt())
        shapes: npt.NDArray[np.object_] = shapely.transform(
            frame.geometry.to_numpy(),
            lambda xy: np.column_stack(transformer.transform(*_columns(xy), errcheck=True)),
        )
    except ProjError as error:
        fault = (
            f"no operation of known accuracy leads from its CRS ({crs.name}) to JGD2011. Is it "
            "right? Say the true one, e.g. crs='EPSG:4301' for the Tokyo datum."
        )
        raise CRSError(layer, [fault]) from error
    return shapes, transformer


@cache
def _transformer(wkt: str) -> Transformer:
    return Transformer.from_crs(
        CRS.from_wkt(wkt),
        STORAGE_CRS,
        always_xy=True,
        area_of_interest=_JAPAN,
        allow_ballpark=False,
    )


def _tell_datum_move(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, transformer: Transformer, layer: str
) -> None:
    """Warn when the datum moved the ground, with distance, operation and accuracy."""
    source = require_crs(before, layer)
    point = shapely.get_coordinates(after.geometry.to_numpy())[:1]
    if len(point) == 0:
        return
    unmoved = lonlat(source, shapely.get_coordinates(before.geometry.to_numpy())[:1])
    distance = float(geodesic_lengths(unmoved, point)[0])
    operation = _describe(transformer)
    if distance >= _NOTABLE_MOVE_M:
        message = f"{layer}: moved by {distance:.1f} m from {source.name} to JGD2011 {operation}."
    elif source.geodetic_crs is not None and source.geodetic_crs.to_epsg() in _JGD2000:
        how = "without a move" if distance < _ROUNDING_M else f"with a move of {distance:.2f} m"
        message = (
            f"{layer}: taken from JGD2000 to JGD2011 {how} {operation}. Where the ground moved in "
            "the earthquake of 2011, only PROJ's grid of it (touhokutaiheiyouoki2011) is exact."
        )
    else:
        return
    warnings.warn(message, LayerWarning, stacklevel=3)


def _describe(transformer: Transformer) -> str:
    """The operation that moved the last coordinates, with its accuracy."""
    try:
        used = transformer.get_last_used_operation()
    except ProjError:  # where there was nothing to choose, nothing is kept
        used = transformer
    accuracy = f"{used.accuracy:g} m" if used.accuracy >= 0 else "not stated"
    return f"({used.description}; accuracy {accuracy})"
