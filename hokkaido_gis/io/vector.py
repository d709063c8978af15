"""Read and write vector files: whatever pyogrio reads, and GeoParquet."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj.exceptions import CRSError as UnknownCRSError

from hokkaido_gis.errors import CRSError, LayerError, OutputError, name_some
from hokkaido_gis.io.output import replace_when_complete

if TYPE_CHECKING:
    from pyproj import CRS

_PARQUET = (".parquet", ".geoparquet")
# Text in another encoding than stated comes out as an error of Arrow or of Python itself.
_UNREADABLE = (DataSourceError, DataLayerError, pa.ArrowException, UnicodeDecodeError)
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
    CRSError
        If `crs` is none that PROJ knows.
    """
    path, layer = Source.parse(source)
    if not path.is_file():
        raise LayerError(str(source), ["there is no such file. Check the path and its ending."])
    try:
        is_parquet = path.suffix.lower() in _PARQUET
        frame = _read_parquet(path) if is_parquet else _read_gdal(path, layer)
    except _UNREADABLE as error:
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
    if frame.crs is not None or crs is None:
        return frame
    try:
        return frame.set_crs(crs)
    except UnknownCRSError as error:
        raise CRSError(str(source), [f"crs={crs!r} is no known CRS; e.g. 'EPSG:6668'."]) from error


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
            _write_gdal(frame, temporary, _DRIVERS[suffix])
    return target


def _read_parquet(path: Path) -> gpd.GeoDataFrame | pd.DataFrame:
    try:
        has_geometry = b"geo" in (pq.read_schema(path).metadata or {})
        frame = gpd.read_parquet(path) if has_geometry else pd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise DataSourceError(str(error)) from error
    # Other formats keep a named index, such as the code, as a column.
    return frame if frame.index.names == [None] else frame.reset_index()


def _write_gdal(frame: gpd.GeoDataFrame, path: Path, driver: str) -> None:
    try:
        frame.to_file(path, driver=driver, engine="pyogrio")
    except (DataSourceError, DataLayerError) as error:
        raise OSError(_first_sentence(error)) from error


def _read_gdal(path: Path, layer: str | None) -> gpd.GeoDataFrame | pd.DataFrame:
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if layer is None and len(names) > 1:
        raise LayerError(
            str(path),
            [f"it holds {len(names)} layers ({name_some(names)}). Name one, as {path}:{names[0]}."],
        )
    if layer is not None and layer not in names:
        raise LayerError(str(path), [f"it has no layer {layer!r}; it has {name_some(names)}."])
    if not _states_no_encoding(path):
        return _read_layer(path, layer, encoding=None)
    try:
        return _read_layer(path, layer, encoding="utf-8")
    except _UNREADABLE:
        return _read_layer(path, layer, encoding="cp932")


def _read_layer(
    path: Path, layer: str | None, *, encoding: str | None
) -> gpd.GeoDataFrame | pd.DataFrame:
    frame: gpd.GeoDataFrame | pd.DataFrame = pyogrio.read_dataframe(
        path, layer=layer, encoding=encoding, use_arrow=True
    )
    return frame


def _states_no_encoding(path: Path) -> bool:
    """Whether this is a shapefile without its ``.cpg``, whose text GDAL would take as Latin-1."""
    if path.suffix.lower() == ".shp":
        return not any(path.with_suffix(ending).is_file() for ending in (".cpg", ".CPG"))
    if path.suffix.lower() != ".zip":
        return False
    with zipfile.ZipFile(path) as archive:
        endings = {PurePosixPath(name).suffix.lower() for name in archive.namelist()}
    return ".shp" in endings and ".cpg" not in endings


def _first_sentence(error: Exception) -> str:
    return str(error).split(";")[0].strip().rstrip(".")
