"""Land left after exclusions, and what each of them removes, alone and in order."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio.features
import shapely

from hokkaido_gis.crs import (
    STORAGE_CRS,
    area_ha,
    local_metric_crs,
    move_shapes,
    require_crs,
    to_storage_crs,
)
from hokkaido_gis.errors import LayerError, LayerWarning, ModelInputError, list_faults, name_some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry

    from hokkaido_gis.analysis.cell_values import CellValues

    Shapes = npt.NDArray[np.object_]
    _Array = TypeVar("_Array", npt.NDArray[np.object_], npt.NDArray[np.intp])

# Sides of a quarter circle: a polygon of 128 corners lacks 0.04 % of the circle.
_QUARTER = 32
# Edges of what is excluded are cut to this length before they are moved [degrees, m]. Those of
# the land are geodesics, as they are where its area is measured.
_EDGE_DEGREES, _EDGE_M = 0.01, 1000.0


@dataclass(frozen=True)
class Area:
    """What lies in or near a layer is excluded, such as protected areas or what is near houses.

    Attributes
    ----------
    name
        What the exclusion is called in the result.
    layer
        Polygons, lines or points with a CRS.
    buffer_m
        Distance around them that is excluded too [m], 0 to 100,000.
    invert
        Exclude what is farther away, instead.
    """

    name: str
    layer: gpd.GeoDataFrame
    buffer_m: float = 0.0
    invert: bool = False


@dataclass(frozen=True)
class CellsAbove:
    """Cells of a raster above a value are excluded, such as slopes, to their very edges.

    Attributes
    ----------
    name
        What the exclusion is called in the result.
    cells
        Values over the land.
    value
        Cells above this are excluded, in their unit.
    buffer_m
        Distance around them that is excluded too [m], 0 to 100,000.
    invert
        Exclude all but those cells and their buffer, instead: with heights, what lies low.
    """

    name: str
    cells: CellValues
    value: float
    buffer_m: float = 0.0
    invert: bool = False


@dataclass(frozen=True)
class SmallParts:
    """Contiguous parts of a feature below an area are excluded.

    Attributes
    ----------
    name
        What the exclusion is called in the result.
    least_ha
        Least area of a part that stays [ha].
    """

    name: str
    least_ha: float


Exclusion = Area | CellsAbove | SmallParts


class LandLeft(NamedTuple):
    """What is left of land, and what was taken off it.

    Attributes
    ----------
    land
        The features with what is left of them, in their CRS; ``area_ha`` before and ``left_ha``
        after [ha]. Wholly excluded ones have an empty geometry.
    summary
        A row for each exclusion by its name, in order: ``alone_ha`` it removes from all the land,
        ``in_order_ha`` it removes from what those before it left, ``left_ha`` after it [ha].
    removed_ha
        On the index of the land, a column for each exclusion: what it removed in order [ha].
    """

    land: gpd.GeoDataFrame
    summary: pd.DataFrame
    removed_ha: pd.DataFrame


def exclude_land(land: gpd.GeoDataFrame, exclusions: Sequence[Exclusion]) -> LandLeft:
    """Take exclusions off land one after the other.

    Buffers are circles in metres around a point, in an equal-area projection centred on the land:
    true to 0.04 % within 250 km of its middle. Areas are those on the ellipsoid. What is removed in
    order and what is left add up to the land.

    Parameters
    ----------
    land
        Polygons with a CRS; missing and empty ones stay so, with missing areas.
    exclusions
        In the order in which they are taken off; that changes what each one removes in order, and
        for `SmallParts` what is left.

    Returns
    -------
    LandLeft
        What is left and what each exclusion removed.

    Raises
    ------
    LayerError
        If the land is not made of valid polygons.
    CRSError
        If a layer has no CRS.
    ModelInputError
        If names are given twice, or a buffer or least area is out of range.
    """
    _check(land, exclusions)
    crs = require_crs(land, "land")
    metric = local_metric_crs(land)
    whole = _metric_shapes(land, metric, "land")
    total = _hectares(whole, metric)
    left, area_left = whole, total
    alone, in_order = {}, {}
    for exclusion in exclusions:
        if isinstance(exclusion, SmallParts):
            removed_alone, _ = _split_parts(whole, exclusion.least_ha, metric)
            removed, left = _split_parts(left, exclusion.least_ha, metric)
        else:
            zone = _zone(whole, exclusion, metric)
            removed_alone, _ = _split(whole, zone, invert=exclusion.invert)
            removed, left = _split(left, zone, invert=exclusion.invert)
        alone[exclusion.name] = _hectares(removed_alone, metric)
        in_order[exclusion.name] = _hectares(removed, metric)
        area_left = _hectares(left, metric)
    result = land.copy()
    shapes = move_shapes(left, metric, crs, "land")
    untouched = left == whole
    shapes[untouched] = land.geometry.to_numpy()[untouched]
    result = result.set_geometry(gpd.GeoSeries(shapes, index=land.index, crs=crs))
    result["area_ha"], result["left_ha"] = total, area_left
    removed_ha = pd.DataFrame(in_order, index=land.index)
    summary = pd.DataFrame(
        {
            "alone_ha": {name: np.nansum(areas) for name, areas in alone.items()},
            "in_order_ha": removed_ha.sum(),
        },
        index=pd.Index(list(in_order), name="exclusion"),
        dtype=float,
    )
    summary["left_ha"] = np.nansum(total) - summary["in_order_ha"].cumsum()
    return LandLeft(result, summary, removed_ha)


def _check(land: gpd.GeoDataFrame, exclusions: Sequence[Exclusion]) -> None:
    shapes = land.geometry.to_numpy()
    known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    wrong = known & (~np.isin(shapely.get_type_id(shapes), [3, 6]) | ~shapely.is_valid(shapes))
    if wrong.any():
        rows = name_some(list(land.index[wrong]))
        fault = f"{wrong.sum()} rows are no valid polygons ({rows}). Repair them with make_valid()."
        raise LayerError("land", [fault])
    if not known.any():
        raise LayerError("land", ["it holds no polygon."])
    names = [exclusion.name for exclusion in exclusions]
    twice = sorted({name for name in names if names.count(name) > 1})
    faults = [f"{name!r} is given twice." for name in twice]
    for exclusion in exclusions:
        if isinstance(exclusion, SmallParts):
            if not 0 < exclusion.least_ha <= 100_000:
                faults.append(
                    f"{exclusion.name}: least area must be above 0 and up to 100,000 ha; got "
                    f"{exclusion.least_ha:g}. Is it in square metres?"
                )
        elif not 0 <= exclusion.buffer_m <= 100_000:
            faults.append(
                f"{exclusion.name}: buffer must be 0 to 100,000 m; got {exclusion.buffer_m:g}."
            )
    if faults:
        raise ModelInputError("Exclusions: " + list_faults(faults))


def _split(land: Shapes, zone: Shapes, *, invert: bool) -> tuple[Shapes, Shapes]:
    """What a zone takes of each feature, and what it leaves."""
    row, place = shapely.STRtree(zone).query(land, predicate="intersects")
    inside, outside = np.full(len(land), shapely.Polygon(), dtype=object), land.copy()
    # One after the other rather than all features against all of the zone at once.
    for i, places in _by_row(row, place):
        over = shapely.union_all(zone[places])
        inside[i] = _surfaces(shapely.intersection(land[i], over))
        if shapely.is_empty(inside[i]):  # they only touch
            continue
        outside[i] = _surfaces(shapely.difference(land[i], over))
    inside[shapely.is_missing(land)] = None
    return (outside, inside) if invert else (inside, outside)


def _split_parts(land: Shapes, least_ha: float, metric: CRS) -> tuple[Shapes, Shapes]:
    parts, row = shapely.get_parts(land, return_index=True)
    small = _hectares(parts, metric) < least_ha
    removed, left = (np.full(len(land), shapely.Polygon(), dtype=object) for _ in range(2))
    for result, chosen in ((removed, small), (left, ~small)):
        for i, some in _by_row(row[chosen], parts[chosen]):
            result[i] = shapely.multipolygons(some) if len(some) > 1 else some[0]
    whole = ~np.isin(np.arange(len(land)), row[small])
    left[whole] = land[whole]
    removed[shapely.is_missing(land)] = None
    return removed, left


def _by_row(row: npt.NDArray[np.intp], values: _Array) -> Iterator[tuple[int, _Array]]:
    """Values of each row that has any, where rows come in order."""
    rows, first = np.unique(row, return_index=True)
    if len(rows):
        yield from zip(rows.tolist(), np.split(values, first[1:]), strict=True)


def _zone(land: Shapes, exclusion: Area | CellsAbove, metric: CRS) -> Shapes:
    """Shapes of an exclusion near the land, with their buffer."""
    if isinstance(exclusion, Area):
        shapes = _metric_shapes(_dense(exclusion.layer, exclusion.name), metric, exclusion.name)
        shapes = shapely.make_valid(shapes)
    else:
        shapes = _cells_above(land, exclusion, metric)
    near = shapely.STRtree(shapes).query(
        shapely.box(*gpd.GeoSeries(land).total_bounds),
        predicate="dwithin",
        distance=exclusion.buffer_m,
    )
    shapes = shapes[np.sort(near)]
    if exclusion.buffer_m:
        shapes = shapely.buffer(shapes, exclusion.buffer_m, quad_segs=_QUARTER)
    return np.asarray(shapes, dtype=object)


def _cells_above(land: Shapes, exclusion: CellsAbove, metric: CRS) -> Shapes:
    values = exclusion.cells.array
    above = _outlines(values > exclusion.value, exclusion.cells, metric, exclusion.name)
    known = _outlines(np.isfinite(values), exclusion.cells, metric, exclusion.name)
    covered = np.zeros(len(land), dtype=bool)
    row, place = shapely.STRtree(known).query(land, predicate="intersects")
    for i, places in _by_row(row, place):
        rest = shapely.difference(land[i], shapely.union_all(known[places]))
        covered[i] = shapely.area(rest) <= 1e-6 * shapely.area(land[i])
    bare = ~covered & (shapely.area(land) > 0)
    if bare.any():
        warnings.warn(
            f"{exclusion.name}: {bare.sum()} of {len(land)} features lie in whole or in part where "
            "the raster has no value; nothing is known against that land and it stays.",
            LayerWarning,
            stacklevel=5,
        )
    return above


def _outlines(mask: npt.NDArray[np.bool_], cells: CellValues, metric: CRS, name: str) -> Shapes:
    """Patches of cells as polygons along the edges of the cells."""
    found = rasterio.features.shapes(
        mask.astype(np.uint8), mask=mask, transform=cells.transform, connectivity=4
    )
    shapes = [shapely.geometry.shape(shape) for shape, _ in found]
    patches = gpd.GeoDataFrame(geometry=shapes, crs=cells.crs)
    return _metric_shapes(_dense(patches, name), metric, name)


def _metric_shapes(layer: gpd.GeoDataFrame, metric: CRS, name: str) -> Shapes:
    """Shapes in the projection of the measure, by way of JGD2011."""
    stored = to_storage_crs(layer[[]].set_geometry(layer.geometry), name)
    return move_shapes(stored.geometry.to_numpy(), STORAGE_CRS, metric, name)


def _dense(layer: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """A layer whose long edges are cut, so that they stay where they were when they are moved."""
    longest = _EDGE_DEGREES if require_crs(layer, name).is_geographic else _EDGE_M
    cut = shapely.segmentize(layer.geometry.to_numpy(), longest)
    return gpd.GeoDataFrame(geometry=cut, crs=layer.crs)


def _surfaces(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a shape, without lines and points where two outlines only meet."""
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    parts = [p for p in shapely.get_parts(shape) if p.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _hectares(shapes: Shapes, metric: CRS) -> npt.NDArray[np.float64]:
    """Areas on the ellipsoid, missing for missing shapes."""
    areas = np.full(len(shapes), np.nan)
    there = ~shapely.is_missing(shapes)
    areas[there] = 0.0
    some = there & ~shapely.is_empty(shapes)
    areas[some] = area_ha(gpd.GeoDataFrame(geometry=shapes[some], crs=metric))
    return areas
