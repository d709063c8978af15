"""Cut a layer into parts along a Hilbert curve; one larger than memory by way of the disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from pyproj.exceptions import CRSError as UnknownCRSError

from hokkaido_gis.cluster.folder import replace_folder
from hokkaido_gis.cluster.hilbert import centres, hilbert_order
from hokkaido_gis.cluster.parts import write_part
from hokkaido_gis.cluster.stream import Stream, open_stream
from hokkaido_gis.errors import CRSError, LayerError, ModelInputError
from hokkaido_gis.io.vector import read_vector

if TYPE_CHECKING:
    import numpy.typing as npt
    from pyproj import CRS

    Ints = npt.NDArray[np.intp]

ROWS_PER_PART = 50_000
"""Rows of a part: some 100 MB in a worker for polygons of a dozen corners."""


def write_parts(
    layer: gpd.GeoDataFrame | str | Path,
    folder: str | Path,
    *,
    rows_per_part: int = ROWS_PER_PART,
    crs: str | CRS | None = None,
) -> Path:
    """Cut a layer into GeoParquet parts of rows that lie near each other.

    Rows are sorted along a Hilbert curve through the centres of their boxes and numbered in a
    column ``source_row`` by their place in `layer`; boxes stand beside the shapes
    (``bbox``), so that readers may take a window. GeoParquet, GeoPackage and FlatGeobuf larger than
    memory are cut by way of the disk, with some 40 bytes a row in memory; other formats, and
    GeoPackage and FlatGeobuf with columns of times, are read whole.

    Parameters
    ----------
    layer
        Layer, or its file: any vector file, ``FILE:LAYER`` where it holds several.
    folder
        Folder to write, whole or not at all; an older layer in parts there is replaced.
    rows_per_part
        Greatest number of rows of a part.
    crs
        CRS of a layer that states none.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    LayerError
        If the layer cannot be read, or has a column ``source_row``.
    ModelInputError
        If `rows_per_part` is less than 1.
    OutputError
        If the folder cannot be written, or holds other files.

    Examples
    --------
    >>> import tempfile
    >>> import hokkaido_gis as hg
    >>> with tempfile.TemporaryDirectory() as home:
    ...     towns = hg.sample_data() / "municipalities.geojson"
    ...     folder = write_parts(towns, f"{home}/towns", rows_per_part=100)
    ...     len(list(folder.iterdir())), len(hg.read_parts(folder))
    (2, 179)
    """
    if rows_per_part < 1:
        raise ModelInputError(f"rows_per_part must be 1 or more; got {rows_per_part}.")
    with replace_folder(folder) as temporary:
        stream = None if isinstance(layer, gpd.GeoDataFrame) else open_stream(layer)
        if stream is not None:
            _cut_stream(stream, temporary, rows_per_part, crs)
        else:
            frame = layer if isinstance(layer, gpd.GeoDataFrame) else read_vector(layer)
            _cut_frame(_with_crs(_plain_rows(frame), crs), temporary, rows_per_part)
    return Path(folder)


def part_name(number: int) -> str:
    """File name of a part, so that names sort as numbers do."""
    return f"part-{number:06d}.parquet"


def _plain_rows(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A layer on row numbers; labels that say more become a column."""
    if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None:
        return frame.reset_index(drop=True)
    return frame.reset_index(names=None if frame.index.name else "label")


def _cut_frame(frame: gpd.GeoDataFrame, folder: Path, rows_per_part: int) -> None:
    order = hilbert_order(centres(frame.geometry.to_numpy()))
    for number, start in enumerate(range(0, max(len(frame), 1), rows_per_part)):
        write_part(frame.iloc[order[start : start + rows_per_part]], folder / part_name(number))


def _cut_stream(stream: Stream, folder: Path, rows_per_part: int, crs: str | CRS | None) -> None:
    """Give every row its part by a first look at the shapes, sort into bins, then bin by bin."""
    xy = np.concatenate([np.empty((0, 2)), *(centres(shapes) for shapes in stream.shapes())])
    if not np.isfinite(xy).any():
        raise LayerError("layer", ["it holds no features with a place. Was the export complete?"])
    order = hilbert_order(xy)
    del xy
    part_of = np.empty(len(order), dtype=np.intp)
    part_of[order] = np.arange(len(order)) // rows_per_part
    bins = folder.with_name("bins")
    bins.mkdir()
    with_gaps = _fill_bins(stream, bins, part_of)
    for number, start in enumerate(range(0, len(order), rows_per_part)):
        rows = order[start : start + rows_per_part]
        file = bins / part_name(number)
        frame = _with_room_for_gaps(stream.frame(pq.read_table(file)), with_gaps)
        # A bin holds its rows in the order of the layer.
        frame = _with_crs(frame.set_axis(np.sort(rows)).loc[rows], crs)
        write_part(frame, folder / part_name(number))
        file.unlink()


def _fill_bins(stream: Stream, bins: Path, part_of: Ints) -> set[str]:
    """Write each row to the bin of its part; returns columns with a missing value anywhere."""
    with_gaps: set[str] = set()
    writers: dict[int, pq.ParquetWriter] = {}
    first = 0
    try:
        for batch in stream.batches():
            table = pa.Table.from_batches([batch])
            with_gaps |= {name for name in table.column_names if table.column(name).null_count}
            parts = part_of[first : first + len(table)]
            first += len(table)
            for number in np.unique(parts):
                if number not in writers:
                    writers[number] = pq.ParquetWriter(bins / part_name(number), table.schema)
                writers[number].write_table(table.take(np.flatnonzero(parts == number)))
    finally:
        for writer in writers.values():
            writer.close()
    return with_gaps


def _with_room_for_gaps(frame: gpd.GeoDataFrame, with_gaps: set[str]) -> gpd.GeoDataFrame:
    """Columns in the kind they have in the whole layer, whose gaps may lie in other parts."""
    kinds = {"i": "float64", "u": "float64", "b": "object"}
    wider = {
        name: kinds[dtype.kind]
        for name, dtype in frame.dtypes.items()
        if name in with_gaps and isinstance(dtype, np.dtype) and dtype.kind in kinds
    }
    return frame.astype(wider)


def _with_crs(frame: gpd.GeoDataFrame, crs: str | CRS | None) -> gpd.GeoDataFrame:
    """The frame with a CRS where it has none and one is stated."""
    if frame.crs is not None or crs is None:
        return frame
    try:
        return frame.set_crs(crs)
    except UnknownCRSError as error:
        raise CRSError("layer", [f"crs={crs!r} is no known CRS; e.g. 'EPSG:6668'."]) from error
