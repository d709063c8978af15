"""A layer as a folder of GeoParquet parts, each of rows that lie near each other on the ground."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import shapely
from pyproj.exceptions import CRSError as UnknownCRSError

from hokkaido_gis.errors import CRSError, LayerError, OutputError, name_some
from hokkaido_gis.io.output import replace_when_complete

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyproj import CRS

    Box = tuple[float, float, float, float]

SOURCE_ROW = "source_row"
"""Column of a part that counts the rows of the layer it was cut from, from 0."""
ENDINGS = (".parquet", ".geoparquet")
# A window reads a hundredth of a part of the usual size, not all of it.
_ROWS_A_GROUP = 1_000


@dataclass(frozen=True)
class Part:
    """One file of a layer in parts.

    Attributes
    ----------
    path
        The file.
    first_row
        Number of rows in the parts before it.
    crs
        CRS of a part that states none.
    """

    path: Path
    first_row: int
    crs: str | None = None

    def __reduce__(self) -> tuple[type[Part], tuple[Path, int, str | None]]:
        """Travel without what was read of the file."""
        return Part, (self.path, self.first_row, self.crs)

    @cached_property
    def metadata(self) -> Any:
        """Footer of the file."""
        return pq.read_metadata(self.path)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.metadata.num_rows)

    @cached_property
    def geo(self) -> dict[str, Any]:
        """What the file says of its geometry; empty for a table without."""
        told = (self.metadata.metadata or {}).get(b"geo")
        return json.loads(told) if told else {}

    @property
    def bounds(self) -> Box | None:
        """Box around its shapes, where the file states one."""
        box = self.geo["columns"][self.geo["primary_column"]].get("bbox") if self.geo else None
        return (
            None if not box or np.isnan(box).any() else (box[0], box[1], *box[len(box) // 2 :][:2])
        )

    @cached_property
    def schema(self) -> pd.DataFrame:
        """Its columns, without rows."""
        empty = pq.read_schema(self.path).empty_table()
        sink = pa.BufferOutputStream()
        pq.write_table(empty, sink)
        return self._labelled(self._read(pa.BufferReader(sink.getvalue())))

    def read(
        self, *, bbox: Box | None = None, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Read the part, or what of it touches a window, on an index of rows of the layer.

        Parameters
        ----------
        bbox
            West, south, east and north in its CRS.
        columns
            Columns to read; all where None.

        Returns
        -------
        pandas.DataFrame
            A `geopandas.GeoDataFrame` unless the part, or what was asked of it, has no geometry.
        """
        asked = None
        if columns is not None:
            asked = list(columns)
            if SOURCE_ROW in self.metadata.schema.names:
                asked.append(SOURCE_ROW)
        boxed = bbox is not None and SOURCE_ROW in self.metadata.schema.names
        frame = self._labelled(self._read(self.path, asked, bbox if boxed else None))
        if bbox is None or not isinstance(frame, gpd.GeoDataFrame):
            return frame
        return frame[shapely.intersects(frame.geometry.to_numpy(), shapely.box(*bbox))]

    def _read(
        self, source: Any, columns: list[str] | None = None, bbox: Box | None = None
    ) -> pd.DataFrame:
        try:
            if not self.geo or (columns is not None and self.geo["primary_column"] not in columns):
                return pd.read_parquet(source, columns=columns)
            frame = gpd.read_parquet(source, columns=columns, bbox=bbox)
        except (ValueError, OSError) as error:
            fault = f"it cannot be read as GeoParquet ({error}). Write it again."
            raise LayerError(str(self.path), [fault]) from error
        if frame.crs is not None or self.crs is None:
            return frame
        try:
            return frame.set_crs(self.crs)
        except UnknownCRSError as error:
            fault = f"crs={self.crs!r} is no known CRS; e.g. 'EPSG:6668'."
            raise CRSError(str(self.path), [fault]) from error

    def _labelled(self, frame: pd.DataFrame) -> pd.DataFrame:
        if SOURCE_ROW in frame.columns:
            return frame.set_index(SOURCE_ROW).rename_axis(None)
        named = frame if frame.index.names == [None] else frame.reset_index()
        return named.set_axis(pd.RangeIndex(self.first_row, self.first_row + len(named)))


