"""What is asked for of a layer: a window and columns, or all of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pyogrio
import shapely

from hokkaido_gis.errors import LayerError, name_some

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    Box = tuple[float, float, float, float]


class Wanted(NamedTuple):
    """A window, and columns beside the geometry; None for no bounds, and for all columns.

    Attributes
    ----------
    bbox
        West, south, east and north in the CRS of the layer.
    columns
        Names of columns.
    """

    bbox: Box | None = None
    columns: Sequence[str] | None = None

    def gdal_options(self, path: Path, layer: str | None) -> dict[str, Any]:
        """Options for `pyogrio.read_dataframe`."""
        options: dict[str, Any] = {} if self.columns is None else {"columns": self.columns}
        if self.bbox is None:
            return options
        # Of a FlatGeobuf with nothing in the window GDAL gives Arrow a feature without a shape.
        if not len(pyogrio.read_bounds(path, layer=layer, bbox=self.bbox)[0]):
            return {**options, "max_features": 0}
        return {**options, "bbox": self.bbox}

    def parquet_options(self, path: Path) -> dict[str, Any]:
        """Options for `geopandas.read_parquet`, which knows windows where boxes stand by shapes."""
        schema = pq.read_schema(path)
        geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
        if not geo or (self.bbox is None and self.columns is None):
            return {}
        main, options = geo["primary_column"], dict[str, Any]()
        if self.columns is not None:
            there = [name for name in self.columns if name in schema.names and name != main]
            options["columns"] = [*there, main]
        if self.bbox is not None and "covering" in geo["columns"][main]:
            options["bbox"] = self.bbox
        return options

    def taken_of(
        self, frame: gpd.GeoDataFrame | pd.DataFrame, shown: Path
    ) -> gpd.GeoDataFrame | pd.DataFrame:
        """Exactly what is wanted of what a driver gave, which may be more.

        Raises
        ------
        LayerError
            If there are not the columns asked for.
        """
        if not isinstance(frame, gpd.GeoDataFrame):
            return frame
        if self.columns is not None:
            absent = [repr(name) for name in self.columns if name not in frame.columns]
            if absent:
                fault = f"it has no column {name_some(absent)}. Look at its spelling."
                raise LayerError(str(shown), [fault])
            main = frame.geometry.name
            frame = frame[[*(name for name in self.columns if name != main), main]]
        if self.bbox is not None:
            touching = shapely.intersects(frame.geometry.to_numpy(), shapely.box(*self.bbox))
            frame = frame[touching].reset_index(drop=True)
        return frame
