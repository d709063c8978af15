"""Vector files that are read batch by batch, and so need not fit into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from hokkaido_gis.cluster.parts import ENDINGS, Part
from hokkaido_gis.io.vector import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    Shapes = npt.NDArray[np.object_]

_BATCH = 65_536
# Formats of GDAL whose text is UTF-8 and which it reads without holding the whole.
_STREAMED = (".gpkg", ".fgb")


class Stream(NamedTuple):
    """A file that is read batch by batch, as often as asked.

    Attributes
    ----------
    shapes
        Gives the shapes batch by batch.
    batches
        Gives all columns batch by batch.
    frame
        Turns batches put together into a layer, as `read_vector` would.
    """

    shapes: Callable[[], Iterator[Shapes]]
    batches: Callable[[], Iterator[pa.RecordBatch]]
    frame: Callable[[pa.Table], gpd.GeoDataFrame]


def open_stream(layer: str | Path) -> Stream | None:
    """Open a layer as a stream; None for what only `read_vector` can read, or refuse."""
    path, name = Source.parse(layer)
    if not path.is_file():
        return None
    if path.suffix.lower() in ENDINGS:
        return _parquet_stream(path)
    if path.suffix.lower() in _STREAMED:
        return _gdal_stream(path, name)
    return None


def _parquet_stream(path: Path) -> Stream | None:
    try:
        geo = Part(path, 0).geo
    except (pa.ArrowException, OSError):
        return None
    if not geo or geo["columns"][geo["primary_column"]]["encoding"] != "WKB":
        return None
    main = geo["primary_column"]

    def batches(columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(_BATCH, columns=columns)

    def frame(table: pa.Table) -> gpd.GeoDataFrame:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        read = gpd.read_parquet(pa.BufferReader(sink.getvalue()))
        return read if read.index.names == [None] else read.reset_index()

    return Stream(
        lambda: (_from_wkb(batch.column(main)) for batch in batches([main])), batches, frame
    )


def _gdal_stream(path: Path, layer: str | None) -> Stream | None:
    try:
        if layer is None and len(pyogrio.list_layers(path)) != 1:
            return None
        info = pyogrio.read_info(path, layer=layer)
    except (DataSourceError, DataLayerError):
        return None
    # Time zones of a column are settled by all of its values.
    dated = any(str(kind).startswith("datetime") for kind in info["dtypes"])
    if info["geometry_type"] is None or dated:
        return None
    shape = info["geometry_name"] or "wkb_geometry"

    def batches(columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        with pyogrio.open_arrow(
            path, layer=layer, columns=columns, batch_size=_BATCH, use_pyarrow=True
        ) as (_, reader):
            yield from reader

    def frame(table: pa.Table) -> gpd.GeoDataFrame:
        shapes = _from_wkb(table.column(shape).combine_chunks())
        columns = table.drop_columns(shape).to_pandas()
        return gpd.GeoDataFrame(columns, geometry=shapes, crs=info["crs"])

    return Stream(lambda: (_from_wkb(batch.column(shape)) for batch in batches([])), batches, frame)


def _from_wkb(column: pa.Array) -> Shapes:
    shapes: Shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
    return shapes