def find_parts(folder: str | Path, *, crs: str | CRS | None = None) -> list[Part]:
    """Find the parts of a layer in a folder, in the order of their names.

    Parameters
    ----------
    folder
        Folder of ``.parquet`` files that have the same columns and CRS.
    crs
        CRS of parts that state none.

    Returns
    -------
    list of Part
        One for each file.

    Raises
    ------
    LayerError
        If there is no such folder, none in it, or parts that do not fit together.
    """
    home = Path(folder)
    if not home.is_dir():
        raise LayerError(str(folder), ["there is no such folder of parts."])
    paths = sorted(path for path in home.iterdir() if path.suffix.lower() in ENDINGS)
    if not paths:
        raise LayerError(str(folder), ["it holds no parts (.parquet)."])
    parts: list[Part] = []
    for path in paths:
        before = parts[-1].first_row + parts[-1].rows if parts else 0
        parts.append(Part(path, before, None if crs is None else str(crs)))
        try:
            _ = parts[-1].metadata
        except (pa.ArrowException, OSError) as error:
            fault = f"{path.name} is no Parquet file ({error}). Write it again, or take it away."
            raise LayerError(str(folder), [fault]) from error
    _require_alike(home, parts)
    return parts


def _require_alike(folder: Path, parts: list[Part]) -> None:
    first, *others = parts
    faults = []
    columns, crs = list(first.schema.columns), getattr(first.schema, "crs", None)
    for what, alike in (
        ("columns", [list(part.schema.columns) == columns for part in others]),
        ("CRS", [getattr(part.schema, "crs", None) == crs for part in others]),
    ):
        wrong = [part.path.name for part, same in zip(others, alike, strict=True) if not same]
        if wrong:
            faults.append(f"{name_some(wrong)} have other {what} than {first.path.name}.")
    if faults:
        raise LayerError(str(folder), faults)


def write_part(frame: pd.DataFrame, path: Path) -> None:
    """Write one part, whole or not at all.

    Parameters
    ----------
    frame
        Rows on an index of rows of the layer.
    path
        Where it shall stand.

    Raises
    ------
    LayerError
        If the frame has a column ``source_row``, in which the index is kept.
    OutputError
        If it cannot be written.
    """
    if SOURCE_ROW in frame.columns:
        fault = f"it has a column {SOURCE_ROW!r}, the name under which parts number their rows."
        raise LayerError("layer", [f"{fault} Rename it."])
    numbered = frame.rename_axis(SOURCE_ROW).reset_index()
    options: dict[str, Any] = {}
    if isinstance(frame, gpd.GeoDataFrame):
        options["write_covering_bbox"] = "bbox" not in frame.columns
    with replace_when_complete(path) as temporary:
        try:
            numbered.to_parquet(temporary, index=False, row_group_size=_ROWS_A_GROUP, **options)
        except pa.ArrowException as error:
            raise OutputError(
                f"Cannot write {path.name}: {'; '.join(map(str, error.args))}. A column of "
                "GeoParquet holds values of one kind."
            ) from error


def read_parts(
    folder: str | Path,
    *,
    bbox: Box | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Read a layer in parts into memory, in whole or by window and columns.

    Parameters
    ----------
    folder
        Folder of parts, such as `write_parts` or ``connect_parts`` wrote.
    bbox
        West, south, east and north in the CRS of the parts: only features that touch this window
        are read, and parts beyond it are not opened.
    columns
        Columns to read beside the geometry; all where None.

    Returns
    -------
    geopandas.GeoDataFrame
        Rows in the order of the layer that was cut, on its row numbers; a `pandas.DataFrame` where
        the parts are tables without geometry.

    Raises
    ------
    LayerError
        If the folder is no layer in parts, or has not the columns asked for.
    """
    parts = find_parts(folder)
    there = parts[0].schema.columns
    shape = [parts[0].geo["primary_column"]] if parts[0].geo else []
    if columns is not None:
        absent = [repr(column) for column in columns if column not in there]
        if absent:
            fault = f"it has no column {name_some(absent)}; it has {name_some(list(there))}."
            raise LayerError(str(folder), [fault])
        columns = [*(column for column in columns if column not in shape), *shape]
    frames = [
        part.read(bbox=bbox, columns=columns)
        for part in parts
        if bbox is None or part.bounds is None or _touch(part.bounds, bbox)
    ]
    # The first part, without rows, gives columns and CRS where no part lies in the window.
    empty = parts[0].schema if columns is None else parts[0].schema[columns]
    frame = pd.concat([frame for frame in frames if len(frame)] or [empty]).sort_index()
    if np.array_equal(frame.index, np.arange(len(frame))):
        frame.index = pd.RangeIndex(len(frame))
    return frame


def _touch(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
