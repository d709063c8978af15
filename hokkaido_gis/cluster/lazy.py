"""A layer in parts as a frame of dask-geopandas, for work of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from hokkaido_gis.cluster.engine import require_dask
from hokkaido_gis.cluster.parts import Part, find_parts
from hokkaido_gis.errors import HokkaidoGisError

if TYPE_CHECKING:
    from pathlib import Path


def open_parts(folder: str | Path, *, crs: str | None = None) -> Any:
    """Open a layer in parts without reading it, as a frame of dask-geopandas.

    Parameters
    ----------
    folder
        Folder of parts.
    crs
        CRS of parts that state none.

    Returns
    -------
    dask_geopandas.GeoDataFrame
        A partition for each part, with their boxes as ``spatial_partitions`` where all parts state
        one, so that ``sjoin`` and ``clip`` pass over those that are far away.

    Raises
    ------
    LayerError
        If the folder is no layer in parts, or one without geometry.
    HokkaidoGisError
        If Dask or dask-geopandas is not installed.
    """
    require_dask()
    try:
        import dask  # noqa: PLC0415
        import dask.dataframe as dd  # noqa: PLC0415
        import dask_geopandas  # noqa: PLC0415
    except ImportError as error:
        raise HokkaidoGisError(
            "A layer in parts is opened by dask-geopandas, which is not installed: "
            'pip install "hokkaido-gis[cluster]".'
        ) from error
    parts = find_parts(folder, crs=crs)
    # Text stays as every other reader of a part has it.
    with dask.config.set({"dataframe.convert-string": False}):
        lazy = dd.from_map(Part.read, parts, meta=parts[0].schema)  # type: ignore[no-untyped-call]
        frame = dask_geopandas.from_dask_dataframe(lazy)
    boxes = [part.bounds for part in parts]
    if all(boxes):
        places = [shapely.box(*box) for box in boxes if box is not None]
        frame.spatial_partitions = gpd.GeoSeries(places, crs=parts[0].schema.crs)
    return frame
