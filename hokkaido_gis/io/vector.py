"""Read and write vector files: whatever pyogrio reads, and GeoParquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from hokkaido_gis.errors import LayerError, OutputError, name_some
from hokkaido_gis.io.output import replace_when_complete

if TYPE_CHECKING:
    import pandas as pd
    from pyproj import CRS

_PARQUET = (".parquet", ".geoparquet")
_DRIVERS = {".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GPKG", ".fgb": "FlatGeobuf"}


class Source(NamedTuple):
    """A vector file and, where it holds several, the layer meant."""

    path: Path
    layer: str | None

    @classmethod
    def parse(cls, text: str | Path) -> Source:
        """Split ``FILE:LAYER``; the colon of a Windows drive is no separator."""
        if Path(text).exists():
            return cls(Path(text), None)
        file, colon, layer = str(text).rpartition(":")
        if colon and layer and Path(file).is_file():
            return cls(Path(file), layer)
        return cls(Path(text), None)


def read_vector(source: str | Path, *, crs: str | CRS | None = None) -> gpd.GeoDataFrame:
    """Read one layer of a vector file as it stands.

    Parameters
    ----------
    source
        Path, or ``FILE:LAYER`` for a file with several layers.
    crs
        CRS of a file that states none; a CRS that the file does state is kept.

    Returns
    -------
    geopandas.GeoDataFrame
        All columns under their own names, in the file's CRS.

    Raises
    ------
    LayerError
        If the file is absent, no vector file, has no features or no geometry, or has several
        layers and none is named.
    """
    path, layer = Source.parse(source)
    if not path.is_file():
        raise LayerError(str(source), ["there is no such file. Check the path and its ending."])
    try:
        frame = _read_parquet(path) if path.suffix in _PARQUET else _read_gdal(path, layer)
    except (DataSourceError, DataLayerError) as error:
        raise LayerError(
            str(source),
            [
                (
                    f"it cannot be read as a vector file ({_first_sentence(error)}). Use GeoJSON, "
                    "GeoPackage, shapefile (.shp or zipped), FlatGeobuf, GML, KML or GeoParquet."
                )
            ],
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame) or frame.geometry.isna().all():
        if len(frame) == 0:
            raise LayerError(str(source), ["it holds no features. Was the export complete?"])
        raise LayerError(str(source), ["it holds a table without geometry; a map layer is needed."])
    return frame.set_crs(crs) if frame.crs is None and crs is not None else frame


def write_vector(frame: gpd.GeoDataFrame, path: str | Path) -> Path:
    """Write a layer in the format of the path's ending, whole or not at all.

    Raises
    ------
    OutputError
        If the ending is unknown or the file cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (*_PARQUET, *_DRIVERS):
        raise OutputError(
            f"Cannot write {target}: unknown ending {target.suffix!r}. "
            f"Use one of {', '.join(sorted((*_PARQUET, *_DRIVERS)))}."
        )
    with replace_when_complete(target) as temporary:
        if suffix in _PARQUET:
            frame.to_parquet(temporary)
        else:
            frame.to_file(temporary, driver=_DRIVERS[suffix], engine="pyogrio")
    return target


def _read_parquet(path: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise DataSourceError(str(error)) from error


def _read_gdal(path: Path, layer: str | None) -> gpd.GeoDataFrame | pd.DataFrame:
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if layer is None and len(names) > 1:
        raise LayerError(
            str(path),
            [f"it holds {len(names)} layers ({name_some(names)}). Name one, as {path}:{names[0]}."],
        )
    if layer is not None and layer not in names:
        raise LayerError(str(path), [f"it has no layer {layer!r}; it has {name_some(names)}."])
    frame: gpd.GeoDataFrame | pd.DataFrame = pyogrio.read_dataframe(
        path, layer=layer, use_arrow=True
    )
    return frame


def _first_sentence(error: Exception) -> str:
    return str(error).split(";")[0].strip().rstrip(".")
