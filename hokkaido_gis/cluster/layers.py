"""The functions of one layer over its parts: connection to the grid, rasters under features."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict, Unpack, cast

import geopandas as gpd
import rasterio

from hokkaido_gis.cluster.map_parts import map_parts
from hokkaido_gis.crs import STORAGE_CRS, require_crs
from hokkaido_gis.errors import LayerWarning
from hokkaido_gis.grid.connect import (
    connect_to_grid,
    notes_in_japanese,
    solar_capacity,
    with_connections,
)
from hokkaido_gis.grid.options import GridOptions
from hokkaido_gis.io.tables import require_columns, to_numbers
from hokkaido_gis.overlay import add_statistics, open_raster, zonal_stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from hokkaido_gis.cluster.engine import Engine
    from hokkaido_gis.cluster.work import Work
    from hokkaido_gis.readers.wind import SpeedUnit


class ConnectOptions(GridOptions, total=False):
    """Options of `connect_parts`: those of `connect_to_grid`, and of the layer.

    Attributes
    ----------
    crs
        CRS of a layer that states none.
    japanese
        Whether the column ``note`` is in Japanese.
    """

    crs: str | None
    japanese: bool


class RasterOptions(TypedDict, total=False):
    """Options of `overlay_parts`.

    Attributes
    ----------
    band
        Number, from 1, or description of the band of a file with several.
    units
        Unit of a raster of wind that states none.
    raster_crs
        CRS of a raster that states none.
    crs
        CRS of a layer that states none.
    """

    band: int | str | None
    units: SpeedUnit | None
    raster_crs: str | None
    crs: str | None


class _Grid(NamedTuple):
    lines: gpd.GeoDataFrame
    substations: gpd.GeoDataFrame | None
    capacity_kw: float | str | None
    options: GridOptions
    japanese: bool


class _Raster(NamedTuple):
    path: str
    stats: tuple[str, ...]
    options: RasterOptions
    files: tuple[str, ...] = ()  # named, so that their content counts for what is kept


def connect_parts(
    layer: str | Path,
    lines: gpd.GeoDataFrame,
    substations: gpd.GeoDataFrame | None = None,
    *,
    out: str | Path,
    capacity_kw: float | str | None = None,
    engine: Engine | None = None,
    **options: Unpack[ConnectOptions],
) -> Path:
    """Find the cheapest connection to the grid of every site of a layer in parts.

    Parameters
    ----------
    layer
        Sites: a folder of parts, or a file that is cut into parts first.
    lines, substations
        As for `connect_to_grid`; sent to each worker once.
    out
        Folder of parts to write, whole or not at all.
    capacity_kw
        Capacity of the plants [kW]: one for all, or the name of a column; solar on the area as by
        `solar_capacity` where None.
    engine
        Workers; one a processor of this machine where None.
    **options
        ``rules``, ``costs``, ``distribution`` and ``max_km`` as for `connect_to_grid`, ``crs`` and
        ``japanese``: see `ConnectOptions`.

    Returns
    -------
    Path
        The folder: the columns of the sites and those of `connect_to_grid`, row for row what that
        function gives for the whole layer.

    Raises
    ------
    LayerError, CRSError, TableError, ModelInputError
        As by `connect_to_grid`.
    OutputError, HokkaidoGisError
        As by `map_parts`.
    """
    crs, japanese = options.get("crs"), options.get("japanese", False)
    rules = cast(
        "GridOptions", {k: v for k, v in options.items() if k in GridOptions.__annotations__}
    )
    grid = _Grid(lines, substations, capacity_kw, rules, japanese)
    _check(_connect, grid._replace(capacity_kw=0.0))
    return map_parts(layer, _connect, grid, out=out, engine=engine, crs=crs)


def overlay_parts(
    layer: str | Path,
    raster: str | Path,
    *,
    out: str | Path,
    stats: Sequence[str] = ("mean",),
    engine: Engine | None = None,
    **options: Unpack[RasterOptions],
) -> Path:
    """Give every feature of a layer in parts statistics of the raster under it.

    Parameters
    ----------
    layer
        Polygons or points: a folder of parts, or a file that is cut into parts first.
    raster
        File that every worker can open under this path.
    out
        Folder of parts to write, whole or not at all.
    stats
        As for `zonal_stats`.
    engine
        Workers; one a processor of this machine where None.
    **options
        ``band``, ``units``, ``raster_crs`` and ``crs``: see `RasterOptions`.

    Returns
    -------
    Path
        The folder: the columns of the features and those of `zonal_stats`, row for row what that
        function gives for the whole layer.

    Raises
    ------
    LayerError, CRSError, ModelInputError
        As by `zonal_stats`.
    OutputError, HokkaidoGisError
        As by `map_parts`.
    """
    crs = options.pop("crs", None)
    path = str(Path(raster).resolve()) if Path(raster).exists() else str(raster)
    asked = _Raster(path, tuple(stats), options)
    _check(_overlay, asked)
    asked = asked._replace(files=_files_of_part(path))
    return map_parts(layer, _overlay, asked, out=out, engine=engine, crs=crs)


def _files_of_part(raster: str) -> tuple[str, ...]:
    """Files of a raster that is named as a part of one, such as ``NETCDF:wind.nc:speed``."""
    if Path(raster).is_file():
        return ()
    with rasterio.open(raster) as part:
        return tuple(part.files)


def _check(function: Work, shared: object) -> None:
    """Run a function on no features: wrong options end the run here, not after hours of cutting."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)  # told of the parts
        function(gpd.GeoDataFrame(geometry=[], crs=STORAGE_CRS), shared)


def _connect(sites: gpd.GeoDataFrame, grid: _Grid) -> gpd.GeoDataFrame:
    require_crs(sites, "features")
    capacity = grid.capacity_kw
    if capacity is None:
        capacities: float | pd.Series = solar_capacity(sites)
    elif isinstance(capacity, str):
        require_columns(sites, [capacity], what="features")
        capacities = to_numbers(sites[capacity])
    else:
        capacities = capacity
    found = connect_to_grid(
        sites, grid.lines, grid.substations, capacity_kw=capacities, **grid.options
    )
    if grid.japanese:
        found["note"] = notes_in_japanese(found["note"])
    return with_connections(sites, found)


def _overlay(features: gpd.GeoDataFrame, asked: _Raster) -> gpd.GeoDataFrame:
    require_crs(features, "features")
    return add_statistics(features, _statistics(features, asked))


def _statistics(features: gpd.GeoDataFrame, asked: _Raster) -> pd.DataFrame:
    source = open_raster(
        asked.path,
        band=asked.options.get("band"),
        units=asked.options.get("units"),
        crs=asked.options.get("raster_crs"),
    )
    return zonal_stats(features, source, stats=asked.stats)
