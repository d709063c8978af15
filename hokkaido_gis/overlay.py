"""Raster values under polygons: wind over farmland, slope, height, or any other raster."""

from __future__ import annotations

import os
import unicodedata
import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely

from hokkaido_gis.analysis.zonal import Cells, parse_statistics, statistics_of_cells
from hokkaido_gis.crs import (
    STORAGE_CRS,
    move_shapes,
    require_crs,
    tell_assumed_datum,
    to_storage_crs,
)
from hokkaido_gis.datum import is_same_crs
from hokkaido_gis.errors import LayerError, LayerWarning, name_some
from hokkaido_gis.io.raster import RasterBand, band_names, open_band
from hokkaido_gis.normalise import repair_polygons
from hokkaido_gis.readers.wind import UNITS, SpeedUnit, Wind, read_wind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from pyproj import CRS

# Edges are straight in the CRS of the features. Cut to this length before a move to another, they
# stay within 0.02 m of where they were: a parallel bends by L^2 tan(lat) / 8R from its chord.
_EDGE_M, _EDGE_DEGREES = 1000.0, 0.01
# A point stands for its cell, less a rim that would touch the cells around.
_RIM = 1e-6
_SURFACES = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def zonal_stats(
    features: gpd.GeoDataFrame,
    raster: str | Path | RasterBand | Wind,
    *,
    stats: Sequence[str] = ("mean",),
    band: int | str | None = None,
    crs: str | CRS | None = None,
) -> pd.DataFrame:
    """Statistics of the raster cells under each feature, with exact fractions of cells.

    Parameters
    ----------
    features
        Polygons, or points, which stand for the cell they lie in; with a CRS. They are moved to the
        CRS of the raster, whose values stay as they are.
    raster
        A file that rasterio opens, a band of one, or wind as `read_wind` gives it. Wind of a file
        that states km/h is converted to m/s, and of several bands the speed is taken.
    stats
        ``mean``, ``median``, ``p90`` (percentiles p0 to p100), ``stdev`` and ``share_above_5.5``
        (share [0-1] of the area with a value above 5.5) weigh each cell by its area under the
        feature, on the sphere where the raster is in degrees. ``min`` and ``max`` are those of all
        cells touched. ``sum`` and ``count`` weigh by the fraction of the cell under the feature:
        for quantities that a cell holds, such as people, not for speeds.
    band
        Number, from 1, or description of the band of a file with several.
    crs
        CRS of a file that states none.

    Returns
    -------
    pandas.DataFrame
        On the index of `features`: a column for each statistic, by its name, in the unit of the
        raster, missing where no cell has a value (``count`` is 0); and ``coverage``, the share
        [0-1] of the feature's area under cells with a value, measured in the plane of the raster's
        CRS, missing for missing and empty geometries. Features with no value or only part of their
        area under values are told as `LayerWarning`.

    Raises
    ------
    LayerError
        If the raster cannot be read, or features are neither polygons nor points.
    CRSError
        If features have no CRS.
    ModelInputError
        If a statistic is not known.

    Notes
    -----
    Cells are read by tiles of the raster, ahead of need; memory does not grow with the raster.

    References
    ----------
    .. [1] exactextract, https://github.com/isciences/exactextract.

    Examples
    --------
    >>> import hokkaido_gis as hg
    >>> towns = hg.read_municipalities(hg.sample_data() / "municipalities.geojson")
    >>> wind = zonal_stats(towns.loc[["01214"]], hg.sample_data() / "wind.tif", stats=["mean"])
    >>> wind.columns.tolist()
    ['mean', 'coverage']
    """
    asked = parse_statistics(stats)
    source = (
        raster if isinstance(raster, RasterBand | Wind) else open_raster(raster, band=band, crs=crs)
    )
    grid = source.raster if isinstance(source, Wind) else source
    cells = _cells(source)
    shapes = _shapes(features, grid.crs, cells)
    values, coverage = statistics_of_cells(shapes, cells, asked)
    table = pd.DataFrame(values, columns=[s.name for s in asked], index=features.index)
    table["coverage"] = coverage
    _tell_uncovered(table, grid.source)
    return table


def open_raster(
    source: str | Path,
    *,
    band: int | str | None = None,
    units: SpeedUnit | None = None,
    crs: str | CRS | None = None,
) -> RasterBand | Wind:
    """Describe a raster file, as wind where its unit or its bands say that it is.

    Parameters
    ----------
    source
        Any raster that rasterio opens.
    band
        Number, from 1, or description; without it the only band, or the only one of speeds.
    units
        Unit of a raster of wind that states none.
    crs
        CRS of a file that states none.

    Returns
    -------
    RasterBand or Wind
        Values as they are, or wind in m/s; a file that states km/h is told as a `LayerWarning`.

    Raises
    ------
    LayerError
        If the file cannot be read, or the band is not there or not named.
    """
    if units is not None or (band is None and len(band_names(source)) > 1):
        return read_wind(source, band=band, units=units, crs=crs)
    found = open_band(source, band=band, crs=crs)
    unit = "".join(unicodedata.normalize("NFKC", found.unit).split()).casefold()
    if unit not in UNITS:
        return found
    if UNITS[unit] == "km/h":
        told = f"{source}: its unit is km/h; statistics are of its values in m/s."
        warnings.warn(told, LayerWarning, stacklevel=3)
    return read_wind(source, band=found.band, crs=crs)


