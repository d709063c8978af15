"""What a metre of line costs from place to place: a raster made from slope, water, areas, roads."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import rasterio
import shapely
from rasterio import Affine
from rasterio.enums import Resampling
from rasterio.features import rasterize
from rasterio.warp import reproject

from hokkaido_gis.crs import (
    STORAGE_CRS,
    local_metric_crs,
    move_shapes,
    tell_assumed_datum,
    to_storage_crs,
)
from hokkaido_gis.datum import gdal_operation
from hokkaido_gis.errors import CRSError, LayerError, ModelInputError, list_faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt
    from pyproj import CRS

    from hokkaido_gis.analysis.cell_values import CellValues

MILLION_YEN_PER_KM = 12.0
"""Cost of a line for each circuit [million yen/km]: 0.12 億円/km (報告書 表 3-7)."""

_MOST_CELLS = 200_000_000
# An edge is straight in longitude and latitude, not on the plane; pieces this long stray by
# centimetres.
_PIECE_DEGREES = 0.01


@dataclass(frozen=True)
class CostSurface:
    """Cost of a line for each cell of a metric grid.

    Attributes
    ----------
    factor
        How many times the base cost a line costs in each cell, above 0, rows from north to south;
        infinite where no line may pass.
    transform
        From column and row to the coordinates of a cell's corner [m]; without rotation.
    crs
        Projected CRS in metres.
    million_yen_per_km
        Base cost of a line [million yen/km], of one circuit by default.

    Raises
    ------
    ModelInputError
        If a factor is not above 0 or missing, or the base cost is not above 0.
    CRSError
        If the CRS is not in metres, or the grid is rotated.
    """

    factor: npt.NDArray[np.float64]
    transform: Affine
    crs: CRS
    million_yen_per_km: float = MILLION_YEN_PER_KM

    def __post_init__(self) -> None:
        """Refuse what no route can be found on."""
        axes = self.crs.axis_info
        if not self.crs.is_projected or any(axis.unit_conversion_factor != 1 for axis in axes):
            fault = (
                f"its CRS ({self.crs.name}) is not in metres. Use a projected one, such as that of "
                "even_surface, or EPSG:6680."
            )
            raise CRSError("cost surface", [fault])
        if self.transform.b or self.transform.d:
            raise CRSError("cost surface", ["its grid is rotated. Straighten it with gdalwarp."])
        faults = []
        if self.factor.ndim != 2 or not self.factor.size:
            faults.append(f"factor must have rows and columns; its shape is {self.factor.shape}.")
        bad = int((~(self.factor > 0)).sum())
        if bad:
            faults.append(
                f"factors of {bad} cells are missing, 0 or negative; they must be above 0, and "
                "infinite where no line may pass."
            )
        if not 0 < self.million_yen_per_km < math.inf:
            faults.append(
                f"the base cost [million yen/km] must be above 0; got {self.million_yen_per_km:g}."
            )
        if faults:
            raise ModelInputError("Cost surface: " + list_faults(faults))

    @property
    def cell_m(self) -> tuple[float, float]:
        """Height and width of a cell [m]."""
        return abs(self.transform.e), abs(self.transform.a)


def even_surface(
    layer: gpd.GeoDataFrame,
    *,
    cell_m: float = 250.0,
    margin_km: float = 5.0,
    million_yen_per_km: float = MILLION_YEN_PER_KM,
) -> CostSurface:
    """A surface around a layer on which a line costs the same everywhere.

    Parameters
    ----------
    layer
        Features that the surface must hold, such as sites and lines together, with a CRS.
    cell_m
        Side of a cell [m].
    margin_km
        Width of the surface around the layer [km], for routes that lead around it.
    million_yen_per_km
        Cost of a line [million yen/km].

    Returns
    -------
    CostSurface
        Factor 1 in all cells, in an azimuthal equal-area CRS centred on the layer, whose lengths
        are right to 0.02 % over the island.

    Raises
    ------
    ModelInputError
        If the side is not above 0 or the margin negative, or there would be more than 200 million
        cells.
    LayerError
        If the layer has no extent.
    CRSError
        If it has no CRS.
    """
    if not cell_m > 0 or not margin_km >= 0:
        raise ModelInputError(
            f"cell_m must be above 0 and margin_km 0 or more; got {cell_m:g} and {margin_km:g}."
        )
    stored = to_storage_crs(layer, "layer")
    if not np.isfinite(stored.total_bounds).all():
        raise LayerError("layer", ["it has no extent: all geometry is empty."])
    crs = local_metric_crs(stored)
    placed = move_shapes(stored.geometry.to_numpy(), STORAGE_CRS, crs, "layer")
    west, south, east, north = shapely.total_bounds(placed)
    margin = 1000 * margin_km
    columns = math.ceil((east - west + 2 * margin) / cell_m) + 1
    rows = math.ceil((north - south + 2 * margin) / cell_m) + 1
    if rows * columns > _MOST_CELLS:
        raise ModelInputError(
            f"Cells of {cell_m:g} m make {rows} x {columns}, more than {_MOST_CELLS:,}. Use larger "
            "ones, or a part of the layer."
        )
    transform = Affine(cell_m, 0, west - margin, 0, -cell_m, north + margin)
    return CostSurface(np.ones((rows, columns)), transform, crs, million_yen_per_km)


def multiply_by_class(
    surface: CostSurface,
    raster: CellValues,
    classes: Sequence[tuple[float, float]],
    *,
    missing: float = math.inf,
) -> CostSurface:
    """Multiply the cost by the class that a raster's value falls in, such as slope.

    Parameters
    ----------
    surface
        Surface to start from.
    raster
        Values with transform and CRS in any CRS. Each cell of the surface takes the mean over its
        area.
    classes
        Greatest value of each class and its factor, ascending: ``[(10, 1), (20, 1.5), (90, 3)]``;
        a value on the limit belongs to the lower class. No line passes above the last limit. An
        infinite factor forbids a class.
    missing
        Factor where the raster has no value, such as the sea.

    Returns
    -------
    CostSurface
        A new surface.

    Raises
    ------
    ModelInputError
        If there is no class, limits do not ascend, or a factor is not above 0.
    """
    limits = np.array([limit for limit, _ in classes], dtype=float)
    factors = np.array([*(factor for _, factor in classes), math.inf], dtype=float)
    if not len(limits) or not (np.diff(limits) > 0).all():
        raise ModelInputError(
            f"classes must be limits in ascending order, each with a factor; got {list(classes)}."
        )
    for factor in (*factors, missing):
        _check_factor(factor)
    values = np.full(surface.factor.shape, np.nan)
    tell_assumed_datum(raster.crs, "raster")
    reproject(
        np.asarray(raster.array, dtype=float),
        values,
        src_transform=raster.transform,
        src_crs=_rasterio_crs(raster.crs),
        src_nodata=np.nan,
        dst_transform=surface.transform,
        dst_crs=_rasterio_crs(surface.crs),
        dst_nodata=np.nan,
        resampling=Resampling.average,
        **gdal_operation(raster.crs, surface.crs, "raster"),
    )
    at = factors[np.searchsorted(limits, values, side="left")]
    at[np.isnan(values)] = missing
    return replace(surface, factor=surface.factor * at)


def multiply_within(
    surface: CostSurface, features: gpd.GeoDataFrame, factor: float = math.inf
) -> CostSurface:
    """Multiply the cost in every cell that features touch, such as water or protected areas.

    Parameters
    ----------
    surface
        Surface to start from.
    features
        Polygons or lines with a CRS.
    factor
        Above 0; infinite where no line may pass. Cells that several features touch are multiplied
        once.

    Returns
    -------
    CostSurface
        A new surface.

    Raises
    ------
    ModelInputError
        If the factor is not above 0.
    CRSError
        If the layer has no CRS.
    """
    _check_factor(factor)
    touched = cells_touched(surface, features)
    return replace(surface, factor=np.where(touched, surface.factor * factor, surface.factor))


def follow_corridors(
    surface: CostSurface, corridors: gpd.GeoDataFrame, factor: float
) -> CostSurface:
    """Set the cost along corridors, such as roads, whatever lies beneath.

    A road crosses water by its bridge and a slope by its cutting, so that its factor replaces
    theirs. Corridors come last; apply an area that forbids lines on its roads too after them.

    Parameters
    ----------
    surface
        Surface to start from.
    corridors
        Lines or polygons with a CRS.
    factor
        Share of the base cost along them, above 0 and finite. Where corridors cross cells that are
        cheaper, those stay.

    Returns
    -------
    CostSurface
        A new surface.

    Raises
    ------
    ModelInputError
        If the factor is not above 0 or infinite.
    CRSError
        If the layer has no CRS.
    """
    _check_factor(factor)
    if math.isinf(factor):
        raise ModelInputError("The factor of a corridor must be finite.")
    touched = cells_touched(surface, corridors)
    along = np.minimum(surface.factor, factor)
    return replace(surface, factor=np.where(touched, along, surface.factor))


def cells_touched(surface: CostSurface, features: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Cells that any of the features touches, if only at an edge; thin ones leave no gap.

    Parameters
    ----------
    surface
        The grid.
    features
        Any geometries with a CRS; missing and empty ones touch nothing.

    Returns
    -------
    numpy.ndarray
        Rows and columns of the surface.

    Raises
    ------
    CRSError
        If the layer has no CRS.
    """
    shapes = shapes_on(surface, features)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(shapes):
        return np.zeros(surface.factor.shape, dtype=bool)
    touched = rasterize(
        shapes,
        out_shape=surface.factor.shape,
        transform=surface.transform,
        all_touched=True,
        dtype="uint8",
    )
    return np.asarray(touched, dtype=bool)


def shapes_on(surface: CostSurface, features: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Shapes of a layer in the CRS of a surface, bent as their edges are on the ground.

    Parameters
    ----------
    surface
        The grid.
    features
        Any geometries with a CRS.

    Returns
    -------
    numpy.ndarray
        Geometries [m] in the order of the layer.

    Raises
    ------
    CRSError
        If the layer has no CRS.
    """
    stored = to_storage_crs(features, "features").geometry.force_2d()
    pieces = stored.set_axis(range(len(stored))).segmentize(_PIECE_DEGREES)
    return move_shapes(pieces.to_numpy(), STORAGE_CRS, surface.crs, "features")


def _check_factor(factor: float) -> None:
    if not factor > 0:
        raise ModelInputError(
            f"A factor of the cost must be above 0, or infinite to forbid; got {factor:g}."
        )


def _rasterio_crs(crs: CRS) -> rasterio.crs.CRS:
    return rasterio.crs.CRS.from_wkt(crs.to_wkt())
