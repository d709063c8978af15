"""Coordinate reference systems: storage, distance and area, and how a layer is moved between them.

Layers are kept in JGD2011 longitude and latitude (EPSG:6668). Lengths and areas are measured on the
GRS 80 ellipsoid, since no single projection is exact over the island: an equal-area one centred on
it errs by up to 0.017 %, EPSG:6680 by 0.04 %, UTM 54 by 0.07 %.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS, Geod, Transformer
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
    try:
        transformer = _transformer(crs.to_wkt())
        shapes = shapely.transform(
            frame.geometry.to_numpy(),
            lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1], errcheck=True)),
        )
    except ProjError as error:
        raise CRSError(
            layer,
            [
                (
                    f"no operation of known accuracy leads from its CRS ({crs.name}) to JGD2011. "
                    "Is it right? Say the true one, e.g. crs='EPSG:4301' for the Tokyo datum."
                )
            ],
        ) from error
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
    lon, lat = Transformer.from_crs(crs, base, always_xy=True).transform(xy[:, 0], xy[:, 1])
    return np.column_stack([lon, lat])


def local_metric_crs(frame: gpd.GeoDataFrame) -> CRS:
    """An azimuthal equal-area CRS [m] centred on a layer, for searching near by.

    Distances in it are for finding candidates; what is reported is measured on the ellipsoid.
    """
    west, south, east, north = frame.to_crs(STORAGE_CRS).total_bounds
    return CRS.from_proj4(
        f"+proj=laea +lon_0={(west + east) / 2:.6f} +lat_0={(south + north) / 2:.6f} "
        "+ellps=GRS80 +units=m"
    )


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
    return np.asarray(GRS80.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2], dtype=float)


def area_ha(frame: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    """Areas of polygons on the ellipsoid [ha], in the order of the layer; holes are left out."""
    # The sign of a ring's area follows its direction, so that all must run as the standard says.
    shapes = shapely.orient_polygons(frame.to_crs(STORAGE_CRS).geometry.to_numpy())
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
    if distance >= _NOTABLE_MOVE_M:
        used = transformer.get_last_used_operation()
        accuracy = f"{used.accuracy:g} m" if used.accuracy >= 0 else "not stated"
        message = (
            f"{layer}: moved by {distance:.1f} m from {source.name} to JGD2011 "
            f"({used.description}; accuracy {accuracy})."
        )
    elif source.geodetic_crs is not None and source.geodetic_crs.to_epsg() in _JGD2000:
        message = (
            f"{layer}: taken from JGD2000 to JGD2011 without a move, since the grid of the 2011 "
            "earthquake is not installed; centimetres are not promised."
        )
    else:
        return
    warnings.warn(message, LayerWarning, stacklevel=3)