def add_statistics(features: gpd.GeoDataFrame, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Set statistics beside the columns of the features they were taken under.

    Parameters
    ----------
    features
        As given to `zonal_stats`.
    table
        As `zonal_stats` gave it.

    Returns
    -------
    geopandas.GeoDataFrame
        A copy of `features` with the columns of `table`.

    Raises
    ------
    LayerError
        If the features have a column of such a name already.
    """
    both = [str(column) for column in table.columns if column in features.columns]
    if both:
        fault = f"it has columns {name_some(both)} already. Rename them, or ask for others."
        raise LayerError("features", [fault])
    return features.assign(**{str(name): table[name].to_numpy() for name in table.columns})


def _cells(source: RasterBand | Wind) -> Cells:
    grid = source.raster if isinstance(source, Wind) else source
    columns, rows = np.sign(grid.transform.a), -np.sign(grid.transform.e)
    threads = str(os.cpu_count() or 1)

    def read(box: tuple[float, float, float, float]) -> npt.NDArray[np.float64]:
        with rasterio.Env(GDAL_NUM_THREADS=threads):
            values = source.read(box).array
        # Some files begin in the south or the east.
        return values[:: int(rows), :: int(columns)]

    return Cells(
        west=grid.bounds.west,
        north=grid.bounds.north,
        dx=abs(grid.transform.a),
        dy=abs(grid.transform.e),
        columns=grid.width,
        rows=grid.height,
        geographic=grid.crs.is_geographic,
        read=read,
    )


def _shapes(features: gpd.GeoDataFrame, crs: CRS, cells: Cells) -> npt.NDArray[np.object_]:
    """Polygons in the CRS of the raster, points as their cells."""
    _require_surfaces(features)
    own = require_crs(features, "features")
    if own != crs and not is_same_crs(own, crs):
        features = _moved(features, crs)
    shapes: npt.NDArray[np.object_] = features.geometry.to_numpy().copy()
    there = ~shapely.is_missing(shapes)
    known = features[there]
    shapes[there] = repair_polygons(known, known.index.to_series(), "features").geometry.to_numpy()
    points = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    points &= ~shapely.is_empty(shapes)
    shapes[points] = _cells_of_points(shapes[points], cells)
    return shapes


def _require_surfaces(features: gpd.GeoDataFrame) -> None:
    shapes = features.geometry.to_numpy()
    known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    kinds = shapely.get_type_id(shapes)
    wrong = known & ~np.isin(kinds, [*_SURFACES, shapely.GeometryType.POINT])
    if wrong.any():
        told = [
            f"row {i}: {shape.geom_type}"
            for i, shape in zip(features.index[wrong], shapes[wrong], strict=True)
        ]
        fault = (
            f"{wrong.sum()} features are neither polygons nor points ({name_some(told)}). Buffer "
            "lines to strips of a width; take collections apart with explode()."
        )
        raise LayerError("features", [fault])


def _moved(features: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """Features in the CRS of the raster by way of JGD2011, their edges where they were."""
    longest = _EDGE_DEGREES if require_crs(features, "features").is_geographic else _EDGE_M
    shapes = features.geometry.to_numpy().copy()
    box = shapely.bounds(shapes)
    # An edge is no longer than the diagonal of its box.
    wide = np.hypot(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) > longest
    shapes[wide] = shapely.segmentize(shapes[wide], longest)
    stored = to_storage_crs(features[[]].set_geometry(shapes, crs=features.crs), "features")
    if is_same_crs(crs, STORAGE_CRS):
        return stored
    tell_assumed_datum(crs, "raster")
    moved = move_shapes(stored.geometry.to_numpy(), STORAGE_CRS, crs, "features", assume_datum=True)
    return gpd.GeoDataFrame(geometry=moved, index=stored.index, crs=crs)


def _cells_of_points(points: npt.NDArray[np.object_], cells: Cells) -> npt.NDArray[np.object_]:
    column = np.floor((shapely.get_x(points) - cells.west) / cells.dx)
    row = np.floor((cells.north - shapely.get_y(points)) / cells.dy)
    boxes: npt.NDArray[np.object_] = shapely.box(
        cells.west + (column + _RIM) * cells.dx,
        cells.north - (row + 1 - _RIM) * cells.dy,
        cells.west + (column + 1 - _RIM) * cells.dx,
        cells.north - (row + _RIM) * cells.dy,
    )
    return boxes


def _tell_uncovered(table: pd.DataFrame, source: str) -> None:
    """Warn of features without a value, or with values under a part of them only."""
    coverage = table["coverage"]
    told = []
    for what, rows in (
        ("have no geometry and no value", coverage.isna()),
        ("lie wholly where the raster has no value (coverage 0)", coverage == 0),
        ("lie partly where it has no value (coverage below 1)", (coverage > 0) & (coverage < 1)),
    ):
        if rows.any():
            told.append(f"{rows.sum()} {what}: {name_some(list(table.index[rows]))}")
    if told:
        message = f"{source}: of {len(table)} features, {'; '.join(told)}."
        warnings.warn(message, LayerWarning, stacklevel=3)
